"""The specification: its divisions and sections, one section for each cost code, all issued in one set."""

from __future__ import annotations

from collections.abc import Iterator

from procore_nb.demo.facts import read_facts
from procore_nb.demo.tables.directory import COST_CODES
from procore_nb.demo.tables.registry import table
from procore_nb.demo.tables.request_context import RequestContext, Row
from procore_nb.demo.tables.row_forms import written

SECTION, REVISION, DIVISION, SET = (
    "specification_section",
    "specification_section_revision",
    "specification_section_division",
    "specification_set",
)
_DIVISIONS: dict[str, str] = read_facts("lists")["divisions"]


def section(context: RequestContext, code: int) -> Row:
    """Section of the specification for a cost code, as rows show it."""
    number, name, _trade = COST_CODES[code]
    text = f"{number[:2]} {number[3:5]} {number[5]}0"
    return {
        "id": context.id(SECTION, code),
        "number": text,
        "section": text,
        "description": name,
        "label": f"{text} - {name}",
        "current_revision_id": context.id(REVISION, code),
    }


@table("specification_sections", "specification_sections_v1_0", "specification_sections_v2_0")
def specification_sections(context: RequestContext) -> Iterator[Row]:
    """Sections of the specification, one for each cost code."""
    for code in range(len(COST_CODES)):
        yield {**_issued(context, code), **section(context, code)}


@table("specification_section_revisions", "specification_section_revisions_v2_0")
def specification_section_revisions(context: RequestContext) -> Iterator[Row]:
    """Revisions of the sections, those of one division where the list wants one."""
    wanted = context.ids.get("specification_section_division_id")
    for code in range(len(COST_CODES)):
        row = {**section(context, code), **_issued(context, code), "id": context.id(REVISION, code)}
        if wanted is None or str(row["specification_section_division_id"]) == wanted:
            yield row


@table(
    "specification_section_divisions",
    "specification_section_divisions_v1_0",
    "specification_section_divisions_v2_0",
)
def specification_section_divisions(context: RequestContext) -> Iterator[Row]:
    """Divisions, each with its sections."""
    for number in _DIVISIONS:
        codes = [code for code in range(len(COST_CODES)) if COST_CODES[code][0][:2] == number]
        yield {
            **_division(context, number),
            "deletable": False,
            "sections_ids": [context.id(SECTION, code) for code in codes],
            "specification_section_revision_ids": [context.id(REVISION, code) for code in codes],
        }


@table("specification_sets", "specification_sets_v2_0")
def specification_sets(context: RequestContext) -> Iterator[Row]:
    """The one set in which all sections were issued."""
    issued = context.here.calendar.after(context.here.created_at, 9)
    yield {
        **_set(context),
        "project_id": context.here.id,
        "company_id": context.company.id,
        "date": context.here.calendar.day_of(issued),
        "position": 1,
        "deletable": False,
        "created_at": issued,
        "updated_at": issued,
    }


def _set(context: RequestContext) -> Row:
    return {"id": context.id(SET, 0), "name": "Issued for Construction"}


def _division(context: RequestContext, number: str) -> Row:
    return {
        "id": context.id(DIVISION, int(number)),
        "number": number,
        "description": _DIVISIONS[number],
        "url": f"https://app.procore.example/{context.here.id}/project/specifications/divisions/{number}",
    }


def _issued(context: RequestContext, code: int) -> Row:
    """When a section was issued, and within what."""
    issued = context.here.calendar.after(context.here.created_at, 9)
    division = _division(context, COST_CODES[code][0][:2])
    day = context.here.calendar.day_of(issued)
    url = f"https://app.procore.example/{context.here.id}/project/specifications/{context.id(SECTION, code)}"
    row = written("specification", context, code=code, division=division, day=day, issued=issued)
    return {**row, "specification_section_division_id": division["id"], "url": url}
