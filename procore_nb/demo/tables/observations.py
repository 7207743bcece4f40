"""Observations: what failed an inspection, what an incident asked for, and what somebody saw on their way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from procore_nb.demo.company import NOW
from procore_nb.demo.facts import read_facts
from procore_nb.demo.tables import site_team
from procore_nb.demo.tables.inspected import NO, TEMPLATES, accidents, inspections
from procore_nb.demo.tables.progress_curve import works
from procore_nb.demo.tables.registry import table
from procore_nb.demo.tables.request_context import RequestContext, Row
from procore_nb.demo.tables.row_forms import written
from procore_nb.demo.tables.specifications import section

OBSERVATION, FROM_MISHAPS, FROM_ELSEWHERE = "observation", 3_000, 4_000  # numbers of their ids
CATEGORIES: list[str] = read_facts("quality")["observation_categories"]
TYPES: list[tuple[str, int]] = read_facts("quality")["observation_types"]
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
    firm = site_team.firm_for(context, code)
    worker = site_team.worker_of(context, firm)
    about = {"number": number, "n": number + 1, "name": name, "worker": worker}
    return written("observation", context, **about, author=site_team.office(context)[number % 3]) | {
        "description": f"{name}. See the photo." if number % 3 else None,
        "priority": ("Low", "Medium", "High", "Urgent")[number % 7 % 4],
        "type": observation_type(kind),
        "location": site_team.place(context, number) if number % 8 else None,
        "trade": {**site_team.trade_of(firm).ref, "active": True},
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
        "status": "closed" if closed else step,
        "created_at": created,
        "updated_at": closed or created,
        "closed_at": closed,
        "date_notified": noted,
        "due_date": due if known or number % 9 else None,
    }


def observation_type(number: int) -> Row:
    """Type of observations as rows show it."""
    name, category = TYPES[number]
    return {
        "id": 80_601 + number,
        "name": name,
        "localized_name": name,
        "category": CATEGORIES[category],
        "category_key": CATEGORIES[category].lower().replace(" ", "_"),
        "category_id": category + 1,
        "active": True,
        "company_active": True,
        "parent_inactive": False,
        "in_use": True,
        "kind": "company",
    }


@table("observation_types", "company_observation_types", "observation_types_by_query")
def observation_types(_scene: RequestContext) -> Iterator[Row]:
    """Types of observations."""
    for number in range(len(TYPES)):
        yield observation_type(number)
