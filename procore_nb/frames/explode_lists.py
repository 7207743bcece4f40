"""A list column as a tidy table of its own.

In: a frame, and the name of one of its list columns. Out: a frame with one row per element, tied to its parent
by id. Speaks to no service.
"""

from __future__ import annotations

import re
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from procore_nb.call_errors import explain_calls
from procore_nb.catalog import Catalogue
from procore_nb.errors import ArgumentError, CatalogError
from procore_nb.frame_info import describe
from procore_nb.frames.builder import FrameBuilder, found_endpoint
from procore_nb.frames.codec import DEFAULT_DECIMALS, Decimals
from procore_nb.frames.types import is_id
from procore_nb.scalars import is_missing

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
    >>> import procore_nb as pnb
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
    elements, owners, positions = _elements(frame[column])
    decimals: Decimals = about.get("decimals", DEFAULT_DECIMALS)
    element = _element(about.get("endpoint"), prefix, catalogue)
    builder = FrameBuilder(element, bare="value", decimals=decimals)
    builder.add(elements)
    tidy = builder.build()
    ties = _ties(frame, f"{row_name(frame) or 'parent'}_id", owners, positions)
    taken = {name: f"{column}.{name}" for name in tidy.columns if name in ties.columns}
    attrs = tidy.attrs["procore"] | {"endpoint": about.get("endpoint"), "exploded": f"{prefix}."}
    tidy = pd.concat([ties, tidy.rename(columns=taken)], axis=1)
    return describe(tidy, **attrs)


def _elements(lists: pd.Series[Any]) -> tuple[list[Any], list[int], list[int]]:
    """All elements, each with the row of its owner and its position in the list."""
    elements: list[Any] = []
    owners: list[int] = []
    positions: list[int] = []
    for row, values in enumerate(lists.tolist()):
        if isinstance(values, list | tuple | np.ndarray):
            elements.extend(values)
            owners.extend([row] * len(values))
            positions.extend(range(len(values)))
        elif not is_missing(values):
            raise ArgumentError(
                f"Column {lists.name!r} holds {type(values).__name__}, not lists (row {row}).",
                advice="Name a column whose values are lists.",
            )
    return elements, owners, positions


def _ties(frame: pd.DataFrame, name: str, owners: list[int], positions: list[int]) -> pd.DataFrame:
    """The columns that tie each element to its parent, with the parent's own dtypes."""
    ties: dict[str, Any] = {}
    if "id" in frame.columns:
        ties[name] = frame["id"].array.take(owners)
    else:
        ties["parent_row"] = pd.array(owners, "Int64")
    if "project_id" in frame.columns:
        ties["project_id"] = frame["project_id"].array.take(owners)
    ties["position"] = pd.array(positions, "Int64")
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
        SimpleNamespace(
            name=field.name.removeprefix(f"{prefix}."), type=field.type, format=field.format, enum=""
        )
        for field in fields
        if field.name.startswith(f"{prefix}.")
    ]
    value = _bare_value(prefix, fields)
    return SimpleNamespace(
        name=None,
        fields=[*value, *inner],
        id_type=getattr(known, "id_type", ""),
        version=getattr(known, "version", ""),
        module=getattr(known, "module", ""),
    )


def _bare_value(prefix: str, fields: list[Any]) -> list[Any]:
    """The field of bare elements, where the list is declared as a list of them or its name says so."""
    name = _singular(prefix.removesuffix("[]"))
    for field in fields:
        if field.name == prefix and field.type not in (
            "array",
            "array<object>",
            "array<unknown>",
            "array<array>",
        ):
            bare = field.type.removeprefix("array<").removesuffix(">")
            return [SimpleNamespace(name="value", type=bare, format=field.format, enum="")]
    if prefix.removesuffix("[]").endswith("ids") and is_id(name):
        return [SimpleNamespace(name="value", type="integer", format="", enum="")]
    return []
