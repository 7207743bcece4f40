"""Logical types: which columns an endpoint declares, of which type each is, and what a bare name says.

In: the fields of an endpoint, or a name as Procore writes it (`created_at`,
`company.id`, `Revised Budget`). Out: paths and logical types. Speaks to no service.

The rules for names never look at the data: a zip stays text although it is all digits. The lists of names come from
the fields that Procore's lists really declare.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

from procore_nb.catalog import Field

LogicalType = Literal["integer", "boolean", "text", "number", "decimal", "time", "date", "list"]
Path = tuple[str, ...]

# Read from the top, the first that fits the whole (lower-case) name decides; no rule means text.
RULES: tuple[tuple[str, LogicalType], ...] = (
    (r"formatted_.*|.*_(name|label|title|type|status|reason|strategy|url|notes|description)", "text"),
    (r"(.*_)?(zip|zip_?code|postal_code\d?|code|number|phone|fax|extension|uu?id|guid|ulid)", "text"),
    # Ids of other systems and of people: text in Procore, letters allowed.
    (r"(.*_)?(origin|employee|business|external|external_payment|google_place|tax|prostore)_id", "text"),
    (r"(.*_)?id", "integer"),
    (r"(.*_)?ids", "list"),
    (r"(.*_)?(at|datetime|timestamp)|time_(resolved|in|out)", "time"),
    (r"(.*_)?date|date_(?!value).*|(?!based_on$|depends_on$|add_on$).*_on", "date"),
    (r"(.*_)?(latitude|longitude|altitude)|gps_(lat|long)|(horizontal|vertical)_accuracy", "number"),
    (r"(is|has|can|was|allow|allows|enable|enabled|show)_.*", "boolean"),
    (r"(.*_)?(count|position)|square_feet|number_of_.*|num_workers|year", "integer"),
)

# Titles of budget columns are keys of budget rows: "Revised Budget", "Job to Date Costs".
_MONEY_TITLE = re.compile(
    r"(?=.*[ ])(?=.*\b(budgets?|costs?|amounts?|forecast|totals?|contracts?|variance|changes|billed|invoiced|"
    r"paid|revenue|over/under|over under|complete|modifications|retainage)\b)"
    r"(?!.*\b(codes?|types?|names?|notes|reason|status|(?<!to )dates?|description|number|company|by)\b).*",
    re.IGNORECASE,
)
_RULES = tuple((re.compile(pattern, re.ASCII), logical) for pattern, logical in RULES)
# Names that stand for one type wherever Procore declares them: collected from the fields of all lists, then read by hand.
# A name is there only if no list uses it for something else; words that say too little are left out.
_WORDS: dict[str, LogicalType] = {
    name: logical
    for logical, lines in json.loads(files(__package__).joinpath("known_names.json").read_bytes()).items()
    for line in lines
    for name in line.split()
}
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# Text fields of the table without a format, whose name still means more than "text".
_NAMED_TYPES: frozenset[LogicalType] = frozenset({"decimal", "time", "date", "number"})

_CUSTOM = re.compile(r"(^|\.)custom_field_(%\{|\d+(\.|$))")
_FORMATS: dict[str, LogicalType] = {
    "date-time": "time",
    "datetime": "time",
    "date": "date",
    "float": "decimal",
    "decimal": "decimal",
    "double": "decimal",
}
_CUSTOM_TYPES: dict[str, LogicalType] = {
    "string": "text",
    "text": "text",
    "rich_text": "text",
    "decimal": "number",
    "number": "number",
    "integer": "integer",
    "boolean": "boolean",
    "datetime": "time",
    "date_time": "time",
    "date": "date",
    "lov_entries": "list",
    "login_informations": "list",
    "vendors": "list",
}
# Version 2 writes its ids as text. They are the numbers of version 1, except in these tools, whose ids have letters.
_LETTERED = frozenset({"Equipment", "Documents", "Webhooks", "Resource Planning", "Workforce Planning"})
# What people know a record by comes first.
_NUMBERS = ("id", "number", "full_number", "formatted_number", "position")
_TITLES = ("name", "title", "subject", "status", "status.name")
_FIRST = {name: position for position, name in enumerate((*_NUMBERS, *_TITLES))}
# Undeclared text that may be digits with a point, and is no amount.
_NO_AMOUNT = re.compile(
    r"(.*[ _.])?(version|revision|section|prefix|suffix|value|key)s?|.*[ _](code|id|no|number|phone|zip)",
    re.IGNORECASE,
)
_UUID = re.compile(r"(.*[_.])?(uuid|guid|ulid)", re.IGNORECASE)


@dataclass(frozen=True)
class DeclaredTypes:
    """What an endpoint promises: its columns in order, and whether its ids are text."""

    name: str | None
    columns: dict[Path, LogicalType]
    text_ids: bool
    numbers_as_text: frozenset[Path] = frozenset()
    """Declared ids that come as text, or as no one knows what, and are numbers all the same."""
    typed_by_name: frozenset[Path] = frozenset()
    """Declared columns whose type only the name gives: it holds where every value can be read that way."""

    def declared_type(self, path: Path) -> LogicalType | None:
        """The type that holds whatever the values are; None where they decide."""
        return None if path in self.typed_by_name else self.columns.get(path)

    def maybe_amount(self, path: Path) -> bool:
        """Whether text in which every value is a decimal is a number: budget columns, which companies name."""
        last = str(path[-1])
        return path not in self.columns and rule_of(last) is None and not _NO_AMOUNT.fullmatch(last)

    def number_as_text(self, path: Path) -> bool:
        """Whether a column of text holds ids that are numbers, unless one of them turns out to have letters."""
        undeclared = path not in self.columns and not self.text_ids
        return path in self.numbers_as_text or (undeclared and _looks_like_number(path))

    def type_of(self, path: Path) -> LogicalType:
        """The type of a column without values: declared, else by its name; undeclared ids are read as text first."""
        declared = self.columns.get(path)
        return declared or ("text" if _looks_like_number(path) else type_of_name(str(path[-1])))


def declared_by(endpoint: Any) -> DeclaredTypes:
    """What an endpoint (anything with `.fields`, or None) promises."""
    if endpoint is None:
        return DeclaredTypes(None, {}, text_ids=False)
    columns = columns_of(endpoint.fields)
    lettered = getattr(endpoint, "module", "") in _LETTERED
    version2 = str(getattr(endpoint, "version", "")).startswith(("v2", "2"))
    fields = {_path_of(field): field for field in endpoint.fields}
    numbers_as_text = frozenset(
        path
        for path, field in fields.items()
        if columns.get(path) == "text"
        and (field.type == "unknown" or (version2 and field.type == "string" and field.format != "uuid"))
        and _looks_like_number(path)
        and not lettered
    )
    typed_by_name = frozenset(path for path, field in fields.items() if type_of_field(field)[1])
    return DeclaredTypes(getattr(endpoint, "name", None), columns, lettered, numbers_as_text, typed_by_name)


def columns_of(fields: Iterable[Field]) -> dict[Path, LogicalType]:
    """Path and logical type of each declared column, in order; objects and custom fields are none."""
    columns: dict[Path, LogicalType] = {}
    for field in fields:
        logical, _ = type_of_field(field)
        path = _path_of(field)
        if logical and path:
            columns.setdefault(path, logical)
    return dict(sorted(columns.items(), key=lambda item: _FIRST.get(".".join(item[0]), len(_FIRST))))


def _path_of(field: Field) -> Path:
    """The path of a field's column; empty for a field of elements of a list, and for a custom field."""
    name = (field.name or "id").removesuffix("[]")
    return () if "[]" in name or _CUSTOM.search(name) else tuple(name.split("."))


