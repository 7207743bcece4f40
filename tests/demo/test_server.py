from __future__ import annotations

import gzip
import http.client
import json
import queue
import socket
import struct
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from procore_nb.demo import CLIENT_ID, CLIENT_SECRET, COMPANY_ID, Demo, DemoServer, Faults, serve
from procore_nb.errors import ArgumentError

from .conftest import FORM

# What curl sends for `-F grant_type=client_credentials -F client_id=… -F client_secret=…`
_EDGE = "------------------------d74496d66958873e"
_MULTIPART = (
    "".join(
        f'--{_EDGE}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in FORM.items()
    )
    + f"--{_EDGE}--\r\n"
)
_PLAIN = f"grant_type=client_credentials&client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}"


@pytest.fixture(scope="module")
def running() -> Iterator[DemoServer]:
    with serve(Demo()) as server:
        yield server


@pytest.fixture
def server(running: DemoServer) -> Iterator[DemoServer]:
    yield running
    running.demo.faults = Faults()


def _ask(
    server: DemoServer, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request(method, path, body, {"User-Agent": "curl/8", "Accept": "*/*", **(headers or {})})
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()
    finally:
        connection.close()


def _token(server: DemoServer) -> str:
    status, _, body = _ask(
        server, "POST", "/oauth/token", _PLAIN, {"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert status == 200
    return str(json.loads(body)["access_token"])


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (f"multipart/form-data; boundary={_EDGE}", _MULTIPART),
        ("application/x-www-form-urlencoded", _PLAIN),
        ("application/json", json.dumps(FORM)),
    ],
)
def test_the_documented_token_calls_work(server: DemoServer, content_type: str, body: str) -> None:
    status, headers, answer = _ask(server, "POST", "/oauth/token", body, {"Content-Type": content_type})
    assert status == 200
    assert headers["Content-Type"] == "application/json"
    assert json.loads(answer)["token_type"] == "bearer"


@pytest.mark.parametrize(
    "path", ["/rest/v1.0/projects?company_id=24816", "/rest/v1.0/me", "/rest/v1.0/companies"]
)
def test_the_documented_calls_with_a_token_work(server: DemoServer, path: str) -> None:
    headers = {"Authorization": f"Bearer {_token(server)}", "Procore-Company-Id": str(COMPANY_ID)}
    status, answered, body = _ask(server, "GET", path, headers=headers)
    assert status == 200
    assert json.loads(body)
    assert answered["X-Rate-Limit-Limit"] == "20000"


def test_the_link_leads_back_to_the_server(server: DemoServer) -> None:
    headers = {"Authorization": f"Bearer {_token(server)}", "Procore-Company-Id": str(COMPANY_ID)}
    _, answered, _ = _ask(server, "GET", "/rest/v1.0/projects?company_id=24816&per_page=50", headers=headers)
    assert answered["Link"].startswith(f"<{server.url}/rest/v1.0/projects?page=2&per_page=50>")


def test_one_connection_serves_many_calls(server: DemoServer) -> None:
    headers = {"Authorization": f"Bearer {_token(server)}", "Procore-Company-Id": str(COMPANY_ID)}
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    for method in ("GET", "HEAD", "GET"):
        connection.request(method, "/rest/v1.0/me", headers=headers)
        response = connection.getresponse()
        length = len(response.read())
        assert response.status == 200
        assert response.version == 11
        assert length == (0 if method == "HEAD" else int(response.headers["Content-Length"]))
    connection.close()


@pytest.mark.slow
def test_many_clients_are_served_side_by_side(server: DemoServer) -> None:
    headers = {"Authorization": f"Bearer {_token(server)}", "Procore-Company-Id": str(COMPANY_ID)}
    statuses: list[int] = []

    def run() -> None:
        for _ in range(4):
            statuses.append(_ask(server, "GET", "/rest/v1.1/projects?company_id=24816", headers=headers)[0])

    threads = [threading.Thread(target=run) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 64


def _raw(server: DemoServer, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(request)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
        return b"".join(parts)


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("Content-Length: 9999999999", 413),
        ("Content-Length: 2000000", 413),
        ("Content-Length: -1", 400),
        ("Content-Length: x", 400),
        ("Transfer-Encoding: chunked", 411),
    ],
)
def test_a_body_that_cannot_be_taken_is_refused(server: DemoServer, line: str, status: int) -> None:
    answer = _raw(server, f"POST /oauth/token HTTP/1.1\r\nHost: x\r\n{line}\r\n\r\n".encode())
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())


