from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import procore_nb as pnb
from procore_nb.client import Procore
from procore_nb.demo import Faults
from procore_nb.errors import (
    AccessError,
    ArgumentError,
    CatalogError,
    ProcoreWarning,
    ServerError,
)
from procore_nb.store import Store
from procore_nb.store.manifest import Manifest
from procore_nb.store.strategy import window_of
from store.living import LISTS, PROJECT_LISTS, LivingDemo, World, connection

pytestmark = pytest.mark.slow


def asked(procore: Procore, name: str) -> pd.DataFrame:
    """The list as the connection gives it, in the store's order."""
    where = {"start": "1990-01-01"} if name.startswith("daily") else {}
    frame = procore.table(name, **({} if name == "vendors" else {"projects": "all"}), **where)
    keys = [key for key in ("project_id", "id") if key in frame.columns]
    return frame.sort_values(keys, kind="stable").reset_index(drop=True)


def account(result: pd.DataFrame, name: str) -> pd.Series:
    return result.set_index("table").loc[name]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.stress), 2])
def test_after_any_changes_every_table_is_what_procore_answers(tmp_path: Path, seed: int) -> None:
    world = World(seed=seed, projects=4 if seed else 2, rows=3)
    with connection(LivingDemo(world)) as procore:
        store = Store(tmp_path, clock=lambda: world.now)
        for _ in range(2):
            result = store.sync(procore, LISTS, window_days=60)
            for name in LISTS:
                if name != "vendors":  # its deletions need a whole read
                    pd.testing.assert_frame_equal(store.table(name), asked(procore, name), check_like=True)
            assert result["rows"].tolist() == [len(store.table(name)) for name in LISTS]
            world.live_a_little(40)
        store.sync(procore, LISTS, full=True)
        for name in LISTS:
            pd.testing.assert_frame_equal(store.table(name), asked(procore, name), check_like=True)


@pytest.mark.slow
def test_a_second_sync_asks_only_for_what_changed_where_the_list_can_be_asked_so(
    world: World, procore: Procore, store: Store
) -> None:
    store.sync(procore, LISTS)
    world.live_a_little()
    result = store.sync(procore, LISTS)
    assert dict(zip(result["table"], result["mode"], strict=True)) == {
        "vendors": "incremental",
        "rfis": "incremental",
        "change_events": "incremental",
        "budget_modifications": "full",
        "daily_logs_manpower": "window",
        "daily_log_counts": "full",
    }


def test_the_window_begins_at_the_last_start_less_the_overlap(
    world: World, procore: Procore, store: Store
) -> None:
    store.sync(procore, ["rfis"])
    began = world.now
    world.pass_time(days=1)
    world.asked.clear()
    result = store.sync(procore, ["rfis"], overlap_minutes=30)
    assert result["since"].iloc[0] == pd.Timestamp(began) - pd.Timedelta(minutes=30)
    assert all("updated_at" in query for name, _, query in world.asked if name == "rfis")


def test_a_row_that_changes_while_a_sync_runs_comes_with_the_next(
    world: World, procore: Procore, store: Store
) -> None:
    place = str(world.projects[0])
    row = world.add("rfis", place)
    store.sync(procore, ["rfis"])
    world.change("rfis", place, row["id"], subject="changed in the second of the first sync's start")
    world.pass_time(hours=1)
    result = store.sync(procore, ["rfis"])
    assert account(result, "rfis")["changed"] == 1


def test_rows_of_the_overlap_that_are_as_they_were_count_for_nothing(
    world: World, procore: Procore, store: Store
) -> None:
    store.sync(procore, ["rfis"])
    world.pass_time(minutes=1)
    result = account(store.sync(procore, ["rfis"]), "rfis")
    assert (result["new"], result["changed"], result["deleted"]) == (0, 0, 0)


@pytest.mark.parametrize(("name", "asks"), [("rfis", "rfis_recycled"), ("change_events", "change_events")])
def test_deleted_rows_are_found_where_procore_lists_them(
    world: World, procore: Procore, store: Store, name: str, asks: str
) -> None:
    place = str(world.projects[0])
    row = world.add(name, place)
    store.sync(procore, [name])
    world.pass_time(hours=1)
    world.delete(name, place, row["id"])
    world.asked.clear()
    result = account(store.sync(procore, [name]), name)
    assert result["deleted"] == 1
    assert row["id"] not in store.table(name)["id"].tolist()
    assert store.table(name, deleted="only")["id"].tolist() == [row["id"]]
    with pytest.raises(ArgumentError, match='deleted is "only" or "with", not True'):
        store.table(name, deleted=True)  # type: ignore[arg-type]
    assert len([one for one in world.asked if one[0] == asks]) >= len(world.projects)


