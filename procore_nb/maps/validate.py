"""Validate coordinates once, for all maps and files: can this row be drawn, and if not, why not?

In: a frame with latitude and longitude, and if it has them the row's country and state. Out: one verdict per row, the
table of verdicts for people, and `LocatedFrame`, which every map and file draws. Speaks to no service.

Verdicts: `ok`, `missing`, `not_a_number`, `text`, `zero`, `out_of_range`, `swapped`, `outside_country`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from procore_nb.call_errors import explain_calls
from procore_nb.errors import ArgumentError
from procore_nb.maps.borders import Floats, Region, country_region, state_region
from procore_nb.maps.geometry import Bools, is_near
from procore_nb.maps.map_columns import (
    Codes,
    amounts,
    check_frame,
    degrees_from_text,
    find_column,
    maybe_column,
    name_column,
    read_column,
)

# Our outlines are good to a few km, sites stand on piers and in the sea: "far" must leave room for that.
FAR_KM = 150.0
# A swapped pair must fall into the region that the row names, give or take a generalised coast.
SWAP_KM = 25.0
NULL_ISLAND_DEGREES = 0.001  # 0, 0 is a buoy in the Gulf of Guinea, and what empty forms store

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


@dataclass(frozen=True)
class CoordinateCheck:
    """Verdict per row, the coordinates that were read, and those we would suggest (NaN where none)."""

    verdict: Codes
    latitude: Floats
    longitude: Floats
    suggestion: Codes
    suggested_latitude: Floats
    suggested_longitude: Floats


def check_pairs(
    latitude: pd.Series[Any],
    longitude: pd.Series[Any],
    country: pd.Series[Any] | None = None,
    state: pd.Series[Any] | None = None,
) -> CoordinateCheck:
    """Give every pair of coordinates its verdict, beside the country and state its row names; decided here only."""
    lat, lat_problem = read_column(latitude)
    lon, lon_problem = read_column(longitude)
    verdict = _first_problem(lat_problem, lon_problem)
    size = len(verdict)
    checked = CoordinateCheck(
        verdict, lat, lon, np.full(size, "", dtype=object), np.full(size, np.nan), np.full(size, np.nan)
    )
    _suggest_from_text(checked, latitude, longitude)
    number = verdict == ""
    zero = number & (np.abs(lat) < NULL_ISLAND_DEGREES) & (np.abs(lon) < NULL_ISLAND_DEGREES)
    verdict[zero] = "zero"
    range_ok = (np.abs(lat) <= 90) & (np.abs(lon) <= 180)
    verdict[number & ~zero & ~range_ok] = "out_of_range"
    for regions, rows in _by_region(country, state, np.flatnonzero(number & ~zero)):
        _compare_with_region(checked, regions, rows)
    _suggest_ranges(checked)
    verdict[verdict == ""] = "ok"
    return checked


def _first_problem(lat_problem: Codes, lon_problem: Codes) -> Codes:
    verdict = np.full(len(lat_problem), "", dtype=object)
    for problem in ("text", "not_a_number", "missing"):  # the last one wins
        verdict[(lat_problem == problem) | (lon_problem == problem)] = problem
    return verdict


def _suggest_from_text(checked: CoordinateCheck, latitude: pd.Series[Any], longitude: pd.Series[Any]) -> None:
    for row in np.flatnonzero(checked.verdict == "text"):
        pair = []
        for value, number, axis in (
            (latitude.iloc[row], checked.latitude[row], "latitude"),
            (longitude.iloc[row], checked.longitude[row], "longitude"),
        ):
            read = (
                degrees_from_text(value, axis=axis) if isinstance(value, str) and np.isnan(number) else number
            )
            pair.append(read)
        if None in pair:
            checked.suggestion[row] = "write decimal degrees, such as 43.1566 and -77.6088"
        else:
            _suggest(checked, row, *pair, words="read as decimal degrees: ")


def _by_region(
    country: pd.Series[Any] | None, state: pd.Series[Any] | None, rows: Any
) -> list[tuple[tuple[Region | None, Region | None], Any]]:
    """Rows that name the same region, with its outlines (country, state)."""
    if (country is None and state is None) or not len(rows):
        return []
    words = pd.DataFrame({"country": _words(country, rows), "state": _words(state, rows)})
    found = []
    for (country_word, state_word), group in words.groupby(["country", "state"], sort=False):
        regions = country_region(str(country_word)), state_region(str(state_word), str(country_word))
        if regions != (None, None):
            found.append((regions, rows[group.index.to_numpy()]))
    return found


def _words(column: pd.Series[Any] | None, rows: Any) -> list[str]:
    if column is None:
        return [""] * len(rows)
    return [value if isinstance(value, str) else "" for value in column.iloc[rows].tolist()]


def _compare_with_region(checked: CoordinateCheck, regions: Any, rows: Any) -> None:
    country, state = regions
    home = country or state
    lat, lon = checked.latitude[rows], checked.longitude[rows]
    in_range = (np.abs(lat) <= 90) & (np.abs(lon) <= 180)
    away = ~(in_range & _near(home, lon, lat, FAR_KM))
    rows, lat, lon = rows[away], lat[away], lon[away]
    swapped = _near(country, lat, lon, SWAP_KM) | _near(state, lat, lon, SWAP_KM)
    for row in rows[swapped]:
        _suggest(checked, row, checked.longitude[row], checked.latitude[row], words='fix="swap" reads ')
    checked.verdict[rows[swapped]] = "swapped"
    if country is None:
        return
    far = rows[~swapped & (checked.verdict[rows] == "")]
    checked.verdict[far] = "outside_country"
    for row in far:
        checked.suggestion[row] = f"check the coordinates or the country ({country.label})"
    for signs in ((1, -1), (-1, 1), (-1, -1)):
        lat, lon = checked.latitude[far] * signs[0], checked.longitude[far] * signs[1]
        for row in far[_near(country, lon, lat, 0)]:
            lat, lon = checked.latitude[row] * signs[0], checked.longitude[row] * signs[1]
            _suggest(checked, row, lat, lon, words="a sign may be lost: ")


def _near(region: Region | None, longitude: Floats, latitude: Floats, km: float) -> Bools:
    possible = (np.abs(latitude) <= 90) & (np.abs(longitude) <= 180)
    if region is None or not possible.any():
        return np.zeros(len(possible), dtype=bool)
    near = np.zeros(len(possible), dtype=bool)
    near[possible] = is_near(region.rings, longitude[possible], latitude[possible], km=km)
    return near


def _suggest_ranges(checked: CoordinateCheck) -> None:
    """Pairs out of range that one plain change would bring back."""
    for row in np.flatnonzero(checked.verdict == "out_of_range"):
        lat, lon = checked.latitude[row], checked.longitude[row]
        if abs(lat) <= 90 and 180 < lon <= 360:
            _suggest(checked, row, lat, lon - 360, words="longitude counted eastwards to 360: ")
        elif abs(lat) <= 180 and abs(lon) <= 90:
            _suggest(checked, row, lon, lat, words="perhaps swapped: ")
        else:
            checked.suggestion[row] = "write decimal degrees, such as 43.1566 and -77.6088"


def _suggest(checked: CoordinateCheck, row: Any, latitude: Any, longitude: Any, *, words: str) -> None:
    checked.suggested_latitude[row], checked.suggested_longitude[row] = latitude, longitude
    checked.suggestion[row] = f"{words}{float(latitude):.7g}, {float(longitude):.7g}"


@dataclass(frozen=True)
class LocatedFrame:
    """A frame whose coordinates were checked: `kept` marks the usable rows, in the frame's order."""

    frame: pd.DataFrame
    latitude: Floats  # degrees WGS 84, of the kept rows only
    longitude: Floats
    kept: Bools  # one per row of the frame
    skipped: dict[str, int]  # reason -> rows
    verdict: Codes  # one per row of the frame
    repaired: int
    remark: str = ""  # ends the note

    @property
    def rows(self) -> pd.DataFrame:
        """The rows that are drawn, in the frame's order."""
        return self.frame.loc[self.kept] if self.frame.index.is_unique else self.frame[self.kept]

    def note(self, outside: int = 0) -> str:
        """What is on the map, and why the rest is not: one sentence for people; `outside` rows lie beyond its edge."""
        drawn, total = int(self.kept.sum()) - outside, len(self.kept)
        words = f"{drawn:,} of {total:,} on the map"
        reasons = self.skipped | ({"outside this picture": outside} if outside else {})
        if reasons:
            words += "; not: " + ", ".join(f"{count:,} {reason}" for reason, count in reasons.items())
        if self.repaired:
            words += f"; {self.repaired:,} swapped back"
        return f"{words}; {self.remark}" if self.remark else words


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
    checked = check_frame_coordinates(frame, latitude=latitude, longitude=longitude)
    lat, lon = checked.latitude.copy(), checked.longitude.copy()
    swapped = checked.verdict == "swapped"
    kept = checked.verdict == "ok"
    if fix == "swap":
        lat[swapped], lon[swapped] = checked.longitude[swapped], checked.latitude[swapped]
        kept |= swapped
    counts = pd.Series(checked.verdict[~kept], dtype=object).value_counts(sort=False)
    skipped = {words: int(counts[code]) for code, words in REASONS.items() if code in counts.index}
    located = LocatedFrame(
        frame, lat[kept], lon[kept], kept, skipped, checked.verdict, int(swapped.sum()) if fix else 0
    )
    if not kept.any() and not allow_none:
        raise ArgumentError(
            f"No row can be drawn: {located.note()}." if len(frame) else "The frame has no rows to draw.",
            advice="check_coordinates(frame) gives the reason for each row." if len(frame) else "",
        )
    return located


