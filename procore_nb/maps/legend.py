"""Text on a map: legends, labels, scale bar, notes, in fonts that have the characters of any script.

In: Axes and what was drawn. Out: artists. Speaks to no service. Text of rows is never read as markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import cycle
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np

from procore_nb.maps.basemap import Label
from procore_nb.maps.map_columns import Categories
from procore_nb.maps.markers import SMALLEST_RING, DrawnMarkers, radius_of, ring_radius
from procore_nb.scalars import short_number

if TYPE_CHECKING:
    from procore_nb.maps.canvas import Canvas

INK, QUIET, GREY = "#2B2F33", "#6B7075", "#9AA0A6"
NOTE_WIDTH = 125  # letters
WORLD_KM = 9000.0  # wider pictures have no one scale


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


def write_labels(
    ax: Any, canvas: Canvas, labels: Sequence[Label], *, size: float, color: str, weight: str = "normal", at_most: int = 40,
    centred: bool = False,
) -> None:  # fmt: skip
    """Write names beside their points (or upon them), where there is room."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.patheffects import withStroke
    from matplotlib.textpath import text_to_path

    font, high = FontProperties(size=size, weight=weight), 1.15 * size
    for label in labels:
        text, gap = drawable(label.text), 4.0 + label.away
        wide = text_to_path.get_text_width_height_descent(text, font, ismath=False)[0]
        px, py = canvas.to_points(label.x, label.y)
        beside = [("left", gap, 0.0), ("right", -gap, 0.0), ("center", 0.0, gap + high / 2), ("center", 0.0, -gap - high / 2)]  # fmt: skip
        for side, dx, dy in [("center", 0.0, 0.0)] if centred else beside:
            left = px + dx - {"left": 0.0, "center": wide / 2, "right": wide}[side]
            box = (left, py + dy - high / 2, left + wide, py + dy + high / 2)
            if canvas.is_free(*box):
                ax.annotate(
                    text, (label.x, label.y), (dx, dy), textcoords="offset points", ha=side, va="center", fontsize=size,
                    color=color, fontweight=weight, zorder=6 if weight == "bold" else 2, parse_math=False,
                    path_effects=[withStroke(linewidth=2, foreground="white", alpha=0.85)],
                )  # fmt: skip
                canvas.reserve(*box)
                at_most -= 1
                break
        if not at_most:
            return


def draw_legends(
    ax: Any, categories: Categories, drawn: DrawnMarkers, size_title: str, unit: str = "", *, outside: bool
) -> float:
    """Categories with counts; below, what the sizes of marks and rings mean. Gives their height (points)."""
    height = 0.0
    if categories.title:
        shown = [i for i, count in enumerate(categories.counts) if count]
        rows = [
            (3.6, categories.colors[i], "white", f"{shortened(categories.names[i])}  {categories.counts[i]:,}") for i in shown
        ]  # fmt: skip
        shapes = [categories.shapes[i] if drawn.shaped else "o" for i in shown]
        height = _add_legend(ax, categories.title, rows, height, outside, shapes)
    if drawn.largest_value > 0:
        values = round_values(drawn.largest_value)
        radii = radius_of(np.array(values), drawn.largest_value, drawn.largest_radius)
        rows = [(float(r), GREY, "white", short_number(v)) for r, v in zip(radii, values, strict=True)]
        height = _add_legend(ax, size_title + unit, rows, height, outside)
    if drawn.rings is not None:
        largest = float(drawn.rings.weight.max())
        title = f"Rings: {size_title.lower()}{unit}" if drawn.added else "Rings: number of rows"
        values = [value for value in round_values(largest)[:2] if ring_radius(value, largest) > SMALLEST_RING]
        rows = [
            (float(ring_radius(v, largest)) - 1, "white", GREY, short_number(v)) for v in values or [largest]
        ]
        height = _add_legend(ax, title, rows, height, outside)
    return height


