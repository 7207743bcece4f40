"""What real data has: nulls, other scripts, wrong coordinates, huge ids, a project nobody let the account into.

In: a project of the main company, and `data/edge_cases.json`. Out: the same, or an odder one. Keyed by index, so that each oddity is there once
or a few times whatever the size of the portfolio.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from procore_nb.demo.facts import read_facts
from procore_nb.demo.project import Project
from procore_nb.demo.streets import STREETS

# 2**53 and its neighbours: as floats the first two are the same number.
ODD_IDS = {21: 9_007_199_254_740_992, 34: 9_007_199_254_740_993, 55: 9_223_372_036_854_775_806}
ODD_IDS |= {index: 562_949_953_510_000 + index for index in range(8, 160, 12) if index not in ODD_IDS}

_FACTS = read_facts("edge_cases")
_FIRST_IN_CITY = {
    next(index for index, street in enumerate(STREETS) if street.city == city): name
    for city, name in _FACTS["names_by_city"].items()
}
_READ: dict[str, Callable[[Any], Any]] = {"actual_start": date.fromisoformat, "tools_off": frozenset}


def with_edge_cases(project: Project) -> Project:
    """Project with what is odd about it."""
    changes: dict[str, Any] = {}
    if project.index in _FIRST_IN_CITY:
        changes["name"] = _FIRST_IN_CITY[project.index]
    if project.index in _FACTS["swapped"]:
        changes |= {"latitude": project.longitude, "longitude": project.latitude}
    for key, value in _FACTS["projects"].get(str(project.index), {}).items():
        changes[key] = _READ[key](value) if key in _READ else value
    return replace(project, **changes) if changes else project
