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
    kind: Any = column.dtype
    values = column.fillna(0).to_numpy(dtype=getattr(kind, "numpy_dtype", kind)).tolist()
    written = map(str, values) if plain else (f"{value:,}" for value in values)
    return [None if missing else text for text, missing in zip(written, column.isna(), strict=True)]


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
    return isinstance(next((value for value in column if not is_missing(value)), None), Decimal)


def width(column: pd.Series[Any], title: str) -> int:
    """How wide a column should be, in characters."""
    spread = np.unique(np.linspace(0, max(len(column) - 1, 0), min(_LOOKED_AT, len(column))).astype(int))
    longest = max((len(text) for text in texts(column.iloc[spread]) if text), default=0)
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


_MARKS = re.compile("[\u0300-\u036f]")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3})")
_IN_NUMBERS = re.compile(r"[-+.0-9]*(e[-+]?\d*)?|inf")
_IN_TIMES = re.compile(r"[-:0-9]*")
_END = "\0"  # between two cells while all are folded at once
MISSING = "(missing)"
_COMPARED = re.compile(r"(<=|>=|<|>)\s*(.+)")
_COMPARE: dict[str, Any] = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
Mask = NDArray[np.bool_]


def fold(text: str) -> str:
    """Text as it is compared: without accents and the difference of small and capital letters."""
    return (
        text.casefold() if text.isascii() else _MARKS.sub("", unicodedata.normalize("NFD", text)).casefold()
    )


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
        """Positions of the rows that hold all the words and fit all filters (`without` that of one column), in the chosen order."""
        order = (self.column, self.down)
        if self._order is None or self._order[0] != order:
            self._order = order, self._ordered()
        found = self._order[1]
        masks: list[Mask] = []
        for word in _parts(self.words):
            nowhere: Mask = np.zeros(len(self.frame), dtype=bool)
            holding = (self._holding(at, word) for at in range(self.frame.shape[1]))
            masks.append(reduce(np.logical_or, holding, nowhere))
        for at, words in self.filters.items():
            if at != without and words.strip():
                masks.append(self._fitting(at, words.strip()))
        return found[np.logical_and.reduce(masks)[found]] if masks else found

    def _ordered(self) -> NDArray[np.intp]:
        if self.column is None:
            return np.arange(len(self.frame))
        keys = _keys(self.frame.iloc[:, self.column]).reset_index(drop=True)
        ranked = keys.sort_values(ascending=not self.down, kind="stable", na_position="last")
        return ranked.index.to_numpy()

    def _fitting(self, at: int, words: str) -> Mask:
        """Which rows fit the filter of one column.

        `(missing)`, `=open` for the whole cell, `>100` and `<=2026-01-31` for numbers and times; else words it holds.
        """
        column = self.frame.iloc[:, at]
        if words == MISSING:
            return column.isna().to_numpy()
        if words.startswith("="):
            wanted = fold(words[1:].strip())
            same = (text is not None and fold(text).strip() == wanted for text in texts(column))
            return np.fromiter(same, dtype=bool, count=len(column))
        found = _COMPARED.fullmatch(words)
        compared = _compared(column, *found.groups()) if found else None
        if compared is not None:
            return compared
        holding = (self._holding(at, word) for word in _parts(words))
        return reduce(np.logical_and, holding, np.ones(len(column), dtype=bool))

    def _holding(self, at: int, word: str) -> Mask:
        """Which rows hold a folded word in one column, which is read when it may hold one."""
        column = self.frame.iloc[:, at]
        sought = _sought(word, column)
        if not sought:
            return np.zeros(len(column), dtype=bool)
        codes = column.cat.codes.to_numpy() if isinstance(column.dtype, pd.CategoricalDtype) else None
        if at not in self._cells:
            values = column if codes is None else pd.Series(column.cat.categories, name=column.name)
            cells = [(text or "").replace(_END, " ") for text in texts(values, longest=10**9, plain=True)]
            folded = sendable(fold(_END.join(cells))).split(_END)
            self._cells[at] = pa.array(folded[: len(cells)], pa.large_string())
        # Most columns hold no such word: one search through their text is several times faster than one of each cell.
        if not re.search(re.escape(sought.encode()), self._cells[at].buffers()[2] or b""):
            return np.zeros(len(column), dtype=bool)
        held: Mask = pc.match_substring(self._cells[at], sought).to_numpy(zero_copy_only=False)
        # The code of a missing category, -1, is the last.
        return held if codes is None else np.append(held, False)[codes]


def _parts(words: str) -> Any:
    return sendable(fold(words.replace(_END, " "))).split()


def _keys(column: pd.Series[Any]) -> pd.Series[Any]:
    """What a column is sorted by: numbers and times as they are, amounts as numbers, all else as text."""
    kind = column.dtype
    if not pd.api.types.is_object_dtype(kind) and not isinstance(kind, pd.StringDtype | pd.CategoricalDtype):
        return column
    if is_numeric(column):
        return pd.to_numeric(column.map(lambda value: None if is_missing(value) else float(value)))
    folded = [None if text is None else sendable(text.casefold()) for text in texts(column)]
    return pd.Series(folded, dtype="string")


def _compared(column: pd.Series[Any], sign: str, text: str) -> Mask | None:
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
    fitting: pd.Series[Any] = _COMPARE[sign](_keys(column), limit)
    return fitting.fillna(False).to_numpy(dtype=bool)


def _sought(word: str, column: pd.Series[Any]) -> str:
    """The word as it would be in a column; empty where it cannot be."""
    kind = column.dtype
    if pd.api.types.is_datetime64_any_dtype(kind):
        return word if _IN_TIMES.fullmatch(word) else ""
    counts = pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind)
    if not counts and not is_numeric(column):
        return word
    word = _THOUSANDS.sub("", word)
    return word if _IN_NUMBERS.fullmatch(word) else ""
