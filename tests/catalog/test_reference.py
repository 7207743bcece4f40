"""Building a catalogue from documents as Procore publishes them today: composed, in several files, with flags."""

import json
from pathlib import Path
from typing import Any

import pytest

from procore_nb import catalog
from procore_nb.catalog.openapi import build_file, compile
from procore_nb.errors import CatalogError

MOONS = "/rest/v1.0/moons"
ID = {"type": "integer"}
TEXT = {"type": "string"}


def document(schema: Any, *, path: str = MOONS, parameters: Any = (), **operation: Any) -> dict[str, Any]:
    reply = {"200": {"content": {"application/json": {"schema": schema}}}}
    return {"paths": {path: {"get": {"responses": reply, "parameters": list(parameters), **operation}}}}


def row(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def many(items: Any, **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **more}


@pytest.mark.parametrize("word", ["oneOf", "anyOf"])
def test_of_an_answer_of_several_shapes_the_rows_with_keys_are_found_behind_bare_ids(word: str) -> None:
    answer = {word: [many(ID), many(row(id=ID, name=TEXT)), many(row(id=ID, size=TEXT))]}
    one = compile.build(document(answer)).endpoint("moons")

    assert {field.name: field.type for field in one.fields} == {
        "id": "integer",
        "name": "string",
        "size": "string",
    }


def test_all_of_joins_the_keys_of_its_parts() -> None:
    composed = {"allOf": [row(id=ID), {"allOf": [row(name=TEXT), row(size=TEXT)]}]}
    one = compile.build(document(many(composed))).endpoint("moons")

    assert [field.name for field in one.fields] == ["id", "name", "size"]


@pytest.mark.parametrize("titled_rows", [True, False])
def test_shapes_that_are_called_like_views_are_the_columns_of_those_views(titled_rows: bool) -> None:
    view = {
        "name": "view",
        "in": "query",
        "schema": {"enum": ["ids", "compact", "extended"], "default": "compact"},
    }
    compact, extended = row(id=ID, name=TEXT), row(id=ID, name=TEXT, craters=TEXT)
    if titled_rows:
        answer: Any = many(
            {"oneOf": [ID, {"title": "MoonCompact", **compact}, {"title": "MoonExtended", **extended}]}
        )
    else:
        answer = {"oneOf": [many(ID), many(compact, title="compact"), many(extended, title="extended")]}
    one = compile.build(document(answer, parameters=[view])).endpoint("moons")

    assert [field.name for field in one.fields] == ["id", "name"]
    assert [field.name for field in one.in_view("extended").fields] == ["id", "name", "craters"]
    assert [field.name for field in one.in_view(None).fields] == ["id", "name"]
    assert [(field.name, field.type) for field in one.in_view("ids").fields] == [("", "integer")]


def test_shapes_without_names_promise_every_key() -> None:
    view = {"name": "view", "in": "query", "schema": {"enum": ["compact", "extended"]}}
    answer = many({"oneOf": [row(id=ID), row(id=ID, craters=TEXT)]})
    one = compile.build(document(answer, parameters=[view])).endpoint("moons")

    assert [field.name for field in one.fields] == ["id", "craters"]


def test_references_lead_from_file_to_file_and_back(tmp_path: Path) -> None:
    (tmp_path / "rows").mkdir()
    moon = row(
        id=ID, planet={"$ref": "../moons.json#/components/schemas/planet"}, crater={"$ref": "#/crater"}
    )
    (tmp_path / "rows" / "moon.json").write_text(json.dumps({"moon": moon, "crater": row(depth=TEXT)}))
    main = document(many({"$ref": "rows/moon.json#/moon"}))
    main["components"] = {"schemas": {"planet": row(name=TEXT)}}
    (tmp_path / "moons.json").write_text(json.dumps(main))

    made, _ = build_file([tmp_path / "moons.json"], tmp_path / "out.gz")

    names = [field.name for field in made.endpoint("moons").fields]
    assert names == ["id", "planet", "planet.name", "crater", "crater.depth"]


def test_a_file_that_is_referred_to_and_not_there_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "moons.json").write_text(json.dumps(document(many({"$ref": "none.json#/moon"}))))

    with pytest.raises(CatalogError, match=r"none\.json"):
        build_file([tmp_path / "moons.json"], tmp_path / "out.gz")


