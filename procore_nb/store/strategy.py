"""How a list is requested so that its table is up to date: the cheapest mode that is right.

In: an endpoint of the catalogue, and when each target was last read. Out: a plan. Pure but for the list of projects.

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

from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
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
from procore_nb.store.manifest import Manifest, by_moment, by_target, separator

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
    """What one endpoint offers: a filter by the time of change, a window of dates, deleted rows."""

    incremental: bool
    window_day: str  # the column that a window of dates is about; empty: there is no such window
    bin: (
        str  # where deleted rows are: `only` for its own filter, or the name of a recycle bin; empty: nowhere
    )


@dataclass(frozen=True)
class SyncPlan:
    """What a sync of one table set out to request: frozen at its start, so that it can be finished later."""

    generation: int
    mode: str
    started: str
    since: dict[str, list[str]]
    """Targets by the moment since which they are requested; an empty moment requests everything."""
    target_columns: tuple[str, ...]
    arguments: dict[str, Any]
    drop_personal: bool
    scrub: bool
    """Whether rows that are kept lose personal data that was kept so far."""
    window: tuple[str, str] | None
    window_day: str
    bin: str
    everywhere: bool
    names: dict[str, str]
    known: dict[str, list[str]]
    """The manifest's `since` at that moment: a target that another sync has read since then is to be requested anew."""

    @property
    def targets(self) -> list[str]:
        return [target for targets in self.since.values() for target in targets]

    def stale(self, manifest: Manifest) -> set[str]:
        """The targets that another sync has read since this one began."""
        before, now = by_target(self.known), by_target(manifest.since)
        return {target for target in self.targets if before.get(target) != now.get(target)}

    def extended(self, current: SyncPlan, staged: Collection[str]) -> SyncPlan:
        """The unfinished plan for the targets of the current one: what is staged stays, others are as they are due now.

        Where another sync has read the table in full since then, only changes are due of what it has read.
        """
        same = current.mode in (self.mode, "full")
        requested = by_target(current.since)
        if same and self.mode != current.mode:
            # Of another mode, other targets are read in full, which is right whichever mode it is.
            requested = dict.fromkeys(requested, "")
        kept = {target: since for target, since in by_target(self.since).items() if target in staged}
        return replace(
            self if same else replace(current, started=self.started),
            since=by_moment(requested | kept),
            everywhere=current.everywhere,
            names={**self.names, **current.names},
        )


@cache
def strategy_for(endpoint: Endpoint, catalogue: Catalogue) -> Strategy:
    """What an endpoint offers to keep a table up to date; its recycle bin is another list of the catalogue."""
    columns = {field.name for field in endpoint.fields}
    arguments = {argument.name for argument in endpoint.arguments}
    day = next((name for name in _DAYS if name in columns), "") if _is_dated(endpoint) else ""
    since = bool(endpoint.updated_at_param and arguments & {"updated_at", "updated_after"})
    stem, mark, version = endpoint.name.partition("_v")
    needs = {other.name: other.needs for other in catalogue.endpoints if other.kind == "recycled"}
    bins = (f"{stem}_recycled{mark}{version}", f"{stem}_recycled")
    bin_name = next((name for name in bins if needs.get(name) == endpoint.needs), "")
    bin_name = "only" if "include_deleted" in arguments else bin_name
    return Strategy(since and "id" in columns, day, bin_name)


