from __future__ import annotations

import gzip
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import procore_nb as pnb
from procore_nb.export.column_text import titles
from procore_nb.widgets import FrameTable
from procore_nb.widgets.table_rows import TableRows, is_numeric, texts

NASTY = '<script>alert("x")</script>'


def frame() -> pd.DataFrame:
    made = pd.DataFrame(
        {
            "id": pd.array([3, 1, 2**53 + 1, 4], dtype="Int64"),
            "name": pd.array([NASTY, "école", None, "Zoo"], dtype="string"),
            "value": [Decimal("1000.50"), None, Decimal("-2"), Decimal("10")],
            "share": [0.25, None, 1234567.0, 2e-9],
            "open": pd.array([True, None, False, True], dtype="boolean"),
            "at": pd.to_datetime(
                ["2026-01-02T03:04:05Z", None, "2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z"]
            ),
            "day": pd.to_datetime(["2026-01-02", None, "2025-12-31", "2026-01-01"]),
            "tags": [["a", 1], None, [], ["b"]],
            "nothing": pd.array([None] * 4, dtype="string"),
        }
    )
    made.attrs["procore"] = {"endpoint": "rfis", "environment": "demo"}
    return made


def shown(table: FrameTable, wire: Callable[[Any], Any], **selection: Any) -> list[list[Any]]:
    listener = wire(table)
    listener.says(kind="select", **selection)
    cells: list[list[Any]] = listener.last("head")["cells"]
    return cells


def test_cells_are_text_that_a_person_reads(wire: Callable[[Any], Any]) -> None:
    first, second, third, fourth = shown(FrameTable(frame()), wire)

    assert first == [NASTY, "1,000.50", "0.25", "true", "2026-01-02 03:04", "2026-01-02", '["a",1]', "3"]
    assert second == ["école", None, None, None, None, None, None, "1"]
    assert third[-1] == str(2**53 + 1)
    assert fourth[2] == "2e-09"


def test_columns_without_any_value_are_not_drawn_but_stay_in_the_view(wire: Callable[[Any], Any]) -> None:
    table = FrameTable(frame())
    listener = wire(table)
    listener.says(kind="ready")

    assert 8 not in listener.last("head")["shown"]
    assert list(table.view.columns) == list(frame().columns)


@pytest.mark.parametrize(
    ("column", "down", "ids"),
    [
        ("value", False, [2**53 + 1, 4, 3, 1]),
        ("value", True, [3, 4, 2**53 + 1, 1]),
        ("name", False, [3, 4, 1, 2**53 + 1]),
        ("at", True, [3, 4, 2**53 + 1, 1]),
        ("open", False, [2**53 + 1, 3, 4, 1]),
        ("tags", False, [3, 4, 2**53 + 1, 1]),
    ],
)
def test_every_kind_of_column_sorts_with_the_missing_last(
    wire: Callable[[Any], Any], column: str, down: bool, ids: list[int]
) -> None:
    table = FrameTable(frame())
    shown(table, wire, column=list(frame().columns).index(column), down=down)

    assert table.view["id"].tolist() == ids


def test_search_finds_rows_that_hold_all_the_words_in_any_column(wire: Callable[[Any], Any]) -> None:
    table = FrameTable(frame())
    assert [row[-1] for row in shown(table, wire, words="ZOO")] == ["4"]
    assert [row[-1] for row in shown(table, wire, words="true 2026")] == ["3", "4"]
    assert shown(table, wire, words="zoo 2025") == []
    assert shown(FrameTable(pd.DataFrame({"a": ["ab", "cd", None]})), wire, words="bc") == []
    assert len(shown(table, wire, words="  ")) == 4


def test_search_needs_neither_accents_nor_commas_between_thousands(wire: Callable[[Any], Any]) -> None:
    cases = [
        ("ecole", [1]),
        ("1,000.5", [3]),
        ("1000.50", [3]),
        ("1234567", [2**53 + 1]),
        ("2e-09", [4]),
        ("2025-12", [2**53 + 1]),
        ("9007199254740993", [2**53 + 1]),
    ]
    table, failures = FrameTable(frame()), []
    for words, ids in cases:
        shown(table, wire, words=words)
        if table.view["id"].tolist() != ids:
            failures.append((words, table.view["id"].tolist()))
    assert not failures


def test_search_looks_at_the_whole_of_a_long_cell_though_the_browser_gets_its_beginning(
    wire: Callable[[Any], Any],
) -> None:
    long = pd.DataFrame({"text": ["x" * 5000 + " needle", "short"]})
    cells = shown(FrameTable(long), wire, words="needle")

    assert [len(row[0]) for row in cells] == [400]


