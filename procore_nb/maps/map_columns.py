"""Find the columns a map needs in a frame from anywhere, and parse the numbers they hold.

In: a frame, the words of the caller ("stage"). Out: column names, or an error that names near matches; floats, and what
was wrong with the other values. Speaks to no service.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from procore_nb.errors import ArgumentError, warn
from procore_nb.maps.borders import Floats
from procore_nb.near_match import near
from procore_nb.scalars import is_missing

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


def find_column(frame: pd.DataFrame, name: str, *, argument: str) -> str:
    """The column meant by `name`, itself or through an alias; an error names near matches."""
    if not isinstance(name, str):
        raise ArgumentError(f"{argument} must be the name of a column, not {type(name).__name__}.")
    found = maybe_column(frame, name)
    if found is None:
        columns = ", ".join(map(str, frame.columns[:12])) or "none"
        advice = _near(frame, name) or f"Columns: {columns}."
        raise ArgumentError(f"{argument}={name!r}: the frame has no such column.", advice=advice)
    return found


def maybe_column(frame: pd.DataFrame, name: str) -> str | None:
    return next((alias for alias in (name, *ALIASES.get(name, ())) if alias in frame.columns), None)


def find_columns(frame: pd.DataFrame, names: Iterable[str] | None, *, argument: str) -> list[str] | None:
    """Several columns; None stays None (the caller has a default)."""
    if names is None:
        return None
    names = [names] if isinstance(names, str) else names
    return list(dict.fromkeys(find_column(frame, name, argument=argument) for name in names))


def name_column(frame: pd.DataFrame) -> str | None:
    return next((column for column in NAME_COLUMNS if column in frame.columns), None)


_MONEY = re.compile(r"(^|_)(value|amount|cost|price|budget|total|revenue|balance)(_|$)")
_CURRENCY = re.compile(r"(^|_)currency(_iso)?(_code)?$")


def currency_of(rows: pd.DataFrame, size: str | None, sizes: Floats | None) -> tuple[str, str]:
    """The currency of a column of money, or what to say of amounts that cannot be added; both empty if unknown.

    Procore's list of projects names no currency: then those of several countries are not added.
    """
    if size is None or sizes is None or not _MONEY.search(size.lower().rpartition(".")[2]):
        return "", ""
    rows = rows[np.isfinite(sizes)]
    stated = next(
        (name for name in map(str, rows.columns) if _CURRENCY.search(name.rpartition(".")[2])), None
    )
    if stated is None:
        country = maybe_column(rows, "country")
        several = 0 if country is None else rows[country].nunique()
        remark = (
            f"amounts of {several} countries, whose currencies are not stated, are on one scale and not added"
        )
        return "", remark if several > 1 else ""
    codes = sorted({"" if is_missing(code) else str(code).strip() for code in rows[stated].tolist()})
    if len(codes) == 1:
        return codes[0], ""
    shown = ", ".join(code or "not stated" for code in codes[:8]) + (", …" if len(codes) > 8 else "")
    remark = f"amounts of {len(codes)} currencies ({shown}) are on one scale and not added"
    warn(f"{size}: {remark}. Draw the rows of one currency.")
    return "", remark


def check_frame(frame: Any, latitude: str, longitude: str) -> None:
    """Refuse what is not a frame with coordinates."""
    if not isinstance(frame, pd.DataFrame):
        raise ArgumentError(
            f"A map needs a DataFrame, not {type(frame).__name__}.", advice="pnb.to_frame(records) makes one."
        )
    if not frame.columns.is_unique:
        twice = sorted({str(name) for name in frame.columns[frame.columns.duplicated()]})
        raise ArgumentError(f"The frame has two columns of one name: {', '.join(twice)}.")
    missing = [name for name in (latitude, longitude) if name not in frame.columns]
    if missing:
        raise ArgumentError(
            f"The frame has no column {' and no column '.join(map(repr, missing))}.",
            advice=f"{_near(frame, *missing)} Name the columns with latitude=… and longitude=…, or join them with "
            "with_location(frame, projects).".lstrip(),
        )


def _near(frame: pd.DataFrame, *names: str) -> str:
    """The columns and aliases that look like these names, as a question; empty when none does."""
    columns = [str(column) for column in frame.columns]
    known = [*columns, *(alias for alias in ALIASES if maybe_column(frame, alias))]
    found: list[str] = []
    for name in map(str.casefold, names):
        words = [(column, column.casefold()) for column in columns]
        found += [column for column, word in words if name in word or (len(word) > 2 and word in name)][:3]
        found += near(name, known)
    return f"Did you mean {' or '.join(dict.fromkeys(found))}?" if found else ""


PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
DEGREE_TEXT = re.compile(
    r"""\s*([NSEW])?\s*([+-]?)\s*
        (\d{1,3}(?:[.,]\d+)?)\s*(?:°|º|˚|deg(?:rees)?\.?|d|\s|:|$)?\s*
        (?:(\d{1,2}(?:[.,]\d+)?)\s*(?:['′’]|min\.?|m|\s|:|$)\s*)?
        (?:(\d{1,2}(?:[.,]\d+)?)\s*(?:["″”]|''|′′|’’|sec\.?|s|$)?\s*)?
        ([NSEW])?\s*""",
    re.VERBOSE | re.IGNORECASE,
)

Codes = npt.NDArray[np.object_]


def read_column(column: pd.Series[Any]) -> tuple[Floats, Codes]:
    """Values as floats, and per value "", "missing", "not_a_number" or "text"."""
    if _is_numeric(column):
        values = column.to_numpy(dtype="float64", na_value=np.nan)
        codes = np.select([np.isnan(values), np.isinf(values)], ["missing", "not_a_number"], "")
        return values, codes.astype(object)
    read = [_read_value(value) for value in column.tolist()]
    return np.array([number for number, _ in read], dtype=float), np.array(
        [code for _, code in read], dtype=object
    )


def amounts(column: pd.Series[Any]) -> Floats:
    """Numbers of a column of numbers, Decimals or text ("18450000.0", "$1,200"); NaN for what is none."""
    if not _is_numeric(column):
        bare = [
            value.strip().lstrip("$€£").replace(",", "") if isinstance(value, str) else value
            for value in column.tolist()
        ]
        return np.array([_read_value(value)[0] for value in bare], dtype=float)
    values = column.to_numpy(dtype="float64", na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def _is_numeric(column: pd.Series[Any]) -> bool:
    """Booleans and complex numbers count as numeric to pandas, not to a map."""
    types = pd.api.types
    odd = types.is_bool_dtype(column.dtype) or types.is_complex_dtype(column.dtype)
    return bool(types.is_numeric_dtype(column.dtype) and not odd)


def _read_value(value: Any) -> tuple[float, str]:
    """One value as a float (NaN if it is none), and what is wrong with it ("" when nothing is)."""
    if isinstance(value, str):
        word = value.strip().replace("−", "-")
        if word.casefold() in {"", "nan", "none", "null", "n/a", "na", "-"}:
            return np.nan, "missing"
        if not PLAIN.fullmatch(word):
            return np.nan, "text"
        value = float(word)
    if value is None or value is pd.NA or value is pd.NaT:
        return np.nan, "missing"
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | Decimal | np.number):
        return np.nan, "not_a_number"
    number = float(value)
    if np.isfinite(number):
        return number, ""
    return np.nan, "missing" if np.isnan(number) else "not_a_number"


def degrees_from_text(text: str, *, axis: str) -> float | None:
    """Decimal degrees meant by text such as `40°26′46″N`, `N 40 26.77` or `43,1566`; None when unclear.

    `axis` is "latitude" or "longitude": a letter of the other axis makes the text unclear.
    """
    match = DEGREE_TEXT.fullmatch(text.strip().replace("−", "-"))
    if not match or not NUMBER.search(text):
        return None
    before, sign, degrees, minutes, seconds, after = match.groups()
    letter, letters = (before or after or "").upper(), "NS" if axis == "latitude" else "EW"
    if (before and after) or (letter and sign) or (letter and letter not in letters):
        return None
    small = [float(part.replace(",", ".")) if part else 0.0 for part in (minutes, seconds)]
    value = float(degrees.replace(",", ".")) + small[0] / 60 + small[1] / 3600
    if max(small) >= 60 or value > (90 if axis == "latitude" else 180):
        return None
    return -value if sign == "-" or letter in {"S", "W"} else value
