"""Contracts: the prime contract with the owner, the commitments with firms, and their lines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from procore_nb.demo.company import TODAY
from procore_nb.demo.tables import directory, site_team
from procore_nb.demo.tables.billing import bills, retained_percent
from procore_nb.demo.tables.budgetcodes import budget_code, currency, line_row, money
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
    owner, builder = directory.owner_of(context.company, project), directory.builder(context.company)
    approved = summed(orders_of(context, None), "approved")
    yield {
        "id": context.id(PRIME, 0),
        "number": "1",
        "title": project.name,
        "status": status,
        "executed": signed,
        "execution_date": agreed if signed else None,
        "contract_date": agreed if signed else None,
        "signed_contract_received_date": agreed if signed else None,
        "contract_start_date": project.start,
        "contract_estimated_completion_date": project.finish,
        "actual_completion_date": project.actual_finish,
        "grand_total": money(prime_sum(context)),
        "approved_change_orders": money(approved),
        "retainage_percent": money(retained_percent(context) * 100),
        "vendor": owner.ref,
        "vendor_id": owner.id,
        "contractor": builder.ref,
        "created_by": site_team.office(context)[0].ref,
        **_common(context),
        "created_at": created,
        "updated_at": max(created, project.calendar.by_now(project.updated_at)),
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


@table("work_order_contracts")
def work_order_contracts(context: RequestContext) -> Iterator[Row]:
    """Subcontracts."""
    for one in purchases(context):
        if one.kind == WORK_ORDER:
            yield _commitment(context, one)


@table("purchase_order_contracts")
def purchase_order_contracts(context: RequestContext) -> Iterator[Row]:
    """Purchase orders."""
    for one in purchases(context):
        if one.kind == PURCHASE_ORDER:
            yield {
                **_commitment(context, one),
                "assignee": {"id": site_team.office(context)[0].id},
                "bill_to_address": context.here.address,
                "ship_to_address": context.here.address,
                "ship_via": "Truck",
                "payment_terms": "Net 30",
            }


@table("commitments_v1_0", "commitment_contracts")
def commitments(context: RequestContext) -> Iterator[Row]:
    """Subcontracts and purchase orders in one list, in few words."""
    for one in purchases(context):
        status = _JOINED.get(one.status, one.status)
        yield {
            **_commitment(context, one),
            "status": status,
            "vendor": one.vendor.ref,
            "type": _type_name(one),
        }


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
        "id": context.id(one.kind, one.index),
        "number": one.number,
        "title": one.title,
        "status": one.status,
        "executed": one.executed,
        "execution_date": signed and min(signed + timedelta(days=5), TODAY),
        "contract_date": signed,
        "signed_contract_received_date": signed,
        "issued_on_date": signed,
        "contract_start_date": begin,
        "delivery_date": begin,
        "contract_estimated_completion_date": end,
        "actual_completion_date": end if one.status == "Complete" else None,
        "grand_total": money(one.total),
        "approved_change_orders": money(approved),
        "pending_change_orders": money(pending),
        "draft_change_orders_amount": money(sum(order.total for order in orders if order.status == "draft")),
        "revised_contract": money(revised),
        "pending_revised_contract": money(revised + pending),
        "retainage_percent": money(retained_percent(context) * 100),
        "total_payments": money(paid),
        "total_draw_requests_amount": money(0),
        "total_requisitions_amount": money(sum(bill.due for bill in own)),
        "percentage_paid": money(paid * 10_000 // revised if revised else 0),
        "remaining_balance_outstanding": money(revised - paid),
        "requisitions_are_enabled": True,
        "project": {"id": context.here.id, "name": context.here.name},
        "vendor": {"id": one.vendor.id, "company": one.vendor.name},
        "vendor_id": one.vendor.id,
        "billing_schedule_of_values_status": "approved" if one.executed else "draft",
        **_common(context),
        "created_at": one.created,
        "updated_at": max(one.created, context.here.calendar.noon(last)),
        "deleted_at": max(one.created, context.here.calendar.noon(TODAY)) if one.deleted else None,
        "_deleted": one.deleted,
    }


def _common(context: RequestContext) -> Row:
    synced = context.here.origin_id is not None
    return {
        "accounting_method": "amount",
        "private": True,
        "show_line_items_to_non_admins": False,
        "origin_data": "synced" if synced else None,
        "currency_configuration": currency(context),
        "currency_iso_code": context.here.currency,
        "currency_exchange_rate": context.here.currency and Decimal("1.0"),
    }


def _type_name(one: Purchase) -> str:
    return "WorkOrderContract" if one.kind == WORK_ORDER else "PurchaseOrderContract"


def _line(context: RequestContext, line: Line, kind: str, index: int) -> Row:
    since = context.here.created_at
    holder = (kind, context.id(kind, index))
    row = line_row(context, f"{kind}_line_item", line.number, line.code, line.text, line.amount, holder)
    return {**row, "position": line.number % 20 + 1, "created_at": since, "updated_at": since}