def test_a_whole_address_in_the_request_line_is_understood(server: DemoServer) -> None:
    answer = _raw(server, b"GET http://x/rest/v1.0/me?a=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 401 ")


def test_an_old_client_gets_one_answer_and_the_end(server: DemoServer) -> None:
    assert _raw(server, b"GET /rest/v1.0/me HTTP/1.0\r\n\r\n").endswith(b"}")


def test_a_dropped_connection_ends_before_its_length(server: DemoServer) -> None:
    headers = {"Authorization": f"Bearer {_token(server)}", "Procore-Company-Id": str(COMPANY_ID)}
    server.demo.faults = Faults().always("dropped")
    with pytest.raises(http.client.IncompleteRead):
        _ask(server, "GET", "/rest/v1.0/me", headers=headers)


@pytest.mark.parametrize(("accepted", "encoding"), [("gzip, deflate", "gzip"), ("identity", None)])
def test_long_bodies_are_packed_for_who_accepts_it(accepted: str, encoding: str | None) -> None:
    path = f"/rest/v1.1/projects?company_id={COMPANY_ID}"
    with serve(compress=True) as server, serve() as plain:
        headers = {"Procore-Company-Id": str(COMPANY_ID), "Accept-Encoding": accepted}
        status, found, body = _ask(
            server, "GET", path, headers={**headers, "Authorization": f"Bearer {_token(server)}"}
        )
        whole = _ask(plain, "GET", path, headers={**headers, "Authorization": f"Bearer {_token(plain)}"})[2]
    assert (status, found.get("Content-Encoding")) == (200, encoding)
    assert (gzip.decompress(body) if encoding else body) == whole
    assert (len(body) < len(whole) / 4) == (encoding is not None)


def test_a_silent_connection_ends_without_a_word(server: DemoServer) -> None:
    headers = {"Authorization": f"Bearer {_token(server)}", "Procore-Company-Id": str(COMPANY_ID)}
    server.demo.faults = Faults().always("silent")
    with pytest.raises(http.client.RemoteDisconnected):
        _ask(server, "GET", "/rest/v1.0/me", headers=headers)


def test_a_cut_body_arrives_whole_and_is_no_json(server: DemoServer) -> None:
    headers = {"Authorization": f"Bearer {_token(server)}", "Procore-Company-Id": str(COMPANY_ID)}
    server.demo.faults = Faults().always("cut")
    status, _, body = _ask(server, "GET", "/rest/v1.0/me", headers=headers)
    assert status == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)


def test_a_late_reply_waits_with_the_given_sleep() -> None:
    slept: list[float] = []
    with serve(Demo(faults=Faults().always("slow", 0.15)), sleep=slept.append) as running:
        assert _ask(running, "GET", "/rest/v1.0/me")[0] == 401
    assert slept == [0.15]


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "procore.example", ""])
def test_it_listens_on_this_machine_only(host: str) -> None:
    with pytest.raises(ArgumentError, match="does not listen"):
        serve(host=host)


def test_a_port_that_is_taken_is_an_argument_error(server: DemoServer) -> None:
    with pytest.raises(ArgumentError, match="port"):
        serve(port=server.port)


@pytest.mark.parametrize("port", [-1, 70_000])
def test_a_port_that_cannot_be_is_an_argument_error(port: int) -> None:
    with pytest.raises(ArgumentError, match="port"):
        serve(port=port)


def test_a_client_that_goes_away_is_no_error(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    handled: queue.Queue[socket.socket] = queue.Queue()
    with serve() as running:
        monkeypatch.setattr(running._servers[0], "shutdown_request", handled.put)
        connection = socket.create_connection(("127.0.0.1", running.port), timeout=10)
        connection.sendall(b"POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()  # at once, with a reset
        request = handled.get(timeout=10)  # still among the open connections that the end of the block closes
    request.close()
    assert capfd.readouterr().err == ""


def test_closing_ends_open_connections() -> None:
    running = serve()
    connection = socket.create_connection(("127.0.0.1", running.port), timeout=10)
    connection.sendall(b"GET /rest/v1.0/me HTTP/1.1\r\nHost: x\r\n\r\n")
    assert connection.recv(12) == b"HTTP/1.1 401"
    running.close()
    received: Any = b"-"
    while received:
        received = connection.recv(65536)
    connection.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", running.port), timeout=2)
