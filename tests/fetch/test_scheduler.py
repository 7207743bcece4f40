from __future__ import annotations

import logging
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from another_procore import COMPANY, Asked, Said
from every_case import every_case

import procore_nb as pnb
from fetch.test_paginator import numbered
from procore_nb.demo import CLIENT_ID, CLIENT_SECRET, COMPANY_ID, Demo, DemoAdapter, Faults, RateLimits
from procore_nb.environments import DEMO
from procore_nb.fetch import (
    ListRequest,
    PageRows,
    RequestDone,
    RequestPolicy,
    RequestRestarted,
    fetch_first_page,
    fetch_lists,
)
from procore_nb.fetch.pages import PageRequest
from procore_nb.fetch.scheduler import Scheduler
from procore_nb.fetch.workers import WorkerPool
from procore_nb.http import Session
from procore_nb.responses import Page

PROJECTS = "/rest/v1.0/projects"
ALL = (("company_id", str(COMPANY_ID)), ("filters[by_status]", "All"))


class Time:
    """A clock that goes on when somebody sleeps."""

    def __init__(self) -> None:
        self.now, self.slept, self._lock = 1_800_000_000.0, [], threading.Lock()  # type: ignore[var-annotated]

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.now += seconds
            if seconds >= 0.1:
                self.slept.append(seconds)


@pytest.fixture
def clock() -> Time:
    return Time()


def demo_walk(demo: Demo, clock: Time, *, per_page: int = 20, **policy: Any) -> tuple[list[Any], list[Any]]:
    """All rows and all events of the projects of the demo."""
    session = Session(
        DEMO,
        pnb.Credentials(CLIENT_ID, CLIENT_SECRET),
        transport=DemoAdapter(demo, sleep=lambda _: None),
        clock=clock,
    )
    rows: list[Any] = []
    events = list(
        fetch_lists(
            session,
            [ListRequest(PROJECTS, ALL, COMPANY_ID, per_page=per_page)],
            policy=RequestPolicy(clock=clock, sleep=clock.sleep, **policy),
        )
    )
    for event in events:
        if isinstance(event, PageRows):
            rows += event.rows
        elif isinstance(event, RequestRestarted):
            rows.clear()
    return rows, events


def rows_into(rows: list[Any], events: Iterator[Any]) -> None:
    for event in events:
        rows += event.rows if isinstance(event, PageRows) else []


@pytest.fixture(scope="module")
def clean() -> list[Any]:
    """The rows of a walk without faults."""
    return demo_walk(Demo(clock=Time()), Time())[0]


FAULTS: dict[str, Faults] = {
    "429 with Retry-After": Faults().on((2, 5), "busy", 3),
    "429 with the reset alone": Faults().on((2, 5), "busy_no_retry_after", 3),
    "429 without a word": Faults().on((1, 3), "busy_no_headers"),
    "503 as a web page": Faults().on((1, 4, 6), "unavailable", 2),
    "500": Faults().on((2, 3, 4), "broken"),
    "lost connections": Faults().on((1, 5), "dropped"),
    "cut JSON": Faults().on((2, 7), "cut"),
    "a web page with 200": Faults().on((3,), "html"),
    "revoked in the middle": Faults().on((3, 6), "revoked"),
    "rows inserted": Faults().after(3, "inserted", 2),
    "rows repeated": Faults().always("repeated"),
    "clamped": Faults().always("clamped", 7),
    "clamped, no total": Faults().always("clamped", 7).always("no_total"),
    "no link": Faults().always("no_link"),
    "neither link nor total": Faults().always("no_link").always("no_total"),
    "a third fails": Faults().sometimes(0.3, "broken", seed=4).sometimes(0.1, "dropped", seed=2),
    "all at once": Faults()
    .sometimes(0.2, "cut", seed=3)
    .on(4, "revoked")
    .on(6, "busy", 2)
    .always("repeated"),
}


@every_case(
    ("case", "workers"), [*((case, 8) for case in FAULTS), ("all at once", 1), ("revoked in the middle", 1)]
)
@pytest.mark.slow
def test_a_walk_with_faults_brings_the_rows_of_a_walk_without(
    case: str, workers: int, clean: list[Any], clock: Time
) -> None:
    demo = Demo(clock=clock, faults=FAULTS[case])
    rows, events = demo_walk(demo, clock, workers=workers, retries=8)
    if (
        case == "rows inserted"
    ):  # which pages were read before is up to the threads: rows found later come last
        assert {row["id"] for row in clean} <= {row["id"] for row in rows}
        assert len({row["id"] for row in rows}) == len(rows) == len(clean) + 2
    else:
        assert rows == clean
    (done,) = [event for event in events if isinstance(event, RequestDone)]
    assert done.stats.rows == len(rows)
    assert done.skipped is None


