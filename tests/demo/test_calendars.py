"""Week-ends, holidays and office hours by country and time zone, and that what happens keeps to them."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, date, datetime, timedelta

import pytest

from procore_nb.catalog import endpoints
from procore_nb.demo import NOW, TODAY, Portfolio
from procore_nb.demo.company import read_facts
from procore_nb.demo.site_calendar import CLOSES, OPENS, site_calendar

from .reading import READER

_PORTFOLIO = Portfolio()
_PROJECTS = _PORTFOLIO.projects(_PORTFOLIO.company)
_PLACES = sorted({(one.street.country_code, one.street.tz_name) for one in _PROJECTS})


def test_weekends_are_friday_and_saturday_in_five_countries_of_the_gulf() -> None:
    for country in read_facts("calendars")["countries"]:
        off = {4, 5} if country in ("SA", "QA", "KW", "OM", "BH") else {5, 6}
        assert site_calendar(country, "UTC").weekend == off, country


@pytest.mark.parametrize(
    ("country", "holidays", "workdays"),
    [
        ("US", ["2025-11-27", "2025-12-25", "2026-05-25", "2026-09-07"], ["2025-12-26", "2026-04-06"]),
        ("GB", ["2026-04-03", "2026-04-06", "2026-05-04", "2025-12-26"], ["2026-07-03"]),
        ("AU", ["2026-01-26", "2026-04-03"], ["2026-05-25"]),
        ("AE", ["2026-05-27", "2025-12-02"], ["2025-12-25", "2026-05-01"]),
        ("SA", ["2025-09-23", "2026-05-28"], ["2025-12-25", "2026-05-03"]),
    ],
)
def test_holidays_are_those_of_the_country(country: str, holidays: list[str], workdays: list[str]) -> None:
    calendar = site_calendar(country, "UTC")
    assert not any(calendar.works_on(date.fromisoformat(text)) for text in holidays)
    assert all(calendar.works_on(date.fromisoformat(text)) for text in workdays)


def test_a_day_off_becomes_the_working_day_before_or_after_it() -> None:
    easter = site_calendar("GB", "Europe/London")
    assert easter.workday(date(2026, 4, 6)) == date(2026, 4, 2)
    assert easter.next_workday(date(2026, 4, 3)) == date(2026, 4, 7)


def test_times_fall_into_local_office_hours_and_never_after_now() -> None:
    draw = random.Random(7)
    for calendar, _ in itertools.product([site_calendar(*place) for place in _PLACES], range(60)):
        moment = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=draw.randrange(770_000))
        for found in (calendar.office(moment), calendar.time_on(moment.date(), draw), calendar.by_now(NOW)):
            local = found.astimezone(calendar.zone)
            assert OPENS <= local.hour < CLOSES
            assert calendar.works_on(local.date())
        assert calendar.office(moment) >= moment
        assert calendar.after(moment, 1e4) <= NOW or moment > NOW


def test_projects_begin_and_end_on_working_days_and_are_entered_in_office_hours() -> None:
    for project in _PROJECTS:
        calendar = project.calendar
        for day in (project.start, project.finish, project.projected, project.actual_start):
            assert day is None or calendar.works_on(day)
        for moment in (project.created_at, project.updated_at):
            assert OPENS <= moment.astimezone(calendar.zone).hour < CLOSES
            assert calendar.works_on(calendar.day_of(moment))


@pytest.mark.slow
def test_tasks_begin_and_end_on_working_days_of_the_country_as_planned_and_as_done() -> None:
    days = (
        "start_datetime",
        "finish_datetime",
        "baseline_start",
        "baseline_finish",
        "actual_start",
        "actual_finish",
    )
    for project in READER.projects(begun=False)[::5]:
        for row in READER.rows("schedule_tasks", project):
            for day in (row[key] for key in days if row.get(key)):
                moment = datetime.fromisoformat(day).astimezone(project.calendar.zone)
                assert project.calendar.works_on(moment.date()), (project.index, row["name"])
                assert (moment.hour, moment.minute) in ((8, 0), (17, 0))


_ENTERED = ("rfis", "submittals", "punch_items", "checklists", "observation_items", "coordination_issues")
_STEPS = ("created_at", "initiated_at", "time_resolved", "closed_at")


@pytest.mark.slow
@pytest.mark.parametrize("name", [*_ENTERED, "incidents", "injuries", "change_events", "bim_files"])
def test_people_enter_and_answer_in_local_office_hours_and_nothing_before_its_cause(name: str) -> None:
    seen = 0
    for project in READER.projects()[::7]:
        calendar = project.calendar
        for row in READER.rows(name, project):
            times = [datetime.fromisoformat(row[key]) for key in _STEPS if row.get(key)]
            assert times == sorted(times), row
            for moment in times:
                local = moment.astimezone(calendar.zone)
                assert OPENS <= local.hour < CLOSES, (name, row)
                assert calendar.works_on(local.date()), (name, row)
                assert moment >= project.created_at
            seen += len(times)
            due = row.get("due_date")
            assert due is None or times == [] or due[:10] >= str(calendar.day_of(times[0]))
            if name == "incidents":
                assert datetime.fromisoformat(row["event_date"]) <= times[0]
    assert seen > 20


@pytest.mark.slow
def test_dated_logs_lie_between_a_projects_first_and_last_day_on_site() -> None:
    logs = [
        one.name for one in endpoints() if one.module == "Daily Log" and one.date_default and not one.parents
    ]
    assert len(logs) > 15
    for project in (one for one in READER.projects(begun=False) if one.index % 16 == 4):
        days = [row["date"][:10] for name in logs for row in READER.rows(name, project) if row.get("date")]
        first, last = project.actual_start, project.actual_finish or TODAY
        assert all(str(first) <= day <= str(last) for day in days), project.index
        assert bool(days) == (project.progress > 0)
