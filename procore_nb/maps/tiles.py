"""Tiles of a server that the caller chose, below a static or an interactive map. Such a server sees where its users look.

In: the caller's word for a basemap; for a static map its extent. Out: `Tiles`, or pictures on Axes. Speaks to that tile server
and to no other, and only when one was chosen; the interactive map's tiles are loaded by the browser.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import numpy as np

from procore_nb.errors import ArgumentError
from procore_nb.maps.borders import MEAN_RADIUS_KM
from procore_nb.maps.extent import Extent

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


_OSM, _CARTO = "https://www.openstreetmap.org/copyright", "https://carto.com/attributions"
KNOWN = {
    "osm": Tiles("https://tile.openstreetmap.org/{z}/{x}/{y}.png", "© OpenStreetMap contributors", _OSM),
    "carto": Tiles(
        "https://a.basemaps.cartocdn.com/light_all/{z}/{x}/{y}.png",
        "© OpenStreetMap contributors, © CARTO",
        _CARTO,
    ),
}


def choose_tiles(basemap: str, attribution: str = "") -> Tiles | None:
    """The tile server meant by "osm", "carto" or an https address; None for "auto" and "none", which contact no host."""
    if basemap in ("auto", "none"):
        return None
    if basemap in KNOWN:
        return KNOWN[basemap]
    parts = urlsplit(basemap if isinstance(basemap, str) else "")
    local = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost")
    if not parts.netloc:
        fault = "is not known"
    elif not (parts.scheme == "https" or local) or not HOST.fullmatch(parts.netloc):
        fault = "is not an https address of a plain host"
    elif not all(part in basemap for part in ("{z}", "{x}", "{y}")):
        fault = "lacks {z}, {x} or {y}"
    else:
        return Tiles(basemap, attribution or f"Tiles: {parts.hostname}")
    usual = '"auto", "none", "osm", "carto" or an address such as https://tiles.example.com/{z}/{x}/{y}.png'
    raise ArgumentError(f"basemap={basemap!r} {fault}.", advice=f"Use {usual}.")


PIXELS = 1400  # of a static map's width: sharp at 200 dots per inch
MOST_TILES, MOST_BYTES = 48, 2_000_000
CONNECTIONS, SECONDS = 2, 10.0  # OpenStreetMap allows two connections


def draw_tiles(ax: Any, view: Extent, tiles: Tiles) -> str:
    """Lay tiles over the outlines of a Mercator view; the words for the note: credit if any is shown, and how many failed."""
    centre = view.projection
    scale = 2 * np.pi * MEAN_RADIUS_KM * np.cos(np.radians(centre.latitude))
    middle_x = centre.longitude / 360 + 0.5
    middle_y = 0.5 - np.arcsinh(np.tan(np.radians(centre.latitude))) / (2 * np.pi)
    left, right = middle_x + view.left / scale, middle_x + view.right / scale
    top, bottom = middle_y - view.top / scale, middle_y - view.bottom / scale
    sharpest = int(np.clip(np.ceil(np.log2(PIXELS / 256 / (right - left))), 0, tiles.max_zoom))
    for zoom in range(sharpest, -1, -1):
        count = 2**zoom
        columns = range(int(np.floor(left * count)), int(np.ceil(right * count)))
        rows = range(max(0, int(np.floor(top * count))), min(count, int(np.ceil(bottom * count))))
        if len(columns) * len(rows) <= MOST_TILES:
            break
    cells = [(column, row) for column in columns for row in rows]
    zoomed = tiles.url.replace("{z}", str(zoom))
    addresses = [zoomed.replace("{x}", str(x % count)).replace("{y}", str(y)) for x, y in cells]
    images = [_load(address) for address in addresses[:1]]
    if images[0] is not None:  # a server that does not answer is not tried 48 times
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            images += pool.map(_load, addresses[1:])
    for (column, row), image in zip(cells, images, strict=False):
        if image is not None:
            west, east = ((column + side) / count - middle_x for side in (0, 1))
            north, south = (middle_y - (row + side) / count for side in (0, 1))
            box = (west * scale, east * scale, south * scale, north * scale)
            ax.imshow(image, extent=box, zorder=1.5, interpolation="bilinear", aspect="auto")
    ax.set(xlim=(view.left, view.right), ylim=(view.bottom, view.top), aspect="equal")
    shown = sum(image is not None for image in images)
    lost, host = len(cells) - shown, urlsplit(tiles.url).hostname
    credit = f"Tiles: {tiles.attribution.removeprefix('Tiles: ')}. " if shown else ""
    failed = f"{lost} of {len(cells)} tiles of {host} could not be loaded: outlines there." if lost else ""
    return credit + failed


def _load(address: str) -> Any:
    """One tile as pixels; None when the server gives none, or no picture."""
    from PIL import Image

    request = Request(address, headers={"User-Agent": "procore_nb (static maps; Python)"})  # noqa: S310  # http(s) only
    for _ in range(2):
        try:
            with urlopen(request, timeout=SECONDS) as reply:  # noqa: S310
                return np.asarray(Image.open(BytesIO(reply.read(MOST_BYTES))).convert("RGB"))
        except (OSError, ValueError):
            continue
    return None
