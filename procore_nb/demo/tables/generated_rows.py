"""Rows for lists that have no table of their own: true to the catalogue's fields, made up in everything else.

In: a context. Out: rows, the same every time. Ids of projects, companies, people, firms and places are those of the
portfolio; some values are null, as in real data.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from procore_nb.demo.company import NOW, TODAY
from procore_nb.demo.projectrows import moment, precise_moment
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.customfields import custom_values
from procore_nb.demo.tables.field_text import is_decimal, text_for
from procore_nb.demo.tables.references import count_of, invented_id, referred
from procore_nb.demo.tables.request_context import RequestContext
from procore_nb.demo.tables.shape import Shape, shape_of

_NULL_SHARE = 0.12
_SCALARS = ("string", "integer", "number", "boolean", "unknown")


@dataclass
class _Maker:
    """What one row is made with; times never decrease from `created` to `updated`."""

    context: RequestContext
    draw: random.Random
    number: int
    created: datetime
    updated: datetime
    day: str


def generated_rows(context: RequestContext) -> Iterator[Any]:
    """Rows of a list without a table: none to a dozen."""
    endpoint = context.endpoint
    about = f"{endpoint.name}:{sorted(context.ids.items())}"
    shape = shape_of(endpoint)
    for number in range(count_of(context)):
        maker = _maker(context, context.random(f"{about}:{number}"), number)
        yield _row(maker, shape)


def _maker(context: RequestContext, draw: random.Random, number: int) -> _Maker:
    last = NOW - timedelta(hours=5)
    project = context.project
    if project is not None:
        last = min(last, project.updated_at)
    created = last - timedelta(minutes=draw.randrange(60, 400_000))
    updated = created + (last - created) * draw.random()
    # The first rows of a dated list are today's, so that its silent window is not always empty.
    day = TODAY if number < 2 else TODAY - timedelta(days=draw.randrange(1, 45))
    return _Maker(context, draw, number, created, updated, day.isoformat())


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
        return [_one(maker, shape) for _ in range(maker.draw.randrange(0, 3))]
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
    names = {
        "street": street,
        "address": street,
        "line1": street,
        "city": city,
        "state": state,
        "country": country,
    }
    return {**names, "state_code": state, "country_code": country, "zip": zip_code, "postal_code": zip_code}


def _as_declared(value: Any, shape: Shape) -> Any:
    return str(value) if shape.type == "string" and value is not None else value


def _scalar(maker: _Maker, shape: Shape, *, top: bool) -> Any:
    name, draw = shape.name, maker.draw
    if name in ("id", "") or name.endswith("_id"):
        return _id(maker, shape, top=top)
    if name in ("currency_iso_code", "base_currency_iso_code"):
        return _currency(maker)
    if name == "currency_exchange_rate":
        return "1.0" if shape.type == "string" else 1.0
    stamp = name in ("created_at", "updated_at")
    if draw.random() < _NULL_SHARE and not stamp and name not in ("name", "date", "status"):
        return None
    if shape.enum:
        return _typed(draw.choice(shape.enum), shape.type)
    if shape.type == "boolean":
        return draw.random() < 0.4
    if shape.type == "integer":
        return draw.randrange(0, 60)
    if shape.type == "number":
        return round(draw.uniform(0, 2_500), 2)
    return _text(maker, shape) if shape.type == "string" else None


def _currency(maker: _Maker) -> str | None:
    project = maker.context.project
    return project.currency if project else "USD"


def _text(maker: _Maker, shape: Shape) -> str:
    name, draw = shape.name, maker.draw
    if shape.format == "date" and name.endswith("_at"):
        return _time(maker, name).date().isoformat()
    if shape.format in ("date-time", "datetime") or name.endswith("_at") or name == "timestamp":
        when = _time(maker, name)
        return precise_moment(when) if shape.precise else moment(when)
    if is_decimal(name):
        return text_for(name, draw, maker.number)
    if shape.format == "date" or name == "date" or name.endswith("_date"):
        return maker.day
    if shape.format == "uuid" or name.endswith(("uuid", "ulid", "guid")):
        return str(UUID(int=draw.getrandbits(128), version=4))
    if shape.format in ("float", "decimal"):
        return f"{draw.uniform(0, 90_000):.2f}"
    return text_for(name, draw, maker.number)


def _time(maker: _Maker, name: str) -> datetime:
    if name == "created_at":
        return maker.created
    if name == "updated_at":
        return maker.updated
    if name == "deleted_at":
        return maker.updated
    start = datetime.combine(maker.created.date(), time(8), UTC)
    return start + timedelta(minutes=maker.draw.randrange(0, 20_000))


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
    elif name != "id" and (records := referred(context, name.removesuffix("_id"))) is not None:
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
