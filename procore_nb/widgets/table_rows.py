"""What a table shows: cells as text, and the order and choice of rows.

In: a frame, a column to sort by, words to look for. Out: texts of cells, widths, positions of rows. Pure: nothing is sent,
the frame is never changed.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import orjson
import pandas as pd
from numpy.typing import NDArray

from procore_nb.scalars import is_missing, number_text
from procore_nb.widgets.assets import sendable

_ANY_KEYS = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY
_LONGEST = 400  # characters of one cell that travel to the browser
_NAMES_IDS = re.compile(r"(^|[._ ])(id|number|zip|year|code|latitude|longitude)$", re.IGNORECASE)
_NARROWEST, _WIDEST = 7, 44  # characters
_LOOKED_AT = 60  # rows that decide how wide a column is


def texts(column: pd.Series[Any], *, longest: int = _LONGEST, plain: bool | None = None) -> list[str | None]:
    """The cells of a column as text, cut to a length; None where a value is missing.

    Numbers are `plain`, without commas between thousands, where the column's name means ids, codes or years.
    """
    kind = column.dtype
    if isinstance(kind, pd.DatetimeTZDtype) or np.issubdtype(getattr(kind, "type", object), np.datetime64):
        return _time_texts(column)
    plain = _NAMES_IDS.search(str(column.name)) is not None if plain is None else plain
    if pd.api.types.is_integer_dtype(kind):
        return _integer_texts(column, plain)
    if isinstance(kind, pd.StringDtype):
        return [None if is_missing(text) else _cut(text, longest) for text in column.array.tolist()]
    values = column.array.tolist() if hasattr(column.array, "tolist") else list(column)
    return [None if is_missing(value) else _cell_text(value, plain, longest) for value in values]


def _time_texts(column: pd.Series[Any]) -> list[str | None]:
    zoned = isinstance(column.dtype, pd.DatetimeTZDtype)
    bare = column.dt.tz_convert("UTC").dt.tz_localize(None) if zoned else column
    values = bare.to_numpy(dtype="datetime64[s]")
    clocks = zoned or bool(
        ((values - values.astype("datetime64[D]")).astype("int64") != 0)[~np.isnat(values)].any()
    )
    written = np.datetime_as_string(values, unit="m" if clocks else "D").tolist()
    return [None if text == "NaT" else text.replace("T", " ") for text in written]


def _integer_texts(column: pd.Series[Any], plain: bool) -> list[str | None]:
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


def _cell_text(value: Any, plain: bool, longest: int) -> str:
    if isinstance(value, str):
        return _cut(value, longest)
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal | np.integer | np.floating):
        return number_text(value, plain=plain)
    if isinstance(value, dict | list | tuple):
        return _cell_text(_json(value), plain, longest)
    return _cell_text(str(value), plain, longest)


def _json(value: Any) -> str:
    try:
        return orjson.dumps(value, default=str, option=_ANY_KEYS).decode()
    except TypeError:  # whole numbers beyond 64 bits, half of a surrogate pair
        return json.dumps(value, default=str)


def is_numeric(column: pd.Series[Any]) -> bool:
    """Whether a column's cells stand to the right: numbers and amounts, but not ids."""
    if _NAMES_IDS.search(str(column.name)) or pd.api.types.is_bool_dtype(column.dtype):
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


_MARKS = re.compile("[\u0300-\u036f]")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3})")
_IN_NUMBERS = re.compile(r"[-+.0-9]*(e[-+]?\d*)?|inf")
_IN_TIMES = re.compile(r"[-:0-9]*")
_END = "\0"  # between two cells in the text that is searched


def fold(text: str) -> str:
    """Text as it is compared: without accents and the difference of small and capital letters."""
    return (
        text.casefold() if text.isascii() else _MARKS.sub("", unicodedata.normalize("NFD", text)).casefold()
    )


