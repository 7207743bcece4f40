"""Values of one column: first as JSON's own types, then as a logical type.

In: JSON values as Python reads them. Out: Arrow arrays (Python lists for lists, and for pages of several types), and
the values that could not be read. Speaks to no service. Regular values are converted at once, in C++; a page that holds
an odd one is read value by value.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from procore_nb.frames.types import LogicalType
from procore_nb.scalars import is_missing

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_DAY = 86_400_000_000
_MILLISECONDS_FROM = 100_000_000_000  # as seconds this would be the year 5138
_SECONDS_FROM = 100_000_000  # 1973; a smaller number is no count of seconds where a date is due: 20260105
_EPOCH_DIGITS = re.compile(r"\d{10}(\d{3})?", re.ASCII)
PythonTypes = set[type]
_NONE = type(None)
_LEAST, _MOST = -(2**63), 2**63 - 1
EXACT_FLOAT = 2**53
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,6})?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d+(\.0*)?", re.ASCII)
# Numbers as people write them: groups of three, a currency, an accountant's minus.
_GROUP = r"['’ \xa0\u202f]"
_POINT = re.compile(rf"[+-]?(\d{{1,3}}((,|{_GROUP})\d{{3}})+|\d*)(\.\d*)?([eE][+-]?\d{{1,6}})?", re.ASCII)
_COMMA = re.compile(rf"[+-]?(\d{{1,3}}((\.|{_GROUP})\d{{3}})+|\d*)(,\d*)?([eE][+-]?\d{{1,6}})?", re.ASCII)
_GROUPS = re.compile(_GROUP)
_CURRENCY = re.compile(r"^[$€£¥₹\s\xa0\u202f]+|[$€£¥₹%\s\xa0\u202f]+$")
_TRUE, _FALSE = frozenset({"true", "t", "yes", "y", "1"}), frozenset({"false", "f", "no", "n", "0"})
# How values of a logical type lie in memory until the column is complete: decimals as their exact texts.
ARRAYS: dict[LogicalType, pa.DataType] = {
    "integer": pa.int64(),
    "boolean": pa.bool_(),
    "text": pa.large_string(),
    "number": pa.float64(),
    "decimal": pa.large_string(),
    "time": pa.timestamp("us", "UTC"),
    "date": pa.date32(),
}
_JSON: dict[type, LogicalType] = {str: "text", bool: "boolean", int: "integer", float: "number"}
_JSON_TYPES: dict[Any, LogicalType] = {ARRAYS[logical]: logical for logical in _JSON.values()}
# A `bool` is an `int`, a `datetime` is a `date`: the narrower type comes first.
_PYTHON_TYPES: tuple[tuple[tuple[type, ...], LogicalType], ...] = (
    ((bool, np.bool_), "boolean"),
    ((int, np.integer), "integer"),
    ((float, np.floating), "number"),
    ((Decimal,), "decimal"),
    ((list, tuple, set, frozenset), "list"),
    ((datetime,), "time"),
    ((date,), "date"),
)


@dataclass
class ParseIssues:
    """What could not be read in one column: how many values, the first few, and what asks for a wider type."""

    count: int = 0
    examples: list[str] = field(default_factory=list)
    times_of_day: int = 0  # values of a date column that are more than a date
    long_integers: int = 0  # whole numbers past 64 bits

    def add(self, value: Any) -> None:
        self.count += 1
        if len(self.examples) < 3:
            self.examples.append(_shortened(value))


def json_text(value: Any) -> str:
    """A value as compact JSON text, integers of any length included."""
    try:
        return orjson.dumps(value).decode()
    except (orjson.JSONEncodeError, RecursionError):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def packed(values: Sequence[Any], types: PythonTypes) -> Any:
    """One page as an Arrow array of its JSON type; lists, and values of several types, stay Python's."""
    value_types = types - {_NONE}
    logical = _JSON.get(next(iter(value_types))) if len(value_types) == 1 else None
    if logical is not None:
        try:
            return pa.array(values, ARRAYS[logical], from_pandas=logical == "number")
        except OverflowError:  # an integer past 64 bits
            pass
        except UnicodeEncodeError:  # half a surrogate pair is not a character, and no file takes it
            return pa.array([whole_text(value) for value in values], ARRAYS[logical])
    return list(values)


def json_types(page: Any) -> set[LogicalType]:
    """The JSON types of a page's values; whatever else Python holds counts as text."""
    if isinstance(page, pa.Array):
        return {_JSON_TYPES[page.type]} if page.null_count < len(page) else set()
    present = {type(value) for value in page if not is_missing(value)}
    return {
        next((logical for types, logical in _PYTHON_TYPES if issubclass(cls, types)), "text")
        for cls in present
    }


