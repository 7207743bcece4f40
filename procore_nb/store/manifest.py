"""What a store says about itself: whose it is (`_store.json`), and which state of each table is the last complete one.

In: JSON. Out: frozen values, and the way back. Speaks to the file system through `files`, to no service.

Every JSON file of a store carries a digest of its own content: a flipped bit in the name of a project or in the moment of
the last sync is still good JSON. Manifests name the digests of their parts. Format 1 had none, format 2 no Delta log: both are
read, and the next sync takes such a table over without writing its parts anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from procore_nb.environments import Environment, is_loopback
from procore_nb.errors import ArgumentError, StoreError
from procore_nb.frames.codec import EXACT, LogicalTypes
from procore_nb.store.files import Files, RemoteFiles, damaged

NAME, FORMAT = "_manifest.json", 3
STORE_NAME, STORE_FORMAT = "_store.json", 2
FIRST_SEEN, VALID_FROM, VALID_TO, DELETED_AT = "_first_seen", "_valid_from", "_valid_to", "_deleted_at"
_LATER = "Update this one: pip install -U procore-nb"
_IDENTITY = (
    "Restore it from a backup; or, if you know that all tables of {} are of the company you connect to, move it away and "
    "sync: it is written anew, and the tables stay as they are."
)
_FORMER_MODES = {"whole": "full", "changed": "incremental", "window": "window"}


@dataclass(frozen=True)
class Part:
    """One Parquet file: `first` is the least key of the range of keys that belong into it, `digest` its SHA-256.

    `stats` are the least and greatest values of its key columns, as the Delta log has them.
    """

    file: str
    rows: int
    bytes: int = 0
    first: tuple[Any, ...] = ()
    digest: str = ""
    stats: str = ""


@dataclass(frozen=True)
class Manifest:
    """The state of one table.

    `key` names the columns that tell rows apart (place, then id); `place` those that say where a row was asked. Without an
    id among them, rows are replaced place by place. `since` is the frozen start of the last read of each place, `names` are
    those of projects, `fields` the columns of custom fields by their keys, `aliases` the names of columns in files where
    they go by another one. `version` is the number of the commit in the Delta log
    (-1: none yet), `retired` the files of former states that are still there for their readers, by the moment they were replaced.
    """

    table: str
    path: str
    generation: int = 0
    place: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    has_id: bool = True
    unique: bool = True
    columns: LogicalTypes = field(default_factory=dict)
    exact: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    ended: tuple[Part, ...] = ()
    header: str = ""
    header_digest: str = ""
    header_bytes: int = 0
    rows: int = 0
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
    format: int = FORMAT

    @property
    def extra(self) -> tuple[str, ...]:
        """The bookkeeping columns of every part."""
        return (*(EXACT + name for name in self.exact), FIRST_SEEN, VALID_FROM)

    def text(self) -> bytes:
        """As JSON, in the present format."""
        return sealed(asdict(self) | {"format": FORMAT})

    @property
    def files(self) -> tuple[Part, ...]:
        """The files that hold the table as it is: that of the columns, and the parts."""
        header = Part(self.header, 0, self.header_bytes, digest=self.header_digest)
        return (header, *self.parts) if self.header else self.parts


def read_manifest(data: bytes, where: str) -> Manifest:
    """The manifest of its JSON; StoreError if it is damaged, or was written by a later version of this package."""
    try:
        stored = unsealed(data, where, FORMAT)
        for name in ("parts", "ended", "place", "key", "exact"):
            if type(stored[name]) is not list:
                raise damaged(where)
            of = name in ("parts", "ended")
            rows = [Part(**{**one, "first": tuple(one["first"])}) if of else one for one in stored[name]]
            stored[name] = tuple(rows)
        if "way" in stored["last"]:  # the word of earlier versions
            stored["last"]["mode"] = _FORMER_MODES.get(stored["last"].pop("way"), "full")
        manifest = Manifest(**stored)
        _check_types(manifest)
        for part in (*manifest.parts, *manifest.ended):
            _check_types(part)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged(where) from error
    return manifest


def _check_types(value: Manifest | Part) -> None:
    """Refuse values of another type than the field's: a file without a digest may hold anything that is JSON."""
    for one in fields(value):
        known = one.default_factory() if callable(one.default_factory) else one.default
        due = str if known is MISSING and one.name != "rows" else int if known is MISSING else type(known)
        if type(getattr(value, one.name)) is not due:
            raise TypeError(one.name)


