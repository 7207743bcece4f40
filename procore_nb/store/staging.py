"""Staged rows of a sync that is not finished, kept until the table has them, and the columns they bring.

In: frames as they come. Out: the targets that need not be requested again, their rows in the order of their keys, and the next
state's columns and key. Speaks to the file system through `files`.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import chain, count
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from procore_nb.errors import StoreError
from procore_nb.frames import FrameBuilder
from procore_nb.frames.codec import EXACT, LogicalTypes, common_type, conform, logical_types
from procore_nb.store.data_files import sorted_by
from procore_nb.store.files import Files, damaged
from procore_nb.store.manifest import (
    BOOKKEEPING_COLUMNS,
    Manifest,
    decode_verified,
    digest_of,
    encode_with_digest,
)
from procore_nb.store.pii import personal_columns
from procore_nb.store.snapshot import WORK
from procore_nb.store.strategy import SyncPlan

Names = dict[str, str]
_METADATA = b"procore_nb"
_FEW = 65_536  # rows
_DONE = "~done.arrow"
_DIGEST = 64  # letters of SHA-256


class Staging:
    """The folder of an unfinished sync of one table: a file for each frame that came, named by its target.

    Where no lock is, every sync has a folder of its own, and may take over what an earlier one has staged whole: by reading
    it only, as that sync may still be at work.
    """

    def __init__(self, files: Files, table: str) -> None:
        self._files = files
        self._root = f"{WORK}/{table}"
        self._folder = self._root if files.renames else f"{self._root}/{secrets.token_hex(8)}"
        self._earlier = ""
        self._stale: Collection[str] = ()

    def plans(self) -> Iterator[tuple[str, SyncPlan]]:
        """What unfinished syncs set out to do, by the folder of each, the last first."""
        folders = [self._folder]
        if not self._files.renames:
            folders = [f"{self._root}/{name}" for name in self._files.names(self._root)]
            folders = [folder for folder in folders if folder != self._folder]
        plans = {folder: plan for folder in folders if (plan := self._plan_in(folder)) is not None}
        yield from sorted(plans.items(), key=lambda item: item[1].started, reverse=True)

    def adopt(self, folder: str, stale: Collection[str] = ()) -> None:
        """Go on from what is staged in a folder, but for stale targets."""
        self._earlier = "" if folder == self._folder else folder
        self._stale = stale

    def _plan_in(self, folder: str) -> SyncPlan | None:
        data = self._files.read(f"{folder}/plan.json")
        if data is None:
            return None
        try:
            stored = decode_verified(data, folder)
            return SyncPlan(**stored | {"target_columns": tuple(stored["target_columns"])})
        except (StoreError, ValueError, KeyError, TypeError):
            return None  # damaged, or of another version: begin anew

    def repair(self) -> None:
        """Forget what is not as it was written.

        Staged files are not flushed to the disk, which would cost more than fetching a few of them again.
        """
        for stage in ("rows", "bin"):
            for path in self._paths(stage):
                try:
                    _metadata(self._files, path)
                except StoreError:
                    self.drop(stage, _target(path))

    def begin(self, plan: SyncPlan) -> None:
        """Begin anew."""
        self._files.remove(self._folder)
        self.adopt(self._folder)
        self.keep(plan)

    def keep(self, plan: SyncPlan) -> None:
        """Keep a plan beside what is staged of it."""
        self._files.write(f"{self._folder}/plan.json", encode_with_digest(asdict(plan)))

    def clear(self, manifest: Manifest) -> None:
        """Forget what is staged here, and by other syncs where the table has newer rows of all their targets."""
        self._files.remove(self._folder)
        for folder, plan in self.plans():
            if plan.stale(manifest) >= set(plan.targets):
                self._files.remove(folder)
        if not self._files.names(self._root):
            self._files.remove(self._root)

    def done(self, stage: str) -> set[str]:
        """The targets that have answered, at one stage: `rows`, or `bin` for deleted ones."""
        return {_target(path) for path in self._paths(stage) if path.endswith(_DONE)}

    def begun(self, stage: str) -> set[str]:
        """The targets of which frames have come, but not the last."""
        return {_target(path) for path in self._paths(stage)} - self.done(stage)

    def drop(self, stage: str, target: str) -> None:
        """Forget the frames of one target: it is requested again."""
        for path in self._paths(stage):
            if _target(path) == target:
                self._files.remove(path)

    def write(
        self, stage: str, target: str, name: str, rows: pa.Table, types: LogicalTypes, fields: Names
    ) -> None:
        """Keep rows of one target, `fields` being the custom fields behind its columns; the name of the last is `done`."""
        empty = [column for column in types if rows.column(column).null_count == rows.num_rows]
        exact = [column.removeprefix(EXACT) for column in rows.column_names if column.startswith(EXACT)]
        metadata = orjson.dumps({"types": types, "empty": empty, "exact": exact, "fields": fields})
        # Arrow's own file format, as it is written and read again many times faster than Parquet.
        options = pa.ipc.IpcWriteOptions(compression="zstd" if rows.num_rows > 1000 else None)
        sink, schema = pa.BufferOutputStream(), rows.schema.with_metadata({_METADATA: metadata})
        with pa.ipc.new_file(sink, schema, options=options) as writer:
            writer.write_table(rows)
        data, path = sink.getvalue(), f"{self._folder}/{stage}/{target}~{name}.arrow"
        with self._files.writing(path, lasting=False) as file:
            file.write(data)
            file.write(digest_of(data).encode())  # no manifest names these files: each carries its own digest

    def files(self, stage: str) -> list[str]:
        """The files of answered targets, frames in order."""
        done = self.done(stage)
        return [path for path in self._paths(stage) if _target(path) in done]

    def _paths(self, stage: str) -> list[str]:
        paths = self._paths_in(f"{self._folder}/{stage}")
        if not self._earlier:
            return paths
        # Of an earlier sync, whole targets only: it may still be at work, and half a target of it would never be completed.
        earlier = self._paths_in(f"{self._earlier}/{stage}")
        taken = {*self._stale, *map(_target, paths)}
        done = {_target(path) for path in earlier if path.endswith(_DONE)} - taken
        return paths + [path for path in earlier if _target(path) in done]

    def _paths_in(self, folder: str) -> list[str]:
        return [f"{folder}/{name}" for name in self._files.names(folder)]


def _target(path: str) -> str:
    return path.rpartition("/")[2].rpartition("~")[0]


class StagedRows:
    """Staged rows, by the order of their keys, without holding them all.

    A first sync may stage more than fits into memory, in the order of arrival. So only the keys are read and sorted, each with
    the file and the row it is from; `take` then reads the files that a range of keys needs.
    """

    def __init__(
        self,
        files: Files,
        paths: Sequence[str],
        before: Manifest,
        *,
        order: Sequence[str],
        declared: Collection[str],
    ) -> None:
        self._files, self._paths = files, paths
        self._cached: dict[int, pa.Table] = {}
        metadata = [_metadata(files, path) for path in paths]
        self.fields = merged_names(before.fields, (stored["fields"] for stored in metadata))
        self._renames = [renames(stored["fields"], self.fields) for stored in metadata]
        self._file_types: list[LogicalTypes] = []
        self.exact: set[str] = set()
        empty: list[set[str]] = []
        for stored, names in zip(metadata, self._renames, strict=True):
            self._file_types.append(
                {names.get(name, name): stored["types"][name] for name in stored["types"]}
            )
            self.exact |= {names.get(name, name) for name in stored["exact"]}
            empty.append({names.get(name, name) for name in stored["empty"]})
        self.types = self._merged_types(empty, declared)
        self.order = [name for name in order if name in self.types]
        self.keys = self._sorted_keys(before)

    def take(self, start: int, stop: int, shape: Manifest) -> pa.Table:
        """Rows from one position in the order of keys to another, with the columns of a state."""
        files = self.keys.column("_file").slice(start, stop - start).to_numpy()
        rows = self.keys.column("_row").slice(start, stop - start).to_numpy()
        pieces, order = [], []
        for number in np.unique(files):
            in_file = np.flatnonzero(files == number)
            pieces.append(self._conformed(int(number), shape).take(pa.array(rows[in_file])))
            order.append(in_file)
        if not pieces:
            return conform(pa.table({}), shape.columns, {}, shape.exact_columns)
        return pa.concat_tables(pieces).take(pa.array(np.argsort(np.concatenate(order))))

    def _conformed(self, number: int, shape: Manifest) -> pa.Table:
        """The rows of one file in the shape of a state; cached where there are few, as each range of keys needs some."""
        if number in self._cached:
            return self._cached[number]
        rows = renamed(read_staged(self._files, self._paths[number]), self._renames[number])
        table = conform(rows, shape.columns, self._file_types[number], shape.exact_columns)
        if self.keys.num_rows <= _FEW:
            self._cached[number] = table
        return table

    # Each project's frame has its own idea of a column: without values it is text, or the whole object of which others have
    # parts (`status` missing here, `status.id` there). Columns with values win, by the type that holds all of them.
    def _merged_types(self, empty: Sequence[Collection[str]], declared: Collection[str]) -> LogicalTypes:
        """Column and type of all files. Columns without values yield to others of their name, and to their own parts.

        The column of a custom field has no parts: the ids beside its labels (`custom_fields.Zone.id`) are its neighbours.
        """
        valued: LogicalTypes = {}
        types: LogicalTypes = {}
        for file_types, without_values in zip(self._file_types, empty, strict=True):
            for name in file_types.keys() - without_values:
                valued[name] = common_type(valued.get(name, file_types[name]), file_types[name])
            types |= {name: file_types[name] for name in file_types if name not in types}
        parents = {name[:at] for name in types for at, letter in enumerate(name) if letter == "."}
        lasting = {*valued, *declared, *self.fields.values()}
        return {
            name: valued.get(name, types[name]) for name in types if name in lasting or name not in parents
        }

    def _sorted_keys(self, before: Manifest) -> pa.Table:
        types = {
            name: common_type(before.columns.get(name, self.types[name]), self.types[name])
            for name in self.order
        }
        tables = [pa.table({"_file": pa.array([], pa.int64()), "_row": pa.array([], pa.int64())})]
        for number, path in enumerate(self._paths):
            rows = read_staged(self._files, path)
            keys = conform(rows, types, self._file_types[number], ())
            columns = {name: keys.column(name) for name in keys.column_names}
            columns |= {"_file": np.full(rows.num_rows, number), "_row": np.arange(rows.num_rows)}
            tables.append(pa.table(columns))
        return sorted_by(pa.concat_tables(tables, promote_options="permissive").combine_chunks(), self.order)


def read_staged(files: Files, path: str) -> pa.Table:
    """The rows of one staged file."""
    with pa.ipc.open_file(_read(files, path)) as reader:
        return reader.read_all()


def _read(files: Files, path: str) -> Any:
    """A staged file as it was written, without its digest: Arrow's reader may crash on anything else."""
    data = memoryview(files.read(path) or b"")
    content, digest = data[:-_DIGEST], data[-_DIGEST:]
    if digest_of(content).encode() != digest:
        raise damaged(files.address(path), "Sync again: the rows of this file are then fetched once more.")
    return pa.py_buffer(content)


