"""A catalogue from Procore's OpenAPI documents, as a user downloads them from Procore's developer site.

In: the documents (OpenAPI 3 or Swagger 2, JSON) and, to extend, a catalogue. Out: a catalogue, or its file.
Speaks to no service. Each GET operation whose reply holds a collection becomes one endpoint.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from procore_nb.atomic_write import output_path, replace_atomically
from procore_nb.catalog.catalogue import Catalogue, dump, load
from procore_nb.catalog.endpoint import Endpoint
from procore_nb.catalog.format import flags
from procore_nb.catalog.models import encode
from procore_nb.catalog.openapi import schemas
from procore_nb.catalog.openapi.endpoint_names import name_for
from procore_nb.catalog.openapi.from_openapi import described, rows_of
from procore_nb.catalog.openapi.parents import bare, linked
from procore_nb.catalog.openapi.schemas import read_document
from procore_nb.catalog.paths import split
from procore_nb.errors import CatalogError
from procore_nb.near_match import plain

_PATH = re.compile(r"^/rest/v\d+\.\d+(/[\w.-]+|/\{\w+\})+$")

# What only the document says; the rest is kept where the document is silent.
_DOCUMENTED = (
    "paging", "filters", "other_query", "sort_param", "view_param", "updated_at_param", "created_at_param",
)  # fmt: skip


def build_file(
    documents: Iterable[str | Path], output: str | Path, *, base: Catalogue | None = None, whole: bool = False
) -> tuple[Catalogue, Differences]:
    """Read OpenAPI documents, build their catalogue, write it to a file, and say what is new, changed and gone.

    Parameters
    ----------
    documents
        The downloaded documents (JSON), parts of one reference; what they refer to in other files is read beside them.
    output
        The catalogue file to write, for `load(output)`.
    base
        A catalogue to extend: see `build`.
    whole
        Whether the documents are Procore's whole reference: lists of `base` that they lack are then marked as gone.

    Returns
    -------
    tuple of Catalogue and Differences
        The catalogue, and how it differs from the one that comes with this package.

    Raises
    ------
    CatalogError
        When a document cannot be read, or none of them holds a list of Procore's API.
    OutputError
        When the file cannot be written; what was there before is still there.
    """
    files = [Path(one) for one in documents]
    read = [read_document(one) for one in files]
    day = max(
        (datetime.fromtimestamp(one.stat().st_mtime, UTC).date().isoformat() for one in files), default=""
    )
    catalogue = build(*read, base=base, whole=whole, as_of=day)
    with replace_atomically(output_path(output)) as draft:
        draft.write_bytes(dump(catalogue))
    paths = {path for one in read for path, _, _ in _operations(one)}
    return catalogue, compare(load(), catalogue, paths)


def build(
    *documents: Mapping[str, Any], base: Catalogue | None = None, whole: bool = False, as_of: str = ""
) -> Catalogue:
    """The catalogue of OpenAPI documents (3 or Swagger 2, decoded): the lists of `base` in their order, then new ones.

    Of two documents that have one path, the later counts. Lists of `base` stay also where the documents lack them (marked as
    gone if these are the `whole` reference). Paths that it has, or the catalogue that comes with this package, keep their names
    and what is known beyond the documents (default dates, remarks, alternatives, keys of rows).
    """
    extended = {one.path: one for one in base.endpoints} if base else {}
    # A name never changes its meaning: paths that ours has keep their names, and what it knows beyond the document.
    known = {one.path: one for one in load().endpoints} | extended
    taken = {plain(name) for one in known.values() for name in (one.name, *one.aliases)}
    fresh: dict[str, Endpoint] = {}
    for document in documents:
        for path, item, operation in _operations(document):
            rows = rows_of(document, path, operation)
            before = known.get(path)
            if rows is None and before is None:
                continue
            found = replace(described(document, path, item, operation, rows), as_of=as_of)
            if before is None:
                named = fresh[path].name if path in fresh else _name(path, known, taken)
                found = replace(found, name=named)
                taken.add(found.name)
            fresh[path] = _extended(before, found) if before else found
    if not fresh:
        raise CatalogError(
            "The document has no list of Procore's API: no GET operation under /rest/v… answers a collection."
        )
    kept = [
        fresh.pop(path, replace(one, gone=True, as_of=as_of) if whole else one)
        for path, one in extended.items()
    ]
    return Catalogue(
        linked([*kept, *fresh.values()]),
        base.singles if base else (),
        as_of=as_of or (base.as_of if base else ""),
        left_out=base.left_out if base else (),
    )


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """Path, path item and GET operation of each path of Procore's API."""
    root = str(document.get("basePath") or "").rstrip("/")
    for raw, node in document["paths"].items():
        path = (raw if str(raw).startswith("/rest/") else f"{root}{raw}").rstrip("/")
        item = schemas.resolved(document, node)
        operation = item.get("get")
        if _PATH.match(path) and isinstance(operation, Mapping):
            yield path, item, operation


