"""The lists of projects, and a single one.

In: a call. Out: a reply. `GET /rest/v1.0/projects`, `GET /rest/v1.1/projects`, `GET /rest/v1.0/projects/{id}`: active
projects only, unless `filters[by_status]` says otherwise. Keys as in Procore's reference of the three operations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from procore_nb.demo.api_call import ApiCall, PageRule, page_reply, read_range
from procore_nb.demo.company import SERVICE_ACCOUNT, Choice
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


def day(value: date | None) -> str | None:
    """Date as Procore writes it, `2026-06-18`."""
    return None if value is None else value.isoformat()


def money(value: Decimal | None) -> str | None:
    """Amount as Procore writes it: a decimal in a string."""
    return None if value is None else str(value)


def choice(value: Choice | None) -> Row | None:
    """Entry of a short list as `{id, name}`."""
    return None if value is None else {"id": value.id, "name": value.name}


def row_v1_0(project: Project) -> Row:
    """Row of version 1.0: the stage is a word."""
    return {
        **_place(project), "stage": project.stage.name,
        "project_stage": {"id": project.stage.id, "name": project.stage.name}, "project_template": None,
        "phone": project.phone, **_common(project), "parent_job": None, "owners_project_id": None,
        "project_region_id": project.region.id if project.region else None,
        "project_bid_type_id": project.bid_type.id if project.bid_type else None,
        "project_owner_type_id": project.owner_type.id if project.owner_type else None, "photo_id": None,
        "fax": None, "sector": project.type.name if project.type else None,
        "work_scope": ("new_construction", "renovation_alteration", "maintenance_service")[project.index % 3],
        "delivery_method": ("design_build_db", "design_bid_build_dbb", None)[project.index % 3],
        "estimated_budget": None if project.estimated_value is None else float(project.estimated_value),
        "priority": ("low", "medium", "high", None)[project.index % 4], "project_sector_id": None,
        "created_by": {key: SERVICE_ACCOUNT[key] for key in ("id", "name", "login")},
        "custom_fields": project.custom_fields,
    }  # fmt: skip


def row_v1_1(project: Project) -> Row:
    """Row of version 1.1, view `normal`: the stage is an object."""
    return {
        **_place(project), **_common(project), "square_feet": project.square_feet,
        "project_stage": {"id": project.stage.id, "name": project.stage.name},
        "project_type": choice(project.type), "program": choice(project.program),
        "office": choice(project.office), "project_region": choice(project.region),
        "project_owner_type": choice(project.owner_type), "project_bid_type": choice(project.bid_type),
        "created_by": {key: SERVICE_ACCOUNT[key] for key in ("id", "name", "login")},
        "departments": [choice(department) for department in project.departments],
        "custom_fields": project.custom_fields, "flag": project.flag,
    }  # fmt: skip


def row_v1_1_extended(project: Project) -> Row:
    warranty = project.actual_finish
    return {
        **row_v1_1(project), "actual_start_date": day(project.actual_start),
        "description": _description(project), "dictionary_type": None,
        "estimated_completion_date": day(project.finish), "estimated_start_date": day(project.start),
        "inbound_email": f"project-{project.id}@inbound.example", "logo_url": None,
        "owners_project_id": None, "persistent_message": None, "phone": project.phone, "photo_id": None,
        "project_bid_type_id": project.bid_type.id if project.bid_type else None,
        "project_owner_type_id": project.owner_type.id if project.owner_type else None,
        "project_region_id": project.region.id if project.region else None, "project_template": None,
        "public_notes": None, "standard_cost_code_list_id": 5101, "tz_name": project.street.tz_name,
        "warranty_start_date": day(warranty),
        "warranty_end_date": day(warranty + timedelta(days=730) if warranty else None),
    }  # fmt: skip


def row_show(project: Project) -> Row:
    return {
        **row_v1_0(project), **row_v1_1_extended(project), "logo_id": None, "template": False,
        "from_project_template_id": None, "locale": None, "parent_job": None,
    }  # fmt: skip


def row_compact(project: Project) -> Row:
    return {"id": project.id, "name": project.name, "display_name": project.display_name}


def _place(project: Project) -> Row:
    street = project.street
    known = project.address is not None
    return {
        "id": project.id,
        "name": project.name,
        "display_name": project.display_name,
        "project_number": project.number,
        "active": project.active,
        "address": project.address,
        "city": street.city if known else None,
        "state_code": street.state_code if known else None,
        "country_code": street.country_code,
        "zip": street.zip if known else None,
        "county": street.county if known and project.index % 5 else None,
        "latitude": project.latitude,
        "longitude": project.longitude,
        # Accounts hold both spellings: most projects the one of Rails, those made by other software the one of IANA.
        "time_zone": street.tz_name if project.index % 7 == 3 else street.time_zone,
        "company": {"id": project.company.id, "name": project.company.name},
    }


def _common(project: Project) -> Row:
    return {
        "start_date": day(project.start), "completion_date": day(project.finish),
        "projected_finish_date": day(project.projected), "estimated_value": money(project.estimated_value),
        "total_value": money(project.total_value),
        "store_number": f"{project.index:05}" if project.type and project.type.name == "Retail" else None,
        "accounting_project_number": project.origin_id, "designated_market_area": None, "is_demo": False,
        "parent_job_id": project.parent_id, "origin_id": project.origin_id,
        "origin_data": "synced" if project.origin_id else None, "origin_code": None,
        "created_at": moment(project.created_at), "updated_at": moment(project.updated_at),
    }  # fmt: skip


def _description(project: Project) -> str:
    kind = project.type.name.lower() if project.type else "building"
    return f"A {kind} project in {project.street.city}, made up for the demo."


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
    "id": _among(lambda project: project.id), "name": _among(lambda project: project.name),
    "project_number": _among(lambda project: project.number),
    "origin_id": _among(lambda project: project.origin_id),
    "synced": _among(lambda project: project.origin_id is not None),
    "is_demo": _among(lambda _project: False), "template": _among(lambda _project: False),
    "created_at": _within(lambda project: project.created_at),
    "updated_at": _within(lambda project: project.updated_at),
    "by_stage": _linked(lambda project: Choice(project.stage.id, project.stage.name)),
    "by_type": _linked(lambda project: project.type),
    "by_program": _linked(lambda project: project.program),
    "by_office": _linked(lambda project: project.office),
    "by_region": _linked(lambda project: project.region),
    "by_owner_type": _linked(lambda project: project.owner_type),
    "by_bid_type": _linked(lambda project: project.bid_type), "by_department": _departments,
}  # fmt: skip
_SORTS: dict[str, Callable[[Project], Any]] = {
    "id": lambda project: project.id,
    "name": lambda project: project.name.lower(),
    "display_name": lambda project: project.display_name.lower(),
    "created_at": lambda project: project.created_at,
    "updated_at": lambda project: project.updated_at,
}
