"""Frames from frames: a list column as a tidy table of its own, and times on the clocks of each row's project.

In: a frame, and the name of one of its list columns, or the projects. Out: a frame with one row per element, tied to its parent
by id; or the same frame with local times beside those in UTC. Speaks to no service.
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
from procore_nb.errors import ArgumentError, CatalogError, warn
from procore_nb.frame_info import describe
from procore_nb.frames.builder import FrameBuilder, found_endpoint
from procore_nb.frames.codec import DEFAULT_DECIMALS
from procore_nb.frames.types import is_id
from procore_nb.scalars import is_missing, wall_times, zone

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
        Where the frame's endpoint is looked up, such as `procore.catalogue`. None: in this package's own.

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
    info = dict(frame.attrs.get("procore") or {})
    prefix = f"{info.get('exploded', '')}{column}[]"
    lists = [[] if is_missing(value) else value for value in frame[column].tolist()]
    for row, value in enumerate(lists):
        if not isinstance(value, list | tuple | np.ndarray):
            raise ArgumentError(
                f"Column {column!r} holds {type(value).__name__}, not lists (row {row}).",
                advice="Name a column whose values are lists.",
            )
    element = _element(info.get("endpoint"), prefix, catalogue)
    builder = FrameBuilder(element, bare="value", decimals=info.get("decimals", DEFAULT_DECIMALS))
    builder.add(chain.from_iterable(lists))
    tidy = builder.build()
    parents = _parent_columns(frame, list(map(len, lists)))
    renamed = {name: f"{column}.{name}" for name in tidy.columns if name in parents.columns}
    attrs = tidy.attrs["procore"] | {"endpoint": info.get("endpoint"), "exploded": f"{prefix}."}
    return describe(pd.concat([parents, tidy.rename(columns=renamed)], axis=1), **attrs)


def _parent_columns(frame: pd.DataFrame, lengths: list[int]) -> pd.DataFrame:
    """The columns that tie each element to its parent, with the parent's own dtypes."""
    rows = np.repeat(np.arange(len(lengths)), lengths)
    columns: dict[str, Any] = {}
    if "id" in frame.columns:
        columns[f"{row_name(frame) or 'parent'}_id"] = frame["id"].array.take(rows)
    else:
        columns["parent_row"] = pd.array(rows, "Int64")
    if "project_id" in frame.columns:
        columns["project_id"] = frame["project_id"].array.take(rows)
    columns["position"] = pd.array(list(chain.from_iterable(map(range, lengths))), "Int64")
    return pd.DataFrame(columns, copy=False)


def row_name(frame: pd.DataFrame, default: str = "") -> str:
    """What a row is: `rfi` in a frame of rfis, `question` in a frame of their questions; by `default` where unknown."""
    info = frame.attrs.get("procore") or {}
    inner = str(info.get("exploded") or "").removesuffix("[].").rpartition(".")[2]
    name = inner or _VERSION.sub("", str(info.get("endpoint") or ""))
    return _singular(name or default.lower().replace(" ", "_"))


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
    declared: list[Field] = [] if known is None else list(known.fields)
    bare = prefix.removesuffix("[]")
    types = [field.type for field in declared if field.name == prefix and field.type not in _OPAQUE]
    # Bare elements, where the list is declared as a list of them or its name says so.
    fields = [Field("value", "integer")] if bare.endswith("ids") and is_id(_singular(bare)) else []
    if types:
        fields = [Field("value", types[0].removeprefix("array<").removesuffix(">"))]
    fields += [
        replace(field, name=field.name.removeprefix(f"{prefix}."), enum=())
        for field in declared
        if field.name.startswith(f"{prefix}.")
    ]
    version, module = getattr(known, "version", ""), getattr(known, "module", "")
    return SimpleNamespace(name=None, fields=fields, version=version, module=module)


@explain_calls(
    projects='Write local_times(frame, procore.projects(status="All")): the projects\' time_zone is needed.'
)
def local_times(frame: pd.DataFrame, projects: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with each UTC time also as the clocks of its project show it.

    Parameters
    ----------
    frame
        A frame with `project_id` (`project.id`), or of the projects themselves. It is not changed.
    projects
        A frame with `id` and `time_zone`, such as `procore.projects(status="All")`.

    Returns
    -------
    DataFrame
        The same rows. After each column of times with a zone comes `<name>_local`: datetime64 without zone, since the zone
        differs from row to row. UTC, with a warning, where the project or its time zone is not known.

    Raises
    ------
    ArgumentError
        If no column names the project, `projects` has no `id` and `time_zone`, or a `<name>_local` is there already.

    Examples
    --------
    >>> projects = pnb.to_frame([{"id": 7, "time_zone": "Pacific Time (US & Canada)"}])
    >>> rfis = pnb.to_frame([{"project_id": 7, "created_at": "2026-07-01T05:30:00Z"}])
    >>> pnb.local_times(rfis, projects)["created_at_local"].tolist()
    [Timestamp('2026-06-30 22:30:00')]
    """
    for value, columns in ((frame, ()), (projects, ("id", "time_zone"))):
        if not isinstance(value, pd.DataFrame) or not {*columns} <= {*value.columns}:
            raise ArgumentError(
                "local_times takes a frame, and the projects with id and time_zone.",
                advice='local_times(frame, procore.projects(status="All"))',
            )
    key = next((name for name in ("project_id", "project.id") if name in frame.columns), None)
    if key is None and {"id", "time_zone"} <= {*frame.columns}:
        key = "id"
    if key is None:
        raise ArgumentError(
            "No column of the frame names the project.",
            advice="Fetch it with projects=…, which adds project_id, or join project_id to it.",
        )
    times = [at for at, dtype in enumerate(frame.dtypes) if isinstance(dtype, pd.DatetimeTZDtype)]
    names = {at: f"{frame.columns[at]}_local" for at in times}
    taken = [name for name in names.values() if name in frame.columns]
    if taken:
        raise ArgumentError(f"The frame has a column {taken[0]!r} already.", advice="Drop it first.")
    zones = _zones(frame[key], projects)
    local = frame.copy(deep=False)
    for at in reversed(times):
        local.insert(at + 1, names[at], wall_times(frame.iloc[:, at], zones))
    return local


def _zones(ids: Any, projects: pd.DataFrame) -> Any:
    """The name of each row's time zone; a warning says of how many rows none is known, and why."""
    ids = _id_texts(ids)
    names = dict(zip(_id_texts(projects["id"]), projects["time_zone"], strict=True))
    zones = ids.map(names).astype("string")
    is_project = ids.isin(list(names))
    unknown = zones.isin([name for name in zones.dropna().unique() if zone(name) is None])
    reasons = {
        "no such project was given": ~is_project,
        "the project has no time zone": is_project & zones.isna(),
        f"nobody knows {', '.join(map(repr, zones[unknown].unique()))}": unknown,
    }
    counts = [f"{int(rows.sum()):,} rows ({reason})" for reason, rows in reasons.items() if rows.any()]
    if counts:
        warn(f"Local times are UTC where the time zone is not known: {', '.join(counts)}.")
    return zones


def _id_texts(ids: Any) -> Any:
    """Ids as text; those that a merge or a file of another program made floats are whole numbers."""
    if pd.api.types.is_float_dtype(ids):
        ids = ids.where(ids.abs() < 2**53).round().astype("Int64")
    return ids.astype("string")
