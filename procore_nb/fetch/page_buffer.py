"""Pages in, in any order; rows out in the order of the pages, without those that came before. Pure.

In: pages by number. Out: lists of rows, and a count of what came twice.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import orjson

from procore_nb.fetch.list_request import PageStats
from procore_nb.responses import group_of


class PageBuffer:
    """The pages of one attempt at one list; rows are told apart `by_content` or by id, `grouped` ones may come in several groups."""

    def __init__(
        self, first: int, stats: PageStats, *, by_content: bool = False, grouped: bool = False
    ) -> None:
        self.came = 0  # how many rows came, with those that came twice
        self.ids_repeat = False
        self.unnamed = False  # whether a row came that has no id: such rows cannot be told apart
        self.not_unique = False  # whether one page brought an id twice
        self.same_pages: tuple[int, int] | None = None
        """Two pages that brought the same rows: the list ignores the number of the page."""
        self.fingerprint = 0  # equal for two attempts that brought the same ids in the same order
        self._stats = stats  # its `rows` and `repeated` are counted here
        self._by_content = by_content
        self._identity = _identity_in_group if grouped else _identity
        self._first = self._next = first
        self._pages: dict[int, tuple[list[Any], list[Hashable]]] = {}  # with the ids of the rows
        self._out: list[list[Any]] = []
        self._seen: set[Hashable] = set()
        self._ids: set[Hashable] = set()
        self._page_of: dict[int, int] = {}
        self._previous: list[Any] = []
        self._like_first = 0  # pages with the rows of the first one

    def put(
        self, number: int, rows: list[Any], *, in_turn: bool = False, moving: bool = False, pages: int = 1
    ) -> Sequence[Hashable]:
        """Take in one page, and return what its rows are told apart by; one with the rows of an earlier page is empty.

        Rows without an id may well repeat; they are compared only with the page before, and only where pages come
        `in_turn` because nothing says how many there are. In a list known to be `moving`, or of several `pages`, one may
        hold the rows of another because as many rows were inserted.
        """
        ids = [self._identity(row) for row in rows]
        unnamed = None in ids
        self.unnamed = self.unnamed or unnamed
        self.not_unique = self.not_unique or (not unnamed and len(set(ids)) < len(ids))
        earlier = number
        if rows and not unnamed:
            earlier = self._page_of.setdefault(hash(tuple(ids)), number)
        elif in_turn and rows and rows == self._previous:
            earlier = number - 1
        self._previous = rows if in_turn else []
        if (
            earlier != number
            and not moving
            and self._is_ignored(earlier, number, in_turn=in_turn, pages=pages)
        ):
            self.same_pages = (earlier, number)
            rows, ids = [], []
        names = self._names(rows, ids)
        self._pages[number] = rows, ids
        while self._next in self._pages:
            self._hand_out()
        return names

    def _is_ignored(self, one: int, two: int, *, in_turn: bool, pages: int) -> bool:
        """Return whether two equal pages mean that the list ignores the number: it sends the first page each time."""
        self._like_first += min(one, two) == self._first
        return in_turn or self._like_first > (pages > 2)

    def put_again(self, rows: list[Any]) -> tuple[Sequence[Hashable], int]:
        """Take in a page that is read once more; return what its rows are told apart by, and how many were new."""
        ids = [self._identity(row) for row in rows]
        names = self._names(rows, ids)
        fresh = [row for row, name in zip(rows, names, strict=True) if name not in self._seen]
        self._seen.update(names)
        self._stats.rows += len(fresh)
        if fresh:
            self._out.append(fresh)
        return names, len(fresh)

    def ready(self) -> list[list[Any]]:
        handed, self._out = self._out, []
        return handed

    def rest(self) -> list[list[Any]]:
        """Return whatever else came, also beyond a page that did not."""
        for number in sorted(self._pages):
            self._next = number
            self._hand_out()
        return self.ready()

    def _hand_out(self) -> None:
        rows = self._fresh(*self._pages.pop(self._next))
        self._next += 1
        self._stats.rows += len(rows)
        if rows:
            self._out.append(rows)

    def _fresh(self, rows: list[Any], ids: list[Hashable]) -> list[Any]:
        self.came += len(rows)
        self.fingerprint = hash((self.fingerprint, tuple(ids)))
        if self._by_content:
            self.ids_repeat = self.ids_repeat or not self._ids.isdisjoint(ids)
            self._ids.update(name for name in ids if name is not None)
        names = self._names(rows, ids)
        # What is the same within one page is two rows: no list that moves can make one response repeat itself.
        fresh = [row for row, name in zip(rows, names, strict=True) if name is None or name not in self._seen]
        self._seen.update(name for name in names if name is not None)
        self._stats.repeated += len(rows) - len(fresh)
        self.ids_repeat = self.ids_repeat or self._stats.repeated > 0
        return fresh

    def _names(self, rows: list[Any], ids: list[Hashable]) -> list[Hashable]:
        if not self._by_content:
            return ids
        return [None if name is None else content_of(row) for row, name in zip(rows, ids, strict=True)]


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


def _identity_in_group(row: Any) -> Hashable:
    name = _identity(row)
    return None if name is None else (name, group_of(row))
