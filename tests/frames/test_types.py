"""Types come from the field table, then from the name, never from the data."""

from __future__ import annotations

import time
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from every_case import every_case

from procore_nb.catalog import endpoints
from procore_nb.frames import FrameBuilder, to_frame
from procore_nb.frames.types import type_of_name, type_of_text_field
from tests.frames.stand_ins import declare

KINDS = declare(
    "id integer",
    "name string",
    "active boolean",
    "score number",
    "total_value string",
    "created_at string date-time",
    "due_date string date",
    "departments[] array<object>",
)
DTYPES = {
    "id": "Int64",
    "name": "string",
    "active": "boolean",
    "score": "float64",
    "total_value": "float64",
    "created_at": "datetime64[us, UTC]",
    "due_date": "datetime64[us]",
    "departments": "object",
}


def dtypes(frame: pd.DataFrame) -> dict[str, str]:
    return frame.dtypes.astype(str).to_dict()


def only(value: object, row: str) -> object:
    """The one value of a frame with one declared column and one record."""
    name = row.split()[0]
    return to_frame([{name: value}], declare(row), decimals="exact")[name].tolist()[0]


def test_no_records_give_all_declared_columns_with_their_dtypes() -> None:
    assert dtypes(to_frame([], KINDS)) == DTYPES


def test_a_record_of_nulls_gives_the_same_dtypes() -> None:
    frame = to_frame([dict.fromkeys(DTYPES)], KINDS)
    assert dtypes(frame) == DTYPES
    assert frame.isna().all(axis=None)


def test_a_full_record_gives_the_same_dtypes() -> None:
    record = {
        "id": 1,
        "name": "Ärger",
        "active": True,
        "score": 1,
        "total_value": "4500.00",
        "created_at": "2026-01-01T00:00:00Z",
        "due_date": "2026-01-31",
        "departments": [{"id": 1}],
    }
    frame = to_frame([record], KINDS)
    assert dtypes(frame) == DTYPES
    assert frame["total_value"][0] == 4500
    exact = to_frame([record], KINDS, decimals="exact")
    assert dtypes(exact) == DTYPES | {"total_value": "object"}
    assert str(exact["total_value"][0]) == "4500.00"
    assert frame["created_at"][0] == pd.Timestamp("2026-01-01", tz="UTC")
    assert frame["due_date"][0] == pd.Timestamp("2026-01-31")


@every_case(
    ("name", "kind"),
    [
        ("id", "integer"),
        ("company.id", "integer"),
        ("projectId", "integer"),
        ("created_by_id", "integer"),
        ("origin_id", "text"),
        ("cost_code_origin_id", "text"),
        ("employee_id", "text"),
        ("group_ids", "list"),
        ("uuid", "text"),
        ("zip", "text"),
        ("code", "text"),
        ("cost_code", "text"),
        ("number", "text"),
        ("project_number", "text"),
        ("business_phone", "text"),
        ("created_at", "time"),
        ("deletedAt", "time"),
        ("start_datetime", "time"),
        ("date", "date"),
        ("due_date", "date"),
        ("created_on", "date"),
        ("formatted_bid_due_date", "text"),
        ("depends_on", "text"),
        ("latitude", "number"),
        ("longitude", "number"),
        ("is_demo", "boolean"),
        ("has_children", "boolean"),
        ("private", "boolean"),
        ("comments_count", "integer"),
        ("square_feet", "integer"),
        ("grand_total", "decimal"),
        ("Revised Budget", "decimal"),
        ("Job to Date Costs", "decimal"),
        ("Committed Costs", "decimal"),
        ("Cost Code", "text"),
        ("Budget Code Description", "text"),
        ("subject", "text"),
        ("something_new", "text"),
    ],
)
def test_a_name_that_no_table_declares_says_its_kind(name: str, kind: str) -> None:
    assert type_of_name(name) == kind


MONEY = (
    "grand_total amount unit_cost total_value estimated_value extended_amount original_contract_sum hours man_hours "
    "quantity scheduled_value current_payment_due retainage_percent percentage_paid net_amount cost_rom total_payments "
    "summary.balance_to_finish_including_retainage completed_work_retainage_amount currency_exchange_rate "
    "materials_presently_stored budget_modifications original_budget_amount approved_change_orders revised_contract"
)
NOT_MONEY = (
    "cost_code value value_type calculation_strategy unbudgeted_reason status name invoice_number currency_iso_code "
    "cost_type_name limit minutes temperature default_value old_value filter_value contract cost_code_id unit "
    "unit_of_measure quantity_unit_of_measure total_name links.amount budget_code hold_type terms id v1.id "
    "estimated_cost_calculation_strategy amount_type percentage_name level x area lunch_time"
)


