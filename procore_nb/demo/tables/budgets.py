"""Budget views, their rows as they stand on any day, snapshots of them, and transfers from the reserve to where a change was paid for.

`figures` are sums of the same contracts, change orders, bills and direct costs that the other lists show, in cents.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from procore_nb.demo.company import TODAY, read_facts
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.billing import COUNTED, bills, periods, spendings
from procore_nb.demo.tables.claims import ALLOWANCE, CONTINGENCY, Claim, claims
from procore_nb.demo.tables.plan import plan_of, works
from procore_nb.demo.tables.purchases import budget, commitment_orders, prime_orders, purchases
from procore_nb.demo.tables.reference_data import BUDGET_CODES, UNBUDGETED, BudgetCode, budget_code, codes_of
from procore_nb.demo.tables.registry import RequestContext, Row, Rows, table
from procore_nb.demo.tables.templates import money, render, total

VIEW, SNAPSHOT = "budget_view", "budget_view_snapshot"
_OWN_VIEW_ONLY = 67  # index of a project
_VIEWS = read_facts("money")["views"]  # name, text, role, and the formula under each column's title


def _views(context: RequestContext) -> range:
    """Numbers of the views of a project; one project has the company's own only."""
    project = context.project
    if project.stage.category in ("not_awarded", "canceled"):
        return range(0)
    return range(2 if project.index == _OWN_VIEW_ONLY else 0, len(_VIEWS))


def _asked(context: RequestContext) -> tuple[date, dict[str, str]] | None:
    """Day and columns of the view asked for, or of a snapshot, which shows the first view; None if there is none."""
    views, snapshot = _views(context), context.ids.get("budget_view_snapshot_id")
    if snapshot is None:
        number = context.number_of(VIEW, context.ids["budget_view_id"])
        return (TODAY, _VIEWS[number][3]) if number in views else None
    number, days = context.number_of(SNAPSHOT, snapshot), _quarters(context)
    if number is None or number >= len(days) or not views:
        return None
    return days[number], _VIEWS[views[0]][3]


@table("budget_views")
def budget_views(context: RequestContext) -> Rows:
    updated = context.project.created_at + timedelta(days=1)
    for number in _views(context):
        name, text, role, _titles = _VIEWS[number]
        yield render("budget_view", context, number=number, name=name, text=text, role=role, updated=updated)


@table("budget_detail_columns")
def budget_detail_columns(context: RequestContext) -> Rows:
    _day, columns = _asked(context) or (TODAY, {})
    for number, name in enumerate(columns):
        source = {"aggregatable": True, "filterable": False, "groupable": False, "type": "source"}
        yield {"id": context.id("budget_column", number), "name": name, "position": number + 1, **source}


@table("budget_view_snapshots")
def budget_view_snapshots(context: RequestContext) -> Rows:
    for number, day in enumerate(_quarters(context)):
        yield {
            "id": context.id(SNAPSHOT, number), "name": f"{day.year} Q{(day.month + 2) // 3}",
            "created_at": context.calendar.entered(day, number),
            "created_by": directory.office(context)[0].ref,
            "budget_view": {"id": context.id(VIEW, _views(context)[0])},
        }  # fmt: skip


def _quarters(context: RequestContext) -> list[date]:
    """Ends of the quarters since the works began."""
    return [end for _start, end in periods(context) if end.month % 3 == 0 and end < TODAY]


@table("budget_view_detail_rows", "budget_view_snapshot_detail_rows")
def budget_view_detail_rows(context: RequestContext) -> Rows:
    """The columns of the view are keys by their titles."""
    asked = _asked(context)
    if asked is None:
        return
    for one, row in figures(context, asked[0]).items():
        typed = row.guess is not None
        notes = "The work is finished." if row.guess == 0 else "Price agreed in talks." if typed else None
        shown: Row = {title: money(total(row, formula)) for title, formula in asked[1].items()}
        if one == UNBUDGETED:  # spent without a budget: it has no id, and is shown only if asked for
            shown |= dict.fromkeys(("id", "wbs_code_id", "budget_forecast"))
            shown |= {"unbudgeted_reason": "direct_cost", "_hidden_unless": "budget_row_type=all"}
        yield render(
            "budget_row", context, one=one, row=row, code=directory.cost_codes(context)[one.code],
            automatic=not typed, manual=money(row.forecast) if typed else None,
            strategy="manual" if typed else "automatic", notes=notes,
        ) | shown  # fmt: skip


@table("budget_view_summary_rows", "budget_view_snapshot_summary_rows")
def budget_view_summary_rows(context: RequestContext) -> Rows:
    asked = _asked(context)
    if asked is not None:
        rows = figures(context, asked[0]).values()
        original, moved = sum(one.original for one in rows), sum(one.transfers for one in rows)
        forecast = sum(one.forecast for one in rows)
        yield render("budget_total", context, original=original, moved=moved, forecast=forecast)


