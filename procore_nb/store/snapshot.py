"""How a table's folder goes from one complete state to the next.

In: new parts and the manifest that names them. Out: the table's folder in its new state. Speaks to the file system through
`files`.

On a disk the next state is laid out beside the present one, unchanged files under a second name (a hard link, which costs
nothing), and the two folders change places. So `portfolio/rfis` holds exactly one state, whoever looks and whenever the
power goes; between the two renames there is for a moment no folder, which an engine reports and `Store` sees through.

An object store has no second names and renames nothing in one step. New files are put beside the old ones under new names,
the manifest last, and only then are the old ones removed: `Store` and `Store.files` follow the manifest; an engine that
reads the bare folder in that moment, or after a crash and before the next sync, finds rows of both states.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pyarrow as pa

from procore_nb.errors import StoreError
from procore_nb.store.data_files import PART_ROWS, read_rows, write_rows
from procore_nb.store.files import Files
from procore_nb.store.manifest import DELETED_AT, NAME, VALID_TO, Manifest, Part, digest_of, read_manifest

WORK = "_work"
HISTORY = "_history"


class Snapshot:
    """The next state of one table, while it is made."""

    def __init__(self, files: Files, table: str) -> None:
        self._files = files
        self._table = table
        self._work = f"{WORK}/{table}"
        self._next = f"{self._work}/next"
        self.folder = self._next if files.renames else table
        if files.renames:
            files.remove(self._next)

    def keep(self, part: Part, *, below: str = "") -> Part:
        """Take a part of the present state into the next; returns it with its digest, which format 1 does not know."""
        name = f"{below}/{part.file}" if below else part.file
        if self._files.renames:
            self._files.link(f"{self._table}/{name}", f"{self._next}/{name}")
        if part.digest:
            return part
        with self._files.open(f"{self._table}/{name}") as file:
            return replace(part, digest=digest_of(file.read()))

    def commit(self, manifest: Manifest) -> None:
        """Make the next state the present one, and remove what no longer belongs to it."""
        self._files.write(f"{self.folder}/{NAME}", manifest.text())
        if self._files.renames:
            self._files.flush_folder(self._next)
            swap(self._files, self._table)
        else:
            tidy(self._files, manifest)
        self._files.remove(self._work)


def swap(files: Files, table: str) -> None:
    """Let the next state's folder take the place of the present one."""
    work = f"{WORK}/{table}"
    files.remove(f"{work}/previous")
    if files.exists(table):
        files.rename(table, f"{work}/previous")
    try:
        files.rename(f"{work}/next", table)
    except StoreError:
        if not files.exists(table):
            files.rename(f"{work}/previous", table)
        raise
    files.remove(f"{work}/previous")


def tidy(files: Files, manifest: Manifest) -> None:
    """Remove the files of a table that its manifest does not name."""
    known = {NAME, HISTORY, manifest.header} | {part.file for part in manifest.parts}
    for name in files.names(manifest.table):
        if name not in known:
            files.remove(f"{manifest.table}/{name}")
    ended = {part.file for part in manifest.ended}
    for name in files.names(f"{manifest.table}/{HISTORY}"):
        if name not in ended:
            files.remove(f"{manifest.table}/{HISTORY}/{name}")


def recover(files: Files, table: str) -> None:
    """After a crash: bring the folder of a table to its last complete state. For the holder of the lock."""
    work = f"{WORK}/{table}"
    if not files.renames:
        manifest = present(files, table)
        if manifest is not None:
            tidy(files, manifest)
        return
    if files.exists(f"{work}/previous"):
        if not files.exists(table):
            complete = files.exists(f"{work}/next/{NAME}")
            files.rename(f"{work}/next" if complete else f"{work}/previous", table)
        files.remove(f"{work}/previous")
    files.remove(f"{work}/next")


def half_swapped(files: Files, table: str) -> bool:
    """Whether two states of a table were changing places when the process ended, or are now."""
    return files.renames and files.exists(f"{WORK}/{table}/previous")


def present(files: Files, table: str) -> Manifest | None:
    """The manifest of a table's last complete state; None if there is no such table."""
    found = located(files, table)
    return None if found is None else found[1]


def located(files: Files, table: str) -> tuple[str, Manifest] | None:
    """The folder that holds a table's last complete state, and its manifest."""
    work = f"{WORK}/{table}"
    for _ in range(20):
        data = files.read(f"{table}/{NAME}")
        if data is not None:
            return table, read_manifest(data, files.address(table))
        if not files.renames or not files.exists(f"{work}/previous"):
            return None
        for folder in (f"{work}/next", f"{work}/previous"):  # a swap is under way, or was when the power went
            data = files.read(f"{folder}/{NAME}")
            if data is not None:
                return folder, read_manifest(data, files.address(folder))
    return None


_MANY = 32  # small files, after which they are joined


class History:
    """Collects versions that end in one update."""

    def __init__(
        self,
        files: Files,
        snapshot: Snapshot,
        manifest: Manifest,
        *,
        rewrite: bool,
        upgrade: Callable[[pa.Table, tuple[str, ...]], pa.Table],
    ) -> None:
        self._files = files
        self._snapshot = snapshot
        self._manifest = manifest
        self._rewrite = rewrite
        self._upgrade = upgrade
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
        kept = [self._snapshot.keep(part, below=HISTORY) for part in earlier if part not in again]
        return (*kept, *self._made)

    def _earlier(self, part: Part) -> pa.Table:
        rows = read_rows(self._files, f"{self._manifest.table}/{HISTORY}", part)
        return self._upgrade(rows, (*self._manifest.extra, VALID_TO, DELETED_AT))

    def _write(self) -> None:
        if not self._waiting:
            return
        rows = pa.concat_tables(self._waiting)
        name = f"ended-{self._manifest.generation:06d}-{len(self._made):05d}.parquet"
        self._made.append(write_rows(self._files, f"{self._snapshot.folder}/{HISTORY}", name, rows))
        self._waiting, self._rows = [], 0
