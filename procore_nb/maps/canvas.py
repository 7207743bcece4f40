"""What a static map is drawn on: axes, sea, land and borders, which room is taken, names of cities, and fonts for any script.

In: an extent, Axes if the caller has some, text. Out: Axes with the extent as limits, `Canvas`, artists, text that the fonts of
this machine can draw. Speaks to no service.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from procore_nb.maps.borders import KM_PER_DEGREE, Floats, Ring, load_borders, load_cities, wrapped
from procore_nb.maps.extent import Box, Extent

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Canvas:
    """The extent on paper, in points (1/72 inch) from its lower left corner, and the rectangles of it that are taken."""

    def __init__(self, view: Extent, points_per_km: float) -> None:
        self.view, self.points_per_km = view, points_per_km
        self._taken = np.empty((0, 4))

    def to_points(self, x: Any, y: Any) -> tuple[Any, Any]:
        return (x - self.view.left) * self.points_per_km, (y - self.view.bottom) * self.points_per_km

    def is_free(self, left: float, bottom: float, right: float, top: float) -> bool:
        """Whether a rectangle lies on the canvas, with a small margin, and touches nothing."""
        wide, high = self.view.width * self.points_per_km, self.view.height * self.points_per_km
        taken = self._taken
        hit = (taken[:, 0] < right) & (taken[:, 2] > left) & (taken[:, 1] < top) & (taken[:, 3] > bottom)
        return left > 2 and bottom > 2 and right < wide - 2 and top < high - 2 and not hit.any()

    def take(self, *box: float) -> None:
        self._taken = np.vstack([self._taken, box])

    def take_marks(self, x: Floats, y: Floats, radius: Floats) -> None:
        """Take the room of marks (km, radius in points); thousands of marks are thinned to the largest of each small cell."""
        order = np.argsort(-radius, kind="stable")
        (px, py), radius = self.to_points(x[order], y[order]), radius[order]
        cells = np.unique(np.floor(np.stack([px, py]) / 4), axis=1, return_index=True)[1][:4000]
        boxes = np.column_stack([px - radius, py - radius, px + radius, py + radius])
        self._taken = np.vstack([self._taken, boxes[cells]])


def map_axes(ax: Axes | None, view: Extent) -> tuple[Any, Extent]:
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
    from procore_nb.maps.notebook_figure import NotebookFigure

    if "matplotlib.pyplot" in sys.modules or "ipykernel" in sys.modules:
        import matplotlib.pyplot as plt

        return plt.figure(figsize=(width, height), facecolor="white", FigureClass=NotebookFigure)
    return NotebookFigure(figsize=(width, height), facecolor="white")


# Fonts that, where installed, have the characters that the usual one lacks.
MORE_FONTS = (
    "Noto Sans", "Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Naskh Arabic", "Noto Sans Arabic", "Noto Sans Hebrew",
    "Noto Sans Devanagari", "Noto Sans Thai", "Arial Unicode MS", "Segoe UI", "Segoe UI Symbol", "Microsoft YaHei",
    "PingFang SC", "Hiragino Sans", "Arial", "Tahoma",
)  # fmt: skip
MISSING = "\N{WHITE VERTICAL RECTANGLE}"


@lru_cache(maxsize=1)
def families() -> tuple[str, ...]:
    """DejaVu Sans (comes with matplotlib), then what is installed."""
    from matplotlib import font_manager

    installed = {entry.name for entry in font_manager.fontManager.ttflist}
    return ("DejaVu Sans", *(name for name in MORE_FONTS if name in installed))


def drawable(text: str) -> str:
    """The text on one line, with a box for each character that no font can draw."""
    line = " ".join(str(text).split())
    if line.isascii() and line.isprintable():
        return line
    shown = (c for c in line if (c.isprintable() or not c.isascii()) and c not in "\u200d\ufe0f")
    return "".join(c if c.isascii() or ord(c) in _characters() else MISSING for c in shown)


@lru_cache(maxsize=1)
def _characters() -> frozenset[int]:
    from matplotlib import font_manager

    paths = [font_manager.findfont(family, fallback_to_default=True) for family in families()]
    return frozenset().union(*(font_manager.get_font(path).get_charmap() for path in paths))


SEA, LAND = "#E3EBF1", "#FAF8F4"
COAST, STATE_LINE, COUNTY_LINE, CITY = "#9AA3AB", "#D3CFC6", "#E9E5DD", "#6F7479"
PALE = "#858C93"  # names of counties, and of a city below its points
COUNTIES_KM, COUNTY_NAMES_KM = 1500.0, 350.0  # narrower pictures have them
LONGEST_STEP_DEGREES = 1.0  # longer straight stretches are bent by the projection
# Which ranks of cities are named when the picture is so many km wide.
RANKS_BY_WIDTH = ((1200.0, 4), (3500.0, 3), (9000.0, 2), (25000.0, 1))


@dataclass(frozen=True)
class Label:
    """A name that may be written: where in km, how far away from there (points), how important."""

    text: str
    x: float
    y: float
    away: float = 0.0
    rank: int = 0


def draw_basemap(ax: Any, view: Extent) -> None:
    """Fill the sea, land and lakes, then stroke borders, each line once."""
    from matplotlib.collections import PolyCollection

    borders, window = load_borders(), view.window()
    ax.set_facecolor(SEA)
    layers = (
        (borders.countries(), LAND, LAND),
        (borders.border_lakes, SEA, COAST),
        (borders.american_states(), LAND, LAND),
        (borders.lakes, SEA, SEA),
    )
    for level, (rings, face, edge) in enumerate(layers):
        shapes = [
            np.column_stack(view.projection.forward(*piece.T)) for piece in _pieces(rings, view, window)
        ]
        drawn = PolyCollection(
            shapes, facecolors=face, edgecolors=edge, linewidths=0.4, zorder=0.5 + level / 10
        )
        ax.add_collection(drawn, autolim=False)
    look = {"linewidth": 0.6 if view.width < 9000 else 0.35, "solid_joinstyle": "round", "zorder": 1}
    counties = borders.county_lines if view.width < COUNTIES_KM else ()
    state = COAST if view.width < COUNTY_NAMES_KM else STATE_LINE
    for lines, color in (
        (counties, COUNTY_LINE),
        (borders.state_lines, state),
        (borders.country_lines, COAST),
    ):
        ax.plot(*_strokes(lines, view, window), color=color, scalex=False, scaley=False, **look)


def city_labels(view: Extent) -> list[Label]:
    """Cities inside the view, the most important first, as many ranks as the width bears; then counties (rank 0)."""
    deepest = next((rank for width, rank in RANKS_BY_WIDTH if view.width < width), 0)
    cities = [city for city in load_cities() if city.rank <= deepest]
    if view.width < COUNTY_NAMES_KM:
        cities += load_borders().counties
    x, y = view.projection.forward(
        np.array([city.longitude for city in cities]), np.array([city.latitude for city in cities])
    )
    seen = np.flatnonzero(view.holds(x, y))
    return [Label(cities[i].name, float(x[i]), float(y[i]), rank=cities[i].rank) for i in seen]


def _pieces(rings: Iterable[Ring], view: Extent, window: Box) -> Iterator[Ring]:
    """Rings cut to the window, turned so that the projection's centre is in the middle."""
    from matplotlib.path import Path
    from matplotlib.transforms import Bbox

    west, south, east, north = window
    centre, least, box = view.projection.longitude, _smallest_degrees(view), Bbox.from_extents(*window)
    for ring in rings:
        (left, bottom), (right, top) = ring.min(axis=0) - [centre, 0.0], ring.max(axis=0) - [centre, 0.0]
        if top < south or bottom > north or right == left or max(top - bottom, right - left) < least:
            continue
        for turn in (-360.0, 0.0, 360.0):
            if left + turn > east or right + turn < west:
                continue
            piece = ring + np.array([turn - centre, 0.0])
            if left + turn < west or right + turn > east or bottom < south or top > north:
                piece = np.asarray(Path(piece).clip_to_bbox(box).vertices)
            if len(piece) >= 3:
                piece = _with_short_steps(piece)
                piece[:, 0] = np.clip(piece[:, 0], -179.9999, 179.9999) + centre
                yield piece


