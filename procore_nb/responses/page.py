"""One good response in, a `Page` of records out. Pure.

In: a `Response`. Out: `Page`, its rows out of whatever envelope or groups they came in, or an error of our tree when the
body cannot be read. Speaks to no service.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from procore_nb import hints
from procore_nb.errors import IncompleteError
from procore_nb.responses.links import has_next, last_page, links_of, next_cursor
from procore_nb.responses.parse_json import ParsedJson, parse_json
from procore_nb.responses.response import Response, error_from, reason_of, whole_number

# A body of nothing else is an error, whatever its status says.
_ERROR_KEYS = {"error", "errors", "message"}
_REFUSAL_KEYS = _ERROR_KEYS | {"code", "reason", "status", "exception", "fields", "details"}
_GROUP_PREFIX = "group_"  # of the columns that describe the group a row came in
_ABOUT_PAGES = frozenset({"possible_pages", "current_page"})
_KEYED = "{}"  # stands for the key of the rows where an object is keyed by the names of its groups


@dataclass(frozen=True)
class Page:
    """The records of one response and what its headers say about the rest.

    `total` and `per_page` are None when Procore does not say. `more` is True or False when a Link header tells whether
    there is a next page, else None. `last` is the number of the last page, `cursor` the next cursor, where given.
    `groups` is how many groups the rows came in, where a list comes in groups: `total` may count either.
    `unreadable` is how many characters of the body were guessed or lost. `kept_at` is when it was sent, where it was kept.
    """

    rows: list[Any]
    total: int | None = None
    per_page: int | None = None
    more: bool | None = None
    last: int | None = None
    cursor: str | None = None
    groups: int | None = None
    unreadable: int = 0
    kept_at: float | None = None


def read_page(response: Response, *, envelope: str = "") -> Page:
    """Read one page of a list, or raise what the response says (a page that is not whole JSON: `IncompleteError`, retryable).

    `envelope` is where the catalogue expects the list, such as `data` or `data.history`; the response itself has the last word.
    `[].meetings`: groups, whose rows are under that key. `data{}`: an object keyed by the names of its groups. A lone dot: the body
    is one record, bare or under `data`.
    """
    parsed = _parsed(response)
    body = parsed.value
    links = links_of(response)
    outer, inside = split_envelope(envelope)
    elements = _keyed_groups(body, outer) if inside == _KEYED else None
    if elements is None:
        elements = _unwrap(body, outer, response)
    return Page(
        rows=flatten_groups(elements, inside) if inside else elements,
        total=whole_number(response.headers.get("total")),
        per_page=whole_number(response.headers.get("per-page")),
        more=has_next(response, links, body),
        last=last_page(links),
        cursor=next_cursor(response, links, body),
        groups=len(elements) if inside else None,
        unreadable=parsed.unreadable,
        kept_at=response.kept_at,
    )


def read_json(response: Response) -> Any:
    """Return the parsed body of a good response, or raise what the response says; an empty 204 is None."""
    return _parsed(response).value


def _parsed(response: Response) -> ParsedJson:
    error = error_from(response)
    if error is not None:
        raise error
    if response.status == 204:
        return ParsedJson(None)
    try:
        return parse_json(response.body)
    except ValueError as failure:
        what = "a web page instead of JSON" if response.is_html else "a body that is not whole JSON"
        raise IncompleteError(
            f"{response.where} answered {response.status} with {what} ({len(response.body):,} bytes).",
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
    if body is None:
        return []
    if isinstance(body, list):
        first = body[0] if len(body) == 1 else None
        if isinstance(first, dict) and isinstance(first.get("data"), list) and "possible_pages" in first:
            return list(first["data"])
        return body
    if not isinstance(body, dict):
        raise IncompleteError(f"{response.where} answered {type(body).__name__} where a list belongs.")
    single = envelope == "."
    if single and "id" in body:
        return [body]
    inner = None if single or not envelope else _at(body, envelope)
    for candidate in (inner, body.get("data")):
        if isinstance(candidate, list):
            return candidate
    holder = body["data"] if isinstance(body.get("data"), dict) else body
    if "data" in body and body["data"] in (None, {}):
        return []
    if not holder or (set(holder) <= _REFUSAL_KEYS and _ERROR_KEYS.intersection(holder)):
        reason = reason_of(response) if holder else ""
        raise IncompleteError(
            f"{response.where} answered {response.status} with no list in it"
            + (f": {reason}" if reason else "."),
            reason=reason,
            status=response.status,
            retryable=True,
            advice=hints.IN_TROUBLE,
        )
    if single:
        return [holder]
    lists = [value for value in holder.values() if isinstance(value, list)]
    if len(lists) == 1 and len(holder) <= 4:
        return lists[0]
    return [holder]


def split_envelope(envelope: str) -> tuple[str, str]:
    """Where the list is, and the key of each element that holds the rows: `data[].lists` is `data` and `lists`."""
    if envelope.endswith(_KEYED):
        return envelope.removesuffix(_KEYED), _KEYED
    outer, _, inside = envelope.partition("[].")
    return outer, inside


def _keyed_groups(body: Any, outer: str) -> list[Any] | None:
    """Return the groups of an object that is keyed by their names; None when the body is of another form."""
    held = _at(body, outer)
    if not isinstance(held, dict) or not all(isinstance(rows, list) for rows in held.values()):
        return None
    return [{"name": name, _KEYED: rows} for name, rows in held.items()]


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
        about = {
            key if key.startswith(_GROUP_PREFIX) else _GROUP_PREFIX + key: value
            for key, value in element.items()
            if key != inside and key not in _ABOUT_PAGES
        }
        held = element[inside]
        for row in held if isinstance(held, list) else [] if held is None else [held]:
            rows.append({**about, **row} if isinstance(row, dict) else row)
    return rows


def group_of(row: Any) -> str:
    """Return text that is the same for the rows of one group, so that one record may come in several groups."""
    if not isinstance(row, dict):
        return ""
    return repr({key: value for key, value in row.items() if key.startswith(_GROUP_PREFIX)})
