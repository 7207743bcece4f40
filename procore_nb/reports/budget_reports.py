"""Budgets: where each line will end, what is bought, at what saving, and what is still to buy.

In: budget lines, commitments and their line items. Out: an `Analysis` each, and budget lines for other reports. Speaks to no service.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import pandas as pd

from procore_nb.errors import ArgumentError
from procore_nb.near_match import near, slug
from procore_nb.reports.definition import Use, report
from procore_nb.reports.measures import classify, concat_rows, count, percent, sentence, sums, total, words
from procore_nb.reports.report_data import COMMITMENTS, CURRENCY, ReportData, is_signed
from procore_nb.reports.result import Analysis, by_currency
from procore_nb.reports.typed_columns import amounts, booleans, comparable_ids, ids_of, status_codes

PRIME_CONTRACTS = "prime_contracts_v1_0"
BUDGET_LINES = "budget_view_detail_rows"
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
_LINE = words(
    "revised projected_budget projected_costs forecast_to_complete estimate_at_completion over_under job_to_date"
)
_UNBOUGHT = ("draft", "out_for_bid", "terminated", "void")
_ORDERS, _ORDER_LINES = "commitment_change_orders", "commitment_change_order_line_items"
_CODES = {
    "wbs": "wbs_code.id wbs_code_id",
    "code": "cost_code.id cost_code_id",
    "word": "cost_code.full_code cost_code cost_code.code cost_code.name wbs_code.flat_code",
}
"""Where a line item names its cost code, best first: by the ids of the budget line, or in words."""


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
    Use(BUDGET_LINES, parent="budget_views", select=_view, arguments=lambda *_: {"budget_row_type": "all"}),
)


def budget_lines(
    data: ReportData, columns: Mapping[str, str] | None, view: str | None, figures: Iterable[str] = _NAMES
) -> pd.DataFrame:
    """Return the budget lines of one view of each project, with their amounts by the names of `_NAMES`.

    Of `figures` that the view lacks the notes say so.
    """
    data.take("budget_views")  # for the coverage: how many views each project has
    frame = _one_view(data, data.frames.get(BUDGET_LINES, pd.DataFrame()), view)
    names = _column_names(data, frame, columns or {})
    data.frames[BUDGET_LINES] = frame.rename(columns={column: figure for figure, column in names.items()})
    deciding = ("original_budget_amount", "budget_modifications")
    forecast = words("amount manual_amount calculation_strategy automatically_calculated")
    other = [*words("id cost_code cost_code_id wbs_code_id category"), CURRENCY, *_NAMES]
    other += [f"budget_forecast.{field}" for field in forecast]
    rows = data.take(BUDGET_LINES, "", " ".join(deciding), " ".join(other))
    for column in (*deciding, *_NAMES):
        rows[column] = amounts(rows[column])
    absent = [_NAMES[name][0] for name in _NAMES if name in figures and name not in {*names, "estimate"}]
    if {"revised", "approved_changes"} & set(names):  # each of the two can give the revised budget
        absent = [title for title in absent if title not in ("Revised Budget", "Approved COs")]
    if absent and len(rows):
        advice = "name yours with columns={…}. What they decide is missing."
        data.note(f"The budget view has no column {', '.join(absent)}; {advice}")
    parts = rows["original_budget_amount"] + rows["budget_modifications"].fillna(0) + rows["approved_changes"]
    rows["revised"] = parts.fillna(rows["revised"])
    rows["currency"] = data.currencies(rows, *COMMITMENTS, PRIME_CONTRACTS)
    rows["unbudgeted"] = rows["id"].isna() if not data.lacks(BUDGET_LINES, "id") else False
    rows["cost_code"] = rows["cost_code"].astype("string").fillna("(no cost code)")
    return rows


def _column_names(data: ReportData, frame: pd.DataFrame, chosen: Mapping[str, str]) -> dict[str, str]:
    """Return the column of the lines by the figure it holds: the one chosen, else the one called as in a standard view."""
    unknown = [figure for figure in chosen if figure not in _NAMES]
    if unknown:
        choices = near(unknown[0], _NAMES)
        raise ArgumentError(
            f"columns names {unknown[0]!r}, which is no figure of a budget.",
            advice=f"Did you mean {choices[0]}?" if choices else f"Figures are {', '.join(_NAMES)}.",
        )
    titles = {slug(name): name for name in map(str, frame.columns)}
    details = data.frames.get("budget_detail_columns", pd.DataFrame())
    if {"id", "name"} <= set(details.columns):  # columns that are called by their id have a title there
        named = dict(zip(details["id"].astype(str), details["name"].astype(str), strict=True))
        titles |= {slug(named[name]): name for name in map(str, frame.columns) if name in named}
    columns: dict[str, str] = {}
    for figure, names in _NAMES.items():
        candidates = (chosen[figure],) if figure in chosen else names
        matches = [titles[slug(name)] for name in candidates if slug(name) in titles]
        if matches:
            columns[figure] = matches[0]
        elif figure in chosen and len(frame):
            advice = f"Near: {', '.join(near(chosen[figure], map(str, frame.columns)))}."
            raise ArgumentError(f"The budget lines have no column {chosen[figure]!r}.", advice=advice)
    return columns


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
    strategy = status_codes(rows["budget_forecast.calculation_strategy"])
    is_automatic = booleans(rows["budget_forecast.automatically_calculated"], missing=True)
    manual = strategy.eq("manual") | (strategy.eq("") & ~is_automatic)
    rows["forecast_method"] = strategy.mask(strategy.eq(""), "automatic").mask(manual, "manual")
    automatic = (rows["projected_budget"] - rows["projected_costs"]).clip(lower=0)
    by_hand = amounts(rows["budget_forecast.manual_amount"]).fillna(amounts(rows["budget_forecast.amount"]))
    entered = by_hand.where(manual, amounts(rows["budget_forecast.amount"]).fillna(by_hand))
    by_rule = rows["forecast_method"].eq("automatic")
    rows["automatic"] = by_rule & ~(booleans(rows["unbudgeted"]) & strategy.eq(""))
    rows["forecast_to_complete"] = automatic.where(by_rule, entered)
    rows["view_estimate"] = rows["estimate"]
    rows["estimate_at_completion"] = rows["projected_costs"] + rows["forecast_to_complete"]
    rows["over_under"] = rows["projected_budget"] - rows["estimate_at_completion"]
    return rows


def _line_figures(rows: pd.DataFrame) -> dict[str, Any]:
    amounts = {name: total(rows[name]) for name in _LINE}
    return {
        "lines": len(rows),
        **amounts,
        "spent_percent": percent(amounts["job_to_date"], amounts["estimate_at_completion"]),
        "lines_over": count((rows["over_under"] < 0).astype("boolean").where(rows["over_under"].notna())),
        "automatic_lines": int(rows["automatic"].sum()),
        "unbudgeted_lines": int(booleans(rows["unbudgeted"]).sum()),
    }


@report(
    "Cost",
    "Where will each budget line end?",
    *BUDGET,
    Use("budget_detail_columns", optional=True, option="column_ids", parent="budget_views", select=_view),
)
def cost(
    data: ReportData,
    *,
    view: str | None = None,
    columns: Mapping[str, str] | None = None,
    column_ids: bool = False,
) -> Analysis:
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
    summary, whole = data.totals(rows, _line_figures, money=True)
    by_code = sums(rows, ["project_id", "project_name", "cost_code", "currency"], *_LINE)
    differ = int(((rows["view_estimate"] - estimate).abs() > 0.01).sum())
    if differ:
        text = (
            "lines have another estimate in the budget view than these formulas give: the view has its own."
        )
        data.note(f"{differ:,} {text}")
    unknown = "Where {lines} lines will end cannot be said: the budget view lacks what decides it."
    known = (
        "Estimate at completion {estimate_at_completion:money} against a projected budget of {projected_budget:money}: {off:money} {side}; "
        "{lines_over} of {lines} lines over, {automatic_lines} automatic (these can never show an underrun), {unbudgeted_lines} unbudgeted."
    )
    findings = []
    for row in whole.to_dict("records"):
        off, side = row["over_under"], "over" if row["over_under"] < 0 else "under"
        text = unknown if math.isnan(off) else known
        findings.append(sentence(text, row, off=abs(off), over=-off, side=side))
    codes = sums(rows, ["cost_code", "currency"], "over_under")
    title = "Over (−) and under budget by cost code"
    pictures = by_currency(title, codes, "cost_code", "over_under", whole["currency"])
    shown = "project_id project_name cost_code category currency unbudgeted forecast_method original_budget_amount"
    rows = rows[[*words(shown), *_LINE, "spent_percent"]].sort_values("over_under", ignore_index=True)
    by_code = by_code.sort_values("over_under", ignore_index=True)
    return Analysis(summary, rows, {"total": whole, "by_cost_code": by_code}, findings, pictures)


def _counting(name: str, frames: Mapping[str, pd.DataFrame], _: Mapping[str, Any]) -> pd.DataFrame:
    """Return the contracts whose line items are asked for."""
    contracts = frames[name]
    if contracts.empty:
        return contracts
    status = status_codes(contracts["status"])
    return contracts[status.ne("void") & (booleans(contracts["executed"]) | ~status.isin(_UNBOUGHT))]


def _approved(frames: Mapping[str, pd.DataFrame], _: Mapping[str, Any]) -> pd.DataFrame:
    orders = frames[_ORDERS]
    return orders[status_codes(orders["status"]).eq("approved")] if len(orders) else orders


@report(
    "Buyout",
    "What is bought, at what saving, and what is still to buy?",
    *BUDGET,
    *map(Use, COMMITMENTS),
    *(Use(f"{name[:-1]}_line_items", parent=name, select=partial(_counting, name)) for name in COMMITMENTS),
    Use(_ORDERS, optional=True, option="change_order_lines"),
    Use(_ORDER_LINES, optional=True, option="change_order_lines", parent=_ORDERS, select=_approved),
)
def buyout(
    data: ReportData,
    *,
    bought_from: float = 80.0,
    change_order_lines: bool = False,
    view: str | None = None,
    columns: Mapping[str, str] | None = None,
) -> Analysis:
    """Compare signed commitments with the budget, by cost code.

    Committed is the line items of contracts that are signed and not void, approved change orders included. A code is bought
    from `bought_from` percent of its revised budget committed; its saving is budget − committed. Below, it is partly bought
    and no saving counts. Contracts in signature (neither signed nor draft, out for bid, terminated or void) are shown apart,
    and what they would save does not count. Bought % is the budget of the codes bought / the whole budget. Approved change
    orders are shared over the codes of their contract by its lines, or, with `change_order_lines=True`, taken from their own
    lines, which costs a request for each.
    """
    lines = budget_lines(data, columns, view, figures=("approved_changes", "revised"))
    spent = _commitments(data, lines)
    codes = _by_code(lines, spent, bought_from)
    summary, whole = data.totals(codes, _bought_figures, money=True)
    text = (
        "{bought_percent:%} of {budget:money} bought, at a {side} of {off:money} so far; {in_signature:money} in signature, whose saving does not "
        "count; budget of codes still to buy {to_buy_budget:money}."
    )
    findings = []
    for row in whole.to_dict("records"):
        off, side = row["saving_so_far"], "loss" if row["saving_so_far"] < 0 else "saving"
        findings.append(sentence(text, row, off=abs(off), loss=-off, side=side))
    title = "Saving (−: loss) of codes bought, by project"
    pictures = by_currency(title, summary, "project_name", "saving_so_far", whole["currency"])
    tables = {"total": whole, "codes": codes, "commitments": spent}
    return Analysis(summary, codes, tables, findings, pictures)


def _by_code(lines: pd.DataFrame, spent: pd.DataFrame, bought_from: float) -> pd.DataFrame:
    """Return one row for each project, currency and cost code, with its budget, what is committed, and what it saves."""
    keys = ["project_id", "currency", "cost_code"]
    states = ["committed", "in_signature"]
    budget = sums(lines.assign(budget=lines["revised"]), keys, "budget").assign(listed=True)
    by_state = {state: spent["amount"].where(spent["state"] == state) for state in states}
    codes = budget.merge(sums(spent.assign(**by_state), keys, *states), on=keys, how="outer")
    codes[states] = codes[states].fillna(0.0)
    committed, waits = codes["committed"], codes["in_signature"] > 0
    # A code without a budget line has no budget; one whose line has no amount has an unknown one.
    known = codes["budget"].where(codes["listed"].notna(), 0.0)
    bought = (committed > 0) & (committed >= known * bought_from / 100)
    masks = {"in signature": waits, "partly bought": committed > 0, "bought": bought}
    masks["budget unknown"] = known.isna()
    codes["state"] = classify(codes.index, "to buy", masks)
    codes["saving"] = (known - committed).where(bought)
    codes["would_save"] = (known - committed - codes["in_signature"]).where(~bought & waits)
    codes["to_buy"] = (known - committed).where(~bought)
    names = pd.concat([lines, spent])[["project_id", "project_name"]].drop_duplicates("project_id")
    order = "project_id project_name cost_code currency budget committed in_signature state saving would_save to_buy"
    return codes.merge(names, on="project_id", how="left")[words(order)]


def _bought_figures(codes: pd.DataFrame) -> dict[str, Any]:
    done = codes["state"].eq("bought")
    unknown = codes["state"].eq("budget unknown").any() and not done.any()
    return {
        **{name: total(codes[name]) for name in ("budget", "committed", "in_signature")},
        "bought_percent": percent(total(codes.loc[done, "budget"]), total(codes["budget"])),
        "saving_so_far": math.nan if unknown else total(codes.loc[done, "saving"]),
        "would_save": total(codes["would_save"].dropna()),
        "to_buy_budget": total(codes.loc[~done, "budget"]),
        "still_to_buy": total(codes["to_buy"].dropna()),
        "codes_bought": int(done.sum()),
        "codes": len(codes),
    }


def _commitments(data: ReportData, budget: pd.DataFrame) -> pd.DataFrame:
    """Return the lines of contracts that are signed or in signature, each with its cost code as the budget calls it."""
    every = [_contract_lines(data, name) for name in COMMITMENTS]
    rows = concat_rows([*every, _change_lines(data, every)])
    rows["cost_code"] = _codes(rows, budget)
    return rows[words("project_id project_name kind what parent cost_code currency state amount")]


def _contract_lines(data: ReportData, name: str) -> pd.DataFrame:
    """Return the line items of contracts of one kind that count, with state and currency of their contract."""
    other = f"id signed_contract_received_date approved_change_orders {CURRENCY}"
    contracts = data.take(name, "", "status executed", other)
    status = status_codes(contracts["status"])
    states = {"in_signature": ~status.isin(_UNBOUGHT), "committed": is_signed(contracts) & status.ne("void")}
    contracts["state"] = classify(contracts.index, pd.NA, states)
    unbought = contracts["state"].isna()
    contracts = data.exclude(name, contracts, unbought, "not bought: void, draft or out for bid")
    currency = data.currencies(contracts, BUDGET_LINES)
    contracts = contracts.assign(currency=currency, parent=ids_of(contracts["id"]))
    lines = _lines(data, f"{name[:-1]}_line_items", f"{name[:-1]}_id holder.id contract_id")
    counting = contracts[["parent", "state", "currency", "approved_change_orders"]]
    lines, counting = comparable_ids("parent", lines, counting)
    rows = lines.merge(counting, on="parent", how="inner")
    if len(rows) and _ORDER_LINES not in data.frames:
        own = rows.groupby("parent")["amount"]
        whole = own.transform("sum")
        share = (rows["amount"] / whole).where(whole.ne(0), 1 / own.transform("size"))
        rows["amount"] += amounts(rows["approved_change_orders"]).fillna(0) * share
    missing = int((counting["parent"].notna() & ~counting["parent"].isin(rows["parent"])).sum())
    if missing:
        text = "that count have no line items here: their cost codes are unknown, and they are not in the figures."
        data.note(f"{missing:,} {name.replace('_', ' ')} {text}")
    return rows.assign(kind=name[:-1], what="contract")


def _lines(data: ReportData, name: str, parents: str) -> pd.DataFrame:
    rows = data.take(name, "", "amount", f"{' '.join(_CODES.values())} {parents}")
    # The last part of a flat code is the kind of cost.
    flat = rows["wbs_code.flat_code"].astype("string").str.replace(r"\.?[^.]*$", "", regex=True)
    rows["wbs_code.flat_code"] = flat
    parent = rows[words(parents)].astype("object").bfill(axis=1).iloc[:, 0]
    return rows.assign(parent=ids_of(parent), amount=amounts(rows["amount"]))


def _change_lines(data: ReportData, contracts: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the lines of approved change orders, with state and currency of their contract."""
    orders = data.take(_ORDERS, "", "status contract_id" if _ORDERS in data.frames else "", "id")
    lines = _lines(data, _ORDER_LINES, "commitment_change_order_id holder.id").assign(what="change order")
    if lines.empty or orders.empty:
        return lines.assign(state="", currency="", kind="")
    orders = orders[status_codes(orders["status"]).eq("approved")]
    parent = lines["parent"].map(dict(zip(ids_of(orders["id"]), ids_of(orders["contract_id"]), strict=True)))
    known = pd.concat(contracts)[["parent", "state", "currency", "kind"]].drop_duplicates("parent")
    lines, known = comparable_ids("parent", lines.assign(parent=ids_of(parent)), known)
    return lines.merge(known, on="parent", how="inner")


