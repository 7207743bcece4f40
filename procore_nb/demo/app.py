"""The embedded Procore: a request goes in, a reply comes out; no network, no waiting.

In: `DemoRequest`. Out: `DemoReply`. It plays both the login host (`/oauth/...`) and the API host (`/rest/...`). The order
of its checks: token (401), rate limit (429), company header, address (404), project and tool (403, 404), parameters (400).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from urllib.parse import unquote

from procore_nb.catalog import endpoints
from procore_nb.demo import projectlists
from procore_nb.demo.access_control import ForkSafeLock, Meter, RateLimits, TokenIssuer
from procore_nb.demo.company import SERVICE_ACCOUNT, Company
from procore_nb.demo.faults import Faults, inject
from procore_nb.demo.http_messages import (
    ApiCall,
    DemoReply,
    DemoRequest,
    ErrorReply,
    Headers,
    Query,
    json_reply,
    not_found,
    whole_number,
)
from procore_nb.demo.portfolio import Portfolio, usual_portfolio
from procore_nb.demo.stored_files import FILES, UNSENT, Storage
from procore_nb.demo.tables.listing import Listing

RouteHandler = Callable[[ApiCall], DemoReply]


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
        Status of the answer to a call without `Procore-Company-Id`: Procore documents its text only; 400, 403 and 404 have
        been seen. None lets such calls pass, for older clients, into the company that path or query names, else the main one.
    whole_links
        Addresses in `Link` repeat every parameter, for clients that follow them as they are; Procore's repeat page and per_page.
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
        self.tokens = TokenIssuer(clock=clock, lifetime_seconds=token_lifetime_seconds)
        self._meter = Meter(limits or RateLimits())
        self.storage = Storage(self.portfolio, clock, lambda: self.faults, self.tokens.knows)
        self._lock = ForkSafeLock()
        self.requests = 0  # to the API so far; the token endpoint is not counted

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
            return self.tokens.respond(request)
        if not request.path.startswith("/rest/"):
            return json_reply({"message": not_found().message}, status=404)
        with self._lock:
            number = self.requests = self.requests + 1
        faults = self.faults.at(number, request)
        if "revoked" in faults:
            self.tokens.revoke_all()
        return inject(faults, self._clock(), lambda: self._answer(request, faults))

    def _answer(self, request: DemoRequest, faults: Mapping[str, float]) -> DemoReply:
        headers: Headers = ()
        try:
            self.tokens.check(request.headers.get("authorization", ""))
            headers = self._meter.spend(self._clock())
            reply = self._look_up(request, faults)
        except ErrorReply as refusal:
            reply = refusal.reply(v2=request.path.startswith("/rest/v2"))
        if UNSENT in reply.body:
            base = f"{request.origin}{FILES}{self.storage.generation}/"
            reply = replace(reply, body=reply.body.replace(UNSENT, base.encode()))
        return reply.with_headers(headers)

    def _look_up(self, request: DemoRequest, faults: Mapping[str, float]) -> DemoReply:
        if request.path.startswith(FILES) and request.method == "GET":
            return self.storage.redirect(request)
        route, query = routes().find(request.path), Query(request.query)
        in_path, in_query = route[1].get("company_id", "") if route else "", query.one("company_id")
        company = self._company(request, in_path or in_query)
        if route is None:
            raise not_found()
        if request.method != "GET":
            raise ErrorReply(405, "This demo is read only.", headers=[("Allow", "GET, HEAD")])
        # The header decides where a call lands: another company's records are not found there.
        if not {in_path, in_query} <= {"", str(company.id)}:
            raise not_found()
        answer, ids = route
        return answer(ApiCall(request, query, self.portfolio, company, ids, faults, self._whole_links))

    def _company(self, request: DemoRequest, named: str = "") -> Company:
        """Company of the header; `named` is the one in path or query, for calls that may come without it."""
        text = request.headers.get("procore-company-id", "").strip()
        if not text:
            if self._missing_company_status is not None:
                message = (
                    "Missing Procore-Company-Id header! Send the id of the company this call is about in the "
                    "header Procore-Company-Id with every request."
                )
                raise ErrorReply(self._missing_company_status, message, reason="missing_company_id")
            text = named or str(self.portfolio.company.id)
        company = self.portfolio.company_of(whole_number(text))
        if company is None:
            raise not_found()
        if not company.connected:
            raise ErrorReply(403, "App is not connected to this company", loose=True)
        return company


class Routes:
    """What answers a path: templates, in which a placeholder stands for any part that is not empty."""

    def __init__(self) -> None:
        self._handlers: dict[tuple[str | None, ...], tuple[RouteHandler, tuple[str, ...]]] = {}
        self._prefixes: set[tuple[str | None, ...]] = set()

    def add(self, template: str, handler: RouteHandler) -> None:
        """Register a template; the first registration of an address stays."""
        parts = template.strip("/").split("/")
        key = tuple(None if part.startswith("{") else part for part in parts)
        self._handlers.setdefault(key, (handler, tuple(part[1:-1] for part in parts if part.startswith("{"))))
        self._prefixes.update(key[:length] for length in range(1, len(key) + 1))

    def find(self, path: str) -> tuple[RouteHandler, dict[str, str]] | None:
        """What answers a path, with its placeholders' values; None if nothing fits. Words go before placeholders."""
        parts = [unquote(part) for part in path.removesuffix("/")[1:].split("/")]
        keys: list[tuple[str | None, ...]] = [()]
        for part in parts:
            longer = [(*key, end) for key in keys for end in ((part, None) if part else ("",))]
            keys = [key for key in longer if key in self._prefixes]
        key = next((key for key in keys if key in self._handlers), None)
        if key is None:
            return None
        handler, names = self._handlers[key]
        values = [part for part, word in zip(parts, key, strict=True) if word is None]
        return handler, dict(zip(names, values, strict=True))


@lru_cache(maxsize=1)
def routes() -> Routes:
    """Every address and what answers it; hand-written answers before the catalogue's, lists before single records.

    Read with the first API call (opening a demo costs nothing), and shared by all demos of a process, with the rows made so far.
    """
    table, listing = Routes(), Listing()
    table.add("/rest/v1.0/me", lambda _call: json_reply(SERVICE_ACCOUNT))
    table.add("/rest/v1.0/projects", projectlists.list_v1_0)
    table.add("/rest/v1.1/projects", projectlists.list_v1_1)
    for version in ("v1.0", "v1.1"):
        table.add(f"/rest/{version}/projects/{{id}}", projectlists.show)
    for endpoint in endpoints():
        table.add(endpoint.path, partial(listing.listed, endpoint))
    for endpoint in endpoints():
        if endpoint.kind == "data":
            table.add(endpoint.path_of_record, partial(listing.shown, endpoint))
    return table
