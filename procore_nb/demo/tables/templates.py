"""Rows from templates (which key shows what, as data), the fixed lists, and how a row is serialised for the list that shows it.

In: the name of a template in `data/money_rows.json` or `data/site_rows.json`, and the values it shows. Out: the row. In a template

    "=order.number"             is the value of an attribute, "?order.number" too, or null where one on the way is missing
    "$bill.done-bill.previous"  is a sum of amounts of cents, as money
    "#order:order.index"        is the id of the record of that kind and number; "#=item.kind:item.index" reads the kind too
    "@order:order.index"        is that id as a UUID
    "~CO-{order.number}"        is text with values in it
    {"id": "=order.id"}         is an object, a template inside
    "=order.": "number title"   stands for keys that are called as the attribute they show: "number": "=order.number", ...
    "created_at updated_at": …  are two keys that show the same

and everything else is a constant. Every template may show `project`, `company`, `keeper`, who keeps the project's books, and
`first`, the number 0. In `data/fixed_lists.json`, the names of some lists each with the template of their rows, the columns of
its entries (`name` if it says none) and the entries, a template also knows their `number`, `n` from 1, `id` and `since`.

`serialised` takes a row as a table yields it, with dates, times and decimals as Python has them, and gives the row as Procore
would send it from that list: declared keys only, missing ones null, each value in the declared JSON type. `Shape` is what the
catalogue declares as a tree; `custom_values` are the custom fields of a record, the same in every list that shows it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from operator import attrgetter
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from procore_nb.catalog import Endpoint
from procore_nb.demo.company import NOW, RECORD_FIELDS, TODAY, CustomField, read_facts
from procore_nb.demo.projectlists import moment, precise_moment
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.registry import RequestContext, Row, Rows, table

_Reader = Callable[[Any], Any]
_FIXED = {name: facts for names, facts in read_facts("fixed_lists").items() for name in names.split()}
_FIXED_ROW = {"=": "id name", "active global selectable": True, "created_at updated_at": "=since"}


def money(cents: int) -> Decimal:
    """Amount as Procore writes it: one decimal, two where needed."""
    return Decimal(cents // 10).scaleb(-1) if cents % 10 == 0 else Decimal(cents).scaleb(-2)


def currency(context: RequestContext) -> Row | None:
    """Currency of a project's money, its own; None where the project states none."""
    code, rate = context.project.currency, Decimal("1.0")
    if code is None:
        return None
    return {"currency_iso_code": code, "base_currency_iso_code": code, "currency_exchange_rate": rate}


def common(context: RequestContext) -> Row:
    """What the rows of any list say of company and project, where it declares that and they say nothing else."""
    row: Row = {"company_id": context.company.id, "custom_fields": {}}
    if context.target is not None:
        project = {"id": context.target.id, "name": context.target.name}
        row |= {"project_id": project["id"], "project": project, "currency_configuration": currency(context)}
    return row


def render(template: str, context: RequestContext, **values: Any) -> Row:
    """Row of a template, or of a fixed list's."""
    keeper = directory.office(context)[0] if context.target else None
    known = {"context": context, "project": context.target, "company": context.company, "first": 0}
    row: Row = _compiled(template)(SimpleNamespace(**known, keeper=keeper, **values))
    return row


@table(*_FIXED)
def fixed_lists(context: RequestContext) -> Rows:
    name = context.endpoint.name
    yield from (fixed_entry(context, name, number) for number in range(len(_FIXED[name]["entries"])))


def fixed_entry(context: RequestContext, name: str, number: int) -> Row:
    """Entry of a fixed list, by any number."""
    facts = _FIXED[name]
    number %= len(facts["entries"])
    since = NOW - timedelta(days=900 if "row" in facts else 1_000)
    known = {"number": number, "n": number + 1, "id": facts.get("first", 0) + number, "since": since}
    return render(name, context, **known, **fixed_columns(name, number))


