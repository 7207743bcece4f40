"""Files over HTTP: a response of any size, read in pieces, from Procore's hosts with the token and from stores without.

In: an address from a record or a redirect. Out: a `Destination`, or the error that refuses it; a `FileResponse` to read.
`FileGuard` decides, purely, where a file may be fetched from and whether the token goes along: Procore says to send it to files on
its own hosts, to expect a redirect to a cloud store, to send no token there, and to rely on no host name. One request at a time;
what follows (a redirect, a second attempt) is decided by its caller.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

import requests

from procore_nb.credentials import Secret
from procore_nb.environments import Environment, is_loopback, is_own_host, same_origin
from procore_nb.errors import ArgumentError, ProcoreError, RequestError
from procore_nb.http.bounded_response import BoundedAdapter
from procore_nb.http.session import Session
from procore_nb.http.token import Token
from procore_nb.http.transport import BearerAuth, guarded, redirect_target
from procore_nb.responses import Response, error_from

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\x9f\\]")  # two libraries may read these in two ways
_HOST = re.compile(r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*(:\d{1,5})?", re.ASCII)
_READ_ALIKE = re.compile(
    r"[a-z0-9_.-]+|[0-9a-f:.]+(%[a-z0-9_.-]+)?", re.ASCII
)  # hosts that all libraries read as written
# Not of the public internet either, whatever the version of Python says: metadata of a cloud (RFC 6890), IPv4 inside IPv6.
_NOT_PUBLIC = tuple(map(ip_network, ("192.0.0.0/24", "::/96", "64:ff9b:1::/48")))
_NAT64 = ip_network("64:ff9b::/96")  # how an IPv6-only network writes IPv4 addresses (RFC 6052)
_PIECE = 1 << 18  # bytes
_MOST_OF_AN_ERROR = 1 << 16  # bytes


@dataclass(frozen=True)
class Destination:
    """One request for a file: its address, whether the token goes along, whether Procore's rate limit counts it."""

    url: str
    with_token: bool
    limited: bool
    trusted: bool
    """Whether it follows from an address at the environment's own hosts, which may redirect to a store anywhere."""

    @property
    def host(self) -> str:
        """The host, for messages."""
        return urlsplit(self.url).hostname or ""


@dataclass(frozen=True)
class FileGuard:
    """Decides for one environment; `allow_hosts` are further hosts that records may point to, `*.` before all below."""

    environment: Environment
    allow_hosts: tuple[str, ...] = ()

    def first(self, address: str) -> Destination:
        """Return where the address in a record leads, or raise: no address, not https, or a host that is not allowed."""
        if address.startswith("/") and not address.startswith("//"):
            address = self.environment.api_url + address
        self._check(address)
        if is_own_host(self.environment, address):
            return Destination(address, True, same_origin(address, self.environment.api_url), True)
        if not self._is_allowed(address):
            host = urlsplit(address).netloc.lower()
            raise RequestError(
                f"The address is at {host[:100]}, which is no host of the environment {self.environment.name}; nothing was "
                "sent there.",
                advice=f'If that host is right: procore.download(…, allow_hosts=["{host[:100]}"]) fetches without token.',
            )
        return Destination(address, False, False, False)

    def redirected(self, from_: Destination, location: str) -> Destination:
        """Return where a redirect leads: the token stays within its origin, a foreign host on itself and on allowed ones."""
        address = redirect_target(from_.url, location)
        self._check(address)
        same = same_origin(from_.url, address)
        if not (same or from_.trusted or self._is_allowed(address)):
            raise RequestError(
                f"{urlsplit(from_.url).hostname} redirects to {(urlsplit(address).hostname or '')[:100]}, which is not "
                "among allow_hosts."
            )
        return Destination(
            address, from_.with_token and same, same_origin(address, self.environment.api_url), from_.trusted
        )

    def _is_allowed(self, address: str) -> bool:
        parts = urlsplit(address)
        host, netloc = (parts.hostname or "").lower(), parts.netloc.lower()
        return any(
            host.endswith(allowed[1:])
            if allowed.startswith("*.")
            else allowed == (netloc if ":" in allowed else host)
            for allowed in self.allow_hosts
        )

    def _check(self, address: str) -> None:
        """Refuse what is no plain https address of a host outside."""
        try:
            parts = urlsplit(address)
            host, _ = parts.hostname or "", parts.port
        except ValueError:
            host = ""
        if not _READ_ALIKE.fullmatch(host) or _FORBIDDEN.search(address) or "@" in parts.netloc:
            raise RequestError("The record's address is no address of a file.")
        at_home = is_loopback(self.environment.api_url) and is_loopback(address)
        if parts.scheme != "https" and not (parts.scheme == "http" and at_home):
            raise RequestError(f"The address at {host[:100]} is not https; nothing was sent there.")
        if not (at_home or same_origin(address, self.environment.api_url)) and (
            re.search(r"(^|\.)localhost\.?$", host) or is_private(host)
        ):
            raise RequestError(
                f"The address at {host[:100]} is one of a private network; nothing was sent there."
            )


