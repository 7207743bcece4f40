"""What a static map is drawn on: its axes, how km become points (1/72 inch), what of it is taken, and fonts for any script.

In: an extent, Axes if the caller has some, text. Out: Axes with the extent as limits, `Canvas`, text that the fonts of this
machine can draw. Speaks to no service.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from procore_nb.maps.borders import Floats
from procore_nb.maps.extent import Extent

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
