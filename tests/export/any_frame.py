"""Frames of every dtype and with the worst text, for property tests."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

WORST = [
    *(
        "",
        " ",
        " a ",
        "NA",
        "NaN",
        "None",
        "null",
        "nan",
        "NaT",
        "true",
        "False",
        "1",
        "1.0",
        "007",
        "1e5",
        "inf",
    ),
    *(
        "2026-01-01",
        "2026-01-01T00:00:00Z",
        "=1+1",
        "'=x",
        "''=x",
        "-5",
        "+1 555",
        "@a",
        "\ttab",
        "＝1",
        "'",
        "''",
    ),
    *(
        '"',
        '""',
        '"""',
        'a"b',
        '","',
        ",",
        ";",
        "a;b",
        "a,b",
        "\\",
        "\\N",
        "#",
        "\n",
        "\r",
        "\r\n",
        "a\rb",
        "x\n",
    ),
    *(
        "\0",
        "a\0b",
        "\x01",
        "\x1a",
        "\x0b",
        "\x0c",
        "\x1c",
        "\x85",
        "\u2028",
        "\ufeff",
        "\ufeffa",
        "\ufdd0",
        "\ufdd00",
    ),
    *("é", "e\u0301", "ﬀ", "שלום", "\u200f\u202eabc", "🏗️", "👩‍👩‍👧", "𝔘", "9" * 40, "x" * 300),
]
TEXT = st.sampled_from(WORST) | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
IDS = st.integers(-(2**63), 2**63 - 1) | st.sampled_from([0, 2**53, 2**53 + 1, 10**15, 2**63 - 1, -(2**63)])
FLOATS = st.floats(allow_nan=False) | st.sampled_from([0.1, -0.0, 5e-324, 1.7976931348623157e308])
DECIMALS = st.decimals(allow_nan=False) | st.sampled_from(
    list(map(Decimal, ("-0.00", "1E+3", "1E-400", "1E+6000", "0." + "1" * 60, "1" * 60)))
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
NESTED = st.lists(JSON, max_size=3) | st.dictionaries(TEXT, JSON, max_size=3)
MOMENTS = st.datetimes() | st.sampled_from([dt.datetime.min, dt.datetime.max, dt.datetime(1582, 10, 10)])
NOT_FROM_TEXT = {"spans", "objects of days", "objects of moments", "objects of hours"}
ZONES = ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu"]


def _moments(values: list[Any], unit: str, *, zone: str | None = None, days: bool = False) -> pd.Series[Any]:
    bare = np.array(
        [np.datetime64("NaT", "us") if one is None else np.datetime64(one, "us") for one in values], "M8[us]"
    )
    series = pd.Series((bare.astype("M8[D]") if days else bare).astype(f"M8[{unit}]"))
    return series.dt.tz_localize("UTC").dt.tz_convert(zone) if zone else series


def _objects(values: list[Any]) -> pd.Series[Any]:
    column = np.full(len(values), None, object)
    for row, value in enumerate(values):
        column[row] = value
    return pd.Series(column, dtype=object)


@st.composite
def columns(draw: st.DrawFn, rows: int, *, text: bool = False) -> pd.Series[Any]:
    """One column of that many rows; of dtypes that come back from text only."""

    def some(values: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(st.none() | values, min_size=rows, max_size=rows))

    def all_of(values: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(values, min_size=rows, max_size=rows))

    bits = draw(st.sampled_from([8, 16, 32, 64]))
    small = st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    unit = draw(st.sampled_from(["s", "ms", "us"]))
    near = st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2250, 1, 1))
    makers = {
        "string": lambda: pd.Series(pd.array(some(TEXT), dtype="string")),
        "str": lambda: pd.Series(some(TEXT), dtype="str"),
        "objects of text": lambda: _objects(some(TEXT)),
        "Int": lambda: pd.Series(pd.array(some(small), dtype=f"Int{bits}")),
        "UInt64": lambda: pd.Series(pd.array(some(st.integers(0, 2**64 - 1)), dtype="UInt64")),
        "int": lambda: pd.Series(np.array(all_of(small), f"int{bits}")),
        "ids": lambda: pd.Series(pd.array(some(IDS), dtype="Int64")),
        "float": lambda: pd.Series([np.nan if one is None else one for one in some(FLOATS)], dtype="float64"),
        "Float64": lambda: pd.Series(pd.array(some(FLOATS), dtype="Float64")),
        "float32": lambda: pd.Series(np.array(all_of(st.floats(width=32, allow_nan=False)), "float32")),
        "bool": lambda: pd.Series(np.array(all_of(st.booleans()), bool)),
        "boolean": lambda: pd.Series(pd.array(some(st.booleans()), dtype="boolean")),
        "decimals": lambda: _objects(some(DECIMALS)),
        "nested": lambda: _objects(some(NESTED)),
        "days": lambda: _moments(some(MOMENTS), unit, days=True),
        "moments": lambda: _moments(some(MOMENTS), unit),
        "times": lambda: _moments(some(MOMENTS), "us", zone="UTC"),
        "zoned": lambda: _moments(
            some(near), draw(st.sampled_from(["s", "ms", "us", "ns"])), zone=draw(st.sampled_from(ZONES))
        ),
        "spans": lambda: pd.Series(
            pd.to_timedelta(some(st.timedeltas(dt.timedelta(-9999), dt.timedelta(9999))))
        ),
        "objects of days": lambda: _objects(some(st.dates())),
        "objects of moments": lambda: _objects(some(st.datetimes().map(lambda one: one.replace(fold=0)))),
        "objects of hours": lambda: _objects(some(st.times().map(lambda one: one.replace(fold=0)))),
        "objects of numbers": lambda: _objects(some(st.integers(-(2**99), 2**99))),
        "categories": lambda: pd.Series(_categories(draw, rows, st.lists(TEXT, unique=True, max_size=4))),
        "numbers as categories": lambda: pd.Series(
            _categories(draw, rows, st.lists(IDS, unique=True, min_size=1, max_size=4))
        ),
        "months": lambda: pd.Series(pd.PeriodIndex(["2026-01"] * rows, freq="M")),
    }
    known = [name for name in sorted(makers) if not text or name not in NOT_FROM_TEXT]
    return makers[draw(st.sampled_from(known))]()


