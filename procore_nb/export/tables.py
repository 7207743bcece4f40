"""A frame as columns that can be written, its index before them.

In: a frame. Out: a table of named columns with their types. Speaks to no service.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from procore_nb.export.as_text import ColumnType, is_missing, plain, texts_of, type_of


@dataclass(frozen=True)
class Table:
    """A frame as named columns of values that can be written, each with its type."""

    names: list[str]
    columns: list[pd.Series[Any]]
    types: list[ColumnType]
    rows: int
    index: list[Any]
    """The names of the index levels, which are the first columns; none for row numbers."""
    labels: list[dict[str, Any]] | None
    """What the column labels are, where they are more than text."""


def table_of(frame: pd.DataFrame) -> Table:
    """The frame with its index as the first columns; whole numbers without a name are only row numbers."""
    index = _levels(frame.index) if _is_told(frame.index) else []
    given = [level for _, level in index] + [frame.iloc[:, at] for at in range(frame.shape[1])]
    types = [type_of(column) for column in given]
    columns = [plain(column) for column in given]
    names = [name for name, _ in index] + [_title(label) for label in frame.columns]
    levels = list(map(_said, frame.index.names)) if index else []
    return Table(names, columns, types, len(frame), levels, _labels(frame.columns))


def _is_told(index: pd.Index[Any]) -> bool:
    """Whether an index says more than the number of the row."""
    return index.nlevels > 1 or index.name is not None or (len(index) > 0 and index.dtype.kind not in "iu")


def _levels(index: pd.Index[Any]) -> list[tuple[str, pd.Series[Any]]]:
    several = index.nlevels > 1
    return [
        (
            (f"level_{at}" if several else "index") if name is None else _title(name),
            pd.Series(index.get_level_values(at)).reset_index(drop=True),
        )
        for at, name in enumerate(index.names)
    ]


def _title(label: Any) -> str:
    """A column label as the text of a header; several levels are joined by dots, as nested names are."""
    if isinstance(label, tuple):
        return ".".join(text for one in label if (text := _title(one)))
    return "" if is_missing(label) else str(label)


def _said(name: Any) -> str | int | None:
    """The name of a level as JSON holds it."""
    return name if name is None or isinstance(name, str | int) else _title(name)


def _labels(columns: pd.Index[Any]) -> list[dict[str, Any]] | None:
    """Each level of the labels as a column of its own, or None where they are text without a name."""
    plain_text = columns.nlevels == 1 and columns.name is None and columns.dtype == pd.Index(["a"]).dtype
    if plain_text and all(isinstance(label, str) for label in columns):
        return None
    levels = []
    for at, name in enumerate(columns.names):
        level = pd.Series(columns.get_level_values(at)).reset_index(drop=True)
        how = type_of(level)
        if how.lost:
            return None
        levels.append({"name": _said(name)} | how.told() | {"texts": texts_of(plain(level), how)})
    return levels
