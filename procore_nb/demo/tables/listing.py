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

import orjson

from procore_nb.catalog import Endpoint, endpoint
from procore_nb.catalog.endpoint import RECORD_ID
from procore_nb.demo.api_call import ApiCall, PageRule, enclosed, page_reply, wrap
from procore_nb.demo.company import PROJECT_MODULES
from procore_nb.demo.http_messages import DemoReply, bad_request, not_found, raw_json_reply
from procore_nb.demo.project import Project
from procore_nb.demo.stored_files import attach, invented
from procore_nb.demo.tables.filtering import filtered, options_in, view_of
from procore_nb.demo.tables.generated_rows import generated_rows, generated_values
from procore_nb.demo.tables.registry import LastAsked, RequestContext, Row, table_of
from procore_nb.demo.tables.serialise import Known, custom_values, fields_of, serialised, shape_of

_KEPT_ROWS, _LEAST_WEIGHT = 100_000, 25  # a list without rows takes room, too
_COUNTED = {"communication_threads", "emails"}  # these wrap their rows beside a key `total`
_ZERO_BASED_PAGE = 400
_MARKS = frozenset(("_deleted", "_pending", "_hidden_unless"))  # said of a row, never sent
_FILTERED = {"rfi": "rfis", "submittal": "submittals", "punch_item": "punch_items", "incident": "incidents"}
_NO_PARENTS = {"company_id", "project_id", "per_page", RECORD_ID}


class Listing:
    """Rows of every list, made when first asked for and kept for a while; safe between threads."""

    def __init__(self) -> None:
        self._kept: LastAsked[list[Any]] = LastAsked(_KEPT_ROWS, lambda rows: _LEAST_WEIGHT + len(rows))

    def answering(self, endpoint: Endpoint) -> Callable[[ApiCall], DemoReply]:

        def answer(call: ApiCall) -> DemoReply:
            _check_required(call, endpoint)
            context = _scene(call, endpoint)
            view = view_of(call.query, endpoint)
            rows = filtered(self._rows(context), call.query, endpoint)
            return _send(call, endpoint, rows, lambda row: _as_json(view(row)))

        return answer

    def showing(self, endpoint: Endpoint) -> Callable[[ApiCall], DemoReply]:
        """Answers one record of a list, by the last part of the path."""

        def answer(call: ApiCall) -> DemoReply:
            context = _scene(call, endpoint)
            for row in self._rows(context):
                if isinstance(row, dict) and str(row.get("id")) == call.ids[RECORD_ID]:
                    whole = whole_record(context, row, lambda name, ids: self._part(context, name, ids))
                    return raw_json_reply(wrap(_as_json(whole), "data" if call.v2 else ""))
            raise not_found()

        return answer

    def _part(self, context: RequestContext, name: str, ids: Mapping[str, str]) -> list[Any]:
        return self._rows(replace(context, endpoint=endpoint(name), ids=ids))

    def _options(self, context: RequestContext) -> list[Any] | None:
        """None of another list."""
        kind, mark, name = context.endpoint.name.partition("_filter_options_")
        if not mark or kind not in _FILTERED or context.project is None:
            return None
        kinds = {one.name: one.type for one in context.endpoint.fields}
        if not {*kinds.values()} <= {"integer", "string"}:
            return None
        rows = [row for row in self._part(context, _FILTERED[kind], {}) if not row.get("_deleted")]
        found = []
        for at, word in options_in(rows, name).items():
            row = {
                key: text
                for key, text in (("key", at), ("value", word), ("id", at), ("name", word))
                if key in kinds
            }
            whole = [key for key in row if kinds[key] == "integer"]
            if all(row[key].isdigit() for key in whole):
                found.append(row | {key: int(row[key]) for key in whole})
        return found

    def _rows(self, context: RequestContext) -> list[Any]:
        project_id = context.project.id if context.project else None
        ids = tuple(sorted(context.ids.items()))
        size = context.portfolio.size(context.company)  # portfolios of one size are the same
        key = (size, context.endpoint.name, context.company.id, project_id, ids)

        def make() -> list[Any]:
            found = self._options(context)
            return _make(context) if found is None else found

        return self._kept.get(key, make)


def _make(context: RequestContext) -> list[Any]:
    table = table_of(context.endpoint.name)
    if context.project is not None and context.project.bare and context.endpoint.kind == "data":
        return []
    if table is None:
        made = list(generated_rows(context))
        for one in made:
            invented(context, one, one)
        return made
    shape = shape_of(context.endpoint)
    known: Known = {}
    rows = [serialised(row, shape, known) for row in table(context)]
    attach(context, rows, context.endpoint)
    if fields_of(context.endpoint.module):
        for row in rows:
            if isinstance(row, dict) and row.get("custom_fields") == {}:
                row["custom_fields"] = custom_values(context, row.get("id"))
    return rows


def _scene(call: ApiCall, endpoint: Endpoint) -> RequestContext:
    project = _project(call, endpoint)
    given = {
        key: call.query.one(key) for group in endpoint.required_query for key in group if call.query.one(key)
    }
    ids = {key: value for key, value in {**given, **call.ids}.items() if key not in _NO_PARENTS}
    return RequestContext(endpoint, call.portfolio, call.company, project, ids)


def _project(call: ApiCall, endpoint: Endpoint) -> Project | None:
    text = call.ids.get("project_id") or call.query.one("project_id")
    if not text:
        return None
    project = call.project(text)
    if endpoint.module in PROJECT_MODULES and endpoint.module in project.tools_off:
        raise not_found()
    return project


def _check_required(call: ApiCall, endpoint: Endpoint) -> None:
    for group in endpoint.required_query:
        names = [name.removesuffix("[]") for name in group]
        if not any(call.query.one(name) for name in names):
            raise bad_request(f"param is missing or the value is empty: {' or '.join(names)}", names[0])


