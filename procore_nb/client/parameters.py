"""From a list's name and arguments to list requests, checked before anything is sent.

In: an endpoint of the catalogue, targets, and arguments in Python terms. Out: `ListRequest` values. Pure but for warnings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from urllib.parse import quote

from procore_nb.catalog import Argument, Catalogue, Endpoint, load
from procore_nb.catalog.arguments import PAGING_KEYS
from procore_nb.client.encode_query import date_of, moment_text, pairs_for, text_of
from procore_nb.client.targets import Target
from procore_nb.errors import ArgumentError, CatalogError, warn
from procore_nb.fetch import ListRequest
from procore_nb.frames import unknown_column
from procore_nb.frames.types import columns_of
from procore_nb.near_match import near
from procore_nb.scalars import STATUS_WORDS, is_many, is_missing

# Procore states no maximum for most v1 lists, but asks to stay at or under 2000:
# https://developers.procore.com/documentation/pagination
_LARGEST_PAGE = {"v1": 2000, "v2": 100}

TARGETS = ("project_id", "projects", "company_id", "parent")
"""The options of every list that name where it is fetched from."""
_FILTERS = ("filter", "filters", "params", "query", "where")
_MEANT = {  # as pandas and others call it
    **dict.fromkeys(("first", "head", "n", "nrows", "rows", "top"), "max_rows"),
    **dict.fromkeys(("attributes", "cols", "fields", "select", "usecols"), "columns"),
    **dict.fromkeys(("order", "order_by", "sort_by"), "sort"),
}
_LENGTH = frozenset({"limit", "page_size"})
# Columns that name the target of a row.
_LEADING = ("company_id", "project_id", "project_name", "budget_view")
# A query key written in full, filters[a_newer_one] or filters[custom_field_7][], or any other one in brackets: [tab].
_RAW = re.compile(r"\w+(\[\w*\])+|\[\w+\]")

Pairs = tuple[tuple[str, str], ...]


def list_request_for(
    endpoint: Endpoint, target: Target, parameters: Pairs, *, per_page: int | None = None
) -> ListRequest:
    known = {"company_id": str(target.company_id), **target.ids}
    names = {one.key: one.name for one in endpoint.arguments if one.place == "path"}
    path = re.sub(r"\{(\w+)\}", lambda key: quote(known[names.get(key[1], key[1])], safe=""), endpoint.path)
    required = []
    by_name = {one.name: one for one in endpoint.arguments if one.required and one.place != "path"}
    for group in endpoint.needs:
        # The company of the connection is the last choice: line_item_types of a project are not those of the company.
        found = sorted((name for name in group if name in known), key=lambda name: name not in target.ids)
        if found and found[0] in by_name:
            required.append((by_name[found[0]].key, known[found[0]]))
    # A list that is not counted in pages may be given its length: the paginator sends it, once.
    length = next((int(value) for key, value in parameters if key in _LENGTH and value.isdigit()), None)
    return ListRequest(
        path,
        tuple(required) + tuple(one for one in parameters if one[0] not in _LENGTH),
        target.company_id,
        endpoint.paging,
        per_page or length or page_size(endpoint),
        envelope=endpoint.envelope,
        key=target,
    )


def own_or_shipped(catalogue: Catalogue, name: str) -> Endpoint:
    """Return a list that this package fetches by itself; a catalogue of one's own need not have it."""
    for one in (catalogue, load()):
        try:
            return one.single(name) if name == "me" else one.endpoint(name)
        except CatalogError as error:
            missing = error
    raise missing


def page_size(endpoint: Endpoint) -> int:
    generation = "v2" if "/v2." in endpoint.path else "v1"
    return endpoint.per_page_max or max(endpoint.per_page_default or 0, _LARGEST_PAGE[generation])


def parameters_for(endpoint: Endpoint, arguments: Mapping[str, Any], *, today: date) -> Pairs:
    """Return the query of a list for arguments in Python terms; one that is not known, or cannot be sent, is an error."""
    known = {one.name: one for one in endpoint.arguments}
    left = dict(arguments)
    raw = _raw(endpoint, left)
    pairs = [*_window(endpoint, left, today), *_since(endpoint, known, left), *_deleted(known, left)]
    pairs += _status(endpoint, known, left)
    for name, value in left.items():
        if name not in known and endpoint.kind != "unknown":
            raise unknown_argument(endpoint, name, value, known)
        argument = known.get(name, Argument(name, name))
        pairs += _sorted(argument, value) or pairs_for(argument, value, endpoint=endpoint.name)
    twice = {key.removesuffix("[]") for key, _ in pairs} & {key.removesuffix("[]") for key, _ in raw}
    if twice:
        raise ArgumentError(
            f"{endpoint.name} was given {min(twice)} twice.", advice="Pass the name or the key in brackets."
        )
    return (*pairs, *raw)


