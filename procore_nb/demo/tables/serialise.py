"""Rows of hand-made tables, fitted to what the catalogue declares for the list that shows them.

In: a row as a table yields it, with dates, times and decimals as Python has them. Out: the row as Procore would send it
from that list: declared keys only, missing ones null, each value in the declared JSON type. `Shape` is what the catalogue
declares as a tree; `custom_values` are the custom fields of a record, the same in every list that shows it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from procore_nb.catalog import Endpoint, Field
from procore_nb.demo.company import RECORD_FIELDS, TODAY, CustomField
from procore_nb.demo.projectlists import moment, precise_moment
from procore_nb.demo.tables.registry import RequestContext

_FRACTIONS = ("float", "double")
_TEXTS = frozenset((str, bool))
_READY = {"integer": frozenset((str, bool, int))}
Known = dict[tuple[int, int], tuple[Any, Any]]


def serialised(row: Any, shape: Shape, known: Known | None = None) -> Any:
    """Row in the shape of a list; keys that are titles (columns of a budget view) or custom fields stay.

    `known` remembers what is inside rows by its identity: people and places that many rows show are fitted once.
    """
    if not isinstance(row, dict) or not shape.inside:
        return _plain(row)
    known = {} if known is None else known
    inside, fitted = shape.inside, shape.blank()
    for name, value in row.items():
        inner = inside.get(name)
        # Most values need no look, and a list may be hundred thousands of rows.
        if inner is None:
            if _is_free(name):
                fitted[name] = _plain(value)
        elif type(value) in inner.ready:
            fitted[name] = value
        elif value is None:
            continue
        elif (found := known.get((id(value), id(inner)))) is not None:
            fitted[name] = found[1]
        else:
            fitted[name] = _value(value, inner, known)
    return fitted


def _is_free(key: str) -> bool:
    return key.startswith(("custom_field_", "_")) or key != key.lower() or " " in key


def _value(value: Any, shape: Shape, known: Known) -> Any:
    if shape.listed and isinstance(value, list | tuple):
        return [_value(item, shape, known) for item in value]
    if isinstance(value, dict):
        key = (id(value), id(shape))
        if key not in known:
            # The value is kept beside what it became, so that no other takes its identity.
            known[key] = (value, serialised(value, shape, known))
        return known[key][1]
    if isinstance(value, date):
        return _day_or_time(value, shape)
    if isinstance(value, bool) or shape.type not in ("string", "number", "integer"):
        return _plain(value)
    if isinstance(value, int | float | Decimal) and shape.type == "string":
        return str(value)
    if isinstance(value, Decimal) or (isinstance(value, int) and shape.format in _FRACTIONS):
        return float(value)
    return _plain(value)


def _day_or_time(value: date, shape: Shape) -> str:
    if shape.format == "date":
        return value.isoformat()[:10]
    if not isinstance(value, datetime):
        if shape.format != "date-time":
            return value.isoformat()
        # Due dates come as midnight UTC where a list declares a time.
        value = datetime.combine(value, time.min, UTC)
    return precise_moment(value) if shape.precise else moment(value)


def _plain(value: Any) -> Any:
    """Value in JSON types, where nothing is declared."""
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


@dataclass
class Shape:
    """One key: its JSON type, and the keys inside it.

    `listed` says that there are several of it, `precise` that its times show thousandths of a second; values of the types
    in `ready` are as they should be.
    """

    name: str
    type: str = "object"
    format: str = ""
    enum: tuple[str, ...] = ()
    ready: frozenset[Any] = _TEXTS
    listed: bool = False
    precise: bool = False
    inside: dict[str, Shape] = field(default_factory=dict)
    _blank: dict[str, Any] = field(default_factory=dict)

    def blank(self) -> dict[str, Any]:
        if not self._blank:
            self._blank = {name: [] if inner.listed else None for name, inner in self.inside.items()}
        return self._blank.copy()


@lru_cache(maxsize=1024)
def shape_of(endpoint: Endpoint) -> Shape:
    """Shape of one row; a row without a name is a bare value."""
    root, precise = Shape(""), endpoint.version.startswith("v2")
    for one in endpoint.all_fields:
        if not one.name:
            return Shape("", one.type, one.format, one.enum)
        if not one.stand_in:
            _place(root, one, precise=precise)
    return root


def _place(root: Shape, one: Field, *, precise: bool) -> None:
    node = root
    for part in one.name.split("."):
        name = part.removesuffix("[]")
        node = node.inside.setdefault(name, Shape(name, precise=precise))
        node.listed = node.listed or part.endswith("[]")
    node.type = one.type.removeprefix("array<").removesuffix(">")
    node.format, node.enum, node.ready = one.format, one.enum, _READY.get(node.type, _TEXTS)


@cache
def fields_of(module: str) -> tuple[CustomField, ...]:
    return tuple(field for field in RECORD_FIELDS if module in field.modules)


def custom_values(context: RequestContext, record_id: object) -> dict[str, Any]:
    """Values of the custom fields of one record; of every definition where its tool has none of its own."""
    fields = fields_of(context.endpoint.module) or RECORD_FIELDS
    draw = context.random(f"custom_fields:{record_id}")
    return {
        f"custom_field_{field.id}": {"data_type": field.data_type, "value": _custom_value(field, draw)}
        for field in fields
    }


def _custom_value(field: CustomField, draw: random.Random) -> Any:
    if field.data_type == "lov_entries":
        return [choice.shown for choice in draw.sample(field.choices, draw.randrange(0, 3))]
    if draw.random() < 0.2:
        return None
    if field.data_type == "lov_entry":
        return draw.choice(field.choices).shown
    if field.data_type == "boolean":
        return draw.random() < 0.3
    if field.data_type == "decimal":
        return draw.randrange(0, 160) / 4
    if field.data_type == "datetime":
        return f"{TODAY - timedelta(days=draw.randrange(0, 700))}T{draw.randrange(7, 18):02}:30:00Z"
    return f"Zone {draw.choice('ABCDEF')}{draw.randrange(1, 9)}"
