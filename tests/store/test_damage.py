"""A damaged, truncated or foreign file of a store: one clear error, never another value, never the end of the process."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import Any

import orjson
import pandas as pd
import pytest

from procore_nb.errors import ArgumentError, ProcoreError, StoreError
from procore_nb.store import Store
from procore_nb.store.manifest import FORMAT, encode_with_digest
from store.killing import Fate, Killed, contents, same, sync
from store.living import World

pytestmark = pytest.mark.slow

LISTS = ("rfis", "budget_modifications")  # the second is read in full: 13 columns
READS: dict[str, Callable[[Store, str], Any]] = {
    "table": lambda store, name: store.table(name),
    "history": lambda store, name: store.table(name, history=True),
    "deleted": lambda store, name: store.table(name, deleted="with"),
    "changes": lambda store, name: store.changes(name, since="2026-01-01"),
    "sql": lambda store, name: store.sql(f"select * from {name}"),
    "tables": lambda store, name: store.tables(),
}

Answers = dict[tuple[str, str], Any]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of two tables, with deleted rows and earlier versions."""
    world, folder = World(projects=3, rows=3), tmp_path_factory.mktemp("whole") / "portfolio"
    for number in range(2):
        for name in LISTS:
            place = str(world.projects[0])
            row = world.add(name, place)
            sync(world, folder, lists=[name], history=True)
            world.pass_time(hours=1)
            world.change(name, place, row["id"]) if number else world.delete(name, place, row["id"])
    for name in LISTS:
        sync(world, folder, lists=[name])
        assert len(list((folder / name / "_history").glob("*.parquet"))) > 0
    return folder


@pytest.fixture(scope="module")
def answers(whole: Path) -> Answers:
    return {call: frame for call, frame in readings(whole).items() if isinstance(frame, pd.DataFrame)}


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "portfolio"))


def files_of(folder: Path) -> list[Path]:
    """All files but the lock, and the log, which a store on a disk writes and never reads."""
    found = (one for one in folder.rglob("*") if one.is_file() and one.name != "_lock")
    return sorted(one for one in found if "_delta_log" not in one.parts)


def lists_of(path: Path) -> list[str]:
    """The tables that a file belongs to."""
    return [name for name in LISTS if name in path.parts] or [LISTS[1]]


def reads_of(path: Path) -> list[str]:
    """The calls that read a file: engines do not see ended versions, and `Store` takes columns from the manifest."""
    if "_history" in path.parts:
        return ["history"]
    return ["sql"] if path.name.startswith("0-columns") else ["history", "sql"]


def readings(folder: Path, calls: Collection[str] = READS, lists: Collection[str] = LISTS) -> Answers:
    """What calls answer: frames, or errors."""
    found: Answers = {}
    for name, call in product(lists, calls):
        try:
            found[call, name] = READS[call](Store(folder), name)
        except StoreError as error:
            found[call, name] = error
    return found


def check(folder: Path, due: Answers, what: object, *only: Collection[str]) -> int:
    """Every answer is the right one or a StoreError that keeps history; returns how many are errors."""
    found = readings(folder, *only)
    for call, answer in found.items():
        if isinstance(answer, StoreError):
            assert any(
                words in answer.message for words in ("damaged", "is missing", "er version of procore_nb")
            )
            assert "emove the table" not in answer.advice
        else:
            pd.testing.assert_frame_equal(answer, due[call], obj=f"{what} {call}")
            assert {**answer.attrs.get("procore", {}), "store": ""} == {
                **due[call].attrs.get("procore", {}),
                "store": "",
            }, what
    return sum(isinstance(answer, StoreError) for answer in found.values())


