"""Every address of the API the demo answers, and what answers it.

In: path templates such as `/rest/v1.0/projects/{project_id}/rfis`: those that have an answer of their own, and the lists of
the catalogue. Out: for a path, the answer of the template it fits and the values of its placeholders. A literal segment wins
over a placeholder.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import unquote

import orjson

from procore_nb.catalog import endpoints
from procore_nb.demo import projectlists
from procore_nb.demo.api_call import ApiCall, PageRule, page_reply
from procore_nb.demo.company import SERVICE_ACCOUNT, Company
from procore_nb.demo.http_messages import DemoReply, json_reply, not_found, raw_json_reply
from procore_nb.demo.tables.listing import Listing

Answer = Callable[[ApiCall], DemoReply]


@dataclass
class _Node:
    literal: dict[str, _Node] = field(default_factory=dict)
    anything: _Node | None = None
    names: tuple[str, ...] = ()
    answer: Answer | None = None

    def find(self, parts: list[str], values: tuple[str, ...]) -> tuple[Answer, dict[str, str]] | None:
        if not parts:
            return None if self.answer is None else (self.answer, dict(zip(self.names, values, strict=True)))
        part, rest = parts[0], parts[1:]
        found = self.literal[part].find(rest, values) if part in self.literal else None
        if found is None and self.anything is not None and part:
            return self.anything.find(rest, (*values, part))
        return found


class Routes:
    """Templates and what answers each."""

    def __init__(self) -> None:
        self._root = _Node()

    def add(self, template: str, answer: Answer) -> None:
        """Register a template; the first registration of an address stays."""
        node, names = self._root, []
        for part in template.strip("/").split("/"):
            if part.startswith("{"):
                names.append(part.strip("{}"))
                node.anything = node.anything or _Node()
                node = node.anything
            else:
                node = node.literal.setdefault(part, _Node())
        if node.answer is None:
            node.answer, node.names = answer, tuple(names)

    def find(self, path: str) -> tuple[Answer, dict[str, str]] | None:
        """What answers a path, with its placeholders' values; None if nothing fits."""
        return self._root.find([unquote(part) for part in path.removesuffix("/").split("/")[1:]], ())


def _me(_call: ApiCall) -> DemoReply:
    return json_reply(SERVICE_ACCOUNT)


def _company(call: ApiCall) -> DemoReply:
    for one in call.portfolio.companies:
        if str(one.id) == call.ids["record_id"]:
            return raw_json_reply(_company_json(call, one))
    raise not_found()


def _company_json(call: ApiCall, company: Company) -> bytes:
    mine = company.id == call.company.id
    row = {"id": company.id, "name": company.name, "is_active": True, "logo_url": None}
    return orjson.dumps({**row, "pcn_business_experience": False, "my_company": mine})


def _companies(call: ApiCall) -> DemoReply:
    """Every company the account sees, whichever the header names."""

    def as_json(company: Company) -> bytes:
        return _company_json(call, company)

    spare = call.portfolio.company
    return page_reply(call, call.portfolio.companies, as_json, PageRule(), newcomer=lambda _number: spare)


@lru_cache(maxsize=1)
def routes() -> Routes:
    """Every address and what answers it; hand-written answers before the catalogue's, lists before single records.

    Read with the first API call (opening a demo costs nothing), and shared by all demos of a process, with the rows made so far.
    """
    found = Routes()
    found.add("/rest/v1.0/me", _me)
    found.add("/rest/v1.0/companies", _companies)
    found.add("/rest/v1.0/companies/{record_id}", _company)
    found.add("/rest/v1.0/projects", projectlists.list_v1_0)
    found.add("/rest/v1.1/projects", projectlists.list_v1_1)
    found.add("/rest/v1.0/projects/{id}", projectlists.show)
    found.add("/rest/v1.1/projects/{id}", projectlists.show)
    listing = Listing()
    for endpoint in endpoints():
        found.add(endpoint.path, listing.answering(endpoint))
    for endpoint in endpoints():
        if endpoint.kind == "data":
            found.add(endpoint.path_of_record, listing.showing(endpoint))
    return found
