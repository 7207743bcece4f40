"""A workbook holds real numbers and dates, and no formula that someone else wrote."""

from __future__ import annotations

import tracemalloc
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from procore_nb.errors import ArgumentError, OutputError
from procore_nb.export import excel, to_excel
from procore_nb.frames import to_frame
from tests.export.test_csv import RECORD


def opened(path: Path, sheet: str = "Data") -> Any:
    return openpyxl.load_workbook(path)[sheet]


def cells(path: Path) -> list[Any]:
    """The values of the first row under the header."""
    return [cell.value for cell in opened(path)[2]]


def test_numbers_dates_and_text_are_what_they_are(tmp_path: Path) -> None:
    path = to_excel(to_frame([RECORD, {}]), tmp_path / "a.xlsx")
    assert cells(path) == [
        str(RECORD["id"]),
        RECORD["name"],
        "01234",
        True,
        43.1566,
        18450000,
        datetime(2026, 5, 28, 21, 19, 34),
        datetime(2026, 5, 28),
        '[{"id":7,"name":"Straße"}]',
    ]
    assert all(cell.value is None for cell in opened(path)[3])


def test_the_header_is_frozen_filters_and_says_utc(tmp_path: Path) -> None:
    sheet = opened(to_excel(to_frame([RECORD]), tmp_path / "a.xlsx"))
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:I2"
    assert [cell.value for cell in sheet[1]][6:8] == ["created_at (UTC)", "start_date"]
    assert sheet.column_dimensions["C"].width < sheet.column_dimensions["I"].width


def test_text_is_never_a_formula_or_a_link(tmp_path: Path) -> None:
    texts = ["=1+1", "=HYPERLINK(1)", "@x", "+1", "https://example.com", "{=1}", "-2"]
    sheet = opened(to_excel(to_frame([{"subject": text} for text in texts]), tmp_path / "a.xlsx"))
    found = [(cell.value, cell.data_type, cell.hyperlink) for cell in sheet["A"][1:]]
    assert found == [(text, "s", None) for text in texts]


def test_what_excel_would_round_or_refuse_is_text(tmp_path: Path) -> None:
    records = {
        "id": 10**15 - 1,
        "company_id": -(10**15),
        "amount": "12345678901234567.89",
        "due_date": "1899-01-01",
    }
    exact = to_frame([records], decimals="exact")
    assert cells(to_excel(exact, tmp_path / "a.xlsx")) == [
        10**15 - 1,
        "-1000000000000000",
        "12345678901234567.89",
        "1899-01-01",
    ]


def test_an_id_past_fifteen_digits_makes_its_column_text(tmp_path: Path) -> None:
    sheet = opened(to_excel(to_frame([{"id": 7}, {"id": 10**15}, {}]), tmp_path / "a.xlsx"))
    assert [sheet[f"A{row}"].value for row in (2, 3, 4)] == ["7", "1000000000000000", None]


def test_an_id_is_found_by_the_same_id_on_every_sheet(tmp_path: Path) -> None:
    long = 2**62 + 1
    sheets = {
        "Projects": to_frame([{"id": long, "company": {"id": 5}}, {"id": 7}], "projects"),
        "Open RFIs": to_frame([{"id": 11, "project_id": 7, "created_by": {"id": 3}}], "rfis"),
        "projects": to_frame([{"id": 7}]),
    }
    book = openpyxl.load_workbook(to_excel(sheets, tmp_path / "a.xlsx"))
    found = {
        (sheet.title, cell.value): sheet.cell(sheet.max_row, cell.column).value
        for sheet in book
        for cell in sheet[1]
    }
    assert found["Projects", "id"] == found["Open RFIs", "project_id"] == found["projects (2)", "id"] == "7"
    assert found["Open RFIs", "created_by.id"] == "3"  # whose id that is, no sheet says
    assert found["Open RFIs", "id"] == 11
    del sheets["Projects"]
    book = openpyxl.load_workbook(to_excel(sheets, tmp_path / "a.xlsx"))
    assert [book["projects"]["A2"].value, book["Open RFIs"]["A2"].value] == [7, 11]


def test_long_ids_are_shown_digit_by_digit_and_small_amounts_with_their_places(tmp_path: Path) -> None:
    records = [{"id": 59690000030000, "unit_cost": "0.00345", "due_date": "2026-01-31"}]
    sheet = opened(to_excel(to_frame(records), tmp_path / "a.xlsx"))
    assert [sheet[f"{column}2"].number_format for column in "ABC"] == ["0", "#,##0.00000", "yyyy-mm-dd"]


@pytest.mark.parametrize("decimals", ["float", "exact"])
def test_a_format_shows_money_and_changes_no_value(tmp_path: Path, decimals: Any) -> None:
    frame = to_frame([{"total_value": "20153760.5", "latitude": 1.5}], decimals=decimals)
    sheet = opened(to_excel(frame, tmp_path / "a.xlsx"))
    assert (sheet["A2"].value, sheet["A2"].number_format) == (20153760.5, "#,##0.00")
    assert sheet["B2"].number_format == "General"


def test_every_number_fits_its_column(tmp_path: Path) -> None:
    records = [{"unit_cost": "-1234567.891"}, {"unit_cost": "0.00345"}]
    sheet = opened(to_excel(to_frame(records), tmp_path / "a.xlsx"))
    assert sheet.column_dimensions["A"].width > len("-1,234,567.89100")


