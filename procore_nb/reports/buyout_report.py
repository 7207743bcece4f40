"""Buyout: what is bought, at what saving, and what is still to buy.

In: budget lines, commitments and their line items. Out: an `Answer`. Speaks to no service.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd

from procore_nb.reports.budget_reports import BUDGET, budget_lines
from procore_nb.reports.definition import Use, report
from procore_nb.reports.measures import amounts, classify, percent, sentence, stacked, sums, total, words
from procore_nb.reports.pictures import by_currency
from procore_nb.reports.report_data import (
    COMMITMENTS,
    CURRENCY,
    ReportData,
    alike,
    ids_of,
    is_signed,
    plain_words,
    truth,
)
from procore_nb.reports.result import Answer

_UNBOUGHT = ("draft", "out_for_bid", "terminated", "void")
_ORDERS, _ORDER_LINES = "commitment_change_orders", "commitment_change_order_line_items"
_CODES = {
    "wbs": "wbs_code.id wbs_code_id",
    "code": "cost_code.id cost_code_id",
    "word": "cost_code.full_code cost_code cost_code.code cost_code.name wbs_code.flat_code",
}
"""Where a line item names its cost code, best first: by the ids of the budget line, or in words."""


def _kind(contracts: str) -> str:
    return contracts.removesuffix("s")


def _counting(name: str, frames: Mapping[str, pd.DataFrame], _: Mapping[str, Any]) -> pd.DataFrame:
    """Return the contracts whose line items are asked for."""
    contracts = frames[name]
    if contracts.empty:
        return contracts
    status = plain_words(contracts["status"])
    return contracts[status.ne("void") & (truth(contracts["executed"]) | ~status.isin(_UNBOUGHT))]


def _approved(frames: Mapping[str, pd.DataFrame], _: Mapping[str, Any]) -> pd.DataFrame:
    orders = frames[_ORDERS]
    return orders[plain_words(orders["status"]).eq("approved")] if len(orders) else orders


def _wants_lines(options: Mapping[str, Any]) -> bool:
    return bool(options["change_order_lines"])


@report(
    "Buyout",
    "What is bought, at what saving, and what is still to buy?",
    *BUDGET,
    *map(Use, COMMITMENTS),
    *(Use(f"{_kind(one)}_line_items", parent=one, pick=partial(_counting, one)) for one in COMMITMENTS),
    Use(_ORDERS, optional=True, wanted=_wants_lines),
    Use(_ORDER_LINES, optional=True, parent=_ORDERS, pick=_approved, wanted=_wants_lines),
)
def buyout(
    data: ReportData,
    *,
    bought_from: float = 80.0,
    change_order_lines: bool = False,
    view: str | None = None,
    columns: Mapping[str, str] | None = None,
) -> Answer:
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
    summary, whole = data.totals(codes, _bought, money=True)
    findings = [
        sentence(
            "{bought_percent:%} of {budget:money} bought, at a {side} of {off:money} so far; {in_signature:money} in signature, whose saving does not "
            "count; budget of codes still to buy {to_buy_budget:money}.",
            one,
            off=abs(one["saving_so_far"]),
            loss=-one["saving_so_far"],
            side="loss" if one["saving_so_far"] < 0 else "saving",
        )
        for one in whole.to_dict("records")
    ]
    title = "Saving (−: loss) of codes bought, by project"
    pictures = by_currency(title, summary, "project_name", "saving_so_far", whole["currency"])
    tables = {"total": whole, "codes": codes, "commitments": spent}
    return Answer(summary, codes, tables, findings, pictures)


def _by_code(lines: pd.DataFrame, spent: pd.DataFrame, bought_from: float) -> pd.DataFrame:
    """Return one row for each project, currency and cost code, with its budget, what is committed, and what it saves."""
    keys = ["project_id", "currency", "cost_code"]
    states = ["committed", "in_signature"]
    budget = sums(lines.assign(budget=lines["revised"]), keys, "budget").assign(listed=True)
    by_state = {one: spent["amount"].where(spent["state"] == one) for one in states}
    codes = budget.merge(sums(spent.assign(**by_state), keys, *states), on=keys, how="outer")
    codes[states] = codes[states].fillna(0.0)
    committed, waits = codes["committed"], codes["in_signature"] > 0
    # A code without a budget line has no budget; one whose line has no amount has an unknown one.
    known = codes["budget"].where(codes["listed"].notna(), 0.0)
    bought = (committed > 0) & (committed >= known * bought_from / 100)
    masks = {
        "in signature": waits,
        "partly bought": committed > 0,
        "bought": bought,
        "budget unknown": known.isna(),
    }
    codes["state"] = classify(codes.index, "to buy", masks)
    codes["saving"] = (known - committed).where(bought)
    codes["would_save"] = (known - committed - codes["in_signature"]).where(~bought & waits)
    codes["to_buy"] = (known - committed).where(~bought)
    names = pd.concat([lines, spent])[["project_id", "project_name"]].drop_duplicates("project_id")
    order = "project_id project_name cost_code currency budget committed in_signature state saving would_save to_buy"
    return codes.merge(names, on="project_id", how="left")[words(order)]


def _bought(codes: pd.DataFrame) -> dict[str, Any]:
    done = codes["state"].eq("bought")
    blind = codes["state"].eq("budget unknown").any() and not done.any()
    return {
        **{name: total(codes[name]) for name in ("budget", "committed", "in_signature")},
        "bought_percent": percent(total(codes.loc[done, "budget"]), total(codes["budget"])),
        "saving_so_far": math.nan if blind else total(codes.loc[done, "saving"]),
        "would_save": total(codes["would_save"].dropna()),
        "to_buy_budget": total(codes.loc[~done, "budget"]),
        "still_to_buy": total(codes["to_buy"].dropna()),
        "codes_bought": int(done.sum()),
        "codes": len(codes),
    }


def _commitments(data: ReportData, budget: pd.DataFrame) -> pd.DataFrame:
    """Return the lines of contracts that are signed or in signature, each with its cost code as the budget calls it."""
    every = [_contract_lines(data, name) for name in COMMITMENTS]
    rows = stacked([*every, _change_lines(data, every)])
    rows["cost_code"] = _codes(rows, budget)
    return rows[
        ["project_id", "project_name", "kind", "what", "parent", "cost_code", "currency", "state", "amount"]
    ]


def _contract_lines(data: ReportData, name: str) -> pd.DataFrame:
    """Return the line items of contracts of one kind that count, with state and currency of their contract."""
    other = f"id signed_contract_received_date approved_change_orders {CURRENCY}"
    contracts = data.take(name, "", "status executed", other)
    status = plain_words(contracts["status"])
    states = {"in_signature": ~status.isin(_UNBOUGHT), "committed": is_signed(contracts) & status.ne("void")}
    contracts["state"] = classify(contracts.index, pd.NA, states)
    contracts = data.exclude(
        name, contracts, contracts["state"].isna(), "not bought: void, draft or out for bid"
    )
    contracts = contracts.assign(
        currency=data.currencies(contracts, "budget_view_detail_rows"), parent=ids_of(contracts["id"])
    )
    lines = _lines(data, f"{_kind(name)}_line_items", f"{_kind(name)}_id holder.id contract_id")
    lines, counting = alike(
        "parent", lines, contracts[["parent", "state", "currency", "approved_change_orders"]]
    )
    rows = lines.merge(counting, on="parent", how="inner")
    if len(rows) and not data.has(_ORDER_LINES):
        own = rows.groupby("parent")["amount"]
        sums = own.transform("sum")
        share = (rows["amount"] / sums).where(sums.ne(0), 1 / own.transform("size"))
        rows["amount"] += amounts(rows["approved_change_orders"]).fillna(0) * share
    missing = int((counting["parent"].notna() & ~counting["parent"].isin(rows["parent"])).sum())
    if missing:
        data.note(f"{missing:,} {name.replace('_', ' ')} that count have no line items here: their cost codes are unknown, and they are not in the figures.")  # fmt: skip
    return rows.assign(kind=_kind(name), what="contract")


def _lines(data: ReportData, name: str, parents: str) -> pd.DataFrame:
    rows = data.take(name, "", "amount", f"{' '.join(_CODES.values())} {parents}")
    # The last part of a flat code is the kind of cost.
    flat = rows["wbs_code.flat_code"].astype("string").str.replace(r"\.?[^.]*$", "", regex=True)
    rows["wbs_code.flat_code"] = flat
    parent = rows[words(parents)].astype("object").bfill(axis=1).iloc[:, 0]
    return rows.assign(parent=ids_of(parent), amount=amounts(rows["amount"]))


def _change_lines(data: ReportData, contracts: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the lines of approved change orders, with state and currency of their contract."""
    orders = data.take(_ORDERS, "", "status contract_id" if data.has(_ORDERS) else "", "id")
    lines = _lines(data, _ORDER_LINES, "commitment_change_order_id holder.id").assign(what="change order")
    if lines.empty or orders.empty:
        return lines.assign(state="", currency="", kind="")
    orders = orders[plain_words(orders["status"]).eq("approved")]
    parent = lines["parent"].map(dict(zip(ids_of(orders["id"]), ids_of(orders["contract_id"]), strict=True)))
    known = pd.concat(contracts)[["parent", "state", "currency", "kind"]].drop_duplicates("parent")
    lines, known = alike("parent", lines.assign(parent=ids_of(parent)), known)
    return lines.merge(known, on="parent", how="inner")


def _codes(rows: pd.DataFrame, budget: pd.DataFrame) -> pd.Series[Any]:
    """Return the cost code of each line as the budget of its project calls it; by id, else by code, else by name."""
    known: dict[tuple[str, str, str], str] = {}
    columns = ["project_id", "cost_code", "cost_code_id", "wbs_code_id"]
    for project, code, cost_id, wbs_id in budget[columns].itertuples(index=False):
        number, _, title = code.partition(" - ")
        texts = [("word", one) for one in (code, number, title) if one]
        for kind, value in [("code", cost_id), ("wbs", wbs_id), *texts]:
            if not pd.isna(value):
                known.setdefault((str(project), kind, str(value).strip().lower()), code)
    found = pd.Series(pd.NA, index=rows.index, dtype="string")
    called, projects = found, rows["project_id"].astype(str)
    for kind, names in _CODES.items():
        for column in words(names):
            text = rows[column].astype("string").str.strip()
            keys = zip(projects, text.str.lower().fillna(""), strict=True)
            codes = [known.get((project, kind, one)) for project, one in keys]
            found = found.fillna(pd.Series(codes, rows.index, dtype="string"))
            called = called.fillna(text) if kind == "word" else called
    return found.fillna(called).fillna("(no cost code)")
