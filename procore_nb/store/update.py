"""A table's next state: of its rows and those that arrived, or of its rows and those of a former state.

In: the present manifest, the plan, and what staged; or a moment or version. Out: the next state of the table, in place, and how
many rows are new, changed, deleted. Speaks to the file system through `files`.

An update goes range by range of the table's keys, so that memory stays flat. A restored state is a commit like any other: rows
that it replaces become earlier versions, so that nothing is lost by it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from procore_nb.catalog import Catalogue
from procore_nb.errors import ArgumentError, StoreError
from procore_nb.frames.codec import STAMP, conform, has_values, schema_of
from procore_nb.frames.types import declared_by
from procore_nb.scalars import utc_text
from procore_nb.store.data_files import key_at, position, read_rows, row_ids, slices, sorted_by, targets_of
from procore_nb.store.delta_log import commits
from procore_nb.store.files import Files
from procore_nb.store.manifest import BOOKKEEPING_COLUMNS, Manifest, Part, by_moment, by_target, moment_of
from procore_nb.store.pii import scrubbed
from procore_nb.store.report import SyncLog
from procore_nb.store.scan import find_table, joined, read_table, rows_at
from procore_nb.store.snapshot import Snapshot, manifest_named, recover
from procore_nb.store.staging import (
    StagedRows,
    Staging,
    next_schema,
    read_staged,
    relabelled,
    renamed,
    renames,
)
from procore_nb.store.strategy import SyncPlan

FIRST_SEEN, VALID_FROM, VALID_TO, DELETED_AT = BOOKKEEPING_COLUMNS
_AT_ONCE = 2  # ranges of keys: Arrow works outside of Python's lock, and two of them fit into memory
_NULLABLE = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype(), pa.string(): pd.StringDtype()}


class Update:
    """Makes a table's next state of its present one and the staged rows.

    Rows are valid from the plan's start; `seen` is the moment up to which the server's changes have been seen.
    """

    def __init__(
        self, files: Files, endpoint: Any, before: Manifest, plan: SyncPlan, staging: Staging, *, seen: str
    ) -> None:
        self._files, self._before, self._plan, self._seen = files, before, plan, seen
        self._at = moment_of(plan.started)
        self._done, self._requested = staging.done("rows"), by_target(plan.since)
        self._read_whole = {target for target in self._done if self._requested.get(target) == ""}
        declared = {".".join(path) for path in declared_by(endpoint).columns}
        order = before.key or (*plan.target_columns, "id")
        self._staged = StagedRows(files, staging.files("rows"), before, order=order, declared=declared)
        known = relabelled(before, self._staged.fields)
        self._after = after = next_schema(endpoint, known, plan, self._staged)
        recycled = [read_staged(files, path) for path in staging.files("bin")] if after.has_id else []
        ids = [row_ids(rows, after.target_columns) for rows in recycled if "id" in rows.column_names]
        self._recycled = pa.concat_arrays([pa.array([], pa.string()), *ids])
        self._renames = renames(before.fields, after.fields)
        self._types = known.columns
        realiased = any(after.aliases.get(name) != known.aliases.get(name) for name in known.columns)
        retyped = {name for name, logical in known.columns.items() if after.columns.get(name) != logical}
        self._rewrite = bool(retyped or realiased or plan.scrub or self._renames)
        self._reordered = not retyped.isdisjoint(after.key)
        self._snapshot = Snapshot(files, before, after, self._upgraded, rewrite=self._rewrite)

    def commit(self, log: SyncLog) -> Manifest:
        """Go through the ranges, put the next state in place, and add to the log how many rows are new, changed, deleted."""
        parts: list[Part] = []
        deleted = log.deleted
        with ThreadPoolExecutor(_AT_ONCE, "procore-nb store") as pool:
            for range_parts, outcomes in pool.map(self._update_range, *zip(*self._ranges(), strict=True)):
                parts += range_parts
                for outcome in outcomes:
                    log.count(outcome)
                    self._snapshot.end(outcome.ended)
        after = replace(
            self._after,
            parts=tuple(parts),
            deleted=self._before.deleted + log.deleted - deleted,
            since=self._since(),
        )
        return self._snapshot.commit(after, at_once=self._plan.scrub)

    def _ranges(self) -> Iterator[tuple[int, Part | None, int, int]]:
        """Each part with its number, and which staged rows belong to it, by their position in the order of keys."""
        keys, parts = self._staged.keys, self._before.parts
        if not parts or self._reordered:
            yield 0, None, 0, keys.num_rows
            return
        starts = [0, *(position(keys, self._after.key, part.first) for part in parts[1:])]
        yield from zip(range(len(parts)), parts, starts, [*starts[1:], keys.num_rows], strict=True)

    def _update_range(
        self, number: int, part: Part | None, start: int, stop: int
    ) -> tuple[list[Part], list[Upserted]]:
        """The parts that replace one part, itself where nothing changed; and what became of its rows."""
        if part is not None and start == stop and not self._rewrite and not self._may_lose_rows(part):
            return [self._snapshot.keep(part)], []
        unchanged = part is not None and not self._rewrite
        tables, parts, outcomes = list[pa.Table](), list[Part](), list[Upserted]()
        for first, last, rows in self._pieces(self._present_rows(part), start, stop):
            outcome = upserted(
                rows,
                self._staged.take(first, last, self._after),
                key=self._after.key,
                has_id=self._after.has_id,
                deletable=self._deletable(rows),
                at=self._at,
                history=self._after.history,
            )
            unchanged = unchanged and outcome.rows is None
            tables.append(rows if outcome.rows is None else outcome.rows)
            outcomes.append(replace(outcome, rows=None))
            while not unchanged and tables:
                parts += self._snapshot.write_parts(tables.pop(0), number, len(parts))
        return ([self._snapshot.keep(part)] if unchanged and part is not None else parts), outcomes

    # Memory: a range is one old part and the staged rows between its first key and the next part's. After years without a
    # sync, or at the first one, that may be millions of rows: such a range is cut again, at keys, so that no row is on both
    # sides of a cut, and pieces are written as they are done.
    def _pieces(self, old: pa.Table, start: int, stop: int) -> Iterator[tuple[int, int, pa.Table]]:
        """A range in pieces that fit into memory: bounds of the staged rows, and the old rows between them."""
        keys, key = self._staged.keys.slice(start, stop - start), self._after.key
        bounds = list(slices(keys, key)) if key else []
        if len(bounds) < 2:
            yield start, stop, old
            return
        old_bounds = [0, *(position(old, key, key_at(keys, key, low)) for low, _ in bounds[1:]), old.num_rows]
        for (low, high), old_low, old_high in zip(bounds, old_bounds[:-1], old_bounds[1:], strict=True):
            yield start + low, start + high, old.slice(old_low, old_high - old_low)

    def _present_rows(self, part: Part | None) -> pa.Table:
        if part:
            return self._upgraded(read_rows(self._files, self._after.table, part), self._after.extra)
        # Numbers that became text are in another order: all at once.
        tables = [self._present_rows(part) for part in self._before.parts]
        empty = schema_of(self._after.columns, self._after.extra).empty_table()
        return sorted_by(pa.concat_tables([empty, *tables]), self._after.key)

    def _upgraded(self, table: pa.Table, extra: Sequence[str]) -> pa.Table:
        """Rows that are kept, as the next state has them."""
        rows = conform(renamed(table, self._renames), self._after.columns, self._types, extra)
        return scrubbed(rows, self._after.columns) if self._plan.scrub else rows

    def _may_lose_rows(self, part: Part) -> bool:
        if self._plan.mode == "incremental" and not len(self._recycled) and not self._read_whole:
            return False
        columns = [*self._after.key, *([self._plan.window_day] if self._plan.window else [])]
        rows = read_rows(self._files, self._after.table, part, columns)
        return bool(self._deletable(rows).any())

    def _deletable(self, rows: pa.Table) -> Any:
        """For each row, whether it is deleted if it did not come."""
        plan, targets = self._plan, targets_of(rows, self._after.target_columns)
        # Four ways to know that an absent row is deleted: its project was read in full; it was not requested because
        # the project itself is gone (only if all projects were named); its day is in the window and its project answered;
        # or Procore lists it as deleted. `_done` is what keeps the recent rows of a project that answers 403.
        covered = _is_in(targets, self._read_whole)
        if plan.mode == "full" and plan.everywhere:
            covered |= ~_is_in(targets, self._requested)
        if plan.window:
            days = pc.cast(rows.column(plan.window_day), pa.date32())  # a time where some day had one
            first, last = (pa.scalar(day).cast(pa.date32()) for day in plan.window)
            inside = pc.and_(pc.greater_equal(days, first), pc.less_equal(days, last))
            covered |= _is_in(targets, self._done) & pc.fill_null(inside, False).to_numpy().astype(bool)
        if len(self._recycled):
            covered |= _is_in(row_ids(rows, self._after.target_columns), self._recycled)
        return covered

    def _since(self) -> dict[str, list[str]]:
        """The start of the last read of each target: this one's, where it answered.

        Others keep theirs: a project that refused for a week is asked for that week once it answers again.
        """
        plan, known = self._plan, by_target(self._before.since)
        if plan.mode == "full" and plan.everywhere:
            known = {target: moment for target, moment in known.items() if target in self._requested}
        return by_moment(known | dict.fromkeys(sorted(self._done), self._seen))


def _is_in(values: Any, known: Any) -> Any:
    value_set = known if isinstance(known, pa.Array) else pa.array([*known], pa.string())
    return pc.is_in(values, value_set=value_set).to_numpy(zero_copy_only=False).astype(bool)


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
    deletable: Any,
    at: datetime,
    history: bool,
) -> Upserted:
    """Bring rows up to date; they are valid from `at`. Pure.

    `old` are rows as they were, with bookkeeping; `incoming` ones are without. `key` tells rows apart, several of one key by
    their order; without an id in it (`has_id`), rows of a target are the same where all their values are. `deletable` says
    for each old row whether it is deleted if it did not come (numpy, bool): an incremental read sends changed rows only, and
    a project that answers 403 sends none. With `history`, earlier versions of changed rows are handed out, beside deleted rows.
    """
    # All decisions are taken on row numbers, in numpy: values move once, at the end.
    before, after = _pairs(old, incoming, key, has_id)
    origin = np.full(incoming.num_rows, -1)  # the old row behind each incoming one
    origin[after] = before
    matched, changed = np.zeros(old.num_rows, bool), np.zeros(old.num_rows, bool)
    matched[before] = True
    changed[before[~_equal(old, incoming, before, after)]] = True
    deleted, new = ~matched & deletable, origin < 0
    # None lets the caller keep the old file as it is: most parts of most syncs are not written anew. Without an id the order
    # of rows is all that tells equal ones apart, so a changed order is a change.
    moved = not has_id and (np.diff(origin[~new]) < 0).any()
    if not (new.any() or changed.any() or deleted.any() or moved):
        return Upserted(None, None)
    as_before = ~new
    as_before[as_before] = ~changed[origin[as_before]]
    for name, known in ((FIRST_SEEN, ~new), (VALID_FROM, as_before)):
        earlier = old.column(name).take(pa.array(origin, mask=~known))
        incoming = incoming.append_column(name, pc.fill_null(earlier, pa.scalar(at, STAMP)))
    rows = pa.concat_tables([old, incoming.select(old.column_names)])
    kept = np.concatenate([np.flatnonzero(~matched & ~deleted), np.arange(old.num_rows, rows.num_rows)])
    ended = _ended(old, deleted | changed if history else deleted, deleted, at)
    counts = (int(mask.sum()) for mask in (new, changed, deleted))
    return Upserted(_in_key_order(rows, kept, key), ended, *counts)


def _ended(old: pa.Table, replaced: Any, deleted: Any, at: datetime) -> pa.Table | None:
    """Versions that are no longer, with the moment they ended and, for deleted rows, that they were deleted."""
    if not replaced.any():
        return None
    rows = old.filter(pa.array(replaced))
    moments = pa.repeat(pa.scalar(at, STAMP), rows.num_rows)
    deletions = pc.if_else(pa.array(deleted[replaced]), moments, pa.scalar(None, STAMP))
    return rows.append_column(VALID_TO, moments).append_column(DELETED_AT, deletions)


def _pairs(old: pa.Table, incoming: pa.Table, key: Sequence[str], has_id: bool) -> tuple[Any, Any]:
    """Which old row and which incoming row are the same: two arrays of row numbers."""
    if not old.num_rows or not incoming.num_rows:
        return np.array([], int), np.array([], int)
    if has_id and (pairs := _pairs_by_id(old, incoming, key)) is not None:
        return pairs
    left, right = (_identifying(table, incoming.column_names, has_id, key) for table in (incoming, old))
    both = left.reset_index(names="after").merge(right.reset_index(names="before"), on=[*right.columns])
    return both["before"].to_numpy(int), both["after"].to_numpy(int)


def _pairs_by_id(old: pa.Table, incoming: pa.Table, key: Sequence[str]) -> tuple[Any, Any] | None:
    """The pairs where ids alone tell rows apart, as they nearly always do; None where they do not."""
    old_ids, ids = old.column("id").combine_chunks(), incoming.column("id").combine_chunks()
    for column in (old_ids, ids):
        if column.null_count or pc.count_distinct(column).as_py() < len(column):
            return None
    # A hash join of the ids alone is many times faster than one of all key columns; whether the rest of the key agrees is
    # checked on the pairs. The same id in two projects is two rows: then all pairs are compared.
    matches = pc.index_in(ids, value_set=old_ids)
    after = np.flatnonzero(matches.is_valid().to_numpy(zero_copy_only=False))
    before = matches.drop_null().to_numpy()
    left = old.select(list(key)).take(pa.array(before))
    return (before, after) if left.equals(incoming.select(list(key)).take(pa.array(after))) else None


def _identifying(table: pa.Table, columns: Sequence[str], has_id: bool, key: Sequence[str]) -> Any:
    """What tells rows apart, as a frame: the key, or the target and a hash of all values; then the count among equals."""
    frame = table.select(list(key if has_id else columns)).to_pandas(types_mapper=_NULLABLE.get)
    if not has_id:
        hashes = pd.util.hash_pandas_object(frame, index=False).to_numpy()
        frame = frame[list(key)].assign(**{"": hashes})
    frame.columns = pd.Index([f"k{number}" for number in range(frame.shape[1])])
    repeated = frame.duplicated().any()
    counts = frame.groupby(list(frame.columns), dropna=False, sort=False).cumcount() if repeated else 0
    frame["count"] = counts
    return frame


def _equal(old: pa.Table, incoming: pa.Table, before: Any, after: Any) -> Any:
    """For each pair, whether all values are equal."""
    equal = np.ones(len(before), bool)
    # Most columns of most lists are without any value.
    valued = [
        name for name in incoming.column_names if any(has_values(t.column(name)) for t in (incoming, old))
    ]
    left, right = old.select(valued).take(pa.array(before)), incoming.select(valued).take(pa.array(after))
    for before_values, values in zip(left.columns, right.columns, strict=True):
        both_missing = pc.and_(pc.is_null(before_values), pc.is_null(values))
        same = pc.or_(pc.fill_null(pc.equal(before_values, values), False), both_missing)
        equal &= same.to_numpy().astype(bool)
    return equal


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


def restore(
    files: Files,
    name: str,
    catalogue: Catalogue | None,
    *,
    as_of: datetime | None,
    version: int | None,
    at: datetime,
) -> SyncLog:
    """Bring a table back to a moment or a version; for the holder of the store's lock."""
    if (as_of is None) == (version is None):
        raise ArgumentError(
            "restore takes a moment or a version.", advice='restore("rfis", as_of="2026-05-01")'
        )
    recover(files, find_table(files, name, catalogue)[1].table)
    manifest, live, ended = read_table(files, name, catalogue, with_ended=True)
    former = None if version is None else _former(files, manifest, version)
    if former is not None:
        rows = joined(files, manifest.table, former.parts, manifest, former)
    elif as_of is not None:
        rows = rows_at(live, ended, manifest, as_of)
    outcome = upserted(
        live.select((*manifest.columns, *manifest.extra)),
        rows.select((*manifest.columns, *manifest.exact_columns)),
        key=manifest.key,
        has_id=manifest.has_id,
        deletable=np.ones(live.num_rows, bool),
        at=at,
        history=True,
    )
    log = SyncLog(manifest.table, mode="restore", rows=manifest.rows, synced_at=manifest.synced_at)
    if outcome.rows is None:
        return log
    snapshot = Snapshot(files, manifest, manifest)
    snapshot.end(outcome.ended)
    log.rows, log.synced_at = outcome.rows.num_rows, utc_text(at, microseconds=True)
    log.count(outcome)
    snapshot.commit(
        replace(
            manifest,
            parts=tuple(snapshot.write_parts(outcome.rows, 0)),
            deleted=manifest.deleted + log.deleted,
            synced_at=log.synced_at,
            # Which changes a moment had seen is not known: the next sync reads everything again.
            since={} if former is None else former.since,
            last=(manifest if former is None else former).last | {"mode": "restore"},
        )
    )
    return log


def _former(files: Files, manifest: Manifest, version: Any) -> Manifest:
    """The state of a version, if its files are still there."""
    states = {
        number: manifest_named(files, manifest.table, name)
        for number, name, _ in commits(files, manifest.table)
        if name
    }
    former = {number: state for number, state in states.items() if state and state.version == number}
    if version in former:
        return former[version]
    known = ", ".join(f"{number} (synced {former[number].synced_at[:16]} UTC)" for number in sorted(former))
    raise StoreError(
        f"Version {version} of {manifest.table} in {files.address('')} is gone: there is {known}.",
        advice="At a URL and on Windows the files of former versions stay for keep_days of Store, on other disks they do "
        "not. Deleted rows, and with sync(history=True) changed ones, come back by restore(..., as_of=…).",
    )
