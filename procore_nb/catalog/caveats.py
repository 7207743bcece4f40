"""What is easily overlooked when asking a list, said in sentences.

In: an endpoint. Out: sentences. Speaks to no service. The rules are Procore's; remarks on single lists are data.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from procore_nb.catalog.models import Endpoint

_WINDOWS = {
    "today": "only today's rows",
    "this_work_week": "only the rows of the current work week",
    "last_7_days": "only the rows of the last 7 days",
}


@lru_cache(maxsize=2048)
def caveats(endpoint: Endpoint) -> tuple[str, ...]:
    """The caveats of an endpoint, the ones that change the number of rows first."""
    return (*_missing_rows(endpoint), *_missing_ids(endpoint), *endpoint.remarks, *_poor_rows(endpoint))


def _missing_rows(endpoint: Endpoint) -> Iterator[str]:
    if endpoint.date_default:
        window = _WINDOWS.get(endpoint.date_default, f"only the rows of {endpoint.date_default}")
        dates = " and ".join(name for name in ("start_date", "end_date") if name in endpoint.other_query)
        one_day = " (or log_date for one day)" if "log_date" in endpoint.other_query else ""
        yield f"Without dates {window} come back: give {dates}{one_day}."
    if "by_status" in endpoint.filters:
        yield 'Only active projects come back unless by_status="All" is asked for.'
    if "[]." in endpoint.envelope and (group := _group_columns(endpoint)):
        yield (
            f"Procore sends groups of records. Each row here is one record; its group is told in {group}. "
            "A record may be in several groups; a group without records gives no row."
        )


def _group_columns(endpoint: Endpoint) -> str:
    names = (
        one.name.removesuffix("[]") for one in endpoint.fields if one.type != "object" and not one.in_list
    )
    return " and ".join(name for name in names if name.startswith("group_"))


def _missing_ids(endpoint: Endpoint) -> Iterator[str]:
    for name, sources in endpoint.parent_pairs:
        yield f"Needs {name}, one request for each: take it from {_either(sources)}."


def _poor_rows(endpoint: Endpoint) -> Iterator[str]:
    if endpoint.kind == "unknown":
        yield "This path is not in the catalogue: columns and types come from the rows alone."
        return
    if not endpoint.field_text:
        yield "Procore does not describe the rows: columns and types come from the rows alone."
    elif endpoint.fields_source == "request":
        yield "Procore does not describe the rows: the columns shown are those that may be written."
    if not endpoint.paging and endpoint.kind == "data":
        yield "No paging: the whole list comes in one reply, which may take long or fail with 408."
    names = {one.name for one in endpoint.fields}
    if endpoint.kind == "data" and "updated_at" in names and not endpoint.updated_at_param:
        yield "Rows show updated_at, but Procore cannot filter by it here."
    if endpoint.deprecated:
        yield "Procore calls this endpoint deprecated."
    if endpoint.legacy_module:
        yield "Belongs to a tool that Procore calls legacy."


def _either(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
