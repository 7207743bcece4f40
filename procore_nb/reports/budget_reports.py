"""Budgets: where each line will end, what is bought and at what saving, what is earned against what is billed.

In: budget lines, commitments and their line items, prime contracts, owner invoices. Out: an `Answer` each. Speaks to no service.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from procore_nb.errors import ArgumentError
from procore_nb.near_match import near, plain
from procore_nb.progress import counted
from procore_nb.reports.definition import Use, report
from procore_nb.reports.measures import (
    amounts,
    count,
    grouped,
    largest_first,
    money_text,
    percent,
    pieces,
    sums,
    total,
    words,
)
from procore_nb.reports.pictures import by_currency
from procore_nb.reports.report_data import ReportData, ids_of, is_signed, plain_words, truth
from procore_nb.reports.result import Answer

CURRENCY = "currency_configuration.currency_iso_code"
_NAMES = {
    "approved_changes": ("Approved COs", "Approved Change Orders", "Approved COs and Changes"),
    "revised": ("Revised Budget",),
    "pending_budget": ("Pending Budget Changes",),
    "committed": ("Committed Costs",),
    "direct": ("Direct Costs",),
    "pending_cost": ("Pending Cost Changes",),
    "job_to_date": ("Job to Date Costs", "Job To Date"),
    "estimate": ("Estimated Cost at Completion",),
}
"""What the columns of the standard view are called; a company's own names are an option."""


def _view(frames: dict[str, pd.DataFrame], options: Mapping[str, Any]) -> pd.DataFrame:
    """Return one view of each project: the one named, else one called standard, else the first."""
    views = frames["budget_views"]
    if views.empty:
        return views
    names = views["name"].astype("string").fillna("")
    if options["view"]:
        kept = views[names.str.lower().eq(str(options["view"]).lower())].drop_duplicates("project_id")
        if kept.empty:
            choices = near(str(options["view"]), names.unique())
            raise ArgumentError(
                f"No budget view is called {options['view']!r}.", advice=f"Near: {', '.join(choices)}."
            )
        return kept
    standard = names.str.contains("standard", case=False)
    return views.loc[(~standard).sort_values(kind="stable").index].drop_duplicates("project_id")


BUDGET = (
    Use("budget_views", optional=True),
    Use(
        "budget_view_detail_rows",
        parent="budget_views",
        pick=_view,
        arguments=lambda _, __: {"budget_row_type": "all"},
    ),
)


def budget_lines(
    data: ReportData, columns: Mapping[str, str] | None, view: str | None, figures: Iterable[str] = _NAMES
) -> pd.DataFrame:
    """Return the budget lines of one view of each project, with their amounts by the names of `_NAMES`.

    Of `figures` that the view lacks the notes say so.
    """
    name = "budget_view_detail_rows"
    frame = data.frames.get(name, pd.DataFrame())
    data.take("budget_views")  # for the coverage: how many views each project has
    frame = _one_view(data, frame, view)
    titles = _titles(data, frame)
    chosen = dict(columns or {})
    unknown = [one for one in chosen if one not in _NAMES]
    if unknown:
        choices = near(unknown[0], _NAMES)
        raise ArgumentError(
            f"columns names {unknown[0]!r}, which is no figure of a budget.",
            advice=f"Did you mean {choices[0]}?" if choices else f"Figures are {', '.join(_NAMES)}.",
        )
    found: dict[str, str] = {}
    for figure, names in _NAMES.items():
        wanted = [chosen[figure]] if figure in chosen else list(names)
        matches = [titles[plain(one)] for one in wanted if plain(one) in titles]
        if matches:
            found[figure] = matches[0]
        if figure in chosen and figure not in found and len(frame):
            choices = near(chosen[figure], map(str, frame.columns))
            raise ArgumentError(
                f"The budget lines have no column {chosen[figure]!r}.", advice=f"Near: {', '.join(choices)}."
            )
    data.frames[name] = frame.rename(columns={column: figure for figure, column in found.items()})
    other = f"id cost_code cost_code_id wbs_code_id category budget_forecast.amount budget_forecast.manual_amount budget_forecast.calculation_strategy budget_forecast.automatically_calculated {CURRENCY}"
    rows = data.take(name, "", "original_budget_amount budget_modifications", f"{other} {' '.join(_NAMES)}")
    for one in ("original_budget_amount", "budget_modifications", *_NAMES):
        rows[one] = amounts(rows[one])
    absent = [
        names[0]
        for figure, names in _NAMES.items()
        if figure in figures and figure not in found | {"estimate": ""}
    ]
    if {"revised", "approved_changes"} & set(found):  # each of the two can give the revised budget
        absent = [one for one in absent if one not in ("Revised Budget", "Approved COs")]
    if absent and len(rows):
        data.notes.append(
            f"The budget view has no column {', '.join(absent)}; name yours with columns={{…}}. What they decide is missing."
        )
    parts = rows["original_budget_amount"] + rows["budget_modifications"].fillna(0) + rows["approved_changes"]
    rows["revised"] = parts.fillna(rows["revised"])
    rows["currency"] = data.currencies(
        rows, "work_order_contracts", "purchase_order_contracts", "prime_contracts_v1_0"
    )
    rows["unbudgeted"] = rows["id"].isna() if not data.lacks(name, "id") else False
    rows["cost_code"] = rows["cost_code"].astype("string").fillna("(no cost code)")
    return rows


