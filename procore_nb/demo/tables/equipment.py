"""Machines: on a project, and the company's fleet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from procore_nb.demo.company import NOW
from procore_nb.demo.tables.progress_curve import works
from procore_nb.demo.tables.registry import table
from procore_nb.demo.tables.request_context import RequestContext, Row
from procore_nb.demo.tables.row_forms import written
from procore_nb.demo.tables.site_team import MACHINES

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
    """Types of machines."""
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
