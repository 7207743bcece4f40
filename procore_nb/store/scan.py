"""A table's rows as typed frames: as they are, with deleted ones, as they were, and what changed.

In: the files of a table. Out: DataFrames with the columns and dtypes of `procore.table`. Speaks to the file system.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from procore_nb.errors import ArgumentError
from procore_nb.store.arrow_columns import (
    DELETED_AT,
    EXACT,
    FIRST_SEEN,
    VALID_FROM,
    VALID_TO,
    aligned,
    to_frame,
)
from procore_nb.store.data_files import read_rows
from procore_nb.store.files import Files
from procore_nb.store.manifest import Manifest
from procore_nb.store.schema import row_names
from procore_nb.store.snapshot import HISTORY

_BOOKS = (FIRST_SEEN, VALID_FROM, VALID_TO, DELETED_AT)
VERSION_BOOKS = (VALID_FROM, VALID_TO, DELETED_AT)
DELETED_BOOKS = (DELETED_AT,)


def current(files: Files, folder: str, manifest: Manifest) -> pa.Table:
    """The rows as they are, in the order of place and id."""
    tables = [read_rows(files, f"{folder}/{part.file}") for part in manifest.parts]
    return _joined(tables, manifest)


def ended(files: Files, folder: str, manifest: Manifest) -> pa.Table:
    """Versions that are no longer."""
    tables = [read_rows(files, f"{folder}/{HISTORY}/{part.file}") for part in manifest.ended]
    return _joined(tables, manifest)


def as_frame(rows: pa.Table, manifest: Manifest, books: tuple[str, ...] = ()) -> pd.DataFrame:
    """Rows as a typed frame, bookkeeping last; names of projects, where they are known, beside their ids."""
    frame = to_frame(rows, manifest.columns | dict.fromkeys(books, "time"))
    for book in books:
        name, ours = book.removeprefix("_"), frame.pop(book)
        own = frame.pop(name) if name in frame.columns else ours  # some lists tell when a row was deleted
        frame[name] = own.fillna(ours) if own.dtype == ours.dtype else ours
    if manifest.names and "project_id" in frame.columns and "project_name" not in frame.columns:
        names = frame["project_id"].astype("string").map(manifest.names).astype("string")
        frame.insert(list(frame.columns).index("project_id") + 1, "project_name", names)
    return frame


def times(moments: Any) -> Any:
    """Moments of an Arrow column as times of a frame."""
    return to_frame(pa.table({"at": moments}), {"at": "time"})["at"].array


def with_deleted(live: pa.Table, over: pa.Table, manifest: Manifest, deleted: str) -> pa.Table:
    """Live rows and deleted ones (`with`), or deleted ones (`only`); those that came back are live."""
    if deleted not in ("with", "only"):
        raise ArgumentError(f'deleted is "only" or "with", not {deleted!r}.')
    dead = over.filter(pc.is_valid(over.column(DELETED_AT)))
    if manifest.has_id and dead.num_rows:
        names = row_names(dead, manifest.place)
        back = pc.is_in(names, value_set=row_names(live, manifest.place))
        dead = dead.filter(pc.invert(back))
        dead = dead.filter(_last(row_names(dead, manifest.place)))
    return dead if deleted == "only" else pa.concat_tables([live, dead])


def versions(live: pa.Table, over: pa.Table, manifest: Manifest) -> pa.Table:
    """All versions of all rows, those of one row together, in the order of time."""
    rows = pa.concat_tables([over, live])
    order = [(name, "ascending") for name in (*manifest.key, VALID_FROM)]
    return rows.take(pc.sort_indices(rows, sort_keys=order))


def changes(
    live: pa.Table, over: pa.Table, manifest: Manifest, since: datetime
) -> tuple[pa.Table, list[str], pa.Array]:
    """Rows that are new, changed or deleted since a moment: the rows, what happened, and when."""
    moment = pa.scalar(since, pa.timestamp("us", "UTC"))
    came = live.filter(pc.greater(live.column(VALID_FROM), moment))
    dead = with_deleted(live, over, manifest, "only")
    dead = dead.filter(pc.greater(dead.column(DELETED_AT), moment))
    new = pc.greater(came.column(FIRST_SEEN), moment).to_pylist()
    words = ["new" if fresh else "changed" for fresh in new] + ["deleted"] * dead.num_rows
    rows = pa.concat_tables([came, dead])
    return rows, words, pc.coalesce(rows.column(DELETED_AT), rows.column(VALID_FROM))


def moment(value: Any, where: str) -> datetime:
    """A time as UTC; a date is its first moment.

    Raises
    ------
    ArgumentError
        If it is none.
    """
    try:
        found = pd.Timestamp(value) if isinstance(value, str | date) else None
    except ValueError:
        found = None
    if found is None or pd.isna(found):
        raise ArgumentError(
            f"{where} takes a date or a time, not {value!r}.", advice='For example "2026-03-01".'
        )
    return (
        (found.tz_localize("UTC") if found.tzinfo is None else found.tz_convert("UTC"))
        .to_pydatetime()
        .astimezone(UTC)
    )


def _joined(tables: list[pa.Table], manifest: Manifest) -> pa.Table:
    extra = (*(EXACT + name for name in manifest.exact), *_BOOKS)
    even = [aligned(table, manifest.columns, manifest.columns, extra) for table in tables]
    return pa.concat_tables(even) if even else aligned(pa.table({}), manifest.columns, {}, extra)


def _last(names: pa.Array) -> pa.Array:
    """For each row whether it is the last of its name: the latest deletion counts."""
    return pa.array(~pd.Series(names.to_pandas()).duplicated(keep="last").to_numpy())
