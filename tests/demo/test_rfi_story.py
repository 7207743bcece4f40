from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from functools import cache
from statistics import median
from typing import Any

import pytest

from procore_nb.demo import NOW, TODAY
from procore_nb.demo.portfolio import Project

from .reading import READER

_BEGUN = READER.projects()[::2]


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _all(name: str) -> list[tuple[Any, dict[str, Any]]]:
    return [(project, row) for project in _BEGUN for row in READER.rows(name, project)]


def _millions(project: Project) -> float:
    return float(project.total_value or 20_000_000) / 1e6


@cache
def _rfis() -> list[tuple[Any, dict[str, Any]]]:
    return _all("rfis")


def test_rfis_are_numbered_in_the_order_they_were_asked() -> None:
    for project in _BEGUN:
        rows = [row for one, row in _rfis() if one is project and row["number"] is not None]
        assert [row["number"] for row in rows] == sorted((row["number"] for row in rows), key=int)
        assert [row["created_at"] for row in rows] == sorted(row["created_at"] for row in rows)


def test_an_rfi_is_closed_when_it_is_resolved_and_held_by_somebody_while_it_is_open() -> None:
    nobody = 0
    for _project, row in _rfis():
        draft = row["status"] in ("draft", "closed_draft")
        assert (row["status"] in ("closed", "closed_draft")) == (row["time_resolved"] is not None)
        assert row["ball_in_court"] is None or row["status"] in ("open", "draft")
        assert (row["number"] is None) == (row["initiated_at"] is None) == draft
        nobody += row["status"] == "open" and row["ball_in_court"] is None
        if row["time_resolved"]:
            assert _time(row["created_at"]) <= _time(row["time_resolved"]) < NOW
    assert 0 < nobody < 30


def test_the_statuses_that_real_accounts_have_are_there() -> None:
    project = next(one for one in READER.projects() if one.index == 11)
    gone = READER.rows("rfis", project, query="&filters[include_deleted]=only")
    assert [(row["status"], row["deleted"]) for row in gone] == [("recycled", True)]
    assert gone[0]["created_at"] <= gone[0]["deleted_at"]
    assert {row["status"] for _project, row in _rfis()} == {"open", "closed", "draft", "closed_draft"}
    assert any(len(row["ball_in_courts"]) > 1 for _project, row in _rfis())


def test_late_projects_ask_more_and_wait_longer() -> None:
    waits: dict[bool, list[float]] = {True: [], False: []}
    shares: dict[bool, list[float]] = {True: [], False: []}
    asked = Counter(project.id for project, _row in _rfis())
    for project, row in _rfis():
        if row["time_resolved"]:
            wait = _time(row["time_resolved"]) - _time(row["created_at"])
            waits[project.slip_days > 0].append(wait.days)
    for project in _BEGUN:
        if 0.2 < project.progress < 1:
            shares[project.slip_days > 0].append(asked[project.id] / _millions(project) ** 0.77)
    assert median(waits[True]) > 1.4 * median(waits[False])
    assert median(shares[True]) > 1.2 * median(shares[False])


@pytest.mark.slow
def test_rfis_submittals_and_punch_items_are_as_many_as_on_real_projects() -> None:
    """Studies count 10 RFIs for each million US dollars, answered in a week, fewer for each million on large projects."""
    over = [project for project in _BEGUN if project.progress == 1]
    found = {
        name: Counter(project.id for project, _row in _all(name)) for name in ("submittals", "punch_items")
    }
    found["rfis"] = Counter(project.id for project, _row in _rfis())
    for name, (low, high) in {"rfis": (2, 12), "submittals": (1.5, 8), "punch_items": (1.5, 8)}.items():
        for size in (0.0, 50.0):  # the larger ones by themselves, too
            chosen = [project for project in over if _millions(project) > size]
            rate = sum(found[name][one.id] for one in chosen) / sum(_millions(one) for one in chosen)
            assert low * (0.7 if size else 1) < rate < high, (name, size, rate)
    days = [
        (_time(row["time_resolved"]) - _time(row["created_at"])).days
        for _project, row in _rfis()
        if row["status"] == "closed"
    ]
    assert 5 < median(days) < 10


