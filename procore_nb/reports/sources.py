"""The lists of a report, from wherever they are: a connection, a store, frames or records in a dict.

In: a source and the uses of a report. Out: frames by list, with what did not answer. This is the half of reports that fetches,
through the public calls of `client` and `store` only. Several reports from one reader fetch each list once.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pandas as pd

from procore_nb import catalog
from procore_nb.client import Procore
from procore_nb.demo.company import TODAY
from procore_nb.environments import KNOWN
from procore_nb.errors import AccessError, ArgumentError, CatalogError, NotFoundError, warn
from procore_nb.frame_info import partial_note
from procore_nb.frames import to_frame
from procore_nb.ids import select_projects
from procore_nb.near_match import near
from procore_nb.progress import Progress
from procore_nb.reports.days import local_days
from procore_nb.reports.definition import ReportFunction, Use
from procore_nb.reports.report_data import Coverage, ids_of, state_of
from procore_nb.store import Store

States = dict[Any, tuple[str, str]]
Plan = Sequence[tuple[ReportFunction, Mapping[str, Any]]]
_WORTH_SAYING = 20  # requests
_LIMITS = ((25, 10, "25 requests in 10 s"), (600, 3600, "600 an hour"))


@dataclass
class Read:
    """What was read for one report."""

    frames: dict[str, pd.DataFrame]
    coverage: Coverage = field(default_factory=Coverage)
    notes: list[str] = field(default_factory=list)
    now: pd.Timestamp = field(default_factory=lambda: pd.Timestamp.now("UTC"))
    own_day: pd.Timestamp | None = None
    past: bool = False
    environment: str = ""
    web_url: str = ""
    requests: int = 0

    @property
    def today(self) -> pd.Timestamp:
        """The day of a report for which none was given; of the demo its own."""
        return self.now.tz_localize(None).normalize() if self.own_day is None else self.own_day

    def about(self, day: pd.Timestamp | None) -> Read:
        """Take from the frames where they came from, and of which day they are."""
        dated = [one.attrs.get("procore", {}) for one in self.frames.values()]
        for about in dated:
            self.environment = self.environment or str(about.get("environment") or "")
            self.web_url = self.web_url or str(about.get("web_url") or "")
        # A store keeps the name of its environment only; the demo has no web application to link to.
        self.web_url = self.web_url or next(
            (one.web_url for one in KNOWN if one.name == self.environment), ""
        )
        if self.environment == "demo":
            self.own_day = pd.Timestamp(TODAY)
            self.now = self.own_day.tz_localize("UTC")
        # Rows of a call hold the state of that day; records without a date are taken as of the day asked for.
        fetched = any(about.get("fetched_at") for about in dated) or self.environment == "demo"
        latest = self.own_day or self.now.tz_localize(None).normalize() - pd.Timedelta(days=1)
        self.past = self.past or bool(day is not None and fetched and day < latest)
        return self


class Reader(Protocol):
    """Where lists come from."""

    def holds(self, report: ReportFunction) -> bool:
        """Return whether every list that a report needs, and any it can use, can be had here."""

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
        self._frames = {name: _as_frame(name, value) for name, value in given.items()}
        self._projects = projects

    def announce(self, reports: Plan, day: pd.Timestamp | None) -> None:
        """Do nothing: all is here."""

    def read(self, report: ReportFunction, day: pd.Timestamp | None, options: Mapping[str, Any]) -> Read:
        """Return the frames of one report, of the chosen projects."""
        names = {_canonical(name): name for name in self._frames}
        frames: dict[str, pd.DataFrame] = {}
        read = Read(frames)
        for name in ["projects", *(use.name for use in report.uses)]:
            key = name if name in self._frames else names.get(_canonical(name))
            if key is not None:
                frames[name] = self._frames[key]
        if not (
            isinstance(self._projects, str) and self._projects == "active"
        ):  # who hands rows over means them
            frames |= _of_projects(frames, self._projects)
        frames |= _of_one_project(report, frames)
        read.coverage.states |= _all_skipped(frames)
        _check_given(report, frames, read, list(self._frames), "given", options)
        for name, frame in frames.items():
            if note := partial_note(frame):
                read.notes.append(f"{name}: {note}")
                warn(read.notes[-1])
        return read.about(day)

    def holds(self, report: ReportFunction) -> bool:
        """Return whether the frames of a report were given."""
        return _held(report, self._frames)


class StoreReader:
    """The tables of a store; nothing is requested."""

    def __init__(self, store: Store, projects: Any) -> None:
        self._store, self._projects = store, projects
        self._tables: list[str] = store.tables()["table"].tolist()
        self._read: dict[str, pd.DataFrame] = {}

    def announce(self, reports: Plan, day: pd.Timestamp | None) -> None:
        """Do nothing: all is here."""

    def read(self, report: ReportFunction, day: pd.Timestamp | None, options: Mapping[str, Any]) -> Read:
        """Return the tables of one report: as they are, or as they were on a past day where history reaches back."""
        frames: dict[str, pd.DataFrame] = {}
        read, rebuilt = Read(frames), []
        for name, key in {"projects": "projects", **self._names(report)}.items():
            known = self._as_of(key, day)
            rebuilt.append(known is not None or name == "projects")
            if known is not None or key in self._tables:
                frames[name] = self._table(key) if known is None else known
        frames |= self._chosen(frames)
        today = day or read.about(None).today
        for use in report.uses:
            if use.name in frames:
                frames[use.name] = _in_window(frames[use.name], use.arguments(today, options))
        read.coverage.states |= _all_skipped(frames)
        _check_given(report, frames, read, [*self._tables], "in the store", options)
        read.about(day)
        if read.past and all(rebuilt):
            read.past = False
            read.notes.append(f"Rebuilt from the history of the store: rows as they were on {day:%Y-%m-%d}.")
        return read

    def holds(self, report: ReportFunction) -> bool:
        """Return whether the tables of a report are in the store."""
        return _held(report, self._tables)

    def _names(self, report: ReportFunction) -> dict[str, str]:
        """Return the tables of a report by the names it has for their lists."""
        names = {_canonical(name): name for name in self._tables}
        wanted = [use.name for use in report.uses if use.name != "projects"]
        return {name: names[_canonical(name)] for name in wanted if _canonical(name) in names}

    def _chosen(self, frames: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
        if "projects" not in frames and "projects" in self._tables:
            frames = {**frames, "projects": self._table("projects")}
        return {**frames, **_of_projects(frames, self._projects)}

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
        except ArgumentError:
            return None

    def changed(self, report: ReportFunction, day: pd.Timestamp) -> tuple[pd.DataFrame, list[str]]:
        """Return how many rows of each list and project are new, changed or deleted after a day, by `Store.changes`."""
        found, young = [], []
        for name, key in self._names(report).items():
            rows = self._chosen({name: self._store.changes(key, since=_end(day))})[name]
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
        print(
            f"{'1 report needs' if len(reports) == 1 else f'{len(reports)} reports need'} {requests} to {number:,} projects{further}. "
            f"The rate limit allows {least:,} in {limits}. "
            + ("What has come is kept by the cache." if keeps else 'connect(cache="1d") keeps what has come, should it be interrupted.'),
            file=sys.stderr,
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
            read.frames[use.name] = _in_window(frame, arguments)
            read.coverage.states |= {(use.name, project): state for project, state in states.items()}
            if not use.of_company and not use.parent and not use.unless:
                read.coverage.rows |= {(use.name, one): 0 for one in projects["id"].tolist()}
        return read.about(day)

    def holds(self, report: ReportFunction) -> bool:
        """Return that every list can be fetched."""
        return True

    def projects(self) -> pd.DataFrame:
        """Return the chosen projects, fetched once."""
        if self._projects is None:
            word = isinstance(self._chosen, str) and self._chosen.lower() in ("active", "inactive", "all")
            status: Any = self._chosen.title() if word else "All"
            frame = self._procore.projects(status=status, progress=self._maker)
            self._projects = frame if word else _chosen(frame, self._chosen)
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
                print(
                    f"{use.name}: {len(targets):,} requests, one for each row of {use.parent}.",
                    file=sys.stderr,
                )
        elif not use.of_company:
            given["projects"] = targets
        try:
            frame = self._procore.table(use.name, **given)
        except (AccessError, NotFoundError) as error:
            if error.status not in (403, 404):
                raise
            asked = [None] if use.of_company else self.projects()["id"].tolist()
            return pd.DataFrame(), dict.fromkeys(asked, (state_of(error.status), error.message))
        return frame, _skipped(frame)

    def _maker(self, name: str, targets: int) -> Progress:
        """One line for each list; what is skipped stands in the coverage, so no warnings beside it."""
        return Progress(name, targets=targets, noun="targets", show=self._progress)


def _skipped(frame: pd.DataFrame) -> States:
    """Return the projects that did not answer a list, as its frame tells; of a store's table it tells their ids only."""
    found: States = {}
    for one in frame.attrs.get("procore", {}).get("skipped", []):
        if isinstance(one, Mapping):
            found[one.get("project_id")] = state_of(one.get("status")), str(one.get("reason", ""))
        elif str(one).isdecimal():
            found[int(one)] = "no permission or tool off", "refused when the store was synced"
    return found


