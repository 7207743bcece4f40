"""Invoices: those of the firms (requisitions), those to the owner (payment applications), and what was paid."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from procore_nb.demo.company import TODAY
from procore_nb.demo.tables import site_team
from procore_nb.demo.tables.billing import Bill, bills, owner_bills, periods, retained_percent
from procore_nb.demo.tables.budgetcodes import currency, money, wbs
from procore_nb.demo.tables.contracts import PRIME
from procore_nb.demo.tables.purchases import WORK_ORDER, Purchase, purchases
from procore_nb.demo.tables.registry import table
from procore_nb.demo.tables.request_context import RequestContext, Row

_PER_CONTRACT = 100  # bills of one contract, in the numbers of their ids
# Invoices to the owner know fewer statuses.
_OWNER_WORDS = {"approved_as_noted": "approved", "pending_owner_approval": "under_review"}


@table("requisitions", "requisitions_v1_0")
def requisitions(context: RequestContext) -> Iterator[Row]:
    """Invoices of the firms, contract by contract, month by month."""
    for one in purchases(context):
        for bill in bills(context).get(one.index, ()):
            yield _requisition(context, one, bill)


@table("requisition_contract_items")
def requisition_contract_items(context: RequestContext) -> Iterator[Row]:
    """Lines of one invoice: what is done of each line of the contract."""
    found = _find(context, context.ids["requisition_id"])
    if found is None:
        return
    one, bill = found
    earlier = [other for other in bills(context)[one.index] if other.number == bill.number - 1]
    before = earlier[0].lines if earlier else (0,) * len(one.lines)
    for position, (line, done, known) in enumerate(zip(one.lines, bill.lines, before, strict=True)):
        percent = done * 10_000 // line.amount if line.amount else 0
        yield {
            "id": context.id("requisition_item", bill.number * 20 + position),
            "item_type": "contract_item",
            "cost_code_id": context.id("cost_code", line.code.code),
            "line_item_id": context.id(f"{one.kind}_line_item", line.number),
            "description_of_work": line.text,
            "scheduled_value": money(line.amount),
            "work_completed_from_previous_application": money(known),
            "work_completed_this_period": money(done - known),
            "materials_presently_stored": money(0),
            "total_completed_and_stored_to_date": money(done),
            "total_completed_and_stored_to_date_percent": f"{percent / 100:.2f}%",
            "work_completed_retainage_percent_this_period": f"{retained_percent(context)}.0",
            "status": bill.status,
            "position": position + 1,
            "wbs_code": wbs(context, line.code),
            "currency_configuration": currency(context),
        }


@table("payment_applications", "payment_applications_by_prime_contract")
def payment_applications(context: RequestContext) -> Iterator[Row]:
    """Invoices to the owner."""
    if context.number_of(PRIME, context.ids.get("prime_contract_id", context.id(PRIME, 0))) != 0:
        return
    for bill in owner_bills(context):
        yield {
            "id": context.id("payment_application", bill.number),
            "number": bill.number,
            "invoice_number": f"OWN-{bill.number:03}",
            "billing_date": bill.billed,
            "percent_complete": _percent(bill),
            "period_start": bill.start,
            "period_end": bill.end,
            "period_id": context.id("billing_period", bill.period),
            "status": _OWNER_WORDS.get(bill.status, bill.status),
            "total_amount_paid": money(bill.due if bill.paid_on else 0),
            "total_amount_accrued_this_period": money(bill.done - bill.previous),
            "formatted_contract_company": site_team.office(context)[0].name,
            "currency_configuration": currency(context),
            "g702": _summary(context, bill),
            "billing_period": {"start_date": bill.start, "end_date": bill.end},
            "contract": {"id": context.id(PRIME, 0), "type": "PrimeContract", "title": context.here.name},
            "created_at": bill.billed,
            "updated_at": bill.paid_on or bill.billed,
            "description_type": "automatic",
        }


@table("billing_periods")
def billing_periods(context: RequestContext) -> Iterator[Row]:
    """Months of the works."""
    for number, (start, end) in enumerate(periods(context)):
        yield {
            "id": context.id("billing_period", number),
            "project_id": context.here.id,
            "start_date": start,
            "end_date": end,
            "due_date": end + timedelta(days=5),
            "position": number + 1,
            "status": "open" if end >= TODAY else "closed",
            "created_at": context.here.calendar.noon(start - timedelta(days=5)),
            "updated_at": context.here.calendar.noon(start - timedelta(days=5)),
        }


@table("contract_payments")
def contract_payments(context: RequestContext) -> Iterator[Row]:
    """What was paid on one contract."""
    wanted = context.ids["contract_id"]
    for one in purchases(context):
        if str(context.id(one.kind, one.index)) != wanted:
            continue
        for bill in bills(context).get(one.index, ()):
            if bill.paid_on:
                yield _payment(context, one, bill, bill.paid_on)


def _payment(context: RequestContext, one: Purchase, bill: Bill, day: date) -> Row:
    number = one.index * _PER_CONTRACT + bill.number
    return {
        "id": context.id("contract_payment", number),
        "amount": money(bill.due),
        "check_number": f"{100_000 + number}",
        "contract_id": context.id(one.kind, one.index),
        "project_id": context.here.id,
        "requisition_id": _bill_id(context, one, bill),
        "invoice_number": _invoice_number(one, bill),
        "payment_number": bill.number,
        "date": day,
        "status": "paid",
        "created_at": context.here.calendar.noon(day),
        "updated_at": context.here.calendar.noon(day),
    }


def _requisition(context: RequestContext, one: Purchase, bill: Bill) -> Row:
    asker = site_team.site(context)[one.index % len(site_team.site(context))]
    submitted = None if bill.status == "draft" else min(bill.billed + timedelta(days=3), TODAY)
    last = bill.paid_on or submitted or bill.billed
    first = bill.number == 1
    return {
        "id": _bill_id(context, one, bill),
        "previous_requisition_id": None if first else _bill_id(context, one, bill) - 1,
        "project_id": context.here.id,
        "number": bill.number,
        "invoice_number": _invoice_number(one, bill),
        "invoice_type": "progress",
        "billing_date": bill.billed,
        "requisition_start": bill.start,
        "requisition_end": bill.end,
        "period_id": context.id("billing_period", bill.period),
        "submitted_at": submitted,
        "payment_date": bill.paid_on,
        "status": bill.status,
        "final": bill.final,
        "deletable": False,
        "commitment_id": context.id(one.kind, one.index),
        "commitment_type": "WorkOrderContract" if one.kind == WORK_ORDER else "PurchaseOrderContract",
        "contract_name": f"{one.number} - {one.title}",
        "vendor_id": one.vendor.id,
        "vendor_name": one.vendor.name,
        "percent_complete": _percent(bill),
        "total_claimed_amount": money(bill.done - bill.previous),
        "summary": _summary(context, bill),
        "created_by": {
            **asker.ref,
            "company_name": asker.vendor.name if asker.vendor else context.company.name,
        },
        "currency_configuration": currency(context),
        "custom_fields": {},
        "created_at": context.here.calendar.noon(bill.billed),
        "updated_at": context.here.calendar.noon(last),
    }


def _summary(context: RequestContext, bill: Bill) -> Row:
    """The sheet in front of an invoice (AIA form G702)."""
    signs = ("positive", "negative")
    new = (now - before for now, before in zip(bill.changes, bill.known, strict=True))
    known = {"": bill.changes, "_new": new, "_previous": bill.known}
    return {
        "original_contract_sum": money(bill.original),
        "net_change_by_change_orders": money(sum(bill.changes)),
        "contract_sum_to_date": money(bill.contract_sum),
        **{
            f"{sign}{when}_change_order_item_total": money(amount)
            for when, amounts in known.items()
            for sign, amount in zip(signs, amounts, strict=True)
        },
        "total_completed_and_stored_to_date": money(bill.done),
        "completed_work_retainage_percent": f"{0 if bill.final else retained_percent(context)}.0",
        "completed_work_retainage_amount": money(bill.retained),
        "stored_materials_retainage_percent": "0.0",
        "stored_materials_retainage_amount": money(0),
        "total_retainage": money(bill.retained),
        "total_earned_less_retainage": money(bill.earned),
        "less_previous_certificates_for_payment": money(bill.earned_before),
        "current_payment_due": money(bill.due),
        "balance_to_finish_including_retainage": money(bill.contract_sum - bill.earned),
        "tax_applicable_to_this_payment": money(0),
        "formatted_period": f"{bill.start} to {bill.end}",
        "new_materials": money(0),
        "stored_materials": money(0),
    }


def _percent(bill: Bill) -> str:
    return f"{bill.done * 10_000 // bill.contract_sum / 100:.2f}%"


def _bill_id(context: RequestContext, one: Purchase, bill: Bill) -> int:
    return context.id("requisition", one.index * _PER_CONTRACT + bill.number)


def _invoice_number(one: Purchase, bill: Bill) -> str:
    return f"{one.number}-{bill.number:02}"


def _find(context: RequestContext, bill_id: str) -> tuple[Purchase, Bill] | None:
    index, number = divmod(context.number_of("requisition", bill_id) or 0, _PER_CONTRACT)
    for one in purchases(context):
        for bill in bills(context).get(one.index, ()) if one.index == index else ():
            if bill.number == number:
                return one, bill
    return None
