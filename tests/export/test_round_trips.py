"""Whatever a frame holds comes back from a file as it was."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from procore_nb.export import read_csv, read_parquet, to_csv, to_excel, to_parquet
from tests.export.any_frame import frames

pytestmark = pytest.mark.slow

SLOW = settings(suppress_health_check=[HealthCheck.too_slow])


def same(left: pd.DataFrame, right: pd.DataFrame) -> None:
    """The same in every respect, value by value: equal is not enough for -0.0, 1.0 beside 1, or 1.50 beside 1.5."""
    pd.testing.assert_frame_equal(left, right, check_freq=False)
    for at in range(left.shape[1]):
        assert list(map(exact, left.iloc[:, at])) == list(map(exact, right.iloc[:, at]))
    assert list(map(exact, left.index)) == list(map(exact, right.index))
    assert left.attrs == right.attrs


def exact(value: Any) -> str:
    return f"{type(value).__name__} {value!r}"


@pytest.mark.slow
@SLOW
@given(frame=frames(text=True), excel=st.booleans())
def test_a_csv_gives_any_frame_back(frame: pd.DataFrame, excel: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        same(read_csv(to_csv(frame, Path(folder, "a.csv"), excel=excel)), frame)


@pytest.mark.slow
@SLOW
@given(frame=frames(unique=True))
def test_parquet_gives_any_frame_back_and_a_workbook_has_as_many_cells(frame: pd.DataFrame) -> None:
    import openpyxl

    with tempfile.TemporaryDirectory() as folder:
        back = read_parquet(to_parquet(frame, Path(folder, "a.parquet")))
        pd.testing.assert_frame_equal(back, frame, check_freq=False)
        assert back.attrs == frame.attrs
        sheet = openpyxl.load_workbook(to_excel(frame, Path(folder, "a.xlsx")))["Data"]
        assert sheet.max_row <= len(frame) + 1
        assert not any(cell.data_type == "f" or cell.hyperlink for row in sheet.iter_rows() for cell in row)
