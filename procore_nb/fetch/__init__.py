"""Walks the pages of one or many questions side by side: asks, waits, retries, and hands out rows in order.

In: a session and questions. Out: events: rows, a restart, a question done or left out. The only room that waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from procore_nb.errors import ProcoreError
from procore_nb.fetch.list_request import ListRequest, PageStats
from procore_nb.fetch.paginator import Paginator
from procore_nb.fetch.scheduler import Event, PageRows, RequestDone, RequestRestarted, Scheduler
from procore_nb.fetch.workers import Observer, RequestPolicy, SilentObserver, WorkerPool
from procore_nb.http import Session
from procore_nb.responses import Page

__all__ = [
    "Event",
    "ListRequest",
    "Observer",
    "PageRows",
    "PageStats",
    "RequestDone",
    "RequestPolicy",
    "RequestRestarted",
    "SilentObserver",
    "fetch_first_page",
    "fetch_lists",
]


def fetch_lists(
    session: Session,
    questions: Iterable[ListRequest],
    *,
    policy: RequestPolicy,
    observer: Observer | None = None,
    may_skip: Callable[[ProcoreError], bool] = lambda error: False,
    listen: Callable[[], None] = lambda: None,
) -> Iterator[Event]:
    """Ask all questions, several pages at a time, and hand out events in the order of the questions.

    `listen` is called in the walking thread several times a second; a `KeyboardInterrupt` or `Cancelled` raised there ends
    the walk after the rows that had come.

    Raises
    ------
    ProcoreError
        What a page failed with, once retrying did not help; the rows before it have been handed out.
    """
    crew = WorkerPool(session, policy, observer or SilentObserver(), listen=listen)
    try:
        yield from Scheduler(crew, iter(questions), may_skip).run()
    finally:
        crew.stop()


def fetch_first_page(
    session: Session, question: ListRequest, *, policy: RequestPolicy, observer: Observer | None = None
) -> Page:
    """Ask for the first page of a question and no other, with the same waiting and retrying."""
    ask = Paginator(question).first()
    return WorkerPool(session, policy, observer or SilentObserver(), threads=0).answer(ask)
