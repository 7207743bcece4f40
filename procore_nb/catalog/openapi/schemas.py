"""An OpenAPI document from its files, and its JSON schemas: references followed, compositions joined, rows flattened to fields.

In: paths of JSON files of one reference; a schema in them. Out: documents in which every reference is inside the document itself,
plain schemas and `Field` rows. Speaks to no service.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from procore_nb.catalog.endpoint_schema import Field
from procore_nb.errors import CatalogError

Node = Mapping[str, Any]  # an object of a document

DEPTH = 6
"""How many levels of nested objects are described; what lies deeper is `unknown`."""

MOST_FIELDS = 1000
"""How many fields of one row are described; schemas that refer to each other could go on for ever."""

_MOST_REFERENCES = 100
_TYPES = frozenset({"string", "integer", "number", "boolean", "object", "array"})
_COMPOSED = ("allOf", "oneOf", "anyOf")


class Document:
    """One OpenAPI document, whose nodes refer to each other: schemas, each with what it refers to."""

    def __init__(self, content: Node) -> None:
        self.content = content

    def resolved(self, node: Any) -> Node:
        """A node without `$ref`; what the reference points to must be in the same document."""
        target = node
        for _ in range(_MOST_REFERENCES):
            reference = mapping(target).get("$ref")
            if not isinstance(reference, str):
                return mapping(target)
            target = self._target(reference)
        raise CatalogError(f"The reference {node['$ref']!r} in the OpenAPI document leads in a circle.")

    def _target(self, reference: str) -> Any:
        if not reference.startswith("#/"):
            raise CatalogError(
                f"The OpenAPI document refers to {reference!r}, outside itself.",
                advice="Bundle it into one file first.",
            )
        target: Any = self.content
        for part in reference[2:].split("/"):
            key = part.replace("~1", "/").replace("~0", "~")
            if isinstance(target, list) and key.isdigit() and int(key) < len(target):
                target = target[int(key)]
            elif isinstance(target, Mapping) and key in target:
                target = target[key]
            else:
                raise CatalogError(f"The OpenAPI document refers to {reference!r}, which it does not hold.")
        return target

    def joined(self, schema: Any, seen: set[int] | None = None) -> dict[str, Any]:
        """A schema with its compositions joined: all properties of allOf, oneOf and anyOf side by side.

        Of `oneOf` and `anyOf` every key may come, so all are kept; where two give a key, the first one counts.
        """
        target = self.resolved(schema)
        seen = set() if seen is None else seen  # parts may be composed of the whole
        if id(target) in seen:
            return {}
        seen.add(id(target))
        merged = dict(target)
        properties = dict(mapping(merged.pop("properties", None)))
        parts = [self.joined(part, seen) for word in _COMPOSED for part in listing(merged.pop(word, None))]
        # Of several shapes, those with keys say most: a bare id beside them is another view of the same row.
        rich = [part for part in parts if part.get("properties") or type_of(part) == "array"] or parts
        if rows := [_titled(part) for part in rich if type_of(part) == "array"]:
            merged |= {"type": "array", "items": {"oneOf": rows} if len(rows) > 1 else rows[0]}
        for part in rich:
            keys = mapping(part.pop("properties", None))
            properties |= {key: keys[key] for key in keys if key not in properties}
            merged = merged if part.get("type") == "null" else part | merged
        return merged | {"properties": properties} if properties else merged

    def alternatives(self, schema: Any) -> Iterator[tuple[str, Node]]:
        """The shapes that a row may have, where its schema is one of several: the name of each, and its schema."""
        for word in ("oneOf", "anyOf"):
            for part in listing(self.resolved(schema).get(word)):
                shape = self.joined(part)
                if shape.get("properties"):
                    reference = str(mapping(part).get("$ref") or "").rpartition("/")[2]
                    yield str(mapping(part).get("title") or reference or shape.get("title") or ""), shape

    def flattened(self, schema: Any) -> tuple[Field, ...]:
        """The fields of one row, dotted, with `[]` after lists, in the document's order."""
        fields: dict[str, Field] = {}
        for field in islice(self._fields(self.joined(schema), "", ()), MOST_FIELDS):
            fields.setdefault(field.name, field)
        return tuple(fields.values())

    def _fields(self, schema: Node, prefix: str, above: tuple[int, ...]) -> Iterator[Field]:
        """The fields of an object and of all below it; `above` are the nodes it is inside of, which would go on for ever."""
        for key, value in mapping(schema.get("properties")).items():
            if not (isinstance(key, str) and key and key.isprintable()):
                continue
            name, target = prefix + key, self.resolved(value)
            if id(target) in above or len(above) >= DEPTH:
                yield Field(name, "unknown")
                continue
            content, inside = self.joined(target), (*above, id(target))
            if type_of(content) != "array":
                yield Field(name, type_of(content), _format(content), _enum(content))
                yield from self._fields(content, f"{name}.", inside)
                continue
            item = self.resolved(content.get("items"))
            if id(item) in inside:
                yield Field(f"{name}[]", "array<unknown>")
                continue
            rows = self.joined(item)
            yield Field(f"{name}[]", f"array<{type_of(rows)}>", _format(rows), _enum(rows))
            yield from self._fields(rows, f"{name}[].", (*inside, id(item)))


