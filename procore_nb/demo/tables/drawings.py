"""Drawings: areas, disciplines, sets, drawings, and their revisions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from procore_nb.demo.company import TODAY
from procore_nb.demo.facts import read_facts
from procore_nb.demo.stored_files import file_of, picture_urls
from procore_nb.demo.tables.cache import per_project
from procore_nb.demo.tables.plan import works
from procore_nb.demo.tables.registry import table
from procore_nb.demo.tables.request_context import RequestContext, Row
from procore_nb.demo.tables.row_forms import written

AREA, DRAWING, DRAWING_SET = "drawing_area", "drawing", "drawing_set"
DISCIPLINES: list[tuple[str, str, list[str]]] = read_facts("lists")["disciplines"]
_PER_DRAWING = 10


@dataclass(frozen=True)
class DrawingRevision:
    """One revision of one drawing."""

    drawing: int
    discipline: int
    number: str
    title: str
    revision: int
    day: date
    current: bool


@per_project(keep=300)
def revisions(context: RequestContext) -> tuple[DrawingRevision, ...]:
    """Every revision of every drawing; more where more changed."""
    draw, term = context.random("drawings"), works(context)
    workday = context.here.calendar.workday
    first = workday(context.here.created_at.date() + timedelta(days=15))
    found: list[DrawingRevision] = []
    drawing = 0
    for discipline, (_name, letter, titles) in enumerate(DISCIPLINES):
        for sheet, title in enumerate(titles, 1):
            count = 1 if term is None else draw.randrange(1, 5) + term.late
            last = term.until if term else first
            length = max(1, (last - first).days)
            later = sorted(first + timedelta(days=int(length * draw.random())) for _ in range(count - 1))
            days = [first, *(max(first, workday(min(day, TODAY))) for day in later)]
            for number, day in enumerate(days):
                current = number == len(days) - 1
                name = f"{letter}-{100 + sheet}"
                found.append(DrawingRevision(drawing, discipline, name, title, number, day, current))
            drawing += 1
    return tuple(found)


@table("drawing_revisions")
def drawing_revisions(context: RequestContext) -> Iterator[Row]:
    """Revisions of all drawings of the project."""
    for one in revisions(context):
        yield {
            **_sheet(context, one),
            **written("drawing_revision", context, one=one),
            "received_date": min(one.day + timedelta(days=2), TODAY),
            "position": one.drawing + 1,
            "order_in_drawing": one.revision + 1,
            "discipline": {
                "id": context.id("drawing_discipline", one.discipline),
                "name": DISCIPLINES[one.discipline][0],
                "position": one.discipline + 1,
            },
        }


@table("drawing_areas", "drawing_areas_v1_0")
def drawing_areas(context: RequestContext) -> Iterator[Row]:
    """The one area of a project's drawings."""
    latest = context.here.calendar.entered(max(one.day for one in revisions(context)), 1)
    yield {
        "id": context.id(AREA, 0),
        "name": "Main Building",
        "drawings_count": len({one.drawing for one in revisions(context)}),
        "deletable": False,
        "created_at": context.here.created_at,
        "updated_at": max(latest, context.here.created_at),
        "latest_revision_update": latest,
    }


@table("drawings", "drawings_v1_0")
def drawings(context: RequestContext) -> Iterator[Row]:
    """Drawings of one area, each with its current revision; the area tells the project."""
    inside = _project_scene(context)
    if inside is None:
        return
    for one in revisions(inside):
        if one.current:
            yield {
                "id": inside.id(DRAWING, one.drawing),
                "number": one.number,
                "title": one.title,
                "discipline": DISCIPLINES[one.discipline][0],
                "drawing_discipline_id": inside.id("drawing_discipline", one.discipline),
                "obsolete": False,
                "current_revision": _sheet(inside, one),
            }


@table("drawing_disciplines", "drawing_disciplines_v1_0")
def drawing_disciplines(context: RequestContext) -> Iterator[Row]:
    """Disciplines of the drawings."""
    for number, (name, letter, _titles) in enumerate(DISCIPLINES):
        row = {"id": context.id("drawing_discipline", number), "name": name, "position": number + 1}
        yield {**row, "abbreviations": [letter]}


@table("drawing_sets")
def drawing_sets(context: RequestContext) -> Iterator[Row]:
    """One set for each round of revisions."""
    for number in range(1 + max(one.revision for one in revisions(context))):
        days = [one.day for one in revisions(context) if one.revision == number]
        yield {
            "id": context.id(DRAWING_SET, number),
            "project_id": context.here.id,
            "company_id": context.company.id,
            "name": "Contract Set" if number == 0 else f"Bulletin {number}",
            "date": min(days),
            "position": number + 1,
            "connected": False,
            "deletable": False,
            "published_drawings_count": len(days),
            "unpublished_drawings_count": 0,
            "created_at": context.here.calendar.entered(min(days), number),
            "updated_at": context.here.calendar.entered(max(days), number),
        }


def _project_scene(context: RequestContext) -> RequestContext | None:
    """The same question about the project whose drawing area is asked for, None if there is none to see."""
    asked, company = context.ids["drawing_area_id"], context.company
    if not (asked.isascii() and asked.isdigit() and len(asked) < 20):
        return None
    # A project's ids follow on those of the project before it: from the id to the project without a search.
    before = replace(context, project=None).id(AREA, 0)
    step = context.within(context.portfolio.project(company, 0)).id(AREA, 0) - before
    index, rest = divmod(int(asked) - before, step)
    if rest or not 1 <= index <= context.portfolio.size(company):
        return None
    project = context.portfolio.project(company, index - 1)
    return context.within(project) if project.permitted and "Drawings" not in project.tools_off else None


def _sheet(context: RequestContext, one: DrawingRevision) -> Row:
    number = one.drawing * _PER_DRAWING + one.revision
    name = f"{one.number} {one.title}, revision {one.revision}"
    pdf, png = (
        file_of(context, "sheet", context.id("drawing_revision", number), f"{name}.{suffix}", one.day)
        for suffix in ("pdf", "png")
    )
    return written("drawing", context, one=one, number=number) | {
        "floorplan": "plan" in one.title,
        "pdf_url": pdf.address,
        "pdf_size": pdf.size,
        "png_url": png.address,
        "png_size": png.size,
        **picture_urls(png),
        "updated_at": context.here.calendar.entered(one.day, one.drawing),
    }
