"""Calls that do not fit a public function, explained: the slip, what was meant, how to write it.

In: a function. Out: the same function, whose misfitting calls raise an `ArgumentError` instead of a bare `TypeError`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from procore_nb.errors import ArgumentError
from procore_nb.near_match import near

P = ParamSpec("P")
T = TypeVar("T")
_BY_NAME = 'Write filters by name, such as status="open".'
_SHOWN = 3  # arguments in the line that shows how to write a call


def explain_calls(**advice: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Decorate a public function; `advice` answers a slip by its name, `extra` too many values without names."""

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @wraps(function)
        def call(*values: P.args, **named: P.kwargs) -> T:
            problem = None
            try:
                return function(*values, **named)
            except TypeError as error:
                # Raised by the call itself, not in the function: then no frame of the function is in the traceback.
                if error.__traceback__ is not None and error.__traceback__.tb_next is not None:
                    raise
                problem = _problem(function, values, named, advice) or ArgumentError(str(error))
            finally:
                values, named = (), {}  # type: ignore[assignment]  # tracebacks show variables; one may be a secret
            raise problem

        return call

    return decorate


def argument_advice(slip: str, known: list[str]) -> str:
    """Return what an unknown argument may have meant, and all that there are."""
    close = near(slip, known)
    suggestion = f"Did you mean {' or '.join(f'{one}=' for one in close)}? " if close else ""
    return f"{suggestion}It takes: {', '.join(known) or 'none'}."


def _problem(
    function: Callable[..., Any], values: tuple[Any, ...], named: Mapping[str, Any], advice: Mapping[str, str]
) -> ArgumentError | None:
    parameters, instance = list(inspect.signature(function).parameters.values()), next(iter(values), None)
    if parameters and parameters[0].name == "self":
        parameters, values = parameters[1:], values[1:]
    positional = [
        parameter
        for parameter in parameters
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    by_name = [
        parameter.name
        for parameter in parameters
        if parameter.kind in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    any_name = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
    name = function.__qualname__.removesuffix(".__init__").rpartition(".")[2]
    name = getattr(instance, "name", name) if name == "__call__" else name
    required = [one.name for one in positional if one.default is one.empty]
    first = [one.name for one in positional[: max(len(required), 1)]]
    options = [f"{parameter.name}=…" for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY][
        :_SHOWN
    ]
    line = f"Write {name}({', '.join([*first, *options])})."
    unknown = [one for one in named if one not in by_name and not any_name]
    absent = [one for one in required[len(values) :] if one not in named or one not in by_name]
    if unknown:
        what, slip = f"takes no argument {unknown[0]!r}", unknown[0]
        usual = argument_advice(slip, by_name)
    elif len(values) > len(positional):
        most = f"at most {len(positional)} without a name" if positional else "no value without a name"
        what, slip, usual = f"takes {most}, not {len(values)}", "extra", _BY_NAME if any_name else line
    elif absent:
        what, slip, usual = f"needs {' and '.join(absent)}", absent[0], line
    else:
        return None
    return ArgumentError(f"{name} {what}.", advice=advice.get(slip) or usual)
