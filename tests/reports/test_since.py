"""What changed since a day, from a store that was synced three times while its rows moved."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest
from store.living import LivingDemo, World, _pattern, connection

import procore_nb as pnb
from procore_nb import catalog
from procore_nb.reports.comparison import compared, since_day
from procore_nb.reports.result import Analysis

LISTS = ("rfis", "requisitions", "schedule_tasks")
SYNCS = [datetime(2026, 6, day, 6, tzinfo=UTC) for day in (1, 8, 15)]  # Mondays
USD = {"currency_iso_code": "USD"}


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Two stores of one world, with history and without; the world lives on between their syncs.

    `made` holds the reports that were made after the second sync, on that day.
    """
    world = World(projects=2, rows=0)
    demo = LivingDemo(world)
    demo._answers += [(_pattern(catalog.endpoint(name).path), name, False) for name in LISTS]
    place = str(world.projects[0])
    folder = tmp_path_factory.mktemp("since")
    clock = lambda: world.now  # noqa: E731
    found = {one: pnb.Store(folder / one, clock=clock) for one in ("kept", "bare")}

    def put(name: str, number: int, /, **values: Any) -> None:
        rows = world.rows.setdefault((name, place), {})
        rows[number] = {"id": number, **rows.get(number, {}), **values, "updated_at": world.stamp()}

    def sync() -> None:
        with connection(demo) as procore:
            for name, store in found.items():
                store.sync(procore, ["projects", *LISTS], full=True, history=name == "kept", progress=False)

    for at, moment in enumerate(SYNCS):
        world.now = moment
        day = f"2026-05-{20 + at:02}T12:00:00Z"
        if at == 0:
            for number in (1, 2, 3):
                put(
                    "rfis", number, status="open", subject=f"Q{number}", due_date="2026-06-20", created_at=day
                )
            put("schedule_tasks", 9, name="Roof", finish_datetime="2026-07-01T00:00:00Z", baseline_finish="2026-07-01T00:00:00Z", percentage=0, has_children=False)  # fmt: skip
        if at == 1:
            put(
                "rfis",
                4,
                status="open",
                subject="Q4",
                due_date="2026-06-25",
                created_at="2026-06-03T12:00:00Z",
            )
            put("requisitions", 7, number=1, status="approved", commitment_id=5, payment_date="2026-06-02", currency_configuration=USD, summary={"current_payment_due": "100", "total_completed_and_stored_to_date": "100"})  # fmt: skip
        if at == 2:
            put("rfis", 1, status="closed", time_resolved="2026-06-10T12:00:00Z")
            put("rfis", 2, due_date="2026-06-30")
            world.delete("rfis", place, 3)
            put("schedule_tasks", 9, finish_datetime="2026-07-11T00:00:00Z")
            put("requisitions", 7, summary={"current_payment_due": "160", "total_completed_and_stored_to_date": "160"})  # fmt: skip
        sync()
        if at == 1:
            made = {
                name: getattr(pnb.reports, name)(found["bare"], projects="all", as_of="2026-06-08")
                for name in ("rfis", "billing", "schedule")
            }
    return {**found, "made": made}


def report(store: pnb.Store, name: str, **options: Any) -> pnb.reports.Report:
    found: pnb.reports.Report = getattr(pnb.reports, name)(
        store, projects="all", as_of="2026-06-15", **options
    )
    return found


@pytest.mark.slow
def test_new_closed_slipped_and_deleted_rows_are_named(stores: dict[str, Any]) -> None:
    found = report(stores["kept"], "rfis", since="last Monday")
    changes = found.tables["since_rows"]
    assert changes[["what", "change", "column", "then", "now"]].fillna("").values.tolist() == [
        ["Q1", "closed", "class", "open", "closed"],
        ["Q3", "no longer there", "", "", ""],
        ["Q2", "slipped", "due_date", "2026-06-20", "2026-06-30"],
    ]
    assert changes["days"].dropna().tolist() == [10]
    assert "Since 2026-06-08: 1 closed, 1 slipped (the most by 10 days), 1 no longer there." in found.findings
    assert any("open 4 → 2; closed 0 → 1" in text for text in found.findings)
    lists = found.tables["since_lists"].iloc[0]
    assert lists[["list", "new", "changed", "deleted"]].tolist() == ["rfis", 0, 2, 1]
    assert found.options["since"] == pd.Timestamp("2026-06-08")
    earlier = report(stores["kept"], "rfis", since="2026-06-01")
    assert earlier.tables["since_rows"]["change"].tolist() == ["closed", "new", "no longer there", "slipped"]
    assert "Since 2026-06-08" in earlier._repr_html_() or "Since 2026-06-01" in earlier._repr_html_()


