from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from procore_nb.demo import FAULT_KINDS, Demo, DemoRequest, Faults, read_faults
from procore_nb.errors import ArgumentError

from .conftest import Caller, Clock

_LIST = "/rest/v1.1/projects?company_id=24816&view=compact&per_page=10"


@pytest.fixture
def faulty(clock: Clock, caller_of: Callable[[Demo], Caller]) -> Callable[[Faults], Caller]:
    return lambda faults: caller_of(Demo(clock=clock, faults=faults))


def test_an_unknown_fault_is_refused() -> None:
    with pytest.raises(ValueError, match="unavailable"):
        Faults().always("fire")


def test_a_fault_applies_to_the_request_of_its_number_only(faulty: Callable[[Faults], Caller]) -> None:
    caller = faulty(Faults().on(2, "broken").on((4, 5), "html"))
    assert [caller.get(_LIST).header("Content-Type") for _ in range(5)][3:] == ["text/html", "text/html"]
    caller = faulty(Faults().on(2, "broken"))
    assert [caller.get(_LIST).status for _ in range(3)] == [200, 500, 200]


@pytest.mark.parametrize(
    ("kind", "retry_after", "reset"),
    [
        ("busy", "3", "1800000003"),
        ("busy_no_retry_after", None, "1800000003"),
        ("busy_no_headers", None, None),
    ],
)
def test_429_comes_with_and_without_a_time(
    faulty: Callable[[Faults], Caller], kind: str, retry_after: str | None, reset: str | None
) -> None:
    reply = faulty(Faults().always(kind, 3)).get(_LIST)
    assert reply.status == 429
    assert (reply.header("Retry-After"), reply.header("X-Rate-Limit-Reset")) == (retry_after, reset)


def test_503_is_html_with_a_time(faulty: Callable[[Faults], Caller]) -> None:
    reply = faulty(Faults().always("unavailable", 30)).get(_LIST)
    assert (reply.status, reply.header("Retry-After"), reply.header("Content-Type")) == (
        503,
        "30",
        "text/html",
    )


def test_a_slow_reply_says_how_late_it_is(faulty: Callable[[Faults], Caller]) -> None:
    reply = faulty(Faults().always("slow", 0.15)).get(_LIST)
    assert (reply.status, reply.delay_seconds) == (200, 0.15)


def test_a_cut_reply_is_no_json(faulty: Callable[[Faults], Caller]) -> None:
    with pytest.raises(orjson.JSONDecodeError):
        faulty(Faults().always("cut")).get(_LIST).json()


def test_a_token_ends_in_the_middle_of_a_fetch(faulty: Callable[[Faults], Caller]) -> None:
    caller = faulty(Faults().on(3, "revoked"))
    assert [caller.get(_LIST).status for _ in range(4)] == [200, 200, 401, 401]
    caller.log_in()
    assert caller.get(_LIST).status == 200


def test_rows_inserted_while_a_list_is_fetched_repeat_one_row(faulty: Callable[[Faults], Caller]) -> None:
    caller = faulty(Faults().after(1, "inserted", 1))
    first, second = caller.get(_LIST), caller.get(f"{_LIST}&page=2")
    assert second.json()[0] == first.json()[-1]
    assert int(second.header("Total") or 0) == int(first.header("Total") or 0) + 1


def test_rows_removed_while_a_list_is_fetched_hide_one_row(faulty: Callable[[Faults], Caller]) -> None:
    steady = faulty(Faults()).get(f"{_LIST}&page=2").json()
    moved = faulty(Faults().always("removed", 1)).get(f"{_LIST}&page=2").json()
    assert moved[:-1] == steady[1:]


def test_a_repeated_row_opens_the_next_page(faulty: Callable[[Faults], Caller]) -> None:
    caller = faulty(Faults().always("repeated"))
    assert caller.get(f"{_LIST}&page=2").json()[0] == caller.get(_LIST).json()[-1]


