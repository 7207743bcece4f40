"""Billing: what is owed and retained, since when; and what is earned against what is billed.

In: subcontractor invoices, owner invoices, commitments, prime contracts, budget lines. Out: an `Analysis` each. Speaks to no service.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from procore_nb.reports import measures
from procore_nb.reports.budget_reports import BUDGET, BUDGET_LINES, PRIME_CONTRACTS, forecast_lines
from procore_nb.reports.definition import Use, report
from procore_nb.reports.measures import Finding, grouped, largest_first, percent, sentence, sums, total, words
from procore_nb.reports.report_data import COMMITMENTS, CURRENCY, ReportData, is_signed
from procore_nb.reports.result import Analysis, Picture, by_currency
from procore_nb.reports.typed_columns import (
    amounts,
    check_classes,
    class_names,
    classes,
    ids_of,
    status_codes,
)

_AMOUNTS = {
    "due": "current_payment_due",
    "billed": "total_completed_and_stored_to_date",
    "retained": "total_retainage",
}
_SHOWN = words(
    "project_id project_name side id contract_id vendor number status state billing_date paid currency due unpaid age_days "
    "age_class is_last billed retained"
)


@dataclass(frozen=True)
class _InvoiceColumns:
    """Where the figures of one side's invoices stand."""

    name: str
    contract: str
    summary: str
    paid: str


_OWED = _InvoiceColumns("requisitions", "commitment_id", "summary", "payment_date")
_OWNER = _InvoiceColumns("payment_applications", "contract.id", "g702", "total_amount_paid")


@report(
    "Billing",
    "What do we owe subcontractors, since when, and what retainage is held?",
    *(Use(name, optional=True) for name in COMMITMENTS),
    Use(_OWED.name, optional=True, if_any=COMMITMENTS, decides="what is owed to subcontractors is not known"),
    Use(_OWNER.name, optional=True, decides="what owners owe is not known"),
)
def billing(
    data: ReportData,
    *,
    counted: tuple[str, ...] = ("approved", "approved_as_noted"),
    waiting: tuple[str, ...] = ("under_review", "pending_owner_approval"),
    age_classes: tuple[int, ...] = (30, 60, 90),
) -> Analysis:
    """Add up invoices, and age what is not paid.

    Invoices are cumulative: the last counted one of a contract (`counted` statuses) is its total billed and its retainage
    held; they are never added up. Unpaid is the payment due of each counted invoice without a payment date, by its age from
    the billing date. In a project where no invoice has a payment date and no payments are recorded on commitments, it is
    unknown whether they are paid, and unpaid is missing. Waiting are invoices in review (`waiting` statuses). The owner's side is the same from
    owner invoices, which name the amount paid instead of a date: unpaid is the payment due less that amount. Shares billed
    are of the revised contracts, of those commitments that are given.
    """
    bounds = check_classes(age_classes, "age_classes")
    contracts = pd.concat([_contracts(data, name) for name in COMMITMENTS], ignore_index=True)
    states = {"waiting": waiting, "counted": counted}
    rows = measures.concat_rows([_invoices(data, side, contracts, states) for side in (_OWED, _OWNER)])
    rows["age_class"] = classes(rows["age_days"], bounds).mask(rows.pop("undated"), "no date")
    values = contracts.drop_duplicates("id").set_index("id")["revised_contract"]
    rows["revised_contract"] = rows["contract_id"].map(values).astype("float64")
    figures = {*_figures(rows.iloc[:0])}
    of_owner = {name for name in figures if name.startswith("owner_")}
    unknown = {_OWED.name: figures - of_owner, _OWNER.name: of_owner}
    summary, whole = data.totals(rows, _figures, money=True, unknown=unknown)
    owed, owner = (rows[rows["side"].eq(side.name)] for side in (_OWED, _OWNER))
    names = class_names(bounds)
    ages, vendors = _by_age(owed, names), _of_contracts(owed, "vendor currency")
    tables = {
        "total": whole,
        "by_commitment": _of_contracts(owed, "project_id project_name contract_id vendor currency"),
        "unpaid_by_age": ages,
        "by_vendor": vendors.sort_values("unpaid", ascending=False, ignore_index=True),
        "owner_unpaid_by_age": _by_age(owner, names),
    }
    pictures = [
        Picture(f"Unpaid to subcontractors by age in days, {unit}", row.astype("float64"), str(unit))
        for unit, row in largest_first(ages, summary).set_index("currency")[names].iterrows()
        if row.notna().any()
    ]
    findings = [text for row in whole.to_dict("records") for text in _findings(row)]
    shown = rows[_SHOWN].sort_values("age_days", ascending=False, ignore_index=True)
    return Analysis(summary, shown, tables, findings, pictures)


