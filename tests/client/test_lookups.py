from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest
from another_procore import Said

import procore_nb as pnb
from client.test_portfolio import RFIS, portfolio, refusing
from procore_nb import catalog
from procore_nb.client.file_calls import names_by_id
from procore_nb.demo import Demo, Faults, RateLimits

RECORD = RFIS.format(2) + "/201"
ANSWERED = {
    "id": 201,
    "subject": "s1",
    "questions": [{"id": 5, "answers": [{"official": True}]}],
    "accepted": True,
}


def answering(body: Any, path: str = RECORD, status: int = 200) -> Any:
    return lambda asked: Said(status, body) if asked.path == path else None


# One record


@pytest.mark.parametrize(
    "body", [ANSWERED, {"data": ANSWERED}, [ANSWERED]], ids=["bare", "in data", "in a list"]
)
def test_a_record_is_one_typed_row_with_what_only_it_has(another, connected, body) -> None:  # type: ignore[no-untyped-def]
    server = another(portfolio(), twist=answering(body))
    frame = connected(server).record("rfis", 201, project_id=2)
    assert frame.loc[0, ["id", "subject", "accepted"]].tolist() == [201, "s1", True]
    assert frame["questions"][0][0]["answers"] == [{"official": True}]
    assert frame.dtypes[["id", "accepted"]].astype(str).tolist() == ["Int64", "boolean"]
    about = frame.attrs["procore"]
    assert (about["endpoint"], about["path"]) == ("rfis", "/rest/v1.0/projects/{project_id}/rfis/{record_id}")
    assert about["arguments"] == {"project_id": 2, "record_id": "201"}
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    ("body", "status", "kind", "words"),
    [
        ({"message": "No such RFI"}, 404, pnb.NotFoundError, "No such RFI"),
        ({"message": "Forbidden"}, 403, pnb.AccessError, "Read Only"),
        ({**ANSWERED, "id": 7}, 200, pnb.IncompleteError, "the record 7"),
        ([], 200, pnb.IncompleteError, "0 records"),
        ([ANSWERED, ANSWERED], 200, pnb.IncompleteError, "2 records"),
        ({"errors": "oops"}, 200, pnb.IncompleteError, "oops"),
    ],
)
def test_what_is_not_the_one_record_is_an_error_in_words(  # type: ignore[no-untyped-def]
    another, connected, body, status, kind, words
) -> None:
    procore = connected(another(portfolio(), twist=answering(body, status=status)), retries=0)
    with pytest.raises(kind, match=words):
        procore.record("rfis", 201, project_id=2)


def test_a_record_by_pattern_is_marked_and_its_404_says_so(another, connected) -> None:  # type: ignore[no-untyped-def]
    procore = connected(another(portfolio()))
    endpoint = procore.endpoint("budget_views")
    assert endpoint.record_path == ""
    assert "by pattern" in repr(endpoint)
    assert procore.endpoint("rfis").record_path in repr(procore.endpoint("rfis"))
    with pytest.raises(pnb.NotFoundError, match="by pattern"):
        procore.record("budget_views", 1, project_id=2)


def test_a_record_by_a_path_takes_the_ids_in_it(another, connected) -> None:  # type: ignore[no-untyped-def]
    procore = connected(another(portfolio(), twist=answering(ANSWERED)))
    assert procore.record(RFIS.format(2), "201")["id"].tolist() == [201]
    assert procore.record("rfis", 201, 2)["id"].tolist() == [201]
    own = connected(another({}, twist=answering({"id": 3, "a": 1}, "/rest/v1.0/own/things/3")))
    assert own.record("/rest/v1.0/own/things", 3)["a"].tolist() == [1]


