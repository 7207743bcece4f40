"""Columns, their order and their names: nested objects, lists, custom fields, odd records."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from every_case import every_case

from procore_nb.errors import ArgumentError
from procore_nb.frames import FrameBuilder, explode, to_frame
from tests.frames.stand_ins import Endpoint, Field, declare


def test_declared_columns_come_first_in_declared_order_then_unknown_keys_as_they_appear() -> None:
    endpoint = declare("b string", "a string", "o object", "o.x string")
    frame = to_frame([{"z": 1, "a": "1"}, {"y": 1, "b": "1"}], endpoint)
    assert list(frame.columns) == ["b", "a", "o.x", "z", "y"]


def test_custom_field_templates_and_objects_are_no_columns() -> None:
    endpoint = declare(
        "id integer",
        "custom_fields object",
        "custom_fields.custom_field_%{custom_field_string_definition_id} object",
        "custom_fields.custom_field_%{custom_field_string_definition_id}.value string",
        "l[] array<object>",
        "l[].id integer",
    )
    assert list(to_frame([], endpoint).columns) == ["id", "l"]


def test_a_list_of_bare_ids_has_one_column_id() -> None:
    frame = to_frame([2**53 + 1, 5], Endpoint((Field("", "integer"),)))
    assert frame["id"].tolist() == [2**53 + 1, 5]


def test_nested_objects_flatten_at_any_depth() -> None:
    frame = to_frame([{"a": {"b": {"c": {"id": 1}}}}, {"a": None}, {"a": {"b": None}}])
    assert list(frame.columns) == ["a.b.c.id"]
    assert frame["a.b.c.id"].isna().tolist() == [False, True, True]


def test_a_parent_that_is_sometimes_null_leaves_no_column() -> None:
    builder = FrameBuilder()
    builder.add([{"program": None}])
    builder.add([{"program": {"id": 7}}])
    assert list(builder.build().columns) == ["program.id"]


def test_a_parent_that_is_always_null_is_a_column() -> None:
    assert list(to_frame([{"program": None}]).columns) == ["program"]


def test_a_parent_that_is_sometimes_a_value_keeps_both() -> None:
    frame = to_frame([{"p": "x"}, {"p": {"id": 1}}])
    assert frame["p"].tolist() == ["x", pd.NA]
    assert frame["p.id"].tolist() == [pd.NA, 1]


def test_a_literal_key_does_not_overwrite_a_nested_value() -> None:
    frame = to_frame([{"company.id": 5, "company": {"id": 7}, "company_id": 9}])
    assert frame["company.id"].tolist() == [7]
    assert frame["company.id (2)"].tolist() == [5]
    assert frame["company_id"].tolist() == [9]
    assert frame.attrs["procore"]["renamed"] == {"company.id (2)": "company.id"}


def test_a_list_that_nobody_declared_stays_a_list_whatever_came_before() -> None:
    builder = FrameBuilder()
    builder.add([{"tags": None}])
    builder.add([{"tags": "one"}])
    builder.add([{"tags": ["a", "b"]}])
    assert builder.build()["tags"].tolist() == [None, ["one"], ["a", "b"]]


def test_a_single_value_in_a_declared_list_is_a_list_of_one() -> None:
    frame = to_frame([{"l": 1}, {"l": {"id": 1}}, {"l": []}, {}], declare("l[] array<object>"))
    assert frame["l"].tolist() == [[1], [{"id": 1}], [], None]


def test_columns_stand_in_the_order_in_which_pages_bring_them() -> None:
    builder = FrameBuilder()
    builder.add([{"id": 1, "early": 1}, {"id": 2}])
    builder.add([{"id": 3, "late": 1}])
    frame = builder.build()
    assert frame["id"].tolist() == [1, 2, 3]
    assert list(frame.columns) == ["id", "early", "late"]


def test_leading_columns_come_first_and_a_record_keeps_its_own_value() -> None:
    builder = FrameBuilder(
        declare("id integer", "project_id integer"), leading=("project_id", "project_name")
    )
    builder.add([{"id": 1}, {"id": 2, "project_id": 8}], leading=(7, "Clinic"))
    builder.add([{"id": 3}], leading=(9, "Depot"))
    frame = builder.build()
    assert list(frame.columns) == ["project_id", "project_name", "id"]
    assert frame["project_id"].tolist() == [7, 8, 9]
    assert frame["project_name"].tolist() == ["Clinic", "Clinic", "Depot"]
    assert frame["project_id"].dtype == "Int64"


def test_a_builder_gives_its_pages_away() -> None:
    builder = FrameBuilder()
    builder.add([{"id": 1}])
    assert (builder.rows, len(builder.build()), builder.rows) == (1, 1, 0)


def test_attrs_are_plain_json_and_survive_a_copy() -> None:
    frame = to_frame([{"n": "x"}], declare("n integer", name="things"))
    attrs = frame.copy().attrs["procore"]
    assert json.loads(json.dumps(attrs)) == attrs
    assert attrs["endpoint"] == "things"


def test_an_unknown_way_to_keep_decimals_is_refused() -> None:
    with pytest.raises(ArgumentError, match="decimals='money'"):
        to_frame([], decimals="money")  # type: ignore[arg-type]


def test_many_rows_without_a_single_key_stay_rows() -> None:
    assert to_frame([{}, {}, {}]).shape == (3, 0)


DEPARTMENTS = declare(
    "id integer", "departments[] array<object>", "departments[].id integer", "departments[].position number"
)


def test_explode_gives_one_row_per_element_tied_to_its_parent() -> None:
    records = [
        {"id": 2**60 + 1, "project_id": 5, "departments": [{"id": 7, "position": 1}, {"id": 8, "new": "x"}]},
        {"id": 2, "project_id": 6, "departments": []},
        {"id": 3, "project_id": 6, "departments": None},
        {"id": 4, "project_id": 6, "departments": [{"id": 9}]},
    ]
    frame = to_frame(records, DEPARTMENTS)
    before = frame.copy(deep=True)
    tidy = explode(frame, "departments")
    assert list(tidy.columns)[:4] == ["parent_id", "project_id", "position", "id"]
    assert tidy["parent_id"].tolist() == [2**60 + 1, 2**60 + 1, 4]
    assert tidy["project_id"].tolist() == [5, 5, 6]
    assert tidy["position"].tolist() == [0, 1, 0]
    assert tidy["id"].tolist() == [7, 8, 9]
    assert tidy["departments.position"].tolist()[0] == 1
    pd.testing.assert_frame_equal(frame, before)


def test_explode_of_a_catalogue_list_has_declared_columns_also_when_empty() -> None:
    empty = explode(to_frame([], "rfis"), "assignees")
    full = explode(to_frame([{"id": 1, "assignees": [{"id": 5, "name": "Ada"}]}], "rfis"), "assignees")
    assert list(full.columns)[:4] == ["rfi_id", "position", "id", "name"]
    assert full.dtypes.to_dict() == empty.dtypes.to_dict()
    assert len(empty) == 0


def test_explode_again_goes_one_level_deeper() -> None:
    rfis = to_frame([{"id": 1, "questions": [{"id": 5, "errors": ["late"]}]}], "rfis")
    tidy = explode(explode(rfis, "questions"), "errors")
    assert tidy["question_id"].tolist() == [5]


def test_explode_of_plain_values_puts_them_into_value() -> None:
    tidy = explode(
        to_frame([{"id": 1, "group_ids": [7, 2**60]}], declare("group_ids[] array<integer>")), "group_ids"
    )
    assert tidy["value"].tolist() == [7, 2**60]


def test_explode_of_a_name_that_two_columns_have_is_refused() -> None:
    with pytest.raises(ArgumentError, match="several columns 'a'"):
        explode(pd.DataFrame([[[1], [2]]], columns=["a", "a"]), "a")


def test_explode_without_an_id_says_the_row() -> None:
    assert explode(to_frame([{"l": [1]}, {"l": [2]}]), "l")["parent_row"].tolist() == [0, 1]


@every_case("column", ["absent", "name"])
def test_explode_of_a_column_without_lists_is_refused(column: str) -> None:
    with pytest.raises(ArgumentError, match=column):
        explode(to_frame([{"id": 1, "name": "x"}]), column)


def test_a_custom_field_in_both_places_keeps_both_values() -> None:
    frame = to_frame([{"custom_field_7": "a", "custom_fields": {"custom_field_7": "b"}}])
    assert frame.iloc[0].to_dict() == {
        "custom_fields.custom_field_7 (2)": "a",
        "custom_fields.custom_field_7": "b",
    }


def test_explode_types_elements_as_records_are_typed() -> None:
    elements = [
        {
            "id": 2**53 + 1,
            "default": True,
            "score": 3.5,
            "paid_date": "2026-01-05T17:45:00Z",
            "Cost": "10.50",
        },
        {"id": 2**64, "amount": "12.5", "zip": "01234", "nested": {"due_date_days": -3}},
    ]
    for decimals in ("exact", "float"):
        top = to_frame(elements, decimals=decimals)  # type: ignore[arg-type]
        below = explode(to_frame([{"id": 1, "l": elements}], decimals=decimals), "l")  # type: ignore[arg-type]
        renamed = below.rename(columns={"l.id": "id"})[list(top.columns)]
        pd.testing.assert_frame_equal(renamed, top)


def test_new_fields_are_named_once() -> None:
    builder = FrameBuilder(declare("id integer", "o.x string", "l[] array<object>"), leading=("project_id",))
    for number in range(3):
        builder.add([{"id": number, "o": {"x": "a", "new": 1}, "l": [{"y": 1}], "fresh": True}], leading=(7,))
    builder.add([{"o": None, "custom_fields": {"custom_field_7": "x"}}], leading=(7,))
    assert builder.build().attrs["procore"]["new_fields"] == ["o.new", "fresh"]
    assert "new_fields" not in to_frame([{"a": 1}]).attrs["procore"]


def test_a_key_whose_objects_have_no_keys_is_a_column_of_nulls() -> None:
    frame = to_frame([{"id": 1, "office": {}}, {"id": 2, "office": None}])
    assert list(frame) == ["id", "office"]
    assert frame["office"].isna().all()
