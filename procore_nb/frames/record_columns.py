"""Records as columns: a page of nested records taken apart, each column while its pages are read, and the type that it gets.

In: lists of dicts, page by page. Out: one pandas array per path, in the order in which the keys first appear, and a name for
each path. Nested one-to-one objects become paths, custom fields become their values. Speaks to no service.

A declared type holds, but for two that widen rather than lose a value: a date with a time of day becomes a time, an id
past 64 bits text. Where nobody declared a type, JSON's own type is believed: a boolean is a boolean, a number a number,
a list a list. Only JSON text goes by the column's name, and only if every value can be read that way without loss.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat
from operator import contains, itemgetter
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from procore_nb.frames.codec import Decimals, decode, object_array
from procore_nb.frames.parse import (
    ARRAYS,
    EXACT_FLOAT,
    ParseIssues,
    PythonTypes,
    canonical_integers,
    convert,
    json_text,
    json_types,
    packed,
    whole_text,
)
from procore_nb.frames.types import DeclaredTypes, LogicalType, Path, custom_type, has_entries, is_id

_EMPTY: dict[str, Any] = {}
_NONE = type(None)
_CACHED_RECORDS = 250  # whose values fit the cache next to the processor
_CUSTOM_KEY = re.compile(r"custom_field_(\d+)", re.ASCII)
_NUMERIC = frozenset({"integer", "number", "decimal"})
# Text in which Procore sends amounts. A leading zero is no number's: "03.30" is a section of a specification.
_AMOUNT = r"^-?(0|[1-9]\d*)(\.\d+)?$|^$"


# -- records to columns ----------------------------------------------------------------------------------------


class Column(NamedTuple):
    """The values of one path on one page, their Python types, and a logical type where the page itself names it."""

    path: Path
    values: Any
    types: PythonTypes
    logical: LogicalType | None = None


def columns_of_page(
    records: Sequence[dict[str, Any]], lists: Collection[Path], parents: set[Path]
) -> list[Column]:
    """Every column of a page, taken apart a few records at a time.

    A column's values lie far apart in memory: what one pass brings into the cache is still there for the next one.
    """
    columns: dict[Path, Column] = {}
    for start in range(0, len(records), _CACHED_RECORDS):
        for path, values, types, logical in flattened(
            records[start : start + _CACHED_RECORDS], lists, parents
        ):
            column = columns.setdefault(path, Column(path, [], set(), logical))
            _pad(column, start)
            column.values.extend(values)
            column.types.update(types)
            if logical and not column.logical:
                columns[path] = column._replace(logical=logical)
    for column in columns.values():
        _pad(column, len(records))
    return list(columns.values())


def _pad(column: Column, rows: int) -> None:
    """Records that do not have the key count as null."""
    if len(column.values) < rows:
        column.values.extend([None] * (rows - len(column.values)))
        column.types.add(_NONE)


def flattened(
    records: Sequence[dict[str, Any]], lists: Collection[Path], parents: set[Path]
) -> Iterator[Column]:
    """Every column of the page, depth first; paths in `lists` stay whole, paths of objects are added to `parents`."""
    stack = _by_key((), records)[::-1]  # no recursion: a record may be nested deeper than Python's stack
    while stack:
        column = stack.pop()
        path, values, types, _ = column
        objects = {cls for cls in types if issubclass(cls, dict)}
        if not objects or path in lists:
            yield column
            continue
        has_keys = any(value for value in values if isinstance(value, dict))
        custom = _custom_columns(column) if has_keys else []
        if custom:
            yield from custom
            continue
        scalars = types - objects
        if not has_keys or scalars - {_NONE}:  # an object without keys says as little as null does
            bare = [None if isinstance(value, dict) else value for value in values]
            yield Column(path, bare, scalars | {_NONE})
        if has_keys:
            parents.add(path)
            if types != {dict}:
                values = [value if isinstance(value, dict) else _EMPTY for value in values]
            stack.extend(reversed(_by_key(path, values)))


def _by_key(path: Path, records: Sequence[dict[str, Any]]) -> list[Column]:
    """The values of each key; records that all have the same keys, which is the rule, are read at once."""
    keys = list(records[0])
    pairs: Any = None
    if len(keys) > 1 and set(map(len, records)) == {len(keys)}:
        try:
            rows = list(map(itemgetter(*keys), records))
            pairs = zip(keys, zip(*rows, strict=True), strict=True)
        except KeyError:
            pass
    if pairs is None:
        unlike = dict.fromkeys(chain.from_iterable(records))
        pairs = ((key, [record.get(key) for record in records]) for key in unlike)
    return [Column((*path, key), values, set(map(type, values))) for key, values in pairs]


def custom_field_id(key: Any) -> int | None:
    """The definition id of a custom field by its key; None for another key."""
    match = _CUSTOM_KEY.fullmatch(str(key))
    return int(match[1]) if match else None


def _custom_columns(column: Column) -> list[Column]:
    """The values of a custom field `{data_type, value}`, and the ids beside the labels of list entries."""
    path, values, types, _ = column
    if custom_field_id(path[-1]) is None:
        return []
    fields = values if types == {dict} else [value for value in values if isinstance(value, dict)]
    if not all(all(map(contains, fields, repeat(key))) for key in ("value", "data_type")):
        return []
    if len(fields) == len(values):
        inner: Sequence[Any] = list(map(itemgetter("value"), fields))
    else:
        inner = [value["value"] if isinstance(value, dict) else value for value in values]
    inner_types = set(map(type, inner))
    data_type = str(fields[0]["data_type"])
    logical = custom_type(data_type)
    if not has_entries(data_type) and not any(issubclass(cls, dict | list) for cls in inner_types):
        return [Column(path, inner, inner_types, logical)]
    labels, ids = _labels_and_ids(inner, inner_types)
    # Text: numbers, unless one of them has letters.
    id_type: LogicalType = "list" if logical == "list" else "text"
    return [
        Column(path, labels, set(map(type, labels)), logical),
        Column((*path, "id"), ids, set(map(type, ids)), id_type),
    ]


def _labels_and_ids(entries: Sequence[Any], types: PythonTypes) -> tuple[Sequence[Any], Sequence[Any]]:
    """Labels and ids of list entries `{id, label}`, or of lists of them; a bare value is a label."""
    if types == {dict}:
        columns = {column.path[0]: column.values for column in _by_key((), entries)}
        if {"id", "label"} <= columns.keys():
            return columns["label"], columns["id"]
    labels: list[Any] = []
    ids: list[Any] = []
    for entry in entries:
        label, own_id = entry, None
        if isinstance(entry, list):
            label, own_id = _labels_and_ids(entry, set())
        elif isinstance(entry, dict):
            label, own_id = entry.get("label", entry.get("name")), entry.get("id")
            if label is None and entry.keys() - {"id", "label", "name"}:
                label = json_text(entry)
        labels.append(label)
        ids.append(own_id)
    return labels, ids


# -- names -----------------------------------------------------------------------------------------------------


def unique_labels(labels: Mapping[int, str]) -> dict[int, str]:
    """The labels of custom fields by definition id; one that several fields share carries the id."""
    counts = Counter(labels.values())
    return {number: f"{label} ({number})" if counts[label] > 1 else label for number, label in labels.items()}


def column_names(
    paths: Sequence[Path], declared: Collection[Path], labels: Mapping[int, str]
) -> dict[Path, str]:
    """A name for each path, in the order of the paths; `labels` are unique.

    Where two paths have one name, the declared one keeps it, then the more deeply nested; a literal key with a
    dot in it becomes `company.id (2)`.
    """
    names: dict[Path, str] = {}
    taken: set[str] = set()
    for path in sorted(paths, key=lambda path: (path not in declared, -len(path))):
        title = dotted(path, labels)
        name, count = title, 1
        while name in taken:
            count += 1
            name = f"{title} ({count})"
        taken.add(name)
        names[path] = name
    return {path: names[path] for path in paths}


def dotted(path: Path, labels: Mapping[int, str]) -> str:
    """The path with dots, custom fields by label, also one on the row itself (submittals v2)."""
    text = ".".join(map(str, path))
    if "custom_field_" not in text:  # which spares wide records a search in each part
        return text
    ids = [custom_field_id(key) for key in path]
    keys = map(str, path)
    parts = [
        key if number is None else labels.get(number, key) for key, number in zip(keys, ids, strict=True)
    ]
    return ".".join(["custom_fields", *parts] if len(path) <= 2 and ids[0] is not None else parts)


# -- columns to arrays -----------------------------------------------------------------------------------------


@dataclass
class ColumnBuilder:
    """One column of an endpoint so far: its path, its type if declared, and its pages with the row at which each begins."""

    declared: DeclaredTypes
    path: Path
    logical: LogicalType | None
    always_present: bool = False  # whether it exists even without records
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
        """Whether it has a value that is not null, or its type is known."""
        return bool(self.pages) or self.always_present or self.logical is not None

    def add(self, column: Column, start: int) -> None:
        self.pages.append((start, packed(column.values, column.types)))

    def build(self, rows: int, decimals: Decimals) -> Any:
        """All pages as one array; the builder gives them away."""
        starts, pages = [start for start, _ in self.pages], [page for _, page in self.pages]
        self.pages = []
        logical, converted = self._typed(pages, decimals)
        self.is_amount = logical == "decimal"
        if logical == "list":
            values: list[Any] = [None] * rows
            for start, page in zip(starts, converted, strict=True):
                values[start : start + len(page)] = page
            return object_array(values)
        logical = _stored_as(logical, decimals)
        return decode(_joined(rows, starts, converted, ARRAYS[logical]), logical, decimals=decimals)

    def _typed(self, pages: list[Any], decimals: Decimals) -> tuple[LogicalType, list[Any]]:
        if self.maybe_number and self.logical in ("text", None):
            numbers = [canonical_integers(page) for page in pages]
            if all(page is not None for page in numbers):
                return "integer", numbers
        if self.logical is not None:
            converted, self.issues = _converted(pages, self.logical, decimals)
            wider: LogicalType | None = "time" if self.issues.times_of_day else None
            if self.widens and self.issues.long_integers:
                wider = "text"
            if wider:
                converted, self.issues = _converted(pages, wider, decimals)
            return wider or self.logical, converted
        *candidates, last = self._candidates(pages, decimals)
        for logical in candidates:
            converted, issues = _converted(pages, logical, decimals)
            if not issues.count and not issues.times_of_day:
                return logical, converted
        converted, self.issues = _converted(pages, last, decimals)
        return last, converted

    def _candidates(self, pages: list[Any], decimals: Decimals) -> Iterator[LogicalType]:
        """The types to try, best first; the last one takes every value."""
        types = set().union(*map(json_types, pages))
        if not types:
            yield self.by_name
        elif "list" in types:
            yield "list"
        elif types == {"boolean"}:
            yield "boolean"
        elif types <= _NUMERIC:  # numbers stay numbers: as the name has it, if that loses nothing
            is_float = _stored_as(self.by_name, decimals) == "number"
            if self.by_name in _NUMERIC and not (is_float and _has_long_integers(pages)):
                yield self.by_name
            if types == {"integer"}:
                yield "integer"
                yield "text"
            else:
                yield "decimal" if "decimal" in types or _has_long_integers(pages) else "number"
        elif types <= {"time", "date"}:
            yield "date" if types == {"date"} else "time"
            yield "time"
        else:
            if self.by_name not in ("text", "list"):
                yield self.by_name
            if "text" in types and self.by_name == "date":
                yield "time"
            if self.declared.maybe_amount(self.path) and types <= {"text", *_NUMERIC} and _are_amounts(pages):
                yield "decimal"
            yield "text"


def read_column(values: Sequence[Any], logical: LogicalType, issues: ParseIssues, decimals: Decimals) -> Any:
    """Values of one column as the pandas array of a logical type; what cannot be read is missing and counted."""
    logical = _stored_as(logical, decimals)
    converted = convert(packed(values, set(map(type, values))), logical, issues)
    return object_array(converted) if logical == "list" else decode(converted, logical, decimals=decimals)


def whole_numbers(texts: Any) -> Any | None:
    """A pandas array of texts as whole numbers (Int64), or None if one of them is not: then they stay what they are."""
    numbers = canonical_integers(pa.array(texts, pa.large_string(), from_pandas=True))
    return None if numbers is None else decode(numbers, "integer")


def _stored_as(logical: LogicalType, decimals: Decimals) -> LogicalType:
    return "number" if logical == "decimal" and decimals == "float" else logical


def _converted(pages: list[Any], logical: LogicalType, decimals: Decimals) -> tuple[list[Any], ParseIssues]:
    issues = ParseIssues()
    return [convert(page, _stored_as(logical, decimals), issues) for page in pages], issues


def _are_amounts(pages: list[Any]) -> bool:
    """Whether every value is a JSON number or a decimal text, and one at least has decimals."""
    decimals = False
    for texts in pages:
        if not isinstance(texts, pa.Array):
            texts = pa.array([whole_text(text) for text in texts if isinstance(text, str)], pa.large_string())
        elif not pa.types.is_large_string(texts.type):
            continue
        for sample in (texts[:1], texts):  # the first text is enough for most columns
            if pc.all(pc.match_substring_regex(sample, _AMOUNT)).as_py() is False:
                return False
        decimals = decimals or pc.any(pc.match_substring(texts, ".")).as_py() is True
    return decimals


def _has_long_integers(pages: list[Any]) -> bool:
    """Whether an integer does not fit into a float."""
    for page in pages:
        if not isinstance(page, pa.Array):
            if any(isinstance(value, int) and abs(value) > EXACT_FLOAT for value in page):
                return True
        elif pa.types.is_integer(page.type):
            ends = pc.min_max(page).as_py()
            if ends["max"] is not None and max(-ends["min"], ends["max"]) > EXACT_FLOAT:
                return True
    return False


def _joined(rows: int, starts: list[int], pages: list[Any], array_type: Any) -> Any:
    """The pages as one array; rows that no page covers are missing."""
    parts: list[Any] = []
    end = 0
    for start, page in zip([*starts, rows], [*pages, pa.nulls(0, array_type)], strict=True):
        if start > end:
            parts.append(pa.nulls(start - end, array_type))
        parts.append(page)
        end = start + len(page)
    return parts[0] if len(parts) == 2 else pa.concat_arrays(parts)
