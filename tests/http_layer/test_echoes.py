"""A service that repeats the token, or the secret: whatever it comes back in, it is masked before anybody sees it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from another_procore import SECRET, Asked, Said
from every_case import every_case
from traces import shown_anywhere

import procore_nb as pnb
from procore_nb.credentials import Secret
from procore_nb.http.transport import redact
from procore_nb.responses import Response

TOKEN = "t0ken-"
ME = "/rest/v1.0/me"


def token_of(asked: Asked) -> str:
    return asked.headers["authorization"].removeprefix("Bearer ")


def escaped(text: str) -> str:
    return "".join(f"\\u{ord(each):04X}" for each in text)


def as_json(text: str, key: str = "message") -> bytes:
    return b'{"%s": "not for %s"}' % (key.encode(), text.encode())


ECHOES: dict[str, Callable[[str], Said]] = {
    "a refusal": lambda token: Said(403, as_json(token)),
    "a message with 200": lambda token: Said(200, as_json(token)),
    "errors with 200": lambda token: Said(200, as_json(token, "errors")),
    "spelled with escapes": lambda token: Said(403, as_json(escaped(token))),
    "one letter escaped": lambda token: Said(200, as_json(token.replace("k", "\\u006b"))),
    "an address": lambda token: Said(400, as_json(quote(token, safe=""))),
    "a web page": lambda token: Said(403, f"<html><title>No {token}</title>".encode()),
    "a body that is no JSON": lambda token: Said(200, f"<html>{token}".encode()),
    "Location elsewhere": lambda token: Said(302, b"", [("location", f"https://evil.invalid/{token}")]),
    "Location here": lambda token: Said(302, b"", [("location", f"/rest/v1.0/{token}")]),
    "Link elsewhere": lambda token: Said(
        200, [{"id": 1}], [("link", f'<https://evil.invalid/?page=2&t={token}>; rel="next"')]
    ),
    "Retry-After": lambda token: Said(429, as_json(token), [("retry-after", token)]),
    "content type": lambda token: Said(200, b"", [("content-type", f"text/{token}")]),
    "a header that cannot be parsed": lambda token: Said(200, b"[", [("x-a", f"1\r\n{token} no header")]),
}


@pytest.fixture
def every_log_line() -> Iterator[list[str]]:
    """What the root logger gets at DEBUG, with the arguments as they are."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{record.name} {record.getMessage()} {record.args!r}")

    handler, root = Keep(logging.DEBUG), logging.getLogger()
    names = ("", "urllib3", "urllib3.connectionpool", "requests_oauthlib", "oauthlib", "procore_nb")
    before = {name: logging.getLogger(name).level for name in names}
    root.addHandler(handler)
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield lines
    root.removeHandler(handler)
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


@every_case("case", ECHOES)
@pytest.mark.slow
def test_a_token_that_is_repeated_is_in_no_error_log_or_frame(
    another, connected, every_log_line: list[str], case: str
) -> None:  # type: ignore[no-untyped-def]
    def echo(asked: Asked) -> Said | None:
        if asked.path.startswith("/oauth"):
            return None
        return ECHOES[case](token_of(asked)) if "set" not in asked.path else Said(404, b"{}")

    procore = connected(another(twist=echo), retries=0, max_wait_seconds=0)
    shown, places = "", []
    for ask in (procore.me, lambda: procore.table("rfis", projects=[7, 8])):
        try:
            shown += repr(ask())
        except pnb.ProcoreError as error:
            places += shown_anywhere(error, TOKEN)
            shown += str(error)
    assert places == []
    assert TOKEN not in shown
    assert [line for line in every_log_line if TOKEN in line] == []


@every_case("spelled", [SECRET, escaped(SECRET), json.dumps(SECRET)[1:-1], quote(SECRET, safe="")])
@every_case("status", [200, 400, 401, 503])
def test_a_login_host_that_repeats_the_secret_gets_it_nowhere(
    another, session_of, every_log_line: list[str], status: int, spelled: str
) -> None:  # type: ignore[no-untyped-def]
    said = Said(status, as_json(spelled, "error_description"), [("x-note", f"for {quote(SECRET)}")])
    server = another(twist=lambda asked: said if asked.method == "POST" else None)
    with pytest.raises(pnb.ProcoreError) as caught:
        session_of(server).login()
    assert shown_anywhere(caught.value, SECRET, "hush-5ecret") == []
    assert [line for line in every_log_line if "hush-5ecret" in line] == []


def test_a_token_in_a_record_is_masked_and_the_rest_stays(another, connected) -> None:  # type: ignore[no-untyped-def]
    def echo(asked: Asked) -> Said | None:
        if asked.path.startswith("/oauth"):
            return None
        return Said(200, [{"id": 1, "subject": f"key {token_of(asked)}!"}, {"id": 2, "subject": "é & <b>"}])

    frame = connected(another(twist=echo)).table("rfis", project_id=7)
    assert frame["subject"].tolist() == ["key <set>!", "é & <b>"]


def response(body: bytes, **headers: str) -> Response:
    return Response(200, headers, body, "https://api.example/x")


def test_a_response_without_the_secret_is_handed_on_as_it_is() -> None:
    for body in (b"", b'{"a": "\\u003cb\\u003e"}', b'{"a": "\\u0041"}', b"\xff\\u00"):
        one = response(body, link="<x>")
        assert redact(one, Secret("abc-123")) == one


@every_case(
    ("body", "after"),
    [
        (b'"\\u0061bc-123"', '"<set>"'),
        (b'"\\\\u0061bc-123"', '"\\\\u0061bc-123"'),  # a backslash and letters, not an escape
        (b'"\\u0022abc-123\\u0041"', '"\\u0022<set>A"'),
        (b'"x\\nabc-123"', '"x\\n<set>"'),
    ],
)
def test_escapes_are_read_as_json_reads_them(body: bytes, after: str) -> None:
    shown: Any = redact(response(body), Secret("abc-123")).body.decode()
    assert shown == after
    json.loads(shown)