@pytest.mark.slow
def test_money_moved_and_tasks_slipped(stores: dict[str, Any]) -> None:
    bills = report(stores["kept"], "billing", since="2026-06-08")
    moved = bills.tables["since_rows"].set_index("column")["moved"].to_dict()
    assert moved == {"billed": 60, "due": 60}
    assert "Money moved in 1 row: billed USD 60 in all." in bills.findings
    figures = bills.tables["since_figures"].set_index("figure")
    assert figures.loc["billed", ["then", "now", "moved"]].tolist() == [100, 160, 60]
    tasks = report(stores["kept"], "schedule", since="2026-06-08")
    assert tasks.tables["since_rows"][["what", "change", "days"]].values.tolist() == [["Roof", "slipped", 10]]
    assert any("median end variance days 0 → 10" in text for text in tasks.findings)


@pytest.mark.slow
def test_without_history_it_counts_and_says_what_is_not_known(stores: dict[str, Any]) -> None:
    bills = report(stores["bare"], "billing", since="2026-06-08")
    assert bills.tables["since_lists"][["changed", "new"]].values.tolist() == [[1, 0]]
    assert "since_rows" not in bills.tables
    lost = next(text for text in bills.findings if "Values of 2026-06-08 were not kept" in text)
    assert lost.severity == "note"  # type: ignore[attr-defined]
    young = report(stores["kept"], "billing", since="2026-05-25")
    assert any("The store begins on 2026-06-08, the day of its first sync" in text for text in young.findings)
    assert not any("Keep the store" in text for text in young.findings)
    young = report(stores["kept"], "billing", since="2026-06-01")
    assert any("Not kept, or still empty, on 2026-06-01: requisitions" in text for text in young.findings)


@pytest.mark.slow
def test_what_was_open_on_a_day_is_what_the_report_of_that_day_said(stores: dict[str, Any]) -> None:
    then = pnb.reports.rfis(stores["kept"], projects="all", as_of="2026-06-08")
    assert then.tables["total"]["open"].tolist() == [4]
    assert then.rows.sort_values("id")["id"].tolist() == [1, 2, 3, 4]
    assert any("Rebuilt from the history of the store" in text for text in then.findings)
    for name, made in stores["made"].items():
        again = getattr(pnb.reports, name)(stores["kept"], projects="all", as_of="2026-06-08")
        pd.testing.assert_frame_equal(again.rows, made.rows)
        pd.testing.assert_frame_equal(again.summary, made.summary)
        pd.testing.assert_frame_equal(again.tables["total"], made.tables["total"])
    refused = pnb.reports.billing(stores["bare"], projects="all", as_of="2026-06-08")
    assert "cannot be given for 2026-06-08" in refused.findings[0]
    assert pnb.reports.billing(stores["kept"], projects="all", as_of="2026-06-08").tables["total"]["billed"].tolist() == [100]  # fmt: skip


def test_since_is_a_day_before_the_report_and_needs_a_store(stores: dict[str, Any]) -> None:
    thursday, monday = pd.Timestamp("2026-06-18"), pd.Timestamp("2026-06-15")
    assert since_day("last Monday", thursday) == monday
    assert since_day("last monday", monday) == pd.Timestamp("2026-06-08")
    for wrong in ("last week", "soon", "yesterday", "05/06/2026", "Nov 28", 3, "2026-06-18"):
        with pytest.raises(pnb.ArgumentError, match="since is a da") as raised:
            since_day(wrong, thursday)
        assert raised.value.advice in ('Write since="2026-06-01".', "")
    for source in ({"rfis": []}, pnb.connect("demo", progress=False)):
        with pytest.raises(pnb.ArgumentError, match="know one state only") as raised:
            pnb.reports.rfis(source, since="last Monday")
        assert "history=True" in raised.value.advice


def test_a_report_without_rows_has_changed_in_nothing() -> None:
    none = pd.DataFrame({"project_id": pd.array([], "Int64"), "id": pd.array([], "Int64")})
    answer = Analysis(none, none)
    tables, findings = compared(answer, answer, pd.Timestamp("2026-06-15"))
    assert tables["since_rows"].empty
    assert findings == ["Since 2026-06-15 nothing changed in this report."]
