"""One sync at a time on this machine's disks: the lock of a store.

In: the store's files. Out: a held lock, or words that say who holds it. Speaks to the file system.

The operating system holds the lock and lets go of it when the process ends, however it ends: there is nothing to clean up
after `kill -9`. The file only says who it is.
"""

from __future__ import annotations

import os
import socket
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import orjson

from procore_nb.errors import StoreError
from procore_nb.scalars import utc_text
from procore_nb.store.files import Files, LocalFiles, make_folder, refused

NAME = "_lock"


@contextmanager
def locked(
    files: Files, *, wait_seconds: float = 0.0, sleep: Callable[[float], None] = time.sleep
) -> Iterator[None]:
    """Hold the store's lock; at a URL there is none, and none is needed: of two writers the log refuses one.

    StoreError if another process holds it, still after `wait_seconds`.
    """
    if not isinstance(files, LocalFiles):
        yield
        return
    until = time.monotonic() + wait_seconds
    while (handle := _take(files)) is None:
        if time.monotonic() >= until:
            raise _held(files)
        sleep(min(1.0, max(0.05, until - time.monotonic())))
    try:
        yield
    finally:
        os.ftruncate(handle, 0)
        os.close(handle)


def _take(files: LocalFiles) -> int | None:
    make_folder(files.root)
    place = files.root / NAME
    handle = _open_lock(place)
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
    who = orjson.dumps({"process": os.getpid(), "machine": socket.gethostname(), "at": utc_text()})
    os.write(handle, who)
    return handle


def _open_lock(place: Path) -> int:
    """Open the lock's file, and no other one: what it is a second name of would be emptied."""
    own = "Remove it: the lock is a file of the store's own."
    if place.is_symlink():
        raise StoreError(f"{place} is a symbolic link.", advice=own)
    try:
        handle = os.open(place, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    except OSError as error:
        raise refused(str(place), "opened", error) from error
    about = os.fstat(handle)
    if not stat.S_ISREG(about.st_mode) or about.st_nlink > 1:
        os.close(handle)
        second = "a device, or a second name of another file"
        raise StoreError(f"{place} is not a file of its own: {second}.", advice=own)
    return handle


def _held(files: Files) -> StoreError:
    who = "another process"
    with suppress(ValueError, TypeError, KeyError):
        holder = dict(orjson.loads(files.read(NAME) or b"{}"))
        who = f"process {holder['process']} on {holder['machine']}, since {holder['at']}"
    return StoreError(
        f"The store {files.address('')} is being synced by {who}.",
        advice="Wait until it is done, or pass wait_seconds=600.",
    )
