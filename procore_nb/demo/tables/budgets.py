"""Budget views, their rows, snapshots of them, and transfers within the budget from the reserve to where a change was paid for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from procore_nb.demo.company import TODAY
from procore_nb.demo.facts import read_facts
from procore_nb.demo.tables import directory, site_team
from procore_nb.demo.tables.billing import periods
from procore_nb.demo.tables.budgetcodes import UNBUDGETED, BudgetCode
from procore_nb.demo.tables.claims import Claim
from procore_nb.demo.tables.figures import RESERVE, figures, transfers
from procore_nb.demo.tables.registry import table
from procore_nb.demo.tables.request_context import RequestContext, Row
from procore_nb.demo.tables.row_forms import money, total, written

VIEW, SNAPSHOT = "budget_view", "budget_view_snapshot"
_OWN_VIEW_ONLY = 67  # index of a project
_VIEWS = read_facts("money")["views"]  # name, text, role, and the formula under each column's title


def _columns(context: RequestContext) -> dict[str, str]:
    """Columns of the view asked for, or of the first view for a snapshot; none if there is no such view."""
    views = _views(context)
    if "budget_view_snapshot_id" in context.ids:
        number = views[0] if views else None
    else:
        number = context.number_of(VIEW, context.ids["budget_view_id"])
    return _VIEWS[number][3] if number in views else {}


def _day(context: RequestContext) -> date | None:
    """Day of the snapshot asked for, None if there is none; today for a view."""
    if "budget_view_snapshot_id" not in context.ids:
        return TODAY
    number = context.number_of(SNAPSHOT, context.ids["budget_view_snapshot_id"])
    days = _quarters(context)
    return days[number] if number is not None and number < len(days) else None


def _views(context: RequestContext) -> range:
    """Numbers of the views of a project; one project has the company's own only."""
    project = context.here
    if project.stage.category in ("not_awarded", "canceled"):
        return range(0)
    return range(2 if project.index == _OWN_VIEW_ONLY else 0, len(_VIEWS))


@table("budget_views")
def budget_views(context: RequestContext) -> Iterator[Row]:
    """Ways to look at the budget; the last one has columns the company named itself."""
    updated = context.here.created_at + timedelta(days=1)
    for number in _views(context):
        name, text, role, _titles = _VIEWS[number]
        yield written("budget_view", context, number=number, name=name, text=text, role=role, updated=updated)


@table("budget_detail_columns")
def budget_detail_columns(context: RequestContext) -> Iterator[Row]:
    """Columns of a view, in their order."""
    for position, name in enumerate(_columns(context)):
        source = {"aggregatable": True, "filterable": False, "groupable": False, "type": "source"}
        yield {"id": context.id("budget_column", position), "name": name, "position": position + 1, **source}


@table("budget_view_snapshots")
def budget_view_snapshots(context: RequestContext) -> Iterator[Row]:
    """The budget as it stood at the end of each quarter of the works."""
    for number, day in enumerate(_quarters(context)):
        yield {
            "id": context.id(SNAPSHOT, number),
            "name": f"{day.year} Q{(day.month + 2) // 3}",
            "description": None,
            "created_at": context.here.calendar.entered(day, number),
            "created_by": site_team.office(context)[0].ref,
            "budget_view": {"id": context.id(VIEW, _views(context)[0])},
        }


def _quarters(context: RequestContext) -> list[date]:
    """Ends of the quarters since the works began."""
    return [end for _start, end in periods(context) if end.month % 3 == 0 and end < TODAY]


@table("budget_view_detail_rows", "budget_view_snapshot_detail_rows")
def budget_view_detail_rows(context: RequestContext) -> Iterator[Row]:
    """Row of each budget code, today or on the day of a snapshot; the columns of the view are keys by their titles."""
    day, columns = _day(context), _columns(context)
    for one, row in figures(context, day).items() if day and columns else ():
        typed = row.guess is not None
        about = {
            "one": one,
            "row": row,
            "code": directory.cost_codes(context)[one.code],
            "automatic": not typed,
        }
        about |= {
            "manual": money(row.forecast) if typed else None,
            "strategy": "manual" if typed else "automatic",
        }
        notes = "The work is finished." if row.guess == 0 else "Price agreed in talks." if typed else None
        shown = {title: money(total(row, formula)) for title, formula in columns.items()}
        yield {**written("budget_row", context, **about, notes=notes), **shown, **_mark(one)}


def _mark(code: BudgetCode) -> Row:
    """What sets a row apart that is spent without a budget: it has no id, and is shown only if asked for."""
    if code != UNBUDGETED:
        return {}
    none = dict.fromkeys(("id", "wbs_code_id", "budget_forecast"))
    return {**none, "unbudgeted_reason": "direct_cost", "_hidden_unless": "budget_row_type=all"}


@table("budget_view_summary_rows", "budget_view_snapshot_summary_rows")
def budget_view_summary_rows(context: RequestContext) -> Iterator[Row]:
    """The whole project in one row, today or on the day of a snapshot."""
    day = _day(context)
    if day is None or not _columns(context):
        return
    rows = figures(context, day).values()
    original, moved = sum(one.original for one in rows), sum(one.transfers for one in rows)
    forecast = sum(one.forecast for one in rows)
    yield written("budget_total", context, original=original, moved=moved, forecast=forecast)


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
