"""Proof that pages read at different moments leave out no row, and which page to read again where it is missing. Pure.

In: the keys of the rows of each page, in order, and the moment. Out: page numbers, until nothing is missing.
"""

from __future__ import annotations

from collections.abc import Generator, Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, starmap

from procore_nb.fetch.pages import PageStats

_PROBES = 4  # pages looked at once more, where nothing says that the list moved
_TRIES = 6  # times the two pages beside a gap are read, before all pages are read again
_HEAD_ROUNDS = 3  # through the first pages; a row may move to the head behind the page being read
_SWEEPS = 4  # through all pages, for rows that are missing from the total
_BUSY = 3  # changes seen while pages were read again; then equal pages must be seen more often


@dataclass(frozen=True, slots=True)
class PageState:
    """One page as it was at one moment.

    `keys` identify its rows. `turn` is 0 for pages that were read side by side, then 1, 2, 3 … for those read one after
    the other. `is_end` says that nothing came after it at that moment.
    """

    number: int
    keys: Sequence[Hashable]
    total: int | None
    turn: int
    is_end: bool


class Continuity:
    """Proof that pages read at different moments leave out no row that was there all the time.

    A page is a stretch of the list without a gap, as it was at one moment. Where two pages share a row at the edge at which
    they meet, nothing that stayed in the list can be missing between them: it would be in one of the two. So a chain of
    pages from the head to the end, each sharing a row with the next, holds every row that was there from start to end,
    wherever rows came and went meanwhile. Pages of a list that stood still share no row; there the next two rules serve.
    """

    def __init__(self, first: int, stats: PageStats) -> None:
        self.moved = False
        """Whether rows are known to have come or gone while the list was read."""
        self.direction = 0
        """1 where rows were only inserted, -1 where rows were only deleted, 0 where neither is certain."""
        self._first, self._stats = first, stats
        self._states: dict[int, list[PageState]] = {}
        self._page = first  # up to here nothing is missing
        self._chain: list[PageState] = []  # states of that page that hang together with the head
        self._inserted = self._deleted = False  # seen in pages that were read again
        self._drift = 1  # the way rows moved last: 1 to later pages, -1 to earlier ones
        self._changes = 0  # seen while pages were read again
        self._new_rows = 0  # on the page read last
        self._tries: dict[int, int] = {}  # times a page was read for each gap
        self._sweeps = 0

    def add(self, state: PageState) -> None:
        self._states.setdefault(state.number, []).append(state)

    def add_again(self, state: PageState, new_rows: int) -> None:
        """Take in a page that was read again, with the number of its rows that had not come before."""
        before, newest = self._latest(state.number), self._newest()
        if not self.moved:
            if before is not None and list(before.keys) == list(state.keys):
                return
            self.begin()
        if before is not None:
            self._compare(before, state)
        if newest.turn and None is not newest.total != state.total is not None:
            self._changes += 1
            self._inserted = self._inserted or state.total > newest.total
            self._deleted = self._deleted or state.total < newest.total
        self.add(state)
        self._new_rows = new_rows
        direction = self.direction
        self._judge()
        if (direction and not self.direction) or state.number < self._page:
            # Rows moved both ways after all, or there may be another chain.
            self._page, self._chain = self._first, []

    def begin(self) -> None:
        """Decide, from the pages read so far, how the list moves."""
        self.moved = True
        self._judge()
        first, last = self._states[self._first][0], self._newest()
        if first.total is not None and last.total is not None and first.total != last.total:
            self._drift = 1 if last.total > first.total else -1
        else:
            self._drift = 1 if self.shared_edges() else -1

    def pages_to_read(self) -> Iterator[int]:
        """Yield the page to read next, which is added before the next step; for a list that never rests there is always one.

        First whatever may be missing between two pages; then the head, where new rows mostly come, until it brings nothing
        new; then the end, and everything once more, where rows are still missing from the total.
        """
        if not self.moved:
            yield from self._probes()
            if not self.moved:
                return
        yield from self._close_gaps()
        for _ in range(_HEAD_ROUNDS):
            head = self._first
            while (yield from self._read(head)):
                head += 1
            if head == self._first:
                break
        if self._stats.rows < (self._newest().total or 0):
            number = max(self._states)
            yield from self._read(number)
            while not self._states[number][-1].is_end:
                number += 1
                yield from self._read(number)
        while (total := self._newest().total) is not None:
            rows = self._stats.rows
            if (self.direction > 0 and rows > total) or (self.direction < 0 and rows < total):
                self._inserted = self._deleted = True  # rows moved both ways after all
                self._judge()
                self._page, self._chain = self._first, []
            elif not self.direction and rows < total and self._sweeps < _SWEEPS:
                yield from self._sweep()
            else:
                return
            yield from self._close_gaps()

    def _probes(self) -> Iterator[int]:
        """Yield a few pages: without a Total a deletion leaves no trace, but it moved the pages behind it."""
        pages = self.last_with_rows - self._first
        chosen = {self._first + pages * (each + 1) // (_PROBES + 1) for each in range(_PROBES)}
        for number in sorted(chosen if pages > _PROBES else range(self._first, self._first + pages)):
            yield number
            if self.moved:
                return

    def _read(self, number: int) -> Generator[int, None, int]:
        """Yield a page, then those that close the gaps it shows; return how many new rows it brought."""
        yield number
        new_rows = self._new_rows
        yield from self._close_gaps()
        return new_rows

    def _close_gaps(self) -> Iterator[int]:
        while (gap := self._gap()) is not None:
            number = self._page_for(gap)
            if number is None:
                yield from self._sweep()
            else:
                yield number

    def _page_for(self, gap: int) -> int | None:
        """Return the page that may close a gap when it is read; None where all pages have to be read again."""
        if gap + 1 not in self._states:
            return gap + 1
        if self.direction:
            # Where rows were only inserted each page must have been read after the one before it, where they were only
            # deleted before it; a page that was not is read again.
            latest = [self._states[number][-1] for number in sorted(self._states)]
            turned = [page.number for page, after in pairwise(latest) if not self._in_order(page, after)]
            if self.direction > 0 and (later := [number for number in turned if number >= gap]):
                return min(later) + 1
            if self.direction < 0 and (earlier := [number for number in turned if number <= gap]):
                return max(earlier)
        self._tries[gap] = self._tries.get(gap, 0) + 1
        if self._tries[gap] > _TRIES or self.direction or (self._drift < 0 and not self._sweeps):
            return None
        page, following = self._latest(gap), self._latest(gap + 1)
        return gap if page is None or (following and page.turn <= following.turn) else gap + 1

    def _sweep(self) -> Iterator[int]:
        """Yield all pages, one after the other: forward where rows are pushed back, backward where they move up."""
        self._sweeps += 1
        self._tries.clear()
        last = max((number for number, each in self._states.items() if each[-1].keys), default=self._first)
        yield from list(range(self._first, last + 1))[:: self._drift]

    def _newest(self) -> PageState:
        return max((each for page in self._states.values() for each in page), key=lambda each: each.turn)

    def _latest(self, number: int) -> PageState | None:
        return self._states[number][-1] if number in self._states else None

    @property
    def last_with_rows(self) -> int:
        """The number of the last page that brought rows."""
        return max((number for number, each in self._states.items() if each[0].keys), default=self._first)

    def _first_pairs(self) -> Iterator[tuple[PageState, PageState]]:
        return pairwise(self._states[number][0] for number in sorted(self._states))

    def shared_edges(self) -> int:
        """Return how many rows pages share with the page before, as those of a list do that moved by a few rows."""
        return sum(starmap(_shared, self._first_pairs()))

    def _gap(self) -> int | None:
        """Return the page after which rows may be missing; None where none are missing up to the end."""
        rule = self._in_order if self.direction else self._stood_still
        while True:
            states = self._states.get(self._page, [])
            self._chain = states if self._page == self._first else _grown(self._chain, states)
            if any(self._ends(page) for page in self._chain):
                return None
            following = [
                state
                for state in self._states.get(self._page + 1, ())
                if any(_overlap(page, state) or rule(page, state) for page in self._chain)
            ]
            if not following:
                return self._page
            self._page, self._chain = self._page + 1, following

    def _judge(self) -> None:
        """Work out whether rows were only inserted, or only deleted.

        Pages read again show it, and totals do. A single response that does not fit refutes it: a total on the wrong side
        of the first one, one that turns back among pages read one after the other, more shared rows than totals differ by.
        """
        states = [each for number in sorted(self._states) for each in self._states[number]]
        totals = [each.total for each in states if each.total is not None]
        way = self._inserted - self._deleted
        self.direction = 0
        if self._inserted and self._deleted:
            return
        if not totals:
            self.direction = way
        elif len(totals) == len(states) and len(set(totals)) > 1:
            fits = all(
                _shared(page, following) <= abs((page.total or 0) - (following.total or 0))
                for page, following in self._first_pairs()
                if not (page.turn or following.turn)
            )
            signs = (way,) if way else (1, -1)
            self.direction = next((sign for sign in signs if fits and _is_monotonic(states, sign)), 0)

    def _compare(self, before: PageState, after: PageState) -> None:
        """Take in how a page differs from what it was before."""
        before_keys, after_keys = set(before.keys), set(after.keys)
        stayed = [key in after_keys for key in before.keys]
        known = [key in before_keys for key in after.keys]
        if not any(stayed):
            self._changes += before.turn > 0
            return
        shift = known.index(True) - stayed.index(True)
        # A row that is missing between two that stayed was deleted; a new one between two that were there was inserted.
        deleted = shift < 0 or not all(stayed[stayed.index(True) : len(stayed) - stayed[::-1].index(True)])
        inserted = shift > 0 or not all(known[known.index(True) : len(known) - known[::-1].index(True)])
        self._inserted, self._deleted = self._inserted or inserted, self._deleted or deleted
        self._changes += before.turn > 0 and (inserted or deleted)
        if shift:
            self._drift = 1 if shift > 0 else -1

    def _ends(self, page: PageState) -> bool:
        """Return whether nothing came after a page: by its own account, or as a short one before one that was empty."""
        if page.is_end:
            return True
        longest = max(len(each.keys) for each in self._states[self._first])
        following = self._states.get(page.number + 1, ())
        return 0 < len(page.keys) < longest and any(not each.keys for each in following)

    def _in_order(self, page: PageState, following: PageState) -> bool:
        """Return whether rows that move one way cannot slip from a page to the next unseen.

        Where rows are only inserted, the next page must have been read later: what was pushed off the first is on it. Where
        they are only deleted, it must have been read earlier, before rows moved up to the first. Growing totals say the same;
        shrinking ones do not, as an old row that goes while a new one is appended leaves the total as it was.
        """
        if (page.turn - following.turn) * self.direction < 0:
            return True
        if self.direction < 0 or page.total is None or following.total is None:
            return False
        return page.total <= following.total

    def _stood_still(self, page: PageState, following: PageState) -> bool:
        """Return whether both pages were read in turn and had the same edges each time: nothing moved in between.

        Two equal states of each are enough where the list seldom moves. In a busy one an insertion may make up for a
        deletion just as the other page is read, so that three are required.
        """
        of_page = [(r.turn, 1) for r in self._states[page.number] if r.keys[-1:] == page.keys[-1:]]
        of_next = [(r.turn, 2) for r in self._states[following.number] if r.keys[:1] == following.keys[:1]]
        often = 2 if self._changes < _BUSY else 3
        if min(len(of_page), len(of_next)) < often:
            return False
        sequence = [which for turn, which in sorted(of_page + of_next) if turn]
        alternations = 1 + sum(which != before for before, which in pairwise(sequence))
        return alternations >= 2 * often - 2  # the first states came side by side, in no certain order


def _is_monotonic(states: Sequence[PageState], sign: int) -> bool:
    """Return whether totals only grow (1) or shrink (-1); pages read side by side came in no certain order."""
    moments = sorted(states, key=lambda each: (each.turn, 0 if each.turn else sign * (each.total or 0)))
    totals = [sign * (each.total or 0) for each in (states[0], *moments)]
    return totals == sorted(totals)


def _grown(chain: list[PageState], states: Sequence[PageState]) -> list[PageState]:
    """Return a chain with those states of the same page that share a row with one of it."""
    chain = list(chain)
    for state in states:
        if state not in chain and any(_overlap(state, page) or _overlap(page, state) for page in chain):
            chain.append(state)
    return chain


def _overlap(page: PageState, following: PageState) -> bool:
    """Return whether a page and the next share a row at the edge where they meet."""
    if not (page.keys and following.keys):
        return False
    return page.keys[-1] in following.keys or following.keys[0] in page.keys


def _shared(page: PageState, following: PageState) -> int:
    """Return how many rows at the end of a page are those at the start of the next."""
    if not (page.keys and following.keys) or following.keys[0] not in page.keys:
        return 0
    count = len(page.keys) - page.keys.index(following.keys[0])
    return count if list(page.keys[-count:]) == list(following.keys[:count]) else 0
