from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import procore_nb as pnb
from procore_nb.client import Procore
from procore_nb.demo import CLIENT_ID, CLIENT_SECRET, COMPANY_ID, TODAY, Demo, DemoAdapter, DemoRequest
from procore_nb.environments import DEMO
from procore_nb.fetch import RequestPolicy
from procore_nb.http import Session


class Time:
    """A clock that goes on when somebody sleeps."""

    def __init__(self) -> None:
        self.now, self.slept = 1_800_000_000.0, 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept += seconds


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def to_demo(clock: Time) -> Callable[..., Procore]:
    """Connects to a demo of one's own; `procore.seen` lists what it was asked."""

    def build(
        demo: Demo | None = None,
        *,
        company_id: int | None = COMPANY_ID,
        secret: str = CLIENT_SECRET,
        **policy: Any,
    ) -> Procore:
        demo = demo or Demo(clock=clock)
        seen: list[DemoRequest] = []
        answer = demo.respond

        def watched(request: DemoRequest) -> Any:
            seen.append(request)
            return answer(request)

        demo.respond = watched  # type: ignore[method-assign]
        session = Session(
            DEMO,
            pnb.Credentials(CLIENT_ID, secret),
            clock=clock,
            transport=DemoAdapter(demo, sleep=lambda _: None),
        )
        procore = Procore(
            session,
            company_id,
            policy=RequestPolicy(clock=clock, sleep=clock.sleep, **policy),
            progress=False,
            today=lambda: TODAY,
        )
        procore.seen = seen  # type: ignore[attr-defined]
        return procore

    return build
