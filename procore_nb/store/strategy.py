"""How a list is asked so that its table is up to date: the cheapest way that is right.

In: an endpoint of the catalogue, and when each place was last read. Out: a plan. Pure but for the list of projects.

| way | when | what it costs |
|---|---|---|
| `whole` | the first time, with `full=True`, and where Procore offers nothing better | every page |
| `changed` | the list filters by the time of change (188 lists do) | the pages of what changed |
| `window` | daily logs: the last days again, by date | the pages of those days |

`updated_at` in the rows does not help where the list cannot filter or sort by it: every page must be read to see it, so
these lists are read whole and compared here. Deleted rows: a whole read and a window notice what is absent; `changed`
also asks the list's deleted rows, or its recycle bin, where Procore has one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any, Protocol

import pandas as pd

from procore_nb import catalog
from procore_nb.catalog import Endpoint
from procore_nb.environments import Environment
from procore_nb.errors import ArgumentError, CatalogError
from procore_nb.store.manifest import Manifest, moment_of

_DAYS = ("date", "log_date", "work_date")
_BEGINNING = "1990-01-01"
ROWS_AT_ONCE = 20_000


class Source(Protocol):
    """What a store uses of a connection."""

    company_id: int | None
    today: Callable[[], date]

    @property
    def environment(self) -> Environment: ...

    @property
    def seconds_behind(self) -> float: ...

    def table(self, name: str, /, **arguments: Any) -> pd.DataFrame: ...

    def frames(self, name: str, /, **arguments: Any) -> Iterator[pd.DataFrame]: ...


@dataclass(frozen=True)
class Strategy:
    """What one endpoint offers."""

    since: bool
    """Whether it filters by the time of change."""
    day: str
    """The column that a window of dates is about; empty: there is no such window."""
    dated: bool
    """Whether dates must be given to see everything."""
    bin: str
    """Where deleted rows are: `only` for its own filter, else the name of a recycle bin; empty: nowhere."""


@cache
def strategy_for(endpoint: Endpoint) -> Strategy:
    """What an endpoint offers to keep a table up to date."""
    names = {one.name for one in endpoint.fields}
    known = {one.name for one in endpoint.arguments}
    dated = {"start_date", "end_date"} <= set(endpoint.other_query)
    day = next((name for name in _DAYS if name in names), "") if dated else ""
    since = bool(endpoint.updated_at_param and known & {"updated_at", "updated_after"})
    return Strategy(
        since and "id" in names, day, dated, "only" if "include_deleted" in known else _bin_of(endpoint)
    )


def checked(endpoint: Endpoint, arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """The columns that name the places a list is asked at: none for a company, the project, or a parent too.

    Raises
    ------
    CatalogError
        If the list needs an id that is neither given nor found in another table.
    """
    place: list[str] = []
    for group in endpoint.needs:
        if "company_id" in group or set(group) & set(arguments):
            continue
        if "project_id" in group:
            place.append("project_id")
        elif any(name in endpoint.parents for name in group):
            place.append(next(name for name in group if name in endpoint.parents))
        else:
            words = " or ".join(group)
            raise CatalogError(
                f"{endpoint.name} needs {words}, and no list says which there are.",
                advice=f'Give it: tables={{"{endpoint.name}": {{"{group[0]}": …}}}}.',
            )
    if len(place) > 2 or (len(place) == 2 and place[0] != "project_id"):
        raise CatalogError(
            f"{endpoint.name} needs {' and '.join(place)}: a store walks projects and one list below them, no more.",
            advice=f'Give the others: tables={{"{endpoint.name}": {{"{place[-1]}": …}}}}.',
        )
    return tuple(place)


def plan_groups(
    places: Sequence[str], manifest: Manifest | None, *, way: str, overlap: timedelta
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Places by the moment since which they are asked, those never read before last."""
    known = {} if manifest is None or way == "whole" else manifest.since_of()
    groups: dict[str, list[str]] = {}
    for place in places:
        last = known.get(place)
        moment = "" if last is None else (moment_of(last) - overlap).strftime("%Y-%m-%dT%H:%M:%SZ")
        groups.setdefault(moment, []).append(place)
    return tuple(
        (moment, tuple(groups[moment])) for moment in sorted(groups, key=lambda one: (one == "", one))
    )


def window_of(manifest: Manifest, today: date, days: int) -> tuple[str, str]:
    """The dates that are read again: the last days before today, and before the day of the last sync."""
    last = str(manifest.last.get("day") or today.isoformat())
    start = min(today, date.fromisoformat(last)) - timedelta(days=days)
    return start.isoformat(), today.isoformat()


def query(
    endpoint: Endpoint, arguments: Mapping[str, Any], *, way: str, since: str, window: tuple[str, str] | None
) -> dict[str, Any]:
    """The arguments of `frames` for one group of places."""
    asked = dict(arguments)
    ways = strategy_for(endpoint)
    if endpoint.name.startswith("projects") and "by_status" in {one.name for one in endpoint.arguments}:
        asked.setdefault("status", "All")  # else a project that was closed would seem deleted
    if way == "changed" and since:
        asked["since"] = since
    if ways.dated:
        start, end = window if way == "window" and since and window else (_BEGINNING, None)
        asked = {"start": start, "end": end, **asked}
    return asked


def asked_at(place: tuple[str, ...], places: Sequence[str]) -> dict[str, Any]:
    """Where `frames` asks: places as text become project ids, or a frame of parents."""
    if not place:
        return {}
    if place == ("project_id",):
        return {"projects": [int(one) for one in places]}
    if len(place) == 1:
        return {"parent": list(places)}
    pairs = [one.split("-", 1) for one in places]
    return {
        "parent": pd.DataFrame(
            {"project_id": [int(one) for one, _ in pairs], "id": [one for _, one in pairs]}
        )
    }


def place_text(ids: Mapping[str, Any], place: Sequence[str]) -> str:
    """A place as text: `7`, `7-12`, or nothing for a company's list."""
    return "-".join(str(ids[name]) for name in place)


def parent_of(endpoint: Endpoint, name: str, kept: Sequence[str]) -> str:
    """The table that holds the parents of a list.

    Raises
    ------
    ArgumentError
        If none of the tables that could is in the store.
    """
    sources = endpoint.parents[name]
    found = next((one for one in sources if one in kept), None)
    if found is None:
        raise ArgumentError(
            f"{endpoint.name} is asked for each {name}, and the store has no table of them.",
            advice=f"Sync {' or '.join(sources)} before it: name it first in the list of tables.",
        )
    return found


def _bin_of(endpoint: Endpoint) -> str:
    stem, mark, version = endpoint.name.partition("_v")
    bins = _bins()
    names = (f"{stem}_recycled{mark}{version}", f"{stem}_recycled")
    return next((name for name in names if bins.get(name) == endpoint.needs), "")


@cache
def _bins() -> dict[str, tuple[tuple[str, ...], ...]]:
    """What each recycle bin needs."""
    return {one.name: one.needs for one in catalog.endpoints() if one.kind == "recycled"}
