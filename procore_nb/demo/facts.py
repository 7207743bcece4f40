"""Tables of facts of the demo: streets, words, holidays, lists of kinds; data files beside this module.

In: the name of a file in `data`. Out: what it holds, read once. Rows of one file are of one form; the first keys of each
file say which.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import orjson


@cache
def read_facts(name: str) -> Any:
    """Content of `data/<name>.json`."""
    return orjson.loads(files("procore_nb.demo").joinpath("data", f"{name}.json").read_bytes())
