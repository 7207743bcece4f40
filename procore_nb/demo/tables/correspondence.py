"""Correspondence (Procore's API calls its types generic tools) and coordination issues."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from procore_nb.demo.company import NOW, TODAY
from procore_nb.demo.tables import directory, site_team
from procore_nb.demo.tables.claims import claims
from procore_nb.demo.tables.directory import TeamMember
from procore_nb.demo.tables.made_up_names import COST_CODES
from procore_nb.demo.tables.progress_curve import works
from procore_nb.demo.tables.registry import table
from procore_nb.demo.tables.request_context import RequestContext, Row
from procore_nb.demo.tables.specifications import section
from procore_nb.demo.tables.work_topics import topics_of

_TOOLS = (("Notice of Delay", "NOD"), ("Letter to Owner", "LTO"), ("Early Warning", "EW"))
_FIRST_TOOL = 80_901
_TYPES = ("Clash", "Missing Information", "Request for Change")


@table("generic_tools")
def generic_tools(context: RequestContext) -> Iterator[Row]:
    """Types of correspondence of a company."""
    for number in range(len(_TOOLS)):
        yield {**_tool(number), "private_by_default": False}


@table("generic_tool_items", "correspondence_type_items")
def generic_tool_items(context: RequestContext) -> Iterator[Row]:
    """Correspondence of one type, or of all: late projects write more; each letter follows a change."""
    asked = context.ids.get("generic_tool_id")
    term = works(context)
    if term is None:
        return
    counts = [0] * len(_TOOLS)
    for claim in claims(context):
        tool = claim.index % len(_TOOLS)
        if tool == 0 and not term.late:
            continue
        counts[tool] += 1
        if asked not in (None, str(_FIRST_TOOL + tool)):
            continue
        sender = site_team.office(context)[claim.index % 3]
        closed = claim.decided
        due = term.calendar.workday(term.calendar.day_of(claim.created) + timedelta(days=14))
        code = directory.cost_codes(context)[claim.topic.code]
        yield {
            "id": context.id("generic_tool_item", claim.index),
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
            "specification_section": section(context, claim.topic.code),
            "location": site_team.place(context, claim.index),
            "created_by": _who(context, sender),
            "received_from": _who(context, sender),
            "assignees": [_who(context, site_team.site(context)[claim.index % len(site_team.site(context))])],
            "custom_fields": {},
            "created_at": claim.created,
            "updated_at": closed or claim.created,
        }


@table("coordination_issues")
def coordination_issues(context: RequestContext) -> Iterator[Row]:
    """Clashes and gaps found in the models, most of them before the work they are about."""
    term = works(context)
    if term is None:
        return
    draw, share = context.random("coordination"), term.elapsed(term.until)
    count = round((5 + context.here.index % 11) * (1.5 if term.late else 1))
    days = sorted(term.day_at(draw.random() ** 1.5 * 0.7) for _ in range(count))
    for number, day in enumerate(days):
        topic, wait = draw.choice(topics_of(context.here)), draw.lognormvariate(2.6, 0.7)
        created = term.calendar.time_on(max(day, term.begin), draw)
        if day >= TODAY or term.elapsed(day) > share:
            return
        solved: datetime | None = term.calendar.office(
            created + timedelta(days=wait * (1.7 if term.late else 1))
        )
        solved = solved if solved and solved < NOW else None
        maker, worker = (
            site_team.office(context)[number % 3],
            site_team.site(context)[number % len(site_team.site(context))],
        )
        firm = site_team.firm_for(context, topic.code)
        yield {
            "id": context.id("coordination_issue", number),
            "issue_number": number + 1,
            "title": topic.subject,
            "description": topic.question,
            "status": "closed" if solved else "open",
            "issue_type": _TYPES[number % len(_TYPES)],
            "priority": draw.choice(("low", "medium", "high", None)),
            "creation_source": "web",
            "due_date": term.calendar.workday(term.calendar.day_of(created) + timedelta(days=14)),
            "project_id": context.here.id,
            "comments_count": draw.randrange(0, 6),
            "trade": {**site_team.trade_of(firm).ref, "active": True},
            "location": site_team.place(context, number * 3),
            "assignee": None if solved else {**worker.ref, "locale": "en"},
            "created_by": {**maker.ref, "company_name": context.company.name, "locale": "en"},
            "updated_by": {**maker.ref, "company_name": context.company.name, "locale": "en"},
            "custom_fields": {},
            "created_at": created,
            "updated_at": solved or created,
        }


def _tool(number: int) -> Row:
    title, abbreviation = _TOOLS[number]
    return {"id": _FIRST_TOOL + number, "title": title, "abbreviation": abbreviation, "domain_id": 1}


def _who(context: RequestContext, person: TeamMember) -> Row:
    company = person.vendor.ref if person.vendor else {"id": context.company.id, "name": context.company.name}
    return {**person.ref, "company": company}
