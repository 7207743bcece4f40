"""A process forked from one that has a connection: its rows are its own, and it never waits for the parent's locks.

Run in a program of their own: a test process has threads of its own, and forking it would try more than us.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from another_procore import CLIENT_ID, COMPANY, SECRET, AnotherProcore, Asked, Said

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")

PROGRAM = """
import json, multiprocessing, os, sys, threading, time, warnings
import procore_nb as pnb
url, client_id, secret, company, how = sys.argv[1:]
warnings.simplefilter("ignore", DeprecationWarning)  # Python warns of forking with threads: that is the case at hand
procore = pnb.connect(pnb.Environment("another", url, url), credentials=pnb.Credentials(client_id, secret),
                      company_id=int(company), progress=False)

def rows(project):
    frame = procore.table("rfis", project_id=project)
    return project, sorted(set(frame["subject"])), os.getpid()

def once():
    rows(1)
    return rows(2)

def ask():
    while not enough.is_set():
        rows(5)

found, enough, askers = [], threading.Event(), []
for each in how.split():
    if each == "used":
        once()
    if each == "asking":
        askers = [threading.Thread(target=ask, daemon=True) for _ in range(4)]
        for asker in askers:
            asker.start()
        time.sleep(0.1)
    if each == "locked":
        procore.session.shared.lock.acquire()
        procore.session.shared.rate_limiter._lock.acquire()
    with multiprocessing.get_context("fork").Pool(4) as pool:
        found.append(pool.map_async(rows, range(10, 34), chunksize=1).get(timeout=20))
    enough.set()
    for asker in askers:
        asker.join()
print(json.dumps(found))
os._exit(0)
"""


def run(server: AnotherProcore, how: str) -> list[Any]:
    arguments = [server.url, CLIENT_ID, SECRET, str(COMPANY), how]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, timeout=40, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)  # type: ignore[no-any-return]


@pytest.mark.slow
def test_every_child_gets_its_own_rows_and_none_hangs(another) -> None:  # type: ignore[no-untyped-def]
    def rfis(asked: Asked) -> Said | None:
        project = asked.path.split("/")[-2]
        known = asked.headers.get("authorization", "").removeprefix("Bearer ") in server.good
        return Said(200, [{"id": 1, "subject": f"of {project}"}]) if "/rfis" in asked.path and known else None

    server = another(twist=rfis)
    for found in run(server, "fresh used asking locked"):
        assert [project for project, _, _ in found] == list(range(10, 34))
        assert all(subjects == [f"of {project}"] for project, subjects, _ in found)
        assert len({process for _, _, process in found}) > 1