def fixed_columns(name: str, number: int) -> Row:
    entry, columns = _FIXED[name]["entries"][number], _FIXED[name].get("columns")
    return dict(zip(columns.split(), entry, strict=True)) if columns else {"name": entry}


def names_of(name: str) -> list[str]:
    return [fixed_columns(name, number)["name"] for number in range(len(_FIXED[name]["entries"]))]


def total(values: Any, formula: str) -> int:
    """Sum of the amounts a formula names, such as `bill.done-bill.previous`."""
    return sum(sign * read(values) for sign, read in _terms(formula))


@cache
def _terms(formula: str) -> list[tuple[int, Callable[[Any], int]]]:
    terms = formula.replace("-", "+-").split("+")
    return [(-1 if term[0] == "-" else 1, attrgetter(term.lstrip("-"))) for term in terms]


@cache
def _compiled(name: str) -> _Reader:
    """Template of that name, or of the rows of that fixed list."""
    if name in _FIXED:
        return _reader(_FIXED[name].get("row", _FIXED_ROW))
    return _reader((read_facts("money_rows") | read_facts("site_rows"))[name])


def _reader(template: Any) -> _Reader:
    """Function that fills in a template; templates are compiled once, as some rows are written by the hundred thousand."""
    if isinstance(template, dict):
        keys: list[tuple[str, _Reader]] = []
        for names, value in template.items():
            if names[:1] == "=":
                keys += [(name, attrgetter(names[1:] + name)) for name in value.split()]
            else:
                keys += [(name, _reader(value)) for name in names.split()]
        return lambda values: {key: read(values) for key, read in keys}
    mark, rest = (template[:1], template[1:]) if isinstance(template, str) else ("", "")
    if mark == "=":
        return attrgetter(rest)
    if mark == "$":
        return lambda values: money(total(values, rest))
    if mark == "?":
        return lambda values: _attribute_or_none(values, rest.split("."))
    if mark == "~":
        return lambda values: rest.format(**vars(values))
    if mark == "@":
        as_number = _reader("#" + rest)
        return lambda values: str(UUID(int=as_number(values), version=4))
    if mark == "#":
        kind, _, number = rest.partition(":")
        read_kind, read_number = _reader(kind), attrgetter(number)
        return lambda values: values.context.id(read_kind(values), read_number(values))
    return lambda _values: template


def _attribute_or_none(value: Any, names: list[str]) -> Any:
    for name in names:
        value = getattr(value, name, None)
    return value


_FRACTIONS = ("float", "double")
_TEXTS = frozenset((str, bool))
_READY = {"integer": frozenset((str, bool, int))}
Known = dict[tuple[int, int], tuple[Any, Any]]


def serialised(row: Any, shape: Shape, known: Known | None = None) -> Any:
    """Row in the shape of a list; keys that are titles (columns of a budget view) or custom fields stay.

    `known` remembers what is inside rows by its identity: people and places that many rows show are serialised once.
    """
    known = {} if known is None else known
    if not isinstance(row, dict):
        return _value(row, shape, known)
    if not shape.inside:
        return {key: _value(value, _ANY, known) for key, value in row.items()}
    inside, fitted = shape.inside, shape.blank()
    for name, value in row.items():
        inner = inside.get(name)
        # Most values need no look, and a list may be hundred thousands of rows.
        if inner is None:
            if name.startswith(("custom_field_", "_")) or name != name.lower() or " " in name:
                fitted[name] = _value(value, _ANY, known)
        elif type(value) in inner.ready:
            fitted[name] = value
        elif value is None:
            continue
        elif (found := known.get((id(value), id(inner)))) is not None:
            fitted[name] = found[1]
        else:
            fitted[name] = _value(value, inner, known)
    return fitted


