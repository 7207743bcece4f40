"""Changes: what they cost, and who pays.

In: change events, change orders of commitments and prime contracts, or change order packages where a project has three tiers.
Out: an `Answer`. Speaks to no service.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import pandas as pd

from procore_nb.progress import counted
from procore_nb.reports.deadlines import known_by
from procore_nb.reports.definition import Use, report
from procore_nb.reports.measures import (
    cents,
    figures_frame,
    grouped,
    largest_first,
    median,
    money_text,
    pieces,
    sums,
    total,
    words,
)
from procore_nb.reports.pictures import Picture
from procore_nb.reports.report_data import ReportData, elements, ids_of, plain_words
from procore_nb.reports.result import Answer
from procore_nb.scalars import is_missing

CURRENCY = "currency_configuration.currency_iso_code"
PENDING = ("pending", "pricing", "not_pricing", "revised", "proceeding", "not_proceeding", "pending_billable")
PARTS = ("owner_approved", "owner_pending", "owner_rejected", "owner_not_asked", "in_scope", "no_event")
_WORDS = ("approved by the owner", "pending with the owner", "rejected by the owner", "owner not asked", "in scope, ours", "no event")  # fmt: skip
_LISTS = {"commitment": "commitment_change_orders", "prime": "prime_change_orders"}
_TIERS = tuple(_LISTS.values())
_SHARED = ("shortfall", "unrecovered", *PARTS)
_UNKNOWN = {
    "commitment_change_orders": ("approved_cost", "payer_not_known", "pending_cost", *_SHARED),
    "prime_change_orders": (
        "owner_approved_revenue",
        "owner_pending_revenue",
        "owner_rejected_revenue",
        *_SHARED,
    ),
    "change_events": ("not_priced", "not_priced_cost", "not_priced_revenue", *_SHARED),
}
"""Figures by the list without which they are unknown."""


@report(
    "Changes",
    "What do changes cost, and who pays?",
    Use(
        "change_events",
        optional=True,
        decides="who pays for which change, and what is not priced, is not known",
    ),
    Use("prime_change_orders", optional=True, decides="what owners approved or were sent is not known"),
    Use("commitment_change_orders", optional=True, decides="what changes cost is not known"),
    Use("change_order_packages", optional=True, unless=_TIERS),
    Use("potential_change_orders", optional=True, unless=_TIERS),
    Use("prime_contracts_v1_0", optional=True, unless=_TIERS),
)
def changes(
    data: ReportData,
    *,
    scope_tbd: Literal["in_scope", "out_of_scope"] = "in_scope",
    pending_statuses: tuple[str, ...] = PENDING,
) -> Answer:
    """Split the approved cost of changes by who pays.

    Each commitment change order counts once, shared among its change events by their cost (equally where they have none);
    draft, void, rejected and no-charge ones do not count. The approved cost has six parts, which add up: the owner approved
    a prime change order of the same event; the event is in scope, ours to bear (scope to be determined: `scope_tbd`); the
    owner's is pending (`pending_statuses`), or rejected; the owner was not asked: out of scope without a prime change
    order that counts; no event. Shortfall is the cost above the approved revenue of the same event, where the owner approved
    less. Unrecovered is pending + rejected + not asked + shortfall, event by event, never netted against credits; credits keep
    their sign elsewhere. Not priced are events, neither void nor closed, without a change order: their latest cost and
    revenue; they stand under the currency of the event, else that of the project, else "not stated". With three tiers the
    packages name no events: totals by contract.
    """
    events = _events(data)
    orders = pd.concat([_orders(data, kind, pending_statuses) for kind in _LISTS], ignore_index=True)
    tiers = _packages(data, orders, pending_statuses)
    shares = _shares(orders, events)
    by_event = _by_event(shares, events, scope_tbd)
    ordered = [
        elements(data.frames[one]["change_events"])
        for one in _TIERS
        if "change_events" in data.frames.get(one, ())
    ]
    priced = {number for one in ordered if "id" in one.columns for number in ids_of(one["id"]).dropna()}
    waiting = events[events["status"].ne("closed") & ~events["id"].isin(list(priced))]
    waiting = waiting[
        ~waiting["project_id"].isin(tiers["project_id"].dropna())
    ]  # whether they are priced is unknown there
    orders = pd.concat([orders, tiers], ignore_index=True) if len(tiers) else orders
    orders["pending_days"] = data.between(orders, orders["created"], data.today(orders)).where(
        orders["class"] == "pending"
    )
    names = "project_id project_name currency kind class amount part approved_cost shortfall unrecovered three_tiers cost revenue pending_days"
    together = pieces(names, order=orders, event=by_event, waiting=waiting)
    summary = data.summary(together, _measure, by=["currency"])
    whole = largest_first(grouped(together, "currency", _measure), summary)
    absent = [one for one in _UNKNOWN if data.not_given(one) and (one not in _TIERS or not len(tiers))]
    for name in absent:
        summary, whole = (data.blank(one, name, _UNKNOWN[name]) for one in (summary, whole))
        by_event = data.blank(by_event, name, ("part", "approved_revenue", "shortfall", "unrecovered"))
    if set(absent) & set(_TIERS):
        waiting_unknown = ("not_priced", "not_priced_cost", "not_priced_revenue")
        summary, whole = (data.blank(one, absent[0], waiting_unknown) for one in (summary, whole))
    tables = {
        "total": whole,
        "by_event": by_event,
        "not_priced": waiting.drop(columns=["status"]),
        "by_contract": sums(orders, ["project_id", "contract_id", "kind", "currency", "class"], "amount"),
        "left_out": figures_frame(
            [
                {
                    "void_left_out": data.coverage.count("void", "change_events"),
                    "orders_left_out": sum(data.coverage.count("does not count", one) for one in _TIERS),
                }
            ]
        ),
    }
    if len(tiers):
        names = ", ".join(sorted(tiers["project_name"].dropna().unique())[:5])
        data.notes.append(
            f"{counted(tiers['project_id'].nunique(), 'project')} with three tiers ({names}): their packages name no events, so who pays is "
            "not known there, only totals by contract."
        )
    pictures = [
        Picture(
            f"Approved cost of changes by who pays, {one['currency']}",
            pd.Series(
                [one[name] for name in ("approved_cost", *PARTS, "payer_not_known")],
                index=["approved cost", *_WORDS, "three tiers: not known"],
            ),
            str(one["currency"]),
            "waterfall",
        )
        for _, one in whole.iterrows()
        if one["approved_cost"] > 0 and not absent
    ]
    rows = orders.drop(columns=["change_events"])
    return Answer(summary, rows, tables, [text for _, one in whole.iterrows() for text in _findings(one)], pictures)  # fmt: skip


def _events(data: ReportData) -> pd.DataFrame:
    """Return the events that are not void, with their latest cost and revenue; void ones are counted."""
    rows = data.take(
        "change_events",
        "",
        "scope status.mapped_to_status change_items",
        f"id number title created_at {CURRENCY}",
    )
    rows, _ = known_by(data, "change_events", rows, data.days(rows, "created_at"))
    rows["status"] = plain_words(rows["status.mapped_to_status"])
    rows["scope"] = plain_words(rows["scope"])
    items = elements(rows["change_items"])
    if "deleted_at" in items.columns:
        items = items[items["deleted_at"].isna()]
    for name in ("cost", "revenue"):
        column = f"latest_{name}_values.amount"
        sums = (
            items.groupby("row")[column].agg(total) if column in items.columns else pd.Series(dtype="float64")
        )
        rows[name] = sums.reindex(rows.index).astype("float64")
    rows["currency"] = data.currencies(rows, *_TIERS, "prime_contracts_v1_0")
    rows["id"] = ids_of(rows["id"])
    return data.exclude("change_events", rows, rows["status"].eq("void"), "void").drop(
        columns=["change_items", "status.mapped_to_status", "created_at", CURRENCY]
    )


def _orders(data: ReportData, kind: str, pending: tuple[str, ...], name: str = "") -> pd.DataFrame:
    """Return the change orders of one kind that count, each with its class: approved, pending or rejected."""
    name = name or _LISTS[kind]
    rows = data.take(
        name,
        "",
        "status grand_total",
        f"id number title contract_id created_at change_events {CURRENCY} change_order_package_title",
    )
    created = data.days(rows, "created_at")
    rows, created = known_by(data, name, rows, created)
    status = plain_words(rows["status"])
    classes = status.where(status.isin(["approved", "rejected"]))
    rows["class"] = classes.mask(status.isin([*pending]), "pending")
    if kind == "commitment":
        rows["class"] = rows["class"].where(rows["class"] != "rejected")
    rows["created"], rows["kind"] = created, kind
    rows = data.exclude(name, rows, rows["class"].isna(), "does not count")
    rows["amount"], rows["currency"] = data.money(name, rows, "grand_total"), data.currencies(rows)
    return rows.drop(columns=["created_at", "grand_total", CURRENCY]).astype(
        {"kind": "string", "class": "string"}
    )


def _packages(data: ReportData, orders: pd.DataFrame, pending: tuple[str, ...]) -> pd.DataFrame:
    """Return the packages (and potential change orders not yet in one) of projects that have no change orders of their own."""
    busy = orders["project_id"].dropna()
    found = [
        rows[
            ~rows["project_id"].isin(busy)
            & (rows["change_order_package_title"].isna() | (name == "change_order_packages"))
        ]
        for name in ("change_order_packages", "potential_change_orders")
        for rows in [_orders(data, "unknown", pending, name)]
    ]
    rows = pd.concat(found, ignore_index=True)
    prime = set(ids_of(data.take("prime_contracts_v1_0", "", "", "id")["id"]).dropna())
    if len(rows) and prime:
        is_prime = ids_of(rows["contract_id"]).isin(list(prime))
        rows["kind"] = is_prime.map({True: "prime", False: "commitment"}).astype("string")
        rows = rows[is_prime | rows["class"].ne("rejected")]
    elif len(rows):
        data.notes.append(
            "Without prime contracts, packages of owners and of subcontractors cannot be told apart."
        )
    return rows.assign(three_tiers=True)


def _shares(orders: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each change order and event: the amount shared by the cost (owner: revenue) of the events."""
    named = elements(orders["change_events"])
    found = orders.join(
        named.set_index("row")["id"].rename("event_id")
        if "id" in named.columns
        else pd.Series(dtype="Int64", name="event_id")
    )
    found["event_id"] = ids_of(found["event_id"])
    values = events.drop_duplicates("id").set_index("id")
    cost, revenue = (
        found["event_id"].map(values[one]).astype("float64").abs() for one in ("cost", "revenue")
    )
    weight = cost.where(found["kind"].eq("commitment"), revenue.fillna(cost)).fillna(0.0)
    sums = weight.groupby(found.index).transform("sum")
    number = found.groupby(found.index)["kind"].transform("size")
    share = (found["amount"] * (weight / sums).where(sums > 0, 1 / number)).map(cents)
    # Whole cents, so that parts add up: what rounding left over goes to the first event.
    rest = found["amount"] - share.groupby(found.index).transform("sum")
    found["amount"] = share + rest.where(~found.index.duplicated(), 0.0)
    return found.reset_index(drop=True)


