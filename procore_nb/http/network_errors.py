"""Why no response came, in words.

In: what requests, urllib3 or the operating system raised. Out: a `NetworkError` that names the cause and what to check.
Speaks to no service. The kinds of the errors decide, never their words: those differ between systems and languages.
"""

from __future__ import annotations

import socket
import zlib
from collections.abc import Iterator
from urllib.parse import urlsplit

from requests import exceptions as of_requests
from urllib3 import exceptions as of_urllib3

from procore_nb import hints
from procore_nb.environments import Environment
from procore_nb.errors import NetworkError


class ResponseTimeoutError(TimeoutError):
    """The time for one whole response is over, although bytes were still coming."""


class PrivateAddressError(OSError):
    """A host that files are fetched from leads into a private network or to this machine."""


_TLS = (of_requests.SSLError, of_urllib3.SSLError)
_PROXY = (of_requests.ProxyError, of_urllib3.ProxyError)
_PROXY_SETTINGS = (of_requests.InvalidProxyURL, of_requests.InvalidSchema, of_urllib3.ProxySchemeUnknown)
_LATE = (of_requests.Timeout, of_urllib3.TimeoutError, TimeoutError)
_PACKED = (of_requests.ContentDecodingError, of_urllib3.DecodeError, zlib.error)
_ADDRESS = (of_requests.InvalidURL, of_urllib3.LocationValueError, UnicodeError)
_BROKEN = (of_requests.RequestException, of_urllib3.HTTPError, ConnectionError)
_NOT_ACCEPTED = "The secure connection to {host} could not be made: its certificate was not accepted"
_NOT_PUBLIC = "{host} leads to an address of a private network, where no file is fetched from"

# The first row of whose kinds one is among the causes counts: what happened, what to check, whether to try again.
_CAUSES: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str, str, bool], ...] = (
    (ResponseTimeoutError, "{host} did not send its whole response {error}", hints.SLOW, False),
    (PrivateAddressError, _NOT_PUBLIC, hints.HOSTS, False),
    (_TLS, _NOT_ACCEPTED, hints.TLS, True),
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


def network_error(error: Exception, url: str, environment: Environment) -> NetworkError:
    """Return the error in words: the host, what happened, and the advice that fits."""
    host, chain = f"{urlsplit(url).hostname} ({environment.name})", list(related_errors(error))
    found, row = next((one, row) for row in _CAUSES for one in chain if isinstance(one, row[0]))
    _, what, advice, retryable = row
    what = what.format(host=host, error=str(found)[:300])
    return NetworkError(f"{what} ({type(error).__name__}).", advice=advice, retryable=retryable)


def related_errors(error: BaseException) -> Iterator[BaseException]:
    """Return the error, its causes and contexts, and the errors among its arguments, each once."""
    seen: set[int] = set()
    pending: list[object] = [error]
    while pending:
        one = pending.pop(0)
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            yield one
            pending += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
