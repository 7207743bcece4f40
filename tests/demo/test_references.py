"""Rows that are only invented still point at records that are there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from procore_nb.catalog import endpoint, endpoints
from procore_nb.demo.tables import generated_rows, table_of

from .reading import READER

pytestmark = pytest.mark.slow

_PROJECTS = [one for one in READER.projects() if one.index in (4, 11)]
_PLAIN = {("company_id",), ("project_id",)}
_INVENTED = [
    one
    for one in endpoints()
    if table_of(one.name) is None
    and one.scope == "project"
    and set(one.needs) <= _PLAIN
    # Resource Planning has ids of its own.
    and one.module != "Resource Planning"
]


def _pointers(value: Any) -> Iterator[tuple[str, Any]]:
    """Every key that points at another record, with its value."""
    if isinstance(value, list):
        for item in value:
            yield from _pointers(item)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key.endswith("_id") and inner is not None:
                yield key.removesuffix("_id"), inner
            if key.endswith("_ids") and isinstance(inner, list):
                yield from ((key.removesuffix("_ids"), one) for one in inner)
            yield from _pointers(inner)


def test_a_list_that_is_pointed_at_needs_no_more_than_a_project() -> None:
    lists = [endpoint(name) for name in generated_rows._LISTS.values()]
    assert len(lists) > 30
    assert not [one.name for one in lists if one.parents]
    assert not [one.name for one in lists if "id" not in {field.name for field in one.fields}]


@pytest.mark.slow
def test_invented_rows_point_at_records_of_their_project() -> None:
    stems = ("incident", "wbs_code", "meeting", "managed_equipment", "submittal", "location")
    seen: Counter[str] = Counter()
    for project in _PROJECTS:
        pointers = [
            (one.name, stem, str(value))
            for one in _INVENTED
            for stem, value in _pointers(READER.rows(one.name, project))
        ]
        for stem in stems:
            there = {str(row["id"]) for row in READER.rows(generated_rows._LISTS[stem], project)}
            pointed = [(name, value) for name, key, value in pointers if key == stem]
            assert not [name for name, value in pointed if value not in there], stem
            seen[stem] += len(pointed)
    assert all(seen[stem] for stem in stems)


def test_an_invented_parent_is_an_earlier_row_of_the_same_list() -> None:
    inside = 0
    for project in READER.projects()[:40]:
        before: set[object] = {None}
        for row in READER.rows("bim_view_folders", project):
            assert row["parent_id"] in before
            inside += row["parent_id"] is not None
            before.add(row["id"])
    assert inside > 0


def test_an_invented_address_is_that_of_the_project_or_of_the_head_office() -> None:
    boards = READER.rows("bid_board_projects")
    assert {row["address"]["city"] for row in boards if row["address"]} == {"Columbus"}
    assert {row["address"]["state"] for row in boards if row["address"]} == {"OH"}
