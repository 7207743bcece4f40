"""Fetches one or many lists side by side, in the calling thread, and hands out events in the order of the requests.

In: a session and list requests. Out: rows as they come, restarts, and how each request ended. Sends nothing itself: the
worker pool does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from operator import length_hint
from typing import Any

from procore_nb.errors import ProcoreError
from procore_nb.fetch.pages import ListRequest, PageRequest, PageStats
from procore_nb.fetch.paginator import Paginator
from procore_nb.fetch.workers import Cancelled, Observer, RequestPolicy, WorkerPool
from procore_nb.http import Session
from procore_nb.responses import Page, read_json

_LOOK_AHEAD = 4  # requests begun for each worker, so that one slow list does not hold up the others


@dataclass(frozen=True)
class PageRows:
    """A page of rows of one request, in order."""

    request: ListRequest
    rows: list[Any]


@dataclass(frozen=True)
class RequestRestarted:
    """The list is fetched again from its start: the rows of this request handed out so far no longer count."""

    request: ListRequest


@dataclass(frozen=True)
class RequestDone:
    """A request is complete, or skipped with the error that says why."""

    request: ListRequest
    stats: PageStats
    skipped: ProcoreError | None = None


Event = PageRows | RequestRestarted | RequestDone


def fetch_lists(
    session: Session,
    requests: Iterable[ListRequest],
    *,
    policy: RequestPolicy,
    observer: Observer | None = None,
    may_skip: Callable[[ProcoreError], bool] = lambda error: False,
    check_interrupt: Callable[[], None] = lambda: None,
    one_by_one: bool = False,
) -> Iterator[Event]:
    """Fetch all requests, several pages at a time, and hand out events in the order of the requests.

    `one_by_one` takes a request only when the one before it is done and its events were handed out. `check_interrupt` is called
    in the calling thread several times a second; a `KeyboardInterrupt` from it ends the fetch, after the rows that had come.
    """
    pool = WorkerPool(session, policy, observer, check_interrupt=check_interrupt)
    try:
        yield from Scheduler(pool, iter(requests), may_skip, max_open=1 if one_by_one else None).run()
    finally:
        pool.stop()


def fetch_first_page(session: Session, request: ListRequest, *, policy: RequestPolicy) -> Page:
    """Fetch the first page of a request and no other, with the same waiting and retrying."""
    return WorkerPool(session, policy, threads=0).fetch(Paginator(request).first())


def fetch_json(session: Session, request: ListRequest, *, policy: RequestPolicy) -> Any:
    """Fetch one response as it comes, with the same waiting and retrying, and return its JSON."""
    pool, complete = WorkerPool(session, policy, threads=0), False
    if policy.cache:
        policy.cache.begin(request)
    try:
        found = pool.fetch_as(PageRequest(request, 1, 1, request.parameters), read_json)
        complete = True
    finally:
        if policy.cache:
            policy.cache.end(request, complete=complete)
    return found


class Scheduler:
    """Brings list requests, their paginators and the worker pool together, in the calling thread."""

    def __init__(
        self,
        pool: WorkerPool,
        requests: Iterator[ListRequest],
        may_skip: Callable[[ProcoreError], bool],
        *,
        max_open: int | None = None,
    ) -> None:
        self._pool, self._cache = pool, pool.policy.cache
        self._max_open = max_open or pool.policy.workers * _LOOK_AHEAD  # requests that are begun and not done
        self._requests, self._may_skip = requests, may_skip
        self._paginators: dict[int, Paginator] = {}  # in order; the first one's rows are handed out next
        self._started = 0
        # Pages of earlier requests go first: their rows can be handed out, and need not be held.
        self._to_send: list[tuple[int, int, int, PageRequest]] = []
        self._under_way = 0
        self._unstarted = length_hint(requests)
        self._wait_checked = False

    def run(self) -> Iterator[Event]:
        """Hand out events until all requests are done; on a failure, first the rows that have come."""
        try:
            while self._start_requests() or self._paginators:
                # Twice as many as can be sent at once: no worker idles while this thread makes columns of a page.
                while self._to_send and self._under_way < 2 * self._pool.policy.workers:
                    self._pool.submit(heappop(self._to_send)[-1])
                    self._under_way += 1
                yield from self._hand_out()
                if self._under_way:
                    self._receive(*self._pool.next_result())
        except (ProcoreError, KeyboardInterrupt, Cancelled):
            self._pool.stop()  # nothing further is sent while what had come is taken in
            yield from self._hand_out_rest()
            raise
        finally:
            if self._cache:
                for request in [each.request for each in self._paginators.values()]:
                    self._cache.end(request, complete=False)

    def _hand_out_rest(self) -> Iterator[Event]:
        """Hand out the rows of every request that has begun, and the end of those that are complete."""
        for page_request, result in self._pool.drain():
            if isinstance(result, Page) and id(page_request.request) in self._paginators:
                self._paginators[id(page_request.request)].keep(page_request, result)
        for paginator in self._paginators.values():
            request, buffer = paginator.request, paginator.buffer
            if paginator.restarted:
                yield RequestRestarted(request)
            yield from (PageRows(request, rows) for rows in (*buffer.ready(), *buffer.rest()))
            if paginator.done and (paginator.failure is None or self._may_skip(paginator.failure)):
                yield RequestDone(request, paginator.stats, paginator.failure)

    def _start_requests(self) -> bool:
        while len(self._paginators) < self._max_open:
            request = next(self._requests, None)
            if request is None:
                return False
            self._unstarted = max(0, self._unstarted - 1)
            if self._cache:
                self._cache.begin(request)
            paginator = self._paginators[id(request)] = Paginator(request, position=self._started)
            self._started += 1
            self._queue(paginator, [paginator.first()])
        return True

    def _receive(self, page_request: PageRequest, result: Page | BaseException) -> None:
        self._under_way -= 1
        paginator = self._paginators.get(id(page_request.request))
        if paginator is None:
            return
        if isinstance(result, Page):
            self._advance(paginator, paginator.receive(page_request, result))
            return
        if not isinstance(result, ProcoreError):
            raise result
        instead = paginator.refused(page_request, result)
        if not isinstance(instead, ProcoreError):
            self._advance(paginator, instead)
            return
        if not self._may_skip(instead):
            raise instead from (None if instead is result else result)
        paginator.failure, paginator.done = instead, True
        self._discard(lambda other: other.request is paginator.request)

    def _advance(self, paginator: Paginator, page_requests: list[PageRequest]) -> None:
        request = paginator.request
        if paginator.restarted:
            self._discard(lambda other: other.request is request and paginator.is_late(other))
        self._queue(paginator, page_requests)
        # The first response names the limits, the first page of a list how many pages it has.
        if self._cache and self._cache.has_fresh(request):
            return
        if len(page_requests) > 1 or not self._wait_checked:
            self._wait_checked = True
            planned = sum(each.pages_planned for each in self._paginators.values())
            self._pool.check_wait_budget(len(self._to_send) + planned + self._unstarted, request)

    def _queue(self, paginator: Paginator, page_requests: list[PageRequest]) -> None:
        for each in page_requests:
            heappush(self._to_send, (paginator.position, each.attempt, each.number, each))

    def _discard(self, is_void: Callable[[PageRequest], bool]) -> None:
        self._to_send = [entry for entry in self._to_send if not is_void(entry[-1])]
        heapify(self._to_send)

    def _hand_out(self) -> Iterator[Event]:
        """Hand out what the first requests have; those that are done are left."""
        for paginator in list(self._paginators.values()):
            request, failure = paginator.request, paginator.failure
            if paginator.restarted:
                paginator.restarted = False
                yield RequestRestarted(request)
            for rows in paginator.buffer.ready():
                yield PageRows(request, rows)
            if not paginator.done:
                return
            del self._paginators[id(request)]
            if failure is not None and not self._may_skip(failure):
                raise failure
            if self._cache:
                whole = failure is None and not paginator.stats.moved and paginator.stats.attempts == 1
                self._cache.end(request, complete=whole)
            yield RequestDone(request, paginator.stats, failure)
