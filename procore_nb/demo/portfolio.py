"""The whole made-up portfolio: companies, and projects that are made when they are first asked for.

In: how many projects the main company has. Out: `Portfolio`. 100,000 projects cost nothing until they are listed; each
row is turned into JSON once and kept.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import orjson

from procore_nb.demo.company import COMPANIES, COMPANY_ID, Company
from procore_nb.demo.project import ODD_IDS, Project, active_of, make_project, with_edge_cases

Row = dict[str, Any]
_ID_STEP = 37
_ODD_INDICES = {project_id: index for index, project_id in ODD_IDS.items()}


class Portfolio:
    """Made-up companies and projects, the same every time; `projects` is the number of the main company's.

    The oddities (missing coordinates, ids past 2**53, other scripts, a project without permission) are among the first 172.

    Examples
    --------
    >>> portfolio = Portfolio()
    >>> len(portfolio.projects(portfolio.company))
    172
    """

    companies = COMPANIES  # those the service account sees; the app is not connected to all of them
    company = COMPANIES[0]  # the main one

    def __init__(self, projects: int | None = None) -> None:
        self._sizes = {company.id: company.projects for company in COMPANIES}
        if projects is not None:
            self._sizes[COMPANY_ID] = projects
        self._cells: dict[tuple[str, int, int], bytes] = {}

    def company_of(self, company_id: int) -> Company | None:
        """Company with an id, or None."""
        return next((company for company in COMPANIES if company.id == company_id), None)

    def size(self, company: Company) -> int:
        """Number of projects of a company."""
        return self._sizes[company.id]

    def projects(self, company: Company) -> list[Project]:
        """All projects of a company, in the order of their index."""
        return [self.project(company, index) for index in range(self.size(company))]

    def project(self, company: Company, index: int) -> Project:
        """Project by its index."""
        return _kept(company, index)

    def find(self, company: Company, project_id: int) -> Project | None:
        """Project by its id, or None if the company has none of that id."""
        index = _ODD_INDICES.get(project_id, (project_id - company.first_project_id) // _ID_STEP)
        if not 0 <= index < self.size(company):
            return None
        project = self.project(company, index)
        return project if project.id == project_id else None

    def by_activity(self, company: Company, *, active: bool) -> list[int]:
        """Indices of the active, or of the inactive projects, without making them."""
        return _by_activity(self.size(company), active)

    def row_bytes(self, shape: str, company: Company, index: int, write: Callable[[Project], Any]) -> bytes:
        """Row of a project as JSON, written once for each shape."""
        key = (shape, company.id, index)
        found = self._cells.get(key)
        if found is None:
            found = self._cells[key] = orjson.dumps(write(_make(company, index)))
        return found


def _make(company: Company, index: int) -> Project:
    usual = company.first_project_id + index * _ID_STEP
    if company.id != COMPANY_ID:
        return make_project(company, index, usual)
    return with_edge_cases(make_project(company, index, ODD_IDS.get(index, usual)))


_kept = lru_cache(maxsize=8192)(_make)


@lru_cache(maxsize=16)
def _by_activity(size: int, active: bool) -> list[int]:
    return [index for index in range(size) if active_of(index) == active]


@lru_cache(maxsize=1)
def usual_portfolio() -> Portfolio:
    """The portfolio of every demo that is not given one: it never changes, so its rows are made once in a process."""
    return Portfolio()
