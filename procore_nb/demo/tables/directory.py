"""The people, firms and places that turn up in the records of a project, the same in every list.

In: a context. Out: people, vendors, locations, cost codes and trades, each with the references Procore's rows show.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from procore_nb.demo.tables.made_up_names import COST_CODES, FIRMS, FIRST_NAMES, LAST_NAMES, LEVELS, TRADES
from procore_nb.demo.tables.request_context import RequestContext, Row


@dataclass(frozen=True)
class Vendor:
    """One firm of the company's directory."""

    id: int
    name: str
    trade: str
    trade_id: int

    @property
    def ref(self) -> Row:
        """The firm as other rows show it."""
        return {"id": self.id, "name": self.name}


@dataclass(frozen=True)
class Person:
    """One person of the company's directory; `vendor` is None for the company's own staff."""

    id: int
    first_name: str
    last_name: str
    login: str
    vendor: Vendor | None

    @property
    def is_active(self) -> bool:
        """Whether their login works; one in fifteen has left."""
        return self.id % 15 != 4

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    @property
    def ref(self) -> Row:
        """The person as other rows show them."""
        return {"id": self.id, "login": self.login, "name": self.name}


@dataclass(frozen=True)
class Location:
    """A place inside a project."""

    id: int
    name: str
    parent_id: int | None

    @property
    def ref(self) -> Row:
        """The place as other rows show it: the name is the path to it."""
        node = self.name.rpartition(">")[2]
        return {"id": self.id, "name": self.name, "node_name": node, "parent_id": self.parent_id}


@dataclass(frozen=True)
class CostType:
    """What money is spent on: labour, material, ...; `base_type` is one of the few words Procore has for it."""

    id: int
    name: str
    code: str
    base_type: str

    @property
    def row(self) -> Row:
        """The cost type as Procore's lists show it."""
        origin = {"origin_data": None, "origin_id": None}
        return {"id": self.id, "name": self.name, "code": self.code, "base_type": self.base_type, **origin}


COST_TYPES = (
    CostType(50_881, "Labor", "L", "other"),
    CostType(50_882, "Subcontract", "S", "commitment"),
    CostType(50_883, "Material", "M", "materials"),
    CostType(50_884, "Equipment", "E", "equipment"),
    CostType(50_885, "Other", "O", "other"),
)


@dataclass(frozen=True)
class Reference:
    """Anything with an id, a name and a code: a cost code, a trade."""

    id: int
    name: str
    code: str = ""

    @property
    def ref(self) -> Row:
        """The thing as other rows show it."""
        return {"id": self.id, "name": self.name}


@lru_cache(maxsize=16)
def directory(company_id: int) -> tuple[tuple[Vendor, ...], tuple[Person, ...]]:
    """All vendors and all people of a company."""
    vendors = tuple(
        Vendor(
            88_000 + company_id % 97 * 1_000 + number,
            f"{firm} {TRADES[number % len(TRADES)]}",
            TRADES[number % len(TRADES)],
            5_200 + number % len(TRADES),
        )
        for number, firm in enumerate(FIRMS)
    )
    people = tuple(_person(company_id, number, vendors) for number in range(90))
    return vendors, people


def _person(company_id: int, number: int, vendors: tuple[Vendor, ...]) -> Person:
    first, last = FIRST_NAMES[number * 7 % len(FIRST_NAMES)], LAST_NAMES[number * 11 % len(LAST_NAMES)]
    vendor = None if number % 3 == 0 else vendors[number * 5 % len(vendors)]
    login = f"person{number:03}.{company_id % 97}@{'site' if vendor else 'office'}.example"
    return Person(710_000 + company_id % 97 * 1_000 + number, first, last, login, vendor)


@lru_cache(maxsize=4096)
def team(company_id: int, project_id: int) -> tuple[tuple[Vendor, ...], tuple[Person, ...]]:
    """Firms and people of one project."""
    vendors, people = directory(company_id)
    firms = tuple(vendors[(project_id + 3 * step) % len(vendors)] for step in range(12))
    crew = tuple(person for person in people if person.vendor is None or person.vendor in firms)
    start = project_id % len(crew)
    return firms, (crew[start:] + crew[:start])[:24]


def vendors(context: RequestContext) -> tuple[Vendor, ...]:
    """Firms on the project, or all of the company's."""
    if context.project is None:
        return directory(context.company.id)[0]
    return team(context.company.id, context.project.id)[0]


def people(context: RequestContext) -> tuple[Person, ...]:
    """People on the project, or all of the company's."""
    if context.project is None:
        return directory(context.company.id)[1]
    return team(context.company.id, context.project.id)[1]


def locations(context: RequestContext) -> tuple[Location, ...]:
    """Places inside the project: the building, and its parts from the site to the roof."""
    building = Location(context.id("location", 0), "Main Building", None)
    inside = (
        Location(context.id("location", number), f"{building.name}>{name}", building.id)
        for number, name in enumerate(LEVELS, 1)
    )
    return building, *inside


def cost_codes(context: RequestContext) -> tuple[Reference, ...]:
    """Cost codes of the project."""
    return tuple(
        Reference(context.id("cost_code", number), name, code)
        for number, (code, name) in enumerate(COST_CODES)
    )


def trades() -> tuple[Reference, ...]:
    """Trades of every company."""
    return tuple(Reference(5_200 + number, name) for number, name in enumerate(TRADES))
