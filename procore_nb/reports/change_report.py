"""Changes: what they cost, and who pays.

In: change events, change orders of commitments and prime contracts, or change order packages where a project has three tiers.
Out: an `Analysis`. Speaks to no service.
"""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd

from procore_nb.reports import measures
from procore_nb.reports.definition import Use, report
from procore_nb.reports.measures import cents, classify, concat_sources, figures_frame, sums, total, words
from procore_nb.reports.report_data import CURRENCY, ReportData
from procore_nb.reports.result import Analysis, Picture
from procore_nb.reports.typed_columns import ids_of, nested_records, status_codes
from procore_nb.scalars import is_missing

PENDING = ("pending", "pricing", "not_pricing", "revised", "proceeding", "not_proceeding", "pending_billable")
PARTS = {
    "owner_approved": "approved by the owner",
    "owner_pending": "pending with the owner",
    "owner_rejected": "rejected by the owner",
    "owner_not_asked": "owner not asked",
    "in_scope": "in scope, ours",
    "no_event": "no event",
}
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
_COLUMNS = "project_id project_name currency kind class amount part approved_cost shortfall unrecovered three_tiers cost revenue pending_days"


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
    Use("change_order_packages", optional=True, if_empty=_TIERS),
    Use("potential_change_orders", optional=True, if_empty=_TIERS),
    Use("prime_contracts_v1_0", optional=True, if_empty=_TIERS),
)
def changes(
    data: ReportData,
    *,
    scope_tbd: Literal["in_scope", "out_of_scope"] = "in_scope",
    pending_statuses: tuple[str, ...] = PENDING,
) -> Analysis:
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
    unpriced = _not_priced(data, events, tiers)
    orders = pd.concat([orders, tiers], ignore_index=True) if len(tiers) else orders
    pending_days = data.between(orders, orders["created"], data.today(orders))
    orders["pending_days"] = pending_days.where(orders["class"] == "pending")
    absent = [name for name in _UNKNOWN if data.not_given(name) and (name not in _TIERS or not len(tiers))]
    unknown = {name: (*_UNKNOWN[name], *(_NOT_PRICED if name in _TIERS else ())) for name in absent}
    together = concat_sources(_COLUMNS, order=orders, event=by_event, unpriced=unpriced)
    summary, whole = data.totals(together, _figures, money=True, unknown=unknown)
    for name in absent:
        by_event = data.blank(by_event, name, _EVENT)
    counts = {
        "void_left_out": data.coverage.count("void", "change_events"),
        "orders_left_out": sum(data.coverage.count("does not count", name) for name in _TIERS),
    }
    tables = {
        "total": whole,
        "by_event": by_event,
        "not_priced": unpriced.drop(columns=["status"]),
        "by_contract": sums(orders, ["project_id", "contract_id", "kind", "currency", "class"], "amount"),
        "left_out": figures_frame([counts]),
    }
    if len(tiers):
        named = ", ".join(sorted(tiers["project_name"].dropna().unique())[:5])
        text = "{number:project(s)} with three tiers ({named}): their packages name no events, so who pays is not known there, only totals by contract."
        data.note(measures.sentence(text, number=tiers["project_id"].nunique(), named=named))
    figures = whole.to_dict("records")
    bars = {"approved_cost": "approved cost", **PARTS, "payer_not_known": "three tiers: not known"}
    pictures = [
        Picture(
            f"Approved cost of changes by who pays, {row['currency']}",
            pd.Series([row[name] for name in bars], index=list(bars.values())),
            str(row["currency"]),
            "waterfall",
        )
        for row in figures
        if row["approved_cost"] > 0 and not absent
    ]
    findings = [text for row in figures for text in _findings(row)]
    return Analysis(summary, orders.drop(columns=["change_events"]), tables, findings, pictures)


