"""One reply in; a `Page` of records, or the error it stands for, out.

In: status, headers and body as they came. Out: `Page`, or an error of our tree with words and advice. Pure: speaks to
no service. Error bodies have no single form, see https://developers.procore.com/documentation/error-reference
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from procore_nb import advice
from procore_nb.errors import (
    AccessError,
    IncompleteError,
    NotFoundError,
    ProcoreError,
    RateLimitError,
    RequestError,
    ServerError,
)


@dataclass(frozen=True)
class Reply:
    """What came back for one request.

    `headers` has lower-case names. `url` is what was asked, without any secret.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    url: str
    environment: str = ""

    @property
    def where(self) -> str:
        """Name the question for messages: path and environment."""
        parts = urlsplit(self.url)
        query = f"?{parts.query}" if parts.query else ""
        return f"GET {parts.path}{query}" + (f" ({self.environment})" if self.environment else "")


@dataclass(frozen=True)
class Page:
    """The records of one reply and what its headers say about the rest.

    `total` and `per_page` are None when Procore does not say. `more` is True or False when a Link header tells whether
    there is a next page, else None. `last` is the number of the last page, `cursor` the next cursor, where given.
    """

    rows: list[Any]
    total: int | None = None
    per_page: int | None = None
    more: bool | None = None
    last: int | None = None
    cursor: str | None = None


def read_page(reply: Reply, *, envelope: str = "") -> Page:
    """Read one page of a list, or raise what the reply says.

    Parameters
    ----------
    reply
        The reply to a list question.
    envelope
        Where the catalogue expects the list, such as `data` or `data.history`; the reply itself has the last word.
        A lone dot means that the body is one record.

    Raises
    ------
    StatusError
        If the status says no.
    IncompleteError
        If the body is not whole JSON (retryable), holds no list, or its next link leads to another host.
    """
    body = read_json(reply)
    links = _links(reply)
    return Page(
        rows=_unwrap(body, envelope, reply),
        total=_number(reply.headers.get("total")),
        per_page=_number(reply.headers.get("per-page")),
        more=_has_next(reply, links, body),
        last=_last_page(links, body),
        cursor=_next_cursor(links, body),
    )


def read_json(reply: Reply) -> Any:
    """Return the parsed body of a good reply, or raise what the reply says; an empty 204 is None."""
    error = error_of(reply)
    if error is not None:
        raise error
    if reply.status == 204:
        return None
    try:
        return orjson.loads(reply.body)
    except orjson.JSONDecodeError as failure:
        what = "a web page instead of JSON" if _is_html(reply) else "a body that is not whole JSON"
        raise IncompleteError(
            f"{reply.where} answered {reply.status} with {what} ({len(reply.body):,} bytes).",
            status=reply.status,
            retryable=True,
            advice=advice.NOT_JSON,
        ) from failure


def error_of(reply: Reply) -> ProcoreError | None:
    """Return the error a reply stands for, or None when it is a good one."""
    status = reply.status
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return RequestError(
            f"{reply.where} was redirected ({status}) and not followed.",
            status=status,
            advice=advice.REDIRECT,
        )
    text = _error_text(reply)
    kinds: dict[int, type[ProcoreError]] = {
        401: AccessError,
        403: AccessError,
        404: NotFoundError,
        429: RateLimitError,
    }
    kind = kinds.get(status, ServerError if status >= 500 else RequestError)
    asked = retry_after_seconds(reply.headers)
    wait = f" (Procore asks to wait {asked:,.0f} seconds)" if asked else ""
    return kind(
        f"{reply.where} answered {status}" + (f": {text}" if text else "") + wait + ("" if text else "."),
        status=status,
        retry_after_seconds=asked,
        advice=advice.for_status(status, text),
        retryable=status == 429 or (status >= 500 and status != 501),
    )


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Return how long a reply asks us to wait: Retry-After (seconds or a date), else the time to X-Rate-Limit-Reset."""
    asked = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d+(\.\d+)?", asked):
        return float(asked)
    now = server_time(headers)
    if asked and now is not None:
        try:
            return max(0.0, parsedate_to_datetime(asked).timestamp() - now)
        except (TypeError, ValueError):
            pass
    reset = _number(headers.get("x-rate-limit-reset"))
    if reset is not None and now is not None and headers.get("x-rate-limit-remaining", "").strip() == "0":
        return max(0.0, reset - now)
    return None


def server_time(headers: Mapping[str, str]) -> float | None:
    """Return the server's clock, in Unix seconds, from the Date header; None when it gives none."""
    try:
        moment = parsedate_to_datetime(headers["date"])
    except (KeyError, TypeError, ValueError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"\s*\d{1,18}\s*", text) else None


