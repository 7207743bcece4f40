"""Seeds of combined faults against a server on loopback: no row lost, none doubled, no wrong error, no hang."""

from __future__ import annotations

import os
import random
import threading
from typing import Any

import pytest
from another_procore import Asked, Said
from every_case import every_case

import procore_nb as pnb
from procore_nb.fetch import RequestPolicy

pytestmark = pytest.mark.slow

RFIS = "/rest/v1.0/projects/7/rfis"
SEEDS = 120 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 20


class Faulty:
    """Faults drawn by a seed: refusals that pass, cut bodies, rows that come and go, headers that are missing."""

    def __init__(self, seed: int, server: Any) -> None:
        self.draw, self.server, self.lock = random.Random(seed), server, threading.Lock()
        self.refusals = self.draw.sample([429, 500, 502, 503], 2)
        self.rate = self.draw.choice([0.0, 0.1, 0.3])
        self.cut = self.draw.choice([0.0, 0.1])
        self.change = self.draw.choice(["", "insert", "delete", "insert", "both", "repeat"])
        self.size = self.draw.choice([7, 20])
        self.wrong_total = self.draw.random() < 0.15
        self.truncated = self.draw.random() < 0.15
        self.gone: set[int] = set()
        self.next_id = 10_000
        server.clamp = self.size
        server.without = self.draw.choice([(), ("link",), ("total",), ("total", "link", "per-page")])

    def __call__(self, asked: Asked) -> Said | None:
        if asked.path != RFIS:
            return None
        with self.lock:
            chance = self.draw.random
            if chance() < self.rate:
                return Said(self.draw.choice(self.refusals), {"message": "busy"}, [("retry-after", "1")])
            if self.truncated and int(asked.one("page")) >= 3:
                return Said(404, {"message": "Project was removed"})
            rows = self.server.lists[RFIS]
            if self.change in ("insert", "both") and chance() < 0.15:
                self.next_id += 1
                rows.insert(0, {"id": self.next_id})
            if self.change in ("delete", "both") and chance() < 0.15 and rows:
                self.gone.add(rows.pop(self.draw.randrange(len(rows)))["id"])
            said: Said = self.server.listed(asked)
            if self.change == "repeat" and int(asked.one("page")) > 1 and said.body:
                start = (int(asked.one("page")) - 1) * self.size
                said.body = [rows[start - 1], *said.body]  # the last row of the page before stands here again
            if self.wrong_total:
                said.headers = [(name, "900" if name == "total" else value) for name, value in said.headers]
            said.hang_up = chance() < self.cut
            return said


@pytest.mark.slow
@every_case("seed", range(SEEDS))
def test_faults_in_any_combination_lose_and_double_no_row(another, connected, seed: int) -> None:  # type: ignore[no-untyped-def]
    server = another({RFIS: [{"id": number} for number in range(1, 151)]})
    faulty = server.twist = Faulty(seed, server)
    clock, lock = [1_800_000_000.0], threading.Lock()

    def sleep(seconds: float) -> None:
        with lock:
            clock[0] += seconds

    procore = connected(server)
    procore.policy = RequestPolicy(
        workers=faulty.draw.choice([1, 4]),
        retries=25,
        max_wait_seconds=5_000,
        clock=lambda: clock[0],
        sleep=sleep,
    )
    failed: pnb.ProcoreError | None = None
    frame: Any = None

    def run() -> None:
        nonlocal failed, frame
        try:
            frame = procore.table("rfis", project_id=7)
        except pnb.ProcoreError as error:
            failed = error

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(30)
    assert not thread.is_alive(), "hangs"
    announced = "total" not in server.without or "link" not in server.without
    if faulty.truncated or (faulty.wrong_total and "total" not in server.without):
        kinds = (pnb.IncompleteError, pnb.NotFoundError) if announced else pnb.IncompleteError
        assert isinstance(failed, kinds)
        assert len(failed.partial) > 0
        frame = failed.partial
    else:
        assert failed is None
        stayed = set(range(1, 151)) - faulty.gone
        assert stayed <= set(frame["id"])
    assert frame["id"].is_unique
