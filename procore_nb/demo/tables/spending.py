"""What the builder spends without a contract: wages, hired plant, expenses, month by month.

In: a context. Out: `Spending`s, money in cents. Late projects spend more than was planned.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from procore_nb.demo.company import TODAY
from procore_nb.demo.tables.billing import periods
from procore_nb.demo.tables.budgetcodes import BudgetCode, codes_of
from procore_nb.demo.tables.cache import per_project
from procore_nb.demo.tables.plan import plan_of
from procore_nb.demo.tables.progress_curve import works
from procore_nb.demo.tables.purchases import budget
from procore_nb.demo.tables.request_context import RequestContext

KINDS = {"L": "payroll", "E": "invoice", "O": "expense"}


@dataclass(frozen=True)
class Spending:
    """One direct cost: an amount for each budget code."""

    index: int
    kind: str
    day: date
    lines: tuple[tuple[BudgetCode, int], ...]
    status: str
    created: datetime

    @property
    def total(self) -> int:
        """Sum of its lines, in cents."""
        return sum(amount for _code, amount in self.lines)


@per_project(keep=200)
def spendings(context: RequestContext) -> tuple[Spending, ...]:
    """Direct costs of a project, the first one first."""
    return tuple(_spendings(context))


def _spendings(context: RequestContext) -> Iterator[Spending]:
    term = works(context)
    if term is None:
        return
    calendar = context.here.calendar
    codes, plan = codes_of(context), plan_of(context.here)
    draw, spent = context.random("spendings"), {one.number: 0 for one in codes}
    factors = {letter: draw.randrange(92, 104) + (10 if term.late else 0) for letter in KINDS}
    index = 0
    for _start, end in periods(context):
        day = min(end, term.until)
        if end > TODAY:
            return
        for letter, kind in KINDS.items():
            lines = []
            for one in codes:
                if one.kind.code != letter:
                    continue
                whole = budget(context)[one.number] * factors[letter] // 100
                total = int(whole * plan[one.code].done(term.elapsed(day))) // 5 * 5
                if total > spent[one.number]:
                    lines.append((one, total - spent[one.number]))
                    spent[one.number] = total
            if lines:
                fresh = (TODAY - day) < timedelta(days=25)
                day, status = calendar.workday(day), "pending" if fresh else "approved"
                yield Spending(index, kind, day, tuple(lines), status, calendar.noon(day))
                index += 1