def test_categories_and_missing_values_are_searched(wire: Callable[[Any], Any]) -> None:
    kinds = pd.DataFrame({"kind": pd.Categorical(["Roof", None, "Wall", "roof"])})
    assert shown(FrameTable(kinds), wire, words="ROOF") == [["Roof"], ["roof"]]


def test_the_frame_itself_is_never_changed(wire: Callable[[Any], Any]) -> None:
    mine = frame()
    table = FrameTable(mine)
    shown(table, wire, words="a", column=2, down=True)

    pd.testing.assert_frame_equal(mine, frame())
    assert table.frame is mine


def test_only_the_rows_asked_for_travel(wire: Callable[[Any], Any]) -> None:
    table = FrameTable(pd.DataFrame({"id": range(100_000)}))
    listener = wire(table)
    listener.says(kind="ready", **{"from": "v1"})
    listener.says(kind="rows", first=70_000, count=100, **{"from": "v1"})
    listener.says(kind="rows", first=0, count=10**9)

    assert len(listener.last("head")["cells"]) == 100
    assert listener.heard[1][0]["cells"][0] == ["70000"]
    assert len(listener.heard[2][0]["cells"]) == 500


def test_rows_are_never_widget_state() -> None:
    assert "école" not in str(FrameTable(frame()).get_state())


def test_chosen_columns_are_the_columns_of_the_view(wire: Callable[[Any], Any]) -> None:
    table = FrameTable(frame())
    wire(table).says(kind="columns", shown=[0, 1, 99, -1])
    assert list(table.view.columns) == ["id", "name"]

    table.choose_columns(["name", "day"])
    assert list(table.view.columns) == ["name", "day"]
    with pytest.raises(pnb.ArgumentError, match="no column 'nom'"):
        table.choose_columns(["nom"])


def download(table: FrameTable, wire: Callable[[Any], Any], kind: str) -> tuple[str, bytes]:
    listener = wire(table)
    listener.says(kind="download", **{"as": kind, "from": "v1"})
    table._downloads.wait()
    file = listener.last("file")
    pieces = []
    for part in range(file["parts"]):
        listener.says(kind="part", file=file["file"], part=part, last=part == file["parts"] - 1)
        pieces.append(listener.heard[-1][1][0])
    return file["name"], gzip.decompress(b"".join(pieces))


def test_a_downloaded_csv_is_what_to_csv_writes_for_excel(wire: Callable[[Any], Any], tmp_path: Path) -> None:
    name, data = download(FrameTable(frame()), wire, "csv")

    assert name == "rfis.csv"
    assert data == pnb.to_csv(frame(), tmp_path / "x.csv", excel=True).read_bytes()


def test_a_downloaded_excel_file_holds_the_same_rows(wire: Callable[[Any], Any], tmp_path: Path) -> None:
    name, data = download(FrameTable(frame()), wire, "excel")
    (tmp_path / "x.xlsx").write_bytes(data)

    assert name == "rfis.xlsx"
    assert pd.read_excel(tmp_path / "x.xlsx")["name"].tolist()[1] == "école"


