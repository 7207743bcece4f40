"""The reports on the demo against figures worked out a second time from raw records, from a connection and from a store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pandas as pd
import pytest

import procore_nb as pnb
from procore_nb.scalars import zone

from . import recomputed

pytestmark = pytest.mark.slow
TODAY = date(2026, 6, 18)
LISTS = (
    "rfis", "checklists", "observation_items", "punch_items", "submittals", "change_events", "prime_change_orders",
    "commitment_change_orders", "incidents", "injuries", "near_misses", "requisitions", "payment_applications",
    "work_order_contracts", "purchase_order_contracts", "prime_contracts", "schedule_tasks", "budget_views",
)  # fmt: skip


@pytest.fixture(scope="module")
def procore() -> pnb.Procore:
    return pnb.connect("demo", progress=False)


@pytest.fixture(scope="module")
def projects(procore: pnb.Procore) -> pd.DataFrame:
    """Some running projects of different countries, some without a tool."""
    every = procore.projects(status="All")
    running = every[
        every["project_stage.id"].eq(6102) & every["time_zone"].notna() & every["square_feet"].notna()
    ]
    return running.groupby("country_code").head(1).head(6)


def _records(procore: pnb.Procore, name: str, number: int, **arguments: Any) -> list[recomputed.Record]:
    try:
        rows = list(procore.records(name, project_id=number, **arguments))
    except pnb.NotFoundError:  # the tool is off there
        return []
    return [{**row, "project_id": number} for row in rows]


@pytest.fixture(scope="module")
def lists(procore: pnb.Procore, projects: pd.DataFrame) -> recomputed.Lists:
    """Raw records, each with its project."""
    found: recomputed.Lists = {
        name: []
        for name in (
            *LISTS,
            "manpower_logs",
            "budget_view_detail_rows",
            "work_order_contract_line_items",
            "purchase_order_contract_line_items",
        )
    }
    logs = {"start": "2025-06-01", "end": "2026-06-18", "status": "all"}
    for number in projects["id"].tolist():
        for name in LISTS:
            found[name] += _records(procore, name, number)
        found["manpower_logs"] += _records(procore, "manpower_logs", number, **logs)
        own = [one for one in found["budget_views"] if one["project_id"] == number]
        for view in [one for one in own if "standard" in one["name"].lower()][:1]:
            asked = {"budget_view_id": view["id"], "budget_row_type": "all"}
            rows = _records(procore, "budget_view_detail_rows", number, **asked)
            found["budget_view_detail_rows"] += [{**row, "budget_view_id": view["id"]} for row in rows]
        for kind in ("work_order_contract", "purchase_order_contract"):
            for contract in [one for one in found[f"{kind}s"] if one["project_id"] == number]:
                asked = {f"{kind}_id": contract["id"]}
                rows = _records(procore, f"{kind}_line_items", number, **asked)
                found[f"{kind}_line_items"] += [{**row, **asked, "contract": contract["id"]} for row in rows]
    chosen = set(projects["id"].tolist())
    found["projects"] = [one for one in procore.records("projects", status="All") if one["id"] in chosen]
    found["insurances"], found["vendors"] = (
        list(procore.records("insurances")),
        list(procore.records("vendors")),
    )
    return found


@pytest.fixture(scope="module")
def again(lists: recomputed.Lists) -> Callable[[str], dict[str, Any]]:
    zones = {one["id"]: zone(one["time_zone"]) for one in lists["projects"]}

    def day(row: recomputed.Record, text: Any) -> date | None:
        return text and datetime.fromisoformat(text).astimezone(zones[row["project_id"]]).date()

    return lambda name: getattr(recomputed, name)(lists, TODAY, day)


def _total(name: str, lists: recomputed.Lists) -> pd.DataFrame:
    return getattr(pnb.reports, name)(lists, as_of=TODAY).tables["total"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["rfis", "quality", "punch", "submittals", "schedule", "compliance"])
def test_counts_are_those_of_a_second_calculation(
    name: str, lists: recomputed.Lists, again: Callable[[str], dict[str, Any]]
) -> None:
    expected, found = again(name), _total(name, lists).iloc[0].to_dict()
    expected.pop("on_time", None)
    assert {one: found[one] for one in expected} == expected
    assert any(expected.values())  # else the sample says nothing


@pytest.mark.slow
def test_money_is_that_of_a_second_calculation(
    lists: recomputed.Lists, again: Callable[[str], dict[str, Any]]
) -> None:
    for name in ("billing", "cost", "wip", "buyout"):
        found = _total(name, lists).set_index("currency")
        for figure, by_currency in again(name).items():
            known = found[figure].dropna()
            assert not set(by_currency) & (
                set(found.index) - set(known.index)
            )  # missing: nobody says what is paid
            zeros = dict.fromkeys(set(known.index) - set(by_currency), 0.0)
            assert known.to_dict() == pytest.approx(by_currency | zeros), (name, figure)
    found, expected = _total("changes", lists).set_index("currency"), again("changes")
    known = found[found["approved_cost"].ne(0)]
    assert known["approved_cost"].to_dict() == expected["approved_cost"]
    for (currency, part), amount in expected["parts"].items():
        assert found.loc[currency, part] == pytest.approx(amount, abs=0.011)
    parts = known[
        ["owner_approved", "owner_pending", "owner_rejected", "owner_not_asked", "in_scope", "no_event"]
    ].sum(axis=1)
    assert (parts + known["payer_not_known"]).round(2).tolist() == known[
        "approved_cost"
    ].tolist()  # the parts add up


@pytest.mark.slow
def test_gauges_are_those_of_a_second_calculation(
    lists: recomputed.Lists, again: Callable[[str], dict[str, Any]]
) -> None:
    found = _total("portfolio_health", lists).set_index("gauge").reindex(columns=["red", "yellow"]).fillna(0)
    expected = again("portfolio_health")
    assert {gauge: tuple(row) for gauge, row in found.T.to_dict("list").items()} == expected
    assert sum(red for red, _ in expected.values()) > 2


@pytest.mark.slow
def test_people_and_hours_are_those_of_a_second_calculation(
    lists: recomputed.Lists, again: Callable[[str], dict[str, Any]]
) -> None:
    people, expected = _total("manpower", lists).iloc[0], again("manpower")
    assert people["people_second"] == pytest.approx(expected["people"])
    assert people["man_hours_second"] == pytest.approx(expected["hours"])
    rates, expected = _total("safety", lists).iloc[0], again("safety")
    assert (rates["injuries"], rates["trir"]) == (expected["injuries"], expected["trir"])
    assert rates["hours"] == pytest.approx(expected["hours"])


@pytest.mark.slow
def test_a_connection_gives_the_figures_of_its_records_and_names_who_did_not_answer(
    procore: pnb.Procore, projects: pd.DataFrame, lists: recomputed.Lists
) -> None:
    found = pnb.reports.rfis(procore, projects=projects)
    assert found.as_of == pd.Timestamp(TODAY)
    assert found.tables["total"].equals(_total("rfis", lists))
    assert found.requests == 1 + len(projects)
    every = pnb.reports.schedule(procore, projects=procore.projects(status="All").head(25))
    silent = every.coverage[every.coverage["state"].isin(["no permission", "tool off or not visible"])]
    assert len(silent)
    assert every.summary.set_index("project_id").loc[silent["project_id"].iloc[0], "tasks"] is pd.NA


@pytest.mark.slow
def test_all_reports_share_what_they_fetch_and_fit_one_page(
    procore: pnb.Procore, projects: pd.DataFrame, tmp_path: Any
) -> None:
    few = projects.head(2)
    found = pnb.reports.all_reports(procore, "portfolio_health", "rfis", "compliance", projects=few)
    assert [one.name for one in found] == ["portfolio_health", "rfis", "compliance"]
    path = pnb.reports.pack(found, tmp_path / "monday.html")
    page = path.read_text("utf-8")
    assert "Health of each project" in page
    hosts = {part.split("/")[0] for part in page.split("https://")[1:]}
    assert hosts <= {"app.procore-demo.invalid", "app.procore.example"}, (
        hosts
    )  # links only, nothing is loaded
    holder = found[1].tables["by_person"]["name"].iloc[0]
    hidden = pnb.reports.pack(found, tmp_path / "hidden.html", names="hide").read_text("utf-8")
    assert holder in page
    assert holder not in hidden
    assert "Person 1" in hidden
    assert pnb.reports.pack(found, tmp_path / "monday.xlsx").stat().st_size > 5000


@pytest.mark.slow
def test_a_store_answers_without_a_request(
    procore: pnb.Procore, projects: pd.DataFrame, lists: recomputed.Lists, tmp_path: Any
) -> None:
    store = pnb.Store(tmp_path / "store")
    answering = projects[projects["id"].isin([one["project_id"] for one in lists["rfis"]])]
    store.sync(procore, ["projects", "rfis"], projects=answering, progress=False)
    found = pnb.reports.rfis(store, projects=projects)
    assert found.tables["total"].equals(_total("rfis", lists))
    with pytest.warns(pnb.ProcoreWarning, match="12 reports are left out"):
        assert [one.name for one in pnb.reports.all_reports(store)] == ["portfolio_health", "rfis"]
    with pytest.raises(pnb.ArgumentError, match="needs the list punch_items"):
        pnb.reports.punch(store)
