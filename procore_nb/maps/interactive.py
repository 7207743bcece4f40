"""The interactive map: frame -> a widget in the notebook, or one HTML file.

In: a frame from anywhere with coordinates. Out: `ProjectMap`. Speaks to no service, and asks no host unless a tile
server is chosen by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import pandas as pd

from procore_nb.errors import ArgumentError
from procore_nb.maps.categories import categorize
from procore_nb.maps.figure import default_color, positive_amounts, source_line
from procore_nb.maps.find_columns import find_column, find_columns, maybe_column, name_column
from procore_nb.maps.payload import LINK, Wanted, pack
from procore_nb.maps.project_map import ProjectMap
from procore_nb.maps.tiles import choose_tiles
from procore_nb.maps.validate import locate

USUAL_POPUP = ("number", "stage", "type", "city", "state", "value", "program", "office")
HEIGHTS = range(200, 4001)


def map_projects(
    frame: pd.DataFrame,
    *,
    color: str | None = "stage",
    size: str | None = None,
    cluster: Any = "auto",
    tooltip: Iterable[str] | None = None,
    popup: Iterable[str] | None = None,
    name: str | None = None,
    basemap: str = "auto",
    attribution: str = "",
    palette: Mapping[str, str] | None = None,
    fix: str | None = None,
    height: int = 520,
    latitude: str = "latitude",
    longitude: str = "longitude",
) -> ProjectMap:
    """A map to move in: pan, zoom, search, switch categories off, choose rows; also as one HTML file.

    Parameters
    ----------
    frame
        Any frame with coordinates in degrees WGS 84; it is not changed.
    color
        Column that colours the points, or one of stage, type, program, office, region, company. None: one colour.
        The default is left out silently when the frame has no stage.
    size
        Column with amounts: area in proportion; rows without a positive amount are small and hollow.
    cluster
        "auto" and True gather points that would cover each other into rings that show the mix of colours ("auto"
        later than True when there are few); False draws every point.
    tooltip, popup
        Columns shown when the pointer rests on a point, and when it is clicked. None: the name and the colour; the
        usual columns of a project.
    name
        Column with the names that the search box looks through; None finds `name` and the like.
    basemap
        "auto" and "none" draw the borders that ship with this package and ask no host. "osm", "carto" or an address
        with {z}, {x}, {y} load tiles when the map is shown: that server then sees where its readers look.
    attribution
        Credit shown for tiles of an own address.
    palette
        Colours for some names, such as {"Healthcare": "#882255"}.
    fix
        "swap" repairs swapped pairs (see `check_coordinates`), and says so.
    height
        Pixels.
    latitude, longitude
        Names of the coordinate columns.

    Returns
    -------
    ProjectMap
        Shown by JupyterLab, Notebook 7, VS Code and Colab. `.selected` is the frame of the chosen rows, `.observe`
        tells when it changes, `.left_out` lists the rows without a place, `.save("map.html")` writes a page.

    Raises
    ------
    ArgumentError
        No such column (near matches are named), or no row that can be drawn.

    Notes
    -----
    The widget needs anywidget (`pip install "procore-nb[maps]"`); without it the notebook shows the page, which has
    everything but the selection. A frame whose `attrs["procore"]` holds an https `web_url` gets links to Procore.

    Examples
    --------
    >>> import procore_nb as pnb
    >>> projects = pnb.connect("demo").projects(status="All")
    >>> drawn = pnb.map_projects(projects, popup=["project_number", "total_value"])
    >>> drawn.save("projects.html").name
    'projects.html'
    """
    if cluster not in ("auto", True, False):
        raise ArgumentError(f"cluster={cluster!r} is not known.", advice='Use "auto", True or False.')
    if height not in HEIGHTS:
        raise ArgumentError(
            f"height={height!r} is not a number of pixels from {HEIGHTS[0]} to {HEIGHTS[-1]}."
        )
    tiles = choose_tiles(basemap, attribution)
    color = default_color(frame, color)
    located = locate(frame, latitude=latitude, longitude=longitude, fix=fix)
    rows = located.rows
    color_column = None if color is None else find_column(rows, color, argument="color")
    name_of = name_column(rows) if name is None else find_column(rows, name, argument="name")
    wanted = Wanted(
        name=name_of,
        tooltip=find_columns(rows, tooltip, argument="tooltip") or [c for c in (name_of, color_column) if c],
        popup=_popup(rows, popup, color_column),
        link=_link(frame),
        cluster={True: "always", False: "none"}.get(cluster, "auto"),
        basemap=tiles,
        source=source_line(frame),
    )
    sizes = None if size is None else positive_amounts(rows[find_column(rows, size, argument="size")])
    points = pack(located, rows, categorize(rows, color_column, palette), sizes, wanted)
    return ProjectMap(located, points, tiles, height, (latitude, longitude))


def _popup(rows: pd.DataFrame, popup: Iterable[str] | None, color_column: str | None) -> list[str]:
    chosen = find_columns(rows, popup, argument="popup")
    if chosen is not None:
        return chosen
    usual = [maybe_column(rows, word) for word in USUAL_POPUP]
    return list(dict.fromkeys(column for column in (color_column, *usual) if column))


def _link(frame: pd.DataFrame) -> tuple[str, str] | None:
    """The column of project ids and the address of a project's page, when the frame knows Procore's https address."""
    about = frame.attrs.get("procore")
    about = about if isinstance(about, dict) else {}
    web_url = about.get("web_url")
    if not isinstance(web_url, str) or urlsplit(web_url).scheme != "https" or not urlsplit(web_url).hostname:
        return None
    is_projects = about.get("endpoint") == "projects" or "project_number" in frame.columns
    for column in ("project_id", "project.id", *(["id"] if is_projects else [])):
        if column in frame.columns:
            return column, LINK.format(web_url=web_url.rstrip("/"))
    return None
