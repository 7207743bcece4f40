"""One line that shows how a long walk goes on, and one line when it is over.

In: what the walk says. Out: a bar in notebooks and terminals (tqdm), after a second; nothing for short walks.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

ProgressMaker = Callable[[str, int], "Progress"]  # from what is walked, and how many places
_PATIENT = 1.0  # seconds a walk may take before it is worth a line
_REDRAW = 0.1  # seconds between two drawings


class Progress:
    """Watches one walk. Worker threads only leave word; the walking thread draws.

    Parameters
    ----------
    what
        Name of the list, shown in front.
    places
        How many projects (or other places) are walked; a bar of places is drawn when there are several.
    show
        False says nothing at all.
    """

    def __init__(
        self, what: str, *, places: int = 1, show: bool = True, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.requests = 0
        self._what = what
        self._places = places
        self._show = show
        self._clock = clock
        self._began = clock()
        self._next = self._began + _PATIENT
        self._lock = threading.Lock()
        self._rows = 0
        self._done = 0
        self._said = ""
        self._until = 0.0
        self._bar: Any = None

    def asked(self) -> None:
        """Count one request."""
        with self._lock:
            self.requests += 1

    def came(self, rows: int) -> None:
        """Count the rows of one page."""
        with self._lock:
            self._rows += rows

    def waiting(self, seconds: float, what_for: str) -> None:
        """Remember that the walk waits, for what, and until when."""
        until = datetime.fromtimestamp(time.time() + seconds).strftime("%H:%M:%S")
        with self._lock:
            self._until = self._clock() + seconds
            self._said = f"waiting {what_for} until {until}"

    def place_done(self) -> None:
        """Count one place as walked."""
        self._done += 1

    def tick(self) -> None:
        """Draw, if the walk has become worth a line; called by the walking thread.

        A `KeyboardInterrupt` raised here ends the walk as Ctrl-C does: what had come is kept.
        """
        now = self._clock()
        if not self._show or now < self._next:
            return
        self._next = now + _REDRAW
        if self._bar is None:
            self._bar = _bar(self._what, self._places)
            self._bar.start_t -= now - self._began
        with self._lock:
            said = f", {self._said}" if self._clock() < self._until else ""
            self._bar.set_postfix_str(f"{self._rows:,} rows, {self.requests:,} requests{said}", refresh=False)
        self._bar.n = self._done
        self._bar.refresh()

    def close(self, *, complete: bool = True) -> None:
        """Take the bar away and leave one line in its place, if there was a bar."""
        if self._bar is None:
            return
        self._bar.n = self._bar.total = self._done  # a notebook's bar that is not full stays, in red
        self._bar.close()
        self._bar = None
        seconds = self._clock() - self._began
        places = f" from {self._done:,} of {self._places:,} places" if self._places > 1 else ""
        state = "" if complete else " before it was stopped"
        line = (
            f"{self._what}: {self._rows:,} rows{places}, {self.requests:,} requests, {seconds:,.1f} s{state}"
        )
        print(line, file=sys.stderr if sys.stderr.isatty() else sys.stdout)


def _bar(what: str, places: int) -> Any:
    from tqdm.auto import tqdm

    shape = (
        "{desc}: {n_fmt}/{total_fmt} |{bar}| {elapsed}{postfix}"
        if places > 1
        else "{desc}: {elapsed}{postfix}"
    )
    bar = tqdm(total=places, desc=what, leave=False, bar_format=shape, unit="place")
    if places > 1 and hasattr(
        bar, "container"
    ):  # in a notebook, where long words would squeeze the bar to nothing
        _, middle, words = bar.container.children
        middle.layout.min_width, words.layout.flex = "120px", "none"
        bar.container.layout.flex_flow = "row wrap"
    return bar
