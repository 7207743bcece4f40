"""Meetings and documents."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

from procore_nb.demo.company import NOW, TODAY
from procore_nb.demo.facts import read_facts
from procore_nb.demo.stored_files import file_of
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.plan import works
from procore_nb.demo.tables.registry import table
from procore_nb.demo.tables.request_context import RequestContext, Row

_SERIES = (("Site Meeting", 14, 9), ("Design Coordination", 28, 11), ("Owner Meeting", 28, 14))
_FOLDERS: list[tuple[str, list[str]]] = read_facts("lists")["folders"]


@table("meetings", "meetings_v1_0")
def meetings(context: RequestContext) -> Iterator[Row]:
    """Meetings of the three series of a project, held and to come."""
    term = works(context)
    if term is None:
        return
    number = 0
    for series, (name, days, hour) in enumerate(_SERIES):
        day, count = term.begin + timedelta(days=series * 3), 1
        while day <= min(term.end, TODAY + timedelta(days=30)):
            if term.calendar.works_on(day):
                starts = datetime.combine(day, time(hour), term.calendar.zone).astimezone(UTC)
                created = term.calendar.by_now(term.calendar.office(starts - timedelta(days=12)))
                yield {
                    "id": context.id("meeting", number),
                    "group_title": name,
                    "title": f"{name} {count}",
                    "position": count,
                    "mode": "minutes" if starts < NOW else "agenda",
                    "starts_at": starts,
                    "ends_at": starts + timedelta(hours=1 + series % 2),
                    "occurred": starts < NOW,
                    "is_private": series == 2,
                    "location": "Site office" if series == 0 else "Online",
                    "meeting_topics_count": 3 + (number * 7) % 9,
                    "parent_id": context.id("meeting", number - 1) if count > 1 else None,
                    "created_by_id": directory.office(context)[series % 2].id,
                    "created_at": created,
                    "updated_at": term.calendar.after(created, 0.2),
                }
                number, count = number + 1, count + 1
            day += timedelta(days=days)


@table("documents", "documents_v1_0")
def documents(context: RequestContext) -> Iterator[Row]:
    """Folders and the files in them, in one flat list."""
    root = context.id("document", 0)
    since = context.here.calendar.after(context.here.created_at, 1)
    yield {**_document(context, 0, context.here.name, None, since), "document_type": "folder"}
    number = 1
    for folder, files in _FOLDERS:
        parent = number
        yield {**_document(context, number, folder, root, since), "document_type": "folder"}
        number += 1
        for name in files:
            created = context.here.calendar.after(since, number * 9)
            row = _document(context, number, name, context.id("document", parent), created)
            stored = file_of(context, "photo" if name.endswith(".png") else "page", row["id"], name, created)
            kept = {"id": row["id"], "name": name, "filename": name, "url": stored.address}
            version = {
                "id": row["id"],
                "number": 1,
                "size": stored.size,
                "url": stored.address,
                "created_at": created,
                "prostore_file": kept,
                "file_id": row["id"],
            }
            file = {"file_type": name.rpartition(".")[2], "current_version": version, "description": None}
            yield {**row, "document_type": "file", "file": file}
            number += 1


def _document(
    context: RequestContext, number: int, name: str, parent: int | None, when: datetime
) -> dict[str, Any]:
    v2 = context.endpoint.version.startswith("v2")
    return {
        "id": context.id("document", number),
        "name": name,
        "name_with_path": name,
        "parent_id": parent,
        "created_by": {**directory.office(context)[0].ref}
        if not v2
        else directory.brief(directory.office(context)[0]),
        "read_only": False,
        "is_deleted": False,
        "is_recycle_bin": False,
        "is_tracked": False,
        "private": name.startswith("01"),
        "custom_fields": {},
        "created_at": when,
        "updated_at": when,
    }
