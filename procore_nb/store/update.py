"""One table brought up to date from the staged rows: range by range of its keys, so that memory stays flat.

In: the present manifest, the plan, and what staged. Out: the next state of the table, in place. Speaks to the file system through `files`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from procore_nb.frames.codec import conform, schema_of
from procore_nb.frames.types import declared_by
from procore_nb.store.data_files import cuts, key_at, places_of, position, read_rows, row_names
from procore_nb.store.files import Files
from procore_nb.store.manifest import Manifest, Part, as_groups, by_place, moment_of
from procore_nb.store.pii import scrubbed
from procore_nb.store.report import SyncLog
from procore_nb.store.schema import next_schema, renamed, renames
from procore_nb.store.snapshot import Snapshot
from procore_nb.store.staging import StagedRows, Staging, StagingPlan, known_gone
from procore_nb.store.upsert import Upserted, upserted

_AT_ONCE = 2  # ranges of keys: Arrow works outside of Python's lock, and two of them fit into memory


class Update:
    """Makes a table's next state of its present one and the staged rows.

    Rows are valid from the plan's start; `seen` is the moment up to which the server's changes have been seen.
    """

    def __init__(
        self, files: Files, endpoint: Any, before: Manifest, plan: StagingPlan, staging: Staging, *, seen: str
    ) -> None:
        self._files, self._before, self._plan, self._seen = files, before, plan, seen
        self._at = moment_of(plan.started)
        self._done = staging.done("rows")
        promised = {".".join(path) for path in declared_by(endpoint).columns}
        order = before.key or (*plan.place, "id")
        self._staged = StagedRows(files, staging.files("rows"), before, order=order, promised=promised)
        self._after = after = next_schema(endpoint, before, plan, self._staged)
        self._gone = known_gone(files, staging, after)
        self._renames = renames(before.fields, after.fields)
        self._kinds = {self._renames.get(name, name): kind for name, kind in before.columns.items()}
        known = {self._renames.get(name, name): alias for name, alias in before.aliases.items()}
        named = any(after.aliases.get(name) != known.get(name) for name in self._kinds)
        retyped = any(after.columns.get(name) != kind for name, kind in self._kinds.items())
        self._rewrite = retyped or named or plan.scrub or bool(self._renames)
        self._reordered = any(
            self._kinds.get(name, after.columns[name]) != after.columns[name] for name in after.key
        )
        self._snapshot = Snapshot(files, before, after, self._upgraded, rewrite=self._rewrite)

    def commit(self, log: SyncLog) -> Manifest:
        """Go through the ranges, put the next state in place, and add to the log how many rows are new, changed, deleted."""
        parts: list[Part] = []
        deleted = log.deleted
        with ThreadPoolExecutor(_AT_ONCE, "procore-nb store") as pool:
            for made, outcomes in pool.map(self._one_range, *zip(*self._ranges(), strict=True)):
                parts += made
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
        """Each part with its number, and which staged rows belong to it, by their place in the order of keys."""
        keys, parts = self._staged.keys, self._before.parts
        if not parts or self._reordered:
            yield 0, None, 0, keys.num_rows
            return
        starts = [0, *(position(keys, self._after.key, part.first) for part in parts[1:])]
        yield from zip(range(len(parts)), parts, starts, [*starts[1:], keys.num_rows], strict=True)

    def _one_range(
        self, number: int, part: Part | None, start: int, stop: int
    ) -> tuple[list[Part], list[Upserted]]:
        """The parts that take the place of one part, itself where nothing changed; and what became of its rows."""
        if part is not None and start == stop and not self._rewrite and not self._touched(part):
            return [self._snapshot.keep(part)], []
        unchanged, old = part is not None and not self._rewrite, self._old(part)
        pieces, made, outcomes = list[pa.Table](), list[Part](), list[Upserted]()
        for first, last, rows in self._pieces(old, start, stop):
            outcome = upserted(
                rows,
                self._staged.take(first, last, self._after),
                key=self._after.key,
                has_id=self._after.has_id,
                answered=self._answered(rows),
                gone=self._is_gone(rows),
                at=self._at,
                history=self._after.history,
            )
            unchanged = unchanged and outcome.rows is None
            pieces.append(rows if outcome.rows is None else outcome.rows)
            outcomes.append(replace(outcome, rows=None))
            while not unchanged and pieces:
                made += self._snapshot.write_parts(pieces.pop(0), number, len(made))
        return ([self._snapshot.keep(part)] if unchanged and part is not None else made), outcomes

    # Memory: a range is one old part and the staged rows between its first key and the next part's. After years without a
    # sync, or at the first one, that may be millions of rows: such a range is cut again, at keys, so that no row is on both
    # sides of a cut, and pieces are written as they are done.
    def _pieces(self, old: pa.Table, start: int, stop: int) -> Iterator[tuple[int, int, pa.Table]]:
        """A range in pieces that fit into memory: bounds of the staged rows, and the old rows between them."""
        keys, key = self._staged.keys.slice(start, stop - start), self._after.key
        bounds = list(cuts(keys, key)) if key else []
        if len(bounds) < 2:
            yield start, stop, old
            return
        at = [0, *(position(old, key, key_at(keys, key, low)) for low, _ in bounds[1:]), old.num_rows]
        for number, (low, high) in enumerate(bounds):
            yield start + low, start + high, old.slice(at[number], at[number + 1] - at[number])

    def _old(self, part: Part | None) -> pa.Table:
        if part:
            return self._upgraded(read_rows(self._files, self._after.table, part), self._after.extra)
        # Numbers that became text are in another order: all at once.
        tables = [self._old(one) for one in self._before.parts]
        rows = pa.concat_tables([schema_of(self._after.columns, self._after.extra).empty_table(), *tables])
        return rows.sort_by([(name, "ascending") for name in self._after.key]) if tables else rows

    def _upgraded(self, table: pa.Table, extra: Sequence[str]) -> pa.Table:
        """Rows that are kept, as the next state has them."""
        rows = conform(renamed(table, self._renames), self._after.columns, self._kinds, extra)
        return scrubbed(rows, self._after.columns) if self._plan.scrub else rows

    def _touched(self, part: Part) -> bool:
        """Whether a part may lose rows: it is answered for, or rows of it are known to be deleted."""
        if self._plan.mode == "incremental" and not len(self._gone) and not self._fresh():
            return False
        columns = [*self._after.key, *([self._plan.window_day] if self._plan.window else [])]
        rows = read_rows(self._files, self._after.table, part, columns)
        return bool((self._answered(rows) | self._is_gone(rows)).any())

    def _fresh(self) -> set[str]:
        """Places that were asked for everything, and answered."""
        return {place for since, places in self._plan.groups if not since for place in places} & self._done

    def _answered(self, rows: pa.Table) -> Any:
        """For each row, whether it would have come if it still were."""
        plan = self._plan
        places = places_of(rows, self._after.place)
        # Three ways to know that an absent row is deleted: its project was read in full; it was not asked for because
        # the project itself is gone (only if all projects were named); or its day is in the window and its project answered.
        # `_done` in the last one is what keeps the recent rows of a project that answers 403.
        covered = _among(places, self._fresh())
        if plan.mode == "full" and plan.everywhere:
            covered |= ~_among(places, set(plan.asked))
        if plan.window:
            days = pc.cast(rows.column(plan.window_day), pa.date32())  # a time where some day had one
            first, last = (pa.scalar(day).cast(pa.date32()) for day in plan.window)
            inside = pc.and_(pc.greater_equal(days, first), pc.less_equal(days, last))
            covered |= _among(places, self._done) & pc.fill_null(inside, False).to_numpy().astype(bool)
        return covered

    def _is_gone(self, rows: pa.Table) -> Any:
        known = len(self._gone) and self._after.has_id
        return (
            _among(row_names(rows, self._after.place), self._gone) if known else np.zeros(rows.num_rows, bool)
        )

    def _since(self) -> dict[str, list[str]]:
        """The start of the last read of each place: this one's, where it answered.

        Others keep theirs: a project that refused for a week is asked for that week once it answers again.
        """
        plan, known = self._plan, by_place(self._before.since)
        if plan.mode == "full" and plan.everywhere:
            asked = plan.asked
            known = {place: moment for place, moment in known.items() if place in asked}
        groups = as_groups(known | dict.fromkeys(sorted(self._done), self._seen))
        return {moment: list(places) for moment, places in groups}


def _among(values: Any, wanted: Any) -> Any:
    """For each value whether it is among the wanted ones."""
    known = pa.array(sorted(wanted), pa.string()) if isinstance(wanted, set) else wanted
    return pc.is_in(values, value_set=known).to_numpy(zero_copy_only=False).astype(bool)
