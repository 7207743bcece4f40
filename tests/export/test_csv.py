"""A CSV file holds the frame as it is, and gives it back."""

from __future__ import annotations

import csv
import os
import stat
import tempfile
import tracemalloc
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import procore_nb as pnb
from procore_nb.errors import ArgumentError, OutputError, ProcoreWarning
from procore_nb.export import read_csv, to_csv
from procore_nb.frames import to_frame

RECORD = {
    "id": 2**53 + 1,
    "name": 'Zürich, "Nord"\nמגדל 🏗',
    "zip": "01234",
    "active": True,
    "latitude": 43.1566,
    "total_value": "18450000.00",
    "created_at": "2026-05-28T21:19:34Z",
    "start_date": "2026-05-28",
    "departments": [{"id": 7, "name": "Straße"}],
}


def lines(path: Path) -> list[str]:
    return path.read_bytes().decode().split("\n")


def same(left: pd.DataFrame, right: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(left, right)
    assert left.attrs == right.attrs


def test_values_are_written_as_they_are(tmp_path: Path) -> None:
    path = to_csv(to_frame([RECORD, {}]), tmp_path / "projects.csv")
    text = path.read_text(encoding="utf-8")
    assert text.startswith("id,name,zip,active,latitude,total_value,created_at,start_date,departments\n")
    assert '\n9007199254740993,"Zürich, ""Nord""\nמגדל 🏗",01234,true,43.1566,18450000.00,' in text
    assert ',2026-05-28T21:19:34Z,2026-05-28,"[{""id"":7,""name"":""Straße""}]"\n,,,,,,,,\n' in text


@pytest.mark.parametrize("decimals", ["float", "exact"])
def test_money_has_two_decimals_at_least_and_never_fewer_than_it_has(tmp_path: Path, decimals: Any) -> None:
    sent = ["20153760.0", "7", "-0.1", "0.125", "1e16", "0.00001", None]
    frame = to_frame([{"total_value": one, "latitude": 1.5} for one in sent], decimals=decimals)
    path = to_csv(frame, tmp_path / "a.csv")
    written = ["20153760.00", "7.00", "-0.10", "0.125", "10000000000000000.00", "0.00001", ""]
    assert lines(path)[1:-1] == [f"{one},1.5" for one in written]
    pd.testing.assert_frame_equal(read_csv(path), frame)


def test_a_frame_names_its_money_where_no_name_says_so_and_a_name_where_no_frame_does(tmp_path: Path) -> None:
    budget = to_frame([{"Approved COs": "1502.5", "score": 3.5}])
    assert lines(to_csv(budget, tmp_path / "a.csv"))[1] == "1502.50,3.5"
    sums = pd.DataFrame({"grand_total": [0.1 + 0.2], "score": [0.5]})
    assert lines(to_csv(sums, tmp_path / "a.csv"))[1] == "0.30000000000000004,0.5"
    endless = pd.DataFrame({"grand_total": [float("inf"), 1e300, 1e-300]})
    assert lines(to_csv(endless, tmp_path / "a.csv"))[1:4] == ["inf", "1e+300", "1e-300"]


def test_any_other_reader_sees_the_same_cells(tmp_path: Path) -> None:
    path = to_csv(to_frame([RECORD]), tmp_path / "projects.csv")
    with path.open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["name"] == RECORD["name"]
    assert pd.read_csv(path)["id"].tolist() == [RECORD["id"]]


@pytest.mark.parametrize("excel", [False, True])
@pytest.mark.parametrize(
    "records", [[RECORD], [RECORD, {}], [], [{}] * 3, [{"only": None}, {"only": ""}, {"only": "x"}]]
)
def test_what_was_written_is_read_back(tmp_path: Path, records: list[dict[str, Any]], excel: bool) -> None:
    frame = to_frame(records, "projects" if records == [] else None)
    same(read_csv(to_csv(frame, tmp_path / "a.csv", excel=excel)), frame)


WORDS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "",
            "=1+1",
            "'=x",
            "''+x",
            "-5",
            "@a",
            "\ttab",
            "007",
            "1e5",
            "true",
            "NaN",
            "None",
            "NA",
            "2026-01-01",
        ]
    ),
    st.sampled_from(['"', '""', '",""', "a\r\nb", "\r", "\n", " x ", "שלום", "🏗️", "é", ",", "'"]),
)
ROWS = st.fixed_dictionaries(
    {},
    optional={
        "id": st.integers(-(2**63), 2**63 - 1),
        "name": WORDS,
        "zip": st.from_regex(r"\A0\d{4}\Z"),
        "is_x": st.booleans(),
        "latitude": st.floats(allow_nan=False),
        "amount": st.decimals(allow_nan=False, allow_infinity=False, places=4).map(str),
        "created_at": st.datetimes().map(lambda one: one.isoformat() + "Z"),
        "due_date": st.dates().map(str),
        "tags": st.lists(WORDS.filter(lambda one: one.isprintable()), max_size=2),
        '=weird, "name"': WORDS,
    },
)


