"""The cells of a CSV file: text that a spreadsheet may have saved again in the form of its country.

In: the bytes of a file; cells whose types are known. Out: columns of text; the cells as `to_csv` writes them. Speaks to no
service.

A spreadsheet saves a file again in its country's form: `3/1/2026 10:00`, `1.234,50`, `WAHR`. It has one locale, so the whole
file is evidence for each of its cells: a 25 that can be no month, the semicolons of countries with a decimal comma, and the
least and greatest value that were written. Cells that could mean two things, or that it rounded, are counted and missing.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from procore_nb.errors import ArgumentError
from procore_nb.export.column_text import NUMBERS, TIMES, ColumnType, column_at_once, column_by_value
from procore_nb.frames.parse import ParseIssues, written_number

_SEPARATORS = ",;\t"  # some countries' Excel saves with semicolons
_OUTSIDE_QUOTES = re.compile(r'"[^"]*(?:""[^"]*)*"')
_BLOCK_BYTES = 1 << 24  # that Arrow parses at once; a row must fit in
_BOM = b"\xef\xbb\xbf"

# Whatever a spreadsheet may skip before the sign (blanks and control signs of any kind), and the signs in all their widths.
# A separator starts a cell too: in a country of semicolons, Excel takes "a;=1+1" apart.
_BLANK = "[\x01-\x20\x7f-\xa0\xad\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff]"
_SIGN = "[=+@＝＋－＠﹢﹣﹦﹫−-]"
_START = rf"(?:(?:\x00|{_BLANK})*{_SIGN}|[\t\r\n])"
_FORMULA = re.compile(rf"(^|[;\t])('*{_START})")
_GUARDED = rf"(^|[;\t])'('*{_START})"
_GUARD = re.compile(_GUARDED)

_LOCAL_TIME = re.compile(
    r"(\d{1,4})([./-])\s?(\d{1,2})\2\s?(\d{1,4})\.?"
    r"(?:[ T,]+(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?\s?(?:([AaPp])\.?[Mm]\.?)?)?",
    re.ASCII,
)
# "1.23457E+14" is how a spreadsheet shows, and saves, a number of more digits; to_csv writes a small e.
_ROUNDED = re.compile(r"[+-]?\d[.,]?\d*E\+\d\d+", re.ASCII)
_TRUE = "wahr vrai verdadero verdadeiro vero waar sant sand tosi prawda igaz истина 真"
_FALSE = "falsch faux falso onwaar falskt falsk epätosi fałsz hamis ложь 假"
Texts = Sequence[str | None]
Columns = Sequence[tuple[ColumnType, set[str]]]
Reader = Callable[[str, bool], str | None]


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


def parse_csv(data: bytes, expected: list[str] | None, restore: Callable[[str], str]) -> Cells:
    """The cells of a file; `expected` are its names, if they are known, after `restore`."""
    data = data.removeprefix(_BOM)
    try:
        separator = _separator(data, expected, restore)
        header = next(_rows_of(data, separator), None)
        if header is None:
            raise ArgumentError("It is empty.", advice="A CSV file has at least a line of column names.")
        names = [restore(name) for name in header] or [""]
        if names == [""] and expected == []:
            return Cells([], [], data.count(b"\n") - 1, separator)
        if data.count(b'"') % 2:
            list(_rows_of(data, separator))  # raises for a quote that is never closed, which Arrow accepts
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
        marks = (f"\ufdd0{number}" for number in range(len(data)))
        mark = next(text for text in marks if text.encode() not in data)
        table = _table(data.replace(b"\0", mark.encode()), width, separator)
        return pa.table({name: pc.replace_substring(table[name], mark, "\0") for name in names})
    parse = arrow_csv.ParseOptions(delimiter=separator, newlines_in_values=True, ignore_empty_lines=width > 1)
    types = dict.fromkeys(names, pa.string())
    missing = {"null_values": [""], "strings_can_be_null": True, "quoted_strings_can_be_null": False}
    convert = arrow_csv.ConvertOptions(column_types=types, **missing)
    for block in (_BLOCK_BYTES, len(data) + 1):
        read = arrow_csv.ReadOptions(column_names=names, skip_rows_after_names=1, block_size=block)
        try:
            return arrow_csv.read_csv(io.BytesIO(data), read, parse, convert)
        except pa.ArrowInvalid:  # perhaps as a row is longer than the block
            if len(data) <= _BLOCK_BYTES or block > _BLOCK_BYTES:
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


def _separator(data: bytes, expected: list[str] | None, restore: Callable[[str], str]) -> str:
    """The comma, unless the header is only understood with another sign."""
    if expected is not None and [restore(name) for name in next(_rows_of(data, ","), [])] == expected:
        return ","
    start = data[:100_000].decode("utf-8", "ignore")
    first = _OUTSIDE_QUOTES.sub("", start).partition("\n")[0]
    return max(_SEPARATORS, key=first.count)


def _rows_of(data: bytes, separator: str) -> Iterator[list[str]]:
    text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline="")
    return csv.reader(text, strict=True, delimiter=separator)


# -- locales of spreadsheets -----------------------------------------------------------------------------------


class Locale(NamedTuple):
    """How a file's dates and numbers are to be read; None where that cannot be known."""

    day_first: bool | None
    decimal_comma: bool | None


