"""A made-up Procore with files, and a store on another loopback port; both write down what came."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from another_procore import Asked, Said

PROJECT = 7
IMAGES = "/rest/v1.0/images"


@dataclass
class Served:
    """One file of the store, and how it misbehaves."""

    body: bytes
    content_type: str = "application/octet-stream"
    etag: str = '"one"'
    ranges: bool = True
    cut_after: list[int] = field(default_factory=list)
    """Before each request that is served whole: break off after so many bytes."""
    announce: bool = True
    status: list[int] = field(default_factory=list)
    """Statuses of the first requests."""
    pause: float = 0.0
    endless: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    odd_ranges: list[str] = field(default_factory=list)
    """What the first answers with a part say it is."""
    lacking: list[int] = field(default_factory=list)
    """How many bytes the first answers with a part lack, without a word."""


class Store:
    """Serves `files` by path; `came` are requests as (path, headers)."""

    def __init__(self) -> None:
        self.files: dict[str, Served] = {}
        self.came: list[tuple[str, dict[str, str]]] = []
        self.hook: Callable[[str], None] = lambda path: None
        self.most_at_once = self.at_once = 0
        self.lock = threading.Lock()
        self._http = _Server(("127.0.0.1", 0), _Handler)
        self._http.store = self
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> Store:
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def ranges(self, path: str) -> list[str | None]:
        return [headers.get("range") for one, headers in self.came if one == path]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    store: Store

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever hung up has no use for an answer."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        store, path = self.server.store, urlsplit(self.path).path
        with store.lock:
            store.came.append((path, {name.lower(): value for name, value in self.headers.items()}))
            store.at_once += 1
            store.most_at_once = max(store.most_at_once, store.at_once)
        try:
            store.hook(path)
            self.serve(store.files.get(path))
        finally:
            with store.lock:
                store.at_once -= 1

    def serve(self, one: Served | None) -> None:
        if one is None or one.status:
            self.answer(
                404 if one is None else one.status.pop(0), b"<Error><Code>AccessDenied</Code></Error>"
            )
            return
        if one.pause:
            time.sleep(one.pause)
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = 0
        headers = {"Content-Type": one.content_type, "Set-Cookie": "track=1", **one.headers}
        if one.ranges:
            headers |= {"ETag": one.etag, "Accept-Ranges": "bytes"}
        if asked and one.ranges and self.headers.get("If-Range") == one.etag:
            start = int(asked[1])
            if start >= len(one.body):
                self.answer(416, b"", {"Content-Range": f"bytes */{len(one.body)}"})
                return
            true = f"bytes {start}-{len(one.body) - 1}/{len(one.body)}"
            headers["Content-Range"] = one.odd_ranges.pop(0) if one.odd_ranges else true
        body = one.body[start : len(one.body) - (one.lacking.pop(0) if start and one.lacking else 0)]
        self.send_response_only(206 if start else 200)
        for name, value in headers.items():
            self.send_header(name, value)
        if one.announce and not one.endless:
            self.send_header("Content-Length", str(len(body)))
        else:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if one.cut_after:
            self.wfile.write(body[: one.cut_after.pop(0)])
            self.close_connection = True
            return
        self.wfile.write(body)
        while one.endless:
            self.wfile.write(b"x" * 65536)

    def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response_only(status)
        for name, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Stay quiet."""


@dataclass
class Procore:
    """The `twist` of an `AnotherProcore`: photos of project 7 whose addresses lead to the store by a redirect."""

    store: Store
    photos: list[dict[str, Any]] = field(default_factory=list)
    generation: int = 1
    """Part of every address; older ones are over."""
    redirect_to: dict[str, str] = field(default_factory=dict)
    forbidden: set[str] = field(default_factory=set)
    url: str = ""
    records_read: int = 0
    good: set[str] | None = None
    """The tokens that are accepted."""

    def photo(self, number: int, body: bytes, name: str | None = None, **served: Any) -> dict[str, Any]:
        name = f"IMG_{number}.jpg" if name is None else name
        self.store.files[f"/{number}"] = Served(body, **({"content_type": "image/jpeg"} | served))
        self.photos.append(
            {"id": number, "filename": name, "size": len(body), "created_at": "2026-03-01T10:00:00Z"}
        )
        return self.photos[-1]

    def row(self, photo: dict[str, Any]) -> dict[str, Any]:
        return {"url": f"{self.url}/files/{self.generation}/{photo['id']}?sig=s3cret-sig", **photo}

    def __call__(self, asked: Asked) -> Said | None:
        parts = asked.path.strip("/").split("/")
        if asked.path.startswith("/oauth"):
            return None
        if parts[0] != "files" and parts[:3] != ["rest", "v1.0", "images"]:
            return None
        if parts[0] == "files":
            if asked.headers.get("authorization", "").removeprefix("Bearer ") not in (self.good or ()):
                return Said(401, {"message": "no token"})
            if int(parts[1]) != self.generation:
                return Said(403, {"message": "Request has expired"})
            if parts[2] in self.forbidden:
                return Said(403, {"message": "You do not have permission"})
            to = self.redirect_to.get(parts[2], f"{self.store.url}/{parts[2]}?signature=t0p-s3cret")
            return Said(302, None, [("location", to)])
        if len(parts) == 3:
            return Said(200, [self.row(one) for one in self.photos])
        self.records_read += 1
        if self.generation < 0:
            return Said(404, {"message": "no single record"})
        return Said(200, next(self.row(one) for one in self.photos if str(one["id"]) == parts[3]))
