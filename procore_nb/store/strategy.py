"""How a list is asked so that its table is up to date: the cheapest mode that is right.

In: an endpoint of the catalogue, and when each place was last read. Out: a plan. Pure but for the list of projects.

| mode | when | what it costs |
|---|---|---|
| `full` | the first time, with `full=True`, and where Procore offers nothing better | every page |
| `incremental` | the list filters by the time of change (188 lists do) | the pages of what changed |
| `window` | daily logs: the last days again, by date | the pages of those days |

`updated_at` in the rows does not help where the list cannot filter or sort by it: every page must be read to see it, so
these lists are read whole and compared here. Deleted rows: a whole read and a window notice what is absent; `incremental`
also asks the list's deleted rows, or its recycle bin, where Procore has one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal, Protocol

import orjson
import pandas as pd

from procore_nb.catalog import Catalogue, Endpoint
from procore_nb.environments import Environment
from procore_nb.errors import ArgumentError, CatalogError
from procore_nb.frame_info import FetchedFrame
from procore_nb.scalars import Status, select_projects
from procore_nb.store.manifest import Manifest, separator

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

    @property
    def catalogue(self) -> Catalogue: ...

    def projects(self, *, status: Status, view: str) -> pd.DataFrame: ...

    def fetch_frames(self, name: str, /, **arguments: Any) -> Generator[FetchedFrame, None, int]: ...

    def files(self, source: pd.DataFrame, /) -> pd.DataFrame: ...

    def download(
        self, files: pd.DataFrame, folder: Path, /, *, names: Literal["hide"], progress: bool | None
    ) -> pd.DataFrame: ...


@dataclass(frozen=True)
class Strategy:
    """What one endpoint offers."""

    since: bool  # whether it filters by the time of change
    day: str  # the column that a window of dates is about; empty: there is no such window
    bin: (
        str  # where deleted rows are: `only` for its own filter, or the name of a recycle bin; empty: nowhere
    )


@cache
def strategy_for(endpoint: Endpoint, catalogue: Catalogue) -> Strategy:
    """What an endpoint offers to keep a table up to date; its recycle bin is another list of the catalogue."""
    names = {one.name for one in endpoint.fields}
    known = {one.name for one in endpoint.arguments}
    day = next((name for name in _DAYS if name in names), "") if _is_dated(endpoint) else ""
    since = bool(endpoint.updated_at_param and known & {"updated_at", "updated_after"})
    gone = "only" if "include_deleted" in known else _bin_of(endpoint, catalogue)
    return Strategy(since and "id" in names, day, gone)


def checked(endpoint: Endpoint, arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """The columns that name the places a list is asked at: none for a company, the project, or a parent too.

    CatalogError if the list needs an id that is neither given nor found in another table.
    """
    partial = {"max_rows", "columns"} & set(arguments) - {one.name for one in endpoint.arguments}
    if partial:
        raise ArgumentError(
            f"{endpoint.name} is kept whole in a store, not with {min(partial)}.",
            advice="Choose rows and columns when you read the table.",
        )
    place: list[str] = []
    for group in endpoint.needs:
        if "company_id" in group or set(group) & set(arguments):
            continue
        known = ["project_id"] if "project_id" in group else [one for one in group if one in endpoint.parents]
        if not known:
            raise CatalogError(
                f"{endpoint.name} needs {' or '.join(group)}, and no list says which there are.",
                advice=f'Give it: tables={{"{endpoint.name}": {{"{group[0]}": …}}}}.',
            )
        place.append(known[0])
    return tuple(sorted(place, key=lambda name: name != "project_id"))


def window_of(manifest: Manifest, today: date, days: int) -> tuple[str, str]:
    """The dates that are read again: the last days before today, and before the day of the last sync."""
    last = str(manifest.last.get("day") or today.isoformat())
    start = min(today, date.fromisoformat(last)) - timedelta(days=days)
    return start.isoformat(), today.isoformat()


def query(
    endpoint: Endpoint, arguments: Mapping[str, Any], *, mode: str, since: str, window: tuple[str, str] | None
) -> dict[str, Any]:
    """The arguments of `frames` for one group of places."""
    asked = dict(arguments)
    if endpoint.name.startswith("projects") and "by_status" in {one.name for one in endpoint.arguments}:
        asked.setdefault("status", "All")  # else a project that was closed would seem deleted
    if mode == "incremental" and since:
        asked["since"] = since
    if _is_dated(endpoint):
        start, end = window if mode == "window" and since and window else (_BEGINNING, None)
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
    mark = separator(place)
    rows = [one.split(mark, len(place) - 1) for one in places]
    frame = pd.DataFrame(rows, columns=[*place[:-1], "id"], dtype=str)
    return {"parent": frame.astype({"project_id": "int64"}) if "project_id" in place[:-1] else frame}


def place_text(ids: Mapping[str, Any], place: Sequence[str]) -> str:
    """A place as text: `7`, `7-12`, or nothing for a company's list."""
    return separator(place).join(str(ids[name]) for name in place)


def _is_dated(endpoint: Endpoint) -> bool:
    return {"start_date", "end_date"} <= set(endpoint.other_query)


def _bin_of(endpoint: Endpoint, catalogue: Catalogue) -> str:
    stem, mark, version = endpoint.name.partition("_v")
    needs = {one.name: one.needs for one in catalogue.endpoints if one.kind == "recycled"}
    names = (f"{stem}_recycled{mark}{version}", f"{stem}_recycled")
    return next((name for name in names if needs.get(name) == endpoint.needs), "")


Targets = tuple[list[str], dict[str, str], bool]


