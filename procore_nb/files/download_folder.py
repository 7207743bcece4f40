"""The folder of a download: its manifest, the names of its files, and the parts of those that are not yet whole.

In: files of records, pieces of their bodies. Out: `manifest.jsonl`, one JSON object a line; relative paths, each file's own;
whole files with their SHA-256. A line is added before its file takes its name, so that no file is there without one; what a
crash left incomplete is ignored. Names are safe on Windows, macOS and Linux: none is reserved or leads out of the folder, none
is too long in bytes, no two differ in case or composition only. Speaks to the file system.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from io import BufferedRandom
from pathlib import Path

from procore_nb.atomic_write import recover, replace_atomically
from procore_nb.errors import OutputError
from procore_nb.files.find_files import ENDING, IDS, FileRecord
from procore_nb.http.file_session import FileResponse
from procore_nb.scalars import is_missing

MANIFEST = "manifest.jsonl"
_FIELDS = ("list", *IDS, "kind", "key", "content_type", "created_at")
_NAME_FIELDS = ("record", "project_name", "name")
_UNSAFE = re.compile(r'[<>:"/\\|?*]')
_RESERVED = re.compile(
    r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$|clock\$)(?=$|[. ])", re.IGNORECASE
)
_COMPANY = "Company"  # the folder of files that belong to no project
_CHECKPOINT_BYTES = 1 << 20
_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")


# -- manifest ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FileEntry:
    """One file of the folder, there or to come."""

    identity: str
    path: str
    record: FileRecord
    bytes: int = 0
    sha256: str = ""


class DownloadManifest:
    """The manifest of one folder; safe between threads."""

    def __init__(self, folder: Path, *, hide: bool) -> None:
        self._path = folder / MANIFEST
        self._fields = _FIELDS if hide else (*_FIELDS, *_NAME_FIELDS)
        self._lock = threading.Lock()
        recover(self._path)
        content = b""
        if os.path.lexists(self._path):
            if self._path.is_symlink() or not self._path.is_file():
                raise OutputError(
                    f"{self._path} is no file of a download: a link, a folder or a device.",
                    advice="Remove it, or choose another folder.",
                )
            content = self._path.read_bytes()
        entries = filter(None, map(_parsed, content.splitlines()))
        self.entries: dict[str, FileEntry] = {entry.identity: entry for entry in entries}
        # A crash cut the last line off: the next one must not continue it.
        self._line_break = b"\n" if content and not content.endswith(b"\n") else b""

    def add(self, entry: FileEntry) -> None:
        """Add a line; one write, so that lines of several threads stay whole."""
        with self._lock:
            if self.entries.get(entry.identity) == entry:
                return
            self.entries[entry.identity] = entry
            line = self._line_break + self._line(entry)
            self._line_break = b"\n"  # a full disk may cut this one off
            with self._path.open("ab") as file:
                file.write(line)
            self._line_break = b""

    def forget(self, identities: Iterable[str]) -> None:
        """Take files out that are no longer there."""
        for identity in identities:
            self.entries.pop(identity, None)
        self.close()

    def close(self) -> None:
        """Write the manifest in order, each file once."""
        with self._lock:
            if not (self.entries or self._path.exists()):
                return
            ordered = sorted(self.entries.values(), key=lambda entry: entry.path)
            content = b"".join(map(self._line, ordered))
            if self._path.exists() and self._path.read_bytes() == content:
                return
            with replace_atomically(self._path) as draft:
                draft.write_bytes(content)

    def _line(self, entry: FileEntry) -> bytes:
        row = {"path": entry.path, "bytes": entry.bytes, "sha256": entry.sha256, "identity": entry.identity}
        fields = {name: getattr(entry.record, name) for name in self._fields}
        row |= {name: value for name, value in fields.items() if value is not None}
        return json.dumps(row, ensure_ascii=False, default=str).encode() + b"\n"


def _parsed(line: bytes) -> FileEntry | None:
    """Return the entry of a line; None for one that a crash cut off, or that names a path outside the folder."""
    try:
        row = json.loads(line)
        path, size, digest, identity = (row[name] for name in ("path", "bytes", "sha256", "identity"))
    except (ValueError, TypeError, KeyError):
        return None
    if not (
        isinstance(path, str) and isinstance(identity, str) and isinstance(size, int) and is_inside(path)
    ):
        return None
    fields = {name: row[name] for name in (*_FIELDS, *_NAME_FIELDS) if name in row}
    return FileEntry(identity, path, FileRecord(**fields), size, str(digest))


def identity_of(file: FileRecord, environment: str) -> str:
    """Return what tells a file from all others, however often its address changes."""
    identifier = file.file_id
    if "[]" in file.key and str(identifier) == str(file.record_id):  # an element without an id
        identifier = file.name
    if file.record_id is None:
        identifier = (str(file.address or "").partition("?")[0], identifier)
    parts = (environment, file.list, file.record_id, file.key, file.kind, identifier)
    return hashlib.sha256(json.dumps([str(part) for part in parts]).encode()).hexdigest()[:32]


def is_inside(path: str) -> bool:
    """Return whether a relative path stays in its folder on every system."""
    parts = path.split("/")
    return all(part.strip(". ") and not re.search(r"[\\:\x00-\x1f]", part) for part in parts)


# -- names ---------------------------------------------------------------------------------------------------


class FolderNames:
    """Gives every file of a download its path, and the same file the same path again.

    `entries` are files of earlier downloads into the folder; `hide` uses ids in the place of names.
    """

    def __init__(self, entries: Iterable[FileEntry] = (), *, hide: bool = False) -> None:
        self._hide = hide
        self._owner_of: dict[str, str] = {folded(MANIFEST): ""}  # by folded path
        self._names: dict[tuple[str, str], str] = {}  # by folder and owner
        for entry in entries:
            folder, names = "", entry.path.split("/")
            owners = [*_owners(entry.record)[: len(names) - 1], entry.identity]
            for owner, name in zip(owners, names, strict=False):
                self._names[folder, owner] = name
                folder = f"{folder}/{name}" if folder else name
                self._owner_of[folded(folder)] = owner

    def path(self, file: FileRecord, identity: str) -> str:
        """Return the path of a file, relative and with `/`; `identity` tells it from all others."""
        project, of_list, record = _owners(file)
        if self._hide:
            ending = (ENDING.search(file.name) or [""])[0].lower()
            parts = [
                (project, project),
                (of_list, file.list or "records"),
                (identity, f"{file.kind}-{identity[:16]}{ending}"),
            ]
        else:
            title = file.project_name or (_COMPANY if project == _COMPANY else f"Project {project}")
            parts = [
                (project, safe_name(str(title), max_bytes=60, default="Project")),
                (of_list, safe_name(file.list, max_bytes=40, default="records")),
                (identity, safe_name(file.name)),
            ]
            if "[]" in file.key:  # one of several files of its record
                title = str(file.record or file.record_id)
                parts.insert(2, (record, safe_name(title, max_bytes=60, default="record")))
        path = ""
        for owner, name in parts:
            name = self._unique(path, owner, name, is_file=owner == identity)
            path = f"{path}/{name}" if path else name
        return path

    def other(self, path: str, identity: str) -> str:
        """Return another path in the same folder, for a file whose path is taken by something else."""
        folder, _, name = path.rpartition("/")
        self._owner_of[folded(path)] = ""
        del self._names[folder, identity]
        return f"{folder}/{self._unique(folder, identity, name, is_file=True)}"

    def _unique(self, folder: str, owner: str, name: str, *, is_file: bool) -> str:
        """Return the name that an owner has in a folder: this one, or with a number where it is another's."""
        if (folder, owner) not in self._names:
            ending = (ENDING.search(name) or [""])[0] if is_file else ""
            stem, number = name[: len(name) - len(ending)], 1
            while self._owner_of.setdefault(folded(f"{folder}/{name}" if folder else name), owner) != owner:
                number += 1
                name = f"{stem} ({number}){ending}"
            self._names[folder, owner] = name
        return self._names[folder, owner]


