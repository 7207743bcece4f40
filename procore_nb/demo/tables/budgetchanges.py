"""Transfers within the budget: from the reserve to where a change was paid for."""

from __future__ import annotations

from collections.abc import Iterator

from procore_nb.demo.tables.budgetcodes import currency, money
from procore_nb.demo.tables.claims import Claim
from procore_nb.demo.tables.contracts import PRIME
from procore_nb.demo.tables.figures import RESERVE, transfers
from procore_nb.demo.tables.registry import table
from procore_nb.demo.tables.request_context import RequestContext, Row


@table("budget_changes")
def budget_changes(context: RequestContext) -> Iterator[Row]:
    """Transfers from the reserve to where a change was paid for."""
    for number, claim in enumerate(transfers(context)):
        items = [context.id("change_event_item", claim.index * 4 + step) for step in range(len(claim.parts))]
        yield {
            "id": context.id("budget_change", number),
            "number": number + 1,
            "status": _word(claim),
            "title": claim.title,
            "description": claim.topic.question,
            "erp_status": "not_integrated" if context.here.origin_id is None else "synced",
            "prime_contract_id": context.id(PRIME, 0),
            "amount": money(claim.cost),
            "change_event_line_item_ids": items,
            "currency_configuration": currency(context),
        }


@table("budget_change_adjustment_line_items")
def budget_change_adjustment_line_items(context: RequestContext) -> Iterator[Row]:
    """Both sides of each transfer; they add up to nothing."""
    for number, claim in enumerate(transfers(context)):
        for side, (code, amount) in enumerate(((claim.code, claim.cost), (RESERVE, -claim.cost))):
            yield {
                "id": context.id("budget_adjustment", number * 2 + side),
                "adjustment_number": number + 1,
                "wbs_code_id": context.id("wbs_code", code.number),
                "amount": money(amount),
                "uom": "ls",
                "quantity": 1,
                "description": claim.title,
                "type": "budget_change",
                "budget_change_number": str(number + 1),
                "budget_change_status": _word(claim),
                "budget_change_name": claim.title,
                "budget_change_id": context.id("budget_change", number),
            }


@table("budget_modifications")
def budget_modifications(context: RequestContext) -> Iterator[Row]:
    """Approved transfers, in the words of the older tool."""
    line = "budget_line_item"
    for number, claim in enumerate(transfers(context)):
        if claim.firm and claim.firm.agreed:
            yield {
                "id": context.id("budget_modification", number),
                "from_budget_line_item_id": context.id(line, RESERVE.number),
                "to_budget_line_item_id": context.id(line, claim.code.number),
                "transfer_amount": money(claim.cost),
                "notes": claim.title,
                "created_at": claim.decided,
                "updated_at": claim.decided,
            }


def _word(claim: Claim) -> str:
    """Status of a transfer: drafts and pending ones are under review, all that was turned down is void."""
    if claim.firm and claim.firm.agreed:
        return "approved"
    return "void" if claim.decided else "under_review"