@pytest.mark.parametrize("given", [{"projects": "all"}, {"max_rows": 1}, {"parent": [1]}])
def test_record_takes_nothing_that_names_several(to_demo, given) -> None:  # type: ignore[no-untyped-def]
    procore = to_demo()
    with pytest.raises(pnb.ArgumentError, match="one record"):
        procore.record("rfis", 1, **given)
    with pytest.raises(pnb.ArgumentError, match="id that cannot be used"):
        procore.record("rfis", "1/../2", project_id=7)
    assert not procore.seen


def test_a_path_by_pattern_that_is_another_list_is_no_record(to_demo) -> None:  # type: ignore[no-untyped-def]
    procore = to_demo()
    with pytest.raises(pnb.ArgumentError, match="is the list folder"):
        procore.record("folders", 5, 1204347)
    assert not procore.seen


def test_every_record_known_to_the_reference_needs_its_id_last() -> None:
    known = [one for one in catalog.endpoints() if one.record_path]
    assert len(known) > 300
    assert all(one.record_path.endswith("/{record_id}") for one in known)
    assert catalog.endpoint("projects").record.needs == (("record_id",), ("company_id",))


# The JSON of one address


def test_get_returns_the_json_as_it_came(another, connected) -> None:  # type: ignore[no-untyped-def]
    server = another(twist=answering({"a": [1, {"b": None}]}, "/rest/v1.0/x"))
    procore = connected(server)
    assert procore.get("/rest/v1.0/x", page=2, **{"filters[id]": [1, 2]}) == {"a": [1, {"b": None}]}
    assert server.calls[0].query == {"page": ["2"], "filters[id][]": ["1", "2"]}
    procore.get("/rest/v1.0/x", company_id=4711)
    assert server.calls[1].query == {"company_id": ["4711"]}


@pytest.mark.parametrize(
    "path",
    ["https://elsewhere.example/rest/v1.0/me", "//elsewhere.example/rest/v1.0/me", "/oauth/token", "/rest/v1.0/../x",
     "/rest/v1.0/projects/{project_id}/rfis", "/rest/v1.0/me?page=1", 5, "", "/rest/v1.0/%2e%2e/x", "/me"],
)  # fmt: skip
def test_get_stays_on_its_own_host(to_demo, path) -> None:  # type: ignore[no-untyped-def]
    procore = to_demo()
    with pytest.raises(pnb.ProcoreError) as caught:
        procore.get(path)
    assert caught.value.advice
    assert not procore.seen


def test_get_waits_and_retries_as_lists_do(to_demo, clock) -> None:  # type: ignore[no-untyped-def]
    procore = to_demo(Demo(clock=clock, faults=Faults().on(1, "busy", 3)))
    assert procore.get("/rest/v1.0/me")["id"] > 0
    assert clock.slept >= 3
    assert len([one for one in procore.seen if one.path == "/rest/v1.0/me"]) == 2
    with pytest.raises(pnb.NotFoundError):
        procore.get("/rest/v1.0/nothing")


# The first rows


def test_max_rows_counts_over_all_targets_and_asks_small_pages_of_the_first(another, connected) -> None:  # type: ignore[no-untyped-def]
    server = another(portfolio(projects=5, rows=4))
    procore = connected(server)
    whole = procore.table("rfis", projects=[1, 2, 3, 4, 5])
    del server.asked[:]
    frame = procore.table("rfis", projects=[1, 2, 3, 4, 5], max_rows=6)
    pd.testing.assert_frame_equal(frame, whole.head(6))
    assert [(one.path, one.one("per_page")) for one in server.calls] == [
        (RFIS.format(1), "6"),
        (RFIS.format(2), "2"),
    ]
    about = frame.attrs["procore"]
    assert (about["rows"], about["limited"], about["total"]) == (6, 6, None)


def test_max_rows_of_one_list_says_how_many_there_are(another, connected) -> None:  # type: ignore[no-untyped-def]
    procore = connected(another(portfolio(projects=1, rows=9), clamp=2))
    about = procore.table("rfis", project_id=1, max_rows=3).attrs["procore"]
    assert (about["rows"], about["limited"], about["total"], about["requests"]) == (3, 3, 9, 2)
    assert "limited" not in procore.table("rfis", project_id=1, max_rows=9).attrs["procore"]
    assert len(procore.table("rfis", project_id=1, max_rows=100)) == 9


