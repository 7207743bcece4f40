"""The labels that a company gave its custom fields.

In: a connection and a company. Out: label and data type by definition id. Asks one list.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from procore_nb.errors import ProcoreError, warn

if TYPE_CHECKING:
    from procore_nb.client.procore import Procore


def custom_fields_of(procore: Procore, company_ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Return label and data type of each custom field of companies by its definition id; asked once a connection.

    None, and a warning, where they cannot be read: columns then keep `custom_field_<id>`.
    `GET /rest/v2.0/companies/{company_id}/custom_field_definitions`
    """
    known = procore.known_custom_fields
    found: dict[int, tuple[str, str]] = {}
    for number in company_ids:
        if number not in known:
            known[number] = _asked(procore, number)
        found |= known[number]
    return found


def _asked(procore: Procore, company_id: int) -> dict[int, tuple[str, str]]:
    try:
        rows = list(procore.records("custom_field_definitions", company_id=company_id, progress=False))
    except ProcoreError as error:
        warn(f"Custom fields keep their ids as names, as their labels could not be read: {error.message}")
        return {}
    return {
        int(row["id"]): (str(row["label"]), str(row.get("data_type") or ""))
        for row in rows
        if isinstance(row, dict) and row.get("label") and str(row.get("id")).isdecimal()
    }
