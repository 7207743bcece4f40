"""Which columns hold personal data, for `drop_personal=True`.

In: names and types of columns. Out: those to leave out; and lists without such keys. Speaks to no service.

Left out, wherever they stand (the last part of a dotted name counts, by its words, in any case):

- how to reach or recognize a person: names with a word of `PERSONAL_WORDS` (`from_external_email`, `cell_phone`), and
  `PERSONAL_NAMES`; not what only says something of it (`IMPERSONAL_WORDS`: `email_sent_at`, `signature_required`), and no yes or no;
- the name and address of a person: `NAME_COLUMNS` inside whatever `is_person` says is one (`created_by.name`,
  `punch_item_manager.name`; not `vendor.name`), and beside a `login`, a `first_name` or a `last_name`; `created_by_name`; a text that is `created_by`;
- the same keys inside lists (`assignees[].login`).

Ids of people stay: without them rows could not be counted by person, and they say nothing without Procore. Text that
people write (descriptions, comments) is kept as it is and may name somebody.
"""

# ruff: noqa: SIM905 - lists of words are read as text
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
import pyarrow as pa

from procore_nb.frames.parse import json_text
from procore_nb.frames.types import LogicalType

PERSONAL_WORDS = frozenset(
    """
    email emails mail phone phones telephone mobile fax login username avatar vcard birth birthday
    birthdate gender ethnicity ssn passport salary emergency signature signatures initials
    """.split()
)
IMPERSONAL_WORDS = frozenset(
    """
    id ids at count required requested sent trigger type status format display enabled allowed requests
    """.split()
)
PERSONAL_NAMES = frozenset(
    """
    first_name last_name middle_name full_name user_name nickname age race employee_id employee_number
    hire_date hired_date job_title job_title_name hourly_wage wage_overrides last_login_at ip_address
    injured_person involved_name contact_number
    """.split()
)
PEOPLE = frozenset(
    """
    approver assignee attendee author contact creator employee foreman initiator inspector lead manager
    member operator party person people receiver recipient requester responder reviewer sender signatory
    superintendent supervisor user watcher witness worker
    """.split()
)
"""The last word of what names people, in the singular; so does what ends in `_by`."""
_ROLES = frozenset("court from to information distribution signature".split())  # of objects and lists only
_NO_PEOPLE = frozenset("sort_by group_by order_by submit_by required_by needed_by due_by".split())
NAME_COLUMNS = frozenset("name display_name sortable_name display label title address city zip".split())
_NAMES_OF_PEOPLE = ("_first_name", "_last_name", "_full_name")  # of a bid: `nda_first_name`
MARKS = frozenset(("login", "first_name", "last_name"))


def is_person(name: str, *, inside: bool = True) -> bool:
    """Whether an object or list of this name is people; with `inside` False, whether a mere text of this name names one."""
    words = _words(name)
    if "_".join(words) in _NO_PEOPLE or not words:
        return False
    last = words[-1]
    known = PEOPLE | _ROLES if inside else PEOPLE
    return (last == "by" and len(words) > 1) or last in known or last.removesuffix("s") in known


def personal_columns(types: Mapping[str, LogicalType]) -> list[str]:
    """Those of the columns that hold personal data."""
    people, personal = people_in(types), []
    for name, logical in types.items():
        owner, _, last = name.rpartition(".")
        of_person = owner in people or is_person(owner.rpartition(".")[2])
        person = logical == "text" and is_person(last, inside=False)
        # What belongs to something personal (`signature.attachment.url`) is personal, if it is no mere id or time.
        last_word = "".join(_words(last)[-1:])
        below = (
            last_word
            and last_word not in IMPERSONAL_WORDS
            and any(_is_personal(part, False) for part in owner.split("."))
        )
        if logical != "boolean" and (person or _is_personal(last, of_person) or below):
            personal.append(name)
    return personal


def people_in(columns: Iterable[str]) -> set[str]:
    """The objects that are people by what they have: a login, a first or a last name; the row itself is the empty one."""
    return {name.rpartition(".")[0] for name in columns if name.rpartition(".")[2] in MARKS}


def scrubbed(rows: pa.Table, types: Mapping[str, LogicalType]) -> pa.Table:
    """Rows as they are stored, their lists without personal keys."""
    for name in (name for name, logical in types.items() if logical == "list"):
        texts = [
            None if text is None else json_text(without_personal(orjson.loads(text), name))
            for text in rows.column(name).to_pylist()
        ]
        rows = rows.set_column(rows.column_names.index(name), name, pa.array(texts, pa.string()))
    return rows


def without_personal(value: Any, name: str = "") -> Any:
    """A value inside a list without personal keys; `name` is that of the list."""
    if isinstance(value, list):
        return [without_personal(each, name) for each in value]
    if not isinstance(value, dict):
        return value
    person = is_person(name.rpartition(".")[2]) or bool(MARKS & value.keys())
    return {
        key: without_personal(each, key)
        for key, each in value.items()
        if isinstance(each, bool)
        or not (_is_personal(key, person) or (isinstance(each, str) and is_person(key, inside=False)))
    }


def _is_personal(name: str, of_a_person: bool) -> bool:
    """Whether a column or key of this name holds personal data."""
    words = _words(name)
    whole = "_".join(words)
    if whole in PERSONAL_NAMES or whole.endswith(_NAMES_OF_PEOPLE) or (of_a_person and whole in NAME_COLUMNS):
        return True
    if not words or words[-1] in IMPERSONAL_WORDS:
        return False
    return bool(PERSONAL_WORDS & set(words)) or (words[-1] == "name" and is_person("_".join(words[:-1])))


def _words(name: str) -> list[str]:
    """The words of a name or label in small letters."""
    return re.findall(r"[^\W_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower())
