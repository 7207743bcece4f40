"""From a column to a few named colours with counts.

In: a column of words, numbers, dates or booleans. Out: `Categories`. Speaks to no service.

Colours keep apart for colour-blind eyes (after Okabe and Ito, and Tol), and a set of names gets the same colours
in every call: stages have theirs for good, other names are placed by a checksum of the name.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from procore_nb.errors import ArgumentError
from procore_nb.maps.map_columns import ALIASES, amounts
from procore_nb.scalars import is_missing, short_number

STAGE_COLORS = {
    "Pre-Construction": "#E69F00",
    "Course of Construction": "#0072B2",
    "Post-Construction": "#56B4E9",
    "Completed": "#009E73",
    "Not Awarded": "#CC79A7",
    "Canceled": "#D55E00",
}
PALETTE = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#882255", "#999933", "#332288", "#44AA99",
)  # fmt: skip
STEPS = ("#440154", "#3B528B", "#21918C", "#5EC962", "#FDE725")  # low to high, also in grey print
# Where one of these cannot be seen on a dark ground (less than 3:1), its lighter sister stands for it.
ON_DARK = {
    "#0072B2": "#2288CC", "#882255": "#C4568A", "#332288": "#8878D8", "#6E6E6E": "#8A8A8A", "#440154": "#9468A8",
    "#3B528B": "#6E86C4", "#21918C": "#2FA39D",
}  # fmt: skip
ONE_COLOR, OTHER_COLOR, NONE_COLOR = "#0072B2", "#6E6E6E", "#B5B5B5"
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
        """The shape of each category's marks."""
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
    words = _words(values)
    names, codes = _most_common(words, stages=_looks_like_stages(words))
    colors = colors_for(names, palette)
    return Categories(title_of(column), tuple(names), tuple(colors), codes)


def colors_for(names: Sequence[str], palette: Mapping[str, str] | None = None) -> list[str]:
    """One colour per name; the same set of names gets the same colours whatever their order or counts."""
    fixed = {NONE: NONE_COLOR, OTHER: OTHER_COLOR, **STAGE_COLORS, **(palette or {})}
    chosen = {name: fixed[name] for name in names if name in fixed}
    free = [color for color in PALETTE if color not in chosen.values()]
    rest = sorted((name for name in names if name not in chosen), key=lambda name: (_checksum(name), name))
    for name in rest:
        if not free:
            free = list(PALETTE)
        wish = PALETTE[_checksum(name) % len(PALETTE)]
        start = PALETTE.index(wish)
        color = next(c for c in (*PALETTE[start:], *PALETTE[:start]) if c in free)
        free.remove(color)
        chosen[name] = color
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
    if values.dtype != object:
        return False
    sample = [value for value in values.head(200).tolist() if value is not None]
    return bool(sample) and all(type(value).__name__ == "Decimal" for value in sample)


def _classes(title: str, values: npt.NDArray[np.float64]) -> Categories:
    known = values[np.isfinite(values)]
    codes = np.zeros(len(values), dtype=np.intp)
    if not len(known):
        return Categories(title, (NONE,), (NONE_COLOR,), codes)
    edges = np.unique(np.quantile(known, np.linspace(0, 1, len(STEPS) + 1)))
    if len(edges) == 1:
        edges = np.append(edges, edges[0])
    count = len(edges) - 1
    codes[np.isfinite(values)] = np.clip(np.searchsorted(edges, known, side="right") - 1, 0, count - 1)
    names = [f"{short_number(low)} to {short_number(high)}" for low, high in pairwise(edges)]
    colors = [STEPS[round(i * (len(STEPS) - 1) / max(count - 1, 1))] for i in range(count)]
    if len(known) < len(values):
        codes[~np.isfinite(values)] = count
        names, colors = [*names, NONE], [*colors, NONE_COLOR]
    return Categories(title, tuple(names), tuple(colors), codes)


def _words(values: pd.Series[Any]) -> npt.NDArray[np.object_]:
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return np.array([NONE if pd.isna(year) else str(int(year)) for year in values.dt.year], dtype=object)
    return np.array([_word(value) for value in values.tolist()], dtype=object)


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


def _looks_like_stages(words: npt.NDArray[np.object_]) -> bool:
    return not {NONE, *STAGE_COLORS}.isdisjoint(words) and any(word in STAGE_COLORS for word in set(words))


def _most_common(words: npt.NDArray[np.object_], *, stages: bool) -> tuple[list[str], npt.NDArray[np.intp]]:
    """Names by count (stages in the order of a project's life, "other" and "(none)" last), and codes."""
    codes, found = pd.factorize(words)
    counts = np.bincount(codes, minlength=len(found))
    order = sorted(range(len(found)), key=lambda i: (-counts[i], found[i]))
    named = [i for i in order if found[i] != NONE]
    kept = named if len(named) <= MOST else named[: MOST - 1]
    names = [str(found[i]) for i in kept]
    if stages:
        life = list(STAGE_COLORS)
        names.sort(key=lambda name: life.index(name) if name in life else len(life))
    if len(kept) < len(named):
        names.append(OTHER)
    if NONE in set(found):
        names.append(NONE)
    positions = {name: position for position, name in enumerate(names)}
    lookup = np.array([positions.get(str(name), positions.get(OTHER, 0)) for name in found], dtype=np.intp)
    return names, lookup[codes] if len(codes) else codes.astype(np.intp)
