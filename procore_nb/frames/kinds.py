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
    """Declared ids that come as text and are numbers all the same."""

    def number_as_text(self, path: Path) -> bool:
        """Whether a column of text holds ids that join the numbers of version 1."""
        last = str(path[-1])
        undeclared = path not in self.columns and bool(self.numbers_as_text)
        return path in self.numbers_as_text or (undeclared and is_id(last) and rule_of(last) == "integer")

    def kind_of(self, path: Path) -> Kind:
        """The kind of a column: declared, else by its name."""
        return self.columns.get(path) or kind_of_name(str(path[-1]), text_ids=self.text_ids)


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
    return rule_of(name) if declared == "unknown" else None


def _numbers_as_text(endpoint: Any, columns: dict[Path, Kind]) -> frozenset[Path]:
    """The declared ids of a version 2 list that are text to Procore and numbers to whoever joins them."""
    version2 = str(getattr(endpoint, "version", "")).startswith(("v2", "2"))
    if not version2 or getattr(endpoint, "module", "") in _LETTERED:
        return frozenset()
    lettered = {tuple(field.name.split(".")) for field in endpoint.fields if field.format == "uuid"}
    return frozenset(
        path
        for path, kind in columns.items()
        if kind == "text" and path not in lettered and is_id(path[-1]) and rule_of(path[-1]) == "integer"
    )


def _text_ids(endpoint: Any) -> bool:
    """Whether ids that the field table leaves out are text: v2, and lists whose own ids are text."""
    declared = getattr(endpoint, "id_type", "")
    version = str(getattr(endpoint, "version", ""))
    return declared == "string" or (declared not in ("integer", "number") and version.startswith(("v2", "2")))
