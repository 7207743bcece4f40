from __future__ import annotations

from collections.abc import Callable

import pytest

from procore_nb.demo import Demo, RateLimits

from .conftest import Caller, Clock

_NAMES = ("X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset")


def _limits(reply: object) -> tuple[str | None, ...]:
    return tuple(reply.header(name) for name in _NAMES)  # type: ignore[attr-defined]


@pytest.fixture
def tight(clock: Clock, caller_of: Callable[[Demo], Caller]) -> Caller:
    return caller_of(Demo(clock=clock, limits=RateLimits(hourly=7, spike=3)))


def test_the_headers_describe_the_spike_window_while_it_is_nearer(tight: Caller) -> None:
    assert _limits(tight.get("/rest/v1.0/me")) == ("3", "2", "1800000010")


def test_the_fourth_call_in_ten_seconds_is_429(tight: Caller, clock: Clock) -> None:
    clock.now += 2.5
    statuses = [tight.get("/rest/v1.0/me").status for _ in range(3)]
    reply = tight.get("/rest/v1.0/me")
    assert (statuses, reply.status) == ([200] * 3, 429)
    assert reply.json() == {"errors": "Too many requests"}
    assert _limits(reply) == ("3", "0", "1800000010")
    assert reply.header("Retry-After") == "8"


def test_the_window_opens_again_at_its_reset(tight: Caller, clock: Clock) -> None:
    for _ in range(4):
        tight.get("/rest/v1.0/me")
    clock.now = 1_800_000_010
    assert tight.get("/rest/v1.0/me").status == 200


def test_the_headers_describe_the_hour_once_it_is_nearer(tight: Caller, clock: Clock) -> None:
    for _ in range(2):
        for _ in range(3):
            tight.get("/rest/v1.0/me")
        clock.now += 10
    assert _limits(tight.get("/rest/v1.0/me")) == ("7", "0", "1800003600")
    reply = tight.get("/rest/v1.0/me")
    assert (reply.status, reply.header("Retry-After")) == (429, "3580")


def test_a_refused_call_does_not_use_up_the_next_window(tight: Caller, clock: Clock) -> None:
    for _ in range(50):
        tight.get("/rest/v1.0/me")
    clock.now += 10
    assert tight.get("/rest/v1.0/me").status == 200


@pytest.mark.parametrize(
    "address", ["/rest/v1.0/nothing", "/rest/v1.0/projects", "/rest/v1.0/projects/1204569/rfis"]
)
def test_failed_calls_count_and_say_so(tight: Caller, address: str) -> None:
    assert tight.get(address).status in (400, 403, 404)
    assert _limits(tight.get(address))[1] == "1"


def test_tokens_and_bad_tokens_are_not_counted(tight: Caller) -> None:
    for _ in range(9):
        tight.log_in()
    good, tight.token = tight.token, "other"
    assert _limits(tight.get("/rest/v1.0/me")) == (None, None, None)
    tight.token = good
    assert _limits(tight.get("/rest/v1.0/me"))[1] == "2"


def test_the_default_limits_never_slow_a_newcomer(caller: Caller) -> None:
    assert {caller.get("/rest/v1.0/me").status for _ in range(500)} == {200}
