"""Where the made-up projects stand: true streets of true cities.

In: the two hand-written lists. Out: `STREETS`, in a mixed order.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from procore_nb.demo.streets_americas import AMERICAS
from procore_nb.demo.streets_overseas import OVERSEAS

_REGIONS = {"US": "United States", "CA": "Canada", "GB": "British Isles", "IE": "British Isles"}
_REGIONS |= {"AU": "Australia & New Zealand", "NZ": "Australia & New Zealand"}
_OFFICES = {
    "US": "Columbus",
    "CA": "Toronto",
    "GB": "Manchester",
    "IE": "Dublin",
    "AU": "Melbourne",
    "NZ": "Melbourne",
}
_WEST = {"AZ", "CA", "CO", "NV", "OR", "UT", "WA", "AK", "HI", "TX"}


@dataclass(frozen=True)
class Street:
    """A point on a street (degrees WGS 84) and the city around it."""

    name: str
    latitude: float
    longitude: float
    zip: str | None
    city: str
    state_code: str
    country_code: str
    county: str
    time_zone: str
    tz_name: str

    @property
    def region(self) -> str:
        """Name of the company's region."""
        return _REGIONS.get(self.country_code, "Gulf")

    @property
    def office(self) -> str:
        """Name of the company's office nearest to it."""
        if self.country_code == "US" and self.state_code in _WEST:
            return "Denver"
        return _OFFICES.get(self.country_code, "Dubai")


def _read(text: str) -> list[Street]:
    found: list[Street] = []
    city: list[str] = []
    for line in text.strip("\n").splitlines():
        parts = line.strip().split("|")
        if not line.startswith(" "):
            city = parts
            continue
        name, latitude, longitude, code = parts
        found.append(Street(name, float(latitude), float(longitude), code or None, *city))
    return found


def _mixed(streets: list[Street]) -> tuple[Street, ...]:
    """Same streets in an order that has nothing to do with where they are."""
    random.Random(20260618).shuffle(streets)
    return tuple(streets)


STREETS = _mixed(_read(AMERICAS) + _read(OVERSEAS))
