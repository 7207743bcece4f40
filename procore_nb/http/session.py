"""The session itself: one question out, one reply in, with a living token.

In: path, parameters and company id. Out: a `Response`, whatever its status. Speaks to the two hosts of its environment.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Iterable
from copy import copy
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from requests.adapters import BaseAdapter

from procore_nb import hints
from procore_nb.credentials import Credentials
from procore_nb.environments import Environment, same_origin
from procore_nb.errors import ProcoreError, RequestError
from procore_nb.http.rate_limit import RateLimiter
from procore_nb.http.token import Token, fetch_token
from procore_nb.http.transport import BearerAuth, NoRedirectSession, prepared, redact, send_request
from procore_nb.responses import Response, error_from, read_json, server_time

_RENEWALS = 3  # of a token for one request; a token may be revoked as soon as it was renewed


class SharedState:
    """What all sessions of one client id in one environment share: the token, and the pace Procore allows."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.token: Token | None = None
        self.logins = 0
        self.login_trouble: ProcoreError | None = None
        self.rate_limiter = RateLimiter()


# Procore counts requests per application and one token serves all its sessions, so this one table is shared by the whole
# process; entries vanish with their last session. The secret is part of the key: a wrong one must be refused by the login
# host, not served with the token of the right one.
_applications: weakref.WeakValueDictionary[tuple[str, str, Credentials], SharedState] = (
    weakref.WeakValueDictionary()
)
_applications_lock = threading.Lock()


def shared_state_of(environment: Environment, credentials: Credentials) -> SharedState:
    """Return the application that an environment and credentials belong to."""
    key = (environment.login_url, environment.api_url, credentials)
    with _applications_lock:
        found = _applications.get(key)
        if found is None:
            found = _applications[key] = SharedState()
        return found


