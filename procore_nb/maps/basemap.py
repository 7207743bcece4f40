"""What lies below the points: sea, land and borders, tiles of a server that the caller chose, names of cities.

In: an extent; the caller's word for a basemap. Out: artists, labels, `Tiles`. Speaks to that tile server and to no other, and only
when one was chosen: it then sees where its users look. An interactive map's tiles are loaded by the browser.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import numpy as np

from procore_nb.errors import ArgumentError
from procore_nb.maps.borders import (
    KM_PER_DEGREE,
    MEAN_RADIUS_KM,
    Floats,
    bounds,
    load_borders,
    load_cities,
    wrapped,
)
from procore_nb.maps.extent import Extent

SEA, LAND = "#E3EBF1", "#FAF8F4"
COAST, STATE_LINE, COUNTY_LINE, CITY = "#9AA3AB", "#D3CFC6", "#E9E5DD", "#6F7479"
PALE = "#858C93"  # names of counties, and of a city below its points
COUNTIES_KM, COUNTY_NAMES_KM = 1500.0, 350.0  # narrower pictures have them
LONGEST_STEP_DEGREES = 1.0
_GAP = np.full((1, 2), np.nan)  # between two lines that are drawn as one
# Which ranks of cities are named when the picture is so many km wide.
RANKS_BY_WIDTH = ((1200.0, 4), (3500.0, 3), (9000.0, 2), (25000.0, 1))


@dataclass(frozen=True)
class Label:
    """A name that may be written: where in km, how far away from there (points), how important."""

    text: str
    x: float
    y: float
    away: float = 0.0
    rank: int = 0


@lru_cache(maxsize=8)
def _layer(name: str) -> tuple[tuple[Floats, ...], Floats]:
    """The outlines of a layer, and where each lies: most of them are outside of most pictures."""
    lines = load_borders().layers[name]
    return lines, bounds(lines)


def draw_outlines(ax: Any, view: Extent) -> None:
    """Fill the sea, land and lakes, then stroke borders, each line once."""
    from matplotlib.collections import PolyCollection

    ax.set_facecolor(SEA)
    fills = (
        ("countries", LAND, LAND),
        ("border_lakes", SEA, COAST),
        ("states", LAND, LAND),
        ("lakes", SEA, SEA),
    )
    for level, (name, face, edge) in enumerate(fills):
        rings = _rings_in(name, view)
        shapes = PolyCollection(
            rings, facecolors=face, edgecolors=edge, linewidths=0.4, zorder=0.5 + level / 10
        )
        ax.add_collection(shapes, autolim=False)
    style = {"linewidth": 0.6 if view.width < 9000 else 0.35, "solid_joinstyle": "round", "zorder": 1}
    strokes = {
        "county_lines": COUNTY_LINE if view.width < COUNTIES_KM else None,
        "state_lines": COAST if view.width < COUNTY_NAMES_KM else STATE_LINE,
        "country_lines": COAST,
    }
    for name, color in strokes.items():
        if color:
            ax.plot(*_lines_in(name, view), color=color, scalex=False, scaley=False, **style)


def city_labels(view: Extent) -> list[Label]:
    """Cities inside the view, the most important first, as many ranks as the width bears; then counties (rank 0)."""
    deepest = next((rank for width, rank in RANKS_BY_WIDTH if view.width < width), 0)
    cities = [city for city in load_cities() if city.rank <= deepest]
    if view.width < COUNTY_NAMES_KM:
        cities += load_borders().counties
    degrees = np.array([(city.longitude, city.latitude) for city in cities]).reshape(-1, 2)
    x, y = view.projection.forward(*degrees.T)
    seen = np.flatnonzero(view.holds(x, y))
    return [Label(cities[i].name, float(x[i]), float(y[i]), rank=cities[i].rank) for i in seen]


def _rings_in(name: str, view: Extent) -> list[Floats]:
    """Rings cut to the view, in km; turned so that the projection's centre is in the middle."""
    from matplotlib.path import Path
    from matplotlib.transforms import Bbox

    west, south, east, north = window = view.window()
    centre, box, (rings, edges) = view.projection.longitude, Bbox.from_extents(*window), _layer(name)
    left, bottom, right, top = (edges - [centre, 0.0, centre, 0.0]).T
    visible = (top >= south) & (bottom <= north)
    visible &= np.maximum(top - bottom, right - left) >= _smallest_degrees(view)
    parts: list[Floats] = []
    for i in np.flatnonzero(visible).tolist():
        for turn in (-360.0, 0.0, 360.0):
            if left[i] + turn > east or right[i] + turn < west:
                continue
            ring = rings[i] + np.array([turn - centre, 0.0])
            if left[i] + turn < west or right[i] + turn > east or bottom[i] < south or top[i] > north:
                ring = np.asarray(Path(ring).clip_to_bbox(box).vertices)
            if len(ring) >= 3:
                parts += [_GAP, ring]
    if not parts:
        return []
    line = _with_short_steps(np.concatenate(parts))
    x, y = view.projection.forward(np.clip(line[:, 0], -179.9999, 179.9999) + centre, line[:, 1])
    return [ring[1:] for ring in np.split(np.column_stack([x, y]), np.flatnonzero(np.isnan(x)))[1:]]


