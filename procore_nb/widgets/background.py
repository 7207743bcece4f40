"""One job at a time beside the kernel's own thread, so that a form stays alive while it waits for Procore.

In: a job, and what the fetch reports. Out: nothing; the job shows its own result. A second start while one is under way is
refused, which makes double clicks harmless. Progress is reported at most a few times a second; cancelling keeps the rows
that were fetched.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from procore_nb.progress import Progress, counted
from procore_nb.signals import Cancelled


class BackgroundTask:
    """Runs one job at a time in a thread; `on_change(True)` when it begins, `(False)` when it ended, `on_error` in it."""

    def __init__(self, on_change: Callable[[bool], None], on_error: Callable[[BaseException], None]) -> None:
        self._on_change = on_change
        self._on_error = on_error
        self._free = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self, job: Callable[[], None]) -> bool:
        """Begin a job; False, and nothing else, when one is under way."""
        if not self._free.acquire(blocking=False):
            return False
        self._on_change(True)
        self._thread = threading.Thread(target=self._run, args=(job,), name="procore_nb form", daemon=True)
        self._thread.start()
        return True

    @property
    def busy(self) -> bool:
        """Whether a job is under way."""
        return self._free.locked()

    def wait(self, timeout_seconds: float | None = None) -> bool:
        """Wait until the job is done; False when it still runs."""
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            return True
        thread.join(timeout_seconds)
        return not thread.is_alive()

    def _run(self, job: Callable[[], None]) -> None:
        try:
            job()
        except BaseException as error:  # nobody joins this thread: the form shows the error
            self._on_error(error)
        finally:
            try:
                self._on_change(False)
            finally:
                self._free.release()


_PAUSE = 0.25  # seconds between two reports to the browser


class ProgressObserver(Progress):
    """Shows in a form how a fetch goes on (text, and the share done or None); cancels it once `stop` is set."""

    def __init__(
        self,
        what: str,
        targets: int,
        *,
        show: Callable[[str, float | None], None],
        stop: threading.Event,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(what, targets=targets, show=False, clock=clock)
        self._report, self._halt = show, stop
        self._shown_at = clock() - _PAUSE

    def tick(self) -> None:
        """Report to the form, and cancel the fetch when Stop was pressed."""
        if self._halt.is_set():
            raise Cancelled
        now = self._clock()
        if now - self._shown_at < _PAUSE:
            return
        self._shown_at = now
        with self._lock:
            waiting = f"; {self._wait_text}" if now < self._until else ""
            counts = f"{counted(self._rows, 'row')}, {counted(self.requests, 'request')}{waiting}"
        done = f"{self._done:,} of {self._targets:,} targets, " if self._targets > 1 else ""
        self._report(
            f"{self._what}: {done}{counts}", self._done / self._targets if self._targets > 1 else None
        )

    def close(self, *, complete: bool = True) -> None:
        """Leave nothing behind: the form shows how it ended."""
