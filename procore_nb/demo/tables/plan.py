"""How the work of any project is planned: what each cost code costs, when its turn comes, and how far it is on any day.

In: a project or a context. Out: `plan_of`, its `WorkPackage`s (`PLAN` has one for every cost code in the order of the list);
`works`, None before they begin; `topics_of`: what is asked, found and claimed about each kind of work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache, wraps
from typing import TypeVar

from procore_nb.demo.company import TODAY, read_facts
from procore_nb.demo.portfolio import Project
from procore_nb.demo.site_calendar import SiteCalendar
from procore_nb.demo.tables.registry import RequestContext

T = TypeVar("T")


@dataclass(frozen=True)
class WorkPackage:
    """One kind of work: its share of the cost in percent, and the shares of the time at which it begins and ends."""

    weight: int
    begin: float
    end: float

    def done(self, elapsed: float) -> float:
        return s_curve((elapsed - self.begin) / (self.end - self.begin))


PLAN = tuple(WorkPackage(*part) for part in read_facts("money")["plan"])


@cache
def packages(building: str) -> dict[int, WorkPackage]:
    kind = next(one[-1] for one in read_facts("money")["buildings"] if one[1] == building)
    weights = read_facts("money")["weights"][kind]
    return {code: replace(part, weight=weights[code]) for code, part in enumerate(PLAN) if weights[code]}


def plan_of(project: Project) -> dict[int, WorkPackage]:
    """By the number of their cost code; a bridge has no lifts."""
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
        return s_curve(self.elapsed(day))

    def day_at(self, share: float) -> date:
        return self.begin + timedelta(days=round(share * (self.end - self.begin).days))


def works(context: RequestContext) -> Works | None:
    """None if they have not begun."""
    project = context.project
    if project.progress <= 0 or project.actual_start is None or project.projected is None:
        return None
    begin, end = project.actual_start, project.actual_finish or project.projected
    planned, slip = end - timedelta(days=project.slip_days), project.slip_days
    return Works(
        begin, max(end, begin + timedelta(days=30)), planned, min(end, TODAY), slip, project.calendar
    )


def once_begun(
    function: Callable[[RequestContext, Works], Iterable[T]],
) -> Callable[[RequestContext], tuple[T, ...]]:
    """Decorate a function of a project's works: nothing comes before they begin."""

    @wraps(function)
    def records(context: RequestContext) -> tuple[T, ...]:
        term = works(context)
        return () if term is None else tuple(function(context, term))

    return records


def s_curve(share: float) -> float:
    """Smooth step from 0 to 1."""
    share = min(1.0, max(0.0, share))
    return share * share * (3 - 2 * share)


@dataclass(frozen=True)
class Topic:
    """One thing people write about; `code` is the number of a cost code in the list of them."""

    code: int
    subject: str
    question: str
    answer: str


@cache
def _topics_of(codes: frozenset[int]) -> tuple[Topic, ...]:
    return tuple(one for one in TOPICS if one.code in codes)


def topics_of(project: Project) -> tuple[Topic, ...]:
    return _topics_of(frozenset(plan_of(project)))


GRIDS = ("A2", "B5", "C4", "D1", "E7", "F3", "G6", "H2")
TOPICS = tuple(Topic(*row) for row in read_facts("topics"))
