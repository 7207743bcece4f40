"""Files of records, and the cloud storage that keeps them: a host of its own, which must never see a token or a cookie.

In: rows of a list; at the API host a request for the address in a record, at the storage host one for a signed address. Out: the rows with
attachments and addresses; a redirect; the file, a part of it, or a refusal. An address holds all that its file is made from, so that
nothing is kept; it is signed, so that only files of records are served. Until a reply leaves it begins with `UNSENT`: only then is the
host known.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from math import inf
from typing import Any
from urllib.parse import parse_qsl, quote

from procore_nb.catalog import Endpoint
from procore_nb.demo.access_control import ForkSafeLock
from procore_nb.demo.company import TODAY, read_facts
from procore_nb.demo.faults import Faults
from procore_nb.demo.http_messages import DemoReply, DemoRequest, ErrorReply, Headers, forbidden, not_found
from procore_nb.demo.portfolio import Portfolio
from procore_nb.demo.tables.registry import RequestContext, Row
from procore_nb.demo.tables.templates import Shape, shape_of

UNSENT = b"procore-demo-file:/"
CONTENT_TYPES: dict[str, str] = read_facts("files")["content_types"]
_KEY = b"procore-nb demo"
_PATH = re.compile(r"(\d{1,19})/(\d{1,19})/(\d{4}-\d\d-\d\d)/([a-z]+\d?)/(\d{1,19})\.(pdf|png|txt|xlsx)")
_HOLDERS = re.compile(r"(\w+_)?attachments?|images|prostore_file|fillable_pdf")
_INVENTED = "https://files.procore.example/"
_ADDRESSES = re.compile(
    r"url|(\w+_)?(thumbnail|download|pdf|png|original|snapshot|prostore|presentation)_url"
)
_ABOUT = {"name", "filename", "content_type", "size", "thumbnail_url"}
_DAYS = ("date", "log_date", "created_at", "updated_at")


@dataclass(frozen=True)
class StoredFile:
    """One file: whose, of which day and kind; `project` is 0 for those of a company."""

    company: int
    project: int
    day: str
    kind: str
    number: int
    suffix: str
    name: str

    @property
    def path(self) -> str:
        """Path of its address, without name and signature."""
        return f"{self.company}/{self.project}/{self.day}/{self.kind}/{self.number}.{self.suffix}"

    @property
    def address(self) -> str:
        """Address as it is in a record that has not left yet."""
        return f"{UNSENT.decode()}{self.path}?name={quote(self.name, safe='')}&sig={self.signature()[:16]}"

    @property
    def size(self) -> int:
        """Size in bytes; 0 where it is as it comes (thumbnails)."""
        sizes = read_facts("files")["sizes"]  # the least of each kind, and how much larger some are
        least, spread = sizes.get(self.suffix if self.kind == "page" else self.kind, (0, 1))
        return int(least + zlib.crc32(self.path.encode()) % spread)

    def signature(self, about: str = "") -> str:
        """What proves that this address was handed out by the demo, in hexadecimal."""
        text = "\n".join((self.path, self.name, about))
        return hmac.digest(_KEY, text.encode("utf-8", "surrogatepass"), "sha256").hex()


def read_address(path: str, name: str) -> StoredFile | None:
    """File of the path of an address; None if it is none."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    company, project, day, kind, number, suffix = match.groups()
    return StoredFile(int(company), int(project), day, kind, int(number), suffix, name)


def file_of(context: RequestContext, kind: str, number: int, name: str, day: object) -> StoredFile:
    """File of a record, by its name: its ending says what is in it."""
    suffix = name.rpartition(".")[2].lower()
    suffix = suffix if suffix in CONTENT_TYPES else "pdf"
    project = context.target.id if context.target else 0
    return StoredFile(context.company.id, project, str(day)[:10], kind, number, suffix, name)


def picture_urls(file: StoredFile) -> Row:
    """Addresses of a photo or drawing sheet and of the smaller pictures of it."""
    small = replace(file, suffix="png")
    return {
        "thumbnail_url": replace(small, kind=f"{file.kind}4").address,
        "large_thumbnail_url": replace(small, kind=f"{file.kind}2").address,
    }


