"""The Delta log: one state for every reader, and of two writers that began with one state, one is refused."""

from __future__ import annotations

import errno
import os
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from procore_nb.demo import Demo, DemoAdapter
from procore_nb.errors import StoreError
from procore_nb.store import Store
from procore_nb.store.files import LocalFiles, RemoteFiles
from store.killing import bare_rows
from store.living import LISTS, LivingDemo, World, connection

deltalake = pytest.importorskip("deltalake")

COMMITS = 4  # each removes what only former ones name, so that readers start from the last checkpoint


@pytest.fixture(params=["memory", "no swap", pytest.param("s3", marks=pytest.mark.s3)])
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where a folder cannot be swapped: an object store, or a disk as Windows has it."""
    if request.param == "memory":
        return f"memory://{tmp_path}/portfolio"
    if request.param == "s3":
        return str(request.getfixturevalue("bucket"))
    without_swap(monkeypatch)
    return str(tmp_path / "portfolio")


def without_swap(monkeypatch: pytest.MonkeyPatch) -> None:
    begin = LocalFiles.__init__

    def init(self: LocalFiles, root: Path, **options: Any) -> None:
        begin(self, root, **options)
        self.renames = False

    monkeypatch.setattr(LocalFiles, "__init__", init)


def sync(
    world: World,
    url: str | Path,
    lists: Any = ("rfis",),
    during: Callable[[], Any] | None = None,
    at: str = "/projects/",
    keep_days: float = 1.0,
    **options: Any,
) -> Any:
    """One sync; `during` happens with its first request of a list of a project."""
    waiting = [] if during is None else [during]

    class Adapter(DemoAdapter):
        def send(self, request: Any, *arguments: Any, **named: Any) -> Any:
            reply = super().send(request, *arguments, **named)
            if waiting and at in request.url:
                waiting.pop()()
            return reply

    def adapter(demo: Demo) -> DemoAdapter:
        return Adapter(demo, sleep=lambda seconds: None)

    workers = 4 if during is None else 1  # else a second project may be read before `during` begins
    with connection(LivingDemo(world), adapter=adapter, workers=workers) as procore:
        return Store(url, clock=lambda: world.now, keep_days=keep_days).sync(procore, lists, **options)


def rows_of(world: World, name: str) -> list[int]:
    return sorted(number for (one, _), rows in world.rows.items() if one == name for number in rows)


def kept(url: str | Path, name: str = "rfis") -> list[int]:
    return sorted(Store(url).table(name)["id"].tolist())


def delta(path: Path | str) -> Any:
    return deltalake.DeltaTable(str(path)).to_pyarrow_table()


@pytest.mark.slow
def test_delta_readers_and_bare_readers_see_the_rows_of_the_store(tmp_path: Path) -> None:
    world, folder = World(projects=2, rows=4), tmp_path / "portfolio"
    for version in range(2):
        sync(world, folder, LISTS, window_days=60)
        for name in LISTS:
            frame = Store(folder).table(name)
            rows = delta(folder / name)
            assert deltalake.DeltaTable(str(folder / name)).version() == version
            assert rows.num_rows == len(frame) == bare_rows(folder, name)
            assert set(frame.columns) - {"project_name"} <= set(rows.column_names)
        money = delta(folder / "budget_modifications").column("transfer_amount").to_pylist()
        assert sum(money) == sum(
            Store(folder).table("budget_modifications", decimals="exact")["transfer_amount"]
        )
        world.add("rfis", str(world.projects[0]), **{f"new_in_{version}": "x"})
        world.live_a_little(20)


@pytest.mark.skipif(os.name == "nt", reason="modes of files")
def test_the_log_is_for_its_owner_only(tmp_path: Path) -> None:
    sync(World(projects=2), tmp_path / "portfolio")
    log = list((tmp_path / "portfolio" / "rfis" / "_delta_log").rglob("*"))
    assert log
    assert {stat.S_IMODE(one.stat().st_mode) for one in log} == {0o600}


@pytest.mark.slow
def test_a_log_on_a_disk_begins_anew_when_it_is_long_or_was_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("procore_nb.store.snapshot._LONGEST_LOG", 2)
    world, folder = World(projects=2), tmp_path / "portfolio"
    for version in (0, 1, 2, 0, 1):
        sync(world, folder)
        table = deltalake.DeltaTable(str(folder / "rfis"))
        assert (table.version(), table.to_pyarrow_table().num_rows) == (version, len(kept(folder)))
        world.pass_time(hours=1)
        world.add("rfis", str(world.projects[0]))
    (folder / "rfis" / "_delta_log" / f"{0:020d}.json").unlink()
    sync(world, folder)
    assert deltalake.DeltaTable(str(folder / "rfis")).version() == 0
    assert delta(folder / "rfis").num_rows == len(rows_of(world, "rfis"))


def test_statistics_lead_an_engine_to_the_file_of_a_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("procore_nb.store.data_files.slices.__defaults__", (3,))
    world = World(projects=6, rows=6)
    sync(world, tmp_path)
    actions = deltalake.DeltaTable(str(tmp_path / "rfis")).get_add_actions(flatten=True)
    found = pd.DataFrame(
        {
            name: actions.column(name).to_pylist()
            for name in ("num_records", "min.project_id", "max.project_id", "min.id", "null_count.id")
        }
    )
    parts = found[found["num_records"] > 0]
    assert len(parts) > 2
    assert parts["num_records"].sum() == len(rows_of(world, "rfis"))
    assert (parts["min.project_id"].iloc[1:].to_numpy() >= parts["max.project_id"].iloc[:-1].to_numpy()).all()
    assert (parts["null_count.id"] == 0).all()


@pytest.mark.slow
@pytest.mark.parametrize("url", ["memory", pytest.param("s3", marks=pytest.mark.s3)], indirect=True)
def test_of_two_syncs_of_one_table_the_later_one_is_refused_and_nothing_is_lost(url: str) -> None:
    world = World(projects=3, rows=4)
    sync(world, url)
    world.pass_time(hours=1)
    world.add("rfis", str(world.projects[0]))

    def other() -> None:
        for _ in range(2):  # the commit that follows ours in number is there, and gone again
            sync(world, url, keep_days=0)
        world.add("rfis", str(world.projects[1]))

    with pytest.raises(StoreError, match=r"Another sync of rfis in .* finished first"):
        sync(world, url, during=other)
    assert set(kept(url)) <= set(rows_of(world, "rfis"))
    world.pass_time(hours=1)
    sync(world, url)
    assert kept(url) == rows_of(world, "rfis")


@pytest.mark.parametrize("early", [False, True], ids=["nothing staged", "one staged"])
@pytest.mark.parametrize("url", ["memory", pytest.param("s3", marks=pytest.mark.s3)], indirect=True)
def test_what_a_refused_sync_fetched_is_kept_where_nobody_else_has_read_it(url: str, early: bool) -> None:
    """What the refused one had staged before the other began is in the table by the other one."""
    world = World(projects=4, rows=4)
    one, other = world.projects[:2], world.projects[2:]

    def during() -> None:
        files, until = Store(url)._files, time.monotonic() + 20
        while early and time.monotonic() < until:
            staged = [
                f"{one}/rows" for one in files.names("_work/rfis") if files.names(f"_work/rfis/{one}/rows")
            ]
            if staged:
                break
        sync(world, url, projects=other)

    with pytest.raises(StoreError, match="finished first"):
        sync(world, url, projects=one, during=during, at=f"/projects/{one[1]}" if early else "/projects/")
    known = Store(url).table("rfis")["project_id"]
    assert known.isin(world.projects[1 - early :] if early else other).all()
    world.asked.clear()
    result = sync(world, url)
    whole = {place for name, place, query in world.asked if name == "rfis" and "updated" not in query}
    assert result["resumed"].tolist() == [True]
    assert not whole, "each place has been read in full by one of the two"
    assert kept(url) == rows_of(world, "rfis")
    assert Store(url)._files.names("_work") == []


@pytest.mark.parametrize("url", ["memory", pytest.param("s3", marks=pytest.mark.s3)], indirect=True)
def test_a_commit_whose_reply_is_lost_is_a_commit(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(projects=2)
    system = type(Store(url)._files.system)  # type: ignore[attr-defined]
    put = system.pipe_file

    def lost(self: Any, path: str, value: bytes, **options: Any) -> None:
        put(self, path, value, **options)
        if "_delta_log" in path and options:
            raise TimeoutError("no reply")

    monkeypatch.setattr(system, "pipe_file", lost)
    assert sync(world, url)["error"].tolist() == [""]
    assert kept(url) == rows_of(world, "rfis")


def test_a_file_system_that_replaces_files_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, world = f"memory://{tmp_path}/portfolio", World(projects=2)
    system = type(Store(url)._files.system)  # type: ignore[attr-defined]
    put = system.pipe_file
    monkeypatch.setattr(system, "pipe_file", lambda self, path, value, mode="": put(self, path, value))
    with pytest.raises(StoreError, match="does not refuse to replace a file"):
        sync(world, url)
    assert not world.asked


@pytest.mark.slow
@pytest.mark.parametrize("url", ["no swap", pytest.param("s3", marks=pytest.mark.s3)], indirect=True)
def test_without_a_swap_delta_readers_see_the_rows_of_the_store(url: str) -> None:
    world = World(projects=2, rows=4)
    for version in range(3):
        sync(world, url)
        assert deltalake.DeltaTable(f"{url}/rfis").version() == version
        assert sorted(delta(f"{url}/rfis").column("id").to_pylist()) == kept(url) == rows_of(world, "rfis")
        world.live_a_little(10, deletes=False)


@pytest.mark.slow
@pytest.mark.parametrize("url", ["no swap"], indirect=True)
def test_after_many_commits_two_delta_readers_start_from_a_checkpoint(url: str) -> None:
    polars = pytest.importorskip("polars")
    world = World(projects=2, rows=2)
    for _ in range(COMMITS):
        sync(world, url, keep_days=0)
        world.pass_time(hours=1)
        world.add("rfis", str(world.projects[0]), **{f"at_{world.now:%d_%H}": 1.5})
    sync(world, url, keep_days=0)
    log = Path(url) / "rfis" / "_delta_log"
    assert sorted(one.name for one in log.iterdir()) == [
        f"{COMMITS:020d}.checkpoint.parquet",
        f"{COMMITS:020d}.json",
        "_last_checkpoint",
    ]
    table = deltalake.DeltaTable(f"{url}/rfis")
    assert (table.version(), table.schema().fields[-3].name) == (COMMITS, f"at_{world.now:%d_%H}")
    found = polars.scan_delta(f"{url}/rfis").collect()
    assert sorted(found["id"]) == sorted(delta(f"{url}/rfis").column("id").to_pylist()) == kept(url)
    assert found.select(polars.col("^at_.*$").count()).row(0) == (1,) * COMMITS


@pytest.mark.slow
@pytest.mark.parametrize("url", ["no swap"], indirect=True)
def test_a_commit_of_another_program_in_between_refuses_ours_and_the_next_goes_on(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("procore_nb.store.data_files.slices.__defaults__", (3,))
    world = World(projects=4, rows=6)
    sync(world, url)
    world.pass_time(hours=1)
    world.add("rfis", str(world.projects[0]))
    table = deltalake.DeltaTable(f"{url}/rfis")
    with pytest.raises(StoreError, match="finished first"):
        sync(world, url, during=lambda: table.optimize.compact())
    sync(world, url)
    assert sorted(delta(f"{url}/rfis").column("id").to_pylist()) == kept(url) == rows_of(world, "rfis")


@pytest.mark.slow
@pytest.mark.parametrize("url", ["no swap"], indirect=True)
def test_what_another_program_did_to_the_log_is_taken_into_account(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("procore_nb.store.data_files.slices.__defaults__", (3,))
    world = World(projects=4, rows=6)
    sync(world, url)
    assert deltalake.DeltaTable(f"{url}/rfis").optimize.compact()["numFilesRemoved"] > 1
    assert kept(url) == rows_of(world, "rfis")
    world.pass_time(hours=1)
    world.add("rfis", str(world.projects[-1]))
    sync(world, url)
    assert sorted(delta(f"{url}/rfis").column("id").to_pylist()) == kept(url) == rows_of(world, "rfis")


@pytest.mark.slow
def test_former_files_go_after_keep_days_and_at_once_after_an_erasure(url: str) -> None:
    world = World(projects=2, rows=3)

    def files() -> set[str]:
        return {name for name in Store(url)._files.names("rfis") if name.startswith(("part", "_manifest"))}

    def step(**options: Any) -> set[str]:
        world.pass_time(hours=1)
        world.add("rfis", str(world.projects[0]))
        store = Store(url, clock=lambda: world.now, **options)
        with connection(LivingDemo(world)) as procore:
            store.sync(procore, ["rfis"])
        return files()

    first, second = step(), step()
    assert first < second, "readers of the first state still find their files"
    third = step(keep_days=0)
    assert len(third) == 2
    step()
    Store(url).erase(user_id=7)
    assert len(files()) == 2
    assert not any(b"kim@example.com" in (Store(url)._files.read(f"rfis/{name}") or b"") for name in files())
    assert kept(url) == rows_of(world, "rfis")


@pytest.mark.parametrize("at", ["part-", "_manifest-", f"{1:020d}.json", "checkpoint", "_last_checkpoint"])
def test_a_disk_that_is_full_in_the_middle_of_a_commit_leaves_the_last_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    world, url = World(projects=2, rows=3), f"memory://{tmp_path}/portfolio"
    sync(world, url)
    before, system = kept(url), type(Store(url)._files.system)  # type: ignore[attr-defined]
    world.pass_time(hours=1)
    world.add("rfis", str(world.projects[0]))
    put, full = system.pipe_file, [True]

    def failing(self: Any, path: str, value: bytes, **options: Any) -> None:
        if full and at in path.rpartition("/")[2]:
            if "part-" in at:
                put(self, path, value[: len(value) // 2], **options)
            raise OSError(errno.ENOSPC, "No space left on device")
        put(self, path, value, **options)

    monkeypatch.setattr(system, "pipe_file", failing)
    if "checkpoint" in at:
        assert sync(world, url)["error"].tolist() == [""], "the commit was there before"
    else:
        with pytest.raises(StoreError, match=r"cannot be written: .*No space left on device") as failure:
            sync(world, url)
        assert "has room" in failure.value.advice
        assert kept(url) == before
    full.clear()
    world.asked.clear()
    sync(world, url, keep_days=0)
    assert kept(url) == rows_of(world, "rfis")
    assert not [query for name, _, query in world.asked if name == "rfis" and "updated" not in query]
    assert len([name for name in Store(url)._files.names("rfis") if name.startswith("_manifest")]) == 1


def test_a_bucket_that_is_gone_in_the_middle_of_a_sync_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, url = World(projects=2, rows=3), f"memory://{tmp_path}/portfolio"
    sync(world, url)
    store, before = Store(url), kept(url)
    system, gone = type(store._files.system), list[bool]()  # type: ignore[attr-defined]
    for name in ("cat_file", "pipe_file", "ls", "size", "exists", "rm", "modified"):
        works = getattr(system, name)

        def maybe(self: Any, *arguments: Any, works: Any = works, **options: Any) -> Any:
            if gone:
                raise PermissionError("The specified bucket does not exist")
            return works(self, *arguments, **options)

        monkeypatch.setattr(system, name, maybe)
    world.pass_time(hours=1)
    world.add("rfis", str(world.projects[0]))
    with pytest.raises(StoreError, match=r"memory://.* cannot be (read|written): .*bucket does not exist"):
        sync(world, url, during=lambda: gone.append(True))
    with pytest.raises(StoreError, match="cannot be read: The specified bucket does not exist"):
        store.table("rfis")
    gone.clear()
    assert kept(url) == before
    sync(world, url)
    assert kept(url) == rows_of(world, "rfis")


def test_dropped_personal_data_leaves_no_former_file_behind(url: str) -> None:
    world = World(projects=2, rows=3)
    world.add("rfis", str(world.projects[0]))
    sync(world, url, history=True)
    world.pass_time(hours=1)
    world.live_a_little(20)
    sync(world, url, history=True)

    def everything(folder: str = "rfis") -> bytes:
        files = Store(url)._files
        names = [f"{folder}/{name}" for name in files.names(folder)]
        return b"".join(
            everything(one) if one.endswith(("_history", "_delta_log")) else files.read(one) or b""
            for one in names
        )

    assert b"kim@example.com" in everything()
    world.pass_time(hours=1)
    sync(world, url, drop_personal=True)
    assert b"kim@example.com" not in everything()
    assert kept(url) == rows_of(world, "rfis")


def test_what_fails_after_the_commit_does_not_fail_the_sync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, folder = World(projects=2), tmp_path / "portfolio"
    sync(world, folder)
    world.pass_time(hours=1)
    world.add("rfis", str(world.projects[0]))
    remove = LocalFiles.remove

    def held(self: LocalFiles, path: str) -> None:
        if path.endswith("/previous") and self.exists(path):
            raise StoreError("a program holds it open")
        remove(self, path)

    monkeypatch.setattr(LocalFiles, "remove", held)
    assert sync(world, folder)["new"].tolist() == [1]
    assert kept(folder) == rows_of(world, "rfis")


@pytest.mark.slow
def test_another_process_s_sync_is_seen_though_listings_are_kept(url: str) -> None:
    world = World(projects=2, rows=3)
    sync(world, url)
    store = Store(url)
    for _ in range(2):
        assert sorted(store.table("rfis")["id"].tolist()) == rows_of(world, "rfis")
        assert store.sql("select count(*) as n from rfis")["n"].tolist() == [len(rows_of(world, "rfis"))]
        world.pass_time(hours=1)
        world.add("rfis", str(world.projects[0]))
        world.add("vendors", "")
        cached = getattr(store._files, "system", None)
        listings = dict(getattr(cached, "dircache", {}))
        sync(world, url, ["rfis", "vendors"])
        if cached is not None and listings:
            cached.dircache.update(listings)
    assert store.tables()["table"].tolist() == ["rfis", "vendors"]


def test_listings_of_a_url_are_not_kept(tmp_path: Path) -> None:
    """Threads of one process that clear them under each other fail with a KeyError."""
    system = Store(f"memory://{tmp_path}/portfolio")._files.system  # type: ignore[union-attr]
    system.dircache["anywhere"] = []
    assert "anywhere" not in system.dircache


def test_a_commit_that_is_replaced_while_a_reader_looks_for_the_last_one_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, url = World(projects=2), f"memory://{tmp_path}/portfolio"
    sync(world, url)
    store, waiting, read = Store(url), [True], RemoteFiles.read

    def late(self: RemoteFiles, path: str) -> bytes | None:
        """Two syncs finish, and tidy up, between the listing of the log and the reading of its last commit."""
        if waiting and path.endswith(f"{0:020d}.json"):
            waiting.clear()
            for _ in range(2):
                world.pass_time(hours=1)
                world.add("rfis", str(world.projects[0]))
                sync(world, url, keep_days=0)
        return read(self, path)

    monkeypatch.setattr(RemoteFiles, "read", late)
    assert sorted(store.table("rfis")["id"].tolist()) == rows_of(world, "rfis")


@pytest.mark.slow
@pytest.mark.parametrize("reads", [3, pytest.param(500, marks=pytest.mark.stress)])
def test_readers_neither_fail_nor_mix_while_syncs_go_on(url: str, reads: int) -> None:
    pytest.importorskip("duckdb")
    world = World(projects=2, rows=3)
    for place in world.projects:
        world.add("rfis", str(place))

    def generation(number: int) -> None:
        world.pass_time(hours=1)
        for (name, place), rows in world.rows.items():
            for one in list(rows) if name == "rfis" else ():
                world.change("rfis", place, one, subject=f"generation {number}")
        sync(world, url)

    generation(0)
    over, failures, seen = threading.Event(), [], 0
    since = world.now.isoformat()

    def write() -> None:
        number = 0
        while not over.is_set():
            number += 1
            generation(number)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        store = Store(url)
        while seen < reads:
            for subjects in (
                store.table("rfis")["subject"],
                store.sql("select subject from rfis")["subject"],
                store.changes("rfis", since="2020-01-01")["subject"],
            ):
                if len(set(subjects)) != 1 or len(subjects) != len(rows_of(world, "rfis")):
                    failures.append(sorted(set(subjects)))
            assert store.files("rfis")
            seen += 1
    finally:
        over.set()
        writer.join()
    assert not failures, since


@pytest.mark.slow
@pytest.mark.parametrize("rounds", [2, pytest.param(50, marks=pytest.mark.stress)])
@pytest.mark.parametrize("url", ["memory", pytest.param("s3", marks=pytest.mark.s3)], indirect=True)
def test_two_writers_in_a_storm_lose_nothing_and_one_of_them_succeeds(url: str, rounds: int) -> None:
    world = World(projects=2, rows=3)
    for _ in range(rounds):
        outcomes: list[str] = []

        def run(outcomes: list[str] = outcomes) -> None:
            try:
                outcomes += sync(world, url)["error"].tolist()
            except StoreError as error:
                outcomes.append(error.message)

        writers = [threading.Thread(target=run) for _ in range(2)]
        for one in writers:
            one.start()
        for one in writers:
            one.join()
        assert "" in outcomes
        assert all(not one or "finished first" in one for one in outcomes), outcomes
        assert kept(url) == rows_of(world, "rfis")
        world.pass_time(hours=1)
        place = str(world.projects[0])
        world.add("rfis", place, subject="new")
        world.change("rfis", place, next(iter(world.rows["rfis", place])))


@pytest.mark.slow
def test_each_manifest_is_read_once_in_a_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(projects=2)
    sync(world, tmp_path, LISTS)
    read, found = LocalFiles.read, []

    def counting(self: LocalFiles, path: str) -> bytes | None:
        found.extend([path] if path.endswith("_manifest.json") else [])
        return read(self, path)

    monkeypatch.setattr(LocalFiles, "read", counting)
    sync(world, tmp_path, LISTS)
    assert sorted(found) == sorted(f"{name}/_manifest.json" for name in LISTS)