def test_pages_are_clamped_and_say_so(faulty: Callable[[Faults], Caller]) -> None:
    reply = faulty(Faults().always("clamped", 4)).get(_LIST)
    assert (len(reply.json()), reply.header("Per-Page")) == (4, "4")


@pytest.mark.parametrize(("kind", "header"), [("no_total", "Total"), ("no_link", "Link")])
def test_a_header_is_missing(faulty: Callable[[Faults], Caller], kind: str, header: str) -> None:
    assert faulty(Faults()).get(_LIST).header(header) is not None
    assert faulty(Faults().always(kind)).get(_LIST).header(header) is None


def test_a_total_is_wrong(faulty: Callable[[Faults], Caller]) -> None:
    assert faulty(Faults().always("wrong_total", 5)).get(_LIST).header("Total") == "134"


def test_chance_is_the_same_every_time(faulty: Callable[[Faults], Caller]) -> None:
    faults = Faults().sometimes(0.3, "broken", seed=7)
    one, other = faulty(faults), faulty(faults)
    fetches = [[one.get(_LIST).status for _ in range(60)], [other.get(_LIST).status for _ in range(60)]]
    assert fetches[0] == fetches[1]
    assert 5 < fetches[0].count(500) < 35


def test_faults_can_be_changed_while_the_demo_runs(caller: Caller) -> None:
    caller.demo.faults = Faults().always("broken")
    assert caller.get(_LIST).status == 500
    caller.demo.faults = Faults()
    assert caller.get(_LIST).status == 200
    assert caller.demo.requests == 2


_ANY = DemoRequest("GET", "/")


@pytest.mark.parametrize(
    ("words", "met"),
    [
        ("broken", [1, 2, 3, 4, 5, 6]),
        ("broken@3", [3]),
        ("broken@2,5", [2, 5]),
        ("broken@4+", [4, 5, 6]),
        ("broken@100%", [1, 2, 3, 4, 5, 6]),
        ("broken@0%", []),
    ],
)
def test_a_text_says_when_a_fault_applies(words: str, met: list[int]) -> None:
    faults = read_faults([words])
    assert [number for number in range(1, 7) if faults.at(number, _ANY)] == met


def test_words_give_a_value_and_several_faults_add_up() -> None:
    found = read_faults(["slow=0.5", "inserted=2@3+", "clamped"]).at(3, _ANY)
    assert found == {"slow": 0.5, "inserted": 2.0, "clamped": 10.0}


@pytest.mark.parametrize("kind", [kind for kind in FAULT_KINDS if not kind.startswith("file_")])
@pytest.mark.slow
def test_every_kind_of_fault_can_be_said(kind: str, faulty: Callable[[Faults], Caller]) -> None:
    caller = faulty(read_faults([f"{kind}=3@2"]))
    address = f"{_LIST}&page=2"
    first, second = caller.get(address), caller.get(address)
    assert first.status == 200
    # The remaining calls are one fewer each time, whatever goes wrong.
    headers = [
        [pair for pair in one.headers if pair[0] != "X-Rate-Limit-Remaining"] for one in (first, second)
    ]
    assert replace(first, headers=headers[0]) != replace(second, headers=headers[1])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("fire", "unavailable"),
        ("busy=-1", "KIND=VALUE@WHEN"),
        ("busy=x", "KIND=VALUE@WHEN"),
        ("busy@0", "fourth and later"),
        ("busy@4+5", "fourth and later"),
        ("busy@101%", "10%"),
        ("", "KIND"),
    ],
)
def test_words_that_are_no_fault_are_refused_with_how_to_write_one(words: str, says: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        read_faults([words])
    assert says in str(caught.value)


def test_every_kind_of_fault_is_in_the_docs() -> None:
    text = (Path(__file__).parents[2] / "docs" / "demo.md").read_text(encoding="utf-8")
    assert [kind for kind in FAULT_KINDS if f"`{kind}`" not in text] == []
