from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from procore_nb.client import Procore
from procore_nb.store import Store
from store.living import LivingDemo, World, connection


@pytest.fixture(autouse=True)
def flushed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The inodes that were flushed to the disk, in order; no test waits for the disk, as only a power cut would tell."""
    inodes: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda handle: inodes.append(os.fstat(handle).st_ino))
    return inodes


@pytest.fixture
def world(request: pytest.FixtureRequest) -> World:
    """A world of two projects, or as many as a test needs."""
    return World(projects=getattr(request, "param", 2), rows=3)


@pytest.fixture
def procore(world: World) -> Iterator[Procore]:
    with connection(LivingDemo(world)) as opened:
        yield opened


@pytest.fixture
def store(tmp_path: Path, world: World) -> Store:
    return Store(tmp_path / "portfolio", clock=lambda: world.now)


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A simulated S3 on this machine: `pip install s3fs moto flask flask-cors`, then `pytest -m s3`."""
    pytest.importorskip("s3fs")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-p", str(port)]
    with subprocess.Popen(command, cwd=tmp_path_factory.mktemp("s3"), stderr=subprocess.DEVNULL) as server:
        while server.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
        yield f"http://127.0.0.1:{port}"
        server.terminate()


@pytest.fixture
def bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    s3fs = pytest.importorskip("s3fs")
    settings = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_ENDPOINT_URL": s3_server}
    settings |= {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "AWS_ALLOW_HTTP": "true"}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    name = f"kept-{secrets.token_hex(4)}"
    s3fs.S3FileSystem().mkdir(name)
    return f"s3://{name}/portfolio"
