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
from procore_nb.errors import OutputError

ADVICE = "Check that the folder may be written to and has room, and that no program holds its files open."


class Files(Protocol):
    """What a store needs of a file system."""

    renames: bool
    """Whether a folder can be given another name in one step."""

    def read(self, path: str) -> bytes | None: ...
    def open(self, path: str) -> BinaryIO: ...
    def write(self, path: str, data: bytes) -> None: ...
    def writing(self, path: str, *, lasting: bool = True) -> Any: ...
    def names(self, path: str) -> list[str]: ...
    def size(self, path: str) -> int: ...
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

    def read(self, path: str) -> bytes | None:
        """The bytes of a file, or None if there is none."""
        try:
            return (self.root / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def open(self, path: str) -> BinaryIO:
        """A file to read from."""
        return (self.root / path).open("rb")

    def write(self, path: str, data: bytes) -> None:
        """Put a whole file in place."""
        with self.writing(path) as file:
            file.write(data)

    @contextmanager
    def writing(self, path: str, *, lasting: bool = True) -> Iterator[BinaryIO]:
        """A file to write into, which takes its place when the block ends well; `lasting` outlives a power cut."""
        place = self.root / path
        try:
            _make_folder(place.parent)
        except OSError as error:
            raise OutputError(
                f"{place} cannot be written: {error.strerror or error}.", advice=ADVICE
            ) from error
        with replace_atomically(place, private=True, durable=lasting) as draft, draft.open("wb") as file:
            yield file

    def names(self, path: str) -> list[str]:
        """The names in a folder, without drafts; none if there is no folder."""
        try:
            return sorted(one.name for one in (self.root / path).iterdir() if not one.name.startswith("."))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def size(self, path: str) -> int:
        """Bytes of a file."""
        return (self.root / path).stat().st_size

    def exists(self, path: str) -> bool:
        """Whether there is such a file or folder."""
        return (self.root / path).exists()

    def remove(self, path: str) -> None:
        """Remove a file, or a folder with all that is in it."""
        place = self.root / path
        try:
            if place.is_dir():
                shutil.rmtree(place)
            else:
                place.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(
                f"{place} cannot be removed: {error.strerror or error}.", advice=ADVICE
            ) from error

    def link(self, source: str, target: str) -> None:
        """The same file under a second name; a copy where the disk knows no second names."""
        _make_folder((self.root / target).parent)
        try:
            os.link(self.root / source, self.root / target)
        except FileNotFoundError:
            raise
        except OSError:
            data = self.read(source)
            self.write(target, data or b"")

    def rename(self, source: str, target: str) -> None:
        """Give a folder another name; there must be none of that name."""
        _make_folder((self.root / target).parent)
        try:
            (self.root / source).rename(self.root / target)
        except OSError as error:
            raise OutputError(
                f"{self.root / source} cannot take its place: {error.strerror or error}.", advice=ADVICE
            ) from error
        self.flush_folder(target.rpartition("/")[0])

    def flush_folder(self, path: str) -> None:
        """Have the names in a folder reach the disk, so that they outlive a power cut."""
        flush(self.root / path)

    def address(self, path: str) -> str:
        """How other programs call a file."""
        return str(self.root / path)


def _make_folder(folder: Path) -> None:
    """Make a folder for its owner only, with those above it."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
