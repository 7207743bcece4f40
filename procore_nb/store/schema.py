"""What the next state of a table looks like: its columns, its key, and which rows Procore says are deleted.

In: the present manifest, the plan, and what landed. Out: a manifest without parts; names of rows. Speaks to the file system
through `files`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from procore_nb.frames import FrameBuilder
from procore_nb.store.arrow_columns import Kinds, common, kinds_of
from procore_nb.store.data_files import places_of
from procore_nb.store.files import Files
from procore_nb.store.manifest import Manifest
from procore_nb.store.pii import personal_columns
from procore_nb.store.renames import renames
from procore_nb.store.staging import StagedRows, Staging, StagingPlan, read_staged


def settled_schema(endpoint: Any, manifest: Manifest, plan: StagingPlan, landed: StagedRows) -> Manifest:
    """The next manifest's columns and key."""
    others = renames(manifest.fields, landed.fields)
    columns = {others.get(name, name): kind for name, kind in manifest.columns.items()}
    columns = columns or _promised(endpoint, plan.place)
    for name, kind in landed.kinds.items():
        columns[name] = common(columns.get(name, kind), kind)
    if plan.drop_personal:
        columns = {name: kind for name, kind in columns.items() if name not in set(personal_columns(columns))}
    has_id = manifest.has_id if manifest.parts else "id" in columns
    key = tuple(name for name in (*plan.place, "id") if name in columns and (has_id or name != "id"))
    return replace(
        manifest,
        generation=manifest.generation + 1,
        place=plan.place,
        key=key,
        has_id=has_id,
        unique=(manifest.unique or plan.way == "whole") and (not has_id or _unique(landed)),
        columns=columns,
        exact=tuple(
            sorted({*(others.get(name, name) for name in manifest.exact), *landed.exact} & columns.keys())
        ),
        fields=landed.fields,
    )


def _promised(endpoint: Any, place: tuple[str, ...]) -> Kinds:
    """The columns of a list before a row of it has been seen."""
    builder = FrameBuilder(endpoint, leading=place)
    return kinds_of(builder.build(), endpoint)


def _unique(landed: StagedRows) -> bool:
    """Whether no two rows that landed have one key, and none lacks an id."""
    keys = landed.keys.select(landed.order)
    if keys.num_rows and keys.column("id").null_count:
        return False
    repeated = np.ones(max(0, keys.num_rows - 1), bool)
    for name in landed.order:
        column = keys.column(name)
        repeated &= pc.fill_null(pc.equal(column[1:], column[:-1]), False).to_numpy().astype(bool)
    return not repeated.any()


def known_gone(files: Files, landing: Staging, manifest: Manifest) -> Any:
    """What rows that Procore says are deleted are called: place and id as text."""
    names = []
    for path in landing.landed("bin"):
        rows = read_staged(files, path)
        if rows.num_rows and "id" in rows.column_names:
            names.append(row_names(rows, manifest.place))
    return pa.concat_arrays(names) if names else pa.array([], pa.string())


def row_names(rows: pa.Table, place: tuple[str, ...]) -> Any:
    """What rows are called: place and id as text."""
    ids = pc.cast(rows.column("id"), pa.string())
    ids = ids.combine_chunks() if isinstance(ids, pa.ChunkedArray) else ids
    return pc.binary_join_element_wise(places_of(rows, place), ids, "~")
