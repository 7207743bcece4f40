"""A walk as a form follows it: words while it goes on, and a way to stop it.

In: what the walk says. Out: words and a share, at most a few times a second. Stopping keeps what had come.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from procore_nb.progress import Progress
from procore_nb.progress import counted as counted
from procore_nb.signals import Cancelled

_PAUSE = 0.25  # seconds between two words to the browser


class ProgressObserver(Progress):
    """Tells a form how a walk goes on; ends it once `stop` is set.

    Parameters
    ----------
    what, places
        Name of the list, and how many places are walked.
    tell
        Called in the walking thread with words and the share that is done (None while unknown).
    stop
        Set from any thread to end the walk.
    """

    def __init__(
        self,
        what: str,
        places: int,
        *,
        tell: Callable[[str, float | None], None],
        stop: threading.Event,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(what, targets=places, show=False, clock=clock)
        self._tell, self._halt = tell, stop
        self._told = clock() - _PAUSE

    def tick(self) -> None:
        """Tell the form, and end the walk when it was stopped."""
        if self._halt.is_set():
            raise Cancelled
        now = self._clock()
        if now - self._told < _PAUSE:
            return
        self._told = now
        with self._lock:
            waiting = f"; {self._wait_text}" if now < self._until else ""
            counts = f"{counted(self._rows, 'row')}, {counted(self.requests, 'request')}{waiting}"
        places = f"{self._done:,} of {self._targets:,} places, " if self._targets > 1 else ""
        self._tell(
            f"{self._what}: {places}{counts}", self._done / self._targets if self._targets > 1 else None
        )

    def close(self, *, complete: bool = True) -> None:
        """Leave nothing behind: the form says how it ended."""
