"""Changes: what they cost, and who pays.

In: change events, change orders of commitments and prime contracts, or change order packages where a project has three tiers.
Out: an `Answer`. Speaks to no service.
"""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd

from procore_nb.reports.deadlines import known_by
from procore_nb.reports.definition import Use, report
from procore_nb.reports.measures import (
    cents,
    classify,
    figures_frame,
    median,
    money_text,
    pieces,
    sentence,
    sums,
    total,
    words,
)
from procore_nb.reports.pictures import Picture
from procore_nb.reports.report_data import CURRENCY, ReportData, elements, ids_of, plain_words
from procore_nb.reports.result import Answer
from procore_nb.scalars import is_missing

PENDING = ("pending", "pricing", "not_pricing", "revised", "proceeding", "not_proceeding", "pending_billable")
PARTS = ("owner_approved", "owner_pending", "owner_rejected", "owner_not_asked", "in_scope", "no_event")
_WORDS = ("approved by the owner", "pending with the owner", "rejected by the owner", "owner not asked", "in scope, ours", "no event")  # fmt: skip
_LISTS = {"commitment": "commitment_change_orders", "prime": "prime_change_orders"}
_TIERS = tuple(_LISTS.values())
_SHARED = ("shortfall", "unrecovered", *PARTS)
_REVENUE = ("owner_approved_revenue", "owner_pending_revenue", "owner_rejected_revenue")
_NOT_PRICED = ("not_priced", "not_priced_cost", "not_priced_revenue")
_UNKNOWN = {
    "commitment_change_orders": ("approved_cost", "payer_not_known", "pending_cost", *_SHARED),
    "prime_change_orders": (*_REVENUE, *_SHARED),
    "change_events": (*_NOT_PRICED, *_SHARED),
}
"""Figures by the list without which they are unknown."""
_EVENT = ("part", "approved_revenue", "shortfall", "unrecovered")


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
    by_event = _by_event(_shares(orders, events), events, scope_tbd)
    waiting = _not_priced(data, events, tiers)
    orders = pd.concat([orders, tiers], ignore_index=True) if len(tiers) else orders
    pending_days = data.between(orders, orders["created"], data.today(orders))
    orders["pending_days"] = pending_days.where(orders["class"] == "pending")
    absent = [one for one in _UNKNOWN if data.not_given(one) and (one not in _TIERS or not len(tiers))]
    unknown = {one: (*_UNKNOWN[one], *(_NOT_PRICED if one in _TIERS else ())) for one in absent}
    names = "project_id project_name currency kind class amount part approved_cost shortfall unrecovered three_tiers cost revenue pending_days"
    together = pieces(names, order=orders, event=by_event, waiting=waiting)
    summary, whole = data.totals(together, _measure, money=True, unknown=unknown)
    for name in absent:
        by_event = data.blank(by_event, name, _EVENT)
    out = {
        "void_left_out": data.coverage.count("void", "change_events"),
        "orders_left_out": sum(data.coverage.count("does not count", one) for one in _TIERS),
    }
    tables = {
        "total": whole,
        "by_event": by_event,
        "not_priced": waiting.drop(columns=["status"]),
        "by_contract": sums(orders, ["project_id", "contract_id", "kind", "currency", "class"], "amount"),
        "left_out": figures_frame([out]),
    }
    if len(tiers):
        named = ", ".join(sorted(tiers["project_name"].dropna().unique())[:5])
        data.note(
            sentence(
                "{number:project(s)} with three tiers ({named}): their packages name no events, so who pays is not known there, only totals by contract.",
                number=tiers["project_id"].nunique(),
                named=named,
            )
        )
    figures = whole.to_dict("records")
    bars = ["approved cost", *_WORDS, "three tiers: not known"]
    pictures = [
        Picture(
            f"Approved cost of changes by who pays, {one['currency']}",
            pd.Series([one[name] for name in ("approved_cost", *PARTS, "payer_not_known")], index=bars),
            str(one["currency"]),
            "waterfall",
        )
        for one in figures
        if one["approved_cost"] > 0 and not absent
    ]
    findings = [text for one in figures for text in _findings(one)]
    return Answer(summary, orders.drop(columns=["change_events"]), tables, findings, pictures)


