"""A table is brought back to a moment or a version, as one commit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from procore_nb.client import Procore
from procore_nb.errors import ArgumentError, StoreError
from procore_nb.store import Store
from store.killing import bare_rows
from store.living import World


def values(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(columns=[name for name in ("project_name",) if name in frame]).reset_index(drop=True)


def lived(
    world: World, procore: Procore, store: Store, times: int = 3
) -> list[tuple[pd.Timestamp, pd.DataFrame]]:
    """A moment after each of several syncs, and the table then."""
    found = []
    for place in 4 * world.projects:
        world.add("rfis", str(place))
    for _ in range(times):
        store.sync(procore, ["rfis"], history=True)
        world.pass_time(minutes=30)
        found.append((pd.Timestamp(world.now), store.table("rfis")))
        world.live_a_little(40)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("many", [1, 32], ids=["files of versions are joined", "files of versions are kept"])
def test_a_table_is_what_it_was_and_no_version_is_lost(
    world: World, procore: Procore, store: Store, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("procore_nb.store.snapshot._MANY", many)
    states = lived(world, procore, store)
    moment, due = states[0]
    before = store.table("rfis", history=True)
    row = store.restore("rfis", as_of=moment).iloc[0]
    assert (row["mode"], row["rows"]) == ("restore", len(due))
    assert row[["new", "changed", "deleted"]].min() > 0
    pd.testing.assert_frame_equal(values(store.table("rfis")), values(due))
    assert bare_rows(Path(store.files("rfis")[0]).parents[1], "rfis") == len(due)
    after = store.table("rfis", history=True)
    assert len(after) == len(before) + row["new"] + row["changed"]
    for at, frame in states[1:]:
        pd.testing.assert_frame_equal(values(store.table("rfis", as_of=at)), values(frame))
    assert store.tables()["mode"].tolist() == ["restore"]
    changes = store.changes("rfis", since=states[-1][0])
    assert changes["change"].value_counts()[["changed", "deleted"]].tolist() >= [
        row["changed"],
        row["deleted"],
    ]


@pytest.mark.slow
def test_the_next_sync_reads_everything_and_is_up_to_date(
    world: World, procore: Procore, store: Store
) -> None:
    states = lived(world, procore, store)
    store.restore("rfis", as_of=states[0][0])
    world.pass_time(hours=1)
    assert store.sync(procore, ["rfis"])["mode"].tolist() == ["full"]
    due = sorted(number for (name, _), rows in world.rows.items() if name == "rfis" for number in rows)
    assert sorted(store.table("rfis")["id"]) == due


def test_a_table_that_is_as_it_was_is_left_alone(world: World, procore: Procore, store: Store) -> None:
    store.sync(procore, ["rfis"])
    files = store.files("rfis")
    world.pass_time(hours=1)
    assert store.restore("rfis", as_of=world.now)[["new", "changed", "deleted"]].to_numpy().tolist() == [
        [0] * 3
    ]
    assert store.files("rfis") == files


@pytest.mark.slow
def test_at_a_url_a_version_is_restored_for_as_long_as_its_files_stay(
    world: World, procore: Procore, tmp_path: Path
) -> None:
    def step(keep_days: float = 1.0) -> pd.DataFrame:
        place = str(world.projects[0])
        number = world.add("rfis", place, **{f"column_{world.now:%H%M}": "x"})["id"]
        world.delete("rfis", place, next(one for one in world.rows["rfis", place] if one != number))
        world.pass_time(hours=1)
        Store(url, clock=lambda: world.now, keep_days=keep_days).sync(procore, ["rfis"])
        return Store(url).table("rfis")

    url = f"memory://{tmp_path}/portfolio"
    world.rows["rfis", str(world.projects[0])] = {}
    for _ in range(3):
        world.add("rfis", str(world.projects[0]))
    first, second = step(), step()
    third = step()
    store = Store(url, clock=lambda: world.now)
    row = store.restore("rfis", version=0).iloc[0]
    assert row[["new", "changed", "deleted"]].tolist() == [2, 0, 2]
    restored = store.table("rfis")
    assert {*restored.columns} == {*third.columns}, "columns of later states stay, without values"
    pd.testing.assert_frame_equal(values(restored[first.columns]), values(first))
    assert len(store.table("rfis", deleted="only")) == 2
    world.pass_time(hours=1)
    assert store.sync(procore, ["rfis"])["mode"].tolist() == ["incremental"], (
        "from the start of that version on"
    )
    assert set(store.table("rfis")["id"]) - set(third["id"]) <= set(second["id"])
    step(keep_days=0)
    with pytest.raises(StoreError, match=r"Version 0 of rfis in memory.* is gone: there is 5 \(synced 2026"):
        store.restore("rfis", version=0)


def test_what_is_gone_or_is_no_moment_is_said_and_the_table_stays(
    world: World, procore: Procore, store: Store
) -> None:
    for _ in range(2):
        store.sync(procore, ["rfis"])
        world.pass_time(minutes=1)
    before, gone = (
        store.files("rfis"),
        r"Version 0 of rfis in .* is gone: there is 1 \(synced 2026-03-02T08:01",
    )
    calls: list[tuple[dict[str, Any], type[Exception], str]] = [
        ({"version": 0}, StoreError, gone),
        ({"as_of": "2020-01-01"}, ArgumentError, "rfis is kept since 2026-03-02 08:00 UTC"),
        ({"as_of": "soon"}, ArgumentError, "as_of is a date"),
        ({}, ArgumentError, "a moment or a version"),
        ({"as_of": "2026-01-01", "version": 1}, ArgumentError, "a moment or a version"),
    ]
    for call, error, words in calls:
        with pytest.raises(error, match=words):
            store.restore("rfis", **call)
        assert store.files("rfis") == before


def test_values_that_were_not_kept_are_not_guessed(world: World, procore: Procore, store: Store) -> None:
    place = str(world.projects[0])
    row = world.add("rfis", place)
    store.sync(procore, ["rfis"])
    world.pass_time(minutes=30)
    moment = world.now
    world.change("rfis", place, row["id"])
    world.pass_time(minutes=30)
    store.sync(procore, ["rfis"])
    with pytest.raises(ArgumentError, match="1 rows of rfis have changed since"):
        store.restore("rfis", as_of=moment)
