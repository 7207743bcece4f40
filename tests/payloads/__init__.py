"""Records as Procore sent them (details replaced), and their leaves, for every room that hands them on.

`RECORDED` is name of the list to records. `leaves` gives the values of one record under the names that columns get;
`same` compares a value with a cell, whatever fitting dtype the cell's column has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import orjson
import pandas as pd

RECORDED: dict[str, list[dict[str, Any]]] = orjson.loads(
    (Path(__file__).parent / "recorded.json").read_bytes()
)
_CUSTOM = re.compile(r"custom_field_\d+")


def leaves(record: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Each value of a record with its column: objects are joined by dots, lists are values, custom fields labels."""
    for key, value in record.items():
        name = f"{prefix}{key}"
        if not isinstance(value, dict):
            yield name, value
        elif not _CUSTOM.fullmatch(key):
            yield from leaves(value, f"{name}.")
        elif isinstance(value["value"], dict):
            yield name, value["value"]["label"]
            yield f"{name}.id", value["value"]["id"]
        elif isinstance(value["value"], list):
            yield name, [one["label"] for one in value["value"]]
            yield f"{name}.id", [one["id"] for one in value["value"]]
        else:
            yield name, value["value"]


def same(value: Any, cell: Any) -> bool:
    """Whether a cell holds the value: numbers of every class, text as what it says, missing for null."""
    if value is None or value == "":
        return (not isinstance(cell, list) and bool(pd.isna(cell))) or cell == value
    if isinstance(value, list):
        return isinstance(cell, list) and cell == value
    if cell is None or cell is pd.NA or cell is pd.NaT or isinstance(value, bool) != _is_boolean(cell):
        return False
    if isinstance(value, str) and not isinstance(cell, str):
        return _same_text(value, cell)
    return bool(cell == value)


def _is_boolean(cell: Any) -> bool:
    return type(cell).__name__ in ("bool", "bool_")


def _same_text(text: str, cell: Any) -> bool:
    if isinstance(cell, datetime | date):
        moment = pd.Timestamp(text)
        return bool(
            moment == cell
            if (moment.tzinfo is None) == (cell.tzinfo is None)
            else moment.tz_localize("UTC") == cell
        )
    try:
        return Decimal(text) == Decimal(str(cell))
    except InvalidOperation:
        return False
