"""Make `docs/notebooks` from the notebooks: `python tools/show_notebooks.py`, with the test extra; or `… 06 12` for some.

In: `notebooks/*.ipynb`, run on the demo in fresh kernels. Out: a page of Markdown for each, its pictures, and their list.
A test runs the notebooks the same way and fails when the pages no longer say what the notebooks print.
"""

from __future__ import annotations

import base64
import json
import os
import re
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from html_tables import markdown_table
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PAGES = ROOT / "docs" / "notebooks"
COMMAND = "python tools/show_notebooks.py"
LARGEST_BYTES = 150_000  # of one picture

# What a page shows in place of a widget: the beginning of its text form, a picture of tools/make_pictures.py, and words.
STILLS = {
    "<ProjectMap": ("map-page.png", "the map: move, zoom, search, click a project"),
    "ConnectForm(": ("connect-form-demo.png", "the form: choose, type, connect"),
    "Explorer(": ("explorer.png", "the explorer, here after a fetch: pick, filter, fetch, sort"),
}
_FOLDERS = {
    "HOME": "home", "IPYTHONDIR": "ipython", "JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data",
    "JUPYTER_RUNTIME_DIR": "runtime", "MPLCONFIGDIR": "matplotlib", "XDG_CONFIG_HOME": "home/config",
}  # fmt: skip
# A fetch of more than a second leaves such a line: whether it does depends on the machine.
_FETCHED = re.compile(
    r"^\w+: [\d,]+ rows?( from [\d,]+( of [\d,]+)? \w+)?, [\d,]+ requests?, [\d.,]+ s\n?", re.MULTILINE
)
# What a report says before it begins: how many requests, and how long the rate limit allows that.
ANNOUNCED = re.compile(
    r"^([\d,]+ reports? needs? [\d,]+|\w+: [\d,]+ requests?, one for each row of \w+).*\n?", re.MULTILINE
)
_WARNED = re.compile(r"^\S+ipykernel_\S+: (\w+Warning: .*)\n  .*\n", re.MULTILINE)
# What differs from one run to the next: when it was asked, what is left of the limit, how large files became.
_PASSING = [
    (re.compile(r"(Asked on |'fetched_at': ')[-\dT:Z]+"), r"\1…"),
    (re.compile(r"\| (spike|hourly) \| (\d+) \| \d+ \| [^|]+ \|"), r"| \1 | \2 | … | … |"),
    (re.compile(r"[\d,]+ kB"), "… kB"),
    # Which pages were on the way when a list changed, or when its end became known, differs from run to run.
    (re.compile(r"\| (full|incremental) \| [\d,]+ \|"), r"| \1 | … |"),
    (re.compile(r"\b[\d,]+ requests"), "… requests"),
]


@dataclass
class Page:
    """One notebook as Markdown, with its pictures by file name."""

    name: str
    text: str = ""
    heading: str = ""
    pictures: dict[str, bytes] = field(default_factory=dict)


def main() -> None:
    """Run the notebooks named by the beginnings of their names, or all, and write their pages anew."""
    chosen = tuple(sys.argv[1:]) or ("",)
    PAGES.mkdir(parents=True, exist_ok=True)
    for old in PAGES.iterdir():
        if old.name.startswith(chosen):
            old.unlink()
    for path in (one for one in NOTEBOOKS if one.stem.startswith(chosen)):
        with tempfile.TemporaryDirectory() as folder:
            page = page_of(run(path, Path(folder)), path.stem)
        (PAGES / f"{page.name}.md").write_text(page.text, encoding="utf-8")
        for name, picture in page.pictures.items():
            (PAGES / name).write_bytes(picture)
        kilobytes = sum(map(len, page.pictures.values())) / 1024
        print(
            f"{page.name}: {len(page.text) / 1024:.0f} kB, {len(page.pictures)} pictures of {kilobytes:.0f} kB"
        )
        if any(len(picture) > LARGEST_BYTES for picture in page.pictures.values()):
            sys.exit(f"A picture of {page.name} is larger than {LARGEST_BYTES} bytes")
    (PAGES / "README.md").write_text(index(), encoding="utf-8")


def run(path: Path, folder: Path) -> Any:
    """The notebook after a run in a fresh kernel that sees no credentials and nothing of this person's Jupyter."""
    import nbformat  # two seconds, which every process that only collects tests would pay
    from nbclient import NotebookClient

    for name in [*_FOLDERS.values(), "notebooks"]:
        (folder / name).mkdir(parents=True, exist_ok=True)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PROCORE_")}
    places = {key: str(folder / name) for key, name in _FOLDERS.items()}
    no_keyring = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    book: Any = nbformat.read(path, as_version=4)
    where = {"metadata": {"path": str(folder / "notebooks")}}
    client = NotebookClient(book, timeout=120, resources=where, store_widget_state=False)
    client.execute(env={**kept, **places, **no_keyring})
    return book


