"""Contracts: the prime contract with the owner, the commitments with firms, and their lines; their changes: change events,
potential change orders, requests, and change orders of both kinds of contracts.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from procore_nb.demo.company import TODAY
from procore_nb.demo.tables import directory, purchases
from procore_nb.demo.tables.billing import bills, owner_bills, retained_percent
from procore_nb.demo.tables.claims import CONTINGENCY, Claim, claims
from procore_nb.demo.tables.plan import plan_of, works
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
    yield _contract(context) | render(
        "prime_contract", context, signed=term is not None, total=purchases.prime_sum(context),
        status="Out For Signature" if not term else "Complete" if term.ended else "Approved",
        agreed=created.date() + timedelta(days=14) if term else None,
        approved=purchases.summed(purchases.orders_of(context, None), "approved"), created=created,
        owner=directory.owner_of(context.company, project), builder=directory.builder(context.company),
        updated=max(created, project.calendar.by_now(project.updated_at)),
    )  # fmt: skip


@table("prime_contract_line_items")
def prime_contract_line_items(context: RequestContext) -> Rows:
    """One line for each cost code."""
    asked = context.number_of(purchases.PRIME, context.ids["prime_contract_id"])
    if asked != 0 or context.project.stage.category in _NO_PRIME:
        return
    total = left = purchases.prime_sum(context)
    plan, since = plan_of(context.project), context.project.created_at
    whole = sum(part.weight for part in plan.values())
    for position, (code, part) in enumerate(plan.items(), 1):
        amount = left if position == len(plan) else total * part.weight // whole // 10_000 * 10_000
        left -= amount
        first = budget_code(code, "")
        holder = purchases.PRIME, context.id(purchases.PRIME, 0)
        text = first.name.partition(".")[0]
        yield line_row(context, holder, code, code % 20, first, text, amount, since, since)


@table("work_order_contracts", "purchase_order_contracts", "commitments_v1_0", "commitment_contracts")
def commitments(context: RequestContext) -> Rows:
    """One list for each kind, and one of both."""
    name = context.endpoint.name
    for purchase in purchases.commitments(context):
        if not name.startswith(("work_order", "purchase_order")):
            status = _JOINED.get(purchase.status, purchase.status)
            joined = render("joined_commitment", context, purchase=purchase, status=status)
            yield _commitment(context, purchase) | joined
        elif name == f"{purchase.kind}s":
            ordered = render("purchase_order", context) if purchase.kind == purchases.PURCHASE_ORDER else {}
            yield _commitment(context, purchase) | ordered


@table("work_order_contract_line_items", "purchase_order_contract_line_items")
def contract_line_items(context: RequestContext) -> Rows:
    kind = purchases.WORK_ORDER if "work_order_contract_id" in context.ids else purchases.PURCHASE_ORDER
    number, since = context.number_of(kind, context.ids[f"{kind}_id"]), context.project.created_at
    for purchase in purchases.commitments(context):
        if (purchase.kind, purchase.index) == (kind, number):
            holder = kind, context.id(kind, purchase.index)
            for line in purchase.lines:
                what = line.code, line.text, line.amount
                yield line_row(context, holder, line.number, line.number % 20, *what, since, since)


def _commitment(context: RequestContext, purchase: purchases.Purchase) -> Row:
    term, orders, entered = works(context), purchases.orders_of(context, purchase), context.calendar.entered
    approved, billed = purchases.summed(orders, "approved"), bills(context).get(purchase.index, ())
    revised, paid = purchase.total + approved, sum(bill.due for bill in billed if bill.paid_on)
    signed = purchase.contract_date if purchase.executed else None
    begin, end = (term.day_at(purchase.begin), term.day_at(purchase.end)) if term else (None, None)
    last = max([purchase.contract_date, *(bill.billed for bill in billed)])
    return _contract(context) | render(
        "commitment", context, purchase=purchase, signed=signed, begin=begin, end=end, approved=approved,
        executed_on=signed and min(signed + timedelta(days=5), TODAY), pending=purchases.summed(orders, "pending"),
        ended=end if purchase.status == "Complete" else None, billed=sum(bill.due for bill in billed),
        draft=sum(order.total for order in orders if order.status == "draft"), revised=revised, paid=paid,
        paid_percent=paid * 10_000 // revised if revised else 0,
        values_status="approved" if purchase.executed else "draft",
        updated=max(purchase.created, entered(last, purchase.index)),
        deleted_at=max(purchase.created, context.calendar.latest) if purchase.deleted else None,
    )  # fmt: skip


def _contract(context: RequestContext) -> Row:
    origin = "synced" if context.project.origin_id is not None else None
    rate = Decimal("1.0") if context.project.currency else None
    return render("contract", context, origin=origin, rate=rate, retained=retained_percent(context) * 100)


REASONS = "change_order_change_reasons"
ORDER, REQUEST, POTENTIAL = "change_order", "change_order_request", "potential_change_order"


@table("change_events", "change_events_v1_0")
def change_events(context: RequestContext) -> Rows:
    """Change events with their items; void ones are shown, two projects in five also deleted one."""
    rows = [_event(context, claim) for claim in claims(context)]
    yield from rows
    if rows and context.project.index % 5 < 2:
        gone, number = claims(context)[0], len(rows) + 1
        event_id = context.id("change_event", len(rows))
        deleted = render("deleted_event", context, claim=gone, id=event_id, n=number)
        yield rows[0] | deleted | {"change_items": [], "change_event_line_items": []}


def _event(context: RequestContext, claim: Claim) -> Row:
    """Event in the keys of each version of the list; the old one has other names for some."""
    number = ("open", "closed", "pending", "void").index(claim.status)
    columns, question = fixed_columns("change_types", claim.kind), claim.question
    status = fixed_entry(context, "change_event_statuses", number)
    values = {
        "claim": claim, "description": claim.topic.question if claim.index % 4 else None,
        "question": question, "asker": directory.office(context)[claim.index % 3], "status": status,
        **columns, "type": {**fixed_entry(context, "change_types", claim.kind), "name": columns["name"]},
        "reason": None if claim.index % 8 == 5 else fixed_entry(context, REASONS, claim.reason),
        "items": [_item(context, claim, step) for step in range(len(claim.parts))],
        "origin": question and render("event_origin", context, question=question),
        "origin_type": "Rfi" if question else None, "word": status["name"], "status_id": status["id"],
        "rfi": question and {"id": question.id, "title": question.subject, "number": question.number},
    }  # fmt: skip
    row = render("change_event", context, **values)
    return row | render("change_event_v1", context, **values) if context.endpoint.version == "v1.0" else row


def _item(context: RequestContext, claim: Claim, step: int) -> Row:
    """Cost and revenue of an event's items add up to those of its orders."""
    cost, last = claim.parts[step], step == len(claim.parts) - 1
    revenues = [claim.revenue * part // claim.cost for part in claim.parts]
    purchase = purchases.purchase_for(context, claim)
    from_budget = claim.kind == CONTINGENCY and claim.agreed_with_firm
    return coded(context, claim.code) | render(
        "change_event_item", context, claim=claim, number=claim.index * 4 + step,
        description=claim.title if step == 0 else f"{claim.title}: part {step + 1}",
        editable=claim.decided is None, age=(TODAY - claim.created.date()).days,
        budget_code=wbs(context, claim.code),
        commitment=purchase and {"id": context.id(purchase.kind, purchase.index), "title": purchase.title},
        vendor=purchase and purchase.vendor.ref, spent=str(money(cost)),
        cost_stage="estimate" if claim.priced is None else "change_order",
        asked=str(money(claim.revenue - sum(revenues[:-1]) if last else revenues[step])),
        source="budget_change" if from_budget else "change_event",
    )  # fmt: skip


@table("change_order_packages")
def change_order_packages(context: RequestContext) -> Rows:
    """Change orders of all contracts, with the ids of the other lists."""
    yield from (_order(context, order) for order in _orders(context))
    yield from _deleted(context, ORDER)


@table("prime_change_orders", "commitment_change_orders")
def change_orders(context: RequestContext) -> Rows:
    """None in projects with three tiers."""
    prime = context.endpoint.name == "prime_change_orders"
    kind = "PrimeChangeOrder" if prime else "CommitmentChangeOrder"
    for order in _listed(context, prime=prime):
        claim, asked_by = order.claims[0], order.claims[0].question and order.claims[0].question.asked_by
        events = [render("event_ref", context, claim=claim) for claim in order.claims]
        yield _order(context, order) | render(
            "signed_change_order", context, claim=claim, asked=asked_by is not None, events=events, type=kind,
            reviewed_by=directory.brief(directory.office(context)[0]) if order.decided else None,
            received_from=asked_by and directory.brief(asked_by),
            reason=fixed_entry(context, REASONS, claim.reason),
        )  # fmt: skip


@table("change_order_requests")
def change_order_requests(context: RequestContext) -> Rows:
    """One for each change order of a contract, with the same sum; none with one tier."""
    for order in _orders(context) if purchases.tiers(context) > 1 else ():
        if str(_contract_id(context, order)) == context.ids["contract_id"]:
            row = _order(context, order)
            yield row | {"id": context.id(REQUEST, order.index), "change_order_package_id": row["id"]}


@table("potential_change_orders")
def potential_change_orders(context: RequestContext) -> Rows:
    """What the owner is asked for, and what the firms ask for. They add up to the change orders."""
    for order, claim, amount in _potential(context):
        row = _order(context, order) | render(
            "potential_change_order", context, order=order, claim=claim, amount=amount,
            days=claim.days or None, id=_potential_id(context, order, claim), tiers=purchases.tiers(context),
            reason=fixed_entry(context, REASONS, claim.reason)["change_reason"],
        )  # fmt: skip
        yield row | render("requested", context, order=order) if purchases.tiers(context) == 3 else row
    if purchases.tiers(context) != 2:
        yield from _deleted(context, POTENTIAL)


@table("potential_change_order_line_items")
def potential_change_order_line_items(context: RequestContext) -> Rows:
    potential_id = context.ids["potential_change_order_id"]
    for order, claim, amount in _potential(context):
        if str(_potential_id(context, order, claim)) == potential_id:
            yield from _lines(context, order, claim, amount, (POTENTIAL, int(potential_id)))


@table("prime_change_order_line_items", "commitment_change_order_line_items")
def change_order_line_items(context: RequestContext) -> Rows:
    prime = "prime_change_order_id" in context.ids
    order_id = context.ids["prime_change_order_id" if prime else "commitment_change_order_id"]
    for order in _listed(context, prime=prime):
        if str(context.id(ORDER, order.index)) == order_id:
            for claim, amount in order.parts:
                yield from _lines(context, order, claim, amount, (ORDER, int(order_id)))


def _contract_id(context: RequestContext, order: purchases.Order) -> int:
    purchase = order.purchase
    return context.id(purchases.PRIME, 0) if purchase is None else context.id(purchase.kind, purchase.index)


def _orders(context: RequestContext) -> tuple[purchases.Order, ...]:
    return (*purchases.prime_orders(context), *purchases.commitment_orders(context))


def _listed(context: RequestContext, *, prime: bool) -> tuple[purchases.Order, ...]:
    if purchases.tiers(context) == 3:
        return ()
    return purchases.prime_orders(context) if prime else purchases.commitment_orders(context)


def _potential(context: RequestContext) -> Iterator[tuple[purchases.Order, Claim, int]]:
    """Each claim of each order with its amount; none with two tiers, where requests take their place."""
    for order in _orders(context) if purchases.tiers(context) != 2 else ():
        yield from ((order, claim, amount) for claim, amount in order.parts)


def _potential_id(context: RequestContext, order: purchases.Order, claim: Claim) -> int:
    return context.id(POTENTIAL, claim.index + (purchases.COMMITMENT_FIRST if order.purchase else 0))


def _deleted(context: RequestContext, kind: str) -> Rows:
    """On one project in three, an order that was entered twice and deleted the next day."""
    orders = purchases.prime_orders(context)
    if orders and context.project.index % 3 == 1:
        gone = context.calendar.by_now(orders[0].created + timedelta(days=1))
        ids = {"id": context.id(kind, 9_990), "n": len(orders) + 1}
        yield _order(context, orders[0]) | render("deleted_order", context, **ids, gone=gone)


def _order(context: RequestContext, order: purchases.Order) -> Row:
    decided, approved, office = order.decided, order.status == "approved", directory.office(context)
    signed = decided.date() if decided and approved else None
    own = owner_bills(context) if order.purchase is None else bills(context)[order.purchase.index]
    bill = next((bill for bill in own if signed and min(bill.end, bill.billed) >= signed), None)
    days = context.random(f"due:{order.index}").choice((10, 14, 14, 21, 28, 45))
    due = context.calendar.next_workday(context.calendar.day_of(order.created) + timedelta(days=days))
    return render(
        "change_order", context, contract_id=_contract_id(context, order), order=order, approved=approved,
        days=order.days or None, asker=office[order.index % len(office)], signed=signed, bill=bill,
        # One in eleven was entered without a due date.
        due=due if order.index % 11 != 7 else None, paid=bool(bill and bill.paid_on),
        updated=decided or order.created,
    )  # fmt: skip


def _lines(
    context: RequestContext, order: purchases.Order, claim: Claim, amount: int, holder: tuple[str, int]
) -> Rows:
    """The items of a claim, and the difference between its cost and what the order pays."""
    parts = [(claim.title, part) for part in claim.parts]
    if amount != claim.cost:
        more = order.purchase is None and order.status != "no_charge" and abs(amount) > abs(claim.cost)
        parts.append(("Overheads and profit" if more else "Reduction", amount - claim.cost))
    first = claim.index * 8 + (4 if order.purchase else 0)
    times = order.created, order.decided or order.created
    for position, (text, part) in enumerate(parts):
        yield line_row(context, holder, first + position, position, claim.code, text, part, *times)