def _links(reply: Reply) -> dict[str, str] | None:
    """Return the Link header by rel; None without one. An empty header means that everything is on this page."""
    header = reply.headers.get("link")
    if header is None:
        return None
    found = {}
    for address, parameters in re.findall(r"<([^>]*)>([^<]*)", header):
        rel = re.search(r"""rel\s*=\s*["']?([\w-]+)""", parameters)
        if rel:
            found[rel[1].lower()] = address
    return found


def _has_next(reply: Reply, links: dict[str, str] | None, body: Any) -> bool | None:
    if links is None:
        return _possible_pages_left(body)
    if "next" not in links:
        return False
    theirs, ours = urlsplit(links["next"]), urlsplit(reply.url)
    if theirs.hostname and (theirs.hostname.lower(), theirs.port) != (
        (ours.hostname or "").lower(),
        ours.port,
    ):
        raise IncompleteError(
            f"The next page of {reply.where} is said to be on another host ({theirs.hostname}), where the token must "
            "not go.",
            advice="Check the API host of the environment; a proxy may be rewriting addresses.",
        )
    return True


def _possible_pages_left(body: Any) -> bool | None:
    # Resource Planning tells its pages inside the body: {possible_pages, current_page, data}, pages from 0.
    inner = body[0] if isinstance(body, list) and len(body) == 1 else body
    if not isinstance(inner, dict):
        return None
    possible, current = inner.get("possible_pages"), inner.get("current_page")
    return current + 1 < possible if isinstance(possible, int) and isinstance(current, int) else None


def _last_page(links: dict[str, str] | None, body: Any) -> int | None:
    if links and "last" in links:
        return _number(parse_qs(urlsplit(links["last"]).query).get("page", [""])[0])
    return None


def _next_cursor(links: dict[str, str] | None, body: Any) -> str | None:
    if links and "next" in links:
        found = parse_qs(urlsplit(links["next"]).query).get("cursor")
        if found:
            return found[0]
    if isinstance(body, dict):
        for holder in (body, *(body.get(key) for key in ("meta", "pagination", "paging", "cursor"))):
            for key in ("next_cursor", "cursor", "next"):
                value = holder.get(key) if isinstance(holder, dict) else None
                if isinstance(value, str) and value and "/" not in value:
                    return value
    return None


def _unwrap(body: Any, envelope: str, reply: Reply) -> list[Any]:
    if body is None:
        return []
    if envelope == "." and isinstance(body, dict):
        return [body]
    if isinstance(body, list):
        first = body[0] if len(body) == 1 else None
        if isinstance(first, dict) and isinstance(first.get("data"), list) and "possible_pages" in first:
            return list(first["data"])
        return body
    if not isinstance(body, dict):
        raise IncompleteError(f"{reply.where} answered {type(body).__name__} where a list belongs.")
    inner: Any = body
    for key in envelope.split(".") if envelope else ():
        inner = inner.get(key) if isinstance(inner, dict) else None
    for candidate in (inner if envelope else None, body.get("data")):
        if isinstance(candidate, list):
            return candidate
    holder = body["data"] if isinstance(body.get("data"), dict) else body
    lists = [value for value in holder.values() if isinstance(value, list)]
    if len(lists) == 1 and len(holder) <= 4:
        return lists[0]
    return [holder]


def _is_html(reply: Reply) -> bool:
    start = reply.body[:200].lstrip().lower()
    return "html" in reply.headers.get("content-type", "") or start.startswith((b"<!doctype", b"<html"))


def _error_text(reply: Reply) -> str:
    """Return what an error body says, in one short line."""
    if _is_html(reply):
        title = re.search(rb"<title[^>]*>(.*?)</title>", reply.body[:5000], re.I | re.S)
        return "a web page" + (f" titled {_short(title[1].decode('utf-8', 'replace'))!r}" if title else "")
    try:
        body = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        return _short(reply.body[:400].decode("utf-8", "replace"))
    return _short("; ".join(_texts(body)))


def _texts(body: Any) -> list[str]:
    if isinstance(body, str):
        return [body]
    if isinstance(body, list):
        return [text for entry in body for text in _texts(entry)]
    if not isinstance(body, dict):
        return []
    known = [key for key in ("message", "errors", "error", "error_description", "details") if body.get(key)]
    if known:
        texts = [text for key in known for text in _texts(body[key])]
        return list(dict.fromkeys(texts))
    return [f"{key}: {', '.join(_texts(value))}" for key, value in body.items() if _texts(value)]


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 300 else text[:299] + "…"


def utc_text(moment: float) -> str:
    """Return Unix seconds as ISO 8601 text in UTC, to the second."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
