"""What a static map is drawn on: a figure that follows the theme it is shown in, axes, and which room on them is taken.

In: an extent, Axes if the caller has some. Out: Axes with the extent as limits, `Canvas`; the figure in dark colours, or as HTML for
a notebook, which turns it dark with the page. Speaks to no service. Only here is matplotlib imported at once.
"""

from __future__ import annotations

import base64
import sys
from functools import partial
from html import escape
from io import BytesIO
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from matplotlib.colors import to_hex, to_rgba
from matplotlib.figure import Figure
from PIL import Image

from procore_nb.errors import ArgumentError
from procore_nb.maps.borders import Floats
from procore_nb.maps.extent import Extent
from procore_nb.maps.map_columns import ON_DARK
from procore_nb.static_view import as_png


class Canvas:
    """The extent on paper, in points (1/72 inch) from its lower left corner, and the rectangles of it that are taken."""

    def __init__(self, view: Extent, points_per_km: float) -> None:
        self.view, self.points_per_km = view, points_per_km
        self._occupied = np.empty((0, 4))

    def blank(self) -> Canvas:
        """The same canvas with all its room free."""
        return Canvas(self.view, self.points_per_km)

    def to_points(self, x: Any, y: Any) -> tuple[Any, Any]:
        return (x - self.view.left) * self.points_per_km, (y - self.view.bottom) * self.points_per_km

    def is_free(self, left: float, bottom: float, right: float, top: float) -> bool:
        """Whether a rectangle lies on the canvas, with a small margin, and touches nothing."""
        wide, high = self.view.width * self.points_per_km, self.view.height * self.points_per_km
        taken = self._occupied
        hit = (taken[:, 0] < right) & (taken[:, 2] > left) & (taken[:, 1] < top) & (taken[:, 3] > bottom)
        return left > 2 and bottom > 2 and right < wide - 2 and top < high - 2 and not hit.any()

    def reserve(self, *box: float) -> None:
        self._occupied = np.vstack([self._occupied, box])

    def reserve_markers(self, x: Floats, y: Floats, radius: Floats) -> None:
        """Take the room of marks (km, radius in points); thousands of marks are thinned to the largest of each small cell."""
        order = np.argsort(-radius, kind="stable")
        (px, py), radius = self.to_points(x[order], y[order]), radius[order]
        cells = np.unique(np.floor(np.stack([px, py]) / 4), axis=1, return_index=True)[1][:4000]
        boxes = np.column_stack([px - radius, py - radius, px + radius, py + radius])
        self._occupied = np.vstack([self._occupied, boxes[cells]])


Theme = Literal["auto", "light", "dark"]
# Colours of ground, lines and words on light paper, and what stands for them on dark.
DARK = {
    "#ffffff": "#15181b", "#e3ebf1": "#1b2530", "#faf8f4": "#2a2f35", "#9aa3ab": "#6d7780", "#d3cfc6": "#4a5159",
    "#6f7479": "#b3bac1", "#858c93": "#8f969d", "#2b2f33": "#eceff1", "#222222": "#eceff1", "#6b7075": "#aab1b8", "#9aa0a6": "#868d94",
    "#c7ccd1": "#3c4349", "#e3e6e9": "#343a40", "#e9e5dd": "#363c43",
} | {light.lower(): dark for light, dark in ON_DARK.items()}  # fmt: skip
# Inverting lightness and turning hues back keeps each colour's name: blue stays blue.
_FOLLOW = (
    ".pnb-figure { max-width: 100%; height: auto; } "
    '[data-jp-theme-light="false"] .pnb-figure, .vscode-dark .pnb-figure, [theme="dark"] .pnb-figure '
    "{ filter: invert(0.92) hue-rotate(180deg); }"
)
_MARGIN_INCHES = 0.14


class NotebookFigure(Figure):
    """A figure whose picture in a notebook is light or dark as the notebook is; files keep the colours it was drawn in."""

    follows = True

    def _repr_html_(self) -> str | None:
        """One picture of all of the figure, with its titles as its description."""
        if not self.follows:
            return None
        drawn = BytesIO()
        self.savefig(drawn, format="png", dpi=1.5 * self.dpi, bbox_inches="tight")
        picture = as_png(Image.open(drawn).convert("RGB"), colors=256)  # a quarter of the size
        data, width = base64.b64encode(picture).decode(), int(self.get_figwidth() * self.dpi)
        titles = [axes.get_title(loc="left") or axes.get_title() for axes in self.axes]
        words = escape("; ".join(filter(None, titles)) or "Figure", quote=True)
        image = f'<img class="pnb-figure" alt="{words}" width="{width}" src="data:image/png;base64,{data}">'
        return f"<style>{_FOLLOW}</style>{image}"


