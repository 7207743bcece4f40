"""Eight askers, one counting server and a rate_limiter, on a clock of events: exact, and without waiting.

Latency is the way there and back; the server counts a request when it arrives, half-way.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Protocol

from procore_nb.http.rate_limit import RateLimiter

Headers = dict[str, str]


class Server(Protocol):
    def ask(self, now: float) -> tuple[bool, Headers]: ...
    def opens(self, now: float) -> float: ...


def _headers(
    limit: int,
    remaining: int,
    reset: float,
    now: float,
    *,
    dated: bool,
    rounded: Callable[[float], int] = math.ceil,
) -> Headers:
    told = {
        "x-rate-limit-limit": str(limit),
        "x-rate-limit-remaining": str(max(0, remaining)),
        "x-rate-limit-reset": str(rounded(reset)),
    }
    return told | ({"date": formatdate(math.floor(now), usegmt=True)} if dated else {})


@dataclass
class Fixed:
    """Windows that begin at whole multiples of their length; `ahead` is how far the server's clock is ahead of ours."""

    limits: tuple[tuple[int, int], ...] = ((25, 10),)
    ahead: float = 0.0
    dated: bool = True
    counts: dict[tuple[int, int], int] = field(default_factory=dict)

    def _state(self, now: float) -> list[tuple[int, int, float, tuple[int, int]]]:
        there = now + self.ahead
        state = []
        for limit, seconds in self.limits:
            window = (seconds, int(there // seconds))
            state.append((limit - self.counts.get(window, 0), limit, (window[1] + 1) * seconds, window))
        return state

    def ask(self, now: float) -> tuple[bool, Headers]:
        allowed = all(left > 0 for left, *_ in self._state(now))
        if allowed:
            for *_, window in self._state(now):
                self.counts[window] = self.counts.get(window, 0) + 1
        left, limit, reset, _ = min(self._state(now), key=lambda one: (one[0], -one[2]))
        return allowed, _headers(limit, left, reset, now + self.ahead, dated=self.dated)

    def opens(self, now: float) -> float:
        return max((reset - self.ahead for left, _, reset, _ in self._state(now) if left <= 0), default=now)


@dataclass
class Sliding:
    """The last `seconds` seconds count; Reset names when the next request is allowed, or when all are."""

    limit: int = 25
    seconds: int = 10
    whole: bool = False
    dated: bool = True
    rounded: Callable[[float], int] = math.ceil
    came: deque[float] = field(default_factory=deque)

    def _forget(self, now: float) -> None:
        while self.came and self.came[0] <= now - self.seconds:
            self.came.popleft()

    def ask(self, now: float) -> tuple[bool, Headers]:
        self._forget(now)
        allowed = len(self.came) < self.limit
        if allowed:
            self.came.append(now)
        reset = (self.came[-1] if self.whole else self.came[0]) + self.seconds
        left = self.limit - len(self.came)
        return allowed, _headers(self.limit, left, reset, now, dated=self.dated, rounded=self.rounded)

    def opens(self, now: float) -> float:
        self._forget(now)
        return now if len(self.came) < self.limit else self.came[0] + self.seconds


@dataclass
class FromFirst:
    """A window begins with its first request."""

    limit: int = 25
    seconds: int = 10
    rounded: Callable[[float], int] = math.ceil
    began: float = -math.inf
    count: int = 0

    def ask(self, now: float) -> tuple[bool, Headers]:
        if now >= self.began + self.seconds:
            self.began, self.count = now, 0
        allowed = self.count < self.limit
        self.count += allowed
        reset = self.began + self.seconds
        return allowed, _headers(
            self.limit, self.limit - self.count, reset, now, dated=True, rounded=self.rounded
        )

    def opens(self, now: float) -> float:
        over = self.began + self.seconds
        return now if self.count < self.limit or now >= over else over


@dataclass
class Outcome:
    seconds: float = 0.0
    refused: int = 0
    sent: int = 0


class Knowing:
    """A rate_limiter that knows the server: what the limits allow at best."""

    def __init__(self, server: Server, latency: float) -> None:
        self._server, self._latency = server, latency

    def acquire(self, now: float) -> float:
        # What is on the way was counted when it left, as `run` asks the server for the optimum then.
        wait = self._server.opens(now + self._latency / 2) - now - self._latency / 2
        return wait if wait > 1e-6 else 0.0

    def update(self, headers: Headers, now: float, *, refused_for: float | None = None) -> None:
        """Knows already."""


def run(
    server: Server,
    *,
    requests: int = 120,
    workers: int = 8,
    latency: float = 0.15,
    start: float = 1_800_000_000.0,
    rate_limiter: RateLimiter | Knowing | None = None,
    others: Callable[[float], int] = lambda now: 0,
) -> Outcome:
    """Send so many requests; `others` is how many a program with the same client id sends at each of ours."""
    rate_limiter = rate_limiter or RateLimiter()
    early = isinstance(rate_limiter, Knowing)
    outcome, order, left = Outcome(), 0, requests
    events: list[tuple[float, int, str, object]] = [
        (start, number, "free", None) for number in range(workers)
    ]
    order = workers
    for _ in range(200_000):
        if not events:
            return outcome
        now, _, what, held = heapq.heappop(events)
        order += 1
        if what == "free":
            if left <= 0:
                continue
            wait = rate_limiter.acquire(now)
            if wait > 0:
                heapq.heappush(events, (now + max(wait, 1e-4), order, "free", None))
                continue
            left -= 1
            outcome.sent += 1
            answer = server.ask(now + latency / 2) if early else None
            heapq.heappush(events, (now + latency / 2, order, "arrives", answer))
        elif what == "arrives":
            for _ in range(others(now)):
                server.ask(now)
            heapq.heappush(events, (now + latency / 2, order, "back", held or server.ask(now)))
        else:
            allowed, headers = held  # type: ignore[misc]
            after = 0.0
            if not allowed:
                outcome.refused += 1
                left += 1
                after = max(1.0, float(headers["x-rate-limit-reset"]) - now - getattr(server, "ahead", 0.0))
            rate_limiter.update(headers, now, refused_for=None if allowed else after)
            outcome.seconds = now - start
            heapq.heappush(events, (now + after, order, "free", None))
    raise AssertionError("the walk never ends")
