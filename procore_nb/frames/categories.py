"""Columns with a closed set of values as pandas categories, on request.

In: a frame and the fields of its endpoint. Out: a new frame. Speaks to no service.
"""

from __future__ import annotations

from typing import Any

import pandas as pd


def with_categories(frame: pd.DataFrame, endpoint: Any) -> pd.DataFrame:
    """Return the frame with each text column whose values Procore names as a category.

    Categories come in Procore's order; a value that it does not name is kept, after them.
    """
    named = {field.name: tuple(field.enum) for field in endpoint.fields if field.enum}
    columns = {
        name: _category(frame[name], named[name])
        for name in frame.columns
        if name in named and isinstance(frame[name].dtype, pd.StringDtype)
    }
    changed = frame.assign(**columns)
    changed.attrs = frame.attrs
    return changed


def _category(column: pd.Series[Any], named: tuple[str, ...]) -> pd.Series[Any]:
    others = [value for value in column.dropna().unique() if value not in named]
    return column.astype(pd.CategoricalDtype([*named, *others]))
