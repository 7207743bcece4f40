"""Daily logs: manpower, weather, notes, delays, equipment, and whether each day's log was completed."""

from __future__ import annotations

from procore_nb.demo.company import TODAY
from procore_nb.demo.projectlists import moment
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.plan import Topic, topics_of, works
from procore_nb.demo.tables.registry import RequestContext, Row, Rows, table
from procore_nb.demo.tables.row_forms import fixed, names_of, written
from procore_nb.demo.tables.sitedays import OUTSIDE, SiteDay, logged_days

HEADER = "daily_log_header"
_REPORTED, _MACHINES = 12, 4  # days; kinds of machines
_MAY = {"can_update": True, "can_delete": False}


@table("daily_logs_manpower")
def manpower(context: RequestContext) -> Rows:
    """A few of the last days wait for approval and are shown only if asked for."""
    codes = [code.ref for code in directory.cost_codes(context)]
    trades = {one.id: {**one.ref, "active": True} for one in directory.trades()}
    firms = [directory.firm_for(context, code) for code in range(len(codes))]
    places, topics = directory.places(context), topics_of(context.here)
    shown, first = [firm.ref for firm in firms], context.id("manpower_log", 0)
    for one in logged_days(context):
        fresh, entered = 0 < (TODAY - one.day).days < 4, _entered(context, one)
        for position, crew in enumerate(one.crews):
            row = one.first_row + position
            waiting = fresh and row % 3 == 0
            yield {
                **entered, "position": position + 1, "id": first + row,
                "status": "pending" if waiting else "approved", "num_workers": crew.workers,
                "num_hours": crew.hours, "man_hours": crew.man_hours,
                "notes": _remark(topics, one, crew.code) if row % 12 == 5 else None,
                "vendor": shown[crew.code], "cost_code": codes[crew.code] if row % 17 else None,
                "trade": trades[firms[crew.code].trade_id],
                "location": places[(row * 3 + crew.code) % len(places)] if row % 10 else None,
                "_pending": waiting,
            }  # fmt: skip