def convert(page: Any, logical: LogicalType, issues: ParseIssues) -> Any:
    """A packed page as an array of `ARRAYS[logical]`, or as a list of lists."""
    if isinstance(page, pa.Array):
        page_type = _JSON_TYPES[page.type]
        cast = _CASTS.get((page_type, logical))
        converted = page if page_type == logical else _cast_or_none(cast, page) if cast else None
        if converted is not None:
            return converted
        page = page.to_pylist()
    return _parsed(page, logical, issues)


def canonical_integers(page: Any) -> Any:
    """Ids as whole numbers, or None if one of them would not come back as it was written ("007", letters)."""
    if not isinstance(page, pa.Array):
        texts = [None if is_missing(value) else _id_text(value) for value in page]
        page = pa.array(texts, pa.large_string())
    elif pa.types.is_integer(page.type):
        return page
    elif pa.types.is_floating(page.type):
        return _cast_or_none(_number_to_integer, page)
    elif pa.types.is_boolean(page.type):
        return None
    numbers = _cast_or_none(_text_to_integer, page)
    same = numbers is not None and pc.all(pc.equal(numbers.cast(page.type), page)).as_py() is not False
    return numbers if same else None


def _id_text(value: Any) -> str:
    """An id as text; what can be none is text that no number is written as."""
    if isinstance(value, float | np.floating) and value.is_integer() and abs(float(value)) <= EXACT_FLOAT:
        value = int(value)
    return whole_text(str(value)) or "" if isinstance(value, str | int | np.integer) else "none"


def _cast_or_none(cast: Callable[[Any], Any], page: Any) -> Any:
    try:
        return cast(page)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None


# -- a whole page at once: an error, or None, means that not all of it is regular ------------------------------


def _text_to_integer(page: Any) -> Any:
    # Arrow reads "0x10" as sixteen.
    hexadecimal = pc.any(pc.match_substring(page, "x", ignore_case=True)).as_py()
    return None if hexadecimal else page.cast(pa.int64())


def _if_finite(numbers: Any, converted: Any) -> Any:
    return None if pc.all(pc.is_finite(numbers)).as_py() is False else converted


def _text_to_number(page: Any) -> Any:
    numbers = page.cast(pa.float64())  # "nan", "inf" and 1e999 are no numbers
    return _if_finite(numbers, numbers)


def _in_calendar(times: Any, count: Any, first: int, last: int) -> Any:
    """Arrow knows the year 0, and an offset may lead beyond 9999."""
    ends = pc.min_max(times.cast(count)).as_py()
    within = ends["min"] is None or (first <= ends["min"] and ends["max"] <= last)
    return times if within else None


def _number_to_integer(page: Any) -> Any:
    exact = pc.all(pc.less_equal(pc.abs(page), float(EXACT_FLOAT))).as_py()
    return None if exact is False else page.cast(pa.int64())


def _to_text(page: Any) -> Any:
    return page.cast(pa.large_string())


_CASTS: dict[tuple[LogicalType, LogicalType], Callable[[Any], Any]] = {
    ("text", "integer"): _text_to_integer,
    ("text", "number"): _text_to_number,
    ("text", "decimal"): lambda page: _if_finite(page.cast(pa.float64()), page),
    ("text", "time"): lambda page: _in_calendar(page.cast(ARRAYS["time"]), pa.int64(), _FIRST, _LAST),
    ("text", "date"): lambda page: _in_calendar(
        page.cast(pa.date32()), pa.int32(), _FIRST // _DAY, _LAST // _DAY
    ),
    ("integer", "number"): lambda page: page.cast(pa.float64()),
    ("integer", "text"): _to_text,
    ("integer", "decimal"): _to_text,
    ("boolean", "text"): _to_text,
    ("number", "integer"): _number_to_integer,
    # The shortest text of each double: the one that JSON had, up to its 15 digits.
    ("number", "decimal"): lambda page: _if_finite(page, _to_text(page)),
}


# -- one value: an error means "unreadable", None "missing" ----------------------------------------------------


