"""Billing: what is owed to subcontractors and by owners, since when, and what is retained.

In: subcontractor invoices, owner invoices, commitments. Out: an `Answer`. Speaks to no service.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from procore_nb.progress import counted as counted_words
from procore_nb.reports.days import check_classes, class_names, classes
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
from procore_nb.reports.pictures import Picture
from procore_nb.reports.report_data import ReportData, ids_of, plain_words
from procore_nb.reports.result import Answer

CURRENCY = "currency_configuration.currency_iso_code"
COMMITMENTS = ("work_order_contracts", "purchase_order_contracts")


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
    Use(
        "requisitions",
        optional=True,
        among=COMMITMENTS,
        decides="what is owed to subcontractors is not known",
    ),
    Use("payment_applications", optional=True, decides="what owners owe is not known"),
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
    sides = [_invoices(data, side, contracts, counted, waiting, bounds) for side in (_OWED, _OWNER)]
    rows = pd.concat([one for one in sides if len(one)] or sides, ignore_index=True)
    rows["revised_contract"] = (
        rows["contract_id"]
        .map(contracts.drop_duplicates("id").set_index("id")["revised_contract"])
        .astype("float64")
    )
    names = class_names(bounds)
    summary = data.summary(rows, _measure, by=["currency"])
    whole = largest_first(grouped(rows, "currency", _measure), summary)
    for side in (_OWED, _OWNER):
        ours = [one for one in _measure(rows.iloc[:0]) if one.startswith("owner_") == (side is _OWNER)]
        summary, whole = (data.blank(one, side.name, ours) for one in (summary, whole))
    owed = rows[rows["side"].eq("requisitions")]
    tables = {
        "total": whole,
        "by_commitment": _of_contracts(owed, ["project_id", "project_name", "contract_id", "vendor", "currency"]),
        "unpaid_by_age": _by_age(owed, names),
        "by_vendor": _of_contracts(owed, ["vendor", "currency"]).sort_values("unpaid", ascending=False, ignore_index=True),
        "owner_unpaid_by_age": _by_age(rows[rows["side"].eq("payment_applications")], names),
    }  # fmt: skip
    pictures = [
        Picture(
            f"Unpaid to subcontractors by age in days, {one['currency']}",
            one[[*names]].astype("float64"),
            str(one["currency"]),
        )
        for _, one in largest_first(tables["unpaid_by_age"], summary).iterrows()
        if one[[*names]].notna().any()
    ]
    findings = [text for _, one in tables["total"].iterrows() for text in _findings(one)]
    shown = rows[
        words(
            "project_id project_name side id contract_id vendor number status state billing_date paid currency due unpaid age_days age_class is_last billed retained"
        )
    ]
    return Answer(summary, shown.sort_values(["age_days"], ascending=False, na_position="last", ignore_index=True), tables, findings, pictures)  # fmt: skip


def _contracts(data: ReportData, name: str) -> pd.DataFrame:
    rows = data.take(name, "", "", f"id revised_contract total_payments {CURRENCY}")
    rows["id"] = ids_of(rows["id"])
    rows["revised_contract"], rows["total_payments"] = (
        amounts(rows["revised_contract"]),
        amounts(rows["total_payments"]),
    )
    return rows


def _invoices(
    data: ReportData,
    side: _Side,
    contracts: pd.DataFrame,
    counted: tuple[str, ...],
    waiting: tuple[str, ...],
    bounds: tuple[int, ...],
) -> pd.DataFrame:
    """Return the invoices of one side that are counted or waiting, each with what decides."""
    money = {
        "due": "current_payment_due",
        "billed": "total_completed_and_stored_to_date",
        "retained": "total_retainage",
    }
    sums = " ".join(f"{side.summary}.{one}" for one in money.values())
    other = f"id number vendor_name {side.contract} {CURRENCY}"
    rows = data.take(side.name, "", f"status billing_date {side.paid} {sums}", other)
    status = plain_words(rows["status"])
    state = pd.Series(pd.NA, index=rows.index, dtype="string").mask(status.isin(waiting), "waiting")
    rows["state"] = state.mask(status.isin(counted), "counted")
    rows = data.exclude(side.name, rows, rows["state"].isna(), "neither counted nor waiting")
    rows["status"], rows["side"], rows["vendor"] = (
        status[rows.index],
        side.name,
        rows["vendor_name"].astype("string"),
    )
    for name, column in money.items():
        rows[name] = data.money(side.name, rows, f"{side.summary}.{column}")
    rows["contract_id"] = ids_of(rows[side.contract])
    rows["currency"] = data.currencies(rows, *COMMITMENTS, "prime_contracts_v1_0")
    rows["billing_date"] = data.days(rows, "billing_date")
    is_counted = rows["state"].eq("counted").fillna(False).astype(bool)
    amount = amounts(rows[side.paid]) if side is _OWNER else None
    if amount is None:
        paid, rest = rows[side.paid].notna(), rows["due"]
    else:
        paid, rest = (
            amount.fillna(0).ne(0) & (amount.abs() >= rows["due"].abs()),
            rows["due"] - amount.fillna(0),
        )
    rows["unpaid"] = rest.where(is_counted & ~paid if amount is None else is_counted, 0.0)
    # Where a project never says what is paid, nobody knows: that is not the same as unpaid.
    marked = rows["project_id"][is_counted & (paid if amount is None else amount.fillna(0).ne(0))]
    recorded = contracts["project_id"][contracts["total_payments"] > 0] if amount is None else marked
    own = [None if pd.isna(one) else one for one in rows["project_id"]]
    says = {None if pd.isna(one) else one for one in [*marked, *recorded]}
    known = pd.Series([one in says for one in own], index=rows.index, dtype=bool)
    rows["paid"] = paid.astype("boolean").where(is_counted & known)
    rows.loc[is_counted & ~known, "unpaid"] = math.nan
    silent = rows["project_id"][is_counted & ~known].nunique(dropna=False)
    if silent:
        data.notes.append(
            f"Whether invoices are paid is unknown for {counted_words(silent, 'project')}: nobody fills {side.paid} in {side.name}, and no "
            "payments are recorded."
        )
    if amount is None and recorded.dropna().nunique() and not marked.size:
        data.notes.append(
            "Payments are recorded on commitments, but no invoice has a payment date: less may be unpaid than shown."
        )
    open_ = is_counted & rows["unpaid"].ne(0) & rows["unpaid"].notna()
    rows["age_days"] = data.between(rows, rows["billing_date"], data.today(rows)).where(open_)
    rows["age_class"] = classes(rows["age_days"], bounds).mask(open_ & rows["billing_date"].isna(), "no date")
    order = rows.assign(place=amounts(rows["number"])).sort_values(["place", "billing_date"], kind="stable")
    last = (
        order[order["state"].eq("counted")].groupby(["project_id", "contract_id"], dropna=False).tail(1).index
    )
    rows["is_last"] = rows.index.isin(last)
    return rows


def _measure(rows: pd.DataFrame) -> dict[str, Any]:
    owed, owner = (rows[rows["side"] == one] for one in ("requisitions", "payment_applications"))
    last, owner_last = owed[owed["is_last"]], owner[owner["is_last"]]
    compared = last[last["revised_contract"].notna()]
    under, held = (
        total(owed.loc[owed["status"] == one, "due"]) for one in ("under_review", "pending_owner_approval")
    )
    return {
        "billed": total(last["billed"]),
        "billed_percent": percent(total(compared["billed"]), total(compared["revised_contract"])),
        "retainage_held": total(last["retained"]),
        "unpaid": total(owed.loc[owed["state"] == "counted", "unpaid"]),
        "unpaid_invoices": int(owed["age_days"].notna().sum() + owed["age_class"].eq("no date").sum()),
        "oldest_unpaid_days": owed["age_days"].max(),
        "waiting": total(owed.loc[owed["state"] == "waiting", "due"]),
        "under_review": under,
        "pending_owner_approval": held,
        "owner_billed": total(owner_last["billed"]),
        "owner_retainage_held": total(owner_last["retained"]),
        "owner_unpaid": total(owner.loc[owner["state"] == "counted", "unpaid"]),
        "owner_waiting": total(owner.loc[owner["state"] == "waiting", "due"]),
    }


def _of_contracts(rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    last, state = rows["is_last"], rows["state"]
    columns = {
        "billed": rows["billed"].where(last),
        "contract": rows["revised_contract"].where(last),
        "retainage_held": rows["retained"].where(last),
    }
    columns |= {
        "unpaid": rows["unpaid"].where(state.eq("counted")),
        "waiting": rows["due"].where(state.eq("waiting")),
    }
    found = sums(rows[by].assign(**columns), by, *columns)
    found["billed_percent"] = (
        (100 * found["billed"] / found["contract"]).where(found["contract"] > 0).round(2)
    )
    return found


def _by_age(rows: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    every = [*names, "no date"]

    def measure(part: pd.DataFrame) -> dict[str, Any]:
        unknown = part["unpaid"].isna().all() and len(part) > 0
        return {
            one: math.nan if unknown else total(part.loc[part["age_class"].eq(one).fillna(False), "unpaid"])
            for one in every
        }

    found = grouped(rows[rows["state"].eq("counted")], "currency", measure)
    return found if len(found) and found["no date"].fillna(0).ne(0).any() else found.drop(columns="no date")


def _findings(one: pd.Series[Any]) -> list[str]:
    unit, found = one["currency"], []
    if not math.isnan(one["unpaid"]) and (one["billed"] or one["unpaid"]):
        found.append(
            f"To subcontractors {money_text(one['unpaid'], unit)} approved and not paid, the oldest for {number_text(one['oldest_unpaid_days'], 'days')}; "
            f"{money_text(one['waiting'], unit)} in review; retainage held {money_text(one['retainage_held'], unit)} of {money_text(one['billed'], unit)} billed."
        )
    if one["owner_billed"] > 0:
        found.append(
            f"From owners {money_text(one['owner_unpaid'], unit)} approved and not paid, {money_text(one['owner_waiting'], unit)} in review; "
            f"they retain {money_text(one['owner_retainage_held'], unit)} of {money_text(one['owner_billed'], unit)} billed."
        )
    return found
