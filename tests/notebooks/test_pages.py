"""How outputs of a notebook become Markdown."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from html_tables import markdown_table
from show_notebooks import comparable, page_of

WIDGET = "application/vnd.jupyter.widget-view+json"


def _v4() -> Any:
    from nbformat import v4  # two seconds, which every process that only collects tests would pay

    return v4


def page(*outputs: Any) -> str:
    """The page of a notebook with one code cell, without title and code."""
    cells = [_v4().new_markdown_cell("# Title\n\nWords."), _v4().new_code_cell("x", outputs=list(outputs))]
    return page_of(_v4().new_notebook(cells=cells), "00_any").text.partition("```python\nx\n```\n")[2].strip()


def shown(**data: str) -> Any:
    return _v4().new_output("display_data", {name.replace("_", "/"): value for name, value in data.items()})


def test_a_frame_becomes_a_table_whose_text_stays_text() -> None:
    frame = pd.DataFrame({"name": ["a|b", "<script>*x*</script>"], "rows": [1, 2]})
    assert markdown_table(frame._repr_html_()) == "\n".join(
        [
            "|  | name | rows |",
            "| ---: | --- | ---: |",
            r"| 0 | a\|b | 1 |",
            r"| 1 | &lt;script&gt;\*x\*&lt;/script&gt; | 2 |",
        ]
    )


def test_a_named_index_shares_the_row_of_the_headings() -> None:
    frame = pd.DataFrame({"open": [3]}, index=pd.Index(["Gwen"], name="who"))
    assert markdown_table(frame._repr_html_()).splitlines()[0] == "| who | open |"


def test_other_html_is_shown_by_its_text() -> None:
    assert markdown_table("<b>Procore</b>") == ""
    assert (
        page(shown(text_html="<b>Procore</b>", text_plain="Procore(demo)")) == "```text\nProcore(demo)\n```"
    )


def test_warnings_stand_before_what_is_printed_and_without_the_place_in_the_kernel() -> None:
    warned = "somewhere/ipykernel_1/2.py:1: ProcoreWarning: left out 1.\n  frame = ask()\n"
    said = page(
        _v4().new_output("stream", text="3 rows\n"), _v4().new_output("stream", name="stderr", text=warned)
    )
    assert said == "```text\nProcoreWarning: left out 1.\n```\n\n```text\n3 rows\n```"


def test_the_line_a_long_walk_leaves_is_left_out() -> None:
    assert page(shown(text_plain="rfis: 2,034 rows from 172 projects, 172 requests, 3.1 s")) == ""
    assert (
        page(_v4().new_output("stream", text="rfis: 4 rows, 1 requests, 1.2 s\ndone\n"))
        == "```text\ndone\n```"
    )


def test_a_widget_is_shown_by_a_still_picture_and_one_without_is_an_error() -> None:
    form = _v4().new_output("display_data", {WIDGET: {}, "text/plain": "ConnectForm(demo, not connected)"})
    assert page(form).startswith("![the form")
    with pytest.raises(ValueError, match="No still picture"):
        page(_v4().new_output("display_data", {WIDGET: {}, "text/plain": "IntSlider()"}))


def test_only_what_passes_is_taken_out_of_a_comparison() -> None:
    assert comparable("Asked on 2026-11-25 (demo).") == comparable("Asked on 2027-01-02 (demo).")
    budget = "| 0 | spike | 20000 | {} | 2026-11-25 18:45:00+00:00 |"
    assert comparable(budget.format(19988)) == comparable(budget.format(20000))
    assert comparable("a.csv: 104 kB") == comparable("a.csv: 1,104 kB")
    for one, other in [("133 RFIs", "134 RFIs"), ("due 2026-05-01", "due 2026-05-02")]:
        assert comparable(one) != comparable(other)