def _owners(file: FileRecord) -> tuple[str, str, str]:
    """Return what tells the folders of a file from others: of its project, its list and its record."""
    project = "" if is_missing(file.project_id) else str(file.project_id)
    return project or _COMPANY, file.list, f"{file.list} {file.record_id}"


def safe_name(text: str, *, max_bytes: int = 80, default: str = "file") -> str:
    """Return a text as the name of a file or folder; its ending survives where it has to be cut.

    Four of these lengths together stay under the 260 of Windows.
    """
    text = unicodedata.normalize("NFC", text)
    text = "".join(
        " " if unicodedata.category(character) in ("Cc", "Zl", "Zp", "Zs") else character
        for character in text
        # Marks that turn the direction of text or are not seen, halves of characters, and what no font knows.
        if unicodedata.category(character) not in ("Cf", "Cs", "Co", "Cn")
    )
    text = " ".join(_UNSAFE.sub("_", text).split()).strip(". ")
    if _RESERVED.match(text):
        text = f"_{text}"
    ending = (ENDING.search(text) or [""])[0]
    stem = text[: len(text) - len(ending)].encode()[: max_bytes - len(ending)].decode(errors="ignore")
    return f"{stem.rstrip('. ') or default}{ending}"


def folded(path: str) -> str:
    """Return a path as Windows and macOS compare paths."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())


# -- parts ---------------------------------------------------------------------------------------------------


class PartFile:
    """The part of a file that was received: `size` bytes of `total`, which is None where it was not announced.

    Beside it is a state file with what a later process needs to resume: length, digest and the validator of the service (ETag).
    A part whose first bytes have another digest (a power cut) is begun again. A context manager.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._state, self._draft = path.with_suffix(".json"), path.with_suffix(".new")
        for link in filter(Path.is_symlink, (path, self._state, self._draft)):
            link.unlink()  # somebody's: what is written through it would land outside the folder
        self._file: BufferedRandom | None = None
        self._clear()

    def _clear(self) -> None:
        self.size, self._saved_size, self._validator = 0, 0, ""
        self.total: int | None = None
        self._digest = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """The digest of what was received."""
        return self._digest.hexdigest()

    @property
    def complete(self) -> bool:
        """Whether as much was received as was announced; True where nothing was."""
        return self.total is None or self.size == self.total

    def resume(self) -> None:
        """Go on with what an earlier process left, if it can be trusted."""
        with suppress(OSError, ValueError, TypeError, KeyError):
            state = json.loads(self._state.read_bytes())
            size, validator = int(state["size"]), str(state["validator"])
            with self.path.open("r+b") as file:
                if not 0 <= size <= os.fstat(file.fileno()).st_size:
                    return
                file.truncate(size)
                digest = hashlib.file_digest(file, "sha256")
            if digest.hexdigest() == state["sha256"]:
                self.size, self._validator, self._digest, self.total = size, validator, digest, state["total"]

    def headers(self) -> dict[str, str]:
        """Return the headers that request the rest; none where the whole file is requested."""
        if not self.size or not self._validator:
            return {}
        return {"Range": f"bytes={self.size}-", "If-Range": self._validator}

    def begin(self, response: FileResponse) -> bool:
        """Prepare for the body of a response: the rest (206) or the whole; False if it is neither."""
        headers = response.headers
        if response.status == 206:
            match = _RANGE.fullmatch(headers.get("content-range", "").strip().lower())
            total = int(match[3]) if match and match[3] != "*" else None
            if not match or int(match[1]) != self.size or total not in (None, int(match[2]) + 1):
                self.reset()
                return False
            self.total = total
        else:
            self.reset()
            self.total = response.length
        etag = headers.get("etag", "").strip()
        # A body that was compressed on its way cannot be resumed: a range would count its compressed bytes.
        self._validator = etag if etag.startswith('"') and not response.encoded else ""
        if self._file is None:
            self._file = self.path.open("r+b" if self.size else "w+b")
        self._file.seek(self.size)
        self._file.truncate()
        return True

    def write(self, piece: bytes) -> None:
        assert self._file is not None  # noqa: S101 - begin came first
        self._file.write(piece)
        self._digest.update(piece)
        self.size += len(piece)
        if self.size - self._saved_size >= _CHECKPOINT_BYTES:
            self.save_state()

    def save_state(self) -> None:
        """Write what a later process needs to resume; only where the service offers it."""
        if self._file is None or not self._validator:
            return
        self._file.flush()
        self._saved_size = self.size
        state = {"size": self.size, "sha256": self.sha256, "total": self.total, "validator": self._validator}
        self._draft.write_text(json.dumps(state), encoding="utf-8")
        self._draft.replace(self._state)

    def reset(self) -> None:
        """Begin again."""
        self._clear()
        self._remove_state()
        if self._file is not None:
            self._file.seek(0)
            self._file.truncate()

    def finish(self, target: Path) -> None:
        """Give the whole file its name."""
        self._close()
        self._remove_state()  # first: of a whole file that has no name yet, the manifest knows the digest
        self.path.replace(target)

    def __enter__(self) -> PartFile:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is None:
            return
        with suppress(OSError):  # a full disk was reported already
            self.save_state()
        with suppress(OSError):
            self._close()
        if not self._state.exists():  # nobody can resume it
            self.path.unlink(missing_ok=True)

    def _remove_state(self) -> None:
        for path in (self._state, self._draft):  # a killed process may have left its draft
            path.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._file is not None:
            file, self._file = self._file, None
            file.close()


def digest_of(path: Path, size: int) -> str | None:
    """Return the SHA-256 of a file of this size; None for any other, a link or a folder."""
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size != size:
            return None
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