def attach(context: RequestContext, rows: Iterable[Any], endpoint: Endpoint) -> None:
    """Give rows of a list, or single records of it, the attachments that they have, wherever the catalogue declares any."""
    holders, counted = _holders_of(endpoint), None
    if "attachments_count" in shape_of(endpoint).inside:
        counted = shape_of(endpoint.record).inside.get("attachments")
    if counted is None and not holders:
        return
    for row in rows:
        _attach(context, row, row, holders)
        if counted is not None and isinstance(row, dict):
            row["attachments_count"] = len(_files(context, row, row.get("id"), counted))


@lru_cache(maxsize=1024)
def _holders_of(endpoint: Endpoint) -> dict[str, Any]:
    return _holders_in(shape_of(endpoint))


def _holders_in(shape: Shape) -> dict[str, Any]:
    """The keys that may hold several files, each with its shape, and the keys on the way to them, each with those inside.

    Most rows are deep and hold no file: their branches are never entered.
    """
    holders: dict[str, Any] = {}
    for name, node in shape.inside.items():
        if node.listed and "url" in node.inside and _HOLDERS.fullmatch(name):
            holders[name] = node
        elif name not in ("vendor", "contractor") and (below := _holders_in(node)):
            holders[name] = below
    return holders


def _attach(context: RequestContext, row: Row, value: Any, holders: dict[str, Any]) -> None:
    for item in value if isinstance(value, list) else [value]:
        for name, node in holders.items() if isinstance(item, dict) else ():
            if isinstance(node, Shape):
                item[name] = item.get(name) or _files(context, row, item.get("id", row.get("id")), node)
            else:
                _attach(context, row, item.get(name), node)


def _files(context: RequestContext, row: Row, owner: object, node: Shape) -> list[Row]:
    """Files of one record: none to three, always the same ones."""
    facts, number, module = read_facts("files"), _number(context, owner, node.name), context.endpoint.module
    names = facts["odd"].get(str(owner)) if node.name == "associated_attachments" else None
    if names is None:
        known, counts = facts["names"], facts["counts"].get(module, facts["counts"][""])
        known = known.get("images" if node.name == "images" else module, known[""])
        count = int(counts[number // 4 % len(counts)])
        names = [known[(number // 64 + place) % len(known)] for place in range(count)]
    files = (_described(context, number + place, name, row) for place, name in enumerate(names))
    return [
        {key: _as_declared(file.get(key), text=inner.type == "string") for key, inner in node.inside.items()}
        for file in files
    ]


def _as_declared(value: Any, *, text: bool) -> Any:
    return str(value) if text and value is not None else value


def _number(context: RequestContext, *about: object) -> int:
    project = context.target.id if context.target else 0
    return 10_000_000_000 + 4 * zlib.crc32(f"{context.company.id}:{project}:{about}".encode())


def _described(context: RequestContext, number: int, name: str | list[str | None], row: Row) -> Row:
    """What a record may say of one file; a name may come with an address of its own."""
    shown, url = name if isinstance(name, list) else (name, "")
    day = next((row[key] for key in _DAYS if row.get(key)), TODAY)
    file = file_of(context, "photo" if str(shown).endswith(".png") else "page", number, str(shown), day)
    return {
        "id": number, "attachment_id": number, "filename": shown, "name": shown, "size": file.size,
        "url": file.address if url == "" else url, "content_type": CONTENT_TYPES[file.suffix].partition(";")[0],
        "file_unavailable": url is None, "additional_page_count": 0, "state": "active",
        **dict.fromkeys(("created_at", "attached_at", "updated_at"), row.get("created_at")),
        **(picture_urls(file) if file.kind == "photo" else {}),
    }  # fmt: skip


def invented(context: RequestContext, value: Any, row: Row) -> None:
    """Make the addresses inside an invented row lead to files."""
    if isinstance(value, list):
        for item in value:
            invented(context, item, row)
    for key, inner in value.items() if isinstance(value, dict) else ():
        if not isinstance(inner, str) or not inner.startswith(_INVENTED):
            invented(context, inner, row)
        elif _ADDRESSES.fullmatch(key) and (key != "url" or not _ABOUT.isdisjoint(value)):
            number, names = _number(context, inner), read_facts("files")["names"][""]
            file = _described(context, number, names[number // 64 % len(names)], row)
            file.setdefault(key, file_of(context, "page", number, f"{key}.pdf", TODAY).address)
            for name in {key} | (_ABOUT & set(value) if key == "url" else set()):
                value[name] = _as_declared(file.get(name), text=isinstance(value[name], str))


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
        # Another length is another file: a download that goes on must not take the rest of the one before.
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
