"""Inspections (Procore's API calls them checklists), their items, templates and types."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from procore_nb.demo.company import NOW, TODAY
from procore_nb.demo.tables import directory, site_team
from procore_nb.demo.tables.directory import TeamMember
from procore_nb.demo.tables.inspected import (
    INSPECTION_TYPES,
    NO,
    NOT_APPLICABLE,
    TEMPLATES,
    UNANSWERED,
    YES,
    Inspection,
    inspections,
)
from procore_nb.demo.tables.registry import table
from procore_nb.demo.tables.request_context import RequestContext, Row
from procore_nb.demo.tables.row_forms import written
from procore_nb.demo.tables.specifications import section

TEMPLATE = "checklist_template"
_ANSWERS = {YES: (1, "Pass"), NO: (2, "Fail"), NOT_APPLICABLE: (3, "Not Applicable")}
_SINCE = NOW - timedelta(days=900)


@table("checklists", "checklists_by_query")
def checklists(context: RequestContext) -> Iterator[Row]:
    """Inspections; their counts are those of their items."""
    for one in inspections(context):
        yield _checklist(context, one)


def _checklist(context: RequestContext, one: Inspection) -> Row:
    name, kind, codes, questions = TEMPLATES[one.template]
    code = codes[one.index % len(codes)] if codes else 0
    firm, inspector = site_team.firm_for(context, code), site_team.office(context)[one.index % 3]
    deficient = one.count(NO)
    answered = len(one.answers) - one.count(UNANSWERED)
    status = "Closed" if one.closed else "In Review" if answered == len(one.answers) else "Open"
    about = {"one": one, "n": one.index + 1, "name": name, "items": len(questions), "deficient": deficient}
    about |= {
        "yes": one.count(YES),
        "without": one.count(NOT_APPLICABLE),
        "unanswered": one.count(UNANSWERED),
    }
    team = site_team.site(context)
    return written("checklist", context, **about, inspector=_who(context, inspector)) | {
        "status": "Open" if status == "In Review" and context.endpoint.name != "checklists" else status,
        "overdue": one.closed is None and one.due < TODAY,
        "inspection_type": {**_kind(kind), "created_at": _SINCE, "updated_at": _SINCE},
        "inspected_item_count": answered,
        "closed_observations_count": deficient if one.closed else 0,
        "closed_by": _who(context, inspector) if one.closed else None,
        "inspectors": [_who(context, inspector)],
        "point_of_contact": _who(context, team[one.index % len(team)]),
        "responsible_contractor": firm.ref if codes else None,
        "trade": {**site_team.trade_of(firm).ref, "active": True} if codes else None,
        "location": site_team.place(context, one.index * 3),
        "specification_section": section(context, code) if codes else None,
        "updated_at": one.closed or one.created,
    }


@table("checklist_items", "checklist_items_v1_0")
def checklist_items(context: RequestContext) -> Iterator[Row]:
    """Questions of all inspections, each with its answer."""
    for one in inspections(context):
        about = {"one": one, "updated": one.closed or one.created}
        asked = zip(TEMPLATES[one.template][3], one.answers, strict=True)
        for position, (question, answer) in enumerate(asked):
            number, word = _ANSWERS.get(answer, (None, None))
            said = {"id": number, "name": word, "corresponding_status": answer} if number else None
            about |= {
                "question": question,
                "answer": answer,
                "word": word,
                "response": said,
                "n": position + 1,
            }
            about |= {"number": one.first_item + position, "copied": one.template * 20 + position}
            details = "To be put right, see the observation." if answer == NO else None
            yield {**written("checklist_item", context, **about), "details": details}


@table("checklist_sections")
def checklist_sections(context: RequestContext) -> Iterator[Row]:
    """One section for each inspection."""
    for one in inspections(context):
        row = {"id": context.id("checklist_section", one.index), "name": "General", "position": 1}
        template = context.id("checklist_template_section", one.template)
        yield {**row, "template_section_id": template, "updated_at": one.created}


@table("checklist_templates", "checklist_templates_v1_0", "checklist_templates_v1_0_by_query")
@table("company_checklist_templates")
def checklist_templates(context: RequestContext) -> Iterator[Row]:
    """What inspections are copied from."""
    for number, (name, kind, _codes, _questions) in enumerate(TEMPLATES):
        yield {
            "id": context.id(TEMPLATE, number),
            "name": name,
            "description": None,
            "deletable": False,
            "number": str(number + 1),
            "relative_position": number + 1,
            "inspection_type": {**_kind(kind), "company_id": context.company.id},
            "trade": {**directory.trades()[number].ref, "active": True},
            "created_at": _SINCE,
            "updated_at": _SINCE,
        }


@table("inspection_types")
def inspection_types(context: RequestContext) -> Iterator[Row]:
    """Types of inspections."""
    for number in range(len(INSPECTION_TYPES)):
        times = {"created_at": _SINCE, "updated_at": _SINCE}
        yield {**_kind(number), **times, "company_id": context.company.id, "is_deletable": False}


def _kind(number: int) -> Row:
    return {"id": 80_501 + number, "name": INSPECTION_TYPES[number]}


def _who(context: RequestContext, person: TeamMember) -> Row:
    return {**person.ref, "company_name": person.vendor.name if person.vendor else context.company.name}