def _all_skipped(frames: Mapping[str, pd.DataFrame]) -> dict[tuple[str, Any], tuple[str, str]]:
    """Return the projects that did not answer, by list, of frames that were fetched or kept before."""
    return {
        (name, project): state
        for name, frame in frames.items()
        for project, state in _skipped(frame).items()
        if name != "projects" and project is not None
    }


def _in_window(frame: pd.DataFrame, arguments: Mapping[str, Any]) -> pd.DataFrame:
    """Return the rows of the days that a report asks for, where a longer time was fetched for others."""
    if "start" not in arguments or "date" not in frame.columns:
        return frame
    day = local_days(frame["date"])
    found: pd.DataFrame = frame[
        day.isna() | day.between(pd.Timestamp(arguments["start"]), pd.Timestamp(arguments["end"]))
    ]
    return found


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


def _held(report: ReportFunction, names: Any) -> bool:
    known = {_canonical(str(name)) for name in names}
    needed = [_canonical(use.name) in known for use in report.uses if not use.optional]
    return all(needed) and any(_canonical(use.name) in known for use in report.uses)


def _as_frame(name: str, value: Any) -> pd.DataFrame:
    if isinstance(value, pd.DataFrame):
        return value
    if isinstance(value, list | tuple) and all(isinstance(one, Mapping) for one in value):
        return to_frame(value)
    raise ArgumentError(
        f"{name} is a {type(value).__name__}; a report takes a frame, or the records as Procore sends them."
    )


