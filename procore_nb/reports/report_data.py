"""What a report is computed from: the rows of each list, the projects, the day, and an account of what is covered.

In: frames by the name of their list. Out: rows with the columns a report needs, days and money typed, superseded and
deleted rows counted and left out; coverage; one summary row for each project. Speaks to no service.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from procore_nb.demo.company import TODAY
from procore_nb.environments import KNOWN
from procore_nb.errors import ArgumentError
from procore_nb.near_match import near
from procore_nb.reports import typed_columns
from procore_nb.reports.measures import Measure, figures_frame, grouped, largest_first, words
from procore_nb.reports.typed_columns import amounts, booleans, ids_of, local_days, lookup, project_ids
from procore_nb.scalars import is_missing, zone

Column = pd.Series
States = dict[tuple[str, Any], tuple[str, str]]
CURRENCY = "currency_configuration.currency_iso_code"
COMMITMENTS = ("work_order_contracts", "purchase_order_contracts")
NOT_STATED = "not stated"
_PROJECT = words("id name time_zone country_code project_stage.id project_stage.category square_feet active")


@dataclass
class Coverage:
    """What each list gave for each project, and which of its rows are left out."""

    rows: dict[tuple[str, Any], int] = field(default_factory=dict)
    excluded: dict[tuple[str, Any], Counter[str]] = field(default_factory=dict)
    states: States = field(default_factory=dict)
    """State and reason of projects (or, under None, of whole lists) that did not answer."""
    values: dict[str, list[str]] = field(default_factory=dict)
    """By list: which values are known, such as `grand_total: 70 of 76 have a value`."""

    def exclude(self, name: str, projects: Column[Any], reason: str) -> None:
        for project, number in _counts(projects).items():
            self.excluded.setdefault((name, project), Counter())[reason] += number

    def count(self, reason: str, name: str) -> int:
        return sum(reasons[reason] for (excluded, _), reasons in self.excluded.items() if excluded == name)

    def silent(self, *names: str) -> set[Any]:
        """Return the projects (None: all) that did not answer one of these lists."""
        return {project for name, project in self.states if name in names}

    def frame(self, names: Mapping[Any, str]) -> pd.DataFrame:
        """Return one row for each project and list; rows of whole lists have no project."""
        records = []
        keys = {*self.rows, *self.excluded, *self.states}
        for name, project in sorted(keys, key=lambda key: (key[0], str(key[1] or ""))):
            state, reason = self.states.get((name, project), ("answered", ""))
            number, excluded = (
                self.rows.get((name, project), 0),
                self.excluded.get((name, project), Counter()),
            )
            record = {
                "project_id": pd.NA if project is None else project,
                "project_name": names.get(project, ""),
                "list": name,
                "state": "empty" if state == "answered" and not number else state,
                "rows": number,
                "excluded": sum(excluded.values()),
                "why": "; ".join(f"{count:,} {why}" for why, count in sorted(excluded.items())) or reason,
                "values": "; ".join(self.values.get(name, ())),
            }
            records.append(record)
        return figures_frame(records, words("project_id project_name list state rows excluded why values"))


def _counts(projects: Column[Any]) -> dict[Any, int]:
    """Return how many rows each project has; those without a project under None."""
    counts = projects.astype(object).value_counts(dropna=False)
    return {None if is_missing(project) else project: int(number) for project, number in counts.items()}


@dataclass
class ReportData:
    """The lists of one report by their names, where they came from, and of which day they are.

    Without a `day` it is that of `now`, by project. `past`: the rows are of a later day than the report; then holders, statuses
    and amounts of its day are unknown. `begins` is the first day of a store that begins after the day of the report.
    """

    frames: dict[str, pd.DataFrame]
    day: pd.Timestamp | None = None
    calendar: str = "calendar"
    holidays: typed_columns.Holidays = field(default_factory=dict)
    now: pd.Timestamp = field(default_factory=lambda: pd.Timestamp.now("UTC"))
    past: bool = False
    begins: pd.Timestamp | None = None
    coverage: Coverage = field(default_factory=Coverage)
    notes: list[str] = field(default_factory=list)
    environment: str = ""
    web_url: str = ""
    requests: int = 0

    def __post_init__(self) -> None:
        """Take from the frames where they came from, of which day they are, and the projects with their zones."""
        origins = [frame.attrs.get("procore", {}) for frame in self.frames.values()]
        keys = ("environment", "web_url", "fetched_at")
        known = {key: [str(origin[key]) for origin in origins if origin.get(key)] for key in keys}
        self.environment = [*known["environment"], ""][0]
        # A store keeps the name of its environment only; the demo has no web application to link to.
        web_urls = [environment.web_url for environment in KNOWN if environment.name == self.environment]
        self.web_url = [*known["web_url"], *web_urls, ""][0]
        asked, is_demo = self.day, self.environment == "demo"
        if is_demo:
            self.now = pd.Timestamp(TODAY, tz="UTC")
            self.day = asked or pd.Timestamp(TODAY)
        # Rows of a call hold the state of that day; records without a date are taken as of the day asked for.
        # Yesterday by UTC is not past yet: in America it may still be today.
        fetched = is_demo or bool(known["fetched_at"])
        latest = self.now.tz_localize(None).normalize() - pd.Timedelta(days=0 if is_demo else 1)
        self.past = self.past or bool(asked is not None and fetched and asked < latest)
        self.projects = _projects(self.frames.get("projects", pd.DataFrame(columns=_PROJECT)))
        unknown = sorted({name for name in self.projects["time_zone"].dropna() if zone(name) is None})
        if unknown:
            self.note(f"Time zones nobody knows are taken for UTC: {', '.join(unknown)}.")
        if self.projects["time_zone"].isna().any():
            self.note("Projects without a time zone: their days are days of UTC.")

    @property
    def as_of(self) -> pd.Timestamp:
        """The day of the report; where projects have different days, the latest."""
        if self.day is not None:
            return self.day
        zones = self.projects["time_zone"].dropna().unique()
        moments = [self.now, *(self.now.tz_convert(zone(name) or "UTC") for name in zones)]
        latest: pd.Timestamp = max(moment.tz_localize(None).normalize() for moment in moments)
        return latest

    def today(self, rows: pd.DataFrame) -> Column[Any]:
        """Return the day of the report for each row: in the project's own zone, where no day was given."""
        zones = None if self.day is not None else self.of_project(rows, "time_zone")
        days: Column[Any] = local_days(pd.Series(self.day or self.now, index=rows.index), zones)
        return days

    def not_given(self, *names: str) -> bool:
        """Return whether one of these lists is not in the store, or was not among the frames."""
        return any(self.coverage.states.get((name, None), ("", ""))[0] == "not given" for name in names)

    def of_project(self, rows: pd.DataFrame, column: str) -> Column[Any]:
        return lookup(rows["project_id"], self.projects[column])

    def counts(self, rows: pd.DataFrame, projects: Column[Any]) -> Column[Any]:
        counts = _counts(rows["project_id"])
        numbers = [counts.get(None if is_missing(project) else project, 0) for project in projects.tolist()]
        return pd.Series(numbers, index=projects.index, dtype="Int64")

    def take(self, name: str, required: str = "", deciding: str = "", other: str = "") -> pd.DataFrame:
        """Return the rows of a list with these columns (words apart), and `project_id` and `project_name` in front.

        A required column that is absent is an error. Any other is missing in every row; of those that decide figures the
        notes say so, and `lacks` knows. Deleted rows are left out and counted.
        """
        source = self.frames.get(name, pd.DataFrame()).reset_index(drop=True)
        source.attrs = {}  # pandas copies them with each column
        rows = pd.DataFrame({"project_id": project_ids(source)}, index=source.index)
        known = self.of_project(rows, "name")
        project_names = source.get("project_name", source.get("project.name", source.get("project")))
        rows["project_name"] = (known if project_names is None else known.fillna(project_names)).astype(
            "string"
        )
        for column in words(f"{required} {deciding} {other}"):
            if column in source.columns:
                rows[column] = source[column]
                continue
            if len(source.columns) and column in words(f"{required} {deciding}"):
                self._absent(name, column, source, refused=column in words(required))
            rows[column] = pd.Series(pd.NA, index=rows.index, dtype="object")
        counts = _counts(rows["project_id"])
        self.coverage.rows |= {(name, project): number for project, number in counts.items()}
        deleted = booleans(source.get("deleted", pd.Series(False, index=rows.index)))
        if "deleted_at" in source.columns:
            deleted |= source["deleted_at"].notna()
        return self.exclude(name, rows, deleted, "deleted")

    def lacks(self, name: str, *columns: str) -> bool:
        """Return whether the rows of a list came without one of these columns."""
        frame = self.frames.get(name, pd.DataFrame())
        return len(frame) > 0 and not {*columns} <= {*frame.columns}

    def _absent(self, name: str, column: str, frame: pd.DataFrame, *, refused: bool) -> None:
        """Refuse rows without a column, or note that what it decides is missing."""
        choices = ", ".join(near(column, map(str, frame.columns)))
        if refused:
            raise ArgumentError(
                f"The rows of {name} have no column {column}, without which nothing can be said.",
                advice=f"Near: {choices}. Rename it." if choices else "Pass the list as Procore sends it.",
            )
        hint = f" (near: {choices})" if choices else ""
        self.note(f"{name} has no column {column}{hint}: what it decides is missing.")

    def note(self, text: str) -> None:
        """Add a note of the data, once; it comes after the findings."""
        if text not in self.notes:
            self.notes.append(text)

    def exclude(self, name: str, rows: pd.DataFrame, mask: Column[Any], reason: str) -> pd.DataFrame:
        """Return the rows that stay, and count those left out."""
        excluded = mask.fillna(False).to_numpy(dtype=bool)
        if not excluded.any():
            return rows
        self.coverage.exclude(name, rows["project_id"][excluded], reason)
        return rows[~excluded].copy()

    def started_by_day(
        self, name: str, rows: pd.DataFrame, started: Column[Any], *columns: Column[Any]
    ) -> tuple[Any, ...]:
        """Return the rows that had begun by the day of the report, `started` and other columns of them; the rest are counted."""
        rows = self.exclude(name, rows, started > self.today(rows), "begun after this day")
        return (rows, *(column[rows.index] for column in (started, *columns)))

    def days(self, rows: pd.DataFrame, column: str, *, whole_days: bool = False) -> Column[Any]:
        """Return a column of dates or times as days of the project."""
        days: Column[Any] = local_days(
            rows[column], self.of_project(rows, "time_zone"), whole_days=whole_days
        )
        return days

    def between(
        self, rows: pd.DataFrame, first: Column[Any], last: Column[Any], calendar: str = ""
    ) -> Column[Any]:
        """Return days (Int64) between two columns, by the calendar of the report (or another) and the project's country."""
        if (calendar or self.calendar) == "calendar":
            return (last - first).dt.days.astype("Int64")
        country = self.of_project(rows, "country_code")
        return typed_columns.working_days(first, last, country, self.holidays)

    def money(self, name: str, rows: pd.DataFrame, column: str) -> Column[Any]:
        """Return amounts as float64, and say in the coverage how many rows have one."""
        values = amounts(rows[column])
        known, number = int(values.notna().sum()), len(values)
        if known < number:
            text = f"{column}: {known:,} of {number:,} have a value"
            self.coverage.values.setdefault(name, []).append(text)
        return values

    def currencies(self, rows: pd.DataFrame, *lists: str) -> Column[Any]:
        """Return the currency of each row: its own, else the only one in `rows` and `lists` of its project, else not stated."""
        others = [self.frames[name] for name in lists if CURRENCY in self.frames.get(name, rows[[]])]
        each = [
            pd.DataFrame({"project": project_ids(frame).astype(object), "currency": _currency_codes(frame)})
            for frame in (rows, *others)
        ]
        known = pd.concat(each).dropna(subset="currency").drop_duplicates()
        only = known[~known.duplicated("project", keep=False)].set_index("project")["currency"]
        return each[0]["currency"].fillna(lookup(rows["project_id"], only)).fillna(NOT_STATED)

    def current(self, name: str, rows: pd.DataFrame, header: Column[Any]) -> pd.DataFrame:
        """Return the current revisions: superseded ones are counted and left out; a header counts once."""
        is_current = booleans(rows["current_revision"], missing=True)
        rows = self.exclude(name, rows, ~is_current, "superseded")
        header = header[is_current].astype(object)
        order = pd.DataFrame({"project": rows["project_id"].astype(object), "header": header})
        # Rows without a header are no revisions of each other: each has one of its own.
        order["header"] = order["header"].where(header.notna(), [f"row {at}" for at in rows.index])
        order["revision"] = amounts(rows["revision"]).fillna(-1)
        older = order.sort_values("revision", kind="stable").duplicated(["project", "header"], keep="last")
        return self.exclude(name, rows, older[rows.index], "superseded")

    def summary(
        self, rows: pd.DataFrame, measure: Measure, *lists: str, by: Sequence[str] = ()
    ) -> pd.DataFrame:
        """Return one row for each project (and each value of `by`), in order of names.

        Projects that answered without rows have the figures of no rows; those that did not answer one of `lists` have
        none at all.
        """
        nothing, silent = measure(rows.iloc[:0]), self.coverage.silent(*lists)
        records: list[dict[str, Any]] = []
        for values, part in rows.groupby(["project_id", *by], dropna=False, sort=False):
            keys = {"project_id": values[0], "project_name": part["project_name"].iloc[0]}
            records.append(keys | dict(zip(by, values[1:], strict=True)) | measure(part))
        seen = {record["project_id"] for record in records}
        for project, name in self.projects["name"].items():
            if project not in seen and (project in silent or not by):
                figures = dict.fromkeys(nothing, pd.NA) if project in silent else nothing
                records.append({"project_id": project, "project_name": name, **figures})
        columns = ["project_id", "project_name", *by, *nothing]
        frame = figures_frame(records, columns).reindex(columns=columns)
        frame["project_name"] = frame["project_name"].astype("string")
        if frame["project_id"].isna().all():
            frame["project_id"] = frame["project_id"].astype("Int64")
        return frame.sort_values(["project_name", "project_id", *by], kind="stable", ignore_index=True)

    def totals(
        self,
        rows: pd.DataFrame,
        measure: Measure,
        *lists: str,
        money: bool = False,
        unknown: Mapping[str, Iterable[str]] | None = None,
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the figures of each project (see `summary`), and of all of them together.

        Of `money` both have a row for each currency, that of most projects first. `unknown` names figures by the list
        without which they are missing.
        """
        summary = self.summary(rows, measure, *lists, by=["currency"] if money else [])
        if money:
            whole = largest_first(grouped(rows, "currency", measure), summary)
        else:
            whole = figures_frame([measure(rows)])
        for name, figures in (unknown or {}).items():
            summary, whole = (self.blank(frame, name, figures) for frame in (summary, whole))
        return summary, whole

    def blank(self, frame: pd.DataFrame, name: str, columns: Iterable[str]) -> pd.DataFrame:
        """Return figures with those of a list missing where it did not answer: no permission is not zero."""
        silent = self.coverage.silent(name)
        if None in silent or (silent and not len(self.frames.get(name, ()))):
            mask = pd.Series(True, index=frame.index)
        elif "project_id" in frame.columns:
            mask = frame["project_id"].isin(list(silent))
        else:
            return frame
        return frame.assign(**{column: frame[column].mask(mask) for column in columns if column in frame})


def is_signed(rows: pd.DataFrame) -> Column[Any]:
    """Return whether each contract is signed: executed, or with a signed contract received where that is not said."""
    received = rows["executed"].isna() & rows["signed_contract_received_date"].notna()
    return booleans(rows["executed"]) | received


def _currency_codes(frame: pd.DataFrame) -> Column[Any]:
    codes = frame[CURRENCY].astype("string").str.strip()
    return codes.where(codes.fillna("").ne(""))


def _projects(rows: pd.DataFrame) -> pd.DataFrame:
    projects = rows.reindex(columns=_PROJECT)
    projects = projects.assign(id=ids_of(projects["id"])).dropna(subset="id").drop_duplicates("id")
    return projects.set_index("id").astype(dict.fromkeys(("name", "time_zone", "country_code"), "string"))
