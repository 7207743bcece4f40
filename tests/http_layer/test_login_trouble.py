from __future__ import annotations

import socket
import threading
import time

import pytest
from another_procore import SECRET, Asked, Said
from every_case import every_case
from traces import shown_anywhere

import procore_nb as pnb
from procore_nb.http import TransportLimits

PAGE = b"<!DOCTYPE html><html><head><title>Maintenance</title></head></html>"


def login_says(said: Said):  # type: ignore[no-untyped-def]
    return lambda asked: said if asked.path.startswith("/oauth") else None


@every_case(
    ("said", "kind", "words"),
    [
        (Said(401, {"error": "invalid_client"}), pnb.CredentialsError, "refused the credentials (401)"),
        (Said(400, {"error": "invalid_client", "error_description": "No such client"}), pnb.CredentialsError, "No such client"),
        (Said(401, b""), pnb.CredentialsError, "refused the credentials (401)"),
        (Said(403, PAGE), pnb.CredentialsError, "titled 'Maintenance'"),
        (Said(302, b"", [("location", "https://evil.example/")]), pnb.CredentialsError, "not sent along"),
        (Said(307, b"", [("location", "/elsewhere")]), pnb.CredentialsError, "not sent along"),
        (Said(200, {"error": "invalid_client"}), pnb.CredentialsError, "without a usable token"),
        (Said(200, {"token_type": "bearer"}), pnb.CredentialsError, "without a usable token"),
        (Said(200, {"access_token": None}), pnb.CredentialsError, "without a usable token"),
        (Said(200, {"access_token": ""}), pnb.CredentialsError, "without a usable token"),
        (Said(200, {"access_token": ["x"]}), pnb.CredentialsError, "without a usable token"),
        (Said(200, {"access_token": "two\r\nlines"}), pnb.CredentialsError, "without a usable token"),
        (Said(200, b'{"access_token": "t0ken-cut-off'), pnb.CredentialsError, "without a usable token"),
        (Said(200, b"[]"), pnb.ServerError, "answered 200"),
        (Said(200, b""), pnb.ServerError, "answered 200"),
        (Said(200, PAGE, [("content-type", "text/html")]), pnb.ServerError, "answered 200"),
        (Said(500, {"error": "boom"}), pnb.ServerError, "is in trouble"),
        (Said(503, PAGE, [("retry-after", "7")]), pnb.ServerError, "is in trouble"),
        (Said(502, b""), pnb.ServerError, "is in trouble"),
        (Said(429, {"errors": "slow down"}, [("retry-after", "7")]), pnb.RateLimitError, "limits logins"),
    ],
)  # fmt: skip
def test_each_answer_of_the_login_host_that_is_no_token_has_its_error(
    another, session_of, said, kind, words
) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(kind) as caught:
        session_of(another(twist=login_says(said))).login()
    error = caught.value
    assert words in error.message
    assert "127.0.0.1 (another)" in error.message
    assert error.advice
    assert error.retryable == (kind is not pnb.CredentialsError)
    assert shown_anywhere(error, SECRET, "t0ken") == []


def test_a_refusal_names_the_likely_causes(another, session_of) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(pnb.CredentialsError) as caught:
        session_of(another(), secret="wrong").login()
    for cause in ("secret is wrong", "production and sandbox", "removed", "e-mail"):
        assert cause in caught.value.advice
    assert caught.value.status == 401


@pytest.mark.parametrize(("status", "asked_for"), [(503, 7.0), (429, 7.0)])
def test_how_long_the_login_host_asks_to_wait_is_kept(
    another, session_of, status: int, asked_for: float
) -> None:  # type: ignore[no-untyped-def]
    server = another(twist=login_says(Said(status, PAGE, [("retry-after", "7")])))
    with pytest.raises(pnb.ProcoreError) as caught:
        session_of(server).login()
    assert caught.value.retry_after_seconds == asked_for
    assert "7 seconds" in str(caught.value)


def test_a_login_host_that_repeats_the_secret_does_not_get_it_into_the_error(another, session_of) -> None:  # type: ignore[no-untyped-def]
    server = another(
        twist=login_says(Said(401, {"error_description": f"No client has the secret {SECRET}!"}))
    )
    with pytest.raises(pnb.CredentialsError, match="No client has") as caught:
        session_of(server).login()
    assert shown_anywhere(caught.value, SECRET) == []


def test_a_login_host_that_is_not_there_is_a_network_error(session_of, another) -> None:  # type: ignore[no-untyped-def]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(pnb.NetworkError, match="refused the connection") as caught:
            session_of(another(), login=url).login()
    assert shown_anywhere(caught.value, SECRET) == []


def test_a_login_host_that_hangs_up_or_keeps_silent_is_a_network_error(session_of, another) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(pnb.NetworkError, match="broke off") as caught:
        session_of(another(twist=login_says(Said(200, {"access_token": "x" * 99}, hang_up=True)))).login()
    assert shown_anywhere(caught.value, SECRET) == []
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(pnb.NetworkError, match="did not answer in time") as caught:
            session_of(another(), login=url, limits=TransportLimits(read_seconds=0.1)).login()
    assert shown_anywhere(caught.value, SECRET) == []


def test_a_host_that_does_not_exist_is_said_not_to_be_known() -> None:
    from procore_nb.http import Session

    place = pnb.Environment("nowhere", "https://login.nowhere.invalid", "https://api.nowhere.invalid")
    with pytest.raises(pnb.NetworkError, match=r"login.nowhere.invalid \(nowhere\) is not known") as caught:
        Session(place, pnb.Credentials("x", SECRET)).login()
    assert shown_anywhere(caught.value, SECRET) == []


@pytest.mark.slow
def test_threads_that_waited_for_a_login_share_its_refusal(another, session_of) -> None:  # type: ignore[no-untyped-def]
    begun = threading.Event()

    def refuse(asked: Asked) -> Said | None:
        if asked.path == "/oauth/token":
            begun.wait(5)
            return Said(401, {"error": "invalid_client"})
        return None

    server = another(twist=refuse)
    session, errors = session_of(server), []

    def ask() -> None:
        try:
            session.login()
        except pnb.CredentialsError as error:
            errors.append(error)

    crew = [threading.Thread(target=ask) for _ in range(8)]
    for one in crew:
        one.start()
    time.sleep(0.3)
    begun.set()
    for one in crew:
        one.join()
    assert len(server.asked) == 1
    assert len({id(error) for error in errors}) == 8
    with pytest.raises(pnb.CredentialsError):
        session.login()
    assert len(server.asked) == 2
