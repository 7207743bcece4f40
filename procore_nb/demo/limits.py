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

from procore_nb.demo.http_messages import Headers


@dataclass(frozen=True)
class RateLimits:
    """How many calls an application may make: generous by default."""

    hourly: int = 500_000
    spike: int = 20_000
    hourly_seconds: int = 3_600
    spike_seconds: int = 10


class Meter:
    """Counts the calls of an application; safe between threads."""

    def __init__(self, limits: RateLimits) -> None:
        self._windows = ((limits.spike, limits.spike_seconds), (limits.hourly, limits.hourly_seconds))
        self._used: dict[tuple[int, int], int] = {}  # calls by limit and end of a window
        self._lock = ForkSafeLock()

    def spend(self, now: float) -> tuple[bool, Headers]:
        """Count one call at `now`: may it pass, and the headers of the reply."""
        with self._lock:
            current = [(limit, (int(now // seconds) + 1) * seconds) for limit, seconds in self._windows]
            used = {window: self._used.get(window, 0) for window in current}
            allowed = all(count < limit for (limit, _reset), count in used.items())
            self._used = {window: count + allowed for window, count in used.items()}
            # Two windows at 0: the one that opens later is the one to wait for.
            left, later, limit = min(
                (window[0] - count, -window[1], window[0]) for window, count in self._used.items()
            )
        values = {"Limit": limit, "Remaining": left, "Reset": -later}
        headers = [(f"X-Rate-Limit-{name}", str(value)) for name, value in values.items()]
        if not allowed:
            headers.append(("Retry-After", str(max(1, math.ceil(-later - now)))))
        return allowed, headers


class ForkSafeLock:
    """A lock that is made anew in a forked child: there, nobody is left to release what another thread held."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        _locks.add(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_error: object) -> None:
        self._lock.release()


_locks: weakref.WeakSet[ForkSafeLock] = weakref.WeakSet()


def _start_anew_in_child() -> None:
    for lock in list(_locks):
        lock._lock = threading.Lock()


if hasattr(os, "register_at_fork"):  # Windows knows no fork
    os.register_at_fork(after_in_child=_start_anew_in_child)