@pytest.mark.slow
@pytest.mark.parametrize("flips", [2, pytest.param(40, marks=pytest.mark.stress)])
def test_a_flipped_byte_anywhere_is_an_error_or_changes_nothing(
    folder: Path, answers: Answers, flips: int
) -> None:
    due = dict(answers)
    for path in files_of(folder):
        data = path.read_bytes()
        for at in range(flips % 7, len(data), len(data) // flips):
            path.write_bytes(data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :])
            errors = check(folder, due, (path.name, at), reads_of(path), lists_of(path))
            assert errors or path.suffix == ".json", (path.name, at)
        path.write_bytes(data)
    assert check(folder, due, "mended") == 0


@pytest.mark.slow
@pytest.mark.parametrize("content", [b"", b"PAR1", b"{}", b"[]", b'{"format": 1}', b"half", b"\xff\xfe"])
def test_a_file_that_is_truncated_or_another_one_is_an_error(
    folder: Path, answers: Answers, content: bytes
) -> None:
    due = dict(answers)
    for path in files_of(folder):
        if LISTS[0] in path.parts and content != b"half":
            continue  # the same files as those of the other table
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2] if content == b"half" else content)
        calls = READS if content == b"half" else reads_of(path)
        assert check(folder, due, (path.name, content), calls, lists_of(path)), path.name
        path.write_bytes(data)


@pytest.mark.parametrize(
    ("file", "letter", "other"),
    [("rfis/_manifest.json", b"00Z", b"01Z"), ("_store.json", b"24816", b"24817")],
)
def test_good_json_with_another_moment_or_company_is_an_error(
    folder: Path, file: str, letter: bytes, other: bytes
) -> None:
    path = folder / file
    data = path.read_bytes()
    assert letter in data
    path.write_bytes(data.replace(letter, other, 1))
    with pytest.raises(StoreError, match="damaged"):
        Store(folder).table("rfis")


def test_parts_that_changed_places_are_an_error(folder: Path, answers: Answers) -> None:
    due = dict(answers)
    one, other = (next((folder / name).glob("part-*")) for name in LISTS)
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)
    assert check(folder, due, "exchanged", ["table", "sql"]) == 4


@pytest.mark.slow
def test_a_sync_over_a_damaged_file_is_an_error_or_right(folder: Path, tmp_path: Path) -> None:
    world = World(projects=3, rows=3)
    for path in files_of(folder):
        broken = Path(shutil.copytree(folder, tmp_path / "broken")) / path.relative_to(folder)
        data = broken.read_bytes()
        at = len(data) // 2
        broken.write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
        before = {one: one.read_bytes() for one in files_of(tmp_path / "broken")}
        with suppress(StoreError):
            sync(world, tmp_path / "broken", lists=LISTS)
            name = lists_of(path)[0]
            for call in ("history", "sql"):  # what was not read stays as it is, and stays an error
                READS[call](Store(tmp_path / "broken"), name)
            raise AssertionError(f"{path} is no error")
        if path.name == "_store.json":
            assert before == {one: one.read_bytes() for one in files_of(tmp_path / "broken")}
        shutil.rmtree(tmp_path / "broken")


@pytest.mark.slow
def test_a_damaged_staged_file_or_plan_is_fetched_again(tmp_path: Path) -> None:
    world = World(projects=4, rows=4, seed=2)
    clean = tmp_path / "clean"
    sync(world, clean, lists=["rfis"])
    with suppress(Killed):
        sync(world, tmp_path / "cut", Fate(28), lists=["rfis"])
    staged = [one for one in files_of(tmp_path / "cut") if "_work" in one.parts]
    assert {one.suffix for one in staged} == {".json", ".arrow"}
    for path in staged:
        folder = Path(shutil.copytree(tmp_path / "cut", tmp_path / path.stem))
        broken = folder / path.relative_to(tmp_path / "cut")
        data = broken.read_bytes()
        for at in (len(data) // 3, len(data) // 2):
            data = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        broken.write_bytes(data)
        sync(world, folder, lists=["rfis"])
        assert same(contents(folder, ["rfis"]), contents(clean, ["rfis"])), path.name


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (FORMAT + 1, "later version of procore_nb"),
        (3, "earlier version of procore_nb"),
        (1, "earlier version"),
    ],
)
@pytest.mark.parametrize("file", ["rfis/_manifest.json", "_store.json"])
def test_a_store_of_another_format_is_refused_with_words(
    folder: Path, file: str, number: int, words: str
) -> None:
    path = folder / file
    content = orjson.loads(path.read_bytes()) | {"format": number}
    del content["digest"]
    # The first format had no digests.
    path.write_bytes(encode_with_digest(content) if number > 1 else orjson.dumps(content))
    with pytest.raises(StoreError, match=words) as failure:
        Store(folder).table("rfis")
    assert ("pip install -U" if number > FORMAT else "a new folder") in failure.value.advice


