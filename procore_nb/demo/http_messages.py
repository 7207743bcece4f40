"""What goes into the demo and what comes out: one request, one reply, as plain values; the replies that refuse; one admitted API call.

In: nothing, or what the demo made of a request. Out: `DemoRequest` and `DemoReply`; `ErrorReply`, raised anywhere in the demo and turned
into a reply in the form of whoever answers: v1, v2 (https://developers.procore.com/documentation/error-reference), the login host, the
cloud storage (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html); `ApiCall`, with its `Query` (names, filters, ranges,
sorts as in https://developers.procore.com/documentation/filtering-on-list-actions); and how a list leaves the demo: bare, under a key or
in groups as the catalogue's envelope says (`enclosed`), page by page (`page_reply`) with `Total`, `Per-Page` and `Link` as
https://developers.procore.com/documentation/pagination shows them: empty when everything fits on one page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import UTC, date, datetime, time
from html import escape
from http import HTTPStatus
from math import inf
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import orjson

from procore_nb.demo.company import Company
from procore_nb.demo.portfolio import Portfolio, Project

T = TypeVar("T")
Headers = Sequence[tuple[str, str]]
PIECE_BYTES = 16_384


@dataclass(frozen=True)
class DemoRequest:
    """One HTTP request as the demo sees it, from a socket or from inside the process."""

    method: str  # in capitals
    path: str  # as sent, still percent-encoded, without the query
    query: str = ""  # without the question mark
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    body: bytes = b""
    scheme: str = "http"  # how the caller reached us, for the addresses in `Link`
    storage: str = ""  # address of the storage host for this caller; empty inside the process

    @property
    def origin(self) -> str:
        """Scheme and host the caller used."""
        return f"{self.scheme}://{self.headers.get('host', 'localhost')}"


@dataclass(frozen=True)
class DemoReply:
    """One HTTP reply; a `Content-Length` beyond its body means that the connection closes too early."""

    status: int
    headers: Headers = ()
    body: bytes = b""
    delay_seconds: float = 0.0
    silent: bool = False  # the connection closes before any reply
    more: float = 0  # bytes that follow the body, made while they are sent; infinite: they never end
    pause_seconds: float = 0.0  # before each piece of the body

    def pieces(self, sleep: Callable[[float], object]) -> Iterator[bytes]:
        """The body and what follows it, in pieces, each after a pause; zeros that follow are made one piece at a time."""
        start, total = 0, len(self.body) + self.more
        while start < total:
            if self.pause_seconds:
                sleep(self.pause_seconds)
            piece = self.body[start : start + PIECE_BYTES]
            piece = piece or bytes(int(min(total - start, PIECE_BYTES)))
            yield piece
            start += len(piece)

    def header(self, name: str) -> str | None:
        """First value of a header, whatever its case; None if absent."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def json(self) -> Any:
        """Body read as JSON."""
        return orjson.loads(self.body)

    def with_headers(self, headers: Headers) -> DemoReply:
        """Same reply with more headers."""
        return replace(self, headers=[*self.headers, *headers])

    def sized(self) -> DemoReply:
        """Same reply with `Content-Length`, unless it has one or never ends."""
        if self.more == inf or self.header("Content-Length") is not None:
            return self
        return self.with_headers([("Content-Length", str(len(self.body)))])


def json_reply(value: object, *, status: int = 200, headers: Headers = ()) -> DemoReply:
    """Value as a JSON reply."""
    return DemoReply(status, [("Content-Type", "application/json"), *headers], orjson.dumps(value))


_REASONS = {400: "INVALID_PROPERTY", 401: "INVALID_TOKEN"}


@dataclass(eq=False)
class ErrorReply(Exception):
    """A refusal, raised where it is known; `loose` is v1's other form, `{"errors": message}`."""

    status: int
    message: str
    _: KW_ONLY
    reason: str = ""  # the machine's word for it
    source: str = ""  # the parameter at fault
    loose: bool = False
    headers: Headers = ()

    def reply(self, *, v2: bool) -> DemoReply:
        """Reply of the API, in the form of the path's version."""
        status = HTTPStatus(self.status)
        body: dict[str, object] = {"errors": self.message}
        if v2:
            detail = {"reason_code": _REASONS.get(status, status.name), "message": self.message}
            if self.source:
                detail["source"] = self.source
            body = {"error": {"code": status.name, "message": status.phrase, "details": [detail]}}
        elif not self.loose:
            error = "unauthorized" if self.status == 401 else ""
            body = {"code": self.status, "message": self.message, "fields": self.source}
            body |= {"reason": self.reason, "error": error}
        return json_reply(body, status=self.status, headers=self.headers)

    def oauth_reply(self) -> DemoReply:
        """Reply of the login host."""
        reason = "invalid_token" if self.reason.startswith("token_") else self.reason
        body = {"error": reason, "error_description": self.message}
        return json_reply(body, status=self.status, headers=self.headers)

    def storage_reply(self) -> DemoReply:
        """Reply of the cloud storage, in the form of Amazon S3."""
        code = f"<Code>{self.reason}</Code><Message>{escape(self.message)}</Message>"
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{code}</Error>'
        return DemoReply(self.status, [("Content-Type", "application/xml"), *self.headers], body.encode())


