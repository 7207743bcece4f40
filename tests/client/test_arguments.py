from __future__ import annotations

import inspect
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
import pandas as pd
import pytest

import procore_nb as pnb
from procore_nb import catalog
from procore_nb.client.encode_query import encode_arguments, has_dates
from procore_nb.client.targets import Target, list_request_for, page_size

TODAY = date(2026, 6, 18)


def sent(name: str, **arguments: Any) -> list[tuple[str, str]]:
    return list(encode_arguments(catalog.endpoint(name), arguments, today=TODAY))


EAST = timezone(timedelta(hours=2))
DAY = "2026-03-01T00:00:00Z"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (("2026-03-01", "2026-03-31"), f"{DAY}...2026-03-31T23:59:59Z"),
        ((date(2026, 3, 1), date(2026, 3, 31)), f"{DAY}...2026-03-31T23:59:59Z"),
        ([date(2026, 3, 1), None], f"{DAY}...2100-01-01T00:00:00Z"),
        ((None, "2026-03-01T08:00:00Z"), "1990-01-01T00:00:00Z...2026-03-01T08:00:00Z"),
        ("2026-03-01", f"{DAY}...2026-03-01T23:59:59Z"),
        (date(2026, 3, 1), f"{DAY}...2026-03-01T23:59:59Z"),
        ("2026-03-01...2026-03-02", f"{DAY}...2026-03-02T23:59:59Z"),
        ('"2026-03-01...2026-03-02"', f"{DAY}...2026-03-02T23:59:59Z"),
        ("2026-03-01...", f"{DAY}...2100-01-01T00:00:00Z"),
        (datetime(2026, 3, 1, tzinfo=UTC), f"{DAY}...2100-01-01T00:00:00Z"),
        ((datetime(2026, 3, 1, 2, tzinfo=EAST), datetime(2026, 3, 1, 1)), f"{DAY}...2026-03-01T01:00:00Z"),
        ((pd.Timestamp("2026-03-01", tz="UTC"), pd.NaT), f"{DAY}...2100-01-01T00:00:00Z"),
        (("2026-03-01T02:00:00+02:00", None), f"{DAY}...2100-01-01T00:00:00Z"),
        (np.datetime64("2026-03-01"), f"{DAY}...2026-03-01T23:59:59Z"),
        ((np.datetime64("2026-03-01T08:00"), pd.NA), "2026-03-01T08:00:00Z...2100-01-01T00:00:00Z"),
        (np.array(["2026-03-01", "2026-03-02"], "M8[D]"), f"{DAY}...2026-03-02T23:59:59Z"),
        (pd.Series(["2026-03-01", None]), f"{DAY}...2100-01-01T00:00:00Z"),
        (pd.Period("2026-03"), f"{DAY}...2026-03-31T23:59:59Z"),
    ],
)
def test_a_range_of_time_may_be_said_in_many_ways(value: object, text: str) -> None:
    assert sent("rfis", updated_at=value) == [("filters[updated_at]", text)]


@pytest.mark.parametrize(
    "value",
    ["yesterday", "2026-13-01", "2026-02-30", "01.03.2026", ("2026-03-02", "2026-03-01"), ("a", "b"), (1, 2), 5, (date(2026, 1, 1),) * 3, "2026-03-01T25:00:00Z", pd.NaT, pd.NA, float("nan"), {"2026-03-01", "2026-03-02"}, ()],
)  # fmt: skip
def test_a_malformed_time_is_refused_before_anything_is_sent(value: object) -> None:
    with pytest.raises(pnb.ArgumentError, match="updated_at of rfis"):
        sent("rfis", updated_at=value)


def test_since_is_an_open_range_in_each_lists_own_spelling() -> None:
    assert sent("rfis", since="2026-03-01") == [("filters[updated_at]", f"{DAY}...2100-01-01T00:00:00Z")]
    ((key, value),) = sent("schedules", since=date(2026, 3, 1))
    assert (key, value) == ("filters[updated_at][gt]", DAY)


def test_since_where_nothing_tells_the_time_of_change_is_refused_with_a_way_out() -> None:
    with pytest.raises(pnb.CatalogError, match="compare updated_at in the frame"):
        sent("budget_views", since="2026-03-01")


