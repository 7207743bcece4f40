"""Incidents and what they hold (injuries, near misses, damage, harm to the environment, witnesses' words), and what was done
about them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from procore_nb.demo.company import TODAY, read_facts
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.dailylogs import logged_days
from procore_nb.demo.tables.plan import Works, once_begun, plan_of
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
@once_begun
def accidents(context: RequestContext, term: Works) -> Iterator[Accident]:
    """As many as the hours worked make likely; the longer works go on, the fewer."""
    draw, days, index = context.random("mishaps"), logged_days(context), 0
    risky = [code for code in (2, 5, 8, 9, 14, 15, 16) if code in plan_of(context.project)]
    due, rate = draw.expovariate(1), _PER_200_000 / 200_000 * (1.4 if term.late else 0.9)
    for day in days:
        hours = float(sum(crew.man_hours for crew in day.crews))
        # Hours until the next one are exponential, which makes their number in a year that of Poisson.
        due -= hours * rate * (1.6 - 1.2 * term.elapsed(day.day))
        # Nothing happens on the first day that is logged: hours come before incidents.
        while due < 0 and day is not days[0]:
            due += draw.expovariate(1)
            happened = term.calendar.at(day.day, draw.randrange(7, 17), draw.randrange(60))
            code, ago = draw.choice(risky), (TODAY - day.day).days
            kind = draw.choices(("near_miss", "injury", "damage", "spill"), (55, 35, 7, 3))[0]
            filing = draw.choices(range(5), (50, 17, 13, 10, 10))[0]
            away = light = 0
            if kind == "injury" and filing == LOST:
                away = min(90, 1 + int(draw.lognormvariate(2.0, 0.9)))
            if kind == "injury" and filing == RESTRICTED:
                light = draw.randrange(2, 21)
            returned = day.day + timedelta(days=away + 1) if 0 < away < ago else None
            still_open = bool(away and not returned) or (ago < 21 and draw.random() < 0.7)
            actions, lost, restricted = draw.choice((0, 1, 1, 2)), min(away, ago), min(light, ago)
            days_off = lost, restricted, returned
            yield Accident(index, kind, code, happened, filing, *days_off, actions, not still_open)
            index += 1


@table("incidents")
def incidents(context: RequestContext) -> Rows:
    calendar = context.calendar
    for accident in accidents(context):
        entered, observed = calendar.after(accident.happened, 2 / 24), int(accident.observed)
        yield render(
            "incident", context, accident=accident, n=accident.index + 1,
            status="closed" if accident.closed else "open", entered=entered, title=_title(context, accident),
            author=directory.office(context)[accident.index % 3], witnesses=int(accident.recordable),
            hazard=fixed_entry(context, "hazards", accident.index + accident.code),
            open=0 if accident.closed else observed, closed=observed if accident.closed else 0,
            place=directory.place(context, accident.index + accident.code) if accident.index % 6 else None,
            updated=calendar.after(entered, 20) if accident.closed else entered,
        )  # fmt: skip


# Each list of records: the kind of incidents it is of, and the type it gives them.
_RECORDS = {
    "injuries": ("injury", "Injury"),
    "near_misses": ("near_miss", "NearMiss"),
    "property_damages": ("damage", "PropertyDamage"),
    "environmentals": ("spill", "Environmental"),
}


@table(*_RECORDS)
def incident_records(context: RequestContext) -> Rows:
    """What each kind of incident has a record of; one for each."""
    name, (kind, record_type) = context.endpoint.name, _RECORDS[context.endpoint.name]
    for accident in accidents(context):
        if accident.kind != kind:
            continue
        firm = directory.firm_for(context, accident.code)
        affliction, part, activity = _harm(context, accident)
        cost = 800 + accident.index * 370 % 9_000 if kind == "damage" else 300 + accident.index * 190 % 4_000
        transferred = accident.index % 4 == 3
        values = {
            "accident": accident, "n": accident.index + 1, "firm": firm, "type": record_type,
            "text": _title(context, accident), "entered": context.calendar.after(accident.happened, 3 / 24),
            "activity": activity, "person": directory.worker_of(context, firm),
            "author": directory.office(context)[accident.index % 3],
            "source": fixed_entry(context, "incident_harm_sources", accident.index + accident.code),
            "filing": names_of("incident_injury_filing_types")[accident.filing], "affliction": affliction,
            "parts": [part], "restricted": 0 if transferred else accident.days_restricted,
            "transferred": accident.days_restricted if transferred else 0,
            "cost": Decimal(cost).quantize(Decimal("0.01")),
            "overnight": accident.filing == LOST and accident.days_lost > 14,
            "emergency": accident.filing in (MEDICAL, LOST),
            "provider": "Site first aider" if accident.filing == FIRST_AID else None,
            "spill": fixed_entry(context, "incident_environmental_types", accident.index),
            "litres": Decimal(20 + accident.index * 15 % 180),
        }  # fmt: skip
        yield render("incident_record", context, **values) | render(name, context, **values)


@table("incident_actions")
def incident_actions(context: RequestContext) -> Rows:
    """The first action may have become an observation."""
    for accident in accidents(context):
        observation = context.id("observation", FROM_ACCIDENTS + accident.index)
        for step in range(accident.actions):
            action = fixed_entry(context, "incident_action_types", accident.index + step)
            yield render(
                "incident_action", context, accident=accident, number=accident.index * 4 + step,
                action=action, observation=observation if accident.observed and step == 0 else None,
                text=f"{action['name']}: done with the crew.",
                entered=context.calendar.after(accident.happened, (5 + 20 * step) / 24),
            )  # fmt: skip


@table("witness_statements")
def witness_statements(context: RequestContext) -> Rows:
    """One for each recordable injury."""
    people = directory.people(context)
    for accident in (one for one in accidents(context) if one.recordable):
        entered, witness = context.calendar.after(accident.happened, 0.25), accident.index % len(people)
        values = {"day": context.calendar.day_of(entered), "witness": people[witness]}
        yield render("witness_statement", context, accident=accident, entered=entered, **values)


def _title(context: RequestContext, accident: Accident) -> str:
    if accident.kind == "injury":
        affliction, part, activity = (entry["name"].lower() for entry in _harm(context, accident))
        return f"{affliction.capitalize()}: {part}, while {activity}"
    titles = _TITLES[accident.kind]
    return titles[(accident.index * 7 + accident.code + context.project.index) % len(titles)]


def _harm(context: RequestContext, accident: Accident) -> tuple[Row, Row, Row]:
    """Affliction, part of the body and activity; no fracture is left to first aid."""
    number = accident.index * 5 + accident.code + context.project.index
    affliction = fixed_entry(context, "incident_affliction_types", number)
    if affliction["name"] == "Fracture" and not accident.recordable:
        affliction = fixed_entry(context, "incident_affliction_types", number - 1)
    parts = _PARTS[affliction["name"]]
    part = names_of("incident_body_parts").index(parts[(number // 2 + accident.code) % len(parts)])
    activity = fixed_entry(context, "incident_work_activities", number * 3 + accident.index)
    return affliction, fixed_entry(context, "incident_body_parts", part), activity
