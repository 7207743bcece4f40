"""Frames as plain text for a terminal.

In: a frame. Out: text that fits the terminal, without control characters from other people's text.
"""

from __future__ import annotations

import shutil
from typing import Any

import pandas as pd

from procore_nb.scalars import is_missing

_LEAST = 12  # a column of text does not get narrower
_LONGEST = 200
_FIRST = (
    "project_name", "id", "number", "project_number", "name", "title", "subject", "status", "status.name",
    "project_stage.name", "city", "country_code", "date", "due_date", "start_date", "total_value", "grand_total",
    "latitude", "longitude",
)  # fmt: skip
_FIRST_OF_FILES = ("list", "project_name", "kind", "name", "size", "created_at")


def compact(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the columns that fit a terminal and are worth a first look, most telling first."""
    first = _FIRST_OF_FILES if {"list", "kind", "size"} <= set(frame.columns) else _FIRST
    chosen = [name for name in first if name in frame.columns and (frame[name].notna().any() or frame.empty)]
    others = [name for name in frame.columns if name not in chosen and frame[name].notna().any()]
    return frame[(chosen if len(chosen) > 2 else chosen + others)[:8]]


def as_text(frame: pd.DataFrame) -> str:
    """Return a frame as aligned text as wide as the terminal; long cells end with an ellipsis, last columns give way."""
    if not len(frame.columns):
        return f"{len(frame):,} rows without columns"
    if frame.empty:
        return f"no rows (columns: {', '.join(map(plain, map(str, frame.columns)))})"
    numeric = [pd.api.types.is_numeric_dtype(frame[name]) for name in frame.columns]
    texts = [[plain(str(name)), *_cells(frame[name])] for name in frame.columns]
    widths = _fitted([max(map(len, column)) for column in texts], numeric)
    shown = [
        [_cut(text, wide).rjust(wide) if right else _cut(text, wide).ljust(wide) for text in column]
        for column, wide, right in zip(texts, widths, numeric, strict=False)  # the last columns may not fit
    ]
    return "\n".join("  ".join(row).rstrip() for row in zip(*shown, strict=True))


def _fitted(widths: list[int], numeric: list[bool]) -> list[int]:
    """Widths that the terminal holds: the widest text gives way first, then the last columns; numbers stay whole."""
    room = shutil.get_terminal_size((110, 24)).columns
    fitted = list(widths)
    while sum(fitted) + 2 * (len(fitted) - 1) > room:
        wide = [(width, at) for at, width in enumerate(fitted) if width > _LEAST and not numeric[at]]
        if wide:
            fitted[max(wide)[1]] -= 1
        elif len(fitted) > 1:
            fitted = widths[: len(fitted) - 1]
        else:
            break
    return fitted


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def plain(text: str) -> str:
    """Return text without control characters, which could rewrite a terminal."""
    return "".join(mark if mark.isprintable() else " " for mark in text)


def _cells(column: pd.Series[Any]) -> list[str]:
    there = column.dropna()
    days = column.dtype.kind == "M" and bool((there == there.dt.normalize()).all())

    def text(value: Any) -> str:
        value = value.date() if days else value
        return plain(f"{value:.5f}" if isinstance(value, float) else str(value)[:_LONGEST])

    return ["" if is_missing(value) else text(value) for value in column]
