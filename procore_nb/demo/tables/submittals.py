"""Submittals, what the firms hand in before they build, section by section of the specification; correspondence (Procore's API
calls its types generic tools) and coordination issues.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from procore_nb.demo.company import NOW, TODAY
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.claims import claims
from procore_nb.demo.tables.directory import COST_CODES, TeamMember
from procore_nb.demo.tables.documents import section
from procore_nb.demo.tables.plan import WorkPackage, Works, plan_of, topics_of, works
from procore_nb.demo.tables.registry import RequestContext, Row, Rows, per_project, table
from procore_nb.demo.tables.templates import fixed_entry, render

SUBMITTAL = "submittal"
_DRAFT, _OPEN, _CLOSED, _VOID = range(4)
_TYPES = 5
_LEADS, _REVIEW = (14, 28, 42, 56, 84), 28  # days
_ORDINARY = 12  # millions: from there on there are more submittals for each cost code


@dataclass(frozen=True)
class Submittal:
    """One revision of one submittal; days that have not come yet are None, so is the lead time of a few."""

    index: int
    number: int
    revision: int
    current: bool
    code: int
    type: int
    lead_days: int | None
    on_site: date
    submit_by: date
    received: date | None
    due: date | None
    closed: datetime | None
    response: int | None
    created: datetime
    void: bool

    @property
    def status(self) -> int:
        return _VOID if self.void else _CLOSED if self.closed else _OPEN if self.received else _DRAFT


@per_project
def submittal_log(context: RequestContext) -> tuple[Submittal, ...]:
    term = works(context)
    if term is None:
        return ()
    draw = context.random("submittals")
    found: list[Submittal] = []
    more = max(1.0, context.project.usd_millions / _ORDINARY) ** 0.75
    plan = plan_of(context.project)
    numbers = (code for code in plan if code > 1 for _ in range(round(draw.randrange(1, 4) * more)))
    for number, code in enumerate(numbers, 1):
        found += _revisions(draw, term, plan[code], number, code, len(found))
    return tuple(found)


def _revisions(
    draw: random.Random, term: Works, part: WorkPackage, number: int, code: int, first: int
) -> list[Submittal]:
    """Until it is approved, or left as it is; what is needed on site early is handed in first."""
    luck, kind, calendar = draw.random(), draw.randrange(_TYPES), term.calendar
    share = part.begin + draw.random() ** 2 * 0.5 * (part.end - part.begin)
    opened = calendar.next_workday(term.begin + timedelta(days=draw.randrange(0, 12)))
    on_site = term.day_at(share) + timedelta(days=draw.randrange(0, 15))
    on_site = calendar.next_workday(max(on_site, opened + timedelta(days=_REVIEW + _LEADS[0])))
    # What is needed soon after the works begin is what comes quickly.
    leads = [days for days in _LEADS if days + _REVIEW <= (on_site - opened).days]
    lead = leads[int(luck * len(leads))]
    submit_by = max(opened, calendar.workday(on_site - timedelta(days=lead + _REVIEW)))
    created = calendar.time_on(min(opened, TODAY), draw)
    slow = 2.2 if term.late else 1
    received: date = max(submit_by, opened) + timedelta(days=int(draw.expovariate(1 / 4) * slow))
    void = draw.random() < 0.015
    found: list[Submittal] = []
    while True:
        received = calendar.next_workday(received)
        shown = received if received <= TODAY else None
        decided = calendar.next_workday(received + timedelta(days=int(draw.lognormvariate(2.3, 0.5) * slow)))
        closed = calendar.time_on(decided, draw) if shown and decided < TODAY else None
        response = draw.choices(range(4), (55, 25, 15, 5))[0] if closed else None
        # One in three that were rejected is left so.
        again = not void and (response == 2 or (response == 3 and number % 3 > 0)) and len(found) < 2
        due = calendar.workday(received + timedelta(days=14)) if shown else None
        found.append(
            Submittal(
                first + len(found), number, len(found), not again, code, kind,
                None if number % 23 == 11 else lead, on_site, submit_by, shown, due,
                closed and max(closed, created), response, created, void,
            )
        )  # fmt: skip
        if not again:
            return found
        received = decided + timedelta(days=draw.randrange(7, 21))
        created = max(created, closed) if closed else created


@table("submittals", "submittals_v1_0", "submittals_v2_0")
def submittals(context: RequestContext) -> Rows:
    for one in submittal_log(context):
        yield _row(context, one)


@table("submittal_revisions")
def submittal_revisions(context: RequestContext) -> Rows:
    wanted = context.number_of(SUBMITTAL, context.ids["id"])
    same = {one.number for one in submittal_log(context) if one.index == wanted}
    for one in submittal_log(context):
        if one.number in same:
            yield _row(context, one)


def _row(context: RequestContext, one: Submittal) -> Row:
    place, firm = directory.place(context, one.number), directory.firm_for(context, one.code)
    calendar, about = context.calendar, section(context, one.code)
    kind, status = (
        fixed_entry(context, "submittal_types", one.type),
        fixed_entry(context, "submittal_statuses", one.status),
    )
    title = f"{COST_CODES[one.code][1]}: {kind['name'].lower()} {one.number}"
    opened = max(one.created, calendar.entered(one.received, one.index)) if one.received else one.created
    odd = one.number == 7 and context.project.index % 37 == 4
    return render(
        "submittal", context, one=one, place=place, section=about, firm=firm, status=status,
        manager=directory.office(context)[one.number % 3],
        sender=directory.worker_of(context, firm) if one.received else None,
    ) | {
        "formatted_number": f"{about['number']}-{one.number}.{one.revision}",
        "title": '<script>alert("submittal")</script> label' if odd else title,
        "description": None if one.number % 3 else "As described in the section, with samples.",
        "issue_date": calendar.day_of(one.created),
        "bic_due_date": one.due if one.status == _OPEN else None,
        "distributed_at": one.closed if one.current else None, "location_id": place["id"],
        "status_id": status["id"], "updated_at": one.closed or opened,
        "type": kind["name"] if context.endpoint.version.startswith("v2") else kind, **_review(context, one),
    }  # fmt: skip


def _review(context: RequestContext, one: Submittal) -> Row:
    """One in three goes to two people, one after the other."""
    if one.received is None:
        return {}
    team = directory.site(context)
    returned = context.calendar.day_of(one.closed) if one.closed else None
    count = 2 if one.number % 3 == 0 else 1
    answers: list[Row] = []
    sent: date | None = one.received
    for step in range(count):
        reviewer, last = team[(one.number + step) % len(team)], step == count - 1
        first = min((sent or TODAY) + timedelta(days=3), returned or date.max)
        back = returned if last else first if first <= TODAY else None
        response = (one.response if last else 0) if back else None
        answers.append(
            {
                "id": context.id(f"submittal_approver_{step}", one.index), "approver_type": "Approver",
                # A few were handed over without anybody entering when.
                "user": reviewer.ref, "sent_date": None if one.number % 17 == 5 else sent,
                "due_date": one.due, "returned_date": back, "response_required": True,
                "response": None if response is None else fixed_entry(context, "submittal_responses", response),
                "workflow_group_number": step + 1,
            }
        )  # fmt: skip
        sent = back
    vendor = reviewer.vendor.ref if reviewer.vendor else None
    holder = {**reviewer.ref, "initials": reviewer.first_name[0] + reviewer.last_name[0], "vendor": vendor}
    return {"ball_in_court": [holder] if one.status == _OPEN else [], "approvers": answers}


_ISSUE_TYPES = ("Clash", "Missing Information", "Request for Change")


@table("generic_tool_items", "correspondence_type_items")
def generic_tool_items(context: RequestContext) -> Rows:
    """Late projects write more; each letter follows a change."""
    asked, team, term = context.ids.get("generic_tool_id"), directory.site(context), works(context)
    counts = [0, 0, 0]
    for claim in claims(context):
        number = claim.index % len(counts)
        tool = fixed_entry(context, "generic_tools", number)
        if not number and not (term and term.late):
            continue
        counts[number] += 1
        if asked not in (None, str(tool["id"])):
            continue
        closed = claim.decided
        yield render(
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
    count = round((5 + context.project.index % 11) * (1.5 if term.late else 1))
    days = sorted(term.day_at(draw.random() ** 1.5 * 0.7) for _ in range(count))
    for number, day in enumerate(days):
        topic, wait = draw.choice(topics_of(context.project)), draw.lognormvariate(2.6, 0.7)
        created = term.calendar.time_on(max(day, term.begin), draw)
        if day >= TODAY or term.elapsed(day) > share:
            return
        done = term.calendar.office(created + timedelta(days=wait * (1.7 if term.late else 1)))
        solved: datetime | None = done if done < NOW else None
        maker = {**directory.office(context)[number % 3].ref, "locale": "en"}
        maker["company_name"] = context.company.name
        yield render(
            "coordination_issue", context, number=number, n=number + 1, topic=topic, created=created,
            status="closed" if solved else "open", maker=maker, type=_ISSUE_TYPES[number % len(_ISSUE_TYPES)],
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
