"""Whatever a server sends, what leaves the response room is a page or one of our errors; values arrive exactly."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from every_case import every_case
from hypothesis import given
from hypothesis import strategies as st

import procore_nb as pnb
from procore_nb.responses import Response, error_from, read_page, retry_after_seconds, server_time
from procore_nb.responses.response import parse_json
from procore_nb.scalars import utc_text

URL = "https://api.procore.com/rest/v1.0/projects?page=1"


def response(body: bytes, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(status, headers or {}, body, URL, "production")


odd_dates = st.sampled_from(
    [
        "Thu, 18 Jun 99999 14:30:00 GMT",
        "Thu, 18 Jun 9999999999999999999999 14:30:00 GMT",
        "Thu, 18 Jun 2026 14:30:00 +9999",
        "Thu, 18 Jun 2026 14:30:00 +99999999999999999999",
        "Fri, 31 Dec 9999 23:59:59 -2359",
        "Mon, 01 Jan 0001 00:00:00 +2359",
        "99999999999999999999",
        "9" * 400,
        "1" * 12 + "." + "9" * 400,
        "-1",
        "nan",
        "inf",
    ]
)
texts = odd_dates | st.text(max_size=30) | st.integers(-(10**30), 10**30).map(str)
headers = st.dictionaries(
    st.sampled_from(
        [
            "date",
            "retry-after",
            "x-rate-limit-reset",
            "x-rate-limit-remaining",
            "total",
            "per-page",
            "link",
            "content-type",
            "x-next-cursor",
        ]
    ),
    texts | st.text(alphabet='<>;="rel next,last?page=0123456789:/[]', max_size=80),
)
bodies = (
    st.binary(max_size=200)
    | st.sampled_from([b"[" * 600 + b"]" * 600, b'{"a":' * 600 + b"1" + b"}" * 600, b"[" * 100_000])
    | st.sampled_from(
        [b'{"errors":' * 900 + b'"x"' + b"}" * 900, b"9" * 5_000, b"[1e400]", b"[1e99999999999999]"]
    )
    | st.sampled_from([b'\xef\xbb\xbf[{"id": 1}]', b'["\xe9"]', b'["\\ud800"]', '["ä"]'.encode("utf-16")])
)


@given(
    body=bodies, headers=headers, status=st.sampled_from([200, 201, 302, 400, 401, 404, 422, 429, 500, 503])
)
@pytest.mark.slow
def test_no_response_whatever_is_in_it_leaves_another_error_than_ours(
    body: bytes, headers: dict[str, str], status: int
) -> None:
    came = response(body, status=status, headers=headers)
    failed: pnb.ProcoreError | None = None
    try:
        assert isinstance(read_page(came).rows, list)
    except pnb.ProcoreError as error:
        failed = error
    asked = None if failed is None else failed.retry_after_seconds
    assert asked is None or 0 <= asked < 1e13
    assert failed is None or str(failed)
    seconds, clock = retry_after_seconds(headers), server_time(headers)
    assert seconds is None or 0 <= seconds < 1e13
    assert clock is None or abs(clock) < 1e12


@pytest.mark.parametrize("depth", [600, 100_000])
def test_an_error_body_nested_deep_is_the_error_of_its_status(depth: int) -> None:
    body = b'{"errors":' * depth + b'"x"' + b"}" * depth
    error = error_from(response(body, status=403))
    assert isinstance(error, pnb.AccessError)


def test_a_reset_in_the_far_future_is_a_number_of_seconds() -> None:
    sent = {"date": "Thu, 18 Jun 2026 14:30:00 GMT", "x-rate-limit-reset": "999999999999"}
    error = error_from(response(b"", status=429, headers=sent))
    assert isinstance(error, pnb.RateLimitError)
    assert error.retry_after_seconds == 999_999_999_999 - 1_781_793_000
    assert utc_text(999_999_999_999.0) == "9999-12-31T23:59:59Z"


def test_what_the_service_said_is_an_attribute_and_ends_before_the_advice() -> None:
    error = error_from(response(b'{"message": "No permission"}', status=403))
    assert error is not None
    assert error.reason == "No permission"
    assert f"No permission. {error.advice}" in str(error)
    finished = error_from(response(b'{"message": "No permission!"}', status=403))
    assert finished is not None
    assert "No permission! A new" in str(finished)


@every_case(
    ("body", "rows", "unreadable"),
    [
        (b'\xef\xbb\xbf[{"name": "caf\xc3\xa9"}]', [{"name": "café"}], 0),
        (b'[{"name": "caf\xe9"}, {"name": "\xc3\xa9"}]', [{"name": "café"}, {"name": "é"}], 1),
        (b'[{"name": "\x80 5"}]', [{"name": "€ 5"}], 1),
        (b'[{"name": "a\\ud800b"}, {"name": "\\ud83d\\ude00"}]', [{"name": "a\ufffdb"}, {"name": "😀"}], 1),
        (b'[{"name": "\\\\ud800"}, {"name": "\\ud800"}]', [{"name": "\\ud800"}, {"name": "\ufffd"}], 1),
        (b'[{"name": "a\tb"}]', [{"name": "a\tb"}], 0),
        ('[{"name": "ä"}]'.encode("utf-16"), [{"name": "ä"}], 0),
    ],
)
def test_one_bad_character_costs_no_list_and_is_counted(
    body: bytes, rows: list[Any], unreadable: int
) -> None:
    page = read_page(response(body))
    assert (page.rows, page.unreadable) == (rows, unreadable)


@every_case(
    ("text", "value"),
    [
        ("18446744073709551616", 2**64),
        ("18446744073709551615", 2**64 - 1),
        ("-9223372036854775809", -(2**63) - 1),
        ("123456789012345678901234567890", 123456789012345678901234567890),
        ("1234567890.1234567890", Decimal("1234567890.1234567890")),
        ("0.1234567890123456789", Decimal("0.1234567890123456789")),
        ("1e400", Decimal("1e400")),
        ("0.30000000000000004", 0.30000000000000004),
        ("12.25", 12.25),
        ("1234.5600000000000000", 1234.56),
        ("0.7999999999999999", 0.7999999999999999),
    ],
)
def test_numbers_keep_every_digit(text: str, value: Any) -> None:
    (row,) = read_page(response(b'[{"id": 5, "x": ' + text.encode() + b"}]")).rows
    assert row["x"] == value
    assert type(row["x"]) is type(value)
    assert row["id"] == 5


@given(st.integers(-(10**40), 10**40), st.decimals(allow_nan=False, allow_infinity=False, places=12))
def test_any_number_comes_back_with_its_value(number: int, amount: Decimal) -> None:
    value = parse_json(f'[{number}, {amount:f}, "{number}"]'.encode())[0]
    assert value[0] == number
    assert Decimal(value[1] if isinstance(value[1], Decimal) else repr(value[1])) == amount
    assert value[2] == str(number)


def test_long_digits_in_text_take_the_fast_way() -> None:
    body = json.dumps([{"phone": "12345678901234567890123", "at": "2026-01-01T12:00:00.000Z"}]).encode()
    assert parse_json(body)[0] == json.loads(body)


@every_case("body", [b"[NaN]", b'[{"id": 1}, {"id', b"\xff[]", b"[" * 5_000])
def test_what_is_not_json_stays_an_error_that_may_pass(body: bytes) -> None:
    with pytest.raises(pnb.IncompleteError, match="not whole JSON") as caught:
        read_page(response(body))
    assert caught.value.retryable
