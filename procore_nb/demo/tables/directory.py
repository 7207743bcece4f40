"""The people, firms, places and kinds of work that turn up in the records of a project, the same in every list; who does what.

In: a context. Out: people, vendors, locations, cost codes and trades, each with the references Procore's rows show; the
builder's own people and those of the firms on site, only those whose login works; the firm for a kind of work; a building's
`packages`, one `WorkPackage` for each cost code that it takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

from procore_nb.demo.company import OFFICES, Company, read_facts
from procore_nb.demo.portfolio import Project
from procore_nb.demo.tables.registry import RequestContext, Row, per_project

_NAMES = read_facts("names")
FIRST_NAMES: list[str] = _NAMES["first_names"]
LAST_NAMES: list[str] = _NAMES["last_names"]
FIRMS: list[str] = _NAMES["firms"]
TRADES: list[str] = _NAMES["trades"]
COST_CODES: list[tuple[str, str, int]] = _NAMES["cost_codes"]
SHARED = {9: 10, 7: 6, 1: 0}  # trades that a firm of another trade may do too


@dataclass(frozen=True)
class Reference:
    """Anything with an id and a name; `ref` is how other rows show it."""

    id: int
    name: str

    @cached_property
    def ref(self) -> Row:
        return {"id": self.id, "name": self.name}


@dataclass(frozen=True)
class CostCode(Reference):
    code: str

    @property
    def short(self) -> str:
        return self.code.partition("-")[2]


@dataclass(frozen=True)
class Vendor(Reference):
    """A firm; it works in one country. Owners and the builder have no trade."""

    trade: str
    trade_id: int
    country: str

    @cached_property
    def trade_row(self) -> Row:
        """Its trade as other rows show it."""
        return {"id": self.trade_id, "name": self.trade, "active": True}


@dataclass(frozen=True)
class TeamMember:
    """A person; `vendor` is None for the company's own staff."""

    id: int
    first_name: str
    last_name: str
    login: str
    vendor: Vendor | None

    @cached_property
    def ref(self) -> Row:
        return {"id": self.id, "login": self.login, "name": self.name}

    @property
    def is_active(self) -> bool:
        """One in fifteen has left."""
        return self.id % 15 != 4

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    @property
    def initials(self) -> str:
        return self.first_name[0] + self.last_name[0]


@dataclass(frozen=True)
class Location(Reference):
    """A place inside a project; its name is the path to it."""

    parent_id: int | None

    @cached_property
    def ref(self) -> Row:
        node = self.name.rpartition(">")[2]
        return {"id": self.id, "name": self.name, "node_name": node, "parent_id": self.parent_id}


@dataclass(frozen=True)
class CostType(Reference):
    """Labour, material, ...; `base_type` is one of the few words Procore has for it."""

    code: str
    base_type: str

    @cached_property
    def ref(self) -> Row:
        return {"id": self.id, "name": self.name, "code": self.code, "base_type": self.base_type}


COST_TYPES = tuple(CostType(*facts) for facts in _NAMES["cost_types"])


@dataclass(frozen=True)
class WorkPackage:
    """One kind of work: its share of the cost in percent, and the shares of the time at which it begins and ends."""

    weight: int
    begin: float
    end: float

    def done(self, elapsed: float) -> float:
        """Share that is done at a share of the project's time: a smooth step from 0 to 1."""
        share = min(1.0, max(0.0, (elapsed - self.begin) / (self.end - self.begin)))
        return share * share * (3 - 2 * share)


@cache
def packages(building: str) -> dict[int, WorkPackage]:
    """By the number of their cost code; a bridge has no lifts."""
    facts = read_facts("money")
    kind = next(kind for *_, name, _, _, _, kind in facts["buildings"] if name == building)
    parts = enumerate(zip(facts["weights"][kind], facts["plan"], strict=True))
    return {code: WorkPackage(weight, *span) for code, (weight, (_, *span)) in parts if weight}


_FIRST_TRADE = 5_200
Team = tuple[tuple[Vendor, ...], tuple[TeamMember, ...]]


def _first_vendor_id(company_id: int) -> int:
    return 88_000 + company_id % 97 * 1_000