def page_of(book: Any, name: str) -> Page:
    """The page that shows an executed notebook."""
    page = Page(name)
    parts = [part for cell in book.cells for part in _shown(cell, page)]
    told = (
        f"*Made from [the notebook](../../notebooks/{name}.ipynb), run on the demo. "
        "Progress lines are left out.*"
    )
    title, _, rest = parts[0].partition("\n")
    page.text = "\n\n".join([title, told, rest.strip(), *parts[1:]]) + "\n"
    return page


def comparable(text: str) -> str:
    """The text without what differs from one run to the next."""
    for pattern, instead in _PASSING:
        text = pattern.sub(instead, text)
    return text


def index() -> str:
    """The list of the pages, each with its question."""
    rows = [f"| [{path.stem}]({path.stem}.md) | {question(path)} |" for path in NOTEBOOKS]
    head = [
        "# The notebooks, executed",
        "",
        "Each answers one question. They run on the demo as they are, and on an account of your own after a change of one cell.",
        f"These pages are made by `{COMMAND}`; a test keeps them true.",
        "",
        "| notebook | question |",
        "|---|---|",
    ]
    return "\n".join([*head, *rows]) + "\n"


def read_cells(path: Path) -> list[dict[str, Any]]:
    """The cells of a notebook as they stand in its file: nbformat would take two seconds to import."""
    cells: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return cells


def question(path: Path) -> str:
    """The question a notebook says it answers."""
    first = "".join(read_cells(path)[0]["source"])
    found = re.search(r"\*\*Question:\*\* (.+?)\n\n", first + "\n\n", re.DOTALL)
    if not found:
        raise ValueError(f"{path.name} asks no question")
    words = " ".join(found[1].split())
    return words[0].upper() + words[1:]


def _shown(cell: Any, page: Page) -> Iterator[str]:
    if cell.cell_type == "markdown":
        headings = re.findall(r"^#+ (.+)$", cell.source, re.MULTILINE)
        page.heading = headings[-1] if headings else page.heading
        yield cell.source.replace("](../docs/", "](../")  # from the folder of the pages
        return
    yield _fence(cell.source, "python")
    # Which of the two streams arrives first is a matter of the machine: warnings stand first here.
    yield from filter(None, [_fence(_WARNED.sub(r"\1\n", _said(cell, "stderr")))])
    yield from filter(None, [_fence(_wrapped(ANNOUNCED.sub("", _FETCHED.sub("", _said(cell, "stdout")))))])
    for output in cell.outputs:
        if output.output_type != "stream":
            yield from filter(None, [_output(output.data, page)])


def _said(cell: Any, stream: str) -> str:
    return "".join(output.text for output in cell.outputs if output.get("name") == stream)


def _wrapped(text: str) -> str:
    """The text with long lines broken, as a notebook shows them: a page of Markdown would cut them off."""
    lines = [
        textwrap.wrap(one, 118, subsequent_indent="  ", break_long_words=False) or [""]
        for one in text.splitlines()
    ]
    return "\n".join(line for lines_of_one in lines for line in lines_of_one)


def _output(data: Any, page: Page) -> str:
    if "application/vnd.jupyter.widget-view+json" in data:
        return _still(data["text/plain"])
    if "image/png" in data:
        return _picture(data["image/png"], page)
    table = markdown_table(data.get("text/html", ""))
    return table or _fence(_FETCHED.sub("", data["text/plain"]))


def _fence(text: str, language: str = "text") -> str:
    return f"```{language}\n{text.strip()}\n```" if text.strip() else ""


def _still(words: str) -> str:
    for beginning, (picture, said) in STILLS.items():
        if words.startswith(beginning):
            return f"![{said}](../images/{picture})\n\n*A still picture. In JupyterLab this is {said}.*"
    raise ValueError(f"No still picture stands for the widget {words!r}: see STILLS in {__file__}.")


def _picture(encoded: str, page: Page) -> str:
    """A PNG of at most 128 colours: small, and nobody sees the difference."""
    name = f"{page.name}-{len(page.pictures) + 1}.png"
    drawn, small = Image.open(BytesIO(base64.b64decode(encoded))), BytesIO()
    few = drawn.convert("RGB").quantize(128, method=Image.Quantize.MAXCOVERAGE)
    few.save(small, format="PNG", optimize=True)
    page.pictures[name] = small.getvalue()
    return f"![{page.heading}]({name})"


if __name__ == "__main__":
    main()
