"""What goes into the cells of a workbook, and how it looks.

In: values of a column. Out: numbers, truth values, naive times in UTC, or text where Excel would round, refuse or run
them. Speaks to no service.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

import pandas as pd

from procore_nb.export.as_text import ColumnType, is_missing

_LONGEST_CELL = 32_767
_EXACT_DIGITS = 15
_MOST_EXACT = 10**_EXACT_DIGITS - 1
_CUT = " … (cut)"
_FIRST_DAY = datetime(1900, 3, 1)  # before it, Excel counts a day that never was
Maker = Callable[[Any], Any]
_LAST_SECOND = datetime(9999, 12, 31, 23, 59, 59)
_FORMATS = {
    "date": "yyyy-mm-dd",
    "time": "yyyy-mm-dd hh:mm:ss",
    "moment": "yyyy-mm-dd hh:mm:ss",
    "clock": "hh:mm:ss",
    "integer": "0",  # without it, twelve digits look like 1.2E+11
}


def format_of(column: pd.Series[Any], how: ColumnType) -> str | None:
    """How Excel shows the numbers or times of a column, if not by itself."""
    if how.kind != "decimal":
        return _FORMATS.get(how.kind)
    exponents = (value.as_tuple().exponent for value in column.tolist() if isinstance(value, Decimal))
    places = max((-one for one in exponents if isinstance(one, int)), default=2)
    return f"#,##0.{'0' * min(max(places, 2), 8)}"


def made(column: pd.Series[Any], make: Maker) -> list[Any]:
    """One cell a row, None where missing."""
    return [None if is_missing(value) else make(value) for value in column.tolist()]


def maker_of(column: pd.Series[Any], how: ColumnType) -> Maker | None:
    """What makes a cell of a value; None where its text is meant."""
    if how.kind == "integer":
        # One number that Excel would round makes all of a column text: ids are looked up, and stay of one kind.
        most = max((abs(int(value)) for value in column.tolist() if not is_missing(value)), default=0)
        return str if most > _MOST_EXACT else int
    return _CELLS.get(how.kind)


def _moment(value: Any) -> Any:
    """A time that Excel knows, in UTC; as text before 1900 and after 9999."""
    try:
        moment = value.to_pydatetime(warn=False) if isinstance(value, pd.Timestamp) else value
        if not isinstance(moment, datetime):
            moment = datetime.combine(moment, time())
        if moment.tzinfo is not None:
            moment = moment.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return str(value)
    return moment if _FIRST_DAY <= moment <= _LAST_SECOND else moment.isoformat()


def _day(value: Any) -> Any:
    moment = _moment(value)
    return moment.partition("T")[0] if isinstance(moment, str) else moment


def _number(value: Any) -> float | str:
    number = float(value)
    return number if math.isfinite(number) else str(value)


def _decimal(value: Decimal) -> float | str:
    digits = len(value.as_tuple().digits)
    exact = digits <= _EXACT_DIGITS or len(value.normalize().as_tuple().digits) <= _EXACT_DIGITS
    return _number(value) if exact else str(value)


_CELLS: dict[str, Maker] = {
    "boolean": bool,
    "clock": lambda value: value.replace(tzinfo=None),
    "date": _day,
    "time": _moment,
    "moment": _moment,
    "number": _number,
    "decimal": _decimal,
}


def short(text: str) -> str:
    """Text that fits a cell, counted as for names; half a surrogate pair is no character."""
    text = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    if text.isascii() and len(text) <= _LONGEST_CELL:
        return text
    pairs = text.encode("utf-16-le", "replace")
    if len(pairs) <= 2 * _LONGEST_CELL:
        return pairs.decode("utf-16-le")
    return pairs[: 2 * (_LONGEST_CELL - len(_CUT))].decode("utf-16-le", "ignore") + _CUT
