"""A second made-up Procore on a loopback port: small, and unlike the demo wherever Procore leaves a choice.

No Date header unless asked, header names in lower case, whole URLs in Link with other quoting, no rate-limit headers.
`twist` may answer any request itself. It knows nothing of our package.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

CLIENT_ID = "another-client"
SECRET = "hush-5ecret-Hush%2Fé"
COMPANY = 4711


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    form: dict[str, list[str]]
    number: int

    def one(self, name: str, default: str = "") -> str:
        return self.query.get(name, [default])[0]


@dataclass
class Said:
    """One reply as it leaves."""

    status: int = 200
    body: Any = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    hang_up: bool = False

    def bytes(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body).encode()


Twist = Callable[[Asked], Said | None]


class AnotherProcore:
    """Serves `lists` (path to rows); `twist` comes first. Use as a context manager."""

    def __init__(
        self,
        lists: dict[str, list[Any]] | None = None,
        *,
        twist: Twist | None = None,
        lifetime: object = 7200,
        created: Callable[[], object] = lambda: int(time.time()),
        date: Callable[[], float] | None = None,
        clamp: int | None = None,
        without: tuple[str, ...] = (),
        host: str = "127.0.0.1",
    ) -> None:
        self.lists = {"/rest/v1.0/me": [], **(lists or {})}
        self.twist = twist
        self.lifetime, self.created, self.date = lifetime, created, date
        self.clamp, self.without = clamp, without
        self.asked: list[Asked] = []
        self.tokens: list[str] = []
        self.good: set[str] = set()
        self.lock = threading.Lock()
        self.connections = 0
        self._http = _Server((host, 0), _Handler)
        self._http.owner = self
        self.url = f"http://{host}:{self._http.server_address[1]}"

    def __enter__(self) -> AnotherProcore:
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    @property
    def calls(self) -> list[Asked]:
        """What was asked of the API, without the login."""
        return [one for one in self.asked if not one.path.startswith("/oauth")]

    def revoke_all(self) -> None:
        self.good.clear()

    def answer(self, asked: Asked) -> Said:
        said = self.twist(asked) if self.twist else None
        if said is not None:
            return said
        if asked.path.startswith("/oauth"):
            return self.login(asked)
        if asked.headers.get("authorization", "").removeprefix("Bearer ") not in self.good:
            return Said(401, {"error": "The access token is invalid"})
        if asked.headers.get("procore-company-id") != str(COMPANY):
            return Said(404, {"message": "Missing Procore-Company-Id header!"})
        return self.listed(asked)

    def login(self, asked: Asked) -> Said:
        if asked.path == "/oauth/revoke":
            self.good.discard(asked.form["token"][0])
            return Said(200, {})
        if asked.path == "/oauth/token/info":
            return Said(200, {"resource_owner_id": 1, "expires_in_seconds": 60})
        if asked.form.get("client_id") != [CLIENT_ID] or asked.form.get("client_secret") != [SECRET]:
            return Said(401, {"error": "invalid_client", "error_description": "Client authentication failed"})
        with self.lock:
            token = f"t0ken-{len(self.tokens)}-opaque"
            self.tokens.append(token)
            self.good.add(token)
        body = {"access_token": token, "token_type": "bearer"}
        body |= {} if self.lifetime is None else {"expires_in": self.lifetime, "created_at": self.created()}
        return Said(200, body)

    def listed(self, asked: Asked) -> Said:
        if asked.path == "/rest/v1.0/me":
            return Said(200, {"id": 1, "login": "robot@another.example", "name": "Robot"})
        rows = self.lists.get(asked.path)
        if rows is None:
            return Said(404, {"errors": "not here"})
        page, size = int(asked.one("page", "1")), int(asked.one("per_page", "10"))
        size = min(size, self.clamp or size)
        last = max(1, -(-len(rows) // size))
        rels = {"last": last, "first": 1} | ({"next": page + 1} if page < last else {})
        link = ",".join(
            f"<{self.url}{asked.path}?per_page={size}&page={n}>;rel={rel}" for rel, n in rels.items()
        )
        told = {"total": str(len(rows)), "per-page": str(size), "link": link if last > 1 else ""}
        headers = [(name, value) for name, value in told.items() if name not in self.without]
        return Said(200, rows[(page - 1) * size : page * size], headers)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    owner: AnotherProcore

    def process_request(self, request: Any, client_address: Any) -> None:
        self.owner.connections += 1
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever hung up has no use for an answer."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65536

    def do_GET(self) -> None:
        owner, parts = self.server.owner, urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        with owner.lock:
            asked = Asked(
                self.command, parts.path, parse_qs(parts.query), headers, parse_qs(body), len(owner.asked) + 1
            )
            owner.asked.append(asked)
        said = owner.answer(asked)
        self.send_response_only(said.status)
        if owner.date:
            self.send_header("date", formatdate(owner.date(), usegmt=True))
        sent = said.bytes()
        for name, value in [
            ("content-type", "application/json"),
            ("content-length", str(len(sent))),
            *said.headers,
        ]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(sent[: len(sent) // 2] if said.hang_up else sent)
        if said.hang_up:
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True

    do_POST = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Stay quiet."""
