from __future__ import annotations

from datetime import date, datetime
from statistics import median
from typing import Any

import pytest

from procore_nb.demo import NOW, TODAY

from .reading import READER

_BEGUN = READER.projects()


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _all(name: str) -> list[tuple[Any, dict[str, Any]]]:
    return [(project, row) for project in _BEGUN for row in READER.rows(name, project)]


_RFIS = _all("rfis")


def test_rfis_are_numbered_in_the_order_they_were_asked() -> None:
    for project in _BEGUN:
        rows = [row for one, row in _RFIS if one is project and row["number"] is not None]
        assert [row["number"] for row in rows] == sorted((row["number"] for row in rows), key=int)
        assert [row["created_at"] for row in rows] == sorted(row["created_at"] for row in rows)


def test_an_rfi_is_closed_when_it_is_resolved_and_held_by_somebody_while_it_is_open() -> None:
    for _project, row in _RFIS:
        assert (row["status"] == "closed") == (row["time_resolved"] is not None)
        assert (row["ball_in_court"] is None) == (row["status"] == "closed")
        assert (row["number"] is None) == (row["status"] == "draft")
        if row["time_resolved"]:
            assert _time(row["created_at"]) <= _time(row["time_resolved"]) < NOW


def test_late_projects_ask_more_and_wait_longer() -> None:
    waits: dict[bool, list[float]] = {True: [], False: []}
    shares: dict[bool, list[float]] = {True: [], False: []}
    for project, row in _RFIS:
        if row["time_resolved"]:
            wait = _time(row["time_resolved"]) - _time(row["created_at"])
            waits[project.slip_days > 0].append(wait.days)
    for project in _BEGUN:
        if 0.2 < project.progress < 1 and project.total_value:
            count = sum(one is project for one, _row in _RFIS)
            size = 8 + min(float(project.total_value) / 3_000_000, 34)
            shares[project.slip_days > 0].append(count / size / project.progress)
    assert median(waits[True]) > 1.8 * median(waits[False])
    assert median(shares[True]) > 1.3 * median(shares[False])


def test_some_open_rfis_are_overdue_most_of_them_on_late_projects() -> None:
    overdue = [
        project.slip_days > 0
        for project, row in _RFIS
        if row["status"] == "open" and row["due_date"] and date.fromisoformat(row["due_date"]) < TODAY
    ]
    assert len(overdue) > 30
    assert sum(overdue) > len(overdue) / 2


def test_nothing_is_open_on_a_project_that_is_over() -> None:
    over = [row for project, row in _RFIS if project.progress == 1]
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
    huge = [(project, row) for project, row in _RFIS if row["id"] > 2**53]
    assert len(huge) == 1
    project, row = huge[0]
    assert float(row["id"]) != row["id"]
    assert row["status"] != "closed" or READER.rows("rfi_replies", project, rfi_id=row["id"])


def test_a_few_subjects_look_like_formulas_or_scripts() -> None:
    subjects = [row["subject"] for _project, row in _RFIS]
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
            assert (row["status"]["name"] == "Closed") == (row["closed_at"] is not None)
            assert (row["status"]["name"] == "Draft") == (row["received_date"] is None)
            assert row["submit_by"] < row["required_on_site_date"]
        new = {row["id"]: row["status_id"] for row in READER.rows("submittals_v2_0", project)}
        assert new == {str(row["id"]): str(row["status"]["id"]) for row in rows}
