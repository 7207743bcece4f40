from __future__ import annotations

import _thread
import threading
import time
import warnings
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from another_procore import COMPANY, Asked, Said

import procore_nb as pnb
from procore_nb.demo import COMPANY_ID, Demo, Faults, RateLimits
from procore_nb.fetch import RequestPolicy

RFIS = "/rest/v1.0/projects/{}/rfis"


def portfolio(projects: int = 5, rows: int = 4) -> dict[str, list[Any]]:
    lists: dict[str, list[Any]] = {
        RFIS.format(number): [{"id": number * 100 + row, "subject": f"s{row}"} for row in range(rows)]
        for number in range(1, projects + 1)
    }
    lists["/rest/v1.1/projects"] = [
        {"id": number, "name": f"Project {number}"} for number in range(1, projects + 1)
    ]
    lists["/rest/v1.0/companies"] = [{"id": COMPANY, "name": "Ours"}]
    return lists


def refusing(status: int, *projects: int, body: Any = None) -> Callable[[Asked], Said | None]:
    paths = {RFIS.format(number) for number in projects}
    return lambda asked: Said(status, body or {"message": "No."}) if asked.path in paths else None


def test_all_projects_make_one_frame_with_their_id_and_name_first(another, connected) -> None:  # type: ignore[no-untyped-def]
    server = another(portfolio())
    frame = connected(server).table("rfis", projects="all")
    assert list(frame.columns[:2]) == ["project_id", "project_name"]
    assert frame["id"].tolist() == [number * 100 + row for number in range(1, 6) for row in range(4)]
    assert (frame["id"] // 100 == frame["project_id"]).all()
    assert frame["project_name"].tolist()[:4] == ["Project 1"] * 4
    assert len(server.calls) == 6
    account = frame.attrs["procore"]
    assert {key: account[key] for key in ("endpoint", "environment", "requests", "pages", "total", "rows", "skipped")} == {
        "endpoint": "rfis", "environment": "another", "requests": 5, "pages": 5, "total": 20, "rows": 20, "skipped": [],
    }  # fmt: skip
    assert account["fetched_at"].endswith("Z")
    assert account["path"] == "/rest/v1.0/projects/{project_id}/rfis"
    assert account["arguments"] == {"projects": "all"}


@pytest.mark.parametrize(
    "projects",
    [[2, 4], (2, 4), {2: "x", 4: "y"}.keys(), pd.Series([2, 4]), pd.Index([2, 4]), ["2", "4"], [2, 4, 2], (n for n in (2, 4)),
     pd.DataFrame({"id": [2, 4], "name": ["a", "b"]}), pd.DataFrame({"project_id": [2, 4]})],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_projects_may_be_named_in_many_ways(another, connected, projects: Any) -> None:  # type: ignore[no-untyped-def]
    server = another(portfolio())
    frame = connected(server).table("rfis", projects=projects)
    assert frame["project_id"].drop_duplicates().tolist() == [2, 4]
    assert len(server.calls) == 2


def test_a_frame_without_projects_or_parents_gives_the_columns_of_one_with_them(another, connected) -> None:  # type: ignore[no-untyped-def]
    replies = {"/rest/v1.0/projects/1/rfis/100/replies": [{"id": 9}]}
    procore = connected(another(portfolio(1) | replies))
    projects = procore.projects()
    full, none = procore.table("rfis", projects=projects), procore.table("rfis", projects=projects.head(0))
    assert list(none.columns) == list(full.columns)
    assert list(none.columns[:2]) == ["project_id", "project_name"]
    below, nothing = (
        procore.table("rfi_replies", parent=full.head(1)),
        procore.table("rfi_replies", parent=none),
    )
    assert list(nothing.columns) == list(below.columns)


def test_no_projects_make_an_empty_frame_with_all_its_columns(another, connected) -> None:  # type: ignore[no-untyped-def]
    procore = connected(another(portfolio()))
    empty, full = procore.table("rfis", projects=[]), procore.table("rfis", projects=[1])
    assert len(empty) == 0
    assert set(procore.table("rfis", project_id=1).columns) == set(full.columns)
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()


@pytest.mark.parametrize(("status", "kind"), [(403, "AccessError"), (404, "NotFoundError")])
def test_a_project_that_may_not_be_read_is_left_out_with_one_warning(
    another, connected, status: int, kind: str
) -> None:  # type: ignore[no-untyped-def]
    server = another(portfolio(), twist=refusing(status, 2, 5))
    with pytest.warns(pnb.ProcoreWarning) as said:
        frame = connected(server).table("rfis", projects="all")
    assert len(said) == 1
    assert "2 of 5 projects skipped" in str(said[0].message)
    assert said[0].filename == __file__
    assert frame["project_id"].drop_duplicates().tolist() == [1, 3, 4]
    skipped = frame.attrs["procore"]["skipped"]
    assert [(one["project_id"], one["status"]) for one in skipped] == [(2, status), (5, status)]
    assert "Project 2, project_id 2 (" in str(said[0].message)
    assert all("No." in one["reason"] and one["advice"] for one in skipped)


def test_when_no_project_answers_it_is_an_error_and_no_empty_frame(another, connected) -> None:  # type: ignore[no-untyped-def]
    procore = connected(another(portfolio(3), twist=refusing(403, 1, 2, 3)))
    with pytest.raises(pnb.AccessError, match="None of the 3 projects") as caught:
        procore.table("rfis", projects="all")
    assert "no permissions" in caught.value.advice


def test_one_project_that_may_not_be_read_is_an_error_by_itself(another, connected) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(pnb.AccessError):
        connected(another(portfolio(), twist=refusing(403, 2))).table("rfis", project_id=2)


@pytest.mark.parametrize(
    "body",
    [{"errors": "App is not connected to this company"}, {"message": "Missing Procore-Company-Id header!"}],
)
def test_what_concerns_the_whole_company_is_no_single_projects_trouble(another, connected, body: Any) -> None:  # type: ignore[no-untyped-def]
    procore = connected(another(portfolio(), twist=refusing(403, 1, 2, body=body)))
    with pytest.raises(pnb.AccessError):
        procore.table("rfis", projects="all", on_error="skip")


def test_any_other_failure_stops_with_what_had_come(another, connected) -> None:  # type: ignore[no-untyped-def]
    stopped = threading.Event()

    def third_refused(asked: Asked) -> Said | None:
        if asked.path == RFIS.format(4):  # a request under way at the refusal is not waited for
            stopped.wait(30)
        return refusing(422, 3)(asked)

    server = another(portfolio(), twist=third_refused)
    procore = connected(server, workers=1)
    with pytest.raises(pnb.RequestError, match="/projects/3/rfis") as caught:
        procore.table("rfis", projects="all")
    stopped.set()
    partial = caught.value.partial
    assert partial["project_id"].drop_duplicates().tolist() == [1, 2]
    assert partial.attrs["procore"]["complete"] is False
    assert "8 rows had come" in str(caught.value)
    assert "3 of 5 projects are not complete" in str(caught.value)
    unfinished = partial.attrs["procore"]["unfinished"]
    assert unfinished == [{"project_id": n, "project_name": f"Project {n}"} for n in (3, 4, 5)]
    server.twist = None  # what is missing can be asked for as it is named
    rest = procore.table("rfis", projects=pd.DataFrame(unfinished))
    assert rest["project_id"].drop_duplicates().tolist() == [3, 4, 5]


def test_other_failures_are_left_out_when_asked_for(another, connected) -> None:  # type: ignore[no-untyped-def]
    def short_or_refused(asked: Asked) -> Said | None:
        if asked.path == RFIS.format(4):
            return Said(200, [{"id": 400}] if asked.one("page") == "1" else [], [("total", "9")])
        return refusing(422, 2)(asked)

    server = another(portfolio(), twist=short_or_refused)
    with pytest.warns(pnb.ProcoreWarning, match="2 of 5 projects skipped"):
        frame = connected(server).table("rfis", projects="all", on_error="skip")
    assert frame["project_id"].drop_duplicates().tolist() == [1, 3, 5]
    assert [one["project_id"] for one in frame.attrs["procore"]["skipped"]] == [2, 4]


@pytest.mark.parametrize("bad", [1, 3])
def test_a_project_left_out_half_way_leaves_no_rows_behind(another, connected, bad: int) -> None:  # type: ignore[no-untyped-def]
    def second_page_fails(asked: Asked) -> Said | None:
        return (
            Said(422, {"message": "no"})
            if asked.path == RFIS.format(bad) and asked.one("page") == "2"
            else None
        )

    server = another(portfolio(4, rows=9), twist=second_page_fails, clamp=3)
    procore = connected(server, workers=1)
    others = [number for number in range(1, 5) if number != bad]
    with pytest.warns(pnb.ProcoreWarning):
        frame = procore.table("rfis", projects="all", on_error="skip")
    assert frame["project_id"].drop_duplicates().tolist() == others
    assert len(frame) == 27
    with pytest.warns(pnb.ProcoreWarning):
        frames = list(procore.frames("rfis", projects=[1, 2, 3, 4], on_error="skip"))
    assert [one["project_id"].drop_duplicates().tolist() for one in frames] == [[number] for number in others]


def test_frames_come_one_by_one_with_equal_columns(another, connected) -> None:  # type: ignore[no-untyped-def]
    lists = portfolio(3)
    lists[RFIS.format(2)] = []
    frames = connected(another(lists)).frames("rfis", projects="all")
    first = next(frames)
    assert first["project_id"].tolist() == [1] * 4
    second, third = frames
    assert len(second) == 0
    assert first.dtypes.to_dict() == second.dtypes.to_dict() == third.dtypes.to_dict()
    assert first.attrs["procore"]["rows"] == 4


def test_frames_name_left_out_projects_in_one_warning_at_the_end(another, connected) -> None:  # type: ignore[no-untyped-def]
    frames = connected(another(portfolio(3), twist=refusing(403, 2))).frames("rfis", projects="all")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        next(frames)
    with pytest.warns(pnb.ProcoreWarning, match="1 of 3 projects skipped"):
        assert len(list(frames)) == 1


def test_records_and_pages_are_what_procore_sent(another, connected) -> None:  # type: ignore[no-untyped-def]
    lists = portfolio(3, rows=7)
    procore = connected(another(lists, clamp=3))
    assert list(procore.records("rfis", project_id=2)) == lists[RFIS.format(2)]
    assert [len(page) for page in procore.pages("rfis", project_id=2)] == [3, 3, 1]
    assert len(list(procore.records("rfis", projects="all"))) == 21


def test_records_come_once_although_the_list_moves(another, connected) -> None:  # type: ignore[no-untyped-def]
    lists, requests = portfolio(1, rows=9), []

    def grow(asked: Asked) -> Said | None:
        if asked.path == RFIS.format(1):
            requests.append(asked)
            if len(requests) == 2:
                lists[RFIS.format(1)].insert(0, {"id": 5000})
        return None

    records = list(connected(another(lists, twist=grow, clamp=3)).records("rfis", project_id=1))
    assert sorted(row["id"] for row in records) == sorted({*range(100, 109), 5000})


def test_records_of_two_projects_may_have_the_same_ids(another, connected) -> None:  # type: ignore[no-untyped-def]
    server = another({RFIS.format(number): [{"id": 1}, {"id": 2}] for number in (1, 2)})
    records = connected(server).records("rfis", projects=[1, 2])
    assert [record["id"] for record in records] == [1, 2, 1, 2]


def test_records_with_ids_that_are_not_unique_all_come(another, connected) -> None:  # type: ignore[no-untyped-def]
    same = [{"id": row % 4, "subject": f"s{row}"} for row in range(10)] + [{"subject": "nameless"}] * 2
    server = another({RFIS.format(1): same}, clamp=5, without=("total",))
    assert list(connected(server).records("rfis", project_id=1)) == same
    assert len(server.calls) == 6


def test_several_companies_are_asked_side_by_side(to_demo) -> None:  # type: ignore[no-untyped-def]
    procore = to_demo()
    companies = procore.companies()["id"].tolist()[:2]
    frame = procore.table("projects", company_id=companies, status="All")
    assert frame.columns[0] == "company_id"
    assert frame["company_id"].drop_duplicates().tolist() == companies
    headers = {
        request.headers["procore-company-id"]
        for request in procore.seen
        if request.path.endswith("/projects")
    }
    assert headers == {str(one) for one in companies}


@pytest.mark.slow
def test_a_list_by_parent_takes_the_frame_of_parents(to_demo) -> None:  # type: ignore[no-untyped-def]
    procore = to_demo()
    rfis = procore.table("rfis", projects=procore.projects().head(3)).head(6)
    replies = procore.table("rfi_replies", parent=rfis)
    assert list(replies.columns[:2]) == ["project_id", "rfi_id"]
    assert set(replies["rfi_id"]) <= set(rfis["id"])
    paths = [request.path for request in procore.seen if request.path.endswith("/replies")]
    assert sorted(paths) == sorted(
        f"/rest/v1.0/projects/{project}/rfis/{rfi}/replies"
        for project, rfi in zip(rfis["project_id"], rfis["id"], strict=True)
    )
    one = rfis.iloc[0]
    alone = procore.table("rfi_replies", project_id=int(one["project_id"]), parent=[int(one["id"])])
    assert alone["id"].tolist() == replies.loc[replies["rfi_id"] == one["id"], "id"].tolist()


def test_no_parents_make_the_columns_that_some_make(another, connected) -> None:  # type: ignore[no-untyped-def]
    server = another({"/rest/v1.0/projects/1/rfis/7/replies": [{"id": 70}]})
    parents = pd.DataFrame({"id": [7], "project_id": [1]})
    some, none = (connected(server).table("rfi_replies", parent=one) for one in (parents, parents.head(0)))
    assert list(none.columns) == list(some.columns)
    assert none.dtypes.to_dict() == some.dtypes.to_dict()


def test_a_raw_path_with_a_placeholder_goes_across_projects(another, connected) -> None:  # type: ignore[no-untyped-def]
    lists = portfolio(3) | {
        f"/rest/v1.0/projects/{number}/widgets": [{"id": number}] for number in range(1, 4)
    }
    frame = connected(another(lists)).table(
        "/rest/v1.0/projects/{project_id}/widgets", projects="all", colour="red"
    )
    assert frame["id"].tolist() == frame["project_id"].tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    "faults",
    [
        Faults().sometimes(0.2, "broken", seed=1),
        Faults().sometimes(0.15, "cut", seed=2).sometimes(0.1, "dropped", seed=3),
        Faults().on((3, 9), "revoked").on(5, "busy", 2),
        Faults().sometimes(0.1, "unavailable", 1, seed=5).always("clamped", 3),
    ],
)
@pytest.mark.slow
def test_a_frame_from_a_fetch_with_faults_equals_one_from_a_fetch_without(
    to_demo, clock, faults: Faults
) -> None:  # type: ignore[no-untyped-def]
    def fetched(faults: Faults) -> pd.DataFrame:
        procore = to_demo(Demo(clock=clock), retries=9)
        projects = procore.projects().head(5)
        procore.session._transport._demo.faults = faults
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pnb.ProcoreWarning)  # one of them may not be read
            return procore.table("rfis", projects=projects)

    pd.testing.assert_frame_equal(fetched(faults), fetched(Faults()))


