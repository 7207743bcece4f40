"""Which columns hold personal data, for `drop_personal=True`.

In: names of columns. Out: those to leave out; and lists without such keys. Speaks to no service.

Left out, wherever they stand (the last part of a dotted name counts):

- how to reach or know a person: every name in `PERSONAL`;
- the name of a person: `name`, `full_name` and the like beside a `login`, a `first_name` or a `last_name`, that is where
  the object is a person and not a firm (`created_by.name`; not `vendor.name`), and below the words in `PEOPLE`;
- the same keys inside lists (`assignees[].login`).

Ids of people stay: without them rows could not be counted by person, and they say nothing without Procore. Text that
people write (descriptions, comments) is kept as it is and may name somebody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
import pyarrow as pa

from procore_nb.frames.names import Kind
from procore_nb.frames.read import json_text

PERSONAL = frozenset(
    [
        "login",
        "login_information",
        "email",
        "email_address",
        "email_signature",
        "first_name",
        "last_name",
        "middle_name",
        "full_name",
        "initials",
        "mobile_phone",
        "business_phone",
        "business_phone_extension",
        "home_phone",
        "phone",
        "phone_number",
        "cell_phone",
        "fax",
        "fax_number",
        "contact_name",
        "contact_email",
        "contact_phone",
        "avatar",
        "avatar_url",
        "signature",
        "signature_url",
        "vcard_url",
        "date_of_birth",
        "birth_date",
        "birthday",
        "gender",
        "ethnicity",
        "ssn",
        "employee_id",
        "emergency_contact",
        "emergency_contact_name",
        "emergency_contact_phone_number",
        "emergency_contact_relationship",
        "hire_date",
        "job_title",
        "user_name",
        "username",
        "ip_address",
        "race",
        "age",
        "injured_person",
        "involved_person_name",
        "party_name",
    ]
)
PEOPLE = frozenset(
    [
        "created_by",
        "updated_by",
        "deleted_by",
        "assignee",
        "assignees",
        "approver",
        "approvers",
        "author",
        "manager",
        "rfi_manager",
        "received_from",
        "received_from_login_information",
        "submittal_manager",
        "ball_in_court",
        "ball_in_courts",
        "responsible_party",
        "user",
        "users",
        "person",
        "people",
        "party",
        "closed_by",
        "inspector",
        "point_of_contact",
        "creator",
        "owner_contact",
        "signatory",
        "distribution_members",
        "initiated_by",
        "reviewer",
        "reviewers",
        "performed_by",
        "requested_by",
        "reported_by",
        "contact",
        "recipient",
        "from",
    ]
)
_NAMES = frozenset(("name", "display_name", "sortable_name", "label", "title", "signature"))
_MARKS = frozenset(("login", "first_name", "last_name"))


def personal_columns(names: Iterable[str]) -> list[str]:
    """Those of the columns that hold personal data."""
    names = list(names)
    people = {name.rpartition(".")[0] for name in names if name.rpartition(".")[2] in _MARKS}
    found = []
    for name in names:
        owner, _, last = name.rpartition(".")
        is_person = owner in people or owner.rpartition(".")[2] in PEOPLE
        if last in PERSONAL or (last in _NAMES and is_person):
            found.append(name)
    return found


def scrubbed(rows: pa.Table, kinds: Mapping[str, Kind]) -> pa.Table:
    """Rows as they are stored, their lists without personal keys."""
    for name in (name for name, kind in kinds.items() if kind == "list"):
        people = name.rpartition(".")[2] in PEOPLE
        texts = [
            None if text is None else json_text(without_personal(orjson.loads(text), people=people))
            for text in rows.column(name).to_pylist()
        ]
        rows = rows.set_column(rows.column_names.index(name), name, pa.array(texts, pa.string()))
    return rows


def without_personal(value: Any, *, people: bool = False) -> Any:
    """A list's value without personal keys; `people` where its name says that its elements are people."""
    if isinstance(value, list):
        return [without_personal(each, people=people) for each in value]
    if not isinstance(value, dict):
        return value
    person = people or bool(_MARKS & value.keys())
    return {
        key: without_personal(each, people=key in PEOPLE)
        for key, each in value.items()
        if key not in PERSONAL and not (person and key in _NAMES)
    }
