"""Which tile server, if any, the interactive map may ask.

In: the caller's word. Out: an address template with its credit, or None. Speaks to no service: the browser asks
the server, and only when the caller chose one. A tile server sees where its users look.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from procore_nb.errors import ArgumentError

HOST = re.compile(r"[A-Za-z0-9.-]+(:\d+)?")


@dataclass(frozen=True)
class Tiles:
    """A tile server: address with {z}, {x}, {y}, credit to show, deepest zoom."""

    url: str
    attribution: str
    credit_url: str = ""
    max_zoom: int = 19

    @property
    def origin(self) -> str:
        """Scheme and host, for the content-security policy."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    def as_dict(self) -> dict[str, str | int]:
        return asdict(self)


KNOWN = {
    "osm": Tiles(
        "https://tile.openstreetmap.org/{z}/{x}/{y}.png",
        "© OpenStreetMap contributors",
        "https://www.openstreetmap.org/copyright",
    ),
    "carto": Tiles(
        "https://a.basemaps.cartocdn.com/light_all/{z}/{x}/{y}.png",
        "© OpenStreetMap contributors, © CARTO",
        "https://carto.com/attributions",
    ),
}


def choose_tiles(basemap: str, attribution: str = "") -> Tiles | None:
    """The tile server meant by "osm", "carto" or an address; None for "auto" and "none", which ask no host.

    Raises
    ------
    ArgumentError
        An unknown word, or an address that is not https (http only on this machine) with {z}, {x} and {y}.
    """
    if basemap in ("auto", "none"):
        return None
    if basemap in KNOWN:
        return KNOWN[basemap]
    advice = (
        'Use "auto", "none", "osm", "carto" or an address such as https://tiles.example.com/{z}/{x}/{y}.png.'
    )
    if not isinstance(basemap, str) or "://" not in basemap:
        raise ArgumentError(f"basemap={basemap!r} is not known.", advice=advice)
    parts = urlsplit(basemap)
    local = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost")
    if not (parts.scheme == "https" or local) or not HOST.fullmatch(parts.netloc):
        raise ArgumentError(f"basemap={basemap!r} is not an https address of a plain host.", advice=advice)
    if not all(part in basemap for part in ("{z}", "{x}", "{y}")):
        raise ArgumentError(f"basemap={basemap!r} lacks {{z}}, {{x}} or {{y}}.", advice=advice)
    return Tiles(basemap, attribution or f"Tiles: {parts.hostname}")
