"""Encode a frame for the interactive map: only the columns asked for, small and typed.

In: located rows, names of columns. Out: zipped bytes that `static/1_decode.js` decodes. Speaks to no service.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from procore_nb.maps.borders import Floats, load_cities
from procore_nb.maps.map_columns import ON_DARK, Categories, title_of
from procore_nb.maps.validate import REASONS, LocatedFrame
from procore_nb.scalars import is_missing, number_text

MOST_LEFT_OFF = 500  # names in the list of a page
_KINDS = {"f4": "float32", "u1": "uint8", "u4": "uint32"}  # of JavaScript's typed arrays


def encode(
    located: LocatedFrame,
    categories: Categories,
    sizes: Floats | None,
    *,
    name: str | None,
    tooltip: Sequence[str],
    popup: Sequence[str],
    link: tuple[str, str] | None,
    **shown: Any,
) -> bytes:
    """The bytes of one map: a header with text, then arrays.

    `name`, `tooltip` and `popup` are columns; `link` is that of the project's id, and an address with {id}. `shown` goes into
    the header as it is.
    """
    arrays: dict[str, np.ndarray[Any, Any]] = {
        "longitude": located.longitude.astype("<f4"),
        "latitude": located.latitude.astype("<f4"),
        "code": categories.codes.astype("u1"),
    }
    if sizes is not None:
        largest = np.nanmax(sizes) if np.isfinite(sizes).any() else 1.0
        arrays["size"] = np.nan_to_num(np.sqrt(sizes / largest)).astype("<f4")
    columns_used = [name, *tooltip, *popup, link[0] if link else None]
    names = list(dict.fromkeys(column for column in columns_used if column is not None))
    rows, columns = located.rows, []
    for number, column in enumerate(names):
        texts, codes = _column(rows[column], column)
        columns.append(
            {"title": title_of(column), "values": texts}
            | ({} if codes is None else {"codes": f"codes{number}"})
        )
        if codes is not None:
            arrays[f"codes{number}"] = codes
    header = {
        "arrays": [{"name": n, "kind": _KINDS[a.dtype.str[1:]], "length": len(a)} for n, a in arrays.items()],
        "columns": columns,
        "name_column": None if name is None else names.index(name),
        "tooltip": list(map(names.index, tooltip)),
        "popup": list(map(names.index, popup)),
        "link": link and {"column": names.index(link[0]), "address": link[1]},
        "title": categories.title,
        "names": categories.names,
        "colors": categories.colors,
        "dark_colors": [ON_DARK.get(color.upper(), color) for color in categories.colors],
        "counts": categories.counts.tolist(),
        "note": located.note(),
        "left_off": _left_off(located, name),
        "left_off_count": len(located.kept) - len(rows),
        "cities": [(c.rank, c.name, c.longitude, c.latitude) for c in load_cities()],
        **shown,
    }
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    text += b" " * (-len(text) % 4)
    body = b"".join(
        data + b"\0" * (-len(data) % 4) for data in (array.tobytes() for array in arrays.values())
    )
    return gzip.compress(len(text).to_bytes(4, "little") + text + body, compresslevel=5, mtime=0)


def _left_off(located: LocatedFrame, name: str | None) -> list[tuple[str, str]]:
    """Names and reasons of the first rows that are not on the map."""
    rows = np.flatnonzero(~located.kept)[:MOST_LEFT_OFF]
    values = [] if name is None else located.frame[name].iloc[rows].tolist()
    labels = (
        [f"row {row + 1}" for row in rows]
        if name is None
        else [text_of(value) or "(no name)" for value in values]
    )
    return list(zip(labels, [REASONS[code] for code in located.verdict[rows]], strict=True))


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


def _column(values: pd.Series[Any], name: str) -> tuple[list[str], np.ndarray[Any, Any] | None]:
    """Texts of a column; values that repeat are written once, and there is a code for each row."""
    last = name.rsplit(".", 1)[-1]
    is_id = last == "id" or last.endswith(("_id", "number", "year"))
    texts = [text_of(value, is_id=is_id) for value in values.tolist()]
    codes, unique = pd.factorize(np.array(texts, dtype=object))
    return (texts, None) if len(unique) * 2 > len(texts) else (list(unique), codes.astype("<u4"))
