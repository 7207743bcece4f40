"""The order and the choice of rows in a table.

In: a frame, a column to sort by, words to look for. Out: positions of rows. Pure: the frame is never changed.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from procore_nb.widgets.table_cells import is_missing, is_numeric, texts

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
        """Positions of the rows that hold all the words, in the order asked for."""
        wanted = (self.column, self.down)
        if self._order is None or self._order[0] != wanted:
            self._order = wanted, self._ordered()
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
    folded = [None if text is None else text.casefold() for text in texts(column)]
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
        places = np.fromiter((match.start() for match in pattern.finditer(self._text)), dtype=np.intp)
        held = np.zeros(self._count, dtype=bool)
        held[np.searchsorted(self._ends, places)] = True
        return (
            held if self._codes is None else np.append(held, False)[self._codes]
        )  # -1, missing, is the last


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
