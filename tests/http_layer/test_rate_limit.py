from __future__ import annotations

import math
import random
from functools import partial

import pytest
from every_case import every_case
from hypothesis import given
from hypothesis import strategies as st

from http_layer.simulation import Fixed, FromFirst, Knowing, Sliding, run
from procore_nb.http.rate_limit import RateLimiter, backoff_seconds

START = 1_800_000_000.0  # a whole multiple of ten seconds and of an hour


def optimum(make, **settings) -> float:  # type: ignore[no-untyped-def]
    server = make()
    best = run(server, rate_limiter=Knowing(server, settings.get("latency", 0.15)), **settings)
    assert best.refused == 0
    return best.seconds


@every_case("phase", [0.0, 0.4, 3.3, 7.5, 9.2, 9.9])
@every_case("dated", [True, False])
def test_under_25_requests_in_ten_seconds_120_take_at_most_a_twentieth_more_than_they_must(
    phase: float, dated: bool
) -> None:
    outcome = run(Fixed(dated=dated), start=START + phase)
    assert (outcome.refused, outcome.sent) == (0, 120)
    assert outcome.seconds <= 1.05 * optimum(Fixed, start=START + phase)


@every_case("phase", [0.13, 0.6, 3.3, 7.77, 9.9])
@every_case("rounded", [math.ceil, math.floor, round])
@every_case(
    "kind",
    [Sliding, partial(Sliding, whole=True), FromFirst],
)
def test_windows_that_slide_or_begin_with_a_request_are_kept_too(kind, rounded, phase: float) -> None:  # type: ignore[no-untyped-def]
    make = partial(kind, rounded=rounded)
    outcome = run(make(), start=START + phase)
    assert outcome.refused == 0
    assert outcome.seconds <= 1.05 * optimum(make, start=START + phase)


@every_case("ahead", [-3600.0, -7.0, -0.4, 0.4, 7.0, 3600.0, 86400.0])
def test_a_servers_clock_that_differs_is_allowed_for_when_it_tells_its_time(ahead: float) -> None:
    def make() -> Fixed:
        return Fixed(ahead=ahead)

    outcome = run(make(), start=START + 2)
    assert outcome.refused == 0
    assert outcome.seconds <= 1.08 * optimum(make, start=START + 2)


def test_an_hourly_window_is_kept_beside_the_short_one() -> None:
    def make() -> Fixed:
        return Fixed(limits=((25, 10), (100, 3600)))

    outcome = run(make(), start=START + 3400)
    assert outcome.refused == 0
    assert outcome.seconds <= 1.05 * optimum(make, start=START + 3400)


def test_with_both_windows_and_600_an_hour_650_wait_for_the_next_hour_and_not_longer() -> None:
    def make() -> Fixed:
        return Fixed(limits=((25, 10), (600, 3600)))

    outcome = run(make(), requests=650, start=START + 3000)
    assert outcome.refused == 0
    assert outcome.seconds <= 1.02 * optimum(make, requests=650, start=START + 3000)


@given(
    limit=st.integers(3, 60),
    phase=st.floats(0, 10),
    workers=st.integers(1, 16),
    latency=st.sampled_from([0.01, 0.05, 0.15, 0.6]),
    slides=st.booleans(),
)
@pytest.mark.slow
def test_whatever_the_limit_the_governor_runs_into_no_refusal_of_its_own_making(
    limit: int, phase: float, workers: int, latency: float, slides: bool
) -> None:
    server = Sliding(limit) if slides else Fixed(((limit, 10),))
    first = min(workers, limit, 8)
    outcome = run(server, requests=90, workers=first, latency=latency, start=START + phase)
    assert outcome.refused == 0
    assert outcome.sent == 90


def test_without_any_headers_nothing_is_held_back() -> None:
    rate_limiter = RateLimiter()
    assert [rate_limiter.acquire(START) for _ in range(8)] == [0.0] * 8
    assert rate_limiter.acquire(START) > 0  # until the first reply has told the limits
    rate_limiter.update({}, START)
    assert [rate_limiter.acquire(START) for _ in range(100)] == [0.0] * 100


