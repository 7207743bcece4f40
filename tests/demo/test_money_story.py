"""The demo's ledger: each test is one identity of its accounts, or one thing a report of money must find in it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from procore_nb.catalog import endpoints
from procore_nb.demo import TODAY
from procore_nb.demo.company import read_facts
from procore_nb.demo.portfolio import Project
from procore_nb.demo.site_calendar import CLOSES, OPENS

from .reading import READER, Row

_ALL = READER.projects()
# Tiers of approval, a loss, no recorded payments, no currency, riyals of Qatar.
_UNLIKE = {4, 11, 14, 17, 30, 57, 113}
_FIFTH = [project for number, project in enumerate(_ALL) if number % 5 == 0 or project.index in _UNLIKE]
_HALF = _ALL[::2]
_PROJECTS = _ALL[::11]
_ONE = pytest.mark.parametrize("project", _PROJECTS[4:5], ids=lambda one: str(one.index))
_IDENTITIES: list[Callable[[Project], None]] = []


def _identity(check: Callable[[Project], None]) -> Callable[[Project], None]:
    """A check of one project: of one in the fast lane, of every fifth in the slow one."""
    _IDENTITIES.append(check)
    return _ONE(check)


def _sum(rows: list[Row], key: str, **wanted: Any) -> Decimal:
    chosen = (row for row in rows if all(row[name] == value for name, value in wanted.items()))
    return sum((Decimal(row[key]) for row in chosen), Decimal(0))


def _commitments(project: Project) -> list[Row]:
    return [
        {**row, "kind": kind}
        for kind in ("work_order_contract", "purchase_order_contract")
        for row in READER.rows(f"{kind}s", project)
    ]


_PENDING = {"pending", "pricing", "not_pricing", "revised", "proceeding", "not_proceeding"}


# Formulas of columns that stand in every view.
_SPENT, _AT_END = "billed+direct", "projected_costs+forecast"
_LEFT = "projected_budget-projected_costs-forecast"


def _orders(project: Project) -> list[Row]:
    """Change orders of every contract: the packages are there whatever the tiers."""
    return READER.rows("change_order_packages", project)


def _budget(project: Project) -> list[Row]:
    """Rows of the standard view, under the formulas of their columns."""
    view = READER.rows("budget_views", project)[0]
    titles = next(one[3] for one in read_facts("money")["views"] if one[0] == view["name"])
    rows = READER.rows(
        "budget_view_detail_rows", project, query="&budget_row_type=all", budget_view_id=view["id"]
    )
    names = [row["name"] for row in READER.rows("budget_detail_columns", project, budget_view_id=view["id"])]
    assert names == list(titles)
    return [{**row, **{formula: Decimal(row[title]) for title, formula in titles.items()}} for row in rows]


@_identity
def test_the_prime_contract_is_its_lines_and_with_approved_changes_the_projects_value(
    project: Project,
) -> None:
    prime = READER.rows("prime_contracts", project)[0]
    approved = _sum(_orders(project), "grand_total", status="approved", contract_id=prime["id"])
    assert Decimal(prime["approved_change_orders"]) == approved
    if project.total_value is not None:
        assert Decimal(prime["grand_total"]) + approved == project.total_value
    lines = READER.rows("prime_contract_line_items", project, prime_contract_id=prime["id"])
    assert _sum(lines, "amount") == Decimal(prime["grand_total"])


@_identity
def test_a_commitment_is_its_lines_and_revised_is_original_and_approved(project: Project) -> None:
    orders = _orders(project)
    for one in _commitments(project):
        lines = READER.rows(f"{one['kind']}_line_items", project, **{f"{one['kind']}_id": one["id"]})
        assert _sum(lines, "amount") == Decimal(one["grand_total"])
        own = [row for row in orders if row["contract_id"] == one["id"]]
        approved = _sum(own, "grand_total", status="approved")
        pending = sum(Decimal(row["grand_total"]) for row in own if row["status"] in _PENDING)
        assert Decimal(one["approved_change_orders"]) == approved
        assert Decimal(one["pending_change_orders"]) == pending
        assert Decimal(one["draft_change_orders_amount"]) == _sum(own, "grand_total", status="draft")
        assert Decimal(one["revised_contract"]) == Decimal(one["grand_total"]) + approved
        assert Decimal(one["pending_revised_contract"]) == Decimal(one["revised_contract"]) + pending


@_identity
def test_every_tier_of_change_orders_adds_up_to_the_next_and_tiers_that_are_off_are_empty(
    project: Project,
) -> None:
    packages = {row["id"]: row for row in _orders(project)}
    potential = READER.rows("potential_change_orders", project)
    contracts = {row["contract_id"] for row in packages.values()}
    requests = [
        row for one in contracts for row in READER.rows("change_order_requests", project, contract_id=one)
    ]
    lists = ("prime_change_orders", "commitment_change_orders")
    listed = [row for name in lists for row in READER.rows(name, project)]
    tiers = (2, 1, 2, 1, 1, 3)[project.index % 6]
    assert {row["change_order_tiers"] for row in potential} <= {tiers}
    assert (not listed) == (tiers == 3 or not packages)
    assert (not potential) == (tiers == 2 or not packages)
    assert (not requests) == (tiers == 1 or not packages)
    for row in listed:
        assert {packages[row["id"]][key] for key in ("grand_total", "status")} == {
            row["grand_total"],
            row["status"],
        }
    for row in requests:
        package = packages[row["change_order_package_id"]]
        assert (package["grand_total"], package["status"]) == (row["grand_total"], row["status"])
    assert _sum(potential, "grand_total") in (0, _sum(list(packages.values()), "grand_total"))
    for row in potential[:6]:
        lines = READER.rows("potential_change_order_line_items", project, potential_change_order_id=row["id"])
        assert _sum(lines, "amount") == Decimal(row["grand_total"])
    for name, key in zip(lists, ("prime_change_order_id", "commitment_change_order_id"), strict=True):
        for row in READER.rows(name, project)[:4]:
            lines = READER.rows(f"{name[:-1]}_line_items", project, **{key: row["id"]})
            assert _sum(lines, "amount") == Decimal(row["grand_total"])


@_identity
def test_change_events_begin_with_rfis_and_end_in_orders(project: Project) -> None:
    questions = {row["id"]: row for row in READER.rows("rfis", project)}
    events = {row["id"]: row for row in READER.rows("change_events", project)}
    for event in events.values():
        origin = event["event_origin"]
        if origin is not None:
            question = questions[origin["origin_id"]]
            cost = sum(Decimal(item["latest_cost_values"]["amount"]) for item in event["change_items"])
            assert cost == Decimal(str(question["cost_impact"]["value"]))
            assert event["created_at"] >= question["created_at"]
    for order in READER.rows("prime_change_orders", project):
        parts = [events[ref["id"]] for ref in order["change_events"]]
        revenue = sum(
            Decimal(item["latest_revenue_values"]["amount"]) for one in parts for item in one["change_items"]
        )
        assert Decimal(order["grand_total"]) == (0 if order["status"] == "no_charge" else revenue)
        assert all(order["created_at"] > one["created_at"] for one in parts)


@_identity
def test_contracts_changes_and_costs_roll_up_to_the_budget(project: Project) -> None:
    rows, orders = _budget(project), _orders(project)
    signed = [one for one in _commitments(project) if one["executed"]]
    prime = READER.rows("prime_contracts", project)[0]
    spent = READER.rows("direct_costs", project)
    own = {True: [row for row in orders if row["contract_id"] == prime["id"]]}
    own[False] = [row for row in orders if row["contract_id"] != prime["id"]]
    pending = {
        key: sum(Decimal(o["grand_total"]) for o in own[key] if o["status"] in _PENDING) for key in own
    }
    assert _sum(rows, "committed") == _sum(signed, "revised_contract")
    assert _sum(rows, "approved") == Decimal(prime["approved_change_orders"])
    assert _sum(rows, "projected_budget") - _sum(rows, "revised") == pending[True]
    assert _sum(rows, "pending_costs") == pending[False]
    assert _sum(rows, "budget_modifications") == 0
    assert _sum(READER.rows("direct_cost_line_items", project), "amount") == _sum(spent, "grand_total")
    if project.index != 67:  # the company's own view has no column of direct costs only
        assert _sum(rows, "direct") == _sum(spent, "grand_total", status="approved")


@_identity
def test_columns_of_the_budget_follow_from_each_other(project: Project) -> None:
    for row in _budget(project):
        original, moved = Decimal(row["original_budget_amount"]), Decimal(row["budget_modifications"])
        assert row["revised"] == original + moved + row["approved"] >= 0
        assert row["projected_costs"] == row["committed"] + row["direct"] + row["pending_costs"]
        rest = max(Decimal(0), row["projected_budget"] - row["projected_costs"])
        forecast = row["budget_forecast"]
        if forecast is None:
            assert row["unbudgeted_reason"] == "direct_cost"
            assert row["id"] is row["wbs_code_id"] is None
            assert row["revised"] == row["forecast"] == 0 < row[_SPENT] == row[_AT_END] == -row[_LEFT]
            continue
        assert Decimal(forecast["automatic_amount"]) == rest
        assert row["forecast"] == Decimal(forecast["amount"])
        by_hand = not forecast["automatically_calculated"]
        assert Decimal(forecast["manual_amount"] if by_hand else rest) == row["forecast"] >= 0
        assert (forecast["notes"] is not None) == by_hand
        assert row[_AT_END] == row["projected_costs"] + row["forecast"]
        assert row[_LEFT] == row["projected_budget"] - row[_AT_END]
        assert row[_SPENT] <= row[_AT_END]


@_identity
def test_invoices_are_cumulative_retain_a_share_and_stay_within_the_contract(project: Project) -> None:
    done: dict[int, Decimal] = defaultdict(Decimal)
    earned: dict[int, Decimal] = defaultdict(Decimal)
    net: dict[int, Decimal] = defaultdict(Decimal)
    commitments = {one["id"]: one for one in _commitments(project)}
    requisitions = READER.rows("requisitions", project)
    last = {row["commitment_id"]: row["id"] for row in requisitions}
    assert all(row["id"] == last[row["commitment_id"]] for row in requisitions if row["final"])
    for row in requisitions:
        assert row["vendor_id"] == commitments[row["commitment_id"]]["vendor"]["id"]
    bills = [(row["commitment_id"], row["summary"]) for row in requisitions]
    bills += [(row["contract"]["id"], row["g702"]) for row in READER.rows("payment_applications", project)]
    for contract, sheet in bills:
        amount = {
            key: Decimal(value)
            for key, value in sheet.items()
            if value and key.endswith(("_date", "_total", "_sum"))
        }
        total, changes = (
            amount["total_completed_and_stored_to_date"],
            Decimal(sheet["net_change_by_change_orders"]),
        )
        assert Decimal(sheet["contract_sum_to_date"]) == amount["original_contract_sum"] + changes
        assert (
            changes == amount["positive_change_order_item_total"] + amount["negative_change_order_item_total"]
        )
        # Only a credit can take back what was done.
        assert done[contract] < total or changes < net[contract]
        assert total <= Decimal(sheet["contract_sum_to_date"])
        assert Decimal(sheet["less_previous_certificates_for_payment"]) == earned[contract]
        earned[contract] += Decimal(sheet["current_payment_due"])
        assert earned[contract] == total - Decimal(sheet["total_retainage"])
        percent = Decimal(sheet["completed_work_retainage_percent"])
        assert abs(Decimal(sheet["total_retainage"]) - total * percent / 100) < 1
        done[contract], net[contract] = total, changes
    for contract, one in commitments.items():
        assert Decimal(one["total_requisitions_amount"]) == earned[contract]
        assert Decimal(one["total_payments"]) <= earned[contract] <= Decimal(one["revised_contract"])


@_identity
def test_nothing_is_dated_paid_that_is_not_paid(project: Project) -> None:
    paid: dict[int, Decimal] = defaultdict(Decimal)
    for row in READER.rows("requisitions", project):
        if row["payment_date"] is not None:
            assert row["status"] in ("approved", "approved_as_noted")
            assert row["billing_date"] < row["payment_date"] <= TODAY.isoformat()
            paid[row["commitment_id"]] += Decimal(row["summary"]["current_payment_due"])
    for one in _commitments(project):
        assert Decimal(one["total_payments"]) == paid[one["id"]]
    for row in READER.rows("prime_change_orders", project):
        assert row["paid"] == (row["paid_date"] is not None)
    for row in _orders(project):
        assert row["status"] == "approved" or (row["invoiced_date"], row["paid_date"]) == (None, None)
        assert row["invoiced_date"] or not row["paid_date"]
        assert row["invoiced_date"] is None or row["reviewed_at"][:10] <= row["invoiced_date"]
    for row in READER.rows("direct_costs", project):
        assert row["payment_date"] is None or (row["status"], row["payment_date"] <= TODAY.isoformat()) == (
            "approved",
            True,
        )


@_identity
def test_invoices_of_a_contract_are_paid_in_their_order(project: Project) -> None:
    paid: dict[int, list[str]] = defaultdict(list)
    for row in READER.rows("requisitions", project):
        if row["status"].startswith("approved"):
            paid[row["commitment_id"]].append(row["payment_date"] or "unpaid")
    assert all(days == sorted(days) for days in paid.values())


@_identity
def test_invoices_are_entered_and_paid_at_office_hours_of_their_days_not_all_at_noon(
    project: Project,
) -> None:
    calendar, minutes = project.calendar, set()
    for row in READER.rows("requisitions", project):
        entered, changed = (
            datetime.fromisoformat(row[key]).astimezone(calendar.zone) for key in ("created_at", "updated_at")
        )
        days = [row["billing_date"], row["submitted_at"] or "", row["payment_date"] or ""]
        assert str(entered.date()) == days[0]
        assert str(changed.date()) == max(days)
        assert OPENS <= entered.hour < CLOSES
        minutes.add((entered.hour, entered.minute))
    assert len(minutes) >= min(20, len(READER.rows("requisitions", project)) // 3)


@_identity
def test_change_orders_are_due_on_working_days_after_different_times(project: Project) -> None:
    waits = Counter[int | None]()
    for row in _orders(project):
        made = project.calendar.day_of(datetime.fromisoformat(row["created_at"]))
        due = row["due_date"] and date.fromisoformat(row["due_date"][:10])
        assert due is None or (due > made and project.calendar.works_on(due))
        waits[due and (due - made).days] += 1
    assert max(waits.values(), default=0) <= max(3, waits.total() * 3 // 4)


@_identity
def test_no_direct_cost_is_petty(project: Project) -> None:
    for name, key in (("direct_costs", "grand_total"), ("direct_cost_line_items", "amount")):
        assert all(Decimal(row[key]) >= 250 * Decimal(project.rate) for row in READER.rows(name, project))


def _currencies(value: Any) -> set[str | None]:
    """Every currency a row states, at any depth; None where it states none."""
    if isinstance(value, list):
        return {one for item in value for one in _currencies(item)}
    if not isinstance(value, dict):
        return set()
    found = {value[key] for key in ("currency_iso_code", "base_currency_iso_code") if key in value}
    if "currency_configuration" in value and value["currency_configuration"] is None:
        found.add(None)
    return found.union(*(_currencies(one) for one in value.values())) if value else found


_MONEY_LISTS = [
    one.name
    for one in endpoints()
    if one.scope == "project" and one.module in ("Budget", "Prime Contracts", "Commitments", "Change Events",
        "Change Orders", "Direct Costs", "Invoices") and not one.parents and one.kind == "data"
    and any(field.name.endswith("currency_iso_code") for field in one.fields)
]  # fmt: skip


@_identity
def test_the_currency_of_a_record_is_its_projects(project: Project) -> None:
    for name in _MONEY_LISTS:
        for row in READER.rows(name, project):
            assert _currencies(row) == {project.currency}, name
    budget = READER.rows("budget_views", project)[-1]["id"]
    for row in READER.rows("budget_view_detail_rows", project, budget_view_id=budget):
        assert _currencies(row) == {project.currency}


@_identity
def test_owner_and_contractor_are_in_the_directory_and_do_no_work_below_the_contract(
    project: Project,
) -> None:
    known = {row["id"]: row for row in READER.rows("project_vendors", project)}
    prime = READER.rows("prime_contracts", project)[0]
    above = {prime["vendor"]["id"], prime["contractor"]["id"]}
    below = {one["vendor"]["id"] for one in _commitments(project)}
    assert len(above) == 2
    assert above | below <= known.keys()
    assert not above & below
    assert {known[firm]["country_code"] for firm in below} <= {project.street.country_code}


@_identity
def test_budget_and_contracts_hold_only_work_that_is_in_the_building(project: Project) -> None:
    codes = {row["full_code"] for row in READER.rows("cost_codes", project) if row["budgeted"]}
    assert {row["cost_code"][:6] for row in _budget(project)} == codes
    for one in _commitments(project):
        lines = READER.rows(f"{one['kind']}_line_items", project, **{f"{one['kind']}_id": one["id"]})
        assert {row["cost_code"]["full_code"] for row in lines} <= codes
    if project.building == "Bridge Repair":
        assert not codes & {"14-200", "09-250", "22-100"}


@pytest.mark.slow
@pytest.mark.parametrize("part", range(2))
def test_every_identity_holds_in_every_fifth_project(part: int) -> None:
    for project in _FIFTH[part::2]:  # all of them on one project: what they read is read once
        for check in _IDENTITIES:
            check(project)


def test_lines_of_an_invoice_are_those_of_its_contract() -> None:
    project = _PROJECTS[2]
    for bill in READER.rows("requisitions", project)[:30]:
        items = READER.rows("requisition_contract_items", project, requisition_id=bill["id"])
        net = Decimal(bill["summary"]["net_change_by_change_orders"])
        total = Decimal(bill["summary"]["total_completed_and_stored_to_date"])
        assert (
            total - max(net, Decimal(0))
            <= _sum(items, "total_completed_and_stored_to_date")
            <= total - min(net, Decimal(0))
        )
        assert _sum(items, "scheduled_value") == Decimal(bill["summary"]["original_contract_sum"])


def test_snapshots_show_the_budget_growing() -> None:
    project = max(_PROJECTS, key=lambda one: len(READER.rows("budget_view_snapshots", one)))
    totals = []
    for one in READER.rows("budget_view_snapshots", project):
        rows = READER.rows("budget_view_snapshot_detail_rows", project, budget_view_snapshot_id=one["id"])
        totals.append(_sum(rows, "Job to Date Costs"))
    assert len(totals) > 3
    assert totals == sorted(totals)


@pytest.mark.slow
def test_late_projects_overrun_their_budget_more() -> None:
    shares: dict[bool, list[Decimal]] = {True: [], False: []}
    for project in _FIFTH:
        rows = _budget(project)
        shares[project.slip_days > 0].append(_sum(rows, _LEFT) / _sum(rows, "revised"))
    late, timely = (sum(shares[key], Decimal(0)) / len(shares[key]) for key in (True, False))
    assert late < timely - Decimal("0.01")
    assert late < 0


@pytest.mark.slow
def test_what_was_deleted_is_shown_only_if_asked_for() -> None:
    orders = ("change_order_packages", "potential_change_orders")
    for name in ("change_events", "work_order_contracts", "purchase_order_contracts", *orders):
        gone = 0
        for project in _FIFTH:
            rows = READER.rows(name, project)
            both = READER.rows(name, project, query="&filters[include_deleted]=with")
            assert all(row["deleted_at"] is None for row in rows)
            gone += len(both) - len(rows)
        assert gone or name == "purchase_order_contracts"


@pytest.mark.slow
def test_approved_changes_add_three_to_twelve_percent_to_a_finished_contract() -> None:
    shares = []
    for project in (one for one in _ALL if one.progress == 1):
        prime = READER.rows("prime_contracts", project)[0]
        shares.append(100 * Decimal(prime["approved_change_orders"]) / Decimal(prime["grand_total"]))
    assert len(shares) > 40
    assert 3 <= min(shares) <= max(shares) <= 12


@pytest.mark.slow
def test_reports_find_changes_that_the_owner_does_not_pay_for_and_every_status() -> None:
    kinds: Counter[tuple[str | None, str]] = Counter()
    words, credits = set(), 0
    for project in _HALF:
        above = {
            ref["id"]: row
            for row in READER.rows("prime_change_orders", project)
            for ref in row["change_events"]
        }
        events = {row["id"]: row for row in READER.rows("change_events", project)}
        for row in READER.rows("commitment_change_orders", project):
            event = events[row["change_events"][0]["id"]]
            owner = above.get(event["id"])
            if event["scope"] == "out_of_scope":
                kinds[owner["status"] if owner else None, row["status"]] += 1
            credits += row["status"] == "approved" and Decimal(row["grand_total"]) < 0
        words |= {row["status"] for row in _orders(project)}
    for owner in ("pending", "rejected", "approved", None):
        assert kinds[owner, "approved"] > 10
    assert words == {"draft", "approved", "rejected", "no_charge", "void", *_PENDING}
    assert credits > 10


@pytest.mark.slow
def test_reports_find_invoices_of_many_days_some_unpaid_some_late_and_retainage() -> None:
    bills = [row for project in _HALF for row in READER.rows("requisitions", project)]
    days = [
        (date.fromisoformat(row["payment_date"]) - date.fromisoformat(row["billing_date"])).days
        for row in bills
        if row["payment_date"]
    ]
    counted = [row for row in bills if row["status"].startswith("approved")]
    unpaid = [row for row in counted if row["payment_date"] is None]
    assert len({row["billing_date"][-2:] for row in bills}) > 20
    assert 0.02 < len(unpaid) / len(counted) < 0.12
    assert any((TODAY - date.fromisoformat(row["billing_date"])).days > 90 for row in unpaid)
    assert 0.3 < sum(30 < one <= 60 for one in days) / len(days) < 0.7
    assert 0.05 < sum(one > 90 for one in days) / len(days) < 0.2
    assert {row["status"] for row in bills} >= {
        "draft",
        "under_review",
        "revise_and_resubmit",
        "pending_owner_approval",
    }
    assert sum(Decimal(row["summary"]["total_retainage"]) > 0 for row in bills) > 500


def test_one_company_has_projects_in_several_currencies_one_states_none_and_one_has_its_own_budget_view() -> (
    None
):
    counts = Counter(one.currency for one in READER.projects(begun=False, tools_off=True))
    assert {"USD", "CAD", "GBP", "EUR", "AUD", "AED", "SAR", "QAR", None} <= set(counts)
    assert counts[None] == 1
    running = {one.currency for one in _ALL if one.active and 0 < one.progress < 1}
    assert running >= {"USD", "CAD", "GBP", "EUR", "AUD", "NZD", "AED", "SAR", "QAR", "OMR"}
    own = next(one for one in _ALL if one.index == 67)
    assert [row["name"] for row in READER.rows("budget_views", own)] == ["H&V Cost Report"]
    assert any(row["total_value"] is None for row in READER.rows("projects"))


@pytest.mark.slow
def test_reports_find_firms_under_contract_whose_insurance_ran_out_runs_out_is_refused_or_was_never_sent() -> (
    None
):
    rows = READER.rows("insurances")
    newest: dict[tuple[int, str], Row] = {}
    for row in sorted(rows, key=lambda row: str(row["expiration_date"])):
        assert (row["status"] == "expired") == (row["expiration_date"] < TODAY.isoformat())
        newest[row["vendor_id"], row["insurance_type"]] = row
    assert len(newest) < len(rows)
    working = {
        one["vendor"]["id"]
        for project in _HALF
        for one in _commitments(project)
        if one["status"] == "Approved" and one["executed"]
    }
    found: Counter[str] = Counter()
    soon = (TODAY + timedelta(days=30)).isoformat()
    for firm in working:
        own = [row for (vendor, _kind), row in newest.items() if vendor == firm]
        found["none"] += not own
        found["expired"] += any(row["status"] == "expired" for row in own)
        found["expiring"] += any(TODAY.isoformat() <= row["expiration_date"] <= soon for row in own)
        found["refused"] += any(row["status"] == "non_compliant" for row in own)
    assert min(found[one] for one in ("none", "expired", "expiring", "refused")) >= 2
    assert sum(found.values()) < len(working)


@pytest.mark.slow
def test_reports_find_projects_that_lose_money() -> None:
    losing = 0
    for project in _HALF:
        prime = READER.rows("prime_contracts", project)[0]
        contract = Decimal(prime["grand_total"]) + Decimal(prime["approved_change_orders"])
        losing += _sum(_budget(project), _AT_END) > contract
    assert 2 <= losing <= len(_HALF) // 10


@pytest.mark.slow
def test_some_contracts_were_terminated_and_what_was_left_went_to_another_firm_of_the_trade() -> None:
    ended = [
        (project, row)
        for project in _HALF
        for row in READER.rows("work_order_contracts", project)
        if row["status"] == "Terminated"
    ]
    assert len({project.id for project, _row in ended}) == len(ended) > 2
    firms = {row["id"]: row for row in READER.rows("vendors")}
    for project, row in ended:
        titled = f"{row['title']}, remaining works"
        after = next(one for one in READER.rows("work_order_contracts", project) if one["title"] == titled)
        assert after["vendor"]["id"] != row["vendor"]["id"]
        trades = [firms[one["vendor"]["id"]]["trade_name"] for one in (row, after)]
        assert trades[0] == trades[1]
        assert after["contract_date"] > row["contract_estimated_completion_date"]
        assert Decimal(row["total_requisitions_amount"]) >= Decimal(row["grand_total"])


@pytest.mark.slow
def test_some_projects_spend_without_a_budget_which_shows_only_if_asked_for() -> None:
    without = []
    for project in _HALF:
        view = READER.rows("budget_views", project)[0]["id"]
        plain = READER.rows("budget_view_detail_rows", project, budget_view_id=view)
        assert all(row["id"] is not None for row in plain)
        more = READER.rows(
            "budget_view_detail_rows", project, query="&budget_row_type=all", budget_view_id=view
        )
        without += [project.id] * (len(more) - len(plain))
    assert len(without) == len(set(without)) > 5


@pytest.mark.slow
def test_projects_have_as_many_firms_as_their_work_takes() -> None:
    counts = Counter(len(READER.rows("project_vendors", project)) for project in _ALL)
    assert len(counts) > 6
    assert max(counts.values()) < len(_ALL) / 2
    bridges = [one for one in _ALL if one.building == "Bridge Repair"]
    assert max(len(READER.rows("project_vendors", one)) for one in bridges) < max(counts)


def test_a_project_without_a_budget_has_no_rows_of_snapshots_either() -> None:
    stopped = next(one for one in READER.projects(begun=False) if one.stage.category == "canceled")
    for kind in ("detail", "summary"):
        name = f"budget_view_snapshot_{kind}_rows"
        assert READER.rows(name, stopped, budget_view_snapshot_id=17) == []
