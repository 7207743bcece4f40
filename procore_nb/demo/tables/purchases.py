"""What the builder buys: the budget by budget code, the contracts with firms that spend it, and their change orders.

In: a context. Out: money in cents: `prime_sum`, `budget`, `Purchase`s, each with its lines, and `Order`s, made of claims: a
prime order holds one to three of them, a commitment order one. Sums are exact.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from procore_nb.demo.company import TODAY
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.claims import Claim, Decision, claims, contract_sum
from procore_nb.demo.tables.directory import Vendor
from procore_nb.demo.tables.plan import Works, plan_of, works
from procore_nb.demo.tables.reference_data import BudgetCode, codes_of
from procore_nb.demo.tables.registry import RequestContext, per_project

PRIME, WORK_ORDER, PURCHASE_ORDER = "prime_contract", "work_order_contract", "purchase_order_contract"


@dataclass(frozen=True)
class Line:
    number: int
    code: BudgetCode
    text: str
    amount: int


@dataclass(frozen=True)
class Purchase:
    """One commitment: a subcontract (work order) or a purchase order; `begin` and `end` are shares of the project's time."""

    index: int
    kind: str
    number: str
    title: str
    vendor: Vendor
    lines: tuple[Line, ...]
    contract_date: date
    begin: float
    end: float
    status: str
    created: datetime
    executed: bool  # whether both sides have signed it
    deleted: bool = False

    @property
    def total(self) -> int:
        return sum(line.amount for line in self.lines)

    @property
    def type_name(self) -> str:
        return "WorkOrderContract" if self.kind == WORK_ORDER else "PurchaseOrderContract"


def prime_sum(context: RequestContext) -> int:
    """With the approved changes it is the project's total value."""
    agreed = (one.revenue for one in claims(context) if one.owner and one.owner.agreed)
    return contract_sum(context) - sum(agreed)


@per_project
def budget(context: RequestContext) -> dict[int, int]:
    """Original budget by number of the budget code; whole hundreds."""
    draw, plan = context.random("budget"), plan_of(context.project)
    # One project in 25 was bid too low.
    cost = prime_sum(context) * (draw.randrange(880, 935) + 90 * (context.project.index % 25 == 5)) // 1000
    whole = sum(part.weight for part in plan.values())
    found = {}
    for one in codes_of(context):
        share = plan[one.code].weight * one.percent * draw.randrange(92, 109)
        found[one.number] = cost * share // (whole * 10_000) // 10_000 * 10_000
    return found


@per_project
def purchases(context: RequestContext) -> tuple[Purchase, ...]:
    """One subcontract for each firm, one purchase order for each material."""
    term = works(context)
    if term is None:
        return ()
    draw, plan = context.random("purchases"), plan_of(context.project)
    groups: dict[tuple[int, int], list[BudgetCode]] = {}
    for one in codes_of(context):
        if one.kind.code in "SM":
            vendor = directory.firm_for(context, one.code)
            groups.setdefault((vendor.id, one.number if one.kind.code == "M" else -1), []).append(one)
    found: list[Purchase] = []
    for codes in sorted(groups.values(), key=lambda codes: min(plan[one.code].begin for one in codes)):
        _purchase(context, draw, term, codes, found)
    _take_over(context, term, found)
    return tuple(found)


