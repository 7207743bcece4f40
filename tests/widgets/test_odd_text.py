"""Text that is no text: nothing that leaves for the browser may be more than a kernel can encode."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import comm
import pandas as pd
import pytest
from another_procore import AnotherProcore

import procore_nb as pnb
from procore_nb.widgets import CompanyPicker, Explorer, FrameTable, ProjectPicker
from procore_nb.widgets.components import StatusMessage
from procore_nb.widgets.frame_table import CountBars, file_bytes

ODD = "a\ud83db\x00\x1b[31m\u2028é\U0001f600"
SEEN = "a?b\x00\x1b[31m\u2028é\U0001f600"


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Everything that is sent from here on, as the kernel encodes it: strictly."""
    sent: list[str] = []

    def publish(self: Any, msg_type: str, data: Any = None, *_: Any, **__: Any) -> None:
        sent.append(json.dumps(data, ensure_ascii=False, default=str).encode("utf-8").decode())

    monkeypatch.setattr(comm.DummyComm, "publish_msg", publish)
    return sent


def odd_frame() -> pd.DataFrame:
    text = pd.Series([ODD, ODD, None], dtype=object)
    frame = pd.DataFrame(
        {"id": [1, 2, 3], "name": text, "tags": pd.Series([[ODD], {ODD: 2**70}, None], dtype=object)}
    )
    frame["odd"] = text
    frame.columns = pd.Index(["id", "name", "tags", ODD], dtype=object)  # pandas' own text refuses such names
    frame.attrs["procore"] = {"endpoint": ODD, "environment": ODD}
    return frame


def ask(widget: Any, **content: Any) -> None:
    widget._handle_custom_msg(content, None)


def test_a_table_sends_odd_cells_columns_and_sources(encoded: list[str]) -> None:
    table = FrameTable(odd_frame())
    ask(table, kind="ready")
    ask(table, kind="rows", first=0, count=3)
    ask(table, kind="select", words=ODD, column=1, down=True)

    head = json.loads(encoded[-1])["content"]
    assert SEEN in head["caption"]
    assert [column["label"] for column in head["columns"]] == ["id", "name", "tags", SEEN]
    assert head["cells"][0][0] == SEEN


def test_pickers_and_bars_send_odd_names(encoded: list[str]) -> None:
    picker = ProjectPicker(odd_frame())
    ask(picker, kind="ready")
    assert json.loads(encoded[-1])["content"]["rows"][0][3] == SEEN
    assert CompanyPicker(odd_frame()).options[1][0] == f"{SEEN} (1)"

    bars = CountBars(print)
    bars.show(odd_frame()["name"], title=ODD)
    assert json.loads(encoded[-1])["content"]["bars"] == [
        [SEEN, 2, f"={SEEN}"],
        ["(missing)", 1, "(missing)"],
    ]


def test_a_message_and_its_steps_are_sent(encoded: list[str]) -> None:
    message = StatusMessage()
    message.show_error(ValueError(ODD))
    message.show(ODD, advice=ODD, steps=[{"step": ODD, "ok": None, "detail": ODD}])

    assert message.text == SEEN
    assert message.message["steps"][0]["detail"] == SEEN


@pytest.mark.parametrize("kind", ["csv", "excel"])
def test_a_download_of_odd_cells_is_a_file(kind: str, encoded: list[str]) -> None:
    table = FrameTable(odd_frame()[["id", "name"]])
    ask(table, kind="download", **{"as": kind})
    table._downloads.wait()

    assert json.loads(encoded[-1])["content"]["kind"] == "file"


def test_an_explorer_fetches_odd_names_and_sends_them(
    another: Callable[..., AnotherProcore], connected: Callable[..., pnb.Procore], encoded: list[str]
) -> None:
    rows = [{"id": 1, "name": "a\x00\x1bb", "odd\x00": "=1+1"}]
    explorer = Explorer(connected(another({"/rest/v1.0/companies": rows})), endpoint="companies")
    explorer.fetch()

    assert explorer.error is None
    assert explorer.frame["name"].tolist() == ["a\x00\x1bb"]


def test_a_formula_in_a_download_goes_through_the_exporter(tmp_path: Any) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    frame = pd.DataFrame({"subject": ["=1+1", "@x", "plain"]})
    (tmp_path / "x.xlsx").write_bytes(file_bytes(frame, "excel"))
    cells = [cell for (cell,) in openpyxl.load_workbook(tmp_path / "x.xlsx").active.iter_rows(min_row=2)]

    assert [cell.value for cell in cells] == ["=1+1", "@x", "plain"]
    assert {cell.data_type for cell in cells} == {"s"}
    assert file_bytes(frame, "csv") == pnb.to_csv(frame, tmp_path / "x.csv", excel=True).read_bytes()
