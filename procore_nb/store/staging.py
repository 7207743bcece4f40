"""Staged rows of a sync that is not finished: one file for each answered place, kept until the table has them.

In: frames as they come. Out: the places that need not be asked again, and their rows in the order of their keys. Speaks to
the file system through `files`.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from procore_nb.errors import StoreError
from procore_nb.frames.codec import EXACT, LogicalTypes, common_type, conform
from procore_nb.store.data_files import row_names
from procore_nb.store.files import Files, damaged
from procore_nb.store.manifest import FORMAT, Manifest, as_groups, by_place, digest_of, sealed, unsealed
from procore_nb.store.schema import Names, agreed, renamed, renames
from procore_nb.store.snapshot import WORK

_ABOUT = b"procore_nb"
_FEW = 65_536  # rows
_DONE = "~done.arrow"
_DIGEST = 64  # letters of SHA-256


@dataclass(frozen=True)
class StagingPlan:
    """What a sync of one table set out to ask: frozen at its start, so that it can be finished later."""

    table: str
    generation: int
    mode: str
    started: str
    groups: tuple[tuple[str, tuple[str, ...]], ...]
    """Places by the moment since which they are asked; an empty moment asks for everything."""
    place: tuple[str, ...] = ()
    arguments: dict[str, Any] = field(default_factory=dict)
    drop_personal: bool = False
    scrub: bool = False
    """Whether rows that are kept lose personal data that was kept so far."""
    window: tuple[str, str] | None = None
    window_day: str = ""
    bin: str = ""
    everywhere: bool = True
    names: dict[str, str] = field(default_factory=dict)
    known: dict[str, list[str]] = field(default_factory=dict)
    """The manifest's `since` at that moment: a place that another sync has read since then is to be asked anew."""
    format: int = FORMAT

    @property
    def asked(self) -> dict[str, str]:
        """The moment since which each place is asked, in their order."""
        return {place: since for since, places in self.groups for place in places}

    def stale(self, manifest: Manifest) -> set[str]:
        """The places that another sync has read since this one began."""
        before, now = by_place(self.known), by_place(manifest.since)
        return {place for place in self.asked if before.get(place) != now.get(place)}


def extended(plan: StagingPlan, wanted: StagingPlan, done: Collection[str]) -> StagingPlan:
    """An unfinished plan for the places that are wanted now: what is staged stays, others are as they are wanted.

    Where another sync has read the table in full since then, only changes are wanted of what it has read.
    """
    staged = {place: since for place, since in plan.asked.items() if place in done}
    same = wanted.mode in (plan.mode, "full")
    # Of another mode, other places are read whole, which is right whichever mode it is.
    asked = dict.fromkeys(wanted.asked, "") if same and plan.mode != wanted.mode else wanted.asked
    return replace(
        plan if same else replace(wanted, started=plan.started),
        groups=as_groups(asked | staged),
        everywhere=wanted.everywhere,
        names={**plan.names, **wanted.names},
    )


