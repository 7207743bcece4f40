"""Frames as an Excel workbook.

In: one frame, or several by name. Out: a workbook with a sheet for each, ready to filter and to add up. Speaks to
the file system only. Text is written as text, never as a formula or a link.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from procore_nb.errors import ArgumentError
from procore_nb.export.atomic import put_in_place
from procore_nb.export.cells import ColumnType, is_missing, texts_of, type_of, with_index
from procore_nb.export.extras import library

MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384
_LONGEST_CELL = 32_767
_LONGEST_NAME = 31
_EXACT_FLOAT = 2**53
_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\", "_"))
_CUT = " … (cut)"
_FIRST_DAY = datetime(1900, 3, 1)  # before it, Excel counts a day that never was
_FORMATS = {
    "date": "yyyy-mm-dd",
    "time": "yyyy-mm-dd hh:mm:ss",
    "moment": "yyyy-mm-dd hh:mm:ss",
    "decimal": "#,##0.00",
}


def to_excel(frame: pd.DataFrame | Mapping[str, pd.DataFrame], path: str | os.PathLike[str]) -> Path:
    """Write a frame to an Excel workbook and return its path.

    Parameters
    ----------
    frame
        A frame, which becomes the sheet "Data"; or a dict of name to frame, a sheet for each. Names that Excel does
        not take are changed: 31 characters at most, none of the signs that file names lack, no two alike.
    path
        The workbook to write. Its folder must exist. A file of that name is replaced once the new one is whole.

    Returns
    -------
    Path
        The workbook. The header is frozen and filters; numbers are numbers, dates are dates, times are in UTC and
        their header says so; ids past 2**53 are text, since Excel would round them; decimals have up to 15 digits
        there, longer ones are text; lists are JSON text; missing is an empty cell. Text past 32,767 characters is
        cut and ends with "… (cut)".

    Raises
    ------
    ArgumentError
        If a frame has more rows or columns than a sheet holds.
    OutputError
        If the file cannot be written; nothing half-written stays.
    MissingExtraError
        Without xlsxwriter.

    Examples
    --------
    >>> import procore_nb as pnb
    >>> pnb.to_excel({"Projects": pnb.to_frame([{"id": 1}])}, "portfolio.xlsx").name
    'portfolio.xlsx'
    """
    xlsxwriter = library("xlsxwriter", "An Excel file")
    frames = dict(frame) if isinstance(frame, Mapping) else {"Data": frame}
    if not frames:
        raise ArgumentError("There is no frame to write.", advice="Give a frame, or a dict of name to frame.")
    flat = {name: with_index(one)[0] for name, one in frames.items()}
    for name, one in flat.items():
        _check_size(name, one)
    place = Path(path)
    options = {
        "in_memory": True,
        "strings_to_numbers": False,
        "strings_to_formulas": False,
        "strings_to_urls": False,
    }
    with put_in_place(place) as draft, draft.open("wb") as file:
        book = xlsxwriter.Workbook(file, options)
        for name, (_, one) in zip(sheet_names(list(flat)), flat.items(), strict=True):
            _fill(book, book.add_worksheet(name), one)
        book.close()
    return place


def sheet_names(names: list[Any]) -> list[str]:
    """Names that Excel takes, in order, no two alike."""
    taken: set[str] = set()
    result = []
    for name in names:
        plain = "".join(letter for letter in str(name).translate(_FORBIDDEN) if letter.isprintable())
        plain = plain.strip("' ") or "Sheet"
        plain = f"{plain}_" if plain.lower() == "history" else plain  # Excel keeps that name for itself
        wanted, count = plain[:_LONGEST_NAME], 1
        while wanted.lower() in taken:
            count += 1
            wanted = f"{plain[: _LONGEST_NAME - len(str(count)) - 3]} ({count})"
        taken.add(wanted.lower())
        result.append(wanted)
    return result


def _check_size(name: str, frame: pd.DataFrame) -> None:
    rows, columns = len(frame) + 1, frame.shape[1]
    if rows > MOST_ROWS or columns > MOST_COLUMNS:
        raise ArgumentError(
            f"{name!r} has {len(frame):,} rows and {columns:,} columns; "
            f"a sheet holds {MOST_ROWS - 1:,} and a header, and {MOST_COLUMNS:,}.",
            advice="Filter the frame, split it over several sheets, or use to_csv or to_parquet.",
        )


def _fill(book: Any, sheet: Any, frame: pd.DataFrame) -> None:
    bold = book.add_format({"bold": True, "bottom": 1, "valign": "top"})
    for at, name in enumerate(frame.columns):
        column = frame.iloc[:, at]
        how = type_of(column)
        title = f"{name} (UTC)" if how.kind == "time" else str(name)
        sheet.write_string(0, at, _short(title), bold)
        look = book.add_format({"num_format": _FORMATS[how.kind]}) if how.kind in _FORMATS else None
        width = len(title) + 3  # room for the filter's button
        for row, value in enumerate(_cells(column, how), 1):
            if value is not None:
                width = max(width, _write(sheet, row, at, value, look))
        sheet.set_column(at, at, min(max(width, 6), 60))
    sheet.freeze_panes(1, 0)
    if frame.shape[1]:
        sheet.autofilter(0, 0, max(len(frame), 1), frame.shape[1] - 1)


def _write(sheet: Any, row: int, at: int, value: Any, look: Any) -> int:
    """Write one cell and return how wide it looks."""
    if isinstance(value, bool):
        sheet.write_boolean(row, at, value)
        return 5
    if isinstance(value, datetime):
        sheet.write_datetime(row, at, value, look)
        return 19
    if isinstance(value, str):
        if value:
            sheet.write_string(row, at, _short(value))
        return max(map(len, value[:500].splitlines()), default=0)
    sheet.write_number(row, at, value, look)
    return len(f"{value:,.2f}")


def _cells(column: pd.Series[Any], how: ColumnType) -> Iterator[Any]:
    """What goes into each cell: a number, a truth value, a naive time, text, or None."""
    if how.kind in ("text", "json", "span"):
        return iter(texts_of(column, how))
    if how.kind == "time":
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    return (None if is_missing(value) else _cell(value, how.kind) for value in column.tolist())


def _cell(value: Any, kind: str) -> Any:
    if kind == "boolean":
        return bool(value)
    if kind in ("date", "time", "moment"):
        moment = value.to_pydatetime(warn=False) if isinstance(value, pd.Timestamp) else value
        return moment if moment >= _FIRST_DAY else moment.isoformat()
    if kind == "integer":
        return int(value) if abs(int(value)) <= _EXACT_FLOAT else str(value)
    if kind == "decimal":
        return float(value) if len(value.normalize().as_tuple().digits) <= 15 else str(value)
    return float(value) if abs(float(value)) != float("inf") else str(value)


def _short(text: str) -> str:
    safe = text.encode("utf-8", "replace").decode()
    return safe if len(safe) <= _LONGEST_CELL else safe[: _LONGEST_CELL - len(_CUT)] + _CUT
