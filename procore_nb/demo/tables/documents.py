"""Drawings and their revisions, specification sections (one for each cost code, in one set), meetings, documents, and photos:
one or two on every sixth day whose log is kept, in albums.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from procore_nb.demo.company import NOW, TODAY, read_facts
from procore_nb.demo.stored_files import file_of, picture_urls
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.dailylogs import logged_days
from procore_nb.demo.tables.directory import COST_CODES
from procore_nb.demo.tables.plan import Works, once_begun, works
from procore_nb.demo.tables.registry import RequestContext, Row, Rows, per_project, table
from procore_nb.demo.tables.templates import render

AREA, SECTION, REVISION = "drawing_area", "specification_section", "specification_section_revision"
DISCIPLINES: list[tuple[str, str, list[str]]] = read_facts("lists")["disciplines"]
_PER_DRAWING = 10  # revisions, in the numbers of their ids


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
    return tuple(_revisions(context))


def _revisions(context: RequestContext) -> Iterator[DrawingRevision]:
    draw, term, workday = context.random("drawings"), works(context), context.calendar.workday
    first = workday(context.project.created_at.date() + timedelta(days=15))
    length = max(1, (term.until - first).days) if term else 1
    facts = [(discipline, letter, titles) for discipline, (_, letter, titles) in enumerate(DISCIPLINES)]
    sheets = [
        (d, f"{letter}-{n}", title) for d, letter, titles in facts for n, title in enumerate(titles, 101)
    ]
    for drawing, (discipline, number, title) in enumerate(sheets):
        count = 1 if term is None else draw.randrange(1, 5) + term.late
        later = sorted(first + timedelta(days=int(length * draw.random())) for _ in range(count - 1))
        days = [first, *(max(first, workday(min(day, TODAY))) for day in later)]
        for revision, day in enumerate(days):
            yield DrawingRevision(drawing, discipline, number, title, revision, day, revision == count - 1)


@table("drawing_revisions")
def drawing_revisions(context: RequestContext) -> Rows:
    for issue in revisions(context):
        yield _sheet(context, issue) | render(
            "drawing_revision", context, issue=issue, position=issue.drawing + 1, order=issue.revision + 1,
            received=min(issue.day + timedelta(days=2), TODAY),
            discipline=_discipline(context, issue.discipline),
        )  # fmt: skip


@table("drawing_areas", "drawing_areas_v1_0")
def drawing_areas(context: RequestContext) -> Rows:
    issued = revisions(context)
    latest = context.calendar.entered(max(issue.day for issue in issued), 1)
    count, updated = len({issue.drawing for issue in issued}), max(latest, context.project.created_at)
    yield render(AREA, context, count=count, latest=latest, updated=updated)


@table("drawings", "drawings_v1_0")
def drawings(context: RequestContext) -> Rows:
    """Drawings of one area; the area tells the project."""
    inside = _of_area(context)
    for issue in revisions(inside) if inside else ():
        if inside and issue.current:
            discipline, sheet = DISCIPLINES[issue.discipline][0], _sheet(inside, issue)
            yield render("drawing", inside, issue=issue, current=sheet, discipline=discipline)


@table("drawing_disciplines", "drawing_disciplines_v1_0")
def drawing_disciplines(context: RequestContext) -> Rows:
    for number, (_name, letter, _titles) in enumerate(DISCIPLINES):
        yield {**_discipline(context, number), "abbreviations": [letter]}


def _discipline(context: RequestContext, number: int) -> Row:
    name = DISCIPLINES[number][0]
    return {"id": context.id("drawing_discipline", number), "name": name, "position": number + 1}


@table("drawing_sets")
def drawing_sets(context: RequestContext) -> Rows:
    entered = context.calendar.entered
    for number in range(1 + max(issue.revision for issue in revisions(context))):
        days = [issue.day for issue in revisions(context) if issue.revision == number]
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


def _sheet(context: RequestContext, issue: DrawingRevision) -> Row:
    number = issue.drawing * _PER_DRAWING + issue.revision
    name = f"{issue.number} {issue.title}, revision {issue.revision}"
    owner = context, "sheet", context.id("drawing_revision", number)
    pdf, png = (file_of(*owner, f"{name}.{suffix}", issue.day) for suffix in ("pdf", "png"))
    updated = context.calendar.entered(issue.day, issue.drawing)
    row = render("sheet", context, issue=issue, number=number, pdf=pdf, png=png, updated=updated)
    return {**row, "floorplan": "plan" in issue.title, **picture_urls(png)}


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
    issued = context.calendar.after(context.project.created_at, 9)
    for code, (number, _name, _trade) in enumerate(COST_CODES):
        division, row = _division(context, number[:2]), section(context, code)
        yield row | render(
            "specification", context, division=division, division_id=division["id"], section_id=row["id"],
            issued=issued, day=context.calendar.day_of(issued),
        )  # fmt: skip


@table("specification_section_revisions", "specification_section_revisions_v2_0")
def specification_section_revisions(context: RequestContext) -> Rows:
    division_id = context.ids.get("specification_section_division_id")
    for row in specification_sections(context):
        if division_id in (None, str(row["specification_section_division_id"])):
            yield {**row, "id": row["current_revision_id"]}


@table("specification_section_divisions", "specification_section_divisions_v1_0")
@table("specification_section_divisions_v2_0")
def specification_section_divisions(context: RequestContext) -> Rows:
    for number in _DIVISIONS:
        codes = [code for code, (text, *_) in enumerate(COST_CODES) if text[:2] == number]
        keys = {"sections_ids": SECTION, "specification_section_revision_ids": REVISION}
        ids = {key: [context.id(kind, code) for code in codes] for key, kind in keys.items()}
        yield {**_division(context, number), "deletable": False, **ids}


@table("specification_sets", "specification_sets_v2_0")
def specification_sets(context: RequestContext) -> Rows:
    issued = context.calendar.after(context.project.created_at, 9)
    yield render("specification_set", context, issued=issued, day=context.calendar.day_of(issued))


def _division(context: RequestContext, number: str) -> Row:
    return render("specification_division", context, number=number, code=int(number), text=_DIVISIONS[number])


_SERIES = (("Site Meeting", 14, 9), ("Design Coordination", 28, 11), ("Owner Meeting", 28, 14))
_FOLDERS: list[tuple[str, list[str]]] = read_facts("lists")["folders"]


@table("meetings", "meetings_v1_0")
@once_begun
def meetings(context: RequestContext, term: Works) -> Rows:
    number, calendar = 0, term.calendar
    for series, (name, days, hour) in enumerate(_SERIES):
        planned = term.begin + timedelta(days=series * 3)
        last, count = min(term.end, TODAY + timedelta(days=30)), 0
        while planned <= last:
            day, planned = planned, planned + timedelta(days=days)
            if not calendar.works_on(day):
                continue
            starts, count = calendar.planned(day, hour), count + 1
            created = calendar.by_now(calendar.office(starts - timedelta(days=12)))
            yield render(
                "meeting", context, number=number, name=name, count=count, starts=starts, created=created,
                mode="minutes" if starts < NOW else "agenda", ends=starts + timedelta(hours=1 + series % 2),
                occurred=starts < NOW, private=series == 2, place="Online" if series else "Site office",
                topics=3 + (number * 7) % 9, author=directory.office(context)[series % 2],
                parent=context.id("meeting", number - 1) if count > 1 else None,
                updated=calendar.after(created, 0.2),
            )  # fmt: skip
            number += 1


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
            yield row | render("file", context, number=number, file=stored, when=created)
        number = parent + len(files) + 1


def _document(context: RequestContext, number: int, name: str, parent: int | None, when: datetime) -> Row:
    keeper = directory.office(context)[0]
    author = directory.brief(keeper) if context.endpoint.version.startswith("v2") else keeper.ref
    folder = None if parent is None else context.id("document", parent)
    values = {"number": number, "name": name, "author": author, "secret": name.startswith("01")}
    return render("document", context, **values, when=when, parent=folder)


_ALBUMS = ("Progress", "Quality", "Safety", "Deliveries")
_SIDES = ("North side", "East side", "South side", "West side")


@table("images")
def images(context: RequestContext) -> Rows:
    """Photos in the order they were taken; a camera in five does not know where it is."""
    street, calendar = context.project.street, context.calendar
    days = reversed(logged_days(context)[::-6])
    photos = [(day, side) for day in days for side in range(1 + day.index // 6 % 2)]
    for number, (day, side) in enumerate(photos):
        name = f"{day.day} {_SIDES[(number + side) % 4]}.png"
        file = file_of(context, "photo", context.id("image", number), name, day.day)
        album = 0 if number % 4 else number // 4 % len(_ALBUMS)
        people = f"{day.weather.sky}, {day.workers} people on site"
        yield render(
            "image", context, day=day, number=number, file=file,
            taken=calendar.at(day.day, 10, number * 7 % 60), author=directory.office(context)[number % 3],
            place=directory.place(context, number), album=_ALBUMS[album], album_number=album,
            text=people if number % 3 else None,
            latitude=f"{street.latitude + number % 7 * 0.0001:.6f}" if number % 5 else None,
            longitude=f"{street.longitude + number % 5 * 0.0001:.6f}" if number % 5 else None,
            thumbnail=picture_urls(file)["thumbnail_url"],
        )  # fmt: skip


@table("image_categories")
def image_categories(context: RequestContext) -> Rows:
    """Albums of the photos."""
    shown = [row["image_category_name"] for row in images(context)]
    for number, name in enumerate(_ALBUMS):
        count = shown.count(name)
        yield render("image_category", context, number=number, n=number + 1, name=name, count=count)
