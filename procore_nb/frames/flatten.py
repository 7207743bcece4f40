"""A page of nested records, taken apart into columns.

In: a list of dicts. Out: one list of values per path, in the order in which the keys first appear; nested
one-to-one objects become paths, custom fields become their values. Speaks to no service.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import chain
from typing import Any, NamedTuple

from procore_nb.frames.kinds import Path
from procore_nb.frames.names import Kind
from procore_nb.frames.read import Kinds

_EMPTY: dict[str, Any] = {}
_NONE = type(None)
CUSTOM_KEY = re.compile(r"custom_field_(\d+)", re.ASCII)
_CUSTOM_KINDS: dict[str, Kind] = {
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


class Column(NamedTuple):
    """The values of one path on one page, which Python types occur, and a kind where the page itself says it."""

    path: Path
    values: list[Any]
    types: Kinds
    kind: Kind | None = None


def flattened(records: list[dict[str, Any]], lists: Collection[Path]) -> Iterator[Column]:
    """Every column of the page, depth first; paths in `lists` are declared as lists and stay whole."""
    walks = [_taken_apart((), records)]
    while walks:
        for column in walks[-1]:
            path, values, types, _ = column
            inner = {kind for kind in types if issubclass(kind, dict)}
            if not inner or path in lists:
                yield column
                continue
            custom = _custom_values(column)
            if custom:
                yield from custom
                continue
            rest = types - inner
            if rest - {_NONE}:
                scalars = [None if isinstance(value, dict) else value for value in values]
                yield Column(path, scalars, rest | {_NONE})
            children = [value if isinstance(value, dict) else _EMPTY for value in values]
            walks.append(_taken_apart(path, children))
            break
        else:
            walks.pop()


def custom_kind(data_type: str) -> Kind:
    """The kind of a custom field of this data type; what is not known is text."""
    return _CUSTOM_KINDS.get(data_type.lower(), "text")


def _taken_apart(path: Path, records: list[dict[str, Any]]) -> Iterator[Column]:
    """One column per key."""
    shapes = set(map(tuple, records))
    if len(shapes) == 1:  # all records have the same keys in the same order, which is the rule
        for key, column in zip(shapes.pop(), zip(*map(dict.values, records), strict=True), strict=True):
            yield Column((*path, key), list(column), set(map(type, column)))
        return
    for key in dict.fromkeys(chain.from_iterable(records)):
        values = [record.get(key) for record in records]
        yield Column((*path, key), values, set(map(type, values)))


def _custom_values(column: Column) -> list[Column]:
    """The values of a custom field `{data_type, value}`, and the ids beside the labels of list entries."""
    path, values, types, _ = column
    if not CUSTOM_KEY.fullmatch(str(path[-1])) or not all(issubclass(kind, dict | _NONE) for kind in types):
        return []
    if not all(value is None or ("data_type" in value and "value" in value) for value in values):
        return []
    data_type = next(str(value["data_type"]) for value in values if value is not None)
    plain = [None if value is None else value["value"] for value in values]
    kind = custom_kind(data_type)
    found = set(map(type, plain))
    entries = data_type.lower().startswith("lov_") or any(issubclass(one, dict | list) for one in found)
    if not entries:
        return [Column(path, plain, found, kind)]
    labels = [_of_entry(value, "label", "name") for value in plain]
    ids = [_of_entry(value, "id") for value in plain]
    id_kind: Kind = "list" if kind == "list" else "integer"
    return [
        Column(path, labels, set(map(type, labels)), kind),
        Column((*path, "id"), ids, set(map(type, ids)), id_kind),
    ]


def _of_entry(value: Any, *names: str) -> Any:
    """One part of a list entry `{id, label}`, or of each of several."""
    if isinstance(value, list):
        return [_of_entry(one, *names) for one in value]
    if isinstance(value, dict):
        return next((value[name] for name in names if value.get(name) is not None), None)
    return None if names == ("id",) else value
