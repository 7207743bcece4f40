"""What the columns of custom fields are called: by their label, which a company may change at any time.

In: names of columns by the key of their field (`custom_fields.custom_field_7`), as they were and as they came. Out: the names
they have from now on, and tables with these. Pure: speaks to no service.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa

from procore_nb.store.arrow_columns import EXACT

Names = dict[str, str]


def agreed(known: Mapping[str, str], come: Iterable[Mapping[str, str]]) -> Names:
    """The name of each field's column: as it came last, and as it is known where it came without a label."""
    names = dict(known)
    for one in come:
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
    whole = dict(names) | {EXACT + old: EXACT + new for old, new in names.items()}
    return table.rename_columns([whole.get(name, name) for name in table.column_names])
