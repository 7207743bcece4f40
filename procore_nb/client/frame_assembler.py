"""Rows of one target or many on their way into one frame.

In: the events of a fetch. Out: a DataFrame. Speaks to no service, but may be given a function that fetches labels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from typing import Any

import pandas as pd

from procore_nb.client.targets import Target
from procore_nb.fetch import Event, ListRequest, PageRows, RequestDone, RequestRestarted, content_of
from procore_nb.frames import FrameBuilder


class FrameAssembler:
    """A builder that takes events; pages of a request wait until it is done where there are several requests."""

    def __init__(
        self, builder: Callable[[], FrameBuilder], custom_fields: Callable[[], Mapping[int, tuple[str, str]]]
    ) -> None:
        self._new = builder
        self._definitions = custom_fields
        self._builder = builder()
        self._first: ListRequest | None = None
        self._first_done = False
        self._waiting: list[PageRows] = []
        self.mixed = False  # whether there are rows of several targets here
        self._frame: pd.DataFrame | None = None

    def take(self, event: Event) -> None:
        self._first = self._first or event.request
        self.mixed = self.mixed or event.request is not self._first
        streaming = event.request is self._first and not self._first_done
        if isinstance(event, PageRows):
            (self._add if streaming else self._waiting.append)(event)
            return
        if isinstance(event, RequestRestarted) or event.skipped is not None:
            # What had come of a skipped target is skipped too; a fetch that ends early leaves others undone.
            self._waiting = [one for one in self._waiting if one.request is not event.request]
            if streaming:
                self._builder = self._new()
        if isinstance(event, RequestDone):
            self._first_done = True
            self._add_waiting()

    @property
    def rows(self) -> int:
        return self._builder.rows

    def name_custom_fields(self) -> None:
        if self._builder.custom_fields:
            self._builder.define(self._definitions())

    def frame(self, *, unfinished: bool = False) -> pd.DataFrame:
        """Return the frame of all pages taken; `unfinished` takes those in of targets that are not done as well."""
        if unfinished:
            self._add_waiting()
        if self._frame is None or self._builder.rows:
            frame = self._builder.build()
            self._builder = self._new()  # it gave its pages away; more may come of a fetch that ends early
            self._frame = frame if self._frame is None else pd.concat([self._frame, frame], ignore_index=True)
        return self._frame

    def _add_waiting(self) -> None:
        for page in self._waiting:
            self._add(page)
        self._waiting.clear()

    def _add(self, page: PageRows) -> None:
        self._builder.add(page.rows, leading=target_of(page.request).leading)


class RowDeduplicator:
    """Rows of one target handed out as they come, each once, although the list may be fetched again."""

    def __init__(self) -> None:
        # How often rows of that id were handed out in all attempts, and came in this one; ids may repeat in a list.
        self._handed: Counter[Hashable] = Counter()
        self._came: Counter[Hashable] = Counter()

    def restart(self) -> None:
        self._came.clear()

    def fresh(self, rows: list[Any]) -> list[Any]:
        """Return the rows that were not handed out before."""
        found = []
        for row in rows:
            name = _name(row)
            self._came[name] += 1
            if self._came[name] > self._handed[name]:
                self._handed[name] += 1
                found.append(row)
        return found


def _name(row: Any) -> Hashable:
    """Return the id of a row, or all of a row that has none."""
    name = row.get("id") if isinstance(row, dict) else row
    return name if isinstance(name, int | str) else content_of(row)


def target_of(request: ListRequest) -> Target:
    """Return the target that a request of a list query is made for."""
    target = request.key
    assert isinstance(target, Target)  # noqa: S101 - every request of a list query is made for a target
    return target
