"""One test for a group of cases that prove the same thing: all are tried, and those that fail are named."""

from __future__ import annotations

import inspect
import reprlib
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

import pytest


def every_case(names: str | tuple[str, ...], cases: Iterable[Any]) -> Callable[[Callable[..., None]], Any]:
    """Call a test with every case, as `pytest.mark.parametrize` would in as many tests; fixtures are made once for all."""
    keys = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    values = [(case,) if len(keys) == 1 else case for case in cases]

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        @wraps(test)
        def run(**fixtures: Any) -> None:
            failures = []
            for case in values:
                try:
                    test(**fixtures, **dict(zip(keys, case, strict=True)))
                except (Exception, pytest.fail.Exception) as error:
                    error.add_note(f"The case was: {', '.join(map(reprlib.repr, case))}")
                    failures.append(error)
            if failures:
                raise BaseExceptionGroup(f"{len(failures)} of {len(values)} cases failed", failures)

        signature = inspect.signature(test)
        others = [each for name, each in signature.parameters.items() if name not in keys]
        vars(run)["__signature__"] = signature.replace(parameters=others)
        return run

    return decorate
