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
_OPTION_KEYS = ("key", "value", "id", "name")
_FILTERED = {"rfi": "rfis", "submittal": "submittals", "punch_item": "punch_items", "incident": "incidents"}
_NO_PARENTS = {"company_id", "project_id", "per_page", RECORD_ID}
# Of a list, keys of its single record that hold the rows of another list: those asked with the record's id, or that name it.
_RECORDS = ("injuries", "near_misses", "environmentals", "property_damages", "witness_statements")
_PARTS = {
    "work_order_contracts": {"line_items": "work_order_contract_line_items"},
    "purchase_order_contracts": {"line_items": "purchase_order_contract_line_items"},
    "prime_contracts": {"line_items": "prime_contract_line_items"},
    "potential_change_orders": {"line_items": "potential_change_order_line_items"},
    "direct_costs": {"line_items": "direct_cost_line_items_by_direct_cost"},
    "meetings": {"meeting_categories": "meeting_categories"},
    "incidents": {"actions": "incident_actions", **{name: name for name in _RECORDS}},
}
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
        name, record_id, shape = context.endpoint.name, str(row["id"]), shape_of(context.endpoint.record)
        missing = [key for key in shape.inside if key not in row]
        added: Row = {key: [] if shape.inside[key].listed else None for key in missing}
        if context.endpoint.module not in _MONEY:
            added |= generated_values(context, f"{name}:{record_id}", shape, missing)
        parent = f"{name.removesuffix('s')}_id"
        for key, part in _PARTS.get(name, {}).items():
            if key in added:
                rows = self._rows_of(context, part, {} if name == "incidents" else {parent: record_id})
                added[key] = [one for one in rows if str(one.get(parent, record_id)) == record_id]
        if name == "rfis" and row.get("questions"):
            answers = self._rows_of(context, "rfi_replies", {"rfi_id": record_id})
            first, *others = row["questions"]
            added["questions"] = [first | {"answers": answers}, *({**one, "answers": []} for one in others)]
        for key in missing:
            invented(context, added[key], row)
        whole = row | added
        attach(context, [whole], context.endpoint.record)
        return whole

    def _rows_of(self, context: RequestContext, name: str, ids: Mapping[str, str]) -> list[Any]:
        return self._rows(replace(context, endpoint=endpoint(name), ids=ids))

    def _rows(self, context: RequestContext) -> list[Any]:
        project_id = context.target.id if context.target else None
        size = context.portfolio.size(context.company)  # portfolios of one size are the same
        ids = tuple(sorted(context.ids.items()))
        key = (size, context.endpoint.name, context.company.id, project_id, ids)
        name, mark, field = context.endpoint.name.partition("_filter_options_")
        types = {declared.name: declared.type for declared in context.endpoint.fields}
        scalars = {*types.values()} <= {"integer", "string"}
        if mark and name in _FILTERED and context.target is not None and scalars:
            return self._kept.get(key, lambda: self._options(context, _FILTERED[name], field, types))
        return self._kept.get(key, lambda: _make(context))

    def _options(
        self, context: RequestContext, listed: str, field: str, types: Mapping[str, str]
    ) -> list[Any]:
        """Values that a filter of another list may have there."""
        rows = [row for row in self._rows_of(context, listed, {}) if not row.get("_deleted")]
        options = []
        for value, text in options_in(rows, field).items():
            row = {key: text if key in ("value", "name") else value for key in types if key in _OPTION_KEYS}
            whole = [key for key in row if types[key] == "integer"]
            if all(row[key].isdigit() for key in whole):
                options.append(row | {key: int(row[key]) for key in whole})
        return options


def _make(context: RequestContext) -> list[Any]:
    table = table_of(context.endpoint.name)
    if context.target is not None and context.target.bare and context.endpoint.kind == "data":
        return []
    if table is None:
        rows = list(generated_rows(context))
        for row in rows:
            invented(context, row, row)
        return rows
    shape, known = shape_of(context.endpoint), Known()
    shared = {key: value for key, value in common(context).items() if key in shape.inside}
    rows = [serialised({**shared, **row} if shared else row, shape, known) for row in table(context)]
    attach(context, rows, context.endpoint)
    for row in rows if fields_of(context.endpoint.module) else ():
        if isinstance(row, dict) and row.get("custom_fields") == {}:
            row["custom_fields"] = custom_values(context, row.get("id"))
    return rows


def _context(call: ApiCall, endpoint: Endpoint) -> RequestContext:
    text, project = call.ids.get("project_id") or call.query.one("project_id"), None
    if text:
        project = call.project(text)
        if endpoint.module in PROJECT_MODULES and endpoint.module in project.tools_off:
            raise not_found()
    sent = {key: call.query.one(key) for group in endpoint.required_query for key in group}
    ids = {key: value for key, value in {**sent, **call.ids}.items() if value and key not in _NO_PARENTS}
    return RequestContext(endpoint, call.portfolio, call.company, project, ids)


def _sent(row: Any) -> Any:
    """Row without what is only said of it."""
    if not isinstance(row, dict) or _MARKS.isdisjoint(row):
        return row
    return {key: value for key, value in row.items() if key not in _MARKS}


def list_reply(
    call: ApiCall, endpoint: Endpoint, rows: list[Any], write: Callable[[Any], Any] = _sent
) -> DemoReply:
    """Page of rows that a call asks for, each as `write` has it; pages as its operation says, else as its version does."""
    envelope, v2, query = endpoint.envelope, endpoint.version.startswith("v2"), call.query
    if endpoint.paging == "page":
        maximum = endpoint.per_page_max or max(100 if v2 else 2_000, endpoint.per_page_default or 0)
        usual = min(endpoint.per_page_default or (10 if v2 else 100), maximum)
        rule = PageRule(usual, maximum, strict=v2)
        return page_reply(call, rows, write, rule, newcomer=lambda n: _newcomer(rows, n), envelope=envelope)
    group = {}
    if endpoint.paging == "page0":
        page, size = max(0, whole_number(query.one("page"))), _ZERO_BASED_PAGE
        group = {"possible_pages": -(-len(rows) // size), "current_page": page}
        rows = rows[page * size : (page + 1) * size]
    elif endpoint.paging == "offset":
        start, size = whole_number(query.one("page_start")), whole_number(query.one("page_size"))
        rows = [row for row in rows if start < 1 or whole_number(str(row.get("id"))) > start]
        rows = rows[: size if size > 0 else 100]
    elif endpoint.paging:
        size = whole_number(query.one("limit" if endpoint.paging == "limit" else "per_page"))
        rows = rows[:size] if size > 0 else rows
    return json_reply(enclosed(map(write, rows), envelope, group))


def _newcomer(rows: list[Any], number: int) -> Any:
    """Row that was not in the list: like its first, with an id of its own."""
    first = rows[0] if rows else None
    if not isinstance(first, dict) or "id" not in first:
        return first
    text = str(first["id"])
    fresh = str(int(text) + 5_000 + number) if text.isdigit() else f"{text}-{number}"
    return {**first, "id": fresh if isinstance(first["id"], str) else int(fresh)}