class Session:
    """Sends questions to one environment with one pair of credentials; safe to use from several threads.

    Parameters
    ----------
    environment, credentials
        Where to, and who asks.
    connections
        How many connections are kept open for reuse.
    connect_timeout_seconds, read_timeout_seconds
        No request waits longer for a connection, or between two pieces of a reply.
    transport
        A requests adapter that takes the place of the network, as the embedded demo does.
    clock
        Tells the time in Unix seconds.
    """

    def __init__(
        self,
        environment: Environment,
        credentials: Credentials,
        *,
        connections: int = 8,
        connect_timeout_seconds: float = 10.0,
        read_timeout_seconds: float = 60.0,
        transport: BaseAdapter | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.environment = environment
        self.shared = shared_state_of(environment, credentials) if transport is None else SharedState()
        self._credentials = credentials
        self._timeout = (connect_timeout_seconds, read_timeout_seconds)
        self._transport = transport
        self._clock = clock
        self._http = prepared(
            NoRedirectSession(), environment.api_url, connections=connections, transport=transport
        )
        self.seconds_behind = 0.0
        """How far the server's clock was behind ours at its last reply; 0 where it is ahead, or does not tell."""

    def __repr__(self) -> str:
        return f"Session({self.environment.name}, client_id={self._credentials.client_id!r})"

    @property
    def client_id(self) -> str:
        """The client id that asks."""
        return self._credentials.client_id

    def get(
        self,
        path: str,
        parameters: Iterable[tuple[str, str]] = (),
        *,
        company_id: int | None,
        before_again: Callable[[Response], None] = lambda refusal: None,
    ) -> Response:
        """Ask one question once; when the token is refused, renew it and ask again.

        `before_again` is given the refusal before each further request, which counts towards Procore's limits as well.

        Raises
        ------
        NetworkError
            If no reply came.
        CredentialsError, ServerError
            If a token was needed and the login host did not give one.
        RequestError
            If the question or its answer leads to another host than the environment's API host.
        """
        query = urlencode(list(parameters))
        url = self.environment.api_url + path + (f"?{query}" if query else "")
        headers = {} if company_id is None else {"Procore-Company-Id": str(company_id)}
        reply = self._ask(url, headers, home=self.environment.api_url, before_again=before_again)
        theirs = server_time(reply.headers)
        self.seconds_behind = 0.0 if theirs is None else max(0.0, self._clock() - theirs)
        return reply

    def login(self) -> Token:
        """Make sure that there is a living token, and return it (masked)."""
        return self._living_token()

    def token_info(self) -> dict[str, Any]:
        """Return what the login host says about the current token: owner, application, seconds left."""
        home = self.environment.login_url
        answer: dict[str, Any] = read_json(self._ask(home + "/oauth/token/info", {}, home=home))
        return answer

    def revoke(self) -> None:
        """Let the login host forget the current token, if there is one."""
        with self.shared.lock:
            token, self.shared.token = self.shared.token, None
        if token is None:
            return
        home = self.environment.login_url
        http = prepared(NoRedirectSession(), home, connections=1, transport=self._transport)

        def send() -> Any:
            form = {
                "token": token.text.reveal(),
                "client_id": self._credentials.client_id,
                "client_secret": self._credentials.client_secret.reveal(),
            }
            return http.post(home + "/oauth/revoke", data=form, timeout=self._timeout)

        error = error_from(send_request(send, home, self.environment))
        http.close()
        if error is not None:
            raise error

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _ask(
        self,
        url: str,
        headers: dict[str, str],
        *,
        home: str,
        before_again: Callable[[Response], None] = lambda refusal: None,
    ) -> Response:
        token = self._living_token()
        reply = self._send(url, headers, token, home)
        for _ in range(_RENEWALS):
            if reply.status != 401:
                break
            token = self._living_token(refused=token)
            before_again(reply)
            reply = self._send(url, headers, token, home)
            if not token.accepted:  # a fresh one that nobody could use: no further one will help
                break
        return reply

    def _living_token(self, *, refused: Token | None = None) -> Token:
        """Return a token with life left; one thread asks for a new one while the others wait for what it gets."""
        application = self.shared
        before = application.logins
        with application.lock:
            token = application.token
            if token is not None and token is not refused and self._clock() < token.renew_at:
                return token
            if application.logins != before and application.login_trouble is not None:
                raise copy(application.login_trouble)  # eight wrong logins at once may lock an account
            application.login_trouble = None
            try:
                application.token = token = fetch_token(
                    self.environment,
                    self._credentials,
                    timeout=self._timeout,
                    transport=self._transport,
                    now=self._clock(),
                )
            except ProcoreError as error:
                application.login_trouble = copy(error)  # without the frames of its traceback
                raise
            finally:
                application.logins += 1
            return token

    def _send(self, url: str, headers: dict[str, str], token: Token, home: str) -> Response:
        """Send one request, and again where it is redirected within its own host."""
        target = url
        for _ in range(4):
            if not same_origin(target, home):
                break
            reply = send_request(lambda: self._get(target, headers, token), target, self.environment)  # noqa: B023
            token.accepted = token.accepted or reply.status != 401
            reply = redact(reply, token.text)
            location = reply.headers.get("location")
            if not (300 <= reply.status < 400 and location):
                return reply
            target = _onward(target, location)
        where = f"GET {urlsplit(url).path} ({self.environment.name}) is redirected"
        if same_origin(target, home):
            raise RequestError(f"{where} again and again.", advice=hints.REDIRECT)
        raise RequestError(f"{where} to {target[:200]}, where the token must not go.", advice=hints.REDIRECT)

    def _get(self, url: str, headers: dict[str, str], token: Token) -> Any:
        key = BearerAuth(token.text, url)
        return self._http.get(url, headers=headers, auth=key, timeout=self._timeout, stream=True)


def _onward(address: str, location: str) -> str:
    """Return where a redirect leads; what is no address leads nowhere."""
    try:
        return urljoin(address, location)
    except ValueError:
        return location
