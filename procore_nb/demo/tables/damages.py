"""What incidents hold besides injuries and near misses: damage to property, harm to the environment, witnesses' words."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from procore_nb.demo.tables import directory, site_team
from procore_nb.demo.tables.incidents import INCIDENT, kind, record
from procore_nb.demo.tables.inspected import accidents
from procore_nb.demo.tables.registry import table
from procore_nb.demo.tables.request_context import RequestContext, Row


@table("property_damages")
def property_damages(context: RequestContext) -> Iterator[Row]:
    """Damage, one record for each incident of that kind."""
    for one in accidents(context):
        if one.kind == "damage":
            yield {
                **record(context, one, "PropertyDamage"),
                "recordable": False,
                "estimated_cost_impact": Decimal(800 + one.index * 370 % 9_000).quantize(Decimal("0.01")),
                "responsible_company": site_team.firm_for(context, one.code).ref,
            }


@table("environmentals")
def environmentals(context: RequestContext) -> Iterator[Row]:
    """Harm to the environment, one record for each incident of that kind."""
    for one in accidents(context):
        if one.kind == "spill":
            yield {
                **record(context, one, "Environmental"),
                "recordable": False,
                "environmental_type": kind("incident_environmental_types", one.index),
                "estimated_cost_impact": Decimal(300 + one.index * 190 % 4_000).quantize(Decimal("0.01")),
                "quantity_value": Decimal(20 + one.index * 15 % 180),
                "quantity_unit_of_measure": "l",
            }


@table("witness_statements")
def witness_statements(context: RequestContext) -> Iterator[Row]:
    """What was seen: one statement for each recordable injury."""
    people = directory.people(context)
    for one in accidents(context):
        if not one.recordable:
            continue
        entered = context.here.calendar.after(one.happened, 0.25)
        person = people[one.index % len(people)]
        yield {
            "id": context.id("witness_statement", one.index),
            "incident_id": context.id(INCIDENT, one.index),
            "statement": "<p>I was close by and called for help.</p>",
            "statement_plain_text": "I was close by and called for help.",
            "date_received": context.here.calendar.day_of(entered),
            "witness": {"id": person.id, "name": person.name},
            "custom_fields": {},
            "created_at": entered,
            "updated_at": entered,
        }
