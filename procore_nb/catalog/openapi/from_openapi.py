"""An endpoint as an OpenAPI document describes it: scope, paging, filters, sizes, where the rows are, and their fields.

In: a document and one GET operation of it. Out: an `Endpoint` that has no name yet. Speaks to no service.
OpenAPI 3 and Swagger 2 are read alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from procore_nb.catalog.arguments import PAGING_KEYS
from procore_nb.catalog.endpoint import Endpoint
from procore_nb.catalog.models import DEFAULT_SHAPE, Field, encode
from procore_nb.catalog.openapi.endpoint_names import kind_for
from procore_nb.catalog.openapi.schemas import (
    alternatives,
    flattened,
    joined,
    listing,
    mapping,
    resolved,
    type_of,
)
from procore_nb.catalog.paths import split
from procore_nb.near_match import plain

_FILTER = re.compile(r"^filters\[([^\]]+)\](.*)$")
_SIGN = re.compile(r"^[+-]")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_REMOVED = re.compile(r"(?:remov|sunset|end of life)[^.]{0,60}?(\d{4}-\d\d-\d\d)", re.IGNORECASE)
_REMARK = re.compile(r" \(.*\)$")  # "labor (default)"

_WRAPPERS = frozenset({
    "count", "cursor", "errors", "has_more", "links", "meta", "metadata", "next", "offset", "page",
    "pages", "pagination", "per_page", "prev", "size", "total", "total_count", "total_pages",
})  # fmt: skip
_ABOUT_PAGES = frozenset({"possible_pages", "current_page"})


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an operation, with the schema of its value."""

    name: str
    location: str
    required: bool
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rows:
    """Where the rows of a reply are, and the schema of one."""

    envelope: str
    schema: Mapping[str, Any]
    group: Mapping[str, Any] = field(default_factory=dict)
    """Where the rows come in groups: what a group says of itself."""
    shapes: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    """Where a row has one of several shapes: the name of each, and its schema."""


Query = Mapping[str, Parameter]


def described(
    document: Mapping[str, Any],
    path: str,
    item: Mapping[str, Any],
    operation: Mapping[str, Any],
    rows: Rows | None,
) -> Endpoint:
    """The endpoint of an operation; `rows` is None where the document does not show the rows."""
    query = {one.name: one for one in parameters(document, item, operation) if one.location == "query"}
    fields = (*flattened(document, rows.schema), *_about_group(document, rows)) if rows else ()
    version = split(path)[0]
    path_params = tuple(re.findall(r"\{(\w+)\}", path))
    required = _required(path_params, query)
    default, most = _sizes(version, query)
    view = next((name for name in ("view", "serializer_view") if name in query), "")
    view_default = str(query[view].schema.get("default") or "") if view else ""
    if rows and view:
        fields = tuple(_in_views(fields, rows.shapes, _choices(query[view]), view_default))
    sort = next((name for name in ("sort", "sort[attribute]") if name in query), "")
    info = mapping(document.get("info"))
    tag = next((str(one) for one in listing(operation.get("tags"))), "")
    return Endpoint(
        name="",
        path=path,
        version=version,
        scope=_scope(path_params, required),
        path_params=path_params,
        required_query=required,
        paging=_paging(path, query),
        per_page_default=default,
        per_page_max=most,
        filters=_filters(query, required),
        other_query=_others(query, required, {view, "serializer_view", sort, "sort[direction]"}),
        sort_param=sort,
        sorts=_choices(query.get(sort)),
        view_param=view,
        views=_choices(query.get(view)),
        view_default=view_default,
        envelope=rows.envelope if rows else "",
        id_type=next((one.type for one in fields if one.name == "id"), ""),
        updated_at_param=_time_filter(query, "updated"),
        created_at_param=_time_filter(query, "created"),
        tag=tag,
        category=str(info.get("x-product-category") or ""),
        module=str(info.get("x-tool-category") or tag),
        kind=kind_for(path),
        choices=_named_values(query, {view, sort, "sort[direction]"}),
        beta=mapping(operation.get("x-doc")).get("stage") == "beta" or operation.get("x-beta") is True,
        deprecated=operation.get("deprecated") is True,
        removal=_removal(operation),
        fields_source="document" if fields else "",
        field_text=encode(fields),
    )


