"""How fast projects and RFIs arrive as frames, beside a floor measured in the same run.

Run as a script: `python tests/benchmarks/projects.py [quick]`. The demo serves in a process of its own. The floor asks the
same pages with bare requests on the same number of connections, reads them with orjson, and builds nothing. Figures are
medians of three; compare ratios, as machines are noisy.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue

import orjson
import pandas as pd
import requests

import procore_nb as pnb
from procore_nb import demo

WORKERS = 8


@contextmanager
def served(*options: str) -> Iterator[str]:
    """The demo on a free port, in another process."""
    command = [sys.executable, "-c", "from procore_nb.cli import main; main()", "serve-demo", "--port", "0"]
    limits = ["--spike-limit", "1000000", "--hourly-limit", "10000000"]
    process = subprocess.Popen([*command, *limits, *options], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    address = re.search(r"http://\S+", line)
    assert address, line
    try:
        yield address[0]
    finally:
        process.terminate()
        process.wait()


def connection(url: str) -> pnb.Procore:
    """Our client, as an analyst makes it."""
    place = pnb.Environment("benchmark", login_url=url, api_url=url)
    keys = pnb.Credentials(demo.CLIENT_ID, demo.CLIENT_SECRET)
    return pnb.connect(place, credentials=keys, company_id=demo.COMPANY_ID, workers=WORKERS, progress=False)


def floor(url: str, paths: list[str]) -> int:
    """Ask for all paths, the first one alone, and parse them; the number of rows."""
    form = {
        "grant_type": "client_credentials",
        "client_id": demo.CLIENT_ID,
        "client_secret": demo.CLIENT_SECRET,
    }
    token = requests.post(f"{url}/oauth/token", data=form, timeout=30).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Procore-Company-Id": str(demo.COMPANY_ID)}
    session = requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=WORKERS))
    rows: list[int] = []

    def ask(path: str) -> None:
        rows.append(len(orjson.loads(session.get(url + path, headers=headers, timeout=60).content)))

    ask(paths[0])
    waiting: SimpleQueue[str] = SimpleQueue()
    for path in paths[1:]:
        waiting.put(path)

    def work() -> None:
        while True:
            try:
                ask(waiting.get_nowait())
            except Empty:
                return

    threads = [threading.Thread(target=work) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(rows)


def timed(action: Callable[[], object], times: int = 3) -> float:
    """Median seconds."""
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def projects(count: int, latency: float) -> None:
    """One company's projects: 300 a page, as the endpoint allows."""
    with served("--projects", str(count), "--latency", str(latency)) as url:
        query = (
            f"/rest/v1.1/projects?company_id={demo.COMPANY_ID}&filters%5Bby_status%5D=All&per_page=300&page="
        )
        paths = [f"{query}{page}" for page in range(1, -(-count // 300) + 1)]
        procore = connection(url)
        frame = procore.projects(status="All")  # also lets the demo make its pages once
        assert floor(url, paths) == len(frame) == count
        least = timed(lambda: floor(url, paths))
        ours = timed(lambda: procore.projects(status="All"))
        asked = frame.attrs["procore"]["requests"]
        print(
            f"{count:>7,} projects, {latency * 1000:3.0f} ms: {ours / least:5.2f} x the floor"
            f" ({ours:6.2f} s : {least:6.2f} s), {asked} requests ({len(paths)} pages)"
        )
        if not latency:
            peak, own = memory(lambda: procore.projects(status="All"))
            print(
                f"{'':>24} peak {peak / own:4.2f} x the frame's own size ({peak / 1e6:,.0f} MB : {own / 1e6:,.0f} MB)"
            )


def memory(action: Callable[[], pd.DataFrame]) -> tuple[int, int]:
    """Peak bytes above the start, and the bytes of the frame."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    frame = action()
    peak = tracemalloc.get_traced_memory()[1] - before
    kept = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert len(frame)
    return peak, kept


def rfis(latency: float) -> None:
    """RFIs of 50 projects, one request each."""
    with served("--latency", str(latency)) as url:
        procore = connection(url)
        ids = procore.projects()["id"].head(51).tolist()
        frame = procore.table("rfis", projects=ids)
        paths = [
            f"/rest/v1.0/projects/{number}/rfis?page=1&per_page=2000"
            for number in ids
            if number in set(frame["project_id"])
        ]
        least = timed(lambda: floor(url, paths))
        ours = timed(lambda: procore.table("rfis", projects=ids))
        asked = procore.table("rfis", projects=ids).attrs["procore"]["requests"]
        print(
            f"{len(frame):>7,} RFIs of {len(ids)} projects, {latency * 1000:3.0f} ms: {ours / least:5.2f} x the floor"
            f" ({ours:5.2f} s : {least:5.2f} s), {asked} requests"
        )


def imports() -> None:
    """Seconds to import, in fresh interpreters."""

    def fresh(module: str) -> float:
        return timed(lambda: subprocess.run([sys.executable, "-c", f"import {module}"], check=True), times=7)

    bare, table, ours = (fresh(name) for name in ("sys", "pandas", "procore_nb"))
    use = fresh("procore_nb.client")
    print(
        f"import procore_nb: {ours / table:.2f} x import pandas ({ours:.2f} s : {table:.2f} s; an empty start {bare:.2f} s)"
    )
    print(f"the first connect (procore_nb.client): {use / table:.2f} x import pandas")


if __name__ == "__main__":
    os.environ.pop("PYTHONSTARTUP", None)
    sizes = (10_000,) if "quick" in sys.argv else (10_000, 100_000)
    imports()
    rfis(0.15)
    for size in sizes:
        for delay in (0.0, 0.15):
            projects(size, delay)
