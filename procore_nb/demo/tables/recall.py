"""What is known of a project, worked out once and kept for a while.

In: a function from a scene to a value that depends on the project alone. Out: the same function, remembering the
projects it was last asked about; safe between threads.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from procore_nb.demo.tables.scene import Scene

T = TypeVar("T")


def per_project(keep: int) -> Callable[[Callable[[Scene], T]], Callable[[Scene], T]]:
    """Decorate a function of a scene's project; the last `keep` projects are remembered."""

    def decorate(function: Callable[[Scene], T]) -> Callable[[Scene], T]:
        known: OrderedDict[tuple[int, int], T] = OrderedDict()
        lock = threading.Lock()

        @wraps(function)
        def recalled(scene: Scene) -> T:
            key = (scene.company.id, scene.here.id)
            with lock:
                if key in known:
                    known.move_to_end(key)
                    return known[key]
            value = function(scene)
            with lock:
                known[key] = value
                while len(known) > keep:
                    known.popitem(last=False)
            return value

        return recalled

    return decorate
