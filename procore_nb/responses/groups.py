"""Lists whose rows come in groups, such as meetings: `[{group_title, meetings: [...]}]`. Pure.

In: the elements of a reply and the key that holds their rows. Out: the rows, each with what its group says of itself.
"""

from __future__ import annotations

from typing import Any

PREFIX = "group_"
"""How the columns begin that describe the group a row came in."""

_ABOUT_PAGES = frozenset({"possible_pages", "current_page"})


def split_envelope(envelope: str) -> tuple[str, str]:
    """Where the list is, and the key of each element that holds the rows: `data[].lists` is `data` and `lists`."""
    outer, _, inside = envelope.partition("[].")
    return outer, inside


def flatten_groups(elements: list[Any], inside: str) -> list[Any]:
    """The rows of all groups in order; a group without rows gives none, an element that is no group is a row itself."""
    rows: list[Any] = []
    for element in elements:
        if not isinstance(element, dict) or inside not in element:
            rows.append(element)
            continue
        held = element[inside]
        about = _about(element, inside)
        for row in held if isinstance(held, list) else [] if held is None else [held]:
            rows.append({**about, **row} if isinstance(row, dict) else row)
    return rows


def group_of(row: Any) -> str:
    """Text that is the same for the rows of one group, so that one record may come in several groups."""
    return (
        repr({key: value for key, value in row.items() if key.startswith(PREFIX)})
        if isinstance(row, dict)
        else ""
    )


def _about(group: dict[str, Any], inside: str) -> dict[str, Any]:
    """What a group says of itself, under names that no row has: `group_title`, `group_name`."""
    return {
        key if key.startswith(PREFIX) else PREFIX + key: value
        for key, value in group.items()
        if key != inside and key not in _ABOUT_PAGES
    }
