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
from collections.abc import Mapping
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
from procore_nb.frames.codec import EXACT
from procore_nb.frames.parse import json_text
from procore_nb.store.data_files import read_rows
from procore_nb.store.files import Files
from procore_nb.store.manifest import Manifest, decode_verified, encode_with_digest, separator
from procore_nb.store.pii import MARKS, is_person, people_in, personal_columns
from procore_nb.store.scan import all_tables, table_names
from procore_nb.store.snapshot import HISTORY, WORK, Snapshot, recover

PENDING = f"{WORK}/_erase.json"
_ADDRESSES = frozenset(("login", "email", "email_address"))
_NAMES = frozenset(("name", "full_name", "display_name"))
_COUNTS = ("rows", "versions", "cells", "version_cells", "files", "staged")


@dataclass
class Person:
    """Who is erased: the id, and how else the store's rows name this person."""

    user_id: str
    addresses: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)

    def learn(self, values: Mapping[str, Any]) -> None:
        """Note the login, address and name in an object or row that is the person."""
        texts = {
            key.rpartition(".")[2]: value.strip().casefold()
            for key, value in values.items()
            if isinstance(value, str)
        }
        first, last = texts.get("first_name"), texts.get("last_name")
        names = {f"{first} {last}", f"{last}, {first}"} if first and last else set()
        self.names |= (names | {texts[key] for key in _NAMES & texts.keys()}) - {""}
        self.addresses |= {texts[key] for key in _ADDRESSES & texts.keys()} - {""}


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
        noted = decode_verified(data, files.address(PENDING))
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
        for part in (*manifest.parts, *manifest.ended):
            _Erasure(
                read_rows(files, folder, part), manifest, person, people[name]
            )  # learns who the person is
    noted = {"user_id": person.user_id, "addresses": sorted(person.addresses), "names": sorted(person.names)}
    # From here on a kill is made up for: once a table is erased, nothing in the store says any more who the person was.
    files.write(PENDING, encode_with_digest(noted))
    counts = []
    for name in names:
        work = f"{WORK}/{name}"  # the next sync fetches again what was staged
        staged = sum(len(files.names(f"{work}/{stage}")) for stage in ("rows", "bin"))
        files.remove(work)
        erased = _erase_table(files, state[name][1], person, people[name]) if name in state else {}
        counts.append({"table": name, **dict.fromkeys(_COUNTS, 0), "columns": "", **erased, "staged": staged})
    files.remove(PENDING)
    frame = pd.DataFrame(counts, columns=["table", *_COUNTS, "columns"])
    return frame.astype({"table": "string", "columns": "string"} | dict.fromkeys(_COUNTS, "Int64"))


def _erase_table(files: Files, manifest: Manifest, person: Person, people: str) -> dict[str, Any]:
    """Commit the table's next state without the person, and return the counts; no new state where nothing was found."""
    erased = {
        part: _Erasure(read_rows(files, manifest.table, part), manifest, person, people)
        for part in (*manifest.parts, *manifest.ended)
    }
    live, ended = [erased[part] for part in manifest.parts], [erased[part] for part in manifest.ended]

    def of_others(targets: list[str]) -> list[str]:
        return [target for target in targets if not _is_target_of(target, manifest, person)]

    since = {moment: of_others(targets) for moment, targets in manifest.since.items()}
    if not any(rows.changed for rows in erased.values()) and since == manifest.since:
        return {}
    snapshot = Snapshot(files, manifest, manifest)
    parts = {}
    for number, (part, rows) in enumerate(erased.items()):
        stem = f"part-{snapshot.mark}" if part in manifest.parts else f"{HISTORY}/_ended-{snapshot.mark}"
        if not rows.changed:
            parts[part] = snapshot.keep(part)
        elif rows.rows.num_rows:
            parts[part] = snapshot.write(f"{stem}-{number:05d}-erased.parquet", rows.rows)
    after = replace(
        manifest,
        parts=tuple(parts[part] for part in manifest.parts if part in parts),
        since={moment: targets for moment, targets in since.items() if targets},
        last=manifest.last | {"skipped": of_others(manifest.last.get("skipped", []))},
    )
    ended_parts = tuple(parts[part] for part in manifest.ended if part in parts)
    snapshot.commit(after, ended=ended_parts, at_once=True)
    return {
        "rows": sum(rows.removed for rows in live),
        "versions": sum(rows.removed for rows in ended),
        "cells": sum(rows.cells for rows in live),
        "version_cells": sum(rows.cells for rows in ended),
        "files": sum(rows.changed for rows in erased.values()),
        "columns": ", ".join(sorted(set().union(*(rows.columns for rows in erased.values())))),
    }


def _identity(table: str, manifest: Manifest, catalogue: Catalogue | None) -> str:
    """The column that says which person a row is; empty for lists of other things."""
    names, declared = set(manifest.columns), set[str]()
    with suppress(CatalogError):
        declared = {field.name for field in catalog.endpoint(table, catalogue=catalogue).fields}
    stem = re.sub(r"_v\d.*$", "", table).rpartition("_")[2]
    if not MARKS & (names | declared) and stem not in ("user", "users"):
        return ""
    return next((name for name in ("user_id", "id") if name in names), "")


def _is_target_of(target: str, manifest: Manifest, person: Person) -> bool:
    """Whether a list was fetched for the person."""
    columns = manifest.target_columns
    ids = target.split(separator(columns), len(columns) - 1) if columns else []
    return any(
        is_person(name.removesuffix("_id")) and each_id == person.user_id
        for name, each_id in zip(columns, ids, strict=False)
    )


