"""Rows as they were and rows as they arrived: which are new, changed, gone.

In: two Arrow tables of one range of keys, with the same columns. Out: the rows as they are now, in the order of their keys,
and the versions that ended. Pure: speaks to no service.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from procore_nb.frames.codec import STAMP, has_values
from procore_nb.store.manifest import DELETED_AT, FIRST_SEEN, VALID_FROM, VALID_TO

_NULLABLE = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype(), pa.string(): pd.StringDtype()}


@dataclass(frozen=True)
class Upserted:
    """The rows now (None: as they were), the versions that ended, and how many rows are new, changed, deleted."""

    rows: pa.Table | None
    ended: pa.Table | None
    new: int = 0
    changed: int = 0
    deleted: int = 0


def upserted(
    old: pa.Table,
    incoming: pa.Table,
    *,
    key: Sequence[str],
    has_id: bool,
    answered: Any,
    gone: Any,
    at: datetime,
    history: bool,
) -> Upserted:
    """Bring rows up to date; they are valid from `at`.

    `old` are rows as they were, with bookkeeping; `incoming` ones are without. `key` tells rows apart, several of one key by
    their order; without an id in it (`has_id`), rows of a place are the same where all their values are. For each old row,
    `answered` says whether it would have come if it still existed, `gone` whether it is known to be deleted (numpy, bool).
    With `history`, earlier versions of changed rows are handed out, beside deleted rows.
    """
    # All decisions are taken on row numbers, in numpy: values move once, at the end, in `_now` and `_ended`.
    before, after = _pairs(old, incoming, key, has_id)
    match = np.full(old.num_rows, -1)
    match[before] = after
    same = _same(old, incoming, before, after)
    unchanged, changed = np.zeros(old.num_rows, bool), np.zeros(old.num_rows, bool)
    unchanged[before[same]] = True
    changed[before[~same]] = True
    # A row that did not come is only deleted if it would have come (`answered`), or if Procore says so (`gone`): an
    # incremental read sends changed rows only, and a project that answers 403 sends none.
    deleted = (match < 0) & (answered | gone)
    fresh = np.ones(incoming.num_rows, bool)
    fresh[after] = False
    # None lets the caller keep the old file as it is: most parts of most syncs are not written anew. Without an id the order
    # of rows is all that tells equal ones apart, so a changed order is a change.
    moved = not has_id and (np.diff(before[np.argsort(after, kind="stable")]) < 0).any()
    if not (fresh.any() or changed.any() or deleted.any() or moved):
        return Upserted(None, None)
    # Without an id all incoming rows are taken, in their order, and old ones stay only where nothing was asked.
    kept = ~deleted & ~changed if has_id else (match < 0) & ~deleted
    rows = _now(old, incoming, kept, match, unchanged, at, key)
    ended = _ended(old, deleted | changed if history else deleted, deleted, at)
    return Upserted(rows, ended, int(fresh.sum()), int(changed.sum()), int(deleted.sum()))


def _now(
    old: pa.Table, incoming: pa.Table, kept: Any, match: Any, unchanged: Any, at: datetime, key: Sequence[str]
) -> pa.Table:
    """Kept rows and incoming rows, in the order of their keys; those that were there before keep when they were first seen."""
    # `origin` is the old row behind each incoming one. Incoming rows whose old row is kept are left out: it is equal, and
    # has its bookkeeping already. Those taken keep `_first_seen`, and `_valid_from` too where no value changed.
    origin = np.full(incoming.num_rows, -1)
    known = np.flatnonzero(match >= 0)
    origin[match[known]] = known
    taken = origin >= 0
    taken[taken] = ~kept[origin[taken]]
    wanted = np.flatnonzero((origin < 0) | taken)
    fresh, origin, now = incoming.take(pa.array(wanted)), origin[wanted], pa.scalar(at, STAMP)
    for name in (FIRST_SEEN, VALID_FROM):
        source = origin >= 0 if name == FIRST_SEEN or not old.num_rows else (origin >= 0) & unchanged[origin]
        earlier = old.column(name).take(pa.array(origin, mask=~source))
        fresh = fresh.append_column(name, pc.fill_null(earlier, now))
    rows = pa.concat_tables([old, fresh.select(old.column_names)])
    numbers = np.concatenate([np.flatnonzero(kept), np.arange(old.num_rows, rows.num_rows)])
    return _in_key_order(rows, numbers, key)


def _ended(old: pa.Table, over: Any, deleted: Any, at: datetime) -> pa.Table | None:
    """Versions that are no longer, with the moment they ended and, for deleted rows, that they were deleted."""
    if not over.any():
        return None
    rows = old.filter(pa.array(over))
    moments = pa.repeat(pa.scalar(at, STAMP), rows.num_rows)
    deletions = pc.if_else(pa.array(deleted[over]), moments, pa.scalar(None, STAMP))
    return rows.append_column(VALID_TO, moments).append_column(DELETED_AT, deletions)


def _pairs(old: pa.Table, incoming: pa.Table, key: Sequence[str], has_id: bool) -> tuple[Any, Any]:
    """Which old row and which incoming row are the same: two arrays of row numbers."""
    if not old.num_rows or not incoming.num_rows:
        return np.array([], int), np.array([], int)
    if has_id and (pairs := _by_id(old, incoming, key)) is not None:
        return pairs
    content = list(incoming.column_names)
    one, other = (_names(table, key if has_id else content, has_id, key) for table in (old, incoming))
    one["before"], other["after"] = np.arange(len(one)), np.arange(len(other))
    columns = [name for name in other.columns if name != "after"]
    both = other.merge(one, on=columns, how="inner")
    return both["before"].to_numpy(int), both["after"].to_numpy(int)


def _by_id(old: pa.Table, incoming: pa.Table, key: Sequence[str]) -> tuple[Any, Any] | None:
    """The pairs where ids alone tell rows apart, as they nearly always do; None where they do not."""
    one, other = old.column("id").combine_chunks(), incoming.column("id").combine_chunks()
    for ids in (one, other):
        if ids.null_count or pc.count_distinct(ids).as_py() < len(ids):
            return None
    # A hash join of the ids alone is many times faster than one of all key columns; whether the rest of the key agrees is
    # checked on the pairs. An id that stands in two projects is two rows: then the slow way decides.
    at = pc.index_in(other, value_set=one)
    after = np.flatnonzero(at.is_valid().to_numpy(zero_copy_only=False))
    before = at.drop_null().to_numpy()
    left = old.select(list(key)).take(pa.array(before))
    return (before, after) if left.equals(incoming.select(list(key)).take(pa.array(after))) else None


def _names(table: pa.Table, columns: Sequence[str], has_id: bool, key: Sequence[str]) -> pd.DataFrame:
    """What tells rows apart, as a frame: the key, or the place and all values; then the count among equals."""
    frame = table.select(list(columns)).to_pandas(types_mapper=_NULLABLE.get)
    if not has_id:
        names = pd.util.hash_pandas_object(frame, index=False).to_numpy()
        frame = frame[list(key)].assign(**{"": names}) if key else pd.DataFrame({"": names})
    frame.columns = pd.Index([f"k{at}" for at in range(frame.shape[1])])
    twice = frame.duplicated().any()
    count = frame.groupby(list(frame.columns), dropna=False, sort=False).cumcount().to_numpy() if twice else 0
    named: pd.DataFrame = frame.assign(count=count)
    return named


def _same(old: pa.Table, incoming: pa.Table, before: Any, after: Any) -> Any:
    """For each pair, whether all values are equal."""
    same = np.ones(len(before), bool)
    # Most columns of most lists are without any value.
    valued = [one for one in incoming.column_names if any(has_values(t.column(one)) for t in (incoming, old))]
    left, right = old.select(valued).take(pa.array(before)), incoming.select(valued).take(pa.array(after))
    for one, other in zip(left.columns, right.columns, strict=True):
        equal = pc.fill_null(pc.equal(one, other), False)
        equal = pc.or_(equal, pc.and_(pc.is_null(one), pc.is_null(other)))
        same &= equal.to_numpy().astype(bool)
    return same


def _in_key_order(rows: pa.Table, numbers: Any, key: Sequence[str]) -> pa.Table:
    """Some of the rows, sorted by key. Columns without any value, of which there are many, cost nothing."""
    if key:
        keys = rows.select(list(key)).take(pa.array(numbers))
        numbers = numbers[pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in key]).to_numpy()]
    order = pa.array(numbers)
    columns = [
        column.take(order) if has_values(column) else pa.nulls(len(order), column.type)
        for column in rows.columns
    ]
    return pa.Table.from_arrays(columns, schema=rows.schema)