def _titled(rows: Node) -> Any:
    """The items of an array, under the array's own title where they have none."""
    items = rows.get("items")
    named = isinstance(items, Mapping) and ("title" in items or "$ref" in items)
    return items if named or "title" not in rows else {"title": rows["title"], "allOf": [items]}


def mapping(node: Any) -> Node:
    """The node when it is an object of the document, else an empty one."""
    return node if isinstance(node, Mapping) else {}


def listing(node: Any) -> list[Any]:
    """The node when it is a list of the document, else an empty one."""
    return node if isinstance(node, list) else []


def type_of(schema: Node) -> str:
    """The JSON type of a joined schema; `unknown` when it does not say."""
    declared = schema.get("type")
    for name in declared if isinstance(declared, list) else [declared]:
        if isinstance(name, str) and name in _TYPES:
            return name
    if schema.get("properties"):
        return "object"
    return "array" if "items" in schema else "unknown"


def _format(schema: Node) -> str:
    form = schema.get("format")
    return form if isinstance(form, str) and form.isprintable() else ""


def _enum(schema: Node) -> tuple[str, ...]:
    values = listing(schema.get("enum"))
    texts = [str(value) for value in values if isinstance(value, str | int) and not isinstance(value, bool)]
    return tuple(text for text in texts if text.isprintable() and "|" not in text)


_ADVICE = "Download Procore's OpenAPI document as JSON and name that file."
_FILES = "x-other-files"  # the key under which a document holds the files that it refers to


def read_document(path: str | Path) -> Node:
    """An OpenAPI document from its file, with what it refers to in other files beside it."""
    document = _json(Path(path))
    if not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
        raise CatalogError(
            f"The document {str(path)!r} has no paths: it is no OpenAPI document.", advice=_ADVICE
        )
    files: dict[str, Any] = {}
    bundled = _bundled(document, Path(path), "", files)
    return {**bundled, _FILES: files} if files else document


def _json(path: Path) -> Any:
    try:
        return orjson.loads(path.read_bytes().removeprefix(codecs.BOM_UTF8))
    except OSError as error:
        raise CatalogError(f"The document {str(path)!r} cannot be read: {error.strerror}.") from error
    except orjson.JSONDecodeError as error:
        raise CatalogError(f"The document {str(path)!r} is not JSON: {error}.", advice=_ADVICE) from error


def _bundled(node: Any, file: Path, root: str, files: dict[str, Any]) -> Any:
    """A node whose references to other files lead into `files`; `root` is the pointer to its own file there."""
    if isinstance(node, list):
        return [_bundled(item, file, root, files) for item in node]
    if not isinstance(node, dict):
        return node
    reference = node.get("$ref")
    if not isinstance(reference, str) or "://" in reference:
        return {key: _bundled(value, file, root, files) for key, value in node.items()}
    name, _, inside = reference.partition("#")
    if name:
        target = (file.parent / name).resolve()
        key = str(target).replace("~", "~0").replace("/", "~1")
        root = f"/{_FILES}/{key}"
        if str(target) not in files:
            files[str(target)] = {}  # a file may refer back to one that is being read
            files[str(target)] = _bundled(_json(target), target, root, files)
    return {**node, "$ref": f"#{root}{inside}"}
