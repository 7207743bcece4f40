"""A table for frames of any length: the rows stay in the kernel, and only those in sight travel.

In: a frame. Out: a widget that sorts, searches, chooses columns and sends files to the browser. No rows are ever
widget state, so a saved notebook stays small and holds no data. Files travel over the widget's own channel in parts that the
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

from procore_nb.call_errors import explain_calls
from procore_nb.errors import ArgumentError, ProcoreError
from procore_nb.export import to_csv, to_excel
from procore_nb.widgets.assets import MessageWidget, script, style
from procore_nb.widgets.background import BackgroundTask
from procore_nb.widgets.table_rows import TableRows, empty_columns, is_numeric, texts, width

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
        The rows in sight, searched and in order, with the chosen columns; all columns while none were chosen,
        also the empty ones that are not drawn. Downloads hold this.

    Examples
    --------
    >>> import pandas as pd
    >>> FrameTable(pd.DataFrame({"id": [1, 2]})).view.shape
    (2, 1)
    """

    _esm = script("download.js", "columns.js", "table.js")
    _css = style("table.css")

    @explain_calls()
    def __init__(self, frame: pd.DataFrame, **values: Any) -> None:
        super().__init__(**values)
        self._downloads = Downloads(self.send)
        self._turn = 0
        self._take(frame)
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
            return rows.iloc[:, self._shown]
        return self._frame if everything else rows

    def show(self, frame: pd.DataFrame) -> None:
        """Show another frame in the same place."""
        self._take(frame)
        self._send_head()

    def choose_columns(self, names: list[str]) -> None:
        """Show these columns, in the frame's order."""
        labels = [str(name) for name in self._flat.columns]
        unknown = [name for name in names if name not in labels]
        if unknown:
            raise ArgumentError(f"There is no column {unknown[0]!r} in this table.")
        self._choose([at for at, label in enumerate(labels) if label in set(names)])

    def __repr__(self) -> str:
        return f"FrameTable({len(self._frame):,} rows, {self._frame.shape[1]} columns)"

    def _take(self, frame: pd.DataFrame) -> None:
        if not isinstance(frame, pd.DataFrame):
            raise ArgumentError(f"A table shows a DataFrame, not {type(frame).__name__}.")
        self._frame = frame
        named = any(name is not None for name in frame.index.names)
        self._flat = frame.reset_index() if named else frame
        empty = empty_columns(self._flat)
        count = self._flat.shape[1]
        self._shown = [at for at in range(count) if at not in empty] or list(range(count))
        self._rows = TableRows(self._flat)
        self._positions = self._rows.positions()
        self._columns = [_column(self._flat.iloc[:, at]) for at in range(count)]
        self._columns_chosen = False

    def _receive(self, _: object, content: dict[str, Any], buffers: object) -> None:
        kind, to = content.get("kind"), content.get("from")
        if kind == "ready":
            self._send_head(to)
        elif kind == "rows":
            self._send_rows(content, to)
        elif kind == "select":
            self._select(content)
        elif kind == "columns":
            self._choose([at for at in content.get("shown", []) if 0 <= at < self._flat.shape[1]])
        elif kind == "download":
            self._downloads.make(self.view, str(content.get("as")), to)
        elif kind == "part":
            self._downloads.send_part(content, to)

    def _choose(self, shown: list[int]) -> None:
        self._shown, self._columns_chosen = shown, True
        self._send_head()

    def _select(self, content: dict[str, Any]) -> None:
        column = content.get("column")
        valid = isinstance(column, int) and 0 <= column < self._flat.shape[1]
        self._rows.words = str(content.get("words", ""))
        self._rows.column, self._rows.down = (column if valid else None), bool(content.get("down"))
        self._positions = self._rows.positions()
        self._send_head()

    def _send_head(self, to: object = None) -> None:
        """Send what the table looks like now; each change makes older pages void."""
        self._turn += 1 if to is None else 0
        head = {
            "kind": "head",
            "to": to,
            "turn": self._turn,
            "columns": self._columns,
            "shown": self._shown,
            "rows": len(self._positions),
            "all": len(self._flat),
            "source": str(self._frame.attrs.get("procore", {}).get("environment", "")),
            "words": self._rows.words,
            "column": self._rows.column,
            "down": self._rows.down,
        }
        self.send(head | self._page(0, 100))

    def _send_rows(self, content: dict[str, Any], to: object) -> None:
        first, count = int(content.get("first", 0)), min(int(content.get("count", 100)), _MOST_ROWS_AT_ONCE)
        self.send({"kind": "rows", "to": to, "turn": self._turn} | self._page(max(first, 0), count))

    def _page(self, first: int, count: int) -> dict[str, Any]:
        rows = self._positions[first : first + count]
        columns = [texts(self._flat.iloc[:, at].take(rows)) for at in self._shown]
        cells = [list(row) for row in zip(*columns, strict=True)] if columns else []
        return {"first": first, "cells": cells}


def _column(column: pd.Series[Any]) -> dict[str, Any]:
    return {"label": str(column.name), "width": width(column), "right": is_numeric(column)}


_PART = 256 * 1024  # bytes; small enough for every proxy between kernel and browser
_ENDINGS = {"csv": ".csv", "excel": ".xlsx"}


class Downloads:
    """Makes one file at a time and sends it in parts."""

    def __init__(self, send: Callable[..., None]) -> None:
        self._send = send
        self._task = BackgroundTask(lambda _: None, self._failed)
        self._numbers = itertools.count(1)
        self._files: dict[int, bytes] = {}
        self._to: object = None

    def make(self, frame: pd.DataFrame, kind: str, to: object) -> None:
        """Begin a file; its name and size are sent when it is made."""
        self._to = to
        self._task.start(lambda: self._make(frame, kind, to))

    def wait(self) -> None:
        """Wait until the file is made."""
        self._task.wait()

    def send_part(self, request: dict[str, Any], to: object) -> None:
        """Send one part; the last one ends the file."""
        number, at = int(request.get("file", 0)), int(request.get("part", 0))
        data = self._files.get(number)
        if data is None:
            self._send({"kind": "error", "to": to, "text": "That file is gone; download it again."})
            return
        piece = data[at * _PART : (at + 1) * _PART]
        self._send({"kind": "part", "to": to, "file": number, "part": at}, [piece])
        if request.get("last"):
            self._files.pop(number, None)

    def _make(self, frame: pd.DataFrame, kind: str, to: object) -> None:
        data = gzip.compress(file_bytes(frame, kind), 5, mtime=0)
        number = next(self._numbers)
        self._files = {number: data}  # an older file nobody fetched is dropped
        name = str(frame.attrs.get("procore", {}).get("endpoint", "table")) + _ENDINGS[kind]
        parts = -(-len(data) // _PART)
        self._send({"kind": "file", "to": to, "file": number, "name": name, "parts": parts, "zipped": True})

    def _failed(self, error: BaseException) -> None:
        text = str(error) if isinstance(error, ProcoreError) else f"{type(error).__name__}: {error}"
        self._send({"kind": "error", "to": self._to, "text": text})


def file_bytes(frame: pd.DataFrame, kind: str) -> bytes:
    """The bytes that `to_csv` or `to_excel` write."""
    if kind not in _ENDINGS:
        raise ArgumentError(f"A table is downloaded as csv or excel, not {kind!r}.")
    with tempfile.TemporaryDirectory(prefix="procore_nb-") as folder:
        path = Path(folder) / f"table{_ENDINGS[kind]}"
        (to_csv if kind == "csv" else to_excel)(frame, path)
        return path.read_bytes()
