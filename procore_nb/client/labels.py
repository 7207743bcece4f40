"""The labels that a company gave its custom fields.

In: a connection and a company. Out: label and data type by definition id. Asks one list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from procore_nb.errors import ProcoreError, warn

if TYPE_CHECKING:
    from procore_nb.client.procore import Procore


def custom_fields_of(procore: Procore, company_id: int) -> dict[int, tuple[str, str]]:
    """Return label and data type of each custom field by its definition id; none, and a warning, if they cannot be read."""
    try:
        rows = list(procore.records("custom_field_definitions", company_id=company_id, progress=False))
    except ProcoreError as error:
        warn(f"Custom fields keep their ids as names, as their labels could not be read: {error.message}")
        return {}
    return {
        int(row["id"]): (str(row["label"]), str(row.get("data_type") or ""))
        for row in rows
        if row.get("label")
    }
