"""Places as tables and files."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from procore_nb.errors import ArgumentError, OutputError
from procore_nb.maps import distance_to, nearest, to_geodataframe, to_geojson, with_location

from .frames import projects


def test_each_row_of_a_list_gets_the_place_of_its_project() -> None:
    plans = projects(3)
    rfis = pd.DataFrame(
        {
            "id": [1, 2, 3, 4],
            "name": ["a", "b", "c", "d"],
            "project_id": pd.array([plans["id"][2], plans["id"][0], 99, None], dtype="Int64"),
        },
        index=list("wxyz"),
    )
    rfis.attrs["procore"] = {"endpoint": "rfis"}
    joined = with_location(rfis, plans)

    assert joined.index.tolist() == list("wxyz")
    assert joined["latitude"].tolist()[:2] == [plans["latitude"][2], plans["latitude"][0]]
    assert joined["latitude"].isna().tolist() == [False, False, True, True]
    assert joined["name"].tolist() == ["a", "b", "c", "d"]
    assert joined["project.name"].tolist()[0] == plans["name"][2]
    assert joined.attrs == rfis.attrs
    assert "latitude" not in rfis.columns


def test_ids_as_text_find_projects_with_ids_as_numbers() -> None:
    plans = projects(2)
    rows = pd.DataFrame({"project_id": plans["id"].astype("string")})

    assert with_location(rows, plans)["latitude"].tolist() == plans["latitude"].tolist()


def test_a_list_without_project_ids_or_projects_without_ids_are_refused() -> None:
    with pytest.raises(ArgumentError, match="'project_id'"):
        with_location(pd.DataFrame({"id": [1]}), projects(2))
    with pytest.raises(ArgumentError, match="no column id"):
        with_location(pd.DataFrame({"project_id": [1]}), projects(2).drop(columns="id"))
    with pytest.raises(ArgumentError, match="one id twice"):
        with_location(pd.DataFrame({"project_id": [1]}), pd.concat([projects(2)] * 2))


def test_distances_are_in_km_and_missing_where_the_place_is() -> None:
    frame = pd.DataFrame(
        {"latitude": [43.1566, None, 43.0481], "longitude": [-77.6088, 1.0, -76.1474]}, index=[5, 6, 7]
    )
    away = distance_to(frame, 43.1566, -77.6088)

    assert away.index.tolist() == [5, 6, 7]
    assert away[5] == 0
    assert np.isnan(away[6])
    assert away[7] == pytest.approx(119.3, abs=0.5)


@pytest.mark.parametrize(("lat", "lon"), [(91, 0), (0, 181), ("x", 0), (None, 1), (float("nan"), 0)])
def test_a_point_that_is_no_coordinate_is_refused(lat: object, lon: object) -> None:
    with pytest.raises(ArgumentError, match="not a latitude and longitude"):
        distance_to(projects(1), lat, lon)  # type: ignore[arg-type]


def test_every_row_names_its_nearest_office() -> None:
    offices = pd.DataFrame(
        {"name": ["Boston", "Denver"], "latitude": [42.36, 39.74], "longitude": [-71.06, -104.99]}
    )
    frame = pd.DataFrame({"latitude": [40.7, 41.1, None], "longitude": [-74.0, -104.8, 0.0]})
    found = nearest(frame, offices)

    assert found["nearest"].tolist()[:2] == ["Boston", "Denver"]
    assert pd.isna(found["nearest"][2])
    assert found["distance_km"][1] == pytest.approx(152, abs=2)
    assert "nearest" not in frame.columns


def test_an_office_with_an_odd_name_is_named() -> None:
    offices = pd.DataFrame({"latitude": [1.0], "longitude": [2.0]})
    offices["name"] = pd.Series(["Depot \ud83d"], dtype=object)

    assert nearest(projects(2), offices)["nearest"].tolist() == ["Depot ?", "Depot ?"]


def test_geojson_has_one_point_per_located_row_longitude_first(tmp_path: Path) -> None:
    frame = projects(4)
    frame.loc[1, "latitude"] = np.nan
    frame["when"] = pd.Timestamp("2026-01-02", tz="UTC")
    frame.loc[0, "total_value"] = Decimal("18450000.75")
    target = to_geojson(frame, tmp_path / "p.geojson")
    read = json.loads(target.read_text(encoding="utf-8"))

    assert read["type"] == "FeatureCollection"
    assert len(read["features"]) == 3
    first = read["features"][0]
    assert first["geometry"] == {
        "type": "Point",
        "coordinates": [frame["longitude"][0], frame["latitude"][0]],
    }
    assert first["properties"]["id"] == 562949953421312
    assert first["properties"]["total_value"] == "18450000.75"
    assert first["properties"]["when"] == "2026-01-02T00:00:00+00:00"
    assert "latitude" not in first["properties"]


def test_geojson_writes_missing_values_as_null(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "latitude": [1.0], "longitude": [2.0], "n": pd.array([None], dtype="Int64"), "f": [np.nan],
            "t": [pd.NaT], "s": pd.array([None], dtype="string"), "l": [["a", None]],
        }
    )  # fmt: skip
    properties = json.loads(to_geojson(frame, tmp_path / "p.json").read_text())["features"][0]["properties"]

    assert properties == {"n": None, "f": None, "t": None, "s": None, "l": ["a", None]}


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("odd", "written"),
    [
        ("a\ud83db", "a?b"),  # half a surrogate is no character, and no other program would read the file
        ("\x00\x1b\u2028", "\x00\x1b\u2028"),
        (2**64, 2**64),
        ({"\udc80": {1: np.int64(2**40)}}, {"?": {"1": 2**40}}),
        (np.array([1.5, np.nan]), [1.5, None]),
        (nested(300), nested(300)),
    ],
    ids=["half-surrogate", "control", "past-64-bits", "keys", "array", "nested"],
)
def test_geojson_holds_values_that_a_strict_encoder_refuses(tmp_path: Path, odd: Any, written: Any) -> None:
    frame = pd.DataFrame({"latitude": [1.0, 2.0], "longitude": [2.0, 3.0], "n": [np.nan, 1.0]})
    frame["odd"] = pd.Series([odd, 2**64], dtype=object)  # the second keeps every case beside a refused one
    frame["when"] = pd.to_datetime(["2026-01-02", None])
    frame["amount"] = [Decimal("1.10"), None]
    first, second = json.loads(to_geojson(frame, tmp_path / "p.json").read_bytes())["features"]

    assert first["properties"] == {"n": None, "odd": written, "when": "2026-01-02T00:00:00", "amount": "1.10"}
    assert second["properties"] == {"n": 1.0, "odd": 2**64, "when": None, "amount": None}
    assert second["geometry"]["coordinates"] == [3.0, 2.0]


def test_a_value_nested_beyond_any_encoder_is_an_error_and_leaves_no_file(tmp_path: Path) -> None:
    frame = pd.DataFrame({"latitude": [1.0], "longitude": [2.0]})
    frame["deep"] = pd.Series([nested(3_000)], dtype=object)
    with pytest.raises(OutputError, match="nested too deeply"):
        to_geojson(frame, tmp_path / "p.json")

    assert list(tmp_path.iterdir()) == []


def test_geojson_of_no_rows_is_a_file_without_features(tmp_path: Path) -> None:
    assert json.loads(to_geojson(projects(2).head(0), tmp_path / "p.json").read_text())["features"] == []


def test_geojson_into_a_folder_that_is_not_there_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        to_geojson(projects(2), tmp_path / "no" / "p.json")


@pytest.mark.slow
def test_geojson_is_read_by_geopandas(tmp_path: Path) -> None:
    geopandas = pytest.importorskip("geopandas")
    read = geopandas.read_file(to_geojson(projects(5), tmp_path / "p.geojson"))

    assert len(read) == 5
    assert read.crs.to_epsg() == 4326


def test_a_geodataframe_is_in_wgs_84_and_round_trips_through_geoparquet(tmp_path: Path) -> None:
    geopandas = pytest.importorskip("geopandas")
    pytest.importorskip("pyarrow")
    frame = projects(4)
    frame.loc[1, "latitude"] = np.nan
    made = to_geodataframe(frame)
    made.to_parquet(tmp_path / "p.parquet")
    read = geopandas.read_parquet(tmp_path / "p.parquet")

    assert made.crs.to_epsg() == 4326
    assert read["id"].tolist() == frame["id"].drop(index=1).tolist()
    assert read.geometry.x.tolist() == frame["longitude"].drop(index=1).tolist()
    assert read["total_value"].tolist() == frame["total_value"].drop(index=1).tolist()
