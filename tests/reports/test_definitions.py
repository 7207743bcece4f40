"""What reports do where lists, columns, values or permissions are missing, and definitions that the worked cases leave open."""

from __future__ import annotations

import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import procore_nb as pnb
from procore_nb import reports
from procore_nb.reports.measures import cents, total
from procore_nb.reports.report_data import Coverage, ReportData
from procore_nb.scalars import zone

DAY = "2026-06-18"
CURRENCY = {"currency_iso_code": "USD"}
Lists = dict[str, list[dict[str, Any]]]


def only(name: str, lists: Lists, **options: Any) -> dict[str, Any]:
    found = getattr(reports, name)(lists, as_of=DAY, **options).tables["total"]
    assert len(found) == 1
    return found.iloc[0].to_dict()


def test_an_unknown_option_names_near_ones() -> None:
    with pytest.raises(pnb.ArgumentError, match="no option 'age_class'") as raised:
        reports.rfis({"rfis": []}, age_class=(7,))
    assert "age_classes" in raised.value.advice


def test_classes_that_do_not_rise_are_refused() -> None:
    for bounds in ((), (7, 7), (14, 7), "7", (1.5,), 7):
        with pytest.raises(pnb.ArgumentError, match="rising list"):
            reports.rfis({"rfis": []}, age_classes=bounds)


def test_a_day_that_is_none_is_refused() -> None:
    for day in ("soon", True, 20260618, "2026-13-01"):
        with pytest.raises(pnb.ArgumentError, match="as_of is a date"):
            reports.rfis({"rfis": []}, as_of=day)


def test_a_missing_list_or_column_is_named_with_near_ones() -> None:
    with pytest.raises(pnb.ArgumentError, match="needs the list rfis") as raised:
        reports.rfis({"rfi": []})
    assert "rfi" in raised.value.advice
    with pytest.raises(pnb.ArgumentError, match="no column status") as raised:
        reports.rfis({"rfis": [{"id": 1, "states": "open"}]})
    assert "states" in raised.value.advice


def test_without_due_dates_overdue_is_missing_and_said() -> None:
    found = reports.rfis({"rfis": [{"id": 1, "status": "open", "due": "2026-06-01"}]}, as_of=DAY)
    assert found.tables["total"]["overdue"].isna().all()
    assert found.tables["total"]["open"].tolist() == [1]
    assert any("no column due_date (near: due)" in text for text in found.findings)


@pytest.mark.parametrize("name", sorted(reports.REPORTS))
def test_empty_lists_give_a_report_without_figures(name: str) -> None:
    lists: Lists = {use.name: [] for use in reports.REPORTS[name].uses}
    found = getattr(reports, name)(lists, as_of=DAY)
    assert not len(found.rows)
    assert found.findings is not None
    assert "As of 2026-06-18" in found._repr_html_()


def test_a_question_with_revisions_counts_once() -> None:
    common = {"status": "open", "source_rfi_header_id": 5}
    rows = [
        {"id": 5, "revision": "0", **common},
        {"id": 6, "revision": "1", **common},
        {"id": 7, "status": "open"},
    ]
    assert only("rfis", {"rfis": rows})["open"] == 2
    rows[1]["current_revision"], rows[0]["current_revision"] = True, False
    found = reports.rfis({"rfis": rows}, as_of=DAY)
    assert found.tables["total"]["open"].tolist() == [2]
    assert found.coverage["why"].tolist() == ["1 superseded"]


def test_a_past_day_counts_what_was_open_then() -> None:
    row = {
        "id": 1,
        "status": "closed",
        "created_at": "2026-05-01",
        "time_resolved": "2026-06-10",
        "due_date": "2026-05-20",
    }
    assert only("rfis", {"rfis": [row]})["open"] == 0
    past = reports.rfis({"rfis": [row]}, as_of="2026-06-01").tables["total"].iloc[0]
    assert (past["open"], past["overdue"]) == (1, 1)
    assert reports.rfis({"rfis": [row]}, as_of="2026-04-30").tables["total"]["closed"].tolist() == [0]


def test_a_report_of_todays_state_refuses_a_past_day_in_words() -> None:
    frame = pnb.to_frame([{"id": 1, "status": "approved"}])
    frame.attrs["procore"] = {"environment": "demo", "fetched_at": "2026-06-18T00:00:00Z"}
    found = reports.billing({"requisitions": frame}, as_of="2026-05-01")
    assert "cannot be given for 2026-05-01" in found.findings[0]
    assert found.summary.empty


def test_money_is_summed_exactly_from_text_numbers_and_decimals() -> None:
    assert total(pd.Series(["0.10", 0.2, Decimal("0.3"), None], dtype="object")) == 0.6
    assert cents(1.005) == 1.01  # halves away from zero, by the decimal digits
    assert math.isnan(total(pd.Series([None, None], dtype="object")))
    assert total(pd.Series([], dtype="float64")) == 0


