"""The values of the catalogue: a field, an argument, and the facts of one list endpoint of Procore.

In: one line of the catalogue file. Out: frozen values. Speaks to no service.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, Self

Place = Literal["path", "query", "filter"]
Form = Literal["", "range", "after", "day", "moment"]

# Keys that stand for a custom field of some company, not for a key any reply has.
_STAND_IN = re.compile(r"%\{|<|custom_field_\d")
_BARE_IDS = frozenset({"id", "ids", "ids_only"})

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


@dataclass(frozen=True, slots=True)
class EndpointFacts:
    """What the catalogue file says of one list: where it is, what it needs and takes, what its rows hold."""

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
    shapes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """For a view that is narrower than the rest, the keys of its rows: `("minimal", ("id", "name"))`."""
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
    beta: bool = False
    """Whether Procore marks it BETA: it may change without notice."""
    deprecated: bool = False
    """Whether Procore marks it DEPRECATED: it will be removed."""
    older_version: bool = False
    """Whether Procore marks it OLDER VERSION: a newer version of the same list exists."""
    gone: bool = False
    """Whether the newest reference no longer has it; it may still answer."""
    removal: str = ""
    """The day on which it is removed, where Procore names one: `2027-09-09`."""
    successor: str = ""
    """The list Procore names in its place."""
    as_of: str = ""
    """The day of the copy of Procore's reference in which this list was read last."""
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
    record_path: str = ""
    """Where one record of the list is, its id last, where Procore's reference shows it; empty: by pattern."""
    record_query: tuple[tuple[str, ...], ...] = ()
    record_views: tuple[str, ...] = ()
    record_text: str = ""
    """The keys that only the single record has, as `field_text`."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """The keys of a row when no view is asked for, in Procore's order; decoded when first asked for."""
        return _decode(self.field_text, self.view_default or DEFAULT_SHAPE)[0]

    @property
    def all_fields(self) -> tuple[Field, ...]:
        """The keys of the rows of every view."""
        return _decode(self.field_text, "")[0]

    @property
    def gone_fields(self) -> tuple[Field, ...]:
        """The keys that older rows had and the newest reference has not."""
        return _decode(self.field_text, "")[1]

    @property
    def paginated(self) -> bool:
        """Whether the list takes both `page` and `per_page`."""
        return self.paging == "page"

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
    def going_away(self) -> bool:
        """Whether Procore has said that the list will be, or has been, removed."""
        return self.deprecated or self.gone

    def choices_of(self, key: str) -> tuple[str, ...]:
        """The values Procore names for a query key; none where it names none."""
        return next((values for name, values in self.choices if name == key.removesuffix("[]")), ())

    def in_view(self, view: str | None) -> Self:
        """The same list with the columns of one `view` (None: what comes when it is not sent); bare ids have the column `id`."""
        if not view or view == self.view_default:
            return self
        if view.lower() in _BARE_IDS and self.view_param:
            kind = self.id_type if self.id_type in ("integer", "string") else "unknown"
            return replace(self, field_text=encode((Field("", kind),)), kind="ids")
        narrow = dict(self.shapes).get(view)
        kept = _decode(self.field_text, view)[0]
        if narrow is not None:
            kept = tuple(one for one in kept if one.name.split(".")[0].removesuffix("[]") in narrow)
        if kept == self.fields:
            return self
        return replace(self, field_text=encode(tuple(replace(one, views=()) for one in kept)))


@lru_cache(maxsize=4096)
def _decode(text: str, shape: str) -> tuple[tuple[Field, ...], tuple[Field, ...]]:
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


def encode(found: tuple[Field, ...]) -> str:
    """The text form of fields in the catalogue file: one a line, its parts divided by tabs; the last two where needed."""
    return "\n".join("\t".join(_parts(one)) for one in found)


def _parts(one: Field) -> list[str]:
    parts = [one.name, one.type, one.format, "|".join(one.enum)]
    if one.views or one.gone:
        parts.append("|".join(one.views))
    return [*parts, "gone"] if one.gone else parts