def _metadata(files: Files, path: str) -> dict[str, Any]:
    with pa.ipc.open_file(_read(files, path)) as reader:
        return dict(orjson.loads(reader.schema.metadata[_METADATA]))


def relabelled(manifest: Manifest, fields: Names) -> Manifest:
    """The manifest with its columns as custom fields are labelled now."""
    names = renames(manifest.fields, fields)
    return replace(
        manifest,
        columns={names.get(name, name): logical for name, logical in manifest.columns.items()},
        exact=tuple(names.get(name, name) for name in manifest.exact),
        aliases={names.get(name, name): alias for name, alias in manifest.aliases.items()},
        fields=fields,
    )


def next_schema(endpoint: Any, manifest: Manifest, plan: SyncPlan, staged: StagedRows) -> Manifest:
    """The next manifest's columns and key; `manifest` has the labels of now."""
    columns = dict(manifest.columns)
    if not columns:  # those of a list before a row of it has been seen
        empty = FrameBuilder(endpoint, leading=plan.target_columns, decimals="exact").build()
        columns = logical_types(empty, endpoint)
    for name, logical in staged.types.items():
        columns[name] = common_type(columns.get(name, logical), logical)
    if plan.drop_personal:
        for name in personal_columns(columns):
            del columns[name]
    exact = {*manifest.exact, *staged.exact} & columns.keys()
    aliases = safe_names([*columns, *(EXACT + name for name in exact)], manifest.aliases)
    has_id = manifest.has_id if manifest.parts else "id" in columns
    key = tuple(name for name in (*plan.target_columns, "id") if name in columns and (has_id or name != "id"))
    return replace(
        manifest,
        target_columns=plan.target_columns,
        key=key,
        has_id=has_id,
        unique=(manifest.unique or plan.mode == "full") and (not has_id or _unique(staged)),
        columns=columns,
        exact=tuple(sorted(exact)),
        aliases=aliases if manifest.safe_names else {},
    )