def _changes(*cases: tuple[str, str, list[tuple[str, str]]]) -> list[dict[str, Any]]:
    """The figures of changes, each of a project of its own: cost, scope, and status and amount of prime change orders."""
    lists: Lists = {"change_events": [], "commitment_change_orders": [], "prime_change_orders": []}
    for project, (cost, scope, prime) in enumerate(cases, 1):
        keys = {"project_id": project, "currency_configuration": CURRENCY, "created_at": "2026-06-01"}
        event = {"id": project, "project_id": project, "scope": scope, "status": {"mapped_to_status": "open"}}
        order = {"change_events": [{"id": project}], **keys}
        lists["change_events"].append({**event, "change_items": []})
        lists["commitment_change_orders"].append(
            {"id": project, "status": "approved", "grand_total": cost, **order}
        )
        lists["prime_change_orders"] += [
            {"id": 100 * project + at, "status": status, "grand_total": amount, **order}
            for at, (status, amount) in enumerate(prime)
        ]
    found = reports.changes(lists, as_of=DAY).summary
    return found.sort_values("project_id").to_dict("records")  # type: ignore[return-value]


def test_who_pays_for_a_change() -> None:
    statuses = ("pricing", "not_pricing", "revised", "proceeding", "not_proceeding", "pending_billable")
    never, void, tbd, ours, less, credit, *pending = _changes(
        ("100", "out_of_scope", []),
        ("100", "out_of_scope", [("void", "100")]),
        ("100", "tbd", []),
        ("100", "in_scope", [("rejected", "100")]),
        ("100", "out_of_scope", [("approved", "70")]),
        ("-100", "out_of_scope", [("pending", "-120")]),
        *[("100", "out_of_scope", [(status, "1")]) for status in statuses],
    )
    assert (never["owner_not_asked"], void["owner_not_asked"], tbd["in_scope"]) == (100, 100, 100)
    assert ours["in_scope"] == 100  # no owner is blamed
    assert (less["owner_approved"], less["shortfall"], less["unrecovered"]) == (100, 30, 30)
    assert (credit["owner_pending"], credit["unrecovered"]) == (-100, 0)
    assert [one["owner_pending"] for one in pending] == [100] * len(statuses)


def test_parts_of_a_shared_change_order_add_up_to_the_cent() -> None:
    events = [
        {"id": one, "scope": scope, "status": {"mapped_to_status": "open"}, "change_items": []}
        for one, scope in ((1, "in_scope"), (2, "out_of_scope"), (3, "tbd"))
    ]
    order = {
        "id": 9,
        "status": "approved",
        "grand_total": "100.00",
        "change_events": [{"id": one} for one in (1, 2, 3)],
        "currency_configuration": CURRENCY,
    }
    found = only("changes", {"change_events": events, "commitment_change_orders": [order], "prime_change_orders": []})  # fmt: skip
    assert round(found["in_scope"] + found["owner_not_asked"], 2) == 100
    assert found["owner_not_asked"] == 33.33


def test_with_three_tiers_who_pays_is_not_known_and_not_zero() -> None:
    package = {"status": "approved", "grand_total": "50", "currency_configuration": CURRENCY, "project_id": 7}
    lists = {
        "change_events": [
            {
                "id": 1,
                "project_id": 7,
                "scope": "tbd",
                "status": {"mapped_to_status": "open"},
                "change_items": [],
            }
        ],
        "commitment_change_orders": [],
        "prime_change_orders": [],
        "change_order_packages": [
            {"id": 5, "contract_id": 70, **package},
            {"id": 6, "contract_id": 71, **package},
        ],
        "prime_contracts_v1_0": [{"id": 71, "project_id": 7}],
    }
    found = only("changes", lists)
    assert (found["approved_cost"], found["owner_approved_revenue"], found["payer_not_known"]) == (50, 50, 50)
    assert math.isnan(found["owner_not_asked"])
    assert found["not_priced"] == 0


def test_invoices_that_nobody_marks_as_paid_are_unknown_not_unpaid() -> None:
    bill = {
        "id": 1,
        "commitment_id": 1,
        "number": 1,
        "status": "approved",
        "billing_date": "2026-01-01",
        "payment_date": None,
        "summary": {"current_payment_due": "10"},
    }
    found = reports.billing({"requisitions": [bill]}, as_of=DAY)
    assert found.tables["total"]["unpaid"].isna().all()
    paid = [{"id": 1, "total_payments": "5"}]
    assert only("billing", {"requisitions": [bill], "work_order_contracts": paid})["unpaid"] == 10


def test_cost_forecasts_by_hand_automatically_and_without_a_budget() -> None:
    line = {
        "original_budget_amount": "100",
        "budget_modifications": "10",
        "Approved COs": "20",
        "Pending Budget Changes": "5",
        "Direct Costs": "0",
        "Pending Cost Changes": "15",
        "Job to Date Costs": "30",
        "currency_configuration": CURRENCY,
        "cost_code": "A",
    }
    automatic = {
        "id": 1,
        "Committed Costs": "150",
        "budget_forecast": {"calculation_strategy": "automatic", "amount": "0"},
        **line,
    }
    manual = {
        "id": 2,
        "Committed Costs": "90",
        "budget_forecast": {"calculation_strategy": "manual", "manual_amount": "40", "amount": "40"},
        **line,
    }
    empty = dict.fromkeys(line, "0") | {
        "id": None,
        "Committed Costs": "0",
        "currency_configuration": CURRENCY,
        "budget_forecast": None,
    }
    found = reports.cost({"budget_view_detail_rows": [automatic, manual, empty]}, as_of=DAY)
    assert sorted(found.rows["over_under"]) == [-30, -10, 0]
    assert found.tables["total"]["estimate_at_completion"].tolist() == [165 + 145]
    assert found.tables["total"]["automatic_lines"].tolist() == [1]
    assert found.tables["total"]["unbudgeted_lines"].tolist() == [1]
    assert found.rows["spent_percent"].isna().sum() == 1
    own = [{("Bought" if key == "Committed Costs" else key): value for key, value in automatic.items()}]
    named = reports.cost({"budget_view_detail_rows": own}, as_of=DAY, columns={"committed": "Bought"})
    assert named.tables["total"]["over_under"].tolist() == [-30]
    with pytest.raises(pnb.ArgumentError, match="no column 'Bougt'"):
        reports.cost({"budget_view_detail_rows": own}, as_of=DAY, columns={"committed": "Bougt"})


