"""Inspections (Procore's API calls them checklists); observations: what failed an inspection, what an incident asked for, and
what somebody saw on their way; punch items: few until the works near their end, most closed soon after.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from procore_nb.demo.company import NOW, TODAY, read_facts
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.directory import TeamMember
from procore_nb.demo.tables.documents import section
from procore_nb.demo.tables.incidents import FROM_ACCIDENTS, accidents
from procore_nb.demo.tables.plan import plan_of, works
from procore_nb.demo.tables.registry import RequestContext, Row, Rows, per_project, table
from procore_nb.demo.tables.templates import fixed_entry, render

YES, NO, NOT_APPLICABLE, UNANSWERED = "yes", "no", "n/a", "none"
# Title, type of inspection, codes it is about, what it asks.
TEMPLATES: list[tuple[str, int, list[int], list[str]]] = read_facts("quality")["templates"]


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

    def count(self, answer: str) -> int:
        return self.answers.count(answer)


@per_project(keep=300)
def inspections(context: RequestContext) -> tuple[Inspection, ...]:
    """On late projects more answers are no."""
    term = works(context)
    if term is None:
        return ()
    draw, items = context.random("inspections"), 0
    found: list[Inspection] = []
    bad = 0.11 if term.late else 0.05
    day, step = term.begin + timedelta(days=5), max(7, (term.end - term.begin).days // 45)
    while day <= min(term.until, TODAY - timedelta(days=1)):
        elapsed, plan = term.elapsed(day), plan_of(context.project)
        fitting = [
            number
            for number, (_name, _type, codes, _questions) in enumerate(TEMPLATES)
            if not codes
            or any(code in plan and plan[code].begin <= elapsed <= plan[code].end for code in codes)
        ]
        template = draw.choice(fitting)
        created = term.calendar.time_on(max(day, term.begin), draw)
        on = term.calendar.day_of(created)
        fresh = (TODAY - on).days < 8
        answers = tuple(_answer(draw.random(), bad, fresh) for _question in TEMPLATES[template][3])
        open_still = fresh or (NO in answers and (TODAY - day).days < 40 and draw.random() < 0.5)
        closed = None if open_still else term.calendar.after(created, draw.uniform(3, 6))
        due = on + timedelta(days=3)
        found.append(Inspection(len(found), template, on, answers, items, closed, due, created))
        items += len(answers)
        day += timedelta(days=step + draw.randrange(-2, 3))
    return tuple(found)


def _answer(luck: float, bad: float, fresh: bool) -> str:
    if fresh and luck > 0.7:
        return UNANSWERED
    return NO if luck < bad else NOT_APPLICABLE if luck < bad + 0.06 else YES


_ANSWERS = {YES: (1, "Pass"), NO: (2, "Fail"), NOT_APPLICABLE: (3, "Not Applicable")}
_SINCE = NOW - timedelta(days=900)


@table("checklists", "checklists_by_query")
def checklists(context: RequestContext) -> Rows:
    for one in inspections(context):
        name, kind, codes, _questions = TEMPLATES[one.template]
        code = codes[one.index % len(codes)] if codes else 0
        firm, inspector = (
            directory.firm_for(context, code),
            _who(context, directory.office(context)[one.index % 3]),
        )
        answered, team = len(one.answers) - one.count(UNANSWERED), directory.site(context)
        status = "Closed" if one.closed else "In Review" if answered == len(one.answers) else "Open"
        counts = {"items": len(one.answers), "deficient": one.count(NO), "yes": one.count(YES)}
        counts |= {"without": one.count(NOT_APPLICABLE), "unanswered": one.count(UNANSWERED)}
        about = {"one": one, "n": one.index + 1, "name": name, "inspector": inspector}
        yield render("checklist", context, **about, **counts) | {
            "status": "Open" if status == "In Review" and context.endpoint.name != "checklists" else status,
            "overdue": one.closed is None and one.due < TODAY,
            "inspection_type": fixed_entry(context, "inspection_types", kind), "inspected_item_count": answered,
            "closed_observations_count": counts["deficient"] if one.closed else 0,
            "closed_by": inspector if one.closed else None, "inspectors": [inspector],
            "point_of_contact": _who(context, team[one.index % len(team)]),
            "responsible_contractor": firm.ref if codes else None, "trade": firm.trade_row if codes else None,
            "location": directory.place(context, one.index * 3),
            "specification_section": section(context, code) if codes else None,
            "updated_at": one.closed or one.created,
        }  # fmt: skip


@table("checklist_items", "checklist_items_v1_0")
def checklist_items(context: RequestContext) -> Rows:
    for one in inspections(context):
        asked = zip(TEMPLATES[one.template][3], one.answers, strict=True)
        for position, (question, answer) in enumerate(asked):
            number, word = _ANSWERS.get(answer, (None, None))
            said = {"id": number, "name": word, "corresponding_status": answer} if number else None
            yield render(
                "checklist_item", context, one=one, updated=one.closed or one.created, n=position + 1,
                question=question, answer=answer, word=word, response=said,
                number=one.first_item + position, copied=one.template * 20 + position,
                details="To be put right, see the observation." if answer == NO else None,
            )  # fmt: skip


@table("checklist_sections")
def checklist_sections(context: RequestContext) -> Rows:
    for one in inspections(context):
        yield {
            "id": context.id("checklist_section", one.index), "name": "General", "position": 1,
            "template_section_id": context.id("checklist_template_section", one.template),
            "updated_at": one.created,
        }  # fmt: skip


@table("checklist_templates", "checklist_templates_v1_0", "checklist_templates_v1_0_by_query")
@table("company_checklist_templates")
def checklist_templates(context: RequestContext) -> Rows:
    for number, (name, kind, _codes, _questions) in enumerate(TEMPLATES):
        inspection_type = fixed_entry(context, "inspection_types", kind)
        yield {
            "id": context.id("checklist_template", number), "name": name, "deletable": False,
            "number": str(number + 1), "relative_position": number + 1,
            "inspection_type": {key: inspection_type[key] for key in ("id", "name", "company_id")},
            "trade": {**directory.trades()[number].ref, "active": True}, "created_at": _SINCE,
            "updated_at": _SINCE,
        }  # fmt: skip


def _who(context: RequestContext, person: TeamMember) -> Row:
    firm = person.vendor.name if person.vendor else context.company.name
    return {**person.ref, "locale": "en", "company_name": firm}


_FROM_ELSEWHERE = 4_000  # numbers of their ids
_SEEN: list[tuple[str, int, int]] = read_facts("quality")["observations"]


@table("observation_items")
def observation_items(context: RequestContext) -> Rows:
    """Late projects take longer to close them."""
    for one in inspections(context):
        name, kind, codes, questions = TEMPLATES[one.template]
        for item, (question, answer) in enumerate(zip(questions, one.answers, strict=True), one.first_item):
            if answer == NO:
                payload = {
                    "checklist_list_id": context.id("checklist", one.index),
                    "checklist_item_id": context.id("checklist_item", item),
                }
                about = f"{name}: {question.lower()} – no", kind * 2 % 4, codes[0] if codes else 0
                origin = {"type": "inspection", "payload": payload}
                yield _observation(context, item, *about, one.created, one.closed, origin)
    calendar = context.calendar
    for accident in accidents(context):
        if accident.observed:
            payload = {
                "incident_id": context.id("incident", accident.index),
                "incident_action_id": context.id("incident_action", accident.index * 4),
            }
            seen = calendar.after(accident.happened, 0.3)
            closed = calendar.after(seen, 18) if accident.closed else None
            about = "After an incident: make the place safe", 2, accident.code
            origin = {"type": "incident", "payload": payload}
            yield _observation(context, FROM_ACCIDENTS + accident.index, *about, seen, closed, origin)
    yield from _elsewhere(context)


def _elsewhere(context: RequestContext) -> Rows:
    """Observations nobody was looking for."""
    term = works(context)
    if term is None:
        return
    draw, share = context.random("observations"), term.elapsed(term.until)
    count = round((6 + context.project.index % 9) * share * (1.4 if term.late else 1)) + 1
    days = sorted(term.day_at(draw.random() * share) for _ in range(count))
    for number, day in enumerate(days, _FROM_ELSEWHERE):
        created = term.calendar.time_on(day, draw)
        wait = draw.lognormvariate(2.1, 0.7) * (2 if term.late else 1)
        closed = term.calendar.office(created + timedelta(days=wait))
        yield _observation(context, number, *draw.choice(_SEEN), created, None if closed >= NOW else closed)


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
    ) | {
        "description": f"{name}. See the photo." if number % 3 else None, "origin": origin,
        "priority": ("Low", "Medium", "High", "Urgent")[number % 7 % 4], "trade": firm.trade_row,
        "type": fixed_entry(context, "observation_types", kind), "status": "closed" if closed else step,
        "location": directory.place(context, number) if number % 8 else None,
        "specification_section": section(context, code) if kind < 2 else None, "date_notified": calendar.day_of(created),
        "due_date": due, "updated_at": closed or created,
    }  # fmt: skip


# Of a project of one million, and how their number grows with the value.
_PER_MILLION, _GROWTH = 7, 0.75
_WHAT: list[tuple[int, str]] = read_facts("quality")["punch"]


@table("punch_items", "punch_items_v1_0")
def punch_items(context: RequestContext) -> Rows:
    """The first one of two projects in five was deleted."""
    term = works(context)
    if term is None:
        return
    draw = context.random("punch")
    count = round(_PER_MILLION * max(1.0, context.project.usd_millions) ** _GROWTH)
    days = sorted(term.day_at(draw.triangular(0.55, 1.04, 0.96)) for _ in range(count))
    for number, day in enumerate(days):
        found = draw.random(), draw.choice((7, 14, 14, 21)), draw.lognormvariate(2.2, 0.8)
        if term.calendar.workday(day) < TODAY:
            row = _punch_item(context, number, day, *found, slow=1.8 if term.late else 1.0)
            if number == 0 and context.project.index % 5 < 2:
                row |= {"deleted_at": row["updated_at"], "_deleted": True}
            yield row


def _punch_item(
    context: RequestContext, number: int, day: date, luck: float, days: int, wait: float, *, slow: float
) -> Row:
    draw, calendar = context.random(f"punch:{number}"), context.calendar
    created = calendar.time_on(day, draw)
    closed = calendar.office(created + timedelta(days=wait * slow))
    done = None if closed >= NOW else closed
    due = calendar.due(created, days) if number % 12 else None
    there = [one for one in _WHAT if one[0] in plan_of(context.project)]
    code, what = draw.choice(there)
    firm, keeper = directory.firm_for(context, code), _who(context, directory.office(context)[number % 3])
    other = directory.firm_for(context, there[number % len(there)][0])  # one in seven is two firms' fault
    firms = dict.fromkeys((firm, other) if number % 7 == 3 else (firm,))
    blamed = [(one, directory.worker_of(context, one)) for one in firms]
    late = due is not None and due < TODAY
    status = "Closed" if done else "Overdue" if late else "Pending" if luck > 0.9 else "Open"
    step = "closed" if done else ("initiated", "work_required", "ready_for_review")[int(luck * 3)]
    cost = Decimal(draw.randrange(2, 60) * 25) if luck < 0.15 else None
    return {
        "id": context.id("punch_item", number), "position": number + 1,
        "name": "=1+1 painted on the wall" if number == 2 and context.project.index % 41 == 10 else what,
        "description": f"{what} at {draw.choice('ABCDEFG')}{draw.randrange(1, 9)}." if luck > 0.2 else None,
        "status": status, "workflow_status": step,
        "priority": draw.choice(("Low", "Medium", "Medium", "High", None)), "private": False,
        "due_date": due, "closed_at": done, "closed_by": keeper if done else None,
        "cost_impact": "yes_known" if cost else "no_impact", "cost_impact_amount": cost,
        "schedule_impact": "yes_known" if luck < 0.05 else "no_impact",
        "schedule_impact_days": draw.randrange(1, 4) if luck < 0.05 else None,
        "has_resolved_responses": done is not None, "has_unresolved_responses": done is None,
        "location": directory.place(context, draw.randrange(8)), "trade": firm.trade_row,
        "cost_code": directory.cost_codes(context)[code].ref if luck > 0.1 else None, "created_by": keeper,
        "punch_item_manager": keeper, "final_approver": _who(context, directory.office(context)[0]),
        "punch_item_type": fixed_entry(context, "punch_item_types", number),
        "assignees": [worker.ref for _firm, worker in blamed],
        "ball_in_court": [] if done else [_who(context, worker) for _firm, worker in blamed],
        "assignments": [
            render(
                "punch_assignment", context, worker=worker, firm=one, made=created, done=done,
                id=context.id(f"punch_assignment_{place}", number), approved=done is not None,
                status="resolved" if done else "unresolved", updated=done or created,
            )
            for place, (one, worker) in enumerate(blamed)
        ],
        "created_at": created, "updated_at": done or created,
    }  # fmt: skip
