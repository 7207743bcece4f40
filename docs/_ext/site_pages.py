"""What the site has beyond the pages as they stand in `docs`: the change log, live maps, and the pictures of the gallery.

In: the pages, CHANGELOG.md, and the demo. Out: the same pages for Sphinx, with pictures and maps made at each build.
"""

from __future__ import annotations

import ast
import re
import warnings
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s]+)\)")
STILL = re.compile(r"!\[[^\]]*\]\([./]*images/map-page\.png\)\n\n\*A still picture\.[^\n]*\*")
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def setup(app: Any) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("builder-inited", make_pictures)
    app.connect("source-read", complete_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def make_pictures(app: Any) -> None:
    """Run the gallery on the demo, and keep what each of its blocks draws."""
    import matplotlib as mpl

    import procore_nb as pnb

    mpl.use("agg")
    folder = Path(app.srcdir) / "_static" / "made"
    folder.mkdir(parents=True, exist_ok=True)
    names: dict[str, Any] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pnb.ProcoreWarning)
        for number, code in enumerate(BLOCK.findall(_page("gallery")), start=1):
            _keep(_value_of(code, names), folder / f"gallery-{number}")
    pnb.map_projects(names["projects"]).save(folder / "map.html", title="Projects of the demo")


def complete_page(app: Any, name: str, source: list[str]) -> None:
    """A page as the site shows it: the source's list of one text is changed."""
    text = source[0]
    if name == "changelog":
        text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
        text = LINK.sub(lambda link: link[0] if _inside(ROOT, link[2]) else link[1], text).replace(
            "](docs/", "]("
        )
    if name == "gallery":
        text = _gallery(text, Path(app.srcdir) / "_static" / "made")
    if name == "notebooks/README":
        text += _contents(sorted((ROOT / "docs" / "notebooks").glob("[0-9]*.md")))
    text = STILL.sub(_frame("../_static/made/map.html", "Projects of the demo on a map"), text)
    here = (ROOT / "docs" / name).parent
    source[0] = LINK.sub(lambda link: link[0] if _inside(here, link[2]) else link[1], text)


def _page(name: str) -> str:
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


def _inside(here: Path, target: str) -> bool:
    """Whether a link can be followed on the site: to another host, or to a page of this folder."""
    if "://" in target or target.startswith(("#", "mailto:")):
        return True
    return (here / target.partition("#")[0]).resolve().is_relative_to(ROOT / "docs")


def _contents(pages: list[Path]) -> str:
    rows = "\n".join(page.stem for page in pages)
    return f"\n```{{toctree}}\n:hidden:\n\n{rows}\n```\n"


def _frame(address: str, title: str) -> str:
    return f'<iframe class="live" src="{address}" title="{title}" loading="lazy"></iframe>'


def _value_of(code: str, names: dict[str, Any]) -> Any:
    """What the last line of the block is, after the block has run."""
    *lines, last = ast.parse(code).body
    exec(compile(ast.Module(lines, []), "gallery.md", "exec"), names)
    if isinstance(last, ast.Expr):
        return eval(compile(ast.Expression(last.value), "gallery.md", "eval"), names)
    exec(compile(ast.Module([last], []), "gallery.md", "exec"), names)
    return None


def _keep(value: Any, path: Path) -> None:
    """Write the picture (an Axes, or a Figure) or the page (a map) that a block ends with."""
    from matplotlib import pyplot as plt

    figure = value if hasattr(value, "savefig") else getattr(value, "figure", None)
    if figure is not None:
        figure.savefig(path.with_suffix(".png"), dpi=110)
        plt.close("all")
    elif hasattr(value, "save"):
        value.save(path.with_suffix(".html"), title="Projects")


def _gallery(text: str, folder: Path) -> str:
    """The page with a picture under each block, and all pictures above, each a link to its code."""
    head, *sections = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    cards, number = [], len(BLOCK.findall(head))
    for index, section in enumerate(sections):
        title = section.partition("\n")[0].removeprefix("## ")
        anchor = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
        for _ in BLOCK.findall(section):
            number += 1
            if (folder / f"gallery-{number}.png").exists():
                section += f"\n![{title}](_static/made/gallery-{number}.png)\n\n"
                cards.append(
                    f":::{{grid-item-card}} {title}\n:link: {anchor}\n:link-type: ref\n"
                    f":img-top: _static/made/gallery-{number}.png\n:::\n"
                )
            elif (folder / f"gallery-{number}.html").exists():
                section += "\n" + _frame(f"_static/made/gallery-{number}.html", title) + "\n\n"
        sections[index] = f"({anchor})=\n{section}"
    grid = "::::{grid} 1 2 3 3\n:gutter: 3\n\n" + "\n".join(cards) + "\n::::\n\n"
    return head + grid + "".join(sections)
