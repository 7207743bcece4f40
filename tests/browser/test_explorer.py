"""Explorer, pickers and table in JupyterLab: fetch, filter, look, take the file home."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import procore_nb as pnb

from .chromium import Lab, eventually, in_kernel
from .widgets_in_lab import busy_kernel, foreign, note_figure, notebook, picture

pytestmark = pytest.mark.browser

TABLE = ".pnw-table[data-ready=true]"
DONE = ".pnw-status-done, .pnw-status-warning"
BUSIEST = """
import warnings
warnings.simplefilter("ignore")
rfis = procore.table("rfis", projects="active", progress=False)
busiest = rfis[rfis["status"] == "open"]["project_id"].value_counts().index[0]
name = rfis.loc[rfis["project_id"] == busiest, "project_name"].iloc[0]
print(name)
"""
EXPLORE = [
    "import procore_nb as pnb\nprocore = pnb.connect('demo')",
    "explorer = procore.explore()\nexplorer",
]


def pick_the_busiest(page: Any) -> None:
    name = in_kernel(page, BUSIEST).strip()
    page.get_by_role("button", name="Chosen projects").click()
    search = page.get_by_label("project name, number, city or stage")
    search.wait_for()
    page.locator(".pnw-picker[data-ready=true]").nth(1).wait_for()
    page.locator(".pnw-option", has_text=name).first.wait_for()
    search.fill(name.lower())
    search.press("Enter")
    page.locator(".pnw-chip").wait_for()


def test_a_person_fetches_filters_downloads_and_gets_what_to_csv_writes(
    desk: Any, lab: Lab, tmp_path: Path
) -> None:
    with notebook(desk, lab, "explore.ipynb", EXPLORE, height=1900) as page:
        page.locator(".pnw-picker[data-ready=true]").first.wait_for()
        pick_the_busiest(page)
        page.get_by_label("Add a filter").select_option("Status")
        page.get_by_label("Status", exact=True).select_option("open")
        page.get_by_label("Add a filter").select_option("Created at")
        page.locator("input[type=date]").first.fill("2020-01-01")
        page.locator(".pnw-snippet code", has_text="created_at").wait_for()
        page.get_by_role("button", name="Fetch").dblclick()
        page.locator(TABLE).wait_for()
        page.locator(DONE).wait_for()
        picture(page, "explorer")
        with page.expect_download() as download:
            page.get_by_role("button", name="CSV").click()
        theirs = Path(download.value.path()).read_bytes()

        page.get_by_text(
            re.compile(r"Downloaded rfis.csv \(\d+ kB\): all [\d,]+ rows?, all \d+ columns.")
        ).wait_for()
        ours = str(lab.folder / "ours.csv")
        in_kernel(page, f"pnb.to_csv(explorer.frame, {ours!r}, excel=True)")
        assert download.value.suggested_filename == "rfis.csv"
        assert theirs == Path(ours).read_bytes()
        frame = pnb.read_csv(ours)
        assert len(frame)
        assert set(frame["status"]) == {"open"}
        line = page.locator(".pnw-snippet code", has_text="procore.table").inner_text()
        in_kernel(page, line)
        eventually(page, "print(frame.equals(explorer.frame))", "True")
        bar = page.locator(".pnw-counts button").first
        bar.click()
        page.locator(".pnw-counts button[aria-pressed=true]").wait_for()
        eventually(
            page,
            "print(explorer._table.filter_of(explorer._by.value))",
            f"={bar.inner_text().split(chr(10))[0]}",
        )
        assert page.said == []
        assert foreign(page) == []


def test_while_the_kernel_is_busy_fetch_uses_the_filters_in_the_browser(
    desk: Any, lab: Lab, tmp_path: Path
) -> None:
    filters = (
        "explorer.filters.add('status')\nexplorer.filters.add('search')\nexplorer.filters.add('created_at')"
    )
    with notebook(desk, lab, "busy.ipynb", [*EXPLORE, filters], height=1500) as page:
        page.locator(".pnw-picker[data-ready=true]").first.wait_for()
        page.get_by_label("Search", exact=True).wait_for()
        with busy_kernel(page, tmp_path / "go"):
            page.get_by_label("Search", exact=True).press_sequentially("slab pour")
            page.get_by_label("Status", exact=True).select_option("closed")
            page.locator("input[type=date]").nth(0).fill("2020-01-01")
            page.locator("input[type=date]").nth(1).fill("2030-12-31")
            page.get_by_role("button", name="Whole portfolio").click()
            page.get_by_role("button", name="Fetch").click()
        page.locator(DONE).wait_for()
        picture(page, "explorer-busy")

        asked = in_kernel(page, "print(explorer.line)")
        for words in (
            'projects="all"', 'status="closed"', 'search="slab pour"', 'created_at=("2020-01-01", "2030-12-31")',
        ):  # fmt: skip
            assert words in asked
        assert page.said == []


def test_stop_is_heard_and_no_match_is_words(desk: Any, lab: Lab) -> None:
    slow = (
        "import procore_nb as pnb\nfrom procore_nb import demo\n"
        "server = demo.serve(demo.Demo(faults=demo.Faults().always('slow', 0.1)))\n"
        "place = pnb.Environment('mine', server.url, server.url)\n"
        "keys = pnb.Credentials(demo.CLIENT_ID, demo.CLIENT_SECRET)\n"
        "procore = pnb.connect(place, credentials=keys, company_id=demo.COMPANY_ID, workers=2)"
    )
    with notebook(desk, lab, "stop.ipynb", [slow, EXPLORE[1]], height=1500, dark=True) as page:
        page.locator(".pnw-picker[data-ready=true]").first.wait_for()
        page.get_by_role("button", name="Fetch").click()
        page.locator("progress").wait_for()
        page.get_by_text(re.compile(r"[1-9][\d,]* rows?, ")).first.wait_for()
        picture(page, "explorer-progress-dark")
        page.get_by_role("button", name="Stop", exact=True).click()
        page.get_by_text("Stopped.").wait_for(timeout=10_000)
        page.locator(TABLE).wait_for()
        search = page.get_by_label("Search the table")
        search.fill("no such words anywhere")
        page.get_by_text("Nothing matches the search").wait_for()
        assert page.locator(".pnw-partial").inner_text().startswith("Partial: the fetch was stopped")
        picture(page, "explorer-stopped-dark")
        search.fill("")
        page.get_by_role("button", name="Fetch").is_enabled()
        assert (
            in_kernel(
                page, "print(len(explorer.frame) > 0, explorer.frame.attrs['procore']['complete'])"
            ).strip()
            == "True False"
        )
        assert page.said == []


BIG = """
import numpy as np, pandas as pd
from procore_nb.widgets import FrameTable, ProjectPicker
count = 100_000
words = np.array(["Depot", "Tower", "Library", "Clinic"])
big = pd.DataFrame({"id": np.arange(count), "name": words[np.arange(count) % 4], "value": np.arange(count) % 977 / 7,
    "at": pd.date_range("2020-01-01", periods=count, freq="min", tz="UTC"), **{f"text {n}": "some words here" for n in range(16)}})
