"""Choose what part of the earth a picture shows, and which of two equal-area projections fits it.

In: points and the caller's `region`. Out: an `Extent`: a projection and a rectangle in km. Speaks to no service.
Formulas: J. P. Snyder, Map Projections: A Working Manual (USGS 1395), spherical form; Equal Earth by
Savric, Patterson and Jenny (2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from procore_nb.errors import ArgumentError
from procore_nb.maps.borders import (
    MEAN_RADIUS_KM,
    OTHER_NAMES,
    Bools,
    Floats,
    Region,
    Ring,
    bounds,
    country_code,
    country_region,
    is_inside,
    load_borders,
    state_region,
    wrapped,
)
from procore_nb.maps.validate import LocatedFrame
from procore_nb.near_match import did_you_mean


@dataclass(frozen=True)
class Projection:
    """One projection, set up for one part of the earth.

    `kind` is "laea" (Lambert's equal-area, for any part), "equal_earth" (the world) or "mercator", in which tiles are made;
    its scale holds at the middle.
    """

    kind: str
    longitude: float
    latitude: float = 0.0

    def forward(self, longitude: Floats, latitude: Floats) -> tuple[Floats, Floats]:
        """Km east and north of the projection's centre."""
        lam = np.radians(wrapped(np.asarray(longitude, dtype=float) - self.longitude))
        phi = np.radians(np.asarray(latitude, dtype=float))
        x, y = getattr(self, f"_{self.kind}")(lam, phi)
        return x * MEAN_RADIUS_KM, y * MEAN_RADIUS_KM

    def _mercator(self, lam: Floats, phi: Floats) -> tuple[Floats, Floats]:
        middle = np.radians(self.latitude)
        up = np.arcsinh(np.tan(np.clip(phi, -1.484, 1.484))) - np.arcsinh(np.tan(middle))
        return lam * np.cos(middle), up * np.cos(middle)

    def _laea(self, lam: Floats, phi: Floats) -> tuple[Floats, Floats]:
        sin0, cos0 = np.sin(np.radians(self.latitude)), np.cos(np.radians(self.latitude))
        cosine = sin0 * np.sin(phi) + cos0 * np.cos(phi) * np.cos(lam)
        k = np.sqrt(2 / np.maximum(1 + cosine, 1e-9))
        return k * np.cos(phi) * np.sin(lam), k * (cos0 * np.sin(phi) - sin0 * np.cos(phi) * np.cos(lam))

    def _equal_earth(self, lam: Floats, phi: Floats) -> tuple[Floats, Floats]:
        a1, a2, a3, a4 = 1.340264, -0.081106, 0.000893, 0.003796
        t = np.arcsin(np.sqrt(3) / 2 * np.sin(phi))
        t2 = t * t
        slope = 9 * a4 * t2**4 + 7 * a3 * t2**3 + 3 * a2 * t2 + a1
        return 2 * np.sqrt(3) * lam * np.cos(t) / (3 * slope), t * (a1 + a2 * t2 + t2**3 * (a3 + a4 * t2))


# West, south, east, north in degrees; west > east crosses the date line.
Box = tuple[float, float, float, float]

REGIONS: dict[str, Box] = {
    "gulf": (44.0, 21.5, 60.5, 31.5),
    "british isles": (-10.9, 49.7, 2.2, 59.5),
    "lower48": (-124.9, 24.4, -66.8, 49.5),
    "australia": (112.5, -44.2, 154.2, -10.2),
    "europe": (-11.0, 35.5, 31.5, 66.0),
    "north america": (-168.0, 14.0, -52.5, 72.0),
    "world": (-180.0, -60.0, 180.0, 84.0),
}
OTHER_WORDS = {"conus": "lower48", "lower 48": "lower48"}
ISLAND_DEGREES = 2.0  # parts of a country further apart than this are shown only when rows lie there
WIDE_DEGREES = 100.0  # beyond, only a world projection keeps shapes recognisable
HALF_WORLD_DEGREES = 200.0  # beyond, the world is shown as people know it, cut in the Bering Strait
USUAL_MIDDLE = 11.0
SMALLEST_KM = 60.0
SMALLEST_KM_ONE_POINT = 160.0  # one point needs surroundings to be found by the reader


@dataclass(frozen=True)
class Extent:
    """A projection, and the rectangle of it that is drawn: left, bottom, right, top in km."""

    projection: Projection
    left: float
    bottom: float
    right: float
    top: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.top - self.bottom

    def shaped(self, aspect: float) -> Extent:
        """The same middle, grown in one direction until width / height is `aspect`."""
        x, y = (self.left + self.right) / 2, (self.bottom + self.top) / 2
        width, height = max(self.width, self.height * aspect), max(self.height, self.width / aspect)
        return Extent(self.projection, x - width / 2, y - height / 2, x + width / 2, y + height / 2)

    def grown(self, km: float) -> Extent:
        return Extent(self.projection, self.left - km, self.bottom - km, self.right + km, self.top + km)

    def holds(self, x: Floats, y: Floats) -> Bools:
        return (x >= self.left) & (x <= self.right) & (y >= self.bottom) & (y <= self.top)

    def window(self) -> Box:
        """Degrees that surely contain the rectangle: west and east relative to the projection's centre."""
        corner = np.hypot(max(-self.left, self.right), max(-self.bottom, self.top))
        reach = float(np.degrees(corner * 1.25 / MEAN_RADIUS_KM)) + 1.0
        south, north = self.projection.latitude - reach, self.projection.latitude + reach
        most = {"equal_earth": 0, "mercator": 60}.get(self.projection.kind, 85)  # beyond, all around
        if reach >= most or max(abs(south), abs(north)) >= 89:
            return -180.0, max(south, -90.0), 180.0, min(north, 90.0)
        sine = np.sin(np.radians(reach)) / np.cos(np.radians(self.projection.latitude))
        wide = float(np.degrees(np.arcsin(sine)))
        return -wide, south, wide, north


def choose_extent(longitude: Floats, latitude: Floats, region: Any = None, *, tiled: bool = False) -> Extent:
    """The view that fits the points, or the region that was named; in the projection of tiles if there are any."""
    if isinstance(region, LocatedFrame):  # the surroundings of these rows
        longitude, latitude, region = region.longitude, region.latitude, None
    if region is not None:
        return _view_of_box(region_box(region, longitude, latitude), tiled)
    box = box_around(longitude, latitude)
    for name, known in REGIONS.items():
        if name != "world" and _mostly_fills(box, known):
            return _view_of_box(known, tiled)
    projection = _projection_for(box, tiled)
    x, y = projection.forward(longitude, latitude)
    smallest = SMALLEST_KM_ONE_POINT if len(np.unique(x.round())) == 1 else SMALLEST_KM
    return _grown(projection, x, y, pad=0.07, smallest=smallest)


def region_box(region: Any, longitude: Floats, latitude: Floats) -> Box:
    """The box of a region, a country or state by code or name ("GB", "Texas"), of rows, or four numbers as given.

    A word that means several ("Georgia", "CA") is the first of them, countries before states, that holds any of the points.
    """
    if isinstance(region, LocatedFrame):
        return box_around(region.longitude, region.latitude)
    if isinstance(region, str):
        boxes = _boxes_of_word(region, longitude, latitude)
        return next((box for box in boxes if _in_box(box, longitude, latitude).any()), boxes[0])
    try:
        west, south, east, north = (float(value) for value in region)
    except (TypeError, ValueError) as error:
        raise ArgumentError(
            f"region={region!r} is neither a name nor four numbers.", advice="Use (west, south, east, north)."
        ) from error
    if not (-90 <= south < north <= 90 and -180 <= west <= 180 and -180 <= east <= 180 and west != east):
        raise ArgumentError(f"region={region!r} is not (west, south, east, north) in degrees.")
    return west, south, east, north


def _boxes_of_word(region: str, longitude: Floats, latitude: Floats) -> list[Box]:
    word = " ".join(region.casefold().replace("_", " ").split())
    word = OTHER_WORDS.get(word, word)
    code, units = country_code(word), load_borders().units
    if code == "US" or (word in REGIONS and not code):
        return [REGIONS["lower48" if code else word]]
    home = units[code].rings if code in units else ()
    outlines = filter(None, (country_region(word), state_region(word, "")))
    boxes = [_outline_box(outline, home, longitude, latitude) for outline in outlines]
    if not boxes:
        countries_first = sorted(units.values(), key=lambda unit: unit.level)
        names = [name.title() for name in OTHER_NAMES if len(name) > 3]
        close = did_you_mean(word, [*REGIONS, *names, *(unit.name for unit in countries_first)], count=1)
        raise ArgumentError(
            f"region={region!r} is not known.",
            advice=f"{close}Use one of {', '.join(REGIONS)}, a country or state by code or name, or "
            "(west, south, east, north) in degrees.",
        )
    return boxes


def _outline_box(region: Region, home: Sequence[Ring], longitude: Floats, latitude: Floats) -> Box:
    """The box of an outline's mainland and what lies near it; of the points inside the outline if all are elsewhere."""
    boxes = bounds(region.rings)
    home_boxes = boxes[: len(home) or None]  # a country's own outline comes first, its dependencies follow
    near = np.arange(len(boxes)) == np.argmax((home_boxes[:, 2:] - home_boxes[:, :2]).prod(axis=1))
    # From the largest ring outwards, island by island: a chain of islands belongs to the mainland, Hawaii does not.
    reached = np.zeros_like(near)
    while (near > reached).any():
        reached = near | reached
        west, south = boxes[reached, :2].min(axis=0) - ISLAND_DEGREES
        east, north = boxes[reached, 2:].max(axis=0) + ISLAND_DEGREES
        near = (boxes[:, 0] < east) & (boxes[:, 2] > west) & (boxes[:, 1] < north) & (boxes[:, 3] > south)
    points = np.concatenate([ring for ring, inside in zip(region.rings, reached, strict=True) if inside])
    mainland = box_around(wrapped(points[:, 0]), points[:, 1])
    if not _in_box(mainland, longitude, latitude).any():
        there = is_inside(region.edges, longitude, latitude)
        if there.any():
            return box_around(longitude[there], latitude[there])
    return mainland


def _in_box(box: Box, longitude: Floats, latitude: Floats) -> Bools:
    west, south, _, north = box
    return ((longitude - west) % 360 <= _span(box)) & (latitude >= south) & (latitude <= north)


def box_around(longitude: Floats, latitude: Floats) -> Box:
    """The smallest box around the points; it crosses the date line when that is shorter."""
    east = np.unique(longitude)
    gaps = np.diff(np.append(east, east[0] + 360))
    widest = int(np.argmax(gaps))
    west = float(east[(widest + 1) % len(east)])
    return west, float(latitude.min()), float(east[widest]), float(latitude.max())


def _span(box: Box) -> float:
    west, _, east, _ = box
    return east - west if east >= west else east - west + 360


def _mostly_fills(box: Box, known: Box) -> bool:
    """The points lie inside a known region and use much of it: then show the region as people know it."""
    inside = known[0] <= box[0] <= known[2] and known[0] <= box[2] <= known[2] and _span(box) <= _span(known)
    inside = inside and known[1] <= box[1] and box[3] <= known[3]
    return inside and _span(box) > 0.5 * _span(known) and (box[3] - box[1]) > 0.5 * (known[3] - known[1])


def _projection_for(box: Box, tiled: bool) -> Projection:
    west, south, _, north = box
    span = _span(box)
    middle, latitude = float(wrapped(np.array(west + span / 2))), (south + north) / 2
    if tiled:
        return Projection("mercator", middle, latitude)
    if span > WIDE_DEGREES or north - south > WIDE_DEGREES:
        return Projection("equal_earth", USUAL_MIDDLE if span > HALF_WORLD_DEGREES else middle)
    return Projection("laea", middle, latitude)


def _view_of_box(box: Box, tiled: bool) -> Extent:
    """The view of a box; its sides are curves in most projections."""
    west, south, _, north = box
    projection, along = _projection_for(box, tiled), np.linspace(0, 1, 41)
    across, up = west + along * _span(box), south + along * (north - south)
    if _span(box) >= 360:
        across = np.clip(across, projection.longitude - 179.999, projection.longitude + 179.999)
    longitude = np.concatenate([across, across, np.full(41, across[0]), np.full(41, across[-1])])
    latitude = np.concatenate([np.full(41, south), np.full(41, north), up, up])
    return _grown(projection, *projection.forward(longitude, latitude), pad=0.02, smallest=SMALLEST_KM)


def _grown(projection: Projection, x: Floats, y: Floats, *, pad: float, smallest: float) -> Extent:
    left, right, bottom, top = float(x.min()), float(x.max()), float(y.min()), float(y.max())
    margin = max(right - left, top - bottom) * pad
    wide = max(0.0, smallest - (right - left) - 2 * margin) / 2 + margin
    high = max(0.0, smallest * 0.6 - (top - bottom) - 2 * margin) / 2 + margin
    return Extent(projection, left - wide, bottom - high, right + wide, top + high)