def test_rows_deleted_during_the_fetch_take_no_other_row_with_them(clean: list[Any], clock: Time) -> None:
    rows, events = demo_walk(Demo(clock=clock, faults=Faults().after(3, "removed", 2)), clock)
    ids = [row["id"] for row in rows]
    assert len(ids) == len(set(ids))
    assert {row["id"] for row in clean[2:]} <= set(ids)
    (done,) = [event for event in events if isinstance(event, RequestDone)]
    assert (done.stats.moved, done.stats.total) == (True, len(clean) - 2)


def test_a_total_that_stays_wrong_is_an_error_and_every_row_was_handed_out(
    clean: list[Any], clock: Time
) -> None:
    session = Session(DEMO, pnb.Credentials(CLIENT_ID, CLIENT_SECRET), clock=clock,
                      transport=DemoAdapter(Demo(clock=clock, faults=Faults().always("wrong_total", 3))))  # fmt: skip
    events = fetch_lists(
        session,
        [ListRequest(PROJECTS, ALL, COMPANY_ID, per_page=50)],
        policy=RequestPolicy(clock=clock, sleep=clock.sleep),
    )
    rows: list[Any] = []
    with pytest.raises(
        pnb.IncompleteError, match=f"announced {len(clean) + 3} records and sent {len(clean)}"
    ):
        rows_into(rows, events)
    assert rows == clean


def test_waits_are_as_long_as_asked_and_said_aloud(clock: Time, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="procore_nb"):
        demo_walk(Demo(clock=clock, faults=Faults().on(2, "unavailable", 7)), clock, workers=1)
    assert 7 in clock.slept
    assert any("Waiting 7.0 s" in line and "503" in line for line in caplog.messages)


def test_tries_back_off_longer_each_time(clock: Time) -> None:
    with pytest.raises(pnb.ServerError):
        demo_walk(Demo(clock=clock, faults=Faults().always("broken")), clock, workers=1, retries=5)
    assert len(clock.slept) == 5
    for attempt, seconds in enumerate(clock.slept):
        assert 0.25 * 2**attempt <= seconds <= 0.5 * 2**attempt


def test_a_retry_after_of_nothing_is_not_hammered(clock: Time) -> None:
    with pytest.raises(pnb.RateLimitError):
        demo_walk(Demo(clock=clock, faults=Faults().always("busy", 0)), clock, workers=1, retries=3)
    assert len(clock.slept) >= 3


@pytest.mark.parametrize("retries", [0, 2])
def test_one_request_is_tried_again_so_often_and_no_more(retries: int, clock: Time) -> None:
    demo = Demo(clock=clock, faults=Faults().always("broken"))
    with pytest.raises(pnb.ServerError, match="500"):
        demo_walk(demo, clock, retries=retries)
    assert demo.requests == retries + 1


def test_requests_without_a_reply_do_not_count_as_under_way_for_ever(clean: list[Any], clock: Time) -> None:
    demo = Demo(clock=clock, faults=Faults().sometimes(0.4, "dropped", seed=6))
    transport = DemoAdapter(demo, sleep=lambda _: None)
    session = Session(DEMO, pnb.Credentials(CLIENT_ID, CLIENT_SECRET), transport=transport, clock=clock)
    rows: list[Any] = []
    policy = RequestPolicy(clock=clock, sleep=clock.sleep, retries=20)
    rows_into(
        rows, fetch_lists(session, [ListRequest(PROJECTS, ALL, COMPANY_ID, per_page=20)], policy=policy)
    )
    assert rows == clean
    assert session.shared.rate_limiter._under_way == 0


@pytest.mark.parametrize("fault", ["busy", "unavailable", "busy_no_retry_after"])
def test_past_the_patience_the_error_says_how_long_procore_asks_for(fault: str, clock: Time) -> None:
    with pytest.raises(pnb.ProcoreError) as caught:
        demo_walk(Demo(clock=clock, faults=Faults().on(1, fault, 3000)), clock, max_wait_seconds=60)
    assert caught.value.retryable
    assert 2990 <= (caught.value.retry_after_seconds or 0) <= 3010
    assert re.search(r"3,00\d seconds", str(caught.value))
    assert sum(clock.slept) <= 60


def test_the_patience_is_for_the_whole_walk(clock: Time) -> None:
    with pytest.raises(pnb.ServerError):
        demo_walk(
            Demo(clock=clock, faults=Faults().always("unavailable", 20)),
            clock,
            workers=1,
            retries=50,
            max_wait_seconds=100,
        )
    assert sum(clock.slept) <= 100