def _parsed(values: Sequence[Any], logical: LogicalType, issues: ParseIssues) -> Any:
    if logical == "list" and set(map(type, values)) <= {list, _NONE}:
        return values
    parse = _PARSERS[logical]
    clean: list[Any] = []
    for value in values:
        try:
            clean.append(None if is_missing(value) else parse(value))
        except (ValueError, ArithmeticError, TypeError, RecursionError) as error:
            issues.long_integers += isinstance(error, _LongIntegerError)
            issues.add(value)
            clean.append(None)
    if logical == "list":
        return clean
    if logical == "date":
        issues.times_of_day += sum(value is not None and value % _DAY != 0 for value in clean)
        days = pa.array([None if value is None else value // _DAY for value in clean], pa.int32())
        return days.cast(pa.date32())
    if logical == "time":
        return pa.array(clean, pa.int64()).cast(ARRAYS["time"])
    if logical == "decimal":
        clean = [None if value is None else str(value) for value in clean]
    return pa.array(clean, ARRAYS[logical])


class _LongIntegerError(ValueError):
    """A whole number past 64 bits."""


def _integer(value: Any) -> int | None:
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        # Whatever stands behind the point is zero.
        value = int(text.partition(".")[0]) if _INTEGER.fullmatch(text) else _as_written(text)
    elif isinstance(value, bool | np.bool_) or not isinstance(value, int | float | Decimal | np.number):
        raise TypeError("not an integer")
    elif isinstance(value, float | np.floating) and not (
        value.is_integer() and abs(float(value)) <= EXACT_FLOAT
    ):
        raise ValueError("not an exact integer")
    # "1e999999" as an `int` has a million digits, and takes minutes.
    if isinstance(value, Decimal) and value and value.adjusted() > 18:
        raise _LongIntegerError
    exact = int(value)
    if exact != value:
        raise ValueError("not an integer")
    if not _LEAST <= exact <= _MOST:
        raise _LongIntegerError
    return exact


def _boolean(value: Any) -> bool | None:
    if isinstance(value, bool | np.bool_ | int) and value in (0, 1):
        return bool(value)
    text = value.strip().lower() if isinstance(value, str) else "neither"
    if text and text not in _TRUE and text not in _FALSE:
        raise ValueError("neither true nor false")
    return text in _TRUE if text else None


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, Decimal):
        exact = value
    elif isinstance(value, str):
        text = value.strip().removesuffix("%").rstrip()
        if not text:
            return None
        exact = Decimal(text) if _NUMBER.fullmatch(text) else _as_written(text)
    elif isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.number):
        raise TypeError("not a number")
    else:
        exact = Decimal(str(value))
    if not exact.is_finite():
        raise ValueError("not finite")
    return exact


def written_number(text: str, decimal_comma: bool = False) -> str | None:
    """A number as people write it ("$1,234.50", "(12.00)", "1 234") with a point and no groups; None if it is none.

    With a point "1.234,50" could mean two things, and is none.
    """
    number = _CURRENCY.sub("", text)
    negative = number.startswith("(") and number.endswith(")")
    number = _CURRENCY.sub("", number.strip("()")) if negative else number
    if not (_COMMA if decimal_comma else _POINT).fullmatch(number) or not any(map(str.isdigit, number)):
        return None
    number = _GROUPS.sub("", number)
    number = number.replace(".", "").replace(",", ".") if decimal_comma else number.replace(",", "")
    return f"-{number}" if negative else number


def _as_written(text: str) -> Decimal:
    written = written_number(text)
    if written is None:
        raise ValueError("not a number")
    return Decimal(written)


def _number(value: Any) -> float | None:
    if isinstance(value, float):
        return value
    exact = _decimal(value)
    number = None if exact is None else float(exact)
    if number is not None and math.isinf(number):
        raise ValueError("beyond a float")
    return number


def _text(value: Any) -> str | None:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, str):
        return whole_text(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return whole_text(json_text(value.item() if isinstance(value, np.generic) else value))


def _microseconds(value: Any) -> int | None:
    """Microseconds since 1970 in UTC; a time without zone is taken as UTC."""
    if isinstance(value, str) and _EPOCH_DIGITS.fullmatch(value):
        value = int(value)
    moment = _moment(value)
    if moment is None:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    # An offset may lead out of the calendar, which is an error.
    return (aware.astimezone(UTC) - _EPOCH) // _MICROSECOND


def _day_with_time(value: Any) -> int | None:
    """Microseconds since 1970 of the calendar day as written; with the time of day, if there is one."""
    moment = _moment(value, least=_SECONDS_FROM)
    return None if moment is None else (moment.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND


def _moment(value: Any, *, least: int = 0) -> datetime | None:
    """Text, a date, or a count from `least` on (Resource Planning sends seconds or milliseconds since 1970) as a time."""
    if isinstance(value, str):
        text = value.strip()
        text = f"{text[:-4]}Z" if text.endswith(" UTC") else text
        return datetime.fromisoformat(text) if text else None
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) >= least:
        return _EPOCH + _MICROSECOND * int(value * (1000 if abs(value) >= _MILLISECONDS_FROM else 1_000_000))
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time())
    if not isinstance(value, datetime):
        raise TypeError("not a time")
    return value


_PARSERS: dict[LogicalType, Callable[[Any], Any]] = {
    "integer": _integer,
    "boolean": _boolean,
    "number": _number,
    "decimal": _decimal,
    "text": _text,
    "time": _microseconds,
    "date": _day_with_time,
    "list": lambda value: list(value) if isinstance(value, list | tuple | set | frozenset) else [value],
}


def whole_text(text: str | None) -> str | None:
    """Text without half surrogate pairs."""
    return text and text.encode("utf-8", "replace").decode()


def _shortened(value: Any) -> str:
    try:
        text = value if isinstance(value, str) else json_text(value)
    except (TypeError, ValueError, RecursionError):
        text = f"a {type(value).__name__}"
    text = whole_text(text) or ""
    return text if len(text) <= 60 else text[:59] + "…"
