"""No permission is not zero: where no project answers, a report says so and has no figures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pandas as pd
import pytest

import procore_nb as pnb
from procore_nb import demo
from procore_nb.reports import REPORTS


class Closed(demo.Demo):
    """The demo's first projects; no list of any project answers."""

    def respond(self, request: demo.DemoRequest) -> demo.DemoReply:
        reply = super().respond(request)
        if not re.search(r"/projects/\d", request.path) and "project_id=" not in request.query:
            return reply
        refused = b'{"errors":"You do not have permission to do this"}'
        return replace(reply, status=403, headers=[("Content-Type", "application/json")], body=refused)


@pytest.fixture(scope="module")
def closed() -> Iterator[pnb.Procore]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "Demo", lambda: Closed(demo.Portfolio(3)))
        with pnb.connect("demo", progress=False) as procore:
            yield procore


@pytest.mark.slow
def test_a_report_that_no_project_answers_has_one_sentence_and_no_figures(closed: pnb.Procore) -> None:
    names = [name for name in REPORTS if name != "compliance"]
    for report in pnb.reports.all_reports(closed, *names):
        first, *others = report.findings
        assert re.match(r"None of the \d projects answered \w", first), report.name
        assert first.severity == "note"  # type: ignore[attr-defined]
        assert not [one for one in (first, *others) if re.search(r"\b0\b|unknown", one)], report.name
        for frame in report.tables.values():
            assert frame.select_dtypes("number").isna().all(axis=None), report.name
        assert report.figures() == []


def test_where_one_of_two_lists_answers_its_figures_stand() -> None:
    rows = {"observation_items": [{"id": 1, "status": "initiated", "project_id": 7}], "projects": [{"id": 7}]}
    report = pnb.reports.quality(rows, as_of="2026-06-18")
    assert report.tables["total"]["not_closed"].tolist() == [1]


def test_on_the_demo_a_report_without_a_known_project_is_of_the_day_of_the_demo() -> None:
    with pnb.connect("demo", progress=False) as procore:
        assert pnb.reports.rfis(procore, projects=[999]).as_of == pd.Timestamp(procore.today())
