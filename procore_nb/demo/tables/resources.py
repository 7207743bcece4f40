"""Hours of the builder's own people (timecards, timesheets, tickets for time and material) and what they achieved; equipment on
a project and in the company's fleet; assets: the plant of a building that its owner takes over, from planned to commissioned.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from procore_nb.demo.company import NOW, TODAY, read_facts
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.claims import claims
from procore_nb.demo.tables.dailylogs import SiteDay, planned_hours, site_days
from procore_nb.demo.tables.plan import Works, once_begun, plan_of, works
from procore_nb.demo.tables.registry import RequestContext, Row, Rows, per_project, table
from procore_nb.demo.tables.templates import common, fixed_columns, fixed_entry, names_of, render

_KEPT_DAYS, _PER_DAY = 40, 8
# A made-up portfolio may have 100,000 projects: beyond so many, hours, fleet and assets are not listed for the whole company.
_MOST_TIMECARDS, _MOST_EQUIPMENT = 400, 2_000
_OWN_CODES = (0, 2)  # work done by the builder's own people
_UNITS = {2: "m3", 3: "m2", 4: "m2", 5: "t", 7: "m2", 8: "m2", 9: "m2", 10: "m2", 16: "m3", 17: "m2"}


def _projects(context: RequestContext, most: int) -> Iterator[RequestContext]:
    """The same question about each project of the company that may be seen."""
    portfolio, company = context.portfolio, context.company
    for index in range(min(portfolio.size(company), most)):
        project = portfolio.project(company, index)
        if project.permitted:
            yield context.within(project)


@table("timecard_entries", "timecard_entries_by_query")
def timecard_entries(context: RequestContext) -> Rows:
    for day in site_days(context)[-_KEPT_DAYS:]:
        yield from _entries(context, day)


@table("company_timecard_entries")
def company_timecard_entries(context: RequestContext) -> Rows:
    for inside in _projects(context, _MOST_TIMECARDS):
        project = {"id": inside.project.id, "name": inside.project.name}
        yield from ({**row, "project": project, "in_progress": False} for row in timecard_entries(inside))


@table("timesheets")
def timesheets(context: RequestContext) -> Rows:
    for day in site_days(context)[-_KEPT_DAYS:]:
        yield {**_sheet(context, day), "timecard_entries": list(_entries(context, day))}


def _entries(context: RequestContext, day: SiteDay) -> Rows:
    """Up to five people; an hour of overtime now and then."""
    codes = [crew.code for crew in day.crews if crew.code in _OWN_CODES] or [0]
    types = [fixed_entry(context, "timecard_time_types", number) for number in (0, 1)]
    sheet, first = _sheet(context, day), context.id("timecard_entry", day.index % 1_200 * _PER_DAY)
    status, times = sheet["status"], {key: sheet[key] for key in ("created_at", "updated_at")}
    for number in range(len(directory.office(context)[:5])):
        if (day.index + number * 5) % 11 == 0:
            continue
        late = (day.index + number) % 9 == 0
        hours = Decimal("5.5") if day.weather.stops_work else Decimal("10.0") if late else Decimal("8.0")
        yield {
            **_timecards(context)[number, codes[number % len(codes)]], "date": day.day, **times,
            "datetime": context.calendar.noon(day.day), "id": first + number, "hours": hours,
            "timesheet": sheet, "timecard_time_type": types[late], "timesheet_status": status,
            "approval_status": status,
        }  # fmt: skip


@per_project
def _timecards(context: RequestContext) -> dict[tuple[int, int], Row]:
    """What the entries of a person (by number) at a cost code say every day."""
    place, codes = directory.place(context, 0), directory.cost_codes(context)
    return {
        (number, code): render(
            "timecard", context, person=person, billable=code != 0, code=codes[code], place=place
        )
        for code in _OWN_CODES
        for number, person in enumerate(directory.office(context)[:5])
    }


def _sheet(context: RequestContext, day: SiteDay) -> Row:
    entered = context.calendar.at(day.day, 16, day.index * 7 % 60)
    status = "approved" if (TODAY - day.day).days > 7 else "pending"
    return render("timesheet", context, day=day, n=day.index + 1, status=status, entered=entered)


@table("time_and_material_entries")
def time_and_material_entries(context: RequestContext) -> Rows:
    asked = (claim for claim in claims(context) if claim.question is not None and claim.status != "void")
    for number, claim in enumerate(asked):
        yield render(
            "time_and_material", context, claim=claim, number=number, n=number + 1,
            worked=context.calendar.day_of(claim.created), place=directory.place(context, number)["id"],
            updated=claim.decided or claim.created, status=2 if claim.decided else 1,
            author=directory.office(context)[number % 3],
        )  # fmt: skip


@table("field_production_report")
@once_begun
def field_production_report(context: RequestContext, term: Works) -> Rows:
    """Hours spent are those of the manpower log."""
    plan = plan_of(context.project)
    spent = dict.fromkeys(plan, Decimal(0))
    for crew in (crew for day in site_days(context) for crew in day.crews):
        spent[crew.code] += crew.man_hours
    for code, part in plan.items():
        done, actual = part.done(term.elapsed(term.until)), float(spent[code])
        hours = planned_hours(context, code)
        quantity = hours * 3 // 4 + 10 if code in _UNITS else None
        if actual:
            built = quantity and round(quantity * done)
            yield render(
                "production", context, code=directory.cost_codes(context)[code], hours=hours, actual=actual,
                unit=_UNITS.get(code), quantity=quantity, built=built, done=done * 100,
                remaining=max(0.0, hours - actual), earned=round(hours * done, 2),
                projected=round(actual / done, 2) if done > 0.02 else hours,
                utilization=f"{actual / hours * 100:.2f}" if hours else None,
                left=quantity - built if quantity and built is not None else None,
                planned_rate=round(quantity / hours, 4) if quantity and hours else None,
                rate=None if built is None else round(built / actual, 4),
            )  # fmt: skip


@table("managed_equipment")
def managed_equipment(context: RequestContext) -> Rows:
    term, project = works(context), context.project
    for number, name in enumerate(names_of("equipment_admin") if term else ()):
        kind_number = fixed_columns("equipment_admin", number)["kind"]
        kind = fixed_entry(context, "managed_equipment_types", kind_number)
        on_site = term is not None and not term.ended
        yield render(
            "equipment", context, number=number, kind=kind, kind_id=kind["id"], name=name,
            n=project.index + 1, project_now=project.id if on_site else None,
            year=2012 + (project.index + number) % 13, serial=context.id("serial", number) % 1_000_003,
            letters=name[:2].upper(), status="active" if on_site else "inactive",
            ownership="owned" if number % 2 else "rented",
            updated=max(project.created_at, NOW - timedelta(days=4 + number)),
        )  # fmt: skip


_TYPES: list[tuple[str, str]] = read_facts("lists")["asset_types"]
# Each asset: number of its type, its code, the cost code that installs it, numbers of its location and trade.
_ASSETS: list[tuple[int, str, int, int, int]] = read_facts("lists")["assets"]
_FIRST_TYPE = 82_101


@table("assets")
@once_begun
def assets(context: RequestContext, term: Works) -> Rows:
    plan, entered = plan_of(context.project), context.calendar.entered
    for number, (kind, code, cost_code, location, trade) in enumerate(_ASSETS):
        part = plan.get(cost_code)
        if part is None:
            continue
        days = term.begin, term.day_at((part.begin + part.end) / 2), term.day_at(part.end)
        status = sum(day <= TODAY for day in days[1:])
        yield render(
            "asset", context, id=context.id("asset", number), code=code, kind=_TYPES[kind][0], number=code[-1],
            place=directory.locations(context)[location], trade=directory.trades()[trade],
            type_id=_FIRST_TYPE + kind, status=fixed_entry(context, "asset_statuses", status),
            created=entered(term.begin, number), modified=entered(days[status], number),
        )  # fmt: skip


@table("company_managed_equipment", "company_assets")
def company_equipment(context: RequestContext) -> Rows:
    """The fleet, of projects under way only; the assets of every project."""
    fleet = context.endpoint.name == "company_managed_equipment"
    small = context.portfolio.size(context.company) <= _MOST_EQUIPMENT
    for inside in _projects(context, _MOST_EQUIPMENT) if small else ():
        if not fleet or 0 < inside.project.progress < 1:
            rows = managed_equipment(inside) if fleet else assets(inside)
            yield from ({**common(inside), **row} for row in rows)


@table("asset_types", "company_asset_types")
def asset_types(context: RequestContext) -> Rows:
    begun = context.target is not None and works(context) is not None
    for number, (name, code) in enumerate(_TYPES):
        count, type_id = begun * sum(kind == number for kind, *_ in _ASSETS), _FIRST_TYPE + number
        yield render(
            "asset_type", context, id=type_id, n=number + 1, name=name, code=code, begun=begun, count=count
        )