def not_found() -> ErrorReply:
    """404 of a path, a company or a record that is not there or not to be seen."""
    return ErrorReply(404, "The URI requested is invalid or the resource requested does not exist.")


def forbidden() -> ErrorReply:
    """403 of a project, tool or file the service account may not use."""
    return ErrorReply(403, "You do not have permission to do this.", reason="forbidden")


def bad_request(message: str, source: str = "") -> ErrorReply:
    """400 of a parameter that is missing or cannot be read."""
    return ErrorReply(400, message, reason="bad_request", source=source)


def bad_token(reason: str) -> ErrorReply:
    """401 of a bearer token that is missing (`token_missing`), unknown, expired or revoked."""
    message, challenge = "The access token is invalid", 'Bearer realm="Procore"'
    if reason != "token_missing":
        challenge += f', error="invalid_token", error_description="{message}"'
    return ErrorReply(401, message, reason=reason, headers=[("WWW-Authenticate", challenge)])


@dataclass(frozen=True)
class ApiCall:
    """A request with its query read, its company known and its path's placeholders filled."""

    request: DemoRequest
    query: Query
    portfolio: Portfolio
    company: Company
    ids: Mapping[str, str]
    faults: Mapping[str, float] = field(default_factory=dict)
    whole_links: bool = False

    @property
    def v2(self) -> bool:
        """Whether the path is of the second version of the API."""
        return self.request.path.startswith("/rest/v2")

    def require(self, groups: Iterable[tuple[str, ...]]) -> None:
        """Refuse a call whose query has none of the parameters of a group."""
        for group in groups:
            names = [name.removesuffix("[]") for name in group]
            if not any(map(self.query.one, names)):
                raise bad_request(f"param is missing or the value is empty: {' or '.join(names)}", names[0])

    def project(self, text: str) -> Project:
        """Project of an id in path or query, if this account may look into it."""
        project = self.portfolio.find(self.company, whole_number(text))
        if project is None:
            raise not_found()
        if not project.permitted:
            raise forbidden()
        return project


@dataclass(frozen=True)
class PageRule:
    """How many rows a page has; `strict` lists (v2) refuse what is no positive number, others take the default."""

    default: int = 100  # rows of a page when the caller does not say
    maximum: int = 2_000  # more is quietly cut to it, as `Per-Page` says
    fixed: bool = False  # whatever size a caller sends
    strict: bool = False


