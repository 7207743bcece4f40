"""Every address of the API the demo answers.

In: nothing. Out: `routes()`: the addresses that have an answer of their own, and the lists of the catalogue.
"""

from __future__ import annotations

from collections.abc import Callable

import orjson

from procore_nb.catalog import endpoints
from procore_nb.demo import projectlists
from procore_nb.demo.api_call import ApiCall, page_reply
from procore_nb.demo.company import SERVICE_ACCOUNT, Company
from procore_nb.demo.http_messages import DemoReply, json_reply
from procore_nb.demo.paging import PageRule
from procore_nb.demo.routes import Routes
from procore_nb.demo.tables.listing import RECORD_ID, Listing

Answer = Callable[[ApiCall], DemoReply]


def me(_call: ApiCall) -> DemoReply:
    """Answer `GET /rest/v1.0/me`."""
    return json_reply(SERVICE_ACCOUNT)


def companies(call: ApiCall) -> DemoReply:
    """Answer `GET /rest/v1.0/companies`: every company the account sees, whichever the header names."""

    def as_json(company: Company) -> bytes:
        return orjson.dumps(_company_row(company, mine=company.id == call.company.id))

    spare = call.portfolio.company
    return page_reply(call, call.portfolio.companies, as_json, PageRule(), newcomer=lambda _number: spare)


def _company_row(company: Company, *, mine: bool) -> dict[str, object]:
    return {
        "id": company.id,
        "name": company.name,
        "is_active": True,
        "logo_url": None,
        "pcn_business_experience": False,
        "my_company": mine,
    }


def routes() -> Routes[Answer]:
    """Every address and what answers it; hand-written answers before the catalogue's, lists before single records."""
    found: Routes[Answer] = Routes()
    found.add("/rest/v1.0/me", me)
    found.add("/rest/v1.0/companies", companies)
    found.add("/rest/v1.0/projects", projectlists.list_v1_0)
    found.add("/rest/v1.1/projects", projectlists.list_v1_1)
    found.add("/rest/v1.0/projects/{id}", projectlists.show)
    found.add("/rest/v1.1/projects/{id}", projectlists.show)
    listing = Listing()
    for endpoint in endpoints():
        found.add(endpoint.path, listing.answering(endpoint))
    for endpoint in endpoints():
        if endpoint.kind == "data":
            found.add(f"{endpoint.path}/{{{RECORD_ID}}}", listing.showing(endpoint))
    return found
