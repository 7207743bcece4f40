"""A response within limits: one time for the whole of it, one size for its body, however it is sent or compressed.

In: connections of requests and urllib3, and the limits. Out: the body of a response, or an error. Speaks to no service by
itself.
"""

from __future__ import annotations

import http.client
import io
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from procore_nb import hints
from procore_nb.errors import IncompleteError
from procore_nb.http.network_errors import ResponseTimeoutError

# Each piece read hands the interpreter to other threads and waits to get it back: in pieces of 10 kB, which is requests'
# own size, a long page comes late while another thread makes columns.
_PIECE = 1 << 20  # bytes
_WINDOW_BITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}  # what zlib calls each content encoding


@dataclass(frozen=True)
class TransportLimits:
    """How long one request may take (`total_seconds`: to the last byte, however steadily bytes come), how much may come back.

    `most_bytes` is the largest body, decompressed. A few compressed megabytes can otherwise fill the memory.
    """

    connect_seconds: float = 10.0
    read_seconds: float = 60.0
    total_seconds: float = 300.0
    most_bytes: int = 256 * 2**20

    @property
    def timeout(self) -> tuple[float, float]:
        """The two waits as requests takes them."""
        return self.connect_seconds, self.read_seconds


class BoundedAdapter(HTTPAdapter):
    """The network, where a response has one time in all and nothing is printed for debugging.

    The read timeout of requests starts anew with every byte: a byte every half second would keep a request for ever.
    """

    def __init__(self, total_seconds: float, **settings: Any) -> None:
        self._total_seconds = total_seconds
        super().__init__(**settings)

    def init_poolmanager(self, *settings: Any, **named: Any) -> None:
        """Make the pools of direct connections."""
        super().init_poolmanager(*settings, **named)
        self._bound(self.poolmanager)

    def proxy_manager_for(self, *settings: Any, **named: Any) -> Any:
        """Return the pools of connections through a proxy."""
        manager = super().proxy_manager_for(*settings, **named)
        self._bound(manager)
        return manager

    def _bound(self, manager: Any) -> None:
        bounded = {}
        for scheme, pool in manager.pool_classes_by_scheme.items():
            connection = pool.ConnectionCls
            if not issubclass(connection, _BoundedConnection):
                settings = {"total_seconds": self._total_seconds}
                connection = type(connection.__name__, (_BoundedConnection, connection), settings)
                pool = type(pool.__name__, (pool,), {"ConnectionCls": connection})
            bounded[scheme] = pool
        manager.pool_classes_by_scheme = bounded


class _BoundedConnection:
    """Goes before urllib3's connection class: the sum of all waits for one response is bounded."""

    debuglevel = 0  # http.client.HTTPConnection.debuglevel = 1 would print the token and the secret
    total_seconds: float
    _until = 0.0

    def putrequest(self, *settings: Any, **named: Any) -> Any:
        self._until = time.monotonic() + self.total_seconds
        return super().putrequest(*settings, **named)  # type: ignore[misc]

    def response_class(self, sock: Any, *settings: Any, **named: Any) -> http.client.HTTPResponse:
        """Stand in for the class that http.client makes responses of."""
        response = http.client.HTTPResponse(sock, *settings, **named)
        until = self._until or time.monotonic() + self.total_seconds
        response.fp.close()
        response.fp = io.BufferedReader(
            _BoundedReader(sock, until, f"within {self.total_seconds:,g} seconds"), 1 << 16
        )
        return response


class _BoundedReader(io.RawIOBase):
    """The bytes of one response, as long as its time lasts."""

    def __init__(self, sock: Any, until: float, limit: str) -> None:
        self._socket, self._until, self._limit = sock, until, limit
        self._between_pieces: float | None = sock.gettimeout()
        self._bytes = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise ResponseTimeoutError(self._limit)
        self._socket.settimeout(left if self._between_pieces is None else min(self._between_pieces, left))
        try:
            count: int | None = self._bytes.readinto(buffer)
        except TimeoutError:
            if time.monotonic() >= self._until:
                raise ResponseTimeoutError(self._limit) from None
            raise
        return count

    def close(self) -> None:
        self._bytes.close()
        super().close()


def read_body(response: requests.Response, limits: TransportLimits) -> bytes:
    """Return the whole body, decompressed; never more of it in memory than the limit and one piece."""
    coding = response.headers.get("content-encoding", "").strip().lower()
    pieces: list[bytes] = []
    sent = size = 0
    inflate = _Inflater(coding) if coding not in ("", "identity") else None
    for piece in response.raw.stream(_PIECE, decode_content=False):
        sent += len(piece)
        for part in inflate.parts(piece) if inflate else (piece,):
            pieces.append(part)
            size += len(part)
            if size > limits.most_bytes:
                raise _too_large(response, sent, limits)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


class _Inflater:
    """Decompresses gzip or deflate in parts of bounded size."""

    def __init__(self, coding: str) -> None:
        if coding not in _WINDOW_BITS:
            raise requests.exceptions.ContentDecodingError(f"unknown content encoding {coding[:40]!r}")
        self._bits = _WINDOW_BITS[coding]
        self._zlib = zlib.decompressobj(self._bits)
        self._begun = False

    def parts(self, data: bytes) -> Iterator[bytes]:
        """Return what a piece of the compressed body holds."""
        part = b""
        while data or len(part) == _PIECE:  # a full part: more may be waiting inside
            further = self._zlib.eof  # gzip allows several members, one after the other
            if further:
                self._zlib = zlib.decompressobj(self._bits)
            try:
                part = self._zlib.decompress(data, _PIECE)
            except zlib.error:
                if further:  # padding after the end
                    return
                if self._begun or self._bits != 15:
                    raise
                self._bits = -15  # some servers send deflate without its two bytes in front
                self._zlib = zlib.decompressobj(self._bits)
                part = self._zlib.decompress(data, _PIECE)
            self._begun = True
            yield part
            data = self._zlib.unused_data if self._zlib.eof else self._zlib.unconsumed_tail


def _too_large(response: requests.Response, sent: int, limits: TransportLimits) -> IncompleteError:
    parts = urlsplit(str(response.url))
    return IncompleteError(
        f"{parts.hostname}{parts.path} sent a response of more than {limits.most_bytes / 2**20:,.0f} MiB "
        f"({sent / 2**20:,.1f} MiB as sent), which was not read further.",
        status=response.status_code,
        retryable=False,
        advice=hints.TOO_LARGE,
    )
