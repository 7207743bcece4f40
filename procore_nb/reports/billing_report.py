"""Billing: what is owed to subcontractors and by owners, since when, and what is retained.

In: subcontractor invoices, owner invoices, commitments. Out: an `Answer`. Speaks to no service.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from procore_nb.reports.days import check_classes, class_names, classes
from procore_nb.reports.definition import Use, report
from procore_nb.reports.measures import (
    amounts,
    classify,
    grouped,
    largest_first,
    percent,
    sentence,
    stacked,
    sums,
    total,
    words,
)
from procore_nb.reports.pictures import Picture
from procore_nb.reports.report_data import COMMITMENTS, CURRENCY, ReportData, ids_of, plain_words
from procore_nb.reports.result import Answer

_MONEY = {
    "due": "current_payment_due",
    "billed": "total_completed_and_stored_to_date",
    "retained": "total_retainage",
}


@dataclass(frozen=True)
class _Side:
    """Where the figures of one side's invoices stand."""

    name: str
    contract: str
    summary: str
    paid: str


_OWED = _Side("requisitions", "commitment_id", "summary", "payment_date")
_OWNER = _Side("payment_applications", "contract.id", "g702", "total_amount_paid")


@report(
    "Billing",
    "What do we owe subcontractors, since when, and what retainage is held?",
    *(Use(one, optional=True) for one in COMMITMENTS),
    Use(_OWED.name, optional=True, among=COMMITMENTS, decides="what is owed to subcontractors is not known"),
    Use(_OWNER.name, optional=True, decides="what owners owe is not known"),
)
def billing(
    data: ReportData,
    *,
    counted: tuple[str, ...] = ("approved", "approved_as_noted"),
    waiting: tuple[str, ...] = ("under_review", "pending_owner_approval"),
    age_classes: tuple[int, ...] = (30, 60, 90),
) -> Answer:
    """Add up invoices, and age what is not paid.

    Invoices are cumulative: the last counted one of a contract (`counted` statuses) is its total billed and its retainage
    held; they are never added up. Unpaid is the payment due of each counted invoice without a payment date, by its age from
    the billing date. In a project where no invoice has a payment date and no payments are recorded on commitments, it is
    unknown whether they are paid, and unpaid is missing. Waiting are invoices in review (`waiting` statuses). The owner's side is the same from
    owner invoices, which name the amount paid instead of a date: unpaid is the payment due less that amount. Shares billed
    are of the revised contracts, of those commitments that are given.
    """
    bounds = check_classes(age_classes, "age_classes")
    contracts = pd.concat([_contracts(data, one) for one in COMMITMENTS], ignore_index=True)
    rows = stacked(
        [
            _invoices(data, side, contracts, {"waiting": waiting, "counted": counted})
            for side in (_OWED, _OWNER)
        ]
    )
    rows["age_class"] = classes(rows["age_days"], bounds).mask(rows.pop("undated"), "no date")
    values = contracts.drop_duplicates("id").set_index("id")["revised_contract"]
    rows["revised_contract"] = rows["contract_id"].map(values).astype("float64")
    unknown: dict[str, list[str]] = {_OWED.name: [], _OWNER.name: []}
    for figure in _measure(rows.iloc[:0]):
        unknown[_OWNER.name if figure.startswith("owner_") else _OWED.name].append(figure)
    summary, whole = data.totals(rows, _measure, money=True, unknown=unknown)
    owed, owner = (rows[rows["side"].eq(side.name)] for side in (_OWED, _OWNER))
    names = class_names(bounds)
    ages = _by_age(owed, names)
    tables = {
        "total": whole,
        "by_commitment": _of_contracts(owed, "project_id project_name contract_id vendor currency"),
        "unpaid_by_age": ages,
        "by_vendor": _of_contracts(owed, "vendor currency").sort_values("unpaid", ascending=False, ignore_index=True),
        "owner_unpaid_by_age": _by_age(owner, names),
    }  # fmt: skip
    pictures = [
        Picture(f"Unpaid to subcontractors by age in days, {unit}", one.astype("float64"), str(unit))
        for unit, one in largest_first(ages, summary).set_index("currency")[names].iterrows()
        if one.notna().any()
    ]
    findings = [text for one in whole.to_dict("records") for text in _findings(one)]
    shown = rows[
        words(
            "project_id project_name side id contract_id vendor number status state billing_date paid currency due unpaid age_days age_class is_last billed retained"
        )
    ]
    return Answer(
        summary, shown.sort_values("age_days", ascending=False, ignore_index=True), tables, findings, pictures
    )


