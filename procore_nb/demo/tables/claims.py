"""What changed on a project, what it costs, and what the owner and the firm that does the work say of it.

In: a context. Out: `Claim`s in the order they came up. Some follow from RFIs with a known cost. Contracts, change orders and
the budget all read them here, so that their sums agree.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from procore_nb.demo.company import NOW, read_facts
from procore_nb.demo.tables.plan import Topic, Works, once_begun, plan_of, topics_of
from procore_nb.demo.tables.reference_data import BudgetCode, budget_code
from procore_nb.demo.tables.registry import RequestContext, per_project
from procore_nb.demo.tables.rfis import Question, questions

OWNER, ALLOWANCE, CONTINGENCY, UNDECIDED = range(4)
_UNASKED = ("Owner asks for more: ", "Ground conditions: ", "Authority requires: ", "Coordination: ")
_FRESH = timedelta(days=5)  # since it was priced: still a draft


@dataclass(frozen=True)
class Decision:
    """What one side says of a change: Procore's status, and when it was final; None while it is a draft or pending."""

    status: str
    on: datetime | None

    @property
    def agreed(self) -> bool:
        return self.status == "approved"


@dataclass(frozen=True)
class Claim:
    """One change. Money in cents: `cost` to the builder, `revenue` from the owner; `kind` numbers its change type.

    A credit is negative. `owner` and `firm` are None until it is priced, `owner` also if the owner is never asked.
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
    priced: datetime | None = None
    owner: Decision | None = None
    firm: Decision | None = None

    @property
    def number(self) -> int:
        return self.index + 1

    @property
    def _decisions(self) -> list[datetime | None]:
        return [side.on for side in (self.owner, self.firm) if side is not None]

    @property
    def decided(self) -> datetime | None:
        """When the last of both sides decided."""
        days = [day for day in self._decisions if day]
        return max(days, default=None) if len(days) == len(self._decisions) else None

    @property
    def updated(self) -> datetime:
        return max([*(day for day in self._decisions if day), self.priced or self.created])

    @property
    def agreed_with_firm(self) -> bool:
        return self.firm is not None and self.firm.agreed

    @property
    def parts(self) -> tuple[int, ...]:
        """The cost in one to three items."""
        first = self.cost * 3 // 500 * 100
        second = first // 200 * 100
        cost = self.cost
        return ((cost,), (first, cost - first), (first, second, cost - first - second))[self.index % 3]

    @property
    def status(self) -> str:
        """Closed once both sides have decided and the owner, if it is his, was asked."""
        if self.firm is None:
            return "open"
        if self.firm.status == "void":
            return "void"
        return "closed" if self.decided and (self.owner or self.kind != OWNER) else "pending"


def contract_value(context: RequestContext) -> int:
    """In US cents, whatever the project's currency: for sizes, not for money."""
    return int(contract_sum(context) / context.project.rate)


def contract_sum(context: RequestContext) -> int:
    """What the owner pays in the end as things stand, in cents of the project's currency."""
    project = context.project
    known = project.total_value or project.estimated_value
    if known is None:
        return int(context.random("value").randrange(300, 4_000) * project.rate) * 1_000_000
    return int(known * 100)


@per_project
@once_begun
def claims(context: RequestContext, term: Works) -> list[Claim]:
    """Changes of a project; once it is over, approved ones have added 3 to 12 % to the contract."""
    whole, changes = contract_sum(context), list[Claim]()
    for attempt in range(
        20
    ):  # each with draws of its own, so that a project's changes do not follow from another's
        changes = _claims(context, term, context.random(f"claims:{attempt}"), whole)
        approved = sum(claim.revenue for claim in changes if claim.owner and claim.owner.agreed)
        if not term.ended or 0.03 <= approved / (whole - approved) <= 0.12:
            break
    return changes


