"""The names that columns get, no two alike.

In: paths in order, and labels of custom fields. Out: one name per path. Speaks to no service.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from procore_nb.frames.flatten import CUSTOM_KEY
from procore_nb.frames.types import Path


def column_names(
    paths: Sequence[Path], declared: Collection[Path], labels: Mapping[int, str]
) -> dict[Path, str]:
    """A name for each path, in the order of the paths.

    Where two paths want one name, the declared one keeps it, then the more deeply nested; a literal key with a
    dot in it steps aside and becomes `company.id (2)`.
    """
    names: dict[Path, str] = {}
    taken: set[str] = set()
    for path in sorted(paths, key=lambda one: (one not in declared, -len(one))):
        wanted = dotted(path, labels)
        name, count = wanted, 1
        while name in taken:
            count += 1
            name = f"{wanted} ({count})"
        taken.add(name)
        names[path] = name
    return {path: names[path] for path in paths}


def dotted(path: Path, labels: Mapping[int, str]) -> str:
    """The path with dots, custom fields by label; a label that several fields share carries the id.

    A custom field on the row itself (submittals v2) is named as in other lists.
    """
    on_the_row = len(path) <= 2 and CUSTOM_KEY.fullmatch(str(path[0]))
    whole = ("custom_fields", *path) if on_the_row else path
    return ".".join(_part(str(part), labels) for part in whole)


def _part(part: str, labels: Mapping[int, str]) -> str:
    number = CUSTOM_KEY.fullmatch(part)
    if not number or int(number[1]) not in labels:
        return part
    label = labels[int(number[1])]
    shared = list(labels.values()).count(label) > 1
    return f"{label} ({number[1]})" if shared else label