@pytest.mark.parametrize("wrong", [{"parts": [7]}, {"key": None}, {"unknown": 1}])
def test_a_manifest_of_another_shape_is_an_error(folder: Path, wrong: dict[str, Any]) -> None:
    path = folder / "rfis" / "_manifest.json"
    content = orjson.loads(path.read_bytes())
    del content["digest"]
    path.write_bytes(encode_with_digest(content | wrong))
    for read in READS.values():
        with pytest.raises(StoreError, match="damaged"):
            read(Store(folder), "rfis")


def test_a_store_with_a_damaged_table_still_shows_itself_and_gives_the_others(folder: Path) -> None:
    (folder / "rfis" / "_manifest.json").write_bytes(b"{")
    store = Store(folder)
    assert repr(store).endswith("2 tables)")
    assert "damaged" in store._repr_html_()
    assert len(store.table("budget_modifications"))
    with pytest.raises(StoreError, match="damaged"):
        store.table("rfis")


class Gone:
    """A file system whose server does not answer."""

    def __getattr__(self, name: str) -> Any:
        def refuse(*_: Any, **__: Any) -> Any:
            raise RuntimeError("the server is gone")

        return refuse


@pytest.fixture
def remote(whole: Path, tmp_path: Path) -> Iterator[Store]:
    import fsspec

    memory = fsspec.filesystem("memory")
    memory.put(str(whole), f"{tmp_path}/", recursive=True)
    yield Store(f"memory://{tmp_path}/portfolio")
    memory.rm(str(tmp_path), recursive=True)


@pytest.mark.parametrize("read", [*READS.values(), lambda store, name: store.files(name)])
def test_a_remote_store_that_is_gone_is_a_store_error(
    remote: Store, read: Callable[[Store, str], Any]
) -> None:
    assert len(read(remote, "rfis"))
    remote._files.system = Gone()  # type: ignore[attr-defined]
    with pytest.raises(StoreError, match="the server is gone"):
        read(remote, "rfis")


def test_a_remote_store_that_is_gone_fails_a_sync_with_words(remote: Store) -> None:
    from store.living import LivingDemo, connection

    remote._files.system = Gone()  # type: ignore[attr-defined]
    with connection(LivingDemo(World(projects=3))) as procore, pytest.raises(StoreError, match="is gone"):
        remote.sync(procore, ["rfis"])


def test_an_address_that_cannot_be_opened_is_an_error_that_names_it() -> None:
    with pytest.raises(StoreError, match="ftp://127"):
        Store("ftp://127.0.0.1:9/portfolio")
    for wrong in ("nothing://x", "a\0b", "s3\0://x", "~nobody-of-this-name/x", "", 7):
        with pytest.raises(ArgumentError):
            Store(wrong)  # type: ignore[arg-type]


def test_a_store_where_no_folder_can_be_is_a_store_error(tmp_path: Path) -> None:
    from store.living import LivingDemo, connection

    (tmp_path / "file").write_text("not a folder")
    for place in (tmp_path / "file", tmp_path / "file" / "below", tmp_path / ("x" * 300)):
        with connection(LivingDemo(World(projects=2))) as procore, pytest.raises(ProcoreError) as failure:
            Store(place).sync(procore, ["rfis"])
        assert isinstance(failure.value, StoreError)