def last_invoices(rows: pd.DataFrame, contract: str) -> pd.DataFrame:
    """Return the last invoice of each contract, which holds its totals: the one of the highest number, then day."""
    order = rows.assign(place=amounts(rows["number"])).sort_values(["place", "billing_date"], kind="stable")
    return order.drop_duplicates(["project_id", contract], keep="last")


def _contracts(data: ReportData, name: str) -> pd.DataFrame:
    rows = data.take(name, "", "", f"id revised_contract total_payments {CURRENCY}")
    money = {one: amounts(rows[one]) for one in ("revised_contract", "total_payments")}
    return rows.assign(id=ids_of(rows["id"]), **money)


def _invoices(
    data: ReportData, side: _Side, contracts: pd.DataFrame, states: dict[str, tuple[str, ...]]
) -> pd.DataFrame:
    """Return the invoices of one side that are counted or waiting, each with what decides."""
    columns = {name: f"{side.summary}.{one}" for name, one in _MONEY.items()}
    deciding = f"status billing_date {side.paid} {' '.join(columns.values())}"
    rows = data.take(side.name, "", deciding, f"id number vendor_name {side.contract} {CURRENCY}")
    rows["status"] = plain_words(rows["status"])
    masks = {state: rows["status"].isin(names) for state, names in states.items()}
    rows["state"] = classify(rows.index, pd.NA, masks)
    rows = data.exclude(side.name, rows, rows["state"].isna(), "neither counted nor waiting").copy()
    rows["side"], rows["vendor"] = side.name, rows["vendor_name"].astype("string")
    for name, column in columns.items():
        rows[name] = data.money(side.name, rows, column)
    rows["contract_id"] = ids_of(rows[side.contract])
    rows["currency"] = data.currencies(rows, *COMMITMENTS, "prime_contracts_v1_0")
    rows["billing_date"] = data.days(rows, "billing_date")
    rows["is_last"] = rows.index.isin(last_invoices(rows[rows["state"].eq("counted")], "contract_id").index)
    return _with_unpaid(data, side, rows, contracts)


def _with_unpaid(data: ReportData, side: _Side, rows: pd.DataFrame, contracts: pd.DataFrame) -> pd.DataFrame:
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
    silent = rows["project_id"][counted & ~known].nunique(dropna=False)
    if silent:
        data.note(
            sentence(
                "Whether invoices are paid is unknown for {silent:project(s)}: nobody fills {paid} in {side}, and no payments are recorded.",
                silent=silent,
                paid=side.paid,
                side=side.name,
            )
        )
    if side is _OWED and recorded.notna().any() and marking.empty:
        data.note("Payments are recorded on commitments, but no invoice has a payment date: less may be unpaid than shown.")  # fmt: skip
    due = counted & rows["unpaid"].ne(0) & rows["unpaid"].notna()
    rows["age_days"] = data.between(rows, rows["billing_date"], data.today(rows)).where(due)
    rows["undated"] = due & rows["billing_date"].isna()
    return rows


def _measure(rows: pd.DataFrame) -> dict[str, Any]:
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
    found = sums(rows[words(by)].assign(**columns), words(by), *columns)
    share = 100 * found["billed"] / found["contract"]
    return found.assign(billed_percent=share.where(found["contract"] > 0).round(2))


def _by_age(rows: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Return one row for each currency with what is unpaid in each class of age; without a date only where some is."""

    def measure(part: pd.DataFrame) -> dict[str, Any]:
        if part["unpaid"].isna().all() and len(part):
            return dict.fromkeys([*names, "no date"], math.nan)
        return {
            one: total(part.loc[part["age_class"].eq(one).fillna(False), "unpaid"])
            for one in [*names, "no date"]
        }

    found = grouped(rows[rows["state"].eq("counted")], "currency", measure)
    return found if found["no date"].fillna(0).ne(0).any() else found.drop(columns="no date")


def _findings(one: dict[Any, Any]) -> list[str]:
    found = {
        "To subcontractors {unpaid:money} approved and not paid, the oldest for {oldest_unpaid_days:days}; {waiting:money} in review; "
        "retainage held {retainage_held:money} of {billed:money} billed.": not math.isnan(one["unpaid"]) and (one["billed"] or one["unpaid"]),
        "From owners {owner_unpaid:money} approved and not paid, {owner_waiting:money} in review; they retain {owner_retainage_held:money} of "
        "{owner_billed:money} billed.": one["owner_billed"] > 0,
    }  # fmt: skip
    return [sentence(text, one) for text, said in found.items() if said]
