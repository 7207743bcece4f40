"""Which list has a table of its own, and what a table is asked about: a list, in a company and project, below parents.

In: functions marked with `@table("name")`, in the modules of this folder. Out: the function for an endpoint's name, or None: then
its rows are invented from the catalogue's fields. `RequestContext` is the one argument of every table; `per_project` remembers
what depends on its project alone, safe between threads.

To add a table, in a module beside this one:

    @table("rfis")
    def rfis(context: RequestContext) -> Rows:
        for number in range(12):
            yield {"id": context.id("rfi", number), "subject": f"Question {number}"}

A row may hold dates, times and decimals as Python has them: `serialised` writes them as the list declares. Keys the catalogue
declares and a row leaves out come as `row_forms.common` says, else as null (lists as []), keys it does not know are dropped.
So one function may serve several names, also a v1 and a v2 list. Filters, sorts, views, dates and pages need nothing from the table. A row with
`"_deleted": True` is shown only when deleted rows are asked for, one with `"_pending": True` only when the query filters
by status, one with `"_hidden_unless": "include_old=true"` only when that filter or parameter has that value.
"""

from __future__ import annotations

import random
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache, wraps
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, Generic, TypeVar

from procore_nb.catalog import Endpoint
from procore_nb.demo.access_control import ForkSafeLock
from procore_nb.demo.company import COMPANIES, Company
from procore_nb.demo.http_messages import whole_number
from procore_nb.demo.portfolio import Portfolio, Project
from procore_nb.demo.site_calendar import SiteCalendar

Row = dict[str, Any]
Rows = Iterator[Row]

_PLACES = {company.id: place for place, company in enumerate(COMPANIES)}
_PER_KIND, _PER_COMPANY, _PER_PROJECT = 10_000_000_000, 1_500_000_000, 10_000


@dataclass(frozen=True)
class RequestContext:
    """What one list is asked about.

    `target` is the project, None in lists of a company. `ids` holds the values of the path's placeholders and of the required query
    parameters, as sent: `context.ids["contract_id"]`.
    """

    endpoint: Endpoint
    portfolio: Portfolio
    company: Company
    target: Project | None = None
    ids: Mapping[str, str] = field(default_factory=dict)

    @property
    def project(self) -> Project:
        if self.target is None:
            raise LookupError(f"{self.endpoint.name} is asked without a project.")
        return self.target

    @property
    def calendar(self) -> SiteCalendar:
        return self.project.calendar

    def within(self, project: Project) -> RequestContext:
        """The same question about a project: for company lists that gather from all of them."""
        return replace(self, target=project)

    def random(self, salt: str) -> random.Random:
        """Generator that gives the same draws for the same project (or company) and salt, whichever list asks."""
        about = self.target.id if self.target else self.company.id
        return random.Random(f"{about}:{salt}")

    def id(self, kind: str, number: int) -> int:
        """Id of record `number` (0 to 9999) of a kind in this project, or in the company: the same everywhere."""
        return self._first_id(kind) + number

    def number_of(self, kind: str, record_id: object) -> int | None:
        """Number of the record with an id, or None if it is of another project, company or kind."""
        number = whole_number(str(record_id)) - self._first_id(kind)
        return number if 0 <= number < _PER_PROJECT else None

    def _first_id(self, kind: str) -> int:
        place = 0 if self.target is None else self.target.index + 1
        return _code(kind) * _PER_KIND + _PLACES[self.company.id] * _PER_COMPANY + place * _PER_PROJECT


@lru_cache(maxsize=4096)
def _code(kind: str) -> int:
    return 1 + zlib.crc32(kind.encode()) % 9_973


T = TypeVar("T")


class LastAsked(Generic[T]):
    """The values that were last asked for, as many as weigh `keep` together; safe between threads."""

    def __init__(self, keep: int, weigh: Callable[[T], int] = lambda _value: 1) -> None:
        self._keep, self._weigh, self._weight = keep, weigh, 0
        self._known: OrderedDict[Any, T] = OrderedDict()
        self._lock = ForkSafeLock()

    def get(self, key: Any, make: Callable[[], T]) -> T:
        """Value of a key; made without the lock, so that others need not wait."""
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        value = make()
        with self._lock:
            self._weight += self._weigh(value) - (self._weigh(self._known[key]) if key in self._known else 0)
            self._known[key] = value
            while self._weight > self._keep and len(self._known) > 1:
                self._weight -= self._weigh(self._known.popitem(last=False)[1])
        return value


def per_project(keep: int) -> Callable[[Callable[[RequestContext], T]], Callable[[RequestContext], T]]:
    """Decorate a function of a context's project; the last `keep` projects are remembered."""

    def decorate(function: Callable[[RequestContext], T]) -> Callable[[RequestContext], T]:
        known: LastAsked[T] = LastAsked(keep)

        @wraps(function)
        def recalled(context: RequestContext) -> T:
            return known.get((context.company.id, context.project.id), lambda: function(context))

        return recalled

    return decorate


Table = Callable[[RequestContext], Iterable[Row]]

_TABLES: dict[str, Table] = {}


def table(*names: str) -> Callable[[Table], Table]:
    """Mark a function as the table of these lists."""

    def mark(function: Table) -> Table:
        for name in names:
            if _TABLES.setdefault(name, function) is not function:
                raise ValueError(f"{name} has two tables.")
        return function

    return mark


@cache
def _modules() -> list[str]:
    return [one.name for one in iter_modules([str(Path(__file__).parent)])]


def table_of(name: str) -> Table | None:
    """Table of a list, or None. Modules load as they are needed: the list of projects needs the first of them."""
    for subject in ("reference_data", *_modules()):
        if name in _TABLES:
            break
        import_module(f"procore_nb.demo.tables.{subject}")
    found = _TABLES.get(name)
    if found is not None:
        import_module(found.__module__)  # waits where another thread has marked the function and reads on
    return found