@given(records=st.lists(ROWS, max_size=5), excel=st.booleans())
@pytest.mark.slow
def test_any_frame_of_ours_is_read_back_the_same(records: list[dict[str, Any]], excel: bool) -> None:
    frame = to_frame(records)
    with tempfile.TemporaryDirectory() as folder:
        same(read_csv(to_csv(frame, Path(folder, "a.csv"), excel=excel)), frame)
        same(pnb.read_parquet(pnb.to_parquet(frame, Path(folder, "a.parquet"))), frame)


def foreign() -> pd.DataFrame:
    moments = pd.to_datetime(["2026-01-01T10:00:00.123456789", None])
    return pd.DataFrame(
        {
            "int": np.array([1, 2], "int32"),
            "unsigned": np.array([1, 2**64 - 1], "uint64"),
            "flag": [True, False],
            "half": np.array([0.1, np.nan], "float32"),
            "infinite": [np.inf, -np.inf],
            "moment": moments,
            "zoned": moments.tz_localize("Europe/Berlin"),
            "mixed": pd.Series([1, "x"], dtype=object),
            "words": pd.Series(["a", None], dtype=object),
            "str": pd.Series(["a", None], dtype="str"),
            "kind": pd.Categorical(["b", None], categories=["b", "a"], ordered=True),
            "masked": pd.array([1.5, None], "Float64"),
        }
    )


def test_a_frame_from_elsewhere_keeps_its_dtypes(tmp_path: Path) -> None:
    same(read_csv(to_csv(foreign(), tmp_path / "a.csv")), foreign())


def test_a_named_index_is_kept_and_a_row_number_is_not(tmp_path: Path) -> None:
    frame = to_frame([{"stage": "b", "id": 1}, {"stage": "a", "id": 2}])
    grouped = frame.groupby("stage")[["id"]].sum()
    assert lines(to_csv(grouped, tmp_path / "a.csv"))[:2] == ["stage,id", "a,2"]
    same(read_csv(tmp_path / "a.csv"), grouped)
    assert lines(to_csv(frame[frame["id"] == 2], tmp_path / "b.csv")) == ["stage,id", "a,2", ""]


def test_formulas_are_defused_for_spreadsheets_and_numbers_stay_numbers(tmp_path: Path) -> None:
    record = {"subject": "=HYPERLINK(1)", "phone": "+1 555", "amount": "-5.00", "latitude": -1.5, "+x": "@y"}
    path = to_csv(to_frame([record]), tmp_path / "a.csv", excel=True)
    assert path.read_bytes() == (
        "\ufeffsubject,phone,amount,latitude,'+x\r\n'=HYPERLINK(1),'+1 555,-5.00,-1.5,'@y\r\n".encode()
    )


def test_text_is_faithful_unless_a_spreadsheet_is_meant(tmp_path: Path) -> None:
    assert lines(to_csv(to_frame([{"subject": "=1+1"}]), tmp_path / "a.csv"))[1] == "=1+1"


def test_a_number_typed_by_hand_that_does_not_fit_its_dtype_keeps_its_value(tmp_path: Path) -> None:
    path = to_csv(pd.DataFrame({"x": np.array([1, 2], "int8")}), tmp_path / "a.csv")
    path.write_text("x\n300\n2\n", encoding="utf-8")
    assert read_csv(path)["x"].tolist() == [300, 2]


