"""What a table shows: cells as text, and the order and choice of rows.

In: a frame, a column to sort by, words to look for, a filter for each column. Out: texts of cells, widths, positions of rows.
Pure: nothing is sent, the frame is never changed.
"""

from __future__ import annotations

import json
import operator
import re
import unicodedata
from dataclasses import dataclass, field
from decimal import Decimal
from functools import reduce
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from procore_nb.scalars import is_missing, number_text
from procore_nb.widgets.components import replace_surrogates

_ANY_KEYS = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY
_LONGEST = 400  # characters of one cell that travel to the browser
_NAMES_IDS = re.compile(r"(^|[._ ])(id|number|zip|year|code|latitude|longitude)$", re.IGNORECASE)
_NARROWEST, _WIDEST = 7, 44  # characters
_SAMPLE = 60  # rows that decide how wide a column is
Mask = NDArray[np.bool_]


def texts(
    column: pd.Series[Any], *, longest: int = _LONGEST, plain_numbers: bool | None = None
) -> list[str | None]:
    """The cells of a column as text, cut to a length; None where a value is missing.

    Plain numbers have no commas between thousands; by default those of columns whose name means ids, codes or years are so.
    """
    dtype: Any = column.dtype
    if isinstance(dtype, pd.DatetimeTZDtype) or np.issubdtype(getattr(dtype, "type", object), np.datetime64):
        return _time_texts(column)
    if plain_numbers is None:
        plain_numbers = _NAMES_IDS.search(str(column.name)) is not None
    if pd.api.types.is_integer_dtype(dtype):  # most columns of ids: without a look at the type of each value
        values = column.fillna(0).to_numpy(dtype=getattr(dtype, "numpy_dtype", dtype)).tolist()
        written = map(str, values) if plain_numbers else (f"{value:,}" for value in values)
        return [None if missing else text for text, missing in zip(written, column.isna(), strict=True)]
    values = column.array.tolist() if hasattr(column.array, "tolist") else list(column)
    cells = (None if is_missing(value) else _cell_text(value, plain_numbers) for value in values)
    return [cell if cell is None or len(cell) <= longest else cell[: longest - 1] + "…" for cell in cells]


def _time_texts(column: pd.Series[Any]) -> list[str | None]:
    zoned = isinstance(column.dtype, pd.DatetimeTZDtype)
    naive = column.dt.tz_convert("UTC").dt.tz_localize(None) if zoned else column
    seconds = naive.to_numpy(dtype="datetime64[s]")
    present = seconds[~np.isnat(seconds)]
    clock = zoned or bool((present != present.astype("datetime64[D]")).any())  # else all are days
    written = np.datetime_as_string(seconds, unit="m" if clock else "D").tolist()
    return [None if text == "NaT" else text.replace("T", " ") for text in written]


def _cell_text(value: Any, plain_numbers: bool) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal | np.integer | np.floating):
        return number_text(value, plain=plain_numbers)
    if not isinstance(value, dict | list | tuple):
        return str(value)
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
    return isinstance(next((value for value in column if not is_missing(value)), None), Decimal)


def width(column: pd.Series[Any], title: str) -> int:
    """How wide a column should be, in characters."""
    sample = np.unique(np.linspace(0, max(len(column) - 1, 0), min(_SAMPLE, len(column))).astype(int))
    longest = max((len(text) for text in texts(column.iloc[sample]) if text), default=0)
    bold = round(1.15 * len(title)) + 2  # with room for the mark of the order
    return max(_NARROWEST, min(_WIDEST, max(longest, bold) + 3))


# What people look for first, in this order; ids and what only programs read are last.
_FIRST = [
    re.compile(rf"({names})$")
    for names in (
        "name|title|subject|display_name|full_name|label|.*item_name",
        "number|formatted_number|project_number|position",
        r"(status|workflow_status|.*stage|.*priority)(\.name)?",
        "due_date|date|start_date|end_date|completion_date",
        "project_name",
        r"(ball_in_courts?|assignees?|responsible_contractor|vendor|.*manager|city)(\.name)?",
        r".*_?type(\.name)?|description|.*amount|.*_total|.*value|quantity|.*hours",
    )
]
_TECHNICAL = re.compile(
    r"(^|[._])(ids?|uuid|guid|url|link|login|locale|flag)$|^(origin|source|connect|logo|deleted|dictionary|inbound)|<id>"
    r"|translated|parent|formatted_|default|dependent|legacy|\.(is_)?active$|\.\w+_at$|\.node_name$"
)


def column_order(labels: list[str]) -> list[int]:
    """Positions of columns as people read them: the name first, then what is said of it, ids and technical ones last."""

    def rank(label: str) -> int:
        if _TECHNICAL.search(label):
            return len(_FIRST) + 1
        return next((at for at, names in enumerate(_FIRST) if names.match(label)), len(_FIRST))

    return sorted(range(len(labels)), key=lambda at: rank(labels[at]))


_ACCENTS = re.compile("[\u0300-\u036f]")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3})")
_IN_NUMBERS = re.compile(r"[-+.0-9]*(e[-+]?\d*)?|inf")
_IN_TIMES = re.compile(r"[-:0-9]*")
_END = "\0"  # between two cells while all are folded at once
MISSING = "(missing)"
_COMPARISON = re.compile(r"(<=|>=|<|>)\s*(.+)")
_OPERATORS: dict[str, Any] = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def fold(text: str) -> str:
    """Text as it is compared: without accents and the difference of small and capital letters."""
    bare = text if text.isascii() else _ACCENTS.sub("", unicodedata.normalize("NFD", text))
    return bare.casefold()