@dataclass
class TableRows:
    """Which rows of a frame are shown, and in which order."""

    frame: pd.DataFrame
    words: str = ""
    column: int | None = None
    down: bool = False
    _search: TextSearch | None = field(default=None, repr=False)
    _order: tuple[tuple[int | None, bool], NDArray[np.intp]] | None = field(default=None, repr=False)

    def positions(self) -> NDArray[np.intp]:
        """Positions of the rows that hold all the words, in the chosen order."""
        order = (self.column, self.down)
        if self._order is None or self._order[0] != order:
            self._order = order, self._ordered()
        found = self._order[1]
        if not self.words.strip():
            return found
        self._search = self._search or TextSearch(self.frame)
        return found[self._search.holding(self.words)[found]]

    def _ordered(self) -> NDArray[np.intp]:
        if self.column is None:
            return np.arange(len(self.frame))
        keys = _keys(self.frame.iloc[:, self.column])
        keys.index = pd.RangeIndex(len(keys))
        ranked = keys.sort_values(ascending=not self.down, kind="stable", na_position="last")
        return ranked.index.to_numpy()


def _keys(column: pd.Series[Any]) -> pd.Series[Any]:
    """What a column is sorted by: numbers and times as they are, amounts as numbers, all else as text."""
    kind = column.dtype
    if not pd.api.types.is_object_dtype(kind) and not isinstance(kind, pd.StringDtype | pd.CategoricalDtype):
        return column.copy()
    if is_numeric(column):
        return pd.to_numeric(column.map(lambda value: None if is_missing(value) else float(value)))
    folded = [None if text is None else sendable(text.casefold()) for text in texts(column)]
    return pd.Series(folded, dtype="string")


class TextSearch:
    """Finds the rows of a frame that hold words in any of their cells; a column is read when it may hold one."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame
        self._read: dict[int, _Cells] = {}

    def holding(self, words: str) -> NDArray[np.bool_]:
        """Which rows hold all the words."""
        found = np.ones(len(self._frame), dtype=bool)
        for word in fold(words.replace(_END, " ")).split():
            found &= self._holding(word)
        return found

    def _holding(self, word: str) -> NDArray[np.bool_]:
        held = np.zeros(len(self._frame), dtype=bool)
        for at in range(self._frame.shape[1]):
            column = self._frame.iloc[:, at]
            sought = _sought(word, column)
            if sought:
                if at not in self._read:
                    self._read[at] = _Cells(column)
                held |= self._read[at].holding(sought)
        return held


class _Cells:
    """The cells of one column as one text: a library's search through it is far faster than a look at each cell."""

    def __init__(self, column: pd.Series[Any]) -> None:
        codes, values = None, column
        if isinstance(column.dtype, pd.CategoricalDtype):
            codes, values = column.cat.codes.to_numpy(), pd.Series(column.cat.categories, name=column.name)
        cells = [(text or "").replace(_END, " ") for text in texts(values, longest=10**9, plain=True)]
        self._codes = codes
        self._count = len(cells)
        self._text = fold(_END.join(cells)).encode("utf-8", "surrogatepass")
        self._ends = np.flatnonzero(np.frombuffer(self._text, dtype=np.uint8) == 0)

    def holding(self, word: str) -> NDArray[np.bool_]:
        """Which cells hold a word."""
        pattern = re.compile(re.escape(word.encode("utf-8", "surrogatepass")))
        starts = np.fromiter((match.start() for match in pattern.finditer(self._text)), dtype=np.intp)
        held = np.zeros(self._count, dtype=bool)
        held[np.searchsorted(self._ends, starts)] = True
        # The code of a missing category, -1, is the last.
        return held if self._codes is None else np.append(held, False)[self._codes]


def _sought(word: str, column: pd.Series[Any]) -> str:
    """The word as it would stand in a column; empty where it cannot."""
    kind = column.dtype
    if pd.api.types.is_datetime64_any_dtype(kind):
        return word if _IN_TIMES.fullmatch(word) else ""
    counts = pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind)
    if not counts and not is_numeric(column):
        return word
    word = _THOUSANDS.sub("", word)
    return word if _IN_NUMBERS.fullmatch(word) else ""
