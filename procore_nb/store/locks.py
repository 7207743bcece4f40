"""One sync at a time: the lock of a store.

In: the store's files. Out: a held lock, or words that say who holds it. Speaks to the file system.

On this machine's disks the operating system holds the lock and lets go of it when the process ends, however it ends: there
is nothing to clean up after `kill -9`. The file only says who it is. At a URL the lock is a file with a time in it that its
holder renews; one that has not been renewed for two minutes is of a process that is no more, and is taken over.
"""

from __future__ import annotations

import os
import secrets
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import orjson

from procore_nb.errors import StoreError
from procore_nb.scalars import utc_text
from procore_nb.store.files import Files, LocalFiles, make_folder

NAME = "_lock"
_RENEWED_SECONDS = 20.0
_STALE_SECONDS = 120.0


@contextmanager
def locked(
    files: Files,
    *,
    wait_seconds: float = 0.0,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.time,
) -> Iterator[None]:
    """Hold the store's lock.

    Raises
    ------
    StoreError
        If another process holds it, still after `wait_seconds`.
    """
    taken: Any
    local = isinstance(files, LocalFiles)
    until = time.monotonic() + wait_seconds
    token = secrets.token_hex(8)
    while True:
        taken = (
            _take_local(files) if isinstance(files, LocalFiles) else _take_remote(files, token, clock, sleep)
        )
        if taken is not None:
            break
        if time.monotonic() >= until:
            raise _held(files)
        sleep(min(1.0, max(0.05, until - time.monotonic())))
    try:
        if local:
            yield
        else:
            with _renewed(files, token, clock):
                yield
    finally:
        _release(files, taken, token)


def _take_local(files: LocalFiles) -> int | None:
    make_folder(files.root)
    place = files.root / NAME
    handle = _open_lock(place)
    try:
        _lock_file(handle)
    except OSError:
        os.close(handle)
        return None
    os.ftruncate(handle, 0)
    os.pwrite(handle, _who(""), 0) if hasattr(os, "pwrite") else os.write(handle, _who(""))
    return handle


def _open_lock(place: Path) -> int:
    """Open the lock's file, and no other one: what it is a second name of would be emptied."""
    if place.is_symlink():
        raise StoreError(
            f"{place} is a symbolic link.", advice="Remove it: the lock is a file of the store's own."
        )
    try:
        handle = os.open(place, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    except OSError as error:
        raise StoreError(
            f"{place} cannot be opened: {error.strerror or error}.",
            advice="Check that the folder may be written to.",
        ) from error
    about = os.fstat(handle)
    if not stat.S_ISREG(about.st_mode) or about.st_nlink > 1:
        os.close(handle)
        raise StoreError(
            f"{place} is not a file of its own: a device, or a second name of another file.",
            advice="Remove it: the lock is a file of the store's own.",
        )
    return handle


def _lock_file(handle: int) -> None:
    if os.name == "nt":
        import msvcrt

        os.lseek(handle, 1 << 20, os.SEEK_SET)  # beyond the text, so that others can read who it is
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        os.lseek(handle, 0, os.SEEK_SET)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _take_remote(
    files: Files, token: str, clock: Callable[[], float], sleep: Callable[[float], None]
) -> str | None:
    holder = _holder(files)
    # A time far in the future is no more of a live process than one far in the past: clocks differ by less.
    if holder and abs(clock() - holder["renewed"]) < _STALE_SECONDS:
        return None
    files.write(NAME, _who(token, clock()))
    sleep(0.2)  # two that write at once: the later one stays, and both see it
    return token if _holder(files).get("token") == token else None


@contextmanager
def _renewed(files: Files, token: str, clock: Callable[[], float]) -> Iterator[None]:
    over = threading.Event()

    def renew() -> None:
        while not over.wait(_RENEWED_SECONDS):
            with suppress(StoreError, OSError):
                files.write(NAME, _who(token, clock()))

    thread = threading.Thread(target=renew, name="procore-nb store lock", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _release(files: Files, taken: Any, token: str) -> None:
    if isinstance(taken, int):
        os.ftruncate(taken, 0)
        os.close(taken)
    elif _holder(files).get("token") == token:
        files.remove(NAME)


def _who(token: str, renewed: float = 0.0) -> bytes:
    about = {"process": os.getpid(), "machine": socket.gethostname(), "at": utc_text()}
    return orjson.dumps(about | ({"token": token, "renewed": renewed} if token else {}))


def _holder(files: Files) -> dict[str, Any]:
    """What the lock says of who holds it; nothing if it cannot be read."""
    with suppress(ValueError, TypeError):
        holder = dict(orjson.loads(files.read(NAME) or b"{}"))
        return holder | {"renewed": float(holder.get("renewed", 0))} if holder else {}
    return {}


def _held(files: Files) -> StoreError:
    holder = _holder(files)
    who = (
        f"process {holder['process']} on {holder['machine']}, since {holder['at']}"
        if {"process", "machine", "at"} <= holder.keys()
        else "another process"
    )
    return StoreError(
        f"The store {files.address('')} is being synced by {who}.",
        advice="Wait until it is done, or pass wait_seconds=600.",
    )
