"""The budget in numbers, as it stood on any day: what was planned, changed, bought and spent for each budget code.

In: a context and a day. Out: `Figures` for each budget code, in cents. They are sums of the same contracts, change orders,
bills and direct costs that the other lists show.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from procore_nb.demo.tables.billing import bills
from procore_nb.demo.tables.budgetcodes import BUDGET_CODES, budget_code
from procore_nb.demo.tables.claims import ALLOWANCE, CONTINGENCY, Claim, claims
from procore_nb.demo.tables.orders import Order, commitment_orders, prime_orders
from procore_nb.demo.tables.progress_curve import works
from procore_nb.demo.tables.purchases import budget, purchases
from procore_nb.demo.tables.request_context import RequestContext
from procore_nb.demo.tables.spending import spendings

RESERVE = budget_code(0, "O")  # transfers are taken from here


@dataclass
class Figures:
    """Money of one budget code, in cents."""

    original: int
    finished: bool
    transfers: int = 0
    approved: int = 0
    pending: int = 0
    committed: int = 0
    direct: int = 0
    billed: int = 0
    pending_costs: int = 0

    @property
    def revised(self) -> int:
        """Budget with transfers and approved changes."""
        return self.original + self.transfers + self.approved

    @property
    def projected_budget(self) -> int:
        """Budget if all pending changes are approved."""
        return self.revised + self.pending

    @property
    def projected_costs(self) -> int:
        """What is committed, spent and asked for."""
        return self.committed + self.direct + self.pending_costs

    @property
    def forecast(self) -> int:
        """What is still to be bought: the rest of the budget, nothing once the work is finished."""
        return 0 if self.finished else max(0, self.projected_budget - self.projected_costs)

    @property
    def at_completion(self) -> int:
        """Estimated cost at completion."""
        return self.projected_costs + self.forecast


def figures(context: RequestContext, day: date) -> tuple[Figures, ...]:
    """Figures of each budget code at the end of a day."""
    term = works(context)
    found = tuple(
        Figures(budget(context)[one.number], bool(term) and term.elapsed(day) >= one.part.end)  # type: ignore[union-attr]
        for one in BUDGET_CODES
    )
    for claim in transfers(context):
        if claim.decided and claim.decided.date() <= day and claim.agreed:
            found[claim.code.number].transfers += claim.cost
            found[RESERVE.number].transfers -= claim.cost
    for order in _undone(prime_orders(context), day):
        for claim, amount in order.parts:
            found[claim.code.number].pending += amount
    for order in _undone(commitment_orders(context), day):
        found[order.claims[0].code.number].pending_costs += order.total
    for order in _approved(prime_orders(context), day):
        for claim, amount in order.parts:
            found[claim.code.number].approved += amount
    for order in _approved(commitment_orders(context), day):
        found[order.claims[0].code.number].committed += order.total
    _add_costs(context, found, day)
    return found


def transfers(context: RequestContext) -> tuple[Claim, ...]:
    """Changes the budget pays for from its own reserve."""
    kinds = (ALLOWANCE, CONTINGENCY)
    return tuple(one for one in claims(context) if one.kind in kinds and one.priced is not None)


def _add_costs(context: RequestContext, found: tuple[Figures, ...], day: date) -> None:
    for one in purchases(context):
        if not one.executed or one.contract_date > day:
            continue
        for line in one.lines:
            found[line.code.number].committed += line.amount
        done = [
            bill for bill in bills(context)[one.index] if bill.status == "approved" and bill.billed <= day
        ]
        for line, amount in zip(one.lines, done[-1].lines if done else (), strict=False):
            found[line.code.number].billed += amount
        found[one.lines[0].code.number].billed += done[-1].extra if done else 0
    for spending in spendings(context):
        if spending.status == "approved" and spending.day <= day:
            for code, amount in spending.lines:
                found[code.number].direct += amount


def _approved(orders: Iterable[Order], day: date) -> list[Order]:
    return [one for one in orders if one.status == "approved" and one.decided and one.decided.date() <= day]


def _undone(orders: Iterable[Order], day: date) -> list[Order]:
    """Orders written but not decided by a day."""
    written = (one for one in orders if one.created.date() <= day)
    return [one for one in written if one.decided is None or one.decided.date() > day]