def _one_view(data: ReportData, frame: pd.DataFrame, view: str | None) -> pd.DataFrame:
    """Return the lines of one view of each project, where the rows are of several (frames that were given)."""
    views = data.frames.get("budget_views", pd.DataFrame())
    if not {"id", "project_id", "name"} <= set(views.columns) or "budget_view_id" not in frame.columns:
        return frame
    kept = _view({"budget_views": views}, {"view": view})
    return frame[ids_of(frame["budget_view_id"]).isin(ids_of(kept["id"]))]


def _titles(data: ReportData, frame: pd.DataFrame) -> dict[str, str]:
    """Return the columns of the lines by their plain title; columns called by id get it from budget_detail_columns."""
    titles = {plain(str(one)): str(one) for one in frame.columns}
    given = data.frames.get("budget_detail_columns", pd.DataFrame())
    if {"id", "name"} <= set(given.columns):
        named = {str(number): str(title) for number, title in zip(given["id"], given["name"], strict=True)}
        titles |= {plain(named[one]): one for one in map(str, frame.columns) if one in named}
    return titles


def forecast_lines(data: ReportData, columns: Mapping[str, str] | None, view: str | None) -> pd.DataFrame:
    """Return budget lines with projected budget and costs, forecast to complete, estimate at completion, over/under."""
    rows = budget_lines(data, columns, view)
    rows["projected_budget"] = rows["revised"] + rows["pending_budget"].fillna(0)
    costs = rows[["committed", "direct", "pending_cost"]]
    rows["projected_costs"] = costs.sum(axis=1, min_count=1).where(rows["committed"].notna())
    strategy = plain_words(rows["budget_forecast.calculation_strategy"])
    said = truth(rows["budget_forecast.automatically_calculated"], unknown=True)
    manual = strategy.eq("manual") | (strategy.eq("") & ~said)
    rows["forecast_method"] = strategy.mask(strategy.eq(""), "automatic").mask(manual, "manual")
    automatic = (rows["projected_budget"] - rows["projected_costs"]).clip(lower=0)
    by_hand = amounts(rows["budget_forecast.manual_amount"]).fillna(amounts(rows["budget_forecast.amount"]))
    given = by_hand.where(manual, amounts(rows["budget_forecast.amount"]).fillna(by_hand))
    by_rule = rows["forecast_method"].eq("automatic")
    rows["automatic"] = by_rule & ~(truth(rows["unbudgeted"]) & strategy.eq(""))
    rows["forecast_to_complete"] = automatic.where(by_rule, given)
    rows["view_estimate"] = rows["estimate"]
    rows["estimate_at_completion"] = rows["projected_costs"] + rows["forecast_to_complete"]
    rows["over_under"] = rows["projected_budget"] - rows["estimate_at_completion"]
    return rows


_LINE = words(
    "revised projected_budget projected_costs forecast_to_complete estimate_at_completion over_under job_to_date"
)


def _line_measure(rows: pd.DataFrame) -> dict[str, Any]:
    sums = {name: total(rows[name]) for name in _LINE}
    return {
        "lines": len(rows),
        **sums,
        "spent_percent": percent(sums["job_to_date"], sums["estimate_at_completion"]),
        "lines_over": count((rows["over_under"] < 0).astype("boolean").where(rows["over_under"].notna())),
        "automatic_lines": int(rows["automatic"].sum()),
        "unbudgeted_lines": int(truth(rows["unbudgeted"]).sum()),
    }


