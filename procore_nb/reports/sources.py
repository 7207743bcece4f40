"""The lists of a report, from wherever they are: a connection, a store, or frames in a dict.

In: a source and the uses of a report. Out: `ReportData`: frames by list, with what did not answer. This is the half of reports
that fetches, through the public calls of `client` and `store` only. Several reports from one reader fetch each list once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import pandas as pd

from procore_nb.client import Procore
from procore_nb.errors import AccessError, ArgumentError, NotFoundError
from procore_nb.progress import Progress, announce, duration_text
from procore_nb.reports import local_lists
from procore_nb.reports.definition import ReportFunction, Use
from procore_nb.reports.local_lists import STATES, FramesReader, LocalReader, Plan, States, in_window, skipped
from procore_nb.reports.report_data import ReportData
from procore_nb.scalars import STATUS_WORDS
from procore_nb.store import NotKeptYetError, Store

_ANNOUNCED = 20  # requests and more are announced
_LIMITS = ((25, 10, "25 requests in 10 s"), (600, 3600, "600 an hour"))


def reader_for(source: Any, *, projects: Any, progress: bool | None) -> Reader:
    """Return the reader of a source; a reader is its own."""
    if isinstance(source, ProcoreReader | LocalReader):
        return source
    if isinstance(source, Procore):
        return ProcoreReader(source, projects, progress)
    if isinstance(source, Store):
        return StoreReader(source, projects)
    if isinstance(source, Mapping):
        return FramesReader(source, projects)
    raise ArgumentError(
        f"A report is made from a connection, a store or a dict of frames, not from {type(source).__name__}.",
        advice='For example pnb.reports.rfis(pnb.connect("demo")), or pnb.reports.rfis({"rfis": frame}).',
    )


class StoreReader(LocalReader):
    """The tables of a store."""

    where = "in the store"

    def __init__(self, store: Store, projects: Any) -> None:
        self._store = store
        tables = store.tables()
        empty = tables.loc[tables["rows"].eq(0), "table"]
        super().__init__(tables["table"].tolist(), empty.tolist(), projects)
        self._tables: dict[str, pd.DataFrame] = {}

    def read(
        self, report: ReportFunction, day: pd.Timestamp | None, options: Mapping[str, Any]
    ) -> ReportData:
        """Return the tables of one report: as they are, or as they were on a past day where history reaches back."""
        frames: dict[str, pd.DataFrame] = {}
        lost = list[pd.Timestamp | None]()
        for name, key in self.keys(report).items():
            kept, begins = (None, None) if day is None else self._as_of(key, day)
            frames[name] = self._table(key) if kept is None else kept
            if kept is None and name != "projects":  # projects only name and choose: those of today will do
                lost.append(begins)
        data = ReportData(self._of_chosen(frames), day)
        for use in report.uses:
            if use.name in data.frames:
                data.frames[use.name] = in_window(data.frames[use.name], use.arguments(data.as_of, options))
        self._check(report, data, options)
        if data.past and not lost:
            data.past = False
            data.note(f"Rebuilt from the history of the store: rows as they were on {day:%Y-%m-%d}.")
        known = [begins for begins in lost if begins is not None]
        if data.past and known and len(known) == len(lost):
            data.begins = min(known)
        return data

    def _of_chosen(self, frames: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
        if "projects" not in frames and "projects" in self._names:
            frames = {**frames, "projects": self._table("projects")}
        return {**frames, **local_lists.of_projects(frames, self._projects)}

    def _table(self, key: str) -> pd.DataFrame:
        """Return a table as it is, read once for all reports."""
        if key not in self._tables:
            self._tables[key] = self._store.table(key)
        return self._tables[key]

    def _as_of(self, key: str, day: pd.Timestamp) -> tuple[pd.DataFrame | None, pd.Timestamp | None]:
        """Return the rows as they were kept at the end of a day; where they were not, the first day they were, if known."""
        try:
            return self._store.table(key, as_of=_end(day)), None
        except NotKeptYetError as error:
            return None, pd.Timestamp(error.begins).tz_localize(None).normalize()
        except ArgumentError:
            return None, None

    def changed(self, report: ReportFunction, day: pd.Timestamp) -> tuple[pd.DataFrame, list[str]]:
        """Return how many rows of each list and project are new, changed or deleted after a day, by `Store.changes`."""
        changes, young = [], []
        for name, key in self.keys(report).items():
            if name == "projects":
                continue
            rows = self._of_chosen({name: self._store.changes(key, since=_end(day))})[name]
            # All rows new: the table began after that day, so that nothing is known of what changed.
            if len(rows) and rows["change"].eq("new").sum() == len(self._table(key)):
                young.append(name)
            elif len(rows):
                rows = rows.reindex(columns=["project_id", "change"]).astype({"project_id": "object"})
                changes.append(rows.assign(list=name))
        notes = [f"Not kept, or still empty, on {day:%Y-%m-%d}: {', '.join(young)}."] if young else []
        counts = pd.DataFrame()
        if changes:
            sizes = pd.concat(changes).groupby(["list", "project_id", "change"], dropna=False).size()
            counts = sizes.unstack(fill_value=0).reset_index()
        return counts.reindex(
            columns=["list", "project_id", "new", "changed", "deleted"], fill_value=0
        ), notes


def _end(day: pd.Timestamp) -> pd.Timestamp:
    """Return the moment at which a day of the store ends: rows of a day are those kept then."""
    return day + pd.Timedelta(days=1)


class ProcoreReader:
    """A connection: each list is fetched once for all reports that were announced, for the chosen projects."""

    def __init__(self, procore: Procore, projects: Any, progress: bool | None) -> None:
        self._procore, self._chosen = procore, projects
        self._progress = procore.progress if progress is None else progress
        self._projects: pd.DataFrame | None = None
        self._announced: list[tuple[Use, dict[str, Any]]] = []
        self._fetched: dict[tuple[Any, ...], tuple[pd.DataFrame, States]] = {}

    def announce(self, reports: Plan, day: pd.Timestamp | None) -> None:
        """Print once what all these reports need, before the first list is fetched; later reads share their lists."""
        if self._announced:
            return
        as_of = ReportData({"projects": self.projects()}, day).as_of
        self._announced = [
            (use, use.arguments(as_of, options))
            for report, options in reports
            for use in report.uses
            if use.name != "projects" and use.is_read(options)
        ]
        number = len(self.projects())
        least, most, parents = _requests([use for use, _ in self._announced], number)
        if not self._progress or most < _ANNOUNCED:
            return
        requests = f"{least:,} requests" if least == most else f"{least:,} to {most:,} requests"
        further = f", and one for each chosen row of {', '.join(parents)}" if parents else ""
        times = [f"{duration_text(least / count * seconds)} at {limit}" for count, seconds, limit in _LIMITS]
        needs = "1 report needs" if len(reports) == 1 else f"{len(reports)} reports need"
        kept = "What has come is kept by the cache."
        if self._procore.policy.cache is None:
            kept = 'connect(cache="1d") keeps what has come, should it be interrupted.'
        limits = f"The rate limit allows {least:,} in {' or '.join(times)}."
        announce(f"{needs} {requests} to {number:,} projects{further}. {limits} {kept}")

    def read(
        self, report: ReportFunction, day: pd.Timestamp | None, options: Mapping[str, Any]
    ) -> ReportData:
        """Fetch the lists of one report that were not fetched yet."""
        self.announce([(report, options)], day)
        projects = self.projects()
        data = ReportData({"projects": projects}, day, requests=1)
        for use in report.uses:
            if use.name == "projects" or not use.is_read(options):
                continue
            arguments = use.arguments(data.as_of, options)
            frame, states = self._list(use, data, arguments, options)
            data.requests += frame.attrs.get("procore", {}).get("requests", 0)
            data.frames[use.name] = in_window(frame, arguments)
            data.coverage.states |= {(use.name, project): state for project, state in states.items()}
            if not use.of_company and not use.parent and not use.if_empty:
                data.coverage.rows |= {(use.name, project): 0 for project in projects["id"].tolist()}
        return data

    def missing(self, report: ReportFunction) -> list[str]:
        """Return nothing: every list can be fetched."""
        return []

    def projects(self) -> pd.DataFrame:
        """Return the chosen projects, fetched once."""
        if self._projects is None:
            status: Any = STATUS_WORDS.get(self._chosen.lower()) if isinstance(self._chosen, str) else None
            frame = self._procore.projects(status=status or "All", progress=self._progress_of)
            self._projects = frame if status else local_lists.selected(frame, self._chosen)
        return self._projects

    def _list(
        self, use: Use, data: ReportData, arguments: Mapping[str, Any], options: Mapping[str, Any]
    ) -> tuple[pd.DataFrame, States]:
        """Return a list and who did not answer; one that was fetched for the time and targets of all reports is shared."""
        same = [(other, its) for other, its in self._announced if other.name == use.name]
        # The widest window of all announced reports: the cache of this reader then holds one frame for all of them.
        widest = {**arguments}
        for name, bound in (("start", min), ("end", max)):
            if name in widest:
                widest[name] = bound([widest[name], *(its[name] for _, its in same if name in its)])
        targets = pd.DataFrame({"id": [0]})  # the company
        if use.parent:
            targets = use.select(data.frames, options)
        elif not use.of_company:
            targets = self._targets(use, data, [other for other, _ in same])
        key = (use.name, *sorted(widest.items()), *map(str, targets.get("id", ())))
        if key not in self._fetched:
            self._fetched[key] = self._fetch(use, targets, widest)
        return self._fetched[key]

    def _targets(self, use: Use, data: ReportData, same: Sequence[Use]) -> pd.DataFrame:
        """Return the projects of a request; another report may need all of them, and that fetch then serves both."""
        projects, serves = self.projects(), any(not one.if_empty and not one.if_any for one in same)
        for names, if_empty in ((use.if_empty, True), (use.if_any, False)):
            if not names or serves:
                continue
            frames = [data.frames[name] for name in names]
            ids = [frame["project_id"].dropna() for frame in frames if "project_id" in frame.columns]
            # Who did not answer may have rows: asked by `if_any`, and like an empty one by `if_empty`.
            chosen = {project for name, project in data.coverage.states if name in names and not if_empty}
            chosen = chosen.union(*ids)
            projects = projects[projects["id"].isin(list(chosen)) ^ if_empty]
        return projects

    def _fetch(
        self, use: Use, targets: pd.DataFrame, arguments: Mapping[str, Any]
    ) -> tuple[pd.DataFrame, States]:
        if targets.empty:
            return pd.DataFrame(), {}
        settings: dict[str, Any] = {"progress": self._progress_of, **arguments}
        if use.parent:
            settings["parent"] = targets
            if self._progress and len(targets) >= _ANNOUNCED:
                announce(f"{use.name}: {len(targets):,} requests, one for each row of {use.parent}.")
        elif not use.of_company:
            settings["projects"] = targets
        try:
            frame = self._procore.table(use.name, **settings)
        except (AccessError, NotFoundError) as error:
            if error.status not in (403, 404):
                raise
            refused = [None] if use.of_company else self.projects()["id"].tolist()
            return pd.DataFrame(), dict.fromkeys(refused, (STATES[error.status], error.message))
        return frame, skipped(frame)

    def _progress_of(self, name: str, targets: int) -> Progress:
        """One line for each list; what is skipped is in the coverage, so no warnings beside it."""
        return Progress(name, targets=targets, noun="targets", show=self._progress)


Reader: TypeAlias = ProcoreReader | LocalReader


def _requests(uses: Sequence[Use], projects: int) -> tuple[int, int, list[str]]:
    """Return the fewest and the most requests for lists of projects, and the lists with a request for each chosen row."""
    of_company = {use.name for use in uses if use.of_company}
    conditional = {use.name for use in uses if use.if_empty or use.if_any}
    sure = {use.name for use in uses if not (use.of_company or use.parent or use.if_empty or use.if_any)}
    least, most = (len(of_company) + len(names) * projects for names in (sure, sure | conditional))
    return least, most, sorted({use.parent for use in uses if use.parent})


def store_reader(reader: Reader) -> StoreReader:
    """Return the reader of a store, or refuse `since` for a source that knows one state only."""
    if isinstance(reader, StoreReader):
        return reader
    raise ArgumentError(
        "since compares with what was kept on that day; a connection, or frames that were given, know one state only.",
        advice='Keep a store: store.sync(procore, […], history=True), then pnb.reports.rfis(store, since="last Monday").',
    )
