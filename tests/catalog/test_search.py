"""Searching the catalogue: which endpoints come, in which order, with which dtypes."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from procore_nb import catalog
from procore_nb.errors import CatalogError, ProcoreWarning


def test_no_words_give_the_whole_catalogue_in_its_order() -> None:
    frame = catalog.find_endpoints("")

    assert list(frame["name"]) == [one.name for one in catalog.endpoints()]
    assert list(frame.columns[:5]) == ["name", "path", "scope", "required_query", "paginated"]
    pd.testing.assert_frame_equal(frame, catalog.find_endpoints())


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("rfis", "rfis"),
        ("RFI", "rfis"),
        ("punch", "punch_items"),
        ("Punch List", "punch_items"),
        ("inspections", "checklists"),
        ("inspection", "checklists"),
        ("manpower", "daily_logs_manpower"),
        ("replies rfi", "rfi_replies"),
        ("rfi reply", "rfi_replies"),
        ("injury", "injuries"),
        ("v1.0/projects/{project_id}/rfis", "rfis"),
        ("subcontractor invoice", "requisitions"),
        ("photos", "images"),
        ("photo album", "image_categories"),
        ("labour", "daily_logs_manpower"),
        ("headcount", "daily_logs_manpower"),
        ("punchlist", "punch_items"),
        ("timecards", "timecard_entries"),
        ("schedule of values", "prime_contract_line_items"),
        ("SOV", "prime_contract_line_items"),
        ("gantt", "schedule_tasks"),
        ("snags", "punch_items"),
    ],
)
def test_the_best_match_comes_first(words: str, first: str) -> None:
    assert catalog.find_endpoints(words)["name"].iloc[0] == first


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("latitude longitude", "projects"),
        ("owner invoices", "payment_applications"),
        ("schedule legacy", "schedule_tasks"),
    ],
)
def test_fields_aliases_and_tools_are_searched(words: str, found: str) -> None:
    assert found in set(catalog.find_endpoints(words)["name"])


@pytest.mark.parametrize(
    ("slip", "first"),
    [
        ("submitals", "submittals"),
        ("budgget view", "budget_views"),
        ("comitments", "commitment_contracts"),
        ("inspektions", "checklists"),
        ("punshlist", "punch_items"),
    ],
)
def test_a_slip_finds_what_was_meant_and_says_so(slip: str, first: str) -> None:
    with pytest.warns(ProcoreWarning, match=f"Nothing in the catalogue has '{slip}'"):
        found = catalog.find_endpoints(slip)
    assert found["name"].iloc[0] == first


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("unpaid invoices", ["requisitions", "payment_applications"]),
        ("outstanding invoices", ["requisitions", "payment_applications"]),
        ("site diary", ["daily_logs_manpower", "daily_logs_notes"]),
        ("diaries", ["daily_logs_manpower", "daily_logs_notes"]),
        ("progress photos", ["images"]),
        ("site photos", ["images"]),
        ("variations", ["prime_change_orders", "commitment_change_orders"]),
        ("man hours", ["daily_logs_manpower", "timecard_entries"]),
        ("safety incidents", ["incidents", "injuries", "near_misses"]),
        ("certificate", ["insurances", "vendor_insurances"]),
        ("certificates of insurance", ["insurances", "vendor_insurances"]),
        ("payment certificates", ["requisitions", "payment_applications"]),
    ],
)
def test_everyday_words_find_the_lists_that_are_meant(words: str, first: list[str]) -> None:
    assert catalog.find_endpoints(words)["name"].tolist()[: len(first)] == first


def test_a_short_word_is_near_to_nothing() -> None:
    with pytest.warns(ProcoreWarning, match="No list has all the words"):
        assert catalog.find_endpoints("fom").empty  # one letter from forms


def test_words_of_fields_are_no_slips() -> None:
    assert "vendors" in set(catalog.find_endpoints("labor union")["name"])


def test_all_words_have_to_be_there() -> None:
    both = set(catalog.find_endpoints("budget snapshot")["name"])

    assert both < set(catalog.find_endpoints("budget")["name"])
    with pytest.warns(ProcoreWarning, match=r"No list has all the words of 'budget zzzz'. Try one word"):
        assert catalog.find_endpoints("budget zzzz").empty


def test_dtypes_are_the_same_with_and_without_rows() -> None:
    some = catalog.find_endpoints("rfi")
    with pytest.warns(ProcoreWarning, match="No list has all the words"):
        none = catalog.find_endpoints("zzzz")

    assert len(none) == 0
    assert some.dtypes.to_dict() == none.dtypes.to_dict()
    assert str(some["name"].dtype) == "string"
    assert str(some["paginated"].dtype) == "boolean"
    assert str(some["columns"].dtype) == "Int64"


def test_what_is_needed_reads_as_alternatives() -> None:
    frame = catalog.find_endpoints("").set_index("name")

    assert frame.loc["line_item_types", "required_query"] == "company_id|project_id"
    assert frame.loc["line_item_types", "needs"] == "company_id or project_id"
    assert frame.loc["change_order_requests", "needs"] == "project_id, contract_id"
    assert frame.loc["daily_logs_manpower", "caveats"].startswith(
        "Without dates only the rows of today come back"
    )


@pytest.mark.parametrize("words", [None, 7, ["rfi"]])
def test_words_that_are_no_text_are_an_error(words: object) -> None:
    with pytest.raises(CatalogError, match="no words"):
        catalog.find_endpoints(words)  # type: ignore[arg-type]


@given(st.text(max_size=30))
@pytest.mark.filterwarnings("ignore::procore_nb.errors.ProcoreWarning")
@pytest.mark.slow
def test_any_words_give_a_frame_of_known_names(words: str) -> None:
    found = catalog.find_endpoints(words)["name"]

    assert set(found) <= {one.name for one in catalog.endpoints()}
    assert found.is_unique


def test_flags_and_the_day_of_the_catalogue_are_in_the_frame() -> None:
    frame = catalog.find_endpoints("")
    rows = frame.set_index("name")

    assert frame.attrs["procore"] == {"catalogue": "2026-09-16", "lists": len(frame)}
    assert [str(frame[name].dtype) for name in ("beta", "deprecated", "older_version", "gone")] == [
        "boolean"
    ] * 4
    assert rows.loc["prime_contracts_v2_0", "beta"]
    assert rows.loc["documents_v1_0", "deprecated"]
    assert rows.loc["documents_v1_0", "successor"] == "documents"
    assert rows.loc["markup_stamps_v1_0", "older_version"]
    assert rows.loc["payment_beneficiaries", "gone"]
    assert rows.loc["custom_field_definitions_v1_0", "removal"] == "2024-09-01"
    assert not rows.loc["rfis", ["beta", "deprecated", "older_version", "gone"]].any()
    with pytest.warns(ProcoreWarning, match="No list has all the words"):
        assert catalog.find_endpoints("zzzz").attrs == frame.attrs


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("materials received", "material_receipts"),
        ("materials on order", "material_purchase_orders"),
        ("assets", "assets"),
        ("spec sections", "specification_sections"),
        ("financial periods", "financial_periods"),
        ("budget line items", "budget_line_items"),
        ("folders", "folders"),
        ("payment terms", "payment_terms"),
    ],
)
def test_the_lists_of_september_are_found_by_the_words_of_analysts(words: str, first: str) -> None:
    assert catalog.find_endpoints(words)["name"].iloc[0] == first