def rule_of(endpoint: Endpoint) -> PageRule:
    """How a list pages: as its operation says, else as its version does in general."""
    v2 = endpoint.version.startswith("v2")
    maximum = endpoint.per_page_max or max(100 if v2 else 2_000, endpoint.per_page_default or 0)
    return PageRule(min(endpoint.per_page_default or (10 if v2 else 100), maximum), maximum, strict=v2)


def _send(call: ApiCall, endpoint: Endpoint, rows: list[Any], write: Callable[[Any], bytes]) -> DemoReply:
    if endpoint.paging == "page":
        rule = rule_of(endpoint)
        return page_reply(
            call, rows, write, rule, newcomer=lambda n: _newcomer(rows, n), envelope=endpoint.envelope
        )
    part = _part(call, endpoint, rows)
    if endpoint.envelope in _COUNTED:
        body = enclosed(part, write, "")
        return raw_json_reply(b'{"total":%d,"%b":%b}' % (len(rows), endpoint.envelope.encode(), body))
    about = {}
    if endpoint.paging == "page0":
        pages = -(-len(rows) // _ZERO_BASED_PAGE)
        about = {"possible_pages": pages, "current_page": _count(call.query.one("page"))}
    return raw_json_reply(enclosed(part, write, endpoint.envelope, about=about))


def _part(call: ApiCall, endpoint: Endpoint, rows: list[Any]) -> list[Any]:
    """Rows of one reply, in lists that do not page by page and per_page."""
    query = call.query
    if endpoint.paging == "page0":
        first = _count(query.one("page")) * _ZERO_BASED_PAGE
        return rows[first : first + _ZERO_BASED_PAGE]
    if endpoint.paging == "offset":
        start = _count(query.one("page_start"))
        later = [row for row in rows if not start or _count(str(row.get("id"))) > start]
        return later[: _count(query.one("page_size")) or 100]
    size = _count(query.one("limit" if endpoint.paging == "limit" else "per_page"))
    return rows[:size] if size and endpoint.paging else rows


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _newcomer(rows: list[Any], number: int) -> Any:
    """A row that was not in the list, with an id of its own."""
    if not rows or not isinstance(rows[0], dict) or "id" not in rows[0]:
        return rows[0] if rows else None
    fresh = (
        int(rows[0]["id"]) + 5_000 + number if str(rows[0]["id"]).isdigit() else f"{rows[0]['id']}-{number}"
    )
    return {**rows[0], "id": str(fresh) if isinstance(rows[0]["id"], str) else fresh}


def _as_json(row: Any) -> bytes:
    if isinstance(row, dict) and not _MARKS.isdisjoint(row):
        row = {key: value for key, value in row.items() if key not in _MARKS}
    return orjson.dumps(row)


Rows = Callable[[str, Mapping[str, str]], list[Row]]

# Of a list, for a key of its single record: the list that the key holds, and the id by which that is asked.
_BY_ID = {
    ("work_order_contracts", "line_items"): ("work_order_contract_line_items", "work_order_contract_id"),
    ("purchase_order_contracts", "line_items"): (
        "purchase_order_contract_line_items",
        "purchase_order_contract_id",
    ),
    ("prime_contracts", "line_items"): ("prime_contract_line_items", "prime_contract_id"),
    ("potential_change_orders", "line_items"): (
        "potential_change_order_line_items",
        "potential_change_order_id",
    ),
    ("direct_costs", "line_items"): ("direct_cost_line_items_by_direct_cost", "direct_cost_id"),
    ("meetings", "meeting_categories"): ("meeting_categories", "meeting_id"),
}
# The same, where that list is of the whole project and its rows name the record.
_BY_ROW = {
    ("incidents", "injuries"): ("injuries", "incident_id"),
    ("incidents", "near_misses"): ("near_misses", "incident_id"),
    ("incidents", "environmentals"): ("environmentals", "incident_id"),
    ("incidents", "property_damages"): ("property_damages", "incident_id"),
    ("incidents", "witness_statements"): ("witness_statements", "incident_id"),
    ("incidents", "actions"): ("incident_actions", "incident_id"),
}
_MONEY = frozenset(
    {
        "Budget",
        "Change Events",
        "Change Orders",
        "Commitments",
        "Contracts",
        "Direct Costs",
        "Invoices",
        "Payments",
        "Prime Contracts",
    }
)


def whole_record(context: RequestContext, row: Row, rows_of: Rows) -> Row:
    """The row with what only the single record has."""
    name, number = context.endpoint.name, str(row["id"])
    shape = shape_of(context.endpoint.record)
    missing = [key for key in shape.inside if key not in row]
    found: dict[str, Any] = {key: [] if shape.inside[key].listed else None for key in missing}
    if context.endpoint.module not in _MONEY:
        found |= generated_values(context, f"{name}:{number}", shape, missing)
    for key in missing:
        if (name, key) in _BY_ID:
            part, parameter = _BY_ID[name, key]
            found[key] = rows_of(part, {parameter: number})
        elif (name, key) in _BY_ROW:
            part, column = _BY_ROW[name, key]
            found[key] = [one for one in rows_of(part, {}) if str(one.get(column)) == number]
    if name == "rfis" and row.get("questions"):
        first, *others = row["questions"]
        answers = rows_of("rfi_replies", {"rfi_id": number})
        found["questions"] = [{**first, "answers": answers}, *({**one, "answers": []} for one in others)]
    whole = {**row, **found}
    for key in found:
        if key in missing:
            invented(context, found[key], row)
    attach(context, [whole], context.endpoint.record)
    return whole