def test_an_after_filter_has_no_end() -> None:
    with pytest.raises(pnb.ArgumentError, match="has no end"):
        sent("schedules", updated_at=("2026-03-01", "2026-03-02"))
    assert sent("schedules", updated_at=("2026-03-01", pd.NaT))[0][1] == DAY


@pytest.mark.parametrize(
    ("arguments", "dates"),
    [
        ({"start": "2026-03-01", "end": "2026-03-05"}, ("2026-03-01", "2026-03-05")),
        ({"start": date(2026, 3, 1)}, ("2026-03-01", "2026-06-18")),
        ({"end": datetime(2026, 3, 5, 12)}, ("1990-01-01", "2026-03-05")),
        ({"start": pd.Timestamp("2026-03-01"), "end": None}, ("2026-03-01", "2026-06-18")),
        ({"start": pd.Timestamp("2026-03-01 23:00", tz="US/Pacific")}, ("2026-03-01", "2026-06-18")),
        ({"start": np.datetime64("2026-03-01"), "end": "2026-03-05"}, ("2026-03-01", "2026-03-05")),
    ],
)
def test_start_and_end_close_the_window_of_a_daily_log(
    arguments: dict[str, Any], dates: tuple[str, str]
) -> None:
    assert sent("daily_logs_manpower", **arguments) == [("start_date", dates[0]), ("end_date", dates[1])]


@pytest.mark.parametrize(
    "day", ["2026-03-01", date(2026, 3, 1), pd.Timestamp("2026-03-01"), np.datetime64("2026-03-01")]
)
def test_a_day_is_a_day_however_it_is_said(day: object) -> None:
    assert sent("daily_logs_manpower", log_date=day) == [("log_date", "2026-03-01")]


@pytest.mark.parametrize("name", ["log_date", "start_date", "end_date"])
@pytest.mark.parametrize("day", ["soon", "2026-13-01", 5, pd.NaT])
def test_a_malformed_day_is_refused(name: str, day: object) -> None:
    with pytest.raises(pnb.ArgumentError, match=f"{name} of daily_logs_manpower"):
        sent("daily_logs_manpower", **{name: day})


def test_a_start_said_twice_is_refused() -> None:
    with pytest.raises(pnb.ArgumentError, match="start_date beside start"):
        sent("daily_logs_manpower", start="2026-03-01", start_date="2026-03-02")


def test_a_list_with_a_start_of_its_own_takes_it() -> None:
    assert sent("webhook_deliveries", start="2026-03-01")[0][0] == "filter[start]"


@pytest.mark.parametrize("nothing", [pd.NaT, pd.NA, float("nan"), None])
def test_since_nothing_known_is_everything(nothing: object) -> None:
    assert sent("rfis", since=nothing) == sent("schedules", since=nothing) == []


@pytest.mark.parametrize("empty", [[], (), pd.Series([], dtype="Int64"), pd.Index([]), set()])
def test_an_empty_choice_is_refused_as_it_would_fetch_everything(empty: object) -> None:
    with pytest.raises(pnb.ArgumentError, match="id of rfis is an empty list"):
        sent("rfis", id=empty)


def test_a_frame_is_no_value() -> None:
    with pytest.raises(pnb.ArgumentError, match=r"Give one of its columns, such as frame\[\"id\"\]"):
        sent("rfis", id=pd.DataFrame({"id": [1]}))


@pytest.mark.parametrize(
    ("name", "value", "texts"),
    [
        ("observation_items", "closed", ["3"]),
        ("observation_items", ["Ready for review", 0], ["1", "0"]),
        ("work_order_contracts", "out for bid", ["Out For Bid"]),
        ("rfis", "OPEN", ["open"]),
    ],
)
def test_a_value_that_procore_names_is_spelled_as_procore_does(
    name: str, value: object, texts: list[str]
) -> None:
    assert [text for _, text in sent(name, status=value)] == texts


def test_a_slip_in_a_value_is_refused_as_it_would_find_nothing() -> None:
    with pytest.raises(pnb.CatalogError, match=r"rfis has no status 'opne'.*Did you mean open"):
        sent("rfis", status="opne")


