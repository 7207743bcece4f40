"""Coordinates in tables and for other programs: joined to any list, distances, the nearest; GeoJSON and GeoDataFrames.

In: frames. Out: frames, files and GeoDataFrames (whose `to_parquet` writes GeoParquet). Speaks to no service.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from datetime import date, time
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd

from procore_nb.call_errors import explain_calls
from procore_nb.errors import ArgumentError, OutputError
from procore_nb.export.frame_files import library, write_frames
from procore_nb.maps.borders import distance_km
from procore_nb.maps.map_columns import check_frame, find_column, find_columns, first_column, name_column
from procore_nb.maps.validate import LocatedFrame, locate

JOINED = (
    "latitude",
    "longitude",
    "city",
    "state_code",
    "country_code",
    "name",
    "stage",
    "project_stage.name",
)


@explain_calls()
def with_location(
    frame: pd.DataFrame, projects: pd.DataFrame, *, on: str | None = None, columns: list[str] | None = None
) -> pd.DataFrame:
    """Give each row of any list the coordinates of its project.

    Parameters
    ----------
    frame, on
        Rows, and their column with the project's id; None finds `project_id` or `project.id`.
    projects
        A projects frame with `id`, `latitude` and `longitude`.
    columns
        Which columns of `projects` to join; None joins coordinates, city, state, country, stage and name. What
        `frame` has already keeps its values; the project's name comes as `project.name`.

    Returns
    -------
    DataFrame
        The rows of `frame` in their order, with its index and attrs; rows of unknown projects have missing values.

    Raises
    ------
    ArgumentError
        No project id in `frame`, or `projects` lacks `id` or has one id twice.

    Examples
    --------
    >>> procore = pnb.connect("demo", progress=False)
    >>> projects = procore.projects()
    >>> located = pnb.with_location(procore.table("rfis", projects=projects), projects)
    >>> {"latitude", "longitude"} <= set(located.columns)
    True
    """
    if "id" not in projects.columns:
        raise ArgumentError("projects has no column id.", advice="Give the frame of procore.projects().")
    check_frame(projects, "latitude", "longitude")
    key = first_column(frame, [on] if on else ["project_id", "project.id"])
    if key is None:
        missing = f"The frame has no column {on or 'project_id'!r} to find its project by."
        raise ArgumentError(missing, advice="Name it with on=….")
    known = projects[projects["id"].notna()]
    ids = known["id"].astype("string")
    if ids.duplicated().any():
        raise ArgumentError("projects has one id twice.", advice="Use projects.drop_duplicates('id').")
    names = columns or [name for name in JOINED if name in projects.columns]
    added = known[find_columns(projects, names, argument="columns") or []].set_axis(pd.Index(ids))
    added = added.rename(columns={"name": "project.name"})
    added = added[[column for column in added.columns if column not in frame.columns]]
    joined = added.reindex(pd.Index(frame[key].astype("string"))).set_axis(frame.index)
    result: pd.DataFrame = pd.concat([frame, joined], axis=1)
    result.attrs = dict(frame.attrs)
    return result


@explain_calls()
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

    Parameters
    ----------
    frame, latitude, longitude, fix
        As in `to_geodataframe`.
    lat, lon
        The point, degrees WGS 84.

    Returns
    -------
    Series
        float64 with the frame's index, named `distance_km`; NaN where the row has no usable coordinates. Great circle on a
        sphere of the mean radius of WGS 84 (6371.0088 km); the ellipsoid differs by at most 0.6 %.

    Raises
    ------
    ArgumentError
        `lat` or `lon` is no coordinate, or the frame has no coordinate columns.

    Examples
    --------
    >>> projects = pnb.connect("demo").projects(status="All")
    >>> near = projects[pnb.distance_to(projects, 43.16, -77.61) < 50]
    """
    try:
        valid = abs(float(lat)) <= 90 and abs(float(lon)) <= 180
    except (TypeError, ValueError):
        valid = False
    if not valid:
        raise ArgumentError(f"{lat!r}, {lon!r} is not a latitude and longitude in degrees.")
    located = locate(frame, latitude=latitude, longitude=longitude, fix=fix, allow_none=True)
    distances = np.full(len(frame), np.nan)
    distances[located.kept] = distance_km(located.latitude, located.longitude, float(lat), float(lon))
    return pd.Series(distances, index=frame.index, name="distance_km")


