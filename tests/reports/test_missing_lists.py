"""A list that is not there is not zero: what it decides is missing, or the report is refused, with a sentence."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import procore_nb as pnb
from procore_nb import demo, reports
from procore_nb.reports.sources import reader_for
from procore_nb.scalars import is_missing

DAY = pd.Timestamp("2026-06-18")
_OF_OTHERS = ("reds", "yellows", "red", "yellow", "green")  # gauges that are known, as the findings say


@pytest.fixture(scope="module")
def frames() -> dict[str, pd.DataFrame]:
    """Every list of every report, of a few projects of the demo."""
    found: dict[str, pd.DataFrame] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "Demo", lambda whole=demo.Demo: whole(demo.Portfolio(4)))
        with pnb.connect("demo", progress=False) as procore:
            reader = reader_for(procore, projects="all", progress=False)
            for one in reports.REPORTS.values():
                found |= reader.read(one, DAY, one.checked({})).frames
    return found


def figures(report: reports.Report) -> dict[str, Any]:
    """The figures of a report: sums of the summary, and of the total; missing where all are."""
    found: dict[str, Any] = {}
    for name, frame in (("summary", report.summary), ("total", report.tables["total"])):
        numbers = frame.select_dtypes("number").drop(columns="project_id", errors="ignore")
        for column in numbers:
            values = numbers[column].dropna().astype("float64")
            found[f"{name}.{column}"] = values.abs().sum() if len(values) else None
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", reports.REPORTS)
def test_a_list_that_is_not_there_makes_no_figure_zero(name: str, frames: dict[str, pd.DataFrame]) -> None:
    report = reports.REPORTS[name]
    uses = [use.name for use in report.uses if use.name not in ("projects", "budget_detail_columns")]
    given = {one: frame for one, frame in frames.items() if one in {"projects", *uses}}
    before, failures = figures(report(given, as_of=DAY, projects="all")), []
    for absent in uses:
        try:
            found = report(
                {one: rows for one, rows in given.items() if one != absent}, as_of=DAY, projects="all"
            )
        except pnb.ArgumentError as error:
            failures += [] if absent in error.message else [f"{absent} is not named in: {error.message}"]
            continue
        zeros = [one for one, value in figures(found).items() if value == 0 and before.get(one)]
        own = [one for one in zeros if one.rpartition(".")[2] not in _OF_OTHERS]
        failures += [f"without {absent}: {one} is 0" for one in own]
    assert not failures


def test_buyout_and_compliance_need_both_kinds_of_commitments() -> None:
    line = {"id": 1, "cost_code": "A", "original_budget_amount": "100", "Revised Budget": "100"}
    lists: dict[str, Any] = {"budget_view_detail_rows": [line], "work_order_contracts": []}
    with pytest.raises(pnb.ArgumentError, match="needs the list purchase_order_contracts") as raised:
        reports.buyout(lists)
    assert "pass an empty list" in raised.value.advice
    assert reports.buyout(lists | {"purchase_order_contracts": []}, as_of=DAY).name == "buyout"
    with pytest.raises(pnb.ArgumentError, match="purchase_order_contract_line_items"):
        reports.buyout(lists | {"purchase_order_contracts": [{"id": 1, "status": "Approved"}]})
    with pytest.raises(pnb.ArgumentError, match="needs the list work_order_contracts, purchase_order"):
        reports.compliance({"projects": []})


def test_from_projects_alone_every_report_is_refused() -> None:
    for name, report in reports.REPORTS.items():
        with pytest.raises(pnb.ArgumentError, match=f"The report {name} needs"):
            report({"projects": [{"id": 1, "name": "P"}]}, as_of=DAY)


def test_quality_and_changes_say_what_is_not_known() -> None:
    seen = reports.quality({"observation_items": [{"id": 1, "status": "initiated"}]}, as_of=DAY)
    assert seen.tables["total"].loc[0, ["not_closed", "inspections"]].isna().tolist() == [False, True]
    assert seen.findings[0].startswith("1 observation not closed")
    assert any(
        "checklists is not given: whether inspections pass is not known." in one for one in seen.findings
    )
    order = {"id": 1, "status": "approved", "grand_total": "10", "project_id": 1, "currency_configuration": {"currency_iso_code": "USD"}}  # fmt: skip
    cost = reports.changes({"commitment_change_orders": [order]}, as_of=DAY)
    whole = cost.tables["total"].iloc[0]
    assert whole["approved_cost"] == 10
    assert all(is_missing(whole[one]) for one in ("unrecovered", "owner_approved_revenue", "not_priced"))
    assert cost.findings[0] == "Approved changes cost USD 10."
    assert any(one.startswith("prime_change_orders is not given: ") for one in cost.findings)


def test_certificates_and_stages_that_are_not_there_are_unknown() -> None:
    signed = {"id": 1, "project_id": 1, "status": "Approved", "executed": True, "vendor": {"id": 1}}
    lists = {"work_order_contracts": [signed], "purchase_order_contracts": [], "project_insurances": [{"vendor_id": 1, "project_id": 1, "expiration_date": "2027-01-01"}]}  # fmt: skip
    found = reports.compliance(lists, as_of=DAY)
    assert found.tables["total"]["vendors"].tolist() == [1]
    assert found.tables["total"][["valid", "expired", "none_on_file"]].isna().all(axis=None)
    stage = {"id": 1, "name": "P", "project_stage": {"id": 5}}
    health = reports.portfolio_health({"projects": [stage], "rfis": []}, as_of=DAY)
    assert health.summary["under_construction"].isna().all()
    assert any("project_stages" in one for one in health.findings)
    hurt = reports.portfolio_health({"projects": [stage], "near_misses": []}, as_of=DAY).summary.iloc[0]
    assert hurt["incidents"] == "no data"
    assert (hurt["near_misses_in_30_days"], is_missing(hurt["injuries_in_30_days"])) == (0, True)


def test_activities_have_no_baseline_and_projects_without_tasks_no_figures() -> None:
    newer = [{"activity_id": "A", "project_id": 1, "finish_date": "2026-06-10", "percent_complete": 0}]
    found = reports.schedule({"schedule_activities": newer}, as_of=DAY)
    assert found.tables["total"][["slipping", "due", "median_end_variance_days"]].isna().all(axis=None)
    assert found.findings[:2] == ["1 task without a baseline, 1 of them not done.", "No project has a baseline: whether its end moves is not known."]  # fmt: skip
    projects = [{"id": 1, "name": "P"}, {"id": 2, "name": "Q"}]
    task = {"id": 1, "project_id": 1, "finish_datetime": "2026-06-10", "baseline_finish": "2026-06-10"}
    tasks = reports.schedule({"schedule_tasks": [task], "projects": projects}, as_of=DAY).summary["tasks"]
    assert tasks.fillna(-1).tolist() == [1, -1]


def test_reports_left_out_of_all_are_named_once_with_the_lists_they_lack() -> None:
    with pytest.warns(pnb.ProcoreWarning, match="11 reports are left out") as caught:
        found = reports.all_reports({"rfis": [], "incidents": []}, as_of=DAY)
    assert [one.name for one in found] == ["portfolio_health", "rfis", "safety"]
    assert len(caught) == 1
    assert "punch (punch_items)" in str(caught[0].message)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(reports.all_reports({"rfis": []}, "rfis", as_of=DAY)) == 1


def test_budget_views_are_counted_in_the_coverage() -> None:
    views = [{"id": at, "name": f"View {at}", "project_id": 1} for at in (1, 2, 3)]
    line = {"id": 1, "cost_code": "A", "original_budget_amount": "100", "project_id": 1, "budget_view_id": 1}
    lists: dict[str, Any] = {"budget_views": views, "budget_view_detail_rows": [line]}
    for name in ("cost", "portfolio_health"):
        seen = getattr(reports, name)(lists, as_of=DAY).coverage
        assert seen.loc[seen["list"].eq("budget_views"), ["state", "rows"]].values.tolist() == [
            ["answered", 3]
        ]


def test_one_report_is_a_pack_of_one(tmp_path: Path) -> None:
    found = reports.rfis({"rfis": [{"id": 1, "status": "open"}]}, as_of=DAY)
    assert "RFIs" in reports.pack(found, tmp_path / "e.html").read_text("utf-8")


def test_a_misspelt_report_and_a_number_as_text_are_answered_in_words() -> None:
    with pytest.raises(AttributeError, match="There is no report 'rfi'") as raised:
        reports.rfi  # noqa: B018
    assert "Did you mean reports.rfis" in str(raised.value)
    with pytest.raises(pnb.ArgumentError, match="months is a number, not '12'"):
        reports.safety({"incidents": []}, months="12")


def test_words_of_findings_and_pages(tmp_path: Path) -> None:
    rows = [{"id": 1, "project_id": 1, "status": "open", "created_at": "2026-06-01"}]
    rows.append({**rows[0], "id": 2, "status": "closed", "time_resolved": "2026-06-05"})
    found = reports.rfis({"rfis": rows, "projects": [{"id": 1, "name": "P"}]}, as_of=DAY)
    assert not any("Kaplan" in one for one in found.findings)
    page = found._repr_html_()
    assert "90th percentile days, open ones counted" in page
    assert "censored p90" not in page
    health = reports.portfolio_health({"projects": [{"id": 1, "name": "P"}], "rfis": []}, as_of=DAY)
    assert health.findings[0].startswith("0 of 1 project have a red gauge")


def test_amounts_below_zero_are_of_another_colour_and_clear_of_the_names() -> None:
    from procore_nb.reports.result import Picture, draw

    figure = draw(
        Picture("Over and under", pd.Series({"Concrete works": -9e6, "Steel": 4e6, "Glass": -1e5}), "USD")
    )
    axes = figure.axes[0]
    figure.canvas.draw()
    assert len({bar.get_facecolor() for bar in axes.patches}) == 2
    edge = max(one.get_window_extent().x1 for one in axes.get_yticklabels())
    assert all(one.get_window_extent().x0 > edge for one in axes.texts)
