"""One column while its pages come in, and the type that it gets.

In: the values of one path, page by page. Out: one pandas array. Speaks to no service.

A declared type holds, but for two that widen rather than lose a value: a date with a time of day becomes a time, an id
past 64 bits text. Where nobody declared a type, JSON's own type is believed: a boolean is a boolean, a number a number,
a list a list. Only JSON text goes by the column's name, and only if every value can be read that way without loss.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from procore_nb.frames.codec import Decimals, decode
from procore_nb.frames.flatten import Column
from procore_nb.frames.parse import (
    ARRAYS,
    ParseIssues,
    canonical_integers,
    convert,
    json_types,
    packed,
    whole_text,
)
from procore_nb.frames.types import Declared, LogicalType, Path, is_id

_NUMERIC = frozenset({"integer", "number", "decimal"})
_EXACT_FLOAT = 2**53
# Text in which Procore sends amounts. A leading zero is no number's: "03.30" is a section of a specification.
_AMOUNT = r"^-?(0|[1-9]\d*)(\.\d+)?$|^$"


@dataclass
class ColumnBuilder:
    """One column of an endpoint so far: its path, its type if declared, and its pages with the row at which each begins."""

    declared: Declared
    path: Path
    logical: LogicalType | None
    promised: bool = False  # whether it exists even without records
    is_amount: bool = False  # whether it was built as a column of decimals, in whatever dtype they are shown
    pages: list[tuple[int, Any]] = field(default_factory=list)
    issues: ParseIssues = field(default_factory=ParseIssues)

    def __post_init__(self) -> None:
        self.by_name = self.declared.type_of(self.path)
        # Ids that may come as numbers or as text: a number column unless one of them has letters.
        self.maybe_number = self.declared.number_as_text(self.path)
        # Integers past 64 bits make text of a column of ids.
        self.widens = is_id(str(self.path[-1])) and self.logical == "integer"

    @property
    def has_content(self) -> bool:
        """Whether there is more here than nulls, or its type is known."""
        return bool(self.pages) or self.promised or self.logical is not None

    def add(self, column: Column, start: int) -> None:
        self.pages.append((start, packed(column.values, column.types)))

    def build(self, rows: int, decimals: Decimals) -> Any:
        """All pages as one array, and no page kept."""
        starts, pages = [start for start, _ in self.pages], [page for _, page in self.pages]
        self.pages = []
        logical, converted = self._typed(pages, decimals)
        self.is_amount = logical == "decimal"
        if logical == "list":
            return _objects(rows, starts, converted)
        logical = _meant(logical, decimals)
        return decode(_joined(rows, starts, converted, ARRAYS[logical]), logical, decimals=decimals)

    def _typed(self, pages: list[Any], decimals: Decimals) -> tuple[LogicalType, list[Any]]:
        if self.maybe_number and self.logical in ("text", None):
            numbers = [canonical_integers(page) for page in pages]
            if all(page is not None for page in numbers):
                return "integer", numbers
        if self.logical is not None:
            converted, issues = self._converted(pages, self.logical, decimals)
            wider: LogicalType | None = "time" if issues.times_of_day else None
            if self.widens and issues.long_integers:
                wider = "text"
            if wider:
                converted, issues = self._converted(pages, wider, decimals)
            self.issues = issues
            return wider or self.logical, converted
        *others, last = self._candidates(pages, decimals)
        for logical in others:
            converted, issues = self._converted(pages, logical, decimals)
            if not issues.count and not issues.times_of_day:
                return logical, converted
        converted, self.issues = self._converted(pages, last, decimals)
        return last, converted

    def _converted(
        self, pages: list[Any], logical: LogicalType, decimals: Decimals
    ) -> tuple[list[Any], ParseIssues]:
        issues = ParseIssues()
        return [convert(page, _meant(logical, decimals), issues) for page in pages], issues

    def _candidates(self, pages: list[Any], decimals: Decimals) -> Iterator[LogicalType]:
        """The types to try, best first; the last one takes every value."""
        found = set().union(*map(json_types, pages))
        if not found:
            yield self.by_name
        elif "list" in found:
            yield "list"
        elif found == {"boolean"}:
            yield "boolean"
        elif found <= _NUMERIC:
            yield from self._numeric(found, pages, decimals)
        elif found <= {"time", "date"}:
            yield "date" if found == {"date"} else "time"
            yield "time"
        else:
            if self.by_name not in ("text", "list"):
                yield self.by_name
            if "text" in found and self.by_name == "date":
                yield "time"
            if self.declared.maybe_amount(self.path) and found <= {"text", *_NUMERIC} and _are_amounts(pages):
                yield "decimal"
            yield "text"

    def _numeric(
        self, found: set[LogicalType], pages: list[Any], decimals: Decimals
    ) -> Iterator[LogicalType]:
        """Numbers stay numbers: of the sort that the name stands for, if that loses nothing."""
        if self.by_name in _NUMERIC and not (
            _meant(self.by_name, decimals) == "number" and _long_integers(pages)
        ):
            yield self.by_name
        if found == {"integer"}:
            yield "integer"
            yield "text"
        elif "decimal" in found or _long_integers(pages):
            yield "decimal"
        else:
            yield "number"


def read_column(values: Sequence[Any], logical: LogicalType, issues: ParseIssues, decimals: Decimals) -> Any:
    """Values of one column as the pandas array of a logical type; what cannot be read is missing and counted."""
    page = packed(values, set(map(type, values)))
    converted = convert(page, _meant(logical, decimals), issues)
    if logical == "list":
        return _objects(len(values), [0], [converted])
    return decode(converted, _meant(logical, decimals), decimals=decimals)


def numbered(texts: Any) -> Any | None:
    """A pandas array of texts as whole numbers (Int64), or None if one of them is not: then they stay what they are."""
    numbers = canonical_integers(pa.array(texts, pa.large_string(), from_pandas=True))
    return None if numbers is None else decode(numbers, "integer")


def _meant(logical: LogicalType, decimals: Decimals) -> LogicalType:
    return "number" if logical == "decimal" and decimals == "float" else logical


def _are_amounts(pages: list[Any]) -> bool:
    """Whether every value is a JSON number or a decimal text, and one at least has decimals."""
    decimals = False
    for texts in pages:
        if not isinstance(texts, pa.Array):
            texts = pa.array([whole_text(one) for one in texts if isinstance(one, str)], pa.large_string())
        elif not pa.types.is_large_string(texts.type):
            continue
        for part in (texts[:1], texts):  # one look is enough for most columns
            if pc.all(pc.match_substring_regex(part, _AMOUNT)).as_py() is False:
                return False
        decimals = decimals or pc.any(pc.match_substring(texts, ".")).as_py() is True
    return decimals


def _long_integers(pages: list[Any]) -> bool:
    """Whether an integer does not fit into a float."""
    for page in pages:
        if not isinstance(page, pa.Array):
            if any(isinstance(one, int) and abs(one) > _EXACT_FLOAT for one in page):
                return True
        elif pa.types.is_integer(page.type):
            ends = pc.min_max(page).as_py()
            if ends["max"] is not None and max(-ends["min"], ends["max"]) > _EXACT_FLOAT:
                return True
    return False


def _joined(rows: int, starts: list[int], pages: list[Any], array: Any) -> Any:
    """The pages as one array; rows that no page covers are missing."""
    parts: list[Any] = []
    reached = 0
    for start, page in zip([*starts, rows], [*pages, pa.nulls(0, array)], strict=True):
        if start > reached:
            parts.append(pa.nulls(start - reached, array))
        parts.append(page)
        reached = start + len(page)
    return parts[0] if len(parts) == 2 else pa.concat_arrays(parts)


def _objects(rows: int, starts: list[int], pages: list[list[Any]]) -> Any:
    whole = np.full(rows, None, object)
    for start, page in zip(starts, pages, strict=True):
        for row, value in enumerate(page, start):  # numpy would take lists apart
            whole[row] = value
    return pd.Series(whole, dtype=object).array