@dataclass(frozen=True)
class MapRows:
    """The rows that a map draws, and the columns that its caller named."""

    located: LocatedFrame
    rows: pd.DataFrame
    color: str | None
    size: str | None
    name: str | None
    region: Any

    @property
    def sizes(self) -> Floats | None:
        """Positive amounts; everything else is no size."""
        if self.size is None:
            return None
        values = amounts(self.rows[self.size])
        return np.where(values > 0, values, np.nan)


def map_rows(
    frame: pd.DataFrame,
    color: str | None,
    size: str | None,
    name: str | None,
    cluster: Any,
    region: Any,
    **options: Any,
) -> MapRows:
    """Locate the rows of a frame and find the columns of a map; the default color "stage" need not be there."""  # fmt: skip
    if cluster not in ("auto", True, False):
        raise ArgumentError(f"cluster={cluster!r} is not known.", advice='Use "auto", True or False.')
    located = locate(frame, **options)
    rows = located.rows
    if color == "stage" and not maybe_column(rows, color):
        color = None
    return MapRows(
        located,
        rows,
        None if color is None else find_column(rows, color, argument="color"),
        None if size is None else find_column(rows, size, argument="size"),
        name_column(rows) if name is None else find_column(rows, name, argument="name"),
        locate(region, **options) if isinstance(region, pd.DataFrame) else region,
    )