def chosen_columns(columns: Any, endpoint: Endpoint) -> tuple[str, ...]:
    """The names in `columns=`: declared, of a custom field, or in brackets (`[new_key]`: what the reference does not know).

    Rows of budget views have the columns of the company, which are known with the rows.
    """
    names = [columns] if isinstance(columns, str) else list(columns) if is_many(columns) else []
    if not names or not all(isinstance(name, str) and name.strip("[]") for name in names):
        raise ArgumentError(
            f"columns is a list of names, not {columns!r}.", advice='For example columns=["id", "status"].'
        )
    known = [".".join(path) for path in columns_of(endpoint.fields)]
    # What is declared without its parts, or for another view, may come all the same.
    loose = {field.name.removesuffix("[]") for field in endpoint.all_fields}
    loose -= {name for name in loose if any(one.startswith(f"{name}.") for one in known)}
    leading = [*_LEADING, *(name for group in endpoint.needs for name in group)]
    is_open = not known or any("budget_view" in name for group in endpoint.needs for name in group)
    for name in names:
        declared = any(one == name or one.startswith(f"{name}.") for one in (*known, *leading))
        parts = name.split(".")
        may_come = any(".".join(parts[: depth + 1]) in loose for depth in range(len(parts)))
        if not (declared or may_come or is_open or "custom_field" in name or name.startswith("[")):
            raise unknown_column(name, endpoint.name, [*known, *leading])
    return tuple(dict.fromkeys(names))


def raw_keys(arguments: Iterable[str]) -> dict[str, str]:
    """Return the query key of each argument that is written as one: `filters[a_newer_one]`, or `[tab]` for a plain key."""
    found = (name for name in arguments if _RAW.fullmatch(name))
    return {name: name[1:-1] if name.startswith("[") else name for name in found}


def _raw(endpoint: Endpoint, left: dict[str, Any]) -> list[tuple[str, str]]:
    """Take out the keys in brackets, which are sent as written: what Procore knows and the catalogue does not."""
    found = []
    for name, key in raw_keys(left).items():
        value = left.pop(name)
        if value is not None:
            found += pairs_for(Argument(name, key), value, endpoint=endpoint.name)
    if found:
        keys = ", ".join(dict.fromkeys(key for key, _ in found))
        warn(f"{endpoint.name}: {keys} is sent unchecked. Procore ignores what it does not know.")
    return found


def _window(endpoint: Endpoint, left: dict[str, Any], today: date) -> list[tuple[str, str]]:
    """Turn start= and end= into the list's start_date and end_date."""
    own = {one.name for one in endpoint.arguments}
    given = {name: left.pop(name) for name in ("start", "end") if name in left and name not in own}
    if all(value is None for value in given.values()):
        return []
    if not {"start_date", "end_date"} <= set(endpoint.other_query):
        timed = [one.name for one in endpoint.arguments if one.form or "date" in one.name]
        raise CatalogError(
            f"{endpoint.name} has no start and end.",
            advice=f"Its time filters: {', '.join(timed) or 'none'}.",
        )
    twice = [name for name in ("start_date", "end_date", "log_date") if left.get(name) is not None]
    if twice:
        raise ArgumentError(
            f"{endpoint.name} was given {twice[0]} beside {' and '.join(given)}.", advice="Pass one of them."
        )
    start = date_of(given["start"], "start") if given.get("start") is not None else date(1990, 1, 1)
    end = date_of(given["end"], "end") if given.get("end") is not None else today
    if end < start:
        raise ArgumentError(f"end ({end}) is before start ({start}).")
    return [("start_date", start.isoformat()), ("end_date", end.isoformat())]


def has_dates(endpoint: Endpoint, parameters: Pairs) -> bool:
    """Tell whether the query names dates, so that no default window applies."""
    # A filter by updated_at works inside the default window and does not widen it.
    return bool({key for key, _ in parameters} & {"log_date", "start_date", "end_date", "date"})


def _since(endpoint: Endpoint, known: Mapping[str, Argument], left: dict[str, Any]) -> list[tuple[str, str]]:
    since = left.pop("since", None)
    if is_missing(since):  # the latest change in an empty frame: nothing is known yet, everything is asked
        return []
    argument = known.get("updated_at") or known.get("updated_after")
    if argument is None or not endpoint.updated_at_param:
        raise CatalogError(
            f"{endpoint.name} cannot be filtered by the time of change.",
            advice="Fetch the whole list and compare updated_at in the frame.",
        )
    if argument.form == "range":
        return pairs_for(argument, (since, None), endpoint=endpoint.name)
    return [(argument.key, moment_text(since, "since", as_time=True))]


def _deleted(known: Mapping[str, Argument], left: dict[str, Any]) -> list[tuple[str, str]]:
    deleted = left.pop("deleted", None)
    if deleted is None:
        return []
    # drawing_revisions has a filter of that name.
    if known.keys() & {"include_deleted", "deleted"} and deleted not in ("only", "with"):
        raise ArgumentError(f'deleted is "only" or "with", not {deleted!r}.')
    if "include_deleted" in known:
        return [(known["include_deleted"].key, deleted)]
    left["deleted"] = deleted
    return []


