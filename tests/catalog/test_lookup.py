"""Looking endpoints up: names, aliases, paths, and what is said when there is none."""

import gzip
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procore_nb import catalog
from procore_nb.catalog import catalogue
from procore_nb.errors import CatalogError

ALL = catalog.endpoints()


def test_the_shipped_catalogue_has_all_lists_and_fields_under_unique_names() -> None:
    names = [name for one in ALL for name in (one.name, *one.aliases)]

    assert len(ALL) == 1008
    assert len(names) == len(set(names))
    assert len({one.path for one in ALL}) == 1008
    assert sum(len(one.all_fields) for one in ALL) == 19_930
    assert sum(len(one.gone_fields) for one in ALL) == 37


def test_the_shipped_file_is_small_and_written_the_same_every_time() -> None:
    packed = (Path(catalogue.__file__).parent / "data" / "catalogue.jsonl.gz").read_bytes()

    assert len(packed) < 400_000
    assert packed[4:8] == b"\0\0\0\0"
    assert gzip.decompress(catalog.dump(catalog.load())) == gzip.decompress(packed)
    assert catalog.dump(catalog.load()) == catalog.dump(catalog.load())


@pytest.mark.slow
def test_every_endpoint_is_found_by_its_name_its_aliases_and_its_path() -> None:
    for number, one in enumerate(ALL):
        filled = one.path
        for name in one.path_params:
            filled = filled.replace("{" + name + "}", "17" if name.endswith("id") else "word")

        # A path with its placeholders is looked for like one with ids: every fifth is enough.
        for typed in (one.name, *one.aliases, filled, *([] if number % 5 else [one.path])):
            assert catalog.endpoint(typed) is one, typed
        placeholders = {argument.name for argument in one.arguments if argument.location == "path"}
        assert set(one.values_in(filled)) == placeholders, one.name


@pytest.mark.parametrize(
    "typed",
    [
        "rfis",
        " RFIs ",
        "/rest/v1.0/projects/{project_id}/rfis",
        "rest/v1.0/projects/{id}/rfis/",
        "v1.0/projects/{project_id}/rfis",
        "/projects/{project_id}/rfis",
        "projects/7/rfis",
        "/rest/v1.0/projects/7/rfis",
    ],
)
def test_an_endpoint_is_found_however_it_is_typed(typed: str) -> None:
    assert catalog.endpoint(typed).name == "rfis"


@pytest.mark.parametrize("typed", ["Punch Items", "punch-items", "PUNCH_ITEMS", "Punch List"])
def test_spaces_dashes_and_capitals_do_not_matter(typed: str) -> None:
    assert catalog.endpoint(typed).name == "punch_items"


def test_the_ids_written_into_a_path_can_be_read_back() -> None:
    one = catalog.endpoint("/rest/v1.0/projects/7/rfis/12/replies")

    assert one.name == "rfi_replies"
    assert one.values_in("/rest/v1.0/projects/7/rfis/12/replies") == {"project_id": "7", "rfi_id": "12"}
    assert one.values_in("/rest/v1.0/projects/{project_id}/rfis/12/replies") == {"rfi_id": "12"}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("RFI", "rfis"),
        ("submitals", "submittals"),
        ("punch item", "punch_items"),
        ("direct cost", "direct_costs"),
    ],
)
def test_an_unknown_name_is_an_error_that_names_near_ones(typed: str, meant: str) -> None:
    with pytest.raises(CatalogError, match=rf"Did you mean .*\b{meant}\b.*find_endpoints"):
        catalog.endpoint(typed)


@pytest.mark.parametrize("typed", ["", "  ", "zzzzzz", None, 7])
def test_a_name_like_no_other_is_an_error_that_points_to_the_search(typed: object) -> None:
    with pytest.raises(CatalogError, match="find_endpoints"):
        catalog.endpoint(typed)  # type: ignore[arg-type]


def test_a_whole_path_outside_the_catalogue_is_taken_as_it_is() -> None:
    one = catalog.endpoint("/rest/v1.7/projects/{project_id}/moon_bases/{base_id}/craters")

    assert (one.kind, one.paging, one.fields, one.scope) == ("unknown", "page", (), "project")
    assert one.path_params == ("project_id", "base_id")
    assert one.needs == (("project_id",), ("base_id",))
    assert "not in the catalogue" in repr(one)


def test_a_word_in_the_place_of_an_id_is_another_path() -> None:
    assert catalog.endpoint("/rest/v1.0/projects/mine/rfis").kind == "unknown"
    assert catalog.endpoint("/rest/v1.0/projects/m1ne/rfis").name == "rfis"


def test_an_unknown_path_of_version_2_has_its_page_sizes() -> None:
    one = catalog.endpoint("/rest/v2.0/companies/5/moon_bases")

    assert (one.per_page_default, one.per_page_max) == (10, 100)


