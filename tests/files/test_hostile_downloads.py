"""Downloads from the demo's storage under attack: it counts every token that reaches it, and lies on request."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from every_case import every_case

import procore_nb as pnb
from procore_nb import demo
from procore_nb.demo import Demo, DemoServer, Faults, read_faults
from procore_nb.files import records_of
from procore_nb.files.download import PARTS
from procore_nb.files.download_folder import MANIFEST, identity_of

KINDS = [kind for kind in demo.FAULT_KINDS if kind.startswith("file_")]


@pytest.fixture(scope="module")
def running() -> Iterator[DemoServer]:
    limits = demo.RateLimits(hourly=100_000, spike=100_000)
    with demo.serve(Demo(limits=limits), 0, sleep=lambda _seconds: None) as server:
        yield server


@pytest.fixture(scope="module")
def procore(running: DemoServer) -> Iterator[pnb.Procore]:
    local = pnb.Environment("local", login_url=running.url, api_url=running.url)
    keys = pnb.Credentials(demo.CLIENT_ID, demo.CLIENT_SECRET)
    with pnb.connect(local, credentials=keys, company_id=demo.COMPANY_ID, progress=False) as connection:
        connection.policy = replace(connection.policy, sleep=lambda _seconds: None)
        yield connection


@pytest.fixture
def server(running: DemoServer) -> Iterator[DemoServer]:
    yield running
    running.demo.faults = Faults()


@pytest.fixture
def photos(procore: pnb.Procore) -> pd.DataFrame:
    return procore.files("images", 1204384).query("kind == 'photo'").head(5)


def _download(procore: pnb.Procore, files: pd.DataFrame, folder: Path, **more: object) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pnb.ProcoreWarning)
        return procore.download(files, folder, **more)  # type: ignore[arg-type]


@every_case("kind", KINDS)
def test_no_fault_brings_the_token_to_the_storage(
    kind: str, server: DemoServer, procore: pnb.Procore, photos: pd.DataFrame, tmp_path: Path
) -> None:
    server.demo.faults = read_faults([f"{kind}=0.01@1,3"])
    folder = tmp_path / kind
    done = _download(procore, photos, folder, workers=2, max_bytes=10_000_000)
    assert set(done["status"]) <= {"saved", "failed", "skipped"}
    assert server.demo.storage.leaks == []
    server.demo.faults = Faults()
    again = _download(procore, photos, folder)
    assert set(again["status"]) <= {"saved", "present"}
    assert server.demo.storage.leaks == []
    assert not (folder / PARTS).exists()


@pytest.mark.slow
def test_odd_names_stay_in_the_folder_each_under_its_own(procore: pnb.Procore, tmp_path: Path) -> None:
    files = procore.files("submittals", 1204347)
    odd = files[files["record_id"].between(90150000020001, 90150000020009)]
    folder = tmp_path / "folder"
    done = _download(procore, odd, folder)
    saved = done[done["status"] == "saved"]
    assert len(saved) == len(odd) - 2  # one is elsewhere, one is withdrawn
    assert saved["path"].str.casefold().is_unique
    assert all(Path(path).resolve().is_relative_to(folder.resolve()) for path in saved["path"])
    assert [one.name for one in tmp_path.iterdir()] == ["folder"]


def test_a_length_that_no_disk_has_ends_one_file_only(
    server: DemoServer, procore: pnb.Procore, photos: pd.DataFrame, tmp_path: Path
) -> None:
    number = str(photos["file_id"].iloc[0])
    server.demo.faults = Faults().when(lambda _n, request: f"/{number}." in request.path, "file_large", 1e9)
    done = _download(procore, photos, tmp_path, workers=1)
    assert done["status"].tolist() == ["failed"] + ["saved"] * 4
    assert "of room" in done["reason"].iloc[0]


def test_links_in_the_place_of_half_files_are_not_written_through(
    server: DemoServer, procore: pnb.Procore, photos: pd.DataFrame, tmp_path: Path
) -> None:
    victim = tmp_path / "victim"
    victim.write_text("keep")
    parts = tmp_path / "folder" / PARTS
    parts.mkdir(parents=True)
    identity = identity_of(records_of(photos)[0], "local")
    for ending in ("part", "json", "new"):
        (parts / f"{identity}.{ending}").symlink_to(victim)
    server.demo.faults = read_faults(["file_cut@1"])
    done = _download(procore, photos.head(1), tmp_path / "folder")
    assert done["status"].tolist() == ["saved"]
    assert not Path(done["path"].iloc[0]).is_symlink()
    assert victim.read_text() == "keep"


@pytest.mark.parametrize("name", [PARTS, MANIFEST])
def test_a_link_in_the_place_of_the_manifest_or_of_the_half_files_is_refused(
    name: str, procore: pnb.Procore, photos: pd.DataFrame, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    if name == MANIFEST:
        outside = outside / "notes.txt"
        outside.write_text("keep")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / name).symlink_to(outside)
    with pytest.raises(pnb.OutputError, match="link"):
        procore.download(photos, tmp_path / "folder")
    assert outside.read_text() == "keep" if name == MANIFEST else not list(outside.iterdir())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a system without named pipes")
@pytest.mark.parametrize("make", [os.mkdir, getattr(os, "mkfifo", os.mkdir)])
def test_a_manifest_that_is_no_file_is_refused(
    make: object, procore: pnb.Procore, photos: pd.DataFrame, tmp_path: Path
) -> None:
    make(tmp_path / MANIFEST)  # type: ignore[operator]
    with pytest.raises(pnb.OutputError, match="no file of a download"):
        procore.download(photos, tmp_path)


def test_a_folder_that_is_a_link_to_itself_fails_its_files_only(
    procore: pnb.Procore, photos: pd.DataFrame, tmp_path: Path
) -> None:
    loop = tmp_path / "Harvard Avenue Apartments"
    loop.symlink_to(loop)
    done = _download(procore, photos, tmp_path)
    assert set(done["status"]) == {"failed"}
    assert done["reason"].str.startswith("It cannot be written").all()


def test_the_words_of_a_store_are_read_and_equal_reasons_are_counted(
    server: DemoServer, procore: pnb.Procore, photos: pd.DataFrame, tmp_path: Path
) -> None:
    server.demo.faults = read_faults(["file_expired"])
    with pytest.warns(pnb.ProcoreWarning, match=r"answered 403: Request has expired \(5\)"):
        done = procore.download(photos, tmp_path)
    assert done["reason"].nunique() == 1
