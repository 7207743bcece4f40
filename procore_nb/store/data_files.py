"""Parquet files of a table: written once, never changed.

In: Arrow tables. Out: files of at most some 64,000 rows, sorted by key, so that any engine finds a project or an id by the
files' statistics; and rows of files. Speaks to the file system through `files`.

A part is compared with the digest in the manifest before any library opens it. A flipped bit in Parquet may give other
values without an error, or end the process: pyarrow's C++ reader raises exceptions that Python cannot catch.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from procore_nb.frames.codec import has_values
from procore_nb.store.files import Files, damaged, missing
from procore_nb.store.manifest import Part, digest_of, separator

PART_ROWS = 65_536
_ALIASED = b"procore_nb.name"


def write_rows(
    files: Files, folder: str, name: str, rows: pa.Table, key: Sequence[str], aliases: Mapping[str, str]
) -> Part:
    """Write one Parquet file, whose rows are in the order of `key`; returns what the manifest says of it."""
    # A column that goes by another name in the file has its own one in the metadata of its field.
    fields = [
        field.with_name(aliases[field.name]).with_metadata({_ALIASED: field.name})
        if field.name in aliases
        else field
        for field in rows.schema
    ]
    table = pa.Table.from_arrays(rows.columns, schema=pa.schema(fields))
    valued = [column for column in table.column_names if has_values(table.column(column))]
    # Most columns of most lists are without any value: to compress these takes longer than all the others.
    codecs = dict.fromkeys(table.column_names, "NONE") | dict.fromkeys(valued, "ZSTD")
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression=codecs, use_dictionary=valued, write_page_index=True)
    data = sink.getvalue()
    with files.writing(f"{folder}/{name}") as file:
        file.write(data)
    return Part(
        file=name,
        rows=rows.num_rows,
        bytes=data.size,
        first=key_at(rows, key, 0) if rows.num_rows else (),
        digest=digest_of(data),
        stats=_statistics(rows, key),
    )


def _statistics(table: pa.Table, key: Sequence[str]) -> str:
    """What lets engines pass over a file: how many rows it has, and between what its keys lie."""
    stats: dict[str, Any] = {"numRecords": table.num_rows, "minValues": {}, "maxValues": {}, "nullCount": {}}
    for name in key:
        bounds = pc.min_max(table.column(name)).as_py()
        stats["nullCount"][name] = table.column(name).null_count
        # Long texts would have to be cut, and a maximum that is cut is none.
        if bounds["min"] is not None and max(len(str(bound)) for bound in bounds.values()) <= 64:
            stats["minValues"][name], stats["maxValues"][name] = bounds["min"], bounds["max"]
    return orjson.dumps(stats).decode()


def read_rows(files: Files, folder: str, part: Part, columns: Sequence[str] | None = None) -> pa.Table:
    """The rows of one Parquet file, or some of its columns; StoreError if it is missing, or not what the store wrote."""
    path = f"{folder}/{part.file}"
    try:
        with open_verified(files, path, part.digest) as file, pq.ParquetFile(file) as parquet:
            names = {
                field.name: (field.metadata or {}).get(_ALIASED, field.name.encode()).decode()
                for field in parquet.schema_arrow
            }
            aliases = [alias for alias, name in names.items() if columns is None or name in columns]
            rows = parquet.read(columns=aliases)
    except (pa.ArrowException, OSError) as error:  # replaced since it was compared with its digest
        raise damaged(files.address(path)) from error
    return pa.Table.from_arrays(rows.columns, names=[names[alias] for alias in rows.column_names])


def open_verified(files: Files, path: str, digest: str) -> Any:
    """A file to read from, compared with its digest once for as long as nobody touches it.

    StoreError if it is missing or damaged.
    """
    stamp = files.stamp(path)
    if stamp is None:
        raise missing(files.address(path))
    mark = (path, digest, *stamp)
    if mark in files.verified:
        return files.open(path)
    with files.open(path) as file:
        data = file.read()
    if digest_of(data) != digest:
        raise damaged(files.address(path))
    files.verified.add(mark)
    return pa.BufferReader(data)


def slices(rows: pa.Table, key: Sequence[str], most: int = PART_ROWS) -> Iterator[tuple[int, int]]:
    """Start and stop of slices of sorted rows, of about equal size; never between rows of one key."""
    total = rows.num_rows
    if total <= most * 3 // 2:
        yield from [(0, total)] if total else []
        return
    start, count = 0, -(-total // most)
    for number in range(1, count + 1):
        stop = max(start, total * number // count)
        while 0 < stop < total and key_at(rows, key, stop) == key_at(rows, key, stop - 1):
            stop += 1
        if stop > start:
            yield start, stop
            start = stop


def sorted_by(rows: pa.Table, key: Sequence[str]) -> pa.Table:
    """The rows in the order of a key; those of one key as they were, and all of them where there is no key."""
    return rows.take(pc.sort_indices(rows, sort_keys=[(name, "ascending") for name in key])) if key else rows


def key_at(rows: pa.Table, key: Sequence[str], row: int) -> tuple[Any, ...]:
    """The key of one row, missing parts as None."""
    return tuple(rows.column(name)[row].as_py() for name in key)


def rank(key: Iterable[Any]) -> tuple[Any, ...]:
    """A key as something that sorts as Parquet files do: missing parts last."""
    return tuple((1, "") if part is None else (0, part) for part in key)


def position(rows: pa.Table, key: Sequence[str], first: Sequence[Any]) -> int:
    """How many of the sorted rows come before a key."""
    return bisect_left(range(rows.num_rows), rank(first), key=lambda row: rank(key_at(rows, key, row)))


def targets_of(rows: pa.Table, columns: Sequence[str]) -> Any:
    """For each row the target it was requested of, as text: `7`, or `7-12` below a parent; empty for lists of a company."""
    if not columns:
        return pa.repeat("", rows.num_rows)
    return pc.binary_join_element_wise(
        *(pc.fill_null(_texts(rows, name), "") for name in columns), separator(columns)
    )


def row_ids(rows: pa.Table, target_columns: Sequence[str]) -> Any:
    """What tells a row of a table from all others, as one text: target and id."""
    return pc.binary_join_element_wise(targets_of(rows, target_columns), _texts(rows, "id"), "~")


def _texts(rows: pa.Table, name: str) -> pa.Array:
    column = pc.cast(rows.column(name), pa.string())
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
