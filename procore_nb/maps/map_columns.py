"""The columns that a map shows: which ones a caller means, the numbers they hold, their categories and colours.

In: a frame from anywhere, the words of the caller ("stage"). Out: column names, or an error that names near matches; floats, and
what was wrong with the other values; `Categories`. Speaks to no service.

A set of names gets the same colours in every call: stages have theirs for good, other names get one by a checksum.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from procore_nb.errors import ArgumentError, warn
from procore_nb.export.column_text import title
from procore_nb.maps.borders import Floats
from procore_nb.near_match import near
from procore_nb.scalars import is_missing, short_number

# One word for what project lists call differently from version to version; the first column present wins.
ALIASES = {
    "stage": ("stage", "project_stage.name", "stage.name", "project_stage"),
    "type": ("type", "project_type.name", "type.name", "project_type"),
    "program": ("program", "program.name", "project_program.name"),
    "office": ("office", "office.name", "project_office.name"),
    "region": ("region", "project_region.name", "region.name", "project_region"),
    "company": ("company", "company.name", "company_name"),
    "value": ("value", "total_value", "estimated_value"),
    "country": ("country_code", "country", "address.country_code"),
    "state": ("state_code", "state", "address.state_code", "province"),
    "number": ("project_number", "number"),
}
NAME_COLUMNS = ("name", "display_name", "project.name", "project_name", "company", "title", "subject")


def first_column(frame: pd.DataFrame, names: Iterable[str]) -> str | None:
    """The first of these columns that the frame has."""
    return next((name for name in names if name in frame.columns), None)


def maybe_column(frame: pd.DataFrame, name: str) -> str | None:
    """The column of this name, itself or through an alias."""
    return first_column(frame, (name, *ALIASES.get(name, ())))


def name_column(frame: pd.DataFrame) -> str | None:
    return first_column(frame, NAME_COLUMNS)


def find_column(frame: pd.DataFrame, name: str, *, argument: str) -> str:
    """The column meant by `name`, itself or through an alias; an error names near matches."""
    if not isinstance(name, str):
        raise ArgumentError(f"{argument} must be the name of a column, not {type(name).__name__}.")
    column = maybe_column(frame, name)
    if column is None:
        advice = _suggestion(frame, name) or f"Columns: {', '.join(map(str, frame.columns[:12])) or 'none'}."
        raise ArgumentError(f"{argument}={name!r}: the frame has no such column.", advice=advice)
    return column


def find_columns(frame: pd.DataFrame, names: Iterable[str] | None, *, argument: str) -> list[str] | None:
    """Several columns; None stays None (the caller has a default)."""
    if names is None:
        return None
    names = [names] if isinstance(names, str) else names
    return list(dict.fromkeys(find_column(frame, name, argument=argument) for name in names))


def check_frame(frame: Any, latitude: str, longitude: str) -> None:
    """Refuse what is not a frame with coordinates."""
    if not isinstance(frame, pd.DataFrame):
        advice = "pnb.to_frame(records) makes one."
        raise ArgumentError(f"A map needs a DataFrame, not {type(frame).__name__}.", advice=advice)
    if not frame.columns.is_unique:
        twice = sorted({str(name) for name in frame.columns[frame.columns.duplicated()]})
        raise ArgumentError(f"The frame has two columns of one name: {', '.join(twice)}.")
    missing = [name for name in (latitude, longitude) if name not in frame.columns]
    if missing:
        join = "Name the columns with latitude=… and longitude=…, or join them with with_location(frame, projects)."
        raise ArgumentError(
            f"The frame has no column {' and no column '.join(map(repr, missing))}.",
            advice=f"{_suggestion(frame, *missing)} {join}".lstrip(),
        )


def _suggestion(frame: pd.DataFrame, *names: str) -> str:
    """The columns and aliases that look like these names, as a question; empty when none does."""
    columns = [str(column) for column in frame.columns]
    known = [*columns, *(alias for alias in ALIASES if maybe_column(frame, alias))]
    matches: list[str] = []
    for name in map(str.casefold, names):
        folded = [(column, column.casefold()) for column in columns]
        matches += [column for column, word in folded if name in word or (len(word) > 2 and word in name)][:3]
        matches += near(name, known)
    return f"Did you mean {' or '.join(dict.fromkeys(matches))}?" if matches else ""


_MONEY = re.compile(r"(^|_)(value|amount|cost|price|budget|total|revenue|balance)(_|$)")
_CURRENCY = re.compile(r"(^|_)currency(_iso)?(_code)?$")


def currency_of(rows: pd.DataFrame, size: str | None, sizes: Floats | None) -> tuple[str, str]:
    """The currency of a column of money, or why its amounts cannot be added; both empty if unknown.

    Procore's list of projects names no currency: then those of several countries are not added.
    """
    if size is None or sizes is None or not _MONEY.search(size.lower().rpartition(".")[2]):
        return "", ""
    rows = rows[np.isfinite(sizes)]
    column = next(
        (name for name in map(str, rows.columns) if _CURRENCY.search(name.rpartition(".")[2])), None
    )
    if column is None:
        country = maybe_column(rows, "country")
        count = 0 if country is None else rows[country].nunique()
        remark = (
            f"amounts of {count} countries, whose currencies are not stated, are on one scale and not added"
        )
        return "", remark if count > 1 else ""
    currencies = sorted({"" if is_missing(value) else str(value).strip() for value in rows[column].tolist()})
    if len(currencies) == 1:
        return currencies[0], ""
    listed = ", ".join(currency or "not stated" for currency in currencies[:8])
    listed += ", …" if len(currencies) > 8 else ""
    remark = f"amounts of {len(currencies)} currencies ({listed}) are on one scale and not added"
    warn(f"{size}: {remark}. Draw the rows of one currency.")
    return "", remark


_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_NO_VALUE = {"", "nan", "none", "null", "n/a", "na", "-"}
Strings = npt.NDArray[np.object_]


def parse_numbers(column: pd.Series[Any]) -> tuple[Floats, Strings]:
    """Values as floats, and per value its problem: "" (none), "missing", "not_a_number" or "text"."""
    if _is_numeric(column):
        numbers = column.to_numpy(dtype="float64", na_value=np.nan)
        problems = np.select([np.isnan(numbers), np.isinf(numbers)], ["missing", "not_a_number"], "")
        return numbers, problems.astype(object)
    parsed = [_parse_number(value) for value in column.tolist()]
    numbers = np.array([number for number, _ in parsed], dtype=float)
    return numbers, np.array([problem for _, problem in parsed], dtype=object)


def amounts(column: pd.Series[Any]) -> Floats:
    """Numbers of a column of numbers, Decimals or text ("18450000.0", "$1,200"); NaN for what is none."""
    if not _is_numeric(column):
        bare = [
            value.strip().lstrip("$€£").replace(",", "") if isinstance(value, str) else value
            for value in column.tolist()
        ]
        column = pd.Series(bare, dtype=object)
    numbers, problems = parse_numbers(column)
    return np.where(problems == "", numbers, np.nan)


def _is_numeric(column: pd.Series[Any]) -> bool:
    """Booleans and complex numbers count as numeric to pandas, not to a map."""
    types, dtype = pd.api.types, column.dtype
    return types.is_numeric_dtype(dtype) and not (types.is_bool_dtype(dtype) or types.is_complex_dtype(dtype))


def _parse_number(value: Any) -> tuple[float, str]:
    """One value as a float (NaN if it is none), and its problem."""
    if isinstance(value, str):
        text = value.strip().replace("−", "-")
        if text.casefold() in _NO_VALUE:
            return np.nan, "missing"
        if not _DECIMAL.fullmatch(text):
            return np.nan, "text"
        value = float(text)
    if value is None or value is pd.NA or value is pd.NaT:
        return np.nan, "missing"
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | Decimal | np.number):
        return np.nan, "not_a_number"
    number = float(value)
    if np.isfinite(number):
        return number, ""
    return np.nan, "missing" if np.isnan(number) else "not_a_number"


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
            fault = f"palette: {color!r} for {name!r} is no colour."
            raise ArgumentError(fault, advice="Write it as #rrggbb.")
    if column is None:
        return Categories("", ("all",), (ONE_COLOR,), np.zeros(len(frame), dtype=np.intp))
    values = frame[column]
    if _is_amount(values, column):
        return _classes(title_of(column), amounts(values))
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        values = values.dt.year.astype("Int64")
    names, codes = _most_common([_category_name(value) for value in values.tolist()])
    return Categories(title_of(column), tuple(names), tuple(colors_for(names, palette)), codes)


def colors_for(names: Sequence[str], palette: Mapping[str, str] | None = None) -> list[str]:
    """One colour per name; the same set of names gets the same colours whatever their order or counts."""
    fixed = {NONE: NONE_COLOR, OTHER: OTHER_COLOR, **STAGE_COLORS, **(palette or {})}
    colors = {name: fixed[name] for name in names if name in fixed}
    free = [color for color in PALETTE if color not in colors.values()]
    checksums = {name: zlib.crc32(name.encode("utf-8", "replace")) for name in names}
    for name in sorted(set(names) - colors.keys(), key=lambda name: (checksums[name], name)):
        free = free or list(PALETTE)
        start = checksums[name] % len(PALETTE)
        colors[name] = next(color for color in (*PALETTE[start:], *PALETTE[:start]) if color in free)
        free.remove(colors[name])
    return [colors[name] for name in names]


def title_of(column: str) -> str:
    """A heading for people: `project_stage.name` reads Stage."""
    alias = next((alias for alias, names in ALIASES.items() if column in names and alias != "value"), None)
    return title(alias or column.removesuffix(".name"))


def _is_amount(values: pd.Series[Any], column: str) -> bool:
    """Numbers are drawn in classes, unless they are ids or take a few whole values only."""
    last = column.rsplit(".", 1)[-1]
    if last == "id" or last.endswith("_id") or pd.api.types.is_bool_dtype(values.dtype):
        return False
    if pd.api.types.is_numeric_dtype(values.dtype):
        return bool(values.nunique() > MOST)
    sample = [value for value in values.head(200).tolist() if value is not None]
    return values.dtype == object and bool(sample) and all(isinstance(value, Decimal) for value in sample)


def _classes(title: str, values: Floats) -> Categories:
    known = np.isfinite(values)
    shares = np.linspace(0, 1, len(STEPS) + 1)
    edges = np.unique(np.quantile(values[known], shares)) if known.any() else np.empty(0)
    edges = np.append(edges, edges[-1:]) if len(edges) == 1 else edges
    count = max(len(edges) - 1, 0)
    codes = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, max(count - 1, 0))
    names = [f"{short_number(low)} to {short_number(high)}" for low, high in pairwise(edges)]
    colors = [STEPS[round(i * (len(STEPS) - 1) / max(count - 1, 1))] for i in range(count)]
    if not known.all():
        codes, names, colors = np.where(known, codes, count), [*names, NONE], [*colors, NONE_COLOR]
    return Categories(title, tuple(names), tuple(colors), codes)


def _category_name(value: Any) -> str:
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
    ranked = sorted(counts.keys() - {NONE}, key=lambda name: (-counts[name], name))
    names = ranked if len(ranked) <= MOST else ranked[: MOST - 1]
    if not STAGE_COLORS.keys().isdisjoint(counts):
        stages = list(STAGE_COLORS)
        names = sorted(names, key=lambda name: stages.index(name) if name in stages else len(stages))
    names = [*names, *[OTHER] * (len(ranked) > len(names)), *[NONE] * (NONE in counts)]
    positions = {name: position for position, name in enumerate(names)}
    codes = [positions.get(word, positions.get(OTHER, 0)) for word in words]
    return names, np.array(codes, dtype=np.intp)
