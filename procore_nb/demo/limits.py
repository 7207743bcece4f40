"""The two rate-limit windows of an application: an hour, and a spike window of ten seconds; the lock that guards such counts.

In: the time of a call. Out: whether it may pass, and the three headers that describe the window nearer to running out.
Source: https://developers.procore.com/documentation/rate-limiting. Windows are fixed and begin at whole multiples of
their length in Unix time, so that `X-Rate-Limit-Reset` (whole seconds) is exact.
"""

from __future__ import annotations

import math
import os
import threading
import weakref
from dataclasses import dataclass
from types import TracebackType

from procore_nb.demo.http_messages import Headers


@dataclass(frozen=True)
class RateLimits:
    """How many calls an application may make: generous by default."""

    hourly: int = 500_000
    spike: int = 20_000
    hourly_seconds: int = 3_600
    spike_seconds: int = 10


@dataclass
class _Window:
    limit: int
    seconds: int
    began: int = 0
    used: int = 0

    def roll(self, now: float) -> None:
        began = int(now // self.seconds) * self.seconds
        if began != self.began:
            self.began, self.used = began, 0

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)

    @property
    def reset(self) -> int:
        return self.began + self.seconds


class Meter:
    """Counts the calls of one application; safe between threads."""

    def __init__(self, limits: RateLimits) -> None:
        self._windows = (
            _Window(limits.spike, limits.spike_seconds),
            _Window(limits.hourly, limits.hourly_seconds),
        )
        self._lock = ForkSafeLock()

    def spend(self, now: float) -> tuple[bool, Headers]:
        """Count one call at `now`: may it pass, and the headers of the reply."""
        with self._lock:
            for window in self._windows:
                window.roll(now)
            allowed = all(window.remaining for window in self._windows)
            if allowed:
                for window in self._windows:
                    window.used += 1
            return allowed, self._headers(now, allowed=allowed)

    def _headers(self, now: float, *, allowed: bool) -> Headers:
        # Two windows at 0: the one that opens later is the one to wait for.
        nearer = min(self._windows, key=lambda window: (window.remaining, -window.reset))
        headers = [
            ("X-Rate-Limit-Limit", str(nearer.limit)),
            ("X-Rate-Limit-Remaining", str(nearer.remaining)),
            ("X-Rate-Limit-Reset", str(nearer.reset)),
        ]
        if not allowed:
            headers.append(("Retry-After", str(max(1, math.ceil(nearer.reset - now)))))
        return headers


class ForkSafeLock:
    """A lock that is made anew in a forked child: there, nobody is left to release what another thread held."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        _locks.add(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()

    def start_anew(self) -> None:
        """Replace the lock, in a process that has one thread only."""
        self._lock = threading.Lock()


_locks: weakref.WeakSet[ForkSafeLock] = weakref.WeakSet()


def _start_anew_in_child() -> None:
    for lock in list(_locks):
        lock.start_anew()


if hasattr(os, "register_at_fork"):  # Windows knows no fork
    os.register_at_fork(after_in_child=_start_anew_in_child)
