"""The schedule of a project: phases, tasks and milestones, as planned (baseline) and as they went; imported, and as the newer one.

A late project's tasks move the more the later they come; percentages follow the days passed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from procore_nb.demo.company import NOW, TODAY, read_facts
from procore_nb.demo.site_calendar import SiteCalendar
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.directory import COST_CODES
from procore_nb.demo.tables.plan import plan_of
from procore_nb.demo.tables.registry import RequestContext, Row, Rows, per_project, table
from procore_nb.demo.tables.templates import render

_UPDATED = NOW - timedelta(days=3)


@table("schedule_tasks")
def schedule_tasks(context: RequestContext) -> Rows:
    created = context.calendar.after(context.project.created_at, 20)
    times = {
        "created": created,
        "updated": max(created, _UPDATED - timedelta(days=context.project.index % 20)),
    }
    for one in tasks(context):
        color = "#2f6f4f" if one.critical else "#8a8f94"
        row = render("schedule_task", context, **_about(context, one), **times, color=color)
        yield row | _shifts(context.calendar, one)


@table("schedules")
def schedules(context: RequestContext) -> Rows:
    for first in tasks(context)[:1]:
        created = context.calendar.after(context.project.created_at, 20)
        about = {"start": first.start, "data_date": TODAY - timedelta(days=3), "created": created}
        yield render("schedule", context, **about, updated=max(created, _UPDATED))


@table("schedule_activities")
def schedule_activities(context: RequestContext) -> Rows:
    """The same lines as the imported tasks."""
    if context.number_of("schedule", context.ids["schedule_id"]) != 0:
        return
    updated = max(context.project.created_at, _UPDATED)
    for one in tasks(context):
        deadline = one.planned[1] if one.milestone and one.planned else None
        yield render("schedule_activity", context, **_about(context, one), updated=updated) | {
            "start_date": one.start, "finish_date": one.finish, "deadline_date": deadline,
            "crew_size": None if one.code is None else 4 + one.index % 9,
            "deadline_variance": (one.finish - deadline).days if deadline else None,
            "total_float": 0 if one.critical else 5 + one.index % 20,
        }  # fmt: skip


@table("schedule_activity_links")
def schedule_activity_links(context: RequestContext) -> Rows:
    """Each task waits for the one before it in its phase."""
    if context.number_of("schedule", context.ids["schedule_id"]) != 0:
        return
    for before, one in pairwise(tasks(context)):
        if one.parent is not None and before.parent == one.parent:
            lag = (one.start - before.start).days
            yield render("schedule_link", context, one=one, before=before, lag=lag)


def _shifts(calendar: SiteCalendar, one: Task) -> Row:
    """From the first hour of its first day to the last hour of its last, in local time."""
    start, finish = one.planned or (None, None)
    found = {"start_datetime": one.start, "actual_start": one.actual_start, "baseline_start": start}
    found = {key: day and calendar.planned(day, 17 if one.milestone else 8) for key, day in found.items()}
    ends = {"finish_datetime": one.finish, "actual_finish": one.actual_finish, "baseline_finish": finish}
    return one.variance | found | {key: day and calendar.planned(day, 17) for key, day in ends.items()}


def _about(context: RequestContext, one: Task) -> dict[str, Any]:
    firm = None if one.code is None else directory.firm_for(context, one.code)
    parent = None if one.parent is None else context.id("schedule_task", one.parent)
    return {"one": one, "n": one.index + 1, "firm": firm, "parent": parent}


PHASES: list[tuple[str, list[int]]] = read_facts("lists")["phases"]
_MILESTONES = (("Frame complete", 0.45), ("Weathertight", 0.72), ("Handover", 1.0))
_LONGER = (*7 * (0,), 6, 10, 21)  # days
_CRITICAL = frozenset((2, 5, 8, 9, 15, 16, 17))


@dataclass(frozen=True)
class Task:
    """One line of the schedule; `parent` is the index of its phase, `code` the number of its cost code.

    `planned` are the days of the baseline, None for what was added later. A task that is `stuck` has passed its last day
    without being done, and nobody has moved it yet.
    """

    index: int
    name: str
    wbs: str
    parent: int | None
    code: int | None
    planned: tuple[date, date] | None
    start: date
    finish: date
    milestone: bool = False
    critical: bool = False
    phase: bool = False
    stuck: bool = False

    @property
    def days(self) -> int:
        return (self.finish - self.start).days

    @property
    def variance(self) -> Row:
        if self.planned is None:
            return {}
        start, finish = self.planned
        return {"start_variance": (self.start - start).days, "finish_variance": (self.finish - finish).days}

    @property
    def percent(self) -> int:
        if self.finish < TODAY:
            return 85 if self.stuck else 100
        passed = (TODAY - self.start).days
        return 0 if passed <= 0 or not self.days else min(99, passed * 100 // self.days)

    @property
    def actual_start(self) -> date | None:
        return self.start if self.start < TODAY else None

    @property
    def actual_finish(self) -> date | None:
        return self.finish if self.percent == 100 else None


@per_project
def tasks(context: RequestContext) -> tuple[Task, ...]:
    """Phases before their tasks, milestones last; none without dates."""
    project, draw = context.project, context.random("tasks")
    if project.start is None or project.finish is None or project.projected is None:
        return ()
    calendar, begin = project.calendar, project.actual_start or project.start
    whole = (project.start, project.finish)
    # Works that are not late make up for a late first day; late ones lose more the longer they go on.
    ends = whole, (begin, project.actual_finish or project.projected) if project.slip_days else whole
    plan, found = plan_of(project), list[Task]()
    for place, (phase, codes) in enumerate(PHASES, 1):
        head, lines = len(found), list[Task]()
        for number, code in enumerate((code for code in codes if code in plan), 1):
            planned, (start, finish) = (
                _between(calendar, days, plan[code].begin, plan[code].end) for days in ends
            )
            # Most keep to the plan as their project does; some take longer, the critical ones too.
            finish = calendar.workday(min(ends[1][1], finish + timedelta(days=draw.choice(_LONGER))))
            stuck = 0 < (TODAY - finish).days < 30 and project.progress < 1 and draw.random() < 0.5
            added = code == 10 and project.index % 4 == 2
            lines.append(
                Task(
                    head + number, COST_CODES[code][1], f"{place}.{number}", head, code, None if added else planned,
                    max(start, begin), max(start, begin, finish), critical=code in _CRITICAL, stuck=stuck,
                )
            )  # fmt: skip
        if not lines:
            continue
        spans = [line.planned for line in lines if line.planned]
        span = (min(start for start, _ in spans), max(finish for _, finish in spans))
        first, last = min(line.start for line in lines), max(line.finish for line in lines)
        stuck = any(line.stuck for line in lines if line.finish == last)
        found += [
            Task(head, phase, str(place), None, None, span, first, last, phase=True, stuck=stuck),
            *lines,
        ]
    for number, (name, share) in enumerate(_MILESTONES, 1):
        planned, real = (_between(calendar, days, share, share) for days in ends)
        found.append(
            Task(len(found), name, f"6.{number}", None, None, planned, *real, milestone=True, critical=True)
        )
    return tuple(found)


def _between(calendar: SiteCalendar, ends: tuple[date, date], begin: float, end: float) -> tuple[date, date]:
    length = (ends[1] - ends[0]).days
    first, last = (ends[0] + timedelta(days=round(share * length)) for share in (begin, end))
    first = min(calendar.next_workday(first), calendar.workday(ends[1]))
    return first, max(first, calendar.workday(last))
