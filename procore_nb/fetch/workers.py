"""The threads that ask: they wait for the limits, send, and try again where that may help.

In: pages to ask for. Out: pages, or the errors that ended the trying. The only place in this package that waits.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Protocol

from procore_nb.errors import NetworkError, ProcoreError, RateLimitError
from procore_nb.fetch.list_request import ListRequest, PageRequest
from procore_nb.gc_pause import gc_paused
from procore_nb.http import Session
from procore_nb.http.rate_limit import backoff_seconds
from procore_nb.responses import Page, Response, read_page, retry_after_seconds

log = logging.getLogger("procore_nb")
_LISTEN_EVERY = 0.1  # seconds between two looks whether the walk is to stop
_WORTH_SAYING = 0.5  # seconds; shorter waits are not announced


class Observer(Protocol):
    """Whoever wants to see a walk go on, such as a progress line."""

    def waiting(self, seconds: float, reason: str) -> None:
        """Hear that the walk waits so many seconds, and why."""

    def asked(self) -> None:
        """Hear that a request was sent."""

    def came(self, rows: int) -> None:
        """Hear that a page with so many rows came."""

    def tick(self) -> None:
        """Hear, in the walking thread, that there may be something new to show."""


class SilentObserver:
    """A observer that says nothing."""

    def waiting(self, seconds: float, reason: str) -> None:
        """Say nothing."""

    def asked(self) -> None:
        """Say nothing."""

    def came(self, rows: int) -> None:
        """Say nothing."""

    def tick(self) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class RequestPolicy:
    """How a walk behaves: side by side, patient, persistent.

    Parameters
    ----------
    workers
        How many requests are under way at once.
    retries
        How often one request is tried again when it is refused for a passing reason.
    max_wait_seconds
        How long the whole walk may wait because Procore asks for it, or between tries.
    """

    workers: int = 8
    retries: int = 5
    max_wait_seconds: float = 600.0
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], object] | None = None


@dataclass
class WaitBudget:
    """How much waiting is left; waits at the same time count once."""

    seconds: float
    spent: float = 0.0
    until: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def allows(self, wait: float, now: float) -> bool:
        with self.lock:
            more = max(0.0, now + wait - max(now, self.until))
            if self.spent + more > self.seconds:
                return False
            self.spent += more
            self.until = max(self.until, now + wait)
            return True

    def left(self, now: float) -> float:
        """Return how much longer the walk may wait, from now."""
        with self.lock:
            return self.seconds - self.spent + max(0.0, self.until - now)


class WorkerPool:
    """The threads that send; daemons, so that an interrupted walk returns at once."""

    def __init__(
        self,
        session: Session,
        policy: RequestPolicy,
        observer: Observer,
        *,
        threads: int | None = None,
        listen: Callable[[], None] = lambda: None,
    ) -> None:
        self.session = session
        self.policy = policy
        self.observer = observer
        self._listen = listen
        self._wait_budget = WaitBudget(policy.max_wait_seconds)
        self._stop = threading.Event()
        self._sleep = policy.sleep or self._stop.wait
        self._asks: SimpleQueue[PageRequest | None] = SimpleQueue()
        self._answers: SimpleQueue[tuple[PageRequest, Page | BaseException]] = SimpleQueue()
        self._threads = 0
        self._most = policy.workers if threads is None else threads

    def send(self, ask: PageRequest) -> None:
        if self._threads < self._most:
            self._threads += 1
            threading.Thread(target=self._work, name="procore_nb walk", daemon=True).start()
        self._asks.put(ask)

    def next_answer(self) -> tuple[PageRequest, Page | BaseException]:
        while True:
            self._listen()
            self.observer.tick()
            try:
                return self._answers.get(timeout=_LISTEN_EVERY)
            except Empty:
                continue

    def leftover(self) -> Iterator[tuple[PageRequest, Page | BaseException]]:
        """Hand out the answers that came and were not yet taken."""
        while not self._answers.empty():
            yield self._answers.get()

    def stop(self) -> None:
        self._stop.set()
        for _ in range(self._threads):
            self._asks.put(None)

    def _work(self) -> None:
        while (ask := self._asks.get()) is not None and not self._stop.is_set():
            try:
                answer: Page | BaseException = self.answer(ask)
            except BaseException as error:  # handed to the thread that attempts, which raises it
                answer = error
            self._answers.put((ask, answer))

    def answer(self, ask: PageRequest) -> Page:
        """Return one page; wait for the limits, and try again where that may help."""
        for attempt in range(1, self.policy.retries + 2):
            self._wait_for_the_limits(ask)
            try:
                return self._answer_once(ask)
            except ProcoreError as error:
                if not error.retryable or attempt > self.policy.retries or self._stop.is_set():
                    raise
                asked = error.retry_after_seconds
                pause = asked or backoff_seconds(attempt)
                if not self._wait_budget.allows(pause, self.policy.clock()):
                    raise
                again = f"try {attempt + 1} of {self.policy.retries + 1}"
                why = f"answered {error.status}" if error.status else "no whole reply"
                self._pause(pause, f"{error.message} Then {again}.", short=f"{why}, then {again}")
        raise AssertionError("unreachable")

    def _answer_once(self, ask: PageRequest) -> Page:
        rate_limiter, clock = self.session.shared.rate_limiter, self.policy.clock
        question, under_way = ask.question, True

        def before_again(refusal: Response) -> None:
            nonlocal under_way
            rate_limiter.update(refusal.headers, clock())
            under_way = False
            self._wait_for_the_limits(ask)
            under_way = True
            self.observer.asked()

        self.observer.asked()
        try:
            reply = self.session.get(
                question.path, ask.parameters, company_id=question.company_id, before_again=before_again
            )
        except BaseException:
            if under_way:
                rate_limiter.release()
            raise
        rate_limiter.update(reply.headers, clock(), refused_for=_refused_for(reply.status, reply.headers))
        with gc_paused:
            page = read_page(reply, envelope=question.envelope)
        self.observer.came(len(page.rows))
        return page

    def _wait_for_the_limits(self, ask: PageRequest) -> None:
        rate_limiter, clock = self.session.shared.rate_limiter, self.policy.clock
        while not self._stop.is_set() and (seconds := rate_limiter.acquire(clock())) > 0:
            if seconds >= _WORTH_SAYING and not self._wait_budget.allows(seconds, clock()):
                raise RateLimitError(
                    f"Procore's rate limit lets this application go on in {seconds:,.0f} seconds, which is beyond the "
                    f"patience of {self.policy.max_wait_seconds:,.0f} seconds (GET {ask.question.path}).",
                    retry_after_seconds=seconds,
                    advice="Wait, ask for less, or give more patience: connect(…, max_wait_seconds=…).",
                )
            self._pause(seconds, "Waiting for Procore's rate limit.", short="rate limit")
        if self._stop.is_set():
            raise NetworkError("The walk was stopped.", retryable=False)

    def check_wait_budget(self, requests: int, question: ListRequest) -> None:
        """Raise now what so many more requests would end in: a wait beyond the patience."""
        now = self.policy.clock()
        seconds = self.session.shared.rate_limiter.estimate(requests, now)
        left = self._wait_budget.left(now)
        if seconds > left:
            raise RateLimitError(
                f"At least {requests:,} requests are still due, which Procore's rate limit spreads over {seconds:,.0f} "
                f"seconds; the patience left is {left:,.0f} seconds (seen at GET {question.path}).",
                retry_after_seconds=seconds,
                advice="Ask for less (a filter, a range of time), or connect(…, max_wait_seconds="
                f"{(self.policy.max_wait_seconds - left + seconds) * 1.1:.0f}).",
            )

    def _pause(self, seconds: float, reason: str, *, short: str) -> None:
        if seconds >= _WORTH_SAYING:
            log.info("Waiting %.1f s: %s", seconds, reason)
            self.observer.waiting(seconds, short)
            if not self._most:
                self.observer.tick()
        self._sleep(seconds)


def _refused_for(status: int, headers: Mapping[str, str]) -> float | None:
    """Return the seconds a refusal asks to wait: 0 for a 429 that names none, None for what is no such refusal."""
    asked = retry_after_seconds(headers) if status in (429, 503) else None
    return 0.0 if status == 429 and asked is None else asked
