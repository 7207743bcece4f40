"""Columns as text and back, without loss.

In: a column of any dtype. Out: its kind, and one text per row (None where missing); or the way back. Speaks to no
service.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

import numpy as np
import orjson
import pandas as pd

from procore_nb.frames.gather import Piece, joined
from procore_nb.frames.names import Kind
from procore_nb.frames.read import Trouble, json_text, read

FORMULA = re.compile(r"'*[=+\-@\t\r]")
_DEFUSED = re.compile(r"'+[=+\-@\t\r]")
_PLAIN_KINDS = {"i": "integer", "u": "integer", "f": "number", "b": "boolean", "M": "moment", "m": "span"}
# "moment" is a datetime without zone and with a time of day, "span" a timedelta.
_READ_AS: dict[str, Kind] = {
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "text": "text",
    "decimal": "decimal",
    "time": "time",
    "date": "date",
    "list": "list",
}


@dataclass(frozen=True)
class ColumnType:
    """How a column is written, and the dtype it has in pandas."""

    kind: str
    dtype: str
    categories: list[str] | None = None
    ordered: bool = False


def type_of(column: pd.Series[Any]) -> ColumnType:
    """How to write this column: by its dtype, and for objects by what they are."""
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        inner = type_of(pd.Series(dtype.categories))
        if inner.kind == "text":
            return ColumnType("text", "category", [str(one) for one in dtype.categories], bool(dtype.ordered))
        return ColumnType(inner.kind, inner.dtype)
    if isinstance(dtype, pd.StringDtype):
        # The storage is the reader's business, what counts is how it writes "missing".
        return ColumnType("text", "string" if dtype.na_value is pd.NA else "str")
    if isinstance(dtype, pd.DatetimeTZDtype):
        return ColumnType("time", str(dtype))
    kind = _PLAIN_KINDS.get(getattr(dtype, "kind", "O"), "")
    if kind == "moment":
        days = column.dropna()
        return ColumnType("date" if bool((days == days.dt.normalize()).all()) else "moment", str(dtype))
    return ColumnType(kind or _kind_of_objects(column), str(dtype))


def _kind_of_objects(column: pd.Series[Any]) -> str:
    types = {type(value) for value in column.tolist() if not is_missing(value)}
    if types == {Decimal}:
        return "decimal"
    return "text" if types and all(issubclass(one, str) for one in types) else "json"


def with_index(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The frame with a named index as its first columns; an index without a name is only a row number."""
    names = [name for name in frame.index.names if name is not None]
    if not names or len(names) < frame.index.nlevels:
        return frame, []
    return frame.reset_index(), [str(name) for name in names]


def is_missing(value: Any) -> bool:
    """Whether a single value is missing; a list never is."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return isinstance(value, float | Decimal | np.floating | np.datetime64) and bool(value != value)


def texts_of(column: pd.Series[Any], how: ColumnType) -> list[str | None]:
    """One text per row, None where missing."""
    if how.kind in ("time", "date", "moment"):
        return _moments(column, how.kind)
    values: list[Any] = column.astype(object).tolist()
    if how.kind == "json":
        return [None if is_missing(value) else json_text(value) for value in values]
    if how.kind == "boolean":
        return [None if is_missing(value) else "true" if value else "false" for value in values]
    if how.kind == "span":
        return [None if is_missing(value) else value.isoformat() for value in values]
    if how.kind == "number":
        return [None if is_missing(value) else repr(float(value)) for value in values]
    return [None if is_missing(value) else str(value) for value in values]


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


def column_from(texts: list[str | None], how: ColumnType, trouble: Trouble) -> Any:
    """The column that was written as these texts."""
    rows = len(texts)
    if how.kind == "json":
        return pd.Series(
            [None if text is None else _from_json(text, trouble) for text in texts], dtype=object
        )
    special = _by_pandas(texts, how)
    if special is not None:
        return special
    kind = _READ_AS.get(how.kind, "text")
    values: list[Any] = texts
    if kind == "number":
        values = [float(text) if text in ("inf", "-inf") else text for text in texts]
    return _as(joined(kind, rows, _pieces(kind, values, trouble)), how)


def _by_pandas(texts: list[str | None], how: ColumnType) -> Any:
    """Columns of dtypes that our own frames never have, or None."""
    plain = pd.Series(texts, dtype=object)
    if how.kind == "span":
        return pd.to_timedelta(plain, errors="coerce").astype(cast("Any", how.dtype))
    if how.kind == "moment" or (how.kind == "date" and how.dtype != "datetime64[us]"):
        return pd.to_datetime(plain, errors="coerce", format="ISO8601").astype(cast("Any", how.dtype))
    if how.kind == "time" and how.dtype != "datetime64[us, UTC]":
        moments = pd.to_datetime(plain, errors="coerce", format="ISO8601", utc=True)
        return moments.astype(cast("Any", how.dtype))
    if how.kind == "integer" and how.dtype.lower() == "uint64":
        return plain.map(lambda text: None if text is None else int(text)).astype(cast("Any", how.dtype))
    return None


def _pieces(kind: Kind, values: list[Any], trouble: Trouble) -> list[Piece]:
    if not values:
        return []
    if kind == "list":
        values = [value if value is None else _from_json(value, trouble) for value in values]
    return (
        [Piece(0, len(values), read(kind, values, set(map(type, values)), trouble))]
        if any(value is not None for value in values)
        else []
    )


def _as(values: Any, how: ColumnType) -> Any:
    column: Any = pd.Series(values)
    if how.dtype == "category":
        return column.astype(
            pd.CategoricalDtype(pd.Index(how.categories or [], dtype="str"), ordered=how.ordered)
        )
    if how.kind == "text" and how.dtype == "object":
        plain = column.astype(object)
        return plain.where(plain.notna(), None)
    try:
        return column if str(column.dtype) == how.dtype else column.astype(how.dtype)
    except (TypeError, ValueError):  # the file was edited: an int64 column now has a gap
        return column


def _from_json(text: str, trouble: Trouble) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        trouble.add(0, text)
        return None


def defused(text: str) -> str:
    """Text that a spreadsheet would take for a formula, with an apostrophe before it."""
    return f"'{text}" if FORMULA.match(text) else text


def armed(text: str) -> str:
    """The text as it was before it was defused."""
    return text[1:] if _DEFUSED.match(text) else text