def _events(data: ReportData) -> pd.DataFrame:
    """Return the events that are not void, with their latest cost and revenue; void ones are counted."""
    name = "change_events"
    rows = data.take(
        name, "", "scope status.mapped_to_status change_items", f"id number title created_at {CURRENCY}"
    )
    rows, _ = known_by(data, name, rows, data.days(rows, "created_at"))
    rows["status"], rows["scope"] = plain_words(rows["status.mapped_to_status"]), plain_words(rows["scope"])
    figures = {one: f"latest_{one}_values.amount" for one in ("cost", "revenue")}
    items = elements(rows["change_items"], "deleted_at", *figures.values())
    items = items[items["deleted_at"].isna()]
    for figure, column in figures.items():
        known = items.groupby("row")[column].agg(total)
        rows[figure] = known.reindex(rows.index).astype("float64")
    rows["currency"], rows["id"] = data.currencies(rows, *_TIERS, "prime_contracts_v1_0"), ids_of(rows["id"])
    return data.exclude(name, rows, rows["status"].eq("void"), "void").drop(
        columns=["change_items", "status.mapped_to_status", "created_at", CURRENCY]
    )


def _not_priced(data: ReportData, events: pd.DataFrame, tiers: pd.DataFrame) -> pd.DataFrame:
    """Return the events that are not closed and in no change order; with three tiers it is unknown which these are."""
    lists = [data.frames[one] for one in _TIERS if "change_events" in data.frames.get(one, ())]
    priced = [ids_of(elements(one["change_events"], "id")["id"]).dropna() for one in lists]
    waiting = events["status"].ne("closed") & ~events["project_id"].isin(tiers["project_id"].dropna())
    for one in priced:
        waiting &= ~events["id"].isin(list(one))
    return events[waiting]


def _orders(data: ReportData, kind: str, pending: tuple[str, ...], name: str = "") -> pd.DataFrame:
    """Return the change orders of one kind that count, each with its class: approved, pending or rejected."""
    name = name or _LISTS[kind]
    other = f"id number title contract_id created_at change_events {CURRENCY} change_order_package_title"
    rows = data.take(name, "", "status grand_total", other)
    rows, created = known_by(data, name, rows, data.days(rows, "created_at"))
    status = plain_words(rows["status"])
    states = {"approved": status.eq("approved"), "pending": status.isin([*pending])}
    if kind != "commitment":
        states = {"rejected": status.eq("rejected"), **states}
    rows["class"] = classify(rows.index, pd.NA, states)
    rows["created"], rows["kind"] = created, pd.Series(kind, rows.index, dtype="string")
    rows = data.exclude(name, rows, rows["class"].isna(), "does not count")
    rows["amount"], rows["currency"] = data.money(name, rows, "grand_total"), data.currencies(rows)
    return rows.drop(columns=["created_at", "grand_total", CURRENCY])


def _packages(data: ReportData, orders: pd.DataFrame, pending: tuple[str, ...]) -> pd.DataFrame:
    """Return the packages (and potential change orders not yet in one) of projects that have no change orders of their own."""
    packages, potential = (
        _orders(data, "unknown", pending, name)
        for name in ("change_order_packages", "potential_change_orders")
    )
    rows = pd.concat([packages, potential[potential["change_order_package_title"].isna()]], ignore_index=True)
    rows = rows[~rows["project_id"].isin(orders["project_id"].dropna())].reset_index(drop=True)
    prime = set(ids_of(data.take("prime_contracts_v1_0", "", "", "id")["id"]).dropna())
    if len(rows) and prime:
        is_prime = ids_of(rows["contract_id"]).isin(list(prime))
        rows["kind"] = is_prime.map({True: "prime", False: "commitment"}).astype("string")
        rows = rows[is_prime | rows["class"].ne("rejected")]
    elif len(rows):
        data.note("Without prime contracts, packages of owners and of subcontractors cannot be told apart.")
    return rows.assign(three_tiers=True)


