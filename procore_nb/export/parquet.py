"""Frames as Parquet files, and Parquet files as the frames they were.

In: a frame and a path. Out: a Parquet file with columns that any engine can compute with; our own types and the
frame's attrs stand in the file's metadata. Speaks to the file system only.

| frame | file |
|---|---|
| Int64, boolean, string, float64 | int64, bool, string, double |
| datetime64[us, UTC] | timestamp(us, UTC) |
| datetime64[us], all days | date32 |
| decimal.Decimal | decimal128 with the digits the column needs; text, if they are more than 38 |
| lists, nested values | JSON text |
| categories | their text |
| objects of Python's dates, times, numbers | date32, timestamp, time64, int64, double |
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from procore_nb.atomic_write import output_path, write_group
from procore_nb.errors import ArgumentError
from procore_nb.export.as_text import ColumnType, is_missing, texts_of
from procore_nb.export.extras import library
from procore_nb.export.file_groups import files_for
from procore_nb.export.from_text import column_from, dtype_named, objects_as
from procore_nb.export.tables import table_of
from procore_nb.export.types_file import column_type, described, framed
from procore_nb.frames.parse import ParseIssues

_KEY = b"procore_nb"
_MOST_DIGITS = 38


def to_parquet(frame: pd.DataFrame | Mapping[str, pd.DataFrame], path: str | os.PathLike[str]) -> Path:
    """Write a frame to a Parquet file and return its path.

    Parameters
    ----------
    frame
        A frame; or a dict of name to frame, which gives a folder of files `<name>.parquet`.
    path
        The file to write (the folder, for a dict). Its folder must exist. A file of that name is replaced once the
        new one is whole.

    Returns
    -------
    Path
        The file or folder. Types are kept exactly, the table above says how; `read_parquet` gives the frame back,
        attrs and index included. Decimals keep their value; all of a column get the same number of places.

    Raises
    ------
    OutputError
        If the file cannot be written; nothing half-written stays.
    ArgumentError
        If two columns have one name.
    MissingExtraError
        Without pyarrow.

    Examples
    --------
    >>> import procore_nb as pnb
    >>> pnb.to_parquet(pnb.to_frame([{"id": 1}]), "projects.parquet").name
    'projects.parquet'
    """
    arrow, parquet = library("pyarrow", "Parquet"), library("pyarrow.parquet", "Parquet")
    with (
        files_for(frame, path, ".parquet") as frames,
        write_group([[file] for file in frames]) as drafts,
    ):
        for one, (draft,) in zip(frames.values(), drafts, strict=True):
            parquet.write_table(_arrow_table(arrow, one), draft)
    return output_path(path)


def read_parquet(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a Parquet file as the frame it was.

    Parameters
    ----------
    path
        A file that `to_parquet` wrote; one from elsewhere is read with the dtypes that our frames have.

    Returns
    -------
    DataFrame
        The same columns, dtypes, rows and attrs.

    Raises
    ------
    ArgumentError
        If there is no such file, or it is no Parquet file.
    MissingExtraError
        Without pyarrow.

    Examples
    --------
    >>> import procore_nb as pnb
    >>> pnb.read_parquet(pnb.to_parquet(pnb.to_frame([{"id": 1}]), "projects.parquet"))["id"].tolist()
    [1]
    """
    arrow, parquet = library("pyarrow", "Parquet"), library("pyarrow.parquet", "Parquet")
    place = output_path(path)
    try:
        table = parquet.ParquetFile(place).read()
    except (OSError, arrow.ArrowInvalid) as error:
        raise ArgumentError(f"{place} cannot be read: {str(error).rstrip('.')}.") from error
    told = json.loads((table.schema.metadata or {}).get(_KEY, b"{}"))
    columns = told.get("columns") or []
    if [str(one["name"]) for one in columns] != table.column_names:
        columns = [{"name": name} for name in table.column_names]
    series = [_column(arrow, table.column(at), one) for at, one in enumerate(columns)]
    rows = told.get("rows", table.num_rows) if not columns else table.num_rows
    return framed(series, table.column_names, rows, told)


