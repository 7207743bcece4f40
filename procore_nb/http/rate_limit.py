"""What Procore's limits allow: how many seconds to wait before the next request.

In: the rate-limit headers of every response, and the time. Out: seconds. Pure apart from its own count; never sleeps.

Procore counts requests in two windows, one of an hour and one of about ten seconds, and the headers of a response describe
whichever is nearer to running out: https://developers.procore.com/documentation/rate-limiting
"""

from __future__ import annotations

import math
import random
import re
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace

from procore_nb.responses import server_time

_BURST = 8  # requests before the first response has told the limits
_RESPONSE_DUE = 0.02  # seconds; requests under way may already be counted, their responses will show it
_LENGTH = {"spike": 10.0, "hour": 3600.0}  # seconds, as Procore describes its windows
_ROUNDING = 1.0  # the reset is given in whole seconds, rounded up or down
FARTHEST_CLOCK = 30 * 86_400.0  # seconds; further apart, one of two clocks was never set
_FARTHEST_RESET = 2 * 86_400.0  # seconds; a window ends within the hour, so a later reset is nonsense


@dataclass
class Window:
    """One counting window: how many requests it allows, how many are left, and when it starts anew (Unix seconds)."""

    limit: int
    remaining: int
    reset: float
    kind: str = "spike"
    """`hour` or `spike`."""


class RateLimiter:
    """Keeps all requests of one application within Procore's limits; one for all threads and fetches.

    Call `acquire` before each request and `update` with its response's headers, or `release` if none came.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._windows: dict[int, Window] = {}
        self._under_way = 0
        self._updated = False
        self._blocked_until = 0.0
        self._margin = 0.15
        self._received: deque[float] = deque(maxlen=2_000)  # when responses came
        self._length = _LENGTH["spike"]  # less, once a shorter one was seen
        self._clock_offset = _ClockOffset()
        self.requests = 0

    def acquire(self, now: float) -> float:
        """Return 0 and count one request as under way, or the seconds after which to try again."""
        with self._lock:
            if now < self._blocked_until:
                return self._blocked_until - now
            if not self._updated and self._under_way >= _BURST:
                return _RESPONSE_DUE
            wait = max((self._wait_for(window, now) for window in self._windows.values()), default=0.0)
            if wait <= 0:
                self._under_way += 1
                self.requests += 1
            return max(0.0, wait)

    def update(self, headers: Mapping[str, str], now: float, *, refused_for: float | None = None) -> None:
        """Take in the response to a request that was under way.

        `refused_for` is the number of seconds a 429 or 503 asks to wait; 0 for a 429 that does not say.
        """
        with self._lock:
            self._under_way -= 1
            self._updated = True
            # Threads may arrive here in another order than they looked at the clock.
            self._received.append(max(now, self._received[-1]) if self._received else now)
            self._clock_offset.update(server_time(headers), now)
            reported = _window(headers, now + self._clock_offset.seconds)
            for limit, window in list(self._windows.items()):
                if reported is None or limit != reported.limit:
                    window.remaining = max(0, window.remaining - 1)
                    if now >= self._reopens(window)[0]:
                        del self._windows[limit]
            if reported is not None:
                self._merge(reported)
            if refused_for == 0 and reported is None:
                # Nothing is known: until the first request of the last ten seconds no longer counts is the least guess.
                first = next((when for when in self._received if when > now - _LENGTH["spike"]), now)
                refused_for = max(1.0, first + _LENGTH["spike"] - now)
            if refused_for is not None:
                self._blocked_until = max(self._blocked_until, now + min(refused_for, _FARTHEST_RESET))
                self._margin = min(1.0, self._margin * 2)

    def release(self) -> None:
        """Count a request that got no response as no longer under way."""
        with self._lock:
            self._under_way -= 1

    def estimate(self, requests: int, now: float) -> float:
        """Return the least seconds in which so many more requests can be sent, as far as the windows are known."""
        with self._lock:
            waits = (
                _minimum_wait(self._on_our_clock(window), requests, now) for window in self._windows.values()
            )
            return max(waits, default=0.0)

    def windows(self, now: float) -> list[Window]:
        """Return the windows seen so far, with what is left in each now; the largest first."""
        with self._lock:
            seen = [self._on_our_clock(window) for _, window in sorted(self._windows.items(), reverse=True)]
            return [replace(one, remaining=one.limit) if now >= one.reset else one for one in seen]

    def is_idle(self, now: float) -> bool:
        """Return whether nothing that this limiter knows matters any more: no window is open, no refusal holds."""
        with self._lock:
            ends = [self._on_our_clock(window).reset + _ROUNDING for window in self._windows.values()]
            return not self._under_way and now >= max([self._blocked_until, *ends])

    def reset_after_fork(self) -> None:
        """In a forked process: keep what Procore said, leave the parent's lock and requests to the parent."""
        self._lock = threading.Lock()
        self._under_way = 0

    def _wait_for(self, window: Window, now: float) -> float:
        opens, by_own_count = self._reopens(window)
        if now >= opens:
            # A new window: what it allows is known from its first response only, as the other window may be nearer.
            return _RESPONSE_DUE if self._under_way and not by_own_count else 0.0
        if window.remaining <= 0:
            return opens - now
        return _RESPONSE_DUE if window.remaining - self._under_way <= 0 else 0.0

    def _reopens(self, window: Window) -> tuple[float, bool]:
        """Return when a used-up window lets the next request pass, and whether our own count says so."""
        reset = self._on_our_clock(window).reset
        if window.kind == "hour":
            return reset + _ROUNDING, False
        further = window.limit - self._under_way
        if not 0 < further <= len(self._received):
            return reset + self._margin, False
        # No more than `limit` in ten seconds by our own count is right whether windows stand on the clock, begin with a
        # request, or slide; where the reset shows another length, that counts.
        by_count = self._received[-further] + self._length
        if by_count < reset - 2 * _ROUNDING or (by_count > reset + _ROUNDING and not self._under_way):
            return reset + _ROUNDING, False
        return max(by_count, reset - _ROUNDING), True

    def _on_our_clock(self, window: Window) -> Window:
        return replace(window, reset=window.reset - self._clock_offset.seconds)

    def _merge(self, reported: Window) -> None:
        known = self._windows.get(reported.limit)
        if known is not None and known.kind == "hour":
            reported.kind = "hour"  # near its end an hour looks as short as the other window
        if known is None or reported.reset > known.reset:
            self._windows[reported.limit] = reported
            if known is not None and reported.kind == "spike" and reported.remaining == reported.limit - 1:
                # The first request of a new window, which cannot be longer than the time since the reset before.
                self._length = min(self._length, max(1.0, reported.reset - known.reset))
        elif reported.reset == known.reset:
            known.remaining = min(known.remaining, reported.remaining)