def test_what_no_reader_understands_is_counted_whatever_the_dtype(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "ns": pd.to_datetime(["2026-01-01"]).as_unit("ns"),
            "kind": pd.Categorical(["a"]),
            "amount": pd.Series([Decimal(1)], dtype=object),
            "tags": pd.Series([["a"]], dtype=object),
        }
    )
    path = to_csv(frame, tmp_path / "a.csv")
    path.write_text("ns,kind,amount,tags\n31.1.,c,x,[a]\n", encoding="utf-8")
    with pytest.warns(ProcoreWarning, match=r"ns 1 \('31\.1\.'\); kind 1 \('c'\)"):
        back = read_csv(path)
    assert back.isna().all(axis=None)
    assert {name: one["count"] for name, one in back.attrs["procore"]["unparsed"].items()} == dict.fromkeys(
        frame.columns, 1
    )


def test_what_only_a_parser_takes_for_a_number_is_counted_and_missing(tmp_path: Path) -> None:
    path = to_csv(to_frame([{"id": 1, "amount": "1.50"}], decimals="exact"), tmp_path / "a.csv")
    path.write_text("id,amount\n0x1F,NaN\n", encoding="utf-8")
    with pytest.warns(ProcoreWarning, match=r"id 1 \('0x1F'\); amount 1 \('NaN'\)"):
        back = read_csv(path)
    assert back.isna().all(axis=None)


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_file_saved_again_with_another_separator_is_understood(tmp_path: Path, separator: str) -> None:
    frame = to_frame([{"id": 1, "name": "a;b,c", "code": "007"}, {"id": 2, "name": "", "code": None}])
    path = to_csv(frame, tmp_path / "a.csv", excel=True)
    rows = [["id", "name", "code"], ["1", '"a;b,c"', "007"], ["2", '""', ""]]
    path.write_text("\n".join(map(separator.join, rows)), encoding="utf-8")
    pd.testing.assert_frame_equal(read_csv(path), frame)


def test_a_header_with_semicolons_stays_one_name(tmp_path: Path) -> None:
    frame = to_frame([{"a;b;c": "x;y"}])
    same(read_csv(to_csv(frame, tmp_path / "a.csv")), frame)


def test_a_removed_index_column_is_simply_not_there(tmp_path: Path) -> None:
    grouped = to_frame([{"stage": "b", "id": 1}]).groupby("stage")[["id"]].sum()
    path = to_csv(grouped, tmp_path / "a.csv")
    path.write_text("id\n5\n", encoding="utf-8")
    assert read_csv(path)["id"].tolist() == [5]


def test_what_cannot_come_back_is_said(tmp_path: Path) -> None:
    frame = pd.DataFrame({"set": pd.Series([{1}], dtype=object), "cut": pd.cut([1], [0, 2])})
    frame["span"] = pd.IntervalIndex.from_breaks([0, 1])
    frame["age"] = pd.to_timedelta(["1 day"])
    frame["day"] = pd.Series([date(2026, 1, 1)], dtype=object)
    frame.attrs["loop"] = frame.attrs
    with pytest.warns(ProcoreWarning) as said:
        to_csv(frame, tmp_path / "a.csv")
    text = " ".join(str(one.message) for one in said)
    assert "set (set)" in text
    assert "span (interval" in text
    assert "age (timedelta64" in text
    assert "day (date)" in text
    back = read_csv(tmp_path / "a.csv")
    assert back.loc[0, ["age", "day"]].tolist() == ["1 days 00:00:00", "2026-01-01"]
    assert "loop" in text


def test_attrs_keep_what_a_file_can_hold_although_something_else_cannot_be_held(tmp_path: Path) -> None:
    frame = to_frame([{"id": 1}])
    frame.attrs |= {"when": pd.Timestamp("2026-01-01"), "n": 1}
    back = read_csv(to_csv(frame, tmp_path / "a.csv"))
    assert back.attrs["procore"] == frame.attrs["procore"]
    assert back.attrs["when"] == "2026-01-01 00:00:00"
    assert back.attrs["n"] == 1


