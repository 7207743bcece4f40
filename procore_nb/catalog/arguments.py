"""The arguments of an endpoint, in Python names, and how each is sent.

In: an endpoint. Out: `Argument` rows. Speaks to no service. Deciding what a value becomes is the client's work.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from procore_nb.catalog.models import Argument, Form
from procore_nb.near_match import plain, stem

if TYPE_CHECKING:
    from procore_nb.catalog.endpoint import Endpoint

PAGING_KEYS = frozenset({"page", "per_page", "cursor", "page_start", "page_size", "limit"})
"""Every key by which a list may be paged. The paginator sends those of the list's own kind of paging."""

# Where the first page and its size are the caller's to choose: these lists do not count their pages.
_OPEN = {"limit": {"limit"}, "offset": {"page_size", "page_start"}}

_DATE_NAME = re.compile(r"(^|_)(date|at)$|^date_|_date_range$|^due_by$")
_DAYS = frozenset(
    {"log_date", "start_date", "end_date", "finish_date", "forecast_start_date", "from_date", "to_date"}
)
_MOMENT = re.compile(r"^(created|updated|started)_(before|after)$")
# Two lists of webhooks spell it `filter[...]`.
_FILTER = re.compile(r"^filters?\[([^\]]*)\](.*)$")


@lru_cache(maxsize=2048)
def arguments(endpoint: Endpoint) -> tuple[Argument, ...]:
    """All arguments of an endpoint: placeholders, required query, options, sort and view, then filters.

    No name occurs twice: where a filter is called like a placeholder or an option, it is `filter_<name>`.
    """
    known: dict[str, Argument] = {}
    for one in _declared(endpoint):
        if one.name not in known:
            known[one.name] = one
        elif one.place == "filter" and known[one.name].key != one.key:
            name = f"filter_{one.name}"
            known.setdefault(name, replace(one, name=name))
    return tuple(known.values())


@lru_cache(maxsize=2048)
def needs(endpoint: Endpoint) -> tuple[tuple[str, ...], ...]:
    """Groups of alternatives of which one each has to be given, in Python names."""
    groups: list[tuple[str, ...]] = [(path_name(endpoint, key),) for key in endpoint.path_params]
    for group in endpoint.required_query:
        names = tuple(_name(key) for key in group if key not in PAGING_KEYS)
        if names and names not in groups:
            groups.append(names)
    return tuple(groups)


def path_name(endpoint: Endpoint, key: str) -> str:
    """The Python name of a placeholder: `{id}` in `…/receipts/{id}/line_items` is `receipt_id`.

    A bare `id` would be overwritten in the frame by the rows' own id, and nothing would tell which receipt a row is of.
    """
    if key != "id" or {"id", "id[]"} & set(endpoint.filters):
        return key
    before = endpoint.path.partition("/{id}")[0].rsplit("/", 1)[-1]
    return f"{stem(plain(before))}_id"


def _declared(endpoint: Endpoint) -> Iterator[Argument]:
    for key in endpoint.path_params:
        yield Argument(path_name(endpoint, key), key, required=True, place="path")
    for key in (key for group in endpoint.required_query for key in group if key not in PAGING_KEYS):
        needed = _query(endpoint, key)
        yield replace(needed, required=True, form="", place="filter" if _FILTER.match(key) else "query")
    closed = PAGING_KEYS - _OPEN.get(endpoint.paging, set())
    for key in endpoint.other_query:
        if key not in closed:
            yield _query(endpoint, key)
    if endpoint.sort_param:
        yield Argument("sort", endpoint.sort_param, choices=endpoint.sorts)
    if endpoint.view_param:
        yield Argument("view", endpoint.view_param, choices=endpoint.views)
    for name in endpoint.filters:
        yield _filter(endpoint, name)


def _query(endpoint: Endpoint, key: str) -> Argument:
    return Argument(
        _name(key), key, many=key.endswith("[]"), form=_form(key), choices=endpoint.choices_of(key)
    )


def _filter(endpoint: Endpoint, name: str) -> Argument:
    """A filter as Procore spells it: `status`, `id[]`, `updated_at[gt]`, `status[not]`."""
    word, bracket, rest = name.partition("[")
    key = f"filters[{word}]{bracket}{rest}"
    if rest == "gt]":
        return Argument(word, key, place="filter", form="after")
    form = _form(word) if rest in ("gte]", "lte]") else "" if rest else _form_of_filter(word)
    choices = () if form else endpoint.choices_of(key)
    return Argument(_name(name), key, many=rest == "]", place="filter", form=form, choices=choices)


def _name(key: str) -> str:
    """The Python name of a query key: `filters[tool_type]` is `tool_type`, `scope[type]` is `scope_type`."""
    inside = _FILTER.match(key)
    bare = inside.group(1) + inside.group(2) if inside else key
    return bare.removesuffix("[]").replace("][", "_").replace("[", "_").rstrip("]")


def _form_of_filter(word: str) -> Form:
    if word in ("start_date", "end_date", "from_date", "to_date") or _MOMENT.match(word):
        return _form(word)
    return "range" if _DATE_NAME.search(word) else ""


def _form(key: str) -> Form:
    """How a query key takes time: a day, a moment, or a moment after which everything comes."""
    if key in ("updated_after", "created_after"):
        return "after"
    return "day" if key in _DAYS else "moment" if _MOMENT.match(key) else ""
