"""What was inspected on a project, answer by answer, and what happened to its people.

In: a context. Out: `Inspection`s and `Accident`s. Checklists, observations and incidents all read them here, so that their
counts agree.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from procore_nb.demo.company import TODAY, read_facts
from procore_nb.demo.tables.plan import plan_of, works
from procore_nb.demo.tables.registry import RequestContext, per_project
from procore_nb.demo.tables.sitedays import logged_days

YES, NO, NOT_APPLICABLE, UNANSWERED = "yes", "no", "n/a", "none"
# Title, type of inspection, codes it is about, what it asks.
TEMPLATES: list[tuple[str, int, list[int], list[str]]] = read_facts("quality")["templates"]
FIRST_AID, MEDICAL, LOST, RESTRICTED, REPORT = range(5)
# Incidents in 200,000 hours; one in seven is recordable, which makes the rate of the industry in the United States, some 2.4.
_PER_200_000 = 14


@dataclass(frozen=True)
class Inspection:
    """One inspection; `answers` in the order of its template's questions."""

    index: int
    template: int
    day: date
    answers: tuple[str, ...]
    first_item: int
    closed: datetime | None
    due: date
    created: datetime

    def count(self, answer: str) -> int:
        return self.answers.count(answer)


@dataclass(frozen=True)
class Accident:
    """One incident: an injury, a near miss, damage or a spill. `filing` is the number of the injury's kind.

    Days count to the demo's day: somebody still away has lost those so far, and no day of `returned`.
    """

    index: int
    kind: str
    code: int
    happened: datetime
    filing: int
    days_lost: int
    days_restricted: int
    returned: date | None
    actions: int
    closed: bool

    @property
    def recordable(self) -> bool:
        return self.kind == "injury" and self.filing in (MEDICAL, LOST, RESTRICTED)

    @property
    def observed(self) -> bool:
        """Whether its first action became an observation."""
        return self.actions > 0 and self.index % 3 == 0


@per_project(keep=300)
def inspections(context: RequestContext) -> tuple[Inspection, ...]:
    """On late projects more answers are no."""
    term = works(context)
    if term is None:
        return ()
    draw, items = context.random("inspections"), 0
    found: list[Inspection] = []
    bad = 0.11 if term.late else 0.05
    day, step = term.begin + timedelta(days=5), max(7, (term.end - term.begin).days // 45)
    while day <= min(term.until, TODAY - timedelta(days=1)):
        elapsed, plan = term.elapsed(day), plan_of(context.here)
        fitting = [
            number
            for number, (_name, _type, codes, _questions) in enumerate(TEMPLATES)
            if not codes
            or any(code in plan and plan[code].begin <= elapsed <= plan[code].end for code in codes)
        ]
        template = draw.choice(fitting)
        created = term.calendar.time_on(max(day, term.begin), draw)
        on = term.calendar.day_of(created)
        fresh = (TODAY - on).days < 8
        answers = tuple(_answer(draw.random(), bad, fresh) for _question in TEMPLATES[template][3])
        open_still = fresh or (NO in answers and (TODAY - day).days < 40 and draw.random() < 0.5)
        closed = None if open_still else term.calendar.after(created, draw.uniform(3, 6))
        due = on + timedelta(days=3)
        found.append(Inspection(len(found), template, on, answers, items, closed, due, created))
        items += len(answers)
        day += timedelta(days=step + draw.randrange(-2, 3))
    return tuple(found)


def _answer(luck: float, bad: float, fresh: bool) -> str:
    if fresh and luck > 0.7:
        return UNANSWERED
    return NO if luck < bad else NOT_APPLICABLE if luck < bad + 0.06 else YES


@per_project(keep=300)
def accidents(context: RequestContext) -> tuple[Accident, ...]:
    """As many as the hours worked make likely; the longer works go on, the fewer."""
    term, days = works(context), logged_days(context)
    if term is None:
        return ()
    draw, found = context.random("mishaps"), list[Accident]()
    risky = [code for code in (2, 5, 8, 9, 14, 15, 16) if code in plan_of(context.here)]
    due, rate = draw.expovariate(1), _PER_200_000 / 200_000 * (1.4 if term.late else 0.9)
    for one in days:
        due -= float(sum(crew.man_hours for crew in one.crews)) * rate * (1.6 - 1.2 * term.elapsed(one.day))
        # Nothing happens on the first day that is logged: hours come before incidents.
        while due < 0 and one is not days[0]:
            due += draw.expovariate(1)
            happened = term.calendar.at(one.day, draw.randrange(7, 17), draw.randrange(60))
            code = draw.choice(risky)
            found.append(_accident(draw, len(found), code, happened, one.day))
    return tuple(found)


def _accident(draw: random.Random, index: int, code: int, happened: datetime, day: date) -> Accident:
    kind = draw.choices(("near_miss", "injury", "damage", "spill"), (55, 35, 7, 3))[0]
    filing = draw.choices(range(5), (50, 17, 13, 10, 10))[0]
    away = min(90, 1 + int(draw.lognormvariate(2.0, 0.9))) if kind == "injury" and filing == LOST else 0
    light = draw.randrange(2, 21) if kind == "injury" and filing == RESTRICTED else 0
    ago = (TODAY - day).days
    returned = day + timedelta(days=away + 1) if away and away < ago else None
    open_still = bool(away and not returned) or (ago < 21 and draw.random() < 0.7)
    actions = draw.choice((0, 1, 1, 2))
    lost = min(away, ago)
    return Accident(
        index, kind, code, happened, filing, lost, min(light, ago), returned, actions, not open_still
    )
