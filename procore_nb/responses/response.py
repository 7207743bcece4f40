"""One reply as it came, and what its headers say about time: pure.

In: status, headers and body. Out: `Response`, seconds to wait, the server's clock. Speaks to no service.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Response:
    """What came back for one request.

    `headers` has lower-case names. `url` is what was asked, without any secret.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    url: str
    environment: str = ""

    @property
    def is_html(self) -> bool:
        """Whether a web page came instead of JSON."""
        start = self.body[:200].lstrip().lower()
        return "html" in self.headers.get("content-type", "") or start.startswith((b"<!doctype", b"<html"))

    @property
    def where(self) -> str:
        """Name the question for messages: path and environment."""
        parts = urlsplit(self.url)
        query = f"?{parts.query}" if parts.query else ""
        return f"GET {parts.path}{query}" + (f" ({self.environment})" if self.environment else "")


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Return how long a reply asks us to wait: Retry-After (seconds or a date), else the time to X-Rate-Limit-Reset."""
    asked = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", asked):
        return float(asked)
    now = server_time(headers)
    if asked and now is not None:
        try:
            return max(0.0, parsedate_to_datetime(asked).timestamp() - now)
        except (TypeError, ValueError):
            pass
    reset = whole_number(headers.get("x-rate-limit-reset"))
    if reset is not None and now is not None and headers.get("x-rate-limit-remaining", "0").strip() == "0":
        return max(0.0, reset - now)
    return None


def server_time(headers: Mapping[str, str]) -> float | None:
    """Return the server's clock, in Unix seconds, from the Date header; None when it gives none."""
    try:
        moment = parsedate_to_datetime(headers["date"])
    except (KeyError, TypeError, ValueError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def whole_number(text: str | None) -> int | None:
    """Return a count as a number; None for what is none."""
    return int(text) if text is not None and re.fullmatch(r"\s*[0-9]{1,18}\s*", text) else None


def utc_text(moment: float) -> str:
    """Return Unix seconds as ISO 8601 text in UTC, to the second."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