def is_private(address: str) -> bool:
    """Return whether a numeric address is not one of the public internet; a name is not numeric."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        # 127.1, 0x7f000001 and 2130706433 are numbers to the operating system: no name ends like that.
        return (
            re.fullmatch(r"(0x[0-9a-f]*|\d+)", address.rstrip(".").rpartition(".")[2], re.IGNORECASE)
            is not None
        )
    if isinstance(ip, IPv6Address):
        inside = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())]
        if ip in _NAT64:
            inside.append(ip_address(int(ip) & 0xFFFFFFFF))
        if any(each is not None and is_private(str(each)) for each in inside):
            return True
        if any(inside):
            return False
    return not ip.is_global or ip.is_multicast or any(ip in network for network in _NOT_PUBLIC)


def checked_hosts(allow_hosts: str | Iterable[str] | None) -> tuple[str, ...]:
    """Return the hosts of `allow_hosts=`, checked: `files.example.com`, `*.example.com`, with or without port."""
    hosts = [allow_hosts] if isinstance(allow_hosts, str) else list(allow_hosts or ())
    for host in hosts:
        if (
            not isinstance(host, str)
            or not _HOST.fullmatch(host.lower())
            or "." not in host.removeprefix("*.")
        ):
            raise ArgumentError(
                f"allow_hosts takes names of hosts, not {host!r}.",
                advice='For example allow_hosts=["files.example.com", "*.example.com"].',
            )
    return tuple(host.lower() for host in hosts)


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
        send_once: Callable[[Callable[[], FileResponse]], FileResponse],
    ) -> FileResponse:
        """Send one request, again with a new token where the token was refused; each time through `send_once`, which may wait."""
        if not to.with_token:
            return send_once(lambda: self._send(to, dict(headers), None))
        request_headers = dict(headers) | (
            {} if company_id is None else {"Procore-Company-Id": str(company_id)}
        )
        with ExitStack() as refusals:

            def send(token: Token) -> FileResponse:
                refusals.close()
                return refusals.enter_context(self._send(to, request_headers, token.text))

            response = self._session.send_authorized(send, send_once)
            refusals.pop_all()  # the last one is open for the caller
        return response

    def abort(self) -> None:
        """Break every connection, so that threads which wait for bytes end."""
        for each in self._sockets():
            with suppress(OSError):  # TLS inside the TLS of a proxy is no socket, but has one
                getattr(each, "socket", each).shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
        for each in self._sockets():
            each.close()

    def _sockets(self) -> list[socket.socket]:
        return [each for adapter in self._adapters for each in adapter.sockets]

    def _send(self, to: Destination, headers: dict[str, str], token: Secret | None) -> FileResponse:
        environment = self._session.environment
        # The query of an address is its signature: it opens the file for whoever reads it in a log.
        query = urlsplit(to.url).query
        secrets = [each for each in (token, Secret(query) if query else None) if each is not None]
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
