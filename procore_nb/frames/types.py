"""Which columns an endpoint declares, and of which kind each one is.

In: the fields of an endpoint (anything with name, type, format, enum). Out: paths and kinds. Speaks to no
service.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from procore_nb.frames.names import Kind, is_id, kind_of_name, kind_of_text_field, rule_of

Path = tuple[str, ...]

_CUSTOM = re.compile(r"(^|\.)custom_field_(%\{|\d+(\.|$))")
_FORMATS: dict[str, Kind] = {
    "date-time": "time",
    "datetime": "time",
    "date": "date",
    "float": "decimal",
    "decimal": "decimal",
    "double": "decimal",
}
# Version 2 writes its ids as text. They are the numbers of version 1, except in these tools, whose ids have letters.
_LETTERED = frozenset({"Equipment", "Documents", "Webhooks", "Resource Planning", "Workforce Planning"})
_FIRST = {
    name: place
    for place, name in enumerate(
        (
            "id",
            "number",
            "full_number",
            "formatted_number",
            "position",
            "name",
            "title",
            "subject",
            "status",
            "status.name",
        )
    )
}
_UUID = re.compile(r"(.*[_.])?(uuid|guid|ulid)", re.IGNORECASE)


class FieldLike(Protocol):
    """One row of the field table."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def format(self) -> str: ...
    @property
    def enum(self) -> Any: ...


@dataclass(frozen=True)
class Declared:
    """What an endpoint promises: its columns in order, and whether its ids are text."""

    name: str | None
    columns: dict[Path, Kind]
    text_ids: bool
    numbers_as_text: frozenset[Path] = frozenset()
    """Declared ids that come as text, or as no one knows what, and are numbers all the same."""

    def number_as_text(self, path: Path) -> bool:
        """Whether a column of text holds ids that are numbers, unless one of them turns out to have letters."""
        undeclared = path not in self.columns and not self.text_ids
        return path in self.numbers_as_text or (undeclared and _looks_like_number(path))

    def kind_of(self, path: Path) -> Kind:
        """The kind of a column: declared, else by its name; ids that no one declares are read as text first."""
        declared = self.columns.get(path)
        return declared or ("text" if _looks_like_number(path) else kind_of_name(str(path[-1])))


def declared_by(endpoint: Any) -> Declared:
    """What an endpoint (anything with `.fields`, or None) promises."""
    if endpoint is None:
        return Declared(None, {}, text_ids=False)
    columns = columns_of(endpoint.fields)
    return Declared(
        getattr(endpoint, "name", None), columns, _text_ids(endpoint), _numbers_as_text(endpoint, columns)
    )


def columns_of(fields: Iterable[FieldLike]) -> dict[Path, Kind]:
    """Path and kind of each declared column; objects and custom fields are none.

    What people know a record by comes first, the rest in declared order.
    """
    columns: dict[Path, Kind] = {}
    for field in fields:
        name = field.name or "id"
        bare = name.removesuffix("[]")
        if "[]" in bare or _CUSTOM.search(name):
            continue
        kind: Kind | None = "list" if name.endswith("[]") else kind_of_field(field)
        if kind:
            columns.setdefault(tuple(bare.split(".")), kind)
    return dict(sorted(columns.items(), key=lambda one: _FIRST.get(".".join(one[0]), len(_FIRST))))


def kind_of_field(field: FieldLike) -> Kind | None:
    """The kind of one declared field; None for an object, and for one whose type the table does not know."""
    name, declared, form = field.name or "id", field.type, field.format
    if declared.startswith("array"):
        return "list"
    if _UUID.fullmatch(name):
        return "text"
    if declared == "boolean":
        return "boolean"
    if declared in ("integer", "number"):
        # A number past 2**53 is not exact: ids are never one, whatever the table says.
        exact = declared == "integer" or form == "integer" or is_id(name)
        return "integer" if exact else "number"
    if declared == "string":
        # A few `created_at` are declared as dates: the time of day is kept.
        by_format: Kind | None = "time" if form == "date" and rule_of(name) == "time" else _FORMATS.get(form)
        plain = form in ("", "string") and not field.enum
        return by_format or (kind_of_text_field(name) if plain else "text")
    if declared != "unknown":
        return None
    return "text" if is_id(name) else rule_of(name)


def _numbers_as_text(endpoint: Any, columns: dict[Path, Kind]) -> frozenset[Path]:
    """The declared ids that are text to Procore, or too deep for its table, and numbers to whoever joins them."""
    if getattr(endpoint, "module", "") in _LETTERED:
        return frozenset()
    version2 = str(getattr(endpoint, "version", "")).startswith(("v2", "2"))
    loose = {
        tuple((field.name or "id").split("."))
        for field in endpoint.fields
        if field.type == "unknown" or (version2 and field.type == "string" and field.format != "uuid")
    }
    return frozenset(
        path
        for path, kind in columns.items()
        if kind == "text" and path in loose and _looks_like_number(path)
    )


def _looks_like_number(path: Path) -> bool:
    last = str(path[-1])
    return is_id(last) and rule_of(last) == "integer"


def _text_ids(endpoint: Any) -> bool:
    """Whether ids that the field table leaves out are text: in tools whose ids have letters."""
    return getattr(endpoint, "module", "") in _LETTERED
