"""Why no response came, in words.

In: what requests, urllib3 or the operating system raised. Out: a `NetworkError` that names the cause and what to check.
Speaks to no service. The kinds of the errors decide, never their words: those differ between systems and languages.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import requests
import urllib3

from procore_nb import hints
from procore_nb.environments import Environment
from procore_nb.errors import NetworkError


class ResponseTimeoutError(TimeoutError):
    """The time for one whole response is over, although bytes were still coming."""


class PrivateAddressError(OSError):
    """A host that files are fetched from leads into a private network or to this machine."""


def network_error(error: Exception, url: str, environment: Environment) -> NetworkError:
    """Return the error in words: the host, what happened, and the advice that fits."""
    host = f"{urlsplit(url).hostname} ({environment.name})"
    what, advice, retryable = f"The connection to {host} broke off", hints.NO_REPLY, True
    chain = list(related_errors(error))

    def among(*kinds: type[BaseException]) -> bool:
        return any(isinstance(one, kinds) for one in chain)

    late = next((one for one in chain if isinstance(one, ResponseTimeoutError)), None)
    if late is not None:
        what, advice, retryable = f"{host} did not send its whole response {late}", hints.SLOW, False
    elif among(PrivateAddressError):
        what, advice = (
            f"{host} leads to an address of a private network, where no file is fetched from",
            hints.HOSTS,
        )
        retryable = False
    elif among(requests.exceptions.SSLError, urllib3.exceptions.SSLError):
        what = f"The secure connection to {host} could not be made: its certificate was not accepted"
        advice = hints.TLS
    elif among(
        requests.exceptions.InvalidProxyURL,
        requests.exceptions.InvalidSchema,
        urllib3.exceptions.ProxySchemeUnknown,
    ):
        what = f"The proxy settings for {host} cannot be used"
        advice, retryable = hints.PROXY_SETTINGS, False
    elif among(requests.exceptions.ProxyError, urllib3.exceptions.ProxyError):
        what = f"The proxy on the way to {host} refused or did not answer"
    elif among(socket.gaierror):  # before the timeouts: urllib3 counts every failure to connect among them
        what = f"The host {host} is not known"
    elif among(ConnectionRefusedError):
        what = f"{host} refused the connection"
    elif among(requests.exceptions.Timeout, urllib3.exceptions.TimeoutError, TimeoutError):
        what = f"{host} did not answer in time"
    elif among(requests.exceptions.ContentDecodingError, urllib3.exceptions.DecodeError) or _is_zlib(chain):
        what, advice = f"The response of {host} could not be decompressed", hints.NOT_JSON
    elif among(requests.exceptions.InvalidURL, urllib3.exceptions.LocationValueError, UnicodeError):
        what, advice, retryable = f"The address at {host} cannot be used", hints.HOSTS, False
    elif not among(requests.RequestException, urllib3.exceptions.HTTPError, ConnectionError):
        # A setting of this machine: a certificate file, a proxy variable.
        what, retryable = f"The request to {host} could not be sent: {str(error)[:300]}", False
    return NetworkError(f"{what} ({type(error).__name__}).", retryable=retryable, advice=advice)


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


def _is_zlib(chain: list[BaseException]) -> bool:
    return any(type(one).__module__ == "zlib" for one in chain)
