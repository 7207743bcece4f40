"""The whole made-up portfolio: companies, and projects that are made when they are first asked for.

In: how many projects the main company has; `data/streets.json` (true streets of true cities, a few hundred metres from any water, in a
mixed order) and `data/edge_cases.json` (nulls, other scripts, wrong coordinates, huge ids: keyed by index, so that each is there
whatever the size of the portfolio). Out: `Portfolio` and `Project`. What a project is (stage, street, building, value) is drawn from
a generator seeded with its index, so that it is the same every time, whoever asks; its dates are working days and office hours that fit
the stage, seen from the demo's unchanging day. 100,000 projects cost nothing until they are listed; each row is turned into JSON once.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson

from procore_nb.demo import company as lists
from procore_nb.demo.company import COMPANIES, COMPANY_ID, NOW, TODAY, Choice, Company, Stage, read_facts
from procore_nb.demo.site_calendar import SiteCalendar, site_calendar


@dataclass(frozen=True)
class Street:
    """A point on a street (degrees WGS 84), the city around it and the office that builds there; time zones as Rails and as IANA name them."""

    name: str
    latitude: float
    longitude: float
    zip: str | None
    city: str
    state_code: str
    country_code: str
    county: str
    time_zone: str
    tz_name: str
    region: str
    office: str


STREETS = [
    Street(*[*street, city, state, country, county, *zones])
    for country, *zones, cities in read_facts("streets")
    for city, state, county, *points in cities
    for street in points
]
random.Random(20260618).shuffle(STREETS)


def _timing(draw: random.Random, stage: Stage, value: Decimal, calendar: SiteCalendar) -> dict[str, Any]:
    """Dates, progress and delay of a project."""
    days = int(200 + min(float(value) / 120_000, 900) * draw.uniform(0.8, 1.2))
    slip = int(days * draw.uniform(0.04, 0.3)) if draw.random() < 0.35 else 0
    category = stage.category
    progress = 0.0
    if category == "course_of_construction":
        progress = draw.uniform(0.04, 0.96)
        start = TODAY - timedelta(days=int((days + slip) * progress))
    elif category in ("post_construction", "completed"):
        progress = 1.0
        since = draw.randrange(12, 200) if category == "post_construction" else draw.randrange(200, 1500)
        start = TODAY - timedelta(days=days + slip + since)
    else:
        slip = 0
        start = TODAY + timedelta(days=draw.randrange(25, 380))
        if category != "pre_construction":
            start -= timedelta(days=draw.randrange(200, 900))
    start = calendar.next_workday(start)
    finish = calendar.workday(start + timedelta(days=days))
    projected = calendar.workday(finish + timedelta(days=slip))
    begun, done = progress > 0, progress == 1.0
    created = datetime.combine(min(start, TODAY), time(draw.randrange(7, 22), draw.randrange(60)), UTC)
    created -= timedelta(days=draw.randrange(40, 400), seconds=draw.randrange(60))
    created = calendar.office(created)
    dated = begun or draw.random() > 0.25
    first_day = calendar.next_workday(start + timedelta(days=draw.randrange(0, 15))) if begun else start
    updated = NOW - timedelta(minutes=draw.randrange(5, 40_000))
    if quiet_days := {"completed": 90, "not_awarded": 30, "canceled": 30}.get(category):
        updated = min(updated, datetime.combine(projected, time(9, 12), UTC) + timedelta(days=quiet_days))
    updated = max(updated, created + timedelta(hours=1))
    return {
        "start": start if dated else None, "finish": finish if dated else None,
        "projected": projected if dated else None,
        "actual_start": calendar.workday(min(first_day, TODAY)) if begun else None,
        "actual_finish": projected if done else None, "slip_days": (projected - finish).days,
        "progress": round(progress, 4), "created_at": created,
        "updated_at": calendar.by_now(calendar.office(updated)),
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Project:
    """One project with everything the lists below it may want to know.

    `building` is what is built, `currency` the ISO code of its money (None: not stated), worth 1 / `rate` US dollars.
    `start` and `finish` are the planned dates, `projected` the finish expected today, `slip_days` the days between the
    two; `progress` is the share of the work done today, 0 to 1. Of a project without `permitted` its rows in lists are
    all there is to see; `tools_off` names tools that were switched off; one that is `bare` was only just set up, and
    holds no record at all.
    """

    index: int
    id: int
    company: Company
    name: str
    number: str | None
    stage: Stage
    active: bool
    type: Choice | None
    building: str
    currency: str | None
    rate: float
    street: Street
    address: str | None
    latitude: float | None
    longitude: float | None
    start: date | None
    finish: date | None
    projected: date | None
    actual_start: date | None
    actual_finish: date | None
    slip_days: int
    progress: float
    estimated_value: Decimal | None
    total_value: Decimal | None
    square_feet: int | None
    program: Choice | None
    office: Choice | None
    region: Choice | None
    owner_type: Choice | None
    bid_type: Choice | None
    departments: tuple[Choice, ...]
    custom_fields: dict[str, dict[str, Any]]
    flag: str | None
    phone: str
    origin_id: str | None
    created_at: datetime
    updated_at: datetime
    permitted: bool = True
    bare: bool = False
    tools_off: frozenset[str] = frozenset()

    def random(self, salt: str) -> random.Random:
        """The same for the same project and salt."""
        return random.Random(f"{self.id}:{salt}")

    @property
    def calendar(self) -> SiteCalendar:
        return site_calendar(self.street.country_code, self.street.tz_name)

    @property
    def usd_millions(self) -> float:
        """Value in millions of US dollars at a fixed rate, for sizes of lists; 20 where it is not known."""
        known = self.total_value or self.estimated_value
        return 20.0 if known is None else float(known) / self.rate / 1e6

    @property
    def display_name(self) -> str:
        return f"{self.number} - {self.name}" if self.number else self.name


# Stages by index that chance would have dealt otherwise: there is work under way in Riyadh, Doha and Muscat too.
_DEALT = {63: 1, 115: 1, 121: 1, 122: 3, 125: 4, 133: 0}


def _stage(index: int) -> Stage:
    if index in _DEALT:
        return lists.STAGES[_DEALT[index]]
    share = (index * 61_803_399 % 100_000_000) / 1_000_000
    for stage in lists.STAGES:
        share -= stage.weight
        if share < 0:
            return stage
    return lists.STAGES[-1]


def _active(index: int) -> bool:
    category = _stage(index).category
    if category in ("not_awarded", "canceled"):
        return False
    return index % 3 == 0 if category == "completed" else index % 29 != 11


def _drawn(company: Company, index: int, project_id: int) -> Project:
    # The order of the draws is part of the data: one more in between makes every later value of a project another.
    draw = random.Random(company.id * 1_000_003 + index)
    stage, street = _stage(index), STREETS[index % len(STREETS)]
    type_index, noun, low, high, cost, _weights = draw.choice(read_facts("money")["buildings"])
    currency, rate = read_facts("money")["currencies"][street.country_code]
    area = int(low + (high - low) * draw.random() ** 2)
    value = Decimal(int(area * cost * draw.uniform(0.8, 1.3)) // 5_000 * 5_000)
    phase = "" if index < len(STREETS) else f" – Phase {1 + index // len(STREETS)}"
    timing = _timing(draw, stage, value, site_calendar(street.country_code, street.tz_name))
    value = Decimal(int(float(value) * rate)) // 5_000 * 5_000
    known = draw.random() > 0.06
    cents = Decimal(draw.randrange(0, 100)) / 100 if draw.random() < 0.2 else Decimal("0.0")
    latitude = round(street.latitude + draw.uniform(-0.0025, 0.0025), 6)
    longitude = round(street.longitude + draw.uniform(-0.003, 0.003), 6)
    return Project(
        index=index, id=project_id, company=company, name=f"{street.name} {noun}{phase}",
        number=None if draw.random() < 0.04 else f"{company.prefix}-{1001 + index}", stage=stage,
        active=_active(index), type=lists.TYPES[type_index] if known else None, building=noun,
        currency=currency, rate=rate, street=street, address=f"{draw.randrange(2, 480)} {street.name}",
        latitude=latitude, longitude=longitude, **timing, estimated_value=value + cents if known else None,
        total_value=_total(draw, stage, value, cents) if known else None,
        square_feet=round(area * 10.7639) if draw.random() > 0.1 else None,
        program=draw.choice(lists.PROGRAMS) if draw.random() < 0.4 else None,
        office=next(office for office in lists.OFFICES if office.name == street.office),
        region=next(region for region in lists.REGIONS if region.name == street.region),
        owner_type=draw.choice(lists.OWNER_TYPES) if draw.random() < 0.8 else None,
        bid_type=draw.choice(lists.BID_TYPES) if draw.random() < 0.8 else None,
        departments=tuple(
            sorted(draw.sample(lists.DEPARTMENTS, draw.choice((0, 1, 1, 1, 2))), key=lambda d: d.id)
        ),
        custom_fields=_custom_fields(draw, lists.TYPES[type_index].name, area),
        flag=_flag(draw, stage, timing["slip_days"]), phone=_phone(draw, street.country_code),
        origin_id=f"ERP-{draw.randrange(1000, 9999)}" if draw.random() < 0.3 else None,
    )  # fmt: skip


def _total(draw: random.Random, stage: Stage, value: Decimal, cents: Decimal) -> Decimal:
    steady = stage.category == "pre_construction"
    growth = Decimal(1) if steady else Decimal(round(draw.uniform(0.98, 1.12), 3))
    return (value * growth).quantize(Decimal(1)) + cents


def _flag(draw: random.Random, stage: Stage, slip_days: int) -> str | None:
    if stage.category != "course_of_construction":
        return None
    return "Red" if slip_days > 90 else "Yellow" if slip_days else draw.choice(("Green", "Green", None))


def _phone(draw: random.Random, country_code: str) -> str:
    """From a range kept for fiction, or none."""
    if draw.random() < 0.55:
        return ""
    fictional = {"GB": "+44 20 7946 0", "AU": "+61 2 5550 0"}
    return f"{fictional.get(country_code, '+1 555-0')}{draw.randrange(100, 200)}"


def _custom_fields(draw: random.Random, sector: str, area: int) -> dict[str, dict[str, Any]]:
    owners = ("Ltd", "Trust", "Council", "Partners", "Authority")
    values: dict[str, Callable[[lists.CustomField], Any]] = {
        "decimal": lambda _field: round(area * draw.uniform(0.8, 3.0) / 10_000, 2),
        "boolean": lambda _field: draw.random() < 0.15,
        "datetime": lambda _field: (
            f"{TODAY - timedelta(days=draw.randrange(30, 1500))}T{draw.randrange(8, 18):02}:00:00Z"
        ),
        "lov_entry": lambda field: draw.choice(field.choices).shown,
        "lov_entries": lambda field: [
            choice.shown for choice in draw.sample(field.choices, draw.randrange(0, 3))
        ],
        "string": lambda field: (
            f"{sector} {draw.choice(owners)}" if field.id == 71001 else f"Minute {draw.randrange(10, 400)}"
        ),
    }
    fields = {}
    for field in lists.CUSTOM_FIELDS:
        absent: list[Any] | None = [] if field.data_type == "lov_entries" else None
        value = values[field.data_type](field) if draw.random() < 0.8 else absent
        fields[f"custom_field_{field.id}"] = {"data_type": field.data_type, "value": value}
    return fields


_ID_STEP = 37
# 2**53 and its neighbours: as floats the first two are the same number.
ODD_IDS = {21: 9_007_199_254_740_992, 34: 9_007_199_254_740_993, 55: 9_223_372_036_854_775_806}
ODD_IDS |= {index: 562_949_953_510_000 + index for index in range(8, 160, 12) if index not in ODD_IDS}
_ODD_INDICES = {project_id: index for index, project_id in ODD_IDS.items()}

_EDGE_CASES = read_facts("edge_cases")
_FIRST_IN_CITY = {
    next(index for index, street in enumerate(STREETS) if street.city == city): name
    for city, name in _EDGE_CASES["names_by_city"].items()
}
_READ: dict[str, Callable[[Any], Any]] = {"actual_start": date.fromisoformat, "tools_off": frozenset}


def _make(company: Company, index: int) -> Project:
    usual_id = company.first_project_id + index * _ID_STEP
    if company.id != COMPANY_ID:
        return _drawn(company, index, usual_id)
    project = _drawn(company, index, ODD_IDS.get(index, usual_id))
    changes: dict[str, Any] = {}
    if index in _FIRST_IN_CITY:
        changes["name"] = _FIRST_IN_CITY[index]
    if index in _EDGE_CASES["swapped"]:
        changes |= {"latitude": project.longitude, "longitude": project.latitude}
    for key, value in _EDGE_CASES["projects"].get(str(index), {}).items():
        changes[key] = _READ[key](value) if key in _READ else value
    return replace(project, **changes) if changes else project


class Portfolio:
    """Made-up companies and projects, the same every time; `projects` is the number of the main company's.

    The oddities (missing coordinates, ids past 2**53, other scripts, a project without permission) are among the first 172.

    Examples
    --------
    >>> portfolio = Portfolio()
    >>> len(portfolio.projects(portfolio.company))
    172
    """

    companies = COMPANIES  # those the service account sees; the app is not connected to all of them
    company = COMPANIES[0]  # the main one
    project = staticmethod(lru_cache(maxsize=8192)(_make))  # by company and index

    def __init__(self, projects: int | None = None) -> None:
        self._sizes = {company.id: company.projects for company in COMPANIES}
        if projects is not None:
            self._sizes[COMPANY_ID] = projects
        self._rows: dict[tuple[str, int, int], bytes] = {}

    def company_of(self, company_id: int) -> Company | None:
        """Company with an id, or None."""
        return next((company for company in COMPANIES if company.id == company_id), None)

    def size(self, company: Company) -> int:
        """Number of projects of a company."""
        return self._sizes[company.id]

    def projects(self, company: Company) -> list[Project]:
        """All projects of a company, in the order of their index."""
        return [self.project(company, index) for index in range(self.size(company))]

    def find(self, company: Company, project_id: int) -> Project | None:
        """Project by its id, or None if the company has none of that id."""
        index = _ODD_INDICES.get(project_id, (project_id - company.first_project_id) // _ID_STEP)
        if not 0 <= index < self.size(company):
            return None
        project = self.project(company, index)
        return project if project.id == project_id else None

    def by_activity(self, company: Company, *, active: bool) -> list[int]:
        """Indices of the active, or of the inactive projects, without making them."""
        return _by_activity(self.size(company), active)

    def row_bytes(self, shape: str, company: Company, index: int, write: Callable[[Project], Any]) -> bytes:
        """Row of a project as JSON, written once for each shape."""
        key = (shape, company.id, index)
        if key not in self._rows:
            self._rows[key] = orjson.dumps(write(_make(company, index)))
        return self._rows[key]


@lru_cache(maxsize=16)
def _by_activity(size: int, active: bool) -> list[int]:
    return [index for index in range(size) if _active(index) == active]


@lru_cache(maxsize=1)
def usual_portfolio() -> Portfolio:
    """The portfolio of every demo that is not given one: it never changes, so its rows are made once in a process."""
    return Portfolio()
