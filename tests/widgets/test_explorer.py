from __future__ import annotations

import re
import threading
import warnings
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pandas as pd
import pytest
from another_procore import AnotherProcore, Asked, Said
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import procore_nb as pnb
from procore_nb import catalog, demo
from procore_nb.fetch import Cancelled
from procore_nb.widgets import Explorer
from procore_nb.widgets.background import ProgressObserver
from procore_nb.widgets.filters import FilterSpec
from procore_nb.widgets.frame_table import columns_to_count, count_values

from .conftest import click_in_browser, shown


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
    explorer.targets._where.value = "chosen"
    assert explorer.wait(30)
    explorer.targets.choose(project_ids)


def press_fetch(explorer: Explorer) -> None:
    explorer._fetch.click()
    assert explorer.wait(60)


def test_a_connection_explores_itself(procore: pnb.Procore) -> None:
    assert isinstance(procore.explore(), Explorer)


@pytest.mark.slow
def test_the_line_of_python_gives_the_frame_that_was_fetched(
    explorer: Explorer, procore: pnb.Procore, busiest: tuple[int, int]
) -> None:
    choose(explorer, *busiest)
    explorer.filters.add("status", "open")
    explorer.filters.add("created_at", ("2025-01-01", None))
    press_fetch(explorer)

    names: dict[str, Any] = {"procore": procore}
    exec(explorer._snippet.code, names)
    assert 'status="open"' in explorer._snippet.code
    assert len(explorer.frame)
    pd.testing.assert_frame_equal(names["frame"], explorer.frame)


@pytest.mark.slow
def test_the_whole_portfolio_is_fetched_and_places_left_out_are_named(explorer: Explorer) -> None:
    explorer.targets._where.value = "all"
    press_fetch(explorer)

    assert explorer.frame["project_id"].nunique() > 8
    assert "skipped" in explorer._status.text
    (refused,) = [step for step in explorer._status.message["steps"] if "403" in step["detail"]]
    assert refused["step"] == "Lenox Avenue Science Block"


@pytest.mark.slow
def test_a_list_of_the_company_asks_for_no_project(explorer: Explorer) -> None:
    explorer.endpoints.value = "projects"
    press_fetch(explorer)

    assert explorer._snippet.code == 'frame = procore.table("projects")'
    assert len(explorer.frame) > 8


@pytest.mark.slow
def test_a_list_without_rows_says_so(explorer: Explorer) -> None:
    choose(explorer, 1204310)
    explorer.filters.add("id", 999_999_999)
    press_fetch(explorer)

    assert explorer.frame.empty
    assert "no row fits" in explorer._status.text
    assert explorer._status.level == "warning"


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda one: setattr(one.targets._where, "value", "chosen"), "No project is chosen"),
        (
            lambda one: setattr(one.endpoints, "value", "asset_change_history_filter_options_user"),
            "needs entity_type",
        ),
    ],
)
def test_what_is_missing_is_named_in_the_form(
    explorer: Explorer, prepare: Callable[[Explorer], None], words: str
) -> None:
    prepare(explorer)
    explorer.wait(30)
    press_fetch(explorer)

    assert words in explorer._status.text
    assert explorer._snippet.code == ""
    with pytest.raises(pnb.ArgumentError, match="Nothing is fetched"):
        _ = explorer.frame


@pytest.mark.slow
def test_a_list_with_a_parent_is_fetched_with_its_ids(explorer: Explorer, rfis: pd.DataFrame) -> None:
    rfi = rfis["id"].iloc[0]
    explorer.endpoints.value = "rfi_replies"
    choose(explorer, int(rfis["project_id"].iloc[0]))
    explorer.targets._ids["rfi_id"].value = str(rfi)
    press_fetch(explorer)

    assert explorer.error is None
    assert f"rfi_id={rfi}" in explorer._snippet.code


def test_a_project_without_permission_is_words_with_advice(explorer: Explorer) -> None:
    choose(explorer, 1204569)
    press_fetch(explorer)

    assert isinstance(explorer.error, pnb.AccessError)
    assert explorer._status.level == "error"
    assert "administrator" in explorer._status.message["advice"]


