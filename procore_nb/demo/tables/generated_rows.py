"""Rows for lists that have no table of their own: true to the catalogue's fields, made up in everything else.

In: a context. Out: rows, the same every time. Ids of projects, companies, people, firms and places are those of the
portfolio; some values are null, as in real data. What a field may hold follows from its name: the rules stand in
`data/fields.json`, the first whose pattern is the whole name holds; numbers in text are decimals ("4500.00") where Procore sends
money, hours and percents that way.
"""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from procore_nb.catalog import Endpoint, endpoint
from procore_nb.demo.company import NOW, TODAY, read_facts
from procore_nb.demo.project import Project
from procore_nb.demo.projectlists import moment, precise_moment
from procore_nb.demo.site_calendar import SiteCalendar, site_calendar
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.plan import works
from procore_nb.demo.tables.registry import LastAsked, RequestContext, Row, table_of
from procore_nb.demo.tables.serialise import Shape, custom_values, shape_of

_NULL_SHARE = 0.12
_SCALARS = ("string", "integer", "number", "boolean", "unknown")
_PRESENT = frozenset(("name", "date", "status", "created_at", "updated_at"))  # never null
_LATER = ("due", "expir", "end", "until", "start", "schedul", "remind", "next")  # what may lie ahead
_OFFICE = site_calendar("US", "America/New_York")  # of the company's own lists


@dataclass
class _Maker:
    """What one row is made with; times never decrease from `created` to `updated`, `words` are for its texts."""

    context: RequestContext
    draw: random.Random
    number: int
    calendar: SiteCalendar
    created: datetime
    updated: datetime
    words: dict[str, str]


def generated_rows(context: RequestContext) -> Iterator[Any]:
    """Rows of a list without a table: none to a dozen; no daily logs where nobody is on site."""
    endpoint, project = context.endpoint, context.project
    if endpoint.module == "Daily Log" and project is not None and works(context) is None:
        return
    about = f"{endpoint.name}:{sorted(context.ids.items())}"
    shape = shape_of(endpoint)
    for number in range(count_of(context)):
        maker = _maker(context, context.random(f"{about}:{number}"), number)
        yield _row(maker, shape)


def generated_values(
    context: RequestContext, about: str, shape: Shape, names: Iterable[str]
) -> dict[str, Any]:
    """Values for some keys of one record, the same every time for the same `about`."""
    maker = _maker(context, context.random(about), 0)
    return {name: _value(maker, shape.inside[name]) for name in names}


def _maker(context: RequestContext, draw: random.Random, number: int) -> _Maker:
    project, last, since = context.project, NOW - timedelta(hours=5), NOW - timedelta(days=278)
    calendar = project.calendar if project else _OFFICE
    if project is not None:
        last, since = min(last, project.updated_at), project.created_at
    since = max(since, last - timedelta(days=278))
    created = calendar.office(since + (last - since) * draw.random() ** 0.5)
    updated = calendar.after(created, (last - created).days * draw.random())
    day = _day(context, draw, number)
    if context.endpoint.module == "Daily Log":  # entered at the end of the day it tells of
        created = updated = calendar.at(day, 16, number * 7 % 60)
    words = _words(context, draw, number, day)
    return _Maker(context, draw, number, calendar, min(created, calendar.latest), updated, words)


def _day(context: RequestContext, draw: random.Random, number: int) -> date:
    """A day on site. The first rows of a dated list are the last day's, so that its silent window is not always empty."""
    term = works(context) if context.project else None
    last, back = term.until if term else TODAY, draw.randrange(1, 45)
    if number < 2:
        return last
    if term is None:
        return _OFFICE.workday(last - timedelta(days=back))
    return term.calendar.workday(max(last - timedelta(days=back), term.begin))