def map_axes(ax: Any, view: Extent) -> tuple[Any, Extent]:
    """Axes without ticks whose limits are the view, grown to the shape of the canvas."""
    if ax is None:
        high = float(np.clip(7.4 * view.height / view.width, 3.6, 7.0))
        ax = new_figure(7.4, high).add_axes((0, 0, 1, 1))
    box = ax.get_window_extent()
    view = view.shaped(box.width / box.height)
    ax.set(xlim=(view.left, view.right), ylim=(view.bottom, view.top), aspect="equal", xticks=[], yticks=[])
    ax.spines[:].set(color="#C7CCD1", linewidth=0.6)
    return ax, view


def new_figure(width: float, height: float) -> Any:
    """Through pyplot where a person would see it (and pyplot looks after it); else a figure nobody has to close."""
    if "matplotlib.pyplot" in sys.modules or "ipykernel" in sys.modules:
        import matplotlib.pyplot as plt

        return plt.figure(figsize=(width, height), facecolor="white", FigureClass=NotebookFigure)
    return NotebookFigure(figsize=(width, height), facecolor="white")


def use_theme(ax: Any, theme: Theme) -> None:
    """Draw in dark colours when asked to, or when matplotlib's own style is dark; in a notebook follow its theme."""
    if theme not in ("auto", "light", "dark"):
        raise ArgumentError(f"theme={theme!r} is not known.", advice='Use "auto", "light" or "dark".')
    red, green, blue, _ = to_rgba(mpl.rcParams["figure.facecolor"])
    dark = theme == "dark" or (theme == "auto" and red + green + blue < 1.2)
    if isinstance(ax.figure, NotebookFigure):
        ax.figure.follows = theme == "auto" and not dark
    if dark:
        ax.figure.set_facecolor(DARK["#ffffff"])
        ax.tick_params(color=DARK["#9aa0a6"], labelcolor=DARK["#2b2f33"])
        for artist in ax.findobj():
            _recolor(artist)
    # A notebook shows the figure itself after the cell; a line "<Axes: …>" above it says nothing.
    ax._ipython_display_ = partial(_show_closed, ax.figure)


def _recolor(artist: Any) -> None:
    for name in ("color", "facecolor", "edgecolor", "markerfacecolor", "markeredgecolor"):
        get, change = getattr(artist, f"get_{name}", None), getattr(artist, f"set_{name}", None)
        colors = get() if get and change else None
        if colors is None or change is None or (isinstance(colors, str) and colors in ("auto", "none")):
            continue
        many = not isinstance(colors, str) and not (len(colors) and isinstance(colors[0], float))
        turned = [to_rgba(DARK.get(to_hex(c), c), to_rgba(c)[3]) for c in (colors if many else [colors])]
        change(turned if many else turned[0])
    for effect in artist.get_path_effects() or ():
        effect._gc["foreground"] = DARK["#e3ebf1"]


def _show_closed(figure: Any) -> None:
    """Show a figure that pyplot will not show at the end of the cell."""
    from IPython.display import display
    from matplotlib import _pylab_helpers

    if all(manager.canvas.figure is not figure for manager in _pylab_helpers.Gcf.get_all_fig_managers()):
        display(figure)  # type: ignore[no-untyped-call]


def fit_around(ax: Any, beside: float) -> None:
    """Grow a figure of one map until notes and legends (`beside`: their height in points) fit; the map keeps its size."""
    figure, box = ax.figure, ax.get_position()
    whole = figure.get_tightbbox()  # inches
    wide, high = figure.get_size_inches()
    left, bottom = whole.x0 - _MARGIN_INCHES, min(whole.y0, box.y1 * high - beside / 72) - _MARGIN_INCHES
    width, height = whole.x1 + _MARGIN_INCHES - left, whole.y1 + _MARGIN_INCHES - bottom
    figure.set_size_inches(width, height)
    ax.set_position(
        ((box.x0 * wide - left) / width, (box.y0 * high - bottom) / height, box.width * wide / width, box.height * high / height)
    )  # fmt: skip