def _events(data: ReportData) -> pd.DataFrame:
    """Return the events that are not void, with their latest cost and revenue; void ones are counted."""
    name, deciding = "change_events", "scope status.mapped_to_status change_items"
    rows = data.take(name, "", deciding, f"id number title created_at {CURRENCY}")
    rows, _ = data.started_by_day(name, rows, data.days(rows, "created_at"))
    rows["status"], rows["scope"] = status_codes(rows["status.mapped_to_status"]), status_codes(rows["scope"])
    figures = {figure: f"latest_{figure}_values.amount" for figure in ("cost", "revenue")}
    items = nested_records(rows["change_items"], "deleted_at", *figures.values())
    items = items[items["deleted_at"].isna()]
    for figure, column in figures.items():
        known = items.groupby("row")[column].agg(total)
        rows[figure] = known.reindex(rows.index).astype("float64")
    rows["currency"], rows["id"] = data.currencies(rows, *_TIERS, "prime_contracts_v1_0"), ids_of(rows["id"])
    rows = data.exclude(name, rows, rows["status"].eq("void"), "void")
    return rows.drop(columns=["change_items", "status.mapped_to_status", "created_at", CURRENCY])


def _not_priced(data: ReportData, events: pd.DataFrame, tiers: pd.DataFrame) -> pd.DataFrame:
    """Return the events that are not closed and in no change order; with three tiers it is unknown which these are."""
    unpriced = events["status"].ne("closed") & ~events["project_id"].isin(tiers["project_id"].dropna())
    for name in _TIERS:
        orders = data.frames.get(name, pd.DataFrame())
        if "change_events" in orders:
            named = ids_of(nested_records(orders["change_events"], "id")["id"]).dropna()
            unpriced &= ~events["id"].isin(list(named))
    return events[unpriced]


def _orders(data: ReportData, kind: str, pending: tuple[str, ...], name: str = "") -> pd.DataFrame:
    """Return the change orders of one kind that count, each with its class: approved, pending or rejected."""
    name = name or _LISTS[kind]
    other = f"id number title contract_id created_at change_events {CURRENCY} change_order_package_title"
    rows = data.take(name, "", "status grand_total", other)
    rows, created = data.started_by_day(name, rows, data.days(rows, "created_at"))
    status = status_codes(rows["status"])
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
    named = nested_records(orders["change_events"], "id").set_index("row")["id"]
    shares = orders.join(named.rename("event_id"))
    shares["event_id"] = ids_of(shares["event_id"])
    values = events.drop_duplicates("id").set_index("id")
    cost, revenue = (
        shares["event_id"].map(values[figure]).astype("float64").abs() for figure in ("cost", "revenue")
    )
    weight = cost.where(shares["kind"].eq("commitment"), revenue.fillna(cost)).fillna(0.0)
    weights = weight.groupby(shares.index).transform("sum")
    number = shares.groupby(shares.index)["kind"].transform("size")
    share = (shares["amount"] * (weight / weights).where(weights > 0, 1 / number)).map(cents)
    # Whole cents, so that parts add up: what rounding left over goes to the first event.
    rest = shares["amount"] - share.groupby(shares.index).transform("sum")
    shares["amount"] = share + rest.where(~shares.index.duplicated(), 0.0)
    return shares.reset_index(drop=True)