@table("daily_logs_construction_report")
def construction_report(context: RequestContext) -> Rows:
    """The men of the last days by what they are; heads and hours are those of the manpower log."""
    for one in logged_days(context)[-_REPORTED:]:
        for position, crew in enumerate(one.crews):
            firm, men = directory.firm_for(context, crew.code), crew.workers
            foremen, apprentices = int(men > 3), men // 5
            others = men // 4 if crew.code in OUTSIDE else 0
            heads = {"foreman": foremen, "apprentice": apprentices, "other": others}
            heads["journeyman"] = men - sum(heads.values())
            share = {
                "women": men // 9,
                "minority": men // 3,
                "veteran": men // 12,
                "first_year": apprentices // 2,
            }
            share |= {"local_city": men // 4, "local_county": men // 2}
            yield {
                **_entered(context, one), "id": context.id("construction_report", one.first_row + position),
                "position": position + 1, "status": "approved", "vendor": firm.ref,
                "trade": {"id": firm.trade_id, "name": firm.trade, "active": True},
                **{f"number_of_{kind}_workers": count for kind, count in heads.items()},
                **{f"{kind}_hours": count * crew.hours for kind, count in (heads | share).items()},
            }  # fmt: skip


@table("daily_logs_weather", "daily_logs_weather_v1_0")
def weather_logs(context: RequestContext) -> Rows:
    for one in logged_days(context):
        seen = one.weather
        yield {
            **_entered(context, one),
            **written("weather_log", context, one=one),
            "average": f"{(seen.low + seen.high) // 2} °C",
            "ground": "Wet" if seen.rain else "Dry",
            "calamity": "Flooding" if seen.rain > 28 else None,
            "time": context.calendar.at(one.day, 7),
            **({"comments": "Work outside stopped.", "is_weather_delay": "Yes"} if seen.stops_work else {}),
        }


@table("daily_logs_notes")
def notes(context: RequestContext) -> Rows:
    """One project has a note that looks like a formula."""
    for one in logged_days(context):
        if (one.index * 7 + context.here.index) % 3 and not one.weather.stops_work:
            continue
        text = _note(topics_of(context.here), one)
        if one.index == 12 and context.here.index % 19 == 4:
            text = "=HYPERLINK(B4) was typed by the foreman"
        yield {
            **_entered(context, one), "id": context.id("notes_log", one.index), "comment": text,
            "daily_log_header_id": context.id(HEADER, one.index), "is_issue_day": one.weather.stops_work,
            "status": "approved",
            "location": directory.place(context, one.index) if one.index % 4 else None,
            "created_by_collaborator": False,
        }  # fmt: skip


@table("daily_logs_delay")
def delays(context: RequestContext) -> Rows:
    term = works(context)
    for one in logged_days(context):
        draw = context.random(f"delay:{one.day}")
        other = draw.random() < (0.1 if term and term.late else 0.025)
        if not one.weather.stops_work and not other:
            continue
        bad, *kinds = names_of("delay_log_types")
        kind = bad if one.weather.stops_work else draw.choice(kinds)
        hours, start = draw.randrange(2, 7), draw.randrange(7, 11)
        code = one.crews[0].code if one.crews else 0
        yield {
            **_entered(context, one),
            **written("delay_log", context, one=one, kind=kind, hours=hours, start=start, end=start + hours),
            "location": directory.place(context, one.index),
            "vendor": directory.firm_for(context, code).ref,
        }


@table("daily_logs_equipment")
def equipment_logs(context: RequestContext) -> Rows:
    codes = [code.ref for code in directory.cost_codes(context)]
    first, place = context.id("equipment_log", 0), directory.place(context, 0)
    machines = [
        {**fixed(context, "equipment_admin", number), "project_id": context.here.id, "position": number + 1}
        for number in range(_MACHINES)
    ]
    firms = {code: directory.firm_for(context, code).ref for code in (5, 16)}
    for one in logged_days(context):
        entered = _entered(context, one)
        for number in machines_on(context, one):
            draw = context.random(f"machine:{one.day}:{number}")
            idle = draw.choice((0, 1, 2)) + (3 if one.weather.stops_work else 0)
            code = 16 if number < 2 else 5
            yield {
                **entered, "position": number + 1, "id": first + one.index * _MACHINES + number,
                "hours_operating": f"{8 - idle}.0", "hours_idle": f"{idle}.0",
                "inspected": draw.random() < 0.8, "inspection_hour": 7, "inspection_minute": 15,
                "notes": "Stood still: weather." if one.weather.stops_work else None,
                "equipment": machines[number], "cost_code": codes[code], "vendor": firms[code],
                "location": place,
            }  # fmt: skip


@table("daily_log_headers")
def headers(context: RequestContext) -> Rows:
    """Late projects forget to complete their logs more often."""
    term, keeper = works(context), directory.office(context)[1]
    for one in logged_days(context):
        forgotten = context.random(f"header:{one.day}").random() < (0.15 if term and term.late else 0.04)
        done = not forgotten and one.day < TODAY
        closed = context.calendar.at(one.day, 17, 35) if done else None
        yield written("log_header", context, one=one, done=done, left=not done, closed=closed) | {
            "log_datetime": context.calendar.noon(one.day),
            **({"completed_by": keeper.ref, "distributed_by": keeper.ref} if done else {}),
        }


def machines_on(context: RequestContext, one: SiteDay) -> tuple[int, ...]:
    """Excavators for the ground, then cranes and lifts."""
    at_work = {crew.code for crew in one.crews}
    ground, frame = bool(at_work & {1, 16, 17}), bool(at_work & {2, 3, 5, 8})
    found = ((0,) if ground else ()) + ((1,) if ground and 16 in at_work else ())
    return found + ((2,) if frame else ()) + ((3,) if at_work & {8, 12, 14} else ())


def _entered(context: RequestContext, one: SiteDay) -> Row:
    """What every entry says; in plain text, as there are very many."""
    calendar = context.calendar
    written = moment(calendar.at(one.day, 15 + one.index % 3, one.index * 7 % 60))
    return {
        "date": one.day.isoformat(), "datetime": moment(calendar.noon(one.day)), "position": 1,
        "created_at": written, "updated_at": written,
        "created_by": directory.office(context)[one.index % 3].ref, "permissions": _MAY,
            }  # fmt: skip


def _remark(topics: tuple[Topic, ...], one: SiteDay, code: int) -> str:
    topic = topics[(code * 2 + one.index) % len(topics)]
    return f"{topic.subject}: waiting for an answer."


def _note(topics: tuple[Topic, ...], one: SiteDay) -> str:
    if one.weather.stops_work:
        return f"Work outside stopped: {one.weather.rain} mm of rain, wind {one.weather.wind} km/h."
    men = sum(crew.workers for crew in one.crews)
    topic = topics[one.index % len(topics)]
    return f"{men} on site. {topic.subject} discussed with the foreman."
