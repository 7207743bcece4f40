"""What a column's name says about its type, where the field table says nothing.

In: a name as Procore writes it (`created_at`, `company.id`, `Revised Budget`). Out: a kind. Speaks to no
service. The rules never look at the data: a zip stays text although it is all digits, and a column has the
same type today and tomorrow. The lists of names come from the fields that Procore's lists really declare.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from procore_nb.frames.known_names import BOOLEAN_NAMES, DECIMAL_NAMES, INTEGER_NAMES, NUMBER_NAMES

Kind = Literal["integer", "boolean", "text", "number", "decimal", "time", "date", "list"]


# Ids of other systems and of people: text in Procore, letters allowed.
TEXT_IDS = r"(.*_)?(origin|employee|business|external|external_payment|google_place|tax|prostore)_id"

# Read from the top, the first that fits the whole (lower-case) name decides; no rule means text.
RULES: tuple[tuple[str, Kind], ...] = (
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
_RULES = tuple((re.compile(pattern, re.ASCII), kind) for pattern, kind in RULES)
_WORDS: tuple[tuple[frozenset[str], Kind], ...] = (
    (DECIMAL_NAMES, "decimal"),
    (BOOLEAN_NAMES, "boolean"),
    (INTEGER_NAMES, "integer"),
    (NUMBER_NAMES, "number"),
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# Plain text fields of the table whose name still says more than "text".
_SAID_BY_NAME = frozenset({"time", "date", "number"})


@lru_cache(maxsize=4096)
def rule_of(name: str) -> Kind | None:
    """The kind that the last part of a name stands for, or None where no rule speaks."""
    last = name.rpartition(".")[2]
    if _MONEY_TITLE.fullmatch(last):
        return "decimal"
    plain = _CAMEL.sub("_", last).lower()
    known = next((kind for names, kind in _WORDS if plain in names), None)
    return known or next((kind for rule, kind in _RULES if rule.fullmatch(plain)), None)


def kind_of_name(name: str, *, text_ids: bool = False) -> Kind:
    """The kind of a column that no field table declares; `text_ids` where the endpoint's ids are text."""
    kind = rule_of(name) or "text"
    if text_ids and kind == "integer" and is_id(name):
        return "text"
    return kind


def kind_of_text_field(name: str) -> Kind:
    """The kind of a field declared as text without a format: money, times and dates by name, else text."""
    if "links." in name:
        return "text"
    kind = rule_of(name)
    return kind if kind == "decimal" or kind in _SAID_BY_NAME else "text"


def is_id(name: str) -> bool:
    """Whether a column holds ids."""
    last = _CAMEL.sub("_", name.rpartition(".")[2]).lower()
    return last == "id" or last.endswith("_id")
