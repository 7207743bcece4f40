"""Every verdict on a table of hand-made cases, and the promises around it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from procore_nb.errors import ArgumentError
from procore_nb.maps import check_coordinates
from procore_nb.maps.validate import locate

NAN = float("nan")
# latitude, longitude, country, state, verdict
CASES: list[tuple[Any, Any, Any, Any, str]] = [
    # plain places
    (43.1566, -77.6088, "US", "NY", "ok"),
    (51.5074, -0.1278, "GB", None, "ok"),
    (53.3498, -6.2603, "IE", None, "ok"),
    (-33.8688, 151.2093, "AU", "NSW", "ok"),
    (25.2048, 55.2708, "AE", None, "ok"),
    (43.6532, -79.3832, "CA", "ON", "ok"),
    (43.1566, -77.6088, None, None, "ok"),
    (43.1566, -77.6088, "Atlantis", "??", "ok"),
    (43.1566, -77.6088, "United States", "New York", "ok"),
    (43.1566, -77.6088, "usa", "ny", "ok"),
    ("43.1566", "-77.6088", "US", "NY", "ok"),
    (" 43.1566 ", "−77.6088", "US", "NY", "ok"),
    (Decimal("43.1566"), Decimal("-77.6088"), "US", "NY", "ok"),
    (np.float32(43.1566), np.float64(-77.6088), "US", "NY", "ok"),
    (43, -77, "US", None, "ok"),
    # missing
    (None, None, "US", "NY", "missing"),
    (NAN, NAN, "US", "NY", "missing"),
    (43.1566, None, "US", "NY", "missing"),
    (pd.NA, -77.6088, "US", "NY", "missing"),
    ("", "", "US", "NY", "missing"),
    ("  ", "-77.6", "US", "NY", "missing"),
    ("null", "null", None, None, "missing"),
    (None, "77° W", None, None, "missing"),
    # not a number
    (float("inf"), -77.6088, "US", "NY", "not_a_number"),
    (43.1566, float("-inf"), "US", "NY", "not_a_number"),
    (True, False, "US", "NY", "not_a_number"),
    ([43.1566], -77.6088, "US", "NY", "not_a_number"),
    ({"degrees": 43}, -77.6088, "US", "NY", "not_a_number"),
    ("1e999", "10", None, None, "not_a_number"),
    # text
    ("40°26′46″N", "79°58′56″W", "US", "PA", "text"),
    ("40° 26.767' N", "79° 58.933' W", "US", "PA", "text"),
    ("40.446° N", "79.982° W", "US", "PA", "text"),
    ("43,1566", "-77,6088", "US", "NY", "text"),
    ("N 51 30 26", "W 0 7 39", "GB", None, "text"),
    ("unknown", "unknown", "US", "NY", "text"),
    ("43.1566, -77.6088", "43.1566, -77.6088", "US", "NY", "text"),
    (43.1566, "77.6088W", "US", "NY", "text"),
    # zero
    (0, 0, "US", "NY", "zero"),
    (0.0, -0.0, None, None, "zero"),
    ("0", "0.000", None, None, "zero"),
    (0.0, 9.45, "GA", None, "ok"),
    (51.4779, 0.0, "GB", None, "ok"),
    (-0.18, -78.47, "EC", None, "ok"),
    # range, poles, date line
    (90.0, 0.0, None, None, "ok"),
    (-90.0, 45.0, "AQ", None, "ok"),
    (-77.85, 166.67, "AQ", None, "ok"),
    (90.0001, 0.0, None, None, "out_of_range"),
    (-91.0, 10.0, None, None, "out_of_range"),
    (10.0, 180.0001, None, None, "out_of_range"),
    (43.1566, 282.3912, "US", "NY", "out_of_range"),
    (431566.0, -776088.0, "US", "NY", "out_of_range"),
    (-118.24, 34.05, None, None, "out_of_range"),
    (-16.8, 180.0, "FJ", None, "ok"),
    (-16.8, -180.0, "FJ", None, "ok"),
    (-16.85, -179.95, "FJ", None, "ok"),
    (64.7, 177.5, "RU", None, "ok"),
    (66.2, -170.0, "RU", None, "ok"),
    (52.9, 172.9, "US", "AK", "ok"),
    (51.88, -176.65, "US", "AK", "ok"),
    (-43.95, -176.55, "NZ", None, "ok"),
    (90.0, 0.0, "US", None, "outside_country"),
    # tiny islands and dependencies
    (32.2949, -64.7814, "BM", None, "ok"),
    (-0.5228, 166.9315, "NR", None, "ok"),
    (54.1500, -4.4800, "IM", None, "ok"),
    (54.1500, -4.4800, "GB", None, "ok"),
    (49.1868, -2.1065, "JE", None, "ok"),
    (49.1868, -2.1065, "GB", None, "ok"),
    (36.1408, -5.3536, "GI", None, "ok"),
    (26.2235, 50.5876, "BH", None, "ok"),
    (1.2903, 103.8519, "SG", None, "ok"),
    (18.4655, -66.1057, "US", "PR", "ok"),
    (18.4655, -66.1057, "PR", None, "ok"),
    (13.4443, 144.7937, "US", "GU", "ok"),
    (21.3069, -157.8583, "US", "HI", "ok"),
    (4.6105, 101.1, "MY", None, "ok"),
    # on and near borders and coasts
    (49.0024, -122.7565, "US", "WA", "ok"),
    (49.0024, -122.7565, "CA", "BC", "ok"),
    (43.0896, -79.0849, "US", "NY", "ok"),
    (43.0896, -79.0849, "CA", "ON", "ok"),
    (31.7619, -106.4850, "MX", None, "ok"),
    (55.0, -7.32, "IE", None, "ok"),
    (40.6892, -74.0445, "US", "NJ", "ok"),
    (53.95, 1.69, "GB", None, "ok"),
    (28.9, -89.4, "US", "LA", "ok"),
    (26.05, 50.15, "BH", None, "ok"),
    (41.7, -81.5, "US", "OH", "ok"),
    # swapped, out of range as they stand
    (-118.2437, 34.0522, "US", "CA", "swapped"),
    (-95.3698, 29.7604, "US", "TX", "swapped"),
    (151.2093, -33.8688, "AU", "NSW", "swapped"),
    (144.9631, -37.8136, "AU", "VIC", "swapped"),
    (-157.8583, 21.3069, "US", "HI", "swapped"),
    # swapped, both in range
    (-77.6088, 43.1566, "US", "NY", "swapped"),
    (-79.3832, 43.6532, "CA", "ON", "swapped"),
    (-79.3832, 43.6532, None, "ON", "swapped"),
    (-77.6088, 43.1566, None, "NY", "swapped"),
    (-0.1278, 51.5074, "GB", None, "swapped"),
    (-6.2603, 53.3498, "IE", None, "swapped"),
    (55.2708, 25.2048, "AE", None, "swapped"),
    (51.5310, 25.2854, "QA", None, "swapped"),
    (46.6753, 24.7136, "SA", None, "swapped"),
    ("-77.6088", "43.1566", "US", "NY", "swapped"),
    # swapping would change nothing, or both ways fit
    (37.0, 37.0, "TR", None, "ok"),
    (37.2, 40.1, "TR", None, "ok"),
    # far outside
    (43.1566, 77.6088, "US", "NY", "outside_country"),
    (-43.1566, -77.6088, "US", "NY", "outside_country"),
    (33.8688, 151.2093, "AU", "NSW", "outside_country"),
    (51.5074, -0.1278, "US", "NY", "outside_country"),
    (24.7136, 46.6753, "AE", None, "outside_country"),
    (53.3498, -6.2603, "AU", None, "outside_country"),
    (48.8566, 2.3522, "IE", None, "outside_country"),
]


def one(latitude: Any, longitude: Any, country: Any = None, state: Any = None) -> pd.Series[Any]:
    frame = pd.DataFrame(
        {
            "latitude": pd.Series([latitude], dtype=object),
            "longitude": pd.Series([longitude], dtype=object),
            "country_code": [country],
            "state_code": [state],
        }
    )
    return check_coordinates(frame).iloc[0]


def test_a_case_alone_gets_the_verdict_that_it_has_among_others() -> None:
    for *case, verdict in CASES[::6]:
        assert one(*case)["verdict"] == verdict, case


def test_the_table_of_cases_judged_at_once_gives_the_same_verdicts() -> None:
    columns = ["latitude", "longitude", "country_code", "state_code", "verdict"]
    frame = pd.DataFrame(CASES, columns=columns, dtype=object)

    assert check_coordinates(frame)["verdict"].tolist() == frame["verdict"].tolist()


def test_there_are_at_least_sixty_cases_and_every_verdict_is_among_them() -> None:
    assert len(CASES) >= 60
    assert {case[4] for case in CASES} == {
        "ok", "missing", "not_a_number", "text", "zero", "out_of_range", "swapped", "outside_country",
    }  # fmt: skip


def test_what_can_be_repaired_comes_with_a_suggestion() -> None:
    cases: list[tuple[Any, float, float]] = [
        (("40°26′46″N", "79°58′56″W", "US", "PA"), 40.4461, -79.9822),
        (("43,1566", "-77,6088", "US", "NY"), 43.1566, -77.6088),
        (("N 51 30 26", "W 0 7 39", "GB", None), 51.5072, -0.1275),
        ((43.1566, "77.6088W", "US", "NY"), 43.1566, -77.6088),
        ((-77.6088, 43.1566, "US", "NY"), 43.1566, -77.6088),
        ((43.1566, 282.3912, None, None), 43.1566, -77.6088),
        ((43.1566, 77.6088, "US", "NY"), 43.1566, -77.6088),
        ((33.8688, 151.2093, "AU", "NSW"), -33.8688, 151.2093),
        ((-118.24, 34.05, None, None), 34.05, -118.24),
    ]
    for case, latitude, longitude in cases:
        checked = one(*case)
        suggested = checked["suggested_latitude"], checked["suggested_longitude"]
        assert suggested == pytest.approx((latitude, longitude), abs=1e-4), case
        assert checked["suggestion"] != "", case


def test_text_that_is_unclear_is_not_guessed() -> None:
    texts = ["40°26′46″E", "40 99 10 N", "north", "N 40 S", "-40 S", "91°", "1 2 3 4"]
    suggestions = {text: one(text, "10", None, None)["suggested_latitude"] for text in texts}
    assert np.isnan(list(suggestions.values())).all(), suggestions


def test_a_swapped_pair_is_repaired_only_when_asked() -> None:
    frame = pd.DataFrame(
        {"latitude": [-77.6, 43.0], "longitude": [43.1, -77.0], "country_code": ["US", "US"]}
    )

    assert locate(frame).kept.tolist() == [False, True]
    repaired = locate(frame, fix="swap")
    assert repaired.latitude.tolist() == [43.1, 43.0]
    assert repaired.longitude.tolist() == [-77.6, -77.0]
    assert "1 swapped back" in repaired.note()
    assert frame["latitude"].tolist() == [-77.6, 43.0]


def test_the_table_keeps_index_ids_names_and_values_as_they_came() -> None:
    frame = pd.DataFrame(
        {"id": pd.array([562949953501377], dtype="Int64"), "name": ["A"], "lat": ["40°N"], "lon": [None]},
        index=["x"],
    )
    checked = check_coordinates(frame, latitude="lat", longitude="lon")

    assert checked.index.tolist() == ["x"]
    assert checked.loc["x", "id"] == 562949953501377
    assert checked.loc["x", "lat"] == "40°N"
    assert checked.loc["x", "reason"] == "no coordinates"


def test_no_rows_give_no_verdicts_with_the_same_columns() -> None:
    full = check_coordinates(pd.DataFrame({"latitude": [1.0], "longitude": [2.0]}))
    empty = check_coordinates(pd.DataFrame({"latitude": pd.Series([], dtype=float), "longitude": []}))

    assert list(empty.columns) == list(full.columns)
    assert empty["verdict"].dtype == full["verdict"].dtype
    assert len(empty) == 0


@pytest.mark.parametrize("bad", [[1, 2], None, "text"])
def test_what_is_no_frame_is_refused(bad: Any) -> None:
    with pytest.raises(ArgumentError, match="needs a DataFrame"):
        check_coordinates(bad)


def test_a_frame_with_two_columns_of_one_name_is_refused() -> None:
    twice = pd.DataFrame([[1.0, 2.0, "a", "b"]], columns=["latitude", "longitude", "name", "name"])
    with pytest.raises(ArgumentError, match="two columns of one name: name"):
        locate(twice)


def test_missing_columns_are_named_with_near_matches() -> None:
    with pytest.raises(ArgumentError, match=r"'latitude'.*Did you mean lat or lng_longitude"):
        check_coordinates(pd.DataFrame({"lat": [1], "lng_longitude": [2]}))


def test_an_unknown_repair_is_refused() -> None:
    with pytest.raises(ArgumentError, match="fix='guess'"):
        locate(pd.DataFrame({"latitude": [1.0], "longitude": [2.0]}), fix="guess")


numbers = st.one_of(st.none(), st.floats(), st.integers(), st.text(max_size=12), st.booleans())


@given(st.lists(st.tuples(numbers, numbers, st.sampled_from([None, "US", "FJ", "x"])), max_size=8))
@pytest.mark.slow
def test_whatever_a_column_holds_each_row_gets_one_known_verdict(rows: list[tuple[Any, Any, Any]]) -> None:
    frame = pd.DataFrame(rows, columns=["latitude", "longitude", "country_code"], dtype=object)
    checked = check_coordinates(frame)

    assert len(checked) == len(rows)
    drawn = checked["verdict"] == "ok"
    located = locate(frame, allow_none=True)
    assert located.kept.tolist() == drawn.tolist()
    assert (np.abs(located.latitude) <= 90).all()
    assert (np.abs(located.longitude) <= 180).all()


@given(st.floats(25, 49), st.floats(-124, -67))
@pytest.mark.slow
def test_a_swapped_pair_inside_a_country_is_never_called_right(latitude: float, longitude: float) -> None:
    pair = [latitude, longitude]
    frame = pd.DataFrame({"latitude": pair, "longitude": pair[::-1], "country_code": "US"})
    right, wrong = check_coordinates(frame)["verdict"]

    assert wrong in {"swapped", "outside_country", "out_of_range"}
    if right == "outside_country":
        assert wrong != "swapped"
