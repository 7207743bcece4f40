"""The walk itself, in the calling thread: questions in, events out, in the order of the questions.

In: a crew and questions. Out: rows as they come, restarts, and what each question amounted to.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from operator import length_hint
from typing import Any

from procore_nb.errors import ProcoreError
from procore_nb.fetch.list_request import ListRequest, PageRequest, PageStats
from procore_nb.fetch.paginator import Paginator
from procore_nb.fetch.workers import WorkerPool
from procore_nb.responses import Page
from procore_nb.signals import Cancelled

_LOOK_AHEAD = 4  # questions under way for each worker, so that one slow question does not hold up the others


@dataclass(frozen=True)
class PageRows:
    """A page of rows of one question, in order."""

    question: ListRequest
    rows: list[Any]


@dataclass(frozen=True)
class RequestRestarted:
    """The list moved while it was walked: the rows of this question handed out so far no longer count."""

    question: ListRequest


@dataclass(frozen=True)
class RequestDone:
    """A question is answered, or left out with the error that says why."""

    question: ListRequest
    tally: PageStats
    skipped: ProcoreError | None = None


Event = PageRows | RequestRestarted | RequestDone


class Scheduler:
    """Brings questions, their attempts and the crew together, in the calling thread."""

    def __init__(
        self,
        crew: WorkerPool,
        questions: Iterator[ListRequest],
        may_skip: Callable[[ProcoreError], bool],
    ) -> None:
        self._crew = crew
        self._questions = questions
        self._may_leave_out = may_skip
        self._walks: deque[Paginator] = deque()  # in order; the first one's rows are handed out next
        self._by_question: dict[int, tuple[int, Paginator]] = {}  # with its place in the order
        self._skipped: dict[int, ProcoreError] = {}
        # Pages of earlier questions go first: their rows can be handed out, and need not be held.
        self._to_ask: list[tuple[int, int, int, PageRequest]] = []
        self._under_way = 0
        self._yet_to_begin = length_hint(questions)
        self._begun = 0
        self._foreseen = False

    def run(self) -> Iterator[Event]:
        """Hand out events until all questions are done; on a failure, first the rows that have come."""
        try:
            while self._take_on() or self._walks:
                self._send()
                yield from self._hand_out()
                if self._under_way:
                    self._receive(*self._crew.next_answer())
        except (ProcoreError, KeyboardInterrupt, Cancelled):
            self._crew.stop()  # nothing further is asked while what had come is taken in
            yield from self._what_had_come()
            raise

    def _what_had_come(self) -> Iterator[Event]:
        """Hand out the rows of every question that has begun, and the end of those that are complete."""
        for ask, answer in self._crew.leftover():
            if isinstance(answer, Page) and id(ask.question) in self._by_question:
                self._by_question[id(ask.question)][1].keep(ask, answer)
        for one in self._walks:
            if one.restarted:
                yield RequestRestarted(one.question)
            yield from (PageRows(one.question, rows) for rows in (*one.ready(), *one.rest()))
            skipped = self._skipped.get(id(one.question))
            if one.done and one.failure is None:
                yield RequestDone(one.question, one.tally, skipped)

    def _take_on(self) -> bool:
        """Begin further questions while there is room for them."""
        while len(self._walks) < self._crew.policy.workers * _LOOK_AHEAD:
            question = next(self._questions, None)
            if question is None:
                return False
            self._yet_to_begin = max(0, self._yet_to_begin - 1)
            one = Paginator(question)
            self._walks.append(one)
            self._by_question[id(question)] = self._begun, one
            self._begun += 1
            self._put([one.first()])
        return True

    def _send(self) -> None:
        # Twice as many as can be sent at once: no worker idles while this thread makes columns of a page.
        while self._to_ask and self._under_way < 2 * self._crew.policy.workers:
            self._crew.send(heappop(self._to_ask)[-1])
            self._under_way += 1

    def _receive(self, ask: PageRequest, answer: Page | BaseException) -> None:
        self._under_way -= 1
        if id(ask.question) not in self._by_question:
            return
        one = self._by_question[id(ask.question)][1]
        if not isinstance(answer, BaseException):
            self._ask_next(one, one.receive(ask, answer))
            return
        instead = one.refused(ask, answer) if isinstance(answer, ProcoreError) else None
        if instead is not None:
            self._ask_next(one, instead)
            return
        if not (isinstance(answer, ProcoreError) and self._may_leave_out(answer)):
            raise answer
        self._skipped[id(ask.question)] = answer
        one.done = True
        self._forget(lambda other: other.question is ask.question)

    def _put(self, asks: list[PageRequest]) -> None:
        for ask in asks:
            order = self._by_question[id(ask.question)][0]
            heappush(self._to_ask, (order, ask.walk, ask.number, ask))

    def _forget(self, no_longer: Callable[[PageRequest], bool]) -> None:
        self._to_ask = [entry for entry in self._to_ask if not no_longer(entry[-1])]
        heapify(self._to_ask)

    def _ask_next(self, one: Paginator, asks: list[PageRequest]) -> None:
        if one.restarted:
            self._forget(lambda ask: ask.question is one.question and one.is_late(ask))
        self._put(asks)
        if (
            len(asks) > 1 or not self._foreseen
        ):  # the first reply tells the limits, a list's first page its pages
            self._foreseen = True
            self._crew.check_wait_budget(len(self._to_ask) + self._yet_to_begin, one.question)

    def _hand_out(self) -> Iterator[Event]:
        while self._walks:
            one = self._walks[0]
            if one.restarted:
                one.restarted = False
                yield RequestRestarted(one.question)
            for rows in one.ready():
                yield PageRows(one.question, rows)
            if not one.done:
                return
            self._walks.popleft()
            del self._by_question[id(one.question)]
            failure = one.failure
            if failure is not None and not self._may_leave_out(failure):
                raise failure
            yield RequestDone(one.question, one.tally, self._skipped.pop(id(one.question), failure))
