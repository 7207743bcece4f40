"""What goes out of a store: the rows of a moment, one file of DuckDB, changes applied to another database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from export.test_databases import postgres  # noqa: F401 - a fixture

import procore_nb as pnb
from procore_nb import catalog
from procore_nb.client import Procore
from procore_nb.errors import ArgumentError, StoreError
from procore_nb.store import Store
from procore_nb.store.strategy import target_columns, with_parents
from store.living import LISTS, World


def lives(
    world: World, procore: Procore, store: Store, times: int = 3, **options: Any
) -> dict[datetime, pd.DataFrame]:
    """The table after each of several syncs, by a moment after it."""
    found = {}
    for _ in range(times):
        store.sync(procore, ["rfis"], **options)
        world.pass_time(minutes=30)
        found[world.now] = store.table("rfis")
        world.live_a_little(40)
    return found


@pytest.mark.slow
def test_a_table_as_of_a_moment_is_what_it_was_then(world: World, procore: Procore, store: Store) -> None:
    states = lives(world, procore, store, history=True)
    assert len({len(frame) for frame in states.values()} | {0}) > 1
    last = list(states.values())[-1]
    for moment, frame in states.items():
        then = store.table("rfis", as_of=moment)
        pd.testing.assert_frame_equal(
            then[list(frame.columns)], frame.astype(then[list(frame.columns)].dtypes)
        )
    pd.testing.assert_frame_equal(store.table("rfis", as_of="2030-01-01"), last)


def test_a_moment_of_which_values_were_not_kept_is_an_error(
    world: World, procore: Procore, store: Store
) -> None:
    place = str(world.projects[0])
    row = world.add("rfis", place)
    store.sync(procore, ["rfis"])
    world.pass_time(minutes=30)
    before = world.now
    pd.testing.assert_frame_equal(store.table("rfis", as_of=before), store.table("rfis"))
    world.pass_time(hours=1)
    world.change("rfis", place, row["id"])
    store.sync(procore, ["rfis"])
    with pytest.raises(ArgumentError, match="1 rows of rfis have changed since"):
        store.table("rfis", as_of=before)
    with pytest.raises(ArgumentError, match="rfis is kept since 2026-03-02 08:00 UTC"):
        store.table("rfis", as_of="2020-01-01")
    with pytest.raises(ArgumentError, match="as_of goes without"):
        store.table("rfis", as_of=before, history=True)
    with pytest.raises(ArgumentError, match="as_of is a date"):
        store.table("rfis", as_of="soon")


@pytest.mark.slow
def test_a_file_of_duckdb_has_the_tables_of_the_store(
    world: World, procore: Procore, store: Store, tmp_path: Path
) -> None:
    duckdb = pytest.importorskip("duckdb")
    path = tmp_path / "portfolio.duckdb"
    for _ in range(2):
        store.sync(procore, LISTS)
        assert pnb.to_duckdb(store, path) == path
        with duckdb.connect(str(path), read_only=True) as connection:
            for name in LISTS:
                assert connection.sql(f"select count(*) from {name}").fetchall() == [
                    (len(store.table(name)),)
                ]
            total = connection.sql("select sum(transfer_amount) from budget_modifications").fetchall()
        assert total == [(sum(store.table("budget_modifications", decimals="exact")["transfer_amount"]),)]
        world.live_a_little(20)
    before = path.read_bytes()
    next(Path(store.files("rfis")[0]).parent.glob("part-*")).write_bytes(b"PAR1")
    with pytest.raises(StoreError, match="damaged"):
        pnb.to_duckdb(store, path)
    assert path.read_bytes() == before
    assert {one.name for one in tmp_path.iterdir()} <= {"portfolio.duckdb", "portfolio"}


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_changes_bring_another_database_up_to_date(
    world: World, procore: Procore, store: Store, database: str, request: pytest.FixtureRequest
) -> None:
    """The lines of docs/store-readers.md: upserts and deletes since the last sync that was applied, and a column that is new."""
    folder = request.getfixturevalue("postgres") if database == "postgres" else None
    url = f"postgresql+psycopg://postgres@/postgres?host={folder}" if folder else "sqlite://"
    engine, since = sa.create_engine(url, poolclass=sa.pool.StaticPool), "2000-01-01"
    seen = set()
    for number in range(3):
        world.add("rfis", str(world.projects[0]), **{'Zone "A" (%)': f"{number}"} if number else {})
        store.sync(procore, ["rfis"], names="safe")
        until = store.tables().set_index("table")["last_sync"]["rfis"]
        changes = store.changes("rfis", since=since, names="safe")
        assert (
            pnb.to_sql(changes, "rfis", engine, key=["project_id", "id"])
            == changes["change"].ne("deleted").sum()
        )
        since, seen = until, seen | {*changes["change"]}
        due = store.table("rfis", names="safe")
        zone = "zone_a" if number else "subject"
        columns = ["project_id", "id", "subject", "created_by_name", zone]
        with engine.connect() as connection:
            found = connection.exec_driver_sql(
                f"select {', '.join(columns)} from rfis order by 1, 2"
            ).fetchall()
        assert (
            list(map(tuple, found))
            == due[columns].astype(object).where(due[columns].notna(), None).apply(tuple, axis=1).tolist()
        )
        world.live_a_little(40)
    assert seen == {"new", "changed", "deleted"}
    engine.dispose()


def test_every_list_whose_ids_other_lists_have_can_be_kept() -> None:
    known = [
        one
        for one in catalog.endpoints()
        if all(
            any(name in {"company_id", "project_id", *one.parents} for name in group) for group in one.needs
        )
    ]
    places = {one.name: target_columns(one, {}) for one in known}
    for kept in ({"rfis": {}}, {one.name: {} for one in catalog.endpoints()}):
        found = with_parents({one.name: {} for one in reversed(known)}, catalog.load(), kept.get)
        assert {*found} >= {*places}
        order = list(found)
        assert order.index("budget_views") < order.index("budget_view_detail_rows")
    assert list(with_parents({"rfqs": {}}, catalog.load(), {"work_order_contracts": {}}.get)) == [
        "work_order_contracts",
        "rfqs",
    ], "of two lists that may be above, the one in the store"
    assert places["prime_contract_line_items"] == ("project_id", "prime_contract_id")
    assert max(map(len, places.values())) == 3
    assert all(place[0] == "project_id" for place in places.values() if "project_id" in place)


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Procore, Store, pd.DataFrame]]:
    """The financial core of a few projects, named without the lists below which the others are asked."""
    with pnb.connect("demo", progress=False) as procore:
        store, projects = (
            Store(tmp_path_factory.mktemp("core")),
            procore.projects().iloc[[2, 32]],
        )  # short lists
        result = store.sync(procore, ["work_order_contracts", *BELOW, "budget", *UNFILLED], projects=projects)
        assert {*result["table"]} >= {*BELOW.values()}, "lists above are synced before"
        yield procore, store, projects


UNFILLED = ("submittals", "inspections", "requisitions", "change_events")
BELOW = {
    "work_order_contract_line_items": "work_order_contracts",
    "purchase_order_contract_line_items": "purchase_order_contracts",
    "requisition_contract_items": "requisitions",
    "requisition_change_order_items": "requisitions",
    "prime_contract_line_items": "prime_contracts",
    "rfi_replies": "rfis",
    "rfq_quotes": "rfqs",
}


@pytest.mark.slow
def test_lists_below_projects_are_those_of_table(core: tuple[Procore, Store, pd.DataFrame]) -> None:
    procore, store, _ = core
    for name, above in BELOW.items():
        due = procore.table(name, parent=store.table(above))
        kept = store.table(name).drop(columns="project_name", errors="ignore")
        assert len(kept) == len(due) > 0, name
        same(kept, due)


@pytest.mark.slow
def test_rows_of_budgets_have_their_views(core: tuple[Procore, Store, pd.DataFrame]) -> None:
    procore, store, projects = core
    due = procore.table("budget", projects)
    kept = store.table("budget")
    assert kept["budget_view"].nunique() > due["budget_view"].nunique(), "all views are kept"
    of_one = kept[kept["budget_view_id"].isin(due["budget_view_id"])]
    same(of_one[[one for one in kept if one in due or of_one[one].notna().any()]], due)


@pytest.mark.slow
def test_lists_of_projects_are_those_of_table_with_columns_that_nobody_filled(
    core: tuple[Procore, Store, pd.DataFrame],
) -> None:
    procore, store, projects = core
    for name in UNFILLED:
        due = procore.table(name, projects)
        assert [one for one in due if one.startswith("custom_fields") and due[one].isna().all()], name
        same(store.table(name), due)


def same(kept: pd.DataFrame, due: pd.DataFrame) -> None:
    """Rows, columns, dtypes and values, in the order of keys."""
    assert {*kept.columns} == {*due.columns}
    order = [one for one in due if one == "id" or (one.endswith("_id") and "." not in one)]
    frames = [
        one.assign(id=one["id"].astype("string")).sort_values([*order], ignore_index=True)[list(due.columns)]
        for one in (kept, due)
    ]
    for frame in frames:
        frame.attrs.clear()
    pd.testing.assert_frame_equal(*frames)
