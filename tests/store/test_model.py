"""Any sequence of changes, refusals, kills and syncs, beside a model: the rows the service has, and what the store held last."""

from __future__ import annotations

import warnings
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from procore_nb.errors import AccessError
from procore_nb.store import Store
from store.killing import Fate, Killed, bare_rows, sync
from store.living import World

LISTS = ("vendors", "rfis", "change_events", "budget_modifications", "daily_logs_manpower")
WORDS = {"vendors": "name", "rfis": "subject", "change_events": "title", "budget_modifications": "notes"}
WORDS["daily_logs_manpower"] = "notes"
lists = st.sampled_from(LISTS)
Rows = dict[tuple[str, int], str]


class StoreBesideModel(RuleBasedStateMachine):
    @initialize(seed=st.integers(0, 3), history=st.booleans())
    def begin(self, seed: int, history: bool) -> None:
        self.world = World(projects=4, rows=3, seed=seed)
        self.history = history
        self.home = TemporaryDirectory()
        self.folder = Path(self.home.name) / "portfolio"
        self.held: dict[str, tuple[pd.Timestamp, Rows]] = {}

    def teardown(self) -> None:
        if hasattr(self, "home"):
            self.home.cleanup()

    @rule(name=lists, data=st.data())
    def a_row_comes(self, name: str, data: Any) -> None:
        self.world.add(name, data.draw(st.sampled_from(self.world.places(name))))

    @rule(name=lists, data=st.data(), word=st.sampled_from(["new", "Größe", "=1"]), goes=st.booleans())
    def a_row_changes_or_goes(self, name: str, data: Any, word: str, goes: bool) -> None:
        known = [(place, one) for place in self.world.places(name) for one in self._rows(name, place)]
        if known:
            place, number = data.draw(st.sampled_from(known))
            if goes:
                self.world.delete(name, place, number)
            else:
                self.world.change(name, place, number, **{WORDS[name]: word})

    @rule(minutes=st.sampled_from([1, 60, 5000]))
    def time_passes(self, minutes: int) -> None:
        self.world.pass_time(minutes=minutes)

    @rule(name=st.sampled_from(LISTS[1:]), data=st.data())
    def a_project_refuses_or_answers_again(self, name: str, data: Any) -> None:
        self.world.refused ^= {(name, data.draw(st.sampled_from(self.world.places(name))))}

    @rule(name=lists, last=st.integers(1, 60), full=st.booleans())
    def a_sync_is_killed(self, name: str, last: int, full: bool) -> None:
        self.world.pass_time(seconds=2)
        with suppress(Killed, AccessError):
            sync(self.world, self.folder, Fate(last), lists=[name], full=full)

    @rule(names=st.lists(lists, min_size=1, unique=True), full=st.booleans())
    def a_sync_brings_tables_up_to_date(self, names: list[str], full: bool) -> None:
        self.world.pass_time(seconds=2)
        for name in names:
            with suppress(AccessError):  # no project answers: the table is as it was
                result = sync(self.world, self.folder, lists=[name], full=full, history=self.history or None)
                if result["resumed"].iloc[0] and name in ("vendors", "budget_modifications"):
                    # What a full read had staged is as old as that read (vendors: only its deletions are).
                    result = sync(self.world, self.folder, lists=[name], full=full)
                self._compare(name, whole=result["mode"].iloc[0] == "full")

    def _rows(self, name: str, place: str) -> dict[Any, Any]:
        return self.world.rows.get((name, place), {})

    def _compare(self, name: str, *, whole: bool) -> None:
        store = Store(self.folder)
        kept = _by_key(store.table(name), name)
        answered = [one for one in self.world.places(name) if (name, one) not in self.world.refused]
        due = {
            (place, number): row[WORDS[name]]
            for place in answered
            for number, row in self._rows(name, place).items()
        }
        found = {key: word for key, word in kept.items() if key[0] in answered}
        if name == "vendors" and not whole:  # its deletions need a whole read
            found = {key: word for key, word in found.items() if key in due}
        assert found == due
        assert bare_rows(self.folder, name) == len(kept)
        dead = _by_key(store.table(name, deleted="only"), name)
        assert not dead.keys() & kept.keys()
        self._compare_changes(store, name, kept)
        versions = store.table(name, history=True)
        assert _by_key(versions[versions["valid_to"].isna()], name) == kept
        self.held[name] = (pd.Timestamp(self.world.now), kept)

    def _compare_changes(self, store: Store, name: str, kept: Rows) -> None:
        if name not in self.held:
            return
        since, before = self.held[name]
        changes = store.changes(name, since=since)
        told = dict(zip(_by_key(changes, name), changes["change"], strict=True))
        assert {key for key, what in told.items() if what == "deleted"} >= before.keys() - kept.keys()
        assert {key for key, what in told.items() if what == "new"} == kept.keys() - before.keys()
        changed = {key for key in kept.keys() & before.keys() if kept[key] != before[key]}
        assert {key for key, what in told.items() if what == "changed"} >= changed


def _by_key(frame: pd.DataFrame, name: str) -> Rows:
    places = frame["project_id"].astype(str) if "project_id" in frame.columns else [""] * len(frame)
    return dict(zip(zip(places, frame["id"].tolist(), strict=True), frame[WORDS[name]].tolist(), strict=True))


@pytest.mark.slow
def test_a_row_that_comes_after_a_killed_sync_staged_its_project_is_there_after_the_next(
    tmp_path: Path,
) -> None:
    """Found by the machine below: what was staged is as old as the sync that was killed."""
    world, place = World(projects=4, rows=3, seed=0), "1204310"
    with suppress(Killed):
        sync(world, tmp_path, Fate(29), lists=["rfis"])
    staged = [one.name for one in (tmp_path / "_work" / "rfis" / "rows").glob("*~done.arrow")]
    assert f"{place}~done.arrow" in staged
    world.pass_time(seconds=2)
    row = world.add("rfis", place)
    gone = next(one for one in world.rows["rfis", place] if one != row["id"])
    world.delete("rfis", place, gone)
    world.pass_time(seconds=2)
    world.asked.clear()
    result = sync(world, tmp_path, lists=["rfis"])
    kept = Store(tmp_path).table("rfis")["id"].tolist()
    assert (row["id"] in kept, gone in kept) == (True, False)
    assert result[["mode", "resumed", "targets"]].iloc[0].tolist() == ["full", True, len(world.projects)]
    assert result["synced_at"].iloc[0] == pd.Timestamp(world.now)
    again = {query for name, where, query in world.asked if (name, where) == ("rfis", place)}
    assert all("updated_at" in query for query in again), "no more than the changes is read again"
    assert sync(world, tmp_path, lists=["rfis"])["since"].iloc[0] < pd.Timestamp(world.now)


@pytest.mark.slow
@pytest.mark.parametrize("examples", [3, pytest.param(60, marks=pytest.mark.stress)])
def test_after_any_sequence_the_store_is_what_the_model_says(examples: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        StoreBesideModel.TestCase.settings = settings(
            max_examples=examples,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        StoreBesideModel.TestCase("runTest").debug()
