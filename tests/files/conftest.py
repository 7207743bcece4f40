from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from another_procore import AnotherProcore

import procore_nb as pnb
from files.file_host import Procore, Store


@pytest.fixture
def store() -> Iterator[Store]:
    with Store() as one:
        yield one


@pytest.fixture
def host(store: Store) -> Procore:
    return Procore(store)


@pytest.fixture
def server(host: Procore, another: Callable[..., AnotherProcore]) -> AnotherProcore:
    server = another({"/rest/v1.1/projects": [{"id": 7, "name": "Lenox Avenue"}]}, twist=host)
    host.url, host.good = server.url, server.good
    return server


@pytest.fixture
def procore(server: AnotherProcore, connected: Callable[..., pnb.Procore]) -> pnb.Procore:
    return connected(server)


@pytest.fixture
def patient(server: AnotherProcore, connected: Callable[..., pnb.Procore]) -> Callable[..., pnb.Procore]:
    """A connection that does not really wait between attempts."""

    def build(**settings: Any) -> pnb.Procore:
        one = connected(server, **settings)
        one.policy = replace(one.policy, sleep=lambda seconds: None)
        return one

    return build
