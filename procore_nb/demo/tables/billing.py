"""What is billed each month: by the firms to the builder, and by the builder to the owner.

In: a context. Out: `Bill`s in cents. What is done grows from bill to bill and never exceeds the contract with the changes
approved by then; a share is retained until the last bill.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from procore_nb.demo.company import TODAY
from procore_nb.demo.tables.cache import per_project
from procore_nb.demo.tables.orders import Order, orders_of, summed
from procore_nb.demo.tables.plan import work_done
from procore_nb.demo.tables.progress_curve import Works, s_curve, works
from procore_nb.demo.tables.purchases import Purchase, prime_sum, purchases
from procore_nb.demo.tables.request_context import RequestContext


@dataclass(frozen=True)
class Bill:
    """One month's bill. `lines` is what is done of each line of the contract, `extra` of its changes; all to date, in cents."""

    number: int
    period: int
    start: date
    end: date
    billed: date
    original: int
    changes: int
    previous_changes: int
    lines: tuple[int, ...]
    extra: int
    retained: int
    previous: int
    earned_before: int
    final: bool
    status: str

    @property
    def done(self) -> int:
        """Work completed to date."""
        return sum(self.lines) + self.extra

    @property
    def contract_sum(self) -> int:
        """Contract with the changes approved by the end of the month."""
        return self.original + self.changes

    @property
    def earned(self) -> int:
        """Work completed to date, less what is retained."""
        return self.done - self.retained

    @property
    def due(self) -> int:
        """What is to be paid for the month."""
        return self.earned - self.earned_before

    @property
    def paid_on(self) -> date | None:
        """Day of payment: 35 days after the bill, None if that is to come."""
        day = self.billed + timedelta(days=35)
        return day if self.status == "approved" and day <= TODAY else None


def periods(context: RequestContext) -> tuple[tuple[date, date], ...]:
    """First and last day of each month of the works so far, the current one included."""
    term = works(context)
    if term is None:
        return ()
    first, found = term.begin.replace(day=1), []
    while first <= term.until:
        after = (first + timedelta(days=32)).replace(day=1)
        found.append((first, after - timedelta(days=1)))
        first = after
    return tuple(found)


def retained_percent(context: RequestContext) -> int:
    """Share of each bill that is kept back."""
    return 5 if context.here.street.country_code in ("GB", "IE", "AU", "NZ") else 10


@per_project(keep=200)
def bills(context: RequestContext) -> dict[int, tuple[Bill, ...]]:
    """Bills of the firms, by the index of their contract."""
    term = works(context)
    if term is None:
        return {}
    return {one.index: _bills_of(context, term, one) for one in purchases(context) if one.executed}


@per_project(keep=200)
def owner_bills(context: RequestContext) -> tuple[Bill, ...]:
    """Bills to the owner."""
    term = works(context)
    if term is None:
        return ()
    amounts, orders = (prime_sum(context),), orders_of(context, None)
    return tuple(_bills(context, amounts, orders, lambda day: work_done(term, day)))


def _bills_of(context: RequestContext, term: Works, purchase: Purchase) -> tuple[Bill, ...]:
    def done(day: date) -> float:
        return s_curve((term.elapsed(day) - purchase.begin) / (purchase.end - purchase.begin))

    amounts = tuple(line.amount for line in purchase.lines)
    return tuple(_bills(context, amounts, orders_of(context, purchase), done))


def _bills(
    context: RequestContext,
    amounts: tuple[int, ...],
    orders: tuple[Order, ...],
    done: Callable[[date], float],
) -> Iterator[Bill]:
    percent = retained_percent(context)
    previous, earned, known, number = 0, 0, 0, 0
    for period, (start, end) in enumerate(periods(context)):
        share = done(min(end, TODAY))
        changes = summed(orders, "approved", end)
        lines, extra = tuple(_part(amount, share) for amount in amounts), _part(changes, share)
        total = sum(lines) + extra
        billed = start.replace(day=25)
        if total == previous or billed > TODAY:
            continue
        final = share >= 1
        retained = 0 if final else total * percent // 100
        number += 1
        status = "approved" if (TODAY - billed).days > 30 else "under_review"
        yield Bill(
            number, period, start, end, billed, sum(amounts), changes, known,
            lines, extra, retained, previous, earned, final, status,
        )  # fmt: skip
        previous, earned, known = total, total - retained, changes


def _part(amount: int, share: float) -> int:
    """Share of an amount in whole units of the currency; all of it at the end."""
    return amount if share >= 1 else int(amount * share) // 100 * 100
