"""Files of a store: on this machine's disk, or at any fsspec URL.

In: paths relative to the store, with slashes. Out: bytes, files, names. Speaks to the file system only; every change to a
store's files goes through here. A file written here is whole or not there, and readable by its owner only.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from procore_nb.atomic_write import flush, replace_atomically
from procore_nb.errors import OutputError, StoreError

ADVICE = "Check that the folder may be written to and has room, and that no program holds its files open."
_RESTORE = (
    "Restore it from a backup. Without one, move the table's folder out of the store and sync the table again; "
    "keep the folder: its _history holds what Procore no longer has."
)


class Files(Protocol):
    """What a store needs of a file system."""

    renames: bool
    """Whether a folder can be given another name in one step."""
    verified: set[tuple[Any, ...]]
    """Path, digest and stamp of files that were found to be as they were written."""

    def read(self, path: str) -> bytes | None: ...
    def open(self, path: str) -> BinaryIO: ...
    def write(self, path: str, data: bytes) -> None: ...
    def writing(self, path: str, *, lasting: bool = True) -> Any: ...
    def names(self, path: str) -> list[str]: ...
    def stamp(self, path: str) -> tuple[int, ...] | None: ...
    def exists(self, path: str) -> bool: ...
    def remove(self, path: str) -> None: ...
    def link(self, source: str, target: str) -> None: ...
    def rename(self, source: str, target: str) -> None: ...
    def flush_folder(self, path: str) -> None: ...
    def address(self, path: str) -> str: ...


class LocalFiles:
    """A folder of this machine. Its files are for their owner only (mode 600, folders 700)."""

    renames = True

    def __init__(self, root: Path) -> None:
        self.root = root
        self.verified: set[tuple[Any, ...]] = set()

    def read(self, path: str) -> bytes | None:
        """The bytes of a file, or None if there is none."""
        try:
            return (self.root / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise unreadable(self.address(path), error) from error

    def open(self, path: str) -> BinaryIO:
        """A file to read from."""
        try:
            return (self.root / path).open("rb")
        except OSError as error:
            raise unreadable(self.address(path), error) from error

    def write(self, path: str, data: bytes) -> None:
        """Replace a whole file, in one step."""
        place = self.root / path
        make_folder(place.parent)
        try:
            with replace_atomically(place, private=True) as draft:
                draft.write_bytes(data)
        except OutputError as error:
            raise StoreError(error.message, advice=ADVICE) from error

    @contextmanager
    def writing(self, path: str, *, lasting: bool = True) -> Iterator[BinaryIO]:
        """A new file to write into; `lasting` outlives a power cut.

        Not in one step, which takes longer than the writing: half a file is never read, as nobody looks into a state that
        is not committed, and staged files carry their digest.
        """
        place = self.root / path
        make_folder(place.parent)
        try:
            with os.fdopen(os.open(place, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
                yield file
                if lasting:
                    file.flush()
                    os.fsync(file.fileno())
        except OSError as error:
            raise StoreError(
                f"{place} cannot be written: {error.strerror or error}.", advice=ADVICE
            ) from error

    def names(self, path: str) -> list[str]:
        """The names in a folder, without drafts; none if there is no folder."""
        try:
            return sorted(one.name for one in (self.root / path).iterdir() if not one.name.startswith("."))
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise unreadable(self.address(path), error) from error

    def stamp(self, path: str) -> tuple[int, ...] | None:
        """What changes when somebody touches a file: inode, bytes, time; None if there is no such file."""
        try:
            about = (self.root / path).stat()
        except OSError:
            return None
        return about.st_ino, about.st_size, about.st_mtime_ns

    def exists(self, path: str) -> bool:
        """Whether there is such a file or folder, or a link of that name, wherever it leads."""
        return os.path.lexists(self.root / path)

    def remove(self, path: str) -> None:
        """Remove a file, or a folder with all that is in it."""
        place = self.root / path
        try:
            if place.is_dir() and not place.is_symlink():  # of a link only the link goes
                shutil.rmtree(place)
            else:
                place.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(
                f"{place} cannot be removed: {error.strerror or error}.", advice=ADVICE
            ) from error

    def link(self, source: str, target: str) -> None:
        """The same file under a second name; a copy where the disk knows no second names."""
        make_folder((self.root / target).parent)
        try:
            os.link(self.root / source, self.root / target)
        except OSError:
            data = self.read(source)
            if data is None:
                raise missing(self.address(source)) from None
            self.write(target, data)

    def rename(self, source: str, target: str) -> None:
        """Give a folder another name; there must be none of that name."""
        make_folder((self.root / target).parent)
        try:
            (self.root / source).rename(self.root / target)
        except OSError as error:
            raise StoreError(
                f"{self.root / source} cannot take its place: {error.strerror or error}.", advice=ADVICE
            ) from error
        self.flush_folder(target.rpartition("/")[0])

    def flush_folder(self, path: str) -> None:
        """Have the names in a folder reach the disk, so that they outlive a power cut."""
        flush(self.root / path)

    def address(self, path: str) -> str:
        """How other programs call a file."""
        return str(self.root / path)


def unreadable(address: str, error: Exception) -> StoreError:
    """A file or folder that the file system does not hand out."""
    reason = getattr(error, "strerror", None) or error
    return StoreError(
        f"{address} cannot be read: {reason}.", advice="Check that it is there and may be read."
    )


def missing(address: str) -> StoreError:
    """A file of a table that is not there."""
    return StoreError(f"{address} is missing.", advice=_RESTORE)


def damaged(address: str, advice: str = _RESTORE) -> StoreError:
    """A file of a store that is not what was written."""
    return StoreError(f"{address} is damaged: it is not what this store wrote.", advice=advice)


def make_folder(folder: Path) -> None:
    """Make a folder for its owner only, with those above it."""
    try:
        if folder.is_dir():
            return
        make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder} cannot be made: {error.strerror or error}.", advice=ADVICE) from error
