"""Files beside the tables of a store: once each, under hashes, removed only when asked for."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from another_procore import AnotherProcore
from files.file_host import Procore
from files.file_host import Store as FileStore

import procore_nb as pnb


@pytest.fixture
def host() -> Iterator[Procore]:
    with FileStore() as store:
        yield Procore(store)


@pytest.fixture
def procore(
    host: Procore, another: Callable[..., AnotherProcore], connected: Callable[..., pnb.Procore]
) -> pnb.Procore:
    server = another({"/rest/v1.0/projects/7/rfis": [{"id": 1, "subject": "Lights"}]}, twist=host)
    host.url, host.good = server.url, server.good
    for number in (1, 2):
        host.photo(number, b"body %d" % number, name=f"Jane Doe {number}.jpg")
    return connected(server)


def _sync(store: pnb.Store, procore: pnb.Procore, **options: Any) -> dict[str, Any]:
    result = store.sync(procore, ["images"], projects=[7], files=["images"], **options)
    counts: dict[str, Any] = result.attrs["procore"]["files"]
    return counts


def test_files_are_kept_once_each_under_hashes(host: Procore, procore: pnb.Procore, tmp_path: Path) -> None:
    store = pnb.Store(tmp_path / "store")
    assert _sync(store, procore) == {"images": {"saved": 2}}
    assert _sync(store, procore) == {"images": {"present": 2}}
    assert len(host.store.came) == 2
    kept = store.kept_files("images")
    assert kept["record_id"].tolist() in ([1, 2], [2, 1])
    assert sorted(Path(one).read_bytes() for one in kept["path"]) == [b"body 1", b"body 2"]
    there = [one for one in (tmp_path / "store").rglob("*") if one.is_file()]
    assert not [one for one in there if "Jane" in one.name or "Lenox" in str(one)]
    manifest = tmp_path / "store" / "_files" / "images" / "manifest.jsonl"
    assert "Jane" not in manifest.read_text(encoding="utf-8")
    assert stat.S_IMODE((tmp_path / "store" / "_files").stat().st_mode) == 0o700


def test_files_of_a_store_are_no_table(procore: pnb.Procore, tmp_path: Path) -> None:
    store = pnb.Store(tmp_path / "store")
    _sync(store, procore)
    assert store.tables()["table"].tolist() == ["images"]


def test_files_of_records_that_are_gone_stay_until_they_are_pruned(
    host: Procore, procore: pnb.Procore, tmp_path: Path
) -> None:
    store = pnb.Store(tmp_path / "store")
    _sync(store, procore)
    assert store.prune_files().values.tolist() == [["images", 0, 0]]
    del host.photos[0]
    assert _sync(store, procore, full=True) == {"images": {"present": 1}}
    assert len(store.kept_files("images")) == 2
    assert store.prune_files().values.tolist() == [["images", 1, 6]]
    kept = store.kept_files("images")
    assert kept["record_id"].tolist() == [2]
    files = list((tmp_path / "store" / "_files").rglob("*.jpg"))
    assert [str(one) for one in files] == kept["path"].tolist()


def test_a_table_without_files_says_so(procore: pnb.Procore, tmp_path: Path) -> None:
    store = pnb.Store(tmp_path / "store")
    with pytest.raises(pnb.ArgumentError, match="rfis has no files"):
        store.sync(procore, ["rfis"], projects=[7], files="rfis")
    assert store.kept_files("rfis").empty


def test_stores_at_addresses_keep_no_files(procore: pnb.Procore) -> None:
    store = pnb.Store("memory://files-store")
    with pytest.raises(pnb.ArgumentError, match="this machine's disks only"):
        store.sync(procore, ["images"], projects=[7], files=["images"])
    assert not procore.session.shared.rate_limiter.requests
