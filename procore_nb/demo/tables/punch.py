"""Punch items: what is left to put right; few until the works near their end, most closed soon after."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from procore_nb.demo.company import NOW, TODAY
from procore_nb.demo.facts import read_facts
from procore_nb.demo.tables import directory, site_team
from procore_nb.demo.tables.plan import plan_of
from procore_nb.demo.tables.progress_curve import works
from procore_nb.demo.tables.registry import table
from procore_nb.demo.tables.request_context import RequestContext, Row
from procore_nb.demo.tables.row_forms import written

# Of a project of one million, and how their number grows with the value.
_PER_MILLION, _GROWTH = 7, 0.75
TYPES: list[str] = read_facts("quality")["punch_types"]
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
    firm, manager = site_team.firm_for(context, code), site_team.office(context)[number % 3]
    workers = {firm.id: (firm, site_team.worker_of(context, firm))}
    if number % 7 == 3:  # two firms are to blame
        other = site_team.firm_for(context, there[number % len(there)][0])
        workers[other.id] = (other, site_team.worker_of(context, other))
    step = ("initiated", "work_required", "ready_for_review")[int(luck * 3)] if open_still else "closed"
    late = due is not None and due < TODAY
    status = "Closed" if not open_still else "Overdue" if late else "Pending" if luck > 0.9 else "Open"
    done = None if open_still else closed
    cost = Decimal(draw.randrange(2, 60) * 25) if luck < 0.15 else None
    keeper = _who(manager, context)
    return {
        "id": context.id("punch_item", number),
        "position": number + 1,
        "name": "=1+1 painted on the wall" if number == 2 and context.here.index % 41 == 10 else what,
        "description": f"{what} at {draw.choice('ABCDEFG')}{draw.randrange(1, 9)}." if luck > 0.2 else None,
        "status": status,
        "workflow_status": step,
        "priority": draw.choice(("Low", "Medium", "Medium", "High", None)),
        "private": False,
        "due_date": due,
        "closed_at": done,
        "closed_by": keeper if done else None,
        "cost_impact": "yes_known" if cost else "no_impact",
        "cost_impact_amount": cost,
        "schedule_impact": "yes_known" if luck < 0.05 else "no_impact",
        "schedule_impact_days": draw.randrange(1, 4) if luck < 0.05 else None,
        "has_resolved_responses": done is not None,
        "has_unresolved_responses": done is None,
        "location": site_team.place(context, draw.randrange(8)),
        "trade": {**site_team.trade_of(firm).ref, "active": True},
        "cost_code": directory.cost_codes(context)[code].ref if luck > 0.1 else None,
        "created_by": keeper,
        "punch_item_manager": keeper,
        "final_approver": _who(site_team.office(context)[0], context),
        "punch_item_type": {"id": 80_401 + number % len(TYPES), "name": TYPES[number % len(TYPES)]},
        "assignees": [worker.ref for _firm, worker in workers.values()],
        "ball_in_court": [] if done else [_who(worker, context) for _firm, worker in workers.values()],
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
        "custom_fields": {},
        "created_at": created,
        "updated_at": done or created,
    }


@table("punch_item_types")
def punch_item_types(context: RequestContext) -> Iterator[Row]:
    """Types of punch items."""
    since = context.here.created_at
    for number, name in enumerate(TYPES):
        yield {"id": 80_401 + number, "name": name, "created_at": since, "updated_at": since}


def _who(person: directory.TeamMember, context: RequestContext) -> Row:
    firm = person.vendor.name if person.vendor else context.company.name
    return {"id": person.id, "name": person.name, "locale": "en", "company_name": firm}
