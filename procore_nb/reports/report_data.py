"""What a report is computed from: the rows of each list, the projects, the day, and an account of what is covered.

In: frames by the name of their list. Out: rows with the columns a report needs, days and money typed, superseded and
deleted rows counted and left out; coverage; one summary row for each project. Speaks to no service.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from procore_nb.errors import ArgumentError
from procore_nb.near_match import near, plain
from procore_nb.reports.days import DAY, DayCounter, local_days
from procore_nb.reports.measures import Measure, amounts, figures_frame, grouped, largest_first, words
from procore_nb.scalars import is_many, is_missing, zone

Column = pd.Series
CURRENCY = "currency_configuration.currency_iso_code"
COMMITMENTS = ("work_order_contracts", "purchase_order_contracts")
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
        for project, number in _counts(projects).items():
            reasons = self.excluded.setdefault((name, project), {})
            reasons[reason] = reasons.get(reason, 0) + number

    def count(self, reason: str, name: str) -> int:
        """Return how many rows of a list were left out for a reason."""
        return sum(found.get(reason, 0) for (one, _), found in self.excluded.items() if name == one)

    def state(self, name: str) -> str:
        """Return why a whole list is not here; empty if it is."""
        return self.states.get((name, None), ("", ""))[0]

    def silent(self, *names: str) -> set[Any]:
        """Return the projects (None: all) that did not answer one of these lists."""
        return {project for name, project in self.states if name in names}

    def frame(self, names: Mapping[Any, str]) -> pd.DataFrame:
        """Return one row for each project and list; rows of whole lists have no project."""
        records = []
        for name, project in sorted(
            {*self.rows, *self.excluded, *self.states}, key=lambda key: (key[0], str(key[1] or ""))
        ):
            state, reason = self.states.get((name, project), ("answered", ""))
            number, out = self.rows.get((name, project), 0), self.excluded.get((name, project), {})
            record = {
                "project_id": pd.NA if project is None else project,
                "project_name": names.get(project, ""),
                "list": name,
                "state": "empty" if state == "answered" and not number else state,
                "rows": number,
                "excluded": sum(out.values()),
                "why": "; ".join(f"{count:,} {why}" for why, count in sorted(out.items())) or reason,
                "values": self.values.get(name, ""),
            }
            records.append(record)
        return figures_frame(records, words("project_id project_name list state rows excluded why values"))


def _counts(projects: Column[Any]) -> dict[Any, int]:
    """Return how many rows each project has; those without a project under None."""
    counts = projects.astype(object).value_counts(dropna=False)
    return {None if is_missing(project) else project: int(number) for project, number in counts.items()}


class ReportData:
    """The lists of one report by their names; `projects` gives names, zones, countries and stages.

    Without a day (`as_of`) it is the day of `now`, by project. `past`: the rows are of a later day than `as_of`; then
    holders, statuses and amounts of that day are unknown.
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
        self.projects = _projects(self.frames.get("projects", pd.DataFrame(columns=_PROJECT)))
        self._as_of, self._now = as_of, now
        unknown = sorted({one for one in self.projects["time_zone"].dropna() if zone(one) is None})
        if unknown:
            self.notes.append(f"Time zones nobody knows are taken for UTC: {', '.join(unknown)}.")
        if self.projects["time_zone"].isna().any():
            self.notes.append("Projects without a time zone: their days are days of UTC.")

    @property
    def as_of(self) -> pd.Timestamp:
        """The day of the report; where projects have different days, the latest."""
        if self._as_of is not None:
            return self._as_of
        zones = self.projects["time_zone"].dropna().unique()
        moments = [self._now, *(self._now.tz_convert(zone(one) or "UTC") for one in zones)]
        latest: pd.Timestamp = max(one.tz_localize(None).normalize() for one in moments)
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
        return any(self.coverage.state(one) == "not given" for one in names)

    def of_project(self, rows: pd.DataFrame, column: str) -> Column[Any]:
        """Return a column of the project of each row."""
        return looked_up(rows["project_id"], self.projects[column])

    def counts(self, rows: pd.DataFrame, projects: Column[Any]) -> Column[Any]:
        """Return how many rows each of the projects has."""
        counts = _counts(rows["project_id"])
        found = [counts.get(None if is_missing(one) else one, 0) for one in projects.tolist()]
        return pd.Series(found, index=projects.index, dtype="Int64")

    def take(self, name: str, required: str = "", deciding: str = "", other: str = "") -> pd.DataFrame:
        """Return the rows of a list with these columns (words apart), and `project_id` and `project_name` in front.

        A required column that is absent is an error. Any other is missing in every row; of those that decide figures the
        notes say so, and `lacks` knows. Deleted rows are left out and counted.
        """
        source = self.frames.get(name, pd.DataFrame()).reset_index(drop=True)
        rows = pd.DataFrame({"project_id": project_ids(source)}, index=source.index)
        named = self.of_project(rows, "name")
        given = source.get("project_name", source.get("project.name", source.get("project")))
        rows["project_name"] = (named if given is None else named.fillna(given)).astype("string")
        for column in words(f"{required} {deciding} {other}"):
            if column in source.columns:
                rows[column] = source[column]
                continue
            if len(source.columns) and column in words(f"{required} {deciding}"):
                self._absent(name, column, source, refused=column in words(required))
            rows[column] = pd.Series(pd.NA, index=rows.index, dtype="object")
        self.coverage.rows |= {
            (name, project): number for project, number in _counts(rows["project_id"]).items()
        }
        gone = truth(source.get("deleted", pd.Series(False, index=rows.index)))
        if "deleted_at" in source.columns:
            gone |= source["deleted_at"].notna()
        return self.exclude(name, rows, gone, "deleted").copy()

    def lacks(self, name: str, *columns: str) -> bool:
        """Return whether the rows of a list came without one of these columns."""
        frame = self.frames.get(name, pd.DataFrame())
        return len(frame) > 0 and not {*columns} <= {*frame.columns}

    def _absent(self, name: str, column: str, frame: pd.DataFrame, *, refused: bool) -> None:
        """Refuse rows without a column, or note that what it decides is missing."""
        choices = ", ".join(near(column, (str(one) for one in frame.columns)))
        if refused:
            raise ArgumentError(
                f"The rows of {name} have no column {column}, without which nothing can be said.",
                advice=f"Near: {choices}. Rename it." if choices else "Pass the list as Procore sends it.",
            )
        self.note(f"{name} has no column {column}{choices and f' (near: {choices})'}: what it decides is missing.")  # fmt: skip

    def note(self, text: str) -> None:
        """Add a note of the data, once; it comes after the findings."""
        if text not in self.notes:
            self.notes.append(text)

    def exclude(self, name: str, rows: pd.DataFrame, mask: Column[Any], reason: str) -> pd.DataFrame:
        """Return the rows that stay, and count those left out."""
        chosen = mask.fillna(False).to_numpy(dtype=bool)
        self.coverage.exclude(name, rows["project_id"][chosen], reason)
        return rows[~chosen] if chosen.any() else rows

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
        frames = [rows, *(self.frames[one] for one in lists if CURRENCY in self.frames.get(one, rows[[]]))]
        every = [
            pd.DataFrame({"project": project_ids(one).astype(object), "currency": _codes(one)})
            for one in frames
        ]
        known = pd.concat(every).dropna(subset="currency").drop_duplicates()
        only = known[~known.duplicated("project", keep=False)]
        guess = looked_up(rows["project_id"], only.set_index("project")["currency"])
        return every[0]["currency"].fillna(guess).fillna(NOT_STATED)

    def current(self, name: str, rows: pd.DataFrame, header: Column[Any]) -> pd.DataFrame:
        """Return the current revisions: superseded ones are counted and left out; a header counts once."""
        said = truth(rows["current_revision"], unknown=True)
        rows, header = self.exclude(name, rows, ~said, "superseded"), header[said].astype(object)
        order = pd.DataFrame({"project": rows["project_id"].astype(object), "header": header})
        order["header"] = order["header"].where(header.notna(), [f"row {at}" for at in rows.index])
        order["revision"] = amounts(rows["revision"]).fillna(-1)
        latest = order.sort_values("revision", kind="stable").drop_duplicates(
            ["project", "header"], keep="last"
        )
        return self.exclude(name, rows, ~rows.index.to_series().isin(latest.index), "superseded")

    def summary(
        self, rows: pd.DataFrame, measure: Measure, *lists: str, by: Sequence[str] = ()
    ) -> pd.DataFrame:
        """Return one row for each project (and each value of `by`), in order of names.

        Projects that answered without rows have the figures of no rows; those that did not answer one of `lists` have
        none at all.
        """
        nothing, closed = measure(rows.iloc[:0]), self.coverage.silent(*lists)
        records: list[dict[str, Any]] = []
        for values, part in rows.groupby(["project_id", *by], dropna=False, sort=False):
            about = {"project_id": values[0], "project_name": part["project_name"].iloc[0]}
            records.append(about | dict(zip(by, values[1:], strict=True)) | measure(part))
        seen = {one["project_id"] for one in records}
        for project, name in self.projects["name"].items():
            if project not in seen and (project in closed or not by):
                figures = dict.fromkeys(nothing, pd.NA) if project in closed else nothing
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
            summary, whole = (self.blank(one, name, figures) for one in (summary, whole))
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
        return frame.assign(**{one: frame[one].where(~mask) for one in columns if one in frame.columns})


