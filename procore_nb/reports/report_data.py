"""What a report is computed from: the rows of each list, the projects, the day, and an account of what is covered.

In: frames by the name of their list. Out: rows with the columns a report needs, days and money typed, superseded and
deleted rows counted and left out; coverage; one summary row for each project. Speaks to no service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from procore_nb.errors import ArgumentError
from procore_nb.near_match import near
from procore_nb.reports.days import DAY, DayCounter, local_days
from procore_nb.reports.measures import amounts, figures_frame, words
from procore_nb.scalars import is_missing
from procore_nb.time_zones import zone

Column = pd.Series
Measure = Callable[[pd.DataFrame], dict[str, Any]]
NOT_STATED = "not stated"
_STATES = {403: "no permission", 404: "tool off or not visible"}
_PROJECT = words("id name time_zone country_code project_stage.id project_stage.category square_feet active")


@dataclass
class Coverage:
    """What each list gave for each project, and which of its rows are left out."""

    rows: dict[tuple[str, Any], int] = field(default_factory=dict)
    excluded: dict[tuple[str, Any], dict[str, int]] = field(default_factory=dict)
    states: dict[tuple[str, Any], tuple[str, str]] = field(default_factory=dict)
    """State and reason of projects (or, under None, of whole lists) that did not answer."""
    values: dict[str, str] = field(default_factory=dict)
    """By list: which values are known, such as `grand_total: 70 of 76 have a value`."""

    def exclude(self, name: str, projects: Column[Any], reason: str) -> None:
        """Count rows that are left out."""
        for project, number in projects.astype(object).value_counts(dropna=False).items():
            key = (name, _key(project))
            reasons = self.excluded.setdefault(key, {})
            reasons[reason] = reasons.get(reason, 0) + int(number)

    def count(self, reason: str, name: str | None = None) -> int:
        """Return how many rows were left out for a reason."""
        return sum(found.get(reason, 0) for (one, _), found in self.excluded.items() if name in (None, one))

    def frame(self, names: Mapping[Any, str]) -> pd.DataFrame:
        """Return one row for each project and list; rows of whole lists have no project."""
        keys = sorted({*self.rows, *self.excluded, *self.states}, key=lambda key: (key[0], str(key[1] or "")))
        columns = words("project_id project_name list state rows excluded why values")
        records = []
        for name, project in keys:
            state, reason = self.states.get((name, project), ("answered", ""))
            number, out = self.rows.get((name, project), 0), self.excluded.get((name, project), {})
            if state == "answered" and not number:
                state = "empty"
            why = "; ".join(f"{count:,} {why}" for why, count in sorted(out.items())) or reason
            number_ = pd.NA if project is None else project
            values = (
                number_,
                names.get(project, ""),
                name,
                state,
                number,
                sum(out.values()),
                why,
                self.values.get(name, ""),
            )
            records.append(dict(zip(columns, values, strict=True)))
        return figures_frame(records, columns)


def _key(project: Any) -> Any:
    return None if pd.isna(project) else project


class ReportData:
    """The lists of one report.

    Parameters
    ----------
    frames
        By the name of their list, as the report names it. `projects` gives names, zones, countries and stages.
    as_of
        The day; None: `today`, by project.
    now
        The present moment, or the day of the demo.
    counter
        How days are counted.
    past
        Whether the rows are of a later day than `as_of`: then holders, statuses and amounts of that day are unknown.
    """

    def __init__(
        self,
        frames: Mapping[str, pd.DataFrame],
        *,
        as_of: pd.Timestamp | None,
        now: pd.Timestamp,
        counter: DayCounter,
        past: bool = False,
        coverage: Coverage | None = None,
    ) -> None:
        self.frames, self.counter, self.past = dict(frames), counter, past
        self.coverage = coverage or Coverage()
        self.notes: list[str] = []
        self.projects = _projects(self.frames.get("projects"))
        self._as_of, self._now = as_of, now
        unknown = sorted({one for one in self.projects["time_zone"].dropna() if zone(one) is None})
        if unknown:
            self.notes.append(f"Time zones nobody knows are taken for UTC: {', '.join(unknown)}.")
        if self.projects["time_zone"].isna().any() and len(self.projects):
            self.notes.append("Projects without a time zone: their days are days of UTC.")

    def again(self) -> ReportData:
        """Return the same lists with an account of their own, for a report inside a report."""
        own: dict[str, Any] = {
            "as_of": self._as_of,
            "now": self._now,
            "counter": self.counter,
            "past": self.past,
        }
        return ReportData(self.frames, **own, coverage=Coverage(states=dict(self.coverage.states)))

    @property
    def as_of(self) -> pd.Timestamp:
        """The day of the report; where projects have different days, the latest."""
        return self._as_of if self._as_of is not None else self._today(self.projects["time_zone"])

    def _today(self, zones: Column[Any]) -> pd.Timestamp:
        days = [self._now.tz_convert(zone(one) or "UTC") for one in zones.dropna().unique()]
        latest: pd.Timestamp = max(one.tz_localize(None).normalize() for one in [*days, self._now])
        return latest

    def today(self, rows: pd.DataFrame) -> Column[Any]:
        """Return the day of the report for each row: in the project's own zone, where no day was given."""
        if self._as_of is not None:
            given: Column[Any] = pd.Series(self._as_of, index=rows.index, dtype=DAY)
            return given
        moments = pd.Series(self._now, index=rows.index)
        found: Column[Any] = local_days(moments, self.of_project(rows, "time_zone"))
        return found

    def has(self, name: str) -> bool:
        """Return whether a list was given and some project answered it."""
        return name in self.frames

    def not_given(self, *names: str) -> bool:
        """Return whether one of these lists is not in the store, or was not among the frames."""
        return any(self.coverage.states.get((one, None), ("", ""))[0] == "not given" for one in names)

    def of_project(self, rows: pd.DataFrame, column: str) -> Column[Any]:
        """Return a column of the project of each row."""
        known = {key: one for key, one in self.projects[column].items() if not is_missing(one)}
        found = [known.get(key) for key in rows["project_id"].tolist()]
        return pd.Series(found, index=rows.index, dtype="object").astype(self.projects[column].dtype)

    def take(self, name: str, required: str = "", deciding: str = "", other: str = "") -> pd.DataFrame:
        """Return the rows of a list with these columns (words apart), and `project_id` and `project_name` in front.

        A required column that is absent is an error. Any other is missing in every row; of those that decide figures the
        notes say so, and `lacks` knows. Deleted rows are left out and counted.
        """
        frame = self.frames.get(name)
        if frame is None:
            frame = pd.DataFrame()
        rows = pd.DataFrame(index=pd.RangeIndex(len(frame)))
        source = frame.reset_index(drop=True)
        rows["project_id"] = _ids(source, "project_id", "project.id")
        named = self.of_project(rows, "name")
        given = source.get("project_name", source.get("project.name", source.get("project")))
        rows["project_name"] = (named if given is None else named.fillna(given)).astype("string")
        for column in [*required.split(), *deciding.split(), *other.split()]:
            if column in source.columns:
                rows[column] = source[column]
                continue
            if len(source.columns) and column in required.split():
                self._refuse(name, column, source)
            if len(source.columns) and column in deciding.split():
                self._note_absent(name, column, source)
            rows[column] = pd.Series(pd.NA, index=rows.index, dtype="object")
        for project, number in rows["project_id"].astype(object).value_counts(dropna=False).items():
            self.coverage.rows[name, _key(project)] = int(number)
        gone = truth(source.get("deleted", pd.Series(False, index=rows.index)))
        if "deleted_at" in source.columns:
            gone |= source["deleted_at"].notna()
        return self.exclude(name, rows, gone, "deleted").copy()

    def lacks(self, name: str, column: str) -> bool:
        """Return whether the rows of a list came without a column."""
        frame = self.frames.get(name, pd.DataFrame())
        return len(frame) > 0 and column not in frame.columns

    def _refuse(self, name: str, column: str, frame: pd.DataFrame) -> None:
        choices = near(column, map(str, frame.columns))
        raise ArgumentError(
            f"The rows of {name} have no column {column}, without which nothing can be said.",
            advice=f"Near: {', '.join(choices)}. Rename it."
            if choices
            else "Pass the list as Procore sends it.",
        )

    def _note_absent(self, name: str, column: str, frame: pd.DataFrame) -> None:
        choices = near(column, (str(one) for one in frame.columns if one != column))
        hint = f" (near: {', '.join(choices)})" if choices else ""
        note = f"{name} has no column {column}{hint}: what it decides is missing."
        if note not in self.notes:
            self.notes.append(note)

    def exclude(self, name: str, rows: pd.DataFrame, mask: Column[Any], reason: str) -> pd.DataFrame:
        """Return the rows that stay, and count those left out."""
        chosen = mask.fillna(False).to_numpy(dtype=bool)
        if not chosen.any():
            return rows
        self.coverage.exclude(name, rows["project_id"][chosen], reason)
        return rows[~chosen]

    def days(self, rows: pd.DataFrame, column: str, *, whole_days: bool = False) -> Column[Any]:
        """Return a column of dates or times as days of the project."""
        zones = self.of_project(rows, "time_zone")
        found: Column[Any] = local_days(rows[column], zones, whole_days=whole_days)
        return found

    def between(self, rows: pd.DataFrame, first: Column[Any], last: Column[Any]) -> Column[Any]:
        """Return days between two columns, by the calendar of the report and the country of the project."""
        return self.counter.between(first, last, self.of_project(rows, "country_code"))

    def money(self, name: str, rows: pd.DataFrame, column: str) -> Column[Any]:
        """Return amounts as float64, and say in the coverage how many rows have one."""
        values = amounts(rows[column])
        known, number = int(values.notna().sum()), len(values)
        if known < number:
            text = f"{column}: {known:,} of {number:,} have a value"
            earlier = self.coverage.values.get(name)
            self.coverage.values[name] = f"{earlier}; {text}" if earlier else text
        return values

    def currencies(self, rows: pd.DataFrame, *lists: str) -> Column[Any]:
        """Return the currency of each row: its own, else the only one in `rows` and `lists` of its project, else not stated."""
        column = "currency_configuration.currency_iso_code"
        own = rows[column].astype("string").str.strip()
        own = own.where(own.fillna("").ne(""))
        found: dict[Any, set[str]] = {}
        frames = [rows, *(self.frames[one] for one in lists if column in self.frames.get(one, rows[[]]))]
        for frame in frames:
            projects = _ids(frame, "project_id", "project.id")
            for project, currency in zip(projects.tolist(), frame[column].tolist(), strict=True):
                if not is_missing(currency) and str(currency).strip():
                    found.setdefault(_key(project), set()).add(str(currency).strip())
        only = [found.get(_key(one), set()) for one in rows["project_id"].tolist()]
        guess = pd.Series(
            [next(iter(one)) if len(one) == 1 else None for one in only], rows.index, dtype="string"
        )
        return own.fillna(guess).fillna(NOT_STATED)

    def current(self, name: str, rows: pd.DataFrame, header: Column[Any]) -> pd.DataFrame:
        """Return the current revisions: superseded ones are counted and left out; a header counts once."""
        said = truth(rows["current_revision"], unknown=True)
        rows, header = self.exclude(name, rows, ~said, "superseded"), header[said]
        order = pd.DataFrame(
            {"project": rows["project_id"].astype(object), "header": header.astype(object)}, index=rows.index
        )
        order["header"] = order["header"].where(header.notna(), [f"row {at}" for at in rows.index])
        order["revision"] = amounts(rows["revision"]).fillna(-1)
        latest = order.sort_values("revision", kind="stable").groupby(["project", "header"], dropna=False)
        keep = rows.index.isin(latest.tail(1).index)
        return self.exclude(name, rows, pd.Series(~keep, index=rows.index), "superseded")

    def summary(
        self, rows: pd.DataFrame, measure: Measure, *lists: str, by: Sequence[str] = ()
    ) -> pd.DataFrame:
        """Return one row for each project (and each value of `by`), in order of names.

        Projects that answered without rows have the figures of no rows; those that did not answer one of `lists` have
        none at all.
        """
        records: list[dict[str, Any]] = []
        keys = ["project_id", *by]
        closed = {project for (name, project) in self.coverage.states if name in lists}
        seen, unknown = set(), dict.fromkeys(measure(rows.iloc[:0]), pd.NA)
        for values, part in rows.groupby(keys, dropna=False, sort=False):
            project = _key(values[0])
            seen.add(project)
            name = part["project_name"].iloc[0]
            records.append(
                {"project_id": values[0], "project_name": name, **dict(zip(by, values[1:], strict=True))}
                | measure(part)
            )
        for project, name in self.projects["name"].items():
            if project not in seen and project in closed:
                records.append({"project_id": project, "project_name": name, **unknown})
            elif project not in seen and not by:
                records.append({"project_id": project, "project_name": name} | measure(rows.iloc[:0]))
        columns = ["project_id", "project_name", *by, *measure(rows.iloc[:0])]
        frame = figures_frame(records, columns).reindex(columns=columns)
        frame["project_name"] = frame["project_name"].astype("string")
        if frame["project_id"].isna().all():
            frame["project_id"] = frame["project_id"].astype("Int64")
        return frame.sort_values(["project_name", "project_id", *by], kind="stable", ignore_index=True)

    def blank(self, frame: pd.DataFrame, name: str, columns: Iterable[str]) -> pd.DataFrame:
        """Return figures with those of a list missing where it did not answer: no permission is not zero."""
        silent = [project for (one, project) in self.coverage.states if one == name]
        nothing = None in silent or (bool(silent) and not len(self.frames.get(name, ())))
        if nothing:
            mask = pd.Series(True, index=frame.index)
        elif "project_id" in frame.columns:
            mask = frame["project_id"].isin([one for one in silent if one is not None])
        else:
            return frame
        return frame.assign(**{one: frame[one].where(~mask) for one in columns if one in frame.columns})