def test_max_rows_holds_where_the_server_ignores_the_page_size(another, connected) -> None:  # type: ignore[no-untyped-def]
    rows = portfolio(1, 9)[RFIS.format(1)]
    server = another(twist=answering(rows, RFIS.format(1)))
    procore = connected(server)
    frame = procore.table("rfis", project_id=1, max_rows=2)
    assert frame["id"].tolist() == [100, 101]
    assert frame.attrs["procore"]["limited"] == 2
    assert len(server.calls) == 1
    assert len(list(procore.records("rfis", project_id=1, max_rows=2))) == 2
    assert [len(one) for one in procore.frames("rfis", projects=[1], max_rows=2)] == [2]


def test_max_rows_does_not_count_rows_of_skipped_targets(another, connected) -> None:  # type: ignore[no-untyped-def]
    procore = connected(another(portfolio(3, 2), twist=refusing(403, 1)))
    with pytest.warns(pnb.ProcoreWarning, match="1"):
        frame = procore.table("rfis", projects=[1, 2, 3], max_rows=3)
    assert frame["project_id"].tolist() == [2, 2, 3]


@pytest.mark.parametrize("value", [0, -1, True, 2.5, "5"])
def test_max_rows_is_a_whole_number_from_1_up(to_demo, value) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(pnb.ArgumentError, match="max_rows"):
        to_demo().table("rfis", project_id=1, max_rows=value)


def test_max_rows_needs_no_budget_for_targets_it_may_never_ask(to_demo, clock) -> None:  # type: ignore[no-untyped-def]
    procore = to_demo(Demo(clock=clock, limits=RateLimits(spike=10, hourly=20)), max_wait_seconds=0)
    procore.projects()
    projects = list(range(1204310, 1204310 + 50 * 37, 37))
    with pytest.raises(pnb.RateLimitError, match="Nothing was sent"):
        procore.table("rfis", projects=projects)
    assert len(procore.table("rfis", projects=projects, max_rows=1)) == 1


# Some columns


def test_columns_come_in_the_order_asked_and_no_others_are_made(to_demo) -> None:  # type: ignore[no-untyped-def]
    procore = to_demo()
    whole = procore.table("rfis", projects="all", max_rows=20)
    frame = procore.table(
        "rfis", projects="all", max_rows=20, columns=["status", "project_id", "ball_in_court", "id"]
    )
    names = ["status", "project_id", "ball_in_court.login", "ball_in_court.id", "ball_in_court.name", "id"]
    pd.testing.assert_frame_equal(frame, whole[names])
    empty = procore.table("rfis", project_id=1204310, status="draft", columns=["due_date"])
    assert empty.dtypes.astype(str).to_dict() == {"due_date": str(whole["due_date"].dtype)}
    assert procore.record(
        "rfis", whole["id"][0], project_id=whole["project_id"][0], columns=["subject"]
    ).shape == (1, 1)


def test_columns_of_custom_fields_go_by_their_labels(to_demo) -> None:  # type: ignore[no-untyped-def]
    procore = to_demo()
    whole = procore.projects(max_rows=30)
    name = next(one for one in whole.columns if one.startswith("custom_fields."))
    frame = procore.projects(max_rows=30, columns=["name", name])
    pd.testing.assert_frame_equal(frame, whole[["name", name]])


def test_an_unknown_column_is_an_error_that_names_near_ones(to_demo) -> None:  # type: ignore[no-untyped-def]
    procore = to_demo()
    with pytest.raises(pnb.CatalogError, match="subject") as caught:
        procore.table("rfis", project_id=7, columns=["subjct"])
    assert '"[subjct]"' in caught.value.advice
    for wrong in ([], 5, [5], ""):
        with pytest.raises(pnb.ArgumentError, match="columns"):
            procore.table("rfis", project_id=7, columns=wrong)
    with pytest.raises(pnb.ArgumentError, match="columns"):
        procore.records("rfis", project_id=7, columns=["id"])
    assert not procore.seen


