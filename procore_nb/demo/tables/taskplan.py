"""The schedule of a project: phases, tasks and milestones, as planned (baseline) and as they went.

In: a context. Out: `Task`s. A late project's tasks move the more the later they come; percentages follow the days passed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from procore_nb.demo.company import TODAY
from procore_nb.demo.facts import read_facts
from procore_nb.demo.site_calendar import SiteCalendar
from procore_nb.demo.tables.cache import per_project
from procore_nb.demo.tables.made_up_names import COST_CODES
from procore_nb.demo.tables.plan import plan_of
from procore_nb.demo.tables.request_context import RequestContext, Row

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
        """From its first day to its last."""
        return (self.finish - self.start).days

    @property
    def variance(self) -> Row:
        """By how many days it differs from the baseline, as rows show it."""
        if self.planned is None:
            return {}
        start, finish = self.planned
        return {"start_variance": (self.start - start).days, "finish_variance": (self.finish - finish).days}

    @property
    def percent(self) -> int:
        """Share of its days that have passed, in percent."""
        if self.finish < TODAY:
            return 85 if self.stuck else 100
        passed = (TODAY - self.start).days
        return 0 if passed <= 0 or not self.days else min(99, passed * 100 // self.days)

    @property
    def actual_start(self) -> date | None:
        """When it began, None if it has not."""
        return self.start if self.start < TODAY else None

    @property
    def actual_finish(self) -> date | None:
        """When it ended, None if it has not."""
        return self.finish if self.percent == 100 else None


@per_project(keep=400)
def tasks(context: RequestContext) -> tuple[Task, ...]:
    """Lines of the schedule, phases before their tasks, milestones last; none without dates."""
    project, draw = context.here, context.random("tasks")
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
