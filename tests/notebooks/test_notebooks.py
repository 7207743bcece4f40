"""Each notebook holds one question, no output, runs top to bottom on the demo in a fresh kernel, and is shown in the docs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from show_notebooks import (
    COMMAND,
    LARGEST_BYTES,
    PAGES,
    comparable,
    index,
    page_of,
    question,
    read_cells,
    run,
)

from .reading import NAMES, NOTEBOOKS, code_cells

SHOWN = sorted(PAGES.glob("*.png"))


@pytest.fixture(scope="module")
def executed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Any]:
    """One notebook, run once for all tests that look at it."""
    path: Path = request.param
    return path.stem, run(path, tmp_path_factory.mktemp(path.stem))


each_executed = pytest.mark.parametrize("executed", NOTEBOOKS, ids=NAMES, indirect=True)
ignoring_the_client = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:jupyter_client", "ignore::ResourceWarning"
)


def test_the_notebooks_are_numbered_without_a_gap() -> None:
    assert [name[:2] for name in NAMES] == [f"{number:02}" for number in range(13)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_a_notebook_in_git_holds_no_output_and_no_widget_state(path: Path) -> None:
    code = [cell for cell in read_cells(path) if cell["cell_type"] == "code"]
    assert [cell["outputs"] for cell in code] == [[]] * len(code)
    assert {cell["execution_count"] for cell in code} == {None}
    assert "widgets" not in json.loads(path.read_text(encoding="utf-8"))["metadata"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_a_notebook_asks_one_question_and_ends_in_words(path: Path) -> None:
    words = ["".join(one["source"]) for one in read_cells(path) if one["cell_type"] == "markdown"]
    assert question(path).count("?") == 1
    assert words[-1].startswith("## In words")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_the_account_is_chosen_in_one_cell(path: Path) -> None:
    code = code_cells(path)
    assert [source for source in code if re.search(r"""connect\(["']demo["']""", source)] == code[:1]


@pytest.mark.notebook
@ignoring_the_client
@each_executed
def test_a_notebook_runs_top_to_bottom(executed: tuple[str, Any]) -> None:
    _, book = executed
    assert [words for cell in book.cells for words in _trouble(cell)] == []


@pytest.mark.notebook
@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_a_notebook_in_git_is_well_formed(path: Path) -> None:
    import nbformat

    nbformat.validate(nbformat.read(path, as_version=4))


@pytest.mark.notebook
@ignoring_the_client
@each_executed
def test_no_progress_bar_stays_in_a_saved_notebook(executed: tuple[str, Any]) -> None:
    _, book = executed
    texts = [
        output.get("data", {}).get("text/plain", "")
        for cell in book.cells
        for output in cell.get("outputs", [])
    ]
    assert [text for text in texts if re.search(r"\d+/\d+ \|", text)] == []


@pytest.mark.notebook
@ignoring_the_client
@each_executed
def test_the_docs_show_what_a_notebook_prints_and_draws(executed: tuple[str, Any]) -> None:
    name, book = executed
    page, kept = page_of(book, name), PAGES / f"{name}.md"
    assert kept.exists(), f"There is no page of this notebook yet: {COMMAND}"
    said = comparable(kept.read_text(encoding="utf-8"))
    assert said == comparable(page.text), f"docs/notebooks/{name}.md is no longer true: {COMMAND}"
    assert {picture.name for picture in SHOWN if picture.name.startswith(f"{name}-")} == set(page.pictures)


def test_the_list_of_notebooks_names_each_with_its_question() -> None:
    assert (PAGES / "README.md").read_text(encoding="utf-8") == index(), COMMAND
    assert {page.stem for page in PAGES.glob("*.md")} == {*NAMES, "README"}


def test_the_code_of_a_page_is_the_code_of_its_notebook() -> None:
    for path in NOTEBOOKS:
        text = (PAGES / f"{path.stem}.md").read_text(encoding="utf-8")
        assert re.findall(r"^```python\n(.*?)\n```$", text, re.DOTALL | re.MULTILINE) == code_cells(path), (
            COMMAND
        )


def test_the_pictures_of_the_pages_are_small_and_not_blank() -> None:
    assert sum(picture.stat().st_size for picture in SHOWN) < 2_500_000
    for picture in SHOWN:
        assert picture.stat().st_size < LARGEST_BYTES
        with Image.open(picture) as image:
            assert min(image.size) > 100
            assert len(image.convert("RGB").getcolors(100_000) or []) > 8


def _trouble(cell: Any) -> list[str]:
    """What a reader should not see: words on standard error, except our notes."""
    streams = [output.text for output in cell.get("outputs", []) if output.get("name") == "stderr"]
    return [text for text in streams if not text.startswith("Note: ")]