def _with_short_steps(line: Floats) -> Floats:
    moves = np.nan_to_num(np.diff(line, axis=0))  # beside a gap nothing moves
    steps = np.abs(moves).max(axis=1)
    parts = np.maximum(1, np.ceil(steps / LONGEST_STEP_DEGREES)).astype(int)
    if (parts == 1).all():
        return line.copy()
    which = np.repeat(np.arange(len(parts)), parts)
    share = (np.arange(len(which)) - np.repeat(np.cumsum(parts) - parts, parts)) / np.repeat(parts, parts)
    between = line[which] + moves[which] * share[:, None]
    return np.concatenate([between, line[-1:]])


def _strokes(lines: Iterable[Floats], view: Extent, window: Box) -> tuple[Floats, Floats]:
    """All lines as one, with gaps (NaN) between them, outside the view, and where they jump to the other side."""
    _, south, _, north = window
    centre = view.projection.longitude
    gap, least = np.full((1, 2), np.nan), _smallest_degrees(view)
    parts: list[Floats] = []
    for line in lines:
        low, high = line[:, 1].min(), line[:, 1].max()
        if high >= south and low <= north and max(high - low, float(np.ptp(line[:, 0]))) > least:
            parts += [line, gap]
    if not parts:
        return np.empty(0), np.empty(0)
    whole = _with_short_steps(np.concatenate(parts))
    seam = np.abs(np.abs(whole[:, 0]) - 180) < 0.01  # where the source cuts Russia, Fiji, Antarctica
    turned = wrapped(whole[:, 0] - centre)
    jump = np.abs(np.diff(turned)) > 180
    breaks = np.flatnonzero(jump | (seam[:-1] & seam[1:])) + 1
    x, y = view.projection.forward(
        np.insert(turned, breaks, np.nan) + centre, np.insert(whole[:, 1], breaks, np.nan)
    )
    margin = 0.1 * max(view.width, view.height)
    seen = view.grown(margin).holds(x, y)
    seen = seen | np.roll(seen, 1) | np.roll(seen, -1)
    x, y = np.where(seen, x, np.nan), np.where(seen, y, np.nan)
    kept = ~(np.isnan(x) & np.isnan(np.roll(x, 1)))
    return x[kept], y[kept]


def _smallest_degrees(view: Extent) -> float:
    """Pieces smaller than about a pixel are not drawn."""
    return view.width / 1200 / KM_PER_DEGREE
