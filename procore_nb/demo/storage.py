"""The cloud storage that the demo keeps its files in: a host of its own, which must never see a token or a cookie.

In: at the API host, a request for the address in a record; at the storage host, a request for a signed address. Out: a redirect; the
file, a part of it, or a refusal.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from math import inf
from urllib.parse import parse_qsl, quote

from procore_nb.demo.access_control import ForkSafeLock
from procore_nb.demo.faults import Faults
from procore_nb.demo.http_messages import DemoReply, DemoRequest, ErrorReply, Headers, forbidden, not_found
from procore_nb.demo.portfolio import Portfolio
from procore_nb.demo.stored_files import CONTENT_TYPES, StoredFile, read_address

STORAGE_HOST = "storage.procore-demo.invalid"
FILES = "/rest/v1.0/files/"
TRAP = "/trap/"
_GOOD_SECONDS = 300
_SECRETS = ("authorization", "proxy-authorization", "cookie")
# Where the redirect of a fault leads: nothing there may ever be asked for.
_TRAPS = {
    "file_elsewhere": "https://elsewhere.invalid/trap/file",
    "file_loopback": "http://127.0.0.1:9/trap/file",
    "file_private": "https://169.254.169.254/trap/file",
}
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_LOGIN_PAGE = (
    b"<!DOCTYPE html><html><head><title>Log in</title></head><body><form>Password</form></body></html>"
)


class Storage:
    """Files of one demo; safe between threads.

    `leaks` says where a token or cookie came that should not have come, `trapped` which addresses were asked that no client should ask.
    `redirects` and `requests` count what the API host and the storage host were asked for.
    """

    def __init__(
        self,
        portfolio: Portfolio,
        clock: Callable[[], float],
        faults: Callable[[], Faults],
        knows: Callable[[str], bool],
    ) -> None:
        self._portfolio, self._clock, self._faults, self._knows = portfolio, clock, faults, knows
        self._body = lru_cache(maxsize=64)(self._draw)
        self._lock = ForkSafeLock()
        self.generation = 1
        self.redirects = self.requests = 0
        self.leaks: list[str] = []
        self.trapped: list[str] = []

    def expire(self) -> None:
        """End every address that records have shown so far."""
        with self._lock:
            self.generation += 1

    def owns(self, request: DemoRequest) -> bool:
        """Whether a request inside the process is for the storage, or for an address that is a trap."""
        host = request.headers.get("host", "").lower().partition(":")[0]
        return host == STORAGE_HOST or request.path.startswith(TRAP)

    def redirect(self, request: DemoRequest) -> DemoReply:
        """Answer of the API host to a request for the address in a record; the token was looked at before."""
        with self._lock:
            number = self.redirects = self.redirects + 1
        faults = self._faults().at(number, request)
        if "file_links_expired" in faults:
            self.expire()
        generation, _, path = request.path.removeprefix(FILES).partition("/")
        query = dict(parse_qsl(request.query, keep_blank_values=True))
        file = read_address(path, query.get("name", ""))
        if file is None or not _same(query.get("sig", ""), file.signature()[:16]):
            raise not_found()
        if generation != str(self.generation):
            return _refusal(403, "AccessDenied", "Request has expired").storage_reply()
        company = self._portfolio.company_of(file.company)
        project = self._portfolio.find(company, file.project) if company and file.project else None
        if "file_forbidden" in faults or (project and not project.permitted):
            raise forbidden()
        trap = next((address for kind, address in _TRAPS.items() if kind in faults), None)
        location = trap or self._signed(request, faults, file)
        return DemoReply(302, [("Location", location), ("Cache-Control", "no-store")])

    def _signed(self, request: DemoRequest, faults: Mapping[str, float], file: StoredFile) -> str:
        if "file_loop" in faults:
            return f"{request.origin}{request.path}?{request.query}"
        expires = int(self._clock()) + (-60 if "file_expired" in faults else _GOOD_SECONDS)
        origin = request.storage or f"https://{STORAGE_HOST}"
        if "file_plain_http" in faults:
            origin = "http://elsewhere.invalid/trap" if request.storage else f"http://{STORAGE_HOST}"
        about = f"name={quote(file.name, safe='')}&expires={expires}&signature={file.signature(str(expires))}"
        return f"{origin}/{file.path}?{about}"

    def respond(self, request: DemoRequest) -> DemoReply:
        """Answer of the storage host."""
        with self._lock:
            number = self.requests = self.requests + 1
        faults = self._faults().at(number, request)
        try:
            reply = self._trapped(request) or self._send(request, faults)
        except ErrorReply as refusal:
            reply = refusal.storage_reply()
        return replace(reply, body=b"", more=0) if request.method == "HEAD" else reply

    def _trapped(self, request: DemoRequest) -> DemoReply | None:
        """Reply to a request that brings a secret, or that should never have been sent."""
        host, plain = request.headers.get("host", ""), [("Content-Type", "text/plain")]
        secrets = [name for name in _SECRETS if name in request.headers]
        if any(map(self._knows, [request.query, *request.headers.values()])):
            secrets.append("token")
        if secrets:
            self.leaks.append(f"{' and '.join(secrets)} at {host}{request.path}")
        if request.path.startswith(TRAP) or (host == STORAGE_HOST and request.scheme != "https"):
            self.trapped.append(f"{request.scheme}://{host}{request.path}")
            return DemoReply(200, plain, b"Nothing should ever be fetched from here.\n")
        text = b"A token or cookie of the API host must not be sent to the storage.\n"
        return DemoReply(400, plain, text) if secrets else None

    def _send(self, request: DemoRequest, faults: Mapping[str, float]) -> DemoReply:
        """The file of a signed address, or the part of it that is asked for."""
        if request.method not in ("GET", "HEAD"):
            raise _refusal(
                405, "MethodNotAllowed", "The specified method is not allowed against this resource."
            )
        if "file_unavailable" in faults:
            raise _refusal(503, "SlowDown", "Please reduce your request rate.")
        if "file_login_page" in faults:
            return DemoReply(200, [("Content-Type", "text/html")], _LOGIN_PAGE)
        file = self._file(request)
        body = self._body(file)
        if "file_changed" in faults:
            body = body[:-1] + b"!"
        # Bytes that no record announces follow the body; they are made while they are sent.
        filling = round(faults.get("file_wrong_size", 0)) + round(faults.get("file_large", 0) * 1_000_000)
        total = len(body) + filling
        etag = f'"{hashlib.sha256(body + str(filling).encode()).hexdigest()[:32]}"'
        headers = [("Content-Type", CONTENT_TYPES[file.suffix])]
        ranged, status = None, 200
        if "file_no_range" not in faults:
            headers += [("ETag", etag), ("Accept-Ranges", "bytes")]
            if request.headers.get("if-range", etag) == etag:
                ranged = _byte_range(request.headers.get("range", ""), total)
        ascii_name, name = re.sub(r'[^ -~]|["\\]', "_", file.name), quote(file.name, safe="")
        disposition = f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{name}"
        headers += [("Last-Modified", "Thu, 18 Jun 2026 00:00:00 GMT"), ("Content-Disposition", disposition)]
        start, stop = ranged or (0, total)
        if ranged:
            status = 206
            headers.append(("Content-Range", f"bytes {start}-{stop - 1}/{total}"))
        if "file_endless" not in faults:
            headers.append(("Content-Length", str(stop - start)))
        if "file_cookie" in faults:
            headers.append(("Set-Cookie", "track=1; Path=/"))
        part, pause = body[start:stop], faults.get("file_slow", 0.0)
        if "file_cut" in faults:
            return DemoReply(status, headers, part[: len(part) // 2], pause_seconds=pause)
        more = inf if "file_endless" in faults else stop - start - len(part)
        return DemoReply(status, headers, part, more=more, pause_seconds=pause)

    def _file(self, request: DemoRequest) -> StoredFile:
        query = dict(parse_qsl(request.query, keep_blank_values=True))
        file, expires = read_address(request.path[1:], query.get("name", "")), query.get("expires", "")
        if file is None:
            raise _refusal(404, "NoSuchKey", "The specified key does not exist.")
        if not _same(query.get("signature", ""), file.signature(expires)):
            raise _refusal(403, "SignatureDoesNotMatch", "The signature does not match.")
        if int(expires) < self._clock():
            raise _refusal(403, "AccessDenied", "Request has expired")
        return file

    def _draw(self, file: StoredFile) -> bytes:
        from procore_nb.demo.file_bodies import body_of  # imports Pillow: the demo opens quickly

        return body_of(file, self._portfolio)


def _byte_range(header: str, total: int) -> tuple[int, int] | None:
    """First byte and the one after the last of a `Range`; None where the whole file is meant, 416 where nothing is there."""
    match = _RANGE.fullmatch(header.replace(" ", ""))
    if match is None or not any(match.groups()):
        return None
    first, last = match.groups()
    start = int(first) if first else max(0, total - int(last))
    stop = min(total, int(last) + 1) if first and last else total
    if start >= stop:
        size = [("Content-Range", f"bytes */{total}")]
        raise _refusal(416, "InvalidRange", "The requested range is not satisfiable", size)
    return start, stop


def _same(text: str, secret: str) -> bool:
    return hmac.compare_digest(text.encode(), secret.encode())


def _refusal(status: int, code: str, message: str, headers: Headers = ()) -> ErrorReply:
    return ErrorReply(status, message, reason=code, headers=headers)
