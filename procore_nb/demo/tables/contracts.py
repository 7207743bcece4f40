"""Contracts: the prime contract with the owner, the commitments with firms, and their lines; invoices of the firms
(requisitions) and to the owner (payment applications), and what was paid.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
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
    """Still being agreed before the works begin."""
    project, term = context.here, works(context)
    if project.stage.category in _NO_PRIME:
        return
    created = project.created_at + timedelta(days=12)
    yield _common(context) | written(
        "prime_contract", context, signed=term is not None, total=prime_sum(context),
        status="Out For Signature" if not term else "Complete" if term.ended else "Approved",
        agreed=created.date() + timedelta(days=14) if term else None,
        approved=summed(orders_of(context, None), "approved"), created=created,
        owner=directory.owner_of(context.company, project), builder=directory.builder(context.company),
        updated=max(created, project.calendar.by_now(project.updated_at)),
    )  # fmt: skip


@table("prime_contract_line_items")
def prime_contract_line_items(context: RequestContext) -> Rows:
    """One line for each cost code."""
    asked = context.number_of(PRIME, context.ids["prime_contract_id"])
    if asked != 0 or context.here.stage.category in _NO_PRIME:
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
    for one in purchases(context):
        about = {"vendor": one.vendor.ref, "type": one.type_name, "custom_fields": None}
        yield {**_commitment(context, one), **about, "status": _JOINED.get(one.status, one.status)}


@table("work_order_contract_line_items", "purchase_order_contract_line_items")
def contract_line_items(context: RequestContext) -> Rows:
    kind = WORK_ORDER if "work_order_contract_id" in context.ids else PURCHASE_ORDER
    for one in purchases(context):
        if one.kind == kind and one.index == context.number_of(kind, context.ids[f"{kind}_id"]):
            yield from (_line(context, line, kind, one.index) for line in one.lines)


def _commitment(context: RequestContext, one: Purchase) -> Row:
    term, orders, entered = works(context), orders_of(context, one), context.calendar.entered
    approved, own = summed(orders, "approved"), bills(context).get(one.index, ())
    revised, paid = one.total + approved, sum(bill.due for bill in own if bill.paid_on)
    signed = one.contract_date if one.executed else None
    begin, end = (term.day_at(one.begin), term.day_at(one.end)) if term else (None, None)
    last = max([one.contract_date, *(bill.billed for bill in own)])
    return _common(context) | written(
        "commitment", context, one=one, signed=signed, begin=begin, end=end, approved=approved, paid=paid,
        executed_on=signed and min(signed + timedelta(days=5), TODAY), pending=summed(orders, "pending"),
        ended=end if one.status == "Complete" else None, billed=sum(bill.due for bill in own),
        draft=sum(order.total for order in orders if order.status == "draft"), revised=revised,
        paid_percent=paid * 10_000 // revised if revised else 0,
        values_status="approved" if one.executed else "draft",
        updated=max(one.created, entered(last, one.index)),
        deleted_at=max(one.created, context.calendar.latest) if one.deleted else None,
    )  # fmt: skip


def _common(context: RequestContext) -> Row:
    origin = "synced" if context.here.origin_id is not None else None
    rate = Decimal("1.0") if context.here.currency else None
    return written("contract", context, origin=origin, rate=rate, retained=retained_percent(context) * 100)


def _line(context: RequestContext, line: Line, kind: str, index: int) -> Row:
    since, holder = context.here.created_at, (kind, context.id(kind, index))
    row = line_row(context, f"{kind}_line_item", line.number, line.code, line.text, line.amount, holder)
    return {**row, "position": line.number % 20 + 1, "created_at": since, "updated_at": since}


# Invoices to the owner know fewer statuses.
_OWNER_WORDS = {"approved_as_noted": "approved", "pending_owner_approval": "under_review"}


def _invoices(context: RequestContext) -> Iterator[tuple[int, Purchase, Bill]]:
    """Invoices of the firms, contract by contract, each with the number of its id."""
    for one in purchases(context):
        for bill in bills(context).get(one.index, ()):
            yield one.index * 100 + bill.number, one, bill


@table("requisitions", "requisitions_v1_0")
def requisitions(context: RequestContext) -> Rows:
    calendar, team = context.calendar, directory.site(context)
    for number, one, bill in _invoices(context):
        asker = team[one.index % len(team)]
        sent = calendar.workday(min(bill.billed + timedelta(days=number % 5), TODAY))
        submitted = None if bill.status == "draft" else max(sent, bill.billed)
        creator = {**asker.ref, "company_name": (asker.vendor or context.company).name}
        yield written(
            "requisition", context, number=number, percent=_percent(bill), bill=bill, one=one,
            before=None if bill.number == 1 else context.id("requisition", number - 1), submitted=submitted,
            final=bill.final and bill == bills(context)[one.index][-1], sheet=_summary(context, bill),
            creator=creator, created=calendar.entered(bill.billed, number),
            updated=calendar.entered(bill.paid_on or submitted or bill.billed, number),
        )  # fmt: skip


@table("requisition_contract_items")
def requisition_contract_items(context: RequestContext) -> Rows:
    before: tuple[int, ...] = ()
    for number, one, bill in _invoices(context):
        before = before if bill.number > 1 else (0,) * len(one.lines)
        if number == context.number_of("requisition", context.ids["requisition_id"]):
            for position, (line, done, known) in enumerate(zip(one.lines, bill.lines, before, strict=True)):
                percent = done * 10_000 // line.amount if line.amount else 0
                yield written(
                    "requisition_item", context, number=bill.number * 20 + position, line=line, bill=bill,
                    line_kind=f"{one.kind}_line_item", position=position + 1, known=known, done=done,
                    percent=percent / 100, retained=retained_percent(context), wbs_code=wbs(context, line.code),
                )  # fmt: skip
        before = bill.lines


@table("payment_applications", "payment_applications_by_prime_contract")
def payment_applications(context: RequestContext) -> Rows:
    if context.number_of(PRIME, context.ids.get("prime_contract_id", context.id(PRIME, 0))) != 0:
        return
    entered = context.calendar.entered
    for bill in owner_bills(context):
        yield written(
            "payment_application", context, bill=bill, status=_OWNER_WORDS.get(bill.status, bill.status),
            paid=bill.due if bill.paid_on else 0, percent=_percent(bill), sheet=_summary(context, bill),
            made=entered(bill.billed, bill.number),
            updated=entered(bill.paid_on or bill.billed, bill.number),
        )  # fmt: skip


@table("billing_periods")
def billing_periods(context: RequestContext) -> Rows:
    for number, (start, end) in enumerate(periods(context)):
        about = {"number": number, "start": start, "end": end, "position": number + 1}
        about |= {"due": end + timedelta(days=5), "status": "open" if end >= TODAY else "closed"}
        made = context.calendar.entered(start - timedelta(days=5), number)
        yield written("billing_period", context, **about, made=made)


@table("contract_payments")
def contract_payments(context: RequestContext) -> Rows:
    for number, one, bill in _invoices(context):
        if bill.paid_on and str(context.id(one.kind, one.index)) == context.ids["contract_id"]:
            about = {"number": number, "one": one, "bill": bill, "check": f"{100_000 + number}"}
            entered = context.calendar.entered(bill.paid_on, number)
            yield written("contract_payment", context, **about, entered=entered)


def _percent(bill: Bill) -> float:
    return bill.done * 10_000 // (bill.original + bill.more + bill.less) / 100


def _summary(context: RequestContext, bill: Bill) -> Row:
    """The sheet in front of an invoice (AIA form G702)."""
    return written("g702", context, bill=bill, retained=0 if bill.final else retained_percent(context))
