"""A frame as named columns that a file can hold, and the schema that leads back.

In: a frame. Out: columns with their types, its index before them, and the schema as JSON (for a CSV a file of its own, for
Parquet its metadata); and the way back, by name where there is no schema or the columns were changed. Speaks to the file
system only.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from procore_nb.catalog import Catalogue
from procore_nb.errors import ArgumentError, warn
from procore_nb.export.column_text import ColumnType, column_from, plain, range_of, texts_of, type_of
from procore_nb.frames.builder import found_endpoint
from procore_nb.frames.parse import ParseIssues
from procore_nb.frames.types import declared_by, rule_of
from procore_nb.scalars import is_missing

_ROWS_OF_A_PART = 20_000
_TEXT = pd.Index(["a"]).dtype  # of labels, which differs between versions of pandas
_REMOVE = "Remove it: types will then follow the column names."


@dataclass(frozen=True)
class WritableTable:
    """A frame as named columns of values that can be written, each with its type."""

    names: list[str]
    columns: list[pd.Series[Any]]
    types: list[ColumnType]
    rows: int
    index: list[Any]  # names of the index levels, which are the first columns; none for row numbers
    labels: list[dict[str, Any]] | None  # what the column labels are, where they are more than text

    def in_parts(self) -> Iterator[list[pd.Series[Any]]]:
        """The columns of some rows after the others, so that not all of their text is held at once."""
        for start in range(0, self.rows, _ROWS_OF_A_PART):
            yield [column.iloc[start : start + _ROWS_OF_A_PART] for column in self.columns]


def writable(frame: pd.DataFrame, *, ranges: bool = False) -> WritableTable:
    """The frame with its index as the first columns; whole numbers without a name are only row numbers.

    With `ranges`, types hold the least and greatest value, by which a file that a spreadsheet rewrote is understood.
    """
    index = frame.index
    is_data = index.nlevels > 1 or index.name is not None or (len(index) > 0 and index.dtype.kind not in "iu")
    levels = _levels(index) if is_data else []
    unnamed = "level_{}" if index.nlevels > 1 else "index"
    names = [unnamed.format(at) if name is None else _title(name) for at, (name, _) in enumerate(levels)]
    names += map(_title, frame.columns)
    given = [level for _, level in levels] + [frame.iloc[:, at] for at in range(frame.shape[1])]
    amounts = frozenset((frame.attrs.get("procore") or {}).get("amounts", ()))
    types = [_with_amounts(type_of(one), name, amounts) for name, one in zip(names, given, strict=True)]
    columns = list(map(plain, given))
    if ranges:
        types = [replace(how, range=range_of(one, how)) for one, how in zip(columns, types, strict=True)]
    kept = [_json_name(name) for name, _ in levels]
    return WritableTable(names, columns, types, len(frame), kept, _labels(frame.columns))


def _with_amounts(how: ColumnType, name: str, amounts: Collection[str]) -> ColumnType:
    """Numbers with places are money, hours or percents if the frame says so, or else their name."""
    is_number = how.logical in ("decimal", "number") and how.categories is None
    return replace(how, money=is_number and (name in amounts or rule_of(name) == "decimal"))


def _levels(index: pd.Index[Any]) -> list[tuple[Any, pd.Series[Any]]]:
    return [
        (name, pd.Series(index.get_level_values(at)).reset_index(drop=True))
        for at, name in enumerate(index.names)
    ]


def _title(label: Any) -> str:
    """A column label as the text of a header; several levels are joined by dots, as nested names are."""
    if isinstance(label, tuple):
        return ".".join(text for one in label if (text := _title(one)))
    return "" if is_missing(label) else str(label)


def _json_name(name: Any) -> str | int | None:
    return name if name is None or isinstance(name, str | int) else _title(name)


def _labels(columns: pd.Index[Any]) -> list[dict[str, Any]] | None:
    """Each level of the labels as a column of its own, or None where they are text without a name."""
    plain_text = columns.nlevels == 1 and columns.name is None and columns.dtype == _TEXT
    if plain_text and all(isinstance(label, str) for label in columns):
        return None
    levels = []
    for name, level in _levels(columns):
        how = type_of(level)
        if how.lost:
            return None
        texts = texts_of(plain(level), how)
        levels.append({"name": _json_name(name)} | _type_as_json(how) | {"texts": texts})
    return levels


# -- the schema ------------------------------------------------------------------------------------------------


def schema_json(frame: pd.DataFrame, table: WritableTable, **more: Any) -> bytes:
    """The types of the columns, and where the frame came from; warns of what does not come back."""
    pairs = list(zip(table.names, table.types, strict=True))
    columns = [{"name": name} | _type_as_json(how) for name, how in pairs]
    attrs, dropped = _json_attrs(frame.attrs)
    about = {"for": "procore_nb", "columns": columns, "index": table.index, "labels": table.labels}
    if lost := [f"{name} ({how.lost})" for name, how in pairs if how.lost]:
        warn(f"Written as plain values, and so they come back: {', '.join(lost)}.")
    if dropped:
        warn(f"attrs that no file can hold are not written: {', '.join(dropped)}.")
    text = json.dumps(about | more | {"attrs": attrs}, ensure_ascii=False, indent=1)
    return text.encode("utf-8", "replace")


def _type_as_json(how: ColumnType) -> dict[str, Any]:
    given: dict[str, Any] = {"type": how.logical, "dtype": how.dtype, "categories": how.categories}
    given |= {"ordered": how.ordered or None, "of": how.of, "range": how.range}
    return {key: value for key, value in given.items() if value is not None}


def _type_from_json(given: Mapping[str, Any]) -> ColumnType:
    more = {key: given[key] for key in ("categories", "ordered", "of", "range") if key in given}
    return ColumnType(given["type"], given["dtype"], **more)


def _json_attrs(attrs: Mapping[Any, Any]) -> tuple[dict[str, Any], list[str]]:
    """What JSON can hold of a frame's attrs, and the names of those it cannot; times and the like become text."""
    kept, dropped = {}, []
    for name, value in attrs.items():
        try:
            kept[str(name)] = json.loads(json.dumps(value, default=str))
        except (TypeError, ValueError, RecursionError):
            dropped.append(str(name))
    return kept, dropped


