"""Contracts: the prime contract with the owner, the commitments with firms, and their lines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from procore_nb.demo.company import TODAY
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.billing import bills, retained_percent
from procore_nb.demo.tables.budgetcodes import budget_code, line_row
from procore_nb.demo.tables.orders import orders_of, summed
from procore_nb.demo.tables.plan import plan_of
from procore_nb.demo.tables.progress_curve import works
from procore_nb.demo.tables.purchases import (
    PURCHASE_ORDER,
    WORK_ORDER,
    Line,
    Purchase,
    prime_sum,
    purchase_of,
    purchases,
)
from procore_nb.demo.tables.registry import table
from procore_nb.demo.tables.request_context import RequestContext, Row
from procore_nb.demo.tables.row_forms import written

PRIME = "prime_contract"
# The list that joins both kinds of commitments knows the words of subcontracts only.
_JOINED = {"Submitted": "Out For Signature", "Received": "Approved", "Closed": "Complete"}
_NO_PRIME = ("not_awarded", "canceled")


@table("prime_contracts", "prime_contracts_v2_0")
def prime_contracts(context: RequestContext) -> Iterator[Row]:
    """The contract with the owner; still being agreed before the works begin."""
    project, term = context.here, works(context)
    if project.stage.category in _NO_PRIME:
        return
    signed = term is not None
    status = "Out For Signature" if not signed else "Complete" if term and term.ended else "Approved"
    created = project.created_at + timedelta(days=12)
    agreed = created.date() + timedelta(days=14)
    yield {
        **_common(context),
        **written(
            "prime_contract",
            context,
            status=status,
            signed=signed,
            agreed=agreed if signed else None,
            total=prime_sum(context),
            approved=summed(orders_of(context, None), "approved"),
            owner=directory.owner_of(context.company, project),
            builder=directory.builder(context.company),
            created=created,
            updated=max(created, project.calendar.by_now(project.updated_at)),
        ),
    }


@table("prime_contract_line_items")
def prime_contract_line_items(context: RequestContext) -> Iterator[Row]:
    """The prime contract's schedule of values: one line for each cost code."""
    if context.number_of(PRIME, context.ids["prime_contract_id"]) != 0:
        return
    if context.here.stage.category in _NO_PRIME:
        return
    total = left = prime_sum(context)
    plan = plan_of(context.here)
    whole = sum(part.weight for part in plan.values())
    for position, (code, part) in enumerate(plan.items(), 1):
        amount = left if position == len(plan) else total * part.weight // whole // 10_000 * 10_000
        left -= amount
        one = budget_code(code, "")
        yield _line(context, Line(code, one, one.name.partition(".")[0], amount), PRIME, 0)


@table("work_order_contracts", "purchase_order_contracts")
def contracts(context: RequestContext) -> Iterator[Row]:
    """Subcontracts, or purchase orders."""
    more = written("purchase_order", context) if context.endpoint.name == "purchase_order_contracts" else {}
    for one in purchases(context):
        if f"{one.kind}s" == context.endpoint.name:
            yield {**_commitment(context, one), **more}


@table("commitments_v1_0", "commitment_contracts")
def commitments(context: RequestContext) -> Iterator[Row]:
    """Subcontracts and purchase orders in one list, in few words."""
    for one in purchases(context):
        words = {
            "status": _JOINED.get(one.status, one.status),
            "vendor": one.vendor.ref,
            "type": one.type_name,
        }
        yield {**_commitment(context, one), **words}


@table("work_order_contract_line_items", "purchase_order_contract_line_items")
def contract_line_items(context: RequestContext) -> Iterator[Row]:
    """Lines of one commitment; their sum is its grand total."""
    kind = WORK_ORDER if "work_order_contract_id" in context.ids else PURCHASE_ORDER
    contract = purchase_of(context, context.ids[f"{kind}_id"], kind)
    for line in contract.lines if contract else ():
        yield _line(context, line, kind, contract.index if contract else 0)


def _commitment(context: RequestContext, one: Purchase) -> Row:
    term, orders = works(context), orders_of(context, one)
    approved, pending = summed(orders, "approved"), summed(orders, "pending")
    own = bills(context).get(one.index, ())
    revised = one.total + approved
    paid = sum(bill.due for bill in own if bill.paid_on)
    signed: date | None = one.contract_date if one.executed else None
    begin, end = (term.day_at(one.begin), term.day_at(one.end)) if term else (None, None)
    last = max([one.contract_date, *(bill.billed for bill in own)])
    return {
        **_common(context),
        **written(
            "commitment",
            context,
            one=one,
            signed=signed,
            executed_on=signed and min(signed + timedelta(days=5), TODAY),
            begin=begin,
            end=end,
            ended=end if one.status == "Complete" else None,
            approved=approved,
            pending=pending,
            draft=sum(order.total for order in orders if order.status == "draft"),
            revised=revised,
            paid=paid,
            billed=sum(bill.due for bill in own),
            paid_percent=paid * 10_000 // revised if revised else 0,
            values_status="approved" if one.executed else "draft",
            updated=max(one.created, context.here.calendar.entered(last, one.index)),
            deleted_at=max(one.created, context.here.calendar.latest) if one.deleted else None,
        ),
    }


def _common(context: RequestContext) -> Row:
    origin = "synced" if context.here.origin_id is not None else None
    rate = Decimal("1.0") if context.here.currency else None
    return written("contract", context, origin=origin, rate=rate, retained=retained_percent(context) * 100)


def _line(context: RequestContext, line: Line, kind: str, index: int) -> Row:
    since = context.here.created_at
    holder = (kind, context.id(kind, index))
    row = line_row(context, f"{kind}_line_item", line.number, line.code, line.text, line.amount, holder)
    return {**row, "position": line.number % 20 + 1, "created_at": since, "updated_at": since}
