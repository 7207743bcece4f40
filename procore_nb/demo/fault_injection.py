"""Faults put to work: replies replaced, cut or delayed.

In: the faults of one request, and the reply it would have had. Out: the reply it gets.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from procore_nb.demo.faults import Fault, value_of
from procore_nb.demo.http_messages import DemoReply, json_reply

_PAGE = b"<!DOCTYPE html><html><head><title>%b</title></head><body><h1>%b</h1></body></html>"


def inject(faults: tuple[Fault, ...], now: float, answer: Callable[[], DemoReply]) -> DemoReply:
    """Reply of `answer`, or the one a fault puts in its place; `answer` is not called when it is replaced."""
    reply = next((made for fault in faults if (made := _instead(fault, now)) is not None), None)
    reply = _changed(faults, answer()) if reply is None else reply
    delay = sum(fault.value for fault in faults if fault.kind == "slow")
    return replace(reply, delay_seconds=delay) if delay else reply


def _instead(fault: Fault, now: float) -> DemoReply | None:
    if fault.kind.startswith("busy"):
        return _busy(fault, now)
    if fault.kind == "unavailable":
        return _html(503, b"Service Unavailable", [("Retry-After", _seconds(fault.value))])
    if fault.kind == "broken":
        body = {"code": 500, "message": "Something went wrong.", "fields": "", "reason": "", "error": ""}
        return json_reply(body, status=500)
    return _html(200, b"Just a moment", []) if fault.kind == "html" else None


def _busy(fault: Fault, now: float) -> DemoReply:
    headers = []
    if fault.kind != "busy_no_headers":
        reset = math.ceil(now + fault.value)
        headers = [
            ("X-Rate-Limit-Limit", "25"),
            ("X-Rate-Limit-Remaining", "0"),
            ("X-Rate-Limit-Reset", str(reset)),
        ]
    if fault.kind == "busy":
        headers.append(("Retry-After", _seconds(fault.value)))
    return json_reply({"errors": "Too many requests"}, status=429, headers=headers)


def _changed(faults: tuple[Fault, ...], reply: DemoReply) -> DemoReply:
    if value_of(faults, "cut") is not None:
        reply = replace(reply, body=reply.body[: len(reply.body) // 2])
    if value_of(faults, "dropped") is not None:
        reply = replace(reply, dropped=True)
    if value_of(faults, "silent") is not None:
        reply = replace(reply, silent=True)
    missing = {"no_total": "Total", "no_link": "Link"}
    absent = {name for kind, name in missing.items() if value_of(faults, kind) is not None}
    more = value_of(faults, "wrong_total")
    if not absent and more is None:
        return reply
    headers = [(name, value) for name, value in reply.headers if name not in absent]
    if more is not None:
        headers = [(n, str(int(v) + int(more)) if n == "Total" else v) for n, v in headers]
    return replace(reply, headers=headers)


def _html(status: int, title: bytes, headers: list[tuple[str, str]]) -> DemoReply:
    return DemoReply(status, [("Content-Type", "text/html"), *headers], _PAGE % (title, title))


def _seconds(value: float) -> str:
    return str(math.ceil(value))
