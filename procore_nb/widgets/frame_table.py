"""A table for frames of any length: the rows stay in the kernel, and only those in sight travel; bars that count its values.

In: a frame. Out: a widget that sorts, searches, chooses columns and sends files to the browser. No rows are ever
widget state, so a saved notebook stays small: it holds the first ten, as text and picture. Files travel over the widget's own channel in parts that the
browser requests one by one, so that downloads work with a remote kernel too; nothing is left on the kernel's disk.

Why our own: measured offline in JupyterLab, tables that send all rows need many seconds for 100,000 of them, and the
one that does not brings a database of a quarter of a gigabyte along.
"""

from __future__ import annotations

import gzip
import itertools
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import traitlets

from procore_nb.call_errors import explain_calls
from procore_nb.errors import ArgumentError, ProcoreError
from procore_nb.export import to_csv, to_excel
from procore_nb.export.column_text import title, titles
from procore_nb.frame_info import partial_note
from procore_nb.progress import counted
from procore_nb.static_view import MOST_ROWS, static_text
from procore_nb.widgets.background import BackgroundTask
from procore_nb.widgets.components import MessageWidget, replace_surrogates, script, style
from procore_nb.widgets.table_rows import MISSING, TableRows, column_order, is_numeric, texts, width

_MOST_ROWS_AT_ONCE = 500


class FrameTable(MessageWidget):
    """Show a frame as a table to sort, search, page through and download.

    Parameters
    ----------
    frame
        Any frame. It is not changed.

    Attributes
    ----------
    frame
        The whole frame.
    view
        The rows in sight, searched, filtered and in order, with the chosen columns in the frame's order; all columns while
        none were chosen, also the empty ones that are not drawn. Downloads hold this.
    changes
        Counts the changes of the rows in sight; may be observed.

    Examples
    --------
    >>> import pandas as pd
    >>> FrameTable(pd.DataFrame({"id": [1, 2]})).view.shape
    (2, 1)
    """

    _esm = script("download.js", "columns.js", "table.js")
    _css = style("table.css")
    changes = traitlets.Int(0)
    outdated = traitlets.Bool(False).tag(sync=True)  # a new fetch is under way: the rows are dimmed

    @explain_calls()
    def __init__(self, frame: pd.DataFrame, **traits: Any) -> None:
        super().__init__(**traits)
        self._downloads = Downloads(self.send)
        self._version = 0
        self._set_frame(frame)
        self.on_msg(self._receive)

    @property
    def frame(self) -> pd.DataFrame:
        """The whole frame."""
        return self._frame

    @property
    def view(self) -> pd.DataFrame:
        """The rows and columns in sight."""
        everything = len(self._positions) == len(self._flat) and self._rows.column is None
        rows = self._flat if everything else self._flat.iloc[self._positions]
        if self._columns_chosen:
            return rows.iloc[:, sorted(self._shown)]
        return self._frame if everything else rows

    def show(self, frame: pd.DataFrame) -> None:
        """Show another frame in the same table."""
        self._set_frame(frame)
        self._send_head()
        self.changes += 1

    def choose_columns(self, names: list[str]) -> None:
        """Show these columns."""
        self._choose([self._position(name) for name in names])

    def filter(self, name: str, words: str = "") -> None:
        """Show the rows that match in one column, which is shown then; no words remove the filter.

        Words may be part of a cell (`slab`), the whole of it (`=open`), a limit for numbers and times (`>100`,
        `<=2026-01-31`), or `(missing)`.
        """
        position = self._position(name)
        if position not in self._shown:
            self._shown.append(position)
        self._select({"filters": {**self._rows.filters, position: words}})

    def filter_of(self, name: str) -> str:
        """The words of the filter of one column; empty where there is none."""
        return self._rows.filters.get(self._position(name), "")

    def column(self, name: str) -> pd.Series[Any]:
        """One column of the rows that match all other filters, to count its values."""
        position = self._position(name)
        return self._flat.iloc[:, position].take(self._rows.positions(without=position))

    def static_text(self) -> str:
        """Return the first rows, for those who read the notebook without a kernel."""
        rows = self._positions[:MOST_ROWS]
        drawn = {self._labels[column]: texts(self._flat.iloc[:, column].take(rows)) for column in self._shown}
        return static_text(repr(self), pd.DataFrame(drawn), len(self._positions))

    def __repr__(self) -> str:
        return f"FrameTable({len(self._frame):,} rows, {self._frame.shape[1]} columns)"

    def _position(self, name: str) -> int:
        if name not in self._labels:
            raise ArgumentError(f"There is no column {name!r} in this table.")
        return self._labels.index(name)

    def _set_frame(self, frame: pd.DataFrame) -> None:
        if not isinstance(frame, pd.DataFrame):
            raise ArgumentError(f"A table shows a DataFrame, not {type(frame).__name__}.")
        self._frame = frame
        named = any(name is not None for name in frame.index.names)
        self._flat = frame.reset_index() if named else frame
        self._labels = list(map(str, self._flat.columns))
        order = column_order(self._labels)
        # Only lists of Procore are put in order: who made a frame has chosen the order of its columns.
        self._order = order if frame.attrs.get("procore") and not named else sorted(order)
        # Columns that hold nothing at all are not drawn.
        filled = self._flat.notna().any().to_numpy() | self._flat.empty
        self._shown = [column for column in self._order if filled[column]] or self._order
        self._rows = TableRows(self._flat)
        self._positions = self._rows.positions()
        columns = zip(self._labels, titles(self._labels), self._flat.items(), strict=True)
        self._columns = [
            {"label": label, "title": heading, "width": width(column, heading), "right": is_numeric(column)}
            for label, heading, (_, column) in columns
        ]
        self._columns_chosen = False

    def _receive(self, _: object, content: dict[str, Any], buffers: object) -> None:
        view = content.get("from")
        match content.get("kind"):
            case "ready":
                self._send_head(view)
            case "rows":
                first, count = max(int(content.get("first", 0)), 0), int(content.get("count", 100))
                page = self._page(first, min(count, _MOST_ROWS_AT_ONCE))
                self.send({"kind": "rows", "to": view, "turn": self._version} | page)
            case "select":
                self._select(content)
            case "columns":
                self._choose([at for at in content.get("shown", []) if 0 <= at < self._flat.shape[1]])
            case "download":
                self._downloads.start(self.view, str(content.get("as")), view, self._frame.shape)
            case "part":
                self._downloads.send_part(content, view)

    def _choose(self, shown: list[int]) -> None:
        """Show these columns; an order or filter by a column that is hidden would not be understood, and goes."""
        self._shown, self._columns_chosen = [column for column in self._order if column in shown], True
        filters = {column: words for column, words in self._rows.filters.items() if column in shown}
        column = self._rows.column if self._rows.column in shown else None
        self._select({"filters": filters, "column": column})

    def _select(self, content: dict[str, Any]) -> None:
        """Take words, filters and order; what a message leaves out stays."""
        rows, count = self._rows, self._flat.shape[1]
        column = content.get("column", rows.column)
        rows.column = column if isinstance(column, int) and 0 <= column < count else None
        rows.words, rows.down = str(content.get("words", rows.words)), bool(content.get("down", rows.down))
        filters = {int(at): str(words) for at, words in content.get("filters", rows.filters).items()}
        rows.filters = {at: words for at, words in filters.items() if 0 <= at < count and words.strip()}
        self._positions = rows.positions()
        self._send_head()
        self.changes += 1

    def _send_head(self, to: object = None) -> None:
        """Send what the table looks like now; each change outdates the pages that were sent before."""
        self._version += (
            1 if to is None else 0
        )  # one view that asks again does not outdate what the others show
        head = {
            "kind": "head",
            "to": to,
            "turn": self._version,
            "columns": self._columns,
            "order": self._order,
            "shown": self._shown,
            "rows": len(self._positions),
            "all": len(self._flat),
            "caption": caption(self._frame),
            "partial": partial_note(self._frame),
            "words": self._rows.words,
            "filters": {str(column): words for column, words in self._rows.filters.items()},
            "column": self._rows.column,
            "down": self._rows.down,
        }
        self.send(head | self._page(0, 100))

    def _page(self, first: int, count: int) -> dict[str, Any]:
        rows = self._positions[first : first + count]
        columns = [texts(self._flat.iloc[:, column].take(rows)) for column in self._shown]
        return {"first": first, "cells": [list(row) for row in zip(*columns, strict=True)]}