def test_a_summary_keeps_its_row_names_and_a_pivot_its_columns(tmp_path: Path) -> None:
    frame = to_frame(
        [{"stage": "a", "city": "x", "value_count": 1}, {"stage": "b", "city": "y", "value_count": 2}]
    )
    for table in (
        frame.describe(),
        frame.pivot_table(index="stage", columns="city", values=["value_count"], aggfunc="sum"),
        frame.groupby(["stage", "city"])[["value_count"]].sum(),
    ):
        same(read_csv(to_csv(table, tmp_path / "a.csv")), table)
    assert (
        lines(
            to_csv(
                frame.pivot_table(index="stage", columns="city", values=["value_count"], aggfunc="sum"),
                tmp_path / "b.csv",
            )
        )[0]
        == "stage,value_count.x,value_count.y"
    )


# What a spreadsheet may skip before the sign of a formula.
BLANKS = ["", "  ", "\t ", " \r\n", "\0", "\x01", "\x1f", "\x7f", "\x85", "\xa0", "\u200b", "\u200f", "\u2028", "\u3000", "\ufeff", "'", "'  "]  # fmt: skip


def test_no_blank_or_control_sign_before_a_formula_hides_it_and_each_comes_back(tmp_path: Path) -> None:
    formulas = [f"{before}{sign}1+1" for before in BLANKS for sign in "=+-@＝＋－＠﹦−"] + [
        "\t1",
        "\r1",
        "\n1",
    ]
    frame = to_frame([{"subject": formula, "tags": [formula]} for formula in formulas])
    path = to_csv(frame, tmp_path / "a.csv", excel=True)
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert [row["subject"] for row in csv.DictReader(file)] == [f"'{formula}" for formula in formulas]
    same(read_csv(path), frame)


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_formula_behind_another_country_s_separator_is_guarded(tmp_path: Path, separator: str) -> None:
    frame = to_frame([{"subject": f"a{separator} =1+1{separator}b"}])
    path = to_csv(frame, tmp_path / "a.csv", excel=True)
    assert f"a{separator}' =1+1{separator}b".encode() in path.read_bytes()
    same(read_csv(path), frame)


@pytest.mark.parametrize("excel", [False, True])
def test_large_ids_long_decimals_and_half_a_character_survive(tmp_path: Path, excel: bool) -> None:
    frame = pd.DataFrame(
        {
            "id": pd.Series([2**70, 5], dtype=object),
            "amount": pd.Series([Decimal("12345678901234567890.123456789"), Decimal("0.10")], dtype=object),
            "text": pd.Series(["\ud800x", "y"], dtype=object),
        }
    )
    back = read_csv(to_csv(frame, tmp_path / "a.csv", excel=excel))
    assert back["id"].tolist() == [2**70, 5]
    assert list(map(str, back["amount"])) == ["12345678901234567890.123456789", "0.10"]
    assert back["text"].tolist() == ["?x", "y"]


def test_a_csv_in_the_making_takes_no_memory_per_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("procore_nb.export.frame_files._CHUNK_ROWS", 1_000)
    peaks = []
    for rows in (2_000, 6_000):
        frame = pd.DataFrame({"id": range(rows), "x": np.zeros(rows)})
        tracemalloc.start()
        to_csv(frame, tmp_path / "a.csv")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert (peaks[1] - peaks[0]) / 4_000 < 20


def test_a_long_file_is_written_part_by_part_and_comes_back_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("procore_nb.export.frame_files._CHUNK_ROWS", 50)
    frame = pd.concat([foreign()] * 61, ignore_index=True)
    frame["kind"] = frame["kind"].astype(foreign()["kind"].dtype)
    path = to_csv(frame, tmp_path / "a.csv")
    same(read_csv(path), frame)
    path.with_name("a.csv.types.json").unlink()
    path.write_text("id\n" + "1\n" * 50_000 + "x\n", encoding="utf-8")
    assert read_csv(path)["id"].tolist() == ["1"] * 50_000 + ["x"]


