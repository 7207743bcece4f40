"""Columns from the text that they were written as.

In: one text per row (None where missing), and the column's type. Out: the column; what could not be read is counted.
Speaks to no service. A file that nobody changed is read at once; cells that a person typed go through the same
readers as records from Procore.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any, cast

import numpy as np
import orjson
import pandas as pd

from procore_nb.export.as_text import ColumnType
from procore_nb.frames.column_builder import numbered, read_column
from procore_nb.frames.parse import ParseIssues
from procore_nb.frames.types import LogicalType

_OWN_KINDS: frozenset[str] = frozenset(
    {"integer", "number", "boolean", "text", "decimal", "time", "date", "list"}
)
_OWN_DTYPES = {"time": "datetime64[us, UTC]", "date": "datetime64[us]"}
_ENDLESS = {"Infinity": Decimal("Infinity"), "-Infinity": Decimal("-Infinity")}
_MISSING = {"NaN": np.nan, "NA": pd.NA, "NaT": pd.NaT}
_LONG_NUMBER = re.compile(r"\d{19}")
_LAST_DASH = 12  # a dash behind it belongs to an offset such as -05:00
_OBJECTS: dict[str | None, Callable[[str], Any]] = {
    "object:int": int,
    "object:float": float,
    "object:bool": {"true": True, "false": False}.__getitem__,
    "object:date": dt.date.fromisoformat,
    "object:time": dt.time.fromisoformat,
    "object:datetime": dt.datetime.fromisoformat,
    "object:Timestamp": pd.Timestamp,
}
# How Python reads a kind, and the letters that it may be written with; int() would take "1_000" too.
_PYTHON: dict[str, tuple[Callable[[str], Any], bytes]] = {
    "integer": (int, b"-0123456789"),
    "number": (float, b"+-.0123456789efin"),
    "boolean": (_OBJECTS["object:bool"], b""),
}


def column_from(texts: list[str | None], how: ColumnType, trouble: ParseIssues) -> pd.Series[Any]:
    """The column that was written as these texts."""
    if how.categories is not None:
        return _categories(texts, how, trouble)
    if how.kind == "json":
        return _objects(texts, how, _from_json, trouble)
    if how.of in _OBJECTS:
        return _objects(texts, how, _OBJECTS[how.of], trouble)
    if how.kind in ("span", "moment") or how.dtype != _OWN_DTYPES.get(how.kind, how.dtype):
        return _by_pandas(texts, how, trouble)
    return _as(pd.Series(_ours(texts, how, trouble)), how)


def joined_parts(parts: list[pd.Series[Any]], how: ColumnType) -> pd.Series[Any]:
    """The whole column; only the whole tells whether ids that nobody declared are numbers."""
    whole = parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)
    numbers = numbered(whole.array) if how.kind == "id" else None
    return whole if numbers is None else pd.Series(numbers)


def dtype_named(name: str) -> Any:
    """The dtype of that name; None where a name does not lead to one."""
    try:
        return pd.api.types.pandas_dtype(name)
    except (TypeError, NotImplementedError):
        return None


def _categories(texts: list[str | None], how: ColumnType, trouble: ParseIssues) -> pd.Series[Any]:
    known = list(how.categories or [])
    code_of: dict[str | None, int] = {text: code for code, text in enumerate(known)} | {None: -1}
    codes = []
    for text in texts:
        code = code_of.get(text)
        if code is None:
            trouble.add(text)
        codes.append(-1 if code is None else code)
    of = how.of or "str"
    inner = ColumnType(how.kind, "object", of=of) if of.startswith("object:") else ColumnType(how.kind, of)
    values = pd.Index(column_from(list(known), inner, trouble))
    return pd.Series(pd.Categorical.from_codes(codes, categories=values, ordered=how.ordered))


def _objects(
    texts: list[str | None], how: ColumnType, from_text: Callable[[str], Any], trouble: ParseIssues
) -> pd.Series[Any]:
    values: list[Any] = [None] * len(texts)
    for row, text in enumerate(texts):
        if text is None:
            continue
        try:
            values[row] = from_text(text)
        except (ValueError, KeyError):
            trouble.add(text)
    return objects_as(values, how)


def objects_as(values: list[Any], how: ColumnType) -> pd.Series[Any]:
    """Objects as a column that says missing as it did."""
    column = np.full(len(values), _MISSING.get(how.missing or ""), object)
    for row, value in enumerate(values):  # numpy would take lists apart
        if value is not None:
            column[row] = value
    series = pd.Series(column, dtype=object)
    return series if how.dtype == "object" else _as(series, how)


def _from_json(text: str) -> Any:
    return json.loads(text) if _LONG_NUMBER.search(text) else orjson.loads(text)


def _by_pandas(texts: list[str | None], how: ColumnType, trouble: ParseIssues) -> pd.Series[Any]:
    """Times of dtypes that our own frames never have."""
    there = pd.Series(texts, dtype=object)
    values = pd.to_timedelta(there, errors="coerce") if how.kind == "span" else _moments(texts, how)
    for row in np.flatnonzero(values.isna().to_numpy() & there.notna().to_numpy()).tolist():
        trouble.add(texts[row])
    return _as(values, how)


def _moments(texts: list[str | None], how: ColumnType) -> pd.Series[Any]:
    zoned, unit = how.kind == "time", re.search(r"\[(s|ms|us)\b", how.dtype)
    bare = ["NaT" if text is None else text.removesuffix("Z") for text in texts]
    by_hand = any("+" in text or text.rfind("-") > _LAST_DASH for text in bare)
    with suppress(ValueError, OverflowError):
        if unit and not by_hand:  # numpy knows years that pandas does not read
            moments = pd.Series(np.array(bare, dtype=f"M8[{unit[1]}]"))
            return moments.dt.tz_localize("UTC") if zoned else moments
    return pd.to_datetime(pd.Series(texts, dtype=object), errors="coerce", format="ISO8601", utc=zoned)


def _ours(texts: list[str | None], how: ColumnType, trouble: ParseIssues) -> Any:
    """A column of a kind that our own frames have."""
    kind = cast("LogicalType", how.kind if how.kind in _OWN_KINDS else "text")
    values: list[Any] = texts
    endless: dict[int, Decimal] = {}
    if kind in ("integer", "number", "boolean"):
        values = _at_once(texts, kind)
    elif kind == "list":
        values = _objects(texts, how, _from_json, trouble).tolist()
    elif kind == "decimal":
        endless = {row: _ENDLESS[text] for row, text in enumerate(texts) if text in _ENDLESS}
        values = [None if text in _ENDLESS else text for text in texts] if endless else texts
    if kind == "integer" and how.dtype.lower().startswith("uint64"):
        return (
            pd.array(values, dtype="UInt64")
            if set(map(type, values)) <= {int, type(None)}
            else _ours(texts, ColumnType("integer", "Int64"), trouble)
        )
    column = read_column(values, kind, trouble, "exact")
    for row, value in endless.items():
        column[row] = value
    return column


def _at_once(texts: list[str | None], kind: str) -> list[Any]:
    """Numbers and truth values as Python writes them; the texts themselves if any is written otherwise."""
    from_text, letters = _PYTHON[kind]
    there = {text for text in texts if text is not None}
    if letters and "".join(there).encode("utf-8", "replace").translate(None, letters):
        return texts
    try:
        value_of: dict[str | None, Any] = {text: from_text(text) for text in there}
    except (ValueError, KeyError):
        return texts
    value_of[None] = None
    return [value_of[text] for text in texts]


def _as(column: pd.Series[Any], how: ColumnType) -> pd.Series[Any]:
    """The column in its dtype; as it is where an edited file holds what does not fit."""
    if how.dtype == "object":
        values = column.astype(object)
        return values.where(column.notna(), _MISSING.get(how.missing or ""))
    dtype = dtype_named(how.dtype)
    if dtype is None or column.dtype == dtype:
        return column
    try:
        made = column.astype(dtype)
    except (TypeError, ValueError, NotImplementedError, OverflowError):  # an int64 column now has a gap
        return column
    if how.kind == "integer" and not bool((made == column).fillna(True).all()):  # numpy wraps 300 to 44
        return column
    return made
