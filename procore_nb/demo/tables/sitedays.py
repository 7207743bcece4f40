"""Who was on site, day by day: the men and hours of each kind of work, following the plan, the weather and the delays.

In: a context. Out: `SiteDay`s, one for each day of the works so far on which anybody was there. Daily logs, timecards,
productivity and incidents all read them here, so that they agree. The `weather` is made up, yet true to latitude and season.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from procore_nb.demo.tables.claims import contract_value
from procore_nb.demo.tables.plan import WorkPackage, plan_of, works
from procore_nb.demo.tables.registry import RequestContext, per_project

# By index: the last day that two projects under way logged, though their work goes on.
STOPPED = {57: date(2026, 6, 3), 112: date(2026, 5, 29)}
_TURN = date(2026, 6, 8)  # the Monday since which some sites have many more or far fewer people than planned
_TURNS = (1.0, 1.0, 1.0, 1.0, 1.0, 1.6, 0.55)
_KEPT_DAYS = 240
OUTSIDE = frozenset((1, 2, 3, 4, 5, 7, 8, 16, 17))
_MOST_CREWS = 5
_CENTS_PER_DAY = 150_000  # of contract value for one man's day, wages and all


@dataclass(frozen=True, slots=True)
class Crew:
    """The men at one kind of work on one day; `code` is the number of its cost code."""

    code: int
    workers: int
    hours: Decimal

    @property
    def man_hours(self) -> Decimal:
        return self.workers * self.hours


@dataclass(frozen=True, slots=True)
class SiteDay:
    """One working day; `first_row` numbers its first crew among those of all days."""

    index: int
    day: date
    weather: Weather
    crews: tuple[Crew, ...]
    first_row: int


def planned_hours(context: RequestContext, code: int) -> int:
    plan = plan_of(context.here)
    return round(_man_days(context) * plan[code].weight / sum(part.weight for part in plan.values()) * 8)


@per_project(keep=400)
def site_days(context: RequestContext) -> tuple[SiteDay, ...]:
    """Working days, and some Saturdays; late works go on at more week-ends."""
    term = works(context)
    if term is None:
        return ()
    main, draw = context.company == context.portfolio.company, context.random("attendance")
    until = min(term.until, STOPPED.get(context.here.index, term.until)) if main else term.until
    turn = draw.choice(_TURNS)
    plan = plan_of(context.here)
    weights = sum(part.weight for part in plan.values())
    found: list[SiteDay] = []
    length, rows, man_days = round((term.planned_end - term.begin).days * 5 / 7), 0, _man_days(context)
    day = term.begin
    while day <= until:
        share = 0.3 if term.calendar.short(day) else 1.0
        if not term.calendar.works_on(day):
            busy = term.calendar.overtime(day) and draw.random() < (0.2 if term.late else 0.06)
            share = 0.4 if busy and share == 1 else 0
        if share:
            men = man_days / length * share * (turn if day >= _TURN else 1)
            seen = weather(context, day)
            crews = _crews(context.random(f"crews:{day}"), plan, term.elapsed(day), men / weights, seen)
            found.append(SiteDay(len(found), day, seen, crews, rows))
            rows += len(crews)
        day += timedelta(days=1)
    return tuple(found)


def logged_days(context: RequestContext) -> tuple[SiteDay, ...]:
    """About the last year of the works. Incidents were recorded from the same day on."""
    return site_days(context)[-_KEPT_DAYS:]


def _man_days(context: RequestContext) -> float:
    return min(contract_value(context) / _CENTS_PER_DAY, 40_000)


def _crews(
    draw: random.Random, plan: dict[int, WorkPackage], elapsed: float, men_a_day: float, seen: Weather
) -> tuple[Crew, ...]:
    """The largest crews. Late works are as well manned as they were planned, only for longer."""
    found = []
    for code, part in plan.items():
        share = (elapsed - part.begin) / (part.end - part.begin)
        if not 0 <= share <= 1:
            continue
        pace = 6 * share * (1 - share) / (part.end - part.begin)
        men = men_a_day * part.weight * pace
        if code == 0:
            men = max(men, 2.0)
        men *= draw.uniform(0.85, 1.15) * (0.4 if seen.stops_work and code in OUTSIDE else 1)
        if round(men) > 0:
            hours = Decimal("5.5") if seen.stops_work and code in OUTSIDE else draw.choice(_HOURS)
            found.append(Crew(code, round(men), hours))
    found.sort(key=lambda crew: (-crew.workers, crew.code))
    return tuple(found[:_MOST_CREWS])


_HOURS = (*3 * (Decimal("8.0"),), Decimal("7.5"), Decimal("9.0"))
_RAINY = {"United States": 0.2, "Canada": 0.22, "British Isles": 0.34, "Gulf": 0.02}
_INLAND = ("United States", "Canada")  # where summer and winter differ most


@dataclass(frozen=True, slots=True)
class Weather:
    """One day: degrees Celsius, millimetres of rain, kilometres an hour of wind."""

    low: int
    high: int
    rain: float
    wind: int

    @property
    def stops_work(self) -> bool:
        """Whether work outside stands still."""
        return self.rain >= 9 or self.wind >= 55

    @property
    def sky(self) -> str:
        if self.rain > 0:
            return "Rain" if self.high > 1 else "Snow"
        return ("Clear", "Partly Cloudy", "Cloudy")[(self.low + self.wind) % 3]


def weather(context: RequestContext, day: date) -> Weather:
    draw, street = context.random(f"weather:{day}"), context.here.street
    season = math.cos((day.timetuple().tm_yday - 200) / 365 * 2 * math.pi)
    if street.latitude < 0:
        season = -season
    far = abs(street.latitude)
    mean = 29 - 0.0075 * far * far + season * (4 + far * 0.18 if street.region in _INLAND else 6)
    high = round(mean + draw.gauss(4, 3))
    wet = draw.random() < _RAINY.get(street.region, 0.2)
    rain = round(draw.expovariate(1 / 6), 1) if wet else 0.0
    wind = round(abs(draw.gauss(14, 12)))
    return Weather(high - draw.randrange(5, 12), high, rain, wind)
