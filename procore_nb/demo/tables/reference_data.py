"""What a company and its projects keep beside the work: users, people and firms, insurances, permission templates, dates, links,
and how they are broken down: locations, cost codes, cost types, trades, the list of projects.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from procore_nb.demo.company import NOW, SERVICE_ACCOUNT, TODAY, Company
from procore_nb.demo.portfolio import Portfolio
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.budgetcodes import cost_code_row
from procore_nb.demo.tables.directory import TeamMember, Vendor
from procore_nb.demo.tables.registry import RequestContext, Row, Rows, table

_COVERS = (("General Liability", "2000000"), ("Workers Compensation", "1000000"))


@table("insurances", "project_insurances")
def insurances(context: RequestContext) -> Rows:
    """Some have run out, some were renewed, one firm in fourteen sent none."""
    for vendor in directory.vendors(context):
        luck, words = vendor.id * 29 % 14, ("compliant_in_progress", *["compliant"] * 4)
        fine = "non_compliant" if luck == 1 else words[vendor.id % 5]
        for number, (kind, limit) in enumerate(_COVERS if luck else ()):
            ends = TODAY + timedelta(days=(vendor.id * 37 + number * 90) % 420 - 45)
            for years in range(1 + (vendor.id % 4 == 0)):
                last = ends - timedelta(days=365 * years)
                yield {
                    "id": vendor.id * 10 + number + 5 * years, "vendor_id": vendor.id,
                    "insurance_type": kind,
                    "insurance_provider": "Lighthouse Mutual" if vendor.id % 2 else "Harbour Re",
                    "policy_number": f"P{vendor.id}{number}", "limit": limit,
                    "effective_date": last - timedelta(days=365), "expiration_date": last,
                    "status": "expired" if last < TODAY else fine, "exempt": False, "info_received": True,
                    "enable_expired_insurance_notifications": True,
                }  # fmt: skip


@table("project_dates")
def project_dates(context: RequestContext) -> Rows:
    project = context.here
    points = (
        ("Start on site", project.start, project.actual_start),
        ("Practical completion", project.finish, project.actual_finish),
        ("Projected finish", project.projected, None),
    )
    for number, (name, planned, actual) in enumerate(points):
        yield {
            "id": context.id("project_date", number), "name": name, "date": planned,
            "actual_date": actual if actual and actual <= TODAY else None, "display_on_timeline": True,
        }  # fmt: skip


@table("locations", "locations_by_query")
def locations(context: RequestContext) -> Rows:
    """Parents before children; the name holds the whole path."""
    if context.project is None:
        return
    created = context.project.created_at
    for place in directory.locations(context):
        yield {**place.ref, "created_at": created, "updated_at": created + timedelta(days=3)}


@table("cost_codes")
def cost_codes(context: RequestContext) -> Rows:
    types = [kind.row for kind in directory.COST_TYPES]
    for number in range(len(directory.cost_codes(context))):
        yield {**cost_code_row(context, number), "line_item_types": types}


@table("line_item_types")
def line_item_types(_context: RequestContext) -> Rows:
    for kind in directory.COST_TYPES:
        yield kind.row


@table("trades")
def trades(_context: RequestContext) -> Rows:
    for trade in directory.trades():
        yield {**trade.ref, "active": True, "updated_at": NOW - timedelta(days=trade.id % 400)}


@table("company_projects")
def company_projects(context: RequestContext) -> Rows:
    portfolio, company = context.portfolio, context.company
    for index in portfolio.by_activity(company, active=True):
        project = portfolio.project(company, index)
        street = project.street
        yield {
            "id": project.id, "name": project.name,
            "address": {
                "street": project.address, "city": street.city, "state_code": street.state_code,
                "zip": street.zip, "country_code": street.country_code,
            },
            "stage_name": project.stage.name, "status_name": "Active",
            "type_name": project.type.name if project.type else None,
            "created_by": {"id": SERVICE_ACCOUNT["id"], "email": SERVICE_ACCOUNT["login"]},
        }  # fmt: skip


_SINCE = datetime(2022, 2, 1, 9, tzinfo=UTC)
_JOBS = ("Project Manager", "Superintendent", "Project Engineer", "Estimator", "Safety Officer", "Foreman")
_LARGE = 2_000  # projects; beyond, firms no longer say which ones they work on


@table("users", "users_v1_2", "users_v1_1", "users_v1_0", "users_by_query", "users_v1_2_by_query")
@table("users_v1_1_by_query", "users_v1_0_by_query", "project_users", "users_inactive")
@table("project_users_inactive", "people", "project_people")
def users(context: RequestContext) -> Rows:
    inactive = context.endpoint.name.endswith("inactive")
    yield from (_user(one) for one in directory.people(context) if one.is_active != inactive)


@table("vendors", "project_vendors", "project_vendors_v1_0")
def vendors(context: RequestContext) -> Rows:
    yield from (_firm(context, vendor) for vendor in directory.parties(context))


def _user(person: TeamMember) -> Row:
    """In the words of the lists of users and of people."""
    own, number = person.vendor is None, person.id
    seen, created = NOW - timedelta(hours=number % 900), _SINCE + timedelta(days=number % 1_200)
    return {
        **_named(person), "name": person.name, "initials": person.first_name[0] + person.last_name[0],
        "job_title": _JOBS[number % (5 if own else 6)] if number % 11 else None,
        "is_active": person.is_active, "is_employee": own,
        "employee_id": f"E{number % 10_000:05}" if own else None,
        "business_phone": f"+1 555-0{100 + number % 100}", "contact_id": 1_000_000 + number,
        "vendor": person.vendor.ref if person.vendor else None,
        "permission_template": {"id": 910 + own, "name": "Team" if own else "Trade", "type": "global"},
        "last_login_at": seen if number % 7 else None, "created_at": created,
        "updated_at": max(created, seen), "user_id": number,
        "contact": {"is_active": True, "email": person.login},
    }  # fmt: skip


def _named(person: TeamMember) -> Row:
    names = {"first_name": person.first_name, "last_name": person.last_name}
    return {"id": person.id, **names, "email_address": person.login}


def _firm(context: RequestContext, vendor: Vendor) -> Row:
    staff = [person for person in directory.directory(context.company.id)[1] if person.vendor == vendor]
    created = _SINCE + timedelta(days=vendor.id % 800)
    times = {"created_at": created, "updated_at": created}
    return {
        "id": vendor.id, "name": vendor.name, "company": vendor.name, "trade_name": vendor.trade or None,
        "country_code": vendor.country or None,
        "email_address": f"office@{vendor.name.split()[0].lower()}.example", "is_active": True,
        "is_connected": vendor.id % 2 == 0, "authorized_bidder": True, "prequalified": vendor.id % 4 != 0,
        "union_member": vendor.id % 3 == 0, "synced_to_erp": False, "contact_count": len(staff),
        "children_count": 0, "primary_contact": {**_named(staff[0]), **times} if staff else None,
        "project_ids": list(_projects_of(context.portfolio, context.company).get(vendor.id, ())),
        "trades": [{**vendor.trade_row, "updated_at": _SINCE}] if vendor.trade else [],
        "company_vendor": True, "legal_name": f"{vendor.name} Limited", "created_at": created,
        "updated_at": created + timedelta(days=vendor.id % 90),
    }  # fmt: skip


@lru_cache(maxsize=8)
def _projects_of(portfolio: Portfolio, company: Company) -> dict[int, list[int]]:
    """Ids of the projects each firm works on."""
    found: dict[int, list[int]] = {}
    if portfolio.size(company) <= _LARGE:
        for project in portfolio.projects(company):
            for vendor in directory.parties_of(company, project):
                found.setdefault(vendor.id, []).append(project.id)
    return found
