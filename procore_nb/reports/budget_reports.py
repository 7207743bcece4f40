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
from procore_nb.reports.billing_report import last_invoices
from procore_nb.reports.definition import Use, report
from procore_nb.reports.measures import (
    Finding,
    amounts,
    count,
    grouped,
    largest_first,
    percent,
    pieces,
    sentence,
    sums,
    total,
    words,
)
from procore_nb.reports.pictures import by_currency
from procore_nb.reports.report_data import (
    COMMITMENTS,
    CURRENCY,
    ReportData,
    ids_of,
    is_signed,
    plain_words,
    truth,
)
from procore_nb.reports.result import Answer

_PRIME = "prime_contracts_v1_0"
_LINES = "budget_view_detail_rows"
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


def _view(frames: Mapping[str, pd.DataFrame], options: Mapping[str, Any]) -> pd.DataFrame:
    """Return one view of each project: the one named, else one called standard, else the first."""
    views = frames["budget_views"]
    if views.empty:
        return views
    names = views["name"].astype("string").fillna("")
    if options["view"]:
        kept = views[names.str.lower().eq(str(options["view"]).lower())].drop_duplicates("project_id")
        if kept.empty:
            choices = ", ".join(near(str(options["view"]), names.unique()))
            raise ArgumentError(f"No budget view is called {options['view']!r}.", advice=f"Near: {choices}.")
        return kept
    standard = names.str.contains("standard", case=False)
    return views.loc[(~standard).sort_values(kind="stable").index].drop_duplicates("project_id")


BUDGET = (
    Use("budget_views", optional=True),
    Use(_LINES, parent="budget_views", pick=_view, arguments=lambda _, __: {"budget_row_type": "all"}),
)


def budget_lines(
    data: ReportData, columns: Mapping[str, str] | None, view: str | None, figures: Iterable[str] = _NAMES
) -> pd.DataFrame:
    """Return the budget lines of one view of each project, with their amounts by the names of `_NAMES`.

    Of `figures` that the view lacks the notes say so.
    """
    data.take("budget_views")  # for the coverage: how many views each project has
    frame = _one_view(data, data.frames.get(_LINES, pd.DataFrame()), view)
    found = _found_columns(data, frame, columns or {})
    data.frames[_LINES] = frame.rename(columns={column: figure for figure, column in found.items()})
    amount = ("original_budget_amount", "budget_modifications")
    forecast = "amount manual_amount calculation_strategy automatically_calculated"
    other = [*words("id cost_code cost_code_id wbs_code_id category"), CURRENCY, *_NAMES]
    other += [f"budget_forecast.{one}" for one in words(forecast)]
    rows = data.take(_LINES, "", " ".join(amount), " ".join(other))
    for one in (*amount, *_NAMES):
        rows[one] = amounts(rows[one])
    absent = [_NAMES[one][0] for one in _NAMES if one in figures and one not in {*found, "estimate"}]
    if {"revised", "approved_changes"} & set(found):  # each of the two can give the revised budget
        absent = [one for one in absent if one not in ("Revised Budget", "Approved COs")]
    if absent and len(rows):
        data.note(f"The budget view has no column {', '.join(absent)}; name yours with columns={{…}}. What they decide is missing.")  # fmt: skip
    parts = rows["original_budget_amount"] + rows["budget_modifications"].fillna(0) + rows["approved_changes"]
    rows["revised"] = parts.fillna(rows["revised"])
    rows["currency"] = data.currencies(rows, *COMMITMENTS, _PRIME)
    rows["unbudgeted"] = rows["id"].isna() if not data.lacks(_LINES, "id") else False
    rows["cost_code"] = rows["cost_code"].astype("string").fillna("(no cost code)")
    return rows


def _found_columns(data: ReportData, frame: pd.DataFrame, chosen: Mapping[str, str]) -> dict[str, str]:
    """Return the column of the lines by the figure it holds: the one chosen, else the one called as in a standard view."""
    unknown = [one for one in chosen if one not in _NAMES]
    if unknown:
        choices = near(unknown[0], _NAMES)
        raise ArgumentError(
            f"columns names {unknown[0]!r}, which is no figure of a budget.",
            advice=f"Did you mean {choices[0]}?" if choices else f"Figures are {', '.join(_NAMES)}.",
        )
    titles = {plain(str(one)): str(one) for one in frame.columns}
    given = data.frames.get("budget_detail_columns", pd.DataFrame())
    if {"id", "name"} <= set(given.columns):  # columns that are called by their id have a title there
        named = {str(number): str(title) for number, title in zip(given["id"], given["name"], strict=True)}
        titles |= {plain(named[one]): one for one in map(str, frame.columns) if one in named}
    found: dict[str, str] = {}
    for figure, names in _NAMES.items():
        wanted = (chosen[figure],) if figure in chosen else names
        matches = [titles[plain(one)] for one in wanted if plain(one) in titles]
        if matches:
            found[figure] = matches[0]
        elif figure in chosen and len(frame):
            nearest = ", ".join(near(chosen[figure], map(str, frame.columns)))
            raise ArgumentError(
                f"The budget lines have no column {chosen[figure]!r}.", advice=f"Near: {nearest}."
            )
    return found


