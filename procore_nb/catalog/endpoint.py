"""One list endpoint of Procore: its facts with everything that follows from them, its path, and its line in a catalogue file.

In: a decoded line of the catalogue file, or a path, with placeholders or with ids. Out: `Endpoint` values. Speaks to no service.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any, Self

from procore_nb.catalog import endpoint_schema, format
from procore_nb.catalog.endpoint_schema import DEFAULT_SHAPE, Argument, Field, decode, encode, path_name
from procore_nb.errors import CatalogError

RECORD_ID = "record_id"
"""The placeholder of one record's id in the path of a single record."""

PLACEHOLDER = re.compile(r"^\{(\w+)\}$")
_PREFIX = re.compile(r"^(?:rest/)?(v\d+\.\d+)/(.+)$")
_UNSAFE = re.compile(r"[\s\\?#@%:]|//|(^|/)\.\.?(/|$)")
_BARE_IDS = frozenset({"id", "ids", "ids_only"})


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
            id_type = self.id_type if self.id_type in ("integer", "string") else "unknown"
            return replace(self, field_text=encode([Field("", id_type)]), kind="ids")
        kept, keys = decode(self.field_text, view)[0], dict(self.shapes).get(view)
        if keys is not None:
            kept = tuple(field for field in kept if field.name.split(".")[0].removesuffix("[]") in keys)
        if kept == self.fields:
            return self
        return replace(self, field_text=encode(replace(field, views=()) for field in kept))

    @property
    def needs(self) -> tuple[tuple[str, ...], ...]:
        """What has to be given, as groups of alternatives in Python names; paging is not among them."""
        return endpoint_schema.needs(self)

    @property
    def needed(self) -> tuple[str, ...]:
        """The names in `needs`, all alternatives in one."""
        return tuple(name for group in self.needs for name in group)

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """Everything a caller may give this endpoint, each with how it is sent."""
        return endpoint_schema.arguments(self)

    @property
    def caveats(self) -> tuple[str, ...]:
        """What is easily overlooked when asking this list, one sentence each."""
        return format.caveats(self)

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
            version=split_path(path)[0],
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
        values = match_path(split_path(self.path)[1], split_path(path)[1]) or {}
        return {path_name(self, key): text for key, text in values.items() if not PLACEHOLDER.match(text)}

    def __repr__(self) -> str:
        return format.as_text(self)

    def _repr_html_(self) -> str:
        return format.as_html(self)


@lru_cache(maxsize=4096)
def split_path(path: str) -> tuple[str, tuple[str, ...]]:
    """A path as its version (empty when it names none) and its parts after that."""
    advice = "Give the path alone, from /rest/ on; "
    if "://" in path:
        raise CatalogError(
            f"{path!r} is a whole URL.", advice=f"{advice}the host comes from the environment."
        )
    if _UNSAFE.search(path):
        raise CatalogError(
            f"{path!r} is not a plain path.", advice=f"{advice}query parameters are given as arguments."
        )
    bare = path.strip("/")
    prefixed = _PREFIX.match(bare)
    version, rest = prefixed.groups() if prefixed else ("", bare)
    return version, tuple(rest.split("/"))


def match_path(template: tuple[str, ...], parts: tuple[str, ...]) -> dict[str, str] | None:
    """The part at each placeholder, or None when the path is another one."""
    if len(template) != len(parts):
        return None
    values = {}
    for template_part, part in zip(template, parts, strict=True):
        placeholder = PLACEHOLDER.match(template_part)
        if placeholder is None:
            if template_part != part:
                return None
            continue
        name = placeholder.group(1)
        # An id has a digit in it: `…/rfis/settings` is no single RFI.
        if name.endswith("id") and not PLACEHOLDER.match(part) and not any(map(str.isdigit, part)):
            return None
        values[name] = part
    return values


def unknown(path: str) -> Endpoint:
    """An endpoint for a path outside the catalogue: its placeholders are needed, nothing else is known."""
    version, parts = split_path(path)
    if not version:
        raise CatalogError(
            f"No endpoint has the path {path!r}.",
            advice='Write a path outside the catalogue in full, as "/rest/v1.0/…", '
            "or look for it with find_endpoints().",
        )
    params = tuple(match.group(1) for part in parts if (match := PLACEHOLDER.match(part)))
    whole = "/rest/" + "/".join((version, *parts))
    # The general rule of version 2: 10 rows a page, 100 at most.
    default, most = (10, 100) if version.startswith("v2") else (None, None)
    return Endpoint(
        name=whole,
        path=whole,
        version=version,
        scope="project" if "project_id" in params else "company" if "company_id" in params else "other",
        path_params=params,
        paging="page",
        per_page_default=default,
        per_page_max=most,
        kind="unknown",
    )


_DEFAULTS = {field.name: field.default for field in fields(Endpoint)}


def from_row(row: Mapping[str, Any]) -> Endpoint:
    """An endpoint from one decoded line of a catalogue file; absent keys have their defaults."""
    return Endpoint(**{key: _frozen(value) for key, value in row.items() if key in _DEFAULTS})


def to_row(endpoint: Endpoint) -> dict[str, Any]:
    """The line of a catalogue file for an endpoint, without what is at its default."""
    return {key: value for key, default in _DEFAULTS.items() if (value := getattr(endpoint, key)) != default}


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
