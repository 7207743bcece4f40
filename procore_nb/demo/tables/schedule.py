"""Schedules: the imported one (tasks), and the newer one (schedules, activities and their links)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

from procore_nb.demo.company import NOW, TODAY
from procore_nb.demo.site_calendar import SiteCalendar
from procore_nb.demo.tables import site_team
from procore_nb.demo.tables.registry import table
from procore_nb.demo.tables.request_context import RequestContext, Row
from procore_nb.demo.tables.row_forms import written
from procore_nb.demo.tables.taskplan import Task, tasks

TASK, SCHEDULE = "schedule_task", "schedule"
_UPDATED = NOW - timedelta(days=3)


@table("schedule_tasks")
def schedule_tasks(context: RequestContext) -> Iterator[Row]:
    """Lines of the imported schedule, with baseline and actual dates."""
    created = context.here.calendar.after(context.here.created_at, 20)
    times = {"created": created, "updated": max(created, _UPDATED - timedelta(days=context.here.index % 20))}
    for one in tasks(context):
        color = "#2f6f4f" if one.critical else "#8a8f94"
        row = written("schedule_task", context, **_about(context, one), **times, color=color)
        yield row | _shifts(context.here.calendar, one)


@table("schedules")
def schedules(context: RequestContext) -> Iterator[Row]:
    """The schedule of a project, if it has dates."""
    if tasks(context):
        created = context.here.calendar.after(context.here.created_at, 20)
        about = {"start": tasks(context)[0].start, "data_date": TODAY - timedelta(days=3)}
        yield written("schedule", context, **about, created=created, updated=max(created, _UPDATED))


@table("schedule_activities")
def schedule_activities(context: RequestContext) -> Iterator[Row]:
    """Activities of a schedule: the same lines as the imported tasks."""
    if context.number_of(SCHEDULE, context.ids["schedule_id"]) != 0:
        return
    updated = max(context.here.created_at, _UPDATED)
    for one in tasks(context):
        deadline = one.planned[1] if one.milestone and one.planned else None
        yield written("schedule_activity", context, **_about(context, one), updated=updated) | {
            "start_date": datetime.combine(one.start, time.min, UTC),
            "finish_date": datetime.combine(one.finish, time.min, UTC),
            "crew_size": None if one.code is None else 4 + one.index % 9,
            "deadline_date": deadline,
            "deadline_variance": (one.finish - deadline).days if deadline else None,
            "total_float": 0 if one.critical else 5 + one.index % 20,
        }


@table("schedule_activity_links")
def schedule_activity_links(context: RequestContext) -> Iterator[Row]:
    """Which activity waits for which: each task for the one before it in its phase."""
    if context.number_of(SCHEDULE, context.ids["schedule_id"]) != 0:
        return
    lines = tasks(context)
    for one in lines:
        before = lines[one.index - 1]
        if one.parent is not None and before.parent == one.parent:
            lag = (one.start - before.start).days
            yield written("schedule_link", context, one=one, before=before, lag=lag)


def _shifts(calendar: SiteCalendar, one: Task) -> Row:
    """Days of a task as times: from the first hour of its first day to the last hour of its last, in local time."""
    start, finish = one.planned or (None, None)
    found = {"start_datetime": one.start, "actual_start": one.actual_start, "baseline_start": start}
    found = {key: day and calendar.planned(day, 17 if one.milestone else 8) for key, day in found.items()}
    ends = {"finish_datetime": one.finish, "actual_finish": one.actual_finish, "baseline_finish": finish}
    return one.variance | found | {key: day and calendar.planned(day, 17) for key, day in ends.items()}


def _about(context: RequestContext, one: Task) -> dict[str, Any]:
    firm = None if one.code is None else site_team.firm_for(context, one.code)
    parent = None if one.parent is None else context.id(TASK, one.parent)
    return {"one": one, "n": one.index + 1, "firm": firm, "parent": parent}