def target_columns(endpoint: Endpoint, arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """The columns that name the targets of a list: none for a company, the project, or a parent too.

    CatalogError if the list needs an id that is neither given nor found in another table.
    """
    partial = {"max_rows", "columns"} & set(arguments) - {argument.name for argument in endpoint.arguments}
    if partial:
        raise ArgumentError(
            f"{endpoint.name} is kept whole in a store, not with {min(partial)}.",
            advice="Choose rows and columns when you read the table.",
        )
    columns: list[str] = []
    for group in endpoint.needs:
        if "company_id" in group or set(group) & set(arguments):
            continue
        known = (
            ["project_id"] if "project_id" in group else [name for name in group if name in endpoint.parents]
        )
        if not known:
            raise CatalogError(
                f"{endpoint.name} needs {' or '.join(group)}, and no list says which there are.",
                advice=f'Give it: tables={{"{endpoint.name}": {{"{group[0]}": …}}}}.',
            )
        columns.append(known[0])
    return tuple(sorted(columns, key=lambda name: name != "project_id"))


def window_of(manifest: Manifest, today: date, days: int) -> tuple[str, str]:
    """The dates that are read again: the last days before today, and before the day of the last sync."""
    last = str(manifest.last.get("day") or today.isoformat())
    start = min(today, date.fromisoformat(last)) - timedelta(days=days)
    return start.isoformat(), today.isoformat()


def query(endpoint: Endpoint, plan: SyncPlan, since: str) -> dict[str, Any]:
    """The arguments of `fetch_frames` for the targets of a plan that are requested since a moment."""
    arguments = dict(plan.arguments)
    if endpoint.name.startswith("projects") and any(
        argument.name == "by_status" for argument in endpoint.arguments
    ):
        arguments.setdefault("status", "All")  # else a project that was closed would seem deleted
    if plan.mode == "incremental" and since:
        arguments["since"] = since
    if _is_dated(endpoint):
        start, end = plan.window if plan.window and since else (_BEGINNING, None)
        arguments = {"start": start, "end": end, **arguments}
    return arguments


def target_arguments(columns: tuple[str, ...], targets: Sequence[str]) -> dict[str, Any]:
    """The arguments of `fetch_frames` that name targets: project ids, or a frame of parents."""
    if not columns:
        return {}
    if columns == ("project_id",):
        return {"projects": [int(target) for target in targets]}
    if len(columns) == 1:
        return {"parent": list(targets)}
    mark = separator(columns)
    rows = [target.split(mark, len(columns) - 1) for target in targets]
    frame = pd.DataFrame(rows, columns=[*columns[:-1], "id"], dtype=str)
    return {"parent": frame.astype({"project_id": "int64"}) if "project_id" in columns[:-1] else frame}


def target_text(ids: Mapping[str, Any], columns: Sequence[str]) -> str:
    """A target as text: `7`, `7-12`, or nothing for a company's list."""
    return separator(columns).join(str(ids[name]) for name in columns)


def _is_dated(endpoint: Endpoint) -> bool:
    return {"start_date", "end_date"} <= set(endpoint.other_query)


Targets = tuple[list[str], dict[str, str], bool]


class TargetFinder:
    """Finds the targets of each list of one sync; `stored_rows` gives the rows of a table, if there is one."""

    def __init__(
        self, procore: Source, projects: Any, *, stored_rows: Callable[[str], pd.DataFrame | None]
    ) -> None:
        self._procore, self._chosen, self._stored_rows = procore, projects, stored_rows

    def find(self, endpoint: Endpoint, arguments: Mapping[str, Any]) -> Targets:
        """Targets of one list, names of its projects, and whether these are all targets there are.

        ArgumentError if the store has no table of its parents, or that lacks the other ids.
        """
        columns = target_columns(endpoint, arguments)
        projects, everywhere = self._projects if "project_id" in columns else ({}, True)
        names = {project: name for project, name in projects.items() if name}
        if columns in ((), ("project_id",)):
            return list(projects) if columns else [""], names, everywhere
        rows = self._parents(endpoint, columns)
        if "project_id" in columns:
            rows = rows[rows["project_id"].astype(str).isin(projects)]
        ids: list[dict[str, Any]] = rows.dropna().drop_duplicates().to_dict("records")  # type: ignore[assignment]
        return [target_text(row, columns) for row in ids], names, everywhere

    def _parents(self, endpoint: Endpoint, columns: tuple[str, ...]) -> pd.DataFrame:
        """The ids of the rows below which a list is requested, from the table that has them all."""
        names = [name for name in reversed(columns) if name in endpoint.parents]
        sources = [(name, table) for name in names for table in endpoint.parents[name]]
        tables = ((name, self._stored_rows(table)) for name, table in sources)
        has_table = False
        for name, rows in tables:
            if rows is None:
                continue
            has_table = True
            sought = {column: f"{column.removesuffix('_id')}.id" for column in columns} | {name: "id"}
            sought |= {column: column for column in columns if column != name and column in rows.columns}
            if "project_id" in columns and sought["project_id"] not in rows.columns:
                # A company's list: its rows are of every project.
                numbers = pd.DataFrame({"project_id": [int(project) for project in self._projects[0]]})
                rows, sought["project_id"] = numbers.merge(rows, how="cross"), "project_id"
            if set(sought.values()) <= set(rows.columns):
                return rows[[sought[column] for column in columns]].set_axis([*columns], axis=1)
        if has_table:
            raise ArgumentError(
                f"{endpoint.name} cannot be requested below its parents: no table has {' and '.join(columns)}."
            )
        raise ArgumentError(
            f"{endpoint.name} is requested for each {names[0]}, and the store has no table of them.",
            advice=f"Sync {' or '.join(dict.fromkeys(table for _, table in sources))} before it: name it first.",
        )

    @cached_property
    def _projects(self) -> tuple[dict[str, str], bool]:
        """Name of each project by its id, in the order of ids; and whether these are all there are."""
        chosen = select_projects(self._chosen, where="Store.sync")
        everywhere = chosen.status == "All"
        if chosen.status is not None:
            frame = self._procore.projects(status=chosen.status, view="compact")
            chosen = select_projects(frame, where="Store.sync")
        names = chosen.names or {}
        return {project: names[project] or "" for project in sorted(names, key=int)}, everywhere


def named_lists(
    tables: str | Iterable[str] | Mapping[str, Mapping[str, Any]], catalogue: Catalogue
) -> dict[str, dict[str, Any]]:
    """Canonical name of each list, and its arguments as JSON keeps them, so that the next sync can compare them."""
    names = [tables] if isinstance(tables, str) else tables
    pairs = names.items() if isinstance(names, Mapping) else ((name, dict[str, Any]()) for name in names)
    lists: dict[str, dict[str, Any]] = {}
    for name, arguments in pairs:
        endpoint = catalogue.endpoint(name)
        try:
            lists[endpoint.name] = dict(orjson.loads(orjson.dumps(dict(arguments))))
        except (TypeError, ValueError) as error:
            raise ArgumentError(
                f"The arguments of {name} cannot be kept: {error}.",
                advice="Use text, numbers, dates, and lists of them.",
            ) from error
    if not lists:
        raise ArgumentError(
            "No table is named.", advice='For example store.sync(procore, ["projects", "rfis"]).'
        )
    return lists


Arguments = Mapping[str, Any]


def with_parents(
    lists: Mapping[str, Arguments], catalogue: Catalogue, stored_arguments: Callable[[str], Arguments | None]
) -> dict[str, Arguments]:
    """The lists, and before each those below which it is requested: else rows below new parents would never come.

    `stored_arguments` gives the arguments of a table in the store (None: there is none). Of several lists that may be above, the first of them is taken.
    """
    ordered: dict[str, Arguments] = {}

    def known(name: str) -> Arguments | None:
        return lists[name] if name in lists else stored_arguments(name)

    for name, arguments in lists.items():
        above, endpoint = list[tuple[str, ...]](), catalogue.endpoint(name)
        with suppress(ArgumentError, CatalogError):  # which come up when it is its turn
            above = [endpoint.parents.get(column, ()) for column in target_columns(endpoint, arguments)]
        missing: dict[str, Arguments] = {}
        for group in above:
            parent = next((table for table in group if len(group) == 1 or known(table) is not None), "")
            if parent and parent not in ordered:
                missing[parent] = known(parent) or {}
        ordered |= with_parents(missing, catalogue, known)
        ordered.setdefault(name, arguments)
    return ordered