def test_a_download_in_many_parts_is_whole(
    wire: Callable[[Any], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import numpy as np

    monkeypatch.setattr("procore_nb.widgets.frame_table._PART", 4096)
    big = pd.DataFrame(np.random.default_rng(1).random((1000, 3)), columns=["a", "b", "c"])
    table = FrameTable(big)
    _, data = download(table, wire, "csv")

    assert len(gzip.compress(data)) > 4 * 4096
    assert data == pnb.to_csv(big, tmp_path / "x.csv", excel=True).read_bytes()
    assert table._downloads._files == {}


def test_a_downloaded_selection_holds_the_rows_and_columns_in_sight(wire: Callable[[Any], Any]) -> None:
    table = FrameTable(frame())
    shown(table, wire, words="zoo")
    table.choose_columns(["id", "name"])

    assert download(table, wire, "csv")[1].decode() == "\ufeffid,name\r\n4,Zoo\r\n"


def test_a_file_nobody_made_is_words(wire: Callable[[Any], Any]) -> None:
    listener = wire(FrameTable(frame()))
    listener.says(kind="part", file=9, part=0)
    assert "download it again" in listener.last("error")["text"]

    listener.says(kind="download", **{"as": "pdf"})
    listener.widget._downloads.wait()
    assert "csv or excel" in listener.last("error")["text"]


def test_another_frame_takes_the_place_of_the_first(wire: Callable[[Any], Any]) -> None:
    table = FrameTable(frame())
    listener = wire(table)
    listener.says(kind="select", words="zoo")
    before = listener.last("head")["turn"]
    table.show(pd.DataFrame({"id": [1]}))

    head = listener.last("head")
    assert (head["rows"], head["words"], head["all"]) == (1, "", 1)
    assert head["turn"] > before


@pytest.mark.parametrize("made", [pd.DataFrame(), pd.DataFrame({"id": []}), pd.DataFrame(index=[1, 2])])
def test_frames_without_rows_or_columns_are_shown(made: pd.DataFrame, wire: Callable[[Any], Any]) -> None:
    assert shown(FrameTable(made), wire, words="x", column=0) == []


def test_a_named_index_is_shown_as_columns(wire: Callable[[Any], Any]) -> None:
    counted = frame().groupby("open", dropna=True)["id"].count().to_frame()
    assert shown(FrameTable(counted), wire) == [["false", "1"], ["true", "2"]]


def test_columns_of_one_name_are_shown_side_by_side(wire: Callable[[Any], Any]) -> None:
    twins = pd.DataFrame([[1, 2]], columns=["a", "a"])
    assert shown(FrameTable(twins), wire, words="2", column=1) == [["1", "2"]]


def test_what_is_no_frame_is_refused() -> None:
    with pytest.raises(pnb.ArgumentError, match="not list"):
        FrameTable([1])  # type: ignore[arg-type]


def test_amounts_stand_to_the_right_and_ids_do_not() -> None:
    made = frame()
    assert [is_numeric(made[name]) for name in ("id", "name", "value", "share", "open", "at")] == [
        False, False, True, True, False, False,
    ]  # fmt: skip


def rfis(count: int = 6) -> pd.DataFrame:
    made = pd.DataFrame(
        {
            "project_id": pd.array([1] * count, dtype="Int64"),
            "id": pd.array(range(count), dtype="Int64"),
            "number": pd.array([f"R-{at}" for at in range(count)], dtype="string"),
            "subject": pd.array(["Slab", "slab edge", "Roof", None, "Roof", "Slab"][:count], dtype="string"),
            "status": pd.array(["open", "closed", "open", "open", "closed", None][:count], dtype="string"),
            "ball_in_court.name": pd.array(["Ann"] * count, dtype="string"),
            "due_date": pd.to_datetime(
                ["2026-01-31", "2026-02-01", None, "2026-02-02", "2026-03-01", "2025-12-31"][:count]
            ),
            "cost": pd.array([5.0, 10.0, 15.0, None, 1000.0, 0.0][:count], dtype="Float64"),
        }
    )
    made.attrs["procore"] = {
        "endpoint": "rfis",
        "environment": "demo",
        "arguments": {"projects": "active", "status": "open", "created_at": ("2026-01-01", None)},
        "fetched_at": "2026-11-28T00:35:19Z",
        "skipped": [{"target": "project 7"}],
    }
    return made


def partial(frame: pd.DataFrame) -> pd.DataFrame:
    frame.attrs["procore"] = {**frame.attrs["procore"], "complete": False}
    return frame


def head_of(table: FrameTable, wire: Callable[[Any], Any]) -> dict[str, Any]:
    listener = wire(table)
    listener.says(kind="ready")
    head: dict[str, Any] = listener.last("head")
    return head


def test_columns_of_a_list_have_readable_titles_the_useful_ones_first_ids_last(
    wire: Callable[[Any], Any],
) -> None:
    head = head_of(FrameTable(rfis()), wire)

    assert [head["columns"][at]["title"] for at in head["shown"]] == [
        "Subject", "Number", "Status", "Due date", "Ball in court", "Cost", "Project id", "Id",
    ]  # fmt: skip
    assert head["columns"][5]["label"] == "ball_in_court.name"


def test_a_frame_of_ones_own_keeps_the_order_of_its_columns(wire: Callable[[Any], Any]) -> None:
    assert head_of(FrameTable(pd.DataFrame({"id": [1], "name": ["a"]})), wire)["shown"] == [0, 1]


def test_two_columns_never_have_one_title() -> None:
    labels = [
        "assignee",
        "assignee.name",
        "rfi_manager.name",
        "custom_fields.Hours Lost",
        "url",
        "custom_fields.Ø_zone",
    ]
    assert titles(labels) == ["Assignee", "Assignee name", "RFI manager", "Hours Lost", "URL", "Ø zone"]


def test_a_table_shows_what_its_rows_are_and_whether_they_are_all(wire: Callable[[Any], Any]) -> None:
    head = head_of(FrameTable(rfis()), wire)
    assert head["caption"] == (
        "RFIs · demo · projects active · status open · created_at 2026-01-01 to … · 1 target skipped"
        " · fetched 2026-11-28 00:35 UTC"
    )
    assert head["partial"] == ""
    assert head_of(FrameTable(partial(rfis())), wire)["partial"].startswith("Partial: the fetch was stopped")


def test_every_column_is_filtered_by_itself() -> None:
    cases = [
        ("subject", "slab", [0, 1, 5]),
        ("subject", "=slab", [0, 5]),
        ("subject", "(missing)", [3]),
        ("subject", "edge slab", [1]),
        ("cost", ">5", [1, 2, 4]),
        ("cost", "<= 10", [0, 1, 5]),
        ("cost", ">=1,000", [4]),
        ("cost", "=1,000", [4]),
        ("due_date", ">2026-01-31", [1, 3, 4]),
        ("due_date", "2026-02", [1, 3]),
        ("status", ">x", []),
        ("cost", ">many", []),
    ]
    table, failures = FrameTable(rfis()), []
    for column, words, kept in cases:
        table.filter(column, words)
        if table.view["id"].tolist() != kept or table.filter_of(column) != words:
            failures.append((column, words, table.view["id"].tolist()))
        table.filter(column)
        assert len(table.view) == 6
    assert not failures


def test_filters_search_and_order_work_together_and_one_column_can_be_counted_without_its_own(
    wire: Callable[[Any], Any],
) -> None:
    table = FrameTable(rfis())
    wire(table).says(
        kind="select", words="roof", filters={"4": "=open", "99": "x", "7": " "}, column=7, down=True
    )

    assert table.view["id"].tolist() == [2]
    assert table.column("status").tolist() == ["closed", "open"]
    assert table.column("cost").tolist() == [15.0]


@pytest.mark.parametrize("down", [False, True])
def test_rows_of_one_value_keep_their_order_when_sorted(down: bool) -> None:
    many = pd.DataFrame({"id": range(2000), "status": ["open", "closed"] * 1000})
    found = TableRows(many, column=1, down=down).positions().tolist()
    assert found == [*range(int(not down), 2000, 2), *range(int(down), 2000, 2)]


def test_a_hidden_column_neither_sorts_nor_filters(wire: Callable[[Any], Any]) -> None:
    table = FrameTable(rfis())
    listener = wire(table)
    listener.says(kind="select", words="", filters={"4": "=open"}, column=7, down=True)
    table.choose_columns(["subject", "id"])

    assert table.view["id"].tolist() == list(range(6))
    assert (listener.last("head")["column"], listener.last("head")["filters"]) == (None, {})
    table.filter("status", "=open")
    assert "status" in table.view.columns  # what filters is shown


def test_a_download_names_what_it_holds_and_a_partial_one_is_called_so(wire: Callable[[Any], Any]) -> None:
    table = FrameTable(partial(rfis()))
    table.filter("status", "=open")
    listener = wire(table)
    listener.says(kind="download", **{"as": "excel"})
    table._downloads.wait()

    file = listener.last("file")
    assert file["name"] == "rfis-partial.xlsx"
    assert file["holds"].startswith("3 of 6 rows, all 8 columns. Partial:")
    listener.says(kind="columns", shown=[])
    listener.says(kind="download", **{"as": "csv"})
    table._downloads.wait()
    assert "No column is chosen" in listener.last("error")["text"]


def as_compared(text: str) -> str:
    parted = unicodedata.normalize("NFD", text)
    return "".join(each for each in parted if not "\u0300" <= each <= "\u036f").casefold()


@given(st.lists(st.one_of(st.none(), st.text(max_size=8)), max_size=30), st.text(max_size=3), st.booleans())
@pytest.mark.slow
def test_search_and_order_agree_with_plain_python(cells: list[str | None], words: str, down: bool) -> None:
    made = pd.DataFrame({"name": pd.array(cells, dtype="string")})
    found = TableRows(made, words=words, column=0, down=down).positions().tolist()

    kept = [
        at
        for at, text in enumerate(cells)
        if all(
            w in as_compared(text or "").replace("\0", " ")
            for w in as_compared(words).replace("\0", " ").split()
        )
    ]
    assert sorted(found) == kept
    present = [str(cells[at]).casefold() for at in found if cells[at] is not None]
    assert present == sorted(present, reverse=down)
    assert [cells[at] is None for at in found] == sorted(cells[at] is None for at in found)


@given(
    st.lists(st.one_of(st.none(), st.integers(), st.text(), st.lists(st.integers(), max_size=3)), max_size=10)
)
@pytest.mark.slow
def test_any_cell_becomes_text_or_nothing(values: list[Any]) -> None:
    written = texts(pd.Series(values, dtype=object, name="x"))

    assert [text is None for text in written] == [value is None for value in values]
    assert all(text is None or len(text) <= 400 for text in written)
