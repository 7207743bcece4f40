from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from procore_nb.catalog import endpoint
from procore_nb.demo import TODAY, Demo, Portfolio
from procore_nb.demo.portfolio import Project
from procore_nb.demo.tables import RequestContext, dailylogs
from procore_nb.demo.tables.dailylogs import Weather

from .reading import READER, Reader

pytestmark = pytest.mark.slow

_BEGUN = READER.projects()
_SOME = _BEGUN[::15]
_THIRD = _BEGUN[::3]


def _context(project: Project) -> RequestContext:
    return RequestContext(endpoint("rfis"), READER.demo.portfolio, project.company, project)


def _workers(project: Project) -> dict[date, int]:
    """People on site by day, as the daily logs have them."""
    return {day.day: day.workers for day in dailylogs.site_days(_context(project))}


def test_nobody_works_on_holidays_before_the_start_or_after_the_finish_and_few_at_weekends() -> None:
    days: Counter[str] = Counter()
    for project in _SOME:
        calendar = project.calendar
        for row in READER.rows("daily_logs_manpower", project):
            day = date.fromisoformat(row["date"])
            assert calendar.works_on(day) or calendar.overtime(day)
            days["working" if calendar.works_on(day) else "weekend"] += row["num_workers"]
            assert project.actual_start is not None
            assert project.actual_start <= day <= min(project.actual_finish or TODAY, TODAY)
            assert Decimal(row["man_hours"]) == row["num_workers"] * Decimal(row["num_hours"])
    assert 0 < days["weekend"] < 0.1 * days["working"]


_KINDS = ("foreman", "journeyman", "apprentice", "other")
_AMONG = ("women", "minority", "veteran", "local_city", "local_county", "first_year")


