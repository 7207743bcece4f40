"""Change orders: what the owner agreed to pay more, and what the builder agreed to pay its firms more.

In: a context. Out: `Order`s, made of claims. A prime order holds one to three of them, a commitment order one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from procore_nb.demo.company import TODAY
from procore_nb.demo.tables.cache import per_project
from procore_nb.demo.tables.claims import Claim, Decision, claims
from procore_nb.demo.tables.purchases import Purchase, purchase_for
from procore_nb.demo.tables.request_context import RequestContext

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
        """Where it stands, as Procore words it."""
        return self._decisions[0].status

    @property
    def parts(self) -> tuple[tuple[Claim, int], ...]:
        """Each claim with what the order pays for it, in cents: nothing if it is at no charge."""
        factor = self.status != "no_charge"
        return tuple((one, factor * (one.cost if self.purchase else one.revenue)) for one in self.claims)

    @property
    def total(self) -> int:
        """Sum of the order, in cents."""
        return sum(amount for _claim, amount in self.parts)

    @property
    def days(self) -> int:
        """Days the works get longer by it."""
        return sum(one.days for one in self.claims)

    @property
    def created(self) -> datetime:
        """When it was written: once its last claim was priced."""
        return max(one.priced or one.created for one in self.claims)

    @property
    def decided(self) -> datetime | None:
        """When its status was final, None if it is a draft or pending."""
        days = [side.on for side in self._decisions if side.on]
        return max(*days, self.created) if days else None

    def state_on(self, day: date) -> str:
        """What it counted as at the end of a day: approved, pending, or nothing (written later, a draft, turned down)."""
        if self.created.date() > day:
            return ""
        if self.decided is None or self.decided.date() > day:
            return "" if self.status == "draft" else "pending"
        return "approved" if self.status == "approved" else ""

    @property
    def title(self) -> str:
        """What it is about."""
        more = len(self.claims) - 1
        return self.claims[0].title + (f" and {more} more" if more else "")


def tiers(context: RequestContext) -> int:
    """Change-order tiers of a project: with three, only packages, requests and potential change orders are listed."""
    return _TIERS[context.here.index % len(_TIERS)]


@per_project(keep=400)
def prime_orders(context: RequestContext) -> tuple[Order, ...]:
    """Orders of the prime contract: approved claims in groups, all others on their own."""
    asked = [one for one in claims(context) if one.owner is not None]
    agreed = [one for one in asked if one.owner and one.owner.agreed]
    groups: list[tuple[Claim, ...]] = []
    while agreed:
        size = 1 + len(groups) % 3
        groups.append(tuple(agreed[:size]))
        agreed = agreed[size:]
    groups += [(one,) for one in asked if one.owner and not one.owner.agreed]
    return tuple(Order(index, f"{index + 1:03}", group, None) for index, group in enumerate(groups))


@per_project(keep=400)
def commitment_orders(context: RequestContext) -> tuple[Order, ...]:
    """Orders of the commitments, one for each priced claim whose work a firm has a contract for."""
    found: list[Order] = []
    counts: dict[int, int] = {}
    for claim in claims(context):
        purchase = purchase_for(context, claim) if claim.firm is not None else None
        if purchase is not None:
            number = counts[purchase.index] = counts.get(purchase.index, 0) + 1
            found.append(Order(COMMITMENT_FIRST + claim.index, f"{number:03}", (claim,), purchase))
    return tuple(found)


def orders_of(context: RequestContext, purchase: Purchase | None) -> tuple[Order, ...]:
    """Orders of one commitment, or of the prime contract."""
    if purchase is None:
        return prime_orders(context)
    return tuple(one for one in commitment_orders(context) if one.purchase == purchase)


def summed(orders: tuple[Order, ...], state: str, by: date = TODAY) -> int:
    """Sum of the orders that counted as approved or pending at the end of a day, in cents."""
    return sum(one.total for one in orders if one.state_on(by) == state)
