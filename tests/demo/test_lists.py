from __future__ import annotations

from typing import Any

import pytest

from procore_nb.catalog import Endpoint, endpoint, endpoints
from procore_nb.demo import COMPANY_ID, Demo, Portfolio
from procore_nb.demo.tables import RequestContext, Row, table, table_of

from .conftest import Caller
from .reading import address_of, rows_in

pytestmark = pytest.mark.slow

_PROJECT = 1204458
_CALLER = Caller(Demo(Portfolio(12)))  # lists of the whole company would take seconds each
_CALLER.log_in()
_SECTIONS = f"/rest/v1.0/projects/{_PROJECT}/action_plans/plan_sections"


def _rows(one: Endpoint, body: bytes) -> list[Any]:
    return rows_in(body, one.envelope)


def _fits(value: Any, kind: str) -> bool:
    if value is None or kind == "unknown":
        return True
    kinds: dict[str, type | tuple[type, ...]] = {"string": str, "integer": int, "number": (int, float)}
    kinds |= {"boolean": bool, "object": dict}
    return isinstance(value, kinds.get(kind, list))


def _declared(one: Endpoint) -> dict[str, str]:
    """JSON types by key, of the keys of a row itself."""
    declared = {
        field.name: field.type for field in one.fields if "." not in field.name and not field.is_placeholder
    }
    return {} if "" in declared else {name.removesuffix("[]"): kind for name, kind in declared.items()}


def _misfits(row: dict[str, Any], declared: dict[str, str]) -> set[str]:
    return {name for name in row if name not in declared} | {
        name for name, kind in declared.items() if not _fits(row.get(name), kind)
    }


def test_every_list_answers_with_rows_of_its_declared_types() -> None:
    failures: dict[str, Any] = {}
    for one in endpoints():
        reply = _CALLER.get(address_of(one))
        if reply.status != 200:
            failures[one.name] = reply.body
            continue
        declared = _declared(one)
        rows = [row for row in _rows(one, reply.body) if isinstance(row, dict)] if declared else []
        misfits = {name for row in rows for name in _misfits(row, declared)}
        if misfits:
            failures[one.name] = misfits
    assert not failures


def test_most_lists_have_rows() -> None:
    filled = [one for one in endpoints() if _rows(one, _CALLER.get(address_of(one)).body)]
    assert len(filled) > 650


def test_a_list_is_the_same_every_time() -> None:
    one = endpoint("observation_items")
    other = Caller(Demo())
    other.log_in()
    assert other.get(address_of(one)).body == _CALLER.get(address_of(one)).body


def test_ids_of_rows_are_unique_across_projects() -> None:
    one, seen = endpoint("punch_items_v1_0"), []
    for project in Portfolio().projects(_CALLER.demo.portfolio.company)[8:30]:
        reply = _CALLER.get(address_of(one, project=project.id))
        seen += [row["id"] for row in _rows(one, reply.body)] if reply.status == 200 else []
    assert len(seen) == len(set(seen)) > 50


def test_a_missing_parameter_is_named() -> None:
    failures = {}
    asked = [one for one in endpoints() if one.required_query]
    for one in asked:
        reply = _CALLER.get(address_of(one).partition("?")[0])
        names = [name.removesuffix("[]") for group in one.required_query for name in group]
        if reply.status != 400 or not any(name in reply.body.decode() for name in names):
            failures[one.name] = reply.body
    assert len(asked) > 200
    assert not failures


def test_a_tool_that_is_off_is_not_found_and_says_so_in_the_tools() -> None:
    project = next(p for p in Portfolio().projects(_CALLER.demo.portfolio.company) if "RFI" in p.tools_off)
    assert _CALLER.get(f"/rest/v1.0/projects/{project.id}/rfis").status == 404
    assert _CALLER.get(f"/rest/v1.0/projects/{project.id}/incidents").status == 200
    tools = _CALLER.get(f"/rest/v1.0/projects/{project.id}/tools").json()
    assert "rfi" in {tool["engine_name"] for tool in tools if not tool["is_active"]}


def test_v2_lists_are_in_an_envelope_with_ids_as_text() -> None:
    one = endpoint("async_operations")
    answer = _CALLER.get(address_of(one)).json()
    assert set(answer) == {"data"}
    assert all(isinstance(row["id"], str) for row in answer["data"])