def state_of(status: Any) -> str:
    """Return what a refusal means, by its HTTP status."""
    return _STATES.get(status, "failed")


def truth(column: Column[Any], *, unknown: bool = False) -> Column[Any]:
    """Return a column as booleans: true, false, 1, 0 and such words; what is missing counts as `unknown`."""
    if pd.api.types.is_bool_dtype(column.dtype):
        return column.astype("boolean").fillna(unknown).astype(bool)
    words = column.astype("string").str.strip().str.lower()
    found = pd.Series(unknown, index=column.index)
    found[words.isin(["true", "1", "1.0", "yes"]).fillna(False).to_numpy(dtype=bool)] = True
    found[words.isin(["false", "0", "0.0", "no"]).fillna(False).to_numpy(dtype=bool)] = False
    return found


def plain_words(column: Column[Any]) -> Column[Any]:
    """Return statuses in one form: `Out For Signature` is `out_for_signature`."""
    words = column.astype("string").str.strip().str.lower()
    return words.str.replace(r"[^0-9a-z]+", "_", regex=True).str.strip("_").fillna("")


def is_signed(rows: pd.DataFrame) -> Column[Any]:
    """Return whether each contract is signed: executed, or with a signed contract received where that is not said."""
    return truth(rows["executed"]) | (rows["executed"].isna() & rows["signed_contract_received_date"].notna())


