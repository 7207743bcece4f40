"""Which page to fetch next, and when a list is complete: the deciding half of fetching.

In: a list request, then its pages as they come, in any order. Out: page requests, rows, a verdict. Pure.

Procore's paging: https://developers.procore.com/documentation/pagination
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from procore_nb.errors import IncompleteError, ProcoreError
from procore_nb.fetch.continuity import Continuity, PageState
from procore_nb.fetch.pages import ListRequest, PageBuffer, PageRequest, PageStats
from procore_nb.responses import Page

MOST_PAGES = 10_000
"""No list is fetched beyond so many pages: 20 million rows at Procore's usual 2,000 a page, 1 million at 100."""
_AHEAD = 64  # pages planned at once: a Total of a thousand million must not become as many requests in memory
_SMALLEST_SIZE = 100  # rows a page; every list takes as many
_LEAST_FULL = 10  # rows; no list has a smaller page by default
_ATTEMPTS = 3  # lists whose rows have no id are fetched again when they move, so often in all
_EMPTY_LINKED = 3  # empty pages in a row; rows may be hidden, yet a server may name a next page for ever
_EMPTY_COUNTED = 16  # the same where a Total promises rows on them
_REREADS, _REREADS_MORE = 5, 40  # pages read again, for each page of a list that moves, and in all
_SIZE = re.compile(r"per.?page|page.?size", re.IGNORECASE)


