from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from another_procore import CLIENT_ID, SECRET, AnotherProcore

import procore_nb as pnb
from procore_nb.http import Session


@pytest.fixture
def session_of() -> Iterator[Callable[..., Session]]:
    """Opens sessions to a made-up Procore on loopback."""
    with ExitStack() as stack:

        def build(
            server: AnotherProcore, *, secret: str = SECRET, login: str = "", **settings: Any
        ) -> Session:
            place = pnb.Environment("another", login or server.url, server.url)
            session = Session(place, pnb.Credentials(CLIENT_ID, secret), **settings)
            stack.callback(session.close)
            return session

        yield build
