from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from another_procore import CLIENT_ID, COMPANY, SECRET, AnotherProcore
from hypothesis import settings

import procore_nb as pnb
from procore_nb.credentials import CredentialSources, Profiles
from procore_nb.demo import Portfolio
from procore_nb.http import session

# How long an example takes says more about the machine than about us. HYPOTHESIS_PROFILE=thorough tries ten times as many.
settings.register_profile("usual", deadline=None, max_examples=30)
settings.register_profile("thorough", deadline=None, max_examples=300)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "usual"))

# Left out unless `-m` names them: they need more than the packages of the extra `test`, or more than a few minutes.
ON_DEMAND = {"browser", "benchmark", "docs", "notebook", "postgres", "s3", "spark", "stress"}


def pytest_configure() -> None:
    """Hear Ctrl-C, also where it is ignored (a shell's `&`, nohup): tests and the processes they start are sent it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect tests on demand; in a hook, as `-m "not slow"` would replace an expression in `addopts`."""
    named = set(re.findall(r"\w+", config.option.markexpr))
    left = [
        one for one in items if (ON_DEMAND - named).intersection(mark.name for mark in one.iter_markers())
    ]
    if left:
        config.hook.pytest_deselected(items=left)
        gone = set(map(id, left))
        items[:] = [one for one in items if id(one) not in gone]


class FakeKeyring:
    """A keyring that keeps secrets in a dict."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture(autouse=True)
def _nothing_of_another_test() -> Iterator[None]:
    """Forget the limits and tokens that servers of other tests gave: a port of loopback is soon another server's.

    A session that only a cycle of references keeps alive would otherwise hand its token to the next test.
    """
    session._limiters.clear()
    session._states.clear()
    yield
    session._limiters.clear()


@cache
def _first_projects() -> Portfolio:
    return Portfolio(20)


@pytest.fixture
def small_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo's main company has its first 20 projects only: what reads all of them is quick."""
    monkeypatch.setattr("procore_nb.demo.app.usual_portfolio", _first_projects)


@pytest.fixture
def keyring() -> FakeKeyring:
    return FakeKeyring()


@pytest.fixture
def places(tmp_path: Path, keyring: FakeKeyring) -> Callable[..., CredentialSources]:
    """Places that hold the given variables and nothing of this machine."""

    def build(environ: dict[str, str] | None = None, *, env_file: str | None = None) -> CredentialSources:
        if env_file is not None:
            (tmp_path / ".env").write_text(env_file, encoding="utf-8")
        return CredentialSources(
            environ=environ or {}, folder=tmp_path, profiles=Profiles(tmp_path / "config", keyring=keyring)
        )

    return build


@pytest.fixture
def another() -> Iterator[Callable[..., AnotherProcore]]:
    """Starts further made-up Procores, and ends them with the test."""
    with ExitStack() as stack:
        yield lambda *lists, **settings: stack.enter_context(AnotherProcore(*lists, **settings))


@pytest.fixture
def connected(places: Callable[..., CredentialSources]) -> Iterator[Callable[..., pnb.Procore]]:
    """Connects to a made-up Procore on loopback; `client_id` keeps applications of tests apart."""
    with ExitStack() as stack:

        def build(server: AnotherProcore, **settings: Any) -> pnb.Procore:
            place = settings.pop("environment", None) or pnb.Environment("another", server.url, server.url)
            credentials = settings.pop("credentials", None) or pnb.Credentials(CLIENT_ID, SECRET)
            settings = {"company_id": COMPANY, "progress": False, "sources": places(), **settings}
            return stack.enter_context(pnb.connect(place, credentials=credentials, **settings))

        yield build
