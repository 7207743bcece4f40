"""What a field of a generated row may hold, by its name.

In: a field's name, a generator and what the row is about. Out: a number of plausible size, or text that fits. Numbers in text
are decimals ("4500.00") where Procore sends money, hours and percents that way. The rules stand in `data/fields.json`; the
first whose pattern is the whole name holds.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from functools import cache

from procore_nb.demo.facts import read_facts

_FACTS = read_facts("fields")
_DECIMAL = re.compile("|".join(_FACTS["decimals"]))
_COUNT, _AMOUNT = (1, 20, 0), (1, 500, 2)


@cache
def is_decimal(name: str) -> bool:
    """Whether a text field of that name holds a decimal: money, hours, quantities, percents."""
    return _DECIMAL.fullmatch(name) is not None


@cache
def _range(name: str) -> tuple[float | str, float, int] | None:
    return next((tuple(rest) for pattern, *rest in _FACTS["numbers"] if re.fullmatch(pattern, name)), None)


@cache
def _choices(name: str) -> list[str]:
    return next(
        (texts for pattern, texts in _FACTS["texts"] if re.fullmatch(pattern, name)), ["{thing} {three}"]
    )


def number_for(name: str, draw: random.Random, row: int, *, whole: bool) -> float:
    """Number that fits a field's name, in row number `row`."""
    low, high, decimals = _range(name) or (_COUNT if whole else _AMOUNT)
    if isinstance(low, str):
        return row + 1
    if whole or decimals == 0:
        return draw.randint(round(low), round(high))
    return round(draw.uniform(low, high), decimals)


def text_for(name: str, draw: random.Random, about: Mapping[str, str], row: int) -> str:
    """Text that fits a field's name; `about` knows whom and what the row is about."""
    if is_decimal(name):
        return f"{number_for(name, draw, row, whole=False):.2f}"
    varied = {"thing": draw.choice(_FACTS["things"]), "place": draw.choice(_FACTS["places"])}
    codes = {"key": str(draw.randrange(1_000, 99_999)), "token": f"{draw.getrandbits(40):x}"}
    return draw.choice(_choices(name)).format_map({**about, **varied, **codes})
