"""The interactive map: frame -> a widget in the notebook, or one HTML file that holds everything and contacts no host.

In: a frame from anywhere with coordinates. Out: `ProjectMap`: a widget, a page, frames of the rows chosen on it. Speaks to
no service.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache, partial
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pandas as pd

from procore_nb import static_view
from procore_nb.atomic_write import output_path, replace_atomically
from procore_nb.call_errors import explain_calls
from procore_nb.errors import ArgumentError, MissingExtraError
from procore_nb.export.html_page import html_page, html_text
from procore_nb.maps import map_columns
from procore_nb.maps.basemap import Tiles, choose_tiles
from procore_nb.maps.borders import borders_file, load_borders
from procore_nb.maps.extent import Box, box_around, region_box
from procore_nb.maps.figure import source_line
from procore_nb.maps.payload import encode
from procore_nb.maps.validate import LocatedFrame, check_coordinates, map_rows

_STATIC = files(__package__) / "static"


@cache
def _static(name: str) -> str:
    return (_STATIC / name).read_text(encoding="utf-8")


@cache
def script() -> str:
    """The map's script: what notices a lost kernel, and the files of `static/` in order, one module."""
    names = sorted(file.name for file in _STATIC.iterdir() if file.name.endswith(".js"))
    return "\n".join((static_view.kernel_watch(), *map(_static, names)))


@dataclass(eq=False, repr=False)
class ProjectMap(static_view.StaticView):
    """A map of the rows of a frame; a notebook shows it, `save` writes it, `selected` reads it.

    Made by `map_projects`.
    """

    _located: LocatedFrame
    _points: bytes
    _tiles: Tiles | None
    _height: int
    _coordinates: tuple[str, str]  # their columns
    _shown: list[str]  # columns of the text that stands beside the widget
    _picture: Callable[[], bytes]
    _widget: Any = None
    _observers: list[tuple[Callable[[Any], Any], Any]] = field(default_factory=list)

    @property
    def note(self) -> str:
        """How many rows are on the map, and why the others are not."""
        return self._located.note()

    @property
    def skipped(self) -> pd.DataFrame:
        """The rows that are not on the map, with verdict, reason and suggestion (see `check_coordinates`)."""
        latitude, longitude = self._coordinates
        table = check_coordinates(self._located.frame, latitude=latitude, longitude=longitude)
        return table[~self._located.kept]

    @property
    def widget(self) -> Any:
        """The widget itself, to put into boxes and tabs of ipywidgets. Needs anywidget."""
        if self._widget is None:
            self._widget = _widget_class()(points=self._points, height=self._height)
        return self._widget

    @property
    def selected(self) -> pd.DataFrame:
        """The rows chosen on the map by click or box, in the frame's order; empty when none is."""
        return self._rows(self.widget.chosen)

    def observe(self, handler: Callable[[Any], Any], names: str = "selected") -> None:
        """Call `handler(change)` whenever the selection changes; `change.new` and `change.old` are frames."""
        from traitlets import Bunch

        if names != "selected":
            raise ArgumentError(f"names={names!r} cannot be observed.", advice='Only "selected" can.')

        def forward(change: Any) -> None:
            old, new = self._rows(change.old), self._rows(change.new)
            handler(Bunch(name="selected", type="change", owner=self, old=old, new=new))

        self.widget.observe(forward, names="chosen")
        self._observers.append((handler, forward))

    def unobserve(self, handler: Callable[[Any], Any]) -> None:
        """Stop calling `handler`."""
        for known, forward in [pair for pair in self._observers if pair[0] == handler]:
            self.widget.unobserve(forward, names="chosen")
            self._observers.remove((known, forward))

    def save(self, path: str | os.PathLike[str], *, title: str = "Projects") -> Path:
        """Write the map as one HTML file that works without internet.

        Parameters
        ----------
        path
            Where to; an existing file is replaced only when the new one is whole.
        title
            Title of the page.

        Returns
        -------
        Path
            The file. It holds only the columns that name, tooltip and popup show, and contacts no host unless a tile
            server was chosen.

        Raises
        ------
        OutputError
            The file cannot be written.
        """
        target = output_path(path)
        with replace_atomically(target) as draft:
            draft.write_bytes(self._page(title).encode("utf-8"))
        return target

    def _page(self, title: str) -> str:
        """A page that shows the map, and below it the rows that are selected, and those that are not on it."""
        data = "".join(
            f'<script type="application/octet-stream" id="{name}">{base64.b64encode(packed).decode()}</script>\n'
            for name, packed in (("borders", borders_file()), ("points", self._points))
        )
        body = f"""<header><h1>{html_text(title)}</h1>
<p>Numbers in rings count what lies there: click a ring to zoom in, a mark for its details. The legend switches groups on and off.</p></header>
<main><div id="map"></div><div id="tables"></div></main>
{data}"""
        images = self._tiles.origin if self._tiles else "'none'"
        css = _static("map.css") + _static("page/page.css")
        return html_page(title, body, style=css, script=script() + _static("page/page.js"), images=images)

    def _rows(self, chosen: bytes | memoryview) -> pd.DataFrame:
        positions = np.frombuffer(chosen, dtype="<i4")
        drawn = np.flatnonzero(self._located.kept)
        positions = positions[(positions >= 0) & (positions < len(drawn))]
        rows: pd.DataFrame = self._located.frame.iloc[drawn[positions]]
        return rows

    def _repr_mimebundle_(self, **options: Any) -> Any:
        try:
            shown = self.widget._repr_mimebundle_(**options)
        except MissingExtraError as error:  # the page in an iframe: everything works but the selection
            frame = (
                f'<iframe sandbox="allow-scripts allow-popups" width="100%" height="{self._height}" '
                f'srcdoc="{escape(self._page("Projects"))}"></iframe><p>{escape(str(error))}</p>'
            )
            return {"text/plain": repr(self), "text/html": frame}
        text = static_view.static_text(repr(self), self._located.rows[self._shown])
        return static_view.beside_widget(shown, text, self._picture)

    def __repr__(self) -> str:
        return f"<ProjectMap: {self.note}>"


