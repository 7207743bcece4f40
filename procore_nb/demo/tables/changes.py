"""Change events, potential change orders, requests and change orders of the prime contract and the commitments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from procore_nb.demo.company import TODAY
from procore_nb.demo.tables import site_team
from procore_nb.demo.tables.budgetcodes import CURRENCY, coded, money
from procore_nb.demo.tables.claims import Claim
from procore_nb.demo.tables.contracts import PRIME
from procore_nb.demo.tables.events import REASONS
from procore_nb.demo.tables.orders import COMMITMENT_FIRST, Order, commitment_orders, prime_orders
from procore_nb.demo.tables.progress_curve import by_now
from procore_nb.demo.tables.registry import table
from procore_nb.demo.tables.request_context import RequestContext, Row

ORDER, REQUEST, POTENTIAL = "change_order", "change_order_request", "potential_change_order"
_MONEY = {**CURRENCY, "base_currency_iso_code": "USD"}


def contract_id(context: RequestContext, order: Order) -> int:
    """Id of the contract an order changes."""
    one = order.purchase
    return context.id(PRIME, 0) if one is None else context.id(one.kind, one.index)


@table("change_order_packages")
def change_order_packages(context: RequestContext) -> Iterator[Row]:
    """Change orders of all contracts; the same ids as in the lists of prime and commitment change orders."""
    for order in (*prime_orders(context), *commitment_orders(context)):
        yield _order(context, order)
    yield from _deleted(context, ORDER)


@table("prime_change_orders")
def prime_change_orders(context: RequestContext) -> Iterator[Row]:
    """Change orders of the prime contract."""
    for order in prime_orders(context):
        yield {**_order(context, order), **_signed(context, order), "type": "PrimeChangeOrder"}


@table("commitment_change_orders")
def commitment_change_orders(context: RequestContext) -> Iterator[Row]:
    """Change orders of the commitments."""
    for order in commitment_orders(context):
        yield {**_order(context, order), **_signed(context, order), "type": "CommitmentChangeOrder"}


@table("change_order_requests")
def change_order_requests(context: RequestContext) -> Iterator[Row]:
    """Requests of one contract: one for each of its change orders, with the same sum."""
    for order in (*prime_orders(context), *commitment_orders(context)):
        if str(contract_id(context, order)) == context.ids["contract_id"]:
            row = _order(context, order)
            package = row["id"]
            yield {**row, "id": context.id(REQUEST, order.index), "change_order_package_id": package}


@table("potential_change_orders")
def potential_change_orders(context: RequestContext) -> Iterator[Row]:
    """Priced changes: what the owner is asked for, and what the firms ask for. They add up to the change orders."""
    for order in (*prime_orders(context), *commitment_orders(context)):
        for claim, amount in order.parts:
            number = f"{claim.index + 1:03}"
            yield {
                **_order(context, order),
                "id": _potential_id(context, order, claim),
                "number": number,
                "title": claim.title,
                "created_at": claim.priced,
                "grand_total": money(amount),
                "change_reason": REASONS[claim.reason],
                "schedule_impact_amount": claim.days or None,
                "change_order_request_id": context.id(REQUEST, order.index),
                "change_order_request_title": order.title,
                "change_order_package_title": order.title,
                "potential_change_order_acronym_number": f"PCO #{number}",
                "change_order_request_acronym_number": f"COR #{order.number}",
                "change_order_package_acronym_number": f"CO #{order.number}",
                "change_order_tiers": 3,
            }
    yield from _deleted(context, POTENTIAL)


@table("potential_change_order_line_items")
def potential_change_order_line_items(context: RequestContext) -> Iterator[Row]:
    """Lines of one potential change order; their sum is its grand total."""
    wanted = context.ids["potential_change_order_id"]
    for order in (*prime_orders(context), *commitment_orders(context)):
        for claim, amount in order.parts:
            if str(_potential_id(context, order, claim)) == wanted:
                yield from _lines(context, order, claim, amount, POTENTIAL, wanted)


@table("prime_change_order_line_items", "commitment_change_order_line_items")
def change_order_line_items(context: RequestContext) -> Iterator[Row]:
    """Lines of one change order."""
    prime = "prime_change_order_id" in context.ids
    wanted = context.ids["prime_change_order_id" if prime else "commitment_change_order_id"]
    for order in prime_orders(context) if prime else commitment_orders(context):
        if str(context.id(ORDER, order.index)) == wanted:
            for claim, amount in order.parts:
                yield from _lines(context, order, claim, amount, ORDER, wanted)


def _deleted(context: RequestContext, kind: str) -> Iterator[Row]:
    """On one project in three, an order that was entered twice and deleted the next day."""
    order = next(iter(prime_orders(context)), None)
    if order is None or context.here.index % 3 != 1:
        return
    gone = by_now(order.created + timedelta(days=1))
    yield {
        **_order(context, order),
        "id": context.id(kind, 9_990),
        "number": f"{len(prime_orders(context)) + 1:03}",
        "status": "draft",
        "executed": False,
        "reviewed_at": None,
        "updated_at": gone,
        "deleted_at": gone,
        "_deleted": True,
    }


def _potential_id(context: RequestContext, order: Order, claim: Claim) -> int:
    return context.id(POTENTIAL, claim.index + (COMMITMENT_FIRST if order.purchase else 0))


def _order(context: RequestContext, order: Order) -> Row:
    decided, approved = order.decided, order.status == "approved"
    asker = site_team.office(context)[order.index % len(site_team.office(context))]
    paid = decided.date() + timedelta(days=60) if decided and approved else None
    return {
        "id": context.id(ORDER, order.index),
        "contract_id": contract_id(context, order),
        "number": order.number,
        "title": order.title,
        "status": order.status,
        "executed": approved,
        "grand_total": money(order.total),
        "schedule_impact_amount": order.days or None,
        "revision": 0,
        "created_at": order.created,
        "created_by_id": asker.id,
        "created_by": asker.ref,
        "updated_at": decided or order.created,
        "due_date": order.created.date() + timedelta(days=30),
        "reviewed_at": decided,
        "signed_change_order_received_date": decided.date() if decided and approved else None,
        "invoiced_date": decided.date() if decided and approved else None,
        "paid_date": paid if paid and paid <= TODAY else None,
        "designated_reviewer": site_team.office(context)[0].ref,
        "currency_configuration": _MONEY,
        "custom_fields": {},
    }


def _signed(context: RequestContext, order: Order) -> Row:
    """What the newer lists of change orders tell besides."""
    first = order.claims[0]
    return {
        "description": first.topic.question,
        "paid": False,
        "signature_required": True,
        "private": False,
        "field_change": first.question is not None,
        "reviewed_by": site_team.brief(site_team.office(context)[0]) if order.decided else None,
        "received_from": site_team.brief(first.question.asked_by) if first.question else None,
        "change_order_change_reason": {"id": 61 + first.reason, "change_reason": REASONS[first.reason]},
        "change_events": [
            {"id": context.id("change_event", one.index), "number": f"{one.index + 1:03}"}
            for one in order.claims
        ],
    }


def _lines(
    context: RequestContext, order: Order, claim: Claim, amount: int, holder: str, holder_id: str
) -> Iterator[Row]:
    """The items of a claim; the difference between its cost and what is asked is a line for overheads."""
    parts = [(claim.title, part) for part in claim.parts]
    if amount != claim.cost:
        parts.append(("Overheads and profit", amount - claim.cost))
    first = claim.index * 8 + (4 if order.purchase else 0)
    for step, (text, part) in enumerate(parts):
        yield {
            "id": context.id(f"{holder}_line_item", first + step),
            "description": text,
            "amount": money(part),
            "total_amount": money(part),
            "extended_amount": money(part),
            "extended_type": "calculated",
            "quantity": 1,
            "unit_cost": money(part),
            "uom": "ls",
            "position": step + 1,
            "company": {"id": context.company.id, "name": context.company.name},
            "project": {"id": context.here.id, "name": context.here.name},
            "holder": {"id": int(holder_id), "holder_type": holder.title().replace("_", "")},
            "wbs_code_id": context.id("wbs_code", claim.code.number),
            **coded(context, claim.code),
            "created_at": order.created,
            "updated_at": order.decided or order.created,
        }
