"""Contracts: the prime contract with the owner, the commitments with firms, and their lines; their changes: change events,
potential change orders, requests, and change orders of both kinds of contracts.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from procore_nb.demo.company import TODAY
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.billing import bills, owner_bills, retained_percent
from procore_nb.demo.tables.claims import CONTINGENCY, Claim, claims
from procore_nb.demo.tables.plan import plan_of, works
from procore_nb.demo.tables.purchases import (
    COMMITMENT_FIRST,
    PRIME,
    PURCHASE_ORDER,
    WORK_ORDER,
    Line,
    Order,
    Purchase,
    commitment_orders,
    orders_of,
    prime_orders,
    prime_sum,
    purchase_for,
    purchases,
    summed,
    tiers,
)
from procore_nb.demo.tables.reference_data import budget_code, coded, line_row, wbs
from procore_nb.demo.tables.registry import RequestContext, Row, Rows, table
from procore_nb.demo.tables.templates import fixed_columns, fixed_entry, money, render

# The list that joins both kinds of commitments knows the words of subcontracts only.
_JOINED = {"Submitted": "Out For Signature", "Received": "Approved", "Closed": "Complete"}
_NO_PRIME = ("not_awarded", "canceled")


@table("prime_contracts", "prime_contracts_v2_0")
def prime_contracts(context: RequestContext) -> Rows:
    """Still being agreed before the works begin."""
    project, term = context.project, works(context)
    if project.stage.category in _NO_PRIME:
        return
    created = project.created_at + timedelta(days=12)
    yield _common(context) | render(
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
    if asked != 0 or context.project.stage.category in _NO_PRIME:
        return
    total = left = prime_sum(context)
    plan = plan_of(context.project)
    whole = sum(part.weight for part in plan.values())
    for position, (code, part) in enumerate(plan.items(), 1):
        amount = left if position == len(plan) else total * part.weight // whole // 10_000 * 10_000
        left -= amount
        one = budget_code(code, "")
        yield _line(context, Line(code, one, one.name.partition(".")[0], amount), PRIME, 0)


@table("work_order_contracts", "purchase_order_contracts")
def contracts(context: RequestContext) -> Rows:
    more = render("purchase_order", context) if context.endpoint.name == "purchase_order_contracts" else {}
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
    return _common(context) | render(
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
    origin = "synced" if context.project.origin_id is not None else None
    rate = Decimal("1.0") if context.project.currency else None
    return render("contract", context, origin=origin, rate=rate, retained=retained_percent(context) * 100)


def _line(context: RequestContext, line: Line, kind: str, index: int) -> Row:
    since, holder = context.project.created_at, (kind, context.id(kind, index))
    row = line_row(context, f"{kind}_line_item", line.number, line.code, line.text, line.amount, holder)
    return {**row, "position": line.number % 20 + 1, "created_at": since, "updated_at": since}


REASONS = "change_order_change_reasons"
ORDER, REQUEST, POTENTIAL = "change_order", "change_order_request", "potential_change_order"


@table("change_events", "change_events_v1_0")
def change_events(context: RequestContext) -> Rows:
    """Change events with their items; void ones are shown, two projects in five also deleted one."""
    found = claims(context)
    yield from (_event(context, claim) for claim in found)
    if found and context.project.index % 5 < 2:
        gone, number = found[0], f"{len(found) + 1:03}"
        yield _event(context, gone) | {
            "id": context.id("change_event", len(found)), "number": number, "alphanumeric_number": number,
            "title": f"{gone.title} (entered twice)", "change_items": [], "change_event_line_items": [],
            "event_origin": None, "in_recycle_bin": True, "deleted_at": gone.updated,
            "updated_at": gone.updated, "_deleted": True,
        }  # fmt: skip


def _event(context: RequestContext, claim: Claim) -> Row:
    """Event as each version of the list tells it; the old one calls some things otherwise."""
    number = ("open", "closed", "pending", "void").index(claim.status)
    kind, status = (
        fixed_columns("change_types", claim.kind),
        fixed_entry(context, "change_event_statuses", number),
    )
    question, reason = claim.question, fixed_entry(context, REASONS, claim.reason)
    about = {
        "claim": claim, "description": claim.topic.question if claim.index % 4 else None,
        "asker": directory.office(context)[claim.index % 3], "status": status, **kind, "question": question,
        "type": {**fixed_entry(context, "change_types", claim.kind), "name": kind["name"]},
        "reason": None if claim.index % 8 == 5 else reason,
        "items": [_item(context, claim, step) for step in range(len(claim.parts))],
        "origin": question and render("event_origin", context, question=question),
        "origin_type": "Rfi" if question else None, "word": status["name"], "status_id": status["id"],
        "rfi": question and {"id": question.id, "title": question.subject, "number": question.number},
    }  # fmt: skip
    row = render("change_event", context, **about)
    return row | render("change_event_v1", context, **about) if context.endpoint.version == "v1.0" else row


def _item(context: RequestContext, claim: Claim, step: int) -> Row:
    """Cost and revenue of an event's items add up to those of its orders."""
    cost, last = claim.parts[step], step == len(claim.parts) - 1
    asked = [claim.revenue * part // claim.cost for part in claim.parts]
    purchase, paid_by_us = purchase_for(context, claim), claim.kind == CONTINGENCY
    row = render(
        "change_event_item", context, claim=claim, number=claim.index * 4 + step,
        description=claim.title if step == 0 else f"{claim.title}: part {step + 1}",
        editable=claim.decided is None, age=(TODAY - claim.created.date()).days,
        budget_code=wbs(context, claim.code),
        commitment=purchase and {"id": context.id(purchase.kind, purchase.index), "title": purchase.title},
        vendor=purchase and purchase.vendor.ref, spent=str(money(cost)),
        cost_stage="estimate" if claim.priced is None else "change_order",
        asked=str(money(claim.revenue - sum(asked[:-1]) if last else asked[step])),
        source="budget_change" if paid_by_us and claim.firm and claim.firm.agreed else "change_event",
    )  # fmt: skip
    return {**row, **coded(context, claim.code)}


def contract_id(context: RequestContext, order: Order) -> int:
    one = order.purchase
    return context.id(PRIME, 0) if one is None else context.id(one.kind, one.index)


@table("change_order_packages")
def change_order_packages(context: RequestContext) -> Rows:
    """Change orders of all contracts, with the ids of the other lists."""
    for order in _orders(context):
        yield _order(context, order)
    yield from _deleted(context, ORDER)


@table("prime_change_orders", "commitment_change_orders")
def change_orders(context: RequestContext) -> Rows:
    """None in projects with three tiers."""
    prime = context.endpoint.name == "prime_change_orders"
    for order in _listed(context, prime=prime):
        kind = "PrimeChangeOrder" if prime else "CommitmentChangeOrder"
        yield {**_order(context, order), **_signed(context, order), "type": kind}


@table("change_order_requests")
def change_order_requests(context: RequestContext) -> Rows:
    """One for each change order of a contract, with the same sum; none with one tier."""
    for order in _orders(context) if tiers(context) > 1 else ():
        if str(contract_id(context, order)) == context.ids["contract_id"]:
            ids = {
                "id": context.id(REQUEST, order.index),
                "change_order_package_id": context.id(ORDER, order.index),
            }
            yield {**_order(context, order), **ids}


@table("potential_change_orders")
def potential_change_orders(context: RequestContext) -> Rows:
    """What the owner is asked for, and what the firms ask for. They add up to the change orders."""
    for order, claim, amount in _potential(context):
        about = {"order": order, "claim": claim, "amount": amount, "days": claim.days or None}
        about |= {"id": _potential_id(context, order, claim), "tiers": tiers(context)}
        reason = fixed_entry(context, REASONS, claim.reason)["change_reason"]
        row = _order(context, order) | render("potential_change_order", context, **about, reason=reason)
        yield row | render("requested", context, order=order) if tiers(context) == 3 else row
    if tiers(context) != 2:
        yield from _deleted(context, POTENTIAL)


@table("potential_change_order_line_items")
def potential_change_order_line_items(context: RequestContext) -> Rows:
    wanted = context.ids["potential_change_order_id"]
    for order, claim, amount in _potential(context):
        if str(_potential_id(context, order, claim)) == wanted:
            yield from _lines(context, order, claim, amount, POTENTIAL, wanted)


@table("prime_change_order_line_items", "commitment_change_order_line_items")
def change_order_line_items(context: RequestContext) -> Rows:
    prime = "prime_change_order_id" in context.ids
    wanted = context.ids["prime_change_order_id" if prime else "commitment_change_order_id"]
    for order in _listed(context, prime=prime):
        if str(context.id(ORDER, order.index)) == wanted:
            for claim, amount in order.parts:
                yield from _lines(context, order, claim, amount, ORDER, wanted)


def _orders(context: RequestContext) -> tuple[Order, ...]:
    return (*prime_orders(context), *commitment_orders(context))


def _listed(context: RequestContext, *, prime: bool) -> tuple[Order, ...]:
    if tiers(context) == 3:
        return ()
    return prime_orders(context) if prime else commitment_orders(context)


def _potential(context: RequestContext) -> Iterator[tuple[Order, Claim, int]]:
    """Each claim of each order with its amount; none with two tiers, where requests take their place."""
    for order in _orders(context) if tiers(context) != 2 else ():
        for claim, amount in order.parts:
            yield order, claim, amount


def _deleted(context: RequestContext, kind: str) -> Rows:
    """On one project in three, an order that was entered twice and deleted the next day."""
    orders = prime_orders(context)
    if orders and context.project.index % 3 == 1:
        gone = context.calendar.by_now(orders[0].created + timedelta(days=1))
        yield {
            **_order(context, orders[0]), "id": context.id(kind, 9_990), "number": f"{len(orders) + 1:03}",
            "status": "draft", "executed": False, "reviewed_at": None, "updated_at": gone,
            "deleted_at": gone, "_deleted": True,
        }  # fmt: skip


def _potential_id(context: RequestContext, order: Order, claim: Claim) -> int:
    return context.id(POTENTIAL, claim.index + (COMMITMENT_FIRST if order.purchase else 0))


def _order(context: RequestContext, order: Order) -> Row:
    decided, approved, office = order.decided, order.status == "approved", directory.office(context)
    signed = decided.date() if decided and approved else None
    own = owner_bills(context) if order.purchase is None else bills(context)[order.purchase.index]
    bill = next((one for one in own if signed and min(one.end, one.billed) >= signed), None)
    return render(
        "change_order", context, contract_id=contract_id(context, order), order=order, approved=approved,
        days=order.days or None, asker=office[order.index % len(office)], updated=decided or order.created,
        due=_due(context, order), signed=signed, bill=bill, paid=bool(bill and bill.paid_on),
    )  # fmt: skip


def _due(context: RequestContext, order: Order) -> date | None:
    """One in eleven was entered without."""
    days = context.random(f"due:{order.index}").choice((10, 14, 14, 21, 28, 45))
    due = context.calendar.next_workday(context.calendar.day_of(order.created) + timedelta(days=days))
    return due if order.index % 11 != 7 else None


def _signed(context: RequestContext, order: Order) -> Row:
    """What the newer lists of change orders tell besides."""
    first = order.claims[0]
    events = [
        {"id": context.id("change_event", one.index), "number": f"{one.number:03}"} for one in order.claims
    ]
    return render(
        "signed_change_order", context, claim=first, asked=first.question is not None, events=events,
        reviewed_by=directory.brief(directory.office(context)[0]) if order.decided else None,
        received_from=directory.brief(first.question.asked_by) if first.question else None,
        reason=fixed_entry(context, REASONS, first.reason),
    )  # fmt: skip


def _lines(
    context: RequestContext, order: Order, claim: Claim, amount: int, holder: str, holder_id: str
) -> Rows:
    """The items of a claim, and the difference between its cost and what the order pays."""
    parts = [(claim.title, part) for part in claim.parts]
    if amount != claim.cost:
        more = order.purchase is None and order.status != "no_charge" and abs(amount) > abs(claim.cost)
        parts.append(("Overheads and profit" if more else "Reduction", amount - claim.cost))
    first = claim.index * 8 + (4 if order.purchase else 0)
    stamps = {"created_at": order.created, "updated_at": order.decided or order.created}
    for step, (text, part) in enumerate(parts):
        held = (holder, int(holder_id))
        row = line_row(context, f"{holder}_line_item", first + step, claim.code, text, part, held)
        yield {**row, "position": step + 1, **stamps}
