"""Each report on a small case whose figures were worked out by hand; the inputs have the fields as Procore names them."""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from procore_nb import reports

CASES = Path(__file__).parent / "cases"


def report(name: str, **options: Any) -> reports.Report:
    case = json.loads((CASES / f"{name}.json").read_text("utf-8"))
    return getattr(reports, name)(case["lists"], as_of=case["as_of"], **options)


made = cache(report)  # without options, once for all tests


def total(name: str, **options: Any) -> dict[str, Any]:
    return (report(name, **options) if options else made(name)).tables["total"].iloc[0].to_dict()


def by(frame: pd.DataFrame, key: str, value: str) -> dict[Any, Any]:
    known = frame.dropna(subset=[value])
    return dict(zip(known[key].tolist(), known[value].tolist(), strict=True))


def test_rfis_are_counted_by_the_day_of_their_project() -> None:
    found = made("rfis")
    assert found.tables["total"].iloc[0].to_dict() | {"censored_p90_days": None} == {
        "open": 5, "overdue": 2, "due_today": 1, "without_due_date": 1, "closed": 3, "median_days": 10.0, "on_time_percent": 50.0,
        "on_time_of": 2, "censored_median_days": 20.0, "censored_p90_days": None, "drafts_left_out": 1,
    }  # fmt: skip
    assert (
        "Half of the 3 closed RFIs were closed within 10 days; counting RFIs that are still open, the median is 20 days. 50 % of the 2 closed"
        in found.findings[-1]
    )
    assert by(found.rows, "id", "age_days") == {1: 16, 2: 8, 3: 3, 4: 59, 9: 0}  # 9: the 18th in Auckland
    assert by(found.rows, "id", "late_days") == {1: 9, 4: 48}
    assert by(found.rows, "id", "late_working_days") == {1: 7, 4: 34}
    assert found.tables["by_age"]["open"].tolist() == [2, 1, 1, 1, 0]
    people = found.tables["by_person"][["name", "open", "overdue"]].values.tolist()
    assert people == [["A", 2, 2], ["B", 3, 1], ["(nobody)", 1, 0]]
    assert found.summary["open"].tolist() == [4, 1]
    assert math.isnan(found.tables["total"]["censored_p90_days"].iloc[0])


def test_working_days_are_an_option() -> None:
    assert by(report("rfis", calendar="working").rows, "id", "late_days")[1] == 7
    holidays = report("rfis", calendar="working", holidays=["2026-06-15"])
    assert by(holidays.rows, "id", "late_days")[1] == 6


def test_changes_name_who_pays_by_currency() -> None:
    found = made("changes")
    usd = found.tables["total"].set_index("currency").loc["USD"]
    parts = ["owner_approved", "owner_pending", "owner_rejected", "in_scope", "owner_not_asked", "no_event"]
    assert usd["approved_cost"] == 37000
    assert usd[parts].tolist() == [3000, 20000, 6000, 8000, 0, 0]
    assert (usd["unrecovered"], usd["pending_cost"]) == (26000, 3000)
    assert (usd["owner_pending_revenue"], usd["owner_approved_revenue"]) == (23000, 2900)
    assert by(found.rows, "id", "pending_days") == {22: 30, 17: 8, 27: 48}
    other = found.tables["total"].set_index("currency")
    assert (other.loc["CAD", "approved_cost"], other.loc["CAD", "owner_approved"]) == (1000, 1000)
    assert other.loc["not stated", ["not_priced_cost", "not_priced_revenue"]].tolist() == [10000, 12000]
    assert found.tables["left_out"]["void_left_out"].tolist() == [1]
    assert "CAD 1,000" in found.findings[0]


def test_quality_is_pooled_and_says_so() -> None:
    found = total("quality")
    assert (found["conformance_percent"], found["mean_of_inspections_percent"]) == (92.86, 94.44)
    assert (found["inspections_rated"], found["with_deficiency"], found["not_started"]) == (2, 1, 1)
    assert (found["not_closed"], found["overdue"], found["overdue_without_ready_for_review"]) == (3, 2, 1)
    assert (found["without_due_date"], found["closed_on_time_percent"]) == (1, 50)
    assert found["median_days_to_close"] == 10
    assert total("quality", ready_for_review_counts=False)["overdue"] == 1