def _by_event(shares: pd.DataFrame, events: pd.DataFrame, scope_tbd: str) -> pd.DataFrame:
    """Return one row for each event (and project and currency) with commitment change orders: cost, part, shortfall."""
    values = events.drop_duplicates("id").set_index("id")
    owner = shares[shares["kind"] == "prime"]
    asked = {
        name: set(owner.loc[owner["class"] == name, "event_id"].dropna())
        for name in ("approved", "pending", "rejected")
    }
    paid = (
        owner[owner["class"] == "approved"].groupby(["event_id", "currency"])["amount"].agg(total).to_dict()
    )
    known = shares[shares["kind"] == "commitment"]
    records = []
    amount = {one: known["amount"].where(known["class"] == one, 0.0) for one in ("approved", "pending")}
    keys = ["project_id", "project_name", "event_id", "currency"]
    for project, name, event, currency, cost, waits in sums(known.assign(**amount), keys, *amount).itertuples(
        index=False
    ):
        known_event = not pd.isna(event) and event in values.index
        scope = values["scope"][event] if known_event else ""
        scope = scope_tbd if known_event and scope not in ("in_scope", "out_of_scope") else scope
        if pd.isna(event):
            place = "no_event"
        elif event in asked["approved"]:
            place = "owner_approved"
        elif scope == "in_scope":
            place = "in_scope"
        elif event in asked["pending"] or event in asked["rejected"]:
            place = "owner_pending" if event in asked["pending"] else "owner_rejected"
        else:
            place = "owner_not_asked" if scope == "out_of_scope" else "no_event"
        revenue = paid.get((event, currency), math.nan) if place == "owner_approved" else math.nan
        short = (
            max(cost - revenue, 0.0)
            if place == "owner_approved" and cost > 0 and not math.isnan(revenue)
            else 0.0
        )
        lost = max(cost, 0.0) if place in ("owner_pending", "owner_rejected", "owner_not_asked") else short
        records.append(
            {
                "project_id": project,
                "project_name": name,
                "event_id": event,
                "title": values["title"].get(event) if not pd.isna(event) else None,
                "scope": scope,
                "currency": currency,
                "part": place,
                "approved_cost": cost,
                "pending_cost": waits,
                "approved_revenue": revenue,
                "shortfall": short,
                "unrecovered": lost,
            }
        )
    columns = words(
        "project_id project_name event_id title scope currency part approved_cost pending_cost approved_revenue shortfall unrecovered"
    )
    frame = figures_frame(records, columns)
    return frame.astype(
        {"project_id": known["project_id"].dtype, "project_name": "string", "currency": "string"}
    )


