"""A file is whole or what was there before, whatever happens while it is written."""

from __future__ import annotations

import itertools
import os
import signal
import stat
import sys
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from every_case import every_case

from procore_nb.atomic_write import replace_atomically, write_group
from procore_nb.catalog.openapi import build_file
from procore_nb.credentials import Profiles
from procore_nb.errors import ArgumentError, OutputError
from procore_nb.export import read_csv, read_parquet, to_csv, to_excel, to_parquet
from procore_nb.maps import map_projects, to_geojson
from procore_nb.store.files import LocalFiles

Writer = Callable[[Any, Any], Path]
WRITERS = {"a.csv": to_csv, "a.xlsx": to_excel, "a.parquet": to_parquet, "a.geojson": to_geojson}
SMALL = pd.DataFrame({"id": [1], "latitude": [51.5], "longitude": [-0.1]})
OPENAPI = Path(__file__).parents[1] / "catalog" / "documents" / "openapi3.json"
each_writer = pytest.mark.parametrize(("name", "write"), list(WRITERS.items()))


# Every room that writes files, and the mode that a file of mode 0640 has after it: secrets and stores are their owner's.
EVERY_WRITER: dict[str, tuple[Callable[[Path], Any], int]] = {
    "csv": (lambda path: to_csv(SMALL, path), 0o640),
    "excel": (lambda path: to_excel(SMALL, path), 0o640),
    "parquet": (lambda path: to_parquet(SMALL, path), 0o640),
    "geojson": (lambda path: to_geojson(SMALL, path), 0o640),
    "map": (lambda path: map_projects(SMALL).save(path), 0o640),
    "catalogue": (lambda path: build_file([OPENAPI], path), 0o640),
    "profiles": (lambda path: write_profiles(path), 0o600),
    "store": (lambda path: LocalFiles(path.parent).write(path.name, b"new"), 0o600),
}
every_writer = pytest.mark.parametrize("room", list(EVERY_WRITER))


def write_profiles(path: Path) -> None:
    class Here(Profiles):
        path = None  # type: ignore[assignment]

    profiles = Here(path.parent)
    profiles.path = path  # type: ignore[misc]
    profiles._write({})


def contents(folder: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in folder.iterdir() if one.is_file()} | {
        one.name: b"folder" for one in folder.iterdir() if one.is_dir()
    }


