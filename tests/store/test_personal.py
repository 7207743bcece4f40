from __future__ import annotations

import re

import pytest

from procore_nb import catalog
from procore_nb.frames.types import declared_by
from procore_nb.store.pii import personal_columns, without_personal

FIRMS_AND_THINGS = [
    "id",
    "name",
    "vendor.name",
    "company_name",
    "project_name",
    "created_by.id",
    "created_by_vendor_name",
    "email_sent_at",
    "electronic_signature_id",
    "title",
    "location.name",
    "custom_fields.Risk",
    "custom_fields.Riskmail",
    "sort_by",
    "submit_by",
    "lead_time",
]
PEOPLES = [
    "email_address",
    "vendor.phone",
    "created_by.name",
    "created_by",
    "created_by_name",
    "punch_item_manager.name",
    "designated_reviewer.name",
    "reviewed_by.name",
    "distributed_to.name",
    "witness.name",
    "affected_person.name",
    "user.first_name",
    "user.name",
    "user.city",
    "from_external_email",
    "procore_signature.signature_text",
    "signature.attachment.url",
    "assignments.login_information_name",
    "emergency_contact_relation",
    "hourly_wage",
    "deactivatedByName",
    "custom_fields.Foreman's e-mail",
    "custom_fields.Contact Phone",
    "inspector",
]


@pytest.mark.parametrize("name", FIRMS_AND_THINGS)
def test_a_firm_a_thing_or_an_id_is_no_person(name: str) -> None:
    assert personal_columns({name: "text"}) == []


@pytest.mark.parametrize("name", PEOPLES)
def test_what_tells_of_a_person_is_personal(name: str) -> None:
    assert personal_columns({name: "text"}) == [name]


def test_a_yes_or_no_and_numbers_of_people_are_not_personal() -> None:
    assert personal_columns({"signature_on_file": "boolean", "created_by": "integer"}) == []


@pytest.mark.slow
def test_no_list_of_the_catalogue_keeps_what_is_plainly_personal() -> None:
    telling = re.compile(
        r"mail|phone|mobile|fax|login|signature|birth|initials|avatar|first_name|last_name|full_name"
        r"|(_by|user|person|manager|assignee|approver|reviewer|inspector|contact)(\.|_)name$"
    )
    harmless = re.compile(
        r"[_.](id|ids|at|count|required|sent|trigger|type|status|format|display|requests)$|_id\b"
    )
    missed, seen = set(), 0
    for endpoint in catalog.endpoints():
        kinds = {".".join(path): kind for path, kind in declared_by(endpoint).columns.items()}
        skipped = set(personal_columns(kinds))
        seen += len(skipped)
        for name, kind in kinds.items():
            last = ".".join(name.split(".")[-2:])
            if kind == "text" and telling.search(last) and not harmless.search(last) and name not in skipped:
                missed.add(f"{endpoint.name}: {name}")
    assert not missed
    assert seen > 1000


def test_people_inside_lists_lose_all_but_their_ids() -> None:
    value = [
        {"id": 1, "name": "Kim", "login": "kim@example.com"},
        {"id": 2, "vendor": {"id": 3, "name": "Kim & Sons", "phone": "555"}, "approved_by": "Kim"},
    ]
    assert without_personal(value, "plan_approvers") == [
        {"id": 1},
        {"id": 2, "vendor": {"id": 3, "name": "Kim & Sons"}},
    ]
    assert without_personal([{"id": 1, "name": "Kim"}], "trades") == [{"id": 1, "name": "Kim"}]
