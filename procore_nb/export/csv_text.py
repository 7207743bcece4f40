"""CSV text as columns of cells, and text that a spreadsheet would run as a formula.

In: the bytes of a CSV file. Out: its header, and one Arrow column of text for each name: null for nothing, "" for quoted
nothing. Speaks to no service. Signs that start formulas: https://owasp.org/www-community/attacks/CSV_Injection.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from procore_nb.errors import ArgumentError

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
    """The text as it was before it was guarded."""
    return _GUARD.sub(r"\1\2", text) if "'" in text else text


def unguard_cells(cells: Any) -> Any:
    """The same for a column of cells."""
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
    for block in (_BLOCK, len(data) + 1):
        try:
            return arrow_csv.read_csv(
                io.BytesIO(data),
                arrow_csv.ReadOptions(column_names=names, skip_rows_after_names=1, block_size=block),
                arrow_csv.ParseOptions(
                    delimiter=separator, newlines_in_values=True, ignore_empty_lines=width > 1
                ),
                arrow_csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()),
                    null_values=[""],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=False,
                ),
            )
        except pa.ArrowInvalid:  # perhaps as a row is longer than the block
            if block > len(data) or len(data) <= _BLOCK:
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
