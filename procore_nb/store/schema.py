"""What the next state of a table looks like: its columns, its key, and which rows Procore says are deleted.

In: the present manifest, the plan, and what staged. Out: a manifest without parts; names of rows. Speaks to the file system
through `files`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from procore_nb.frames import FrameBuilder
from procore_nb.frames.codec import EXACT, LogicalTypes, common_type, logical_types
from procore_nb.store.manifest import DELETED_AT, FIRST_SEEN, VALID_FROM, VALID_TO, Manifest
from procore_nb.store.pii import personal_columns

if TYPE_CHECKING:
    from procore_nb.store.staging import StagedRows, StagingPlan

Names = dict[str, str]


def next_schema(endpoint: Any, manifest: Manifest, plan: StagingPlan, staged: StagedRows) -> Manifest:
    """The next manifest's columns and key."""
    others = renames(manifest.fields, staged.fields)
    columns = {others.get(name, name): kind for name, kind in manifest.columns.items()}
    columns = columns or _promised(endpoint, plan.place)
    for name, kind in staged.kinds.items():
        columns[name] = common_type(columns.get(name, kind), kind)
    if plan.drop_personal:
        columns = {name: kind for name, kind in columns.items() if name not in set(personal_columns(columns))}
    exact = {*(others.get(name, name) for name in manifest.exact), *staged.exact} & columns.keys()
    known = {others.get(name, name): alias for name, alias in manifest.aliases.items()}
    has_id = manifest.has_id if manifest.parts else "id" in columns
    key = tuple(name for name in (*plan.place, "id") if name in columns and (has_id or name != "id"))
    return replace(
        manifest,
        place=plan.place,
        key=key,
        has_id=has_id,
        unique=(manifest.unique or plan.mode == "full") and (not has_id or _unique(staged)),
        columns=columns,
        exact=tuple(sorted(exact)),
        aliases=safe_names([*columns, *(EXACT + name for name in exact)], known)
        if manifest.safe_names
        else {},
        fields=staged.fields,
    )


def safe_names(names: Iterable[str], known: Mapping[str, str]) -> Names:
    """Names that every engine takes unquoted, for those columns that have another one; `known` ones stay.

    Small letters, digits and underscores, no digit first, no two alike in any case, at most 63 bytes (PostgreSQL's limit).
    """
    found = {name: known[name] for name in names if name in known}
    taken = {*found.values(), FIRST_SEEN, VALID_FROM, VALID_TO, DELETED_AT}
    for name in sorted((one for one in names if one not in known), key=lambda one: one != _safe(one)):
        alias, count = _safe(name), 1
        while alias in taken:
            count += 1
            alias = _safe(name, f"_{count}")
        taken.add(alias)
        found[name] = alias
    return {name: alias for name, alias in found.items() if name != alias}


def _safe(name: str, tail: str = "") -> str:
    words = re.sub(r"[\W_]+", "_", unicodedata.normalize("NFKC", name).lower()).rstrip("_") or "column"
    words = f"_{words}" if words[0].isdigit() else words
    return words.encode()[: 63 - len(tail)].decode(errors="ignore") + tail


def _promised(endpoint: Any, place: tuple[str, ...]) -> LogicalTypes:
    """The columns of a list before a row of it has been seen."""
    builder = FrameBuilder(endpoint, leading=place, decimals="exact")
    return logical_types(builder.build(), endpoint)


def _unique(staged: StagedRows) -> bool:
    """Whether no two staged rows have one key, and none lacks an id."""
    keys = staged.keys.select(staged.order)
    if keys.num_rows and keys.column("id").null_count:
        return False
    repeated = np.ones(max(0, keys.num_rows - 1), bool)
    for name in staged.order:
        column = keys.column(name)
        repeated &= pc.fill_null(pc.equal(column[1:], column[:-1]), False).to_numpy().astype(bool)
    return not repeated.any()


def agreed(known: Mapping[str, str], incoming: Iterable[Mapping[str, str]]) -> Names:
    """The name of each field's column: as it came last, and as it is known where it came without a label."""
    names = dict(known)
    for one in incoming:
        labelled = {key: name for key, name in one.items() if key not in names or name != key}
        taken = set(labelled.values())
        for key, name in names.items():
            if name in taken and key not in labelled:
                names[key] = key  # its label is another field's now: it waits for its own
        names |= labelled
    return names


def renames(before: Mapping[str, str], after: Mapping[str, str]) -> Names:
    """The new name of each column that has another one now."""
    return {name: after[key] for key, name in before.items() if after.get(key, name) != name}


def renamed(table: pa.Table, names: Mapping[str, str]) -> pa.Table:
    """The table with new names for some of its columns."""
    if not names:
        return table
    all_names = dict(names) | {EXACT + old: EXACT + new for old, new in names.items()}
    return table.rename_columns([all_names.get(name, name) for name in table.column_names])
