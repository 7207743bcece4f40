"""The lists of a report, from wherever they are: a connection, a store, frames or records in a dict.

In: a source and the uses of a report. Out: frames by list, with what did not answer. This is the half of reports that fetches,
through the public calls of `client` and `store` only. Several reports from one reader fetch each list once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import pandas as pd

from procore_nb.client import Procore
from procore_nb.errors import AccessError, ArgumentError, NotFoundError, warn
from procore_nb.frame_info import partial_note
from procore_nb.near_match import near
from procore_nb.progress import Progress, announce
from procore_nb.reports.definition import ReportFunction, Use
from procore_nb.reports.read_lists import (
    Read,
    States,
    all_skipped,
    as_frame,
    canonical,
    check_given,
    chosen_projects,
    in_window,
    missing_lists,
    of_one_project,
    of_projects,
    skipped_in,
)
from procore_nb.reports.report_data import state_of
from procore_nb.store import NotKeptYetError, Store

Plan = Sequence[tuple[ReportFunction, Mapping[str, Any]]]
_WORTH_SAYING = 20  # requests
_LIMITS = ((25, 10, "25 requests in 10 s"), (600, 3600, "600 an hour"))


def reader_for(source: Any, *, projects: Any, progress: bool | None) -> Reader:
    """Return the reader of a source; a reader is its own."""
    if isinstance(source, ProcoreReader | KeptReader):
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


class KeptReader:
    """Lists that are here, by the names they were given; nothing is requested."""

    def __init__(self, names: Sequence[str], empty: Sequence[str], projects: Any) -> None:
        self._names, self._empty, self._projects = names, empty, projects

    def announce(self, reports: Plan, day: pd.Timestamp | None) -> None:
        """Do nothing: all is here."""

    def missing(self, report: ReportFunction) -> list[str]:
        """Return the lists that a report needs and that are not here."""
        return missing_lists(report, self._names, self._empty)

    def keys(self, report: ReportFunction) -> dict[str, str]:
        """Return what the lists of a report are called here, by the names it has for them."""
        known = {canonical(one): one for one in self._names} | {one: one for one in self._names}
        wanted = ["projects", *(use.name for use in report.uses)]
        found = {one: known.get(one, known.get(canonical(one), "")) for one in wanted}
        return {name: key for name, key in found.items() if key}


class FramesReader(KeptReader):
    """Frames or records that the caller holds."""

    def __init__(self, source: Mapping[str, Any], projects: Any) -> None:
        given = {str(name): one for name, one in source.items() if one is not None}  # None: not answered
        self._frames = {name: as_frame(name, one) for name, one in given.items()}
        super().__init__([*given], [name for name, one in self._frames.items() if one.empty], projects)

    def read(self, report: ReportFunction, day: pd.Timestamp | None, options: Mapping[str, Any]) -> Read:
        """Return the frames of one report, of the chosen projects."""
        frames = {name: self._frames[key] for name, key in self.keys(report).items()}
        read = Read(frames)
        if not (
            isinstance(self._projects, str) and self._projects == "active"
        ):  # who hands rows over means them
            frames |= of_projects(frames, self._projects)
        frames |= of_one_project(report, frames)
        read.coverage.states |= all_skipped(frames)
        check_given(report, read, self._names, "given", options)
        for name, frame in frames.items():
            if note := partial_note(frame):
                read.notes.append(f"{name}: {note}")
                warn(read.notes[-1])
        return read.about(day)


class StoreReader(KeptReader):
    """The tables of a store."""

    def __init__(self, store: Store, projects: Any) -> None:
        self._store = store
        tables = store.tables()
        super().__init__(
            tables["table"].tolist(), tables.loc[tables["rows"].eq(0), "table"].tolist(), projects
        )
        self._read: dict[str, pd.DataFrame] = {}

    def read(self, report: ReportFunction, day: pd.Timestamp | None, options: Mapping[str, Any]) -> Read:
        """Return the tables of one report: as they are, or as they were on a past day where history reaches back."""
        frames: dict[str, pd.DataFrame] = {}
        read, lost = Read(frames), list[pd.Timestamp | None]()
        for name, key in self.keys(report).items():
            kept, begins = (None, None) if day is None else self._as_of(key, day)
            frames[name] = self._table(key) if kept is None else kept
            if kept is None and name != "projects":
                lost.append(begins)
        frames |= self._of_chosen(frames)
        today = day or read.about(None).today
        for use in report.uses:
            if use.name in frames:
                frames[use.name] = in_window(frames[use.name], use.arguments(today, options))
        read.coverage.states |= all_skipped(frames)
        check_given(report, read, self._names, "in the store", options)
        read.about(day)
        if read.past and not lost:
            read.past = False
            read.notes.append(f"Rebuilt from the history of the store: rows as they were on {day:%Y-%m-%d}.")
        known = [one for one in lost if one is not None]
        if read.past and known and len(known) == len(lost):
            read.begins = min(known)
        return read

    def _of_chosen(self, frames: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
        if "projects" not in frames and "projects" in self._names:
            frames = {**frames, "projects": self._table("projects")}
        return {**frames, **of_projects(frames, self._projects)}

    def _table(self, key: str) -> pd.DataFrame:
        """Return a table as it is, read once for all reports."""
        if key not in self._read:
            self._read[key] = self._store.table(key)
        return self._read[key]

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
        found, young = [], []
        for name, key in self.keys(report).items():
            if name == "projects":
                continue
            rows = self._of_chosen({name: self._store.changes(key, since=_end(day))})[name]
            if len(rows) and rows["change"].eq("new").sum() == len(self._table(key)):
                young.append(name)
            elif len(rows):
                found.append(
                    rows.reindex(columns=["project_id", "change"])
                    .astype({"project_id": "object"})
                    .assign(list=name)
                )
        notes = [f"Not kept, or still empty, on {day:%Y-%m-%d}: {', '.join(young)}."] if young else []
        columns = ["list", "project_id", "new", "changed", "deleted"]
        if not found:
            return pd.DataFrame(columns=columns), notes
        sizes = pd.concat(found).groupby(["list", "project_id", "change"], dropna=False).size()
        counts = sizes.unstack(fill_value=0).reset_index()
        return counts.reindex(columns=columns, fill_value=0), notes


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
        today = day or Read({"projects": self.projects()}).about(day).today
        self._announced = [
            (use, use.arguments(today, options))
            for report, options in reports
            for use in report.uses
            if use.name != "projects" and use.is_read(options)
        ]
        number = len(self.projects())
        least, most, below = _requests([use for use, _ in self._announced], number)
        if not self._progress or most < _WORTH_SAYING:
            return
        requests = f"{least:,} requests" if least == most else f"{least:,} to {most:,} requests"
        further = f", and one for each chosen row of {', '.join(below)}" if below else ""
        limits = " or ".join(
            f"{_duration(least / count * seconds)} at {words}" for count, seconds, words in _LIMITS
        )
        needs = "1 report needs" if len(reports) == 1 else f"{len(reports)} reports need"
        kept = "What has come is kept by the cache."
        if self._procore.policy.cache is None:
            kept = 'connect(cache="1d") keeps what has come, should it be interrupted.'
        announce(f"{needs} {requests} to {number:,} projects{further}. The rate limit allows {least:,} in {limits}. {kept}")  # fmt: skip

    def read(self, report: ReportFunction, day: pd.Timestamp | None, options: Mapping[str, Any]) -> Read:
        """Fetch the lists of one report that were not fetched yet."""
        self.announce([(report, options)], day)
        projects = self.projects()
        read = Read({"projects": projects}, requests=1).about(day)
        for use in report.uses:
            if use.name == "projects" or not use.is_read(options):
                continue
            arguments = use.arguments(day or read.today, options)
            frame, states = self._list(use, read, arguments, options)
            read.requests += frame.attrs.get("procore", {}).get("requests", 0)
            read.frames[use.name] = in_window(frame, arguments)
            read.coverage.states |= {(use.name, project): state for project, state in states.items()}
            if not use.of_company and not use.parent and not use.unless:
                read.coverage.rows |= {(use.name, one): 0 for one in projects["id"].tolist()}
        return read.about(day)

    def missing(self, report: ReportFunction) -> list[str]:
        """Return nothing: every list can be fetched."""
        return []

    def projects(self) -> pd.DataFrame:
        """Return the chosen projects, fetched once."""
        if self._projects is None:
            word = isinstance(self._chosen, str) and self._chosen.lower() in ("active", "inactive", "all")
            status: Any = self._chosen.title() if word else "All"
            frame = self._procore.projects(status=status, progress=self._maker)
            self._projects = frame if word else chosen_projects(frame, self._chosen)
        return self._projects

    def _list(
        self, use: Use, read: Read, arguments: Mapping[str, Any], options: Mapping[str, Any]
    ) -> tuple[pd.DataFrame, States]:
        """Return a list and who did not answer; one that was fetched for the time and targets of all reports is shared."""
        others = [(one, its) for one, its in self._announced if one.name == use.name]
        asked = {**arguments}
        for name, widest in (("start", min), ("end", max)):
            if name in asked:
                asked[name] = widest([asked[name], *(its[name] for _, its in others if name in its)])
        if use.parent:
            targets = use.pick(read.frames, options) if use.pick else read.frames[use.parent]
        elif use.of_company:
            targets = pd.DataFrame({"id": [0]})
        else:
            targets = self._asked(use, read, [one for one, _ in others])
        key = (use.name, *sorted(asked.items()), *map(str, targets.get("id", ())))
        if key not in self._fetched:
            self._fetched[key] = self._fetch(use, targets, asked)
        return self._fetched[key]

    def _asked(self, use: Use, read: Read, others: Sequence[Use]) -> pd.DataFrame:
        """Return the projects to ask; another report may ask all of them, and that fetch then serves both."""
        projects, serves = self.projects(), any(not one.unless and not one.among for one in others)
        for names, without in ((use.unless, True), (use.among, False)):
            if not names or serves:
                continue
            have = [read.frames[one]["project_id"] for one in names if "project_id" in read.frames[one]]
            busy = {project for (name, project) in read.coverage.states if name in names and not without}
            busy |= set(pd.concat(have).dropna()) if have else set()
            projects = projects[projects["id"].isin(list(busy)) ^ without]
        return projects

    def _fetch(
        self, use: Use, targets: pd.DataFrame, arguments: Mapping[str, Any]
    ) -> tuple[pd.DataFrame, States]:
        if targets.empty:
            return pd.DataFrame(), {}
        given: dict[str, Any] = {"progress": self._maker, **arguments}
        if use.parent:
            given["parent"] = targets
            if self._progress and len(targets) >= _WORTH_SAYING:
                announce(f"{use.name}: {len(targets):,} requests, one for each row of {use.parent}.")
        elif not use.of_company:
            given["projects"] = targets
        try:
            frame = self._procore.table(use.name, **given)
        except (AccessError, NotFoundError) as error:
            if error.status not in (403, 404):
                raise
            asked = [None] if use.of_company else self.projects()["id"].tolist()
            return pd.DataFrame(), dict.fromkeys(asked, (state_of(error.status), error.message))
        return frame, skipped_in(frame)

    def _maker(self, name: str, targets: int) -> Progress:
        """One line for each list; what is skipped is in the coverage, so no warnings beside it."""
        return Progress(name, targets=targets, noun="targets", show=self._progress)


Reader: TypeAlias = ProcoreReader | KeptReader


def _requests(uses: Sequence[Use], projects: int) -> tuple[int, int, list[str]]:
    """Return the fewest and the most requests for lists of projects, and the lists with a request for each chosen row."""
    of_company = {use.name for use in uses if use.of_company}
    sure = {one.name for one in uses if not (one.of_company or one.parent or one.unless or one.among)}
    maybe = {one.name for one in uses if one.unless or one.among} - sure
    least, most = (len(of_company) + len(names) * projects for names in (sure, sure | maybe))
    return least, most, sorted({use.parent for use in uses if use.parent})


def _duration(seconds: float) -> str:
    return (
        f"{seconds / 3600:,.1f} hours"
        if seconds >= 5400
        else f"{seconds / 60:,.0f} minutes"
        if seconds >= 90
        else f"{seconds:,.0f} s"
    )


def store_reader(reader: Reader) -> StoreReader:
    """Return the reader of a store, or refuse `since` for a source that knows one state only."""
    if isinstance(reader, StoreReader):
        return reader
    raise ArgumentError(
        "since compares with what was kept on that day; a connection, or frames that were given, know one state only.",
        advice='Keep a store: store.sync(procore, […], history=True), then pnb.reports.rfis(store, since="last Monday").',
    )


def left_out(reader: Reader, reports: Iterable[ReportFunction]) -> None:
    """Warn once of the reports that cannot be given, and name the lists they lack."""
    lacking = {one.name: absent for one in reports if (absent := reader.missing(one))}
    if lacking:
        each = "; ".join(f"{name} ({', '.join(absent)})" for name, absent in lacking.items())
        warn(f"{len(lacking)} reports are left out, as these lists are not here: {each}. Sync or pass them.")


def chosen_reports(
    known: Mapping[str, ReportFunction], names: tuple[str, ...], options: Mapping[str, Any]
) -> list[ReportFunction]:
    """Return the named reports, or all; refuse unknown names, and options that none of them has."""
    for name in names:
        if name not in known:
            choices = near(name, known)
            hint = f"Did you mean {' or '.join(choices)}?" if choices else f"Reports: {', '.join(known)}."
            raise ArgumentError(f"There is no report {name!r}.", advice=hint)
    found = [known[name] for name in names or known]
    every = {"calendar", "holidays", *(option for one in found for option in one.options)}
    for option in options:
        if option not in every:
            choices = near(option, every)
            raise ArgumentError(
                f"None of these reports has an option {option!r}.",
                advice=f"Did you mean {' or '.join(choices)}?" if choices else "",
            )
    return found