@explain_calls()
def nearest(
    frame: pd.DataFrame,
    places: pd.DataFrame,
    *,
    name: str | None = None,
    latitude: str = "latitude",
    longitude: str = "longitude",
) -> pd.DataFrame:
    """The nearest of several locations (offices, plants) for every row.

    Parameters
    ----------
    frame, latitude, longitude
        Rows with coordinates, and the names of their columns.
    places, name
        Rows with `latitude` and `longitude`, and their column with a name; None finds `name` and the like.

    Returns
    -------
    DataFrame
        `frame` with `nearest` (the name; the row's label where places have no names) and `distance_km` (see `distance_to`);
        missing where the row has no usable coordinates.

    Raises
    ------
    ArgumentError
        A frame lacks coordinates, or no place can be located.

    Examples
    --------
    >>> import pandas as pd
    >>> offices = pd.DataFrame({"name": ["Boston"], "latitude": [42.36], "longitude": [-71.06]})
    >>> set(pnb.nearest(pnb.connect("demo").projects(), offices)["nearest"].dropna())
    {'Boston'}
    """
    located = locate(frame, latitude=latitude, longitude=longitude, allow_none=True)
    targets = locate(places)
    label = name_column(places) if name is None else find_column(places, name, argument="name")
    labels = targets.rows.index if label is None else targets.rows[label]
    # Half a surrogate is no character, and no text column holds it.
    names = [pd.NA if pd.isna(text) else str(text).encode("utf-8", "replace").decode() for text in labels]
    best, which = np.full(len(located.latitude), np.inf), np.zeros(len(located.latitude), dtype=np.intp)
    for number, (lat, lon) in enumerate(zip(targets.latitude, targets.longitude, strict=True)):
        away = distance_km(located.latitude, located.longitude, lat, lon)
        which[away < best] = number
        best = np.minimum(away, best)
    rows = np.flatnonzero(located.kept)
    nearest_names = pd.Series(pd.array(names, dtype="string")[which], index=rows).reindex(range(len(frame)))
    distances = pd.Series(best, index=rows).reindex(range(len(frame)))
    return frame.assign(nearest=nearest_names.array, distance_km=distances.array)


@explain_calls()
def to_geojson(
    frame: pd.DataFrame | Mapping[str, pd.DataFrame],
    path: str | os.PathLike[str],
    *,
    columns: list[str] | None = None,
    fix: str | None = None,
    latitude: str = "latitude",
    longitude: str = "longitude",
) -> Path:
    """Write the rows that have coordinates as GeoJSON (RFC 7946), whole or not at all.

    Parameters
    ----------
    frame, latitude, longitude
        Any frame with coordinates, and the names of their columns; rows without usable ones are skipped (see
        `check_coordinates`). Or a dict of name to frame, which gives a folder of files `<name>.geojson`.
    path
        Where to (the folder, for a dict); an existing file is replaced only when the new one is whole.
    columns
        Which columns become properties; None takes all but the coordinates.
    fix
        "swap" repairs swapped pairs.

    Returns
    -------
    Path
        The file or folder: one Point per row, longitude first, degrees WGS 84. Amounts held as Decimal are written as text,
        times as ISO 8601, missing as null. An empty frame gives a file without features.

    Raises
    ------
    ArgumentError
        No coordinate columns, or an unknown column (near matches are named).
    OutputError
        The file cannot be written.

    Examples
    --------
    >>> pnb.to_geojson(pnb.connect("demo").projects(), "projects.geojson").name
    'projects.geojson'
    """

    def write(rows: pd.DataFrame, draft: Path) -> None:
        located = locate(rows, latitude=latitude, longitude=longitude, fix=fix, allow_none=True)
        chosen = find_columns(rows, columns, argument="columns")
        kept = [c for c in rows.columns if c not in (latitude, longitude)] if chosen is None else chosen
        draft.write_bytes(_collection(located, kept))

    return write_frames(frame, path, ".geojson", write)


def _collection(located: LocatedFrame, columns: list[Any]) -> bytes:
    rows = located.rows[columns].astype(object).to_dict("records")
    features = [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [lon, lat]}, "properties": row}
        for row, lon, lat in zip(rows, located.longitude.tolist(), located.latitude.tolist(), strict=True)
    ]
    collection = {"type": "FeatureCollection", "features": features}
    try:
        return orjson.dumps(collection, _jsonable, orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS)
    except TypeError:  # integers beyond 64 bits, half surrogates, keys of odd types, more than 254 levels
        try:
            text = json.dumps(_standard(collection), ensure_ascii=False, separators=(",", ":"))
        except RecursionError as error:
            raise OutputError("A value is nested too deeply to be written as GeoJSON.") from error
        return text.encode("utf-8", "replace")  # half a surrogate is no character: no reader takes it


@explain_calls()
def to_geodataframe(
    frame: pd.DataFrame, *, fix: str | None = None, latitude: str = "latitude", longitude: str = "longitude"
) -> Any:
    """The rows that have coordinates as a GeoDataFrame of points, EPSG:4326.

    Parameters
    ----------
    frame, latitude, longitude
        As in `check_coordinates`.
    fix
        "swap" repairs swapped pairs; None leaves such rows out.

    Returns
    -------
    GeoDataFrame
        All columns of `frame`, and `geometry`. `.to_parquet(path)` writes GeoParquet, which knows no Decimals beside missing
        values of other kinds: convert amounts with `astype(float)` first where a file must hold numbers.

    Raises
    ------
    MissingExtraError
        geopandas is not installed.
    ArgumentError
        No coordinate columns.

    Examples
    --------
    >>> pnb.to_geodataframe(pnb.connect("demo").projects()).crs.to_epsg()
    4326
    """
    geopandas = library("geopandas", "to_geodataframe", extra="maps")
    located = locate(frame, latitude=latitude, longitude=longitude, fix=fix, allow_none=True)
    points = geopandas.points_from_xy(located.longitude, located.latitude)
    return geopandas.GeoDataFrame(located.rows.copy(), geometry=points, crs="EPSG:4326")


def _jsonable(value: Any) -> Any:
    """What orjson does not know, as what JSON has."""
    if value is pd.NA or value is pd.NaT:
        return None
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _standard(value: Any) -> Any:
    """The same value in types of the standard library's JSON, as orjson would write it."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _standard(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_standard(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, str | bool | int) else _jsonable(value)
