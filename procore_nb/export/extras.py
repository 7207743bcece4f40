"""Libraries that not everyone needs, imported when they are used.

In: the name of a library, and the extra that brings it. Out: the module. Speaks to no service.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from procore_nb.errors import MissingExtraError


def library(name: str, what: str, *, extra: str = "keep", find: Callable[[str], Any] = import_module) -> Any:
    """The module, or an error that says which line installs it."""
    try:
        return find(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise MissingExtraError(
            f"{what} needs {package}, which is not installed.", advice=f'pip install "procore-nb[{extra}]"'
        ) from error
