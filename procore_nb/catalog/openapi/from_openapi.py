"""An endpoint as an OpenAPI document describes it: scope, paging, filters, sizes, where the rows are, and their fields.

In: a document and one GET operation of it. Out: an `Endpoint` that has no name yet. Speaks to no service.
OpenAPI 3 and Swagger 2 are read alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from procore_nb.catalog.endpoint import Endpoint, split_path
from procore_nb.catalog.endpoint_schema import DEFAULT_SHAPE, PAGING_KEYS, Field, encode
from procore_nb.catalog.openapi.schemas import Document, Node, listing, mapping, type_of
from procore_nb.near_match import slug

Groups = tuple[tuple[str, ...], ...]
Shapes = tuple[tuple[str, Node], ...]

_FILTER = re.compile(r"^filters\[([^\]]+)\](.*)$")
_SIGN = re.compile(r"^[+-]")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_REMOVED = re.compile(r"(?:remov|sunset|end of life)[^.]{0,60}?(\d{4}-\d\d-\d\d)", re.IGNORECASE)
_LOOKUP = re.compile(r"(_options|potential_(?!change_order)|possible_|available_|assignable_)")
_HISTORY = re.compile(r"(change_)?histor(y|ies)$")
_REMARK = re.compile(r" \(.*\)$")  # "labor (default)"

_WRAPPERS = frozenset({
    "count", "cursor", "errors", "has_more", "links", "meta", "metadata", "next", "offset", "page",
    "pages", "pagination", "per_page", "prev", "size", "total", "total_count", "total_pages",
})  # fmt: skip
_ABOUT_PAGES = frozenset({"possible_pages", "current_page"})


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter of an operation: whether it is required, and the schema of its value."""

    required: bool
    schema: Node

    @property
    def choices(self) -> tuple[str, ...]:
        """The values it may have, without the sign that turns an order round."""
        values = listing(self.schema.get("enum")) or listing(mapping(self.schema.get("items")).get("enum"))
        texts = [
            "true" if value is True else "false" if value is False else str(value)
            for value in values
            if value is not None
        ]
        named = (text for text in texts if text.isprintable() and "..." not in text)
        return tuple(dict.fromkeys(_REMARK.sub("", _SIGN.sub("", text)) for text in named))


@dataclass(frozen=True, slots=True)
class RowSchema:
    """Where the rows of a reply are, and the schema of one."""

    envelope: str
    schema: Node
    group: Node = field(default_factory=dict)
    """Where the rows come in groups: what a group says of itself."""
    shapes: Shapes = ()
    """Where a row has one of several shapes: the name of each, and its schema."""


Query = Mapping[str, Parameter]


def endpoint_of(
    document: Document, path: str, item: Node, operation: Node, rows: RowSchema | None
) -> Endpoint:
    """The endpoint of an operation; `rows` is None where the document does not show the rows."""
    query = query_of(document, item, operation)
    version, path_params = split_path(path)[0], tuple(re.findall(r"\{(\w+)\}", path))
    required = _required(path_params, query)
    view, sort = _first(query, "view", "serializer_view"), _first(query, "sort", "sort[attribute]")
    views, sorts = (query[name].choices if name else () for name in (view, sort))
    view_default = str(query[view].schema.get("default") or "") if view else ""
    apart = {view, sort, "sort[direction]"}
    not_other = {*apart, "serializer_view", *PAGING_KEYS, *(name for group in required for name in group)}
    choices = ((name.removesuffix("[]"), query[name].choices) for name in query if name not in apart)
    fields = tuple(_all_fields(document, rows)) if rows else ()
    if rows and view:
        fields = tuple(_in_views(fields, rows.shapes, views, view_default))
    default, most = _sizes(version, query)
    info, tag = mapping(document.content.get("info")), next(map(str, listing(operation.get("tags"))), "")
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
        filters=tuple(
            _FILTER.sub(r"\1\2", name) for name in query if _FILTER.match(name) and (name,) not in required
        ),
        other_query=tuple(name for name in query if name not in not_other and not _FILTER.match(name)),
        sort_param=sort,
        sorts=sorts,
        view_param=view,
        views=views,
        view_default=view_default,
        envelope=rows.envelope if rows else "",
        id_type=next((key.type for key in fields if key.name == "id"), ""),
        updated_at_param=_first(query, "filters[updated_at]", "filters[updated_at][gt]", "updated_after"),
        created_at_param=_first(query, "filters[created_at]", "filters[created_at][gt]", "created_after"),
        tag=tag,
        category=str(info.get("x-product-category") or ""),
        module=str(info.get("x-tool-category") or tag),
        kind=_kind(path),
        choices=tuple((key, values) for key, values in choices if values and key not in PAGING_KEYS),
        beta=mapping(operation.get("x-doc")).get("stage") == "beta" or operation.get("x-beta") is True,
        deprecated=operation.get("deprecated") is True,
        removal=_removal(operation),
        fields_source="document" if fields else "",
        field_text=encode(fields),
    )


