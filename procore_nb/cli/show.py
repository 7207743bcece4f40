"""Frames as plain text for a terminal.

In: a frame. Out: text that fits the terminal, without control characters from other people's text.
"""

from __future__ import annotations

import shutil

import pandas as pd

_FIRST = (
    "project_name",
    "id",
    "number",
    "project_number",
    "name",
    "title",
    "subject",
    "status",
    "status.name",
    "project_stage.name",
    "city",
    "country_code",
    "date",
    "due_date",
    "start_date",
    "total_value",
    "grand_total",
    "latitude",
    "longitude",
)


def compact(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the columns that fit a terminal and are worth a first look, most telling first."""
    chosen = [name for name in _FIRST if name in frame.columns and (frame[name].notna().any() or frame.empty)]
    others = [name for name in frame.columns if name not in chosen and frame[name].notna().any()]
    return frame[(chosen if len(chosen) > 2 else chosen + others)[:8]]


def as_text(frame: pd.DataFrame) -> str:
    """Return a frame as aligned text; long cells are cut with an ellipsis."""
    if frame.empty:
        return f"no rows (columns: {', '.join(map(str, frame.columns))})"
    width = shutil.get_terminal_size((110, 24)).columns
    widest = max(14, (width - 2 * len(frame.columns)) // max(1, len(frame.columns)) + 10)
    cells = frame.apply(lambda column: column.map(lambda value: _cell(value, widest)))
    numeric = {name for name in frame.columns if pd.api.types.is_numeric_dtype(frame[name])}
    texts = [[str(name), *cells[name]] for name in frame.columns]
    widths = [max(map(len, column)) for column in texts]
    lines = []
    for row in zip(*texts, strict=True):
        parts = [
            text.rjust(wide) if name in numeric else text.ljust(wide)
            for text, wide, name in zip(row, widths, frame.columns, strict=True)
        ]
        lines.append("  ".join(parts).rstrip())
    return "\n".join(lines)


def plain(text: str) -> str:
    """Return text without control characters, which could rewrite a terminal."""
    return "".join(mark if mark.isprintable() else " " for mark in text)


def _cell(value: object, widest: int) -> str:
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value):
        return ""
    text = plain(f"{value:.5f}" if isinstance(value, float) else str(value))
    return text if len(text) <= widest else text[: widest - 1] + "…"