def test_a_view_without_the_columns_gives_no_figure_instead_of_a_wrong_one() -> None:
    line = {
        "id": 1,
        "cost_code": "A",
        "original_budget_amount": None,
        "Budget Now": "100",
        "Let to Trades": "90",
    }
    found = reports.cost({"budget_view_detail_rows": [line]}, as_of=DAY)
    assert found.tables["total"][["over_under", "lines_over", "revised"]].isna().all(axis=None)
    assert "cannot be said" in found.findings[0]
    contract = {"id": 1, "status": "Approved", "executed": True}
    item = {"holder": {"id": 1}, "amount": "90", "cost_code": {"name": "A"}}
    lists: Lists = {
        "budget_view_detail_rows": [line],
        "work_order_contracts": [contract],
        "work_order_contract_line_items": [item],
        "purchase_order_contracts": [],
    }
    bought = reports.buyout(lists, as_of=DAY).tables["total"]
    assert bought["committed"].tolist() == [90]
    assert bought[["saving_so_far", "bought_percent"]].isna().all(axis=None)
    named = reports.buyout(lists, as_of=DAY, columns={"revised": "Budget Now"}).tables["total"]
    assert (named["saving_so_far"].tolist(), named["bought_percent"].tolist()) == ([10], [100])


def _wip(job_to_date: str, estimate: str) -> dict[str, Any]:
    contract = {
        "id": 1,
        "status": "Approved",
        "executed": True,
        "grand_total": "1000",
        "approved_change_orders": "200",
        "currency_configuration": CURRENCY,
    }
    line = {
        "id": 1,
        "original_budget_amount": estimate,
        "budget_modifications": "0",
        "Approved COs": "0",
        "Committed Costs": estimate,
        "Direct Costs": "0",
        "Pending Cost Changes": "0",
        "Pending Budget Changes": "0",
        "Job to Date Costs": job_to_date,
        "currency_configuration": CURRENCY,
    }
    bills = [
        {
            "id": at,
            "number": at,
            "status": status,
            "contract": {"id": 1},
            "g702": {"total_completed_and_stored_to_date": amount},
            "currency_configuration": CURRENCY,
        }
        for at, status, amount in ((1, "approved", "300"), (2, "approved", "700"), (3, "under_review", "900"))
    ]
    lists: Lists = {
        "prime_contracts_v1_0": [contract],
        "budget_view_detail_rows": [line],
        "payment_applications": bills,
    }
    return reports.wip(lists, as_of=DAY).summary.iloc[0].to_dict()


def test_earned_billed_and_the_part_of_a_loss_that_is_to_come() -> None:
    found = _wip("500", "1000")
    assert (found["contract"], found["complete_percent"], found["earned"]) == (1200, 50, 600)
    assert (found["billed"], found["overbilled"], found["underbilled"]) == (700, 100, 0)
    assert (found["profit"], found["loss_provision"], found["flags"]) == (200, 0, "")
    loss = _wip("500", "2000")
    assert (loss["profit"], loss["loss_provision"]) == (-800, 600)
    above = _wip("1100", "1000")
    assert (above["complete_percent"], above["profit"], above["flags"]) == (
        100,
        100,
        "job to date above estimate",
    )


def test_safety_rates_leave_out_projects_without_hours() -> None:
    incidents = [
        {"id": one, "project_id": project, "event_date": when}
        for one, project, when in (
            (1, 7, "2026-01-10"),
            (2, 8, "2026-01-10"),
            (3, 7, "2025-06-18"),
            (4, 7, "2025-06-19"),
        )
    ]
    kinds = ("lost_time", "restricted_work", "lost_time", "fatality")
    injuries = [
        {
            "id": one,
            "project_id": row["project_id"],
            "incident_id": row["id"],
            "recordable": True,
            "filing_type": kind,
        }
        for one, (row, kind) in enumerate(zip(incidents, kinds, strict=True))
    ]
    logs = [
        {
            "project_id": 7,
            "date": "2026-02-02",
            "num_workers": 10,
            "num_hours": "8",
            "man_hours": None,
            "status": "pending",
        }
    ]
    lists: Lists = {"incidents": incidents, "injuries": injuries, "manpower_logs": logs, "near_misses": []}
    found = only("safety", lists)
    assert (found["incidents"], found["injuries"], found["recordable"], found["deaths"]) == (
        3,
        3,
        3,
        1,
    )  # the 18th a year ago is outside
    assert (found["dart"], found["lost_time"]) == (2, 1)  # a death is no DART
    assert (found["hours"], found["pending_hours"]) == (80, 80)
    assert found["trir"] == 2 * 200_000 / 80
    assert (found["dart_rate"], found["projects_without_hours"]) == (2500, 1)
    assert only("safety", lists, base_hours=1_000_000)["trir"] == 25_000
    assert pd.isna(only("safety", lists | {"manpower_logs": []})["trir"])


