"""Transfers within the budget: from the reserve to where a change was paid for."""

from __future__ import annotations

from collections.abc import Iterator

from procore_nb.demo.tables.claims import Claim
from procore_nb.demo.tables.figures import RESERVE, transfers
from procore_nb.demo.tables.registry import table
from procore_nb.demo.tables.request_context import RequestContext, Row
from procore_nb.demo.tables.row_forms import written


@table("budget_changes")
def budget_changes(context: RequestContext) -> Iterator[Row]:
    """Transfers from the reserve to where a change was paid for."""
    erp_status = "not_integrated" if context.here.origin_id is None else "synced"
    for number, claim in enumerate(transfers(context)):
        items = [context.id("change_event_item", claim.index * 4 + step) for step in range(len(claim.parts))]
        about = {
            "number": number,
            "position": number + 1,
            "claim": claim,
            "status": _word(claim),
            "items": items,
        }
        yield written("budget_change", context, **about, erp_status=erp_status)


@table("budget_change_adjustment_line_items")
def budget_change_adjustment_line_items(context: RequestContext) -> Iterator[Row]:
    """Both sides of each transfer; they add up to nothing."""
    for number, claim in enumerate(transfers(context)):
        about = {"number": number, "position": number + 1, "claim": claim, "status": _word(claim)}
        for side, (code, amount) in enumerate(((claim.code, claim.cost), (RESERVE, -claim.cost))):
            line = number * 2 + side
            yield written("budget_adjustment", context, **about, line=line, code=code, amount=amount)


@table("budget_modifications")
def budget_modifications(context: RequestContext) -> Iterator[Row]:
    """Approved transfers, in the words of the older tool."""
    for number, claim in enumerate(transfers(context)):
        if claim.firm and claim.firm.agreed:
            yield written("budget_modification", context, number=number, claim=claim, reserve=RESERVE)


def _word(claim: Claim) -> str:
    """Status of a transfer: drafts and pending ones are under review, all that was turned down is void."""
    if claim.firm and claim.firm.agreed:
        return "approved"
    return "void" if claim.decided else "under_review"
