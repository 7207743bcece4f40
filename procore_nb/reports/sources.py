"""The lists of a report, from wherever they are: a connection, a store, frames or records in a dict.

In: a source and the uses of a report. Out: frames by list, with what did not answer. This is the half of reports that fetches,
through the public calls of `client` and `store` only. Several reports from one reader fetch each list once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

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
)  # fmt: skip
from procore_nb.reports.report_data import state_of
from procore_nb.store import NotKeptYetError, Store

Plan = Sequence[tuple[ReportFunction, Mapping[str, Any]]]
_WORTH_SAYING = 20  # requests
_LIMITS = ((25, 10, "25 requests in 10 s"), (600, 3600, "600 an hour"))


class Reader(Protocol):
    """Where lists come from."""

    def missing(self, report: ReportFunction) -> list[str]:
        """Return the lists that a report needs and that are not here."""

    def announce(self, reports: Plan, day: pd.Timestamp | None) -> None:
        """Get ready for several reports: lists are shared, and what they take is printed once."""

    def read(self, report: ReportFunction, day: pd.Timestamp | None, options: Mapping[str, Any]) -> Read:
        """Return the lists of one report."""


def reader_for(source: Any, *, projects: Any, progress: bool | None) -> Reader:
    """Return the reader of a source; a reader is its own."""
    if isinstance(source, ProcoreReader | StoreReader | FramesReader):
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


class FramesReader:
    """Frames or records that the caller holds."""

    def __init__(self, source: Mapping[str, Any], projects: Any) -> None:
        given = {
            str(name): value for name, value in source.items() if value is not None
        }  # None: not answered
        self._frames = {name: as_frame(name, value) for name, value in given.items()}
        self._projects = projects

    def announce(self, reports: Plan, day: pd.Timestamp | None) -> None:
        """Do nothing: all is here."""

    def read(self, report: ReportFunction, day: pd.Timestamp | None, options: Mapping[str, Any]) -> Read:
        """Return the frames of one report, of the chosen projects."""
        names = {canonical(name): name for name in self._frames}
        frames: dict[str, pd.DataFrame] = {}
        read = Read(frames)
        for name in ["projects", *(use.name for use in report.uses)]:
            key = name if name in self._frames else names.get(canonical(name))
            if key is not None:
                frames[name] = self._frames[key]
        if not (
            isinstance(self._projects, str) and self._projects == "active"
        ):  # who hands rows over means them
            frames |= of_projects(frames, self._projects)
        frames |= of_one_project(report, frames)
        read.coverage.states |= all_skipped(frames)
        check_given(report, read, list(self._frames), "given", options)
        for name, frame in frames.items():
            if note := partial_note(frame):
                read.notes.append(f"{name}: {note}")
                warn(read.notes[-1])
        return read.about(day)

    def missing(self, report: ReportFunction) -> list[str]:
        """Return the lists that a report needs and that were not given."""
        return missing_lists(report, self._frames, [name for name, one in self._frames.items() if one.empty])


class StoreReader:
    """The tables of a store; nothing is requested."""

    def __init__(self, store: Store, projects: Any) -> None:
        self._store, self._projects = store, projects
        tables = store.tables()
        self._tables: list[str] = tables["table"].tolist()
        self._empty: list[str] = tables.loc[tables["rows"].eq(0), "table"].tolist()
        self._read: dict[str, pd.DataFrame] = {}
        self._begins: dict[tuple[str, pd.Timestamp], pd.Timestamp] = {}

    def announce(self, reports: Plan, day: pd.Timestamp | None) -> None:
        """Do nothing: all is here."""

    def read(self, report: ReportFunction, day: pd.Timestamp | None, options: Mapping[str, Any]) -> Read:
        """Return the tables of one report: as they are, or as they were on a past day where history reaches back."""
        frames: dict[str, pd.DataFrame] = {}
        read, rebuilt = Read(frames), list[bool]()
        lost: list[pd.Timestamp | None] = []
        for name, key in {"projects": "projects", **self._names(report)}.items():
            known = self._as_of(key, day)
            rebuilt.append(known is not None or name == "projects")
            if day is not None and not rebuilt[-1] and key in self._tables:
                lost.append(self._begins.get((key, day)))
            if known is not None or key in self._tables:
                frames[name] = self._table(key) if known is None else known
        frames |= self._of_chosen(frames)
        today = day or read.about(None).today
        for use in report.uses:
            if use.name in frames:
                frames[use.name] = in_window(frames[use.name], use.arguments(today, options))
        read.coverage.states |= all_skipped(frames)
        check_given(report, read, [*self._tables], "in the store", options)
        read.about(day)
        if read.past and all(rebuilt):
            read.past = False
            read.notes.append(f"Rebuilt from the history of the store: rows as they were on {day:%Y-%m-%d}.")
        begins = [one for one in lost if one is not None]
        if read.past and begins and len(begins) == len(lost):
            read.begins = min(begins)
        return read

    def missing(self, report: ReportFunction) -> list[str]:
        """Return the lists that a report needs and that are not in the store."""
        return missing_lists(report, self._tables, self._empty)

    def _names(self, report: ReportFunction) -> dict[str, str]:
        """Return the tables of a report by the names it has for their lists."""
        names = {canonical(name): name for name in self._tables}
        wanted = [use.name for use in report.uses if use.name != "projects"]
        return {name: names[canonical(name)] for name in wanted if canonical(name) in names}

    def _of_chosen(self, frames: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
        if "projects" not in frames and "projects" in self._tables:
            frames = {**frames, "projects": self._table("projects")}
        return {**frames, **of_projects(frames, self._projects)}

    def _table(self, key: str) -> pd.DataFrame:
        """Return a table as it is, read once for all reports."""
        if key not in self._read:
            self._read[key] = self._store.table(key)
        return self._read[key]

    def _as_of(self, key: str, day: pd.Timestamp | None) -> pd.DataFrame | None:
        """Return the rows as they were kept at the end of a day; None where they were not, or have changed since."""
        if day is None or key not in self._tables:
            return None
        try:
            return self._store.table(key, as_of=_end(day))
        except NotKeptYetError as error:
            self._begins[key, day] = pd.Timestamp(error.begins).tz_localize(None).normalize()
        except ArgumentError:
            pass
        return None

    def changed(self, report: ReportFunction, day: pd.Timestamp) -> tuple[pd.DataFrame, list[str]]:
        """Return how many rows of each list and project are new, changed or deleted after a day, by `Store.changes`."""
        found, young = [], []
        for name, key in self._names(report).items():
            rows = self._of_chosen({name: self._store.changes(key, since=_end(day))})[name]
            if len(rows) and rows["change"].eq("new").sum() == len(self._table(key)):
                young.append(name)
            elif len(rows):
                found.append(rows.reindex(columns=["project_id", "change"]).assign(list=name))
        notes = [f"Not kept, or still empty, on {day:%Y-%m-%d}: {', '.join(young)}."] if young else []
        columns = ["list", "project_id", "new", "changed", "deleted"]
        if not found:
            return pd.DataFrame(columns=columns), notes
        every = pd.concat([one.astype({"project_id": "object"}) for one in found])
        counts = every.groupby(["list", "project_id", "change"], dropna=False).size().unstack(fill_value=0)
        return counts.reset_index().reindex(columns=columns, fill_value=0), notes


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
            if use.name != "projects" and not (use.wanted and not use.wanted(options))
        ]
        uses = [use for use, _ in self._announced]
        of_company = {use.name for use in uses if use.of_company}
        sure = {one.name for one in uses if not (one.of_company or one.parent or one.unless or one.among)}
        maybe = {one.name for one in uses if one.unless or one.among} - sure
        number = len(self.projects())
        least, most = (len(of_company) + len(names) * number for names in (sure, sure | maybe))
        if not self._progress or most < _WORTH_SAYING:
            return
        requests = f"{least:,} requests" if least == most else f"{least:,} to {most:,} requests"
        below = sorted({use.parent for use in uses if use.parent})
        further = f", and one for each chosen row of {', '.join(below)}" if below else ""
        limits = " or ".join(
            f"{_duration(least / count * seconds)} at {words}" for count, seconds, words in _LIMITS
        )
        keeps = self._procore.policy.cache is not None
        announce(
            f"{'1 report needs' if len(reports) == 1 else f'{len(reports)} reports need'} {requests} to {number:,} projects{further}. "
            f"The rate limit allows {least:,} in {limits}. "
            + ("What has come is kept by the cache." if keeps else 'connect(cache="1d") keeps what has come, should it be interrupted.'),
        )  # fmt: skip

    def read(self, report: ReportFunction, day: pd.Timestamp | None, options: Mapping[str, Any]) -> Read:
        """Fetch the lists of one report that were not fetched yet."""
        self.announce([(report, options)], day)
        projects = self.projects()
        read = Read({"projects": projects}, requests=1).about(day)
        for use in report.uses:
            if use.name == "projects" or (use.wanted and not use.wanted(options)):
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


def _duration(seconds: float) -> str:
    return f"{seconds / 3600:,.1f} hours" if seconds >= 5400 else f"{seconds / 60:,.0f} minutes" if seconds >= 90 else f"{seconds:,.0f} s"  # fmt: skip


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
