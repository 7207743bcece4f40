"""Filters, sorts, views and date windows over any list's rows.

In: rows, a query, and what the catalogue says the endpoint takes. Out: the rows asked for. A filter the endpoint does not
take, or whose key no row has, is passed over, as Procore does with parameters it does not know.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from procore_nb.catalog import Endpoint, Field
from procore_nb.demo.company import TODAY
from procore_nb.demo.http_messages import Query, bad_request, read_moment, read_range
from procore_nb.demo.tables.registry import Row

_COMPACT = ("id", "name", "title", "number", "subject", "label", "status")
_NUMBER = re.compile(r"-?\d{1,30}(\.\d+)?", re.ASCII)
_ISO = re.compile(r"\d{4}-\d\d-\d\d")
_COMPARISONS = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}
_DAY_KEYS = ("date", "log_date", "work_date", "created_at")


def filtered(rows: Sequence[Any], query: Query, endpoint: Endpoint) -> list[Any]:
    """Rows a query asks for, in the order it asks for."""
    kept = [row for row in rows if not isinstance(row, dict) or _shown(row, query)]
    if not kept or not isinstance(kept[0], dict):
        return kept
    known = {name.removesuffix("[]") for name in endpoint.filters}
    for name, values in query.filters.items():
        base = name.partition(".")[0]
        if {base, name, f"{base}[gt]"} & known:
            kept = _filtered(kept, name, values)
    text = query.one("search") or query.filters.get("search", query.filters.get("query", [""]))[-1]
    word = text.lower()
    if word:
        kept = [row for row in kept if any(isinstance(v, str) and word in v.lower() for v in row.values())]
    kept = _windowed(kept, query, endpoint)
    for field, descending in reversed(query.sorts):
        kept.sort(key=lambda row: _sort_key(row, field), reverse=descending)
    return kept


def view_of(query: Query, endpoint: Endpoint) -> Callable[[Any], Any]:
    """Function that narrows a row to the view asked for; views of bare ids give bare ids."""
    view = query.one(endpoint.view_param) if endpoint.view_param else ""
    if view and endpoint.views and view not in endpoint.views:
        raise bad_request(f"{endpoint.view_param} does not have a valid value: {view}", endpoint.view_param)
    shaped = endpoint.in_view(view or None)
    if shaped.kind == "ids" and endpoint.kind != "ids":
        return lambda row: row.get("id") if isinstance(row, dict) else row
    # What the view lacks is taken out, rather than what it has picked: titles and custom fields are declared by no view.
    dropped: dict[str, Any] = {}  # a tree of keys, empty where a key goes with all that is in it
    for path in sorted(_keys(endpoint.all_fields) - _keys(shaped.fields), key=len, reverse=True):
        node = dropped
        for key in path:
            node = node.setdefault(key, {})
        node.clear()
    if dropped:
        return lambda row: _without(row, dropped)
    if view in ("compact", "minimal", "short", "name"):
        return lambda row: {key: row[key] for key in _COMPACT if key in row}
    return lambda row: row


def _keys(fields: Iterable[Field]) -> set[tuple[str, ...]]:
    return {tuple(field.name.replace("[]", "").split(".")) for field in fields}


def _without(row: Any, dropped: dict[str, Any]) -> Any:
    """Row without the keys that another view has."""
    if isinstance(row, list):
        return [_without(item, dropped) for item in row]
    if not isinstance(row, dict):
        return row
    kept = {key: value for key, value in row.items() if dropped.get(key, dropped)}
    return kept | {key: _without(kept[key], dropped[key]) for key in dropped.keys() & kept.keys()}


def _shown(row: Row, query: Query) -> bool:
    """Whether a row is shown, given what the query says about deleted rows and about the status."""
    deleted, include = bool(row.get("_deleted")), query.filters.get("include_deleted", [""])[-1].lower()
    if row.get("_pending") and "status" not in query.filters:
        return False
    name, _, value = (row.get("_hidden_unless") or "").partition("=")
    if name and query.filters.get(name, [query.one(name)])[-1].lower() != value:
        return False
    return deleted if include == "only" else not deleted or include in ("with", "true")


def _filtered(rows: list[Row], name: str, values: list[str]) -> list[Row]:
    base, _, comparison = name.partition(".")
    if comparison in _COMPARISONS:
        try:
            bound = read_moment(values[-1].strip('"'))
        except ValueError as error:
            raise bad_request(f"filters[{name}] is not a time: {values[-1]}", name) from error
        return _timed(rows, base, lambda moment: _COMPARISONS[comparison](moment, bound))
    if base.endswith(("_at", "_date")) or base == "date" or "..." in values[-1]:
        if not any(base in row for row in rows):
            return rows
        first, last = read_range(values[-1], f"filters[{base}]")
        return _timed(rows, base, lambda at: (not first or at >= first) and (not last or at <= last))
    read = _reader(rows, base)
    if read is None:
        return _derived(rows, base, values[-1].lower())
    accepted = {value.lower() for value in values}
    if base == "status" and accepted == {"all"} and any("_pending" in row for row in rows):
        return rows  # logs: approved, pending or all
    return [row for row in rows if bool(_texts(read(row)) & accepted) != (comparison == "not")]


def _timed(rows: list[Row], key: str, fits: Callable[[datetime], bool]) -> list[Row]:
    """Rows whose time fits; none whose value is no time."""
    kept = []
    for row in rows:
        value = row.get(key)
        with suppress(ValueError):
            if isinstance(value, str) and _ISO.match(value) and fits(read_moment(value)):
                kept.append(row)
    return kept


# The demo has no RFI linked to another company's, and no analysis of a root cause.
_NEVER = ("linked_to_external_rfis", "linked_to_connected_rfis", "has_root_cause_analysis")


def _derived(rows: list[Row], name: str, value: str) -> list[Row]:
    """No row has a key of these names."""
    yes = value in ("true", "1")
    if name == "overdue" and any("due_date" in row for row in rows):  # overdue=false acts like overdue=true
        open_rows = [row for row in rows if str(row.get("status")).lower() not in ("closed", "draft", "void")]
        return [row for row in open_rows if str(row.get("due_date") or "9999")[:10] < TODAY.isoformat()]
    if name == "unpackaged":
        return [row for row in rows if bool(row.get("submittal_package")) != yes]
    return [] if name in _NEVER and yes else rows


# Filters whose name is not that of the field.
_OTHER_NAMES = {
    "assigned_id": "assignees",
    "received_from_login_information_id": "received_from",
    "approver_id": "approvers",
    "prefix_stage_id": "project_stage",
    "task_id": "scheduled_task",
}
# Where a filter's field is inside another, in rows without a key of its name.
_INSIDE = {
    "assignee_company": "assignee.vendor",
    "response": "approvers.response",
    "vendor": "assignments.vendor",
}


def options_in(rows: Sequence[Any], name: str) -> dict[str, str]:
    """The ids (or values) that the rows hold in a field, each with its name, in the order of names."""
    rows, name = list(rows), _OTHER_NAMES.get(name, name)
    read = _reader(rows, name.removesuffix("_id").removesuffix("s")) or _reader(rows, name)
    options: dict[str, str] = {}
    for held in (item for row in rows for item in _listed(read(row))) if read else ():
        entry = held if isinstance(held, dict) else {"id": held, "name": held}
        inner = (entry.get(key) for key in ("approver", "user", "login_information"))
        entry = next((person for person in inner if isinstance(person, dict)), entry)
        if entry.get("id") is not None and entry.get("name"):
            options[str(entry["id"])] = str(entry["name"])
    return dict(sorted(options.items(), key=lambda option: option[1]))


def _reader(rows: list[Row], name: str) -> Callable[[Row], Any] | None:
    """How to read what a filter is about: `vendor_id` may stand for `vendor: {id}`, `type` for `type: {name}`."""
    name = _OTHER_NAMES.get(name, name)
    stem = name.removesuffix("_ids").removesuffix("_id")
    keys = (name, f"{stem}_id", stem, f"{name}s", f"{stem}s", name.removeprefix("by_"))
    known = [key for key in keys if any(key in row for row in rows)]
    key = next((key for key in known if any(row.get(key) for row in rows)), next(iter(known), None))
    if key is not None:
        return lambda row: row.get(key)
    outer, _, inner = _INSIDE.get(stem, "").partition(".")
    if not any(inner in one for row in rows for one in _listed(row.get(outer))):
        return None
    return lambda row: [one.get(inner) for one in _listed(row.get(outer))]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def _texts(value: Any) -> set[str]:
    """Every text a filter's value may be compared with."""
    if isinstance(value, dict):
        own = {str(value[key]).lower() for key in ("id", "name", "code", "key") if key in value}
        return own | (_texts(value["approver"]) if isinstance(value.get("approver"), dict) else set())
    if isinstance(value, list):
        return {text for item in value for text in _texts(item)}
    return {str(value).lower()}