def _first(query: Query, *names: str) -> str:
    return next((name for name in names if name in query), "")


def _kind(path: str) -> str:
    """`lookup`, `recycled`, `history` or `ids` where the path says so, else `data`."""
    last = slug(path.rsplit("/", 1)[-1])
    if "recycle_bin" in path:
        return "recycled"
    if "filter_options" in path or _LOOKUP.search(last):
        return "lookup"
    if _HISTORY.search(last):
        return "history"
    return "ids" if last == "ids" else "data"


def _all_fields(document: Document, rows: RowSchema) -> Iterator[Field]:
    """The fields of a row, and what the rows say of their group under the names that they have in a frame."""
    yield from document.flattened(rows.schema)
    for group in document.flattened(rows.group):
        yield group if group.name.startswith("group_") else replace(group, name=f"group_{group.name}")


def _in_views(
    fields: Iterable[Field], shapes: Shapes, views: tuple[str, ...], default: str
) -> Iterator[Field]:
    """The fields, each with the views that have it, where the names of the shapes name the views."""
    keys_of: dict[str, Node] = {}
    for name, shape in shapes:
        words = slug(_CAMEL.sub("_", name))
        matches = [view for view in views if slug(view) == words or words.endswith(f"_{slug(view)}")]
        view = max(matches, key=len) if matches else default or DEFAULT_SHAPE
        keys_of[view] = mapping(shape.get("properties"))
    clear = len(shapes) > 1 and len(keys_of) == len(shapes)
    for each in fields:
        key = each.name.split(".")[0].removesuffix("[]")
        having = tuple(view for view, keys in keys_of.items() if key in keys)
        yield replace(each, views=having) if clear and 0 < len(having) < len(keys_of) else each


def _removal(operation: Node) -> str:
    """The day on which an operation is removed: from its change log, or from what is written about it."""
    for entry in listing(operation.get("x-changelog")):
        kind = str(mapping(entry).get("type") or "").casefold()
        if any(word in kind for word in ("remov", "sunset")):
            return str(mapping(entry).get("date") or "")[:10]
    text = f"{operation.get('summary') or ''} {operation.get('description') or ''}"
    match = _REMOVED.search(text) if operation.get("deprecated") is True else None
    return match.group(1) if match else ""


def _required(path_params: tuple[str, ...], query: Query) -> Groups:
    """Groups of alternatives: what is marked required, and company or project where neither is named."""
    groups = tuple((name,) for name, parameter in query.items() if parameter.required and name != "page")
    both = ("company_id", "project_id")
    if any(name in path_params or name not in query or query[name].required for name in both):
        return groups
    return (both, *groups)


def _scope(path_params: tuple[str, ...], required: Groups) -> str:
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
    return kinds.get(_first(query, *kinds), "")