@every_case("name", MONEY.split())
def test_a_text_field_that_holds_money_or_hours_is_exact(name: str) -> None:
    assert type_of_text_field(name) == "decimal"


@every_case("name", NOT_MONEY.split())
def test_a_text_field_that_only_sounds_like_money_stays_text(name: str) -> None:
    assert type_of_text_field(name) == "text"


@every_case(
    ("row", "value", "expected"),
    [
        ("n integer", 2**53 + 1, 2**53 + 1),
        ("n integer", -(2**63), -(2**63)),
        ("n integer", "00123", 123),
        ("n integer", 5.0, 5),
        ("project_id number", 2**60 + 1, 2**60 + 1),
        ("user_uuid integer", "6f1c", "6f1c"),
        ("zip string", 1234, "1234"),
        ("s string", True, "true"),
        ("s string", 2.5, "2.5"),
        ("s string", [1, {"a": "é"}], '[1,{"a":"é"}]'),
        ("s string", "", ""),
        ("id string", "00123", "00123"),
        ("n number", "12.5", 12.5),
        ("ok boolean", "TRUE", True),
        ("ok boolean", 0, False),
        ("amount string", "96.36%", Decimal("96.36")),
        ("amount string", 0.1, Decimal("0.1")),
        ("amount string", 7, Decimal(7)),
        ("amount string", "-1.50", Decimal("-1.50")),
        ("amount string", "1,234e2", Decimal(123400)),
        ("amount string", "1,234.50", Decimal("1234.50")),
        ("amount string", "-1,234,567", Decimal(-1234567)),
        ("amount string", "$4,500.00", Decimal("4500.00")),
        ("amount string", "(12.50)", Decimal("-12.50")),
        ("amount string", "($1,250.00)", Decimal("-1250.00")),
        ("amount string", "$-12.50", Decimal("-12.50")),
        ("amount string", "1 234\u202f567.50 €", Decimal("1234567.50")),
        ("n integer", "12,500", 12_500),
        ("n integer", "(3)", -3),
        ("n number", "$1,234.5", 1234.5),
        ("ok boolean", "no", False),
        ("s string", float("inf"), "inf"),
        ("t string date-time", "1767571200", pd.Timestamp("2026-01-05", tz="UTC")),
        ("t string date-time", 1767571200000, pd.Timestamp("2026-01-05", tz="UTC")),
        ("d string date", 1767571200000, pd.Timestamp("2026-01-05")),
        ("time_in string date", "2026-01-05T07:30:00Z", pd.Timestamp("2026-01-05T07:30", tz="UTC")),
        ("x string float", "2.10", Decimal("2.10")),
        ("a[] array<string>", None, None),
    ],
)
def test_a_value_is_read_as_declared(row: str, value: object, expected: object) -> None:
    got = only(value, row) if "[]" not in row else to_frame([{"a": value}], declare(row))["a"][0]
    assert got == expected
    assert type(got) is type(expected)


