"""A CSV that a spreadsheet saved again is read where it is certain, and its other cells are named."""

from __future__ import annotations

import warnings
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from procore_nb.errors import ProcoreWarning
from procore_nb.export import read_csv, to_csv
from procore_nb.frames import to_frame

RECORDS = [
    {
        "id": 1,
        "total_value": "1234.50",
        "due_date": "2026-03-01",
        "created_at": "2026-03-01T10:00:00Z",
        "is_x": True,
        "latitude": 51.5,
    },
    {
        "id": 2,
        "total_value": "1000000.00",
        "due_date": "2026-03-25",
        "created_at": "2026-03-02T23:10:00Z",
        "is_x": False,
        "latitude": -0.125,
    },
]
HEADER = ["id", "total_value", "due_date", "created_at", "is_x", "latitude"]
SAVED = {
    "United States": (",", ["1", "1234.5", "3/1/2026", "3/1/2026 10:00", "TRUE", "51.5"],
        ["2", "1000000", "3/25/2026", "3/2/2026 23:10", "FALSE", "-0.125"]),
    "United States, formatted": (",", ["1", '"$1,234.50"', "3/1/2026", "3/1/2026 10:00 AM", "TRUE", "51.5"],
        ["2", '"$1,000,000.00"', "3/25/2026", "3/2/2026 11:10 PM", "FALSE", "-0.125"]),
    "Great Britain": (",", ["1", "1234.5", "01/03/2026", "01/03/2026 10:00", "TRUE", "51.5"],
        ["2", "1000000", "25/03/2026", "02/03/2026 23:10", "FALSE", "-0.125"]),
    "Germany": (";", ["1", "1234,5", "01.03.2026", "01.03.2026 10:00", "WAHR", "51,5"],
        ["2", "1.000.000,00 €", "25.03.2026", "02.03.2026 23:10", "FALSCH", "-0,125"]),
    "Germany, by LibreOffice": (",", ["1", '"1234,5"', "01.03.2026", "01.03.2026 10:00:00", "WAHR", '"51,5"'],
        ["2", "1000000", "25.03.2026", "02.03.2026 23:10:00", "FALSCH", '"-0,125"']),
    "France": (";", ["1", "1234,5", "01/03/2026", "01/03/2026 10:00", "VRAI", "51,5"],
        ["2", "1\u202f000\u202f000,00", "25/03/2026", "02/03/2026 23:10", "FAUX", "-0,125"]),
    "Netherlands": (";", ["1", "1234,5", "1-3-2026", "1-3-2026 10:00", "WAAR", "51,5"],
        ["2", "1.000.000", "25-3-2026", "2-3-2026 23:10", "ONWAAR", "-0,125"]),
    "Japan": (",", ["1", "1234.5", "2026/3/1", "2026/3/1 10:00", "TRUE", "51.5"],
        ["2", "1000000", "2026/3/25", "2026/3/2 23:10", "FALSE", "-0.125"]),
}  # fmt: skip


def saved_again(path: Path, separator: str, *rows: list[str], names: list[str] = HEADER) -> Path:
    path.write_text("\r\n".join(separator.join(row) for row in [names, *rows]) + "\r\n", encoding="utf-8-sig")
    return path


@pytest.mark.parametrize("country", list(SAVED))
@pytest.mark.parametrize("types_file", [True, False])
def test_a_file_saved_in_another_country_comes_back_as_it_was(
    tmp_path: Path, country: str, types_file: bool
) -> None:
    frame = to_frame(RECORDS)
    path = saved_again(to_csv(frame, tmp_path / "a.csv"), *SAVED[country])
    if not types_file:
        path.with_name("a.csv.types.json").unlink()
    pd.testing.assert_frame_equal(read_csv(path), frame)


