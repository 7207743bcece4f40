"""What the builder buys: the budget by budget code, the contracts with firms that spend it, and their change orders.

In: a context. Out: money in cents: `prime_sum`, `budget`, `Purchase`s, each with its lines, and `Order`s, made of claims: a
prime order holds one to three of them, a commitment order one. Sums are exact.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from procore_nb.demo.company import TODAY
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.claims import Claim, Decision, claims, contract_sum
from procore_nb.demo.tables.directory import Vendor
from procore_nb.demo.tables.plan import Works, once_begun, plan_of
from procore_nb.demo.tables.reference_data import BudgetCode, codes_of
from procore_nb.demo.tables.registry import RequestContext, per_project

PRIME, WORK_ORDER, PURCHASE_ORDER = "prime_contract", "work_order_contract", "purchase_order_contract"
_SIGNED = ("Approved", "Complete", "Received", "Closed")
_LABOUR = ("Labour and plant", "Deliver and install", "Preliminaries", "Testing and handover")
_MATERIAL = ("First delivery", "Main delivery", "Spares", "Carriage")


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
    agreed = (claim.revenue for claim in claims(context) if claim.owner and claim.owner.agreed)
    return contract_sum(context) - sum(agreed)


@per_project
def budget(context: RequestContext) -> dict[int, int]:
    """Original budget by number of the budget code; whole hundreds."""
    draw, plan = context.random("budget"), plan_of(context.project)
    # One project in 25 was bid too low.
    cost = prime_sum(context) * (draw.randrange(880, 935) + 90 * (context.project.index % 25 == 5)) // 1000
    whole = sum(part.weight for part in plan.values()) * 10_000
    shares = {
        code: plan[code.code].weight * code.percent * draw.randrange(92, 109) for code in codes_of(context)
    }
    return {code.number: cost * share // whole // 10_000 * 10_000 for code, share in shares.items()}


@per_project
@once_begun
def commitments(context: RequestContext, term: Works) -> list[Purchase]:
    """One subcontract for each firm, one purchase order for each material."""
    draw, plan, bought = context.random("purchases"), plan_of(context.project), list[Purchase]()
    groups: dict[tuple[int, int], list[BudgetCode]] = {}
    for code in codes_of(context):
        if code.kind.code in "SM":
            vendor = directory.firm_for(context, code.code)
            groups.setdefault((vendor.id, code.number if code.kind.code == "M" else -1), []).append(code)
    for codes in sorted(groups.values(), key=lambda codes: min(plan[code.code].begin for code in codes)):
        purchase = _purchase(context, draw, term, codes, bought)
        bought += [purchase] if purchase else []
    _take_over(context, term, bought)
    return bought


def _take_over(context: RequestContext, term: Works, bought: list[Purchase]) -> None:
    """Where there is a successor, one contract was ended halfway: what was left of it costs him more."""
    # Last of all: the contracts before it keep their numbers, ids and draws on projects with a successor, too.
    successor, index = directory.successor(context), len(bought)
    for position, old in enumerate(bought if successor else ()):
        half = (old.begin + old.end) / 2
        signed = term.calendar.workday(term.day_at(half) + timedelta(days=20))
        same = successor and old.vendor.trade_id == successor.trade_id and old.kind == WORK_ORDER
        if successor is None or not same or not old.executed or signed + timedelta(days=50) > TODAY:
            continue
        done, left = list[Line](), list[Line]()
        for number, line in enumerate(old.lines, index * 20):
            done.append(replace(line, amount=line.amount // 200 * 100))
            rest = (line.amount - done[-1].amount) * 112 // 10_000 * 100
            left.append(replace(line, number=number, amount=rest))
        bought[position] = replace(old, lines=tuple(done), end=half, status="Terminated")
        number = 1 + sum(purchase.kind == WORK_ORDER for purchase in bought)
        bought.append(
            replace(
                old, index=index, number=f"{old.number[:-3]}{number:03}", lines=tuple(left), vendor=successor,
                title=f"{old.title}, remaining works", contract_date=signed, begin=half,
                created=term.calendar.entered(signed - timedelta(days=9), index),
            )
        )  # fmt: skip
        return


def purchase_for(context: RequestContext, claim: Claim) -> Purchase | None:
    """Contract for the work of a change, if it was signed by then; the last one of two."""
    day = claim.created.date()
    signed = [
        commitment
        for commitment in commitments(context)
        if commitment.executed and commitment.contract_date <= day
    ]
    return next((one for one in reversed(signed) if any(line.code == claim.code for line in one.lines)), None)


def _purchase(
    context: RequestContext, draw: random.Random, term: Works, codes: list[BudgetCode], bought: list[Purchase]
) -> Purchase | None:
    """The contract for some budget codes, if it is to be signed soon or was."""
    parts = [plan_of(context.project)[code.code] for code in codes]
    index, calendar = len(bought), context.calendar
    begin, end = min(part.begin for part in parts), max(part.end for part in parts)
    ahead = timedelta(days=int((begin - 0.1) * (term.end - term.begin).days) - draw.randrange(4, 30))
    day = calendar.workday(term.begin + ahead)
    factor = draw.randrange(930, 1060) + (40 if term.late else 0)
    lines = tuple(_lines(context, draw, index, codes, factor))
    if (day - TODAY).days > 45:
        return None
    vendor, subcontract = directory.firm_for(context, codes[0].code), codes[0].kind.code == "S"
    kind, letters = (WORK_ORDER, "SC") if subcontract else (PURCHASE_ORDER, "PO")
    title = f"{vendor.trade} package" if subcontract else f"{codes[0].name.partition('.')[0]} supply"
    number = 1 + sum(purchase.kind == kind for purchase in bought)
    created = calendar.time_on(min(day, TODAY) - timedelta(days=draw.randrange(6, 25)), draw)
    status = _status(term, day, end, index, subcontract=subcontract)
    # What was approved lately is often still to be signed.
    executed = status in _SIGNED and ((TODAY - day).days > 40 or index % 3 > 0)
    return Purchase(
        index, kind, f"{letters}-{1001 + context.project.index}-{number:03}", title, vendor, lines, day,
        begin, end, status, created, executed, deleted=day > TODAY and index % 4 == 1,
    )  # fmt: skip


def _status(term: Works, day: date, end: float, index: int, *, subcontract: bool) -> str:
    if day > TODAY:
        return ("Void" if index % 5 == 3 else "Out For Bid") if subcontract else "Draft"
    if (TODAY - day).days < 12:
        return "Out For Signature" if subcontract else "Submitted"
    if (TODAY - term.day_at(end)).days > 90:
        return "Complete" if subcontract else "Closed"
    return "Received" if not subcontract and term.day_at(end) < TODAY else "Approved"


def _lines(
    context: RequestContext, draw: random.Random, index: int, codes: list[BudgetCode], factor: int
) -> Iterator[Line]:
    """Two to four lines for each budget code; the last takes what is left."""
    number = index * 20
    for code in codes:
        left = budget(context)[code.number] * factor // 100_000 * 100
        texts, count = _MATERIAL if code.kind.code == "M" else _LABOUR, draw.randrange(2, 5)
        for step in range(count):
            amount = left if step == count - 1 else left * draw.randrange(25, 50) // 10_000 * 100
            if step == 0 and draw.random() < 0.1:
                amount += 45
            left -= amount
            yield Line(number, code, f"{code.name.partition('.')[0]}: {texts[step].lower()}", amount)
            number += 1


COMMITMENT_FIRST = 5_000  # numbers of commitment orders begin at this one, so that both kinds share one list
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
        sides = (claim.firm if self.purchase else claim.owner for claim in self.claims)
        return [side for side in sides if side is not None]

    @property
    def status(self) -> str:
        return self._decisions[0].status

    @property
    def parts(self) -> tuple[tuple[Claim, int], ...]:
        """Each claim with what the order pays for it: nothing if it is at no charge."""
        factor = self.status != "no_charge"
        return tuple(
            (claim, factor * (claim.cost if self.purchase else claim.revenue)) for claim in self.claims
        )

    @property
    def total(self) -> int:
        return sum(amount for _claim, amount in self.parts)

    @property
    def days(self) -> int:
        return sum(claim.days for claim in self.claims)

    @property
    def created(self) -> datetime:
        """Once its last claim was priced."""
        return max(claim.priced or claim.created for claim in self.claims)

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
        rest = len(self.claims) - 1
        return self.claims[0].title + (f" and {rest} more" if rest else "")


def tiers(context: RequestContext) -> int:
    """With three, only packages, requests and potential change orders are listed."""
    return _TIERS[context.project.index % len(_TIERS)]


@per_project
def prime_orders(context: RequestContext) -> tuple[Order, ...]:
    """Approved claims in groups, all others on their own."""
    agreed = [claim for claim in claims(context) if claim.owner and claim.owner.agreed]
    groups: list[list[Claim]] = []
    while agreed:
        size = 1 + len(groups) % 3
        groups, agreed = [*groups, agreed[:size]], agreed[size:]
    groups += [[claim] for claim in claims(context) if claim.owner and not claim.owner.agreed]
    return tuple(Order(index, f"{index + 1:03}", tuple(group), None) for index, group in enumerate(groups))


@per_project
def commitment_orders(context: RequestContext) -> tuple[Order, ...]:
    """One for each priced claim whose work a firm has a contract for."""
    orders, counts = list[Order](), Counter[int]()
    for claim in claims(context):
        purchase = purchase_for(context, claim) if claim.firm is not None else None
        if purchase is not None:
            counts[purchase.index] += 1
            number = f"{counts[purchase.index]:03}"
            orders.append(Order(COMMITMENT_FIRST + claim.index, number, (claim,), purchase))
    return tuple(orders)


def orders_of(context: RequestContext, purchase: Purchase | None) -> tuple[Order, ...]:
    if purchase is None:
        return prime_orders(context)
    return tuple(order for order in commitment_orders(context) if order.purchase == purchase)


def summed(orders: tuple[Order, ...], state: str) -> int:
    """What orders in a state add up to today."""
    return sum(order.total for order in orders if order.state_on(TODAY) == state)
