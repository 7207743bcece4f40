"""Draw the points: single markers, markers sized by value, and rings that stand for a cluster.

In: Axes, an extent, positions in km, categories, sizes. Out: artists, and what their sizes mean. Speaks to no service.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from procore_nb.maps.borders import Bools, Floats
from procore_nb.maps.map_columns import Categories
from procore_nb.scalars import short_number

if TYPE_CHECKING:
    from procore_nb.maps.canvas import Canvas

Groups = npt.NDArray[np.intp]
CELL = 3.0  # points closer than this look like one


def covered_share(x: Floats, y: Floats, *, size: float) -> float:
    """Share of points that lie on the mark of another one."""
    cells = np.unique(_cells(x, y, size), axis=1).shape[1]
    return float(1 - cells / max(len(x), 1))


def groups_of(x: Floats, y: Floats, *, reach: float) -> Groups:
    """Group of each point; none is further than `reach` from its group's first spot."""
    cells, spot, count = np.unique(_cells(x, y, CELL), axis=1, return_inverse=True, return_counts=True)
    middle = (cells + 0.5) * CELL
    # Busy spots first; the sum over the neighbourhood finds the heart of a city, not its busiest street.
    coarse, home = np.unique(np.floor(middle / reach), axis=1, return_inverse=True)
    around = np.bincount(home.ravel(), weights=count, minlength=coarse.shape[1])[home.ravel()]
    group = np.full(len(count), -1, dtype=np.intp)

    def free_near(point: Any) -> Groups:
        free: Groups = np.flatnonzero(
            (group < 0) & (((middle - point[:, None]) ** 2).sum(axis=0) <= reach**2)
        )
        return free

    number = 0
    for start in np.lexsort((-count, -around)):
        if group[start] < 0:
            near = free_near(middle[:, start])
            centre = np.average(middle[:, near], axis=1, weights=count[near])
            group[free_near(centre)] = number
            group[start] = number
            number += 1
    return group[spot.ravel()]


def _cells(x: Floats, y: Floats, size: float) -> npt.NDArray[np.int64]:
    return np.floor(np.stack([x, y]) / size).astype(np.int64)


REACH = 22.0  # points (1/72 inch): how far a ring gathers
LARGEST_RING, SMALLEST_RING = 21.0, 9.0  # radius in points
BAND = 0.28  # share of the radius that carries the colours
TOUCH = 0.8  # rings nearer than this share of their radii become one
CROWDED = 0.25  # share of covered points from which counts are clearer than markers
MOST_SPREAD, MOST_BESIDE = 3000, 12  # marks on a map that are moved apart, and at one position
ALONE = 2  # groups up to this size stay single marks
NO_VALUE_RADIUS = 1.8


@dataclass(frozen=True)
class Rings:
    """Groups of points: where they are (km), what they weigh, what they are made of."""

    x: Floats
    y: Floats
    count: Groups
    weight: Floats
    mix: Floats  # one row per ring, one column per code of a category: rows of the frame
    radius: Floats  # points


@dataclass(frozen=True)
class DrawnMarkers:
    """What was drawn: where each mark is (km) and how large (points), which rows are single marks, and the rings."""

    x: Floats
    y: Floats
    radius: Floats
    single: Bools
    rings: Rings | None
    largest_value: float = np.nan  # NaN when marks have one size
    largest_radius: float = 0.0
    shaped: bool = False  # each category has a shape; marks sized by value are discs
    added: bool = False  # rings stand for sums of sizes
    moved: int = 0  # marks that stand beside their position, where another one is


