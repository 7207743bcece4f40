"""Hours of the builder's own people (timecards, timesheets, tickets for time and material) and what they achieved; equipment on
a project and in the company's fleet; assets: the plant of a building that its owner takes over, from planned to commissioned.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from procore_nb.demo.company import NOW, TODAY, read_facts
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.claims import claims
from procore_nb.demo.tables.dailylogs import SiteDay, planned_hours, site_days
from procore_nb.demo.tables.plan import plan_of, works
from procore_nb.demo.tables.registry import RequestContext, Row, Rows, Table, per_project, table
from procore_nb.demo.tables.templates import common, fixed_columns, fixed_entry, names_of, render

_KEPT_DAYS = 40
_PER_DAY = 8
_MOST_PROJECTS = 400
_OWN_CODES = (0, 2)  # work done by the builder's own people
_UNITS = {2: "m3", 3: "m2", 4: "m2", 5: "t", 7: "m2", 8: "m2", 9: "m2", 10: "m2", 16: "m3", 17: "m2"}


@table("timecard_entries", "timecard_entries_by_query")
def timecard_entries(context: RequestContext) -> Rows:
    for one in site_days(context)[-_KEPT_DAYS:]:
        yield from _entries(context, one)


@table("company_timecard_entries")
def company_timecard_entries(context: RequestContext) -> Rows:
    portfolio, company = context.portfolio, context.company
    # A made-up portfolio may have 100,000 projects; whoever asks for so many hours asks project by project.
    for index in range(min(portfolio.size(company), _MOST_PROJECTS)):
        project = portfolio.project(company, index)
        if project.permitted:
            for entry in timecard_entries(context.within(project)):
                yield {**entry, "project": {"id": project.id, "name": project.name}, "in_progress": False}


@table("timesheets")
def timesheets(context: RequestContext) -> Rows:
    for one in site_days(context)[-_KEPT_DAYS:]:
        yield {**_sheet(context, one), "timecard_entries": list(_entries(context, one))}


@table("time_and_material_entries")
def time_and_material_entries(context: RequestContext) -> Rows:
    asked = (one for one in claims(context) if one.question is not None and one.status != "void")
    for number, one in enumerate(asked):
        yield render(
            "time_and_material", context, one=one, number=number, n=number + 1,
            worked=context.calendar.day_of(one.created), place=directory.place(context, number)["id"],
            updated=one.decided or one.created, status=2 if one.decided else 1,
            author=directory.office(context)[number % 3],
        )  # fmt: skip


@table("field_production_report")
def field_production_report(context: RequestContext) -> Rows:
    """Hours spent are those of the manpower log."""
    term = works(context)
    if term is None:
        return
    spent = dict.fromkeys(plan_of(context.project), Decimal(0))
    for day in site_days(context):
        for crew in day.crews:
            spent[crew.code] += crew.man_hours
    for code, part in plan_of(context.project).items():
        planned = directory.cost_codes(context)[code]
        done = part.done(term.elapsed(term.until))
        hours, actual = planned_hours(context, code), float(spent[code])
        if not actual:
            continue
        quantity = hours * 3 // 4 + 10 if code in _UNITS else 0
        made = round(quantity * done)
        yield {
            "cost_code_id": planned.id, "cost_code": f"{planned.code} - {planned.name}",
            "budgeted_hours": hours, "actual_hours": actual, "remaining_hours": max(0.0, hours - actual),
            "hours_utilization": f"{actual / hours * 100:.2f}" if hours else None,
            "projected_hours_at_completion": round(actual / done, 2) if done > 0.02 else hours,
            "earned_hours": round(hours * done, 2), "budgeted_quantity": quantity or None,
            "actual_quantity": made if quantity else None,
            "remaining_quantities": quantity - made if quantity else None,
            "unit_of_measure": _UNITS.get(code), "percent_complete": f"{done * 100:.2f}",
            "budgeted_production_rate": round(quantity / hours, 4) if quantity and hours else None,
            "actual_production_rate": round(made / actual, 4) if quantity else None, "is_budgeted": "true",
        }  # fmt: skip


def _entries(context: RequestContext, one: SiteDay) -> Rows:
    """Up to five people; an hour of overtime now and then."""
    codes = [crew.code for crew in one.crews if crew.code in _OWN_CODES] or [0]
    types = [fixed_entry(context, "timecard_time_types", number) for number in (0, 1)]
    sheet, first = _sheet(context, one), context.id("timecard_entry", one.index % 1_200 * _PER_DAY)
    for number in range(len(directory.office(context)[:5])):
        if (one.index + number * 5) % 11 == 0:
            continue
        late = (one.index + number) % 9 == 0
        hours = Decimal("5.5") if one.weather.stops_work else Decimal("10.0") if late else Decimal("8.0")
        yield {
            **_shown(context)[number, codes[number % len(codes)]], "date": one.day,
            "datetime": context.calendar.noon(one.day), "id": first + number,
            "hours": hours, "timecard_time_type": types[late], "timesheet": sheet,
            "timesheet_status": sheet["status"], "approval_status": sheet["status"],
            "created_at": sheet["created_at"], "updated_at": sheet["updated_at"],
        }  # fmt: skip


@per_project
def _shown(context: RequestContext) -> dict[tuple[int, int], Row]:
    """What the entries of a person (by number) at a cost code say every day."""
    place, codes = directory.place(context, 0), directory.cost_codes(context)
    return {
        (number, code): render(
            "timecard", context, person=person, billable=code != 0, work=codes[code].ref, place=place
        )
        for code in _OWN_CODES
        for number, person in enumerate(directory.office(context)[:5])
    }


def _sheet(context: RequestContext, one: SiteDay) -> Row:
    entered = context.calendar.at(one.day, 16, one.index * 7 % 60)
    return {
        "id": context.id("timesheet", one.index), "number": one.index + 1, "name": f"Timesheet {one.day}",
        "date": one.day, "status": "approved" if (TODAY - one.day).days > 7 else "pending",
        "created_by": directory.office(context)[0].ref, "created_at": entered, "updated_at": entered,
    }  # fmt: skip


_LARGE = 2_000  # projects; beyond, neither fleet nor assets of the whole company are listed


@table("managed_equipment")
def managed_equipment(context: RequestContext) -> Rows:
    term, index, since = works(context), context.project.index, context.project.created_at
    for number, name in enumerate(names_of("equipment_admin") if term else ()):
        kind = fixed_entry(
            context, "managed_equipment_types", fixed_columns("equipment_admin", number)["kind"]
        )
        on_site = term is not None and not term.ended
        yield render("equipment", context, number=number, kind=kind, kind_id=kind["id"]) | {
            "name": f"{name} #{index + 1:03}", "current_project_id": context.project.id if on_site else None,
            "serial_number": f"SN{context.id('serial', number) % 1_000_003:07}",
            "identification_number": f"{name[:2].upper()}-{index:03}", "year": 2012 + (index + number) % 13,
            "status": "active" if on_site else "inactive", "ownership": "owned" if number % 2 else "rented",
            "updated_at": max(since, NOW - timedelta(days=4 + number)),
        }  # fmt: skip


@table("company_managed_equipment")
def fleet(context: RequestContext) -> Rows:
    return _everywhere(context, managed_equipment, under_way=True)


_TYPES: list[tuple[str, str]] = read_facts("lists")["asset_types"]


@dataclass(frozen=True)
class Asset:
    """One asset: number of its type, its code, the cost code that installs it, and its place and trade."""

    type: int
    code: str
    cost_code: int
    place: int
    trade: int


ASSETS = tuple(Asset(*one) for one in read_facts("lists")["assets"])


@table("assets")
def assets(context: RequestContext) -> Rows:
    term, plan, entered = works(context), plan_of(context.project), context.calendar.entered
    for number, one in enumerate(ASSETS):
        part = plan.get(one.cost_code)
        if term is None or part is None:
            continue
        days = term.begin, term.day_at((part.begin + part.end) / 2), term.day_at(part.end)
        status = sum(day <= TODAY for day in days[1:])
        place, kind = directory.locations(context)[one.place], _TYPES[one.type][0]
        shown = fixed_entry(context, "asset_statuses", status)
        yield render("asset", context, one=one, place=place, trade=directory.trades()[one.trade]) | {
            "id": str(context.id("asset", number)), "asset_name": f"{kind} {one.code[-1]}",
            "asset_status": {"id": shown["id"], "name": shown["status_name"]},
            "description": f"{kind}, {place.ref['node_name']}",
            "asset_type": {"id": str(82_101 + one.type), "name": kind},
            "created_at": entered(term.begin, number), "modified_at": entered(days[status], number),
        }  # fmt: skip


@table("company_assets")
def company_assets(context: RequestContext) -> Rows:
    return _everywhere(context, assets)


def _everywhere(context: RequestContext, rows_of: Table, *, under_way: bool = False) -> Rows:
    size = context.portfolio.size(context.company)
    for project in context.portfolio.projects(context.company) if size <= _LARGE else ():
        if project.permitted and (not under_way or 0 < project.progress < 1):
            there = context.within(project)
            yield from ({**common(there), **row} for row in rows_of(there))


@table("asset_types", "company_asset_types")
def asset_types(context: RequestContext) -> Rows:
    begun = context.target is not None and works(context) is not None
    for number, (name, code) in enumerate(_TYPES):
        yield {
            "id": str(82_101 + number), "project_id": None, "name": name, "code": code, "active": True,
            "is_leaf": True, "is_asset": False, "has_assets": begun,
            "display_order": number + 1, "overridden": False,
            "asset_count": begun * sum(one.type == number for one in ASSETS),
        }  # fmt: skip
