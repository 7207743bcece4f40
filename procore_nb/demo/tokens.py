"""The login host: tokens for client credentials, what they are worth, and their end.

In: a request to `/oauth/...`. Out: a reply, and for the API the answer to "is this token good?". Sources:
https://developers.procore.com/documentation/oauth-client-credentials and `/oauth-endpoints`. Credentials come in the
body (form, multipart form or JSON), in the query, or as HTTP Basic.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from urllib.parse import parse_qsl, unquote

import orjson

from procore_nb.demo.http_messages import (
    BAD_TOKEN,
    DemoReply,
    DemoRequest,
    Headers,
    json_reply,
    token_challenge,
)
from procore_nb.demo.limits import ForkSafeLock

_NO_STORE: Headers = [("Cache-Control", "no-store"), ("Pragma", "no-cache")]


@dataclass
class IssuedToken:
    """One access token; times in Unix seconds."""

    client_id: str
    created_at: float
    lifetime_seconds: int
    revoked: bool = False

    def fault(self, now: float) -> str:
        """Why it is no longer good; empty if it is."""
        if self.revoked:
            return "token_revoked"
        return "token_expired" if now >= self.created_at + self.lifetime_seconds else ""


class TokenIssuer:
    """Hands out tokens and remembers them; safe between threads."""

    def __init__(
        self,
        clients: dict[str, str],
        *,
        clock: Callable[[], float],
        lifetime_seconds: int,
        resource_owner_id: int,
    ) -> None:
        self._clients = clients
        self._clock = clock
        self._owner = resource_owner_id
        self._tokens: dict[str, IssuedToken] = {}
        self._lock = ForkSafeLock()
        self.lifetime_seconds = lifetime_seconds
        self.issued = 0

    def respond(self, request: DemoRequest) -> DemoReply:
        """Answer anything below `/oauth`."""
        routes = {
            "/oauth/token": ("POST", self._issue),
            "/oauth/token/info": ("GET", self._info),
            "/oauth/revoke": ("POST", self._revoke),
        }
        method, answer = routes.get(request.path.rstrip("/"), ("", None))
        if answer is None:
            return _error(404, "not_found", "There is nothing at this address.")
        if request.method != method:
            reply = _error(405, "invalid_request", f"This address answers {method} only.")
            return reply.with_headers([("Allow", method)])
        return answer(request)

    def check(self, authorization: str) -> tuple[IssuedToken | None, str]:
        """Token of an `Authorization` header, or None and why it is not good."""
        kind, _, text = authorization.strip().partition(" ")
        if kind.lower() != "bearer" or not text.strip():
            return None, "token_missing"
        with self._lock:
            token = self._tokens.get(text.strip())
        if token is None:
            return None, "token_invalid"
        fault = token.fault(self._clock())
        return (None, fault) if fault else (token, "")

    def knows(self, text: str) -> bool:
        """Whether any token that was handed out is in a text."""
        with self._lock:
            return any(token in text for token in self._tokens)

    def revoke_all(self) -> int:
        """End every token; says how many were still good."""
        now = self._clock()
        with self._lock:
            good = [token for token in self._tokens.values() if not token.fault(now)]
            for token in good:
                token.revoked = True
        return len(good)

    def _issue(self, request: DemoRequest) -> DemoReply:
        try:
            parameters = read_parameters(request)
        except UnreadableBodyError as error:
            return _error(400, "invalid_request", str(error))
        grant = parameters.get("grant_type", "")
        if not grant:
            return _error(400, "invalid_request", "Missing required parameter: grant_type.")
        if grant != "client_credentials":
            words = "The authorization grant type is not supported by the authorization server."
            return _error(400, "unsupported_grant_type", words)
        client_id = self._client(request, parameters)
        if not client_id:
            return _bad_client()
        text = f"eyJhbGciOiJFUzUxMiJ9.{secrets.token_urlsafe(60)}.{secrets.token_urlsafe(40)}"
        now = self._clock()
        with self._lock:
            self._forget_ended(now)
            self._tokens[text] = IssuedToken(client_id, now, self.lifetime_seconds)
            self.issued += 1
        body = {
            "access_token": text,
            "token_type": "bearer",
            "expires_in": self.lifetime_seconds,
            "created_at": int(now),
        }
        return json_reply(body, headers=_NO_STORE)

    def _info(self, request: DemoRequest) -> DemoReply:
        token, fault = self.check(request.headers.get("authorization", ""))
        if token is None:
            return _error(401, "invalid_token", BAD_TOKEN).with_headers([token_challenge(fault)])
        left = int(token.created_at + token.lifetime_seconds - self._clock())
        body = {
            "resource_owner_id": self._owner, "scopes": [], "expires_in_seconds": left,
            "application": {"uid": token.client_id}, "created_at": int(token.created_at),
        }  # fmt: skip
        return json_reply(body, headers=_NO_STORE)

    def _revoke(self, request: DemoRequest) -> DemoReply:
        try:
            parameters = read_parameters(request)
        except UnreadableBodyError as error:
            return _error(400, "invalid_request", str(error))
        client_id = self._client(request, parameters)
        if not client_id:
            return _bad_client()
        with self._lock:
            token = self._tokens.get(parameters.get("token", ""))
            if token is not None and token.client_id == client_id:
                token.revoked = True
        return json_reply({}, headers=_NO_STORE)

    def _client(self, request: DemoRequest, parameters: dict[str, str]) -> str:
        """Client id whose secret came along; empty if the pair is wrong or missing."""
        basic = _basic(request.headers.get("authorization", ""))
        client_id, secret = basic or (parameters.get("client_id", ""), parameters.get("client_secret", ""))
        expected = self._clients.get(client_id)
        if expected is None or not hmac.compare_digest(expected.encode(), secret.encode()):
            return ""
        return client_id

    def _forget_ended(self, now: float) -> None:
        if len(self._tokens) > 10_000:
            self._tokens = {text: token for text, token in self._tokens.items() if not token.fault(now)}


def _basic(authorization: str) -> tuple[str, str] | None:
    kind, _, text = authorization.strip().partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote(client_id), unquote(secret)


def _error(status: int, error: str, description: str) -> DemoReply:
    return json_reply({"error": error, "error_description": description}, status=status, headers=_NO_STORE)


def _bad_client() -> DemoReply:
    realm = ("WWW-Authenticate", 'Bearer realm="Procore", error="invalid_client"')
    return _error(401, "invalid_client", "Client authentication failed").with_headers([realm])


class UnreadableBodyError(ValueError):
    """The body is not what its `Content-Type` says."""


def read_parameters(request: DemoRequest) -> dict[str, str]:
    """Parameters of query and body together; the body wins."""
    parameters = dict(parse_qsl(request.query, keep_blank_values=True))
    if not request.body:
        return parameters
    content_type = request.headers.get("content-type", "").lower()
    if "json" in content_type:
        return parameters | _from_json(request.body)
    if content_type.startswith("multipart/form-data"):
        return parameters | _from_multipart(request.headers["content-type"], request.body)
    return parameters | _from_form(request.body)


def _from_json(body: bytes) -> dict[str, str]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise UnreadableBodyError("The body is not JSON.") from error
    if not isinstance(value, dict):
        raise UnreadableBodyError("The body is not a JSON object.")
    return {key: item for key, item in value.items() if isinstance(item, str)}


def _from_form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True))
    except ValueError as error:
        raise UnreadableBodyError("The body is not a form.") from error


def _from_multipart(content_type: str, body: bytes) -> dict[str, str]:
    head = b"Content-Type: " + content_type.encode("latin-1", "replace") + b"\r\nMIME-Version: 1.0\r\n\r\n"
    message = BytesParser().parsebytes(head + body)
    if not message.is_multipart():
        raise UnreadableBodyError("The body is not a multipart form.")
    found = {}
    for part in message.get_payload():
        if not isinstance(part, Message):
            continue
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            found[name] = content.decode("utf-8", "replace")
    return found
