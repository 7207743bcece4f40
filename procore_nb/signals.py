"""How a fetch that is under way is ended early: Ctrl-C, held back while something must stay whole, and a form's Stop.

In: a block of code. Out: the same block, which Ctrl-C ends only where it says so. Speaks to no service.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Self


class Cancelled(Exception):
    """Raised in the fetching thread by an observer to end the fetch, as Ctrl-C does; what had come is kept."""


class DeferredInterrupt:
    """A context manager: Ctrl-C (or the stop button) that comes in the block waits until `raise_pending` is called.

    A second one does not wait. Only the main thread hears Ctrl-C; there, and where the program has no way of its own with
    Ctrl-C, this changes something.
    """

    def __init__(self) -> None:
        self._came = self._waits = self._held = False

    def __enter__(self) -> Self:
        own = signal.getsignal(signal.SIGINT) is not signal.default_int_handler
        if not own and threading.current_thread() is threading.main_thread():
            self._held = True
            signal.signal(signal.SIGINT, self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        if self._held:
            self._held = False
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def pending(self) -> bool:
        """Tell whether a Ctrl-C came, whether or not it was let through."""
        return self._came

    def raise_pending(self) -> None:
        """Raise the `KeyboardInterrupt` of a Ctrl-C that waits."""
        if self._waits:
            self._waits = False
            raise KeyboardInterrupt

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self._waits:
            raise KeyboardInterrupt
        self._came = self._waits = True
