"""How a table goes from one complete state to the next.

In: new parts and the manifest that names them. Out: the table in its new state. Speaks to the file system through `files`.

On a disk the next state is laid out beside the present one, unchanged files under a second name (a hard link, which costs
nothing), and the two folders change places. So `portfolio/rfis` holds exactly one state, whoever looks and whenever the
power goes; between the two renames there is for a moment no folder, which an engine reports and `Store` sees through. A
Delta log of that state lies in the same folder.

An object store has no second names and renames nothing in one step; on Windows a folder stays where a reader holds a file
open. There new files are put beside the old ones under names that nobody else takes, and the commit in the Delta log (see
`delta_log`) makes them the table. The old ones stay for their readers for `keep_days`: who reads the bare folder instead of
the log counts them too.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from itertools import chain

import pyarrow as pa

from procore_nb.errors import StoreError
from procore_nb.frames.codec import conform, schema_of
from procore_nb.scalars import utc_text
from procore_nb.store.data_files import PART_ROWS, read_rows, slices, write_rows
from procore_nb.store.delta_log import LAST_CHECKPOINT, LOG, checkpoint, commit, entry, head, write_checkpoint
from procore_nb.store.files import Files
from procore_nb.store.manifest import (
    DELETED_AT,
    NAME,
    VALID_TO,
    Manifest,
    Part,
    encode_with_digest,
    moment_of,
    read_manifest,
)

WORK = "_work"
HISTORY = "_history"
_LONGEST_LOG = 100
_MANY = 32  # small files of ended versions, after which they are joined
_TRIES = 20  # of readers, while syncs of another process put one state after the other in place
Upgrade = Callable[[pa.Table, Sequence[str]], pa.Table]


class Snapshot:
    """The next state of one table, while it is made: `shape` has its key and the names of its columns.

    Names of its files carry a mark that no other writer has. `upgrade` brings rows of earlier files in line with the shape;
    with `rewrite` ended versions are written anew, too.
    """

    def __init__(
        self,
        files: Files,
        before: Manifest,
        shape: Manifest,
        upgrade: Upgrade | None = None,
        *,
        rewrite: bool = False,
    ) -> None:
        self._files, self._before, self._shape, self._table = files, before, shape, before.table
        self._upgrade, self._rewrite = upgrade, rewrite
        self._next = f"{WORK}/{self._table}/next"
        self.mark = f"{before.generation + 1:06d}-{secrets.token_hex(4)}"
        self._folder = self._next if files.renames else self._table
        self._versions: list[pa.Table] = []
        self._ended: list[Part] = []
        if files.renames:
            files.remove(self._next)

    def keep(self, part: Part) -> Part:
        """Take a part of the present state into the next."""
        if self._files.renames:
            self._files.link(f"{self._table}/{part.file}", f"{self._next}/{part.file}")
        return part

    def write(self, name: str, rows: pa.Table) -> Part:
        """Write one file of the next state; but for ended versions, its rows are in the order of the key."""
        key = () if name.startswith(HISTORY) else self._shape.key
        return write_rows(self._files, self._folder, name, rows, key, self._shape.aliases)

    def write_parts(self, rows: pa.Table, number: int, done: int = 0) -> list[Part]:
        """Write sorted rows as parts, rows of one key together; `number` and `done` go into their names."""
        stem = f"part-{self.mark}-{number:05d}"
        pieces = [rows.slice(start, stop - start) for start, stop in slices(rows, self._shape.key)]
        return [self.write(f"{stem}-{done + at:05d}.parquet", piece) for at, piece in enumerate(pieces)]

    def end(self, versions: pa.Table | None) -> None:
        """Take versions that ended with this state."""
        if versions is not None:
            self._versions.append(versions)
        if sum(rows.num_rows for rows in self._versions) >= PART_ROWS:
            self._write_ended()

    def _write_ended(self) -> None:
        if self._versions:
            name = f"{HISTORY}/_ended-{self.mark}-{len(self._ended):05d}.parquet"
            self._ended.append(self.write(name, pa.concat_tables(self._versions)))
        self._versions = []

    def _history(self) -> tuple[Part, ...]:
        """All files of ended versions, those of earlier syncs included; many small ones become one."""
        earlier, shape = self._before.ended, self._shape
        small = [part for part in earlier if part.rows < PART_ROWS // 2]
        rewritten = list(earlier) if self._rewrite else small if len(small) >= _MANY else []
        extra = (*shape.extra, VALID_TO, DELETED_AT)
        for part in rewritten:
            rows = read_rows(self._files, self._table, part)
            upgraded = (
                self._upgrade(rows, extra) if self._upgrade else conform(rows, shape.columns, {}, extra)
            )
            self.end(upgraded)
        self._write_ended()
        return (*(self.keep(part) for part in earlier if part not in rewritten), *self._ended)

    def commit(
        self, after: Manifest, *, ended: tuple[Part, ...] | None = None, at_once: bool = False
    ) -> Manifest:
        """Make the next state the present one; `at_once` leaves nothing of former states behind.

        `ended` are the files of ended versions, where they are not those of before and what `end` took. What fails after the
        commit fails silently: the state is there, and the next sync tidies up. StoreError if another sync has put a state of
        its own in place since this one began.
        """
        after = replace(
            after,
            generation=self._before.generation + 1,
            header=self._header(after),
            ended=self._history() if ended is None else ended,
        )
        return (
            self._commit_by_swap(after, at_once)
            if self._files.renames
            else self._commit_by_log(after, at_once)
        )

    def _commit_by_swap(self, after: Manifest, at_once: bool) -> Manifest:
        before, files, version = self._before, self._files, self._carry_log(at_once)
        log_id = (before.log_id if version else "") or str(uuid.uuid4())  # every log has one of its own
        after = replace(after, version=version, log_id=log_id, retired={})
        files.write(f"{self._next}/{entry(version)}", commit(before, after, NAME, {}))
        files.write(f"{self._next}/{NAME}", encode_with_digest(asdict(after)))
        swap(files, self._table)
        return after

    def _commit_by_log(self, after: Manifest, at_once: bool) -> Manifest:
        before, files, table = self._before, self._files, self._table
        log, name = head(files, table), f"_manifest-{self.mark}.json"
        replaced = [entry(log.version), checkpoint(log.version), log.manifest] if log.manifest else []
        replaced += sorted(_paths(before) - _paths(after))
        retired = {} if at_once else before.retired | {utc_text(microseconds=True): replaced}
        oldest = datetime.now(UTC) - timedelta(days=files.keep_days)
        recent = {moment: names for moment, names in retired.items() if moment_of(moment) > oldest}
        log_id = before.log_id or str(uuid.uuid4())
        after = replace(after, version=before.version + 1, log_id=log_id, retired=recent)
        # Parts, then the manifest, then the commit: whatever a kill leaves of them, no reader finds a name without its file.
        files.write(f"{table}/{name}", encode_with_digest(asdict(after)))
        text = commit(before, after, name, log.foreign)
        if log.version != before.version or not files.create(f"{table}/{entry(after.version)}", text):
            with suppress(StoreError):
                for folder in (table, f"{table}/{HISTORY}"):
                    for file_name in files.names(folder):
                        if self.mark in file_name:
                            files.remove(f"{folder}/{file_name}")
            raise commit_conflict(files, table)
        with suppress(StoreError):
            write_checkpoint(files, table, after)
            _vacuum(files, after, name, gone=[*chain(*before.retired.values()), *replaced])
        return after

    def _header(self, after: Manifest) -> Part:
        """A file without rows that has all columns: engines that look at the first file only see them."""
        before, empty = self._before, schema_of(after.columns, after.extra).empty_table()
        shape = (after.columns, after.exact, after.aliases)
        if before.header and (before.columns, before.exact, before.aliases) == shape:
            return self.keep(before.header)
        return self.write(f"0-columns-{self.mark}.parquet", empty)

    def _carry_log(self, at_once: bool) -> int:
        """Take the log's commits into the next state; returns the number of the next one, 0 for a new log.

        On a disk the log has no checkpoints: an engine that reads all Parquet files below a folder would take their rows for
        the table's. So that it does not grow for ever, it begins anew now and then, and where nothing of former states may stay.
        """
        if at_once or not 0 <= self._before.version < _LONGEST_LOG:
            return 0
        try:
            for version in range(self._before.version + 1):
                self._files.link(f"{self._table}/{entry(version)}", f"{self._next}/{entry(version)}")
        except StoreError:  # somebody removed some of it
            self._files.remove(f"{self._next}/{LOG}")
            return 0
        return self._before.version + 1


def commit_conflict(files: Files, table: str) -> StoreError:
    """Another sync of the table has put its state in place since this one began."""
    return StoreError(
        f"Another sync of {table} in {files.address('')} finished first.",
        advice="Sync again: it continues from that state, and with what this one fetched where that is still new.",
    )


def _paths(manifest: Manifest) -> set[str]:
    """The files of a state, below its folder."""
    return {part.file for part in (*manifest.files, *manifest.ended)}


def _vacuum(files: Files, manifest: Manifest, manifest_name: str, *, gone: Sequence[str]) -> None:
    """Remove files of former states, and what writers that did not get to their commit left `keep_days` ago.

    Times are those of the files themselves, compared with that of the commit: no clock of ours decides. What is younger than
    the commit may be of a writer that goes on from it.
    """
    table, kept = manifest.table, {*chain(*manifest.retired.values())}
    for name in gone:
        if name not in kept:
            files.remove(f"{table}/{name}")
    kept |= {
        manifest_name,
        LOG,
        HISTORY,
        entry(manifest.version),
        checkpoint(manifest.version),
        LAST_CHECKPOINT,
    }
    kept |= _paths(manifest)
    committed = files.modified(f"{table}/{entry(manifest.version)}") or 0.0
    unnamed = [name for name in files.names(table) if name not in kept]
    for folder in (LOG, HISTORY):
        unnamed += [
            path for name in files.names(f"{table}/{folder}") if (path := f"{folder}/{name}") not in kept
        ]
    for path in unnamed:
        written = files.modified(f"{table}/{path}")
        if written is not None and written < committed - files.keep_days * 86_400:
            files.remove(f"{table}/{path}")


def swap(files: Files, table: str) -> None:
    """Let the next state's folder take the place of the present one.

    Between the two renames nothing waits for the disk, as an engine finds no folder then. A journal keeps their order.
    """
    work = f"{WORK}/{table}"
    files.remove(f"{work}/previous")
    files.flush(f"{work}/next")
    if files.exists(table):
        files.rename(table, f"{work}/previous")
    try:
        files.rename(f"{work}/next", table)
    except StoreError:
        if not files.exists(table):
            files.rename(f"{work}/previous", table)
        raise
    with suppress(StoreError):  # the next state is in place
        files.flush("")
        files.remove(f"{work}/previous")
        files.remove(work)


def recover(files: Files, table: str) -> None:
    """After a crash: bring the folder of a table to its last complete state. For the holder of the lock."""
    work = f"{WORK}/{table}"
    if not files.renames:
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


def current_manifest(files: Files, table: str) -> Manifest | None:
    """The manifest of a table's last complete state; None if there is no such table."""
    state = find_manifest(files, table)
    return None if state is None else state[1]


def find_manifest(files: Files, table: str) -> tuple[str, Manifest] | None:
    """The folder that holds a table's last complete state, and its manifest."""
    work, failure = f"{WORK}/{table}", None
    for _ in range(_TRIES):
        if files.renames:
            if (manifest := manifest_named(files, table, NAME)) is not None:
                return table, manifest
            # A swap is under way, or was when the power went.
            if files.exists(f"{work}/previous"):
                for folder in (f"{work}/next", f"{work}/previous"):
                    if (manifest := manifest_named(files, folder, NAME)) is not None:
                        return folder, manifest
                continue
        try:
            log = head(files, table)  # copied from a URL, if this is a disk
        except StoreError as error:  # a commit that was listed has been replaced since
            failure = error
            continue
        if not log.manifest:
            return None
        if (manifest := manifest_named(files, table, log.manifest)) is not None:
            return table, replace(manifest, version=log.version)
    if failure:
        raise failure
    return None


def manifest_named(files: Files, folder: str, name: str) -> Manifest | None:
    """The state in a manifest beside its parts; None if it is gone."""
    data = files.read(f"{folder}/{name}")
    return None if data is None else read_manifest(data, files.address(folder))
