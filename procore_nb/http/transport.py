"""HTTP as this package sends it: no redirects, cookies or netrc; one time for the whole response; a cap on its size.

In: a requests session, and a call that sends with it. Out: a `Response` without any secret in it, or an error of our tree
without the frames below it. Speaks to the host that the session is prepared for.
"""

from __future__ import annotations

import http.client
import json
import logging
import re
import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import quote, quote_plus, urljoin, urlsplit

import requests
from requests import exceptions as of_requests
from requests.adapters import BaseAdapter
from urllib3 import exceptions as of_urllib3

from procore_nb import hints
from procore_nb.credentials import Secret
from procore_nb.credentials.masked import MASK
from procore_nb.environments import Environment, is_loopback, same_origin
from procore_nb.errors import NetworkError, ProcoreError
from procore_nb.http.bounded_response import (
    BoundedAdapter,
    PrivateAddressError,
    ResponseTimeoutError,
    TransportLimits,
    read_body,
)
from procore_nb.responses import Response

_ESCAPED = re.compile(rb"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
# A character of which tokens are made, spelled so. Rails spells <, > and & so in every response: those do not count.
_ESCAPED_TEXT = re.compile(rb"\\u00(?:2[bBdDeEfF]|3[0-9dD]|[46][1-9a-fA-F]|5[0-9aAfF]|7[0-9aAeE])")
Result = TypeVar("Result")
_in_use = threading.local()  # the secrets of the request that this thread sends, for `MaskSecrets`

# What requests, urllib3, the operating system and arithmetic raise on broken settings and hostile responses.
_OF_LIBRARIES = (requests.RequestException, of_urllib3.HTTPError, http.client.HTTPException, zlib.error)
_FAILURES = (*_OF_LIBRARIES, OSError, ValueError, ArithmeticError, RecursionError)

_TLS = (of_requests.SSLError, of_urllib3.SSLError)
_PROXY = (of_requests.ProxyError, of_urllib3.ProxyError)
_PROXY_SETTINGS = (of_requests.InvalidProxyURL, of_requests.InvalidSchema, of_urllib3.ProxySchemeUnknown)
_LATE = (of_requests.Timeout, of_urllib3.TimeoutError, TimeoutError)
_PACKED = (of_requests.ContentDecodingError, of_urllib3.DecodeError, zlib.error)
_ADDRESS = (of_requests.InvalidURL, of_urllib3.LocationValueError, UnicodeError)
_BROKEN = (of_requests.RequestException, of_urllib3.HTTPError, ConnectionError)

# The first row of whose kinds one is among the causes counts: what happened, what to check, whether to try again.
_CAUSES: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str, str, bool], ...] = (
    (ResponseTimeoutError, "{host} did not send its whole response {error}", hints.SLOW, False),
    (
        PrivateAddressError,
        "{host} leads to an address of a private network, where no file is fetched from",
        hints.HOSTS,
        False,
    ),
    (
        _TLS,
        "The secure connection to {host} could not be made: its certificate was not accepted",
        hints.TLS,
        True,
    ),
    (_PROXY_SETTINGS, "The proxy settings for {host} cannot be used", hints.PROXY_SETTINGS, False),
    (_PROXY, "The proxy on the way to {host} refused or did not answer", hints.NO_REPLY, True),
    # Before the timeouts: urllib3 counts every failure to connect among them.
    (socket.gaierror, "The host {host} is not known", hints.NO_REPLY, True),
    (ConnectionRefusedError, "{host} refused the connection", hints.NO_REPLY, True),
    (_LATE, "{host} did not answer in time", hints.NO_REPLY, True),
    (_PACKED, "The response of {host} could not be decompressed", hints.NOT_JSON, True),
    (_ADDRESS, "The address at {host} cannot be used", hints.HOSTS, False),
    (_BROKEN, "The connection to {host} broke off", hints.NO_REPLY, True),
    # A setting of this machine: a certificate file, a proxy variable.
    (BaseException, "The request to {host} could not be sent: {error}", hints.NO_REPLY, False),
)


class MaskSecrets(logging.Filter):
    """Masks the secrets of the request under way in what urllib3 logs, such as a header that it cannot parse."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every line through, with `<set>` in place of a secret."""
        spellings = _spellings(*getattr(_in_use, "secrets", ()))
        text = record.getMessage()
        if any(secret in f"{text} {record.args!r} {record.exc_info!r}" for secret in spellings):
            for secret in spellings:
                text = text.replace(secret, MASK)
            record.msg, record.args, record.exc_info, record.exc_text = text, (), None, None
        return True


# A filter on a logger does not reach its children.
for _name in ("connection", "connectionpool", "poolmanager", "response", "util.retry"):
    logging.getLogger(f"urllib3.{_name}").addFilter(MaskSecrets())