def _value(value: Any, shape: Shape, known: Known) -> Any:
    """Value in the JSON type that is declared, or in its own where none is."""
    if isinstance(value, list | tuple):
        return [_value(item, shape, known) for item in value]
    if isinstance(value, dict):
        key = (id(value), id(shape))
        if key not in known:
            # The value is kept beside what it became, so that no other takes its identity.
            known[key] = (value, serialised(value, shape, known))
        return known[key][1]
    if isinstance(value, date):
        return _day_or_time(value, shape)
    if value is None or isinstance(value, bool | str):
        return value
    if shape.type == "string":
        return str(value)
    if shape.type in ("number", "integer"):
        whole = isinstance(value, int) and shape.format not in _FRACTIONS
        return value if whole else float(value)
    return str(value) if isinstance(value, Decimal) else value


def _day_or_time(value: date, shape: Shape) -> str:
    if shape.format == "date":
        return value.isoformat()[:10]
    if not isinstance(value, datetime):
        if shape.format != "date-time":
            return value.isoformat()
        # Due dates come as midnight UTC where a list declares a time.
        value = datetime.combine(value, time.min, UTC)
    return precise_moment(value) if shape.precise else moment(value)


@dataclass
class Shape:
    """One key: its JSON type, and the keys inside it.

    `listed` says that there are several of it, `precise` that its times show thousandths of a second; values of the types
    in `ready` are as they should be.
    """

    name: str
    type: str = "object"
    format: str = ""
    enum: tuple[str, ...] = ()
    ready: frozenset[Any] = _TEXTS
    listed: bool = False
    precise: bool = False
    inside: dict[str, Shape] = field(default_factory=dict)
    _blank: dict[str, Any] = field(default_factory=dict)

    def blank(self) -> dict[str, Any]:
        if not self._blank:
            self._blank = {name: [] if inner.listed else None for name, inner in self.inside.items()}
        return self._blank.copy()


_ANY = Shape("", "unknown")  # of what nothing is declared


@lru_cache(maxsize=1024)
def shape_of(endpoint: Endpoint) -> Shape:
    """Shape of one row; a row without a name is a bare value."""
    root, precise = Shape(""), endpoint.version.startswith("v2")
    for declared in endpoint.all_fields:
        if not declared.name:
            return Shape("", declared.type, declared.format, declared.enum)
        node = root
        for part in declared.name.split(".") if not declared.is_placeholder else ():
            name = part.removesuffix("[]")
            node = node.inside.setdefault(name, Shape(name, precise=precise))
            node.listed = node.listed or part.endswith("[]")
        if node is not root:
            node.type = declared.type.removeprefix("array<").removesuffix(">")
            node.format, node.enum, node.ready = declared.format, declared.enum, _READY.get(node.type, _TEXTS)
    return root


@cache
def fields_of(module: str) -> tuple[CustomField, ...]:
    return tuple(field for field in RECORD_FIELDS if module in field.modules)


def custom_values(context: RequestContext, record_id: object) -> dict[str, Any]:
    """Values of the custom fields of one record; of every definition where its tool has none of its own."""
    fields = fields_of(context.endpoint.module) or RECORD_FIELDS
    draw = context.random(f"custom_fields:{record_id}")
    return {
        f"custom_field_{field.id}": {"data_type": field.data_type, "value": _custom_value(field, draw)}
        for field in fields
    }


def _custom_value(field: CustomField, draw: random.Random) -> Any:
    if field.data_type == "lov_entries":
        return [choice.shown for choice in draw.sample(field.choices, draw.randrange(0, 3))]
    if draw.random() < 0.2:
        return None
    if field.data_type == "lov_entry":
        return draw.choice(field.choices).shown
    if field.data_type == "boolean":
        return draw.random() < 0.3
    if field.data_type == "decimal":
        return draw.randrange(0, 160) / 4
    if field.data_type == "datetime":
        return f"{TODAY - timedelta(days=draw.randrange(0, 700))}T{draw.randrange(7, 18):02}:30:00Z"
    return f"Zone {draw.choice('ABCDEF')}{draw.randrange(1, 9)}"
