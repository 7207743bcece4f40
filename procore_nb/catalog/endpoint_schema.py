"""What an endpoint returns and takes: the fields of its rows, and its arguments in Python names with how each is sent.

In: an endpoint; text of the catalogue file. Out: `Field` and `Argument` values, and the text form of fields. Speaks to no service.
Deciding what a value becomes is the client's work.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from procore_nb.near_match import slug, stem

if TYPE_CHECKING:
    from procore_nb.catalog.endpoint import Endpoint

ArgumentLocation = Literal["path", "query", "filter"]
Form = Literal["", "range", "after", "day", "moment"]

# Keys that stand for a custom field of some company, not for a key any reply has.
_PLACEHOLDER = re.compile(r"%\{|<|custom_field_\d")

DEFAULT_SHAPE = "-"
"""The name, in `Field.views`, of the shape that comes when no view is sent and Procore names no default."""

PAGING_KEYS = frozenset({"page", "per_page", "cursor", "page_start", "page_size", "limit"})
"""Every key by which a list may be paged. The paginator sends those of the list's own kind of paging."""


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
    def is_placeholder(self) -> bool:
        """Whether the name only shows where custom fields go (`custom_field_%{id}`)."""
        return _PLACEHOLDER.search(self.name) is not None


@lru_cache(maxsize=4096)
def decode(text: str, shape: str) -> tuple[tuple[Field, ...], tuple[Field, ...]]:
    """The fields of one shape (without a name: of all), and those that are gone."""
    fields, gone = [], []
    for line in text.splitlines():
        name, json_type, form, enum, views, mark = [*line.split("\t"), "", ""][:6]
        values, shapes = (tuple(part.split("|")) if part else () for part in (enum, views))
        if mark:
            gone.append(Field(name, json_type, form, values, shapes, gone=True))
        elif not shape or not shapes or shape in shapes:
            fields.append(Field(name, json_type, form, values, shapes))
    return tuple(fields), tuple(gone)


def encode(fields: Iterable[Field]) -> str:
    """The text form of fields in the catalogue file: one a line, its parts divided by tabs; the last two where needed."""
    lines = []
    for field in fields:
        parts = [field.name, field.type, field.format, "|".join(field.enum), "|".join(field.views), "gone"]
        lines.append("\t".join(parts[: 6 if field.gone else 5 if field.views else 4]))
    return "\n".join(lines)


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
    """Whether the list is refused without it (or without an alternative: see `Endpoint.needs`)."""
    location: ArgumentLocation = "query"
    """`path`, `query`, or `filter` for a query key inside `filters[...]`."""
    form: Form = ""
    """`range` for `start...end`, `after` for an open end, `day` or `moment` for one of them, empty for a plain value."""
    choices: tuple[str, ...] = ()
    """The values Procore names; empty when it names none. `closed=3`: said in a word, sent as a number."""


# Where the first page and its size are the caller's to choose: these lists do not count their pages.
_OPEN = {"limit": {"limit"}, "offset": {"page_size", "page_start"}}
_DATE_NAME = re.compile(r"(^|_)(date|at)$|^date_|_date_range$|^due_by$")
_ENDS = frozenset({"start_date", "end_date", "from_date", "to_date"})
_DAYS = _ENDS | {"log_date", "finish_date", "forecast_start_date"}
_MOMENT = re.compile(r"^(created|updated|started)_(before|after)$")
# Two lists of webhooks spell it `filter[...]`.
_FILTER = re.compile(r"^filters?\[([^\]]*)\](.*)$")


@lru_cache(maxsize=2048)
def arguments(endpoint: Endpoint) -> tuple[Argument, ...]:
    """All arguments of an endpoint: placeholders, required query, options, sort and view, then filters.

    No name occurs twice: where a filter is called like a placeholder or an option, it is `filter_<name>`.
    """
    known: dict[str, Argument] = {}
    for argument in _declared(endpoint):
        if argument.name not in known:
            known[argument.name] = argument
        elif argument.location == "filter" and known[argument.name].key != argument.key:
            name = f"filter_{argument.name}"
            known.setdefault(name, replace(argument, name=name))
    return tuple(known.values())


@lru_cache(maxsize=2048)
def needs(endpoint: Endpoint) -> tuple[tuple[str, ...], ...]:
    """Groups of alternatives of which one each has to be given, in Python names."""
    groups: list[tuple[str, ...]] = [(path_name(endpoint, key),) for key in endpoint.path_params]
    groups += [
        tuple(_name(key) for key in keys if key not in PAGING_KEYS) for keys in endpoint.required_query
    ]
    return tuple(dict.fromkeys(filter(None, groups)))


def path_name(endpoint: Endpoint, key: str) -> str:
    """The Python name of a placeholder: `{id}` in `…/receipts/{id}/line_items` is `receipt_id`.

    A bare `id` would be overwritten in the frame by the rows' own id, and nothing would tell which receipt a row is of.
    """
    if key != "id" or {"id", "id[]"} & set(endpoint.filters):
        return key
    parent = endpoint.path.partition("/{id}")[0].rsplit("/", 1)[-1]
    return f"{stem(slug(parent))}_id"


def _declared(endpoint: Endpoint) -> Iterator[Argument]:
    for key in endpoint.path_params:
        yield Argument(path_name(endpoint, key), key, required=True, location="path")
    for key in (key for group in endpoint.required_query for key in group if key not in PAGING_KEYS):
        location: ArgumentLocation = "filter" if _FILTER.match(key) else "query"
        yield replace(_query(endpoint, key), required=True, form="", location=location)
    closed = PAGING_KEYS - _OPEN.get(endpoint.paging, set())
    yield from (_query(endpoint, key) for key in endpoint.other_query if key not in closed)
    if endpoint.sort_param:
        yield Argument("sort", endpoint.sort_param, choices=endpoint.sorts)
    if endpoint.view_param:
        yield Argument("view", endpoint.view_param, choices=endpoint.views)
    yield from (_filter(endpoint, name) for name in endpoint.filters)


def _query(endpoint: Endpoint, key: str) -> Argument:
    many, choices = key.endswith("[]"), endpoint.choices_of(key)
    return Argument(_name(key), key, many=many, form=_form(key), choices=choices)


def _filter(endpoint: Endpoint, name: str) -> Argument:
    """A filter as Procore spells it: `status`, `id[]`, `updated_at[gt]`, `status[not]`."""
    word, bracket, rest = name.partition("[")
    key = f"filters[{word}]{bracket}{rest}"
    if rest == "gt]":
        return Argument(word, key, location="filter", form="after")
    form: Form = _form(word) if rest in ("gte]", "lte]") else ""
    if not rest:
        one_day = word in _ENDS or _MOMENT.match(word)
        form = _form(word) if one_day else "range" if _DATE_NAME.search(word) else ""
    choices = () if form else endpoint.choices_of(key)
    return Argument(_name(name), key, many=rest == "]", location="filter", form=form, choices=choices)


def _name(key: str) -> str:
    """The Python name of a query key: `filters[tool_type]` is `tool_type`, `scope[type]` is `scope_type`."""
    bare = _FILTER.sub(r"\1\2", key)
    return bare.removesuffix("[]").replace("][", "_").replace("[", "_").rstrip("]")


def _form(key: str) -> Form:
    """How a query key takes time: a day, a moment, or a moment after which everything comes."""
    if key in ("updated_after", "created_after"):
        return "after"
    return "day" if key in _DAYS else "moment" if _MOMENT.match(key) else ""