def test_a_column_that_is_declared_without_its_parts_or_for_another_view_may_be_named(
    another, connected
) -> None:  # type: ignore[no-untyped-def]
    rows = [{"id": 1, "created_by": {"id": 5, "name": "Ann"}, "fields": [1]}]
    path = "/rest/v2.0/companies/4711/projects/1/assets/asset_types"
    procore = connected(another({path: rows}))
    frame = procore.table("asset_types", project_id=1, columns=["created_by.name", "id"])
    assert frame["created_by.name"].tolist() == ["Ann"]
    with pytest.raises(pnb.CatalogError, match=r"no column 'created_by\.nmae'"):
        procore.table("asset_types", project_id=1, columns=["created_by.nmae"])


def test_a_column_newer_than_the_catalogue_is_taken_in_brackets(another, connected) -> None:  # type: ignore[no-untyped-def]
    lists = portfolio(1, 0) | {
        RFIS.format(1): [{"id": 1, "brand_new": True}],
        "/rest/v1.0/own": [{"a": 1, "b": {"c": 2}}],
    }
    procore = connected(another(lists))
    assert procore.table("rfis", project_id=1, columns=["[brand_new]"])["brand_new"].tolist() == [True]
    assert procore.table("rfis", project_id=1, columns=["[never]"])["never"].isna().tolist() == [True]
    assert procore.table("/rest/v1.0/own", columns=["b.c"])["b.c"].tolist() == [2]
    with pytest.raises(pnb.CatalogError, match="no column 'd'"):
        procore.table("/rest/v1.0/own", columns=["d"])


def test_a_list_keeps_an_argument_of_its_own_of_that_name(another, connected) -> None:  # type: ignore[no-untyped-def]
    endpoint = catalog.endpoint("material_adjustments")
    assert "columns" in {one.name for one in endpoint.arguments}
    server = another()
    with pytest.raises(pnb.NotFoundError):
        connected(server).table("material_adjustments", project_id=1, columns=["id"])
    assert any("columns" in key for key in server.calls[0].query)


def test_a_store_keeps_whole_lists(to_demo, tmp_path) -> None:  # type: ignore[no-untyped-def]
    for given in ({"max_rows": 3}, {"columns": ["id"]}):
        with pytest.raises(pnb.ArgumentError, match="kept whole"):
            pnb.Store(tmp_path / "store").sync(to_demo(), {"rfis": given})


# Counts and estimates


def test_a_count_is_one_request_a_target(another, connected) -> None:  # type: ignore[no-untyped-def]
    server = another(portfolio(3, 4), twist=refusing(403, 2))
    procore = connected(server)
    with pytest.warns(pnb.ProcoreWarning):
        frame = procore.count("rfis", projects="all")
    assert [one.one("per_page") for one in server.calls[1:]] == ["1", "1", "1"]
    assert frame.columns.tolist() == ["company_id", "project_id", "project_name", "rows", "counted", "reason"]
    assert frame["rows"].dtype == "Int64"
    assert frame["rows"].fillna(-1).tolist() == [4, -1, 4]
    assert frame["counted"].fillna("").tolist() == ["total", "", "total"]
    assert frame["reason"].fillna("").tolist() == ["", "403: No.", ""]
    assert frame.attrs["procore"]["skipped"][0]["project_id"] == 2


@pytest.mark.parametrize("without", [("total",), ("total", "link"), ("total", "link", "per-page")])
def test_without_a_total_the_rows_are_counted(another, connected, without) -> None:  # type: ignore[no-untyped-def]
    procore = connected(another(portfolio(2, 7), without=without, clamp=3))
    frame = procore.count("rfis", [1, 2])
    assert frame["rows"].tolist() == [7, 7]
    assert frame["counted"].tolist() == ["rows", "rows"]