def caption(frame: pd.DataFrame) -> str:
    """What a table shows: the list, its targets and filters, when it was fetched, what is left out."""
    info = frame.attrs.get("procore") or {}
    if "endpoint" not in info:
        return ""
    parts = [title(str(info["endpoint"])), str(info.get("environment") or "")]
    parts += [f"{name} {_argument_text(value)}" for name, value in (info.get("arguments") or {}).items()]
    if info.get("limited"):
        parts.append(f"first {info['limited']:,} rows only")
    if info.get("skipped"):
        parts.append(f"{counted(len(info['skipped']), 'target')} skipped")
    if info.get("fetched_at"):
        parts.append(f"fetched {str(info['fetched_at'])[:16].replace('T', ' ')} UTC")
    return " · ".join(filter(None, parts))


def _argument_text(value: Any) -> str:
    if isinstance(value, tuple) and len(value) == 2:  # a range
        return " to ".join(str(end or "…") for end in value)
    if not isinstance(value, list | tuple | set):
        return str(value)
    return counted(len(value), "value") if len(value) > 3 else ", ".join(map(str, value))


_PART = 256 * 1024  # bytes; small enough for every proxy between kernel and browser
_SUFFIXES = {"csv": ".csv", "excel": ".xlsx"}


class Downloads:
    """Makes one file at a time and sends it in parts."""

    def __init__(self, send: Callable[..., None]) -> None:
        self._send = send
        self._task = BackgroundTask(lambda _: None, self._failed)
        self._numbers = itertools.count(1)
        self._files: dict[int, bytes] = {}
        self._recipient: object = None

    def start(self, frame: pd.DataFrame, kind: str, to: object, whole: tuple[int, int]) -> None:
        """Begin a file; its name, and what of the `whole` (rows, columns) it holds, are sent when it is made."""
        self._recipient = to
        self._task.start(lambda: self._make(frame, kind, whole))

    def wait(self) -> None:
        """Wait until the file is made."""
        self._task.wait()

    def send_part(self, request: dict[str, Any], to: object) -> None:
        """Send one part; the last one ends the file."""
        number, part = int(request.get("file", 0)), int(request.get("part", 0))
        data = self._files.get(number)
        if data is None:
            self._send({"kind": "error", "to": to, "text": "That file is gone; download it again."})
            return
        message = {"kind": "part", "to": to, "file": number, "part": part}
        self._send(message, [data[part * _PART : (part + 1) * _PART]])
        if request.get("last"):
            self._files.pop(number, None)

    def _make(self, frame: pd.DataFrame, kind: str, whole: tuple[int, int]) -> None:
        if not frame.shape[1]:
            advice = "Choose some under Columns."
            raise ArgumentError("No column is chosen, so there is nothing to download.", advice=advice)
        data = gzip.compress(file_bytes(frame, kind), 5, mtime=0)
        number, note = next(self._numbers), partial_note(frame)
        self._files = {number: data}  # an older file nobody fetched is dropped
        holds = ", ".join(
            f"all {counted(total, noun)}" if count == total else f"{count:,} of {counted(total, noun)}"
            for count, total, noun in zip(frame.shape, whole, ("row", "column"), strict=True)
        )
        name = str((frame.attrs.get("procore") or {}).get("endpoint", "table")) + ("-partial" if note else "")
        file = {"file": number, "name": name + _SUFFIXES[kind], "parts": -(-len(data) // _PART)}
        self._send({"kind": "file", "to": self._recipient, **file, "holds": f"{holds}. {note}".strip()})

    def _failed(self, error: BaseException) -> None:
        text = str(error) if isinstance(error, ProcoreError) else f"{type(error).__name__}: {error}"
        self._send({"kind": "error", "to": self._recipient, "text": text})


def file_bytes(frame: pd.DataFrame, kind: str) -> bytes:
    """The bytes that `to_csv(…, excel=True)` or `to_excel` write."""
    if kind not in _SUFFIXES:
        raise ArgumentError(f"A table is downloaded as csv or excel, not {kind!r}.")
    # The button names a partial frame: in a thread there is nobody to warn.
    complete = frame.copy(deep=False)
    complete.attrs = {"procore": {**(frame.attrs.get("procore") or {}), "complete": True}}
    with tempfile.TemporaryDirectory(prefix="procore_nb-") as folder:
        path = Path(folder) / f"table{_SUFFIXES[kind]}"
        written = to_csv(complete, path, excel=True) if kind == "csv" else to_excel(complete, path)
        return written.read_bytes()


_MOST_BARS = 15
_WORTH_COUNTING = ("status", "stage", "type", "priority", "trade", "city")


def count_values(column: pd.Series[Any]) -> list[tuple[str, int]]:
    """Values and how often they occur: times by month or year in order, all else most frequent first.

    The rest and the missing are last.
    """
    is_time = pd.api.types.is_datetime64_any_dtype(column.dtype)
    if is_time:
        labels = pd.Series(column.dt.strftime("%Y-%m"), dtype="string")
        labels = labels if labels.nunique() <= _MOST_BARS else labels.str[:4]
    else:
        labels = pd.Series(replace_surrogates(texts(column)), dtype="string")
    counts = labels.value_counts()
    bars = [(str(label), int(count)) for label, count in counts.head(_MOST_BARS).items()]
    if is_time:
        bars.sort()
    rest, missing = int(counts.iloc[_MOST_BARS:].sum()), int(labels.isna().sum())
    if rest:
        bars.append((f"{len(counts) - _MOST_BARS:,} others", rest))
    return [*bars, (MISSING, missing)] if missing else bars


def columns_to_count(frame: pd.DataFrame) -> list[str]:
    """Columns worth counting, those with few values first; ids and texts that never repeat are last."""

    def rank(item: tuple[Any, pd.Series[Any]]) -> tuple[bool, int]:
        name, column = str(item[0]), item[1].head(2000)
        distinct = column.map(str).nunique()
        unique = distinct > max(20, 0.6 * len(column)) or name.endswith(("id", "[]"))
        ranks = (position for position, word in enumerate(_WORTH_COUNTING) if word in name.lower())
        return unique or distinct < 2, next(ranks, len(_WORTH_COUNTING))

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
        is_time = pd.api.types.is_datetime64_any_dtype(column.dtype)  # a month is a part of its times
        bars = []
        for position, (label, count) in enumerate(count_values(column)):
            words = label if is_time or label == MISSING else f"={label}"
            bars.append([label, count, "" if position == _MOST_BARS and label != MISSING else words])
        self._message = {"kind": "bars", "title": title, "bars": bars, "chosen": chosen}
        self.send(self._message)

    def _receive(self, _: object, content: dict[str, Any], buffers: object) -> None:
        if content.get("kind") == "ready":
            self.send(self._message)
        elif content.get("kind") == "pick":
            self._on_pick(str(content.get("words", "")))
