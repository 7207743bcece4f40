"""Draw what lies below the points: sea, land, lakes, borders, city names.

In: matplotlib Axes and a view. Out: artists on the Axes. Speaks to no service.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from procore_nb.maps.borders import Floats, Ring, load_borders, load_cities
from procore_nb.maps.shapes import wrapped
from procore_nb.maps.view import Box, View

SEA, LAND = "#E3EBF1", "#FAF8F4"
COAST, STATE_LINE, CITY = "#9AA3AB", "#D3CFC6", "#6F7479"
LONGEST_STEP_DEGREES = 1.0  # longer straight stretches are bent by the projection
# Which ranks of cities are named when the picture is so many km wide.
RANKS_BY_WIDTH = ((1200.0, 4), (3500.0, 3), (9000.0, 2), (25000.0, 1))


@dataclass(frozen=True)
class Label:
    """A name that may be written: where in km, how important."""

    text: str
    x: float
    y: float
    rank: int


def draw_ground(ax: Any, view: View) -> None:
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
        pieces = _pieces(rings, view, window)
        shapes = [np.column_stack(view.projection.forward(*piece.T)) for piece in pieces]
        ax.add_collection(
            PolyCollection(shapes, facecolors=face, edgecolors=edge, linewidths=0.4, zorder=0.5 + level / 10),
            autolim=False,
        )
    width = 0.6 if view.width < 9000 else 0.35
    for lines, color in ((borders.state_lines, STATE_LINE), (borders.country_lines, COAST)):
        x, y = _strokes(lines, view, window)
        ax.plot(
            x, y, color=color, linewidth=width, solid_joinstyle="round", zorder=1, scalex=False, scaley=False
        )


def city_labels(view: View) -> list[Label]:
    """Cities inside the view, the most important first, as many ranks as the width bears."""
    deepest = next((rank for width, rank in RANKS_BY_WIDTH if view.width < width), 0)
    cities = [city for city in load_cities() if city.rank <= deepest]
    if not cities:
        return []
    x, y = view.projection.forward(
        np.array([city.longitude for city in cities]), np.array([city.latitude for city in cities])
    )
    inside = view.holds(x, y)
    return [
        Label(city.name, float(x[i]), float(y[i]), city.rank) for i, city in enumerate(cities) if inside[i]
    ]


def _pieces(rings: Iterable[Ring], view: View, window: Box) -> Iterator[Ring]:
    """Rings cut to the window, turned so that the projection's centre is in the middle."""
    west, south, east, north = window
    centre = view.projection.longitude
    for ring in rings:
        if ring[:, 1].max() < south or ring[:, 1].min() > north:
            continue
        for turn in (-360.0, 0.0, 360.0):
            low, high = ring[:, 0].min() - centre + turn, ring[:, 0].max() - centre + turn
            if low > east or high < west or high - low == 0:
                continue
            piece = ring + np.array([turn - centre, 0.0])
            for axis, limit, sign in ((0, west, 1), (0, east, -1), (1, south, 1), (1, north, -1)):
                piece = _cut(piece, axis, limit, sign)
                if len(piece) < 3:
                    break
            if len(piece) >= 3:
                piece = _with_short_steps(piece)
                piece[:, 0] = np.clip(piece[:, 0], -179.9999, 179.9999) + centre
                yield piece


def _cut(ring: Ring, axis: int, limit: float, sign: int) -> Ring:
    """Keep the part of a closed ring on one side of a line (Sutherland and Hodgman)."""
    side = (ring[:, axis] - limit) * sign
    if (side >= 0).all():
        return ring
    after, after_side = np.roll(ring, -1, axis=0), np.roll(side, -1)
    crossing = (side >= 0) != (after_side >= 0)
    span = np.where(crossing, side - after_side, 1)
    middle = ring + (after - ring) * (side / span)[:, None]
    both = np.stack([ring, middle], axis=1).reshape(-1, 2)
    keep = np.stack([side >= 0, crossing], axis=1).ravel()
    return np.asarray(both[keep])


def _with_short_steps(line: Floats) -> Floats:
    steps = np.abs(np.diff(line, axis=0)).max(axis=1)
    parts = np.maximum(1, np.ceil(steps / LONGEST_STEP_DEGREES)).astype(int)
    if (parts == 1).all():
        return line.copy()
    which = np.repeat(np.arange(len(parts)), parts)
    share = (np.arange(len(which)) - np.repeat(np.cumsum(parts) - parts, parts)) / np.repeat(parts, parts)
    between = line[which] + (line[which + 1] - line[which]) * share[:, None]
    return np.concatenate([between, line[-1:]])


def _strokes(lines: Iterable[Floats], view: View, window: Box) -> tuple[Floats, Floats]:
    """All lines as one, with gaps (NaN) between them, outside the view, and where they jump to the other side."""
    west, south, east, north = window
    centre = view.projection.longitude
    parts: list[Floats] = []
    gap = np.full((1, 2), np.nan)
    for line in lines:
        if line[:, 1].max() < south or line[:, 1].min() > north:
            continue
        turned = _with_short_steps(line)
        seam = np.abs(np.abs(turned[:, 0]) - 180) < 0.01  # where the source cuts Russia, Fiji, Antarctica
        turned[:, 0] = wrapped(turned[:, 0] - centre)
        if turned[:, 0].max() < west or turned[:, 0].min() > east:
            continue
        jump = np.abs(np.diff(turned[:, 0])) > 180
        hidden = np.append(seam[:-1] & seam[1:] | jump, False)
        for stretch in np.split(turned, np.flatnonzero(hidden) + 1):
            parts += [stretch, gap]
    if not parts:
        return np.empty(0), np.empty(0)
    whole = np.concatenate(parts)
    x, y = view.projection.forward(whole[:, 0] + centre, whole[:, 1])
    margin = 0.1 * max(view.width, view.height)
    wider = View(
        view.projection, view.left - margin, view.bottom - margin, view.right + margin, view.top + margin
    )
    seen = wider.holds(x, y)
    seen = seen | np.roll(seen, 1) | np.roll(seen, -1)
    x, y = np.where(seen, x, np.nan), np.where(seen, y, np.nan)
    kept = ~(np.isnan(x) & np.isnan(np.roll(x, 1)))
    return x[kept], y[kept]
