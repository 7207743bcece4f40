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

# Ids of other systems and of people: text in Procore, letters allowed.
TEXT_IDS = r"(.*_)?(origin|employee|business|external|external_payment|google_place|tax|prostore)_id"

# Read from the top, the first that fits the whole (lower-case) name decides; no rule means text.
RULES: tuple[tuple[str, LogicalType], ...] = (
    (r"formatted_.*|.*_(name|label|title|type|status|reason|strategy|url|notes|description)", "text"),
    (r"(.*_)?(zip|zip_?code|postal_code\d?|code|number|phone|fax|extension|uu?id|guid|ulid)", "text"),
    (TEXT_IDS, "text"),
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
# Version 2 writes its ids as text. They are the numbers of version 1, except in these tools, whose ids have letters.
_LETTERED = frozenset({"Equipment", "Documents", "Webhooks", "Resource Planning", "Workforce Planning"})
# What people know a record by comes first.
_NUMBERS = ("id", "number", "full_number", "formatted_number", "position")
_TITLES = ("name", "title", "subject", "status", "status.name")
_FIRST = {name: place for place, name in enumerate((*_NUMBERS, *_TITLES))}
# Undeclared text that may be digits with a point, and is no amount.
_NO_AMOUNT = re.compile(
    r"(.*[ _.])?(version|revision|section|prefix|suffix|value|key)s?|.*[ _](code|id|no|number|phone|zip)",
    re.IGNORECASE,
)
_UUID = re.compile(r"(.*[_.])?(uuid|guid|ulid)", re.IGNORECASE)


@dataclass(frozen=True)
class Declared:
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


def declared_by(endpoint: Any) -> Declared:
    """What an endpoint (anything with `.fields`, or None) promises."""
    if endpoint is None:
        return Declared(None, {}, text_ids=False)
    columns = columns_of(endpoint.fields)
    return Declared(
        getattr(endpoint, "name", None),
        columns,
        getattr(endpoint, "module", "") in _LETTERED,
        _numbers_as_text(endpoint, columns),
        frozenset(
            tuple((field.name or "id").split(".")) for field in endpoint.fields if _is_typed_by_name(field)
        ),
    )


def columns_of(fields: Iterable[Field]) -> dict[Path, LogicalType]:
    """Path and logical type of each declared column, in order; objects and custom fields are none."""
    columns: dict[Path, LogicalType] = {}
    for field in fields:
        name = field.name or "id"
        bare = name.removesuffix("[]")
        if "[]" in bare or _CUSTOM.search(name):
            continue
        logical: LogicalType | None = "list" if name.endswith("[]") else type_of_field(field)
        if logical:
            columns.setdefault(tuple(bare.split(".")), logical)
    return dict(sorted(columns.items(), key=lambda one: _FIRST.get(".".join(one[0]), len(_FIRST))))


def type_of_field(field: Field) -> LogicalType | None:
    """The type of one declared field; None for an object, and for one whose type the table does not know."""
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
        return "integer" if exact else "decimal" if rule_of(name) == "decimal" else "number"
    if declared == "string":
        # A few `created_at` are declared as dates: the time of day is kept.
        by_format: LogicalType | None = (
            "time" if form == "date" and rule_of(name) == "time" else _FORMATS.get(form)
        )
        undetailed = form in ("", "string") and not field.enum
        return by_format or (type_of_text_field(name) if undetailed else "text")
    if declared != "unknown":
        return None
    return "text" if is_id(name) else rule_of(name)


def _is_typed_by_name(field: Field) -> bool:
    """Whether the table says no more than "unknown", or "text" where the name says date or time."""
    name = field.name or "id"
    if field.type == "unknown":
        return not is_id(name)
    undetailed = field.type == "string" and field.format in ("", "string") and not field.enum
    return undetailed and type_of_text_field(name) in ("date", "time")


def _numbers_as_text(endpoint: Any, columns: dict[Path, LogicalType]) -> frozenset[Path]:
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
        for path, logical in columns.items()
        if logical == "text" and path in loose and _looks_like_number(path)
    )


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
