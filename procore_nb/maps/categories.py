"""From a column to a few named colours with counts.

In: a column of words, numbers, dates or booleans. Out: `Categories`. Speaks to no service.

A set of names gets the same colours in every call: stages have theirs for good, other names are placed by a checksum.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from procore_nb.errors import ArgumentError
from procore_nb.maps.map_columns import ALIASES, amounts
from procore_nb.scalars import is_missing, short_number

# At least 3:1 on the land of a map, and told apart with protanopia, deuteranopia and tritanopia; stages also in grey print.
STAGE_COLORS = {
    "Pre-Construction": "#BD6D04",
    "Course of Construction": "#034176",
    "Post-Construction": "#2C97CC",
    "Completed": "#047446",
    "Not Awarded": "#A45B8B",
    "Canceled": "#9A3400",
}
PALETTE = (
    "#034176", "#BD6D04", "#047446", "#A45B8B", "#2C97CC", "#9A3400", "#892154", "#908E3B", "#39248A", "#318D76",
)  # fmt: skip
STEPS = ("#440154", "#443A83", "#2B6088", "#1E7F6E", "#6E9A1F")  # low to high, also in grey print
ONE_COLOR, OTHER_COLOR, NONE_COLOR = "#0072B2", "#6E6E6E", "#8C8C8C"
# What stands for each of them on a dark ground, where it has at least 3:1 too.
ON_DARK = {
    "#034176": "#2288CC", "#BD6D04": "#E69F00", "#047446": "#009E73", "#A45B8B": "#CC79A7", "#2C97CC": "#56B4E9",
    "#9A3400": "#D55E00", "#892154": "#C4568A", "#908E3B": "#999933", "#39248A": "#8878D8", "#318D76": "#44AA99",
    "#440154": "#9468A8", "#443A83": "#6E86C4", "#2B6088": "#2FA39D", "#1E7F6E": "#5EC962", "#6E9A1F": "#FDE725",
    "#0072B2": "#2288CC", "#6E6E6E": "#8A8A8A", "#8C8C8C": "#B5B5B5",
}  # fmt: skip
HEX = re.compile(r"#[0-9A-Fa-f]{6}")
MOST = 10
SHAPES = "os^DvPX*"  # of marks, in matplotlib's letters: they keep categories apart in grey print too
NONE, OTHER = "(none)", "other"


@dataclass(frozen=True)
class Categories:
    """Names with colours and counts, and for each row the position of its name."""

    title: str
    names: tuple[str, ...]
    colors: tuple[str, ...]
    codes: npt.NDArray[np.intp]

    @property
    def shapes(self) -> list[str]:
        return [SHAPES[position % len(SHAPES)] for position in range(len(self.names))]

    @property
    def counts(self) -> npt.NDArray[np.intp]:
        return np.bincount(self.codes, minlength=len(self.names))


def categorize(
    frame: pd.DataFrame, column: str | None, palette: Mapping[str, str] | None = None
) -> Categories:
    """Names and colours for the rows of `frame`: at most ten, the rest under "other".

    Numbers become five classes of equal size, times become years.
    """
    for name, color in (palette or {}).items():
        if not isinstance(color, str) or not HEX.fullmatch(color):
            raise ArgumentError(
                f"palette: {color!r} for {name!r} is no colour.", advice="Write it as #rrggbb."
            )
    if column is None:
        return Categories("", ("all",), (ONE_COLOR,), np.zeros(len(frame), dtype=np.intp))
    values = frame[column]
    if _is_amount(values, column):
        return _classes(title_of(column), amounts(values))
    names, codes = _most_common(_words(values))
    return Categories(title_of(column), tuple(names), tuple(colors_for(names, palette)), codes)


def colors_for(names: Sequence[str], palette: Mapping[str, str] | None = None) -> list[str]:
    """One colour per name; the same set of names gets the same colours whatever their order or counts."""
    fixed = {NONE: NONE_COLOR, OTHER: OTHER_COLOR, **STAGE_COLORS, **(palette or {})}
    chosen = {name: fixed[name] for name in names if name in fixed}
    free = [color for color in PALETTE if color not in chosen.values()]
    for name in sorted(set(names) - chosen.keys(), key=lambda name: (_checksum(name), name)):
        free = free or list(PALETTE)
        start = _checksum(name) % len(PALETTE)
        chosen[name] = next(color for color in (*PALETTE[start:], *PALETTE[:start]) if color in free)
        free.remove(chosen[name])
    return [chosen[name] for name in names]


def title_of(column: str) -> str:
    """A heading for people: `project_stage.name` reads Stage."""
    for word, columns in ALIASES.items():
        if column in columns and word != "value":
            return word.capitalize()
    plain = column.removesuffix(".name").replace(".", " ").replace("_", " ").strip()
    return plain[:1].upper() + plain[1:]


def _checksum(name: str) -> int:
    return zlib.crc32(name.encode("utf-8", "replace"))


def _is_amount(values: pd.Series[Any], column: str) -> bool:
    """Numbers are drawn in classes, unless they are ids or take a few whole values only."""
    last = column.rsplit(".", 1)[-1]
    if last == "id" or last.endswith("_id") or pd.api.types.is_bool_dtype(values.dtype):
        return False
    if pd.api.types.is_numeric_dtype(values.dtype):
        return bool(values.nunique() > MOST)
    sample = [value for value in values.head(200).tolist() if value is not None]
    return values.dtype == object and bool(sample) and all(isinstance(value, Decimal) for value in sample)


def _classes(title: str, values: npt.NDArray[np.float64]) -> Categories:
    known = np.isfinite(values)
    edges = (
        np.unique(np.quantile(values[known], np.linspace(0, 1, len(STEPS) + 1)))
        if known.any()
        else np.empty(0)
    )
    edges = np.append(edges, edges[-1:]) if len(edges) == 1 else edges
    count = max(len(edges) - 1, 0)
    codes = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, max(count - 1, 0))
    names = [f"{short_number(low)} to {short_number(high)}" for low, high in pairwise(edges)]
    colors = [STEPS[round(i * (len(STEPS) - 1) / max(count - 1, 1))] for i in range(count)]
    if not known.all():
        codes, names, colors = np.where(known, codes, count), [*names, NONE], [*colors, NONE_COLOR]
    return Categories(title, tuple(names), tuple(colors), codes)


def _words(values: pd.Series[Any]) -> list[str]:
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return [NONE if pd.isna(year) else str(int(year)) for year in values.dt.year]
    return [_word(value) for value in values.tolist()]


def _word(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or NONE
    if isinstance(value, dict):
        return str(value.get("name") or value)
    if is_missing(value):
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).strip() or NONE


def _most_common(words: Sequence[str]) -> tuple[list[str], npt.NDArray[np.intp]]:
    """Names by count (stages in the order of a project's life, "other" and "(none)" last), and codes."""
    counts = Counter(words)
    named = sorted(counts.keys() - {NONE}, key=lambda name: (-counts[name], name))
    names = named if len(named) <= MOST else named[: MOST - 1]
    if not STAGE_COLORS.keys().isdisjoint(counts):
        life = list(STAGE_COLORS)
        names = sorted(names, key=lambda name: life.index(name) if name in life else len(life))
    rest = [OTHER] * (len(named) > len(names)) + [NONE] * (NONE in counts)
    positions = {name: position for position, name in enumerate([*names, *rest])}
    codes = [positions.get(word, positions.get(OTHER, 0)) for word in words]
    return [*names, *rest], np.array(codes, dtype=np.intp)
