"""Figures of reports: sums that are rounded once, shares that name their base, medians, counts by class; and sentences that name figures.

In: rows with typed columns. Out: single figures (missing where there is nothing to say), small frames, findings. Speaks to no
service.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from string import Formatter
from typing import Any

import numpy as np
import pandas as pd

from procore_nb.export.column_text import titles
from procore_nb.progress import counted
from procore_nb.reports.typed_columns import amounts
from procore_nb.scalars import is_missing

Column = pd.Series
Measure = Callable[[pd.DataFrame], dict[str, Any]]


def words(text: str) -> list[str]:
    """Return the names in a text, one list of columns in the room of a line."""
    return text.split()


_HIGH = {
    *words("overdue at_risk late_to_submit unrecovered over loss loss_provision expired none_on_file deaths")
}
_HIGH |= {"critical_slipping", "late", "red"}
_MEDIUM = {
    *words("without_due_date pending_cost not_priced underbilled unpaid owner_unpaid recordable expiring")
}
_MEDIUM |= {
    *words("with_deficiency stopped_logging slipping non_compliant unsigned_not_covered without_hours")
}
_MEDIUM |= {"quiet", "without_baseline"}
"""Figures of which any above zero makes a finding of high or medium severity."""
_CENT = Decimal("0.01")
_LABELS = {
    "censored_median_days": "median days, open ones counted",
    "censored_p90_days": "90th percentile days, open ones counted",
}


def cents(value: float) -> float:
    """Return a sum rounded to cents, halves away from zero; missing stays missing."""
    if is_missing(value) or not math.isfinite(value):
        return math.nan
    # By the decimal digits that people read: the binary value of 1.005 lies below the half.
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
    known = amounts(values).dropna()  # of nothing pandas 2.2 warns
    return math.nan if known.empty else float(known.median())


def mean(values: Column[Any]) -> float:
    """Return the mean of the known values with two decimals, missing without any."""
    return round(float(amounts(values).mean()), 2)


def censored_quantile(days: Column[Any], ended: Column[Any], share: float) -> float:
    """Return after how many days this share has ended, counting those not yet ended as far as they got (Kaplan-Meier).

    Missing where the estimate does not reach the share.
    """
    known = days.notna().to_numpy()
    lengths = days[known].to_numpy(dtype="float64")
    times, ends = np.unique(lengths[ended[known].to_numpy(dtype=bool)], return_counts=True)
    at_risk = len(lengths) - np.searchsorted(np.sort(lengths), times, side="left")
    survival = np.cumprod(1 - ends / at_risk)
    reached = times[survival <= 1 - share + 1e-12]
    return float(reached[0]) if len(reached) else math.nan


def classify(index: pd.Index[Any], default: Any, masks: Mapping[str, Column[Any]]) -> Column[Any]:
    """Return a class for each row: the default, or the last one whose mask is true there."""
    column = pd.Series(default, index=index, dtype="string")
    for name, mask in masks.items():
        column = column.mask(mask.fillna(False).astype(bool), name)
    return column


def figures_frame(records: Sequence[dict[Any, Any]], columns: Iterable[str] = ()) -> pd.DataFrame:
    """Return records of figures as a frame: counts Int64, other numbers float64, days as days, words string."""
    frame = pd.DataFrame(list(records), columns=None if records else list(columns))
    return frame.assign(**{str(name): _typed(frame[name]) for name in frame})


def _typed(column: Column[Any]) -> Column[Any]:
    known = [
        value.item() if isinstance(value, np.generic) else value for value in column if not is_missing(value)
    ]
    types = set(map(type, known))
    if types == {bool}:
        return column.astype("boolean")
    if types == {int}:
        return column.astype("Int64")
    if types <= {int, float, bool}:
        return column.map(lambda value: math.nan if is_missing(value) else float(value)).astype("float64")
    return column.astype("string") if types == {str} else column


def grouped(rows: pd.DataFrame, by: str | list[str], measure: Measure) -> pd.DataFrame:
    """Return one row for each group, in order of its keys: the keys, then the figures of the group."""
    keys = [by] if isinstance(by, str) else by
    groups = rows.groupby(keys, dropna=False, sort=True, observed=True)
    records = [dict(zip(keys, values, strict=True)) | measure(part) for values, part in groups]
    frame = figures_frame(records, [*keys, *measure(rows.iloc[:0])])
    return frame.assign(**{key: frame[key].astype(rows[key].dtype) for key in keys if len(frame)})


def largest_first(whole: pd.DataFrame, summary: pd.DataFrame) -> pd.DataFrame:
    """Return the totals of each currency, those of most projects first."""
    number = whole["currency"].map(summary["currency"].value_counts())
    return whole.loc[number.sort_values(ascending=False, kind="stable").index].reset_index(drop=True)


def sums(rows: pd.DataFrame, by: list[str], *columns: str) -> pd.DataFrame:
    """Return one row for each group with the sums of its columns in cents; for thousands of groups."""
    groups = rows.groupby(by, dropna=False, sort=True)[list(columns)]
    return groups.sum(min_count=1).map(cents).reset_index()


def concat_sources(columns: str, **frames: pd.DataFrame) -> pd.DataFrame:
    """Return frames below each other with these columns (words) and `source`, the name of the frame of each row."""
    return concat_rows(
        [frame.reindex(columns=words(columns)).assign(source=source) for source, frame in frames.items()]
    )


def concat_rows(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return frames below each other; those without rows, whose columns have no types yet, only where all are so."""
    return pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)