def _codes(rows: pd.DataFrame, budget: pd.DataFrame) -> pd.Series[Any]:
    """Return the cost code of each line as the budget of its project calls it; by id, else by code, else by name."""
    known: dict[tuple[str, str, str], str] = {}
    columns = ["project_id", "cost_code", "cost_code_id", "wbs_code_id"]
    for project, code, cost_id, wbs_id in budget[columns].itertuples(index=False):
        number, _, title = code.partition(" - ")
        texts = [("word", text) for text in (code, number, title) if text]
        for kind, value in [("code", cost_id), ("wbs", wbs_id), *texts]:
            if not pd.isna(value):
                known.setdefault((str(project), kind, str(value).strip().lower()), code)
    codes = names = pd.Series(pd.NA, index=rows.index, dtype="string")
    projects = rows["project_id"].astype(str)
    for kind, names_of_columns in _CODES.items():
        for column in words(names_of_columns):
            text = rows[column].astype("string").str.strip()
            keys = zip(projects, text.str.lower().fillna(""), strict=True)
            matches = [known.get((project, kind, value)) for project, value in keys]
            codes = codes.fillna(pd.Series(matches, rows.index, dtype="string"))
            names = names.fillna(text) if kind == "word" else names
    return codes.fillna(names).fillna("(no cost code)")
