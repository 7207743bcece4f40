"""Frames as an Excel workbook.

In: one frame, or several by name. Out: a workbook with a sheet for each, ready to filter and to add up. Speaks to
the file system only. Text is written as text, never as a formula or a link.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from procore_nb.atomic_write import output_path, replace_atomically
from procore_nb.call_errors import explain_calls
from procore_nb.errors import ArgumentError
from procore_nb.export.frame_files import (
    INDEX_ADVICE,
    WritableColumn,
    WritableTable,
    check_ending,
    frames_of,
    library,
    writable,
)
from procore_nb.frames.transform import row_name
from procore_nb.frames.types import is_id
from procore_nb.scalars import is_missing

MAX_ROWS, MAX_COLUMNS = 1_048_576, 16_384
_NAME_LENGTH, _CELL_LENGTH = 31, 32_767
_EXACT_DIGITS = 15
_CUT = " … (cut)"
_FIRST_DAY = datetime(1900, 3, 1)  # before it, Excel counts a day that never was
_LAST_SECOND = datetime(9999, 12, 31, 23, 59, 59)
# Without the last one, twelve digits look like 1.2E+11.
_FORMATS = (
    {"date": "yyyy-mm-dd"} | dict.fromkeys(("time", "moment"), "yyyy-mm-dd hh:mm:ss") | {"integer": "0"}
)
Convert = Callable[[Any], Any]
_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\", "_"))


@explain_calls(sheet_name='Write to_excel({"RFIs": frame}, path).', index=INDEX_ADVICE)
def to_excel(frame: pd.DataFrame | Mapping[str, pd.DataFrame], path: str | os.PathLike[str]) -> Path:
    """Write a frame to an Excel workbook and return its path.

    Parameters
    ----------
    frame
        A frame, which becomes the sheet "Data"; or a dict of name to frame, a sheet for each. Names that Excel does
        not take are changed: 31 characters at most, none of the signs that file names lack, no two alike.
    path
        The workbook to write, `.xlsx`, in a folder that exists; replaced once the new one is whole.

    Returns
    -------
    Path
        The workbook. The header is frozen and filters; numbers are numbers, dates are dates, times are in UTC and
        their header says so; a column with a whole number of more than 15 digits is text, since Excel would round it, and
        with it every column of such ids on any sheet, so that one is found by the other; so are decimals of more digits, days
        before 1900 and what no calendar has; money has a format with two decimals; lists are JSON text; missing is an empty
        cell. Text past 32,767 characters is cut and ends with "… (cut)".

    Raises
    ------
    ArgumentError
        If a frame has more rows or columns than a sheet holds, or the ending is another one.
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
    return write_workbook(frame, path)


@dataclass(frozen=True)
class WorkbookStyle:
    """How a workbook looks: words in the place of column names, the colour of the header, of cells by their text."""

    titles: Callable[[list[str]], list[str]] = list
    header: str = ""
    cells: Mapping[str, str] = field(default_factory=dict)


def write_workbook(
    frame: pd.DataFrame | Mapping[str, pd.DataFrame],
    path: str | os.PathLike[str],
    *,
    style: WorkbookStyle = WorkbookStyle(),
) -> Path:
    """Write frames as `to_excel` does, in a style."""
    xlsxwriter = library("xlsxwriter", "An Excel file")
    target = output_path(path)
    check_ending(target, ".xlsx")
    frames = {name or "Data": value for name, value in frames_of(frame).items()}
    tables = {name: writable(value) for name, value in frames.items()}
    for name, table in tables.items():
        if table.rows + 1 > MAX_ROWS or len(table.names) > MAX_COLUMNS:
            raise ArgumentError(
                f"{name!r} has {table.rows:,} rows and {len(table.names):,} columns; "
                f"a sheet holds {MAX_ROWS - 1:,} and a header, and {MAX_COLUMNS:,}.",
                advice="Filter the frame, split it over several sheets, or use to_csv or to_parquet.",
            )
    with replace_atomically(target) as draft, draft.open("wb") as file:
        book = xlsxwriter.Workbook(file, {"constant_memory": True, "tmpdir": str(draft.parent)})
        try:
            text_ids = _text_ids(tables, {name: row_name(value, name) for name, value in frames.items()})
            for title, (name, table) in zip(sheet_names(list(tables)), tables.items(), strict=True):
                _fill(book, book.add_worksheet(title), table, text_ids[name], style)
            book.close()
        except xlsxwriter.exceptions.FileCreateError as error:  # it hides the error of the disk
            raise error.args[0] if isinstance(error.args[0], OSError) else error from error
        finally:
            for sheet in book.worksheets():  # its buffer of rows takes room on the disk until it is closed
                sheet.row_data_fh.close()
    return target


