"""What a store says about itself: whose it is (`_store.json`), and which state of each table is the last complete one.

In: JSON. Out: frozen values, and the way back. Speaks to the file system through `files`, to no service.

Every JSON file of a store carries its format and a digest of its own content: a flipped bit in the name of a project or in
the moment of the last sync is still good JSON. Manifests name the digests of their parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from procore_nb.environments import Environment, is_loopback
from procore_nb.errors import ArgumentError, StoreError
from procore_nb.frames.codec import EXACT, LogicalTypes
from procore_nb.store.files import Files, RemoteFiles, damaged

FORMAT = 4
NAME, STORE_NAME = "_manifest.json", "_store.json"
BOOKKEEPING_COLUMNS = FIRST_SEEN, VALID_FROM, VALID_TO, DELETED_AT = (
    "_first_seen",
    "_valid_from",
    "_valid_to",
    "_deleted_at",
)
_IDENTITY = (
    "Restore it from a backup; or, if you know that all tables of {} are of the company you connect to, move it away and "
    "sync: it is written anew, and the tables stay as they are."
)


@dataclass(frozen=True)
class Part:
    """One Parquet file, by its path below the table: `first` is the least key of the range of keys that belong into it, `digest` its SHA-256.

    `stats` are the least and greatest values of its key columns, as the Delta log has them.
    """

    file: str
    rows: int
    bytes: int
    first: tuple[Any, ...]
    digest: str
    stats: str


@dataclass(frozen=True)
class Manifest:
    """The state of one table.

    `key` names the columns that tell rows apart: those of the target a row was requested of (`target_columns`), then the id.
    Without an id among them, rows are replaced target by target. `since` lists targets by the frozen start of their last
    read, `names` are those of projects, `fields` the columns of custom fields by their keys, `aliases` the names of columns
    in files where they go by another one. `header` is the file without rows that has all columns. `version` is the number
    of the commit in the Delta log (-1: none yet), `retired` the files of former states that are still there for their
    readers, by the moment they were replaced.
    """

    table: str
    path: str
    generation: int = 0
    target_columns: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    has_id: bool = True
    unique: bool = True
    columns: LogicalTypes = field(default_factory=dict)
    exact: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    ended: tuple[Part, ...] = ()
    header: Part | None = None
    deleted: int = 0
    arguments: dict[str, Any] = field(default_factory=dict)
    history: bool = False
    drop_personal: bool = False
    safe_names: bool = False
    aliases: dict[str, str] = field(default_factory=dict)
    since: dict[str, list[str]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    synced_at: str = ""
    whole_at: str = ""
    last: dict[str, Any] = field(default_factory=dict)
    version: int = -1
    log_id: str = ""
    retired: dict[str, list[str]] = field(default_factory=dict)

    @property
    def exact_columns(self) -> tuple[str, ...]:
        """The columns with values that no Arrow type holds, as text."""
        return tuple(EXACT + name for name in self.exact)

    @property
    def extra(self) -> tuple[str, ...]:
        """The bookkeeping columns of every part."""
        return (*self.exact_columns, FIRST_SEEN, VALID_FROM)

    @property
    def files(self) -> tuple[Part, ...]:
        """The files that hold the table as it is: that of the columns, and the parts."""
        return (self.header, *self.parts) if self.header else self.parts

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)


def read_manifest(data: bytes, where: str) -> Manifest:
    """The manifest of its JSON; StoreError if it is damaged, or was written by another version of this package."""
    try:
        stored = decode_verified(data, where)
        parts = {name: tuple(map(_part, stored[name])) for name in ("parts", "ended")}
        lists = {name: tuple(stored[name]) for name in ("target_columns", "key", "exact")}
        return Manifest(**stored | parts | lists | {"header": _part(stored["header"])})
    except (ValueError, KeyError, TypeError) as error:
        raise damaged(where) from error


def _part(stored: dict[str, Any]) -> Part:
    return Part(**stored | {"first": tuple(stored["first"])})


def digest_of(data: Any) -> str:
    """The SHA-256 of bytes, in hexadecimal."""
    return sha256(data).hexdigest()


def encode_with_digest(content: dict[str, Any]) -> bytes:
    """Content as JSON, with the format and its digest."""
    content = {"format": FORMAT, **content}
    digest = digest_of(orjson.dumps(content))
    return orjson.dumps(content | {"digest": digest}, option=orjson.OPT_INDENT_2)


def decode_verified(data: bytes, where: str) -> dict[str, Any]:
    """The content of a JSON file, if it is what was written.

    StoreError if it has another format, or its digest is another one; ValueError, KeyError, TypeError if it is no such JSON.
    """
    content = dict(orjson.loads(data))
    digest, known = content.pop("digest", ""), digest_of(orjson.dumps(content))
    version = int(content.pop("format"))
    # A file that is as it was written has another version's format; the first format had no digests.
    if version != FORMAT and digest in ("", known):
        written = f"{where} was written by {{}} version of procore_nb (format {version}, and this one reads {FORMAT})."
        if version > FORMAT:
            raise StoreError(written.format("a later"), advice="Update this one: pip install -U procore-nb")
        raise StoreError(
            written.format("an earlier"),
            advice="Sync into a new folder. Any engine still reads the Parquet files of this one.",
        )
    if digest != known:
        raise damaged(where)
    return content


def by_moment(since: Mapping[str, str]) -> dict[str, list[str]]:
    """Targets by the start of their last read: few starts, many targets; those never read last."""
    groups: dict[str, list[str]] = {}
    for target, moment in since.items():
        groups.setdefault(moment, []).append(target)
    return {moment: groups[moment] for moment in sorted(groups, key=lambda moment: (not moment, moment))}


def by_target(since: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """The frozen start of the last read of each target."""
    return {target: moment for moment, targets in since.items() for target in targets}


def moment_of(text: str) -> datetime:
    """The UTC time of its text."""
    return datetime.fromisoformat(text)


def read_identity(files: Files) -> dict[str, Any] | None:
    """What a store says about itself; None for a new one; StoreError if it is of another version, or unreadable."""
    data = files.read(STORE_NAME)
    if data is None:
        return None
    where = files.address(STORE_NAME)
    try:
        return decode_verified(data, where)
    except (ValueError, KeyError, TypeError) as error:
        raise damaged(where, _IDENTITY.format(files.address(""))) from error


def check_identity(files: Files, environment: Environment, company_id: int | None) -> None:
    """Refuse a connection to another environment or company than the store is of; a new store becomes this one's.

    ArgumentError if it is another one, or the connection has no company.
    """
    if company_id is None:
        raise ArgumentError(
            "A store is of one company, and none is set.", advice="Connect with company_id=…."
        )
    identity: dict[str, Any] = {
        "environment": environment.name,
        "api_url": environment.api_url,
        "company_id": int(company_id),
    }
    stored = read_identity(files)
    if stored is None:
        files.create(STORE_NAME, encode_with_digest(identity))
        stored = read_identity(files) or identity
    if isinstance(files, RemoteFiles) and files.create(STORE_NAME, encode_with_digest(identity) + b"\n"):
        raise StoreError(
            f"{files.address('')} does not refuse to replace a file, so two syncs could undo each other's work.",
            advice="Sync into a local folder and copy it there, or use a service with conditional writes.",
        )
    # A simulator of one's own has another port each time.
    if is_loopback(stored["api_url"]) and is_loopback(environment.api_url):
        stored = stored | {"api_url": environment.api_url}
    if stored != identity:
        raise ArgumentError(
            f"The store {files.address('')} holds tables of company {stored['company_id']} in {stored['environment']} "
            f"({stored['api_url']}); this connection is to company {identity['company_id']} in {identity['environment']} "
            f"({identity['api_url']}).",
            advice="Rows of two would mix: use another folder.",
        )


def separator(target_columns: Sequence[str]) -> str:
    """The mark between the ids of a target as text; only the last of two ids may have a dash in it."""
    return "-" if len(target_columns) <= 2 else "+"


def folder_name(name: str) -> str:
    """The folder of a table: its name, with letters any file system takes."""
    return re.sub(r"[^A-Za-z0-9-]+", "_", name).strip("_") or "table"
