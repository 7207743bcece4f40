from __future__ import annotations

import json
from typing import Any

import pytest
from every_case import every_case
from hypothesis import given
from hypothesis import strategies as st

import procore_nb as pnb
from procore_nb.responses import (
    Page,
    Response,
    error_from,
    read_json,
    read_page,
    retry_after_seconds,
    server_time,
)

URL = "https://api.procore.com/rest/v1.0/projects?page=1&per_page=2"


def reply(body: Any = b"[]", *, status: int = 200, url: str = URL, **headers: str) -> Response:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, named, sent, url, "production")


def link(rel: str, address: str = "https://api.procore.com/rest/v1.0/projects?page=7&per_page=2") -> str:
    return f'<{address}>; rel="{rel}"'


def test_a_bare_list_is_a_page() -> None:
    page = read_page(reply([{"id": 1}], total="31", per_page="2", link=f"{link('next')}, {link('last')}"))
    assert page == Page([{"id": 1}], total=31, per_page=2, more=True, last=7)


@every_case(
    ("header", "more", "last"),
    [
        ("", False, None),
        (link("first"), False, None),
        (f"{link('last')}, {link('next')}", True, 7),
        ("<https://api.procore.com/x?page=7>;rel=next;title=\"a\" , <https://api.procore.com/x?page=7>; foo=1; REL='last'", True, 7),
        ('</rest/v1.0/projects?page=2>; rel="next"', True, None),
        ('<https://api.procore.com:443/x?page=2>; rel="next"', True, None),
        ('<HTTPS://API.procore.com/x?page=2>; rel="prev next"', True, None),
        ('<https://api.procore.com/x,y;z?page=2>; rel="next"', True, None),
        ('<https://api.procore.com/x?page=two>; rel="last"', False, None),
        ("nonsense", False, None),
    ],
)  # fmt: skip
def test_links_are_read_in_any_order_and_dress(header: str, more: bool, last: int | None) -> None:
    page = read_page(reply(link=header))
    assert (page.more, page.last) == (more, last)


def test_without_a_link_header_nothing_is_known_of_further_pages() -> None:
    assert read_page(reply()).more is None


@every_case(
    "address",
    ["https://evil.example/x?page=2", "https://api.procore.com.evil.example/?page=2", "//evil.example/?page=2",
     "https://api.procore.com:8443/x?page=2", "https://api.procore.com@evil.example/", "http://[bad", "https://api.procore.com:x/"],
)  # fmt: skip
def test_a_next_link_to_another_host_is_an_error(address: str) -> None:
    with pytest.raises(pnb.IncompleteError, match="another host"):
        read_page(reply([{"id": 1}], link=link("next", address)))


def test_a_last_link_to_another_host_is_not_followed_and_does_no_harm() -> None:
    assert read_page(reply(link=link("last", "https://evil.example/?page=3"))).more is False


@every_case("text", ["", "many", "-1", "1.5", "1e3", "9" * 30, "٣"])
def test_counts_that_are_none_are_passed_over(text: str) -> None:
    page = read_page(reply(total=text, per_page=text))
    assert (page.total, page.per_page) == (None, None)


@every_case(
    ("body", "envelope", "rows"),
    [
        ([1, 2], "", [1, 2]),
        ({"data": [{"id": "1"}]}, "", [{"id": "1"}]),
        ({"data": []}, "data", []),
        ({"data": None}, "data", []),
        ({"data": {"history": [1]}}, "data.history", [1]),
        ({"data": {"history": [1]}}, "", [1]),
        ({"project_dates": [1], "count": 1}, "project_dates", [1]),
        ({"project_dates": [1], "count": 1}, "", [1]),
        ([{"id": 1}], "data", [{"id": 1}]),
        ([{"possible_pages": 1, "current_page": 0, "data": [1, 2]}], "", [1, 2]),
        ({"id": 1, "name": "me", "tags": [1]}, ".", [{"id": 1, "name": "me", "tags": [1]}]),
        ({"id": 1, "name": "one"}, "", [{"id": 1, "name": "one"}]),
        (None, "", []),
    ],
)
def test_the_list_is_found_where_the_reply_has_it(body: Any, envelope: str, rows: list[Any]) -> None:
    assert read_page(reply(body), envelope=envelope).rows == rows


_MEETINGS = [
    {"group_title": "Site", "meetings": [{"id": 1}, {"id": 2}]},
    {"group_title": None, "meetings": []},
]


