"""Direct costs and their lines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from procore_nb.demo.company import TODAY
from procore_nb.demo.tables import site_team
from procore_nb.demo.tables.budgetcodes import BudgetCode, line_row
from procore_nb.demo.tables.registry import table
from procore_nb.demo.tables.request_context import RequestContext, Row
from procore_nb.demo.tables.row_forms import written
from procore_nb.demo.tables.spending import Spending, spendings

DIRECT_COST = "direct_cost"
_PER_COST = 8  # lines of one direct cost, in the numbers of their ids
_TEXTS = {"payroll": "Wages of own staff", "invoice": "Hire of plant", "expense": "Site expenses"}


@table("direct_costs", "direct_costs_v1_0")
def direct_costs(context: RequestContext) -> Iterator[Row]:
    """Wages, invoices and expenses, month by month."""
    for one in spendings(context):
        vendor = site_team.firm_for(context, 16) if one.kind == "invoice" else None
        person = site_team.office(context)[one.index % 3] if one.kind != "invoice" else None
        paid = one.day + timedelta(days=0 if person else 21 + one.index % 30)
        about: Row = {
            "one": one,
            "firm": vendor,
            "text": _TEXTS[one.kind],
            "terms": "Net 30" if vendor else None,
        }
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
