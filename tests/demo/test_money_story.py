from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest

from procore_nb.demo.project import Project

from .reading import READER, Row

_PROJECTS = READER.projects()[::11]
_EACH = pytest.mark.parametrize("project", _PROJECTS, ids=lambda one: str(one.index))


def _sum(rows: list[Row], key: str, **wanted: Any) -> Decimal:
    chosen = (row for row in rows if all(row[name] == value for name, value in wanted.items()))
    return sum((Decimal(row[key]) for row in chosen), Decimal(0))


def _commitments(project: Project) -> list[Row]:
    return [
        {**row, "kind": kind}
        for kind in ("work_order_contract", "purchase_order_contract")
        for row in READER.rows(f"{kind}s", project)
    ]


@_EACH
def test_the_prime_contract_and_its_changes_are_the_projects_value(project: Project) -> None:
    prime = READER.rows("prime_contracts", project)[0]
    orders = READER.rows("prime_change_orders", project)
    approved = _sum(orders, "grand_total", status="approved")
    assert Decimal(prime["approved_change_orders"]) == approved
    if project.total_value is not None:
        assert Decimal(prime["grand_total"]) + approved == project.total_value
    lines = READER.rows("prime_contract_line_items", project, prime_contract_id=prime["id"])
    assert _sum(lines, "amount") == Decimal(prime["grand_total"])


@_EACH
def test_lines_and_change_orders_add_up_to_each_commitment(project: Project) -> None:
    orders = READER.rows("commitment_change_orders", project)
    for one in _commitments(project):
        lines = READER.rows(f"{one['kind']}_line_items", project, **{f"{one['kind']}_id": one["id"]})
        assert _sum(lines, "amount") == Decimal(one["grand_total"])
        approved = _sum(orders, "grand_total", contract_id=one["id"], status="approved")
        pending = _sum(orders, "grand_total", contract_id=one["id"], status="pending")
        assert Decimal(one["approved_change_orders"]) == approved
        assert Decimal(one["pending_change_orders"]) == pending
        assert Decimal(one["revised_contract"]) == Decimal(one["grand_total"]) + approved
        assert Decimal(one["pending_revised_contract"]) == Decimal(one["revised_contract"]) + pending


@_EACH
def test_potential_change_orders_add_up_to_requests_and_packages(project: Project) -> None:
    potential = READER.rows("potential_change_orders", project)
    packages = {row["id"]: row for row in READER.rows("change_order_packages", project)}
    sums: dict[int, Decimal] = defaultdict(Decimal)
    for row in potential:
        sums[row["change_order_request_id"]] += Decimal(row["grand_total"])
    found: set[int] = set()
    for contract in {row["contract_id"] for row in packages.values()}:
        for request in READER.rows("change_order_requests", project, contract_id=contract):
            package = packages[request["change_order_package_id"]]
            assert Decimal(package["grand_total"]) == Decimal(request["grand_total"]) == sums[request["id"]]
            assert (package["contract_id"], package["status"]) == (contract, request["status"])
            found.add(package["id"])
    assert found == set(packages)
    for row in potential[:6]:
        lines = READER.rows("potential_change_order_line_items", project, potential_change_order_id=row["id"])
        assert _sum(lines, "amount") == Decimal(row["grand_total"])


@_EACH
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
        revenue = sum(
            Decimal(item["latest_revenue_values"]["amount"])
            for ref in order["change_events"]
            for item in events[ref["id"]]["change_items"]
        )
        assert revenue == Decimal(order["grand_total"])


@_EACH
def test_the_budget_agrees_with_contracts_changes_and_costs(project: Project) -> None:
    view = READER.rows("budget_views", project)[0]["id"]
    rows = READER.rows("budget_view_detail_rows", project, budget_view_id=view)
    signed = [one for one in _commitments(project) if one["executed"]]
    prime = READER.rows("prime_contracts", project)[0]
    spent = READER.rows("direct_costs", project)
    assert _sum(rows, "Committed Costs") == _sum(signed, "revised_contract")
    assert _sum(rows, "Approved COs") == Decimal(prime["approved_change_orders"])
    assert _sum(rows, "Direct Costs") == _sum(spent, "grand_total", status="approved")
    assert _sum(rows, "budget_modifications") == 0
    names = {row["name"] for row in READER.rows("budget_detail_columns", project, budget_view_id=view)}
    for row in rows:
        assert names <= set(row)
        revised = sum(
            Decimal(row[key]) for key in ("original_budget_amount", "budget_modifications", "Approved COs")
        )
        assert Decimal(row["Revised Budget"]) == revised >= 0
        assert row["Forecast To Complete"] == row["budget_forecast"]["amount"]
    lines = READER.rows("direct_cost_line_items", project)
    assert _sum(lines, "amount") == _sum(spent, "grand_total")


