"""Machines: on a project, and the company's fleet; assets: the plant of a building that its owner takes over, from planned to
commissioned.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from procore_nb.demo.company import NOW, TODAY, read_facts
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.directory import MACHINES
from procore_nb.demo.tables.plan import Works, plan_of, works
from procore_nb.demo.tables.registry import RequestContext, Row, table
from procore_nb.demo.tables.row_forms import written

_KINDS = ("Earthmoving", "Earthmoving", "Lifting", "Access")
_LARGE = 2_000  # projects; beyond, the fleet is not listed


@table("managed_equipment")
def managed_equipment(context: RequestContext) -> Iterator[Row]:
    """Machines of a project; those of one that is over have gone elsewhere."""
    term = works(context)
    if term is not None:
        for number in range(len(MACHINES)):
            yield _machine(context, number, on_site=not term.ended)


@table("company_managed_equipment")
def fleet(context: RequestContext) -> Iterator[Row]:
    """Machines of all projects under way."""
    if context.portfolio.size(context.company) > _LARGE:
        return
    for project in context.portfolio.projects(context.company):
        if project.permitted and 0 < project.progress < 1:
            yield from managed_equipment(context.within(project))


@table("equipment_admin")
def equipment_admin(context: RequestContext) -> Iterator[Row]:
    """Machines as the daily log names them."""
    for number, name in enumerate(MACHINES):
        yield {"id": context.id("equipment", number), "name": name}


@table("managed_equipment_types")
def machine_types(context: RequestContext) -> Iterator[Row]:
    for number, name in enumerate(dict.fromkeys(_KINDS)):
        yield {"id": 81_101 + number, "name": name, "company_id": context.company.id, "is_active": True}


def _machine(context: RequestContext, number: int, *, on_site: bool) -> Row:
    kinds = list(dict.fromkeys(_KINDS))
    kind, since = kinds.index(_KINDS[number]), context.here.created_at
    return written("equipment", context, number=number) | {
        "name": f"{MACHINES[number]} #{context.here.index + 1:03}",
        "current_project_id": context.here.id if on_site else None,
        "serial_number": f"SN{context.id('serial', number) % 1_000_003:07}",
        "identification_number": f"{MACHINES[number][:2].upper()}-{context.here.index:03}",
        "managed_equipment_type_id": 81_101 + kind,
        "managed_equipment_type": {"id": 81_101 + kind, "name": kinds[kind], "is_active": True},
        "year": 2012 + (context.here.index + number) % 13,
        "status": "active" if on_site else "inactive",
        "ownership": "owned" if number % 2 else "rented",
        "updated_at": max(since, NOW - timedelta(days=4 + number)),
    }


_TYPES: list[tuple[str, str]] = read_facts("lists")["asset_types"]
_STATUSES: list[tuple[str, str]] = read_facts("lists")["asset_statuses"]


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
def assets(context: RequestContext) -> Iterator[Row]:
    """Assets of a project whose works have begun."""
    term = works(context)
    if term is not None:
        for number in range(len(ASSETS)):
            if ASSETS[number].cost_code not in plan_of(context.here):
                continue
            yield _asset(context, term, number)


@table("company_assets")
def company_assets(context: RequestContext) -> Iterator[Row]:
    """Assets of all projects that the account may look into."""
    if context.portfolio.size(context.company) > _LARGE:
        return
    for project in context.portfolio.projects(context.company):
        if project.permitted:
            yield from assets(context.within(project))


@table("asset_types", "company_asset_types")
def asset_types(context: RequestContext) -> Iterator[Row]:
    count = 0 if context.project is None or works(context) is None else 1
    for number, (name, code) in enumerate(_TYPES):
        yield {
            "id": _type_id(number), "name": name, "code": code, "active": True,
            "company_id": context.company.id, "is_leaf": True, "is_asset": False, "has_assets": bool(count),
            "display_order": number + 1, "overridden": False,
            "asset_count": count * sum(one.type == number for one in ASSETS),
        }  # fmt: skip


@table("asset_statuses", "company_asset_statuses")
def asset_statuses(_scene: RequestContext) -> Iterator[Row]:
    for number, (name, color) in enumerate(_STATUSES):
        yield {
            "id": _status_id(number), "status_name": name, "color_code": color, "display_order": number + 1,
            "asset_status_group": {"id": "82301", "name": "Default"}, "status_group_id": "82301",
        }  # fmt: skip


def _type_id(number: int) -> str:
    return str(82_101 + number)


def _status_id(number: int) -> str:
    return str(82_201 + number)


def _asset(context: RequestContext, term: Works, number: int) -> Row:
    one, part = ASSETS[number], plan_of(context.here)[ASSETS[number].cost_code]
    installed, commissioned = term.day_at((part.begin + part.end) / 2), term.day_at(part.end)
    status = (installed <= TODAY) + (commissioned <= TODAY)
    place, trade = directory.locations(context)[one.place], directory.trades()[one.trade]
    return written("asset", context, one=one, place=place, trade=trade) | {
        "id": str(context.id("asset", number)),
        "asset_name": f"{_TYPES[one.type][0]} {one.code[-1]}",
        "asset_status": {"id": _status_id(status), "name": _STATUSES[status][0]},
        "description": f"{_TYPES[one.type][0]}, {place.ref['node_name']}",
        "asset_type": {"id": _type_id(one.type), "name": _TYPES[one.type][0]},
        "created_at": context.here.calendar.entered(term.begin, number),
        "modified_at": context.here.calendar.entered((term.begin, installed, commissioned)[status], number),
    }
