"""Who was on site, day by day (following the plan, the weather and the delays), the daily logs that say so, and the hours of the
builder's own people (timecards, timesheets, tickets for time and material) with what they achieved.

In: a context. Out: `SiteDay`s, one for each day of the works so far on which anybody was there. Logs, timecards, productivity
and incidents all read them here, so that they agree. The `weather` is made up, yet true to latitude and season.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from procore_nb.demo.company import TODAY
from procore_nb.demo.projectlists import moment
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.claims import claims, contract_value
from procore_nb.demo.tables.directory import WorkPackage
from procore_nb.demo.tables.plan import Works, once_begun, plan_of, topics_of, works
from procore_nb.demo.tables.registry import RequestContext, Row, Rows, per_project, table
from procore_nb.demo.tables.templates import fixed_entry, names_of, render

# By index: the last day that two projects under way logged, though their work goes on.
STOPPED = {57: date(2026, 6, 3), 112: date(2026, 5, 29)}
_TURN = date(2026, 6, 8)  # the Monday since which some sites have many more or far fewer people than planned
_TURNS = (1.0, 1.0, 1.0, 1.0, 1.0, 1.6, 0.55)
_KEPT_DAYS = 240
OUTSIDE = frozenset((1, 2, 3, 4, 5, 7, 8, 16, 17))
_MOST_CREWS = 5
_CENTS_PER_DAY = 150_000  # of contract value for one man's day, wages and all
_HOURS = (*3 * (Decimal("8.0"),), Decimal("7.5"), Decimal("9.0"))
_RAINY = {"United States": 0.2, "Canada": 0.22, "British Isles": 0.34, "Gulf": 0.02}
_INLAND = ("United States", "Canada")  # where summer and winter differ most


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


@dataclass(frozen=True, slots=True)
class SiteDay:
    """One working day; `first_row` numbers its first crew among those of all days."""

    index: int
    day: date
    weather: Weather
    crews: tuple[Crew, ...]
    first_row: int

    @property
    def workers(self) -> int:
        return sum(crew.workers for crew in self.crews)


def planned_hours(context: RequestContext, code: int) -> int:
    plan = plan_of(context.project)
    return round(_man_days(context) * plan[code].weight / sum(part.weight for part in plan.values()) * 8)


@per_project
@once_begun
def site_days(context: RequestContext, term: Works) -> Iterator[SiteDay]:
    """Working days, and some Saturdays; late works go on at more week-ends."""
    draw, plan, until = context.random("attendance"), plan_of(context.project), term.until
    if context.company == context.portfolio.company:
        until = min(until, STOPPED.get(context.project.index, until))
    turn = draw.choice(_TURNS)
    weights = sum(part.weight for part in plan.values())
    length, man_days = round((term.planned_end - term.begin).days * 5 / 7), _man_days(context)
    index = rows = 0
    for day in (term.begin + timedelta(days=n) for n in range((until - term.begin).days + 1)):
        share = 0.3 if term.calendar.short(day) else 1.0
        if not term.calendar.works_on(day):
            busy = term.calendar.overtime(day) and draw.random() < (0.2 if term.late else 0.06)
            share = 0.4 if busy and share == 1 else 0
        if share:
            men = man_days / length * share * (turn if day >= _TURN else 1)
            seen = weather(context, day)
            crews = _crews(context.random(f"crews:{day}"), plan, term.elapsed(day), men / weights, seen)
            yield SiteDay(index, day, seen, crews, rows)
            index, rows = index + 1, rows + len(crews)


def logged_days(context: RequestContext) -> tuple[SiteDay, ...]:
    """About the last year of the works. Incidents were recorded from the same day on."""
    return site_days(context)[-_KEPT_DAYS:]


def _man_days(context: RequestContext) -> float:
    return min(contract_value(context) / _CENTS_PER_DAY, 40_000)


def _crews(
    draw: random.Random, plan: dict[int, WorkPackage], elapsed: float, men_a_day: float, seen: Weather
) -> tuple[Crew, ...]:
    """The largest crews. Late works are as well manned as they were planned, only for longer."""
    crews = []
    for code, part in plan.items():
        share = (elapsed - part.begin) / (part.end - part.begin)
        if not 0 <= share <= 1:
            continue
        # A parabola with an area of one: few men at the beginning and the end, all the planned days in between.
        pace, stopped = 6 * share * (1 - share) / (part.end - part.begin), seen.stops_work and code in OUTSIDE
        men = men_a_day * part.weight * pace
        if code == 0:
            men = max(men, 2.0)
        men *= draw.uniform(0.85, 1.15) * (0.4 if stopped else 1)
        if round(men) > 0:
            crews.append(Crew(code, round(men), Decimal("5.5") if stopped else draw.choice(_HOURS)))
    crews.sort(key=lambda crew: (-crew.workers, crew.code))
    return tuple(crews[:_MOST_CREWS])


def weather(context: RequestContext, day: date) -> Weather:
    draw, street = context.random(f"weather:{day}"), context.project.street
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


_REPORTED, _MACHINES = 12, 4  # days; kinds of machines
_WORK_OF = ({1, 16, 17}, {16}, {2, 3, 5, 8}, {8, 12, 14})  # each kind of machine: cost codes
_PERMISSIONS = {"can_update": True, "can_delete": False}


@table("daily_logs_manpower")
def manpower(context: RequestContext) -> Rows:
    """A few of the last days wait for approval and are shown only if asked for."""
    codes = [code.ref for code in directory.cost_codes(context)]
    firms = [directory.firm_for(context, code) for code in range(len(codes))]
    places, topics = directory.places(context), topics_of(context.project)
    first = context.id("manpower_log", 0)
    for day in logged_days(context):
        fresh, entered = 0 < (TODAY - day.day).days < 4, _entered(context, day)
        for position, crew in enumerate(day.crews):
            row = day.first_row + position
            pending, firm = fresh and row % 3 == 0, firms[crew.code]
            subject = topics[(crew.code * 2 + day.index) % len(topics)].subject
            # No template: there are a hundred thousand of these.
            yield {
                **entered, "position": position + 1, "id": first + row, "num_workers": crew.workers,
                "status": "pending" if pending else "approved", "_pending": pending,
                "num_hours": crew.hours, "man_hours": crew.man_hours, "vendor": firm.ref,
                "notes": f"{subject}: waiting for an answer." if row % 12 == 5 else None,
                "trade": firm.trade_row, "cost_code": codes[crew.code] if row % 17 else None,
                "location": places[(row * 3 + crew.code) % len(places)] if row % 10 else None,
            }  # fmt: skip


@table("daily_logs_construction_report")
def construction_report(context: RequestContext) -> Rows:
    """The men of the last days by what they are; heads and hours are those of the manpower log."""
    for day in logged_days(context)[-_REPORTED:]:
        for position, crew in enumerate(day.crews):
            firm, men = directory.firm_for(context, crew.code), crew.workers
            heads = {"foreman": int(men > 3), "apprentice": men // 5}
            heads["other"] = men // 4 if crew.code in OUTSIDE else 0
            heads["journeyman"] = men - sum(heads.values())
            among = {"women": men // 9, "minority": men // 3, "veteran": men // 12}
            among |= {"first_year": men // 5 // 2, "local_city": men // 4, "local_county": men // 2}
            yield {
                **_entered(context, day), "id": context.id("construction_report", day.first_row + position),
                "position": position + 1, "status": "approved", "vendor": firm.ref, "trade": firm.trade_row,
                **{f"number_of_{kind}_workers": count for kind, count in heads.items()},
                **{f"{kind}_hours": count * crew.hours for kind, count in (heads | among).items()},
            }  # fmt: skip


@table("daily_logs_weather", "daily_logs_weather_v1_0")
def weather_logs(context: RequestContext) -> Rows:
    for day in logged_days(context):
        seen, stopped = day.weather, day.weather.stops_work
        yield _entered(context, day) | render(
            "weather_log", context, day=day, average=(seen.low + seen.high) // 2,
            time=context.calendar.at(day.day, 7), ground="Wet" if seen.rain else "Dry",
            calamity="Flooding" if seen.rain > 28 else None,
            comments="Work outside stopped." if stopped else None, delayed="Yes" if stopped else "No",
        )  # fmt: skip


@table("daily_logs_notes")
def notes(context: RequestContext) -> Rows:
    """One project has a note that looks like a formula."""
    topics, project = topics_of(context.project), context.project
    for day in logged_days(context):
        seen = day.weather
        if (day.index * 7 + project.index) % 3 and not seen.stops_work:
            continue
        text = f"{day.workers} on site. {topics[day.index % len(topics)].subject} discussed with the foreman."
        if seen.stops_work:
            text = f"Work outside stopped: {seen.rain} mm of rain, wind {seen.wind} km/h."
        if day.index == 12 and project.index % 19 == 4:
            text = "=HYPERLINK(B4) was typed by the foreman"
        place = directory.place(context, day.index) if day.index % 4 else None
        yield _entered(context, day) | render("notes_log", context, day=day, text=text, place=place)


@table("daily_logs_delay")
def delays(context: RequestContext) -> Rows:
    term, (bad, *kinds) = works(context), names_of("delay_log_types")
    for day in logged_days(context):
        draw, stopped = context.random(f"delay:{day.day}"), day.weather.stops_work
        if draw.random() < (0.1 if term and term.late else 0.025) or stopped:
            kind = bad if stopped else draw.choice(kinds)
            hours, start = draw.randrange(2, 7), draw.randrange(7, 11)
            firm = directory.firm_for(context, day.crews[0].code if day.crews else 0)
            yield _entered(context, day) | render(
                "delay_log", context, day=day, kind=kind, hours=hours, start=start, end=start + hours,
                firm=firm, place=directory.place(context, day.index),
            )  # fmt: skip


@table("daily_logs_equipment")
def equipment_logs(context: RequestContext) -> Rows:
    codes, project_id = directory.cost_codes(context), context.project.id
    entries = [fixed_entry(context, "equipment_admin", number) for number in range(_MACHINES)]
    machines = [{**entry, "project_id": project_id, "position": n} for n, entry in enumerate(entries, 1)]
    firms = {code: directory.firm_for(context, code) for code in (5, 16)}
    for day in logged_days(context):
        at_work, stopped = {crew.code for crew in day.crews}, day.weather.stops_work
        for number in (number for number, work in enumerate(_WORK_OF) if at_work & work):
            draw, code = context.random(f"machine:{day.day}:{number}"), 16 if number < 2 else 5
            idle = draw.choice((0, 1, 2)) + (3 if stopped else 0)
            yield _entered(context, day) | render(
                "equipment_log", context, n=number + 1, number=day.index * _MACHINES + number, idle=idle,
                operating=8 - idle, inspected=draw.random() < 0.8, machine=machines[number], code=codes[code],
                notes="Stood still: weather." if stopped else None, firm=firms[code],
                place=directory.place(context, 0),
            )  # fmt: skip


@table("daily_log_headers")
def headers(context: RequestContext) -> Rows:
    """Late projects forget to complete their logs more often."""
    term, keeper = works(context), directory.office(context)[1]
    for day in logged_days(context):
        forgotten = context.random(f"header:{day.day}").random() < (0.15 if term and term.late else 0.04)
        done = not forgotten and day.day < TODAY
        yield render(
            "log_header", context, day=day, done=done, open=not done, noon=context.calendar.noon(day.day),
            closed=context.calendar.at(day.day, 17, 35) if done else None,
            author=keeper.ref if done else None,
        )  # fmt: skip


def _entered(context: RequestContext, day: SiteDay) -> Row:
    """What every entry says; in plain text, as there are very many."""
    calendar = context.calendar
    entered = moment(calendar.at(day.day, 15 + day.index % 3, day.index * 7 % 60))
    return {
        "date": day.day.isoformat(), "datetime": moment(calendar.noon(day.day)), "position": 1,
        "created_at": entered, "updated_at": entered,
        "created_by": directory.office(context)[day.index % 3].ref, "permissions": _PERMISSIONS,
    }  # fmt: skip


_SHOWN_DAYS, _PER_DAY = 40, 8  # of timecards; entries of one day, in the numbers of their ids
_MOST_PROJECTS = (
    400  # a made-up portfolio may have 100,000: whoever asks for so many hours asks project by project
)
_OWN_CODES = (0, 2)  # work done by the builder's own people
_UNITS = {2: "m3", 3: "m2", 4: "m2", 5: "t", 7: "m2", 8: "m2", 9: "m2", 10: "m2", 16: "m3", 17: "m2"}


@table("timecard_entries", "timecard_entries_by_query")
def timecard_entries(context: RequestContext) -> Rows:
    for day in site_days(context)[-_SHOWN_DAYS:]:
        yield from _entries(context, day)


@table("company_timecard_entries")
def company_timecard_entries(context: RequestContext) -> Rows:
    for inside in context.projects(_MOST_PROJECTS):
        project = {"id": inside.project.id, "name": inside.project.name}
        yield from ({**row, "project": project, "in_progress": False} for row in timecard_entries(inside))


@table("timesheets")
def timesheets(context: RequestContext) -> Rows:
    for day in site_days(context)[-_SHOWN_DAYS:]:
        yield {**_sheet(context, day), "timecard_entries": list(_entries(context, day))}


def _entries(context: RequestContext, day: SiteDay) -> Rows:
    """Up to five people; an hour of overtime now and then."""
    codes = [crew.code for crew in day.crews if crew.code in _OWN_CODES] or [0]
    types = [fixed_entry(context, "timecard_time_types", number) for number in (0, 1)]
    sheet, first = _sheet(context, day), context.id("timecard_entry", day.index % 1_200 * _PER_DAY)
    status, times = sheet["status"], {key: sheet[key] for key in ("created_at", "updated_at")}
    for number in range(len(directory.office(context)[:5])):
        if (day.index + number * 5) % 11 == 0:
            continue
        late = (day.index + number) % 9 == 0
        hours = Decimal("5.5") if day.weather.stops_work else Decimal("10.0") if late else Decimal("8.0")
        yield {
            **_timecards(context)[number, codes[number % len(codes)]], "date": day.day, **times,
            "datetime": context.calendar.noon(day.day), "id": first + number, "hours": hours,
            "timesheet": sheet, "timecard_time_type": types[late], "timesheet_status": status,
            "approval_status": status,
        }  # fmt: skip


@per_project
def _timecards(context: RequestContext) -> dict[tuple[int, int], Row]:
    """What the entries of a person (by number) at a cost code say every day."""
    place, codes = directory.place(context, 0), directory.cost_codes(context)
    rows = {}
    for number, person in enumerate(directory.office(context)[:5]):
        for code in _OWN_CODES:
            values = {"person": person, "billable": code != 0, "code": codes[code], "place": place}
            rows[number, code] = render("timecard", context, **values)
    return rows


def _sheet(context: RequestContext, day: SiteDay) -> Row:
    entered = context.calendar.at(day.day, 16, day.index * 7 % 60)
    status = "approved" if (TODAY - day.day).days > 7 else "pending"
    return render("timesheet", context, day=day, n=day.index + 1, status=status, entered=entered)


@table("time_and_material_entries")
def time_and_material_entries(context: RequestContext) -> Rows:
    asked = (claim for claim in claims(context) if claim.question is not None and claim.status != "void")
    for number, claim in enumerate(asked):
        yield render(
            "time_and_material", context, claim=claim, number=number, n=number + 1,
            worked=context.calendar.day_of(claim.created), place=directory.place(context, number)["id"],
            updated=claim.decided or claim.created, status=2 if claim.decided else 1,
            author=directory.office(context)[number % 3],
        )  # fmt: skip


@table("field_production_report")
@once_begun
def field_production_report(context: RequestContext, term: Works) -> Rows:
    """Hours spent are those of the manpower log."""
    plan = plan_of(context.project)
    spent = dict.fromkeys(plan, Decimal(0))
    for crew in (crew for day in site_days(context) for crew in day.crews):
        spent[crew.code] += crew.man_hours
    for code, part in plan.items():
        done, actual = part.done(term.elapsed(term.until)), float(spent[code])
        hours = planned_hours(context, code)
        quantity = hours * 3 // 4 + 10 if code in _UNITS else None
        if actual:
            built = quantity and round(quantity * done)
            yield render(
                "production", context, code=directory.cost_codes(context)[code], hours=hours, actual=actual,
                unit=_UNITS.get(code), quantity=quantity, built=built, done=done * 100,
                remaining=max(0.0, hours - actual), earned=round(hours * done, 2),
                projected=round(actual / done, 2) if done > 0.02 else hours,
                utilization=f"{actual / hours * 100:.2f}" if hours else None,
                left=quantity - built if quantity and built is not None else None,
                planned_rate=round(quantity / hours, 4) if quantity and hours else None,
                rate=None if built is None else round(built / actual, 4),
            )  # fmt: skip
