"""How fast projects and RFIs arrive as frames, beside a floor measured in the same run.

Run as a module: `python -m tests.benchmarks.projects [quick]`. The server is a process of its own. The floor asks the
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
from tests import another_procore

WORKERS = 8


@contextmanager
def served(*options: str) -> Iterator[str]:
    """The demo on a free port, in another process."""
    command = [sys.executable, "-c", "from procore_nb.cli import main; main()", "serve-demo", "--port", "0"]
    limits = ["--spike-limit", "1000000", "--hourly-limit", "10000000"]  # options given come later and win
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


def connection(
    url: str,
    client: str = demo.CLIENT_ID,
    secret: str = demo.CLIENT_SECRET,
    company: int = demo.COMPANY_ID,
) -> pnb.Procore:
    """Our client, as an analyst makes it."""
    place = pnb.Environment("benchmark", login_url=url, api_url=url)
    keys = pnb.Credentials(client, secret)
    return pnb.connect(place, credentials=keys, company_id=company, workers=WORKERS, progress=False)


def floor(url: str, paths: list[str], procore: pnb.Procore, *, first_alone: bool = False) -> int:
    """Ask for all paths with bare requests, and parse them; the number of rows. The token is that of the connection."""
    token = procore.session.login().text.reveal()
    headers = {"Authorization": f"Bearer {token}", "Procore-Company-Id": str(procore.company_id)}
    session = requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=WORKERS))
    rows: list[int] = []

    def ask(path: str) -> None:
        rows.append(len(orjson.loads(session.get(url + path, headers=headers, timeout=60).content)))

    if first_alone:  # its Total says how many pages there are
        ask(paths[0])
    waiting: SimpleQueue[str] = SimpleQueue()
    for path in paths[first_alone:]:
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
        assert floor(url, paths, procore, first_alone=True) == len(frame) == count
        least = timed(lambda: floor(url, paths, procore, first_alone=True))
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


def fifty(latency: float) -> None:
    """50 projects of 120 RFIs each, at a small server unlike the demo; one request a project is the least."""
    with fifty_served(latency) as url:
        ids = list(range(1, 51))
        procore = connection(url, another_procore.CLIENT_ID, another_procore.SECRET, another_procore.COMPANY)
        frame = procore.table("rfis", projects=ids)
        asked = frame.attrs["procore"]["requests"]
        assert len(frame) == 50 * 120
        paths = [f"/rest/v1.0/projects/{number}/rfis?page=1&per_page=2000" for number in ids]
        least = timed(lambda: floor(url, paths, procore))
        ours = timed(lambda: procore.table("rfis", projects=ids))
        print(
            f"{len(frame):>7,} RFIs of {len(ids)} projects, {latency * 1000:3.0f} ms: {ours / least:5.2f} x the floor"
            f" ({ours:5.2f} s : {least:5.2f} s), {asked} requests"
        )


@contextmanager
def fifty_served(latency: float) -> Iterator[str]:
    """The small server in another process."""
    command = [sys.executable, "-m", "tests.benchmarks.fifty", str(latency)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


def limited() -> None:
    """120 requests where 25 in ten seconds are allowed: whoever asks must wait for four windows to end."""
    with served("--spike-limit", "25") as url:
        procore = connection(url)
        ids = procore.projects(status="All")["id"].head(120).tolist()
        time.sleep(10.0 - time.time() % 10.0 + 0.05)  # the demo's windows begin at whole tens of seconds
        began = time.perf_counter()
        frame = procore.table("rfis", projects=ids)
        took = time.perf_counter() - began
        asked = frame.attrs["procore"]["requests"]
        optimum = (asked - 1) // 25 * 10.0
        refused = [each for each in frame.attrs["procore"]["skipped"] if each["status"] == 429]
        print(
            f"{asked} requests under 25 in 10 s: {took / optimum:.3f} x the optimum ({took:.1f} s : {optimum:.0f} s),"
            f" {asked - len(ids)} asked again, {len(refused)} refused by the limit"
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
    fifty(0.15)
    limited()
    for size in sizes:
        for delay in (0.0, 0.15):
            projects(size, delay)
