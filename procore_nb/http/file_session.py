"""Files over HTTP: a response of any size, read in pieces, from Procore's hosts with the token and from stores without.

In: a `Destination`. Out: a `FileResponse` to read. Speaks to the hosts that `destination` allows, one request at a time;
what follows (a redirect, a second attempt) is decided by its caller.
"""

from __future__ import annotations

import socket
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import requests

from procore_nb.credentials import Secret
from procore_nb.environments import Environment, is_loopback
from procore_nb.errors import ProcoreError
from procore_nb.http.bounded_response import BoundedAdapter
from procore_nb.http.destination import Destination, is_private
from procore_nb.http.network_errors import PrivateAddressError
from procore_nb.http.session import Session
from procore_nb.http.transport import BearerAuth, NoRedirectSession, guarded
from procore_nb.responses import Response, error_from

_PIECE = 1 << 18  # bytes
_MOST_OF_AN_ERROR = 1 << 16  # bytes


class FileSession:
    """Sends requests for files; its connections are its own, and few."""

    def __init__(self, session: Session, *, connections: int, total_seconds: float) -> None:
        self._session = session
        self._limits = replace(session.limits, total_seconds=total_seconds)
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        home = session.environment.api_url
        self._http = session.prepare(_StreamingSession(), connections=connections, limits=self._limits)
        self._http.headers.update({"Accept": "*/*", "Accept-Encoding": "identity"})
        if not session.in_process:
            settings = {"pool_connections": 8, "pool_maxsize": connections}
            outside = _FileAdapter(total_seconds, self._sockets, is_loopback(home), **settings)
            self._http.mount("https://", outside)
            self._http.mount("http://", outside)
            # An API host inside a company's network is where the connection was made to in the first place.
            parts = urlsplit(home)
            inside = _FileAdapter(total_seconds, self._sockets, None, **settings)
            self._http.mount(f"{parts.scheme}://{parts.netloc}/", inside)

    def open(
        self,
        to: Destination,
        headers: Mapping[str, str],
        *,
        company_id: int | None,
        before_again: Callable[[FileResponse], None],
    ) -> FileResponse:
        """Send one request, and once more with a new token where the token was refused."""
        if not to.with_token:
            return self._send(to, dict(headers), None)
        own = dict(headers) | ({} if company_id is None else {"Procore-Company-Id": str(company_id)})
        token = self._session.login()
        response = self._send(to, own, token.text)
        if response.status == 401:
            with response:
                token = self._session.login(refused=token)
                before_again(response)
            response = self._send(to, own, token.text)
        return response

    def abort(self) -> None:
        """Break every connection, so that threads which wait for bytes end."""
        for one in list(self._sockets):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
        for one in list(self._sockets):
            one.close()

    def _send(self, to: Destination, headers: dict[str, str], token: Secret | None) -> FileResponse:
        environment = self._session.environment
        # The query of an address is its signature: it opens the file for whoever reads it in a log.
        query = urlsplit(to.url).query
        secrets = [one for one in (token, Secret(query) if query else None) if one is not None]
        auth = BearerAuth(token, to.url) if token is not None else None
        raw = guarded(
            lambda: self._http.get(to.url, headers=headers, auth=auth, timeout=self._limits.timeout),
            to.url,
            environment,
            *secrets,
        )
        return FileResponse(raw, to, environment)


@dataclass
class FileResponse:
    """What came back for one request, its body not yet read; a context manager that gives the connection back."""

    raw: requests.Response
    to: Destination
    environment: Environment

    def __post_init__(self) -> None:
        self.status = self.raw.status_code
        self.headers = {name.lower(): value for name, value in self.raw.headers.items()}
        coding = self.headers.get("content-encoding", "").strip().lower()
        self.encoded = coding not in ("", "identity")

    @property
    def length(self) -> int | None:
        """How many bytes the body has, where that is announced."""
        text = self.headers.get("content-length", "").strip()
        return (
            int(text) if text.isascii() and text.isdigit() and len(text) < 19 and not self.encoded else None
        )

    def pieces(self) -> Iterator[bytes]:
        """Return the body in pieces; a connection that breaks is a `NetworkError`."""
        stream = self.raw.raw.stream(_PIECE, decode_content=self.encoded)
        while piece := guarded(lambda: next(stream, b""), self.to.url, self.environment):
            yield piece

    def error(self) -> ProcoreError | None:
        """Return the error that the response stands for, with the service's own words; None for a good one."""
        if self.status in (200, 206):
            return None
        body = b""
        with suppress(ProcoreError):
            for piece in self.pieces():
                body += piece
                if len(body) >= _MOST_OF_AN_ERROR:
                    break
        parts = urlsplit(self.to.url)
        named = (
            f"{parts.scheme}://{parts.netloc}/…"  # without its signature; alike for all files, to be counted
        )
        return error_from(Response(self.status, self.headers, body, named, parts.hostname or ""))

    def close(self) -> None:
        """Give the connection back for the next request, or close it where more of the body may come than is worth reading."""
        if self.length is not None and self.length <= _MOST_OF_AN_ERROR:
            self.raw.raw.drain_conn()
        self.raw.close()

    def __enter__(self) -> FileResponse:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _StreamingSession(NoRedirectSession):
    """Leaves the body to its reader."""

    def send(self, request: requests.PreparedRequest, **settings: Any) -> requests.Response:
        return requests.Session.send(self, request, **(settings | {"stream": True, "allow_redirects": False}))


class _FileAdapter(BoundedAdapter):
    """Connections that can be broken from another thread, and that lead to no private network.

    What a name leads to is known once the connection is made: nothing was sent then. Through a proxy, that is the proxy's
    affair. `loopback`: whether this machine is allowed; None: all is.
    """

    def __init__(
        self,
        total_seconds: float,
        sockets: weakref.WeakSet[socket.socket],
        loopback: bool | None,
        **settings: Any,
    ) -> None:
        self._of_connections = {"sockets": sockets, "loopback": loopback}
        super().__init__(total_seconds, **settings)

    def init_poolmanager(self, *settings: Any, **named: Any) -> None:
        super().init_poolmanager(*settings, **named)
        checked = {}
        for scheme, pool in self.poolmanager.pool_classes_by_scheme.items():
            connection = type(
                pool.ConnectionCls.__name__, (_FileConnection, pool.ConnectionCls), self._of_connections
            )
            checked[scheme] = type(pool.__name__, (pool,), {"ConnectionCls": connection})
        self.poolmanager.pool_classes_by_scheme = checked


class _FileConnection:
    """Goes before urllib3's connection class."""

    sockets: weakref.WeakSet[socket.socket]
    loopback: bool | None

    def _new_conn(self) -> socket.socket:
        made: socket.socket = super()._new_conn()  # type: ignore[misc]
        peer = str(made.getpeername()[0])
        allowed = self.loopback is None or (
            self.loopback and is_loopback(f"//{peer}" if ":" not in peer else f"//[{peer}]")
        )
        if not allowed and is_private(peer):
            made.close()
            raise PrivateAddressError("an address of a private network")
        return made

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        self.sockets.add(self.sock)  # type: ignore[attr-defined]