@pytest.mark.parametrize("value", ["overdue", "recycled", ["open", "overdue"]])
def test_a_value_that_the_catalogue_does_not_name_is_refused_with_the_form_that_sends_it(
    value: object,
) -> None:
    with pytest.raises(pnb.CatalogError) as caught:
        sent("rfis", status=value)
    assert "It knows: open, closed, draft" in str(caught.value)
    assert '**{"filters[status]": ' in str(caught.value)


@pytest.mark.parametrize(
    ("name", "key", "value", "pairs"),
    [
        ("rfis", "filters[overdue]", "true", [("filters[overdue]", "true")]),
        ("rfis", "filters[status]", "overdue", [("filters[status]", "overdue")]),
        ("rfis", "filters[custom_field_71006]", True, [("filters[custom_field_71006]", "true")]),
        ("rfis", "filters[status]", ["a", "b"], [("filters[status][]", "a"), ("filters[status][]", "b")]),
        ("rfis", "filters[id][]", [1, 2], [("filters[id][]", "1"), ("filters[id][]", "2")]),
        ("rfis", "filters[updated_at][gt]", "2026-03-01", [("filters[updated_at][gt]", "2026-03-01")]),
        ("financial_markups", "[tab]", "x", [("tab", "x")]),
        ("/rest/v1.0/projects/{project_id}/rfis", "filters[overdue]", True, [("filters[overdue]", "true")]),
        ("/rest/v1.0/somewhere/new", "filters[overdue]", 1, [("filters[overdue]", "1")]),
    ],
)
def test_a_key_in_brackets_is_sent_as_it_is_with_a_warning(
    name: str, key: str, value: object, pairs: list[tuple[str, str]]
) -> None:
    with pytest.warns(pnb.ProcoreWarning, match="is sent unchecked"):
        assert sent(name, **{key: value}) == pairs


def test_a_key_in_brackets_beside_its_name_is_refused_and_without_a_value_nothing() -> None:
    with (
        pytest.warns(pnb.ProcoreWarning),
        pytest.raises(pnb.ArgumentError, match=r"given filters\[status\] twice"),
    ):
        sent("rfis", status="open", **{"filters[status]": "overdue"})
    assert sent("rfis", **{"filters[overdue]": None}) == []


@pytest.mark.parametrize(
    "key", ["filters[over due]", "filters[a]&b=c", "filters[", "x]", "[a][b]", "[]", "a&b[c]"]
)
def test_a_key_that_is_no_key_in_brackets_is_an_unknown_argument(key: str) -> None:
    with pytest.raises(pnb.CatalogError, match="knows no argument"):
        sent("rfis", **{key: "1"})


def test_a_needed_value_may_be_given_in_brackets_too(to_demo) -> None:  # type: ignore[no-untyped-def]
    procore = to_demo()
    with pytest.warns(pnb.ProcoreWarning, match="sent unchecked"):
        procore.table("financial_markups", holder_id=1, project_id=1204458, **{"[holder_type]": "Newer"})
    assert parse_qsl(procore.seen[-1].query).count(("holder_type", "Newer")) == 1


def test_an_end_before_the_start_is_refused() -> None:
    with pytest.raises(pnb.ArgumentError, match="is before start"):
        sent("daily_logs_manpower", start="2026-03-05", end="2026-03-01")


def test_start_where_a_list_has_none_names_what_it_has() -> None:
    with pytest.raises(pnb.CatalogError, match=r"has no start and end.*updated_at"):
        sent("rfis", start="2026-03-01")


@pytest.mark.parametrize(
    ("parameters", "dated"),
    [
        ((("log_date", "x"),), True),
        ((("start_date", "x"),), True),
        ((("filters[updated_at]", "x"),), False),
        ((), False),
    ],
)
def test_a_filter_by_change_does_not_lift_the_default_window(
    parameters: tuple[tuple[str, str], ...], dated: bool
) -> None:
    assert has_dates(parameters) is dated


