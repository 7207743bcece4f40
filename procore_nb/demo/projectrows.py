"""Projects as rows of `GET /rest/v1.0/projects`, `GET /rest/v1.1/projects` and `GET /rest/v1.0/projects/{id}`.

In: a project. Out: a dict, for each view. Keys as in Procore's reference of the three operations.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from procore_nb.demo.company import SERVICE_ACCOUNT, Choice
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
        **_place(project),
        "stage": project.stage.name,
        "project_stage": {"id": project.stage.id, "name": project.stage.name},
        "project_template": None,
        "phone": project.phone,
        **_common(project),
        "parent_job": None,
        "owners_project_id": None,
        "project_region_id": project.region.id if project.region else None,
        "project_bid_type_id": project.bid_type.id if project.bid_type else None,
        "project_owner_type_id": project.owner_type.id if project.owner_type else None,
        "photo_id": None,
        "fax": None,
        "sector": project.type.name if project.type else None,
        "work_scope": ("new_construction", "renovation_alteration", "maintenance_service")[project.index % 3],
        "delivery_method": ("design_build_db", "design_bid_build_dbb", None)[project.index % 3],
        "estimated_budget": None if project.estimated_value is None else float(project.estimated_value),
        "priority": ("low", "medium", "high", None)[project.index % 4],
        "project_sector_id": None,
        "created_by": {key: SERVICE_ACCOUNT[key] for key in ("id", "name", "login")},
        "custom_fields": project.custom_fields,
    }


def row_v1_1(project: Project) -> Row:
    """Row of version 1.1, view `normal`: the stage is an object."""
    return {
        **_place(project),
        **_common(project),
        "square_feet": project.square_feet,
        "project_stage": {"id": project.stage.id, "name": project.stage.name},
        "project_type": choice(project.type),
        "program": choice(project.program),
        "office": choice(project.office),
        "project_region": choice(project.region),
        "project_owner_type": choice(project.owner_type),
        "project_bid_type": choice(project.bid_type),
        "created_by": {key: SERVICE_ACCOUNT[key] for key in ("id", "name", "login")},
        "departments": [choice(department) for department in project.departments],
        "custom_fields": project.custom_fields,
        "flag": project.flag,
    }


def row_v1_1_extended(project: Project) -> Row:
    """Row of version 1.1, view `extended`."""
    warranty = project.actual_finish
    return {
        **row_v1_1(project),
        "actual_start_date": day(project.actual_start),
        "description": _description(project),
        "dictionary_type": None,
        "estimated_completion_date": day(project.finish),
        "estimated_start_date": day(project.start),
        "inbound_email": f"project-{project.id}@inbound.example",
        "logo_url": None,
        "owners_project_id": None,
        "persistent_message": None,
        "phone": project.phone,
        "photo_id": None,
        "project_bid_type_id": project.bid_type.id if project.bid_type else None,
        "project_owner_type_id": project.owner_type.id if project.owner_type else None,
        "project_region_id": project.region.id if project.region else None,
        "project_template": None,
        "public_notes": None,
        "standard_cost_code_list_id": 5101,
        "tz_name": project.street.tz_name,
        "warranty_start_date": day(warranty),
        "warranty_end_date": day(warranty + timedelta(days=730) if warranty else None),
    }


def row_show(project: Project) -> Row:
    """Answer of the single project."""
    return {
        **row_v1_0(project),
        **row_v1_1_extended(project),
        "logo_id": None,
        "template": False,
        "from_project_template_id": None,
        "locale": None,
        "parent_job": None,
    }


def row_compact(project: Project) -> Row:
    """Row of the views `compact` and `minimal`."""
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
        "start_date": day(project.start),
        "completion_date": day(project.finish),
        "projected_finish_date": day(project.projected),
        "estimated_value": money(project.estimated_value),
        "total_value": money(project.total_value),
        "store_number": f"{project.index:05}" if project.type and project.type.name == "Retail" else None,
        "accounting_project_number": project.origin_id,
        "designated_market_area": None,
        "is_demo": False,
        "parent_job_id": project.parent_id,
        "origin_id": project.origin_id,
        "origin_data": "synced" if project.origin_id else None,
        "origin_code": None,
        "created_at": moment(project.created_at),
        "updated_at": moment(project.updated_at),
    }


def _description(project: Project) -> str:
    kind = project.type.name.lower() if project.type else "building"
    return f"A {kind} project in {project.street.city}, made up for the demo."
