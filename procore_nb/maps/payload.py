"""Encode a frame for the interactive map: only the columns asked for, small and typed.

In: located rows, names of columns. Out: zipped bytes that `static/1_decode.js` decodes. Speaks to no service.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from procore_nb.maps.borders import Floats, load_cities
from procore_nb.maps.categories import ON_DARK, Categories, title_of
from procore_nb.maps.tiles import Tiles
from procore_nb.maps.validate import REASONS, LocatedFrame
from procore_nb.scalars import is_missing, number_text

MOST_LEFT_OFF = 500  # names in the list of a page
LINK = "{web_url}/{{id}}/project/home"


@dataclass(frozen=True)
class MapOptions:
    """What the map shows: column names, checked."""

    name: str | None
    tooltip: Sequence[str]
    popup: Sequence[str]
    link: tuple[str, str] | None  # column of the project's id, address with {id}
    cluster: str
    basemap: Tiles | None
    source: str
    view: tuple[float, float, float, float] | None = None  # what is shown first: west, south, east, north


def encode(
    located: LocatedFrame,
    rows: pd.DataFrame,
    categories: Categories,
    sizes: Floats | None,
    options: MapOptions,
) -> bytes:
    """The bytes of one map: a header with text, then arrays."""
    arrays: list[tuple[str, np.ndarray[Any, Any]]] = [
        ("longitude", located.longitude.astype("<f4")),
        ("latitude", located.latitude.astype("<f4")),
        ("code", categories.codes.astype("u1")),
    ]
    if sizes is not None:
        largest = np.nanmax(sizes) if np.isfinite(sizes).any() else 1.0
        arrays.append(("size", np.nan_to_num(np.sqrt(sizes / largest)).astype("<f4")))
    link = options.link
    shown = [options.name, *options.tooltip, *options.popup, link[0] if link else None]
    names = list(dict.fromkeys(name for name in shown if name is not None))
    columns = []
    for number, name in enumerate(names):
        column, codes = _column(rows[name], name, number)
        columns.append(column)
        if codes is not None:
            arrays.append((f"codes{number}", codes))
    header = {
        "arrays": [{"name": n, "kind": _kind(a), "length": len(a)} for n, a in arrays],
        "columns": columns,
        "name_column": None if options.name is None else names.index(options.name),
        "tooltip": [names.index(name) for name in options.tooltip],
        "popup": [names.index(name) for name in options.popup],
        "link": link and {"column": names.index(link[0]), "address": link[1]},
        "title": categories.title,
        "names": categories.names,
        "colors": categories.colors,
        "dark_colors": [ON_DARK.get(color.upper(), color) for color in categories.colors],
        "counts": categories.counts.tolist(),
        "note": located.note(),
        "left_off": _left_off(located, options.name),
        "left_off_count": len(located.kept) - len(rows),
        "source": options.source,
        "cluster": options.cluster,
        "view": options.view,
        "basemap": options.basemap and asdict(options.basemap),
        "cities": [(c.rank, c.name, c.longitude, c.latitude) for c in load_cities()],
    }
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    text += b" " * (-len(text) % 4)
    body = b"".join(_padded(array.tobytes()) for _, array in arrays)
    return gzip.compress(len(text).to_bytes(4, "little") + text + body, compresslevel=5, mtime=0)


def _left_off(located: LocatedFrame, name: str | None) -> list[tuple[str, str]]:
    """Names of rows that are not on the map, each with its reason."""
    rows = np.flatnonzero(~located.kept)[:MOST_LEFT_OFF]
    names = (
        [f"row {row + 1}" for row in rows]
        if name is None
        else located.frame[name].iloc[rows].map(text_of).tolist()
    )
    return [
        (name or "(no name)", REASONS[code]) for name, code in zip(names, located.verdict[rows], strict=True)
    ]


def text_of(value: Any, *, is_id: bool = False) -> str:
    """One value as people write it; empty for missing."""
    if type(value) is str:
        return value
    if is_missing(value):
        return ""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(text_of(item) for item in value)
    if isinstance(value, datetime):
        midnight = value.tzinfo is None and (value.hour, value.minute, value.second) == (0, 0, 0)
        return value.strftime("%Y-%m-%d" if midnight else "%Y-%m-%d %H:%M") + (" UTC" if value.tzinfo else "")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float | Decimal | np.number):
        return number_text(value, plain=is_id)
    return str(value)


def _column(
    values: pd.Series[Any], name: str, number: int
) -> tuple[dict[str, Any], np.ndarray[Any, Any] | None]:
    """Text of a column; values that repeat are written once."""
    last = name.rsplit(".", 1)[-1]
    is_id = last == "id" or last.endswith(("_id", "number", "year"))
    texts = [text_of(value, is_id=is_id) for value in values.tolist()]
    codes, unique = pd.factorize(np.array(texts, dtype=object))
    if len(unique) * 2 > len(texts):
        return {"title": title_of(name), "values": texts}, None
    return {"title": title_of(name), "values": list(unique), "codes": f"codes{number}"}, codes.astype("<u4")


def _kind(array: np.ndarray[Any, Any]) -> str:
    return {"f": "float32", "u": f"uint{array.itemsize * 8}"}[array.dtype.kind]


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)