@cache
def _widget_class() -> Any:
    """The map as a widget: the same script as the page, with a kernel behind it; made when it is first needed."""
    try:
        import anywidget
    except ImportError as error:
        raise MissingExtraError(
            "The interactive widget needs anywidget, which is not installed.",
            advice='Install it with pip install "procore-nb[maps]"; .save("map.html") works without it.',
        ) from error
    import traitlets

    class MapWidget(static_view.KernelAnswers, anywidget.AnyWidget):
        """`points` and `borders` go to the browser, `chosen` (int32 numbers of drawn rows) comes back."""

        _esm, _css = script(), _static("map.css")
        points = traitlets.Bytes().tag(sync=True)
        borders = traitlets.Bytes(borders_file()).tag(sync=True)
        height = traitlets.Int(520).tag(sync=True)
        # The browser's buffer arrives as a memoryview, which the trait would refuse.
        chosen = traitlets.Bytes(b"").tag(sync=True, from_json=lambda value, _: bytes(value or b""))

        @traitlets.validate("chosen")
        def _whole_numbers(self, proposal: Any) -> bytes:
            """Only whole 32-bit numbers are taken from the browser."""
            data = bytes(proposal["value"])
            return data if len(data) % 4 == 0 else b""

    return MapWidget


USUAL_POPUP = ("number", "stage", "type", "city", "state", "value", "program", "office")
HEIGHTS = range(200, 4001)


