"""A small picture of an interactive map, for those who read its notebook without a kernel.

In: coordinates and categories. Out: a PNG of land and points. Drawn without matplotlib, as it must not delay the map itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from procore_nb.maps.borders import load_borders
from procore_nb.maps.categories import Categories
from procore_nb.maps.extent import box_around
from procore_nb.static_view import as_png, letters

_WIDTH, _HEIGHT, _FINER = 720, 400, 2
_SEA, _LAND, _LINE, _INK = "#E2E9F0", "#FAF8F3", "#C3C9CE", "#20262B"
_MOST_NAMES, _MOST_POINTS = 6, 5_000


def still_map(longitude: Any, latitude: Any, categories: Categories, view: Any = None) -> bytes:
    """Return the PNG of a view (west, south, east, north), else of all points; across the date line all longitudes."""
    from PIL import Image, ImageDraw

    west, south, east, north = view or box_around(longitude, latitude)
    west, east = (west, east) if west <= east else (-180.0, 180.0)
    squeeze = np.cos(np.radians((south + north) / 2))
    wide, high = (max(1.16 * span, 2.0) for span in (east - west, north - south))  # with a margin, in degrees
    scale = _FINER * min(_WIDTH / (wide * squeeze), _HEIGHT / high)
    middle_x, middle_y = (west + east) / 2, (south + north) / 2

    def pixels(places: Any) -> Any:
        x = (places[:, 0] - middle_x) * squeeze * scale + _FINER * _WIDTH / 2
        y = (middle_y - places[:, 1]) * scale + _FINER * _HEIGHT / 2
        return np.column_stack([x, y])

    image = Image.new("RGB", (_FINER * _WIDTH, _FINER * _HEIGHT), _SEA)
    brush = ImageDraw.Draw(image)
    borders = load_borders()
    for ring in (*borders.countries(), *borders.american_states()):
        brush.polygon(pixels(ring).ravel().tolist(), fill=_LAND, outline=_LINE)
    every = len(longitude) // _MOST_POINTS + 1
    points = pixels(np.column_stack([longitude, latitude]))[::every].tolist()
    size = 5 * _FINER
    for (x, y), code in zip(points, categories.codes[::every], strict=True):
        brush.ellipse((x - size, y - size, x + size, y + size), fill=categories.colors[code], outline=_LAND)
    image = image.resize((_WIDTH, _HEIGHT), Image.Resampling.LANCZOS)
    brush, font = ImageDraw.Draw(image), letters("DejaVuSans.ttf", 12)
    for at, (name, color) in enumerate(zip(categories.names[:_MOST_NAMES], categories.colors, strict=False)):
        y = _HEIGHT - 20 - 18 * at
        brush.ellipse((10, y + 2, 20, y + 12), fill=color)
        brush.text((26, y), name, fill=_INK, font=font)
    return as_png(image, colors=48)
