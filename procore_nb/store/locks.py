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
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import orjson

from procore_nb.errors import OutputError
from procore_nb.store.files import Files, LocalFiles

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
    OutputError
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
    files.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    place = files.root / NAME
    try:
        handle = os.open(place, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise OutputError(
            f"{place} cannot be opened: {error.strerror or error}.",
            advice="Check that the folder may be written to.",
        ) from error
    try:
        _lock_file(handle)
    except OSError:
        os.close(handle)
        return None
    os.ftruncate(handle, 0)
    os.pwrite(handle, _who(""), 0) if hasattr(os, "pwrite") else os.write(handle, _who(""))
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
    if holder and clock() - float(holder.get("renewed", 0)) < _STALE_SECONDS:
        return None
    files.write(NAME, _who(token, clock()))
    sleep(0.2)  # two that write at once: the later one stays, and both see it
    return token if _holder(files).get("token") == token else None


@contextmanager
def _renewed(files: Files, token: str, clock: Callable[[], float]) -> Iterator[None]:
    over = threading.Event()

    def renew() -> None:
        while not over.wait(_RENEWED_SECONDS):
            with suppress(OutputError, OSError):
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
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    about = {"process": os.getpid(), "machine": socket.gethostname(), "at": now}
    return orjson.dumps(about | ({"token": token, "renewed": renewed} if token else {}))


def _holder(files: Files) -> dict[str, Any]:
    with suppress(orjson.JSONDecodeError, OSError):
        return dict(orjson.loads(files.read(NAME) or b"{}"))
    return {}


def _held(files: Files) -> OutputError:
    holder = _holder(files)
    who = (
        f"process {holder['process']} on {holder['machine']}, since {holder['at']}"
        if "process" in holder
        else "another process"
    )
    return OutputError(
        f"The store {files.address('')} is being synced by {who}.",
        advice="Wait until it is done, or pass wait_seconds=600.",
    )
