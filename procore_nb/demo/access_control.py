"""Who may call: the tokens of the login host, and the two rate-limit windows of an application.

In: a request to `/oauth/...`; for the API a bearer token and the time of a call. Out: a reply of the login host; whether a call may
pass, and the headers of the window nearer to running out. Credentials come in the body (form, multipart form or JSON), in the query, or
as HTTP Basic. Sources: https://developers.procore.com/documentation/ oauth-client-credentials, oauth-endpoints and rate-limiting.
"""

from __future__ import annotations

import base64
import hmac
import math
import os
import secrets
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes
from urllib.parse import parse_qsl, unquote

import orjson

from procore_nb.demo.company import CLIENT_ID, CLIENT_SECRET, SERVICE_ACCOUNT_ID
from procore_nb.demo.http_messages import DemoReply, DemoRequest, ErrorReply, Headers, bad_token, json_reply


class ForkSafeLock:
    """A lock that is made anew in a forked child: there, nobody is left to release what another thread held."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        _locks.add(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_error: object) -> None:
        self._lock.release()


_locks: weakref.WeakSet[ForkSafeLock] = weakref.WeakSet()


def _renew_locks() -> None:
    for lock in list(_locks):
        lock._lock = threading.Lock()


if hasattr(os, "register_at_fork"):  # Windows knows no fork
    os.register_at_fork(after_in_child=_renew_locks)


@dataclass(frozen=True)
class RateLimits:
    """How many calls an application may make: generous by default."""

    hourly: int = 500_000
    spike: int = 20_000
    hourly_seconds: int = 3_600
    spike_seconds: int = 10


class Meter:
    """Counts the calls of an application; safe between threads.

    Windows are fixed and begin at whole multiples of their length in Unix time, so that `X-Rate-Limit-Reset` (whole seconds) is exact.
    """

    def __init__(self, limits: RateLimits) -> None:
        self._windows = ((limits.spike, limits.spike_seconds), (limits.hourly, limits.hourly_seconds))
        self._used: dict[tuple[int, int], int] = {}  # calls by limit and end of a window
        self._lock = ForkSafeLock()

    def spend(self, now: float) -> Headers:
        """Count one call at `now`: the headers of its reply; 429 if it may not pass."""
        with self._lock:
            current = [(limit, (int(now // seconds) + 1) * seconds) for limit, seconds in self._windows]
            used = {window: self._used.get(window, 0) for window in current}
            allowed = all(count < limit for (limit, _reset), count in used.items())
            self._used = {window: count + allowed for window, count in used.items()}
            # Two windows at 0: the one that opens later is the one to wait for.
            remaining, later, limit = min(
                (lim - count, -end, lim) for (lim, end), count in self._used.items()
            )
        headers = [
            ("X-Rate-Limit-Limit", str(limit)),
            ("X-Rate-Limit-Remaining", str(remaining)),
            ("X-Rate-Limit-Reset", str(-later)),
        ]
        if not allowed:
            headers.append(("Retry-After", str(max(1, math.ceil(-later - now)))))
            raise ErrorReply(429, "Too many requests", loose=True, headers=headers)
        return headers


class TokenIssuer:
    """Hands out tokens and remembers them; safe between threads."""

    def __init__(self, *, clock: Callable[[], float], lifetime_seconds: int) -> None:
        self._clock = clock
        self._expiry: dict[str, float] = {}  # Unix time by token; of one that was revoked, 0
        self._lock = ForkSafeLock()
        self.lifetime_seconds = lifetime_seconds
        self.issued = 0

    def respond(self, request: DemoRequest) -> DemoReply:
        """Answer anything below `/oauth`."""
        try:
            reply = json_reply(self._answer(request))
        except ErrorReply as refusal:
            reply = refusal.oauth_reply()
        return reply.with_headers([("Cache-Control", "no-store"), ("Pragma", "no-cache")])

    def _answer(self, request: DemoRequest) -> dict[str, object]:
        routes = {
            "/oauth/token": ("POST", self._issue),
            "/oauth/token/info": ("GET", self._info),
            "/oauth/revoke": ("POST", self._revoke),
        }
        method, answer = routes.get(request.path.rstrip("/"), ("", None))
        if answer is None:
            raise ErrorReply(404, "There is nothing at this address.", reason="not_found")
        if request.method != method:
            message, allow = f"This address answers {method} only.", [("Allow", method)]
            raise ErrorReply(405, message, reason="invalid_request", headers=allow)
        return answer(request)

    def check(self, authorization: str) -> float:
        """When the token of an `Authorization` header expires, in Unix time; 401 if it is not good."""
        scheme, _, token = authorization.strip().partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise bad_token("token_missing")
        with self._lock:
            expiry = self._expiry.get(token.strip())
        if expiry is None:
            raise bad_token("token_invalid")
        if expiry <= self._clock():
            raise bad_token("token_expired" if expiry else "token_revoked")
        return expiry

    def knows(self, text: str) -> bool:
        """Whether any token that was handed out is in a text."""
        with self._lock:
            return any(token in text for token in self._expiry)

    def revoke_all(self) -> int:
        """End every token; says how many were still good."""
        now = self._clock()
        with self._lock:
            good = [token for token, expiry in self._expiry.items() if expiry > now]
            self._expiry |= dict.fromkeys(good, 0.0)
        return len(good)

    def _issue(self, request: DemoRequest) -> dict[str, object]:
        parameters = _parameters(request)
        grant = parameters.get("grant_type", "")
        if not grant:
            raise ErrorReply(400, "Missing required parameter: grant_type.", reason="invalid_request")
        if grant != "client_credentials":
            message = "The authorization grant type is not supported by the authorization server."
            raise ErrorReply(400, message, reason="unsupported_grant_type")
        _check_client(request, parameters)
        token = f"eyJhbGciOiJFUzUxMiJ9.{secrets.token_urlsafe(60)}.{secrets.token_urlsafe(40)}"
        now, seconds = self._clock(), self.lifetime_seconds
        with self._lock:
            if len(self._expiry) > 10_000:  # a served demo may run for days
                self._expiry = {known: expiry for known, expiry in self._expiry.items() if expiry > now}
            self._expiry[token] = now + seconds
            self.issued += 1
        return {"access_token": token, "token_type": "bearer", "expires_in": seconds, "created_at": int(now)}

    def _info(self, request: DemoRequest) -> dict[str, object]:
        expiry = self.check(request.headers.get("authorization", ""))
        return {
            "resource_owner_id": SERVICE_ACCOUNT_ID,
            "scopes": [],
            "expires_in_seconds": int(expiry - self._clock()),
            "application": {"uid": CLIENT_ID},
            "created_at": int(expiry - self.lifetime_seconds),
        }

    def _revoke(self, request: DemoRequest) -> dict[str, object]:
        parameters = _parameters(request)
        _check_client(request, parameters)
        with self._lock:
            if parameters.get("token") in self._expiry:
                self._expiry[parameters["token"]] = 0.0
        return {}


def _check_client(request: DemoRequest, parameters: dict[str, str]) -> None:
    """Refuse a request without the client's id and secret."""
    scheme, _, encoded = request.headers.get("authorization", "").strip().partition(" ")
    client_id, secret = parameters.get("client_id", ""), parameters.get("client_secret", "")
    if scheme.lower() == "basic":
        try:
            client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            client_id = ""
        client_id, secret = unquote(client_id), unquote(secret)
    if client_id != CLIENT_ID or not hmac.compare_digest(CLIENT_SECRET.encode(), secret.encode()):
        realm = [("WWW-Authenticate", 'Bearer realm="Procore", error="invalid_client"')]
        raise ErrorReply(401, "Client authentication failed", reason="invalid_client", headers=realm)


