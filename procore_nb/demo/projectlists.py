"""The lists of projects, and a single one.

In: a call. Out: a reply. `GET /rest/v1.0/projects`, `GET /rest/v1.1/projects`, `GET /rest/v1.0/projects/{id}`: active
projects only, unless `filters[by_status]` says otherwise. Keys as in Procore's reference of the three operations.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from functools import cache
from typing import Any

import orjson

from procore_nb.catalog import Endpoint, endpoint
from procore_nb.demo.company import SERVICE_ACCOUNT, Choice, Stage, read_facts
from procore_nb.demo.http_messages import ApiCall, DemoReply, PageRule, bad_request, json_reply, page_reply
from procore_nb.demo.portfolio import Project
from procore_nb.demo.tables.filtering import filtered

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
    street, known, index = project.street, project.address is not None, project.index
    sector = project.type.name if project.type else None
    return _linked(project) | {
        "id": project.id, "name": project.name, "display_name": project.display_name,
        "project_number": project.number, "active": project.active, "address": project.address,
        "city": street.city if known else None, "state_code": street.state_code if known else None,
        "country_code": street.country_code, "zip": street.zip if known else None,
        "county": street.county if known and index % 5 else None, "latitude": project.latitude,
        # Accounts hold both spellings: most projects the one of Rails, those made by other software the one of IANA.
        "longitude": project.longitude, "time_zone": street.tz_name if index % 7 == 3 else street.time_zone,
        "tz_name": street.tz_name, "company": {"id": project.company.id, "name": project.company.name},
        "stage": project.stage.name, "sector": sector,
        "description": f"A {sector.lower() if sector else 'building'} project in {street.city}, made up for the demo.",
        "store_number": f"{index:05}" if sector == "Retail" else None,
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
    linked: dict[str, Choice | Stage | None] = {
        key: getattr(project, key.removeprefix("project_")) for key in _LINKED
    }
    warranty = project.actual_finish
    texts = {
        "start_date": project.start, "estimated_start_date": project.start,
        "actual_start_date": project.actual_start, "completion_date": project.finish,
        "estimated_completion_date": project.finish, "projected_finish_date": project.projected,
        "warranty_start_date": warranty, "warranty_end_date": warranty and warranty + timedelta(days=730),
        "estimated_value": project.estimated_value, "total_value": project.total_value,
    }  # fmt: skip
    return {
        **{key: entry and {"id": entry.id, "name": entry.name} for key, entry in linked.items()},
        **{f"{key}_id": (entry := linked[key]) and entry.id for key in _WITH_ID},
        **{key: None if value is None else str(value) for key, value in texts.items()},
        "departments": [{"id": choice.id, "name": choice.name} for choice in project.departments],
        **dict.fromkeys(_KEYS["unknown"]),
    }


_WITH_ID = ("project_region", "project_owner_type", "project_bid_type")
_LINKED = ("project_stage", "project_type", "program", "office", *_WITH_ID)
_COMPACT = ("id", "name", "display_name")
# Keys that no project of the demo has a value for, and those of version 1.1 in the view `extended` only.
_KEYS = read_facts("project_keys")


@cache
def _keys(name: str, view: str) -> frozenset[str]:
    """Keys that a list shows in a view."""
    if view == "compact":
        return frozenset(_COMPACT)
    keys = frozenset(field.name.partition(".")[0].removesuffix("[]") for field in endpoint(name).fields)
    return keys.difference(_KEYS["extended"]) if (name, view) == ("projects", "normal") else keys


def list_v1_0(call: ApiCall) -> DemoReply:
    """Answer `GET /rest/v1.0/projects`: 100 a page unless asked, 2000 at most."""
    return _list(call, endpoint("projects_v1_0"), PageRule(100, 2_000))


def list_v1_1(call: ApiCall) -> DemoReply:
    """Answer `GET /rest/v1.1/projects`: 100 a page unless asked, 300 at most; bare ids come 200,000 a page."""
    bare_ids = call.query.one("view") == "ids"
    return _list(
        call, endpoint("projects"), PageRule(200_000, 200_000, fixed=True) if bare_ids else PageRule(100, 300)
    )


def show(call: ApiCall) -> DemoReply:
    """Answer `GET /rest/v1.0/projects/{id}`, 403 if the account is not permitted in the project."""
    call.require([("company_id",)])
    row = row_show(call.project(call.ids["id"]))
    return json_reply({key: row[key] for key in _COMPACT} if call.query.one("view") == "minimal" else row)


def _list(call: ApiCall, listed: Endpoint, rule: PageRule) -> DemoReply:
    call.require(listed.required_query)
    portfolio, company, view = call.portfolio, call.company, call.query.one(listed.view_param) or "normal"
    if view not in ("normal", *listed.views):
        raise bad_request(f"view does not have a valid value: {view}", "view")
    keys = _keys(listed.name, view)

    def write(project: Project) -> Any:
        row = row_show(project)
        return project.id if view == "ids" else {key: row[key] for key in row if key in keys}

    def as_json(index: int) -> orjson.Fragment:
        return orjson.Fragment(portfolio.row_bytes(f"{listed.name}:{view}", company, index, write))

    size = portfolio.size(company)
    return page_reply(call, _indices(call), as_json, rule, newcomer=lambda number: size + number)


def _indices(call: ApiCall) -> Sequence[int]:
    """Indices of the projects a call asks for; projects are made only where a filter or a sort reads them."""
    portfolio, company = call.portfolio, call.company
    status = call.query.filters.get("by_status", ["Active"])[-1]
    indices: Sequence[int] = range(portfolio.size(company))
    if status.lower() in ("active", "inactive"):
        indices = portfolio.by_activity(company, active=status.lower() == "active")
    elif status.lower() != "all":
        raise bad_request(f"filters[by_status] does not have a valid value: {status}", "filters[by_status]")
    if not call.query.sorts and call.query.filters.keys() <= {"by_status"}:
        return indices
    rows = [_filterable(portfolio.project(company, index)) for index in indices]
    return [row["index"] for row in filtered(rows, call.query, endpoint("projects"))]


def _filterable(project: Project) -> Row:
    """What the filters and sorts of both lists read of a project."""
    linked = ("stage", "type", "program", "office", "region", "owner_type", "bid_type")
    return {
        "index": project.index, "id": project.id, "name": project.name, "display_name": project.display_name,
        "project_number": project.number, "origin_id": project.origin_id, "synced": project.origin_id is not None,
        "is_demo": False, "template": False, "department": [{"id": choice.id} for choice in project.departments],
        "created_at": moment(project.created_at), "updated_at": moment(project.updated_at),
        **{key: (entry := getattr(project, key)) and {"id": entry.id} for key in linked},
    }  # fmt: skip
