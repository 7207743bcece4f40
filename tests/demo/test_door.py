from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procore_nb.demo import COMPANY_ID, Demo, DemoRequest, Portfolio

from .conftest import Caller

_STEADY = Caller(Demo())
_STEADY.log_in()
_OTHER, _NOT_CONNECTED = 562_949_953_430_517, 31_002
_NO_SUCH = "The URI requested is invalid or the resource requested does not exist."


@pytest.mark.parametrize(
    "path", ["/rest/v1.0/me", "/rest/v1.0/companies", "/rest/v1.0/projects?company_id=24816"]
)
def test_every_call_needs_the_company_header(caller: Caller, path: str) -> None:
    caller.company = None
    reply = caller.get(path)
    assert reply.status == 400
    assert reply.json()["message"].startswith("Missing Procore-Company-Id header!")


@pytest.mark.slow
def test_the_status_of_a_missing_company_header_can_be_set(caller_of: Callable[[Demo], Caller]) -> None:
    caller = caller_of(Demo(missing_company_status=403))
    caller.company = None
    assert caller.get("/rest/v1.0/me").status == 403


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/rest/v1.0/me", 200),
        ("/rest/v1.0/projects/1204458/rfis", 200),
        ("/rest/v1.0/companies/24977/projects", 200),
        ("/rest/v1.1/projects?company_id=24977", 200),
        ("/rest/v1.1/projects?company_id=31002", 403),
        ("/rest/v1.1/projects?company_id=abc", 404),
    ],
)
def test_a_missing_company_header_can_be_let_pass(
    caller_of: Callable[[Demo], Caller], path: str, status: int
) -> None:
    caller = caller_of(Demo(missing_company_status=None))
    caller.company = None
    assert caller.get(path).status == status


@pytest.mark.parametrize("company", [999, "abc", "-1", "0", "²", 10**30, "24816.0"])
def test_an_unknown_company_is_not_found(caller: Caller, company: int | str) -> None:
    reply = caller.get("/rest/v1.0/me", company=company)
    assert (reply.status, reply.json()["message"]) == (404, _NO_SUCH)


def test_a_company_without_the_app_says_so(caller: Caller) -> None:
    reply = caller.get("/rest/v1.0/me", company=_NOT_CONNECTED)
    assert (reply.status, reply.json()) == (403, {"errors": "App is not connected to this company"})


@pytest.mark.parametrize(
    "path",
    [
        f"/rest/v1.0/projects?company_id={_OTHER}",
        f"/rest/v1.0/companies/{_OTHER}/programs",
        f"/rest/v2.0/companies/{_OTHER}/async_operations",
    ],
)
def test_a_company_other_than_the_headers_is_not_found(caller: Caller, path: str) -> None:
    assert caller.get(path).status == 404


def test_a_project_of_another_company_is_not_found(caller: Caller) -> None:
    other = caller.get(f"/rest/v1.0/projects?company_id={_OTHER}", company=_OTHER).json()[0]["id"]
    assert caller.get(f"/rest/v1.0/projects/{other}?company_id=24816").status == 404


@pytest.mark.parametrize(
    "path",
    [
        "/", "/rest", "/rest/v1.0/nothing", "/rest/v9.9/projects", "/rest//v1.0/me", "/vapid/me",
        "/rest/v1.0/projects//rfis",
    ],
)  # fmt: skip
def test_an_unknown_address_is_not_found(caller: Caller, path: str) -> None:
    reply = caller.get(path)
    assert (reply.status, reply.json()["message"]) == (404, _NO_SUCH)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_the_demo_is_read_only(caller: Caller, method: str) -> None:
    reply = caller.get("/rest/v1.0/projects", method=method)
    assert reply.status == 405
    assert "GET" in (reply.header("Allow") or "")


def test_a_trailing_slash_changes_nothing(caller: Caller) -> None:
    plain = caller.get("/rest/v1.0/projects?company_id=24816")
    slashed = caller.get("/rest/v1.0/projects/?company_id=24816")
    assert slashed.body == plain.body


def test_head_has_the_headers_of_get_without_its_body(caller: Caller) -> None:
    address = "/rest/v1.0/projects?company_id=24816"
    reply = caller.get(address, method="HEAD")
    assert reply.body == b""
    assert reply.header("Total") == "129"
    assert reply.header("Content-Length") == str(len(caller.get(address).body))


def test_the_account_sees_itself(caller: Caller) -> None:
    answer = caller.get("/rest/v1.0/me").json()
    assert set(answer) == {"id", "login", "name"}


@pytest.mark.slow
def test_the_account_sees_its_companies(caller: Caller) -> None:
    rows = caller.get("/rest/v1.0/companies").json()
    assert [row["id"] for row in rows if row["my_company"]] == [COMPANY_ID]
    assert len(rows) == 4
    assert set(rows[0]) == {"id", "name", "is_active", "logo_url", "pcn_business_experience", "my_company"}


def test_without_a_token_even_an_unknown_address_is_401(caller: Caller) -> None:
    caller.token = ""
    reply = caller.get("/rest/v1.0/nothing")
    assert reply.status == 401
    assert reply.header("WWW-Authenticate") == 'Bearer realm="Procore"'


@given(path=st.text(max_size=40), query=st.text(max_size=60))
@pytest.mark.slow
def test_no_address_makes_the_demo_stumble(path: str, query: str) -> None:
    assert _STEADY.get(f"/rest/v1.0/{path}?{query}").status in (200, 400, 403, 404)


_PIECES = st.sampled_from(
    [
        "filters",
        "[id]",
        "[]",
        "[updated_at]",
        "[gt]",
        "=",
        "&",
        "sort",
        "...",
        '"',
        "[1,",
        "]",
        "2026-13-01",
        "T",
        "-",
    ]
)


@given(query=st.lists(_PIECES, max_size=12).map("".join))
@pytest.mark.slow
def test_no_query_makes_a_list_stumble(query: str) -> None:
    for path in ("/rest/v1.1/projects?company_id=24816", "/rest/v1.0/projects/1204458/rfis?search="):
        assert _STEADY.get(f"{path}&{query}").status in (200, 400)


def test_opening_a_demo_makes_no_project() -> None:
    portfolio = Portfolio(100_000)
    assert Demo(portfolio).respond(DemoRequest("GET", "/rest/v1.0/me")).status == 401
    assert portfolio.size(portfolio.company) == 100_000