def test_refused_credentials_end_the_fetch_and_are_no_skipped_project(another, connected) -> None:  # type: ignore[no-untyped-def]
    server = another(portfolio(3), twist=refusing(401, 2))
    with pytest.raises(pnb.ProcoreError) as caught:
        connected(server).table("rfis", projects=[1, 2, 3], on_error="skip")
    assert caught.value.status == 401


def test_a_walk_that_cannot_end_within_the_patience_says_so_before_it_starts(to_demo, clock) -> None:  # type: ignore[no-untyped-def]
    procore = to_demo(Demo(clock=clock, limits=RateLimits(hourly=90, spike=200)), max_wait_seconds=60)
    projects = procore.projects()
    asked = len(procore.seen)
    with pytest.raises(pnb.RateLimitError, match=r"needs at least 100 requests.*Nothing was sent") as caught:
        procore.table("rfis", projects=projects.head(100))
    assert len(procore.seen) == asked
    assert caught.value.retry_after_seconds is not None
    assert 60 < caught.value.retry_after_seconds <= 3600
    assert "max_wait_seconds=" in caught.value.advice


def test_the_budget_is_shown_per_window(to_demo, clock) -> None:  # type: ignore[no-untyped-def]
    procore = to_demo(Demo(clock=clock, limits=RateLimits(hourly=600, spike=25)))
    empty = procore.rate_limit()
    assert len(empty) == 0
    procore.me()
    budget = procore.rate_limit()
    assert budget[["window", "limit", "remaining"]].values.tolist() == [["spike", 25, 24]]
    assert budget.dtypes.to_dict() == empty.dtypes.to_dict()
    assert "24 of 25" in repr(procore)


