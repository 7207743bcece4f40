"""Frames as CSV files, and CSV files as the frames they were.

In: a frame and a path. Out: a CSV file that any program opens, and beside it a small `….csv.types.json` that says
which type each column has; `read_csv` reads both. Speaks to the file system only.

Why a second file: a CSV has no types, and guessing them is what spoils ids, zips and empty columns. A header such
as `id:Int64` would spoil the CSV for everyone else. Without the second file the types follow the column names,
as they do for any other data.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from procore_nb.atomic_write import output_path, recover, write_group
from procore_nb.errors import ArgumentError
from procore_nb.export.as_text import ColumnType, texts_of
from procore_nb.export.csv_cells import cells_of
from procore_nb.export.file_groups import files_for
from procore_nb.export.formulas import armed, defused
from procore_nb.export.from_text import column_from, joined_parts
from procore_nb.export.tables import Table, table_of
from procore_nb.export.types_file import described, framed, told_about, types_file, types_told
from procore_nb.frame_info import describe
from procore_nb.frames.parse import ParseIssues
from procore_nb.gc_pause import gc_paused

_NEEDS_QUOTES = re.compile(r'[",\r\n]|^\s|\s$|^$')
_FREE_KINDS = frozenset({"text", "json", "span", "clock"})  # kinds whose texts may hold anything


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
        stands `<name>.csv.types.json` with the types for `read_csv`; an index is written as columns, if it is
        more than numbers without a name. What no file can hold is warned of.

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
    with (
        files_for(frame, path, ".csv") as frames,
        write_group([[file, types_file(file)] for file in frames]) as drafts,
    ):
        for one, (draft, types_draft) in zip(frames.values(), drafts, strict=True):
            table = table_of(one)
            _write(table, draft, excel)
            types_draft.write_bytes(described(one, table, excel=excel))
    return output_path(path)


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
    place = output_path(path)
    recover(place)
    text = _text_of(place)
    told = told_about(place)
    excel = bool(told.get("excel"))
    known = [str(one["name"]) for one in told["columns"]] if told else None
    try:
        with gc_paused:  # it would visit every row again and again
            names, parts = cells_of(text, known, armed if excel else str)
            types = types_told(names, told, endpoint)
            troubles = [ParseIssues() for _ in names]
            read = [
                (rows, list(map(partial(_column, excel=excel), cells, types, troubles)))
                for rows, cells in parts
            ]
    except ArgumentError as error:
        raise ArgumentError(f"{place} cannot be read. {error.message}", advice=error.advice) from error
    columns = [joined_parts([part[at] for _, part in read], how) for at, how in enumerate(types)]
    frame = framed(columns, names, sum(rows for rows, _ in read), told)
    unparsed = {
        name: {"count": trouble.count, "examples": trouble.examples}
        for name, trouble in zip(names, troubles, strict=True)
        if trouble.count
    }
    if unparsed:
        before = (frame.attrs.get("procore") or {}).get("unparsed", {})
        describe(frame, unparsed={**before, **unparsed})
    return frame


def _column(texts: list[str | None], how: ColumnType, trouble: ParseIssues, *, excel: bool) -> pd.Series[Any]:
    free = excel and how.kind in _FREE_KINDS
    return column_from([text and armed(text) for text in texts] if free else texts, how, trouble)


def _write(table: Table, draft: Path, excel: bool) -> None:
    # A first column whose name begins with that mark would lose it: readers take one mark away.
    marked = excel or "".join(table.names[:1]).startswith("\ufeff")
    end = "\r\n" if excel else "\n"
    with draft.open("w", encoding="utf-8", errors="replace", newline="") as file:
        file.write("\ufeff" if marked else "")
        file.writelines(line + end for line in _lines(table, defused if excel else str))


def _lines(table: Table, safe: Callable[[str], str]) -> Iterator[str]:
    yield ",".join(_quoted(safe(name)) for name in table.names)
    if not table.columns:
        yield from [""] * table.rows
    for part in table.in_parts():
        columns = []
        for column, how in zip(part, table.types, strict=True):
            texts = texts_of(column, how)
            free = how.kind in _FREE_KINDS
            columns.append(["" if text is None else _quoted(safe(text)) if free else text for text in texts])
        yield from map(",".join, zip(*columns, strict=True))


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