def forked(work: Callable[[], Any]) -> int:
    """The number of a process that works and ends, whatever happens: all modules are loaded there."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads, of which the child has none
        child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(1)
    return child


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are POSIX")
def test_a_full_disk_is_said_and_what_was_there_stays(tmp_path: Path) -> None:
    import resource

    paths = {name: write(SMALL, tmp_path / name) for name, write in WRITERS.items()}
    before = contents(tmp_path)
    numbers = np.random.default_rng(1).integers(0, 2**60, 20_000)
    frame = pd.DataFrame({"id": numbers, "latitude": 51.5, "longitude": -0.1})
    reader, writer = os.pipe()

    def work() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        for name, write in WRITERS.items():
            try:
                write(frame, paths[name])
                os.write(writer, b"written\n")
            except OutputError as error:
                os.write(writer, f"{str(error)!r}\n".encode())

    child = forked(work)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as said:
        for name, line in zip(paths, said.read().splitlines(), strict=True):
            assert name in line
            assert "annot" in line
    os.waitpid(child, 0)
    assert contents(tmp_path) == before


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
@pytest.mark.parametrize(("name", "write"), [("a.csv", to_csv), ("a.parquet", to_parquet)])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_stop_half_way_leaves_the_old_file_and_the_next_write_tidies_up(
    tmp_path: Path, name: str, write: Writer, how: signal.Signals
) -> None:
    path = write(SMALL, tmp_path / name)
    before = contents(tmp_path)
    reader, writer = os.pipe()

    class Slow:
        def __str__(self) -> str:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            os.write(writer, b"half way")
            time.sleep(60)
            return ""

    frame = pd.DataFrame({"id": [1, 2], "x": pd.Series([["a"], Slow()], dtype=object)})
    child = forked(lambda: write(frame, path))
    assert os.read(reader, 8) == b"half way"
    os.kill(child, how)
    os.waitpid(child, 0)
    left = contents(tmp_path)
    assert {name: left[name] for name in before} == before
    if how == signal.SIGINT:
        assert left == before
    write(SMALL, path)
    assert set(contents(tmp_path)) == set(before)


def test_a_writer_at_work_is_not_tidied_up_by_another(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with replace_atomically(path) as draft:
        draft.write_text("first", encoding="utf-8")
        to_csv(SMALL, path)
        assert draft.is_file()
    assert path.read_text(encoding="utf-8") == "first"


@pytest.mark.slow
def test_writers_side_by_side_never_mix_a_csv_with_the_types_of_another(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    made = [pd.DataFrame({"x": pd.Categorical([str(number)]), "n": [number]}) for number in range(6)]
    for frame, number in zip(made, range(6), strict=True):
        frame.attrs["from"] = number
    threads = [
        threading.Thread(target=lambda one=one: [to_csv(one, path) for _ in range(15)]) for one in made
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    back = read_csv(path)
    assert back.attrs["from"] == back["n"][0]
    assert back["x"].tolist() == [str(back["n"][0])]
    assert len(contents(tmp_path)) == 2


def test_a_csv_that_cannot_be_moved_keeps_its_types(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = to_csv(SMALL, tmp_path / "a.csv")
    before = contents(tmp_path)
    replace = Path.replace

    def busy(self: Path, target: Path) -> Path:
        if Path(target) == path:
            raise PermissionError(13, "The file is open in another program")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", busy)
    with pytest.raises(OutputError, match="open in another program"):
        to_csv(pd.DataFrame({"other": ["x"]}), path)
    assert contents(tmp_path) == before


@each_writer
def test_a_link_stays_a_link_and_rights_stay_rights(tmp_path: Path, name: str, write: Writer) -> None:
    (tmp_path / "far").mkdir()
    target = tmp_path / "far" / name
    target.write_bytes(b"old")
    target.chmod(0o600)
    link = tmp_path / name
    link.symlink_to(target)
    write(SMALL, link)
    assert link.is_symlink()
    assert target.read_bytes() != b"old"
    assert {stat.S_IMODE(one.stat().st_mode) for one in (tmp_path / "far").iterdir()} == {0o600}


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
@every_writer
def test_every_room_replaces_what_a_link_leads_to_and_keeps_modes(tmp_path: Path, room: str) -> None:
    (tmp_path / "far").mkdir()
    target, link = tmp_path / "far" / "b", tmp_path / "a"
    target.write_bytes(b"old")
    target.chmod(0o640)
    link.symlink_to(target)
    write, mode = EVERY_WRITER[room]
    write(link)
    assert link.is_symlink()
    assert target.read_bytes() != b"old"
    assert stat.S_IMODE(target.stat().st_mode) == mode
    assert not any(one.name.startswith(".") for one in tmp_path.rglob("*"))


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
@every_writer
def test_a_new_file_has_the_usual_mode_or_is_private(tmp_path: Path, room: str) -> None:
    write, mode = EVERY_WRITER[room]
    umask = os.umask(0o027)
    try:
        write(tmp_path / "a")
    finally:
        os.umask(umask)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == mode


@pytest.mark.skipif(sys.platform == "win32", reason="Windows flushes no folders")
@every_writer
def test_every_room_flushes_the_file_before_the_rename_and_the_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: str
) -> None:
    events: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def flushed(handle: int) -> None:
        events.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        fsync(handle)

    def renamed(self: Path, to: Path) -> Path:
        events.append("rename")
        return replace(self, to)

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(Path, "replace", renamed)
    EVERY_WRITER[room][0](tmp_path / "a")
    assert events[0] == "file"
    assert events[-1] == "folder"
    assert events.index("rename") > events.index("file")


@every_writer
def test_a_name_with_nul_is_an_error_of_ours(tmp_path: Path, room: str) -> None:
    with pytest.raises((OutputError, ArgumentError), match=r"NUL|path"):
        EVERY_WRITER[room][0](tmp_path / "a\0b")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("busy", ["a.csv", "a.csv.types.json", "b.csv", "b.csv.types.json"])
def test_of_several_frames_none_is_replaced_if_one_cannot_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, busy: str
) -> None:
    to_csv({"b": SMALL}, tmp_path)
    before = contents(tmp_path)
    replace = Path.replace

    def refused(self: Path, to: Path) -> Path:
        if Path(to).name == busy and self.parent.name == "new":
            raise PermissionError(13, "The file is open in another program")
        return replace(self, to)

    monkeypatch.setattr(Path, "replace", refused)
    with pytest.raises(OutputError, match="open in another program"):
        to_csv({"a": SMALL, "b": SMALL.assign(x="new")}, tmp_path)
    assert contents(tmp_path) == before


def killed_between(path: Path, renames: int) -> int:
    """Write a file in a process that dies after so many renames; how it ended."""
    replace, done = Path.replace, itertools.count()

    def dying(self: Path, to: Path) -> Path:
        if next(done) >= renames:
            os._exit(9)
        return replace(self, to)

    def work() -> None:
        Path.replace = dying  # type: ignore[assignment, method-assign]
        to_csv(pd.DataFrame({"x": pd.Categorical(["new"])}), path)

    return os.waitstatus_to_exitcode(os.waitpid(forked(work), 0)[1])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no locks on folders")
@pytest.mark.parametrize("renames", [0, 1, 2])
def test_a_group_whose_writer_was_killed_between_two_renames_is_completed(
    tmp_path: Path, renames: int
) -> None:
    path = to_csv(pd.DataFrame({"x": pd.array([1], "Int8")}), tmp_path / "a.csv")
    assert killed_between(path, renames) == 9
    back = read_csv(path)
    assert back["x"].tolist() == ["new"]
    assert str(back["x"].dtype) == "category"
    assert len(contents(tmp_path)) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no locks on folders")
def test_a_file_written_since_is_not_replaced_by_what_a_killed_writer_left(tmp_path: Path) -> None:
    path = to_csv(SMALL, tmp_path / "a.csv")
    assert killed_between(path, 0) == 9
    path.write_text("id\n7\n", encoding="utf-8")
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime + 5))
    assert read_csv(path)["id"].tolist() == [7]
    assert len(contents(tmp_path)) == 2


def test_files_in_several_folders_are_one_group_too(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
    with write_group([[tmp_path / "a" / "x"], [tmp_path / "b" / "x"]]) as ((first,), (second,)):
        first.write_text("1")
        second.write_text("2")
    assert contents(tmp_path / "a") | {"b": b""} == {"x": b"1", "b": b""}
    assert contents(tmp_path / "b") == {"x": b"2"}


def test_types_stand_beside_the_file_that_a_link_leads_to(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    link = tmp_path / "a.csv"
    link.symlink_to(tmp_path / "far" / "b.csv")
    to_csv(SMALL, link)
    assert sorted(one.name for one in (tmp_path / "far").iterdir()) == ["b.csv", "b.csv.types.json"]
    assert read_csv(link).equals(read_csv(tmp_path / "far" / "b.csv"))


@each_writer
def test_a_tilde_is_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, write: Writer
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert write(SMALL, f"~/{name}") == tmp_path / name
    assert (tmp_path / name).is_file()


@each_writer
@every_case("path", ["s3://bucket/a", None, 5, "", b"a", "a\0b"])
def test_what_is_no_path_is_refused(name: str, write: Writer, path: Any) -> None:
    with pytest.raises(ArgumentError, match=r"address|path"):
        write(SMALL, path)


@each_writer
@every_case("frame", [None, SMALL["id"], [SMALL], {"a": SMALL["id"]}, {}])
def test_what_is_no_frame_is_refused(tmp_path: Path, name: str, write: Writer, frame: Any) -> None:
    with pytest.raises(ArgumentError, match="frame"):
        write(frame, tmp_path / name)
    assert contents(tmp_path) == {}


@each_writer
def test_a_dict_of_frames_is_written_whole_or_not_at_all(tmp_path: Path, name: str, write: Writer) -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError("cannot be written")

    broken = SMALL.assign(x=pd.Series([Broken()], dtype=object))
    with pytest.raises((RuntimeError, TypeError)):
        write({"a": SMALL, "b": broken}, tmp_path / "out")
    assert contents(tmp_path) == {}


def test_names_that_differ_in_case_only_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="case"):
        to_csv({"rfis": SMALL, "RFIs": SMALL}, tmp_path / "out")


def test_readers_know_the_home_folder_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    to_csv(SMALL, "~/a.csv")
    to_parquet(SMALL, "~/a.parquet")
    assert read_csv("~/a.csv").equals(SMALL)
    assert read_parquet("~/a.parquet").equals(SMALL)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may write anywhere")
@each_writer
def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path, name: str, write: Writer) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="annot"):
        write(SMALL, tmp_path / name)


@pytest.mark.parametrize(
    ("write", "name", "advice"),
    [
        (to_excel, "p.xls", "Name the file 'p.xlsx'."),
        (to_excel, "p.v2", "Name the file 'p.v2.xlsx'."),
        (to_excel, "q.csv", "Name the file 'q.xlsx', or call to_csv."),
        (to_csv, "q.XLSX", "Name the file 'q.csv', or call to_excel."),
        (to_csv, "q.csv.gz", "Name the file 'q.csv'."),
        (to_parquet, "q.csv", "Name the file 'q.parquet', or call to_csv."),
    ],
)
def test_a_file_has_the_ending_of_what_is_in_it(
    tmp_path: Path, write: Writer, name: str, advice: str
) -> None:
    with pytest.raises(ArgumentError) as error:
        write(SMALL, tmp_path / name)
    assert error.value.advice == advice
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("write", "name"), [(to_csv, "q.txt"), (to_csv, "q"), (to_excel, "q.XLSX"), (to_parquet, "q.pq")]
)
def test_other_endings_are_the_callers_choice(tmp_path: Path, write: Writer, name: str) -> None:
    assert write(SMALL, tmp_path / name).is_file()
