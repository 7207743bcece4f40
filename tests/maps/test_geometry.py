"""Projections, views, outlines, distances, groups: the pure parts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from procore_nb.maps.borders import (
    country_region,
    distance_km,
    is_inside,
    is_near,
    load_borders,
    load_cities,
    state_region,
)
from procore_nb.maps.extent import REGIONS, Projection, box_around, choose_extent
from procore_nb.maps.markers import covered_share, groups_of

EARTH_KM2 = 510_065_600


def cell_area(projection: Projection, west: float, south: float, size: float) -> float:
    """Area in km² of a small cell on the map."""
    along = np.linspace(0, size, 21)
    lon = np.concatenate([west + along, np.full(21, west + size), west + along[::-1], np.full(21, west)])
    lat = np.concatenate([np.full(21, south), south + along, np.full(21, south + size), south + along[::-1]])
    x, y = projection.forward(lon, lat)
    return float(abs(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2)


@pytest.mark.parametrize(
    "projection",
    [
        Projection("laea", -96, 37.5),
        Projection("laea", 10, 52),
        Projection("laea", 178, -17),
        Projection("equal_earth", 11),
    ],
)
def test_every_projection_keeps_areas(projection: Projection) -> None:
    lat = projection.latitude or 40.0
    for south in (lat - 8, lat + 6):
        true = (
            np.radians(2)
            * (np.sin(np.radians(south + 2)) - np.sin(np.radians(south)))
            * EARTH_KM2
            / (4 * np.pi)
        )
        assert cell_area(projection, projection.longitude + 3, south, 2) == pytest.approx(true, rel=1e-3)


def test_lambert_places_a_known_point_where_snyder_does() -> None:
    # Snyder 1395, numerical example (sphere of radius 3): 20 S 100 E, centre 40 N 100 W.
    x, y = Projection("laea", -100, 40).forward(np.array([100.0]), np.array([-20.0]))
    assert x[0] / 6371.0088 * 3 == pytest.approx(-4.2339303, abs=1e-6)
    assert y[0] / 6371.0088 * 3 == pytest.approx(4.0257775, abs=1e-6)


@pytest.mark.parametrize(
    ("points", "kind"),
    [
        ([(-122, 47), (-70, 42), (-97, 26)], "laea"),
        ([(-0.1, 51.5), (-6.2, 53.3)], "laea"),
        ([(-77.6, 43.1)], "laea"),
        ([(-122, 37), (151, -33), (55, 25)], "equal_earth"),
        ([(178, -18), (-171, -13)], "laea"),
    ],
)
def test_the_projection_fits_the_extent(points: list[tuple[float, float]], kind: str) -> None:
    lon, lat = np.array(points, dtype=float).T
    view = choose_extent(lon, lat)

    assert view.projection.kind == kind
    assert view.holds(*view.projection.forward(lon, lat)).all()


def test_points_across_the_date_line_stay_together() -> None:
    view = choose_extent(np.array([178.4, -171.8]), np.array([-18.1, -13.8]))

    assert view.width < 1500


def test_a_world_of_projects_is_cut_in_the_bering_strait() -> None:
    view = choose_extent(np.array([-157.0, -74, 0, 55, 151, 174]), np.array([21.0, 40, 51, 25, -33, -36]))

    assert view.projection.kind == "equal_earth"
    assert view.projection.longitude == 11


def test_many_points_over_the_lower_48_show_all_of_it() -> None:
    lon, lat = np.array([-122.0, -71, -80, -97]), np.array([47.0, 42, 26, 30])
    view, whole = choose_extent(lon, lat), choose_extent(lon, lat, "lower48")

    assert view == whole


@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-85, 85)), min_size=1, max_size=20))
def test_every_view_holds_its_points(points: list[tuple[float, float]]) -> None:
    lon, lat = np.array(points, dtype=float).T
    view = choose_extent(lon, lat)

    x, y = view.projection.forward(lon, lat)
    assert view.shaped(1.5).holds(x, y).all()
    assert np.isfinite([view.left, view.right, view.bottom, view.top]).all()


def test_the_box_crosses_the_date_line_when_that_is_shorter() -> None:
    assert box_around(np.array([179.0, -179.0]), np.array([0.0, 1.0])) == (179.0, 0.0, -179.0, 1.0)
    assert box_around(np.array([-10.0, 10.0]), np.array([0.0, 1.0])) == (-10.0, 0.0, 10.0, 1.0)


def test_every_named_region_has_a_view() -> None:
    for region, (west, south, east, north) in REGIONS.items():
        view = choose_extent(np.array([0.0]), np.array([0.0]), region)
        x, y = view.projection.forward(np.array([(west + east) / 2]), np.array([(south + north) / 2]))
        assert view.holds(x, y).all(), region


@pytest.mark.slow
def test_every_city_lies_in_or_beside_its_country() -> None:
    for city in load_cities():
        place = country_region(city.country)
        assert place is not None, city
        assert is_near(place.edges, np.array([city.longitude]), np.array([city.latitude]), km=12)[0], city


def test_states_are_found_by_code_and_name_within_their_country() -> None:
    assert state_region("WA", "US") != state_region("WA", "AU")
    assert state_region("wa", "") is not None
    assert state_region("Western Australia", "AU") == state_region("WA", "AU")
    assert state_region("ZZ", "US") is None
    assert state_region("", "US") is None


def test_each_country_holds_no_ring_that_jumps_around_the_world() -> None:
    for unit in load_borders().units.values():
        for ring in unit.rings:
            if unit.code != "AQ":
                assert np.abs(np.diff(ring[:, 0])).max() < 60, unit.code


def test_inside_and_near_agree_with_shapely() -> None:
    shapely = pytest.importorskip("shapely")
    draw = np.random.default_rng(3)
    region = country_region("GB")
    assert region is not None
    lon, lat = draw.uniform(-8, 2, 400), draw.uniform(50, 59, 400)
    shape = shapely.unary_union([shapely.Polygon(ring).buffer(0) for ring in region.rings])

    inside = is_inside(region.edges, lon, lat)
    assert inside.tolist() == shapely.contains_xy(shape, lon, lat).tolist()


def test_points_north_and_south_of_an_outline_are_near_it() -> None:
    region = country_region("IE")
    assert region is not None
    longitude, latitude = np.array([-8.5, -7.4, -8.5, -7.4]), np.array([50.8, 56.1, 49.8, 57.1])
    assert is_near(region.edges, longitude, latitude, km=100).tolist() == [True, True, False, False]


def test_the_shortcut_by_cells_changes_no_answer() -> None:
    draw = np.random.default_rng(5)
    region = country_region("IE")
    assert region is not None
    lon, lat = draw.uniform(-14, -2, 500), draw.uniform(49, 58, 500)
    near = is_near(region.edges, lon, lat, km=100)
    one_by_one = [
        is_inside(region.edges, lon[i : i + 1], lat[i : i + 1])[0]
        or min(distance_km(ring[:, 1], ring[:, 0], lat[i], lon[i]).min() for ring in region.rings) <= 100
        for i in range(len(lon))
    ]
    # Vertices stand for edges here, so a few points just beyond 100 km from the nearest vertex may differ.
    assert (near != np.array(one_by_one)).mean() < 0.01


def test_distances_are_great_circles() -> None:
    cases = [
        ((0.0, 0.0, 0.0, 180.0), 20015.1),
        ((90.0, 0.0, -90.0, 77.0), 20015.1),
        ((0.0, 179.5, 0.0, -179.5), 111.2),
        ((51.5074, -0.1278, 40.7128, -74.0060), 5570.2),
        ((43.0, -77.0, 43.0, -77.0), 0.0),
    ]
    for (latitude, longitude, *to), km in cases:
        distance = distance_km(np.array([latitude]), np.array([longitude]), *to)[0]
        assert distance == pytest.approx(km, abs=0.1), (latitude, longitude, to)


@given(st.lists(st.tuples(st.floats(0, 500), st.floats(0, 300)), min_size=1, max_size=80))
@pytest.mark.slow
def test_groups_hold_every_point_once_and_stay_small(points: list[tuple[float, float]]) -> None:
    x, y = np.array(points, dtype=float).T
    group = groups_of(x, y, reach=20)

    assert len(group) == len(points)
    assert set(group) == set(range(group.max() + 1))
    for number in set(group):
        members = group == number
        assert np.ptp(x[members]) <= 2 * 20 + 6
        assert np.ptp(y[members]) <= 2 * 20 + 6


def test_the_covered_share_is_none_for_scattered_and_nearly_all_for_one_place() -> None:
    assert covered_share(np.arange(10) * 50.0, np.zeros(10), size=5) == 0
    assert covered_share(np.zeros(100), np.zeros(100), size=5) == pytest.approx(0.99)
