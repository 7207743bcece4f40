"""The form around a report in a real JupyterLab, and a pack opened from disk in a browser that knows no host."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import procore_nb as pnb

from .chromium import Lab
from .widgets_in_lab import foreign, notebook, picture

CELLS = [
    "import procore_nb as pnb\nprocore = pnb.connect('demo', progress=False)",
    "view = pnb.reports.view(procore, 'rfis')\nview",
]


def test_a_report_is_chosen_shown_and_saved(desk: Any, lab: Lab) -> None:
    with notebook(desk, lab, "report.ipynb", CELLS) as page:
        page.get_by_role("button", name="Show").wait_for()
        page.get_by_label("Projects").fill("1204458, 1204310")
        page.get_by_label("Options").fill("age_classes=(10, 20)")
        page.get_by_label("Options").press("Tab")
        page.get_by_role("button", name="Show").click()
        output = page.locator(".procore-report").first
        output.wait_for()
        assert "As of 2026-06-18" in output.inner_text()
        assert "age_classes = 10, 20" in output.inner_text()
        assert output.locator("img").count() == 2
        assert output.locator("img").first.evaluate("one => one.naturalWidth > 100")
        assert output.locator("table").first.is_visible()
        for name in ("report.html", "report.xlsx"):
            page.get_by_role("textbox", name="File").fill(name)
            page.get_by_role("textbox", name="File").press("Tab")
            page.get_by_role("button", name="Save", exact=True).click()
            page.wait_for_function(
                "(name) => new RegExp(`Saved: .*${name}`).test(document.body.innerText)", arg=name
            )
        assert (lab.folder / "report.html").exists()
        picture(page, "report-view")
        assert foreign(page) == []


def test_a_pack_sorts_its_tables_and_asks_no_host(page: Any, tmp_path: Path) -> None:
    rows = [{"id": at, "project_id": at % 3, "status": "open", "subject": "<img src=x onerror=hit()>", "due_date": f"2026-06-{at + 1:02}", "created_at": "2026-05-01T12:00:00Z"} for at in range(9)]  # fmt: skip
    projects = [{"id": at, "name": f"P{at}"} for at in range(3)]
    reports = pnb.reports.all_reports(
        {"rfis": rows, "projects": projects}, "portfolio_health", "rfis", as_of="2026-06-18"
    )
    path = pnb.reports.pack(reports, tmp_path / "pack.html")
    page.goto(path.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 1200
    table = page.locator("#rfis details", has_text="rows (9)")
    table.locator("summary").click()
    head = table.locator("th", has_text="late days").first
    at = head.evaluate("one => one.cellIndex")
    head.click()
    cells = table.locator(f"tbody tr td:nth-child({at + 1})").all_inner_texts()
    assert cells == sorted(cells, key=int)
    head.click()
    assert table.locator(f"tbody tr td:nth-child({at + 1})").all_inner_texts() == cells[::-1]
    page.set_viewport_size({"width": 500, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= 500
    assert page.said == []
    assert [one for one in page.asked if not one.startswith(("file:", "data:"))] == []
