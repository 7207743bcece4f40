"""Lists that are on this machine: frames or records that the caller holds, and what every source does with frames.

In: frames, the projects that a caller chose. Out: `ReportData`, with who did not answer. Speaks to no service.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from procore_nb import catalog
from procore_nb.errors import ArgumentError, CatalogError, warn
from procore_nb.frame_info import partial_note
from procore_nb.frames import to_frame
from procore_nb.near_match import near
from procore_nb.reports.definition import ReportFunction
from procore_nb.reports.report_data import ReportData
from procore_nb.reports.typed_columns import ids_of, local_days
from procore_nb.scalars import STATUS_WORDS, select_projects

Plan = Sequence[tuple[ReportFunction, Mapping[str, Any]]]
States = dict[Any, tuple[str, str]]
STATES = {403: "no permission", 404: "tool off or not visible"}


class LocalReader:
    """Lists that are on this machine, by the names they were given; nothing is requested."""

    where = "given"

    def __init__(self, names: Sequence[str], empty: Sequence[str], projects: Any) -> None:
        self._names, self._empty, self._projects = names, empty, projects

    def announce(self, reports: Plan, day: pd.Timestamp | None) -> None:
        """Do nothing: no request is sent."""

    def missing(self, report: ReportFunction) -> list[str]:
        """Return the lists that a report needs and that are not there: none, where it can be given."""
        return _missing(report, {_canonical(name) for name in self._names}, self._empty)

    def keys(self, report: ReportFunction) -> dict[str, str]:
        """Return the given names of a report's lists, by the names of the catalogue."""
        known = {_canonical(name): name for name in self._names} | {name: name for name in self._names}
        names = ["projects", *(use.name for use in report.uses)]
        keys = {name: known.get(name, known.get(_canonical(name), "")) for name in names}
        return {name: key for name, key in keys.items() if key}

    def _check(self, report: ReportFunction, data: ReportData, options: Mapping[str, Any]) -> None:
        """Refuse a report whose needed list is absent, and note the others in the coverage."""
        data.coverage.states |= {
            (name, project): state
            for name, frame in data.frames.items()
            for project, state in skipped(frame).items()
            if name != "projects" and project is not None
        }
        empty = [name for name, frame in data.frames.items() if frame.empty]
        if absent := _missing(report, set(map(_canonical, data.frames)), empty):
            choices = near(absent[0], self._names)
            needed = "one of the lists" if all(use.optional for use in report.uses) else "the list"
            verb = "is" if len(absent) == 1 else "are"
            raise ArgumentError(
                f"The report {report.name} needs {needed} {', '.join(absent)}, which {verb} not {self.where}.",
                advice=(f"Near: {', '.join(choices)}. " if choices else "")
                + "Sync what is missing, or pass an empty list where you have none.",
            )
        for use in report.uses:
            counts = use.optional and not use.if_empty and use.is_read(options)
            if counts and use.name not in {"projects", *data.frames}:
                data.coverage.states[use.name, None] = ("not given", f"{use.name} is not {self.where}")


class FramesReader(LocalReader):
    """Frames or records that the caller holds."""

    def __init__(self, source: Mapping[str, Any], projects: Any) -> None:
        given = {str(name): rows for name, rows in source.items() if rows is not None}  # None: not answered
        self._frames = {name: _as_frame(name, rows) for name, rows in given.items()}
        super().__init__([*given], [name for name, frame in self._frames.items() if frame.empty], projects)

    def read(
        self, report: ReportFunction, day: pd.Timestamp | None, options: Mapping[str, Any]
    ) -> ReportData:
        frames = {name: self._frames[key] for name, key in self.keys(report).items()}
        # Who passes rows means all of them: "active" is only the default.
        if str(self._projects).lower() != "active":
            frames |= of_projects(frames, self._projects)
        data = ReportData(frames | _of_only_project(report, frames), day)
        self._check(report, data, options)
        for name, frame in data.frames.items():
            if note := partial_note(frame):
                data.note(f"{name}: {note}")
                warn(f"{name}: {note}")
        return data