big["name"] = big["name"] + " " + big["id"].astype(str)
many = big.head(10_000)[["id", "name"]].assign(project_number="P-7", city="Ōtāhuhu").convert_dtypes()
"""
SHOWN_AFTER = """
async () => {
  const book = window.bookOfTest;
  document.querySelectorAll(".pnw-table").forEach((table) => table.remove());
  book.content.activeCellIndex = 1;
  const started = performance.now();
  window.jupyterapp.commands.execute("notebook:run-cell");
  while (!document.querySelector(".pnw-table[data-ready=true] tbody td")) await new Promise((next) => setTimeout(next, 5));
  return performance.now() - started;
}
"""
SCROLLED_AFTER = """
async (to) => {
  const pane = document.querySelector(".pnw-window"), table = document.querySelector(".pnw-table");
  const started = performance.now();
  pane.scrollTop = pane.scrollHeight * to;
  const ready = () => table.dataset.ready === "true" && Number(table.dataset.first) > 1000 && !pane.textContent.includes("…");
  while (!ready()) await new Promise((next) => setTimeout(next, 5));
  return performance.now() - started;
}
"""
KEY_TO_LIST = """
(words) => {
  const input = document.querySelector(".pnw-picker input");
  input.value = words;
  const started = performance.now();
  input.dispatchEvent(new Event("input", { bubbles: true }));
  document.querySelector(".pnw-list").getBoundingClientRect(); // the new list is laid out
  return performance.now() - started;
}
"""


def test_a_hundred_thousand_rows_are_there_at_once_and_ten_thousand_projects_follow_the_keys(
    desk: Any, lab: Lab
) -> None:
    with notebook(
        desk,
        lab,
        "big.ipynb",
        [BIG, "table = FrameTable(big)\ntable", "picker = ProjectPicker(many)\npicker"],
    ) as page:
        page.locator(TABLE).wait_for()
        page.locator(".pnw-picker[data-ready=true]").wait_for()
        shown = page.evaluate(SHOWN_AFTER)
        scrolled = page.evaluate(SCROLLED_AFTER, 0.7)
        picture(page, "table-100000")
        keys = [
            page.evaluate(KEY_TO_LIST, words) for words in ("l", "li", "lib", "library 77", "otahuhu depot 9")
        ]
        matches = page.locator(".pnw-picker").get_attribute("data-matches")
        note_figure("first page of a table of 100,000 rows after running the cell", shown, "ms")
        note_figure("rows in the middle after scrolling there", scrolled, "ms")
        note_figure("slowest key in a picker of 10,000 projects", max(keys), "ms")

        assert matches == str(sum(number % 4 == 0 and "9" in str(number) for number in range(10_000)))
        assert shown < 6000  # aimed at 2000; the rest is for a busy machine
        assert scrolled < 3000
        assert max(keys) < 300  # aimed at 100
        assert page.said == []


def test_the_table_sorts_searches_and_chooses_columns_with_the_keyboard_too(desk: Any, lab: Lab) -> None:
    cells = [
        "import pandas as pd\nfrom procore_nb.widgets import FrameTable\n"
        "frame = pd.DataFrame({'id': range(300), 'name': ['<b>bold</b>', 'Zoo', 'apple'] * 100, 'value': [-n for n in range(300)]})",
        "table = FrameTable(frame)\ntable",
    ]
    with notebook(desk, lab, "table.ipynb", cells, width=620, height=800) as page:
        page.locator(TABLE).wait_for()
        page.get_by_role("button", name="Value").press("Enter")
        eventually(page, "print(table.view['id'].iloc[0])", "299")
        page.get_by_text("Sorted by Value, ascending.").wait_for()
        assert page.locator("th[aria-sort=ascending]").inner_text() == "Value ▲"
        assert page.evaluate("() => document.activeElement.textContent") == "Value ▲"
        page.get_by_label("Search the table").fill("<b>")
        eventually(page, "print(len(table.view))", "100")
        page.get_by_text("100 of 300 rows").wait_for()
        assert page.locator("td b").count() == 0
        assert page.locator("td", has_text="<b>bold</b>").count() > 5
        page.get_by_label("Filter Id").press_sequentially(">=150")
        eventually(page, "print(len(table.view))", "50")
        assert page.get_by_label("Filter Id").evaluate("field => field === document.activeElement")
        page.get_by_role("button", name="Clear filters").click()
        eventually(page, "print(len(table.view))", "300")
        page.locator("summary", has_text="Columns").press("Enter")
        page.locator(".pnw-columns-list label", has_text="value").locator("input").press("Space")
        eventually(page, "print(list(table.view.columns))", "['id', 'name']")
        picture(page, "table-narrow")
        page.keyboard.press("Escape")
        grid = page.get_by_role("grid")
        grid.focus()
        page.keyboard.press("Control+End")
        page.wait_for_function("() => Number(document.querySelector('.pnw-table').dataset.first) > 50")
        active = page.locator(f"#{grid.get_attribute('aria-activedescendant')}")
        page.wait_for_function("() => document.querySelector('.pnw-active-cell')?.textContent === 'apple'")
        assert (active.inner_text(), active.get_attribute("aria-colindex")) == ("apple", "3")
        assert (
            active.locator("..").get_attribute("aria-rowindex")
            == "302"
            == grid.get_attribute("aria-rowcount")
        )
        assert grid.evaluate("grid => grid === document.activeElement")
        assert page.said == []


def test_a_wide_table_draws_only_the_columns_in_sight_and_keeps_the_first_in_place(
    desk: Any, lab: Lab
) -> None:
    cells = [
        "import pandas as pd\nfrom procore_nb.widgets import FrameTable\n"
        "frame = pd.DataFrame({'name': ['Slab'] * 200, **{f'text {n}': ['some words'] * 200 for n in range(90)}})",
        "table = FrameTable(frame)\ntable",
    ]
    with notebook(desk, lab, "wide.ipynb", cells, width=620, height=800) as page:
        page.locator(TABLE).wait_for()
        assert page.locator("thead th").count() < 20
        before = page.locator("thead th").nth(1).bounding_box()
        page.locator(".pnw-window").evaluate("pane => { pane.scrollLeft = pane.scrollWidth }")
        page.get_by_role("columnheader", name="Text 89").wait_for()
        assert page.locator("thead th").count() < 20
        assert page.locator("thead th").nth(1).bounding_box() == before
        assert page.get_by_role("columnheader", name="Text 89").get_attribute("aria-colindex") == "92"
        assert page.said == []