def _name(path: str, known: Mapping[str, Endpoint], taken: Container[str]) -> str:
    """A name for a new path: the family's, with the version, where another version of it is known."""
    same = [one for one in known.values() if bare(one.path) == bare(path)]
    if same:
        family = min((one.name for one in same), key=len)
        versioned = f"{family}_{plain(split(path)[0])}"
        if versioned not in taken:
            return versioned
    return name_for(path, taken)


def _extended(before: Endpoint, found: Endpoint) -> Endpoint:
    """A known endpoint with what the document says of it now."""
    # Where the document shows the rows elsewhere, what is known is the better description: it was checked.
    same_place = found.envelope == before.envelope or not before.field_text
    keys = {one.name: one for one in found.all_fields} if same_place else {}
    fields = (*keys.values(), *(one for one in before.all_fields if one.name not in keys))
    known = {key for group in before.required_query for key in group}
    added = tuple(group for group in found.required_query if not known & set(group))
    changes: dict[str, Any] = {
        "required_query": before.required_query + added,
        "choices": tuple((dict(before.choices) | dict(found.choices)).items()),
        "view_default": found.view_default or before.view_default,
        "sorts": found.sorts or before.sorts,
        "views": found.views or before.views,
        "envelope": found.envelope if keys else before.envelope,
        "id_type": (keys and found.id_type) or before.id_type,
        "beta": found.beta,
        "deprecated": found.deprecated or before.deprecated,
        "removal": found.removal or before.removal,
        "as_of": found.as_of or before.as_of,
        "gone": False,
        "fields_source": (keys and found.fields_source) or before.fields_source,
        "field_text": encode(fields),
    }
    changes |= {key: getattr(found, key) for key in _DOCUMENTED}
    sizes = found.per_page_default, found.per_page_max
    if sizes != (10, 100):  # the general rule of version 2 says nothing new
        changes["per_page_default"] = sizes[0] or before.per_page_default
        changes["per_page_max"] = sizes[1] or before.per_page_max
    return replace(before, **changes)


@dataclass(frozen=True, slots=True)
class Differences:
    """Lists by name: those that are new, those that changed (with what), those that are gone, those not read."""

    new: tuple[str, ...] = ()
    changed: tuple[tuple[str, str], ...] = ()
    gone: tuple[str, ...] = ()
    unread: int = 0
    """How many lists of the older catalogue are in none of the documents: nothing is known of them."""

    def __str__(self) -> str:
        lines = [f"new      {name}" for name in self.new]
        lines += [f"changed  {name}: {what}" for name, what in self.changed]
        lines += [f"gone     {name}" for name in self.gone]
        unread = f", {self.unread:,} not in these documents" if self.unread else ""
        counts = f"{len(self.new)} new, {len(self.changed)} changed, {len(self.gone)} gone{unread}"
        return "\n".join([*lines, counts])


def compare(before: Catalogue, after: Catalogue, read: set[str]) -> Differences:
    """What is new, changed and gone in `after`; `read` are the paths that the documents have."""
    old = {one.path: one for one in before.endpoints}
    new = {one.path: one for one in after.endpoints}
    changed = {
        one.name: "; ".join(_changes(old[path], one))
        for path, one in new.items()
        if path in old and not one.gone
    }
    return Differences(
        tuple(one.name for path, one in new.items() if path not in old),
        tuple((name, what) for name, what in changed.items() if what),
        tuple(one.name for path, one in new.items() if one.gone and path in old and not old[path].gone),
        len(old.keys() - read),
    )


def _changes(old: Endpoint, new: Endpoint) -> Iterator[str]:
    yield from _both("fields", (one.name for one in old.all_fields), (one.name for one in new.all_fields))
    types = {one.name: one.type for one in old.all_fields}
    for one in new.all_fields:
        if types.get(one.name, one.type) not in (one.type, "unknown"):
            yield f"{one.name} is {one.type}, was {types[one.name]}"
    yield from _both("arguments", (one.name for one in old.arguments), (one.name for one in new.arguments))
    values = {one.name: one.choices for one in old.arguments}
    for argument in new.arguments:
        yield from _both(f"values of {argument.name}", values.get(argument.name, ()), argument.choices)
    if flags(old) != flags(new):
        yield f"marked {', '.join(flags(new)) or 'as nothing'}, before {', '.join(flags(old)) or 'as nothing'}"
    if old.removal != new.removal:
        yield f"removed on {new.removal}"


def _both(what: str, old: Iterable[str], new: Iterable[str]) -> Iterator[str]:
    before, after = dict.fromkeys(old), dict.fromkeys(new)
    for sign, names in (("+", after.keys() - before), ("-", before.keys() - after)):
        if names:
            yield f"{what} {sign} {', '.join(one for one in (*after, *before) if one in names)}"