def test_without_a_list_of_deleted_rows_a_whole_read_finds_them(
    world: World, procore: Procore, store: Store
) -> None:
    row = world.add("vendors", "")
    store.sync(procore, ["vendors"])
    world.delete("vendors", "", row["id"])
    world.pass_time(hours=1)
    assert account(store.sync(procore, ["vendors"]), "vendors")["deleted"] == 0
    world.pass_time(hours=1)
    assert account(store.sync(procore, ["vendors"], full=True), "vendors")["deleted"] == 1
    gone = store.table("vendors", deleted="with").set_index("id")["deleted_at"]
    assert gone[row["id"]] == pd.Timestamp(world.now)
    assert gone.isna().sum() == len(store.table("vendors"))


def test_a_row_that_comes_back_is_no_longer_deleted(world: World, procore: Procore, store: Store) -> None:
    row = world.add("vendors", "")
    store.sync(procore, ["vendors"])
    world.delete("vendors", "", row["id"])
    store.sync(procore, ["vendors"], full=True)
    world.rows["vendors", ""][row["id"]] = row
    assert account(store.sync(procore, ["vendors"], full=True), "vendors")["new"] == 1
    assert not len(store.table("vendors", deleted="only"))


def test_a_daily_log_is_read_whole_at_first_and_then_its_last_days(
    world: World, procore: Procore, store: Store
) -> None:
    place = str(world.projects[0])
    old = world.add("daily_logs_manpower", place, date="2019-05-01", notes="long ago")
    late = world.add("daily_logs_manpower", place, date="2026-02-27", notes="lately")
    store.sync(procore, ["daily_logs_manpower"])
    assert {old["id"], late["id"]} <= set(store.table("daily_logs_manpower")["id"])
    world.pass_time(hours=1)
    for row in (old, late):
        world.change("daily_logs_manpower", place, row["id"], notes="corrected")
    world.delete("daily_logs_manpower", place, late["id"])
    result = account(store.sync(procore, ["daily_logs_manpower"], window_days=7), "daily_logs_manpower")
    assert (result["mode"], str(result["since"].date())) == ("window", "2026-02-23")
    kept = store.table("daily_logs_manpower").set_index("id")["notes"]
    assert kept[old["id"]] == "long ago", "outside of the window: a longer one, or full=True, would find it"
    assert late["id"] not in kept.index


def test_a_window_holds_where_a_day_comes_with_a_time(world: World, procore: Procore, store: Store) -> None:
    name, place = "daily_logs_manpower", str(world.projects[0])
    gone = world.add(name, place, date="2026-02-27T10:00:00Z")
    kept = world.add(name, place, date="2019-05-01")
    store.sync(procore, [name])
    world.pass_time(hours=1)
    world.delete(name, place, gone["id"])
    result = account(store.sync(procore, [name]), name)
    assert (result["mode"], result["deleted"]) == ("window", 1)
    ids = store.table(name)["id"].tolist()
    assert (gone["id"] in ids, kept["id"] in ids) == (False, True)


def test_a_full_read_of_some_projects_leaves_the_others_as_they_were(
    world: World, procore: Procore, store: Store
) -> None:
    first, other = world.projects[:2]
    world.add("rfis", str(other))
    store.sync(procore, ["rfis"])
    before = store.table("rfis")
    world.pass_time(days=1)
    row = world.add("rfis", str(other))
    result = account(store.sync(procore, ["rfis"], full=True, projects=[first]), "rfis")
    assert (result["mode"], result["deleted"], result["rows"]) == ("full", 0, len(before))
    pd.testing.assert_frame_equal(store.table("rfis"), before)
    world.asked.clear()
    assert account(store.sync(procore, ["rfis"]), "rfis")["new"] == 1
    assert row["id"] in store.table("rfis")["id"].tolist()
    assert all("updated_at" in query for name, _, query in world.asked if name == "rfis"), (
        "none is read in full"
    )


@pytest.mark.parametrize(
    ("last", "start"),
    [
        ("2026-01-02", "2025-12-19"),
        ("2026-03-02", "2026-02-16"),
        ("2026-03-09", "2026-02-16"),
        ("", "2026-02-16"),
    ],
)
def test_a_window_reaches_back_behind_the_last_sync_however_long_ago_it_was(last: str, start: str) -> None:
    manifest = Manifest(table="t", path="/t", last={"day": last})
    assert window_of(manifest, date(2026, 3, 2), 14) == (start, "2026-03-02")


