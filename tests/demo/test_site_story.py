from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest

from procore_nb.demo import TODAY
from procore_nb.demo.tables import RequestContext, sitedays
from procore_nb.demo.tables.weather import Weather

from .reading import READER

pytestmark = pytest.mark.slow

_BEGUN = READER.projects()
_SOME = _BEGUN[::15]


def test_nobody_works_on_weekends_before_the_start_or_after_the_finish() -> None:
    for project in _SOME:
        for row in READER.rows("daily_logs_manpower", project):
            day = date.fromisoformat(row["date"])
            assert day.weekday() < 5
            assert project.actual_start is not None
            assert min(project.actual_start, TODAY) <= day <= (project.actual_finish or TODAY)
            assert Decimal(row["man_hours"]) == row["num_workers"] * Decimal(row["num_hours"])


def test_there_are_most_men_in_the_middle_of_the_works() -> None:
    project = next(
        one
        for one in _BEGUN
        if one.progress == 1 and one.actual_start and one.actual_finish
        and (one.actual_finish - one.actual_start).days < 320
    )  # fmt: skip
    assert project.actual_start is not None
    assert project.actual_finish is not None
    length = (project.actual_finish - project.actual_start).days
    men: dict[int, int] = defaultdict(int)
    for row in READER.rows("daily_logs_manpower", project):
        day = date.fromisoformat(row["date"])
        men[min(4, (day - project.actual_start).days * 5 // length)] += row["num_workers"]
    assert men[0] < men[2] > men[4]
    assert men[4] < men[3]


def test_bad_weather_sends_men_home() -> None:
    wet, dry = [], []
    for project in _SOME:
        stopped = {
            row["date"]
            for row in READER.rows("daily_logs_weather", project)
            if row["is_weather_delay"] == "Yes"
        }
        delays = {
            row["date"] for row in READER.rows("daily_logs_delay", project) if row["delay_type"] == "Weather"
        }
        assert delays == stopped
        hours: dict[str, Decimal] = defaultdict(Decimal)
        for row in READER.rows("daily_logs_manpower", project):
            hours[row["date"]] += Decimal(row["man_hours"])
        wet += [float(value) for day, value in hours.items() if day in stopped]
        dry += [float(value) for day, value in hours.items() if day not in stopped]
    assert len(wet) > 30
    assert sum(wet) / len(wet) < 0.85 * sum(dry) / len(dry)


def test_manpower_that_waits_for_approval_is_shown_only_if_asked_for() -> None:
    waiting = 0
    for project in _SOME:
        plain = READER.rows("daily_logs_manpower", project)
        assert {row["status"] for row in plain} <= {"approved"}
        waiting += len(READER.rows("daily_logs_manpower", project, query="&filters[status]=pending"))
    assert waiting


def test_hours_in_the_production_report_are_those_of_the_log() -> None:
    project = next(one for one in _BEGUN if 0.1 < one.progress < 0.4)
    assert project.actual_start is not None
    assert (TODAY - project.actual_start).days < 300
    logged = sum(
        Decimal(row["man_hours"])
        for status in ("approved", "pending")
        for row in READER.rows("daily_logs_manpower", project, query=f"&filters[status]={status}")
    )
    report = READER.rows("field_production_report", project)
    assert sum(Decimal(str(row["actual_hours"])) for row in report) == logged


def test_timesheets_hold_the_timecards() -> None:
    for project in _SOME:
        cards = {row["id"]: row for row in READER.rows("timecard_entries", project)}
        held = [entry for sheet in READER.rows("timesheets", project) for entry in sheet["timecard_entries"]]
        assert {entry["id"]: entry["hours"] for entry in held} == {
            key: row["hours"] for key, row in cards.items()
        }


def test_the_schedule_slips_as_the_project_does_and_has_come_as_far() -> None:
    for project in _BEGUN:
        rows = READER.rows("schedule_tasks", project)
        handover = next(row for row in rows if row["name"] == "Handover")
        assert handover["finish_variance"] == project.slip_days
        works = [row for row in rows if not row["milestone"] and not row["has_children"]]
        days = sum(row["schedule_duration"] for row in works)
        share = sum(row["schedule_duration"] * row["percentage"] for row in works) / days / 100
        assert abs(share - project.progress) < 0.17, project.index
        ids = {row["id"] for row in rows}
        for row in rows:
            assert row["parent_id"] is None or row["parent_id"] in ids
            assert (row["percentage"] == 100) == (row["actual_finish"] is not None)
            assert row["percentage"] == 0 or row["actual_start"] is not None


def test_both_schedules_tell_the_same() -> None:
    project = _SOME[1]
    schedule = READER.rows("schedules", project)[0]
    rows = READER.rows("schedule_activities", project, schedule_id=schedule["schedule_id"])
    tasks = {str(row["id"]): row["percentage"] for row in READER.rows("schedule_tasks", project)}
    assert {row["activity_id"]: row["percent_complete"] for row in rows} == tasks
    links = READER.rows("schedule_activity_links", project, schedule_id=schedule["schedule_id"])
    assert {row["to_activity"] for row in links} | {row["from_activity"] for row in links} <= set(tasks)


def test_inspections_count_their_items_and_their_observations() -> None:
    for project in _SOME:
        counts: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for item in READER.rows("checklist_items", project):
            counts[item["list_id"]][item["status"]] += 1
        seen: dict[int, int] = defaultdict(int)
        for row in READER.rows("observation_items", project):
            if row["origin"] and row["origin"]["type"] == "inspection":
                seen[row["origin"]["payload"]["checklist_list_id"]] += 1
            assert (row["status"] == "closed") == (row["closed_at"] is not None)
        for one in READER.rows("checklists", project):
            found = counts[one["id"]]
            assert one["conforming_item_count"] == found["yes"]
            assert one["deficient_item_count"] == found["no"] == seen[one["id"]] == one["observations_count"]
            assert one["item_count"] == sum(found.values())
            assert one["inspected_item_count"] == one["item_count"] - found["none"]


def test_incidents_hold_their_records_and_grow_rarer() -> None:
    halves = [0, 0]
    for project in _BEGUN:
        incidents = {row["id"]: row for row in READER.rows("incidents", project)}
        injuries = READER.rows("injuries", project)
        kinds = ("near_misses", "property_damages", "environmentals")
        records = injuries + [row for kind in kinds for row in READER.rows(kind, project)]
        seen = [row["incident_id"] for row in READER.rows("witness_statements", project)]
        actions = READER.rows("incident_actions", project)
        observed = {row["id"] for row in READER.rows("observation_items", project)}
        assert {record["incident_id"] for record in records} | set(seen) <= set(incidents)
        assert {row["observation_id"] for row in actions} - {None} <= observed
        for key, row in incidents.items():
            assert row["records_count"] == sum(record["incident_id"] == key for record in records)
            assert row["witness_statements_count"] == seen.count(key)
            assert row["event_date"][:10] >= str(project.actual_start)
            assert row["actions_count"] == sum(action["incident_id"] == key for action in actions)
            assert row["recordable"] == any(
                one["recordable"] for one in injuries if one["incident_id"] == key
            )
            if project.progress == 1 and project.actual_start and project.actual_finish:
                middle = project.actual_start + (project.actual_finish - project.actual_start) / 2
                halves[date.fromisoformat(row["event_date"][:10]) >= middle] += 1
    assert halves[0] > 1.5 * halves[1] > 0


def test_punch_items_come_at_the_end_and_are_closed_on_projects_long_over() -> None:
    early = [len(READER.rows("punch_items", one)) for one in _BEGUN if one.progress < 0.5]
    assert not any(early)
    statuses: dict[bool, set[str]] = defaultdict(set)
    for project in _BEGUN:
        over = project.actual_finish is not None and (TODAY - project.actual_finish).days > 400
        statuses[over] |= {row["status"] for row in READER.rows("punch_items", project)}
    assert statuses[True] == {"Closed"}
    assert statuses[False] >= {"Open", "Overdue", "Closed"}


def test_a_drawing_area_holds_the_drawings_whose_revisions_the_project_lists() -> None:
    for project in _SOME:
        area = READER.rows("drawing_areas", project)[0]
        drawings = READER.rows("drawings", drawing_area_id=area["id"])
        current = {
            row["drawing_id"]: row["id"]
            for row in READER.rows("drawing_revisions", project)
            if row["current"]
        }
        assert {row["id"]: row["current_revision"]["id"] for row in drawings} == current
        assert area["drawings_count"] == len(drawings)
    assert READER.rows("drawings", drawing_area_id=17) == []


def test_the_days_on_site_of_a_whole_portfolio_are_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    everywhere = READER.projects(begun=False)
    for project in everywhere:
        READER.rows("daily_log_headers", project)

    def again(_scene: RequestContext, _day: date) -> Weather:
        raise AssertionError("The days of a project are worked out again.")

    monkeypatch.setattr(sitedays, "weather", again)
    for project in everywhere:
        READER.rows("daily_logs_notes", project)


@pytest.mark.slow
def test_the_companys_timecards_are_those_of_its_projects() -> None:
    everywhere = READER.rows("company_timecard_entries")
    for project in _SOME:
        own = {row["id"]: row["hours"] for row in READER.rows("timecard_entries", project)}
        there = {row["id"]: row["hours"] for row in everywhere if row["project"]["id"] == project.id}
        assert there == own
    assert len({row["project"]["id"] for row in everywhere}) > 50