def _words(context: RequestContext, draw: random.Random, number: int, day: date) -> dict[str, str]:
    """Whom and what the texts of a row are about: people, firms and the place of the project, or of the head office."""
    project, person = context.project, draw.choice(directory.people(context))
    trade = draw.choice(directory.trades())
    return {
        **{key: str(value or "") for key, value in _address(context).items()}, "first": person.first_name,
        "last": person.last_name, "person": person.name,
        "initials": person.first_name[0] + person.last_name[0], "login": person.login,
        "firm": draw.choice(directory.vendors(context)).name, "trade": trade.name,
        "project": project.name if project else "All projects",
        "latitude": str((project and project.latitude) or 39.96),
        "longitude": str((project and project.longitude) or -83.0),
        "zone": project.street.tz_name if project else "America/New_York",
        "currency": (project.currency if project else None) or "USD", "day": day.isoformat(),
        "letter": "ABCDEFGH"[number % 8], "n": str(number + 1), "two": f"{number + 1:02}",
        "three": f"{number + 1:03}",
    }  # fmt: skip


def _row(maker: _Maker, shape: Shape) -> Any:
    if shape.type in _SCALARS and not shape.inside:
        return _scalar(maker, shape, top=True)
    return {name: _value(maker, inner, top=True) for name, inner in shape.inside.items()}


def _value(maker: _Maker, shape: Shape, *, top: bool = False) -> Any:
    if shape.name == "custom_fields" and shape.type in ("object", "unknown"):
        return custom_values(maker.context, f"{maker.context.endpoint.tag}:{maker.number}")
    if shape.name == "currency_configuration" and _currency(maker) is None:
        return None
    if shape.listed:
        found = [_one(maker, shape) for _ in range(maker.draw.randrange(0, 3))]
        return [one for one in found if one is not None]
    if shape.inside and shape.name != "currency_configuration" and maker.draw.random() < _NULL_SHARE / 2:
        return None
    return _one(maker, shape, top=top)


def _one(maker: _Maker, shape: Shape, *, top: bool = False) -> Any:
    if shape.inside:
        made = {name: _value(maker, inner) for name, inner in shape.inside.items()}
        return made | _known(maker, shape)
    if shape.type == "object":
        return {}
    if shape.type == "array":
        return []
    return _scalar(maker, shape, top=top)


def _known(maker: _Maker, shape: Shape) -> dict[str, Any]:
    """Parts of an object that name somebody or something of the portfolio."""
    context, draw, keys = maker.context, maker.draw, shape.inside
    found: dict[str, Any] = {}
    if shape.name == "project" and context.project:
        found = {"id": context.project.id, "name": context.project.name}
    elif shape.name == "company":
        found = {"id": context.company.id, "name": context.company.name}
    elif "login" in keys:
        found = draw.choice(directory.people(context)).ref
    elif shape.name in ("responsible_contractor", "contractor", "affected_company"):
        found = draw.choice(directory.vendors(context)).ref
    elif shape.name == "location":
        found = draw.choice(directory.locations(context)).ref
    elif shape.name.endswith("address"):
        found = _address(context)
    elif "id" in keys and (records := referred(context, shape.name)):
        found = draw.choice(records)
    return {key: _as_declared(value, keys[key]) for key, value in found.items() if key in keys}


def _address(context: RequestContext) -> dict[str, Any]:
    """Address of the project, or of the company's head office, under every name its parts go by."""
    project = context.project
    street, city = (project.address, project.street.city) if project else ("88 Gay Street", "Columbus")
    state, country = (project.street.state_code, project.street.country_code) if project else ("OH", "US")
    zip_code = project.street.zip if project else "43215"
    groups = {("street", "address", "line1"): street, ("city",): city, ("zip", "postal_code"): zip_code}
    groups |= {("state", "state_code"): state, ("country", "country_code"): country}
    return {name: value for names, value in groups.items() for name in names}


def _as_declared(value: Any, shape: Shape) -> Any:
    return str(value) if shape.type == "string" and value is not None else value


