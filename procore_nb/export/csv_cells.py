"""CSV text as columns of cells, with nothing told from empty text.

In: the text of a CSV file. Out: its header, and one list of cells a column: None for nothing, "" for quoted nothing.
Speaks to no service. No CSV library makes that difference, so empty texts are marked before one reads them.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator

from procore_nb.errors import ArgumentError

_MARKS = tuple(f"\ufdd0{number}" for number in range(64))  # \ufdd0 is never a letter
_SEPARATORS = ",;\t"  # some countries' Excel saves with semicolons
_OUTSIDE_QUOTES = re.compile(r'"[^"]*(?:""[^"]*)*"')
Row = list[str]


def cells_of(
    text: str, known: list[str] | None, back: Callable[[str], str]
) -> tuple[list[str], list[list[str | None]], int]:
    """Header, columns and number of rows; `known` are the column names that are expected, if any, after `back`."""
    separator = _separator(text, known, back)
    empty = ""
    if re.search(rf'(?:^|[{separator}\r\n])""(?:[{separator}\r\n]|$)', text):
        empty = next(mark for mark in _MARKS if mark not in text)
    rows = list(_rows(text, separator, empty))
    if not rows:
        raise ArgumentError("It is empty.", advice="A CSV file has at least a line of column names.")
    header = [back("" if name == empty else name) for name in rows.pop(0)]
    if header in ([], [""]) and known == []:
        return [], [], len(rows)
    header = header or [""]
    for number, row in enumerate(rows, 1):
        if len(row) > len(header):
            raise ArgumentError(f"Row {number} has {len(row)} cells, {len(header)} are due.")
    return header, [_cleaned(column, empty) for column in _columns(rows, len(header))], len(rows)


def _separator(text: str, known: list[str] | None, back: Callable[[str], str]) -> str:
    """The comma, unless the header is only understood with another sign."""
    if known is not None:
        header = next(_rows(text, ",", ""), [])
        if [back(name) for name in header] == known:
            return ","
    first = _OUTSIDE_QUOTES.sub("", text[:100_000]).partition("\n")[0]
    return max(_SEPARATORS, key=first.count)


def _rows(text: str, separator: str, empty: str) -> Iterator[Row]:
    """The cells of each line; `empty` stands for quoted nothing, if that is anywhere."""
    # The csv module has a longest cell, one for the whole process and not ours to change.
    longest = csv.field_size_limit()
    if len(text) > longest and max(map(len, text.splitlines())) > longest:
        yield from _rows_of_long_cells(text, separator, empty)
        return
    if empty:
        quoted = re.compile(rf'(?<![^{separator}\r\n])"[^"]*(?:""[^"]*)*"')
        text = quoted.sub(lambda found: empty if found[0] == '""' else found[0], text)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=separator)
    except csv.Error as error:
        raise ArgumentError(f"It is no CSV: {error}.") from error


def _rows_of_long_cells(text: str, separator: str, empty: str) -> Iterator[Row]:
    s = separator
    one = re.compile(rf'(?:"([^"]*(?:""[^"]*)*)"|([^"{s}\r\n][^{s}\r\n]*|))({s}|\r\n|\n|\r|\Z)')
    row: Row = []
    at = 0
    while at < len(text):
        cell = one.match(text, at)
        if cell is None:
            raise ArgumentError(f"It is no CSV: a quote is not closed near {text[at : at + 20]!r}.")
        quoted, bare, end = cell.groups()
        row.append(bare if quoted is None else quoted.replace('""', '"') or empty)
        at = cell.end()
        if end == separator and at < len(text):
            continue
        if end == separator:
            row.append("")
        yield row
        row = []


def _columns(rows: list[Row], width: int) -> Iterator[list[str]]:
    """The cells column by column; what a short row lacks is nothing."""
    if not rows:
        return iter([[]] * width)
    if all(len(row) == width for row in rows):
        return map(list, zip(*rows, strict=True))
    return ([row[at] if at < len(row) else "" for row in rows] for at in range(width))


def _cleaned(column: list[str], empty: str) -> list[str | None]:
    if not empty:
        return [cell or None for cell in column]
    return ["" if cell == empty else cell or None for cell in column]