def test_one_record_is_shown_as_in_its_list() -> None:
    row = _CALLER.get(f"{_SECTIONS}").json()[0]
    assert _CALLER.get(f"{_SECTIONS}/{row['id']}").json() == row
    assert _CALLER.get(f"{_SECTIONS}/1").status == 404


def test_without_dates_a_daily_list_has_only_today() -> None:
    address = f"/rest/v1.0/projects/{_PROJECT}/visitor_logs"
    today = _CALLER.get(address).json()
    longer = _CALLER.get(f"{address}?start_date=2026-04-01&end_date=2026-06-18").json()
    assert {row["date"] for row in today} == {"2026-06-18"}
    assert len(longer) > len(today)
    one = _CALLER.get(f"{address}?log_date={longer[-1]['date']}").json()
    assert {row["date"] for row in one} == {longer[-1]["date"]}
    assert _CALLER.get(f"{address}?log_date=soon").status == 400


def test_rows_are_filtered_by_value_time_and_linked_id() -> None:
    address = _SECTIONS + "?"
    rows = _CALLER.get(address).json()
    wanted = rows[2]
    for text, expected in (
        (f"filters[id]={wanted['id']}", [wanted]),
        (f"filters[id][]={wanted['id']}&filters[id][]={rows[0]['id']}", [rows[0], wanted]),
        (
            f"filters[updated_at]={wanted['updated_at']}...2026-06-19",
            [row for row in rows if row["updated_at"] >= wanted["updated_at"]],
        ),
        (f"filters[created_at]={wanted['created_at']}...{wanted['created_at']}", [wanted]),
    ):
        assert _CALLER.get(address + text).json() == expected, text


def test_rows_are_sorted_with_missing_values_last() -> None:
    rows = _CALLER.get(f"{_SECTIONS}?sort=-created_at").json()
    assert [row["created_at"] for row in rows] == sorted((row["created_at"] for row in rows), reverse=True)


@pytest.mark.parametrize(
    ("address", "field"),
    [
        ("/rest/v1.0/projects/1204458/rfis?sort[attribute]=number&sort[direction]=asc", "number"),
        ("/rest/v1.0/potential_change_orders?project_id=1204458&sort=grand_total", "grand_total"),
    ],
)
def test_numbers_in_text_are_sorted_as_numbers(address: str, field: str) -> None:
    values = [float(row[field]) for row in _CALLER.get(address).json()]
    assert values == sorted(values)
    assert [str(value) for value in values] != sorted(str(value) for value in values)


def test_a_time_declared_as_a_date_is_sent_as_a_date() -> None:
    rows = _CALLER.get("/rest/v1.0/projects/1204458/specification_sets").json()
    assert rows
    assert all(len(row["created_at"]) == 10 for row in rows)


def test_stages_programs_and_custom_fields_are_those_of_the_projects() -> None:
    projects = _CALLER.get(f"/rest/v1.1/projects?company_id={COMPANY_ID}&per_page=300").json()
    base = f"/rest/v1.0/companies/{COMPANY_ID}"
    stages = {row["id"]: row["name"] for row in _CALLER.get(f"{base}/project_stages").json()}
    programs = {row["id"] for row in _CALLER.get(f"{base}/programs").json()}
    fields = _CALLER.get(f"/rest/v1.1/companies/{COMPANY_ID}/custom_field_definitions").json()
    kinds = {f"custom_field_{row['id']}": row["data_type"] for row in fields}
    for project in projects:
        assert stages[project["project_stage"]["id"]] == project["project_stage"]["name"]
        assert project["program"] is None or project["program"]["id"] in programs
        shown = {key: value["data_type"] for key, value in project["custom_fields"].items()}
        assert shown.items() <= kinds.items()


