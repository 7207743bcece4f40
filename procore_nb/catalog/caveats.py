"""What is easily overlooked when asking a list, in sentences.

In: an endpoint. Out: sentences. Speaks to no service. The rules are Procore's; remarks on single lists are data.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from procore_nb.catalog.endpoint import Endpoint

_WINDOWS = {"today": "today", "this_work_week": "this work week", "last_7_days": "the last 7 days"}


def window_of(endpoint: Endpoint) -> str:
    """The days whose rows come when no dates are given, in words; empty where everything comes."""
    return _WINDOWS.get(endpoint.date_default, endpoint.date_default)


@lru_cache(maxsize=2048)
def caveats(endpoint: Endpoint) -> tuple[str, ...]:
    """The caveats of an endpoint, the ones that change the number of rows first."""
    parents = (
        f"Needs {name}, one request for each: take it from {_either(sources)}."
        for name, sources in endpoint.parent_pairs
    )
    found = (_missing_rows(endpoint), parents, _lifetime(endpoint), endpoint.remarks, _poor_rows(endpoint))
    return tuple(chain.from_iterable(found))


def _missing_rows(endpoint: Endpoint) -> Iterator[str]:
    if endpoint.date_default:
        dates = " and ".join(name for name in ("start_date", "end_date") if name in endpoint.other_query)
        one_day = " (or log_date for one day)" if "log_date" in endpoint.other_query else ""
        yield f"Without dates only the rows of {window_of(endpoint)} come back: give {dates}{one_day}."
    if "by_status" in endpoint.filters:
        yield 'Only active projects come back without status="All".'
    columns = (one.name for one in endpoint.fields if one.type != "object" and not one.in_list)
    group = " and ".join(name for name in columns if name.startswith("group_"))
    if "[]." in endpoint.envelope and group:
        yield (
            f"Procore sends groups of records. Each row here is one record; its group is in {group}. "
            "A record may be in several groups; a group without records gives no row."
        )


def _lifetime(endpoint: Endpoint) -> Iterator[str]:
    """What Procore says of how long the list will be there, and what to use instead."""
    instead = f" Use {endpoint.successor}." if endpoint.successor else ""
    if endpoint.gone:
        yield f"Procore's reference of {endpoint.as_of} no longer has this list; it may stop answering.{instead}"
    elif endpoint.deprecated:
        when = f" The day of its removal is {endpoint.removal}." if endpoint.removal else ""
        yield f"DEPRECATED: Procore will remove this list.{when}{instead}"
    elif endpoint.older_version:
        yield f"OLDER VERSION: Procore has a newer version of this list.{instead}"
    if endpoint.beta:
        yield "BETA: Procore may change this list without notice."


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
    if endpoint.legacy_module:
        yield "Belongs to a tool that Procore calls legacy."


def _either(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
