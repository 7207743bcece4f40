"""How fast files come, how much memory a large one takes, and what is left when the process is killed.

Run as a module: `python -m tests.benchmarks.files [speed] [memory] [kills] [--kills 200]`. API host and store are a process of
their own, 50 ms away. The floor asks for the same files with bare requests on as many connections: once with the token at
the API host, once without at the store, and writes them to a folder.
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import pandas as pd
import requests

import procore_nb as pnb

WORKERS = 4
FILES, SIZE, LATENCY = 1000, 200_000, 0.05
_BLOCK = bytes(range(256)) * 256


class _Host(BaseHTTPRequestHandler):
    """`/files/N/SIZE` redirects to `/store/N/SIZE`, which has SIZE bytes, resumable; everything else is what a login needs."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    latency = 0.0
    pause = 0.0
    """Seconds before each 64 KiB."""

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.partition("?")[0]
        kind, *rest = path.strip("/").split("/")
        if kind == "oauth":
            self.reply(b'{"access_token": "t", "token_type": "bearer", "expires_in": 7200}')
        elif kind == "files":
            time.sleep(self.latency)
            self.reply(b"", 302, {"Location": "/".join((STORE, "store", *rest))})
        elif kind == "store":
            time.sleep(self.latency)
            self.body(int(rest[0]), int(rest[1]))
        else:
            self.reply(b"[]")

    do_POST = do_GET

    def body(self, number: int, size: int) -> None:
        wanted = self.headers.get("Range", "")
        start = int(wanted[6:-1]) if wanted.startswith("bytes=") else 0
        if start >= size > 0:
            self.reply(b"", 416)
            return
        self.send_response_only(206 if start else 200)
        self.send_header("ETag", f'"{number}-{size}"')
        if start:
            self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        self.send_header("Content-Length", str(size - start))
        self.end_headers()
        block = bytes([number % 256]) + _BLOCK[1:]
        while start < size:
            inside = start % len(block)
            piece = block[inside : inside + size - start]
            if self.pause:
                time.sleep(self.pause)
            self.wfile.write(piece)
            start += len(piece)

    def reply(self, body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.send_response_only(status)
        for name, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Stay quiet."""


STORE = ""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Killed clients hang up."""


def serve(latency: float, pause: float) -> None:
    """Serve on two free ports until the process ends; the first line says which."""
    global STORE
    _Host.latency, _Host.pause = latency, pause
    store, api = _Server(("127.0.0.1", 0), _Host), _Server(("127.0.0.1", 0), _Host)
    STORE = f"http://127.0.0.1:{store.server_address[1]}"
    print(api.server_address[1], flush=True)
    threading.Thread(target=store.serve_forever, daemon=True).start()
    api.serve_forever()


@contextmanager
def served(latency: float, pause: float = 0.0) -> Iterator[str]:
    """The two hosts in another process; the address of the API host."""
    code = f"from tests.benchmarks.files import serve; serve({latency}, {pause})"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()


def connection(url: str) -> pnb.Procore:
    place = pnb.Environment("benchmark", url, url)
    return pnb.connect(place, credentials=pnb.Credentials("id", "secret"), company_id=1, progress=False)


def frame_of(url: str, sizes: list[int]) -> pd.DataFrame:
    """A frame of photos of these sizes."""
    rows = [
        {
            "id": number,
            "filename": f"IMG_{number:04}.jpg",
            "url": f"{url}/files/{number}/{size}",
            "size": size,
        }
        for number, size in enumerate(sizes, start=1)
    ]
    photos = pd.DataFrame(rows).assign(project_id=7, project_name="Lenox Avenue")
    photos.attrs["procore"] = {"endpoint": "images", "environment": "benchmark", "company_id": 1}
    return connection(url).files(photos)


def floor(files: pd.DataFrame, folder: Path) -> float:
    """Seconds that bare requests take for the same files."""
    session = requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=WORKERS))
    waiting: SimpleQueue[tuple[str, str]] = SimpleQueue()
    for address, name in zip(files["address"], files["name"], strict=True):
        waiting.put((address, name))
    headers = {"Authorization": "Bearer t", "Procore-Company-Id": "1"}

    def work() -> None:
        while True:
            try:
                address, name = waiting.get_nowait()
            except Empty:
                return
            first = session.get(address, headers=headers, allow_redirects=False, timeout=60)
            (folder / name).write_bytes(session.get(first.headers["Location"], timeout=60).content)

    began = time.perf_counter()
    threads = [threading.Thread(target=work) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


def speed(rounds: int = 3) -> None:
    """Print our time beside the floor's, alternating."""
    with served(LATENCY) as url:
        files, procore, ratios = frame_of(url, [SIZE] * FILES), connection(url), []
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as place:
                bare = floor(files, Path(place))
            with tempfile.TemporaryDirectory() as place:
                began = time.perf_counter()
                done = procore.download(files, place, workers=WORKERS)
                ours = time.perf_counter() - began
                assert (done["status"] == "saved").all()
                began = time.perf_counter()
                assert (procore.download(files, place)["status"] == "present").all()
                again = time.perf_counter() - began
            ratios.append(ours / bare)
            print(
                f"{FILES:,} files of {SIZE:,} bytes: {ours:.2f} s, bare requests {bare:.2f} s, again {again:.2f} s"
            )
        print(f"ratio {sorted(ratios)[len(ratios) // 2]:.3f} (median of {rounds})")


def memory(size: int = 2_000_000_000) -> None:
    """Print by how much the peak of memory grows with one large file, in a process that downloaded a small one before."""
    with served(0.0) as url, tempfile.TemporaryDirectory() as place:
        procore = connection(url)
        procore.download(frame_of(url, [SIZE]), Path(place) / "small")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.perf_counter()
        done = procore.download(frame_of(url, [size]), Path(place) / "large")
        seconds = time.perf_counter() - began
        assert done["bytes"].tolist() == [size]
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        print(f"{size / 1e9:.1f} GB: peak memory grew by {grown:.1f} MiB, {seconds:.1f} s")


def kills(count: int = 200) -> None:
    """Kill a download at a random moment, run it again to its end, and compare the folder with an undisturbed one."""
    chance = random.Random(7)
    sizes = [chance.choice([0, 900, 200_000, 700_000, 3_000_000, 6_000_000]) for _ in range(24)]
    with served(0.004, 0.003) as url, tempfile.TemporaryDirectory() as place:
        files = frame_of(url, sizes)
        began = time.perf_counter()
        _wait(_download(files, url, Path(place) / "whole"))
        undisturbed, seconds = _tree(Path(place) / "whole"), time.perf_counter() - began
        same = killed = resumed = 0
        while killed < count:
            folder = Path(place) / "run"
            process = _download(files, url, folder)
            time.sleep(chance.uniform(0, seconds))
            os.kill(process, signal.SIGKILL)
            if os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == -signal.SIGKILL:  # not whole before
                killed += 1
                resumed += any(folder.glob(".procore-nb-parts/*.json"))
                _wait(_download(files, url, folder))
                same += _tree(folder) == undisturbed
            shutil.rmtree(folder, ignore_errors=True)
        print(f"{same} of {killed} folders are as undisturbed; {resumed} had a half file to resume")


def _download(files: pd.DataFrame, url: str, folder: Path) -> int:
    """Download in a forked process; its id."""
    process = os.fork()
    if process == 0:
        code = 1
        try:
            code = int(not connection(url).download(files, folder)["status"].isin(["saved", "present"]).all())
        finally:
            os._exit(code)
    return process


def _wait(process: int) -> None:
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0


def _tree(folder: Path) -> dict[str, bytes]:
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


if __name__ == "__main__":
    words = sys.argv[1:] or ["speed", "memory", "kills"]
    if "speed" in words:
        speed()
    if "memory" in words:
        memory()
    if "kills" in words:
        kills(int(words[words.index("--kills") + 1]) if "--kills" in words else 200)
