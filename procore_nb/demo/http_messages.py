"""What goes into the demo and what comes out: one request, one reply, as plain values.

In: nothing. Out: `DemoRequest` and `DemoReply`. Speaks to no service.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
