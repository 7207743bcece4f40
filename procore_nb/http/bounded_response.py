"""A response within limits: one time for the whole of it, one size for its body, however it is sent or compressed.

In: connections of requests and urllib3, and the limits. Out: the body of a response, or an error. Speaks to no service by
itself.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from procore_nb import hints
from procore_nb.errors import IncompleteError

# Each piece read hands the interpreter to other threads and waits to get it back: in pieces of 10 kB, which is requests'
# own size, a long page comes late while another thread makes columns.
_PIECE = 1 << 20  # bytes
_CODINGS = ("", "identity", "gzip", "x-gzip", "deflate")


class ResponseTimeoutError(TimeoutError):
    """The time for one whole response is over, although bytes were still coming."""


class PrivateAddressError(OSError):
    """A host that files are fetched from leads into a private network or to this machine."""


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
    """The network, where a response has one time in all, nothing is printed for debugging, and peers may be refused.

    The read timeout of requests starts anew with every byte: a byte every half second would keep a request for ever.
    What a name leads to is known once the connection is made: nothing was sent then, and `allowed` is given the address.
    Through a proxy, that is the proxy's affair.
    """

    def __init__(
        self, total_seconds: float, allowed: Callable[[str], bool] | None = None, **settings: Any
    ) -> None:
        self.sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._of_connections = {"total_seconds": total_seconds, "sockets": self.sockets}
        self._allowed = allowed
        super().__init__(**settings)

    def init_poolmanager(self, *settings: Any, **named: Any) -> None:
        """Make the pools of direct connections."""
        super().init_poolmanager(*settings, **named)
        _bound(
            self.poolmanager,
            self._of_connections | {"allowed": self._allowed and staticmethod(self._allowed)},
        )

    def proxy_manager_for(self, *settings: Any, **named: Any) -> Any:
        """Return the pools of connections through a proxy."""
        return _bound(super().proxy_manager_for(*settings, **named), self._of_connections)


def _bound(manager: Any, attributes: Mapping[str, Any]) -> Any:
    """Have a pool manager make connections of the class below, with these attributes."""
    for scheme, pool in (*manager.pool_classes_by_scheme.items(),):
        base = pool.ConnectionCls
        if not issubclass(base, _BoundedConnection):
            connection = type(base.__name__, (_BoundedConnection, base), dict(attributes))
            bounded = type(pool.__name__, (pool,), {"ConnectionCls": connection})
            manager.pool_classes_by_scheme = manager.pool_classes_by_scheme | {scheme: bounded}
    return manager


class _BoundedConnection:
    """Goes before urllib3's connection class: the sum of all waits for one response is bounded."""

    debuglevel = 0  # http.client.HTTPConnection.debuglevel = 1 would print the token and the secret
    total_seconds: float
    sockets: weakref.WeakSet[socket.socket]
    allowed: Callable[[str], bool] | None = None
    _until = 0.0

    def _new_conn(self) -> socket.socket:
        connected: socket.socket = super()._new_conn()  # type: ignore[misc]
        if self.allowed and not self.allowed(str(connected.getpeername()[0])):
            connected.close()
            raise PrivateAddressError("an address of a private network")
        return connected

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        self.sockets.add(self.sock)  # type: ignore[attr-defined]

    def putrequest(self, *settings: Any, **named: Any) -> Any:
        self._until = time.monotonic() + self.total_seconds
        return super().putrequest(*settings, **named)  # type: ignore[misc]

    def response_class(self, sock: Any, *settings: Any, **named: Any) -> http.client.HTTPResponse:
        """What http.client makes responses with."""
        response = http.client.HTTPResponse(sock, *settings, **named)
        until = self._until or time.monotonic() + self.total_seconds
        response.fp.close()
        limit = f"within {self.total_seconds:,g} seconds"
        response.fp = io.BufferedReader(_BoundedReader(sock, until, limit), 1 << 16)
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
    if coding not in _CODINGS:
        raise requests.exceptions.ContentDecodingError(f"unknown content encoding {coding[:40]!r}")
    pieces: list[bytes] = []
    size = 0
    # From 2.6 on urllib3 decompresses no more than one piece at a time: a megabyte of zeros is a kilobyte on its way.
    for piece in response.raw.stream(_PIECE, decode_content=True):
        pieces.append(piece)
        size += len(piece)
        if size > limits.most_bytes:
            address = urlsplit(str(response.url))
            sent = response.raw.tell()  # urllib3 does not count bytes that come in chunks
            as_sent = f" ({sent / 2**20:,.1f} MiB as sent)" if sent else ""
            raise IncompleteError(
                f"{address.hostname}{address.path} sent a response of more than {limits.most_bytes / 2**20:,.0f} MiB"
                f"{as_sent}, which was not read further.",
                status=response.status_code,
                retryable=False,
                advice=hints.TOO_LARGE,
            )
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)
