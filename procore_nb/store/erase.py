"""Erasing one person from a store: rows, earlier versions, deleted rows, and what an unfinished sync has staged.

In: the files of a store, and the id of a user. Out: the store without that person, and a frame of what was erased. Speaks to
the file system through `files`.

Erased are, in every table and every version:

- rows that are the person: of lists of people by `user_id` or `id`, and of lists that are fetched for each user;
- all values of an object that is the person (`created_by.id`, `.name`, `.login`), ids of people beside it (`assignee_id`),
  and the person in lists (`assignees`, `assignee_ids`), at any depth;
- texts that are nothing but the person's login or e-mail, and in personal columns the person's name.

Texts that people wrote stay as they are; see `pii` for what counts as personal.

Each table goes from one complete state to the next, as in a sync. The logins and names to look for are learned from the very
rows that are erased: they are noted in a file until all tables are done, so that a process that is killed in between does not
take them with it. The next sync, the next erasure, or opening the store completes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from procore_nb import catalog
from procore_nb.catalog import Catalogue
from procore_nb.errors import ArgumentError, CatalogError, StoreError
from procore_nb.frames.codec import EXACT, LogicalTypes
from procore_nb.frames.parse import json_text
from procore_nb.store.data_files import read_rows
from procore_nb.store.files import Files
from procore_nb.store.manifest import Manifest, Part, sealed, separator, unsealed
from procore_nb.store.pii import MARKS, is_person, people_in, personal_columns
from procore_nb.store.scan import all_tables, table_names
from procore_nb.store.snapshot import HISTORY, WORK, Snapshot, recover

PENDING, _FORMAT = f"{WORK}/_erase.json", 2
_ADDRESSES = frozenset(("login", "email", "email_address"))
_NAMES = frozenset(("name", "full_name", "display_name"))
_COUNTS = ("rows", "versions", "cells", "version_cells", "files", "staged")


@dataclass
class Person:
    """Who is erased: the id, and what else the store's rows say identifies them."""

    user_id: str
    addresses: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)

    def learn(self, key: str, value: Any) -> None:
        """Note a value of the person's own."""
        last = key.rpartition(".")[2]
        if isinstance(value, str) and value.strip():
            if last in _ADDRESSES:
                self.addresses.add(value.strip().casefold())
            elif last in _NAMES:
                self.names.add(value.strip().casefold())


@dataclass
class _Erased:
    """What remains of the rows of one file, and what went."""

    rows: pa.Table
    removed: int = 0
    cells: int = 0
    columns: set[str] = field(default_factory=set)

    def put(self, name: str, column: Any) -> None:
        self.rows = self.rows.set_column(self.rows.column_names.index(name), name, column)
        self.columns.add(name.removeprefix(EXACT))


def erase(files: Files, user_id: int | str, catalogue: Catalogue | None = None) -> pd.DataFrame:
    """Erase a person; for the holder of the store's lock, when `finish` is done. One row per table says what went."""
    text = str(user_id).strip() if isinstance(user_id, int | str) and not isinstance(user_id, bool) else ""
    if not text:
        raise ArgumentError(
            f"user_id is the id of a user in Procore, not {user_id!r}.", advice="store.erase(user_id=1234)"
        )
    return _erase(files, Person(text), catalogue)


def finish(files: Files, catalogue: Catalogue | None = None) -> None:
    """Complete an erasure that was interrupted; for the holder of the store's lock."""
    data = files.read(PENDING)
    if data is None:
        return
    try:
        noted = unsealed(data, files.address(PENDING), _FORMAT)
        person = Person(noted["user_id"], set(noted["addresses"]), set(noted["names"]))
    except (StoreError, ValueError, KeyError, TypeError) as error:
        raise StoreError(
            f"An erasure was interrupted, and {files.address(PENDING)} cannot be read.",
            advice="Remove that file and erase the person again.",
        ) from error
    _erase(files, person, catalogue)


def _erase(files: Files, person: Person, catalogue: Catalogue | None) -> pd.DataFrame:
    names = table_names(files)
    for name in names:
        recover(files, name)
    state = all_tables(files)  # everything is read before anything is changed: a damaged file is an error now
    people = {name: _identity(name, manifest, catalogue) for name, (_, manifest) in state.items()}
    for name, (folder, manifest) in state.items():
        for below, part in _all_parts(folder, manifest):
            _learn(person, read_rows(files, below, part), manifest, people[name])
    noted = {"format": _FORMAT, "user_id": person.user_id}
    files.write(
        PENDING, sealed(noted | {"addresses": sorted(person.addresses), "names": sorted(person.names)})
    )
    counts = []
    for name in names:
        work = f"{WORK}/{name}"  # the next sync fetches again what was staged
        staged = sum(len(files.names(f"{work}/{stage}")) for stage in ("rows", "bin"))
        files.remove(work)
        done = _erase_table(files, state[name][1], person, people[name]) if name in state else {}
        counts.append({"table": name, **dict.fromkeys(_COUNTS, 0), "columns": "", **done, "staged": staged})
    files.remove(PENDING)
    frame = pd.DataFrame(counts, columns=["table", *_COUNTS, "columns"])
    return frame.astype({"table": "string", "columns": "string"} | dict.fromkeys(_COUNTS, "Int64"))


