from __future__ import annotations

import gzip
import itertools
import time
import tracemalloc
import zlib

import pytest
from another_procore import CLIENT_ID, COMPANY, SECRET, Asked, Said
from every_case import every_case

import procore_nb as pnb
from http_layer.raw_server import raw_server, whole
from procore_nb.http import Session, TransportLimits

pytestmark = pytest.mark.slow

ME = "/rest/v1.0/me"
SLOW = TransportLimits(read_seconds=5.0, total_seconds=0.4)


def session_to(url: str, limits: TransportLimits) -> Session:
    place = pnb.Environment("raw", url, url)
    return Session(place, pnb.Credentials(CLIENT_ID, SECRET), limits=limits)


@pytest.mark.parametrize(
    "beginning",
    [
        b"",  # the status line itself comes byte by byte
        b"HTTP/1.1 200 OK\r\nx-long: ",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffff\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
    ],
)
def test_a_byte_from_time_to_time_does_not_keep_a_request_for_ever(beginning: bytes) -> None:
    with raw_server([beginning, *itertools.repeat(b"H", 200)], every=0.05) as url:
        began = time.monotonic()
        with pytest.raises(pnb.NetworkError, match=r"whole response within 0\.4 seconds") as caught:
            session_to(url, SLOW).get(ME, company_id=COMPANY)
    assert time.monotonic() - began < 3
    assert not caught.value.retryable
    assert "response_timeout_seconds" in caught.value.advice


def test_a_response_that_is_slow_but_within_its_time_is_whole() -> None:
    sent = whole(b'{"id": 1}')
    with raw_server([sent[:20], sent[20:-3], sent[-3:]], every=0.05) as url:
        assert session_to(url, SLOW).get(ME, company_id=COMPANY).body == b'{"id": 1}'


def test_each_request_on_a_kept_connection_has_its_own_time(another) -> None:  # type: ignore[no-untyped-def]
    server = another()
    session = session_to(server.url, TransportLimits(total_seconds=0.3))
    for _ in range(4):
        time.sleep(0.1)
        assert session.get(ME, company_id=COMPANY).status == 200


def answers(body: bytes, coding: str):  # type: ignore[no-untyped-def]
    headers = [("content-encoding", coding)] if coding else []
    return lambda asked: Said(200, body, headers) if asked.path == ME else None


@pytest.mark.parametrize("coding", ["gzip", "deflate", ""])
def test_a_bomb_is_refused_in_words_and_before_it_fills_the_memory(another, coding: str) -> None:  # type: ignore[no-untyped-def]
    pack = {"gzip": gzip.compress, "deflate": zlib.compress, "": lambda body: body}[coding]
    bomb = pack(b" " * (40 * 2**20))
    session = session_to(another(twist=answers(bomb, coding)).url, TransportLimits(most_bytes=4 * 2**20))
    session.login()
    tracemalloc.start()
    with pytest.raises(pnb.IncompleteError, match="more than 4 MiB") as caught:
        session.get(ME, company_id=COMPANY)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12 * 2**20 + (len(bomb) if not coding else 0)
    assert (caught.value.retryable, caught.value.status) == (False, 200)
    assert "max_response_bytes" in caught.value.advice


def test_how_much_was_sent_is_said_where_it_is_counted(another) -> None:  # type: ignore[no-untyped-def]
    limits, body = TransportLimits(most_bytes=2**20), b" " * (3 * 2**20)
    with pytest.raises(pnb.IncompleteError, match=r"1 MiB \(2\.0 MiB as sent\), which was not read further"):
        session_to(another(twist=answers(body, "")).url, limits).get(ME, company_id=COMPANY)
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n" % len(body)
    unread = pytest.raises(pnb.IncompleteError, match="more than 1 MiB, which was not read further")
    with raw_server([head + body + b"\r\n0\r\n\r\n"]) as url, unread:
        session_to(url, limits).get(ME, company_id=COMPANY)


def test_a_response_as_large_as_the_limit_is_read(another) -> None:  # type: ignore[no-untyped-def]
    body = b"[" + b" " * (2**20 - 2) + b"]"
    server = another(twist=answers(gzip.compress(body), "gzip"))
    session = session_to(server.url, TransportLimits(most_bytes=2**20))
    assert session.get(ME, company_id=COMPANY).body == body


def test_a_login_host_that_sends_a_bomb_is_in_trouble(another, session_of) -> None:  # type: ignore[no-untyped-def]
    bomb = Said(200, gzip.compress(b"{" + b" " * 2**22), [("content-encoding", "gzip")])
    server = another(twist=lambda asked: bomb if asked.method == "POST" else None)
    with pytest.raises(pnb.ServerError, match="more than 1 MiB"):
        session_of(server).login()


RAW_DEFLATE = zlib.compressobj(wbits=-15)
BODY = b'[{"name": "' + b"x\xc3\xbc" * 500_000 + b'"}]'


@every_case(
    ("coding", "sent"),
    [
        ("gzip", gzip.compress(BODY)),
        ("GZIP", gzip.compress(BODY)),
        ("x-gzip", gzip.compress(BODY[:5]) + gzip.compress(BODY[5:])),
        ("gzip", gzip.compress(BODY) + b"\0" * 20),
        ("deflate", zlib.compress(BODY)),
        ("deflate", RAW_DEFLATE.compress(BODY) + RAW_DEFLATE.flush()),
        ("identity", BODY),
    ],
)
def test_every_encoding_that_is_accepted_is_decompressed(another, session_of, coding, sent) -> None:  # type: ignore[no-untyped-def]
    assert session_of(another(twist=answers(sent, coding))).get(ME, company_id=COMPANY).body == BODY


@every_case(("coding", "sent"), [("gzip", b"zzz"), ("deflate", b"\x78zzzz"), ("br", b"zzz")])
def test_what_cannot_be_decompressed_is_said_so(another, session_of, coding: str, sent: bytes) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(pnb.NetworkError, match="could not be decompressed"):
        session_of(another(twist=answers(sent, coding))).get(ME, company_id=COMPANY)


def test_what_is_asked_for_is_what_can_be_decompressed(another, session_of) -> None:  # type: ignore[no-untyped-def]
    server = another()
    session_of(server).get(ME, company_id=COMPANY)
    assert {one.headers["accept-encoding"] for one in server.asked} == {"gzip, deflate"}


def test_connect_takes_the_limits(connected, another) -> None:  # type: ignore[no-untyped-def]
    def large(asked: Asked) -> Said | None:
        return Said(200, {"id": 1, "name": "x" * 5000}) if asked.path == ME else None

    with pytest.raises(pnb.IncompleteError, match="sent a response of more than"):
        connected(another(twist=large), max_response_bytes=2048).me()
    with (
        raw_server(itertools.repeat(b"H", 200), every=0.05) as url,
        pytest.raises(pnb.NetworkError, match=r"within 0\.2 seconds"),
    ):
        connected(another(), environment=pnb.Environment("raw", url, url), response_timeout_seconds=0.2).me()
