"""What was inspected on a project, answer by answer, and what happened to its people.

In: a context. Out: `Inspection`s and `Accident`s. Checklists, observations and incidents all read them here, so that their
counts agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from procore_nb.demo.company import TODAY
from procore_nb.demo.tables.cache import per_project
from procore_nb.demo.tables.claims import contract_value
from procore_nb.demo.tables.plan import PLAN
from procore_nb.demo.tables.progress_curve import time_on, workday, works
from procore_nb.demo.tables.request_context import RequestContext

YES, NO, NOT_APPLICABLE, UNANSWERED = "yes", "no", "n/a", "none"
# Title, type of inspection, codes it is about, what it asks.
TEMPLATES = (
    ("Concrete Pour", 0, (2, 3), ("Formwork clean and tight", "Rebar as drawn", "Cover spacers", "Slump tested", "Cubes taken", "Curing in place")),
    ("Steel Erection", 0, (5,), ("Bolts tightened", "Plumb within tolerance", "Paint touched up", "Bracing in place", "Grout under plates")),
    ("Façade Panel", 0, (8,), ("Brackets fixed", "Gaskets whole", "Fire stop in place", "Water test passed", "Glass unmarked")),
    ("Partition before Closing", 0, (9,), ("Studs at centres", "Insulation in place", "Services tested", "Blocking in place", "Fire collars fitted")),
    ("Services First Fix", 0, (13, 14, 15), ("Supports at centres", "Labels in place", "Pressure held", "Earth bonding", "Access left clear")),
    ("Weekly Safety Walk", 1, (), ("Edges protected", "Scaffold tagged", "Walkways clear", "Extinguishers in date", "Helmets worn", "Exits open", "First aid box full")),
    ("Plant Check", 2, (1, 16), ("Papers on board", "Tyres and tracks", "Lights and alarm", "Operator's card", "Exclusion zone marked")),
)  # fmt: skip
INSPECTION_TYPES = ("Quality", "Safety", "Equipment")
FILINGS = ("first_aid", "medically_treated", "lost_time", "restricted_work", "report_only")


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
        """How often an answer was given."""
        return self.answers.count(answer)


@dataclass(frozen=True)
class Accident:
    """One incident: an injury, a near miss, damage or a spill. `filing` is the number of the injury's kind."""

    index: int
    kind: str
    code: int
    happened: datetime
    filing: int
    days_lost: int
    actions: int
    closed: bool

    @property
    def recordable(self) -> bool:
        """Whether it counts: an injury that needed more than first aid."""
        return self.kind == "injury" and self.filing in (1, 2, 3)

    @property
    def observed(self) -> bool:
        """Whether its first action became an observation."""
        return self.actions > 0 and self.index % 3 == 0


@per_project(keep=300)
def inspections(context: RequestContext) -> tuple[Inspection, ...]:
    """Inspections about every ten days; on late projects more answers are no."""
    term = works(context)
    if term is None:
        return ()
    draw, items = context.random("inspections"), 0
    found: list[Inspection] = []
    bad = 0.11 if term.late else 0.05
    day, step = term.begin + timedelta(days=5), max(7, (term.end - term.begin).days // 45)
    while day <= min(term.until, TODAY - timedelta(days=1)):
        elapsed = term.elapsed(day)
        fitting = [
            number
            for number, (_name, _type, codes, _questions) in enumerate(TEMPLATES)
            if not codes or any(PLAN[code].begin <= elapsed <= PLAN[code].end for code in codes)
        ]
        template = draw.choice(fitting)
        created = time_on(workday(day), draw)
        fresh = (TODAY - created.date()).days < 8
        answers = tuple(_answer(draw.random(), bad, fresh) for _question in TEMPLATES[template][3])
        open_still = fresh or (NO in answers and (TODAY - day).days < 40 and draw.random() < 0.5)
        closed = None if open_still else time_on(min(workday(day + timedelta(days=5)), TODAY), draw)
        due = created.date() + timedelta(days=3)
        closed = max(closed, created) if closed else None
        found.append(Inspection(len(found), template, created.date(), answers, items, closed, due, created))
        items += len(answers)
        day += timedelta(days=step + draw.randrange(-2, 3))
    return tuple(found)


def _answer(luck: float, bad: float, fresh: bool) -> str:
    if fresh and luck > 0.7:
        return UNANSWERED
    return NO if luck < bad else NOT_APPLICABLE if luck < bad + 0.06 else YES


@per_project(keep=300)
def accidents(context: RequestContext) -> tuple[Accident, ...]:
    """Incidents in the order they happened; the longer the works go on, the fewer."""
    term = works(context)
    if term is None:
        return ()
    draw = context.random("mishaps")
    whole = 3 + min(contract_value(context) / 500_000_000, 14) + (3 if term.late else 0)
    share = term.elapsed(term.until)
    shares = sorted(draw.random() ** 1.7 for _ in range(round(whole)))
    found: list[Accident] = []
    for part in shares:
        if part > share:
            break
        happened = time_on(max(term.begin, workday(term.day_at(part))), draw)
        kind = draw.choices(("near_miss", "injury", "damage", "spill"), (55, 35, 7, 3))[0]
        filing = draw.choices(range(5), (50, 20, 10, 10, 10))[0]
        lost = draw.randrange(1, 22) if filing == 2 else 0
        open_still = (TODAY - happened.date()).days < 21 and draw.random() < 0.7
        code = draw.choice((2, 5, 8, 9, 14, 15, 16))
        actions = draw.choice((0, 1, 1, 2))
        found.append(Accident(len(found), kind, code, happened, filing, lost, actions, not open_still))
    return tuple(found)
