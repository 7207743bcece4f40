"""One list endpoint of Procore: its facts with everything that follows from them, and its line in a catalogue file.

In: a decoded line of the catalogue file, or a path. Out: `Endpoint` values. Speaks to no service.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from procore_nb.catalog import arguments as of_arguments
from procore_nb.catalog import caveats as of_caveats
from procore_nb.catalog import format, paths
from procore_nb.catalog.models import DEFAULT_SHAPE, Argument, Field, decode, encode
from procore_nb.errors import CatalogError

_BARE_IDS = frozenset({"id", "ids", "ids_only"})

RECORD_ID = "record_id"
"""The placeholder of one record's id in the path of a single record."""


@dataclass(frozen=True, slots=True, repr=False)
class Endpoint:
    """One list endpoint of Procore: where it is, what it needs and takes, what its rows hold."""

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
        return decode(self.field_text, self.view_default or DEFAULT_SHAPE)[0]

    @property
    def all_fields(self) -> tuple[Field, ...]:
        """The keys of the rows of every view."""
        return decode(self.field_text, "")[0]

    @property
    def gone_fields(self) -> tuple[Field, ...]:
        """The keys that older rows had and the newest reference has not."""
        return decode(self.field_text, "")[1]

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
        kept = decode(self.field_text, view)[0]
        if narrow is not None:
            kept = tuple(one for one in kept if one.name.split(".")[0].removesuffix("[]") in narrow)
        if kept == self.fields:
            return self
        return replace(self, field_text=encode(tuple(replace(one, views=()) for one in kept)))

    @property
    def needs(self) -> tuple[tuple[str, ...], ...]:
        """What has to be given, as groups of alternatives in Python names; paging is not among them."""
        return of_arguments.needs(self)

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """Everything a caller may give this endpoint, each with how it is sent."""
        return of_arguments.arguments(self)

    @property
    def caveats(self) -> tuple[str, ...]:
        """What is easily overlooked when asking this list, one sentence each."""
        return of_caveats.caveats(self)

    @property
    def path_of_record(self) -> str:
        """Address of one record of this list; cheap, unlike `record`, which reads all fields."""
        return self.record_path or f"{self.path}/{{{RECORD_ID}}}"

    @property
    def record(self) -> Endpoint:
        """One record of this list, as an endpoint that answers one object; `record_path` says whether it is by pattern."""
        path = self.path_of_record
        view = next((name for name in ("view", "serializer_view") if self.record_views), "")
        return Endpoint(
            name=self.name,
            path=path,
            version=paths.split(path)[0],
            scope=self.scope,
            path_params=tuple(re.findall(r"{(\w+)}", path)),
            required_query=self.record_query if self.record_path else self.required_query,
            view_param=view,
            views=self.record_views,
            envelope=".",
            id_type=self.id_type,
            module=self.module,
            tag=self.tag,
            kind="unknown" if self.kind == "unknown" else "single",
            field_text="\n".join(filter(None, (encode(self.fields), self.record_text))),
        )

    def values_in(self, path: str) -> dict[str, str]:
        """The ids written into a path of this endpoint: `{"project_id": "7"}`; none for placeholders."""
        found = paths.values_in(self.path, path)
        return {of_arguments.path_name(self, key): value for key, value in found.items()}

    def __repr__(self) -> str:
        return format.as_text(self)

    def _repr_html_(self) -> str:
        return format.as_html(self)


def unknown(path: str) -> Endpoint:
    """An endpoint for a path outside the catalogue: its placeholders are needed, nothing else is known."""
    version, parts = paths.split(path)
    if not version:
        raise CatalogError(
            f"No endpoint has the path {path!r}.",
            advice='Write a path outside the catalogue in full, as "/rest/v1.0/…", '
            "or look for it with find_endpoints().",
        )
    params = tuple(found.group(1) for part in parts if (found := paths.PLACEHOLDER.match(part)))
    whole = "/rest/" + "/".join((version, *parts))
    newer = version.startswith("v2")
    return Endpoint(
        name=whole,
        path=whole,
        version=version,
        scope="project" if "project_id" in params else "company" if "company_id" in params else "other",
        path_params=params,
        paging="page",
        # The general rule of version 2: 10 rows a page, 100 at most.
        per_page_default=10 if newer else None,
        per_page_max=100 if newer else None,
        kind="unknown",
    )


_DEFAULTS = {one.name: one.default for one in fields(Endpoint)}


def from_row(row: Mapping[str, Any]) -> Endpoint:
    """An endpoint from one decoded line of a catalogue file; absent keys have their defaults."""
    return Endpoint(**{key: _frozen(value) for key, value in row.items() if key in _DEFAULTS})


def to_row(endpoint: Endpoint) -> dict[str, Any]:
    """The line of a catalogue file for an endpoint, without what is at its default."""
    return {key: value for key, default in _DEFAULTS.items() if (value := getattr(endpoint, key)) != default}


def _frozen(value: Any) -> Any:
    return tuple(_frozen(one) for one in value) if isinstance(value, list) else value