class TargetNames:
    """Finds the places of each list of one sync; `kept` gives the rows of a table, if there is one."""

    def __init__(self, procore: Source, projects: Any, *, kept: Callable[[str], pd.DataFrame | None]) -> None:
        self._procore, self._wanted, self._kept = procore, projects, kept

    def find(self, endpoint: Endpoint, arguments: Mapping[str, Any]) -> Targets:
        """Places of one list, names of its projects, and whether these are all places there are.

        ArgumentError if the store has no table of its parents, or that lacks the other ids.
        """
        place = checked(endpoint, arguments)
        chosen, everywhere = self._projects if "project_id" in place else ({}, True)
        names = {one: name for one, name in chosen.items() if name}
        if len(place) == len({*place} & {"project_id"}):
            return list(chosen) if place else [""], names, everywhere
        rows = self._parents(endpoint, place)
        if "project_id" in place:
            rows = rows[rows["project_id"].astype(str).isin(chosen)]
        pairs: list[dict[str, Any]] = rows.dropna().drop_duplicates().to_dict("records")  # type: ignore[assignment]
        return [place_text(one, place) for one in pairs], names, everywhere

    def _parents(self, endpoint: Endpoint, place: tuple[str, ...]) -> pd.DataFrame:
        """The ids of the rows below which a list is asked, from the table that has them all."""
        names = [name for name in reversed(place) if name in endpoint.parents]
        sources = [(name, one) for name in names for one in endpoint.parents[name]]
        found = False
        for name, source in sources:
            rows = self._kept(source)
            if rows is None:
                continue
            found = True
            parent, others = rows, [one for one in place if one != name]
            columns = {one: f"{one.removesuffix('_id')}.id" for one in others} | {name: "id"}
            columns |= {one: one for one in others if one in parent.columns}
            if "project_id" in others and columns["project_id"] not in parent.columns:
                # A company's list: its rows are of every project.
                numbers = pd.DataFrame({"project_id": [int(one) for one in self._projects[0]]})
                parent, columns["project_id"] = numbers.merge(parent, how="cross"), "project_id"
            if set(columns.values()) <= set(parent.columns):
                return parent[[columns[one] for one in place]].set_axis([*place], axis=1)
        if found:
            raise ArgumentError(
                f"{endpoint.name} cannot be requested below its parents: no table has {' and '.join(place)}."
            )
        raise ArgumentError(
            f"{endpoint.name} is requested for each {names[0]}, and the store has no table of them.",
            advice=f"Sync {' or '.join(dict.fromkeys(one for _, one in sources))} before it: name it first.",
        )

    @cached_property
    def _projects(self) -> tuple[dict[str, str], bool]:
        """Name of each project by its id, in the order of ids; and whether these are all there are."""
        chosen = select_projects(self._wanted, where="Store.sync")
        everywhere = chosen.status == "All"
        if chosen.status is not None:
            frame = self._procore.projects(status=chosen.status, view="compact")
            chosen = select_projects(frame, where="Store.sync")
        names = chosen.names or {}
        return {one: names[one] or "" for one in sorted(names, key=int)}, everywhere


def wanted_lists(
    tables: str | Iterable[str] | Mapping[str, Mapping[str, Any]], catalogue: Catalogue
) -> dict[str, dict[str, Any]]:
    """Canonical name of each list, and its arguments as they are kept."""
    names = [tables] if isinstance(tables, str) else tables
    pairs = names.items() if isinstance(names, Mapping) else ((name, dict[str, Any]()) for name in names)
    found = {catalogue.endpoint(name).name: _plain(name, arguments) for name, arguments in pairs}
    if not found:
        raise ArgumentError(
            "No table is named.", advice='For example store.sync(procore, ["projects", "rfis"]).'
        )
    return found


def lists_above(names: Iterable[str], catalogue: Catalogue) -> set[str]:
    """The lists that may be above these, and above those."""
    found, waiting = set[str](), set(names)
    while waiting:
        waiting = {
            one for name in waiting for some in catalogue.endpoint(name).parents.values() for one in some
        }
        waiting -= found
        found |= waiting
    return found


def with_parents(
    wanted: Mapping[str, Mapping[str, Any]], catalogue: Catalogue, kept: Mapping[str, Mapping[str, Any]]
) -> dict[str, Mapping[str, Any]]:
    """The lists, and before each those below which it is asked: else rows below new parents would never come.

    `kept` holds the arguments of the tables in the store. Of several lists that may be above, the first of them is taken.
    """
    found: dict[str, Mapping[str, Any]] = {}
    known = {**kept, **wanted}
    for name, arguments in wanted.items():
        above, endpoint = list[tuple[str, ...]](), catalogue.endpoint(name)
        with suppress(ArgumentError, CatalogError):  # which come up when it is its turn
            above = [endpoint.parents.get(one, ()) for one in checked(endpoint, arguments)]
        used = [[one for one in sources if len(sources) == 1 or one in known][:1] for sources in above]
        first = [one for sources in used for one in sources]
        given = {one: known.get(one, {}) for one in first if one not in found}
        for one, own in with_parents(given, catalogue, known).items():
            found.setdefault(one, own)
        found.setdefault(name, arguments)
    return found


def _plain(name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of a list as JSON keeps them, so that the next sync can tell whether they are the same."""
    try:
        return dict(orjson.loads(orjson.dumps(dict(arguments))))
    except (TypeError, ValueError) as error:
        raise ArgumentError(
            f"The arguments of {name} cannot be kept: {error}.",
            advice="Use text, numbers, dates, and lists of them.",
        ) from error
