"""Cells as a reader sees them, and the order and the choice of rows in a table.

In: a frame. Out: text for cells, positions of rows. Pure: nothing is sent, the frame is never changed.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import orjson
import pandas as pd
from numpy.typing import NDArray

_ANY_KEYS = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY
_LONGEST = 400  # characters of one cell that travel to the browser
_NAMES_THINGS = re.compile(r"(^|[._ ])(id|number|zip|year|code|latitude|longitude)$", re.IGNORECASE)
_NARROWEST, _WIDEST = 7, 44  # characters
_LOOKED_AT = 60  # rows that decide how wide a column is


def texts(column: pd.Series[Any]) -> list[str | None]:
    """The cells of a column as text; None where a value is missing."""
    kind = column.dtype
    if isinstance(kind, pd.DatetimeTZDtype) or np.issubdtype(getattr(kind, "type", object), np.datetime64):
        return _moments(column)
    values = column.array.tolist() if hasattr(column.array, "tolist") else list(column)
    plain = _NAMES_THINGS.search(str(column.name)) is not None
    return [None if _missing(value) else _text(value, plain) for value in values]


def _moments(column: pd.Series[Any]) -> list[str | None]:
    zoned = isinstance(column.dtype, pd.DatetimeTZDtype)
    bare = column.dt.tz_convert("UTC").dt.tz_localize(None) if zoned else column
    values = bare.to_numpy(dtype="datetime64[s]")
    clocks = zoned or bool(
        ((values - values.astype("datetime64[D]")).astype("int64") != 0)[~np.isnat(values)].any()
    )
    written = np.datetime_as_string(values, unit="m" if clocks else "D").tolist()
    return [None if text == "NaT" else text.replace("T", " ") for text in written]


def _text(value: Any, plain: bool) -> str:
    if isinstance(value, str):
        return value if len(value) <= _LONGEST else value[: _LONGEST - 1] + "…"
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, int | np.integer):
        return str(value) if plain else f"{value:,}"
    if isinstance(value, float | np.floating):
        text = (f"{value:.6f}" if plain else f"{value:,.6f}").rstrip("0").rstrip(".")
        return text if text not in ("0", "-0", "") or value == 0 else f"{value:.3g}"
    if isinstance(value, Decimal):
        return f"{value:,}"
    if isinstance(value, dict | list | tuple):
        return _text(_json(value), plain)
    return _text(str(value), plain)


def _json(value: Any) -> str:
    try:
        return orjson.dumps(value, default=str, option=_ANY_KEYS).decode()
    except TypeError:  # whole numbers beyond 64 bits, half of a surrogate pair
        return json.dumps(value, default=str)


def _missing(value: Any) -> bool:
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
    return first is not None and isinstance(next(value for value in column if not _missing(value)), Decimal)


def width(column: pd.Series[Any]) -> int:
    """How wide a column should be, in characters."""
    spread = np.unique(np.linspace(0, max(len(column) - 1, 0), min(_LOOKED_AT, len(column))).astype(int))
    longest = max((len(text) for text in texts(column.iloc[spread]) if text), default=0)
    title = round(1.15 * len(str(column.name))) + 2  # bold, with room for the mark of the order
    return max(_NARROWEST, min(_WIDEST, max(longest, title) + 3))


def empty_columns(frame: pd.DataFrame) -> set[int]:
    """Positions of the columns that hold nothing at all; none of them when there are no rows."""
    return {at for at in range(frame.shape[1]) if len(frame) and frame.iloc[:, at].isna().all()}


@dataclass
class Rows:
    """Which rows of a frame are shown, and in which order."""

    frame: pd.DataFrame
    words: str = ""
    column: int | None = None
    down: bool = False
    _index: list[tuple[NDArray[np.intp], list[str]]] | None = field(default=None, repr=False)

    def positions(self) -> NDArray[np.intp]:
        """Positions of the rows that hold all the words, in the order asked for."""
        found = self._ordered()
        for word in self.words.casefold().split():
            found = found[self._holding(word)[found]]
        return found

    def _ordered(self) -> NDArray[np.intp]:
        if self.column is None:
            return np.arange(len(self.frame))
        keys = _keys(self.frame.iloc[:, self.column])
        keys.index = pd.RangeIndex(len(keys))
        ranked = keys.sort_values(ascending=not self.down, kind="stable", na_position="last")
        return ranked.index.to_numpy()

    def _holding(self, word: str) -> NDArray[np.bool_]:
        """Which rows hold a word in any of their cells."""
        if self._index is None:
            self._index = [_indexed(self.frame.iloc[:, at]) for at in range(self.frame.shape[1])]
        held = np.zeros(len(self.frame), dtype=bool)
        for codes, known in self._index:
            has = np.fromiter((word in text for text in known), dtype=bool, count=len(known))
            if has.any():
                held |= np.append(has, False)[codes]  # code -1, a missing value, takes the last
        return held


def _indexed(column: pd.Series[Any]) -> tuple[NDArray[np.intp], list[str]]:
    """Each different value of a column once, as text to search, and which rows have it; made at the first search."""
    try:
        codes, values = pd.factorize(column)
    except TypeError:  # lists cannot be compared as they are
        codes, values = pd.factorize(pd.Series(texts(column), dtype="string"))
    known = pd.Series(values, name=column.name)
    return codes, [(text or "").casefold() for text in texts(known)]


def _keys(column: pd.Series[Any]) -> pd.Series[Any]:
    """What a column is sorted by: numbers and times as they are, amounts as numbers, all else as text."""
    kind = column.dtype
    if not pd.api.types.is_object_dtype(kind) and not isinstance(kind, pd.StringDtype | pd.CategoricalDtype):
        return column.copy()
    if is_numeric(column):
        return pd.to_numeric(column.map(lambda value: None if _missing(value) else float(value)))
    folded = [None if text is None else text.casefold() for text in texts(column)]
    return pd.Series(folded, dtype="string")
