"""How often each value of a column occurs, as a small bar chart whose bars filter a table.

In: a frame. Out: bars, and the filter of the bar that was clicked. The texts travel as a message and are never widget state.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from procore_nb.widgets.assets import MessageWidget, script, sendable, style
from procore_nb.widgets.table_rows import MISSING, texts

_MOST = 15


def count_values(column: pd.Series[Any]) -> list[tuple[str, int]]:
    """Values and how often they occur: times by month or year in order, all else most frequent first.

    The rest and the missing are last.
    """
    in_time = pd.api.types.is_datetime64_any_dtype(column.dtype)
    written = _periods(column) if in_time else pd.Series(sendable(texts(column)), dtype="string")
    counted = written.value_counts()
    bars = [(str(text), int(number)) for text, number in counted.head(_MOST).items()]
    if in_time:
        bars.sort()
    rest, missing = int(counted.iloc[_MOST:].sum()), int(written.isna().sum())
    if rest:
        bars.append((f"{len(counted) - _MOST:,} others", rest))
    return [*bars, (MISSING, missing)] if missing else bars


def _periods(column: pd.Series[Any]) -> pd.Series[Any]:
    """Months, or years where the months would be too many to draw."""
    months = pd.Series(column.dt.strftime("%Y-%m"), dtype="string")
    return months if months.nunique() <= _MOST else months.str[:4]


def good_columns(frame: pd.DataFrame) -> list[str]:
    """Columns worth counting, those with few values first; ids and texts that never repeat are last."""
    likely = ("status", "stage", "type", "priority", "trade", "city")

    def rank(item: tuple[Any, pd.Series[Any]]) -> tuple[bool, int]:
        name, column = str(item[0]), item[1].head(2000)
        different = column.map(str).nunique()
        alone = different > max(20, 0.6 * len(column)) or name.endswith(("id", "[]"))
        found = (at for at, word in enumerate(likely) if word in name.lower())
        return alone or different < 2, next(found, len(likely))

    return [str(name) for name, _ in sorted(frame.items(), key=rank)]


class CountBars(MessageWidget):
    """Bars of the values of one column; `show(column)` draws another, `on_pick` is called with the filter of a bar."""

    _esm = script("counts.js")
    _css = style("counts.css")

    def __init__(self, on_pick: Callable[[str], object]) -> None:
        super().__init__()
        self._message: dict[str, Any] = {"kind": "bars", "title": "", "bars": []}
        self._on_pick = on_pick
        self.on_msg(self._receive)

    def show(self, column: pd.Series[Any], *, title: str, chosen: str = "") -> None:
        """Draw the counts of this column; `chosen` is the filter of the bar that is marked."""
        days = pd.api.types.is_datetime64_any_dtype(column.dtype)  # a bar of a month is a part of times
        bars = []
        for at, (label, number) in enumerate(count_values(column)):
            words = label if days or label == MISSING else f"={label}"
            bars.append([label, number, "" if at == _MOST and label != MISSING else words])
        self._message = {"kind": "bars", "title": title, "bars": bars, "chosen": chosen}
        self.send(self._message)

    def _receive(self, _: object, content: dict[str, Any], buffers: object) -> None:
        if content.get("kind") == "ready":
            self.send(self._message)
        elif content.get("kind") == "pick":
            self._on_pick(str(content.get("words", "")))