def _in_views(
    fields: Iterable[Field],
    shapes: tuple[tuple[str, Mapping[str, Any]], ...],
    views: tuple[str, ...],
    default: str,
) -> Iterator[Field]:
    """The fields, each with the views that have it, where the names of the shapes name the views."""
    named: dict[str, Mapping[str, Any]] = {}
    for name, shape in shapes:
        words = plain(_CAMEL.sub("_", name))
        fitting = [view for view in views if plain(view) == words or words.endswith(f"_{plain(view)}")]
        named[max(fitting, key=len) if fitting else default or DEFAULT_SHAPE] = mapping(
            shape.get("properties")
        )
    clear = len(shapes) > 1 and len(named) == len(shapes)
    for one in fields:
        key = one.name.split(".")[0].removesuffix("[]")
        having = tuple(view for view, keys in named.items() if key in keys)
        yield replace(one, views=having) if clear and 0 < len(having) < len(named) else one


def _removal(operation: Mapping[str, Any]) -> str:
    """The day on which an operation is removed: from its change log, or from what is written about it."""
    for entry in listing(operation.get("x-changelog")):
        kind = str(mapping(entry).get("type") or "").casefold()
        if any(word in kind for word in ("remov", "sunset")):
            return str(mapping(entry).get("date") or "")[:10]
    text = f"{operation.get('summary') or ''} {operation.get('description') or ''}"
    found = _REMOVED.search(text) if operation.get("deprecated") is True else None
    return found.group(1) if found else ""


def _about_group(document: Mapping[str, Any], rows: Rows) -> Iterator[Field]:
    """What the rows say of their group, under the names that they have in a frame."""
    for one in flattened(document, rows.group):
        yield one if one.name.startswith("group_") else replace(one, name=f"group_{one.name}")


def _required(path_params: tuple[str, ...], query: Query) -> tuple[tuple[str, ...], ...]:
    """Groups of alternatives: what is marked required, and company or project where neither is named."""
    groups = [(one.name,) for one in query.values() if one.required and one.name != "page"]
    both = tuple(name for name in ("company_id", "project_id") if name in query and not query[name].required)
    if len(both) == 2 and not {"company_id", "project_id"} & set(path_params):
        return (both, *groups)
    return tuple(groups)


def _scope(path_params: tuple[str, ...], required: tuple[tuple[str, ...], ...]) -> str:
    named = {*path_params, *(name for group in required for name in group)}
    if "project_id" in named and ("company_id", "project_id") not in required:
        return "project"
    return "company" if "company_id" in named else "other" if named else "none"


def _paging(path: str, query: Query) -> str:
    if "page" in query:
        schema = query["page"].schema
        from_zero = schema.get("minimum") == 0 or schema.get("default") == 0 or "/workforce-planning/" in path
        return "page0" if from_zero and "per_page" not in query else "page"
    kinds = {"cursor": "cursor", "page_start": "offset", "per_page": "per_page_only", "limit": "limit"}
    return next((kind for key, kind in kinds.items() if key in query), "")