def _scalar(maker: _Maker, shape: Shape, *, top: bool) -> Any:
    name, draw = shape.name, maker.draw
    if name in ("id", "") or name.endswith(("_id", "_ids")):
        return _id(maker, shape, top=top)
    if name in ("currency_iso_code", "base_currency_iso_code"):
        return _currency(maker)
    if name == "currency_exchange_rate":
        return "1.0" if shape.type == "string" else 1.0
    if "delet" in name or "recycle" in name:
        return False if shape.type == "boolean" else None  # rows that are shown were not deleted
    if draw.random() < _NULL_SHARE and name not in _PRESENT:
        return None
    if shape.enum:
        return _typed(draw.choice(shape.enum), shape.type)
    if shape.type == "boolean":
        return draw.random() < 0.4
    if shape.type in ("integer", "number"):
        if name.endswith(("_at", "_date")):
            return int(maker.created.timestamp()) * 1000
        if name in ("latitude", "longitude"):
            return float(maker.words[name])
        return number_for(name, draw, maker.number, whole=shape.type == "integer")
    return _text(maker, shape) if shape.type == "string" else None


def _currency(maker: _Maker) -> str | None:
    project = maker.context.project
    return project.currency if project else "USD"


def _text(maker: _Maker, shape: Shape) -> str:
    name, draw = shape.name, maker.draw
    if shape.format == "date" and name.endswith("_at"):
        return maker.calendar.day_of(_time(maker, name)).isoformat()
    if shape.format in ("date-time", "datetime") or name.endswith("_at") or name == "timestamp":
        when = _time(maker, name)
        return precise_moment(when) if shape.precise else moment(when)
    if shape.format == "date":
        return maker.words["day"]
    if shape.format == "uuid" or name.endswith(("uuid", "ulid", "guid")):
        return str(UUID(int=draw.getrandbits(128), version=4))
    return text_for(name, draw, maker.words, maker.number)


def _time(maker: _Maker, name: str) -> datetime:
    if name in ("created_at", "updated_at"):
        return maker.created if name == "created_at" else maker.updated
    if name == "datetime":
        return maker.calendar.noon(date.fromisoformat(maker.words["day"]))
    if any(word in name for word in _LATER):
        days = maker.draw.randrange(1, 30) + (0 if "start" in name else 30)
        return maker.calendar.office(maker.created + timedelta(days=days))
    return maker.created + (maker.updated - maker.created) * maker.draw.choice((0, 1))


def _id(maker: _Maker, shape: Shape, *, top: bool) -> Any:
    context, name, draw = maker.context, shape.name, maker.draw
    if shape.format == "uuid":
        return str(UUID(int=draw.getrandbits(128), version=4))
    found: int | str
    if top and name in ("id", ""):
        found = invented_id(context, _below(context) + maker.number)
    elif name == "parent_id" and top:
        if not maker.number or draw.random() < 0.5:
            return None
        found = invented_id(context, _below(context) + draw.randrange(maker.number))
    elif name == "project_id" and context.project:
        found = context.project.id
    elif name == "company_id":
        found = context.company.id
    elif name in context.ids:
        found = context.ids[name]
    elif name != "id" and draw.random() < _NULL_SHARE:
        return None
    elif name != "id" and (records := referred(context, re.sub("_ids?$", "", name))) is not None:
        if not records:
            return None
        found = draw.choice(records)["id"]
    else:
        found = zlib.crc32(name.encode()) % 9_000 * 10_000 + draw.randrange(1, 400)
    return _typed(str(found), shape.type)


def _below(context: RequestContext) -> int:
    """Where the numbers of a list below a parent begin: children of two parents have ids of their own."""
    return zlib.crc32(repr(sorted(context.ids.items())).encode()) % 700 * 13 if context.ids else 0


def _typed(text: str, kind: str) -> Any:
    """Text as the JSON type the catalogue declares."""
    if kind in ("integer", "number"):
        return int(text) if text.lstrip("-").isdigit() else None
    if kind == "boolean":
        return text.lower() == "true"
    return text


_FACTS = read_facts("fields")
_DECIMAL = re.compile("|".join(_FACTS["decimals"]))
_COUNT, _AMOUNT = (1, 20, 0), (1, 500, 2)


