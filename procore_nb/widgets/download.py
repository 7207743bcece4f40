"""Files sent to the browser over the widget's own channel, so that downloads work with a remote kernel too.

In: a frame. Out: CSV or Excel in parts that the browser requests one by one. Leaves nothing on the kernel's disk.
"""

from __future__ import annotations

import gzip
import itertools
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from procore_nb.errors import ArgumentError, ProcoreError
from procore_nb.export import to_csv
from procore_nb.widgets.background import BackgroundTask

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
        place = Path(folder) / f"table{_ENDINGS[kind]}"
        if kind == "csv":
            to_csv(frame, place)
        else:
            from procore_nb.export import to_excel

            to_excel(frame, place)
        return place.read_bytes()
