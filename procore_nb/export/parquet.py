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
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from procore_nb.errors import ArgumentError
from procore_nb.export.atomic import put_in_place, write_each
from procore_nb.export.cells import ColumnType, column_from, is_missing, texts_of, type_of, with_index
from procore_nb.export.extras import library
from procore_nb.export.types_file import column_type, described
from procore_nb.frames.read import Trouble

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
        attrs and a named index included. Decimals keep their value; all of a column get the same number of places.

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
    place = Path(path)
    if isinstance(frame, Mapping):
        return write_each(frame, place, ".parquet", to_parquet)
    flat, index = with_index(frame)
    if not flat.columns.is_unique:
        raise ArgumentError("Two columns have the same name.", advice="Rename one of them.")
    types = [type_of(flat.iloc[:, at]) for at in range(flat.shape[1])]
    arrays = [_array(arrow, flat.iloc[:, at], how) for at, how in enumerate(types)]
    table = arrow.table(arrays, names=[str(name) for name in flat.columns])
    told = {_KEY: described(frame, flat, index, types, rows=len(flat)).encode()}
    with put_in_place(place) as draft:
        parquet.write_table(table.replace_schema_metadata(told), draft)
    return place


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
    try:
        table = parquet.ParquetFile(Path(path)).read()
    except (OSError, arrow.ArrowInvalid) as error:
        raise ArgumentError(f"{path} cannot be read: {str(error).rstrip('.')}.") from error
    told = json.loads((table.schema.metadata or {}).get(_KEY, b"{}"))
    columns = told.get("columns") or []
    if [str(one["name"]) for one in columns] != table.column_names:
        columns = [{"name": name} for name in table.column_names]
    series = [_column(arrow, table.column(at), one) for at, one in enumerate(columns)]
    rows = told.get("rows", table.num_rows) if not columns else table.num_rows
    frame = pd.concat(series, axis=1) if series else pd.DataFrame(index=pd.RangeIndex(rows))
    frame.columns = pd.Index([one["name"] for one in columns], dtype=None if columns else "str")
    if told.get("index"):
        frame = frame.set_index(told["index"])
    frame.attrs = dict(told.get("attrs") or {})
    return frame


def _array(arrow: Any, column: pd.Series[Any], how: ColumnType) -> Any:
    if how.kind == "decimal":
        return _decimals(arrow, [None if is_missing(value) else value for value in column.tolist()])
    if how.kind in ("json", "text"):
        return arrow.array(texts_of(column, how), arrow.string())
    if how.kind == "date" and how.dtype == "datetime64[us]":
        return arrow.Array.from_pandas(column).cast(arrow.date32())
    return arrow.Array.from_pandas(column)


def _decimals(arrow: Any, values: list[Decimal | None]) -> Any:
    """As decimal128 of the least places and digits that hold every value, else as text."""
    tuples = [value.as_tuple() for value in values if value is not None]
    places = [int(one.exponent) for one in tuples]
    scale = max(0, -min(places, default=0))
    whole = max((len(one.digits) + place for one, place in zip(tuples, places, strict=True)), default=1)
    if whole + scale > _MOST_DIGITS or max(places, default=0) > _MOST_DIGITS:
        return arrow.array([None if value is None else str(value) for value in values], arrow.string())
    return arrow.array(values, arrow.decimal128(max(whole, 1) + scale, scale))


def _column(arrow: Any, values: Any, told: dict[str, Any]) -> Any:
    """One column with the dtype it had, or with the dtype our frames would give it."""
    if "kind" not in told:
        return _foreign(arrow, values)
    how = column_type(told)
    plain = arrow.types.is_string(values.type) or arrow.types.is_large_string(values.type)
    if how.kind in ("json", "text") or (how.kind == "decimal" and plain):
        return column_from(values.to_pylist(), how, Trouble())
    return _typed(values, how.dtype)


def _typed(values: Any, name: str) -> Any:
    dtype: Any = pd.api.types.pandas_dtype(name)
    if hasattr(dtype, "__from_arrow__"):
        return pd.Series(dtype.__from_arrow__(values))
    series = values.to_pandas()
    return series if str(series.dtype) == name else series.astype(name)


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
