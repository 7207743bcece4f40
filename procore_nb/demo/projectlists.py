"""The lists of projects, and a single one.

In: a call. Out: a reply. `GET /rest/v1.0/projects`, `GET /rest/v1.1/projects`, `GET /rest/v1.0/projects/{id}`: active
projects only, unless `filters[by_status]` says otherwise. Keys as in Procore's reference of the three operations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import cache
from typing import Any

import orjson

from procore_nb.catalog import endpoint
from procore_nb.demo.api_call import ApiCall, PageRule, page_reply, read_range
from procore_nb.demo.company import NOW, SERVICE_ACCOUNT
from procore_nb.demo.http_messages import DemoReply, bad_request, json_reply
from procore_nb.demo.project import Project

Row = dict[str, Any]


def moment(value: datetime) -> str:
    """Time as Procore writes it, `2026-06-18T14:30:00Z`."""
    return f"{value.isoformat()[:19]}Z"


def precise_moment(value: datetime) -> str:
    """Time as the newer lists write it, `2026-06-18T14:30:00.123Z`; midnight stands for a whole day."""
    thousandths = 0 if value.time() == time.min else int(value.timestamp()) * 37 % 1000
    return f"{value.isoformat()[:19]}.{thousandths:03}Z"


def row_show(project: Project) -> Row:
    """Whatever any list says of a project."""
    street, known, index, kind = project.street, project.address is not None, project.index, project.type
    return _linked(project) | {
        "id": project.id, "name": project.name, "display_name": project.display_name,
        "project_number": project.number, "active": project.active, "address": project.address,
        "city": street.city if known else None, "state_code": street.state_code if known else None,
        "country_code": street.country_code, "zip": street.zip if known else None,
        "county": street.county if known and index % 5 else None, "latitude": project.latitude,
        # Accounts hold both spellings: most projects the one of Rails, those made by other software the one of IANA.
        "longitude": project.longitude, "time_zone": street.tz_name if index % 7 == 3 else street.time_zone,
        "tz_name": street.tz_name, "company": {"id": project.company.id, "name": project.company.name},
        "stage": project.stage.name, "sector": kind.name if kind else None,
        "description": f"A {kind.name.lower() if kind else 'building'} project in {street.city}, made up for the demo.",
        "store_number": f"{index:05}" if kind and kind.name == "Retail" else None,
        "accounting_project_number": project.origin_id, "origin_id": project.origin_id,
        "origin_data": "synced" if project.origin_id else None,
        "work_scope": ("new_construction", "renovation_alteration", "maintenance_service")[index % 3],
        "delivery_method": ("design_build_db", "design_bid_build_dbb", None)[index % 3],
        "priority": ("low", "medium", "high", None)[index % 4], "flag": project.flag, "phone": project.phone,
        "estimated_budget": None if project.estimated_value is None else float(project.estimated_value),
        "square_feet": project.square_feet, "inbound_email": f"project-{project.id}@inbound.example",
        "standard_cost_code_list_id": 5101, "is_demo": False, "template": False,
        "created_by": {key: SERVICE_ACCOUNT[key] for key in ("id", "name", "login")},
        "created_at": moment(project.created_at), "updated_at": moment(project.updated_at),
        "custom_fields": project.custom_fields,
    }  # fmt: skip


def _linked(project: Project) -> Row:
    """Entries of short lists, days and amounts, and what no project says."""
    linked: Row = {kind: getattr(project, kind.removeprefix("project_")) for kind in _KINDS}
    warranty = project.actual_finish
    days = {
        "start_date": project.start, "estimated_start_date": project.start,
        "actual_start_date": project.actual_start, "completion_date": project.finish,
        "estimated_completion_date": project.finish, "projected_finish_date": project.projected,
        "warranty_start_date": warranty, "warranty_end_date": warranty and warranty + timedelta(days=730),
    }  # fmt: skip
    amounts = {"estimated_value": project.estimated_value, "total_value": project.total_value}
    return {
        **{kind: value and {"id": value.id, "name": value.name} for kind, value in linked.items()},
        **{f"{kind}_id": linked[kind] and linked[kind].id for kind in _WITH_ID},
        **{key: None if value is None else str(value) for key, value in (days | amounts).items()},
        "departments": [{"id": one.id, "name": one.name} for one in project.departments],
        **dict.fromkeys(_UNKNOWN),
    }


_WITH_ID = ("project_region", "project_owner_type", "project_bid_type")
_KINDS = ("project_stage", "project_type", "program", "office", *_WITH_ID)
_UNKNOWN = (
    "designated_market_area", "dictionary_type", "fax", "from_project_template_id", "locale", "logo_id", "logo_url",
    "origin_code", "owners_project_id", "parent_job", "parent_job_id", "persistent_message", "photo_id", "project_sector_id",
    "project_template", "public_notes",
)  # fmt: skip
_COMPACT = frozenset(("id", "name", "display_name"))
# Of version 1.1, in the view `extended` only.
_EXTENDED = frozenset((
    "actual_start_date", "description", "dictionary_type", "estimated_completion_date", "estimated_start_date",
    "inbound_email", "logo_url", "owners_project_id", "persistent_message", "phone", "photo_id",
    "project_bid_type_id", "project_owner_type_id", "project_region_id", "project_template", "public_notes",
    "standard_cost_code_list_id", "tz_name", "warranty_end_date", "warranty_start_date",
))  # fmt: skip


@cache
def _keys(name: str, view: str) -> frozenset[str]:
    """Keys that a list shows in a view."""
    if view == "compact":
        return _COMPACT
    keys = frozenset(one.name.partition(".")[0].removesuffix("[]") for one in endpoint(name).fields)
    return keys - _EXTENDED if (name, view) == ("projects", "normal") else keys


def list_v1_0(call: ApiCall) -> DemoReply:
    """Answer `GET /rest/v1.0/projects`: 100 a page unless asked, 2000 at most."""
    return _list(call, "projects_v1_0", call.query.one("serializer_view"), PageRule(100, 2_000))


def list_v1_1(call: ApiCall) -> DemoReply:
    """Answer `GET /rest/v1.1/projects`: 100 a page unless asked, 300 at most; bare ids come 200,000 a page."""
    view = call.query.one("view")
    return _list(
        call,
        "projects",
        view,
        PageRule(200_000, 200_000, fixed=True) if view == "ids" else PageRule(100, 300),
    )


def show(call: ApiCall) -> DemoReply:
    """Answer `GET /rest/v1.0/projects/{id}`, 403 if the account is not permitted in the project."""
    call.require([("company_id",)])
    row = row_show(call.project(call.ids["id"]))
    return json_reply({key: row[key] for key in _COMPACT} if call.query.one("view") == "minimal" else row)


def _list(call: ApiCall, name: str, view: str, rule: PageRule) -> DemoReply:
    call.require(endpoint(name).required_query)
    if view not in ("", "normal", *endpoint(name).views):
        raise bad_request(f"view does not have a valid value: {view}", "view")
    portfolio, company, view = call.portfolio, call.company, view or "normal"

    def write(project: Project) -> Any:
        keys = _keys(name, view)
        return project.id if view == "ids" else {k: v for k, v in row_show(project).items() if k in keys}

    def as_json(index: int) -> orjson.Fragment:
        return orjson.Fragment(portfolio.row_bytes(f"{name}:{view}", company, index, write))

    size = portfolio.size(company)
    return page_reply(call, _chosen(call), as_json, rule, newcomer=lambda number: size + number)


def _chosen(call: ApiCall) -> Sequence[int]:
    filters = dict(call.query.filters)
    indices = _by_status(call, filters.pop("by_status", ["Active"])[-1])
    wanted = [test for name, values in filters.items() if (test := _test(name, values))]
    if not wanted and not call.query.sorts:
        return indices
    found = [call.portfolio.project(call.company, index) for index in indices]
    found = [project for project in found if all(test(project) for test in wanted)]
    for field, descending in reversed(call.query.sorts):
        if field in _SORTS:
            found.sort(key=lambda project: _rank(project, field), reverse=descending)
    return [project.index for project in found]


def _by_status(call: ApiCall, status: str) -> Sequence[int]:
    indices = range(call.portfolio.size(call.company))
    if status.lower() == "all":
        return indices
    if status.lower() not in ("active", "inactive"):
        raise bad_request(f"filters[by_status] does not have a valid value: {status}", "filters[by_status]")
    active = status.lower() == "active"
    return call.portfolio.by_activity(call.company, active=active)


# Filters by equality, and what each reads.
_EQUAL = {"id": "id", "name": "name", "project_number": "number", "origin_id": "origin_id"}
_EQUAL |= {
    f"by_{kind}": f"{kind}.id"
    for kind in ("stage", "type", "program", "office", "region", "owner_type", "bid_type")
}
_EVER = datetime.min.replace(tzinfo=UTC)
_SORTS = ("id", "name", "display_name", "created_at", "updated_at")


def _read(project: Project, path: str) -> Any:
    value: Any = project
    for part in path.split("."):
        value = getattr(value, part, None)
    return value


def _test(name: str, values: list[str]) -> Callable[[Project], bool] | None:
    """Whether a project passes a filter; None if there is none of that name."""
    wanted = {value.lower() for value in values}
    if name in _EQUAL:
        return lambda project: str(_read(project, _EQUAL[name])).lower() in wanted
    if name == "synced":
        return lambda project: str(project.origin_id is not None).lower() in wanted
    if name in ("is_demo", "template"):
        return lambda _project: "false" in wanted
    if name == "by_department":
        return lambda project: any(str(department.id) in wanted for department in project.departments)
    if name not in ("created_at", "updated_at"):
        return None
    first, last = read_range(values[-1], f"filters[{name}]")
    return lambda project: (first or _EVER) <= getattr(project, name) <= (last or NOW)


def _rank(project: Project, field: str) -> Any:
    value = getattr(project, field)
    return value.lower() if isinstance(value, str) else value
