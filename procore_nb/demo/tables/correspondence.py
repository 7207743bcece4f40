"""Correspondence (Procore's API calls its types generic tools) and coordination issues."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from procore_nb.demo.company import NOW, TODAY
from procore_nb.demo.tables import cast, crews
from procore_nb.demo.tables.cast import Person
from procore_nb.demo.tables.claims import claims
from procore_nb.demo.tables.names import COST_CODES
from procore_nb.demo.tables.registry import table
from procore_nb.demo.tables.scene import Row, Scene
from procore_nb.demo.tables.submittals import section
from procore_nb.demo.tables.topics import TOPICS
from procore_nb.demo.tables.works import time_on, workday, works

_TOOLS = (("Notice of Delay", "NOD"), ("Letter to Owner", "LTO"), ("Early Warning", "EW"))
_FIRST_TOOL = 80_901
_TYPES = ("Clash", "Missing Information", "Request for Change")


@table("generic_tools")
def generic_tools(scene: Scene) -> Iterator[Row]:
    """Types of correspondence of a company."""
    for number in range(len(_TOOLS)):
        yield {**_tool(number), "private_by_default": False}


@table("generic_tool_items", "correspondence_type_items")
def generic_tool_items(scene: Scene) -> Iterator[Row]:
    """Correspondence of one type, or of all: late projects write more; each letter follows a change."""
    asked = scene.ids.get("generic_tool_id")
    late = scene.here.slip_days > 0
    counts = [0] * len(_TOOLS)
    for claim in claims(scene):
        tool = claim.index % len(_TOOLS)
        if tool == 0 and not late:
            continue
        counts[tool] += 1
        if asked not in (None, str(_FIRST_TOOL + tool)):
            continue
        sender = crews.office(scene)[claim.index % 3]
        closed = claim.decided
        due = claim.created.date() + timedelta(days=14)
        code = cast.cost_codes(scene)[claim.topic.code]
        yield {
            "id": scene.id("generic_tool_item", claim.index),
            "position": str(counts[tool]),
            "title": f"{_TOOLS[tool][0]}: {claim.title}",
            "description": claim.topic.question,
            "status": "Closed" if closed else "Open",
            "status_type": "Closed" if closed else "Open",
            "private": tool == 1,
            "due_date": due,
            "issued_at": claim.created,
            "closed_at": closed,
            "origin_rfi_id": claim.question.id if claim.question else None,
            "cost_impact": {"status": "yes_known", "value": claim.cost / 100},
            "schedule_impact": {
                "status": "yes_known" if claim.days else "no_impact",
                "value": claim.days or None,
            },
            "generic_tool": _tool(tool),
            "cost_code": {"id": code.id, "full_code": COST_CODES[claim.topic.code][0], "name": code.name},
            "specification_section": section(scene, claim.topic.code),
            "location": crews.place(scene, claim.index),
            "created_by": _who(scene, sender),
            "received_from": _who(scene, sender),
            "assignees": [_who(scene, crews.site(scene)[claim.index % len(crews.site(scene))])],
            "custom_fields": {},
            "created_at": claim.created,
            "updated_at": closed or claim.created,
        }


@table("coordination_issues")
def coordination_issues(scene: Scene) -> Iterator[Row]:
    """Clashes and gaps found in the models, most of them before the work they are about."""
    term = works(scene)
    if term is None:
        return
    draw, share = scene.random("coordination"), term.elapsed(term.until)
    count = round((5 + scene.here.index % 11) * (1.5 if term.late else 1))
    days = sorted(term.day_at(draw.random() ** 1.5 * 0.7) for _ in range(count))
    for number, day in enumerate(days):
        topic, wait = draw.choice(TOPICS[9:33]), draw.lognormvariate(2.6, 0.7)
        created = time_on(workday(max(day, term.begin)), draw)
        if day >= TODAY or term.elapsed(day) > share:
            return
        solved: datetime | None = created + timedelta(days=wait * (1.7 if term.late else 1))
        solved = solved if solved and solved < NOW else None
        maker, worker = crews.office(scene)[number % 3], crews.site(scene)[number % len(crews.site(scene))]
        firm = crews.firm_for(scene, topic.code)
        yield {
            "id": scene.id("coordination_issue", number),
            "issue_number": number + 1,
            "title": topic.subject,
            "description": topic.question,
            "status": "closed" if solved else "open",
            "issue_type": _TYPES[number % len(_TYPES)],
            "priority": draw.choice(("low", "medium", "high", None)),
            "creation_source": "web",
            "due_date": workday(created.date() + timedelta(days=14)),
            "project_id": scene.here.id,
            "comments_count": draw.randrange(0, 6),
            "trade": {**crews.trade_of(firm).ref, "active": True},
            "location": crews.place(scene, number * 3),
            "assignee": None if solved else {**worker.ref, "locale": "en"},
            "created_by": {**maker.ref, "company_name": scene.company.name, "locale": "en"},
            "updated_by": {**maker.ref, "company_name": scene.company.name, "locale": "en"},
            "custom_fields": {},
            "created_at": created,
            "updated_at": solved or created,
        }


def _tool(number: int) -> Row:
    title, abbreviation = _TOOLS[number]
    return {"id": _FIRST_TOOL + number, "title": title, "abbreviation": abbreviation, "domain_id": 1}


def _who(scene: Scene, person: Person) -> Row:
    company = person.vendor.ref if person.vendor else {"id": scene.company.id, "name": scene.company.name}
    return {**person.ref, "company": company}
