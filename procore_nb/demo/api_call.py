"""One API call that was admitted: its query, its company, the placeholders of its path.

In: what the demo made of a request. Out: `ApiCall`, handed to whatever answers it, and `page_reply`, the one way a list
leaves the demo.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from procore_nb.demo.company import Company
from procore_nb.demo.envelopes import enclosed
from procore_nb.demo.faults import Fault, value_of
from procore_nb.demo.http_errors import bad_request, forbidden, not_found
from procore_nb.demo.http_messages import DemoReply, DemoRequest, raw_json_reply
from procore_nb.demo.paging import PageRule, PageWindow, asked_page, page_headers
from procore_nb.demo.portfolio import Portfolio
from procore_nb.demo.project import Project
from procore_nb.demo.query_string import Query

T = TypeVar("T")


@dataclass(frozen=True)
class ApiCall:
    """A request with its query read, its company known and its path's placeholders filled."""

    request: DemoRequest
    query: Query
    portfolio: Portfolio
    company: Company
    ids: Mapping[str, str]
    faults: tuple[Fault, ...] = ()

    @property
    def v2(self) -> bool:
        """Whether the path is of the second version of the API."""
        return self.request.path.startswith("/rest/v2")

    def require_company(self) -> None:
        """Refuse a call without company_id in its query."""
        if not self.query.one("company_id"):
            raise bad_request("param is missing or the value is empty: company_id", "company_id")

    def project(self, text: str) -> Project:
        """Project of an id in path or query, if this account may look into it."""
        plain = text.isascii() and text.isdigit() and len(text) < 20
        project = self.portfolio.find(self.company, int(text)) if plain else None
        if project is None:
            raise not_found()
        if not project.permitted:
            raise forbidden()
        return project


def page_reply(
    call: ApiCall,
    items: Sequence[T],
    write: Callable[[T], bytes],
    rule: PageRule,
    *,
    newcomer: Callable[[int], T],
    envelope: str = "",
) -> DemoReply:
    """Page of a list that a call asks for.

    `newcomer(n)` gives a row that is not yet in the list, for the fault that inserts rows while a list is fetched.
    """
    page = asked_page(call.query, rule)
    items = _moved(call.faults, items, newcomer)
    clamp = value_of(call.faults, "clamped")
    if clamp is not None:
        page = replace(page, size=min(page.size, int(clamp)))
    body = enclosed(_cut_out(call.faults, items, page), write, envelope)
    return raw_json_reply(body, headers=page_headers(call.request, page, len(items)))


def _moved(faults: tuple[Fault, ...], items: Sequence[T], newcomer: Callable[[int], T]) -> Sequence[T]:
    more, fewer = value_of(faults, "inserted"), value_of(faults, "removed")
    if more is not None:
        items = [*(newcomer(number) for number in range(int(more))), *items]
    return items[int(fewer) :] if fewer is not None else items


def _cut_out(faults: tuple[Fault, ...], items: Sequence[T], page: PageWindow) -> Sequence[T]:
    bounds = page.bounds
    if value_of(faults, "repeated") is not None and page.number > 1:
        bounds = slice(bounds.start - 1, bounds.stop - 1)
    return items[bounds]
