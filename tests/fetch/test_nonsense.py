"""Lists cut off by a refusal, and announcements that cannot be true: an error in words, quickly, with what had come."""

from __future__ import annotations

import time
from typing import Any

import pytest
from another_procore import Asked, Said
from every_case import every_case

import procore_nb as pnb
from fetch.driving import listing, numbered
from procore_nb.errors import NotFoundError, ProcoreError, RequestError
from procore_nb.fetch import ListRequest
from procore_nb.fetch.paginator import MOST_PAGES, Paginator
from procore_nb.responses import Page

RFIS = "/rest/v1.0/projects/7/rfis"
SILENT = ("total", "per-page", "link")


@every_case(
    ("status", "body"),
    [
        (404, {"message": "Project was removed"}),
        (400, {"message": "Your homepage is locked"}),
        (422, {"errors": {"page": ["is locked"]}}),
        (416, None),
    ],
)
@every_case("rows", [2000, 100, 30])
def test_a_refusal_after_a_full_page_is_incomplete_with_what_had_come(
    another, connected, status: int, body: Any, rows: int
) -> None:  # type: ignore[no-untyped-def]
    def refuse(asked: Asked) -> Said | None:
        return Said(status, body) if asked.path == RFIS and asked.one("page") == "2" else None

    server = another({RFIS: numbered(2 * rows)}, twist=refuse, clamp=rows, without=SILENT)
    with pytest.raises(pnb.IncompleteError) as caught:
        connected(server, retries=0).table("rfis", project_id=7)
    assert len(caught.value.partial) == rows
    assert caught.value.status == status
    if status == 404:
        assert caught.value.reason == "Project was removed"


@pytest.mark.parametrize("words", ["Project was removed", "page out of range", ""])
def test_words_do_not_decide_whether_a_refusal_is_the_end(words: str) -> None:
    for rows, ended in ((12, False), (7, True)):
        one = Paginator(ListRequest("/x", per_page=100))
        one.receive(one.first(), Page(numbered(10)))
        (third,) = one.receive(one._page(2), Page([{"id": 100 + number} for number in range(rows)]))
        answer = one.refused(third, RequestError("GET /x answered 400.", reason=words, status=400))
        assert isinstance(answer, ProcoreError) is not ended


def test_a_page_that_was_announced_keeps_its_own_error() -> None:
    one = Paginator(ListRequest("/x", per_page=10))
    second, _ = one.receive(one.first(), listing(numbered(30), total=False)(one.first()))
    error = NotFoundError("GET /x answered 404.", status=404)
    assert one.refused(second, error) is error


@pytest.mark.parametrize("page", [{"total": 10**9}, {"last": 10**9, "more": True}])
def test_a_nonsensical_number_of_pages_is_refused_in_words_at_once(page: dict[str, Any]) -> None:
    one = Paginator(ListRequest("/x", per_page=10))
    began = time.perf_counter()
    assert one.receive(one.first(), Page(numbered(10), per_page=10, **page)) == []
    assert time.perf_counter() - began < 0.5
    assert one.done
    assert one.failure is not None
    assert f"beyond {MOST_PAGES:,} pages" in one.failure.message
    assert [row["id"] for rows in one.buffer.ready() for row in rows] == list(range(1, 11))


@pytest.mark.slow
def test_a_total_that_promises_too_much_ends_after_a_few_empty_pages(another, connected) -> None:  # type: ignore[no-untyped-def]
    def promise(asked: Asked) -> Said | None:
        if asked.path != RFIS:
            return None
        rows = numbered(20) if asked.one("page") == "1" else []
        return Said(200, rows, [("total", "100000"), ("per-page", "20")])

    server = another({}, twist=promise)
    with pytest.raises(pnb.IncompleteError, match=r"announced 100,000 records and sent 20") as caught:
        connected(server).table("rfis", project_id=7)
    assert len(caught.value.partial) == 20
    assert len(server.calls) < 150


def test_pages_are_planned_as_they_are_needed() -> None:
    one = Paginator(ListRequest("/x", per_page=10))
    further = one.receive(one.first(), listing(numbered(5000))(one.first()))
    assert len(further) + one.pages_planned == 499
    assert len(further) < 70


def test_a_next_page_named_for_ever_ends_at_the_cap() -> None:
    one, requests = Paginator(ListRequest("/x", per_page=1)), 1
    waiting = one.receive(one.first(), Page([{"id": 0}], more=True))
    while waiting:
        (page_request,) = waiting
        waiting = one.receive(page_request, Page([{"id": requests}], more=True))
        one.buffer.ready()
        requests += 1
    assert requests == MOST_PAGES
    assert one.failure is not None
    assert "names a next page" in one.failure.message