def test_what_asks_differently_is_not_tried_again(clock: Time) -> None:
    demo = Demo(clock=clock)
    session = Session(
        DEMO, pnb.Credentials(CLIENT_ID, CLIENT_SECRET), transport=DemoAdapter(demo), clock=clock
    )
    with pytest.raises(pnb.NotFoundError):
        list(
            fetch_lists(
                session,
                [ListRequest("/rest/v1.0/nowhere", (), COMPANY_ID)],
                policy=RequestPolicy(clock=clock, sleep=clock.sleep),
            )
        )
    assert demo.requests == 1


def test_both_windows_of_the_demo_are_kept_without_a_refusal(clean: list[Any], clock: Time) -> None:
    demo = Demo(clock=clock, limits=RateLimits(hourly=60, spike=5))
    seen: list[int] = []
    answer = demo.respond

    def watched(request: Any) -> Any:
        reply = answer(request)
        seen.append(reply.status)
        return reply

    demo.respond = watched  # type: ignore[method-assign]
    rows, _ = demo_walk(demo, clock, per_page=5, workers=4, max_wait_seconds=600)
    assert rows == clean
    assert 429 not in seen


def test_a_question_asked_once_is_one_request_of_its_first_page(clock: Time) -> None:
    demo = Demo(clock=clock)
    session = Session(
        DEMO, pnb.Credentials(CLIENT_ID, CLIENT_SECRET), transport=DemoAdapter(demo), clock=clock
    )
    page = fetch_first_page(
        session,
        ListRequest(PROJECTS, ALL, COMPANY_ID, per_page=1),
        policy=RequestPolicy(clock=clock, sleep=clock.sleep),
    )
    assert (len(page.rows), demo.requests) == (1, 1)
    assert page.total is not None
    assert page.total > 100


# against another server, with real threads


def lists_of(projects: int, rows: int) -> dict[str, list[Any]]:
    return {
        f"/rest/v1.0/projects/{number}/rfis": [{"id": number * 1000 + row} for row in range(rows)]
        for number in range(projects)
    }


def questions(projects: int, *, per_page: int = 2000) -> list[ListRequest]:
    return [
        ListRequest(f"/rest/v1.0/projects/{number}/rfis", (), COMPANY, per_page=per_page, key=number)
        for number in range(projects)
    ]


@pytest.fixture
def session_to() -> Iterator[Callable[..., Session]]:
    opened: list[Session] = []

    def build(server: Any, **settings: Any) -> Session:
        from another_procore import CLIENT_ID as ID
        from another_procore import SECRET

        opened.append(
            Session(
                pnb.Environment("another", server.url, server.url), pnb.Credentials(ID, SECRET), **settings
            )
        )
        return opened[-1]

    yield build
    for one in opened:
        one.close()


def test_fifty_lists_of_120_rows_take_exactly_fifty_requests(another, session_to) -> None:  # type: ignore[no-untyped-def]
    server = another(lists_of(50, 120))
    events = list(fetch_lists(session_to(server), questions(50), policy=RequestPolicy()))
    assert len(server.calls) == 50
    assert [event.request.key for event in events if isinstance(event, RequestDone)] == list(range(50))
    assert [row["id"] for event in events if isinstance(event, PageRows) for row in event.rows] == [
        number * 1000 + row for number in range(50) for row in range(120)
    ]


def test_a_list_that_has_begun_is_finished_before_later_ones_go_on(another, session_to) -> None:  # type: ignore[no-untyped-def]
    server = another(lists_of(6, 20), clamp=4)
    list(fetch_lists(session_to(server), questions(6), policy=RequestPolicy(workers=1)))
    later = [int(asked.path.split("/")[4]) for asked in server.calls if asked.one("page") != "1"]
    assert later == sorted(later)


@pytest.mark.parametrize("workers", [1, 2, 8])
@pytest.mark.slow
def test_a_later_list_that_moves_is_completed_while_the_first_is_slow(
    another, session_to, workers: int
) -> None:  # type: ignore[no-untyped-def]
    def twist(asked: Asked) -> Said | None:
        if "/projects/0/" in asked.path and asked.one("page") == "1":
            time.sleep(0.3)
        if "/projects/1/" in asked.path and asked.one("page") == "3" and not moved:
            moved.append(asked)
            server.lists[asked.path] = [{"id": 1999}, *server.lists[asked.path]]
        return None

    moved: list[Asked] = []
    server = another(lists_of(4, 40), twist=twist, clamp=4)
    rows: dict[Any, list[int]] = {}

    def follow() -> None:
        for event in fetch_lists(session_to(server), questions(4), policy=RequestPolicy(workers=workers)):
            if isinstance(event, RequestRestarted):
                rows[event.request.key] = []
            elif isinstance(event, PageRows):
                rows.setdefault(event.request.key, []).extend(row["id"] for row in event.rows)

    walking = threading.Thread(target=follow, daemon=True)
    walking.start()
    walking.join(20)
    assert not walking.is_alive()
    assert sorted(rows[1]) == [*range(1000, 1040), 1999]
    assert [len(rows[number]) for number in (0, 2, 3)] == [40] * 3


