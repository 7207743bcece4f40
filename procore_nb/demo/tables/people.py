"""The directory: users, people and firms of a company and of its projects."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from procore_nb.demo.company import NOW, Company
from procore_nb.demo.portfolio import Portfolio
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.directory import TeamMember, Vendor
from procore_nb.demo.tables.registry import table
from procore_nb.demo.tables.request_context import RequestContext, Row

_SINCE = datetime(2022, 2, 1, 9, tzinfo=UTC)
_JOBS = ("Project Manager", "Superintendent", "Project Engineer", "Estimator", "Safety Officer", "Foreman")
_LARGE = 2_000  # projects; beyond, firms no longer say which ones they work on


@table("users", "users_v1_2", "users_v1_1", "users_v1_0")
@table("users_by_query", "users_v1_2_by_query", "users_v1_1_by_query", "users_v1_0_by_query", "project_users")
def users(context: RequestContext) -> Iterator[Row]:
    """People with a login, active ones only."""
    for person in directory.people(context):
        if person.is_active:
            yield _user(person)


@table("users_inactive", "project_users_inactive")
def users_inactive(context: RequestContext) -> Iterator[Row]:
    """People whose login was switched off."""
    for person in directory.people(context):
        if not person.is_active:
            yield _user(person)


@table("people", "project_people")
def people(context: RequestContext) -> Iterator[Row]:
    """Everybody in the directory."""
    for person in directory.people(context):
        if person.is_active:
            contact = {"is_active": True, "email": person.login}
            yield {**_user(person), "user_id": person.id, "user_uuid": None, "contact": contact}


@table("vendors", "project_vendors", "project_vendors_v1_0")
def vendors(context: RequestContext) -> Iterator[Row]:
    """Firms, owners and the builder itself, active ones only."""
    for vendor in directory.parties(context):
        yield _firm(context, vendor)


def _user(person: TeamMember) -> Row:
    own = person.vendor is None
    seen = NOW - timedelta(hours=person.id % 900)
    return {
        "id": person.id,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "name": person.name,
        "initials": person.first_name[0] + person.last_name[0],
        "email_address": person.login,
        "job_title": _JOBS[person.id % (5 if own else 6)] if person.id % 11 else None,
        "is_active": person.is_active,
        "is_employee": own,
        "employee_id": f"E{person.id % 10_000:05}" if own else None,
        "business_phone": f"+1 555-0{100 + person.id % 100}",
        "contact_id": 1_000_000 + person.id,
        "vendor": person.vendor.ref if person.vendor else None,
        "permission_template": {"id": 910 + own, "name": "Team" if own else "Trade", "type": "global"},
        "last_login_at": seen if person.id % 7 else None,
        "created_at": _SINCE + timedelta(days=person.id % 1_200),
        "updated_at": max(_SINCE + timedelta(days=person.id % 1_200), seen),
    }


def _firm(context: RequestContext, vendor: Vendor) -> Row:
    contact = next((p for p in directory.directory(context.company.id)[1] if p.vendor == vendor), None)
    created = _SINCE + timedelta(days=vendor.id % 800)
    return {
        "id": vendor.id,
        "name": vendor.name,
        "company": vendor.name,
        "trade_name": vendor.trade or None,
        "country_code": vendor.country or None,
        "email_address": f"office@{vendor.name.split()[0].lower()}.example",
        "is_active": True,
        "is_connected": vendor.id % 2 == 0,
        "authorized_bidder": True,
        "prequalified": vendor.id % 4 != 0,
        "union_member": vendor.id % 3 == 0,
        "synced_to_erp": False,
        "contact_count": sum(
            person.vendor == vendor for person in directory.directory(context.company.id)[1]
        ),
        "children_count": 0,
        "primary_contact": _contact(contact, created) if contact else None,
        "project_ids": list(_projects_of(context.portfolio, context.company).get(vendor.id, ())),
        "trades": [{"id": vendor.trade_id, "name": vendor.trade, "active": True, "updated_at": _SINCE}]
        if vendor.trade
        else [],
        "company_vendor": True,
        "legal_name": f"{vendor.name} Limited",
        "created_at": created,
        "updated_at": created + timedelta(days=vendor.id % 90),
    }


def _contact(person: TeamMember, created: datetime) -> Row:
    return {
        "id": person.id,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "email_address": person.login,
        "created_at": created,
        "updated_at": created,
    }


@lru_cache(maxsize=8)
def _projects_of(portfolio: Portfolio, company: Company) -> dict[int, list[int]]:
    """Ids of the projects each firm works on."""
    found: dict[int, list[int]] = {}
    if portfolio.size(company) <= _LARGE:
        for project in portfolio.projects(company):
            for vendor in directory.parties_of(company, project):
                found.setdefault(vendor.id, []).append(project.id)
    return found
