"""Lists whose rows come in groups: whatever Procore pages and counts, groups or records, no row is lost or doubled."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from procore_nb.fetch import ListRequest
from procore_nb.fetch.pages import PageRequest
from procore_nb.responses import Page, flatten_groups

from .test_paginator import drive, given_parameter

MEETINGS = ListRequest("/x", per_page=10, envelope="[].meetings")


def grouped(meetings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Meetings in groups as Procore sends them, those of one title together."""
    titles = dict.fromkeys(one["of"] for one in meetings)
    return [
        {"group_title": title, "meetings": [{"id": one["id"]} for one in meetings if one["of"] == title]}
        for title in titles
    ]


@given(
    count=st.integers(0, 60),
    titles=st.integers(1, 9),
    cap=st.integers(1, 12),
    pages_hold=st.sampled_from(["meetings", "groups"]),
    counts=st.sampled_from(["what pages hold", "groups", "meetings", "nothing"]),
    link=st.booleans(),
    seed=st.integers(0, 99),
)
@settings(max_examples=100)
@pytest.mark.slow
def test_every_meeting_comes_once_whatever_pages_and_total_count(
    count: int, titles: int, cap: int, pages_hold: str, counts: str, link: bool, seed: int
) -> None:
    draw = random.Random(seed)
    meetings = [{"id": number, "of": f"series {draw.randrange(titles)}"} for number in range(count)]
    items: list[Any] = meetings if pages_hold == "meetings" else grouped(meetings)
    totals = {
        "what pages hold": len(items),
        "groups": len(grouped(meetings)),
        "meetings": count,
        "nothing": None,
    }

    def serve(page_request: PageRequest) -> Page:
        size = min(int(given_parameter(page_request, "per_page")), cap)
        number = int(given_parameter(page_request, "page"))
        part = items[(number - 1) * size : number * size]
        groups = grouped(part) if pages_hold == "meetings" else part
        return Page(
            flatten_groups(groups, "meetings"),
            total=totals[counts],
            more=number * size < len(items) if link else None,
            groups=len(groups),
        )

    rows, walk, _ = drive(MEETINGS, serve, seed=seed)
    assert sorted(row["id"] for row in rows) == list(range(count))
    assert all(row["group_title"] == meetings[row["id"]]["of"] for row in rows)
    assert walk.failure is None


def test_fewer_records_and_groups_than_announced_is_an_error() -> None:
    groups = grouped([{"id": 1, "of": "a"}, {"id": 2, "of": "b"}])
    _, walk, _ = drive(
        MEETINGS, lambda _: Page(flatten_groups(groups, "meetings"), total=3, more=False, groups=len(groups))
    )
    assert walk.failure is not None
    assert "announced 3 records" in walk.failure.message


def test_a_record_may_be_in_several_groups_on_different_pages() -> None:
    def serve(page_request: PageRequest) -> Page:
        number = int(given_parameter(page_request, "page"))
        rows = flatten_groups([{"header": {"name": f"inspector {number}"}, "data": [{"id": 7}]}], "data")
        return Page(rows, total=2, more=number < 2, groups=1)

    rows, walk, sent = drive(ListRequest("/x", per_page=1, envelope="[].data"), serve)
    assert [row["group_header"]["name"] for row in rows] == ["inspector 1", "inspector 2"]
    assert (walk.failure, walk.stats.repeated, sent) == (None, 0, 2)


@pytest.mark.parametrize("total", [2, 5, None])
def test_a_page_that_is_not_full_is_the_only_request(total: int | None) -> None:
    groups = grouped([{"id": number, "of": "ab"[number % 2]} for number in range(5)])
    rows, _, sent = drive(
        MEETINGS,
        lambda _: Page(flatten_groups(groups, "meetings"), total=total, per_page=10, groups=len(groups)),
    )
    assert (len(rows), sent) == (5, 1)
