"""Arguments in Python terms as Procore's query wants them: dates, times, ranges, yes and no, lists, status words.

In: an endpoint of the catalogue and arguments. Out: pairs of query key and text, checked. Pure but for warnings.
https://developers.procore.com/documentation/filtering-on-list-actions
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd

from procore_nb.catalog import Argument, Endpoint
from procore_nb.catalog.endpoint_schema import PAGING_KEYS
from procore_nb.errors import ArgumentError, CatalogError, warn
from procore_nb.near_match import did_you_mean, near, slug
from procore_nb.scalars import STATUS_WORDS, as_python, is_many, is_missing, iso_moment, utc_text

Pair = tuple[str, str]

# How an open end is sent is not documented; these are earlier and later than anything Procore holds.
_LONG_AGO, _FAR_AHEAD = "1990-01-01T00:00:00Z", "2100-01-01T00:00:00Z"
# A query key written in full, filters[a_newer_one] or filters[custom_field_7][], or any other one in brackets: [tab].
_RAW = re.compile(r"\w+(\[\w*\])+|\[\w+\]")
_OF_EVERY_LIST = frozenset({"project_id", "projects", "company_id", "parent", "max_rows", "columns"})
_SYNONYMS = {  # as pandas and others call it
    **dict.fromkeys(("first", "head", "n", "nrows", "rows", "top"), "max_rows"),
    **dict.fromkeys(("attributes", "cols", "fields", "select", "usecols"), "columns"),
    **dict.fromkeys(("order", "order_by", "sort_by"), "sort"),
}


def encode_arguments(endpoint: Endpoint, arguments: Mapping[str, Any], *, today: date) -> tuple[Pair, ...]:
    """Return the query of a list; an argument that is not known, or cannot be sent, is an error."""
    known = {one.name: one for one in endpoint.arguments}
    rest, raw = dict(arguments), list[Pair]()
    for name, key in raw_keys(arguments).items():
        raw += encode(Argument(name, key), rest.pop(name), endpoint=endpoint.name)
    if raw:
        keys = ", ".join(dict.fromkeys(key for key, _ in raw))
        warn(f"{endpoint.name}: {keys} is sent unchecked. Procore ignores what it does not know.")
    pairs = _window(endpoint, rest, today) + _since(endpoint, known, rest) + _status(endpoint, known, rest)
    for name, value in rest.items():
        # People write deleted= for include_deleted; drawing_revisions has a filter of that name.
        argument = known.get("include_deleted" if name == "deleted" else name) or known.get(name)
        if argument is None and endpoint.kind != "unknown":
            raise unknown_argument(endpoint, name, value, known)
        if name == "deleted" and argument is not None and value not in ("only", "with", None):
            raise ArgumentError(f'deleted is "only" or "with", not {value!r}.')
        pairs += encode(argument or Argument(name, name), value, endpoint=endpoint.name)
    twice = {key.removesuffix("[]") for key, _ in pairs} & {key.removesuffix("[]") for key, _ in raw}
    if twice:
        problem = f"{endpoint.name} was given {min(twice)} twice."
        raise ArgumentError(problem, advice="Pass the name or the key in brackets.")
    return (*pairs, *raw)


def encode(argument: Argument, value: Any, *, endpoint: str) -> list[Pair]:
    """Return what to send for one argument; nothing for None. A value that cannot be sent is an error."""
    if value is None:
        return []
    where = f"{argument.name} of {endpoint}"
    if argument.form:
        return [(argument.key, _FORMS[argument.form](value, where))]
    if isinstance(value, pd.DataFrame):
        problem = f"{where} cannot be a frame."
        raise ArgumentError(problem, advice='Give one of its columns, such as frame["id"].')
    many = is_many(value)
    if argument.key == "sort[attribute]":  # rfis alone names attribute and direction apart
        if many:
            problem = "rfis can be sorted by one attribute only."
            raise ArgumentError(problem, advice='Write sort="-created_at".')
        text = _text(value, "sort")
        direction = "desc" if text.startswith("-") else "asc"
        return [(argument.key, text.lstrip("-")), ("sort[direction]", direction)]
    texts = [_text(each, where) for each in (value if many else [value])]
    if not texts:
        problem = f"{where} is an empty list. Without it, all rows come."
        raise ArgumentError(problem, advice="Leave it out to fetch all.")
    if argument.name == "sort":  # Procore takes several in one text
        names = [name.strip() for text in texts for name in text.split(",")] if argument.choices else texts
        return [(argument.key, ",".join(_choice(argument, name, endpoint) for name in names))]
    key = argument.key + "[]" if many and not argument.key.endswith("[]") else argument.key
    return [(key, _choice(argument, text, endpoint)) for text in texts]


def raw_keys(arguments: Iterable[str]) -> dict[str, str]:
    """Return the query key of each argument that is written as one: `filters[a_newer_one]`, or `[tab]` for a plain key."""
    return {name: name[1:-1] if name[0] == "[" else name for name in arguments if _RAW.fullmatch(name)}


def has_dates(parameters: Iterable[Pair]) -> bool:
    """Tell whether the query names dates, so that no default window applies."""
    # A filter by updated_at works inside the default window and does not widen it.
    return not {"log_date", "start_date", "end_date", "date"}.isdisjoint(key for key, _ in parameters)


def _window(endpoint: Endpoint, rest: dict[str, Any], today: date) -> list[Pair]:
    """Turn start= and end= into the list's start_date and end_date."""
    own = {argument.name for argument in endpoint.arguments}
    ends = {name: rest.pop(name) for name in ("start", "end") if name in rest and name not in own}
    if all(value is None for value in ends.values()):
        return []
    if not {"start_date", "end_date"} <= set(endpoint.other_query):
        timed = [argument.name for argument in endpoint.arguments if argument.form or "date" in argument.name]
        problem = f"{endpoint.name} has no start and end."
        raise CatalogError(problem, advice=f"Its time filters: {', '.join(timed) or 'none'}.")
    twice = [name for name in ("start_date", "end_date", "log_date") if rest.get(name) is not None]
    if twice:
        problem = f"{endpoint.name} was given {twice[0]} beside {' and '.join(ends)}."
        raise ArgumentError(problem, advice="Pass one of them.")
    start = date(1990, 1, 1) if ends.get("start") is None else _date(ends["start"], "start")
    end = today if ends.get("end") is None else _date(ends["end"], "end")
    if end < start:
        raise ArgumentError(f"end ({end}) is before start ({start}).")
    return [("start_date", start.isoformat()), ("end_date", end.isoformat())]


