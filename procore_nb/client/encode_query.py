"""Python values as Procore's query wants them: dates, times, ranges, yes and no, lists.

In: an `Argument` of the catalogue and a value. Out: pairs of query key and text. Pure.
https://developers.procore.com/documentation/filtering-on-list-actions
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd

from procore_nb.catalog import Argument
from procore_nb.errors import ArgumentError, CatalogError
from procore_nb.near_match import did_you_mean, plain
from procore_nb.scalars import as_python, is_many, is_missing, iso_moment, utc_text

# How an open end is sent is not documented; these are earlier and later than anything Procore holds.
_LONG_AGO = "1990-01-01T00:00:00Z"
_FAR_AHEAD = "2100-01-01T00:00:00Z"


def pairs_for(argument: Argument, value: Any, *, endpoint: str) -> list[tuple[str, str]]:
    """Return what to send for one argument; nothing for None. A value that cannot be sent is an error."""
    if value is None:
        return []
    where = f"{argument.name} of {endpoint}"
    if argument.form:
        return [(argument.key, _FORMS[argument.form](value, where))]
    if isinstance(value, pd.DataFrame):
        raise ArgumentError(
            f"{where} cannot be a frame.", advice='Give one of its columns, such as frame["id"].'
        )
    many = is_many(value)
    values = list(value) if many else [value]
    if not values:
        raise ArgumentError(
            f"{where} is an empty list. Without it, all rows come.", advice="Leave it out to fetch all."
        )
    texts = [text_of(each, where) for each in values]
    if argument.choices and argument.name == "sort":
        texts = [_known(argument, one.strip(), endpoint) for text in texts for one in text.split(",")]
    elif argument.choices:
        texts = [_known(argument, text, endpoint) for text in texts]
    if argument.name == "sort":
        return [(argument.key, ",".join(texts))]  # Procore takes several in one text
    key = argument.key + "[]" if many and not argument.key.endswith("[]") else argument.key
    return [(key, text) for text in texts]


def text_of(value: Any, where: str) -> str:
    """Return one value as text: true and false, ISO dates, UTC times, whole numbers as they are."""
    value = as_python(value)
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date) and not is_missing(value):
        return moment_text(value, where)
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


def moment_text(value: Any, where: str, *, end_of_day: bool = False, as_time: bool = False) -> str:
    """Return a date or time as Procore writes it; a time without zone is UTC."""
    value = _moment(value, where)
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, date):
        clock = "T23:59:59Z" if end_of_day else "T00:00:00Z"
        return value.isoformat() + (clock if as_time else "")
    raise ArgumentError(
        f"{where} takes a date or a time, not {value!r}.",
        advice='For example "2026-03-01" or datetime.date(2026, 3, 1).',
    )


def date_of(value: Any, where: str) -> date:
    """Return the day of a date, time or text, in its own zone."""
    day = _moment(value, where)
    if isinstance(day, date):
        return day.date() if isinstance(day, datetime) else day
    raise ArgumentError(
        f"{where} takes a date, not {value!r}.", advice='Write "2026-03-01" or datetime.date(2026, 3, 1).'
    )


def _moment(value: Any, where: str) -> Any:
    """Return text and numpy's times as dates and times; whatever else comes as it is."""
    value = as_python(value)
    if is_missing(value):
        raise ArgumentError(f"{where} is a missing time.", advice="Leave it out, or give a date.")
    found = iso_moment(value.strip()) if isinstance(value, str) else value
    if found is None:
        raise ArgumentError(
            f"{where} is not a date or time: {value.strip()!r}.",
            advice='Write "2026-03-01" or "2026-03-01T08:00:00Z".',
        )
    return found


def _range(value: Any, where: str) -> str:
    if isinstance(value, str) and "..." in value:
        first_text, _, last_text = value.strip().strip('"').partition("...")
        value = (first_text or None, last_text or None)
    if isinstance(value, pd.Period):
        value = (value.start_time.to_pydatetime(), value.end_time.floor("s").to_pydatetime())
    if not is_many(value):
        value = _moment(value, where)
        is_day = isinstance(value, date) and not isinstance(value, datetime)
        value = (value, value) if is_day else (value, None)
    ends = tuple(value)
    if len(ends) != 2 or isinstance(value, set | frozenset):
        raise ArgumentError(
            f"{where} takes a start and an end, not {len(ends)} values in a {type(value).__name__}.",
            advice="Write (start, end).",
        )
    start, end = (None if is_missing(each) else each for each in map(as_python, ends))
    first = _LONG_AGO if start is None else moment_text(start, where, as_time=True)
    last = _FAR_AHEAD if end is None else moment_text(end, where, as_time=True, end_of_day=True)
    if first > last:
        raise ArgumentError(f"{where} ends ({last}) before it starts ({first}).")
    return f"{first}...{last}"


def _after(value: Any, where: str) -> str:
    start, end = tuple(value) if is_many(value) else (value, None)
    if not is_missing(end):
        raise ArgumentError(
            f"{where} has no end in Procore: it returns what changed after a moment.",
            advice="Write (start, None) and choose the end in the frame.",
        )
    return moment_text(start, where, as_time=True)


_FORMS: dict[str, Callable[[Any, str], str]] = {
    "range": _range,
    "after": _after,
    "day": lambda value, where: date_of(value, where).isoformat(),
    "moment": lambda value, where: moment_text(value, where, as_time=True),
}


def _known(argument: Argument, text: str, endpoint: str) -> str:
    """Return a value as Procore spells it; one that the catalogue does not name is an error.

    Procore ignores some and finds nothing for others, both in silence. The key in brackets sends a newer value all the same.
    """
    sign, bare = ("-", text[1:]) if argument.name == "sort" and text.startswith("-") else ("", text)
    # "closed=3": the word is for people, the number is what is sent.
    pairs = [choice.rpartition("=")[::2] for choice in argument.choices]
    spelled = {plain(word or sent): sent for word, sent in pairs} | {sent: sent for _, sent in pairs}
    found = spelled.get(bare, spelled.get(plain(bare)))
    if found is not None:
        return sign + found
    known = [word or sent for word, sent in pairs]
    hint = did_you_mean(bare, known)
    key = argument.key if "[" in argument.key else f"[{argument.key}]"
    raise CatalogError(
        f"{endpoint} cannot sort by {bare!r}."
        if argument.name == "sort"
        else f"{endpoint} has no {argument.name} {bare!r}.",
        advice=f"{hint}It knows: {', '.join(known)}. To send it all the same, write the key in brackets: "
        f'**{{"{key}": {bare!r}}}.',
    )
