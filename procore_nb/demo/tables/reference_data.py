"""What a company and its projects keep beside the work: users, people and firms, insurances, locations, trades, the company's
short lists (stages, types, offices, months of its books, custom fields), and what money is planned by: cost codes and cost types.

In: a context. Out: the lists, `codes_of` a project (a cost code with a cost type: Procore calls the pair a WBS code, or a budget
code), and the parts that rows of money share: cost codes and lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache

from procore_nb.demo import company as lists
from procore_nb.demo.company import NOW, SERVICE_ACCOUNT, TODAY, TOOLS, Choice, Company, read_facts
from procore_nb.demo.portfolio import Portfolio
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.directory import COST_CODES, COST_TYPES, CostType, TeamMember, Vendor
from procore_nb.demo.tables.plan import plan_of
from procore_nb.demo.tables.registry import RequestContext, Row, Rows, table
from procore_nb.demo.tables.templates import currency, render

_TYPES = {kind.code: kind for kind in COST_TYPES}


@dataclass(frozen=True)
class BudgetCode:
    """One cost code with one cost type; `percent` is the part of the cost code's money it takes."""

    number: int
    code: int
    kind: CostType
    percent: int

    @property
    def flat_code(self) -> str:
        return f"{COST_CODES[self.code][0]}.{self.kind.code}"

    @property
    def name(self) -> str:
        return f"{COST_CODES[self.code][1]}.{self.kind.name}"


# Where the facts name no parts, everything is subcontracted.
_PARTS = (
    (code, _TYPES[letter], percent)
    for code in range(len(COST_CODES))
    for letter, percent in read_facts("money")["splits"].get(str(code), {"S": 100}).items()
)
BUDGET_CODES = tuple(BudgetCode(number, *part) for number, part in enumerate(_PARTS))
# What is bought for the site though no budget was made for it: only some direct costs name it.
UNBUDGETED = BudgetCode(len(BUDGET_CODES), 0, _TYPES["M"], 0)


def budget_code(code: int, letter: str) -> BudgetCode:
    """The first one if the cost code has none of that type."""
    own = [one for one in BUDGET_CODES if one.code == code]
    return next((one for one in own if one.kind.code == letter), own[0])


def codes_of(context: RequestContext) -> tuple[BudgetCode, ...]:
    return tuple(one for one in BUDGET_CODES if one.code in plan_of(context.project))


def wbs(context: RequestContext, one: BudgetCode) -> Row:
    return {"id": context.id("wbs_code", one.number), "flat_code": one.flat_code, "description": one.name}


def cost_code_row(context: RequestContext, number: int) -> Row:
    code, budgeted = directory.cost_codes(context)[number], number in plan_of(context.project)
    short = code.code.partition("-")[2]
    return render("cost_code", context, code=code, short=short, budgeted=budgeted, position=number + 1)


def coded(context: RequestContext, one: BudgetCode) -> Row:
    """What every line item says of its budget code."""
    code = wbs(context, one)
    about = {"cost_code": cost_code_row(context, one.code), "line_item_type": one.kind.row}
    return {**about, "wbs_code": code, "wbs_code_id": code["id"], "currency_configuration": currency(context)}


def line_row(
    context: RequestContext,
    kind: str,
    number: int,
    code: BudgetCode,
    text: str,
    amount: int,
    holder: tuple[str, int],
) -> Row:
    """One line of a contract, a change order or a direct cost: `holder` is the kind of that, and its id."""
    about = {"id": context.id(kind, number), "text": text, "amount": amount, "holder_id": holder[1]}
    holder_type, one_unit = holder[0].title().replace("_", ""), Decimal("1.0")
    row = render("line", context, **about, holder_type=holder_type, one_unit=one_unit)
    return {**row, **coded(context, code)}


@table("wbs_codes", "wbs_codes_v2_0")
def wbs_codes(context: RequestContext) -> Rows:
    kinds = context.id("wbs_segment_item", 9_000)
    for one in (*codes_of(context), UNBUDGETED):
        code = directory.cost_codes(context)[one.code]
        cost = {"id": code.id, "code": code.code, "name": code.name, "path_code": code.code}
        kind = {"id": kinds + one.kind.id % 10, "code": one.kind.code, "name": one.kind.name}
        items = [
            {**item, "path_ids": [item["id"]], "path_codes": [item["code"]], "in_use": True}
            for item in (cost, {**kind, "path_code": one.kind.code})
        ]
        yield {**wbs(context, one), **render("wbs_code", context, one=one), "segment_items": items}


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
    project = context.project
    for number, tool in enumerate(TOOLS):
        yield {
            "id": 4_001 + number, "engine_name": tool.engine_name,
            "is_active": tool.module not in project.tools_off, "position": number + 1, "required": False,
            "title": tool.title,
        }  # fmt: skip


def _entries(field: lists.CustomField) -> Rows:
    for position, choice in enumerate(field.choices):
        yield {"id": choice.id, "label": choice.name, "position": position + 1, "active": True}


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
    project = context.project
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
    if context.target is None:
        return
    created = context.target.created_at
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
