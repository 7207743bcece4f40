"""What a table is asked about: which list, in which company and project, below which parents.

In: an endpoint of the catalogue and the ids of a request. Out: `RequestContext`, the one argument of every table.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import Any

from procore_nb.catalog import Endpoint
from procore_nb.demo.company import COMPANIES, TODAY, Company
from procore_nb.demo.portfolio import Portfolio
from procore_nb.demo.project import Project

Row = dict[str, Any]

_PLACES = {company.id: place for place, company in enumerate(COMPANIES)}
_PER_KIND, _PER_COMPANY, _PER_PROJECT = 10_000_000_000, 1_500_000_000, 10_000


@dataclass(frozen=True)
class RequestContext:
    """What one list is asked about.

    `project` is None in lists of a company. `ids` holds the values of the path's placeholders and of the required query
    parameters, as sent: `context.ids["contract_id"]`.
    """

    endpoint: Endpoint
    portfolio: Portfolio
    company: Company
    project: Project | None = None
    ids: Mapping[str, str] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The demo's unchanging day."""
        return TODAY

    @property
    def here(self) -> Project:
        """The project, for tables that are only asked below one."""
        if self.project is None:
            raise LookupError(f"{self.endpoint.name} is asked without a project.")
        return self.project

    def within(self, project: Project) -> RequestContext:
        """The same question about a project: for company lists that gather from all of them."""
        return replace(self, project=project)

    def random(self, salt: str) -> random.Random:
        """Generator that gives the same draws for the same project (or company) and salt, whichever list asks."""
        about = self.project.id if self.project else self.company.id
        return random.Random(f"{about}:{salt}")

    def id(self, kind: str, number: int) -> int:
        """Id of record `number` (0 to 9999) of a kind in this project, or in the company: the same everywhere."""
        return self._first_id(kind) + number

    def number_of(self, kind: str, record_id: object) -> int | None:
        """Number of the record with an id, or None if it is of another project, company or kind."""
        text = str(record_id)
        if not (text.isascii() and text.isdigit()):
            return None
        number = int(text) - self._first_id(kind)
        return number if 0 <= number < _PER_PROJECT else None

    def _first_id(self, kind: str) -> int:
        place = 0 if self.project is None else self.project.index + 1
        return _code(kind) * _PER_KIND + _PLACES[self.company.id] * _PER_COMPANY + place * _PER_PROJECT


@lru_cache(maxsize=4096)
def _code(kind: str) -> int:
    return 1 + zlib.crc32(kind.encode()) % 9_973
