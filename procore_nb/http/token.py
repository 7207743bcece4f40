"""One bearer token for one pair of credentials, from the login host.

In: environment and credentials. Out: a masked `Token`, or an error that names the likely cause. Speaks to the login host.
https://developers.procore.com/documentation/oauth-client-credentials
"""

from __future__ import annotations

import logging
import re
from typing import Any
from urllib.parse import urlsplit

import requests
from oauthlib.oauth2 import BackendApplicationClient, OAuth2Error
from requests.adapters import BaseAdapter
from requests_oauthlib import OAuth2Session

from procore_nb import hints
from procore_nb.credentials import Credentials, Secret
from procore_nb.environments import Environment
from procore_nb.errors import CredentialsError, ProcoreError, ServerError
from procore_nb.http.transport import (
    NoRedirectSession,
    network_error,
    prepared,
    redact,
    reply_of,
    strip_traceback,
)
from procore_nb.responses import Response, error_from, server_time

_RENEWAL_MARGIN = 60.0  # seconds before the end of a token's life; at most a tenth of that life


class HideSecrets(logging.Filter):
    """Blanks whatever may hold a secret or a token in the log lines of the OAuth libraries."""

    _sensitive = re.compile(r"secret|token|authorization|password", re.IGNORECASE)

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every line through, with its telling arguments hidden."""
        if record.args:
            arguments = record.args if isinstance(record.args, tuple) else (record.args,)
            record.args = tuple(
                "<hidden>" if self._sensitive.search(str(each)) else each for each in arguments
            )
        elif self._sensitive.search(str(record.msg)) and re.search(r"[=:{]", str(record.msg)):
            record.msg = "<hidden>"
        return True


# At DEBUG both libraries log secret and token in clear; a filter on a logger does not reach its children.
for _name in (
    "requests_oauthlib",
    "requests_oauthlib.oauth2_session",
    "oauthlib",
    "oauthlib.oauth2",
    "oauthlib.common",
):
    logging.getLogger(_name).addFilter(HideSecrets())


class Token:
    """A bearer token, masked, and the moment from which it is renewed (this machine's clock, Unix seconds)."""

    __slots__ = ("accepted", "expires_in", "renew_at", "text")

    def __init__(self, text: str, *, expires_in: float | None, age: float, received_at: float) -> None:
        self.text = Secret(text)
        self.expires_in = expires_in
        self.accepted = False  # whether it was of use to anybody
        # Without a lifetime in the reply none is assumed: the token serves until it is refused.
        left = float("inf") if expires_in is None else max(0.0, expires_in - age)
        self.renew_at = received_at + left - min(_RENEWAL_MARGIN, left / 10)

    def __repr__(self) -> str:
        return f"Token(<set>, expires_in={self.expires_in})"


class _DirectOAuth2Session(NoRedirectSession, OAuth2Session):  # type: ignore[misc]
    """requests_oauthlib's session, with our manners on the wire."""


def fetch_token(
    environment: Environment,
    credentials: Credentials,
    *,
    timeout: tuple[float, float],
    transport: BaseAdapter | None,
    now: float,
) -> Token:
    """Ask the login host for a token: POST, form body, client_credentials.

    Raises
    ------
    CredentialsError
        If the login host refuses the credentials, or answers without a token.
    ServerError
        If the login host is in trouble or shows a web page.
    NetworkError
        If it does not answer.
    """
    url = environment.login_url + "/oauth/token"
    client = BackendApplicationClient(client_id=credentials.client_id)
    session = _DirectOAuth2Session(client=client)  # type: ignore[call-arg]
    oauth = prepared(session, url, connections=1, transport=transport)
    replies: list[Response] = []

    def judge(response: requests.Response) -> requests.Response:
        replies.append(redact(reply_of(response, environment), credentials.client_secret))
        refusal = _refusal(replies[-1], environment)
        if refusal is not None:
            raise refusal
        return response

    oauth.register_compliance_hook("access_token_response", judge)
    secure = "https" + url[url.index("://") :]  # turned back by PlainLoopback for a login host on loopback
    token: Token | None = None
    try:
        # No name for the answer: it would show the token in a traceback.
        token = _token(
            oauth.fetch_token(
                secure,
                client_secret=credentials.client_secret.reveal(),
                include_client_id=True,
                timeout=timeout,
            ),
            replies[-1],
            now,
        )
    except ProcoreError as error:
        raise error.with_traceback(None) from None
    except requests.RequestException as error:
        raise network_error(error, url, environment) from strip_traceback(error)
    except (OAuth2Error, ValueError, TypeError, AttributeError, Warning):
        token = None  # and no cause below: what could not be read may hold a token
    finally:
        oauth.close()
    if token is None:
        raise _no_token(environment)
    return token


def _token(answer: Any, reply: Response, now: float) -> Token | None:
    text = answer["access_token"]
    if not isinstance(text, str) or not (text.isascii() and text.isprintable() and text.strip()):
        return None
    lifetime, created = answer.get("expires_in"), answer.get("created_at")
    theirs = server_time(reply.headers)
    age = 0.0
    if isinstance(created, int | float) and isinstance(lifetime, int | float):
        age = (now if theirs is None else theirs) - created
        age = age if 0 <= age < lifetime else 0.0
    return Token(
        text,
        expires_in=float(lifetime) if isinstance(lifetime, int | float) else None,
        age=age,
        received_at=now,
    )


def _refusal(reply: Response, environment: Environment) -> ProcoreError | None:
    """Return what a login host's answer means when it is not a token."""
    error = error_from(reply)
    if error is None:
        return None if reply.body.lstrip()[:1] == b"{" else _page_instead(reply, environment)
    if reply.status >= 500 or reply.status == 429:
        kind, seconds = type(error), error.retry_after_seconds
        wait = f" (it asks to wait {seconds:,.0f} seconds)" if seconds else ""
        return kind(
            f"The login host {_host(environment)} is in trouble: it answered {reply.status}"
            + (f": {error.reason}" if error.reason else "")
            + f"{wait}.",
            reason=error.reason,
            status=reply.status,
            retry_after_seconds=seconds,
            advice=hints.IN_TROUBLE,
        )
    if 300 <= reply.status < 400:
        return CredentialsError(
            f"The login host {_host(environment)} redirected the login ({reply.status}); the secret is not sent along.",
            status=reply.status,
            advice="Check the login host of the environment.",
        )
    return CredentialsError(
        f"The login host {_host(environment)} refused the credentials ({reply.status})"
        + (f": {error.reason}" if error.reason else "."),
        reason=error.reason,
        status=reply.status,
        advice=hints.REFUSED_CREDENTIALS,
    )


def _page_instead(reply: Response, environment: Environment) -> ProcoreError:
    return ServerError(
        f"The login host {_host(environment)} answered {reply.status} with something other than JSON "
        f"({reply.headers.get('content-type', 'no content type')}).",
        status=reply.status,
        advice=hints.NOT_JSON,
    )


def _no_token(environment: Environment) -> CredentialsError:
    return CredentialsError(
        f"The login host {_host(environment)} answered without a usable token.",
        advice="Check the login host of the environment.",
    )


def _host(environment: Environment) -> str:
    return f"{urlsplit(environment.login_url).hostname} ({environment.name})"
