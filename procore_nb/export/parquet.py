"""Frames as Parquet files, and Parquet files as the frames they were.

In: a frame and a path. Out: a Parquet file with columns that any engine can compute with, as the codec of our frames encodes
them (`frames/codec.py` has the table): money is decimal, days are dates, lists are lists that DuckDB and Polars unnest. What
a frame of another origin holds is encoded as pandas does it. Three things that Parquet has no type for are text: lists of
mixed shapes (JSON), integers past 64 bits, and half a surrogate pair, which becomes a question mark. Our types and the
frame's attrs stand in the file's metadata. Speaks to the file system only.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from procore_nb.atomic_write import output_path
from procore_nb.call_errors import explain_calls
from procore_nb.errors import ArgumentError
from procore_nb.export import frame_files
from procore_nb.export.column_text import ColumnType, column_from, dtype_named, texts_of
from procore_nb.frames.codec import decode, dtype_of, encode, from_any_column, logical_type
from procore_nb.frames.parse import ParseIssues
from procore_nb.scalars import is_missing

_KEY = b"procore_nb"
_OBJECTS = "objects"  # Python's dates, times and numbers, which Arrow holds as they are


@explain_calls(index=frame_files.INDEX_ADVICE)
def to_parquet(frame: pd.DataFrame | Mapping[str, pd.DataFrame], path: str | os.PathLike[str]) -> Path:
    """Write a frame to a Parquet file and return its path.

    Parameters
    ----------
    frame
        A frame; or a dict of name to frame, which gives a folder of files `<name>.parquet`.
    path
        The file to write (the folder, for a dict), in a folder that exists; replaced once the new one is whole.

    Returns
    -------
    Path
        The file or folder. `read_parquet` gives the frame back, dtypes, attrs and index included. Decimals keep their
        value; all of a column get the same number of places.

    Raises
    ------
    OutputError
        If the file cannot be written; nothing half-written stays.
    ArgumentError
        If two columns have one name, or the ending is that of another format.

    Examples
    --------
    >>> import procore_nb as pnb
    >>> pnb.to_parquet(pnb.to_frame([{"id": 1}]), "projects.parquet").name
    'projects.parquet'
    """
    return frame_files.write_frames(
        frame, path, ".parquet", lambda one, draft: pq.write_table(_arrow_table(one), draft)
    )


@explain_calls()
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

    Examples
    --------
    >>> import procore_nb as pnb
    >>> pnb.read_parquet(pnb.to_parquet(pnb.to_frame([{"id": 1}]), "projects.parquet"))["id"].tolist()
    [1]
    """
    file = output_path(path)
    try:
        table = pq.ParquetFile(file).read()
    except (OSError, pa.ArrowException) as error:
        raise ArgumentError(f"{file} cannot be read: {str(error).rstrip('.')}.") from error
    schema = json.loads((table.schema.metadata or {}).get(_KEY, b"{}"))
    types = frame_files.column_types(schema, table.column_names)
    columns = [
        pd.Series(from_any_column(values) if how is None else _decoded(values, how))
        for values, how in zip(table.columns, types, strict=True)
    ]
    rows = table.num_rows if columns else schema.get("rows", table.num_rows)
    return frame_files.restored_frame(columns, table.column_names, rows, schema)


def _arrow_table(frame: pd.DataFrame) -> pa.Table:
    table = frame_files.writable(frame, unique=True)
    pairs = [encoded(column.values, column.type) for column in table.columns]
    names = [name.encode("utf-8", "replace").decode() for name in table.names]
    columns = [replace(column, type=how) for column, (_, how) in zip(table.columns, pairs, strict=True)]
    metadata = {_KEY: frame_files.schema_json(frame, replace(table, columns=columns), rows=table.rows)}
    return pa.table([array for array, _ in pairs], names=names).replace_schema_metadata(metadata)


def encoded(column: pd.Series[Any], how: ColumnType) -> tuple[Any, ColumnType]:
    """The column for the file, and its type; Arrow holds more dtypes than text can."""
    logical = None if how.logical == "moment" else logical_type(column)
    if logical is not None:
        return encode(column, logical), how
    if how.categories is None and how != ColumnType("text", "object"):
        with suppress(pa.ArrowException, NotImplementedError, TypeError, OverflowError):
            array = pa.Array.from_pandas(column)
            native = replace(how, dtype=str(column.dtype), lost=None)
            if column.dtype != object:
                return array, native
            present = [repr(value) for value in column.array if not is_missing(value)]
            same = present == [repr(value) for value in array.to_pylist() if value is not None]
            if pa.types.is_primitive(array.type) and same:
                return array, replace(native, logical=_OBJECTS)
    return encode(pd.Series(texts_of(column, how), dtype=object), "text"), how


def _decoded(values: Any, how: ColumnType) -> Any:
    logical: Any = how.logical
    if logical == _OBJECTS:
        return pd.Series(values.to_pylist(), dtype=object)
    if how.categories is not None or (how.dtype == "object" and logical not in ("decimal", "list")):
        return column_from(values.cast(pa.string()), how, ParseIssues())
    if logical == "decimal":
        return decode(values, logical, decimals="exact" if how.dtype == "object" else "float")
    if logical != "moment" and dtype_of(logical) == how.dtype:
        return decode(values, logical)
    dtype: Any = dtype_named(how.dtype)
    if hasattr(dtype, "__from_arrow__"):
        return dtype.__from_arrow__(values)
    series = values.to_pandas()
    return series if str(series.dtype) == how.dtype else series.astype(dtype)
