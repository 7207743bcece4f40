"""Read one coordinate, or one amount, from whatever a column holds.

In: a column of numbers, Decimals or text. Out: floats, and what was wrong with the rest. Speaks to no service.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from procore_nb.maps.borders import Floats

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
    codes = np.full(len(column), "", dtype=object)
    if pd.api.types.is_numeric_dtype(column.dtype) and not _odd_number_type(column):
        values = column.to_numpy(dtype="float64", na_value=np.nan)
        codes[np.isnan(values)] = "missing"
        codes[np.isinf(values)] = "not_a_number"
        return values, codes
    values = np.full(len(column), np.nan)
    for i, value in enumerate(column.tolist()):
        values[i], codes[i] = read_value(value)
    return values, codes


def read_value(value: Any) -> tuple[float, str]:
    """One value as a float, and what is wrong with it ("" when nothing is)."""
    if value is None or value is pd.NA or value is pd.NaT:
        return np.nan, "missing"
    if isinstance(value, bool | np.bool_):
        return np.nan, "not_a_number"
    if isinstance(value, int | float | Decimal | np.number):
        return _read_number(value)
    if not isinstance(value, str):
        return np.nan, "not_a_number"
    word = value.strip().replace("−", "-")
    if word.casefold() in {"", "nan", "none", "null", "n/a", "na", "-"}:
        return np.nan, "missing"
    if PLAIN.fullmatch(word):
        return _read_number(float(word))
    return np.nan, "text"


def degrees_from_text(text: str, *, axis: str) -> float | None:
    """Decimal degrees meant by text such as `40°26′46″N`, `N 40 26.77` or `43,1566`; None when unclear.

    `axis` is "latitude" or "longitude": a letter of the other axis makes the text unclear.
    """
    match = DEGREE_TEXT.fullmatch(text.strip().replace("−", "-"))
    if not match or not NUMBER.search(text):
        return None
    before, sign, degrees, minutes, seconds, after = match.groups()
    letter = (before or after or "").upper()
    if (before and after) or (letter and sign) or (letter and letter not in _letters(axis)):
        return None
    small = [float(part.replace(",", ".")) if part else 0.0 for part in (minutes, seconds)]
    value = float(degrees.replace(",", ".")) + small[0] / 60 + small[1] / 3600
    if max(small) >= 60 or value > (90 if axis == "latitude" else 180):
        return None
    return -value if sign == "-" or letter in {"S", "W"} else value


def amounts(column: pd.Series[Any]) -> Floats:
    """Numbers of a column of numbers, Decimals or text ("18450000.0", "$1,200"); NaN for what is none."""
    if pd.api.types.is_numeric_dtype(column.dtype) and not _odd_number_type(column):
        values = column.to_numpy(dtype="float64", na_value=np.nan)
    else:
        values = np.array([_amount(value) for value in column.tolist()], dtype="float64")
    return np.where(np.isfinite(values), values, np.nan)


def _amount(value: Any) -> float:
    if isinstance(value, str):
        value = value.strip().lstrip("$€£").replace(",", "").strip()
    number, _ = read_value(value)
    return number


def _read_number(value: Any) -> tuple[float, str]:
    number = float(value)
    if np.isnan(number):
        return np.nan, "missing"
    return (number, "") if np.isfinite(number) else (np.nan, "not_a_number")


def _odd_number_type(column: pd.Series[Any]) -> bool:
    """Booleans and complex numbers count as numeric to pandas, not to a map."""
    return bool(pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_complex_dtype(column.dtype))


def _letters(axis: str) -> str:
    return "NS" if axis == "latitude" else "EW"
