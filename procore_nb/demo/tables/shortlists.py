"""The company's short lists: stages, types, programs, offices, regions, departments, months of its books, custom fields;
a project's tools.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from procore_nb.demo import company as lists
from procore_nb.demo.company import TODAY, TOOLS, Choice, read_facts
from procore_nb.demo.tables.registry import RequestContext, Rows, table

_CHOICES: dict[str, tuple[Choice, ...]] = {
    "project_types": lists.TYPES,
    "project_regions": lists.REGIONS,
    "project_owner_types": lists.OWNER_TYPES,
    "project_bid_types": lists.BID_TYPES,
    "departments": lists.DEPARTMENTS,
}
_MONTHS = 36  # of the company's books, this one the last
_FIELDS = (*lists.CUSTOM_FIELDS, *lists.RECORD_FIELDS)
_OFFICE_PLACES: dict[str, tuple[str, str]] = read_facts("lists")["office_places"]


@table(*_CHOICES)
def choices(context: RequestContext) -> Rows:
    for choice in _CHOICES[context.endpoint.name]:
        yield {"id": choice.id, "name": choice.name}


@table("companies")
def companies(context: RequestContext) -> Rows:
    """Every company the account sees, whichever is asked."""
    for one in context.portfolio.companies:
        mine = {"my_company": one.id == context.company.id, "pcn_business_experience": False}
        yield {"id": one.id, "name": one.name, "is_active": True, **mine}


@table("project_stages")
def stages(_context: RequestContext) -> Rows:
    for stage in lists.STAGES:
        yield {
            "id": stage.id, "name": stage.name, "is_bidding_stage": False, "is_concept_stage": False,
            "category": stage.category, "readonly": True, "default_stage": True,
            "hideable": stage.category in ("not_awarded", "canceled"),
            "has_rfi_prefixes": stage.category == "course_of_construction",
            "project_stage_has_children": False,
        }  # fmt: skip


@table("programs")
def programs(context: RequestContext) -> Rows:
    portfolio, company = context.portfolio, context.company
    shown = portfolio.projects(company) if portfolio.size(company) < 2_000 else []
    for program in lists.PROGRAMS:
        count = sum(project.program == program for project in shown)
        yield {"id": program.id, "name": program.name, "project_count": count}


@table("offices")
def offices(_context: RequestContext) -> Rows:
    for office in lists.OFFICES:
        state_code, country_code = _OFFICE_PLACES[office.name]
        place = {"city": office.name, "state_code": state_code, "country_code": country_code}
        yield {"id": office.id, "name": office.name, **place}


@table("financial_periods", "financial_periods_with_snapshots", "financial_periods_open")
def financial_periods(context: RequestContext) -> Rows:
    """Closed on the tenth of the next month, one after the other."""
    last = TODAY.year * 12 + TODAY.month - 1
    for month in range(last - _MONTHS + 1, last + 1):
        start, after = date(month // 12, month % 12 + 1, 1), date((month + 1) // 12, (month + 1) % 12 + 1, 1)
        closing, made = after + timedelta(days=9), start - timedelta(days=20)
        status = "closed" if closing <= TODAY else "open"
        if status == "open" or context.endpoint.name != "financial_periods_open":
            yield {
                "id": str(82_400 + month % 1_200), "name": f"{start:%B %Y}", "group_name": str(start.year),
                "start_date": start, "end_date": after - timedelta(days=1), "status": status,
                "created_at": datetime.combine(made, time(8), UTC),
                "updated_at": datetime.combine(closing if status == "closed" else made, time(8), UTC),
            }  # fmt: skip


@table("custom_field_definitions", "custom_field_definitions_v1_1", "custom_field_definitions_v1_0")
def custom_field_definitions(context: RequestContext) -> Rows:
    for field in _FIELDS:
        yield {
            "id": field.id, "label": field.label, "active": True, "data_type": field.data_type,
            "description": field.description, "configurable_field_sets_count": 1,
        }  # fmt: skip


@table("custom_field_lov_entries")
def custom_field_lov_entries(context: RequestContext) -> Rows:
    asked = context.ids["custom_field_definition_id"]
    for field in _FIELDS:
        if str(field.id) == asked:
            yield from _entries(field)


@table("custom_field_metadata", "custom_field_metadata_v1_0")
def custom_field_metadata(context: RequestContext) -> Rows:
    shown = [(field, module) for field in _FIELDS for module in field.modules or ("Project",)]
    for number, (field, module) in enumerate(shown):
        yield {
            "id": 73_001 + number, "custom_field_definition_id": field.id, "position": number + 1,
            "host_type": f"ConfigurableFieldSet::{module.replace(' ', '')}", "label": field.label,
            "data_type": field.data_type, "row": number, "column": 0, "column_width": 6, "required": False,
            "visible": True, "lov_entries": list(_entries(field)),
        }  # fmt: skip


@table("project_tools")
def project_tools(context: RequestContext) -> Rows:
    project = context.here
    for number, tool in enumerate(TOOLS):
        yield {
            "id": 4_001 + number, "engine_name": tool.engine_name,
            "is_active": tool.module not in project.tools_off, "position": number + 1, "required": False,
            "title": tool.title,
        }  # fmt: skip


def _entries(field: lists.CustomField) -> Rows:
    for position, choice in enumerate(field.choices):
        yield {"id": choice.id, "label": choice.name, "position": position + 1, "active": True}
