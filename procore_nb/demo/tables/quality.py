"""Inspections (Procore's API calls them checklists); observations: what failed an inspection, what an incident asked for, and
what somebody saw on their way; punch items: few until the works near their end, most closed soon after.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

from procore_nb.demo.company import NOW, TODAY, read_facts
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.directory import TeamMember
from procore_nb.demo.tables.documents import section
from procore_nb.demo.tables.inspected import (
    INSPECTION_TYPES,
    NO,
    NOT_APPLICABLE,
    TEMPLATES,
    UNANSWERED,
    YES,
    Inspection,
    accidents,
    inspections,
)
from procore_nb.demo.tables.plan import plan_of, works
from procore_nb.demo.tables.registry import RequestContext, Row, table
from procore_nb.demo.tables.row_forms import written

TEMPLATE = "checklist_template"
_ANSWERS = {YES: (1, "Pass"), NO: (2, "Fail"), NOT_APPLICABLE: (3, "Not Applicable")}
_SINCE = NOW - timedelta(days=900)


@table("checklists", "checklists_by_query")
def checklists(context: RequestContext) -> Iterator[Row]:
    """Inspections; their counts are those of their items."""
    for one in inspections(context):
        yield _checklist(context, one)


def _checklist(context: RequestContext, one: Inspection) -> Row:
    name, kind, codes, questions = TEMPLATES[one.template]
    code = codes[one.index % len(codes)] if codes else 0
    firm, inspector = directory.firm_for(context, code), directory.office(context)[one.index % 3]
    deficient = one.count(NO)
    answered = len(one.answers) - one.count(UNANSWERED)
    status = "Closed" if one.closed else "In Review" if answered == len(one.answers) else "Open"
    about = {"one": one, "n": one.index + 1, "name": name, "items": len(questions), "deficient": deficient}
    about |= {
        "yes": one.count(YES),
        "without": one.count(NOT_APPLICABLE),
        "unanswered": one.count(UNANSWERED),
    }
    team = directory.site(context)
    return written("checklist", context, **about, inspector=_who(context, inspector)) | {
        "status": "Open" if status == "In Review" and context.endpoint.name != "checklists" else status,
        "overdue": one.closed is None and one.due < TODAY,
        "inspection_type": {**_kind(kind), "created_at": _SINCE, "updated_at": _SINCE},
        "inspected_item_count": answered,
        "closed_observations_count": deficient if one.closed else 0,
        "closed_by": _who(context, inspector) if one.closed else None,
        "inspectors": [_who(context, inspector)],
        "point_of_contact": _who(context, team[one.index % len(team)]),
        "responsible_contractor": firm.ref if codes else None,
        "trade": {**directory.trade_of(firm).ref, "active": True} if codes else None,
        "location": directory.place(context, one.index * 3),
        "specification_section": section(context, code) if codes else None,
        "updated_at": one.closed or one.created,
    }


@table("checklist_items", "checklist_items_v1_0")
def checklist_items(context: RequestContext) -> Iterator[Row]:
    """Questions of all inspections, each with its answer."""
    for one in inspections(context):
        about = {"one": one, "updated": one.closed or one.created}
        asked = zip(TEMPLATES[one.template][3], one.answers, strict=True)
        for position, (question, answer) in enumerate(asked):
            number, word = _ANSWERS.get(answer, (None, None))
            said = {"id": number, "name": word, "corresponding_status": answer} if number else None
            about |= {
                "question": question, "answer": answer, "word": word, "response": said, "n": position + 1,
            }  # fmt: skip
            about |= {"number": one.first_item + position, "copied": one.template * 20 + position}
            details = "To be put right, see the observation." if answer == NO else None
            yield {**written("checklist_item", context, **about), "details": details}


@table("checklist_sections")
def checklist_sections(context: RequestContext) -> Iterator[Row]:
    for one in inspections(context):
        row = {"id": context.id("checklist_section", one.index), "name": "General", "position": 1}
        template = context.id("checklist_template_section", one.template)
        yield {**row, "template_section_id": template, "updated_at": one.created}


@table("checklist_templates", "checklist_templates_v1_0", "checklist_templates_v1_0_by_query")
@table("company_checklist_templates")
def checklist_templates(context: RequestContext) -> Iterator[Row]:
    for number, (name, kind, _codes, _questions) in enumerate(TEMPLATES):
        yield {
            "id": context.id(TEMPLATE, number), "name": name, "description": None, "deletable": False,
            "number": str(number + 1), "relative_position": number + 1,
            "inspection_type": {**_kind(kind), "company_id": context.company.id},
            "trade": {**directory.trades()[number].ref, "active": True}, "created_at": _SINCE,
            "updated_at": _SINCE,
        }  # fmt: skip


@table("inspection_types")
def inspection_types(context: RequestContext) -> Iterator[Row]:
    for number in range(len(INSPECTION_TYPES)):
        times = {"created_at": _SINCE, "updated_at": _SINCE}
        yield {**_kind(number), **times, "company_id": context.company.id, "is_deletable": False}


def _kind(number: int) -> Row:
    return {"id": 80_501 + number, "name": INSPECTION_TYPES[number]}


def _who(context: RequestContext, person: TeamMember) -> Row:
    return {**person.ref, "company_name": person.vendor.name if person.vendor else context.company.name}


OBSERVATION, FROM_MISHAPS, FROM_ELSEWHERE = "observation", 3_000, 4_000  # numbers of their ids
CATEGORIES: list[str] = read_facts("quality")["observation_categories"]
OBSERVATION_TYPES: list[tuple[str, int]] = read_facts("quality")["observation_types"]
_SEEN: list[tuple[str, int, int]] = read_facts("quality")["observations"]


@table("observation_items")
def observation_items(context: RequestContext) -> Iterator[Row]:
    """Observations, those from inspections first; late projects take longer to close them."""
    for one in inspections(context):
        name, kind, codes, questions = TEMPLATES[one.template]
        for position, answer in enumerate(one.answers):
            if answer != NO:
                continue
            payload = {
                "checklist_list_id": context.id("checklist", one.index),
                "checklist_item_id": context.id("checklist_item", one.first_item + position),
            }
            about = f"{name}: {questions[position].lower()} – no"
            yield {
                **_row(context, one.first_item + position, about, kind * 2 % 4, codes[0] if codes else 0),
                **_life(context, one.first_item + position, one.created, one.closed, known=True),
                "origin": {"type": "inspection", "payload": payload},
            }
    for mishap in accidents(context):
        if mishap.observed:
            number = FROM_MISHAPS + mishap.index
            payload = {
                "incident_id": context.id("incident", mishap.index),
                "incident_action_id": context.id("incident_action", mishap.index * 4),
            }
            seen = context.here.calendar.after(mishap.happened, 0.3)
            closed = context.here.calendar.after(seen, 18) if mishap.closed else None
            yield {
                **_row(context, number, "After an incident: make the place safe", 2, mishap.code),
                **_life(context, number, seen, closed, known=True),
                "origin": {"type": "incident", "payload": payload},
            }
    yield from _elsewhere(context)


def _elsewhere(context: RequestContext) -> Iterator[Row]:
    """Observations nobody was looking for."""
    term = works(context)
    if term is None:
        return
    draw, share = context.random("observations"), term.elapsed(term.until)
    count = round((6 + context.here.index % 9) * share * (1.4 if term.late else 1)) + 1
    days = sorted(term.day_at(draw.random() * share) for _ in range(count))
    for number, day in enumerate(days, FROM_ELSEWHERE):
        created = term.calendar.time_on(day, draw)
        wait = draw.lognormvariate(2.1, 0.7) * (2 if term.late else 1)
        closed = term.calendar.office(created + timedelta(days=wait))
        name, kind, code = draw.choice(_SEEN)
        done = None if closed >= NOW else closed
        yield {**_row(context, number, name, kind, code), **_life(context, number, created, done)}


def _row(context: RequestContext, number: int, name: str, kind: int, code: int) -> Row:
    firm = directory.firm_for(context, code)
    worker = directory.worker_of(context, firm)
    about = {"number": number, "n": number + 1, "name": name, "worker": worker}
    return written("observation", context, **about, author=directory.office(context)[number % 3]) | {
        "description": f"{name}. See the photo." if number % 3 else None,
        "priority": ("Low", "Medium", "High", "Urgent")[number % 7 % 4],
        "type": observation_type(kind),
        "location": directory.place(context, number) if number % 8 else None,
        "trade": {**directory.trade_of(firm).ref, "active": True},
        "specification_section": section(context, code) if kind < 2 else None,
    }


def _life(
    context: RequestContext, number: int, created: datetime, closed: datetime | None, *, known: bool = False
) -> Row:
    step = ("initiated", "ready_for_review", "initiated", "not_accepted")[number % 4]
    calendar = context.here.calendar
    noted = calendar.day_of(created)
    due = calendar.workday(noted + timedelta(days=14))
    return {
        "status": "closed" if closed else step, "created_at": created, "updated_at": closed or created,
        "closed_at": closed, "date_notified": noted, "due_date": due if known or number % 9 else None,
    }  # fmt: skip


def observation_type(number: int) -> Row:
    name, category = OBSERVATION_TYPES[number]
    return {
        "id": 80_601 + number, "name": name, "localized_name": name, "category": CATEGORIES[category],
        "category_key": CATEGORIES[category].lower().replace(" ", "_"), "category_id": category + 1,
        "active": True, "company_active": True, "parent_inactive": False, "in_use": True, "kind": "company",
    }  # fmt: skip


@table("observation_types", "company_observation_types", "observation_types_by_query")
def observation_types(_scene: RequestContext) -> Iterator[Row]:
    for number in range(len(OBSERVATION_TYPES)):
        yield observation_type(number)


# Of a project of one million, and how their number grows with the value.
_PER_MILLION, _GROWTH = 7, 0.75
PUNCH_TYPES: list[str] = read_facts("quality")["punch_types"]
_WHAT: list[tuple[int, str]] = read_facts("quality")["punch"]


@table("punch_items", "punch_items_v1_0")
def punch_items(context: RequestContext) -> Iterator[Row]:
    """Punch items in the order they were found; the first one of two projects in five was deleted."""
    term = works(context)
    if term is None:
        return
    draw = context.random("punch")
    count = round(_PER_MILLION * max(1.0, context.here.usd_millions) ** _GROWTH)
    days = sorted(term.day_at(draw.triangular(0.55, 1.04, 0.96)) for _ in range(count))
    for number, day in enumerate(days):
        found = draw.random(), draw.choice((7, 14, 14, 21)), draw.lognormvariate(2.2, 0.8)
        if term.calendar.workday(day) < TODAY:
            row = _item(context, number, day, *found, slow=1.8 if term.late else 1.0)
            if number == 0 and context.here.index % 5 < 2:
                row |= {"deleted_at": row["updated_at"], "_deleted": True}
            yield row


def _item(
    context: RequestContext, number: int, day: date, luck: float, days: int, wait: float, *, slow: float
) -> Row:
    draw, calendar = context.random(f"punch:{number}"), context.here.calendar
    created = calendar.time_on(day, draw)
    closed = calendar.office(created + timedelta(days=wait * slow))
    open_still = closed >= NOW
    due = calendar.workday(calendar.day_of(created) + timedelta(days=days)) if number % 12 else None
    there = [one for one in _WHAT if one[0] in plan_of(context.here)]
    code, what = draw.choice(there)
    firm, manager = directory.firm_for(context, code), directory.office(context)[number % 3]
    workers = {firm.id: (firm, directory.worker_of(context, firm))}
    if number % 7 == 3:  # two firms are to blame
        other = directory.firm_for(context, there[number % len(there)][0])
        workers[other.id] = (other, directory.worker_of(context, other))
    step = ("initiated", "work_required", "ready_for_review")[int(luck * 3)] if open_still else "closed"
    late = due is not None and due < TODAY
    status = "Closed" if not open_still else "Overdue" if late else "Pending" if luck > 0.9 else "Open"
    done = None if open_still else closed
    cost = Decimal(draw.randrange(2, 60) * 25) if luck < 0.15 else None
    keeper = _named(manager, context)
    return {
        "id": context.id("punch_item", number), "position": number + 1,
        "name": "=1+1 painted on the wall" if number == 2 and context.here.index % 41 == 10 else what,
        "description": f"{what} at {draw.choice('ABCDEFG')}{draw.randrange(1, 9)}." if luck > 0.2 else None,
        "status": status, "workflow_status": step,
        "priority": draw.choice(("Low", "Medium", "Medium", "High", None)), "private": False,
        "due_date": due, "closed_at": done, "closed_by": keeper if done else None,
        "cost_impact": "yes_known" if cost else "no_impact", "cost_impact_amount": cost,
        "schedule_impact": "yes_known" if luck < 0.05 else "no_impact",
        "schedule_impact_days": draw.randrange(1, 4) if luck < 0.05 else None,
        "has_resolved_responses": done is not None, "has_unresolved_responses": done is None,
        "location": directory.place(context, draw.randrange(8)),
        "trade": {**directory.trade_of(firm).ref, "active": True},
        "cost_code": directory.cost_codes(context)[code].ref if luck > 0.1 else None, "created_by": keeper,
        "punch_item_manager": keeper, "final_approver": _named(directory.office(context)[0], context),
        "punch_item_type": {
            "id": 80_401 + number % len(PUNCH_TYPES),
            "name": PUNCH_TYPES[number % len(PUNCH_TYPES)],
        },
        "assignees": [worker.ref for _firm, worker in workers.values()],
        "ball_in_court": [] if done else [_named(worker, context) for _firm, worker in workers.values()],
        "assignments": [
            written("punch_assignment", context, worker=who, firm=blamed, made=created, done=done)
            | {
                "id": context.id(f"punch_assignment_{place}", number),
                "approved": done is not None,
                "status": "resolved" if done else "unresolved",
                "updated_at": done or created,
            }
            for place, (blamed, who) in enumerate(workers.values())
        ],
        "custom_fields": {}, "created_at": created, "updated_at": done or created,
    }  # fmt: skip


@table("punch_item_types")
def punch_item_types(context: RequestContext) -> Iterator[Row]:
    since = context.here.created_at
    for number, name in enumerate(PUNCH_TYPES):
        yield {"id": 80_401 + number, "name": name, "created_at": since, "updated_at": since}


def _named(person: directory.TeamMember, context: RequestContext) -> Row:
    firm = person.vendor.name if person.vendor else context.company.name
    return {"id": person.id, "name": person.name, "locale": "en", "company_name": firm}