def ids_of(column: Column[Any]) -> Column[Any]:
    """Return ids as whole numbers where they are, else as text."""
    numbers = pd.to_numeric(column.astype("string"), errors="coerce") if len(column) else column
    try:
        whole = numbers.astype("Int64")
    except (TypeError, ValueError):
        return column.astype("string")
    return whole if whole.notna().sum() == column.notna().sum() else column.astype("string")


def alike(column: str, *frames: pd.DataFrame) -> list[pd.DataFrame]:
    """Return frames whose ids of a column can be compared: all as text, where some are numbers and others are not."""
    mixed = len({str(one[column].dtype) for one in frames}) > 1
    return [one.astype({column: "string"}) if mixed else one for one in frames]


def project_of(row: pd.Series[Any]) -> str:
    """Return what a sentence calls the project of a row: its name, else its id."""
    named = row["project_name"]
    return f"project {row['project_id']}" if is_missing(named) else str(named)


def names_in(values: Column[Any], single: Column[Any] | None = None) -> Column[Any]:
    """Return the names in a column of lists of people or companies, as lists; `single` where a list is empty."""
    found = elements(values)
    named = found.groupby("row")["name"].agg(list) if "name" in found.columns else pd.Series(dtype="object")
    alone = pd.Series(pd.NA, index=values.index) if single is None else single
    lists = [named.get(at) or ([] if pd.isna(alone[at]) else [alone[at]]) for at in values.index]
    return pd.Series(lists, index=values.index, dtype="object")


