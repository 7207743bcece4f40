"""Days of reports: the local day of a project, days between two of them, working days, classes by age.

In: columns of dates or times, names of time zones and countries. Out: columns of days and of day counts. Speaks to no
service.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pandas as pd

from procore_nb.errors import ArgumentError
from procore_nb.scalars import is_many, is_missing, moment_named, wall_times

Column = pd.Series
DAY: Any = "datetime64[us]"
_DAY = np.timedelta64(1, "D")
FRIDAY_COUNTRIES = frozenset(["SA", "QA", "KW", "OM", "BH"])
"""Countries whose week-end is Friday and Saturday; everywhere else it is Saturday and Sunday."""


def as_day(value: Any, what: str, *, today: pd.Timestamp | None = None) -> pd.Timestamp:
    """Return the day that a caller named, in its own zone; `last Monday` where today is given."""
    moment = pd.Timestamp(moment_named(value, what, today=None if today is None else today.date()))
    day: pd.Timestamp = moment.tz_localize(None).normalize()
    return day


def local_days(values: Any, zones: Column[Any] | None = None, *, whole_days: bool = False) -> Any:
    """Return the day of each value: dates as they are, times as the day in the zone of their row (UTC without one).

    `whole_days` takes times at midnight UTC for the day they name, as schedules write them.
    """
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return _in_zones(values, zones, whole_days=whole_days)
    if pd.api.types.is_datetime64_dtype(values.dtype):
        return values.dt.normalize().astype(DAY)
    texts = values.map(_iso_text).astype("string")
    days = pd.to_datetime(texts.where(texts.str.len() <= 10), format="%Y-%m-%d", errors="coerce").astype(DAY)
    timed = texts.str.len() > 10
    if not timed.fillna(False).any():
        return days
    times = pd.to_datetime(texts.where(timed), format="ISO8601", errors="coerce", utc=True)
    return days.where(days.notna(), _in_zones(times, zones, whole_days=whole_days))


def _iso_text(value: Any) -> str | None:
    if is_missing(value):
        return None
    return str(value.isoformat() if hasattr(value, "isoformat") else value).strip()


def _in_zones(times: Any, zones: Column[Any] | None, *, whole_days: bool) -> Any:
    utc = times.dt.tz_convert("UTC").dt.tz_localize(None).astype(DAY)
    if zones is None:
        return utc.dt.normalize()
    meant = zones.where(utc.dt.normalize() != utc) if whole_days else zones
    return wall_times(times, meant).astype(DAY).dt.normalize()


@dataclass(frozen=True)
class DayCounter:
    """Days from one day to another: calendar days, or working days of the country with the caller's holidays left out.

    Working days are those after the first day, up to and with the last: a task due on Friday is one day late on Monday.
    """

    calendar: Literal["calendar", "working"] = "calendar"
    holidays: Mapping[str, np.ndarray[Any, Any]] = field(default_factory=dict)
    """Days off by country; those under `""` hold everywhere."""

    @classmethod
    def of(cls, calendar: Any, holidays: Any) -> DayCounter:
        """Return the counter that a caller's options name."""
        if calendar not in ("calendar", "working"):
            raise ArgumentError(f'calendar is "calendar" or "working", not {calendar!r}.')
        by_country = holidays if isinstance(holidays, Mapping) else {"": holidays}
        days = {
            str(country): np.array(
                [as_day(one, "holidays") for one in (many if is_many(many) else [many])],
                dtype="datetime64[D]",
            )
            for country, many in by_country.items()
        }
        return cls(calendar, days)

    def between(self, first: Column[Any], last: Column[Any], country: Column[Any]) -> Column[Any]:
        """Return the days from `first` to `last` (Int64), missing where either is."""
        if self.calendar == "working":
            return self.working_between(first, last, country)
        return (last - first).dt.days.astype("Int64")

    def working_between(self, first: Column[Any], last: Column[Any], country: Column[Any]) -> Column[Any]:
        """Return the working days after `first`, up to and with `last` (Int64)."""
        known = first.notna() & last.notna()
        found = pd.Series(pd.NA, index=first.index, dtype="Int64")
        codes = country[known].fillna("")
        for code, rows in codes.groupby(codes).groups.items():
            begins, ends = (one[rows].to_numpy().astype("datetime64[D]") + _DAY for one in (first, last))
            found[rows] = np.busday_count(begins, ends, **self._rules(str(code)))
        return found

    def is_working(self, days: Column[Any], country: Column[Any]) -> Column[Any]:
        """Return whether each day is a working day of its country."""
        found = pd.Series(False, index=days.index)
        codes = country[days.notna()].fillna("")
        for code, rows in codes.groupby(codes).groups.items():
            found[rows] = np.is_busday(
                days[rows].to_numpy().astype("datetime64[D]"), **self._rules(str(code))
            )
        return found

    def _rules(self, country: str) -> dict[str, Any]:
        none = np.array([], dtype="datetime64[D]")
        off = [self.holidays.get(one, none) for one in {"", country}]
        mask = "1111001" if country.upper() in FRIDAY_COUNTRIES else "1111100"
        return {"weekmask": mask, "holidays": np.unique(np.concatenate(off))}


def check_classes(bounds: Any, what: str) -> tuple[int, ...]:
    """Return the upper bounds of classes, or refuse what is none."""
    many = tuple(bounds) if isinstance(bounds, Iterable) and not isinstance(bounds, str) else ()
    whole = all(isinstance(one, int) and not isinstance(one, bool) for one in many)
    if not many or not whole or list(many) != sorted(set(many)):
        raise ArgumentError(f"{what} is a rising list of whole days, such as (7, 14, 30), not {bounds!r}.")
    return many


def class_names(bounds: Sequence[int]) -> list[str]:
    """Return the names of classes: `up to 7`, `8 to 14`, `more than 14`."""
    between = [f"{low + 1} to {high}" for low, high in pairwise(bounds)]
    return [f"up to {bounds[0]}", *between, f"more than {bounds[-1]}"]


def classes(days: Column[Any], bounds: Sequence[int]) -> Column[Any]:
    """Return the class of each number of days, as text; missing where the number is."""
    edges = [-np.inf, *bounds, np.inf]
    return pd.cut(days.astype("float64"), edges, labels=class_names(bounds)).astype("string")
