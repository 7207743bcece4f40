"""A long walk in JupyterLab: the bar while it goes on, and what stays when it is interrupted."""

from __future__ import annotations

import time
from typing import Any

from .chromium import Lab, in_kernel
from .widgets_in_lab import foreign, note_figure, notebook, picture

SLOW = """
import procore_nb as pnb
from procore_nb import demo
limits = demo.RateLimits(spike=40, spike_seconds=30)
server = demo.serve(demo.Demo(limits=limits))
place = pnb.Environment("mine", server.url, server.url)
keys = pnb.Credentials(demo.CLIENT_ID, demo.CLIENT_SECRET)
procore = pnb.connect(place, credentials=keys, company_id=demo.COMPANY_ID)
ready = False
"""
WALK = """
if ready:  # not when the notebook is opened, which waits for its cells
    try:
        procore.table("rfis", projects="active")
    except pnb.ProcoreError as error:
        kept = error.partial
"""
RUN = "() => { window.jupyterapp.commands.execute('notebook:run-cell') }"
INTERRUPT = "() => window.bookOfTest.sessionContext.session.kernel.interrupt()"


def test_a_walk_that_waits_shows_a_bar_and_an_interrupt_leaves_one_line_and_what_came(
    desk: Any, lab: Lab
) -> None:
    with notebook(desk, lab, "walk.ipynb", [SLOW, WALK], width=760, height=700) as page:
        in_kernel(page, "ready = True")
        page.evaluate("() => { window.bookOfTest.content.activeCellIndex = 1 }")
        page.evaluate(RUN)
        words = page.get_by_text("waiting until")
        words.wait_for()
        assert "rate limit" in " ".join(words.inner_text().split())
        bar = page.locator(".jp-OutputArea .widget-hprogress")
        assert bar.bounding_box()["width"] >= 100
        assert words.evaluate("(node) => node.scrollWidth <= node.clientWidth")  # no word is cut off
        picture(page, "progress-waiting")
        began = time.monotonic()
        page.evaluate(INTERRUPT)
        page.get_by_text("before it was stopped").wait_for()
        note_figure("control after an interrupt", 1000 * (time.monotonic() - began), "ms")

        words.wait_for(state="detached")
        assert bar.count() == 0
        assert int(in_kernel(page, "print(len(kept))")) > 100
        assert page.said == []
        assert foreign(page) == []
