"""The answer of any list endpoint: who may ask, which rows there are, and how they leave.

In: an endpoint of the catalogue. Out: a function from a call to a reply. The rows come from the list's own table, or are
invented from the catalogue's fields; the same for the same company, project and parents. A single record is the row of the
list and what only it has: parts that are lists of their own elsewhere, the rest made up. Amounts are never made up here: they
would contradict those of the lists.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from procore_nb.catalog import Endpoint, endpoint
from procore_nb.catalog.endpoint import RECORD_ID
from procore_nb.demo.company import PROJECT_MODULES
from procore_nb.demo.http_messages import (
    ApiCall,
    DemoReply,
    PageRule,
    Query,
    enclosed,
    json_reply,
    not_found,
    page_reply,
    whole_number,
    wrap,
)
from procore_nb.demo.stored_files import attach, invented
from procore_nb.demo.tables.filtering import filtered, options_in, view_of
from procore_nb.demo.tables.generated_rows import generated_rows, generated_values
from procore_nb.demo.tables.registry import LruCache, RequestContext, Row, table_of
from procore_nb.demo.tables.templates import Known, common, custom_values, fields_of, serialised, shape_of

_KEPT_ROWS, _LEAST_WEIGHT = 100_000, 25  # a list without rows takes room, too
_ZERO_BASED_PAGE = 400
_MARKS = frozenset(("_deleted", "_pending", "_hidden_unless"))  # said of a row, never sent
_FILTERED = {"rfi": "rfis", "submittal": "submittals", "punch_item": "punch_items", "incident": "incidents"}
_NO_PARENTS = {"company_id", "project_id", "per_page", RECORD_ID}
# Of a list, keys of its single record that hold the rows of another list: those asked with the record's id, or that name it.
_PARTS = {
    "work_order_contracts": {"line_items": "work_order_contract_line_items"},
    "purchase_order_contracts": {"line_items": "purchase_order_contract_line_items"},
    "prime_contracts": {"line_items": "prime_contract_line_items"},
    "potential_change_orders": {"line_items": "potential_change_order_line_items"},
    "direct_costs": {"line_items": "direct_cost_line_items_by_direct_cost"},
    "meetings": {"meeting_categories": "meeting_categories"},
    "incidents": {
        "injuries": "injuries", "near_misses": "near_misses", "environmentals": "environmentals",
        "property_damages": "property_damages", "witness_statements": "witness_statements",
        "actions": "incident_actions",
    },
}  # fmt: skip
_MONEY = {"Budget", "Change Events", "Change Orders", "Commitments", "Contracts", "Direct Costs"}
_MONEY |= {"Invoices", "Payments", "Prime Contracts"}


class Listing:
    """Rows of every list, made when first asked for and kept for a while; safe between threads."""

    def __init__(self) -> None:
        self._kept: LruCache[list[Any]] = LruCache(_KEPT_ROWS, lambda rows: _LEAST_WEIGHT + len(rows))

    def listed(self, endpoint: Endpoint, call: ApiCall) -> DemoReply:
        """Answer one list."""
        call.require(endpoint.required_query)
        context, view = _context(call, endpoint), view_of(call.query, endpoint)
        rows = filtered(self._rows(context), call.query, endpoint)
        return list_reply(call, endpoint, rows, lambda row: _sent(view(row)))

    def shown(self, endpoint: Endpoint, call: ApiCall) -> DemoReply:
        """Answer one record of a list, by the last part of the path."""
        context = _context(call, endpoint)
        for row in self._rows(context):
            if isinstance(row, dict) and str(row.get("id")) == call.ids[RECORD_ID]:
                return json_reply(wrap(_sent(self._whole(context, row)), "data" if call.v2 else ""))
        raise not_found()

    def _whole(self, context: RequestContext, row: Row) -> Row:
        """The row with what only the single record has."""
        name, number = context.endpoint.name, str(row["id"])
        shape = shape_of(context.endpoint.record)
        missing = [key for key in shape.inside if key not in row]
        found: dict[str, Any] = {key: [] if shape.inside[key].listed else None for key in missing}
        if context.endpoint.module not in _MONEY:
            found |= generated_values(context, f"{name}:{number}", shape, missing)
        parent = f"{name.removesuffix('s')}_id"
        for key, part in _PARTS.get(name, {}).items():
            if key in found:
                rows = self._others(context, part, {} if name == "incidents" else {parent: number})
                found[key] = [one for one in rows if str(one.get(parent, number)) == number]
        if name == "rfis" and row.get("questions"):
            found["questions"] = [{**one, "answers": []} for one in row["questions"]]
            found["questions"][0]["answers"] = self._others(context, "rfi_replies", {"rfi_id": number})
        for key in missing:
            invented(context, found[key], row)
        whole = {**row, **found}
        attach(context, [whole], context.endpoint.record)
        return whole

    def _others(self, context: RequestContext, name: str, ids: Mapping[str, str]) -> list[Any]:
        return self._rows(replace(context, endpoint=endpoint(name), ids=ids))

    def _options(self, context: RequestContext) -> list[Any] | None:
        """None of another list."""
        kind, mark, name = context.endpoint.name.partition("_filter_options_")
        if not mark or kind not in _FILTERED or context.target is None:
            return None
        kinds = {one.name: one.type for one in context.endpoint.fields}
        if not {*kinds.values()} <= {"integer", "string"}:
            return None
        rows = [row for row in self._others(context, _FILTERED[kind], {}) if not row.get("_deleted")]
        found = []
        for at, word in options_in(rows, name).items():
            texts = {"key": at, "value": word, "id": at, "name": word}
            row = {key: texts[key] for key in texts if key in kinds}
            whole = [key for key in row if kinds[key] == "integer"]
            if all(row[key].isdigit() for key in whole):
                found.append(row | {key: int(row[key]) for key in whole})
        return found

    def _rows(self, context: RequestContext) -> list[Any]:
        project_id = context.target.id if context.target else None
        ids = tuple(sorted(context.ids.items()))
        size = context.portfolio.size(context.company)  # portfolios of one size are the same
        key = (size, context.endpoint.name, context.company.id, project_id, ids)

        def make() -> list[Any]:
            found = self._options(context)
            return _make(context) if found is None else found

        return self._kept.get(key, make)


def _make(context: RequestContext) -> list[Any]:
    table = table_of(context.endpoint.name)
    if context.target is not None and context.target.bare and context.endpoint.kind == "data":
        return []
    if table is None:
        made = list(generated_rows(context))
        for one in made:
            invented(context, one, one)
        return made
    shape = shape_of(context.endpoint)
    known: Known = {}
    same = {key: value for key, value in common(context).items() if key in shape.inside}
    rows = [serialised({**same, **row} if same else row, shape, known) for row in table(context)]
    attach(context, rows, context.endpoint)
    if fields_of(context.endpoint.module):
        for row in rows:
            if isinstance(row, dict) and row.get("custom_fields") == {}:
                row["custom_fields"] = custom_values(context, row.get("id"))
    return rows


def _context(call: ApiCall, endpoint: Endpoint) -> RequestContext:
    text, project = call.ids.get("project_id") or call.query.one("project_id"), None
    if text:
        project = call.project(text)
        if endpoint.module in PROJECT_MODULES and endpoint.module in project.tools_off:
            raise not_found()
    given = {key: call.query.one(key) for group in endpoint.required_query for key in group}
    ids = {key: value for key, value in {**given, **call.ids}.items() if value and key not in _NO_PARENTS}
    return RequestContext(endpoint, call.portfolio, call.company, project, ids)


def rule_of(endpoint: Endpoint) -> PageRule:
    """How a list pages: as its operation says, else as its version does in general."""
    v2 = endpoint.version.startswith("v2")
    maximum = endpoint.per_page_max or max(100 if v2 else 2_000, endpoint.per_page_default or 0)
    return PageRule(min(endpoint.per_page_default or (10 if v2 else 100), maximum), maximum, strict=v2)


def _sent(row: Any) -> Any:
    """Row without what is only said of it."""
    if not isinstance(row, dict) or _MARKS.isdisjoint(row):
        return row
    return {key: value for key, value in row.items() if key not in _MARKS}


def list_reply(
    call: ApiCall, endpoint: Endpoint, rows: list[Any], write: Callable[[Any], Any] = _sent
) -> DemoReply:
    """Page of rows that a call asks for, each as `write` has it."""
    if endpoint.paging == "page":
        rule, envelope = rule_of(endpoint), endpoint.envelope
        return page_reply(call, rows, write, rule, newcomer=lambda n: _newcomer(rows, n), envelope=envelope)
    about = {}
    if endpoint.paging == "page0":
        pages = -(-len(rows) // _ZERO_BASED_PAGE)
        about = {"possible_pages": pages, "current_page": max(0, whole_number(call.query.one("page")))}
    return json_reply(enclosed(map(write, _part(call.query, endpoint, rows)), endpoint.envelope, about))


def _part(query: Query, endpoint: Endpoint, rows: list[Any]) -> list[Any]:
    """Rows of one reply, in lists that do not page by page and per_page."""
    if endpoint.paging == "page0":
        first = max(0, whole_number(query.one("page"))) * _ZERO_BASED_PAGE
        return rows[first : first + _ZERO_BASED_PAGE]
    if endpoint.paging == "offset":
        start, size = whole_number(query.one("page_start")), whole_number(query.one("page_size"))
        later = [row for row in rows if start < 1 or whole_number(str(row.get("id"))) > start]
        return later[: size if size > 0 else 100]
    size = whole_number(query.one("limit" if endpoint.paging == "limit" else "per_page"))
    return rows[:size] if size > 0 and endpoint.paging else rows


def _newcomer(rows: list[Any], number: int) -> Any:
    """Row that was not in the list: like its first, with an id of its own."""
    first = rows[0] if rows else None
    if not isinstance(first, dict) or "id" not in first:
        return first
    text = str(first["id"])
    fresh = str(int(text) + 5_000 + number) if text.isdigit() else f"{text}-{number}"
    return {**first, "id": fresh if isinstance(first["id"], str) else int(fresh)}