def _all_parts(folder: str, manifest: Manifest) -> Iterator[tuple[str, Part]]:
    yield from ((folder, part) for part in manifest.parts)
    yield from ((f"{folder}/{HISTORY}", part) for part in manifest.ended)


def _erase_table(files: Files, manifest: Manifest, person: Person, people: str) -> dict[str, Any]:
    """The table's next state without the person, and what went; no new state where nothing did."""
    parts = _all_parts(manifest.table, manifest)
    found = [_without(read_rows(files, below, part), manifest, person, people) for below, part in parts]
    live, ended = found[: len(manifest.parts)], found[len(manifest.parts) :]

    def others(places: list[str]) -> list[str]:
        return [place for place in places if not _is_place_of(place, manifest, person)]

    kept = {moment: others(places) for moment, places in manifest.since.items()}
    if not any(one.removed or one.cells for one in found) and kept == manifest.since:
        return {}
    snapshot = Snapshot(files, manifest, manifest)
    after = replace(
        manifest,
        parts=_write(snapshot, manifest.parts, live, f"part-{snapshot.mark}"),
        since={moment: places for moment, places in kept.items() if places},
        last=manifest.last | {"skipped": others(manifest.last.get("skipped", []))},
    )
    over = _write(snapshot, manifest.ended, ended, f"_ended-{snapshot.mark}", below=HISTORY)
    snapshot.commit(after, ended=over, at_once=True)
    return {
        "rows": sum(one.removed for one in live),
        "versions": sum(one.removed for one in ended),
        "cells": sum(one.cells for one in live),
        "version_cells": sum(one.cells for one in ended),
        "files": sum(bool(one.removed or one.cells) for one in found),
        "columns": ", ".join(sorted(set().union(*(one.columns for one in found)))),
    }


def _write(
    snapshot: Snapshot, parts: tuple[Part, ...], found: list[_Erased], stem: str, *, below: str = ""
) -> tuple[Part, ...]:
    """Files of the next state: those that held nothing are kept, the others are written anew."""
    made = []
    for number, (part, one) in enumerate(zip(parts, found, strict=True)):
        if not (one.removed or one.cells):
            made.append(snapshot.keep(part, below=below))
        elif one.rows.num_rows:
            made.append(snapshot.write(f"{stem}-{number:05d}-erased.parquet", one.rows, below=below))
    return tuple(made)


def _identity(table: str, manifest: Manifest, catalogue: Catalogue | None) -> str:
    """The column that says which person a row is; empty for lists of other things."""
    names, declared = set(manifest.columns), set[str]()
    with suppress(CatalogError):
        declared = {one.name for one in catalog.endpoint(table, catalogue=catalogue).fields}
    stem = re.sub(r"_v\d.*$", "", table).rpartition("_")[2]
    if not MARKS & (names | declared) and stem not in ("user", "users"):
        return ""
    return next((name for name in ("user_id", "id") if name in names), "")


def _is_place_of(place: str, manifest: Manifest, person: Person) -> bool:
    """Whether a list was fetched for the person at this place."""
    ids = place.split(separator(manifest.place), len(manifest.place) - 1) if manifest.place else []
    return any(
        name.endswith("_id") and is_person(name.removesuffix("_id")) and one == person.user_id
        for name, one in zip(manifest.place, ids, strict=False)
    )


def _objects(columns: Mapping[str, Any]) -> dict[str, str]:
    """The column with the id of each object that is a person, by the object's name."""
    people = people_in(columns)
    owners = {name.rpartition(".")[0] for name in columns} - {""}
    known = [one for one in owners if one in people or is_person(one.rpartition(".")[2])]
    ids = {
        one: [f"{one}.{last}" for last in ("user_id", "id") if f"{one}.{last}" in columns] for one in known
    }
    return {owner: found[0] for owner, found in ids.items() if found}


