"""Connections for files: none into private networks, none that outlives a stop; progress in bytes."""

from __future__ import annotations

import gzip
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from another_procore import AnotherProcore
from every_case import every_case
from urllib3.util.ssltransport import SSLTransport

import procore_nb as pnb
from files.file_host import Procore
from procore_nb.http import Session, TransportLimits
from procore_nb.http.file_session import Destination, FileSession
from procore_nb.progress import TransferProgress, duration_text, size_text


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as one:
        one.settimeout(2)
        yield one


def _session(api: str) -> FileSession:
    place = pnb.Environment("mine", api, api)
    limits = TransportLimits(connect_seconds=2, read_seconds=2)
    return FileSession(
        Session(place, pnb.Credentials("id", "secret"), limits=limits), connections=2, total_seconds=5
    )


def _open(files: FileSession, url: str) -> None:
    files.open(Destination(url, False, False, True), {}, company_id=None, send_once=lambda send: send())


def test_a_name_that_leads_to_this_machine_gets_not_one_byte(listener: socket.socket) -> None:
    files = _session("https://api.corp.example")
    # The guard lets the name pass, as it would a name of the internet: only the connection shows where it leads.
    with pytest.raises(pnb.NetworkError, match="address of a private network") as refused:
        _open(files, f"https://localhost:{listener.getsockname()[1]}/x")
    assert not refused.value.retryable
    peer, _ = listener.accept()
    with peer:
        peer.settimeout(2)
        assert peer.recv(10) == b""
    files.close()


def test_an_api_host_inside_a_network_is_reached_for_files_too(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    files = _session(f"https://localhost:{port}")
    failures: list[Exception] = []

    def ask() -> None:
        try:
            _open(files, f"https://localhost:{port}/x")
        except pnb.NetworkError as error:
            failures.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    peer, _ = listener.accept()
    with peer:
        peer.settimeout(2)
        assert peer.recv(10)  # the beginning of TLS
    thread.join(5)
    assert "private network" not in str(failures[0])
    files.close()


def test_abort_ends_what_waits_for_bytes(listener: socket.socket) -> None:
    files = _session(f"http://127.0.0.1:{listener.getsockname()[1]}")
    ended = threading.Event()

    def ask() -> None:
        with pytest.raises(pnb.NetworkError):
            _open(files, f"http://127.0.0.1:{listener.getsockname()[1]}/x")
        ended.set()

    thread = threading.Thread(target=ask)
    thread.start()
    peer, _ = listener.accept()
    with peer:
        peer.recv(10)
        time.sleep(0.05)
        files.abort()
        assert ended.wait(1.0)
    thread.join(1)
    files.close()


def test_abort_breaks_tls_inside_the_tls_of_a_proxy(listener: socket.socket) -> None:
    files = _session(f"http://127.0.0.1:{listener.getsockname()[1]}")
    inner, peer = socket.socketpair()
    tunnel = SSLTransport.__new__(SSLTransport)  # urllib3's own, without the handshake
    tunnel.socket = inner
    files._adapters[0].sockets.add(tunnel)  # type: ignore[arg-type]
    with peer:
        peer.settimeout(1)
        files.abort()
        assert peer.recv(1) == b"", "the other side sees the end"
    files.close()


def test_a_download_shows_bytes_speed_and_time_left() -> None:
    now = [0.0]
    progress = TransferProgress("files", targets=4, expected=8_000_000, show=False, clock=lambda: now[0])
    assert progress.seconds_left() is None
    now[0] = 10.0
    progress.bytes_received(2_000_000)
    assert progress.seconds_left() == pytest.approx(30)
    assert progress._status("") == "2.0 MB, 200.0 kB/s, 30 s left"
    progress.target_done()
    progress.target_done()
    assert progress.seconds_left() == pytest.approx(10)
    assert progress._counts("2 of 4") == "2 of 4 files, 2.0 MB, 0 requests"


@every_case(("size", "text"), [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 kB"), (2.5e9, "2.5 GB")])
def test_sizes_in_few_digits(size: float, text: str) -> None:
    assert size_text(size) == text


@every_case(("seconds", "text"), [(45, "45 s"), (720, "12 min"), (12_600, "3.5 h")])
def test_lengths_of_time_in_few_digits(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


@pytest.mark.slow
def test_the_progress_of_a_download_counts_its_bytes(
    host: Procore, procore: pnb.Procore, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.photo(1, b"x" * 70_000)
    seen: list[int] = []
    monkeypatch.setattr(TransferProgress, "bytes_received", lambda self, count: seen.append(count))
    procore.download(procore.files("images", 7), tmp_path)  # type: ignore[arg-type]
    assert sum(seen) == 70_000


def test_a_redirect_gives_its_connection_back(
    host: Procore, server: AnotherProcore, procore: pnb.Procore, tmp_path: Path
) -> None:
    for number in range(1, 6):
        host.photo(number, b"one")
    files = procore.files("images", 7).assign(project_name="Here")
    before = server.connections
    procore.download(files, tmp_path, workers=1)
    assert server.connections == before + 1


def test_files_come_as_they_are_and_packed_ones_are_unpacked(
    host: Procore, patient: Callable[..., pnb.Procore], tmp_path: Path
) -> None:
    procore = patient()
    plain = random.Random(1).randbytes(900_000)
    packed = gzip.compress(plain)
    host.photo(1, packed, headers={"Content-Encoding": "gzip"}, cut_after=[800_000])
    host.photo(2, packed)
    done = procore.download(procore.files("images", 7), tmp_path)
    assert [Path(one).read_bytes() for one in done["path"]] == [plain, packed]
    assert host.store.ranges("/1") == [None, None]
    assert {headers["accept-encoding"] for _, headers in host.store.came} == {"identity"}
