from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode

import pytest

from procore_nb.demo import CLIENT_ID, CLIENT_SECRET, COMPANY_ID, Demo, DemoReply, DemoRequest

# These tests keep hundred thousands of rows: the collector would look through all of them again and again.
gc.set_threshold(100_000, 20, 50)

FORM = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


@dataclass
class Clock:
    """A clock that stands still until it is told to go on."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Caller:
    """A client of a demo: one token, one company."""

    demo: Demo
    company: int | str | None = COMPANY_ID
    token: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def log_in(self, **changes: str) -> DemoReply:
        body = urlencode({**FORM, **changes}).encode()
        headers = {"content-type": "application/x-www-form-urlencoded"}
        reply = self.demo.respond(DemoRequest("POST", "/oauth/token", "", headers, body))
        if reply.status == 200:
            self.token = reply.json()["access_token"]
        return reply

    def get(self, address: str, *, method: str = "GET", company: int | str | None = None) -> DemoReply:
        path, _, query = address.partition("?")
        headers = {"host": "procore.test", "authorization": f"Bearer {self.token}", **self.headers}
        company = self.company if company is None else company
        if company:
            headers["procore-company-id"] = str(company)
        return self.demo.respond(DemoRequest(method, path, query, headers, scheme="https"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def caller_of() -> Callable[[Demo], Caller]:
    def build(demo: Demo) -> Caller:
        caller = Caller(demo)
        caller.log_in()
        return caller

    return build


@pytest.fixture
def caller(clock: Clock) -> Caller:
    """A caller of a fresh demo, logged in."""
    caller = Caller(Demo(clock=clock))
    assert caller.log_in().status == 200
    return caller