def _learn(person: Person, rows: pa.Table, manifest: Manifest, people: str) -> None:
    """Note what the rows of one file say of the person."""
    types = manifest.columns
    objects = _objects(dict.fromkeys(rows.column_names))
    for owner, ids in (objects | ({"": people} if people in rows.column_names else {})).items():
        own = [name for name in rows.column_names if name.rpartition(".")[0] == owner]
        texts = [name for name in own if types.get(name) == "text"]
        for row in rows.filter(_is(rows, ids, person)).select(texts).to_pylist():
            for key, value in row.items():
                person.learn(key, value)
            first, last = row.get("first_name"), row.get("last_name")
            if first and last:
                person.learn("name", f"{first} {last}")
                person.learn("name", f"{last}, {first}")
    for name in (name for name in rows.column_names if types.get(name) == "list"):
        for text in rows.column(name).to_pylist():
            if text is not None and person.user_id in text:
                _cleared(orjson.loads(text), name, person, learn=True)


def _without(rows: pa.Table, manifest: Manifest, person: Person, people: str) -> _Erased:
    """Rows without the person."""
    mine = np.zeros(rows.num_rows, bool)
    for name in (people, *(one for one in manifest.place if is_person(one.removesuffix("_id")))):
        if name and name in rows.column_names:
            mine |= _is(rows, name, person)
    removed = int(mine.sum())
    found = _Erased(rows.filter(pa.array(~mine)) if removed else rows, removed)
    types = {name: kind for name, kind in manifest.columns.items() if name in rows.column_names}
    for owner, ids in _objects(types).items():
        mask = _is(found.rows, ids, person)
        _clear(found, [name for name in types if name.startswith(f"{owner}.")], mask)
    for name in types:
        stem = name.removesuffix("_id")
        if stem != name and name not in manifest.key and is_person(stem.rpartition(".")[2]):
            beside = [other for other in personal_columns(types) if other.startswith(f"{stem}_")]
            _clear(found, [name, *beside], _is(found.rows, name, person))
    _clear_texts(found, types, person)
    _clear_lists(found, types, person)
    return found


def _clear_texts(found: _Erased, types: LogicalTypes, person: Person) -> None:
    """Texts that are nothing but what identifies the person."""
    personal = set(personal_columns(types))
    for name in (name for name, kind in types.items() if kind == "text"):
        wanted = person.addresses | (person.names if name in personal else set())
        if wanted and found.rows.num_rows:
            texts = pc.utf8_lower(pc.utf8_trim_whitespace(found.rows.column(name)))
            known = pa.array(sorted(wanted | {one.lower() for one in wanted}), pa.string())
            _clear(found, [name], pc.is_in(texts, value_set=known).to_numpy().astype(bool))


def _clear_lists(found: _Erased, types: LogicalTypes, person: Person) -> None:
    for name in (name for name, kind in types.items() if kind == "list"):
        texts = found.rows.column(name).to_pylist()
        fresh = [
            None if text is None else json_text(_cleared(orjson.loads(text), name, person)) for text in texts
        ]
        changed = sum(one != other for one, other in zip(texts, fresh, strict=True))
        if changed:
            found.put(name, pa.array(fresh, pa.string()))
            found.cells += changed


def _cleared(value: Any, name: str, person: Person, *, learn: bool = False) -> Any:
    """A value inside a list without the person; `name` is that of the list or key."""
    if isinstance(value, list):
        kept = [one for one in value if not _is_them(one, name, person, learn)]
        return [_cleared(one, name, person, learn=learn) for one in kept]
    if isinstance(value, dict):
        return {
            key: None if _is_them(one, key, person, learn) else _cleared(one, key, person, learn=learn)
            for key, one in value.items()
        }
    return value


def _is_them(value: Any, name: str, person: Person, learn: bool) -> bool:
    """Whether a value inside a list is the person: an object, an id, or a text."""
    last = name.rpartition(".")[2]
    if isinstance(value, dict):
        if not (is_person(last) or MARKS & value.keys()):
            return False
        mine = str(value.get("user_id", value.get("id"))) == person.user_id
        for key, one in value.items() if mine and learn else ():
            person.learn(key, one)
        return mine
    if isinstance(value, str) and value.strip().casefold() in person.addresses:
        return True
    stem = last.removesuffix("s").removesuffix("_id")
    return (
        not isinstance(value, bool | list)
        and stem != last
        and is_person(stem)
        and str(value) == person.user_id
    )


def _is(rows: pa.Table, name: str, person: Person) -> Any:
    """For each row whether a column holds the person's id."""
    column = rows.column(name)
    if column.type != pa.string():
        column = pc.cast(column, pa.string())
    return pc.fill_null(pc.equal(column, person.user_id), False).to_numpy().astype(bool)


def _clear(found: _Erased, names: list[str], mask: Any) -> None:
    """Make values of some rows missing, and count those there were."""
    for each in (one for name in names for one in (name, EXACT + name) if one in found.rows.column_names):
        column = found.rows.column(each)
        count = int(np.count_nonzero(mask & column.is_valid().to_numpy().astype(bool)))
        if count:
            found.put(each, pc.if_else(pa.array(mask), pa.scalar(None, column.type), column))
            found.cells += 0 if each.startswith(EXACT) else count