def draw_markers(
    ax: Any, canvas: Canvas, x: Floats, y: Floats, categories: Categories, sizes: Floats | None, cluster: Any,
    *, add: bool = True,
) -> DrawnMarkers:  # fmt: skip
    """Draw every point once, alone or in a ring.

    `sizes` holds NaN where a row has no usable value; `cluster` is "auto", True or False; `add` False: rings count rows.
    """
    usual = float(np.clip(5.5 - np.log10(max(len(x), 1)) * 1.1, 1.2, 5.0))
    across, up = canvas.to_points(x, y)
    single, rings = np.ones(len(x), dtype=bool), None
    if cluster is True or (cluster == "auto" and covered_share(across, up, size=2 * usual) > CROWDED):
        weights = np.ones(len(x)) if sizes is None or not add else np.nan_to_num(sizes)
        group = _merged(groups_of(across, up, reach=REACH), across, up, weights)
        single = np.bincount(group)[group] <= ALONE
        if not single.all():
            among = ~single
            rings = _rings(x[among], y[among], categories.codes[among], weights[among], group[among])
            _draw_rings(ax, canvas, categories, rings)
    if sizes is None:
        x, y = x.copy(), y.copy()
        x[single], y[single], moved = _spread(canvas, x[single], y[single], 1.1 * usual)
        drawn = DrawnMarkers(x, y, np.full(len(x), usual), single, rings, shaped=usual > 2, moved=moved)
    else:
        known = sizes[single & np.isfinite(sizes)]
        largest = float(known.max()) if len(known) else np.nan
        biggest = float(np.clip(24 - 5 * np.log10(max(single.sum(), 1)), 9, 20))
        radius = np.maximum(radius_of(sizes, largest, biggest), 1.2)
        radius = np.where(np.isfinite(sizes), radius, NO_VALUE_RADIUS)
        drawn = DrawnMarkers(x, y, radius, single, rings, largest, biggest, added=add)
    _scatter(ax, drawn, categories, sizes)
    canvas.reserve_markers(drawn.x[single], drawn.y[single], drawn.radius[single])
    if rings is not None:
        canvas.reserve_markers(rings.x, rings.y, rings.radius)
    return drawn


def radius_of(value: float | Floats, largest: float, biggest: float) -> Any:
    """Area in proportion to the value."""
    return np.sqrt(np.maximum(value, 0) / largest) * biggest if largest > 0 else np.zeros_like(value)


def ring_radius(weight: float | Floats, largest: float) -> Any:
    """Area in proportion to the weight, but never too small for its number."""
    return np.maximum(SMALLEST_RING, LARGEST_RING * np.sqrt(np.asarray(weight) / max(largest, 1e-300)))


def _spread(canvas: Canvas, x: Floats, y: Floats, radius: float) -> tuple[Floats, Floats, int]:
    """Marks at one position stand around it in a circle, so that each is seen; and how many were moved."""
    if len(x) > MOST_SPREAD:
        return x, y, 0
    spots = np.unique(_cells(*canvas.to_points(x, y), radius), axis=1, return_inverse=True)[1].ravel()
    count = np.bincount(spots)[spots]
    # Around the middle of all marks at the spot: addresses that differ by a few metres would overlap else.
    x, y = (np.bincount(spots, values)[spots] / count for values in (x, y))
    order = np.argsort(spots, kind="stable")
    number = np.empty(len(x), dtype=np.intp)
    number[order] = np.arange(len(x)) - np.searchsorted(spots[order], spots[order])
    moved = (count > 1) & (count <= MOST_BESIDE)
    reach = np.where(moved, radius / np.sin(np.pi / np.maximum(count, 2)), 0.0) / canvas.points_per_km
    turn = 2 * np.pi * number / count
    return x + reach * np.cos(turn), y + reach * np.sin(turn), int(moved.sum())