def sheet_names(names: list[Any]) -> list[str]:
    """Names that Excel takes, in order, no two alike."""
    taken: set[str] = set()
    result = []
    for name in names:
        text = "".join(character for character in str(name).translate(_FORBIDDEN) if character.isprintable())
        text = text.strip("' ") or "Sheet"
        text = f"{text}_" if text.lower() == "history" else text  # Excel keeps that name for itself
        unique, count = _truncated(text, _NAME_LENGTH), 1
        while unique.lower() in taken:
            count += 1
            suffix = f" ({count})"
            unique = f"{_truncated(text, _NAME_LENGTH - len(suffix))}{suffix}"
        taken.add(unique.lower())
        result.append(unique)
    return result


def _truncated(name: str, length: int) -> str:
    """The beginning of a name; Excel counts in pairs of bytes, of which an emoji takes two."""
    return name.encode("utf-16-le")[: 2 * length].decode("utf-16-le", "ignore").rstrip("' ")


def _text_ids(tables: Mapping[str, WritableTable], rows: Mapping[str, str]) -> dict[str, set[str]]:
    """The columns of whole-number ids on each sheet that are text: an id must be found by the same id on another sheet.

    `rows` says what a row of each sheet is, and so what its `id` means. If ids of such rows have too many digits, so may
    any column (`created_by.id`) that is named after none of the sheets.
    """
    numbers: list[tuple[str, str, str]] = []
    text, long, sheet_entities = set(), set(), set(rows.values())
    for sheet, table in tables.items():
        for column in table.columns:
            if not is_id(column.name) or column.type.logical not in ("integer", "text"):
                continue
            *outer, last = column.name.lower().split(".")
            entity = last.removesuffix("id").removesuffix("_") or (outer[-1] if outer else rows[sheet])
            if column.type.logical == "text":
                text.add(entity)
                continue
            numbers.append((sheet, column.name, entity))
            if _is_long(column.values):
                long.add(entity)
    text_ids: dict[str, set[str]] = {sheet: set() for sheet in tables}
    for sheet, name, entity in numbers:
        if entity in text | long or (long & sheet_entities and entity not in sheet_entities):
            text_ids[sheet].add(name)
    return text_ids


def _is_long(column: pd.Series[Any]) -> bool:
    """Whether Excel would round one of these whole numbers."""
    return any(abs(int(value)) >= 10**_EXACT_DIGITS for value in column.tolist() if not is_missing(value))


@dataclass
class _SheetColumn:
    """What makes a cell of a value (None: its text is written), how Excel shows it, and how wide the column is."""

    convert: Convert | None
    format: Any
    places: int
    width: int


def _fill(
    book: Any, sheet: Any, table: WritableTable, text_ids: Collection[str], style: WorkbookStyle
) -> None:
    """Write a sheet row by row, as a workbook in constant memory needs it."""
    from xlsxwriter.utility import xl_range

    colours = {"bg_color": style.header, "font_color": "#FFFFFF"} if style.header else {}
    header = book.add_format({"bold": True, "bottom": 1, "valign": "top", **colours})
    fills = {text: book.add_format({"bg_color": colour}) for text, colour in style.cells.items()}
    columns: list[_SheetColumn] = []
    for title, column in zip(style.titles(table.names), table.columns, strict=True):
        title = f"{title} (UTC)" if column.type.logical == "time" else title
        sheet.write_string(0, len(columns), _fitted(title), header)
        convert = _CONVERTERS.get(column.type.logical)
        if column.type.logical == "integer":  # all of a column: values that are looked up have one type
            convert = str if column.name in text_ids or _is_long(column.values) else int
        number_format = _format_of(column)
        shown = book.add_format({"num_format": number_format}) if number_format else None
        places = len(number_format.partition(".")[2]) or 2
        columns.append(_SheetColumn(convert, shown, places, len(title) + 3))  # room for the filter's button
    for row, cells in enumerate(_rows(table, columns), 1):
        for at, (value, look) in enumerate(zip(cells, columns, strict=True)):
            if value is not None:
                shown = fills.get(value) if isinstance(value, str) else look.format
                look.width = max(look.width, _write(sheet, row, at, value, shown, look.places))
    for at, look in enumerate(columns):
        sheet.set_column(at, at, min(max(look.width + 1, 6), 60))
    sheet.freeze_panes(1, 0)
    if columns:
        last = (max(table.rows, 1), len(columns) - 1)
        sheet.autofilter(0, 0, *last)
        # Numbers as text are meant so: no green corners.
        sheet.ignore_errors({"number_stored_as_text": xl_range(1, 0, *last)})


