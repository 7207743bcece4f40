"""Logical types as Arrow columns and back: in a file that stands alone, and in the store's layout."""

from decimal import Decimal
from typing import get_args

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from every_case import every_case

from procore_nb.frames import to_frame
from procore_nb.frames.codec import (
    ARROW_TYPES,
    EXACT,
    common_type,
    conform,
    decode,
    dtype_of,
    encode,
    from_any_arrow,
    from_arrow,
    logical_type,
    logical_types,
    to_arrow,
)
from procore_nb.frames.types import LogicalType

RECORDS = [
    {
        "id": 2**53 + 1,
        "is_late": True,
        "name": "Depôt",
        "latitude": 41.5,
        "amount": "10.00",
        "created_at": "2026-01-05T09:30:00.250Z",
        "due_date": "2026-03-01",
        "tags": [{"id": 1, "name": "a"}, {"id": 2, "name": None}],
    },
    dict.fromkeys(["id", "is_late", "name", "latitude", "amount", "created_at", "due_date", "tags"]),
    {
        "id": -5,
        "is_late": False,
        "name": "",
        "latitude": -0.0,
        "amount": "0.125",
        "created_at": "0001-01-01T00:00:00Z",
        "due_date": "9999-12-31",
        "tags": [],
    },
]


@pytest.fixture
def frame() -> pd.DataFrame:
    return to_frame(RECORDS, decimals="exact")


def test_every_logical_type_has_one_arrow_type_and_one_dtype(frame: pd.DataFrame) -> None:
    types = logical_types(frame)
    assert set(types.values()) == set(get_args(LogicalType)) == set(ARROW_TYPES)
    assert {str(frame[name].dtype) for name in frame} == {
        dtype_of(logical, decimals="exact") for logical in types.values()
    }
    assert dtype_of("decimal", decimals="float") == "float64"


def test_both_layouts_give_the_frame_back(frame: pd.DataFrame, tmp_path: object) -> None:
    types = logical_types(frame)
    frame.attrs = {}
    store = from_arrow(to_arrow(frame, types), types, decimals="exact")
    pd.testing.assert_frame_equal(store, frame)
    alone = pa.table({name: encode(frame[name], types[name]) for name in frame})
    pq.write_table(alone, f"{tmp_path}/alone.parquet")
    again = from_arrow(pq.read_table(f"{tmp_path}/alone.parquet"), types, decimals="exact")
    pd.testing.assert_frame_equal(again, frame)


def test_rows_that_are_none_keep_their_types(frame: pd.DataFrame) -> None:
    types = logical_types(frame)
    empty = from_arrow(to_arrow(frame.iloc[:0], types), types, decimals="exact")
    assert empty.dtypes.to_dict() == frame.dtypes.to_dict()
    blank = frame.iloc[[1]].reset_index(drop=True)
    pd.testing.assert_frame_equal(from_arrow(to_arrow(blank, types), types, decimals="exact"), blank)


def test_lists_are_native_where_arrow_loses_nothing() -> None:
    lists = pd.Series([[{"id": 1, "name": "a"}], None, [], [{"id": 2, "name": None}]], dtype=object)
    encoded = encode(lists, "list")
    assert encoded.type == pa.list_(pa.struct([("id", pa.int64()), ("name", pa.string())]))
    assert list(decode(encoded, "list")) == list(lists)


@every_case(
    "odd",
    [
        [[1, "a"]],
        [[{"id": 1}], [{"name": "b"}]],  # Arrow would give each the key of the other
        [[2**70]],
        [[{}]],
        [[[1], 2]],
        [[1], "no list"],
    ],
)
def test_lists_that_arrow_cannot_hold_are_json_text(odd: list[object]) -> None:
    encoded = encode(pd.Series([*odd, None], dtype=object), "list")
    assert encoded.type == pa.string()
    if all(isinstance(one, list) for one in odd):
        assert list(decode(encoded, "list")) == [*odd, None]


def test_half_a_surrogate_pair_is_replaced() -> None:
    encoded = encode(pd.Series([["\ud800"], ["b"]], dtype=object), "list")
    assert encoded.to_pylist() == ['["?"]', '["b"]']


