"""The map as a widget in JupyterLab, with a kernel behind it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .chromium import Lab, eventually, open_and_run, write_notebook

pytestmark = pytest.mark.browser

CELLS = [
    """
import pandas as pd
from procore_nb.maps import map_projects
frame = pd.DataFrame({
    "id": pd.array([1, 2, 562949953501377, 4], dtype="Int64"),
    "name": ["New York Tower", "Denver Depot", "Cork Library", "Nowhere"],
    "latitude": [40.7, 39.74, 51.9, None], "longitude": [-74.0, -104.99, -8.47, None],
    "stage": ["Completed", "Canceled", "Completed", None],
})
seen = []
m = map_projects(frame)
m.observe(lambda change: seen.append(list(change.new["name"])))
""",
    "m",
]


@pytest.fixture
def notebook(page: Any, lab: Lab) -> Any:
    write_notebook(lab, "map.ipynb", CELLS)
    open_and_run(page, lab, "map.ipynb")
    page.wait_for_selector('.pnb-map[data-ready="true"]', timeout=60_000)
    return page


def test_the_widget_shows_the_map_and_what_is_chosen_comes_back_to_python(
    notebook: Any, lab: Lab, keep_picture: Callable[[str], Path]
) -> None:
    notebook.fill(".pnb-search input", "cork")
    notebook.press(".pnb-search input", "Enter")
    notebook.wait_for_selector(".pnb-popup:not([hidden])")
    keep_picture("map-lab")
    eventually(
        notebook, "print(m.selected['id'].tolist(), seen[-1:])", "[562949953501377] [['Cork Library']]"
    )

    notebook.keyboard.press("Escape")
    notebook.focus(".pnb-canvas")
    notebook.keyboard.press("0")
    box = notebook.locator(".pnb-canvas").bounding_box()
    notebook.keyboard.down("Shift")
    notebook.mouse.move(box["x"] + 10, box["y"] + 150)
    notebook.mouse.down()
    notebook.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 40, steps=5)
    notebook.mouse.up()
    notebook.keyboard.up("Shift")
    notebook.wait_for_function("() => document.querySelector('.pnb-selection').textContent.includes('2')")
    eventually(notebook, "print(list(m.selected['name']))", "['New York Tower', 'Denver Depot']")

    foreign = [address for address in notebook.asked if not address.startswith((lab.url, "blob:", "data:"))]
    assert foreign == [address for address in foreign if address.startswith(lab.url.replace("http", "ws"))]
    assert [text for text in notebook.said if "pnb" in text or "anywidget" in text.lower()] == []


def test_letters_typed_into_the_search_box_are_no_shortcuts_of_jupyterlab(notebook: Any) -> None:
    cells = "() => window.bookOfTest.content.model.cells.length"
    before = notebook.evaluate(cells)
    notebook.click(".pnb-search input")
    notebook.keyboard.type("abdd")

    assert notebook.input_value(".pnb-search input") == "abdd"
    assert notebook.evaluate(cells) == before
