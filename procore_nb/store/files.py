"""Files of a store: on this machine's disk, or at any fsspec URL (an object store, a server, memory); and the store's lock.

In: paths relative to the store, with slashes. Out: bytes, files, names. Speaks to the file system only; every change to a
store's files goes through here. A file written here is whole or not there; on this machine it is readable by its owner only,
at a URL that is decided there.
"""

from __future__ import annotations

import io
import os
import shutil
import socket
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO
from urllib.request import url2pathname

import orjson

from procore_nb.atomic_write import flush, output_path, replace_atomically
from procore_nb.errors import ArgumentError, MissingExtraError, OutputError, StoreError
from procore_nb.scalars import utc_text

LOCK = "_lock"
_ADVICE = "Check that the folder may be written to and has room, and that no program holds its files open."
_RESTORE = (
    "Restore it from a backup. Without one, move the table's folder out of the store and sync the table again; "
    "keep the folder: its _history holds what Procore no longer has."
)


class LocalFiles:
    """A folder of this machine. Its files are for their owner only (mode 600, folders 700)."""

    def __init__(self, root: Path, *, keep_days: float = 1.0) -> None:
        self.root = root
        # On Windows a folder in which a reader holds a file open takes no other name.
        self.renames = os.name != "nt"
        self.keep_days = keep_days
        self.verified: set[tuple[Any, ...]] = set()

    def read(self, path: str) -> bytes | None:
        """The bytes of a file, or None if there is none."""
        with suppress(*_GONE), _refusals(self.address(path), "read", OSError):
            return (self.root / path).read_bytes()
        return None

    def open(self, path: str) -> BinaryIO:
        """A file to read from."""
        with suppress(*_GONE), _refusals(self.address(path), "read", OSError):
            return (self.root / path).open("rb")
        raise missing(self.address(path))

    def write(self, path: str, data: bytes) -> None:
        """Replace a whole file, in one step."""
        target = self.root / path
        make_folder(target.parent)
        try:
            with replace_atomically(target, private=True) as draft:
                draft.write_bytes(data)
        except OutputError as error:
            raise StoreError(error.message, advice=_ADVICE) from error

    def create(self, path: str, data: bytes) -> bool:
        """Put a file in place if there is none of that name; returns whether there was none."""
        draft = f"{path}.draft"
        self.write(draft, data)
        try:
            os.link(self.root / draft, self.root / path)
        except FileExistsError:
            return False
        except OSError:  # the disk knows no second names; who holds the lock is alone
            if self.exists(path):
                return False
            self.write(path, data)
        finally:
            self.remove(draft)
        return True

    @contextmanager
    def writing(self, path: str, *, lasting: bool = True) -> Iterator[BinaryIO]:
        """A new file to write into; `lasting` outlives a power cut.

        Not in one step, which takes longer than the writing: half a file is never read, as nobody looks into a state that
        is not committed, and staged files carry their digest.
        """
        target = self.root / path
        make_folder(target.parent)
        with (
            _refusals(self.address(path), "written", OSError),
            os.fdopen(os.open(target, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file,
        ):
            yield file
            if lasting:
                file.flush()
                os.fsync(file.fileno())

    def names(self, path: str) -> list[str]:
        """The names in a folder, without drafts; none if there is no folder."""
        with suppress(*_GONE), _refusals(self.address(path), "read", OSError):
            return sorted(file.name for file in (self.root / path).iterdir() if not file.name.startswith("."))
        return []

    def stamp(self, path: str) -> tuple[int, ...] | None:
        """What changes when somebody touches a file: inode, bytes, time; None if there is no such file."""
        with suppress(OSError):
            status = (self.root / path).stat()
            return status.st_ino, status.st_size, status.st_mtime_ns
        return None

    def modified(self, path: str) -> float | None:
        """When a file was written, in seconds; None where that is not known."""
        return stamp[2] / 1e9 if (stamp := self.stamp(path)) else None

    def exists(self, path: str) -> bool:
        """Whether there is such a file or folder, or a link of that name, wherever it leads."""
        return os.path.lexists(self.root / path)

    def remove(self, path: str) -> None:
        """Remove a file, or a folder with all that is in it."""
        target = self.root / path
        with _refusals(self.address(path), "removed", OSError):
            if target.is_dir() and not target.is_symlink():  # of a link only the link goes
                shutil.rmtree(target)
            else:
                target.unlink(missing_ok=True)

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
        """Give a folder another name, of which there must be none."""
        make_folder((self.root / target).parent)
        with _refusals(self.address(target), "put in place", OSError):
            (self.root / source).rename(self.root / target)

    def flush(self, path: str) -> None:
        """Let the names in a folder outlive a power cut."""
        with _refusals(self.address(path), "written", OSError):
            flush(self.root / path)

    def address(self, path: str) -> str:
        """How other programs call a file."""
        return str(self.root / path)


class RemoteFiles:
    """A folder at an fsspec URL. A file appears there in one step, when all of it has been sent."""

    renames = False

    def __init__(self, system: Any, root: str, protocol: str, *, keep_days: float = 1.0) -> None:
        self.system, self.keep_days = system, keep_days
        self._root, self._protocol = root.rstrip("/"), protocol
        self.verified: set[tuple[Any, ...]] = set()
        # fsspec keeps listings in a dict that threads of one process clear under each other: a KeyError in the middle of a sync.
        with suppress(AttributeError):
            system.dircache.use_listings_cache = False

    def read(self, path: str) -> bytes | None:
        with suppress(*_ABSENT), self._refusals(path):
            return bytes(self.system.cat_file(self._at(path)))
        return None

    def open(self, path: str) -> BinaryIO:
        data = self.read(path)
        if data is None:
            raise missing(self.address(path))
        return io.BytesIO(data)

    def write(self, path: str, data: bytes, **options: str) -> None:
        with self._refusals(path, "written"):
            self.system.makedirs(self._at(path).rpartition("/")[0], exist_ok=True)
            self.system.pipe_file(self._at(path), data, **options)

    def create(self, path: str, data: bytes) -> bool:
        """Put a file in place if there is none of that name; returns whether this one is there now.

        Whatever the request failed with, what lies there decides: a reply that was lost is no refusal.
        """
        failure = missing(self.address(path))
        try:
            self.write(path, data, mode="create")
        except StoreError as error:
            failure = error
        content = self.read(path)
        if content is None:
            raise failure
        return content == data

    @contextmanager
    def writing(self, path: str, *, lasting: bool = True) -> Iterator[BinaryIO]:
        """A file to write into, which is sent when the block ends well."""
        draft = io.BytesIO()
        yield draft
        self.write(path, draft.getvalue())

    def names(self, path: str) -> list[str]:
        paths: list[str] = []
        with suppress(*_ABSENT), self._refusals(path):
            paths = self.system.ls(self._at(path), detail=False)
        return sorted({path.rstrip("/").rpartition("/")[2] for path in paths} - {""})

    def stamp(self, path: str) -> tuple[int, ...] | None:
        """What changes when somebody touches a file: its bytes are all that every file system says."""
        with suppress(*_ABSENT), self._refusals(path):
            return (int(self.system.size(self._at(path)) or 0),)
        return None

    def modified(self, path: str) -> float | None:
        """When a file was written, in seconds by the clock there; None where that is not known."""
        with suppress(*_ABSENT), self._refusals(path):
            return float(self.system.modified(self._at(path)).timestamp())
        return None

    def exists(self, path: str) -> bool:
        with self._refusals(path):
            return bool(self.system.exists(self._at(path)))

    def remove(self, path: str) -> None:
        with suppress(*_ABSENT), self._refusals(path):
            self.system.rm(self._at(path), recursive=True)

    def rename(self, source: str, target: str) -> None:
        """Neither this nor a second name is there: `renames` says so."""
        raise StoreError(f"{self.address(source)} cannot be renamed in one step.")

    link = rename

    def flush(self, path: str) -> None:
        """What was sent is there."""

    def address(self, path: str) -> str:
        at = self._at(path)
        return f"{self._protocol}://{at if self._protocol == 'memory' else at.lstrip('/')}"

    @contextmanager
    def _refusals(self, path: str, operation: str = "read") -> Iterator[None]:
        with _refusals(self.address(path), operation, Exception):  # each file system has errors of its own
            self.system.invalidate_cache()  # else another process's sync is not seen for as long as listings are kept
            yield

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}" if path else self._root


Files = LocalFiles | RemoteFiles
_GONE = (FileNotFoundError, NotADirectoryError)
_ABSENT = (*_GONE, IsADirectoryError, NotImplementedError)  # at a URL


@contextmanager
def _refusals(address: str, operation: str, errors: type[Exception]) -> Iterator[None]:
    """Errors of a file system that is gone or refuses as ours; for who reads, absent files stay what they are."""
    try:
        yield
    except errors as error:
        absent = _GONE if errors is OSError else _ABSENT
        if isinstance(error, StoreError) or (operation == "read" and isinstance(error, absent)):
            raise
        reason = getattr(error, "strerror", None) or error
        advice = "Check that it is there and may be read." if operation == "read" else _ADVICE
        raise StoreError(f"{address} cannot be {operation}: {reason}.", advice=advice) from error


def files_at(
    location: str | os.PathLike[str], options: Mapping[str, Any] | None = None, *, keep_days: float = 1.0
) -> Files:
    """The files of a folder, or of an fsspec URL such as `s3://bucket/portfolio`."""
    text = os.fspath(location) if isinstance(location, str | os.PathLike) else None
    if not isinstance(text, str) or not text.strip() or "\0" in text:
        raise ArgumentError(f"A store is a folder or a URL, not {location!r}.")
    if text.startswith("file://"):
        text = url2pathname(text.removeprefix("file://"))
    if "://" not in text:
        return LocalFiles(output_path(text).absolute(), keep_days=keep_days)
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
    return RemoteFiles(system, root, text.partition("://")[0], keep_days=keep_days)


def missing(address: str) -> StoreError:
    """A file of a table that is not there."""
    return StoreError(f"{address} is missing.", advice=_RESTORE)


def damaged(address: str, advice: str = _RESTORE) -> StoreError:
    """A file of a store that is not what was written."""
    return StoreError(f"{address} is damaged: it is not what this store wrote.", advice=advice)


def make_folder(folder: Path) -> None:
    """Make a folder for its owner only, with those above it."""
    with _refusals(str(folder), "made", OSError):
        if not folder.is_dir():
            make_folder(folder.parent)
            folder.mkdir(mode=0o700, exist_ok=True)


@contextmanager
def locked(
    files: Files, *, wait_seconds: float = 0.0, sleep: Callable[[float], None] = time.sleep
) -> Iterator[None]:
    """Hold the store's lock; at a URL there is none, and none is needed: of two writers the log refuses one.

    StoreError if another process holds it, still after `wait_seconds`. The operating system releases the lock when the process
    ends, however it ends, so that nothing is to be cleaned up after `kill -9`. The file only names the holder.
    """
    if not isinstance(files, LocalFiles):
        yield
        return
    until = time.monotonic() + wait_seconds
    while (handle := _acquire(files)) is None:
        if time.monotonic() >= until:
            raise _held(files)
        sleep(min(1.0, max(0.05, until - time.monotonic())))
    try:
        yield
    finally:
        os.ftruncate(handle, 0)
        os.close(handle)


def _acquire(files: LocalFiles) -> int | None:
    make_folder(files.root)
    handle = _open_lock(files.root / LOCK)
    try:
        if os.name == "nt":
            import msvcrt

            os.lseek(handle, 1 << 20, os.SEEK_SET)  # beyond the text, so that others can read who it is
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
            os.lseek(handle, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    os.ftruncate(handle, 0)
    holder = {"process": os.getpid(), "machine": socket.gethostname(), "at": utc_text()}
    os.write(handle, orjson.dumps(holder))
    return handle


def _open_lock(path: Path) -> int:
    """Open the lock's file, and no other one: the file of which it is a second name would be emptied."""
    advice = "Remove it: the lock is a file of the store's own."
    if path.is_symlink():
        raise StoreError(f"{path} is a symbolic link.", advice=advice)
    with _refusals(str(path), "opened", OSError):
        handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
        os.close(handle)
        raise StoreError(
            f"{path} is not a file of its own: a device, or a second name of another file.", advice=advice
        )
    return handle


def _held(files: Files) -> StoreError:
    who = "another process"
    with suppress(ValueError, TypeError, KeyError):
        holder = dict(orjson.loads(files.read(LOCK) or b"{}"))
        who = f"process {holder['process']} on {holder['machine']}, since {holder['at']}"
    return StoreError(
        f"The store {files.address('')} is being synced by {who}.",
        advice="Wait until it is done, or pass wait_seconds=600.",
    )
