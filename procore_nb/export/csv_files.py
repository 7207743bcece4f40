"""Frames as CSV files, and CSV files as the frames they were.

In: a frame and a path. Out: a CSV file that any program opens, and beside it a small `….csv.types.json` with the type of
each column; `read_csv` reads both. Speaks to the file system only.

Why a second file: a CSV has no types, and guessing them is what spoils ids, zips and empty columns. A header such
as `id:Int64` would spoil the CSV for everyone else. Without the second file the types follow the column names,
as they do for any other data. Signs that start formulas: https://owasp.org/www-community/attacks/CSV_Injection.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from procore_nb.atomic_write import output_path, recover
from procore_nb.call_errors import explain_calls
from procore_nb.catalog import Catalogue
from procore_nb.errors import ArgumentError, warn
from procore_nb.export import frame_files
from procore_nb.export.csv_cells import guard, parse_csv, typed_columns, unguard, unguard_cells
from procore_nb.frame_info import describe

_NEEDS_QUOTES = re.compile(r'[",\r\n]|^\s|\s$|^$')
_FREE_TEXT = frozenset({"text", "list"})  # types whose texts may hold anything


@explain_calls(index=frame_files.INDEX_ADVICE)
def to_csv(
    frame: pd.DataFrame | Mapping[str, pd.DataFrame], path: str | os.PathLike[str], *, excel: bool = False
) -> Path:
    """Write a frame to a CSV file and return its path.

    Parameters
    ----------
    frame
        A frame; or a dict of name to frame, which gives a folder of files `<name>.csv`.
    path
        The file to write (the folder, for a dict), in a folder that exists; replaced once the new one is whole.
    excel
        For spreadsheets: marks the file as UTF-8 (byte order mark), ends lines with carriage return and line feed, and
        puts an apostrophe before text that would run as a formula.

    Returns
    -------
    Path
        The file or folder. UTF-8, commas, times as `2026-01-31T09:30:00Z`, dates as `2026-01-31`, `true` and `false`, money with two
        decimals at least and never fewer than it has, lists as JSON text, missing as nothing, empty text as `""`; an index with a name as
        columns. `<name>.csv.types.json` beside it has the types for `read_csv`. What no file can hold is warned of.

    Raises
    ------
    OutputError
        If the file cannot be written; nothing half-written stays.
    ArgumentError
        If there is no frame, its name cannot be a file's, or the ending is that of another format.

    Examples
    --------
    >>> import procore_nb as pnb
    >>> pnb.to_csv(pnb.to_frame([{"id": 1, "name": "Depot"}]), "projects.csv").name
    'projects.csv'
    """

    def write(table: pd.DataFrame, draft: Path, schema_draft: Path) -> None:
        writable = frame_files.writable(table, ranges=True)
        _write(writable, draft, excel)
        schema_draft.write_bytes(frame_files.schema_json(table, writable, excel=excel))

    return frame_files.write_frames(
        frame, path, ".csv", write, companions=lambda file: [frame_files.schema_file(file)]
    )


@explain_calls()
def read_csv(
    path: str | os.PathLike[str], *, endpoint: Any = None, catalogue: Catalogue | None = None
) -> pd.DataFrame:
    """Read a CSV file that `to_csv` wrote, as the frame it was.

    Parameters
    ----------
    path
        The CSV file.
    endpoint
        Whose records these are, where the file has no `<name>.csv.types.json`: a catalogue name gives the declared
        types; without one, types follow the column names.
    catalogue
        Where that name is looked up, such as `procore.catalogue`. None: in this package's own.

    Returns
    -------
    DataFrame
        The same columns, dtypes, rows and attrs. A file that a spreadsheet saved again is read in the one locale that
        fits all its dates and numbers (`3/25/2026`, `25.03.2026`, `1.234,50`, `WAHR`). Cells that do not fit their
        type, that could mean two things, or that the spreadsheet rounded (`1.23E+14`), are missing: a warning counts
        them, with examples, as does `attrs["procore"]["unparsed"]`.

    Raises
    ------
    ArgumentError
        If there is no such file, or it is no CSV in UTF-8.
    CatalogError
        If no endpoint has that name.

    Examples
    --------
    >>> import procore_nb as pnb
    >>> pnb.read_csv(pnb.to_csv(pnb.to_frame([{"id": 1}]), "projects.csv"))["id"].dtype
    Int64Dtype()
    """
    file = output_path(path)
    recover(file)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ArgumentError(f"{file} cannot be read: {error.strerror or error}.") from error
    schema = frame_files.read_schema(file)
    excel = bool(schema.get("excel"))
    try:
        cells = parse_csv(
            data, frame_files.column_names(schema) if schema else None, unguard if excel else str
        )
    except ArgumentError as error:
        raise ArgumentError(f"{file} cannot be read. {error.message}", advice=error.advice) from error
    types = frame_files.types_for(cells.names, schema, endpoint, catalogue)
    texts = [
        unguard_cells(column) if excel and how.logical in _FREE_TEXT else column
        for column, how in zip(cells.columns, types, strict=True)
    ]
    columns, issues = typed_columns(texts, types, cells.separator, has_schema=bool(schema))
    frame = frame_files.restored_frame(columns, cells.names, cells.rows, schema)
    unparsed: dict[str, dict[str, Any]] = {
        name: {"count": issue.count, "examples": issue.examples}
        for name, issue in zip(cells.names, issues, strict=True)
        if issue.count
    }
    if unparsed:
        describe(frame, unparsed=(frame.attrs.get("procore") or {}).get("unparsed", {}) | unparsed)
        counts = (
            f"{name} {issue['count']} ({', '.join(map(repr, issue['examples']))})"
            for name, issue in unparsed.items()
        )
        warn(
            f"{file.name}: cells that are not of their column's type, or could mean two things, are missing: "
            f"{'; '.join(counts)}. Was the file saved by a spreadsheet? Read the file that to_csv wrote."
        )
    return frame


def _write(table: frame_files.WritableTable, draft: Path, excel: bool) -> None:
    safe = guard if excel else str
    # A first column whose name begins with that mark would lose it: readers take one mark away.
    marked = excel or "".join(table.names[:1]).startswith("\ufeff")
    end = "\r\n" if excel else "\n"
    with draft.open("w", encoding="utf-8", errors="replace", newline="") as file:
        file.write("\ufeff" if marked else "")
        file.write(",".join(_quoted(safe(name)) for name in table.names) + end)
        if not table.columns:
            file.write(end * table.rows)
        for chunk in table.chunks():
            cells = []
            for column in chunk:
                texts = column.texts()
                if column.type.logical in _FREE_TEXT:  # others hold nothing that needs quotes
                    texts = [text if text is None else _quoted(safe(text)) for text in texts]
                cells.append([text or "" for text in texts])
            file.writelines(",".join(row) + end for row in zip(*cells, strict=True))


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if _NEEDS_QUOTES.search(text) else text
