"""What a reply says that says no: an error of our tree, in words, with advice. Pure.

In: a `Response`. Out: a `ProcoreError`, or None for a good one. Error bodies have no single form, see
https://developers.procore.com/documentation/error-reference
"""

from __future__ import annotations

import re
from typing import Any

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
from procore_nb.responses.response import Response, retry_after_seconds


def error_from(reply: Response) -> ProcoreError | None:
    """Return the error a reply stands for, or None when it is a good one."""
    status = reply.status
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return RequestError(
            f"{reply.where} was redirected ({status}) and not followed.",
            status=status,
            advice=hints.REDIRECT,
        )
    text = reason_of(reply)
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
        advice=hints.for_status(status, text),
        retryable=status == 429 or (status >= 500 and status != 501),
    )


def reason_of(reply: Response) -> str:
    """Return what an error body says, in one short line."""
    if reply.is_html:
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
