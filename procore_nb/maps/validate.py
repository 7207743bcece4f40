"""Validate coordinates once, for all maps and files: can this row be drawn, and if not, why not?

In: a frame with latitude and longitude, and if it has them the row's country and state. Out: one verdict per row, the
table of verdicts for people, and `LocatedFrame`, which every map and file draws. Speaks to no service.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from procore_nb.call_errors import explain_calls
from procore_nb.errors import ArgumentError
from procore_nb.maps.borders import Bools, Floats, Region, country_region, is_near, state_region
from procore_nb.maps.map_columns import (
    Strings,
    amounts,
    check_frame,
    find_column,
    maybe_column,
    name_column,
    parse_numbers,
)

# Our outlines are good to a few km, sites stand on piers and in the sea: "far" must leave room for that.
FAR_KM = 150.0
# A swapped pair must fall into the region that the row names, give or take a generalised coast.
SWAP_KM = 25.0
NULL_ISLAND_DEGREES = 0.001  # 0, 0 is a buoy in the Gulf of Guinea, and what empty forms store
HOW_TO_WRITE = "write decimal degrees, such as 43.1566 and -77.6088"

REASONS = {
    "ok": "",
    "missing": "no coordinates",
    "not_a_number": "not a number",
    "text": "text instead of decimal degrees",
    "zero": "latitude and longitude are both zero",
    "out_of_range": "outside -90..90 or -180..180 degrees",
    "swapped": "latitude and longitude are swapped",
    "outside_country": "far outside the row's own country",
}


_DEGREE_TEXT = re.compile(
    r"""\s*([NSEW])?\s*([+-]?)\s*
        (\d{1,3}(?:[.,]\d+)?)\s*(?:°|º|˚|deg(?:rees)?\.?|d|\s|:|$)?\s*
        (?:(\d{1,2}(?:[.,]\d+)?)\s*(?:['′’]|min\.?|m|\s|:|$)\s*)?
        (?:(\d{1,2}(?:[.,]\d+)?)\s*(?:["″”]|''|′′|’’|sec\.?|s|$)?\s*)?
        ([NSEW])?\s*""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True)
class CoordinateCheck:
    """Verdict per row, the coordinates that were read, and those we would suggest (NaN where none)."""

    verdict: Strings
    latitude: Floats
    longitude: Floats
    suggestion: Strings
    suggested_latitude: Floats
    suggested_longitude: Floats

    def suggest(self, row: Any, latitude: Any, longitude: Any, words: str) -> None:
        self.suggested_latitude[row], self.suggested_longitude[row] = latitude, longitude
        self.suggestion[row] = f"{words}{float(latitude):.7g}, {float(longitude):.7g}"


def check_rows(frame: pd.DataFrame, latitude: str, longitude: str) -> CoordinateCheck:
    """Give every row its verdict, beside the country and state that it names; decided here only."""
    check_frame(frame, latitude, longitude)
    lat, lat_problems = parse_numbers(frame[latitude])
    lon, lon_problems = parse_numbers(frame[longitude])
    verdict, suggestion = np.full((2, len(frame)), "", dtype=object)
    for problem in ("text", "not_a_number", "missing"):  # the last one wins
        verdict[(lat_problems == problem) | (lon_problems == problem)] = problem
    checked = CoordinateCheck(verdict, lat, lon, suggestion, *np.full((2, len(frame)), np.nan))
    is_zero = (np.abs(lat) < NULL_ISLAND_DEGREES) & (np.abs(lon) < NULL_ISLAND_DEGREES)
    verdict[(verdict == "") & is_zero] = "zero"
    numbers = np.flatnonzero(verdict == "")
    verdict[numbers[~_in_range(lat[numbers], lon[numbers])]] = "out_of_range"
    # Rows out of range too: a swapped pair, such as latitude -118, is better called so.
    for country, state, rows in _by_region(frame, numbers):
        _compare_with_region(checked, country, state, rows)
    for row in np.flatnonzero(verdict == "text"):
        _suggest_from_text(checked, row, frame[latitude].iloc[row], frame[longitude].iloc[row])
    for row in np.flatnonzero(verdict == "out_of_range"):
        _suggest_range(checked, row)
    verdict[verdict == ""] = "ok"
    return checked


def _in_range(latitude: Floats, longitude: Floats) -> Bools:
    return (np.abs(latitude) <= 90) & (np.abs(longitude) <= 180)


def _suggest_from_text(checked: CoordinateCheck, row: Any, latitude: Any, longitude: Any) -> None:
    lat, lon = checked.latitude[row], checked.longitude[row]
    if np.isnan(lat) and isinstance(latitude, str):
        lat = parse_degrees(latitude, letters="NS", limit=90)
    if np.isnan(lon) and isinstance(longitude, str):
        lon = parse_degrees(longitude, letters="EW", limit=180)
    if np.isnan(lat) or np.isnan(lon):
        checked.suggestion[row] = HOW_TO_WRITE
    else:
        checked.suggest(row, lat, lon, "read as decimal degrees: ")


def parse_degrees(text: str, *, letters: str, limit: float) -> float:
    """Decimal degrees meant by text such as `40°26′46″N`, `N 40 26.77` or `43,1566`; NaN when unclear.

    `letters` are those of the axis, positive first: a letter of the other axis makes the text unclear.
    """
    match = _DEGREE_TEXT.fullmatch(text.strip().replace("−", "-"))
    if not match:
        return np.nan
    before, sign, degrees, minutes, seconds, after = match.groups()
    letter = (before or after or "").upper()
    if (before and after) or (letter and sign) or letter not in letters:
        return np.nan
    degree, minute, second = (float((part or "0").replace(",", ".")) for part in (degrees, minutes, seconds))
    value = degree + minute / 60 + second / 3600
    if max(minute, second) >= 60 or value > limit:
        return np.nan
    return -value if sign == "-" or letter == letters[1] else value


def _suggest_range(checked: CoordinateCheck, row: Any) -> None:
    lat, lon = checked.latitude[row], checked.longitude[row]
    if abs(lat) <= 90 and 180 < lon <= 360:
        checked.suggest(row, lat, lon - 360, "longitude counted eastwards to 360: ")
    elif abs(lat) <= 180 and abs(lon) <= 90:
        checked.suggest(row, lon, lat, "perhaps swapped: ")
    else:
        checked.suggestion[row] = HOW_TO_WRITE


def _by_region(frame: pd.DataFrame, rows: Any) -> Iterator[tuple[Region | None, Region | None, Any]]:
    """Rows that name the same country and state, with the outlines of both."""
    names = pd.DataFrame({"country": "", "state": ""}, index=rows)
    for name in ("country", "state"):
        column = maybe_column(frame, name)
        if column is not None:
            names[name] = [
                text if isinstance(text, str) else "" for text in frame[column].iloc[rows].tolist()
            ]
    for (country, state), group in names.groupby(["country", "state"], sort=False):
        regions = country_region(country), state_region(state, country)
        if regions != (None, None):
            yield *regions, group.index.to_numpy()


def _compare_with_region(
    checked: CoordinateCheck, country: Region | None, state: Region | None, rows: Any
) -> None:
    """Mark rows far from the region that they name: swapped where the pair swapped lies in it, else outside."""
    away = ~_near(country or state, checked.longitude[rows], checked.latitude[rows], FAR_KM)
    rows = rows[away]
    lat, lon = checked.latitude[rows], checked.longitude[rows]
    swapped = _near(country, lat, lon, SWAP_KM) | _near(state, lat, lon, SWAP_KM)
    for row in rows[swapped]:
        checked.suggest(row, checked.longitude[row], checked.latitude[row], 'fix="swap" reads ')
    checked.verdict[rows[swapped]] = "swapped"
    if country is None:
        return
    far = rows[~swapped & (checked.verdict[rows] == "")]
    checked.verdict[far] = "outside_country"
    checked.suggestion[far] = f"check the coordinates or the country ({country.label})"
    for north, east in ((1, -1), (-1, 1), (-1, -1)):
        lat, lon = north * checked.latitude, east * checked.longitude
        for row in far[_near(country, lon[far], lat[far], 0)]:
            checked.suggest(row, lat[row], lon[row], "a sign may be lost: ")


def _near(region: Region | None, longitude: Floats, latitude: Floats, km: float) -> Bools:
    near = _in_range(latitude, longitude)
    if region is None:
        return np.zeros_like(near)
    near[near] = is_near(region.edges, longitude[near], latitude[near], km=km)
    return near


@dataclass(frozen=True)
class LocatedFrame:
    """A frame whose coordinates were checked: `kept` marks the usable rows, in the frame's order."""

    frame: pd.DataFrame
    latitude: Floats  # degrees WGS 84, of the kept rows only
    longitude: Floats
    kept: Bools  # one per row of the frame
    verdict: Strings  # one per row of the frame
    repaired: int
    remark: str = ""  # ends the note

    @property
    def rows(self) -> pd.DataFrame:
        return self.frame[self.kept]

    def note(self, outside: int = 0) -> str:
        """What is on the map, and why the rest is not: one sentence for people; `outside` rows lie beyond its edge."""
        counts = {words: int((self.verdict[~self.kept] == code).sum()) for code, words in REASONS.items()}
        counts["outside this picture"] = outside
        reasons = ", ".join(f"{count:,} {words}" for words, count in counts.items() if count)
        parts = [
            f"{int(self.kept.sum()) - outside:,} of {len(self.kept):,} on the map",
            reasons and f"not: {reasons}",
            f"{self.repaired:,} swapped back" if self.repaired else "",
            self.remark,
        ]
        return "; ".join(filter(None, parts))


def locate(
    frame: pd.DataFrame,
    *,
    latitude: str = "latitude",
    longitude: str = "longitude",
    fix: str | None = None,
    allow_none: bool = False,
) -> LocatedFrame:
    """Check the coordinates of a frame and keep the rows that can be drawn; an error when there is none, unless `allow_none`."""
    if fix not in (None, "swap"):  # only one repair exists, and only on request
        raise ArgumentError(f"fix={fix!r} is not known.", advice='Use fix="swap", or leave it out.')
    checked = check_rows(frame, latitude, longitude)
    lat, lon, kept = checked.latitude, checked.longitude, checked.verdict == "ok"
    swapped = (checked.verdict == "swapped") & (fix == "swap")
    lat, lon, kept = np.where(swapped, lon, lat), np.where(swapped, lat, lon), kept | swapped
    located = LocatedFrame(frame, lat[kept], lon[kept], kept, checked.verdict, int(swapped.sum()))
    if not kept.any() and not allow_none:
        raise ArgumentError(
            f"No row can be drawn: {located.note()}." if len(frame) else "The frame has no rows to draw.",
            advice="check_coordinates(frame) gives the reason for each row." if len(frame) else "",
        )
    return located


class MapRows(NamedTuple):
    """The rows that a map draws, and the columns that its caller named."""

    located: LocatedFrame
    rows: pd.DataFrame
    color: str | None
    size: str | None
    sizes: Floats | None  # positive amounts; everything else is no size
    name: str | None
    region: Any


def map_rows(
    frame: pd.DataFrame, color: str | None, size: str | None, name: str | None, cluster: Any, region: Any, **options: Any
) -> MapRows:  # fmt: skip
    """Locate the rows of a frame and find the columns of a map; the default color "stage" need not be there."""
    if cluster not in ("auto", True, False):
        raise ArgumentError(f"cluster={cluster!r} is not known.", advice='Use "auto", True or False.')
    located = locate(frame, **options)
    rows, sizes = located.rows, None
    if color == "stage" and not maybe_column(rows, color):
        color = None
    if color is not None:
        color = find_column(rows, color, argument="color")
    if size is not None:
        size = find_column(rows, size, argument="size")
        values = amounts(rows[size])
        sizes = np.where(values > 0, values, np.nan)
    name = name_column(rows) if name is None else find_column(rows, name, argument="name")
    around = locate(region, **options) if isinstance(region, pd.DataFrame) else region
    return MapRows(located, rows, color, size, sizes, name, around)


@explain_calls()
def check_coordinates(
    frame: pd.DataFrame, *, latitude: str = "latitude", longitude: str = "longitude"
) -> pd.DataFrame:
    """Check for every row whether it can be drawn, and if not, why and what could be done.

    Parameters
    ----------
    frame, latitude, longitude
        Any frame with coordinates in degrees WGS 84, and the names of their columns. A country or state column, if there is one
        (`country_code`, `state_code`), finds swapped pairs and positions more than 150 km outside the row's own country.

    Returns
    -------
    DataFrame
        One row per row of `frame`, with its index: `id` and a name if the frame has them, both coordinates as
        they are, `verdict` (ok, missing, not_a_number, text, zero, out_of_range, swapped, outside_country),
        `reason` and `suggestion` in words, `suggested_latitude` and `suggested_longitude` (float64, NaN where
        there is nothing to suggest). Empty means that `frame` is empty. Nothing is repaired here: maps repair swapped
        pairs with `fix="swap"`. Text that is a plain number ("43.1566") is read as one.

    Raises
    ------
    ArgumentError
        `frame` is not a DataFrame, or has no such columns.

    Examples
    --------
    >>> projects = pnb.connect("demo").projects(status="All")
    >>> checked = pnb.check_coordinates(projects)
    >>> sorted(checked["verdict"].unique())
    ['missing', 'ok', 'swapped', 'zero']
    """
    checked = check_rows(frame, latitude, longitude)
    shown = dict.fromkeys(["id", name_column(frame), latitude, longitude])
    table = frame[[column for column in shown if column in frame.columns]].copy()
    table["verdict"] = pd.array(checked.verdict, dtype="string")
    table["reason"] = pd.array([REASONS[verdict] for verdict in checked.verdict], dtype="string")
    table["suggestion"] = pd.array(checked.suggestion, dtype="string")
    table["suggested_latitude"] = checked.suggested_latitude
    table["suggested_longitude"] = checked.suggested_longitude
    return table