def _by_event(shares: pd.DataFrame, events: pd.DataFrame, scope_tbd: str) -> pd.DataFrame:
    """Return one row for each event (and project and currency) with commitment change orders: cost, part, shortfall."""
    commitment, owner = (shares[shares["kind"] == kind] for kind in ("commitment", "prime"))
    costs = {
        f"{state}_cost": commitment["amount"].where(commitment["class"] == state, 0.0)
        for state in ("approved", "pending")
    }
    rows = sums(commitment.assign(**costs), words("project_id project_name event_id currency"), *costs)
    event, values = rows["event_id"], events.drop_duplicates("id").set_index("id")
    rows["title"] = event.map(values["title"]).astype("string")
    scope = event.map(values["scope"]).astype("string")
    decided = scope.isna() | scope.isin(["in_scope", "out_of_scope"])
    rows["scope"] = scope = scope.where(decided, scope_tbd).where(event.isin(values.index), "")
    asked = {
        state: event.isin(owner.loc[owner["class"] == state, "event_id"].dropna())
        for state in ("approved", "pending", "rejected")
    }
    # The last that is true decides: what is in scope is ours, whatever the owner rejected or has not answered yet.
    masks = {
        "owner_not_asked": scope.eq("out_of_scope"),
        "owner_rejected": asked["rejected"],
        "owner_pending": asked["pending"],
        "in_scope": scope.eq("in_scope"),
        "owner_approved": asked["approved"],
    }
    rows["part"] = part = classify(rows.index, "no_event", masks)
    paid = owner[owner["class"] == "approved"].groupby(["event_id", "currency"])["amount"].agg(total)
    revenue = paid.rename("approved_revenue").reset_index()
    rows = rows.merge(revenue, on=["event_id", "currency"], how="left")
    cost = rows["approved_cost"]
    rows["approved_revenue"] = rows["approved_revenue"].where(part.eq("owner_approved"))
    # Credits (cost below zero) have no shortfall and are never unrecovered.
    rows["shortfall"] = (cost - rows["approved_revenue"]).clip(lower=0.0).where(cost > 0, 0.0).fillna(0.0)
    lost = part.isin(["owner_pending", "owner_rejected", "owner_not_asked"])
    rows["unrecovered"] = cost.clip(lower=0.0).where(lost, rows["shortfall"])
    order = "project_id project_name event_id title scope currency part approved_cost pending_cost"
    return rows[[*words(order), *_EVENT[1:]]]


def _figures(rows: pd.DataFrame) -> dict[str, Any]:
    orders, events, unpriced = (rows[rows["source"] == name] for name in ("order", "event", "unpriced"))
    tiers = orders["three_tiers"].eq(True)

    def amount(kind: str, state: str, mask: Any = True) -> float:
        return total(orders.loc[(orders["kind"] == kind) & (orders["class"] == state) & mask, "amount"])

    parts = {part: total(events.loc[events["part"] == part, "approved_cost"]) for part in PARTS}
    parts |= {name: total(events[name]) for name in ("shortfall", "unrecovered")}
    if tiers.any() and events.empty:  # who pays is not known there
        parts = dict.fromkeys(parts, float("nan"))
    return {
        "approved_cost": amount("commitment", "approved"),
        **{part: parts[part] for part in PARTS},
        "payer_not_known": amount("commitment", "approved", tiers),
        "shortfall": parts["shortfall"],
        "unrecovered": parts["unrecovered"],
        "pending_cost": amount("commitment", "pending"),
        **{f"owner_{state}_revenue": amount("prime", state) for state in ("approved", "pending", "rejected")},
        "median_pending_days": measures.median(orders["pending_days"]),
        "not_priced": len(unpriced),
        "not_priced_cost": total(unpriced["cost"]),
        "not_priced_revenue": total(unpriced["revenue"]),
    }


def _findings(row: dict[Any, Any]) -> list[str]:
    known = {name for name, value in row.items() if not is_missing(value) and value}
    payers = PARTS | {"payer_not_known": "with three tiers, where who pays is not known"}
    parts = [
        f"{measures.money_text(row[name], row['currency'])} {text}"
        for name, text in payers.items()
        if name in known
    ]
    texts = {
        "Approved changes cost {approved_cost:money}{parts}.": "approved_cost" in known,
        "{unrecovered:money} of it is not recovered: pending, rejected, not asked, or approved by the owner at less than its cost. What is in scope is ours, and not part of it.": row[
            "unrecovered"
        ]
        > 0,
        "Pending: {pending_cost:money} with subcontractors, {owner_pending_revenue:money} with owners.": known
        & {"pending_cost", "owner_pending_revenue"},
        "{not_priced:open event(s)} without a change order yet: rough cost {not_priced_cost:money}.": "not_priced"
        in known,
    }
    return measures.sentences(texts, row, parts=f": {', '.join(parts)}" if parts else "")
