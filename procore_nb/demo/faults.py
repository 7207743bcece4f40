"""What can go wrong, switched on for tests: deterministic by the number of the request, a rule, or a seed.

In: the number of an API request (1 for the first) and the request. Out: the faults that befall it. The token endpoint has
no faults.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from procore_nb.demo.http_messages import DemoRequest

Rule = Callable[[int, DemoRequest], bool]

KINDS = {
    "slow": "the reply leaves `value` seconds late",
    "busy": "429 with Retry-After of `value` seconds",
    "busy_no_retry_after": "429, only X-Rate-Limit-Reset says `value` seconds",
    "busy_no_headers": "429, nothing says when to come back",
    "unavailable": "503 as HTML with Retry-After of `value` seconds",
    "broken": "500",
    "dropped": "the connection closes in the middle of the body",
    "silent": "the connection closes before any reply",
    "cut": "the JSON ends half-way",
    "html": "200 with an HTML page",
    "revoked": "every token ends before the request is looked at",
    "inserted": "lists have `value` new rows at their head",
    "removed": "lists have lost their first `value` rows",
    "repeated": "each page but the first begins with the last row of the page before",
    "clamped": "pages have at most `value` rows",
    "no_total": "the header Total is missing",
    "no_link": "the header Link is missing",
    "wrong_total": "the header Total says `value` more than there is",
}
_DEFAULTS = {"slow": 0.15, "clamped": 10.0}


@dataclass(frozen=True)
class Fault:
    """One thing going wrong; what `value` means depends on the kind, see `KINDS`."""

    kind: str
    value: float = 1.0


@dataclass(frozen=True)
class Faults:
    """Which requests meet which faults. Each method gives a new value with one more rule.

    Examples
    --------
    >>> faults = Faults().on(2, "broken").after(4, "inserted").always("slow", 0.15)
    >>> [fault.kind for fault in faults.at(2, DemoRequest("GET", "/"))]
    ['broken', 'slow']
    """

    rules: tuple[tuple[Rule, Fault], ...] = ()

    def when(self, rule: Rule, kind: str, value: float | None = None) -> Faults:
        """Requests for which `rule(number, request)` is true."""
        if kind not in KINDS:
            raise ValueError(f"No fault is called {kind!r}; there are {', '.join(KINDS)}.")
        fault = Fault(kind, _DEFAULTS.get(kind, 1.0) if value is None else value)
        return Faults((*self.rules, (rule, fault)))

    def on(self, numbers: int | tuple[int, ...], kind: str, value: float | None = None) -> Faults:
        """Requests of these numbers."""
        wanted = {numbers} if isinstance(numbers, int) else set(numbers)
        return self.when(lambda number, _request: number in wanted, kind, value)

    def after(self, count: int, kind: str, value: float | None = None) -> Faults:
        """Every request once `count` have come."""
        return self.when(lambda number, _request: number > count, kind, value)

    def always(self, kind: str, value: float | None = None) -> Faults:
        """Every request."""
        return self.when(lambda _number, _request: True, kind, value)

    def sometimes(self, share: float, kind: str, value: float | None = None, *, seed: int = 1) -> Faults:
        """A share of the requests (0 to 1), chosen by seed and number."""

        def chosen(number: int, _request: DemoRequest) -> bool:
            return random.Random(f"{seed}:{kind}:{number}").random() < share

        return self.when(chosen, kind, value)

    def at(self, number: int, request: DemoRequest) -> tuple[Fault, ...]:
        """Faults that befall one request."""
        return tuple(fault for rule, fault in self.rules if rule(number, request))


def value_of(faults: tuple[Fault, ...], kind: str) -> float | None:
    """Value of the first fault of a kind, or None if it is not among them."""
    return next((fault.value for fault in faults if fault.kind == kind), None)