@pytest.mark.parametrize(
    ("value", "pairs"),
    [
        ("open", [("filters[status]", "open")]),
        (["open", "closed"], [("filters[status][]", "open"), ("filters[status][]", "closed")]),
        (("open",), [("filters[status][]", "open")]),
        (None, []),
        (pd.Series(["open"]), [("filters[status][]", "open")]),
    ],
)
def test_one_value_or_several_are_sent_as_procore_wants_them(
    value: object, pairs: list[tuple[str, str]]
) -> None:
    assert sent("rfis", status=value) == pairs


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (False, "false"), (np.bool_(True), "true"), (7, "7"), (np.int64(2**53 + 1), str(2**53 + 1)),
     (7.0, "7"), (Decimal("2.50"), "2.50"), (0, "0"), ("x", "x"), (date(2026, 3, 1), "2026-03-01")],
)  # fmt: skip
def test_values_are_written_as_procore_reads_them(value: object, text: str) -> None:
    assert sent("rfis", location_id=value)[0][1] == text


@pytest.mark.parametrize(
    "value",
    [
        {"a": 1},
        object(),
        float("nan"),
        float("inf"),
        Decimal("NaN"),
        pd.NA,
        b"bytes",
        1j,
        [None],
        [float("nan")],
        [[1]],
    ],
)
def test_values_that_cannot_be_sent_are_refused(value: object) -> None:
    with pytest.raises(pnb.ArgumentError, match="location_id of rfis"):
        sent("rfis", location_id=value)


def test_an_unknown_argument_is_refused_with_near_matches() -> None:
    with pytest.raises(pnb.CatalogError, match=r"knows no argument 'statuss'.*Did you mean status"):
        sent("rfis", statuss="open")


@pytest.mark.parametrize("argument", ["page", "per_page", "filters", "project_id ", "Status"])
def test_paging_and_raw_names_are_not_arguments(argument: str) -> None:
    with pytest.raises(pnb.CatalogError, match="knows no argument"):
        sent("rfis", **{argument: 1})


def test_a_sort_is_checked_and_several_are_joined() -> None:
    endpoint = next(one for one in catalog.endpoints() if one.sort_param == "sort" and len(one.sorts) > 1)
    first, second = endpoint.sorts[:2]
    pairs = encode_arguments(endpoint, {"sort": [first, f"-{second}"]}, today=TODAY)
    assert pairs == (("sort", f"{first},-{second}"),)
    with pytest.raises(pnb.CatalogError, match="cannot sort by 'no_such_thing'"):
        encode_arguments(endpoint, {"sort": ["-no_such_thing"]}, today=TODAY)


def test_rfis_name_attribute_and_direction_of_a_sort_apart() -> None:
    assert sent("rfis", sort="-number") == [("sort[attribute]", "number"), ("sort[direction]", "desc")]
    with pytest.raises(pnb.ArgumentError, match="one attribute only"):
        sent("rfis", sort=["-number", "status"])


def test_a_view_is_checked() -> None:
    assert sent("projects", view="compact")[-1][1] == "compact"
    with pytest.raises(pnb.CatalogError, match=r"has no view 'compct'.*Did you mean compact"):
        sent("projects", view="compct")


@pytest.mark.parametrize("status", ["all", " All ", "ALL"])
def test_projects_take_their_status_in_plain_words(status: str) -> None:
    assert sent("projects", status=status) == [("filters[by_status]", "All")]


def test_a_status_of_projects_that_is_none_is_refused() -> None:
    with pytest.raises(pnb.ArgumentError, match="Did you mean Active"):
        sent("projects", status="activ")


def test_deleted_rows_are_asked_for_where_a_list_has_them() -> None:
    assert sent("change_events", deleted="only") == [("filters[include_deleted]", "only")]
    with pytest.raises(pnb.ArgumentError, match='"only" or "with"'):
        sent("change_events", deleted=True)
    assert sent("drawing_revisions", deleted="with") == [("filters[deleted]", "with")]
    with pytest.raises(pnb.ArgumentError, match='"only" or "with"'):
        sent("drawing_revisions", deleted=True)
    with pytest.raises(pnb.CatalogError, match="knows no argument 'deleted'"):
        sent("rfis", deleted="only")


def test_the_largest_page_a_list_allows_is_asked_for() -> None:
    assert page_size(catalog.endpoint("rfis")) == 2000
    assert page_size(catalog.endpoint("projects")) == 300
    for one in catalog.endpoints():
        if one.paging == "page" and one.per_page_max:
            assert page_size(one) == one.per_page_max
    assert page_size(catalog.endpoint("/rest/v2.0/companies/{company_id}/nothing_known")) == 100


