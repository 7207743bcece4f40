"""What a CSV cannot say: the types of its columns, in a small file beside it.

In: a frame's columns and their types. Out: JSON text; and the way back, by name where the file is missing or the
CSV was edited. Speaks to the file system only.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from procore_nb.errors import ArgumentError
from procore_nb.export.cells import ColumnType, armed
from procore_nb.frames.build import found_endpoint
from procore_nb.frames.kinds import declared_by

_DTYPES = {
    "integer": "Int64",
    "boolean": "boolean",
    "text": "string",
    "number": "float64",
    "time": "datetime64[us, UTC]",
    "date": "datetime64[us]",
}


def types_file(path: Path) -> Path:
    """Where the types of a CSV file stand."""
    return path.with_name(f"{path.name}.types.json")


def described(
    frame: pd.DataFrame, flat: pd.DataFrame, index: list[str], types: list[ColumnType], **more: Any
) -> str:
    """The types of the columns, and where the frame came from, for the way back."""
    names = [name if isinstance(name, str | int) else str(name) for name in flat.columns]
    columns = [
        {"name": name} | {key: value for key, value in asdict(how).items() if value not in (None, False)}
        for name, how in zip(names, types, strict=True)
    ]
    about = {"for": "procore_nb", "index": index, "columns": columns} | more
    try:
        return json.dumps(about | {"attrs": frame.attrs}, ensure_ascii=False, indent=1)
    except (TypeError, ValueError):  # someone put more than plain values there
        return json.dumps(about, ensure_ascii=False, indent=1)


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


def types_told(header: list[str], told: dict[str, Any], endpoint: Any) -> tuple[list[Any], list[ColumnType]]:
    """Name and type of each column: as told, by place if the header is unchanged, else by name."""
    columns = told.get("columns") or []
    written = [str(one["name"]) for one in columns]
    plain = [armed(name) for name in header] if told.get("excel") else header
    if written == plain:
        return [one["name"] for one in columns], [column_type(one) for one in columns]
    known = {str(one["name"]): column_type(one) for one in columns}
    by_name = _by_name(plain, endpoint)
    return list(plain), [known.get(name) or how for name, how in zip(plain, by_name, strict=True)]


def column_type(told: dict[str, Any]) -> ColumnType:
    """The type of one column, as told."""
    return ColumnType(told["kind"], told["dtype"], told.get("categories"), bool(told.get("ordered")))


def _by_name(names: list[str], endpoint: Any) -> list[ColumnType]:
    declared = declared_by(found_endpoint(endpoint))
    kinds = [declared.kind_of(tuple(name.split("."))) for name in names]
    return [ColumnType(kind, _DTYPES.get(kind, "object")) for kind in kinds]
