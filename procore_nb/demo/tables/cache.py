"""What is known of a project, worked out once and kept for a while.

In: a function from a context to a value that depends on the project alone. Out: the same function, remembering the
projects it was last asked about; safe between threads.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from procore_nb.demo.fork_safe_lock import ForkSafeLock
from procore_nb.demo.tables.request_context import RequestContext

T = TypeVar("T")


def per_project(keep: int) -> Callable[[Callable[[RequestContext], T]], Callable[[RequestContext], T]]:
    """Decorate a function of a context's project; the last `keep` projects are remembered."""

    def decorate(function: Callable[[RequestContext], T]) -> Callable[[RequestContext], T]:
        known: OrderedDict[tuple[int, int], T] = OrderedDict()
        lock = ForkSafeLock()

        @wraps(function)
        def recalled(context: RequestContext) -> T:
            key = (context.company.id, context.here.id)
            with lock:
                if key in known:
                    known.move_to_end(key)
                    return known[key]
            value = function(context)
            with lock:
                known[key] = value
                while len(known) > keep:
                    known.popitem(last=False)
            return value

        return recalled

    return decorate