def digest_of(data: Any) -> str:
    """The SHA-256 of bytes, in hexadecimal."""
    return sha256(data).hexdigest()


def sealed(content: dict[str, Any]) -> bytes:
    """Content as JSON, with its digest."""
    digest = digest_of(orjson.dumps(content))
    return orjson.dumps(content | {"digest": digest}, option=orjson.OPT_INDENT_2)


def unsealed(data: bytes, where: str, newest: int) -> dict[str, Any]:
    """The content of a JSON file, if it is what was written.

    StoreError if its format is later than the newest that is known, or its digest is another one; ValueError, KeyError,
    TypeError if it is no such JSON.
    """
    content = dict(orjson.loads(data))
    digest, version = content.pop("digest", ""), content["format"]
    if (digest or version != 1) and digest != digest_of(orjson.dumps(content)):
        raise damaged(where)
    if type(version) is not int or version > newest:
        raise StoreError(f"{where} was written by a later version of procore_nb.", advice=_LATER)
    return content


def as_groups(since: dict[str, str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Places by the start of their last read: few starts, many places; those never read last."""
    groups: dict[str, list[str]] = {}
    for place, moment in since.items():
        groups.setdefault(moment, []).append(place)
    return tuple((moment, tuple(groups[moment])) for moment in sorted(groups, key=lambda one: (not one, one)))


def by_place(since: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """The frozen start of the last read of each place."""
    return {place: moment for moment, places in since.items() for place in places}


def moment_of(text: str) -> datetime:
    """The UTC time of its text."""
    return datetime.fromisoformat(text)


def read_identity(files: Files) -> dict[str, Any] | None:
    """What a store says about itself; None for a new one; StoreError if it is of a later version, or unreadable."""
    data = files.read(STORE_NAME)
    if data is None:
        return None
    where = files.address(STORE_NAME)
    try:
        stored = unsealed(data, where, STORE_FORMAT)
        texts = {name: str(stored[name]) for name in ("environment", "api_url")}
        return stored | texts | {"company_id": int(stored["company_id"])}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged(where, _IDENTITY.format(files.address(""))) from error


def check_identity(files: Files, environment: Environment, company_id: int | None) -> None:
    """Refuse a connection to another environment or company than the store is of; a new store becomes this one's.

    ArgumentError if it is another one, or the connection has no company.
    """
    if company_id is None:
        raise ArgumentError(
            "A store is of one company, and none is set.", advice="Connect with company_id=…."
        )
    whose = {"environment": environment.name, "api_url": environment.api_url, "company_id": int(company_id)}
    own: dict[str, Any] = {"format": STORE_FORMAT, **whose}
    known = read_identity(files)
    if known is None:
        files.create(STORE_NAME, sealed(own))
        known = read_identity(files) or own
    if isinstance(files, RemoteFiles) and files.create(STORE_NAME, sealed(own) + b"\n"):
        raise StoreError(
            f"{files.address('')} does not refuse to replace a file, so two syncs could undo each other's work.",
            advice="Sync into a local folder and copy it there, or use a service with conditional writes.",
        )
    # A simulator of one's own has another port each time.
    if is_loopback(known["api_url"]) and is_loopback(environment.api_url):
        known = known | {"api_url": environment.api_url}
    if any(known[name] != own[name] for name in whose):
        raise ArgumentError(
            f"The store {files.address('')} holds tables of company {known['company_id']} in {known['environment']} "
            f"({known['api_url']}); this connection is to company {own['company_id']} in {own['environment']} "
            f"({own['api_url']}).",
            advice="Rows of two would mix: use another folder.",
        )


def separator(place: Sequence[str]) -> str:
    """What stands between the ids of a place as text; only the last of two ids may have a dash in it."""
    return "-" if len(place) <= 2 else "+"


def folder_name(name: str) -> str:
    """The folder of a table: its name, with letters any file system takes."""
    return re.sub(r"[^A-Za-z0-9-]+", "_", name).strip("_") or "table"
