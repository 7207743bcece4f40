"""Lists whose groups are the keys of an object: financial periods."""

import json

import pytest

from procore_nb.responses import read_page
from procore_nb.responses.response import Response


def _page(body: object) -> list[object]:
    response = Response(status=200, headers={}, body=json.dumps(body).encode(), url="https://x.example/y")
    return read_page(response, envelope="data{}").rows


def test_each_row_names_its_group() -> None:
    assert _page({"data": {"2026": [{"id": 1}, {"id": 2}], "2027": [{"id": 3}], "2028": []}}) == [
        {"group_name": "2026", "id": 1},
        {"group_name": "2026", "id": 2},
        {"group_name": "2027", "id": 3},
    ]


@pytest.mark.parametrize("body", [{"data": {}}, {"data": []}, {"data": None}])
def test_no_groups_are_no_rows(body: object) -> None:
    assert _page(body) == []


def test_a_plain_list_is_read_all_the_same() -> None:
    assert _page({"data": [{"id": 1}]}) == [{"id": 1}]
