"""Versions of rows that are no longer: deleted rows always, earlier versions of changed rows where history is kept.

In: rows that ended. Out: Parquet files in the table's `_history` folder, one or a few for each sync, joined when they are
many. Speaks to the file system through `files`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa

from procore_nb.store.arrow_columns import DELETED_AT, VALID_TO
from procore_nb.store.data_files import PART_ROWS, read_rows, write_rows
from procore_nb.store.files import Files
from procore_nb.store.manifest import Manifest, Part
from procore_nb.store.snapshot import HISTORY, Snapshot

_MANY = 32  # small files, after which they are joined


class History:
    """Collects versions that end in one update."""

    def __init__(
        self,
        files: Files,
        generation: Snapshot,
        manifest: Manifest,
        *,
        rewrite: bool,
        mend: Callable[[pa.Table, tuple[str, ...]], pa.Table],
    ) -> None:
        self._files = files
        self._generation = generation
        self._manifest = manifest
        self._rewrite = rewrite
        self._mend = mend
        self._waiting: list[pa.Table] = []
        self._rows = 0
        self._made: list[Part] = []

    def add(self, rows: pa.Table) -> None:
        """Take versions that ended."""
        self._waiting.append(rows)
        self._rows += rows.num_rows
        if self._rows >= PART_ROWS:
            self._write()

    def close(self, earlier: Sequence[Part]) -> tuple[Part, ...]:
        """Write what waits; returns all files of ended versions, those of earlier syncs included."""
        small = [part for part in earlier if part.rows < PART_ROWS // 2]
        again = list(earlier) if self._rewrite else small if len(small) >= _MANY else []
        for part in again:
            self.add(self._earlier(part))
        self._write()
        kept = [part for part in earlier if part not in again]
        for part in kept:
            self._generation.keep(part, below=HISTORY)
        return (*kept, *self._made)

    def _earlier(self, part: Part) -> pa.Table:
        rows = read_rows(self._files, f"{self._manifest.table}/{HISTORY}/{part.file}")
        return self._mend(rows, (*self._manifest.extra, VALID_TO, DELETED_AT))

    def _write(self) -> None:
        if not self._waiting:
            return
        rows = pa.concat_tables(self._waiting)
        name = f"ended-{self._manifest.generation:06d}-{len(self._made):05d}.parquet"
        size = write_rows(self._files, f"{self._generation.folder}/{HISTORY}/{name}", rows)
        self._made.append(Part(name, rows.num_rows, size))
        self._waiting, self._rows = [], 0