class Paginator:
    """The fetch of one list: feed it pages with `receive` and take rows from `buffer`, until `done`.

    Where the list moved while it was read, single pages are read again until it is proven that nothing is missing that was
    there all the time. Where rows have no id, the list is fetched again from its start: `restarted` is then True, and
    rows handed out before no longer count. A list that stays short of what was announced leaves an error in `failure`.
    """

    def __init__(self, request: ListRequest, *, position: int = 0) -> None:
        self.request, self.position = request, position
        self.stats = PageStats()
        self.done = False
        self.restarted = False
        self.failure: ProcoreError | None = None
        self._start = 0 if request.paging == "page0" else 1
        self._per_page = request.per_page
        self._grouped = "[]" in request.envelope
        self._restarts = 0  # attempts that were given up because the list moved
        self._previous_fingerprint: int | None = None  # the fingerprint of the attempt before
        self._begin()

    def _begin(self) -> None:
        self.buffer = PageBuffer(
            self._start, self.stats, by_content=self._restarts == 1, grouped=self._grouped
        )
        self._continuity = Continuity(self._start, self.stats)
        self._rereads: Iterator[int] = iter(())
        self._outstanding = {self._start}
        self._known_last = False
        self._next = self._start + 1
        self._last = self._start
        self._size = 0  # rows of a full page, where a Total makes it known
        self._largest = 0  # rows of the longest page
        self._may_be_full = False  # the last page, as far as can be told
        self._empty = 0  # pages in a row
        self._received = 0  # rows, in whatever order
        # The farthest page, and whether it names a next one.
        self._farthest_page: tuple[int, bool | None] = self._start, None
        self._linked = False
        self._unreachable = self._plan_problem = ""  # why the fetch cannot be complete
        self._cursors: set[str] = set()
        self._totals: list[int] = []
        self._groups = 0
        self._turn = 0  # pages read again, one after the other
        self.stats.rows = self.stats.repeated = 0

    def _again(self) -> list[PageRequest]:
        self.stats.attempts += 1
        self.restarted = True
        self._begin()
        return [self.first()]

    def _page(self, number: int, *, cursor: str | None = None) -> PageRequest:
        named = self.request.page_parameters(number, per_page=self._per_page, cursor=cursor)
        return PageRequest(self.request, self.stats.attempts, number, named)

    def first(self) -> PageRequest:
        return self._page(self._start)

    @property
    def pages_planned(self) -> int:
        """How many pages are known to be due beyond those already requested."""
        # A fetch that ends early needs no more than it has asked for, as far as can be told.
        return 0 if self.done or self.request.most_rows else max(0, self._last - self._next + 1)

    def receive(self, page_request: PageRequest, page: Page) -> list[PageRequest]:
        """Take in one page and return the page requests that follow from it."""
        if self.is_late(page_request) or self.done:
            return []
        self.stats.pages += 1
        self.stats.unreadable += page.unreadable
        if page.cached_at is not None:
            self.stats.cached, self.stats.cached_at = self.stats.cached + 1, page.cached_at
        self._outstanding.discard(page_request.number)
        if page.total is not None:
            self._totals.append(page.total)
        if self._turn:
            return self._receive_again(page_request, page)
        self._groups += page.groups or 0
        self._linked = self._linked or bool(page.more)
        self._empty = 0 if page.rows else self._empty + 1
        self._received += len(page.rows)
        if page_request.number >= self._farthest_page[0]:
            self._farthest_page = page_request.number, page.more
        keys = self.buffer.add(
            page_request.number,
            page.rows,
            in_turn=not self._known_last,
            moving=len(set(self._totals)) > 1,
            pages=self._last - self._start + 1,
        )
        if self._has_enough():
            return []
        further = self._plan(page_request, page)
        self._largest = max(self._largest, len(page.rows))
        if self._can_prove:
            is_end = self._is_end(page_request, page)
            self._continuity.add(PageState(page_request.number, keys, page.total, 0, is_end))
        self._outstanding.update(one.number for one in further)
        return further if further or self._outstanding else self._finish()

    def keep(self, page_request: PageRequest, page: Page) -> None:
        """Take in a page for its rows alone; for a fetch that ends early."""
        if not (self.is_late(page_request) or self.done):
            self.buffer.add(page_request.number, page.rows)

    def refused(self, page_request: PageRequest, error: ProcoreError) -> list[PageRequest] | ProcoreError:
        """Return what to request instead of a page that was refused, or the error in which the fetch ends.

        For most lists no largest page is documented, so the size may be too large: 408 says that it takes too long, 400 and
        422 name the parameter. Nor is it documented what a page past the end answers. Where nothing announced the page, it
        counts as past the end only after a page that was not full; after a full one there may well have been more.
        """
        if self.is_late(page_request):
            return []
        size, first = self._per_page or 0, page_request.number == self._start
        named = first and error.status in (400, 422) and _SIZE.search(error.reason) is not None
        if size > _SMALLEST_SIZE and (named or error.status == 408):
            self._per_page = max(_SMALLEST_SIZE, size // 4) if error.status == 408 else _SMALLEST_SIZE
            return [self.first()] if first else self._again()
        if first or error.status not in (400, 404, 416, 422):
            return error
        # What came is compared with a Total: nothing is lost unseen.
        if self._totals and error.status in (404, 416):
            return self.receive(page_request, Page([], total=self._totals[-1]))
        if self._totals or self._linked:  # a page that was announced is not past the end
            return error
        if not self._may_be_full:
            return self.receive(page_request, Page([]))
        return IncompleteError(
            f"GET {self.request.path} sent {self.stats.rows:,} records, then refused the next page ({error.message}) "
            "Whether there are more is not known.",
            reason=error.reason,
            status=error.status,
            retry_after_seconds=error.retry_after_seconds,
            retryable=True,
            advice=error.advice,
        )

    def is_late(self, page_request: PageRequest) -> bool:
        return page_request.attempt != self.stats.attempts

    def _has_enough(self) -> bool:
        """Return whether as many rows came as are wanted; the fetch is then done, whatever else there is."""
        most, came = self.request.most_rows, self.stats.rows
        if most is None or came < most:
            return False
        named = self._farthest_page[1]
        total = None if self._grouped or not self._totals else self._totals[-1]
        if total is not None and (total < came or (named and total <= came)):
            total = None  # it counts something else, such as the rows of the page
        self.stats.total = total
        more = named is not False and self.request.paging != ""
        self.stats.may_have_more = more if total is None else total > came
        self.done = True
        return True

    def _plan(self, page_request: PageRequest, page: Page) -> list[PageRequest]:
        """Decide, from one page, which others to request."""
        number = page_request.number
        self._may_be_full = len(page.rows) >= (page.per_page or self._largest or _LEAST_FULL)
        if self.buffer.identical_pages is not None:
            return self._stop_repeating(page)
        if number - self._start + 1 >= MOST_PAGES and not self._known_last:
            problem = f"names a next page on each of {MOST_PAGES:,} pages; no list is fetched beyond that"
            self._plan_problem = problem
            return []
        if self.request.paging in ("cursor", "offset"):
            return self._plan_chain(page_request, page)
        if number == self._start and (last := self._last_page(page)) is not None:
            if last - self._start >= MOST_PAGES and self.request.most_rows is None:
                size = f"page {page.last:,} as its last" if page.total is None else f"{page.total:,} records"
                cost = f"{last - self._start + 1:,} requests; no list is fetched beyond {MOST_PAGES:,} pages"
                self._plan_problem = f"announces {size}, which takes {cost}"
                return []
            self._last = last
        if not self._known_last:
            # Where no header says: only an empty page, or one that came before, is the end.
            goes_on = self.request.paging in ("page", "page0") and bool(page.rows)
            if page.more is not None:
                goes_on = page.more and self._empty < _EMPTY_LINKED
            return [self._page(number + 1)] if goes_on else []
        return self._plan_ahead(page_request.number, page)

    def _plan_ahead(self, number: int, page: Page) -> list[PageRequest]:
        """Decide which of the pages that are known to be due to request now."""
        if self._empty >= _EMPTY_COUNTED:
            self._last = self._next - 1  # what was announced does not come: `_finish` compares
        # Total and Link may disagree: as long as a next page with rows is named, there is more.
        elif number == self._last and page.more and (page.rows or page.groups):
            self._last = min(self._last + 1, self._start + MOST_PAGES)
        ahead = _AHEAD - len(self._outstanding)
        if self.request.most_rows is not None:
            lacking = self.request.most_rows - self._received + self.stats.repeated
            pages = -(-lacking // max(1, self._size or len(page.rows)))
            ahead = min(ahead, max(pages - len(self._outstanding), 0 if self._outstanding else 1))
        room = range(self._next, min(self._last, self._next + ahead - 1) + 1)
        self._next += len(room)
        return [self._page(each) for each in room]

    def _last_page(self, page: Page) -> int | None:
        """Return the number of the last page where the first page says it, else None."""
        rows = len(page.rows)
        self._known_last = True
        # Where rows come in groups, Total may count groups or rows, so that it gives no number of pages.
        if page.groups is not None and max(rows, page.groups) < (page.per_page or 0):
            return self._start
        if page.total is not None and page.groups is None:
            size = page.per_page or self._per_page or rows
            # A server may cap the page without saying so: rows that came count, not rows asked for.
            self._size = min(size, rows) if 0 < rows < page.total else size
            pages = -(-page.total // self._size) if self._size and rows else 1
            return self._start + max(pages, 1) - 1
        if page.more is False:
            return self._start
        self._known_last = page.last is not None
        return page.last

    def _plan_chain(self, page_request: PageRequest, page: Page) -> list[PageRequest]:
        """Decide the next page of a list whose pages are named by the one before."""
        cursor, total = page.cursor, page.total
        if self.request.paging == "offset" and page.rows and isinstance(page.rows[-1], dict):
            last_id = page.rows[-1].get("id")
            cursor = str(last_id) if last_id is not None and page.more is not False else None
        if total is not None and self.buffer.received >= total:
            return []
        if cursor and cursor not in self._cursors and self._empty < _EMPTY_LINKED:
            self._cursors.add(cursor)
            return [self._page(page_request.number + 1, cursor=cursor)]
        silent = not cursor and page.more is None and total is None and self._is_full(page)
        if page.rows and (page.more or (silent and self.request.paging == "cursor")):
            self._unreachable = "there seem to be more, but the response does not say where they begin"
        return []

    def _stop_repeating(self, page: Page) -> list[PageRequest]:
        """End a fetch whose pages repeat: the list ignores which page is requested."""
        earlier, later = self.buffer.identical_pages or (0, 0)
        total = self._totals[-1] if self._totals else None
        if page.more or self._is_full(page) or (total is not None and total > self.stats.rows):
            self._unreachable = f"page {later} repeats page {earlier}, so there may be more behind"
        self._last = self._next - 1
        return []

    def _is_full(self, page: Page) -> bool:
        return len(page.rows) >= (page.per_page or self._per_page or 1)

    @property
    def _can_prove(self) -> bool:
        """Whether pages can be read again by number, and their rows have keys."""
        by_number = self.request.paging not in ("cursor", "offset")
        return by_number and not self._grouped and not self.buffer.without_id

    def _is_end(self, page_request: PageRequest, page: Page) -> bool:
        """Return whether nothing came after a page, by its own account."""
        if page.more is not None:
            return not page.more
        if page.total is None:
            return not page.rows
        return (page_request.number - self._start + 1) * self._size >= page.total

    @property
    def _counted(self) -> int:
        """How many came of what Total counts: rows, or the groups they came in."""
        return max(self.stats.rows, self._groups)

    def _finish(self) -> list[PageRequest]:
        """Judge the whole: complete, short, or moved while it was read."""
        buffer, total = self.buffer, self._totals[-1] if self._totals else None
        if self._unreachable or self._plan_problem:
            return self._conclude(total)
        moved = len(set(self._totals)) > 1
        if self._can_prove and not buffer.not_unique:
            if moved or (self.stats.repeated and self._continuity.shared_edges() >= self.stats.repeated):
                self._continuity.begin()
            if self._continuity.moved or (total is None and self._continuity.last_with_rows > self._start):
                self._rereads = self._continuity.pages_to_read()
                return self._read_again()
        if self._must_restart(total, moved=moved):
            self._restarts += 1
            self._previous_fingerprint = buffer.fingerprint
            return self._again()
        if moved:
            total = max(self._totals)  # it never stood still: the strictest count is the honest one
        return self._conclude(total)

    def _must_restart(self, total: int | None, *, moved: bool) -> bool:
        """Return whether the list is fetched again from its start: it moved, and its rows have no keys.

        Ids that repeat say so too, unless they are not unique in this list: the second attempt compares all content, and counts
        if it brings what the first one brought.
        """
        if self._restarts + 1 >= _ATTEMPTS:
            return False
        buffer = self.buffer
        if moved:
            # Cursors and offsets by id name a row, not a position: rows that come and go do not shift them.
            return self.request.paging not in ("cursor", "offset") or self._counted < min(self._totals)
        if self._restarts == 1 and buffer.ids_repeat:
            return buffer.fingerprint != self._previous_fingerprint
        return buffer.ids_repeat and (total is None or self._counted < total)

    def _read_again(self) -> list[PageRequest]:
        """Read single pages again until nothing can be missing; one after the other, so that their order is certain."""
        self.stats.moved = self._continuity.moved
        if self._turn >= _REREADS * (self.stats.pages - self._turn) + _REREADS_MORE:
            self._unreachable = "it changed faster than it could be read"
            return self._conclude(None)
        number = next(self._rereads, None)
        if number is None:
            return self._conclude_moving() if self.stats.moved else self._conclude(None)
        self._turn += 1
        self._outstanding = {number}
        return [self._page(number)]

    def _receive_again(self, page_request: PageRequest, page: Page) -> list[PageRequest]:
        keys, new_rows = self.buffer.add_again(page.rows)
        self.stats.late_rows += new_rows
        if (
            self.buffer.without_id
        ):  # rows that came meanwhile have no id: the list is fetched again from its start
            return self._finish()
        is_end = self._is_end(page_request, page)
        state = PageState(page_request.number, keys, page.total, self._turn, is_end)
        self._continuity.add_again(state, new_rows)
        return self._read_again()

    def _conclude_moving(self) -> list[PageRequest]:
        """End the fetch of a list that moved, once nothing is missing that was there all the time."""
        if not self._totals:
            return self._conclude(None)
        first, last = self._totals[0], self._totals[-1]
        # Rows that stayed from start to end: all of the first count where rows only came, all of the last where they only
        # went. Otherwise the smallest count is the least there must be, unless rows of it are hidden from this account.
        least = {1: first, -1: last}.get(self._continuity.direction, min(self._totals))
        if self.stats.rows < least or 2 * self.stats.rows < last:
            return self._conclude(max(least, last))
        self._conclude(None)
        self.stats.total = last
        return []

    def _conclude(self, total: int | None) -> list[PageRequest]:
        self.stats.total = total
        self.done = True
        if self.request.paging in ("cursor", "offset") and self._totals:
            total = min(self._totals)
        sent = f"sent {self.stats.rows:,}"
        problem, advice = self._plan_problem, "Fetch it in parts: a filter, or a range of time."
        retryable = not (self._plan_problem or self._unreachable)
        if retryable:
            advice = "The list may be changing: try again. If it stays so, some records are hidden from this account."
        if not problem and total is not None and self._counted < total:
            came_twice = f", {self.stats.repeated:,} more came twice" if self.stats.repeated else ""
            problem = f"announced {total:,} records and {sent}{came_twice}"
            problem += f"; {self._unreachable}" if self._unreachable else ""
        elif not problem and self._unreachable:
            problem = f"{sent} records, and {self._unreachable}"
        if problem:
            message = f"GET {self.request.path} {problem}."
            self.failure = IncompleteError(message, retryable=retryable, advice=advice)
        return []
