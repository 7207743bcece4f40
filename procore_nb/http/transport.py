"""HTTP as this package sends it: no redirects, cookies or netrc; one time for the whole response; a cap on its size.

In: a requests session, and a call that sends with it. Out: a `Response` without any secret in it, or an error of our tree
without the frames below it. Speaks to the host that the session is prepared for.
"""

from __future__ import annotations

import http.client
import io
import json
import re
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus, urlsplit

import requests
import urllib3
from requests.adapters import BaseAdapter, HTTPAdapter

from procore_nb import hints
from procore_nb.credentials import Secret
from procore_nb.environments import Environment, is_loopback, same_origin
from procore_nb.errors import IncompleteError, NetworkError, ProcoreError
from procore_nb.http.network_errors import ResponseTimeoutError, network_error, related_errors
from procore_nb.responses import Response

_USER_AGENT = "procore-nb"
# Each piece read hands the interpreter to other threads and waits to get it back: in pieces of 10 kB, which is requests'
# own size, a long page comes late while another thread makes columns.
_PIECE = 1 << 20  # bytes
_WINDOW_BITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}  # what zlib calls each content encoding
_ESCAPED = re.compile(rb"\\(?:u00([2-7][0-9a-fA-F])|.)", re.DOTALL)
# A character of which tokens are made, spelled so. Rails spells <, > and & so in every response: those do not count.
_ESCAPED_TEXT = re.compile(rb"\\u00(?:2[bBdDeEfF]|3[0-9dD]|[46][1-9a-fA-F]|5[0-9aAfF]|7[0-9aAeE])")
Kind = TypeVar("Kind", bound="NoRedirectSession")
Answer = TypeVar("Answer")

# What requests, urllib3, the operating system and arithmetic raise on broken settings and hostile responses.
_FAILURES = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    zlib.error,
    OSError,
    ValueError,
    ArithmeticError,
    RecursionError,
)


@dataclass(frozen=True)
class TransportLimits:
    """How long one request may take, and how much may come back.

    Parameters
    ----------
    connect_seconds
        Longest wait for a connection.
    read_seconds
        Longest wait between two pieces of a response.
    total_seconds
        Longest time from sending a request to the last byte of its response, however steadily bytes come.
    most_bytes
        Largest body, decompressed. A few compressed megabytes can otherwise fill the memory.
    """

    connect_seconds: float = 10.0
    read_seconds: float = 60.0
    total_seconds: float = 300.0
    most_bytes: int = 256 * 2**20

    @property
    def timeout(self) -> tuple[float, float]:
        """The two waits as requests takes them."""
        return self.connect_seconds, self.read_seconds


class NoRedirectSession(requests.Session):
    """A session that returns a redirect itself, asks no proxy for this machine, and reads no more than it may."""

    limits = TransportLimits()

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Follow nothing: a redirect could carry the token or the secret elsewhere."""

    def merge_environment_settings(self, url: Any, *settings: Any, **named: Any) -> Any:
        """Take proxy and certificate settings from the environment, except for loopback hosts."""
        merged = super().merge_environment_settings(url, *settings, **named)
        if is_loopback(url):
            merged["proxies"] = {}
        elif isinstance(merged["verify"], str) and not Path(merged["verify"]).exists():
            raise NetworkError(
                f"The certificate file {merged['verify']} does not exist; REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names it.",
                retryable=False,
                advice=hints.CA_BUNDLE,
            )
        return merged

    def send(self, request: requests.PreparedRequest, **settings: Any) -> requests.Response:
        """Send, and read the body within the limits, which requests itself would read without any."""
        response = super().send(request, **(settings | {"stream": True}))
        try:
            vars(response).update(_content=_read_body(response, self.limits), _content_consumed=True)
        except BaseException:
            response.close()
            raise
        return response


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


class LoopbackAdapter(BoundedAdapter):
    """Sends by plain http what was addressed to https; mounted for one loopback host only.

    requests_oauthlib refuses an http address, and its switch for that works for the whole process.
    """

    def send(self, request: requests.PreparedRequest, **settings: Any) -> requests.Response:  # type: ignore[override]
        """Send the request to the same loopback host over http."""
        if request.url is None or not is_loopback(request.url):
            raise requests.exceptions.InvalidURL("Plain http is for loopback hosts only.")
        request.url = "http" + request.url.removeprefix("https")
        return super().send(request, **settings)


class BearerAuth(requests.auth.AuthBase):
    """Puts the token on a request to the one address it was made for."""

    def __init__(self, token: Secret, url: str) -> None:
        self._token = token
        self._url = url

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the header, unless the request turned out to go elsewhere."""
        if request.url and same_origin(request.url, self._url):
            request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        return request


