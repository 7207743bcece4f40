"""The cloud storage that the demo keeps its files in: a host of its own, which must never see a token or a cookie.

In: at the API host, a request for the address in a record; at the storage host, a request for a signed address. Out: a redirect; the
file, a part of it, or a refusal in the form of Amazon S3 (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote

from procore_nb.demo.faults import Fault, Faults, value_of
from procore_nb.demo.http_messages import DemoReply, DemoRequest, forbidden, not_found
from procore_nb.demo.limits import ForkSafeLock
from procore_nb.demo.portfolio import Portfolio

if TYPE_CHECKING:
    from procore_nb.demo.stored_files import StoredFile

STORAGE_HOST = "storage.procore-demo.invalid"
FILES = "/rest/v1.0/files/"
TRAP = "/trap/"
HERE = b"procore-demo-file:/"  # in the rows that the demo keeps; the address of its host where they leave it
_GOOD_SECONDS = 300
_SECRETS = ("authorization", "proxy-authorization", "cookie")
_ELSEWHERE = {
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
        self._body = lru_cache(maxsize=64)(self._drawn)
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
        from procore_nb.demo.stored_files import read_address  # with the first file: the demo opens quickly

        with self._lock:
            number = self.redirects = self.redirects + 1
        faults = self._faults().at(number, request)
        if value_of(faults, "file_links_expired") is not None:
            self.expire()
        generation, _, path = request.path.removeprefix(FILES).partition("/")
        query = parse_qs(request.query, keep_blank_values=True)
        file = read_address(path, query.get("name", [""])[0])
        if file is None or not hmac.compare_digest(
            query.get("sig", [""])[0].encode(), file.signature()[:16].encode()
        ):
            raise not_found()
        if generation != str(self.generation):
            return _refused(403, "AccessDenied", "Request has expired")
        company = self._portfolio.company_of(file.company)
        project = self._portfolio.find(company, file.project) if company and file.project else None
        if value_of(faults, "file_forbidden") is not None or (project and not project.permitted):
            raise forbidden()
        return DemoReply(
            302,
            [
                ("Location", self._target(request, faults, file)),
                ("Cache-Control", "no-store"),
            ],
        )

    def _target(self, request: DemoRequest, faults: tuple[Fault, ...], file: StoredFile) -> str:
        kinds = {fault.kind for fault in faults}
        if astray := next((address for kind, address in _ELSEWHERE.items() if kind in kinds), None):
            return astray
        if "file_loop" in kinds:
            return f"{request.origin}{request.path}?{request.query}"
        expires = int(self._clock()) + (-60 if "file_expired" in kinds else _GOOD_SECONDS)
        origin = request.storage or f"https://{STORAGE_HOST}"
        if "file_plain_http" in kinds:
            origin = "http://elsewhere.invalid/trap" if request.storage else f"http://{STORAGE_HOST}"
        about = f"name={quote(file.name, safe='')}&expires={expires}&signature={file.signature(str(expires))}"
        return f"{origin}/{file.path}?{about}"

    def respond(self, request: DemoRequest) -> DemoReply:
        """Answer of the storage host."""
        with self._lock:
            number = self.requests = self.requests + 1
        if (refusal := self._caught(request)) is not None:
            return refusal
        if request.method not in ("GET", "HEAD"):
            return _refused(
                405, "MethodNotAllowed", "The specified method is not allowed against this resource."
            )
        faults = self._faults().at(number, request)
        reply = self._faulty(request, faults)
        if value_of(faults, "file_cookie") is not None:
            reply = reply.with_headers([("Set-Cookie", "track=1; Path=/")])
        return replace(reply, body=b"", more=0, endless=False) if request.method == "HEAD" else reply

    def _caught(self, request: DemoRequest) -> DemoReply | None:
        """Reply to a request that brings a secret, or that should never have been sent."""
        host = request.headers.get("host", "")
        secrets = [name for name in _SECRETS if name in request.headers]
        if any(map(self._knows, [request.query, *request.headers.values()])):
            secrets.append("token")
        if secrets:
            self.leaks.append(f"{' and '.join(secrets)} at {host}{request.path}")
        if request.path.startswith(TRAP) or (host == STORAGE_HOST and request.scheme != "https"):
            self.trapped.append(f"{request.scheme}://{host}{request.path}")
            return DemoReply(
                200, [("Content-Type", "text/plain")], b"Nothing should ever be fetched from here.\n"
            )
        text = b"A token or cookie of the API host must not be sent to the storage.\n"
        return DemoReply(400, [("Content-Type", "text/plain")], text) if secrets else None

    def _faulty(self, request: DemoRequest, faults: tuple[Fault, ...]) -> DemoReply:
        kinds = {fault.kind: fault.value for fault in faults}
        if "file_unavailable" in kinds:
            return _refused(503, "SlowDown", "Please reduce your request rate.")
        if "file_login_page" in kinds:
            return DemoReply(200, [("Content-Type", "text/html")], _LOGIN_PAGE)
        if "file_no_range" in kinds:
            request = replace(
                request, headers={key: value for key, value in request.headers.items() if key != "range"}
            )
        more = round(kinds.get("file_wrong_size", 0)) + round(kinds.get("file_large", 0) * 1_000_000)
        reply = self._sent(request, more, changed="file_changed" in kinds)
        if reply.status >= 300:
            return reply
        absent = {"ETag", "Accept-Ranges"} if "file_no_range" in kinds else set()
        if "file_endless" in kinds:
            absent.add("Content-Length")
        cut = len(reply.body) // 2 if "file_cut" in kinds else len(reply.body)
        return replace(
            reply,
            headers=[(name, value) for name, value in reply.headers if name not in absent],
            body=reply.body[:cut],
            more=0 if "file_cut" in kinds else reply.more,
            endless="file_endless" in kinds,
            pause_seconds=kinds.get("file_slow", 0.0),
        )

    def _sent(self, request: DemoRequest, more: int, *, changed: bool) -> DemoReply:
        """The file of a signed address, or the part of it that is asked for; `more` bytes follow it."""
        from procore_nb.demo.stored_files import TYPES, read_address

        query = {name: values[0] for name, values in parse_qs(request.query, keep_blank_values=True).items()}
        file = read_address(request.path.removeprefix("/"), query.get("name", ""))
        if file is None:
            return _refused(404, "NoSuchKey", "The specified key does not exist.")
        expires = query.get("expires", "")
        if not hmac.compare_digest(query.get("signature", "").encode(), file.signature(expires).encode()):
            return _refused(403, "SignatureDoesNotMatch", "The signature does not match.")
        if int(expires) < self._clock():
            return _refused(403, "AccessDenied", "Request has expired")
        body = self._body(file)
        body = body[:-1] + b"!" if changed else body
        etag = f'"{hashlib.sha256(body + str(more).encode()).hexdigest()[:32]}"'
        total = len(body) + more
        headers = [("Content-Type", TYPES[file.suffix]), ("ETag", etag), ("Accept-Ranges", "bytes")]
        headers += [
            ("Last-Modified", "Thu, 18 Jun 2026 00:00:00 GMT"),
            ("Content-Disposition", _disposition(file.name)),
        ]
        wanted = request.headers.get("range", "") if request.headers.get("if-range", etag) == etag else ""
        found = _RANGE.fullmatch(wanted.replace(" ", ""))
        if found is None or not any(found.groups()):
            return DemoReply(200, [*headers, ("Content-Length", str(total))], body, more=more)
        first, last = found.groups()
        start = int(first) if first else max(0, total - int(last))
        stop = min(total, int(last) + 1) if first and last else total
        if start >= stop:
            refusal = _refused(416, "InvalidRange", "The requested range is not satisfiable")
            return refusal.with_headers([("Content-Range", f"bytes */{total}")])
        headers += [
            ("Content-Range", f"bytes {start}-{stop - 1}/{total}"),
            ("Content-Length", str(stop - start)),
        ]
        part = body[start:stop]
        return DemoReply(206, headers, part, more=stop - start - len(part))

    def _drawn(self, file: StoredFile) -> bytes:
        from procore_nb.demo.file_bodies import body_of

        return body_of(file, self._portfolio)


def _disposition(name: str) -> str:
    plain = re.sub(r'[^ -~]|["\\]', "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _refused(status: int, code: str, message: str) -> DemoReply:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>'
    return DemoReply(status, [("Content-Type", "application/xml")], text.encode())