def test_enumerations_are_choices_and_dates_are_pickers(explorer: Explorer) -> None:
    import ipywidgets

    explorer.filters.add("status")
    explorer.filters.add("created_at")
    status, created = (row.children[0].children for row in explorer.filters.children[:-1])

    assert [label for label, _ in status[0].options] == [
        "any",
        "open",
        "closed",
        "draft",
        "closed_with_revision",
        "closed_draft",
    ]
    assert [type(field) for field in created] == [ipywidgets.DatePicker, ipywidgets.DatePicker]


def test_lists_that_return_only_today_begin_with_their_dates(explorer: Explorer) -> None:
    explorer.endpoints.value = "daily_logs_manpower"
    assert list(explorer.filters._rows)[:2] == ["start_date", "end_date"]


def test_filters_have_the_titles_of_columns_and_their_raw_names_in_the_tooltip(explorer: Explorer) -> None:
    assert ("Created at", "created_at") in explorer.filters._add.options
    explorer.filters.add("created_at")
    explorer.endpoints.value = "rfi_replies"
    (parent,) = explorer.targets._ids.values()
    assert (parent.description, parent.tooltip) == ("RFI id", "rfi_id")
    explorer.endpoints.value = "daily_logs_manpower"
    field = explorer.filters.inputs[0]
    assert (field.description, field.tooltip) == ("Start date", "start_date")


def test_another_list_keeps_no_filter_of_the_last_one(explorer: Explorer) -> None:
    explorer.filters.add("status", "open")
    explorer.endpoints.value = "punch_items"

    assert explorer.filters.values() == {}


def test_a_filter_can_be_taken_away(explorer: Explorer) -> None:
    explorer.filters.add("status", "open")
    explorer.filters.children[0].children[-1].click()

    assert explorer.filters.values() == {}
    assert "status" not in explorer._snippet.code


@pytest.mark.slow
def test_fetch_uses_the_filters_and_dates_that_stand_in_the_browser(
    explorer: Explorer, busiest: tuple[int, int]
) -> None:
    choose(explorer, busiest[0])
    explorer.filters.add("status")
    explorer.filters.add("created_at")
    explorer.filters.add("search")
    status, first, last, search = explorer.filters.inputs
    search.set_state({"value": "s"})  # the first key of what is typed while the kernel is busy
    shown_in_browser = {
        status: "open",
        first: {"year": 2025, "month": 0, "date": 31},  # months count from 0 in a browser
        last: None,
        search: "slab",
    }
    click_in_browser(explorer._fetch, shown_in_browser)
    search.set_state({"value": "slab"})
    assert explorer.wait(60)

    assert explorer.error is None
    assert 'status="open"' in explorer.line
    assert 'created_at=("2025-01-31", None)' in explorer.line
    assert 'search="slab"' in explorer.line
    assert explorer.line == explorer._snippet.code
    assert explorer.frame.attrs["procore"]["arguments"]["search"] == "slab"


def test_fetch_uses_the_parents_and_targets_that_stand_in_the_browser(
    explorer: Explorer, rfis: pd.DataFrame
) -> None:
    rfi = rfis["id"].iloc[0]
    explorer.endpoints.value = "rfi_replies"
    choose(explorer, int(rfis["project_id"].iloc[0]))
    explorer.targets._where.value = "active"
    (parents,) = explorer.targets._ids.values()
    parents.set_state({"value": str(rfi)[:1]})
    click_in_browser(explorer._fetch, {explorer.targets._where: "Chosen projects", parents: str(rfi)})
    assert explorer.wait(30)

    assert explorer.error is None
    assert f"rfi_id={rfi}" in explorer.line
    assert f"project_id={rfis['project_id'].iloc[0]}" in explorer.line


