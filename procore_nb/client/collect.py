"""Questions walked and made into one frame, with an account of where it came from and what was left out.

In: a session, an endpoint and questions. Out: a DataFrame, or frames one by one. Speaks to no service by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import pandas as pd

from procore_nb import hints
from procore_nb.catalog import Endpoint
from procore_nb.client.frame_assembler import FrameAssembler, RowDeduplicator, target_of
from procore_nb.client.skipped import Skipped
from procore_nb.client.targets import Target
from procore_nb.errors import (
    AccessError,
    CredentialsError,
    IncompleteError,
    NotFoundError,
    ProcoreError,
    warn,
)
from procore_nb.fetch import (
    Event,
    ListRequest,
    PageStats,
    RequestDone,
    RequestPolicy,
    RequestRestarted,
    fetch_lists,
    notes_of,
)
from procore_nb.frames import FrameBuilder, with_categories
from procore_nb.http import Session
from procore_nb.progress import Progress, ProgressMaker, counted
from procore_nb.signals import Cancelled, DeferredInterrupt

OnError = Literal["raise", "skip"]


@dataclass
class Collection:
    """One list gathered from one or many places.

    `builder` makes an empty frame builder. `custom_fields` gives label and data type by definition id, and is asked only
    when records have custom fields. `about` is the rest of `attrs["procore"]`.
    """

    session: Session
    endpoint: Endpoint
    questions: Sequence[ListRequest]
    policy: RequestPolicy
    builder: Callable[[], FrameBuilder]
    about: dict[str, Any]
    custom_fields: Callable[[], Mapping[int, tuple[str, str]]] = dict
    categories: bool = False
    on_error: OnError = "raise"
    progress: bool | ProgressMaker = True
    several: bool = False
    skipped: Skipped = field(default_factory=Skipped)
    tallies: list[PageStats] = field(default_factory=list)
    done: set[int] = field(default_factory=set)

    def frame(self) -> pd.DataFrame:
        """Return the one frame of all places.

        Raises
        ------
        ProcoreError
            What the walk failed with; its `partial` is the frame of what had come.
        """
        building = FrameAssembler(self.builder, self.custom_fields)
        progress, held = self._watch(), DeferredInterrupt()
        try:
            with held:  # a page half taken apart would leave columns of unequal length
                for event in self._events(progress, held):
                    building.take(event)
            held.raise_pending()
            building.name_custom_fields()
            with held:
                whole = building.frame()
            held.raise_pending()
        except ProcoreError as error:
            self._add_partial(error, building, progress)
            raise
        except (KeyboardInterrupt, Cancelled) as error:
            raise self._stopped(building, progress) from error
        progress.close()
        return self._described(whole, progress.requests)

    def frames(self, *, rows_at_once: int | None = None) -> Iterator[pd.DataFrame]:
        """Yield one frame for each place, as soon as it is complete and those before it are; a long one in parts.

        Each says which `place` it is from and whether it is its last (`done`). When a list moved it is walked again:
        `walk` counts up, and parts of an earlier walk of that place no longer count.

        Raises
        ------
        ProcoreError
            What the walk failed with; its `partial` is what had come of places that were not handed out.
        """
        progress, held = self._watch(), DeferredInterrupt()
        events = self._events(progress, held)
        building, before, attempts, complete = FrameAssembler(self.builder, self.custom_fields), 0, 1, False
        try:
            while True:
                with held:
                    event = next(events, None)
                    if event is None:
                        break
                    building.take(event)
                attempts += isinstance(event, RequestRestarted)
                done = isinstance(event, RequestDone)
                if held.pending() or building.mixed:
                    continue  # the walk is ending early; nobody wants a further frame, or one of several places
                if not done and not (rows_at_once and building.rows >= rows_at_once):
                    continue
                if not (isinstance(event, RequestDone) and event.skipped is not None):
                    tallies = [event.stats] if isinstance(event, RequestDone) else []
                    building.name_custom_fields()
                    with held:
                        frame = building.frame()
                    if held.pending():
                        continue
                    frame = self._described(frame, progress.requests - before, tallies=tallies)
                    place = dict(target_of(event.request).ids)
                    frame.attrs["procore"] |= {"target": place, "attempt": attempts, "done": done}
                    before = progress.requests
                    yield frame
                building, attempts = FrameAssembler(self.builder, self.custom_fields), 1 if done else attempts
            held.raise_pending()
            complete = True
        except ProcoreError as error:
            self._add_partial(error, building, progress)
            raise
        except (KeyboardInterrupt, Cancelled) as error:
            raise self._stopped(building, progress) from error
        finally:
            progress.close(complete=complete)
        self._warn()

    def pages(self) -> Iterator[tuple[Target, list[Any]]]:
        """Yield pages of rows as they come; rows that come again after a restart are left out."""
        progress = self._watch()
        once, complete = RowDeduplicator(), False
        try:
            for event in self._events(progress):
                if isinstance(event, RequestDone):
                    once = RowDeduplicator()
                elif isinstance(event, RequestRestarted):
                    once.begin_again()
                else:
                    yield target_of(event.request), once.fresh(event.rows)
            complete = True
        finally:
            progress.close(complete=complete)
        self._warn()

    def _watch(self) -> Progress:
        if callable(self.progress):
            return self.progress(self.endpoint.name, len(self.questions))
        ids = list(target_of(self.questions[0]).ids) if self.questions else []
        noun = {"company_id": "companies", "project_id": "projects"}.get(
            (ids or ["company_id"])[-1], "places"
        )
        return Progress(self.endpoint.name, targets=len(self.questions), noun=noun, show=self.progress)

    def _add_partial(self, error: ProcoreError, building: FrameAssembler, progress: Progress) -> None:
        progress.close(complete=False)
        error.partial = self._partial(building, progress)
        if len(error.partial):
            error.advice = f"{error.advice} {self._what_is_there(error.partial)}".strip()

    def _stopped(self, building: FrameAssembler, progress: Progress) -> IncompleteError:
        progress.close(complete=False)
        partial = self._partial(building, progress)
        return IncompleteError(
            f"{self.endpoint.name} was stopped after {len(partial):,} rows and {progress.requests:,} requests.",
            advice=self._what_is_there(partial),
            partial=partial,
        )

    def _what_is_there(self, partial: pd.DataFrame) -> str:
        said = f"{len(partial):,} rows had come: error.partial."
        if len(self.questions) == 1:
            return said
        unfinished = len(partial.attrs["procore"]["unfinished"])
        return (
            f"{said} {unfinished:,} of {len(self.questions):,} places are not complete: "
            'error.partial.attrs["procore"]["unfinished"].'
        )

    def _events(self, progress: Progress, held: DeferredInterrupt | None = None) -> Iterator[Event]:
        for event in fetch_lists(
            self.session,
            self.questions,
            policy=self.policy,
            observer=progress,
            may_skip=self._may_leave_out,
            check_interrupt=held.raise_pending if held else lambda: None,
        ):
            if isinstance(event, RequestDone):
                progress.target_done()
                self.tallies.append(event.stats)
                self.done.add(id(event.request))
                self.skipped.add(event)
            yield event
        if self.questions and len(self.skipped.accounts) == len(self.questions):
            raise self.skipped.nothing_answered(self.endpoint.name)

    def _may_leave_out(self, error: ProcoreError) -> bool:
        if not self.several or isinstance(error, CredentialsError) or error.status == 401:
            return False
        if hints.concerns_company(error.reason):
            return False
        return isinstance(error, AccessError | NotFoundError) or self.on_error == "skip"

    def _described(
        self, frame: pd.DataFrame, requests: int, *, tallies: Sequence[PageStats] | None = None
    ) -> pd.DataFrame:
        tallies = self.tallies if tallies is None else tallies
        totals = [tally.total for tally in tallies if tally.total is not None]
        account = {
            **self.about,
            "requests": requests,
            "pages": sum(tally.pages for tally in tallies),
            "total": sum(totals) if totals else None,
            "rows": len(frame),
            "skipped": list(self.skipped.accounts),
        }
        if self.categories:
            frame = with_categories(frame, self.endpoint)
        account |= notes_of(tallies)
        frame.attrs["procore"] = {**frame.attrs.get("procore", {}), **account}
        if tallies is self.tallies:
            self._warn()
        return frame

    def _warn(self) -> None:
        if not callable(self.progress):  # who watches for itself reads attrs
            self.skipped.warn(self.endpoint.name, len(self.questions))
            unreadable = sum(tally.unreadable for tally in self.tallies)
            if unreadable:
                warn(
                    f"{counted(unreadable, 'character')} of {self.endpoint.name} could not be read for certain: not UTF-8 "
                    "(read as Windows-1252), or half a character (shown as \ufffd)."
                )

    def _partial(self, building: FrameAssembler, progress: Progress) -> pd.DataFrame:
        """Return what had come, and say which places are missing from it, wholly or in part."""
        skipped, self.skipped = self.skipped, Skipped()  # the error is enough; no warning beside it
        partial = self._described(building.frame(unfinished=True), progress.requests)
        unfinished = [target_of(one).account for one in self.questions if id(one) not in self.done]
        partial.attrs["procore"] |= {
            "skipped": skipped.accounts,
            "complete": False,
            "unfinished": unfinished,
        }
        return partial


def now_text() -> str:
    """Return this moment as UTC text."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
