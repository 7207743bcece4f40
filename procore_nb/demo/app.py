"""The embedded Procore: a request goes in, a reply comes out; no network, no waiting.

In: `DemoRequest`. Out: `DemoReply`. It plays both the login host (`/oauth/...`) and the API host (`/rest/...`). The order
of its checks: token (401), rate limit (429), company header, address (404), project and tool (403, 404), parameters (400).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from urllib.parse import unquote

from procore_nb.catalog import endpoints
from procore_nb.demo import projectlists
from procore_nb.demo.api_call import ApiCall, Query, whole_number
from procore_nb.demo.company import SERVICE_ACCOUNT, Company
from procore_nb.demo.faults import Faults, inject
from procore_nb.demo.http_messages import DemoReply, DemoRequest, ErrorReply, Headers, json_reply, not_found
from procore_nb.demo.limits import ForkSafeLock, Meter, RateLimits
from procore_nb.demo.portfolio import Portfolio, usual_portfolio
from procore_nb.demo.storage import FILES, HERE, Storage
from procore_nb.demo.tables.listing import Listing
from procore_nb.demo.tokens import TokenIssuer


class Demo:
    """A made-up Procore that answers like the real one; safe between threads.

    Parameters
    ----------
    portfolio
        What there is to see; the default portfolio if not given.
    clock
        Unix time in seconds, for tokens and rate limits. The records do not depend on it.
    limits
        Sizes of the two rate-limit windows.
    token_lifetime_seconds
        How long a token is good.
    missing_company_status
        Status of the answer to a call without `Procore-Company-Id`. Procore documents its text, not its status; 400, 403
        and 404 have been seen. None lets such calls pass, for older clients: they land in the company that path or query
        names, else in the main one.
    whole_links
        Addresses in `Link` repeat every parameter of the request, for clients that follow them as they are. Procore's
        example repeats only page and per_page.
    faults
        What goes wrong, see `Faults`; may be set anew at any time.

    Examples
    --------
    >>> demo = Demo()
    >>> body = b"grant_type=client_credentials&client_id=demo-client-id&client_secret=demo-client-secret"
    >>> demo.respond(DemoRequest("POST", "/oauth/token", body=body)).status
    200
    """

    def __init__(
        self,
        portfolio: Portfolio | None = None,
        *,
        clock: Callable[[], float] = time.time,
        limits: RateLimits | None = None,
        token_lifetime_seconds: int = 5_400,
        missing_company_status: int | None = 400,
        whole_links: bool = False,
        faults: Faults | None = None,
    ) -> None:
        self.portfolio = portfolio or usual_portfolio()
        self.faults = faults or Faults()
        self._clock = clock
        self._missing_company_status = missing_company_status
        self._whole_links = whole_links
        self._tokens = TokenIssuer(clock=clock, lifetime_seconds=token_lifetime_seconds)
        self._meter = Meter(limits or RateLimits())
        self.storage = Storage(self.portfolio, clock, lambda: self.faults, self._tokens.knows)
        self._lock = ForkSafeLock()
        self.requests = 0  # to the API so far; the token endpoint is not counted

    @property
    def tokens_issued(self) -> int:
        """Number of tokens handed out so far."""
        return self._tokens.issued

    def revoke_all(self) -> int:
        """End every token that was handed out; says how many were still good."""
        return self._tokens.revoke_all()

    def expire_files(self) -> None:
        """End every address of a file that records have shown so far."""
        self.storage.expire()

    def respond(self, request: DemoRequest) -> DemoReply:
        """Answer one request."""
        if self.storage.owns(request):
            return self.storage.respond(request)
        if request.method == "HEAD":
            return replace(self.respond(replace(request, method="GET")).sized(), body=b"")
        if f"{request.path}/".startswith("/oauth/"):
            return self._tokens.respond(request)
        if not request.path.startswith("/rest/"):
            return json_reply({"message": not_found().message}, status=404)
        with self._lock:
            number = self.requests = self.requests + 1
        faults = self.faults.at(number, request)
        if "revoked" in faults:
            self.revoke_all()
        return inject(faults, self._clock(), lambda: self._answer(request, faults))

    def _answer(self, request: DemoRequest, faults: Mapping[str, float]) -> DemoReply:
        headers: Headers = ()
        try:
            headers = self._admit(request)
            reply = self._look_up(request, faults)
        except ErrorReply as refusal:
            reply = refusal.reply(v2=request.path.startswith("/rest/v2"))
        if HERE in reply.body:
            base = f"{request.origin}{FILES}{self.storage.generation}/"
            reply = replace(reply, body=reply.body.replace(HERE, base.encode()))
        return reply.with_headers(headers)

    def _admit(self, request: DemoRequest) -> Headers:
        """Let a call with a good token pass, and count it: headers of its rate limit."""
        self._tokens.check(request.headers.get("authorization", ""))
        allowed, headers = self._meter.spend(self._clock())
        if not allowed:
            raise ErrorReply(429, "Too many requests", loose=True, headers=headers)
        return headers

    def _look_up(self, request: DemoRequest, faults: Mapping[str, float]) -> DemoReply:
        if request.path.startswith(FILES) and request.method == "GET":
            return self.storage.redirect(request)
        found, query = routes().find(request.path), Query(request.query)
        named = found[1].get("company_id") if found else None
        company = self._company(request, named or query.one("company_id"))
        if found is None:
            raise not_found()
        answer, ids = found
        if request.method != "GET":
            raise ErrorReply(405, "This demo is read only.", headers=[("Allow", "GET, HEAD")])
        for text in (named, query.one("company_id")):
            # The header decides where a call lands: another company's records are not found there.
            if text and text != str(company.id):
                raise not_found()
        return answer(ApiCall(request, query, self.portfolio, company, ids, faults, self._whole_links))

    def _company(self, request: DemoRequest, named: str = "") -> Company:
        """Company of the header; `named` is the one in path or query, for calls that may come without it."""
        text = request.headers.get("procore-company-id", "").strip()
        if not text:
            if self._missing_company_status is not None:
                words = (
                    "Missing Procore-Company-Id header! Send the id of the company this call is about in the "
                    "header Procore-Company-Id with every request."
                )
                raise ErrorReply(self._missing_company_status, words, reason="missing_company_id")
            text = named or str(self.portfolio.company.id)
        company = self.portfolio.company_of(whole_number(text))
        if company is None:
            raise not_found()
        if not company.connected:
            raise ErrorReply(403, "App is not connected to this company", loose=True)
        return company


Answer = Callable[[ApiCall], DemoReply]


@dataclass
class Route:
    """What answers a path, and the paths that go on from it; below None, whatever stands there is a placeholder's value."""

    answer: Answer | None = None
    names: tuple[str, ...] = ()
    below: dict[str | None, Route] = field(default_factory=dict)

    def add(self, template: str, answer: Answer) -> None:
        """Register a template; the first registration of an address stays."""
        node, parts = self, template.strip("/").split("/")
        for part in parts:
            node = node.below.setdefault(None if part.startswith("{") else part, Route())
        if node.answer is None:
            node.answer = answer
            node.names = tuple(part.strip("{}") for part in parts if part.startswith("{"))

    def find(self, path: str, values: tuple[str, ...] = ()) -> tuple[Answer, dict[str, str]] | None:
        """What answers a path, with its placeholders' values; None if nothing fits."""
        if path in ("", "/"):
            return self.answer and (self.answer, dict(zip(self.names, values, strict=True)))
        name, slash, rest = path[1:].partition("/")
        part, rest = unquote(name), slash + rest
        found = self.below[part].find(rest, values) if part in self.below else None
        if found is None and part and None in self.below:
            return self.below[None].find(rest, (*values, part))
        return found


@lru_cache(maxsize=1)
def routes() -> Route:
    """Every address and what answers it; hand-written answers before the catalogue's, lists before single records.

    Read with the first API call (opening a demo costs nothing), and shared by all demos of a process, with the rows made so far.
    """
    found, listing = Route(), Listing()
    found.add("/rest/v1.0/me", lambda _call: json_reply(SERVICE_ACCOUNT))
    found.add("/rest/v1.0/projects", projectlists.list_v1_0)
    found.add("/rest/v1.1/projects", projectlists.list_v1_1)
    found.add("/rest/v1.0/projects/{id}", projectlists.show)
    found.add("/rest/v1.1/projects/{id}", projectlists.show)
    for endpoint in endpoints():
        found.add(endpoint.path, partial(listing.listed, endpoint))
    for endpoint in endpoints():
        if endpoint.kind == "data":
            found.add(endpoint.path_of_record, partial(listing.shown, endpoint))
    return found
