"""What goes into the demo and what comes out: one request, one reply, as plain values; the replies that say no.

In: nothing. Out: `DemoRequest`, `DemoReply`, and `ErrorReply`, raised anywhere in the demo and turned into a reply in
Procore's forms: several in v1, one in v2 (https://developers.procore.com/documentation/error-reference).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
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
    """One HTTP reply; how it travels (late, or broken off) is said beside it."""

    status: int
    headers: Headers = ()  # `Content-Length` is left to whoever sends the reply
    body: bytes = b""
    delay_seconds: float = 0.0
    dropped: bool = False  # the connection closes in the middle of the body
    silent: bool = False  # it closes without a word
    more: int = 0  # bytes that follow the body, made while they are sent
    endless: bool = False  # they never end
    pause_seconds: float = 0.0  # before each piece of the body

    @property
    def in_pieces(self) -> bool:
        """Whether the body cannot be sent as one."""
        return bool(self.more or self.endless or self.pause_seconds)

    def pieces(self) -> Iterator[bytes]:
        """The body and what follows it, in pieces."""
        for start in range(0, len(self.body), PIECE_BYTES):
            yield self.body[start : start + PIECE_BYTES]
        left = self.more
        while left > 0 or self.endless:
            yield bytes(PIECE_BYTES if self.endless else min(left, PIECE_BYTES))
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


def json_reply(value: object, *, status: int = 200, headers: Headers = ()) -> DemoReply:
    """Value as a JSON reply."""
    return raw_json_reply(orjson.dumps(value), status=status, headers=headers)


def raw_json_reply(body: bytes, *, status: int = 200, headers: Headers = ()) -> DemoReply:
    """Ready JSON bytes as a reply."""
    return DemoReply(status, [("Content-Type", "application/json"), *headers], body)


NO_SUCH_THING = "The URI requested is invalid or the resource requested does not exist."
NOT_CONNECTED = "App is not connected to this company"
MISSING_COMPANY = (
    "Missing Procore-Company-Id header! Send the id of the company this call is about in the header "
    "Procore-Company-Id with every request."
)
_REASONS = {400: "INVALID_PROPERTY", 401: "INVALID_TOKEN"}


class ErrorReply(Exception):
    """A reply that says no; `reason` is for v1, `source` the parameter at fault, `loose` v1's `{"errors": message}`."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        reason: str = "",
        source: str = "",
        loose: bool = False,
        headers: Headers = (),
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers
        self.reason, self.source, self.loose = reason, source, loose

    def reply(self, *, v2: bool) -> DemoReply:
        """Reply in the form of the path's version."""
        return json_reply(self._v2() if v2 else self._v1(), status=self.status, headers=self.headers)

    def _v1(self) -> dict[str, object]:
        if self.loose:
            return {"errors": self.message}
        about = {"code": self.status, "message": self.message, "fields": self.source, "reason": self.reason}
        return {**about, "error": "unauthorized" if self.status == 401 else ""}

    def _v2(self) -> dict[str, object]:
        status = HTTPStatus(self.status)
        detail = {"reason_code": _REASONS.get(status, status.name), "message": self.message}
        if self.source:
            detail["source"] = self.source
        return {"error": {"code": status.name, "message": status.phrase, "details": [detail]}}


def not_found() -> ErrorReply:
    """404 of a path, a company or a record that is not there or not to be seen."""
    return ErrorReply(404, NO_SUCH_THING)


def forbidden(message: str = "You do not have permission to do this.") -> ErrorReply:
    """403 of a project or tool the service account may not use."""
    return ErrorReply(403, message, reason="forbidden")


def bad_request(message: str, source: str = "") -> ErrorReply:
    """400 of a parameter that is missing or cannot be read."""
    return ErrorReply(400, message, reason="bad_request", source=source)


def bad_token(reason: str) -> ErrorReply:
    """401 of a bearer token that is missing (`token_missing`), unknown, expired or revoked."""
    return ErrorReply(401, BAD_TOKEN, reason=reason, headers=[token_challenge(reason)])


BAD_TOKEN = "The access token is invalid"  # noqa: S105 - a message


def token_challenge(reason: str) -> tuple[str, str]:
    """The header of a 401 that says which scheme is expected, and what was wrong with a token that came."""
    fault = f', error="invalid_token", error_description="{BAD_TOKEN}"' if reason != "token_missing" else ""
    return "WWW-Authenticate", f'Bearer realm="Procore"{fault}'
