"""What a folder of files holds: which record each file belongs to, how large it is and its digest.

In: the folder. Out: `manifest.jsonl`, one JSON object a line. A line is added before its file takes its name, so that no
file is there without one; what a crash left incomplete is ignored. Speaks to the file system.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from procore_nb.atomic_write import recover, replace_atomically
from procore_nb.errors import OutputError
from procore_nb.files.find_files import FileRecord

NAME = "manifest.jsonl"
_OF_RECORD = (
    "list",
    "record_id",
    "project_id",
    "company_id",
    "file_id",
    "kind",
    "key",
    "content_type",
    "created_at",
)
_NAMES = ("record", "project_name", "name")


@dataclass(frozen=True)
class Entry:
    """One file of the folder."""

    identity: str
    path: str
    bytes: int
    sha256: str
    record: FileRecord


class DownloadManifest:
    """The manifest of one folder; safe between threads."""

    def __init__(self, folder: Path, *, hide: bool) -> None:
        self._path = folder / NAME
        self._hide = hide
        self._lock = threading.Lock()
        self.entries: dict[str, Entry] = {}
        self._lines = 0
        recover(self._path)
        if os.path.lexists(self._path):
            if self._path.is_symlink() or not self._path.is_file():
                raise OutputError(
                    f"{self._path} is no file of a download: a link, a folder or a device.",
                    advice="Remove it, or choose another folder.",
                )
            for line in self._path.read_bytes().splitlines():
                self._lines += 1
                entry = _entry(line)
                if entry is not None:
                    self.entries[entry.identity] = entry

    def add(self, entry: Entry) -> None:
        """Add a line; one write, so that lines of several threads stay whole."""
        with self._lock:
            before = self.entries.get(entry.identity)
            self.entries[entry.identity] = entry
            if before == entry:
                return
            self._lines += 1
            with self._path.open("ab") as file:
                if file.tell() and not self._ends_a_line():
                    file.write(b"\n")
                file.write(self._line(entry))

    def forget(self, identities: Iterable[str]) -> None:
        """Take files out that are no longer there."""
        for one in identities:
            self.entries.pop(one, None)
        self.close()

    def close(self) -> None:
        """Write the manifest in order, each file once."""
        with self._lock:
            if not (self.entries or self._path.exists()):
                return
            ordered = sorted(self.entries.values(), key=lambda one: one.path)
            whole = b"".join(map(self._line, ordered))
            if self._path.exists() and self._path.read_bytes() == whole:
                return
            with replace_atomically(self._path) as draft:
                draft.write_bytes(whole)

    def _ends_a_line(self) -> bool:
        with self._path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"

    def _line(self, entry: Entry) -> bytes:
        named = _OF_RECORD if self._hide else (*_OF_RECORD, *_NAMES)
        facts = {name: getattr(entry.record, name) for name in named}
        about = {"path": entry.path, "bytes": entry.bytes, "sha256": entry.sha256, "identity": entry.identity}
        row = about | {name: value for name, value in facts.items() if value is not None}
        return json.dumps(row, ensure_ascii=False, default=str).encode() + b"\n"


def identity_of(one: FileRecord, environment: str) -> str:
    """Return what tells a file from all others, however often its address changes."""
    own = one.file_id
    if "[]" in one.key and str(own) == str(one.record_id):  # an element without an id
        own = one.name
    if one.record_id is None:
        own = (str(one.address or "").partition("?")[0], own)
    parts = (environment, one.list, one.record_id, one.key, one.kind, own)
    return sha256(json.dumps([str(part) for part in parts]).encode()).hexdigest()[:32]


def is_inside(path: str) -> bool:
    """Return whether a relative path stays in its folder on every system."""
    parts = path.split("/")
    return all(part.strip(". ") and not re.search(r"[\\:\x00-\x1f]", part) for part in parts)


def _entry(line: bytes) -> Entry | None:
    """Return the entry of a line; None for one that a crash cut off, or that names a path outside the folder."""
    try:
        row = json.loads(line)
        path, size, digest, identity = (row[name] for name in ("path", "bytes", "sha256", "identity"))
    except (ValueError, TypeError, KeyError):
        return None
    if not (
        isinstance(path, str) and is_inside(path) and isinstance(size, int) and isinstance(identity, str)
    ):
        return None
    return Entry(identity, path, size, str(digest), FileRecord(**_known(row)))


def _known(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in (*_OF_RECORD, *_NAMES) if name in row}
