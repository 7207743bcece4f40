"""Is a point inside an outline, or near it? Pure geometry on longitudes and latitudes.

In: rings and points, degrees WGS 84. Out: one boolean, or distance in km, per point. Speaks to no service.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from procore_nb.maps.borders import Floats, Ring

MEAN_RADIUS_KM = 6371.0088  # mean radius of the WGS 84 ellipsoid (IUGG R1)
KM_PER_DEGREE = np.pi * MEAN_RADIUS_KM / 180
CELL_DEGREES = 0.25
CELL_KM = 20.0  # half a cell's diagonal at the equator, rounded up
CHUNK = 4000  # points compared with all edges of their band at once

Bools = npt.NDArray[np.bool_]
Indexes = npt.NDArray[np.intp]


def wrapped(degrees: Floats) -> Floats:
    """Bring differences of longitude into -180..180."""
    return (degrees + 180) % 360 - 180


def distance_km(latitude: Floats, longitude: Floats, to_latitude: float, to_longitude: float) -> Floats:
    """Great-circle distance on a sphere of the WGS 84 mean radius, in km (haversine)."""
    lat, to_lat = np.radians(latitude), np.radians(to_latitude)
    half_lat, half_lon = (lat - to_lat) / 2, np.radians(longitude - to_longitude) / 2
    chord = np.sin(half_lat) ** 2 + np.cos(lat) * np.cos(to_lat) * np.sin(half_lon) ** 2
    return np.asarray(2 * MEAN_RADIUS_KM * np.arcsin(np.sqrt(np.clip(chord, 0, 1))))


def is_near(rings: Sequence[Ring], longitude: Floats, latitude: Floats, *, km: float) -> Bools:
    """Which points lie inside the outline, or within so many km of it."""
    if km <= CELL_KM or not len(longitude):
        return _is_near(rings, longitude, latitude, km=km)
    # Most points are decided by the middle of their cell: no point of a cell is further from it than CELL_KM.
    cells = np.floor(np.stack([longitude, latitude]) / CELL_DEGREES).astype(np.int64)
    keys, cell = np.unique(cells[0] * 100_000 + cells[1], return_inverse=True)
    middles = np.empty((2, len(keys)))
    middles[:, cell] = (cells + 0.5) * CELL_DEGREES
    near = _is_near(rings, middles[0], middles[1], km=km - CELL_KM)[cell]
    rest = np.flatnonzero(~near)
    near[rest] = _is_near(rings, longitude[rest], latitude[rest], km=km)
    return near


def _is_near(rings: Sequence[Ring], longitude: Floats, latitude: Floats, *, km: float) -> Bools:
    near = is_inside(rings, longitude, latitude)
    outside = np.flatnonzero(~near)
    if km <= 0 or not rings or not len(outside):
        return near
    boxes = np.array([[*ring.min(axis=0), *ring.max(axis=0)] for ring in rings])
    edges, margin = _edges(rings), km / KM_PER_DEGREE
    for low, high, chosen in _bands(latitude, outside, height=1.0):
        in_band = boxes[(boxes[:, 1] <= high + margin) & (boxes[:, 3] >= low - margin)]
        if not len(in_band):
            continue
        chosen = chosen[_near_any_box(in_band, longitude[chosen], max(abs(low), abs(high)), margin)]
        beside = _touching(edges, low - margin, high + margin)
        for part in _parts(chosen):
            near[part] = _edge_km(beside, longitude[part], latitude[part]) <= km
    return near


def is_inside(rings: Sequence[Ring], longitude: Floats, latitude: Floats) -> Bools:
    """Which points lie inside the rings taken together (even-odd: holes are outside)."""
    inside = np.zeros(len(longitude), dtype=bool)
    if not rings:
        return inside
    edges = _edges(rings)
    candidates = np.flatnonzero((latitude >= edges[1].min()) & (latitude <= edges[1].max()))
    for bottom, top, chosen in _bands(latitude, candidates, height=0.25):
        x1, y1, x2, y2 = _touching(edges, bottom, top)
        slope = np.divide(x2 - x1, y2 - y1, out=np.zeros_like(x1), where=y2 != y1)
        for part in _parts(chosen):
            x, y = longitude[part, None], latitude[part, None]
            crosses = ((y1 > y) != (y2 > y)) & (x < slope * (y - y1) + x1)
            inside[part] = crosses.sum(axis=1) % 2 == 1
    return inside


def _bands(latitude: Floats, chosen: Indexes, height: float) -> Iterator[tuple[float, float, Indexes]]:
    """Group points by latitude, so that each is compared with the few edges beside it."""
    band = np.floor(latitude[chosen] / height).astype(np.int64)
    order = np.argsort(band, kind="stable")
    chosen, band = chosen[order], band[order]
    for group in np.split(np.arange(len(band)), np.flatnonzero(np.diff(band)) + 1):
        if len(group):
            low = float(band[group[0]] * height)
            yield low, low + height, chosen[group]


def _parts(chosen: Indexes) -> Iterator[Indexes]:
    return (chosen[start : start + CHUNK] for start in range(0, len(chosen), CHUNK))


def _edges(rings: Sequence[Ring]) -> Floats:
    """All edges as rows x1, y1, x2, y2."""
    starts, ends = np.concatenate([r[:-1] for r in rings]), np.concatenate([r[1:] for r in rings])
    return np.concatenate([starts.T, ends.T])


def _touching(edges: Floats, low: float, high: float) -> Floats:
    """Edges that touch a band of latitude."""
    return edges[:, (np.minimum(edges[1], edges[3]) <= high) & (np.maximum(edges[1], edges[3]) >= low)]


def _near_any_box(boxes: Floats, longitude: Floats, steepest: float, margin: float) -> Bools:
    """Quick refusal: the point's longitude is far from every ring's box."""
    wide = margin / max(np.cos(np.radians(min(steepest, 89.0))), 0.02)
    half = (boxes[:, 2] - boxes[:, 0]) / 2
    away = np.abs(wrapped(longitude[:, None] - (boxes[:, 0] + half)))
    return np.asarray((away <= half + wide).any(axis=1))


def _edge_km(edges: Floats, longitude: Floats, latitude: Floats) -> Floats:
    """Distance to the nearest edge, in km, on a plane laid at each point (good to some hundred km)."""
    x1, y1, x2, y2 = edges
    if not len(x1):
        return np.full(len(longitude), np.inf)
    squeeze = np.cos(np.radians(latitude))[:, None]
    ax, ay = wrapped(x1 - longitude[:, None]) * squeeze, y1 - latitude[:, None]
    dx, dy = wrapped(x2 - x1) * squeeze, y2 - y1
    length = dx**2 + dy**2
    along = np.clip(-(ax * dx + ay * dy) / np.where(length == 0, 1, length), 0, 1)
    return np.asarray(np.hypot(ax + along * dx, ay + along * dy).min(axis=1) * KM_PER_DEGREE)
