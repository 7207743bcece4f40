"""Direct costs: what the builder spends without a contract, on wages, hired plant, expenses, month by month.

In: a context. Out: `Spending`s, money in cents, and their lists. Late projects spend more than was planned.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from procore_nb.demo.company import TODAY
from procore_nb.demo.tables import site_team
from procore_nb.demo.tables.billing import periods
from procore_nb.demo.tables.budgetcodes import UNBUDGETED, BudgetCode, codes_of, line_row
from procore_nb.demo.tables.cache import per_project
from procore_nb.demo.tables.plan import plan_of
from procore_nb.demo.tables.progress_curve import works
from procore_nb.demo.tables.purchases import budget
from procore_nb.demo.tables.registry import table
from procore_nb.demo.tables.request_context import RequestContext, Row
from procore_nb.demo.tables.row_forms import written

KINDS = {"L": "payroll", "E": "invoice", "O": "expense"}
DIRECT_COST = "direct_cost"
_LEAST = 250_00  # cents of a US dollar, of a line
_PER_COST = 8  # lines of one direct cost, in the numbers of their ids
_TEXTS = {"payroll": "Wages of own staff", "invoice": "Hire of plant", "expense": "Site expenses"}


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
    index, least = 0, int(_LEAST * context.here.rate)
    for month, (_start, end) in enumerate(periods(context)):
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
                if total > spent[one.number] + least:  # less waits for the next month
                    lines.append((one, total - spent[one.number]))
                    spent[one.number] = total
            if kind == "expense" and month % 5 == 3 and context.here.index % 4 == 1:
                lines.append((UNBUDGETED, draw.randrange(10, 120) * least // 50_00 * 10_00))
            if lines:
                fresh = (TODAY - day) < timedelta(days=25)
                day, status = calendar.workday(day), "pending" if fresh else "approved"
                yield Spending(index, kind, day, tuple(lines), status, calendar.entered(day, index))
                index += 1


@table("direct_costs", "direct_costs_v1_0")
def direct_costs(context: RequestContext) -> Iterator[Row]:
    """Wages, invoices and expenses, month by month."""
    for one in spendings(context):
        vendor = site_team.firm_for(context, 16) if one.kind == "invoice" else None
        person = site_team.office(context)[one.index % 3] if one.kind != "invoice" else None
        paid = one.day + timedelta(days=0 if person else 21 + one.index % 30)
        about: Row = {"one": one, "firm": vendor, "text": _TEXTS[one.kind]}
        about["terms"] = "Net 30" if vendor else None
        about["paid_on"] = paid if one.status == "approved" and paid <= TODAY else None
        about["employee"] = person and site_team.brief(person)
        about["number"] = f"INV-{one.index + 1:04}" if vendor else None
        yield written("direct_cost", context, **about)


@table("direct_cost_line_items", "direct_cost_line_items_by_direct_cost")
def direct_cost_line_items(context: RequestContext) -> Iterator[Row]:
    """Lines of all direct costs, or of one; their sum is the direct cost."""
    wanted = context.ids.get("direct_cost_id")
    for one in spendings(context):
        if wanted is None or str(context.id(DIRECT_COST, one.index)) == wanted:
            for position, (code, amount) in enumerate(one.lines):
                yield _line(context, one, position, code, amount)


def _line(context: RequestContext, one: Spending, position: int, code: BudgetCode, amount: int) -> Row:
    text = f"{_TEXTS[one.kind]}: {code.name.partition('.')[0]}"
    number, holder = one.index * _PER_COST + position, (DIRECT_COST, context.id(DIRECT_COST, one.index))
    row = line_row(context, "direct_cost_line_item", number, code, text, amount, holder)
    return {**row, "position": position + 1, "created_at": one.created, "updated_at": one.created}