@pytest.mark.parametrize(
    "typed",
    [
        "https://api.procore.com/rest/v1.0/companies",
        "//evil.example/rest/v1.0/companies",
        "/rest/v1.0/companies?page=2",
        "/rest/v1.0/../oauth/token",
        "/rest/v1.0/compa nies",
        "/rest/v1.0/companies#x",
        "/rest/v1.0/@evil/x",
        "/rest/v1.0/%2e%2e/x",
        "/oauth/token/info",
        "moons/7",
        "/",
    ],
)
def test_what_is_not_a_plain_api_path_is_refused(typed: str) -> None:
    with pytest.raises(CatalogError):
        catalog.endpoint(typed)


@given(st.text(max_size=40))
@pytest.mark.slow
def test_any_text_gives_an_endpoint_or_a_catalog_error(typed: str) -> None:
    try:
        found = catalog.endpoint(typed)
    except CatalogError:
        return
    assert found.path.startswith("/rest/v")


def test_importing_the_package_reads_nothing_of_the_catalogue() -> None:
    code = "import sys, procore_nb; print([name for name in sys.modules if 'catalog' in name or name == 'pandas'])"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert ran.stdout.strip() == "[]"


def test_looking_up_does_not_import_pandas() -> None:
    code = "import sys; from procore_nb import catalog; catalog.endpoint('rfis').fields; print('pandas' in sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert ran.stdout.strip() == "False"


def test_an_endpoint_can_be_pickled() -> None:
    one = catalog.endpoint("rfis")

    assert pickle.loads(pickle.dumps(one)) == one


def test_me_is_known_but_not_listed() -> None:
    assert {one.name: one.type for one in catalog.load().single("me").fields} == {
        "id": "integer",
        "login": "string",
        "name": "string",
    }
    assert catalog.load().single("project").path == "/rest/v1.0/projects/{project_id}"
    assert not {"me", "project"} & {one.name for one in ALL}


def test_an_unknown_single_object_is_an_error() -> None:
    with pytest.raises(CatalogError):
        catalog.load().single("rfis")


def test_the_day_of_the_catalogue_and_what_it_leaves_out_are_known() -> None:
    shipped = catalog.load()
    left = [path for path, _ in shipped.left_out]

    assert shipped.as_of == "2026-09-16"
    assert {one.as_of for one in ALL} == {"2026-05-08", "2026-09-16"}
    # Of 559 operations compared: 308 were here, 197 are new, 54 are no lists; parameters and fields stand beside them.
    assert sum(1 for one in ALL if one.as_of == "2026-09-16") > 197 + 280
    assert len([path for path in left if " " not in path]) == 54
    assert all(reason for _, reason in shipped.left_out)
    assert not {one.path for one in ALL} & {path for path in left if " " not in path}


@pytest.mark.parametrize(
    ("name", "version", "before"),
    [
        ("custom_field_definitions", "v2.0", "custom_field_definitions_v1_1"),
        ("custom_field_metadata", "v2.0", "custom_field_metadata_v1_0"),
        ("specification_sections", "v2.1", "specification_sections_v1_0"),
        ("specification_section_divisions", "v2.1", "specification_section_divisions_v1_0"),
        ("schedule_calendars", "v2.1", "schedule_calendars_v2_0"),
        ("company_bids", "v2.0", "company_bids_v1_0"),
        ("bid_package_bids", "v1.1", "bid_package_bids_v1_0"),
        ("commitments", "v2.0", "commitments_v1_0"),
        ("markup_stamps", "v2.1", "markup_stamps_v2_0"),
        ("documents", "v2.0", "documents_v1_0"),
    ],
)
def test_a_plain_name_means_the_richest_version_that_is_not_going_away(
    name: str, version: str, before: str
) -> None:
    now, old = catalog.endpoint(name), catalog.endpoint(before)

    assert now.version == version
    assert not now.going_away
    assert old.going_away or old.older_version or len(old.fields) < len(now.fields)


def test_no_plain_name_means_a_list_that_is_removed_while_another_version_stays() -> None:
    for one in ALL:
        family = [one, *(catalog.endpoint(name) for name in one.versions)]
        if not all(other.going_away for other in family):
            assert not min(family, key=lambda other: len(other.name)).going_away, one.name


def test_a_catalogue_of_another_version_is_refused(tmp_path: Path) -> None:
    header, *rows = gzip.decompress(catalogue.dump(catalog.load())).splitlines()
    later = json.dumps(json.loads(header) | {"format": 999}).encode()
    (tmp_path / "later.jsonl.gz").write_bytes(gzip.compress(b"\n".join([later, *rows[:1]])))
    with pytest.raises(CatalogError, match="is not a catalogue this version reads"):
        catalog.load(tmp_path / "later.jsonl.gz")