def _last_invoices(rows: pd.DataFrame, contract: str) -> pd.DataFrame:
    """Return the last invoice of each contract, which holds its totals: the one of the highest number, then day."""
    order = rows.assign(order=amounts(rows["number"])).sort_values(["order", "billing_date"], kind="stable")
    return order.drop_duplicates(["project_id", contract], keep="last")


def _contracts(data: ReportData, name: str) -> pd.DataFrame:
    rows = data.take(name, "", "", f"id revised_contract total_payments {CURRENCY}")
    money = {column: amounts(rows[column]) for column in ("revised_contract", "total_payments")}
    return rows.assign(id=ids_of(rows["id"]), **money)


def _invoices(
    data: ReportData, side: _InvoiceColumns, contracts: pd.DataFrame, states: dict[str, tuple[str, ...]]
) -> pd.DataFrame:
    """Return the invoices of one side that are counted or waiting, each with what decides."""
    columns = {name: f"{side.summary}.{field}" for name, field in _AMOUNTS.items()}
    deciding = f"status billing_date {side.paid} {' '.join(columns.values())}"
    rows = data.take(side.name, "", deciding, f"id number vendor_name {side.contract} {CURRENCY}")
    rows["status"] = status_codes(rows["status"])
    masks = {state: rows["status"].isin(names) for state, names in states.items()}
    rows["state"] = measures.classify(rows.index, pd.NA, masks)
    rows = data.exclude(side.name, rows, rows["state"].isna(), "neither counted nor waiting")
    rows["side"], rows["vendor"] = side.name, rows["vendor_name"].astype("string")
    for name, column in columns.items():
        rows[name] = data.money(side.name, rows, column)
    rows["contract_id"] = ids_of(rows[side.contract])
    rows["currency"] = data.currencies(rows, *COMMITMENTS, PRIME_CONTRACTS)
    rows["billing_date"] = data.days(rows, "billing_date")
    rows["is_last"] = rows.index.isin(_last_invoices(rows[rows["state"].eq("counted")], "contract_id").index)
    return _with_unpaid(data, side, rows, contracts)


def _with_unpaid(
    data: ReportData, side: _InvoiceColumns, rows: pd.DataFrame, contracts: pd.DataFrame
) -> pd.DataFrame:
    """Return the invoices with `paid`, `unpaid` and `age_days`; where a project never says what is paid, they are missing."""
    counted = rows["state"].eq("counted")
    if side is _OWNER:
        amount = amounts(rows[side.paid]).fillna(0)
        marked, paid = amount.ne(0), amount.ne(0) & (amount.abs() >= rows["due"].abs())
        unpaid = rows["due"] - amount
    else:
        marked = paid = rows[side.paid].notna()
        unpaid = rows["due"].mask(paid, 0.0)
    marking = rows["project_id"][counted & marked]
    recorded = contracts["project_id"][contracts["total_payments"] > 0] if side is _OWED else marking
    # Nobody knows is not the same as unpaid.
    known = rows["project_id"].isin([*marking, *recorded])
    rows["paid"] = paid.astype("boolean").where(counted & known)
    rows["unpaid"] = unpaid.where(counted, 0.0).where(known | ~counted)
    if silent := rows["project_id"][counted & ~known].nunique(dropna=False):
        text = "Whether invoices are paid is unknown for {silent:project(s)}: nobody fills {paid} in {side}, and no payments are recorded."
        data.note(sentence(text, silent=silent, paid=side.paid, side=side.name))
    if side is _OWED and recorded.notna().any() and marking.empty:
        text = "Payments are recorded on commitments, but no invoice has a payment date"
        data.note(f"{text}: less may be unpaid than shown.")
    due = counted & rows["unpaid"].ne(0) & rows["unpaid"].notna()
    rows["age_days"] = data.between(rows, rows["billing_date"], data.today(rows)).where(due)
    rows["undated"] = due & rows["billing_date"].isna()
    return rows


