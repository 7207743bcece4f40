"""The threads that send: they wait for the limits, send, and try again where that may help.

In: page requests, or addresses of files from records. Out: pages, or open responses of files; or the errors that ended the
trying. The only module of this package that waits. The API host's requests go through its rate limiter; stores of files have
none, only few connections. A fetch that is under way is ended early by Ctrl-C, or by an observer with `Cancelled`.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Generic, Self, TypeVar
from urllib.parse import urlsplit

from procore_nb.errors import NetworkError, ProcoreError, RateLimitError, RequestError
from procore_nb.fetch.pages import ListRequest, PageRequest
from procore_nb.fetch.response_cache import ResponseCache
from procore_nb.http import Session
from procore_nb.http.file_session import FileGuard, FileResponse, FileSession
from procore_nb.http.rate_limit import backoff_seconds
from procore_nb.responses import Page, Response, read_page, retry_after_seconds

log = logging.getLogger("procore_nb")
_REDIRECTS = 5
_ENDING_SECONDS = 5.0  # for threads that are stopped
_POLL_SECONDS = 0.1  # between two looks whether the fetch is to stop
Job = TypeVar("Job")
Result = TypeVar("Result")
Parsed = TypeVar("Parsed")
Reply = TypeVar("Reply", Response, FileResponse)
_ANNOUNCED_SECONDS = 0.5  # shorter waits are neither announced nor counted


class Cancelled(Exception):
    """Raised in the fetching thread by an observer to end the fetch, as Ctrl-C does; what had come is kept."""


class DeferredInterrupt:
    """A context manager: Ctrl-C (or the stop button) during the block waits until `raise_pending`; a second one does not.

    Python delivers Ctrl-C to the main thread only, and a program may have its own handler: there this changes nothing.
    """

    def __init__(self) -> None:
        self._received = self._is_pending = self._installed = False

    def __enter__(self) -> Self:
        own = signal.getsignal(signal.SIGINT) is not signal.default_int_handler
        if not own and threading.current_thread() is threading.main_thread():
            self._installed = True
            signal.signal(signal.SIGINT, self._receive)
        return self

    def __exit__(self, *_: object) -> None:
        if self._installed:
            self._installed = False
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def pending(self) -> bool:
        """Return whether there was a Ctrl-C, raised by now or not."""
        return self._received

    def raise_pending(self) -> None:
        """Raise the `KeyboardInterrupt` of a Ctrl-C that waits."""
        if self._is_pending:
            self._is_pending = False
            raise KeyboardInterrupt

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self._is_pending:
            raise KeyboardInterrupt
        self._received = self._is_pending = True


class Observer:
    """Whoever follows a fetch, such as a progress line; this one shows nothing. Only `tick` is called in the calling thread."""

    def waiting(self, seconds: float, reason: str) -> None:
        """The fetch waits so many seconds, for this reason."""

    def request_sent(self) -> None:
        """A request was sent."""

    def page_received(self, rows: int) -> None:
        """A page with so many rows came."""

    def tick(self) -> None:
        """There may be something new to show; raising `Cancelled` here ends the fetch."""


@dataclass(frozen=True)
class RequestPolicy:
    """How a fetch behaves: how many requests at once, how many retries of one, how much waiting in all."""

    workers: int = 8
    retries: int = 5
    max_wait_seconds: float = 600.0
    cache: ResponseCache | None = None
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], object] | None = None


@dataclass
class WaitBudget:
    """How much waiting is left; waits at the same time count once."""

    seconds: float
    until: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def allows(self, wait: float, now: float) -> bool:
        """Return whether a wait fits, and count it if so."""
        with self.lock:
            more = max(0.0, now + wait - max(now, self.until))
            if more > self.seconds:
                return False
            self.seconds -= more
            self.until = max(self.until, now + wait)
            return True

    def remaining(self, now: float) -> float:
        with self.lock:
            return self.seconds + max(0.0, self.until - now)


class ThreadPool(Generic[Job, Result]):
    """Threads that work on jobs and wait for the limits; daemons, so that an interrupted fetch returns at once."""

    def __init__(
        self,
        session: Session,
        policy: RequestPolicy,
        observer: Observer | None = None,
        *,
        threads: int | None = None,
        check_interrupt: Callable[[], None] = lambda: None,
    ) -> None:
        self.session = session
        self.policy = policy
        self.observer = observer or Observer()
        self._check_interrupt = check_interrupt
        self._wait_budget = WaitBudget(policy.max_wait_seconds)
        self._stop = threading.Event()
        self._sleep = policy.sleep or self._stop.wait
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._results: SimpleQueue[tuple[Job, Result | BaseException]] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._max_threads = policy.workers if threads is None else threads

    def fetch(self, job: Job) -> Result:
        raise NotImplementedError

    def submit(self, job: Job) -> None:
        if len(self._threads) < self._max_threads:
            self._threads.append(threading.Thread(target=self._work, name="procore_nb fetch", daemon=True))
            self._threads[-1].start()
        self._jobs.put(job)

    def next_result(self) -> tuple[Job, Result | BaseException]:
        """Wait for the answer to a job, or for the error that it ended in."""
        while True:
            self._check_interrupt()
            self.observer.tick()
            try:
                return self._results.get(timeout=_POLL_SECONDS)
            except Empty:
                continue

    def drain(self) -> Iterator[tuple[Job, Result | BaseException]]:
        while not self._results.empty():
            yield self._results.get()

    def stop(self) -> None:
        """Send nothing further; requests under way end by themselves."""
        self._stop.set()
        for _ in self._threads:
            self._jobs.put(None)

    @property
    def stopped(self) -> bool:
        """Whether the pool was told to stop."""
        return self._stop.is_set()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None and not self._stop.is_set():
            try:
                result: Result | BaseException = self.fetch(job)
            except BaseException as error:  # handed to the calling thread, which raises it
                result = error
            self._results.put((job, result))

    def pause_before_retry(self, error: ProcoreError, attempt: int) -> None:
        """Wait until the next attempt after attempt number `attempt` failed; raise the error where there is none."""
        if not error.retryable or attempt > self.policy.retries or self._stop.is_set():
            raise error
        pause = error.retry_after_seconds or backoff_seconds(attempt)
        if not self._wait_budget.allows(pause, self.policy.clock()):
            raise error
        again = f"attempt {attempt + 1} of {self.policy.retries + 1}"
        why = f"answered {error.status}" if error.status else "no whole response"
        self._pause(pause, f"{error.message} Then {again}.", short=f"{why}, then {again}")

    def within_limits(self, path: str, send: Callable[[], Reply], *, limited: bool = True) -> Reply:
        """Send once the limits let it go; the rate limiter counts it until the response, or the error that there is none."""
        rate_limiter = self.session.shared.rate_limiter
        if limited:
            self._wait_for_limits(path)
        self.observer.request_sent()
        try:
            response = send()
        except BaseException:
            if limited:
                rate_limiter.release()
            raise
        if limited:
            seconds = retry_after_seconds(response.headers) if response.status in (429, 503) else None
            refused_for = 0.0 if response.status == 429 and seconds is None else seconds
            rate_limiter.update(response.headers, self.policy.clock(), refused_for=refused_for)
        return response

    def _wait_for_limits(self, path: str) -> None:
        rate_limiter, clock = self.session.shared.rate_limiter, self.policy.clock
        while not self._stop.is_set() and (seconds := rate_limiter.acquire(clock())) > 0:
            if seconds >= _ANNOUNCED_SECONDS and not self._wait_budget.allows(seconds, clock()):
                raise RateLimitError(
                    f"Procore's rate limit lets this application go on in {seconds:,.0f} seconds, which is longer than "
                    f"max_wait_seconds, {self.policy.max_wait_seconds:,.0f} seconds (GET {path}).",
                    retry_after_seconds=seconds,
                    advice="Wait, fetch less, or allow a longer wait: connect(…, max_wait_seconds=…).",
                )
            self._pause(seconds, "Waiting for Procore's rate limit.", short="rate limit")
        if self._stop.is_set():
            raise NetworkError("The fetch was stopped.", retryable=False)

    def _pause(self, seconds: float, reason: str, *, short: str) -> None:
        if seconds >= _ANNOUNCED_SECONDS:
            log.info("Waiting %.1f s: %s", seconds, reason)
            self.observer.waiting(seconds, short)
            if not self._max_threads:
                self.observer.tick()
        self._sleep(seconds)


class WorkerPool(ThreadPool[PageRequest, Page]):
    """The threads that fetch pages."""

    def fetch(self, page_request: PageRequest) -> Page:
        envelope = page_request.request.envelope
        return self.fetch_as(page_request, lambda response: read_page(response, envelope=envelope))

    def fetch_as(self, page_request: PageRequest, read: Callable[[Response], Parsed]) -> Parsed:
        """Return what `read` makes of a response; wait for the limits, and try again where that may help."""
        request, cache = page_request.request, self.policy.cache
        kept = cache and cache.get(page_request)
        attempt = 0
        while True:
            attempt += 1
            try:
                response = kept or self.session.get(
                    request.path,
                    page_request.parameters,
                    company_id=request.company_id,
                    send_once=partial(self.within_limits, request.path),
                )
                answer = read(response)
                break
            except ProcoreError as error:
                if kept:
                    raise  # it would be the same again
                self.pause_before_retry(error, attempt)
        if cache and not kept:
            cache.save(page_request, response)
        self.observer.page_received(len(answer.rows) if isinstance(answer, Page) else 0)
        return answer

    def check_wait_budget(self, requests: int, request: ListRequest) -> None:
        """Raise now what so many more requests would end in: a longer wait than is allowed."""
        now = self.policy.clock()
        seconds = self.session.shared.rate_limiter.estimate(requests, now)
        remaining = self._wait_budget.remaining(now)
        if seconds > remaining:
            raise RateLimitError(
                f"At least {requests:,} requests are still due, which Procore's rate limit spreads over {seconds:,.0f} "
                f"seconds; {remaining:,.0f} seconds of max_wait_seconds are left (seen at GET {request.path}).",
                retry_after_seconds=seconds,
                advice="Request less (a filter, a range of time), or connect(…, max_wait_seconds="
                f"{(self.policy.max_wait_seconds - remaining + seconds) * 1.1:.0f}).",
            )


class TransferPool(ThreadPool[Job, Result], Generic[Job, Result]):
    """The threads of a download: `work` does one job, with `open_file` and `pause_before_retry` of the pool."""

    def __init__(
        self,
        session: Session,
        policy: RequestPolicy,
        observer: Observer,
        *,
        work: Callable[[Job], Result],
        guard: FileGuard,
        total_seconds: float,
        check_interrupt: Callable[[], None],
    ) -> None:
        super().__init__(session, policy, observer, check_interrupt=check_interrupt)
        self._do = work
        self._guard = guard
        self._files = FileSession(session, connections=policy.workers, total_seconds=total_seconds)

    def fetch(self, job: Job) -> Result:
        return self._do(job)

    def open_file(self, address: str, headers: Mapping[str, str], company_id: int | None) -> FileResponse:
        """Return the response for an address after its redirects, whatever its status; where no file may come from is an error."""
        to = self._guard.first(address)
        for _ in range(_REDIRECTS + 1):
            send_once = partial(self.within_limits, urlsplit(to.url).path, limited=to.limited)
            response = self._files.open(to, headers, company_id=company_id, send_once=send_once)
            location = response.headers.get("location")
            if not (300 <= response.status < 400 and location):
                return response
            response.close()
            to = self._guard.redirected(to, location)
        raise RequestError(f"{urlsplit(address).hostname} redirects again and again.")

    def close(self) -> None:
        """Stop the threads, break what they wait for, and close the connections."""
        self.stop()
        self._files.abort()
        for thread in self._threads:
            thread.join(_ENDING_SECONDS)
        self._files.close()
