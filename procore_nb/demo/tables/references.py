"""What invented rows may point at: records of other lists, so that `incident_id` is the id of an incident.

In: a context and what is pointed at, such as `incident`. Out: records, each with its id and, where it has one, its name.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

from procore_nb.catalog import Endpoint, endpoint
from procore_nb.demo.facts import read_facts
from procore_nb.demo.fork_safe_lock import ForkSafeLock
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.registry import table_of
from procore_nb.demo.tables.request_context import RequestContext, Row

_KEPT = 1_000
_PEOPLE = frozenset(read_facts("lists")["people"])
# None of these lists needs more than a project or a company, so that they can be read wherever they are pointed at.
_LISTS: dict[str, str] = read_facts("lists")["referred"]
_kept: OrderedDict[tuple[str, int, int | None], tuple[Row, ...]] = OrderedDict()
_lock = ForkSafeLock()


def referred(context: RequestContext, stem: str) -> tuple[Row, ...] | None:
    """Records that a key of that stem may point at; empty if there are none, None if nothing is known of it."""
    if stem in _PEOPLE:
        return tuple(person.ref for person in directory.people(context))
    if stem == "vendor":
        return tuple(vendor.ref for vendor in directory.vendors(context))
    name = _LISTS.get(stem)
    one = endpoint(name) if name else None
    if one is None or (one.scope == "project" and context.project is None):
        return None
    return _records(context, one)


def count_of(context: RequestContext) -> int:
    """Number of rows of an invented list: none to a dozen."""
    few = context.endpoint.kind == "lookup" or context.project is None
    draw = context.random(f"{context.endpoint.name}:{sorted(context.ids.items())}")
    return draw.randrange(3, 9) if few else max(0, draw.randrange(-2, 13))


def invented_id(context: RequestContext, number: int) -> int:
    """Id of a row of an invented list. Two versions of one list have the same tag, so the same ids."""
    return context.id(f"{context.endpoint.tag}:{context.endpoint.kind}", number)


def _records(context: RequestContext, one: Endpoint) -> tuple[Row, ...]:
    project = context.project if one.scope == "project" else None
    key = (one.name, context.company.id, project.id if project else None)
    with _lock:
        if key in _kept:
            return _kept[key]
    there = replace(context, endpoint=one, project=project, ids={})
    table = table_of(one.name)
    if table is None:
        found = tuple({"id": invented_id(there, number)} for number in range(count_of(there)))
    else:
        found = tuple(_brief(row) for row in table(there) if not row.get("_deleted") and not _superseded(row))
    with _lock:
        _kept[key] = found
        while len(_kept) > _KEPT:
            _kept.popitem(last=False)
    return found


def _superseded(row: Row) -> bool:
    """Whether it is an earlier revision of an RFI: other records point at the current one."""
    return row.get("source_rfi_header_id") is not None and not row["current_revision"]


def _brief(row: Row) -> Row:
    name = row.get("name") or row.get("title") or row.get("subject")
    return {"id": row["id"], "name": name} if isinstance(name, str) else {"id": row["id"]}
