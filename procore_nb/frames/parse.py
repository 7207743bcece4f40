"""Values of one column and one page, read as one kind.

In: a list of JSON values. Out: compact arrays of that kind, and the values that could not be read. Speaks to
no service. A page of regular values is read at once; only a page that holds an odd one goes value by value.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import orjson
import pandas as pd

from procore_nb.frames import times
from procore_nb.frames.types import LogicalType

Kinds = set[type]
_NONE = type(None)
_LEAST, _MOST = -(2**63), 2**63 - 1
_EXACT_FLOAT = 2**53
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d+(\.0*)?", re.ASCII)
# Money as people write it: "$1,234.50", "(12.00)" for minus twelve. "1.234,50" could mean two things and stays unread.
_WRITTEN = re.compile(
    r"(?P<minus>[-(]?)\s*[$€£]?\s*(?P<digits>\d{1,3}(,\d{3})+(\.\d+)?|\d+(\.\d+)?)\s*(?P<close>\)?)", re.ASCII
)
_TRUE, _FALSE = frozenset({"true", "t", "yes", "y", "1"}), frozenset({"false", "f", "no", "n", "0"})
_NUMBER_LETTERS = b"0123456789.+-eE"


@dataclass
class ParseIssues:
    """What could not be read in one column: how many, and the first few."""

    count: int = 0
    cut: int = 0
    examples: list[tuple[int, str]] = field(default_factory=list)

    def add(self, place: int, value: Any) -> None:
        """Note one unreadable value of the page at this place."""
        self.count += 1
        if len(self.examples) < 3 or place < self.examples[-1][0]:
            self.examples = sorted([*self.examples, (place, _shortened(value))], key=lambda pair: pair[0])[:3]


def read(kind: LogicalType, values: Sequence[Any], types: Kinds, trouble: ParseIssues, place: int = 0) -> Any:
    """The page's values as an array of this kind: pairs (values, missing) of integers and booleans, lists of texts."""
    at_once = _AT_ONCE[kind](values, types)
    if at_once is not None:
        return at_once
    one = _ONE[kind]
    clean: list[Any] = []
    for value in values:
        if value is None or value is pd.NA or value is pd.NaT:
            clean.append(None)
            continue
        try:
            clean.append(one(value))
        except (ValueError, ArithmeticError, TypeError, RecursionError):
            trouble.add(place, value)
            clean.append(None)
    if kind == "date":
        trouble.cut += sum(value is not None and value[1] for value in clean)
        clean = [value and value[0] for value in clean]
    return times.pack(clean) if kind in ("time", "date") else _AT_ONCE[kind](clean, set(map(type, clean)))


def read_at_once(kind: LogicalType, values: Sequence[Any], types: Kinds) -> Any:
    """The same if every value is regular, else None."""
    return _AT_ONCE[kind](values, types)


def json_text(value: Any) -> str:
    """A value as compact JSON text, integers of any length included."""
    try:
        return orjson.dumps(value).decode()
    except (orjson.JSONEncodeError, RecursionError):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


# -- a whole page at once: None means "not all of it is regular" -----------------------------------------


def _integers(values: Sequence[Any], types: Kinds) -> Any:
    if not types <= {int, _NONE}:
        return None
    try:
        if _NONE not in types:
            return np.array(values, np.int64), None
        missing = np.array([value is None for value in values], bool)
        return np.array([value or 0 for value in values], np.int64), missing
    except OverflowError:
        return None


def _booleans(values: Sequence[Any], types: Kinds) -> Any:
    if not types <= {bool, _NONE}:
        return None
    missing = np.array([value is None for value in values], bool) if _NONE in types else None
    return np.array(values, bool), missing


def _numbers(values: Sequence[Any], types: Kinds) -> Any:
    if not types <= {float, int, _NONE}:
        return None
    try:
        return np.array(values, np.float64)
    except OverflowError:
        return None


def _texts(values: Sequence[Any], types: Kinds) -> Any:
    return values if types <= {str, _NONE} else None


