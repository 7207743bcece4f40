"""What is requested of one target, one page of it, how its fetch went, and its rows in the order of the pages. Pure.

In: a path, parameters, how the list pages; then pages by number, in any order. Out: page requests, rows without those that came
before, counts.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from procore_nb.responses import group_of
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
    start. `moved` says that rows came or went while it was read; `late_rows` counts those found when pages were read again.
    `unreadable` characters of the bodies were guessed or lost. `may_have_more` says that a fetch that ended at `most_rows` may have
    left rows. `cached` pages came from the disk, where the oldest is of `cached_at`.
    """

    pages: int = 0
    rows: int = 0
    total: int | None = None
    repeated: int = 0
    attempts: int = 1
    moved: bool = False
    late_rows: int = 0
    unreadable: int = 0
    may_have_more: bool = False
    cached: int = 0
    cached_at: float | None = None


def notes_of(stats: Sequence[PageStats]) -> dict[str, Any]:
    """Return what `attrs["procore"]` says of the fetch of some lists (`frame_info.KEYS`); empty where all went plainly."""
    notes: dict[str, Any] = {}
    repeated, again = sum(each.repeated for each in stats), sum(each.attempts > 1 for each in stats)
    if repeated or again:
        notes |= {"repeated": repeated, "restarted": again}
    if moved := [each for each in stats if each.moved]:
        lacking = [each.total - each.rows for each in moved if each.total is not None]
        notes["changed_meanwhile"] = {
            "lists": len(moved),
            "came": sum(each.late_rows for each in moved),
            "gone": sum(max(0, -rows) for rows in lacking),
            "unseen": sum(max(0, rows) for rows in lacking),
        }
    if times := [each.cached_at for each in stats if each.cached_at is not None]:
        notes["cached"] = {"responses": sum(each.cached for each in stats), "oldest": utc_text(min(times))}
    if unreadable := sum(each.unreadable for each in stats):
        notes["unreadable"] = unreadable
    return notes


class PageBuffer:
    """The pages of one attempt at one list; rows are identified `by_content` or by id, `grouped` ones may come in several groups."""

    def __init__(
        self, first: int, stats: PageStats, *, by_content: bool = False, grouped: bool = False
    ) -> None:
        self.received = 0  # how many rows came, with those that came twice
        self.ids_repeat = False
        self.without_id = False  # whether a row came that has no id: such rows have no key
        self.not_unique = False  # whether one page brought an id twice
        self.identical_pages: tuple[int, int] | None = None
        """Two pages that brought the same rows: the list ignores the number of the page."""
        self.fingerprint = 0  # equal for two attempts that brought the same ids in the same order
        self._stats = stats  # its `rows` and `repeated` are counted here
        self._by_content, self._grouped = by_content, grouped
        self._first = self._next = first
        self._pages: dict[int, tuple[list[Any], list[Hashable], list[Hashable]]] = {}  # rows, ids, keys
        self._ready: list[list[Any]] = []
        self._seen: set[Hashable] = set()
        self._ids: set[Hashable] = set() if by_content else self._seen
        self._page_of: dict[int, int] = {}
        self._previous: list[Any] = []
        self._first_page_repeats = 0  # pages with the rows of the first one

    def add(
        self, number: int, rows: list[Any], *, in_turn: bool = False, moving: bool = False, pages: int = 1
    ) -> Sequence[Hashable]:
        """Take in one page, and return the keys of its rows; one with the rows of an earlier page is empty.

        Rows without an id may well repeat; they are compared only with the page before, and only where pages come
        `in_turn` because nothing says how many there are. In a list known to be `moving`, or of several `pages`, one may
        hold the rows of another because as many rows were inserted.
        """
        ids, keys = self._keys(rows)
        without_id = None in ids
        self.not_unique = self.not_unique or (not without_id and len(set(ids)) < len(ids))
        earlier = number
        if rows and not without_id:
            earlier = self._page_of.setdefault(hash(tuple(ids)), number)
        elif in_turn and rows and rows == self._previous:
            earlier = number - 1
        self._previous = rows if in_turn else []
        if earlier != number and not moving:
            # A list that ignores the number sends the first page each time.
            self._first_page_repeats += min(earlier, number) == self._first
            if in_turn or self._first_page_repeats > (pages > 2):
                self.identical_pages = (earlier, number)
                rows, ids, keys = [], [], []
        self._pages[number] = rows, ids, keys
        while self._next in self._pages:
            self._hand_out()
        return keys

    def add_again(self, rows: list[Any]) -> tuple[Sequence[Hashable], int]:
        """Take in a page that is read once more; return the keys of its rows, and how many were new."""
        _, keys = self._keys(rows)
        fresh = [row for row, key in zip(rows, keys, strict=True) if key not in self._seen]
        self._seen.update(keys)
        self._stats.rows += len(fresh)
        if fresh:
            self._ready.append(fresh)
        return keys, len(fresh)

    def ready(self) -> list[list[Any]]:
        """Return the rows of the pages that follow those handed out before, once."""
        handed, self._ready = self._ready, []
        return handed

    def rest(self) -> list[list[Any]]:
        """Return whatever else came, also beyond a page that did not."""
        for number in sorted(self._pages):
            self._next = number
            self._hand_out()
        return self.ready()

    def _hand_out(self) -> None:
        rows, ids, keys = self._pages.pop(self._next)
        self._next += 1
        self.received += len(rows)
        self.fingerprint = hash((self.fingerprint, tuple(ids)))
        self.ids_repeat = self.ids_repeat or not self._ids.isdisjoint(ids)
        # What is the same within one page is two rows: no list that moves can make one response repeat itself.
        fresh = [row for row, key in zip(rows, keys, strict=True) if key is None or key not in self._seen]
        for known, new in ((self._ids, ids), (self._seen, keys)):
            known.update(new)
            known.discard(None)
        self._stats.repeated += len(rows) - len(fresh)
        self._stats.rows += len(fresh)
        if fresh:
            self._ready.append(fresh)

    def _keys(self, rows: list[Any]) -> tuple[list[Hashable], list[Hashable]]:
        """Return the ids and keys of rows: None for a row without an id."""
        ids: list[Hashable] = [_identity(row) for row in rows]
        if self._grouped:
            ids = [
                name if name is None else (name, group_of(row)) for row, name in zip(rows, ids, strict=True)
            ]
        self.without_id = self.without_id or None in ids
        if not self._by_content:
            return ids, ids
        return ids, [name if name is None else content_of(row) for row, name in zip(rows, ids, strict=True)]


def content_of(row: Any) -> Hashable:
    """Return what is equal for two rows of equal content; None where a row is nested too deep to be compared."""
    try:
        return hash(orjson.dumps(row, option=orjson.OPT_SORT_KEYS))
    except TypeError:  # an integer past 64 bits, a Decimal, or many levels
        try:
            return hash(repr(row))
        except RecursionError:
            return None


def _identity(row: Any) -> int | str | None:
    name = row.get("id") if isinstance(row, dict) else row
    return name if isinstance(name, int | str) else None
