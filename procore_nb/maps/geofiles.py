"""Coordinates for other programs: GeoJSON, and GeoDataFrames (whose `to_parquet` writes GeoParquet).

In: frames. Out: files and GeoDataFrames. Speaks to no service.
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
from procore_nb.errors import OutputError
from procore_nb.export.file_groups import library, write_frames
from procore_nb.maps.map_columns import find_columns
from procore_nb.maps.validate import LocatedFrame, locate


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
    frame
        Any frame with coordinates; rows without usable ones are skipped (see `check_coordinates`). Or a dict of
        name to frame, which gives a folder of files `<name>.geojson`.
    path
        Where to (the folder, for a dict); an existing file is replaced only when the new one is whole.
    columns
        Which columns become properties; None takes all but the coordinates.
    fix
        "swap" repairs swapped pairs.
    latitude, longitude
        Names of the coordinate columns.

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
    >>> import procore_nb as pnb
    >>> pnb.to_geojson(pnb.connect("demo").projects(), "projects.geojson").name
    'projects.geojson'
    """

    def write(one: pd.DataFrame, draft: Path) -> None:
        located = locate(one, latitude=latitude, longitude=longitude, fix=fix, allow_none=True)
        chosen = find_columns(one, columns, argument="columns")
        kept = [c for c in one.columns if c not in (latitude, longitude)] if chosen is None else chosen
        draft.write_bytes(_collection(located, kept))

    return write_frames(frame, path, ".geojson", write)


def _collection(located: LocatedFrame, kept: list[Any]) -> bytes:
    rows = located.rows[kept].astype(object).to_dict("records")
    features = [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [lon, lat]}, "properties": row}
        for row, lon, lat in zip(rows, located.longitude.tolist(), located.latitude.tolist(), strict=True)
    ]
    collection = {"type": "FeatureCollection", "features": features}
    try:
        return orjson.dumps(
            collection, default=_plain, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
        )
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
        "swap" takes swapped pairs the right way round; None leaves such rows out.

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

    Examples
    --------
    >>> import procore_nb as pnb
    >>> pnb.to_geodataframe(pnb.connect("demo").projects()).crs.to_epsg()
    4326
    """
    geopandas = library("geopandas", "to_geodataframe", extra="maps")
    located = locate(frame, latitude=latitude, longitude=longitude, fix=fix, allow_none=True)
    points = geopandas.points_from_xy(located.longitude, located.latitude)
    return geopandas.GeoDataFrame(located.rows.copy(), geometry=points, crs="EPSG:4326")


def _plain(value: Any) -> Any:
    """What orjson does not know, as what JSON has."""
    if value is pd.NA or value is pd.NaT:
        return None
    return value.isoformat() if isinstance(value, pd.Timestamp) else str(value)


def _standard(value: Any) -> Any:
    """The same value in types of the standard library's JSON, as orjson would write it."""
    if isinstance(value, Mapping):
        return {str(key): _standard(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_standard(each) for each in value]
    if isinstance(value, np.ndarray | np.generic):
        return _standard(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, date | time):
        return value.isoformat() if value == value else None
    return _plain(value)
