"""Where the made-up projects stand: true streets of true cities, a few hundred metres from any water.

In: `data/streets.csv`. Out: `STREETS`, in a mixed order that has nothing to do with where they are.
"""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass
from importlib.resources import files

_REGIONS = {"US": "United States", "CA": "Canada", "GB": "British Isles", "IE": "British Isles"}
_REGIONS |= {"AU": "Australia & New Zealand", "NZ": "Australia & New Zealand"}
_OFFICES = {"US": "Columbus", "CA": "Toronto", "GB": "Manchester", "IE": "Dublin"}
_OFFICES |= {"AU": "Melbourne", "NZ": "Melbourne"}
_WEST = {"AZ", "CA", "CO", "NV", "OR", "UT", "WA", "AK", "HI", "TX"}


@dataclass(frozen=True)
class Street:
    """A point on a street (degrees WGS 84) and the city around it; time zones as Rails and as IANA name them."""

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


def _read() -> tuple[Street, ...]:
    lines = (files(__package__) / "data" / "streets.csv").read_text(encoding="utf-8").splitlines()[1:]
    streets = [
        Street(name, float(latitude), float(longitude), code or None, *city)
        for name, latitude, longitude, code, *city in csv.reader(lines)
    ]
    random.Random(20260618).shuffle(streets)
    return tuple(streets)


STREETS = _read()