@explain_calls()
def check_coordinates(
    frame: pd.DataFrame, *, latitude: str = "latitude", longitude: str = "longitude"
) -> pd.DataFrame:
    """Check for every row whether it can be drawn, and if not, why and what could be done.

    Parameters
    ----------
    frame
        Any frame with coordinates in degrees WGS 84. A country or state column, if there is one (`country_code`,
        `state_code`), finds swapped pairs and positions far from the row's own country (more than 150 km outside it).
    latitude, longitude
        Names of the two columns.

    Returns
    -------
    DataFrame
        One row per row of `frame`, with its index: `id` and a name if the frame has them, both coordinates as
        they are, `verdict` (ok, missing, not_a_number, text, zero, out_of_range, swapped, outside_country),
        `reason` and `suggestion` in words, `suggested_latitude` and `suggested_longitude` (float64, NaN where
        there is nothing to suggest). Empty means that `frame` is empty.

    Raises
    ------
    ArgumentError
        `frame` is not a DataFrame, or has no such columns.

    Notes
    -----
    Nothing is repaired here. Maps repair swapped pairs with `fix="swap"`. Text that is a plain number
    ("43.1566") is read as one.

    Examples
    --------
    >>> import procore_nb as pnb
    >>> projects = pnb.connect("demo").projects(status="All")
    >>> checked = pnb.check_coordinates(projects)
    >>> sorted(checked["verdict"].unique())
    ['missing', 'ok', 'swapped', 'zero']
    """
    checked = check_frame_coordinates(frame, latitude=latitude, longitude=longitude)
    shown = ["id"] if "id" in frame.columns else []
    name = name_column(frame)
    shown += [name] if name else []
    table = frame[list(dict.fromkeys([*shown, latitude, longitude]))].copy()
    table["verdict"] = pd.array(checked.verdict, dtype="string")
    table["reason"] = pd.array([REASONS[code] for code in checked.verdict], dtype="string")
    table["suggestion"] = pd.array(checked.suggestion, dtype="string")
    table["suggested_latitude"] = checked.suggested_latitude
    table["suggested_longitude"] = checked.suggested_longitude
    return table


def check_frame_coordinates(frame: pd.DataFrame, *, latitude: str, longitude: str) -> CoordinateCheck:
    """Judge the two columns of a frame, with its country and state if it has them."""
    check_frame(frame, latitude, longitude)
    named = [maybe_column(frame, name) for name in ("country", "state")]
    return check_pairs(
        frame[latitude], frame[longitude], *(None if column is None else frame[column] for column in named)
    )
