"""The demo on a loopback port, for clients that speak HTTP and know nothing of us.

In: a `Demo` and a port. Out: `DemoServer`. It listens on this machine only, keeps connections open (HTTP/1.1), and answers
each connection in a thread of its own.
"""

from __future__ import annotations

import gzip
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from procore_nb.demo.app import Demo
from procore_nb.demo.http_messages import DemoReply, DemoRequest
from procore_nb.errors import ArgumentError

LARGEST_BODY_BYTES = 1_000_000
IDLE_SECONDS = 120
SHORTEST_PACKED_BYTES = 1_000


class DemoServer(AbstractContextManager["DemoServer"]):
    """A running demo: `url` says where, `close()` ends it; leaving a `with` block does too."""

    def __init__(self, demo: Demo, api: _Server, storage: _Server) -> None:
        self.demo = demo
        self._servers = (api, storage)
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def port(self) -> int:
        """Port it listens on."""
        return int(self._servers[0].server_address[1])

    @property
    def url(self) -> str:
        """Address without trailing slash: login host and API host alike."""
        return self._servers[0].url

    @property
    def storage_url(self) -> str:
        """Address of the host that plays the cloud storage: another port of this machine."""
        return self._servers[1].url

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
    if host != "localhost" and not _is_loopback(host):
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


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512
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
            refused = [("Content-Type", "application/json"), ("Connection", "close")]
            self._send(DemoReply(status, refused, b"{}"))
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        target = urlsplit(self.path)  # a client that takes us for a proxy writes the whole address
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = DemoRequest(
            self.command, target.path or "/", target.query, headers, body, storage=self.server.storage
        )
        reply = self.server.respond(request)
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
        for piece in reply.pieces():
            if reply.pause_seconds:
                self.server.sleep(reply.pause_seconds)
            self.wfile.write(piece)
        self.wfile.flush()

    def version_string(self) -> str:
        """Name of the server."""
        return "procore-nb-demo"

    def log_message(self, format: str, *args: Any) -> None:
        """Stay quiet."""