@report(
    "Cost",
    "Where will each budget line end?",
    *BUDGET,
    Use(
        "budget_detail_columns",
        optional=True,
        parent="budget_views",
        pick=_view,
        wanted=lambda options: bool(options["column_ids"]),
    ),
)
def cost(
    data: ReportData,
    *,
    view: str | None = None,
    columns: Mapping[str, str] | None = None,
    column_ids: bool = False,
) -> Answer:
    """Forecast each budget line.

    Revised budget = original + modifications + approved change orders. Projected budget = revised + pending budget changes.
    Projected costs = committed + direct + pending cost changes. Forecast to complete is automatic, max(0, projected budget −
    projected costs), or as entered (manual, monitored). Estimate at completion = projected costs + forecast. Over/under =
    projected budget − estimate: negative is over budget. Spent = job to date / estimate; a line of zero has no percent. An
    automatic line can never show an underrun, so how many are automatic is printed (unbudgeted lines without a forecast
    of their own are not among them). Unbudgeted lines are shown. `view` is the name of the budget view (else the one called standard, else the first), `columns` the company's own column names
    (`{"committed": "Committed"}`); where lines call columns by id, `column_ids=True` reads their names.
    """
    rows = forecast_lines(data, columns, view)
    rows["spent_percent"] = (
        (100 * rows["job_to_date"] / rows["estimate_at_completion"])
        .where(rows["estimate_at_completion"].ne(0))
        .astype("float64")
        .round(2)
    )
    summary, whole = (
        data.summary(rows, _line_measure, by=["currency"]),
        grouped(rows, "currency", _line_measure),
    )
    whole = largest_first(whole, summary)
    by_code = sums(rows, ["project_id", "project_name", "cost_code", "currency"], *_LINE).sort_values(
        "over_under", ignore_index=True
    )
    differ = (rows["view_estimate"] - rows["estimate_at_completion"]).abs() > 0.01
    if differ.any():
        data.notes.append(
            f"{int(differ.sum()):,} lines have another estimate in the budget view than these formulas give: the view has its own."
        )
    findings = []
    for _, one in whole.iterrows():
        if math.isnan(one["over_under"]):
            findings.append(
                f"Where {int(one['lines']):,} lines will end cannot be said: the budget view lacks what decides it."
            )
            continue
        side = "over" if one["over_under"] < 0 else "under"
        findings.append(
            f"Estimate at completion {money_text(one['estimate_at_completion'], one['currency'])} against a projected budget of "
            f"{money_text(one['projected_budget'], one['currency'])}: {money_text(abs(one['over_under']), one['currency'])} {side}; "
            f"{one['lines_over']:,} of {one['lines']:,} lines over, {one['automatic_lines']:,} automatic (these can never show an underrun), "
            f"{one['unbudgeted_lines']:,} unbudgeted."
        )
    codes = sums(rows, ["cost_code", "currency"], "over_under")
    pictures = by_currency(
        "Over (−) and under budget by cost code", codes, "cost_code", "over_under", whole["currency"]
    )
    about = words(
        "project_id project_name cost_code category currency unbudgeted forecast_method original_budget_amount"
    )
    shown = [*about, *_LINE, "spent_percent"]
    return Answer(summary, rows[shown].sort_values("over_under", ignore_index=True), {"total": whole, "by_cost_code": by_code}, findings, pictures)  # fmt: skip


@report(
    "Work in progress",
    "What is earned against what is billed, and at what margin?",
    Use("prime_contracts_v1_0"),
    *BUDGET,
    Use(
        "payment_applications",
        optional=True,
        among=("prime_contracts_v1_0",),
        decides="what is billed, over or under, is not known",
    ),
)
def wip(data: ReportData, *, view: str | None = None, columns: Mapping[str, str] | None = None) -> Answer:
    """Work out earned revenue, over- and underbilling, and profit, by project and currency; several contracts are summed.

    Contract = original of the signed prime contracts + approved changes. Complete = job to date / estimate at completion, at
    most 100 %. Earned = contract x complete. Billed is completed and stored to date of the last approved owner invoice of each
    contract, retainage included. Overbilled is billed above earned, underbilled the reverse. Profit = contract − the larger of
    estimate and job to date. Loss provision = (estimate − contract) x (1 − complete), the part of the whole loss that is not yet
    in earned minus cost. The estimate includes pending costs, the contract no pending changes. Without an estimate neither profit
    nor margin is stated. Projects without an estimate, or with job to date above it, are flagged.
    """
    contracts = data.take(
        "prime_contracts_v1_0",
        "",
        "status executed grand_total approved_change_orders",
        f"id signed_contract_received_date {CURRENCY}",
    )
    void = plain_words(contracts["status"]).eq("void") | ~is_signed(contracts)
    contracts = data.exclude("prime_contracts_v1_0", contracts, void, "not signed or void")
    contracts["currency"] = data.currencies(contracts, "budget_view_detail_rows", "payment_applications")
    contracts["contract"] = data.money("prime_contracts_v1_0", contracts, "grand_total") + amounts(
        contracts["approved_change_orders"]
    ).fillna(0)
    lines = forecast_lines(data, columns, view)
    names = "project_id project_name currency contract estimate_at_completion job_to_date billed"
    together = pieces(names, contract=contracts, line=lines, invoice=_last_invoices(data))
    summary = data.summary(together, _wip, by=["currency"])
    whole = largest_first(grouped(together, "currency", _wip_sums), summary)
    flagged = summary[summary["flags"].fillna("").ne("")]
    findings = [
        f"Contracts {money_text(one['contract'], one['currency'])}; billed {money_text(one['billed'], one['currency'])}; earned "
        f"{money_text(one['earned'], one['currency'])} on the {one['projects_earned']:,} of {counted(one['projects'], 'project')} where it is known. Overbilled, "
        f"project by project, {money_text(one['overbilled'], one['currency'])}, underbilled {money_text(one['underbilled'], one['currency'])}; "
        f"loss provisions {money_text(one['loss_provision'], one['currency'])}."
        for _, one in whole.iterrows()
    ]
    if len(flagged):
        findings.append(
            f"{len(flagged):,} rows are flagged, as a figure is missing or contradicts another: see the column flags."
        )
    findings.append(
        "The estimate at completion includes pending costs; the contract includes no pending changes."
    )
    pictures = by_currency(
        "Overbilled (+) and underbilled (−) by project",
        summary,
        "project_name",
        "over_under_billed",
        whole["currency"],
    )
    tables = {"total": whole, "flagged": flagged.reset_index(drop=True)}
    return Answer(summary, summary.copy(), tables, findings, pictures)