def money_text(value: Any, currency: Any = "") -> str:
    """Return an amount as people read it: `USD 37,000`, with cents only where there are some."""
    if is_missing(value):
        return "an unknown amount"
    unit = "" if is_missing(currency) else str(currency)
    if unit == "not stated":
        return f"{money_text(value)} (currency not stated)"
    number = f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 1000 else f"{value:,.2f}"
    return f"{unit} {number}".strip()


def number_text(value: Any, unit: str = "") -> str:
    """Return a figure with its unit: `10 days`, `93 %`, `6.3 %` (a decimal below 10 only); `unknown` where it is missing."""
    if is_missing(value):
        return "unknown"
    if unit == "%":
        exact = Decimal(repr(float(value)))
        value = float(exact.quantize(Decimal(1 if abs(exact) >= Decimal("9.95") else "0.1"), ROUND_HALF_UP))
    number = f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}".rstrip("0")
    return f"{number} {unit}".strip()


def label(name: Any) -> str:
    """Return what people call a figure in a sentence."""
    return _LABELS.get(str(name), str(name).replace("_", " "))


def headings(names: list[str]) -> list[str]:
    """Return what people call the columns of a table: `due_date` is Due date."""
    labels = [_LABELS.get(name, title) for name, title in zip(names, titles(names), strict=True)]
    return [f"{text[:1].upper()}{text[1:]}" for text in labels]


def project_text(row: Mapping[Any, Any]) -> str:
    """Return what a sentence calls the project of a row: its name, else its id."""
    name = row["project_name"]
    return f"project {row['project_id']}" if is_missing(name) else str(name)


def project_texts(rows: pd.DataFrame) -> str:
    """Return the projects of the first five rows, as a sentence names them."""
    names = ", ".join(map(project_text, rows.head(5).to_dict("records")))
    return f"{names}{' …' if len(rows) > 5 else ''}"


class _Figure:
    """A figure in a sentence, written by its format: `{unpaid:money}`, `{open:RFI(s)}`, `{median_days:days}`."""

    def __init__(self, value: Any, currency: Any) -> None:
        self.value, self.currency = value, currency

    def __format__(self, unit: str) -> str:
        if isinstance(self.value, str):
            return self.value
        if unit == "money":
            return money_text(self.value, self.currency)
        noun = unit.removesuffix("(s)")
        if noun == unit:
            return number_text(self.value, unit)
        return f"unknown {noun}s" if is_missing(self.value) else counted(int(self.value), noun)


class Finding(str):
    """A sentence of a report, with how much it matters: `high`, `medium`, `note` (what is not known) or empty."""

    __slots__ = ("severity",)
    severity: str

    def __new__(cls, text: str, severity: str) -> Finding:
        finding = super().__new__(cls, text)
        finding.severity = severity
        return finding


def sentence(text: str, figures: Mapping[Any, Any] | None = None, **values: Any) -> str:
    """Return a sentence with figures at their names; amounts are of the `currency` among them.

    Its severity is that of the figures which it names or which are passed with it.
    """
    known = {**(figures or {}), **values}
    named = {*values, *(name for _, name, _, _ in Formatter().parse(text) if name)} & {*_HIGH, *_MEDIUM}
    above = {name for name in named if not is_missing(known[name]) and known[name] > 0}
    severity = "high" if above & _HIGH else "medium" if above else ""
    texts = {str(name): _Figure(value, known.get("currency")) for name, value in known.items()}
    return Finding(text.format_map(texts), severity)


def sentences(texts: Mapping[str, Any], figures: Mapping[Any, Any] | None = None, **values: Any) -> list[str]:
    """Return the sentences whose condition is true, each with figures at their names."""
    return [sentence(text, figures, **values) for text, is_true in texts.items() if is_true]
