"""The time zone of a project by the name Procore gives it: an IANA name, or one of the names of Ruby on Rails.

In: `Pacific Time (US & Canada)` or `America/Los_Angeles`. Out: a zone, or None for a name that is neither; times on its
clocks. Speaks to no service. The table is that of Rails (https://api.rubyonrails.org/classes/ActiveSupport/TimeZone.html).
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo


@cache
def rails_names() -> dict[str, str]:
    """Return the IANA name of each name of Rails."""
    table = json.loads(files("procore_nb").joinpath("time_zones.json").read_text("utf-8"))
    return {name: iana for iana, names in table.items() for name in names}


@cache
def zone(name: str) -> Any:
    """Return the zone of a name, or None where nobody knows it."""
    text = name.strip()
    try:
        return ZoneInfo(rails_names().get(text, text))
    except (ValueError, OSError, LookupError):  # unknown, a path, or a file of something else
        return None


def wall_times(times: Any, zones: Any) -> Any:
    """Return what the clocks of each row's zone show, as times without a zone; UTC where the zone is not known."""
    local = times.dt.tz_convert("UTC").dt.tz_localize(None).copy()
    in_calendar = local.dt.year.between(
        2, 9998
    ).to_numpy()  # beyond, a zone may lead out of Python's calendar
    for name in zones.dropna().unique():
        place, chosen = zone(str(name)), in_calendar & (zones == name).fillna(False).to_numpy(dtype=bool)
        if place is not None:
            local[chosen] = times[chosen].dt.tz_convert(place).dt.tz_localize(None)
    return local
