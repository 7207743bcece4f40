"""Rows written from forms: which key shows what, as data; and the lists of a few fixed entries.

In: the name of a form in `data/money_rows.json` or `data/site_rows.json`, and what the row is about. Out: the row. In a form

    "=order.number"             is what stands there, "?order.number" too, or null where something on the way is missing
    "$bill.done-bill.previous"  is a sum of amounts of cents, as money
    "#order:order.index"        is the id of the record of that kind and number; "#=one.kind:one.index" reads the kind too
    "@order:order.index"        is that id as a UUID
    "~CO-{order.number}"        is text with what stands there
    {"id": "=order.id"}         is an object, a form inside
    "=order.": "number title"   stands for keys that are called as what they show: "number": "=order.number", ...
    "created_at updated_at": …  are two keys that show the same

and everything else is written as it is. Every form may speak of `project`, `company`, `currency`, `keeper`, who keeps the
books, and `first`, the number 0. In `data/fixed_lists.json`, the names of some lists each with the form of their rows, the
columns of its entries (`name` if it says none) and the entries, a form also knows their `number`, `n` from 1, `id` and `since`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import cache
from operator import attrgetter
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from procore_nb.demo.company import NOW, read_facts
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.registry import RequestContext, Row, Rows, table

_Reader = Callable[[SimpleNamespace], Any]
_FIXED = {name: about for names, about in read_facts("fixed_lists").items() for name in names.split()}
_KIND = {"=": "id name", "active global selectable": True, "created_at updated_at": "=since"}


def money(cents: int) -> Decimal:
    """Amount as Procore writes it: one decimal, two where needed."""
    return Decimal(cents // 10).scaleb(-1) if cents % 10 == 0 else Decimal(cents).scaleb(-2)


def currency(context: RequestContext) -> Row | None:
    """Currency of a project's money, its own; None where the project states none."""
    code, rate = context.here.currency, Decimal("1.0")
    if code is None:
        return None
    return {"currency_iso_code": code, "base_currency_iso_code": code, "currency_exchange_rate": rate}


def common(context: RequestContext) -> Row:
    """What the rows of any list say of company and project, where it declares that and they say nothing else."""
    found: Row = {"company_id": context.company.id, "custom_fields": {}}
    if context.project is not None:
        project = {"id": context.project.id, "name": context.project.name}
        found |= {
            "project_id": project["id"],
            "project": project,
            "currency_configuration": currency(context),
        }
    return found


def written(form: str, context: RequestContext, **about: Any) -> Row:
    known = {"context": context, "project": context.here, "company": context.company}
    known |= {"first": 0, "currency": currency(context), "keeper": directory.office(context)[0]}
    row: Row = _form(form)(SimpleNamespace(**known, **about))
    return row


@table(*_FIXED)
def fixed_lists(context: RequestContext) -> Rows:
    name = context.endpoint.name
    yield from (fixed(context, name, number) for number in range(len(_FIXED[name]["entries"])))


def fixed(context: RequestContext, name: str, number: int, *keys: str) -> Row:
    """Entry of a fixed list, by any number; only some of its keys if they are named."""
    about = _FIXED[name]
    number %= len(about["entries"])
    known: Row = {"context": context, "project": context.project, "company": context.company}
    known |= {"number": number, "n": number + 1, "id": about.get("first", 0) + number}
    known |= {"since": NOW - timedelta(days=900 if "row" in about else 1_000), **fixed_columns(name, number)}
    row: Row = _fixed_form(name)(SimpleNamespace(**known))
    return {key: row[key] for key in keys} if keys else row


def fixed_columns(name: str, number: int) -> Row:
    about = _FIXED[name]
    entry = about["entries"][number]
    return dict(zip(about["columns"].split(), entry, strict=True)) if "columns" in about else {"name": entry}


def names_of(name: str) -> list[str]:
    return [fixed_columns(name, number)["name"] for number in range(len(_FIXED[name]["entries"]))]


def total(about: Any, formula: str) -> int:
    """Sum of the amounts a formula names, such as `bill.done-bill.previous`."""
    return sum(sign * read(about) for sign, read in _terms(formula))


@cache
def _terms(formula: str) -> list[tuple[int, Callable[[Any], int]]]:
    parts = formula.replace("-", "+-").split("+")
    return [(-1 if part[0] == "-" else 1, attrgetter(part.lstrip("-"))) for part in parts]


@cache
def _form(name: str) -> _Reader:
    return _reader((read_facts("money_rows") | read_facts("site_rows"))[name])


@cache
def _fixed_form(name: str) -> _Reader:
    return _reader(_FIXED[name].get("row", _KIND))


def _reader(value: Any) -> _Reader:
    if isinstance(value, dict):
        inside: list[tuple[str, _Reader]] = []
        for key, one in value.items():
            if key[:1] == "=":
                inside += [(name, attrgetter(key[1:] + name)) for name in one.split()]
            else:
                inside += [(name, _reader(one)) for name in key.split()]
        return lambda about: {key: read(about) for key, read in inside}
    mark, rest = (value[:1], value[1:]) if isinstance(value, str) else ("", "")
    if mark == "=":
        return attrgetter(rest)
    if mark == "$":
        return lambda about: money(total(about, rest))
    if mark == "?":
        return lambda about: _known(about, rest.split("."))
    if mark == "~":
        return lambda about: rest.format(**vars(about))
    if mark == "@":
        plain = _reader("#" + rest)
        return lambda about: str(UUID(int=plain(about), version=4))
    if mark == "#":
        kind, _, number = rest.partition(":")
        named, numbered = _reader(kind), attrgetter(number)
        return lambda about: about.context.id(named(about), numbered(about))
    return lambda _about: value


def _known(value: Any, parts: list[str]) -> Any:
    for part in parts:
        value = getattr(value, part, None)
    return value
