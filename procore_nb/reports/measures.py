"""Figures of reports: sums that are rounded once, shares that name their base, medians, censored medians, counts by class.

In: columns. Out: single figures (missing where there is nothing to say) and small frames. Speaks to no service.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
import pandas as pd

from procore_nb.scalars import is_missing

Column = pd.Series
_CENT = Decimal("0.01")
_LABELS = {
    "censored_median_days": "median days, open ones counted",
    "censored_p90_days": "90th percentile days, open ones counted",
}


def amounts(values: Column[Any]) -> Column[Any]:
    """Return money or other numbers as float64, from decimals, numbers or text; what is none is missing."""
    if values.dtype == "float64":
        return values
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values.astype("Float64").astype("float64")
    return values.map(_number).astype("float64")


def _number(value: Any) -> float:
    try:
        return math.nan if is_missing(value) else float(value)
    except (TypeError, ValueError):
        return math.nan


def cents(value: float) -> float:
    """Return a sum rounded to cents, halves away from zero; missing stays missing."""
    if is_missing(value) or not math.isfinite(value):
        return math.nan
    return float(Decimal(repr(float(value))).quantize(_CENT, ROUND_HALF_UP))


def total(values: Column[Any]) -> float:
    """Return the sum of the known values, rounded once to cents; missing where values are, and none is known."""
    numbers = amounts(values).to_numpy()
    known = numbers[~np.isnan(numbers)]
    return math.nan if len(numbers) and not len(known) else cents(math.fsum(known))


def count(mask: Column[Any]) -> Any:
    """Return how many are true; missing where there are rows and nothing is known of any."""
    known = mask.dropna()
    return pd.NA if len(mask) and known.empty else int(known.sum())


def percent(part: Any, base: Any) -> Any:
    """Return a share of a base in percent, with two decimals, halves away from zero; of nothing it is missing."""
    if is_missing(part) or is_missing(base) or not base:
        return math.nan
    return cents(100 * float(part) / float(base))


def median(values: Column[Any]) -> float:
    """Return the median of the known values, missing without any."""
    known = amounts(values).dropna()
    return math.nan if known.empty else float(known.median())


def censored_quantile(days: Column[Any], ended: Column[Any], share: float) -> float:
    """Return after how many days this share has ended, counting those not yet ended as far as they got (Kaplan-Meier).

    Missing where the estimate does not reach the share.
    """
    known = days.notna().to_numpy()
    lengths = days[known].to_numpy(dtype="float64")
    events = ended[known].to_numpy(dtype=bool)
    times, ends = np.unique(lengths[events], return_counts=True)
    at_risk = len(lengths) - np.searchsorted(np.sort(lengths), times, side="left")
    survival = np.cumprod(1 - ends / at_risk) if len(times) else np.array([])
    reached = times[survival <= 1 - share + 1e-12]
    return float(reached[0]) if len(reached) else math.nan


def figures_frame(records: Sequence[dict[str, Any]], columns: Iterable[str] = ()) -> pd.DataFrame:
    """Return records of figures as a frame: counts Int64, other numbers float64, days as days, words string."""
    frame = pd.DataFrame(list(records), columns=None if records else list(columns))
    for name in frame.columns:
        frame[name] = _typed(frame[name])
    return frame


def _typed(column: Column[Any]) -> Column[Any]:
    known = [one for one in column.tolist() if not is_missing(one)]
    if all(isinstance(one, bool | np.bool_) for one in known) and known:
        return column.astype("boolean")
    if all(isinstance(one, int | np.integer) and not isinstance(one, bool) for one in known) and known:
        return column.astype("Int64")
    if all(isinstance(one, int | float | np.number) for one in known):
        return column.map(lambda one: math.nan if is_missing(one) else float(one)).astype("float64")
    if all(isinstance(one, str) for one in known):
        return column.astype("string")
    return column


def grouped(
    rows: pd.DataFrame, by: str | list[str], measure: Callable[[pd.DataFrame], dict[str, Any]]
) -> pd.DataFrame:
    """Return one row for each group, in order of its keys: the keys, then the figures of the group."""
    keys = [by] if isinstance(by, str) else by
    records = []
    for values, part in rows.groupby(keys, dropna=False, sort=True, observed=True):
        records.append(dict(zip(keys, values, strict=True)) | measure(part))
    found = figures_frame(records, [*keys, *measure(rows.iloc[:0])])
    return found.assign(**{key: found[key].astype(rows[key].dtype) for key in keys if len(found)})


def largest_first(whole: pd.DataFrame, summary: pd.DataFrame) -> pd.DataFrame:
    """Return the totals of each currency, those of most projects first."""
    number = whole["currency"].map(summary["currency"].value_counts())
    return whole.loc[number.sort_values(ascending=False, kind="stable").index].reset_index(drop=True)


def sums(rows: pd.DataFrame, by: list[str], *columns: str) -> pd.DataFrame:
    """Return one row for each group with the sums of its columns in cents; for thousands of groups."""
    found = rows.groupby(by, dropna=False, sort=True)[list(columns)].sum(min_count=1)
    return found.map(cents).reset_index()


def words(text: str) -> list[str]:
    """Return the names in a text, one list of columns in the room of a line."""
    return text.split()


def pieces(columns: str, **frames: pd.DataFrame) -> pd.DataFrame:
    """Return frames below each other with these columns (words) and `what`, the name of the frame of each row."""
    names = columns.split()
    cut = [one.reindex(columns=names).assign(what=what) for what, one in frames.items()]
    return pd.concat([one for one in cut if len(one)] or cut[:1], ignore_index=True)


def by_class(
    rows: pd.DataFrame, column: str, names: Sequence[str], measure: Callable[[pd.DataFrame], dict[str, Any]]
) -> pd.DataFrame:
    """Return one row for each class, also for those without rows; what has no class comes last, if there is any."""
    records = [{column: name} | measure(rows[(rows[column] == name).fillna(False)]) for name in names]
    unknown = rows[rows[column].isna()]
    if len(unknown):
        records.append({column: "(no date)"} | measure(unknown))
    return figures_frame(records)


def money_text(value: Any, currency: Any = "") -> str:
    """Return an amount as people read it: `USD 37,000`, with cents only where there are some."""
    if is_missing(value):
        return "an unknown amount"
    unit = "" if is_missing(currency) else str(currency)
    if unit == "not stated":
        return f"{money_text(value)} (currency not stated)"
    number = f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 1000 else f"{value:,.2f}"
    return f"{unit} {number}".strip()


def label(name: Any) -> str:
    """Return what people call a column or a figure."""
    return _LABELS.get(str(name), str(name).replace("_", " "))


def number_text(value: Any, unit: str = "") -> str:
    """Return a figure with its unit: `10 days`, `92.86 %`; `unknown` where it is missing."""
    if is_missing(value):
        return "unknown"
    number = f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}".rstrip("0")
    return f"{number} {unit}".strip()