class Staging:
    """The folder of an unfinished sync of one table.

    Where no lock is, every sync has a folder of its own, and may take over what an earlier one has staged whole: by reading
    it only, as that sync may still be at work.
    """

    def __init__(self, files: Files, table: str) -> None:
        self._files = files
        self._root = f"{WORK}/{table}"
        self._folder = self._root if files.renames else f"{self._root}/{secrets.token_hex(8)}"
        self._earlier = ""
        self._stale: set[str] = set()

    def plans(self) -> Iterator[tuple[str, StagingPlan]]:
        """What unfinished syncs set out to do, by the folder of each, the last first."""
        folders = [self._folder]
        if not self._files.renames:
            others = [f"{self._root}/{name}" for name in self._files.names(self._root)]
            folders = [one for one in others if one != self._folder]
        found = ((folder, self._plan_in(folder)) for folder in folders)
        known = [(folder, plan) for folder, plan in found if plan is not None]
        yield from sorted(known, key=lambda one: one[1].started, reverse=True)

    def adopt(self, folder: str, stale: Collection[str] = ()) -> None:
        """Go on from what is staged in a folder, but for stale places."""
        self._earlier = "" if folder == self._folder else folder
        self._stale = set(stale)

    def _plan_in(self, folder: str) -> StagingPlan | None:
        data = self._files.read(f"{folder}/plan.json")
        if data is None:
            return None
        try:
            stored = unsealed(data, folder, FORMAT)
            groups = tuple((since, tuple(places)) for since, places in stored["groups"])
            window = stored["window"] and tuple(stored["window"])
            return StagingPlan(
                **{**stored, "groups": groups, "place": tuple(stored["place"]), "window": window}
            )
        except (StoreError, ValueError, KeyError, TypeError):
            return None  # damaged, or of another version: begin anew

    def repair(self) -> None:
        """Forget what is not as it was written.

        Staged files are not flushed to the disk, which would cost more than fetching a few of them again.
        """
        for stage in ("rows", "bin"):
            for path in self._paths(stage):
                try:
                    _about(self._files, path)
                except StoreError:
                    self.drop(stage, _place(path))

    def begin(self, plan: StagingPlan) -> None:
        """Begin anew."""
        self._files.remove(self._folder)
        self.adopt(self._folder)
        self.keep(plan)

    def keep(self, plan: StagingPlan) -> None:
        """Keep a plan beside what is staged of it."""
        self._files.write(f"{self._folder}/plan.json", sealed(asdict(plan)))

    def clear(self, manifest: Manifest) -> None:
        """Forget what is staged here, and by other syncs where the table has newer rows of all their places."""
        self._files.remove(self._folder)
        for folder, plan in self.plans():
            if plan.stale(manifest) >= set(plan.asked):
                self._files.remove(folder)
        if not self._files.names(self._root):
            self._files.remove(self._root)

    def done(self, stage: str) -> set[str]:
        """The places that have answered, at one stage: `rows`, or `bin` for deleted ones."""
        return {_place(path) for path in self._paths(stage) if path.endswith(_DONE)}

    def begun(self, stage: str) -> set[str]:
        """The places of which parts have come, but not the last."""
        return {_place(path) for path in self._paths(stage)} - self.done(stage)

    def drop(self, stage: str, place: str) -> None:
        """Forget the parts of one place: it is asked again."""
        for path in self._paths(stage):
            if _place(path) == place:
                self._files.remove(path)

    def put(
        self, stage: str, place: str, name: str, rows: pa.Table, kinds: LogicalTypes, fields: Names
    ) -> None:
        """Keep rows of one place, `fields` being the custom fields behind its columns; the name of the last is `done`."""
        empty = [column for column in kinds if rows.column(column).null_count == rows.num_rows]
        exact = [column.removeprefix(EXACT) for column in rows.column_names if column.startswith(EXACT)]
        about = orjson.dumps({"kinds": kinds, "empty": empty, "exact": exact, "fields": fields})
        # Arrow's own file format, as it is written and read again many times faster than Parquet.
        options = pa.ipc.IpcWriteOptions(compression="zstd" if rows.num_rows > 1000 else None)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, rows.schema.with_metadata({_ABOUT: about}), options=options) as writer:
            writer.write_table(rows)
        data, path = sink.getvalue(), f"{self._folder}/{stage}/{place}~{name}.arrow"
        with self._files.writing(path, lasting=False) as file:
            file.write(data)
            file.write(digest_of(data).encode())  # no manifest names these files: each carries its own digest

    def files(self, stage: str) -> list[str]:
        """The files of answered places, parts in order."""
        done = self.done(stage)
        return [path for path in self._paths(stage) if _place(path) in done]

    def _paths(self, stage: str) -> list[str]:
        own, earlier = f"{self._folder}/{stage}", f"{self._earlier}/{stage}"
        paths = [f"{own}/{name}" for name in self._files.names(own)]
        taken = self._stale | {_place(path) for path in paths}
        others = [f"{earlier}/{name}" for name in self._files.names(earlier)] if self._earlier else []
        done = {_place(path) for path in others if path.endswith(_DONE)} - taken
        return paths + [path for path in others if _place(path) in done]


