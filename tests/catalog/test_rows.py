"""What one row of the catalogue says: names, fields, arguments, parents, caveats, and how it is shown."""

from dataclasses import FrozenInstanceError, replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procore_nb import catalog
from procore_nb.catalog.endpoint_schema import encode
from procore_nb.near_match import near, slug

ALL = catalog.endpoints()
NAMES = {one.name for one in ALL}


@pytest.mark.parametrize(
    ("plain_name", "version", "old", "newer"),
    [
        ("submittals", "v1.1", "submittals_v1_1", "submittals_v2_0"),
        ("prime_contracts", "v1.0", "prime_contracts_v1_0", "prime_contracts_v2_0"),
        ("coordination_issues", "v1.0", "coordination_issues_v1_0", "coordination_issues_v2_0"),
        ("wbs_codes", "v1.0", "wbs_codes_v1_0", "wbs_codes_v2_0"),
        (
            "prime_contract_line_items",
            "v1.0",
            "prime_contract_line_items_v1_0",
            "prime_contract_line_items_v2_0",
        ),
    ],
)
def test_the_plain_name_means_the_richer_version_and_the_row_says_so(
    plain_name: str, version: str, old: str, newer: str
) -> None:
    one, other = catalog.endpoint(plain_name), catalog.endpoint(newer)

    assert one.version == version
    assert catalog.endpoint(old) is one
    assert len(one.fields) > len(other.fields)
    assert any("richer" in caveat and newer in caveat for caveat in one.caveats)
    assert any("Poorer" in caveat and plain_name in caveat for caveat in other.caveats)


def test_other_versions_are_named_and_exist() -> None:
    assert set(catalog.endpoint("projects").versions) == {"projects_v1_0"}
    assert {name for one in ALL for name in one.versions} <= NAMES


def test_fields_have_types_formats_and_values() -> None:
    fields = {one.name: one for one in catalog.endpoint("rfis").fields}

    assert fields["id"].type == "integer"
    assert fields["created_at"].format == "date-time"
    assert fields["assignees[].name"].in_list
    assert not fields["rfi_manager.id"].in_list
    assert "done" in {one.name: one for one in catalog.endpoint("async_operations").fields}["status"].enum


def test_keys_that_only_stand_for_custom_fields_are_marked() -> None:
    stand_ins = [one.name for one in catalog.endpoint("generic_tool_items").fields if one.is_placeholder]

    assert stand_ins
    assert all(name.startswith("custom_fields.custom_field_") for name in stand_ins)
    assert not any(one.is_placeholder for one in catalog.endpoint("custom_field_metadata").fields)
    assert not [name for name in stand_ins if name in repr(catalog.endpoint("generic_tool_items"))]


def test_fields_survive_their_text_form() -> None:
    for one in ALL:
        assert encode((*one.all_fields, *one.gone_fields)) == one.field_text


def test_a_row_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        catalog.endpoint("rfis").name = "other"  # type: ignore[misc]


def _argument(endpoint: str, name: str) -> catalog.Argument:
    return {one.name: one for one in catalog.endpoint(endpoint).arguments}[name]


@pytest.mark.parametrize(
    ("endpoint", "name", "expected"),
    [
        ("rfis", "project_id", ("project_id", False, True, "path", "")),
        ("rfis", "status", ("filters[status]", False, False, "filter", "")),
        ("rfis", "updated_at", ("filters[updated_at]", False, False, "filter", "range")),
        ("rfis", "sort", ("sort[attribute]", False, False, "query", "")),
        ("vendors", "id", ("filters[id][]", True, False, "filter", "")),
        ("schedules", "updated_at", ("filters[updated_at][gt]", False, False, "filter", "after")),
        ("daily_logs_manpower", "start_date", ("start_date", False, False, "query", "day")),
        ("budget_view_detail_rows", "biller", ("biller[]", True, False, "query", "")),
        ("change_order_requests", "contract_id", ("contract_id", False, True, "query", "")),
        ("workflow_instances", "tool_type", ("filters[tool_type]", False, True, "filter", "")),
        ("webhook_deliveries", "status", ("filter[status]", False, False, "query", "")),
        ("projects_v1_0", "view", ("serializer_view", False, False, "query", "")),
        ("bim_model_revision_objects", "id", ("id", False, True, "path", "")),
        ("bim_model_revision_objects", "filter_id", ("filters[id]", False, False, "filter", "")),
    ],
)
def test_an_argument_says_how_it_is_sent(
    endpoint: str, name: str, expected: tuple[str, bool, bool, str, str]
) -> None:
    one = _argument(endpoint, name)

    assert (one.key, one.many, one.required, one.location, one.form) == expected


def test_arguments_are_complete_and_each_name_is_said_once() -> None:
    for one in ALL:
        names = [argument.name for argument in one.arguments]
        keys = {argument.key for argument in one.arguments}

        assert len(names) == len(set(names)), one.name
        assert all(name.isidentifier() for name in names), one.name
        assert {name for group in one.needs for name in group} <= set(names), one.name
        assert len([key for key in keys if key.startswith("filters[")]) >= len(one.filters), one.name
        assert not keys & {"page", "per_page", "cursor"}, one.name


def test_paging_is_nothing_a_caller_needs_to_say() -> None:
    one = catalog.endpoint("equipment_register")

    assert ("per_page",) in one.required_query
    assert one.needs == (("company_id",), ("project_id",))