def _lines_in(name: str, view: Extent) -> Floats:
    """All lines as one, in km, with gaps between them, outside the view, and where they jump to the other side."""
    _, south, _, north = view.window()
    centre, (lines, edges) = view.projection.longitude, _layer(name)
    left, bottom, right, top = edges.T
    visible = (top >= south) & (bottom <= north)
    visible &= np.maximum(top - bottom, right - left) > _smallest_degrees(view)
    if not visible.any():
        return np.empty((2, 0))
    parts = [part for i in np.flatnonzero(visible).tolist() for part in (lines[i], _GAP)]
    whole = _with_short_steps(np.concatenate(parts))
    seam = np.abs(np.abs(whole[:, 0]) - 180) < 0.01  # where the source cuts Russia, Fiji, Antarctica
    turned = wrapped(whole[:, 0] - centre)
    jump = np.abs(np.diff(turned)) > 180
    breaks = np.flatnonzero(jump | (seam[:-1] & seam[1:])) + 1
    broken = np.insert(np.column_stack([turned + centre, whole[:, 1]]), breaks, np.nan, axis=0)
    line = np.stack(view.projection.forward(*broken.T))
    seen = view.grown(0.1 * max(view.width, view.height)).holds(*line)
    line[:, ~(seen | np.roll(seen, 1) | np.roll(seen, -1))] = np.nan
    gaps = np.isnan(line[0])
    return line[:, ~(gaps & np.roll(gaps, 1))]


def _with_short_steps(line: Floats) -> Floats:
    """A line with points added on its long steps, which a projection bends."""
    moves = np.nan_to_num(np.diff(line, axis=0))  # beside a gap nothing moves
    parts = np.maximum(1, np.ceil(np.abs(moves).max(axis=1) / LONGEST_STEP_DEGREES)).astype(int)
    start = np.repeat(np.arange(len(parts)), parts)
    share = (np.arange(len(start)) - np.repeat(np.cumsum(parts) - parts, parts)) / np.repeat(parts, parts)
    return np.concatenate([line[start] + moves[start] * share[:, None], line[-1:]])


def _smallest_degrees(view: Extent) -> float:
    """Smaller outlines, of less than about a pixel, are not drawn."""
    return view.width / 1200 / KM_PER_DEGREE


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
    images = [_load_tile(address) for address in addresses[:1]]
    if images[0] is not None:  # a server that does not answer is not tried 48 times
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            images += pool.map(_load_tile, addresses[1:])
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


def _load_tile(address: str) -> Any:
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