def test_submittals_at_risk_float_and_chains() -> None:
    def row(
        number: int, status: str, revision: str = "0", current: bool = True, **more: Any
    ) -> dict[str, Any]:
        return {
            "id": number * 10 + int(revision),
            "number": str(number),
            "revision": revision,
            "current_revision": current,
            "status": {"name": status, "status": status},
            "required_on_site_date": "2026-07-01",
            "lead_time": 14,
            "received_date": "2026-05-01",
            "approvers": [],
            **more,
        }

    rejected = [
        {
            "response": {"considered": "rejected"},
            "sent_date": "2026-05-01",
            "returned_date": "2026-05-11",
            "due_date": "2026-05-10",
        }
    ]
    slow = [
        {
            "response": {"considered": "approved"},
            "sent_date": "2026-04-01",
            "returned_date": "2026-05-11",
            "due_date": "2026-05-10",
        }
    ]
    rows = [
        row(1, "Open", due_date="2026-06-17"),
        row(2, "Open", lead_time=None, due_date="2026-06-18"),
        row(3, "Closed", closed_at="2026-05-21", approvers=rejected),
        row(4, "Closed", "0", False, closed_at="2026-05-11", approvers=slow),
        row(4, "Closed", "1", True, closed_at="2026-05-31", received_date="2026-05-21"),
        row(5, "Draft", submit_by="2026-06-17", required_on_site_date="2026-09-01"),
        row(6, "Void"),
    ]
    found = only("submittals", {"submittals_v1_1": rows})
    assert (found["open"], found["overdue"], found["late_to_submit"]) == (2, 1, 1)
    assert (found["at_risk"], found["closed_rejected_at_risk"], found["without_float"]) == (2, 1, 1)
    assert (found["closed_chains"], found["resubmitted_percent"]) == (2, 50)
    assert found["median_chain_days"] == 25  # 20 and 30
    assert found["median_cycle_days"] == 10  # of each revision: 20, 10, 10
    assert (found["mean_response_days"], found["mean_response_of"], found["median_response_days"]) == (
        10,
        1,
        25,
    )


def test_schedule_counts_leaves_and_takes_today_for_what_should_be_done() -> None:
    def task(number: int, finish: str, baseline: str | None, **more: Any) -> dict[str, Any]:
        return {
            "id": number,
            "finish_datetime": f"{finish}T00:00:00Z",
            "baseline_finish": baseline and f"{baseline}T00:00:00Z",
            "has_children": False,
            "project_id": 10,
            "percentage": 0,
            **more,
        }

    tasks = [
        task(1, "2026-06-20", "2026-06-10", has_children=True),
        task(2, "2026-06-10", "2026-06-10", critical_path=True),  # not done: 8 days late by today
        task(3, "2026-06-12", "2026-06-10", actual_finish="2026-06-12T00:00:00Z"),
        task(4, "2026-07-01", "2026-06-25", percentage=100),
        task(5, "2026-07-01", None),
        task(6, "2026-08-01", None),  # added since: the end is compared among tasks with a baseline
    ]
    project = [{"id": 10, "name": "P", "time_zone": "Pacific Time (US & Canada)"}]
    found = reports.schedule({"schedule_tasks": tasks, "projects": project}, as_of=DAY)
    assert dict(zip(found.rows["id"], found.rows["variance_days"].fillna(-1), strict=True)) == {
        2: 8,
        3: 2,
        4: 6,
        5: -1,
        6: -1,
    }
    whole = found.tables["total"].iloc[0]
    assert (whole["slipping"], whole["critical_slipping"], whole["without_baseline"]) == (1, 1, 2)
    assert (whole["median_end_variance_days"], whole["later_without_baseline"]) == (6, 1)
    assert (whole["due"], whole["done_of_due_percent"]) == (2, 50)


def test_punch_density_and_each_assignees_firm() -> None:
    firms = [{"vendor": {"name": "A"}}, {"vendor": {"name": "B"}}, {"vendor": {"name": "A"}}]
    items = [
        {"id": 1, "project_id": 1, "status": "Open", "due_date": "2026-06-17", "assignments": firms},
        {"id": 2, "project_id": 1, "status": "Overdue", "due_date": "2026-06-18", "assignments": []},
        {
            "id": 3,
            "project_id": 1,
            "status": "Closed",
            "due_date": "2026-06-10",
            "created_at": "2026-06-01",
            "closed_at": "2026-06-11",
        },
        {"id": 4, "project_id": 2, "status": "Pending", "due_date": None},
        {"id": 5, "project_id": 1, "status": "Open", "deleted": True},
    ]
    projects = [{"id": 1, "name": "P", "square_feet": 20000}, {"id": 2, "name": "Q", "square_feet": None}]
    found = reports.punch({"punch_items": items, "projects": projects}, as_of=DAY)
    whole = found.tables["total"].iloc[0]
    assert (whole["items"], whole["not_closed"], whole["overdue"], whole["without_due_date"]) == (4, 3, 1, 1)
    assert (whole["per_10000_sq_ft"], whole["projects_without_area"]) == (1.5, 1)
    assert (whole["median_days_to_close"], whole["closed_on_time_percent"]) == (10, 0)
    assert found.tables["by_vendor"][["vendor", "open"]].values.tolist() == [
        ["A", 1],
        ["B", 1],
        ["(nobody)", 2],
    ]