def test_several_files_are_one_reference_and_say_their_tool(tmp_path: Path) -> None:
    info = {"x-product-category": "Astronomy", "x-tool-category": "Moons"}
    (tmp_path / "a.json").write_text(json.dumps(document(many(row(id=ID))) | {"info": info}))
    (tmp_path / "b.json").write_text(json.dumps(document(many(row(id=ID)), path="/rest/v2.0/stars")))

    made, differences = build_file([tmp_path / "a.json", tmp_path / "b.json"], tmp_path / "out.gz")

    assert [one.name for one in made.endpoints] == ["moons", "stars"]
    assert (made.endpoint("moons").category, made.endpoint("moons").module) == ("Astronomy", "Moons")
    assert differences.new == ("moons", "stars")
    assert catalog.load(tmp_path / "out.gz").as_of == made.as_of == made.endpoint("stars").as_of != ""


@pytest.mark.parametrize(
    ("operation", "flag", "removal"),
    [
        ({"x-doc": {"stage": "beta"}}, "BETA", ""),
        ({"x-doc": {"stage": "ga"}}, "", ""),
        ({"deprecated": True, "description": "Will be removed on 2027-09-09."}, "DEPRECATED", "2027-09-09"),
        ({"description": "An entry may be removed on 2027-09-09."}, "", ""),
        (
            {"deprecated": True, "x-changelog": [{"date": "2026-01-02", "type": "added", "breaking": False},
                                                 {"date": "2027-03-04", "type": "removed", "breaking": True}]},
            "DEPRECATED",
            "2027-03-04",
        ),
    ],
)  # fmt: skip
def test_flags_and_days_of_removal_are_read(operation: dict[str, Any], flag: str, removal: str) -> None:
    one = compile.build(document(many(row(id=ID)), **operation)).endpoint("moons")

    assert [name for name in ("BETA", "DEPRECATED") if (one.beta, one.deprecated)[name == "DEPRECATED"]] == (
        [flag] if flag else []
    )
    assert one.removal == removal


@pytest.mark.slow
def test_what_is_new_changed_and_gone_is_said(tmp_path: Path) -> None:
    rfis = catalog.endpoint("rfis").path
    status = {"name": "filters[moon]", "in": "query", "schema": TEXT}
    parts = {
        **document(many(row(id=TEXT, moon_phase=TEXT)), path=rfis, parameters=[status])["paths"],
        **document(many(row(id=ID)))["paths"],
    }
    (tmp_path / "part.json").write_text(json.dumps({"paths": parts}))

    part, differences = build_file([tmp_path / "part.json"], tmp_path / "out.gz", base=catalog.load())

    assert differences.new == ("moons",)
    assert differences.gone == ()
    assert differences.unread == len(catalog.load()) - 1
    assert [name for name, _ in differences.changed] == ["rfis"]
    what = dict(differences.changed)["rfis"]
    assert "fields + moon_phase" in what
    assert "id is string, was integer" in what
    assert "arguments + moon" in what
    assert not part.endpoint("submittals").gone

    whole, differences = build_file(
        [tmp_path / "part.json"], tmp_path / "out.gz", base=catalog.load(), whole=True
    )
    assert len(differences.gone) == differences.unread - sum(one.gone for one in catalog.endpoints())
    assert whole.endpoint("submittals").gone
    assert not whole.endpoint("rfis").gone
    assert "1 new, 1 changed" in str(differences)


def test_an_unchanged_reference_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "moons.json").write_text(json.dumps(document(many(row(id=ID)))))
    made, _ = build_file([tmp_path / "moons.json"], tmp_path / "one.gz")
    again = compile.build(json.loads((tmp_path / "moons.json").read_text()), base=made, as_of=made.as_of)

    assert compile.compare(made, again, {MOONS}).changed == ()
    assert str(compile.compare(made, again, {MOONS})) == "0 new, 0 changed, 0 gone"


