"""Budget views, their rows, and snapshots of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from procore_nb.demo.company import TODAY
from procore_nb.demo.tables import directory, site_team
from procore_nb.demo.tables.billing import periods
from procore_nb.demo.tables.budgetcodes import BUDGET_CODES, CURRENCY, money
from procore_nb.demo.tables.figures import Figures, figures
from procore_nb.demo.tables.progress_curve import noon
from procore_nb.demo.tables.registry import table
from procore_nb.demo.tables.request_context import RequestContext, Row

VIEW, SNAPSHOT = "budget_view", "budget_view_snapshot"
_VIEWS = (
    ("Standard Budget", "What is planned, changed, bought and spent"),
    ("Costs to Date", "Commitments and costs only"),
)
_STANDARD = (
    "Approved COs",
    "Revised Budget",
    "Pending Budget Changes",
    "Projected Budget",
    "Committed Costs",
    "Direct Costs",
    "Job to Date Costs",
    "Pending Cost Changes",
    "Projected Costs",
    "Forecast To Complete",
    "Estimated Cost at Completion",
    "Projected Over Under",
)
_COLUMNS = (_STANDARD, ("Committed Costs", "Direct Costs", "Job to Date Costs"))


def _has_budget(context: RequestContext) -> bool:
    return context.here.stage.category not in ("not_awarded", "canceled")


@table("budget_views")
def budget_views(context: RequestContext) -> Iterator[Row]:
    """Two ways to look at the budget."""
    if not _has_budget(context):
        return
    since = context.here.created_at
    for number, (name, text) in enumerate(_VIEWS):
        yield {
            "id": context.id(VIEW, number),
            "name": name,
            "description": text,
            "role": "budget" if number == 0 else "forecast",
            "created_at": since,
            "updated_at": since + timedelta(days=1),
            "created_by": site_team.office(context)[0].ref,
        }


@table("budget_detail_columns")
def budget_detail_columns(context: RequestContext) -> Iterator[Row]:
    """Columns of a view, in their order."""
    number = context.number_of(VIEW, context.ids["budget_view_id"])
    names = _COLUMNS[number] if number in (0, 1) and _has_budget(context) else ()
    for position, name in enumerate(names):
        source = {"aggregatable": True, "filterable": False, "groupable": False, "type": "source"}
        yield {"id": context.id("budget_column", position), "name": name, "position": position + 1, **source}


@table("budget_view_detail_rows")
def budget_view_detail_rows(context: RequestContext) -> Iterator[Row]:
    """Row of each budget code today; the columns of the view are keys by their titles."""
    number = context.number_of(VIEW, context.ids["budget_view_id"])
    if number in (0, 1) and _has_budget(context):
        yield from _rows(context, TODAY, _COLUMNS[number])


@table("budget_view_summary_rows")
def budget_view_summary_rows(context: RequestContext) -> Iterator[Row]:
    """The whole project in one row."""
    if context.number_of(VIEW, context.ids["budget_view_id"]) in (0, 1) and _has_budget(context):
        yield _total(context, TODAY)


@table("budget_view_snapshots")
def budget_view_snapshots(context: RequestContext) -> Iterator[Row]:
    """The budget as it stood at the end of each quarter of the works."""
    for number, day in enumerate(_quarters(context)):
        yield {
            "id": context.id(SNAPSHOT, number),
            "name": f"{day.year} Q{(day.month + 2) // 3}",
            "description": None,
            "created_at": noon(day),
            "created_by": site_team.office(context)[0].ref,
            "budget_view": {"id": context.id(VIEW, 0)},
        }


@table("budget_view_snapshot_detail_rows")
def budget_view_snapshot_detail_rows(context: RequestContext) -> Iterator[Row]:
    """Rows of a snapshot: those of the standard view, on its day."""
    day = _snapshot_day(context)
    if day is not None:
        yield from _rows(context, day, _STANDARD)


@table("budget_view_snapshot_summary_rows")
def budget_view_snapshot_summary_rows(context: RequestContext) -> Iterator[Row]:
    """The whole project in one row, on the day of a snapshot."""
    day = _snapshot_day(context)
    if day is not None:
        yield _total(context, day)


def _quarters(context: RequestContext) -> list[date]:
    """Ends of the quarters since the works began."""
    return [end for _start, end in periods(context) if end.month % 3 == 0 and end < TODAY]


def _snapshot_day(context: RequestContext) -> date | None:
    number = context.number_of(SNAPSHOT, context.ids["budget_view_snapshot_id"])
    days = _quarters(context)
    return days[number] if number is not None and number < len(days) else None


def _rows(context: RequestContext, day: date, columns: tuple[str, ...]) -> Iterator[Row]:
    project, codes = context.here, directory.cost_codes(context)
    for one, money_of in zip(BUDGET_CODES, figures(context, day), strict=True):
        code, kind = codes[one.code], one.kind
        shown = _values(money_of)
        yield {
            "id": context.id("budget_line_item", one.number),
            "deletable": False,
            "company_id": context.company.id,
            "company": context.company.name,
            "project_id": project.id,
            "project": project.name,
            "wbs_code_id": context.id("wbs_code", one.number),
            "biller_id": project.id,
            "biller": project.name,
            "biller_type": "Project",
            "root_cost_code_id": code.id,
            "root_cost_code": f"{code.code} - {code.name}",
            "cost_code_id": code.id,
            "cost_code": f"{code.code} - {code.name}",
            "category_id": kind.id,
            "category": kind.name,
            "original_budget_amount": money(money_of.original),
            "budget_modifications": money(money_of.transfers),
            "budget_forecast": _forecast(context, one.number, money_of),
            "currency_configuration": CURRENCY,
            **{name: money(shown[name]) for name in columns},
        }


def _forecast(context: RequestContext, number: int, money_of: Figures) -> Row:
    amount = money(money_of.forecast)
    return {
        "id": context.id("budget_forecast", number),
        "automatic_amount": amount,
        "amount": amount,
        "automatically_calculated": True,
        "calculation_strategy": "automatic",
    }


def _values(one: Figures) -> dict[str, int]:
    return dict(
        zip(
            _STANDARD,
            (
                one.approved,
                one.revised,
                one.pending,
                one.projected_budget,
                one.committed,
                one.direct,
                one.billed + one.direct,
                one.pending_costs,
                one.projected_costs,
                one.forecast,
                one.at_completion,
                one.projected_budget - one.at_completion,
            ),
            strict=True,
        )
    )


def _total(context: RequestContext, day: date) -> Row:
    rows = figures(context, day)
    return {
        "id": str(context.here.id),
        "name": context.here.name,
        "biller_type": "Project",
        "original_budget_amount": money(sum(one.original for one in rows)),
        "budget_modifications": money(sum(one.transfers for one in rows)),
        "budget_forecast": {"amount": money(sum(one.forecast for one in rows))},
        "currency_configuration": CURRENCY,
    }