def test_rows_of_a_tool_show_its_custom_fields_and_the_same_in_each_list() -> None:
    known = _CALLER.get(f"/rest/v1.0/custom_field_metadata?company_id={COMPANY_ID}").json()
    hosted = {row["custom_field_definition_id"] for row in known if row["host_type"].endswith("::RFI")}
    rows = _CALLER.get("/rest/v1.0/projects/1204458/rfis").json()
    for row in rows:
        assert set(row["custom_fields"]) == {f"custom_field_{number}" for number in hosted}
    one = _CALLER.get(f"/rest/v1.0/projects/1204458/rfis/{rows[0]['id']}").json()
    assert one["custom_fields"] == rows[0]["custom_fields"]
    assert len({repr(row["custom_fields"]) for row in rows}) > len(rows) / 2


def test_two_tables_for_one_list_are_refused() -> None:
    assert table_of("project_stages") is not None

    def other(_scene: RequestContext) -> list[Row]:
        return []

    with pytest.raises(ValueError, match="two tables"):
        table("project_stages")(other)


def test_filters_that_procore_works_out_choose_rows_in_the_demo() -> None:
    """Rows have no key of these names: without a rule of their own they would choose nothing away."""
    address = "/rest/v1.0/projects/1204384/rfis?per_page=2000"
    rows = _CALLER.get(address).json()
    late = [row for row in rows if row["status"] == "open" and (row["due_date"] or "9")[:10] < "2026-06-18"]
    assert 0 < len(late) < len(rows)
    for value in ("true", "false"):  # false acts like true
        assert _CALLER.get(f"{address}&filters[overdue]={value}").json() == late
    for name, filters in {
        "rfis": ("linked_to_external_rfis", "linked_to_connected_rfis"),
        "incidents": ("has_root_cause_analysis", "recordable", "time_unknown"),
        "submittals": ("unpackaged",),
    }.items():
        version = "v1.1" if name == "submittals" else "v1.0"
        every = f"/rest/{version}/projects/{_PROJECT}/{name}?per_page=2000"
        for one in filters:
            counts = [
                len(_CALLER.get(f"{every}&filters[{one}]={value}").json()) for value in ("true", "false")
            ]
            assert sum(counts) == len(_CALLER.get(every).json()) > 0, one
    every = f"/rest/v1.1/projects/{_PROJECT}/submittals?per_page=2000"  # none is in a package
    assert _CALLER.get(f"{every}&filters[unpackaged]=true").json() == _CALLER.get(every).json()


@pytest.mark.parametrize(
    ("list_of", "name", "inside"),
    [
        ("v1.1/projects/1204347/submittals", "response_id", ("approvers", "response")),
        ("v1.0/observations/items?project_id=1204347", "assignee_company_id", ("assignee", "vendor")),
        ("v1.1/punch_items?project_id=1204347", "vendor_id", ("assignments", "vendor")),
    ],
)
def test_a_filter_reads_a_field_inside_another(list_of: str, name: str, inside: tuple[str, str]) -> None:
    def ids(row: dict[str, Any]) -> set[int]:
        outer = row[inside[0]]
        held = [one.get(inside[1]) for one in (outer if isinstance(outer, list) else [outer or {}])]
        return {one["id"] for one in held if one}

    address = f"/rest/{list_of}{'&' if '?' in list_of else '?'}per_page=2000"
    rows = _CALLER.get(address).json()
    wanted = next(number for row in rows for number in ids(row))
    expected = [row for row in rows if wanted in ids(row)]
    assert 0 < len(expected) < len(rows)
    assert _CALLER.get(f"{address}&filters[{name}]={wanted}").json() == expected
    assert _CALLER.get(f"{address}&filters[{name}]=1").json() == []


def test_no_submittal_of_the_demo_has_a_task() -> None:
    assert _CALLER.get("/rest/v1.1/projects/1204347/submittals?filters[task_id]=1").json() == []


def test_a_range_on_what_is_no_time_finds_nothing() -> None:
    path = "/rest/v2.0/companies/24816/projects/1204458/prime_contracts"
    assert _CALLER.get(path).json()["data"]
    assert _CALLER.get(f"{path}?filters[id]=2026-01-01...2026-03-01").json() == {"data": []}


def test_a_filter_on_any_time_refuses_what_is_no_time() -> None:
    path = "/rest/v2.0/companies/24816/projects/1204458/materials_mgmt/receipts/line_items"
    assert _CALLER.get(f"{path}?filters[received_at]=soon").status == 400
    assert _CALLER.get(f"{path}?filters[received_at]=2026-01-01...2026-03-01").status == 200
