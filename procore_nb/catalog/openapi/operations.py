"""One GET operation of an OpenAPI document, read: its parameters, and where the rows of its reply are.

In: a document, a path, an operation. Out: facts for an `Endpoint`. Speaks to no service.
OpenAPI 3 and Swagger 2 are read alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from procore_nb.catalog.openapi.schemas import alternatives, joined, listing, mapping, resolved, type_of
from procore_nb.near_match import plain

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
    inside = mapping(data.get("properties"))
    found = _only_list(document, inside, path) if inside else None
    if found:
        return _rows(document, f"data.{found}", joined(document, inside[found]))
    found = _only_list(document, properties, path)
    return _rows(document, found, joined(document, properties[found])) if found else None


def _rows(document: Mapping[str, Any], envelope: str, rows: Mapping[str, Any]) -> Rows:
    shapes = tuple(alternatives(document, rows.get("items")))
    return Rows(envelope, _item(document, rows), shapes=shapes)


def _ungrouped(document: Mapping[str, Any], path: str, rows: Rows) -> Rows:
    """The same, or the rows inside, where the list is one of groups: `meetings` in things without an id at `…/meetings`."""
    keys = mapping(rows.schema.get("properties"))
    if "id" in keys:
        return rows
    inside = next((key for key in keys if key == "data" or plain(key) == plain(path.rsplit("/", 1)[-1])), "")
    value = joined(document, keys.get(inside))
    item = _item(document, value) if type_of(value) == "array" else {}
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


def _item(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    return joined(document, schema.get("items"))


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
