"""What reports request: each list once for all of them, counted before, and only the rest after an interruption."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import platformdirs
import pytest
import requests
from store.living import connection

import procore_nb as pnb
from procore_nb.demo import Demo, DemoAdapter
from procore_nb.fetch.response_cache import ResponseCache

pytestmark = pytest.mark.slow


class Watched(DemoAdapter):
    """The demo, with an account of what was sent; beyond `most` the line is dead."""

    most = 10**6

    def __init__(self, demo: Demo) -> None:
        super().__init__(demo)
        self.sent: Counter[str] = Counter()

    def send(self, request: requests.PreparedRequest, *args: Any, **named: Any) -> requests.Response:
        url = request.url or ""
        if "/rest/" in url:
            if sum(self.sent.values()) >= self.most:
                raise requests.exceptions.ConnectionError("dead", request=request)
            self.sent[url] += 1
        return super().send(request, *args, **named)


@pytest.fixture(scope="module")
def opened() -> Callable[..., tuple[pnb.Procore, Watched]]:
    demo = Demo()

    def build(*, cached: bool = False, most: int = 10**6) -> tuple[pnb.Procore, Watched]:
        adapter = Watched(demo)
        adapter.most = most
        procore = connection(demo, adapter=lambda _: adapter)
        if cached:
            procore.policy = replace(procore.policy, cache=ResponseCache("1h", procore.session, time.time))
        return procore, adapter

    return build


def few(procore: pnb.Procore, number: int = 2) -> pd.DataFrame:
    return procore.projects(status="All").head(number)


@pytest.mark.slow
def test_a_pack_requests_nothing_twice_and_says_before_how_much_it_takes(
    opened: Callable[..., tuple[pnb.Procore, Watched]], capsys: pytest.CaptureFixture[str]
) -> None:
    procore, adapter = opened()
    projects = few(procore)
    adapter.sent.clear()
    found = pnb.reports.all_reports(procore, projects=projects, progress=True)
    assert len(found) == 14
    assert [url for url, count in adapter.sent.items() if count > 1] == []
    said = capsys.readouterr().err
    assert said.count("reports need") == 1
    words = re.search(
        r"14 reports need (\d+) to (\d+) requests to 2 projects, and one for each chosen row of", said
    )
    assert words is not None, said
    assert "at 25 requests in 10 s" in said
    assert "at 600 an hour" in said
    below = sum("detail_rows" in url or "line_items" in url for url in adapter.sent)
    assert (
        int(words[1]) <= sum(adapter.sent.values()) - below <= int(words[2]) + 1
    )  # and the list of projects


@pytest.mark.slow
def test_lists_fetched_for_all_give_the_figures_of_each_report_alone(
    opened: Callable[..., tuple[pnb.Procore, Watched]],
) -> None:
    procore, _ = opened()
    projects = few(procore)
    together = pnb.reports.all_reports(
        procore, "portfolio_health", "manpower", "safety", "changes", "wip", projects=projects
    )
    for one in together:
        alone = getattr(pnb.reports, one.name)(procore, projects=projects)
        pd.testing.assert_frame_equal(one.tables["total"], alone.tables["total"])
        pd.testing.assert_frame_equal(one.summary, alone.summary)
    health = together[0].coverage
    kept = health[health["list"].isin(["rfis", "submittals_v1_1", "budget_view_detail_rows"])]
    assert kept.groupby("list")["rows"].sum().gt(0).all()  # read by the reports inside it, and counted


@pytest.mark.slow
def test_an_interrupted_pack_fetches_the_rest_only(
    opened: Callable[..., tuple[pnb.Procore, Watched]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("requests_cache")
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda *_, **__: str(tmp_path / "kept"))
    names = ("rfis", "punch", "quality")
    whole, watched = opened()
    expected = pnb.reports.all_reports(whole, *names, projects=few(whole, 4))
    due = sum(watched.sent.values())
    broken, before = opened(cached=True, most=due - 6)
    with pytest.raises(pnb.NetworkError):
        pnb.reports.all_reports(broken, *names, projects=few(broken, 4))
    again, after = opened(cached=True)
    found = pnb.reports.all_reports(again, *names, projects=few(again, 4))
    assert sum(before.sent.values()) + sum(after.sent.values()) < due + 6
    assert sum(after.sent.values()) < due / 2
    for one, other in zip(found, expected, strict=True):
        pd.testing.assert_frame_equal(one.tables["total"], other.tables["total"])