def _claims(context: RequestContext, term: Works, draw: random.Random, whole: int) -> list[Claim]:
    calendar, share, plan = context.calendar, term.elapsed(term.until), plan_of(context.project)
    left = whole * (draw.uniform(0.065, 0.117) + (0.012 if term.late else 0)) * share**0.6
    origins: list[tuple[datetime, Question | None, int]] = []
    for question in questions(context):
        cost = int((question.cost or 0) * 100)
        if 0 < cost < left / 3 and question.topic.code in plan:
            origins.append((calendar.after(question.updated, draw.uniform(0.2, 8)), question, cost))
            left -= cost
    usual = (4 + 8 * share) * (1.4 if term.late else 1)
    count = round(usual + min(contract_value(context) / 1e9, 16) * share)
    weights = [draw.lognormvariate(0, 0.9) for _ in range(count)]
    for weight in weights:
        day = calendar.workday(term.day_at(0.05 + draw.random() * max(0.0, share - 0.05)))
        cost = max(40, round(left * weight / sum(weights) / 5_000)) * 5_000
        origins.append((calendar.time_on(min(day, term.until), draw), None, cost))
    reserve = whole * plan[0].weight // (6 * sum(part.weight for part in plan.values()))
    changes: list[Claim] = []
    for created, origin, cost in sorted(origins, key=lambda origin: origin[0]):
        claim = _claim(context, draw, term, len(changes), created, origin, cost)
        if claim.kind != OWNER and reserve < cost:
            claim = replace(claim, kind=OWNER, revenue=_asked(claim.cost))
        reserve -= cost if claim.kind != OWNER else 0
        changes.append(_priced(draw, term, claim))
    return changes


def _claim(
    context: RequestContext, draw: random.Random, term: Works, index: int, created: datetime,
    question: Question | None, cost: int,
) -> Claim:  # fmt: skip
    plan, elapsed, factor = plan_of(context.project), term.elapsed(created.date()), 2 if term.late else 1
    possible = topics_of(context.project)
    going = [one for one in possible if plan[one.code].begin - 0.1 <= elapsed <= plan[one.code].end + 0.1]
    topic = question.topic if question else draw.choice(going or possible)
    title = topic.subject if question else draw.choice(_UNASKED) + topic.subject.lower()
    early = elapsed < (plan[topic.code].begin + plan[topic.code].end) / 2
    if early and question is None and draw.random() < 0.12:
        title, cost = f"Credit: {topic.subject.lower()}", -cost // 15_000 * 5_000
    kind = draw.choices((OWNER, ALLOWANCE, CONTINGENCY), (7, 1, 1))[0]
    days = question.days if question and question.days else draw.choice((0, 0, 0, 2, 5))
    reason, revenue = draw.randrange(5), _asked(cost) if kind == OWNER else 0
    code = budget_code(topic.code, "S")
    return Claim(index, title, question, topic, code, kind, reason, cost, revenue, days * factor, created)


def _asked(cost: int) -> int:
    """The cost and eight percent, in whole units."""
    return cost * 108 // 10_000 * 100


def _priced(draw: random.Random, term: Works, claim: Claim) -> Claim:
    """The firm decides sooner than the owner, and not always alike."""
    slow = 1.6 if term.late else 1
    priced = term.calendar.office(claim.created + timedelta(days=draw.uniform(4, 25) * slow))
    fates, words = read_facts("money")["fates"], read_facts("money")["pending_words"]
    _weight, above, below, part = draw.choices(fates, [fate[0] for fate in fates])[0]
    word = draw.choices(list(words), list(words.values()))[0]
    if priced >= NOW:
        return replace(claim, kind=claim.kind if claim.index % 2 else UNDECIDED)
    if claim.kind != OWNER:
        above, below = None, "void" if below == "void" else "approved"
    elif claim.cost < 0:
        above, below, part = "approved", "approved", 1
    meanwhile = Decision("draft" if NOW - priced < _FRESH else word, None)

    def decision(status: str | None, median: float) -> Decision | None:
        """After a median number of days; until then a draft, or one of the words for pending."""
        if status is None:
            return None
        days = min(240, draw.lognormvariate(math.log(median), 0.7))
        on = term.calendar.office(priced + timedelta(days=days))
        return Decision(status, on) if on < NOW else meanwhile

    owner = decision(above, 45 * slow)
    agreed = owner is not None and owner.agreed
    revenue = int(claim.revenue * (part if agreed else 1)) // 100 * 100 if owner else 0
    firm = decision(below, (16 if claim.cost > 0 else 3) * slow)
    return replace(claim, priced=priced, owner=owner, firm=firm, revenue=revenue)
