"""Lists whose end is hard to tell: nothing is lost unseen, and no walk goes on for ever."""

from __future__ import annotations

from typing import Any

import pytest
from another_procore import Asked, Said
from every_case import every_case

import procore_nb as pnb
from fetch.driving import LIMIT, drive, given_parameter, numbered
from procore_nb.fetch import ListRequest
from procore_nb.fetch.pages import PageRequest
from procore_nb.responses import Page

RFIS = "/rest/v1.0/projects/7/rfis"


def part(page_request: PageRequest, rows: list[Any], size: int) -> list[Any]:
    number = int(given_parameter(page_request, "page", "1"))
    return rows[(number - 1) * size : number * size]


@every_case("paging", ["per_page_only", "limit"])
def test_a_list_with_a_size_alone_that_names_a_next_page_is_followed(paging: str) -> None:
    def serve(page_request: PageRequest) -> Page:
        return Page(
            part(page_request, numbered(25), 10), more=given_parameter(page_request, "page", "1") != "3"
        )

    assert drive(ListRequest("/x", paging=paging, per_page=10), serve)[0] == numbered(25)


def test_a_next_page_without_a_cursor_is_a_failure_and_no_end() -> None:
    rows, one, _ = drive(
        ListRequest("/x", paging="cursor", per_page=10), lambda page_request: Page(numbered(5), more=True)
    )
    assert rows == numbered(5)
    assert one.failure is not None
    assert "does not say where they begin" in one.failure.message


def test_a_full_page_with_no_word_on_the_rest_is_not_taken_for_all() -> None:
    question = ListRequest("/x", paging="cursor", per_page=10)
    full, short = (drive(question, lambda page_request, n=n: Page(numbered(n)))[1].failure for n in (10, 9))
    assert full is not None
    assert short is None


def test_an_empty_page_with_a_cursor_is_not_the_end() -> None:
    pages = {"": ([1, 2], "a"), "a": ([], "b"), "b": ([3], None)}

    def serve(page_request: PageRequest) -> Page:
        rows, cursor = pages[given_parameter(page_request, "cursor")]
        return Page([{"id": number} for number in rows], cursor=cursor)

    rows, *_ = drive(ListRequest("/x", paging="cursor", per_page=10), serve)
    assert [row["id"] for row in rows] == [1, 2, 3]


def test_cursors_that_always_lead_on_to_nothing_end() -> None:
    def serve(page_request: PageRequest) -> Page:
        return Page([], cursor=given_parameter(page_request, "cursor", "x") + "x")

    *_, sent = drive(ListRequest("/x", paging="cursor"), serve)
    assert sent < 6


def test_a_page_whose_rows_are_hidden_is_not_the_end_while_a_link_leads_on() -> None:
    def serve(page_request: PageRequest) -> Page:
        number = int(given_parameter(page_request, "page"))
        return Page([] if number == 2 else part(page_request, numbered(40), 10), more=number < 4)

    rows, one, _ = drive(ListRequest("/x", per_page=10), serve)
    assert [row["id"] for row in rows] == [*range(1, 11), *range(21, 41)]
    assert one.failure is None


def test_empty_pages_whose_link_always_leads_on_end() -> None:
    rows, _, sent = drive(
        ListRequest("/x", per_page=10),
        lambda page_request: Page(part(page_request, numbered(15), 10), more=True),
    )
    assert rows == numbered(15)
    assert sent < LIMIT / 50


@pytest.mark.parametrize(
    "said", [{"more": True}, {"total": 60}, {"total": 60, "more": True}], ids=lambda said: "+".join(said)
)
def test_a_list_that_passes_over_the_page_asked_for_and_says_there_is_more_is_a_failure(
    said: dict[str, Any],
) -> None:
    rows, one, sent = drive(ListRequest("/x", per_page=2000), lambda page_request: Page(numbered(30), **said))
    assert rows == numbered(30)
    assert one.failure is not None
    assert "page 2 repeats page 1" in one.failure.message
    assert sent == 2