def test_fetch_does_not_drop_filters_that_the_page_still_shows(explorer: Explorer) -> None:
    explorer.filters.add("search", "slab")
    sent = {field.model_id: shown(field) for field in explorer._fetch.fields}
    explorer.endpoints.value = (
        "punch_items"  # chosen while the kernel was busy: the page shows the old filters
    )
    explorer._fetch._handle_custom_msg({"kind": "click", "values": sent}, None)
    assert explorer.wait(30)

    assert "older state" in explorer._status.text
    assert explorer.line == ""


@pytest.fixture
def slow(place: pnb.Environment, server: demo.DemoServer) -> Iterator[tuple[pnb.Procore, demo.DemoServer]]:
    """A Procore that answers only once it is told to, after the first forty requests."""
    credentials = pnb.Credentials(demo.CLIENT_ID, demo.CLIENT_SECRET)
    with pnb.connect(place, credentials=credentials, company_id=demo.COMPANY_ID, workers=2) as connection:
        yield connection, server


@pytest.mark.slow
def test_stop_ends_a_fetch_at_once_and_keeps_what_came(
    slow: tuple[pnb.Procore, demo.DemoServer],
) -> None:
    import time

    procore, server = slow
    server.demo.faults = demo.Faults().always("slow", 0.2)
    explorer = Explorer(procore)
    explorer.targets._where.value = "all"
    came = threading.Event()
    explorer._status.observe(lambda _: came.set() if "targets" in explorer._status.text else None, "message")
    explorer._fetch.click()
    assert came.wait(30)
    before = time.monotonic()
    explorer._stop_button.click()
    assert explorer.wait(10)

    assert time.monotonic() - before < 5  # the whole takes half a minute
    assert "Stopped" in explorer._status.text
    assert isinstance(explorer.error, pnb.IncompleteError)
    assert isinstance(explorer.error.__cause__, Cancelled)  # not a Ctrl-C that nobody pressed
    assert not explorer._fetch.disabled
    assert explorer._stop_button.disabled


@pytest.mark.slow
def test_a_second_click_on_fetch_asks_nothing_twice(slow: tuple[pnb.Procore, demo.DemoServer]) -> None:
    procore, server = slow
    explorer = Explorer(procore, endpoint="projects")
    explorer._fetch.click()
    explorer._fetch.click()
    assert explorer.wait(30)
    once = server.demo.requests
    press_fetch(explorer)

    assert server.demo.requests <= 2 * once


@pytest.mark.slow
def test_a_fetch_warns_and_prints_nothing(explorer: Explorer, capsys: pytest.CaptureFixture[str]) -> None:
    choose(explorer, 1204310, 1204569)  # the second one is not permitted
    press_fetch(explorer)
    assert "skipped" in explorer._status.text
    explorer.endpoints.value = "daily_logs_manpower"  # without dates, only today's
    explorer.targets.choose((1204310,))
    press_fetch(explorer)

    assert explorer.error is None
    assert capsys.readouterr() == ("", "")


def test_a_watch_tells_places_rows_and_waiting_at_most_four_times_a_second() -> None:
    told: list[tuple[str, float | None]] = []
    now = [0.0]
    watch = ProgressObserver(
        "rfis", 4, show=lambda *said: told.append(said), stop=threading.Event(), clock=lambda: now[0]
    )
    watch.page_received(1200)
    watch.request_sent()
    watch.target_done()
    watch.waiting(5, "rate limit")
    for _ in range(10):
        watch.tick()
    now[0] = 0.3
    watch.tick()

    assert len(told) == 2
    assert told[0][0].startswith("rfis: 1 of 4 targets, 1,200 rows, 1 request; waiting until ")
    assert told[0][0].endswith(": rate limit")
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


@pytest.mark.slow
def test_columns_worth_counting_come_first(rfis: pd.DataFrame) -> None:
    assert columns_to_count(rfis)[0] == "status"
    assert set(columns_to_count(rfis)) == set(rfis.columns)


