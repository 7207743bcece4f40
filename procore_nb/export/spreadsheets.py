"""Cells of a CSV that a spreadsheet saved again in its country's form: `3/1/2026 10:00`, `1.234,50`, `WAHR`.

In: the cells of columns whose types are known. Out: the same cells as `to_csv` writes them, where one reading fits all of the
file; cells that could mean two things, or that the spreadsheet rounded, are counted and missing. Speaks to no service.

A spreadsheet has one locale, so the whole file is evidence for each of its cells: a 25 that can be no month, the semicolons
of countries with a decimal comma, and the least and greatest value that were written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import pyarrow.compute as pc

from procore_nb.export.column_text import NUMBERS, TIMES, ColumnType
from procore_nb.frames.parse import ParseIssues, written_number

Texts = list[str | None]
Columns = Sequence[tuple[ColumnType, set[str]]]
Reader = Callable[[str, bool], str | None]

_DATE = re.compile(
    r"(\d{1,4})([./-])\s?(\d{1,2})\2\s?(\d{1,4})\.?"
    r"(?:[ T,]+(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?\s?(?:([AaPp])\.?[Mm]\.?)?)?",
    re.ASCII,
)
# "1.23457E+14" is how a spreadsheet shows, and saves, a number of more digits; to_csv writes a small e.
_ROUNDED = re.compile(r"[+-]?\d[.,]?\d*E\+\d\d+", re.ASCII)
_TRUE = "wahr vrai verdadero verdadeiro vero waar sant sand tosi prawda igaz истина 真"
_FALSE = "falsch faux falso onwaar falskt falsk epätosi fałsz hamis ложь 假"


class Locale(NamedTuple):
    """How a file's dates and numbers are to be read; None where that cannot be known."""

    day_first: bool | None
    decimal_comma: bool | None


def locale_of(columns: Sequence[tuple[ColumnType, Texts]], separator: str) -> Locale:
    """The one locale in which all dates and numbers of these columns can be read."""
    cells = [(how, {one for one in texts if one}) for how, texts in columns]
    numbers = [(how, texts) for how, texts in cells if how.logical in NUMBERS]
    times = [(how, texts) for how, texts in cells if how.logical in TIMES]
    comma = _only_reading(numbers, written_number)
    if comma is None and not any("," in one for _, texts in numbers for one in texts):
        comma = False  # nothing but other separators, or nothing at all, was changed
    if comma is None and separator == ";" and _fits(numbers, written_number, True):
        comma = True
    day_first = _only_reading(times, _moment)
    if day_first is None and (comma or separator == ";") and _fits(times, _moment, True):
        day_first = True  # no country with a decimal comma writes the month first
    return Locale(day_first, comma)


def normalized(texts: Texts, how: ColumnType, locale: Locale, issues: ParseIssues) -> Texts:
    """The cells as `to_csv` writes them; those of two meanings, or rounded, are counted and missing."""
    if how.logical == "boolean":
        return [_boolean(text) if text else text for text in texts]
    if how.logical not in TIMES | NUMBERS:
        return texts
    read: Reader = _moment if how.logical in TIMES else written_number
    option = locale.day_first if how.logical in TIMES else locale.decimal_comma
    cells: Texts = []
    for text in texts:
        options = (True, False) if option is None else (option,)
        readings = {read(text, one) for one in options} - {None} if text else set()
        if text and (len(readings) > 1 or _ROUNDED.fullmatch(text)):
            issues.add(text)
            text = None
        cells.append(next(iter(readings)) if text and readings else text)
    return cells


def is_rounded(cells: Any, how: ColumnType) -> bool:
    return how.logical in NUMBERS and bool(pc.any(pc.match_substring(cells, "E+")).as_py())


def _only_reading(columns: Columns, read: Reader) -> bool | None:
    """Of two readings the one that fits all cells, or else that alone stays within what was written."""
    fitting = [option for option in (True, False) if _fits(columns, read, option)]
    if len(fitting) > 1:
        fitting = [option for option in fitting if _within(columns, read, option)]
    return fitting[0] if len(fitting) == 1 else None


def _fits(columns: Columns, read: Reader, option: bool) -> bool:
    """Whether every cell that has any reading has this one."""
    cells = set().union(*(texts for _, texts in columns))
    return all(read(text, option) is not None or read(text, not option) is None for text in cells)


def _within(columns: Columns, read: Reader, option: bool) -> bool:
    for how, texts in columns:
        keys = [_key(how, value) for text in texts if (value := read(text, option)) is not None]
        if how.range and keys:
            least, most = (_key(how, one) for one in how.range)
            if min(keys) < least or max(keys) > most:
                return False
    return True


def _key(how: ColumnType, text: str) -> Any:
    """What to compare by: days as text, since a spreadsheet cuts seconds off; numbers as numbers."""
    return text[:10] if how.logical in TIMES else Decimal(text)


def _moment(text: str, day_first: bool) -> str | None:
    """A date with or without a time of day in ISO form, or None if it has not this form."""
    found = _DATE.fullmatch(text.strip())
    if not found:
        return None
    first, mark, second, third = found[1], found[2], found[3], found[4]
    if len(first) == 4:
        year, month, day = first, second, third
    elif len(third) == 4:  # dots are day first everywhere; two digits of a year are a guess
        year, month, day = (third, second, first) if day_first or mark == "." else (third, first, second)
    else:
        return None
    hour = int(found[5] or 0)
    if found[8]:
        hour = hour % 12 + (12 if found[8] in "pP" else 0)
    try:
        moment = datetime(int(year), int(month), int(day), hour, int(found[6] or 0), int(found[7] or 0))
    except ValueError:
        return None
    return moment.isoformat() if found[5] else moment.date().isoformat()


def _boolean(text: str) -> str:
    word = text.strip().casefold()
    return "true" if word in _TRUE.split() else "false" if word in _FALSE.split() else text
