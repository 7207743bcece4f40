"""From a list's name and arguments to the questions that are asked, checked before anything is sent.

In: an endpoint of the catalogue, places, and arguments in Python terms. Out: `ListRequest` values. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from urllib.parse import quote

from procore_nb.catalog import Argument, Endpoint, near
from procore_nb.catalog.arguments import PAGING_KEYS
from procore_nb.client.encode_query import date_of, is_many, is_missing, moment_text, pairs_for, text_of
from procore_nb.client.targets import Target
from procore_nb.errors import ArgumentError, CatalogError
from procore_nb.fetch import ListRequest

# Procore states no maximum for most v1 lists, but asks to stay at or under 2000:
# https://developers.procore.com/documentation/pagination
_LARGEST_PAGE = {"v1": 2000, "v2": 100}

_LENGTH = frozenset({"limit", "page_size"})

Pairs = tuple[tuple[str, str], ...]


def list_request_for(
    endpoint: Endpoint, place: Target, parameters: Pairs, *, per_page: int | None = None
) -> ListRequest:
    """Return the question that asks one place."""
    known = {"company_id": str(place.company_id), **place.ids}
    names = {one.key: one.name for one in endpoint.arguments if one.place == "path"}
    path = re.sub(
        r"\{(\w+)\}", lambda found: quote(known[names.get(found[1], found[1])], safe=""), endpoint.path
    )
    required = []
    by_name = {one.name: one for one in endpoint.arguments if one.required and one.place != "path"}
    for group in endpoint.needs:
        for name in group:
            if name in by_name and name in known and (name in place.ids or len(group) == 1):
                required.append((by_name[name].key, known[name]))
                break
    # A list that is not counted in pages may be given its length: the paginator sends it, once.
    length = next((int(value) for key, value in parameters if key in _LENGTH and value.isdigit()), None)
    return ListRequest(
        path,
        tuple(required) + tuple(one for one in parameters if one[0] not in _LENGTH),
        place.company_id,
        endpoint.paging,
        per_page or length or page_size(endpoint),
        envelope=endpoint.envelope,
        key=place,
    )


def page_size(endpoint: Endpoint) -> int:
    """Return the largest page the endpoint allows."""
    generation = "v2" if "/v2." in endpoint.path else "v1"
    return endpoint.per_page_max or max(endpoint.per_page_default or 0, _LARGEST_PAGE[generation])


def parameters_for(endpoint: Endpoint, arguments: Mapping[str, Any], *, today: date) -> Pairs:
    """Return the query of a list for arguments in Python terms.

    Raises
    ------
    CatalogError
        If the list does not know an argument; near matches are named.
    ArgumentError
        If a value cannot be sent.
    """
    known = {one.name: one for one in endpoint.arguments}
    wanted = dict(arguments)
    pairs: list[tuple[str, str]] = []
    pairs += _window(endpoint, wanted, today)
    pairs += _since(endpoint, known, wanted)
    pairs += _deleted(known, wanted)
    pairs += _status(endpoint, known, wanted)
    for name, value in wanted.items():
        argument = known.get(name)
        if argument is None and endpoint.kind != "unknown":
            raise _unknown_argument(endpoint, name, known)
        if argument is None:
            argument = Argument(name, name)
        pairs += _sorted(argument, value) or pairs_for(argument, value, endpoint=endpoint.name)
    return tuple(pairs)


def _window(endpoint: Endpoint, wanted: dict[str, Any], today: date) -> list[tuple[str, str]]:
    """Turn start= and end= into the list's start_date and end_date."""
    own = {one.name for one in endpoint.arguments}
    given = {name: wanted.pop(name) for name in ("start", "end") if name in wanted and name not in own}
    if all(value is None for value in given.values()):
        return []
    if not {"start_date", "end_date"} <= set(endpoint.other_query):
        raise CatalogError(
            f"{endpoint.name} has no start and end.",
            advice="Its time filters: " + (", ".join(_time_filters(endpoint)) or "none") + ".",
        )
    twice = [name for name in ("start_date", "end_date", "log_date") if wanted.get(name) is not None]
    if twice:
        raise ArgumentError(
            f"{endpoint.name} was given {twice[0]} beside {' and '.join(given)}.", advice="Pass one of them."
        )
    start = date_of(given["start"], "start") if given.get("start") is not None else date(1990, 1, 1)
    end = date_of(given["end"], "end") if given.get("end") is not None else today
    if end < start:
        raise ArgumentError(f"end ({end}) is before start ({start}).")
    return [("start_date", start.isoformat()), ("end_date", end.isoformat())]


