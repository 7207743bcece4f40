"""What a notebook's verbose traceback would show: nothing, whatever call is interrupted or fails, and wherever."""

from __future__ import annotations

import http.client
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from another_procore import SECRET, AnotherProcore, Asked, Said
from every_case import every_case
from traces import frames, related, shown_anywhere

import procore_nb as pnb
from procore_nb.credentials import Credentials
from procore_nb.http import transport

TOKEN = "t0ken-"
CALLS: dict[str, Callable[[pnb.Procore], Any]] = {
    "me": lambda procore: procore.me(),
    "companies": lambda procore: procore.companies(),
    "projects": lambda procore: procore.projects(),
    "table": lambda procore: procore.table("rfis", projects=[7, 8]),
    "records": lambda procore: list(procore.records("rfis", project_id=7)),
    "pages": lambda procore: list(procore.pages("rfis", project_id=7)),
    "frames": lambda procore: list(procore.frames("rfis", projects=[7])),
    "diagnose": lambda procore: procore.diagnose(),
    "token_info": lambda procore: procore.token_info(),
    "login": lambda procore: procore.session.login(),
    "close": lambda procore: procore.close(revoke=True),
}


@pytest.fixture
def ctrl_c() -> Iterator[Callable[[], None]]:
    """Presses Ctrl-C; a test run started in the background would ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    main = threading.main_thread().ident
    assert main is not None
    yield lambda: signal.pthread_kill(main, signal.SIGINT)
    signal.signal(signal.SIGINT, before)


def prepared_for(call: str, procore: pnb.Procore, path: str) -> None:
    """Have a token where the login itself is not what is interrupted."""
    if path != "/oauth/token" or call == "close":
        procore.session.login()


PATHS = {"token_info": "/oauth/token/info", "close": "/oauth/revoke"}
CASES = [(call, "/oauth/token") for call in CALLS if call != "close"]
CASES += [(call, PATHS.get(call, "/rest/")) for call in CALLS if call != "login"]


@every_case(("call", "path"), CASES)
@pytest.mark.slow
def test_ctrl_c_in_the_middle_of_a_request_shows_neither_secret_nor_token(
    another: Callable[..., AnotherProcore], connected, ctrl_c, call: str, path: str
) -> None:  # type: ignore[no-untyped-def]
    over, pressed = threading.Event(), threading.Event()

    def hang(asked: Asked) -> Said | None:
        if asked.path.startswith(path) and armed:
            if not pressed.is_set():
                pressed.set()
                ctrl_c()
            over.wait(5)
        return None

    armed: list[bool] = []
    procore = connected(another(twist=hang))
    prepared_for(call, procore, path)
    armed.append(True)
    try:
        with pytest.raises((KeyboardInterrupt, pnb.IncompleteError)) as caught:
            CALLS[call](procore)
    finally:
        over.set()
    assert pressed.is_set()
    assert shown_anywhere(caught.value, SECRET, TOKEN) == []


@every_case(("call", "path"), CASES)
def test_an_error_that_nobody_foresaw_shows_neither_secret_nor_token(
    another: Callable[..., AnotherProcore], connected, monkeypatch, call: str, path: str
) -> None:  # type: ignore[no-untyped-def]
    procore = connected(another())
    prepared_for(call, procore, path)
    read = transport.read_body

    def fail(response: Any, limits: Any) -> bytes:
        if path in str(response.url):
            raise KeyError(f"a fault of our own near {response.request.headers}")
        return read(response, limits)

    with monkeypatch.context() as patched:
        patched.setattr(transport, "read_body", fail)
        with pytest.raises(KeyError) as caught:
            CALLS[call](procore)
    inside = [frame for one in related(caught.value) for frame in frames(one.__traceback__)]
    assert all("requests" not in frame.f_code.co_filename for frame in inside)
    assert all(frame.f_code.co_name not in ("fetch_token", "_revoke") for frame in inside)


def test_a_secret_can_be_revealed_without_a_frame_that_shows_it() -> None:
    secret = Credentials("id", SECRET).client_secret
    closure = object.__getattribute__(secret, "_reveal")
    assert closure() == SECRET
    assert not hasattr(closure, "__closure__")
    assert not hasattr(closure, "__code__")


def test_a_vault_that_fails_or_is_interrupted_shows_nothing_of_what_it_holds(another, connected) -> None:  # type: ignore[no-untyped-def]
    for failure in (KeyboardInterrupt, RuntimeError, OSError):

        def vault(failure: type[BaseException] = failure) -> Credentials:
            held = SECRET
            raise failure(f"broken with {held}")

        procore = connected(another(), credentials=vault)
        with pytest.raises((pnb.IncompleteError, pnb.CredentialsError)) as caught:
            procore.me()
        inside = [frame for one in related(caught.value) for frame in frames(one.__traceback__)]
        shown = [frame.f_code.co_name for frame in inside]
        assert "vault" not in shown
        assert "current_credentials" not in shown
        if failure is not KeyboardInterrupt:
            assert failure.__name__ in caught.value.message
            assert shown_anywhere(caught.value, SECRET) == []


def test_the_debug_output_of_http_client_shows_nothing(another, connected, monkeypatch, capsys) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)
    procore = connected(another())
    procore.me()
    procore.token_info()
    procore.close(revoke=True)
    shown = "".join(capsys.readouterr())
    assert SECRET not in shown
    assert TOKEN not in shown
    assert "authorization" not in shown.lower()
