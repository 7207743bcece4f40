"""A catalogue from Procore's OpenAPI documents, as a user downloads them from Procore's developer site.

In: the documents (OpenAPI 3 or Swagger 2, JSON) and, to extend, a catalogue. Out: a catalogue, or its file, and what is new in it.
Speaks to no service. Each GET operation whose reply holds a collection becomes one endpoint. A list that has no name yet gets one made
from its path in the manner of the names we have, and the lists its further ids come from: the id in `…/rfis/{rfi_id}/replies` comes
from `…/rfis`, others are known by name, in `data/parents.json`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from procore_nb.atomic_write import output_path, replace_atomically
from procore_nb.catalog.catalogue import Catalogue, dump, load, read_data
from procore_nb.catalog.endpoint import PLACEHOLDER, Endpoint, split_path
from procore_nb.catalog.endpoint_schema import encode, path_name
from procore_nb.catalog.format import flags
from procore_nb.catalog.openapi.from_openapi import endpoint_of, rows_of
from procore_nb.catalog.openapi.schemas import Document, Node, read_document
from procore_nb.errors import CatalogError
from procore_nb.near_match import slug, stem

_PATH = re.compile(r"^/rest/v\d+\.\d+(/[\w.-]+|/\{\w+\})+$")
_SILENT = frozenset({"index", "list", "all", "v2", "rest"})
_PLURAL = frozenset({"filter_options", "filters"})
_SHORT = {
    r"^checklist_lists?(_|s|$)": r"checklist\1",
    r"^workforce_planning_": "workforce_",
    r"^checklist$": "checklists",
}
# What only the document says; the rest is kept where the document is silent.
_DOCUMENTED = (
    "paging", "filters", "other_query", "sort_param", "view_param", "updated_at_param", "created_at_param",
)  # fmt: skip


def build_file(
    documents: Iterable[str | Path], output: str | Path, *, base: Catalogue | None = None, whole: bool = False
) -> tuple[Catalogue, Differences]:
    """Read OpenAPI documents (JSON, parts of one reference), write their catalogue to a file, and say how it differs from ours.

    What the documents refer to in other files is read beside them. `base` and `whole` are those of `build`. A document that cannot
    be read, or none with a list of Procore's API, is a `CatalogError`; a file that cannot be written an `OutputError`: what was
    there before is still there.
    """
    files = [Path(path) for path in documents]
    decoded = [read_document(path) for path in files]
    days = [datetime.fromtimestamp(path.stat().st_mtime, UTC).date().isoformat() for path in files]
    catalogue = build(*decoded, base=base, whole=whole, as_of=max(days, default=""))
    with replace_atomically(output_path(output)) as draft:
        draft.write_bytes(dump(catalogue))
    paths = {path for document in decoded for path, _, _ in _operations(Document(document))}
    return catalogue, compare(load(), catalogue, paths)


def build(*documents: Node, base: Catalogue | None = None, whole: bool = False, as_of: str = "") -> Catalogue:
    """The catalogue of OpenAPI documents (3 or Swagger 2, decoded): the lists of `base` in their order, then new ones.

    Of two documents that have one path, the later counts. Lists of `base` stay also where the documents lack them (marked as
    gone if these are the `whole` reference). Paths that it has, or the catalogue that comes with this package, keep their names
    and what is known beyond the documents (default dates, remarks, alternatives, keys of rows).
    """
    extended = {endpoint.path: endpoint for endpoint in base.endpoints} if base else {}
    # A name never changes its meaning: paths that ours has keep their names, and what it knows beyond the document.
    known = {endpoint.path: endpoint for endpoint in load().endpoints} | extended
    taken = {slug(name) for endpoint in known.values() for name in (endpoint.name, *endpoint.aliases)}
    fresh: dict[str, Endpoint] = {}
    for document in map(Document, documents):
        for path, item, operation in _operations(document):
            rows = rows_of(document, path, operation)
            before = known.get(path)
            if rows is None and before is None:
                continue
            endpoint = replace(endpoint_of(document, path, item, operation, rows), as_of=as_of)
            if before is None:
                name = fresh[path].name if path in fresh else _name(path, known.values(), taken)
                endpoint = replace(endpoint, name=name)
                taken.add(name)
            fresh[path] = _extended(before, endpoint) if before else endpoint
    if not fresh:
        raise CatalogError(
            "The document has no list of Procore's API: no GET operation under /rest/v… answers a collection."
        )
    kept = [
        fresh.pop(path, replace(endpoint, gone=True, as_of=as_of) if whole else endpoint)
        for path, endpoint in extended.items()
    ]
    return Catalogue(
        _linked([*kept, *fresh.values()]),
        base.singles if base else (),
        as_of=as_of or (base.as_of if base else ""),
        left_out=base.left_out if base else (),
    )


def _operations(document: Document) -> Iterator[tuple[str, Node, Node]]:
    """Path, path item and GET operation of each path of Procore's API."""
    root = str(document.content.get("basePath") or "").rstrip("/")
    for raw, node in document.content["paths"].items():
        path = (raw if str(raw).startswith("/rest/") else f"{root}{raw}").rstrip("/")
        item = document.resolved(node)
        operation = item.get("get")
        if _PATH.match(path) and isinstance(operation, Mapping):
            yield path, item, operation