def _measure(rows: pd.DataFrame) -> dict[str, Any]:
    orders, events, waiting = (rows[rows["what"] == one] for one in ("order", "event", "waiting"))
    tiers = orders["three_tiers"].eq(True)
    blind = tiers.any() and events.empty  # who pays is not known there

    def amount(kind: str, state: str) -> float:
        return total(orders.loc[(orders["kind"] == kind) & (orders["class"] == state), "amount"])

    parts = {
        part: math.nan if blind else total(events.loc[events["part"] == part, "approved_cost"])
        for part in PARTS
    }
    return {
        "approved_cost": amount("commitment", "approved"),
        **parts,
        "payer_not_known": total(
            orders.loc[tiers & (orders["kind"] == "commitment") & (orders["class"] == "approved"), "amount"]
        ),
        "shortfall": math.nan if blind else total(events["shortfall"]),
        "unrecovered": math.nan if blind else total(events["unrecovered"]),
        "pending_cost": amount("commitment", "pending"),
        "owner_approved_revenue": amount("prime", "approved"),
        "owner_pending_revenue": amount("prime", "pending"),
        "owner_rejected_revenue": amount("prime", "rejected"),
        "median_pending_days": median(orders["pending_days"]),
        "not_priced": len(waiting),
        "not_priced_cost": total(waiting["cost"]),
        "not_priced_revenue": total(waiting["revenue"]),
    }


