from __future__ import annotations

import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import platformdirs
import pytest
from another_procore import COMPANY, SECRET, Asked, Said

import procore_nb as pnb
from client.test_portfolio import RFIS, portfolio, refusing
from procore_nb.fetch import ListRequest, fetch_json, response_cache
from procore_nb.fetch.pages import PageRequest
from procore_nb.fetch.workers import WorkerPool

pytest.importorskip("requests_cache")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where responses are kept in this test."""
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda *_, **__: str(tmp_path / "kept"))
    return tmp_path / "kept"


def files(folder: Path) -> list[Path]:
    return sorted(one for one in folder.rglob("*") if one.is_file())


def test_a_kept_response_that_cannot_be_read_is_not_read_again(another, connected, folder) -> None:  # type: ignore[no-untyped-def]
    """As after a change of the catalogue, which says where in a body the rows are."""
    path = "/rest/v1.0/projects/1/unknown_rows"
    waits: list[float] = []
    procore = connected(another({path: [{"id": 1}]}), cache="1h")
    procore.policy = replace(procore.policy, sleep=waits.append)
    request = ListRequest(path, company_id=COMPANY)
    assert fetch_json(procore.session, request, policy=procore.policy)

    def refused(response: Any) -> None:
        raise pnb.IncompleteError("no list in it", retryable=True)

    procore.policy.cache.begin(request)
    pool, page = WorkerPool(procore.session, procore.policy, threads=0), PageRequest(request, 1, 1, ())
    with pytest.raises(pnb.IncompleteError):
        pool.fetch_as(page, refused)
    assert waits == []


def test_an_equal_request_is_not_sent_again_and_the_frame_says_so(another, connected, folder) -> None:  # type: ignore[no-untyped-def]
    server = another(portfolio(3, 25))
    fresh = connected(server, cache="1h").table("rfis", projects="all")
    assert "cached" not in fresh.attrs["procore"]
    sent = len(server.calls)
    again = connected(server, cache="1h")
    kept = again.table("rfis", projects="all")
    pd.testing.assert_frame_equal(kept, fresh)
    about = kept.attrs["procore"]
    assert (about["requests"], about["total"], about["cached"]["responses"]) == (0, 75, about["pages"])
    assert about["cached"]["oldest"] <= kept.attrs["procore"]["fetched_at"]
    assert again.count("rfis", projects=[1])["rows"].tolist() == [25]
    assert len(server.calls) == sent + 1
    again.table("rfis", projects=[1], status="open")  # another request
    assert len(server.calls) == sent + 2


def test_without_cache_nothing_is_kept(another, connected, folder) -> None:  # type: ignore[no-untyped-def]
    server = another(portfolio(1, 2))
    procore = connected(server)
    procore.table("rfis", project_id=1)
    procore.table("rfis", project_id=1)
    assert len(server.calls) == 2
    assert not folder.exists()
    assert procore.clear_cache() == 0


def test_no_account_company_or_environment_reads_the_rows_of_another(another, connected, folder) -> None:  # type: ignore[no-untyped-def]
    def anyone(asked: Asked) -> Said | None:
        if asked.path == "/oauth/token":
            server.good.add("anybody")
            return Said(200, {"access_token": "anybody", "token_type": "bearer", "expires_in": 60})
        return Said(200, [{"id": 1}], [("total", "1")]) if asked.path == RFIS.format(1) else None

    server = another(twist=anyone)
    elsewhere = pnb.Environment("elsewhere", server.url, server.url.replace("127.0.0.1", "localhost"))
    for other in (
        {}, {"credentials": pnb.Credentials("somebody", "s")}, {"company_id": 12},
        {"credentials": lambda: pnb.Credentials("vault", "s")}, {"environment": elsewhere},
    ):  # fmt: skip
        before = len(server.calls)
        connected(server, cache="1h", **other).table("rfis", project_id=1)
        assert len(server.calls) == before + 1, other
    connected(server, cache="1h", credentials=lambda: pnb.Credentials("vault", "s")).table(
        "rfis", project_id=1
    )
    assert len(server.calls) == before + 1


def test_files_are_their_owners_and_hold_no_token_or_secret(another, connected, folder) -> None:  # type: ignore[no-untyped-def]
    def echo(asked: Asked) -> Said | None:
        if asked.path != RFIS.format(1):
            return None
        token = asked.headers["authorization"].removeprefix("Bearer ")
        return Said(
            200,
            [{"id": 1, "subject": token}],
            [("x-token", token), ("set-cookie", "session=1"), ("total", "1")],
        )

    server = another(twist=echo)
    connected(server, cache="1h").table("rfis", project_id=1)
    kept = files(folder)
    assert len(kept) == 2
    for path in kept:
        whole = response_cache.zlib.decompress(path.read_bytes()[32:]).decode()
        assert not [one for one in (*server.tokens, SECRET, "session=1") if one in whole]
        if os.name == "posix":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
def test_a_file_that_others_may_write_is_its_owners_again(another, connected, folder) -> None:  # type: ignore[no-untyped-def]
    server = another(portfolio(1, 3))
    connected(server, cache="1h").table("rfis", project_id=1)
    for path in files(folder):
        path.write_bytes(b"")
        path.chmod(0o666)
    kept = files(folder)[0].parent
    kept.chmod(0o755)
    connected(server, cache="1h").table("rfis", project_id=1)
    filled = [one for one in files(folder) if one.stat().st_size]
    assert {stat.S_IMODE(one.stat().st_mode) for one in filled} == {0o600}
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700
    assert len(filled) == 2


HARMS: list[Callable[[Path], Any]] = [lambda path: path.write_bytes(path.read_bytes()[:-3]), Path.unlink,
                                  lambda path: path.write_bytes(b"\x80\x04nonsense" * 9), lambda path: path.write_bytes(b""),
                                  lambda path: path.write_bytes(bytes(32) + path.read_bytes()[32:])]  # fmt: skip


def test_a_damaged_file_is_fetched_again(another, connected, folder) -> None:  # type: ignore[no-untyped-def]
    server = another(portfolio(1, 12), clamp=5)
    fresh = connected(server, cache="1h").table("rfis", project_id=1)
    for path, harm in product(files(folder), HARMS):
        whole = path.read_bytes()
        harm(path)
        sent = len(server.calls)
        pd.testing.assert_frame_equal(connected(server, cache="1h").table("rfis", project_id=1), fresh)
        assert len(server.calls) > sent
        path.write_bytes(whole)


def test_what_failed_or_came_in_part_is_not_kept(another, connected, folder) -> None:  # type: ignore[no-untyped-def]
    def cut(asked: Asked) -> Said | None:
        return Said(403, {"message": "No."}) if asked.one("page") == "3" else None

    server = another(portfolio(2, 12), twist=cut, clamp=5)
    for _ in range(2):
        with pytest.raises(pnb.AccessError):
            connected(server, cache="1h").table("rfis", project_id=1)
    assert len([one for one in server.calls if one.one("page") == "1"]) == 2
    server.twist = refusing(404, 2)
    with pytest.warns(pnb.ProcoreWarning):
        connected(server, cache="1h").table("rfis", projects=[1, 2])
    server.twist = None
    frame = connected(server, cache="1h").table("rfis", projects=[1, 2])
    assert frame.attrs["procore"]["requests"] == 3
    assert frame["project_id"].value_counts().to_dict() == {1: 12, 2: 12}


def test_a_response_is_forgotten_after_its_time_and_on_request(
    another, connected, folder, monkeypatch
) -> None:  # type: ignore[no-untyped-def]
    server = another(portfolio(1, 2))
    procore = connected(server, cache=3600)
    procore.table("rfis", project_id=1)
    monkeypatch.setattr(procore.policy.cache, "_clock", lambda: response_cache.time.time() + 3601)
    procore.table("rfis", project_id=1)
    assert len(server.calls) == 2
    monkeypatch.setattr(procore.policy.cache, "_clock", lambda: response_cache.time.time() - 60)
    procore.table("rfis", project_id=1)  # what is kept is of a time to come: the clock was wrong
    assert len(server.calls) == 3
    assert procore.clear_cache() == 4  # three pages, and which counts
    for path in files(folder):
        raise AssertionError(path)
    connected(server, cache="1h").table("rfis", project_id=1)
    for path in files(folder):
        os.utime(path, (1, 1))
    connected(server, cache="60m")  # whoever opens it removes what is too old
    assert not files(folder)


def test_get_and_record_are_kept_and_a_store_fetches_anew(another, connected, folder, tmp_path) -> None:  # type: ignore[no-untyped-def]
    one = {"id": 101, "subject": "s"}
    server = another(
        portfolio(1, 2), twist=lambda asked: Said(200, one) if asked.path.endswith("/101") else None
    )
    procore = connected(server, cache="1h")
    for _ in range(2):
        assert procore.get(RFIS.format(1) + "/101") == one
        assert procore.record("rfis", 101, project_id=1)["subject"].tolist() == ["s"]
        assert len(procore.table("rfis", project_id=1)) == 2
    assert len(server.calls) == 3
    for _ in range(2):
        pnb.Store(tmp_path / "store").sync(procore, "rfis", projects=[1], full=True, progress=False)
    assert len([asked for asked in server.calls[3:] if asked.path == RFIS.format(1)]) >= 2


def test_a_list_without_a_total_is_read_whole_from_the_disk(another, connected, folder) -> None:  # type: ignore[no-untyped-def]
    server = another(portfolio(1, 23), without=("total", "link", "per-page"), clamp=4)
    fresh = connected(server, cache="1h").table("rfis", project_id=1)
    sent = len(server.calls)
    pd.testing.assert_frame_equal(connected(server, cache="1h").table("rfis", project_id=1), fresh)
    assert len(server.calls) == sent


@pytest.mark.parametrize("value", ["soon", 0, -5, True, "40d", "0s", [1]])
def test_cache_is_a_length_of_time(another, connected, folder, value) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(pnb.ArgumentError, match="cache"):
        connected(another(), cache=value)


def test_without_the_library_one_line_says_what_to_install(another, connected, folder, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    def absent(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(response_cache, "import_module", absent)
    with pytest.raises(pnb.MissingExtraError, match=r"procore-nb\[cache\]"):
        connected(another(), cache="1h")


def test_threads_share_the_cache_and_a_forked_process_has_files_of_its_own(  # type: ignore[no-untyped-def]
    another, connected, folder, monkeypatch
) -> None:
    server = another(portfolio(4, 9), clamp=4)
    procore = connected(server, cache="1h")
    whole = procore.table("rfis", projects=[1, 2, 3, 4])
    sent = len(server.calls)
    with ThreadPoolExecutor(4) as pool:
        frames = list(pool.map(lambda _: procore.table("rfis", projects=[1, 2, 3, 4]), range(4)))
    assert all(frame.equals(whole) for frame in frames)
    parents_lock = procore.policy.cache._open()._lock  # a thread may hold it at a fork
    monkeypatch.setattr(response_cache.os, "getpid", lambda: -1)
    assert procore.table("rfis", projects=[1, 2, 3, 4]).equals(whole)
    assert procore.policy.cache._open()._lock is not parents_lock
    assert len(server.calls) == sent