def test_ctrl_c_returns_within_a_second_with_what_had_come(another, connected) -> None:  # type: ignore[no-untyped-def]
    stay, began = threading.Event(), []

    def stuck(asked: Asked) -> Said | None:
        if asked.path == RFIS.format(4):
            began.append(time.perf_counter())
            threading.Timer(0.05, _thread.interrupt_main).start()
            stay.wait(10)
        return None

    procore = connected(another(portfolio(6), twist=stuck), workers=2)
    try:
        with pytest.raises(pnb.IncompleteError, match="was stopped after") as caught:
            procore.table("rfis", projects=[1, 2, 3, 4, 5, 6])
        took = time.perf_counter() - began[0]
    finally:
        stay.set()
    assert took < 1
    assert set(caught.value.partial["project_id"]) >= {1, 2, 3}
    assert caught.value.partial.attrs["procore"]["complete"] is False


@pytest.mark.slow
def test_ctrl_c_keeps_pages_beyond_a_slow_one(another, connected) -> None:  # type: ignore[no-untyped-def]
    stay, came = threading.Event(), []

    def stuck(asked: Asked) -> Said | None:
        if asked.path == RFIS.format(1) and asked.one("page") == "2":
            stay.wait(10)
        elif asked.path == RFIS.format(1):
            came.append(asked)
            if len(came) == 4:
                threading.Timer(0.2, _thread.interrupt_main).start()
        return None

    procore = connected(another(portfolio(1, rows=10), twist=stuck, clamp=2), workers=4)
    try:
        with pytest.raises(pnb.IncompleteError) as caught:
            procore.table("rfis", project_id=1)
    finally:
        stay.set()
    assert caught.value.partial["id"].tolist() == [100, 101, 104, 105, 106, 107, 108, 109]


