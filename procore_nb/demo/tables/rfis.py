"""RFIs and their replies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from procore_nb.demo.tables import directory, site_team
from procore_nb.demo.tables.directory import TeamMember
from procore_nb.demo.tables.progress_curve import workday
from procore_nb.demo.tables.questions import Question, questions
from procore_nb.demo.tables.registry import table
from procore_nb.demo.tables.request_context import RequestContext, Row

# Questions of the main company that were put anew: index of the project, index of the question, how many revisions the
# current one replaces. All in projects that are over and inactive, so that the usual frame holds each question once.
_REVISED = {(58, 1): 1, (113, 4): 1, (74, 4): 2, (142, 3): 2}
_FIRST_SUPERSEDED = 1_000  # number of its id


@dataclass(frozen=True)
class Revision:
    """One row of the list: a question as it was put that time; `first` is the id of its first revision."""

    question: Question
    number: int
    current: bool
    first: int


@table("rfis")
def rfis(context: RequestContext) -> Iterator[Row]:
    """RFIs in the order they were asked; drafts have no number yet."""
    stage = context.here.stage
    shown = {
        "id": stage.id,
        "name": stage.name,
        "formatted_name": stage.name,
        "default_stage": True,
        "procore_category": True,
    }
    prefix = "CoC-" if stage.category == "course_of_construction" else None
    for revision in _revisions(context):
        one = revision.question
        number = None if one.number is None else str(one.number)
        yield {
            **_about(context, one),
            **_people(context, one),
            "revision": str(revision.number),
            "current_revision": revision.current,
            "has_revisions": revision.number > 0 or not revision.current,
            "source_rfi_header_id": revision.first,
            "number": number,
            "full_number": number and f"{prefix or ''}{number}",
            "prefix": prefix,
            "project_stage": shown,
        }


def _revisions(context: RequestContext) -> Iterator[Revision]:
    """Revisions of all questions in the order they were put: the superseded ones right before the current one."""
    main = context.company == context.portfolio.company
    asked = questions(context)
    for one in asked:
        count = _REVISED.get((context.here.index, one.index), 0) if main else 0
        if not count:
            yield Revision(one, 0, True, one.id)
            continue
        before = asked[one.index - 1].created
        step = (one.created - before) / (count + 1)
        first = context.id("rfi", _FIRST_SUPERSEDED + one.index * 10)
        for number in range(count):
            created = before + step * (number + 1)
            earlier = replace(
                one,
                id=first + number,
                created=created,
                due=workday(created.date() + timedelta(days=7)),
                resolved=created + step * 0.8,
                status="closed",
            )
            yield Revision(earlier, number, False, first)
        yield Revision(one, count, True, first)


def _about(context: RequestContext, one: Question) -> Row:
    code = directory.cost_codes(context)[one.topic.code]
    location = site_team.place(context, one.index * 5 + one.topic.code) if one.index % 9 else None
    return {
        "id": one.id,
        "subject": one.subject,
        "status": one.status,
        "translated_status": one.status.capitalize(),
        "private": one.index % 19 == 6,
        "reference": f"Drawing S-{100 + one.index % 40}" if one.index % 4 == 0 else None,
        "link": f"https://app.procore.example/{context.here.id}/project/rfi/show/{one.id}",
        "created_at": one.created,
        "initiated_at": None if one.status == "draft" else one.created,
        "updated_at": one.updated,
        "due_date": one.due,
        "time_resolved": one.resolved,
        "deleted": False,
        "cost_code": code.ref if one.index % 11 else None,
        "location": location,
        "location_id": location["id"] if location else None,
        "responsible_contractor": site_team.firm_for(context, one.topic.code).ref if one.index % 13 else None,
        "cost_impact": {"status": one.cost_status, "value": one.cost},
        "schedule_impact": {"status": one.days_status, "value": one.days},
        "questions": [{"id": one.id + 1_000_000_000_000, "body": one.topic.question, "errors": []}],
        "custom_fields": {},
    }


def _people(context: RequestContext, one: Question) -> Row:
    holders = [one.asked_of.ref] if one.status == "open" else []
    return {
        "created_by": one.manager.ref if one.index % 3 else one.asked_by.ref,
        "received_from": one.asked_by.ref,
        "rfi_manager": one.manager.ref,
        "assignee": one.asked_of.ref,
        "assignees": [{**one.asked_of.ref, "locale": "en", "response_required": True}],
        "ball_in_court": holders[0] if holders else one.manager.ref if one.status == "draft" else None,
        "ball_in_courts": holders,
    }


@table("rfi_replies")
def rfi_replies(context: RequestContext) -> Iterator[Row]:
    """Replies to one RFI; the official one, at the moment it was resolved, comes last."""
    rows = (revision.question for revision in _revisions(context))
    one = next((one for one in rows if str(one.id) == context.ids["rfi_id"]), None)
    if one is None or one.status == "draft":
        return
    draw = context.random(f"replies:{one.index}")
    number = context.number_of("rfi", one.id)
    first = (one.index if number is None else number) * 4
    remarks = draw.randrange(0, 3) if one.resolved else draw.randrange(0, 2)
    last = one.resolved or one.created + timedelta(hours=4)
    for step in range(remarks):
        when = one.created + (last - one.created) * (step + 1) / (remarks + 2)
        yield _reply(context, first + step, one.manager, "Passed on; an answer is being prepared.", when)
    if one.resolved:
        yield _reply(context, first + 3, one.asked_of, one.topic.answer, one.resolved, official=True)


def _reply(
    context: RequestContext,
    number: int,
    person: TeamMember,
    text: str,
    when: object,
    *,
    official: bool = False,
) -> Row:
    return {
        "id": context.id("rfi_reply", number),
        "official": official,
        "answer_date": when,
        "plain_text_body": text,
        "rich_text_body": f"<p>{text}</p>",
        "created_by": person.name,
        "created_by_id": person.id,
        "attachments": [],
    }
