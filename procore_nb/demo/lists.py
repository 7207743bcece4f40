"""Every address of the API the demo answers.

In: nothing. Out: `ROUTES`.
"""

from __future__ import annotations

from collections.abc import Callable

import orjson

from procore_nb.demo import projectlists
from procore_nb.demo.calls import Call, page_reply
from procore_nb.demo.company import SERVICE_ACCOUNT, Company
from procore_nb.demo.messages import DemoReply, json_reply
from procore_nb.demo.paging import PageRule
from procore_nb.demo.routes import Routes

Answer = Callable[[Call], DemoReply]


def me(_call: Call) -> DemoReply:
    """Answer `GET /rest/v1.0/me`."""
    return json_reply(SERVICE_ACCOUNT)


def companies(call: Call) -> DemoReply:
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


ROUTES: Routes[Answer] = Routes()
ROUTES.add("/rest/v1.0/me", me)
ROUTES.add("/rest/v1.0/companies", companies)
ROUTES.add("/rest/v1.0/projects", projectlists.list_v1_0)
ROUTES.add("/rest/v1.1/projects", projectlists.list_v1_1)
ROUTES.add("/rest/v1.0/projects/{id}", projectlists.show)
ROUTES.add("/rest/v1.1/projects/{id}", projectlists.show)
