"""Lists fetched and made into one frame, with an account of where it came from and what was skipped.

In: a session, an endpoint and list requests. Out: a DataFrame, or frames one by one. Speaks to no service by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from procore_nb import hints
from procore_nb.client.frame_assembler import FrameAssembler, RowDeduplicator, target_of
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
    PageRows,
    PageStats,
    RequestDone,
    RequestPolicy,
    RequestRestarted,
    fetch_lists,
    notes_of,
)
from procore_nb.frame_info import FetchedFrame, FetchInfo, describe
from procore_nb.frames import FrameBuilder, with_categories
from procore_nb.progress import Progress, counted
from procore_nb.signals import Cancelled, DeferredInterrupt

if TYPE_CHECKING:
    from procore_nb.client.query import ListQuery

OnError = Literal["raise", "skip"]


@dataclass
class ListFetch:
    """The list requests of one query, ready to be fetched.

    `builder` makes an empty frame builder. `about` is the rest of `attrs["procore"]`.
    """

    query: ListQuery
    requests: list[ListRequest]
    policy: RequestPolicy
    builder: Callable[[], FrameBuilder]
    about: dict[str, Any]
    skipped: list[dict[str, Any]]
    """The targets that gave nothing, each with its reason; those known before come with it."""
    quiet: bool = False

    def __post_init__(self) -> None:
        self.targets = list(map(target_of, self.requests))
        self.several = self.query.projects is not None or len(self.targets) > 1
        ids = list(self.targets[0].ids) if self.targets else []
        nouns = {"company_id": "companies", "project_id": "projects"}
        self.noun = nouns.get((ids or ["company_id"])[-1], "targets")
        self.known_before = len(self.skipped)
        self.first_refusal: ProcoreError | None = None
        self.endpoint = self.query.endpoint
        self.limited = False  # whether `max_rows` ended the fetch, so that there may be more
        self.stats: list[PageStats] = []
        self.done: set[int] = set()
        self.sent = 0  # requests of `statistics`

    def frame(self) -> pd.DataFrame:
        """Return the one frame of all targets; an error of the fetch has what had come as `partial`."""
        assembler, held = self._assembler(), DeferredInterrupt()
        with self._watched(lambda: assembler) as progress:
            with held:  # a page half taken apart would leave columns of unequal length
                for event in self._events(progress, held):
                    assembler.take(event)
            held.raise_pending()
            assembler.name_custom_fields()
            with held:
                whole = assembler.frame()
            held.raise_pending()
        return self._described(whole, progress.requests)

    def frames(self, *, rows_at_once: int | None = None) -> Generator[FetchedFrame, None, int]:
        """Yield one frame for each target, as soon as it is complete and those before it are; a long one in parts.

        Each names its `target` and whether it is the last of it (`done`). When a list moved it is fetched again: `attempt` counts
        up, and parts of an earlier attempt at that target no longer count. An error has as `partial` what had come of targets
        that were not handed out. Returns the requests after the last frame, those of skipped targets.
        """
        held, before, attempts = DeferredInterrupt(), 0, 1
        assembler = self._assembler()
        with self._watched(lambda: assembler) as progress:
            events = self._events(progress, held)
            while True:
                with held:
                    event = next(events, None)
                    if event is None:
                        break
                    assembler.take(event)
                attempts += isinstance(event, RequestRestarted)
                done = isinstance(event, RequestDone)
                if held.pending() or assembler.mixed:
                    continue  # the fetch is ending early; nobody wants a further frame, or one of several targets
                if not done and not (rows_at_once and assembler.rows >= rows_at_once):
                    continue
                if not (isinstance(event, RequestDone) and event.skipped is not None):
                    stats = [event.stats] if isinstance(event, RequestDone) else []
                    assembler.name_custom_fields()
                    with held:  # a Ctrl-C here must find the rows of later targets too
                        frame = self._described(assembler.frame(), progress.requests - before, stats=stats)
                    if held.pending():
                        continue
                    before, ids = progress.requests, dict(target_of(event.request).ids)
                    about = describe(frame, target=ids, attempt=attempts, done=done).attrs["procore"]
                    fields = about.get("custom_fields", {})
                    yield FetchedFrame(
                        frame, FetchInfo(ids, attempts, done, about["requests"], about["pages"], fields)
                    )
                assembler = self._assembler()
                attempts = 1 if done else attempts
            held.raise_pending()
        self._warn()
        return progress.requests - before

    def pages(self) -> Iterator[tuple[Target, list[Any]]]:
        """Yield pages of rows as they come; rows that come again after a restart are dropped."""
        once = RowDeduplicator()
        with self._watched() as progress:
            for event in self._events(progress):
                if isinstance(event, RequestDone):
                    once = RowDeduplicator()
                elif isinstance(event, RequestRestarted):
                    once.restart()
                else:
                    yield target_of(event.request), once.fresh(event.rows)
        self._warn()

    def statistics(self, requests: Sequence[ListRequest]) -> list[PageStats | None]:
        """Fetch these requests for their statistics alone; None for one that was skipped."""
        self.requests, found = list(requests), dict[int, PageStats | None]()
        with self._watched() as progress:
            for event in self._all_events(self.requests, progress, None):
                if isinstance(event, RequestDone):
                    found[id(event.request)] = None if event.skipped else event.stats
        self.sent += progress.requests
        return [found[id(one)] for one in requests]

    def _assembler(self) -> FrameAssembler:
        companies = {one.company_id for one in self.targets}
        return FrameAssembler(self.builder, lambda: self.query.procore.custom_fields(companies))

    @contextmanager
    def _watched(self, assembler: Callable[[], FrameAssembler] | None = None) -> Iterator[Progress]:
        """Show how a fetch goes on; an error that ends it gets what the assembler holds as `partial`."""
        if callable(self.query.progress):
            progress = self.query.progress(self.endpoint.name, len(self.requests))
        else:
            targets, show = len(self.requests), self.query.progress
            progress = Progress(self.endpoint.name, targets=targets, noun=self.noun, show=show)
        complete = False
        try:
            yield progress
            complete = True
        except (ProcoreError, KeyboardInterrupt, Cancelled) as error:
            if assembler is None:
                raise
            progress.close(complete=False)
            partial, there = self._partial(assembler(), progress)
            if not isinstance(error, ProcoreError):
                raise IncompleteError(
                    f"{self.endpoint.name} was stopped after {len(partial):,} rows and {progress.requests:,} requests.",
                    advice=there,
                    partial=partial,
                ) from error
            error.partial = partial
            if len(partial):
                error.advice = f"{error.advice} {there}".strip()
            raise
        finally:
            progress.close(complete=complete)

    def _partial(self, assembler: FrameAssembler, progress: Progress) -> tuple[pd.DataFrame, str]:
        """Return what had come, with the targets that it lacks, wholly or in part; and a sentence about it."""
        # No warning of what was skipped: the error is enough.
        skipped, self.skipped = self.skipped, []
        partial = self._described(assembler.frame(unfinished=True), progress.requests)
        unfinished = [target_of(one).account for one in self.requests if id(one) not in self.done]
        describe(partial, skipped=skipped, complete=False, unfinished=unfinished)
        words = f"{len(partial):,} rows had come: error.partial."
        if len(self.requests) > 1:
            words += (
                f" {len(unfinished):,} of {len(self.requests):,} {self.noun} are not complete: "
                'error.partial.attrs["procore"]["unfinished"].'
            )
        return partial, words

    def _events(self, progress: Progress, held: DeferredInterrupt | None = None) -> Iterator[Event]:
        if self.query.max_rows is None:
            yield from self._all_events(self.requests, progress, held)
            return
        # The first rows of the first targets, one target after the other: no request more than that takes.
        left = kept = self.query.max_rows

        def requests() -> Iterator[ListRequest]:
            for place, one in enumerate(self.requests):
                if left <= 0:
                    self.limited = True
                    return
                size = min(one.per_page or left, left)
                self.requests[place] = replace(one, most_rows=left, per_page=size)
                yield self.requests[place]

        for event in self._all_events(requests(), progress, held):
            if isinstance(event, PageRows):
                self.limited = self.limited or len(event.rows) > left
                event = PageRows(event.request, event.rows[:left])
                left -= len(event.rows)
            elif isinstance(event, RequestRestarted) or event.skipped is not None:
                left = kept
            if isinstance(event, RequestDone):
                self.limited, kept = self.limited or event.stats.more, left
            yield event

    def _all_events(
        self, requests: Iterable[ListRequest], progress: Progress, held: DeferredInterrupt | None
    ) -> Iterator[Event]:
        skipped = 0
        try:
            for event in fetch_lists(
                self.query.procore.session,
                requests,
                policy=self.policy,
                observer=progress,
                may_skip=self._may_skip,
                check_interrupt=held.raise_pending if held else lambda: None,
                one_by_one=self.query.max_rows is not None,
            ):
                if isinstance(event, RequestDone):
                    progress.target_done()
                    self.stats.append(event.stats)
                    self.done.add(id(event.request))
                    if event.skipped is not None:
                        self._skip(target_of(event.request), event.skipped)
                        skipped += 1
                yield event
            if self.requests and skipped == len(self.requests):
                raise self._nothing_answered()
        except NotFoundError as error:
            error.advice = self.query.advice_if_absent(self.targets) + error.advice
            raise

    def _skip(self, target: Target, error: ProcoreError) -> None:
        self.first_refusal = self.first_refusal or error
        reason = f"{error.status}: {error.reason}" if error.status and error.reason else error.message
        account = {"status": error.status, "reason": reason, "advice": error.advice}
        self.skipped.append({"target": target.words, **target.account, **account})

    def _nothing_answered(self) -> ProcoreError:
        first, name, number = self.skipped[0], self.endpoint.name, len(self.skipped)
        said = f"None of the {number:,} {self.noun} answered {name}; the first said"
        said = said if number > 1 else f"{name}: {first['target']} did not answer"
        refusal = self.first_refusal or AccessError("")
        return type(refusal)(
            f"{said}: {first['reason']}",
            reason=refusal.reason,
            status=first["status"],
            advice=first["advice"],
        )

    def warn_of_skipped(self, targets: int) -> None:
        """Name the first few in one warning: `Town Hall, project_id 7 (403: Forbidden)`."""
        if self.skipped:
            named = "; ".join(
                f"{', '.join(filter(None, (one.get('project_name'), one['target'])))} ({one['reason'].rstrip('.')})"
                for one in self.skipped[:3]
            )
            more = f"; and {len(self.skipped) - 3:,} more" if len(self.skipped) > 3 else ""
            warn(
                f"{self.endpoint.name}: {len(self.skipped):,} of {targets + self.known_before:,} {self.noun} skipped: "
                f'{named}{more}; details in frame.attrs["procore"]["skipped"].'
            )

    def _may_skip(self, error: ProcoreError) -> bool:
        if not self.several or isinstance(error, CredentialsError) or error.status == 401:
            return False
        if hints.concerns_company(error.reason):
            return False
        return isinstance(error, AccessError | NotFoundError) or self.query.on_error == "skip"

    def _described(
        self, frame: pd.DataFrame, requests: int, *, stats: Sequence[PageStats] | None = None
    ) -> pd.DataFrame:
        whole = stats is None
        stats = self.stats if stats is None else stats
        totals = [one.total for one in stats if one.total is not None]
        if whole and self.limited and len(totals) < len(self.requests):
            totals = []  # of some targets is not how many there are
        if self.query.categories:
            frame = with_categories(frame, self.endpoint)
        superseded = superseded_rows(frame)
        describe(
            frame,
            **self.about,
            requests=requests,
            pages=sum(one.pages for one in stats),
            total=sum(totals) if totals else None,
            rows=len(frame),
            skipped=list(self.skipped),
            **notes_of(stats),
            **({"limited": self.query.max_rows} if self.limited else {}),
            **({"superseded": superseded} if superseded else {}),
        )
        if whole:
            self._warn(frame)
        return frame

    def _warn(self, frame: pd.DataFrame | None = None) -> None:
        if callable(self.query.progress) or self.quiet:  # who watches for itself reads attrs
            return
        name = self.endpoint.name
        self.warn_of_skipped(len(self.requests))
        unreadable = sum(one.unreadable for one in self.stats)
        if unreadable:
            warn(
                f"{counted(unreadable, 'character')} of {name} could not be read for certain: not UTF-8 "
                "(read as Windows-1252), or half a character (shown as \ufffd)."
            )
        superseded = 0 if frame is None else superseded_rows(frame)
        if frame is not None and 0 < superseded < len(frame):
            rfis = "current_revision" in frame.columns
            keep = 'keep frame[frame["current_revision"]]' if rfis else 'Keep frame[frame["current"]]'
            warn(
                f"{superseded:,} of {len(frame):,} rows of {name} are superseded revisions, so that "
                f"{'questions' if rfis else 'drawings'} count twice. "
                f"{'Pass current_revision=True, or ' if rfis else ''}{keep}."
            )


def superseded_rows(frame: pd.DataFrame) -> int:
    """Return how many rows of RFIs or drawings a newer revision replaces; revisions of submittals are meant to be seen."""
    for flag, shared in (("current_revision", "source_rfi_header_id"), ("current", "drawing_id")):
        if {flag, shared} <= set(frame.columns):
            return int(frame[flag].eq(False).fillna(False).sum())
    return 0
