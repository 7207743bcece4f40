"""Cells as a reader sees them.

In: a column. Out: text for its cells, how wide and on which side they stand. Pure: nothing is sent, the frame is never changed.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import numpy as np
import orjson
import pandas as pd

_ANY_KEYS = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY
_LONGEST = 400  # characters of one cell that travel to the browser
_NAMES_THINGS = re.compile(r"(^|[._ ])(id|number|zip|year|code|latitude|longitude)$", re.IGNORECASE)
_NARROWEST, _WIDEST = 7, 44  # characters
_LOOKED_AT = 60  # rows that decide how wide a column is


def texts(column: pd.Series[Any], *, longest: int = _LONGEST, plain: bool | None = None) -> list[str | None]:
    """The cells of a column as text, cut to a length; None where a value is missing.

    Numbers are `plain`, without commas between thousands, where the column's name says that they name things.
    """
    kind = column.dtype
    if isinstance(kind, pd.DatetimeTZDtype) or np.issubdtype(getattr(kind, "type", object), np.datetime64):
        return _moments(column)
    plain = _NAMES_THINGS.search(str(column.name)) is not None if plain is None else plain
    if pd.api.types.is_integer_dtype(kind):
        return _counts(column, plain)
    if isinstance(kind, pd.StringDtype):
        return [None if is_missing(text) else _cut(text, longest) for text in column.array.tolist()]
    values = column.array.tolist() if hasattr(column.array, "tolist") else list(column)
    return [None if is_missing(value) else _text(value, plain, longest) for value in values]


def _moments(column: pd.Series[Any]) -> list[str | None]:
    zoned = isinstance(column.dtype, pd.DatetimeTZDtype)
    bare = column.dt.tz_convert("UTC").dt.tz_localize(None) if zoned else column
    values = bare.to_numpy(dtype="datetime64[s]")
    clocks = zoned or bool(
        ((values - values.astype("datetime64[D]")).astype("int64") != 0)[~np.isnat(values)].any()
    )
    written = np.datetime_as_string(values, unit="m" if clocks else "D").tolist()
    return [None if text == "NaT" else text.replace("T", " ") for text in written]


def _counts(column: pd.Series[Any], plain: bool) -> list[str | None]:
    """Whole numbers, which most columns of ids are, without a look at each one's kind."""
    missing = column.isna().to_numpy()
    kind: Any = column.dtype
    values = column.fillna(0).to_numpy(dtype=getattr(kind, "numpy_dtype", kind)).tolist()
    written: list[str | None] = list(map(str, values)) if plain else [f"{value:,}" for value in values]
    for at in np.flatnonzero(missing):
        written[at] = None
    return written


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _text(value: Any, plain: bool, longest: int) -> str:
    if isinstance(value, str):
        return _cut(value, longest)
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, int | np.integer):
        return str(value) if plain else f"{value:,}"
    if isinstance(value, float | np.floating):
        text = (f"{value:.6f}" if plain else f"{value:,.6f}").rstrip("0").rstrip(".")
        return text if text not in ("0", "-0", "") or value == 0 else f"{value:.3g}"
    if isinstance(value, Decimal):
        return f"{value}" if plain else f"{value:,}"
    if isinstance(value, dict | list | tuple):
        return _text(_json(value), plain, longest)
    return _text(str(value), plain, longest)


def _json(value: Any) -> str:
    try:
        return orjson.dumps(value, default=str, option=_ANY_KEYS).decode()
    except TypeError:  # whole numbers beyond 64 bits, half of a surrogate pair
        return json.dumps(value, default=str)


def is_missing(value: Any) -> bool:
    """Whether a value is one of the ways to say that there is none."""
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)


def is_numeric(column: pd.Series[Any]) -> bool:
    """Whether a column's cells stand to the right: numbers and amounts, but not ids."""
    if _NAMES_THINGS.search(str(column.name)) or pd.api.types.is_bool_dtype(column.dtype):
        return False
    if pd.api.types.is_numeric_dtype(column.dtype):
        return True
    if not pd.api.types.is_object_dtype(column.dtype):
        return False
    first = column.first_valid_index()
    return first is not None and isinstance(next(value for value in column if not is_missing(value)), Decimal)


def width(column: pd.Series[Any]) -> int:
    """How wide a column should be, in characters."""
    spread = np.unique(np.linspace(0, max(len(column) - 1, 0), min(_LOOKED_AT, len(column))).astype(int))
    longest = max((len(text) for text in texts(column.iloc[spread]) if text), default=0)
    title = round(1.15 * len(str(column.name))) + 2  # bold, with room for the mark of the order
    return max(_NARROWEST, min(_WIDEST, max(longest, title) + 3))


def empty_columns(frame: pd.DataFrame) -> set[int]:
    """Positions of the columns that hold nothing at all; none of them when there are no rows."""
    return {at for at in range(frame.shape[1]) if len(frame) and frame.iloc[:, at].isna().all()}