@every_case(
    ("body", "envelope", "rows", "groups"),
    [
        (_MEETINGS, "[].meetings", [{"group_title": "Site", "id": 1}, {"group_title": "Site", "id": 2}], 2),
        ({"meetings": [{"id": 1}]}, "[].meetings", [{"id": 1}], 1),
        ([], "[].meetings", [], 0),
        ([{"id": 5, "title": "flat"}], "[].meetings", [{"id": 5, "title": "flat"}], 1),
        ([{"meetings": None}], "[].meetings", [], 1),
        (
            [{"name": "Fall", "template_id": 3, "lists": [{"id": 1, "name": "Roof"}]}],
            "[].lists",
            [{"group_name": "Fall", "group_template_id": 3, "id": 1, "name": "Roof"}],
            1,
        ),
        ([{"possible_pages": 1, "current_page": 0, "data": [{"id": "a"}]}], "[].data", [{"id": "a"}], 1),
        ([{"data": [{"id": "a"}, {"id": "b"}]}], "[].data", [{"id": "a"}, {"id": "b"}], 1),
        ({"data": [{"data": {"id": 1}}, {"data": {"id": 2}}]}, "data[].data", [{"id": 1}, {"id": 2}], 2),
    ],
)
def test_rows_in_groups_are_rows_that_tell_their_group(
    body: Any, envelope: str, rows: list[Any], groups: int
) -> None:
    page = read_page(reply(body), envelope=envelope)
    assert (page.rows, page.groups) == (rows, groups)


@every_case("body", [5, "text", True, 1.5])
def test_a_body_that_is_no_list_is_an_error(body: Any) -> None:
    with pytest.raises(pnb.IncompleteError, match="where a list belongs"):
        read_page(reply(body))


@every_case(
    "body",
    [{"errors": "Something broke"}, {"error": {"code": "X", "message": "Something broke"}}, {"message": "Something broke", "code": 5}],
)  # fmt: skip
def test_an_error_with_a_good_status_is_no_row(body: Any) -> None:
    with pytest.raises(pnb.IncompleteError, match=r"no list in it: .*Something broke") as caught:
        read_page(reply(body))
    assert caught.value.retryable


def test_an_empty_object_is_no_row_either() -> None:
    assert read_page(reply({"data": {}})).rows == []
    with pytest.raises(pnb.IncompleteError, match="no list in it"):
        read_page(reply({}))


def test_no_content_is_an_empty_page() -> None:
    assert read_page(reply(b"", status=204)).rows == []


@every_case("body", [b'[{"id": 1}, {"id', b"", b"[1,]", b"\xff[]", b"[NaN]"])
def test_a_body_that_is_not_whole_json_is_incomplete_and_may_be_asked_again(body: bytes) -> None:
    with pytest.raises(pnb.IncompleteError, match="not whole JSON") as caught:
        read_page(reply(body))
    assert caught.value.retryable
    assert "/rest/v1.0/projects" in caught.value.message


def test_a_web_page_instead_of_json_is_named_as_one() -> None:
    for sent in (reply(b"<!DOCTYPE html><html>"), reply(b"hello", content_type="text/html; charset=utf-8")):
        with pytest.raises(pnb.IncompleteError, match="a web page instead of JSON") as caught:
            read_page(sent)
        assert "proxy" in caught.value.advice


def test_numbers_past_two_to_the_53rd_keep_their_value() -> None:
    assert read_json(reply([2**53 + 1, 2**63 - 1])) == [2**53 + 1, 2**63 - 1]


@every_case(
    ("body", "cursor"),
    [
        ({"data": [1], "next_cursor": "abc"}, "abc"),
        ({"data": [1], "meta": {"next_cursor": "abc"}}, "abc"),
        ({"data": [1], "pagination": {"cursor": "abc"}}, "abc"),
        ({"data": [1], "next_cursor": None}, None),
        ({"data": [1], "next_cursor": "a/b+c=="}, "a/b+c=="),
        ({"data": [1], "next_cursor": 25}, "25"),
        ({"data": [1], "links": {"next": "/x?per_page=2&cursor=a%2Fb"}}, "a/b"),
        ({"data": [1], "links": {"next": "/x?page=2"}}, None),
        ({"data": [1], "page_info": {"end_cursor": "abc", "has_next_page": True}}, "abc"),
        ({"data": [1], "page_info": {"end_cursor": "abc", "has_next_page": False}}, None),
        ({"data": [1], "next": "https://api.procore.com/x?cursor=abc"}, "abc"),
        ([1], None),
    ],
)
def test_a_cursor_is_looked_for_in_the_body(body: Any, cursor: str | None) -> None:
    assert read_page(reply(body)).cursor == cursor


def test_a_cursor_is_looked_for_in_the_next_link() -> None:
    header = link("next", "https://api.procore.com/x?cursor=a%2Bb&per_page=2")
    assert read_page(reply([1], link=header)).cursor == "a+b"


@every_case(("current", "more"), [(0, True), (1, True), (2, False)])
def test_pages_told_inside_the_body_are_read(current: int, more: bool) -> None:
    body = [{"possible_pages": 3, "current_page": current, "data": [1]}]
    assert read_page(reply(body)).more is more


STATUSES = [
    (400, pnb.RequestError), (401, pnb.AccessError), (403, pnb.AccessError), (404, pnb.NotFoundError), (405, pnb.RequestError),
    (406, pnb.RequestError), (408, pnb.RequestError), (409, pnb.RequestError), (422, pnb.RequestError), (429, pnb.RateLimitError),
    (500, pnb.ServerError), (502, pnb.ServerError), (503, pnb.ServerError), (504, pnb.ServerError), (302, pnb.RequestError),
]  # fmt: skip