def _health(**lists: Any) -> dict[str, Any]:
    given: Lists = {
        "projects": [{"id": 1, "name": "P", "project_stage": {"id": 5}}],
        "project_stages": [{"id": 5, "category": "course_of_construction"}],
        **lists,
    }
    return reports.portfolio_health(given, as_of=DAY).summary.iloc[0].to_dict()


def _gauges(gauge: str, cases: list[dict[str, list[dict[str, Any]]]]) -> list[str]:
    """The colour of a gauge for each case, all in one report with a project for each."""
    lists: Lists = {"projects": [{"id": at, "name": f"P{at:02}"} for at, _ in enumerate(cases, 1)]}
    for at, case in enumerate(cases, 1):
        for name, rows in case.items():
            lists.setdefault(name, []).extend({**row, "project_id": at} for row in rows)
    found = reports.portfolio_health(lists, as_of=DAY).summary
    return [str(colour) for colour in found.sort_values("project_name")[gauge]]


def test_health_of_incidents() -> None:
    recent, old = {"created_at": "2026-06-01T12:00:00Z"}, {"created_at": "2026-05-01T12:00:00Z"}
    expected = {(0, 0): "grey", (1, 0): "yellow", (2, 0): "yellow", (3, 0): "red", (0, 1): "red"}
    cases = [{"near_misses": [recent] * near + [old], "injuries": [recent] * hurt + [old]} for near, hurt in expected]  # fmt: skip
    assert _gauges("incidents", cases) == [*expected.values()]


def test_health_of_daily_logs_by_the_day_of_entry() -> None:
    new = {"date": "2026-05-25", "created_at": "2026-06-17T12:00:00Z"}
    old = {"date": "2026-06-17", "created_at": "2026-06-11T12:00:00Z"}
    expected = {0: "grey", 2: "red", 4: "yellow", 5: "green"}
    cases = [{"manpower_logs": [new] * logs + [old]} for logs in expected]
    assert _gauges("daily_logs", cases) == [*expected.values()]


def test_health_of_the_punch_list() -> None:
    late, soon = ({"status": "Open", "due_date": day} for day in ("2026-06-17", "2026-06-25"))
    closed = {"status": "Closed", "due_date": "2026-06-01"}
    expected = {
        (0, 4): "grey",
        (1, 0): "yellow",
        (3, 0): "red",
        (0, 5): "yellow",
        (0, 10): "red",
        (2, 5): "red",
    }
    cases = [{"punch_items": [late] * over + [soon] * due + [closed]} for over, due in expected]
    assert _gauges("punch", cases) == [*expected.values()]


def test_lists_that_were_not_given_are_no_data_and_sites_without_logs_are_named() -> None:
    found = _health(manpower_logs=[])
    assert (found["daily_logs"], found["rfis"], found["cost"]) == ("grey", "no data", "no data")
    given: Lists = {
        "projects": [{"id": 1, "name": "P", "project_stage": {"id": 5}}],
        "project_stages": [{"id": 5, "category": "course_of_construction"}],
        "manpower_logs": [],
    }
    assert any(
        "no daily log in 7 days: P" in text for text in reports.portfolio_health(given, as_of=DAY).findings
    )


def test_other_peoples_text_is_escaped_and_the_page_may_load_nothing(tmp_path: Path) -> None:
    rows = [
        {
            "id": 1,
            "project_id": 7,
            "status": "open",
            "subject": "<script>alert(1)</script>",
            "ball_in_courts": [{"name": "<b>Ann</b>"}],
        }
    ]
    projects = [{"id": 7, "name": "<i>P</i>"}]
    report = reports.rfis({"rfis": rows, "projects": projects}, as_of=DAY)
    report.findings.insert(0, "Most are of <u>P</u>.")
    text = reports.pack([report], tmp_path / "a.html").read_text("utf-8")
    assert text.count("Most are of &lt;u&gt;P&lt;/u&gt;.") == 2  # on the cover, and in its section
    assert "<script>alert" not in text
    assert "<b>Ann" not in text
    assert "<i>P" not in text
    assert "default-src 'none'" in text
    assert "holds personal data" in text
    with pytest.raises(pnb.ArgumentError, match="neither"):
        reports.pack([reports.rfis({"rfis": rows}, as_of=DAY)], tmp_path / "a.pdf")
    with pytest.raises(pnb.ArgumentError, match="finished reports"):
        reports.pack([], tmp_path / "a.html")
    assert [one.name for one in tmp_path.iterdir()] == ["a.html"]


def test_zones_by_both_kinds_of_names() -> None:
    assert str(zone("Kuala Lumpur")) == str(zone("Asia/Kuala_Lumpur")) == "Asia/Kuala_Lumpur"
    assert zone("Middle Earth") is None
    rows = [{"id": 1, "project_id": 7, "status": "open"}]
    found = reports.rfis({"rfis": rows, "projects": [{"id": 7, "time_zone": "Middle Earth"}]}, as_of=DAY)
    assert any("taken for UTC: Middle Earth" in text for text in found.findings)


@pytest.mark.slow
def test_a_hundred_thousand_rfis_take_seconds() -> None:
    rows = pd.DataFrame(
        {
            "id": range(100_000),
            "status": "open",
            "created_at": "2026-06-01T12:00:00Z",
            "due_date": "2026-06-10",
            "project_id": 7,
        }
    )
    assert only("rfis", {"rfis": rows})["overdue"] == 100_000  # type: ignore[dict-item]