@pytest.mark.slow
def test_a_fetch_stopped_before_any_row_names_the_rows_that_are_still_shown(
    slow: tuple[pnb.Procore, demo.DemoServer],
) -> None:
    procore, server = slow
    explorer = Explorer(procore, endpoint="projects")
    press_fetch(explorer)
    line = explorer.line
    server.demo.faults = demo.Faults().always("slow", 0.3)
    explorer.endpoints.value = "submittals"
    explorer._fetch.click()
    assert explorer._table is not None
    assert explorer._table.outdated
    explorer.stop()
    assert explorer.wait(10)

    assert not explorer._table.outdated
    assert explorer._status.text.startswith("Stopped before any row came.")
    assert explorer._status.message["advice"] == line
    assert explorer.frame.attrs["procore"]["endpoint"] == "projects"


@pytest.mark.slow
def test_counts_follow_the_table_and_a_bar_filters_it(explorer: Explorer, busiest: tuple[int, int]) -> None:
    choose(explorer, busiest[0])
    press_fetch(explorer)
    explorer._by.value = "status"
    bars = explorer._bars._message["bars"]
    label, number, words = bars[0]
    explorer._bars._handle_custom_msg({"kind": "pick", "words": words}, None)

    assert explorer._table is not None
    assert len(explorer._table.view) == number
    assert set(explorer._table.view["status"]) == {label}
    assert explorer._bars._message["chosen"] == words
    assert explorer._bars._message["bars"] == bars  # the other bars stay
    explorer._table.filter("subject", "=no such subject")
    assert explorer._bars._message["bars"] == []
    explorer._table.filter("subject")
    explorer._bars._handle_custom_msg({"kind": "pick", "words": words}, None)
    assert len(explorer._table.view) == len(explorer.frame)


@pytest.mark.slow
def test_words_say_when_the_rows_in_sight_are_not_of_what_is_chosen_now(
    explorer: Explorer, busiest: tuple[int, int]
) -> None:
    choose(explorer, busiest[0])
    press_fetch(explorer)
    done, line = explorer._status.text, explorer.line
    explorer.filters.add("status", "open")

    assert "still the rows of" in explorer._status.text
    assert explorer._status.message["advice"] == line
    assert 'status="open"' in explorer._snippet.code
    explorer.filters.children[0].children[-1].click()
    assert explorer._status.text == done
    assert explorer.line == explorer._snippet.code


@pytest.mark.slow
def test_projects_can_be_wanted_while_a_fetch_is_under_way(slow: tuple[pnb.Procore, demo.DemoServer]) -> None:
    procore, server = slow
    server.demo.faults = demo.Faults().always("slow", 0.05)
    explorer = Explorer(procore)
    explorer._fetch.click()
    explorer.targets._where.value = "chosen"
    assert explorer._project_task.wait(30)
    explorer.stop()
    assert explorer.wait(10)

    assert explorer.targets.projects.offered


class Gate:
    """Lets the lists of a made-up Procore answer, or forbids them."""

    open = False

    def __call__(self, asked: Asked) -> Said | None:
        return None if self.open or "/oauth" in asked.path else Said(403, {"errors": "Forbidden"})


def test_projects_that_do_not_come_are_words_and_can_be_wanted_again(
    another: Callable[..., AnotherProcore], connected: Callable[..., pnb.Procore]
) -> None:
    gate = Gate()
    projects = [{"id": 7, "name": "Depot", "active": True}]
    server = another({"/rest/v1.1/projects": projects}, twist=gate)
    explorer = Explorer(connected(server))
    explorer.targets._where.value = "chosen"
    assert explorer.wait(30)
    assert explorer._status.level == "error"
    assert explorer.targets._where.value == "active"

    gate.open = True
    choose(explorer, 7)
    assert explorer.targets.projects.value == (7,)


def test_a_comma_in_words_to_look_for_is_no_list_and_one_between_ids_is(explorer: Explorer) -> None:
    explorer.filters.add("search", "beams, columns")
    explorer.filters.add("id", [7, 8])

    assert explorer.filters.values() == {"search": "beams, columns", "id": [7, 8]}


