"""The values of the catalogue: a field of an endpoint, an argument of it, and the text form of fields in the catalogue file.

In: text of the catalogue file. Out: frozen values. Speaks to no service.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Place = Literal["path", "query", "filter"]
Form = Literal["", "range", "after", "day", "moment"]

# Keys that stand for a custom field of some company, not for a key any reply has.
_STAND_IN = re.compile(r"%\{|<|custom_field_\d")

DEFAULT_SHAPE = "-"
"""The name, in `Field.views`, of the shape that comes when no view is sent and Procore names no default."""


@dataclass(frozen=True, slots=True)
class Field:
    """One key of an endpoint's rows: its dotted name, its JSON type, and the values it may have."""

    name: str
    """Dotted; `[]` marks a list: `company.id`, `departments[].name`."""
    type: str
    """`string`, `integer`, `number`, `boolean`, `object`, `array<...>` or `unknown`."""
    format: str = ""
    """What the schema adds: `date-time`, `date`, `uuid`, `decimal`, ..."""
    enum: tuple[str, ...] = ()
    """The values Procore names, in its order; empty when it names none."""
    views: tuple[str, ...] = ()
    """The shapes of the list that have this key; empty: all of them. `-` stands for the shape without a view."""
    gone: bool = False
    """Whether Procore's newer reference no longer has this key: it makes no column of its own."""

    @property
    def in_list(self) -> bool:
        """Whether this key is inside a list (or is one), so that it makes no column of its own."""
        return "[]" in self.name

    @property
    def stand_in(self) -> bool:
        """Whether the name only shows where custom fields go (`custom_field_%{id}`)."""
        return _STAND_IN.search(self.name) is not None


@dataclass(frozen=True, slots=True)
class Argument:
    """One thing a caller may say to an endpoint, and how it is sent."""

    name: str
    """The name in Python: `status`, `contract_id`, `view`."""
    key: str
    """The placeholder or the query key: `project_id`, `filters[status]`, `filters[id][]`."""
    many: bool = False
    """Whether Procore declares it as a list."""
    required: bool = False
    """Whether nothing comes without it (or without an alternative: see `Endpoint.needs`)."""
    place: Place = "query"
    """`path`, `query`, or `filter` for a query key inside `filters[...]`."""
    form: Form = ""
    """`range` for `start...end`, `after` for an open end, `day` or `moment` for one of them, empty for a plain value."""
    choices: tuple[str, ...] = ()
    """The values Procore names; empty when it names none. `closed=3`: said in a word, sent as a number."""


@lru_cache(maxsize=4096)
def decode(text: str, shape: str) -> tuple[tuple[Field, ...], tuple[Field, ...]]:
    """The fields of one shape (without a name: of all), and those that are gone."""
    found, gone = [], []
    for line in text.splitlines():
        name, kind, form, enum, *more = line.split("\t")
        views, mark = (*more, "", "")[:2]
        shapes = tuple(views.split("|")) if views else ()
        values = tuple(enum.split("|")) if enum else ()
        if mark:
            gone.append(Field(name, kind, form, values, shapes, gone=True))
        elif not shape or not shapes or shape in shapes:
            found.append(Field(name, kind, form, values, shapes))
    return tuple(found), tuple(gone)


def encode(found: Iterable[Field]) -> str:
    """The text form of fields in the catalogue file: one a line, its parts divided by tabs; the last two where needed."""
    lines = []
    for one in found:
        parts = [one.name, one.type, one.format, "|".join(one.enum), "|".join(one.views), "gone" * one.gone]
        lines.append("\t".join(parts if one.gone else parts[:5] if one.views else parts[:4]))
    return "\n".join(lines)
