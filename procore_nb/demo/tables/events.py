"""Change events: everything that may change the price, from the RFI it began with to the orders it ended in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from procore_nb.demo.company import TODAY
from procore_nb.demo.tables import site_team
from procore_nb.demo.tables.budgetcodes import coded, currency, money, wbs
from procore_nb.demo.tables.claims import CONTINGENCY, OWNER, Claim, claims
from procore_nb.demo.tables.contracts import PRIME
from procore_nb.demo.tables.purchases import purchase_for
from procore_nb.demo.tables.registry import table
from procore_nb.demo.tables.request_context import RequestContext, Row

EVENT, ITEM = "change_event", "change_event_item"
KINDS = (("Owner Change", "OC"), ("Allowance", "AL"), ("Contingency", "CN"), ("To Be Decided", "TBD"))
_OLD_KINDS = ("owner_change", "allowance", "contingency", "tbd")
REASONS = (
    "Design Development",
    "Client Request",
    "Existing Conditions",
    "Authority Requirement",
    "Coordination",
)
STATUSES = {"open": (1, "Open"), "closed": (2, "Closed"), "pending": (3, "Pending"), "void": (4, "Void")}


@table("change_events", "change_events_v1_0")
def change_events(context: RequestContext) -> Iterator[Row]:
    """Change events with their items; void ones are shown, two projects in five also deleted one."""
    for claim in claims(context):
        yield {**_event(context, claim), **_old_words(context, claim)}
    if claims(context) and context.here.index % 5 < 2:
        gone = claims(context)[0]
        number = len(claims(context))
        yield {
            **_event(context, gone),
            "id": context.id(EVENT, number),
            "number": f"{number + 1:03}",
            "alphanumeric_number": f"{number + 1:03}",
            "title": f"{gone.title} (entered twice)",
            "change_items": [],
            "change_event_line_items": [],
            "event_origin": None,
            "in_recycle_bin": True,
            "deleted_at": gone.updated,
            "updated_at": gone.updated,
            "_deleted": True,
        }


def _event(context: RequestContext, claim: Claim) -> Row:
    status = claim.status
    status_id, status_name = STATUSES[status]
    name, abbreviation = KINDS[claim.kind]
    asker = site_team.office(context)[claim.index % 3]
    known = claim.index % 8 != 5
    return {
        "id": context.id(EVENT, claim.index),
        "number": f"{claim.index + 1:03}",
        "title": claim.title,
        "description": claim.topic.question if claim.index % 4 else None,
        "scope": "out_of_scope" if claim.kind == OWNER else "in_scope" if claim.kind < 3 else "tbd",
        "created_at": claim.created,
        "updated_at": claim.updated,
        "comments_enabled": True,
        "deletable": False,
        "in_recycle_bin": False,
        "project_id": context.here.id,
        "company_id": context.company.id,
        "status": {"id": status_id, "name": status_name, "mapped_to_status": status},
        "event_origin": _origin(context, claim),
        "change_type": {"id": 301 + claim.kind, "name": name, "abbreviation": abbreviation},
        "change_reason": {"id": 61 + claim.reason, "change_reason": REASONS[claim.reason]} if known else None,
        "prime_contract_for_estimates": {
            "id": context.id(PRIME, 0),
            "number": "1",
            "name": context.here.name,
        },
        "external_data": {"origin_id": None, "origin_data": None},
        "created_by": asker.ref,
        "custom_fields": {},
        "change_items": [_item(context, claim, step) for step in range(len(claim.parts))],
        "notes": {},
        "currency_configuration": currency(context),
    }


def _old_words(context: RequestContext, claim: Claim) -> Row:
    """What version 1.0 of the list calls otherwise; a key of both versions is written as each declares it."""
    old = context.endpoint.version == "v1.0"
    status_id, status_name = STATUSES[claim.status]
    question = claim.question
    words: Row = {
        "number": claim.index + 1,
        "status": status_name,
        "alphanumeric_number": f"{claim.index + 1:03}",
        "event_type": _OLD_KINDS[claim.kind],
        "event_scope": "out_of_scope" if claim.kind == OWNER else "in_scope" if claim.kind < 3 else "tbd",
        "change_event_origin_id": question.id if question else None,
        "change_event_origin_type": "Rfi" if question else None,
        "rfi": question and {"id": question.id, "title": question.subject, "number": question.number},
        "change_event_status": {"id": status_id, "name": status_name, "show_in_select": True},
        "change_event_line_items": [_item(context, claim, step) for step in range(len(claim.parts))],
    }
    return words if old else {}


def _origin(context: RequestContext, claim: Claim) -> Row | None:
    question = claim.question
    if question is None:
        return None
    link = f"https://app.procore.example/{context.here.id}/project/rfi/show/{question.id}"
    return {
        "origin_id": question.id,
        "origin_type": "RFI",
        "display_name": f"RFI #{question.number}: {question.subject}",
        "web_page_url": link,
    }


def _item(context: RequestContext, claim: Claim, step: int) -> Row:
    """One item; cost and revenue of an event's items add up to those of its orders."""
    cost, count = claim.parts[step], len(claim.parts)
    rest = claim.revenue - sum(claim.revenue * part // claim.cost for part in claim.parts[:-1])
    revenue = rest if step == count - 1 else claim.revenue * cost // claim.cost
    purchase = purchase_for(context, claim)
    values = {"quantity": "1.0", "unit_of_measure": "ls", "calculation_strategy": "manual"}
    spent = str(money(cost))
    asked = str(money(revenue))
    return {
        "id": context.id(ITEM, claim.index * 4 + step),
        "event_id": context.id(EVENT, claim.index),
        "event_number": f"{claim.index + 1:03}",
        "event_title": claim.title,
        "item_type": "cost",
        "description": claim.title if step == 0 else f"{claim.title}: part {step + 1}",
        "created_at": claim.created,
        "updated_at": claim.updated,
        "deletable": True,
        "editable": claim.decided is None,
        "line_aging": (TODAY - claim.created.date()) // timedelta(days=1),
        "budget_code": wbs(context, claim.code),
        "cost_impact": {
            "estimate": spent,
            "commitment": purchase
            and {"id": context.id(purchase.kind, purchase.index), "title": purchase.title},
            "vendor": purchase and purchase.vendor.ref,
            "source_of_stage": "estimate" if claim.priced is None else "change_order",
        },
        "revenue_impact": {"estimate": asked, "source_of_stage": "estimate"},
        "latest_cost_values": {**values, "amount": spent, "unit_cost": spent},
        "latest_revenue_values": {**values, "amount": asked, "unit_cost": asked},
        "estimated_cost_amount": spent,
        "estimated_cost_quantity": 1,
        "status": claim.status,
        "title": claim.title,
        "uom": "ls",
        "source": "budget_change"
        if claim.kind == CONTINGENCY and claim.firm and claim.firm.agreed
        else "change_event",
        **coded(context, claim.code),
    }


@table("change_event_statuses")
def change_event_statuses(_scene: RequestContext) -> Iterator[Row]:
    """Statuses of change events."""
    for status, (number, name) in STATUSES.items():
        yield {"id": number, "name": name, "mapped_to_status": status, "show_in_select": True}


@table("change_types")
def change_types(context: RequestContext) -> Iterator[Row]:
    """Types of change events."""
    for number, (name, abbreviation) in enumerate(KINDS):
        row = {"id": 301 + number, "change_type": name, "abbreviation": abbreviation}
        yield {**row, "company_id": context.company.id, "show_in_select": True}


@table("change_order_change_reasons", "change_order_change_reasons_v1_0")
def change_reasons(context: RequestContext) -> Iterator[Row]:
    """Reasons of changes."""
    for number, reason in enumerate(REASONS):
        row = {"id": 61 + number, "change_reason": reason, "show_in_select": True}
        yield {**row, "company_id": context.company.id, "deletable": False}
