"""Incidents, the injuries and near misses they hold (see `damages` for the rest), what was done about them, and the company's lists of their kinds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from procore_nb.demo.company import NOW
from procore_nb.demo.tables import site_team
from procore_nb.demo.tables.inspected import FILINGS, Accident, accidents
from procore_nb.demo.tables.observations import FROM_MISHAPS, OBSERVATION
from procore_nb.demo.tables.progress_curve import by_now
from procore_nb.demo.tables.registry import table
from procore_nb.demo.tables.request_context import RequestContext, Row

INCIDENT = "incident"
_KINDS: dict[str, tuple[str, ...]] = {
    "hazards": ("Working at Height", "Moving Plant", "Electricity", "Manual Handling", "Dust"),
    "incident_harm_sources": ("Falling Object", "Hand Tool", "Slippery Ground", "Vehicle", "Sharp Edge"),
    "incident_affliction_types": ("Cut", "Bruise", "Sprain", "Fracture", "Burn"),
    "incident_body_parts": ("Hand", "Foot", "Back", "Head", "Eye", "Knee"),
    "incident_action_types": ("Toolbox Talk", "Barrier Installed", "Equipment Replaced", "Retraining"),
    "incident_work_activities": ("Lifting", "Cutting", "Climbing", "Unloading", "Cleaning"),
    "incident_injury_filing_types": FILINGS,
    "incident_environmental_types": ("Fuel Spill", "Silt in the Drain", "Dust Cloud"),
}
_FIRST = {name: 80_700 + 20 * number for number, name in enumerate(_KINDS)}
_SINCE = NOW - timedelta(days=1_000)
_TITLES = {
    "injury": (
        "Cut hand while unloading",
        "Twisted ankle on the stair",
        "Dust in the eye",
        "Bruise from a prop",
    ),
    "near_miss": ("Board fell from the scaffold", "Plant reversed without a banksman", "Cable found live"),
    "damage": ("Truck hit the gate", "Duct dropped from the hoist"),
    "spill": ("Diesel spilled at the generator", "Silt ran into the street drain", "Dust over the footway"),
}


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
    """Incidents in the order they happened."""
    for one in accidents(context):
        entered = by_now(one.happened + timedelta(hours=2))
        closed = by_now(one.happened + timedelta(days=20)) if one.closed else entered
        seen = int(one.observed)
        yield {
            "id": context.id(INCIDENT, one.index),
            "number": one.index + 1,
            "title": title(one),
            "description": f"{title(one)}. Work stopped, the place was made safe.",
            "event_date": one.happened,
            "time_unknown": False,
            "recordable": one.recordable,
            "private": False,
            "status": "closed" if one.closed else "open",
            "records_count": 1,
            "actions_count": one.actions,
            "witness_statements_count": int(one.recordable),
            "open_observations_count": 0 if one.closed else seen,
            "closed_observations_count": seen if one.closed else 0,
            "attachments_count": 0,
            "created_by": site_team.office(context)[one.index % 3].ref,
            "hazard": kind("hazards", one.index + one.code),
            "location": site_team.place(context, one.index + one.code) if one.index % 6 else None,
            "custom_fields": {},
            "created_at": entered,
            "updated_at": max(entered, closed),
        }


@table("injuries")
def injuries(context: RequestContext) -> Iterator[Row]:
    """Injuries, one for each incident of that kind."""
    for one in accidents(context):
        if one.kind != "injury":
            continue
        back = one.happened.date() + timedelta(days=one.days_lost + 1) if one.filing == 2 else None
        yield {
            **record(context, one, "Injury"),
            "filing_type": FILINGS[one.filing],
            "recordable": one.recordable,
            "work_days_absent": one.days_lost,
            "work_days_restricted": 4 if one.filing == 3 else 0,
            "work_days_transferred": 0,
            "date_returned_to_work": back if back and back <= NOW.date() else None,
            "hospitalized_overnight": one.filing == 2 and one.days_lost > 14,
            "treated_in_er": one.filing in (1, 2),
            "affliction_type": kind("incident_affliction_types", one.index),
            "body_parts": [kind("incident_body_parts", one.index * 5 + one.code)],
        }


@table("near_misses")
def near_misses(context: RequestContext) -> Iterator[Row]:
    """Near misses, one for each incident of that kind."""
    for one in accidents(context):
        if one.kind == "near_miss":
            yield {**record(context, one, "NearMiss"), "recordable": False}


@table("incident_actions")
def incident_actions(context: RequestContext) -> Iterator[Row]:
    """What was done after incidents; the first action may have become an observation."""
    for one in accidents(context):
        for step in range(one.actions):
            action = kind("incident_action_types", one.index + step)
            entered = by_now(one.happened + timedelta(hours=5 + 20 * step))
            seen = context.id(OBSERVATION, FROM_MISHAPS + one.index) if one.observed and step == 0 else None
            text = f"{action['name']}: done with the crew."
            yield {
                "id": context.id("incident_action", one.index * 4 + step),
                "incident_id": context.id(INCIDENT, one.index),
                "action_type": action,
                "description": f"<p>{text}</p>",
                "description_plain_text": text,
                "observation_id": seen,
                "created_at": entered,
                "updated_at": entered,
            }


def title(one: Accident) -> str:
    """What happened, in a few words."""
    return _TITLES[one.kind][one.index % len(_TITLES[one.kind])]


def record(context: RequestContext, one: Accident, kind_name: str) -> Row:
    """What the records of every kind say: the injury, near miss or damage that makes an incident."""
    firm, entered = site_team.firm_for(context, one.code), by_now(one.happened + timedelta(hours=3))
    person = next((p for p in site_team.site(context) if p.vendor == firm), None)
    return {
        "id": context.id("incident_record", one.index),
        "number": 1,
        "full_number": f"{one.index + 1}-1",
        "type": kind_name,
        "incident_id": context.id(INCIDENT, one.index),
        "incident_title": title(one),
        "incident_private": False,
        "summary": title(one),
        "description": f"<p>{title(one)}</p>",
        "description_plain_text": title(one),
        "affected_company": firm.ref,
        "affected_party": site_team.brief(person) if person else None,
        "affected_person": person.ref if person else None,
        "harm_source": kind("incident_harm_sources", one.index + one.code),
        "work_activity": kind("incident_work_activities", one.index),
        "incident_created_by": site_team.office(context)[one.index % 3].ref,
        "custom_fields": {},
        "created_at": entered,
        "updated_at": entered,
    }