def _arrow_table(arrow: Any, frame: pd.DataFrame) -> Any:
    table = table_of(frame)
    if len(set(table.names)) < len(table.names):
        twice = next(name for name in table.names if table.names.count(name) > 1)
        raise ArgumentError(f"Two columns have the same name, {twice!r}.", advice="Rename one of them.")
    arrays = [_array(arrow, column, how) for column, how in zip(table.columns, table.types, strict=True)]
    names = [name.encode("utf-8", "replace").decode() for name in table.names]
    told = {_KEY: described(frame, table, rows=table.rows)}
    return arrow.table(arrays, names=names).replace_schema_metadata(told)


def _array(arrow: Any, column: pd.Series[Any], how: ColumnType) -> Any:
    if how.categories is not None or how.kind in ("json", "text"):
        return _texts(arrow, column, how)
    if how.kind == "decimal":
        return _decimals(arrow, [None if is_missing(value) else value for value in column.tolist()])
    if column.dtype == object:
        try:
            return arrow.array([None if is_missing(value) else value for value in column.tolist()])
        except (OverflowError, arrow.ArrowInvalid):  # more than 64 bits
            return _texts(arrow, column, how)
    if how.kind == "date" and how.dtype == "datetime64[us]":
        return arrow.Array.from_pandas(column).cast(arrow.date32())
    return arrow.Array.from_pandas(column)


def _texts(arrow: Any, column: pd.Series[Any], how: ColumnType) -> Any:
    texts = texts_of(column, how)
    try:
        return arrow.array(texts, arrow.string())
    except UnicodeEncodeError:  # half a surrogate pair is not a character, and no file takes it
        whole = [text and text.encode("utf-8", "replace").decode() for text in texts]
        return arrow.array(whole, arrow.string())


def _decimals(arrow: Any, values: list[Decimal | None]) -> Any:
    """As decimal128 of the least places and digits that hold every value, else as text."""
    tuples = [value.as_tuple() for value in values if value is not None and value.is_finite()]
    endless = any(value is not None and not value.is_finite() for value in values)
    places = [int(one.exponent) for one in tuples]
    scale = max(0, -min(places, default=0))
    whole = max((len(one.digits) + place for one, place in zip(tuples, places, strict=True)), default=1)
    if endless or max(whole + scale, scale, *places, 0) > _MOST_DIGITS:
        return arrow.array([None if value is None else str(value) for value in values], arrow.string())
    return arrow.array(values, arrow.decimal128(max(whole, 1) + scale, scale))


def _column(arrow: Any, values: Any, told: dict[str, Any]) -> Any:
    """One column with the dtype it had, or with the dtype our frames would give it."""
    if "kind" not in told:
        return _foreign(arrow, values)
    how = column_type(told)
    if arrow.types.is_string(values.type) or arrow.types.is_large_string(values.type):
        return column_from(values.to_pylist(), how, ParseIssues())
    if how.of is not None:
        stamps = how.of == "object:Timestamp"
        return objects_as([pd.Timestamp(one) if stamps and one else one for one in values.to_pylist()], how)
    return _typed(values, how.dtype)


def _typed(values: Any, name: str) -> Any:
    dtype: Any = dtype_named(name)
    if hasattr(dtype, "__from_arrow__"):
        return pd.Series(dtype.__from_arrow__(values))
    series = values.to_pandas()
    return series if str(series.dtype) == name else series.astype(dtype)


def _foreign(arrow: Any, values: Any) -> Any:
    kind, kinds = values.type, arrow.types
    if kinds.is_integer(kind) and not kinds.is_uint64(kind):
        return _typed(values.cast(arrow.int64()), "Int64")
    if kinds.is_boolean(kind):
        return _typed(values, "boolean")
    if kinds.is_floating(kind):
        return _typed(values.cast(arrow.float64()), "float64")
    if kinds.is_string(kind) or kinds.is_large_string(kind):
        return _typed(values, "string")
    if kinds.is_timestamp(kind) or kinds.is_date(kind):
        zoned = getattr(kind, "tz", None)
        return _typed(values.cast(arrow.timestamp("us", kind.tz if zoned else None)), _moment(zoned))
    return pd.Series(values.to_pylist(), dtype=object) if kinds.is_nested(kind) else values.to_pandas()


def _moment(zone: str | None) -> str:
    return "datetime64[us, UTC]" if zone else "datetime64[us]"