def test_a_project_that_is_new_is_read_whole(world: World, tmp_path: Path) -> None:
    with connection(LivingDemo(world)) as procore:
        store = Store(tmp_path, clock=lambda: world.now)
        some = world.projects[:-1]
        store.sync(procore, ["rfis"], projects=some)
        world.pass_time(days=100)
        world.asked.clear()
        store.sync(procore, ["rfis"])
        new = [query for name, place, query in world.asked if place == str(world.projects[-1])]
        assert len(new) == 1
        assert "updated_at" not in new[0]
        pd.testing.assert_frame_equal(store.table("rfis"), asked(procore, "rfis"), check_like=True)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::procore_nb.errors.ProcoreWarning")
def test_a_project_that_refuses_keeps_its_rows_and_is_read_from_where_it_was(
    world: World, procore: Procore, store: Store
) -> None:
    place = str(world.projects[0])
    world.add("rfis", place)
    store.sync(procore, ["rfis"])
    rows = len(store.table("rfis"))
    began = world.now
    world.refused.add(("rfis", place))
    for _ in range(2):
        world.pass_time(days=1)
        result = store.sync(procore, ["rfis"])
        assert account(result, "rfis")["skipped"] == 1
        assert result.attrs["procore"]["skipped"] == [{"table": "rfis", "target": place}]
        assert len(store.table("rfis")) == rows
    world.refused.clear()
    assert store.sync(procore, ["rfis"])["since"].iloc[0] == pd.Timestamp(began) - pd.Timedelta(minutes=10)


@pytest.mark.filterwarnings("ignore::procore_nb.errors.ProcoreWarning")
def test_a_project_that_refuses_keeps_the_rows_of_its_window(
    world: World, procore: Procore, store: Store
) -> None:
    name = "daily_logs_manpower"
    refusing, answering = (str(one) for one in world.projects[:2])
    kept = world.add(name, refusing, date="2026-02-27")
    gone = world.add(name, answering, date="2026-02-27")
    store.sync(procore, [name])
    world.pass_time(hours=1)
    world.refused.add((name, refusing))
    world.delete(name, answering, gone["id"])
    result = account(store.sync(procore, [name]), name)
    assert (result["mode"], result["skipped"], result["deleted"]) == ("window", 1, 1)
    ids = store.table(name)["id"].tolist()
    assert (kept["id"] in ids, gone["id"] in ids) == (True, False)


@pytest.mark.filterwarnings("ignore::procore_nb.errors.ProcoreWarning")
@pytest.mark.parametrize("world", [3], indirect=True)
def test_projects_that_never_answered_do_not_stop_the_others(
    world: World, procore: Procore, store: Store
) -> None:
    world.refused.update(("rfis", str(place)) for place in world.projects[:2])
    store.sync(procore, ["rfis"])
    world.pass_time(days=1)
    assert account(store.sync(procore, ["rfis"]), "rfis")["skipped"] == 2


@pytest.mark.filterwarnings("ignore::procore_nb.errors.ProcoreWarning")
def test_a_list_that_no_project_answers_is_an_error(world: World, procore: Procore, store: Store) -> None:
    world.refused.update(("rfis", str(place)) for place in world.projects)
    with pytest.raises(AccessError):
        store.sync(procore, ["rfis"])


def test_rows_of_a_project_that_is_gone_are_deleted_by_a_whole_read(tmp_path: Path) -> None:
    small, large = World(projects=4), World(projects=6)
    store = Store(tmp_path, clock=lambda: large.now)
    with connection(LivingDemo(large)) as procore:
        store.sync(procore, ["rfis"])
    with connection(LivingDemo(small)) as procore:
        store.sync(procore, ["rfis"], full=True)
        assert set(store.table("rfis")["project_id"]) <= set(small.projects)
        assert set(store.table("rfis", deleted="only")["project_id"]) >= set(large.projects) - set(
            small.projects
        )


def test_a_failure_leaves_what_was_done_and_the_next_sync_does_not_ask_again(
    world: World, tmp_path: Path
) -> None:
    store = Store(tmp_path, clock=lambda: world.now)
    broken = Faults().when(
        lambda _, request: str(world.projects[1]) in request.path + request.query, "broken"
    )
    with (
        connection(LivingDemo(world, faults=broken), workers=1) as procore,
        pytest.raises(ServerError) as failure,
    ):
        store.sync(procore, ["vendors", "rfis"])
    assert failure.value.partial["table"].tolist() == ["vendors", "rfis"]
    assert store.tables()["table"].tolist() == ["vendors"]
    world.asked.clear()
    with connection(LivingDemo(world)) as procore:
        result = store.sync(procore, ["rfis"])
    assert result["resumed"].tolist() == [True]
    assert {place for _, place, _ in world.asked} == {str(place) for place in world.projects[1:]}