@pytest.mark.slow
def test_heads_and_hours_of_the_construction_report_are_those_of_the_manpower_log() -> None:
    seen = 0
    for project in _SOME:
        logged: dict[tuple[str, int], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
        for row in READER.rows("daily_logs_manpower", project, query="&filters[status]=all"):
            logged[row["date"], row["vendor"]["id"]][0] += row["num_workers"]
            logged[row["date"], row["vendor"]["id"]][1] += Decimal(row["man_hours"])
        told: dict[tuple[str, int], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
        for row in READER.rows("daily_logs_construction_report", project):
            heads = {kind: row[f"number_of_{kind}_workers"] for kind in _KINDS}
            hours = {kind: Decimal(row[f"{kind}_hours"]) for kind in (*_KINDS, *_AMONG)}
            assert all(4 * heads[kind] <= hours[kind] <= 12 * heads[kind] for kind in _KINDS)
            whole = sum(hours[kind] for kind in _KINDS)
            assert all(hours[kind] <= whole for kind in _AMONG)
            assert hours["local_city"] <= hours["local_county"]
            assert hours["first_year"] <= hours["apprentice"]
            key = row["date"], row["vendor"]["id"]
            told[key][0] += sum(heads.values())
            told[key][1] += whole
        assert all(logged[key] == found for key, found in told.items())
        assert bool(told) == bool(logged)
        seen += len(told)
    assert seen > 50


@pytest.mark.slow
def test_nothing_is_needed_on_site_before_its_submittal_was_written() -> None:
    late = 0
    for project in _THIRD:
        for row in READER.rows("submittals", project):
            written = str(project.calendar.day_of(datetime.fromisoformat(row["created_at"])))
            if row["revision"] == "0":
                assert written <= row["submit_by"] < row["required_on_site_date"]
            late += bool(row["received_date"]) and row["received_date"] > row["submit_by"]
    assert late > 30  # which is for reports to find


def test_no_site_has_full_crews_on_the_25th_of_december() -> None:
    for project in _BEGUN:
        men = _workers(project)
        for day in men:
            if (day.month, day.day) == (12, 25):
                assert project.street.region == "Gulf"
                around = [men.get(day + timedelta(days=step), 0) for step in range(-7, 8)]
                assert men[day] < 0.7 * max(around) or men[day] < 5


@pytest.mark.slow
def test_some_projects_began_stopped_logging_grew_or_shrank_in_the_last_two_full_weeks() -> None:
    monday = TODAY - timedelta(days=TODAY.weekday() + 14)
    found: Counter[str] = Counter()
    for project in _BEGUN:
        if project.progress == 1:
            continue
        week: dict[int, list[int]] = {0: [], 1: []}
        for day, men in _workers(project).items():
            number = (day - monday).days // 7
            if number in week and project.calendar.works_on(day):
                week[number].append(men)
        before, after = (sum(men) / len(men) if men else 0 for men in week.values())
        kind = "began" if after and not before else "stopped" if before and not after else ""
        found[
            kind or ("grew" if after > 1.3 * before else "shrank" if after < 0.75 * before else "same")
        ] += 1
    assert all(found[kind] > 0 for kind in ("began", "stopped"))
    assert all(found[kind] > 2 for kind in ("grew", "shrank"))
    assert found["same"] > sum(found.values()) / 2


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
    found: Counter[str] = Counter()
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
            assert row["start_datetime"] <= row["finish_datetime"]
        for row in works:
            found["no baseline"] += row["baseline_finish"] is None
            found["critical and late"] += row["critical_path"] and (row["finish_variance"] or 0) > 5
            found["past its last day"] += row["percentage"] < 100 and row["finish_datetime"][:10] < str(TODAY)
    assert all(found[kind] > 5 for kind in ("no baseline", "critical and late", "past its last day")), found


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


@pytest.mark.slow
def test_incidents_hold_their_records() -> None:
    for project in _THIRD:
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
            day = project.calendar.day_of(datetime.fromisoformat(row["event_date"]))
            assert project.actual_start is not None
            assert project.actual_start <= day <= min(project.actual_finish or TODAY, TODAY)
            assert row["actions_count"] == sum(action["incident_id"] == key for action in actions)
            assert row["recordable"] == any(
                one["recordable"] for one in injuries if one["incident_id"] == key
            )


@pytest.mark.slow
def test_hours_come_before_incidents_and_people_are_hurt_as_often_as_in_the_industry() -> None:
    hours, hurt, away = 0.0, 0, 0
    for project in _THIRD:
        logged: dict[str, float] = defaultdict(float)
        for row in READER.rows("daily_logs_manpower", project):
            logged[row["date"]] += float(row["man_hours"])
        days = sorted(logged)
        for row in READER.rows("incidents", project):
            day = str(project.calendar.day_of(datetime.fromisoformat(row["event_date"])))
            assert days[0] < day
            assert day in logged
        injuries = READER.rows("injuries", project)
        hours += sum(logged.values())
        hurt += sum(row["recordable"] for row in injuries)
        away += sum(row["filing_type"] in ("lost_time", "restricted_work") for row in injuries)
    # The Bureau of Labor Statistics counts some 2.3 in construction, half of them with days away, restricted or transferred.
    assert 1.5 < hurt * 200_000 / hours < 3.5
    assert 0.4 < away / hurt < 0.75


def test_days_away_follow_from_the_injury_and_its_day() -> None:
    titles, lost = set(), 0
    for project in _THIRD:
        incidents = {row["id"]: row for row in READER.rows("incidents", project)}
        for row in READER.rows("injuries", project):
            happened = datetime.fromisoformat(incidents[row["incident_id"]]["event_date"])
            since = (TODAY - project.calendar.day_of(happened)).days
            titles.add(row["incident_title"])
            moved = row["work_days_restricted"] + row["work_days_transferred"]
            assert row["affliction_type"]["name"].lower() in row["incident_title"].lower()
            assert row["body_parts"][0]["name"].lower() in row["incident_title"].lower()
            hurt = row["affliction_type"]["name"], row["body_parts"][0]["name"]
            assert hurt[0] != "Fracture" or row["recordable"]
            assert hurt not in {("Fracture", "Eye"), ("Sprain", "Eye"), ("Sprain", "Head"), ("Burn", "Back")}
            assert row["filing_type"] == "restricted_work" or moved == 0
            if row["filing_type"] != "lost_time":
                assert (row["work_days_absent"], row["date_returned_to_work"]) == (0, None)
                continue
            lost += 1
            assert 0 <= row["work_days_absent"] <= since
            if row["date_returned_to_work"]:
                back = date.fromisoformat(row["date_returned_to_work"])
                assert (back - project.calendar.day_of(happened)).days == row["work_days_absent"] + 1
                assert back <= TODAY
            else:
                assert row["work_days_absent"] == since
                assert incidents[row["incident_id"]]["status"] == "open"
    assert lost > 5
    assert len(titles) > 30


@pytest.mark.slow
def test_punch_items_come_at_the_end_and_are_closed_on_projects_long_over() -> None:
    early = [len(READER.rows("punch_items", one)) for one in _THIRD if one.progress < 0.5]
    assert not any(early)
    statuses: dict[bool, set[str]] = defaultdict(set)
    for project in _THIRD:
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


@pytest.mark.slow
def test_the_days_on_site_of_a_whole_portfolio_are_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    everywhere = READER.projects(begun=False)
    before = {project.id: dailylogs.site_days(_context(project)) for project in everywhere}

    def again(_scene: RequestContext, _day: date) -> Weather:
        raise AssertionError("The days of a project are worked out again.")

    monkeypatch.setattr(dailylogs, "weather", again)
    assert {project.id: dailylogs.site_days(_context(project)) for project in everywhere} == before


@pytest.mark.slow
def test_the_companys_timecards_are_those_of_its_projects() -> None:
    few = Reader(Demo(Portfolio(40)))
    everywhere = few.rows("company_timecard_entries")
    for project in few.projects()[::6]:
        own = {row["id"]: row["hours"] for row in few.rows("timecard_entries", project)}
        assert {row["id"]: row["hours"] for row in everywhere if row["project"]["id"] == project.id} == own
    assert len({row["project"]["id"] for row in everywhere}) > 10