def test_ids_in_a_path_are_escaped() -> None:
    endpoint = catalog.endpoint("rfi_replies")
    question = list_request_for(endpoint, Target(1, {"project_id": "7", "rfi_id": "a%2fb"}), ())
    assert question.path == "/rest/v1.0/projects/7/rfis/a%252fb/replies"


# what is checked before a request is spent, through table()


REFUSED: list[tuple[str, dict[str, Any], type[pnb.ProcoreError], str]] = [
    ("rfi", {}, pnb.CatalogError, "rfis"),
    ("rfsi", {"project_id": 7}, pnb.CatalogError, "rfis"),
    ("rfis", {}, pnb.CatalogError, 'project_id=… for one project, or projects="all"'),
    ("rfi_replies", {"project_id": 7}, pnb.CatalogError, "rfi_id=…, or parent=<frame of rfis>"),
    ("rfi_replies", {}, pnb.CatalogError, "needs project_id, rfi_id"),
    ("rfis", {"project_id": 7, "projects": "all"}, pnb.ArgumentError, "both given"),
    ("rfis", {"project_id": "Harbour"}, pnb.ArgumentError, "positive whole number"),
    ("rfis", {"project_id": 0}, pnb.ArgumentError, "positive whole number"),
    ("rfis", {"project_id": True}, pnb.ArgumentError, "positive whole number"),
    ("rfis", {"project_id": -7}, pnb.ArgumentError, "positive whole number"),
    ("rfis", {"project_id": 7.5}, pnb.ArgumentError, "positive whole number"),
    ("rfis", {"project_id": "²"}, pnb.ArgumentError, "positive whole number"),
    ("rfis", {"project_id": "0"}, pnb.ArgumentError, "positive whole number"),
    ("rfis", {"project_id": 2**63}, pnb.ArgumentError, "cannot be used"),
    ("rfis", {"project_id": float("inf")}, pnb.ArgumentError, "cannot be used"),
    ("rfis", {"project_id": float(2**53)}, pnb.ArgumentError, "cannot be used"),
    ("rfis", {"project_id": 7, "progress": "no"}, pnb.ArgumentError, "progress is True, False"),
    ("rfis", {"projects": "every"}, pnb.ArgumentError, "positive whole number"),
    ("rfis", {"projects": [7, None]}, pnb.ArgumentError, "cannot be used"),
    ("rfis", {"projects": pd.DataFrame({"name": ["x"]})}, pnb.ArgumentError, "without an id column"),
    ("rfis", {"project_id": 7, "company_id": "mine"}, pnb.ArgumentError, "positive whole number"),
    ("rfis", {"project_id": 7, "on_error": "ignore"}, pnb.ArgumentError, "on_error"),
    ("rfis", {"project_id": 7, "statuss": "open"}, pnb.CatalogError, "Did you mean status"),
    ("rfis", {"project_id": 7, "updated_at": "soon"}, pnb.ArgumentError, "is not a date"),
    ("companies", {"project_id": 7}, pnb.CatalogError, "takes no project"),
    ("rfi_replies", {"project_id": 7, "rfi_id": "../x"}, pnb.ArgumentError, "cannot be used"),
    ("rfi_replies", {"project_id": 7, "rfi_id": ".."}, pnb.ArgumentError, "cannot be used"),
    ("/rest/v1.0/projects/7/rfis", {"project_id": 8}, pnb.ArgumentError, "given as well"),
    ("/rest/v1.0/projects/7/rfis", {"projects": "all"}, pnb.ArgumentError, "given as well"),
    ("/rest/v1.0/projects/{project_id}/rfis", {}, pnb.CatalogError, "needs project_id"),
    ("/rest/v1.0/projects/7/rfis?page=2", {}, pnb.CatalogError, "plain path"),
    ("https://evil.example/rest/v1.0/me", {}, pnb.CatalogError, "whole URL"),
    ("/rest/v1.0/../../x", {}, pnb.CatalogError, "plain path"),
]


