from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest
import requests
from another_procore import CLIENT_ID, COMPANY, SECRET, Asked, Said
from every_case import every_case

import procore_nb as pnb
from procore_nb.credentials import Secret
from procore_nb.http import TransportLimits
from procore_nb.http.transport import BearerAuth, LoopbackAdapter

ME = "/rest/v1.0/me"


def sends_to(address: str, status: int = 302):  # type: ignore[no-untyped-def]
    return lambda asked: Said(status, b"", [("location", address)]) if asked.path == ME else None


@every_case("status", [301, 302, 303, 307, 308])
def test_a_redirect_within_the_own_host_is_followed_with_token_and_company(
    another, session_of, status: int
) -> None:  # type: ignore[no-untyped-def]
    server = another({"/moved": []}, twist=sends_to("/moved?per_page=5", status))
    assert session_of(server).get(ME, company_id=COMPANY).status == 200
    assert server.calls[-1].headers["procore-company-id"] == str(COMPANY)
    assert server.calls[-1].query == {"per_page": ["5"]}


@every_case("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_is_refused_before_anything_is_sent_there(
    another, session_of, status: int
) -> None:  # type: ignore[no-untyped-def]
    elsewhere = another()
    server = another(twist=sends_to(f"{elsewhere.url}/rest/v1.0/me", status))
    with pytest.raises(pnb.RequestError, match="where the token must not go") as caught:
        session_of(server).get(ME, company_id=COMPANY)
    assert elsewhere.asked == []
    assert not caught.value.retryable


@every_case(
    "target",
    [
        "http://localhost:{port}/x",
        "//evil.invalid/x",
        "https://127.0.0.1:{port}/x",
        "http://127.0.0.1:{port}@evil.invalid/",
        "ftp://127.0.0.1/",
        "http://[bad",
        "http://127.0.0.1:x/",
    ],
)
def test_other_names_ports_and_schemes_are_other_hosts(another, session_of, target: str) -> None:  # type: ignore[no-untyped-def]
    server = another()
    server.twist = sends_to(target.format(port=server.url.rpartition(":")[2]))
    with pytest.raises(pnb.RequestError, match="where the token must not go"):
        session_of(server).get(ME, company_id=COMPANY)
    assert len(server.calls) == 1


def test_the_token_is_put_on_a_request_to_its_own_address_only() -> None:
    bearer = BearerAuth(Secret("abc"), "https://api.example/rest")
    for address, expected in (("https://api.example/x", "Bearer abc"), ("https://evil.example/x", None)):
        request = bearer(requests.Request("GET", address).prepare())
        assert request.headers.get("Authorization") == expected


def test_what_is_addressed_to_https_goes_over_http_to_this_machine_only() -> None:
    request = requests.Request("POST", "https://login.procore.com/oauth/token").prepare()
    with pytest.raises(requests.exceptions.InvalidURL, match="loopback hosts only"):
        LoopbackAdapter(1.0).send(request)
    assert request.url == "https://login.procore.com/oauth/token"


def test_a_redirect_that_goes_round_in_circles_ends(another, session_of) -> None:  # type: ignore[no-untyped-def]
    server = another(twist=sends_to(ME))
    with pytest.raises(pnb.RequestError, match="again and again"):
        session_of(server).get(ME, company_id=COMPANY)
    assert len(server.calls) < 10


