"""What the next state of a table looks like: its columns, its key, and which rows Procore says are deleted.

In: the present manifest, the plan, and what staged. Out: a manifest without parts; names of rows. Speaks to the file system
through `files`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import chain, count
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from procore_nb.frames import FrameBuilder
from procore_nb.frames.codec import EXACT, common_type, logical_types
from procore_nb.store.manifest import DELETED_AT, FIRST_SEEN, VALID_FROM, VALID_TO, Manifest
from procore_nb.store.pii import personal_columns

if TYPE_CHECKING:
    from procore_nb.store.staging import StagedRows, StagingPlan

Names = dict[str, str]


def next_schema(endpoint: Any, manifest: Manifest, plan: StagingPlan, staged: StagedRows) -> Manifest:
    """The next manifest's columns and key."""
    others = renames(manifest.fields, staged.fields)
    columns = {others.get(name, name): kind for name, kind in manifest.columns.items()}
    if not columns:  # those of a list before a row of it has been seen
        columns = logical_types(
            FrameBuilder(endpoint, leading=plan.place, decimals="exact").build(), endpoint
        )
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
        further = (_safe(name, f"_{number}") for number in count(2))
        found[name] = next(one for one in chain([_safe(name)], further) if one not in taken)
        taken.add(found[name])
    return {name: alias for name, alias in found.items() if name != alias}


def _safe(name: str, tail: str = "") -> str:
    words = re.sub(r"[\W_]+", "_", unicodedata.normalize("NFKC", name).lower()).rstrip("_") or "column"
    words = f"_{words}" if words[0].isdigit() else words
    return words.encode()[: 63 - len(tail)].decode(errors="ignore") + tail


def _unique(staged: StagedRows) -> bool:
    """Whether no two staged rows have one key, and none lacks an id."""
    keys = staged.keys.select(staged.order)
    distinct = keys.group_by(staged.order).aggregate([])
    return not keys.num_rows or (not keys.column("id").null_count and distinct.num_rows == keys.num_rows)


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