def _rows(table: WritableTable, columns: list[_SheetColumn]) -> Iterator[tuple[Any, ...]]:
    for chunk in table.chunks():
        cells = [
            column.texts()
            if look.convert is None
            else [None if is_missing(value) else look.convert(value) for value in column.values.tolist()]
            for column, look in zip(chunk, columns, strict=True)
        ]
        yield from zip(*cells, strict=True)


def _write(sheet: Any, row: int, at: int, value: Any, shown: Any, places: int) -> int:
    """Write one cell and return how wide it looks."""
    if isinstance(value, str):
        if value:
            sheet.write_string(row, at, _fitted(value), shown)
        return max(map(len, value[:500].split("\n")))
    if isinstance(value, bool):
        sheet.write_boolean(row, at, value)
        return 5
    if isinstance(value, datetime):
        sheet.write_datetime(row, at, value, shown)
        return 19
    sheet.write_number(row, at, value, shown)
    return len(str(value)) if isinstance(value, int) else len(f"{value:,.{places}f}")


def _format_of(column: WritableColumn) -> str:
    """How Excel shows the numbers or times of a column; empty where it is left to Excel."""
    if not column.type.money and column.type.logical != "decimal":
        return _FORMATS.get(column.type.logical, "")
    numbers = (value for value in column.values.tolist() if not is_missing(value) and math.isfinite(value))
    places = max((len(f"{value:.8f}".rstrip("0").partition(".")[2]) for value in numbers), default=2)
    return f"#,##0.{'0' * max(places, 2)}"


def _moment(value: Any) -> datetime | str:
    """A time that Excel knows, in UTC; as text before 1900 and after 9999."""
    try:
        moment = value.to_pydatetime(warn=False) if isinstance(value, pd.Timestamp) else value
        if not isinstance(moment, datetime):
            moment = datetime.combine(moment, time())
        if moment.tzinfo is not None:
            moment = moment.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return str(value)
    return moment if _FIRST_DAY <= moment <= _LAST_SECOND else moment.isoformat()


def _day(value: Any) -> datetime | str:
    moment = _moment(value)
    return moment.partition("T")[0] if isinstance(moment, str) else moment


def _number(value: Any) -> float | str:
    number = float(value)
    return number if math.isfinite(number) else str(value)


def _decimal(value: Decimal) -> float | str:
    digits = len(value.as_tuple().digits)
    exact = digits <= _EXACT_DIGITS or len(value.normalize().as_tuple().digits) <= _EXACT_DIGITS
    return _number(value) if exact else str(value)


_CONVERTERS: Mapping[str, Convert] = {
    "boolean": bool,
    "date": _day,
    "time": _moment,
    "moment": _moment,
    "number": _number,
    "decimal": _decimal,
}


def _fitted(text: str) -> str:
    """Text that fits a cell, counted as for names; half a surrogate pair is no character."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.isascii() and len(text) <= _CELL_LENGTH:
        return text
    pairs = text.encode("utf-16-le", "replace")
    if len(pairs) <= 2 * _CELL_LENGTH:
        return pairs.decode("utf-16-le")
    return pairs[: 2 * (_CELL_LENGTH - len(_CUT))].decode("utf-16-le", "ignore") + _CUT
