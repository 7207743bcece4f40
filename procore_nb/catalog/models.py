"""The rows of the catalogue: one list endpoint of Procore, its fields and the arguments it takes.

In: one decoded row of the catalogue file. Out: frozen values. Speaks to no service.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, Literal

Place = Literal["path", "query", "filter"]
Form = Literal["", "range", "after", "day", "moment"]

# Keys that stand for a custom field of some company, not for a key any reply has.
_STAND_IN = re.compile(r"%\{|<|custom_field_\d")


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


@dataclass(frozen=True, slots=True, repr=False)
class Endpoint:
    """One list endpoint of Procore: where it is, what it needs, what it takes, what its rows hold."""

    name: str
    path: str
    aliases: tuple[str, ...] = ()
    version: str = ""
    scope: str = ""
    """`project`, `company`, `other` or `none`: what the list belongs to."""
    path_params: tuple[str, ...] = ()
    required_query: tuple[tuple[str, ...], ...] = ()
    """Groups of alternatives: one of each group has to be sent."""
    paging: str = ""
    """`page`, `page0` (from 0), `cursor`, `offset`, `per_page_only`, `limit`, or empty: all at once."""
    per_page_default: int | None = None
    per_page_max: int | None = None
    filters: tuple[str, ...] = ()
    """Names inside `filters[...]`, as Procore spells them; `id[]` is sent as `filters[id][]`."""
    other_query: tuple[str, ...] = ()
    sort_param: str = ""
    sorts: tuple[str, ...] = ()
    view_param: str = ""
    views: tuple[str, ...] = ()
    view_default: str = ""
    date_default: str = ""
    """What comes without dates: `today`, `this_work_week`, `last_7_days`; empty: everything."""
    envelope: str = ""
    """Where the rows are in the reply's body: empty for a bare list, else a dotted key; `[].meetings` in each group."""
    id_type: str = ""
    updated_at_param: str = ""
    created_at_param: str = ""
    category: str = ""
    module: str = ""
    tag: str = ""
    kind: str = "data"
    """`data`, `lookup`, `recycled`, `history`, `ids`; `single` for one object, `unknown` for a bare path."""
    deprecated: bool = False
    legacy_module: bool = False
    versions: tuple[str, ...] = ()
    """Names of the same list in other versions or ways of asking."""
    fields_source: str = ""
    notes: str = ""
    remarks: tuple[str, ...] = ()
    choices: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """For a query key, the values Procore names: `("filters[status]", ("open", "closed"))`."""
    parent_pairs: tuple[tuple[str, tuple[str, ...]], ...] = ()
    field_text: str = ""

    @property
    def fields(self) -> tuple[Field, ...]:
        """The keys of a row, in Procore's order; decoded when first asked for."""
        return _decode(self.field_text)

    @property
    def paginated(self) -> bool:
        """Whether the list takes both `page` and `per_page`."""
        return self.paging == "page"

    @property
    def needs(self) -> tuple[tuple[str, ...], ...]:
        """What has to be given, as groups of alternatives in Python names; paging is our own affair."""
        from procore_nb.catalog.arguments import needs

        return needs(self)

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """Everything a caller may say to this endpoint, each with how it is sent."""
        from procore_nb.catalog.arguments import arguments

        return arguments(self)

    @property
    def parents(self) -> dict[str, tuple[str, ...]]:
        """For each further id this list needs, the endpoints whose rows hold such ids."""
        return dict(self.parent_pairs)

    @property
    def names_project(self) -> str:
        """The key by which a row names its project (`project_id`, `project.id`); empty when it does not."""
        names = {one.name for one in self.fields}
        return next((key for key in ("project_id", "project.id") if key in names), "")

    @property
    def caveats(self) -> tuple[str, ...]:
        """What is easily overlooked when asking this list, one sentence each."""
        from procore_nb.catalog.caveats import caveats

        return caveats(self)

    def choices_of(self, key: str) -> tuple[str, ...]:
        """The values Procore names for a query key; none where it names none."""
        return next((values for name, values in self.choices if name == key.removesuffix("[]")), ())

    def values_in(self, path: str) -> dict[str, str]:
        """The ids written into a path of this endpoint: `{"project_id": "7"}`; none for placeholders."""
        from procore_nb.catalog.paths import values_in

        return values_in(self.path, path)

    def __repr__(self) -> str:
        from procore_nb.catalog.format import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        from procore_nb.catalog.format import as_html

        return as_html(self)


@lru_cache(maxsize=2048)
def _decode(text: str) -> tuple[Field, ...]:
    found = []
    for line in text.splitlines():
        name, kind, form, enum = line.split("\t")
        found.append(Field(name, kind, form, tuple(enum.split("|")) if enum else ()))
    return tuple(found)


def encode(found: tuple[Field, ...]) -> str:
    """The text form of fields in the catalogue file: one a line, its parts divided by tabs."""
    return "\n".join("\t".join((one.name, one.type, one.format, "|".join(one.enum))) for one in found)


_DEFAULTS = {one.name: one.default for one in fields(Endpoint)}


def from_row(row: Mapping[str, Any]) -> Endpoint:
    """An endpoint from one decoded line of a catalogue file; absent keys have their defaults."""
    return Endpoint(**{key: _frozen(value) for key, value in row.items() if key in _DEFAULTS})


def to_row(endpoint: Endpoint) -> dict[str, Any]:
    """The line of a catalogue file for an endpoint, without what is at its default."""
    return {key: value for key, default in _DEFAULTS.items() if (value := getattr(endpoint, key)) != default}


def _frozen(value: Any) -> Any:
    return tuple(_frozen(one) for one in value) if isinstance(value, list) else value
