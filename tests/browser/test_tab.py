"""Tab and errors in JupyterLab: the lists used most come first, an error is three lines."""

from __future__ import annotations

from typing import Any

import pytest

from .chromium import Lab
from .widgets_in_lab import notebook, picture

pytestmark = pytest.mark.browser

CELLS = [
    "import procore_nb as pnb\nprocore = pnb.connect('demo')",
    'procore.table("rfsi", project_id=1204310)',
    "procore.lists.",  # not run: the cell above fails
]
INTO_CELL = """
(number) => {
  const book = window.bookOfTest.content;
  book.activeCellIndex = number;
  book.mode = "edit";
  const editor = book.activeCell.editor;
  editor.focus();
  const lines = editor.lineCount;
  editor.setCursorPosition({ line: lines - 1, column: editor.getLine(lines - 1).length });
}
"""


def test_tab_offers_lists_by_use_and_an_error_is_three_lines(desk: Any, lab: Lab) -> None:
    with notebook(desk, lab, "tab.ipynb", CELLS) as page:
        error = page.locator(".jp-OutputArea-output").filter(has_text="CatalogError").last
        error.wait_for()
        lines = error.inner_text().strip().splitlines()
        assert len(lines) == 3, lines
        assert 'procore.table("rfsi"' in "".join(lines)
        assert "rfis" in "".join(lines)
        page.evaluate(INTO_CELL, 2)
        page.keyboard.press("Tab")
        options = page.locator(".jp-Completer-item .jp-Completer-match")
        options.first.wait_for()
        picture(page, "tab-lists")
        assert options.all_inner_texts()[:2] == ["projects", "rfis"]
