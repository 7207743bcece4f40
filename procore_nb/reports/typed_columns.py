"""Columns of lists as reports need them: amounts, booleans, ids, statuses, nested records, and days with the counts between them.

In: columns as Procore sends them, names of time zones and countries. Out: typed columns of the same rows. Speaks to no service.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from procore_nb.errors import ArgumentError
from procore_nb.near_match import slug
from procore_nb.scalars import is_many, is_missing, moment_named, wall_times

Column = pd.Series
Holidays = Mapping[str, np.ndarray[Any, Any]]
DAY: Any = "datetime64[us]"
FRIDAY_COUNTRIES = frozenset(["SA", "QA", "KW", "OM", "BH"])
"""Countries whose week-end is Friday and Saturday; everywhere else it is Saturday and Sunday."""
_ONE_DAY = np.timedelta64(1, "D")
_TRUE, _FALSE = ("true", "1", "1.0", "yes"), ("false", "0", "0.0", "no")
_BOOLEANS = dict.fromkeys(_TRUE, True) | dict.fromkeys(_FALSE, False)


def amounts(values: Column[Any]) -> Column[Any]:
    """Return money or other numbers as float64, from decimals, numbers or text; what is no number is missing."""
    if values.dtype == "float64":
        return values
    return pd.to_numeric(values.astype("object"), errors="coerce").astype("float64")


def booleans(column: Column[Any], *, missing: bool = False) -> Column[Any]:
    """Return a column as booleans: true, false, 1, 0 and such words; anything else counts as `missing`."""
    if not pd.api.types.is_bool_dtype(column.dtype):
        column = column.astype("string").str.strip().str.lower().map(_BOOLEANS)
    return column.astype("boolean").fillna(missing).astype(bool)


def status_codes(column: Column[Any]) -> Column[Any]:
    """Return statuses in one form: `Out For Signature` is `out_for_signature`, a missing one is empty."""
    return column.astype("string").map(slug, na_action="ignore").astype("string").fillna("")


def ids_of(column: Column[Any]) -> Column[Any]:
    """Return ids as whole numbers where all are, else as text."""
    if pd.api.types.is_integer_dtype(column.dtype):
        return column.astype("Int64")
    numbers = pd.to_numeric(column.astype("string"), errors="coerce") if len(column) else column
    try:
        whole = numbers.astype("Int64")
    except (TypeError, ValueError):
        return column.astype("string")
    return whole if whole.notna().sum() == column.notna().sum() else column.astype("string")


def project_ids(frame: pd.DataFrame) -> Column[Any]:
    """Return the project of each row, as the list names it; missing where it names none."""
    name = next((name for name in ("project_id", "project.id") if name in frame.columns), "")
    return ids_of(frame[name]) if name else pd.Series(pd.NA, index=frame.index, dtype="Int64")


def lookup(keys: Column[Any], values: Column[Any]) -> Column[Any]:
    """Return the value at each key, with the values' type; missing where a key is, or is not among them.

    Not `Series.map`, which compares ids of several types as floats.
    """
    known = {key: value for key, value in values.items() if not is_missing(value)}
    return pd.Series([known.get(key) for key in keys.tolist()], keys.index, "object").astype(values.dtype)


def comparable_ids(column: str, *frames: pd.DataFrame) -> list[pd.DataFrame]:
    """Return frames whose ids of a column can be compared: all as text, where some are numbers and others are not."""
    mixed = len({str(frame[column].dtype) for frame in frames}) > 1
    return [frame.astype({column: "string"}) if mixed else frame for frame in frames]


def names_in(values: Column[Any], single: Column[Any] | None = None) -> Column[Any]:
    """Return the names in a column of lists of people or companies, as lists; `single` where a list is empty."""
    records = nested_records(values, "name")
    named: Any = records.groupby("row")["name"].agg(list) if records["name"].notna().any() else {}
    alone = pd.Series(pd.NA, index=values.index) if single is None else single
    lists = [named.get(at) or ([] if pd.isna(alone[at]) else [alone[at]]) for at in values.index]
    return pd.Series(lists, index=values.index, dtype="object")


def nested_records(values: Column[Any], *columns: str) -> pd.DataFrame:
    """Return the dicts in a column of lists, one row each: `row` is the index of theirs, the others their keys.

    The columns named are there in any case.
    """
    records: list[dict[str, Any]] = []
    for row, value in values.items():
        several = [value] if isinstance(value, Mapping) else value if is_many(value) else []
        records += [{"row": row} | dict(record) for record in several if isinstance(record, Mapping)]
    frame = pd.json_normalize(records) if records else pd.DataFrame({"row": pd.Series(dtype="int64")})
    return frame.reindex(columns=list(dict.fromkeys([*frame.columns, *columns])))


def as_day(value: Any, option: str, *, today: pd.Timestamp | None = None) -> pd.Timestamp:
    """Return the day that a caller named, in its own zone; `last Monday` where today is given."""
    moment = pd.Timestamp(moment_named(value, option, today=None if today is None else today.date()))
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
    # Midnight UTC in a schedule is a date without a time: in the zone of an American project it would be the day before.
    time_zones = zones.where(utc.dt.normalize() != utc) if whole_days else zones
    return wall_times(times, time_zones).astype(DAY).dt.normalize()


def holidays_of(option: Any) -> Holidays:
    """Return days off by country, those of a plain list everywhere (under `""`)."""
    by_country = option if isinstance(option, Mapping) else {"": option}
    days = {
        str(country): [as_day(day, "holidays") for day in (dates if is_many(dates) else [dates])]
        for country, dates in by_country.items()
    }
    return {country: np.array(dates, "datetime64[D]") for country, dates in days.items()}


def _by_country(country: Column[Any], holidays: Holidays) -> Iterable[tuple[pd.Index[Any], dict[str, Any]]]:
    """Give the rows of each country with its week-end and holidays, as numpy takes them."""
    codes = country.fillna("")
    for code, rows in codes.groupby(codes).groups.items():
        off = [holidays.get(key, np.array([], "datetime64[D]")) for key in {"", str(code)}]
        mask = "1111001" if str(code).upper() in FRIDAY_COUNTRIES else "1111100"
        yield rows, {"weekmask": mask, "holidays": np.unique(np.concatenate(off))}


def working_days(
    first: Column[Any], last: Column[Any], country: Column[Any], holidays: Holidays
) -> Column[Any]:
    """Return the working days after `first`, up to and with `last`: due on Friday is one day late on Monday."""
    counts = pd.Series(pd.NA, index=first.index, dtype="Int64")
    for rows, rules in _by_country(country[first.notna() & last.notna()], holidays):
        begins, ends = (days[rows].to_numpy().astype("datetime64[D]") + _ONE_DAY for days in (first, last))
        counts[rows] = np.busday_count(begins, ends, **rules)
    return counts


def is_working_day(days: Column[Any], country: Column[Any], holidays: Holidays) -> Column[Any]:
    working = pd.Series(False, index=days.index)
    for rows, rules in _by_country(country[days.notna()], holidays):
        working[rows] = np.is_busday(days[rows].to_numpy().astype("datetime64[D]"), **rules)
    return working


def check_classes(bounds: Any, option: str) -> tuple[int, ...]:
    """Return the upper bounds of classes, or refuse anything but a rising list of whole numbers."""
    numbers = tuple(bounds) if isinstance(bounds, Iterable) and not isinstance(bounds, str) else ()
    whole = all(isinstance(number, int) and not isinstance(number, bool) for number in numbers)
    if not numbers or not whole or list(numbers) != sorted(set(numbers)):
        raise ArgumentError(f"{option} is a rising list of whole days, such as (7, 14, 30), not {bounds!r}.")
    return numbers


def class_names(bounds: Sequence[int]) -> list[str]:
    """Return the names of classes: `up to 7`, `8 to 14`, `more than 14`."""
    between = [f"{low + 1} to {high}" for low, high in pairwise(bounds)]
    return [f"up to {bounds[0]}", *between, f"more than {bounds[-1]}"]


def classes(days: Column[Any], bounds: Sequence[int]) -> Column[Any]:
    """Return the class of each number of days, as text; missing where the number is."""
    edges = [-np.inf, *bounds, np.inf]
    return pd.cut(days.astype("float64"), edges, labels=class_names(bounds)).astype("string")
