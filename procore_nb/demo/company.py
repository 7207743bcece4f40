"""The made-up companies, and the short lists each keeps: stages, types, programs, offices, regions, custom fields.

In: `data/company.json`; `read_facts` reads any file of `data`. Out: constants. None of these companies exists. The demo's day
never changes: `TODAY` is a Thursday.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import orjson


@cache
def read_facts(name: str) -> Any:
    """Content of `data/<name>.json`."""
    return orjson.loads(files("procore_nb.demo").joinpath("data", f"{name}.json").read_bytes())


TODAY = date(2026, 6, 18)
NOW = datetime(2026, 6, 18, 14, 30, tzinfo=UTC)

CLIENT_ID = "demo-client-id"
CLIENT_SECRET = "demo-client-secret"  # noqa: S105 - plainly made up; it opens the demo and nothing else
COMPANY_ID = 24816


@dataclass(frozen=True)
class Company:
    """One company: `projects` says how many it has by default; `connected` whether the app is installed in it."""

    id: int
    name: str
    prefix: str
    projects: int
    first_project_id: int
    connected: bool = True


class Choice(NamedTuple):
    """One entry of a short list: a program, an office, a choice of a custom field."""

    id: int
    name: str

    @property
    def shown(self) -> dict[str, Any]:
        """As the value of a custom field."""
        return {"id": self.id, "label": self.name}


class Stage(NamedTuple):
    """One project stage; `weight` is its share of the projects in percent."""

    id: int
    name: str
    category: str
    weight: int

    @property
    def hideable(self) -> bool:
        return self.category in ("not_awarded", "canceled")

    @property
    def under_way(self) -> bool:
        return self.category == "course_of_construction"


class Tool(NamedTuple):
    """One project tool: `module` is its name in the catalogue."""

    module: str
    title: str
    engine_name: str


@dataclass(frozen=True)
class CustomField:
    """Definition of one custom field; `modules` are the tools that show it, none for those of projects."""

    id: int
    label: str
    data_type: str
    choices: tuple[Choice, ...]
    description: str | None
    modules: tuple[str, ...]


COMPANIES = (
    Company(COMPANY_ID, "Harbour & Vale Construction", "HV", 172, 1_204_310),
    Company(562_949_953_430_517, "Kestrel & Fold Civil Works", "KF", 24, 562_949_953_600_400),
    Company(24_977, "Harbour & Vale – Training", "TR", 3, 1_390_020),
    Company(31_002, "Orchard Row Homes", "OR", 9, 1_455_700, connected=False),
)
SERVICE_ACCOUNT_ID = 1_079_431
SERVICE_ACCOUNT: dict[str, int | str] = {
    "id": SERVICE_ACCOUNT_ID,
    "login": "portfolio-analytics-dmsa@harbourandvale.example",
    "name": "Portfolio Analytics (service account)",
}


def _choices(first_id: int, names: list[str]) -> tuple[Choice, ...]:
    return tuple(Choice(first_id + number, name) for number, name in enumerate(names))


_FACTS = read_facts("company")
# The third is called otherwise than Procore calls it: companies rename their stages, the category stays.
STAGES = tuple(Stage(*stage) for stage in _FACTS["stages"])
TYPES, PROGRAMS, OFFICES, REGIONS, DEPARTMENTS, OWNER_TYPES, BID_TYPES = (
    _choices(*choices) for choices in _FACTS["choices"].values()
)
_FIELDS = [
    CustomField(number, label, data_type, _choices(*(choices or (0, []))), description, tuple(modules))
    for number, label, data_type, choices, description, modules in _FACTS["custom_fields"]
]
# Two of the projects' fields share a label, as happens in old accounts; fields with modules are those of records.
CUSTOM_FIELDS = tuple(field for field in _FIELDS if not field.modules)
RECORD_FIELDS = tuple(field for field in _FIELDS if field.modules)
TOOLS = tuple(Tool(*tool) for tool in _FACTS["tools"])
PROJECT_MODULES = frozenset(tool.module for tool in TOOLS[2:])