def test_a_sync_that_is_gone_on_with_late_is_brought_up_to_date_at_once(world: World, tmp_path: Path) -> None:
    store = Store(tmp_path, clock=lambda: world.now)
    broken = Faults().when(lambda _, request: str(world.projects[1]) in request.path, "broken")
    with connection(LivingDemo(world, faults=broken), workers=1) as procore, pytest.raises(ServerError):
        store.sync(procore, ["rfis"])
    world.pass_time(days=1)
    row = world.add("rfis", str(world.projects[0]))
    world.pass_time(days=1)
    with connection(LivingDemo(world)) as procore:
        store.sync(procore, ["rfis"])
    assert row["id"] in store.table("rfis")["id"].tolist()


@pytest.mark.parametrize("wrong", [{"overlap_minutes": -1}, {"window_days": -1}, {"wait_seconds": "long"}])
def test_a_length_of_time_below_zero_is_refused(
    world: World, procore: Procore, store: Store, wrong: dict[str, Any]
) -> None:
    with pytest.raises(ArgumentError, match="from 0 on"):
        store.sync(procore, ["rfis"], **wrong)
    assert not world.asked


def test_one_table_that_fails_does_not_stop_the_others_if_so_asked(world: World, tmp_path: Path) -> None:
    store = Store(tmp_path, clock=lambda: world.now)
    broken = Faults().when(lambda _, request: "/rfis" in request.path, "broken")
    with connection(LivingDemo(world, faults=broken)) as procore:
        result = store.sync(procore, ["rfis", "vendors"], on_error="skip")
    assert result["error"].map(bool).tolist() == [True, False]
    assert store.tables()["table"].tolist() == ["vendors"]


@pytest.mark.filterwarnings("ignore::procore_nb.errors.ProcoreWarning")
def test_lists_below_a_table_are_asked_for_each_of_its_rows(
    world: World, procore: Procore, store: Store
) -> None:
    store.sync(procore, ["rfis"])
    with pytest.raises(ArgumentError, match="no table of them"):
        store.sync(procore, ["rfq_quotes"])
    result = store.sync(procore, ["rfi_replies"])
    assert result["table"].tolist() == ["rfis", "rfi_replies"]
    assert result["targets"].tolist() == [len(world.projects), len(store.table("rfis"))]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::procore_nb.errors.ProcoreWarning")
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("world", [3], indirect=True)
def test_parents_of_new_projects_come_before_the_rows_below_them(
    world: World, procore: Procore, store: Store, full: bool
) -> None:
    few = world.projects[:1]
    store.sync(procore, {"rfis": {"sort": "id"}}, projects=few, drop_personal=True)
    store.sync(procore, ["rfi_replies"], projects=few)
    world.pass_time(days=1)
    result = store.sync(procore, ["rfi_replies"], full=full, drop_personal=False).set_index("table")
    parents = store.table("rfis")
    assert parents["project_id"].nunique() > len(few)
    assert result.loc["rfis", "targets"] == len(world.projects)
    assert result.loc["rfi_replies", "targets"] == len(parents)
    assert parents.attrs["procore"]["arguments"] == {"sort": "id"}, "a parent is read as it is kept"
    assert "created_by.name" not in parents.columns


def test_nothing_is_asked_if_a_list_or_argument_is_unknown(
    world: World, procore: Procore, store: Store
) -> None:
    with pytest.raises(CatalogError):
        store.sync(procore, ["rfis", "no such list"])
    with pytest.raises(ArgumentError):
        store.sync(procore, [])
    with pytest.raises(ArgumentError):
        store.sync(procore, ["rfis"], projects="some")
    assert not world.asked


def test_arguments_belong_to_the_table_others_are_read_anew(
    world: World, procore: Procore, store: Store
) -> None:
    store.sync(procore, {"rfis": {"sort": "id"}})
    assert store.table("rfis").attrs["procore"]["arguments"] == {"sort": "id"}
    world.pass_time(days=1)
    assert store.sync(procore, {"rfis": {"sort": "id"}})["mode"].tolist() == ["incremental"]
    assert store.sync(procore, ["rfis"])["mode"].tolist() == ["full"]


def test_all_lists_of_this_test_are_of_projects_but_one() -> None:
    assert set(LISTS) - set(PROJECT_LISTS) == {"vendors"}
    assert issubclass(ProcoreWarning, UserWarning)


def test_requests_of_a_last_project_that_is_skipped_are_counted(tmp_path: Path) -> None:
    procore = pnb.connect("demo", progress=False)
    with pytest.warns(pnb.ProcoreWarning, match="skipped"):
        done = Store(tmp_path / "kept").sync(procore, ["rfis"], projects=[1204347, 1204569])
    assert (done["requests"].iloc[0], done["skipped"].iloc[0]) == (2, 1)
