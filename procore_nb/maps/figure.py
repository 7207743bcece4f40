"""The static map: frame -> matplotlib Axes, for reports.

In: a frame from anywhere with coordinates. Out: Axes, ready for PNG, SVG or PDF. Speaks to no service.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from procore_nb.call_errors import explain_calls
from procore_nb.errors import ArgumentError
from procore_nb.maps import legend
from procore_nb.maps.basemap import CITY, PALE, Label, choose_tiles, city_labels, draw_outlines, draw_tiles
from procore_nb.maps.borders import Floats
from procore_nb.maps.extent import choose_extent
from procore_nb.maps.map_columns import categorize, currency_of, title_of
from procore_nb.maps.markers import DrawnMarkers, draw_markers
from procore_nb.maps.validate import LocatedFrame, map_rows
from procore_nb.scalars import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from procore_nb.maps.canvas import Canvas, Theme

FEW = 12  # so few points are all labelled
ONE_CITY_KM = 150.0
LARGEST = 8  # of many, the largest are
SOURCES = "Borders: Natural Earth, US Census Bureau"


@explain_calls()
def plot_projects(
    frame: pd.DataFrame,
    *,
    color: str | None = "stage",
    size: str | None = None,
    ax: Axes | None = None,
    region: Any = None,
    cluster: Any = "auto",
    labels: int | None = None,
    name: str | None = None,
    title: str | None = None,
    palette: Mapping[str, str] | None = None,
    basemap: str = "auto",
    attribution: str = "",
    theme: Theme = "auto",
    fix: str | None = None,
    latitude: str = "latitude",
    longitude: str = "longitude",
) -> Axes:
    """A map for a report: one mark per row, or rings with counts where marks would cover each other.

    Parameters
    ----------
    frame, latitude, longitude
        Any frame with coordinates in degrees WGS 84, which is not changed, and the names of their columns.
    color
        Column that colours the marks, or one of stage, type, program, office, region, company whatever the list
        calls it. Numbers are drawn in five classes, times by year. None: one colour. The default is ignored
        when the frame has no stage.
    size
        Column with amounts: area in proportion. Rows without a positive amount are small hollow marks. Money of several
        currencies, or of several countries where no column states it, is not added: rings count rows, and the note says so.
    ax
        Axes to draw on. None: a new figure, through pyplot in a notebook or once pyplot is imported, else a bare one.
    region
        None fits the points. Else lower48, north america, british isles, europe, australia, gulf or world; a country
        or state by code or name ("GB", "UK", "US-TX", "Texas"), framed by its mainland, or by the rows where none lie
        there; a frame, for the surroundings of its rows; or (west, south, east, north) in degrees.
    cluster
        "auto" gathers marks into rings when a quarter of them would be covered; True always, False never.
    labels
        How many of the largest are named. None: all of up to twelve rows, else eight if there is a size.
    name
        Column with the names; None finds `name` and the like.
    title
        A heading above the map.
    palette
        Colours for some names, such as {"Healthcare": "#882255"}.
    basemap, attribution
        "auto" and "none" draw the outlines that ship with this package and contact no host. "osm", "carto" or an address with
        {z}, {x}, {y} load tiles: that server then sees where the map is. Credit for tiles stands below the map.
    theme
        "auto" follows the notebook's theme, and matplotlib's where its style is dark; files stay light. "light" and
        "dark" are the same everywhere.
    fix
        "swap" repairs swapped pairs (see `check_coordinates`); the note below the map counts them.

    Returns
    -------
    matplotlib Axes
        In km of an equal-area projection (of Mercator's, above tiles). Below the map stands how many rows are on it, and why
        the others are not. Works without internet. Save with `ax.figure.savefig("map.pdf")`.

    Raises
    ------
    ArgumentError
        No such column (near matches are named), no row that can be drawn, or an unknown region.

    Examples
    --------
    >>> projects = pnb.connect("demo").projects(status="All")
    >>> ax = pnb.plot_projects(projects, size="total_value", title="Projects by stage")
    >>> ax.figure.savefig("projects.png", dpi=200)
    """
    from matplotlib import rc_context

    from procore_nb.maps.canvas import Canvas, fit_around, map_axes, use_theme

    options = {"latitude": latitude, "longitude": longitude, "fix": fix}
    inputs = map_rows(frame, color, size, name, cluster, region, **options)
    tiles = choose_tiles(basemap, attribution)
    located, rows, sizes, size_title = inputs.located, inputs.rows, inputs.sizes, title_of(inputs.size or "")
    is_new = ax is None
    view = choose_extent(located.longitude, located.latitude, inputs.region, tiled=tiles is not None)
    ax, view = map_axes(ax, view)
    x, y = view.projection.forward(located.longitude, located.latitude)
    seen = view.holds(x, y)
    if not seen.any():
        raise ArgumentError(f"No row lies in region={shown(region)}: {located.note()}.")
    rows, x, y, sizes = rows[seen], x[seen], y[seen], None if sizes is None else sizes[seen]
    unit, remark = currency_of(rows, inputs.size, sizes)
    categories = categorize(rows, inputs.color, palette)
    with rc_context({"font.family": list(legend.families())}):
        draw_outlines(ax, view)
        credit = draw_tiles(ax, view, tiles) if tiles else ""
        canvas = Canvas(view, float(ax.get_window_extent().width / ax.figure.dpi * 72) / view.width)
        drawn = draw_markers(ax, canvas, x, y, categories, sizes, cluster, add=not remark)
        legend.draw_scale_bar(ax, canvas)
        if inputs.name is not None:
            _write_names(ax, canvas, rows[inputs.name].tolist(), sizes, drawn, labels)
        _write_cities(ax, canvas)
        height = legend.draw_legends(ax, categories, drawn, size_title, unit and f", {unit}", outside=is_new)
        note = _note(drawn, replace(located, remark=remark), int((~seen).sum()), sizes, size_title)
        legend.write_notes(ax, [note, f"{source_line(frame)} {credit}"])
        if title:
            legend.write_title(ax, title)
        if is_new:
            fit_around(ax, height)
    use_theme(ax, theme)
    return ax


def _write_names(
    ax: Any, canvas: Canvas, names: list[Any], sizes: Floats | None, drawn: DrawnMarkers, labels: int | None
) -> None:
    """Names of the largest rows (the first, without sizes) whose marks stand alone."""
    if labels is None:
        labels = len(names) if len(names) <= FEW else 0 if sizes is None else LARGEST
    order = np.arange(len(names)) if sizes is None else np.argsort(-np.nan_to_num(sizes), kind="stable")
    rows = [row for row in order if drawn.single[row] and isinstance(names[row], str)][:labels]
    x, y, radius = drawn.x, drawn.y, drawn.radius
    named = [
        Label(legend.shortened(names[row], 34), float(x[row]), float(y[row]), away=float(radius[row]))
        for row in rows
    ]
    legend.write_labels(ax, canvas, named, size=7.5, color=legend.INK, weight="bold")


def _write_cities(ax: Any, canvas: Canvas) -> None:
    """Names of cities, and in a narrow picture of counties, where there is still room."""
    labels = city_labels(canvas.view)
    cities, counties = (
        [city for city in labels if city.rank],
        [county for county in labels if not county.rank],
    )
    if canvas.view.width < ONE_CITY_KM:  # a city's name lies below the points then, large and pale
        legend.write_labels(ax, canvas.blank(), cities, size=13, color=PALE, centred=True)
        x, y = (np.array([getattr(city, axis) for city in cities]) for axis in "xy")
        canvas.reserve_markers(x, y, np.full(len(cities), 16.0))
    else:
        legend.write_labels(ax, canvas, cities, size=6.5, color=CITY, at_most=28)
    legend.write_labels(ax, canvas, counties, size=6.0, color=legend.QUIET, centred=True)


def _note(
    drawn: DrawnMarkers, located: LocatedFrame, outside: int, sizes: Floats | None, size_title: str
) -> str:
    text = located.note(outside)
    if sizes is not None and np.isnan(sizes).any():
        text += f"; {int(np.isnan(sizes).sum()):,} without a positive {size_title.lower()} (hollow)"
    if drawn.moved:
        text += f"; {drawn.moved:,} moved aside so that each can be seen"
    if sizes is not None and drawn.rings is not None:
        text += "; numbers in rings count rows"
    return text + "."


def source_line(frame: pd.DataFrame) -> str:
    info = frame.attrs.get("procore") or {}
    environment, day = info.get("environment"), str(info.get("fetched_at") or "")[:10]
    origin = ", ".join(filter(None, (environment and f"Procore ({environment})", day)))
    return f"Source: {origin}. {SOURCES}." if origin else f"{SOURCES}."
