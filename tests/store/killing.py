"""Ends a sync at any point: before, in the middle of, or after any change to a file, and at any request.

In-process: `Killed` is no `Exception`, so that nobody answers it; once it was raised nothing more reaches the disk, as when
the process is gone.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from procore_nb.demo import Demo, DemoAdapter
from procore_nb.store import Store
from procore_nb.store.files import LocalFiles, RemoteFiles
from procore_nb.store.manifest import digest_of
from store.living import LISTS, LivingDemo, World, connection


class Killed(BaseException):
    """The process is gone."""


class Fate:
    """Counts what happens; at the `last` event the process ends."""

    def __init__(self, last: int = 0) -> None:
        self.last = last
        self.count = 0
        self.dead = False

    def step(self) -> None:
        if self.dead:
            raise Killed
        self.count += 1
        if self.count == self.last:
            self.dead = True
            raise Killed


class KilledBySignal(Fate):
    """At the `last` event the process ends by SIGKILL, at once or some moments after, whatever it does then."""

    def __init__(self, last: int, seconds: float = 0.0) -> None:
        super().__init__(last)
        self.seconds = seconds

    def step(self) -> None:
        self.count += 1
        if self.count == self.last:
            end = threading.Timer(self.seconds, os.kill, [os.getpid(), signal.SIGKILL])
            end.start() if self.seconds else end.run()


class MortalFiles(LocalFiles):
    """Files of a process that may end with every step."""

    def __init__(self, root: Path, fate: Fate) -> None:
        super().__init__(root)
        self.fate = fate

    def write(self, path: str, data: bytes) -> None:
        self.fate.step()
        super().write(path, data)
        self.fate.step()

    @contextmanager
    def writing(self, path: str, *, lasting: bool = True) -> Iterator[Any]:
        self.fate.step()
        with super().writing(path, lasting=lasting) as file:
            yield file
            try:
                self.fate.step()
            except Killed:  # in the middle of a write: half a file stays behind
                file.flush()
                file.truncate(file.tell() // 2)
                raise
        self.fate.step()

    def remove(self, path: str) -> None:
        self.fate.step()
        place = self.root / path
        if place.is_dir():
            for one in sorted(place.rglob("*"), reverse=True):
                self.fate.step()
                one.rmdir() if one.is_dir() else one.unlink()
        super().remove(path)
        self.fate.step()

    def link(self, source: str, target: str) -> None:
        self.fate.step()
        super().link(source, target)
        self.fate.step()

    def rename(self, source: str, target: str) -> None:
        self.fate.step()
        super().rename(source, target)
        self.fate.step()


class MortalRemoteFiles(RemoteFiles):
    """Files at a URL, of a process that may end with every step."""

    def __init__(self, files: RemoteFiles, fate: Fate) -> None:
        super().__init__(files.system, files._root, files._protocol)
        self.fate = fate

    def write(self, path: str, data: bytes, **options: str) -> None:
        self.fate.step()
        super().write(path, data, **options)
        self.fate.step()

    def create(self, path: str, data: bytes) -> bool:
        self.fate.step()
        made = super().create(path, data)
        self.fate.step()
        return made

    def remove(self, path: str) -> None:
        self.fate.step()
        for name in self.names(path):
            self.fate.step()
            super().remove(f"{path}/{name}")
        super().remove(path)
        self.fate.step()


def mortal_adapter(fate: Fate) -> Callable[[Demo], DemoAdapter]:
    """An adapter whose process may end with every request and every reply."""

    class Adapter(DemoAdapter):
        def send(self, *arguments: Any, **named: Any) -> Any:
            fate.step()
            reply = super().send(*arguments, **named)
            fate.step()
            return reply

    return lambda demo: Adapter(demo, sleep=lambda seconds: None)


def sync(
    world: World,
    folder: Path | str,
    fate: Fate | None = None,
    *,
    lists: Any = LISTS,
    faults: Any = None,
    **options: Any,
) -> Any:
    """One sync of a store in a folder, by a process of that fate."""
    fate = fate or Fate()
    demo = LivingDemo(world, faults=faults)
    with connection(demo, adapter=mortal_adapter(fate)) as procore:
        store = Store(folder, clock=lambda: world.now)
        files = store._files
        store._files = (
            MortalRemoteFiles(files, fate)
            if isinstance(files, RemoteFiles)
            else MortalFiles(Path(folder), fate)
        )
        return store.sync(procore, lists, window_days=60, **options)


def contents(folder: Path | str, lists: Any = LISTS) -> dict[str, pd.DataFrame]:
    """Every table of a store with all that is kept of it; none of those that are not there."""
    store = Store(folder)
    known = set(store.tables()["table"])
    return {name: store.table(name, history=True) for name in lists if name in known}


def same(one: dict[str, pd.DataFrame], other: dict[str, pd.DataFrame]) -> bool:
    return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)


def _same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    try:
        pd.testing.assert_frame_equal(one, other)
    except AssertionError:
        return False
    return True


def bare_rows(folder: Path, name: str) -> int:
    """How many rows an engine finds that reads the folder and knows nothing of us."""
    return sum(pq.read_metadata(one).num_rows for one in (folder / name).glob("*.parquet"))


def landed(folder: Path, world: World) -> set[tuple[str, str]]:
    """List and target of what an unfinished sync staged whole; a kill may leave the last file without its digest."""
    found = set()
    for name in LISTS:
        for one in (folder / "_work" / name / "rows").glob("*~done.arrow"):
            data = one.read_bytes()
            if digest_of(data[:-64]).encode() == data[-64:]:
                found.add((name, one.name.rpartition("~")[0]))
    return found


def begun(seed: int) -> World:
    """The world of a trial, the same in another process."""
    return World(seed=seed, projects=3, rows=3)


def lived(world: World) -> None:
    """What happens there after the first sync."""
    world.live_a_little(40)


class Trial:
    """A sync that is killed, and the one that goes on: from an empty folder, or from a store one step behind."""

    def __init__(self, folder: Path, *, fresh: bool, seed: int = 1, **options: Any) -> None:
        self.folder = folder
        self.options = options
        self.seed, self.world = seed, begun(seed)
        self.before = folder / "before"
        if not fresh:
            sync(self.world, self.before, **options)
            lived(self.world)
        clean = folder / "clean"
        if not fresh:
            shutil.copytree(self.before, clean)
        counting = Fate()
        sync(self.world, clean, counting, **options)
        self.events = counting.count
        self.earlier = {} if fresh else contents(self.before)
        self.due = contents(clean)

    def run(self, last: int) -> None:
        """Kill at one event, look, go on, look."""
        folder = self.folder / f"at-{last}"
        if self.before.exists():
            shutil.copytree(self.before, folder)
        with suppress(Killed):
            sync(self.world, folder, Fate(last), **self.options)
        found = contents(folder)
        for name, frame in found.items():
            assert any(name in state and _same(frame, state[name]) for state in (self.earlier, self.due)), (
                last,
                name,
            )
        assert self.earlier.keys() <= found.keys(), last
        for name, frame in found.items():
            if (folder / name).exists():
                assert bare_rows(folder, name) == int((frame["valid_to"].isna()).sum()), (last, name)
        kept, self.world.asked = landed(folder, self.world), []
        sync(self.world, folder, **self.options)
        again = {(name, place) for name, place, query in self.world.asked if "include_deleted" not in query}
        done = {name for name, frame in found.items() if _same(frame, self.due[name])}
        assert not {one for one in kept & again if one[0] not in done}, last
        assert same(contents(folder), self.due), last
        assert not (folder / "_work").exists() or not list((folder / "_work").iterdir()), last
        shutil.rmtree(folder)

    def signal(self, last: int, folder: Path) -> None:
        """Let another process begin the sync and end it by SIGKILL at one event; go on here."""
        if self.before.exists():
            shutil.copytree(self.before, folder)
        command = [sys.executable, str(Path(__file__).with_name("suicide.py")), str(folder), str(last)]
        ended = subprocess.run([*command, str(self.seed)], check=False)
        assert ended.returncode == -signal.SIGKILL, ended.returncode
        if (folder / "_lock").exists():
            assert (folder / "_lock").read_bytes() != b"", "who held it stands there, and nobody holds it"
        sync(self.world, folder, **self.options)
        assert same(contents(folder), self.due), last