def test_another_program_that_spends_from_the_same_windows_is_noticed() -> None:
    draw = random.Random(5)
    outcome = run(Fixed(), others=lambda now: draw.random() < 0.3)
    assert outcome.refused <= 12
    assert outcome.sent - outcome.refused == 120


def told(limit: int, remaining: int, reset: float) -> dict[str, str]:
    return {
        "x-rate-limit-limit": str(limit),
        "x-rate-limit-remaining": str(remaining),
        "x-rate-limit-reset": f"{reset:.0f}",
    }


def asked(rate_limiter: RateLimiter, headers: dict[str, str], now: float, **more: float) -> None:
    assert rate_limiter.acquire(now) == 0
    rate_limiter.update(headers, now, **more)


def test_nothing_is_sent_before_a_window_that_is_used_up_begins_anew() -> None:
    rate_limiter = RateLimiter()
    asked(rate_limiter, told(25, 0, START + 10), START + 4)
    wait = rate_limiter.acquire(START + 4)
    assert 6 < wait < 6.5
    assert rate_limiter.acquire(START + 4 + wait) == 0


def test_a_refusal_holds_back_everybody_until_its_time() -> None:
    rate_limiter = RateLimiter()
    asked(rate_limiter, {}, START, refused_for=20)
    assert rate_limiter.acquire(START + 5) == 15
    assert rate_limiter.acquire(START + 20) == 0


def test_a_reset_told_in_seconds_from_now_is_understood() -> None:
    rate_limiter = RateLimiter()
    asked(
        rate_limiter,
        {"x-rate-limit-limit": "25", "x-rate-limit-remaining": "0", "x-rate-limit-reset": "9"},
        START,
    )
    assert 8.9 < rate_limiter.acquire(START) < 9.5


@every_case("broken", ["", "many", "-3", "1e9", "٣"])
def test_headers_that_make_no_sense_are_passed_over(broken: str) -> None:
    rate_limiter = RateLimiter()
    asked(rate_limiter, {**told(25, 0, START + 10), "x-rate-limit-reset": broken}, START)
    assert rate_limiter.acquire(START) == 0
    assert rate_limiter.windows(START) == []


def test_a_request_that_got_no_reply_does_not_stay_on_the_way() -> None:
    rate_limiter = RateLimiter()
    asked(rate_limiter, told(25, 2, START + 10), START)
    for _ in range(20):
        assert rate_limiter.acquire(START) == 0
        rate_limiter.release()


def test_both_windows_are_known_once_both_were_shown() -> None:
    rate_limiter = RateLimiter()
    asked(rate_limiter, told(600, 20, START + 1800), START)
    asked(rate_limiter, told(25, 3, START + 10), START)
    assert [(one.kind, one.limit, one.remaining) for one in rate_limiter.windows(START)] == [
        ("hour", 600, 19),
        ("spike", 25, 3),
    ]


def test_an_hour_stays_an_hour_near_its_end() -> None:
    rate_limiter = RateLimiter()
    asked(rate_limiter, told(600, 20, START + 1800), START)
    asked(rate_limiter, told(600, 10, START + 1800), START + 1790)
    assert [one.kind for one in rate_limiter.windows(START + 1790)] == ["hour"]
    assert rate_limiter.estimate(611, START + 1790) == 10 + 3600


def test_a_window_begun_anew_is_full() -> None:
    rate_limiter = RateLimiter()
    asked(rate_limiter, told(25, 3, START + 10), START)
    assert rate_limiter.windows(START + 11)[0].remaining == 25


@every_case(("requests", "seconds"), [(3, 0), (4, 10), (28, 10), (29, 20), (3 + 25 * 6, 60)])
def test_the_least_time_for_so_many_requests_is_told_before_they_start(requests: int, seconds: float) -> None:
    rate_limiter = RateLimiter()
    asked(rate_limiter, told(25, 3, START + 10), START)
    assert rate_limiter.estimate(requests, START) == seconds


def test_the_least_time_minds_the_hour() -> None:
    rate_limiter = RateLimiter()
    asked(rate_limiter, told(600, 100, START + 1800), START)
    assert rate_limiter.estimate(100, START) == 0
    assert rate_limiter.estimate(101, START) == 1800
    assert rate_limiter.estimate(701, START) == 1800 + 3600


