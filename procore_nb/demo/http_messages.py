"""What goes into the demo and what comes out: one request, one reply, as plain values; the replies that refuse.

In: nothing. Out: `DemoRequest`, `DemoReply`, and `ErrorReply`, raised anywhere in the demo and turned into a reply in the form
of whoever answers: v1, v2 (https://developers.procore.com/documentation/error-reference), the login host, the cloud storage
(https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from html import escape
from http import HTTPStatus
from math import inf
from typing import Any

import orjson

Headers = Sequence[tuple[str, str]]
PIECE_BYTES = 16_384


@dataclass(frozen=True)
class DemoRequest:
    """One HTTP request as the demo sees it, from a socket or from inside the process."""

    method: str  # in capitals
    path: str  # as sent, still percent-encoded, without the query
    query: str = ""  # without the question mark
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    body: bytes = b""
    scheme: str = "http"  # how the caller reached us, for the addresses in `Link`
    storage: str = ""  # address of the storage host for this caller; empty inside the process

    @property
    def origin(self) -> str:
        """Scheme and host the caller used."""
        return f"{self.scheme}://{self.headers.get('host', 'localhost')}"


@dataclass(frozen=True)
class DemoReply:
    """One HTTP reply; a `Content-Length` beyond its body means that the connection closes too early."""

    status: int
    headers: Headers = ()
    body: bytes = b""
    delay_seconds: float = 0.0
    silent: bool = False  # the connection closes before any reply
    more: float = 0  # bytes that follow the body, made while they are sent; infinite: they never end
    pause_seconds: float = 0.0  # before each piece of the body

    def pieces(self) -> Iterator[bytes]:
        """The body and what follows it, in pieces."""
        for start in range(0, len(self.body), PIECE_BYTES):
            yield self.body[start : start + PIECE_BYTES]
        left = self.more
        while left > 0:
            yield bytes(int(min(left, PIECE_BYTES)))
            left -= PIECE_BYTES

    def header(self, name: str) -> str | None:
        """First value of a header, whatever its case; None if absent."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def json(self) -> Any:
        """Body read as JSON."""
        return orjson.loads(self.body)

    def with_headers(self, headers: Headers) -> DemoReply:
        """Same reply with more headers."""
        return replace(self, headers=[*self.headers, *headers])

    def sized(self) -> DemoReply:
        """Same reply with `Content-Length`, unless it has one or never ends."""
        if self.more == inf or self.header("Content-Length") is not None:
            return self
        return self.with_headers([("Content-Length", str(len(self.body)))])


def json_reply(value: object, *, status: int = 200, headers: Headers = ()) -> DemoReply:
    """Value as a JSON reply."""
    return DemoReply(status, [("Content-Type", "application/json"), *headers], orjson.dumps(value))


BAD_TOKEN = "The access token is invalid"  # noqa: S105 - a message
_REASONS = {400: "INVALID_PROPERTY", 401: "INVALID_TOKEN"}


@dataclass(eq=False)
class ErrorReply(Exception):
    """A refusal, raised where it is known; `loose` is v1's other form, `{"errors": message}`."""

    status: int
    message: str
    _: KW_ONLY
    reason: str = ""  # the machine's word for it
    source: str = ""  # the parameter at fault
    loose: bool = False
    headers: Headers = ()

    def reply(self, *, v2: bool) -> DemoReply:
        """Reply of the API, in the form of the path's version."""
        status = HTTPStatus(self.status)
        body: dict[str, object] = {"errors": self.message}
        if v2:
            detail = {"reason_code": _REASONS.get(status, status.name), "message": self.message}
            if self.source:
                detail["source"] = self.source
            body = {"error": {"code": status.name, "message": status.phrase, "details": [detail]}}
        elif not self.loose:
            body = {
                "code": self.status,
                "message": self.message,
                "fields": self.source,
                "reason": self.reason,
            }
            body["error"] = "unauthorized" if self.status == 401 else ""
        return json_reply(body, status=self.status, headers=self.headers)

    def oauth_reply(self) -> DemoReply:
        """Reply of the login host."""
        reason = "invalid_token" if self.reason.startswith("token_") else self.reason
        body = {"error": reason, "error_description": self.message}
        return json_reply(body, status=self.status, headers=self.headers)

    def storage_reply(self) -> DemoReply:
        """Reply of the cloud storage, in the form of Amazon S3."""
        code = f"<Code>{self.reason}</Code><Message>{escape(self.message)}</Message>"
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{code}</Error>'
        return DemoReply(self.status, [("Content-Type", "application/xml"), *self.headers], body.encode())


def not_found() -> ErrorReply:
    """404 of a path, a company or a record that is not there or not to be seen."""
    return ErrorReply(404, "The URI requested is invalid or the resource requested does not exist.")


def forbidden() -> ErrorReply:
    """403 of a project, tool or file the service account may not use."""
    return ErrorReply(403, "You do not have permission to do this.", reason="forbidden")


def bad_request(message: str, source: str = "") -> ErrorReply:
    """400 of a parameter that is missing or cannot be read."""
    return ErrorReply(400, message, reason="bad_request", source=source)


def bad_token(reason: str) -> ErrorReply:
    """401 of a bearer token that is missing (`token_missing`), unknown, expired or revoked."""
    challenge = 'Bearer realm="Procore"'
    if reason != "token_missing":
        challenge += f', error="invalid_token", error_description="{BAD_TOKEN}"'
    return ErrorReply(401, BAD_TOKEN, reason=reason, headers=[("WWW-Authenticate", challenge)])