def _budget(number: int, original: str, committed: str, spent: str, **more: Any) -> dict[str, Any]:
    names = ("Approved COs", "Pending Budget Changes", "Direct Costs", "Pending Cost Changes")
    return {
        "id": number, "original_budget_amount": original, "budget_modifications": "0", "Committed Costs": committed,
        "Job to Date Costs": spent, "currency_configuration": CURRENCY, **dict.fromkeys(names, "0"), **more,
    }  # fmt: skip


def test_the_note_on_budget_columns_names_only_what_is_missing() -> None:
    row = _budget(1, "100", "50", "10")
    whole = reports.cost({"budget_view_detail_rows": [row]}, as_of=DAY)
    assert not any("has no column" in text for text in whole.findings)
    row.pop("Approved COs")
    lacking = reports.cost({"budget_view_detail_rows": [row]}, as_of=DAY)
    assert any("no column Approved COs, Revised Budget" in text for text in lacking.findings)
    given = reports.cost({"budget_view_detail_rows": [row | {"Revised Budget": "120"}]}, as_of=DAY)
    assert not any("has no column" in text for text in given.findings)
    assert given.tables["total"]["projected_budget"].tolist() == [120]


def test_without_an_estimate_no_profit_is_stated_and_earned_says_its_base() -> None:
    contract = {"status": "Approved", "executed": True, "grand_total": "1000", "approved_change_orders": "0"}
    lists: Lists = {
        "prime_contracts_v1_0": [{"id": at, "project_id": at, **contract} for at in (1, 2)],
        "budget_view_detail_rows": [
            _budget(1, "800", "800", "400", project_id=1),  # half done: earned 500
            _budget(2, "0", "0", "0", project_id=2),  # no estimate
        ],
    }
    found = reports.wip(lists, as_of=DAY)
    assert found.summary["profit"].fillna(-1).tolist() == [200, -1]
    assert found.summary["margin_percent"].fillna(-1).tolist() == [20, -1]
    whole = found.tables["total"].iloc[0]
    assert (whole["contract"], whole["earned"], whole["profit"]) == (2000, 500, 200)
    assert (whole["projects"], whole["projects_earned"]) == (2, 1)


def test_lists_that_name_no_project_are_of_the_only_one_that_others_name() -> None:
    item = {"id": 1, "status": "Open", "due_date": "2026-06-17"}
    one = [{"id": 1, "name": "P", "square_feet": 20000}]
    assert only("punch", {"punch_items": [item], "projects": one})["per_10000_sq_ft"] == 0.5
    two = [*one, {"id": 2, "name": "Q", "square_feet": 20000}]
    assert pd.isna(only("punch", {"punch_items": [item], "projects": two})["per_10000_sq_ft"])


def test_activities_count_only_where_a_project_has_no_schedule_tasks() -> None:
    task = {
        "id": 1,
        "project_id": 1,
        "finish_datetime": "2026-06-10",
        "baseline_finish": "2026-06-10",
        "percentage": 100,
    }
    newer = [{"activity_id": "A", "project_id": at, "finish_date": "2026-06-10", "percent_complete": 0} for at in (1, 2)]  # fmt: skip
    found = reports.schedule({"schedule_tasks": [task], "schedule_activities": newer}, as_of=DAY)
    assert found.summary["tasks"].tolist() == [1, 1]
    assert "1 the project has schedule tasks" in found.coverage["why"].tolist()


def test_a_submittal_that_runs_under_a_name_of_the_company_is_open_and_its_answer_may_have_a_name_only() -> (
    None
):
    common = {"revision": "0", "required_on_site_date": "2026-06-20", "lead_time": 10}
    rows = [
        {"id": 1, "number": "1", "status": {"name": "Revise and Resubmit", "status": "Open"}, "due_date": "2026-06-01", **common},
        {"id": 2, "number": "2", "status": {"name": "Rejected", "status": "Closed"}, "due_date": "2026-06-01", **common},
        {"id": 3, "number": "3", "status": {"name": "Closed"}, "closed_at": "2026-06-01", "approvers": [{"response": {"name": "Revise and Resubmit"}}], **common},
    ]  # fmt: skip
    found = only("submittals", {"submittals_v1_1": rows})
    assert (found["open"], found["closed"], found["overdue"]) == (1, 2, 1)
    assert (found["at_risk"], found["closed_rejected_at_risk"]) == (3, 2)  # 10 June is 8 days ago


def test_an_injury_that_does_not_say_is_recordable_by_its_kind() -> None:
    kinds = ("lost_time", "medically_treated", "first_aid", "report_only")
    lists: Lists = {
        "incidents": [{"id": 1, "event_date": "2026-06-01"}],
        "injuries": [{"id": at, "incident_id": 1, "filing_type": kind} for at, kind in enumerate(kinds)],
        "manpower_logs": [
            {"date": "2026-06-02", "num_workers": 10, "man_hours": "100", "status": status}
            for status in ("approved", "pending", "rejected")
        ],
    }
    found = only("safety", lists)
    assert (found["injuries"], found["recordable"], found["trir"]) == (4, 2, 2000)
    assert (found["hours"], found["pending_hours"], found["pending_logs"]) == (200, 100, 1)
    said = [{"recordable": False, **row} for row in lists["injuries"]]
    assert only("safety", lists | {"injuries": said})["recordable"] == 0