def test_decimals_take_the_digits_that_they_need() -> None:
    money = pd.Series([Decimal("1234.50"), None, Decimal("0.125"), Decimal("-7")], dtype=object)
    assert encode(money, "decimal").type == pa.decimal128(7, 3)
    long = pd.Series([Decimal("1" * 39), Decimal("0.1")], dtype=object)
    encoded = encode(long, "decimal")
    assert encoded.type == pa.string()
    assert list(decode(encoded, "decimal", decimals="exact")) == list(long)


def test_the_store_keeps_longer_decimals_beside_their_column() -> None:
    frame = pd.DataFrame({"amount": pd.Series([Decimal("0.12345678901234"), Decimal("2")], dtype=object)})
    table = to_arrow(frame, {"amount": "decimal"})
    assert table.column(EXACT + "amount").to_pylist() == ["0.12345678901234", None]
    again = from_arrow(table, {"amount": "decimal"}, decimals="exact")["amount"].tolist()
    assert again == [Decimal("0.12345678901234"), Decimal("2.0")]
    floats = from_arrow(table, {"amount": "decimal"}, decimals="float")["amount"]
    assert floats.tolist() == [0.12345678901234, 2.0]
    assert floats.dtype == "float64"


def test_whole_decimals_keep_their_zeros() -> None:
    money = pd.Series([Decimal("100"), Decimal("0")], dtype=object)
    assert list(decode(encode(money, "decimal"), "decimal", decimals="exact")) == list(money)


def test_a_table_of_any_engine_gets_our_dtypes() -> None:
    table = pa.table(
        {
            "small": pa.array([1, None], pa.int8()),
            "unsigned": pa.array([2**64 - 1, None], pa.uint64()),
            "sum": pa.array([Decimal(5), None], pa.decimal128(38, 0)),
            "money": pa.array([Decimal("5.10"), None], pa.decimal128(12, 2)),
            "half": pa.array([1.5, None], pa.float32()),
            "flag": pa.array([True, None]),
            "day": pa.array([0, None], pa.date32()),
            "naive": pa.array([0, None], pa.timestamp("ns")),
            "zoned": pa.array([0, None], pa.timestamp("s", "Europe/Berlin")),
            "word": pa.array(["a", None]).dictionary_encode(),
            "row": pa.array([{"a": [1]}, None]),
        }
    )
    assert from_any_arrow(table)["money"].dtype == "float64"
    frame = from_any_arrow(table, decimals="exact")
    assert frame.dtypes.astype(str).to_dict() == {
        "small": "Int64",
        "unsigned": "string",
        "sum": "Int64",
        "money": "object",
        "half": "float64",
        "flag": "boolean",
        "day": "datetime64[us]",
        "naive": "datetime64[us]",
        "zoned": "datetime64[us, UTC]",
        "word": "string",
        "row": "object",
    }
    assert frame.iloc[0].tolist()[:6] == [1, "18446744073709551615", 5, Decimal("5.1"), 1.5, True]
    assert frame["row"].tolist() == [{"a": [1]}, None]
    assert frame["zoned"][0] == pd.Timestamp(0, tz="UTC")


@every_case("column", [pd.Series([1, 2]), pd.Series([{"a": 1}, [1]]), pd.Series([np.timedelta64(1, "s")])])
def test_dtypes_of_no_frame_of_ours_have_no_logical_type(column: "pd.Series[object]") -> None:
    assert logical_type(column) is None


def test_a_column_of_dates_widens_to_times() -> None:
    assert common_type("date", "time") == "time"
    days = pa.table({"due": pa.array([0, None], pa.date32())})
    wider = conform(days, {"due": "time"}, {"due": "date"}, ())
    assert from_arrow(wider, {"due": "time"})["due"][0] == pd.Timestamp(0, tz="UTC")


def test_decimals_that_arrow_cannot_hold_are_text_and_missing_ones_stay_decimals() -> None:
    def encoded(*values: str) -> pa.Array:
        return encode(pd.Series([Decimal(value) for value in values], dtype=object), "decimal")

    assert encoded("1.5", "Infinity").to_pylist() == ["1.5", "Infinity"]
    assert encoded("1" * 39).to_pylist() == ["1" * 39]
    assert encoded("1.5", "10.25").type == pa.decimal128(4, 2)
    assert pa.types.is_decimal(encoded("NaN").type)
