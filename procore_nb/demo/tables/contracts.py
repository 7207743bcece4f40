"""Contracts: the prime contract with the owner, the commitments with firms, and their lines; invoices of the firms
(requisitions) and to the owner (payment applications), and what was paid.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from procore_nb.demo.company import TODAY
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.billing import Bill, bills, owner_bills, periods, retained_percent
from procore_nb.demo.tables.budgetcodes import budget_code, line_row, wbs
from procore_nb.demo.tables.plan import plan_of, works
from procore_nb.demo.tables.purchases import (
    PURCHASE_ORDER,
    WORK_ORDER,
    Line,
    Purchase,
    orders_of,
    prime_sum,
    purchase_of,
    purchases,
    summed,
)
from procore_nb.demo.tables.registry import RequestContext, Row, Rows, table
from procore_nb.demo.tables.row_forms import written

PRIME = "prime_contract"
# The list that joins both kinds of commitments knows the words of subcontracts only.
_JOINED = {"Submitted": "Out For Signature", "Received": "Approved", "Closed": "Complete"}
_NO_PRIME = ("not_awarded", "canceled")


@table("prime_contracts", "prime_contracts_v2_0")
def prime_contracts(context: RequestContext) -> Rows:
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
            "prime_contract", context, status=status, signed=signed, agreed=agreed if signed else None,
            total=prime_sum(context), approved=summed(orders_of(context, None), "approved"),
            owner=directory.owner_of(context.company, project), builder=directory.builder(context.company),
            created=created, updated=max(created, project.calendar.by_now(project.updated_at)),
        ),
    }  # fmt: skip


@table("prime_contract_line_items")
def prime_contract_line_items(context: RequestContext) -> Rows:
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
def contracts(context: RequestContext) -> Rows:
    more = written("purchase_order", context) if context.endpoint.name == "purchase_order_contracts" else {}
    for one in purchases(context):
        if f"{one.kind}s" == context.endpoint.name:
            yield {**_commitment(context, one), **more}


@table("commitments_v1_0", "commitment_contracts")
def commitments(context: RequestContext) -> Rows:
    """Subcontracts and purchase orders in one list, in few words."""
    for one in purchases(context):
        words = {
            "status": _JOINED.get(one.status, one.status),
            "vendor": one.vendor.ref,
            "type": one.type_name,
        }
        yield {**_commitment(context, one), **words}


@table("work_order_contract_line_items", "purchase_order_contract_line_items")
def contract_line_items(context: RequestContext) -> Rows:
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
            "commitment", context, one=one, signed=signed,
            executed_on=signed and min(signed + timedelta(days=5), TODAY), begin=begin, end=end,
            ended=end if one.status == "Complete" else None, approved=approved, pending=pending,
            draft=sum(order.total for order in orders if order.status == "draft"), revised=revised,
            paid=paid, billed=sum(bill.due for bill in own),
            paid_percent=paid * 10_000 // revised if revised else 0,
            values_status="approved" if one.executed else "draft",
            updated=max(one.created, context.calendar.entered(last, one.index)),
            deleted_at=max(one.created, context.calendar.latest) if one.deleted else None,
        ),
    }  # fmt: skip


def _common(context: RequestContext) -> Row:
    origin = "synced" if context.here.origin_id is not None else None
    rate = Decimal("1.0") if context.here.currency else None
    return written("contract", context, origin=origin, rate=rate, retained=retained_percent(context) * 100)


def _line(context: RequestContext, line: Line, kind: str, index: int) -> Row:
    since = context.here.created_at
    holder = (kind, context.id(kind, index))
    row = line_row(context, f"{kind}_line_item", line.number, line.code, line.text, line.amount, holder)
    return {**row, "position": line.number % 20 + 1, "created_at": since, "updated_at": since}


_PER_CONTRACT = 100  # bills of one contract, in the numbers of their ids
# Invoices to the owner know fewer statuses.
_OWNER_WORDS = {"approved_as_noted": "approved", "pending_owner_approval": "under_review"}


@table("requisitions", "requisitions_v1_0")
def requisitions(context: RequestContext) -> Rows:
    """Invoices of the firms, contract by contract, month by month."""
    for one in purchases(context):
        for bill in bills(context).get(one.index, ()):
            yield _requisition(context, one, bill)


@table("requisition_contract_items")
def requisition_contract_items(context: RequestContext) -> Rows:
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
            "position": position + 1, "line": line, "known": known, "done": done, "percent": percent / 100,
        }  # fmt: skip
        about |= {"bill": bill, "retained": retained_percent(context), "wbs_code": wbs(context, line.code)}
        yield written("requisition_item", context, **about)


@table("payment_applications", "payment_applications_by_prime_contract")
def payment_applications(context: RequestContext) -> Rows:
    if context.number_of(PRIME, context.ids.get("prime_contract_id", context.id(PRIME, 0))) != 0:
        return
    for bill in owner_bills(context):
        status = _OWNER_WORDS.get(bill.status, bill.status)
        paid = bill.due if bill.paid_on else 0
        about = {"bill": bill, "status": status, "paid": paid, "percent": _percent(bill)}
        entered = context.calendar.entered
        about["made"] = entered(bill.billed, bill.number)
        about["updated"] = entered(bill.paid_on or bill.billed, bill.number)
        yield written("payment_application", context, **about, sheet=_summary(context, bill))


@table("billing_periods")
def billing_periods(context: RequestContext) -> Rows:
    for number, (start, end) in enumerate(periods(context)):
        about = {"number": number, "start": start, "end": end, "position": number + 1}
        about |= {"due": end + timedelta(days=5), "status": "open" if end >= TODAY else "closed"}
        made = context.calendar.entered(start - timedelta(days=5), number)
        yield written("billing_period", context, **about, made=made)


@table("contract_payments")
def contract_payments(context: RequestContext) -> Rows:
    wanted = context.ids["contract_id"]
    for one in purchases(context):
        if str(context.id(one.kind, one.index)) != wanted:
            continue
        for bill in bills(context).get(one.index, ()):
            if bill.paid_on:
                number = one.index * _PER_CONTRACT + bill.number
                about = {"number": number, "one": one, "bill": bill, "check": f"{100_000 + number}"}
                entered = context.calendar.entered(bill.paid_on, number)
                yield written("contract_payment", context, **about, entered=entered)


def _requisition(context: RequestContext, one: Purchase, bill: Bill) -> Row:
    asker = directory.site(context)[one.index % len(directory.site(context))]
    firm = asker.vendor.name if asker.vendor else context.company.name
    number, calendar = one.index * _PER_CONTRACT + bill.number, context.calendar
    sent = calendar.workday(min(bill.billed + timedelta(days=number % 5), TODAY))
    submitted = None if bill.status == "draft" else max(sent, bill.billed)
    return written(
        "requisition", context, number=number, percent=_percent(bill),
        before=None if bill.number == 1 else context.id("requisition", number - 1), bill=bill, one=one,
        submitted=submitted, final=bill.final and bill == bills(context)[one.index][-1],
        sheet=_summary(context, bill), creator={**asker.ref, "company_name": firm},
        created=calendar.entered(bill.billed, number),
        updated=calendar.entered(bill.paid_on or submitted or bill.billed, number),
    )  # fmt: skip


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
