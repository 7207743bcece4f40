"""Incidents and what they hold (injuries, near misses, damage, harm to the environment, witnesses' words), what was done about
them, and the company's lists of their kinds.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from procore_nb.demo.company import NOW, read_facts
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.inspected import FILINGS, FIRST_AID, LOST, MEDICAL, Accident, accidents
from procore_nb.demo.tables.quality import FROM_MISHAPS, OBSERVATION
from procore_nb.demo.tables.registry import RequestContext, Row, table
from procore_nb.demo.tables.row_forms import written

INCIDENT = "incident"
_KINDS: dict[str, list[str]] = read_facts("safety")["kinds"]
_PARTS: dict[str, list[str]] = read_facts("safety")["parts_hurt"]
_TITLES: dict[str, list[str]] = read_facts("safety")["titles"]
_FIRST = {name: 80_700 + 20 * number for number, name in enumerate(_KINDS)}
_SINCE = NOW - timedelta(days=1_000)


@table(*_KINDS)
def kinds(context: RequestContext) -> Iterator[Row]:
    """One of the company's lists of kinds: hazards, sources of harm, parts of the body, ..."""
    for number in range(len(_KINDS[context.endpoint.name])):
        yield kind(context.endpoint.name, number)


def kind(name: str, number: int) -> Row:
    """Entry of one of those lists, by any number."""
    number %= len(_KINDS[name])
    row = {"id": _FIRST[name] + number, "name": _KINDS[name][number], "active": True, "global": True}
    return {**row, "selectable": True, "created_at": _SINCE, "updated_at": _SINCE}


@table("incidents")
def incidents(context: RequestContext) -> Iterator[Row]:
    for one in accidents(context):
        calendar = context.here.calendar
        entered = calendar.after(one.happened, 2 / 24)
        closed = calendar.after(entered, 20) if one.closed else entered
        seen, status = int(one.observed), "closed" if one.closed else "open"
        about = {"title": title(context, one), "author": directory.office(context)[one.index % 3]}
        yield written(
            "incident", context, one=one, n=one.index + 1, status=status, entered=entered, **about
        ) | {
            "witness_statements_count": int(one.recordable),
            "open_observations_count": 0 if one.closed else seen,
            "closed_observations_count": seen if one.closed else 0,
            "hazard": kind("hazards", one.index + one.code),
            "location": directory.place(context, one.index + one.code) if one.index % 6 else None,
            "updated_at": max(entered, closed),
        }


@table("injuries")
def injuries(context: RequestContext) -> Iterator[Row]:
    for one in accidents(context):
        if one.kind != "injury":
            continue
        _affliction, part, _activity = _harm(context, one)
        yield {
            **record(context, one, "Injury"), "filing_type": FILINGS[one.filing],
            "recordable": one.recordable, "work_days_absent": one.days_lost,
            "work_days_restricted": 0 if one.index % 4 == 3 else one.days_restricted,
            "work_days_transferred": one.days_restricted if one.index % 4 == 3 else 0,
            "date_returned_to_work": one.returned,
            "hospitalized_overnight": one.filing == LOST and one.days_lost > 14,
            "treated_in_er": one.filing in (MEDICAL, LOST),
            "treatment_provider": "Site first aider" if one.filing == FIRST_AID else None,
            "affliction_type": _affliction, "body_parts": [part],
        }  # fmt: skip


@table("near_misses")
def near_misses(context: RequestContext) -> Iterator[Row]:
    for one in accidents(context):
        if one.kind == "near_miss":
            yield {**record(context, one, "NearMiss"), "recordable": False}


@table("incident_actions")
def incident_actions(context: RequestContext) -> Iterator[Row]:
    """What was done after incidents; the first action may have become an observation."""
    for one in accidents(context):
        for step in range(one.actions):
            action = kind("incident_action_types", one.index + step)
            entered = context.here.calendar.after(one.happened, (5 + 20 * step) / 24)
            seen = context.id(OBSERVATION, FROM_MISHAPS + one.index) if one.observed and step == 0 else None
            text = f"{action['name']}: done with the crew."
            about = {"action": action, "text": text, "entered": entered, "number": one.index * 4 + step}
            yield {**written("incident_action", context, one=one, **about), "observation_id": seen}


def title(context: RequestContext, one: Accident) -> str:
    """What happened, in a few words."""
    if one.kind == "injury":
        affliction, part, activity = (found["name"].lower() for found in _harm(context, one))
        return f"{affliction.capitalize()}: {part}, while {activity}"
    titles = _TITLES[one.kind]
    return titles[(one.index * 7 + one.code + context.here.index) % len(titles)]


def _harm(context: RequestContext, one: Accident) -> tuple[Row, Row, Row]:
    """Affliction, part of the body and activity of an injury; no fracture is left to first aid."""
    number = one.index * 5 + one.code + context.here.index
    affliction = kind("incident_affliction_types", number)
    if affliction["name"] == "Fracture" and not one.recordable:
        affliction = kind("incident_affliction_types", number - 1)
    parts = _PARTS[affliction["name"]]
    part = _KINDS["incident_body_parts"].index(parts[(number // 2 + one.code) % len(parts)])
    return (
        affliction,
        kind("incident_body_parts", part),
        kind("incident_work_activities", number * 3 + one.index),
    )


def record(context: RequestContext, one: Accident, kind_name: str) -> Row:
    """What the records of every kind say: the injury, near miss or damage that makes an incident."""
    firm, entered = directory.firm_for(context, one.code), context.here.calendar.after(one.happened, 3 / 24)
    about: Row = {"one": one, "n": one.index + 1, "firm": firm, "entered": entered, "type": kind_name}
    about |= {"person": directory.worker_of(context, firm), "text": title(context, one)}
    about |= {"author": directory.office(context)[one.index % 3], "activity": _harm(context, one)[2]}
    source = kind("incident_harm_sources", one.index + one.code)
    return written("incident_record", context, source=source, **about)


@table("property_damages")
def property_damages(context: RequestContext) -> Iterator[Row]:
    for one in accidents(context):
        if one.kind == "damage":
            yield {
                **record(context, one, "PropertyDamage"),
                "recordable": False,
                "estimated_cost_impact": Decimal(800 + one.index * 370 % 9_000).quantize(Decimal("0.01")),
                "responsible_company": directory.firm_for(context, one.code).ref,
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
