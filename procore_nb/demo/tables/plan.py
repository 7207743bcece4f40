"""How the work of any project is planned: what each cost code costs, when its turn comes, how far it is on any day; and the
schedule: phases, tasks and milestones, as planned (baseline) and as they went; imported, and as the newer one.

In: a project or a context. Out: `plan_of`, its `WorkPackage`s; `works`, None before they begin; `topics_of`: what is asked, found
and claimed about each kind of work; `tasks`. A late project's tasks move the more the later they come; percentages follow
the days passed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, wraps
from itertools import pairwise
from typing import TypeVar

from procore_nb.demo.company import NOW, TODAY, read_facts
from procore_nb.demo.portfolio import Project
from procore_nb.demo.site_calendar import SiteCalendar
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.directory import COST_CODES, WorkPackage, packages
from procore_nb.demo.tables.registry import RequestContext, Row, Rows, per_project, table
from procore_nb.demo.tables.templates import render

T = TypeVar("T")


def plan_of(project: Project) -> dict[int, WorkPackage]:
    return packages(project.building)


def work_done(project: Project, term: Works, day: date) -> float:
    """Each part counted by its cost."""
    elapsed, parts = term.elapsed(day), plan_of(project).values()
    return sum(part.weight * part.done(elapsed) for part in parts) / sum(part.weight for part in parts)


@dataclass(frozen=True)
class Works:
    """The time on site: from `begin` to `end`, which is `slip_days` after `planned_end`; `until` is the last day so far."""

    begin: date
    end: date
    planned_end: date
    until: date
    slip_days: int
    calendar: SiteCalendar

    @property
    def late(self) -> bool:
        return self.slip_days > 0

    @property
    def ended(self) -> bool:
        return self.end < TODAY

    def elapsed(self, day: date) -> float:
        """Share of the time that has passed by a day."""
        return min(1.0, max(0.0, (day - self.begin).days / (self.end - self.begin).days))

    def done(self, day: date) -> float:
        return WorkPackage(1, 0.0, 1.0).done(self.elapsed(day))

    def day_at(self, share: float) -> date:
        return self.begin + timedelta(days=round(share * (self.end - self.begin).days))


def works(context: RequestContext) -> Works | None:
    """None if they have not begun."""
    project = context.project
    if project.progress <= 0 or project.actual_start is None or project.projected is None:
        return None
    begin, end = project.actual_start, project.actual_finish or project.projected
    planned, slip = end - timedelta(days=project.slip_days), project.slip_days
    last = max(end, begin + timedelta(days=30))
    return Works(begin, last, planned, min(end, TODAY), slip, project.calendar)


def once_begun(
    function: Callable[[RequestContext, Works], Iterable[T]],
) -> Callable[[RequestContext], tuple[T, ...]]:
    """Decorate a function of a project's works: it gives no rows before they begin."""

    @wraps(function)
    def records(context: RequestContext) -> tuple[T, ...]:
        term = works(context)
        return () if term is None else tuple(function(context, term))

    return records


@dataclass(frozen=True)
class Topic:
    """One thing people write about; `code` is the number of a cost code in the list of them."""

    code: int
    subject: str
    question: str
    answer: str


GRIDS = ("A2", "B5", "C4", "D1", "E7", "F3", "G6", "H2")
TOPICS = tuple(Topic(*row) for row in read_facts("topics"))


@cache
def _topics(building: str) -> tuple[Topic, ...]:
    return tuple(topic for topic in TOPICS if topic.code in packages(building))


def topics_of(project: Project) -> tuple[Topic, ...]:
    return _topics(project.building)


