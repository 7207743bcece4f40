"""Every field of every list holds what its name can mean: hours of a day, percents, places, people, days in order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from procore_nb.catalog import Endpoint, endpoints
from procore_nb.demo import NOW, Demo, Portfolio
from procore_nb.demo.portfolio import STREETS

from .conftest import Caller
from .reading import address_of, rows_in

pytestmark = pytest.mark.slow

_CALLER = Caller(Demo(Portfolio(40)))  # lists of the whole company would take seconds each
_CALLER.log_in()
_ZONES = {one.time_zone for one in STREETS} | {one.tz_name for one in STREETS}


def _within(low: float, high: float) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, bool | dict | list) or low <= float(str(value).rstrip("%")) <= high


def _matching(pattern: str) -> Callable[[Any], bool]:
    return lambda value: not isinstance(value, str) or re.fullmatch(pattern, value, re.DOTALL) is not None


def _day(value: Any) -> bool:
    if not isinstance(value, str):
        return True
    try:
        return date(2014, 1, 1) <= datetime.fromisoformat(value).date() <= date(2032, 1, 1)
    except ValueError:
        return False


# What a key may hold, by its name; a key may be under several rules.
_RULES: dict[str, Callable[[Any], bool]] = {
    r"(.*_)?hour": _within(0, 23),
    r"(.*_)?minute": _within(0, 59),
    r"percent_complete|percentage|progress|percent_allocated|.*retainage_percent|task_percentage": _within(
        0, 100
    ),
    r"num_hours": _within(0, 24),
    # Of all the men of a firm on one day.
    r"(women|minority|veteran|apprentice|journeyman|foreman|other|local_.*|first_year)_hours": _within(
        0, 600
    ),
    r"hours|hours_(idle|operating|worked)|timecard_hours": _within(0, 24),
    r"hours_per_day": _within(4, 12),
    r"days_per_week": _within(4, 7),
    r"days_per_month": _within(18, 31),
    r"(.*_)?latitude|gps_lat": _within(-90, 90),
    r"(.*_)?longitude|gps_long": _within(-180, 180),
    r".*_count|count|number_of_.*|num_workers|.*_days": _within(0, 3_000),
    r"year": _within(1990, 2035),
    r".*(amount|cost|price|total)": lambda value: not isinstance(value, str | float) or _money(value),
    r"(.*_)?first_name|(.*_)?last_name|.*initials": _matching(r"[^\d@<]*"),
    r"email(_address)?|login": _matching(r"[^@\s]+@[^@\s]+"),
    r".*_url|url|website": _matching(r"https?://\S+"),
    r".*phone|fax(_number)?": _matching(r"\+?[\d \-]*"),
    r"(?!.*_to_date).*_date|date": _day,
    r".*_at": lambda value: not isinstance(value, str) or len(value) < 8 or _day(value),
    r"tz_name|timezone": lambda value: not isinstance(value, str) or bool(ZoneInfo(value)),
    r"time_zone": lambda value: not isinstance(value, str) or value in _ZONES,
    r"(.*_)?currency_iso_code|currencyCode": _matching(r"[A-Z]{3}"),
    r"country_code": _matching(r"[A-Z]{2}"),
    r"(.*_)?color(_code)?": _matching(r"#[0-9a-f]{6}"),
}
_COMPILED = [(re.compile(pattern), rule) for pattern, rule in _RULES.items()]


@cache
def _rules_of(key: str) -> tuple[Callable[[Any], bool], ...]:
    return tuple(rule for pattern, rule in _COMPILED if pattern.fullmatch(key))


_PAIRS = ("hour", "date", "time", "datetime")


def _money(value: str | float) -> bool:
    text = str(value)
    return not re.fullmatch(r"-?\d+(\.\d+)?", text) or abs(float(text)) < 1e9


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(inner)


def _wrong(one: Endpoint) -> Iterator[str]:
    for row in rows_in(_CALLER.get(address_of(one)).body, one.envelope):
        for held in _objects(row):
            for key, value in held.items():
                if value is not None and value != "" and not all(rule(value) for rule in _rules_of(key)):
                    yield f"{one.name}: {key} is {value!r}"
            for kind in _PAIRS:
                first, last = held.get(f"start_{kind}"), held.get(f"end_{kind}")
                if first is not None and last is not None and type(first) is type(last) and first > last:
                    yield f"{one.name}: start_{kind} {first!r} is after end_{kind} {last!r}"
            made, changed = held.get("created_at"), held.get("updated_at")
            if (
                isinstance(made, str)
                and isinstance(changed, str)
                and not made[:19] <= changed[:19] <= NOW.isoformat()
            ):
                yield f"{one.name}: updated_at {changed} is not between created_at {made} and now"


@pytest.mark.slow
def test_every_field_of_every_list_holds_what_its_name_can_mean() -> None:
    assert [text for one in endpoints() for text in _wrong(one)][:40] == []


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("time_hour", 23, 48),
        ("women_hours", "7.5", "94653.00"),
        ("end_minute", 0, 60),
        ("percent_complete", "100.00", "101"),
        ("first_name", "Zoë", "Riser 4"),
        ("tz_name", "Asia/Riyadh", None),
        ("contact_email", "anything", None),
        ("due_date", "2026-07-01", "1999-01-01"),
    ],
)
def test_the_rules_tell_what_can_be_from_what_cannot(key: str, good: Any, bad: Any) -> None:
    rules = _rules_of(key)
    assert all(rule(good) for rule in rules)
    assert bad is None or not all(rule(bad) for rule in rules)
