"""What holds for every list of the story, whatever it tells."""

from __future__ import annotations

import contextlib
import io
import os
import random
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from procore_nb.catalog import Endpoint, endpoint, endpoints
from procore_nb.demo import NOW, Demo, Portfolio
from procore_nb.demo.portfolio import Project
from procore_nb.demo.tables import RequestContext, table_of
from procore_nb.demo.tables.templates import shape_of
from procore_nb.frames import to_frame

from .reading import READER, Reader, Row

pytestmark = pytest.mark.slow

_FEW = Reader(Demo(Portfolio(60)))  # lists of the whole company gather from all its projects
_PROJECTS = [one for one in READER.projects() if one.index in (4, 148)]
_MADE = [one for one in endpoints() if table_of(one.name) is not None and one.name != "company_projects"]
_PLAIN = [one for one in _MADE if not one.parents]


@cache
def _rows(name: str) -> tuple[Row, ...]:
    one = endpoint(name)
    if one.scope != "project":
        return tuple({**row, "_project": None} for row in _FEW.rows(name))
    return tuple({**row, "_project": project} for project in _PROJECTS for row in READER.rows(name, project))


@pytest.mark.slow
def test_rows_become_a_frame_without_a_value_that_does_not_fit() -> None:
    failures = {}
    for one in _PLAIN:
        rows = ({key: row[key] for key in row if key != "_project"} for row in _rows(one.name))
        frame = to_frame(rows, one)
        unparsed = frame.attrs["procore"].get("unparsed", {})
        if unparsed or frame.empty:
            failures[one.name] = unparsed or "no rows"
    assert not failures


def _values(value: Any, parts: list[str]) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _values(item, parts)
    elif not parts:
        yield value
    elif isinstance(value, dict):
        yield from _values(value.get(parts[0].removesuffix("[]")), parts[1:])


# Companies may add statuses of their own; the demo's has one.
_OWN = {("change_event_statuses", "name")}


def test_every_choice_is_one_that_procore_names() -> None:
    failures = {}
    for one in _PLAIN:
        for field in one.fields:
            if field.enum and (one.name, field.name) not in _OWN:
                values = set(_values(list(_rows(one.name)), field.name.split(".")))
                unknown = {str(value) for value in values if isinstance(value, str)} - set(field.enum)
                if unknown:
                    failures[one.name, field.name] = unknown
    assert not failures


def _disorder(one: Endpoint) -> Iterator[object]:
    """Ids that come twice in a project, times to come, and times before that of creation."""
    rows = _rows(one.name)
    ids = [(row["_project"] and row["_project"].id, row["id"]) for row in rows if row.get("id") is not None]
    yield from ((key, count) for key, count in Counter(ids).items() if count > 1)
    now = f"{NOW.isoformat()[:19]}Z"
    for row in rows:
        times = ("created_at", "updated_at", "closed_at", "time_resolved", "reviewed_at", "deleted_at")
        yield from ((key, row) for key in times if row.get(key) and row[key] > now)
        for key in ("updated_at", "closed_at"):
            if row.get("created_at") and row.get(key) and row["created_at"] > row[key]:
                yield key, row


def test_ids_are_unique_and_times_in_order_and_past() -> None:
    failures = {one.name: wrong for one in _PLAIN if (wrong := list(_disorder(one))[:3])}
    assert not failures


def test_ids_differ_from_project_to_project() -> None:
    for name in (
        "rfis",
        "submittals",
        "requisitions",
        "daily_logs_manpower",
        "checklist_items",
        "change_events",
    ):
        ids = [row["id"] for row in _rows(name)]
        assert len(set(ids)) == len(ids) > len(_PROJECTS)