@every_case(
    ("row", "value"),
    [
        ("n integer", 2**63),
        ("n integer", "12a"),
        ("n integer", 1.5),
        ("n integer", True),
        ("n integer", [1]),
        ("n integer", "1_000"),
        ("n integer", "１２"),
        ("n number", "nan"),
        ("n number", "1e999"),
        ("n number", True),
        ("ok boolean", "maybe"),
        ("ok boolean", 2),
        ("amount string", "1.234,50"),
        ("amount string", "12,34"),
        ("amount string", "$"),
        ("n integer", "12,34"),
        ("n integer", "$12.50"),
        ("amount string", "(12.00"),
        ("amount string", "12 EUR"),
        ("amount string", "Infinity"),
        ("amount string", "NaN"),
        ("amount string", "1_0"),
        ("t string date-time", "soon"),
        ("t string date-time", "10000-01-01T00:00:00Z"),
        ("t string date-time", "2026-02-30T00:00:00Z"),
        ("t string date-time", "0001-01-01T00:00:00+14:00"),
        ("t string date-time", True),
        ("d string date", "31/12/2026"),
        ("d string date", "0000-01-01"),
        ("d string date", 5),
        ("d string date", 20260105),
        ("d string date", "2026-02-30"),
        ("d string date", "0000-00-00"),
        ("d string date", "2026-02-30T10:00:00Z"),
        ("t string date-time", "0000-00-00T00:00:00Z"),
        ("t string date-time", "2026-13-01T00:00:00Z"),
        ("project_id integer", float(2**53 + 2)),
        ("n integer", "0x10"),
    ],
)
def test_a_value_that_cannot_be_read_is_missing_and_counted(row: str, value: object) -> None:
    name = row.split()[0]
    frame = to_frame([{name: value}, {name: None}], declare(row))
    assert frame[name].isna().all()
    said = frame.attrs["procore"]["unparsed"][name]
    assert said["count"] == 1
    assert len(said["examples"]) == 1


def test_examples_of_unreadable_values_are_few_and_short() -> None:
    frame = to_frame([{"n": f"{'x' * 500}{i}"} for i in range(5000)], declare("n integer"))
    said = frame.attrs["procore"]["unparsed"]["n"]
    assert said["count"] == 5000
    assert len(said["examples"]) == 3
    assert max(map(len, said["examples"])) <= 60


def test_an_empty_text_is_missing_where_text_is_not_meant_and_not_counted() -> None:
    row = {"n": "", "amount": " ", "t": "", "d": "", "ok": ""}
    fields = declare("n integer", "amount string", "t string date-time", "d string date", "ok boolean")
    frame = to_frame([row], fields)
    assert frame.isna().all(axis=None)
    assert frame.attrs["procore"]["unparsed"] == {}


def test_ids_past_the_exact_floats_survive_beside_missing_ones() -> None:
    ids = [2**53 + 1, None, 2**62 + 7]
    frame = to_frame([{"id": one, "company": {"id": one}} for one in ids])
    assert frame["id"].tolist()[::2] == ids[::2]
    assert frame["company.id"].tolist()[::2] == ids[::2]
    assert frame["id"].isna().tolist() == [False, True, False]


def test_undeclared_ids_stay_as_json_wrote_them_where_the_endpoints_ids_have_letters() -> None:
    lettered = declare("id string", id_type="string", version="v2.0", module="Documents")
    frame = to_frame([{"id": "01HZ", "vendor_id": 5, "trade_id": "7", "office_id": None}], lettered)
    assert frame.iloc[0].tolist()[:3] == ["01HZ", 5, "7"]
    assert frame["office_id"].dtype == "string"


def test_version_2_ids_of_digits_join_the_numbers_of_version_1() -> None:
    two = declare("id string", "vendor.id string", id_type="string", version="v2.0", module="Submittals")
    frame = to_frame([{"id": "9007199254740993", "vendor": {"id": "7"}, "trade_id": "3"}, {"id": None}], two)
    assert frame.dtypes.astype(str).tolist() == ["Int64", "Int64", "Int64"]
    assert frame["id"].tolist()[0] == 9007199254740993
    vendors = to_frame([{"id": 7, "name": "Acme"}], declare("id integer", "name string"))
    assert frame.merge(vendors, left_on="vendor.id", right_on="id")["name"].tolist() == ["Acme"]
    assert to_frame([], two)["vendor.id"].dtype == "Int64"


def test_a_version_2_id_with_letters_is_kept_as_text_and_said() -> None:
    two = declare("id string", "vendor_id string", id_type="string", version="v2.0", module="Submittals")
    frame = to_frame([{"id": "12", "vendor_id": "5"}, {"id": "01HZX", "vendor_id": "6"}], two)
    assert frame["id"].tolist() == ["12", "01HZX"]
    assert frame["vendor_id"].tolist() == [5, 6]
    assert frame.attrs["procore"]["text_ids"] == ["id"]