def state_of(status: Any) -> str:
    """Return what a refusal means, by its HTTP status."""
    return _STATES.get(status, "failed")


def truth(column: Column[Any], *, unknown: bool = False) -> Column[Any]:
    """Return a column as booleans: true, false, 1, 0 and such words; what is missing counts as `unknown`."""
    if pd.api.types.is_bool_dtype(column.dtype):
        return column.astype("boolean").fillna(unknown).astype(bool)
    said = column.astype("string").str.strip().str.lower()
    known = {
        "true": True,
        "1": True,
        "1.0": True,
        "yes": True,
        "false": False,
        "0": False,
        "0.0": False,
        "no": False,
    }
    return said.map(known).astype("boolean").fillna(unknown).astype(bool)


def plain_words(column: Column[Any]) -> Column[Any]:
    """Return statuses in one form: `Out For Signature` is `out_for_signature`."""
    return column.astype("string").map(plain, na_action="ignore").astype("string").fillna("")


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


def project_ids(frame: pd.DataFrame) -> Column[Any]:
    """Return the project of each row, as the list names it; missing where it names none."""
    for name in ("project_id", "project.id"):
        if name in frame.columns:
            return ids_of(frame[name])
    return pd.Series(pd.NA, index=frame.index, dtype="Int64")


def looked_up(keys: Column[Any], values: Column[Any]) -> Column[Any]:
    """Return the value at each key, with the values' type; missing where a key is, or is not among them."""
    known = {key: one for key, one in values.items() if not is_missing(one)}
    return pd.Series([known.get(key) for key in keys.tolist()], keys.index, "object").astype(values.dtype)