def _one_view(data: ReportData, frame: pd.DataFrame, view: str | None) -> pd.DataFrame:
    """Return the lines of one view of each project, where the rows are of several (frames that were given)."""
    views = data.frames.get("budget_views", pd.DataFrame())
    if not {"id", "project_id", "name"} <= set(views.columns) or "budget_view_id" not in frame.columns:
        return frame
    kept = _view(data.frames, {"view": view})
    return frame[ids_of(frame["budget_view_id"]).isin(ids_of(kept["id"]))]


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
    Use("budget_detail_columns", optional=True, parent="budget_views", pick=_view, wanted=lambda options: bool(options["column_ids"])),
)  # fmt: skip
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
    estimate = rows["estimate_at_completion"]
    spent = (100 * rows["job_to_date"] / estimate).where(estimate.ne(0))
    rows["spent_percent"] = spent.astype("float64").round(2)
    summary, whole = data.totals(rows, _line_measure, money=True)
    by_code = sums(rows, ["project_id", "project_name", "cost_code", "currency"], *_LINE)
    differ = int(((rows["view_estimate"] - estimate).abs() > 0.01).sum())
    if differ:
        data.note(f"{differ:,} lines have another estimate in the budget view than these formulas give: the view has its own.")  # fmt: skip
    findings = [
        sentence("Where {lines} lines will end cannot be said: the budget view lacks what decides it.", one)
        if math.isnan(one["over_under"])
        else sentence(
            "Estimate at completion {estimate_at_completion:money} against a projected budget of {projected_budget:money}: {off:money} {side}; "
            "{lines_over} of {lines} lines over, {automatic_lines} automatic (these can never show an underrun), {unbudgeted_lines} unbudgeted.",
            one,
            off=abs(one["over_under"]),
            over=-one["over_under"],
            side="over" if one["over_under"] < 0 else "under",
        )
        for one in whole.to_dict("records")
    ]
    codes = sums(rows, ["cost_code", "currency"], "over_under")
    title = "Over (−) and under budget by cost code"
    pictures = by_currency(title, codes, "cost_code", "over_under", whole["currency"])
    about = "project_id project_name cost_code category currency unbudgeted forecast_method original_budget_amount"
    rows, by_code = (
        one.sort_values("over_under", ignore_index=True)
        for one in (rows[[*words(about), *_LINE, "spent_percent"]], by_code)
    )
    return Answer(summary, rows, {"total": whole, "by_cost_code": by_code}, findings, pictures)


@report(
    "Work in progress",
    "What is earned against what is billed, and at what margin?",
    Use(_PRIME),
    *BUDGET,
    Use("payment_applications", optional=True, among=(_PRIME,), decides="what is billed, over or under, is not known"),
)  # fmt: skip
def wip(data: ReportData, *, view: str | None = None, columns: Mapping[str, str] | None = None) -> Answer:
    """Work out earned revenue, over- and underbilling, and profit, by project and currency; several contracts are summed.

    Contract = original of the signed prime contracts + approved changes. Complete = job to date / estimate at completion, at
    most 100 %. Earned = contract x complete. Billed is completed and stored to date of the last approved owner invoice of each
    contract, retainage included. Overbilled is billed above earned, underbilled the reverse. Profit = contract − the larger of
    estimate and job to date. Loss provision = (estimate − contract) x (1 − complete), the part of the whole loss that is not yet
    in earned minus cost. The estimate includes pending costs, the contract no pending changes. Without an estimate neither profit
    nor margin is stated. Projects without an estimate, or with job to date above it, are flagged.
    """
    lines = forecast_lines(data, columns, view)
    names = "project_id project_name currency contract estimate_at_completion job_to_date billed"
    together = pieces(names, contract=_prime_contracts(data), line=lines, invoice=_last_invoices(data))
    summary = data.summary(together, _wip, by=["currency"])
    # Of all projects: sums of their figures, as over- and underbilling do not cancel out.
    whole = largest_first(grouped(summary, "currency", _wip_sums), summary)
    flagged = summary[summary["flags"].fillna("").ne("")]
    findings = [
        sentence(
            "Contracts {contract:money}; billed {billed:money}; earned {earned:money} on the {projects_earned} of {projects:project(s)} where it is known. "
            "Overbilled, project by project, {overbilled:money}, underbilled {underbilled:money}; loss provisions {loss_provision:money}.",
            one,
        )
        for one in whole.to_dict("records")
    ]
    if len(flagged):
        findings.append(Finding(f"{len(flagged):,} rows are flagged, as a figure is missing or contradicts another: see the column flags.", "note"))  # fmt: skip
    findings.append("The estimate at completion includes pending costs; the contract includes no pending changes.")  # fmt: skip
    title = "Over (+) and underbilled (−) by project"
    pictures = by_currency(title, summary, "project_name", "over_under_billed", whole["currency"])
    tables = {"total": whole, "flagged": flagged.reset_index(drop=True)}
    return Answer(summary, summary.copy(), tables, findings, pictures)


