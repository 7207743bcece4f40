"""What the three sources of reports share: the lists read for one report, and what is left of frames for it.

In: frames, the projects that a caller chose. Out: frames of these projects and days, with who did not answer. Speaks to no
service.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from procore_nb import catalog
from procore_nb.demo.company import TODAY
from procore_nb.environments import KNOWN
from procore_nb.errors import ArgumentError, CatalogError
from procore_nb.frames import to_frame
from procore_nb.near_match import near
from procore_nb.reports.days import local_days
from procore_nb.reports.definition import ReportFunction
from procore_nb.reports.report_data import Coverage, ids_of, state_of
from procore_nb.scalars import select_projects

States = dict[Any, tuple[str, str]]


@dataclass
class Read:
    """What was read for one report."""

    frames: dict[str, pd.DataFrame]
    coverage: Coverage = field(default_factory=Coverage)
    notes: list[str] = field(default_factory=list)
    now: pd.Timestamp = field(default_factory=lambda: pd.Timestamp.now("UTC"))
    own_day: pd.Timestamp | None = None
    past: bool = False
    begins: pd.Timestamp | None = None
    """The first day of a store that begins after the day of the report."""
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


def skipped_in(frame: pd.DataFrame) -> States:
    """Return the projects that did not answer a list, as its frame tells; of a store's table it tells their ids only."""
    found: States = {}
    for one in frame.attrs.get("procore", {}).get("skipped", []):
        if isinstance(one, Mapping):
            found[one.get("project_id")] = state_of(one.get("status")), str(one.get("reason", ""))
        elif str(one).isdecimal():
            found[int(one)] = "no permission or tool off", "refused when the store was synced"
    return found


def all_skipped(frames: Mapping[str, pd.DataFrame]) -> dict[tuple[str, Any], tuple[str, str]]:
    """Return the projects that did not answer, by list, of frames that were fetched or kept before."""
    return {
        (name, project): state
        for name, frame in frames.items()
        for project, state in skipped_in(frame).items()
        if name != "projects" and project is not None
    }


def in_window(frame: pd.DataFrame, arguments: Mapping[str, Any]) -> pd.DataFrame:
    """Return the rows of the days that a report asks for, where a longer time was fetched for others."""
    if "start" not in arguments or "date" not in frame.columns:
        return frame
    day = local_days(frame["date"])
    inside = day.between(*(pd.Timestamp(arguments[one]) for one in ("start", "end")))
    found: pd.DataFrame = frame[day.isna() | inside]
    return found


def missing_lists(report: ReportFunction, names: Any, empty: Any = ()) -> list[str]:
    """Return the lists that a report needs and that are not among the names: none, where it can be given.

    Of a report with optional lists only, one that decides a figure must be there. `empty`: lists without rows, which
    need none below them.
    """
    known = {canonical(str(name)) for name in names}
    needed = [use for use in report.uses if not use.optional]
    absent = [
        use.name
        for use in needed
        if canonical(use.name) not in known
        and not (use.parent in empty and use.parent in [one.name for one in needed])
    ]
    deciding = [] if needed else [use.name for use in report.uses if use.decides]
    return absent or ([] if any(canonical(one) in known for one in deciding) else deciding)


def as_frame(name: str, value: Any) -> pd.DataFrame:
    if isinstance(value, pd.DataFrame):
        return value
    if isinstance(value, list | tuple) and all(isinstance(one, Mapping) for one in value):
        return to_frame(value)
    raise ArgumentError(
        f"{name} is a {type(value).__name__}; a report takes a frame, or the records as Procore sends them."
    )


def canonical(name: str) -> str:
    try:
        return catalog.load().endpoint(name).name
    except CatalogError:
        return name


def check_given(
    report: ReportFunction, read: Read, known: Iterable[str], where: str, options: Mapping[str, Any]
) -> None:
    """Refuse a report whose needed list is absent, and note the others in the coverage."""
    empty = [name for name, frame in read.frames.items() if frame.empty]
    if absent := missing_lists(report, read.frames, empty):
        choices = near(absent[0], known)
        one_of = "one of the lists" if all(use.optional for use in report.uses) else "the list"
        raise ArgumentError(
            f"The report {report.name} needs {one_of} {', '.join(absent)}, which {'is' if len(absent) == 1 else 'are'} not {where}.",
            advice=(f"Near: {', '.join(choices)}. " if choices else "")
            + "Sync what is missing, or pass an empty list where you have none.",
        )
    for use in report.uses:
        if use.name in read.frames or use.name == "projects" or not use.optional:
            continue
        if not use.unless and use.is_read(options):
            read.coverage.states[use.name, None] = ("not given", f"{use.name} is not {where}")


def of_projects(frames: Mapping[str, pd.DataFrame], chosen: Any) -> dict[str, pd.DataFrame]:
    """Return the frames with the rows of the chosen projects; rows without a project stay."""
    projects = frames.get("projects", pd.DataFrame({"id": pd.Series(dtype="Int64")}))
    if isinstance(chosen, str) and chosen in ("active", "inactive", "all"):
        active = projects.get("active")
        if chosen == "all" or active is None:
            return {}
        kept = projects[active.astype("boolean").fillna(True).eq(chosen == "active")]
    else:
        kept = chosen_projects(projects, chosen)
    ids = set(ids_of(kept["id"]).dropna())
    found = {"projects": kept}
    for name, frame in frames.items():
        column = next((one for one in ("project_id", "project.id") if one in frame.columns), None)
        if name != "projects" and column is not None:
            own = ids_of(frame[column])
            found[name] = frame[own.isna() | own.isin(list(ids))]
            found[name].attrs = frame.attrs
    return found


def of_one_project(report: ReportFunction, frames: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the lists that name no project, as those of the only one that the others name.

    Procore's own rows of a project often do not name it, others beside them do.
    """
    columns = {name: {"id"} if name == "projects" else {"project_id", "project.id"} for name in frames}
    named = [(frame, columns[name] & {*frame.columns}) for name, frame in frames.items()]
    ids = {one for frame, own in named for column in own for one in ids_of(frame[column]).dropna().unique()}
    own = [use.name for use in report.uses if use.name in frames and not use.of_company]
    silent = [name for name in own if len(frames[name]) and not columns[name] & {*frames[name].columns}]
    return {name: frames[name].assign(project_id=min(ids)) for name in silent} if len(ids) == 1 else {}


def chosen_projects(projects: pd.DataFrame, chosen: Any) -> pd.DataFrame:
    selection = select_projects(chosen, where="a report")
    wanted = [int(one) for one in selection.names or {}]
    known = projects[projects["id"].isin(wanted)]
    absent = [one for one in wanted if one not in set(projects["id"].dropna())]
    if not absent:
        return known
    both = pd.concat([known, pd.DataFrame({"id": pd.array(absent, dtype="Int64")})], ignore_index=True)
    both.attrs = dict(
        projects.attrs
    )  # pandas drops them; they say that it is the demo, which has its own day
    return both