def _missing(report: ReportFunction, known: set[str], empty: Sequence[str]) -> list[str]:
    """Return the lists that a report needs and that are not known; of a report with optional ones only, one that decides.

    `empty`: lists without rows, which need none below them.
    """
    needed = {use.name: use for use in report.uses if not use.optional}
    absent = [
        use.name
        for use in needed.values()
        if _canonical(use.name) not in known and not (use.parent in empty and use.parent in needed)
    ]
    deciding = [] if needed else [use.name for use in report.uses if use.decides]
    return absent or ([] if known & set(map(_canonical, deciding)) else deciding)


def _canonical(name: str) -> str:
    try:
        return catalog.load().endpoint(name).name
    except CatalogError:
        return name


def _as_frame(name: str, rows: Any) -> pd.DataFrame:
    if isinstance(rows, pd.DataFrame):
        return rows
    if isinstance(rows, list | tuple) and all(isinstance(row, Mapping) for row in rows):
        return to_frame(rows)
    raise ArgumentError(
        f"{name} is a {type(rows).__name__}; a report takes a frame, or the records as Procore sends them."
    )


def skipped(frame: pd.DataFrame) -> States:
    """Return the projects that did not answer a list, as its frame says; of a store's table it has their ids only."""
    states: States = {}
    for skipped in frame.attrs.get("procore", {}).get("skipped", []):
        if isinstance(skipped, Mapping):
            state = STATES.get(skipped.get("status", 0), "failed")
            states[skipped.get("project_id")] = state, str(skipped.get("reason", ""))
        elif str(skipped).isdecimal():
            states[int(skipped)] = "no permission or tool off", "refused when the store was synced"
    return states


def in_window(frame: pd.DataFrame, arguments: Mapping[str, Any]) -> pd.DataFrame:
    """Return the rows of the days that a report asks for, where a longer time was fetched for others."""
    if "start" not in arguments or "date" not in frame.columns:
        return frame
    day = local_days(frame["date"])
    rows: pd.DataFrame = frame[day.isna() | day.between(arguments["start"], arguments["end"])]
    return rows


def of_projects(frames: Mapping[str, pd.DataFrame], chosen: Any) -> dict[str, pd.DataFrame]:
    """Return the frames with the rows of the chosen projects; rows without a project stay."""
    projects = frames.get("projects", pd.DataFrame({"id": pd.Series(dtype="Int64")}))
    status = STATUS_WORDS.get(chosen.lower()) if isinstance(chosen, str) else None
    if status:
        if status == "All" or "active" not in projects.columns:
            return {}
        kept = projects[projects["active"].astype("boolean").fillna(True).eq(status == "Active")]
    else:
        kept = selected(projects, chosen)
    ids = list(ids_of(kept["id"]).dropna())
    chosen_rows = {"projects": kept}
    for name, frame in frames.items():
        column = next((column for column in ("project_id", "project.id") if column in frame.columns), None)
        if name != "projects" and column is not None:
            own = ids_of(frame[column])
            chosen_rows[name] = frame[own.isna() | own.isin(ids)]
            chosen_rows[name].attrs = frame.attrs
    return chosen_rows


def _of_only_project(report: ReportFunction, frames: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the lists that name no project, as those of the only one that the others name.

    Procore's own rows of a project often do not name it, others beside them do.
    """
    columns = {
        name: ({"id"} if name == "projects" else {"project_id", "project.id"}) & {*frame.columns}
        for name, frame in frames.items()
    }
    ids = {
        value
        for name in frames
        for column in columns[name]
        for value in ids_of(frames[name][column]).dropna()
    }
    if len(ids) != 1:
        return {}
    listed = [use.name for use in report.uses if use.name in frames and not use.of_company]
    unnamed = [name for name in listed if len(frames[name]) and not columns[name]]
    return {name: frames[name].assign(project_id=min(ids)) for name in unnamed}


def selected(projects: pd.DataFrame, chosen: Any) -> pd.DataFrame:
    """Return the projects of these ids; those that are not in the list have a row with their id only."""
    ids = [int(id_) for id_ in select_projects(chosen, where="a report").ids]
    known = projects[projects["id"].isin(ids)]
    absent = [number for number in ids if number not in set(projects["id"].dropna())]
    if not absent:
        return known
    both = pd.concat([known, pd.DataFrame({"id": pd.array(absent, dtype="Int64")})], ignore_index=True)
    both.attrs = dict(
        projects.attrs
    )  # pandas drops them; they say that it is the demo, which has its own day
    return both
