"""One record of a list as its own address answers it: the row of the list, and what only the single record has.

In: a context and a row. Out: the row with further keys: parts that are lists of their own elsewhere (answers, line items), the
rest made up. Amounts are never made up here: they would contradict those of the lists.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from procore_nb.demo.stored_files import attach, invented
from procore_nb.demo.tables.generated_rows import generated_values
from procore_nb.demo.tables.request_context import RequestContext, Row
from procore_nb.demo.tables.serialise import shape_of

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
    """The row with what only the single record has; `rows_of` gives the rows of another list, by name and ids."""
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
