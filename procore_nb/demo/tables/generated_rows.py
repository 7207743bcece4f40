"""Rows for lists that have no table of their own: true to the catalogue's fields, made up in everything else.

In: a context. Out: rows, the same every time. Ids of projects, companies, people, firms and places are those of the
portfolio; some values are null, as in real data. What a field may hold follows from its name: the rules stand in
`data/fields.json`, the first whose pattern is the whole name holds; numbers in text are decimals ("4500.00") where Procore sends
money, hours and percents that way.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from procore_nb.catalog import endpoint
from procore_nb.demo.company import NOW, TODAY, read_facts
from procore_nb.demo.projectlists import moment, precise_moment
from procore_nb.demo.site_calendar import site_calendar
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.plan import works
from procore_nb.demo.tables.registry import LruCache, RequestContext, Row, table_of
from procore_nb.demo.tables.templates import Shape, custom_values, shape_of

_NULL_SHARE = 0.12
_SCALARS = ("string", "integer", "number", "boolean", "unknown")
_PRESENT = frozenset(("name", "date", "status", "created_at", "updated_at"))  # never null
_LATER = ("due", "expir", "end", "until", "start", "schedul", "remind", "next")  # what may lie ahead
_OFFICE = site_calendar("US", "America/New_York")  # of the company's own lists


def generated_rows(context: RequestContext) -> Iterator[Any]:
    """Rows of a list without a table: none to a dozen; no daily logs where nobody is on site."""
    name, shape = context.endpoint.name, shape_of(context.endpoint)
    if context.endpoint.module == "Daily Log" and context.target is not None and works(context) is None:
        return
    for number in range(count_of(context)):
        values = _Values(context, f"{name}:{sorted(context.ids.items())}:{number}", number)
        if shape.type in _SCALARS and not shape.inside:
            yield values.scalar(shape, top=True)
        else:
            yield {name: values.value(inner, top=True) for name, inner in shape.inside.items()}


def generated_values(
    context: RequestContext, salt: str, shape: Shape, names: Iterable[str]
) -> dict[str, Any]:
    """Values for some keys of one record, the same every time for the same `salt`."""
    values = _Values(context, salt)
    return {name: values.value(shape.inside[name]) for name in names}


class _Values:
    """Values of one row; times never decrease from `created` to `updated`, `words` are for its texts."""

    def __init__(self, context: RequestContext, salt: str, number: int = 0) -> None:
        draw, project = context.random(salt), context.target
        self.context, self.draw, self.number = context, draw, number
        self.calendar = calendar = project.calendar if project else _OFFICE
        self.currency = project.currency if project else "USD"
        last, since = NOW - timedelta(hours=5), NOW - timedelta(days=278)
        if project is not None:
            last, since = min(last, project.updated_at), project.created_at
        since = max(since, last - timedelta(days=278))
        created = calendar.office(since + (last - since) * draw.random() ** 0.5)
        updated = calendar.after(created, (last - created).days * draw.random())
        day = self._day()
        if context.endpoint.module == "Daily Log":  # entered at the end of the day it tells of
            created = updated = calendar.at(day, 16, number * 7 % 60)
        self.created, self.updated = min(created, calendar.latest), updated
        self.words = self._words(day)

    def _day(self) -> date:
        """A day on site. The first rows of a dated list are the last day's, so that its silent window is not always empty."""
        term = works(self.context) if self.context.target else None
        last, back = term.until if term else TODAY, self.draw.randrange(1, 45)
        if self.number < 2:
            return last
        day = last - timedelta(days=back)
        return term.calendar.workday(max(day, term.begin)) if term else _OFFICE.workday(day)

    def _words(self, day: date) -> dict[str, str]:
        """Whom and what the texts are about: people, firms and the place of the project, or of the head office."""
        context, draw, project, n = self.context, self.draw, self.context.target, self.number + 1
        person, trade = draw.choice(directory.people(context)), draw.choice(directory.trades())
        return {
            **{key: str(value or "") for key, value in _address(context).items()}, "first": person.first_name,
            "last": person.last_name, "person": person.name, "initials": person.initials,
            "login": person.login, "firm": draw.choice(directory.vendors(context)).name, "trade": trade.name,
            "project": project.name if project else "All projects",
            "latitude": str((project and project.latitude) or 39.96),
            "longitude": str((project and project.longitude) or -83.0),
            "zone": project.street.tz_name if project else "America/New_York",
            "currency": self.currency or "USD", "day": day.isoformat(), "letter": "ABCDEFGH"[n % 8 - 1],
            "n": str(n), "two": f"{n:02}", "three": f"{n:03}",
        }  # fmt: skip

    def value(self, shape: Shape, *, top: bool = False) -> Any:
        if shape.name == "custom_fields" and shape.type in ("object", "unknown"):
            return custom_values(self.context, f"{self.context.endpoint.tag}:{self.number}")
        money = shape.name == "currency_configuration"
        if money and self.currency is None:
            return None
        if shape.listed:
            items = [self._item(shape) for _ in range(self.draw.randrange(0, 3))]
            return [item for item in items if item is not None]
        if shape.inside and not money and self.draw.random() < _NULL_SHARE / 2:
            return None
        return self._item(shape, top=top)

    def _item(self, shape: Shape, *, top: bool = False) -> Any:
        if not shape.inside:
            empty: dict[str, Any] = {"object": {}, "array": []}
            return empty[shape.type] if shape.type in empty else self.scalar(shape, top=top)
        item = {name: self.value(inner) for name, inner in shape.inside.items()}
        for key, value in self._known(shape).items():
            if key in item:
                text = shape.inside[key].type == "string" and value is not None
                item[key] = str(value) if text else value
        return item

    def _known(self, shape: Shape) -> Row:
        """Parts of an object that name somebody or something of the portfolio."""
        context, choice, name = self.context, self.draw.choice, shape.name
        owner = {"project": context.target, "company": context.company}.get(name)
        if owner is not None:
            return {"id": owner.id, "name": owner.name}
        if "login" in shape.inside:
            return choice(directory.people(context)).ref
        if name in ("responsible_contractor", "contractor", "affected_company"):
            return choice(directory.vendors(context)).ref
        if name == "location":
            return choice(directory.locations(context)).ref
        if name.endswith("address"):
            return _address(context)
        records = referred(context, name) if "id" in shape.inside else None
        return choice(records) if records else {}

    def scalar(self, shape: Shape, *, top: bool) -> Any:
        name, draw, whole = shape.name, self.draw, shape.type == "integer"
        if name in ("id", "") or name.endswith(("_id", "_ids")):
            return self._id(shape, top=top)
        if name in ("currency_iso_code", "base_currency_iso_code"):
            return self.currency
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
        if shape.type not in ("integer", "number"):
            return self._text(shape) if shape.type == "string" else None
        if name.endswith(("_at", "_date")):
            return int(self.created.timestamp()) * 1000
        if name in ("latitude", "longitude"):
            return float(self.words[name])
        return self._number(name, whole=whole)

    def _text(self, shape: Shape) -> str:
        name, draw = shape.name, self.draw
        if shape.format == "date" and name.endswith("_at"):
            return self.calendar.day_of(self._time(name)).isoformat()
        if shape.format in ("date-time", "datetime") or name.endswith("_at") or name == "timestamp":
            when = self._time(name)
            return precise_moment(when) if shape.precise else moment(when)
        if shape.format == "date":
            return self.words["day"]
        if shape.format == "uuid" or name.endswith(("uuid", "ulid", "guid")):
            return str(UUID(int=draw.getrandbits(128), version=4))
        if _DECIMAL.fullmatch(name):
            return f"{self._number(name, whole=False):.2f}"
        varied = {"thing": draw.choice(_FACTS["things"]), "place": draw.choice(_FACTS["places"])}
        codes = {"key": str(draw.randrange(1_000, 99_999)), "token": f"{draw.getrandbits(40):x}"}
        text: str = draw.choice((_rule("texts", name) or _ANY_TEXT)[0])
        return text.format_map({**self.words, **varied, **codes})

    def _number(self, name: str, *, whole: bool) -> float:
        """Number that fits a field's name."""
        low, high, decimals = _rule("numbers", name) or (_COUNT if whole else _AMOUNT)
        if isinstance(low, str):
            return self.number + 1
        if whole or decimals == 0:
            return self.draw.randint(round(low), round(high))
        return round(self.draw.uniform(low, high), decimals)

    def _time(self, name: str) -> datetime:
        if name in ("created_at", "updated_at"):
            return self.created if name == "created_at" else self.updated
        if name == "datetime":
            return self.calendar.noon(date.fromisoformat(self.words["day"]))
        if any(word in name for word in _LATER):
            days = self.draw.randrange(1, 30) + (0 if "start" in name else 30)
            return self.calendar.office(self.created + timedelta(days=days))
        return self.created + (self.updated - self.created) * self.draw.choice((0, 1))

    def _id(self, shape: Shape, *, top: bool) -> Any:
        context, name, draw = self.context, shape.name, self.draw
        if shape.format == "uuid":
            return str(UUID(int=draw.getrandbits(128), version=4))
        value: int | str
        if top and name in ("id", ""):
            value = _generated_id(context, self.number)
        elif name == "parent_id" and top:
            if not self.number or draw.random() < 0.5:
                return None
            value = _generated_id(context, draw.randrange(self.number))
        elif name == "project_id" and context.target:
            value = context.target.id
        elif name == "company_id":
            value = context.company.id
        elif name in context.ids:
            value = context.ids[name]
        elif name != "id" and draw.random() < _NULL_SHARE:
            return None
        elif name != "id" and (records := referred(context, re.sub("_ids?$", "", name))) is not None:
            if not records:
                return None
            value = draw.choice(records)["id"]
        else:
            value = zlib.crc32(name.encode()) % 9_000 * 10_000 + draw.randrange(1, 400)
        return _typed(str(value), shape.type)


