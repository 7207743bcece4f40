"""Who does what on a project: the builder's own people, those of the firms on site, and the firm for a kind of work.

In: a context. Out: people and vendors of `cast`, only those whose login works.
"""

from __future__ import annotations

from procore_nb.demo.tables import directory
from procore_nb.demo.tables.cache import per_project
from procore_nb.demo.tables.directory import Reference, TeamMember, Vendor
from procore_nb.demo.tables.made_up_names import COST_CODES
from procore_nb.demo.tables.request_context import RequestContext, Row

MACHINES = ("Excavator 22 t", "Dumper 9 t", "Tower crane 1", "Scissor lift 12 m")


@per_project(keep=400)
def office(context: RequestContext) -> tuple[TeamMember, ...]:
    """The builder's own people."""
    return tuple(person for person in _active(context) if person.vendor is None)


@per_project(keep=400)
def site(context: RequestContext) -> tuple[TeamMember, ...]:
    """People of the firms on the project; the builder's own if there are none."""
    return tuple(person for person in _active(context) if person.vendor is not None) or office(context)


def firm_for(context: RequestContext, code: int) -> Vendor:
    """The firm that does the work of a cost code (by its number in the list)."""
    firms, trade = directory.vendors(context), COST_CODES[code][2]
    for wanted in (trade, directory.SHARED.get(trade, trade)):
        for firm in firms:
            if firm.trade_id == 5_200 + wanted:
                return firm
    return firms[code % len(firms)]


def successor(context: RequestContext) -> Vendor | None:
    """The firm that took over from another of its trade, on some projects."""
    *others, last = directory.vendors(context)
    return last if any(firm.trade_id == last.trade_id for firm in others) else None


def worker_of(context: RequestContext, firm: Vendor) -> TeamMember:
    """Somebody of a firm, or of any firm on site if it has nobody there."""
    everybody = site(context)
    return next((person for person in everybody if person.vendor == firm), everybody[0])


def trade_of(vendor: Vendor) -> Reference:
    """The trade of a firm."""
    return Reference(vendor.trade_id, vendor.trade)


def brief(person: TeamMember) -> Row:
    """The person as lists show them that tell no login."""
    return {"id": person.id, "name": person.name}


def place(context: RequestContext, number: int) -> Row:
    """A location as rows show it, by any number."""
    found = places(context)
    return found[number % len(found)]


@per_project(keep=400)
def places(context: RequestContext) -> tuple[Row, ...]:
    """Locations of the project as rows show them."""
    since = context.here.created_at
    return tuple(
        {**one.ref, "created_at": since, "updated_at": since} for one in directory.locations(context)
    )


def _active(context: RequestContext) -> tuple[TeamMember, ...]:
    return tuple(person for person in directory.people(context) if person.is_active)
