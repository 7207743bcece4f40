"""Lists fetched and made into frames, with an account of where the rows came from and what was skipped.

In: the list requests of a query. Out: one DataFrame, frames one by one, or pages of rows. Speaks to no service by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from procore_nb.client.targets import Target
from procore_nb.errors import IncompleteError, NotFoundError, ProcoreError, warn
from procore_nb.fetch import (
    Cancelled,
    DeferredInterrupt,
    Event,
    ListRequest,
    PageRows,
    PageStats,
    RequestDone,
    RequestRestarted,
    content_of,
    fetch_lists,
    notes_of,
)
from procore_nb.frame_info import FetchedFrame, FetchInfo, describe
from procore_nb.frames import FrameBuilder, with_categories
from procore_nb.progress import Progress, counted

if TYPE_CHECKING:
    from procore_nb.client.query import ListQuery

_NOUNS = {"company_id": "companies", "project_id": "projects"}
# Lists that hold superseded rows: the flag of the valid one, the column that revisions share, and what follows.
_REVISIONS = (
    ("current_revision", "source_rfi_header_id", "questions count twice. Pass {}=True, or keep"),
    ("current", "drawing_id", "drawings count twice. Keep"),
)


@dataclass
class ListFetch:
    """The list requests of one query, ready to be fetched once."""

    query: ListQuery
    requests: list[ListRequest]
    builder: Callable[[], FrameBuilder]
    about: dict[str, Any]  # the rest of `attrs["procore"]`
    skipped: list[dict[str, Any]]  # targets that gave nothing and why; those known before come with it

    def __post_init__(self) -> None:
        self.policy = self.query.procore.policy
        self.quiet = callable(self.query.progress)  # who watches for itself reads attrs
        self.targets = list(map(target_of, self.requests))
        self.endpoint = self.query.endpoint
        ids = ["company_id", *(self.targets[0].ids if self.targets else ())]
        self._noun = _NOUNS.get(ids[-1], "targets")
        self._targets_known = len(self.targets) + len(self.skipped)
        self._limited = False  # whether `max_rows` ended the fetch, so that there may be more
        self._done: dict[int, RequestDone] = {}  # by id of its request
        self.requests_sent = 0

    def frame(self) -> pd.DataFrame:
        """Return the one frame of all targets; an error of the fetch has what had come as `partial`."""
        assembler, interrupt = self._assembler(), DeferredInterrupt()
        with self._watched(lambda: assembler) as progress:
            with interrupt:  # a page half taken apart would leave columns of unequal length
                for event in self._events(progress, interrupt):
                    assembler.receive(event)
            interrupt.raise_pending()
            assembler.name_custom_fields()
            with interrupt:
                frame = assembler.frame()
            interrupt.raise_pending()
        frame = self._described(frame, progress.requests)
        self.warn_of_losses(frame)
        return frame

    def frames(self, *, rows_at_once: int | None = None) -> Generator[FetchedFrame, None, int]:
        """Yield one frame for each target, as soon as it is complete and those before it are; a long one in parts.

        Each names its `target` and whether it is the last of it (`done`). When a list moved it is fetched again: `attempt` counts
        up, and parts of an earlier attempt at that target no longer count. An error has as `partial` what had come of targets
        that were not handed out. Returns the requests after the last frame, those of skipped targets.
        """
        interrupt, before, attempt = DeferredInterrupt(), 0, 1
        assembler = self._assembler()
        with self._watched(lambda: assembler) as progress:
            events = self._events(progress, interrupt)
            while True:
                with interrupt:
                    event = next(events, None)
                    if event is None:
                        break
                    assembler.receive(event)
                attempt += isinstance(event, RequestRestarted)
                done = event if isinstance(event, RequestDone) else None
                if interrupt.pending() or assembler.mixed:
                    continue  # the fetch is ending early; nobody wants a further frame, or one of several targets
                if not done and not (rows_at_once and assembler.builder.rows >= rows_at_once):
                    continue
                if done is None or done.skipped is None:
                    assembler.name_custom_fields()
                    with interrupt:  # a Ctrl-C here must find the rows of later targets too
                        stats = [done.stats] if done else []
                        sent = progress.requests  # read once: workers count on while the frame is described
                        frame = self._described(assembler.frame(), sent - before, stats=stats)
                    if interrupt.pending():
                        continue
                    before, ids = sent, dict(target_of(event.request).ids)
                    describe(frame, target=ids, attempt=attempt, done=done is not None)
                    about = frame.attrs["procore"]
                    counts = (about["requests"], about["pages"], about.get("custom_fields", {}))
                    yield FetchedFrame(frame, FetchInfo(ids, attempt, done is not None, *counts))
                assembler = self._assembler()
                attempt = 1 if done else attempt
            interrupt.raise_pending()
        self.warn_of_losses()
        return progress.requests - before

    def pages(self) -> Iterator[tuple[Target, list[Any]]]:
        """Yield pages of rows as they come; rows that come again after a restart are dropped."""
        # Rows of one target; the latter of one attempt.
        yielded, received = Counter[Hashable](), Counter[Hashable]()
        with self._watched() as progress:
            for event in self._events(progress):
                if isinstance(event, PageRows):
                    yield target_of(event.request), _new_rows(event.rows, yielded, received)
                    continue
                received.clear()
                if isinstance(event, RequestDone):
                    yielded.clear()
        self.warn_of_losses()

    def count(self) -> list[PageStats | None]:
        """Return the statistics of each target, None for a skipped one; without a total, all its pages are fetched."""
        # One row is enough for Total.
        small = [replace(request, most_rows=1, per_page=1) for request in self.requests]
        counts = dict(zip(map(id, self.requests), self._statistics(small), strict=True))
        left = {key for key, stats in counts.items() if stats and stats.total is None and stats.may_have_more}
        uncounted = [request for request in self.requests if id(request) in left]
        counts |= zip(map(id, uncounted), self._statistics(uncounted), strict=True)
        return [*counts.values()]

    def _statistics(self, requests: list[ListRequest]) -> list[PageStats | None]:
        with self._watched() as progress:
            for _ in self._fetch(requests, progress):
                pass
        self.requests_sent += progress.requests
        return [None if end.skipped else end.stats for end in (self._done[id(each)] for each in requests)]

    def _assembler(self) -> FrameAssembler:
        companies = {target.company_id for target in self.targets}
        return FrameAssembler(self.builder, lambda: self.query.procore.custom_fields(companies))

    @contextmanager
    def _watched(self, assembler: Callable[[], FrameAssembler] | None = None) -> Iterator[Progress]:
        """Show how a fetch goes on; an error that ends it gets what the assembler holds as `partial`."""
        name, targets, show = self.endpoint.name, len(self.requests), self.query.progress
        if callable(show):
            progress = show(name, targets)
        else:
            progress = Progress(name, targets=targets, noun=self._noun, show=show)
        complete = False
        try:
            yield progress
            complete = True
        except (ProcoreError, KeyboardInterrupt, Cancelled) as error:
            if assembler is None:
                raise
            progress.close(complete=False)
            partial, advice = self._partial(assembler(), progress)
            if not isinstance(error, ProcoreError):
                problem = (
                    f"{name} was stopped after {len(partial):,} rows and {progress.requests:,} requests."
                )
                raise IncompleteError(problem, advice=advice, partial=partial) from error
            error.partial = partial
            if len(partial):
                error.advice = f"{error.advice} {advice}".strip()
            raise
        finally:
            progress.close(complete=complete)

    def _partial(self, assembler: FrameAssembler, progress: Progress) -> tuple[pd.DataFrame, str]:
        """Return what had come, with the targets that it lacks, wholly or in part; and a sentence about it."""
        partial = self._described(assembler.frame(unfinished=True), progress.requests)
        unfinished = [target_of(each).identity for each in self.requests if id(each) not in self._done]
        describe(partial, complete=False, unfinished=unfinished)
        advice = f"{len(partial):,} rows had come: error.partial."
        if len(self.requests) > 1:
            advice += f" {len(unfinished):,} of {len(self.requests):,} {self._noun} are not complete: "
            advice += 'error.partial.attrs["procore"]["unfinished"].'
        return partial, advice

    def _events(self, progress: Progress, interrupt: DeferredInterrupt | None = None) -> Iterator[Event]:
        if self.query.max_rows is None:
            yield from self._fetch(self.requests, progress, interrupt)
            return
        # The first rows of the first targets, one target after the other: no request more than that takes.
        left = left_before = self.query.max_rows

        def requests() -> Iterator[ListRequest]:
            for index, request in enumerate(self.requests):
                if left <= 0:
                    self._limited = True
                    return
                per_page = min(request.per_page or left, left)
                self.requests[index] = replace(request, most_rows=left, per_page=per_page)
                yield self.requests[index]

        for event in self._fetch(requests(), progress, interrupt):
            if isinstance(event, PageRows):
                self._limited = self._limited or len(event.rows) > left
                event = PageRows(event.request, event.rows[:left])
                left -= len(event.rows)
            elif isinstance(event, RequestRestarted) or event.skipped is not None:
                left = left_before
            if isinstance(event, RequestDone):
                self._limited, left_before = self._limited or event.stats.may_have_more, left
            yield event

    def _fetch(
        self, requests: Iterable[ListRequest], progress: Progress, interrupt: DeferredInterrupt | None = None
    ) -> Iterator[Event]:
        refusals: list[ProcoreError | None] = []  # of each request that ended; None where it was answered
        try:
            for event in fetch_lists(
                self.query.procore.session,
                requests,
                policy=self.policy,
                observer=progress,
                may_skip=lambda error: self.query.may_skip(error, self.targets),
                check_interrupt=interrupt.raise_pending if interrupt else lambda: None,
                one_by_one=self.query.max_rows is not None,
            ):
                if isinstance(event, RequestDone):
                    progress.target_done()
                    self._done[id(event.request)] = event
                    refusals.append(event.skipped)
                    if event.skipped is not None:
                        self._skip(target_of(event.request), event.skipped)
                yield event
            if refusals and refusals[0] is not None and None not in refusals:
                raise self._nothing_answered(refusals[0])
        except NotFoundError as error:  # of a single target, or raised above
            error.advice = self.query.not_found_advice(self.targets) + error.advice
            raise

    def _skip(self, target: Target, error: ProcoreError) -> None:
        reason = f"{error.status}: {error.reason}" if error.status and error.reason else error.message
        self.skipped.append(target.skipped(reason, status=error.status, advice=error.advice))

    def _nothing_answered(self, error: ProcoreError) -> ProcoreError:
        first, name, number = self.skipped[0], self.endpoint.name, len(self.skipped)
        message = f"{name}: {first['target']} did not answer"
        if number > 1:
            message = f"None of the {number:,} {self._noun} answered {name}; the first said"
        facts = {"status": first["status"], "advice": first["advice"], "reason": error.reason}
        return type(error)(f"{message}: {first['reason']}", **facts)

    def _described(
        self, frame: pd.DataFrame, requests: int, *, stats: Sequence[PageStats] | None = None
    ) -> pd.DataFrame:
        """Return the frame with its account; `stats` are those of its one target, None: those of all."""
        whole = stats is None
        stats = [end.stats for end in self._done.values()] if stats is None else stats
        totals = [stat.total for stat in stats if stat.total is not None]
        if whole and self._limited and len(totals) < len(self.requests):
            totals.clear()  # of some targets is not how many there are
        if self.query.categories:
            frame = with_categories(frame, self.endpoint)
        limited = self.query.max_rows if self._limited else None
        notable = {"limited": limited, "superseded": superseded_rows(frame)[0]}
        return describe(
            frame,
            **self.about,
            requests=requests,
            pages=sum(stat.pages for stat in stats),
            total=sum(totals) if totals else None,
            rows=len(frame),
            skipped=list(self.skipped),
            **notes_of(stats),
            **{name: value for name, value in notable.items() if value},
        )

    def warn_of_losses(self, frame: pd.DataFrame | None = None) -> None:
        """Warn of skipped targets, unreadable characters, and rows of the frame that count twice."""
        if self.quiet:
            return
        name = self.endpoint.name
        if self.skipped:
            examples = "; ".join(
                f"{', '.join(filter(None, (row.get('project_name'), row['target'])))} ({row['reason'].rstrip('.')})"
                for row in self.skipped[:3]
            )
            more = f"; and {len(self.skipped) - 3:,} more" if len(self.skipped) > 3 else ""
            warn(
                f"{name}: {len(self.skipped):,} of {self._targets_known:,} {self._noun} skipped: "
                f'{examples}{more}; details in frame.attrs["procore"]["skipped"].'
            )
        unreadable = sum(end.stats.unreadable for end in self._done.values())
        if unreadable:
            warn(
                f"{counted(unreadable, 'character')} of {name} could not be read for certain: not UTF-8 "
                "(read as Windows-1252), or half a character (shown as \ufffd)."
            )
        superseded, consequence = (0, "") if frame is None else superseded_rows(frame)
        if frame is not None and 0 < superseded < len(frame):
            rows = f"{superseded:,} of {len(frame):,} rows of {name}"
            warn(f"{rows} are superseded revisions, so that {consequence}")


class FrameAssembler:
    """A frame builder that takes events, of one target or many.

    A builder cannot give rows back, and a target may be skipped or fetched again half way. Only rows of the first target go
    straight into it, as they can be dropped with it; pages of later ones wait until theirs is done.
    """

    def __init__(
        self, builder: Callable[[], FrameBuilder], custom_fields: Callable[[], Mapping[int, tuple[str, str]]]
    ) -> None:
        self._make_builder = builder
        self._definitions = custom_fields
        self.builder = builder()
        self._first: ListRequest | None = None
        self._waiting: list[PageRows] = []
        self.mixed = False  # whether there were events of several targets
        self._frame: pd.DataFrame | None = None

    def receive(self, event: Event) -> None:
        self._first = self._first or event.request
        self.mixed = self.mixed or event.request is not self._first
        streaming = event.request is self._first
        if isinstance(event, PageRows):
            self._waiting.append(event)
        elif isinstance(event, RequestRestarted) or event.skipped is not None:
            # A fetch that ends early leaves pages of others undone: those stay.
            self._waiting = [page for page in self._waiting if page.request is not event.request]
            if streaming:
                self.builder = self._make_builder()
        if streaming or isinstance(event, RequestDone):
            self._add_waiting()

    def name_custom_fields(self) -> None:
        if self.builder.custom_fields:
            self.builder.define(self._definitions())

    def frame(self, *, unfinished: bool = False) -> pd.DataFrame:
        """Return the frame of all pages taken; `unfinished` takes those in of targets that are not done as well."""
        if unfinished:
            self._add_waiting()
        if self._frame is None or self.builder.rows:
            frame = self.builder.build()
            # The one before gave its pages away; more may come of a fetch that ends early.
            self.builder = self._make_builder()
            self._frame = frame if self._frame is None else pd.concat([self._frame, frame], ignore_index=True)
        return self._frame

    def _add_waiting(self) -> None:
        for page in self._waiting:
            self.builder.add(page.rows, leading=target_of(page.request).leading)
        self._waiting.clear()


def target_of(request: ListRequest) -> Target:
    """Return the target that a request of a list query is made for."""
    target = request.key
    assert isinstance(target, Target)  # noqa: S101 - every request of a list query is made for a target
    return target


def superseded_rows(frame: pd.DataFrame) -> tuple[int, str]:
    """Return how many rows of RFIs or drawings a newer revision replaces, and what follows; those of submittals are no slip."""
    for flag, shared, consequence in _REVISIONS:
        if {flag, shared} <= set(frame.columns):
            rows = int(frame[flag].eq(False).fillna(False).sum())
            return rows, f'{consequence.format(flag)} frame[frame["{flag}"]].'
    return 0, ""


def _new_rows(rows: list[Any], yielded: Counter[Hashable], received: Counter[Hashable]) -> list[Any]:
    """Return the rows not yielded before, and count them; ids may repeat in a list, so that each counts as often as it came."""
    new = []
    for row in rows:
        key = row.get("id") if isinstance(row, dict) else row
        key = key if isinstance(key, int | str) else content_of(row)
        received[key] += 1
        if received[key] > yielded[key]:
            yielded[key] += 1
            new.append(row)
    return new
