"""A list column as a tidy table of its own.

In: a frame, and the name of one of its list columns. Out: a frame with one row per element, tied to its parent
by id. Speaks to no service.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from procore_nb.call_errors import explain_calls
from procore_nb.catalog import Catalogue, Field
from procore_nb.errors import ArgumentError, CatalogError
from procore_nb.frame_info import describe
from procore_nb.frames.builder import FrameBuilder, found_endpoint
from procore_nb.frames.codec import DEFAULT_DECIMALS, Decimals
from procore_nb.frames.types import is_id
from procore_nb.scalars import is_missing

_OPAQUE = ("array", "array<object>", "array<unknown>", "array<array>")  # say nothing of bare elements
_VERSION = re.compile(r"(_v\d+_\d+|_by_query|_recycled|_grouped)+$")


@explain_calls()
def explode(frame: pd.DataFrame, column: str, *, catalogue: Catalogue | None = None) -> pd.DataFrame:
    """Return one row per element of a list column, with its parent's id.

    Parameters
    ----------
    frame
        A frame of ours, or any frame with a column of lists. It is not changed.
    column
        The list column, such as "departments" or "assignees".
    catalogue
        Where the frame's endpoint is looked up, such as `procore.catalogue`; without one, in the catalogue that comes
        with this package.

    Returns
    -------
    DataFrame
        First the parent's id, named after the frame's endpoint (`rfi_id`; `parent_id` where the endpoint is not
        known; `parent_row`, the position, where the frame has no `id`), then `project_id` if the frame has it,
        then `position` (order in the list, from 0), then the element's fields, typed as the fields of records are; bare elements
        are in `value`. A field that has one of these names carries the column's name before it. Order as in the
        frame. Rows without elements give no row; no rows mean that no list has an element.

    Raises
    ------
    ArgumentError
        If the frame has no such column, or it holds something other than lists.

    Examples
    --------
    >>> frame = pnb.to_frame([{"id": 1, "departments": [{"id": 7, "name": "Civil"}]}])
    >>> pnb.explode(frame, "departments")
       parent_id  position  id   name
    0          1         0   7  Civil
    """
    if column not in frame.columns:
        raise ArgumentError(
            f"The frame has no column {column!r}.", advice=f"It has {', '.join(frame.columns)}."
        )
    if frame.columns.tolist().count(column) > 1:
        raise ArgumentError(f"The frame has several columns {column!r}.")
    about = dict(frame.attrs.get("procore") or {})
    prefix = f"{about.get('exploded', '')}{column}[]"
    lists = _checked_lists(frame[column])
    decimals: Decimals = about.get("decimals", DEFAULT_DECIMALS)
    element = _element(about.get("endpoint"), prefix, catalogue)
    builder = FrameBuilder(element, bare="value", decimals=decimals)
    builder.add(chain.from_iterable(lists))
    tidy = builder.build()
    ties = _ties(frame, list(map(len, lists)))
    taken = {name: f"{column}.{name}" for name in tidy.columns if name in ties.columns}
    attrs = tidy.attrs["procore"] | {"endpoint": about.get("endpoint"), "exploded": f"{prefix}."}
    tidy = pd.concat([ties, tidy.rename(columns=taken)], axis=1)
    return describe(tidy, **attrs)


def _checked_lists(column: pd.Series[Any]) -> list[Any]:
    """The lists of a column, empty where it is missing."""
    lists = [[] if is_missing(value) else value for value in column.tolist()]
    for row, value in enumerate(lists):
        if not isinstance(value, list | tuple | np.ndarray):
            raise ArgumentError(
                f"Column {column.name!r} holds {type(value).__name__}, not lists (row {row}).",
                advice="Name a column whose values are lists.",
            )
    return lists


def _ties(frame: pd.DataFrame, lengths: list[int]) -> pd.DataFrame:
    """The columns that tie each element to its parent, with the parent's own dtypes."""
    owners = np.repeat(np.arange(len(lengths)), lengths)
    ties: dict[str, Any] = {}
    if "id" in frame.columns:
        ties[f"{row_name(frame) or 'parent'}_id"] = frame["id"].array.take(owners)
    else:
        ties["parent_row"] = pd.array(owners, "Int64")
    if "project_id" in frame.columns:
        ties["project_id"] = frame["project_id"].array.take(owners)
    ties["position"] = pd.array(list(chain.from_iterable(map(range, lengths))), "Int64")
    return pd.DataFrame(ties, copy=False)


def row_name(frame: pd.DataFrame, otherwise: str = "") -> str:
    """What a row is: `rfi` in a frame of rfis, `question` in a frame of their questions; by `otherwise` where unknown."""
    about = frame.attrs.get("procore") or {}
    inner = str(about.get("exploded") or "").removesuffix("[].").rpartition(".")[2]
    name = inner or _VERSION.sub("", str(about.get("endpoint") or ""))
    return _singular(name or otherwise.lower().replace(" ", "_"))


def _singular(name: str) -> str:
    if name.endswith("ies"):
        return f"{name[:-3]}y"
    if name.endswith(("sses", "xes", "ches", "shes", "statuses")):
        return name[:-2]
    return name if name.endswith(("ss", "us")) else name.removesuffix("s")


def _element(endpoint: Any, prefix: str, catalogue: Catalogue | None) -> Any:
    """What the endpoint declares about the elements of one list, as if they were its records."""
    known: Any = None
    if endpoint:
        with suppress(CatalogError):
            known = found_endpoint(endpoint, catalogue)
    fields = [] if known is None else list(known.fields)
    inner = [
        replace(field, name=field.name.removeprefix(f"{prefix}."), enum=())
        for field in fields
        if field.name.startswith(f"{prefix}.")
    ]
    return SimpleNamespace(
        name=None,
        fields=[*_bare_value(prefix, fields), *inner],
        version=getattr(known, "version", ""),
        module=getattr(known, "module", ""),
    )


def _bare_value(prefix: str, fields: list[Field]) -> list[Field]:
    """The field of bare elements, where the list is declared as a list of them or its name says so."""
    for field in fields:
        if field.name == prefix and field.type not in _OPAQUE:
            return [replace(field, name="value", type=field.type[6:-1], enum=())]
    bare = prefix.removesuffix("[]")
    return [Field("value", "integer")] if bare.endswith("ids") and is_id(_singular(bare)) else []
