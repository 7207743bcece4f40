"""The budget in numbers, as it stood on any day: what was planned, changed, bought and spent for each budget code.

In: a context and a day. Out: `Figures` for each budget code, in cents. They are sums of the same contracts, change orders,
bills and direct costs that the other lists show.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from procore_nb.demo.tables.billing import COUNTED, bills
from procore_nb.demo.tables.budgetcodes import BUDGET_CODES, BudgetCode, budget_code, codes_of
from procore_nb.demo.tables.claims import ALLOWANCE, CONTINGENCY, Claim, claims
from procore_nb.demo.tables.direct_costs import spendings
from procore_nb.demo.tables.orders import commitment_orders, prime_orders
from procore_nb.demo.tables.plan import plan_of
from procore_nb.demo.tables.progress_curve import works
from procore_nb.demo.tables.purchases import budget, purchases
from procore_nb.demo.tables.request_context import RequestContext

RESERVE = budget_code(0, "O")  # transfers are taken from here
# Where an order counts: by whether it is the owner's, and by its state.
_COLUMNS = {
    (True, "approved"): "approved",
    (True, "pending"): "pending",
    (False, "approved"): "committed",
    (False, "pending"): "pending_costs",
}


@dataclass
class Figures:
    """Money of one budget code, in cents; `guess` is the part of the automatic forecast that somebody typed instead."""

    original: int
    guess: float | None = None
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
    def automatic(self) -> int:
        """What is still to be bought if the rest of the budget is spent."""
        return max(0, self.projected_budget - self.projected_costs)

    @property
    def forecast(self) -> int:
        """What is still to be bought: the rest of the budget, or what somebody typed, nothing once the work is finished."""
        return self.automatic if self.guess is None else int(self.automatic * self.guess) // 100 * 100


def figures(context: RequestContext, day: date) -> dict[BudgetCode, Figures]:
    """Figures of each budget code of a project at the end of a day."""
    term, plan, draw = works(context), plan_of(context.here), context.random("forecasts")
    found = {one: Figures(budget(context)[one.number]) for one in codes_of(context)}
    for one, row in found.items():
        typed = draw.uniform(0.5, 1.0) if draw.random() < 0.15 else None
        row.guess = 0.0 if term and term.elapsed(day) >= plan[one.code].end else typed
    for claim in transfers(context):
        if claim.firm and claim.firm.agreed and claim.firm.on and claim.firm.on.date() <= day:
            found[claim.code].transfers += claim.cost
            found[RESERVE].transfers -= claim.cost
    for order in (*prime_orders(context), *commitment_orders(context)):
        state = order.state_on(day)
        column = _COLUMNS.get((order.purchase is None, state))
        for claim, amount in order.parts if column else ():
            setattr(found[claim.code], column, getattr(found[claim.code], column) + amount)  # type: ignore[arg-type]
    _add_costs(context, found, day)
    return found


def transfers(context: RequestContext) -> tuple[Claim, ...]:
    """Changes the budget pays for from its own reserve."""
    kinds = (ALLOWANCE, CONTINGENCY)
    return tuple(one for one in claims(context) if one.kind in kinds and one.firm is not None)


def _add_costs(context: RequestContext, found: dict[BudgetCode, Figures], day: date) -> None:
    for one in purchases(context):
        if not one.executed or one.contract_date > day:
            continue
        for line in one.lines:
            found[line.code].committed += line.amount
        done = [bill for bill in bills(context)[one.index] if bill.status in COUNTED and bill.billed <= day]
        if done:
            for line, amount in zip(one.lines, done[-1].lines, strict=True):
                found[line.code].billed += amount
            for number, amount in done[-1].extras.items():
                found[BUDGET_CODES[number]].billed += amount
    for spending in spendings(context):
        if spending.status == "approved" and spending.day <= day:
            for code, amount in spending.lines:
                found.setdefault(code, Figures(0)).direct += amount
