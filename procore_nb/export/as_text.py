"""Columns as text, without loss.

In: a column of any dtype. Out: its type, and one text per row (None where missing). `from_text` is the way back.
Speaks to no service.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np
import orjson
import pandas as pd

_KINDS = {"i": "integer", "u": "integer", "f": "number", "b": "boolean", "M": "moment", "m": "span"}
# What objects of a column are, if all are the same: the kind of the column, and how its texts are made.
_OBJECTS: dict[type, str] = {
    Decimal: "decimal",
    int: "integer",
    float: "number",
    bool: "boolean",
    dt.date: "date",
    dt.time: "clock",
    dt.datetime: "moment",
    pd.Timestamp: "moment",
}
_JSON = {list, dict, str, int, float, bool}
_MISSING = {float: "NaN", type(pd.NA): "NA", type(pd.NaT): "NaT"}
_ORJSON = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS


@dataclass(frozen=True)
class ColumnType:
    """How a column is written, and what it is in pandas.

    `kind` says how its cells are written: integer, number, boolean, text, decimal, time (with a zone, written in UTC), date,
    moment (without zone), span, clock, json; `list` where only a name speaks. `of` is the dtype of categories, or what the
    objects of a column are (`object:date`); `missing` how such a column says missing, if not by None; `lost` what does not come back.
    """

    kind: str
    dtype: str
    categories: list[str] | None = None
    ordered: bool = False
    of: str | None = None
    missing: str | None = None
    lost: str | None = None

    def told(self) -> dict[str, Any]:
        """What the way back needs, for a file."""
        return {
            key: value for key, value in asdict(self).items() if value not in (None, False) and key != "lost"
        }


def is_missing(value: Any) -> bool:
    """Whether a single value is missing; a list never is."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    if isinstance(value, Decimal):
        return value.is_nan()  # a signalling one refuses to be compared
    return isinstance(value, float | np.floating | np.datetime64) and bool(value != value)


def plain(column: pd.Series[Any]) -> pd.Series[Any]:
    """The same values in a dtype that numpy or pandas itself brings."""
    dtype = column.dtype
    if isinstance(dtype, pd.SparseDtype):
        return plain(pd.Series(np.asarray(column)))
    if isinstance(dtype, pd.ArrowDtype):
        return column.astype(object).where(column.notna(), None)
    if dtype.kind == "c" or str(dtype) in ("float128", "float96"):
        return pd.Series(
            [None if value != value else str(value) for value in column.to_numpy()], dtype=object
        )
    return column


def type_of(column: pd.Series[Any]) -> ColumnType:
    """How to write this column: by its dtype, and for objects by what they are."""
    dtype: Any = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return _of_categories(dtype)
    if isinstance(dtype, pd.StringDtype):
        # The storage is the reader's business, what counts is how it writes "missing".
        return ColumnType("text", "string" if dtype.na_value is pd.NA else "str")
    if isinstance(dtype, pd.PeriodDtype | pd.IntervalDtype):
        return ColumnType("text", str(dtype), lost=_lost(dtype))
    values = plain(column)
    if values.dtype == object:
        how = _of_objects(values, str(dtype))
        return how if str(dtype) == "object" else replace(how, lost=how.lost or _lost(dtype))
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return ColumnType("time", str(dtype))
    kind = _KINDS.get(getattr(values.dtype, "kind", "O"), "text")
    if kind == "moment":
        there = values.dropna()
        kind = "date" if bool((there == there.dt.normalize()).all()) else kind
    return ColumnType(kind, str(dtype), lost=_lost(dtype))


def _lost(dtype: Any) -> str | None:
    """The name of a dtype that no text leads back to."""
    if isinstance(dtype, pd.IntervalDtype):
        return str(dtype)
    try:
        known = pd.api.types.pandas_dtype(str(dtype)) == dtype
    except (TypeError, NotImplementedError):
        known = False
    return None if known else str(dtype)


def _of_categories(dtype: pd.CategoricalDtype) -> ColumnType:
    values = pd.Series(dtype.categories)
    inner = type_of(values)
    texts = [text or "" for text in texts_of(plain(values), inner)]
    of = inner.of if inner.dtype == "object" and inner.of else inner.dtype
    return ColumnType(inner.kind, "category", texts, bool(dtype.ordered), of, lost=inner.lost)


def _of_objects(values: pd.Series[Any], dtype: str) -> ColumnType:
    there: set[type] = set()
    gone: set[type] = set()
    for value in values.tolist():
        (gone if is_missing(value) else there).add(type(value))
    missing = _MISSING.get(next(iter(gone))) if len(gone) == 1 else None
    same = {_named(one) for one in there}
    if len(same) == 1 and (one := same.pop()) in _OBJECTS:
        kind = _OBJECTS[one]
        if kind == "moment" and all(value.tzinfo for value in values.tolist() if not is_missing(value)):
            kind = "time"
        return ColumnType(kind, dtype, of=f"object:{one.__name__}", missing=missing)
    if there and all(issubclass(one, str) for one in there):
        return ColumnType("text", dtype, missing=missing)
    odd = sorted(one.__name__ for one in there - _JSON)
    return ColumnType("json", dtype, missing=missing, lost=", ".join(odd) or None)


def _named(one: type) -> type:
    """The Python type that says the same as a numpy scalar's."""
    pairs = ((np.bool_, bool), (np.integer, int), (np.floating, float))
    return next((python for numpy, python in pairs if issubclass(one, numpy)), one)


def texts_of(column: pd.Series[Any], how: ColumnType) -> list[str | None]:
    """One text per row, None where missing."""
    if how.categories is not None and isinstance(column.dtype, pd.CategoricalDtype):
        texts = [*how.categories, None]  # the code of missing is -1
        return [texts[code] for code in column.cat.codes.tolist()]
    if column.dtype.kind == "M":
        return _moments(column, how.kind)
    values: list[Any] = column.astype(object).tolist()
    write = _WRITE.get(how.kind, str)
    return [None if is_missing(value) else write(value) for value in values]


def _moments(column: pd.Series[Any], kind: str) -> list[str | None]:
    bare = column.dt.tz_convert("UTC").dt.tz_localize(None) if kind == "time" else column
    moments = bare.to_numpy()
    mark = "Z" if kind == "time" else ""
    texts = np.datetime_as_string(moments, unit="D" if kind == "date" else "s").tolist()
    whole = moments == moments.astype("M8[s]")
    exact = np.datetime_as_string(moments).tolist()
    rows = zip(texts, exact, whole.tolist(), column.isna().tolist(), strict=True)
    return [
        None if gone else text + mark if full or kind == "date" else more + mark
        for text, more, full, gone in rows
    ]


def _json_text(value: Any) -> str:
    """Compact JSON text, integers of any length included."""
    try:
        return orjson.dumps(value, option=_ORJSON).decode()
    except (orjson.JSONEncodeError, RecursionError):
        pass
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_json_word)
    except (TypeError, ValueError, RecursionError):  # keys of several parts, or what holds itself
        return json.dumps(str(value), ensure_ascii=False)


def _json_word(value: Any) -> Any:
    """What JSON has no word for, in one that it has."""
    if isinstance(value, set | frozenset):
        return list(value)
    return value.tolist() if hasattr(value, "tolist") else str(value)


_WRITE: dict[str, Any] = {
    "json": _json_text,
    "boolean": lambda value: "true" if value else "false",
    "number": lambda value: repr(float(value)),
    "span": lambda value: value.isoformat(),
    "clock": dt.time.isoformat,
    "date": lambda value: value.isoformat(),
    "moment": lambda value: value.isoformat(),
    "time": lambda value: value.isoformat(),
}