def schema_file(path: Path) -> Path:
    """Where the schema of a CSV file stands: beside the file itself, also where a link leads to it."""
    # os.path says no where pathlib raises: a name that is too long is reported by who writes it.
    path = path.resolve() if os.path.islink(path) else path  # noqa: PTH114
    return path.with_name(f"{path.name}.types.json")


def read_schema(path: Path) -> dict[str, Any]:
    file = schema_file(path)
    if not file.is_file():
        return {}
    try:
        schema = json.loads(file.read_text(encoding="utf-8"))
        if all(
            isinstance(one["name"], str | int) and one["type"] and one["dtype"] for one in schema["columns"]
        ):
            return dict(schema)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ArgumentError(f"{file} cannot be read.", advice=_REMOVE) from error
    raise ArgumentError(f"{file} is not ours.", advice=_REMOVE)


def column_names(schema: Mapping[str, Any]) -> list[str]:
    return [str(one["name"]) for one in schema.get("columns") or []]


def column_types(schema: Mapping[str, Any], names: list[str]) -> list[ColumnType | None]:
    """The type of each column as it was written; None for columns that the schema does not describe."""
    known = names == column_names(schema)
    return list(map(_type_from_json, schema.get("columns") or [])) if known else [None] * len(names)


def types_for(
    header: list[str], schema: Mapping[str, Any], endpoint: Any, catalogue: Catalogue | None = None
) -> list[ColumnType]:
    """The type of each column: as written, by position if the header is unchanged, else by name."""
    names = column_names(schema)
    known = dict(zip(names, column_types(schema, names), strict=True))
    declared, types = declared_by(found_endpoint(endpoint, catalogue)), []
    for written, name in zip(column_types(schema, header), header, strict=True):
        path = tuple(name.split("."))
        by_name = "id" if declared.number_as_text(path) else declared.type_of(path)
        types.append(written or known.get(name) or ColumnType.named(by_name))
    return types


def framed(columns: list[Any], names: list[str], rows: int, schema: Mapping[str, Any]) -> pd.DataFrame:
    """The frame of these columns, with index, labels and attrs as they were, if the columns are still there."""
    written, levels = column_names(schema), schema.get("index") or []
    at = [names.index(name) for name in written[: len(levels)] if name in names]
    at = at if len(at) == len(levels) else []
    rest = [place for place in range(len(names)) if place not in at]
    data = {place: columns[place] for place in rest}
    frame = pd.DataFrame(data, index=pd.RangeIndex(rows), columns=rest, copy=False)
    labels = schema.get("labels") if names == written else None
    if labels:
        texts = [pa.chunked_array([pa.array(one["texts"], pa.string())]) for one in labels]
        types = map(_type_from_json, labels)
        parsed = [column_from(cells, how, ParseIssues()) for cells, how in zip(texts, types, strict=True)]
        frame.columns = _index(parsed, [one["name"] for one in labels])
    else:
        frame.columns = pd.Index([names[place] for place in rest], dtype=_TEXT)
    if at:
        frame.index = _index([columns[place] for place in at], levels)
    frame.attrs = dict(schema.get("attrs") or {})
    return frame


def _index(levels: list[Any], names: list[Any]) -> Any:
    if len(levels) == 1:
        return pd.Index(levels[0], name=names[0])
    return pd.MultiIndex.from_arrays(levels, names=names)
