"""Submittals, what the firms hand in before they build, section by section of the specification; correspondence (Procore's API
calls its types generic tools); coordination issues; punch items: few until the works near their end, most closed soon after.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from procore_nb.demo.company import NOW, TODAY, read_facts
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.claims import claims
from procore_nb.demo.tables.directory import COST_CODES, TeamMember, contact
from procore_nb.demo.tables.documents import section
from procore_nb.demo.tables.plan import Works, once_begun, plan_of, topics_of, works
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
@once_begun
def submittal_log(context: RequestContext, term: Works) -> Iterator[Submittal]:
    draw, first, number = context.random("submittals"), 0, 0
    factor = max(1.0, context.project.usd_millions / _ORDINARY) ** 0.75
    for code in (code for code in plan_of(context.project) if code > 1):
        for _ in range(round(draw.randrange(1, 4) * factor)):
            number += 1
            revisions = _revisions(context, draw, term, number, code, first)
            yield from revisions
            first += len(revisions)


def _revisions(
    context: RequestContext, draw: random.Random, term: Works, number: int, code: int, first: int
) -> list[Submittal]:
    """Until it is approved, or left as it is; what is needed on site early is handed in first."""
    part, calendar = plan_of(context.project)[code], term.calendar
    luck, kind = draw.random(), draw.randrange(_TYPES)
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
    void, again, revisions = draw.random() < 0.015, True, list[Submittal]()
    while again:
        received = calendar.next_workday(received)
        shown = received if received <= TODAY else None
        decided = calendar.next_workday(received + timedelta(days=int(draw.lognormvariate(2.3, 0.5) * slow)))
        closed = calendar.time_on(decided, draw) if shown and decided < TODAY else None
        response = draw.choices(range(4), (55, 25, 15, 5))[0] if closed else None
        # One in three that were rejected is left so.
        again = not void and (response == 2 or (response == 3 and number % 3 > 0)) and len(revisions) < 2
        due = calendar.workday(received + timedelta(days=14)) if shown else None
        revisions.append(
            Submittal(
                first + len(revisions), number, len(revisions), not again, code, kind,
                None if number % 23 == 11 else lead, on_site, submit_by, shown, due,
                closed and max(closed, created), response, created, void,
            )
        )  # fmt: skip
        if again:
            received = decided + timedelta(days=draw.randrange(7, 21))
            created = max(created, closed) if closed else created
    return revisions


@table("submittals", "submittals_v1_0", "submittals_v2_0")
def submittals(context: RequestContext) -> Rows:
    yield from (_row(context, submittal) for submittal in submittal_log(context))


@table("submittal_revisions")
def submittal_revisions(context: RequestContext) -> Rows:
    index = context.number_of(SUBMITTAL, context.ids["id"])
    numbers = {submittal.number for submittal in submittal_log(context) if submittal.index == index}
    yield from (_row(context, one) for one in submittal_log(context) if one.number in numbers)


def _row(context: RequestContext, submittal: Submittal) -> Row:
    number, created, closed = submittal.number, submittal.created, submittal.closed
    firm, calendar = directory.firm_for(context, submittal.code), context.calendar
    place, kind = directory.place(context, number), fixed_entry(context, "submittal_types", submittal.type)
    status = fixed_entry(context, "submittal_statuses", submittal.status)
    title = f"{COST_CODES[submittal.code][1]}: {kind['name'].lower()} {number}"
    opened = created
    if submittal.received:
        opened = max(created, calendar.entered(submittal.received, submittal.index))
    odd = number == 7 and context.project.index % 37 == 4
    return render(
        "submittal", context, submittal=submittal, place=place, place_id=place["id"], firm=firm,
        status=status, section=section(context, submittal.code), manager=directory.office(context)[number % 3],
        status_id=status["id"], updated=closed or opened, issued=calendar.day_of(created),
        sender=directory.worker_of(context, firm) if submittal.received else None,
        title='<script>alert("submittal")</script> label' if odd else title,
        text=None if number % 3 else "As described in the section, with samples.",
        due_now=submittal.due if submittal.status == _OPEN else None,
        distributed=closed if submittal.current else None,
        type=kind["name"] if context.endpoint.version.startswith("v2") else kind,
    ) | _review(context, submittal)  # fmt: skip


def _review(context: RequestContext, submittal: Submittal) -> Row:
    """One in three goes to two people, one after the other."""
    if submittal.received is None:
        return {}
    team, number = directory.site(context), submittal.number
    sent: date | None = submittal.received
    returned = context.calendar.day_of(submittal.closed) if submittal.closed else None
    count, approvers = 2 if number % 3 == 0 else 1, list[Row]()
    for step in range(count):
        reviewer, back, response = team[(number + step) % len(team)], returned, submittal.response
        if step < count - 1:
            first = min((sent or TODAY) + timedelta(days=3), returned or date.max)
            back, response = first if first <= TODAY else None, 0
        answered = back and response is not None
        approvers.append(
            render(
                "submittal_approver", context, id=context.id(f"submittal_approver_{step}", submittal.index),
                reviewer=reviewer, due=submittal.due, returned=back, n=step + 1,
                # A few were handed over without anybody entering when.
                sent=None if number % 17 == 5 else sent,
                response=fixed_entry(context, "submittal_responses", response or 0) if answered else None,
            )
        )  # fmt: skip
        sent = back
    vendor = reviewer.vendor.ref if reviewer.vendor else None
    holder = {**reviewer.ref, "initials": reviewer.initials, "vendor": vendor}
    return {"ball_in_court": [holder] if submittal.status == _OPEN else [], "approvers": approvers}


_ISSUE_TYPES = ("Clash", "Missing Information", "Request for Change")


@table("generic_tool_items", "correspondence_type_items")
def generic_tool_items(context: RequestContext) -> Rows:
    """Late projects write more; each letter follows a change."""
    team, office = directory.site(context), directory.office(context)
    asked, term, counts = context.ids.get("generic_tool_id"), works(context), [0, 0, 0]
    for claim in claims(context):
        number = claim.index % len(counts)
        tool = fixed_entry(context, "generic_tools", number)
        if not number and not (term and term.late):
            continue
        counts[number] += 1
        if asked in (None, str(tool["id"])):
            yield render(
                "letter", context, claim=claim, position=counts[number], tool=tool, private=number == 1,
                due=context.calendar.due(claim.created, 14), cost=claim.cost / 100, days=claim.days or None,
                status="Closed" if claim.decided else "Open", section=section(context, claim.topic.code),
                days_status="yes_known" if claim.days else "no_impact",
                place=directory.place(context, claim.index),
                code=directory.cost_codes(context)[claim.topic.code], updated=claim.decided or claim.created,
                sender=_with_company(context, office[claim.index % 3]),
                assignees=[_with_company(context, team[claim.index % len(team)])],
            )  # fmt: skip


def _with_company(context: RequestContext, person: TeamMember) -> Row:
    company = person.vendor.ref if person.vendor else {"id": context.company.id, "name": context.company.name}
    return {**person.ref, "company": company}


@table("coordination_issues")
@once_begun
def coordination_issues(context: RequestContext, term: Works) -> Rows:
    draw, share, team = context.random("coordination"), term.elapsed(term.until), directory.site(context)
    count = round((5 + context.project.index % 11) * (1.5 if term.late else 1))
    days = sorted(term.day_at(draw.random() ** 1.5 * 0.7) for _ in range(count))
    for number, day in enumerate(days):
        topic, wait = draw.choice(topics_of(context.project)), draw.lognormvariate(2.6, 0.7)
        created = term.calendar.time_on(max(day, term.begin), draw)
        if day >= TODAY or term.elapsed(day) > share:
            return
        done = term.calendar.office(created + timedelta(days=wait * (1.7 if term.late else 1)))
        solved = done if done < NOW else None
        yield render(
            "coordination_issue", context, number=number, n=number + 1, topic=topic, created=created,
            status="closed" if solved else "open", type=_ISSUE_TYPES[number % len(_ISSUE_TYPES)],
            maker=contact(context, directory.office(context)[number % 3]), updated=solved or created,
            priority=draw.choice(("low", "medium", "high", None)), comments=draw.randrange(0, 6),
            due=term.calendar.due(created, 14), firm=directory.firm_for(context, topic.code),
            place=directory.place(context, number * 3),
            assignee=None if solved else {**team[number % len(team)].ref, "locale": "en"},
        )  # fmt: skip


# Of a project of one million, and how their number grows with the value.
_PER_MILLION, _GROWTH = 7, 0.75
_STEPS = ("initiated", "work_required", "ready_for_review")
_DEFECTS: list[tuple[int, str]] = read_facts("quality")["punch"]


@table("punch_items", "punch_items_v1_0")
@once_begun
def punch_items(context: RequestContext, term: Works) -> Rows:
    """The first one of two projects in five was deleted."""
    draw = context.random("punch")
    count = round(_PER_MILLION * max(1.0, context.project.usd_millions) ** _GROWTH)
    days = sorted(term.day_at(draw.triangular(0.55, 1.04, 0.96)) for _ in range(count))
    slow = 1.8 if term.late else 1.0
    for number, day in enumerate(days):
        luck, days_to_do, wait = draw.random(), draw.choice((7, 14, 14, 21)), draw.lognormvariate(2.2, 0.8)
        if term.calendar.workday(day) < TODAY:
            row = _punch_item(context, number, day, luck, days_to_do, wait * slow)
            if number == 0 and context.project.index % 5 < 2:
                row |= {"deleted_at": row["updated_at"], "_deleted": True}
            yield row


def _punch_item(
    context: RequestContext, number: int, day: date, luck: float, days_to_do: int, wait: float
) -> Row:
    draw, calendar, office = context.random(f"punch:{number}"), context.calendar, directory.office(context)
    created = calendar.time_on(day, draw)
    closed = calendar.office(created + timedelta(days=wait))
    done = None if closed >= NOW else closed
    due = calendar.due(created, days_to_do) if number % 12 else None
    defects = [defect for defect in _DEFECTS if defect[0] in plan_of(context.project)]
    code, text = draw.choice(defects)
    firm, keeper = directory.firm_for(context, code), contact(context, office[number % 3])
    second = directory.firm_for(context, defects[number % len(defects)][0])
    # One in seven is two firms' fault.
    firms = dict.fromkeys((firm, second) if number % 7 == 3 else (firm,))
    blamed = [(one, directory.worker_of(context, one)) for one in firms]
    late = due is not None and due < TODAY
    cost = Decimal(draw.randrange(2, 60) * 25) if luck < 0.15 else None
    assignments = [
        render(
            "punch_assignment", context, worker=worker, firm=one, made=created, done=done,
            id=context.id(f"punch_assignment_{position}", number), approved=done is not None,
            status="resolved" if done else "unresolved", updated=done or created,
        )
        for position, (one, worker) in enumerate(blamed)
    ]  # fmt: skip
    odd = number == 2 and context.project.index % 41 == 10
    return render(
        "punch_item", context, number=number, n=number + 1, done=done, manager=keeper, due=due, firm=firm,
        cost=cost, created=created, updated=done or created, resolved=done is not None,
        unresolved=done is None, approver=contact(context, office[0]), assignments=assignments,
        type=fixed_entry(context, "punch_item_types", number), name="=1+1 painted on the wall" if odd else text,
        text=f"{text} at {draw.choice('ABCDEFG')}{draw.randrange(1, 9)}." if luck > 0.2 else None,
        status="Closed" if done else "Overdue" if late else "Pending" if luck > 0.9 else "Open",
        step="closed" if done else _STEPS[int(luck * 3)], closed_by=keeper if done else None,
        priority=draw.choice(("Low", "Medium", "Medium", "High", None)),
        costly="yes_known" if cost else "no_impact", slow="yes_known" if luck < 0.05 else "no_impact",
        days=draw.randrange(1, 4) if luck < 0.05 else None,
        place=directory.place(context, draw.randrange(8)),
        code=directory.cost_codes(context)[code].ref if luck > 0.1 else None,
        assignees=[worker.ref for _firm, worker in blamed],
        holders=[] if done else [contact(context, worker) for _firm, worker in blamed],
    )  # fmt: skip
