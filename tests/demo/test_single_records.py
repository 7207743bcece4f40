"""Single records of the demo: what the list says, and the parts that stand in lists of their own."""

from __future__ import annotations

from typing import Any

import pytest

import procore_nb as pnb
from procore_nb.catalog import Endpoint, endpoints
from procore_nb.demo.app import routes

PROJECT = 1204421


@pytest.fixture(scope="module")
def procore() -> pnb.Procore:
    return pnb.connect("demo", progress=False)


@pytest.mark.parametrize(
    ("name", "key", "part", "parameter"),
    [
        ("work_order_contracts", "line_items", "work_order_contract_line_items", "work_order_contract_id"),
        ("prime_contracts", "line_items", "prime_contract_line_items", "prime_contract_id"),
        ("potential_change_orders", "line_items", "potential_change_order_line_items", "potential_change_order_id"),
        ("meetings", "meeting_categories", "meeting_categories", "meeting_id"),
    ],
)  # fmt: skip
def test_parts_of_a_record_are_the_rows_of_their_own_list(
    procore: pnb.Procore, name: str, key: str, part: str, parameter: str
) -> None:
    row = next(procore.records(name, project_id=PROJECT))
    contract = {"contract_id": row["contract_id"]} if name == "potential_change_orders" else {}
    path = procore.endpoint(name).record.path
    whole = procore.get(path.format(project_id=PROJECT, record_id=row["id"]), project_id=PROJECT, **contract)
    own = {
        key: value for key, value in row.items() if not key.startswith("group_")
    }  # meetings come in groups
    assert {name: whole[name] for name in own} == own
    parts = list(procore.records(part, project_id=PROJECT, **{parameter: row["id"]}))
    assert parts
    assert whole[key] == parts


def test_the_answers_of_an_rfi_are_its_replies(procore: pnb.Procore) -> None:
    row = next(procore.records("rfis", project_id=PROJECT, max_rows=1))
    whole = procore.record("rfis", row["id"], PROJECT)
    replies = list(procore.records("rfi_replies", project_id=PROJECT, rfi_id=row["id"]))
    assert whole["questions"][0][0]["answers"] == replies
    assert any(one["official"] for one in replies)
    assert set(whole.columns) > {"accepted", "distribution_list", "specification_section.number"}


def test_the_records_of_an_incident_are_those_of_the_project_that_name_it(procore: pnb.Procore) -> None:
    injuries: list[dict[str, Any]] = list(procore.records("injuries", project_id=PROJECT))
    for row in procore.records("incidents", project_id=PROJECT):
        whole = procore.get(f"/rest/v1.0/projects/{PROJECT}/incidents/{row['id']}")
        assert whole["injuries"] == [one for one in injuries if one["incident_id"] == row["id"]]


def test_no_amount_is_made_up_for_a_record(procore: pnb.Procore) -> None:
    row = next(procore.records("prime_contracts", project_id=PROJECT))
    whole = procore.get(f"/rest/v1.0/prime_contract/{row['id']}", project_id=PROJECT)
    added = {key: value for key, value in whole.items() if key not in row and key != "line_items"}
    assert {"outstanding_balance", "percentage_paid"} <= added.keys()
    assert not any(added.values())


def test_opening_the_demo_makes_no_record_of_any_list(monkeypatch: pytest.MonkeyPatch) -> None:
    rfis = next(one for one in endpoints() if one.name == "rfis")
    assert rfis.path_of_record == rfis.record.path

    def expensive(one: Endpoint) -> Endpoint:
        raise AssertionError(f"{one.name}: its fields are decoded and encoded for nothing")

    monkeypatch.setattr(Endpoint, "record", property(expensive))
    assert routes.__wrapped__().find("/rest/v1.0/projects/1/rfis/2")
