"""A notebook that is opened again, its kernel gone, shows a picture where a widget stood."""

from __future__ import annotations

from typing import Any

from .chromium import Lab
from .widgets_in_lab import CLOSE, SAVE, notebook

OPEN = """
async (name) => {
  const book = await window.jupyterapp.commands.execute("docmanager:open", { path: name, factory: "Notebook" });
  await book.context.ready;
  window.bookOfTest = book;
}
"""
LOST = ".jp-OutputArea-output.jupyter-widgets:not(:has(*))"
CELLS = [
    'import procore_nb as pnb\nprocore = pnb.connect("demo", progress=False)\npnb.map_projects(procore.projects())',
    "from procore_nb.widgets import FrameTable\nFrameTable(procore.projects())",
]


def test_a_reopened_notebook_shows_pictures_where_a_map_and_a_table_stood(desk: Any, lab: Lab) -> None:
    with notebook(desk, lab, "reopened.ipynb", CELLS):
        desk.wait_for_selector(".pnb-map canvas")
        desk.wait_for_selector("text=129 rows")
        assert desk.locator(LOST).count() == 0
        desk.evaluate(SAVE)
        desk.evaluate(CLOSE)
        desk.evaluate(OPEN, "reopened.ipynb")
        desk.wait_for_function(f"() => document.querySelectorAll({LOST!r}).length === 2")
        for lost in desk.locator(LOST).all():
            look = lost.evaluate(
                "(node) => { const s = getComputedStyle(node); return [s.backgroundImage, s.fontSize]; }"
            )
            assert look[0].startswith('url("data:image/png;base64,')
            assert look[1] == "0px"
            assert lost.bounding_box()["width"] > 300
        desk.said.clear()  # JupyterLab logs each widget it does not find
