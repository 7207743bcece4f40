"""Whatever JSON comes, in whatever place, there is a frame, and its declared dtypes hold."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from procore_nb.frames import FrameBuilder, explode, to_frame
from procore_nb.frames.types import declared_by
from tests.frames.stand_ins import Endpoint, Field

KEYS = st.sampled_from(
    [
        "id",
        "name",
        "a",
        "b",
        "a.b",
        "",
        "custom_fields",
        "custom_field_7",
        "created_at",
        "due_date",
        "amount",
        "data_type",
        "value",
        "l",
        "ids",
        "is_ok",
        "latitude",
    ]
)
TEXTS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["2026-01-01T00:00:00Z", "2026-01-01", "1.50", "96.36%", "true", "12", "9" * 30, "NaN", "-0", "1e400"]
    ),
    st.datetimes().map(lambda one: one.isoformat() + "Z"),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    TEXTS,
    st.just("\ud800"),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
RECORDS = st.lists(st.dictionaries(KEYS, VALUES, max_size=5) | VALUES, max_size=6)
TYPES = st.sampled_from(
    [
        ("string", ""),
        ("string", "date"),
        ("string", "date-time"),
        ("string", "float"),
        ("integer", ""),
        ("number", ""),
        ("boolean", ""),
        ("object", ""),
        ("unknown", ""),
        ("array<object>", ""),
    ]
)
NAMES = st.sampled_from(
    ["id", "name", "a", "a.b", "b.value", "created_at", "due_date", "amount", "l", "latitude", "", "b.a.b"]
)


@st.composite
def endpoints(draw: st.DrawFn) -> Endpoint:
    fields = []
    for name in draw(st.lists(NAMES, unique=True, max_size=6)):
        kind, form = draw(TYPES)
        fields.append(Field(f"{name}[]" if kind.startswith("array") else name, kind, form))
    return Endpoint(tuple(fields), id_type=draw(st.sampled_from(["integer", "string", ""])))


@given(records=RECORDS, endpoint=st.none() | endpoints(), decimals=st.sampled_from(["exact", "float"]))
@pytest.mark.slow
def test_any_records_give_a_frame_of_as_many_rows_with_the_declared_dtypes(
    records: list[Any], endpoint: Endpoint | None, decimals: Any
) -> None:
    frame = to_frame(records, endpoint, decimals=decimals)
    empty = to_frame([], endpoint, decimals=decimals)
    assert len(frame) == len(records)
    assert frame.columns.is_unique
    lettered = frame.attrs["procore"].get("text_ids", [])  # ids that turned out to have letters stay text
    # A type that only a name gives gives way to values; a date with a time of day becomes a time.
    by_name = {".".join(path) for path in declared_by(endpoint).typed_by_name}
    for name in set(empty.columns) - set(lettered) - by_name:
        wider = {"datetime64[us]": {"datetime64[us]", "datetime64[us, UTC]"}}
        dtype = str(empty[name].dtype)
        assert str(frame[name].dtype) in wider.get(dtype, {dtype})


@given(records=RECORDS, size=st.integers(1, 3), endpoint=st.none() | endpoints())
@pytest.mark.slow
def test_pages_of_any_size_give_the_same_frame(
    records: list[Any], size: int, endpoint: Endpoint | None
) -> None:
    builder = FrameBuilder(endpoint)
    for start in range(0, len(records), size):
        builder.add(records[start : start + size])
    whole, paged = to_frame(records, endpoint), builder.build()
    assert paged.shape == whole.shape
    assert set(paged.columns) == set(whole.columns)


@given(lists=st.lists(st.none() | st.lists(VALUES, max_size=3), max_size=4))
@pytest.mark.slow
def test_any_lists_explode_into_one_row_per_element(lists: list[Any]) -> None:
    frame = to_frame([{"id": row, "l": value} for row, value in enumerate(lists)])
    if not any(isinstance(one, list) for one in lists):
        return
    assert len(explode(frame, "l")) == sum(map(len, filter(None, lists)))


@given(st.lists(st.datetimes() | st.none(), min_size=1, max_size=5), st.booleans())
@pytest.mark.slow
def test_times_read_at_once_equal_times_read_one_by_one(moments: list[Any], odd: bool) -> None:
    texts = [one and one.isoformat() + "Z" for one in moments] + (
        ["2026-01-01T00:00:00+00:00"] if odd else []
    )
    read = to_frame([{"created_at": text} for text in texts])["created_at"].tolist()
    for one, got in zip(moments, read, strict=False):
        assert (got is pd.NaT) if one is None else got == pd.Timestamp(one, tz="UTC")
