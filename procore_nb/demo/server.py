"""The demo for those who speak HTTP: on a loopback port, for any client, and behind `requests`, without a network.

In: a `Demo`, and a port or prepared requests. Out: `DemoServer`, which listens on this machine only, keeps connections open (HTTP/1.1)
and answers each connection in a thread of its own; `DemoAdapter`, which gives `requests.Response` as if it had travelled.
"""

from __future__ import annotations

import gzip
import io
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from procore_nb.demo.app import Demo
from procore_nb.demo.http_messages import DemoReply, DemoRequest
from procore_nb.errors import ArgumentError

LARGEST_BODY_BYTES = 1_000_000
IDLE_SECONDS = 120
SHORTEST_PACKED_BYTES = 1_000


class DemoServer(AbstractContextManager["DemoServer"]):
    """A running demo: `close()` ends it; leaving a `with` block does too.

    `url` is the address of login host and API host alike, without trailing slash; `storage_url` that of the host that plays
    the cloud storage: another port of this machine.
    """

    def __init__(self, demo: Demo, api: _Server, storage: _Server) -> None:
        self.demo = demo
        self.port, self.url, self.storage_url = int(api.server_address[1]), api.url, storage.url
        self._servers = (api, storage)
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Stop listening and drop open connections."""
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def __exit__(self, *_error: object) -> None:
        self.close()


def serve(
    demo: Demo | None = None,
    port: int = 0,
    *,
    host: str = "127.0.0.1",
    sleep: Callable[[float], None] = time.sleep,
    compress: bool = False,
) -> DemoServer:
    """Running server of a demo, on this machine only.

    Parameters
    ----------
    demo
        Who answers; a fresh `Demo()` if not given.
    port
        Port to listen on; 0 takes a free one.
    host
        Loopback address to listen on.
    sleep
        How a late reply waits.
    compress
        Send long bodies with gzip to clients that accept it.

    Raises
    ------
    ArgumentError
        If the host is not a loopback address, or the port cannot be had.

    Examples
    --------
    >>> with serve() as server:
    ...     server.url.startswith("http://127.0.0.1:")
    True
    """
    loopback = host == "localhost"
    with suppress(ValueError):  # a name, not an address
        loopback = loopback or ip_address(host).is_loopback
    if not loopback:
        raise ArgumentError(
            f"The demo does not listen on {host}.",
            advice="Choose 127.0.0.1, ::1 or localhost: it is for this machine.",
        )
    demo = demo or Demo()
    try:
        api = _Server((host, port), demo.respond, sleep)
    except (OSError, OverflowError) as error:
        raise ArgumentError(
            f"The demo cannot listen on port {port}: {error}.",
            advice="Choose another port, or 0 for a free one.",
        ) from error
    storage = _Server((host, 0), demo.storage.respond, sleep)
    api.compress, api.storage = compress, storage.url
    return DemoServer(demo, api, storage)


class _Server(ThreadingHTTPServer):
    # A thread of an idle connection waits two minutes for its next request: closing must not wait for it.
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512  # all workers of a client connect at once; the default of 5 refuses some
    allow_reuse_address = True
    compress = False
    storage = ""  # address of the storage, for the redirects of the API

    def __init__(
        self,
        address: tuple[str, int],
        respond: Callable[[DemoRequest], DemoReply],
        sleep: Callable[[float], None],
    ) -> None:
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        self.respond, self.sleep = respond, sleep
        self._open: set[socket.socket] = set()
        super().__init__(address, _Handler)

    @property
    def url(self) -> str:
        host, port = str(self.server_address[0]), self.server_address[1]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        for connection in list(self._open):
            with suppress(OSError):  # it may have gone by itself
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say what went wrong, unless it is only that a client went away."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024
    timeout = IDLE_SECONDS

    def answer(self) -> None:
        """Answer one request of a connection, whatever its method."""
        if status := self._refusal():
            # What is left of the body would be read as the next request of this connection.
            self._send(
                DemoReply(status, [("Content-Type", "application/json"), ("Connection", "close")], b"{}")
            )
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        target = urlsplit(self.path)  # a client that takes us for a proxy writes the whole address
        headers = {name.lower(): value for name, value in self.headers.items()}
        path, storage = target.path or "/", self.server.storage
        reply = self.server.respond(
            DemoRequest(self.command, path, target.query, headers, body, storage=storage)
        )
        if reply.delay_seconds:
            self.server.sleep(reply.delay_seconds)
        packs = self.server.compress and "gzip" in self.headers.get("Accept-Encoding", "")
        if packs and len(reply.body) >= SHORTEST_PACKED_BYTES:
            packed = replace(reply, body=gzip.compress(reply.body, compresslevel=1))
            reply = packed.with_headers([("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")])
        self._send(reply)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

    def _refusal(self) -> int:
        """Status of the answer to a body that cannot be taken; 0 if it can."""
        text = self.headers.get("Content-Length", "0").strip()
        if self.headers.get("Transfer-Encoding"):
            return 411
        if not (text.isascii() and text.isdigit()):
            return 400
        return 413 if len(text) > 9 or int(text) > LARGEST_BODY_BYTES else 0

    def _send(self, reply: DemoReply) -> None:
        if reply.silent:
            self.close_connection = True
            return
        reply = reply.sized()
        self.send_response(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD" and reply.header("Content-Length") != str(len(reply.body) + reply.more):
            self.close_connection = True
        for piece in reply.pieces(self.server.sleep):
            self.wfile.write(piece)
        self.wfile.flush()

    def version_string(self) -> str:
        return "procore-nb-demo"

    def log_message(self, format: str, *args: Any) -> None:
        """Stay quiet."""


class DemoAdapter(HTTPAdapter):
    """Answers from a demo inside the process; `sleep` is how a late reply waits.

    Examples
    --------
    >>> session = requests.Session()
    >>> session.mount("https://procore.demo", DemoAdapter(Demo()))
    >>> session.get("https://procore.demo/rest/v1.0/me").status_code
    401
    """

    def __init__(self, demo: Demo, *, sleep: Callable[[float], None] = time.sleep) -> None:
        super().__init__()
        self._demo = demo
        self._sleep = sleep

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Response to a prepared request; `ReadTimeout` or `ConnectionError` where a fault says so."""
        began = time.perf_counter()
        reply = self._demo.respond(_demo_request(request)).sized()
        limit = timeout[1] if isinstance(timeout, tuple) else timeout
        wait = reply.delay_seconds if limit is None else min(reply.delay_seconds, limit)
        if wait:
            self._sleep(wait)
        if wait < reply.delay_seconds:
            raise requests.exceptions.ReadTimeout("The demo did not answer in time.", request=request)
        if reply.silent:
            broken = urllib3.exceptions.ProtocolError(
                "Connection broken: the demo closed it before any reply"
            )
            raise requests.exceptions.ConnectionError(broken, request=request)
        headers = urllib3.HTTPHeaderDict(reply.headers)
        raw = urllib3.HTTPResponse(
            body=io.BufferedReader(_BodyStream(reply.pieces(self._sleep))),
            headers=headers,
            status=reply.status,
            reason=HTTPStatus(reply.status).phrase,
            preload_content=False,
            request_method=request.method,
            original_response=cast("Any", SimpleNamespace(msg=headers, close=bool, isclosed=bool)),  # cookies
        )
        response = self.build_response(request, raw)
        response.elapsed = timedelta(seconds=time.perf_counter() - began)
        return response


class _BodyStream(io.RawIOBase):
    """Body of a reply, whose pieces may be made while it is read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces, self._rest = pieces, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._rest = self._rest or next(self._pieces, b"")
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def _demo_request(request: requests.PreparedRequest) -> DemoRequest:
    parts = urlsplit(request.url or "")
    headers: dict[str, Any] = {"host": parts.netloc}
    headers |= {name.lower(): value for name, value in request.headers.items()}
    texts = {key: text if isinstance(text, str) else text.decode("latin-1") for key, text in headers.items()}
    body: Any = request.body or b""
    if not isinstance(body, str | bytes):
        body = b"".join(body)  # an upload in pieces
    return DemoRequest(
        method=(request.method or "GET").upper(), path=parts.path or "/", query=parts.query,
        headers=texts, body=body.encode() if isinstance(body, str) else body, scheme=parts.scheme,
    )  # fmt: skip