@given(st.integers(1, 30), st.floats(0, 1))
def test_backing_off_doubles_from_half_a_second_jitters_and_is_bounded(attempt: int, chance: float) -> None:
    seconds = backoff_seconds(attempt, chance=chance)
    assert 0.25 <= seconds <= 20
    assert backoff_seconds(1, chance=0) <= seconds
    assert backoff_seconds(attempt, chance=0) <= seconds <= backoff_seconds(attempt, chance=1)


def test_jitter_differs_from_time_to_time() -> None:
    assert len({backoff_seconds(3) for _ in range(10)}) > 5


def test_replies_heard_out_of_order_open_no_window_too_early() -> None:
    rate_limiter = RateLimiter()
    for now, remaining, reset in [
        (30.08, 4, 40),
        (59.82, 4, 60),
        (49.94, 4, 50),
        (59.99, 3, 60),
        (59.99, 2, 60),
    ]:
        assert rate_limiter.acquire(START + now) == 0
        told = {"limit": "5", "remaining": str(remaining), "reset": f"{START + reset:.0f}"}
        rate_limiter.update({f"x-rate-limit-{name}": text for name, text in told.items()}, START + now)
    assert [rate_limiter.acquire(START + 59.99) for _ in range(2)] == [0, 0]
    assert rate_limiter.acquire(START + 59.99) > 0


@pytest.mark.parametrize("later", [0, 1, 2])
def test_an_hour_near_its_end_is_waited_for_with_its_second_to_spare(later: int) -> None:
    """Its reset may move by a second, and our own count of ten seconds says nothing about it."""
    rate_limiter = RateLimiter()
    asked(rate_limiter, told(5, 5, START + 3600), START)
    for remaining in (4, 3, 2, 1, 0):
        asked(rate_limiter, told(5, remaining, START + 3600 + later), START + 3590.5)
    assert [one.kind for one in rate_limiter.windows(START + 3591)] == ["hour"]
    assert rate_limiter.acquire(START + 3591) == 10 + later


def test_an_hour_does_not_teach_how_long_the_short_window_is() -> None:
    rate_limiter = RateLimiter()
    asked(rate_limiter, told(600, 599, START + 1800), START - 100)
    asked(rate_limiter, told(600, 599, START + 1802), START - 100)
    for remaining in (4, 3, 2, 1, 0):
        asked(rate_limiter, told(5, remaining, START + 11), START + 0.5)
    assert rate_limiter.acquire(START + 1) == 9.5  # ten seconds after the first, by our own count


def test_a_late_reply_does_not_give_back_what_was_spent() -> None:
    rate_limiter = RateLimiter()
    asked(rate_limiter, told(25, 3, START + 10), START)
    asked(rate_limiter, told(25, 5, START + 10), START)
    assert rate_limiter.windows(START)[0].remaining == 3


def test_a_limit_that_was_changed_is_forgotten_with_its_window() -> None:
    rate_limiter = RateLimiter()
    asked(rate_limiter, told(25, 3, START + 10), START)
    asked(rate_limiter, told(40, 3, START + 30), START + 20)
    assert [one.limit for one in rate_limiter.windows(START + 20)] == [40]


@pytest.mark.parametrize("year", ["0001", "1970", "9999"])
def test_a_server_whose_clock_was_never_set_is_believed_in_its_reset_alone(year: str) -> None:
    rate_limiter = RateLimiter()
    headers = {**told(25, 0, START + 10), "date": f"Mon, 01 Jan {year} 00:00:00 GMT"}
    asked(rate_limiter, headers, START)
    assert 9 < rate_limiter.acquire(START) < 12


@pytest.mark.parametrize("seconds", [1e300, 10 * 86_400.0])
def test_a_refusal_for_ages_holds_for_two_days_at_most(seconds: float) -> None:
    rate_limiter = RateLimiter()
    asked(rate_limiter, {}, START, refused_for=seconds)
    assert rate_limiter.acquire(START) == 2 * 86_400
