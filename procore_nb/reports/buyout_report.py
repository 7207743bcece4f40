"""Buyout: what is bought, at what saving, and what is still to buy.

In: budget lines, commitments and their line items. Out: an `Answer`. Speaks to no service.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from procore_nb.reports.budget_reports import BUDGET, CURRENCY, budget_lines
from procore_nb.reports.definition import Use, report
from procore_nb.reports.measures import (
    amounts,
    grouped,
    largest_first,
    money_text,
    number_text,
    percent,
    sums,
    total,
    words,
)
from procore_nb.reports.pictures import by_currency
from procore_nb.reports.report_data import ReportData, alike, ids_of, is_signed, plain_words, truth
from procore_nb.reports.result import Answer

_KINDS = {
    "work_order_contract": "work_order_contracts",
    "purchase_order_contract": "purchase_order_contracts",
}
_UNBOUGHT = ("draft", "out_for_bid", "terminated", "void")


def _counting(kind: str) -> Any:
    def pick(frames: dict[str, pd.DataFrame], _: Mapping[str, Any]) -> pd.DataFrame:
        contracts = frames[_KINDS[kind]]
        if contracts.empty:
            return contracts
        status = plain_words(contracts["status"])
        return contracts[status.ne("void") & (truth(contracts["executed"]) | ~status.isin(_UNBOUGHT))]

    return pick


def _approved(frames: dict[str, pd.DataFrame], _: Mapping[str, Any]) -> pd.DataFrame:
    orders = frames["commitment_change_orders"]
    return orders[plain_words(orders["status"]).eq("approved")] if len(orders) else orders


def _wants_lines(options: Mapping[str, Any]) -> bool:
    return bool(options["change_order_lines"])


@report(
    "Buyout",
    "What is bought, at what saving, and what is still to buy?",
    *BUDGET,
    *(Use(one) for one in _KINDS.values()),
    *(Use(f"{kind}_line_items", parent=parent, pick=_counting(kind)) for kind, parent in _KINDS.items()),
    Use("commitment_change_orders", optional=True, wanted=_wants_lines),
    Use(
        "commitment_change_order_line_items",
        optional=True,
        parent="commitment_change_orders",
        pick=_approved,
        wanted=_wants_lines,
    ),
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
    keys = ["project_id", "currency", "cost_code"]
    budget = sums(lines.assign(budget=lines["revised"]), keys, "budget").assign(listed=True)
    spent = _commitments(data, lines)
    by_state = {one: spent["amount"].where(spent["state"] == one) for one in ("committed", "in_signature")}
    codes = budget.merge(sums(spent.assign(**by_state), keys, *by_state), on=keys, how="outer")
    codes[["committed", "in_signature"]] = codes[["committed", "in_signature"]].fillna(0.0)
    # A code without a budget line has no budget; one whose line has no amount has an unknown one.
    known = codes["budget"].where(codes["listed"].notna(), 0.0)
    bought = (codes["committed"] > 0) & (codes["committed"] >= known * bought_from / 100)
    state = pd.Series("to buy", index=codes.index, dtype="string").mask(
        codes["in_signature"] > 0, "in signature"
    )
    state = state.mask(codes["committed"] > 0, "partly bought").mask(bought, "bought")
    codes["state"] = state.mask(known.isna(), "budget unknown")
    codes["saving"] = (known - codes["committed"]).where(bought)
    waits = ~bought & (codes["in_signature"] > 0)
    codes["would_save"] = (known - codes["committed"] - codes["in_signature"]).where(waits)
    codes["to_buy"] = (known - codes["committed"]).where(~bought)
    names = pd.concat([lines, spent])[["project_id", "project_name"]].drop_duplicates("project_id")
    codes = codes.merge(names, on="project_id", how="left")
    summary = data.summary(codes, _bought, by=["currency"])
    whole = largest_first(grouped(codes, "currency", _bought), summary)
    findings = [
        f"{number_text(one['bought_percent'], '%')} of {money_text(one['budget'], one['currency'])} bought, at a {'loss' if one['saving_so_far'] < 0 else 'saving'} of "
        f"{money_text(abs(one['saving_so_far']), one['currency'])} so far; {money_text(one['in_signature'], one['currency'])} in signature, whose "
        f"saving does not count; budget of codes still to buy {money_text(one['to_buy_budget'], one['currency'])}."
        for _, one in whole.iterrows()
    ]
    pictures = by_currency(
        "Saving (−: loss) of codes bought, by project",
        summary,
        "project_name",
        "saving_so_far",
        whole["currency"],
    )
    order = words(
        "project_id project_name cost_code currency budget committed in_signature state saving would_save to_buy"
    )
    tables = {"total": whole, "codes": codes[order], "commitments": spent}
    return Answer(summary, codes[order], tables, findings, pictures)


def _bought(codes: pd.DataFrame) -> dict[str, Any]:
    done = codes["state"].eq("bought")
    blind = codes["state"].eq("budget unknown").any() and not done.any()
    return {
        "budget": total(codes["budget"]),
        "committed": total(codes["committed"]),
        "in_signature": total(codes["in_signature"]),
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
    every = []
    for kind, name in _KINDS.items():
        contracts = data.take(
            name, "", "status executed", f"id signed_contract_received_date approved_change_orders {CURRENCY}"
        )
        status, signed = plain_words(contracts["status"]), is_signed(contracts)
        state = pd.Series(pd.NA, index=contracts.index, dtype="string").mask(
            ~status.isin(_UNBOUGHT), "in_signature"
        )
        contracts["state"] = state.mask(signed & status.ne("void"), "committed")
        contracts = data.exclude(
            name, contracts, contracts["state"].isna(), "not bought: void, draft or out for bid"
        )
        contracts["currency"] = data.currencies(contracts, "budget_view_detail_rows")
        contracts["id"] = ids_of(contracts["id"])
        lines = _lines(data, f"{kind}_line_items", f"{kind}_id holder.id contract_id")
        counting = contracts[["id", "state", "currency", "approved_change_orders"]].rename(
            columns={"id": "parent"}
        )
        lines, counting = alike("parent", lines, counting)
        rows = lines.merge(counting, on="parent", how="inner")
        if len(rows) and not data.has("commitment_change_order_line_items"):
            size, sums = (
                rows.groupby("parent")["amount"].transform("size"),
                rows.groupby("parent")["amount"].transform("sum"),
            )
            rows["amount"] += amounts(rows["approved_change_orders"]).fillna(0) * (
                rows["amount"] / sums
            ).where(sums.ne(0), 1 / size)
        missing = counting["parent"].notna().sum() - counting["parent"].isin(rows["parent"]).sum()
        if missing:
            data.notes.append(
                f"{missing:,} {name.replace('_', ' ')} that count have no line items here: their cost codes are unknown, and they are not in the figures."
            )
        every.append(rows.assign(kind=kind, what="contract"))
    every.append(_change_lines(data, every))
    rows = pd.concat([one for one in every if len(one)] or every[:1], ignore_index=True)
    rows["cost_code"] = _codes(rows, budget)
    return rows[
        ["project_id", "project_name", "kind", "what", "parent", "cost_code", "currency", "state", "amount"]
    ]


def _lines(data: ReportData, name: str, parents: str) -> pd.DataFrame:
    codes = "cost_code cost_code.id cost_code.full_code cost_code.code cost_code.name wbs_code.id wbs_code.flat_code wbs_code_id cost_code_id"
    rows = data.take(name, "", "amount", f"{codes} {parents}")
    parent = pd.Series(pd.NA, index=rows.index, dtype="object")
    for one in parents.split():
        parent = parent.fillna(rows[one].astype("object"))
    rows["parent"], rows["amount"] = ids_of(parent), amounts(rows["amount"])
    return rows


def _change_lines(data: ReportData, contracts: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the lines of approved change orders, with state and currency of their contract."""
    orders = data.take(
        "commitment_change_orders",
        "",
        "status contract_id" if data.has("commitment_change_orders") else "",
        "id",
    )
    lines = _lines(data, "commitment_change_order_line_items", "commitment_change_order_id holder.id")
    if not len(lines) or not len(orders):
        return lines.assign(state="", currency="", kind="", what="change order")
    orders = orders[plain_words(orders["status"]).eq("approved")]
    parent = lines["parent"].map(dict(zip(ids_of(orders["id"]), ids_of(orders["contract_id"]), strict=True)))
    known = pd.concat(contracts)[["parent", "state", "currency", "kind"]].drop_duplicates("parent")
    lines, known = alike("parent", lines.assign(parent=ids_of(parent), what="change order"), known)
    return lines.merge(known, on="parent", how="inner")