def page_reply(
    call: ApiCall,
    items: Sequence[T],
    write: Callable[[T], Any],
    rule: PageRule,
    *,
    newcomer: Callable[[int], T],
    envelope: str = "",
) -> DemoReply:
    """Page of a list that a call asks for.

    `newcomer(n)` gives a row that is not yet in the list, for the fault that inserts rows while a list is fetched.
    """
    faults, query = call.faults, call.query
    number = _positive(query, "page", 1, rule)
    size = rule.default if rule.fixed else _positive(query, "per_page", rule.default, rule)
    size = min(size, rule.maximum, int(faults.get("clamped", size)))
    if "inserted" in faults:
        items = [*map(newcomer, range(int(faults["inserted"]))), *items]
    items = items[int(faults.get("removed", 0)) :]
    start = (number - 1) * size - (number > 1 and "repeated" in faults)
    body = enclosed(map(write, items[start : start + size]), envelope)
    last = max(1, -(-len(items) // size))
    links = [
        ("first", 1, number > 1),
        ("prev", min(number - 1, last), number > 2),
        ("next", number + 1, number < last),
        ("last", last, last > 1 or number > 1),
    ]
    kept = query.raw.split("&") if call.whole_links else []
    kept = [part for part in kept if part.partition("=")[0] not in ("page", "per_page", "")]
    address = f"{call.request.origin}{call.request.path}?{'&'.join([*kept, 'page='])}"
    link = ", ".join(f'<{address}{page}&per_page={size}>; rel="{rel}"' for rel, page, shown in links if shown)
    return json_reply(body, headers=[("Total", str(len(items))), ("Per-Page", str(size)), ("Link", link)])


def _positive(query: Query, name: str, default: int, rule: PageRule) -> int:
    number = whole_number(query.one(name))
    if number < 1 and query.one(name) and rule.strict:
        raise bad_request(f"{name} must be a positive number", name)
    return number if number > 0 else default


def whole_number(text: str) -> int:
    """Number of up to 19 digits; -1 for any other text."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else -1


def enclosed(rows: Iterable[Any], envelope: str, about: Mapping[str, Any] | None = None) -> Any:
    """Rows as the body of a reply; `about` is what each group says besides, such as the number of pages."""
    outer, _, inside = envelope.removesuffix("{}").partition("[].")
    if envelope.endswith("{}"):
        return wrap({head.get("name") or "All": members for head, members in _groups(rows, {})}, outer)
    if inside:
        return wrap([{**head, inside: members} for head, members in _groups(rows, about or {})], outer)
    return wrap(list(rows), outer)


def wrap(value: Any, envelope: str) -> Any:
    """JSON inside the objects named by a dotted path."""
    for key in reversed(envelope.split(".")) if envelope else ():
        value = {key: value}
    return value


def _groups(rows: Iterable[Any], about: Mapping[str, Any]) -> list[tuple[dict[str, Any], list[Any]]]:
    """Rows in groups of those whose `group_…` keys agree, each group with its own keys."""
    groups: dict[bytes, tuple[dict[str, Any], list[Any]]] = {}
    for row in rows:
        head, own = dict(about), {}
        for key, value in row.items():
            if key.startswith("group_"):
                head[key if key == "group_title" else key.removeprefix("group_")] = value
            else:
                own[key] = value
        groups.setdefault(orjson.dumps(head), (head, []))[1].append(own)
    return list(groups.values()) or ([(dict(about), [])] if about else [])


_NAMES = re.compile(r"\[([^\]]*)\]")


class Query:
    """A query string, read once.

    Arrays come as `filters[id][]=1&filters[id][]=2` or as `filters[id]=[1,2]`; ranges as `start...end`, with or
    without double quotes.
    """

    def __init__(self, raw: str) -> None:
        self.raw = raw
        self.values: dict[str, list[str]] = {}  # by the parameter's name as sent, a trailing `[]` taken off
        for name, value in parse_qsl(raw, keep_blank_values=True):
            self.values.setdefault(name.removesuffix("[]"), []).append(value)
        # Not functools.cached_property: in Python 3.11 its lock is shared by all queries, and lost to a forked child.
        self._filters: dict[str, list[str]] | None = None

    def one(self, name: str) -> str:
        """Last value of a parameter; empty if absent."""
        return self.values.get(name, [""])[-1]

    @property
    def filters(self) -> dict[str, list[str]]:
        """Values of each `filters[name]`; `filters[name][gt]` is named "name.gt"."""
        if self._filters is None:
            filters: dict[str, list[str]] = {}
            for name, values in self.values.items():
                if name.startswith("filters["):
                    parts = _NAMES.findall(name)
                    if "".join(f"[{part}]" for part in parts) != name.removeprefix("filters"):
                        raise bad_request(f"{name} is not a filter.", name)
                    items = [item for value in values for item in split_list(value)]
                    filters.setdefault(".".join(filter(None, parts)), []).extend(items)
            self._filters = filters
        return self._filters

    @property
    def sorts(self) -> list[tuple[str, bool]]:
        """Fields to sort by, each with True for descending."""
        if attribute := self.one("sort[attribute]"):
            return [(attribute, self.one("sort[direction]").lower().startswith("desc"))]
        items = filter(None, map(str.strip, self.one("sort").split(",")))
        return [(item.lstrip("-+"), item.startswith("-")) for item in items]


def split_list(value: str) -> list[str]:
    """Items of `[1,2]`; any other text is its own only item."""
    if not (value.startswith("[") and value.endswith("]")):
        return [value]
    try:
        items = orjson.loads(value)
    except orjson.JSONDecodeError:
        return [item.strip().strip("\"'") for item in value[1:-1].split(",") if item.strip()]
    return [item if isinstance(item, str) else orjson.dumps(item).decode() for item in items]


def read_moment(text: str, *, end: bool = False) -> datetime:
    """Time of an ISO text in UTC; a bare date is its first moment, or its last with `end`."""
    text = text.strip()
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        day = date.fromisoformat(text)
        return datetime.combine(day, time.max if end else time.min, UTC)
    moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def read_range(text: str, source: str) -> tuple[datetime | None, datetime | None]:
    """Both ends of `start...end`, inclusive; an empty end is open; one moment stands for its whole day."""
    start, dots, finish = text.replace('"', "").strip().partition("...")
    try:
        if not dots:
            return read_moment(start), read_moment(start[:10], end=True)
        first = read_moment(start) if start.strip() else None
        last = read_moment(finish, end=True) if finish.strip() else None
    except ValueError as error:
        raise bad_request(f"{source} is not a range of dates: {text}", source) from error
    return first, last
