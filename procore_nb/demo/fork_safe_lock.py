"""Locks that a forked child finds open, whatever a thread of its parent held at the fork.

In: nothing. Out: `ForkSafeLock`, for `with`. Speaks to no service.
"""

from __future__ import annotations

import os
import threading
import weakref
from types import TracebackType


class ForkSafeLock:
    """A lock that is made anew in a forked child: there, nobody is left to release what another thread held."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        _locks.add(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()

    def start_anew(self) -> None:
        """Replace the lock, in a process that has one thread only."""
        self._lock = threading.Lock()


_locks: weakref.WeakSet[ForkSafeLock] = weakref.WeakSet()


def _start_anew_in_child() -> None:
    for lock in list(_locks):
        lock.start_anew()


if hasattr(os, "register_at_fork"):  # Windows knows no fork
    os.register_at_fork(after_in_child=_start_anew_in_child)
