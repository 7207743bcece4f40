"""Working days and office hours of a project: week-ends and holidays by country, times by time zone.

In: a country's code and an IANA time zone. Out: `SiteCalendar`. Days are days of the project's own place, times are UTC and
never later than the last office hour before the demo's now.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from procore_nb.demo.company import NOW, read_facts

OPENS, CLOSES = 7, 18  # local hours
_DAY = timedelta(days=1)


@dataclass(frozen=True, eq=False)
class SiteCalendar:
    """When people work at one place; `weekend` as Python numbers week-days (Monday is 0), `latest` is UTC."""

    country: str
    zone: ZoneInfo
    weekend: frozenset[int]
    latest: datetime

    def works_on(self, day: date) -> bool:
        return day.weekday() not in self.weekend and day not in _holidays(self.country, day.year)

    def short(self, day: date) -> bool:
        """Whether most of the people are off, holiday or not."""
        return day.isoformat()[5:] in read_facts("calendars")["short"]

    def overtime(self, day: date) -> bool:
        """Saturday, if it is no holiday: on some sites people work."""
        return day.weekday() == 5 and day not in _holidays(self.country, day.year)

    def workday(self, day: date) -> date:
        while not self.works_on(day):
            day -= _DAY
        return day

    def next_workday(self, day: date) -> date:
        while not self.works_on(day):
            day += _DAY
        return day

    def planned(self, day: date, hour: int, minute: int = 0) -> datetime:
        """A local time of a day, which may lie ahead."""
        return datetime.combine(day, time(hour, minute), self.zone).astimezone(UTC)

    def at(self, day: date, hour: int, minute: int = 0) -> datetime:
        """A local time of a day, not later than now."""
        return self.by_now(self.planned(day, hour, minute))

    def entered(self, day: date, number: int) -> datetime:
        """When record `number` was entered on a day, or on the last working day before it."""
        minute = number * 317 % 541
        return self.at(self.workday(day), 8 + minute // 60, minute % 60)

    def noon(self, day: date) -> datetime:
        return self.at(day, 12)

    def time_on(self, day: date, draw: random.Random) -> datetime:
        """Some office hour of a day, or of the last working day before it."""
        return self.at(self.workday(day), draw.randrange(OPENS, CLOSES), draw.randrange(60))

    def by_now(self, moment: datetime) -> datetime:
        """The moment, or the last office hour so far if that is earlier."""
        return min(moment, self.latest)

    def day_of(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def due(self, moment: datetime, days: int) -> date:
        """Working day by which an answer is due that many days after a moment."""
        return self.workday(self.day_of(moment) + timedelta(days=days))

    def office(self, moment: datetime) -> datetime:
        """The moment if somebody is in the office, else some time soon after the office opens again."""
        local = moment.astimezone(self.zone)
        day, hour = local.date(), local.hour
        if OPENS <= hour < CLOSES and self.works_on(day):
            return moment
        day = self.next_workday(day if hour < OPENS else day + _DAY)
        soon = time(OPENS + local.minute % 3, 59 - local.minute)
        return datetime.combine(day, soon, self.zone).astimezone(UTC)

    def after(self, moment: datetime, days: float) -> datetime:
        """Office hour some days after another, not later than now."""
        return max(moment, self.by_now(self.office(moment + timedelta(days=days))))


@lru_cache(maxsize=256)
def site_calendar(country: str, zone: str) -> SiteCalendar:
    weekend = frozenset(read_facts("calendars")["countries"][country]["weekend"])
    calendar = SiteCalendar(country, ZoneInfo(zone), weekend, NOW)
    local = (NOW - timedelta(minutes=10)).astimezone(calendar.zone)
    day, clock = local.date(), local.time()
    if not time(OPENS) <= clock < time(CLOSES):
        day, clock = day - _DAY * (clock < time(OPENS)), time(CLOSES - 1, 50)
    latest = datetime.combine(calendar.workday(day), clock, calendar.zone).astimezone(UTC)
    return replace(calendar, latest=latest)


@lru_cache(maxsize=512)
def _holidays(country: str, year: int) -> frozenset[date]:
    facts = read_facts("calendars")
    rules = facts["countries"][country]
    days = [date.fromisoformat(f"{year}-{text}") for text in rules["fixed"]]
    days += [_nth(year, *rule) for rule in rules.get("nth", ())]
    offsets = {"easter": rules.get("easter", ()), "eid": range(facts["eid_days"] if rules.get("eid") else 0)}
    for feast, steps in offsets.items():
        days += [date.fromisoformat(text) + _DAY * step for text in facts[feast] for step in steps]
    return frozenset(day for day in days if day.year == year)


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    """The third Monday of a month, or the last one (-1)."""
    days = (date(year, month, 1) + _DAY * step for step in range(31))
    matches = [day for day in days if day.month == month and day.weekday() == weekday]
    return matches[number - 1 if number > 0 else number]
