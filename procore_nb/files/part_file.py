"""The part of a file that has come: written piece by piece, its digest with it, and taken up again by a later process.

In: pieces of a body, and what the service says of it. Out: a whole file with its SHA-256. Speaks to the file system.

Beside the part stands what is needed to go on: its length and digest so far, and the validator of the service (ETag). A part
whose first bytes have another digest (a power cut) is begun again.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from contextlib import suppress
from io import BufferedRandom
from pathlib import Path

from procore_nb.http.file_session import FileResponse

_CHECKPOINT = 1 << 20  # bytes
_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")


class PartFile:
    """One file on its way; a context manager.

    `size` bytes have come of `total`, which is None where it was not announced.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._state, self._draft = path.with_suffix(".json"), path.with_suffix(".new")
        for link in filter(Path.is_symlink, (path, self._state, self._draft)):
            link.unlink()  # somebody's: what is written through it would land outside the folder
        self._file: BufferedRandom | None = None
        self._forget()

    def _forget(self) -> None:
        self.size, self._noted, self._validator = 0, 0, ""
        self.total: int | None = None
        self._digest = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """The digest of what has come."""
        return self._digest.hexdigest()

    @property
    def complete(self) -> bool:
        """Whether as much has come as was announced; True where nothing was."""
        return self.total is None or self.size == self.total

    def take_up(self) -> None:
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
        """Return the headers that ask for the rest; none where the whole file is wanted."""
        if not self.size or not self._validator:
            return {}
        return {"Range": f"bytes={self.size}-", "If-Range": self._validator}

    def begin(self, response: FileResponse) -> bool:
        """Prepare for the body of a response: the rest (206) or the whole; False if it is neither."""
        headers = response.headers
        if response.status == 206:
            found = _RANGE.fullmatch(headers.get("content-range", "").strip().lower())
            total = int(found[3]) if found and found[3] != "*" else None
            if not found or int(found[1]) != self.size or total not in (None, int(found[2]) + 1):
                self.reset()
                return False
            self.total = total
        else:
            self.reset()
            self.total = response.length
        etag = headers.get("etag", "").strip()
        # What was packed on its way cannot be resumed: a range would count its packed bytes.
        strong = etag.startswith('"') and not response.encoded
        self._validator = etag if strong else ""
        if self._file is None:
            self._file = self.path.open("r+b" if self.size else "w+b")
        self._file.seek(self.size)
        self._file.truncate()
        return True

    def write(self, piece: bytes) -> None:
        """Add a piece."""
        assert self._file is not None  # noqa: S101 - begin came first
        self._file.write(piece)
        self._digest.update(piece)
        self.size += len(piece)
        if self.size - self._noted >= _CHECKPOINT:
            self.note()

    def note(self) -> None:
        """Write down how far it is, for whoever goes on; only where the service lets others go on."""
        if self._file is None or not self._validator:
            return
        self._file.flush()
        self._noted = self.size
        state = {"size": self.size, "sha256": self.sha256, "total": self.total, "validator": self._validator}
        self._draft.write_text(json.dumps(state), encoding="utf-8")
        self._draft.replace(self._state)

    def reset(self) -> None:
        """Begin again."""
        self._forget()
        self._forget_state()
        if self._file is not None:
            self._file.seek(0)
            self._file.truncate()

    def finish(self, target: Path) -> None:
        """Give the whole file its name."""
        self._close()
        self._forget_state()  # first: of a whole file that has no name yet, the manifest knows the digest
        self.path.replace(target)

    def __enter__(self) -> PartFile:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is None:
            return
        with suppress(OSError):  # a full disk was said already
            self.note()
        with suppress(OSError):
            self._close()
        if not self._state.exists():  # nobody can go on with it
            self.path.unlink(missing_ok=True)

    def _forget_state(self) -> None:
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
