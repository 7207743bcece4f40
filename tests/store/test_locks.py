"""The lock, and links where a store expects files and folders of its own."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from procore_nb.errors import StoreError
from procore_nb.store import Store
from procore_nb.store.files import locked
from store.killing import sync
from store.living import World

posix = pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")


@posix
@pytest.mark.parametrize("second_name", [os.symlink, os.link])
def test_a_lock_that_leads_to_another_file_is_refused_and_that_file_is_as_it_was(
    tmp_path: Path, second_name: Any
) -> None:
    precious = tmp_path / "precious"
    precious.write_text("not ours")
    (tmp_path / "portfolio").mkdir()
    second_name(precious, tmp_path / "portfolio" / "_lock")
    with pytest.raises(StoreError, match=r"_lock is (a symbolic link|not a file of its own)"):
        sync(World(projects=2), tmp_path / "portfolio", lists=["rfis"])
    assert precious.read_text() == "not ours"
    (tmp_path / "portfolio" / "_lock").unlink()
    sync(World(projects=2), tmp_path / "portfolio", lists=["rfis"])


@posix
def test_a_lock_that_is_a_pipe_or_a_folder_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "_lock")
    with pytest.raises(StoreError, match="not a file of its own"), locked(Store(tmp_path)._files):
        pass
    (tmp_path / "_lock").unlink()
    (tmp_path / "_lock").mkdir()
    with pytest.raises(StoreError, match="cannot be opened"), locked(Store(tmp_path)._files):
        pass


@posix
@pytest.mark.parametrize("leads", ["somewhere", "nowhere"])
@pytest.mark.slow
def test_a_table_folder_that_is_a_link_can_be_synced_again(tmp_path: Path, leads: str) -> None:
    world, folder = World(projects=3), tmp_path / "portfolio"
    sync(world, folder, lists=["rfis"])
    rows = len(Store(folder).table("rfis"))
    elsewhere = tmp_path / "elsewhere"
    (folder / "rfis").rename(elsewhere)
    (folder / "rfis").symlink_to(elsewhere)
    if leads == "nowhere":
        shutil.rmtree(elsewhere)
    for _ in range(2):
        world.pass_time(hours=1)
        world.add("rfis", str(world.projects[0]))
        rows += 1
        sync(world, folder, lists=["rfis"])
        assert len(Store(folder).table("rfis")) == rows
    assert not (folder / "rfis").is_symlink()
    assert elsewhere.exists() == (leads == "somewhere"), "what a link leads to is not ours to remove"


def test_a_copy_of_a_store_is_read_without_writing_to_it(tmp_path: Path) -> None:
    world = World(projects=2)
    sync(world, tmp_path / "portfolio", lists=["rfis"])
    before = {one: one.stat().st_mtime_ns for one in (tmp_path / "portfolio").rglob("*")}
    frame = Store(tmp_path / "portfolio").table("rfis")
    assert isinstance(frame, pd.DataFrame)
    assert before == {one: one.stat().st_mtime_ns for one in (tmp_path / "portfolio").rglob("*")}