def backoff_seconds(attempt: int, *, chance: float | None = None) -> float:
    """Return the wait before try number `attempt` + 1 when Procore names none: doubling from half a second, jittered."""
    spread = random.random() if chance is None else chance
    return float(min(0.5 * 2 ** (attempt - 1), 20.0) * (0.5 + spread / 2))


class _ClockOffset:
    """How far Procore's clock is ahead of ours, from the Date of its responses, which comes in whole seconds."""

    def __init__(self) -> None:
        self._minimum, self._maximum = -math.inf, math.inf

    def update(self, server_now: float | None, now: float) -> None:
        """Take in what the server's clock showed when ours showed `now`."""
        if server_now is None or abs(ahead := server_now - now) > FARTHEST_CLOCK:
            return
        if not self._minimum - 5 < ahead < self._maximum + 5:  # one of the clocks was set
            self._minimum, self._maximum = -math.inf, math.inf
        self._minimum = max(self._minimum, ahead)
        self._maximum = min(self._maximum, ahead + 1.25)

    @property
    def seconds(self) -> float:
        """The least that Procore's clock can be ahead, so that no request comes early; 0 where both may well be the same."""
        return 0.0 if self._minimum <= 0 <= self._maximum else self._minimum


def _window(headers: Mapping[str, str], now: float) -> Window | None:
    texts = [headers.get(f"x-rate-limit-{name}", "") for name in ("limit", "remaining", "reset")]
    if not all(re.fullmatch(r"\s*[0-9]{1,12}(\.[0-9]+)?\s*", text) for text in texts):
        return None
    limit, remaining, reset = (float(text) for text in texts)
    if reset < 1e8:  # seconds from now, as some gateways send it
        reset += now
    if reset - now > _FARTHEST_RESET:
        return None
    return Window(int(limit), int(remaining), reset, "hour" if reset - now > 60 else "spike")


def _minimum_wait(window: Window, requests: int, now: float) -> float:
    left = window.remaining if now < window.reset else window.limit
    if requests <= left or window.limit <= 0:
        return 0.0
    length = _LENGTH[window.kind]
    further_windows = -(-(requests - left) // window.limit) - 1
    return max(0.0, window.reset - now) + further_windows * length