def type_of_field(field: Field) -> tuple[LogicalType | None, bool]:
    """The type of one declared field, and whether only its name says so; None for an object, or where even that says nothing."""
    name, declared, form = field.name or "id", field.type, field.format
    if declared.startswith("array") or name.endswith("[]"):
        return "list", False
    if declared == "unknown":
        return ("text" if is_id(name) or _UUID.fullmatch(name) else rule_of(name)), not is_id(name)
    if _UUID.fullmatch(name):
        return "text", False
    if declared == "boolean":
        return "boolean", False
    if declared in ("integer", "number"):
        # A number past 2**53 is not exact: ids are never one, whatever the table says.
        exact = declared == "integer" or form == "integer" or is_id(name)
        return "integer" if exact else "decimal" if rule_of(name) == "decimal" else "number", False
    if declared != "string":
        return None, False
    if form in ("", "string") and not field.enum:
        logical = type_of_text_field(name)
        return logical, logical in ("date", "time")
    if form == "date" and rule_of(name) == "time":  # a few `created_at`: the time of day is kept
        return "time", False
    return _FORMATS.get(form, "text"), False


def custom_type(data_type: str) -> LogicalType | None:
    """The type of a custom field of this data type; None where only its values tell."""
    return _CUSTOM_TYPES.get(data_type.lower()) or ("text" if has_entries(data_type) else None)


def has_entries(data_type: str) -> bool:
    """Whether values of this data type are entries `{id, label}`, or lists of them."""
    return data_type.lower().startswith(("lov_", "login_information", "vendor"))


def _looks_like_number(path: Path) -> bool:
    last = str(path[-1])
    return is_id(last) and rule_of(last) == "integer"


@lru_cache(maxsize=4096)
def rule_of(name: str) -> LogicalType | None:
    """The type that the last part of a name stands for, or None where no rule applies."""
    last = name.rpartition(".")[2]
    if _MONEY_TITLE.fullmatch(last):
        return "decimal"
    snake = _CAMEL.sub("_", last).lower()
    return _WORDS.get(snake) or next((logical for rule, logical in _RULES if rule.fullmatch(snake)), None)


def type_of_name(name: str) -> LogicalType:
    return rule_of(name) or "text"


def type_of_text_field(name: str) -> LogicalType:
    """The type of a field declared as text without a format: money, times and dates by name, else text."""
    if "links." in name:
        return "text"
    logical = rule_of(name)
    return logical if logical is not None and logical in _NAMED_TYPES else "text"


def is_id(name: str) -> bool:
    last = _CAMEL.sub("_", name.rpartition(".")[2]).lower()
    return last == "id" or last.endswith("_id")