def _sizes(version: str, query: Query) -> tuple[int | None, int | None]:
    """Rows a page by default and at most; version 2 has 10 and 100 where it says nothing."""
    if "per_page" not in query:
        return None, None
    schema = query["per_page"].schema
    default, most = _number(schema.get("default")), _number(schema.get("maximum"))
    return (default or 10, most or max(100, default or 0)) if version.startswith("v2") else (default, most)


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _filters(query: Query, required: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    found = (_FILTER.match(name) for name in query if (name,) not in required)
    return tuple(match.group(1) + match.group(2) for match in found if match)


def _others(query: Query, required: tuple[tuple[str, ...], ...], spoken: set[str]) -> tuple[str, ...]:
    said = {*spoken, *PAGING_KEYS, *(name for group in required for name in group)}
    return tuple(name for name in query if name not in said and not _FILTER.match(name))


def _choices(parameter: Parameter | None) -> tuple[str, ...]:
    """The values a parameter may have, without the sign that turns an order round."""
    if parameter is None:
        return ()
    items = mapping(parameter.schema.get("items"))
    values = listing(parameter.schema.get("enum")) or listing(items.get("enum"))
    texts = (str(one).lower() if isinstance(one, bool) else str(one) for one in values if one is not None)
    bare = (
        _REMARK.sub("", _SIGN.sub("", text)) for text in texts if text.isprintable() and "..." not in text
    )
    return tuple(dict.fromkeys(bare))


def _named_values(query: Query, spoken: set[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The values that the document names for the other parameters, by query key."""
    named = ((one.name.removesuffix("[]"), _choices(one)) for one in query.values() if one.name not in spoken)
    return tuple((key, values) for key, values in named if values and key not in PAGING_KEYS)


def _time_filter(query: Query, word: str) -> str:
    names = (f"filters[{word}_at]", f"filters[{word}_at][gt]", f"{word}_after")
    return next((name for name in names if name in query), "")


def parameters(
    document: Mapping[str, Any], item: Mapping[str, Any], operation: Mapping[str, Any]
) -> tuple[Parameter, ...]:
    """The parameters of an operation, those of its path item included; the operation's own come last."""
    found: dict[tuple[str, str], Parameter] = {}
    for node in (*listing(item.get("parameters")), *listing(operation.get("parameters"))):
        raw = resolved(document, node)
        name, location = raw.get("name"), raw.get("in")
        if not isinstance(name, str) or not name.isprintable() or location not in ("path", "query"):
            continue
        # Swagger 2 has type, default and maximum in the parameter itself.
        schema = joined(document, raw["schema"]) if "schema" in raw else dict(raw)
        found[location, name] = Parameter(name, location, bool(raw.get("required")), schema)
    return tuple(_spread(document, found.values()))


def rows_of(document: Mapping[str, Any], path: str, operation: Mapping[str, Any]) -> Rows | None:
    """Where the rows of the reply with status 200 are; None when it is no collection."""
    schema = joined(document, _reply(document, operation))
    found = _shown(document, path, schema)
    return _ungrouped(document, path, found) if found else None


def _shown(document: Mapping[str, Any], path: str, schema: Mapping[str, Any]) -> Rows | None:
    """Where the schema of a reply shows its rows."""
    if type_of(schema) == "array":
        return _rows(document, "", schema)
    properties = mapping(schema.get("properties"))
    data = joined(document, properties.get("data"))
    if type_of(data) == "array":
        return _rows(document, "data", data)
    for before, keys in (("data.", mapping(data.get("properties"))), ("", properties)):
        if found := _only_list(document, keys, path):
            return _rows(document, before + found, joined(document, keys[found]))
    return None


def _rows(document: Mapping[str, Any], envelope: str, rows: Mapping[str, Any]) -> Rows:
    shapes = tuple(alternatives(document, rows.get("items")))
    return Rows(envelope, joined(document, rows.get("items")), shapes=shapes)


def _ungrouped(document: Mapping[str, Any], path: str, rows: Rows) -> Rows:
    """The same, or the rows inside, where the list is one of groups: `meetings` in things without an id at `…/meetings`."""
    keys = mapping(rows.schema.get("properties"))
    if "id" in keys:
        return rows
    inside = next((key for key in keys if key == "data" or plain(key) == plain(path.rsplit("/", 1)[-1])), "")
    value = joined(document, keys.get(inside))
    item = joined(document, value.get("items")) if type_of(value) == "array" else {}
    if not item.get("properties"):
        return rows
    about = {key: value for key, value in keys.items() if key != inside and plain(key) not in _ABOUT_PAGES}
    return Rows(f"{rows.envelope}[].{inside}", item, {"type": "object", "properties": about})


def _reply(document: Mapping[str, Any], operation: Mapping[str, Any]) -> Any:
    replies = mapping(operation.get("responses"))
    reply = resolved(document, replies.get("200") or replies.get("2XX"))
    if "schema" in reply:
        return reply["schema"]
    for kind, content in mapping(reply.get("content")).items():
        if "json" in kind:
            return resolved(document, content).get("schema")
    return None


def _only_list(document: Mapping[str, Any], properties: Mapping[str, Any], path: str) -> str:
    """The one key that holds rows, when the rest is about paging, or the path ends in that key.

    One object that has a list in it (an RFI with its attachments) is not a collection.
    """
    if path.endswith("}"):
        return ""
    lists = [key for key, value in properties.items() if type_of(joined(document, value)) == "array"]
    last = plain(path.rsplit("/", 1)[-1])
    if len(lists) != 1:
        return ""
    others = {plain(key) for key in properties if key != lists[0]}
    return lists[0] if plain(lists[0]) == last or others <= _WRAPPERS else ""


def _spread(document: Mapping[str, Any], found: Iterable[Parameter]) -> Iterable[Parameter]:
    """Parameters one by one; a `filters` object becomes one parameter for each of its keys."""
    for one in found:
        inside = one.schema.get("properties")
        if one.name != "filters" or not isinstance(inside, Mapping):
            yield one
            continue
        for key, value in inside.items():
            schema = joined(document, value)
            many = "[]" if type_of(schema) == "array" else ""
            yield Parameter(f"filters[{key}]{many}", one.location, False, schema)