def test_ids_are_numbers_without_the_file_of_types_too(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,company.id,zip\n1,x,007\n,2,1\n", encoding="utf-8")
    back = read_csv(path)
    assert back.dtypes.astype(str).tolist() == ["Int64", "string", "string"]
    assert back["id"].tolist() == [1, pd.NA]


def test_empty_lines_of_a_file_from_elsewhere_are_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,name\n\n1,x\n\n", encoding="utf-8")
    assert len(read_csv(path)) == 1


def test_without_the_file_of_types_names_and_endpoint_say_them(tmp_path: Path) -> None:
    frame = to_frame([RECORD, {}], "projects")
    path = to_csv(frame, tmp_path / "projects.csv")
    path.with_name("projects.csv.types.json").unlink()
    back = read_csv(path, endpoint="projects")
    pd.testing.assert_frame_equal(back, frame)


def test_a_column_added_by_hand_is_typed_by_name_and_the_others_as_told(tmp_path: Path) -> None:
    path = to_csv(to_frame([{"id": 1, "code": "007"}]), tmp_path / "a.csv")
    path.write_text("due_date,code,id\n2026-01-31,007,x\n", encoding="utf-8")
    with pytest.warns(ProcoreWarning, match=r"id 1 \('x'\)"):
        back = read_csv(path)
    assert back["due_date"][0] == pd.Timestamp("2026-01-31")
    assert back["code"][0] == "007"
    assert back.attrs["procore"]["unparsed"]["id"]["count"] == 1


def test_several_frames_become_a_folder(tmp_path: Path) -> None:
    folder = to_csv({"a": to_frame([{"id": 1}]), "b": to_frame([])}, tmp_path / "out")
    assert sorted(one.name for one in folder.glob("*.csv")) == ["a.csv", "b.csv"]


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".x", "a\0b", 5])
def test_a_frame_whose_name_is_no_file_name_is_refused(tmp_path: Path, name: Any) -> None:
    with pytest.raises(ArgumentError, match="cannot be the name"):
        to_csv({name: to_frame([])}, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_an_absent_folder_is_named_and_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="There is no folder"):
        to_csv(to_frame([]), tmp_path / "absent" / "a.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        to_csv(to_frame([]), tmp_path / "a.csv")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="cannot be written"):
        to_csv(to_frame([]), tmp_path / "a.csv")


def test_a_name_that_the_disk_refuses_is_said_and_nothing_stays(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        to_csv(to_frame([]), tmp_path / f"{'x' * 300}.csv")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_failure_leaves_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    path = to_csv(to_frame([{"id": 1}]), tmp_path / "a.csv")
    before = {one.name: one.read_bytes() for one in tmp_path.iterdir()}

    class Broken:
        def __str__(self) -> str:
            raise RuntimeError("cannot be written as text")

    frame = pd.DataFrame(
        {"id": [1] * 50_000, "x": pd.Series([Decimal(1)] * 49_999 + [Broken()], dtype=object)}
    )
    with pytest.raises(RuntimeError):
        to_csv(frame, path)
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == before


def test_a_file_has_the_usual_rights_of_the_user(tmp_path: Path) -> None:
    umask = os.umask(0o027)
    try:
        path = to_csv(to_frame([]), tmp_path / "a.csv")
    finally:
        os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "is empty"), (b"a\n\xff\n", "not UTF-8"), (b"a,b\n1,2,3\n", "3 cells"), (b'a\n"x', "no CSV")],
)
def test_a_file_that_is_no_csv_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(ArgumentError, match=message):
        read_csv(path)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"absent\.csv"):
        read_csv(tmp_path / "absent.csv")


def test_a_broken_file_of_types_is_named(tmp_path: Path) -> None:
    path = to_csv(to_frame([]), tmp_path / "a.csv")
    path.with_name("a.csv.types.json").write_text("{", encoding="utf-8")
    with pytest.raises(ArgumentError, match=r"types\.json"):
        read_csv(path)


def test_a_very_long_cell_comes_back(tmp_path: Path) -> None:
    frame = to_frame([{"body": "x, " * 100_000}])
    same(read_csv(to_csv(frame, tmp_path / "a.csv")), frame)


@pytest.mark.parametrize("write", [to_csv, pnb.to_excel, pnb.to_parquet])
def test_a_partial_frame_is_not_written_without_a_warning(write: Any, tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": [1]})
    frame.attrs["procore"] = {"endpoint": "rfis", "complete": False}
    with pytest.warns(pnb.ProcoreWarning, match=r"rfis: Partial: the fetch was stopped or failed"):
        write(frame, tmp_path / "part")
    with pytest.warns(pnb.ProcoreWarning, match=r"open: Partial"):
        write({"open": frame}, tmp_path / "parts")
