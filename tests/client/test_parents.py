"""Child lists: a parent frame alone, and beside the projects it names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import pandas as pd
import pytest

import procore_nb as pnb
from procore_nb import catalog
from procore_nb.catalog import Endpoint
from procore_nb.client.query import list_query
from procore_nb.client.targets import Target, list_request_for

HERE, THERE = 1204384, 1204458
PARENTS = pd.DataFrame({"project_id": [HERE, THERE, HERE], "id": [11, 12, 13]})


def needs(endpoint: Endpoint) -> set[str]:
    return {name for group in endpoint.needs for name in group}


CHILDREN = [
    one.name
    for one in catalog.endpoints()
    if one.parents and (("project_id",) in one.needs or ("company_id",) not in one.needs)
]
SINGLE = [
    name
    for name in CHILDREN
    if len([one for one in needs(catalog.endpoint(name)) if one not in ("company_id", "project_id")]) == 1
]


def targets_of(procore: pnb.Procore, name: str, **arguments: Any) -> list[dict[str, str]]:
    requests = list_query(procore, name, {"progress": False, **arguments}).prepare().requests
    return [dict(one.key.ids) for one in requests]  # type: ignore[union-attr]


def test_there_are_child_lists_of_many_kinds() -> None:
    assert {"rfi_replies", "budget_view_detail_rows", "drawings"} <= set(SINGLE)
    assert len(SINGLE) > 30


def test_a_child_list_takes_the_parents_of_the_projects_named(to_demo: Callable[..., pnb.Procore]) -> None:
    procore = to_demo()
    failures = []
    for name in SINGLE:
        (parent,) = [one for one in needs(catalog.endpoint(name)) if one not in ("company_id", "project_id")]
        ours = [{"project_id": str(HERE), parent: "11"}, {"project_id": str(HERE), parent: "13"}]
        every = [{"project_id": str(place), parent: number} for place, number in
                 ((HERE, "11"), (THERE, "12"), (HERE, "13"))]  # fmt: skip
        if targets_of(procore, name, parent=PARENTS) != every:
            failures.append(f"{name} of all projects")
        for chosen in (
            {"project_id": HERE},
            {"projects": [HERE]},
            {"projects": pd.DataFrame({"id": [HERE]})},
        ):
            for given in ({"parent": PARENTS}, {parent: PARENTS}):
                if targets_of(procore, name, **given, **chosen) != ours:
                    failures.append(f"{name} with {[*given]} of {[*chosen]}")
    assert not failures
    assert procore.seen == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("named", [True, False])
def test_rows_of_a_child_list_are_led_by_project_and_parent_once(
    named: bool, to_demo: Callable[..., pnb.Procore]
) -> None:
    procore = to_demo()
    rfis = procore.table("rfis", projects=[HERE, THERE]).groupby("project_id").head(9)
    project: Any = pd.DataFrame({"id": [HERE], "name": ["Here"]}) if named else [HERE]
    replies = procore.table("rfi_replies", projects=project, parent=rfis)
    assert list(replies.columns[:4])[: 3 if named else 2] == (
        ["project_id", "project_name", "rfi_id"] if named else ["project_id", "rfi_id"]
    )
    assert set(replies["project_id"]) == {HERE}
    whole = procore.table("rfi_replies", parent=rfis)
    assert sorted(replies["id"]) == sorted(whole.loc[whole["project_id"] == HERE, "id"])
    parts = list(procore.frames("rfi_replies", project_id=HERE, parent=rfis))
    assert sum(map(len, parts)) == len(replies) > 0


def test_parents_of_other_projects_only_are_an_error_before_anything_is_sent(
    to_demo: Callable[..., pnb.Procore],
) -> None:
    procore = to_demo()
    for fetch in (procore.table, procore.frames):
        with pytest.raises(
            pnb.ArgumentError, match="No row of the parent frame belongs to the project_id given"
        ):
            fetch("rfi_replies", project_id=7, parent=PARENTS)
    assert procore.seen == []  # type: ignore[attr-defined]


def test_a_parent_row_without_a_project_takes_the_one_that_is_given(
    to_demo: Callable[..., pnb.Procore],
) -> None:
    procore = to_demo()
    parents = PARENTS.astype({"project_id": "Int64"})
    parents.loc[0, "project_id"] = pd.NA
    found = targets_of(procore, "rfi_replies", project_id=HERE, parent=parents)
    assert sorted(one["rfi_id"] for one in found) == ["11", "13"]
    with pytest.raises(pnb.ArgumentError, match=r"has a row without project_id \(id 11\)"):
        targets_of(procore, "rfi_replies", parent=parents)


def test_a_parent_frame_brings_every_id_that_the_list_needs(to_demo: Callable[..., pnb.Procore]) -> None:
    procore = to_demo()
    rfqs = pd.DataFrame({"project_id": [HERE], "contract_id": [5], "id": [9]})
    assert targets_of(procore, "rfq_quotes", parent=rfqs) == [
        {"project_id": str(HERE), "contract_id": "5", "rfq_id": "9"}
    ]
    with pytest.raises(pnb.CatalogError, match="needs contract_id"):
        targets_of(procore, "rfq_quotes", rfq_id=9, project_id=HERE)


def test_a_parent_frame_without_rows_gives_no_rows(to_demo: Callable[..., pnb.Procore]) -> None:
    procore = to_demo()
    for given in ({}, {"project_id": HERE}):
        frame = procore.table("rfi_replies", parent=PARENTS.head(0), **given)
        assert (len(frame), list(frame.columns[:2])) == (0, ["project_id", "rfi_id"])
    assert procore.seen == []  # type: ignore[attr-defined]


EITHER = [
    one.name
    for one in catalog.endpoints()
    if any(set(group) == {"company_id", "project_id"} for group in one.needs)
]


def test_there_are_lists_of_a_company_or_a_project() -> None:
    assert {"line_item_types", "checklist_item_types", "app_installations"} <= set(EITHER)


def test_a_list_of_a_company_or_a_project_is_sent_exactly_one_of_them() -> None:
    failures = []
    for name in EITHER:
        endpoint = catalog.endpoint(name)
        further = dict.fromkeys(needs(endpoint) - {"company_id", "project_id"}, "1")
        for project, expected in (({}, ("company_id", "4711")), ({"project_id": "7"}, ("project_id", "7"))):
            parameters = list_request_for(endpoint, Target(4711, {**further, **project}), ()).parameters
            if [pair for pair in parameters if pair[0] in ("company_id", "project_id")] != [expected]:
                failures.append(f"{name} {project}: {parameters}")
    assert not failures


def test_such_a_list_answers_without_any_argument(to_demo: Callable[..., pnb.Procore]) -> None:
    procore = to_demo()
    failures = []
    for name in EITHER:
        further = needs(catalog.endpoint(name)) - {"company_id", "project_id"}
        procore.table(name, **dict.fromkeys(further, 1))
        if ("company_id", str(procore.company_id)) not in parse_qsl(procore.seen[-1].query):  # type: ignore[attr-defined]
            failures.append(name)
    assert not failures


def test_a_frame_whose_id_bears_the_name_of_the_list_is_a_parent(small_demo: None) -> None:
    procore = pnb.connect("demo", progress=False)
    schedules = procore.table("schedules", procore.projects().head(3))
    assert "id" not in schedules.columns
    activities = procore.table("schedule_activities", schedules)
    assert set(activities["schedule_id"]) == set(schedules["schedule_id"])
    assert len(activities) == len(procore.table("schedule_activities", parent=schedules)) > 0