def _windowed(rows: list[Row], query: Query, endpoint: Endpoint) -> list[Row]:
    dated = {"log_date", "start_date", "end_date"} & set(endpoint.other_query)
    key = next((key for key in _DAY_KEYS if any(key in row for row in rows)), None)
    if key is None or not (dated or endpoint.date_default):
        return rows
    first, last = _window(query, endpoint)
    return [row for row in rows if row.get(key) is not None and first <= row[key][:10] <= last]


def _window(query: Query, endpoint: Endpoint) -> tuple[str, str]:
    """First and last day, of the query or the list's silent window."""
    names = ("log_date", "log_date") if query.one("log_date") else ("start_date", "end_date")
    first, last = (_day(query.one(name), name) for name in names)
    if first or last:
        return first, last or "9999"
    monday = -TODAY.weekday()
    silent = {"today": (0, 0), "this_work_week": (monday, monday + 6), "last_7_days": (-6, 0)}
    if endpoint.date_default not in silent:
        return "", "9999"
    first, last = (str(TODAY + timedelta(days=days)) for days in silent[endpoint.date_default])
    return first, last


def _day(text: str, source: str) -> str:
    try:
        return date.fromisoformat(text.strip('"')[:10]).isoformat() if text else ""
    except ValueError as error:
        raise bad_request(f"{source} is not a date: {text}", source) from error


def _sort_key(row: Row, field: str) -> tuple[int, Any]:
    """Missing values come last and numbers before text; amounts and numbers in text are numbers."""
    value: Any = row
    for part in field.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    value = value.get("name") if isinstance(value, dict) else value
    if value is None:
        return 2, ""
    if isinstance(value, int | float):
        return 0, value
    text = str(value)
    return (0, Decimal(text)) if _NUMBER.fullmatch(text) else (1, text.lower())
