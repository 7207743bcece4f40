from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson

from procore_nb.catalog import Endpoint, endpoint
from procore_nb.demo import COMPANY_ID, Demo, Portfolio
from procore_nb.demo.tables import RequestContext, directory
from procore_nb.demo.tables.templates import serialised, shape_of

from .conftest import Caller

_CALLER = Caller(Demo())
_CALLER.log_in()
_PROJECT = 1204458


def _list(fields: str, **more: Any) -> Endpoint:
    return Endpoint(name="made_up", path="/rest/v1.0/made_up", field_text=fields, **more)


def _get(address: str) -> list[dict[str, Any]]:
    reply = _CALLER.get(address)
    assert reply.status == 200, reply.body
    rows: list[dict[str, Any]] = reply.json()
    return rows


def test_a_row_is_written_as_its_list_declares() -> None:
    shape = shape_of(
        _list(
            "id\tstring\t\t\namount\tstring\t\t\nrate\tnumber\t\t\ndue\tstring\tdate\t\nat\tstring\tdate-time\t\n"
            "day\tstring\tdate-time\t\nperson\tobject\t\t\nperson.id\tinteger\t\t\ntags[]\tarray<string>\t\t\nnote\tstring\t\t"
        )
    )
    moment = datetime(2026, 6, 1, 8, 30, tzinfo=UTC)
    row = {
        "id": 2**60,
        "amount": Decimal("10.50"),
        "rate": Decimal("0.5"),
        "due": moment,
        "at": moment,
        "day": date(2026, 6, 2),
        "person": {"id": 7, "login": "x"},
        "unknown": 1,
        "Revised Budget": Decimal(3),
    }
    assert serialised(row, shape) == {
        "id": str(2**60),
        "amount": "10.50",
        "rate": 0.5,
        "due": "2026-06-01",
        "at": "2026-06-01T08:30:00Z",
        "day": "2026-06-02T00:00:00Z",
        "person": {"id": 7},
        "tags": [],
        "note": None,
        "Revised Budget": "3",
    }


def test_times_of_the_second_version_show_thousandths_except_at_midnight() -> None:
    fields = "at\tstring\tdate-time\t\nday\tstring\tdate-time\t\nrate\tnumber\tfloat\t"
    row = {"at": datetime(2026, 6, 1, 8, 30, tzinfo=UTC), "day": date(2026, 6, 2), "rate": 3}
    written = serialised(row, shape_of(_list(fields, version="v2.0")))
    assert written["at"].startswith("2026-06-01T08:30:00.")
    assert len(written["at"]) == len("2026-06-01T08:30:00.123Z")
    assert written["day"] == "2026-06-02T00:00:00.000Z"
    assert orjson.dumps(written["rate"]) == b"3.0"


def test_ids_are_the_same_for_every_list_and_different_for_every_project() -> None:
    portfolio = Portfolio()
    projects = portfolio.projects(portfolio.company)
    one, other = (
        RequestContext(_list(""), portfolio, portfolio.company, project) for project in projects[:2]
    )
    assert one.id("rfi", 3) == RequestContext(_list(""), Portfolio(), portfolio.company, projects[0]).id(
        "rfi", 3
    )
    assert len({one.id("rfi", 3), other.id("rfi", 3), one.id("submittal", 3), one.id("rfi", 4)}) == 4
    assert one.number_of("rfi", one.id("rfi", 3)) == 3
    assert other.number_of("rfi", one.id("rfi", 3)) is None
    assert one.number_of("rfi", "abc") is None


def test_everybody_on_a_project_is_in_the_companys_directory() -> None:
    base = f"/rest/v1.3/companies/{COMPANY_ID}"
    known = {row["id"]: row["name"] for row in _get(f"{base}/users?per_page=500")}
    firms = {row["id"]: row for row in _get(f"/rest/v1.0/vendors?company_id={COMPANY_ID}&per_page=500")}
    on_project = _get(f"/rest/v1.0/projects/{_PROJECT}/users")
    assert len(on_project) > 15
    for row in on_project:
        assert known[row["id"]] == row["name"]
        assert row["vendor"] is None or row["vendor"]["id"] in firms
    for row in _get(f"/rest/v1.1/projects/{_PROJECT}/vendors"):
        assert _PROJECT in firms[row["id"]]["project_ids"]


def test_those_who_left_are_in_the_list_of_inactive_users_only() -> None:
    active = {row["id"] for row in _get(f"/rest/v1.3/companies/{COMPANY_ID}/users?per_page=500")}
    gone = {row["id"] for row in _get(f"/rest/v1.0/companies/{COMPANY_ID}/users/inactive?per_page=500")}
    assert gone
    assert not active & gone


def test_a_firm_is_filtered_by_trade() -> None:
    rows = _get(f"/rest/v1.0/vendors?company_id={COMPANY_ID}&filters[trade_id][]=5200")
    assert {row["trade_name"] for row in rows} == {"Concrete"}


def test_locations_form_a_tree_whose_names_hold_the_path() -> None:
    rows = {row["id"]: row for row in _get(f"/rest/v1.0/projects/{_PROJECT}/locations")}
    assert len(rows) > 4
    for row in rows.values():
        if row["parent_id"] is not None:
            assert row["name"] == f"{rows[row['parent_id']]['name']}>{row['node_name']}"


def test_invented_rows_name_people_and_places_of_the_portfolio() -> None:
    logins = {person.login for person in directory.directory(COMPANY_ID)[1]}
    rows = _get(f"/rest/v1.0/projects/{_PROJECT}/action_plans/plans?per_page=100")
    rows += _get(f"/rest/v1.1/projects/{_PROJECT}/forms")
    found = [row["created_by"]["login"] for row in rows if row.get("created_by")]
    assert found
    assert set(found) <= logins


def test_active_projects_are_the_same_in_every_list_of_them() -> None:
    plain = _get(f"/rest/v1.0/companies/{COMPANY_ID}/projects?per_page=500")
    full = _get(f"/rest/v1.1/projects?company_id={COMPANY_ID}&per_page=300")
    assert [(row["id"], row["name"]) for row in plain] == [(row["id"], row["name"]) for row in full]


def test_a_zero_based_list_begins_at_page_0() -> None:
    path = endpoint("workforce_projects").path.replace("{company_id}", str(COMPANY_ID))
    first = _CALLER.get(path)
    assert first.header("Total") is None
    assert first.json()
    assert _CALLER.get(f"{path}?page=0").body == first.body
    assert _CALLER.get(f"{path}?page=1").body == b"[]"


def test_a_list_without_paging_comes_whole_and_says_no_total() -> None:
    reply = _CALLER.get(f"/rest/v1.0/companies/{COMPANY_ID}/permission_templates?page=2&per_page=1")
    assert len(reply.json()) > 1
    assert (reply.header("Total"), reply.header("Link")) == (None, None)
