"""What is asked of one place, one page of it, and what its walk amounted to: plain values.

In: a path, parameters, and how the list pages. Out: values that say so. Pure.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(frozen=True)
class ListRequest:
    """One list asked of one place: path and parameters, and how the list pages.

    `key` is what the caller knows the question by, such as a project id.
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
        size = [] if per_page is None else [str(per_page)]
        keys = {
            "page": "per_page",
            "cursor": "per_page",
            "offset": "page_size",
            "per_page_only": "per_page",
            "limit": "limit",
        }
        sized = [(keys[self.paging], value) for value in size] if self.paging in keys else []
        named: list[tuple[str, str]] = []
        if self.paging in ("cursor", "offset"):
            named = [("cursor" if self.paging == "cursor" else "page_start", cursor)] if cursor else []
        elif self.paging in ("page", "page0") or number > 1:  # else said not to page, yet there is more
            named = [("page", str(number))]
        return (*self.parameters, *named, *sized)


@dataclass(frozen=True)
class PageRequest:
    """One page to ask for: its place in the walk, and the parameters that name it."""

    question: ListRequest
    walk: int
    number: int
    parameters: tuple[tuple[str, str], ...]


@dataclass
class PageStats:
    """What the walk of one question has to say about itself."""

    pages: int = 0
    rows: int = 0
    total: int | None = None
    repeated: int = 0
    attempts: int = 1