def test_manpower_compares_like_with_like_and_knows_week_ends() -> None:
    found = made("manpower")
    assert found.summary.set_index("project_id")[["people_first", "people_second"]].T.to_dict("list") == {
        1: [10, 12], 2: [0, 6], 3: [8, 0], 4: [20, 22],
    }  # fmt: skip
    whole = found.tables["total"].iloc[0]
    assert (whole["people_first"], whole["people_second"], whole["total_change_percent"]) == (38, 40, 5.26)
    assert found.tables["same_sites"]["project_id"].tolist() == [1, 4]
    assert whole[["same_sites_first", "same_sites_second"]].tolist() == [30, 34]
    assert whole["same_sites_change_percent"] == 13.33
    assert found.tables["started"]["project_id"].tolist() == [2]
    assert found.tables["stopped_logging"]["project_id"].tolist() == [3]
    hours = found.summary.set_index("project_id")[["man_hours_first", "man_hours_second"]]
    assert hours.loc[[1, 4]].values.tolist() == [[80, 96], [160, 216]]
    assert whole["not_on_a_working_day"] == 1
    windows = report("manpower", windows=(("2026-06-08", "2026-06-09"), ("2026-06-10", "2026-06-11")))
    assert windows.summary["project_id"].tolist() == [1, 2]


def test_billing_takes_the_last_invoice_for_the_total() -> None:
    found = made("billing")
    whole = found.tables["total"].iloc[0]
    assert (whole["billed"], whole["retainage_held"], whole["unpaid"]) == (75000, 6500, 41500)
    assert (whole["under_review"], whole["waiting"]) == (9500, 9500)
    contracts = found.tables["by_commitment"].set_index("contract_id")
    assert contracts["billed"].to_dict() == {1: 55000, 2: 20000}
    assert contracts["billed_percent"].to_dict() == {1: 55, 2: 50}
    ages = found.tables["unpaid_by_age"].drop(columns="currency").iloc[0].tolist()
    assert ages == [22500, 0, 19000, 0]
    assert by(found.rows, "id", "age_days") == {12: 24, 21: 85}
    assert math.isnan(whole["owner_unpaid"])  # no owner invoices were given: unknown, not zero


def test_buyout_counts_no_saving_before_the_signature() -> None:
    found = made("buyout")
    codes = found.tables["codes"].set_index("cost_code")
    assert codes["committed"].to_dict() == {"A": 92000, "B": 0, "C": 0, "D": 21000}
    assert codes["saving"].dropna().to_dict() == {"A": 8000, "D": -1000}
    assert codes.loc["B", ["in_signature", "would_save"]].tolist() == [55000, -5000]
    assert codes.loc["C", "to_buy"] == 30000
    whole = found.tables["total"].iloc[0]
    assert (whole["bought_percent"], whole["saving_so_far"], whole["to_buy_budget"]) == (60, 7000, 80000)
    assert (
        report("buyout", bought_from=95).tables["codes"].set_index("cost_code").loc["A", "state"]
        == "partly bought"
    )


def test_compliance_takes_the_newest_certificate() -> None:
    found = made("compliance").tables
    assert by(found["expired"], "vendor_id", "days_left") == {1: -17}
    assert by(found["expiring"], "vendor_id", "days_left") == {2: 22}
    assert found["valid"]["vendor_id"].tolist() == [3, 6]
    assert found["none_on_file"]["vendor_id"].tolist() == [4]
    assert found["not_on_site"]["vendor_id"].tolist() == [5]
    assert report("compliance", horizon_days=21).tables["expiring"].empty


@pytest.mark.parametrize("name", [path.stem for path in CASES.glob("*.json")])
def test_a_report_says_its_day_its_options_and_what_it_covers(name: str) -> None:
    found = made(name)
    assert found.as_of == pd.Timestamp("2026-06-18")
    assert found.options["calendar"] == "calendar"
    assert set(found.coverage["state"]) <= {"answered", "empty", "not given"}
    assert found.findings
    page = found._repr_html_()
    assert "As of 2026-06-18" in page
    assert "calendar = calendar" in page
