"""A file is whole or what was there before, whatever happens while it is written."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from procore_nb.atomic_write import put_in_place
from procore_nb.errors import ArgumentError, OutputError
from procore_nb.export import read_csv, read_parquet, to_csv, to_excel, to_parquet
from procore_nb.maps import to_geojson

Writer = Callable[[Any, Any], Path]
WRITERS = {"a.csv": to_csv, "a.xlsx": to_excel, "a.parquet": to_parquet, "a.geojson": to_geojson}
SMALL = pd.DataFrame({"id": [1], "latitude": [51.5], "longitude": [-0.1]})
each_writer = pytest.mark.parametrize(("name", "write"), list(WRITERS.items()))


def contents(folder: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in folder.iterdir() if one.is_file()} | {
        one.name: b"folder" for one in folder.iterdir() if one.is_dir()
    }


def run(code: str, *words: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


FULL = """
import resource, signal, sys
import numpy as np, pandas as pd, procore_nb as pnb
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
rows = 20_000
frame = pd.DataFrame({"id": np.random.default_rng(1).integers(0, 2**60, rows), "latitude": 51.5, "longitude": -0.1})
try:
    getattr(pnb, sys.argv[1])(frame, sys.argv[2])
except pnb.OutputError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are POSIX")
@each_writer
def test_a_full_disk_is_said_and_what_was_there_stays(tmp_path: Path, name: str, write: Writer) -> None:
    path = write(SMALL, tmp_path / name)
    before = contents(tmp_path)
    said, wrong = run(FULL, write.__name__, path).communicate(timeout=120)
    assert "a." in said
    assert "annot" in said
    assert "Traceback" not in wrong
    assert contents(tmp_path) == before


HANGING = """
import sys, time
import pandas as pd, procore_nb as pnb
class Slow:
    def __str__(self):
        print("half way", flush=True)
        time.sleep(60)
        return ""
frame = pd.DataFrame({"id": [1, 2], "x": pd.Series([["a"], Slow()], dtype=object)})
getattr(pnb, sys.argv[1])(frame, sys.argv[2])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
@pytest.mark.parametrize(("name", "write"), [("a.csv", to_csv), ("a.parquet", to_parquet)])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_stop_half_way_leaves_the_old_file_and_the_next_write_tidies_up(
    tmp_path: Path, name: str, write: Writer, how: signal.Signals
) -> None:
    path = write(SMALL, tmp_path / name)
    before = contents(tmp_path)
    process = run(HANGING, write.__name__, path)
    assert process.stdout is not None
    assert process.stdout.readline() == "half way\n"
    process.send_signal(how)
    process.communicate(timeout=60)
    left = contents(tmp_path)
    assert {name: left[name] for name in before} == before
    if how == signal.SIGINT:
        assert left == before
    write(SMALL, path)
    assert set(contents(tmp_path)) == set(before)


def test_a_writer_at_work_is_not_tidied_up_by_another(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with put_in_place(path) as draft:
        draft.write_text("first", encoding="utf-8")
        to_csv(SMALL, path)
        assert draft.is_file()
    assert path.read_text(encoding="utf-8") == "first"


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
@pytest.mark.parametrize("path", ["s3://bucket/a", None, 5, "", b"a", "a\0b"])
def test_what_is_no_path_is_refused(name: str, write: Writer, path: Any) -> None:
    with pytest.raises(ArgumentError, match=r"address|path"):
        write(SMALL, path)


@each_writer
@pytest.mark.parametrize("frame", [None, SMALL["id"], [SMALL], {"a": SMALL["id"]}, {}])
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
