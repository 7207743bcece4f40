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
from procore_nb.demo.tables.templates import render

# How many revisions the current one of a question replaces, by index of the project and of the question; besides, one
# question in `_OFTEN` was put anew once. All in inactive projects, so that the usual frame holds each question once.
_REVISED = {(58, 1): 3, (113, 4): 1, (74, 4): 2, (142, 3): 2}
_OFTEN = 29
_FIRST_SUPERSEDED, _DELETED = 2_000, 9_999  # numbers of ids
# An id past 2**53, as Procore's newer regions have them: by index of the project and number of the question.
_HUGE = {(22, 4): 9_007_199_254_740_993}
_IMPACTS = ("no_impact", "no_impact", "no_impact", "tbd", "yes_unknown", "n_a")
# Of a project of one million, and how their number grows with the value: studies count some 10 for each million US dollars,
# fewer for each on large projects.
_PER_MILLION, _GROWTH = 8, 0.77


@dataclass(frozen=True)
class Question:
    """One revision of one RFI. `resolved` is None while it is open; drafts have neither `due` nor an official `number`.

    `superseded` says that it was put anew; `first_id` is the id of its first revision.
    """

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
    first_id: int
    revision: int = 0
    superseded: bool = False

    @property
    def issued(self) -> bool:
        return "draft" not in self.status

    @property
    def updated(self) -> datetime:
        return self.resolved or self.created


@table("rfis")
def rfis(context: RequestContext) -> Rows:
    """Drafts have no number yet; one in two projects has a deleted one."""
    rows = [_row(context, question) for question in _revisions(context)]
    yield from rows
    if rows and context.project.index % 2:
        when = context.calendar.after(rows[0]["created_at"], 0.1)
        yield rows[0] | render("deleted_rfi", context, number=_DELETED, rfi=rows[0], when=when)


def _revisions(context: RequestContext) -> Iterator[Question]:
    """The superseded ones right before the current one."""
    main = context.company == context.portfolio.company
    calendar, before = context.calendar, None
    for question in questions(context):
        count = 0
        if main and not context.project.active and question.issued:
            often = question.index % _OFTEN == _OFTEN - 1
            count = _REVISED.get((context.project.index, question.index), int(often))
        since = earlier = before or question.created
        step, before = (question.created - since) / (count + 1), question.created
        first = context.id("rfi", _FIRST_SUPERSEDED + question.index * 4) if count else question.id
        for number in range(count):
            asked = max(earlier, min(question.created, calendar.office(since + step * (number + 1))))
            earlier = max(asked, min(question.created, calendar.office(asked + step * 0.8)))
            yield replace(
                question, id=first + number, created=asked, due=calendar.due(asked, 10), resolved=earlier,
                status="closed", first_id=first, revision=number, superseded=True,
            )  # fmt: skip
        yield replace(question, first_id=first, revision=count)


def _row(context: RequestContext, question: Question) -> Row:
    """Some open ones wait for two people, a few for nobody."""
    stage, index, code = context.project.stage, question.index, question.topic.code
    prefix = "CoC-" if stage.under_way else None
    number = question.number and str(question.number)
    location = directory.place(context, index * 5 + code) if index % 9 else None
    assignees = [question.asked_of.ref]
    if index % 11 == 3 and question.manager != question.asked_of:
        assignees.append(question.manager.ref)
    holders = assignees if question.status == "open" and index % 31 != 30 else []
    if question.status == "draft":
        holders = [question.manager.ref]
    return render(
        "rfi", context, question=question, stage=stage, number=number, prefix=prefix, location=location,
        draft=not question.issued, current=not question.superseded, holders=holders,
        revised=question.revision > 0 or question.superseded, private=index % 19 == 6,
        body=[{"id": question.id + 1_000_000_000_000, "body": question.topic.question}],
        author=question.manager if index % 3 else question.asked_by,
        word=question.status.replace("_", " ").title(), holder=holders[0] if holders else None,
        reference=f"Drawing S-{100 + index % 40}" if index % 4 == 0 else None,
        issued=question.created if question.issued else None, location_id=location and location["id"],
        full_number=number and f"{prefix or ''}{number}",
        code=directory.cost_codes(context)[code] if index % 11 else None,
        firm=directory.firm_for(context, code) if index % 13 else None,
        assignees=[{**ref, "locale": "en", "response_required": True} for ref in assignees],
    )  # fmt: skip