def _parameters(request: DemoRequest) -> dict[str, str]:
    """Parameters of query and body together; the body wins."""
    parameters = dict(parse_qsl(request.query, keep_blank_values=True))
    media_type = request.headers.get("content-type", "").lower()
    multipart = media_type.startswith("multipart/form-data")
    encoding = "JSON object" if "json" in media_type else "multipart form" if multipart else "form"
    try:
        return parameters | _decoded(request, encoding) if request.body else parameters
    except ValueError as error:
        raise ErrorReply(400, f"The body is not a {encoding}.", reason="invalid_request") from error


def _decoded(request: DemoRequest, encoding: str) -> dict[str, str]:
    if encoding == "form":
        return dict(parse_qsl(request.body.decode(), keep_blank_values=True))
    if encoding == "JSON object":
        value = orjson.loads(request.body)
        if not isinstance(value, dict):
            raise ValueError("An array or a single value.")
        return {key: item for key, item in value.items() if isinstance(item, str)}
    head = f"Content-Type: {request.headers['content-type']}\r\nMIME-Version: 1.0\r\n\r\n"
    message = message_from_bytes(head.encode("latin-1", "replace") + request.body)
    if not message.is_multipart():
        raise ValueError("No part of it is marked.")
    values = {}
    for part in message.walk():
        name, content = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            values[name] = content.decode("utf-8", "replace")
    return values
