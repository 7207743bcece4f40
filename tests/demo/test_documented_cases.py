"""The ids in docs/demo.md: each case is there, where the page says."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest

from procore_nb.demo import NOW, TODAY
from procore_nb.demo.portfolio import Project

from .reading import READER, Row

_PAGE = Path(__file__).parents[2] / "docs" / "demo.md"
_TABLE = _PAGE.read_text(encoding="utf-8").partition("## Cases worth trying")[2].partition("\n## ")[0]
_CASES = [
    (row[1], [int(text) for text in row[2].split()])
    for row in re.finditer(r"^\| (.+?) \| ([\d ]+) \|$", _TABLE, re.MULTILINE)
]
_PORTFOLIO = READER.demo.portfolio
_ALL_TOO = "&filters[include_deleted]=with"
_LISTS = {
    "RFI": "rfis",
    "open RFI": "rfis",
    "submittal": "submittals",
    "punch item": "punch_items",
    "task": "schedule_tasks",
    "injured": "injuries",
    "change order": "commitment_change_orders",
    "invoice": "requisitions",
    "change event": "change_events",
    "contract terminated": "work_order_contracts",
}


def _rows(project: Project, name: str) -> list[Row]:
    return READER.rows(name, project, query=_ALL_TOO)


def _status(project: Project, path: str) -> int:
    return READER.status(path.format(project=project.id))


def _filled(project: Project) -> tuple[bool, bool]:
    """Whether change orders, and potential ones, are in the lists of their own: all are for one tier, not for more."""
    assert READER.rows("change_order_packages", project)
    lists = ("commitment_change_orders", "potential_change_orders")
    orders, potential = (bool(READER.rows(name, project)) for name in lists)
    return orders, potential


def _payments(project: Project) -> tuple[bool, bool]:
    """Whether there are invoices that were approved, and whether any of them, or a payment of its own, says when it was paid."""
    bills = READER.rows("requisitions", project)
    approved = any(row["status"].startswith("approved") for row in bills)
    payments = [
        row
        for one in {row["commitment_id"] for row in bills}
        for row in READER.rows("contract_payments", project, contract_id=one)
    ]
    return approved, any(row["payment_date"] for row in bills) or bool(payments)


def _loss(project: Project) -> float:
    """What the estimate at completion is above the contract with its approved changes."""
    prime = READER.rows("prime_contracts", project)[0]
    view = next(
        row["id"] for row in READER.rows("budget_views", project) if row["name"] == "Procore Standard Budget"
    )
    rows = READER.rows("budget_view_detail_rows", project, budget_view_id=view)
    estimate = sum(float(row["Estimated Cost at Completion"]) for row in rows)
    return estimate - float(prime["grand_total"]) - float(prime["approved_change_orders"])


def _unbudgeted(project: Project) -> list[Row]:
    view = READER.rows("budget_views", project)[0]["id"]
    rows = READER.rows("budget_view_detail_rows", project, query="&budget_row_type=all", budget_view_id=view)
    return [row for row in rows if row["id"] is None]


def _days_on_site(project: Project) -> list[str]:
    return sorted(row["date"] for row in READER.rows("manpower_logs", project))


_PROJECTS: dict[str, Callable[[Project], bool]] = {
    "without permission": lambda one: _status(one, "/rest/v1.0/projects/{project}/rfis") == 403,
    "RFIs are switched off": lambda one: _status(one, "/rest/v1.0/projects/{project}/rfis") == 404,
    "without a single record": lambda one: (
        not any(
            READER.rows(name, one)
            for name in ("rfis", "submittals", "punch_items", "project_users", "meetings", "bim_files")
        )
    ),
    "without any value": lambda one: one.total_value is None and one.estimated_value is None,
    "without a currency": lambda one: one.currency is None,
    "without coordinates": lambda one: one.latitude is None and one.longitude is None,
    "swapped": lambda one: one.latitude is not None and abs(one.latitude - one.street.longitude) < 0.01,
    "IANA name": lambda one: one.index % 7 == 3 and one.street.tz_name != one.street.time_zone,
    "week-end of Friday and Saturday": lambda one: one.calendar.weekend == {4, 5} and one.progress > 0,
    "began in the last full week": lambda one: "2026-06-08" <= _days_on_site(one)[0] <= "2026-06-14",
    "stopped logging": lambda one: one.progress < 1 and _days_on_site(one)[-1] < "2026-06-08",
    "renamed": lambda one: (
        one.stage.category == "post_construction" and one.stage.name != "Post-Construction"
    ),
    "beyond 53 bits": lambda one: one.id > 2**53,
    "no payment is recorded": lambda one: _payments(one) == (True, False),
    "bid too low": lambda one: _loss(one) > 0,
    "spends without a budget": lambda one: bool(_unbudgeted(one)),
    "budget view": lambda one: (
        [row["name"] for row in READER.rows("budget_views", one)] == ["H&V Cost Report"]
    ),
}


def _named(row: Row) -> list[str]:
    return [file["filename"] for file in row["associated_attachments"]]


_RECORDS: dict[str, Callable[[Row], Any]] = {
    "on another host": lambda row: "/files.elsewhere.invalid/" in row["associated_attachments"][0]["url"],
    "withdrawn": lambda row: row["associated_attachments"][0]["file_unavailable"],
    "300 characters": lambda row: [len(name) for name in _named(row)] == [300],
    "leave the folder": lambda row: all(re.search(r"\.\.|^/|^C:", name) for name in _named(row)),
    "with NUL": lambda row: "\0" in _named(row)[0] and "\n" in _named(row)[1] and "" in _named(row),
    "Windows reserves": lambda row: {"CON.pdf", "aux"} < set(_named(row)),
    "equal but for": lambda row: len({normalize("NFC", name).casefold() for name in _named(row)}) == 2,
    "two files of one name": lambda row: len(_named(row)) == 2 and len(set(_named(row))) == 1,
    "spreadsheets or browsers": lambda row: _named(row)[0].startswith("=") and "<img" in _named(row)[1],
    "three earlier revisions": lambda row: row["revision"] == "3" and row["current_revision"],
    "beyond 53 bits": lambda row: row["id"] > 2**53,
    "is a draft": lambda row: row["status"] == "draft",
    "closed as a draft": lambda row: row["status"] == "closed_draft",
    "RFI that was deleted": lambda row: row["deleted"] and row["status"] == "recycled",
    "nobody's court": lambda row: row["status"] == "open" and not row["ball_in_courts"],
    "submittal that is void": lambda row: row["status"]["name"] == "Void",
    "without a lead time": lambda row: row["lead_time"] is None,
    "rejected": lambda row: (
        row["current_revision"] and row["approvers"][-1]["response"]["considered"] == "rejected"
    ),
    "punch item that was deleted": lambda row: row["deleted_at"],
    "two firms": lambda row: len(row["assignees"]) == 2,
    "without a baseline": lambda row: row["baseline_finish"] is None,
    "past its last day": lambda row: row["percentage"] < 100 and row["finish_datetime"] < NOW.isoformat(),
    "still away": lambda row: row["filing_type"] == "lost_time" and row["date_returned_to_work"] is None,
    "contract terminated": lambda row: row["status"] == "Terminated",
    "credit": lambda row: float(row["grand_total"]) < 0,
    "without charge": lambda row: row["status"] == "no_charge",
    "proceeding": lambda row: row["status"] == "proceeding",
    "not paid": lambda row: (
        row["status"].startswith("approved")
        and row["payment_date"] is None
        and (TODAY - date.fromisoformat(row["billing_date"])).days > 90
    ),
    "change event that is void": lambda row: row["status"]["mapped_to_status"] == "void",
    "change event that was deleted": lambda row: row["deleted_at"] and row["deleted_at"] < NOW.isoformat(),
}


def _project(project_id: int) -> Project:
    found = _PORTFOLIO.find(_PORTFOLIO.company, project_id)
    assert found is not None
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("case", "ids"), _CASES, ids=[case for case, _ids in _CASES])
def test_a_documented_case_is_where_the_page_says(case: str, ids: list[int]) -> None:
    if case.startswith("change order: "):
        assert [_filled(_project(one)) for one in ids] == [(True, True), (True, False), (False, True)]
        return
    kind = next((kind for kind in _LISTS if case.startswith(kind)), None)
    if kind is None:
        check = next(check for words, check in _PROJECTS.items() if words in case)
        assert ids
        assert all(check(_project(one)) for one in ids)
        return
    holds = next(holds for words, holds in _RECORDS.items() if words in case)
    row = next(row for row in _rows(_project(ids[0]), _LISTS[kind]) if row["id"] == ids[1])
    assert holds(row)


def test_the_page_names_enough_cases() -> None:
    assert len(_CASES) > 30
