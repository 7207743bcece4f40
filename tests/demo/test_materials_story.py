"""Materials, assets, specifications, months of the books, and RFIs put anew: what must agree in them."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest

from procore_nb.demo import NOW, TODAY
from procore_nb.demo.portfolio import Project

from .reading import READER, Row

_PROJECTS = READER.projects()[::9]


def _sums(rows: list[Row], key: str) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = defaultdict(float)
    for row in rows:
        found[row["purchase_order"]["id"], row["item"]["id"]] += row[key]
    return found


def _ordered(project: Project) -> list[Row]:
    return READER.rows("material_purchase_orders", project, query="&filters[include_fully_shipped]=true")


def test_what_was_received_was_shipped_and_what_was_shipped_was_ordered() -> None:
    for project in _PROJECTS:
        lines = READER.rows("material_purchase_order_line_items", project)
        received = _sums(READER.rows("material_receipt_line_items", project), "quantity_received")
        for row in lines:
            assert 0 <= row["quantity_received"] <= row["quantity_shipped"] <= row["quantity_ordered"]
            assert row["quantity_ordered"] == row["quantity_received"] + row["quantity_outstanding"]
            assert row["quantity_received"] == received.get(
                (row["purchase_order"]["id"], row["item"]["id"]), 0
            )
            assert (row["status"] == "FULLY_RECEIVED") <= (row["quantity_outstanding"] == 0)
        shipped = READER.rows("material_shipment_line_items", project)
        assert sum(row["quantity_shipped"] for row in shipped) == sum(
            row["quantity_shipped"] for row in lines
        )
        assert sum(row["quantity_received"] for row in shipped) == sum(
            row["quantity_received"] for row in lines
        )


def test_a_material_order_is_a_purchase_order_of_the_project_and_its_supplier_a_vendor() -> None:
    for project in _PROJECTS:
        vendors = {row["name"]: row["id"] for row in READER.rows("project_vendors", project)}
        contracts = {row["number"]: row for row in READER.rows("purchase_order_contracts", project)}
        orders = _ordered(project)
        assert {row["name"] for row in orders} == {
            number for number, row in contracts.items() if row["executed"]
        }
        for row in orders:
            assert vendors[row["vendor"]] == contracts[row["name"]]["vendor"]["id"]
        suppliers = READER.rows("material_purchase_order_vendors", project)
        assert {row["vendor"] for row in suppliers} == {row["vendor"] for row in orders}


def test_lines_of_materials_point_at_items_orders_shipments_and_receipts_that_are_there() -> None:
    for project in _PROJECTS:
        names = {row["name"]: row["id"] for row in READER.rows("material_items", project)}
        orders = {row["id"]: row for row in _ordered(project)}
        shipments = {row["id"]: row for row in READER.rows("material_shipments", project)}
        receipts = {row["id"]: row for row in READER.rows("material_receipts", project)}
        for name in ("material_purchase_order_line_items", "material_receipt_line_items"):
            rows = READER.rows(name, project)
            assert len({row["id"] for row in rows}) == len(rows)
            for row in rows:
                assert names[row["item"]["name"]] == row["item"]["id"]
                assert row["purchase_order"]["id"] in orders
                assert row["vendor"] == orders[row["purchase_order"]["id"]]["vendor"]
        for row in READER.rows("material_purchase_order_line_items", project):
            assert {one["id"] for one in row["shipment"]} <= shipments.keys()
            assert {one["id"] for one in row["receipt"]} <= receipts.keys()
        for order in orders.values():
            below = READER.rows(
                "material_purchase_order_line_items_by_purchase_order", project, id=order["id"]
            )
            assert len(below) == order["total_line_count"] > 0
        for receipt in receipts.values():
            assert receipt["shipment"]["id"] in shipments
            below = READER.rows("material_receipt_line_items_by_receipt", project, id=receipt["id"])
            assert {row["shipment"]["id"] for row in below} == {receipt["shipment"]["id"]}


def test_materials_come_while_the_project_is_built_and_after_they_were_ordered() -> None:
    for project in _PROJECTS:
        end = project.actual_finish or project.projected
        assert end is not None
        ordered = {row["id"]: row["created_at"] for row in _ordered(project)}
        for row in READER.rows("material_receipts", project):
            moment = datetime.fromisoformat(row["received_at"])
            assert moment < NOW
            assert moment.date() <= max(end, TODAY)
            assert project.actual_start is not None
            assert project.actual_start <= moment.date()
            assert ordered[row["order"]["id"]] <= row["received_at"]


@pytest.mark.slow
def test_the_portfolio_has_materials_on_order_on_the_road_and_received() -> None:
    kinds = {row["status"] for project in READER.projects() for row in _ordered(project)}
    assert {"ORDERED", "PARTIALLY_RECEIVED", "FULLY_RECEIVED"} <= kinds
    states = {row["status"] for one in READER.projects() for row in READER.rows("material_shipments", one)}
    assert states == {"DELIVERED", "IN_TRANSIT"}


def test_orders_wholly_shipped_are_listed_only_when_asked_for() -> None:
    left_out = 0
    for project in _PROJECTS:
        usual = {row["id"] for row in READER.rows("material_purchase_orders", project)}
        open_lines = {
            row["purchase_order"]["id"]
            for row in READER.rows("material_purchase_order_line_items", project)
            if row["quantity_shipped"] < row["quantity_ordered"]
        }
        assert usual == open_lines
        left_out += len(_ordered(project)) - len(usual)
    assert left_out > 0


def test_assets_have_a_type_a_status_a_place_and_a_trade_that_are_there() -> None:
    for project in _PROJECTS:
        types = {row["id"]: row["name"] for row in READER.rows("asset_types", project)}
        statuses = {row["id"]: row["status_name"] for row in READER.rows("asset_statuses", project)}
        places = {str(row["id"]) for row in READER.rows("locations", project)}
        trades = {str(row["id"]) for row in READER.rows("trades")}
        rows = READER.rows("assets", project)
        assert rows
        for row in rows:
            assert types[row["asset_type"]["id"]] == row["asset_type"]["name"]
            assert statuses[row["asset_status"]["id"]] == row["asset_status"]["name"]
            assert row["location"]["id"] in places
            assert row["trade"]["id"] in trades
            assert row["created_at"] <= row["modified_at"]
        if project.progress == 1:
            assert {row["asset_status"]["name"] for row in rows} == {"Commissioned"}


def test_the_companys_assets_are_those_of_its_projects() -> None:
    ids = [row["id"] for row in READER.rows("company_assets")]
    assert len(ids) == len(set(ids))
    assert {row["id"] for project in _PROJECTS for row in READER.rows("assets", project)} < set(ids)


def test_sections_belong_to_divisions_sets_and_revisions_that_are_there() -> None:
    for project in _PROJECTS:
        divisions = READER.rows("specification_section_divisions", project)
        sets = {row["id"] for row in READER.rows("specification_sets_v2_0", project)}
        sections = READER.rows("specification_sections", project)
        assert sorted(str(one) for row in divisions for one in row["sections_ids"]) == sorted(
            row["id"] for row in sections
        )
        for row in sections:
            assert row["division"]["id"] in {one["id"] for one in divisions}
            assert row["set"]["id"] in sets
        revisions = {row["id"] for row in READER.rows("specification_section_revisions_v2_0", project)}
        assert {
            row["current_revision_id"] for row in READER.rows("specification_sections_v2_0", project)
        } == (revisions)
        below = READER.rows(
            "specification_section_revisions", project, specification_section_division_id=divisions[2]["id"]
        )
        assert [row["specification_section_id"] for row in below] == divisions[2]["sections_ids"]


def test_periods_are_whole_months_one_after_the_other_and_the_last_are_open() -> None:
    periods = READER.rows("financial_periods")
    starts = [date.fromisoformat(row["start_date"]) for row in periods]
    ends = [date.fromisoformat(row["end_date"]) for row in periods]
    assert len(periods) == 36
    assert all(start.day == 1 for start in starts)
    assert [end + timedelta(days=1) for end in ends[:-1]] == starts[1:]
    assert starts[-1] <= TODAY <= ends[-1]
    states = [row["status"] for row in periods]
    assert states == sorted(states)
    assert states.count("open") == 1 + (TODAY.day < 10)
    assert [row["group_name"] for row in periods] == [str(start.year) for start in starts]
    opened = READER.rows("financial_periods_open", _PROJECTS[0])
    assert [row["id"] for row in opened] == [row["id"] for row in periods if row["status"] == "open"]


@pytest.mark.slow
def test_a_question_put_anew_has_exactly_one_current_revision() -> None:
    chains: dict[int, list[Row]] = defaultdict(list)
    for project in READER.projects():
        for row in READER.rows("rfis", project):
            chains[row["source_rfi_header_id"]].append(row)
    counts = Counter(map(len, chains.values()))
    assert counts[1] > 20 * counts[2] > 20 * counts[3] > 0 < counts[4]
    for rows in chains.values():
        assert [row["current_revision"] for row in rows] == [False] * (len(rows) - 1) + [True]
        assert [row["revision"] for row in rows] == [str(number) for number in range(len(rows))]
        assert rows[0]["id"] == rows[0]["source_rfi_header_id"]
        assert {row["has_revisions"] for row in rows} == {len(rows) > 1}
        assert len({row["id"] for row in rows}) == len(rows)
        assert len({(row["number"], row["subject"]) for row in rows}) == 1
        for old, new in pairwise(rows):
            assert old["status"] == "closed"
            assert old["created_at"] <= old["time_resolved"] <= new["created_at"]


def test_the_filter_counts_each_question_once_and_each_revision_has_its_replies() -> None:
    project = next(one for one in READER.projects() if one.index == 74)
    rows = READER.rows("rfis", project)
    once = READER.rows("rfis", project, query="&filters[current_revision]=true")
    drafts = sum(row["number"] is None for row in rows)
    assert len(once) < len(rows) - 2
    assert len(once) == len({row["number"] for row in rows} - {None}) + drafts
    replies = [reply["id"] for row in rows for reply in READER.rows("rfi_replies", project, rfi_id=row["id"])]
    assert len(replies) == len(set(replies)) > len(rows)
