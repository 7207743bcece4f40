"""Outlines of countries and states: which of them a row means ("US", "NY", "Ontario"), whether a point is near one; city names.

In: two data files beside this module (sources and licences in `data/README.md`), words of a row, points. Out: arrays of
longitude and latitude, degrees WGS 84; one boolean, or distance in km, per point. Speaks to no service; nothing is downloaded.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Ring = Floats  # shape (n, 2): longitude, latitude; closed


@dataclass(frozen=True)
class BorderUnit:
    """A country or a state: its code ("GB", "US-NY"), its names and its rings."""

    code: str
    name: str
    three: str
    level: str
    rings: tuple[Ring, ...]


@dataclass(frozen=True)
class City:
    rank: int
    name: str
    country: str
    latitude: float
    longitude: float


@dataclass(frozen=True)
class Borders:
    """Everything that is drawn below the points: outlines in layers, countries and states by code, counties.

    Rings of "countries" cover the land but for the United States, those of "states" that. "border_lakes" are drawn below the
    states, whose shores are finer. Counties, and "county_lines", are those of the United States.
    """

    layers: dict[str, tuple[Floats, ...]]
    units: dict[str, BorderUnit]
    counties: tuple[City, ...]


def borders_file() -> bytes:
    """The zipped outlines as they are shipped; the interactive map reads the same bytes."""
    return (files(__package__) / "data" / "borders.bin.gz").read_bytes()


@lru_cache(maxsize=1)
def load_borders() -> Borders:
    raw = gzip.decompress(borders_file())
    size = int.from_bytes(raw[:4], "little")
    header = json.loads(raw[4 : 4 + size])
    arcs = _arcs(raw, 4 + size, header["lengths"], header["steps_per_degree"])

    def ring(refs: list[int]) -> Ring:
        parts = [arcs[ref] if ref >= 0 else arcs[~ref][::-1] for ref in refs]
        return np.concatenate([part[:-1] for part in parts] + [parts[0][:1]])

    units = {}
    for entry in header["units"]:
        rings = [copy for refs in entry["rings"] for copy in _around_the_date_line(ring(refs))]
        units[entry["code"]] = BorderUnit(**(entry | {"rings": tuple(rings)}))
    layers = {
        "countries": [ring for unit in units.values() if unit.level == "country" for ring in unit.rings],
        "states": [ring for code, unit in units.items() if code.startswith("US-") for ring in unit.rings],
        "lakes": map(ring, header["lakes"]),
        "border_lakes": map(ring, header["border_lakes"]),
        "country_lines": (arcs[number] for number in header["country_lines"]),
        "state_lines": (arcs[number] for number in header["state_lines"]),
        "county_lines": arcs[slice(*header["county_lines"])],
    }
    counties = zip(*header["counties"].values(), strict=True)
    return Borders(
        layers={name: tuple(lines) for name, lines in layers.items()},
        units=units,
        counties=tuple(City(0, name, "US", lat / 100, lon / 100) for name, lon, lat in counties),
    )


def bounds(lines: Iterable[Floats]) -> Floats:
    """West, south, east and north of each line or ring."""
    return np.array([[*line.min(axis=0), *line.max(axis=0)] for line in lines]).reshape(-1, 4)


def _around_the_date_line(ring: Ring) -> list[Ring]:
    """A ring without jumps; one that crosses the date line also stands on the other side, 360 degrees away."""
    longitude = np.unwrap(ring[:, 0], period=360)
    longitude -= 360 * np.floor((longitude.min() + 180) / 360)
    whole = np.column_stack([longitude, ring[:, 1]])
    if abs(longitude[-1] - longitude[0]) > 1:  # Antarctica: all around, so closed by way of the pole
        ends = [[longitude[-1], -90.0], [longitude[0], -90.0], [longitude[0], ring[0, 1]]]
        whole = np.concatenate([whole, ends])
    return [whole] if whole[:, 0].max() <= 180 else [whole, whole - [360.0, 0.0]]


@lru_cache(maxsize=1)
def load_cities() -> tuple[City, ...]:
    with (files(__package__) / "data" / "cities.csv").open("rb") as file:
        rows = pd.read_csv(file, keep_default_na=False)  # NA is Namibia
    return tuple(City(*row) for row in rows.itertuples(index=False))


def _arcs(raw: bytes, offset: int, lengths: list[int], steps_per_degree: int) -> list[Floats]:
    """Undo the steps: every arc is its first point plus the sum of its steps."""
    count = len(lengths)
    starts = np.frombuffer(raw, "<i4", count * 2, offset).reshape(2, count).T.astype(np.int64)
    steps = np.frombuffer(raw, "<i2", offset=offset + count * 8).reshape(2, -1).T.astype(np.int64)
    moves = np.asarray(lengths) - 1
    ends = np.cumsum(moves)
    return [
        np.concatenate([starts[i : i + 1], starts[i] + np.cumsum(steps[end - n : end], axis=0)])
        / steps_per_degree
        for i, (n, end) in enumerate(zip(moves, ends, strict=True))
    ]


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
    """The region that a row names: how to name it, its outline, and the edges of that."""

    label: str
    rings: tuple[Ring, ...]
    edges: Floats = field(compare=False)  # shape (4, n): longitude and latitude of both ends


def _region(label: str, rings: Iterable[Ring]) -> Region | None:
    rings = tuple(rings)
    if not rings:
        return None
    starts, ends = np.concatenate([r[:-1] for r in rings]), np.concatenate([r[1:] for r in rings])
    return Region(label, rings, np.concatenate([starts.T, ends.T]))


@lru_cache(maxsize=1024)
def country_region(text: str) -> Region | None:
    """The outline of a country given by code or English name; None when unknown."""
    code, borders = country_code(text), load_borders()
    if code == "US":
        return _region(code, borders.layers["states"])
    units = [borders.units[key] for key in (code, *DEPENDENCIES.get(code, ())) if key in borders.units]
    return _region(code, (ring for unit in units for ring in unit.rings))


@lru_cache(maxsize=4096)
def state_region(state: str, country: str) -> Region | None:
    """The outline of a state; without a known country, of every state that has this code or name."""
    word, country = state.strip().casefold(), country_code(country)
    units = [
        unit
        for unit in (load_borders().units.values() if word else ())
        if unit.level == "state"
        and (not country or unit.code.startswith(f"{country}-"))
        and word in (unit.code[3:].casefold(), unit.code.casefold(), unit.name.casefold())
    ]
    return _region(" or ".join(unit.code for unit in units), (ring for unit in units for ring in unit.rings))


def country_code(text: str) -> str:
    """Two-letter code of a country given by code or English name; empty when unknown."""
    word = text.strip().casefold()
    return _codes().get(word, "") if word else ""


@lru_cache(maxsize=1)
def _codes() -> dict[str, str]:
    countries = [unit for unit in load_borders().units.values() if unit.level == "country"]
    codes = {word.casefold(): unit.code for unit in countries for word in (unit.name, unit.three, unit.code)}
    return OTHER_NAMES | codes | {"us": "US"}


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


def is_near(edges: Floats, longitude: Floats, latitude: Floats, *, km: float) -> Bools:
    """Which points lie inside an outline, or within so many km of it."""
    if km <= CELL_KM or not len(longitude):
        return _is_near(edges, longitude, latitude, km=km)
    # Most points are decided by the middle of their cell: no point of a cell is further from it than CELL_KM.
    cells = np.floor(np.stack([longitude, latitude]) / CELL_DEGREES).astype(np.int64)
    keys, cell = np.unique(cells[0] * 100_000 + cells[1], return_inverse=True)
    middles = np.empty((2, len(keys)))
    middles[:, cell] = (cells + 0.5) * CELL_DEGREES
    near = _is_near(edges, middles[0], middles[1], km=km - CELL_KM)[cell]
    rest = np.flatnonzero(~near)
    near[rest] = _is_near(edges, longitude[rest], latitude[rest], km=km)
    return near


def _is_near(edges: Floats, longitude: Floats, latitude: Floats, *, km: float) -> Bools:
    near = is_inside(edges, longitude, latitude)
    outside = np.flatnonzero(~near) if km > 0 else np.empty(0, dtype=np.intp)
    for beside, rows in _bands(edges, latitude, outside, height=1.0, margin=km / KM_PER_DEGREE):
        near[rows] = _edge_km(beside, longitude[rows], latitude[rows]) <= km
    return near


def is_inside(edges: Floats, longitude: Floats, latitude: Floats) -> Bools:
    """Which points lie inside an outline (even-odd: holes are outside)."""
    inside = np.zeros(len(longitude), dtype=bool)
    candidates = np.flatnonzero((latitude >= edges[1].min()) & (latitude <= edges[1].max()))
    for (x1, y1, x2, y2), rows in _bands(edges, latitude, candidates, height=0.25):
        slope = np.divide(x2 - x1, y2 - y1, out=np.zeros_like(x1), where=y2 != y1)
        x, y = longitude[rows, None], latitude[rows, None]
        crosses = ((y1 > y) != (y2 > y)) & (x < slope * (y - y1) + x1)
        inside[rows] = crosses.sum(axis=1) % 2 == 1
    return inside


def _bands(
    edges: Floats, latitude: Floats, rows: Indexes, *, height: float, margin: float = 0.0
) -> Iterator[tuple[Floats, Indexes]]:
    """Points by latitude, some thousand at once, each group with the few edges beside it: all pairs would not fit in memory."""
    low_edges, high_edges = np.minimum(edges[1], edges[3]), np.maximum(edges[1], edges[3])
    band = np.floor(latitude[rows] / height)
    order = np.argsort(band, kind="stable")
    for group in np.split(rows[order], np.flatnonzero(np.diff(band[order])) + 1) if len(rows) else ():
        low = np.floor(latitude[group[0]] / height) * height
        beside = edges[:, (low_edges <= low + height + margin) & (high_edges >= low - margin)]
        for start in range(0, len(group), CHUNK):
            yield beside, group[start : start + CHUNK]


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
