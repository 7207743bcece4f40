"""Pages: which rows a request asks for, and the headers that say what else there is.

In: a query and the number of rows. Out: the slice, and `Total`, `Per-Page` and `Link` as
https://developers.procore.com/documentation/pagination shows them: page 1 has next and last; page 2 first, next and last;
later pages all four; the last page no next; `Link` is there but empty when everything fits on one page. The addresses
repeat only page and per_page, as in the documented example.
"""

from __future__ import annotations

from dataclasses import dataclass

from procore_nb.demo.http_errors import bad_request
from procore_nb.demo.http_messages import DemoRequest, Headers
from procore_nb.demo.query_string import Query


@dataclass(frozen=True)
class PageRule:
    """How one list pages."""

    default: int = 100  # rows of a page when the caller does not say
    maximum: int = 2_000  # more is quietly cut to it, as `Per-Page` says
    fixed: bool = False  # whatever size a caller sends
    strict: bool = (
        False  # refuse a page or per_page that is no positive number (v2), instead of the default (v1)
    )


@dataclass(frozen=True)
class PageWindow:
    """One page of a list: 1-based number and size."""

    number: int
    size: int

    @property
    def bounds(self) -> slice:
        return slice((self.number - 1) * self.size, self.number * self.size)


def asked_page(query: Query, rule: PageRule) -> PageWindow:
    """Page a query asks for."""
    number = _whole(query, "page", 1, rule)
    size = rule.default if rule.fixed else _whole(query, "per_page", rule.default, rule)
    return PageWindow(number, min(size, rule.maximum))


def page_headers(request: DemoRequest, page: PageWindow, total: int) -> Headers:
    """`Total`, `Per-Page` and `Link` of one page."""
    link = ", ".join(
        f'<{request.origin}{request.path}?page={number}&per_page={page.size}>; rel="{rel}"'
        for rel, number in _relations(page, total)
    )
    return [("Total", str(total)), ("Per-Page", str(page.size)), ("Link", link)]


def linked_whole(headers: Headers, query: str) -> Headers:
    """Headers whose addresses in `Link` repeat a request's other parameters too."""
    others = "&".join(
        part for part in query.split("&") if part.partition("=")[0] not in ("page", "per_page", "")
    )
    if not others:
        return headers
    return [(n, v.replace("?page=", f"?{others}&page=") if n == "Link" else v) for n, v in headers]


def _relations(page: PageWindow, total: int) -> list[tuple[str, int]]:
    last = max(1, -(-total // page.size))
    if last == 1 and page.number == 1:
        return []
    found = []
    if page.number > 1:
        found.append(("first", 1))
    if page.number > 2:
        found.append(("prev", min(page.number - 1, last)))
    if page.number < last:
        found.append(("next", page.number + 1))
    found.append(("last", last))
    return found


def _whole(query: Query, name: str, default: int, rule: PageRule) -> int:
    text = query.one(name)
    if text.isascii() and text.isdigit() and len(text) < 13 and int(text) > 0:
        return int(text)
    if text and rule.strict:
        raise bad_request(f"{name} must be a positive number", name)
    return default
