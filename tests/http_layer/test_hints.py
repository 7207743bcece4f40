from __future__ import annotations

import pytest
from another_procore import Said
from every_case import every_case

import procore_nb as pnb
from procore_nb import hints

PAGE = b"<!DOCTYPE html><html><title>Access Denied</title></html>"
SECRET_WRONG = "secret is wrong"


@every_case(
    ("status", "body", "words", "blamed"),
    [
        (400, {"error": "invalid_client"}, "refused the credentials", True),
        (400, {"error": "invalid_grant"}, "refused the credentials", True),
        (400, {"error": "unsupported_grant_type"}, "says nothing about the secret", False),
        (401, b"", "refused the credentials", True),
        (403, PAGE, "firewall, VPN or proxy", False),
        (403, {"error": "invalid_client"}, "refused the credentials", True),
        (404, b"", "no login at this address", False),
        (404, PAGE, "no login at this address", False),
        (405, {"error": "invalid_client"}, "no login at this address", False),
        (407, b"", "proxy wants a login", False),
        (410, b"", "no login at this address", False),
        (418, b"", "says nothing about the secret", False),
        (429, b"", "Too many logins", False),
        (503, b"", "in trouble", False),
        (511, b"", "in a web browser", False),
    ],
)
def test_what_a_login_host_answers_decides_the_advice(
    another, session_of, status, body, words, blamed
) -> None:  # type: ignore[no-untyped-def]
    server = another(twist=lambda asked: Said(status, body) if asked.method == "POST" else None)
    with pytest.raises(pnb.ProcoreError) as caught:
        session_of(server).login()
    assert words in str(caught.value)
    assert (SECRET_WRONG in str(caught.value)) == blamed
    assert caught.value.status == status


@every_case(
    ("status", "body", "advice"),
    [
        (400, {"message": "no"}, hints.ASK_DIFFERENTLY),
        (400, {"message": "Missing Procore-Company-Id header!"}, hints.WRONG_COMPANY),
        (401, {"error": "invalid"}, hints.FRESH_REFUSED),
        (403, {"message": "no"}, hints.NO_PERMISSION),
        (403, {"message": "App is not connected to this company"}, hints.APP_NOT_CONNECTED),
        (403, PAGE, hints.NOT_JSON),
        (404, {"message": "no"}, hints.NOT_VISIBLE),
        (404, PAGE, hints.NOT_JSON),
        (405, b"", hints.NO_SUCH_REQUEST),
        (407, b"", hints.PROXY_LOGIN),
        (408, b"", hints.TOO_MUCH),
        (410, b"", hints.NO_SUCH_REQUEST),
        (414, b"", hints.TOO_LONG),
        (422, {"errors": "no"}, hints.ASK_DIFFERENTLY),
        (429, b"", hints.TOO_MANY),
        (500, PAGE, hints.IN_TROUBLE),
        (503, b"", hints.IN_TROUBLE),
        (511, PAGE, hints.WEB_LOGIN),
    ],
)
def test_what_the_api_host_answers_decides_the_advice(another, connected, status, body, advice) -> None:  # type: ignore[no-untyped-def]
    server = another(twist=lambda asked: None if asked.path.startswith("/oauth") else Said(status, body))
    with pytest.raises(pnb.ProcoreError) as caught:
        connected(server, retries=0).me()
    assert caught.value.advice.startswith(advice)


@every_case("status", [401, 403, 404, 410, 422])
def test_a_refusal_of_the_login_host_never_speaks_of_the_company(another, session_of, status: int) -> None:  # type: ignore[no-untyped-def]
    server = another(twist=lambda asked: Said(status, b"{}") if asked.path == "/oauth/token/info" else None)
    with pytest.raises(pnb.ProcoreError) as caught:
        session_of(server).token_info()
    assert "company id" not in str(caught.value)


def test_words_of_the_service_end_before_the_advice_begins(another, connected) -> None:  # type: ignore[no-untyped-def]
    for said, end in (("Not today", "Not today. "), ("Not today!", "Not today! "), ("No.", "No. ")):
        server = another(
            twist=lambda asked, said=said: (
                None if asked.path.startswith("/oauth") else Said(403, {"message": said})
            )
        )
        with pytest.raises(pnb.AccessError) as caught:
            connected(server).me()
        assert end + hints.NO_PERMISSION in str(caught.value)
        assert caught.value.reason == said
