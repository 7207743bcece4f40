"""Places as tables and files: join coordinates to any list, measure distances, write GeoJSON and GeoParquet.

In: frames. Out: frames and files. Speaks to no service.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd

from procore_nb.errors import ArgumentError, MissingExtraError
from procore_nb.maps.columns import check_frame, find_column, find_columns, name_column
from procore_nb.maps.located import locate
from procore_nb.maps.page import write_whole
from procore_nb.maps.shapes import distance_km

PROJECT_ID = ("project_id", "project.id")
BROUGHT = (
    "latitude",
    "longitude",
    "city",
    "state_code",
    "country_code",
    "name",
    "stage",
    "project_stage.name",
)


def with_location(
    frame: pd.DataFrame, projects: pd.DataFrame, *, on: str | None = None, columns: list[str] | None = None
) -> pd.DataFrame:
    """Give each row of any list the place of its project.

    Parameters
    ----------
    frame
        Rows that name their project in `project_id` (or `project.id`).
    projects
        A projects frame with `id`, `latitude` and `longitude`.
    on
        The column of `frame` with the project's id; None finds it.
    columns
        Which columns of `projects` to bring; None brings coordinates, city, state, country, stage and name. What
        `frame` has already keeps its values; the project's name comes as `project.name`.

    Returns
    -------
    DataFrame
        The rows of `frame` in their order, with its index and attrs; rows of unknown projects have missing places.

    Raises
    ------
    ArgumentError
        No project id in `frame`, or `projects` lacks `id` or has one id twice.

    Examples
    --------
    >>> import procore_nb as pnb
    >>> procore = pnb.connect("demo", progress=False)
    >>> projects = procore.projects()
    >>> located = pnb.with_location(procore.table("rfis", projects=projects), projects)
    >>> {"latitude", "longitude"} <= set(located.columns)
    True
    """
    if "id" not in projects.columns:
        raise ArgumentError("projects has no column id.", advice="Give the frame of procore.projects().")
    check_frame(projects, "latitude", "longitude")
    key = on or next((column for column in PROJECT_ID if column in frame.columns), None)
    if key is None or key not in frame.columns:
        raise ArgumentError(
            f"The frame has no column {on or 'project_id'!r} to find its project by.",
            advice="Name it with on=….",
        )
    wanted = columns or [column for column in BROUGHT if column in projects.columns]
    known = projects[projects["id"].notna()]
    ids = known["id"].astype("string")
    if ids.duplicated().any():
        raise ArgumentError("projects has one id twice.", advice="Use projects.drop_duplicates('id').")
    names = {column: "project.name" if column == "name" else column for column in wanted}
    brought = known[find_columns(projects, list(names), argument="columns") or []].rename(columns=names)
    brought = brought[[column for column in brought.columns if column not in frame.columns]]
    brought.index = pd.Index(ids)
    joined = brought.reindex(pd.Index(frame[key].astype("string")))
    joined.index = frame.index
    result: pd.DataFrame = pd.concat([frame, joined], axis=1)
    result.attrs = dict(frame.attrs)
    return result


def distance_to(
    frame: pd.DataFrame,
    lat: float,
    lon: float,
    *,
    latitude: str = "latitude",
    longitude: str = "longitude",
    fix: str | None = None,
) -> pd.Series[float]:
    """Distance of every row to one point, in km.

    Returns
    -------
    Series
        float64 with the frame's index, named `distance_km`; NaN where the row has no usable coordinates.

    Raises
    ------
    ArgumentError
        `lat` or `lon` is no coordinate, or the frame has no coordinate columns.

    Notes
    -----
    Great circle on a sphere of the mean radius of WGS 84 (6371.0088 km); the ellipsoid differs by at most 0.6 %.

    Examples
    --------
    >>> import procore_nb as pnb
    >>> projects = pnb.connect("demo").projects(status="All")
    >>> near = projects[pnb.distance_to(projects, 43.16, -77.61) < 50]
    """
    _check_point(lat, lon)
    located = locate(frame, latitude=latitude, longitude=longitude, fix=fix, allow_none=True)
    distances = np.full(len(frame), np.nan)
    distances[located.kept] = distance_km(located.latitude, located.longitude, float(lat), float(lon))
    return pd.Series(distances, index=frame.index, name="distance_km")


def nearest(
    frame: pd.DataFrame,
    places: pd.DataFrame,
    *,
    name: str | None = None,
    latitude: str = "latitude",
    longitude: str = "longitude",
) -> pd.DataFrame:
    """The nearest of some places (offices, plants) for every row.

    Parameters
    ----------
    frame
        Rows with coordinates in `latitude` and `longitude` (or the columns named).
    places
        Rows with `latitude` and `longitude`, and a name.
    name
        Column of `places` that names them; None finds `name` and the like.
    latitude, longitude
        Names of the coordinate columns of `frame`.

    Returns
    -------
    DataFrame
        `frame` with `nearest` (the name; the row's label where places have no names) and `distance_km` (float64,
        great circle, see `distance_to`); missing where the row has no usable coordinates.

    Raises
    ------
    ArgumentError
        A frame lacks coordinates, or no place can be located.
    """
    located = locate(frame, latitude=latitude, longitude=longitude, allow_none=True)
    spots = locate(places)
    label = name_column(places) if name is None else find_column(places, name, argument="name")
    names = spots.rows.index.astype(str) if label is None else spots.rows[label].astype("string")
    best = np.full(len(located.latitude), np.inf)
    which = np.zeros(len(best), dtype=np.intp)
    for number, (lat, lon) in enumerate(zip(spots.latitude, spots.longitude, strict=True)):
        away = distance_km(located.latitude, located.longitude, lat, lon)
        closer = away < best
        best[closer], which[closer] = away[closer], number
    found = pd.Series(pd.NA, index=range(len(frame)), dtype="string")
    distances = np.full(len(frame), np.nan)
    found[located.kept] = names.to_numpy()[which]
    distances[located.kept] = best
    result = frame.copy()
    result["nearest"], result["distance_km"] = found.array, distances
    return result


def to_geojson(
    frame: pd.DataFrame,
    path: str | os.PathLike[str],
    *,
    columns: list[str] | None = None,
    fix: str | None = None,
    latitude: str = "latitude",
    longitude: str = "longitude",
) -> Path:
    """Write the rows that have a place as GeoJSON (RFC 7946), whole or not at all.

    Parameters
    ----------
    frame
        Any frame with coordinates; rows without usable ones are left out (see `check_coordinates`).
    path
        Where to; an existing file is replaced only when the new one is whole.
    columns
        Which columns become properties; None takes all but the coordinates.
    fix
        "swap" repairs swapped pairs.
    latitude, longitude
        Names of the coordinate columns.

    Returns
    -------
    Path
        The file: one Point per row, longitude first, degrees WGS 84. Amounts held as Decimal are written as text,
        times as ISO 8601, missing as null. An empty frame gives a file without features.

    Raises
    ------
    ArgumentError
        No coordinate columns, or an unknown column (near matches are named).
    OutputError
        The file cannot be written.
    """
    located = locate(frame, latitude=latitude, longitude=longitude, fix=fix, allow_none=True)
    chosen = find_columns(frame, columns, argument="columns")
    kept = [c for c in frame.columns if c not in (latitude, longitude)] if chosen is None else chosen
    rows = located.rows[kept].astype(object).to_dict("records")
    features = [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [lon, lat]}, "properties": row}
        for row, lon, lat in zip(rows, located.longitude.tolist(), located.latitude.tolist(), strict=True)
    ]
    text = orjson.dumps(
        {"type": "FeatureCollection", "features": features},
        default=_plain,
        option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS,
    )
    return write_whole(path, text.decode("utf-8"))


def to_geodataframe(
    frame: pd.DataFrame, *, fix: str | None = None, latitude: str = "latitude", longitude: str = "longitude"
) -> Any:
    """The rows that have a place as a GeoDataFrame of points, EPSG:4326.

    Returns
    -------
    GeoDataFrame
        All columns of `frame`, and `geometry`. `.to_parquet(path)` writes GeoParquet.

    Raises
    ------
    MissingExtraError
        geopandas is not installed.
    ArgumentError
        No coordinate columns.

    Notes
    -----
    GeoParquet knows no Decimals beside missing values of other kinds: convert amounts with `astype(float)` first
    where a file must hold numbers.
    """
    try:
        import geopandas
    except ImportError as error:
        raise MissingExtraError(
            "to_geodataframe needs geopandas, which is not installed.",
            advice='Install it with pip install "procore-nb[maps]".',
        ) from error
    located = locate(frame, latitude=latitude, longitude=longitude, fix=fix, allow_none=True)
    points = geopandas.points_from_xy(located.longitude, located.latitude)
    return geopandas.GeoDataFrame(located.rows.copy(), geometry=points, crs="EPSG:4326")


def _plain(value: Any) -> Any:
    """What JSON has no word for."""
    if value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    return str(value)


def _check_point(lat: Any, lon: Any) -> None:
    try:
        fine = abs(float(lat)) <= 90 and abs(float(lon)) <= 180
    except (TypeError, ValueError):
        fine = False
    if not fine:
        raise ArgumentError(f"{lat!r}, {lon!r} is not a latitude and longitude in degrees.")