def _some(value: Any) -> bool:
    return not is_missing(value) and bool(value)


def _findings(one: pd.Series[Any]) -> list[str]:
    unit, found = one["currency"], []
    if _some(one["approved_cost"]):
        parts = [
            f"{money_text(one[part], unit)} {words}"
            for part, words in zip(PARTS, _WORDS, strict=True)
            if _some(one[part])
        ]
        if _some(one["payer_not_known"]):
            parts.append(
                f"{money_text(one['payer_not_known'], unit)} with three tiers, where who pays is not known"
            )
        found.append(
            f"Approved changes cost {money_text(one['approved_cost'], unit)}"
            + (f": {', '.join(parts)}." if parts else ".")
        )
    if one["unrecovered"] > 0:
        found.append(
            f"{money_text(one['unrecovered'], unit)} of it is not recovered: pending, rejected, not asked, or approved by the owner at less than its cost. What is in scope is ours, and not part of it."
        )
    if _some(one["pending_cost"]) or _some(one["owner_pending_revenue"]):
        found.append(
            f"Pending: {money_text(one['pending_cost'], unit)} with subcontractors, {money_text(one['owner_pending_revenue'], unit)} with owners."
        )
    if _some(one["not_priced"]):
        found.append(
            f"{counted(int(one['not_priced']), 'open event')} without a change order yet: rough cost {money_text(one['not_priced_cost'], unit)}."
        )
    return found
