"""Looks for a text in everything an error drags along: messages, arguments, and the values in every frame.

The way a notebook's verbose traceback would show it: `repr` of each local, of errors, their causes and contexts.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from types import FrameType, TracebackType


def shown_anywhere(error: BaseException, *texts: str) -> list[str]:
    """Places from which one of the texts can be read; empty is good."""
    found = []
    for one in related(error):
        shown = [("message", str(one)), ("repr", repr(one)), ("attributes", repr(vars(one)))]
        shown += [("traceback", "".join(traceback.format_exception(one)))]
        for frame in frames(one.__traceback__):
            where = f"{frame.f_code.co_filename}:{frame.f_code.co_name}"
            if "/tests/" not in where:
                shown += [(f"{where} {name}", _repr(value)) for name, value in frame.f_locals.items()]
        found += [
            f"{type(one).__name__}: {where}" for where, what in shown if any(text in what for text in texts)
        ]
    return found


def related(error: BaseException | None) -> Iterator[BaseException]:
    """The error, its causes and contexts, and the errors among their arguments."""
    seen: set[int] = set()
    pending: list[object] = [error]
    while pending:
        one = pending.pop()
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            yield one
            pending += [one.__cause__, one.__context__, *one.args]
            pending += [getattr(one, "reason", None)]


def frames(trace: TracebackType | None) -> Iterator[FrameType]:
    while trace is not None:
        yield trace.tb_frame
        trace = trace.tb_next


def _repr(value: object) -> str:
    try:
        own = repr(value)
    except Exception as broken:
        own = f"<{broken!r}>"
    # One step further, as a debugger would: the plain attributes of an object.
    inside = getattr(value, "__dict__", None)
    return own + (repr(inside) if isinstance(inside, dict) and not isinstance(value, type) else "")
