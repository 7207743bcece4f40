from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from every_case import every_case
from hypothesis import given
from hypothesis import strategies as st

from fetch.driving import drive, given_parameter, listing, numbered
from procore_nb.errors import RequestError
from procore_nb.fetch import ListRequest
from procore_nb.fetch.pages import PageRequest
from procore_nb.fetch.paginator import Paginator
from procore_nb.responses import Page

shapes = st.fixed_dictionaries(
    {
        "clamp": st.sampled_from([1, 3, 7, 10, 100]),
        "total": st.booleans(),
        "per_page": st.booleans(),
        "link": st.booleans(),
    }
)


@given(
    count=st.integers(0, 60), size=st.sampled_from([1, 5, 10, 2000]), shape=shapes, seed=st.integers(0, 10**6)
)
def test_whatever_the_server_tells_all_rows_come_once_and_in_order(
    count: int, size: int, shape: dict[str, Any], seed: int
) -> None:
    rows, one, _ = drive(ListRequest("/x", per_page=size), listing(numbered(count), **shape), seed=seed)
    assert rows == numbered(count)
    assert one.failure is None
    assert (one.stats.rows, one.stats.repeated, one.stats.attempts) == (count, 0, 1)


@given(
    count=st.integers(1, 60),
    size=st.sampled_from([5, 10, 2000]),
    clamp=st.sampled_from([3, 10, 10**6]),
    link=st.booleans(),
)
def test_with_a_total_no_request_is_too_many(count: int, size: int, clamp: int, link: bool) -> None:
    *_, sent = drive(ListRequest("/x", per_page=size), listing(numbered(count), clamp=clamp, link=link))
    assert sent == max(1, -(-count // min(size, clamp)))


def test_the_first_page_tells_how_many_there_are_and_the_rest_is_asked_at_once() -> None:
    one = Paginator(ListRequest("/x", per_page=10))
    further = one.receive(one.first(), listing(numbered(95))(one.first()))
    assert [given_parameter(page_request, "page") for page_request in further] == [
        str(number) for number in range(2, 11)
    ]


def test_without_a_total_the_last_link_lets_pages_be_asked_at_once() -> None:
    one = Paginator(ListRequest("/x", per_page=10))
    assert len(one.receive(one.first(), listing(numbered(95), total=False)(one.first()))) == 9


def test_every_request_repeats_our_own_parameters() -> None:
    own = (("project_id", "7"), ("filters[status]", "open"))
    asked: list[PageRequest] = []

    def serve(page_request: PageRequest) -> Page:
        asked.append(page_request)
        return listing(numbered(30))(page_request)

    drive(ListRequest("/x", own, per_page=10), serve)
    assert {page_request.parameters[:2] for page_request in asked} == {own}
    assert len(asked) == 3


def test_a_short_page_is_not_the_end_while_the_total_says_otherwise() -> None:
    hidden = {15}

    def serve(page_request: PageRequest) -> Page:
        page = listing(numbered(40), clamp=10, per_page=False, link=False)(page_request)
        return Page([row for row in page.rows if row["id"] not in hidden], total=39)

    rows, one, _ = drive(ListRequest("/x", per_page=2000), serve)
    assert len(rows) == 39
    assert one.failure is None


def test_fewer_rows_than_announced_are_a_failure_that_names_both_numbers() -> None:
    def serve(page_request: PageRequest) -> Page:
        page = listing(numbered(20))(page_request)
        return Page(page.rows, total=23, per_page=10, more=page.more)

    rows, one, _ = drive(ListRequest("/x", per_page=10), serve)
    assert rows == numbered(20)
    assert one.failure is not None
    assert "announced 23 records and sent 20" in one.failure.message
    assert one.failure.retryable


def test_a_total_that_is_too_small_does_not_hide_pages_a_link_names() -> None:
    def serve(page_request: PageRequest) -> Page:
        page = listing(numbered(45))(page_request)
        return Page(page.rows, total=20, per_page=10, more=page.more)

    rows, _, sent = drive(ListRequest("/x", per_page=10), serve)
    assert rows == numbered(45)
    assert sent == 5


def test_an_empty_list_takes_one_request() -> None:
    for shape in ({}, {"total": False}, {"total": False, "link": False}):
        rows, one, sent = drive(ListRequest("/x", per_page=10), listing([], **shape))
        assert (rows, one.failure, sent) == ([], None, 1)


# lists that move while they are walked


class Moving:
    """A list that changes once so many requests have come."""

    def __init__(self, change: Callable[[list[Any]], list[Any]], *, after: int, rows: int = 50) -> None:
        self.rows, self.change, self.after, self.requests = numbered(rows), change, after, 0

    def __call__(self, page_request: PageRequest) -> Page:
        if self.requests == self.after:
            self.rows = self.change(self.rows)
        self.requests += 1
        return listing(self.rows)(page_request)


CHANGES: dict[str, Callable[[list[Any]], list[Any]]] = {
    "inserted at the head": lambda rows: [{"id": 900, "value": 0}, *rows],
    "inserted in the middle": lambda rows: [
        *rows[:25],
        {"id": 901, "value": 0},
        {"id": 902, "value": 0},
        *rows[25:],
    ],
    "added at the end": lambda rows: [*rows, {"id": 903, "value": 0}],
    "deleted at the head": lambda rows: rows[3:],
    "deleted in the middle": lambda rows: [*rows[:20], *rows[21:]],
    "deleted a whole page": lambda rows: rows[:35],
    "nearly emptied": lambda rows: rows[:2],
    "emptied": lambda rows: [],
    "doubled": lambda rows: [*rows, *({"id": 1000 + row["id"], "value": 0} for row in rows)],
    "moved to the head": lambda rows: [rows[-1], *rows[:-1]],
}


@every_case("change", CHANGES)
@every_case("after", [1, 2, 4])
@every_case("seed", range(4))
def test_a_list_that_moves_once_comes_with_every_row_that_stayed_and_few_further_requests(
    change: str, after: int, seed: int
) -> None:
    moving = Moving(CHANGES[change], after=after)
    rows, one, sent = drive(ListRequest("/x", per_page=10), moving, seed=seed)
    ids = [row["id"] for row in rows]
    stayed = set(range(1, 51)) & {row["id"] for row in moving.rows}
    assert one.failure is None
    assert len(ids) == len(set(ids))
    assert stayed <= set(ids)
    assert sent <= 5 + 10  # 5 pages; before, the whole list was fetched again, up to three times
    assert (one.stats.moved, one.stats.attempts, one.stats.total) == (True, 1, len(moving.rows))


def test_a_list_whose_first_row_goes_at_each_request_comes_with_every_row_that_stayed() -> None:
    class Restless(Moving):
        def __call__(self, page_request: PageRequest) -> Page:
            self.rows = self.rows[1:]
            return listing(self.rows)(page_request)

    moving = Restless(CHANGES["emptied"], after=10**9, rows=80)
    rows, one, sent = drive(ListRequest("/x", per_page=5), moving)
    assert one.failure is None
    assert {row["id"] for row in moving.rows} <= {row["id"] for row in rows}
    assert sent <= 4 * 16


def test_a_row_that_slips_between_two_pages_is_found_on_the_first() -> None:
    class Shrinking(Moving):
        def __call__(self, page_request: PageRequest) -> Page:
            if page_request.number == 2:  # what was the first row of the second page moves to the first
                self.rows = self.rows[1:]
            return listing(self.rows)(page_request)

    moving = Shrinking(CHANGES["emptied"], after=10**9)
    rows, one, sent = drive(ListRequest("/x", per_page=30), moving)
    assert one.failure is None
    assert {row["id"] for row in rows} == set(range(1, 51))
    assert sent <= 4


def test_rows_that_come_twice_are_dropped_and_counted() -> None:
    def serve(page_request: PageRequest) -> Page:
        number = int(given_parameter(page_request, "page"))
        rows = numbered(30)[
            max(0, (number - 1) * 10 - 1) : number * 10
        ]  # each page begins with the last row before
        return Page(rows, total=30, per_page=10, more=number < 3)

    rows, one, _ = drive(ListRequest("/x", per_page=10), serve)
    assert rows == numbered(30)
    assert one.stats.repeated == 2


@every_case("seed", range(3))
def test_ids_that_are_not_unique_in_a_list_are_kept_as_the_total_says_so(seed: int) -> None:
    same = [{"id": number % 7, "value": number} for number in range(40)]
    rows, one, _ = drive(ListRequest("/x", per_page=10), listing(same), seed=seed)
    assert rows == same
    assert one.failure is None


@every_case("rows", [[{"name": "x"}] * 25, [None] * 25, [[1]] * 25, [{"id": None}] * 25, [{"id": [1]}] * 25])
def test_rows_without_a_name_are_never_taken_for_repeats(rows: list[Any]) -> None:
    got, one, _ = drive(ListRequest("/x", per_page=10), listing(rows))
    assert got == rows
    assert one.stats.repeated == 0


def test_bare_ids_are_rows_too() -> None:
    assert drive(ListRequest("/x", per_page=10), listing(list(range(35))))[0] == list(range(35))


# servers that page in other ways, or not at all


def test_pages_may_begin_at_zero() -> None:
    asked: list[str] = []

    def serve(page_request: PageRequest) -> Page:
        asked.append(given_parameter(page_request, "page"))
        number = int(asked[-1])
        assert "per_page" not in dict(page_request.parameters)
        return Page(numbered(900)[number * 400 : (number + 1) * 400], more=number < 2)

    assert drive(ListRequest("/x", paging="page0", per_page=2000), serve)[0] == numbered(900)
    assert asked == [
        "0",
        "1",
        "2",
        "0",
        "1",
    ]  # without a Total a second look tells whether rows went meanwhile


def test_pages_from_zero_without_any_word_end_at_an_empty_one() -> None:
    serve = listing(numbered(25), start=0, total=False, link=False, per_page=False)
    assert drive(ListRequest("/x", paging="page0"), serve)[0] == numbered(25)


def test_cursors_are_followed_to_the_end() -> None:
    asked: list[str] = []

    def serve(page_request: PageRequest) -> Page:
        asked.append(given_parameter(page_request, "cursor"))
        at = int(asked[-1] or 0)
        return Page(numbered(25)[at : at + 10], cursor=str(at + 10) if at + 10 < 25 else None)

    assert drive(ListRequest("/x", paging="cursor", per_page=10), serve)[0] == numbered(25)
    assert asked == ["", "10", "20"]


def test_a_cursor_that_leads_in_a_circle_ends_the_walk() -> None:
    rows, *_ = drive(
        ListRequest("/x", paging="cursor", per_page=10),
        lambda page_request: Page(numbered(5), cursor="again"),
    )
    assert rows == numbered(5)


def test_offsets_are_the_last_id_seen() -> None:
    asked: list[str] = []

    def serve(page_request: PageRequest) -> Page:
        assert given_parameter(page_request, "page_size") == "10"
        asked.append(given_parameter(page_request, "page_start"))
        after = int(asked[-1] or 0)
        return Page([row for row in numbered(25) if row["id"] > after][:10])

    assert drive(ListRequest("/x", paging="offset", per_page=10), serve)[0] == numbered(25)
    assert asked == ["", "10", "20", "25"]


def test_an_offset_that_is_passed_over_ends_the_walk() -> None:
    assert drive(ListRequest("/x", paging="offset", per_page=10), lambda page_request: Page(numbered(5)))[
        0
    ] == numbered(5)


@pytest.mark.parametrize(("paging", "parameter"), [("per_page_only", "per_page"), ("limit", "limit")])
def test_lists_with_a_size_alone_are_asked_once(paging: str, parameter: str) -> None:
    asked: list[PageRequest] = []

    def serve(page_request: PageRequest) -> Page:
        asked.append(page_request)
        return Page(numbered(30))

    assert drive(ListRequest("/x", paging=paging, per_page=99), serve)[0] == numbered(30)
    assert [page_request.parameters for page_request in asked] == [((parameter, "99"),)]


def test_a_list_without_paging_is_asked_once_and_without_paging_parameters() -> None:
    asked: list[PageRequest] = []

    def serve(page_request: PageRequest) -> Page:
        asked.append(page_request)
        return Page(numbered(5000))

    assert drive(ListRequest("/x", paging="", per_page=2000), serve)[0] == numbered(5000)
    assert [page_request.parameters for page_request in asked] == [()]


def test_a_list_said_not_to_page_that_names_a_next_page_is_followed() -> None:
    def serve(page_request: PageRequest) -> Page:
        number = int(given_parameter(page_request, "page", "1"))
        return Page(numbered(30)[(number - 1) * 10 : number * 10], more=number < 3)

    assert drive(ListRequest("/x", paging="", per_page=2000), serve)[0] == numbered(30)


@pytest.mark.parametrize("volatile", [False, True])
def test_a_server_that_passes_over_the_page_number_does_not_go_on_for_ever(volatile: bool) -> None:
    requests = []

    def serve(page_request: PageRequest) -> Page:
        requests.append(page_request)
        return Page([{**row, "seen": len(requests) if volatile else 0} for row in numbered(30)])

    rows, *_ = drive(ListRequest("/x", per_page=2000), serve)
    assert [row["id"] for row in rows] == list(range(1, 31))


def test_pages_of_an_earlier_attempt_that_come_late_are_ignored() -> None:
    one = Paginator(ListRequest("/x", per_page=200))
    serve = listing(numbered(600))
    second, third = one.receive(one.first(), serve(one.first()))
    again = one.refused(second, RequestError("Too slow.", status=408))
    assert isinstance(again, list)
    assert one.restarted
    assert one.receive(third, Page([{"id": 77}], total=600)) == []
    assert one.refused(third, RequestError("Too slow.", status=408)) == []
    further = one.receive(again[0], serve(again[0]))
    assert [row["id"] for page in one.buffer.ready() for row in page] == list(range(1, 101))
    assert len(further) == 5


def test_what_came_beyond_a_gap_is_handed_out_when_the_walk_ends_early() -> None:
    one = Paginator(ListRequest("/x", per_page=10))
    serve = listing(numbered(40))
    _, third, fourth = one.receive(one.first(), serve(one.first()))
    for page_request in (fourth, third):
        one.receive(page_request, serve(page_request))
    assert [row["id"] for page in one.buffer.ready() for row in page] == list(range(1, 11))
    assert [row["id"] for page in one.buffer.rest() for row in page] == list(range(21, 41))


@given(
    count=st.integers(0, 60),
    size=st.sampled_from([1, 5, 10, 2000]),
    most=st.sampled_from([1, 4, 12, 30]),
    shape=shapes,
    seed=st.integers(0, 10**6),
)
def test_a_fetch_of_the_first_rows_sends_no_page_too_many(
    count: int, size: int, most: int, shape: dict[str, Any], seed: int
) -> None:
    asked = ListRequest("/x", per_page=min(size, most), most_rows=most)
    rows, one, sent = drive(asked, listing(numbered(count), **shape), seed=seed)
    assert one.failure is None
    assert rows[:most] == numbered(count)[:most]
    if count >= most:
        assert sent == -(-most // min(size, most, shape["clamp"]))
        told = shape["total"] or shape["link"]
        assert not told or one.stats.may_have_more == (one.stats.rows < count)


def test_a_total_that_counts_the_rows_of_the_page_is_not_believed() -> None:
    one = Paginator(ListRequest("/x", per_page=1, most_rows=1))
    one.receive(one.first(), Page(numbered(1), total=1, more=True))
    assert one.done
    assert (one.stats.total, one.stats.may_have_more) == (None, True)


def test_a_list_that_ends_before_the_rows_wanted_is_held_to_its_total() -> None:
    one = Paginator(ListRequest("/x", per_page=10, most_rows=50))
    further = one.receive(one.first(), Page(numbered(10), total=30, per_page=10))
    for page_request in further:
        one.receive(page_request, Page([], total=30, per_page=10))
    assert one.failure is not None
