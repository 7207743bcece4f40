"""One response: its JSON with every value exact, what it says about time, and the error it stands for. Pure.

In: status, headers and body. Out: `Response`, parsed JSON, seconds to wait, the server's clock, a `ProcoreError` with reason and
advice. Error bodies have no single form: https://developers.procore.com/documentation/error-reference
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import orjson

from procore_nb import hints
from procore_nb.errors import (
    AccessError,
    NotFoundError,
    ProcoreError,
    RateLimitError,
    RequestError,
    ServerError,
)

_DEEPEST = 20  # levels of an error body that are read for words; Procore's have four
_MOST_TEXTS = 50  # texts of an error body that are read; the reason is one short line
_CLASSES = {401: AccessError, 403: AccessError, 404: NotFoundError, 429: RateLimitError}
_REASON_KEYS = ("message", "errors", "error", "error_description", "details")

# A float holds 15 to 17 digits, a 64-bit integer 19 or 20. One pass in C tells whether there is any such long number, at a
# sixth of the time orjson takes; looking with a regular expression takes longer than the reading itself.
_DIGITS = bytes.maketrans(b"0123456789.", b"0" * 11)
_LONG = b"0" * 17
_LONG_NUMBER = re.compile(rb"(?<=[:,\[\s])-?[0-9][0-9.]{16,}(?:[eE][+-]?[0-9]+)?")
_LONGEST_INTEGER = 4_000  # digits; Python refuses to convert more than 4,300, as that takes quadratic time
_ESCAPE = re.compile(
    r"\\(?:u[dD][89aAbB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
# The usual bytes that are not UTF-8 are one value pasted from an old program: Windows-1252, of which Latin-1 is nearly all.
_NOT_IN_1252 = (0x81, 0x8D, 0x8F, 0x90, 0x9D)
_WINDOWS_1252 = {
    0xDC00 + byte: bytes([byte]).decode("latin-1" if byte in _NOT_IN_1252 else "cp1252")
    for byte in range(0x80, 0x100)
}
_UNREADABLE = "\ufffd"


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
    cached_at: float | None = None
    """When it was sent (Unix seconds), where it was kept on disk since."""

    @property
    def is_html(self) -> bool:
        """Whether a web page came instead of JSON."""
        start = self.body[:200].lstrip().lower()
        return "html" in self.headers.get("content-type", "") or start.startswith((b"<!doctype", b"<html"))

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
    error_class: type[ProcoreError] = _CLASSES.get(status, ServerError if status >= 500 else RequestError)
    # Refusals of the login host mean something else than those of the API host.
    is_login = urlsplit(response.url).path.startswith("/oauth/")
    seconds = retry_after_seconds(response.headers)
    wait = f" (Procore asks to wait {seconds:,.0f} seconds)" if seconds else ""
    return error_class(
        f"{response.where} answered {status}" + (f": {reason}{wait}" if reason else f"{wait}."),
        reason=reason,
        status=status,
        retry_after_seconds=seconds,
        advice=hints.for_status(status, reason, login=is_login, web_page=response.is_html),
        retryable=status == 429 or (status >= 500 and status != 501),
    )


def reason_of(response: Response) -> str:
    """Return what an error body says, in one short line; empty where it says nothing."""
    if response.is_html:
        title = re.search(rb"<title[^>]*>(.*?)</title>", response.body[:5000], re.I | re.S)
        return "a web page" + (f" titled {_short(title[1].decode('utf-8', 'replace'))!r}" if title else "")
    try:
        body, _ = parse_json(response.body)
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
    ):  # OverflowError: years and offsets past what a clock can show
        return None


def whole_number(text: str | None) -> int | None:
    """Return a count as a number; None for what is none."""
    return int(text) if text is not None and re.fullmatch(r"\s*[0-9]{1,18}\s*", text) else None


def parse_json(body: bytes) -> tuple[Any, int]:
    """Return the value of a JSON body, and how many of its characters were guessed or lost; `ValueError` where it is no JSON.

    orjson reads nearly every body, and refuses or rounds the rest: a byte-order mark, a byte that is not UTF-8, half of a
    surrogate pair, integers past 64 bits and decimals of more digits than a float holds. Those bodies are read again, slower.

    Integers keep every digit. A decimal that no float holds exactly is a `decimal.Decimal`; numbers too long even for
    Python to convert are their text. Bytes that are not UTF-8 are read as Windows-1252, half a surrogate pair as U+FFFD.
    """
    long_numbers = _LONG_NUMBER.finditer(body) if _LONG in body.translate(_DIGITS) else ()
    if not any(_is_rounded(number[0].decode()) for number in long_numbers):
        with suppress(orjson.JSONDecodeError):  # read again below: the reason may be a single character
            return orjson.loads(body), 0
    text, unreadable = _decode(body)
    numbers: Any = {"parse_int": _integer, "parse_float": _decimal, "parse_constant": _no_constant}
    try:
        value = json.loads(text, strict=False, **numbers)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    return value, unreadable


def _is_rounded(number: str) -> bool:
    """Return whether orjson would change the value of a number."""
    if number.lstrip("-").isdigit():
        return len(number) > 20 or not -(2**63) <= int(number) < 2**64
    return isinstance(_decimal(number), Decimal)


def _integer(text: str) -> int | str:
    return int(text) if len(text) <= _LONGEST_INTEGER else text


def _decimal(text: str) -> float | Decimal | str:
    """Return a float where it has the value that is written, else the exact decimal."""
    try:
        number = float(text)
        if len(text) <= 16 and "e" not in text and "E" not in text:
            return number
        exact = Decimal(text)
        return number if Decimal(repr(number)) == exact else exact
    except (InvalidOperation, ValueError):  # an exponent past what a Decimal takes
        return text


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _decode(body: bytes) -> tuple[str, int]:
    """Return the text of a body without byte-order mark, and how many characters of it are not certain."""
    unreadable = 0
    try:
        text = body.decode(json.detect_encoding(body), "surrogatepass")
    except UnicodeDecodeError:
        text = body.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
        unreadable = len(re.findall("[\udc80-\udcff]", text))
        text = text.translate(_WINDOWS_1252)
    halves = sum(found[1] is not None for found in _ESCAPE.finditer(text))
    text = _ESCAPE.sub(lambda found: found[0] if found[1] is None else _UNREADABLE, text)
    text, more = re.subn("[\ud800-\udfff]", _UNREADABLE, text)
    return text, unreadable + halves + more