def _categories(draw: st.DrawFn, rows: int, values: st.SearchStrategy[list[Any]]) -> pd.Categorical:
    categories = draw(values)
    codes = draw(st.lists(st.integers(-1, len(categories) - 1), min_size=rows, max_size=rows))
    index = pd.Index(categories, dtype=None if categories else "str")
    return pd.Categorical.from_codes(codes, categories=index, ordered=draw(st.booleans()))


@st.composite
def frames(draw: st.DrawFn, *, unique: bool = False, text: bool = False) -> pd.DataFrame:
    """Frames of any columns, with any labels, index and attrs; `unique` labels where a format wants them."""
    rows = draw(st.integers(0, 4))
    parts = draw(st.lists(columns(rows, text=text), max_size=4))
    frame = pd.concat(parts, axis=1) if parts else pd.DataFrame(index=pd.RangeIndex(rows))
    width = len(parts)
    labels = draw(
        st.lists(TEXT, min_size=width, max_size=width, unique=unique)
        | st.just(list(range(width)))
        | st.lists(
            st.dates(dt.date(1700, 1, 1), dt.date(2200, 1, 1)), min_size=width, max_size=width, unique=True
        ).map(pd.DatetimeIndex)
    )
    frame.columns = pd.Index(labels, dtype=None if width else "str")
    if width and draw(st.booleans()):
        name = draw(TEXT.filter(lambda one: not unique or one not in set(map(str, labels))))
        frame.index = pd.Index(draw(columns(rows, text=text)), name=name)
    frame.attrs = draw(st.dictionaries(TEXT, JSON, max_size=2))
    return frame
