"""Which list has a table of its own, and the request context of a list: its company and project, below parents.

In: functions marked with `@table("name")`, in the modules of this folder. Out: the function for an endpoint's name, or None: then
its rows are generated from the catalogue's fields. `RequestContext` is the one argument of every table; `per_project` caches
what depends on its project alone, safe between threads.

To add a table, in a module beside this one:

    @table("rfis")
    def rfis(context: RequestContext) -> Rows:
        for number in range(12):
            yield {"id": context.id("rfi", number), "subject": f"Question {number}"}

or `yield render("rfi", context, …)`: a row template of `data` says which key shows what (`templates`).
A row may hold dates, times and decimals as Python has them: `serialised` writes them as the list declares. Keys the catalogue
declares and a row leaves out come as `templates.common` says, else as null (lists as []), keys it does not know are dropped.
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

_COMPANY_NUMBERS = {company.id: number for number, company in enumerate(COMPANIES)}
_KEPT_PROJECTS = 400  # more than a usual portfolio has: each project is worked out once
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

    def projects(self, most: int) -> Iterator[RequestContext]:
        """The same question about each project of the company that may be seen."""
        for index in range(min(self.portfolio.size(self.company), most)):
            project = self.portfolio.project(self.company, index)
            if project.permitted:
                yield self.within(project)

    def random(self, salt: str) -> random.Random:
        """Generator that gives the same draws for the same project (or company) and salt, whichever list asks."""
        owner = self.target or self.company
        return random.Random(f"{owner.id}:{salt}")

    def id(self, kind: str, number: int) -> int:
        """Id of record `number` (0 to 9999) of a kind in this project, or in the company: the same everywhere."""
        return self._first_id(kind) + number

    def number_of(self, kind: str, record_id: object) -> int | None:
        """Number of the record with an id, or None if it is of another project, company or kind."""
        number = whole_number(str(record_id)) - self._first_id(kind)
        return number if 0 <= number < _PER_PROJECT else None

    def _first_id(self, kind: str) -> int:
        company, project = _COMPANY_NUMBERS[self.company.id], self.target.index + 1 if self.target else 0
        return _code(kind) * _PER_KIND + company * _PER_COMPANY + project * _PER_PROJECT


@lru_cache(maxsize=4096)
def _code(kind: str) -> int:
    return 1 + zlib.crc32(kind.encode()) % 9_973


T = TypeVar("T")


class LruCache(Generic[T]):
    """The values last asked for, as many as weigh `capacity` together; safe between threads."""

    def __init__(self, capacity: int, weigh: Callable[[T], int] = lambda _value: 1) -> None:
        self._capacity, self._weigh, self._weight = capacity, weigh, 0
        self._values: OrderedDict[Any, T] = OrderedDict()
        self._lock = ForkSafeLock()

    def get(self, key: Any, make: Callable[[], T]) -> T:
        """Value of a key; made without the lock, so that others need not wait."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        value = make()
        with self._lock:
            if key in self._values:  # two threads may have made it at once
                self._weight -= self._weigh(self._values[key])
            self._values[key] = value
            self._weight += self._weigh(value)
            while self._weight > self._capacity and len(self._values) > 1:
                self._weight -= self._weigh(self._values.popitem(last=False)[1])
        return value


def per_project(function: Callable[[RequestContext], T]) -> Callable[[RequestContext], T]:
    """Decorate a function of a context's project; the values of the last projects are cached."""
    values: LruCache[T] = LruCache(_KEPT_PROJECTS)

    @wraps(function)
    def cached(context: RequestContext) -> T:
        # Projects of two companies may have one id.
        return values.get((context.company.id, context.project.id), lambda: function(context))

    return cached


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
    return [module.name for module in iter_modules([str(Path(__file__).parent)])]


def table_of(name: str) -> Table | None:
    """Table of a list, or None. Modules load as they are needed: the list of projects needs the first of them."""
    for module in ("reference_data", *_modules()):
        if name in _TABLES:
            break
        import_module(f"procore_nb.demo.tables.{module}")
    function = _TABLES.get(name)
    if function is not None:
        import_module(function.__module__)  # waits where another thread has marked the function and reads on
    return function