@pytest.mark.parametrize(
    ("saved", "day"), [("3/1/2026", "2026-03-01"), ("01/03/2026", "2026-03-01"), ("1/3/2026", "2026-01-03")]
)
def test_days_that_could_be_months_are_understood_by_what_was_written(
    tmp_path: Path, saved: str, day: str
) -> None:
    frame = to_frame([{"due_date": day}])
    path = saved_again(to_csv(frame, tmp_path / "a.csv"), ",", [saved], names=["due_date"])
    pd.testing.assert_frame_equal(read_csv(path), frame)


def unclear(path: Path, match: str) -> pd.DataFrame:
    with pytest.warns(ProcoreWarning, match=match):
        return read_csv(path)


def test_days_of_two_meanings_are_counted_and_missing(tmp_path: Path) -> None:
    frame = to_frame([{"due_date": "2026-01-03"}, {"due_date": "2026-03-01"}])
    path = saved_again(
        to_csv(frame, tmp_path / "a.csv"), ",", ["1/3/2026"], ["3/1/2026"], ["2026-02-02"], names=["due_date"]
    )
    back = unclear(path, r"due_date 2 \('1/3/2026', '3/1/2026'\)")
    assert back["due_date"].astype("str").tolist()[2] == "2026-02-02"
    assert back["due_date"].isna().tolist() == [True, True, False]
    assert back.attrs["procore"]["unparsed"]["due_date"]["count"] == 2


@pytest.mark.parametrize(
    ("separator", "cell", "value"),
    [
        (";", "1.234", 1234),
        (",", '"1,234"', 1234),
        (";", "1,234", Decimal("1.234")),
        (",", "1.234", Decimal("1.234")),
    ],
)
def test_a_number_of_two_meanings_is_the_one_that_was_written(
    tmp_path: Path, separator: str, cell: str, value: Any
) -> None:
    frame = pd.DataFrame({"total_value": pd.Series([Decimal(value)], dtype=object), "id": [1]})
    path = saved_again(to_csv(frame, tmp_path / "a.csv"), separator, [cell, "1"], names=["total_value", "id"])
    assert read_csv(path)["total_value"].tolist() == [value]


def test_a_number_of_two_meanings_that_nothing_decides_is_counted_and_missing(tmp_path: Path) -> None:
    frame = to_frame([{"total_value": "1.00"}, {"total_value": "5000.00"}])
    path = saved_again(to_csv(frame, tmp_path / "a.csv"), ",", ['"1,234"'], ["7"], names=["total_value"])
    back = unclear(path, r"total_value 1 \('1,234'\)")
    assert back["total_value"].isna().tolist() == [True, False]
    assert back["total_value"][1] == 7


@pytest.mark.parametrize(
    ("record", "cell"),
    [
        ({"id": 562949953421312}, "5.6295E+14"),
        ({"total_value": "123456789012.34"}, "1.23457E+11"),
        ({"latitude": 1.2345678e-7}, "1.23E+07"),
    ],
)
def test_a_number_that_was_rounded_is_counted_and_missing(
    tmp_path: Path, record: dict[str, Any], cell: str
) -> None:
    path = to_csv(to_frame([record]), tmp_path / "a.csv")
    saved_again(path, ",", [cell], names=list(record))
    assert unclear(path, r"E\+").isna().all(axis=None)


@pytest.mark.parametrize("cell", ["31.02.2026", "3/1/26", "later", "46082"])
def test_a_day_that_is_none_is_counted_and_missing(tmp_path: Path, cell: str) -> None:
    path = saved_again(
        to_csv(to_frame([{"due_date": "2026-03-01"}]), tmp_path / "a.csv"), ",", [cell], names=["due_date"]
    )
    assert unclear(path, f"due_date 1 .*{cell}").isna().all(axis=None)


def test_an_untouched_file_is_read_without_a_word(tmp_path: Path) -> None:
    frame = to_frame([*RECORDS, {"total_value": "1E+3", "latitude": 1e300}])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pd.testing.assert_frame_equal(read_csv(to_csv(frame, tmp_path / "a.csv")), frame)
