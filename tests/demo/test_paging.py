from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procore_nb.catalog import endpoint
from procore_nb.demo import Demo

from .conftest import Caller
from .reading import address_of, rows_in

_CALLER = Caller(Demo())
_CALLER.log_in()
_LINK = re.compile(r'<https://procore\.test(/rest/[^?]+)\?page=(\d+)&per_page=(\d+)>; rel="(\w+)"')


def _relations(link: str) -> dict[str, int]:
    return {rel: int(page) for _, page, _, rel in _LINK.findall(link)}


@pytest.mark.parametrize(
    ("page", "relations"),
    [
        (1, {"next": 2, "last": 5}),
        (2, {"first": 1, "next": 3, "last": 5}),
        (3, {"first": 1, "prev": 2, "next": 4, "last": 5}),
        (5, {"first": 1, "prev": 4, "last": 5}),
        (9, {"first": 1, "prev": 5, "last": 5}),
    ],
)
def test_the_link_names_the_pages_that_procore_documents(page: int, relations: dict[str, int]) -> None:
    reply = _CALLER.get(f"/rest/v1.1/projects?company_id=24816&per_page=30&page={page}")
    assert _relations(reply.header("Link") or "") == relations
    assert (reply.header("Total"), reply.header("Per-Page")) == ("129", "30")


def test_the_link_repeats_only_page_and_per_page() -> None:
    link = _CALLER.get("/rest/v1.1/projects?company_id=24816&per_page=30&sort=name").header("Link") or ""
    assert link.startswith('<https://procore.test/rest/v1.1/projects?page=2&per_page=30>; rel="next", ')


def test_the_link_is_there_and_empty_when_everything_fits() -> None:
    assert _CALLER.get("/rest/v1.1/projects?company_id=24816&per_page=300").header("Link") == ""


def test_a_page_past_the_end_is_empty() -> None:
    reply = _CALLER.get("/rest/v1.1/projects?company_id=24816&page=99")
    assert (reply.status, reply.json(), reply.header("Total")) == (200, [], "129")


@pytest.mark.parametrize(
    ("path", "asked", "given_size"),
    [
        ("/rest/v1.1/projects?company_id=24816", None, "100"),
        ("/rest/v1.1/projects?company_id=24816", 5000, "300"),
        ("/rest/v1.0/projects?company_id=24816", 5000, "2000"),
        ("/rest/v1.0/projects/1204458/incidents?", None, "1000"),
        ("/rest/v2.0/companies/24816/projects/1204458/schedules?", None, "10"),
        ("/rest/v2.0/companies/24816/projects/1204458/schedules?", 500, "100"),
    ],
)
def test_the_page_size_is_cut_to_what_the_list_allows(path: str, asked: int | None, given_size: str) -> None:
    reply = _CALLER.get(path + (f"&per_page={asked}" if asked else ""))
    assert reply.header("Per-Page") == given_size


@pytest.mark.parametrize("text", ["0", "-1", "x", "", "²", "9" * 5000])
def test_a_page_that_is_no_number_is_the_first_in_v1_and_refused_in_v2(text: str) -> None:
    first = _CALLER.get("/rest/v1.1/projects?company_id=24816")
    assert _CALLER.get(f"/rest/v1.1/projects?company_id=24816&page={text}").body == first.body
    reply = _CALLER.get(f"/rest/v2.0/companies/24816/projects/1204458/schedules?page={text}")
    if not text:
        assert reply.status == 200
    else:
        assert (reply.status, reply.json()["error"]["details"][0]["source"]) == (400, "page")


@given(size=st.integers(min_value=1, max_value=140))
def test_the_pages_together_are_the_list(size: int) -> None:
    whole = _CALLER.get("/rest/v1.1/projects?company_id=24816&view=ids").json()
    fetched: list[int] = []
    page = 1
    while True:
        reply = _CALLER.get(f"/rest/v1.1/projects?company_id=24816&view=compact&page={page}&per_page={size}")
        fetched += [row["id"] for row in reply.json()]
        if "next" not in _relations(reply.header("Link") or ""):
            break
        page += 1
    assert fetched == whole


def test_links_can_repeat_the_whole_question(caller_of: Callable[[Demo], Caller]) -> None:
    caller = caller_of(Demo(whole_links=True))
    address = "/rest/v1.1/projects?filters%5Bby_status%5D=All&per_page=10&company_id=24816&page=2"
    seen = [row["id"] for row in caller.get(address).json()]
    while len(seen) < 172 - 10:
        links = caller.get(address).header("Link") or ""
        following = re.search(r'<https://procore\.test([^>]*)>; rel="next"', links)
        assert following
        address = following[1]
        assert address.count("page=") == 2  # page and per_page, each said once
        seen += [row["id"] for row in caller.get(address).json()]
    assert len(set(seen)) == 162
    assert 'rel="next"' not in (caller.get(address).header("Link") or "")


def test_lists_without_pages_send_all_rows_unless_a_limit_is_asked_for(caller: Caller) -> None:
    names = {"project_dates": "per_page", "material_labels": "per_page", "workforce_person_time_off": "limit"}
    seen = set()
    for one in map(endpoint, names):
        limit = f"{address_of(one)}{'&' if '?' in address_of(one) else '?'}{names[one.name]}"
        bodies = [caller.get(address).body for address in (address_of(one), f"{limit}=1000", f"{limit}=1")]
        rows, all_rows, first = (rows_in(body, one.envelope) for body in bodies)
        assert rows == all_rows, one.name
        assert first == rows[:1], one.name
        seen.add(len(rows) > 1)
    assert True in seen