def alike(column: str, *frames: pd.DataFrame) -> list[pd.DataFrame]:
    """Return frames whose ids of a column can be compared: all as text, where some are numbers and others are not."""
    mixed = len({str(one[column].dtype) for one in frames}) > 1
    return [one.astype({column: "string"}) if mixed else one for one in frames]


def project_of(row: Mapping[Any, Any]) -> str:
    """Return what a sentence calls the project of a row: its name, else its id."""
    named = row["project_name"]
    return f"project {row['project_id']}" if is_missing(named) else str(named)


def named_projects(rows: pd.DataFrame) -> str:
    """Return the projects of the first five rows, as a sentence names them."""
    names = ", ".join(map(project_of, rows.head(5).to_dict("records")))
    return f"{names}{' …' if len(rows) > 5 else ''}"


def names_in(values: Column[Any], single: Column[Any] | None = None) -> Column[Any]:
    """Return the names in a column of lists of people or companies, as lists; `single` where a list is empty."""
    found = elements(values)
    named: Any = found.groupby("row")["name"].agg(list) if "name" in found.columns else {}
    alone = pd.Series(pd.NA, index=values.index) if single is None else single
    lists = [named.get(at) or ([] if pd.isna(alone[at]) else [alone[at]]) for at in values.index]
    return pd.Series(lists, index=values.index, dtype="object")


def elements(values: Column[Any], *columns: str) -> pd.DataFrame:
    """Return the dicts in a column of lists, one row each: `row` is the index of theirs, the others their keys.

    The columns named are there in any case.
    """
    records: list[dict[str, Any]] = []
    for at, many in values.items():
        several = [many] if isinstance(many, Mapping) else many if is_many(many) else []
        records += [{"row": at} | dict(one) for one in several if isinstance(one, Mapping)]
    found = pd.json_normalize(records) if records else pd.DataFrame({"row": pd.Series(dtype="int64")})
    return found.reindex(columns=list(dict.fromkeys([*found.columns, *columns])))


def _codes(frame: pd.DataFrame) -> Column[Any]:
    said = frame[CURRENCY].astype("string").str.strip()
    return said.where(said.fillna("").ne(""))


def _projects(given: pd.DataFrame) -> pd.DataFrame:
    found = given.reindex(columns=_PROJECT)
    found = found.assign(id=ids_of(found["id"])).dropna(subset="id").drop_duplicates("id").set_index("id")
    return found.astype(dict.fromkeys(("name", "time_zone", "country_code"), "string"))
