"""Change orders: what the owner agreed to pay more, and what the builder agreed to pay its firms more.

In: a context. Out: `Order`s, made of claims. A prime order holds one to three of them, a commitment order one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from procore_nb.demo.tables.cache import per_project
from procore_nb.demo.tables.claims import Claim, claims
from procore_nb.demo.tables.purchases import Purchase, owner_changes, purchase_for
from procore_nb.demo.tables.request_context import RequestContext

COMMITMENT_FIRST = 5_000  # numbers of commitment orders begin here, so that both kinds share one list


@dataclass(frozen=True)
class Order:
    """One change order: `purchase` is None if it is the owner's. Statuses are approved, pending and rejected."""

    index: int
    number: str
    claims: tuple[Claim, ...]
    purchase: Purchase | None

    @property
    def status(self) -> str:
        """Where it stands; all claims of an order stand alike."""
        return self.claims[0].outcome

    @property
    def parts(self) -> tuple[tuple[Claim, int], ...]:
        """Each claim with what the order pays for it, in cents."""
        return tuple((one, one.cost if self.purchase else one.revenue) for one in self.claims)

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
        """When it was approved or rejected, None if it is pending."""
        decided = [one.decided for one in self.claims if one.decided is not None]
        return max(*decided, self.created) if decided else None

    @property
    def title(self) -> str:
        """What it is about."""
        more = len(self.claims) - 1
        return self.claims[0].title + (f" and {more} more" if more else "")


@per_project(keep=400)
def prime_orders(context: RequestContext) -> tuple[Order, ...]:
    """Orders of the prime contract: approved claims in groups, all others on their own."""
    changes = owner_changes(context)
    agreed = [one for one in changes if one.agreed]
    groups: list[tuple[Claim, ...]] = []
    while agreed:
        size = 1 + len(groups) % 3
        groups.append(tuple(agreed[:size]))
        agreed = agreed[size:]
    groups += [(one,) for one in changes if not one.agreed]
    return tuple(Order(index, f"{index + 1:03}", group, None) for index, group in enumerate(groups))


@per_project(keep=400)
def commitment_orders(context: RequestContext) -> tuple[Order, ...]:
    """Orders of the commitments, one for each priced claim whose work a firm has a contract for."""
    found: list[Order] = []
    counts: dict[int, int] = {}
    for claim in claims(context):
        purchase = purchase_for(context, claim) if claim.priced is not None else None
        if purchase is not None:
            number = counts[purchase.index] = counts.get(purchase.index, 0) + 1
            found.append(Order(COMMITMENT_FIRST + claim.index, f"{number:03}", (claim,), purchase))
    return tuple(found)


def orders_of(context: RequestContext, purchase: Purchase | None) -> tuple[Order, ...]:
    """Orders of one commitment, or of the prime contract."""
    if purchase is None:
        return prime_orders(context)
    return tuple(one for one in commitment_orders(context) if one.purchase == purchase)


def summed(orders: tuple[Order, ...], status: str, by: date | None = None) -> int:
    """Sum of the orders of a status, of those decided by a day if one is given; in cents."""
    return sum(
        one.total
        for one in orders
        if one.status == status and (by is None or (one.decided is not None and one.decided.date() <= by))
    )
