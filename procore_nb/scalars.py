"""Single values, whatever library they come from: is one missing, are they several; moments and numbers as text.

In: values of Python, numpy or pandas. Out: an answer or a text. Speaks to no service.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

_LAST_SECOND = 253_402_300_799.0  # of year 9999


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
