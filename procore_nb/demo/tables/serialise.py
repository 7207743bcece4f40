"""Rows of hand-made tables, fitted to what the catalogue declares for the list that shows them.

In: a row as a table yields it, with dates, times and decimals as Python has them. Out: the row as Procore would send it
from that list: declared keys only, missing ones null, each value in the declared JSON type.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from procore_nb.demo.projectrows import moment, precise_moment
from procore_nb.demo.tables.shape import Shape

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
        elif type(value) in _READY.get(inner.type, _TEXTS):
            fitted[name] = value
        elif (found := known.get((id(value), id(inner)))) is not None:
            fitted[name] = found[1]
        elif value is not None:
            fitted[name] = _value(value, inner, known)
    return fitted


def _is_free(key: str) -> bool:
    return key.startswith(("custom_field_", "_")) or key != key.lower() or " " in key


def _value(value: Any, shape: Shape, known: Known) -> Any:
    if shape.listed and isinstance(value, list | tuple):
        return [_one(item, shape, known) for item in value]
    return _one(value, shape, known)


def _one(value: Any, shape: Shape, known: Known) -> Any:
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