def _figures(rows: pd.DataFrame) -> dict[str, Any]:
    owed, owner = (rows[rows["side"] == side.name] for side in (_OWED, _OWNER))
    last, owner_last = owed[owed["is_last"]], owner[owner["is_last"]]
    compared = last[last["revised_contract"].notna()]

    def amount(part: pd.DataFrame, column: str, by: str, name: str) -> float:
        return total(part.loc[part[by] == name, column])

    return {
        "billed": total(last["billed"]),
        "billed_percent": percent(total(compared["billed"]), total(compared["revised_contract"])),
        "retainage_held": total(last["retained"]),
        "unpaid": amount(owed, "unpaid", "state", "counted"),
        "unpaid_invoices": int(owed["age_class"].count()),
        "oldest_unpaid_days": owed["age_days"].max(),
        "waiting": amount(owed, "due", "state", "waiting"),
        "under_review": amount(owed, "due", "status", "under_review"),
        "pending_owner_approval": amount(owed, "due", "status", "pending_owner_approval"),
        "owner_billed": total(owner_last["billed"]),
        "owner_retainage_held": total(owner_last["retained"]),
        "owner_unpaid": amount(owner, "unpaid", "state", "counted"),
        "owner_waiting": amount(owner, "due", "state", "waiting"),
    }


def _of_contracts(rows: pd.DataFrame, by: str) -> pd.DataFrame:
    last, state = rows["is_last"], rows["state"]
    columns = {
        "billed": rows["billed"].where(last),
        "contract": rows["revised_contract"].where(last),
        "retainage_held": rows["retained"].where(last),
        "unpaid": rows["unpaid"].where(state.eq("counted")),
        "waiting": rows["due"].where(state.eq("waiting")),
    }
    table = sums(rows[words(by)].assign(**columns), words(by), *columns)
    share = 100 * table["billed"] / table["contract"]
    return table.assign(billed_percent=share.where(table["contract"] > 0).round(2))


