"""The form around a report, without a browser: what it calls, shows, writes and says."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

import procore_nb as pnb

ROWS = [
    {"id": at, "project_id": project, "status": "open", "subject": "s", "due_date": "2026-06-01", "created_at": "2026-05-01T12:00:00Z"}
    for at, project in ((1, 7), (2, 8), (3, 8))
]  # fmt: skip
SOURCE = {"rfis": ROWS, "projects": [{"id": 7, "name": "P"}, {"id": 8, "name": "<b>Q</b>"}]}


@pytest.fixture
def view() -> Any:
    made = pnb.reports.view(SOURCE, "rfis")
    made._as_of.value = datetime.date(2026, 6, 18)
    return made


def test_it_makes_the_report_of_what_is_chosen_and_shows_the_line_that_gives_the_same(view: Any) -> None:
    view._options.value = 'age_classes=(10, 20), clock="created_at"'
    view._projects.value = "8"
    view._make.click()
    assert view.report.rows["id"].tolist() == [2, 3]
    assert view.report.options["age_classes"] == (10, 20)
    line = view._snippet.code
    for part in (
        "pnb.reports.rfis(",
        "    lists,",
        "age_classes=(10, 20)",
        "as_of='2026-06-18'",
        "projects='8'",
    ):
        assert part.replace("'", '"') in line.replace("'", '"')
    page = view._page.value
    assert "2 RFIs open, 2 of them overdue" in page
    assert page.count("<img") == 2
    assert "<b>Q" not in page
    assert "&lt;b&gt;Q" in page
    assert repr(view) == "ReportView(rfis, as of 2026-06-18)"


def test_another_report_is_one_choice_away(view: Any) -> None:
    view._name.value = "portfolio_health"
    view._make.click()
    assert view.report.name == "portfolio_health"
    assert view.report.summary["rfis"].tolist() == ["yellow", "yellow"]


def test_what_goes_wrong_stands_in_the_form_and_the_report_before_stays(view: Any) -> None:
    view._make.click()
    before = view.report
    texts = {
        "age_class=(7,)": "no option",
        "(7, 14)": "name=value",
        "age_classes=": "name=value",
        "clock=__import__('os')": "name=value",
        'since="last Monday"': "one state only",
    }
    shown = {}
    for options in texts:
        view._options.value = options
        view._make.click()
        shown[options] = view._status.text
        assert view.report is before
    failures = {options: shown[options] for options, text in texts.items() if text not in shown[options]}
    assert not failures


def test_it_saves_html_and_excel_and_says_where(view: Any, tmp_path: Path) -> None:
    assert view._save.disabled
    view.save()  # nothing is made yet: nothing happens
    view._make.click()
    for name in ("r.html", "r.xlsx"):
        view._path.value = str(tmp_path / name)
        view._save.click()
        assert (tmp_path / name).stat().st_size > 3000
        assert name in view._status.text
    view._path.value = str(tmp_path / "no" / "r.html")
    view._save.click()
    assert "Saved" not in view._status.text


def test_an_unknown_report_is_refused() -> None:
    with pytest.raises(pnb.ArgumentError, match="no report 'rfi'"):
        pnb.reports.view(SOURCE, "rfi")