def _codes(rows: pd.DataFrame, budget: pd.DataFrame) -> pd.Series[Any]:
    """Return the cost code of each line as the budget of its project calls it; by id, else by code, else by name."""
    known: dict[tuple[Any, str, str], str] = {}
    for project, code, *ids in budget[["project_id", "cost_code", "cost_code_id", "wbs_code_id"]].itertuples(
        index=False
    ):
        number, _, title = str(code).partition(" - ")
        words: list[tuple[str, Any]] = [("word", one) for one in (code, number, title) if one]
        for kind, value in [*zip(("code", "wbs"), ids, strict=True), *words]:
            if not pd.isna(value):
                known.setdefault((str(project), kind, str(value).strip().lower()), str(code))
    kinds = {"wbs": "wbs_code.id wbs_code_id", "code": "cost_code.id cost_code_id"}
    kinds["word"] = "cost_code.full_code cost_code cost_code.code cost_code.name"
    order = [(kind, one) for kind, names in kinds.items() for one in names.split()]
    found = []
    for row in rows[["project_id", *(one for _, one in order), "wbs_code.flat_code"]].to_dict("records"):
        project = str(row["project_id"])
        own = [(kind, str(row[column]).strip()) for kind, column in order if not pd.isna(row[column])]
        flat = row["wbs_code.flat_code"]
        own += [("word", str(flat).rpartition(".")[0])] if not pd.isna(flat) else []
        match = next(
            (
                known[project, kind, text.lower()]
                for kind, text in own
                if (project, kind, text.lower()) in known
            ),
            None,
        )
        called = [text for kind, text in own if kind == "word"]
        found.append(match or (called[0] if called else "(no cost code)"))
    return pd.Series(found, index=rows.index, dtype="string")