def _since(endpoint: Endpoint, known: Mapping[str, Argument], rest: dict[str, Any]) -> list[Pair]:
    since = rest.pop("since", None)
    if is_missing(since):  # the latest change in an empty frame: nothing is known yet, everything is fetched
        return []
    argument = known.get("updated_at") or known.get("updated_after")
    if argument is None or not endpoint.updated_at_param:
        problem = f"{endpoint.name} cannot be filtered by the time of change."
        raise CatalogError(problem, advice="Fetch the whole list and compare updated_at in the frame.")
    if argument.form == "range":
        return encode(argument, (since, None), endpoint=endpoint.name)
    return [(argument.key, _moment_text(since, "since"))]


def _status(endpoint: Endpoint, known: Mapping[str, Argument], rest: dict[str, Any]) -> list[Pair]:
    """Projects call their status filter by_status; people call it status."""
    status = rest.pop("status", None) if "by_status" in known and "status" not in known else None
    if status is None:
        return []
    word = STATUS_WORDS.get(status.strip().lower()) if isinstance(status, str) else None
    if word is None:
        close = near(str(status), STATUS_WORDS.values())
        stage = f"A stage is chosen in the frame: {frame_filter(endpoint, 'project_stage.name', status)}."
        raise ArgumentError(
            f"{endpoint.name} has no status {status!r}.",
            advice=(f"Did you mean {close[0]}?" if close else stage)
            + ' status is "Active", "Inactive" or "All".',
        )
    return [(known["by_status"].key, word)]


def _text(value: Any, where: str) -> str:
    """Return one value as text: true and false, ISO dates, UTC times, whole numbers as they are."""
    value = as_python(value)
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime) and not is_missing(value):
        return utc_text(value)
    if isinstance(value, date) and not is_missing(value):
        return value.isoformat()
    if isinstance(value, Decimal | float) and math.isfinite(value):
        return str(int(value)) if value == int(value) else str(value)
    try:
        return str(operator.index(value))
    except TypeError:
        raise ArgumentError(
            f"{where} cannot be {value!r} ({type(value).__name__}).",
            advice="Leave missing values out: column.dropna()."
            if is_missing(value)
            else "Use text, a whole number, True or False, a date, or a list of them.",
        ) from None


def _moment(value: Any, where: str) -> date:
    """Return text and numpy's times as a date or time; whatever else is none is an error."""
    value = as_python(value)
    if is_missing(value):
        raise ArgumentError(f"{where} is a missing time.", advice="Leave it out, or give a date.")
    moment = iso_moment(value.strip()) if isinstance(value, str) else value
    if isinstance(moment, date):
        return moment
    problem = f"takes a date or a time, not {value!r}"
    if isinstance(value, str):
        problem = f"is not a date or time: {value.strip()!r}"
    raise ArgumentError(f"{where} {problem}.", advice='Write "2026-03-01" or "2026-03-01T08:00:00Z".')


def _moment_text(value: Any, where: str, clock: str = "T00:00:00Z") -> str:
    """Return a date or time as a UTC time; one without zone is UTC, and a date has the time of day `clock`."""
    moment = _moment(value, where)
    return utc_text(moment) if isinstance(moment, datetime) else moment.isoformat() + clock


def _date(value: Any, where: str) -> date:
    """Return the day of a date, time or text, in its own zone."""
    moment = _moment(value, where)
    return moment.date() if isinstance(moment, datetime) else moment


