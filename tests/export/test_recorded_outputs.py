"""Every leaf of recorded payloads comes out of every file with its value."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from every_case import every_case

from procore_nb import catalog
from procore_nb.errors import CatalogError
from procore_nb.export import read_csv, read_parquet, to_csv, to_excel, to_parquet
from procore_nb.frames import to_frame
from tests.payloads import RECORDED, leaves, same

pytestmark = pytest.mark.slow


@cache
def frame_of(name: str) -> pd.DataFrame:
    try:
        return to_frame(RECORDED[name], catalog.endpoint(name))
    except CatalogError:
        return to_frame(RECORDED[name])


def excel_cells(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    """The sheet as a frame of the same columns: texts of lists parsed, times in UTC as the header says."""
    header, *rows = openpyxl.load_workbook(to_excel(frame, path))["Data"].values
    names = [str(name).removesuffix(" (UTC)") for name in header]
    assert names == list(frame.columns)
    columns = {
        name: [
            json.loads(row[at])
            if frame[name].dtype == object and str(row[at]).startswith(("[", "{"))
            else row[at]
            for row in rows
        ]
        for at, name in enumerate(names)
    }
    return pd.DataFrame({name: pd.Series(cells, dtype=object) for name, cells in columns.items()})


OUTPUTS: dict[str, Callable[[pd.DataFrame, Path], pd.DataFrame]] = {
    "csv": lambda frame, path: read_csv(to_csv(frame, path)),
    "csv for spreadsheets": lambda frame, path: read_csv(to_csv(frame, path, excel=True)),
    "parquet": lambda frame, path: read_parquet(to_parquet(frame, path)),
    "excel": excel_cells,
}


def in_excel(value: Any, cell: Any) -> bool:
    """Excel has no empty text, no zones, and one kind of number."""
    if isinstance(cell, datetime):
        return isinstance(value, str) and pd.Timestamp(value).tz_localize(None) == pd.Timestamp(cell)
    if isinstance(cell, int | float) and isinstance(value, str):
        return Decimal(value) == Decimal(str(cell))
    return cell is None if value == "" else same(value, cell) or str(value) == cell


@cache
def written(name: str, output: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A frame, and what came out of its file."""
    frame = frame_of(name)
    with tempfile.TemporaryDirectory() as folder:
        return frame, OUTPUTS[output](frame, Path(folder, "a.xlsx" if output == "excel" else "a"))


def count(output: str, name: str) -> tuple[int, list[tuple[str, Any, Any]]]:
    """How many leaves there are, and those that came out different."""
    frame, out = written(name, output)
    cells = {column: out[column].tolist() for column in out.columns}
    total, different = 0, []
    for row, record in enumerate(RECORDED[name]):
        for column, value in leaves(record):
            if value is None and column not in frame:  # an object that is null, and has declared columns
                continue
            cell = cells[column][row]
            total += 1
            equal = in_excel(value, cell) if output == "excel" else same(value, cell) or str(value) == cell
            if not equal:
                different.append((column, value, cell))
    return total, different


@every_case("output", list(OUTPUTS))
@every_case("name", RECORDED)
def test_every_leaf_comes_out_of_the_file_with_its_value(name: str, output: str) -> None:
    total, different = count(output, name)
    assert total >= len(RECORDED[name])
    assert different == []


@every_case("output", ["csv", "csv for spreadsheets", "parquet"])
@every_case("name", RECORDED)
def test_every_column_comes_out_of_the_file_with_its_dtype(name: str, output: str) -> None:
    frame, out = written(name, output)
    pd.testing.assert_frame_equal(out, frame)