@pytest.mark.slow
def test_one_connection_serves_several_threads(another, connected) -> None:  # type: ignore[no-untyped-def]
    server = another(portfolio(6))
    procore = connected(server)
    found: list[int] = []
    crew = [
        threading.Thread(target=lambda: found.append(len(procore.table("rfis", projects=[1, 2, 3, 4, 5, 6]))))
        for _ in range(4)
    ]
    for one in crew:
        one.start()
    for one in crew:
        one.join(20)
    assert found == [24] * 4
    assert len(server.tokens) == 1


def test_the_callers_frame_of_projects_is_left_as_it_was(to_demo) -> None:  # type: ignore[no-untyped-def]
    procore = to_demo()
    projects = procore.projects().head(2)
    before = projects.copy(deep=True)
    procore.table("rfis", projects=projects)
    pd.testing.assert_frame_equal(projects, before)


@pytest.mark.slow
def test_a_default_window_is_named_in_a_warning_and_dates_lift_it(to_demo) -> None:  # type: ignore[no-untyped-def]
    procore = to_demo()
    number = int(procore.projects()["id"].iloc[0])
    with pytest.warns(pnb.ProcoreWarning, match="only the rows of today") as said:
        procore.table("daily_logs_manpower", project_id=number)
    assert said[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        procore.table("daily_logs_manpower", project_id=number, start="2026-01-01")


def test_every_call_carries_the_company(to_demo) -> None:  # type: ignore[no-untyped-def]
    procore = to_demo()
    procore.me()
    procore.companies()
    procore.table("rfis", projects=procore.projects().head(2))
    calls = [request for request in procore.seen if request.path.startswith("/rest")]
    assert {request.headers.get("procore-company-id") for request in calls} == {str(COMPANY_ID)}


def test_a_wait_for_the_limit_is_said_in_the_progress(to_demo, clock) -> None:  # type: ignore[no-untyped-def]
    from procore_nb.progress import Progress

    said: list[str] = []

    class Listening(Progress):
        def waiting(self, seconds: float, reason: str) -> None:
            said.append(reason)
            super().waiting(seconds, reason)

    procore = to_demo(Demo(clock=clock, limits=RateLimits(spike=4)))
    procore.policy = RequestPolicy(clock=clock, sleep=clock.sleep, workers=1)
    procore.table(
        "rfis",
        projects=procore.projects().head(9),
        progress=lambda what, places: Listening(what, targets=places, show=False),
    )
    assert any("rate limit" in reason for reason in said)
