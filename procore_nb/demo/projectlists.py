"""The lists of projects, and a single one.

In: a call. Out: a reply. `GET /rest/v1.0/projects`, `GET /rest/v1.1/projects`, `GET /rest/v1.0/projects/{id}`: active
projects only, unless `filters[by_status]` says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from procore_nb.demo import projectrows as rows
from procore_nb.demo.api_call import ApiCall, page_reply
from procore_nb.demo.company import Choice
from procore_nb.demo.http_errors import bad_request
from procore_nb.demo.http_messages import DemoReply, json_reply
from procore_nb.demo.paging import PageRule
from procore_nb.demo.project import Project
from procore_nb.demo.query_string import read_range

Writer = Callable[[Project], Any]

_V1_0: dict[str, Writer] = {"normal": rows.row_v1_0, "compact": rows.row_compact}
_V1_1: dict[str, Writer] = {
    "ids": lambda project: project.id,
    "compact": rows.row_compact,
    "normal": rows.row_v1_1,
    "extended": rows.row_v1_1_extended,
}
_IDS_PER_PAGE = 200_000


def list_v1_0(call: ApiCall) -> DemoReply:
    """Answer `GET /rest/v1.0/projects`: 100 a page unless asked, 2000 at most."""
    return _list(call, "v1.0", _V1_0, PageRule(100, 2_000), call.query.one("serializer_view"))


def list_v1_1(call: ApiCall) -> DemoReply:
    """Answer `GET /rest/v1.1/projects`: 100 a page unless asked, 300 at most; bare ids come 200,000 a page."""
    view = call.query.one("view")
    rule = PageRule(_IDS_PER_PAGE, _IDS_PER_PAGE, fixed=True) if view == "ids" else PageRule(100, 300)
    return _list(call, "v1.1", _V1_1, rule, view)


def show(call: ApiCall) -> DemoReply:
    """Answer `GET /rest/v1.0/projects/{id}`, 403 if the account is not permitted in the project."""
    call.require_company()
    project = call.project(call.ids["id"])
    minimal = call.query.one("view") == "minimal"
    return json_reply(rows.row_compact(project) if minimal else rows.row_show(project))


def _list(call: ApiCall, version: str, views: dict[str, Writer], rule: PageRule, view: str) -> DemoReply:
    call.require_company()
    if view and view not in views:
        raise bad_request(f"view does not have a valid value: {view}", "view")
    write = views[view or "normal"]
    shape = f"{version}:{view or 'normal'}"
    portfolio, company = call.portfolio, call.company

    def as_json(index: int) -> bytes:
        return portfolio.row_bytes(shape, company, index, write)

    size = portfolio.size(company)
    return page_reply(call, _chosen(call), as_json, rule, newcomer=lambda number: size + number)


def _chosen(call: ApiCall) -> Sequence[int]:
    """Indices of the projects asked for, in the order asked for."""
    filters = dict(call.query.filters)
    indices = _by_status(call, filters.pop("by_status", ["Active"])[-1])
    wanted = [_test(name, values) for name, values in filters.items() if name in _TESTS]
    if not wanted and not call.query.sorts:
        return indices
    found = [call.portfolio.project(call.company, index) for index in indices]
    found = [project for project in found if all(test(project) for test in wanted)]
    for field, descending in reversed(call.query.sorts):
        if field in _SORTS:
            found.sort(key=_SORTS[field], reverse=descending)
    return [project.index for project in found]


def _by_status(call: ApiCall, status: str) -> Sequence[int]:
    indices = range(call.portfolio.size(call.company))
    if status.lower() == "all":
        return indices
    if status.lower() not in ("active", "inactive"):
        raise bad_request(f"filters[by_status] does not have a valid value: {status}", "filters[by_status]")
    active = status.lower() == "active"
    return call.portfolio.by_activity(call.company, active=active)


def _test(name: str, values: list[str]) -> Callable[[Project], bool]:
    return _TESTS[name](name, values)


def _among(read: Callable[[Project], Any]) -> Callable[[str, list[str]], Callable[[Project], bool]]:
    """Filter by equality with one of the values, in any letter case."""

    def build(_name: str, values: list[str]) -> Callable[[Project], bool]:
        wanted = {value.lower() for value in values}
        return lambda project: str(read(project)).lower() in wanted

    return build


def _linked(
    read: Callable[[Project], Choice | None],
) -> Callable[[str, list[str]], Callable[[Project], bool]]:
    """Filter by the id of a linked entry."""
    return _among(lambda project: getattr(read(project), "id", None))


def _departments(_name: str, values: list[str]) -> Callable[[Project], bool]:
    wanted = set(values)
    return lambda project: any(str(department.id) in wanted for department in project.departments)


def _within(read: Callable[[Project], Any]) -> Callable[[str, list[str]], Callable[[Project], bool]]:
    """Filter by a range of times."""

    def build(name: str, values: list[str]) -> Callable[[Project], bool]:
        first, last = read_range(values[-1], f"filters[{name}]")
        return lambda project: (
            (first is None or read(project) >= first) and (last is None or read(project) <= last)
        )

    return build


_TESTS = {
    "id": _among(lambda project: project.id),
    "name": _among(lambda project: project.name),
    "project_number": _among(lambda project: project.number),
    "origin_id": _among(lambda project: project.origin_id),
    "synced": _among(lambda project: project.origin_id is not None),
    "is_demo": _among(lambda _project: False),
    "template": _among(lambda _project: False),
    "created_at": _within(lambda project: project.created_at),
    "updated_at": _within(lambda project: project.updated_at),
    "by_stage": _linked(lambda project: Choice(project.stage.id, project.stage.name)),
    "by_type": _linked(lambda project: project.type),
    "by_program": _linked(lambda project: project.program),
    "by_office": _linked(lambda project: project.office),
    "by_region": _linked(lambda project: project.region),
    "by_owner_type": _linked(lambda project: project.owner_type),
    "by_bid_type": _linked(lambda project: project.bid_type),
    "by_department": _departments,
}
_SORTS: dict[str, Callable[[Project], Any]] = {
    "id": lambda project: project.id,
    "name": lambda project: project.name.lower(),
    "display_name": lambda project: project.display_name.lower(),
    "created_at": lambda project: project.created_at,
    "updated_at": lambda project: project.updated_at,
}