def elements(values: Column[Any]) -> pd.DataFrame:
    """Return the dicts in a column of lists, one row each: `row` is the index of theirs, the others their keys."""
    records: list[dict[str, Any]] = []
    for at, many in values.items():
        records += [{"row": at} | one for one in _dicts(many)]
    return pd.json_normalize(records) if records else pd.DataFrame({"row": pd.Series(dtype="int64")})


def _dicts(many: Any) -> Iterable[dict[str, Any]]:
    if isinstance(many, Mapping):
        many = [many]
    return (
        [dict(one) for one in many if isinstance(one, Mapping)]
        if isinstance(many, Iterable) and not isinstance(many, str)
        else []
    )


def _ids(frame: pd.DataFrame, *names: str) -> Column[Any]:
    for name in names:
        if name in frame.columns:
            return ids_of(frame[name])
    return pd.Series(pd.NA, index=frame.index, dtype="Int64")


def _projects(frame: pd.DataFrame | None) -> pd.DataFrame:
    given = pd.DataFrame(columns=_PROJECT) if frame is None else frame.reset_index(drop=True)
    found = pd.DataFrame(index=given.index)
    for name in _PROJECT:
        found[name] = given[name] if name in given.columns else pd.NA
    found["id"] = ids_of(found["id"])
    found = found.dropna(subset=["id"]).drop_duplicates(subset=["id"]).set_index("id")
    for name in ("name", "time_zone", "country_code"):
        found[name] = found[name].astype("string")
    return found
