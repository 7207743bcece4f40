"""What can go wrong, switched on for tests: deterministic by the number of the request, a rule, or a seed.

In: the number of an API request (1 for the first) and the request. Out: the faults that apply to it. The token endpoint has
no faults.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import reduce

from procore_nb.demo.company import read_facts
from procore_nb.demo.http_messages import DemoReply, DemoRequest, ErrorReply
from procore_nb.errors import ArgumentError

Rule = Callable[[int, DemoRequest], bool]

# Each kind, what it does and its usual value.
_KINDS: dict[str, tuple[str, float]] = read_facts("faults")
KINDS = {kind: meaning for kind, (meaning, _usual) in _KINDS.items()}


@dataclass(frozen=True)
class Faults:
    """Which requests meet which faults. Each method gives a new value with one more rule.

    Examples
    --------
    >>> faults = Faults().on(2, "broken").after(4, "inserted").always("slow", 0.15)
    >>> faults.at(2, DemoRequest("GET", "/"))
    {'broken': 1.0, 'slow': 0.15}
    """

    rules: tuple[tuple[Rule, str, float], ...] = ()

    def when(self, rule: Rule, kind: str, value: float | None = None) -> Faults:
        """Requests for which `rule(number, request)` is true."""
        if kind not in KINDS:
            raise ArgumentError(f"No fault is called {kind!r}.", advice=f"There are {', '.join(KINDS)}.")
        return Faults((*self.rules, (rule, kind, _KINDS[kind][1] if value is None else value)))

    def on(self, numbers: int | tuple[int, ...], kind: str, value: float | None = None) -> Faults:
        """Requests of these numbers."""
        hit = {numbers} if isinstance(numbers, int) else set(numbers)
        return self.when(lambda number, _request: number in hit, kind, value)

    def after(self, count: int, kind: str, value: float | None = None) -> Faults:
        """Every request once `count` have come."""
        return self.when(lambda number, _request: number > count, kind, value)

    def always(self, kind: str, value: float | None = None) -> Faults:
        """Every request."""
        return self.when(lambda _number, _request: True, kind, value)

    def sometimes(self, share: float, kind: str, value: float | None = None, *, seed: int = 1) -> Faults:
        """A share of the requests (0 to 1), chosen by seed and number."""

        def rule(number: int, _request: DemoRequest) -> bool:
            return random.Random(f"{seed}:{kind}:{number}").random() < share

        return self.when(rule, kind, value)

    def at(self, number: int, request: DemoRequest) -> dict[str, float]:
        """Value of each kind that applies to one request: delays add up, of the others the first counts."""
        values: dict[str, float] = {}
        for rule, kind, value in self.rules:
            if rule(number, request):
                values[kind] = values.get(kind, 0.0) + value if kind == "slow" else values.get(kind, value)
        return values


_PAGE = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


def inject(faults: Mapping[str, float], now: float, answer: Callable[[], DemoReply]) -> DemoReply:
    """Reply of `answer`, or the one a fault puts in its place; `answer` is not called when it is replaced."""
    replacements = (_replacement(kind, value, now) for kind, value in faults.items())
    reply = next(filter(None, replacements), None) or _damaged(faults, answer())
    return replace(reply, delay_seconds=faults.get("slow", 0.0))


def _replacement(kind: str, seconds: float, now: float) -> DemoReply | None:
    wait = [("Retry-After", str(math.ceil(seconds)))]
    reset = str(math.ceil(now + seconds))
    limit = [("X-Rate-Limit-Limit", "25"), ("X-Rate-Limit-Remaining", "0"), ("X-Rate-Limit-Reset", reset)]
    busy = {"busy": limit + wait, "busy_no_retry_after": limit, "busy_no_headers": []}
    if kind in busy:
        return ErrorReply(429, "Too many requests", loose=True, headers=busy[kind]).reply(v2=False)
    if kind == "broken":
        return ErrorReply(500, "Something went wrong.").reply(v2=False)
    pages = {"unavailable": (503, "Service Unavailable", wait), "html": (200, "Just a moment", [])}
    if kind not in pages:
        return None
    status, title, headers = pages[kind]
    return DemoReply(status, [("Content-Type", "text/html"), *headers], _PAGE.format(title).encode())


def _damaged(faults: Mapping[str, float], reply: DemoReply) -> DemoReply:
    headers = dict(reply.headers)
    if "Total" in headers:
        headers["Total"] = str(int(headers["Total"]) + int(faults.get("wrong_total", 0)))
    for kind, name in (("no_total", "Total"), ("no_link", "Link")):
        if kind in faults:
            headers.pop(name, None)
    reply = replace(reply, headers=list(headers.items()), silent="silent" in faults)
    if "cut" in faults:
        reply = replace(reply, body=reply.body[: len(reply.body) // 2])
    if "dropped" in faults:  # the length is that of the whole body
        reply = replace(reply.sized(), body=reply.body[: len(reply.body) // 2])
    return reply


_FAULT = re.compile(
    r"(?P<kind>[a-z_]+)(=(?P<value>\d+(\.\d+)?))?"
    r"(@(?P<when>(?P<share>\d+(\.\d+)?)%|(?P<first>[1-9]\d*)\+|(?P<numbers>[1-9]\d*(,[1-9]\d*)*)|[\d.,+%]+))?"
)
_HOW = "Write KIND, KIND=VALUE or KIND=VALUE@WHEN; WHEN is 3, 2,5 (these requests), 4+ (the fourth and later) or 10%."


def read_faults(texts: Iterable[str]) -> Faults:
    """Faults of texts: KIND, KIND=VALUE, KIND@WHEN or KIND=VALUE@WHEN, where WHEN numbers API requests.

    Examples
    --------
    >>> from procore_nb.demo import DemoRequest
    >>> faults = read_faults(["slow=0.5", "revoked@3"])
    >>> faults.at(3, DemoRequest("GET", "/"))
    {'slow': 0.5, 'revoked': 1.0}
    """
    return reduce(_with_text, texts, Faults())


def _with_text(faults: Faults, text: str) -> Faults:
    match = _FAULT.fullmatch(text.strip())
    if match is None:
        raise ArgumentError(f"{text!r} is not a fault.", advice=_HOW)
    kind, value = match["kind"], float(match["value"]) if match["value"] else None
    if match["share"] and float(match["share"]) <= 100:
        return faults.sometimes(float(match["share"]) / 100, kind, value)
    if match["first"]:
        return faults.after(int(match["first"]) - 1, kind, value)
    if match["numbers"]:
        return faults.on(tuple(map(int, match["numbers"].split(","))), kind, value)
    if match["when"]:
        raise ArgumentError(f"{text!r} does not say when: {match['when']!r}.", advice=_HOW)
    return faults.always(kind, value)
