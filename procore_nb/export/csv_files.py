"""Frames as CSV files, and CSV files as the frames they were.

In: a frame and a path. Out: a CSV file that any program opens, and beside it a small `….csv.types.json` that says
which type each column has; `read_csv` reads both. Speaks to the file system only.

Why a second file: a CSV has no types, and guessing them is what spoils ids, zips and empty columns. A header such
as `id:Int64` would spoil the CSV for everyone else. Without the second file the types follow the column names,
as they do for any other data.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from procore_nb.errors import ArgumentError
from procore_nb.export.atomic import put_in_place, write_each
from procore_nb.export.cells import ColumnType, armed, column_from, defused, texts_of, type_of, with_index
from procore_nb.export.types_file import described, told_about, types_file, types_told
from procore_nb.frames.read import Trouble

_NEEDS_QUOTES = re.compile(r'[",\r\n]|^\s|\s$|^$')
_MAYBE_EMPTY_TEXT = re.compile(r'(?:^|[,\r\n])""(?:[,\r\n]|$)')
_CELL = re.compile(r'(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n][^,\r\n]*|))(,|\r\n|\n|\r|\Z)')


def to_csv(
    frame: pd.DataFrame | Mapping[str, pd.DataFrame], path: str | os.PathLike[str], *, excel: bool = False
) -> Path:
    """Write a frame to a CSV file and return its path.

    Parameters
    ----------
    frame
        A frame; or a dict of name to frame, which gives a folder of files `<name>.csv`.
    path
        The file to write (the folder, for a dict). Its folder must exist. A file of that name is replaced once the
        new one is whole.
    excel
        For people who open the file in a spreadsheet: marks it as UTF-8 (byte order mark), ends lines with
        carriage return and line feed, and puts an apostrophe before text that would run as a formula.

    Returns
    -------
    Path
        The file or folder. UTF-8, commas, times as `2026-01-31T09:30:00Z`, dates as `2026-01-31`, `true` and
        `false`, decimals as they came, lists as JSON text, missing as nothing, empty text as `""`. Beside it
        stands `<name>.csv.types.json` with the types for `read_csv`; a named index is written as columns.

    Raises
    ------
    OutputError
        If the file cannot be written; nothing half-written stays.
    ArgumentError
        If there is no frame, or its name cannot be a file's.

    Examples
    --------
    >>> import procore_nb as pnb
    >>> pnb.to_csv(pnb.to_frame([{"id": 1, "name": "Depot"}]), "projects.csv").name
    'projects.csv'
    """
    place = Path(path)
    if isinstance(frame, Mapping):
        return write_each(frame, place, ".csv", lambda one, file: to_csv(one, file, excel=excel))
    flat, index = with_index(frame)
    types = [type_of(flat.iloc[:, at]) for at in range(flat.shape[1])]
    with (
        put_in_place(place) as draft,
        draft.open("w", encoding="utf-8", errors="replace", newline="") as file,
    ):
        file.write("\ufeff" if excel else "")
        end = "\r\n" if excel else "\n"
        for line in _lines(flat, types, excel):
            file.write(line + end)
    with put_in_place(types_file(place)) as draft:
        draft.write_text(described(frame, flat, index, types, excel=excel), encoding="utf-8")
    return place


def read_csv(path: str | os.PathLike[str], *, endpoint: Any = None) -> pd.DataFrame:
    """Read a CSV file that `to_csv` wrote, as the frame it was.

    Parameters
    ----------
    path
        The CSV file.
    endpoint
        Whose records these are, where no `<name>.csv.types.json` stands beside the file: a catalogue name gives
        the declared types; without one, types follow the column names.

    Returns
    -------
    DataFrame
        The same columns, dtypes, rows and attrs. `attrs["procore"]["unparsed"]` counts cells that do not fit
        their type, which are missing.

    Raises
    ------
    ArgumentError
        If there is no such file, or it is no CSV in UTF-8.

    Examples
    --------
    >>> import procore_nb as pnb
    >>> pnb.read_csv(pnb.to_csv(pnb.to_frame([{"id": 1}]), "projects.csv"))["id"].dtype
    Int64Dtype()
    """
    place = Path(path)
    text = _text_of(place)
    told = told_about(place)
    rows = list(_rows(text))
    if not rows:
        raise ArgumentError(f"{place} is empty.", advice="A CSV file has at least a line of column names.")
    header = [cell or "" for cell in rows.pop(0)]
    if header == [""] and not (told.get("columns") or [None])[0]:
        header = []
    names, types = types_told(header, told, endpoint)
    columns, unparsed = [], {}
    for at, how in enumerate(types):
        cells = [row[at] if at < len(row) else None for row in rows]
        if told.get("excel") and how.kind == "text":
            cells = [cell and armed(cell) for cell in cells]
        trouble = Trouble()
        columns.append(column_from(cells, how, trouble))
        if trouble.count:
            unparsed[header[at]] = {
                "count": trouble.count,
                "examples": [text for _, text in trouble.examples],
            }
    _check_widths(rows, len(types), place)
    return _framed(columns, names, len(rows), told, unparsed)


def _framed(
    columns: list[Any], names: list[Any], rows: int, told: dict[str, Any], unparsed: dict[str, Any]
) -> pd.DataFrame:
    frame = pd.concat(columns, axis=1) if columns else pd.DataFrame(index=pd.RangeIndex(rows))
    frame.columns = pd.Index(names) if names else pd.Index([], dtype="str")
    if told.get("index"):
        frame = frame.set_index(told["index"])
    frame.attrs = dict(told.get("attrs") or {})
    if unparsed:
        about = dict(frame.attrs.get("procore") or {})
        frame.attrs["procore"] = about | {"unparsed": {**about.get("unparsed", {}), **unparsed}}
    return frame


def _lines(frame: pd.DataFrame, types: list[ColumnType], excel: bool) -> Iterator[str]:
    safe = defused if excel else str
    yield ",".join(_quoted(safe(str(name))) for name in frame.columns)
    columns = []
    for at, how in enumerate(types):
        texts = texts_of(frame.iloc[:, at], how)
        free = how.kind in ("text", "json", "span")
        guard = safe if how.kind == "text" else str
        columns.append(["" if text is None else _quoted(guard(text)) if free else text for text in texts])
    if columns:
        yield from map(",".join, zip(*columns, strict=True))
    else:
        yield from [""] * len(frame)


def _quoted(text: str) -> str:
    if not _NEEDS_QUOTES.search(text):
        return text
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def _text_of(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ArgumentError(f"{path} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise ArgumentError(f"{path} is not UTF-8.", advice="Save it again as CSV UTF-8.") from error


def _rows(text: str) -> Iterator[list[str | None]]:
    """The cells of each line: None for nothing, "" for quoted nothing."""
    # The csv module also has a longest cell, one for the whole process and not ours to change.
    long_cells = (
        len(text) > csv.field_size_limit() and max(map(len, text.splitlines())) > csv.field_size_limit()
    )
    if long_cells or _MAYBE_EMPTY_TEXT.search(text):
        yield from _rows_with_empty_texts(text)
        return
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), strict=True):
            yield [cell or None for cell in cells] or [None]
    except csv.Error as error:
        raise ArgumentError(f"This is no CSV: {error}.") from error


def _rows_with_empty_texts(text: str) -> Iterator[list[str | None]]:
    """The same, cell by cell: no CSV library tells empty text from nothing."""
    row: list[str | None] = []
    at = 0
    while at < len(text):
        cell = _CELL.match(text, at)
        if cell is None:
            raise ArgumentError(f"This is no CSV: a quote is not closed near {text[at : at + 20]!r}.")
        quoted, bare, end = cell.groups()
        row.append(bare or None if quoted is None else quoted.replace('""', '"'))
        at = cell.end()
        if end == "," and at < len(text):
            continue
        if end == ",":
            row.append(None)
        yield row
        row = []


def _check_widths(rows: list[list[str | None]], width: int, path: Path) -> None:
    for number, row in enumerate(rows, 1):
        if len(row) > max(width, 1):
            raise ArgumentError(f"{path}: row {number} has {len(row)} cells, {width} are due.")
