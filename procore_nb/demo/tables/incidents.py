"""Incidents and what they hold (injuries, near misses, damage, harm to the environment, witnesses' words), and what was done
about them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from procore_nb.demo.company import TODAY, read_facts
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.dailylogs import logged_days
from procore_nb.demo.tables.plan import plan_of, works
from procore_nb.demo.tables.registry import RequestContext, Row, Rows, per_project, table
from procore_nb.demo.tables.templates import fixed_entry, names_of, render

_PARTS: dict[str, list[str]] = read_facts("safety")["parts_hurt"]
_TITLES: dict[str, list[str]] = read_facts("safety")["titles"]
FROM_ACCIDENTS = 3_000  # numbers of the ids of those that incidents asked for
FIRST_AID, MEDICAL, LOST, RESTRICTED, REPORT = range(5)
# Incidents in 200,000 hours; one in seven is recordable, which makes the rate of the industry in the United States, some 2.4.
_PER_200_000 = 14


@dataclass(frozen=True)
class Accident:
    """One incident: an injury, a near miss, damage or a spill. `filing` is the number of the injury's kind.

    Days count to the demo's day: somebody still away has lost those so far, and no day of `returned`.
    """

    index: int
    kind: str
    code: int
    happened: datetime
    filing: int
    days_lost: int
    days_restricted: int
    returned: date | None
    actions: int
    closed: bool

    @property
    def recordable(self) -> bool:
        return self.kind == "injury" and self.filing in (MEDICAL, LOST, RESTRICTED)

    @property
    def observed(self) -> bool:
        """Whether its first action became an observation."""
        return self.actions > 0 and self.index % 3 == 0


@per_project
def accidents(context: RequestContext) -> tuple[Accident, ...]:
    """As many as the hours worked make likely; the longer works go on, the fewer."""
    term, days = works(context), logged_days(context)
    if term is None:
        return ()
    draw, found = context.random("mishaps"), list[Accident]()
    risky = [code for code in (2, 5, 8, 9, 14, 15, 16) if code in plan_of(context.project)]
    due, rate = draw.expovariate(1), _PER_200_000 / 200_000 * (1.4 if term.late else 0.9)
    for one in days:
        due -= float(sum(crew.man_hours for crew in one.crews)) * rate * (1.6 - 1.2 * term.elapsed(one.day))
        # Nothing happens on the first day that is logged: hours come before incidents.
        while due < 0 and one is not days[0]:
            due += draw.expovariate(1)
            happened = term.calendar.at(one.day, draw.randrange(7, 17), draw.randrange(60))
            code = draw.choice(risky)
            found.append(_accident(draw, len(found), code, happened, one.day))
    return tuple(found)


def _accident(draw: random.Random, index: int, code: int, happened: datetime, day: date) -> Accident:
    kind = draw.choices(("near_miss", "injury", "damage", "spill"), (55, 35, 7, 3))[0]
    filing = draw.choices(range(5), (50, 17, 13, 10, 10))[0]
    away = min(90, 1 + int(draw.lognormvariate(2.0, 0.9))) if kind == "injury" and filing == LOST else 0
    light = draw.randrange(2, 21) if kind == "injury" and filing == RESTRICTED else 0
    ago = (TODAY - day).days
    returned = day + timedelta(days=away + 1) if away and away < ago else None
    open_still = bool(away and not returned) or (ago < 21 and draw.random() < 0.7)
    actions = draw.choice((0, 1, 1, 2))
    lost = min(away, ago)
    return Accident(
        index, kind, code, happened, filing, lost, min(light, ago), returned, actions, not open_still
    )


@table("incidents")
def incidents(context: RequestContext) -> Rows:
    calendar = context.calendar
    for one in accidents(context):
        entered, seen = calendar.after(one.happened, 2 / 24), int(one.observed)
        yield render(
            "incident", context, one=one, n=one.index + 1, status="closed" if one.closed else "open",
            entered=entered, title=_title(context, one), author=directory.office(context)[one.index % 3],
        ) | {
            "witness_statements_count": int(one.recordable),
            "open_observations_count": 0 if one.closed else seen,
            "closed_observations_count": seen if one.closed else 0,
            "hazard": fixed_entry(context, "hazards", one.index + one.code),
            "location": directory.place(context, one.index + one.code) if one.index % 6 else None,
            "updated_at": calendar.after(entered, 20) if one.closed else entered,
        }  # fmt: skip


@table("injuries")
def injuries(context: RequestContext) -> Rows:
    for one, row in _records(context, "injury", "Injury"):
        affliction, part, _activity = _harm(context, one)
        yield {
            **row, "filing_type": names_of("incident_injury_filing_types")[one.filing],
            "recordable": one.recordable, "work_days_absent": one.days_lost,
            "work_days_restricted": 0 if one.index % 4 == 3 else one.days_restricted,
            "work_days_transferred": one.days_restricted if one.index % 4 == 3 else 0,
            "date_returned_to_work": one.returned,
            "hospitalized_overnight": one.filing == LOST and one.days_lost > 14,
            "treated_in_er": one.filing in (MEDICAL, LOST),
            "treatment_provider": "Site first aider" if one.filing == FIRST_AID else None,
            "affliction_type": affliction, "body_parts": [part],
        }  # fmt: skip


@table("near_misses")
def near_misses(context: RequestContext) -> Rows:
    for _one, row in _records(context, "near_miss", "NearMiss"):
        yield {**row, "recordable": False}


@table("property_damages")
def property_damages(context: RequestContext) -> Rows:
    for one, row in _records(context, "damage", "PropertyDamage"):
        cost = Decimal(800 + one.index * 370 % 9_000).quantize(Decimal("0.01"))
        firm = directory.firm_for(context, one.code)
        yield {**row, "recordable": False, "estimated_cost_impact": cost, "responsible_company": firm.ref}


@table("environmentals")
def environmentals(context: RequestContext) -> Rows:
    for one, row in _records(context, "spill", "Environmental"):
        yield {
            **row, "recordable": False,
            "environmental_type": fixed_entry(context, "incident_environmental_types", one.index),
            "estimated_cost_impact": Decimal(300 + one.index * 190 % 4_000).quantize(Decimal("0.01")),
            "quantity_value": Decimal(20 + one.index * 15 % 180), "quantity_unit_of_measure": "l",
        }  # fmt: skip


@table("incident_actions")
def incident_actions(context: RequestContext) -> Rows:
    """The first action may have become an observation."""
    for one in accidents(context):
        for step in range(one.actions):
            action = fixed_entry(context, "incident_action_types", one.index + step)
            seen = (
                context.id("observation", FROM_ACCIDENTS + one.index) if one.observed and step == 0 else None
            )
            yield render(
                "incident_action", context, one=one, number=one.index * 4 + step, action=action, seen=seen,
                text=f"{action['name']}: done with the crew.",
                entered=context.calendar.after(one.happened, (5 + 20 * step) / 24),
            )  # fmt: skip


@table("witness_statements")
def witness_statements(context: RequestContext) -> Rows:
    """One for each recordable injury."""
    people = directory.people(context)
    for one in accidents(context):
        if one.recordable:
            entered, witness = context.calendar.after(one.happened, 0.25), people[one.index % len(people)]
            day = context.calendar.day_of(entered)
            yield render("witness_statement", context, one=one, entered=entered, day=day, witness=witness)


def _title(context: RequestContext, one: Accident) -> str:
    if one.kind == "injury":
        affliction, part, activity = (found["name"].lower() for found in _harm(context, one))
        return f"{affliction.capitalize()}: {part}, while {activity}"
    titles = _TITLES[one.kind]
    return titles[(one.index * 7 + one.code + context.project.index) % len(titles)]


def _harm(context: RequestContext, one: Accident) -> tuple[Row, Row, Row]:
    """Affliction, part of the body and activity; no fracture is left to first aid."""
    number = one.index * 5 + one.code + context.project.index
    affliction = fixed_entry(context, "incident_affliction_types", number)
    if affliction["name"] == "Fracture" and not one.recordable:
        affliction = fixed_entry(context, "incident_affliction_types", number - 1)
    parts = _PARTS[affliction["name"]]
    part = names_of("incident_body_parts").index(parts[(number // 2 + one.code) % len(parts)])
    activity = fixed_entry(context, "incident_work_activities", number * 3 + one.index)
    return affliction, fixed_entry(context, "incident_body_parts", part), activity


def _records(context: RequestContext, kind: str, type_name: str) -> Iterator[tuple[Accident, Row]]:
    """Incidents of a kind, each with what the records of every kind say."""
    for one in accidents(context):
        if one.kind == kind:
            firm = directory.firm_for(context, one.code)
            yield one, render(
                "incident_record", context, one=one, n=one.index + 1, firm=firm, type=type_name,
                entered=context.calendar.after(one.happened, 3 / 24), text=_title(context, one),
                person=directory.worker_of(context, firm), activity=_harm(context, one)[2],
                author=directory.office(context)[one.index % 3],
                source=fixed_entry(context, "incident_harm_sources", one.index + one.code),
            )  # fmt: skip