def _canonical(name: str) -> str:
    try:
        return catalog.load().endpoint(name).name
    except CatalogError:
        return name


def _check_given(
    report: ReportFunction,
    frames: Mapping[str, pd.DataFrame],
    read: Read,
    known: list[str],
    where: str,
    options: Mapping[str, Any],
) -> None:
    for use in report.uses:
        if use.name in frames or use.name == "projects":
            continue
        if not use.optional:
            choices = near(use.name, known)
            raise ArgumentError(
                f"The report {report.name} needs the list {use.name}, which is not {where}.",
                advice=f"Near: {', '.join(choices)}." if choices else "",
            )
        if not use.unless and (not use.wanted or use.wanted(options)):
            read.coverage.states[use.name, None] = ("not given", f"{use.name} is not {where}")


def _of_projects(frames: Mapping[str, pd.DataFrame], chosen: Any) -> dict[str, pd.DataFrame]:
    """Return the frames with the rows of the chosen projects; rows without a project stay."""
    projects = frames.get("projects", pd.DataFrame({"id": pd.Series(dtype="Int64")}))
    if isinstance(chosen, str) and chosen in ("active", "inactive", "all"):
        active = projects.get("active")
        if chosen == "all" or active is None:
            return {}
        kept = projects[active.astype("boolean").fillna(True).eq(chosen == "active")]
    else:
        kept = _chosen(projects, chosen)
    ids = set(ids_of(kept["id"]).dropna())
    found = {"projects": kept}
    for name, frame in frames.items():
        column = next((one for one in ("project_id", "project.id") if one in frame.columns), None)
        if name != "projects" and column is not None:
            own = ids_of(frame[column])
            found[name] = frame[own.isna() | own.isin(list(ids))]
            found[name].attrs = frame.attrs
    return found


def _of_one_project(report: ReportFunction, frames: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the lists that name no project, as those of the only one that the others name.

    Procore's own rows of a project often do not name it, others beside them do.
    """
    names = {name: ("id",) if name == "projects" else ("project_id", "project.id") for name in frames}
    known = [
        ids_of(frame[one]) for name, frame in frames.items() for one in names[name] if one in frame.columns
    ]
    ids = {one for column in known for one in column.dropna().unique()}
    own = [use.name for use in report.uses if use.name in frames and not use.of_company]
    silent = [name for name in own if len(frames[name]) and not {*names[name]} & {*frames[name].columns}]
    return {name: frames[name].assign(project_id=min(ids)) for name in silent} if len(ids) == 1 else {}


def _chosen(projects: pd.DataFrame, chosen: Any) -> pd.DataFrame:
    selection = select_projects(chosen, where="a report")
    wanted = [int(one) for one in selection.names or {}]
    known = projects[projects["id"].isin(wanted)]
    absent = [one for one in wanted if one not in set(projects["id"].dropna())]
    if not absent:
        return known
    added = pd.DataFrame({"id": pd.array(absent, dtype="Int64")})
    return pd.concat([known, added], ignore_index=True)