def test_the_same_full_page_again_is_a_failure_too() -> None:
    one = drive(ListRequest("/x", per_page=30), lambda page_request: Page(numbered(30)))[1]
    assert one.failure is not None


def test_ids_that_are_not_unique_are_kept_without_a_total_too() -> None:
    same = [{"id": number % 7, "value": number} for number in range(40)]
    rows, one, sent = drive(
        ListRequest("/x", per_page=15),
        lambda page_request: Page(part(page_request, same, 15), more=page_request.number < 3),
    )
    assert rows == same
    assert one.failure is None
    assert sent == 6


def test_rows_inserted_while_there_is_no_total_come_once() -> None:
    state = {"rows": numbered(40), "requests": 0}

    def serve(page_request: PageRequest) -> Page:
        state["requests"] += 1
        if state["requests"] == 2:
            state["rows"] = [{"id": 900, "value": 0}, *state["rows"]]
        return Page(part(page_request, state["rows"], 15), more=page_request.number * 15 < len(state["rows"]))

    rows, one, _ = drive(ListRequest("/x", per_page=15), serve)
    assert sorted(row["id"] for row in rows) == sorted(row["id"] for row in state["rows"])
    assert (one.failure, one.stats.attempts, one.stats.moved) == (None, 1, True)


def test_pages_that_overlap_twice_alike_do_not_bring_a_row_twice() -> None:
    def serve(page_request: PageRequest) -> Page:
        return Page(
            numbered(30)[max(0, (page_request.number - 1) * 10 - 1) :][:10], more=page_request.number < 3
        )

    rows, one, _ = drive(ListRequest("/x", per_page=10), serve)
    assert rows == numbered(29)
    assert one.stats.repeated == 1


@every_case(
    ("status", "body"),
    [(404, {"errors": "Not found"}), (400, {"message": "page is out of range"}), (422, {"errors": {"page": ["too high"]}}), (416, None)],
)  # fmt: skip
def test_a_page_past_the_end_that_is_refused_is_the_end(another, connected, status: int, body: Any) -> None:  # type: ignore[no-untyped-def]
    def past_the_end(asked: Asked) -> Said | None:
        return Said(status, body) if asked.path == RFIS and int(asked.one("page")) > 3 else None

    silent = ("total", "per-page", "link")
    server = another({RFIS: numbered(25)}, twist=past_the_end, clamp=10, without=silent)
    assert connected(server, retries=0).table("rfis", project_id=7)["id"].tolist() == list(range(1, 26))


def test_a_page_that_a_link_had_named_is_not_past_the_end(another, connected) -> None:  # type: ignore[no-untyped-def]
    def gone(asked: Asked) -> Said | None:
        return Said(404, {"errors": "Not found"}) if asked.one("page") == "2" else None

    server = another({RFIS: numbered(25)}, twist=gone, clamp=10, without=("total",))
    with pytest.raises(pnb.NotFoundError) as caught:
        connected(server).table("rfis", project_id=7)
    assert len(caught.value.partial) >= 10


def test_a_refused_page_below_the_total_leaves_rows_missing_and_says_so(another, connected) -> None:  # type: ignore[no-untyped-def]
    def gone(asked: Asked) -> Said | None:
        return Said(404, {"errors": "Not found"}) if asked.one("page") == "2" else None

    with pytest.raises(pnb.IncompleteError, match="announced 25 records and sent 15") as caught:
        connected(another({RFIS: numbered(25)}, twist=gone, clamp=10)).table("rfis", project_id=7)
    assert len(caught.value.partial) == 15


def test_a_later_page_that_takes_too_long_is_asked_smaller_from_the_start(another, connected) -> None:  # type: ignore[no-untyped-def]
    def slow(asked: Asked) -> Said | None:
        too_much = int(asked.one("per_page", "0")) > 500 and asked.one("page") == "2"
        return Said(408, {"message": "took too long"}) if too_much else None

    server = another({RFIS: numbered(5000)}, twist=slow)
    frame = connected(server, retries=0).table("rfis", project_id=7)
    assert frame["id"].tolist() == list(range(1, 5001))
