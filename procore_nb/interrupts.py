"""Ctrl-C, held back while something must stay whole.

In: a block of code. Out: the same block, which Ctrl-C ends only where it says so. Speaks to no service.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self


class HeldInterrupt:
    """A context manager: Ctrl-C (or the stop button) waits for `let_through` or the end of the block.

    A second one does not wait. Only the main thread hears Ctrl-C; in any other thread this changes nothing.
    """

    def __init__(self) -> None:
        self._came = False
        self._before: Callable[[int, FrameType | None], object] | None = None

    def __enter__(self) -> Self:
        before = signal.getsignal(signal.SIGINT)
        if callable(before) and threading.current_thread() is threading.main_thread():
            self._before = before
            signal.signal(signal.SIGINT, self._hear)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        before = self._before
        if before is None:
            return
        signal.signal(signal.SIGINT, before)
        if kind is None:
            self.let_through()
        self._came, self._before = False, None

    def let_through(self) -> None:
        """Let a Ctrl-C that came do what it would have done: raise `KeyboardInterrupt`, as a rule."""
        before = self._before
        if self._came and before is not None:
            self._came = False
            before(signal.SIGINT, None)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self._came:
            raise KeyboardInterrupt
        self._came = True
