"""Which list has a table of its own.

In: functions marked with `@table("name")`, in the modules of this folder that `SUBJECTS` names. Out: the function for an
endpoint's name, or None: then its rows are invented from the catalogue's fields.

To add a table: write a module beside this one, add its name to `SUBJECTS`, and in it

    @table("rfis")
    def rfis(context: RequestContext) -> Iterator[Row]:
        for number in range(12):
            yield {"id": context.id("rfi", number), "subject": f"Question {number}"}

A row may hold dates, times and decimals as Python has them: `fit` writes them as the list declares. Keys the catalogue
declares and a row leaves out come as null (lists as []), keys it does not know are dropped. So one function may serve
several names, also a v1 and a v2 list: ids become text where they are declared so. Filters, sorts, views, dates and pages need nothing from the table. A row with
`"_deleted": True` is shown only when deleted rows are asked for, one with `"_pending": True` only when the query filters
by status, one with `"_hidden_unless": "include_old=true"` only when that filter or parameter has that value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module

from procore_nb.demo.tables.request_context import RequestContext, Row

Table = Callable[[RequestContext], Iterable[Row]]

SUBJECTS = (
    "shortlists",  # first: the columns of custom fields, wanted with the first list
    "billing",
    "budgetcodes",
    "budgets",
    "changes",
    "contracts",
    "correspondence",
    "dailylogs",
    "drawings",
    "equipment",
    "incidents",
    "materials",
    "meetings_documents",
    "photos",
    "quality",
    "reference_data",
    "rfis",
    "schedule",
    "specifications",
    "submittals",
    "timecards",
)

_TABLES: dict[str, Table] = {}


def table(*names: str) -> Callable[[Table], Table]:
    """Mark a function as the table of these lists."""

    def mark(function: Table) -> Table:
        for name in names:
            if _TABLES.setdefault(name, function) is not function:
                raise ValueError(f"{name} has two tables.")
        return function

    return mark


def table_of(name: str) -> Table | None:
    """Table of a list, or None. Modules load as they are needed: the list of projects needs one of them."""
    for subject in SUBJECTS:
        if name in _TABLES:
            break
        import_module(f"procore_nb.demo.tables.{subject}")
    found = _TABLES.get(name)
    if found is not None:
        import_module(found.__module__)  # waits where another thread has marked the function and reads on
    return found
