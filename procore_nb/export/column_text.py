"""Columns as the text of a CSV file, and such text as columns; their names as people read them.

In: a column of any dtype. Out: its type, and one text per row (None where missing); and the way back, from Arrow text.
Speaks to no service. A column that nobody changed is cast in C++; one that holds an edited cell is read value by value, by
the readers of records from Procore.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, cast

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from procore_nb.frames.codec import decode, dtype_of, from_any_column, json_value, logical_type
from procore_nb.frames.parse import ParseIssues, json_text
from procore_nb.frames.record_columns import read_column, whole_numbers
from procore_nb.frames.types import LogicalType
from procore_nb.scalars import is_missing

TIMES = frozenset({"date", "time", "moment"})
NUMBERS = frozenset({"integer", "number", "decimal"})
_OF_NUMPY = {"i": "integer", "u": "integer", "f": "number", "b": "boolean"}
_JSON = {list, dict, str, int, float, bool}
_MAX_PLACES = 40  # an amount of more is written with an exponent
# Texts that `to_csv` writes; Arrow would read 0x1F too, Python NaN.
_WRITTEN = {"integer": "^-?[0-9]+$", "decimal": "^-?([0-9.]+(e[+-]?[0-9]+)?|Infinity)$"}
_UNIT = re.compile(r"\[(s|ms|us|ns)\b")
_CAPITALS = re.compile(r"\b(Rfis?|Url|Wbs|Erp|Pdf|Gps|Osha|Uuid)\b", re.IGNORECASE)


@dataclass(frozen=True)
class ColumnType:
    """How a column is written, and what it is in pandas."""

    # A logical type of our frames (a list, or any nested value, is JSON text), or `moment` for times of day without zone,
    # or `id` for digits or text where only a name speaks.
    logical: str
    dtype: str  # of pandas
    categories: list[str] | None = None
    ordered: bool = False
    of: str | None = None  # the dtype of categories
    range: list[str] | None = None  # the least and the greatest value
    lost: str | None = None  # a dtype that does not come back
    money: bool = False  # also hours and percents: written with two decimals at least

    @classmethod
    def of_logical(cls, logical: str) -> ColumnType:
        return cls(logical, dtype_of("text" if logical == "id" else cast("LogicalType", logical)))


def native(column: pd.Series[Any]) -> pd.Series[Any]:
    """The same values in a dtype of numpy or of our frames: neither sparse nor of Arrow."""
    dtype = column.dtype
    if isinstance(dtype, pd.SparseDtype):
        return pd.Series(np.asarray(column))
    if isinstance(dtype, pd.ArrowDtype):
        arrow = pa.chunked_array(column.array.__arrow_array__())
        return pd.Series(from_any_column(arrow, decimals="exact"))
    return column


def type_of(column: pd.Series[Any]) -> ColumnType:
    """How to write this column: by its dtype, and for objects by what they are."""
    dtype: Any = column.dtype
    name, code = str(dtype), getattr(dtype, "kind", "O")
    if isinstance(dtype, pd.CategoricalDtype):
        values = pd.Series(dtype.categories)
        inner = type_of(values)
        texts = [text or "" for text in texts_of(native(values), inner)]
        return replace(inner, dtype="category", categories=texts, ordered=bool(dtype.ordered), of=inner.dtype)
    if isinstance(dtype, pd.StringDtype):
        # The storage is the reader's business, what counts is how it writes "missing".
        return ColumnType("text", "string" if dtype.na_value is pd.NA else "str")
    if isinstance(dtype, pd.SparseDtype | pd.ArrowDtype):
        return replace(type_of(native(column)), lost=name)
    if isinstance(dtype, pd.DatetimeTZDtype):
        return ColumnType("time", name)
    if name == "object":
        return _type_of_objects(column)
    if code == "M":
        present = column.dropna()
        return ColumnType("date" if bool((present == present.dt.normalize()).all()) else "moment", name)
    if code in _OF_NUMPY and dtype_named(name) == dtype and getattr(dtype, "itemsize", 8) <= 8:
        return ColumnType(_OF_NUMPY[code], name)
    if isinstance(dtype, pd.PeriodDtype):
        return ColumnType("text", name)
    return ColumnType("text", "object", lost=name)


def _type_of_objects(column: pd.Series[Any]) -> ColumnType:
    logical = logical_type(column)
    if logical is not None:
        return ColumnType(logical, "object")
    classes = {type(value) for value in column.array if not is_missing(value)}
    if classes and all(issubclass(cls, str) for cls in classes):
        return ColumnType("text", "object")
    foreign = ", ".join(sorted(cls.__name__ for cls in classes - _JSON))
    # Values of one type, such as Python's dates, are better read by people than JSON of them.
    as_text = foreign and not classes & _JSON and classes != {dt.datetime}
    return ColumnType("text" if as_text else "list", "object", lost=foreign or None)


def range_of(column: pd.Series[Any], how: ColumnType) -> list[str] | None:
    """The least and the greatest value as text, for types whose cells a spreadsheet may rewrite."""
    if how.categories is not None or how.logical not in TIMES | NUMBERS:
        return None
    # A signalling NaN among objects refuses to be compared.
    present = column[[not is_missing(v) for v in column.array] if column.dtype == object else column.notna()]
    if present.empty:
        return None
    ends = pd.Series([present.min(), present.max()], dtype=column.dtype)
    return [text or "" for text in texts_of(ends, how)]


def dtype_named(name: str) -> Any:
    """The dtype of that name; None where a name does not lead to one."""
    try:
        return pd.api.types.pandas_dtype(name)
    except (TypeError, NotImplementedError):
        return None


# -- to text ---------------------------------------------------------------------------------------------------


def texts_of(column: pd.Series[Any], how: ColumnType) -> list[str | None]:
    """One text per row, None where missing."""
    if how.categories is not None and isinstance(column.dtype, pd.CategoricalDtype):
        texts = [*how.categories, None]  # the code of missing is -1
        return [texts[code] for code in column.cat.codes.tolist()]
    if column.dtype.kind == "M":
        return _texts_of_times(column, how.logical)
    values: list[Any] = column.astype(object).tolist()
    write = _amount if how.money else _WRITERS.get(how.logical, str)
    return [None if is_missing(value) else write(value) for value in values]


def _texts_of_times(column: pd.Series[Any], logical: str) -> list[str | None]:
    """Times to the second, with a fraction where they have one."""
    zone = "Z" if logical == "time" else ""
    times = (column.dt.tz_convert("UTC").dt.tz_localize(None) if zone else column).to_numpy()
    texts = np.datetime_as_string(times, unit="D" if logical == "date" else "s")
    fractional = (times != times.astype("M8[s]")) & ~np.isnat(times)
    if fractional.any():
        texts = np.where(fractional, np.datetime_as_string(times), texts)
    return [None if text == "NaT" else text + zone for text in texts.tolist()]


def _json_of(value: Any) -> str:
    """Compact JSON text of anything, integers of any length included."""
    with suppress(orjson.JSONEncodeError, RecursionError):
        return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS).decode()
    try:
        return json_text(sorted(value, key=repr) if isinstance(value, set | frozenset) else value)
    except (TypeError, ValueError, RecursionError):  # keys of several parts, or what holds itself
        return json_text(str(value))


def _amount(value: Any) -> str:
    """At least two decimals, and never fewer than the value has: 20153760.00, 0.125."""
    text = str(value) if isinstance(value, Decimal) else repr(float(value))
    if "e" in text or "E" in text:
        exact = Decimal(text)
        if abs(exact.adjusted()) > _MAX_PLACES or int(exact.as_tuple().exponent) < -_MAX_PLACES:
            return text.replace("E", "e")
        text = f"{exact:f}"
    _, point, places = text.partition(".")
    short = len(places) < 2 and text[-1].isdigit()  # "Infinity" is no number of places
    return f"{text}{'' if point else '.'}{'0' * (2 - len(places))}" if short else text


_WRITERS: dict[str, Any] = {
    "list": _json_of,
    "boolean": lambda value: "true" if value else "false",
    "number": lambda value: repr(float(value)),
    "decimal": lambda value: str(value).replace("E", "e"),  # a large E is a spreadsheet's, which rounds
}


# -- from text -------------------------------------------------------------------------------------------------


def column_from(cells: Any, how: ColumnType, issues: ParseIssues) -> pd.Series[Any]:
    """The column that was written as these cells (a chunked array of text)."""
    column = column_at_once(cells, how)
    return column if column is not None else column_by_value(cells.to_pylist(), how, issues)


def column_at_once(cells: Any, how: ColumnType) -> pd.Series[Any] | None:
    """The column if all its cells are as `to_csv` writes them, else None."""
    if how.categories is not None:
        return cast("pd.Series[Any] | None", _categories(cells, how))
    with suppress(pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError, ArithmeticError):
        return _with_dtype(_cast(cells, how), how)
    return None


def column_by_value(texts: Sequence[str | None], how: ColumnType, issues: ParseIssues) -> pd.Series[Any]:
    """The column of cells of which some are edited; those that cannot be read are counted, and missing."""
    if how.categories is not None:
        known = {None, *how.categories}
        for text in texts:
            if text not in known:
                issues.add(text)
        kept = pa.array([text if text in known else None for text in texts], pa.string())
        return cast("pd.Series[Any]", _categories(pa.chunked_array([kept]), how))
    if how.logical == "list":
        return pd.Series([_json_or_issue(text, issues) for text in texts], dtype=object)
    logical = cast("LogicalType", "time" if how.logical == "moment" else how.logical)
    column = pd.Series(read_column(texts, logical, issues, "exact"))
    return _with_dtype(column.dt.tz_localize(None) if how.logical == "moment" else column, how)


def _json_or_issue(text: str | None, issues: ParseIssues) -> Any:
    try:
        return None if text is None else json_value(text)
    except ValueError:
        issues.add(text)
        return None


def _cast(cells: Any, how: ColumnType) -> pd.Series[Any]:
    logical = how.logical
    if logical == "integer" or (logical == "decimal" and how.dtype == "object"):
        written = pc.all(pc.match_substring_regex(cells, _WRITTEN[logical])).as_py()
        if written is False:  # None: there are no cells
            raise ValueError("not as to_csv writes it")
    if logical in ("text", "id"):
        texts = decode(cells, "text")
        numbers = whole_numbers(texts) if logical == "id" else None
        return pd.Series(texts if numbers is None else numbers)
    if logical == "list":
        return pd.Series(decode(cells, "list"))
    if logical == "decimal" and how.dtype == "object":
        return pd.Series(decode(cells, "decimal", decimals="exact"))
    if logical in TIMES:
        unit = _UNIT.search(how.dtype)
        timestamp = pa.timestamp(unit[1] if unit else "us", "UTC" if logical == "time" else None)
        times = (cells.cast(pa.date32()) if logical == "date" else cells).cast(timestamp)
        naive = pd.Series(times.cast(pa.timestamp(timestamp.unit)).to_numpy())
        return naive.dt.tz_localize("UTC") if logical == "time" else naive
    if logical == "integer":
        name = how.dtype.lower() if how.dtype != "object" else "int64"
        dtype: Any = dtype_named(name.capitalize().replace("Ui", "UI"))
        return pd.Series(dtype.__from_arrow__(cells.cast(pa.type_for_alias(name))))
    if logical == "boolean":
        return pd.Series(decode(cells.cast(pa.bool_()), "boolean"))
    return pd.Series(decode(cells.cast(pa.float64()), "number"))


def _categories(cells: Any, how: ColumnType) -> Any:
    texts = pa.array(how.categories, pa.string())
    codes = pc.index_in(cells, value_set=texts)
    if codes.null_count > cells.null_count:
        return None
    inner = ColumnType(how.logical, how.of or "str")
    categories = pd.Index(column_from(pa.chunked_array([texts]), inner, ParseIssues()))
    numbers = codes.fill_null(-1).to_numpy()
    return pd.Series(pd.Categorical.from_codes(numbers, categories=categories, ordered=how.ordered))


def _with_dtype(column: pd.Series[Any], how: ColumnType) -> pd.Series[Any]:
    """The column in its dtype; as it is where an edited file holds what does not fit."""
    if how.dtype == "object":
        return column.astype(object).where(column.notna(), None)
    dtype = dtype_named(how.dtype)
    if dtype is None or column.dtype == dtype or how.logical == "id":
        return column
    try:
        converted = column.astype(dtype)
    except (TypeError, ValueError, NotImplementedError, OverflowError):  # an int64 column now has a gap
        return column
    # numpy makes 44 of 300 where it becomes an int8.
    overflows = how.logical == "integer" and not (converted == column).fillna(True).all()
    return column if overflows else converted


# -- names -----------------------------------------------------------------------------------------------------


def titles(labels: list[str]) -> list[str]:
    """Names of columns as words: `ball_in_court.name` is Ball in court, unless another column is called so."""
    short = [title(label.removesuffix(".name")) for label in labels]
    return [
        text if short.count(text) == 1 else title(label) for text, label in zip(short, labels, strict=True)
    ]


def title(label: str) -> str:
    """One name as words: `due_date` is Due date."""
    text = re.sub(r"[\s_.]+", " ", label.removeprefix("custom_fields.")).strip()
    text = _CAPITALS.sub(lambda match: match[0].upper().replace("RFIS", "RFIs"), text)
    return text[:1].upper() + text[1:] or label
