"""What a CSV cannot say: the types of its columns, in a small file beside it.

In: a frame's columns and their types. Out: JSON text; and the way back, by name where the file is missing or the
CSV was edited. Speaks to the file system only.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from procore_nb.errors import ArgumentError, warn
from procore_nb.export.as_text import ColumnType
from procore_nb.export.from_text import column_from
from procore_nb.export.tables import Table
from procore_nb.frames.builder import found_endpoint
from procore_nb.frames.parse import ParseIssues
from procore_nb.frames.types import declared_by

_TEXT = pd.Index(["a"]).dtype
_DTYPES = {
    "integer": "Int64",
    "boolean": "boolean",
    "text": "string",
    "id": "string",
    "number": "float64",
    "time": "datetime64[us, UTC]",
    "date": "datetime64[us]",
}


def types_file(path: Path) -> Path:
    """Where the types of a CSV file stand: beside the file itself, also where a link leads to it."""
    # os.path says no where pathlib raises: a name that is too long is reported by who writes it.
    path = path.resolve() if os.path.islink(path) else path  # noqa: PTH114
    return path.with_name(f"{path.name}.types.json")


def described(frame: pd.DataFrame, table: Table, **more: Any) -> bytes:
    """The types of the columns, and where the frame came from, for the way back; warns of what does not come back."""
    columns = [{"name": name} | how.told() for name, how in zip(table.names, table.types, strict=True)]
    attrs, left_out = _plain_attrs(frame.attrs)
    about = {"for": "procore_nb", "columns": columns, "index": table.index, "labels": table.labels}
    _warn_of_loss(table, left_out)
    return json.dumps(about | more | {"attrs": attrs}, ensure_ascii=False, indent=1).encode(
        "utf-8", "replace"
    )


def _plain_attrs(attrs: Mapping[Any, Any]) -> tuple[dict[str, Any], list[str]]:
    """What JSON can hold of a frame's attrs, and the names of those it cannot; times and the like become text."""
    kept, left_out = {}, []
    for name, value in attrs.items():
        try:
            kept[str(name)] = json.loads(json.dumps(value, default=str))
        except (TypeError, ValueError, RecursionError):
            left_out.append(str(name))
    return kept, left_out


def _warn_of_loss(table: Table, attrs: list[str]) -> None:
    lost = [f"{name} ({how.lost})" for name, how in zip(table.names, table.types, strict=True) if how.lost]
    if lost:
        warn(f"Written as plain values, and so they come back: {', '.join(lost)}.")
    if attrs:
        warn(f"attrs that no file can hold are left out: {', '.join(attrs)}.")


def told_about(path: Path) -> dict[str, Any]:
    """What the file of types says; nothing if there is none."""
    file = types_file(path)
    if not file.is_file():
        return {}
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        if all(
            isinstance(one["name"], str | int) and one["kind"] and one["dtype"] for one in told["columns"]
        ):
            return dict(told)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArgumentError(
            f"{file} cannot be read.", advice="Remove it: types will then follow the column names."
        ) from error
    raise ArgumentError(f"{file} is not ours.", advice="Remove it: types will then follow the column names.")


def types_told(header: list[str], told: dict[str, Any], endpoint: Any) -> list[ColumnType]:
    """The type of each column: as told, by place if the header is unchanged, else by name."""
    columns = told.get("columns") or []
    if header == [str(one["name"]) for one in columns]:
        return [column_type(one) for one in columns]
    known = {str(one["name"]): column_type(one) for one in columns}
    by_name = _by_name(header, endpoint)
    return [known.get(name) or how for name, how in zip(header, by_name, strict=True)]


def column_type(told: dict[str, Any]) -> ColumnType:
    """The type of one column, as told."""
    return ColumnType(
        told["kind"],
        told["dtype"],
        told.get("categories"),
        bool(told.get("ordered")),
        told.get("of"),
        told.get("missing"),
    )


def framed(columns: list[pd.Series[Any]], names: list[str], rows: int, told: dict[str, Any]) -> pd.DataFrame:
    """The frame of these columns, with index, labels and attrs as told; by name if the columns were changed."""
    written = [str(one["name"]) for one in told.get("columns") or []]
    levels = told.get("index") or []
    at = [names.index(name) for name in written[: len(levels)] if name in names]
    rest = [place for place in range(len(names)) if len(at) < len(levels) or place not in at]
    parts = [columns[place] for place in rest]
    frame = pd.concat(parts, axis=1) if parts else pd.DataFrame(index=pd.RangeIndex(rows))
    labels = told.get("labels") if names == written else None
    frame.columns = _labels(labels) if labels else pd.Index([names[place] for place in rest], dtype=_TEXT)
    if levels and len(at) == len(levels):
        frame.index = _index([columns[place] for place in at], levels)
    frame.attrs = dict(told.get("attrs") or {})
    return frame


def _index(levels: list[pd.Series[Any]], names: list[Any]) -> Any:
    if len(levels) == 1:
        return pd.Index(levels[0], name=names[0])
    return pd.MultiIndex.from_arrays(levels, names=names)


def _labels(levels: list[dict[str, Any]]) -> Any:
    made = [column_from(one["texts"], column_type(one), ParseIssues()) for one in levels]
    return _index(made, [one["name"] for one in levels])


def _by_name(names: list[str], endpoint: Any) -> list[ColumnType]:
    declared = declared_by(found_endpoint(endpoint))
    types = []
    for path in (tuple(name.split(".")) for name in names):
        kind = "id" if declared.number_as_text(path) else declared.type_of(path)
        types.append(ColumnType(kind, _DTYPES.get(kind, "object")))
    return types
