"""Schedules: the imported one (tasks), and the newer one (schedules, activities and their links)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from procore_nb.demo.company import NOW, TODAY
from procore_nb.demo.tables import site_team
from procore_nb.demo.tables.registry import table
from procore_nb.demo.tables.request_context import RequestContext, Row
from procore_nb.demo.tables.taskplan import Task, tasks

TASK, SCHEDULE = "schedule_task", "schedule"


@table("schedule_tasks")
def schedule_tasks(context: RequestContext) -> Iterator[Row]:
    """Lines of the imported schedule, with baseline and actual dates."""
    keeper = site_team.office(context)[0].ref
    created = context.here.calendar.after(context.here.created_at, 20)
    updated = max(created, NOW - timedelta(days=3 + context.here.index % 20))
    for one in tasks(context):
        firm = None if one.code is None else site_team.firm_for(context, one.code)
        yield {
            "id": context.id(TASK, one.index),
            "key": f"T{one.index + 1:04}",
            "activity_id": f"A{(one.index + 1) * 10:05}",
            "source_uid": str(one.index + 1),
            "name": one.name,
            "task_name": one.name,
            "full_outline_path": one.wbs,
            "wbs": one.wbs,
            "row_number": one.index + 1,
            "parent_id": None if one.parent is None else context.id(TASK, one.parent),
            "has_children": one.phase,
            "start_datetime": one.start,
            "finish_datetime": one.finish,
            **_baseline(one),
            "actual_start": one.actual_start,
            "actual_finish": one.actual_finish,
            "schedule_duration": (one.finish - one.start).days,
            "percentage": one.percent,
            "critical_path": one.critical,
            "milestone": one.milestone,
            "pending": False,
            "resource_name": firm.name if firm else None,
            "color": "#2f6f4f" if one.critical else "#8a8f94",
            "manually_edited": False,
            "created_at": created,
            "updated_at": updated,
            "created_by": keeper,
            "updated_by": keeper,
        }


@table("schedules")
def schedules(context: RequestContext) -> Iterator[Row]:
    """The schedule of a project, if it has dates."""
    if tasks(context):
        created = context.here.calendar.after(context.here.created_at, 20)
        yield {
            "schedule_id": context.id(SCHEDULE, 0),
            "schedule_name": f"{context.here.name} – master programme",
            "schedule_type": "master",
            "is_active": True,
            "data_date": TODAY - timedelta(days=3),
            "start_date": tasks(context)[0].start,
            "calendar_id": context.id("schedule_calendar", 0),
            **_entered(context),
            "created_at": created,
            "updated_at": max(created, NOW - timedelta(days=3)),
        }


@table("schedule_activities")
def schedule_activities(context: RequestContext) -> Iterator[Row]:
    """Activities of a schedule: the same lines as the imported tasks."""
    if context.number_of(SCHEDULE, context.ids["schedule_id"]) != 0:
        return
    for one in tasks(context):
        firm = None if one.code is None else site_team.firm_for(context, one.code)
        yield {
            "activity_id": context.id(TASK, one.index),
            "activity_name": one.name,
            "start_date": datetime.combine(one.start, time.min, UTC),
            "finish_date": datetime.combine(one.finish, time.min, UTC),
            "duration": (one.finish - one.start).days,
            "duration_unit": "day",
            "duration_display_unit": "day",
            "percent_complete": one.percent,
            "parent_id": None if one.parent is None else context.id(TASK, one.parent),
            "ordered_parent_index": one.index,
            "constraint_type": "as_soon_as_possible",
            "assigned_company": firm.name if firm else None,
            "crew_size": 4 + one.index % 9 if firm else None,
            "calendar_id": context.id("schedule_calendar", 0),
            "deadline_date": one.planned[1] if one.milestone and one.planned else None,
            "deadline_variance": (one.finish - one.planned[1]).days
            if one.milestone and one.planned
            else None,
            "is_critical": one.critical,
            "total_float": 0 if one.critical else 5 + one.index % 20,
            "schedule_id": context.id(SCHEDULE, 0),
            **_entered(context),
            "created_at": context.here.created_at,
            "updated_at": max(context.here.created_at, NOW - timedelta(days=3)),
        }


@table("schedule_activity_links")
def schedule_activity_links(context: RequestContext) -> Iterator[Row]:
    """Which activity waits for which: each task for the one before it in its phase."""
    if context.number_of(SCHEDULE, context.ids["schedule_id"]) != 0:
        return
    lines = tasks(context)
    for one in lines:
        before = lines[one.index - 1]
        if one.parent is None or before.parent != one.parent:
            continue
        yield {
            "id": context.id("schedule_link", one.index),
            "from_activity": context.id(TASK, before.index),
            "to_activity": context.id(TASK, one.index),
            "relationship_type": "SS",
            "lag": (one.start - before.start).days,
            "lag_unit": "day",
            "lag_display_unit": "day",
            "active": True,
            "schedule_id": context.id(SCHEDULE, 0),
            **_entered(context),
            "created_at": context.here.created_at,
            "updated_at": context.here.created_at,
        }


def _baseline(one: Task) -> Row:
    if one.planned is None:
        return {}
    start, finish = one.planned
    variances = {"start_variance": (one.start - start).days, "finish_variance": (one.finish - finish).days}
    return {"baseline_start": start, "baseline_finish": finish, **variances}


def _entered(context: RequestContext) -> Row:
    keeper = str(site_team.office(context)[0].id)
    ids = {"project_id": context.here.id, "company_id": context.company.id}
    return {**ids, "created_by": keeper, "updated_by": keeper}
