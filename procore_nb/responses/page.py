"""One good reply in, a `Page` of records out. Pure.

In: a `Response`. Out: `Page`, or an error of our tree when the body cannot be read. Speaks to no service.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from procore_nb import hints
from procore_nb.errors import IncompleteError
from procore_nb.responses.groups import flatten_groups, split_envelope
from procore_nb.responses.links import has_next, last_page, links_of, next_cursor
from procore_nb.responses.response import Response, whole_number
from procore_nb.responses.status_errors import error_from, reason_of

# A body of nothing else is an error, whatever its status says.
_SAID = {"error", "errors", "message"}
_REFUSAL_KEYS = _SAID | {"code", "reason", "status", "exception", "fields", "details"}


@dataclass(frozen=True)
class Page:
    """The records of one reply and what its headers say about the rest.

    `total` and `per_page` are None when Procore does not say. `more` is True or False when a Link header tells whether
    there is a next page, else None. `last` is the number of the last page, `cursor` the next cursor, where given.
    `groups` is how many groups the rows came in, where a list comes in groups: `total` may count either.
    """

    rows: list[Any]
    total: int | None = None
    per_page: int | None = None
    more: bool | None = None
    last: int | None = None
    cursor: str | None = None
    groups: int | None = None


def read_page(reply: Response, *, envelope: str = "") -> Page:
    """Read one page of a list, or raise what the reply says.

    Parameters
    ----------
    reply
        The reply to a list question.
    envelope
        Where the catalogue expects the list, such as `data` or `data.history`; the reply itself has the last word.
        `[].meetings`: the list holds groups, whose rows are under that key. A lone dot means that the body is one record.

    Raises
    ------
    StatusError
        If the status says no.
    IncompleteError
        If the body is not whole JSON (retryable), holds no list, or its next link leads to another host.
    """
    body = read_json(reply)
    links = links_of(reply)
    outer, inside = split_envelope(envelope)
    elements = _unwrap(body, outer, reply)
    return Page(
        rows=flatten_groups(elements, inside) if inside else elements,
        total=whole_number(reply.headers.get("total")),
        per_page=whole_number(reply.headers.get("per-page")),
        more=has_next(reply, links, body),
        last=last_page(links),
        cursor=next_cursor(reply, links, body),
        groups=len(elements) if inside else None,
    )


def read_json(reply: Response) -> Any:
    """Return the parsed body of a good reply, or raise what the reply says; an empty 204 is None."""
    error = error_from(reply)
    if error is not None:
        raise error
    if reply.status == 204:
        return None
    try:
        return orjson.loads(reply.body)
    except orjson.JSONDecodeError as failure:
        what = "a web page instead of JSON" if reply.is_html else "a body that is not whole JSON"
        raise IncompleteError(
            f"{reply.where} answered {reply.status} with {what} ({len(reply.body):,} bytes).",
            status=reply.status,
            retryable=True,
            advice=hints.NOT_JSON,
        ) from failure


def _unwrap(body: Any, envelope: str, reply: Response) -> list[Any]:
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
    if "data" in body and body["data"] is None:
        return []
    holder = body["data"] if isinstance(body.get("data"), dict) else body
    if holder is not body and not holder:
        return []
    if not holder or (set(holder) <= _REFUSAL_KEYS and _SAID.intersection(holder)):
        raise IncompleteError(
            f"{reply.where} answered {reply.status} with no list in it"
            + (f": {reason_of(reply)}" if holder else "."),
            status=reply.status,
            retryable=True,
            advice=hints.IN_TROUBLE,
        )
    lists = [value for value in holder.values() if isinstance(value, list)]
    if len(lists) == 1 and len(holder) <= 4:
        return lists[0]
    return [holder]
