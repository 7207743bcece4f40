"""Single values, whatever library they come from: missing or not, ids and moments as people give them, numbers and times as text.

In: values of Python, numpy or pandas; the value of `projects=`, `parent=` or an id; days, times and time zones by name. Out: an
answer, a text, ids checked, a date or a time. Speaks to no service. The only room that reads ids and moments: `table`,
`Store.sync`, the command line and the forms give the same answer, or the same error.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from procore_nb.errors import ArgumentError

_LAST_SECOND = 253_402_300_799.0  # of year 9999
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Status = Literal["Active", "Inactive", "All"]
STATUS_WORDS: Mapping[str, Status] = {"all": "All", "active": "Active", "inactive": "Inactive"}
_ADVICE = (
    'projects is "all", "active", "inactive", ids (positive whole numbers), or a frame with a column "id" or "project_id", '
    "such as procore.projects()."
)


def is_missing(value: Any) -> bool:
    """Return whether a single value is missing: None, NaN, NaT or NA; a list never is."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    if isinstance(value, Decimal):
        return value.is_nan()  # a signalling one refuses to be compared
    return isinstance(value, float | np.floating | np.datetime64 | np.timedelta64) and bool(value != value)


def is_many(value: Any) -> bool:
    """Return whether a value stands for several: any iterable that is not text, a mapping or an array of one."""
    return (
        isinstance(value, Iterable)
        and not isinstance(value, str | bytes | dict)
        and getattr(value, "ndim", 1) > 0
    )


def shown(value: Any) -> str:
    """Return a value as an error shows it: in short, and a frame or an array by its kind only."""
    if getattr(value, "ndim", 0):
        return f"a {type(value).__name__}"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"


def utc_text(moment: datetime | float | None = None, *, microseconds: bool = False) -> str:
    """Return a moment as ISO 8601 text in UTC: now, a time (without zone it is UTC), or Unix seconds.

    Seconds past the calendar, as a header may name them, are its last moment; those before 1970 its first.
    """
    if moment is None:
        moment = datetime.now(UTC)
    elif not isinstance(moment, datetime):
        moment = datetime.fromtimestamp(min(max(moment, 0.0), _LAST_SECOND), UTC)
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    # Not strftime: %Y drops the zeros of years before 1000 on some systems.
    text = moment.replace(tzinfo=None).isoformat(timespec="microseconds" if microseconds else "seconds")
    return text + "Z"


def number_text(value: Any, *, plain: bool = False) -> str:
    """Return a number in full, as maps and tables show it: `1,234.5`; without commas if `plain` (ids, years)."""
    comma = "" if plain else ","
    if isinstance(value, int | np.integer):
        return f"{value:{comma}}"
    if isinstance(value, Decimal):
        return f"{value:{comma}f}"
    text = f"{value:{comma}.6f}".rstrip("0").rstrip(".")
    return text if text not in ("0", "-0") or value == 0 else f"{value:.3g}"


def short_number(value: float, *, digits: int = 3) -> str:
    """Return a number in a few digits, as legends, rings and axes show it: `950`, `1.5k`, `12.3M`, `3.8B`."""
    for limit, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k"), (1.0, "")):
        if abs(value) >= limit * (1 - 0.5 / 10**digits) and (letter or abs(value) >= 1):
            decimals = max(0, digits - len(f"{abs(value / limit):.0f}"))
            text = f"{value / limit:,.{decimals}f}"
            return (text.rstrip("0").rstrip(".") if "." in text else text) + letter
    return f"{value:.{digits}g}"


