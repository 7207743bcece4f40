from __future__ import annotations

import base64
from urllib.parse import urlencode

import orjson
import pytest

from procore_nb.demo import CLIENT_ID, CLIENT_SECRET, Demo, DemoReply, DemoRequest

from .conftest import FORM, Caller, Clock

_MULTIPART = b"".join(
    f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
    for name, value in FORM.items()
)


def _post(
    demo: Demo, body: bytes = b"", content_type: str = "", path: str = "/oauth/token", **headers: str
) -> DemoReply:
    return demo.respond(DemoRequest("POST", path, "", {"content-type": content_type, **headers}, body))


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", urlencode(FORM).encode()),
        ("application/json", orjson.dumps(FORM)),
        ("multipart/form-data; boundary=edge", _MULTIPART + b"--edge--\r\n"),
    ],
)
def test_a_token_comes_for_a_form_a_multipart_form_and_json(
    clock: Clock, content_type: str, body: bytes
) -> None:
    reply = _post(Demo(clock=clock), body, content_type)
    answer = reply.json()
    assert reply.status == 200
    assert set(answer) == {"access_token", "token_type", "expires_in", "created_at"}
    assert (answer["token_type"], answer["expires_in"], answer["created_at"]) == (
        "bearer",
        5400,
        1_800_000_000,
    )
    assert reply.header("Cache-Control") == "no-store"


def test_a_token_comes_for_basic_credentials() -> None:
    text = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
    form = "application/x-www-form-urlencoded"
    reply = _post(Demo(), b"grant_type=client_credentials", form, authorization=f"Basic {text}")
    assert reply.status == 200


def test_a_token_comes_for_credentials_in_the_query() -> None:
    assert Demo().respond(DemoRequest("POST", "/oauth/token", urlencode(FORM))).status == 200


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"client_secret": "gehéim"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "invalid_request"),
    ],
)
def test_a_wrong_question_for_a_token_is_refused(
    caller: Caller, changes: dict[str, str], status: int, error: str
) -> None:
    reply = caller.log_in(**changes)
    assert (reply.status, reply.json()["error"]) == (status, error)
    assert reply.json()["error_description"]


@pytest.mark.parametrize("basic", ["Basic !!!", "Basic Zm9v", "Basic"])
def test_unreadable_basic_credentials_are_refused(basic: str) -> None:
    form = "application/x-www-form-urlencoded"
    assert _post(Demo(), b"grant_type=client_credentials", form, authorization=basic).status == 401


@pytest.mark.parametrize(
    ("content_type", "body", "encoding"),
    [
        ("application/json", b"{", "JSON object"),
        ("application/json", b"[1]", "JSON object"),
        ("application/x-www-form-urlencoded", b"\xff\xfe", "form"),
        ("multipart/form-data", b"nothing", "multipart form"),
    ],
)
def test_an_unreadable_body_is_a_bad_request(content_type: str, body: bytes, encoding: str) -> None:
    reply = _post(Demo(), body, content_type)
    answer = {"error": "invalid_request", "error_description": f"The body is not a {encoding}."}
    assert (reply.status, reply.json()) == (400, answer)


@pytest.mark.parametrize(("path", "status"), [("/oauth/token", 405), ("/oauth/authorize", 404)])
def test_the_token_address_answers_post_only(path: str, status: int) -> None:
    assert Demo().respond(DemoRequest("GET", path)).status == status


def test_token_info_says_what_is_left(caller: Caller, clock: Clock) -> None:
    clock.now += 400
    answer = caller.get("/oauth/token/info").json()
    assert answer["expires_in_seconds"] == 5000
    assert answer["application"] == {"uid": CLIENT_ID}
    assert answer["created_at"] == 1_800_000_000
    assert answer["scopes"] == []
    assert isinstance(answer["resource_owner_id"], int)


def test_token_info_without_a_token_is_401(caller: Caller) -> None:
    caller.token = "other"
    reply = caller.get("/oauth/token/info")
    assert reply.status == 401
    assert (reply.header("WWW-Authenticate") or "").startswith("Bearer")


def test_a_token_ends_with_its_lifetime(caller: Caller, clock: Clock) -> None:
    clock.now += 5_399
    assert caller.get("/rest/v1.0/me").status == 200
    clock.now += 1
    reply = caller.get("/rest/v1.0/me")
    assert reply.status == 401
    assert reply.json() == {
        "code": 401,
        "message": "The access token is invalid",
        "fields": "",
        "reason": "token_expired",
        "error": "unauthorized",
    }
    assert 'error="invalid_token"' in (reply.header("WWW-Authenticate") or "")


def test_tokens_that_have_ended_are_forgotten_once_there_are_many(caller: Caller, clock: Clock) -> None:
    known = caller.demo.tokens._expiry
    known |= {f"ended {number}": clock.now - 1 for number in range(10_000)}
    assert caller.log_in().status == 200
    assert len(caller.demo.tokens._expiry) == 2


def test_a_new_token_leaves_the_old_one_good(caller: Caller) -> None:
    old = caller.token
    caller.log_in()
    assert caller.token != old
    caller.token = old
    assert caller.get("/rest/v1.0/me").status == 200


def test_a_revoked_token_is_refused(caller: Caller) -> None:
    body = urlencode({**FORM, "token": caller.token}).encode()
    form = "application/x-www-form-urlencoded"
    assert _post(caller.demo, body, form, path="/oauth/revoke").status == 200
    assert caller.get("/rest/v1.0/me").json()["reason"] == "token_revoked"


def test_revoking_an_unknown_token_is_200_too(caller: Caller) -> None:
    body = urlencode({**FORM, "token": "unknown"}).encode()
    assert _post(caller.demo, body, "application/x-www-form-urlencoded", path="/oauth/revoke").status == 200


def test_revoking_without_credentials_is_refused(caller: Caller) -> None:
    body = urlencode({"token": caller.token}).encode()
    assert _post(caller.demo, body, "application/x-www-form-urlencoded", path="/oauth/revoke").status == 401
    assert caller.get("/rest/v1.0/me").status == 200


def test_all_tokens_can_be_revoked_at_once(caller: Caller) -> None:
    assert caller.demo.tokens.revoke_all() == 1
    assert caller.demo.tokens.revoke_all() == 0
    assert caller.get("/rest/v1.0/me").status == 401


def test_the_second_version_refuses_a_token_in_its_own_form(caller: Caller) -> None:
    caller.token = "other"
    answer = caller.get("/rest/v2.0/companies/24816/async_operations").json()
    assert answer["error"]["code"] == "UNAUTHORIZED"
    assert answer["error"]["details"][0]["reason_code"] == "INVALID_TOKEN"