@explain_calls()
def map_projects(
    frame: pd.DataFrame,
    *,
    color: str | None = "stage",
    size: str | None = None,
    region: Any = None,
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
    """An interactive map: pan, zoom, search, switch categories off, choose rows; also as one HTML file.

    Parameters
    ----------
    frame, color, size, name, palette, fix, latitude, longitude, region
        As in `plot_projects`; the search box looks through the names, and the region is what is shown first.
    cluster
        "auto" and True gather points that would cover each other into rings that show the mix of colours ("auto"
        later than True when there are few); False draws every position, and counts where several rows have one.
    tooltip, popup
        Columns shown when the pointer rests on a point, and when it is clicked. None: the name and the colour; the
        usual columns of a project.
    basemap, attribution
        As in `plot_projects`; tiles are loaded when the map is shown, so that server sees where its readers look.
    height
        Pixels.

    Returns
    -------
    ProjectMap
        Shown by JupyterLab, Notebook 7, VS Code and Colab. `.selected` is the frame of the chosen rows, `.observe`
        calls a function when it changes, `.skipped` lists the rows without coordinates, `.save("map.html")` writes a page.
        The widget needs anywidget (`pip install "procore-nb[maps]"`); without it the notebook shows the page, which has
        everything but the selection. A frame whose `attrs["procore"]` holds an https `web_url` gets links to Procore.

    Raises
    ------
    ArgumentError
        No such column (near matches are named), or no row that can be drawn.

    Examples
    --------
    >>> projects = pnb.connect("demo").projects(status="All")
    >>> drawn = pnb.map_projects(projects, popup=["project_number", "total_value"])
    >>> drawn.save("projects.html").name
    'projects.html'
    """
    if height not in HEIGHTS:
        fault = f"is not a number of pixels from {HEIGHTS[0]} to {HEIGHTS[-1]}."
        raise ArgumentError(f"height={height!r} {fault}")
    tiles = choose_tiles(basemap, attribution)
    options = {"latitude": latitude, "longitude": longitude, "fix": fix}
    inputs = map_rows(frame, color, size, name, cluster, region, **options)
    rows, sizes = inputs.rows, inputs.sizes
    unit, remark = map_columns.currency_of(rows, inputs.size, sizes)
    if unit and not remark:
        remark = f"areas show {map_columns.title_of(str(inputs.size)).lower()}, {unit}"
    located = replace(inputs.located, remark=remark)
    named = list(filter(None, (inputs.name, inputs.color)))
    details = map_columns.find_columns(rows, popup, argument="popup")
    if details is None:
        usual = (inputs.color, *(map_columns.maybe_column(rows, word) for word in USUAL_POPUP))
        details = list(dict.fromkeys(filter(None, usual)))
    categories = map_columns.categorize(rows, inputs.color, palette)
    view = None if region is None else region_box(inputs.region, located.longitude, located.latitude)
    points = encode(
        located,
        categories,
        sizes,
        name=inputs.name,
        tooltip=map_columns.find_columns(rows, tooltip, argument="tooltip") or named,
        popup=details,
        link=_link(frame),
        cluster={True: "always", False: "none"}.get(cluster, "auto"),
        basemap=tiles and asdict(tiles),
        source=source_line(frame),
        view=view,
    )
    shown = list(dict.fromkeys(filter(None, (inputs.name, *details))))
    picture = partial(_picture, located, categories, view)
    return ProjectMap(located, points, tiles, height, (latitude, longitude), shown, picture)


def _link(frame: pd.DataFrame) -> tuple[str, str] | None:
    """The column of project ids and the address of a project's page, when the frame knows Procore's https address."""
    info = frame.attrs.get("procore") or {}
    web_url = info.get("web_url")
    if not isinstance(web_url, str) or urlsplit(web_url).scheme != "https" or not urlsplit(web_url).hostname:
        return None
    is_projects = info.get("endpoint") == "projects" or "project_number" in frame.columns
    column = map_columns.first_column(frame, ("project_id", "project.id", *(("id",) if is_projects else ())))
    return (column, f"{web_url.rstrip('/')}/{{id}}/project/home") if column else None


_WIDTH, _HEIGHT, _FINER = 720, 400, 2
_SEA, _LAND, _LINE, _INK = "#E2E9F0", "#FAF8F3", "#C3C9CE", "#20262B"
_MOST_NAMES, _MOST_POINTS = 6, 5_000


def _picture(located: LocatedFrame, categories: map_columns.Categories, view: Box | None) -> bytes:
    """A PNG of a view, else of all points, for those who read a notebook without a kernel.

    Across the date line it shows all longitudes. Drawn without matplotlib, as it must not delay the map itself.
    """
    from PIL import Image, ImageDraw

    west, south, east, north = view or box_around(located.longitude, located.latitude)
    west, east = (west, east) if west <= east else (-180.0, 180.0)
    squeeze = np.cos(np.radians((south + north) / 2))
    wide, high = (max(1.16 * span, 2.0) for span in (east - west, north - south))  # with a margin, in degrees
    scale = _FINER * min(_WIDTH / (wide * squeeze), _HEIGHT / high)

    def pixels(longitude: Any, latitude: Any) -> Any:
        x = (longitude - (west + east) / 2) * squeeze * scale + _FINER * _WIDTH / 2
        return np.column_stack([x, ((south + north) / 2 - latitude) * scale + _FINER * _HEIGHT / 2])

    image = Image.new("RGB", (_FINER * _WIDTH, _FINER * _HEIGHT), _SEA)
    brush = ImageDraw.Draw(image)
    layers = load_borders().layers
    for ring in (*layers["countries"], *layers["states"]):
        brush.polygon(pixels(*ring.T).ravel().tolist(), fill=_LAND, outline=_LINE)
    every = len(located.longitude) // _MOST_POINTS + 1
    points = pixels(located.longitude, located.latitude)[::every].tolist()
    for (x, y), code in zip(points, categories.codes[::every], strict=True):
        brush.circle((x, y), 5 * _FINER, fill=categories.colors[code], outline=_LAND)
    image = image.resize((_WIDTH, _HEIGHT), Image.Resampling.LANCZOS)
    brush, font = ImageDraw.Draw(image), static_view.letters("DejaVuSans.ttf", 12)
    for row, (name, color) in enumerate(zip(categories.names[:_MOST_NAMES], categories.colors, strict=False)):
        y = _HEIGHT - 20 - 18 * row
        brush.ellipse((10, y + 2, 20, y + 12), fill=color)
        brush.text((26, y), name, fill=_INK, font=font)
    return static_view.as_png(image, colors=48)
