"""What a folder of files holds: which record each file belongs to, how large it is and its digest.

In: the folder. Out: `manifest.jsonl`, one JSON object a line. A line is added before its file takes its name, so that no
file is there without one; what a crash left incomplete is ignored. Speaks to the file system.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from procore_nb.atomic_write import recover, replace_atomically
from procore_nb.errors import OutputError
from procore_nb.files.find_files import IDS, FileRecord

NAME = "manifest.jsonl"
_OF_RECORD = ("list", *IDS, "kind", "key", "content_type", "created_at")
_NAMES = ("record", "project_name", "name")


@dataclass(frozen=True)
class Entry:
    """One file of the folder, there or to come."""

    identity: str
    path: str
    record: FileRecord
    bytes: int = 0
    sha256: str = ""


class DownloadManifest:
    """The manifest of one folder; safe between threads."""

    def __init__(self, folder: Path, *, hide: bool) -> None:
        self._path = folder / NAME
        self._hide = hide
        self._lock = threading.Lock()
        self.entries: dict[str, Entry] = {}
        recover(self._path)
        held = b""
        if os.path.lexists(self._path):
            if self._path.is_symlink() or not self._path.is_file():
                raise OutputError(
                    f"{self._path} is no file of a download: a link, a folder or a device.",
                    advice="Remove it, or choose another folder.",
                )
            held = self._path.read_bytes()
        self.entries |= {one.identity: one for one in map(_entry, held.splitlines()) if one is not None}
        # A crash cut the last one off.
        self._end_of_line = b"\n" if held and not held.endswith(b"\n") else b""

    def add(self, entry: Entry) -> None:
        """Add a line; one write, so that lines of several threads stay whole."""
        with self._lock:
            if self.entries.get(entry.identity) == entry:
                return
            self.entries[entry.identity] = entry
            line = self._end_of_line + self._line(entry)
            self._end_of_line = b"\n"  # a full disk may cut this one off
            with self._path.open("ab") as file:
                file.write(line)
            self._end_of_line = b""

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
    texts = isinstance(path, str) and isinstance(identity, str)
    if not (texts and isinstance(size, int) and is_inside(path)):
        return None
    known = {name: row[name] for name in (*_OF_RECORD, *_NAMES) if name in row}
    return Entry(identity, path, FileRecord(**known), size, str(digest))
