"""What is requested of one target, one page of it, and how its fetch went: plain values.

In: a path, parameters, and how the list pages. Out: values that say so. Pure.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

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

    `key` is what the caller knows the request by, such as a project id.
    """

    path: str
    parameters: tuple[tuple[str, str], ...] = ()
    company_id: int | None = None
    paging: str = "page"
    per_page: int | None = None
    envelope: str = ""
    key: Hashable = None

    @property
    def first_page(self) -> int:
        """The number of the first page."""
        return 0 if self.paging == "page0" else 1

    def page_parameters(
        self, number: int, *, per_page: int | None, cursor: str | None
    ) -> tuple[tuple[str, str], ...]:
        """Return the parameters that name one page, our own in front."""
        sized: list[tuple[str, str]] = []
        if per_page is not None and self.paging in _SIZE_PARAMETERS:
            sized = [(_SIZE_PARAMETERS[self.paging], str(per_page))]
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
    `unreadable` characters of the bodies were guessed or lost.
    """

    pages: int = 0
    rows: int = 0
    total: int | None = None
    repeated: int = 0
    attempts: int = 1
    moved: bool = False
    came: int = 0
    unreadable: int = 0
