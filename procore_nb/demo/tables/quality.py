"""Incidents, what they hold (injuries, near misses, damage, harm to the environment, witnesses' words) and what was done about
them; inspections (Procore's API calls them checklists); observations: what failed an inspection, what an incident asked for, and
what somebody noticed in passing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from procore_nb.demo.company import NOW, TODAY, read_facts
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.dailylogs import logged_days
from procore_nb.demo.tables.directory import contact
from procore_nb.demo.tables.documents import section
from procore_nb.demo.tables.plan import Works, once_begun, plan_of
from procore_nb.demo.tables.registry import RequestContext, Row, Rows, per_project, table
from procore_nb.demo.tables.templates import fixed_entry, names_of, render

_BODY_PARTS: dict[str, list[str]] = read_facts("safety")["parts_hurt"]
_TITLES: dict[str, list[str]] = read_facts("safety")["titles"]
_FROM_ACCIDENTS = 3_000  # numbers of the ids of those that incidents asked for
_FIRST_AID, _MEDICAL, _LOST, _RESTRICTED, _REPORT = range(5)
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
        return self.kind == "injury" and self.filing in (_MEDICAL, _LOST, _RESTRICTED)

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
            if kind == "injury" and filing == _LOST:
                away = min(90, 1 + int(draw.lognormvariate(2.0, 0.9)))
            if kind == "injury" and filing == _RESTRICTED:
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
            "overnight": accident.filing == _LOST and accident.days_lost > 14,
            "emergency": accident.filing in (_MEDICAL, _LOST),
            "provider": "Site first aider" if accident.filing == _FIRST_AID else None,
            "spill": fixed_entry(context, "incident_environmental_types", accident.index),
            "litres": Decimal(20 + accident.index * 15 % 180),
        }  # fmt: skip
        yield render("incident_record", context, **values) | render(name, context, **values)


@table("incident_actions")
def incident_actions(context: RequestContext) -> Rows:
    """The first action may have become an observation."""
    for accident in accidents(context):
        observation = context.id("observation", _FROM_ACCIDENTS + accident.index)
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
    parts = _BODY_PARTS[affliction["name"]]
    part = names_of("incident_body_parts").index(parts[(number // 2 + accident.code) % len(parts)])
    activity = fixed_entry(context, "incident_work_activities", number * 3 + accident.index)
    return affliction, fixed_entry(context, "incident_body_parts", part), activity


YES, NO, NOT_APPLICABLE, UNANSWERED = "yes", "no", "n/a", "none"
_RESPONSES = {YES: (1, "Pass"), NO: (2, "Fail"), NOT_APPLICABLE: (3, "Not Applicable")}
# Title, type of inspection, cost codes it is about, what it asks.
TEMPLATES: list[tuple[str, int, list[int], list[str]]] = read_facts("quality")["templates"]
_TEMPLATES_SINCE = NOW - timedelta(days=900)


@dataclass(frozen=True)
class Inspection:
    """One inspection; `answers` in the order of its template's questions."""

    index: int
    template: int
    day: date
    answers: tuple[str, ...]
    first_item: int
    closed: datetime | None
    due: date
    created: datetime


