from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import procore_nb as pnb
from procore_nb import catalog
from procore_nb.catalog.catalogue import OFTEN_USED
from procore_nb.widgets import CompanyPicker, EndpointPicker, ProjectPicker

from .conftest import projects


def test_companies_are_offered_by_name_and_the_connections_own_is_chosen(procore: pnb.Procore) -> None:
    picker = CompanyPicker(procore)

    assert picker.value == procore.company_id
    assert picker.frame["name"].tolist() == ["Harbour & Vale Construction"]
    assert len(picker.options) == len(procore.companies())


def test_no_company_at_all_is_still_a_picker() -> None:
    none = pd.DataFrame({"id": pd.array([], dtype="Int64"), "name": pd.array([], dtype="string")})
    picker = CompanyPicker(none)

    assert picker.value is None
    assert picker.frame.empty
    assert len(picker.options) == 1


def test_projects_of_all_stages_are_offered(procore: pnb.Procore, wire: Callable[[Any], Any]) -> None:
    picker = ProjectPicker(procore)
    listener = wire(picker)
    listener.says(kind="ready", **{"from": "v1"})

    rows = listener.last("rows")["rows"]
    assert len(rows) == len(procore.projects(status="All"))
    assert "1204310" in [row[0] for row in rows]
    assert all(isinstance(row[0], str) for row in rows)  # an id past 2**53 would not survive as a number


def test_choosing_in_the_browser_sets_value_and_frame_and_is_observed(wire: Callable[[Any], Any]) -> None:
    picker = ProjectPicker(projects(20))
    heard: list[tuple[int, ...]] = []
    picker.observe(lambda change: heard.append(change["new"]), "value")
    wire(picker).says(kind="choose", keys=["7", "3", "999", "nonsense"])

    assert picker.value == (3, 7)
    assert heard == [(3, 7)]
    assert picker.frame["id"].tolist() == [3, 7]


def test_ids_beyond_what_a_browser_can_count_to_come_back_whole(wire: Callable[[Any], Any]) -> None:
    big = projects(2).assign(id=pd.array([2**53 + 1, 2**53 + 2], dtype="Int64"))
    picker = ProjectPicker(big)
    wire(picker).says(kind="choose", keys=[str(2**53 + 1)])

    assert picker.value == (2**53 + 1,)


def test_a_value_set_in_python_reaches_the_browser(wire: Callable[[Any], Any]) -> None:
    picker = ProjectPicker(projects(5))
    listener = wire(picker)
    picker.value = [4, 2]

    assert picker.value == (2, 4)
    assert listener.last("chosen")["chosen"] == ["2", "4"]


def test_a_project_that_is_not_in_the_list_is_refused() -> None:
    with pytest.raises(pnb.ArgumentError, match="Project 77"):
        ProjectPicker(projects(5)).value = (77,)


def test_offering_another_list_keeps_what_is_still_there(wire: Callable[[Any], Any]) -> None:
    picker = ProjectPicker(projects(9))
    picker.value = (2, 8)
    picker.offer(projects(4))

    assert picker.value == (2,)
    assert picker.frame["id"].tolist() == [2]


def test_no_project_at_all_is_an_empty_list(wire: Callable[[Any], Any]) -> None:
    picker = ProjectPicker(projects(0))
    listener = wire(picker)
    listener.says(kind="ready")

    assert listener.last("rows")["rows"] == []
    assert picker.frame.empty


def test_the_list_of_projects_is_never_widget_state() -> None:
    assert "Site 3" not in str(ProjectPicker(projects(5)).get_state())


def test_every_list_is_offered_with_what_it_needs(wire: Callable[[Any], Any]) -> None:
    listener = wire(EndpointPicker())
    listener.says(kind="ready")

    rows = {row[0]: row for row in listener.last("rows")["rows"]}
    assert set(rows) == set(pnb.find_endpoints()["name"])  # one number of lists everywhere
    assert {row[1] for row in rows.values() if row[0] == "company_documents_v1_0"} == {
        "Will be removed by Procore"
    }
    assert len(rows) == len(listener.last("rows")["rows"])
    assert rows["rfis"][-1] == "each project"
    assert rows["projects"][-1] == "whole company"
    assert rows["rfi_replies"][-1] == "each project, needs rfi_id"


def test_a_catalogue_of_ones_own_is_what_is_offered_and_found(wire: Callable[[Any], Any]) -> None:
    own = dataclasses.replace(
        catalog.endpoint("rfis"), name="site_walks", aliases=("walks",), path="/rest/v1.0/walks"
    )
    picker = EndpointPicker(catalog.Catalogue([own, catalog.endpoint("submittals")]))
    listener = wire(picker)
    listener.says(kind="ready")
    picker.value = "walks"

    assert [row[0] for row in listener.last("rows")["rows"]] == ["submittals", "site_walks"]
    assert picker.endpoint is own
    with pytest.raises(pnb.CatalogError):
        picker.value = "rfis"


def test_lists_that_are_often_used_come_first(wire: Callable[[Any], Any]) -> None:
    listener = wire(EndpointPicker())
    listener.says(kind="ready")
    rows = listener.last("rows")["rows"]

    assert [row[0] for row in rows if row[1] == "Often used"] == [
        catalog.endpoint(name).name for name in OFTEN_USED
    ]
    assert all(row[1] != "Often used" for row in rows[len(OFTEN_USED) :])


@pytest.mark.parametrize("words", ["headcount", "open rfis", "punchlist", "daily logs", "overdue"])
def test_lists_are_found_in_the_order_of_find_endpoints(words: str, wire: Callable[[Any], Any]) -> None:
    listener = wire(EndpointPicker())
    listener.says(kind="search", words=words)
    found = pnb.find_endpoints(words)["name"].tolist()
    assert listener.last("found") == {"kind": "found", "words": words, "keys": found}
    assert found


def test_an_endpoint_is_chosen_by_name_or_alias(wire: Callable[[Any], Any]) -> None:
    picker = EndpointPicker()
    picker.value = "Punch Items"
    assert picker.value == "punch_items"
    assert picker.endpoint is not None
    wire(picker).says(kind="choose", keys=["rfis"])
    assert picker.value == "rfis"
    with pytest.raises(pnb.CatalogError):
        picker.value = "no such list"


@pytest.mark.parametrize(
    "make", [lambda: ProjectPicker(projects(5)), EndpointPicker, lambda: CompanyPicker(projects(5))]
)
def test_pickers_serve_interact_and_link_as_any_field_does(make: Callable[[], Any]) -> None:
    import ipywidgets
    import traitlets

    picker, heard = make(), []
    shown = ipywidgets.interactive(lambda chosen: heard.append(chosen), chosen=picker)
    shown.update()
    other = ipywidgets.Label()
    traitlets.dlink((picker, "value"), (other, "value"), str)
    picker.value = (
        "rfis" if isinstance(picker, EndpointPicker) else (3,) if isinstance(picker, ProjectPicker) else 3
    )

    assert heard[-1] == picker.value
    assert other.value == str(picker.value)


def test_an_observer_hears_old_and_new_once_and_can_be_taken_away() -> None:
    picker, heard = ProjectPicker(projects(5)), []
    picker.observe(heard.append, "value")
    picker.value = (2,)
    picker.value = (2,)
    picker.value = (4, 2)
    picker.unobserve(heard.append, "value")
    picker.value = ()

    assert [(change["old"], change["new"]) for change in heard] == [((), (2,)), ((2,), (2, 4))]
    assert heard[0]["owner"] is picker
