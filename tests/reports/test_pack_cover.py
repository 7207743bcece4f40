"""The cover of a pack: what several reports say of one list."""

from __future__ import annotations

import re
from pathlib import Path

from procore_nb import reports


def test_the_cover_counts_a_list_by_the_report_that_read_most_of_it(tmp_path: Path) -> None:
    rows = [{"id": n, "project_id": 7, "status": "open", "subject": "s"} for n in range(3)]
    few, many = (reports.rfis({"rfis": some}, as_of="2026-06-18") for some in (rows[:1], rows))
    for order in ([few, many], [many, few]):
        text = reports.pack(order, tmp_path / "a.html").read_text("utf-8")
        cover = text[text.index("Coverage") : text.index("</section>")]
        assert re.findall(r"<td[^>]*>(\d+)<", cover)[-2:] == ["3", "0"]
