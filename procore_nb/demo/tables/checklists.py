"""Inspections (Procore's API calls them checklists), their items, templates and types."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from procore_nb.demo.company import NOW, TODAY
from procore_nb.demo.tables import cast, crews
from procore_nb.demo.tables.cast import Person
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
from procore_nb.demo.tables.scene import Row, Scene
from procore_nb.demo.tables.submittals import section

CHECKLIST, ITEM, TEMPLATE = "checklist", "checklist_item", "checklist_template"
_ANSWERS = {YES: (1, "Pass"), NO: (2, "Fail"), NOT_APPLICABLE: (3, "Not Applicable")}
_SINCE = NOW - timedelta(days=900)


@table("checklists", "checklists_by_query")
def checklists(scene: Scene) -> Iterator[Row]:
    """Inspections; their counts are those of their items."""
    for one in inspections(scene):
        yield _checklist(scene, one)


def _checklist(scene: Scene, one: Inspection) -> Row:
    name, kind, codes, questions = TEMPLATES[one.template]
    code = codes[one.index % len(codes)] if codes else 0
    firm, inspector = crews.firm_for(scene, code), crews.office(scene)[one.index % 3]
    deficient = one.count(NO)
    answered = len(one.answers) - one.count(UNANSWERED)
    status = "Closed" if one.closed else "In Review" if answered == len(one.answers) else "Open"
    return {
        "id": scene.id(CHECKLIST, one.index),
        "number": one.index + 1,
        "name": name,
        "list_template_id": scene.id(TEMPLATE, one.template),
        "template_id": scene.id(TEMPLATE, one.template),
        "list_template_name": name,
        "group_name": name,
        "group_template_id": scene.id(TEMPLATE, one.template),
        "description": None,
        "status": "Open" if status == "In Review" and scene.endpoint.name != "checklists" else status,
        "inspection_date": one.day,
        "due_at": one.due,
        "closed_at": one.closed,
        "overdue": one.closed is None and one.due < TODAY,
        "inspection_type": {**_kind(kind), "created_at": _SINCE, "updated_at": _SINCE},
        "item_count": len(questions),
        "item_total": len(questions),
        "conforming_item_count": one.count(YES),
        "yes_item_count": one.count(YES),
        "deficient_item_count": deficient,
        "not_applicable_item_count": one.count(NOT_APPLICABLE),
        "na_item_count": one.count(NOT_APPLICABLE),
        "neutral_item_count": 0,
        "inspected_item_count": answered,
        "not_inspected_item_count": one.count(UNANSWERED),
        "observations_count": deficient,
        "closed_observations_count": deficient if one.closed else 0,
        "default_response_phrasing": {
            "conforming_response": "Pass",
            "deficient_response": "Fail",
            "global": True,
        },
        "deleted": False,
        "private": False,
        "personal": False,
        "created_by": _who(scene, inspector),
        "closed_by": _who(scene, inspector) if one.closed else None,
        "inspectors": [_who(scene, inspector)],
        "point_of_contact": _who(scene, crews.site(scene)[one.index % len(crews.site(scene))]),
        "responsible_contractor": firm.ref if codes else None,
        "trade": {**crews.trade_of(firm).ref, "active": True} if codes else None,
        "location": crews.place(scene, one.index * 3),
        "specification_section": section(scene, code) if codes else None,
        "custom_fields": {},
        "created_at": one.created,
        "updated_at": one.closed or one.created,
    }


@table("checklist_items", "checklist_items_v1_0")
def checklist_items(scene: Scene) -> Iterator[Row]:
    """Questions of all inspections, each with its answer."""
    sections = scene.id("checklist_section", 0)
    for one in inspections(scene):
        for position, (question, answer) in enumerate(
            zip(TEMPLATES[one.template][3], one.answers, strict=True)
        ):
            number, word = _ANSWERS.get(answer, (None, None))
            said = {"id": number, "name": word, "corresponding_status": answer} if number else None
            yield {
                "id": scene.id(ITEM, one.first_item + position),
                "list_id": scene.id(CHECKLIST, one.index),
                "section_id": sections + one.index,
                "name": question,
                "number": f"1.{position + 1}",
                "position": position + 1,
                "relative_position": position + 1,
                "status": answer,
                "responded_with": word,
                "response": said,
                "details": "To be put right, see the observation." if answer == NO else None,
                "template_item_id": scene.id("checklist_template_item", one.template * 20 + position),
                "type": {"id": 1, "category": "evaluation", "name": "Pass/Fail/N/A"},
                "updated_at": one.closed or one.created,
            }


@table("checklist_sections")
def checklist_sections(scene: Scene) -> Iterator[Row]:
    """One section for each inspection."""
    for one in inspections(scene):
        row = {"id": scene.id("checklist_section", one.index), "name": "General", "position": 1}
        template = scene.id("checklist_template_section", one.template)
        yield {**row, "template_section_id": template, "updated_at": one.created}


@table("checklist_templates", "checklist_templates_v1_0", "checklist_templates_v1_0_by_query")
@table("company_checklist_templates")
def checklist_templates(scene: Scene) -> Iterator[Row]:
    """What inspections are copied from."""
    for number, (name, kind, _codes, _questions) in enumerate(TEMPLATES):
        yield {
            "id": scene.id(TEMPLATE, number),
            "name": name,
            "description": None,
            "deletable": False,
            "number": str(number + 1),
            "relative_position": number + 1,
            "inspection_type": {**_kind(kind), "company_id": scene.company.id},
            "trade": {**cast.trades()[number].ref, "active": True},
            "created_at": _SINCE,
            "updated_at": _SINCE,
        }


@table("inspection_types")
def inspection_types(scene: Scene) -> Iterator[Row]:
    """Types of inspections."""
    for number in range(len(INSPECTION_TYPES)):
        times = {"created_at": _SINCE, "updated_at": _SINCE}
        yield {**_kind(number), **times, "company_id": scene.company.id, "is_deletable": False}


def _kind(number: int) -> Row:
    return {"id": 80_501 + number, "name": INSPECTION_TYPES[number]}


def _who(scene: Scene, person: Person) -> Row:
    return {**person.ref, "company_name": person.vendor.name if person.vendor else scene.company.name}