@per_project
@once_begun
def inspections(context: RequestContext, term: Works) -> Iterator[Inspection]:
    """On late projects more answers are no."""
    draw, plan = context.random("inspections"), plan_of(context.project)
    index = items = 0
    day, step = term.begin + timedelta(days=5), max(7, (term.end - term.begin).days // 45)
    while day <= min(term.until, TODAY - timedelta(days=1)):
        elapsed = term.elapsed(day)
        under_way = {code for code, part in plan.items() if part.begin <= elapsed <= part.end}
        codes_of = {number: set(codes) for number, (_name, _type, codes, _questions) in enumerate(TEMPLATES)}
        fitting = [number for number, codes in codes_of.items() if not codes or codes & under_way]
        template = draw.choice(fitting)
        created = term.calendar.time_on(max(day, term.begin), draw)
        inspected = term.calendar.day_of(created)
        fresh = (TODAY - inspected).days < 8
        bad = 0.11 if term.late else 0.05
        answers = tuple(_answer(draw.random(), bad, fresh) for _question in TEMPLATES[template][3])
        still_open = fresh or (NO in answers and (TODAY - day).days < 40 and draw.random() < 0.5)
        closed = None if still_open else term.calendar.after(created, draw.uniform(3, 6))
        due = inspected + timedelta(days=3)
        yield Inspection(index, template, inspected, answers, items, closed, due, created)
        index, items = index + 1, items + len(answers)
        day += timedelta(days=step + draw.randrange(-2, 3))


def _answer(luck: float, bad: float, fresh: bool) -> str:
    if fresh and luck > 0.7:
        return UNANSWERED
    return NO if luck < bad else NOT_APPLICABLE if luck < bad + 0.06 else YES


@table("checklists", "checklists_by_query")
def checklists(context: RequestContext) -> Rows:
    team, office = directory.site(context), directory.office(context)
    for inspection in inspections(context):
        name, kind, codes, questions = TEMPLATES[inspection.template]
        counts = {answer: inspection.answers.count(answer) for answer in (*_RESPONSES, UNANSWERED)}
        code = codes[inspection.index % len(codes)] if codes else 0
        firm = directory.firm_for(context, code)
        inspector = contact(context, office[inspection.index % 3])
        status = "Closed" if inspection.closed else "Open" if counts[UNANSWERED] else "In Review"
        if status == "In Review" and context.endpoint.name != "checklists":
            status = "Open"
        yield render(
            "checklist", context, inspection=inspection, n=inspection.index + 1, name=name, status=status,
            inspector=inspector, inspectors=[inspector], items=len(questions), passed=counts[YES],
            failed=counts[NO], not_applicable=counts[NOT_APPLICABLE], unanswered=counts[UNANSWERED],
            answered=len(questions) - counts[UNANSWERED], put_right=counts[NO] if inspection.closed else 0,
            overdue=inspection.closed is None and inspection.due < TODAY,
            type=fixed_entry(context, "inspection_types", kind), firm=firm if codes else None,
            closed_by=inspector if inspection.closed else None,
            contact=contact(context, team[inspection.index % len(team)]),
            place=directory.place(context, inspection.index * 3),
            section=section(context, code) if codes else None, updated=inspection.closed or inspection.created,
        )  # fmt: skip


@table("checklist_items", "checklist_items_v1_0")
def checklist_items(context: RequestContext) -> Rows:
    for inspection in inspections(context):
        asked = zip(TEMPLATES[inspection.template][3], inspection.answers, strict=True)
        for position, (question, answer) in enumerate(asked):
            number, word = _RESPONSES.get(answer, (None, None))
            response = {"id": number, "name": word, "corresponding_status": answer} if number else None
            yield render(
                "checklist_item", context, inspection=inspection, n=position + 1, question=question,
                updated=inspection.closed or inspection.created, answer=answer, word=word,
                response=response, number=inspection.first_item + position,
                question_number=inspection.template * 20 + position,
                details="To be put right, see the observation." if answer == NO else None,
            )  # fmt: skip


@table("checklist_sections")
def checklist_sections(context: RequestContext) -> Rows:
    yield from (
        render("checklist_section", context, inspection=inspection) for inspection in inspections(context)
    )


@table("checklist_templates", "checklist_templates_v1_0", "checklist_templates_v1_0_by_query")
@table("company_checklist_templates")
def checklist_templates(context: RequestContext) -> Rows:
    for number, (name, kind, _codes, _questions) in enumerate(TEMPLATES):
        inspection_type = fixed_entry(context, "inspection_types", kind)
        yield {
            "id": context.id("checklist_template", number), "name": name, "deletable": False,
            "number": str(number + 1), "relative_position": number + 1,
            "inspection_type": {key: inspection_type[key] for key in ("id", "name", "company_id")},
            "trade": {**directory.trades()[number].ref, "active": True},
            "created_at": _TEMPLATES_SINCE, "updated_at": _TEMPLATES_SINCE,
        }  # fmt: skip


_IN_PASSING = 4_000  # numbers of the ids of observations that nobody was looking for
_NOTICED: list[tuple[str, int, int]] = read_facts("quality")["observations"]


@table("observation_items")
def observation_items(context: RequestContext) -> Rows:
    """Late projects take longer to close them."""
    for inspection in inspections(context):
        name, kind, codes, questions = TEMPLATES[inspection.template]
        items = enumerate(zip(questions, inspection.answers, strict=True), inspection.first_item)
        for item, (question, answer) in items:
            if answer == NO:
                origin = render("inspection_origin", context, inspection=inspection, item=item)
                text, code = f"{name}: {question.lower()} – no", codes[0] if codes else 0
                times = inspection.created, inspection.closed
                yield _observation(context, item, text, kind * 2 % 4, code, *times, origin)
    for accident in accidents(context):
        if accident.observed:
            origin = render("incident_origin", context, accident=accident, action=accident.index * 4)
            seen = context.calendar.after(accident.happened, 0.3)
            times = seen, context.calendar.after(seen, 18) if accident.closed else None
            text, number = "After an incident: make the place safe", _FROM_ACCIDENTS + accident.index
            yield _observation(context, number, text, 2, accident.code, *times, origin)
    yield from _noticed(context)


@once_begun
def _noticed(context: RequestContext, term: Works) -> Rows:
    draw, share = context.random("observations"), term.elapsed(term.until)
    count = round((6 + context.project.index % 9) * share * (1.4 if term.late else 1)) + 1
    days = sorted(term.day_at(draw.random() * share) for _ in range(count))
    for number, day in enumerate(days, _IN_PASSING):
        created = term.calendar.time_on(day, draw)
        wait = draw.lognormvariate(2.1, 0.7) * (2 if term.late else 1)
        closed = term.calendar.office(created + timedelta(days=wait))
        text, kind, code = draw.choice(_NOTICED)
        yield _observation(context, number, text, kind, code, created, None if closed >= NOW else closed)


def _observation(
    context: RequestContext, number: int, name: str, kind: int, code: int, created: datetime,
    closed: datetime | None, origin: Row | None = None,
) -> Row:  # fmt: skip
    """Some of those without an origin have no due date."""
    firm, calendar = directory.firm_for(context, code), context.calendar
    due = calendar.due(created, 14) if origin or number % 9 else None
    step = ("initiated", "ready_for_review", "initiated", "not_accepted")[number % 4]
    return render(
        "observation", context, number=number, n=number + 1, name=name, created=created, closed=closed,
        worker=directory.worker_of(context, firm), author=directory.office(context)[number % 3],
        origin=origin, firm=firm, updated=closed or created, due=due, status="closed" if closed else step,
        notified=calendar.day_of(created), type=fixed_entry(context, "observation_types", kind),
        text=f"{name}. See the photo." if number % 3 else None,
        priority=("Low", "Medium", "High", "Urgent")[number % 7 % 4],
        place=directory.place(context, number) if number % 8 else None,
        section=section(context, code) if kind < 2 else None,
    )  # fmt: skip
