"""Walks the pages of one or many questions side by side: asks, waits, retries, and hands out rows in order.

In: a session and questions. Out: events: rows, a restart, a question done or left out. The only room that waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from procore_nb.errors import ProcoreError
from procore_nb.http import Session
from procore_nb.pages.crew import Crew, Manners, Silent, Watcher
from procore_nb.pages.plan import QuestionWalk
from procore_nb.pages.question import Question, Tally
from procore_nb.pages.walker import Done, Event, Restarted, Rows, Walker
from procore_nb.responses import Page

__all__ = [
    "Done",
    "Event",
    "Manners",
    "Question",
    "Restarted",
    "Rows",
    "Silent",
    "Tally",
    "Watcher",
    "ask_once",
    "walk",
]


def walk(
    session: Session,
    questions: Iterable[Question],
    *,
    manners: Manners,
    watcher: Watcher | None = None,
    may_leave_out: Callable[[ProcoreError], bool] = lambda error: False,
    listen: Callable[[], None] = lambda: None,
) -> Iterator[Event]:
    """Ask all questions, several pages at a time, and hand out events in the order of the questions.

    `listen` is called in the walking thread several times a second; a `KeyboardInterrupt` raised there ends the walk, as
    Ctrl-C does, after the rows that had come.

    Raises
    ------
    ProcoreError
        What a page failed with, once retrying did not help; the rows before it have been handed out.
    """
    crew = Crew(session, manners, watcher or Silent(), listen=listen)
    try:
        yield from Walker(crew, iter(questions), may_leave_out).run()
    finally:
        crew.stop()


def ask_once(
    session: Session, question: Question, *, manners: Manners, watcher: Watcher | None = None
) -> Page:
    """Ask for the first page of a question and no other, with the same waiting and retrying."""
    ask = QuestionWalk(question).first()
    return Crew(session, manners, watcher or Silent(), threads=0).answer(ask)