def test_an_error_after_some_rows_says_where_they_are(
    another: Callable[..., AnotherProcore], connected: Callable[..., pnb.Procore]
) -> None:
    def break_late(asked: Asked) -> Said | None:
        late = asked.path.endswith("/companies") and int(asked.one("page", "1")) > 1
        return Said(422, {"errors": "no more"}) if late else None

    rows = [{"id": number, "name": f"Company {number}"} for number in range(1, 251)]
    procore = connected(another({"/rest/v1.0/companies": rows}, twist=break_late, clamp=100))
    explorer = Explorer(procore, endpoint="companies")
    press_fetch(explorer)

    assert explorer._status.level == "error"
    assert "error.partial" not in explorer._status.message["advice"]
    assert "100 rows that had come are below and in explorer.frame." in explorer._status.message["advice"]
    assert len(explorer.frame) == 100


def test_an_error_before_any_row_leaves_the_rows_of_the_fetch_before(
    another: Callable[..., AnotherProcore], connected: Callable[..., pnb.Procore]
) -> None:
    gate = Gate()
    gate.open = True
    companies = [{"id": 1, "name": "One"}]
    explorer = Explorer(
        connected(another({"/rest/v1.0/companies": companies}, twist=gate)), endpoint="companies"
    )
    press_fetch(explorer)
    gate.open = False
    press_fetch(explorer)

    assert "still the rows of the fetch before" in explorer._status.message["advice"]
    assert explorer.frame["name"].tolist() == ["One"]


class Told:
    """Stands for a connection in the line of Python, and keeps what it was asked."""

    def table(self, name: str, /, **arguments: Any) -> tuple[str, dict[str, Any]]:
        return name, arguments


def fill_in(draw: st.DrawFn, spec: FilterSpec) -> Any:
    """A value for one filter, in the form that `values` gives back."""
    words = st.text(min_size=1, max_size=12).filter(lambda text: text.strip() == text and "\n" not in text)
    day = st.dates(date(1990, 1, 1), date(2040, 1, 1)).map(date.isoformat)
    if spec.control == "range":
        return draw(st.tuples(st.none() | day, st.none() | day).filter(any))
    if spec.control == "choice":
        each = st.sampled_from(spec.choices)
        return draw(st.lists(each, min_size=1, max_size=3, unique=True) if spec.many else each)
    plain = {
        "after": day,
        "date": day,
        "boolean": st.booleans(),
        "search": words,
        "ids": st.integers(1, 2**60) | st.lists(st.integers(1, 2**60), min_size=2, max_size=3),
        "text": words.filter(lambda text: "," not in text),
    }
    return draw(plain[spec.control])


OFFERED = [one.name for one in catalog.endpoints() if not one.deprecated]


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=settings().max_examples // 2
)
@given(st.data())
@pytest.mark.slow
def test_the_line_of_python_is_what_fetch_asks_for_every_list_and_filter(
    procore: pnb.Procore, data: st.DataObject
) -> None:
    explorer = Explorer(procore, endpoint=data.draw(st.sampled_from(OFFERED)))
    where = data.draw(st.sampled_from([value for _, value in explorer.targets._where.options]))
    if where == "chosen":
        choose(explorer, *data.draw(st.sampled_from([(1204310,), (1204310, 1204347)])))
    else:
        explorer.targets._where.value = where
    for field in explorer.targets._ids.values():
        field.value = data.draw(st.sampled_from(["12", "12, 13"]))
    offered = list(explorer.filters._specs.items())
    chosen = data.draw(st.lists(st.sampled_from(offered), max_size=4)) if offered else []
    wanted = {name: fill_in(data.draw, spec) for name, spec in chosen}
    for name, value in wanted.items():
        explorer.filters.add(name, value)

    names: dict[str, Any] = {"procore": Told()}
    exec(explorer._snippet.code, names)
    name, arguments = names["frame"]
    assert name == explorer.endpoints.value
    assert arguments == explorer._arguments()
    assert {key: arguments[key] for key in wanted} == wanted