class _Erasure:
    """The rows of one file without the person, and the counts; what the rows say of the person is noted on the way."""

    def __init__(self, rows: pa.Table, manifest: Manifest, person: Person, people: str) -> None:
        self.rows, self._person = rows, person
        self.cells, self.columns = 0, set[str]()
        self._types = {
            name: logical for name, logical in manifest.columns.items() if name in rows.column_names
        }
        self._kept = np.ones(
            rows.num_rows, bool
        )  # rows go at the end: they too say what the person is called
        targets = [name for name in manifest.target_columns if is_person(name.removesuffix("_id"))]
        for name in {people, *targets} & self._types.keys():
            self._kept &= ~self._has_id(name)
        self._clear_objects(people)
        for name in self._types:
            stem = name.removesuffix("_id")
            if stem != name and name not in manifest.key and is_person(stem.rpartition(".")[2]):
                beside = [other for other in personal_columns(self._types) if other.startswith(f"{stem}_")]
                self._clear([name, *beside], self._has_id(name))
        self._clear_texts()
        self._clear_lists()
        self.removed = int((~self._kept).sum())
        if self.removed:
            self.rows = self.rows.filter(pa.array(self._kept))

    @property
    def changed(self) -> bool:
        return bool(self.removed or self.cells)

    def _has_id(self, name: str) -> Any:
        """For each row whether a column holds the person's id."""
        ids = pc.cast(self.rows.column(name), pa.string())
        return pc.fill_null(pc.equal(ids, self._person.user_id), False).to_numpy().astype(bool)

    def _clear_objects(self, people: str) -> None:
        """Objects that are the person; the row itself is the one without a name."""
        types, known = self._types, people_in(self._types)
        ids = {"": people}
        for owner in {name.rpartition(".")[0] for name in types} - {""}:
            if owner in known or is_person(owner.rpartition(".")[2]):
                ids[owner] = f"{owner}.user_id" if f"{owner}.user_id" in types else f"{owner}.id"
        masks = {owner: self._has_id(name) for owner, name in ids.items() if name in types}
        for owner, mask in masks.items():
            texts = [name for name in types if types[name] == "text" and name.rpartition(".")[0] == owner]
            for row in self.rows.select(texts).filter(pa.array(mask)).to_pylist():
                self._person.learn(row)
        for owner in masks.keys() - {""}:
            self._clear([name for name in types if name.startswith(f"{owner}.")], masks[owner])

    def _clear_texts(self) -> None:
        """Texts that are nothing but the person's address, or name."""
        personal = set(personal_columns(self._types))
        for name in (name for name, logical in self._types.items() if logical == "text"):
            known = self._person.addresses | (self._person.names if name in personal else set())
            if not known:
                continue
            texts = pc.utf8_lower(pc.utf8_trim_whitespace(self.rows.column(name)))
            value_set = pa.array(sorted(known | {text.lower() for text in known}), pa.string())
            self._clear([name], pc.is_in(texts, value_set=value_set).to_numpy().astype(bool))

    def _clear_lists(self) -> None:
        for name in (name for name, logical in self._types.items() if logical == "list"):
            texts = self.rows.column(name).to_pylist()
            cleared = [self._without(text, name) for text in texts]
            changed = sum(
                kept and text != other for kept, text, other in zip(self._kept, texts, cleared, strict=True)
            )
            if changed:
                self._set(name, pa.array(cleared, pa.string()), changed)

    def _without(self, text: str | None, name: str) -> str | None:
        # Until an address is known, only the id can name the person.
        if text is None or not (self._person.addresses or self._person.user_id in text):
            return text
        return json_text(_cleared(orjson.loads(text), name, self._person))

    def _clear(self, names: list[str], mask: Any) -> None:
        """Make values of some rows missing."""
        with_exact = [*names, *(EXACT + name for name in names)]
        for name in (name for name in with_exact if name in self.rows.column_names):
            column = self.rows.column(name)
            count = int((mask & self._kept & column.is_valid().to_numpy().astype(bool)).sum())
            if count:
                empty = pa.scalar(None, column.type)
                self._set(
                    name, pc.if_else(pa.array(mask), empty, column), count * (not name.startswith(EXACT))
                )

    def _set(self, name: str, column: Any, cells: int) -> None:
        self.rows = self.rows.set_column(self.rows.column_names.index(name), name, column)
        self.columns.add(name.removeprefix(EXACT))
        self.cells += cells


def _cleared(value: Any, name: str, person: Person) -> Any:
    """A value inside a list without the person; `name` is that of the list or key."""
    if isinstance(value, list):
        return [_cleared(item, name, person) for item in value if not _is_person(item, name, person)]
    if isinstance(value, dict):
        return {
            key: None if _is_person(item, key, person) else _cleared(item, key, person)
            for key, item in value.items()
        }
    return value


def _is_person(value: Any, name: str, person: Person) -> bool:
    """Whether a value inside a list is the person: an object (which is learned from), an id, or a text."""
    last = name.rpartition(".")[2]
    if isinstance(value, dict):
        if not (is_person(last) or MARKS & value.keys()):
            return False
        same = str(value.get("user_id", value.get("id"))) == person.user_id
        if same:
            person.learn(value)
        return same
    if isinstance(value, str) and value.strip().casefold() in person.addresses:
        return True
    stem = last.removesuffix("s").removesuffix("_id")
    return (
        not isinstance(value, bool | list)
        and stem != last
        and is_person(stem)
        and str(value) == person.user_id
    )
