"""Pages of one column, joined into one pandas array of its dtype.

In: pieces as `read` makes them, each with the row where it begins. Out: one array; rows that no piece covers
are missing. Speaks to no service.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from procore_nb.frames import times
from procore_nb.frames.types import LogicalType

UTC_TIME = pd.DatetimeTZDtype("us", "UTC")


class Piece(NamedTuple):
    """One page of one column: the row where it begins, how many rows, and its values."""

    start: int
    rows: int
    values: Any


def joined(kind: LogicalType, rows: int, pieces: Sequence[Piece]) -> Any:
    """All pieces as one array of `rows` values, typed as this kind is in every frame."""
    if kind == "text":
        return _texts(rows, pieces)
    if kind in ("integer", "boolean"):
        return _masked(kind, rows, pieces)
    if kind in ("decimal", "list"):
        return _objects(rows, pieces)
    whole = np.full(rows, np.nan) if kind == "number" else np.full(rows, times.MISSING)
    for start, count, values in pieces:
        whole[start : start + count] = values
    return whole.view("M8[us]").astype("M8[us]", copy=False) if kind == "date" else _zoned(kind, whole)


def numbered(texts: Any) -> Any | None:
    """Texts as whole numbers (Int64), or None if one of them is not: then they stay what they are."""
    values = texts.to_numpy(object)
    missing = pd.isna(values)
    present = values[~missing].tolist()
    joint = "".join(present)
    if present and not (
        joint.isascii() and joint.isdigit() and max(map(len, present)) <= 19 and all(present)
    ):
        return None
    numbers = list(map(int, present))
    if max(numbers, default=0) >= 2**63 or list(map(str, numbers)) != present:  # "007" is no number
        return None
    whole = np.zeros(len(values), np.int64)
    whole[~missing] = numbers
    return pd.arrays.IntegerArray(whole, missing)


def packed(kind: LogicalType, values: Any) -> Any:
    """A piece in its smallest form: text as one Arrow buffer where pandas keeps text that way."""
    if kind != "text":
        return values
    arrow = _arrow()
    try:
        if arrow is not None:
            return arrow.array(values, arrow.large_string())
        "".join(filter(None, values)).encode()
    except UnicodeEncodeError:  # half a surrogate pair is not a character, and no file takes it
        return packed(kind, [value and value.encode("utf-8", "replace").decode() for value in values])
    return values


def unpacked(values: Any) -> list[Any]:
    """A piece as a list of Python values, None where missing."""
    if isinstance(values, tuple):
        data, missing = values
        gone = [False] * len(data) if missing is None else missing.tolist()
        return [None if miss else value for value, miss in zip(data.tolist(), gone, strict=True)]
    if isinstance(values, np.ndarray):
        dated = values.dtype.kind == "M"
        plain = np.datetime_as_string(values).tolist() if dated else values.tolist()
        return [None if value in ("NaT", None) or value != value else value for value in plain]
    return list(values) if isinstance(values, list | tuple) else list(values.to_pylist())


def _arrow() -> Any:
    """The pyarrow module where pandas' text lives in it, else None."""
    if pd.StringDtype().storage != "pyarrow":
        return None
    import pyarrow

    return pyarrow


def _texts(rows: int, pieces: Sequence[Piece]) -> Any:
    dtype: Any = pd.StringDtype()
    arrow = _arrow()
    if arrow is None:
        whole = np.full(rows, pd.NA, object)
        for start, count, values in pieces:
            page = np.array(list(values), object)
            page[np.array([value is None for value in page], bool)] = pd.NA
            whole[start : start + count] = page
        return pd.array(whole, dtype=dtype)
    parts: list[Any] = []
    reached, text = 0, arrow.large_string()
    for start, count, values in pieces:
        if start > reached:
            parts.append(arrow.nulls(start - reached, text))
        parts.append(values if isinstance(values, arrow.Array) else arrow.array(values, text))
        reached = start + count
    if rows > reached:
        parts.append(arrow.nulls(rows - reached, text))
    whole = arrow.chunked_array([arrow.concat_arrays(parts)] if parts else [], text)
    return dtype.__from_arrow__(whole)


def _masked(kind: LogicalType, rows: int, pieces: Sequence[Piece]) -> Any:
    whole: Any = np.zeros(rows, np.int64 if kind == "integer" else bool)
    missing = np.ones(rows, bool)
    for start, count, (values, gone) in pieces:
        whole[start : start + count] = values
        missing[start : start + count] = False if gone is None else gone
    if kind == "integer":
        return pd.arrays.IntegerArray(whole, missing)
    return pd.arrays.BooleanArray(whole, missing)


def _objects(rows: int, pieces: Sequence[Piece]) -> Any:
    whole = np.full(rows, None, object)
    for start, count, values in pieces:
        page = whole[start : start + count]
        for row, value in enumerate(values):  # numpy would take lists apart
            page[row] = value
    return whole


def _zoned(kind: LogicalType, whole: Any) -> Any:
    return pd.array(whole, dtype=UTC_TIME) if kind == "time" else whole