@dataclass(frozen=True)
class ProjectSelection:
    """The projects that `projects=` names: a status, for which the list of projects has to be fetched, or ids."""

    status: Status | None = None
    names: Mapping[str, str | None] | None = None
    """Name (or None) of each project by its id, in the order given; None where a status is given instead."""
    named: bool = False
    """Whether the projects came with a column of names."""

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids, in the order given."""
        return tuple(self.names or ())


def select_projects(projects: Any, *, where: str) -> ProjectSelection:
    """Return which projects are meant by a word, one id, ids (also text with commas), or a frame."""
    if isinstance(projects, pd.DataFrame):
        return _of_frame(projects, where)
    if isinstance(projects, str):
        status = STATUS_WORDS.get(projects.strip().lower())
        if status is not None:
            return ProjectSelection(status)
        projects = projects.split(",")
    return ProjectSelection(names={project_id(one, where): None for one in _several(projects)})


def project_id(value: Any, where: str) -> str:
    """Return one project id as text."""
    text = id_text(value, "projects")
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 2**63):
        raise ArgumentError(
            f"A project id is a positive whole number, not {text!r} ({where}).", advice=_ADVICE
        )
    return str(int(text))


def id_text(value: Any, where: str) -> str:
    """Return an id as text: whole numbers, and words without white space or slashes."""
    if isinstance(value, str):
        text = value.strip()
        if text.strip(".") and not any(mark in text for mark in "/?#& \0"):
            return text
    elif not isinstance(value, bool | np.bool_) and not is_missing(value):
        try:
            number = operator.index(value)
        except TypeError:
            # A float holds whole numbers up to 2**53; beyond, it may be the neighbour's id.
            number = int(value) if isinstance(value, float) and value.is_integer() and value < 2**53 else 0
        if 0 < number < 2**63:
            return str(number)
    problem = f"{where} has an id that cannot be used: {shown(value)}."
    raise ArgumentError(problem, advice=_ADVICE if where == "projects" else "Ids are positive whole numbers.")


def _several(values: Any) -> list[Any]:
    many = values.tolist() if hasattr(values, "tolist") else values
    return list(many) if is_many(many) else [many]


def id_texts(values: Any, where: str) -> list[str]:
    """Return one id or several as text, each once."""
    return list(dict.fromkeys(id_text(one, where) for one in _several(values)))


def _of_frame(projects: pd.DataFrame, where: str) -> ProjectSelection:
    column = next((each for each in ("project_id", "id") if each in projects.columns), None)
    if column is None:
        raise ArgumentError(f"projects for {where} is a frame without an id column.", advice=_ADVICE)
    label = "project_name" if column == "project_id" else "name"
    named = label in projects.columns
    labels = projects[label].tolist() if named else [None] * len(projects)
    names = {
        project_id(number, where): None if is_missing(name) else str(name)
        for number, name in zip(projects[column].tolist(), labels, strict=True)
    }
    return ProjectSelection(names=names, named=named)


def as_python(value: Any) -> Any:
    """Return numpy's scalars as Python's: whole days as dates, finer times as times."""
    if isinstance(value, np.datetime64):
        return value.item() if np.datetime_data(value)[0] == "D" else pd.Timestamp(value)
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        return value.item()
    return value


def iso_moment(text: str) -> date | datetime | None:
    """Return the day or time of a text in ISO 8601, or None."""
    with suppress(ValueError):
        if _ISO.fullmatch(text):
            return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    return None


def moment_named(value: Any, name: str, *, today: date | None = None) -> date | datetime:
    """Return the day or time that a caller named; `last Monday` is the latest one before `today`, where that is given."""
    moment = None if is_missing(as_python(value)) else as_python(value)
    if isinstance(moment, str):
        text = moment.strip()
        weekday = text.lower().removeprefix("last ")
        if today is not None and weekday in _WEEKDAYS:
            return today - timedelta(days=(today.weekday() - _WEEKDAYS.index(weekday) - 1) % 7 + 1)
        # Text such as 05/06/2026 is refused: it is a day in May or in June, by who reads it.
        moment = iso_moment(text)
    if isinstance(moment, date):
        return moment
    words = 'a date, a time, or a day such as "last Monday"' if today is not None else "a date or a time"
    raise ArgumentError(f"{name} is {words}, not {shown(value)}.", advice=f'Write {name}="2026-06-01".')


def utc_moment(value: Any, name: str, *, today: date | None = None) -> datetime:
    """Return a moment as UTC: a date is its first moment, and a time without zone is UTC."""
    moment = moment_named(value, name, today=today)
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    elif isinstance(moment, pd.Timestamp):
        moment = moment.to_pydatetime(warn=False)
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ArgumentError(
            f"{name} is outside the calendar: {shown(value)}.", advice=f'Write {name}="2026-06-01".'
        ) from None


@cache
def rails_names() -> dict[str, str]:
    """Return the IANA name of each name of Rails (https://api.rubyonrails.org/classes/ActiveSupport/TimeZone.html)."""
    table = json.loads(files("procore_nb").joinpath("time_zones.json").read_text("utf-8"))
    return {name: iana for iana, names in table.items() for name in names}


@cache
def zone(name: str) -> Any:
    """Return the zone that Procore names, by its IANA name or that of Rails; None where nobody knows it."""
    text = name.strip()
    try:
        return ZoneInfo(rails_names().get(text, text))
    except (ValueError, OSError, LookupError):  # unknown, a path, or a file of something else
        return None


def wall_times(times: Any, zones: Any) -> Any:
    """Return what the clocks of each row's zone show, as times without a zone; UTC where the zone is not known."""
    local = times.dt.tz_convert("UTC").dt.tz_localize(None).copy()
    # Beyond these years a zone may lead out of Python's calendar.
    in_calendar = local.dt.year.between(2, 9998).to_numpy()
    for name in zones.dropna().unique():
        rows = in_calendar & (zones == name).fillna(False).to_numpy(dtype=bool)
        if (known := zone(str(name))) is not None:
            local[rows] = times[rows].dt.tz_convert(known).dt.tz_localize(None)
    return local