def _prime_contracts(data: ReportData) -> pd.DataFrame:
    """Return the signed prime contracts, each with its amount: the original and approved changes."""
    deciding = "status executed grand_total approved_change_orders"
    rows = data.take(_PRIME, "", deciding, f"id signed_contract_received_date {CURRENCY}")
    unsigned = plain_words(rows["status"]).eq("void") | ~is_signed(rows)
    rows = data.exclude(_PRIME, rows, unsigned, "not signed or void").copy()
    rows["currency"] = data.currencies(rows, _LINES, "payment_applications")
    approved = amounts(rows["approved_change_orders"]).fillna(0)
    rows["contract"] = data.money(_PRIME, rows, "grand_total") + approved
    return rows


def _last_invoices(data: ReportData) -> pd.DataFrame:
    """Return the last approved owner invoice of each contract."""
    name, column = "payment_applications", "g702.total_completed_and_stored_to_date"
    rows = data.take(name, "", f"status {column}", f"id number billing_date contract.id {CURRENCY}")
    unapproved = ~plain_words(rows["status"]).isin(["approved", "approved_as_noted"])
    rows = data.exclude(name, rows, unapproved, "not approved").copy()
    rows["currency"] = data.currencies(rows, _PRIME, _LINES)
    rows["billed"], rows["billing_date"] = amounts(rows[column]), data.days(rows, "billing_date")
    return last_invoices(rows, "contract.id")


def _wip(rows: pd.DataFrame) -> dict[str, Any]:
    def amount(what: str, column: str) -> float:
        part = rows.loc[rows["what"] == what, column]
        return total(part) if len(part) else math.nan

    contract, billed = amount("contract", "contract"), amount("invoice", "billed")
    estimate, done = amount("line", "estimate_at_completion"), amount("line", "job_to_date")
    # Without an estimate nothing is known of the profit, least of all that it is the whole contract.
    known = estimate > 0 and not math.isnan(done)
    share = min(done / estimate, 1.0) if known else math.nan
    earned = contract * share
    profit = contract - max(estimate, done) if known else math.nan
    difference = billed - earned
    flags = {
        "no signed contract": math.isnan(contract),
        "no estimate": not estimate > 0,
        "job to date above estimate": done > estimate,
        "no approved owner invoice": math.isnan(billed),
    }
    return {
        "contract": contract,
        "estimate": estimate,
        "job_to_date": done,
        "complete_percent": round(100 * share, 2),
        "earned": round(earned, 2),
        "billed": billed,
        "over_under_billed": round(difference, 2),
        "overbilled": round(_above(difference), 2),
        "underbilled": round(_above(-difference), 2),
        "profit": round(profit, 2),
        "margin_percent": percent(profit, contract),
        "loss_provision": round(_above(estimate - contract) * (1 - share), 2),
        "flags": "; ".join(name for name, said in flags.items() if said),
    }


def _above(value: float) -> float:
    """Return an amount where it is above zero, else zero; missing stays missing."""
    return value if math.isnan(value) else max(0.0, value)


def _wip_sums(rows: pd.DataFrame) -> dict[str, Any]:
    names = words("contract estimate job_to_date earned billed overbilled underbilled profit loss_provision")
    figures = {name: total(rows[name]) for name in names}
    return {"projects": len(rows), "projects_earned": int(rows["earned"].count()), **figures}
