"""A page of nested records, taken apart into columns.

In: a list of dicts. Out: one list of values per path, in the order in which the keys first appear, and a name for each
path; nested one-to-one objects become paths, custom fields become their values. Speaks to no service.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain, repeat
from operator import contains, itemgetter
from typing import Any, NamedTuple

from procore_nb.frames.parse import PythonTypes, json_text
from procore_nb.frames.types import LogicalType, Path

_EMPTY: dict[str, Any] = {}
_NONE = type(None)
_AT_ONCE = 250  # records whose values fit the cache next to the processor
CUSTOM_KEY = re.compile(r"custom_field_(\d+)", re.ASCII)
_CUSTOM_TYPES: dict[str, LogicalType] = {
    "string": "text",
    "text": "text",
    "rich_text": "text",
    "decimal": "number",
    "number": "number",
    "integer": "integer",
    "boolean": "boolean",
    "datetime": "time",
    "date_time": "time",
    "date": "date",
    "lov_entries": "list",
    "login_informations": "list",
    "vendors": "list",
}
_WITH_ENTRIES = ("lov_", "login_information", "vendor")


class Column(NamedTuple):
    """The values of one path on one page, which Python types occur, and a logical type where the page itself says it."""

    path: Path
    values: Any
    types: PythonTypes
    logical: LogicalType | None = None


def columns_of_page(
    records: Sequence[dict[str, Any]], lists: Collection[Path], parents: set[Path]
) -> list[Column]:
    """Every column of a page, taken apart a few records at a time.

    A column's values lie far apart in memory: what one pass brings near is still there for the next one.
    """
    columns: dict[Path, Column] = {}
    for start in range(0, len(records), _AT_ONCE):
        for path, values, types, logical in flattened(records[start : start + _AT_ONCE], lists, parents):
            column = columns.setdefault(path, Column(path, [], set(), logical))
            _fill_up(column, start)
            column.values.extend(values)
            column.types.update(types)
            if logical and not column.logical:
                columns[path] = column._replace(logical=logical)
    for column in columns.values():
        _fill_up(column, len(records))
    return list(columns.values())


def _fill_up(column: Column, rows: int) -> None:
    """Records that do not have the key count as null."""
    if len(column.values) < rows:
        column.values.extend([None] * (rows - len(column.values)))
        column.types.add(_NONE)


def flattened(
    records: Sequence[dict[str, Any]], lists: Collection[Path], parents: set[Path]
) -> Iterator[Column]:
    """Every column of the page, depth first; paths in `lists` stay whole, paths of objects are noted in `parents`."""
    walks = [_taken_apart((), records)]
    while walks:
        for column in walks[-1]:
            path, values, types, _ = column
            inner = {one for one in types if issubclass(one, dict)}
            if not inner or path in lists:
                yield column
                continue
            if not any(value for value in values if isinstance(value, dict)):
                # An object without keys says as little as null does.
                blank = [None if isinstance(value, dict) else value for value in values]
                yield Column(path, blank, (types - inner) | {_NONE})
                continue
            custom = _custom_values(column)
            if custom:
                yield from custom
                continue
            rest = types - inner
            if rest - {_NONE}:
                scalars = [None if isinstance(value, dict) else value for value in values]
                yield Column(path, scalars, rest | {_NONE})
            parents.add(path)
            children = (
                values
                if types == {dict}
                else [value if isinstance(value, dict) else _EMPTY for value in values]
            )
            walks.append(_taken_apart(path, children))
            break
        else:
            walks.pop()


def custom_type(data_type: str) -> LogicalType | None:
    """The type of a custom field of this data type; None where only its values tell."""
    return _CUSTOM_TYPES.get(data_type.lower()) or ("text" if has_entries(data_type) else None)


def has_entries(data_type: str) -> bool:
    """Whether values of this data type are entries `{id, label}`, or lists of them."""
    return data_type.lower().startswith(_WITH_ENTRIES)


def _taken_apart(path: Path, records: Sequence[dict[str, Any]]) -> Iterator[Column]:
    unlike = ((key, [one.get(key) for one in records]) for key in dict.fromkeys(chain.from_iterable(records)))
    for key, column in _alike(records) or unlike:
        yield Column((*path, key), column, set(map(type, column)))


def _alike(records: Sequence[dict[str, Any]]) -> list[tuple[str, Sequence[Any]]] | None:
    """The columns of records that all have the same keys, which is the rule; None for others."""
    keys = list(records[0])
    if len(keys) < 2 or set(map(len, records)) != {len(keys)}:
        return None
    try:
        rows = list(map(itemgetter(*keys), records))
    except KeyError:
        return None
    return list(zip(keys, zip(*rows, strict=True), strict=True))


def _custom_values(column: Column) -> list[Column]:
    """The values of a custom field `{data_type, value}`, and the ids beside the labels of list entries."""
    path, values, types, _ = column
    if not CUSTOM_KEY.fullmatch(str(path[-1])):
        return []
    full = values if types == {dict} else [value for value in values if isinstance(value, dict)]
    if not all(map(contains, full, repeat("value"))) or not all(map(contains, full, repeat("data_type"))):
        return []
    if len(full) == len(values):
        inner: Sequence[Any] = list(map(itemgetter("value"), full))
    else:
        inner = [value["value"] if isinstance(value, dict) else value for value in values]
    found = set(map(type, inner))
    data_type = str(full[0]["data_type"])
    logical = custom_type(data_type)
    if not has_entries(data_type) and not any(issubclass(one, dict | list) for one in found):
        return [Column(path, inner, found, logical)]
    labels, ids = _labels_and_ids(inner, found)
    # Text: numbers, unless one of them has letters.
    id_type: LogicalType = "list" if logical == "list" else "text"
    return [
        Column(path, labels, set(map(type, labels)), logical),
        Column((*path, "id"), ids, set(map(type, ids)), id_type),
    ]


def _labels_and_ids(entries: Sequence[Any], types: PythonTypes) -> tuple[Sequence[Any], Sequence[Any]]:
    """Labels and ids of list entries `{id, label}`, or of lists of them; a bare value is a label."""
    if types == {dict}:
        parts = {part.path[0]: part.values for part in _taken_apart((), entries)}
        if {"id", "label"} <= parts.keys():
            return parts["label"], parts["id"]
    labels: list[Any] = []
    ids: list[Any] = []
    for value in entries:
        label, own = value, None
        if isinstance(value, list):
            label, own = _labels_and_ids(value, set())
        elif isinstance(value, dict):
            label, own = value.get("label", value.get("name")), value.get("id")
            if label is None and value.keys() - {"id", "label", "name"}:
                label = json_text(value)
        labels.append(label)
        ids.append(own)
    return labels, ids


def unique_labels(labels: Mapping[int, str]) -> dict[int, str]:
    """The labels of custom fields by definition id; one that several fields share carries the id."""
    times = Counter(labels.values())
    return {number: f"{label} ({number})" if times[label] > 1 else label for number, label in labels.items()}


def column_names(
    paths: Sequence[Path], declared: Collection[Path], labels: Mapping[int, str]
) -> dict[Path, str]:
    """A name for each path, in the order of the paths; `labels` are unique.

    Where two paths want one name, the declared one keeps it, then the more deeply nested; a literal key with a
    dot in it steps aside and becomes `company.id (2)`.
    """
    names: dict[Path, str] = {}
    taken: set[str] = set()
    for path in sorted(paths, key=lambda one: (one not in declared, -len(one))):
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
    on_the_row = len(path) <= 2 and CUSTOM_KEY.fullmatch(str(path[0]))
    whole = ("custom_fields", *path) if on_the_row else path
    return ".".join(_part(str(part), labels) for part in whole)


def _part(part: str, labels: Mapping[int, str]) -> str:
    number = CUSTOM_KEY.fullmatch(part)
    return labels.get(int(number[1]), part) if number else part