def _address(context: RequestContext) -> dict[str, Any]:
    """Address of the project, or of the company's head office, under every name its parts go by."""
    values: tuple[str | None, ...] = "88 Gay Street", "Columbus", "43215", "OH", "US"
    if context.target:
        street = context.target.street
        values = context.target.address, street.city, street.zip, street.state_code, street.country_code
    parts = ("street address line1", "city", "zip postal_code", "state state_code", "country country_code")
    return {name: value for names, value in zip(parts, values, strict=True) for name in names.split()}


def _typed(text: str, kind: str) -> Any:
    """Text as the JSON type the catalogue declares."""
    if kind in ("integer", "number"):
        return int(text) if text.lstrip("-").isdigit() else None
    return text.lower() == "true" if kind == "boolean" else text


_FACTS = read_facts("fields")
_DECIMAL = re.compile("|".join(_FACTS["decimals"]))  # texts that hold money, hours, quantities, percents
_COUNT, _AMOUNT, _ANY_TEXT = (1, 20, 0), (1, 500, 2), [["{thing} {three}"]]


@cache
def _rule(kind: str, name: str) -> list[Any] | None:
    """The first rule of `fields.json` whose pattern is the whole name."""
    return next((rest for pattern, *rest in _FACTS[kind] if re.fullmatch(pattern, name)), None)


