"""The rows of a frame that can be drawn, and the words for those that cannot.

In: a frame. Out: `Located` (used by every map and file), and the table of verdicts for people. Speaks to no service.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from procore_nb.errors import ArgumentError
from procore_nb.maps.borders import Floats
from procore_nb.maps.coordinates import REASONS, Judged, judge
from procore_nb.maps.find_columns import check_frame, maybe_column, name_column
from procore_nb.maps.geometry import Bools


@dataclass(frozen=True)
class Located:
    """A frame whose coordinates were judged: `kept` says which rows have a place, in the frame's order."""

    frame: pd.DataFrame
    latitude: Floats  # degrees WGS 84, of the kept rows only
    longitude: Floats
    kept: Bools  # one per row of the frame
    left_out: dict[str, int]  # reason -> rows
    repaired: int

    @property
    def rows(self) -> pd.DataFrame:
        """The rows that are drawn, in the frame's order."""
        return self.frame.loc[self.kept] if self.frame.index.is_unique else self.frame[self.kept]

    def note(self) -> str:
        """What is on the map, and why the rest is not: one sentence for people."""
        drawn, total = int(self.kept.sum()), len(self.kept)
        words = f"{drawn:,} of {total:,} on the map"
        if self.left_out:
            words += "; not: " + ", ".join(f"{count:,} {reason}" for reason, count in self.left_out.items())
        if self.repaired:
            words += f"; {self.repaired:,} swapped back"
        return words


def locate(
    frame: pd.DataFrame,
    *,
    latitude: str = "latitude",
    longitude: str = "longitude",
    fix: str | None = None,
    allow_none: bool = False,
) -> Located:
    """Judge the coordinates of a frame and keep the rows that have a place.

    Raises
    ------
    ArgumentError
        Not a frame, no coordinate columns, an unknown `fix`, or (unless `allow_none`) not one row with a place.
    """
    check_fix(fix)
    judged = judge_frame(frame, latitude=latitude, longitude=longitude)
    lat, lon = judged.latitude.copy(), judged.longitude.copy()
    swapped = judged.verdict == "swapped"
    kept = judged.verdict == "ok"
    if fix == "swap":
        lat[swapped], lon[swapped] = judged.longitude[swapped], judged.latitude[swapped]
        kept |= swapped
    counts = pd.Series(judged.verdict[~kept], dtype=object).value_counts(sort=False)
    left_out = {words: int(counts[code]) for code, words in REASONS.items() if code in counts.index}
    located = Located(frame, lat[kept], lon[kept], kept, left_out, int(swapped.sum()) if fix else 0)
    if not kept.any() and not allow_none:
        raise ArgumentError(
            f"No row can be drawn: {located.note()}." if len(frame) else "The frame has no rows to draw.",
            advice="check_coordinates(frame) says why, row by row." if len(frame) else "",
        )
    return located


def check_coordinates(
    frame: pd.DataFrame, *, latitude: str = "latitude", longitude: str = "longitude"
) -> pd.DataFrame:
    """Say of every row whether it can be drawn, and if not, why and what could be done.

    Parameters
    ----------
    frame
        Any frame with coordinates in degrees WGS 84. A country or state column, if there is one (`country_code`,
        `state_code`), tells swapped pairs and places far from the row's own country (more than 150 km outside it).
    latitude, longitude
        Names of the two columns.

    Returns
    -------
    DataFrame
        One row per row of `frame`, with its index: `id` and a name if the frame has them, both coordinates as
        they came, `verdict` (ok, missing, not_a_number, text, zero, out_of_range, swapped, outside_country),
        `reason` and `suggestion` in words, `suggested_latitude` and `suggested_longitude` (float64, NaN where
        there is nothing to suggest). Empty means that `frame` is empty.

    Raises
    ------
    ArgumentError
        `frame` is not a DataFrame, or has no such columns.

    Notes
    -----
    Nothing is repaired here. Maps repair swapped pairs when asked with `fix="swap"`. Text that is a plain number
    ("43.1566") is read as one.

    Examples
    --------
    >>> import procore_nb as pnb
    >>> projects = pnb.connect("demo").projects(status="All")
    >>> checked = pnb.check_coordinates(projects)
    >>> sorted(checked["verdict"].unique())
    ['missing', 'ok', 'swapped', 'zero']
    """
    judged = judge_frame(frame, latitude=latitude, longitude=longitude)
    shown = ["id"] if "id" in frame.columns else []
    name = name_column(frame)
    shown += [name] if name else []
    table = frame[list(dict.fromkeys([*shown, latitude, longitude]))].copy()
    table["verdict"] = pd.array(judged.verdict, dtype="string")
    table["reason"] = pd.array([REASONS[code] for code in judged.verdict], dtype="string")
    table["suggestion"] = pd.array(judged.suggestion, dtype="string")
    table["suggested_latitude"] = judged.suggested_latitude
    table["suggested_longitude"] = judged.suggested_longitude
    return table


def judge_frame(frame: pd.DataFrame, *, latitude: str, longitude: str) -> Judged:
    """Judge the two columns of a frame, with its country and state if it has them."""
    check_frame(frame, latitude, longitude)
    return judge(frame[latitude], frame[longitude], _column(frame, "country"), _column(frame, "state"))


def check_fix(fix: str | None) -> None:
    """Only one repair exists, and only when it is asked for."""
    if fix not in (None, "swap"):
        raise ArgumentError(f"fix={fix!r} is not known.", advice='Use fix="swap", or leave it out.')


def _column(frame: pd.DataFrame, name: str) -> pd.Series[Any] | None:
    column = maybe_column(frame, name)
    return None if column is None else frame[column]
