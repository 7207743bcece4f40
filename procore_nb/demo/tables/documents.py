"""Drawings and their revisions, specification sections (one for each cost code, in one set), meetings, documents, and photos:
one or two on every sixth day whose log is kept, in albums.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from procore_nb.demo.company import NOW, TODAY, read_facts
from procore_nb.demo.stored_files import file_of, picture_urls
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.dailylogs import logged_days
from procore_nb.demo.tables.directory import COST_CODES
from procore_nb.demo.tables.plan import works
from procore_nb.demo.tables.registry import RequestContext, Row, Rows, per_project, table
from procore_nb.demo.tables.templates import render

AREA = "drawing_area"
DISCIPLINES: list[tuple[str, str, list[str]]] = read_facts("lists")["disciplines"]
_PER_DRAWING = 10


@dataclass(frozen=True)
class DrawingRevision:
    drawing: int
    discipline: int
    number: str
    title: str
    revision: int
    day: date
    current: bool


@per_project
def revisions(context: RequestContext) -> tuple[DrawingRevision, ...]:
    draw, term = context.random("drawings"), works(context)
    workday = context.calendar.workday
    first = workday(context.project.created_at.date() + timedelta(days=15))
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
def drawing_revisions(context: RequestContext) -> Rows:
    for one in revisions(context):
        yield _sheet(context, one) | render(
            "drawing_revision", context, one=one, position=one.drawing + 1, order=one.revision + 1,
            received=min(one.day + timedelta(days=2), TODAY), discipline=_discipline(context, one.discipline),
        )  # fmt: skip


@table("drawing_areas", "drawing_areas_v1_0")
def drawing_areas(context: RequestContext) -> Rows:
    found = revisions(context)
    latest = context.calendar.entered(max(one.day for one in found), 1)
    yield {
        "id": context.id(AREA, 0), "name": "Main Building", "deletable": False,
        "drawings_count": len({one.drawing for one in found}), "created_at": context.project.created_at,
        "updated_at": max(latest, context.project.created_at), "latest_revision_update": latest,
    }  # fmt: skip


@table("drawings", "drawings_v1_0")
def drawings(context: RequestContext) -> Rows:
    """Drawings of one area; the area tells the project."""
    inside = _of_area(context)
    for one in revisions(inside) if inside else ():
        if inside and one.current:
            kind = _discipline(inside, one.discipline)
            yield {
                "id": inside.id("drawing", one.drawing), "number": one.number, "title": one.title,
                "discipline": kind["name"], "drawing_discipline_id": kind["id"], "obsolete": False,
                "current_revision": _sheet(inside, one),
            }  # fmt: skip


@table("drawing_disciplines", "drawing_disciplines_v1_0")
def drawing_disciplines(context: RequestContext) -> Rows:
    for number, (_name, letter, _titles) in enumerate(DISCIPLINES):
        yield {**_discipline(context, number), "abbreviations": [letter]}


def _discipline(context: RequestContext, number: int) -> Row:
    name, place = DISCIPLINES[number][0], number + 1
    return {"id": context.id("drawing_discipline", number), "name": name, "position": place}


@table("drawing_sets")
def drawing_sets(context: RequestContext) -> Rows:
    entered = context.calendar.entered
    for number in range(1 + max(one.revision for one in revisions(context))):
        days = [one.day for one in revisions(context) if one.revision == number]
        yield render(
            "drawing_set", context, number=number, date=min(days), position=number + 1, count=len(days),
            name=f"Bulletin {number}" if number else "Contract Set", made=entered(min(days), number),
            updated=entered(max(days), number),
        )  # fmt: skip


def _of_area(context: RequestContext) -> RequestContext | None:
    """The same question about the project of the drawing area, None if there is none to see."""
    asked, company = context.ids["drawing_area_id"], context.company
    if not (asked.isascii() and asked.isdigit() and len(asked) < 20):
        return None
    # A project's ids follow on those of the project before it: from the id to the project without a search.
    before = replace(context, target=None).id(AREA, 0)
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
    updated = context.calendar.entered(one.day, one.drawing)
    row = render("drawing", context, one=one, number=number, pdf=pdf, png=png, updated=updated)
    return {**row, "floorplan": "plan" in one.title, **picture_urls(png)}


SECTION, REVISION = "specification_section", "specification_section_revision"
_DIVISIONS: dict[str, str] = read_facts("lists")["divisions"]


def section(context: RequestContext, code: int) -> Row:
    number, name, _trade = COST_CODES[code]
    text = f"{number[:2]} {number[3:5]} {number[5]}0"
    return {
        "id": context.id(SECTION, code), "number": text, "section": text, "description": name,
        "label": f"{text} - {name}", "current_revision_id": context.id(REVISION, code),
    }  # fmt: skip


@table("specification_sections", "specification_sections_v1_0", "specification_sections_v2_0")
def specification_sections(context: RequestContext) -> Rows:
    """One for each cost code."""
    for code in range(len(COST_CODES)):
        yield {**_issued(context, code), **section(context, code)}


@table("specification_section_revisions", "specification_section_revisions_v2_0")
def specification_section_revisions(context: RequestContext) -> Rows:
    wanted = context.ids.get("specification_section_division_id")
    for row in specification_sections(context):
        if wanted in (None, str(row["specification_section_division_id"])):
            yield {**row, "id": row["current_revision_id"]}


@table("specification_section_divisions", "specification_section_divisions_v1_0")
@table("specification_section_divisions_v2_0")
def specification_section_divisions(context: RequestContext) -> Rows:
    for number in _DIVISIONS:
        codes = [code for code in range(len(COST_CODES)) if COST_CODES[code][0][:2] == number]
        yield {
            **_division(context, number), "deletable": False,
            "sections_ids": [context.id(SECTION, code) for code in codes],
            "specification_section_revision_ids": [context.id(REVISION, code) for code in codes],
        }  # fmt: skip


@table("specification_sets", "specification_sets_v2_0")
def specification_sets(context: RequestContext) -> Rows:
    issued = context.calendar.after(context.project.created_at, 9)
    yield render("specification_set", context, issued=issued, day=context.calendar.day_of(issued))


def _division(context: RequestContext, number: str) -> Row:
    about = {"number": number, "code": int(number), "text": _DIVISIONS[number]}
    return render("specification_division", context, **about)


def _issued(context: RequestContext, code: int) -> Row:
    issued, division = (
        context.calendar.after(context.project.created_at, 9),
        _division(context, COST_CODES[code][0][:2]),
    )
    about = {"code": code, "division": division, "division_id": division["id"], "issued": issued}
    about |= {"section_id": context.id(SECTION, code), "day": context.calendar.day_of(issued)}
    return render("specification", context, **about)


_SERIES = (("Site Meeting", 14, 9), ("Design Coordination", 28, 11), ("Owner Meeting", 28, 14))
_FOLDERS: list[tuple[str, list[str]]] = read_facts("lists")["folders"]


@table("meetings", "meetings_v1_0")
def meetings(context: RequestContext) -> Rows:
    term = works(context)
    if term is None:
        return
    number, calendar = 0, term.calendar
    for series, (name, days, hour) in enumerate(_SERIES):
        day, count = term.begin + timedelta(days=series * 3), 1
        while day <= min(term.end, TODAY + timedelta(days=30)):
            if calendar.works_on(day):
                starts = calendar.planned(day, hour)
                created = calendar.by_now(calendar.office(starts - timedelta(days=12)))
                yield {
                    "id": context.id("meeting", number), "group_title": name, "title": f"{name} {count}",
                    "position": count, "mode": "minutes" if starts < NOW else "agenda", "starts_at": starts,
                    "ends_at": starts + timedelta(hours=1 + series % 2), "occurred": starts < NOW,
                    "is_private": series == 2, "location": "Online" if series else "Site office",
                    "meeting_topics_count": 3 + (number * 7) % 9,
                    "parent_id": context.id("meeting", number - 1) if count > 1 else None,
                    "created_by_id": directory.office(context)[series % 2].id, "created_at": created,
                    "updated_at": calendar.after(created, 0.2),
                }  # fmt: skip
                number, count = number + 1, count + 1
            day += timedelta(days=days)


@table("documents", "documents_v1_0")
def documents(context: RequestContext) -> Rows:
    """Folders and the files in them, in one flat list."""
    since, number = context.calendar.after(context.project.created_at, 1), 1
    folder = {"document_type": "folder"}
    yield _document(context, 0, context.project.name, None, since) | folder
    for name, files in _FOLDERS:
        parent = number
        yield _document(context, parent, name, 0, since) | folder
        for number, file in enumerate(files, parent + 1):
            created = context.calendar.after(since, number * 9)
            row = _document(context, number, file, parent, created)
            stored = file_of(context, "photo" if file.endswith(".png") else "page", row["id"], file, created)
            kept = {"id": row["id"], "name": file, "filename": file, "url": stored.address}
            version = {
                "id": row["id"], "number": 1, "size": stored.size, "url": stored.address,
                "created_at": created, "prostore_file": kept, "file_id": row["id"],
            }  # fmt: skip
            about = {"file_type": file.rpartition(".")[2], "current_version": version}
            yield {**row, "document_type": "file", "file": about}
        number = parent + len(files) + 1


def _document(
    context: RequestContext, number: int, name: str, parent: int | None, when: datetime
) -> dict[str, Any]:
    keeper = directory.office(context)[0]
    author = directory.brief(keeper) if context.endpoint.version.startswith("v2") else keeper.ref
    about = {"number": number, "name": name, "author": author, "secret": name.startswith("01"), "when": when}
    folder = None if parent is None else context.id("document", parent)
    return render("document", context, **about, parent=folder)


_ALBUMS = ("Progress", "Quality", "Safety", "Deliveries")
_SIDES = ("North side", "East side", "South side", "West side")


@table("images")
def images(context: RequestContext) -> Rows:
    """Photos in the order they were taken; a camera in five does not know where it is."""
    calendar, home = context.calendar, (context.project.street.latitude, context.project.street.longitude)
    taken = [
        (one, side) for one in logged_days(context)[::-6][::-1] for side in range(1 + one.index // 6 % 2)
    ]
    for number, (one, side) in enumerate(taken):
        name = f"{one.day} {_SIDES[(number + side) % 4]}.png"
        file = file_of(context, "photo", context.id("image", number), name, one.day)
        album = 0 if number % 4 else number // 4 % len(_ALBUMS)
        people = f"{one.weather.sky}, {sum(crew.workers for crew in one.crews)} people on site"
        about = {
            "one": one, "number": number, "file": file, "taken": calendar.at(one.day, 10, number * 7 % 60),
            "author": directory.office(context)[number % 3], "place": directory.place(context, number),
            "album": _ALBUMS[album],
        }  # fmt: skip
        yield render("image", context, **about) | {
            "image_category_id": context.id("image_category", album),
            "description": people if number % 3 else None,
            "gps_lat": f"{home[0] + number % 7 * 0.0001:.6f}" if number % 5 else None,
            "gps_long": f"{home[1] + number % 5 * 0.0001:.6f}" if number % 5 else None,
            "thumbnail_url": picture_urls(file)["thumbnail_url"],
        }


@table("image_categories")
def image_categories(context: RequestContext) -> Rows:
    """Albums of the photos."""
    shown, since = [row["image_category_name"] for row in images(context)], context.project.created_at
    for number, name in enumerate(_ALBUMS):
        yield {
            "id": context.id("image_category", number), "name": name, "count": shown.count(name),
            "private": False, "position": number + 1, "created_at": since, "updated_at": since,
        }  # fmt: skip
