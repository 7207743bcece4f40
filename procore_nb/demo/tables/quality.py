"""Inspections (Procore's API calls them checklists); observations: what failed an inspection, what an incident asked for, and
what somebody noticed in passing; punch items: few until the works near their end, most closed soon after.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from procore_nb.demo.company import NOW, TODAY, read_facts
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.directory import contact
from procore_nb.demo.tables.documents import section
from procore_nb.demo.tables.incidents import FROM_ACCIDENTS, accidents
from procore_nb.demo.tables.plan import Works, once_begun, plan_of
from procore_nb.demo.tables.registry import RequestContext, Row, Rows, per_project, table
from procore_nb.demo.tables.templates import fixed_entry, render

YES, NO, NOT_APPLICABLE, UNANSWERED = "yes", "no", "n/a", "none"
_RESPONSES = {YES: (1, "Pass"), NO: (2, "Fail"), NOT_APPLICABLE: (3, "Not Applicable")}
# Title, type of inspection, cost codes it is about, what it asks.
TEMPLATES: list[tuple[str, int, list[int], list[str]]] = read_facts("quality")["templates"]
_TEMPLATES_SINCE = NOW - timedelta(days=900)


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


@per_project
@once_begun
def inspections(context: RequestContext, term: Works) -> Iterator[Inspection]:
    """On late projects more answers are no."""
    draw, plan = context.random("inspections"), plan_of(context.project)
    index = items = 0
    day, step = term.begin + timedelta(days=5), max(7, (term.end - term.begin).days // 45)
    while day <= min(term.until, TODAY - timedelta(days=1)):
        elapsed = term.elapsed(day)
        under_way = {code for code, part in plan.items() if part.begin <= elapsed <= part.end}
        codes_of = {number: set(codes) for number, (_name, _type, codes, _questions) in enumerate(TEMPLATES)}
        fitting = [number for number, codes in codes_of.items() if not codes or codes & under_way]
        template = draw.choice(fitting)
        created = term.calendar.time_on(max(day, term.begin), draw)
        inspected = term.calendar.day_of(created)
        fresh = (TODAY - inspected).days < 8
        bad = 0.11 if term.late else 0.05
        answers = tuple(_answer(draw.random(), bad, fresh) for _question in TEMPLATES[template][3])
        still_open = fresh or (NO in answers and (TODAY - day).days < 40 and draw.random() < 0.5)
        closed = None if still_open else term.calendar.after(created, draw.uniform(3, 6))
        due = inspected + timedelta(days=3)
        yield Inspection(index, template, inspected, answers, items, closed, due, created)
        index, items = index + 1, items + len(answers)
        day += timedelta(days=step + draw.randrange(-2, 3))


def _answer(luck: float, bad: float, fresh: bool) -> str:
    if fresh and luck > 0.7:
        return UNANSWERED
    return NO if luck < bad else NOT_APPLICABLE if luck < bad + 0.06 else YES


@table("checklists", "checklists_by_query")
def checklists(context: RequestContext) -> Rows:
    team, office = directory.site(context), directory.office(context)
    for inspection in inspections(context):
        name, kind, codes, questions = TEMPLATES[inspection.template]
        counts = {answer: inspection.answers.count(answer) for answer in (*_RESPONSES, UNANSWERED)}
        code = codes[inspection.index % len(codes)] if codes else 0
        firm = directory.firm_for(context, code)
        inspector = contact(context, office[inspection.index % 3])
        status = "Closed" if inspection.closed else "Open" if counts[UNANSWERED] else "In Review"
        if status == "In Review" and context.endpoint.name != "checklists":
            status = "Open"
        yield render(
            "checklist", context, inspection=inspection, n=inspection.index + 1, name=name, status=status,
            inspector=inspector, inspectors=[inspector], items=len(questions), passed=counts[YES],
            failed=counts[NO], not_applicable=counts[NOT_APPLICABLE], unanswered=counts[UNANSWERED],
            answered=len(questions) - counts[UNANSWERED], put_right=counts[NO] if inspection.closed else 0,
            overdue=inspection.closed is None and inspection.due < TODAY,
            type=fixed_entry(context, "inspection_types", kind), firm=firm if codes else None,
            closed_by=inspector if inspection.closed else None,
            contact=contact(context, team[inspection.index % len(team)]),
            place=directory.place(context, inspection.index * 3),
            section=section(context, code) if codes else None, updated=inspection.closed or inspection.created,
        )  # fmt: skip


@table("checklist_items", "checklist_items_v1_0")
def checklist_items(context: RequestContext) -> Rows:
    for inspection in inspections(context):
        asked = zip(TEMPLATES[inspection.template][3], inspection.answers, strict=True)
        for position, (question, answer) in enumerate(asked):
            number, word = _RESPONSES.get(answer, (None, None))
            response = {"id": number, "name": word, "corresponding_status": answer} if number else None
            yield render(
                "checklist_item", context, inspection=inspection, n=position + 1, question=question,
                updated=inspection.closed or inspection.created, answer=answer, word=word,
                response=response, number=inspection.first_item + position,
                question_number=inspection.template * 20 + position,
                details="To be put right, see the observation." if answer == NO else None,
            )  # fmt: skip


@table("checklist_sections")
def checklist_sections(context: RequestContext) -> Rows:
    yield from (render("checklist_section", context, inspection=one) for one in inspections(context))


@table("checklist_templates", "checklist_templates_v1_0", "checklist_templates_v1_0_by_query")
@table("company_checklist_templates")
def checklist_templates(context: RequestContext) -> Rows:
    for number, (name, kind, _codes, _questions) in enumerate(TEMPLATES):
        inspection_type = fixed_entry(context, "inspection_types", kind)
        yield {
            "id": context.id("checklist_template", number), "name": name, "deletable": False,
            "number": str(number + 1), "relative_position": number + 1,
            "inspection_type": {key: inspection_type[key] for key in ("id", "name", "company_id")},
            "trade": {**directory.trades()[number].ref, "active": True},
            "created_at": _TEMPLATES_SINCE, "updated_at": _TEMPLATES_SINCE,
        }  # fmt: skip


_IN_PASSING = 4_000  # numbers of the ids of observations that nobody was looking for
_NOTICED: list[tuple[str, int, int]] = read_facts("quality")["observations"]


@table("observation_items")
def observation_items(context: RequestContext) -> Rows:
    """Late projects take longer to close them."""
    for inspection in inspections(context):
        name, kind, codes, questions = TEMPLATES[inspection.template]
        items = enumerate(zip(questions, inspection.answers, strict=True), inspection.first_item)
        for item, (question, answer) in items:
            if answer == NO:
                origin = render("inspection_origin", context, inspection=inspection, item=item)
                text, code = f"{name}: {question.lower()} – no", codes[0] if codes else 0
                times = inspection.created, inspection.closed
                yield _observation(context, item, text, kind * 2 % 4, code, *times, origin)
    for accident in accidents(context):
        if accident.observed:
            origin = render("incident_origin", context, accident=accident, action=accident.index * 4)
            seen = context.calendar.after(accident.happened, 0.3)
            times = seen, context.calendar.after(seen, 18) if accident.closed else None
            text, number = "After an incident: make the place safe", FROM_ACCIDENTS + accident.index
            yield _observation(context, number, text, 2, accident.code, *times, origin)
    yield from _noticed(context)


@once_begun
def _noticed(context: RequestContext, term: Works) -> Rows:
    draw, share = context.random("observations"), term.elapsed(term.until)
    count = round((6 + context.project.index % 9) * share * (1.4 if term.late else 1)) + 1
    days = sorted(term.day_at(draw.random() * share) for _ in range(count))
    for number, day in enumerate(days, _IN_PASSING):
        created = term.calendar.time_on(day, draw)
        wait = draw.lognormvariate(2.1, 0.7) * (2 if term.late else 1)
        closed = term.calendar.office(created + timedelta(days=wait))
        text, kind, code = draw.choice(_NOTICED)
        yield _observation(context, number, text, kind, code, created, None if closed >= NOW else closed)


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
        origin=origin, firm=firm, updated=closed or created, due=due, status="closed" if closed else step,
        notified=calendar.day_of(created), type=fixed_entry(context, "observation_types", kind),
        text=f"{name}. See the photo." if number % 3 else None,
        priority=("Low", "Medium", "High", "Urgent")[number % 7 % 4],
        place=directory.place(context, number) if number % 8 else None,
        section=section(context, code) if kind < 2 else None,
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