def test_what_cannot_be_asked_is_said_before_a_request_is_spent(to_demo) -> None:  # type: ignore[no-untyped-def]
    procore = to_demo()
    failures = []
    for name, arguments, kind, message in REFUSED:
        try:
            procore.table(name, **arguments)
            failures.append((name, arguments, "was not refused"))
        except kind as error:
            if message not in str(error):
                failures.append((name, arguments, str(error)))
    assert not failures
    assert procore.seen == []


def test_without_a_company_nothing_is_sent(to_demo) -> None:  # type: ignore[no-untyped-def]
    procore = to_demo(company_id=None)
    for ask in (procore.me, procore.companies, procore.projects, lambda: procore.table("rfis", project_id=7)):
        with pytest.raises(pnb.ArgumentError, match="address bar"):
            ask()
    assert procore.seen == []


def test_arguments_arrive_in_the_query(to_demo) -> None:  # type: ignore[no-untyped-def]
    procore = to_demo()
    number = int(procore.projects()["id"].iloc[0])
    procore.table("rfis", project_id=number, status=["open", "closed"], sort="-number")
    query = parse_qsl(procore.seen[-1].query)
    assert ("filters[status][]", "open") in query
    assert ("sort[direction]", "desc") in query
    assert ("per_page", "2000") in query


def test_what_a_list_needs_besides_ids_is_said_in_python_terms_too(to_demo) -> None:  # type: ignore[no-untyped-def]
    procore = to_demo()
    procore.table("workforce_person_time_off", person_id=1, timezone="America/New_York")
    assert ("timezone", "America/New_York") in parse_qsl(procore.seen[-1].query)
    procore.table("app_installation_requests", developer_app_id=1, implicit=True)
    assert ("implicit", "true") in parse_qsl(procore.seen[-1].query)
    with pytest.raises(pnb.CatalogError, match="has no holder_type"):
        procore.table("financial_markups", holder_type="Contrct", holder_id=1, project_id=1)


def test_a_path_of_the_catalogue_with_its_ids_is_asked_as_it_stands(to_demo) -> None:  # type: ignore[no-untyped-def]
    procore = to_demo()
    number = int(procore.projects()["id"].iloc[0])
    by_path = procore.table(f"/rest/v1.0/projects/{number}/rfis")
    by_name = procore.table("/rest/v1.0/projects/{project_id}/rfis", project_id=number)
    assert procore.seen[-1].path == procore.seen[-2].path == f"/rest/v1.0/projects/{number}/rfis"
    assert by_path["id"].tolist() == by_name["id"].tolist()


@pytest.mark.parametrize(("value", "bad"), [("0", True), (0, True), ("x", True), (1, False), (2, False)])
@pytest.mark.parametrize("name", ["workers"])
def test_numbers_of_a_connection_are_checked(name: str, value: object, bad: bool) -> None:
    if bad:
        with pytest.raises(pnb.ArgumentError, match=name):
            pnb.connect("demo", **{name: value})
    else:
        pnb.connect("demo", **{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("workers", float("inf")), ("workers", float("nan")), ("workers", True), ("retries", -1), ("retries", float("inf")),
        ("max_wait_seconds", -1), ("max_wait_seconds", "long"), ("connect_timeout_seconds", 0), ("read_timeout_seconds", -5),
        ("read_timeout_seconds", None), ("read_timeout_seconds", float("nan")),
    ],
)  # fmt: skip
def test_numbers_out_of_range_are_refused(name: str, value: object) -> None:
    with pytest.raises(pnb.ArgumentError, match=name):
        pnb.connect("demo", **{name: value})


@pytest.mark.slow
def test_a_list_can_be_filtered_by_a_name_as_well() -> None:
    found = pnb.connect("demo", progress=False).projects(status="All", name="Nostrand Avenue Hotel")
    assert found["name"].unique().tolist() == ["Nostrand Avenue Hotel"]


def test_no_argument_of_any_list_is_taken_by_table_itself() -> None:
    # A list's own argument of the name of an option in OPTIONAL comes first: tests/client/test_lookups.py.
    places = {"project_id", "company_id", "columns"}
    named = {
        one.name
        for one in inspect.signature(pnb.Procore.table).parameters.values()
        if one.kind is one.KEYWORD_ONLY
    }
    arguments = {argument.name for endpoint in catalog.endpoints() for argument in endpoint.arguments}
    assert named & arguments == places
