from __future__ import annotations

import _thread
import signal
import threading
import time
from pathlib import Path

import pandas as pd
import pytest
from another_procore import COMPANY, Asked, Said

from procore_nb import catalog
from procore_nb.client import Procore
from procore_nb.errors import ArgumentError, IncompleteError, OutputError, StoreError
from procore_nb.frames import FrameBuilder, to_frame
from procore_nb.store import Store
from procore_nb.store.files import LocalFiles, locked
from store.killing import Fate, Killed, MortalFiles, sync
from store.living import LivingDemo, World, connection
from store.plenty import Plenty

pytestmark = pytest.mark.slow


@pytest.mark.slow
def test_readers_see_one_state_or_the_next_while_a_sync_runs(world: World, tmp_path: Path) -> None:
    for place in world.projects:
        world.add("rfis", str(place), subject="generation 0")
    folder = tmp_path / "portfolio"
    sync(world, folder, lists=["rfis"])
    over = threading.Event()
    seen: list[set[str]] = []

    def read() -> None:
        store = Store(folder)
        while not over.is_set():
            seen.append(set(store.table("rfis")["subject"]))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for generation in range(1, 4):
            world.pass_time(hours=1)
            for (name, place), rows in world.rows.items():
                if name == "rfis":
                    for number in list(rows):
                        world.change("rfis", place, number, subject=f"generation {generation}")
            sync(world, folder, lists=["rfis"])
    finally:
        over.set()
        reader.join()
    assert len(seen) > 1
    assert all(len(subjects) == 1 or subjects == seen[0] for subjects in seen)