def test_a_field_that_is_an_id_or_an_object_is_an_object() -> None:
    user = {"oneOf": [ID, row(id=ID, name=TEXT)]}
    one = compile.build(document(many(row(id=ID, user=user)))).endpoint("moons")

    assert {field.name: field.type for field in one.fields}["user"] == "object"


def test_a_list_whose_rows_nobody_described_takes_them_wherever_they_are_shown() -> None:
    known = next(one for one in catalog.endpoints() if not one.field_text and not one.envelope)
    one = compile.build(document({"properties": {"data": many(row(id=ID))}}, path=known.path)).endpoint(
        known.name
    )

    assert (one.envelope, [field.name for field in one.fields]) == ("data", ["id"])


def test_a_parameter_that_is_one_of_several_needed_is_not_needed_twice() -> None:
    known = next(one for one in catalog.endpoints() if any(len(group) > 1 for group in one.required_query))
    name = next(group for group in known.required_query if len(group) > 1)[0]
    parameter = {"name": name, "in": "query", "required": True, "schema": ID}
    one = compile.build(document(many(row(id=ID)), path=known.path, parameters=[parameter])).endpoint(
        known.name
    )

    assert one.required_query == known.required_query


def test_an_id_comes_from_the_version_of_its_list_that_stays() -> None:
    old = document(many(row(id=ID)), deprecated=True)
    new = document(many(row(id=ID)), path="/rest/v2.0/moons")
    below = document(many(row(id=ID)), path="/rest/v2.0/moons/{moon_id}/craters")
    built = compile.build(old, new, below)

    assert built.endpoint("moons").deprecated
    assert built.endpoint("moon_craters").parents == {"moon_id": ("moons_v2_0",)}


def test_one_record_with_a_list_in_it_is_no_list() -> None:
    single = document(row(items=many(row(id=ID))), path="/rest/v1.0/moons/{moon_id}")
    built = compile.build(document(many(row(id=ID))), single)

    assert [one.name for one in built.endpoints] == ["moons"]


def test_rows_with_an_id_are_no_groups_of_the_lists_in_them() -> None:
    one = compile.build(document(many(row(id=ID, data=many(row(name=TEXT)))))).endpoint("moons")

    assert one.envelope == ""


def test_shapes_of_which_two_are_called_like_one_view_promise_every_key() -> None:
    view = {"name": "view", "in": "query", "schema": {"enum": ["compact", "extended"]}}
    titles = {
        "MoonCompact": row(id=ID),
        "StarCompact": row(id=ID, name=TEXT),
        "MoonExtended": row(craters=TEXT),
    }
    answer = many({"oneOf": [{"title": title, **shape} for title, shape in titles.items()]})
    one = compile.build(document(answer, parameters=[view])).endpoint("moons")

    assert {field.name: field.views for field in one.all_fields} == {"id": (), "name": (), "craters": ()}


def test_a_size_that_is_no_number_and_a_page_that_is_required_say_nothing() -> None:
    size = {"name": "per_page", "in": "query", "schema": {"default": True, "maximum": 0}}
    page = {"name": "page", "in": "query", "required": True, "schema": ID}
    one = compile.build(document(many(row(id=ID)), parameters=[size, page])).endpoint("moons")

    assert (one.per_page_default, one.per_page_max, one.required_query) == (None, None, ())


def test_a_document_that_says_no_size_leaves_the_sizes_that_are_known() -> None:
    known = catalog.endpoint("specification_section_revisions_v2_1")
    size = {"name": "per_page", "in": "query", "schema": ID}
    one = compile.build(document(many(row(id=ID)), path=known.path, parameters=[size])).endpoint(known.name)

    assert (
        (one.per_page_default, one.per_page_max)
        == (known.per_page_default, known.per_page_max)
        == (100, 1000)
    )
