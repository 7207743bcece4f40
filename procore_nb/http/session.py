"""The session: one request out, one response in, with a valid token.

In: path, parameters and company id. Out: a `Response`, whatever its status. Speaks to the two hosts of its environment.
"""

from __future__ import annotations

import operator
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode, urlsplit

from requests.adapters import BaseAdapter

from procore_nb import hints
from procore_nb.credentials import Credentials, CredentialsLike, current_credentials
from procore_nb.environments import Environment, same_origin
from procore_nb.errors import ArgumentError, IncompleteError, ProcoreError, RequestError
from procore_nb.http.bounded_response import TransportLimits
from procore_nb.http.rate_limit import FARTHEST_CLOCK, RateLimiter
from procore_nb.http.token import Token, fetch_token
from procore_nb.http.transport import BearerAuth, NoRedirectSession, guarded, redirect_target, send
from procore_nb.responses import Response, error_from, read_json, server_time

if TYPE_CHECKING:
    from procore_nb.http.file_session import FileResponse

Result = TypeVar("Result", bound="Response | FileResponse")
_RENEWALS = 3  # of a token for one request: somebody may revoke tokens as fast as they are renewed


class SharedState:
    """What all sessions of one client id in one environment share: the token, and the rate limiter."""

    def __init__(self, rate_limiter: RateLimiter | None = None) -> None:
        self.lock = threading.Lock()
        self.token: Token | None = None
        self.logins = 0
        self.login_failure: ProcoreError | None = None
        self.rate_limiter = rate_limiter or RateLimiter()


# Procore counts requests per application and one token serves all its sessions, so these tables are shared by the whole
# process. A state vanishes with its last session. The secret is part of its key: a wrong one must be refused by the login
# host, not served with the token of the right one. A rate limiter stays until the windows that it knows are over: Procore
# counts on when a function connects, fetches and returns. Its key holds no secret.
_StateKey = tuple[str, str, CredentialsLike]
_states: weakref.WeakValueDictionary[_StateKey, SharedState] = weakref.WeakValueDictionary()
_limiters: dict[tuple[str, str, object], RateLimiter] = {}
_sessions: weakref.WeakSet[Session] = weakref.WeakSet()
_tables_lock = threading.Lock()


def shared_state_of(environment: Environment, credentials: CredentialsLike, now: float) -> SharedState:
    """Return what the sessions of an environment and credentials share; `now` in Unix seconds."""
    hosts = (environment.login_url, environment.api_url)
    who = credentials.client_id if isinstance(credentials, Credentials) else credentials
    try:
        hash(credentials)
    except TypeError:  # a function object that cannot be recognised the next time
        return SharedState()
    with _tables_lock:
        state = _states.get((*hosts, credentials))
        if state is None:
            in_use = {id(each.rate_limiter) for each in _states.values()}
            for key, limiter in list(_limiters.items()):
                if id(limiter) not in in_use and limiter.is_idle(now):
                    del _limiters[key]
            state = SharedState(_limiters.setdefault((*hosts, who), RateLimiter()))
            _states[(*hosts, credentials)] = state
        return state


def _reset_after_fork() -> None:
    """Give a forked process connections, locks and counts of its own.

    A connection that two processes read from hands the response of one to the other; a lock that a thread of the parent
    held at the fork is never released in the child. Tokens stay: they belong to the application, not to the process.
    """
    global _tables_lock
    _tables_lock = threading.Lock()
    for limiter in _limiters.values():
        limiter.reset_after_fork()
    for session in list(_sessions):
        session.reset_after_fork()


if hasattr(os, "register_at_fork"):  # Windows knows no fork
    os.register_at_fork(after_in_child=_reset_after_fork)