def test_a_file_that_did_not_reach_the_disk_is_asked_again(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "portfolio"
    with pytest.raises(Killed):
        sync(world, folder, Fate(30), lists=["rfis", "change_events"])
    landed = sorted((folder / "_work").rglob("*~done.arrow"))
    landed[0].write_bytes(landed[0].read_bytes()[:100])
    result = sync(world, folder, lists=["rfis", "change_events"])
    assert result["resumed"].any()
    for name in ("rfis", "change_events"):
        assert len(Store(folder).table(name)) == sum(
            len(rows) for (one, _), rows in world.rows.items() if one == name
        )


def test_a_part_that_somebody_removed_is_an_error_with_words(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "portfolio"
    world.add("rfis", str(world.projects[0]))
    sync(world, folder, lists=["rfis"])
    next((folder / "rfis").glob("part-*.parquet")).unlink()
    with pytest.raises(OutputError, match="is missing"):
        Store(folder).table("rfis")
    with pytest.raises(StoreError, match="is missing"):
        sync(world, folder, lists=["rfis"])


def test_a_folder_in_the_place_of_a_file_is_an_error_with_words(tmp_path: Path) -> None:
    (tmp_path / "part.parquet").mkdir()
    for read in (LocalFiles(tmp_path).read, LocalFiles(tmp_path).open):
        with pytest.raises(StoreError, match=r"part\.parquet cannot be read"):
            read("part.parquet")


def test_a_swap_that_was_cut_short_is_seen_through_and_put_right(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "portfolio"
    sync(world, folder, lists=["rfis"])
    before = Store(folder).table("rfis")
    work = folder / "_work" / "rfis"
    work.mkdir(parents=True)
    (folder / "rfis").rename(work / "previous")
    pd.testing.assert_frame_equal(Store(folder).table("rfis"), before)
    assert (folder / "rfis" / "_manifest.json").exists(), "opening the store has put it right"


def test_a_state_is_on_the_disk_before_it_is_put_in_place_and_so_are_the_names_after(
    world: World, tmp_path: Path, flushed: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    rename, states = LocalFiles.rename, list[set[int]]()

    def noted(self: LocalFiles, source: str, target: str) -> None:
        folder = self.root / source
        files = [one for one in folder.rglob("*") if one.is_file()]
        states.append({one.stat().st_ino for one in [folder, *files]})
        assert states[-1] <= set(flushed)
        flushed.clear()
        rename(self, source, target)

    world.add("rfis", str(world.projects[0]))
    monkeypatch.setattr(LocalFiles, "rename", noted)
    sync(world, tmp_path / "portfolio", lists=["rfis"])
    assert len(states) == 1
    assert (tmp_path / "portfolio").stat().st_ino in flushed


class CutBetweenRenames(MortalFiles):
    """The process ends when the present state has made room, and the next one has not taken its place."""

    def rename(self, source: str, target: str) -> None:
        if source.endswith("/next"):
            self.fate.dead = True
        super().rename(source, target)


def cut_between_renames(world: World, folder: Path) -> None:
    with connection(LivingDemo(world)) as procore:
        store = Store(folder, clock=lambda: world.now)
        store._files = CutBetweenRenames(folder, Fate())
        with pytest.raises(Killed):
            store.sync(procore, ["rfis"])


@pytest.mark.slow
def test_a_process_killed_between_two_renames_leaves_the_next_state(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "portfolio"
    sync(world, folder, lists=["rfis"])
    world.pass_time(hours=1)
    row = world.add("rfis", str(world.projects[0]))
    cut_between_renames(world, folder)
    assert not (folder / "rfis").exists()
    store = Store(folder)  # nobody holds the lock: opening puts it right
    assert (folder / "rfis" / "_manifest.json").exists()
    assert not (folder / "_work" / "rfis" / "previous").exists()
    assert row["id"] in store.table("rfis")["id"].tolist()
    result = sync(world, folder, lists=["rfis"]).iloc[0]
    assert (result["new"], result["changed"], result["deleted"]) == (0, 0, 0)


def test_between_two_renames_a_reader_sees_the_next_state_and_one_without_manifest_the_former(
    world: World, tmp_path: Path
) -> None:
    folder = tmp_path / "portfolio"
    sync(world, folder, lists=["rfis"])
    before = Store(folder).table("rfis")["id"].tolist()
    world.pass_time(hours=1)
    row = world.add("rfis", str(world.projects[0]))
    cut_between_renames(world, folder)
    with locked(LocalFiles(folder)):
        store = Store(folder)  # somebody holds the lock: nothing is moved
        assert not (folder / "rfis").exists()
        assert row["id"] in store.table("rfis")["id"].tolist()
    (folder / "_work" / "rfis" / "next" / "_manifest.json").unlink()
    with locked(LocalFiles(folder)):
        assert Store(folder).table("rfis")["id"].tolist() == before
    assert Store(folder).table("rfis")["id"].tolist() == before
    assert not (folder / "_work" / "rfis" / "next").exists()


def test_a_list_below_a_table_without_rows_is_an_empty_table_with_columns(
    world: World, procore: Procore, store: Store
) -> None:
    world.rows.clear()
    result = store.sync(procore, ["rfis", "rfi_replies"])
    assert result["requests"].tolist() == [len(world.projects), 0]
    frame = store.table("rfi_replies")
    assert len(frame) == 0
    assert {"rfi_id", "id"} <= set(frame.columns)
    assert store.sql("select count(*) as n from rfi_replies")["n"].tolist() == [0]


class Lettered(Plenty):
    """A list of version 2, whose ids are text: numbers as long as all of them are digits."""

    ids: tuple[str, ...] = ("9", "10", "11", "12")

    def _frame(self, project: int) -> pd.DataFrame:
        rows = [{"id": one, "name": f"{project} {one}"} for one in self.ids]
        frame = to_frame(rows, "budget_change_adjustment_line_items")
        frame.insert(0, "project_id", pd.array([project] * len(frame), "Int64"))
        return frame


def test_ids_that_get_letters_become_text_and_rows_stay_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("procore_nb.store.data_files.slices.__defaults__", (3,))
    name, store, procore = "budget_change_adjustment_line_items", Store(tmp_path), Lettered(projects=3)
    store.sync(procore, [name])
    assert store.table(name)["id"].dtype == "Int64"
    for ids in (("9", "10", "11", "12", "x7"), ("9", "10", "11", "13")):
        before, procore.ids = set(procore.ids), ids
        result = store.sync(procore, [name]).iloc[0]
        gone, new = len(before - set(ids)), len(set(ids) - before)
        assert (result["new"], result["changed"], result["deleted"]) == (3 * new, 0, 3 * gone)
        assert store.table(name)["id"].tolist() == sorted(ids) * 3
    assert sorted(store.table(name, deleted="only")["id"]) == ["12"] * 3 + ["x7"] * 3


def test_arguments_that_cannot_be_kept_are_refused(world: World, procore: Procore, store: Store) -> None:
    with pytest.raises(ArgumentError, match="cannot be kept"):
        store.sync(procore, {"rfis": {"status": object()}})
    assert not world.asked


def test_a_label_that_two_fields_share_tells_them_apart_whichever_came() -> None:
    builder = FrameBuilder(catalog.endpoint("rfis"))
    builder.add([{"id": 1, "custom_fields": {"custom_field_7": {"data_type": "string", "value": "x"}}}])
    builder.define({7: ("Risk", "string"), 8: ("Risk", "string")})
    assert "custom_fields.Risk (7)" in builder.build().columns


def test_a_sync_may_wait_for_another(world: World, procore: Procore, store: Store) -> None:
    store.sync(procore, ["vendors"])
    waits: list[float] = []
    held = locked(store._files)
    held.__enter__()

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            held.__exit__(None, None, None)

    with locked(store._files, wait_seconds=60, sleep=wait):
        pass
    assert len(waits) == 3


def test_opening_a_store_in_a_folder_that_is_not_there_makes_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "nowhere")
    assert store.tables().empty
    assert not (tmp_path / "nowhere").exists()
    with pytest.raises(ArgumentError, match="It has: none yet"):
        store.table("rfis")


def test_two_connections_to_one_store_at_once_do_not_mix(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "portfolio"
    outcomes: list[str] = []

    def run() -> None:
        with connection(LivingDemo(world)) as procore:
            try:
                Store(folder, clock=lambda: world.now).sync(procore, ["rfis", "change_events"])
                outcomes.append("done")
            except OutputError as error:
                outcomes.append("refused" if "is being synced by" in str(error) else str(error))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "done" in outcomes
    assert set(outcomes) <= {"done", "refused"}
    assert len(Store(folder).table("rfis")) == sum(
        len(rows) for (name, _), rows in world.rows.items() if name == "rfis"
    )


def test_ctrl_c_ends_the_sync_and_not_just_one_table(another, connected, tmp_path: Path, request) -> None:  # type: ignore[no-untyped-def]
    # A shell lets what it starts in the background ignore Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))

    def stop(asked: Asked) -> Said | None:
        if asked.path.endswith("/rfis"):
            _thread.interrupt_main()
            time.sleep(1)
        return None

    lists = {f"/rest/v1.0/projects/1/{name}": [{"id": 1}] for name in ("rfis", "punch_items")}
    lists |= {"/rest/v1.1/projects": [{"id": 1}], "/rest/v1.0/companies": [{"id": COMPANY}]}
    server = another(lists, twist=stop)
    with pytest.raises(IncompleteError, match="was stopped"):
        Store(tmp_path / "kept").sync(
            connected(server), ["rfis", "punch_items"], projects=[1], on_error="skip"
        )
    assert not any(asked.path.endswith("/punch_items") for asked in server.calls)
