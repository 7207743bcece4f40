"""Python values as Procore's query wants them: dates, times, ranges, yes and no, lists.

In: an `Argument` of the catalogue and a value. Out: pairs of query key and text. Pure.
https://developers.procore.com/documentation/filtering-on-list-actions
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from procore_nb.catalog import Argument, near
from procore_nb.errors import ArgumentError, CatalogError

# How an open end is sent is not documented; these are earlier and later than anything Procore holds.
_LONG_AGO = "1990-01-01T00:00:00Z"
_FAR_AHEAD = "2100-01-01T00:00:00Z"
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?")


def pairs_for(argument: Argument, value: Any, *, endpoint: str) -> list[tuple[str, str]]:
    """Return what to send for one argument; nothing for None.

    Raises
    ------
    ArgumentError, CatalogError
        If the value cannot be sent: a malformed date, an unknown sort or view, an open range that must be closed.
    """
    if value is None:
        return []
    where = f"{argument.name} of {endpoint}"
    if argument.form == "range":
        return [(argument.key, _range(value, where))]
    if argument.form == "after":
        return [(argument.key, _after(value, where))]
    if argument.name == "sort" and is_many(value):
        value = ",".join(text_of(each, where) for each in value)  # Procore takes several in one text
    if argument.name in ("sort", "view") and argument.choices:
        _check_choice(argument, value, endpoint)
    if is_many(value):
        key = argument.key if argument.key.endswith("[]") else argument.key + "[]"
        return [(key, text_of(each, where)) for each in value]
    return [(argument.key, text_of(value, where))]


def text_of(value: Any, where: str) -> str:
    """Return one value as text: true and false, ISO dates, UTC times, whole numbers as they are."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or type(value).__name__ in ("bool", "bool_"):  # numpy's
        return "true" if value else "false"
    if isinstance(value, date):
        return moment_text(value, where)
    if isinstance(value, Decimal | float) and math.isfinite(value):
        return str(int(value)) if value == int(value) else str(value)
    try:
        return str(operator.index(value))
    except TypeError:
        raise ArgumentError(
            f"{where} cannot be {value!r} ({type(value).__name__}).",
            advice="Use text, a whole number, True or False, a date, or a list of them.",
        ) from None


def moment_text(value: Any, where: str, *, end_of_day: bool = False, as_time: bool = False) -> str:
    """Return a date or time as Procore writes it; a time without zone is UTC."""
    if isinstance(value, str):
        value = _read_moment(value.strip(), where)
    if isinstance(value, datetime):
        if value != value:  # pandas' NaT is a datetime
            raise ArgumentError(f"{where} is a missing time.")
        zoned = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return zoned.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        clock = "T23:59:59Z" if end_of_day else "T00:00:00Z"
        return value.isoformat() + (clock if as_time else "")
    raise ArgumentError(
        f"{where} takes a date or a time, not {value!r}.",
        advice='For example "2026-03-01" or datetime.date(2026, 3, 1).',
    )


def is_many(value: Any) -> bool:
    """Tell whether a value stands for several: any iterable that is not text or a mapping."""
    return isinstance(value, Iterable) and not isinstance(value, str | bytes | dict)


def date_of(value: Any, where: str) -> date:
    """Return the day of a date, time or text."""
    return date.fromisoformat(moment_text(value, where)[:10])


def _read_moment(text: str, where: str) -> date | datetime:
    if _MOMENT.fullmatch(text):
        try:
            return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
        except ValueError:
            pass
    raise ArgumentError(
        f"{where} is not a date or time: {text!r}.", advice='Write "2026-03-01" or "2026-03-01T08:00:00Z".'
    )


def _range(value: Any, where: str) -> str:
    if isinstance(value, str) and "..." in value:
        first_text, _, last_text = value.strip().strip('"').partition("...")
        value = (first_text or None, last_text or None)
    if not is_many(value):
        value = (value, value) if _is_day(value) else (value, None)
    ends = tuple(value)
    if len(ends) != 2:
        raise ArgumentError(
            f"{where} takes a start and an end, not {len(ends)} values.", advice="Write (start, end)."
        )
    start, end = (None if _missing(each) else each for each in ends)
    first = _LONG_AGO if start is None else moment_text(start, where, as_time=True)
    last = _FAR_AHEAD if end is None else moment_text(end, where, as_time=True, end_of_day=True)
    if first > last:
        raise ArgumentError(f"{where} ends ({last}) before it starts ({first}).")
    return f"{first}...{last}"


def _after(value: Any, where: str) -> str:
    start, end = tuple(value) if is_many(value) else (value, None)
    if end is not None:
        raise ArgumentError(
            f"{where} has no end in Procore: it returns what changed after a moment.",
            advice="Write (start, None) and choose the end in the frame.",
        )
    return moment_text(start, where, as_time=True)


def _is_day(value: Any) -> bool:
    return (isinstance(value, date) and not isinstance(value, datetime)) or (
        isinstance(value, str) and len(value.strip()) == 10
    )


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, datetime) and value != value)


def _check_choice(argument: Argument, value: Any, endpoint: str) -> None:
    for each in str(value).split(",") if isinstance(value, str) else []:
        bare = each.strip().lstrip("-")
        if bare in argument.choices:
            continue
        close = near(bare, argument.choices)
        hint = f"Did you mean {' or '.join(close)}? " if close else ""
        raise CatalogError(
            f"{endpoint} cannot {argument.name} by {bare!r}."
            if argument.name == "sort"
            else f"{endpoint} has no view {bare!r}.",
            advice=f"{hint}It knows: {', '.join(argument.choices)}.",
        )
