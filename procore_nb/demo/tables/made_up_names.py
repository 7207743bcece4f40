"""Made-up names of people and firms, of the places the portfolio reaches; trades, cost codes and levels.

In: nothing. Out: tuples of words.
"""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.strip().splitlines())


FIRST_NAMES = _words(
    """
    Aaliyah Aoife Arjun Astrid Bilal Cerys Chiara Dafydd Dana Emeka Farah Gwen Hana Hiroshi Ines Iolo Jonas Kahu
    Keala Lachlan Leila Mateo Mei Mihi Nadia Niamh Noor Omar Priya Rhys Rosa Ruairí Saoirse Sefa Siân Tariq Teo
    Thandi Yusuf Zoë
    """
)
LAST_NAMES = _words(
    """
    Abara Achterberg Al-Harthy Bélanger Brannigan Castellanos Doyle Evans Fa‘alogo Gagné Haddad Iyer Jones
    Kaʻaihue Kowalczyk Lindqvist Marchetti MacLeod Ngata O’Shea Okafor Oyelaran Pritchard Quispe Rangi Sørby Tanaka
    Ueda Vance Whitlock Yilmaz Zielinski
    """
)
FIRMS = _words(
    """
    Anvil Basalt Bluegum Causeway Copperline Drumlin Eastgate Fathom Girder Hearthstone Ironbark Juniper Kestrel
    Keystone Lantern Meridian Northway Otter Pillar Quoin Redwood Saltmarsh Tamarack Umber Vantage Wharf
    """
)
TRADES = _lines(
    """
    Concrete
    Masonry
    Structural Steel
    Carpentry
    Roofing
    Glazing
    Drywall
    Painting
    Fire Protection
    Plumbing
    Mechanical
    Electrical
    Earthworks
    Landscaping
    """
)
LEVELS = _lines(
    """
    Basement
    Ground Floor
    Level 1
    Level 2
    Level 3
    Roof
    Plant Room
    """
)
COST_CODES = tuple(
    (line[:6], line[7:])
    for line in _lines(
        """
        01-500 Temporary Facilities
        02-410 Demolition
        03-300 Cast-in-Place Concrete
        03-400 Precast Concrete
        04-200 Unit Masonry
        05-120 Structural Steel Framing
        06-100 Rough Carpentry
        07-500 Membrane Roofing
        08-400 Entrances and Curtain Wall
        09-250 Gypsum Board
        09-900 Painting and Coating
        14-200 Lifts
        21-100 Sprinklers
        22-100 Plumbing Piping
        23-300 Air Distribution
        26-200 Low-Voltage Distribution
        31-200 Earth Moving
        32-900 Planting
        """
    )
)