def test_some_open_rfis_are_overdue_most_of_them_on_late_projects() -> None:
    overdue = [
        project.slip_days > 0
        for project, row in _rfis()
        if row["status"] == "open" and row["due_date"] and date.fromisoformat(row["due_date"]) < TODAY
    ]
    assert 15 < len(overdue) < 0.03 * len(_rfis())
    assert sum(overdue) > len(overdue) / 2


def test_nothing_is_open_on_a_project_that_is_over() -> None:
    over = [row for project, row in _rfis() if project.progress == 1]
    assert over
    assert {row["status"] for row in over} == {"closed"}


def test_the_official_reply_comes_last_and_when_the_rfi_was_resolved() -> None:
    for project in _BEGUN[:5]:
        for row in READER.rows("rfis", project):
            replies = READER.rows("rfi_replies", project, rfi_id=row["id"])
            times = [reply["answer_date"] for reply in replies]
            assert times == sorted(times)
            assert all(row["created_at"] <= time for time in times)
            official = [reply for reply in replies if reply["official"]]
            assert [reply["answer_date"] for reply in official] == [row["time_resolved"]] * (
                row["status"] == "closed"
            )
            assert not official or official[0] is replies[-1]


def test_one_rfi_has_an_id_past_what_a_float_can_hold_and_still_has_replies() -> None:
    project = next(one for one in READER.projects() if one.index == 22)
    (row,) = (row for row in READER.rows("rfis", project) if row["id"] > 2**53)
    assert float(row["id"]) != row["id"]
    assert row["status"] != "closed" or READER.rows("rfi_replies", project, rfi_id=row["id"])


def test_a_few_subjects_look_like_formulas_or_scripts() -> None:
    subjects = [row["subject"] for _project, row in _rfis()]
    assert any(text.startswith("=") for text in subjects)
    assert any("<script>" in text for text in subjects)
    assert sum(text.startswith("=") or "<" in text for text in subjects) < len(subjects) / 50


@pytest.mark.slow
def test_submittals_follow_their_section_and_their_revisions() -> None:
    for project in _BEGUN[::6]:
        # Version 2 writes its ids as text.
        sections = {int(row["id"]) for row in READER.rows("specification_sections", project)}
        rows = READER.rows("submittals", project)
        current = [row["number"] for row in rows if row["current_revision"]]
        assert len(current) == len(set(current)) == len({row["number"] for row in rows})
        for row in rows:
            assert row["specification_section"]["id"] in sections
            status = row["status"]["name"]
            assert status == "Void" or (status == "Closed") == (row["closed_at"] is not None)
            assert status == "Void" or (status == "Draft") == (row["received_date"] is None)
            assert row["submit_by"] < row["required_on_site_date"]
            for one in row["approvers"]:
                assert row["received_date"] <= (one["sent_date"] or one["returned_date"] or "9")
                assert (
                    not (one["sent_date"] and one["returned_date"])
                    or one["sent_date"] <= one["returned_date"]
                )
        new = {row["id"]: row["status_id"] for row in READER.rows("submittals_v2_0", project)}
        assert new == {str(row["id"]): str(row["status"]["id"]) for row in rows}


def test_some_submittals_endanger_deliveries_and_some_were_left_rejected_or_void() -> None:
    risky = left = void = split = 0
    for _project, row in _all("submittals"):
        void += row["status"]["name"] == "Void"
        split += len(row["approvers"]) > 1
        if not row["current_revision"] or row["lead_time"] is None:
            continue
        latest = date.fromisoformat(row["required_on_site_date"]) - timedelta(days=row["lead_time"])
        risky += row["status"]["name"] == "Open" and latest < TODAY
        left += any(
            one["response"] and one["response"]["considered"] == "rejected" for one in row["approvers"]
        )
    assert risky > 10
    assert left > 20
    assert void > 20
    assert split > 100
