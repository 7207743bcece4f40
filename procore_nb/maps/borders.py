"""Outlines of countries and states, and city names, as shipped with the package.

In: two data files beside this module (sources and licences in `data/README.md`). Out: arrays of longitude and
latitude, degrees WGS 84. Speaks to no service; nothing is downloaded.
"""

from __future__ import annotations

import csv
import gzip
import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ring = Floats  # shape (n, 2): longitude, latitude; closed


@dataclass(frozen=True)
class Unit:
    """A country or a state: its code ("GB", "US-NY"), its names and its rings."""

    code: str
    name: str
    three: str
    level: str
    rings: tuple[Ring, ...]


@dataclass(frozen=True)
class Borders:
    """Everything that is drawn below the points."""

    units: dict[str, Unit]
    country_lines: tuple[Floats, ...]
    state_lines: tuple[Floats, ...]
    lakes: tuple[Ring, ...]
    border_lakes: tuple[Ring, ...]  # drawn below the states, whose shores are finer

    def countries(self) -> list[Ring]:
        """Rings that cover the land once, but for the United States."""
        return [ring for unit in self.units.values() if unit.level == "country" for ring in unit.rings]

    def american_states(self) -> list[Ring]:
        """Rings that cover the United States once."""
        return [ring for code, unit in self.units.items() if code.startswith("US-") for ring in unit.rings]


@dataclass(frozen=True)
class City:
    """A name on the map; rank 1 is drawn first."""

    rank: int
    name: str
    country: str
    latitude: float
    longitude: float


def borders_file() -> bytes:
    """The zipped outlines as they are shipped; the interactive map reads the same bytes."""
    return (files(__package__) / "data" / "borders.bin.gz").read_bytes()


@lru_cache(maxsize=1)
def load_borders() -> Borders:
    """Read and decode the outlines once."""
    raw = gzip.decompress(borders_file())
    size = int.from_bytes(raw[:4], "little")
    header = json.loads(raw[4 : 4 + size])
    arcs = _arcs(raw, 4 + size, header["lengths"], header["steps_per_degree"])

    def ring(refs: list[int]) -> Ring:
        parts = [arcs[ref] if ref >= 0 else arcs[~ref][::-1] for ref in refs]
        return np.concatenate([part[:-1] for part in parts] + [parts[0][:1]])

    units = {
        unit["code"]: Unit(
            unit["code"],
            unit["name"],
            unit["three"],
            unit["level"],
            tuple(copy for refs in unit["rings"] for copy in _around_the_date_line(ring(refs))),
        )
        for unit in header["units"]
    }
    return Borders(
        units,
        tuple(arcs[number] for number in header["country_lines"]),
        tuple(arcs[number] for number in header["state_lines"]),
        tuple(ring(refs) for refs in header["lakes"]),
        tuple(ring(refs) for refs in header["border_lakes"]),
    )


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
    """Read the city names once, the largest first."""
    text = (files(__package__) / "data" / "cities.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return tuple(
        City(
            int(row["rank"]),
            row["name"],
            row["country"],
            float(row["latitude"]),
            float(row["longitude"]),
        )
        for row in rows
    )


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
