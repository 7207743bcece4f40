from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from procore_nb.catalog import endpoint
from procore_nb.demo import Demo, Portfolio

from .conftest import Caller

V1_0, V1_1 = "/rest/v1.0/projects?company_id=24816", "/rest/v1.1/projects?company_id=24816"
_ALL = "&filters[by_status]=All"


def _rows(caller: Caller, address: str) -> list[dict[str, Any]]:
    reply = caller.get(f"{address}&per_page=300")
    assert reply.status == 200, reply.body
    rows: list[dict[str, Any]] = reply.json()
    return rows


@pytest.mark.parametrize(
    "address", ["/rest/v1.0/projects", "/rest/v1.1/projects", "/rest/v1.0/projects/1204310"]
)
def test_projects_need_a_company_id(caller: Caller, address: str) -> None:
    reply = caller.get(address)
    assert reply.status == 400
    assert "company_id" in reply.json()["message"]


@pytest.mark.parametrize(
    ("address", "name"), [(V1_0, "projects_v1_0"), (f"{V1_1}&view=extended", "projects"), (V1_1, "projects")]
)
def test_rows_have_only_keys_that_procore_declares(caller: Caller, address: str, name: str) -> None:
    declared = {field.name.partition(".")[0].removesuffix("[]") for field in endpoint(name).fields}
    for row in _rows(caller, address + _ALL):
        assert set(row) <= declared


def test_extended_rows_have_every_key_that_procore_declares(caller: Caller) -> None:
    declared = {field.name.partition(".")[0].removesuffix("[]") for field in endpoint("projects").fields}
    assert set(_rows(caller, f"{V1_1}&view=extended")[0]) == declared


def test_the_stage_is_a_word_in_1_0_and_an_object_in_1_1(caller: Caller) -> None:
    old, new = _rows(caller, V1_0)[0], _rows(caller, V1_1)[0]
    assert old["stage"] == new["project_stage"]["name"]
    assert "stage" not in new


def test_only_active_projects_come_unless_asked_otherwise(caller: Caller) -> None:
    active, inactive = _rows(caller, V1_1), _rows(caller, f"{V1_1}&filters[by_status]=Inactive")
    assert all(row["active"] for row in active)
    assert inactive
    assert not any(row["active"] for row in inactive)
    assert len(active) + len(inactive) == len(_rows(caller, V1_1 + _ALL))


def test_an_unknown_status_or_view_is_a_bad_request(caller: Caller) -> None:
    assert caller.get(f"{V1_1}&filters[by_status]=Some").status == 400
    assert caller.get(f"{V1_1}&view=huge").status == 400


@pytest.mark.slow
def test_ids_are_bare_numbers_and_fit_on_one_page(caller: Caller) -> None:
    reply = caller.get(f"{V1_1}&view=ids&per_page=10{_ALL}")
    assert all(isinstance(one, int) for one in reply.json())
    assert len(reply.json()) == 172
    assert reply.header("Per-Page") == "200000"


@pytest.mark.parametrize(
    "notation", ["filters[id][]=1204310&filters[id][]=1204347", "filters[id]=[1204310,1204347]"]
)
def test_ids_are_filtered_in_both_notations(caller: Caller, notation: str) -> None:
    assert [row["id"] for row in _rows(caller, f"{V1_1}&{notation}")] == [1204310, 1204347]


@pytest.mark.parametrize("written", ["{}...{}", '"{}...{}"', '"{}"..."{}"'])
def test_a_range_of_times_keeps_what_is_inside(caller: Caller, written: str) -> None:
    text = quote(written.format("2026-06-10T00:00:00Z", "2026-06-12T00:00:00Z"))
    rows = _rows(caller, f"{V1_1}&filters[updated_at]={text}{_ALL}")
    inside = [
        row
        for row in _rows(caller, V1_1 + _ALL)
        if "2026-06-10" <= row["updated_at"] <= "2026-06-12T00:00:00Z"
    ]
    assert rows == inside
    assert 0 < len(rows) < 60


def test_the_last_day_of_a_range_counts(caller: Caller) -> None:
    rows = _rows(caller, f"{V1_1}&filters[updated_at]=2026-06-10...2026-06-10{_ALL}")
    assert rows
    assert {row["updated_at"][:10] for row in rows} == {"2026-06-10"}


def test_a_range_that_cannot_be_read_is_a_bad_request(caller: Caller) -> None:
    assert caller.get(f"{V1_1}&filters[updated_at]=soon...later").status == 400


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("by_stage", "project_stage"),
        ("by_type", "project_type"),
        ("by_office", "office"),
        ("by_program", "program"),
    ],
)
def test_linked_entries_are_filtered_by_id(caller: Caller, name: str, key: str) -> None:
    every = _rows(caller, V1_1)
    wanted = next(row[key]["id"] for row in every if row[key])
    expected = [row["id"] for row in every if row[key] and row[key]["id"] == wanted]
    assert [row["id"] for row in _rows(caller, f"{V1_1}&filters[{name}]={wanted}")] == expected


def test_a_name_is_filtered_whatever_its_script(caller: Caller) -> None:
    rows = _rows(caller, f"{V1_1}&filters[name]={quote('برج الميناء')}{_ALL}")
    assert [row["city"] for row in rows] == ["Dubai"]


def test_sorting_goes_both_ways(caller: Caller) -> None:
    names = [row["name"] for row in _rows(caller, f"{V1_1}&sort=name")]
    back = [row["name"] for row in _rows(caller, f"{V1_1}&sort=-name")]
    assert names == sorted(names, key=str.lower)
    assert back == names[::-1]


@pytest.mark.parametrize("name", ["filters[a]b", "filters[a[b]]"])
def test_a_filter_that_is_not_well_formed_is_a_bad_request(caller: Caller, name: str) -> None:
    reply = caller.get(f"{V1_1}&{name}=1")
    assert (reply.status, reply.json()["fields"]) == (400, name)


def test_an_unknown_filter_changes_nothing(caller: Caller) -> None:
    assert len(_rows(caller, f"{V1_1}&filters[colour]=red")) == len(_rows(caller, V1_1))


def test_a_single_project_is_the_one_of_the_list(caller: Caller) -> None:
    row = _rows(caller, V1_0)[1]
    shown = caller.get(f"/rest/v1.0/projects/{row['id']}?company_id=24816").json()
    assert {key: shown[key] for key in row} == row


def test_a_project_without_permission_is_listed_and_nothing_more(caller: Caller) -> None:
    hidden = next(p for p in Portfolio().projects(caller.demo.portfolio.company) if not p.permitted)
    assert hidden.id in {row["id"] for row in _rows(caller, V1_1)}
    assert caller.get(f"/rest/v1.0/projects/{hidden.id}?company_id=24816").status == 403
    assert caller.get(f"/rest/v1.0/projects/{hidden.id}/rfis").status == 403


@pytest.mark.parametrize("text", ["1", "abc", "9" * 40, "%00", "1204310.0"])
def test_a_project_that_is_not_there_is_not_found(caller: Caller, text: str) -> None:
    assert caller.get(f"/rest/v1.0/projects/{text}?company_id=24816").status == 404


def test_a_hundred_thousand_projects_are_served_page_by_page(caller_of: Callable[[Demo], Caller]) -> None:
    caller = caller_of(Demo(Portfolio(100_000)))
    reply = caller.get(f"{V1_1}{_ALL}&per_page=300&page=334")
    assert reply.header("Total") == "100000"
    assert len(reply.json()) == 100
    assert reply.json()[0]["display_name"].startswith("HV-")
