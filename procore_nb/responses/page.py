"""One good response in, a `Page` of records out, with what it says about the next page. Pure.

In: a `Response`. Out: `Page`, its rows out of whatever envelope or groups they came in, or an error of our tree when the
body cannot be read. The next request is never built from a link: https://developers.procore.com/documentation/pagination
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

from procore_nb import hints
from procore_nb.environments import USUAL_PORTS
from procore_nb.errors import IncompleteError
from procore_nb.responses.response import Response, error_from, parse_json, reason_of, whole_number

# A body of nothing else is an error, whatever its status says.
_ERROR_KEYS = {"error", "errors", "message"}
_REFUSAL_KEYS = _ERROR_KEYS | {"code", "reason", "status", "exception", "fields", "details"}
_GROUP_PREFIX = "group_"  # of the columns that describe the group a row came in
_ABOUT_PAGES = frozenset({"possible_pages", "current_page"})
_KEYED = "{}"  # stands for the key of the rows where an object is keyed by the names of its groups
# Where the next cursor is returned is not documented; these are the usual places and names.
_PAGING_KEYS = ("meta", "pagination", "paging", "cursor", "cursors", "links", "page_info", "pageInfo")
_CURSOR_KEYS = ("next_cursor", "nextCursor", "end_cursor", "endCursor", "next", "cursor")
_MORE_KEYS = ("has_more", "hasMore", "has_next", "has_next_page", "hasNextPage")


@dataclass(frozen=True)
class Page:
    """The records of one response and what its headers say about the rest.

    `total` and `per_page` are None when Procore does not say. `more` is True or False when a Link header tells whether
    there is a next page, else None. `last` is the number of the last page, `cursor` the next cursor, where given.
    `groups` is how many groups the rows came in, where a list comes in groups: `total` may count either.
    `unreadable` is how many characters of the body were guessed or lost. `cached_at` is when it was sent, where it came from the cache.
    """

    rows: list[Any]
    total: int | None = None
    per_page: int | None = None
    more: bool | None = None
    last: int | None = None
    cursor: str | None = None
    groups: int | None = None
    unreadable: int = 0
    cached_at: float | None = None


def read_page(response: Response, *, envelope: str = "") -> Page:
    """Read one page of a list, or raise what the response says (a page that is not whole JSON: `IncompleteError`, retryable).

    `envelope` is where the catalogue expects the list, such as `data` or `data.history`; the response itself has the last word.
    `[].meetings`: groups, whose rows are under that key. `data{}`: an object keyed by the names of its groups. A lone dot: the body
    is one record, bare or under `data`.
    """
    body, unreadable = _parse(response)
    links, elements = _links(response), None
    outer, _, inside = envelope.partition("[].")
    if envelope.endswith(_KEYED):
        outer, inside = envelope.removesuffix(_KEYED), _KEYED
        groups = _at(body, outer)
        if isinstance(groups, dict) and all(isinstance(rows, list) for rows in groups.values()):
            elements = [{"name": name, _KEYED: rows} for name, rows in groups.items()]
    if elements is None:
        elements = _unwrap(body, outer, response)
    return Page(
        rows=flatten_groups(elements, inside) if inside else elements,
        total=whole_number(response.headers.get("total")),
        per_page=whole_number(response.headers.get("per-page")),
        more=_more_in_body(body) if links is None else _more_in_links(links, response),
        last=whole_number(_parameter((links or {}).get("last", ""), "page")),
        cursor=_next_cursor(response, links or {}, body),
        groups=len(elements) if inside else None,
        unreadable=unreadable,
        cached_at=response.cached_at,
    )


def read_json(response: Response) -> Any:
    """Return the parsed body of a good response, or raise what the response says; an empty 204 is None."""
    return _parse(response)[0]


def _parse(response: Response) -> tuple[Any, int]:
    error = error_from(response)
    if error is not None:
        raise error
    if response.status == 204:
        return None, 0
    try:
        return parse_json(response.body)
    except ValueError as failure:
        content = "a web page instead of JSON" if response.is_html else "a body that is not whole JSON"
        raise IncompleteError(
            f"{response.where} answered {response.status} with {content} ({len(response.body):,} bytes).",
            status=response.status,
            retryable=True,
            advice=hints.NOT_JSON,
        ) from failure


def _at(body: Any, path: str) -> Any:
    """Return the value at a dotted path; None where there is none."""
    for key in path.split(".") if path else ():
        body = body.get(key) if isinstance(body, dict) else None
    return body


def _unwrap(body: Any, envelope: str, response: Response) -> list[Any]:
    """Return the list inside a body, in whatever form it came."""
    if body is None:
        return []
    if isinstance(body, list):
        first = body[0] if len(body) == 1 else None
        if isinstance(first, dict) and isinstance(first.get("data"), list) and "possible_pages" in first:
            return list(first["data"])
        return body
    if not isinstance(body, dict):
        raise IncompleteError(f"{response.where} answered {type(body).__name__} where a list belongs.")
    is_record = envelope == "."
    if is_record and "id" in body:
        return [body]
    inner = None if is_record or not envelope else _at(body, envelope)
    for candidate in (inner, body.get("data")):
        if isinstance(candidate, list):
            return candidate
    if "data" in body and body["data"] in (None, {}):
        return []
    content = body["data"] if isinstance(body.get("data"), dict) else body
    if not content or (set(content) <= _REFUSAL_KEYS and _ERROR_KEYS.intersection(content)):
        reason = reason_of(response) if content else ""
        raise IncompleteError(
            f"{response.where} answered {response.status} with no list in it"
            + (f": {reason}" if reason else "."),
            reason=reason,
            status=response.status,
            retryable=True,
            advice=hints.IN_TROUBLE,
        )
    lists = [value for value in content.values() if isinstance(value, list)]
    # An object of few keys around one list is an envelope that the catalogue does not know; with more it is a record.
    return lists[0] if not is_record and len(lists) == 1 and len(content) <= 4 else [content]


def flatten_groups(elements: list[Any], inside: str) -> list[Any]:
    """Return the rows of all groups in order, each with what its group says of itself: `[{group_title, meetings: [...]}]`.

    A group without rows gives none; an element that is no group is a row itself.
    """
    rows: list[Any] = []
    for element in elements:
        if not isinstance(element, dict) or inside not in element:
            rows.append(element)
            continue
        # Names that no row has: `group_title`, `group_name`.
        group = {
            key if key.startswith(_GROUP_PREFIX) else _GROUP_PREFIX + key: value
            for key, value in element.items()
            if key != inside and key not in _ABOUT_PAGES
        }
        content = element[inside]
        for row in content if isinstance(content, list) else [] if content is None else [content]:
            rows.append({**group, **row} if isinstance(row, dict) else row)
    return rows


def group_of(row: Any) -> str:
    """Return text that is the same for the rows of one group, so that one record may come in several groups."""
    if not isinstance(row, dict):
        return ""
    return repr({key: value for key, value in row.items() if key.startswith(_GROUP_PREFIX)})


def _links(response: Response) -> dict[str, str] | None:
    """Return the Link header by rel; None without one. An empty header means that everything is on this page."""
    header = response.headers.get("link")
    if header is None:
        return None
    links = {}
    # `[^<>]`: a header of nothing but "<" would else be searched to its end from each of them.
    for address, parameters in re.findall(r"<([^<>]*)>([^<]*)", header):
        rel = re.search(r"""\brel\s*=\s*(?:"([^"]*)"|'([^']*)'|([\w-]+))""", parameters, re.IGNORECASE)
        for name in (rel[1] or rel[2] or rel[3] or "").split() if rel else ():
            links[name.lower()] = address
    return links