def _folded_words(text: str) -> list[str]:
    words: list[str] = replace_surrogates(fold(text.replace(_END, " "))).split()
    return words


@dataclass
class TableRows:
    """Which rows of a frame are shown, and in which order; `filters` are words by the position of their column."""

    frame: pd.DataFrame
    words: str = ""
    column: int | None = None
    down: bool = False
    filters: dict[int, str] = field(default_factory=dict)
    _cells: dict[int, pa.Array] = field(default_factory=dict, repr=False)
    """The folded cells of the columns that were searched."""
    _order: tuple[tuple[int | None, bool], NDArray[np.intp]] | None = field(default=None, repr=False)

    def positions(self, *, without: int | None = None) -> NDArray[np.intp]:
        """Positions of the rows that hold all the words and match all filters (`without` that of one column), in the chosen order."""
        if self._order is None or self._order[0] != (self.column, self.down):
            order = np.arange(len(self.frame))
            if self.column is not None:
                keys = _sort_keys(self.frame.iloc[:, self.column]).reset_index(drop=True)
                ranked = keys.sort_values(ascending=not self.down, kind="stable", na_position="last")
                order = ranked.index.to_numpy()
            self._order = (self.column, self.down), order
        positions = self._order[1]
        masks = [self._match(column, words) for column, words in self.filters.items() if column != without]
        for word in _folded_words(self.words):
            containing = (self._contain(column, word) for column in range(self.frame.shape[1]))
            masks.append(reduce(np.logical_or, containing, np.zeros(len(self.frame), dtype=bool)))
        return positions[np.logical_and.reduce(masks)[positions]] if masks else positions

    def _match(self, position: int, words: str) -> Mask:
        """Which rows match the filter of one column.

        `(missing)`, `=open` for the whole cell, `>100` and `<=2026-01-31` for numbers and times; else words it holds.
        """
        column, words = self.frame.iloc[:, position], words.strip()
        if words == MISSING:
            return column.isna().to_numpy()
        if words.startswith("="):
            whole = fold(words[1:].strip())
            equal = (text is not None and fold(text).strip() == whole for text in texts(column))
            return np.fromiter(equal, dtype=bool, count=len(column))
        comparison = _COMPARISON.fullmatch(words)
        compared = _compare(column, *comparison.groups()) if comparison else None
        if compared is not None:
            return compared
        masks = (self._contain(position, word) for word in _folded_words(words))
        return reduce(np.logical_and, masks, np.ones(len(column), dtype=bool))

    def _contain(self, position: int, word: str) -> Mask:
        """Which rows hold a folded word in one column, which is read when it may hold one."""
        column = self.frame.iloc[:, position]
        text = _as_in_cells(word, column)
        if not text:
            return np.zeros(len(column), dtype=bool)
        codes = column.cat.codes.to_numpy() if isinstance(column.dtype, pd.CategoricalDtype) else None
        if position not in self._cells:
            values = column if codes is None else pd.Series(column.cat.categories, name=column.name)
            cells = [
                (cell or "").replace(_END, " ") for cell in texts(values, longest=10**9, plain_numbers=True)
            ]
            # All at once: folding each cell by itself takes several times as long.
            folded = replace_surrogates(fold(_END.join(cells))).split(_END)
            self._cells[position] = pa.array(folded[: len(cells)], pa.large_string())
        # Most columns hold no such word: one search through their text is several times faster than one of each cell.
        if not re.search(re.escape(text.encode()), self._cells[position].buffers()[2] or b""):
            return np.zeros(len(column), dtype=bool)
        held: Mask = pc.match_substring(self._cells[position], text).to_numpy(zero_copy_only=False)
        # The code of a missing category, -1, is the last.
        return held if codes is None else np.append(held, False)[codes]


def _sort_keys(column: pd.Series[Any]) -> pd.Series[Any]:
    """What a column is sorted by: numbers and times as they are, amounts as numbers, all else as text."""
    dtype = column.dtype
    if not pd.api.types.is_object_dtype(dtype) and not isinstance(
        dtype, pd.StringDtype | pd.CategoricalDtype
    ):
        return column
    if is_numeric(column):
        return pd.to_numeric(column.map(lambda value: None if is_missing(value) else float(value)))
    folded = [None if text is None else replace_surrogates(text.casefold()) for text in texts(column)]
    return pd.Series(folded, dtype="string")


def _compare(column: pd.Series[Any], sign: str, text: str) -> Mask | None:
    """Which numbers or times are less or greater than one; None where the column or the text is neither."""
    try:
        if pd.api.types.is_datetime64_any_dtype(column.dtype):
            limit: Any = pd.Timestamp(text, tz=getattr(column.dtype, "tz", None))
        elif is_numeric(column) or pd.api.types.is_numeric_dtype(column.dtype):
            limit = float(text.replace(",", ""))
        else:
            return None
    except ValueError:
        return None
    compared: pd.Series[Any] = _OPERATORS[sign](_sort_keys(column), limit)
    return compared.fillna(False).to_numpy(dtype=bool)


def _as_in_cells(word: str, column: pd.Series[Any]) -> str:
    """The word as the cells of a column would hold it; empty where they cannot."""
    dtype = column.dtype
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return word if _IN_TIMES.fullmatch(word) else ""
    numbers = pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype)
    if not numbers and not is_numeric(column):
        return word
    word = _THOUSANDS.sub("", word)
    return word if _IN_NUMBERS.fullmatch(word) else ""
