"""Change events: everything that may change the price, from the RFI it began with to the orders it ended in."""

from __future__ import annotations

from collections.abc import Iterator

from procore_nb.demo.company import TODAY
from procore_nb.demo.tables import site_team
from procore_nb.demo.tables.budgetcodes import coded, wbs
from procore_nb.demo.tables.claims import CONTINGENCY, OWNER, UNDECIDED, Claim, claims
from procore_nb.demo.tables.purchases import purchase_for
from procore_nb.demo.tables.registry import table
from procore_nb.demo.tables.request_context import RequestContext, Row
from procore_nb.demo.tables.row_forms import money, written

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
        yield _event(context, claim)
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
    """Event as each version of the list tells it; the old one calls some things otherwise."""
    status_id, word = STATUSES[claim.status]
    name, abbreviation = KINDS[claim.kind]
    question, known = claim.question, claim.index % 8 != 5
    about = {
        "claim": claim,
        "description": claim.topic.question if claim.index % 4 else None,
        "scope": "out_of_scope" if claim.kind == OWNER else "in_scope" if claim.kind < UNDECIDED else "tbd",
        "status": {"id": status_id, "name": word, "mapped_to_status": claim.status},
        "asker": site_team.office(context)[claim.index % 3],
        "type": {"id": 301 + claim.kind, "name": name, "abbreviation": abbreviation},
        "reason": {"id": 61 + claim.reason, "change_reason": REASONS[claim.reason]} if known else None,
        "items": [_item(context, claim, step) for step in range(len(claim.parts))],
        "origin": question and written("event_origin", context, question=question),
        "origin_type": "Rfi" if question else None,
        "question": question,
        "word": word,
        "status_id": status_id,
        "old_type": _OLD_KINDS[claim.kind],
        "rfi": question and {"id": question.id, "title": question.subject, "number": question.number},
    }
    row = written("change_event", context, **about)
    return row | written("change_event_v1", context, **about) if context.endpoint.version == "v1.0" else row


def _item(context: RequestContext, claim: Claim, step: int) -> Row:
    """One item; cost and revenue of an event's items add up to those of its orders."""
    cost, count = claim.parts[step], len(claim.parts)
    rest = claim.revenue - sum(claim.revenue * part // claim.cost for part in claim.parts[:-1])
    purchase, paid_by_us = purchase_for(context, claim), claim.kind == CONTINGENCY
    about = {
        "claim": claim,
        "number": claim.index * 4 + step,
        "description": claim.title if step == 0 else f"{claim.title}: part {step + 1}",
        "editable": claim.decided is None,
        "age": (TODAY - claim.created.date()).days,
        "budget_code": wbs(context, claim.code),
        "commitment": purchase and {"id": context.id(purchase.kind, purchase.index), "title": purchase.title},
        "vendor": purchase and purchase.vendor.ref,
        "cost_stage": "estimate" if claim.priced is None else "change_order",
        "spent": str(money(cost)),
        "asked": str(money(rest if step == count - 1 else claim.revenue * cost // claim.cost)),
        "source": "budget_change" if paid_by_us and claim.firm and claim.firm.agreed else "change_event",
    }
    return {**written("change_event_item", context, **about), **coded(context, claim.code)}


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