class Session:
    """Sends requests to one environment with one pair of credentials; safe between threads, and in a forked process.

    `credentials` may be a function, called for each new token and never kept. `transport` takes the place of the network, as the
    embedded demo does. `sources` says where each value was found, for the error of a refused login.
    """

    def __init__(
        self,
        environment: Environment,
        credentials: CredentialsLike,
        *,
        connections: int = 8,
        limits: TransportLimits | None = None,
        transport: BaseAdapter | None = None,
        clock: Callable[[], float] = time.time,
        sources: Mapping[str, str] | None = None,
    ) -> None:
        self.environment = environment
        self.in_process = transport is not None
        """Whether something in this process answers in the place of the network, as the demo does."""
        shared = SharedState() if self.in_process else shared_state_of(environment, credentials, clock())
        self.shared = shared
        self.client_id = credentials.client_id if isinstance(credentials, Credentials) else ""
        """The client id; empty until a function that returns credentials was called for the first time."""
        self.sources = dict(sources or {})
        """Where each value of the connection was found."""
        self.limits = limits or TransportLimits()
        self.seconds_behind = 0.0
        """How far the server's clock was behind ours at its last response; 0 where it is ahead, or not known."""
        self._credentials, self._transport = credentials, transport
        self._connections, self._clock = connections, clock
        self._http = self.open_http(environment.api_url, connections=connections)
        _sessions.add(self)

    def __repr__(self) -> str:
        return f"Session({self.environment.name}, client_id={self.client_id!r})"

    def get(
        self,
        path: str,
        parameters: Iterable[tuple[str, str]] = (),
        *,
        company_id: int | None,
        send_once: Callable[[Callable[[], Response]], Response] = operator.call,
    ) -> Response:
        """Send one request, again with a new token where the token was refused; each time through `send_once`, which may wait."""
        try:
            query = urlencode(list(parameters))
            path.encode()
        except UnicodeEncodeError as error:
            problem = f"GET {path} cannot be sent: a value holds half a character."
            advice = "Check the text of the arguments; it may have been cut inside an emoji."
            raise ArgumentError(problem, advice=advice) from error
        url = self.environment.api_url + path + (f"?{query}" if query else "")
        headers = {} if company_id is None else {"Procore-Company-Id": str(company_id)}
        home = self.environment.api_url
        response = self.send_authorized(lambda token: self._send(url, headers, token, home), send_once)
        theirs = server_time(response.headers)
        behind = 0.0 if theirs is None else self._clock() - theirs
        self.seconds_behind = behind if 0 < behind < FARTHEST_CLOCK else 0.0
        return response

    def login(self, *, refused: Token | None = None) -> Token:
        """Return a valid token, another than the one `refused`; one thread logs in while others wait for what it gets."""
        shared = self.shared
        before = shared.logins
        with shared.lock:
            token = shared.token
            if token is not None and token is not refused and self._clock() < token.renew_at:
                return token
            if shared.logins != before and shared.login_failure is not None:
                raise copy(shared.login_failure)  # eight wrong logins at once may lock an account
            shared.login_failure = None
            try:
                shared.token = token = guarded(self._new_token, self.environment.login_url, self.environment)
            except ProcoreError as error:
                shared.login_failure = copy(error)  # without the frames of its traceback
                raise
            finally:
                shared.logins += 1
            return token

    def send_authorized(
        self,
        send: Callable[[Token], Result],
        send_once: Callable[[Callable[[], Result]], Result] = operator.call,
    ) -> Result:
        """Return the response to what `send` sends with a token; one that is refused is renewed, and the request sent again."""
        token: Token | None = None

        def send_with_token() -> Result:
            nonlocal token
            token = self.login(refused=token)  # after a wait for the limits, which may outlive a token
            return send(token)

        response = send_once(send_with_token)
        for _ in range(_RENEWALS):
            if response.status != 401:
                break
            # A fresh token may be refused too: it was revoked before anybody used it. Only several in a row say more.
            response = send_once(send_with_token)
        return response

    def token_info(self) -> dict[str, Any]:
        """Return what the login host says about the current token: owner, application, seconds left."""
        home = self.environment.login_url
        response = self.send_authorized(lambda token: self._send(home + "/oauth/token/info", {}, token, home))
        answer = read_json(response)
        if not isinstance(answer, dict):
            problem = f"{response.where} answered without a description of the token."
            raise IncompleteError(problem, status=response.status, advice=hints.NOT_JSON)
        return answer

    def revoke(self) -> None:
        """Let the login host revoke the current token, if there is one."""
        with self.shared.lock:
            token, self.shared.token = self.shared.token, None
        if token is None:
            return
        error = error_from(guarded(lambda: self._revoke(token), self.environment.login_url, self.environment))
        if error is not None:
            raise error

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def open_http(
        self, url: str, *, connections: int = 1, limits: TransportLimits | None = None
    ) -> NoRedirectSession:
        """Return a new HTTP session for a host of the environment."""
        limits = limits or self.limits
        return NoRedirectSession().prepared(
            url, connections=connections, transport=self._transport, limits=limits
        )

    def reset_after_fork(self) -> None:
        """Leave connections, locks and counts to the process this one was forked from."""
        self.shared.lock = threading.Lock()
        self.shared.rate_limiter.reset_after_fork()
        self._http = self.open_http(self.environment.api_url, connections=self._connections)

    def _revoke(self, token: Token) -> Response:
        home, credentials = self.environment.login_url, current_credentials(self._credentials)
        secret = credentials.client_secret
        form = {
            "client_id": credentials.client_id,
            "client_secret": secret.reveal(),
            "token": token.text.reveal(),
        }
        with self.open_http(home) as http:
            post = partial(http.post, home + "/oauth/revoke", data=form, timeout=self.limits.timeout)
            return send(post, home, self.environment, token.text, secret)

    def _new_token(self) -> Token:
        credentials = current_credentials(self._credentials)
        self.client_id = credentials.client_id
        sources = "; ".join(f"{name.replace('_', ' ')}: {source}" for name, source in self.sources.items())
        origin = f"Client id {self.client_id!r}. Where the values were found: {sources}" if sources else ""
        target, transport, now = self.environment, self._transport, self._clock()
        call = partial(fetch_token, target, credentials, self.limits, transport, now=now, origin=origin)
        return guarded(call, target.login_url, target, credentials.client_secret)

    def _send(self, url: str, headers: dict[str, str], token: Token, home: str) -> Response:
        """Send one request, and again where it is redirected within its own host."""
        target = url
        for _ in range(4):
            if not same_origin(target, home):
                break
            auth, timeout = BearerAuth(token.text, target), self.limits.timeout
            get = partial(self._http.get, target, headers=headers, auth=auth, timeout=timeout)
            response = send(get, target, self.environment, token.text)
            location = response.headers.get("location")
            if not (300 <= response.status < 400 and location):
                return response
            target = redirect_target(target, location)
        to = (
            "again and again"
            if same_origin(target, home)
            else f"to {target[:200]}, where the token must not go"
        )
        problem = f"GET {urlsplit(url).path} ({self.environment.name}) is redirected {to}."
        raise RequestError(problem, advice=hints.REDIRECT)