def _take_over(context: RequestContext, term: Works, found: list[Purchase]) -> None:
    """Where there is a successor, one contract was ended halfway: what was left of it costs him more."""
    other = directory.successor(context)
    for place, one in enumerate(found):
        half = (one.begin + one.end) / 2
        signed = term.calendar.workday(term.day_at(half) + timedelta(days=20))
        same = other and one.vendor.trade_id == other.trade_id and one.kind == WORK_ORDER and one.executed
        if other is None or not same or signed + timedelta(days=50) > TODAY:
            continue
        done, left, index = list[Line](), list[Line](), len(found)
        for line in one.lines:
            done.append(replace(line, amount=line.amount // 200 * 100))
            rest = (line.amount - done[-1].amount) * 112 // 10_000 * 100
            left.append(replace(line, number=index * 20 + len(left), amount=rest))
        found[place] = replace(one, lines=tuple(done), end=half, status="Terminated")
        number = 1 + sum(two.kind == WORK_ORDER for two in found)
        found.append(
            replace(
                one, index=index, number=f"{one.number[:-3]}{number:03}", title=f"{one.title}, remaining works",
                vendor=other, lines=tuple(left), contract_date=signed, begin=half,
                created=term.calendar.entered(signed - timedelta(days=9), index),
            )
        )  # fmt: skip
        return


def purchase_for(context: RequestContext, claim: Claim) -> Purchase | None:
    """Contract for the work of a change, if it was signed by then; the last one of two."""
    found = None
    for one in purchases(context):
        if one.executed and one.contract_date <= claim.created.date():
            found = one if any(line.code == claim.code for line in one.lines) else found
    return found


def _purchase(
    context: RequestContext, draw: random.Random, term: Works, codes: list[BudgetCode], found: list[Purchase]
) -> None:
    """Add the contract for some budget codes, if it is to be signed soon or was."""
    parts, index = [plan_of(context.project)[one.code] for one in codes], len(found)
    begin, end = min(part.begin for part in parts), max(part.end for part in parts)
    vendor, calendar = directory.firm_for(context, codes[0].code), context.calendar
    ahead = timedelta(days=int((begin - 0.1) * (term.end - term.begin).days) - draw.randrange(4, 30))
    day = calendar.workday(term.begin + ahead)
    factor = draw.randrange(930, 1060) + (40 if term.late else 0)
    lines = tuple(_lines(context, draw, index, codes, factor))
    if (day - TODAY).days > 45:
        return
    subcontract, title = codes[0].kind.code == "S", codes[0].name.partition(".")[0]
    kind, letters = (WORK_ORDER, "SC") if subcontract else (PURCHASE_ORDER, "PO")
    number = 1 + sum(one.kind == kind for one in found)
    created = calendar.time_on(min(day, TODAY) - timedelta(days=draw.randrange(6, 25)), draw)
    status = _status(term, day, end, index, subcontract=subcontract)
    # What was approved lately is often still to be signed.
    signed = (TODAY - day).days > 40 or index % 3 > 0
    found.append(
        Purchase(
            index=index, kind=kind, number=f"{letters}-{1001 + context.project.index}-{number:03}",
            title=f"{vendor.trade} package" if subcontract else f"{title} supply", vendor=vendor,
            lines=lines, contract_date=day, begin=begin, end=end, status=status, created=created,
            executed=signed and status in ("Approved", "Complete", "Received", "Closed"),
            deleted=day > TODAY and index % 4 == 1,
        )
    )  # fmt: skip


def _status(term: Works, day: date, end: float, index: int, *, subcontract: bool) -> str:
    if day > TODAY:
        return ("Void" if index % 5 == 3 else "Out For Bid") if subcontract else "Draft"
    if (TODAY - day).days < 12:
        return "Out For Signature" if subcontract else "Submitted"
    if (TODAY - term.day_at(end)).days > 90:
        return "Complete" if subcontract else "Closed"
    if not subcontract and term.day_at(end) < TODAY:
        return "Received"
    return "Approved"


def _lines(
    context: RequestContext, draw: random.Random, index: int, codes: list[BudgetCode], factor: int
) -> Iterator[Line]:
    """Two to four lines for each budget code; the last takes what is left."""
    number = index * 20
    for one in codes:
        left = budget(context)[one.number] * factor // 100_000 * 100
        texts = ("Labour and plant", "Deliver and install", "Preliminaries", "Testing and handover")
        if one.kind.code == "M":
            texts = ("First delivery", "Main delivery", "Spares", "Carriage")
        count = draw.randrange(2, 5)
        for step in range(count):
            amount = left if step == count - 1 else left * draw.randrange(25, 50) // 10_000 * 100
            if step == 0 and draw.random() < 0.1:
                amount += 45
            left -= amount
            yield Line(number, one, f"{one.name.partition('.')[0]}: {texts[step].lower()}", amount)
            number += 1


COMMITMENT_FIRST = 5_000  # numbers of commitment orders begin here, so that both kinds share one list
_TIERS = (2, 1, 2, 1, 1, 3)  # by the index of the project


@dataclass(frozen=True)
class Order:
    """One change order: `purchase` is None if it is the owner's. The side it is for has decided all its claims alike."""

    index: int
    number: str
    claims: tuple[Claim, ...]
    purchase: Purchase | None

    @property
    def _decisions(self) -> list[Decision]:
        sides = (one.firm if self.purchase else one.owner for one in self.claims)
        return [side for side in sides if side is not None]

    @property
    def status(self) -> str:
        return self._decisions[0].status

    @property
    def parts(self) -> tuple[tuple[Claim, int], ...]:
        """Each claim with what the order pays for it: nothing if it is at no charge."""
        factor = self.status != "no_charge"
        return tuple((one, factor * (one.cost if self.purchase else one.revenue)) for one in self.claims)

    @property
    def total(self) -> int:
        return sum(amount for _claim, amount in self.parts)

    @property
    def days(self) -> int:
        return sum(one.days for one in self.claims)

    @property
    def created(self) -> datetime:
        """Once its last claim was priced."""
        return max(one.priced or one.created for one in self.claims)

    @property
    def decided(self) -> datetime | None:
        days = [side.on for side in self._decisions if side.on]
        return max(*days, self.created) if days else None

    def state_on(self, day: date) -> str:
        """Approved, pending, or nothing (written later, a draft, turned down) at the end of a day."""
        if self.created.date() > day:
            return ""
        if self.decided is None or self.decided.date() > day:
            return "" if self.status == "draft" else "pending"
        return "approved" if self.status == "approved" else ""

    @property
    def title(self) -> str:
        more = len(self.claims) - 1
        return self.claims[0].title + (f" and {more} more" if more else "")


def tiers(context: RequestContext) -> int:
    """With three, only packages, requests and potential change orders are listed."""
    return _TIERS[context.project.index % len(_TIERS)]


@per_project
def prime_orders(context: RequestContext) -> tuple[Order, ...]:
    """Approved claims in groups, all others on their own."""
    asked = [one for one in claims(context) if one.owner is not None]
    agreed = [one for one in asked if one.owner and one.owner.agreed]
    groups: list[tuple[Claim, ...]] = []
    while agreed:
        size = 1 + len(groups) % 3
        groups.append(tuple(agreed[:size]))
        agreed = agreed[size:]
    groups += [(one,) for one in asked if one.owner and not one.owner.agreed]
    return tuple(Order(index, f"{index + 1:03}", group, None) for index, group in enumerate(groups))


@per_project
def commitment_orders(context: RequestContext) -> tuple[Order, ...]:
    """One for each priced claim whose work a firm has a contract for."""
    found: list[Order] = []
    counts: dict[int, int] = {}
    for claim in claims(context):
        purchase = purchase_for(context, claim) if claim.firm is not None else None
        if purchase is not None:
            number = counts[purchase.index] = counts.get(purchase.index, 0) + 1
            found.append(Order(COMMITMENT_FIRST + claim.index, f"{number:03}", (claim,), purchase))
    return tuple(found)


def orders_of(context: RequestContext, purchase: Purchase | None) -> tuple[Order, ...]:
    if purchase is None:
        return prime_orders(context)
    return tuple(one for one in commitment_orders(context) if one.purchase == purchase)


def summed(orders: tuple[Order, ...], state: str, by: date = TODAY) -> int:
    return sum(one.total for one in orders if one.state_on(by) == state)
