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

    def kind_of(self, path: Path) -> Kind:
        """The kind of a column: declared, else by its name."""
        return self.columns.get(path) or kind_of_name(str(path[-1]), text_ids=self.text_ids)


def declared_by(endpoint: Any) -> Declared:
    """What an endpoint (anything with `.fields`, or None) promises."""
    if endpoint is None:
        return Declared(None, {}, text_ids=False)
    return Declared(getattr(endpoint, "name", None), columns_of(endpoint.fields), _text_ids(endpoint))


def columns_of(fields: Iterable[FieldLike]) -> dict[Path, Kind]:
    """Path and kind of each declared column, in declared order; objects and custom fields are none."""
    columns: dict[Path, Kind] = {}
    for field in fields:
        name = field.name or "id"
        bare = name.removesuffix("[]")
        if "[]" in bare or _CUSTOM.search(name):
            continue
        kind: Kind | None = "list" if name.endswith("[]") else kind_of_field(field)
        if kind:
            columns.setdefault(tuple(bare.split(".")), kind)
    return columns


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


def _text_ids(endpoint: Any) -> bool:
    """Whether ids that the field table leaves out are text: v2, and lists whose own ids are text."""
    declared = getattr(endpoint, "id_type", "")
    version = str(getattr(endpoint, "version", ""))
    return declared == "string" or (declared not in ("integer", "number") and version.startswith(("v2", "2")))