def _last_invoices(data: ReportData) -> pd.DataFrame:
    column = "g702.total_completed_and_stored_to_date"
    rows = data.take(
        "payment_applications", "", f"status {column}", f"id number billing_date contract.id {CURRENCY}"
    )
    unapproved = ~plain_words(rows["status"]).isin(["approved", "approved_as_noted"])
    rows = data.exclude("payment_applications", rows, unapproved, "not approved")
    rows["currency"] = data.currencies(rows, "prime_contracts_v1_0", "budget_view_detail_rows")
    rows["billed"], rows["place"] = amounts(rows[column]), amounts(rows["number"])
    rows["billing_date"] = data.days(rows, "billing_date")
    return (
        rows.sort_values(["place", "billing_date"], kind="stable")
        .groupby(["project_id", "contract.id"], dropna=False)
        .tail(1)
    )


def _wip(rows: pd.DataFrame) -> dict[str, Any]:
    contracts, lines, invoices = (rows[rows["what"] == one] for one in ("contract", "line", "invoice"))
    contract = total(contracts["contract"]) if len(contracts) else math.nan
    estimate = total(lines["estimate_at_completion"]) if len(lines) else math.nan
    done = total(lines["job_to_date"]) if len(lines) else math.nan
    billed = total(invoices["billed"]) if len(invoices) else math.nan
    share = min(done / estimate, 1.0) if estimate > 0 and not math.isnan(done) else math.nan
    earned = contract * share
    flags = {
        "no signed contract": math.isnan(contract),
        "no estimate": not estimate > 0,
        "job to date above estimate": done > estimate,
        "no approved owner invoice": math.isnan(billed),
    }
    difference = billed - earned
    # Without an estimate nothing is known of the profit, least of all that it is the whole contract.
    profit = contract - max(estimate, done) if estimate > 0 and not math.isnan(done) else math.nan
    loss = max(estimate - contract, 0.0) * (1 - share) if not math.isnan(estimate - contract) else math.nan
    return {
        "contract": contract,
        "estimate": estimate,
        "job_to_date": done,
        "complete_percent": round(100 * share, 2),
        "earned": round(earned, 2),
        "billed": billed,
        "over_under_billed": round(difference, 2),
        "overbilled": math.nan if math.isnan(difference) else round(max(0.0, difference), 2),
        "underbilled": math.nan if math.isnan(difference) else round(max(0.0, -difference), 2),
        "profit": round(profit, 2),
        "margin_percent": percent(profit, contract),
        "loss_provision": round(loss, 2),
        "flags": "; ".join(name for name, said in flags.items() if said),
    }


def _wip_sums(rows: pd.DataFrame) -> dict[str, Any]:
    """Return the figures of all projects of a currency: sums of the projects' figures."""
    each = [_wip(part) for _, part in rows.groupby("project_id", dropna=False)] or [_wip(rows)]
    names = words("contract estimate job_to_date earned billed overbilled underbilled profit loss_provision")
    return {"projects": len(each), "projects_earned": sum(not math.isnan(one["earned"]) for one in each)} | {
        name: total(pd.Series([one[name] for one in each], dtype="float64")) for name in names
    }