def _range(value: Any, where: str) -> str:
    if isinstance(value, str) and "..." in value:
        start_text, _, end_text = value.strip().strip('"').partition("...")
        value = (start_text or None, end_text or None)
    if isinstance(value, pd.Period):
        value = (value.start_time.to_pydatetime(), value.end_time.floor("s").to_pydatetime())
    if not is_many(value):
        value = _moment(value, where)
        value = (value, None if isinstance(value, datetime) else value)
    ends = tuple(value)
    if len(ends) != 2 or isinstance(value, set | frozenset):
        problem = f"{where} takes a start and an end, not {len(ends)} values in a {type(value).__name__}."
        raise ArgumentError(problem, advice="Write (start, end).")
    start, end = (None if is_missing(each) else each for each in map(as_python, ends))
    first = _LONG_AGO if start is None else _moment_text(start, where)
    last = _FAR_AHEAD if end is None else _moment_text(end, where, "T23:59:59Z")
    if first > last:
        raise ArgumentError(f"{where} ends ({last}) before it starts ({first}).")
    return f"{first}...{last}"


def _after(value: Any, where: str) -> str:
    start, end = tuple(value) if is_many(value) else (value, None)
    if not is_missing(end):
        problem = f"{where} has no end in Procore: it returns what changed after a moment."
        raise ArgumentError(problem, advice="Write (start, None) and choose the end in the frame.")
    return _moment_text(start, where)


_FORMS: dict[str, Callable[[Any, str], str]] = {
    "range": _range,
    "after": _after,
    "day": lambda value, where: _date(value, where).isoformat(),
    "moment": _moment_text,
}


def _choice(argument: Argument, text: str, endpoint: str) -> str:
    """Return a value as Procore spells it; one that the catalogue does not name is an error.

    Procore ignores some and finds nothing for others, both in silence. The key in brackets sends a newer value all the same.
    """
    if not argument.choices:
        return text
    sign, bare = ("-", text[1:]) if argument.name == "sort" and text.startswith("-") else ("", text)
    # "closed=3": the word is for people, the number is what is sent.
    pairs = [choice.rpartition("=")[::2] for choice in argument.choices]
    spelled = {slug(word or sent): sent for word, sent in pairs} | {sent: sent for _, sent in pairs}
    sent = spelled.get(bare, spelled.get(slug(bare)))
    if sent is not None:
        return sign + sent
    words = [word or sent for word, sent in pairs]
    key = argument.key if "[" in argument.key else f"[{argument.key}]"
    problem = "cannot sort by" if argument.name == "sort" else f"has no {argument.name}"
    raise CatalogError(
        f"{endpoint} {problem} {bare!r}.",
        advice=f"{did_you_mean(bare, words)}It knows: {', '.join(words)}. To send it all the same, write the key in "
        f'brackets: **{{"{key}": {bare!r}}}.',
    )


def unknown_argument(
    endpoint: Endpoint, name: str, value: Any, known: Mapping[str, Argument]
) -> CatalogError:
    """Return the error for an argument that a list does not know: what was meant, or how the frame is filtered by it."""
    problem, column = f"{endpoint.name} knows no argument {name!r}.", _column_for(endpoint, name)
    names = _names_of(endpoint, known)
    close = (_SYNONYMS[name],) if _SYNONYMS.get(name) in names else near(name, names, cutoff=0.7)
    if name in PAGING_KEYS:
        advice = "All pages are fetched, in the largest size there is; max_rows=… stops earlier."
    elif name == "active" and endpoint.name == "projects" and isinstance(value, bool):
        advice = f'Write status="{"Active" if value else "Inactive"}".'
    elif name in ("filter", "filters", "params", "query", "where"):
        filters = value if isinstance(value, Mapping) and value else {"status": "open"}
        shown = (
            f'{key}="{one}"' if isinstance(one, str) else f"{key}={one!r}" for key, one in filters.items()
        )
        advice = f"Write filters by their names: {', '.join(shown)}."
    else:
        advice = f"Did you mean {' or '.join(f'{one}=' for one in close)}? " if close else ""
        if column:
            problem = f"Procore cannot filter {endpoint.name} by {name!r}."
            advice = f"Choose in the frame: {frame_filter(endpoint, column, value)}. {advice}"
        advice = advice or f"It knows: {', '.join(names)}. "
        advice += f'procore.endpoint("{endpoint.name}") shows all.'
    return CatalogError(problem, advice=advice)


def _names_of(endpoint: Endpoint, known: Mapping[str, Argument]) -> list[str]:
    """Return the names that a list takes: its own, those of every list, and those that mean something else in each."""
    extra = {
        "budget_view": "budget_view_id" in endpoint.needed,
        "since": bool(endpoint.updated_at_param) and not known.keys().isdisjoint(("updated_at", "updated_after")),
        **dict.fromkeys(("start", "end"), {"start_date", "end_date"} <= set(endpoint.other_query)),
        "deleted": "include_deleted" in known,
    }  # fmt: skip
    return sorted({*known, *_OF_EVERY_LIST, *(name for name, taken in extra.items() if taken)})


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
    columns = [field.name for field in endpoint.fields if not field.in_list and field.type != "object"]
    forms = (rf"{name}", rf"{name}\.name", rf"\w+_{name}\.name", rf"{name}_code|{name}_name|{name}_number")
    return next((column for form in forms for column in columns if re.fullmatch(form, column)), "")