@cache
def is_decimal(name: str) -> bool:
    """Whether a text field of that name holds a decimal: money, hours, quantities, percents."""
    return _DECIMAL.fullmatch(name) is not None


@cache
def _range(name: str) -> tuple[float | str, float, int] | None:
    return next((tuple(rest) for pattern, *rest in _FACTS["numbers"] if re.fullmatch(pattern, name)), None)


@cache
def _choices(name: str) -> list[str]:
    return next(
        (texts for pattern, texts in _FACTS["texts"] if re.fullmatch(pattern, name)), ["{thing} {three}"]
    )


def number_for(name: str, draw: random.Random, row: int, *, whole: bool) -> float:
    """Number that fits a field's name, in row number `row`."""
    low, high, decimals = _range(name) or (_COUNT if whole else _AMOUNT)
    if isinstance(low, str):
        return row + 1
    if whole or decimals == 0:
        return draw.randint(round(low), round(high))
    return round(draw.uniform(low, high), decimals)


def text_for(name: str, draw: random.Random, about: Mapping[str, str], row: int) -> str:
    """Text that fits a field's name; `about` knows whom and what the row is about."""
    if is_decimal(name):
        return f"{number_for(name, draw, row, whole=False):.2f}"
    varied = {"thing": draw.choice(_FACTS["things"]), "place": draw.choice(_FACTS["places"])}
    codes = {"key": str(draw.randrange(1_000, 99_999)), "token": f"{draw.getrandbits(40):x}"}
    return draw.choice(_choices(name)).format_map({**about, **varied, **codes})


_PEOPLE = frozenset(read_facts("lists")["people"])
# None of these lists needs more than a project or a company, so that they can be read wherever they are pointed at.
_LISTS: dict[str, str] = read_facts("lists")["referred"]
_kept: LastAsked[tuple[Row, ...]] = LastAsked(1_000)


def referred(context: RequestContext, stem: str) -> tuple[Row, ...] | None:
    """Records that a key of that stem may point at; empty if there are none, None if nothing is known of it."""
    if stem in _PEOPLE:
        return tuple(person.ref for person in directory.people(context))
    if stem == "vendor":
        return tuple(vendor.ref for vendor in directory.vendors(context))
    name = _LISTS.get(stem)
    one = endpoint(name) if name else None
    if one is None or (one.scope == "project" and context.project is None):
        return None
    return _records(context, one)


def count_of(context: RequestContext) -> int:
    """Number of rows of an invented list: none to a dozen."""
    few = context.endpoint.kind == "lookup" or context.project is None
    draw = context.random(f"{context.endpoint.name}:{sorted(context.ids.items())}")
    return draw.randrange(3, 9) if few else max(0, draw.randrange(-2, 13))


def invented_id(context: RequestContext, number: int) -> int:
    """Id of a row of an invented list. Two versions of one list have the same tag, so the same ids."""
    return context.id(f"{context.endpoint.tag}:{context.endpoint.kind}", number)


def _records(context: RequestContext, one: Endpoint) -> tuple[Row, ...]:
    project = context.project if one.scope == "project" else None
    key = (one.name, context.company.id, project.id if project else None)
    return _kept.get(key, lambda: _found(context, one, project))


def _found(context: RequestContext, one: Endpoint, project: Project | None) -> tuple[Row, ...]:
    there = replace(context, endpoint=one, project=project, ids={})
    table = table_of(one.name)
    if table is None:
        return tuple({"id": invented_id(there, number)} for number in range(count_of(there)))
    return tuple(_brief(row) for row in table(there) if not row.get("_deleted") and not _superseded(row))


def _superseded(row: Row) -> bool:
    """Whether it is an earlier revision of an RFI: other records point at the current one."""
    return row.get("source_rfi_header_id") is not None and not row["current_revision"]


def _brief(row: Row) -> Row:
    name = row.get("name") or row.get("title") or row.get("subject")
    return {"id": row["id"], "name": name} if isinstance(name, str) else {"id": row["id"]}
