"""Single times and dates, as Procore's lists write them: ISO text, a count of seconds or milliseconds, Python's own.

In: one JSON value. Out: microseconds since 1970 in UTC, None where there is none, or an error where it cannot be read.
Speaks to no service.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
FIRST = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
DAY = 86_400_000_000
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MILLISECONDS_FROM = 100_000_000_000  # as seconds this would be the year 5138
_SECONDS_FROM = 100_000_000  # 1973; a smaller number is no count of seconds where a date is due: 20260105
_EPOCH_DIGITS = re.compile(r"\d{10}(\d{3})?", re.ASCII)


def microseconds(value: Any) -> int | None:
    """Microseconds since 1970 in UTC; a time without zone is taken as UTC."""
    if isinstance(value, bool):
        raise TypeError("not a time")
    if isinstance(value, str) and _EPOCH_DIGITS.fullmatch(value):
        value = int(value)
    if isinstance(value, int | float):  # Resource Planning counts seconds or milliseconds
        return _within(_counted(value))
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    moment = value if isinstance(value, datetime) else _moment(value)
    if moment is None:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return _within((aware - _EPOCH) // _MICROSECOND)


def day_with_time(value: Any) -> int | None:
    """Microseconds since 1970 of the calendar day as written; with the time of day, if there is one."""
    if isinstance(value, str) and _DATE.fullmatch(value):
        value = date.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) >= _SECONDS_FROM:
        value = _EPOCH + _MICROSECOND * _within(_counted(value))
    if isinstance(value, str):
        value = _moment(value)
    if value is None:
        return None
    if not isinstance(value, datetime):
        raise TypeError("not a date")
    return (value.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND


def _moment(value: Any) -> datetime | None:
    if not isinstance(value, str):
        raise TypeError("not text")
    text = value.strip()
    if text.endswith(" UTC"):
        text = text[:-4] + "Z"
    return datetime.fromisoformat(text) if text else None


def _counted(value: float) -> int:
    """Microseconds of a count of seconds or milliseconds since 1970."""
    return int(value * 1000) if abs(value) >= _MILLISECONDS_FROM else int(value * 1_000_000)


def _within(count: int) -> int:
    if not FIRST <= count <= LAST:
        raise ValueError("out of the calendar")
    return count
