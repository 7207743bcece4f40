"""From the words of a row ("US", "NY", "Ontario") to the outline they mean.

In: text of a country and a state. Out: the rings of that place. Speaks to no service.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from procore_nb.maps.borders import Ring, load_borders

OTHER_NAMES = {
    "uk": "GB", "great britain": "GB", "united kingdom": "GB", "england": "GB", "scotland": "GB", "wales": "GB",
    "northern ireland": "GB", "republic of ireland": "IE", "usa": "US", "u.s.": "US", "u.s.a.": "US",
    "united states": "US", "united states of america": "US", "uae": "AE", "united arab emirates": "AE",
    "ksa": "SA", "the bahamas": "BS", "bahamas": "BS", "czech republic": "CZ", "holland": "NL",
    "russian federation": "RU", "south korea": "KR", "korea": "KR", "viet nam": "VN",
}  # fmt: skip

# A row that names the country may lie in one of these, far from the mainland.
DEPENDENCIES = {
    "GB": ("IM", "JE", "GG", "GI", "BM", "KY", "VG", "TC", "FK", "AI", "MS"), "DK": ("FO", "GL"),
    "NL": ("AW", "CW", "SX"), "FR": ("NC", "PF", "PM", "MF", "BL", "WF"), "CN": ("HK", "MO"), "FI": ("AX",),
    "NZ": ("CK", "NU"), "AU": ("NF",),
}  # fmt: skip


@dataclass(frozen=True)
class Region:
    """What a row says of its place: the outline, and how to name it."""

    label: str
    rings: tuple[Ring, ...]


@lru_cache(maxsize=1024)
def country_region(text: str) -> Region | None:
    """The outline of a country given by code or English name; None when unknown."""
    code = country_code(text)
    if not code:
        return None
    units = load_borders().units
    if code == "US":
        states = [unit for key, unit in units.items() if key.startswith("US-")]
        return Region("US", tuple(ring for unit in states for ring in unit.rings))
    parts = [units[key] for key in (code, *DEPENDENCIES.get(code, ())) if key in units]
    return Region(code, tuple(ring for unit in parts for ring in unit.rings)) if parts else None


@lru_cache(maxsize=4096)
def state_region(state: str, country: str) -> Region | None:
    """The outline of a state; without a known country, of every state that has this code or name."""
    word = state.strip()
    if not word:
        return None
    country = country_code(country)
    units = [
        unit
        for unit in load_borders().units.values()
        if unit.level == "state"
        and (not country or unit.code.startswith(f"{country}-"))
        and word.casefold() in (unit.code[3:].casefold(), unit.code.casefold(), unit.name.casefold())
    ]
    if not units:
        return None
    label = " or ".join(unit.code for unit in units)
    return Region(label, tuple(ring for unit in units for ring in unit.rings))


def country_code(text: str) -> str:
    """Two-letter code of a country given by code or English name; empty when unknown."""
    return _codes().get(text.strip().casefold(), "")


@lru_cache(maxsize=1)
def _codes() -> dict[str, str]:
    codes = dict(OTHER_NAMES)
    for unit in load_borders().units.values():
        if unit.level == "country":
            codes |= {word.casefold(): unit.code for word in (unit.name, unit.three, unit.code) if word}
    return codes | {"us": "US"}
