"""Lists that change all through their fetch: what was there from start to end comes once, with bounded requests."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from every_case import every_case

from fetch.driving import LIMIT
from fetch.live_lists import LiveList
from procore_nb.fetch import ListRequest
from procore_nb.fetch.paginator import Paginator

HEADERS = [(True, True), (True, False), (False, True), (False, False)]  # Total, Link
ONE_WAY = {
    "inserted at the head every third request": {"insert_head": 1 / 3},
    "inserted at the head every request": {"insert_head": 1.0},
    "inserted in the middle": {"insert_middle": 0.4},
    "appended": {"append": 0.4},
    "deleted at the head": {"delete_head": 0.4},
    "deleted in the middle": {"delete_middle": 0.4},
}
BOTH_WAYS = {
    "inserted at the head, deleted anywhere": {"insert_head": 0.1, "delete_middle": 0.1},
    "inserted and deleted anywhere": {"insert_middle": 0.1, "delete_middle": 0.1},
    "everything at once": {
        "insert_head": 0.05,
        "insert_middle": 0.05,
        "append": 0.05,
        "delete_head": 0.05,
        "delete_middle": 0.05,
    },
}


def fetch(serve: LiveList, *, workers: int = 8) -> tuple[list[int], Paginator]:
    """Fetch a list with several requests under way, answered in an order drawn by chance."""
    draw, one, rows = random.Random(serve.seed), Paginator(ListRequest("/x", per_page=serve.size)), []
    waiting, under_way = [one.first()], []
    while waiting or under_way:
        while waiting and len(under_way) < workers:
            under_way.append(waiting.pop(0))
        page_request = under_way.pop(draw.randrange(len(under_way)))
        assert serve.requests < LIMIT, "the fetch never ends"
        waiting += one.receive(page_request, serve(page_request))
        if one.restarted:
            one.restarted = False
            rows.clear()
        rows += [row["id"] for page in one.buffer.ready() for row in page]
    assert one.done
    return rows, one


@every_case("workers", [1, 8])
@every_case(("total", "link"), HEADERS)
@every_case("case", [*ONE_WAY, *BOTH_WAYS])
def test_what_stays_from_start_to_end_comes_once(case: str, total: bool, link: bool, workers: int) -> None:
    rates = ONE_WAY.get(case) or BOTH_WAYS[case]
    requests = []
    for seed in range(6):
        serve = LiveList(200, 10, rates, seed=seed, total=total, link=link)
        rows, one = fetch(serve, workers=workers)
        assert one.failure is None
        assert serve.stayed() <= set(rows)
        assert len(rows) == len(set(rows))
        assert one.stats.pages == serve.requests
        requests.append(serve.requests)
    # 20 pages. Where a Total is sent and rows are only inserted, a handful of further requests is enough; before, the
    # whole list was fetched four times and given up.
    few = total and case in ONE_WAY and "delete" not in case and rates != {"insert_head": 1.0}
    assert sorted(requests)[3] <= (34 if few else 70)
    assert max(requests) <= 120


def test_twenty_pages_with_an_insertion_every_third_request_take_a_few_requests_more() -> None:
    class EveryThird(LiveList):
        def change(self) -> None:
            if self.requests % 3 == 0:
                self.insert_head()

    serve = EveryThird(400, 20, {})
    rows, one = fetch(serve, workers=1)
    assert set(range(1, 401)) <= set(rows)
    assert one.failure is None
    assert serve.requests <= 28
    assert one.stats.moved
    assert one.stats.late_rows >= 6  # what was inserted meanwhile and found at the head


@every_case(("total", "link"), HEADERS)
def test_a_list_that_stands_still_is_read_once(total: bool, link: bool) -> None:
    serve = LiveList(200, 10, {}, total=total, link=link)
    rows, one = fetch(serve)
    assert rows == list(range(1, 201))
    assert not one.stats.moved
    # Without a Total deletions leave no trace, so that four pages are looked at once more.
    assert serve.requests == 20 + (0 if total else 4) + (0 if total or link else 1)


def test_rows_that_came_behind_pages_that_were_read_are_found_at_the_end_and_in_the_middle() -> None:
    class Scripted(LiveList):
        def change(self) -> None:
            for name in scripts[-1].get(self.requests, ()):
                getattr(self, name)()

        def insert_on_page_two(self) -> None:
            self.rows.insert(12, self._new())

    # At the end while the head is read again; in the middle while gaps are closed behind a deletion.
    scripts = [
        {8: ["delete_head"], 32: ["insert_on_page_two"], 37: ["insert_on_page_two"]},
        {4: ["insert_head"], 21: ["append"]},
    ]
    while scripts:
        serve = Scripted(200, 10, {})
        rows, one = fetch(serve, workers=1)
        assert one.failure is None
        assert set(serve.rows) <= set(rows)
        scripts.pop()


def test_a_row_that_moves_to_the_head_while_the_head_is_read_again_is_found() -> None:
    class Scripted(LiveList):
        def change(self) -> None:
            if self.requests in (
                21,
                23,
            ):  # before its page is read, and as the head is: between its first two pages
                self.rows.remove(200)
                self.rows.insert(0, 200)
            elif self.requests <= 22:  # 22 pages, each of which shares a row with the next; then the head
                for _ in range(10 if self.requests == 22 else 1):
                    self.insert_head()

    serve = Scripted(200, 10, {}, total=False)
    rows, one = fetch(serve, workers=1)
    assert one.failure is None
    assert serve.stayed() <= set(rows)
    assert len(rows) == len(set(rows))


def test_a_list_that_changes_faster_than_it_can_be_read_is_an_error_and_no_endless_fetch() -> None:
    class Frantic(LiveList):
        def change(self) -> None:
            self.rows = [self._new() for _ in range(200 + self.requests % 2)]

    serve = Frantic(200, 10, {}, seed=1)
    _, one = fetch(serve)
    assert one.failure is not None
    assert "changed faster than it could be read" in one.failure.message
    assert serve.requests <= 20 + 5 * 20 + 40


def fetch_in_order(serve: LiveList) -> tuple[list[dict[str, Any]], Paginator]:
    """Fetch a list with one request after the other; the rows of its last attempt."""
    paginator, rows = Paginator(ListRequest("/x", per_page=serve.size)), []
    waiting = [paginator.first()]
    while waiting:
        page_request = waiting.pop(0)
        waiting += paginator.receive(page_request, serve(page_request))
        if paginator.restarted:
            paginator.restarted, rows = False, []
        rows += [row for page in paginator.buffer.ready() for row in page]
    return rows, paginator


def test_rows_without_an_id_are_fetched_again_when_their_list_moves() -> None:
    requests: list[Any] = []

    class Nameless(LiveList):
        def __call__(self, page_request: Any) -> Any:
            requests.append(page_request)
            page = super().__call__(page_request)
            for row in page.rows:
                row["name"] = f"row {row.pop('id')}"
            return page

    serve = Nameless(50, 10, {"insert_head": 1.0}, quiet_after=3)
    rows, one = fetch_in_order(serve)
    assert [row["name"] for row in rows] == [f"row {number}" for number in serve.rows]
    assert one.stats.attempts == 2


def test_rows_without_an_id_that_are_found_when_pages_are_read_again_are_all_kept() -> None:
    class NamelessAtTheHead(LiveList):
        def __call__(self, page_request: Any) -> Any:
            page = super().__call__(page_request)
            return replace(page, rows=[row if row["id"] < 10**6 else {"name": "new"} for row in page.rows])

    serve = NamelessAtTheHead(50, 10, {"insert_head": 1.0}, quiet_after=9)
    rows, one = fetch_in_order(serve)
    assert one.failure is None
    assert one.stats.attempts > 1
    assert len(rows) == len(serve.rows)


@every_case("seed", range(6))
def test_equal_rows_without_an_id_on_counted_pages_are_all_kept(seed: int) -> None:
    from fetch.driving import drive, listing

    rows: list[Any] = [{"name": "x"}] * 40  # pages come in any order; each equals the one before
    got, one, sent = drive(ListRequest("/x", per_page=10), listing(rows), seed=seed)
    assert got == rows
    assert (one.failure, one.stats.repeated, sent) == (None, 0, 4)
