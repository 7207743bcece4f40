"""Readers of many kinds, each a process of its own, while syncs go on: what they see is a state that was committed."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from procore_nb.errors import StoreError
from procore_nb.store import Store
from store.living import LivingDemo, World, connection
from store.reading import digest, reader

pytest.importorskip("deltalake")
pytest.importorskip("polars")
pytestmark = pytest.mark.stress

OWN = ("table", "sql", "changes")
DELTA = ("deltalake", "polars", "duckdb")
BARE = ("pyarrow", "duckdb parquet", "polars parquet")


class Storm:
    """Writers that sync one table as fast as they can, and readers beside them.

    Rows of one project move to another with each generation, one comes and one goes, so that no two parts of different
    states make a state that was.
    """

    def __init__(self, place: str, *, writers: int) -> None:
        self.world, self.place, self.writers = World(projects=3, rows=0), place, writers
        self.states: list[str] = []
        self.refused = 0
        for project in self.world.projects:
            for _ in range(4):
                self.world.add("rfis", str(project), subject="0")
        self.next()

    def next(self) -> None:
        """One generation: the table changes, all writers sync, at least one of them commits it."""
        world, number = self.world, len(self.states)
        world.pass_time(minutes=20)
        first, *_, last = (str(one) for one in world.projects)
        for project in (first, last):
            world.change("rfis", project, min(world.rows["rfis", project]), subject=f"{number}")
            world.delete("rfis", project, max(world.rows["rfis", project]))
            world.add("rfis", project, subject=f"{number}")
        world.pass_time(minutes=20)
        rows = [row for (name, _), each in world.rows.items() if name == "rfis" for row in each.values()]
        self.states.append(digest((row["id"], row["subject"]) for row in rows))
        outcomes: list[str] = []
        threads = [threading.Thread(target=self._sync, args=[outcomes]) for _ in range(self.writers)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert "" in outcomes
        assert all(not one or "finished first" in one for one in outcomes), outcomes
        self.refused += sum(map(bool, outcomes))
        assert digest(reader("table", self.place)()) == self.states[-1], "nothing is lost"

    def _sync(self, outcomes: list[str]) -> None:
        try:
            with connection(LivingDemo(self.world)) as procore:
                store = Store(self.place, clock=lambda: self.world.now)
                outcomes += store.sync(procore, ["rfis"])["error"].tolist()
        except StoreError as error:
            outcomes.append(error.message)

    def seen_by(self, engines: tuple[str, ...], reads: int) -> dict[str, list[str]]:
        """What each reader saw, read by read, while generation follows generation."""
        script = Path(__file__).with_name("reading.py")
        count = -(-reads // len(engines))
        running = {
            one: subprocess.Popen(
                [sys.executable, str(script), one, self.place, str(count)], stdout=subprocess.PIPE, text=True
            )
            for one in engines
        }
        found: dict[str, list[str]] = {}

        def collect(engine: str) -> None:
            found[engine] = running[engine].communicate()[0].splitlines()

        threads = [threading.Thread(target=collect, args=[one]) for one in engines]
        for one in threads:
            one.start()
        while any(one.is_alive() for one in threads):
            self.next()
        return found


def judged(storm: Storm, found: dict[str, list[str]], report: Callable[[str], None]) -> Counter[str]:
    """How many reads were right, wrong, older than one before, or an error of the engine."""
    counts: Counter[str] = Counter()
    for engine, lines in found.items():
        newest = -1
        for line in lines:
            at = storm.states.index(line) if line in storm.states else -1
            kind = "error" if line.startswith("error") else "wrong" if at < 0 else "right"
            kind = "older" if kind == "right" and at < newest else kind
            newest = max(newest, at)
            counts[kind] += 1
            if kind != "right":
                report(f"{engine}: {kind} {line}")
    return counts


@pytest.mark.s3
@pytest.mark.parametrize("engines", [DELTA, OWN], ids=["Delta readers", "own readers"])
def test_readers_of_a_bucket_see_committed_states_in_a_storm_of_two_writers(
    bucket: str, engines: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    check(Storm(bucket, writers=2), engines, 500, monkeypatch, capsys, errors=False)


@pytest.mark.parametrize("engines", [BARE, DELTA, OWN], ids=["bare readers", "Delta readers", "own readers"])
def test_readers_of_a_folder_see_committed_states_while_syncs_go_on(
    tmp_path: Path,
    engines: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Between two renames there is no folder for a moment, and files go with their state: engines say so."""
    storm = Storm(str(tmp_path / "portfolio"), writers=1)
    check(storm, engines, 500, monkeypatch, capsys, errors=engines is not OWN)


def check(
    storm: Storm,
    engines: tuple[str, ...],
    reads: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    errors: bool,
) -> None:
    monkeypatch.setattr("procore_nb.store.data_files.slices.__defaults__", (3,))
    began, lines = time.monotonic(), list[str]()
    counts = judged(storm, storm.seen_by(engines, reads), lines.append)
    with capsys.disabled():
        print(
            f"\n{', '.join(engines)}: {dict(counts)}, {len(storm.states)} generations, {storm.refused} refused, ",
            end="",
        )
        print(f"{time.monotonic() - began:,.0f} s", *lines, sep="\n")
    assert counts["right"] + errors * counts["error"] == counts.total() >= reads
    assert len(storm.states) > 5
