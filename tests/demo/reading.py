"""What the tests of the story read the demo with: all rows of a list, whatever its paging and envelope."""

from __future__ import annotations

import re
from typing import Any

import orjson

from procore_nb.catalog import Endpoint, endpoint
from procore_nb.demo import COMPANY_ID, Demo
from procore_nb.demo.portfolio import Project

from .conftest import Caller

Row = dict[str, Any]
WHOLE = "&start_date=2019-01-01&end_date=2026-12-31"


def rows_in(body: bytes, envelope: str) -> list[Any]:
    """The rows of a reply, each with what its group says of itself."""
    outer, _, inside = envelope.removesuffix("{}").partition("[].")
    value = orjson.loads(body)
    for key in outer.split(".") if outer else ():
        value = value[key]
    if envelope.endswith("{}"):
        return [{"group_name": name} | row for name, held in value.items() for row in held]
    assert isinstance(value, list)
    if not inside:
        return value
    shared = [
        {
            key if key == "group_title" else f"group_{key}": held
            for key, held in group.items()
            if key not in (inside, "possible_pages", "current_page")
        }
        for group in value
    ]
    return [about | row for about, group in zip(shared, value, strict=True) for row in group[inside]]


def address_of(one: Endpoint, *, project: int = 1_204_458) -> str:
    """Address that asks a list for all its rows of a project; below a parent nobody knows where it needs one."""
    known = {"company_id": str(COMPANY_ID), "project_id": str(project)}
    if one.path.startswith("/rest/v1.0/projects/{id}"):
        known["id"] = str(project)
    path = re.sub(r"{(\w+)}", lambda match: known.get(match[1], "17"), one.path)
    query = [f"{group[0]}={known.get(group[0], '5')}" for group in one.required_query]
    if one.date_default:
        query.append("start_date=2026-01-01&end_date=2026-06-30")
    return f"{path}?{'&'.join(query)}"


class Reader:
    """Reads lists of one demo."""

    def __init__(self, demo: Demo | None = None) -> None:
        self.demo = demo or Demo()
        self._caller = Caller(self.demo)
        self._caller.log_in()
        self._read: dict[tuple[object, ...], list[Row]] = {}

    def projects(self, *, begun: bool = True, tools_off: bool = False) -> list[Project]:
        """Projects of the main company the account may look into."""
        portfolio = self.demo.portfolio
        return [
            one
            for one in portfolio.projects(portfolio.company)
            if one.permitted and (one.progress > 0 or not begun) and (tools_off or not one.tools_off)
        ]

    def status(self, path: str) -> int:
        """Status of the reply to a path."""
        return self._caller.get(path).status

    def rows(self, name: str, project: Project | None = None, *, query: str = "", **ids: object) -> list[Row]:
        """Every row of a list, page by page; fetched once, so that rows are to be left as they are."""
        key = (name, project.id if project else None, query, *sorted(ids.items()))
        if key not in self._read:
            self._read[key] = self._fetched(name, project, query, ids)
        return list(self._read[key])

    def _fetched(self, name: str, project: Project | None, query: str, ids: dict[str, object]) -> list[Row]:
        one = endpoint(name)
        known = {"company_id": COMPANY_ID, "project_id": project.id if project else "", **ids}
        path = one.path
        for key, value in known.items():
            path = path.replace(f"{{{key}}}", str(value))
        asked = "".join(f"&{key}={value}" for key, value in known.items() if value != "")
        size = one.per_page_max or (100 if one.version.startswith("v2") else 2_000)
        window = WHOLE if one.date_default else ""
        found: list[Row] = []
        for page in range(1, 100):
            reply = self._caller.get(f"{path}?per_page={size}&page={page}{asked}{window}{query}")
            assert reply.status == 200, (path, reply.status, reply.body)
            found += rows_in(reply.body, one.envelope)
            if one.paging != "page" or 'rel="next"' not in (reply.header("Link") or ""):
                return found
        raise AssertionError(f"{name} never ends.")


READER = Reader()
