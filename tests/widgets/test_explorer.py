from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest

import procore_nb as pnb
from procore_nb import demo
from procore_nb.widgets import Explorer
from procore_nb.widgets.counts import count_values, good_columns
from procore_nb.widgets.watching import Watching


@pytest.fixture
def explorer(procore: pnb.Procore) -> Explorer:
    return Explorer(procore)


@pytest.fixture(scope="session")
def rfis(procore: pnb.Procore) -> pd.DataFrame:
    """RFIs of the whole portfolio, to take projects from that have some."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pnb.ProcoreWarning)
        return procore.table("rfis", projects="all")


@pytest.fixture
def busiest(rfis: pd.DataFrame) -> tuple[int, int]:
    """The two projects with the most open RFIs."""
    first, second = rfis[rfis["status"] == "open"]["project_id"].value_counts().index[:2]
    return int(first), int(second)


def choose(explorer: Explorer, *project_ids: int) -> None:
    explorer.places._where.value = "chosen"
    assert explorer.wait(30)
    explorer.places.choose(project_ids)


def press_fetch(explorer: Explorer) -> None:
    explorer._fetch.click()
    assert explorer.wait(60)


def test_a_connection_explores_itself(procore: pnb.Procore) -> None:
    assert isinstance(procore.explore(), Explorer)


def test_the_line_of_python_gives_the_frame_that_was_fetched(
    explorer: Explorer, procore: pnb.Procore, busiest: tuple[int, int]
) -> None:
    choose(explorer, *busiest)
    explorer.filters.add("status", "open")
    explorer.filters.add("created_at", ("2025-01-01", None))
    press_fetch(explorer)

    names: dict[str, Any] = {"procore": procore}
    exec(explorer._line.code, names)
    assert 'status="open"' in explorer._line.code
    assert len(explorer.frame)
    pd.testing.assert_frame_equal(names["frame"], explorer.frame)


def test_the_whole_portfolio_is_fetched_and_places_left_out_are_named(explorer: Explorer) -> None:
    explorer.places._where.value = "all"
    press_fetch(explorer)

    assert explorer.frame["project_id"].nunique() > 50
    assert "left out" in explorer._notice.text
    assert any("403" in step["detail"] for step in explorer._notice.said["steps"])


def test_a_list_of_the_company_asks_for_no_project(explorer: Explorer) -> None:
    explorer.endpoints.value = "projects"
    press_fetch(explorer)

    assert explorer._line.code == 'frame = procore.table("projects")'
    assert len(explorer.frame) > 100


def test_a_list_without_rows_says_so(explorer: Explorer) -> None:
    choose(explorer, 1204310)
    explorer.filters.add("id", 999_999_999)
    press_fetch(explorer)

    assert explorer.frame.empty
    assert "no row fits" in explorer._notice.text
    assert explorer._notice.level == "warning"


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda one: setattr(one.places._where, "value", "chosen"), "No project is chosen"),
        (lambda one: setattr(one.endpoints, "value", "rfi_replies"), "needs rfi_id"),
    ],
)
def test_what_is_missing_is_named_in_the_form(
    explorer: Explorer, prepare: Callable[[Explorer], None], words: str
) -> None:
    prepare(explorer)
    explorer.wait(30)
    press_fetch(explorer)

    assert words in explorer._notice.text
    assert explorer._line.code == ""
    with pytest.raises(pnb.ArgumentError, match="Nothing is fetched"):
        _ = explorer.frame


def test_a_list_with_a_parent_is_fetched_with_its_ids(explorer: Explorer, rfis: pd.DataFrame) -> None:
    rfi = rfis["id"].iloc[0]
    explorer.endpoints.value = "rfi_replies"
    choose(explorer, int(rfis["project_id"].iloc[0]))
    explorer.places._ids["rfi_id"].value = str(rfi)
    press_fetch(explorer)

    assert explorer.error is None
    assert f"rfi_id={rfi}" in explorer._line.code


def test_a_project_without_permission_is_words_with_advice(explorer: Explorer) -> None:
    choose(explorer, 1204569)
    press_fetch(explorer)

    assert isinstance(explorer.error, pnb.AccessError)
    assert explorer._notice.level == "error"
    assert "administrator" in explorer._notice.said["advice"]


def test_enumerations_are_choices_and_dates_are_pickers(explorer: Explorer) -> None:
    import ipywidgets

    explorer.filters.add("status")
    explorer.filters.add("created_at")
    fields = [field for row in explorer.filters.children[:-1] for field in row.children]

    assert [label for label, _ in fields[0].options] == ["any", "open", "closed", "draft"]
    assert isinstance(fields[2], ipywidgets.DatePicker)


def test_lists_that_return_only_today_begin_with_their_dates(explorer: Explorer) -> None:
    explorer.endpoints.value = "daily_logs_manpower"
    assert list(explorer.filters._rows)[:2] == ["start_date", "end_date"]


def test_another_list_keeps_no_filter_of_the_last_one(explorer: Explorer) -> None:
    explorer.filters.add("status", "open")
    explorer.endpoints.value = "punch_items"

    assert explorer.filters.values() == {}


def test_a_filter_can_be_taken_away(explorer: Explorer) -> None:
    explorer.filters.add("status", "open")
    explorer.filters.children[0].children[-1].click()

    assert explorer.filters.values() == {}
    assert "status" not in explorer._line.code


@pytest.fixture
def slow(place: pnb.Environment, server: demo.DemoServer) -> Iterator[tuple[pnb.Procore, demo.DemoServer]]:
    """A Procore that answers only once it is told to, after the first forty requests."""
    credentials = pnb.Credentials(demo.CLIENT_ID, demo.CLIENT_SECRET)
    with pnb.connect(place, credentials=credentials, company_id=demo.COMPANY_ID, workers=2) as connection:
        yield connection, server


def test_stop_ends_a_walk_within_a_second_and_keeps_what_came(
    slow: tuple[pnb.Procore, demo.DemoServer],
) -> None:
    import time

    procore, server = slow
    server.demo.faults = demo.Faults().always("slow", 0.02)
    explorer = Explorer(procore)
    explorer.places._where.value = "all"
    came = threading.Event()
    explorer._notice.observe(lambda _: came.set() if "places" in explorer._notice.text else None, "said")
    explorer._fetch.click()
    assert came.wait(30)
    before = time.monotonic()
    explorer._halt.click()
    assert explorer.wait(10)

    assert time.monotonic() - before < 1
    assert "Stopped" in explorer._notice.text
    assert isinstance(explorer.error, pnb.IncompleteError)
    assert not explorer._fetch.disabled
    assert explorer._halt.disabled


def test_a_second_click_on_fetch_asks_nothing_twice(slow: tuple[pnb.Procore, demo.DemoServer]) -> None:
    procore, server = slow
    explorer = Explorer(procore, endpoint="projects")
    explorer._fetch.click()
    explorer._fetch.click()
    assert explorer.wait(30)
    once = server.demo.requests
    press_fetch(explorer)

    assert server.demo.requests <= 2 * once


def test_a_fetch_warns_and_prints_nothing(explorer: Explorer, capsys: pytest.CaptureFixture[str]) -> None:
    choose(explorer, 1204310, 1204569)  # the second one is not permitted
    press_fetch(explorer)
    assert "left out" in explorer._notice.text
    explorer.endpoints.value = "daily_logs_manpower"  # without dates, only today's
    explorer.places.choose((1204310,))
    press_fetch(explorer)

    assert explorer.error is None
    assert capsys.readouterr() == ("", "")


def test_a_watch_tells_places_rows_and_waiting_at_most_four_times_a_second() -> None:
    told: list[tuple[str, float | None]] = []
    now = [0.0]
    watch = Watching(
        "rfis", 4, tell=lambda *said: told.append(said), stop=threading.Event(), clock=lambda: now[0]
    )
    watch.came(1200)
    watch.asked()
    watch.place_done()
    watch.waiting(5, "Waiting for Procore's rate limit.")
    for _ in range(10):
        watch.tick()
    now[0] = 0.3
    watch.tick()

    assert len(told) == 2
    assert told[0][0].startswith("rfis: 1 of 4 places, 1,200 rows, 1 request; waiting until ")
    assert told[0][1] == 0.25


def test_what_is_no_connection_is_refused() -> None:
    with pytest.raises(pnb.ArgumentError, match="needs a connection"):
        Explorer("demo")  # type: ignore[arg-type]


def test_counts_are_by_value_and_times_by_month() -> None:
    assert count_values(pd.Series(["b", "a", "b", None])) == [("b", 2), ("a", 1), ("(missing)", 1)]
    days = pd.Series(pd.to_datetime(["2026-02-01", "2026-01-31", "2026-02-28"]))
    assert count_values(days) == [("2026-01", 1), ("2026-02", 2)]
    many = count_values(pd.Series([f"v{n}" for n in range(40)]))
    assert many[-1] == ("25 others", 25)


def test_columns_worth_counting_come_first(rfis: pd.DataFrame) -> None:
    assert good_columns(rfis)[0] == "status"
    assert set(good_columns(rfis)) == set(rfis.columns)