@pytest.mark.parametrize(
    ("name", "where", "filters"),
    [
        ("rfis", "active", {"created_at": ("2025-01-01", "2026-06-30")}),
        ("punch_items", "active", {}),
        ("projects", "company", {}),
        ("daily_logs_manpower", "chosen", {"start_date": "2026-01-01", "end_date": "2026-06-30"}),
        ("commitments", "chosen", {}),
    ],
)
@pytest.mark.slow
def test_the_line_of_a_fetch_gives_the_same_frame_again(
    explorer: Explorer,
    procore: pnb.Procore,
    busiest: tuple[int, int],
    name: str,
    where: str,
    filters: dict[str, Any],
) -> None:
    explorer.endpoints.value = name
    if where == "chosen":
        choose(explorer, *busiest)
    else:
        explorer.targets._where.value = where
    for each, value in filters.items():
        explorer.filters.add(each, value)
    press_fetch(explorer)

    names: dict[str, Any] = {"procore": procore}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pnb.ProcoreWarning)
        exec(explorer.line, names)
    assert len(explorer.frame)
    pd.testing.assert_frame_equal(names["frame"], explorer.frame)


def kept() -> int:
    """How many widgets ipywidgets keeps; it never lets go of one by itself."""
    from ipywidgets.widgets.widget import _instances

    return len(_instances)


@pytest.mark.slow
def test_people_and_firms_are_chosen_by_name(explorer: Explorer, rfis: pd.DataFrame) -> None:
    choose(explorer, int(rfis["project_id"].iloc[0]))
    explorer.filters.add("assigned_id")
    explorer.filters.add("responsible_contractor_id")
    assert explorer.wait(30)
    person, firm = explorer.filters.inputs
    options = explorer._procore.table("rfi_filter_options_assigned_id", int(rfis["project_id"].iloc[0]))

    assert list(person.options) == [
        f"{name} ({key})" for key, name in zip(options["key"], options["value"], strict=True)
    ]
    person.value = person.options[1]
    assert f"assigned_id={options['key'].iloc[1]}" in explorer._snippet.code
    name, _, number = firm.options[0].rpartition(" (")
    firm.value = name.upper()  # typed by hand
    assert f"responsible_contractor_id={number[:-1]}" in explorer._snippet.code
    person.value = "Somebody (77)"
    assert "assigned_id=77" in explorer._snippet.code
    person.value = "12, 13"
    assert "assigned_id=[12, 13]" in explorer._snippet.code
    explorer.targets._where.value = "all"  # the people of the company
    assert explorer.wait(30)
    assert len(person.options) > len(options)


@pytest.mark.slow
def test_parents_are_all_rows_of_their_list_or_one_chosen_by_name(
    explorer: Explorer, rfis: pd.DataFrame
) -> None:
    number = int(rfis["project_id"].iloc[0])
    choose(explorer, number)
    explorer.endpoints.value = "rfi_replies"
    assert explorer.wait(30)
    (parent,) = explorer.targets._ids.values()
    press_fetch(explorer)
    assert explorer.line.startswith(f'parents = procore.table("rfis", project_id={number})\nframe = ')
    assert explorer.frame["rfi_id"].nunique() > 1
    parent.value = parent.options[0]
    assert "rfi_id=" in explorer._snippet.code

    explorer.endpoints.value = "budget_view_detail_rows"
    assert explorer.wait(30)
    (view,) = explorer.targets._ids.values()
    view.value = view.options[0]
    assert f'budget_view="{view.options[0]}"' in explorer._snippet.code
    explorer.targets._where.value = "all"
    press_fetch(explorer)
    assert explorer.frame["project_id"].nunique() > 1
    assert set(explorer.frame["budget_view"]) == {view.value}


@pytest.fixture
def announced(explorer: Explorer, monkeypatch: pytest.MonkeyPatch, rfis: pd.DataFrame) -> Explorer:
    """An explorer that takes any fetch of many targets for a long one."""
    monkeypatch.setattr("procore_nb.widgets.explorer._LONG", 0.0)
    counts = rfis["project_id"].value_counts()
    choose(explorer, int(counts[counts > 5].index[-1]))
    explorer.endpoints.value = "rfi_replies"
    press_fetch(explorer)
    return explorer


