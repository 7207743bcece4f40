"""Pictures of reports: bars, lines, dots, a waterfall from a sum to its parts, a grid of gauges.

In: a `Picture` (a small frame and words). Out: a matplotlib figure. Speaks to no service.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from procore_nb.export.column_text import titles
from procore_nb.maps.legend import GREY, INK, drawable
from procore_nb.maps.map_columns import PALETTE
from procore_nb.plots import as_text, new_axes, plot_bars, plot_lines, short, value_text, write_no_rows

_MOST_BARS = 20
COLOURS = {"red": "#C0392B", "yellow": "#E3B505", "green": "#2F7D4C", "grey": "#C9CED3"}


@dataclass(frozen=True)
class Picture:
    """One picture to draw: its data is named by its index."""

    title: str
    data: Any
    unit: str = ""
    kind: Literal["bars", "lines", "waterfall", "grid", "dots"] = "bars"


def bars(
    title: str, frame: pd.DataFrame, name: str, value: str, *, unit: str = "", largest: bool = True
) -> Picture:
    """Return bars of a column of a table, named by another: the largest that are not zero, or all in their order."""
    data = frame.set_index(name)[value]
    if largest:
        data = data[data.fillna(0).ne(0)]
    if largest and len(data) > _MOST_BARS:
        order = data.astype("float64").abs().sort_values(ascending=False).index[:_MOST_BARS]
        data, unit = data.loc[order], f"{unit}; the {_MOST_BARS} largest"
    return Picture(title, data, unit)


def by_currency(
    title: str, frame: pd.DataFrame, name: str, value: str, units: Iterable[str]
) -> list[Picture]:
    """Return bars for each currency that has values; amounts are never drawn across."""
    known = frame[frame[value].fillna(0).ne(0)]
    parts = {unit: known[known["currency"] == unit] for unit in units}
    return [
        bars(f"{title}, {unit}", part, name, value, unit=unit) for unit, part in parts.items() if len(part)
    ]


def draw(picture: Picture) -> Any:
    """Return the figure of a picture, which nobody has to close: a notebook shows it once, where it is displayed."""
    functions = {"waterfall": _waterfall, "grid": _grid, "dots": _dots, "bars": _bars}
    if picture.kind == "lines":
        figure = plot_lines(picture.data, picture.title, unit=picture.unit).figure
    else:
        figure = functions[picture.kind](picture).figure
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close(figure)
    return figure


def _bars(picture: Picture) -> Any:
    """Bars; where some are below zero, to both sides of it, those in red, and names stand left of all of them."""
    data = picture.data.head(2 * _MOST_BARS)
    if not (pd.DataFrame(data).astype("float64") < 0).any(axis=None):
        return plot_bars(data, picture.title, unit=picture.unit)
    data = data.sum(axis=1) if isinstance(data, pd.DataFrame) else data
    axes = plot_bars(data, picture.title, unit=picture.unit)
    drawn: list[Any] = list(axes.patches)
    for bar in drawn:
        if bar.get_width() < 0:
            bar.set_facecolor(COLOURS["red"])
    low, high = axes.get_xlim()
    # Room for the number at the end of the longest bar on each side.
    axes.set_xlim(low - 0.12 * (high - low), high + 0.04 * (high - low))
    return axes


def _rows_axes(picture: Picture, names: Sequence[Any], height: float, *, above: float = 0.95) -> Any:
    """Return axes with a row for each name, from the top down, and the unit below."""
    axes = new_axes(None, width=7.2, height=above + height * max(len(names), 3), title=picture.title)
    axes.invert_yaxis()
    axes.set_yticks(range(len(names)), [short(name) for name in names])
    axes.set_xlabel(drawable(picture.unit), fontsize=9, color=INK, loc="left")
    axes.tick_params(axis="y", length=0)
    return axes


def _waterfall(picture: Picture) -> Any:
    """A sum, then what it is made of, each part beginning where the one before ended."""
    parts = picture.data.astype("float64").fillna(0)
    axes = _rows_axes(picture, parts.index, 0.32)
    if parts.empty:
        return write_no_rows(axes)
    starts = np.concatenate([[0.0, 0.0], np.cumsum(parts.to_numpy()[1:])])[: len(parts)]
    largest = float(parts.abs().max())
    beside = {"textcoords": "offset points", "va": "center", "fontsize": 9, "color": INK}
    for row, (value, start) in enumerate(zip(parts, starts, strict=True)):
        axes.barh(row, value, left=start, height=0.68, color=PALETTE[min(row, 1)])
        axes.annotate(value_text(value, largest), (max(start, start + value), row), (4, 0), **beside)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.margins(x=0.14)
    return as_text(axes)


def _dots(picture: Picture) -> Any:
    """A dot for each value in the row of its name, those below zero in red; names with most of these first."""
    values = picture.data.dropna().astype("float64")
    names = (values < 0).groupby(level=0).sum().sort_values(ascending=False, kind="stable").index[:_MOST_BARS]
    axes = _rows_axes(picture, names, 0.26)
    if values.empty:
        return write_no_rows(axes)
    for row, name in enumerate(names):
        dots = values[values.index == name].to_numpy()
        colours = np.where(dots < 0, COLOURS["red"], PALETTE[0])
        axes.scatter(dots, [row] * len(dots), s=22, alpha=0.65, linewidths=0, color=colours)
    axes.axvline(0, color=GREY, linewidth=0.8)
    return as_text(axes)


def _grid(picture: Picture) -> Any:
    """Projects by gauges: a coloured field with its word, so that colour is not all that tells them apart."""
    data = picture.data.head(60)
    axes = _rows_axes(picture, data.index, 0.24, above=0.9)
    if data.empty:
        return write_no_rows(axes)
    field = {"height": 0.86, "edgecolor": GREY, "linewidth": 0.4}
    for row, values in enumerate(data.astype(str).to_numpy()):
        for column, word in enumerate(values):
            colour, hatch = COLOURS.get(word, "#FFFFFF"), None if word in COLOURS else "////"
            ink = "#FFFFFF" if word in ("red", "green") else INK
            axes.barh(row, 0.94, left=column, color=colour, hatch=hatch, **field)
            axes.text(column + 0.47, row, word, ha="center", va="center", fontsize=7, color=ink)
    centres = [column + 0.47 for column in range(len(data.columns))]
    axes.set_xticks(centres, [short(title) for title in titles(list(data.columns))])
    axes.xaxis.tick_top()
    axes.tick_params(length=0, labelsize=8)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    return as_text(axes)
