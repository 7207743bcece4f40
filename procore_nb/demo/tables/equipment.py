"""Machines: on a project, and the company's fleet; assets: the plant of a building that its owner takes over, from planned to
commissioned.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from procore_nb.demo.company import NOW, TODAY, read_facts
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.plan import plan_of, works
from procore_nb.demo.tables.registry import RequestContext, Rows, Table, table
from procore_nb.demo.tables.row_forms import common, fixed, fixed_columns, names_of, written

_LARGE = 2_000  # projects; beyond, neither fleet nor assets of the whole company are listed


@table("managed_equipment")
def managed_equipment(context: RequestContext) -> Rows:
    term, index, since = works(context), context.here.index, context.here.created_at
    for number, name in enumerate(names_of("equipment_admin") if term else ()):
        kind = fixed(context, "managed_equipment_types", fixed_columns("equipment_admin", number)["kind"])
        on_site = term is not None and not term.ended
        yield written("equipment", context, number=number, kind=kind, kind_id=kind["id"]) | {
            "name": f"{name} #{index + 1:03}", "current_project_id": context.here.id if on_site else None,
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
    term, plan, entered = works(context), plan_of(context.here), context.calendar.entered
    for number, one in enumerate(ASSETS):
        part = plan.get(one.cost_code)
        if term is None or part is None:
            continue
        days = term.begin, term.day_at((part.begin + part.end) / 2), term.day_at(part.end)
        status = sum(day <= TODAY for day in days[1:])
        place, kind = directory.locations(context)[one.place], _TYPES[one.type][0]
        shown = fixed(context, "asset_statuses", status)
        yield written("asset", context, one=one, place=place, trade=directory.trades()[one.trade]) | {
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
    begun = context.project is not None and works(context) is not None
    for number, (name, code) in enumerate(_TYPES):
        yield {
            "id": str(82_101 + number), "project_id": None, "name": name, "code": code, "active": True,
            "is_leaf": True, "is_asset": False, "has_assets": begun,
            "display_order": number + 1, "overridden": False,
            "asset_count": begun * sum(one.type == number for one in ASSETS),
        }  # fmt: skip
