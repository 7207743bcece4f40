"""What `region=` means: codes and names alike, the mainland or the rows, and a note that agrees with the picture."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from procore_nb.errors import ArgumentError
from procore_nb.maps import plot_projects
from procore_nb.maps.extent import Box, region_box
from procore_nb.maps.validate import locate

from .frames import projects

NOWHERE = np.empty(0)


def box(region: Any, longitude: float | None = None, latitude: float | None = None) -> Box:
    points = (NOWHERE, NOWHERE) if longitude is None else (np.array([longitude]), np.array([latitude]))
    return region_box(region, *points)


def test_codes_and_names_mean_the_same_region() -> None:
    groups = [
        ("GB", "gb", "UK", "Great Britain", "great_britain", "United Kingdom", " England "),
        ("US", "USA", "United States", "lower48", "lower 48", "conus"),
        ("US-TX", "Texas", "texas", "TX"),
        ("AU", "Australia"),
        ("AE", "UAE", "United Arab Emirates"),
        ("CA-QC", "Quebec"),
    ]
    failures = [words for words in groups if len({box(word) for word in words}) != 1]
    assert not failures


@pytest.mark.parametrize(
    ("region", "west", "south", "east", "north"),
    [
        ("GB", -9, 49, 2, 61),  # not the Falklands
        ("FR", -5, 41, 10, 52),  # not Guiana
        ("DK", 8, 54, 16, 58),  # not Greenland
        ("NL", 3, 50, 8, 54),
        ("US", -125, 24, -66, 50),
        ("NZ", 166, -48, 179, -34),
    ],
)
def test_a_country_is_framed_by_its_mainland(
    region: str, west: float, south: float, east: float, north: float
) -> None:
    found = box(region)
    assert west <= found[0] < found[2] <= east
    assert south <= found[1] < found[3] <= north


@pytest.mark.parametrize("region", [(10, 50, 10, 51), (10, 51, 11, 51), (10, 51, 11, 50), (-181, 50, 0, 51)])
def test_a_box_without_an_inside_is_refused(region: tuple[float, ...]) -> None:
    with pytest.raises(ArgumentError, match=r"is not \(west, south, east, north\) in degrees"):
        box(region)


def test_a_country_whose_rows_are_all_elsewhere_is_framed_by_the_rows() -> None:
    assert box("FR", -52.3, 4.9) == (-52.3, 4.9, -52.3, 4.9)


def test_a_word_that_means_two_regions_is_the_one_that_holds_rows() -> None:
    assert box("Georgia")[0] > 0
    assert box("Georgia", -84.4, 33.7)[0] < 0
    assert box("CA", -79.4, 43.7) == box("Canada")


def test_alaska_reaches_over_the_date_line_by_the_short_side() -> None:
    west, _, east, _ = box("Alaska")
    assert (east - west) % 360 < 70


def test_rows_of_a_frame_are_a_region_with_their_surroundings() -> None:
    frame = projects(60, "lower48", spread=0.01)
    boston = frame[frame["city"] == "Boston"]
    ax: Any = plot_projects(frame, region=boston, cluster=False)

    assert region_box(locate(boston), NOWHERE, NOWHERE)[0] == boston["longitude"].min()
    assert f"{len(boston)} of 60 on the map" in "".join(text.get_text() for text in ax.texts)


@pytest.mark.parametrize("region", ["GB", (-10, 35, 30, 60)])
def test_the_note_counts_what_is_in_the_picture(region: Any) -> None:
    frame = projects(60, "lower48", "isles")
    frame.loc[0, "latitude"] = None
    ax: Any = plot_projects(frame, region=region, cluster=False)

    drawn = sum(len(marks.get_offsets()) for marks in ax.collections if marks.get_zorder() == 3)
    assert f"{drawn} of 60 on the map; not: 1 no coordinates, {59 - drawn} outside" in "".join(
        text.get_text() for text in ax.texts
    )


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("Unted States", "United States"), ("Germny", "Germany"), ("Texs", "Texas"), ("Europ", "europe")],
)
def test_a_slip_in_a_country_or_state_names_what_was_meant(typed: str, meant: str) -> None:
    with pytest.raises(ArgumentError, match=f"Did you mean {meant}\\?"):
        box(typed)