def _status(endpoint: Endpoint, known: Mapping[str, Argument], left: dict[str, Any]) -> list[tuple[str, str]]:
    """Projects call their status filter by_status; people call it status."""
    if "by_status" not in known or "status" in known or left.get("status") is None:
        if "by_status" in known:
            left.pop("status", None)
        return []
    status = left.pop("status")
    word = STATUS_WORDS.get(status.strip().lower()) if isinstance(status, str) else None
    if word is None:
        stage = f"A stage is chosen in the frame: {frame_filter(endpoint, 'project_stage.name', status)}."
        close = near(str(status), STATUS_WORDS.values())
        raise ArgumentError(
            f"{endpoint.name} has no status {status!r}.",
            advice=(f"Did you mean {close[0]}?" if close else stage)
            + ' status is "Active", "Inactive" or "All".',
        )
    return [(known["by_status"].key, word)]


def _sorted(argument: Argument, value: Any) -> list[tuple[str, str]]:
    # rfis alone names attribute and direction apart.
    if argument.key != "sort[attribute]" or value is None:
        return []
    if is_many(value):
        raise ArgumentError("rfis can be sorted by one attribute only.", advice='Write sort="-created_at".')
    text = text_of(value, "sort")
    return [(argument.key, text.lstrip("-")), ("sort[direction]", "desc" if text.startswith("-") else "asc")]


def unknown_argument(endpoint: Endpoint, name: str, value: Any, known: Iterable[str]) -> CatalogError:
    """Return the error for an argument that a list does not know: what was meant, or how the frame is filtered by it."""
    problem = f"{endpoint.name} knows no argument {name!r}."
    if name in PAGING_KEYS:
        return CatalogError(
            problem, advice="All pages are fetched, in the largest size there is; max_rows=… stops earlier."
        )
    if name == "active" and endpoint.name == "projects" and isinstance(value, bool):
        return CatalogError(problem, advice=f'Write status="{"Active" if value else "Inactive"}".')
    if name in _FILTERS:
        given = value if isinstance(value, Mapping) and value else {"status": "open"}
        written = ", ".join(
            f'{key}="{one}"' if isinstance(one, str) else f"{key}={one!r}" for key, one in given.items()
        )
        return CatalogError(problem, advice=f"Write filters by their names: {written}.")
    names = _names_of(endpoint, set(known))
    close = (_MEANT[name],) if _MEANT.get(name) in names else near(name, names, letters=0.7)
    column = _column_for(endpoint, name)
    advice = [f"Did you mean {' or '.join(f'{one}=' for one in close)}?"] if close else []
    if column:
        problem = f"Procore cannot filter {endpoint.name} by {name!r}."
        advice.insert(0, f"Choose in the frame: {frame_filter(endpoint, column, value)}.")
    if not advice:
        advice.append(f"It knows: {', '.join(names)}.")
    return CatalogError(
        problem, advice=" ".join([*advice, f'procore.endpoint("{endpoint.name}") shows all.'])
    )


def _names_of(endpoint: Endpoint, known: set[str]) -> list[str]:
    """Return the names that a list takes: its own, those of every list, and those that mean something else in each."""
    found = {*known, *TARGETS, "max_rows", "columns"}
    if any("budget_view_id" in group for group in endpoint.needs):
        found.add("budget_view")
    if endpoint.updated_at_param and known & {"updated_at", "updated_after"}:
        found.add("since")
    if {"start_date", "end_date"} <= set(endpoint.other_query):
        found |= {"start", "end"}
    if "include_deleted" in known:
        found.add("deleted")
    return sorted(found)


def frame_filter(endpoint: Endpoint, column: str, value: Any) -> str:
    """Return the line of pandas that keeps the rows with a value: `projects[projects["city"] == "Austin"]`."""
    frame = endpoint.name if endpoint.name.isidentifier() else "frame"
    column, many = f'{frame}["{column}"]', is_many(value)
    shown = repr(value) if many or not isinstance(value, str) or '"' in value else f'"{value}"'
    return f"{frame}[{column}.isin({shown})]" if many else f"{frame}[{column} == {shown}]"


def _column_for(endpoint: Endpoint, name: str) -> str:
    """Return the column that people mean by a word: `city`, `state_code` for state, `project_stage.name` for stage."""
    if not name.isidentifier() or name == "deleted":  # rows that were deleted are in no frame
        return ""
    columns = [one.name for one in endpoint.fields if not one.in_list and one.type != "object"]
    forms = (rf"{name}", rf"{name}\.name", rf"\w+_{name}\.name", rf"{name}_code|{name}_name|{name}_number")
    return next((one for form in forms for one in columns if re.fullmatch(form, one)), "")
