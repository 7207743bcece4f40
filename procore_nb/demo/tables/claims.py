"""What changed on a project, what it costs, and how far it has been agreed.

In: a context. Out: `Claim`s in the order they came up. Some follow from RFIs with a known cost. Contracts, change orders and
the budget all read them here, so that their sums agree.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from procore_nb.demo.company import NOW
from procore_nb.demo.tables.budgetcodes import BudgetCode, budget_code
from procore_nb.demo.tables.cache import per_project
from procore_nb.demo.tables.plan import PLAN
from procore_nb.demo.tables.progress_curve import Works, by_now, time_on, workday, works
from procore_nb.demo.tables.questions import Question, questions
from procore_nb.demo.tables.request_context import RequestContext
from procore_nb.demo.tables.work_topics import TOPICS, Topic

Outcome = Literal["none", "pending", "approved", "rejected"]
OWNER, ALLOWANCE, CONTINGENCY, UNDECIDED = range(4)
_UNASKED = ("Owner asks for more: ", "Ground conditions: ", "Authority requires: ", "Coordination: ")


@dataclass(frozen=True)
class Claim:
    """One change. Money in cents: `cost` to the builder, `revenue` from the owner; `kind` numbers its change type.

    It is priced at `priced`, decided at `decided`; both None if that has not happened by now.
    """

    index: int
    title: str
    question: Question | None
    topic: Topic
    code: BudgetCode
    kind: int
    reason: int
    cost: int
    revenue: int
    days: int
    created: datetime
    priced: datetime | None
    decided: datetime | None
    outcome: Outcome
    void: bool

    @property
    def updated(self) -> datetime:
        """When it was last touched."""
        return self.decided or self.priced or self.created

    @property
    def parts(self) -> tuple[int, ...]:
        """The cost in one to three items, in cents."""
        first = self.cost * 3 // 500 * 100
        if self.index % 3 == 0:
            return (self.cost,)
        if self.index % 3 == 1:
            return (first, self.cost - first)
        return (first, first // 200 * 100, self.cost - first - first // 200 * 100)

    @property
    def agreed(self) -> bool:
        """Whether it counts."""
        return self.outcome == "approved"


def contract_value(context: RequestContext) -> int:
    """What the owner pays in the end as things stand, in cents."""
    project = context.here
    known = project.total_value or project.estimated_value
    if known is None:
        return context.random("value").randrange(300, 4_000) * 1_000_000
    return int(known * 100)


@per_project(keep=400)
def claims(context: RequestContext) -> tuple[Claim, ...]:
    """Changes of a project, the first one first."""
    term = works(context)
    if term is None:
        return ()
    draw = context.random("claims")
    asked: list[Question | None] = [one for one in questions(context) if one.cost is not None]
    asked += [None] * round((3 + 7 * term.elapsed(term.until)) * (1.6 if term.late else 1))
    share = term.elapsed(term.until)
    dated = []
    for question in asked:
        day = workday(term.day_at(0.05 + draw.random() * max(0.0, share - 0.05)))
        moment = time_on(min(day, term.until), draw)
        if question is not None:
            moment = by_now(question.updated + timedelta(hours=draw.randrange(3, 200)))
        dated.append((moment, question))
    dated.sort(key=lambda pair: pair[0])
    found: list[Claim] = []
    reserve = contract_value(context) * 7 // 1_000
    for index, (moment, question) in enumerate(dated):
        claim = _claim(context, draw, term, index, moment, question)
        if claim.kind in (ALLOWANCE, CONTINGENCY):
            if claim.cost > reserve:
                claim = replace(claim, kind=OWNER, revenue=_asked(claim.cost))
            else:
                reserve -= claim.cost
        found.append(claim)
    return tuple(found)


def _claim(
    context: RequestContext,
    draw: random.Random,
    term: Works,
    index: int,
    created: datetime,
    question: Question | None,
) -> Claim:
    topic = question.topic if question else draw.choice(_begun(term, created))
    title = topic.subject if question else draw.choice(_UNASKED) + topic.subject.lower()
    cost = int(question.cost * 100) if question and question.cost else 0
    if question is None:
        cost = max(40, round(contract_value(context) * draw.uniform(0.0003, 0.003) / 5_000)) * 5_000
    kind = draw.choices((OWNER, ALLOWANCE, CONTINGENCY), (7, 1, 1))[0]
    void = draw.random() < 0.05
    priced, decided, outcome = _progress(draw, term, created, void)
    if kind == OWNER and priced is None:
        kind = draw.choice((OWNER, UNDECIDED))
    days = question.days if question and question.days else draw.choice((0, 0, 0, 2, 5))
    return Claim(
        index=index,
        title=title,
        question=question,
        topic=topic,
        code=budget_code(topic.code, "S"),
        kind=kind,
        reason=draw.randrange(5),
        cost=cost,
        revenue=_asked(cost) if kind in (OWNER, UNDECIDED) else 0,
        days=days * (2 if term.late else 1),
        created=created,
        priced=priced,
        decided=decided,
        outcome=outcome,
        void=void,
    )


def _asked(cost: int) -> int:
    """What the owner is asked for: the cost and eight percent, in whole units."""
    return cost * 108 // 10_000 * 100


def _begun(term: Works, moment: datetime) -> tuple[Topic, ...]:
    """Topics of work that is going on at a moment."""
    elapsed = term.elapsed(moment.date())
    going = tuple(one for one in TOPICS if PLAN[one.code].begin - 0.1 <= elapsed <= PLAN[one.code].end + 0.1)
    return going or TOPICS


def _progress(
    draw: random.Random, term: Works, created: datetime, void: bool
) -> tuple[datetime | None, datetime | None, Outcome]:
    slow = 1.6 if term.late else 1
    priced = created + timedelta(days=draw.uniform(4, 25) * slow)
    decided = priced + timedelta(days=draw.uniform(10, 60) * slow)
    outcome: Outcome = "approved" if draw.random() > 0.09 else "rejected"
    if void or (priced >= NOW and not term.ended):
        return None, None, "none"
    if term.ended:
        return by_now(priced), by_now(decided), outcome
    return (priced, None, "pending") if decided >= NOW else (priced, decided, outcome)