def _place(path: str) -> str:
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
        promised: Collection[str] = (),
    ) -> None:
        self._files, self._paths = files, paths
        abouts = [_about(files, path) for path in paths]
        self._file_kinds: list[LogicalTypes] = []
        self._renames: list[Names] = []
        self._few: dict[int, pa.Table] = {}
        self.fields = agreed(before.fields, (about["fields"] for about in abouts))
        self.exact: set[str] = set()
        self.kinds = self._read_kinds(abouts, promised)
        self.order = [name for name in order if name in self.kinds]
        self._key_kinds = {
            name: common_type(before.columns.get(name, self.kinds[name]), self.kinds[name])
            for name in self.order
        }
        self.keys = self._sorted_keys()

    def take(self, start: int, stop: int, shape: Manifest) -> pa.Table:
        """Rows from one place in the order of keys to another, with the columns of a state."""
        files = self.keys.column("_file").slice(start, stop - start).to_numpy()
        rows = self.keys.column("_row").slice(start, stop - start).to_numpy()
        pieces, order = [], []
        for number in np.unique(files):
            mine = np.flatnonzero(files == number)
            pieces.append(self._aligned(int(number), shape).take(pa.array(rows[mine])))
            order.append(mine)
        if not pieces:
            return conform(pa.table({}), shape.columns, {}, shape.extra[:-2])
        return pa.concat_tables(pieces).take(pa.array(np.argsort(np.concatenate(order))))

    def _aligned(self, number: int, shape: Manifest) -> pa.Table:
        """The rows of one file, brought in line; kept at hand where there are few, as each range of keys wants some."""
        if number in self._few:
            return self._few[number]
        rows = renamed(read_staged(self._files, self._paths[number]), self._renames[number])
        table = conform(rows, shape.columns, self._file_kinds[number], shape.extra[:-2])
        if self.keys.num_rows <= _FEW:
            self._few[number] = table
        return table

    # Each project's frame has its own idea of a column: without values it is text, or the whole object of which others have
    # parts (`status` missing here, `status.id` there). Columns with values win, by the type that holds all of them.
    def _read_kinds(self, abouts: Sequence[dict[str, Any]], promised: Collection[str]) -> LogicalTypes:
        """Column and kind of all files. Columns without values yield to others of their name, and to their own parts.

        The column of a custom field has no parts: the ids beside its labels (`custom_fields.Zone.id`) are its neighbours.
        """
        valued: LogicalTypes = {}
        kinds: LogicalTypes = {}
        for about in abouts:
            names = renames(about["fields"], self.fields)
            own: LogicalTypes = {names.get(name, name): kind for name, kind in about["kinds"].items()}
            self._file_kinds.append(own)
            self._renames.append(names)
            self.exact |= {names.get(name, name) for name in about["exact"]}
            for name in own.keys() - {names.get(name, name) for name in about["empty"]}:
                valued[name] = common_type(valued.get(name, own[name]), own[name])
            kinds |= {name: kind for name, kind in own.items() if name not in kinds}
        parents = {name[:at] for name in kinds for at, letter in enumerate(name) if letter == "."}
        lasting = {*valued, *promised, *self.fields.values()}
        said = (name for name in kinds if name in lasting or name not in parents)
        return {name: valued.get(name, kinds[name]) for name in said}

    def _sorted_keys(self) -> pa.Table:
        tables = [pa.table({"_file": pa.array([], pa.int64()), "_row": pa.array([], pa.int64())})]
        for number, path in enumerate(self._paths):
            rows = read_staged(self._files, path)
            count = rows.num_rows
            rows = conform(rows, self._key_kinds, self._file_kinds[number], ())
            own = dict(zip(rows.column_names, rows.columns, strict=True))
            tables.append(pa.table({**own, "_file": np.full(count, number), "_row": np.arange(count)}))
        keys = pa.concat_tables(tables, promote_options="permissive").combine_chunks()
        order = [(name, "ascending") for name in self.order]
        return keys.take(pc.sort_indices(keys, sort_keys=order)) if order else keys


def read_staged(files: Files, path: str) -> pa.Table:
    """The rows of one staged file."""
    with pa.ipc.open_file(_read(files, path)) as reader:
        return reader.read_all()


def known_gone(files: Files, staging: Staging, manifest: Manifest) -> Any:
    """What rows that Procore says are deleted are called: place and id as text."""
    names = []
    for path in staging.files("bin"):
        rows = read_staged(files, path)
        if rows.num_rows and "id" in rows.column_names:
            names.append(row_names(rows, manifest.place))
    return pa.concat_arrays(names) if names else pa.array([], pa.string())


def _read(files: Files, path: str) -> Any:
    """A staged file as it was written, without its digest: Arrow's reader may crash on anything else."""
    data = memoryview(files.read(path) or b"")
    content, digest = data[:-_DIGEST], data[-_DIGEST:]
    if digest_of(content).encode() != digest:
        raise damaged(files.address(path), "Sync again: the rows of this file are then fetched once more.")
    return pa.py_buffer(content)


def _about(files: Files, path: str) -> dict[str, Any]:
    with pa.ipc.open_file(_read(files, path)) as reader:
        return dict(orjson.loads(reader.schema.metadata[_ABOUT]))