def _sizes(version: str, query: Query) -> tuple[int | None, int | None]:
    """Rows a page by default and at most; version 2 has 10 and 100 where it says nothing."""
    if "per_page" not in query:
        return None, None
    schema = query["per_page"].schema
    default, most = _number(schema.get("default")), _number(schema.get("maximum"))
    return (default or 10, most or max(100, default or 0)) if version.startswith("v2") else (default, most)


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def query_of(document: Document, item: Node, operation: Node) -> Query:
    """The query parameters of an operation, those of its path item included; the operation's own come last.

    A `filters` object becomes one parameter for each of its keys.
    """
    query: dict[str, Parameter] = {}
    for node in (*listing(item.get("parameters")), *listing(operation.get("parameters"))):
        raw = document.resolved(node)
        name = raw.get("name")
        if isinstance(name, str) and name.isprintable() and raw.get("in") == "query":
            # Swagger 2 has type, default and maximum in the parameter itself.
            schema = document.joined(raw["schema"]) if "schema" in raw else dict(raw)
            query[name] = Parameter(bool(raw.get("required")), schema)
    spread: dict[str, Parameter] = {}
    for name, parameter in query.items():
        keys = parameter.schema.get("properties") if name == "filters" else None
        if not isinstance(keys, Mapping):
            spread[name] = parameter
            continue
        for key, value in keys.items():
            schema = document.joined(value)
            many = "[]" if type_of(schema) == "array" else ""
            spread[f"filters[{key}]{many}"] = Parameter(False, schema)
    return spread


def rows_of(document: Document, path: str, operation: Node) -> RowSchema | None:
    """Where the rows of the reply with status 200 are; None when it is no collection."""
    schema = document.joined(_reply(document, operation))
    properties = mapping(schema.get("properties"))
    data = document.joined(properties.get("data"))
    for envelope, candidate in (("", schema), ("data", data)):
        if type_of(candidate) == "array":
            return _rows(document, path, envelope, candidate)
    for prefix, keys in (("data.", mapping(data.get("properties"))), ("", properties)):
        if key := _only_list(document, keys, path):
            return _rows(document, path, prefix + key, document.joined(keys[key]))
    return None


def _rows(document: Document, path: str, envelope: str, array: Node) -> RowSchema:
    """The rows of an array, or those inside, where it is one of groups: `meetings` in things without an id at `…/meetings`."""
    schema = document.joined(array.get("items"))
    rows = RowSchema(envelope, schema, shapes=tuple(document.alternatives(array.get("items"))))
    keys = mapping(schema.get("properties"))
    if "id" in keys:
        return rows
    last = slug(path.rsplit("/", 1)[-1])
    inside = next((key for key in keys if key == "data" or slug(key) == last), "")
    value = document.joined(keys.get(inside))
    member = document.joined(value.get("items")) if type_of(value) == "array" else {}
    if not member.get("properties"):
        return rows
    about = {key: value for key, value in keys.items() if key != inside and slug(key) not in _ABOUT_PAGES}
    return RowSchema(f"{envelope}[].{inside}", member, {"type": "object", "properties": about})


def _reply(document: Document, operation: Node) -> Any:
    replies = mapping(operation.get("responses"))
    reply = document.resolved(replies.get("200") or replies.get("2XX"))
    if "schema" in reply:
        return reply["schema"]
    for kind, content in mapping(reply.get("content")).items():
        if "json" in kind:
            return document.resolved(content).get("schema")
    return None


def _only_list(document: Document, properties: Node, path: str) -> str:
    """The one key that holds rows, when the rest is about paging, or the path ends in that key.

    One object that has a list in it (an RFI with its attachments) is not a collection.
    """
    if path.endswith("}"):
        return ""
    lists = [key for key, value in properties.items() if type_of(document.joined(value)) == "array"]
    last = slug(path.rsplit("/", 1)[-1])
    if len(lists) != 1:
        return ""
    rest = {slug(key) for key in properties if key != lists[0]}
    return lists[0] if slug(lists[0]) == last or rest <= _WRAPPERS else ""
