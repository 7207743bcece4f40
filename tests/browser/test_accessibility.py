"""Forms, table, report view and map for people who use keys, a screen reader or strong contrast."""

from __future__ import annotations

from typing import Any

import pytest

from .axe import findings_in_copy
from .chromium import Lab, eventually
from .widgets_in_lab import notebook, picture

pytestmark = pytest.mark.browser

CELLS = [
    "import procore_nb as pnb\nfrom procore_nb.widgets import *\nprocore = pnb.connect('demo', progress=False)",
    "form = ConnectForm('demo')\nform",
    "typed = ConnectForm('sandbox')\ntyped",
    "explorer = procore.explore('rfis')\nexplorer.targets._where.value = 'chosen'\nexplorer.wait(60)\n"
    "explorer.targets.choose((1204347,))\n"
    "[explorer.filters.add(name) for name in ('status', 'created_at', 'assigned_id')]\nexplorer",
    "view = pnb.reports.view({'rfis': procore.table('rfis', 1204347)}, 'rfis')\nview.show()\nview",
    "pnb.map_projects(procore.projects())",
]
FOCUSED = "() => document.activeElement.getAttribute('aria-label') || document.activeElement.textContent"
OURS = ".jp-OutputArea-output:has(.pnw-part), .jp-OutputArea-output:has(.pnb-map)"


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_and_the_focus_stays(desk: Any, lab: Lab, dark: bool) -> None:
    with notebook(desk, lab, f"axe-{dark}.ipynb", CELLS, height=4600, dark=dark) as page:
        page.locator(".pnb-map").wait_for()
        page.get_by_role("button", name="Connect").first.press("Enter")
        page.locator(".pnw-status-done", has_text="Connected").wait_for()
        assert page.evaluate(FOCUSED) == "Connect"
        page.get_by_role("button", name="Fetch").press("Enter")
        page.locator(".pnw-table[data-ready=true]").wait_for()
        page.locator(".pnw-status-done", has_text="explorer.frame").wait_for()
        assert page.evaluate(FOCUSED) == "Fetch"
        heights = page.locator(".pnw-submit button, .pnw-filter button").evaluate_all(
            "all => all.map((button) => button.offsetHeight)"
        )
        assert max(heights) < 40  # no picture stands in their place
        chosen = page.get_by_role("button", name="Chosen projects")
        assert chosen.get_attribute("aria-pressed") == "true"
        assert page.get_by_role("button", name="Active projects").get_attribute("aria-pressed") == "false"
        page.locator(".pnw-counts button").nth(1).press("Enter")
        page.get_by_role("button", name="Clear filters").wait_for()
        assert page.locator(".pnw-counts button").nth(1).evaluate("bar => bar === document.activeElement")
        picture(page, f"forms-{'dark' if dark else 'light'}")

        assert findings_in_copy(page, OURS) == []
        assert page.said == []


def test_enter_takes_what_the_ranking_puts_first_however_quick_it_comes(desk: Any, lab: Lab) -> None:
    cells = ["from procore_nb.widgets import EndpointPicker\npicker = EndpointPicker()\npicker"]
    with notebook(desk, lab, "enter.ipynb", cells, width=620, height=800) as page:
        page.locator(".pnw-picker[data-ready=true]").wait_for()
        search = page.locator(".pnw-picker input")
        for words, name in (("headcount", "daily_logs_manpower"), ("late submittals", "submittals")):
            search.evaluate(
                "(field, words) => { field.value = words; field.dispatchEvent(new Event('input', { bubbles: true }));"
                " field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true })); }",
                words,
            )
            eventually(page, "print(picker.value)", name)
        assert page.said == []
