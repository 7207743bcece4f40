"""What a company and its projects keep beside the work: users, people and firms, insurances, locations, trades, the company's
short lists (stages, types, offices, months of its books, custom fields), and what money is planned by: cost codes and cost types.

In: a context. Out: the lists, `codes_of` a project (a cost code with a cost type: Procore calls the pair a WBS code, or a budget
code), and the parts that rows of money share: cost codes and lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from types import SimpleNamespace

from procore_nb.demo import company as lists
from procore_nb.demo.company import NOW, SERVICE_ACCOUNT, TODAY, TOOLS, Company, read_facts
from procore_nb.demo.portfolio import Portfolio
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.directory import COST_CODES, COST_TYPES, CostType
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
    own = [pair for pair in BUDGET_CODES if pair.code == code]
    return next((pair for pair in own if pair.kind.code == letter), own[0])


def codes_of(context: RequestContext) -> tuple[BudgetCode, ...]:
    return tuple(pair for pair in BUDGET_CODES if pair.code in plan_of(context.project))


def wbs(context: RequestContext, pair: BudgetCode) -> Row:
    return {"id": context.id("wbs_code", pair.number), "flat_code": pair.flat_code, "description": pair.name}


def cost_code_row(context: RequestContext, number: int) -> Row:
    code, budgeted = directory.cost_codes(context)[number], number in plan_of(context.project)
    return render("cost_code", context, code=code, budgeted=budgeted, position=number + 1)


def coded(context: RequestContext, pair: BudgetCode) -> Row:
    """What every line item says of its budget code."""
    code = wbs(context, pair)
    shown = {"cost_code": cost_code_row(context, pair.code), "line_item_type": pair.kind.ref}
    return {**shown, "wbs_code": code, "wbs_code_id": code["id"], "currency_configuration": currency(context)}


def line_row(
    context: RequestContext, holder: tuple[str, int], number: int, position: int, code: BudgetCode, text: str,
    amount: int, created: datetime, updated: datetime,
) -> Row:  # fmt: skip
    """One line of a contract, a change order or a direct cost: `holder` is the kind of that, and its id."""
    kind, holder_id = holder
    return coded(context, code) | render(
        "line", context, id=context.id(f"{kind}_line_item", number), text=text, amount=amount,
        one_unit=Decimal("1.0"), holder_type=kind.title().replace("_", ""), holder_id=holder_id,
        n=position + 1, created=created, updated=updated,
    )  # fmt: skip


@table("wbs_codes", "wbs_codes_v2_0")
def wbs_codes(context: RequestContext) -> Rows:
    first_type = context.id("wbs_segment_item", 9_000)
    for pair in (*codes_of(context), UNBUDGETED):
        code, kind = directory.cost_codes(context)[pair.code], pair.kind
        parts = (code.id, code.code, code.name), (first_type + kind.id % 10, kind.code, kind.name)
        items = [render("wbs_item", context, id=i, code=c, name=n, ids=[i], codes=[c]) for i, c, n in parts]
        yield {**wbs(context, pair), **render("wbs_code", context, pair=pair), "segment_items": items}


_FIELDS = (*lists.CUSTOM_FIELDS, *lists.RECORD_FIELDS)
_VERSIONS = ("custom_field_definitions", "custom_field_definitions_v1_1", "custom_field_definitions_v1_0")
# Lists that are a template filled with each of some items.
_TEMPLATED: dict[str, tuple[str, Sequence[object]]] = {
    "project_types": ("choice", lists.TYPES),
    "project_regions": ("choice", lists.REGIONS),
    "project_owner_types": ("choice", lists.OWNER_TYPES),
    "project_bid_types": ("choice", lists.BID_TYPES),
    "departments": ("choice", lists.DEPARTMENTS),
    "project_stages": ("stage", lists.STAGES),
    "line_item_types": ("cost_type", COST_TYPES),
    **dict.fromkeys(_VERSIONS, ("custom_field", _FIELDS)),
}


@table(*_TEMPLATED)
def short_lists(context: RequestContext) -> Rows:
    template, items = _TEMPLATED[context.endpoint.name]
    yield from (render(template, context, item=item) for item in items)


@table("companies")
def companies(context: RequestContext) -> Rows:
    """Every company the account sees, whichever is asked."""
    for item in context.portfolio.companies:
        yield render("company", context, item=item, mine=item == context.company)


@table("programs")
def programs(context: RequestContext) -> Rows:
    portfolio, company = context.portfolio, context.company
    counted = portfolio.projects(company) if portfolio.size(company) < 2_000 else []
    for item in lists.PROGRAMS:
        count = sum(project.program == item for project in counted)
        yield {**render("choice", context, item=item), "project_count": count}


@table("offices")
def offices(context: RequestContext) -> Rows:
    for item in lists.OFFICES:
        state_code, country_code = read_facts("lists")["office_places"][item.name]
        yield render("office", context, item=item, state_code=state_code, country_code=country_code)


_MONTHS = 36  # of the company's books, this one the last


@table("financial_periods", "financial_periods_with_snapshots", "financial_periods_open")
def financial_periods(context: RequestContext) -> Rows:
    """Closed on the tenth of the next month, one after the other."""
    last = TODAY.year * 12 + TODAY.month - 1
    for month in range(last - _MONTHS + 1, last + 1):
        start, after = (date(number // 12, number % 12 + 1, 1) for number in (month, month + 1))
        closing, entered = after + timedelta(days=9), start - timedelta(days=20)
        status = "closed" if closing <= TODAY else "open"
        changed = closing if status == "closed" else entered
        if status == "open" or context.endpoint.name != "financial_periods_open":
            yield render(
                "financial_period", context, id=82_400 + month % 1_200, start=start, status=status,
                end=after - timedelta(days=1), created=datetime.combine(entered, time(8), UTC),
                updated=datetime.combine(changed, time(8), UTC),
            )  # fmt: skip


@table("custom_field_lov_entries")
def custom_field_lov_entries(context: RequestContext) -> Rows:
    for field in _FIELDS:
        if str(field.id) == context.ids["custom_field_definition_id"]:
            yield from _entries(field)


@table("custom_field_metadata", "custom_field_metadata_v1_0")
def custom_field_metadata(context: RequestContext) -> Rows:
    shown = [(field, module) for field in _FIELDS for module in field.modules or ("Project",)]
    for number, (item, module) in enumerate(shown):
        yield render(
            "custom_field_metadata", context, item=item, number=number, n=number + 1, id=73_001 + number,
            module=module.replace(" ", ""), entries=list(_entries(item)),
        )  # fmt: skip


def _entries(field: lists.CustomField) -> Rows:
    for position, choice in enumerate(field.choices):
        yield {"id": choice.id, "label": choice.name, "position": position + 1, "active": True}


@table("project_tools")
def project_tools(context: RequestContext) -> Rows:
    for number, item in enumerate(TOOLS):
        active = item.module not in context.project.tools_off
        yield render("project_tool", context, item=item, id=4_001 + number, n=number + 1, active=active)


_COVERS = (("General Liability", "2000000"), ("Workers Compensation", "1000000"))


@table("insurances", "project_insurances")
def insurances(context: RequestContext) -> Rows:
    """Some have run out, some were renewed, one firm in fourteen sent none."""
    for vendor in directory.vendors(context):
        luck, words = vendor.id * 29 % 14, ("compliant_in_progress", *["compliant"] * 4)
        status = "non_compliant" if luck == 1 else words[vendor.id % 5]
        for number, (cover, limit) in enumerate(_COVERS if luck else ()):
            newest = TODAY + timedelta(days=(vendor.id * 37 + number * 90) % 420 - 45)
            for years in range(1 + (vendor.id % 4 == 0)):
                ends = newest - timedelta(days=365 * years)
                yield render(
                    "insurance", context, vendor=vendor, number=number, cover=cover, limit=limit, ends=ends,
                    id=vendor.id * 10 + number + 5 * years, begins=ends - timedelta(days=365),
                    provider="Lighthouse Mutual" if vendor.id % 2 else "Harbour Re",
                    status="expired" if ends < TODAY else status,
                )  # fmt: skip


@table("project_dates")
def project_dates(context: RequestContext) -> Rows:
    project = context.project
    milestones = (
        ("Start on site", project.start, project.actual_start),
        ("Practical completion", project.finish, project.actual_finish),
        ("Projected finish", project.projected, None),
    )
    for number, (name, planned, actual) in enumerate(milestones):
        actual = actual if actual and actual <= TODAY else None
        yield render("project_date", context, number=number, name=name, date=planned, actual_date=actual)


@table("locations", "locations_by_query")
def locations(context: RequestContext) -> Rows:
    """Parents before children; the name holds the whole path."""
    if context.target is not None:
        created = context.target.created_at
        for location in directory.locations(context):
            yield {**location.ref, "created_at": created, "updated_at": created + timedelta(days=3)}


@table("cost_codes")
def cost_codes(context: RequestContext) -> Rows:
    types = [kind.ref for kind in COST_TYPES]
    for number in range(len(COST_CODES)):
        yield {**cost_code_row(context, number), "line_item_types": types}


@table("trades")
def trades(_context: RequestContext) -> Rows:
    for trade in directory.trades():
        yield {**trade.ref, "active": True, "updated_at": NOW - timedelta(days=trade.id % 400)}


_ACCOUNT = SimpleNamespace(**SERVICE_ACCOUNT)


@table("company_projects")
def company_projects(context: RequestContext) -> Rows:
    for index in context.portfolio.by_activity(context.company, active=True):
        item = context.portfolio.project(context.company, index)
        yield render("company_project", context, item=item, account=_ACCOUNT)


_SINCE = datetime(2022, 2, 1, 9, tzinfo=UTC)
_JOBS = ("Project Manager", "Superintendent", "Project Engineer", "Estimator", "Safety Officer", "Foreman")
_LARGE = 2_000  # projects; beyond, firms no longer say which ones they work on


@table("users", "users_v1_2", "users_v1_1", "users_v1_0", "users_by_query", "users_v1_2_by_query")
@table("users_v1_1_by_query", "users_v1_0_by_query", "project_users", "users_inactive")
@table("project_users_inactive", "people", "project_people")
def users(context: RequestContext) -> Rows:
    """In the words of the lists of users and of people."""
    inactive = context.endpoint.name.endswith("inactive")
    for person in directory.people(context):
        own, number = person.vendor is None, person.id
        seen, created = NOW - timedelta(hours=number % 900), _SINCE + timedelta(days=number % 1_200)
        if person.is_active != inactive:
            yield render(
                "user", context, person=person, own=own, contact=1_000_000 + number, template_id=910 + own,
                job=_JOBS[number % (5 if own else 6)] if number % 11 else None, created=created,
                employee=f"E{number % 10_000:05}" if own else None, updated=max(created, seen),
                template_name="Team" if own else "Trade", phone=100 + number % 100,
                seen=seen if number % 7 else None,
            )  # fmt: skip


@table("vendors", "project_vendors", "project_vendors_v1_0")
def vendors(context: RequestContext) -> Rows:
    projects = _projects_of(context.portfolio, context.company)
    people = directory.directory(context.company.id)[1]
    for vendor in directory.parties(context):
        staff = [person for person in people if person.vendor == vendor]
        created = _SINCE + timedelta(days=vendor.id % 800)
        yield render(
            "vendor", context, vendor=vendor, created=created, staff=len(staff), trade=vendor.trade or None,
            country=vendor.country or None, domain=vendor.name.split()[0].lower(),
            connected=vendor.id % 2 == 0, prequalified=vendor.id % 4 != 0, union=vendor.id % 3 == 0,
            ids=projects.get(vendor.id, []), updated=created + timedelta(days=vendor.id % 90),
            contact=render("contact", context, person=staff[0], created=created) if staff else None,
            trades=[{**vendor.trade_row, "updated_at": _SINCE}] if vendor.trade else [],
        )  # fmt: skip


@lru_cache(maxsize=8)
def _projects_of(portfolio: Portfolio, company: Company) -> dict[int, list[int]]:
    """Ids of the projects each firm works on."""
    ids: dict[int, list[int]] = {}
    if portfolio.size(company) <= _LARGE:
        for project in portfolio.projects(company):
            for vendor in directory.parties_of(company, project):
                ids.setdefault(vendor.id, []).append(project.id)
    return ids