class NoRedirectSession(requests.Session):
    """A session that returns a redirect itself, asks no proxy for this machine, and reads no more than it may."""

    limits = TransportLimits()

    def prepared(
        self, url: str, *, connections: int, transport: BaseAdapter | None, limits: TransportLimits
    ) -> Self:
        """Set the session up for one host: connections kept, cookies refused, plain http for loopback only."""
        self.headers.update({"User-Agent": "procore-nb", "Accept": "application/json"})
        self.headers["Accept-Encoding"] = "gzip, deflate"  # what `read_body` can decompress in bounded steps
        self.auth = lambda request: request  # else requests would look into ~/.netrc and replace our header
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.trust_env = transport is None
        self.limits = limits
        adapter = transport or BoundedAdapter(
            limits.total_seconds, pool_connections=2, pool_maxsize=connections
        )
        self.mount("https://", adapter)
        self.mount("http://", adapter)
        if transport is None and url.startswith("http://"):
            self.mount("https://" + urlsplit(url).netloc, LoopbackAdapter(limits.total_seconds))
        return self

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
            raise of_requests.InvalidURL("Plain http is for loopback hosts only.")
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


def send(
    call: Callable[[], requests.Response], url: str, environment: Environment, *secrets: Secret
) -> Response:
    """Send, and return the response without any of the secrets; a failure becomes a `NetworkError`."""
    return guarded(lambda: redact(response_of(call(), environment), *secrets), url, environment, *secrets)


def guarded(call: Callable[[], Result], url: str, environment: Environment, *secrets: Secret) -> Result:
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
            raise _network_error(error, url, environment) from error
    except BaseException as error:
        # Outside the `except` above: there Python would add the cause again as the context.
        raise strip_traceback(error, *secrets)  # noqa: B904
    finally:
        _in_use.secrets = before


def _network_error(error: Exception, url: str, environment: Environment) -> NetworkError:
    """Return the error in words: the host, what happened, and the advice that fits."""
    host, chain = f"{urlsplit(url).hostname} ({environment.name})", list(_related_errors(error))
    cause, row = next((cause, row) for row in _CAUSES for cause in chain if isinstance(cause, row[0]))
    _, message, advice, retryable = row
    message = message.format(host=host, error=str(cause)[:300])
    return NetworkError(f"{message} ({type(error).__name__}).", advice=advice, retryable=retryable)


def _related_errors(error: BaseException) -> Iterator[BaseException]:
    """Return the error, its causes and contexts, and the errors among its arguments, each once."""
    seen: set[int] = set()
    pending: list[object] = [error]
    while pending:
        cause = pending.pop(0)
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            pending += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]


def response_of(response: requests.Response, environment: Environment) -> Response:
    """Return what came back, with lower-case header names."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Response(response.status_code, headers, response.content, str(response.url), environment.name)


def redirect_target(address: str, location: str) -> str:
    """Return where a redirect leads; a location that is no address is returned as it is, and refused."""
    try:
        return urljoin(address, location)
    except ValueError:
        return location


def redact(response: Response, *secrets: Secret) -> Response:
    """Return a response without the secrets or tokens it may repeat, in its body, headers or address.

    A token is never data: where one comes back, `<set>` takes its place before anything is parsed, shown or logged.
    """
    spellings = _spellings(*secrets)
    body, headers, url = response.body, response.headers, response.url
    if _ESCAPED_TEXT.search(body):
        # JSON may spell any character as \u0041; such a body is rewritten only if a secret was hidden in it.
        unescaped = _ESCAPED.sub(_unescaped, body)
        body = unescaped if any(text.encode() in unescaped for text in spellings) else body
    for text in spellings:
        body, url = body.replace(text.encode(), MASK.encode()), url.replace(text, MASK)
        headers = {name: value.replace(text, MASK) for name, value in headers.items()}
    return replace(response, body=body, headers=headers, url=url)


def strip_traceback(error: BaseException, *secrets: Secret) -> BaseException:
    """Return the error without the frames and requests it holds, and without causes whose words repeat a secret."""
    spellings = _spellings(*secrets)
    for cause in _related_errors(error):
        cause.__traceback__ = None
        if isinstance(cause, requests.RequestException):
            cause.request = cause.response = None
        if cause is not error and any(text in f"{cause} {cause.args!r}" for text in spellings):
            error.__cause__ = error.__context__ = None
    return error


def _spellings(*secrets: Secret) -> list[str]:
    """The secrets as texts may repeat them: themselves, in JSON, in an address."""
    forms = (str, lambda text: json.dumps(text)[1:-1], quote_plus, partial(quote, safe=""))
    return list(dict.fromkeys(form(secret.reveal()) for secret in secrets for form in forms))


def _unescaped(found: re.Match[bytes]) -> bytes:
    character = chr(int(found[1], 16)) if found[1] else ""
    # A quote or backslash must stay escaped, or the body would no longer be the same JSON.
    if " " <= character <= "~" and character not in '"\\':
        return character.encode()
    return found[0].lower() if found[1] else found[0]
