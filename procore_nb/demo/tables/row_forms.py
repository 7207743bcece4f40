"""Rows written from forms: which key shows what, as data.

In: the name of a form in `data/money_rows.json` or `data/site_rows.json`, and what the row is about. Out: the row. In a form

    "=order.number"             is what stands there, "?order.number" too, or null where something on the way is missing
    "$bill.done-bill.previous"  is a sum of amounts of cents, as money
    "#order:order.index"        is the id of the record of that kind and number; "#=one.kind:one.index" reads the kind too
    "@order:order.index"        is that id as a UUID
    "~CO-{order.number}"        is text with what stands there
    {"id": "=order.id"}         is an object, a form inside
    "=order.": "number title"   stands for keys that are called as what they show: "number": "=order.number", ...

and everything else is written as it is. Every form may speak of `project`, `company`, `currency`, `keeper`, who keeps the
books, and `first`, the number 0.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from operator import attrgetter
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from procore_nb.demo.company import read_facts
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.registry import RequestContext, Row

_Reader = Callable[[SimpleNamespace], Any]


def money(cents: int) -> Decimal:
    """Amount as Procore writes it: one decimal, two where needed."""
    return Decimal(cents // 10).scaleb(-1) if cents % 10 == 0 else Decimal(cents).scaleb(-2)


def currency(context: RequestContext) -> Row | None:
    """Currency of a project's money, its own; None where the project states none."""
    code, rate = context.here.currency, Decimal("1.0")
    if code is None:
        return None
    return {"currency_iso_code": code, "base_currency_iso_code": code, "currency_exchange_rate": rate}


def written(form: str, context: RequestContext, **about: Any) -> Row:
    """Row in a form."""
    known = {"context": context, "project": context.here, "company": context.company}
    known |= {"first": 0, "currency": currency(context), "keeper": directory.office(context)[0]}
    row: Row = _form(form)(SimpleNamespace(**known, **about))
    return row


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


def _reader(value: Any) -> _Reader:
    if isinstance(value, dict):
        inside: list[tuple[str, _Reader]] = []
        for key, one in value.items():
            if key[:1] == "=":
                inside += [(name, attrgetter(key[1:] + name)) for name in one.split()]
            else:
                inside.append((key, _reader(one)))
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
