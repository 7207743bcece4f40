"""The login host: tokens for client credentials, what they are worth, and their end.

In: a request to `/oauth/...`. Out: a reply, and for the API the answer to "is this token good?". Sources:
https://developers.procore.com/documentation/oauth-client-credentials and `/oauth-endpoints`. Credentials come in the
body (form, multipart form or JSON), in the query, or as HTTP Basic.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Callable
from email import message_from_bytes
from urllib.parse import parse_qsl, unquote

import orjson

from procore_nb.demo.company import CLIENT_ID, CLIENT_SECRET, SERVICE_ACCOUNT_ID
from procore_nb.demo.http_messages import DemoReply, DemoRequest, ErrorReply, bad_token, json_reply
from procore_nb.demo.limits import ForkSafeLock


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
        kind, _, text = authorization.strip().partition(" ")
        if kind.lower() != "bearer" or not text.strip():
            raise bad_token("token_missing")
        with self._lock:
            expiry = self._expiry.get(text.strip())
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
            words = "The authorization grant type is not supported by the authorization server."
            raise ErrorReply(400, words, reason="unsupported_grant_type")
        _check_client(request, parameters)
        text = f"eyJhbGciOiJFUzUxMiJ9.{secrets.token_urlsafe(60)}.{secrets.token_urlsafe(40)}"
        now, seconds = self._clock(), self.lifetime_seconds
        with self._lock:
            if len(self._expiry) > 10_000:
                self._expiry = {token: expiry for token, expiry in self._expiry.items() if expiry > now}
            self._expiry[text] = now + seconds
            self.issued += 1
        about = {"access_token": text, "token_type": "bearer", "expires_in": seconds}
        return {**about, "created_at": int(now)}

    def _info(self, request: DemoRequest) -> dict[str, object]:
        expiry = self.check(request.headers.get("authorization", ""))
        return {
            "resource_owner_id": SERVICE_ACCOUNT_ID, "scopes": [],
            "expires_in_seconds": int(expiry - self._clock()),
            "application": {"uid": CLIENT_ID}, "created_at": int(expiry - self.lifetime_seconds),
        }  # fmt: skip

    def _revoke(self, request: DemoRequest) -> dict[str, object]:
        parameters = _parameters(request)
        _check_client(request, parameters)
        with self._lock:
            if parameters.get("token") in self._expiry:
                self._expiry[parameters["token"]] = 0.0
        return {}


def _check_client(request: DemoRequest, parameters: dict[str, str]) -> None:
    """Refuse a request without the client's id and secret."""
    kind, _, text = request.headers.get("authorization", "").strip().partition(" ")
    client_id, secret = parameters.get("client_id", ""), parameters.get("client_secret", "")
    if kind.lower() == "basic":
        try:
            client_id, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
        except ValueError:
            client_id = ""
        client_id, secret = unquote(client_id), unquote(secret)
    if client_id != CLIENT_ID or not hmac.compare_digest(CLIENT_SECRET.encode(), secret.encode()):
        realm = [("WWW-Authenticate", 'Bearer realm="Procore", error="invalid_client"')]
        raise ErrorReply(401, "Client authentication failed", reason="invalid_client", headers=realm)


def _parameters(request: DemoRequest) -> dict[str, str]:
    """Parameters of query and body together; the body wins."""
    content_type = request.headers.get("content-type", "").lower()
    kind, read = "form", _from_form
    if "json" in content_type:
        kind, read = "JSON object", _from_json
    elif content_type.startswith("multipart/form-data"):
        kind, read = "multipart form", _from_multipart
    parameters = dict(parse_qsl(request.query, keep_blank_values=True))
    try:
        return parameters | read(request) if request.body else parameters
    except ValueError as error:
        raise ErrorReply(400, f"The body is not a {kind}.", reason="invalid_request") from error


def _from_form(request: DemoRequest) -> dict[str, str]:
    return dict(parse_qsl(request.body.decode(), keep_blank_values=True))


def _from_json(request: DemoRequest) -> dict[str, str]:
    value = orjson.loads(request.body)
    if not isinstance(value, dict):
        raise ValueError("An array or a single value.")  # noqa: TRY004 - the caller's answer is one for all
    return {key: item for key, item in value.items() if isinstance(item, str)}


def _from_multipart(request: DemoRequest) -> dict[str, str]:
    head = f"Content-Type: {request.headers['content-type']}\r\nMIME-Version: 1.0\r\n\r\n"
    message = message_from_bytes(head.encode("latin-1", "replace") + request.body)
    if not message.is_multipart():
        raise ValueError("No part of it is marked.")
    found = {}
    for part in message.walk():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            found[name] = content.decode("utf-8", "replace")
    return found
