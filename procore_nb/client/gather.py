"""Questions walked and made into one frame, with an account of where it came from and what was left out.

In: a session, an endpoint and questions. Out: a DataFrame, or frames one by one. Speaks to no service by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import pandas as pd

from procore_nb.catalog import Endpoint
from procore_nb.client.places import Place
from procore_nb.errors import (
    AccessError,
    CredentialsError,
    IncompleteError,
    NotFoundError,
    ProcoreError,
    warn,
)
from procore_nb.frames import FrameBuilder, with_categories
from procore_nb.pages import Done, Event, Manners, Question, Restarted, Rows, Tally, walk
from procore_nb.progress import Progress, ProgressMaker
from procore_nb.session import Session

OnError = Literal["raise", "skip"]
_EVERYWHERE = ("not connected", "procore-company-id")  # such a refusal is no single project's


@dataclass
class Collection:
    """One list gathered from one or many places.

    `builder` makes an empty frame builder, `custom_fields` gives label and data type of custom fields by definition id and is asked only
    when there are custom fields; `about` is the rest of `attrs["procore"]`.
    """

    session: Session
    endpoint: Endpoint
    questions: Sequence[Question]
    manners: Manners
    builder: Callable[[], FrameBuilder]
    about: dict[str, Any]
    custom_fields: Callable[[], Mapping[int, tuple[str, str]]] = dict
    categories: bool = False
    on_error: OnError = "raise"
    progress: bool | ProgressMaker = True
    several: bool = False
    skipped: list[dict[str, Any]] = field(default_factory=list)
    tallies: list[Tally] = field(default_factory=list)
    first_refusal: ProcoreError | None = None

    def frame(self) -> pd.DataFrame:
        """Return the one frame of all places.

        Raises
        ------
        ProcoreError
            What the walk failed with; its `partial` is the frame of what had come.
        """
        building = _Building(self.builder, self.custom_fields)
        progress = self._watch()
        try:
            for event in self._events(progress):
                building.take(event)
        except ProcoreError as error:
            progress.close(complete=False)
            error.partial = self._partial(building, progress)
            if len(error.partial):
                error.advice = f"{error.advice} {len(error.partial):,} rows had come: error.partial.".strip()
            raise
        except KeyboardInterrupt as error:
            progress.close(complete=False)
            partial = self._partial(building, progress)
            raise IncompleteError(
                f"{self.endpoint.name} was stopped after {len(partial):,} rows and {progress.requests:,} requests.",
                advice="What had come is in error.partial.",
                partial=partial,
            ) from error
        progress.close()
        return self._described(building.frame(), progress.requests)

    def frames(self, *, rows_at_once: int | None = None) -> Iterator[pd.DataFrame]:
        """Yield one frame for each place, as soon as it is complete and those before it are; a long one in parts.

        Each says which `place` it is from and whether it is its last (`done`). When a list moved it is walked again:
        `walk` counts up, and parts of an earlier walk of that place no longer count.
        """
        progress = self._watch()
        building, before, walks = _Building(self.builder, self.custom_fields), 0, 1
        try:
            for event in self._events(progress):
                building.take(event)
                walks += isinstance(event, Restarted)
                done = isinstance(event, Done)
                if done or (rows_at_once and building.rows >= rows_at_once):
                    left_out = isinstance(event, Done) and event.left_out is not None
                    if not left_out:
                        tallies = [event.tally] if isinstance(event, Done) else []
                        frame = self._described(building.frame(), progress.requests - before, tallies=tallies)
                        place = dict(_place(event.question).ids)
                        frame.attrs["procore"] |= {"place": place, "walk": walks, "done": done}
                        before = progress.requests
                        yield frame
                    building, walks = _Building(self.builder, self.custom_fields), 1 if done else walks
        finally:
            progress.close()
        self._warn()

    def pages(self) -> Iterator[tuple[Place, list[Any]]]:
        """Yield pages of rows as they come; rows that come again after a restart are left out."""
        progress = self._watch()
        seen: set[Any] = set()
        again = False
        try:
            for event in self._events(progress):
                if isinstance(event, Restarted):
                    again = True
                elif isinstance(event, Done):
                    seen, again = set(), False
                else:
                    rows = [row for row in event.rows if not (again and _name(row) in seen)]
                    seen.update(_name(row) for row in rows if _name(row) is not None)
                    yield _place(event.question), rows
        finally:
            progress.close()
        self._warn()

    def _watch(self) -> Progress:
        if callable(self.progress):
            return self.progress(self.endpoint.name, len(self.questions))
        return Progress(self.endpoint.name, places=len(self.questions), show=self.progress)

    def _events(self, progress: Progress) -> Iterator[Event]:
        for event in walk(
            self.session,
            self.questions,
            manners=self.manners,
            watcher=progress,
            may_leave_out=self._may_leave_out,
        ):
            if isinstance(event, Done):
                progress.place_done()
                self.tallies.append(event.tally)
                if event.left_out is not None:
                    self.first_refusal = self.first_refusal or event.left_out
                    self.skipped.append(_account(event))
            yield event
        if self.skipped and len(self.skipped) == len(self.questions):
            raise self._nothing_answered()

    def _may_leave_out(self, error: ProcoreError) -> bool:
        if not self.several or isinstance(error, CredentialsError) or error.status == 401:
            return False
        if any(words in error.message.lower() for words in _EVERYWHERE):
            return False
        return isinstance(error, AccessError | NotFoundError) or self.on_error == "skip"

    def _nothing_answered(self) -> ProcoreError:
        first, error = self.skipped[0], self.first_refusal
        kind = AccessError if error is None else type(error)
        return kind(
            f"None of the {len(self.skipped):,} places answered {self.endpoint.name}; the first said: {first['reason']}",
            status=first["status"],
            advice=first["advice"],
        )

    def _described(
        self, frame: pd.DataFrame, requests: int, *, tallies: Sequence[Tally] | None = None
    ) -> pd.DataFrame:
        tallies = self.tallies if tallies is None else tallies
        totals = [tally.total for tally in tallies if tally.total is not None]
        account = {
            **self.about,
            "requests": requests,
            "pages": sum(tally.pages for tally in tallies),
            "total": sum(totals) if totals else None,
            "rows": len(frame),
            "skipped": list(self.skipped),
        }
        if self.categories:
            frame = with_categories(frame, self.endpoint)
        repeated = sum(tally.repeated for tally in tallies)
        walked_again = sum(tally.walks > 1 for tally in tallies)
        if repeated or walked_again:
            account |= {"repeated": repeated, "walked_again": walked_again}
        frame.attrs["procore"] = {**frame.attrs.get("procore", {}), **account}
        if tallies is self.tallies:
            self._warn()
        return frame

    def _warn(self) -> None:
        if self.skipped and not callable(self.progress):  # who watches for itself reads attrs
            named = "; ".join(_shortly(each) for each in self.skipped[:3])
            more = f"; and {len(self.skipped) - 3:,} more" if len(self.skipped) > 3 else ""
            warn(
                f"{self.endpoint.name} left out {len(self.skipped):,} of {len(self.questions):,} places: {named}{more}. "
                'What to do about each stands in frame.attrs["procore"]["skipped"].'
            )

    def _partial(self, building: _Building, progress: Progress) -> pd.DataFrame:
        skipped, self.skipped = self.skipped, []  # the error is enough; no warning beside it
        partial = self._described(building.frame(unfinished=True), progress.requests)
        partial.attrs["procore"] |= {"skipped": skipped, "complete": False}
        return partial


class _Building:
    """A builder that takes events; pages of a question wait until it is done where there are several questions."""

    def __init__(
        self, builder: Callable[[], FrameBuilder], custom_fields: Callable[[], Mapping[int, tuple[str, str]]]
    ) -> None:
        self._new = builder
        self._definitions = custom_fields
        self._builder = builder()
        self._first: Question | None = None
        self._loose: list[tuple[list[Any], tuple[Any, ...]]] = []
        self._first_done = False

    def take(self, event: Event) -> None:
        if self._first is None:
            self._first = event.question
        streaming = event.question is self._first and not self._first_done
        if isinstance(event, Rows):
            leading = _place(event.question).leading
            if streaming:
                self._builder.add(event.rows, leading=leading)
            else:
                self._loose.append((event.rows, leading))
        elif isinstance(event, Restarted):
            self._loose.clear()
            if streaming:
                self._builder = self._new()
        else:
            if event.left_out is not None:  # what had come of a place that is left out is left out too
                self._loose.clear()
                if streaming:
                    self._builder = self._new()
            self._first_done = True
            self._settle()

    @property
    def rows(self) -> int:
        return self._builder.rows

    def frame(self, *, unfinished: bool = False) -> pd.DataFrame:
        if unfinished:
            self._settle()
        elif self._builder.custom_fields:
            self._builder.define(self._definitions())
        return self._builder.build()

    def _settle(self) -> None:
        for rows, leading in self._loose:
            self._builder.add(rows, leading=leading)
        self._loose.clear()


def now_text() -> str:
    """Return this moment as UTC text."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _place(question: Question) -> Place:
    place = question.key
    assert isinstance(place, Place)  # noqa: S101 - every question of a collection is made for a place
    return place


def _account(event: Done) -> dict[str, Any]:
    error, place = event.left_out, _place(event.question)
    assert error is not None  # noqa: S101 - asked only for places that were left out
    return {
        "place": place.words,
        **place.ids,
        "status": error.status,
        "reason": error.message,
        "advice": error.advice,
    }


def _shortly(account: Mapping[str, Any]) -> str:
    """Name a place that was left out, with the status and what Procore said: `project_id 7 (403: Forbidden)`."""
    said = account["reason"].partition(" answered ")[2] or account["reason"]
    return f"{account['place']} ({said.rstrip('.')})"


def _name(row: Any) -> Any:
    name = row.get("id") if isinstance(row, dict) else row
    return name if isinstance(name, int | str) else None
