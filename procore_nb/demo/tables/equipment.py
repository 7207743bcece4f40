"""Machines: on a project, and the company's fleet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from procore_nb.demo.company import NOW
from procore_nb.demo.tables import crews
from procore_nb.demo.tables.crews import MACHINES
from procore_nb.demo.tables.registry import table
from procore_nb.demo.tables.scene import Row, Scene
from procore_nb.demo.tables.works import works

_KINDS = ("Earthmoving", "Earthmoving", "Lifting", "Access")
_LARGE = 2_000  # projects; beyond, the fleet is not listed


@table("managed_equipment")
def managed_equipment(scene: Scene) -> Iterator[Row]:
    """Machines of a project; those of one that is over have gone elsewhere."""
    term = works(scene)
    if term is not None:
        for number in range(len(MACHINES)):
            yield _machine(scene, number, on_site=not term.ended)


@table("company_managed_equipment")
def fleet(scene: Scene) -> Iterator[Row]:
    """Machines of all projects under way."""
    if scene.portfolio.size(scene.company) > _LARGE:
        return
    for project in scene.portfolio.projects(scene.company):
        if project.permitted and 0 < project.progress < 1:
            yield from managed_equipment(scene.within(project))


@table("equipment_admin")
def equipment_admin(scene: Scene) -> Iterator[Row]:
    """Machines as the daily log names them."""
    for number, name in enumerate(MACHINES):
        yield {"id": scene.id("equipment", number), "name": name}


@table("managed_equipment_types")
def machine_types(scene: Scene) -> Iterator[Row]:
    """Types of machines."""
    for number, name in enumerate(dict.fromkeys(_KINDS)):
        yield {"id": 81_101 + number, "name": name, "company_id": scene.company.id, "is_active": True}


def _machine(scene: Scene, number: int, *, on_site: bool) -> Row:
    kinds = list(dict.fromkeys(_KINDS))
    kind, since = kinds.index(_KINDS[number]), scene.here.created_at
    return {
        "id": scene.id("managed_equipment", number),
        "name": f"{MACHINES[number]} #{scene.here.index + 1:03}",
        "company_id": scene.company.id,
        "current_project_id": scene.here.id if on_site else None,
        "company_visible": True,
        "serial_number": f"SN{scene.id('serial', number) % 1_000_003:07}",
        "identification_number": f"{MACHINES[number][:2].upper()}-{scene.here.index:03}",
        "managed_equipment_type_id": 81_101 + kind,
        "managed_equipment_type": {"id": 81_101 + kind, "name": kinds[kind], "is_active": True},
        "year": 2012 + (scene.here.index + number) % 13,
        "status": "active" if on_site else "inactive",
        "ownership": "owned" if number % 2 else "rented",
        "created_by": crews.office(scene)[0].ref,
        "created_at": since,
        "updated_at": max(since, NOW - timedelta(days=4 + number)),
    }
