"""Proof that pages read at different moments leave out no row, and which page to read again where it is missing. Pure.

In: what tells the rows of each page apart, in order, and the moment. Out: a page number, or None where nothing is missing.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise

_HEAD_ROUNDS = 3  # through the first pages, until they bring nothing new
_TRIES = 6  # readings of the two pages beside a gap, before all pages are read again
_SWEEPS = 4  # through all pages
_BUSY = 3  # changes seen while pages were read again; then equal pages must be seen more often


@dataclass(frozen=True, slots=True)
class Reading:
    """One page as it was at one moment.

    `names` tell its rows apart. `turn` is 0 for pages that were read side by side, then 1, 2, 3 … for those read one after
    the other. `is_end` says that nothing came after it at that moment.
    """

    number: int
    names: Sequence[Hashable]
    total: int | None
    turn: int
    is_end: bool


class Continuity:
    """Proof that pages read at different moments leave out no row that was there all the time.

    A page is a stretch of the list without a gap, as it was at one moment. Where two pages share a row at the edge at which
    they meet, nothing that stayed in the list can be missing between them: it would stand in one of the two. So a chain of
    pages from the head to the end, each sharing a row with the next, holds every row that was there from start to end,
    wherever rows came and went meanwhile. Pages of a list that stood still share no row; there the next two rules serve.
    """

    def __init__(self, first: int) -> None:
        self._first = first
        self._readings: dict[int, list[Reading]] = {}
        self._page = first  # up to here nothing is missing
        self._chain: list[Reading] = []  # readings of that page that hang together with the head
        self.one_way = 0
        """1 where rows were only inserted, -1 where rows were only deleted, 0 where neither is certain."""
        self._inserted = self._deleted = False  # seen in pages that were read again
        self._drift = 1  # the way rows moved last: 1 to later pages, -1 to earlier ones
        self._changes = 0  # seen while pages were read again
        self._tries: dict[int, int] = {}  # readings for each gap
        self._sweep: list[int] = []  # pages that are read again in this order
        self._sweeps = 0
        self._head: int | None = None  # read again until nothing on it is new
        self._head_new = self._head_rounds = 0
        self._tail: int | None = None
        self._tail_read = False

    def add(self, reading: Reading) -> None:
        self._readings.setdefault(reading.number, []).append(reading)

    def begin(self) -> None:
        """Decide, from the pages read so far, how the list moves; called before the first page is read again."""
        self._judge()
        first, *_, last = [self._readings[self._first][0], self._newest()]
        if first.total is not None and last.total is not None and first.total != last.total:
            self._drift = 1 if last.total > first.total else -1
        else:
            self._drift = 1 if self.shared_edges() else -1

    def add_again(self, reading: Reading, new_rows: int) -> None:
        """Take in a page that was read again, with the number of its rows that had not come before."""
        before, newest = self.latest(reading.number), self._newest()
        if before is not None:
            self._compare(before, reading)
        if newest.turn and None is not newest.total != reading.total is not None:
            self._changes += 1
            self._inserted, self._deleted = (
                self._inserted or reading.total > newest.total,
                self._deleted or reading.total < newest.total,
            )
        self.add(reading)
        if reading.number == self._tail:
            self._tail = None if reading.is_end else reading.number + 1
        elif reading.number == self._head:
            self._inserted = self._inserted or new_rows > 0
            self._head_new += new_rows
            if new_rows:
                self._head = reading.number + 1
            else:
                self._head_rounds += 1
                self._head = self._first if self._head_new and self._head_rounds < _HEAD_ROUNDS else None
                self._head_new = 0
        one_way = self.one_way
        self._judge()
        if (one_way and not self.one_way) or reading.number < self._page:
            # Rows moved both ways after all, or there may be another chain.
            self._page, self._chain = self._first, []

    def next_page(self, rows: int) -> int | None:
        """Return the page to read next, with so many rows in hand; None where nothing is missing, or all was tried.

        First whatever may be missing between two pages; then the head, where new rows mostly come, until it brings nothing
        new; then the end, and everything once more, where rows are still missing from the total.
        """
        if self._sweep:
            return self._sweep.pop(0)
        gap = self.gap()
        if gap is not None:
            return self._page_for(gap)
        if self._head is None and not self._head_rounds:
            self._head = self._first
        if self._head is not None:
            return self._head
        total = self._newest().total
        if total is None:
            return None
        if rows < total and not self._tail_read:
            self._tail_read, self._tail = True, max(self._readings)
        if self._tail is not None:
            return self._tail
        if (self.one_way > 0 and rows > total) or (self.one_way < 0 and rows < total):
            self._inserted = self._deleted = True  # rows moved both ways after all
            self._judge()
            self._page, self._chain = self._first, []
            return self.next_page(rows)
        if not self.one_way and rows < total and self._sweeps < _SWEEPS:
            self._begin_sweep()
            return self._sweep.pop(0)
        return None

    def _page_for(self, gap: int) -> int | None:
        """Return the page whose reading may close a gap."""
        if gap + 1 not in self._readings:
            return gap + 1
        if self.one_way:
            # Where rows were only inserted each page must have been read after the one before it, where they were only
            # deleted before it; a page that was not is read again.
            pairs = {number: (self.latest(number), self.latest(number + 1)) for number in self._readings}
            turned = [
                number for number, (one, two) in pairs.items() if one and two and not self._in_order(one, two)
            ]
            if self.one_way > 0 and (later := [number for number in turned if number >= gap]):
                return min(later) + 1
            if self.one_way < 0 and (earlier := [number for number in turned if number <= gap]):
                return max(earlier)
        self._tries[gap] = self._tries.get(gap, 0) + 1
        if self._tries[gap] > _TRIES or self.one_way or (self._drift < 0 and not self._sweeps):
            if self._sweeps >= _SWEEPS:
                return None
            self._begin_sweep()
            return self._sweep.pop(0)
        one, two = ((-1 if (found := self.latest(each)) is None else found.turn) for each in (gap, gap + 1))
        return gap if one <= two else gap + 1

    def _begin_sweep(self) -> None:
        """Read all pages again, one after the other: forward where rows are pushed back, backward where they move up."""
        self._sweeps += 1
        self._tries.clear()
        last = max((number for number, each in self._readings.items() if each[-1].names), default=self._first)
        self._sweep = list(range(self._first, last + 1))[:: self._drift]

    def _newest(self) -> Reading:
        return max((one for each in self._readings.values() for one in each), key=lambda one: one.turn)

    @property
    def last_with_rows(self) -> int:
        """The number of the last page that brought rows."""
        return max((number for number, each in self._readings.items() if each[0].names), default=self._first)

    def latest(self, number: int) -> Reading | None:
        """Return the page as it was read last; None where it never was."""
        found = self._readings.get(number)
        return found[-1] if found else None

    def shared_edges(self) -> int:
        """Return how many rows pages share with the page before, as those of a list do that moved by a few rows."""
        pages = sorted(self._readings)
        pairs = pairwise(pages)
        return sum(_shared(self._readings[one][0], self._readings[next_one][0]) for one, next_one in pairs)

    def gap(self) -> int | None:
        """Return the page after which rows may be missing; None where none are missing up to the end."""
        while True:
            here = self._readings.get(self._page, [])
            self._chain = here if self._page == self._first else self._grown(self._chain, here)
            if any(self._ends(one) for one in self._chain):
                return None
            following = [
                two
                for two in self._readings.get(self._page + 1, ())
                if any(self._follows(one, two) for one in self._chain)
            ]
            if not following:
                return self._page
            self._page, self._chain = self._page + 1, following

    def _judge(self) -> None:
        """Work out whether rows were only inserted, or only deleted.

        Pages read again show it, and totals do. A single response that does not fit refutes it: a total on the wrong side
        of the first one, one that turns back among pages read one after the other, more shared rows than totals differ by.
        """
        way = self._inserted - self._deleted
        self.one_way = way
        if self._inserted and self._deleted:
            return
        readings = [one for number in sorted(self._readings) for one in self._readings[number]]
        totals = [one.total for one in readings if one.total is not None]
        if len(totals) < len(readings):
            self.one_way = 0 if totals else way
            return
        start = totals[0]
        in_turn = [one.total or 0 for one in sorted(readings, key=lambda one: one.turn) if one.turn]
        at_once = [one.total or 0 for one in readings if not one.turn]
        self.one_way = 0
        for sign in (way,) if way else (1, -1):
            ordered = [
                start * sign,
                *sorted(total * sign for total in at_once),
                *(total * sign for total in in_turn),
            ]
            if len(set(totals)) > 1 and ordered == sorted(ordered) and all(map(self._fits, self._readings)):
                self.one_way = sign

    def _compare(self, before: Reading, after: Reading) -> None:
        """Take in how a page differs from its last reading."""
        olds, news = set(before.names), set(after.names)
        old = [name in news for name in before.names]
        new = [name in olds for name in after.names]
        if not any(old):
            self._changes += before.turn > 0
            return
        shift = new.index(True) - old.index(True)
        deleted = shift < 0 or not all(old[old.index(True) : len(old) - old[::-1].index(True)])
        inserted = shift > 0 or not all(new[new.index(True) : len(new) - new[::-1].index(True)])
        self._inserted, self._deleted = self._inserted or inserted, self._deleted or deleted
        self._changes += before.turn > 0 and (inserted or deleted)
        if shift:
            self._drift = 1 if shift > 0 else -1

    def _fits(self, number: int) -> bool:
        """Return whether two pages read side by side share no more rows than their totals differ by."""
        one, two = self._readings[number][0], self._readings.get(number + 1, [None])[0]
        if two is None or one.turn or two.turn:
            return True
        return _shared(one, two) <= abs((one.total or 0) - (two.total or 0))

    def _ends(self, one: Reading) -> bool:
        """Return whether nothing came after a page: by its own account, or as a short one before one that was empty."""
        if one.is_end:
            return True
        after = self._readings.get(one.number + 1, ())
        longest = max(len(each.names) for each in self._readings[self._first])
        return 0 < len(one.names) < longest and any(not each.names for each in after)

    def _grown(self, chain: list[Reading], readings: Sequence[Reading]) -> list[Reading]:
        """Return a chain with those readings of the same page that share a row with one of it."""
        chain = list(chain)
        for one in readings:
            if one not in chain and any(_overlap(one, other) or _overlap(other, one) for other in chain):
                chain.append(one)
        return chain

    def _follows(self, one: Reading, two: Reading) -> bool:
        """Return whether no row can be missing between a page and the next."""
        if _overlap(one, two):
            return True
        if self.one_way:
            return self._in_order(one, two)
        return self._stood_still(one, two)

    def _in_order(self, one: Reading, two: Reading) -> bool:
        """Return whether rows that move one way cannot slip from a page to the next unseen.

        Where rows are only inserted, the next page must have been read later: what was pushed off the first is on it. Where
        they are only deleted, it must have been read earlier, before rows moved up to the first. Growing totals say the same;
        shrinking ones do not, as an old row that goes while a new one is appended leaves the total as it was.
        """
        if (one.turn - two.turn) * self.one_way < 0:
            return True
        if self.one_way < 0 or one.total is None or two.total is None:
            return False
        return one.total <= two.total

    def _stood_still(self, one: Reading, two: Reading) -> bool:
        """Return whether both pages were read in turn and had the same edges each time: nothing moved in between.

        Two equal readings of each are enough where the list seldom moves. In a busy one an insertion may make up for a
        deletion just as the other page is read, so that three are asked for.
        """
        ones = [(each.turn, 1) for each in self._readings[one.number] if each.names[-1:] == one.names[-1:]]
        twos = [(each.turn, 2) for each in self._readings[two.number] if each.names[:1] == two.names[:1]]
        often = 2 if self._changes < _BUSY else 3
        if len(ones) < often or len(twos) < often:
            return False
        pages = [page for turn, page in sorted(ones + twos) if turn]
        turns = 1 + sum(page != before for before, page in pairwise(pages))
        return turns >= 2 * often - 2  # the first readings came side by side, in no certain order


def _overlap(one: Reading, two: Reading) -> bool:
    """Return whether a page and the next share a row at the edge where they meet."""
    return bool(one.names and two.names) and (one.names[-1] in two.names or two.names[0] in one.names)


def _shared(one: Reading, two: Reading) -> int:
    """Return how many rows at the end of a page are those at the start of the next."""
    if not (one.names and two.names) or two.names[0] not in one.names:
        return 0
    count = len(one.names) - one.names.index(two.names[0])
    return count if list(one.names[-count:]) == list(two.names[:count]) else 0
