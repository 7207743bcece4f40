"""Custom fields: columns by label, each data type as what it is, also where nobody filled them in."""

from __future__ import annotations

from itertools import permutations

import pandas as pd
from every_case import every_case

from procore_nb.frames import FrameBuilder, to_frame

CUSTOM = {
    "custom_field_1": {"data_type": "string", "value": "North"},
    "custom_field_2": {"data_type": "decimal", "value": 1250.5},
    "custom_field_3": {"data_type": "boolean", "value": True},
    "custom_field_4": {"data_type": "lov_entry", "value": {"id": 331, "label": "Steel"}},
    "custom_field_5": {
        "data_type": "lov_entries",
        "value": [{"id": 1, "label": "LEED"}, {"id": 2, "label": "Union"}],
    },
    "custom_field_6": {"data_type": "datetime", "value": "2026-03-01T10:00:00Z"},
}
DEFINITIONS = {
    1: ("Region", "string"),
    2: ("Area", "decimal"),
    3: ("Signed", "boolean"),
    4: ("Frame", "lov_entry"),
    5: ("Labels", "lov_entries"),
    6: ("Handover", "datetime"),
}
CUSTOM_DTYPES = {
    "custom_fields.Region": "string",
    "custom_fields.Area": "float64",
    "custom_fields.Signed": "boolean",
    "custom_fields.Frame": "string",
    "custom_fields.Frame.id": "Int64",
    "custom_fields.Labels": "object",
    "custom_fields.Labels.id": "object",
    "custom_fields.Handover": "datetime64[us, UTC]",
}


def test_custom_fields_hold_their_values_typed() -> None:
    frame = to_frame([{"custom_fields": CUSTOM}, {"custom_fields": {}}])
    assert frame["custom_fields.custom_field_1"][0] == "North"
    assert frame["custom_fields.custom_field_2"][0] == 1250.5
    assert frame["custom_fields.custom_field_3"][0]
    assert frame["custom_fields.custom_field_4"][0] == "Steel"
    assert frame["custom_fields.custom_field_4.id"][0] == 331
    assert frame["custom_fields.custom_field_5"][0] == ["LEED", "Union"]
    assert frame["custom_fields.custom_field_5.id"][0] == [1, 2]
    assert frame["custom_fields.custom_field_6"][0] == pd.Timestamp("2026-03-01T10", tz="UTC")
    assert frame.iloc[1].isna().all()


@every_case("values", [CUSTOM, dict.fromkeys(CUSTOM)])
def test_defined_custom_fields_are_columns_by_label_and_type_also_where_nobody_filled_them_in(
    values: dict[str, object],
) -> None:
    builder = FrameBuilder()
    builder.add([{"custom_fields": values}])
    builder.define(DEFINITIONS)
    assert builder.build().dtypes.astype(str).to_dict() == CUSTOM_DTYPES


def custom(data_type: str, value: object) -> list[dict[str, object]]:
    return [{"custom_fields": {"custom_field_7": {"data_type": data_type, "value": value}}}]


@every_case(
    ("data_type", "value", "dtypes"),
    [
        ("decimal", 5.5, {"": "float64"}),
        ("boolean", True, {"": "boolean"}),
        ("datetime", "2026-03-01T10:00:00Z", {"": "datetime64[us, UTC]"}),
        ("lov_entry", {"id": 1, "label": "A"}, {"": "string", ".id": "Int64"}),
        ("lov_entries", [{"id": 1, "label": "A"}], {"": "object", ".id": "object"}),
        ("login_information", {"id": 1, "name": "Al"}, {"": "string", ".id": "Int64"}),
        ("vendors", [{"id": 1, "name": "Acme"}], {"": "object", ".id": "object"}),
    ],
)
@every_case("filled", [True, False])
def test_a_custom_field_that_nobody_filled_in_has_the_type_of_one_that_is(
    data_type: str, value: object, dtypes: dict[str, str], filled: bool
) -> None:
    frame = to_frame(custom(data_type, value if filled else None))
    assert frame.dtypes.astype(str).to_dict() == {
        f"custom_fields.custom_field_7{end}": dtype for end, dtype in dtypes.items()
    }


def test_a_bare_null_gets_its_type_from_the_definitions() -> None:
    builder = FrameBuilder()
    builder.add([{"custom_fields": {"custom_field_5": None, "custom_field_2": None, "custom_field_9": None}}])
    builder.define(DEFINITIONS)
    assert builder.build().dtypes.astype(str).to_dict() == {
        "custom_fields.Labels": "object",
        "custom_fields.Labels.id": "object",
        "custom_fields.Area": "float64",
        "custom_fields.custom_field_9": "string",
    }


def test_a_custom_value_of_another_kind_than_its_type_kills_no_list() -> None:
    pages = [
        [{"custom_fields": {"custom_field_7": "plain"}}],
        custom("decimal", "plain too"),
        custom("decimal", 5),
        [{"custom_fields": {"custom_field_7": 2.5}}, *custom("decimal", 1)],
    ]
    for order in permutations(range(4)):
        builder = FrameBuilder()
        for place in order:
            builder.add(pages[place])
        frame = builder.build()
        (column,) = frame.columns
        assert frame[column].dtype == "float64"
        assert sorted(frame[column].fillna(0)) == [0, 0, 1, 2.5, 5]
        assert frame.attrs["procore"]["unparsed"][column]["count"] == 2


def test_an_entry_without_a_label_loses_nothing() -> None:
    frame = to_frame(custom("file", {"id": 3, "url": "https://example.com/a.pdf"}))
    assert frame.iloc[0].tolist() == ['{"id":3,"url":"https://example.com/a.pdf"}', 3]


def test_ids_of_entries_may_have_letters() -> None:
    frame = to_frame([*custom("LOV_ENTRY", {"id": "01HZX", "label": "A"}), *custom("LOV_ENTRY", {"id": "5"})])
    assert frame["custom_fields.custom_field_7.id"].tolist() == ["01HZX", "5"]


def test_labels_that_clash_carry_their_id() -> None:
    builder = FrameBuilder()
    builder.add([{"custom_fields": {"custom_field_1": "A", "custom_field_2": "B"}}])
    builder.define({1: ("Zone", "string"), 2: ("Zone", "string")})
    assert list(builder.build().columns) == ["custom_fields.Zone (1)", "custom_fields.Zone (2)"]


def test_a_custom_field_on_the_row_itself_is_read_like_the_others() -> None:
    frame = to_frame([{"custom_field_4": {"data_type": "lov_entry", "value": {"id": 3, "label": "Steel"}}}])
    assert frame.iloc[0].to_dict() == {
        "custom_fields.custom_field_4": "Steel",
        "custom_fields.custom_field_4.id": 3,
    }


def test_what_only_looks_like_a_custom_field_is_flattened_whole() -> None:
    frame = to_frame([{"fields": {"custom_field_1": {"name": "a", "required": True}}}])
    assert list(frame.columns) == ["fields.custom_field_1.name", "fields.custom_field_1.required"]


def test_custom_fields_of_the_row_itself_are_seen_where_columns_are_selected() -> None:
    builder = FrameBuilder(columns=["id", "custom_fields.Zone"])
    builder.add([{"id": 1, "subject": "x", "custom_field_7": {"data_type": "string", "value": "North"}}])
    assert builder.custom_fields == {7}
    builder.define({7: ("Zone", "string")})
    assert builder.build().to_dict("list") == {"id": [1], "custom_fields.Zone": ["North"]}