@pytest.mark.slow
def test_a_long_fetch_is_announced_and_starts_when_fetch_is_pressed_again(
    announced: Explorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = len(announced._parents[1]) if announced._parents else 0
    said, fetched, table = announced._status, [], announced._procore.table

    def count(name: str, **options: Any) -> pd.DataFrame:
        fetched.append(name)
        return table(name, **options)

    monkeypatch.setattr(announced._procore, "table", count)
    assert said.level == "warning"
    announcement = rf"This fetch takes at least {requests} requests, about \d+ minutes?\. Press Fetch again"
    assert re.match(announcement, said.text)
    with pytest.raises(pnb.ArgumentError, match="Nothing is fetched"):
        _ = announced.frame
    press_fetch(announced)
    assert announced.error is None
    assert len(announced.frame)
    assert said.text.startswith(f"{len(announced.frame):,} rows")
    assert fetched == ["rfi_replies"]  # its parents were there


@pytest.mark.slow
def test_what_was_announced_is_dropped_with_the_choice_and_typed_calls_wait_for_nobody(
    announced: Explorer,
) -> None:
    announced.endpoints.value = "rfis"
    assert announced._status.text == ""
    announced.endpoints.value = "rfi_replies"
    assert len(announced.fetch())


def test_names_that_cannot_be_had_leave_a_field_for_ids(
    another: Callable[..., AnotherProcore], connected: Callable[..., pnb.Procore]
) -> None:
    server = another({}, twist=Gate())
    explorer = Explorer(connected(server))
    explorer.filters.add("assigned_id", 5)
    assert explorer.wait(30)
    asked = len(server.asked)
    explorer.filters.add("search", "slab")
    assert explorer.wait(30)

    assert len(server.asked) == asked  # not again with each change
    assert explorer.filters.inputs[0].options == ()
    assert "assigned_id=5" in explorer._snippet.code


@pytest.mark.slow
def test_going_through_lists_filters_and_fetches_leaves_no_widgets_behind(explorer: Explorer) -> None:
    def tour() -> int:
        for name in ("daily_logs_manpower", "rfi_replies", "rfis", "projects"):
            explorer.endpoints.value = name
        explorer.filters.add("by_status")
        explorer.filters.children[0].children[-1].click()
        press_fetch(explorer)
        return kept()

    first = tour()
    assert [tour(), tour()] == [first, first]


@pytest.mark.slow
def test_a_closed_explorer_leaves_nothing_behind(procore: pnb.Procore) -> None:
    before = kept()
    explorer = Explorer(procore, endpoint="projects")
    press_fetch(explorer)
    explorer.close()

    assert kept() == before
    with pytest.raises(pnb.ArgumentError, match="Nothing is fetched"):
        _ = explorer.frame


@pytest.mark.slow
def test_a_choice_that_is_changed_during_a_fetch_is_not_taken_for_what_is_shown(
    explorer: Explorer, busiest: tuple[int, int]
) -> None:
    choose(explorer, busiest[0])
    changed: list[bool] = []

    def change(_: object) -> None:
        if not changed:
            changed.append(True)
            explorer.filters.add("status", "open")

    explorer._status.observe(change, "message")
    press_fetch(explorer)

    assert "still the rows of" in explorer._status.text
    assert explorer._status.message["advice"] == explorer.line
    assert "status" not in explorer.line


def test_rows_of_parents_whose_fetch_failed_are_not_shown_as_those_of_the_list(explorer: Explorer) -> None:
    error: Any = pnb.IncompleteError("The fetch of rfis was stopped.")
    error.partial = pd.DataFrame({"id": [1]})
    error.partial.attrs["procore"] = {"endpoint": "rfis"}
    explorer._fetched = explorer._fetched._replace(name="rfi_replies")
    explorer._failed(error)

    assert explorer._status.text == "The fetch of rfis was stopped."
    with pytest.raises(pnb.ArgumentError, match="Nothing is fetched"):
        _ = explorer.frame
