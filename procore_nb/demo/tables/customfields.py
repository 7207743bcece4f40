"""Custom fields as rows show them: an object with one key for each definition.

In: a generator. Out: values of every data type, some missing.
"""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from procore_nb.demo.company import CUSTOM_FIELDS, TODAY, Choice, CustomField


def custom_values(draw: random.Random) -> dict[str, Any]:
    """Values of the company's custom fields."""
    return {
        f"custom_field_{field.id}": {"data_type": field.data_type, "value": _value(field, draw)}
        for field in CUSTOM_FIELDS
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
        return round(draw.uniform(0, 40), 2)
    if field.data_type == "datetime":
        return f"{TODAY - timedelta(days=draw.randrange(0, 700))}T{draw.randrange(7, 18):02}:30:00Z"
    return f"Note {draw.randrange(1, 90)}"


def entry(choice: Choice) -> dict[str, Any]:
    """Choice of a list of values, as rows show it."""
    return {"id": choice.id, "label": choice.name}
