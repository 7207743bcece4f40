"""What the limits allow is minded by every request, and a wait beyond the patience is said before it begins."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from another_procore import Asked, Said

import procore_nb as pnb
from fetch.driving import numbered
from procore_nb.http.rate_limit import RateLimiter

RFIS = "/rest/v1.0/projects/{}/rfis"
START = 1_800_000_000.0


def limited(server: Any, limit: int, *, seconds: int = 10) -> None:
    """Let every list say how many requests are left in a window that has just begun."""
    counts = iter(range(limit - 1, -1, -1))
    ends = str(int(time.time()) + seconds)

    def with_headers(asked: Asked) -> Said | None:
        if asked.path.startswith("/oauth"):
            return None
        said: Said = server.listed(asked)
        told = {"limit": limit, "remaining": next(counts, 0), "reset": ends}
        said.headers += [(f"X-Rate-Limit-{name}", str(value)) for name, value in told.items()]
        return said

    server.twist = with_headers


def test_a_list_with_more_pages_than_the_patience_lasts_says_so_after_its_first_page(
    another, connected
) -> None:  # type: ignore[no-untyped-def]
    server = another({RFIS.format(7): numbered(500)}, clamp=10)
    limited(server, 5)
    with pytest.raises(pnb.RateLimitError, match="At least 49 requests are still due") as caught:
        connected(server, max_wait_seconds=60).table("rfis", project_id=7)
    assert len(server.calls) == 1
    assert 80 < (caught.value.retry_after_seconds or 0) < 100
    assert caught.value.partial["id"].tolist() == list(range(1, 11))
    assert "max_wait_seconds=" in caught.value.advice


def test_projects_that_are_still_to_be_asked_count_too(another, connected) -> None:  # type: ignore[no-untyped-def]
    lists = {RFIS.format(number): [{"id": number * 1000}] for number in range(1, 41)}
    lists[RFIS.format(1)] = numbered(30)
    server = another(lists, clamp=10)
    limited(server, 5)
    with pytest.raises(pnb.RateLimitError, match="still due"):  # 2 pages alone would pass
        connected(server, max_wait_seconds=30, workers=1).table("rfis", projects=range(1, 41))
    assert len(server.calls) <= 3


def test_places_that_cannot_all_be_asked_are_foreseen_from_the_first_reply(another, connected) -> None:  # type: ignore[no-untyped-def]
    server = another({RFIS.format(number): [{"id": number}] for number in range(1, 201)})
    limited(server, 5)
    with pytest.raises(pnb.RateLimitError, match="requests are still due") as caught:
        connected(server, max_wait_seconds=60, workers=2).table("rfis", projects=range(1, 201))
    assert len(server.calls) <= 5
    assert len(caught.value.partial.attrs["procore"]["unfinished"]) >= 195


def test_a_list_whose_pages_fit_the_patience_is_not_held_up(another, connected) -> None:  # type: ignore[no-untyped-def]
    server = another({RFIS.format(7): numbered(40)}, clamp=10)
    limited(server, 4)
    assert len(connected(server, max_wait_seconds=0).table("rfis", project_id=7)) == 40


def test_a_request_sent_again_with_a_fresh_token_counts_towards_the_limit(another, connected) -> None:  # type: ignore[no-untyped-def]
    def revoke(asked: Asked) -> Said | None:
        if asked.number == 5:
            server.revoke_all()
        return None

    server = another({RFIS.format(number): numbered(3) for number in range(1, 13)}, twist=revoke)
    procore = connected(server, workers=4)
    procore.table("rfis", projects=range(1, 13))
    assert len(server.calls) > 12
    rate_limiter = procore.session.shared.rate_limiter
    assert rate_limiter.requests == len(server.calls)
    assert rate_limiter._under_way == 0


def test_a_refusal_that_names_no_time_holds_everybody_back_until_its_window_is_over() -> None:
    rate_limiter = RateLimiter()
    for second in range(4):
        assert rate_limiter.acquire(START + second) == 0
        rate_limiter.update({}, START + second)
    assert rate_limiter.acquire(START + 4) == 0
    rate_limiter.update({}, START + 4, refused_for=0)
    assert rate_limiter.acquire(START + 4) == 6
    assert rate_limiter.acquire(START + 10) == 0


def test_refusals_that_name_no_time_are_waited_out(another, connected) -> None:  # type: ignore[no-untyped-def]
    came: list[float] = []

    def twist(asked: Asked) -> Said | None:
        now = clock[0]
        if asked.path.startswith("/oauth"):
            return None
        if sum(one > now - 10 for one in came) >= 5:
            return Said(429, {"message": "Slow down"})
        came.append(now)
        return None

    clock, lock = [START], threading.Lock()

    def sleep(seconds: float) -> None:
        with lock:
            clock[0] += seconds

    from procore_nb.fetch import RequestPolicy

    server = another({RFIS.format(number): numbered(3) for number in range(1, 19)}, twist=twist)
    procore = connected(server)
    procore.policy = RequestPolicy(workers=1, clock=lambda: clock[0], sleep=sleep)
    assert len(procore.table("rfis", projects=range(1, 19))) == 54
    assert len(server.calls) <= 18 + 4
