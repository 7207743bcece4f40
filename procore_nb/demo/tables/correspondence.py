"""Correspondence (Procore's API calls its types generic tools) and coordination issues."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from procore_nb.demo.company import NOW, TODAY
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.claims import claims
from procore_nb.demo.tables.directory import TeamMember
from procore_nb.demo.tables.documents import section
from procore_nb.demo.tables.plan import topics_of, works
from procore_nb.demo.tables.registry import RequestContext, Row, table
from procore_nb.demo.tables.row_forms import written

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
        closed, made, team = claim.decided, claim.created, directory.site(context)
        due = term.calendar.workday(term.calendar.day_of(made) + timedelta(days=14))
        about = {"tool": _tool(tool), "due": due, "closed": closed, "cost": claim.cost / 100}
        about |= {"status": "Closed" if closed else "Open", "days": claim.days or None}
        about["days_status"] = "yes_known" if claim.days else "no_impact"
        about["code"] = directory.cost_codes(context)[claim.topic.code]
        about["sender"] = _who(context, directory.office(context)[claim.index % 3])
        yield written("letter", context, one=claim, position=counts[tool], **about) | {
            "private": tool == 1,
            "specification_section": section(context, claim.topic.code),
            "location": directory.place(context, claim.index),
            "assignees": [_who(context, team[claim.index % len(team)])],
            "updated_at": closed or made,
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
        team, staff = directory.site(context), {"company_name": context.company.name, "locale": "en"}
        firm = directory.firm_for(context, topic.code)
        maker = {**directory.office(context)[number % 3].ref, **staff}
        priority = draw.choice(("low", "medium", "high", None))
        yield written(
            "coordination_issue", context, number=number, n=number + 1, topic=topic, created=created
        ) | {
            "status": "closed" if solved else "open", "issue_type": _TYPES[number % len(_TYPES)],
            "priority": priority,
            "due_date": term.calendar.workday(term.calendar.day_of(created) + timedelta(days=14)),
            "comments_count": draw.randrange(0, 6),
            "trade": {**directory.trade_of(firm).ref, "active": True},
            "location": directory.place(context, number * 3),
            "assignee": None if solved else {**team[number % len(team)].ref, "locale": "en"},
            "created_by": maker, "updated_by": maker, "updated_at": solved or created,
        }  # fmt: skip


def _tool(number: int) -> Row:
    title, abbreviation = _TOOLS[number]
    return {"id": _FIRST_TOOL + number, "title": title, "abbreviation": abbreviation, "domain_id": 1}


def _who(context: RequestContext, person: TeamMember) -> Row:
    company = person.vendor.ref if person.vendor else {"id": context.company.id, "name": context.company.name}
    return {**person.ref, "company": company}