@every_case(
    ("text", "utc"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00"),
        ("2026-01-01T00:00:00.123Z", "2026-01-01T00:00:00.123"),
        ("2026-01-01T00:00:00.123456Z", "2026-01-01T00:00:00.123456"),
        ("2026-01-01T02:00:00+02:00", "2026-01-01T00:00:00"),
        ("2026-01-01T00:00:00", "2026-01-01T00:00:00"),
        ("2026-01-01", "2026-01-01T00:00:00"),
        ("2026-01-01 00:00:00 UTC", "2026-01-01T00:00:00"),
        (1767225600, "2026-01-01T00:00:00"),
        (1767225600123, "2026-01-01T00:00:00.123"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59"),
    ],
)
def test_times_of_every_form_become_utc(text: object, utc: str) -> None:
    for others in ([], ["2026-05-05T05:05:05Z"], [None], ["2026-05-05T05:05:05.5Z", None]):
        records = [{"t": value} for value in [text, *others]]
        frame = to_frame(records, declare("t string date-time"))
        assert frame["t"].dt.tz_localize(None).to_numpy()[0] == np.datetime64(utc, "us")
        assert frame.attrs["procore"]["unparsed"] == {}


@every_case(
    "text", ["2026-03-12", "2026-03-12T00:00:00Z", "2026-03-12T00:00:00-08:00", "2026-03-12T00:00:00.000Z"]
)
def test_dates_and_midnights_are_the_day_as_written(text: str) -> None:
    frame = to_frame([{"d": text}, {"d": "2026-01-01"}], declare("d string date"))
    assert frame["d"][0] == pd.Timestamp("2026-03-12")
    assert "cut_to_date" not in frame.attrs["procore"]


def test_a_date_column_with_a_time_of_day_is_a_column_of_times() -> None:
    frame = to_frame([{"d": "2026-03-12T17:00:00Z"}, {"d": "2026-03-13"}, {}], declare("d string date"))
    assert frame["d"].tolist()[:2] == [
        pd.Timestamp("2026-03-12T17:00", tz="UTC"),
        pd.Timestamp("2026-03-13", tz="UTC"),
    ]
    assert frame.attrs["procore"]["unparsed"] == {}


def test_a_created_at_declared_as_a_date_keeps_its_time() -> None:
    assert only("2026-03-12T17:00:00Z", "created_at string date") == pd.Timestamp("2026-03-12T17", tz="UTC")


def test_money_is_float_unless_exact_is_asked_for_and_the_frame_names_its_amounts() -> None:
    records, declared = [{"amount": "10.50"}, {"amount": None}], declare("amount string", "n number")
    frame = to_frame(records, declared)
    assert frame["amount"].dtype == "float64"
    assert frame["amount"][0] == 10.5
    exact = to_frame(records, declared, decimals="exact")
    assert exact["amount"].tolist() == [Decimal("10.50"), None]
    for one in (frame, exact, to_frame([], declared)):
        assert one.attrs["procore"]["amounts"] == ["amount"]
    assert exact.attrs["procore"]["decimals"] == "exact"


def test_money_that_a_list_declares_as_a_json_number_is_exact_too() -> None:
    declared = declare("hourly_rate number", "latitude number")
    records = [{"hourly_rate": rate, "latitude": 1.1} for rate in (0.1, 0.2, 1e-7, 12345678901.23, 7.0)]
    frame = to_frame(records, declared, decimals="exact")
    assert list(map(str, frame["hourly_rate"])) == ["0.1", "0.2", "1E-7", "12345678901.23", "7"]
    assert frame["latitude"].dtype == to_frame(records, declared)["hourly_rate"].dtype == "float64"


def test_exact_money_sums_groups_compares_and_sorts_beside_missing() -> None:
    values = ["0.10", None, "0.20", "3"]
    frame = to_frame(
        [{"g": g, "amount": v} for g, v in zip("aabb", values, strict=True)],
        declare("amount string"),
        decimals="exact",
    )
    money = frame["amount"]
    assert money.sum() == Decimal("3.30")
    assert frame.groupby("g")["amount"].sum().to_dict() == {"a": Decimal("0.10"), "b": Decimal("3.20")}
    assert (money > Decimal("0.15")).tolist() == [False, False, True, True]
    assert (money > 1).tolist() == [False, False, False, True]
    assert (money == Decimal("0.1")).tolist() == [True, False, False, False]
    assert money.sort_values().tolist()[:3] == [Decimal("0.10"), Decimal("0.20"), Decimal(3)]
    assert money.isna().tolist() == [False, True, False, False]
    assert (money.max(), money.min()) == (Decimal(3), Decimal("0.10"))


@every_case("storage", ["python", "pyarrow"])
def test_text_is_the_same_however_pandas_stores_it(storage: str) -> None:
    records = [{"s": "ä" * 3, "n": 1}, {"s": None}, {"s": "half \ud83d pair"}, {"s": 5}]
    with pd.option_context("mode.string_storage", storage):
        frame = to_frame(records, declare("s string"))
        empty = to_frame([], declare("s string"))
    assert frame["s"].dtype == pd.StringDtype(storage) == empty["s"].dtype
    assert [None if one is pd.NA else one for one in frame["s"]] == ["äää", None, "half ? pair", "5"]


def test_a_leading_id_that_version_2_declares_as_text_joins_all_the_same() -> None:
    two = declare("id string", "project_id string", id_type="string", version="v2.0", module="Project")
    builder = FrameBuilder(two, leading=["project_id"])
    builder.add([{"id": "1", "project_id": None}, {"id": "2", "project_id": "7"}], leading=[7])
    assert builder.build()["project_id"].tolist() == [7, 7]


@every_case("midnight", ["2026-01-31T24:00:00Z", "2026-01-31T24:00"])
def test_an_hour_of_24_is_the_next_day_or_counted(midnight: str) -> None:
    frame = to_frame([{"t": midnight}, {"t": "2026-01-01T00:00:00Z"}], declare("t string date-time"))
    read = frame["t"].tolist()[0]
    assert (
        read == pd.Timestamp("2026-02-01", tz="UTC") or frame.attrs["procore"]["unparsed"]["t"]["count"] == 1
    )


def test_keys_that_nobody_declared_have_jsons_own_type() -> None:
    frame = to_frame([{"default": True, "score": 3.5, "due_date_days": -3, "status": False, "link": 5}, {}])
    assert dtypes(frame) == {
        "default": "boolean",
        "score": "float64",
        "due_date_days": "Int64",
        "status": "boolean",
        "link": "Int64",
    }
    assert frame.iloc[0].tolist() == [True, 3.5, -3, False, 5]
    assert to_frame([{"due_date_days": -3}, {"due_date_days": 12}])["due_date_days"].sum() == 9


@pytest.fixture(scope="module")
def names_of_lists() -> list[str]:
    return sorted(
        {field.name.rpartition(".")[2] for endpoint in endpoints() for field in endpoint.fields} - {""}
    )


@pytest.mark.parametrize("value", [True, 7, 2.5])
@pytest.mark.slow
def test_no_name_of_any_list_turns_a_boolean_or_a_number_into_text(
    value: bool | float, names_of_lists: list[str]
) -> None:
    assert len(names_of_lists) > 1000
    frame = to_frame([dict.fromkeys(names_of_lists, value)], decimals="float")
    sorts = {bool: {"boolean"}, int: {"Int64", "float64"}, float: {"float64"}}[type(value)]
    assert {str(dtype) for dtype in frame.dtypes} <= sorts
    assert set(frame.iloc[0].tolist()) == {value}


@every_case(
    ("name", "texts", "dtype"),
    [
        ("due_date", ["2026-01-05", None, ""], "datetime64[us]"),
        ("due_date", ["2026-01-05", "TBD"], "string"),
        ("paid_date", ["2026-01-05T17:45:00Z", "2026-01-06"], "datetime64[us, UTC]"),
        ("created_at", ["yesterday"], "string"),
        ("is_late", ["true", "no"], "boolean"),
        ("is_late", ["perhaps"], "string"),
        ("latitude", ["41.5", "-3"], "float64"),
        ("latitude", ["41.5", "north"], "string"),
        ("comments_count", ["5", "7"], "Int64"),
        ("comments_count", ["5", "many"], "string"),
        ("group_ids", ["5,6"], "string"),
        ("zip", ["01234"], "string"),
        ("vendor_id", ["7", "8"], "Int64"),
        ("vendor_id", ["7", "007"], "string"),
        ("Approved COs", ["1500.00", "0.0", "-12"], "object"),
        ("Approved COs", ["1500.00", 12, 0.5, None], "object"),
        ("Approved COs", ["1500.00", "n/a"], "string"),
        ("Approved COs", ["15", "12"], "string"),
        ("Approved COs", ["1500.00", True], "string"),
        ("Section", ["03.30"], "string"),
        ("section", ["3.30"], "string"),
        ("version", ["1.10"], "string"),
        ("Item Code", ["1.10"], "string"),
        ("phone", ["555.0100"], "string"),
    ],
)
def test_a_name_decides_for_json_text_only_where_nothing_is_lost(
    name: str, texts: list[object], dtype: str
) -> None:
    frame = to_frame([{name: text} for text in texts], decimals="exact")
    assert str(frame[name].dtype) == dtype
    assert frame.attrs["procore"]["unparsed"] == {}
    if dtype == "string":
        assert [None if one is pd.NA else one for one in frame[name]] == [
            one if one is None or isinstance(one, str) else "true" for one in texts
        ]


def test_money_that_nobody_declared_is_exact_or_a_float_as_asked_for() -> None:
    records = [{"Approved COs": "1500.25"}, {"Approved COs": 2}, {"Approved COs": None}]
    assert to_frame(records, decimals="exact")["Approved COs"].sum() == Decimal("1502.25")
    floats = to_frame(records, decimals="float")["Approved COs"]
    assert (str(floats.dtype), floats.sum()) == ("float64", 1502.25)


def test_ids_past_64_bits_stay_exact_text() -> None:
    long = 2**64 + 1
    for endpoint in (declare("id integer"), None):
        frame = to_frame([{"id": long}, {"id": 5}, {"id": None}], endpoint)
        assert frame["id"].tolist()[:2] == [str(long), "5"]
        assert frame.attrs["procore"]["text_ids"] == ["id"]
        assert frame.attrs["procore"]["unparsed"] == {}
        assert to_frame([{"id": 2**63 - 1}], endpoint)["id"].dtype == "Int64"
    assert to_frame([{"ticks": long}, {"ticks": 5}])["ticks"].tolist() == [str(long), "5"]


def test_decimals_with_more_digits_than_a_float_stay_exact() -> None:
    long = Decimal("0.12345678901234567890123")
    for name in ("score", "grand_total"):
        exact = to_frame([{name: long}, {name: 1.5}, {name: 2}], decimals="exact")
        assert exact[name].tolist() == [long, Decimal("1.5"), Decimal(2)]
        floats = to_frame([{name: long}, {name: 1.5}], decimals="float")
        assert floats[name].tolist() == [float(long), 1.5]
    assert to_frame([{"grand_total": str(long)}], decimals="exact")["grand_total"].tolist() == [long]
    mixed = to_frame([{"score": 2**53 + 1}, {"score": 0.5}], decimals="exact")
    assert mixed["score"].tolist() == [Decimal(2**53 + 1), Decimal("0.5")]


def test_a_float_id_past_the_exact_floats_is_no_id() -> None:
    frame = to_frame([{"id": float(2**53 + 2)}, {"id": 5.0}], declare("id integer"))
    assert frame["id"].tolist()[1] == 5
    assert frame["id"].isna().tolist() == [True, False]
    assert to_frame([{"id": float(2**53)}], declare("id integer"))["id"].tolist() == [2**53]
    assert str(to_frame([{"id": float(2**53 + 2)}, {"id": 5.0}])["id"].dtype) == "float64"
    assert str(to_frame([{"id": 7.0}, {"id": float("nan")}])["id"].dtype) == "Int64"


def test_a_type_that_only_a_name_gives_gives_way_to_values() -> None:
    loose = declare("paid_date string", "created_at unknown", "is_late unknown", "amount string")
    assert dtypes(to_frame([], loose)) == {
        "paid_date": "datetime64[us]",
        "created_at": "datetime64[us, UTC]",
        "is_late": "boolean",
        "amount": "float64",
    }
    odd = {"paid_date": "after approval", "created_at": {"by": 1}, "is_late": 3.5, "amount": "12 EUR"}
    frame = to_frame([odd], loose)
    assert frame["paid_date"].tolist() == ["after approval"]
    assert frame["created_at.by"].tolist() == [1]
    assert frame["is_late"].tolist() == [3.5]
    assert frame.attrs["procore"]["unparsed"]["amount"]["count"] == 1


def test_a_whole_number_of_a_million_digits_is_refused_at_once() -> None:
    began = time.monotonic()
    assert only("1,000e999999", "n integer") is pd.NA
    assert time.monotonic() - began < 1