def safe_names(names: Iterable[str], known: Mapping[str, str]) -> Names:
    """Names that every engine takes unquoted, for those columns that have another one; `known` ones stay.

    Small letters, digits and underscores, no digit first, no two alike in any case, at most 63 bytes (PostgreSQL's limit).
    """
    aliases = {name: known[name] for name in names if name in known}
    taken = {*aliases.values(), *BOOKKEEPING_COLUMNS}
    for name in sorted((name for name in names if name not in known), key=lambda name: name != _safe(name)):
        numbered = (_safe(name, f"_{number}") for number in count(2))
        aliases[name] = next(alias for alias in chain([_safe(name)], numbered) if alias not in taken)
        taken.add(aliases[name])
    return {name: alias for name, alias in aliases.items() if name != alias}


def _safe(name: str, suffix: str = "") -> str:
    words = re.sub(r"[\W_]+", "_", unicodedata.normalize("NFKC", name).lower()).rstrip("_") or "column"
    words = f"_{words}" if words[0].isdigit() else words
    return words.encode()[: 63 - len(suffix)].decode(errors="ignore") + suffix


def _unique(staged: StagedRows) -> bool:
    """Whether no two staged rows have one key, and none lacks an id."""
    keys = staged.keys.select(staged.order)
    distinct = keys.group_by(staged.order).aggregate([])
    return not keys.num_rows or (not keys.column("id").null_count and distinct.num_rows == keys.num_rows)


def merged_names(known: Mapping[str, str], incoming: Iterable[Mapping[str, str]]) -> Names:
    """The name of each field's column: as it came last, and as it is known where it came without a label."""
    names = dict(known)
    for labels in incoming:
        labelled = {key: name for key, name in labels.items() if key not in names or name != key}
        taken = set(labelled.values())
        for key, name in names.items():
            if name in taken and key not in labelled:
                names[key] = key  # its label is another field's now: it waits for its own
        names |= labelled
    return names


def renames(before: Mapping[str, str], after: Mapping[str, str]) -> Names:
    """The new name of each column that has another one now."""
    return {name: after[key] for key, name in before.items() if after.get(key, name) != name}


def renamed(table: pa.Table, names: Mapping[str, str]) -> pa.Table:
    """The table with new names for some of its columns."""
    with_exact = {**names, **{EXACT + old: EXACT + new for old, new in names.items()}}
    return (
        table.rename_columns([with_exact.get(name, name) for name in table.column_names]) if names else table
    )