def prepared(
    session: Kind, url: str, *, connections: int, transport: BaseAdapter | None, limits: TransportLimits
) -> Kind:
    """Return the session set up for one host: connections kept, cookies refused, plain http for loopback only."""
    session.headers["User-Agent"] = _USER_AGENT
    session.headers["Accept"] = "application/json"
    session.headers["Accept-Encoding"] = "gzip, deflate"  # what `_read_body` can decompress in bounded steps
    session.auth = _unchanged  # else requests would look into ~/.netrc and replace our header
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.trust_env = transport is None
    session.limits = limits
    adapter = transport or BoundedAdapter(limits.total_seconds, pool_connections=2, pool_maxsize=connections)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    if transport is None and url.startswith("http://"):
        session.mount("https://" + urlsplit(url).netloc, LoopbackAdapter(limits.total_seconds))
    return session


def send(
    call: Callable[[], requests.Response], url: str, environment: Environment, *secrets: Secret
) -> Response:
    """Send, and return the response without any of the secrets; a failure becomes a `NetworkError`."""
    return guarded(lambda: redact(response_of(call(), environment), *secrets), url, environment, *secrets)


def guarded(call: Callable[[], Answer], url: str, environment: Environment, *secrets: Secret) -> Answer:
    """Return what `call` gives; an error, Ctrl-C included, leaves without the frames below, which hold the secrets.

    This is the one place that does so: whatever reveals a secret runs inside it.
    """
    try:
        try:
            return call()
        except ProcoreError:
            raise
        except _FAILURES as error:
            raise network_error(error, url, environment) from error
    except BaseException as error:
        raise strip_traceback(error, *secrets)  # noqa: B904


def response_of(response: requests.Response, environment: Environment) -> Response:
    """Return what came back, with lower-case header names."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Response(response.status_code, headers, response.content, str(response.url), environment.name)


def redact(response: Response, *secrets: Secret) -> Response:
    """Return a response without the secrets or tokens it may repeat, in its body, headers or address.

    A token is never data: where one comes back, `<set>` takes its place before anything is parsed, shown or logged.
    """
    for secret in secrets:
        mask = repr(secret)
        written = _spellings(secret)
        body, headers, url = response.body, response.headers, response.url
        if _ESCAPED_TEXT.search(body):
            # JSON may spell any character as \u0041; such a body is rewritten only if a secret was hidden in it.
            plain = _ESCAPED.sub(_unescaped, body)
            body = plain if any(one.encode() in plain for one in written) else body
        for one in written:
            body = body.replace(one.encode(), mask.encode())
            url = url.replace(one, mask)
            if any(one in value for value in headers.values()):
                headers = {name: value.replace(one, mask) for name, value in headers.items()}
        if not (body is response.body and headers is response.headers and url is response.url):
            response = replace(response, body=body, headers=headers, url=url)
    return response


def strip_traceback(error: BaseException, *secrets: Secret) -> BaseException:
    """Return the error without the frames and requests it holds, and without causes whose words repeat a secret."""
    written = [one for secret in secrets for one in _spellings(secret)]
    for one in related_errors(error):
        one.__traceback__ = None
        if isinstance(one, requests.RequestException):
            one.request = one.response = None
        if one is not error and any(text in f"{one} {one.args!r}" for text in written):
            error.__cause__ = error.__context__ = None
    return error


def _spellings(secret: Secret) -> list[str]:
    """The secret as texts may repeat it: itself, in JSON, in an address."""
    text = secret.reveal()
    return list(dict.fromkeys((text, json.dumps(text)[1:-1], quote_plus(text), quote(text, safe=""))))


def _unescaped(found: re.Match[bytes]) -> bytes:
    character = bytes.fromhex(found[1].decode()) if found[1] else b""
    # A quote or backslash must stay escaped, or the body would no longer be the same JSON.
    return found[0] if character in (b"", b'"', b"\\") else character


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


def _read_body(response: requests.Response, limits: TransportLimits) -> bytes:
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


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