@pytest.mark.parametrize("seed", range(3))
def test_the_order_holds_whichever_page_comes_first(another, session_to, seed: int) -> None:  # type: ignore[no-untyped-def]
    draw, lock = random.Random(seed), threading.Lock()

    def late(asked: Asked) -> Said | None:
        with lock:
            pause = draw.random() * 0.01
        time.sleep(pause)
        return None

    server = another(lists_of(6, 23), twist=late, clamp=5)
    rows = [
        row["id"]
        for event in fetch_lists(session_to(server), questions(6), policy=RequestPolicy())
        if isinstance(event, PageRows)
        for row in event.rows
    ]
    assert rows == [number * 1000 + row for number in range(6) for row in range(23)]


def test_no_more_requests_are_under_way_than_workers(another, session_to) -> None:  # type: ignore[no-untyped-def]
    now, most, lock = [0], [0], threading.Lock()

    def count(asked: Asked) -> Said | None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.01)
        with lock:
            now[0] -= 1
        return None

    list(
        fetch_lists(
            session_to(another(lists_of(12, 10), twist=count)),
            questions(12),
            policy=RequestPolicy(workers=3),
        )
    )
    assert 2 <= most[0] <= 3


def test_a_generator_that_is_left_stops_asking(another, session_to) -> None:  # type: ignore[no-untyped-def]
    server = another(lists_of(200, 3))
    events = fetch_lists(session_to(server), questions(200), policy=RequestPolicy(workers=2))
    next(events)
    events.close()
    time.sleep(0.05)
    asked = len(server.calls)
    time.sleep(0.1)
    assert len(server.calls) == asked < 60


def test_questions_are_taken_from_an_endless_supply_only_as_needed(another, session_to) -> None:  # type: ignore[no-untyped-def]
    taken: list[int] = []

    def endless() -> Iterator[ListRequest]:
        number = 0
        while True:
            taken.append(number)
            yield ListRequest("/rest/v1.0/projects/1/rfis", (), COMPANY, per_page=9, key=number)
            number += 1

    events = fetch_lists(session_to(another(lists_of(2, 3))), endless(), policy=RequestPolicy(workers=2))
    for _ in range(20):
        next(events)
    events.close()
    assert len(taken) < 40


