"""One line that shows how a long fetch goes on, and one line when it is over.

In: what the fetch reports. Out: a bar in notebooks and terminals (tqdm), after a second; nothing for short ones.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from procore_nb.fetch import Observer

ProgressMaker = Callable[[str, int], "Progress"]  # from the name of the list, and how many targets
_QUIET_SECONDS = 1.0  # seconds a fetch may take before it is worth a line
_REDRAW = 0.1  # seconds between two drawings
_LONGEST_SHOWN = 1e9  # seconds; no clock shows the end of a wait of thousands of years
_REDRAW_IN_A_FILE = 5.0  # where each drawing stays as a line of its own


class Progress(Observer):
    """Follows one fetch of `targets` (projects, or another `noun`). Worker threads only count; the calling thread draws."""

    def __init__(
        self,
        what: str,
        *,
        targets: int = 1,
        noun: str = "targets",
        show: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._what, self._targets, self._noun = what, targets, noun
        self._show, self._clock, self._lock = show, clock, threading.Lock()
        self._began = clock()
        self._next = self._began + _QUIET_SECONDS
        self._redraw = _REDRAW
        self.requests = self._rows = self._done = 0
        self._wait_text, self._until = "", 0.0
        self._bar: Any = None
        self._shown: Any = None  # where a notebook shows the bar; None in a terminal

    def request_sent(self) -> None:
        """Count one request."""
        with self._lock:
            self.requests += 1

    def page_received(self, rows: int) -> None:
        """Count the rows of one page."""
        with self._lock:
            self._rows += rows

    def waiting(self, seconds: float, reason: str) -> None:
        """Remember that the fetch waits, why, and until when."""
        until = datetime.fromtimestamp(time.time() + min(seconds, _LONGEST_SHOWN)).strftime("%H:%M:%S")
        with self._lock:
            self._until = self._clock() + seconds
            self._wait_text = f"waiting until {until}: {reason}"

    def target_done(self) -> None:
        """Count one target as complete."""
        self._done += 1

    def tick(self) -> None:
        """Draw, if the fetch has become worth a line; called in the calling thread.

        `Cancelled` raised here ends the fetch: what had come is kept.
        """
        now = self._clock()
        if not self._show or now < self._next:
            return
        if self._bar is None:
            self._bar = _bar(self._what, self._targets, self._noun)
            self._shown = _show(self._bar)
            self._bar.start_t -= now - self._began
            # In a notebook or a terminal a drawing takes the place of the one before, in a file it does not.
            own_place = hasattr(self._bar, "container") or getattr(self._bar.fp, "isatty", bool)()
            self._redraw = _REDRAW if own_place else _REDRAW_IN_A_FILE
        self._next = now + self._redraw
        with self._lock:
            wait = f"{self._wait_text}, " if self._clock() < self._until else ""
            self._bar.set_postfix_str(self._status(wait), refresh=False)
        self._bar.n = self._done
        self._bar.refresh()

    def close(self, *, complete: bool = True) -> None:
        """Take the bar away and leave one line in its place, if there was a bar."""
        if self._bar is None:
            return
        bar, self._bar = self._bar, None
        bar.n = bar.total = self._done  # a notebook's bar that is not full stays, in red
        bar.close()
        seconds = self._clock() - self._began
        done = f"{self._done:,}" if self._done == self._targets else f"{self._done:,} of {self._targets:,}"
        state = "" if complete else " before it was stopped"
        line = f"{self._what}: {self._counts(done)}, {seconds:,.1f} s{state}"
        if self._shown is not None:  # the bar's own place, so that a saved notebook does not keep "0/172"
            self._shown.update({"text/plain": line}, raw=True)
        else:
            print(line, file=sys.stderr)  # stdout may be a file of data

    def _status(self, wait: str) -> str:
        """The text beside the bar; `wait` is what the fetch waits for."""
        return f"{counted(self._rows, 'row')}, {wait}{counted(self.requests, 'request')}"

    def _counts(self, done: str) -> str:
        targets = f" from {done} {self._noun}" if self._targets > 1 else ""
        return f"{counted(self._rows, 'row')}{targets}, {counted(self.requests, 'request')}"


class TransferProgress(Progress):
    """Follows a download of so many files, of `expected` bytes as far as their records say."""

    def __init__(
        self, what: str, *, targets: int, expected: int = 0, show: bool = True, **settings: Any
    ) -> None:
        super().__init__(what, targets=targets, noun="files", show=show, **settings)
        self._expected = expected
        self._bytes = 0

    def bytes_received(self, count: int) -> None:
        """Count bytes of a body."""
        with self._lock:
            self._bytes += count

    def seconds_left(self) -> float | None:
        """How long it still takes, by what has come; None before anything has."""
        part = self._done / self._targets if self._targets else 0.0
        if self._expected > self._bytes:
            part = max(part, self._bytes / self._expected)
        return (self._clock() - self._began) * (1 - part) / part if part else None

    def _status(self, wait: str) -> str:
        seconds = max(self._clock() - self._began, 1e-3)
        left = self.seconds_left()
        shown = f"{size_text(self._bytes)}, {size_text(self._bytes / seconds)}/s"
        return wait + shown + ("" if left is None else f", {duration_text(left)} left")

    def _counts(self, done: str) -> str:
        return f"{done} {self._noun}, {size_text(self._bytes)}, {counted(self.requests, 'request')}"


def size_text(size: float) -> str:
    """Return a number of bytes in few digits: `812 bytes`, `1.5 MB`."""
    for unit, one in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= one:
            return f"{size / one:,.1f} {unit}"
    return f"{size:,.0f} bytes"


def duration_text(seconds: float) -> str:
    """Return a length of time in few digits: `45 s`, `12 min`, `3.5 h`."""
    if seconds < 90:
        return f"{seconds:,.0f} s"
    return f"{seconds / 60:,.0f} min" if seconds < 5400 else f"{seconds / 3600:,.1f} h"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 row`, `1,200 rows`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def announce(line: str) -> None:
    """Write a line about what begins: a notebook shows standard error in red, elsewhere standard output may be data."""
    print(line, file=sys.stdout if _in_notebook() else sys.stderr)


def _in_notebook() -> bool:
    from tqdm.auto import tqdm
    from tqdm.notebook import tqdm_notebook

    return issubclass(tqdm, tqdm_notebook)


def _bar(what: str, targets: int, noun: str) -> Any:
    from tqdm.auto import tqdm

    # A notebook draws a bar of its own, which has no width in letters, and `_show` shows it.
    width, hidden = ("{bar}", {"display": False}) if _in_notebook() else ("{bar:10}", {})
    counts = "{n_fmt}/{total_fmt} " + f"{noun} |{width}| " if targets > 1 else ""
    shape = "{desc}: " + counts + "{elapsed}{postfix}"
    settings: Any = {"bar_format": shape, "unit": "target", **hidden}
    return tqdm(total=targets, desc=what, leave=False, **settings)


def _show(bar: Any) -> Any:
    """Where a notebook shows the bar, so that the closing line can take its place; None in a terminal."""
    if not hasattr(bar, "container"):
        return None
    from IPython import display

    _, middle, words = bar.container.children
    # Long words would squeeze the bar to nothing.
    middle.layout.min_width, words.layout.flex = "120px", "none"
    bar.container.layout.flex_flow = "row wrap"
    return display.display(bar.container, display_id=True)  # type: ignore[no-untyped-call]
