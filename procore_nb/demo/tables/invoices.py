"""Invoices: those of the firms (requisitions), those to the owner (payment applications), and what was paid."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from procore_nb.demo.company import TODAY
from procore_nb.demo.tables import site_team
from procore_nb.demo.tables.billing import Bill, bills, owner_bills, periods, retained_percent
from procore_nb.demo.tables.budgetcodes import wbs
from procore_nb.demo.tables.contracts import PRIME
from procore_nb.demo.tables.purchases import Purchase, purchases
from procore_nb.demo.tables.registry import table
from procore_nb.demo.tables.request_context import RequestContext, Row
from procore_nb.demo.tables.row_forms import written

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
        about = {"number": bill.number * 20 + position, "line_kind": f"{one.kind}_line_item"}
        about |= {
            "position": position + 1,
            "line": line,
            "known": known,
            "done": done,
            "percent": percent / 100,
        }
        about |= {"bill": bill, "retained": retained_percent(context), "wbs_code": wbs(context, line.code)}
        yield written("requisition_item", context, **about)


@table("payment_applications", "payment_applications_by_prime_contract")
def payment_applications(context: RequestContext) -> Iterator[Row]:
    """Invoices to the owner."""
    if context.number_of(PRIME, context.ids.get("prime_contract_id", context.id(PRIME, 0))) != 0:
        return
    for bill in owner_bills(context):
        status = _OWNER_WORDS.get(bill.status, bill.status)
        paid = bill.due if bill.paid_on else 0
        about = {"bill": bill, "status": status, "paid": paid, "percent": _percent(bill)}
        entered = context.here.calendar.entered
        about["made"] = entered(bill.billed, bill.number)
        about["updated"] = entered(bill.paid_on or bill.billed, bill.number)
        yield written("payment_application", context, **about, sheet=_summary(context, bill))


@table("billing_periods")
def billing_periods(context: RequestContext) -> Iterator[Row]:
    """Months of the works."""
    for number, (start, end) in enumerate(periods(context)):
        about = {"number": number, "start": start, "end": end, "position": number + 1}
        about |= {"due": end + timedelta(days=5), "status": "open" if end >= TODAY else "closed"}
        made = context.here.calendar.entered(start - timedelta(days=5), number)
        yield written("billing_period", context, **about, made=made)


@table("contract_payments")
def contract_payments(context: RequestContext) -> Iterator[Row]:
    """What was paid on one contract."""
    wanted = context.ids["contract_id"]
    for one in purchases(context):
        if str(context.id(one.kind, one.index)) != wanted:
            continue
        for bill in bills(context).get(one.index, ()):
            if bill.paid_on:
                number = one.index * _PER_CONTRACT + bill.number
                about = {"number": number, "one": one, "bill": bill, "check": f"{100_000 + number}"}
                entered = context.here.calendar.entered(bill.paid_on, number)
                yield written("contract_payment", context, **about, entered=entered)


def _requisition(context: RequestContext, one: Purchase, bill: Bill) -> Row:
    asker = site_team.site(context)[one.index % len(site_team.site(context))]
    firm = asker.vendor.name if asker.vendor else context.company.name
    number, calendar = one.index * _PER_CONTRACT + bill.number, context.here.calendar
    sent = calendar.workday(min(bill.billed + timedelta(days=number % 5), TODAY))
    submitted = None if bill.status == "draft" else max(sent, bill.billed)
    return written(
        "requisition",
        context,
        number=number,
        percent=_percent(bill),
        before=None if bill.number == 1 else context.id("requisition", number - 1),
        bill=bill,
        one=one,
        submitted=submitted,
        final=bill.final and bill == bills(context)[one.index][-1],
        sheet=_summary(context, bill),
        creator={**asker.ref, "company_name": firm},
        created=calendar.entered(bill.billed, number),
        updated=calendar.entered(bill.paid_on or submitted or bill.billed, number),
    )


def _percent(bill: Bill) -> float:
    return bill.done * 10_000 // (bill.original + bill.more + bill.less) / 100


def _summary(context: RequestContext, bill: Bill) -> Row:
    """The sheet in front of an invoice (AIA form G702)."""
    return written("g702", context, bill=bill, retained=0 if bill.final else retained_percent(context))


def _find(context: RequestContext, bill_id: str) -> tuple[Purchase, Bill] | None:
    index, number = divmod(context.number_of("requisition", bill_id) or 0, _PER_CONTRACT)
    for one in purchases(context):
        for bill in bills(context).get(one.index, ()) if one.index == index else ():
            if bill.number == number:
                return one, bill
    return None
