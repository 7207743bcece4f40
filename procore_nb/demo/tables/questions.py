"""The questions asked on a project, in the order they were asked: when, about what, and when they were answered.

In: a context. Out: `Question`s. Late projects ask more, wait longer, and leave some without an answer. Change events and
the RFI lists both read them here, so that they agree.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from procore_nb.demo.company import NOW
from procore_nb.demo.tables import site_team
from procore_nb.demo.tables.cache import per_project
from procore_nb.demo.tables.directory import TeamMember
from procore_nb.demo.tables.progress_curve import Works, works
from procore_nb.demo.tables.request_context import RequestContext
from procore_nb.demo.tables.work_topics import GRIDS, Topic, topics_of

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
        """Whether it was ever sent to anybody."""
        return "draft" not in self.status

    @property
    def updated(self) -> datetime:
        """When it was last touched."""
        return self.resolved or self.created


@per_project(keep=400)
def questions(context: RequestContext) -> tuple[Question, ...]:
    """Questions of a project, the first asked first."""
    draw, term = context.random("questions"), works(context)
    if term is None:
        return _early(context, draw)
    share = term.elapsed(term.until)
    size = _PER_MILLION * context.here.usd_millions**_GROWTH
    count = max(2, round(size * share**0.8 * (1.5 if term.late else 0.9)))
    days = (max(term.day_at(draw.random() ** 1.3 * share), term.begin) for _ in range(count))
    created = sorted(term.calendar.time_on(day, draw) for day in days)
    costly = 0.3 / math.sqrt(count)
    return tuple(
        _question(context, draw, term, number, moment, costly) for number, moment in enumerate(created)
    )


def _early(context: RequestContext, draw: random.Random) -> tuple[Question, ...]:
    """A few questions before the work begins, all answered."""
    calendar = context.here.calendar
    count = draw.randrange(0, 4) if context.here.stage.category == "pre_construction" else 0
    found = []
    for number in range(count):
        created = calendar.after(context.here.created_at, 5 + 9 * number + draw.random() / 2)
        resolved = calendar.after(created, draw.randrange(2, 15))
        found.append(_written(context, draw, number, created, resolved, "closed", 0.2))
    return tuple(found)


def _question(
    context: RequestContext,
    draw: random.Random,
    term: Works,
    number: int,
    created: datetime,
    costly: float,
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
    topic = draw.choice(topics_of(context.here))
    issued = "draft" not in status
    cost_status, cost = _cost(draw, topic, costly) if issued else (None, None)
    days_status, days = _delay(draw, cost_status)
    main = context.company == context.portfolio.company
    ordinary = context.id("rfi", number)
    calendar = context.here.calendar
    due = calendar.workday(calendar.day_of(created) + timedelta(days=draw.choice((10, 10, 14, 14, 21))))
    return Question(
        index=number,
        id=_HUGE.get((context.here.index, number), ordinary) if main else ordinary,
        number=number + 1 if issued else None,
        subject=_subject(context, draw, number, topic),
        topic=topic,
        status=status,
        created=created,
        due=due if issued and draw.random() > 0.03 else None,
        resolved=resolved,
        asked_by=draw.choice(site_team.site(context)),
        asked_of=draw.choice(site_team.site(context)),
        manager=draw.choice(site_team.office(context)[:4]),
        cost_status=cost_status,
        cost=cost,
        days_status=days_status,
        days=days,
    )


def _subject(context: RequestContext, draw: random.Random, number: int, topic: Topic) -> str:
    """What the question is called; now and then something a spreadsheet or a browser might act on."""
    where = draw.choice(GRIDS)
    if context.here.index % 23 == 5 - 1 and number == 3:
        return "=SUM(B2:B9) differs from the bar schedule"
    if context.here.index % 31 == 12 and number == 2:
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