@every_case(("status", "kind"), STATUSES)
def test_each_status_has_its_error_with_words_and_advice(status: int, kind: type[pnb.ProcoreError]) -> None:
    error = error_from(reply({"message": "Said so"}, status=status))
    assert type(error) is kind
    assert error.status == status
    assert error.advice
    assert str(status) in error.message
    assert "production" in error.message
    assert error.retryable == (status in (429, 500, 502, 503, 504))


def test_good_statuses_are_no_errors() -> None:
    assert [error_from(reply(status=status)) for status in (200, 201, 204)] == [None] * 3


@every_case(
    ("body", "said"),
    [
        (
            {"code": 403, "message": "No permission", "fields": "", "reason": "r", "error": ""},
            "No permission",
        ),
        ({"errors": "Too many"}, "Too many"),
        ({"errors": ["One", "Two"]}, "One; Two"),
        ({"errors": {"name": ["is empty", "is odd"]}}, "name: is empty, is odd"),
        (
            {
                "error": {
                    "code": "BAD_REQUEST",
                    "message": "Bad",
                    "details": [{"reason_code": "X", "message": "Worse"}],
                }
            },
            "Bad; Worse",
        ),
        ({"error": "invalid_client", "error_description": "Who?"}, "invalid_client; Who?"),
        ({"message": None, "exception": "Boom"}, "exception: Boom"),
        (b"plain text", "plain text"),
        (b"<html><head><title> Bad\n gateway </title>", "a web page titled 'Bad gateway'"),
        (b"<html>no title", "a web page"),
    ],
)
def test_what_an_error_body_says_is_found_in_every_form(body: Any, said: str) -> None:
    error = error_from(reply(body, status=403))
    assert error is not None
    assert said in error.message


@every_case(("status", "body", "words"), [
    (403, {"errors": "App is not connected to this company"}, "install the app"),
    (400, {"message": "Missing Procore-Company-Id header! ..."}, "address bar"),
    (404, {"message": "The URI requested is invalid"}, "may not see it"),
    (403, {"message": "nope"}, "no permissions"),
    (408, b"", "less at once"),
])  # fmt: skip
def test_the_advice_fits_what_was_said(status: int, body: Any, words: str) -> None:
    error = error_from(reply(body, status=status))
    assert error is not None
    assert words in error.advice


@given(st.binary(max_size=300), st.sampled_from([400, 401, 403, 404, 429, 500, 503]))
def test_no_error_body_whatever_is_in_it_breaks_the_reading(body: bytes, status: int) -> None:
    error = error_from(reply(body, status=status))
    assert error is not None
    assert len(error.message) < 600


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["data", "id", "errors", "message", "next"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    json_values,
    st.sampled_from(["", "data", "data.items", ".", "[].data", "data[].id"]),
    st.sampled_from([200, 422, 500]),
)
@pytest.mark.slow
def test_any_json_is_a_page_or_an_error_of_ours(body: Any, envelope: str, status: int) -> None:
    try:
        rows = read_page(reply(body, status=status), envelope=envelope).rows
    except pnb.ProcoreError:
        return
    assert isinstance(rows, list)


DATE = "Thu, 18 Jun 2026 14:30:00 GMT"
NOW = 1_781_793_000


@every_case(
    ("headers", "seconds"),
    [
        ({"retry_after": "7"}, 7),
        ({"retry_after": " 1.5 "}, 1.5),
        ({"retry_after": "Thu, 18 Jun 2026 14:31:30 GMT", "date": DATE}, 90),
        ({"retry_after": "Thu, 18 Jun 2026 14:00:00 GMT", "date": DATE}, 0),
        ({"x_rate_limit_remaining": "0", "x_rate_limit_reset": str(NOW + 12), "date": DATE}, 12),
        ({"x_rate_limit_reset": str(NOW + 12), "date": DATE}, 12),
        (
            {
                "retry_after": "3",
                "x_rate_limit_remaining": "0",
                "x_rate_limit_reset": str(NOW + 12),
                "date": DATE,
            },
            3,
        ),
        (
            {
                "retry_after": "soon",
                "x_rate_limit_remaining": "0",
                "x_rate_limit_reset": str(NOW + 12),
                "date": DATE,
            },
            12,
        ),
        ({"x_rate_limit_remaining": "5", "x_rate_limit_reset": str(NOW + 12), "date": DATE}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "-5"}, None),
        ({}, None),
    ],
)
def test_how_long_to_wait_is_read_from_retry_after_else_from_the_reset(
    headers: dict[str, str], seconds: float | None
) -> None:
    refusal = reply(b"", status=429, **headers)
    assert retry_after_seconds(refusal.headers) == seconds
    error = error_from(refusal)
    assert error is not None
    assert error.retry_after_seconds == seconds
    if seconds:
        assert f"{seconds:,.0f} seconds" in str(error)


@pytest.mark.parametrize("text", ["", "yesterday", "Thu, 99 Jun 2026 14:30:00 GMT"])
def test_a_date_that_is_none_is_no_clock(text: str) -> None:
    assert server_time({"date": text}) is None


def test_the_servers_clock_is_read_from_the_date() -> None:
    assert server_time({"date": DATE}) == NOW