_UPDATED = NOW - timedelta(days=3)
PHASES: list[tuple[str, list[int]]] = read_facts("lists")["phases"]
_MILESTONES = (("Frame complete", 0.45), ("Weathertight", 0.72), ("Handover", 1.0))
_LONGER = (*7 * (0,), 6, 10, 21)  # days
_CRITICAL = frozenset((2, 5, 8, 9, 15, 16, 17))
Span = tuple[date, date]


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
    planned: Span | None
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
    def percent(self) -> int:
        if self.finish < TODAY:
            return 85 if self.stuck else 100
        passed = (TODAY - self.start).days
        return 0 if passed <= 0 or not self.days else min(99, passed * 100 // self.days)


@per_project
def tasks(context: RequestContext) -> tuple[Task, ...]:
    """Phases before their tasks, milestones last; none without dates."""
    project, draw = context.project, context.random("tasks")
    if project.start is None or project.finish is None or project.projected is None:
        return ()
    calendar, begin = project.calendar, project.actual_start or project.start
    baseline = (project.start, project.finish)
    # Works that are not late make up for a late first day; late ones lose more the longer they go on.
    current = (begin, project.actual_finish or project.projected) if project.slip_days else baseline
    plan, schedule = plan_of(project), list[Task]()
    for number, (phase, codes) in enumerate(PHASES, 1):
        head, lines = len(schedule), list[Task]()
        for position, code in enumerate((code for code in codes if code in plan), 1):
            shares = plan[code].begin, plan[code].end
            planned, (start, finish) = (_between(calendar, span, *shares) for span in (baseline, current))
            # Most keep to the plan as their project does; some take longer, the critical ones too.
            finish = calendar.workday(min(current[1], finish + timedelta(days=draw.choice(_LONGER))))
            stuck = 0 < (TODAY - finish).days < 30 and project.progress < 1 and draw.random() < 0.5
            added = code == 10 and project.index % 4 == 2
            days = None if added else planned, max(start, begin), max(start, begin, finish)
            name, wbs, critical = COST_CODES[code][1], f"{number}.{position}", code in _CRITICAL
            lines.append(Task(head + position, name, wbs, head, code, *days, critical=critical, stuck=stuck))
        if lines:
            starts, finishes = zip(*(line.planned for line in lines if line.planned), strict=True)
            first, last = min(line.start for line in lines), max(line.finish for line in lines)
            stuck = any(line.stuck for line in lines if line.finish == last)
            span = min(starts), max(finishes)
            whole = Task(head, phase, str(number), None, None, span, first, last, phase=True, stuck=stuck)
            schedule += [whole, *lines]
    for number, (name, share) in enumerate(_MILESTONES, 1):
        planned, real = (_between(calendar, span, share, share) for span in (baseline, current))
        ends = None, None, planned, *real
        schedule.append(Task(len(schedule), name, f"6.{number}", *ends, milestone=True, critical=True))
    return tuple(schedule)


def _between(calendar: SiteCalendar, span: Span, begin: float, end: float) -> Span:
    length = (span[1] - span[0]).days
    first, last = (span[0] + timedelta(days=round(share * length)) for share in (begin, end))
    first = min(calendar.next_workday(first), calendar.workday(span[1]))
    return first, max(first, calendar.workday(last))


@table("schedule_tasks")
def schedule_tasks(context: RequestContext) -> Rows:
    created = context.calendar.after(context.project.created_at, 20)
    updated = max(created, _UPDATED - timedelta(days=context.project.index % 20))
    for task in tasks(context):
        color = "#2f6f4f" if task.critical else "#8a8f94"
        row = _render(context, "schedule_task", task, created=created, updated=updated, color=color)
        yield row | _days(context.calendar, task)


def _days(calendar: SiteCalendar, task: Task) -> Row:
    """From the first hour of its first day to the last hour of its last, in local time."""
    starts, finishes = {"start_datetime": task.start}, {"finish_datetime": task.finish}
    if task.start < TODAY:
        starts["actual_start"] = task.start
    if task.percent == 100:
        finishes["actual_finish"] = task.finish
    row: Row = {}
    if task.planned is not None:
        starts["baseline_start"], finishes["baseline_finish"] = start, finish = task.planned
        row = {"start_variance": (task.start - start).days, "finish_variance": (task.finish - finish).days}
    row |= {key: calendar.planned(day, 17 if task.milestone else 8) for key, day in starts.items()}
    return row | {key: calendar.planned(day, 17) for key, day in finishes.items()}


@table("schedules")
def schedules(context: RequestContext) -> Rows:
    for first in tasks(context)[:1]:
        created = context.calendar.after(context.project.created_at, 20)
        yield render(
            "schedule", context, start=first.start, data_date=TODAY - timedelta(days=3), created=created,
            updated=max(created, _UPDATED),
        )  # fmt: skip


@table("schedule_activities")
def schedule_activities(context: RequestContext) -> Rows:
    """The same lines as the imported tasks."""
    updated = max(context.project.created_at, _UPDATED)
    for task in _asked(context):
        deadline = task.planned[1] if task.milestone and task.planned else None
        yield _render(
            context, "schedule_activity", task, updated=updated, deadline=deadline,
            crew=None if task.code is None else 4 + task.index % 9,
            variance=(task.finish - deadline).days if deadline else None,
            float=0 if task.critical else 5 + task.index % 20,
        )  # fmt: skip


@table("schedule_activity_links")
def schedule_activity_links(context: RequestContext) -> Rows:
    """Each task waits for the one before it in its phase."""
    for before, task in pairwise(_asked(context)):
        if task.parent is not None and before.parent == task.parent:
            lag = (task.start - before.start).days
            yield render("schedule_link", context, task=task, before=before, lag=lag)


def _asked(context: RequestContext) -> tuple[Task, ...]:
    """Tasks of the schedule that is asked for; a project has one."""
    return tasks(context) if context.number_of("schedule", context.ids["schedule_id"]) == 0 else ()


def _render(context: RequestContext, template: str, task: Task, **values: object) -> Row:
    firm = None if task.code is None else directory.firm_for(context, task.code)
    parent = None if task.parent is None else context.id("schedule_task", task.parent)
    return render(template, context, task=task, n=task.index + 1, firm=firm, parent=parent, **values)
