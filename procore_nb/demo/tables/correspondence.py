"""Correspondence (Procore's API calls its types generic tools) and coordination issues."""

from __future__ import annotations

from datetime import datetime, timedelta

from procore_nb.demo.company import NOW, TODAY
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.claims import claims
from procore_nb.demo.tables.directory import TeamMember
from procore_nb.demo.tables.documents import section
from procore_nb.demo.tables.plan import topics_of, works
from procore_nb.demo.tables.registry import RequestContext, Row, Rows, table
from procore_nb.demo.tables.row_forms import fixed, written

_TYPES = ("Clash", "Missing Information", "Request for Change")


@table("generic_tool_items", "correspondence_type_items")
def generic_tool_items(context: RequestContext) -> Rows:
    """Late projects write more; each letter follows a change."""
    asked, team, term = context.ids.get("generic_tool_id"), directory.site(context), works(context)
    counts = [0, 0, 0]
    for claim in claims(context):
        number = claim.index % len(counts)
        tool = fixed(context, "generic_tools", number)
        if not number and not (term and term.late):
            continue
        counts[number] += 1
        if asked not in (None, str(tool["id"])):
            continue
        closed = claim.decided
        yield written(
            "letter", context, one=claim, position=counts[number], tool=tool, closed=closed,
            due=context.calendar.due(claim.created, 14),
            cost=claim.cost / 100, status="Closed" if closed else "Open", days=claim.days or None,
            days_status="yes_known" if claim.days else "no_impact",
            code=directory.cost_codes(context)[claim.topic.code],
            sender=_who(context, directory.office(context)[claim.index % 3]),
        ) | {
            "private": number == 1, "specification_section": section(context, claim.topic.code),
            "location": directory.place(context, claim.index),
            "assignees": [_who(context, team[claim.index % len(team)])],
            "updated_at": closed or claim.created,
        }  # fmt: skip


@table("coordination_issues")
def coordination_issues(context: RequestContext) -> Rows:
    term = works(context)
    if term is None:
        return
    draw, share, team = context.random("coordination"), term.elapsed(term.until), directory.site(context)
    count = round((5 + context.here.index % 11) * (1.5 if term.late else 1))
    days = sorted(term.day_at(draw.random() ** 1.5 * 0.7) for _ in range(count))
    for number, day in enumerate(days):
        topic, wait = draw.choice(topics_of(context.here)), draw.lognormvariate(2.6, 0.7)
        created = term.calendar.time_on(max(day, term.begin), draw)
        if day >= TODAY or term.elapsed(day) > share:
            return
        done = term.calendar.office(created + timedelta(days=wait * (1.7 if term.late else 1)))
        solved: datetime | None = done if done < NOW else None
        maker = {**directory.office(context)[number % 3].ref, "locale": "en"}
        maker["company_name"] = context.company.name
        yield written(
            "coordination_issue", context, number=number, n=number + 1, topic=topic, created=created,
            status="closed" if solved else "open", maker=maker, type=_TYPES[number % len(_TYPES)],
            priority=draw.choice(("low", "medium", "high", None)), updated=solved or created,
        ) | {
            "due_date": term.calendar.due(created, 14),
            "comments_count": draw.randrange(0, 6),
            "trade": directory.firm_for(context, topic.code).trade_row,
            "location": directory.place(context, number * 3),
            "assignee": None if solved else {**team[number % len(team)].ref, "locale": "en"},
        }  # fmt: skip


def _who(context: RequestContext, person: TeamMember) -> Row:
    company = person.vendor.ref if person.vendor else {"id": context.company.id, "name": context.company.name}
    return {**person.ref, "company": company}
