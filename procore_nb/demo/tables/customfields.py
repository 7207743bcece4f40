"""Custom fields as rows show them: an object with one key for each definition its tool shows.

In: a context and a record's id. Out: values of every data type, some missing; the same in every list that shows the record.
"""

from __future__ import annotations

import random
from datetime import timedelta
from functools import cache
from typing import Any

from procore_nb.demo.company import RECORD_FIELDS, TODAY, Choice, CustomField
from procore_nb.demo.tables.request_context import RequestContext


@cache
def fields_of(module: str) -> tuple[CustomField, ...]:
    """Custom fields that the rows of a tool show."""
    return tuple(field for field in RECORD_FIELDS if module in field.modules)


def custom_values(context: RequestContext, record_id: object) -> dict[str, Any]:
    """Values of the custom fields of one record; of every definition where its tool has none of its own."""
    fields = fields_of(context.endpoint.module) or RECORD_FIELDS
    draw = context.random(f"custom_fields:{record_id}")
    return {
        f"custom_field_{field.id}": {"data_type": field.data_type, "value": _value(field, draw)}
        for field in fields
    }


def _value(field: CustomField, draw: random.Random) -> Any:
    if field.data_type == "lov_entries":
        return [entry(choice) for choice in draw.sample(field.choices, draw.randrange(0, 3))]
    if draw.random() < 0.2:
        return None
    if field.data_type == "lov_entry":
        return entry(draw.choice(field.choices))
    if field.data_type == "boolean":
        return draw.random() < 0.3
    if field.data_type == "decimal":
        return draw.randrange(0, 160) / 4
    if field.data_type == "datetime":
        return f"{TODAY - timedelta(days=draw.randrange(0, 700))}T{draw.randrange(7, 18):02}:30:00Z"
    return f"Zone {draw.choice('ABCDEF')}{draw.randrange(1, 9)}"


def entry(choice: Choice) -> dict[str, Any]:
    """Choice of a list of values, as rows show it."""
    return {"id": choice.id, "label": choice.name}