def test_what_rows_name_is_in_the_lists_they_name_it_from() -> None:
    vendors = {row["id"] for row in READER.rows("vendors")}
    users = {row["id"] for row in _rows("project_users")}
    places = {row["id"] for row in _rows("locations")}
    codes = {row["id"] for row in _rows("cost_codes")}
    budget_codes = {row["id"] for row in _rows("wbs_codes")}
    trades = {row["id"] for row in READER.rows("trades")}
    known = {
        "vendor": vendors,
        "responsible_contractor": vendors,
        "affected_company": vendors,
        "created_by": users,
        "assignee": users,
        "rfi_manager": users,
        "received_from": users,
        "location": places,
        "cost_code": codes,
        "wbs_code": budget_codes,
        "trade": trades,
    }
    seen: dict[str, int] = defaultdict(int)
    for one in _PLAIN:
        if one.scope != "project" or one.name.startswith(("project_users", "project_people")):
            continue
        for row in _rows(one.name):
            for key, ids in known.items():
                value = row.get(key)
                if isinstance(value, dict) and value.get("id") is not None:
                    assert int(value["id"]) in ids, (one.name, key, value)
                    seen[key] += 1
    assert set(seen) == set(known)


@pytest.mark.slow
def test_tables_write_only_keys_that_some_list_of_the_story_declares() -> None:
    """Versions of a list share their rows, and related lists their parts: a key may be of any of them, but of one."""
    declared = {key for one in _MADE for key in shape_of(one).inside}
    declared |= {"section"}  # what inspections call the number of a specification section inside their rows
    wrong: dict[str, set[str]] = {}
    portfolio = READER.demo.portfolio
    for one in _PLAIN:
        project = _PROJECTS[0] if one.scope == "project" else None
        table = table_of(one.name)
        assert table is not None
        rows = list(table(RequestContext(one, portfolio, portfolio.company, project)))
        keys = {key for row in rows for key in row if not key.startswith("_") and key == key.lower()}
        if keys - declared:
            wrong[one.name] = keys - declared
    assert wrong == {}


def test_two_demos_say_the_same_in_any_order() -> None:
    names = [one.name for one in _PLAIN if one.scope == "project"]
    other = Reader(Demo())
    shuffled = random.Random(5).sample(names, len(names))[:20]
    for name in shuffled:
        again = [row for project in reversed(_PROJECTS) for row in other.rows(name, project)]
        once = [row for project in reversed(_PROJECTS) for row in READER.rows(name, project)]
        assert once == again, name


def test_nothing_but_plans_lies_in_the_future() -> None:
    today = NOW.date().isoformat()
    for name in ("daily_logs_manpower", "requisitions", "direct_costs", "incidents", "punch_items"):
        for row in _rows(name):
            for key, value in row.items():
                dated = isinstance(value, str) and value[:4].isdigit() and value[4:5] == "-"
                if dated and not any(word in key for word in ("due", "end")):
                    assert value[:10] <= today, (name, key, value)


@pytest.mark.slow
def test_every_list_answers_in_every_stage_and_for_a_project_without_dates() -> None:
    known: dict[str, Project] = {}
    for project in READER.projects(begun=False):
        known.setdefault(f"{project.stage.category} {project.start is None}", project)
    assert len(known) >= 7
    for project in known.values():
        for one in _PLAIN:
            if one.scope == "project":
                assert len(READER.rows(one.name, project)) >= 0
        if project.stage.category in ("not_awarded", "canceled"):
            assert READER.rows("prime_contracts", project) == []


_FINGERPRINT = """
import hashlib
from procore_nb.catalog import endpoint
from procore_nb.demo import Portfolio
from procore_nb.demo.portfolio import Project
from procore_nb.demo.tables import RequestContext, table_of
portfolio = Portfolio()
project = portfolio.project(portfolio.company, 12)
for name in ("requisitions", "observation_items", "rfis", "schedule_tasks", "daily_logs_delay", "punch_items"):
    context = RequestContext(endpoint(name), portfolio, portfolio.company, project)
    print(name, hashlib.sha256(repr(list(table_of(name)(context))).encode()).hexdigest())
"""


@pytest.mark.slow
def test_another_interpreter_tells_the_same_story() -> None:
    """Neither the order of what was asked before nor the seed of Python's hashes changes a row."""
    other = subprocess.run(
        [sys.executable, "-c", _FINGERPRINT],
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        check=True,
        text=True,
    )
    buffer = io.StringIO()
    with contextlib.redirect_stdout(buffer):
        exec(_FINGERPRINT, {})
    assert other.stdout == buffer.getvalue() != ""
