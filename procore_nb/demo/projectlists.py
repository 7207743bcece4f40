"""The lists of projects, and a single one.

In: a call. Out: a reply. `GET /rest/v1.0/projects`, `GET /rest/v1.1/projects`, `GET /rest/v1.0/projects/{id}`: active
projects only, unless `filters[by_status]` says otherwise. Keys as in Procore's reference of the three operations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import orjson

from procore_nb.demo.api_call import ApiCall, PageRule, page_reply, read_range
from procore_nb.demo.company import SERVICE_ACCOUNT, Choice, Stage
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


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def _money(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _choice(value: Choice | Stage | None) -> Row | None:
    return None if value is None else {"id": value.id, "name": value.name}


def _id(value: Choice | None) -> int | None:
    return None if value is None else value.id


def row_compact(project: Project) -> Row:
    return {"id": project.id, "name": project.name, "display_name": project.display_name}


def row_v1_0(project: Project) -> Row:
    """Row of version 1.0: the stage is a word."""
    kind, index = project.type, project.index
    return {
        **_common(project), **_linked(project), "stage": project.stage.name, "parent_job": None, "fax": None,
        "sector": kind.name if kind else None, "project_sector_id": None,
        "work_scope": ("new_construction", "renovation_alteration", "maintenance_service")[index % 3],
        "delivery_method": ("design_build_db", "design_bid_build_dbb", None)[index % 3],
        "estimated_budget": None if project.estimated_value is None else float(project.estimated_value),
        "priority": ("low", "medium", "high", None)[index % 4],
    }  # fmt: skip


def row_v1_1(project: Project) -> Row:
    """Row of version 1.1, view `normal`: the stage is an object."""
    return {
        **_common(project), "square_feet": project.square_feet, "project_type": _choice(project.type),
        "program": _choice(project.program), "office": _choice(project.office),
        "project_region": _choice(project.region), "project_owner_type": _choice(project.owner_type),
        "project_bid_type": _choice(project.bid_type), "flag": project.flag,
        "departments": [_choice(department) for department in project.departments],
    }  # fmt: skip


def row_v1_1_extended(project: Project) -> Row:
    warranty, kind = project.actual_finish, project.type.name.lower() if project.type else "building"
    return {
        **row_v1_1(project), **_linked(project), "actual_start_date": _day(project.actual_start),
        "description": f"A {kind} project in {project.street.city}, made up for the demo.",
        "estimated_completion_date": _day(project.finish), "estimated_start_date": _day(project.start),
        "inbound_email": f"project-{project.id}@inbound.example", "dictionary_type": None, "logo_url": None,
        "persistent_message": None, "public_notes": None, "standard_cost_code_list_id": 5101,
        "tz_name": project.street.tz_name, "warranty_start_date": _day(warranty),
        "warranty_end_date": _day(warranty and warranty + timedelta(days=730)),
    }  # fmt: skip


def row_show(project: Project) -> Row:
    unknown = dict.fromkeys(("logo_id", "from_project_template_id", "locale"))
    return {**row_v1_0(project), **row_v1_1_extended(project), **unknown, "template": False}


def _common(project: Project) -> Row:
    """What every row says."""
    street, known = project.street, project.address is not None
    return {
        **row_compact(project), "project_number": project.number, "active": project.active,
        "address": project.address, "city": street.city if known else None,
        "state_code": street.state_code if known else None, "country_code": street.country_code,
        "zip": street.zip if known else None,
        "county": street.county if known and project.index % 5 else None, "latitude": project.latitude,
        # Accounts hold both spellings: most projects the one of Rails, those made by other software the one of IANA.
        "longitude": project.longitude,
        "time_zone": street.tz_name if project.index % 7 == 3 else street.time_zone,
        "company": {"id": project.company.id, "name": project.company.name},
        "project_stage": _choice(project.stage), "start_date": _day(project.start),
        "completion_date": _day(project.finish), "projected_finish_date": _day(project.projected),
        "estimated_value": _money(project.estimated_value), "total_value": _money(project.total_value),
        "store_number": f"{project.index:05}" if project.type and project.type.name == "Retail" else None,
        "accounting_project_number": project.origin_id, "designated_market_area": None, "is_demo": False,
        "parent_job_id": project.parent_id, "origin_id": project.origin_id, "origin_code": None,
        "origin_data": "synced" if project.origin_id else None,
        "created_by": {key: SERVICE_ACCOUNT[key] for key in ("id", "name", "login")},
        "created_at": moment(project.created_at), "updated_at": moment(project.updated_at),
        "custom_fields": project.custom_fields,
    }  # fmt: skip


def _linked(project: Project) -> Row:
    """What version 1.0 and the longest view of version 1.1 say besides."""
    return {
        "project_bid_type_id": _id(project.bid_type), "project_owner_type_id": _id(project.owner_type),
        "project_region_id": _id(project.region), "phone": project.phone,
        **dict.fromkeys(("owners_project_id", "photo_id", "project_template")),
    }  # fmt: skip


Writer = Callable[[Project], Any]

_V1_0: dict[str, Writer] = {"normal": row_v1_0, "compact": row_compact}
_V1_1: dict[str, Writer] = {
    "ids": lambda project: project.id,
    "compact": row_compact,
    "normal": row_v1_1,
    "extended": row_v1_1_extended,
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
    return json_reply(row_compact(project) if minimal else row_show(project))


def _list(call: ApiCall, version: str, views: dict[str, Writer], rule: PageRule, view: str) -> DemoReply:
    call.require_company()
    if view and view not in views:
        raise bad_request(f"view does not have a valid value: {view}", "view")
    write = views[view or "normal"]
    shape = f"{version}:{view or 'normal'}"
    portfolio, company = call.portfolio, call.company

    def as_json(index: int) -> orjson.Fragment:
        return orjson.Fragment(portfolio.row_bytes(shape, company, index, write))

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


# Filters by equality with what stands there, or none of it does.
_EQUAL = {"id": "id", "name": "name", "project_number": "number", "origin_id": "origin_id"}
_EQUAL |= {
    f"by_{kind}": f"{kind}.id"
    for kind in ("stage", "type", "program", "office", "region", "owner_type", "bid_type")
}
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
    return lambda project: (
        (first is None or _read(project, name) >= first) and (last is None or _read(project, name) <= last)
    )


def _rank(project: Project, field: str) -> Any:
    value = getattr(project, field)
    return value.lower() if isinstance(value, str) else value