@pytest.mark.parametrize(
    ("endpoint", "parents"),
    [
        ("rfi_replies", {"rfi_id": ("rfis",)}),
        (
            "change_order_requests",
            {"contract_id": ("prime_contracts", "work_order_contracts", "purchase_order_contracts")},
        ),
        ("budget_view_detail_rows", {"budget_view_id": ("budget_views",)}),
        ("work_order_contract_line_items", {"work_order_contract_id": ("work_order_contracts",)}),
        ("schedule_activities", {"schedule_id": ("schedules",)}),
        ("checklist_schedule_attachments", {"schedule_id": ("checklist_schedules",)}),
        ("drawings", {"drawing_area_id": ("drawing_areas",)}),
        ("generic_tool_items", {"generic_tool_id": ("generic_tools",)}),
        ("submittal_revisions", {"submittal_id": ("submittals",)}),
        ("rfis", {}),
    ],
)
def test_a_further_id_says_which_list_it_comes_from(
    endpoint: str, parents: dict[str, tuple[str, ...]]
) -> None:
    assert catalog.endpoint(endpoint).parents == parents


def test_parents_are_endpoints_and_are_needed() -> None:
    for one in ALL:
        assert set(one.parents) <= {name for group in one.needs for name in group}
        assert {source for sources in one.parents.values() for source in sources} <= NAMES


def test_all_lists_with_a_silent_date_window_say_so_and_which_dates_to_give() -> None:
    windows = [one for one in ALL if one.date_default]

    assert len(windows) == 25
    for one in windows:
        assert one.caveats[0].startswith("Without dates only ")
        assert "start_date and end_date" in one.caveats[0]
        assert {"start_date", "end_date"} <= {argument.name for argument in one.arguments}


@pytest.mark.parametrize(
    ("endpoint", "words"),
    [
        ("projects", 'status="All"'),
        ("users", "users_inactive"),
        ("vendors", "vendors_inactive"),
        ("project_users", "project_users_inactive"),
        ("daily_logs_manpower", "approved"),
        ("budget_changes", "No paging"),
        ("change_order_requests", "prime_contracts, work_order_contracts or purchase_order_contracts"),
        ("schedule_tasks", "legacy"),
        ("commitment_contracts", "Subcontracts and purchase orders in one list"),
        ("commitments_v1_0", "DEPRECATED"),
        ("custom_field_definitions_v1_0", "2024-09-01"),
        ("payment_beneficiaries", "no longer has this list"),
        ("markup_stamps_v1_0", "OLDER VERSION"),
        ("bids_v2_0", "BETA"),
        ("rfis", "current_revision=True"),
        ("equipment_register_ids", "does not describe the rows"),
        ("custom_field_definitions_v1_0", "DEPRECATED"),
        ("meetings", "groups"),
    ],
)
def test_a_trap_is_said(endpoint: str, words: str) -> None:
    assert any(words in caveat for caveat in catalog.endpoint(endpoint).caveats)


@pytest.mark.slow
def test_the_text_of_an_endpoint_is_narrow_and_says_what_counts() -> None:
    for one in ALL:
        text = repr(one)
        squeezed = " ".join(text.split()).replace(" caveat ", " ")

        assert text.splitlines()[0] == f"{one.name}: GET {one.path}"
        assert all(len(line) <= 100 for line in text.splitlines()[1:]), one.name
        assert all(caveat in squeezed for caveat in one.caveats), one.name


class _Cells(HTMLParser):
    """Collects the text of a document and refuses elements that do something."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data + "\n"


def test_the_html_of_an_endpoint_says_the_same_without_colours() -> None:
    one = catalog.endpoint("daily_logs_manpower")
    html = one._repr_html_()
    cells = _Cells()
    cells.feed(html)

    assert all(
        part in cells.text for part in (one.path, *one.caveats, *one.filters, "man_hours", "manpower_logs")
    )
    assert "color" not in html
    assert "background" not in html


@given(st.text(max_size=30))
@pytest.mark.slow
def test_text_from_a_foreign_catalogue_stays_text_in_html(text: str) -> None:
    hostile = f"<script>{text}</script>"
    one = replace(
        catalog.endpoint("rfis"), name=hostile, module=hostile, remarks=(hostile,), filters=(hostile,)
    )
    cells = _Cells()
    cells.feed(one._repr_html_())

    assert "script" not in cells.tags


@pytest.mark.parametrize(
    ("endpoint", "argument"),
    [
        ("workforce_notification_profiles", "limit"),
        ("workforce_person_time_off", "limit"),
        ("webhook_deliveries_v1_0", "page_start"),
        ("webhook_deliveries_v1_0", "page_size"),
        ("task_codes", "serializer_view"),
    ],
)
def test_where_a_list_begins_and_how_long_it_is_can_be_given_where_its_pages_are_not_counted(
    endpoint: str, argument: str
) -> None:
    assert argument in {one.name for one in catalog.endpoint(endpoint).arguments}
    assert "per_page" not in {one.name for one in catalog.endpoint("rfis").arguments}


def test_near_names_share_letters_or_words() -> None:
    choices = ["rfis", "rfi_replies", "submittals", "punch_items", "direct_costs"]

    assert near("submital", choices) == ("submittals",)
    assert near("items punch", choices) == ("punch_items",)
    assert near("RFI", choices)[0] == "rfis"
    assert near("zzzz", choices) == ()


@given(st.text(max_size=20))
def test_the_plain_form_of_a_name_is_its_own_plain_form(name: str) -> None:
    assert slug(slug(name)) == slug(name)