def _more_in_links(links: dict[str, str], response: Response) -> bool:
    """Return whether a Link header names a next page; one on another host is an error, as the token must not go there."""
    if "next" not in links:
        return False
    is_own_host = False
    with suppress(ValueError):
        # The scheme may differ behind a gateway, and is not followed anyway.
        target, requested = (
            (url.hostname, None if url.port == USUAL_PORTS.get(url.scheme) else url.port)
            for url in (urlsplit(urljoin(response.url, links["next"])), urlsplit(response.url))
        )
        is_own_host = target == requested
    if not is_own_host:
        raise IncompleteError(
            f"The next page of {response.where} is said to be on another host ({links['next'][:200]}), where the token "
            "must not go.",
            advice="Check the API host of the environment; a proxy may be rewriting addresses.",
        )
    return True


def _more_in_body(body: Any) -> bool | None:
    """Return whether a body says that there is more; None when it does not say."""
    # Resource Planning counts its pages inside the body: {possible_pages, current_page, data}, pages from 0.
    inner = body[0] if isinstance(body, list) and len(body) == 1 else body
    if isinstance(inner, dict):
        possible, current = inner.get("possible_pages"), inner.get("current_page")
        if isinstance(possible, int) and isinstance(current, int):
            return current + 1 < possible
    flags = (part.get(key) for part in _paging_parts(body) for key in _MORE_KEYS)
    return next((flag for flag in flags if isinstance(flag, bool)), None)


def _next_cursor(response: Response, links: dict[str, str], body: Any) -> str | None:
    """Return the cursor of the next page, from the next link, a header or the body; None where there is no more."""
    cursor = _parameter(links.get("next", ""), "cursor") or response.headers.get("x-next-cursor")
    if cursor or _more_in_body(body) is False:
        return cursor or None
    values = (part.get(key) for part in _paging_parts(body) for key in _CURSOR_KEYS)
    return next(filter(None, map(_cursor_of, values)), None)


def _cursor_of(value: Any) -> str | None:
    """Return a cursor that stands alone, or inside an address."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        return None
    return _parameter(value, "cursor") if re.match(r"https?://|/?[\w./-]*\?", value) else value


def _paging_parts(body: Any) -> list[dict[str, Any]]:
    """Return the body and those of its parts that may describe the paging."""
    if not isinstance(body, dict):
        return []
    return [part for part in (body, *map(body.get, _PAGING_KEYS)) if isinstance(part, dict)]


def _parameter(address: str, name: str) -> str | None:
    try:
        return parse_qs(urlsplit(address).query).get(name, [None])[0]
    except ValueError:
        return None
