"""HTTP as this package sends it: no redirects, cookies or netrc; one time for the whole response; a cap on its size.

In: a requests session, and a call that sends with it. Out: a `Response` without any secret in it, or an error of our tree
without the frames below it. Speaks to the host that the session is prepared for.
"""

from __future__ import annotations

import http.client
import json
import logging
import re
import threading
import zlib
from collections.abc import Callable
from dataclasses import replace
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus, urlsplit

import requests
import urllib3
from requests.adapters import BaseAdapter

from procore_nb import hints
from procore_nb.credentials import Secret
from procore_nb.credentials.masked import MASK
from procore_nb.environments import Environment, is_loopback, same_origin
from procore_nb.errors import NetworkError, ProcoreError
from procore_nb.http.bounded_response import BoundedAdapter, TransportLimits, read_body
from procore_nb.http.network_errors import network_error, related_errors
from procore_nb.responses import Response

_ESCAPED = re.compile(rb"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
# A character of which tokens are made, spelled so. Rails spells <, > and & so in every response: those do not count.
_ESCAPED_TEXT = re.compile(rb"\\u00(?:2[bBdDeEfF]|3[0-9dD]|[46][1-9a-fA-F]|5[0-9aAfF]|7[0-9aAeE])")
Kind = TypeVar("Kind", bound="NoRedirectSession")
Answer = TypeVar("Answer")
_in_use = threading.local()  # the secrets of the request that this thread sends, for `MaskSecrets`

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


class MaskSecrets(logging.Filter):
    """Masks the secrets of the request under way in what urllib3 logs, such as a header that it cannot parse."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every line through, with `<set>` in place of a secret."""
        written = [one for secret in getattr(_in_use, "secrets", ()) for one in _spellings(secret)]
        text = record.getMessage()
        if any(one in f"{text} {record.args!r} {record.exc_info!r}" for one in written):
            for one in written:
                text = text.replace(one, MASK)
            record.msg, record.args, record.exc_info, record.exc_text = text, (), None, None
        return True


# A filter on a logger does not reach its children.
for _name in ("connection", "connectionpool", "poolmanager", "response", "util.retry"):
    logging.getLogger(f"urllib3.{_name}").addFilter(MaskSecrets())


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
        """Send, and read the body within the limits, which requests itself would read without any; not with `stream`."""
        response = super().send(request, **(settings | {"stream": True}))
        if settings.get("stream"):
            return response
        try:
            vars(response).update(_content=read_body(response, self.limits), _content_consumed=True)
        except BaseException:
            response.close()
            raise
        return response


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
    session.headers.update({"User-Agent": "procore-nb", "Accept": "application/json"})
    session.headers["Accept-Encoding"] = "gzip, deflate"  # what `read_body` can decompress in bounded steps
    session.auth = lambda request: request  # else requests would look into ~/.netrc and replace our header
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
    before = getattr(_in_use, "secrets", ())
    _in_use.secrets = (*before, *secrets)
    try:
        try:
            return call()
        except ProcoreError:
            raise
        except _FAILURES as error:
            raise network_error(error, url, environment) from error
    except BaseException as error:
        raise strip_traceback(error, *secrets)  # noqa: B904
    finally:
        _in_use.secrets = before


def response_of(response: requests.Response, environment: Environment) -> Response:
    """Return what came back, with lower-case header names."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Response(response.status_code, headers, response.content, str(response.url), environment.name)


def redact(response: Response, *secrets: Secret) -> Response:
    """Return a response without the secrets or tokens it may repeat, in its body, headers or address.

    A token is never data: where one comes back, `<set>` takes its place before anything is parsed, shown or logged.
    """
    for secret in secrets:
        written = _spellings(secret)
        body, headers, url = response.body, response.headers, response.url
        if _ESCAPED_TEXT.search(body):
            # JSON may spell any character as \u0041; such a body is rewritten only if a secret was hidden in it.
            plain = _ESCAPED.sub(_unescaped, body)
            body = plain if any(one.encode() in plain for one in written) else body
        for one in written:
            body = body.replace(one.encode(), MASK.encode())
            url = url.replace(one, MASK)
            if any(one in value for value in headers.values()):
                headers = {name: value.replace(one, MASK) for name, value in headers.items()}
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
    character = chr(int(found[1], 16)) if found[1] else ""
    # A quote or backslash must stay escaped, or the body would no longer be the same JSON.
    if " " <= character <= "~" and character not in '"\\':
        return character.encode()
    return found[0].lower() if found[1] else found[0]
