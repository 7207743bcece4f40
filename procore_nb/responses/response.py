"""One response as it came: what it says about time, and the error it stands for. Pure.

In: status, headers and body. Out: `Response`, seconds to wait, the server's clock, a `ProcoreError` with reason and advice.
Error bodies have no single form: https://developers.procore.com/documentation/error-reference
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from procore_nb import hints
from procore_nb.errors import (
    AccessError,
    NotFoundError,
    ProcoreError,
    RateLimitError,
    RequestError,
    ServerError,
)
from procore_nb.responses.parse_json import parse_json

_DEEPEST = 20  # levels of an error body that are read for words; Procore's have four
_MOST_TEXTS = 50  # texts of an error body that are read; the reason is one short line
_KINDS: Mapping[int, type[ProcoreError]] = {
    401: AccessError,
    403: AccessError,
    404: NotFoundError,
    429: RateLimitError,
}
_REASON_KEYS = ("message", "errors", "error", "error_description", "details")


@dataclass(frozen=True)
class Response:
    """What came back for one request.

    `headers` has lower-case names. `url` is what was requested, without any secret.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    url: str
    environment: str = ""
    kept_at: float | None = None
    """When it was sent (Unix seconds), where it was kept on disk since."""

    @property
    def is_html(self) -> bool:
        """Whether a web page came instead of JSON."""
        start = self.body[:200].lstrip().lower()
        return "html" in self.headers.get("content-type", "") or start.startswith((b"<!doctype", b"<html"))

    @property
    def is_login(self) -> bool:
        """Whether the login host answered, whose refusals mean something else than those of the API host."""
        return urlsplit(self.url).path.startswith("/oauth/")

    @property
    def where(self) -> str:
        """Name the request for messages: path and environment."""
        parts = urlsplit(self.url)
        query = f"?{parts.query}" if parts.query else ""
        return f"GET {parts.path}{query}" + (f" ({self.environment})" if self.environment else "")


def error_from(response: Response) -> ProcoreError | None:
    """Return the error a response stands for, or None when it is a good one."""
    status = response.status
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return RequestError(
            f"{response.where} was redirected ({status}) and not followed.",
            status=status,
            advice=hints.REDIRECT,
        )
    reason = reason_of(response)
    kind = _KINDS.get(status, ServerError if status >= 500 else RequestError)
    seconds = retry_after_seconds(response.headers)
    wait = f" (Procore asks to wait {seconds:,.0f} seconds)" if seconds else ""
    said = f": {reason}{wait}" if reason else f"{wait}."
    return kind(
        f"{response.where} answered {status}{said}",
        reason=reason,
        status=status,
        retry_after_seconds=seconds,
        advice=hints.for_status(status, reason, login=response.is_login, web_page=response.is_html),
        retryable=status == 429 or (status >= 500 and status != 501),
    )


def reason_of(response: Response) -> str:
    """Return what an error body says, in one short line; empty where it says nothing."""
    if response.is_html:
        title = re.search(rb"<title[^>]*>(.*?)</title>", response.body[:5000], re.I | re.S)
        return "a web page" + (f" titled {_short(title[1].decode('utf-8', 'replace'))!r}" if title else "")
    try:
        body = parse_json(response.body).value
    except ValueError:
        text = response.body[:5000].decode("utf-8", "replace")
        # Of a cloud store: Amazon's, Azure's, Google's XML.
        message = re.search(r"<Message>([^<]*)</Message>", text)
        return _short(unescape(message[1]) if message else text[:400])
    return _short("; ".join(_texts(body)))


def _texts(body: Any, depth: int = 0) -> list[str]:
    """Return the words in an error body. A hostile one may be nested so deep that reading all of it ends in an error."""
    if isinstance(body, str):
        return [body]
    if depth > _DEEPEST:
        return []
    if isinstance(body, list):
        return [text for entry in body[:_MOST_TEXTS] for text in _texts(entry, depth + 1)]
    if not isinstance(body, dict):
        return []
    known = [key for key in _REASON_KEYS if body.get(key)]
    if known:
        return list(dict.fromkeys(text for key in known for text in _texts(body[key], depth + 1)))
    named = [(key, ", ".join(_texts(body[key], depth + 1))) for key in list(body)[:_MOST_TEXTS]]
    return [f"{key}: {text}" for key, text in named if text]


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 300 else text[:299] + "…"


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Return how long a response asks us to wait: Retry-After (seconds or a date), else until X-Rate-Limit-Reset."""
    named = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,12})?", named):
        return float(named)
    now = server_time(headers)
    if now is None:
        return None
    until = _moment(named)
    if until is not None:
        return max(0.0, until - now)
    reset = whole_number(headers.get("x-rate-limit-reset"))
    if reset is not None and headers.get("x-rate-limit-remaining", "0").strip() == "0":
        return float(max(0.0, reset - now))
    return None


def server_time(headers: Mapping[str, str]) -> float | None:
    """Return the server's clock, in Unix seconds, from the Date header; None when it gives none."""
    return _moment(headers.get("date", ""))


def _moment(text: str) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (
        ValueError,
        TypeError,
        ArithmeticError,
    ):  # years and offsets past what a clock can show: OverflowError
        return None


def whole_number(text: str | None) -> int | None:
    """Return a count as a number; None for what is none."""
    return int(text) if text is not None and re.fullmatch(r"\s*[0-9]{1,18}\s*", text) else None
