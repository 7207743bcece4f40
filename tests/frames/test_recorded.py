"""Every leaf of recorded payloads comes out of `to_frame` with its value and a fitting dtype."""

from __future__ import annotations

from typing import Any

import pandas as pd
from every_case import every_case

from procore_nb import catalog
from procore_nb.errors import CatalogError
from procore_nb.frames import explode, to_frame
from tests.payloads import RECORDED, leaves, same

FITTING = {
    bool: {"boolean"},
    int: {"Int64", "float64", "object"},
    float: {"float64", "object"},
    list: {"object"},
}


def endpoint_of(name: str) -> Any:
    try:
        return catalog.endpoint(name)
    except CatalogError:
        return None


@every_case("decimals", ["exact", "float"])
@every_case("declared", [True, False])
@every_case("name", RECORDED)
def test_every_leaf_comes_out_with_its_value(name: str, declared: bool, decimals: Any) -> None:
    records = RECORDED[name]
    frame = to_frame(records, endpoint_of(name) if declared else None, decimals=decimals)
    assert frame.attrs["procore"]["unparsed"] == {}
    cells, count = {name: frame[name].tolist() for name in frame}, 0
    for row, record in enumerate(records):
        for column, value in leaves(record):
            if value is None and column not in frame:  # an object that is null, and has declared columns
                assert any(name.startswith(f"{column}.") for name in frame)
                continue
            assert same(value, cells[column][row]) or (declared and str(value) == cells[column][row])
            count += 1
    assert count >= len(records)


@every_case("name", RECORDED)
def test_every_leaf_that_nobody_declared_has_a_fitting_dtype(name: str) -> None:
    frame = to_frame(RECORDED[name])
    for record in RECORDED[name]:
        for column, value in leaves(record):
            if type(value) in FITTING:
                assert str(frame[column].dtype) in FITTING[type(value)], column


def lists(records: list[dict[str, Any]]) -> set[str]:
    return {name for one in records for name, value in leaves(one) if value and isinstance(value, list)}


@every_case(
    ("name", "column"), [(name, column) for name in RECORDED for column in sorted(lists(RECORDED[name]))]
)
def test_every_leaf_of_a_list_comes_out_of_explode(name: str, column: str) -> None:
    frame = to_frame(RECORDED[name], endpoint_of(name))
    tidy = explode(frame, column)
    elements = [element for values in frame[column].dropna() for element in values]
    assert len(tidy) == len(elements)
    cells = {name: tidy[name].tolist() for name in tidy}
    for row, element in enumerate(elements):
        for inner, value in leaves(element) if isinstance(element, dict) else [("value", element)]:
            taken = f"{column}.{inner}" if f"{column}.{inner}" in tidy else inner
            cell = cells[taken][row]
            assert same(value, cell) or str(value) == cell, inner


def test_money_of_a_budget_view_adds_up() -> None:
    rows = to_frame(
        RECORDED["budget_view_detail_rows"], endpoint_of("budget_view_detail_rows"), decimals="float"
    )
    money = ["Commtiment Subcontracts", "Commitment COs", "Cost to Date", "Current Budget", "% Complete"]
    assert {str(rows[name].dtype) for name in money} == {"float64"}
    expected = sum(float(row["Current Budget"]) for row in RECORDED["budget_view_detail_rows"])
    assert rows["Current Budget"].sum() == expected
    assert str(rows["cost_code_level_1"].dtype) == "string"


def test_what_the_reference_lacks_is_named() -> None:
    frame = to_frame(RECORDED["change_events"], "change_events")
    assert "alphanumeric_number" in frame.attrs["procore"]["new_fields"]
    assert frame["alphanumeric_number"].tolist() == ["015"]
    assert "new_fields" not in to_frame(RECORDED["trades"], "trades").attrs["procore"]
    assert pd.api.types.is_bool_dtype(frame["change_event_status.default_status"])