@pytest.mark.parametrize("workers", [1, 8])
def test_the_error_of_one_list_stops_all_after_what_had_come(another, session_to, workers: int) -> None:  # type: ignore[no-untyped-def]
    server = another(lists_of(5, 4))
    server.twist = lambda asked: Said(422, {"message": "bad"}) if "/projects/3/" in asked.path else None
    got: list[Any] = []
    events = fetch_lists(session_to(server), questions(5), policy=RequestPolicy(workers=workers))
    with pytest.raises(pnb.RequestError, match="/projects/3/rfis"):
        rows_into(got, events)
    assert {row["id"] // 1000 for row in got} >= ({0, 1, 2} if workers == 1 else set())
    assert all(row["id"] // 1000 != 3 for row in got)


def test_a_list_that_may_be_left_out_is_named_and_the_others_come(another, session_to) -> None:  # type: ignore[no-untyped-def]
    server = another(lists_of(4, 3))
    del server.lists["/rest/v1.0/projects/2/rfis"]
    events = list(
        fetch_lists(
            session_to(server),
            questions(4),
            policy=RequestPolicy(),
            may_skip=lambda error: error.status == 404,
        )
    )
    done = [event for event in events if isinstance(event, RequestDone)]
    assert [event.skipped is not None for event in done] == [False, False, True, False]
    assert isinstance(done[2].skipped, pnb.NotFoundError)


def test_a_list_that_stays_short_may_be_left_out_too(another, session_to) -> None:  # type: ignore[no-untyped-def]
    short = Said(200, numbered(2), [("total", "5")])
    server = another(lists_of(3, 3), twist=lambda asked: short if "/projects/1/" in asked.path else None)
    events = fetch_lists(
        session_to(server), questions(3), policy=RequestPolicy(), may_skip=lambda error: True
    )
    done = [event for event in events if isinstance(event, RequestDone)]
    assert isinstance(done[1].skipped, pnb.IncompleteError)
    assert [event.skipped for event in (done[0], done[2])] == [None, None]


@pytest.mark.slow
def test_what_had_come_when_a_list_fails_is_handed_out_with_the_lists_that_were_done(
    another, session_to
) -> None:  # type: ignore[no-untyped-def]
    stay = threading.Event()

    def twist(asked: Asked) -> Said | None:
        if "/projects/0/" in asked.path and asked.one("page") == "2":
            stay.wait(5)  # the first list is not done, so that the others wait for it
        if "/projects/5/" in asked.path:
            time.sleep(0.5)
            return Said(422, {"message": "bad"})
        return None

    events: list[Any] = []
    try:
        with pytest.raises(pnb.RequestError):
            rows_into(
                events,
                fetch_lists(
                    session_to(another(lists_of(6, 8), twist=twist, clamp=4)),
                    questions(6),
                    policy=RequestPolicy(workers=8),
                ),
            )
    finally:
        stay.set()
    assert {row["id"] for row in events} == {
        *range(4),
        *(n * 1000 + row for n in range(1, 5) for row in range(8)),
    }


# against a pool without threads


class AnsweringPool(WorkerPool):
    """A pool that has the answer to a page request as soon as it is given one."""

    def __init__(self, answer: Callable[[PageRequest], Page | BaseException]) -> None:
        super().__init__(None, RequestPolicy(workers=1), threads=0)  # type: ignore[arg-type]
        self._answer = answer

    def submit(self, job: PageRequest) -> None:
        self._results.put((job, self._answer(job)))

    def check_wait_budget(self, requests: int, request: ListRequest) -> None:
        """There are no limits."""


def scheduled(pool: WorkerPool, *requests: ListRequest, may_skip: bool = False) -> Iterator[Any]:
    return Scheduler(pool, iter(requests), lambda error: may_skip).run()


def test_nothing_further_is_sent_once_a_list_fails_and_what_had_come_is_handed_out() -> None:
    first, second = questions(2)
    pool = AnsweringPool(
        lambda asked: pnb.RequestError("bad") if asked.request is first else Page(numbered(1), total=1)
    )
    stopped: list[tuple[Any, bool]] = []
    with pytest.raises(pnb.RequestError, match="bad"):
        stopped.extend((event.request, pool.stopped) for event in scheduled(pool, first, second))
    assert stopped == [(second, True)]


class InterruptedPool(AnsweringPool):
    """Ctrl-C comes when a list is asked for again, and the answer is there."""

    def submit(self, job: PageRequest) -> None:
        super().submit(job)
        if job.attempt == 2:
            raise KeyboardInterrupt


def test_ctrl_c_just_after_a_list_begins_again_hands_out_no_row_twice() -> None:
    rows = [{"title": "a"}, {"title": "b"}]  # no ids: the list is fetched again once its total moved

    def answer(asked: PageRequest) -> Page:
        moved = (asked.attempt, asked.number) != (1, 1)
        return Page(rows[asked.number - 1 : asked.number], total=3 if moved else 2, per_page=1)

    (request,) = questions(1)
    events: list[Any] = []
    with pytest.raises(KeyboardInterrupt):
        events.extend(scheduled(InterruptedPool(answer), request))
    first_page = PageRows(request, rows[:1])
    assert events == [first_page, RequestRestarted(request), first_page]


class SilentPool(AnsweringPool):
    """Ctrl-C comes while the first list has no answer yet, after all others have theirs."""

    def submit(self, job: PageRequest) -> None:
        if job.request.key != 0:
            super().submit(job)

    def next_result(self) -> Any:
        if self._results.empty():
            raise KeyboardInterrupt
        return self._results.get()


def test_a_skipped_list_is_named_though_the_fetch_is_stopped_before_its_turn() -> None:
    refused, events = SilentPool(lambda asked: pnb.AccessError("no permission")), list[Any]()
    with pytest.raises(KeyboardInterrupt):
        events.extend(scheduled(refused, *questions(2), may_skip=True))
    assert [(event.request.key, str(event.skipped)) for event in events] == [(1, "no permission")]


def test_a_later_list_that_stays_short_and_may_not_be_skipped_is_not_handed_out_as_done() -> None:
    short, events = SilentPool(lambda asked: Page(numbered(1), total=2)), list[Any]()
    with pytest.raises(KeyboardInterrupt):
        events.extend(scheduled(short, *questions(2)))
    assert events == [PageRows(events[0].request, numbered(1))]
