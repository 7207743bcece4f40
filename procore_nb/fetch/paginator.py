"""Which page to ask next, and when a list is complete: the deciding half of the page walk.

In: a request, then its pages as they come, in any order. Out: pages to ask for, rows in order, a verdict. Pure.

Procore's paging: https://developers.procore.com/documentation/pagination
"""

from __future__ import annotations

import re
from typing import Any

from procore_nb.errors import IncompleteError, ProcoreError
from procore_nb.fetch.list_request import ListRequest, PageRequest, PageStats
from procore_nb.fetch.page_buffer import PageBuffer
from procore_nb.responses import Page

_SMALLEST = 100  # rows a page; every list takes as many
_WALKS = 3  # a list that moves under our feet is walked again, so often in all
_EMPTY_IN_A_ROW = 3  # pages; rows may be hidden from us, yet a server may name a next page for ever
_SIZE = re.compile(r"per.?page|page.?size", re.IGNORECASE)


class Paginator:
    """The walk of one request: feed it pages with `receive` and take rows with `ready`, until `done`.

    When the list turned out to have moved it starts over: `restarted` is then True, and rows handed out before no longer
    count. A list that stays short of what was announced leaves an error in `failure`.
    """

    def __init__(self, request: ListRequest) -> None:
        self.request = request
        self.stats = PageStats()
        self.done = False
        self.restarted = False
        self.failure: IncompleteError | None = None
        self._start = request.first_page
        self._per_page = request.per_page
        self._grouped = "[]" in request.envelope
        self._moves = 0
        self._empty = 0  # pages in a row
        self._shown_before: int | None = None  # the fingerprint of the walk before
        self._begin()

    def first(self) -> PageRequest:
        """Return the first page to ask for."""
        return self._page(self._start)

    def receive(self, page_request: PageRequest, page: Page) -> list[PageRequest]:
        """Take in one page and return the pages to ask for because of it."""
        if self.is_late(page_request) or self.done:
            return []
        self.stats.pages += 1
        self.stats.unreadable += page.unreadable
        self._due.discard(page_request.number)
        self._groups += page.groups or 0
        if page.total is not None:
            self._totals.append(page.total)
        if page.more:
            self._linked = True
        self._empty = 0 if page.rows else self._empty + 1
        self._order.put(page_request.number, page.rows, in_turn=not self._known_last)
        further = self._plan(page_request, page)
        self._due.update(one.number for one in further)
        self.stats.rows, self.stats.repeated = self._order.rows, self._order.repeated
        return further if further or self._due else self._finish()

    def keep(self, page_request: PageRequest, page: Page) -> None:
        """Take in a page for its rows alone; for a walk that ends early."""
        if not (self.is_late(page_request) or self.done):
            self._order.put(page_request.number, page.rows)
            self.stats.rows = self._order.rows

    def refused(self, page_request: PageRequest, error: ProcoreError) -> list[PageRequest] | None:
        """Return what to ask instead of a page that was refused, or None where the refusal has the last word.

        For most lists no largest page is documented, so the size asked for may be too large: 408 says that it takes too
        long, 400 and 422 name the parameter. Nor is it documented what a page past the end answers.
        """
        if self.is_late(page_request):
            return []
        said = error.reason
        size, first = self._per_page or 0, page_request.number == self._start
        named = first and error.status in (400, 422) and _SIZE.search(said) is not None
        if size > _SMALLEST and (named or error.status == 408):
            self._per_page = max(_SMALLEST, size // 4) if error.status == 408 else _SMALLEST
            return [self.first()] if first else self._again()
        past_the_end = error.status in (404, 416) or (error.status in (400, 422) and "page" in said.lower())
        announced = (
            self._linked and not self._totals
        )  # a Total is compared with what came, so nothing is lost unseen
        if past_the_end and not first and not announced:
            return self.receive(page_request, Page([]))
        return None

    def is_late(self, page_request: PageRequest) -> bool:
        """Tell whether a page belongs to an earlier walk of the list."""
        return page_request.attempt != self.stats.attempts

    def ready(self) -> list[list[Any]]:
        """Return the pages of rows that came since the last call, in order, without rows that came before."""
        return self._order.ready()

    def rest(self) -> list[list[Any]]:
        """Return whatever else came, also beyond a page that did not; for a walk that ends early."""
        return self._order.rest()

    def _begin(self) -> None:
        self._order = PageBuffer(self._start, by_content=self._moves == 1, grouped=self._grouped)
        self._due = {self._start}
        self._known_last = False
        self._last = 0
        self._empty = 0
        self._linked = False
        self._unreachable = ""
        self._cursors: set[str] = set()
        self._totals: list[int] = []
        self._groups: int = 0
        self.stats.rows = self.stats.repeated = 0

    def _again(self) -> list[PageRequest]:
        self.stats.attempts += 1
        self.restarted = True
        self._begin()
        return [self.first()]

    def _page(self, number: int, *, cursor: str | None = None) -> PageRequest:
        named = self.request.page_parameters(number, per_page=self._per_page, cursor=cursor)
        return PageRequest(self.request, self.stats.attempts, number, named)

    def _plan(self, page_request: PageRequest, page: Page) -> list[PageRequest]:
        """Decide, from one page, which others to ask for."""
        if self._order.same_pages is not None:
            return self._stop_repeating(page)
        if self.request.paging in ("cursor", "offset"):
            return self._plan_chain(page_request, page)
        if page_request.number == self._start:
            last = self._last_page(page)
            if last is not None:
                self._last = last
                if last > self._start:
                    return [self._page(number) for number in range(self._start + 1, last + 1)]
        if self._known_last:
            # Total and Link may disagree: as long as a next page with rows is named, there is more.
            if not (page.more and (page.rows or page.groups) and page_request.number == self._last):
                return []
            self._last += 1
            return [self._page(self._last)]
        return [self._page(page_request.number + 1)] if self._goes_on(page) else []

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
            return page.more and self._empty < _EMPTY_IN_A_ROW
        # No header tells: only an empty page, or one that came before, is the end.
        return self.request.paging in ("page", "page0") and bool(page.rows)

    def _plan_chain(self, page_request: PageRequest, page: Page) -> list[PageRequest]:
        """Decide the next link of a list whose pages are named by the one before."""
        cursor, total = page.cursor, page.total
        if self.request.paging == "offset" and page.rows and isinstance(page.rows[-1], dict):
            last_id = page.rows[-1].get("id")
            cursor = str(last_id) if last_id is not None and page.more is not False else None
        if total is not None and self._order.came >= total:
            return []
        if cursor and cursor not in self._cursors and self._empty < _EMPTY_IN_A_ROW:
            self._cursors.add(cursor)
            return [self._page(page_request.number + 1, cursor=cursor)]
        silent = not cursor and page.more is None and total is None and self._is_full(page)
        if page.rows and (page.more or (silent and self.request.paging == "cursor")):
            self._unreachable = "there seem to be more, but the reply does not say where they begin"
        return []

    def _stop_repeating(self, page: Page) -> list[PageRequest]:
        """End a walk whose pages repeat: the list passes over the page asked for."""
        earlier, later = self._order.same_pages or (0, 0)
        total = self._totals[-1] if self._totals else None
        if page.more or self._is_full(page) or (total is not None and total > self._order.rows):
            self._unreachable = f"page {later} repeats page {earlier}, so there may be more behind"
        return []

    def _is_full(self, page: Page) -> bool:
        return len(page.rows) >= (page.per_page or self._per_page or 1)

    @property
    def _counted(self) -> int:
        """How many came of what Total counts: rows, or the groups they came in."""
        return max(self._order.rows, self._groups)

    def _finish(self) -> list[PageRequest]:
        """Judge the whole: complete, short, or moved and to be walked again."""
        moved = len(set(self._totals)) > 1
        total = self._totals[-1] if self._totals else None
        if self._is_doubtful(total, moved=moved):
            self._moves += 1
            self._shown_before = self._order.fingerprint
            return self._again()
        if moved:
            total = max(self._totals)  # it never stood still: the strictest count is the honest one
        self.stats.total = total
        self.done = True
        if total is not None and self._counted < total:
            came_twice = f", {self.stats.repeated:,} more came twice" if self.stats.repeated else ""
            what = f"announced {total:,} records and sent {self.stats.rows:,}{came_twice}"
            self.failure = self._incomplete(f"{what}; {self._unreachable}" if self._unreachable else what)
        elif self._unreachable:
            self.failure = self._incomplete(f"sent {self.stats.rows:,} records, and {self._unreachable}")
        return []

    def _is_doubtful(self, total: int | None, *, moved: bool) -> bool:
        """Tell whether the list may have moved, so that it is walked again.

        Ids that repeat say so as well, unless they are simply not unique in this list: the second walk tells rows apart
        by all of their content, and counts if it brings what the first one brought.
        """
        if self._moves + 1 >= _WALKS:
            return False
        if moved or self._unreachable:
            return moved
        order = self._order
        repeats = order.ids_repeat and (total is None or self._counted < total)
        if self._moves == 1 and order.ids_repeat:
            repeats = order.fingerprint != self._shown_before
        return repeats

    def _incomplete(self, what: str) -> IncompleteError:
        return IncompleteError(
            f"GET {self.request.path} {what}.",
            retryable=not self._unreachable,
            advice="Ask for it in parts: a filter, or a range of time."
            if self._unreachable
            else "The list may be changing: ask again. If it stays so, some records are hidden from this account.",
        )
