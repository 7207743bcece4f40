"""What kind of field each argument of a list deserves, and what a typed value becomes.

In: an endpoint of the catalogue. Out: a `Kind` for each argument a person may want to set. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from procore_nb.catalog import Argument, Endpoint

Shape = Literal["range", "after", "date", "choice", "boolean", "ids", "words", "text"]
_PLACES = {"project_id", "company_id", "sort"}
_DATE = re.compile(r"(^|_)(date|day)$|^(date|start_date|end_date)$|_at$")
_WORDS = re.compile(r"(^|_)(search|query|text|name|title|subject|description)($|_)|(Name|Title)$")
_YES_OR_NO = re.compile(
    r"^(is|has|include|includes|show|with|only|active|deleted|private|overdue)(_|$)|_only$"
)


@dataclass(frozen=True)
class Kind:
    """An argument, and the field it deserves."""

    name: str
    shape: Shape
    choices: tuple[str, ...] = ()
    many: bool = False


def kinds(endpoint: Endpoint) -> dict[str, Kind]:
    """The arguments of a list that a form offers, by name: filters and options, not the places that are asked."""
    fields = {one.name: one for one in endpoint.fields}
    needed = {name for group in endpoint.needs for name in group}
    found = {}
    for argument in endpoint.arguments:
        if argument.place == "path" or argument.name in _PLACES or argument.name in needed - _dates(needed):
            continue
        field = fields.get(argument.name)
        known = argument.choices or (field.enum if field else ())
        # "closed=3" is said in the word.
        choices = tuple(choice.partition("=")[0] for choice in known if not choice.startswith("<"))
        shape = _shape(argument, choices, field.type if field else "")
        found[argument.name] = Kind(argument.name, shape, choices, argument.many)
    return found


def needed_ids(endpoint: Endpoint) -> list[str]:
    """Names of the ids a list needs beside company and project."""
    return [
        " or ".join(group)
        for group in endpoint.needs
        if not {"company_id", "project_id"}.intersection(group) and not _dates(set(group))
    ]


def first_kinds(endpoint: Endpoint) -> list[str]:
    """Arguments shown from the start: dates without which only today or this week comes, and what is required."""
    offered = kinds(endpoint)
    dates = [name for name in ("start_date", "end_date") if name in offered and endpoint.date_default]
    needed = [name for group in endpoint.needs for name in group if name in offered]
    return list(dict.fromkeys([*needed, *dates]))


def typed(text: str, *, ids: bool = False) -> Any:
    """A typed text as a value: several where commas divide it, whole numbers where ids are meant, None for nothing."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    values = [int(part) if ids and part.isascii() and part.isdigit() else part for part in parts]
    return None if not values else values[0] if len(values) == 1 else values


def _dates(names: set[str]) -> set[str]:
    return {name for name in names if _DATE.search(name)}


def _shape(argument: Argument, choices: tuple[str, ...], kind: str) -> Shape:
    if argument.form == "range":
        return "range"
    if argument.form == "after":
        return "after"
    if choices:
        return "choice"
    if kind == "boolean" or _YES_OR_NO.search(argument.name):
        return "boolean"
    if _DATE.search(argument.name):
        return "date"
    if argument.name == "id" or argument.name.endswith(("_id", "_ids")):
        return "ids"
    return "words" if not argument.many and _WORDS.search(argument.name) else "text"
