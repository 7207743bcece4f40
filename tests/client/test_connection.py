from __future__ import annotations

import copy
import pickle
from decimal import Decimal

import pandas as pd
import pytest
from another_procore import CLIENT_ID, COMPANY, SECRET, Said

import procore_nb as pnb
from procore_nb.environments import SANDBOX


def test_connecting_sends_nothing(another, connected) -> None:  # type: ignore[no-untyped-def]
    server = another()
    connected(server)
    assert server.asked == []


def test_me_is_one_row_with_the_types_it_declares(another, connected) -> None:  # type: ignore[no-untyped-def]
    frame = connected(another()).me()
    assert len(frame) == 1
    assert {name: str(frame[name].dtype) for name in ("id", "login", "name")} == {
        "id": "Int64", "login": "string", "name": "string",
    }  # fmt: skip


def test_every_representation_names_the_environment(another, connected) -> None:  # type: ignore[no-untyped-def]
    procore = connected(another())
    for shown in (repr(procore), procore._repr_html_(), repr(procore.me().attrs)):
        assert "another" in shown


def test_a_connection_stays_with_its_environment(another, connected) -> None:  # type: ignore[no-untyped-def]
    procore = connected(another())
    with pytest.raises(AttributeError):
        procore.environment = SANDBOX
    assert procore.me().attrs["procore"]["environment"] == "another"


def test_the_name_of_an_environment_is_not_markup(another, connected) -> None:  # type: ignore[no-untyped-def]
    server = another()
    procore = connected(server, environment=pnb.Environment("<b>x</b>", server.url, server.url))
    assert "<b>x</b>" not in procore._repr_html_()


def test_an_empty_list_has_the_columns_and_types_of_a_full_one(to_demo) -> None:  # type: ignore[no-untyped-def]
    procore = to_demo()
    full, empty = procore.projects(status="All"), procore.projects(status="All", id=[1])
    assert len(full) > 100
    assert len(empty) == 0
    shared = [name for name in empty.columns if name in full.columns]
    assert empty[shared].dtypes.to_dict() == full[shared].dtypes.to_dict()
    assert {"id", "name", "latitude", "longitude", "company.id"} <= set(empty.columns)


@pytest.mark.parametrize("status", ["Active", "Inactive", "All"])
def test_projects_by_status_add_up(to_demo, status: str) -> None:  # type: ignore[no-untyped-def]
    procore = to_demo()
    counts = {each: len(procore.projects(status=each)) for each in ("Active", "Inactive", "All")}
    assert counts["Active"] + counts["Inactive"] == counts["All"]
    assert counts[status] > 0


def test_an_html_page_instead_of_json_is_one_clear_error(another, connected) -> None:  # type: ignore[no-untyped-def]
    page = Said(200, b"<!DOCTYPE html><title>Sign in</title>", [("content-type", "text/html")])
    server = another(twist=lambda asked: None if asked.path.startswith("/oauth") else page)
    with pytest.raises(pnb.IncompleteError, match="a web page instead of JSON"):
        connected(server, retries=0).me()


@pytest.mark.parametrize("how", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_connection_is_neither_pickled_nor_copied_and_says_why(another, connected, how) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(TypeError, match="Connect again there"):
        how(connected(another()))


@pytest.mark.parametrize("wrong", [0, -5, True, "many", 2.5])
def test_parts_of_a_frame_have_a_size(another, connected, wrong: object) -> None:  # type: ignore[no-untyped-def]
    server = another()
    with pytest.raises(pnb.ArgumentError, match="rows_at_once"):
        connected(server).frames("rfis", project_id=7, rows_at_once=wrong)
    assert server.asked == []


def test_show_configuration_names_every_source_and_no_secret(places) -> None:  # type: ignore[no-untyped-def]
    pair = "PROCORE_CLIENT_ID=from-file\nPROCORE_CLIENT_SECRET=very-hush\n"
    at = places({"PROCORE_ENVIRONMENT": "sandbox"}, env_file=pair)
    at.profiles.save("work", pnb.Credentials("kept", "also-hush"), SANDBOX, 7)
    frame = pnb.show_configuration(sources=at)
    told = {row["name"]: row for _, row in frame.iterrows()}
    assert told["PROCORE_CLIENT_SECRET"]["value"] == "<set>"
    assert "environment variable" in told["PROCORE_ENVIRONMENT"]["source"]
    assert told["PROCORE_CLIENT_ID"]["source"].endswith(".env")
    assert pd.isna(told["PROCORE_COMPANY_ID"]["value"])
    assert "sandbox" in told["profile 'work'"]["value"]
    assert "hush" not in repr(frame.to_dict())


def test_a_profile_saved_for_one_environment_connects_to_it_alone(another, places) -> None:  # type: ignore[no-untyped-def]
    server, at = another(), places()
    place = pnb.Environment("another", server.url, server.url)
    at.profiles.save("work", pnb.Credentials(CLIENT_ID, SECRET), place, COMPANY)
    with pnb.connect(profile="work", sources=at, progress=False) as procore:
        assert procore.environment == place
        assert len(procore.me()) == 1
    elsewhere = another()
    with pytest.raises(pnb.CredentialsError, match="is not sent to"):
        pnb.connect(pnb.Environment("another", elsewhere.url, elsewhere.url), profile="work", sources=at)
    assert elsewhere.asked == []


def test_two_demos_do_not_share_their_limits() -> None:
    one, two = pnb.connect("demo", progress=False), pnb.connect("demo", progress=False)
    one.me()
    assert len(two.rate_limit()) == 0


def test_a_connection_says_how_money_comes_and_a_call_may_say_otherwise() -> None:
    with pytest.raises(pnb.ArgumentError, match="decimals='money'"):
        pnb.connect("demo", decimals="money")  # type: ignore[arg-type]
    with pnb.connect("demo", progress=False, decimals="exact") as procore:
        projects = procore.projects().head(3)
        assert {type(one) for one in projects["total_value"].dropna()} == {Decimal}
        exact = procore.table("prime_contracts", projects=projects)
        floats = procore.table("prime_contracts", projects=projects, decimals="float")
    assert floats["grand_total"].dtype == "float64"
    assert exact["grand_total"].map(float).tolist() == floats["grand_total"].tolist()
    assert "grand_total" in exact.attrs["procore"]["amounts"]
