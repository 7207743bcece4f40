"""Broken settings and replies that no service should send: always an error of our tree that names the cause."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from another_procore import COMPANY, SECRET, Said
from every_case import every_case
from traces import shown_anywhere

import procore_nb as pnb
from http_layer.raw_server import raw_server, whole
from procore_nb.http import Session

ME = "/rest/v1.0/me"
DEEP = b"[" * 100_000 + b"]" * 100_000


def says(path: str, body: Any, *headers: tuple[str, str], status: int = 200):  # type: ignore[no-untyped-def]
    return lambda asked: Said(status, body, list(headers)) if asked.path == path else None


@every_case(
    "body",
    [
        b'{"access_token": "t0ken", "expires_in": Infinity}',
        b'{"access_token": "t0ken", "expires_in": -Infinity}',
        b'{"access_token": "t0ken", "expires_in": NaN}',
        b'{"access_token": "t0ken", "expires_in": 1' + b"0" * 400 + b"}",
        b'{"access_token": "t0ken", "expires_in": 1' + b"0" * 5000 + b"}",
        b'{"access_token": "t0ken", "expires_in": 1e400}',
        b'{"access_token": "t0ken", "expires_in": [7200]}',
        b'{"access_token": "t0ken", "created_at": 1' + b"0" * 400 + b', "expires_in": 7200}',
        b'{"access_token": "t0ken", "created_at": Infinity, "expires_in": 7200}',
        b'{"access_token": "t0ken", "extra": ' + DEEP + b"}",
        b'{"access_token": ' + DEEP + b"}",
        b'{"access_token": "t0ken", "expires_at": "1' + b"0" * 400 + b'"}',
    ],
)
def test_a_login_that_cannot_be_read_gives_a_token_or_a_credentials_error(another, session_of, body) -> None:  # type: ignore[no-untyped-def]
    server = another(twist=says("/oauth/token", body))
    try:
        token = session_of(server).login()
    except pnb.CredentialsError as error:
        assert "without a usable token" in error.message  # noqa: PT017
        assert shown_anywhere(error, "t0ken", SECRET) == []  # noqa: PT017
    else:
        assert token.expires_in in (None, 7200)
        assert token.renew_at > time.time()


@every_case("body", [b"[]", b"null", b"5", b'"x"', b"{", DEEP, b"<html>", b"\xff\xfe", b"", b"NaN"])
def test_a_description_of_the_token_that_cannot_be_read_is_an_incomplete_one(
    another, session_of, body
) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(pnb.IncompleteError):
        session_of(another(twist=says("/oauth/token/info", body))).token_info()


YEARS = [
    "Mon, 01 Jan 99999 00:00:00 GMT",
    "Fri, 31 Dec 9999 23:59:59 -2359",
    "Mon, 01 Jan 0001 00:00:00 +2359",
]
YEARS += [
    "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
    "Mon, 01 Jan 0001 00:00:00 GMT",
    "\x00",
    "9" * 5000,
]


@every_case("year", YEARS)
@every_case("name", ["date", "retry-after", "x-rate-limit-reset"])
def test_a_header_of_another_age_is_passed_over(another, connected, name: str, year: str) -> None:  # type: ignore[no-untyped-def]
    headers = {
        "x-rate-limit-limit": "25",
        "x-rate-limit-remaining": "5",
        "x-rate-limit-reset": "9",
        name: year,
    }
    good = Said(200, {"id": 1, "login": "x", "name": "y"}, list(headers.items()))
    server = another(twist=lambda asked: good if asked.path == ME else None)
    procore = connected(server)
    assert procore.me()["id"].tolist() == [1]
    assert procore.seconds_behind < 3600
    assert len(procore.rate_limit()) <= 1
    assert repr(procore)
    assert procore.me()["id"].tolist() == [1]
    good.status = 429
    with pytest.raises(pnb.RateLimitError):
        connected(server, retries=0).me()


@pytest.mark.parametrize("reset", ["999999999999", "99999999999", "9" * 12])
def test_a_reset_in_another_age_blocks_nobody_and_is_not_shown(another, connected, reset: str) -> None:  # type: ignore[no-untyped-def]
    told = [("x-rate-limit-limit", "25"), ("x-rate-limit-remaining", "0"), ("x-rate-limit-reset", reset)]
    procore = connected(another(twist=says(ME, {"id": 1}, *told)))
    for _ in range(3):
        procore.me()
    assert procore.rate_limit().empty


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_certificate_file_that_is_not_there_is_named(monkeypatch, tmp_path: Path, name: str) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.setenv(name, str(tmp_path / "company.pem"))
    place = pnb.Environment("far", "https://login.far.invalid", "https://api.far.invalid")
    with pytest.raises(pnb.NetworkError, match=r"company\.pem does not exist") as caught:
        Session(place, pnb.Credentials("x", SECRET)).login()
    assert name in str(caught.value)
    assert not caught.value.retryable
    assert shown_anywhere(caught.value, SECRET) == []


def test_a_certificate_file_without_certificates_is_an_error_of_ours(monkeypatch, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "empty.pem").write_text("nothing")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "empty.pem"))
    place = pnb.Environment("far", "https://127.0.0.1:9", "https://127.0.0.1:9")
    with pytest.raises(pnb.NetworkError) as caught:
        Session(place, pnb.Credentials("x", SECRET)).login()
    assert "certificate" in str(caught.value) or "refused" in str(caught.value)


@every_case(
    ("proxy", "words"),
    [
        ("socks5h://127.0.0.1:9", "proxy settings|proxy on the way"),
        ("http://", "proxy settings|proxy on the way|address"),
        ("gopher://x", "proxy settings|proxy on the way"),
        ("http://user:pass@127.0.0.1:9", "proxy on the way"),
        ("http://[bad", "proxy settings|proxy on the way|address"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_an_error_that_says_so(monkeypatch, proxy: str, words: str) -> None:  # type: ignore[no-untyped-def]
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    place = pnb.Environment("far", "https://login.far.invalid", "https://api.far.invalid")
    with pytest.raises(pnb.NetworkError, match=words) as caught:
        Session(place, pnb.Credentials("x", SECRET)).login()
    assert shown_anywhere(caught.value, SECRET) == []
    assert "pass@" not in str(caught.value)


RAW = {
    "a status line that repeats the token": b"t0ken-raw-opaque t0ken-raw-opaque\r\n\r\n",
    "no http": b"SSH-2.0-OpenSSH\r\n",
    "nothing": b"",
    "a status that is no number": b"HTTP/1.1 abc OK\r\n\r\n",
    "a line without an end": b"HTTP/1.1 200 OK\r\nx: " + b"y" * 100_000,
    "a thousand headers": b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 1000 + b"\r\n",
    "a length of 5000 digits": b"HTTP/1.1 200 OK\r\ncontent-length: " + b"9" * 5000 + b"\r\n\r\nabc",
    "two lengths": b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 7\r\n\r\nabcde",
    "a length below nothing": b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\nabc",
    "a chunk that is no number": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nabc",
    "a chunk larger than the world": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    + b"f" * 40
    + b"\r\nabc",
    "cut in the middle": whole(b"x" * 100)[:-50],
}


@every_case("case", RAW)
def test_what_is_no_http_is_an_error_of_ours(connected, another, case: str) -> None:  # type: ignore[no-untyped-def]
    with raw_server([RAW[case]]) as url:
        procore = connected(another(), environment=pnb.Environment("raw", url, url), retries=0)
        with pytest.raises(pnb.ProcoreError) as caught:
            procore.me()
    assert isinstance(caught.value, pnb.NetworkError | pnb.IncompleteError)
    assert shown_anywhere(caught.value, SECRET, "t0ken-raw") == []


@every_case("path", ["/rest/\0", "/rest/\ud800", "/rest/ x", "/rest/\r\nx: y", "/rest/" + "x" * 70_000])
def test_a_path_that_cannot_be_sent_is_an_error_of_ours(another, session_of, path: str) -> None:  # type: ignore[no-untyped-def]
    server = another()
    try:
        response = session_of(server).get(path, [("q", "x")], company_id=COMPANY)
    except pnb.ProcoreError:
        pass
    else:
        assert response.status == 404 or response.status == 414
    assert all("x" not in one.headers for one in server.asked)


def test_half_a_character_in_a_parameter_is_an_argument_error_and_nothing_is_sent(
    another, session_of
) -> None:  # type: ignore[no-untyped-def]
    server = another()
    with pytest.raises(pnb.ArgumentError, match="half a character"):
        session_of(server).get(ME, [("filters[search]", "cut \ud83d")], company_id=COMPANY)
    assert server.asked == []


@every_case("status", [400, 403, 500])
@every_case("body", [DEEP, b'{"errors":' * 600 + b'"no"' + b"}" * 600, b"[" * 600 + b'"no"' + b"]" * 600])
def test_an_error_body_of_any_depth_is_an_error_of_its_status(
    another, connected, status: int, body: bytes
) -> None:  # type: ignore[no-untyped-def]
    procore = connected(another(twist=says(ME, body, status=status)), retries=0)
    with pytest.raises(pnb.ProcoreError) as caught:
        procore.me()
    assert caught.value.status == status


def test_escape_sequences_of_a_service_do_not_reach_the_terminal(another, connected) -> None:  # type: ignore[no-untyped-def]
    text = "\x1b]0;owned\x07\x1b[2J\u202egnihton\u2069 half \ud83d\x9b\r"
    body = b'{"message": "' + text.encode("unicode_escape").replace(b"\\x", b"\\u00") + b'"}'
    with pytest.raises(pnb.AccessError) as caught:
        connected(another(twist=says(ME, body, status=403))).me()
    shown = f"{caught.value} {caught.value!r} {caught.value.reason}"
    assert shown.isprintable()
    assert "\\x1b]0;owned\\x07" in shown


def test_a_warning_is_printable_too() -> None:
    from procore_nb.errors import warn

    with pytest.warns(pnb.ProcoreWarning, match=r"a \\x1b\[2J\\ud83d b"):
        warn("a \x1b[2J\ud83d b")


def test_an_error_keeps_line_breaks_tabs_and_every_script() -> None:
    text = "Zürich\n\t東京 👷‍♀️ عربى"
    assert str(pnb.ProcoreError(text)) == text
