"""Building a catalogue from an OpenAPI document that a user downloaded."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procore_nb import catalog
from procore_nb.catalog.openapi import compile
from procore_nb.errors import CatalogError, OutputError

DOCUMENTS = Path(__file__).parent / "documents"
BASES = "/rest/v1.0/projects/{project_id}/moon_bases"


@pytest.fixture(scope="module")
def built() -> catalog.Catalogue:
    return compile.build(compile.read_document(DOCUMENTS / "openapi3.json"))


@pytest.fixture(scope="module")
def extended() -> catalog.Catalogue:
    return compile.build(compile.read_document(DOCUMENTS / "openapi3.json"), base=catalog.load())


def test_every_collection_becomes_an_endpoint_and_nothing_else(built: catalog.Catalogue) -> None:
    assert [one.name for one in built.endpoints] == [
        "rfis",
        "moon_bases",
        "moon_base_craters",
        "moon_bases_v2_0",
        "telescopes",
    ]


def test_parameters_become_what_an_endpoint_needs_and_takes(built: catalog.Catalogue) -> None:
    one = built.endpoint("moon_bases")

    assert (one.path, one.version, one.scope, one.kind) == (BASES, "v1.0", "project", "data")
    assert one.needs == (("project_id",),)
    assert (one.paging, one.per_page_default, one.per_page_max) == ("page", 25, 250)
    assert one.filters == ("updated_at", "id[]")
    assert one.updated_at_param == "filters[updated_at]"
    assert (one.sort_param, one.sorts) == ("sort", ("name", "size"))
    assert (one.view_param, one.views, one.view_default) == ("view", ("compact", "normal"), "normal")
    assert one.other_query == ("with_craters",)


def test_references_and_compositions_become_flat_fields(built: catalog.Catalogue) -> None:
    fields = {one.name: one for one in built.endpoint("moon_bases").fields}

    assert list(fields)[:2] == ["id", "name"]
    assert fields["opened_on"].format == "date"
    assert fields["status"].enum == ("open", "closed")
    assert fields["commander"].type == "object"
    assert fields["commander.id"].type == "integer"
    assert fields["size"].type == "number"
    assert {"cargo.oxygen", "cargo.water"} <= set(fields)
    assert fields["domes[]"].type == "array<object>"
    assert fields["domes[].label"].type == "string"
    assert fields["tags[]"].type == "array<string>"
    assert fields["rating"].type == "integer"


def test_a_schema_that_holds_itself_ends(built: catalog.Catalogue) -> None:
    fields = {one.name: one for one in built.endpoint("moon_bases").fields}

    assert fields["parent.parent"].type == "unknown"
    assert "parent.parent.id" not in fields


@pytest.mark.parametrize(
    ("name", "envelope", "id_type"),
    [
        ("moon_bases", "", "integer"),
        ("moon_bases_v2_0", "data", "string"),
        ("moon_base_craters", "craters", "string"),
        ("telescopes", "data.telescopes", "integer"),
    ],
)
def test_the_rows_are_found_in_their_envelope(
    built: catalog.Catalogue, name: str, envelope: str, id_type: str
) -> None:
    assert (built.endpoint(name).envelope, built.endpoint(name).id_type) == (envelope, id_type)


def test_a_further_id_is_known_to_come_from_the_list_before_it(built: catalog.Catalogue) -> None:
    one = built.endpoint("moon_base_craters")

    assert one.parents == {"moon_base_id": ("moon_bases",)}
    assert one.needs == (("project_id",), ("moon_base_id",), ("depth",))


def test_version_2_has_its_page_sizes_and_filter_objects_are_spread(built: catalog.Catalogue) -> None:
    one = built.endpoint("moon_bases_v2_0")

    assert (one.per_page_default, one.per_page_max) == (10, 100)
    assert one.filters == ("name", "ids[]")


def test_company_or_project_is_one_need_where_neither_is_in_the_path(built: catalog.Catalogue) -> None:
    one = built.endpoint("telescopes")

    assert one.needs == (("company_id", "project_id"),)
    assert (one.scope, one.paging, one.deprecated) == ("company", "limit", True)


def test_extending_keeps_all_names_and_adds_the_new_lists(extended: catalog.Catalogue) -> None:
    before = catalog.load()

    assert len(extended) == len(before) + 4
    for old, new in zip(before.endpoints, extended.endpoints, strict=False):
        assert (old.name, old.aliases, old.path) == (new.name, new.aliases, new.path)
    assert extended.single("me").path == "/rest/v1.0/me"


def test_a_known_list_takes_what_the_document_says_and_keeps_the_rest(extended: catalog.Catalogue) -> None:
    old, new = catalog.endpoint("rfis"), extended.endpoint("rfis")
    names = [one.name for one in new.fields]

    assert new.filters == ("status", "moon_phase")
    assert names[:2] == ["id", "moon_phase"]
    assert {one.name for one in old.fields} <= set(names)
    assert (new.module, new.remarks) == (old.module, old.remarks)


def test_a_new_version_of_a_known_list_never_takes_its_name() -> None:
    path = "/rest/v3.0/projects/{project_id}/rfis"
    reply = {"200": {"content": {"application/json": {"schema": {"type": "array", "items": {}}}}}}
    extended = compile.build({"paths": {path: {"get": {"responses": reply}}}}, base=catalog.load())

    assert extended.endpoint("rfis").version == "v1.0"
    assert extended.endpoint("rfis_v3_0").path == path


def test_a_catalogue_built_from_nothing_keeps_the_names_and_traps_of_known_paths() -> None:
    path = "/rest/v1.0/projects/{project_id}/daily_logs/weather_logs"
    known = catalog.endpoint("daily_logs_manpower")
    document = _listing(
        {"type": "array", "items": {"properties": {"id": {"type": "integer"}}}}, path=known.path
    )
    built = compile.build(
        document | {"paths": document["paths"] | _listing({"type": "array"}, path=path)["paths"]}
    )

    assert [one.name for one in built.endpoints] == ["daily_logs_manpower", built.endpoint(path).name]
    assert built.endpoint("manpower_logs").date_default == "today"
    assert set(known.fields) == set(built.endpoint("manpower_logs").fields)


def test_what_a_document_shows_elsewhere_does_not_replace_what_is_known() -> None:
    known = catalog.endpoint("meetings")
    flat = {
        "type": "object",
        "properties": {"meetings": {"type": "array", "items": {"properties": {"x": {}}}}},
    }
    one = compile.build(_listing(flat, path=known.path)).endpoint("meetings")

    assert (one.envelope, one.fields) == (known.envelope, known.fields)


def test_rows_in_groups_are_found_and_tell_their_group() -> None:
    meeting = {"type": "object", "properties": {"id": {"type": "integer"}, "name": {"type": "string"}}}
    group = {
        "properties": {
            "name": {"type": "string"},
            "group_title": {"type": "string"},
            "moons": {"type": "array", "items": meeting},
        }
    }
    one = compile.build(_listing({"type": "array", "items": group})).endpoint("moons")

    assert one.envelope == "[].moons"
    assert [field.name for field in one.fields] == ["id", "name", "group_name", "group_title"]


def test_the_values_that_a_document_names_for_a_parameter_are_known() -> None:
    named = {"type": "string", "enum": ["full (default)", "new", None]}
    many = {"type": "array", "items": {"enum": ["a", "b"]}}
    parameters = [
        {"name": "filters[phase]", "in": "query", "schema": named},
        {"name": "kinds[]", "in": "query", "schema": many},
        {"name": "dark", "in": "query", "schema": {"type": "boolean", "enum": [True]}},
    ]
    document = _listing({"type": "array", "items": {}})
    document["paths"][_MOONS]["get"]["parameters"] = parameters
    one = compile.build(document).endpoint("moons")

    assert {argument.name: argument.choices for argument in one.arguments} == {
        "kinds": ("a", "b"),
        "dark": ("true",),
        "phase": ("full", "new"),
    }


def test_a_document_saved_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    file = tmp_path / "document.json"
    file.write_text(json.dumps(_listing({"type": "array", "items": {}})), encoding="utf-8-sig")

    assert compile.read_document(file)["paths"].keys() == {_MOONS}


def test_swagger_2_is_read_alike() -> None:
    built = compile.build(compile.read_document(DOCUMENTS / "swagger2.json"))
    one = built.endpoint("moon_rovers")

    assert (one.path, one.scope) == ("/rest/v1.0/companies/{company_id}/moon_rovers", "company")
    assert (one.paging, one.filters) == ("page0", ("wheels",))
    assert [(field.name, field.format) for field in one.fields] == [("id", ""), ("driven_at", "date-time")]


@pytest.mark.slow
def test_a_built_catalogue_is_written_and_loaded_again(tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl.gz"
    built, _ = compile.build_file([DOCUMENTS / "openapi3.json"], file, base=catalog.load())
    again = catalog.load(file)

    assert again.endpoints == built.endpoints
    assert again.endpoint("moon_bases").fields == built.endpoint("moon_bases").fields
    assert catalog.endpoint("moon_base_craters", catalogue=again).parents == {"moon_base_id": ("moon_bases",)}
    assert catalog.find_endpoints("moon", catalogue=again)["name"].iloc[0] == "moon_bases"
    assert [one.name for one in tmp_path.iterdir()] == [file.name]


def test_a_folder_that_is_not_there_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no folder"):
        compile.build_file([DOCUMENTS / "openapi3.json"], tmp_path / "nowhere" / "mine.jsonl.gz")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "not json", "[]", "{}", '{"paths": []}', '"paths"'])
def test_a_file_that_is_no_openapi_document_is_an_error_with_advice(tmp_path: Path, text: str) -> None:
    file = tmp_path / "document.json"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(CatalogError, match="Download Procore's OpenAPI document"):
        compile.read_document(file)


def test_a_document_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="cannot be read"):
        compile.read_document(tmp_path / "none.json")


def test_a_document_without_lists_is_an_error() -> None:
    with pytest.raises(CatalogError, match="no list"):
        compile.build({"paths": {"/oauth/token": {"get": {"responses": {}}}}})


_MOONS = "/rest/v1.0/moons"


def _listing(schema: Any, *, path: str = _MOONS, **more: Any) -> dict[str, Any]:
    reply = {"200": {"content": {"application/json": {"schema": schema}}}}
    return {"paths": {path: {"get": {"responses": reply}}}, **more}


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "https://example.org/other.json#/moon"},
        {"$ref": "#/nowhere"},
        {"$ref": "#/a"},
    ],
)
def test_a_reference_that_leads_nowhere_is_an_error(schema: Any) -> None:
    circle = {"a": {"$ref": "#/b"}, "b": {"$ref": "#/a"}}
    with pytest.raises(CatalogError, match="OpenAPI document"):
        compile.build(_listing(schema, **circle))


def test_schemas_that_refer_to_each_other_do_not_grow_without_end() -> None:
    names = [f"s{number}" for number in range(12)]
    schemas = {
        one: {"type": "object", "properties": {other: {"$ref": f"#/d/{other}"} for other in names}}
        for one in names
    }
    built = compile.build(_listing({"type": "array", "items": {"$ref": "#/d/s0"}}, d=schemas))

    assert len(built.endpoint("moons").fields) <= 1000


@pytest.mark.parametrize("spoil", [lambda raw: raw[:200], lambda raw: b"text", lambda raw: b""])
def test_a_spoilt_catalogue_file_is_an_error(tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    file = tmp_path / "mine.jsonl.gz"
    file.write_bytes(spoil(catalog.dump(catalog.load())))

    with pytest.raises(CatalogError, match="catalog build"):
        catalog.load(file)


def test_a_catalogue_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="cannot be read"):
        catalog.load(tmp_path / "none.jsonl.gz")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "items", "properties", "allOf", "oneOf", "enum", "format", "id", "data", "$ref"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(_JSON)
@pytest.mark.slow
def test_any_schema_gives_a_catalogue_or_a_catalog_error(schema: Any) -> None:
    try:
        built = compile.build(_listing({"type": "array", "items": schema}))
    except CatalogError:
        return
    assert json.dumps([one.name for one in built.endpoint("moons").fields])
