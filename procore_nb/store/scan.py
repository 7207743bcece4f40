"""Rows of a table: as they are, with deleted ones, as they were, and what changed.

In: the files of a table. Out: Arrow tables of one state, and frames of them. Speaks to the file system through `files`.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from procore_nb import catalog
from procore_nb.catalog import Catalogue
from procore_nb.errors import ArgumentError, CatalogError, StoreError
from procore_nb.frames.codec import DEFAULT_DECIMALS, STAMP, Decimals, conform, from_arrow
from procore_nb.near_match import did_you_mean
from procore_nb.store.data_files import read_rows, row_ids, sorted_by
from procore_nb.store.files import Files
from procore_nb.store.manifest import (
    BOOKKEEPING_COLUMNS,
    DELETED_AT,
    FIRST_SEEN,
    VALID_FROM,
    VALID_TO,
    Manifest,
    Part,
    folder_name,
)
from procore_nb.store.snapshot import WORK, find_manifest
from procore_nb.store.staging import renamed, renames

TRIES = 20  # of readers, as each sync that finishes in the meantime may take files away


def table_names(files: Files) -> list[str]:
    """The folders of tables, whatever state they are in."""
    names = {*files.names(""), *files.names(WORK)}
    return sorted(name for name in names if not name.startswith("_"))


def all_tables(files: Files) -> dict[str, tuple[str, Manifest]]:
    """Folder and manifest of each table."""
    return {name: state for name in table_names(files) if (state := find_manifest(files, name)) is not None}


def find_table(files: Files, name: str, catalogue: Catalogue | None = None) -> tuple[str, Manifest]:
    """Folder and manifest of a table, by the name or alias of its list; ArgumentError if the store has no such table."""
    if not isinstance(name, str):
        raise ArgumentError(f"A table is called by the name of its list, not {name!r}.")
    state = find_manifest(files, folder_name(name)) if name else None
    if state is None:
        with suppress(CatalogError):
            state = find_manifest(files, folder_name(catalog.endpoint(name, catalogue=catalogue).name))
    if state is None:
        tables = list(all_tables(files))
        advice = f"{did_you_mean(name, tables)}It has: {', '.join(tables) or 'none yet'}."
        raise ArgumentError(f"The store has no table {name!r}.", advice=advice)
    return state


def read_table(
    files: Files, name: str, catalogue: Catalogue | None, *, with_ended: bool
) -> tuple[Manifest, pa.Table, pa.Table]:
    """Live rows, and ended versions if wanted (else none), of one state: begun again if a sync has put the next in its place."""
    for _ in range(TRIES):
        folder, manifest = find_table(files, name, catalogue)
        try:
            live = joined(files, folder, manifest.parts, manifest)
            return manifest, live, joined(files, folder, manifest.ended if with_ended else (), manifest)
        except StoreError as error:
            failure = error
        if find_table(files, name, catalogue) == (folder, manifest):
            break
    raise failure


def joined(
    files: Files, folder: str, parts: Iterable[Part], manifest: Manifest, former: Manifest | None = None
) -> pa.Table:
    """The rows of some parts, with all columns of a state; of parts of a former state too."""
    extra = (*manifest.exact_columns, *BOOKKEEPING_COLUMNS)
    names = {} if former is None else renames(former.fields, manifest.fields)
    types = {names.get(name, name): logical for name, logical in (former or manifest).columns.items()}
    tables = [renamed(read_rows(files, folder, part), names) for part in parts]
    return pa.concat_tables(
        [conform(table, manifest.columns, types, extra) for table in [*tables, pa.table({})]]
    )


def addresses(files: Files, manifest: Manifest) -> list[str]:
    """The Parquet files of one state; while its folder is changing places, it will be there at once."""
    return [files.address(f"{manifest.table}/{part.file}") for part in manifest.files]


def as_frame(
    rows: pa.Table,
    manifest: Manifest,
    bookkeeping: tuple[str, ...] = (),
    *,
    decimals: Decimals = DEFAULT_DECIMALS,
) -> pd.DataFrame:
    """Rows as a typed frame, bookkeeping last; names of projects, where they are known, beside their ids."""
    frame = from_arrow(rows, manifest.columns | dict.fromkeys(bookkeeping, "time"), decimals=decimals)
    for column in bookkeeping:
        name, stored = column.removeprefix("_"), frame.pop(column)
        sent = frame.pop(name) if name in frame.columns else stored  # some lists tell when a row was deleted
        frame[name] = sent.fillna(stored) if sent.dtype == stored.dtype else stored
    if manifest.names and "project_id" in frame.columns and "project_name" not in frame.columns:
        names = frame["project_id"].astype("string").map(manifest.names).astype("string")
        frame.insert(list(frame.columns).index("project_id") + 1, "project_name", names)
    return frame


class NotKeptYetError(ArgumentError):
    """A moment before the first sync of a table."""

    def __init__(self, message: str, begins: datetime) -> None:
        super().__init__(message)
        self.begins = begins


def with_deleted(live: pa.Table, ended: pa.Table, manifest: Manifest, deleted: str) -> pa.Table:
    """Live rows and deleted ones (`with`), or deleted ones (`only`); those that came back are live."""
    if deleted not in ("with", "only"):
        raise ArgumentError(f'deleted is "only" or "with", not {deleted!r}.')
    deleted_rows = ended.filter(pc.is_valid(ended.column(DELETED_AT)))
    if manifest.has_id and deleted_rows.num_rows:
        ids, live_ids = (row_ids(rows, manifest.target_columns).to_pandas() for rows in (deleted_rows, live))
        # The latest deletion counts, and none of a row that came back.
        deleted_rows = deleted_rows.filter(
            pa.array((~ids.duplicated(keep="last") & ~ids.isin(live_ids)).to_numpy())
        )
    return deleted_rows if deleted == "only" else pa.concat_tables([live, deleted_rows])


def versions(live: pa.Table, ended: pa.Table, manifest: Manifest) -> pa.Table:
    """All versions of all rows, those of one row together, in the order of time."""
    return sorted_by(pa.concat_tables([ended, live]), (*manifest.key, VALID_FROM))


def rows_at(live: pa.Table, ended: pa.Table, manifest: Manifest, at: datetime) -> pa.Table:
    """The rows as they were kept at a moment, in the order of their keys.

    ArgumentError if nothing was kept then, or some rows were whose values of then were not.
    """
    rows, then = pa.concat_tables([ended, live]), pa.scalar(at, STAMP)
    seen = pc.less_equal(rows.column(FIRST_SEEN), then)
    if rows.num_rows and not pc.any(seen).as_py():
        first = pc.min(rows.column(FIRST_SEEN)).as_py()
        since, moment = f"{first:%Y-%m-%d %H:%M} UTC", f"{at:%Y-%m-%d %H:%M}"
        raise NotKeptYetError(f"{manifest.table} is kept since {since}, and was not at {moment}.", first)
    begun = pc.less_equal(rows.column(VALID_FROM), then)
    known = rows.filter(pc.and_(begun, pc.fill_null(pc.greater(rows.column(VALID_TO), then), True)))
    if manifest.has_id:
        later = row_ids(rows.filter(pc.and_(seen, pc.invert(begun))), manifest.target_columns)
        still = pc.is_in(later, value_set=row_ids(known, manifest.target_columns))
        lost = pc.count_distinct(later.filter(pc.invert(still))).as_py()
        if lost:
            raise ArgumentError(
                f"{lost:,} rows of {manifest.table} have changed since, and their values of then were not kept.",
                advice="store.sync(..., history=True) keeps earlier versions from now on.",
            )
    return sorted_by(known, manifest.key)


def changes(
    live: pa.Table, ended: pa.Table, manifest: Manifest, since: datetime
) -> tuple[pa.Table, list[str], pa.Array]:
    """Rows that are new, changed or deleted since a moment: the rows, what happened, and when."""
    moment = pa.scalar(since, STAMP)
    fresh = live.filter(pc.greater(live.column(VALID_FROM), moment))
    deleted_rows = with_deleted(live, ended, manifest, "only")
    deleted_rows = deleted_rows.filter(pc.greater(deleted_rows.column(DELETED_AT), moment))
    new = pc.greater(fresh.column(FIRST_SEEN), moment).to_pylist()
    changes = ["new" if is_new else "changed" for is_new in new] + ["deleted"] * deleted_rows.num_rows
    rows = pa.concat_tables([fresh, deleted_rows])
    return rows, changes, pc.coalesce(rows.column(DELETED_AT), rows.column(VALID_FROM))