def has_dates(endpoint: Endpoint, parameters: Pairs) -> bool:
    """Tell whether the query names dates, so that no default window applies."""
    # A filter by updated_at works inside the default window and does not widen it.
    return bool({key for key, _ in parameters} & {"log_date", "start_date", "end_date", "date"})


def _since(
    endpoint: Endpoint, known: Mapping[str, Argument], wanted: dict[str, Any]
) -> list[tuple[str, str]]:
    since = wanted.pop("since", None)
    if is_missing(since):  # the latest change in an empty frame: nothing is known yet, everything is asked
        return []
    argument = next((known[name] for name in ("updated_at", "updated_after") if name in known), None)
    if argument is None or not endpoint.updated_at_param:
        raise CatalogError(
            f"{endpoint.name} cannot be filtered by the time of change.",
            advice="Fetch the whole list and compare updated_at in the frame.",
        )
    if argument.form == "range":
        return pairs_for(argument, (since, None), endpoint=endpoint.name)
    return [(argument.key, moment_text(since, "since", as_time=True))]


def _deleted(known: Mapping[str, Argument], wanted: dict[str, Any]) -> list[tuple[str, str]]:
    deleted = wanted.pop("deleted", None)
    if deleted is None:
        return []
    if "include_deleted" in known:
        if deleted not in ("only", "with"):
            raise ArgumentError(f'deleted is "only" or "with", not {deleted!r}.')
        return [(known["include_deleted"].key, deleted)]
    if "deleted" in known and deleted not in ("only", "with"):  # drawing_revisions has a filter of that name
        raise ArgumentError(f'deleted is "only" or "with", not {deleted!r}.')
    wanted["deleted"] = deleted
    return []


def _status(
    endpoint: Endpoint, known: Mapping[str, Argument], wanted: dict[str, Any]
) -> list[tuple[str, str]]:
    """Projects call their status filter by_status; people call it status."""
    if "by_status" not in known or "status" in known or wanted.get("status") is None:
        if "by_status" in known:
            wanted.pop("status", None)
        return []
    status, choices = wanted.pop("status"), ("Active", "Inactive", "All")
    for choice in choices:
        if isinstance(status, str) and status.strip().lower() == choice.lower():
            return [(known["by_status"].key, choice)]
    close = near(str(status), choices)
    hint = f"Did you mean {' or '.join(close)}? " if close else ""
    raise ArgumentError(
        f"{endpoint.name} has no status {status!r}.", advice=f"{hint}It knows: {', '.join(choices)}."
    )


def _sorted(argument: Argument, value: Any) -> list[tuple[str, str]]:
    # rfis alone names attribute and direction apart.
    if argument.key != "sort[attribute]" or value is None:
        return []
    if is_many(value):
        raise ArgumentError("rfis can be sorted by one attribute only.", advice='Write sort="-created_at".')
    text = text_of(value, "sort")
    return [(argument.key, text.lstrip("-")), ("sort[direction]", "desc" if text.startswith("-") else "asc")]


def _time_filters(endpoint: Endpoint) -> list[str]:
    return [one.name for one in endpoint.arguments if one.form or "date" in one.name]


def _words_of_ours(endpoint: Endpoint, known: set[str]) -> Iterable[str]:
    """Yield the arguments that mean something else in each list: since, start and end, deleted."""
    if endpoint.updated_at_param and known & {"updated_at", "updated_after"}:
        yield "since"
    if {"start_date", "end_date"} <= set(endpoint.other_query):
        yield from ("start", "end")
    if "include_deleted" in known:
        yield "deleted"


def _unknown_argument(endpoint: Endpoint, name: str, known: Iterable[str]) -> CatalogError:
    names = sorted({*known, *_words_of_ours(endpoint, set(known))})
    if name in PAGING_KEYS:
        return CatalogError(
            f"{endpoint.name} knows no argument {name!r}.",
            advice="All pages are walked, in the largest size there is.",
        )
    close = near(name, names)
    hint = f"Did you mean {' or '.join(close)}? " if close else ""
    return CatalogError(
        f"{endpoint.name} knows no argument {name!r}.",
        advice=f"{hint}It knows: {', '.join(names) or 'none'}.",
    )
