"""RFIs and their replies: when each was asked, about what, and when it was answered.

`Question`s are what change events begin with. Late projects ask more, wait longer, and leave some without an answer.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from procore_nb.demo.company import NOW
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.directory import TeamMember
from procore_nb.demo.tables.plan import GRIDS, Topic, Works, topics_of, works
from procore_nb.demo.tables.registry import RequestContext, Row, Rows, per_project, table

# How many revisions the current one of a question replaces, by index of the project and of the question; besides, one
# question in `_OFTEN` was put anew once. All in inactive projects, so that the usual frame holds each question once.
_REVISED = {(58, 1): 3, (113, 4): 1, (74, 4): 2, (142, 3): 2}
_OFTEN = 29
_FIRST_SUPERSEDED, _DELETED = 2_000, 9_999  # numbers of ids


@dataclass(frozen=True)
class RfiRevision:
    """One row of the list: a question as it was put that time; `first` is the id of its first revision."""

    question: Question
    number: int
    current: bool
    first: int


@table("rfis")
def rfis(context: RequestContext) -> Rows:
    """Drafts have no number yet; one in two projects has a deleted one."""
    rows = [_row(context, revision) for revision in _revisions(context)]
    yield from rows
    if rows and context.project.index % 2:
        gone, number = rows[0], context.id("rfi", _DELETED)
        when = context.calendar.after(gone["created_at"], 0.1)
        yield {
            **gone, "id": number, "source_rfi_header_id": number, "status": "recycled",
            "subject": f"{gone['subject']} (entered twice)", "translated_status": "Recycled",
            "time_resolved": None, "ball_in_court": None, "ball_in_courts": [], "deleted": True,
            "deleted_at": when, "updated_at": when, "_deleted": True,
        }  # fmt: skip


def _revisions(context: RequestContext) -> Iterator[RfiRevision]:
    """The superseded ones right before the current one."""
    main = context.company == context.portfolio.company
    calendar, before = context.calendar, None
    for one in questions(context):
        count = 0
        if main and not context.project.active and one.issued:
            often = one.index % _OFTEN == _OFTEN - 1
            count = _REVISED.get((context.project.index, one.index), int(often))
        since = earlier = before or one.created
        step, before = (one.created - since) / (count + 1), one.created
        first = context.id("rfi", _FIRST_SUPERSEDED + one.index * 4) if count else one.id
        for number in range(count):
            put = max(earlier, min(one.created, calendar.office(since + step * (number + 1))))
            earlier = max(put, min(one.created, calendar.office(put + step * 0.8)))
            due = calendar.due(put, 10)
            as_put = replace(one, id=first + number, created=put, due=due, resolved=earlier, status="closed")
            yield RfiRevision(as_put, number, False, first)
        yield RfiRevision(one, count, True, first)


def _row(context: RequestContext, revision: RfiRevision) -> Row:
    one, stage = revision.question, context.project.stage
    prefix = "CoC-" if stage.category == "course_of_construction" else None
    number = one.number and str(one.number)
    location = directory.place(context, one.index * 5 + one.topic.code) if one.index % 9 else None
    return {
        "id": one.id, "subject": one.subject, "status": one.status,
        "translated_status": one.status.replace("_", " ").title(), "private": one.index % 19 == 6,
        "reference": f"Drawing S-{100 + one.index % 40}" if one.index % 4 == 0 else None,
        "link": f"https://app.procore.example/{context.project.id}/project/rfi/show/{one.id}",
        "created_at": one.created, "initiated_at": one.created if one.issued else None,
        "updated_at": one.updated, "due_date": one.due, "time_resolved": one.resolved, "deleted": False,
        "draft": not one.issued, "location": location, "location_id": location and location["id"],
        "cost_code": directory.cost_codes(context)[one.topic.code].ref if one.index % 11 else None,
        "responsible_contractor": directory.firm_for(context, one.topic.code).ref if one.index % 13 else None,
        "cost_impact": {"status": one.cost_status, "value": one.cost},
        "schedule_impact": {"status": one.days_status, "value": one.days},
        "questions": [{"id": one.id + 1_000_000_000_000, "body": one.topic.question}],
        "revision": str(revision.number), "current_revision": revision.current,
        "has_revisions": revision.number > 0 or not revision.current, "number": number, "prefix": prefix,
        "source_rfi_header_id": revision.first, "full_number": number and f"{prefix or ''}{number}",
        "project_stage": {
            "id": stage.id, "name": stage.name, "formatted_name": stage.name, "default_stage": True,
            "procore_category": True,
        },
        **_people(one),
    }  # fmt: skip


def _people(one: Question) -> Row:
    """Some open ones wait for two people, a few for nobody."""
    assignees = [one.asked_of.ref]
    if one.index % 11 == 3 and one.manager != one.asked_of:
        assignees.append(one.manager.ref)
    holders = assignees if one.status == "open" and one.index % 31 != 30 else []
    if one.status == "draft":
        holders = [one.manager.ref]
    return {
        "created_by": one.manager.ref if one.index % 3 else one.asked_by.ref,
        "received_from": one.asked_by.ref, "rfi_manager": one.manager.ref, "assignee": one.asked_of.ref,
        "assignees": [{**ref, "locale": "en", "response_required": True} for ref in assignees],
        "ball_in_court": holders[0] if holders else None, "ball_in_courts": holders,
    }  # fmt: skip


@table("rfi_replies")
def rfi_replies(context: RequestContext) -> Rows:
    """The official one, at the moment it was resolved, comes last."""
    rows = (revision.question for revision in _revisions(context))
    one = next((one for one in rows if str(one.id) == context.ids["rfi_id"]), None)
    if one is None or not one.issued:
        return
    draw, calendar = context.random(f"replies:{one.index}"), context.calendar
    known = context.number_of("rfi", one.id)
    count = draw.randrange(0, 3) if one.resolved else draw.randrange(0, 2)
    last = one.resolved or calendar.after(one.created, 0.2)
    steps = [one.created + (last - one.created) * (step + 1) / (count + 2) for step in range(count)]
    said = [(when, one.manager, False) for when in sorted(min(last, calendar.office(when)) for when in steps)]
    if one.resolved:
        said.append((one.resolved, one.asked_of, True))
    for step, (when, person, official) in enumerate(said):
        text = one.topic.answer if official else "Passed on; an answer is being prepared."
        yield {
            "id": context.id(f"rfi_reply_{step}", one.index if known is None else known),
            "official": official, "answer_date": when, "plain_text_body": text,
            "rich_text_body": f"<p>{text}</p>", "created_by": person.name, "created_by_id": person.id,
        }  # fmt: skip


# An id past 2**53, as Procore's newer regions have them: by index of the project and number of the question.
_HUGE = {(22, 4): 9_007_199_254_740_993}
_IMPACTS = ("no_impact", "no_impact", "no_impact", "tbd", "yes_unknown", "n_a")
# Of a project of one million, and how their number grows with the value: studies count some 10 for each million US dollars,
# fewer for each on large projects.
_PER_MILLION, _GROWTH = 8, 0.77


@dataclass(frozen=True)
class Question:
    """One RFI. `resolved` is None while it is open; drafts have neither `due` nor an official `number`."""

    index: int
    id: int
    number: int | None
    subject: str
    topic: Topic
    status: str
    created: datetime
    due: date | None
    resolved: datetime | None
    asked_by: TeamMember
    asked_of: TeamMember
    manager: TeamMember
    cost_status: str | None
    cost: Decimal | None
    days_status: str | None
    days: int | None

    @property
    def issued(self) -> bool:
        return "draft" not in self.status

    @property
    def updated(self) -> datetime:
        return self.resolved or self.created


@per_project
def questions(context: RequestContext) -> tuple[Question, ...]:
    draw, term = context.random("questions"), works(context)
    if term is None:
        return _early(context, draw)
    share = term.elapsed(term.until)
    size = _PER_MILLION * context.project.usd_millions**_GROWTH
    count = max(2, round(size * share**0.8 * (1.5 if term.late else 0.9)))
    days = (max(term.day_at(draw.random() ** 1.3 * share), term.begin) for _ in range(count))
    created = sorted(term.calendar.time_on(day, draw) for day in days)
    costly = 0.3 / math.sqrt(count)
    return tuple(
        _question(context, draw, term, number, moment, costly) for number, moment in enumerate(created)
    )


def _early(context: RequestContext, draw: random.Random) -> tuple[Question, ...]:
    """A few before the work begins, all answered."""
    calendar = context.calendar
    count = draw.randrange(0, 4) if context.project.stage.category == "pre_construction" else 0
    found = []
    for number in range(count):
        created = calendar.after(context.project.created_at, 5 + 9 * number + draw.random() / 2)
        resolved = calendar.after(created, draw.randrange(2, 15))
        found.append(_written(context, draw, number, created, resolved, "closed", 0.2))
    return tuple(found)


def _question(
    context: RequestContext, draw: random.Random, term: Works, number: int, created: datetime, costly: float
) -> Question:
    wait = draw.lognormvariate(math.log(9 if term.late else 5), 0.7)
    stuck = draw.random() < (0.08 if term.late else 0.015) and (NOW - created).days < 100
    resolved: datetime | None = term.calendar.office(created + timedelta(days=wait))
    status = "closed"
    if term.ended:
        resolved = term.calendar.after(created, wait)
    elif stuck or (resolved and resolved >= NOW):
        fresh = (NOW - created).days < 4 and draw.random() < 0.3
        resolved, status = None, "draft" if fresh else "open"
    elif draw.random() < 0.004:
        status = "closed_draft"
    return _written(context, draw, number, created, resolved, status, costly)


def _written(
    context: RequestContext,
    draw: random.Random,
    number: int,
    created: datetime,
    resolved: datetime | None,
    status: str,
    costly: float,
) -> Question:
    topic = draw.choice(topics_of(context.project))
    issued = "draft" not in status
    cost_status, cost = _cost(draw, topic, costly) if issued else (None, None)
    days_status, days = _delay(draw, cost_status)
    main = context.company == context.portfolio.company
    ordinary = context.id("rfi", number)
    due = context.calendar.due(created, draw.choice((10, 10, 14, 14, 21)))
    return Question(
        index=number, id=_HUGE.get((context.project.index, number), ordinary) if main else ordinary,
        number=number + 1 if issued else None, subject=_subject(context, draw, number, topic), topic=topic,
        status=status, created=created, due=due if issued and draw.random() > 0.03 else None,
        resolved=resolved, asked_by=draw.choice(directory.site(context)),
        asked_of=draw.choice(directory.site(context)), manager=draw.choice(directory.office(context)[:4]),
        cost_status=cost_status, cost=cost, days_status=days_status, days=days,
    )  # fmt: skip


def _subject(context: RequestContext, draw: random.Random, number: int, topic: Topic) -> str:
    """Now and then something a spreadsheet or a browser might act on."""
    where = draw.choice(GRIDS)
    if context.project.index % 23 == 5 - 1 and number == 3:
        return "=SUM(B2:B9) differs from the bar schedule"
    if context.project.index % 31 == 12 and number == 2:
        return '<script>alert("rfi")</script> in the title block'
    return f"{topic.subject} at {where}" if draw.random() < 0.7 else topic.subject


def _cost(draw: random.Random, topic: Topic, costly: float) -> tuple[str, Decimal | None]:
    amount = Decimal(draw.randrange(8, 900) * 50 + draw.choice((0, 0, 0, 25)))
    if draw.random() < costly:
        return "yes_known", amount * (3 if topic.code in (2, 5, 16) else 1)
    return draw.choice(_IMPACTS), None


def _delay(draw: random.Random, cost_status: str | None) -> tuple[str | None, int | None]:
    if cost_status is None:
        return None, None
    if cost_status == "yes_known" and draw.random() < 0.4:
        return "yes_known", draw.randrange(1, 12)
    return draw.choice(_IMPACTS), None