_PEOPLE = frozenset(read_facts("lists")["people"])
# None of these lists needs more than a project or a company, so that they can be read wherever they are pointed at.
_LISTS: dict[str, str] = read_facts("lists")["referred"]
_LISTS |= {stem: f"{stem}s" for stem in read_facts("lists")["referred_by_plural"].split()}
_kept: LruCache[tuple[Row, ...]] = LruCache(1_000)


def referred(context: RequestContext, stem: str) -> tuple[Row, ...] | None:
    """Records that a key of that stem may point at; empty if there are none, None if nothing is known of it."""
    if stem in _PEOPLE:
        return tuple(person.ref for person in directory.people(context))
    if stem == "vendor":
        return tuple(vendor.ref for vendor in directory.vendors(context))
    pointed = endpoint(_LISTS[stem]) if stem in _LISTS else None
    if pointed is None or (pointed.scope == "project" and context.target is None):
        return None
    project = context.target if pointed.scope == "project" else None
    inside = replace(context, endpoint=pointed, target=project, ids={})
    key = pointed.name, context.company.id, project and project.id
    return _kept.get(key, lambda: tuple(_records(inside)))


def _records(context: RequestContext) -> Iterator[Row]:
    """Records of a list as others point at them: no deleted ones, of RFIs the current revisions."""
    table = table_of(context.endpoint.name)
    if table is None:
        yield from ({"id": _generated_id(context, number)} for number in range(count_of(context)))
        return
    for row in table(context):
        if not row.get("_deleted") and (row.get("source_rfi_header_id") is None or row["current_revision"]):
            name = row.get("name") or row.get("title") or row.get("subject")
            yield {"id": row["id"], "name": name} if isinstance(name, str) else {"id": row["id"]}


def count_of(context: RequestContext) -> int:
    """Number of rows of a generated list: none to a dozen."""
    few = context.endpoint.kind == "lookup" or context.target is None
    draw = context.random(f"{context.endpoint.name}:{sorted(context.ids.items())}")
    return draw.randrange(3, 9) if few else max(0, draw.randrange(-2, 13))


def _generated_id(context: RequestContext, number: int) -> int:
    """Id of a row. Two versions of one list have the same tag, so the same ids; children of two parents have their own."""
    # Not `hash`: that of a text changes from one interpreter to the next.
    below = zlib.crc32(repr(sorted(context.ids.items())).encode()) % 700 * 13 if context.ids else 0
    return context.id(f"{context.endpoint.tag}:{context.endpoint.kind}", below + number)