def test_lines_in_a_cell_end_as_excel_ends_them(tmp_path: Path) -> None:
    sheet = opened(
        to_excel(to_frame([{"body": text} for text in ("a\r\nb", "a\rb", "a\nb")]), tmp_path / "a.xlsx")
    )
    assert [cell.value for cell in sheet["A"][1:]] == ["a\nb"] * 3


def test_emoji_count_twice_in_cells_and_names_as_excel_counts(tmp_path: Path) -> None:
    frame = to_frame([{"body": "🏗" * 20_000}])
    path = to_excel({"🏗" * 31: frame}, tmp_path / "a.xlsx")
    (name,) = openpyxl.load_workbook(path).sheetnames
    assert name == "🏗" * 15
    text = opened(path, name)["A2"].value
    assert len(text.encode("utf-16-le")) // 2 <= 32_767
    assert text.endswith("… (cut)")


@pytest.mark.parametrize("amount", [Decimal("1E+6000"), Decimal("Infinity"), Decimal("-1E-400")])
def test_amounts_beyond_any_number_are_text_or_nearly_nothing(tmp_path: Path, amount: Decimal) -> None:
    frame = pd.DataFrame({"x": pd.Series([amount], dtype=object)})
    (value,) = cells(to_excel(frame, tmp_path / "a.xlsx"))
    assert value in (str(amount), 0)


def test_days_before_1900_and_years_that_no_calendar_has_are_text(tmp_path: Path) -> None:
    days = pd.Series(np.array(["1899-12-31", "-0001-01-01", "2026-01-01"], "M8[s]"))
    sheet = opened(to_excel(pd.DataFrame({"day": days}), tmp_path / "a.xlsx"))
    assert sheet["A2"].value == "1899-12-31"
    assert sheet["A3"].data_type == "s"
    assert sheet["A4"].value == datetime(2026, 1, 1)


@pytest.mark.slow
def test_a_workbook_in_the_making_takes_no_memory_per_row(tmp_path: Path) -> None:
    peaks = []
    for rows in (200, 4000):
        frame = pd.DataFrame({"text": [f"row {row}" for row in range(rows)]})
        tracemalloc.start()
        to_excel(frame, tmp_path / "a.xlsx")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert (peaks[1] - peaks[0]) / 3800 < 200
    assert [one.name for one in tmp_path.iterdir()] == ["a.xlsx"]


def test_text_that_is_too_long_is_cut_visibly(tmp_path: Path) -> None:
    (text,) = cells(to_excel(to_frame([{"body": "x" * 40_000}]), tmp_path / "a.xlsx"))
    assert len(text) == 32_767
    assert text.endswith("… (cut)")


def test_a_frame_without_rows_has_its_header(tmp_path: Path) -> None:
    sheet = opened(to_excel(to_frame([], "companies"), tmp_path / "a.xlsx"))
    assert sheet["A1"].value == "id"
    assert sheet.max_row == 1


def test_several_frames_become_sheets(tmp_path: Path) -> None:
    path = to_excel({"RFIs: open/closed?": to_frame([{"id": 1}]), "b": to_frame([{}])}, tmp_path / "a.xlsx")
    assert openpyxl.load_workbook(path).sheetnames == ["RFIs_ open_closed_", "b"]


@given(
    st.lists(
        st.text(max_size=40)
        | st.text("🏗'a", min_size=20, max_size=40)
        | st.sampled_from(["history", "A" * 40, "a" * 40, "'x'", ""]),
        max_size=8,
    )
)
@pytest.mark.slow
def test_any_names_become_legal_names_no_two_alike(names: list[str]) -> None:
    made = excel.sheet_names(names)
    assert len({name.lower() for name in made}) == len(names)
    assert all(0 < len(name.encode("utf-16-le")) <= 62 and not set(name) & set("[]:*?/\\") for name in made)
    assert all(
        not name.startswith("'") and not name.endswith("'") and name.lower() != "history" for name in made
    )


def test_more_rows_than_a_sheet_holds_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": range(excel.MAX_ROWS)})
    with pytest.raises(ArgumentError, match="1,048,575"):
        to_excel(frame, tmp_path / "a.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_an_absent_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no folder"):
        to_excel(to_frame([]), tmp_path / "absent" / "a.xlsx")


def test_foreign_dtypes_are_written_too(tmp_path: Path) -> None:
    from tests.export.test_csv import foreign

    row = cells(to_excel(foreign(), tmp_path / "a.xlsx"))
    assert row[:3] == [1, "1", True]
    assert row[4] == "inf"
    assert row[6] == datetime(2026, 1, 1, 9, 0, 0, 123000)


def test_numbers_are_text_where_ids_of_another_sheet_are_text(tmp_path: Path) -> None:
    projects = pd.DataFrame({"id": pd.array(["1", "b2"], dtype="string")})
    rfis = pd.DataFrame({"id": [7], "project_id": [1]})
    book = openpyxl.load_workbook(to_excel({"Projects": projects, "RFIs": rfis}, tmp_path / "a.xlsx"))
    assert [cell.value for cell in book["RFIs"][2]] == [7, "1"]