def _shares(orders: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each change order and event: the amount shared by the cost (owner: revenue) of the events."""
    named = elements(orders["change_events"], "id").set_index("row")["id"]
    found = orders.join(named.rename("event_id"))
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
    known, owner = (shares[shares["kind"] == one] for one in ("commitment", "prime"))
    costs = {
        f"{one}_cost": known["amount"].where(known["class"] == one, 0.0) for one in ("approved", "pending")
    }
    keys = ["project_id", "project_name", "event_id", "currency"]
    found = sums(known.assign(**costs), keys, *costs)
    event, values = found["event_id"], events.drop_duplicates("id").set_index("id")
    found["title"] = event.map(values["title"]).astype("string")
    scope = event.map(values["scope"]).astype("string")
    decided = scope.isna() | scope.isin(["in_scope", "out_of_scope"])
    found["scope"] = scope = scope.where(decided, scope_tbd).where(event.isin(values.index), "")
    asked = {
        one: event.isin(owner.loc[owner["class"] == one, "event_id"].dropna())
        for one in ("approved", "pending", "rejected")
    }
    found["part"] = part = classify(
        found.index,
        "no_event",
        {
            "owner_not_asked": scope.eq("out_of_scope"),
            "owner_rejected": asked["rejected"],
            "owner_pending": asked["pending"],
            "in_scope": scope.eq("in_scope"),
            "owner_approved": asked["approved"],
        },
    )
    paid = owner[owner["class"] == "approved"].groupby(["event_id", "currency"])["amount"].agg(total)
    found = found.merge(
        paid.rename("approved_revenue").reset_index(), on=["event_id", "currency"], how="left"
    )
    cost = found["approved_cost"]
    revenue = found["approved_revenue"] = found["approved_revenue"].where(part.eq("owner_approved"))
    found["shortfall"] = (cost - revenue).clip(lower=0.0).where(cost > 0, 0.0).fillna(0.0)
    lost = part.isin(["owner_pending", "owner_rejected", "owner_not_asked"])
    found["unrecovered"] = cost.clip(lower=0.0).where(lost, found["shortfall"])
    return found[
        words(
            "project_id project_name event_id title scope currency part approved_cost pending_cost approved_revenue shortfall unrecovered"
        )
    ]


def _measure(rows: pd.DataFrame) -> dict[str, Any]:
    orders, events, waiting = (rows[rows["what"] == one] for one in ("order", "event", "waiting"))
    tiers = orders["three_tiers"].eq(True)

    def amount(kind: str, state: str, among: Any = True) -> float:
        return total(orders.loc[(orders["kind"] == kind) & (orders["class"] == state) & among, "amount"])

    parts = {one: total(events.loc[events["part"] == one, "approved_cost"]) for one in PARTS}
    parts |= {one: total(events[one]) for one in ("shortfall", "unrecovered")}
    if tiers.any() and events.empty:  # who pays is not known there
        parts = dict.fromkeys(parts, float("nan"))
    return {
        "approved_cost": amount("commitment", "approved"),
        **{one: parts[one] for one in PARTS},
        "payer_not_known": amount("commitment", "approved", tiers),
        "shortfall": parts["shortfall"],
        "unrecovered": parts["unrecovered"],
        "pending_cost": amount("commitment", "pending"),
        **{f"owner_{one}_revenue": amount("prime", one) for one in ("approved", "pending", "rejected")},
        "median_pending_days": median(orders["pending_days"]),
        "not_priced": len(waiting),
        "not_priced_cost": total(waiting["cost"]),
        "not_priced_revenue": total(waiting["revenue"]),
    }


def _findings(one: dict[Any, Any]) -> list[str]:
    some = {name for name, value in one.items() if not is_missing(value) and value}
    who = {
        **dict(zip(PARTS, _WORDS, strict=True)),
        "payer_not_known": "with three tiers, where who pays is not known",
    }
    parts = [f"{money_text(one[part], one['currency'])} {text}" for part, text in who.items() if part in some]
    found = {
        "Approved changes cost {approved_cost:money}{parts}.": "approved_cost" in some,
        "{unrecovered:money} of it is not recovered: pending, rejected, not asked, or approved by the owner at less than its cost. What is in scope is ours, and not part of it.": one["unrecovered"] > 0,
        "Pending: {pending_cost:money} with subcontractors, {owner_pending_revenue:money} with owners.": some & {"pending_cost", "owner_pending_revenue"},
        "{not_priced:open event(s)} without a change order yet: rough cost {not_priced_cost:money}.": "not_priced" in some,
    }  # fmt: skip
    made = f": {', '.join(parts)}" if parts else ""
    return [sentence(text, one, parts=made) for text, said in found.items() if said]