@_EACH
def test_bills_grow_and_never_exceed_the_contract(project: Project) -> None:
    done: dict[int, Decimal] = defaultdict(Decimal)
    earned: dict[int, Decimal] = defaultdict(Decimal)
    commitments = {one["id"]: one for one in _commitments(project)}
    bills = [(row["commitment_id"], row["summary"]) for row in READER.rows("requisitions", project)]
    for row in READER.rows("requisitions", project):
        assert row["vendor_id"] == commitments[row["commitment_id"]]["vendor"]["id"]
    bills += [(row["contract"]["id"], row["g702"]) for row in READER.rows("payment_applications", project)]
    for contract, sheet in bills:
        total = Decimal(sheet["total_completed_and_stored_to_date"])
        assert done[contract] < total <= Decimal(sheet["contract_sum_to_date"])
        assert Decimal(sheet["less_previous_certificates_for_payment"]) == earned[contract]
        earned[contract] += Decimal(sheet["current_payment_due"])
        assert earned[contract] == total - Decimal(sheet["total_retainage"])
        done[contract] = total
    for contract, one in commitments.items():
        assert Decimal(one["total_requisitions_amount"]) == earned[contract]
        assert Decimal(one["total_payments"]) <= earned[contract] <= Decimal(one["revised_contract"])


def test_lines_of_an_invoice_are_those_of_its_contract() -> None:
    project = _PROJECTS[2]
    for bill in READER.rows("requisitions", project)[:30]:
        items = READER.rows("requisition_contract_items", project, requisition_id=bill["id"])
        done = _sum(items, "total_completed_and_stored_to_date")
        assert 0 < done <= Decimal(bill["summary"]["total_completed_and_stored_to_date"])
        assert _sum(items, "scheduled_value") == Decimal(bill["summary"]["original_contract_sum"])


def test_snapshots_show_the_budget_growing() -> None:
    project = max(_PROJECTS, key=lambda one: one.slip_days)
    totals = []
    for one in READER.rows("budget_view_snapshots", project):
        rows = READER.rows("budget_view_snapshot_detail_rows", project, budget_view_snapshot_id=one["id"])
        totals.append(_sum(rows, "Committed Costs") + _sum(rows, "Direct Costs"))
    assert len(totals) > 3
    assert totals == sorted(totals)


@pytest.mark.slow
def test_late_projects_overrun_their_budget_more() -> None:
    shares: dict[bool, list[Decimal]] = {True: [], False: []}
    for project in READER.projects()[::3]:
        view = READER.rows("budget_views", project)[0]["id"]
        rows = READER.rows("budget_view_detail_rows", project, budget_view_id=view)
        over = _sum(rows, "Projected Over Under") / _sum(rows, "Revised Budget")
        shares[project.slip_days > 0].append(over)
    late, timely = (sum(shares[key], Decimal(0)) / len(shares[key]) for key in (True, False))
    assert late < timely - Decimal("0.01")
    assert late < 0


@pytest.mark.slow
def test_what_was_deleted_is_shown_only_if_asked_for() -> None:
    orders = ("change_order_packages", "potential_change_orders")
    for name in ("change_events", "work_order_contracts", "purchase_order_contracts", *orders):
        gone = 0
        for project in READER.projects()[::3]:
            rows = READER.rows(name, project)
            both = READER.rows(name, project, query="&filters[include_deleted]=with")
            assert all(row["deleted_at"] is None for row in rows)
            gone += len(both) - len(rows)
        assert gone or name == "purchase_order_contracts"
