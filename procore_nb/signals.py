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
    """A context manager: Ctrl-C (or the stop button) during the block waits until `raise_pending`; a second one does not.

    Python delivers Ctrl-C to the main thread only, and a program may have its own handler: there this changes nothing.
    """

    def __init__(self) -> None:
        self._received = self._waits = self._installed = False

    def __enter__(self) -> Self:
        own = signal.getsignal(signal.SIGINT) is not signal.default_int_handler
        if not own and threading.current_thread() is threading.main_thread():
            self._installed = True
            signal.signal(signal.SIGINT, self._receive)
        return self

    def __exit__(self, *_: object) -> None:
        if self._installed:
            self._installed = False
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def pending(self) -> bool:
        """Return whether there was a Ctrl-C, raised by now or not."""
        return self._received

    def raise_pending(self) -> None:
        """Raise the `KeyboardInterrupt` of a Ctrl-C that waits."""
        if self._waits:
            self._waits = False
            raise KeyboardInterrupt

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self._waits:
            raise KeyboardInterrupt
        self._received = self._waits = True
