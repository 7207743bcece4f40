from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from procore_nb.client import Procore
from procore_nb.store import Store
from store.living import LivingDemo, World, connection


@pytest.fixture
def world() -> World:
    return World(projects=5, rows=3)


@pytest.fixture
def procore(world: World) -> Iterator[Procore]:
    with connection(LivingDemo(world)) as opened:
        yield opened


@pytest.fixture
def store(tmp_path: Path, world: World) -> Store:
    return Store(tmp_path / "portfolio", clock=lambda: world.now)
