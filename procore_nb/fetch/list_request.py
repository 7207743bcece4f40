"""What is requested of one target, one page of it, and how its fetch went: plain values.

In: a path, parameters, and how the list pages. Out: values that say so. Pure.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from procore_nb.scalars import utc_text

_SIZE_PARAMETERS = {
    "page": "per_page",
    "cursor": "per_page",
    "offset": "page_size",
    "per_page_only": "per_page",
    "limit": "limit",
}


@dataclass(frozen=True)
class ListRequest:
    """One list of one target: path and parameters, and how the list pages.

    `key` is what the caller knows the request by, such as a project id. With `most_rows` the fetch ends once so many rows
    came, without a look at the rest.
    """

    path: str
    parameters: tuple[tuple[str, str], ...] = ()
    company_id: int | None = None
    paging: str = "page"
    per_page: int | None = None
    envelope: str = ""
    key: Hashable = None
    most_rows: int | None = None

    def page_parameters(
        self, number: int, *, per_page: int | None, cursor: str | None
    ) -> tuple[tuple[str, str], ...]:
        """Return the parameters that name one page, our own in front."""
        size = _SIZE_PARAMETERS.get(self.paging)
        sized = [(size, str(per_page))] if size and per_page is not None else []
        named: list[tuple[str, str]] = []
        if self.paging in ("cursor", "offset"):
            named = [("cursor" if self.paging == "cursor" else "page_start", cursor)] if cursor else []
        elif self.paging in ("page", "page0") or number > 1:  # documented without pages, yet there is more
            named = [("page", str(number))]
        return (*self.parameters, *named, *sized)


@dataclass(frozen=True)
class PageRequest:
    """One page to fetch: its number, the parameters that name it, and the attempt it belongs to."""

    request: ListRequest
    attempt: int
    number: int
    parameters: tuple[tuple[str, str], ...]


@dataclass
class PageStats:
    """How the fetch of one list went.

    `repeated` rows came on an earlier page and were left out. `attempts` counts how often the list was fetched from its
    start. `moved` says that rows came or went while it was read; `came` counts those found when pages were read again.
    `unreadable` characters of the bodies were guessed or lost. `more` says that a fetch that ended at `most_rows` may have
    left rows. `kept` pages came from the disk, where the oldest is of `kept_at`.
    """

    pages: int = 0
    rows: int = 0
    total: int | None = None
    repeated: int = 0
    attempts: int = 1
    moved: bool = False
    came: int = 0
    unreadable: int = 0
    more: bool = False
    kept: int = 0
    kept_at: float | None = None


def notes_of(stats: Sequence[PageStats]) -> dict[str, Any]:
    """Return what `attrs["procore"]` says of the fetch of some lists (`frame_info.KEYS`); empty where all went plainly."""
    notes: dict[str, Any] = {}
    repeated, again = sum(one.repeated for one in stats), sum(one.attempts > 1 for one in stats)
    if repeated or again:
        notes |= {"repeated": repeated, "restarted": again}
    moved = [one for one in stats if one.moved]
    if moved:
        counted = [(one.rows, one.total) for one in moved if one.total is not None]
        notes["changed_meanwhile"] = {
            "lists": len(moved),
            "came": sum(one.came for one in moved),
            "gone": sum(max(0, rows - total) for rows, total in counted),
            "unseen": sum(max(0, total - rows) for rows, total in counted),
        }
    kept = [one.kept_at for one in stats if one.kept_at is not None]
    if kept:
        notes["cached"] = {"responses": sum(one.kept for one in stats), "oldest": utc_text(min(kept))}
    unreadable = sum(one.unreadable for one in stats)
    return notes | ({"unreadable": unreadable} if unreadable else {})
