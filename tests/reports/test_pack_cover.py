"""The page of a report: its pictures, and on the cover of a pack what several reports say of one list."""

from __future__ import annotations

import math
import re
from pathlib import Path

import matplotlib.pyplot as plt
import openpyxl
import pandas as pd
import show_reports
from matplotlib.colors import to_rgb

import procore_nb as pnb
from procore_nb import reports
from procore_nb.reports.measures import number_text, sentence
from procore_nb.reports.pack import _MOST_PRINTED, STYLE, page
from procore_nb.reports.result import Picture, bars, draw


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


def test_the_page_of_definitions_is_made_from_the_reports() -> None:
    text = show_reports.PAGE.read_text("utf-8")
    assert show_reports.document(text) == text, "run: python tools/show_reports.py"
    for name in reports.REPORTS:
        assert (show_reports.IMAGES / f"report-{name}.png").stat().st_size < 60_000


def test_largest_bars_are_of_what_is_not_zero() -> None:
    frame = pd.DataFrame({"name": [f"P{at}" for at in range(30)], "value": [0, *range(1, 30)]})
    drawn = bars("t", frame, "name", "value", unit="u")
    assert (len(drawn.data), drawn.data.min(), drawn.unit) == (20, 10, "u; the 20 largest")
    assert len(bars("t", frame, "name", "value", largest=False).data) == 30
    assert draw(bars("t", frame.head(1), "name", "value")).axes
    floats = pd.Series([-3.0, 5.0, None, 2.0], index=["A", "A", "A", "B"])
    assert [
        one.get_text() for one in draw(Picture("t", floats, "days", "dots")).axes[0].get_yticklabels()
    ] == ["A", "B"]


def test_a_store_of_a_known_environment_gives_links() -> None:
    frame = pnb.to_frame([{"id": 1, "project_id": 7, "status": "open"}])
    frame.attrs["procore"] = {"environment": "production"}
    found = reports.rfis({"rfis": frame, "projects": [{"id": 7, "name": "P"}]}, as_of="2026-06-18")
    assert "https://app.procore.com/7/project/home" in found._repr_html_()


def many(number: int) -> reports.Report:
    rows = [
        {"id": at, "project_id": 7, "status": "open", "due_date": "2026-06-01", "current_revision": True}
        for at in range(number)
    ]
    return reports.rfis({"rfis": rows}, as_of="2026-06-18")


def test_a_workbook_has_titles_in_words_a_coloured_header_and_findings_coloured_by_severity(
    tmp_path: Path,
) -> None:
    found = many(2)
    book = openpyxl.load_workbook(reports.pack([found], tmp_path / "a.xlsx"))
    cover = [[cell.value for cell in row] for row in book["Cover"].iter_rows()]
    assert cover[0] == ["Report", "What", "Severity", "Text"]
    late = next(at for at, row in enumerate(cover, 1) if row[2] == "high")
    assert "2 of them overdue" in cover[late - 1][3]
    assert book["Cover"].cell(late, 3).fill.fgColor.rgb != book["Cover"].cell(2, 3).fill.fgColor.rgb
    head = book["RFIs rows"][1]
    assert {"Project name", "Due date", "Age days"} <= {cell.value for cell in head}
    assert head[0].fill.fgColor.rgb == "FF2B4C63"
    single = openpyxl.load_workbook(found.to_excel(tmp_path / "b.xlsx"))
    assert [cell.value for cell in single["Findings"][1]] == ["What", "Severity", "Text"]
    assert "Median days, open ones counted" in {cell.value for cell in single["Total"][1]}


def test_two_reports_of_one_kind_have_their_own_sheets(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(reports.pack([many(1), many(2)], tmp_path / "a.xlsx"))
    assert [book[name].max_row for name in ("RFIs rows", "RFIs 2 rows")] == [2, 3]


def test_findings_are_as_severe_as_the_figures_they_name() -> None:
    severities = [sentence("{overdue} late, {slipping} slip", {"overdue": one, "slipping": other}).severity for one, other in ((1, 0), (0, 2), (0, 0), (pd.NA, pd.NA))]  # type: ignore[attr-defined]  # fmt: skip
    assert severities == ["high", "medium", "", ""]
    noted = reports.rfis({"rfis": [{"id": 1, "status": "open"}]}, as_of="2026-06-18")
    last = noted.findings[-1]
    assert "no column due_date" in " ".join(noted.findings)
    assert last.severity == "note"  # type: ignore[attr-defined]
    assert reports.rfis({"rfis": []}, as_of="2026-06-18").without_names({}).findings


def luminance(colour: str) -> float:
    parts = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in to_rgb(colour))
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))


def test_words_on_coloured_gauges_can_be_read() -> None:
    pairs = re.findall(r"td\.\w+ \{ background: (#\w{6}); color: (#\w{3,6}); \}", STYLE)
    assert len(pairs) == 4
    for ground, ink in pairs:
        one, other = sorted(map(luminance, (ground, ink)))
        assert (other + 0.05) / (one + 0.05) >= 4.5, ground


def test_percents_of_findings_are_whole_with_a_decimal_below_ten() -> None:
    texts = [number_text(one, "%") for one in (79.65, 80.5, 9.95, 9.94, -6.93, -13.85, 0.0, 100.0, math.nan)]
    assert texts == ["80 %", "81 %", "10 %", "9.9 %", "-6.9 %", "-14 %", "0 %", "100 %", "unknown"]
    assert number_text(10.25, "days") == "10.25 days"


def test_a_page_prints_the_first_rows_of_long_tables_and_says_where_the_rest_is() -> None:
    text = page([many(30)], personal=False)
    assert (
        f"The first {_MOST_PRINTED} of 30 rows are printed; the rest is in the page and the workbook" in text
    )
    assert f"tr:nth-child(n+{_MOST_PRINTED + 1})" in STYLE
    assert "are printed" not in page([many(25)], personal=False)