def _bare(path: str) -> str:
    """A path without its version and without the names of its placeholders."""
    return re.sub(r"\{\w+\}", "{}", re.sub(r"^/rest/v\d+\.\d+", "", path))


def _name(path: str, known: Iterable[Endpoint], taken: Container[str]) -> str:
    """A name for a new list: `rfi_replies` for `/rest/v1.0/projects/{project_id}/rfis/{rfi_id}/replies`.

    Where another version of the path is known, the family's name with the version. A list whose name is taken has its version
    after it (`_v2_1`), so that no name changes its meaning; where that is taken too, what it belongs to stands before it.
    """
    version, parts = split_path(path)
    ending, name = slug(version), _name_of(parts)
    owner = "project" if "projects" in parts else "company" if "companies" in parts else "all"
    whole = slug("_".join(part.strip("{}") for part in parts))
    choices = [name, f"{name}_{ending}", f"{owner}_{name}", f"{owner}_{name}_{ending}", f"{whole}_{ending}"]
    if family := [endpoint.name for endpoint in known if _bare(endpoint.path) == _bare(path)]:
        choices.insert(0, f"{min(family, key=len)}_{ending}")
    return next(choice for choice in choices if choice not in taken)


def _name_of(parts: tuple[str, ...]) -> str:
    words: list[str] = []
    for part, following in zip(parts, (*parts[1:], ""), strict=True):
        above = part in ("companies", "projects") and PLACEHOLDER.match(following)
        if part == "recycle_bin" or PLACEHOLDER.match(part) or above:
            continue
        if slug(part) not in _SILENT or not words:
            words.append(slug(part))
    *parents, last = words or [slug(parts[0])]
    name = ""
    for word in (*(parent if parent in _PLURAL else stem(parent) for parent in parents), last):
        name = _joined(name, word)
    for long, short in _SHORT.items():
        name = re.sub(long, short, name)
    return f"{name}_recycled" if "recycle_bin" in parts else name


def _joined(head: str, tail: str) -> str:
    """Two names as one, without saying a shared word twice: `action_plan` and `plan_items`."""
    words = head.split("_") if head else []
    for start in range(len(words)):
        shared = "_".join(words[start:])
        if tail == shared or tail.startswith(f"{shared}_"):
            return "_".join([*words[:start], tail])
    return "_".join([*words, tail])


def _linked(endpoints: list[Endpoint]) -> list[Endpoint]:
    """The endpoints, each with the lists its further ids come from; what is known already stays."""
    by_path: dict[str, list[Endpoint]] = {}
    for endpoint in endpoints:
        by_path.setdefault(_bare(endpoint.path), []).append(endpoint)
    names = {endpoint.name for endpoint in endpoints}
    return [
        endpoint
        if endpoint.parent_pairs
        else replace(endpoint, parent_pairs=_parents(endpoint, by_path, names))
        for endpoint in endpoints
    ]


