"""A pause for the garbage collector while many records become columns.

In: a block of code. Out: the same block, without the collector counting and visiting millions of
short-lived dicts, which otherwise takes half the time. Speaks to no service.
"""

from __future__ import annotations

import gc
import threading
from types import TracebackType


class GcPause:
    """A context manager that several threads may enter at once; the last one out restores the collector."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._was_on = False

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._was_on = gc.isenabled()
                gc.disable()
            self._inside += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside and self._was_on:
                gc.enable()


# The collector is one per process, so its pause is too: the single value here that changes.
gc_paused = GcPause()