@pytest.mark.slow
def test_health_leaves_out_what_a_deleted_incident_holds_and_knows_the_category_of_a_stage() -> None:
    near = [{"project_id": 1, "incident_id": at, "created_at": "2026-06-10"} for at in (1, 2)]
    events = [{"id": 1, "project_id": 1}, {"id": 2, "project_id": 1, "deleted_at": "2026-06-11T00:00:00Z"}]
    assert _health(near_misses=near, incidents=events)["near_misses_in_30_days"] == 1
    assert _health(near_misses=near, incidents=events[1:])["near_misses_in_30_days"] == 1
    assert _health(near_misses=near)["near_misses_in_30_days"] == 2
    stage = {"id": 9, "name": "Preconstruction", "category": "course_of_construction"}
    given: Lists = {"projects": [{"id": 1, "name": "P", "project_stage": stage}], "manpower_logs": []}
    assert reports.portfolio_health(given, as_of=DAY).summary["under_construction"].tolist() == [True]


def test_without_the_column_of_holders_nobody_is_not_named() -> None:
    row = {"id": 1, "status": "open", "due_date": "2026-06-01"}
    assert "by_person" not in reports.rfis({"rfis": [row]}, as_of=DAY).tables
    held = reports.rfis({"rfis": [row | {"ball_in_courts": []}]}, as_of=DAY).tables["by_person"]
    assert held["name"].tolist() == ["(nobody)"]


def test_ids_that_are_no_numbers_are_compared_as_text_and_sentences_name_a_project_by_its_id() -> None:
    order = {"project_id": 1, "status": "Approved", "executed": True}
    lists: Lists = {
        "work_order_contracts": [
            {"id": 1, "vendor": {"id": 1}, **order},
            {"id": 2, "vendor": {"id": 2}, **order},
        ],
        "purchase_order_contracts": [],
        "insurances": [
            {"vendor_id": 1, "expiration_date": "2026-06-01"},
            {"vendor_id": "new", "expiration_date": "2026-06-01"},
        ],
    }
    found = only("compliance", lists)
    assert (found["expired"], found["none_on_file"]) == (1, 1)
    unknown = reports.compliance({one: lists[one] for one in ("work_order_contracts", "purchase_order_contracts")}, as_of=DAY)  # fmt: skip
    assert unknown.findings[0].startswith(
        "Vendors on site under a signed commitment: 2. Of these unknown have"
    )
    unsigned: Lists = {
        "work_order_contracts": [lists["work_order_contracts"][0] | {"executed": False}],
        "purchase_order_contracts": [],
    }
    assert pd.isna(only("compliance", unsigned)["unsigned_not_covered"])
    task = {
        "id": 1,
        "project_id": 7,
        "finish_datetime": "2026-07-01",
        "baseline_finish": "2026-06-21",
        "percentage": 0,
    }
    assert "most on project 7: 10 days" in reports.schedule({"schedule_tasks": [task]}, as_of=DAY).findings[1]


def test_a_report_of_a_partial_frame_says_so() -> None:
    frame = pnb.to_frame([{"id": 1, "status": "open", "project_id": 7}])
    frame.attrs["procore"] = {"endpoint": "rfis", "complete": False}
    with pytest.warns(pnb.ProcoreWarning, match="rfis: Partial"):
        report = reports.rfis({"rfis": frame}, as_of=DAY)
    assert "rfis: Partial: the fetch was stopped" in report._repr_html_()


def test_buyout_notes_only_the_budget_columns_it_needs() -> None:
    row = {"id": 1, "cost_code": "A", "original_budget_amount": "100", "budget_modifications": "0"}
    none: Lists = {"work_order_contracts": [], "purchase_order_contracts": []}
    lacking = reports.buyout({"budget_view_detail_rows": [row], **none}, as_of=DAY).findings
    assert any("no column Approved COs, Revised Budget;" in text for text in lacking)
    whole = reports.buyout({"budget_view_detail_rows": [row | {"Revised Budget": "100"}], **none}, as_of=DAY).findings  # fmt: skip
    assert not any("no column" in text for text in whole)
    cents_up = [{"id": 1, "number": 1, "commitment_id": 1, "status": "approved", "summary": {"total_completed_and_stored_to_date": "70"}}]  # fmt: skip
    share = {"requisitions": cents_up, "work_order_contracts": [{"id": 1, "revised_contract": "40000"}]}
    assert only("billing", share)["billed_percent"] == 0.18  # 0.175: halves go up, as by hand


@pytest.mark.parametrize(
    ("name", "lists", "options"),
    [
        ("billing", {"requisitions": []}, {"counted": "approved"}),
        ("buyout", {one: [] for one in ("budget_view_detail_rows", "work_order_contracts", "purchase_order_contracts")}, {"bought_from": "x"}),
        ("safety", {"incidents": []}, {"hours_from": "diaries"}),
        ("changes", {"change_events": []}, {"scope_tbd": "ours"}),
        ("manpower", {"manpower_logs": []}, {"production": 1}),
        ("portfolio_health", {"rfis": []}, {"rfis_overdue": ("a", "b")}),
        ("cost", {"budget_view_detail_rows": [], "budget_views": [{"id": 1, "project_id": 1, "name": "Standard"}]}, {"view": "Standart"}),
    ],
)  # fmt: skip
def test_an_option_of_another_kind_is_refused(name: str, lists: Lists, options: dict[str, Any]) -> None:
    if name == "cost":
        lists = {**lists, "budget_view_detail_rows": [{"budget_view_id": 1, "project_id": 1}]}
    with pytest.raises(pnb.ArgumentError, match=next(iter(options))):
        getattr(reports, name)(lists, as_of=DAY, **options)
    as_list = {
        key: [*value] for key, value in reports.REPORTS[name].options.items() if isinstance(value, tuple)
    }
    assert getattr(reports, name)(lists, as_of=DAY, **as_list).name == name


