"""The weather on site, day by day: made up, yet true to the latitude and the season.

In: a context and a day. Out: `Weather`, the same every time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from procore_nb.demo.tables.request_context import RequestContext

_RAINY = {"United States": 0.2, "Canada": 0.22, "British Isles": 0.34, "Gulf": 0.02}

_INLAND = ("United States", "Canada")  # where summer and winter differ most


@dataclass(frozen=True, slots=True)
class Weather:
    """One day: degrees Celsius, millimetres of rain, kilometres an hour of wind."""

    low: int
    high: int
    rain: float
    wind: int

    @property
    def stops_work(self) -> bool:
        """Whether work outside stands still."""
        return self.rain >= 9 or self.wind >= 55

    @property
    def sky(self) -> str:
        """The sky in a word."""
        if self.rain > 0:
            return "Rain" if self.high > 1 else "Snow"
        return ("Clear", "Partly Cloudy", "Cloudy")[(self.low + self.wind) % 3]


def weather(context: RequestContext, day: date) -> Weather:
    """Weather of a project on a day."""
    draw, street = context.random(f"weather:{day}"), context.here.street
    season = math.cos((day.timetuple().tm_yday - 200) / 365 * 2 * math.pi)
    if street.latitude < 0:
        season = -season
    far = abs(street.latitude)
    mean = 29 - 0.0075 * far * far + season * (4 + far * 0.18 if street.region in _INLAND else 6)
    high = round(mean + draw.gauss(4, 3))
    wet = draw.random() < _RAINY.get(street.region, 0.2)
    rain = round(draw.expovariate(1 / 6), 1) if wet else 0.0
    wind = round(abs(draw.gauss(14, 12)))
    return Weather(high - draw.randrange(5, 12), high, rain, wind)