def _parents(
    endpoint: Endpoint, by_path: Mapping[str, list[Endpoint]], names: Container[str]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """For each further id an endpoint needs, the lists whose rows hold such ids, where that is known."""
    known = read_data("parents")
    keys = {path_name(endpoint, key): key for key in endpoint.path_params}
    pairs = []
    for argument in endpoint.needed:
        sources = (
            known["by_list"].get(f"{endpoint.name}.{argument}")
            or _list_before(endpoint.path, keys.get(argument, argument), by_path)
            or known["by_name"].get(argument, ())
        )
        parents = tuple(source for source in sources if source in names)
        if parents and argument not in ("company_id", "project_id"):
            pairs.append((argument, parents))
    return tuple(pairs)


def _list_before(path: str, key: str, by_path: Mapping[str, list[Endpoint]]) -> list[str]:
    """The list at the path that ends where this id begins; its plain name when there are versions."""
    head, placeholder, _ = path.partition(f"/{{{key}}}")
    lists = by_path.get(_bare(head), ()) if placeholder else ()
    return sorted((endpoint.name for endpoint in lists if not endpoint.going_away), key=len)[:1]


def _extended(before: Endpoint, now: Endpoint) -> Endpoint:
    """A known endpoint with what the document says of it now."""
    # Where the document shows the rows elsewhere, what is known is the better description: it was checked.
    same_rows = now.envelope == before.envelope or not before.field_text
    fields = {field.name: field for field in now.all_fields} if same_rows else {}
    kept = (field for field in before.all_fields if field.name not in fields)
    required = {key for group in before.required_query for key in group}
    added = tuple(group for group in now.required_query if not required & set(group))
    changes: dict[str, Any] = {
        "required_query": before.required_query + added,
        "choices": tuple((dict(before.choices) | dict(now.choices)).items()),
        "envelope": now.envelope if fields else before.envelope,
        "id_type": (fields and now.id_type) or before.id_type,
        "beta": now.beta,
        "gone": False,
        "fields_source": (fields and now.fields_source) or before.fields_source,
        "field_text": encode((*fields.values(), *kept)),
    }
    either = ["view_default", "sorts", "views", "deprecated", "removal", "as_of"]
    # The general rule of version 2 says nothing new.
    if (now.per_page_default, now.per_page_max) != (10, 100):
        either += ["per_page_default", "per_page_max"]
    changes |= {key: getattr(now, key) or getattr(before, key) for key in either}
    changes |= {key: getattr(now, key) for key in _DOCUMENTED}
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
        lines += [f"changed  {name}: {changes}" for name, changes in self.changed]
        lines += [f"gone     {name}" for name in self.gone]
        unread = f", {self.unread:,} not in these documents" if self.unread else ""
        counts = f"{len(self.new)} new, {len(self.changed)} changed, {len(self.gone)} gone{unread}"
        return "\n".join([*lines, counts])


def compare(before: Catalogue, after: Catalogue, read: set[str]) -> Differences:
    """What is new, changed and gone in `after`; `read` are the paths that the documents have."""
    old = {endpoint.path: endpoint for endpoint in before.endpoints}
    new = [endpoint for endpoint in after.endpoints if endpoint.path not in old]
    both = [(old[endpoint.path], endpoint) for endpoint in after.endpoints if endpoint.path in old]
    changed = [(now.name, "; ".join(_changes(then, now))) for then, now in both if not now.gone]
    return Differences(
        tuple(endpoint.name for endpoint in new),
        tuple((name, changes) for name, changes in changed if changes),
        tuple(now.name for then, now in both if now.gone and not then.gone),
        len(old.keys() - read),
    )


def _changes(old: Endpoint, new: Endpoint) -> Iterator[str]:
    types = {field.name: field.type for field in old.all_fields}
    yield from _added_and_removed("fields", types, [field.name for field in new.all_fields])
    for field in new.all_fields:
        if types.get(field.name, field.type) not in (field.type, "unknown"):
            yield f"{field.name} is {field.type}, was {types[field.name]}"
    values = {argument.name: argument.choices for argument in old.arguments}
    yield from _added_and_removed("arguments", values, [argument.name for argument in new.arguments])
    for argument in new.arguments:
        before = values.get(argument.name, ())
        yield from _added_and_removed(f"values of {argument.name}", before, argument.choices)
    if flags(old) != flags(new):
        yield f"marked {', '.join(flags(new)) or 'as nothing'}, before {', '.join(flags(old)) or 'as nothing'}"
    if old.removal != new.removal:
        yield f"removed on {new.removal}"


def _added_and_removed(label: str, old: Collection[str], new: Collection[str]) -> Iterator[str]:
    for sign, names, others in (("+", new, old), ("-", old, new)):
        if only := [name for name in dict.fromkeys(names) if name not in others]:
            yield f"{label} {sign} {', '.join(only)}"
