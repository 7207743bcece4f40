"""Pages in, in any order; rows out in the order of the pages, without those that came on an earlier page. Pure.

In: pages by number. Out: lists of rows, and a count of what came twice.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import orjson

from procore_nb.responses import group_of


class PageBuffer:
    """The pages of one walk of one list.

    Parameters
    ----------
    first
        The number of the first page.
    by_content
        Whether a row counts as one that came before only when all of it did, not its id alone.
    grouped
        Whether rows come in groups: one record may then come in several of them.
    """

    def __init__(self, first: int, *, by_content: bool = False, grouped: bool = False) -> None:
        self.came = 0
        """How many rows came, with those that came twice."""
        self.rows = 0
        self.repeated = 0
        """How many rows were left out, as they had come on an earlier page."""
        self.ids_repeat = False
        self.same_pages: tuple[int, int] | None = None
        """Two pages that brought the same rows: the list passes over the number of the page."""
        self.fingerprint = 0
        """Equal for two attempts that brought the same ids in the same order."""
        self._by_content = by_content
        self._identity = _identity_in_group if grouped else _identity
        self._next = first
        self._pages: dict[int, tuple[list[Any], list[Hashable]]] = {}  # with the ids of the rows
        self._out: list[list[Any]] = []
        self._seen: set[Hashable] = set()
        self._ids: set[Hashable] = set()
        self._page_of: dict[int, int] = {}
        self._previous: list[Any] = []

    def put(self, number: int, rows: list[Any], *, in_turn: bool = False) -> None:
        """Take in one page; one with the rows of an earlier page counts as empty.

        Rows without an id may well repeat; they are compared only with the page before, and only where pages come
        `in_turn` because nothing tells how many there are.
        """
        ids: list[Hashable] = [self._identity(row) for row in rows]
        if rows and None not in ids:
            earlier = self._page_of.setdefault(hash(tuple(ids)), number)
        else:
            earlier = number - 1 if in_turn and rows and rows == self._previous else number
        self._previous = rows if in_turn else []
        if earlier != number:
            self.same_pages = (earlier, number)
            rows, ids = [], []
        self._pages[number] = rows, ids
        while self._next in self._pages:
            self._hand_out()

    def ready(self) -> list[list[Any]]:
        """Return the pages of rows that can be handed out since the last call."""
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
        self.rows += len(rows)
        if rows:
            self._out.append(rows)

    def _fresh(self, rows: list[Any], ids: list[Hashable]) -> list[Any]:
        self.came += len(rows)
        self.fingerprint = hash((self.fingerprint, tuple(ids)))
        names = ids
        if self._by_content:
            self.ids_repeat = self.ids_repeat or not self._ids.isdisjoint(ids)
            self._ids.update(name for name in ids if name is not None)
            names = [None if name is None else _digest(row) for row, name in zip(rows, ids, strict=True)]
        fresh = [row for row, name in zip(rows, names, strict=True) if name is None or name not in self._seen]
        self._seen.update(name for name in names if name is not None)
        self.repeated += len(rows) - len(fresh)
        self.ids_repeat = self.ids_repeat or self.repeated > 0
        return fresh


def _identity(row: Any) -> int | str | None:
    name = row.get("id") if isinstance(row, dict) else row
    return name if isinstance(name, int | str) else None


def _identity_in_group(row: Any) -> Hashable:
    name = _identity(row)
    return None if name is None else (name, group_of(row))


def _digest(row: Any) -> int:
    return hash(orjson.dumps(row, option=orjson.OPT_SORT_KEYS))
