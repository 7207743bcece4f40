"""One reader of the days and moments that people write: ISO text, dates, times, and `last Monday` where today is known.

In: a value and what it is called. Out: a date or a time. Speaks to no service. Text such as 05/06/2026 is refused: it is a day in
May or in June, by who reads it.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import pandas as pd

from procore_nb.errors import ArgumentError
from procore_nb.scalars import is_missing, shown

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


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
    given = as_python(value)
    found = None if is_missing(given) else given
    if isinstance(found, str):
        text = found.strip()
        word = text.lower().removeprefix("last ")
        if today is not None and word in _WEEKDAYS:
            return today - timedelta(days=(today.weekday() - _WEEKDAYS.index(word) - 1) % 7 + 1)
        found = iso_moment(text)
    if isinstance(found, date):
        return found
    words = 'a date, a time, or a day such as "last Monday"' if today is not None else "a date or a time"
    raise ArgumentError(f"{name} is {words}, not {shown(value)}.", advice=f'Write {name}="2026-06-01".')


def utc_moment(value: Any, name: str, *, today: date | None = None) -> datetime:
    """Return a moment as UTC: a date is its first moment, and a time without zone is UTC."""
    found = moment_named(value, name, today=today)
    if not isinstance(found, datetime):
        found = datetime.combine(found, time())
    elif isinstance(found, pd.Timestamp):
        found = found.to_pydatetime(warn=False)
    if found.tzinfo is None:
        return found.replace(tzinfo=UTC)
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise ArgumentError(
            f"{name} is outside the calendar: {shown(value)}.", advice=f'Write {name}="2026-06-01".'
        ) from None
