"""Frames as CSV files, and CSV files as the frames they were.

In: a frame and a path. Out: a CSV file that any program opens, and beside it a small `….csv.types.json` that says
which type each column has; `read_csv` reads both. Speaks to the file system only.

Why a second file: a CSV has no types, and guessing them is what spoils ids, zips and empty columns. A header such
as `id:Int64` would spoil the CSV for everyone else. Without the second file the types follow the column names,
as they do for any other data. Signs that start formulas: https://owasp.org/www-community/attacks/CSV_Injection.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from procore_nb.atomic_write import output_path, recover
from procore_nb.call_errors import explain_calls
from procore_nb.catalog import Catalogue
from procore_nb.errors import ArgumentError, warn
from procore_nb.export import frame_schema
from procore_nb.export.column_text import NUMBERS, column_at_once, column_by_value, texts_of
from procore_nb.export.file_groups import INDEX_ADVICE, write_frames
from procore_nb.export.spreadsheets import is_rounded, locale_of, normalized
from procore_nb.frame_info import describe
from procore_nb.frames.parse import ParseIssues

_NEEDS_QUOTES = re.compile(r'[",\r\n]|^\s|\s$|^$')
_FREE_TEXT = frozenset({"text", "list"})  # types whose texts may hold anything


@explain_calls(index=INDEX_ADVICE)
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
        `false`, money with two decimals at least and never fewer than it has, lists as JSON text, missing as nothing, empty text as `""`. Beside it
        stands `<name>.csv.types.json` with the types for `read_csv`; an index is written as columns, if it is
        more than numbers without a name. What no file can hold is warned of.

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

    def write(one: pd.DataFrame, draft: Path, schema_draft: Path) -> None:
        table = frame_schema.writable(one, ranges=True)
        _write(table, draft, excel)
        schema_draft.write_bytes(frame_schema.schema_json(one, table, excel=excel))

    return write_frames(frame, path, ".csv", write, beside=lambda file: [frame_schema.schema_file(file)])


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
        Whose records these are, where no `<name>.csv.types.json` stands beside the file: a catalogue name gives
        the declared types; without one, types follow the column names.
    catalogue
        Where that name is looked up, such as `procore.catalogue`; without one, in the catalogue that comes with this
        package.

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
    schema = frame_schema.read_schema(file)
    excel = bool(schema.get("excel"))
    try:
        cells = parse_csv(
            data, frame_schema.column_names(schema) if schema else None, unguard if excel else str
        )
    except ArgumentError as error:
        raise ArgumentError(f"{file} cannot be read. {error.message}", advice=error.advice) from error
    types = frame_schema.types_for(cells.names, schema, endpoint, catalogue)
    texts = [
        unguard_cells(column) if excel and how.logical in _FREE_TEXT else column
        for column, how in zip(cells.columns, types, strict=True)
    ]
    columns: list[Any] = [
        None if schema and is_rounded(column, how) else column_at_once(column, how)
        for column, how in zip(texts, types, strict=True)
    ]
    issues = [ParseIssues() for _ in types]
    if any(column is None for column in columns) or (schema and cells.separator != ","):
        edited = {
            at: texts[at].to_pylist()
            for at, how in enumerate(types)
            if columns[at] is None or how.logical in NUMBERS
        }
        locale = locale_of([(types[at], column) for at, column in edited.items()], cells.separator)
        if not schema and locale.decimal_comma is None:
            locale = locale._replace(decimal_comma=False)
        for at, column in edited.items():
            if columns[at] is None or (locale.decimal_comma and types[at].logical in NUMBERS):
                known = normalized(column, types[at], locale, issues[at])
                columns[at] = column_by_value(known, types[at], issues[at])
    frame = frame_schema.framed(columns, cells.names, cells.rows, schema)
    _report(frame, file, {name: one for name, one in zip(cells.names, issues, strict=True) if one.count})
    return frame


def _report(frame: pd.DataFrame, file: Path, issues: dict[str, ParseIssues]) -> None:
    """Count what is missing now although the file has something there, in attrs and in a warning."""
    if not issues:
        return
    unparsed = {name: {"count": one.count, "examples": one.examples} for name, one in issues.items()}
    before = (frame.attrs.get("procore") or {}).get("unparsed", {})
    describe(frame, unparsed={**before, **unparsed})
    found = [f"{name} {one.count} ({', '.join(map(repr, one.examples))})" for name, one in issues.items()]
    warn(
        f"{file.name}: cells that are not of their column's type, or could mean two things, are missing: "
        f"{'; '.join(found)}. Was the file saved by a spreadsheet? Read the file that to_csv wrote."
    )


def _write(table: frame_schema.WritableTable, draft: Path, excel: bool) -> None:
    safe = guard if excel else str
    # A first column whose name begins with that mark would lose it: readers take one mark away.
    marked = excel or "".join(table.names[:1]).startswith("\ufeff")
    end = "\r\n" if excel else "\n"
    with draft.open("w", encoding="utf-8", errors="replace", newline="") as file:
        file.write("\ufeff" if marked else "")
        file.write(",".join(_quoted(safe(name)) for name in table.names) + end)
        if not table.columns:
            file.write(end * table.rows)
        for part in table.in_parts():
            columns = []
            for column, how in zip(part, table.types, strict=True):
                texts = texts_of(column, how)
                if how.logical in _FREE_TEXT:  # others hold nothing that wants quotes
                    texts = [text if text is None else _quoted(safe(text)) for text in texts]
                columns.append([text or "" for text in texts])
            file.writelines(",".join(row) + end for row in zip(*columns, strict=True))


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if _NEEDS_QUOTES.search(text) else text


_SEPARATORS = ",;\t"  # some countries' Excel saves with semicolons
_OUTSIDE_QUOTES = re.compile(r'"[^"]*(?:""[^"]*)*"')
_BLOCK = 1 << 24  # bytes that Arrow parses at once; a row must fit in
_BOM = b"\xef\xbb\xbf"

# Whatever a spreadsheet may skip before the sign (blanks and control signs of any kind), and the signs in all their widths.
# A separator starts a cell too: in a country of semicolons, Excel takes "a;=1+1" apart.
_BLANK = "[\x01-\x20\x7f-\xa0\xad\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff]"
_SIGN = "[=+@＝＋－＠﹢﹣﹦﹫−-]"
_START = rf"(?:(?:\x00|{_BLANK})*{_SIGN}|[\t\r\n])"
_FORMULA = re.compile(rf"(^|[;\t])('*{_START})")
_GUARDED = rf"(^|[;\t])'('*{_START})"
_GUARD = re.compile(_GUARDED)


class Cells(NamedTuple):
    """A CSV file as text: names, a chunked array of text for each, the number of rows, and the separator."""

    names: list[str]
    columns: list[Any]
    rows: int
    separator: str


def guard(text: str) -> str:
    """Text that a spreadsheet would take for a formula, with an apostrophe before it."""
    return _FORMULA.sub(r"\1'\2", text)


def unguard(text: str) -> str:
    return _GUARD.sub(r"\1\2", text) if "'" in text else text


def unguard_cells(cells: Any) -> Any:
    return pc.replace_substring_regex(cells, pattern=_GUARDED, replacement=r"\1\2")


def parse_csv(data: bytes, known: list[str] | None, back: Callable[[str], str]) -> Cells:
    """The cells of a file; `known` are the names expected, if any, after `back`."""
    data = data.removeprefix(_BOM)
    try:
        separator = _separator(data, known, back)
        header = next(_rows_of(data, separator), None)
        if header is None:
            raise ArgumentError("It is empty.", advice="A CSV file has at least a line of column names.")
        names = [back(name) for name in header] or [""]
        if names == [""] and known == []:
            return Cells([], [], data.count(b"\n") - 1, separator)
        if data.count(b'"') % 2:
            list(_rows_of(data, separator))  # a quote that is never closed: say so, Arrow would not
        try:
            table = _table(data, len(names), separator)
        except pa.ArrowInvalid:  # not UTF-8, or rows of several lengths
            table = _padded(data, len(names), separator)
    except UnicodeDecodeError as error:
        raise ArgumentError("It is not UTF-8.", advice="Save it again as CSV UTF-8.") from error
    except csv.Error as error:
        raise ArgumentError(f"It is no CSV: {error}.") from error
    return Cells(names, table.columns, table.num_rows, separator)


def _table(data: bytes, width: int, separator: str) -> pa.Table:
    names = [str(at) for at in range(width)]  # a header may name two columns alike
    data = data if data.endswith((b"\n", b"\r")) else data + b"\n"
    if b"\0" in data:  # Arrow 26 takes lines with a NUL apart wrongly
        mark = next(
            one for one in (f"\ufdd0{number}" for number in range(len(data))) if one.encode() not in data
        )
        table = _table(data.replace(b"\0", mark.encode()), width, separator)
        return pa.table({one: pc.replace_substring(table[one], mark, "\0") for one in names})
    parse = arrow_csv.ParseOptions(delimiter=separator, newlines_in_values=True, ignore_empty_lines=width > 1)
    types = dict.fromkeys(names, pa.string())
    missing = {"null_values": [""], "strings_can_be_null": True, "quoted_strings_can_be_null": False}
    convert = arrow_csv.ConvertOptions(column_types=types, **missing)
    for block in (_BLOCK, len(data) + 1):
        read = arrow_csv.ReadOptions(column_names=names, skip_rows_after_names=1, block_size=block)
        try:
            return arrow_csv.read_csv(io.BytesIO(data), read, parse, convert)
        except pa.ArrowInvalid:  # perhaps as a row is longer than the block
            if len(data) <= _BLOCK or block > _BLOCK:
                raise
    raise AssertionError("the last block holds the whole file")


def _padded(data: bytes, width: int, separator: str) -> pa.Table:
    """The same where rows are shorter than the header: some programs leave trailing cells out."""
    rows = [row for row in list(_rows_of(data, separator))[1:] if row]
    for number, row in enumerate(rows, 1):
        if len(row) > width:
            raise ArgumentError(f"Row {number} has {len(row)} cells, {width} are due.")
    columns = [[row[at] or None if at < len(row) else None for row in rows] for at in range(width)]
    return pa.table({str(at): pa.array(column, pa.string()) for at, column in enumerate(columns)})


def _separator(data: bytes, known: list[str] | None, back: Callable[[str], str]) -> str:
    """The comma, unless the header is only understood with another sign."""
    if known is not None and [back(name) for name in next(_rows_of(data, ","), [])] == known:
        return ","
    start = data[:100_000].decode("utf-8", "ignore")
    first = _OUTSIDE_QUOTES.sub("", start).partition("\n")[0]
    return max(_SEPARATORS, key=first.count)


def _rows_of(data: bytes, separator: str) -> Iterator[list[str]]:
    text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline="")
    return csv.reader(text, strict=True, delimiter=separator)
