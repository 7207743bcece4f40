"""A kernel restarted elsewhere is noticed where form, table, report view and map are touched; a busy one is not called gone."""

from __future__ import annotations

import urllib.request
from pathlib import Path
from typing import Any

import pytest

from .chromium import Lab
from .widgets_in_lab import notebook, picture

pytestmark = pytest.mark.browser

CELLS = [
    "import procore_nb as pnb\nprocore = pnb.connect('demo')\nprojects = procore.projects(status='All')",
    "from procore_nb.widgets import ConnectForm, FrameTable\nConnectForm('demo')",
    "procore.explore()",
    "pnb.reports.view(procore, 'rfis')",
    "FrameTable(projects)",
    "pnb.map_projects(projects, height=300)",
]
GONE = "The kernel behind this {} is gone"


def restart_elsewhere(page: Any, lab: Lab) -> None:
    """Restart the kernel as another tab or program does: through the server."""
    kernel = page.evaluate("() => window.bookOfTest.sessionContext.session.kernel.id")
    address = f"{lab.url}/api/kernels/{kernel}/restart?token={lab.token}"
    with urllib.request.urlopen(urllib.request.Request(address, b"{}", method="POST"), timeout=60):
        pass


def wait_for_all(page: Any) -> None:
    page.locator(".pnb-map[data-ready=true]").wait_for(timeout=60_000)
    page.locator(".pnw-table[data-ready=true]").wait_for()
    page.locator(".pnw-picker[data-ready=true]").first.wait_for()
    page.get_by_role("button", name="Show", exact=True).wait_for()


def touch_all(page: Any) -> None:
    """A click or a key in each of them; none of these would say anything by itself."""
    cells = [page.locator(".jp-CodeCell").nth(number) for number in range(6)]
    cells[1].get_by_label("Environment").press("Tab")
    cells[2].get_by_role("button", name="Whole portfolio").click()
    cells[3].get_by_placeholder("age_classes=(7, 14, 30)").press("a")
    cells[4].locator("summary").first.click()
    cells[5].locator(".pnb-canvas").click(position={"x": 300, "y": 150})


def test_a_kernel_restarted_elsewhere_is_words_wherever_it_is_touched(desk: Any, lab: Lab) -> None:
    with notebook(desk, lab, "elsewhere.ipynb", CELLS, height=3000) as page:
        wait_for_all(page)
        restart_elsewhere(page, lab)
        assert page.get_by_text("is gone").count() == 0
        touch_all(page)
        for number, words in ((1, "form"), (2, "form"), (3, "form"), (4, "table"), (5, "map")):
            cell = page.locator(".jp-CodeCell").nth(number)
            cell.get_by_text(GONE.format(words)).first.wait_for(timeout=25_000)
        picture(page, "kernel-restarted-elsewhere")
        assert page.locator(".jp-CodeCell").nth(3).locator("[inert] button").count() >= 2
        assert page.said == []


def test_a_busy_kernel_is_not_called_gone(desk: Any, lab: Lab, tmp_path: Path) -> None:
    """Busy with a click of another widget: it answers no widget then, whether the kernel has subshells for them or not."""
    go = tmp_path / "go"
    slow = (
        "import ipywidgets, pathlib, time\n"
        "def wait(_):\n    slow.description = 'Works now'\n"
        f"    while not pathlib.Path({str(go)!r}).exists():\n        time.sleep(0.05)\n    slow.description = 'Works no more'\n"
        "slow = ipywidgets.Button(description='Slow')\nslow.on_click(wait)\nslow"
    )
    with notebook(desk, lab, "busy-not-gone.ipynb", [*CELLS, slow], height=3000) as page:
        wait_for_all(page)
        try:
            page.get_by_role("button", name="Slow").click()
            page.get_by_role("button", name="Works now").wait_for()
            touch_all(page)
            page.wait_for_timeout(6000)
            assert page.get_by_text("is gone").count() == 0
        finally:
            go.touch()
        page.get_by_role("button", name="Works no more").wait_for()
        page.wait_for_timeout(5000)
        assert page.get_by_text("is gone").count() == 0
        assert page.said == []