def _decimals(values: Sequence[Any], types: Kinds) -> Any:
    if types <= {Decimal, _NONE}:
        return values
    if not types <= {str, _NONE}:
        return None
    known = set(values)
    known.discard(None)
    if "".join(known).encode("utf-8", "replace").translate(None, _NUMBER_LETTERS):
        return None
    try:
        exact: dict[Any, Decimal | None] = {text: Decimal(text) for text in known}
    except ArithmeticError:
        return None
    exact[None] = None
    return [exact[value] for value in values]


def _times(values: Sequence[Any], types: Kinds) -> Any:
    return _filled(values, types, "1970-01-01T00:00:00Z", times.read_regular_times)


def _dates(values: Sequence[Any], types: Kinds) -> Any:
    return _filled(values, types, "1970-01-01", times.read_regular_dates)


def _filled(values: Sequence[Any], types: Kinds, filler: str, reader: Callable[[Sequence[str]], Any]) -> Any:
    """Read the texts, with a filler for the missing ones, which become NaT."""
    if types == {str}:
        return reader(values)
    if types != {str, _NONE}:
        return None
    like = len(next(value for value in values if value is not None))
    if like > len(filler):
        filler = f"{filler[:-1]}.{'0' * (like - len(filler) - 1)}Z"
    parsed = reader([filler if value is None else value for value in values])
    if parsed is not None:
        parsed[[value is None for value in values]] = times.MISSING
    return parsed


def _lists(values: Sequence[Any], types: Kinds) -> Any:
    return values if types <= {list, _NONE} else None


# -- one value: an error means "unreadable", None "missing" --------------------------------------------


def _integer(value: Any) -> int | None:
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        if not _INTEGER.fullmatch(text):
            raise ValueError("not an integer")
        value = int(text.partition(".")[0])  # whatever stands behind the point is zero
    elif isinstance(value, bool | np.bool_) or not isinstance(value, int | float | Decimal | np.number):
        raise TypeError("not an integer")
    elif isinstance(value, float | np.floating):
        if math.isnan(value):
            return None
        if not value.is_integer() or abs(float(value)) > _EXACT_FLOAT:
            raise ValueError("not an exact integer")
    exact = int(value)
    if exact != value:
        raise ValueError("not an integer")
    if not _LEAST <= exact <= _MOST:
        raise ValueError("beyond 64 bits")
    return exact


def _boolean(value: Any) -> bool | None:
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    if isinstance(value, str):
        text = value.strip().lower()
        if text in _TRUE or text in _FALSE or not text:
            return text in _TRUE if text else None
    raise ValueError("neither true nor false")


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
    elif isinstance(value, float) and math.isnan(value):
        return None
    else:
        exact = Decimal(str(value))
    if not exact.is_finite():
        raise ValueError("not finite")
    return exact


def _as_written(text: str) -> Decimal:
    """A number with thousands, a currency sign or an accountant's minus."""
    written = _WRITTEN.fullmatch(text)
    if not written or (written["minus"] == "(") != bool(written["close"]):
        raise ValueError("not a number")
    exact = Decimal(written["digits"].replace(",", ""))
    return -exact if written["minus"] else exact


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
        return None if math.isnan(value) else str(value)
    if isinstance(value, str):
        text = str(value)
    elif isinstance(value, datetime | date):
        text = value.isoformat()
    elif isinstance(value, Decimal):
        text = str(value)
    else:
        text = json_text(value.item() if isinstance(value, np.generic) else value)
    return text


def _list(value: Any) -> list[Any]:
    if isinstance(value, list | tuple | set | frozenset):
        return list(value)
    return [value]


_AT_ONCE: dict[LogicalType, Callable[[Sequence[Any], Kinds], Any]] = {
    "integer": _integers,
    "boolean": _booleans,
    "number": _numbers,
    "decimal": _decimals,
    "text": _texts,
    "time": _times,
    "date": _dates,
    "list": _lists,
}
_ONE: dict[LogicalType, Callable[[Any], Any]] = {
    "integer": _integer,
    "boolean": _boolean,
    "number": _number,
    "decimal": _decimal,
    "text": _text,
    "time": times.read_time,
    "date": times.read_date,
    "list": _list,
}


def _shortened(value: Any) -> str:
    text = value if isinstance(value, str) else _plain(value)
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= 60 else text[:59] + "…"


def _plain(value: Any) -> str:
    try:
        return json_text(value)
    except (TypeError, ValueError, RecursionError):
        return f"a {type(value).__name__}"