@table("budget_changes")
def budget_changes(context: RequestContext) -> Rows:
    """Transfers from the reserve to where a change was paid for."""
    erp_status = "not_integrated" if context.project.origin_id is None else "synced"
    for about in _transfers(context):
        claim = about["claim"]
        items = [context.id("change_event_item", claim.index * 4 + step) for step in range(len(claim.parts))]
        yield render("budget_change", context, **about, items=items, erp_status=erp_status)


@table("budget_change_adjustment_line_items")
def budget_change_adjustment_line_items(context: RequestContext) -> Rows:
    """Both sides of each transfer; they add up to nothing."""
    for about in _transfers(context):
        claim, line = about["claim"], about["number"] * 2
        for side, (code, amount) in enumerate(((claim.code, claim.cost), (RESERVE, -claim.cost))):
            yield render("budget_adjustment", context, **about, line=line + side, code=code, amount=amount)


@table("budget_modifications")
def budget_modifications(context: RequestContext) -> Rows:
    for about in _transfers(context):
        if about["status"] == "approved":
            yield render("budget_modification", context, **about, reserve=RESERVE)


def _transfers(context: RequestContext) -> Iterator[dict[str, Any]]:
    """Drafts and pending ones are under review, all that was turned down is void."""
    for number, claim in enumerate(transfers(context)):
        agreed = claim.firm is not None and claim.firm.agreed
        status = "approved" if agreed else "void" if claim.decided else "under_review"
        yield {"number": number, "position": number + 1, "claim": claim, "status": status}


RESERVE = budget_code(0, "O")  # transfers are taken from here
# Where an order counts: by whether it is the owner's, and by its state.
_COLUMNS = {
    (True, "approved"): "approved",
    (True, "pending"): "pending",
    (False, "approved"): "committed",
    (False, "pending"): "pending_costs",
}


@dataclass
class Figures:
    """Money of one budget code, in cents; `guess` is the part of the automatic forecast that somebody typed instead."""

    original: int
    guess: float | None = None
    transfers: int = 0
    approved: int = 0
    pending: int = 0
    committed: int = 0
    direct: int = 0
    billed: int = 0
    pending_costs: int = 0

    @property
    def revised(self) -> int:
        return self.original + self.transfers + self.approved

    @property
    def projected_budget(self) -> int:
        return self.revised + self.pending

    @property
    def projected_costs(self) -> int:
        return self.committed + self.direct + self.pending_costs

    @property
    def automatic(self) -> int:
        """What is still to be bought if the rest of the budget is spent."""
        return max(0, self.projected_budget - self.projected_costs)

    @property
    def forecast(self) -> int:
        """The same, or what somebody typed; nothing once the work is finished."""
        return self.automatic if self.guess is None else int(self.automatic * self.guess) // 100 * 100


def figures(context: RequestContext, day: date) -> dict[BudgetCode, Figures]:
    """Figures of each budget code at the end of a day."""
    term, plan, draw = works(context), plan_of(context.project), context.random("forecasts")
    found = {one: Figures(budget(context)[one.number]) for one in codes_of(context)}
    for one, row in found.items():
        typed = draw.uniform(0.5, 1.0) if draw.random() < 0.15 else None
        row.guess = 0.0 if term and term.elapsed(day) >= plan[one.code].end else typed
    for claim in transfers(context):
        if claim.firm and claim.firm.agreed and claim.firm.on and claim.firm.on.date() <= day:
            found[claim.code].transfers += claim.cost
            found[RESERVE].transfers -= claim.cost
    for order in (*prime_orders(context), *commitment_orders(context)):
        state = order.state_on(day)
        column = _COLUMNS.get((order.purchase is None, state))
        for claim, amount in order.parts if column else ():
            setattr(found[claim.code], column, getattr(found[claim.code], column) + amount)  # type: ignore[arg-type]
    _add_costs(context, found, day)
    return found


def transfers(context: RequestContext) -> tuple[Claim, ...]:
    """Changes the budget pays for from its own reserve."""
    kinds = (ALLOWANCE, CONTINGENCY)
    return tuple(one for one in claims(context) if one.kind in kinds and one.firm is not None)


def _add_costs(context: RequestContext, found: dict[BudgetCode, Figures], day: date) -> None:
    for one in purchases(context):
        if not one.executed or one.contract_date > day:
            continue
        for line in one.lines:
            found[line.code].committed += line.amount
        done = [bill for bill in bills(context)[one.index] if bill.status in COUNTED and bill.billed <= day]
        if done:
            for line, amount in zip(one.lines, done[-1].lines, strict=True):
                found[line.code].billed += amount
            for number, amount in done[-1].extras.items():
                found[BUDGET_CODES[number]].billed += amount
    for spending in spendings(context):
        if spending.status == "approved" and spending.day <= day:
            for code, amount in spending.lines:
                found.setdefault(code, Figures(0)).direct += amount
