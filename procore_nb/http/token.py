"""One bearer token for one pair of credentials, from the login host.

In: environment and credentials. Out: a masked `Token`, or an error that names the likely cause. Speaks to the login host.
https://developers.procore.com/documentation/oauth-client-credentials
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import requests
from oauthlib.oauth2 import BackendApplicationClient, OAuth2Error
from requests.adapters import BaseAdapter
from requests_oauthlib import OAuth2Session

from procore_nb import hints
from procore_nb.credentials import Credentials, Secret
from procore_nb.environments import Environment
from procore_nb.errors import CredentialsError, IncompleteError, ProcoreError, ServerError
from procore_nb.http.bounded_response import TransportLimits
from procore_nb.http.transport import NoRedirectSession, redact, response_of
from procore_nb.responses import Response, error_from, server_time

_RENEWAL_MARGIN = 60.0  # seconds before the end of a token's life; at most a tenth of that life
# A token is a line; the OAuth libraries also guess the encoding of what comes, which is slow.
_MOST_BYTES = 2**20
_LOGIN_URL = "Check login_url of the environment."


class NumbersOnlyFilter(logging.Filter):
    """Keeps only numbers in the log lines of the OAuth libraries, which log secret and token in clear at DEBUG.

    What a login host says may repeat the secret in any spelling, so nothing that it says goes into a log.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every line through, with its values hidden."""
        if record.args:
            values = record.args if isinstance(record.args, tuple) else (record.args,)
            record.args = tuple(value if type(value) in (int, float) else "<hidden>" for value in values)
        elif any(mark in str(record.msg) for mark in "=:{"):
            record.msg = "<hidden>"
        return True


# A filter on a logger does not reach its children.
for _name in [
    "requests_oauthlib",
    "requests_oauthlib.oauth2_session",
    "oauthlib",
    "oauthlib.oauth2",
    "oauthlib.common",
]:
    logging.getLogger(_name).addFilter(NumbersOnlyFilter())


class Token:
    """A bearer token, masked, and the moment from which it is renewed (this machine's clock, Unix seconds)."""

    __slots__ = ("expires_in", "renew_at", "text")

    def __init__(self, text: Secret, *, expires_in: float | None, age: float, received_at: float) -> None:
        self.text = text
        self.expires_in = expires_in
        # Without a lifetime in the response none is assumed: the token serves until it is refused.
        left = float("inf") if expires_in is None else max(0.0, expires_in - age)
        self.renew_at = received_at + left - min(_RENEWAL_MARGIN, left / 10)

    def __repr__(self) -> str:
        return f"Token(<set>, expires_in={self.expires_in})"


class _NoRedirectOAuth2Session(NoRedirectSession, OAuth2Session):  # type: ignore[misc]
    """requests_oauthlib's session with our transport."""


def fetch_token(
    environment: Environment,
    credentials: Credentials,
    limits: TransportLimits,
    transport: BaseAdapter | None,
    *,
    now: float,
    origin: str,
) -> Token:
    """Return a new token of the login host; call it inside `guarded`. `origin`: where the credentials were found."""
    url = environment.login_url + "/oauth/token"
    client = BackendApplicationClient(client_id=credentials.client_id)
    oauth = _NoRedirectOAuth2Session(client=client)  # type: ignore[call-arg]
    limits = replace(limits, most_bytes=min(limits.most_bytes, _MOST_BYTES))
    oauth.prepared(url, connections=1, transport=transport, limits=limits)
    responses: list[Response] = []

    def check(response: requests.Response) -> requests.Response:
        responses.append(redact(response_of(response, environment), credentials.client_secret))
        if (refusal := _refusal(responses[-1], environment, origin)) is not None:
            raise refusal
        return response

    oauth.register_compliance_hook("access_token_response", check)
    token, error = None, _login_error(environment, "answered without a usable token.", advice=_LOGIN_URL)
    try:
        answer = oauth.fetch_token(
            "https" + url[url.index("://") :],  # turned back by LoopbackAdapter for a login host on loopback
            client_secret=credentials.client_secret.reveal(),
            include_client_id=True,
            timeout=limits.timeout,
        )
        token = _token(answer, responses[-1], now)
    except IncompleteError as large:  # too large for a login host's answer
        error = ServerError(large.message, status=large.status, retryable=False, advice=hints.NOT_JSON)
    except (ProcoreError, requests.RequestException):
        raise
    except (OAuth2Error, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError, Warning):
        token = None  # the error is raised below, without a cause: what could not be read may hold a token
    finally:
        oauth.close()
    if token is None:
        raise error
    return token


def _token(answer: Any, response: Response, now: float) -> Token | None:
    text = answer["access_token"]
    if not isinstance(text, str) or not (text.isascii() and text.isprintable() and text.strip()):
        return None
    lifetime, created = _seconds(answer.get("expires_in")), _seconds(answer.get("created_at"))
    age = 0.0
    if created is not None and lifetime is not None:
        server_now = server_time(response.headers)
        age = (now if server_now is None else server_now) - created
        age = age if 0 <= age < lifetime else 0.0
    return Token(Secret(text), expires_in=lifetime, age=age, received_at=now)


def _seconds(value: Any) -> float | None:
    """Return a number of seconds that arithmetic can work with; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e15:
        return None  # NaN and infinity among them
    return float(value)


def _refusal(response: Response, environment: Environment, origin: str) -> ProcoreError | None:
    """Return what a login host's answer means when it is not a token."""
    status, error = response.status, error_from(response)
    if error is None:
        if response.body.lstrip()[:1] == b"{":
            return None
        content = response.headers.get("content-type", "no content type")
        problem = f"answered {status} with something other than JSON ({content})."
        return _login_error(environment, problem, ServerError, status=status, advice=hints.NOT_JSON)
    reason, seconds = f": {error.reason}" if error.reason else "", error.retry_after_seconds
    advice = hints.for_status(status, error.reason, login=True, web_page=response.is_html)
    error_class: type[ProcoreError] = CredentialsError
    if status == 429 or status >= 500:
        error_class = type(error)
        problem = ("limits logins" if status == 429 else "is in trouble") + f": it answered {status}{reason}"
        problem += f" (it asks to wait {seconds:,.0f} seconds)" if seconds else ""
    elif 300 <= status < 400:
        problem, advice = f"redirected the login ({status}); the secret is not sent along{reason}", _LOGIN_URL
    elif advice == hints.REFUSED_CREDENTIALS:
        problem = f"refused the credentials ({status}){reason}" + (f". {origin}" if origin else "")
    elif advice == hints.NO_LOGIN_HERE:
        problem = f"has no login at /oauth/token ({status}){reason}"
    else:
        problem = f"refused the login ({status}){reason}"
    facts = {"reason": error.reason, "retry_after_seconds": seconds, "retryable": error.retryable}
    return _login_error(environment, problem, error_class, status=status, advice=advice, **facts)


def _login_error(
    environment: Environment, problem: str, error_class: type[ProcoreError] = CredentialsError, **facts: Any
) -> ProcoreError:
    host = urlsplit(environment.login_url).hostname
    return error_class(f"The login host {host} ({environment.name}) {problem}", **facts)