def _add_legend(
    ax: Any, title: str, rows: Sequence[tuple[float, str, str, str]], above: float, outside: bool, shapes: Sequence[str] = "o"
) -> float:  # fmt: skip
    """One legend, `above` points down; gives where the next begins. Rows are radius in points, face, edge, text."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], marker=shape, linestyle="none", markersize=2 * radius, markerfacecolor=face,
               markeredgecolor=edge, markeredgewidth=0.5 if edge == "white" else 2.0)
        for (radius, face, edge, _), shape in zip(rows, cycle(shapes))
    ]  # fmt: skip
    widest = max(radius for radius, *_ in rows)
    row = max(14.0, 2 * widest + 3)
    height = ax.get_window_extent().height / ax.figure.dpi * 72
    legend = ax.legend(
        handles, [text for *_, text in rows], title=drawable(title), alignment="left", fontsize=8, borderpad=0,
        borderaxespad=0, labelcolor=INK, handlelength=max(1.2, 2 * widest / 8), handleheight=0.7, handletextpad=0.7,
        labelspacing=(row - 8) / 8, loc="upper left" if outside else "upper right",
        bbox_to_anchor=(1.015 if outside else 0.985, 0.995 - above / height),
        frameon=not outside, framealpha=0.85, edgecolor="none",
    )  # fmt: skip
    legend.get_title().set(fontsize=8.5, fontweight="bold", color=INK, parse_math=False)
    for text in legend.get_texts():
        text.set_parse_math(False)
    legend.set_zorder(8)
    ax.add_artist(legend)
    ax.legend_ = None  # else the last one is drawn twice
    legend.set_clip_on(False)  # notebooks cut figures tightly around what is not clipped
    return above + 16 + row * len(rows) + 10


def shortened(text: str, most: int = 28) -> str:
    """Text on one line, cut where a legend would become too wide."""
    line = drawable(text)
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def round_values(largest: float) -> list[float]:
    """Up to three values of the form 1, 2 or 5 times a power of ten, the largest first."""
    first = _round_steps(largest)
    values = [first, first / 5, first / 20]
    return [value for value in values if value >= 1 or largest < 5] or [first]


def _round_steps(largest: float) -> float:
    """The largest of 1, 2 or 5 times a power of ten that is not above it."""
    power = 10.0 ** np.floor(np.log10(largest))
    return float(max(step * power for step in (1, 2, 5) if step * power <= largest * 1.0001))


def draw_scale_bar(ax: Any, canvas: Canvas) -> None:
    """Km and miles in a free corner, where one scale holds for the whole picture."""
    view, scale = canvas.view, canvas.points_per_km
    if view.width > WORLD_KM:
        return
    wide, high = view.width * scale, view.height * scale
    corners = [(0.025 * wide, 18.0), (0.74 * wide, 18.0), (0.025 * wide, high - 18.0)]
    free = (c for c in corners if canvas.is_free(c[0], c[1] - 13, c[0] + 0.23 * wide, c[1] + 13))
    x, y = next(free, corners[0])
    canvas.reserve(x - 4, y - 14, x + 0.23 * wide, y + 14)
    left, bottom, step = view.left + x / scale, view.bottom + y / scale, 4 / scale
    for factor, unit, up in ((1.0, "km", 1), (1.609344, "mi", -1)):
        length = _round_steps(view.width * 0.16 / factor)
        right = left + length * factor
        ax.plot(
            [left, left, right, right], [bottom + up * step, bottom, bottom, bottom + up * step], color=INK,
            linewidth=0.9, zorder=7, scalex=False, scaley=False,
        )  # fmt: skip
        ax.annotate(
            f"{length:g} {unit}", (right, bottom), (3, up * 4.5), textcoords="offset points", va="center",
            fontsize=6.5, color=INK, zorder=7,
        )  # fmt: skip


def write_title(ax: Any, title: str) -> None:
    ax.set_title(
        drawable(title), loc="left", fontsize=12, color=INK, fontweight="bold", parse_math=False,
        fontfamily=list(families()),
    )  # fmt: skip


def write_notes(ax: Any, lines: Sequence[str]) -> None:
    """Small lines below the map: what is on it, and its sources."""
    ax.annotate(
        "\n".join(part for line in lines for part in wrap(drawable(line), NOTE_WIDTH)), (0, 0), (0, -5), xycoords="axes fraction",
        textcoords="offset points", ha="left", va="top", fontsize=7, color=QUIET, linespacing=1.35,
        parse_math=False, annotation_clip=False,
    )  # fmt: skip
