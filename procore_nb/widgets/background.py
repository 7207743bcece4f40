"""One thing at a time, beside the kernel's own thread, so that a form stays alive while it waits for Procore.

In: something to do. Out: nothing; what it does it shows itself. A second start while one is under way is refused,
which makes double clicks harmless.
"""

from __future__ import annotations

import threading
from collections.abc import Callable


class BackgroundTask:
    """Runs one job at a time in a thread of its own.

    Parameters
    ----------
    on_change
        Called with True when a job begins (in the thread that starts it) and with False when it has ended.
    on_error
        Called in the job's thread with whatever the job raised.
    """

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
        """Stay until the job is done; False when it still goes on."""
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            return True
        thread.join(timeout_seconds)
        return not thread.is_alive()

    def _run(self, job: Callable[[], None]) -> None:
        try:
            job()
        except BaseException as error:  # a thread has no one else to tell; the form shows it in words
            self._on_error(error)
        finally:
            try:
                self._on_change(False)
            finally:
                self._free.release()