def test_what_no_list_says_is_unknown_in_safety_and_health_not_zero() -> None:
    events = [{"id": 1, "project_id": 1, "event_date": "2026-06-01"}]
    found = reports.safety({"incidents": events}, as_of=DAY)
    silent = ["injuries", "recordable", "deaths", "near_misses", "hours", "trir", "injuries_per_incident"]
    assert found.summary[silent].isna().all(axis=None)
    assert found.tables["total"][silent].isna().all(axis=None)
    assert found.summary["incidents"].tolist() == [1]
    assert "injuries unknown" in found.findings[0]
    timed = reports.safety({"incidents": events, "injuries": [], "near_misses": None, "timecard_entries": [{"date": "2026-06-01", "hours": "8", "project_id": 1}]}, as_of=DAY)  # fmt: skip
    assert timed.summary[["hours", "injuries", "trir"]].values.tolist() == [[8, 0, 0]]
    health = _health(punch_items=[])
    assert (health["punch"], health["punch_overdue"]) == ("grey", 0)
    assert pd.isna(health["rfis_overdue"])
    assert pd.isna(health["logs_in_7_days"])


@pytest.mark.filterwarnings("ignore::FutureWarning")  # as a report does, of pandas 2
def test_hours_of_projects_whose_injuries_are_unknown_stay_out_of_the_rates() -> None:
    days = [
        {"project_id": at, "date": "2026-06-01", "man_hours": "100", "status": "approved"} for at in (1, 2)
    ]
    lists: Lists = {
        "incidents": [{"id": 1, "project_id": 1, "event_date": "2026-06-01"}],
        "injuries": [{"id": 1, "project_id": 1, "incident_id": 1, "recordable": True}],
        "manpower_logs": days,
        "near_misses": [],
    }
    frames = {name: pnb.to_frame(rows) for name, rows in lists.items()}

    def trir(states: dict[tuple[str, Any], tuple[str, str]]) -> tuple[float, Any]:
        data = ReportData(frames, pd.Timestamp(DAY), coverage=Coverage(states=states))
        answer = reports.safety.analyse(data, **reports.safety.checked({}))
        return answer.tables["total"]["trir"].iloc[0], answer.summary["injuries"].tolist()

    assert trir({}) == (1000, [1, 0])
    assert trir({("injuries", 2): ("no permission", "403")}) == (2000, [1, pd.NA])


def test_who_has_an_unsigned_commitment_only_stands_apart() -> None:
    def order(vendor: int, project: int, executed: bool) -> dict[str, Any]:
        return {
            "id": vendor,
            "project_id": project,
            "status": "Approved",
            "executed": executed,
            "vendor": {"id": vendor},
        }

    orders = [order(1, 1, True), order(2, 1, False), order(3, 1, True), order(3, 2, False)]
    late = {"vendor_id": 3, "project_id": 2, "expiration_date": "2026-06-01"}
    lists: Lists = {
        "work_order_contracts": orders,
        "purchase_order_contracts": [],
        "insurances": [{"vendor_id": 3, "expiration_date": "2027-01-01"}],
        "project_insurances": [late | {"insurance_type": "Workers"}],
    }
    found = reports.compliance(lists, as_of=DAY)
    whole = found.tables["total"].iloc[0]
    assert (whole["vendors"], whole["none_on_file"], whole["unsigned_vendors"]) == (2, 1, 1)
    assert found.tables["none_on_file"]["vendor_id"].tolist() == [1]
    assert sorted(found.tables["unsigned"]["vendor_id"]) == [2, 3]
    assert (whole["expired"], whole["valid"]) == (0, 1)  # 3 is expired only where its commitment is unsigned
    assert found.tables["expired"].empty


def test_projects_that_a_store_was_refused_have_no_figures(tmp_path: Path) -> None:
    frame = pnb.to_frame([{"id": 1, "project_id": 7, "status": "open", "due_date": "2026-06-01"}])
    frame.attrs["procore"] = {"environment": "mine", "skipped": ["8"]}
    projects = [{"id": 7, "name": "P"}, {"id": 8, "name": "Q"}]
    found = reports.rfis({"rfis": frame, "projects": projects}, as_of=DAY)
    assert found.summary["open"].fillna(-1).tolist() == [1, -1]
    assert found.coverage.set_index("project_id").loc[8, "state"] == "no permission or tool off"


def test_words_for_projects_are_read_in_any_case() -> None:
    lists: Lists = {
        "rfis": [{"id": 1, "status": "open", "project_id": 7}],
        "projects": [{"id": 7, "active": False}],
    }
    assert [
        only("rfis", lists, projects=word)["open"] for word in ("active", "Active", "ALL", "Inactive")
    ] == [1, 1, 1, 1]
