"""A Parquet file keeps types, values and attrs, and other engines can compute with it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from procore_nb.errors import ArgumentError, MissingExtraError, OutputError
from procore_nb.export import read_parquet, to_parquet
from procore_nb.export.frame_files import library
from procore_nb.frames import to_frame
from tests.export.test_csv import RECORD, foreign, same


@pytest.mark.parametrize("records", [[RECORD], [RECORD, {}], [], [{}] * 3])
def test_what_was_written_is_read_back(tmp_path: Path, records: list[dict[str, Any]]) -> None:
    frame = to_frame(records, "projects" if records == [] else None)
    same(read_parquet(to_parquet(frame, tmp_path / "a.parquet")), frame)


def test_a_frame_from_elsewhere_keeps_its_dtypes(tmp_path: Path) -> None:
    same(read_parquet(to_parquet(foreign(), tmp_path / "a.parquet")), foreign())


def test_a_named_index_is_kept(tmp_path: Path) -> None:
    grouped = to_frame([{"stage": "b", "id": 1}]).groupby("stage")[["id"]].sum()
    same(read_parquet(to_parquet(grouped, tmp_path / "a.parquet")), grouped)


def test_an_engine_adds_money_exactly_and_knows_days_and_times(tmp_path: Path) -> None:
    records = [RECORD | {"total_value": "0.10"}, RECORD | {"total_value": "0.2"}, {}]
    path = to_parquet(to_frame(records, decimals="exact"), tmp_path / "a.parquet")
    query = "select sum(total_value), max(start_date), epoch(max(created_at)), max(id) from read_parquet(?)"
    total, day, moment, number = duckdb.connect().execute(query, [str(path)]).fetchall()[0]
    assert total == Decimal("0.30")
    assert str(day) == "2026-05-28"
    assert moment == 1780003174
    assert number == 2**53 + 1


@pytest.mark.parametrize(
    "texts",
    [["1e30", "1e-30"], ["1" * 40], ["1e60"], ["-0.001", "1000"], ["1E+3"], ["0"], ["0.00"], ["-99.5", None]],
)
def test_decimals_of_any_size_keep_their_value(tmp_path: Path, texts: list[Any]) -> None:
    frame = to_frame([{"amount": text} for text in texts], decimals="exact")
    back = read_parquet(to_parquet(frame, tmp_path / "a.parquet"))
    assert back["amount"].tolist() == [text and Decimal(text) for text in texts]


def test_a_file_from_elsewhere_gets_the_dtypes_of_our_frames(tmp_path: Path) -> None:
    table = pa.table(
        {
            "id": pa.array([1, None], pa.int32()),
            "ok": [True, None],
            "name": ["a", None],
            "day": pa.array([0, None], pa.date32()),
            "at": pa.array([0, None], pa.timestamp("ms", "America/New_York")),
            "tags": [["x"], None],
            "x": pa.array([1.5, None], pa.float32()),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    frame = read_parquet(tmp_path / "a.parquet")
    assert frame.dtypes.astype(str).tolist() == [
        "Int64",
        "boolean",
        "string",
        "datetime64[us]",
        "datetime64[us, UTC]",
        "object",
        "float64",
    ]
    assert frame["tags"].tolist() == [["x"], None]


def test_several_frames_become_a_folder(tmp_path: Path) -> None:
    folder = to_parquet({"a": to_frame([{"id": 1}]), "b": to_frame([])}, tmp_path / "out")
    assert sorted(one.name for one in folder.iterdir()) == ["a.parquet", "b.parquet"]


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="same name"):
        to_parquet(pd.DataFrame([[1, 2]], columns=["a", "a"]), tmp_path / "a.parquet")


def test_an_absent_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no folder"):
        to_parquet(to_frame([]), tmp_path / "absent" / "a.parquet")


@pytest.mark.parametrize("content", [None, b"", b"id,name\n"])
def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "a.parquet"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ArgumentError, match="cannot be read"):
        read_parquet(path)


def test_a_library_that_is_absent_is_named_with_the_line_that_installs_it() -> None:
    with pytest.raises(MissingExtraError, match=r'needs nowhere_at_all, .*pip install "procore-nb\[keep\]"'):
        library("nowhere_at_all.parquet", "Parquet")


LISTS = [
    {"id": 1, "tags": ["a", "b"], "people": [{"id": 7, "name": "Ann"}, {"id": 8, "name": None}]},
    {"id": 2, "tags": [], "people": []},
    {"id": 3, "tags": ["c"], "people": [{"id": 9, "name": "Bo"}]},
]


def test_lists_are_native_and_duckdb_unnests_them(tmp_path: Path) -> None:
    path = to_parquet(to_frame(LISTS), tmp_path / "a.parquet")
    query = "select id, unnest(people).name from read_parquet(?) order by 1, 2 nulls last"
    assert duckdb.connect().execute(query, [str(path)]).fetchall() == [(1, "Ann"), (1, None), (3, "Bo")]


def test_lists_are_native_and_polars_explodes_them(tmp_path: Path) -> None:
    import polars

    path = to_parquet(to_frame(LISTS), tmp_path / "a.parquet")
    rows = polars.read_parquet(path).filter(polars.col("tags").list.len() > 0).explode("tags")
    assert rows.select("id", "tags").rows() == [(1, "a"), (1, "b"), (3, "c")]


@pytest.mark.parametrize(
    "values",
    [
        [["a", 1], [{"x": 1}]],
        [[2**70]],
        [[{"a": 1}, {"b": 2}]],
        [[{}]],
        [["\ud800"]],
        [[True, 1]],
    ],
)
def test_lists_that_arrow_cannot_hold_come_back_too(tmp_path: Path, values: list[Any]) -> None:
    frame = pd.DataFrame({"x": pd.Series(values, dtype=object)})
    back = read_parquet(to_parquet(frame, tmp_path / "a.parquet"))["x"].tolist()
    assert repr(back) == repr(values).replace("\\ud800", "?")


def test_ids_past_64_bits_and_half_a_character_come_back(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"id": pd.Series([2**70, 1], dtype=object), "x": pd.Series(["\ud800a", "b"], dtype=object)}
    )
    back = read_parquet(to_parquet(frame, tmp_path / "a.parquet"))
    assert back["id"].tolist() == [2**70, 1]
    assert back["x"].tolist() == ["?a", "b"]