def test_a_server_that_ignores_pages_is_counted_once(another, connected) -> None:  # type: ignore[no-untyped-def]
    rows = portfolio(1, 5)[RFIS.format(1)]
    procore = connected(another(twist=answering(rows, RFIS.format(1))))
    assert procore.count("rfis", project_id=1)["rows"].tolist() == [5]


def test_a_count_agrees_with_the_table(to_demo) -> None:  # type: ignore[no-untyped-def]
    procore = to_demo()
    projects = procore.projects().head(6)
    for name in ("rfis", "meetings", "budget_changes", "submittals", "checklists_grouped_by_template"):
        if name not in {one.name for one in procore.catalogue.endpoints}:
            continue
        counted = procore.count(name, projects=projects)["rows"].sum()
        assert counted == len(procore.table(name, projects=projects)), name


def test_an_estimate_asks_only_for_the_targets(to_demo) -> None:  # type: ignore[no-untyped-def]
    procore = to_demo()
    first = procore.estimate("rfis", project_id=7)
    assert first[["targets", "requests"]].iloc[0].tolist() == [1, 1]
    assert math.isnan(first["seconds"][0])
    assert procore.estimate("rfis", projects=[7, 8, 9], max_rows=5)["requests"].tolist() == [1]
    assert not procore.seen
    whole = procore.estimate("rfis", projects="all")
    assert whole["targets"].tolist() == [172]
    assert len([one for one in procore.seen if one.path.startswith("/rest/")]) == 1


def test_an_estimate_knows_what_the_rate_limit_leaves(to_demo, clock) -> None:  # type: ignore[no-untyped-def]
    procore = to_demo(Demo(clock=clock, limits=RateLimits(spike=10, hourly=1000)), max_wait_seconds=1)
    procore.projects()
    seconds = procore.estimate("rfis", projects=list(range(1, 101)))["seconds"][0]
    assert 80 <= seconds <= 110


# What to ask the administrator for


def test_an_access_request_names_each_tool_once_and_what_it_rests_on(to_demo) -> None:  # type: ignore[no-untyped-def]
    procore = to_demo()
    frame, text = procore.access_request(
        ["rfi_replies", "budget", "rfis", "/rest/v1.0/projects/{project_id}/own"]
    )
    tools = frame.fillna("").set_index("tool")
    assert tools.loc["Portfolio", ["level", "lists"]].tolist() == ["company", "projects"]
    assert tools.loc["RFI", ["level", "permission", "lists"]].tolist() == [
        "project",
        "Read Only",
        "rfis, rfi_replies",
    ]
    assert tools.loc["Budget", "lists"] == "budget_views, budget_view_detail_rows"
    assert "does not say" in tools.loc["", "basis"]
    assert tools["basis"].str.contains("by rule").sum() == len(tools) - 1
    for words in ("RFI: Read Only (for rfis, rfi_replies)", str(procore.company_id), "permitted projects",
                  "https://developers.procore.com/documentation/developer-managed-service-accounts", "not the permission"):  # fmt: skip
        assert words in text
    assert not procore.seen
    assert str(procore.access_request("rfis")).startswith("Subject:")
    with pytest.raises(pnb.CatalogError, match="rfis"):
        procore.access_request(["rfiss"])
    with pytest.raises(pnb.ArgumentError, match="names of lists"):
        procore.access_request([])


def test_ids_beyond_53_bits_keep_their_own_projects_name() -> None:
    first, second = 2**60 + 1, 2**60 + 2
    ids = pd.Series([first, None, second], dtype="Int64")
    names = names_by_id(ids, {first: "First", second: "Second"})
    assert names.fillna("").tolist() == ["First", "", "Second"]
