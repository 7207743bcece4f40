"""Files over HTTP: a response of any size, read in pieces, from Procore's hosts with the token and from stores without.

In: a `Destination`. Out: a `FileResponse` to read. Speaks to the hosts that `destination` allows, one request at a time;
what follows (a redirect, a second attempt) is decided by its caller.
"""

from __future__ import annotations

import socket
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
from procore_nb.http.session import Session
from procore_nb.http.transport import BearerAuth, guarded
from procore_nb.responses import Response, error_from

_PIECE = 1 << 18  # bytes
_MOST_OF_AN_ERROR = 1 << 16  # bytes


class FileSession:
    """Sends requests for files; its connections are its own, and few."""

    def __init__(self, session: Session, *, connections: int, total_seconds: float) -> None:
        self._session = session
        self._adapters: list[BoundedAdapter] = []
        limits, home = replace(session.limits, total_seconds=total_seconds), session.environment.api_url
        self._http = session.open_http(home, connections=connections, limits=limits)
        self._http.headers.update({"Accept": "*/*", "Accept-Encoding": "identity"})
        if session.in_process:
            return

        def is_allowed(peer: str) -> bool:
            this_machine = is_loopback(f"//[{peer}]" if ":" in peer else f"//{peer}")
            return not is_private(peer) or (this_machine and is_loopback(home))

        pools: dict[str, Any] = {"pool_connections": 8, "pool_maxsize": connections}
        outside = BoundedAdapter(total_seconds, is_allowed, **pools)
        # An API host inside a company's network is where the connection was made to in the first place.
        inside = BoundedAdapter(total_seconds, **pools)
        self._adapters = [outside, inside]
        origin = "{0.scheme}://{0.netloc}/".format(urlsplit(home))
        for prefix, adapter in (("https://", outside), ("http://", outside), (origin, inside)):
            self._http.mount(prefix, adapter)

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
        for one in self._sockets():
            with suppress(OSError):  # TLS inside the TLS of a proxy is no socket, but has one
                getattr(one, "socket", one).shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
        for one in self._sockets():
            one.close()

    def _sockets(self) -> list[socket.socket]:
        return [one for adapter in self._adapters for one in adapter.sockets]

    def _send(self, to: Destination, headers: dict[str, str], token: Secret | None) -> FileResponse:
        environment = self._session.environment
        # The query of an address is its signature: it opens the file for whoever reads it in a log.
        query = urlsplit(to.url).query
        secrets = [one for one in (token, Secret(query) if query else None) if one is not None]
        auth, timeout = BearerAuth(token, to.url) if token is not None else None, self._http.limits.timeout
        raw = guarded(
            lambda: self._http.get(to.url, headers=headers, auth=auth, timeout=timeout, stream=True),
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
        self.encoded = self.headers.get("content-encoding", "").strip().lower() not in ("", "identity")
        length = self.headers.get("content-length", "").strip()
        known = length.isascii() and length.isdigit() and len(length) < 19 and not self.encoded
        self.length = int(length) if known else None
        """How many bytes the body has, where that is announced."""

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
