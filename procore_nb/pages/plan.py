"""Which page to ask next, and when a list is complete: the deciding half of the page walk.

In: a question, then its pages as they come, in any order. Out: pages to ask for, rows in order, a verdict. Pure.

Procore's paging: https://developers.procore.com/documentation/pagination
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from procore_nb.errors import IncompleteError, ProcoreError
from procore_nb.replies import Page, group_of

_SMALLEST = 100  # rows a page; every list takes as many
_WALKS = 3  # a list that moves under our feet is walked again, so often in all


@dataclass(frozen=True)
class Question:
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


@dataclass(frozen=True)
class Ask:
    """One page to ask for: its place in the walk, and the parameters that name it."""

    question: Question
    walk: int
    number: int
    parameters: tuple[tuple[str, str], ...]


@dataclass
class Tally:
    """What the walk of one question has to say about itself."""

    pages: int = 0
    rows: int = 0
    total: int | None = None
    repeated: int = 0
    walks: int = 1


class QuestionWalk:
    """The walk of one question: feed it pages with `receive` and take rows with `ready`, until `done`.

    When the list turned out to have moved it starts over: `restarted` is then True, and rows handed out before no longer
    count. A list that stays short of what was announced leaves an error in `failure`.
    """

    def __init__(self, question: Question) -> None:
        self.question = question
        self.tally = Tally()
        self.done = False
        self.restarted = False
        self.failure: IncompleteError | None = None
        self._keep_repeats = False
        self._outbox: list[list[Any]] = []
        self._per_page = question.per_page
        self._grouped = "[]" in question.envelope
        self._begin()

    def first(self) -> Ask:
        """Return the first page to ask for."""
        return self._ask(self._start)

    def receive(self, ask: Ask, page: Page) -> list[Ask]:
        """Take in one page and return the pages to ask for because of it."""
        if ask.walk != self.tally.walks or self.done:
            return []
        self.tally.pages += 1
        self._due.discard(ask.number)
        self._pages[ask.number] = page.rows
        self._groups += page.groups or 0
        if page.total is not None:
            self._totals.append(page.total)
        further = self._plan(ask, page)
        self._due.update(one.number for one in further)
        self._hand_out()
        return further if further or self._due else self._finish()

    def refused(self, ask: Ask, error: ProcoreError) -> Ask | None:
        """Return the first page again, in a smaller size, where the size is what was refused; else None.

        For most lists no largest page is documented, so the size asked for may be too large: 408 says that it takes too
        long, 400 and 422 name the parameter.
        """
        size = self._per_page or 0
        too_large = error.status == 408 or (
            error.status in (400, 422) and "per_page" in error.message.partition(": ")[2]
        )
        if not too_large or size <= _SMALLEST or ask.number != self._start or ask.walk != self.tally.walks:
            return None
        self._per_page = max(_SMALLEST, size // 4) if error.status == 408 else _SMALLEST
        return self.first()

    def ready(self) -> list[list[Any]]:
        """Return the pages of rows that came since the last call, in order, without rows that came before."""
        handed = self._outbox.copy()
        self._outbox.clear()
        return handed

    def rest(self) -> list[list[Any]]:
        """Return whatever else came, also beyond a page that did not; for a walk that ends early."""
        for number in sorted(self._pages):
            self._next_out = number
            self._hand_out()
        return self.ready()

    def _hand_out(self) -> None:
        while self._next_out in self._pages:
            rows = self._fresh(self._pages.pop(self._next_out))
            self._next_out += 1
            self.tally.rows += len(rows)
            if rows:
                self._outbox.append(rows)

    def _begin(self) -> None:
        self._start = 0 if self.question.paging == "page0" else 1
        self._next_out = self._start
        self._pages: dict[int, list[Any]] = {}
        self._due = {self._start}
        self._outbox.clear()
        self._known_last = False
        self._last = 0
        self._cursors: set[str] = set()
        self._totals: list[int] = []
        self._seen: set[Hashable] = set()
        self._previous: list[Any] | None = None
        self.tally.rows = self.tally.repeated = 0
        self._came = self._groups = 0

    def _ask(self, number: int, *, cursor: str | None = None) -> Ask:
        question = self.question
        own = list(question.parameters)
        size = [] if self._per_page is None else [("per_page", str(self._per_page))]
        if question.paging == "page":
            own += [("page", str(number)), *size]
        elif question.paging == "page0":
            own += [("page", str(number))]
        elif question.paging == "cursor":
            own += ([("cursor", cursor)] if cursor else []) + size
        elif question.paging == "offset":
            own += ([("page_start", cursor)] if cursor else []) + [("page_size", value) for _, value in size]
        elif question.paging == "per_page_only":
            own += size
        elif question.paging == "limit":
            own += [("limit", value) for _, value in size]
        elif number > 1:  # said not to page, yet its reply names a next page
            own += [("page", str(number))]
        return Ask(question, self.tally.walks, number, tuple(own))

    def _plan(self, ask: Ask, page: Page) -> list[Ask]:
        """Decide, from one page, which others to ask for."""
        paging, first = self.question.paging, ask.number == self._start
        if paging in ("per_page_only", "limit"):
            return []
        if paging in ("cursor", "offset"):
            return self._plan_chain(ask, page)
        if first:
            last = self._last_page(page)
            if last is not None:
                self._last = last
                if last > self._start:
                    return [self._ask(number) for number in range(self._start + 1, last + 1)]
        if self._known_last:
            # Total and Link may disagree: as long as a next page with rows is named, there is more.
            if not (page.more and (page.rows or page.groups) and ask.number == self._last):
                return []
            self._last += 1
            return [self._ask(self._last)]
        return [self._ask(ask.number + 1)] if self._goes_on(page) else []

    def _last_page(self, page: Page) -> int | None:
        """Return the number of the last page where the first page tells it, else None."""
        rows = len(page.rows)
        self._known_last = True
        # Where rows come in groups, Total may count groups or rows, so that it tells no number of pages.
        if page.groups is not None and max(rows, page.groups) < (page.per_page or 0):
            return self._start
        if page.total is not None and page.groups is None:
            asked = page.per_page or self._per_page or rows
            # A server may cap the page without saying so: rows that came count, not rows asked for.
            size = min(asked, rows) if 0 < rows < page.total else asked
            pages = -(-page.total // size) if size and rows else 1
            return self._start + max(pages, 1) - 1
        if page.more is False:
            return self._start
        if page.last is not None:
            return page.last
        self._known_last = False
        return None

    def _goes_on(self, page: Page) -> bool:
        if page.more is not None:
            return page.more
        if not self.question.paging:
            return False
        # No header tells: only an empty page, or one that came before, is the end.
        names = [self._identity(row) for row in page.rows]
        nameless = None in names
        repeats = page.rows == self._previous if nameless else names == self._previous
        self._previous = page.rows if nameless else names
        if page.rows and repeats:
            self._pages[max(self._pages)] = []
        return bool(page.rows) and not repeats

    def _plan_chain(self, ask: Ask, page: Page) -> list[Ask]:
        """Decide the next link of a list whose pages are named by the one before."""
        cursor = page.cursor
        if self.question.paging == "offset" and page.rows and isinstance(page.rows[-1], dict):
            last_id = page.rows[-1].get("id")
            cursor = str(last_id) if last_id is not None and page.more is not False else None
        self._known_last = False
        if (
            not cursor or not page.rows or cursor in self._cursors
        ):  # a cursor that comes again leads in a circle
            return []
        self._cursors.add(cursor)
        return [self._ask(ask.number + 1, cursor=cursor)]

    def _fresh(self, rows: list[Any]) -> list[Any]:
        """Return the rows whose id did not come on an earlier page."""
        self._came += len(rows)
        if self._keep_repeats:
            return rows
        names = [self._identity(row) for row in rows]
        fresh = [row for row, name in zip(rows, names, strict=True) if name is None or name not in self._seen]
        self._seen.update(name for name in names if name is not None)
        self.tally.repeated += len(rows) - len(fresh)
        return fresh

    def _finish(self) -> list[Ask]:
        """Judge the whole: complete, short, or moved and to be walked again."""
        moved = len(set(self._totals)) > 1
        total = self._totals[-1] if self._totals else None
        if moved and self.tally.walks >= _WALKS:
            total = max(self._totals)  # it never stood still: the strictest count is the honest one
        self.tally.total = total
        short = total is not None and max(self.tally.rows, self._groups) < total
        if (moved or (short and self.tally.repeated)) and self.tally.walks < _WALKS:
            # As many rows as announced, yet ids that repeat: twice in a row, and ids are simply not unique in this list.
            self._keep_repeats = self.tally.walks > 1 and not moved and self._came == total
            self.tally.walks += 1
            self.restarted = True
            self._begin()
            return [self.first()]
        self.done = True
        if short:
            self.failure = IncompleteError(
                f"GET {self.question.path} announced {total:,} records and sent {self.tally.rows:,}.",
                retryable=True,
                advice="The list may be changing: ask again. If it stays so, some records are hidden from this account.",
            )
        return []

    def _identity(self, row: Any) -> Hashable:
        name = row.get("id") if isinstance(row, dict) else row
        if not isinstance(name, int | str):
            return None
        return (name, group_of(row)) if self._grouped else name
