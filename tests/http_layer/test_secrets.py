from __future__ import annotations

import logging
import pickle
from collections.abc import Iterator
from typing import Any

import pytest
from another_procore import CLIENT_ID, COMPANY, SECRET, Asked, Said
from every_case import every_case
from traces import related, shown_anywhere

import procore_nb as pnb
from procore_nb.fetch import RequestPolicy

RFIS = "/rest/v1.0/projects/{}/rfis"
TOKEN = "t0ken-"


@pytest.fixture
def every_log_line() -> Iterator[list[str]]:
    """What any logger says at DEBUG, in full."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{record.name} {record.getMessage()} {record.args!r} {record.exc_info!r}")

    handler, root = Keep(logging.DEBUG), logging.getLogger()
    names = [
        name
        for name in logging.root.manager.loggerDict
        if isinstance(logging.root.manager.loggerDict[name], logging.Logger)
    ]
    before = {name: logging.getLogger(name).level for name in ["root", *names]}
    root.addHandler(handler)
    for name in before:
        (root if name == "root" else logging.getLogger(name)).setLevel(logging.DEBUG)
    yield lines
    root.removeHandler(handler)
    for name, level in before.items():
        (root if name == "root" else logging.getLogger(name)).setLevel(level)


def test_no_logger_says_secret_or_token_at_debug(another, connected, every_log_line: list[str]) -> None:  # type: ignore[no-untyped-def]
    server = another({"/rest/v1.0/companies": [{"id": 1}]})
    procore = connected(server)
    assert len(procore.companies()) == 1
    server.revoke_all()
    procore.me()
    procore.token_info()
    procore.close(revoke=True)
    with pytest.raises(pnb.CredentialsError):
        connected(server, credentials=pnb.Credentials(CLIENT_ID, SECRET + "x")).me()
    assert len(server.tokens) == 2
    assert [line for line in every_log_line if SECRET in line or TOKEN in line or "hush" in line] == []
    assert any(line.startswith("requests_oauthlib") for line in every_log_line)
    assert any(line.startswith("urllib3") for line in every_log_line)


def test_lines_of_the_oauth_libraries_keep_what_is_harmless(
    another, connected, every_log_line: list[str]
) -> None:  # type: ignore[no-untyped-def]
    connected(another()).me()
    said = [line for line in every_log_line if line.startswith("requests_oauthlib")]
    assert any("status 200" in line for line in said)
    assert any("<hidden>" in line for line in said)


API_FAILS: dict[str, Any] = {
    "401": Said(401, {"error": "The access token is invalid"}),
    "403": Said(403, {"message": "no"}),
    "404": Said(404, b""),
    "500": Said(500, b"<html><title>Oops</title></html>"),
    "redirect": Said(302, b"", [("location", "https://evil.invalid/")]),
    "html": Said(200, b"<html>"),
    "cut": Said(200, b'[{"id": 1'),
    "hang up": Said(200, b"[1,2,3,4,5,6]", hang_up=True),
    "next elsewhere": Said(200, [{"id": 1}], [("link", '<https://evil.invalid/x?page=2>; rel="next"')]),
    "bad encoding": Said(200, b"zzz", [("content-encoding", "gzip")]),
}


@every_case("case", API_FAILS)
def test_no_error_of_ours_drags_secret_or_token_along(another, connected, case: str) -> None:  # type: ignore[no-untyped-def]
    server = another(twist=lambda asked: None if asked.path.startswith("/oauth") else API_FAILS[case])
    procore = connected(server, retries=1)
    procore.policy = RequestPolicy(retries=1, sleep=lambda seconds: None)
    asking = (
        procore.me,
        lambda: procore.table("rfis", project_id=7),
        lambda: procore.table("rfis", projects=[7, 8]),
    )
    for ask in asking:
        with pytest.raises(pnb.ProcoreError) as caught:
            ask()
        assert shown_anywhere(caught.value, SECRET, TOKEN) == []
        assert pickle.loads(pickle.dumps(caught.value)).message == caught.value.message


def test_a_reply_that_repeats_the_token_does_not_get_it_into_the_error(
    another, session_of, connected
) -> None:  # type: ignore[no-untyped-def]
    def echo(asked: Asked) -> Said | None:
        return (
            None
            if asked.path.startswith("/oauth")
            else Said(403, {"message": f"Not for {asked.headers['authorization']}."})
        )

    with pytest.raises(pnb.AccessError, match="Not for Bearer <set>") as caught:
        connected(another(twist=echo)).me()
    assert shown_anywhere(caught.value, TOKEN) == []


def test_causes_of_lost_connections_keep_their_words_but_no_frames(another, session_of) -> None:  # type: ignore[no-untyped-def]
    session = session_of(
        another(
            twist=lambda asked: Said(200, b"x" * 100, hang_up=True) if asked.path == "/rest/v1.0/me" else None
        )
    )
    with pytest.raises(pnb.NetworkError) as caught:
        session.get("/rest/v1.0/me", company_id=COMPANY)
    assert caught.value.__cause__ is not None
    assert all(one.__traceback__ is None for one in related(caught.value) if one is not caught.value)
    assert getattr(caught.value.__cause__, "request", None) is None


def test_nothing_that_holds_a_connection_shows_secret_or_token(another, connected) -> None:  # type: ignore[no-untyped-def]
    procore = connected(another())
    procore.me()
    session = procore.session
    token = session.login()
    for one in (
        procore,
        session,
        session.shared,
        token,
        procore._repr_html_(),
        vars(procore),
        vars(session),
        vars(session.shared),
    ):
        assert SECRET not in repr(one)
        assert TOKEN not in repr(one)
    for one in (procore.me().attrs, procore.rate_limit().attrs, procore.diagnose()):
        assert SECRET not in repr(one)
        assert TOKEN not in repr(one)
    with pytest.raises(TypeError):
        pickle.dumps(session)
    with pytest.raises(TypeError):
        pickle.dumps(token)