@pytest.mark.parametrize("path", ["@evil.invalid/x", ".evil.invalid/x", ":80@evil.invalid/"])
def test_a_path_that_makes_another_host_of_the_address_is_refused(another, session_of, path: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(pnb.ProcoreError):
        session_of(another()).get(path, company_id=COMPANY)


def test_neither_the_token_nor_the_secret_follows_a_redirect_of_the_login(another, session_of) -> None:  # type: ignore[no-untyped-def]
    elsewhere = another()
    moved = Said(307, b"", [("location", elsewhere.url + "/oauth/token")])
    server = another(twist=lambda asked: moved if asked.path == "/oauth/token" else None)
    with pytest.raises(pnb.CredentialsError, match="not sent along"):
        session_of(server).login()
    assert elsewhere.asked == []


def test_the_api_host_gets_no_secret_and_the_login_host_no_bearer_token(another, session_of) -> None:  # type: ignore[no-untyped-def]
    login, api = another(), another()
    api.good = login.good
    assert session_of(api, login=login.url).get(ME, company_id=COMPANY).status == 200
    assert all(SECRET not in str(vars(one)) for one in api.asked)
    assert [one.path for one in api.asked] == [ME]
    assert "authorization" not in login.asked[0].headers


def test_the_company_goes_with_every_call_and_with_none_that_names_none(another, session_of) -> None:  # type: ignore[no-untyped-def]
    server = another()
    session = session_of(server)
    session.get(ME, company_id=COMPANY)
    session.get(ME, company_id=None)
    assert [one.headers.get("procore-company-id") for one in server.calls] == [str(COMPANY), None]


def test_parameters_arrive_as_they_were_given(another, session_of) -> None:  # type: ignore[no-untyped-def]
    server = another()
    session_of(server).get(
        ME, [("filters[id][]", "1"), ("filters[id][]", "2"), ("q", "a&b=ü +%")], company_id=COMPANY
    )
    assert server.calls[0].query == {"filters[id][]": ["1", "2"], "q": ["a&b=ü +%"]}


def test_netrc_does_not_take_the_place_of_the_token(another, session_of, tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "netrc").write_text(
        "machine 127.0.0.1 login someone password else\ndefault login a password b\n"
    )
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server = another()
    session = session_of(server)
    session.get(ME, company_id=COMPANY)
    session.revoke()
    assert all(not one.headers.get("authorization", "").startswith("Basic") for one in server.asked)
    assert server.calls[0].headers["authorization"] == f"Bearer {server.tokens[0]}"


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_no_proxy_is_asked_for_this_machine_itself(another, session_of, monkeypatch, name: str) -> None:  # type: ignore[no-untyped-def]
    proxy, server = another(), another()
    monkeypatch.setenv(name, proxy.url)
    for other in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(other, raising=False)
    assert session_of(server).get(ME, company_id=COMPANY).status == 200
    assert proxy.asked == []


def test_a_proxy_is_asked_for_every_other_host(another, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    from procore_nb.http import Session

    monkeypatch.setenv("HTTPS_PROXY", another(twist=lambda asked: Said(407, b"")).url)
    for other in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(other, raising=False)
    place = pnb.Environment("far", "https://login.far.invalid", "https://api.far.invalid")
    with pytest.raises(pnb.NetworkError, match="proxy"):
        Session(place, pnb.Credentials("x", SECRET)).login()


def test_cookies_are_not_kept(another, session_of) -> None:  # type: ignore[no-untyped-def]
    cookie = [("set-cookie", "session=abc; Path=/"), ("Set-Cookie", "other=def")]
    server = another(twist=lambda asked: Said(200, {"id": 1}, cookie) if asked.path == ME else None)
    session = session_of(server)
    for _ in range(2):
        session.get(ME, company_id=COMPANY)
    assert all("cookie" not in one.headers for one in server.asked)


def test_connections_are_used_again(another, session_of) -> None:  # type: ignore[no-untyped-def]
    server = another()
    session = session_of(server)
    caught: list[str] = []
    handler = logging.Handler(logging.DEBUG)
    handler.emit = lambda record: caught.append(record.getMessage())  # type: ignore[method-assign]
    pool = logging.getLogger("urllib3.connectionpool")
    level = pool.level
    pool.setLevel(logging.DEBUG)
    pool.addHandler(handler)
    try:
        session.login()
        for _ in range(5):
            session.get(ME, company_id=COMPANY)
    finally:
        pool.removeHandler(handler)
        pool.setLevel(level)
    assert sum("Starting new HTTP connection" in line for line in caught) == 2  # one to log in, one to ask


def test_no_request_waits_without_end(another, session_of) -> None:  # type: ignore[no-untyped-def]
    import threading

    stay = threading.Event()

    def silent(asked: Asked) -> Said | None:
        if asked.path == ME:
            stay.wait(5)
        return None

    session = session_of(another(twist=silent), limits=TransportLimits(read_seconds=0.1))
    try:
        with pytest.raises(pnb.NetworkError, match="did not answer in time") as caught:
            session.get(ME, company_id=COMPANY)
        cause = caught.value.__cause__
        assert isinstance(cause, requests.RequestException)
        assert cause.request is None  # its headers hold the token
    finally:
        stay.set()


def test_plain_http_works_on_loopback_without_a_switch_for_the_whole_process(another, session_of) -> None:  # type: ignore[no-untyped-def]
    server = another()
    session_of(server).get(ME, company_id=COMPANY)
    assert not [name for name in os.environ if name.startswith("OAUTHLIB")]


def test_loopback_may_be_ipv6(another) -> None:  # type: ignore[no-untyped-def]
    import socket

    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    from procore_nb.demo import CLIENT_ID as DEMO_ID
    from procore_nb.demo import CLIENT_SECRET, serve
    from procore_nb.http import Session

    try:
        server = serve(host="::1")
    except pnb.ArgumentError:
        pytest.skip("no IPv6 loopback here")
    with server:
        session = Session(
            pnb.Environment("six", server.url, server.url), pnb.Credentials(DEMO_ID, CLIENT_SECRET)
        )
        assert session.login().expires_in == 5400
        session.close()


def test_the_agent_is_named_and_json_is_asked_for(another, session_of) -> None:  # type: ignore[no-untyped-def]
    server = another()
    session_of(server).get(ME, company_id=COMPANY)
    for one in server.asked:
        assert one.headers["accept"] == "application/json"
        assert one.headers["user-agent"].startswith("procore-nb")


def test_the_client_id_used_is_the_one_given(another, session_of) -> None:  # type: ignore[no-untyped-def]
    session = session_of(another())
    assert session.client_id == CLIENT_ID
    assert SECRET not in repr(session)
