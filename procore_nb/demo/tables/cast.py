"""The people, firms and places that turn up in the records of a project, the same in every list.

In: a scene. Out: people, vendors, locations, cost codes and trades, each with the references Procore's rows show.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from procore_nb.demo.tables.scene import Row, Scene

_FIRST = [
    "Aaliyah",
    "Aoife",
    "Arjun",
    "Astrid",
    "Bilal",
    "Cerys",
    "Chiara",
    "Dafydd",
    "Dana",
    "Emeka",
    "Farah",
    "Gwen",
    "Hana",
    "Hiroshi",
    "Ines",
    "Iolo",
    "Jonas",
    "Kahu",
    "Keala",
    "Lachlan",
    "Leila",
    "Mateo",
    "Mei",
    "Mihi",
    "Nadia",
    "Niamh",
    "Noor",
    "Omar",
    "Priya",
    "Rhys",
    "Rosa",
    "Ruairí",
    "Saoirse",
    "Sefa",
    "Siân",
    "Tariq",
    "Teo",
    "Thandi",
    "Yusuf",
    "Zoë",
]
_LAST = [
    "Abara",
    "Achterberg",
    "Al-Harthy",
    "Bélanger",
    "Brannigan",
    "Castellanos",
    "Doyle",
    "Evans",
    "Fa‘alogo",
    "Gagné",
    "Haddad",
    "Iyer",
    "Jones",
    "Kaʻaihue",
    "Kowalczyk",
    "Lindqvist",
    "Marchetti",
    "Mac",
    "Ngata",
    "O’Shea",
    "Okafor",
    "Oyelaran",
    "Pritchard",
    "Quispe",
    "Rangi",
    "Sørby",
    "Tanaka",
    "Ueda",
    "Vance",
    "Whitlock",
    "Yilmaz",
    "Zielinski",
]
_FIRMS = [
    "Anvil",
    "Basalt",
    "Bluegum",
    "Causeway",
    "Copperline",
    "Drumlin",
    "Eastgate",
    "Fathom",
    "Girder",
    "Hearthstone",
    "Ironbark",
    "Juniper",
    "Kestrel",
    "Keystone",
    "Lantern",
    "Meridian",
    "Northway",
    "Otter",
    "Pillar",
    "Quoin",
    "Redwood",
    "Saltmarsh",
    "Tamarack",
    "Umber",
    "Vantage",
    "Wharf",
]

TRADES = (
    "Concrete",
    "Masonry",
    "Structural Steel",
    "Carpentry",
    "Roofing",
    "Glazing",
    "Drywall",
    "Painting",
    "Fire Protection",
    "Plumbing",
    "Mechanical",
    "Electrical",
    "Earthworks",
    "Landscaping",
)
COST_CODES = (
    ("01-500", "Temporary Facilities"),
    ("02-410", "Demolition"),
    ("03-300", "Cast-in-Place Concrete"),
    ("03-400", "Precast Concrete"),
    ("04-200", "Unit Masonry"),
    ("05-120", "Structural Steel Framing"),
    ("06-100", "Rough Carpentry"),
    ("07-500", "Membrane Roofing"),
    ("08-400", "Entrances and Curtain Wall"),
    ("09-250", "Gypsum Board"),
    ("09-900", "Painting and Coating"),
    ("14-200", "Lifts"),
    ("21-100", "Sprinklers"),
    ("22-100", "Plumbing Piping"),
    ("23-300", "Air Distribution"),
    ("26-200", "Low-Voltage Distribution"),
    ("31-200", "Earth Moving"),
    ("32-900", "Planting"),
)
_LEVELS = ("Site", "Basement", "Ground Floor", "Level 1", "Level 2", "Level 3", "Roof")


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
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    @property
    def ref(self) -> Row:
        """The person as other rows show them."""
        return {"id": self.id, "login": self.login, "name": self.name}


@dataclass(frozen=True)
class Reference:
    """Anything with an id, a name and a code: a location, a cost code."""

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
        for number, firm in enumerate(_FIRMS)
    )
    people = tuple(_person(company_id, number, vendors) for number in range(90))
    return vendors, people


def _person(company_id: int, number: int, vendors: tuple[Vendor, ...]) -> Person:
    first, last = _FIRST[number * 7 % len(_FIRST)], _LAST[number * 11 % len(_LAST)]
    vendor = None if number % 3 == 0 else vendors[number * 5 % len(vendors)]
    login = f"person{number:03}.{company_id % 97}@{'site' if vendor else 'office'}.example"
    return Person(710_000 + company_id % 97 * 1_000 + number, first, last, login, vendor)


@lru_cache(maxsize=4096)
def _team(company_id: int, project_id: int) -> tuple[tuple[Vendor, ...], tuple[Person, ...]]:
    vendors, people = directory(company_id)
    firms = tuple(vendors[(project_id + 3 * step) % len(vendors)] for step in range(12))
    crew = tuple(person for person in people if person.vendor is None or person.vendor in firms)
    start = project_id % len(crew)
    return firms, (crew[start:] + crew[:start])[:24]


def vendors(scene: Scene) -> tuple[Vendor, ...]:
    """Firms on the project, or all of the company's."""
    if scene.project is None:
        return directory(scene.company.id)[0]
    return _team(scene.company.id, scene.project.id)[0]


def people(scene: Scene) -> tuple[Person, ...]:
    """People on the project, or all of the company's."""
    if scene.project is None:
        return directory(scene.company.id)[1]
    return _team(scene.company.id, scene.project.id)[1]


def locations(scene: Scene) -> tuple[Reference, ...]:
    """Places inside the project, from the site to the roof."""
    return tuple(Reference(scene.id("location", number), name) for number, name in enumerate(_LEVELS))


def cost_codes(scene: Scene) -> tuple[Reference, ...]:
    """Cost codes of the project."""
    return tuple(
        Reference(scene.id("cost_code", number), name, code) for number, (code, name) in enumerate(COST_CODES)
    )


def trades() -> tuple[Reference, ...]:
    """Trades of every company."""
    return tuple(Reference(5_200 + number, name) for number, name in enumerate(TRADES))