def _scatter(ax: Any, drawn: DrawnMarkers, categories: Categories, sizes: Floats | None) -> None:
    """Draw the single marks: discs sized by value, the small ones on top, or a shape each, the rare ones on top."""
    from matplotlib.colors import to_rgba_array
    from matplotlib.markers import MarkerStyle

    rank = categories.counts[categories.codes] if sizes is None else np.where(np.isfinite(sizes), sizes, -1)
    rows = np.flatnonzero(drawn.single)
    rows = rows[np.argsort(-rank[rows], kind="stable")]
    codes, radius = categories.codes[rows], drawn.radius[rows]
    face, width = to_rgba_array(list(categories.colors))[codes], 0.6 if drawn.shaped else 0.15
    edge = np.ones_like(face)
    if sizes is not None:
        hollow, width = ~np.isfinite(sizes[rows]), 0.7
        edge[hollow] = face[hollow]
        face[:, 3] = np.where(hollow, 0.0, 0.85)
    marks = ax.scatter(
        drawn.x[rows], drawn.y[rows], s=(2 * radius) ** 2, facecolors=face, edgecolors=edge, linewidths=width, zorder=3
    )  # fmt: skip
    if drawn.shaped:
        styles = [MarkerStyle(shape) for shape in categories.shapes]
        paths = [style.get_path().transformed(style.get_transform()) for style in styles]
        marks.set_paths([paths[code] for code in codes])


def _merged(group: Groups, across: Floats, up: Floats, weights: Floats) -> Groups:
    """Join groups whose rings would cover each other, the busiest pair of neighbours first."""
    for _ in range(6):  # a ring that has grown may touch the next one
        count = np.bincount(group)
        middle = np.stack([np.bincount(group, across), np.bincount(group, up)]) / count
        total = np.bincount(group, weights).astype(float)
        radius = np.where(count > ALONE, ring_radius(total, float(total.max())), 0.0)
        ringed = np.flatnonzero(count > ALONE)
        into = np.arange(len(count))
        for i in ringed:
            if into[i] == i:
                gap = np.hypot(*(middle[:, ringed] - middle[:, [i]]))
                touching = ringed[gap < TOUCH * (radius[ringed] + radius[i])]
                into[touching[(touching > i) & (into[touching] == touching)]] = i
        if (into == np.arange(len(count))).all():
            break
        group = np.unique(into[group], return_inverse=True)[1]
    return group


def _rings(x: Floats, y: Floats, codes: Groups, weights: Floats, group: Groups) -> Rings:
    member = np.unique(group, return_inverse=True)[1]
    count, weight = np.bincount(member), np.bincount(member, weights).astype(float)
    mix = np.zeros((len(count), codes.max() + 1))
    np.add.at(mix, (member, codes), 1)
    middle = np.bincount(member, x) / count, np.bincount(member, y) / count
    return Rings(*middle, count, weight, mix, ring_radius(weight, float(weight.max())))


def _draw_rings(ax: Any, canvas: Canvas, categories: Categories, rings: Rings) -> None:
    """One ring per group: its area and number show how many, its colours which."""
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Circle, Wedge

    discs, wedges, colors = [], [], []
    for i in np.argsort(-rings.radius):
        middle, radius = (float(rings.x[i]), float(rings.y[i])), float(rings.radius[i]) / canvas.points_per_km
        discs.append(Circle(middle, radius))
        turn = 90 - np.concatenate([[0], np.cumsum(rings.mix[i])]) / rings.count[i] * 360
        for code in np.flatnonzero(rings.mix[i]):
            wedges.append(Wedge(middle, radius, turn[code + 1], turn[code], width=radius * BAND))
            colors.append(categories.colors[code])
        text = short_number(int(rings.count[i]), digits=2 if rings.count[i] >= 1000 else 3)
        room = 2 * rings.radius[i] * (1 - BAND) * 0.86
        size = min(8.0, room / (0.62 * len(text)))
        ax.text(*middle, text, ha="center", va="center_baseline", fontsize=size, color="#222222", zorder=5)
    for shapes, face, width in ((discs, "white", 1.4), (wedges, colors, 0.3)):
        patches = PatchCollection(shapes, facecolor=face, edgecolor="white", linewidths=width, zorder=4)
        ax.add_collection(patches, autolim=False)
