"""The page of a report: its pictures, and on the cover of a pack what several reports say of one list."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib.pyplot as plt

from procore_nb import reports


def test_the_cover_counts_a_list_by_the_report_that_read_most_of_it(tmp_path: Path) -> None:
    rows = [{"id": n, "project_id": 7, "status": "open", "subject": "s"} for n in range(3)]
    few, many = (reports.rfis({"rfis": some}, as_of="2026-06-18") for some in (rows[:1], rows))
    for order in ([few, many], [many, few]):
        text = reports.pack(order, tmp_path / "a.html").read_text("utf-8")
        cover = text[text.index("Coverage") : text.index("</section>")]
        assert re.findall(r"<td[^>]*>(\d+)<", cover)[-2:] == ["3", "0"]


def test_pictures_of_a_report_leave_no_figure_open(tmp_path: Path) -> None:
    rows = [
        {
            "id": n,
            "project_id": 7,
            "status": "open",
            "due_date": "2026-06-01",
            "created_at": "2026-05-20T12:00:00Z",
        }
        for n in range(3)
    ]
    report = reports.rfis({"rfis": rows}, as_of="2026-06-18")
    plt.close("all")
    assert report._repr_html_().count("<img") > 0
    figures = report.figures()
    assert plt.get_fignums() == []
    figures[0].savefig(tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 1_000
