"""What real data has: nulls, other scripts, wrong coordinates, huge ids, a project nobody let the account into.

In: a project of the main company. Out: the same, or an odder one. Keyed by index, so that each oddity is there once
or a few times whatever the size of the portfolio.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from procore_nb.demo.project import Project, retold
from procore_nb.demo.streets import STREETS

# 2**53 and its neighbours: as floats the first two are the same number.
ODD_IDS = {21: 9_007_199_254_740_992, 34: 9_007_199_254_740_993, 55: 9_223_372_036_854_775_806}
ODD_IDS |= {index: 562_949_953_510_000 + index for index in range(8, 160, 12) if index not in ODD_IDS}

NO_PERMISSION_INDEX, _BARE_INDEX = 7, 13
_NAMES = {
    3: '<script>alert("demo")</script> Laneway',
    6: "=SUM(A1:A9) Tower Fit-out",
    16: 'The "Old Mill", Block A; Phase 2',
    18: "  Spaced  Out  Studios ",
    24: "-12 Basement Works",
    47: "@Home Apartments",
    61: "Tab\tand line\nbreak House",
    77: "Straße der Künste Galerie",
    84: "東門 Market Hall",
}
_BY_CITY = {
    "Dubai": "برج الميناء",
    "Riyadh": "مكتبة العليا",
    "Calgary": "Maple 🍁 Ice Rink",
    "Montréal": "École Saint-Élie",
    "Québec": "Bibliothèque Gabrielle-Côté",
    "Cardiff": "Canolfan Tŷ’r Môr",
    "Auckland": "Te Whare Mātauranga o Ōtāhuhu",
    "Galway": "Scoil Náisiúnta Mhic Dhiarmada",
}
_NO_COORDINATES = {10, 33, 58, 90, 117, 141}
_SWAPPED = {29, 104}
_ZERO = {43}
_NO_ADDRESS = {10, 90}
_NO_CURRENCY = {57}
# Two projects whose first day on site came late, in the last full week before the demo's day.
_STARTED = {64: date(2026, 6, 10), 65: date(2026, 6, 9)}
_TOOLS_OFF = {
    2: {"Punch List", "Incidents"},
    9: {"RFI"},
    15: {"Submittals", "RFI"},
    25: {"Budget", "Commitments", "Prime Contracts"},
    36: {"Daily Log"},
    52: {"Inspections", "Observations"},
}
_FIRST_IN_CITY = {
    city: next(index for index, street in enumerate(STREETS) if street.city == city) for city in _BY_CITY
}


def with_edge_cases(project: Project) -> Project:
    """Project with what is odd about it."""
    changes = _changes(project)
    return retold(project, **changes) if changes else project


def _changes(project: Project) -> dict[str, Any]:
    index, street = project.index, project.street
    changes: dict[str, Any] = {}
    if _FIRST_IN_CITY.get(street.city) == index:
        changes["name"] = _BY_CITY[street.city]
    if index in _NAMES:
        changes["name"] = _NAMES[index]
    if index in _NO_COORDINATES:
        changes |= {"latitude": None, "longitude": None}
    if index in _SWAPPED:
        changes |= {"latitude": project.longitude, "longitude": project.latitude}
    if index in _ZERO:
        changes |= {"latitude": 0.0, "longitude": 0.0}
    if index in _NO_ADDRESS:
        changes["address"] = None
    if index in _NO_CURRENCY:
        changes["currency"] = None
    if index == NO_PERMISSION_INDEX:
        changes["permitted"] = False
    if index == _BARE_INDEX:
        changes["bare"] = True
    if index in _STARTED:
        changes["actual_start"] = _STARTED[index]
    if index in _TOOLS_OFF:
        changes["tools_off"] = frozenset(_TOOLS_OFF[index])
    return changes