@lru_cache(maxsize=16)
def directory(company_id: int) -> Team:
    """Firms of every trade in each country, each with somebody, and the company's own people."""
    first, countries = _first_vendor_id(company_id), read_facts("money")["firm_blocks"]
    firms = []
    for number in range(len(TRADES) * len(countries)):
        country, trade = divmod(number, len(TRADES))
        name = f"{FIRMS[number % len(FIRMS)]} {TRADES[trade]}"
        firms.append(Vendor(first + number, name, TRADES[trade], _FIRST_TRADE + trade, countries[country]))
    people = []
    for number in range(len(firms) * 3 // 2):
        given = FIRST_NAMES[number * 7 % len(FIRST_NAMES)]
        family = LAST_NAMES[(number * 11 + number // 160) % len(LAST_NAMES)]
        vendor = None if number % 3 == 0 else firms[number * 2 // 3]
        login = f"person{number:03}.{company_id % 97}@{'site' if vendor else 'office'}.example"
        person_id = 710_000 + company_id % 97 * 1_000 + number
        people.append(TeamMember(person_id, given, family, login, vendor))
    return tuple(firms), tuple(people)


@lru_cache(maxsize=4096)
def _team(company_id: int, project_id: int, country: str, office: int, building: str) -> Team:
    """Firms and people of one project: firms of its country for the trades it takes, the staff of the nearest office.

    On some projects a firm does the work of two trades; on some there is a second firm of a trade, the last one.
    """
    vendors, people = directory(company_id)
    national = [vendor for vendor in vendors if vendor.country == country]
    sets = len(national) // len(TRADES)
    needed = {COST_CODES[code][2] for code in packages(building)}
    needed -= {trade for number, trade in enumerate(SHARED) if project_id % (number + 3) == 0}
    trades = sorted(needed)
    if sets > 1 and project_id % 5 == 1:
        trades.append(trades[project_id // 5 % len(trades)])
    firms = tuple(  # one set of a country's firms after the other
        national[(project_id + trade + (number >= len(needed))) % sets * len(TRADES) + trade]
        for number, trade in enumerate(trades)
    )
    staff = [person for person in people if person.vendor is None][office :: len(OFFICES)]
    start = project_id % len(staff)
    ids = {firm.id for firm in firms}
    guests = [person for person in people if person.vendor and person.vendor.id in ids]
    return firms, (*staff[start:], *staff[:start], *guests)


def team(company: Company, project: Project) -> Team:
    office = OFFICES.index(project.office) if project.office else 0
    return _team(company.id, project.id, project.street.country_code, office, project.building)


def builder(company: Company) -> Vendor:
    """The company itself, as the contractor of its own contracts with owners."""
    return Vendor(_first_vendor_id(company.id) + 900, company.name, "", 0, "")


@lru_cache(maxsize=16)
def _owners(company_id: int) -> tuple[Vendor, ...]:
    """Three in each country, for health, for the public, and private ones."""
    facts, first = read_facts("money"), _first_vendor_id(company_id) + 500
    kinds, countries = facts["owner_kinds"], sorted(facts["currencies"])
    return tuple(
        Vendor(first + number, f"{word} {kinds[number % 3]}", "", 0, countries[number // 3])
        for number, word in enumerate(facts["owner_words"])
    )


def owner_of(company: Company, project: Project) -> Vendor:
    """One of the owners in the project's country, by what is built."""
    type_index = next(facts[0] for facts in read_facts("money")["buildings"] if facts[1] == project.building)
    owners = [owner for owner in _owners(company.id) if owner.country == project.street.country_code]
    number: int = read_facts("money")["owner_of_type"][type_index]
    return owners[number]


def _everybody(context: RequestContext) -> Team:
    return directory(context.company.id) if context.target is None else team(context.company, context.target)


def vendors(context: RequestContext) -> tuple[Vendor, ...]:
    return _everybody(context)[0]


def people(context: RequestContext) -> tuple[TeamMember, ...]:
    return _everybody(context)[1]


def parties_of(company: Company, project: Project) -> tuple[Vendor, ...]:
    """Everybody with a contract on a project."""
    return (*team(company, project)[0], owner_of(company, project), builder(company))


def parties(context: RequestContext) -> tuple[Vendor, ...]:
    if context.target:
        return parties_of(context.company, context.target)
    return (*vendors(context), *_owners(context.company.id), builder(context.company))


def locations(context: RequestContext) -> tuple[Location, ...]:
    return _locations(context.id("location", 0))


@lru_cache(maxsize=512)
def _locations(first: int) -> tuple[Location, ...]:
    """The building, and its parts from the site to the roof."""
    name, levels = "Main Building", enumerate(_NAMES["levels"], 1)
    parts = (Location(first + number, f"{name}>{level}", first) for number, level in levels)
    return Location(first, name, None), *parts


@per_project
def cost_codes(context: RequestContext) -> tuple[CostCode, ...]:
    first = context.id("cost_code", 0)
    return tuple(CostCode(first + number, name, code) for number, (code, name, _) in enumerate(COST_CODES))


@cache
def trades() -> tuple[Reference, ...]:
    return tuple(Reference(_FIRST_TRADE + number, name) for number, name in enumerate(TRADES))


@per_project
def office(context: RequestContext) -> tuple[TeamMember, ...]:
    return tuple(person for person in people(context) if person.is_active and person.vendor is None)


@per_project
def site(context: RequestContext) -> tuple[TeamMember, ...]:
    """People of the firms on the project; the builder's own if there are none."""
    guests = tuple(person for person in people(context) if person.is_active and person.vendor is not None)
    return guests or office(context)


def firm_for(context: RequestContext, code: int) -> Vendor:
    """The firm that does the work of a cost code (by its number)."""
    firms, trade = vendors(context), COST_CODES[code][2]
    for suited in (trade, SHARED.get(trade, trade)):
        for firm in firms:
            if firm.trade_id == _FIRST_TRADE + suited:
                return firm
    return firms[code % len(firms)]


def successor(context: RequestContext) -> Vendor | None:
    """The firm that took over from another of its trade, on some projects."""
    *others, last = vendors(context)
    return last if any(firm.trade_id == last.trade_id for firm in others) else None


def worker_of(context: RequestContext, firm: Vendor) -> TeamMember:
    """Somebody of a firm, or of any firm on site."""
    everybody = site(context)
    return next((person for person in everybody if person.vendor == firm), everybody[0])


def brief(person: TeamMember) -> Row:
    """The person as lists show them that tell no login."""
    return {"id": person.id, "name": person.name}


def contact(context: RequestContext, person: TeamMember) -> Row:
    """The person as lists of quality show them, with their company."""
    return {**person.ref, "locale": "en", "company_name": (person.vendor or context.company).name}


def place(context: RequestContext, number: int) -> Row:
    return places(context)[number % len(places(context))]


@per_project
def places(context: RequestContext) -> tuple[Row, ...]:
    since = context.project.created_at
    return tuple(
        {**location.ref, "created_at": since, "updated_at": since} for location in locations(context)
    )