def typed_columns(
    cells: list[Any], types: list[ColumnType], separator: str, *, has_schema: bool
) -> tuple[list[Any], list[ParseIssues]]:
    """The columns at once where all cells are as `to_csv` writes them, else by value in the file's locale."""
    issues = [ParseIssues() for _ in types]
    columns: list[Any] = [
        None if has_schema and _is_rounded(column, how) else column_at_once(column, how)
        for column, how in zip(cells, types, strict=True)
    ]
    if all(column is not None for column in columns) and (separator == "," or not has_schema):
        return columns, issues
    edited = {
        at: cells[at].to_pylist()
        for at, how in enumerate(types)
        if columns[at] is None or how.logical in NUMBERS
    }
    locale = _locale_of([(types[at], texts) for at, texts in edited.items()], separator)
    if not has_schema and locale.decimal_comma is None:
        locale = locale._replace(decimal_comma=False)
    for at, texts in edited.items():
        if columns[at] is None or (locale.decimal_comma and types[at].logical in NUMBERS):
            texts = _normalized(texts, types[at], locale, issues[at])
            columns[at] = column_by_value(texts, types[at], issues[at])
    return columns, issues


def _locale_of(columns: Sequence[tuple[ColumnType, Texts]], separator: str) -> Locale:
    """The one locale in which all dates and numbers of these columns can be read."""
    cells = [(how, {text for text in texts if text}) for how, texts in columns]
    numbers = [(how, texts) for how, texts in cells if how.logical in NUMBERS]
    times = [(how, texts) for how, texts in cells if how.logical in TIMES]
    comma = _only_option(numbers, written_number)
    if comma is None and not any("," in text for _, texts in numbers for text in texts):
        comma = False  # nothing but other separators, or nothing at all, was changed
    if comma is None and separator == ";" and _fits(numbers, written_number, True):
        comma = True
    day_first = _only_option(times, _iso_time)
    if day_first is None and (comma or separator == ";") and _fits(times, _iso_time, True):
        day_first = True  # no country with a decimal comma writes the month first
    return Locale(day_first, comma)


def _only_option(columns: Columns, read: Reader) -> bool | None:
    """Of two ways to read, the one that fits all cells, or else that alone stays within the range that was written."""
    fitting = [option for option in (True, False) if _fits(columns, read, option)]
    if len(fitting) > 1:
        fitting = [option for option in fitting if _is_in_range(columns, read, option)]
    return fitting[0] if len(fitting) == 1 else None


def _fits(columns: Columns, read: Reader, option: bool) -> bool:
    """Whether every cell that can be read at all can be read this way."""
    cells = set().union(*(texts for _, texts in columns))
    return all(read(text, option) is not None or read(text, not option) is None for text in cells)


def _is_in_range(columns: Columns, read: Reader, option: bool) -> bool:
    for how, texts in columns:
        # Days are compared as text, since a spreadsheet cuts seconds off.
        key: Callable[[str], Any] = (lambda text: text[:10]) if how.logical in TIMES else Decimal
        keys = [key(value) for text in texts if (value := read(text, option)) is not None]
        if how.range and keys and not (key(how.range[0]) <= min(keys) and max(keys) <= key(how.range[1])):
            return False
    return True


def _normalized(texts: Texts, how: ColumnType, locale: Locale, issues: ParseIssues) -> Texts:
    """The cells as `to_csv` writes them; those of two meanings, or rounded, are counted and missing."""
    if how.logical == "boolean":
        return [_boolean(text) if text else text for text in texts]
    if how.logical not in TIMES | NUMBERS:
        return texts
    read: Reader = _iso_time if how.logical in TIMES else written_number
    option = locale.day_first if how.logical in TIMES else locale.decimal_comma
    options = (True, False) if option is None else (option,)
    cells: list[str | None] = []
    for text in texts:
        values = {read(text, option) for option in options} - {None} if text else set()
        if text and (len(values) > 1 or _ROUNDED.fullmatch(text)):
            issues.add(text)
            cells.append(None)
        else:
            cells.append(values.pop() if values else text)
    return cells


def _is_rounded(cells: Any, how: ColumnType) -> bool:
    return how.logical in NUMBERS and bool(pc.any(pc.match_substring(cells, "E+")).as_py())


def _iso_time(text: str, day_first: bool) -> str | None:
    """A date with or without a time of day in ISO form, or None if it has not this form."""
    match = _LOCAL_TIME.fullmatch(text.strip())
    if not match:
        return None
    first, mark, second, third = match[1], match[2], match[3], match[4]
    if len(first) == 4:
        year, month, day = first, second, third
    elif len(third) == 4:  # dots are day first everywhere; two digits of a year are a guess
        year, month, day = (third, second, first) if day_first or mark == "." else (third, first, second)
    else:
        return None
    hour = int(match[5] or 0)
    if match[8]:
        hour = hour % 12 + (12 if match[8] in "pP" else 0)
    try:
        moment = datetime(int(year), int(month), int(day), hour, int(match[6] or 0), int(match[7] or 0))
    except ValueError:
        return None
    return moment.isoformat() if match[5] else moment.date().isoformat()


def _boolean(text: str) -> str:
    word = text.strip().casefold()
    return "true" if word in _TRUE.split() else "false" if word in _FALSE.split() else text
