"""Times and dates as Procore writes them, to microseconds since 1970.

In: text such as `2026-01-01T00:00:00Z`. Out: datetime64[us] values, in UTC for times, without zone for dates.
Speaks to no service. Text of one regular form is read all at once; anything else one by one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MILLISECONDS_FROM = 100_000_000_000  # as seconds this would be the year 5138
_SECONDS_FROM = 100_000_000  # 1973; a smaller number is no count of seconds where a date is due: 20260105
_EPOCH_DIGITS = re.compile(r"\d{10}(\d{3})?", re.ASCII)

MISSING = np.datetime64("NaT", "us")


def read_regular_times(values: Sequence[str]) -> Any:
    """Times that all have the form `YYYY-MM-DDTHH:MM:SS[.ffffff]Z`, or None if any has another."""
    text = _grid(values, (20, 22, 23, 24, 25, 26, 27))
    if text is None or not _holds(text, ((4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":"), (-1, "Z"))):
        return None
    return _parsed(text[:, :-1])


def read_regular_dates(values: Sequence[str]) -> Any:
    """Dates that all have the form `YYYY-MM-DD`, or None if any has another."""
    text = _grid(values, (10,))
    if text is None or not _holds(text, ((4, "-"), (7, "-"))):
        return None
    return _parsed(text)


def read_time(value: Any) -> int | None:
    """Microseconds since 1970 in UTC of one time; a time without zone is taken as UTC."""
    if isinstance(value, bool):
        raise TypeError("not a time")
    if isinstance(value, str) and _EPOCH_DIGITS.fullmatch(value):
        value = int(value)
    if isinstance(value, int | float):  # Resource Planning counts seconds or milliseconds
        return _within(_counted(value))
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    moment = value if isinstance(value, datetime) else _parse(value)
    if moment is None:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return _within((aware - _EPOCH) // _MICROSECOND)


def read_date(value: Any) -> tuple[int, bool] | None:
    """Microseconds since 1970 of the calendar day as written, and whether a time of day was cut off."""
    if isinstance(value, str) and _DATE.fullmatch(value):
        value = date.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) >= _SECONDS_FROM:
        value = _EPOCH + _MICROSECOND * _within(_counted(value))
    if isinstance(value, str):
        value = _parse(value)
    if value is None:
        return None
    if not isinstance(value, datetime):
        raise TypeError("not a date")
    day = value.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC)
    return (day - _EPOCH) // _MICROSECOND, value.time() != time()


def pack(microseconds: list[int | None]) -> Any:
    """datetime64[us] of microseconds since 1970, NaT where there is none."""
    least = np.iinfo(np.int64).min  # how numpy writes NaT
    return np.array([least if value is None else value for value in microseconds], np.int64).view("M8[us]")


def _parse(value: Any) -> datetime | None:
    if not isinstance(value, str):
        raise TypeError("not text")
    text = value.strip()
    if text.endswith(" UTC"):
        text = text[:-4] + "Z"
    return datetime.fromisoformat(text) if text else None


def _counted(value: float) -> int:
    """Microseconds of a count of seconds or milliseconds since 1970."""
    return int(value * 1000) if abs(value) >= _MILLISECONDS_FROM else int(value * 1_000_000)


def _within(microseconds: int) -> int:
    if not _FIRST <= microseconds <= _LAST:
        raise ValueError("out of the calendar")
    return microseconds


def _grid(values: Sequence[str], widths: tuple[int, ...]) -> Any:
    """The letters of equally long ASCII texts as rows of bytes, or None."""
    width = len(values[0])
    text = "".join(values)
    if width not in widths or not text.isascii() or set(map(len, values)) != {width}:
        return None
    return np.frombuffer(text.encode(), np.uint8).reshape(len(values), width)


def _holds(text: Any, marks: tuple[tuple[int, str], ...]) -> bool:
    digits = text[:, 0]
    starts_well = bool(((digits >= ord("0")) & (digits <= ord("9"))).all())
    return starts_well and all(bool((text[:, place] == ord(mark)).all()) for place, mark in marks)


def _parsed(text: Any) -> Any:
    width = text.shape[1]
    try:
        parsed = np.ascontiguousarray(text).view(f"S{width}").ravel().astype("M8[us]")
    except ValueError:
        return None
    first = np.datetime64("0001-01-01", "us")
    return parsed if bool((parsed >= first).all()) else None