def _by_age(rows: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Return one row for each currency with what is unpaid in each class of age; without a date only where some is."""

    def measure(part: pd.DataFrame) -> dict[str, Any]:
        if part["unpaid"].isna().all() and len(part):
            return dict.fromkeys(columns, math.nan)
        return {name: total(part.loc[part["age_class"].eq(name).fillna(False), "unpaid"]) for name in columns}

    columns = [*names, "no date"]
    table = grouped(rows[rows["state"].eq("counted")], "currency", measure)
    return table if table["no date"].fillna(0).ne(0).any() else table.drop(columns="no date")


def _findings(row: dict[Any, Any]) -> list[str]:
    owed = (
        "To subcontractors {unpaid:money} approved and not paid, the oldest for {oldest_unpaid_days:days}; {waiting:money} in review; "
        "retainage held {retainage_held:money} of {billed:money} billed."
    )
    owner = (
        "From owners {owner_unpaid:money} approved and not paid, {owner_waiting:money} in review; they retain {owner_retainage_held:money} of "
        "{owner_billed:money} billed."
    )
    some = not math.isnan(row["unpaid"]) and (row["billed"] or row["unpaid"])
    return measures.sentences({owed: some, owner: row["owner_billed"] > 0}, row)


@report(
    "Work in progress",
    "What is earned against what is billed, and at what margin?",
    Use(PRIME_CONTRACTS),
    *BUDGET,
    Use(
        _OWNER.name,
        optional=True,
        if_any=(PRIME_CONTRACTS,),
        decides="what is billed, over or under, is not known",
    ),
)
def wip(data: ReportData, *, view: str | None = None, columns: Mapping[str, str] | None = None) -> Analysis:
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
    invoices = _approved_invoices(data)
    together = measures.concat_sources(names, contract=_prime_contracts(data), line=lines, invoice=invoices)
    summary = data.summary(together, _wip_figures, by=["currency"])
    # Of all projects: sums of their figures, as over- and underbilling do not cancel out.
    whole = largest_first(grouped(summary, "currency", _wip_sums), summary)
    flagged = summary[summary["flags"].fillna("").ne("")]
    text = (
        "Contracts {contract:money}; billed {billed:money}; earned {earned:money} on the {projects_earned} of {projects:project(s)} where it is known. "
        "Overbilled, project by project, {overbilled:money}, underbilled {underbilled:money}; loss provisions {loss_provision:money}."
    )
    findings = [sentence(text, row) for row in whole.to_dict("records")]
    if len(flagged):
        text = "rows are flagged, as a figure is missing or contradicts another: see the column flags."
        findings.append(Finding(f"{len(flagged):,} {text}", "note"))
    findings.append(
        "The estimate at completion includes pending costs; the contract includes no pending changes."
    )
    title = "Over (+) and underbilled (−) by project"
    pictures = by_currency(title, summary, "project_name", "over_under_billed", whole["currency"])
    tables = {"total": whole, "flagged": flagged.reset_index(drop=True)}
    return Analysis(summary, summary.copy(), tables, findings, pictures)


def _prime_contracts(data: ReportData) -> pd.DataFrame:
    """Return the signed prime contracts, each with its amount: the original and approved changes."""
    deciding = "status executed grand_total approved_change_orders"
    rows = data.take(PRIME_CONTRACTS, "", deciding, f"id signed_contract_received_date {CURRENCY}")
    unsigned = status_codes(rows["status"]).eq("void") | ~is_signed(rows)
    rows = data.exclude(PRIME_CONTRACTS, rows, unsigned, "not signed or void")
    rows["currency"] = data.currencies(rows, BUDGET_LINES, _OWNER.name)
    approved = amounts(rows["approved_change_orders"]).fillna(0)
    rows["contract"] = data.money(PRIME_CONTRACTS, rows, "grand_total") + approved
    return rows


def _approved_invoices(data: ReportData) -> pd.DataFrame:
    """Return the last approved owner invoice of each contract."""
    name, column = _OWNER.name, f"{_OWNER.summary}.{_AMOUNTS['billed']}"
    rows = data.take(name, "", f"status {column}", f"id number billing_date contract.id {CURRENCY}")
    unapproved = ~status_codes(rows["status"]).isin(["approved", "approved_as_noted"])
    rows = data.exclude(name, rows, unapproved, "not approved")
    rows["currency"] = data.currencies(rows, PRIME_CONTRACTS, BUDGET_LINES)
    rows["billed"], rows["billing_date"] = amounts(rows[column]), data.days(rows, "billing_date")
    return _last_invoices(rows, "contract.id")


def _wip_figures(rows: pd.DataFrame) -> dict[str, Any]:
    def amount(source: str, column: str) -> float:
        part = rows.loc[rows["source"] == source, column]
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
        "flags": "; ".join(name for name, is_true in flags.items() if is_true),
    }


def _above(value: float) -> float:
    """Return an amount where it is above zero, else zero; missing stays missing."""
    return value if math.isnan(value) else max(0.0, value)


def _wip_sums(rows: pd.DataFrame) -> dict[str, Any]:
    names = words("contract estimate job_to_date earned billed overbilled underbilled profit loss_provision")
    figures = {name: total(rows[name]) for name in names}
    return {"projects": len(rows), "projects_earned": int(rows["earned"].count()), **figures}