@table("rfi_replies")
def rfi_replies(context: RequestContext) -> Rows:
    """The official one, at the moment it was resolved, comes last."""
    asked = context.ids["rfi_id"]
    question = next((revision for revision in _revisions(context) if str(revision.id) == asked), None)
    if question is None or not question.issued:
        return
    draw, calendar = context.random(f"replies:{question.index}"), context.calendar
    known = context.number_of("rfi", question.id)
    count = draw.randrange(0, 3) if question.resolved else draw.randrange(0, 2)
    last = question.resolved or calendar.after(question.created, 0.2)
    steps = [question.created + (last - question.created) * (step + 1) / (count + 2) for step in range(count)]
    times = sorted(min(last, calendar.office(when)) for when in steps)
    replies = [(when, question.manager, "Passed on; an answer is being prepared.") for when in times]
    if question.resolved:
        replies.append((question.resolved, question.asked_of, question.topic.answer))
    for step, (when, person, text) in enumerate(replies):
        reply_id = context.id(f"rfi_reply_{step}", question.index if known is None else known)
        values = {"official": step == count, "when": when, "text": text, "person": person}
        yield render("rfi_reply", context, id=reply_id, **values)


@per_project
def questions(context: RequestContext) -> tuple[Question, ...]:
    draw, term = context.random("questions"), works(context)
    if term is None:
        return tuple(_early(context, draw))
    share = term.elapsed(term.until)
    size = _PER_MILLION * context.project.usd_millions**_GROWTH
    count = max(2, round(size * share**0.8 * (1.5 if term.late else 0.9)))
    days = (max(term.day_at(draw.random() ** 1.3 * share), term.begin) for _ in range(count))
    created = sorted(term.calendar.time_on(day, draw) for day in days)
    costly = 0.3 / math.sqrt(count)
    return tuple(
        _question(context, draw, number, moment, *_outcome(draw, term, moment), costly)
        for number, moment in enumerate(created)
    )


def _early(context: RequestContext, draw: random.Random) -> Iterator[Question]:
    """A few before the work begins, all answered."""
    calendar = context.calendar
    for number in range(draw.randrange(0, 4) if context.project.stage.category == "pre_construction" else 0):
        created = calendar.after(context.project.created_at, 5 + 9 * number + draw.random() / 2)
        resolved = calendar.after(created, draw.randrange(2, 15))
        yield _question(context, draw, number, created, resolved, "closed", 0.2)


def _outcome(draw: random.Random, term: Works, created: datetime) -> tuple[datetime | None, str]:
    """When a question was resolved, and its status."""
    wait = draw.lognormvariate(math.log(9 if term.late else 5), 0.7)
    stuck = draw.random() < (0.08 if term.late else 0.015) and (NOW - created).days < 100
    if term.ended:
        return term.calendar.after(created, wait), "closed"
    resolved = term.calendar.office(created + timedelta(days=wait))
    if stuck or resolved >= NOW:
        return None, "draft" if (NOW - created).days < 4 and draw.random() < 0.3 else "open"
    return resolved, "closed_draft" if draw.random() < 0.004 else "closed"


def _question(
    context: RequestContext, draw: random.Random, number: int, created: datetime, resolved: datetime | None,
    status: str, costly: float,
) -> Question:  # fmt: skip
    topic, issued = draw.choice(topics_of(context.project)), "draft" not in status
    cost_status, cost, days_status, days = _impacts(draw, topic, costly) if issued else (None,) * 4
    rfi_id = context.id("rfi", number)
    if context.company == context.portfolio.company:
        rfi_id = _HUGE.get((context.project.index, number), rfi_id)
    due = context.calendar.due(created, draw.choice((10, 10, 14, 14, 21)))
    return Question(
        index=number, id=rfi_id, first_id=rfi_id, number=number + 1 if issued else None,
        subject=_subject(context, draw, number, topic), topic=topic, status=status, created=created,
        due=due if issued and draw.random() > 0.03 else None, resolved=resolved,
        asked_by=draw.choice(directory.site(context)), asked_of=draw.choice(directory.site(context)),
        manager=draw.choice(directory.office(context)[:4]), cost_status=cost_status, cost=cost,
        days_status=days_status, days=days,
    )  # fmt: skip


def _subject(context: RequestContext, draw: random.Random, number: int, topic: Topic) -> str:
    """Now and then something a spreadsheet or a browser might act on."""
    grid = draw.choice(GRIDS)
    if context.project.index % 23 == 5 - 1 and number == 3:
        return "=SUM(B2:B9) differs from the bar schedule"
    if context.project.index % 31 == 12 and number == 2:
        return '<script>alert("rfi")</script> in the title block'
    return f"{topic.subject} at {grid}" if draw.random() < 0.7 else topic.subject


def _impacts(draw: random.Random, topic: Topic, costly: float) -> tuple[str, Decimal | None, str, int | None]:
    """Status and amount of the cost impact, status and days of the schedule impact."""
    amount = Decimal(draw.randrange(8, 900) * 50 + draw.choice((0, 0, 0, 25)))
    if draw.random() >= costly:
        return draw.choice(_IMPACTS), None, draw.choice(_IMPACTS), None
    cost = amount * (3 if topic.code in (2, 5, 16) else 1)
    if draw.random() < 0.4:
        return "yes_known", cost, "yes_known", draw.randrange(1, 12)
    return "yes_known", cost, draw.choice(_IMPACTS), None
