"""HTTP as this package sends it: no redirects followed, no cookies, no netrc, no proxy to this machine itself.

In: a requests session, or what went wrong with one. Out: a prepared session, a `Response`, or an error in words.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from http.cookiejar import DefaultCookiePolicy
from typing import Any, TypeVar
from urllib.parse import quote_plus, urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter

from procore_nb import hints
from procore_nb.credentials import Secret
from procore_nb.environments import Environment, is_loopback, same_origin
from procore_nb.errors import NetworkError
from procore_nb.responses import Response

_USER_AGENT = "procore-nb"
# Each piece read hands the interpreter to other threads and waits to get it back: in pieces of 10 kB, which is requests'
# own way, a long page comes late while another thread makes columns.
_PIECE = 1 << 20  # bytes
Kind = TypeVar("Kind", bound=requests.Session)


class NoRedirectSession(requests.Session):
    """A session that answers a redirect with the redirect itself, and never asks a proxy for this machine."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Follow nothing: a redirect could carry the token or the secret elsewhere."""

    def merge_environment_settings(self, url: Any, *settings: Any, **named: Any) -> Any:
        """Take proxy and certificate settings from the environment, except a proxy for loopback hosts."""
        merged = super().merge_environment_settings(url, *settings, **named)
        if is_loopback(url):
            merged["proxies"] = {}
        return merged


class LoopbackAdapter(HTTPAdapter):
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


def prepared(session: Kind, url: str, *, connections: int, transport: BaseAdapter | None) -> Kind:
    """Return the session set up for one host: connections kept, cookies refused, plain http for loopback only."""
    session.headers["User-Agent"] = _USER_AGENT
    session.headers["Accept"] = "application/json"
    session.auth = _as_it_is  # else requests would look into ~/.netrc and replace our header
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.trust_env = transport is None
    adapter = transport or HTTPAdapter(pool_connections=2, pool_maxsize=connections)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    if transport is None and url.startswith("http://"):
        session.mount("https://" + urlsplit(url).netloc, LoopbackAdapter())
    return session


def send_request(send: Callable[[], requests.Response], url: str, environment: Environment) -> Response:
    """Send, and return the reply; what goes wrong on the way becomes a NetworkError."""
    try:
        return reply_of(send(), environment)
    except requests.RequestException as error:
        raise network_error(error, url, environment) from strip_traceback(error)


def reply_of(response: requests.Response, environment: Environment) -> Response:
    """Return what came back, with lower-case header names."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    body = b"".join(response.iter_content(_PIECE))
    return Response(response.status_code, headers, body, str(response.url), environment.name)


def redact(reply: Response, secret: Secret) -> Response:
    """Return a refusal without the secret or token it may repeat."""
    if reply.status < 400:
        return reply
    body, text = reply.body, secret.reveal()
    for written in (text, json.dumps(text)[1:-1], quote_plus(text)):
        body = body.replace(written.encode(), repr(secret).encode())
    return replace(reply, body=body)


def network_error(error: requests.RequestException, url: str, environment: Environment) -> NetworkError:
    """Say in words why no reply came."""
    host = f"{urlsplit(url).hostname} ({environment.name})"
    detail = str(error).lower()
    hint = hints.NO_REPLY
    if isinstance(error, requests.exceptions.SSLError):
        what, hint = (
            f"The secure connection to {host} could not be made: its certificate was not accepted",
            hints.TLS,
        )
    elif isinstance(error, requests.exceptions.ProxyError):
        what = f"The proxy on the way to {host} refused or did not answer"
    elif isinstance(error, requests.exceptions.Timeout):
        what = f"{host} did not answer in time"
    elif "resolve" in detail or "name or service" in detail or "nodename" in detail:
        what = f"The host {host} is not known"
    elif "refused" in detail:
        what = f"{host} refused the connection"
    else:
        what = f"The connection to {host} broke off"
    return NetworkError(f"{what} ({type(error).__name__}).", advice=hint)


def strip_traceback(error: BaseException) -> BaseException:
    """Return the error without the frames and requests it holds: those of a login show the secret."""
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        current = pending.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        current.__traceback__ = None
        if isinstance(current, requests.RequestException):
            current.request = current.response = None
        pending += [current.__cause__, current.__context__]
        pending += [argument for argument in current.args if isinstance(argument, BaseException)]
    return error


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
