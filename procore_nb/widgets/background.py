"""Fetches beside the kernel's own thread: the task, its progress in a form, and the message that says how it ended.

In: a job, what the fetch reports, its frame or error. Out: nothing, or the arguments of a status message. The job shows its own
result. A second start while one is under way is refused, which makes double clicks harmless.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from typing import Any

import pandas as pd

from procore_nb.errors import ProcoreError
from procore_nb.fetch import Cancelled
from procore_nb.progress import Progress, counted


class BackgroundTask:
    """Runs one job at a time in a thread; `on_change(True)` when it begins, `(False)` when it ended, `on_error` in it."""

    def __init__(self, on_change: Callable[[bool], None], on_error: Callable[[BaseException], None]) -> None:
        self._on_change = on_change
        self._on_error = on_error
        self._running = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self, job: Callable[[], None]) -> bool:
        """Begin a job; False, and nothing else, when one is under way."""
        if not self._running.acquire(blocking=False):
            return False
        self._on_change(True)
        self._thread = threading.Thread(target=self._run, args=(job,), name="procore_nb form", daemon=True)
        self._thread.start()
        return True

    @property
    def busy(self) -> bool:
        """Whether a job is under way."""
        return self._running.locked()

    def wait(self, timeout_seconds: float | None = None) -> bool:
        """Wait until the job is done; False when it still runs."""
        thread = self._thread
        if thread is None or thread is threading.current_thread():  # an observer in the job reads the result
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
                self._running.release()


_REPORT_SECONDS = 0.25  # between two reports to the browser


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
        self._report, self._stop = show, stop
        self._next = self._began

    def tick(self) -> None:
        """Report to the form, and cancel the fetch when Stop was pressed: the rows that were fetched are kept."""
        if self._stop.is_set():
            raise Cancelled
        now = self._clock()
        if now < self._next:
            return
        self._next = now + _REPORT_SECONDS
        with self._lock:
            waiting = f"; {self._wait_text}" if now < self._until else ""
            counts = f"{counted(self._rows, 'row')}, {counted(self.requests, 'request')}{waiting}"
        several = self._targets > 1
        done = f"{self._done:,} of {self._targets:,} targets, " if several else ""
        self._report(f"{self._what}: {done}{counts}", self._done / self._targets if several else None)


_MOST_SKIPPED = 5  # skipped targets that are named
_ROWS_OF = "Below, and in explorer.frame, are still the rows of:"
# The end of an advice for programs; a form shows where the rows are instead.
_PARTIAL_ADVICE = re.compile(r" ?[\d,]+ rows had come: error\.partial\..*$")


def complete_message(frame: pd.DataFrame, *, filtered: bool) -> dict[str, Any]:
    """The message for a whole frame: its size, or that it is empty, and the skipped targets."""
    info = frame.attrs["procore"]
    counts = {"row": len(frame), "column": frame.shape[1], "request": info["requests"]}
    text = ", ".join(counted(number, noun) for noun, number in counts.items())
    text += ". The frame is explorer.frame."
    if frame.empty:
        text = "The list is empty: no row fits." if filtered else "The list is empty."
    skipped = info["skipped"]
    if skipped:
        text += f" {counted(len(skipped), 'target')} skipped:"
    steps: list[dict[str, Any]] = []
    for target in skipped[:_MOST_SKIPPED]:
        step, project = target["target"], target.get("project_name")
        if project:  # people know it better than the id, and a form has little room for both
            step = step.replace(f"project_id {target['project_id']}", project)
        steps.append({"step": step, "ok": False, "detail": target["reason"]})
    if len(skipped) > _MOST_SKIPPED:
        steps.append({"step": "", "ok": None, "detail": f"and {len(skipped) - _MOST_SKIPPED:,} more"})
    return {"text": text, "level": "warning" if skipped or frame.empty else "done", "steps": steps}


def failure_message(
    error: ProcoreError, partial: pd.DataFrame | None, *, stopped: bool, shown_line: str
) -> dict[str, Any]:
    """The message for a fetch that ended early; `shown_line` gives the rows of an earlier one, if they are still shown."""
    rows = (
        ""
        if partial is None
        else counted(len(partial), "row") + " that had come are below and in explorer.frame."
    )
    if stopped and shown_line and not rows:
        text = f"Stopped before any row came. {_ROWS_OF}"
        return {"text": text, "level": "warning", "advice": shown_line}
    if stopped:
        return {"text": "Stopped. " + (rows or "No row had come."), "level": "warning"}
    rows = rows or ("Below are still the rows of the fetch before." if shown_line else "")
    advice = _PARTIAL_ADVICE.sub("", error.advice)
    return {"text": error.message, "level": "error", "advice": f"{advice} {rows}".strip()}


def outdated_message(shown_line: str) -> dict[str, Any]:
    """The message when the rows shown are no longer those of the fields."""
    return {"text": f"Press Fetch for what is chosen now. {_ROWS_OF}", "level": "info", "advice": shown_line}


def announcement(requests: int, seconds: float) -> dict[str, Any]:
    """The message before a fetch that takes long."""
    size = f"{counted(requests, 'request')}, about {counted(max(1, round(seconds / 60)), 'minute')}"
    text = f"This fetch takes at least {size}. Press Fetch again to start it."
    advice = "Fewer projects or parents take fewer requests."
    return {"text": text, "level": "warning", "advice": advice}
