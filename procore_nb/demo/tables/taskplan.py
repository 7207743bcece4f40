"""The schedule of a project: phases, tasks and milestones, as planned (baseline) and as they went.

In: a context. Out: `Task`s. A late project's tasks move the more the later they come; percentages follow the days passed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from procore_nb.demo.company import TODAY
from procore_nb.demo.tables.cache import per_project
from procore_nb.demo.tables.made_up_names import COST_CODES
from procore_nb.demo.tables.plan import PLAN
from procore_nb.demo.tables.request_context import RequestContext

PHASES = (
    ("Groundworks", (0, 1, 16)),
    ("Structure", (2, 3, 4, 5)),
    ("Envelope", (6, 7, 8)),
    ("Fit-out and Services", (9, 10, 11, 12, 13, 14, 15)),
    ("External Works", (17,)),
)
_MILESTONES = (("Frame complete", 0.45), ("Weathertight", 0.72), ("Handover", 1.0))
_CRITICAL = frozenset((2, 5, 8, 9, 15, 16, 17))


@dataclass(frozen=True)
class Task:
    """One line of the schedule; `parent` is the index of its phase, `code` the number of its cost code."""

    index: int
    name: str
    wbs: str
    parent: int | None
    code: int | None
    planned_start: date
    planned_finish: date
    start: date
    finish: date
    milestone: bool = False
    critical: bool = False
    phase: bool = False

    @property
    def percent(self) -> int:
        """Share of its days that have passed, in percent."""
        if self.finish < TODAY:
            return 100
        days = (self.finish - self.start).days
        return 0 if self.start >= TODAY or not days else min(99, (TODAY - self.start).days * 100 // days)

    @property
    def actual_start(self) -> date | None:
        """When it began, None if it has not."""
        return self.start if self.start < TODAY else None

    @property
    def actual_finish(self) -> date | None:
        """When it ended, None if it has not."""
        return self.finish if self.finish < TODAY else None


@per_project(keep=400)
def tasks(context: RequestContext) -> tuple[Task, ...]:
    """Lines of the schedule, phases before their tasks, milestones last; none without dates."""
    project = context.here
    if project.start is None or project.finish is None or project.projected is None:
        return ()
    begin = min(project.actual_start or project.start, TODAY) if project.progress > 0 else project.start
    planned = (project.start, project.finish)
    real = (begin, project.actual_finish or project.projected)
    found: list[Task] = []

    def add(name: str, wbs: str, shares: tuple[float, float], **more: object) -> None:
        days = (*_between(planned, shares), *_between(real, shares))
        parent, code = more.pop("parent", None), more.pop("code", None)
        found.append(Task(len(found), name, wbs, parent, code, *days, **more))  # type: ignore[arg-type]

    for place, (phase, codes) in enumerate(PHASES, 1):
        parts = [PLAN[code] for code in codes]
        first = len(found)
        add(phase, str(place), (min(p.begin for p in parts), max(p.end for p in parts)), phase=True)
        for number, code in enumerate(codes, 1):
            add(
                COST_CODES[code][1],
                f"{place}.{number}",
                (PLAN[code].begin, PLAN[code].end),
                parent=first,
                code=code,
                critical=code in _CRITICAL,
            )
    for number, (name, share) in enumerate(_MILESTONES, 1):
        add(name, f"6.{number}", (share, share), milestone=True, critical=True)
    return tuple(found)


def _between(ends: tuple[date, date], shares: tuple[float, float]) -> tuple[date, date]:
    length = (ends[1] - ends[0]).days
    return ends[0] + timedelta(days=round(shares[0] * length)), ends[0] + timedelta(
        days=round(shares[1] * length)
    )
