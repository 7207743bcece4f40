"""Files of a store at an fsspec URL: an object store, a server, memory.

In: paths relative to the store, with slashes. Out: bytes, files, names. Speaks to that file system only. Who may read them is
decided there, not here.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO

from procore_nb.atomic_write import output_path
from procore_nb.errors import ArgumentError, MissingExtraError, StoreError
from procore_nb.store.files import ADVICE, Files, LocalFiles, missing, unreadable


class RemoteFiles:
    """A folder at an fsspec URL. A file appears there in one step, when all of it has been sent."""

    renames = False

    def __init__(self, system: Any, root: str, protocol: str) -> None:
        self.system = system
        self._root = root.rstrip("/")
        self._protocol = protocol
        self.verified: set[tuple[Any, ...]] = set()

    def read(self, path: str) -> bytes | None:
        """The bytes of a file, or None if there is none."""
        with suppress(FileNotFoundError, IsADirectoryError), self._answering(path):
            return bytes(self.system.cat_file(self._at(path)))
        return None

    def open(self, path: str) -> BinaryIO:
        """A file to read from."""
        data = self.read(path)
        if data is None:
            raise missing(self.address(path))
        return io.BytesIO(data)

    def write(self, path: str, data: bytes) -> None:
        """Put a whole file in place."""
        place = self._at(path)
        try:
            self.system.makedirs(place.rpartition("/")[0], exist_ok=True)
            self.system.pipe_file(place, data)
        except Exception as error:  # each file system has errors of its own
            raise StoreError(f"{self.address(path)} cannot be written: {error}.", advice=ADVICE) from error

    @contextmanager
    def writing(self, path: str, *, lasting: bool = True) -> Iterator[BinaryIO]:
        """A file to write into, which is sent when the block ends well."""
        draft = io.BytesIO()
        yield draft
        self.write(path, draft.getvalue())

    def names(self, path: str) -> list[str]:
        """The names in a folder; none if there is no folder."""
        found: list[str] = []
        with suppress(FileNotFoundError, NotADirectoryError), self._answering(path):
            self.system.invalidate_cache(self._at(path))
            found = self.system.ls(self._at(path), detail=False)
        return sorted({one.rstrip("/").rpartition("/")[2] for one in found} - {""})

    def stamp(self, path: str) -> tuple[int, ...] | None:
        """What changes when somebody touches a file: its bytes are all that every file system says."""
        with suppress(FileNotFoundError), self._answering(path):
            return (int(self.system.size(self._at(path)) or 0),)
        return None

    def exists(self, path: str) -> bool:
        """Whether there is such a file or folder."""
        with self._answering(path):
            return bool(self.system.exists(self._at(path)))

    def remove(self, path: str) -> None:
        """Remove a file, or a folder with all that is in it."""
        with suppress(FileNotFoundError), self._answering(path):
            self.system.rm(self._at(path), recursive=True)

    def link(self, source: str, target: str) -> None:
        """A copy, made where the files are."""
        with self._answering(source):
            self.system.cp_file(self._at(source), self._at(target))

    def rename(self, source: str, target: str) -> None:
        """Not done here: it would not be one step."""
        raise StoreError(f"{self.address(source)} cannot be renamed in one step.")

    def flush_folder(self, path: str) -> None:
        """Nothing to do: what was sent is kept."""

    def address(self, path: str) -> str:
        """How other programs call a file."""
        return f"{self._protocol}://{self._at(path).lstrip('/') if self._protocol != 'memory' else self._at(path)}"

    @contextmanager
    def _answering(self, path: str) -> Iterator[None]:
        """Errors of a file system that is gone or refuses, in whatever class, as ours; absent files stay what they are."""
        try:
            yield
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise
        except Exception as error:
            raise unreadable(self.address(path), error) from error

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}" if path else self._root


def files_at(place: str | os.PathLike[str], options: Mapping[str, Any] | None = None) -> Files:
    """The files of a folder, or of an fsspec URL such as `s3://bucket/portfolio`."""
    text = os.fspath(place) if isinstance(place, str | os.PathLike) else None
    if not isinstance(text, str) or not text.strip() or "\0" in text:
        raise ArgumentError(f"A store is a folder or a URL, not {place!r}.")
    if text.startswith("file://"):
        from urllib.request import url2pathname

        text = url2pathname(text.removeprefix("file://"))
    if "://" not in text:
        return LocalFiles(output_path(text).absolute())
    try:
        import fsspec
    except ImportError as error:
        raise MissingExtraError(
            f"A store at {text} needs fsspec.", advice='Install it: pip install "procore-nb[keep]"'
        ) from error
    try:
        system, root = fsspec.core.url_to_fs(text, **dict(options or {}))
    except ImportError as error:
        raise MissingExtraError(
            f"{text} cannot be opened: {error}.", advice="Install what it names."
        ) from error
    except ValueError as error:
        raise ArgumentError(f"{text} cannot be opened: {error}") from error
    except Exception as error:  # some file systems connect at once: each has errors of its own
        raise StoreError(
            f"{text} cannot be opened: {error}.",
            advice="Check the address, the network, and storage_options.",
        ) from error
    return RemoteFiles(system, root, text.partition("://")[0])
